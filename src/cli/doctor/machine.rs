//! This machine: the configuration, the data file, the disk, the receiver's address, the terminal.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::time::Duration;

use tokio::time::Instant;

use super::report::Findings;
use crate::cli::exit::Exit;
use crate::cli::global::Global;
use crate::cli::session::{configuration, data_folder, environment, zone};
use crate::clock::Clock;
use crate::config::{self, Board, Clipboard, Listen};
use crate::contract::Check;
use crate::domain::card::ProviderId;
use crate::domain::text;
use crate::domain::unmapped::UnmappedWords;
use crate::engine::check_data;
use crate::files;
use crate::listen::Receiver;
use crate::provider::Config;
use crate::tty;
use crate::ui::theme::Colors;

/// With less room than this nothing is kept soon, or not at all.
const LITTLE_ROOM: u64 = 500 << 20;
const NO_ROOM: u64 = 20 << 20;

/// How long whoever holds the receiver's address may take to answer.
const ASKED: Duration = Duration::from_secs(2);

/// The configuration, where it can be used.
pub(super) fn config(global: &Global, findings: &mut Findings) -> Option<Config> {
    let read = configuration(global).and_then(|config| {
        zone(&config.board.timezone)?;
        Ok(config)
    });
    match read {
        Ok(config) => {
            let path = config.path.as_deref().map(text::of_path).unwrap_or_default();
            let what = format!("{path}: {} accounts", config.providers.len());
            if config.providers.is_empty() {
                findings.warn(Check::Configuration, what, "add one: cardtop init KIND");
            } else {
                findings.ok(Check::Configuration, what);
            }
            Some(config)
        }
        Err(failure) => {
            let words = failure.words();
            let first = words.lines().next().unwrap_or_default();
            findings.fail(Check::Configuration, first, "", Exit::Usage);
            None
        }
    }
}

/// The data file and its disk. Words that are not mapped are returned by account.
pub(super) async fn data(
    global: &Global,
    config: Option<&Config>,
    clock: &Clock,
    findings: &mut Findings,
) -> BTreeMap<ProviderId, UnmappedWords> {
    let folder = match data_folder(global.data.as_deref()) {
        Ok(folder) => folder,
        Err(failure) => {
            findings.fail(Check::DataFolder, failure.words(), "", Exit::Refused);
            return BTreeMap::new();
        }
    };
    let there = files::nearest(&folder);
    room(&there, findings);
    let shown = text::of_path(&folder);
    if !files::may_write_in(&there) {
        let why = if there.is_dir() { "cannot be written in" } else { "is not a folder" };
        let what = format!("{shown}: {} {why}", text::of_path(&there));
        let advice = "make it yours, or choose another folder with --data";
        findings.fail(Check::DataFolder, what, advice, Exit::Refused);
    }
    let ids = config.into_iter().flat_map(|config| &config.providers);
    let ids = ids.map(|account| (account.name.clone(), account.ids())).collect();
    let began = Instant::now();
    let Some(check) = check_data(&folder, ids, config::state_dir(), clock.now()).await else {
        if !findings.has_failed(Check::DataFolder) {
            findings.ok(Check::DataFile, format!("{shown}: there is none yet"));
        }
        return BTreeMap::new();
    };
    match check.trouble {
        Some(why) => findings.fail(Check::DataFile, why, "", Exit::Refused).took(began.elapsed()),
        None => {
            let what = format!("{}: it is whole, and can be written", text::of_path(&check.path));
            findings.ok(Check::DataFile, what).took(began.elapsed());
        }
    }
    match check.journal {
        Some(Ok(verified)) => {
            findings
                .ok(Check::Journal, format!("{} lines, each as it was written", verified.lines));
        }
        Some(Err(why)) => {
            let advice = "keep the file as it is: cardtop ops verify, and docs/contract.md";
            findings.fail(Check::Journal, why, advice, Exit::Refused);
        }
        None => {}
    }
    check.unmapped
}

/// Room on the disk of a folder.
fn room(folder: &Path, findings: &mut Findings) {
    let Some(free) = files::free_bytes(folder) else { return };
    let what = format!("{} MB are free at {}", free >> 20, text::of_path(folder));
    if free < NO_ROOM {
        findings.fail(Check::Disk, what, "make room: no change can be sent", Exit::Refused);
    } else if free < LITTLE_ROOM {
        findings.warn(Check::Disk, what, "make room");
    } else {
        findings.ok(Check::Disk, what);
    }
}

/// Words of an account that have no meaning yet.
pub(super) fn unmapped(words: &UnmappedWords, findings: &mut Findings) {
    let kinds = [(&words.states, "states"), (&words.decline_codes, "codes of declines")];
    for (known, what) in kinds.into_iter().filter(|(known, _)| !known.is_empty()) {
        let listed: Vec<String> = known.keys().take(10).map(|word| text::fit(word, 40)).collect();
        let what = format!("{what} that are not mapped: {}", listed.join(", "));
        let advice = "give states a meaning in [providers.NAME.words], and report codes";
        findings.warn(Check::Unmapped, what, advice);
    }
}

/// The address at which webhooks are received.
pub(super) async fn receiver(listen: Listen, findings: &mut Findings) {
    let addr = listen.addr;
    if !listen.enabled {
        findings.ok(Check::Receiver, "webhooks are not received by the board ([listen] enabled)");
        return;
    }
    match Receiver::bind(addr).await {
        Ok(_) => _ = findings.ok(Check::Receiver, format!("{addr} can be listened on")),
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
            let asking = tokio::task::spawn_blocking(move || is_cardtop(addr));
            if asking.await.unwrap_or(false) {
                let what = format!("{addr} is listened on by another cardtop");
                findings.ok(Check::Receiver, what);
            } else {
                let what = format!("{addr} is taken by another program");
                findings.fail(Check::Receiver, what, "choose another [listen] addr", Exit::Refused);
            }
        }
        Err(error) => {
            let what = format!("{addr} cannot be listened on: {error}");
            findings.fail(Check::Receiver, what, "choose another [listen] addr", Exit::Refused);
        }
    }
}

/// Whether whoever listens there answers as the receiver does: that nothing but deliveries to an
/// account are taken.
fn is_cardtop(addr: SocketAddr) -> bool {
    let status = |path: &str| -> io::Result<String> {
        let mut socket = TcpStream::connect_timeout(&addr, ASKED)?;
        socket.set_read_timeout(Some(ASKED))?;
        let head = format!("GET {path} HTTP/1.1\r\nHost: {addr}\r\nConnection: close\r\n\r\n");
        socket.write_all(head.as_bytes())?;
        let mut answer = String::new();
        socket.take(1_000).read_to_string(&mut answer)?;
        Ok(answer.split(' ').nth(1).unwrap_or_default().to_owned())
    };
    let answers = |path: &str, wanted: &str| status(path).is_ok_and(|status| status == wanted);
    answers("/", "404") && answers("/doctor", "405")
}

/// The terminal, as the board would use it.
pub(super) fn terminal(global: &Global, board: &Board, findings: &mut Findings) {
    let term = environment("TERM").unwrap_or_else(|| "not set".to_owned());
    let theme = tty::theme(board, global.color.into());
    let colors = match (theme.mono, theme.colors) {
        (true, _) => "no colours",
        (false, Colors::Many) => "256 colours",
        (false, Colors::Sixteen) => "16 colours",
    };
    let frames = if theme.ascii { "ASCII" } else { "box drawing, of one column each" };
    let ways = tty::clipboard_ways();
    let installed = ways.programs.iter().find(|program| is_installed(program.name));
    let clipboard = match (board.clipboard, installed) {
        (Clipboard::Off, _) => "off",
        (Clipboard::Auto, Some(program)) if !ways.is_remote => program.name,
        (Clipboard::Native, Some(program)) => program.name,
        (Clipboard::Native, None) => "no program for it is installed",
        (Clipboard::Auto | Clipboard::Osc52, _) => "the terminal's (OSC 52)",
    };
    let what = format!("TERM {term}, {colors}, frames of {frames}, clipboard: {clipboard}");
    if board.clipboard == Clipboard::Native && installed.is_none() {
        let advice = "install wl-copy, xclip or xsel, or set [board] clipboard = \"osc52\"";
        findings.warn(Check::Terminal, what, advice);
    } else {
        findings.ok(Check::Terminal, what);
    }
}

fn is_installed(program: &str) -> bool {
    let folders = environment("PATH").unwrap_or_default();
    folders.split(':').any(|folder| Path::new(folder).join(program).is_file())
}
