//! Secrets that take their time: the board draws, other accounts are read, and what was started
//! ends.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use cardtop::config::secret::Source;
use cardtop::domain::operation::Action;
use cardtop::engine::{EngineEvent, HealthState};
use cardtop::provider::Config;
use cardtop::sandbox::Dialect;
use portable_pty::CommandBuilder;
use serde_json::Value;

use crate::command_line::{Bank, code, words};
use crate::harness::{Desk, STATE, change_settings, open_board};
use crate::pty::Terminal;

/// A named pipe for its owner only, into which nobody writes.
fn pipe(folder: &Path) -> PathBuf {
    let path = folder.join("pipe");
    assert!(
        Command::new("mkfifo").args(["-m", "600"]).arg(&path).status().expect("mkfifo").success()
    );
    path
}

/// Puts another source into the place of a secret's file.
fn replace(bank: &Bank, secret: &str, source: &str) {
    let config = std::fs::read_to_string(&bank.config).expect("the configuration");
    let file = format!("{{ file = \"c.secrets/{secret}\" }}");
    assert!(config.contains(&file), "{config}");
    std::fs::write(&bank.config, config.replace(&file, source)).expect("writing");
}

/// Waits until no process has this word in its command line; the limit only ends a test that has
/// failed.
fn gone(word: &str) {
    let runs = || {
        std::fs::read_dir("/proc").expect("/proc").flatten().any(|entry| {
            let line = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
            line.split(|byte| *byte == 0).any(|part| part == word.as_bytes())
        })
    };
    for _ in 0..1_000 {
        if !runs() {
            return;
        }
        std::thread::park_timeout(Duration::from_millis(10));
    }
    panic!("a process was left behind: {word}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pipe_that_nobody_writes_into_loses_its_own_account_only() {
    let bank = Bank::open().await;
    let path = pipe(bank.folder.path());
    replace(&bank, "artha-token", &format!("{{ file = {path:?} }}"));
    let output = bank.run(&["cards", "--json"]).await;
    assert_eq!(code(&output), 3, "{}", words(&output));
    let said = words(&output);
    assert!(
        said.contains("artha: waiting for its secrets (file ") && said.contains("at most 5 s)"),
        "{said}"
    );
    assert!(said.contains("nobody finished writing into it within 5 s"), "{said}");
    let cards: Value = serde_json::from_slice(&output.stdout).expect("a list");
    for dialect in [Dialect::Banana, Dialect::Enkash, Dialect::Ibanera] {
        let read =
            |card: &&Value| card["provider"] == dialect.name() && card["balance"].is_object();
        let count = cards.as_array().expect("a list").iter().filter(read).count();
        assert_eq!(count, bank.sandbox.card_ids(dialect).len(), "{}", dialect.name());
    }
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn the_first_frame_does_not_wait_for_a_command_that_gives_a_secret() {
    let bank = Bank::open().await;
    replace(&bank, "enkash-password", "{ command = [\"sleep\", \"4712.25\"] }");
    let path = pipe(bank.folder.path());
    replace(&bank, "artha-token", &format!("{{ file = {path:?} }}"));
    let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_cardtop"));
    command.env("CARDTOP_STATE", STATE);
    command.args(["--config".as_ref(), bank.config.as_os_str(), "--data".as_ref()]);
    command.arg(bank.folder.path().join("data"));
    let board = tokio::task::spawn_blocking(move || {
        let mut terminal = Terminal::run(command, tempfile::tempdir().expect("a folder"), 120, 40);
        terminal.until("two accounts that are read and two that wait", |text| {
            ["banana OK", "ibanera OK", "artha WAIT", "enkash WAIT"]
                .iter()
                .all(|word| text.contains(word))
        });
        terminal.press("4jj");
        terminal.until("what is waited for", |text| {
            text.contains("why        waiting for its secrets (command sleep, at most 30 s)")
        });
        terminal.until("the end of the pipe's time", |text| {
            text.contains("artha AUTH") && text.contains("enkash WAIT")
        });
        terminal.press("q");
        terminal.end()
    });
    let (code, _) = board.await.expect("the board");
    assert_eq!(code, 0);
    gone("4712.25");
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_gives_a_secret_ends_with_cardtop_however_that_ends() {
    let bank = Bank::open().await;
    replace(
        &bank,
        "enkash-password",
        "{ command = [\"sh\", \"-c\", \"sleep 4713.25 & sleep 4713.25\"] }",
    );
    let (config, data) = (bank.config.clone(), bank.folder.path().join("data"));
    let killed = tokio::task::spawn_blocking(move || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cardtop"));
        command.env("CARDTOP_STATE", STATE);
        command
            .arg("--config")
            .arg(config)
            .arg("--data")
            .arg(data)
            .arg("cards")
            .stderr(Stdio::piped());
        let mut child =
            command.stdin(Stdio::null()).stdout(Stdio::null()).spawn().expect("the program");
        let mut line = String::new();
        BufReader::new(child.stderr.take().expect("piped")).read_line(&mut line).expect("a line");
        assert_eq!(line, "cardtop: enkash: waiting for its secrets (command sh, at most 30 s)\n");
        child.kill().expect("SIGKILL");
        child.wait().expect("it ends")
    });
    assert!(!killed.await.expect("the run").success());
    gone("4713.25");
}

#[tokio::test]
async fn a_change_is_refused_while_its_account_waits_for_secrets() {
    let mut desk = Desk::new().await;
    let card = desk.active(Dialect::Artha).await;
    let path = pipe(desk.folder.path());
    waits(&mut desk.config, &path);
    let (board, mut news) = open_board(&desk).await;
    let writes = desk.sandbox.writes();
    let refused = board
        .change(desk.order(&card.key, Action::Freeze), Duration::ZERO)
        .await
        .expect_err("it waits")
        .to_string();
    assert!(
        refused.starts_with("artha: waiting for its secrets (file ")
            && refused.ends_with("nothing was sent"),
        "{refused}"
    );
    assert_eq!(desk.sandbox.writes(), writes);
    // Others are read meanwhile, and in the end it is said why this one cannot be.
    let (mut others, mut said) = (0, None);
    while said.is_none() {
        match news.recv().await.expect("news") {
            EngineEvent::Float { provider, .. } if provider.name() != "artha" => others += 1,
            EngineEvent::Health(health)
                if health.provider.name() == "artha" && health.state == HealthState::Auth =>
            {
                said = health.why
            }
            _ => {}
        }
    }
    assert!(others > 0);
    assert!(said.is_some_and(|why| why.contains("within 5 s")));
    board.stop().await;
}

/// artha's token is to come out of this pipe.
fn waits(config: &mut Config, path: &Path) {
    for provider in &mut config.providers {
        change_settings(provider, |artha: &mut cardtop::provider::artha::settings::Settings| {
            artha.token = Source::File(path.to_owned());
        });
    }
}
