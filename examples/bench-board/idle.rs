//! P9: what a board uses when nobody touches it.

#![expect(clippy::float_arithmetic, reason = "shares of a processor; no money")]

use std::fs;
use std::path::Path;
use std::time::Duration;

use tokio::time::Instant;

use super::Bench;
use super::board::{Bank, BankSize, until_idle};
use super::live::words;
use super::peers::Peer;
use super::process::Meter;
use super::table::{Finding, Goal};
use super::terminal::Terminal;

/// The polls of an account that says none.
const DEFAULT_POLLS: (&str, &str) = ("30s", "15s");

/// Cards that are not on the screen are asked for this often by the default polls: what a polled
/// board uses is measured over as long, or some runs have them and others have not.
const WHOLE_ROUND: u64 = 120;

/// What is used without a key.
struct Idle {
    /// Percent of one processor.
    cpu: f64,
    wakeups: f64,
    bytes: f64,
}

/// Watches a program for so long, after a time in which it does what is left of its start.
fn watch(terminal: &mut Terminal, before: u64, seconds: u64) -> anyhow::Result<Idle> {
    terminal.pass(Duration::from_secs(before));
    let (mut meter, written) = (Meter::of(terminal.pid()?), terminal.written());
    let began = Instant::now();
    for _ in 0..seconds {
        terminal.pass(Duration::from_secs(1));
        meter.look();
    }
    let (used, passed) = (meter.look(), began.elapsed().as_secs_f64());
    Ok(Idle {
        cpu: used.cpu as f64 / 1e7 / passed,
        wakeups: used.wakeups as f64 / passed,
        bytes: (terminal.written() - written) as f64 / passed,
    })
}

/// P9.
pub(crate) fn findings(bench: &Bench) -> anyhow::Result<Vec<Finding>> {
    let seconds = bench.idle_seconds;
    let htop = match Peer::monitors(&bench.home).into_iter().find(|peer| peer.name == "htop") {
        Some(htop) => {
            let watched = htop
                .open()
                .and_then(|(mut terminal, _)| watch(&mut terminal, seconds, WHOLE_ROUND));
            bench.or_without(watched)
        }
        None => None,
    };
    bench.say("measuring an idle board");
    let full = bench.full()?;
    let mut terminal = bench.board.ready(&full)?;
    let quiet = watch(&mut terminal, seconds, seconds)?;
    drop(terminal);
    let (small, large) = (polled(bench, 64, None)?, polled(bench, 64, Some(bench.rows))?);
    let rows = words(bench.rows);
    let cpu = |idle: &Idle| Some(idle.cpu);
    let of_htop = || [("htop", htop.as_ref().map(|htop| htop.cpu))];
    Ok(vec![
        Finding::new("P9", format!("quiet, {rows} rows"), cpu(&quiet), "% CPU")
            .goal(Goal::AtMost(0.05)),
        Finding::new("P9", "the same", Some(quiet.wakeups), "wake-ups/s")
            .beside([("htop", htop.as_ref().map(|htop| htop.wakeups))])
            .goal(Goal::AtMost(1.05)),
        Finding::new("P9", "the same", Some(quiet.bytes), "bytes/s").note("the clock"),
        Finding::new("P9", "4 providers polled, default polls", cpu(&small), "% CPU")
            .beside(of_htop())
            .goal(Goal::AtMostTimes(1.0)),
        Finding::new("P9", "the same", Some(small.wakeups), "wake-ups/s"),
        Finding::new("P9", format!("the same, {rows} rows stored"), cpu(&large), "% CPU")
            .beside(of_htop())
            .goal(Goal::AtMostTimes(1.0)),
    ])
}

/// A board that reads a bank in another process; with rows of the same cards in its data file
/// before it starts.
fn polled(bench: &Bench, cards: usize, rows: Option<usize>) -> anyhow::Result<Idle> {
    let size = BankSize {
        cards,
        transactions: 200,
        busy: false,
        polls: DEFAULT_POLLS,
        rate_limit: "1200/min",
    };
    let bank = Bank::open(&bench.board, bench.root.join("bank-idle"), size)?;
    if let Some(rows) = rows {
        copy_folder(&bench.data(cards, rows, 1_000)?.store(), &bank.store())?;
    }
    let mut terminal = Terminal::start(&bank.board(&bench.board))?;
    terminal.wait("four accounts that answer", Duration::from_secs(60), |screen| {
        screen.contents().matches(" OK").count() >= 4
    })?;
    // The lists of a start are read; what comes later is what is measured.
    until_idle(&mut terminal, Duration::from_secs(20)).or_else(|_| {
        terminal.settle(Duration::from_millis(100));
        anyhow::Ok(())
    })?;
    watch(&mut terminal, bench.idle_seconds, WHOLE_ROUND)
}

/// Copies a data folder that no process has open.
fn copy_folder(from: &Path, to: &Path) -> anyhow::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::create_dir_all(to)?;
    fs::set_permissions(to, fs::Permissions::from_mode(0o700))?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            fs::copy(entry.path(), to.join(entry.file_name()))?;
        }
    }
    Ok(())
}
