//! Hostile text at every place where text comes in: nothing of it steers the terminal, the log or a
//! spreadsheet.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use cardtop::clock::Clock;
use cardtop::sandbox::{Options, Sandbox};

use crate::harness::STATE;

/// What is tried at every place, and words of it that may stay.
const HOSTILE: [&str; 9] = [
    "\x1b]0;PWN\x07x",
    "\x1b[2Jx",
    "\u{9b}31mx",
    "\u{9d}0;PWN\u{9c}x",
    "x\u{202e}gpj",
    "x\u{2066}y\u{200f}z",
    "x\u{34f}\u{115f}\u{3164}\u{17b4}\u{e0100}\u{e0041}y",
    "x\u{1f1e9}y",
    "z\u{300}\u{301}\u{302}\u{303}\u{304}\u{305}\u{306}\u{307}",
];

/// What steers a terminal or cannot be seen. Written anew here, so that a gap in the program's own
/// list shows.
fn is_unsafe(c: char) -> bool {
    (c.is_control() && c != '\n')
        || matches!(
            u32::from(c),
            0xad | 0x34f | 0x61c | 0x115f..=0x1160 | 0x17b4..=0x17b5 | 0x180b..=0x180f | 0x200b..=0x200f | 0x2028..=0x202e
                | 0x2060..=0x206f | 0x3164 | 0xfe00..=0xfe0f | 0xfeff | 0xffa0 | 0xfff9..=0xfffb | 0x1f1e6..=0x1f1ff
                | 0xe0000..=0xe0fff
        )
}

fn assert_harmless(what: &str, place: &str, hostile: &str) {
    let found: Vec<char> = what.chars().filter(|c| is_unsafe(*c)).collect();
    assert!(found.is_empty(), "{place}: {found:?} of {hostile:?} is left in {what:?}");
    assert!(!what.contains("\u{304}"), "{place}: too many marks are left in {what:?}");
    assert!(!what.contains("]0;PWN"), "{place}: a title looks like a name in {what:?}");
}

fn run(folder: &Path, words: &[&OsStr]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cardtop"));
    command.env("CARDTOP_STATE", STATE);
    command.current_dir(folder).args(words).stdin(Stdio::null());
    command
        .env_remove("CARDTOP_CONFIG")
        .env("HOME", folder)
        .env("XDG_CONFIG_HOME", folder)
        .env("XDG_DATA_HOME", folder);
    command.output().expect("the program")
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// Text as TOML takes it: what must be escaped is.
fn toml(text: &str) -> String {
    let escaped = |c: char| match c {
        '"' | '\\' => format!("\\{c}"),
        c if c.is_control() => format!("\\u{:04X}", u32::from(c)),
        c => c.to_string(),
    };
    text.chars().map(escaped).collect()
}

const SECRET: &str = "{ env = \"CARDTOP_TEST_NOT_SET\" }";

fn account(settings: &str, token: &str) -> String {
    format!(
        "[providers.acme]\nkind = \"artha\"\n{settings}\n[providers.acme.credentials]\ntoken = \
         {token}\nprivate_key = {SECRET}\n"
    )
}

const URL: &str = "base_url = \"https://api.example.com\"";

#[test]
fn escapes_from_our_own_configuration_reach_neither_terminal_nor_log() {
    for hostile in HOSTILE {
        let text = toml(hostile);
        let folder = tempfile::tempdir().expect("a folder");
        let places = [
            ("a key", format!("\"{text}\" = 1\n")),
            ("a key as it is", format!("\"{hostile}\" = 1\n")),
            ("a key of the board", format!("[board]\n\"{text}\" = 1\n")),
            ("a value", format!("[board]\nglyphs = \"{text}\"\n")),
            ("a time zone", format!("[board]\ntimezone = \"{text}\"\n")),
            ("a command of the keyboard", format!("[board.keys]\n\"{text}\" = \"x\"\n")),
            ("a key of the keyboard", format!("[board.keys]\nfreeze = \"{text}\"\n")),
            ("a name", format!("[providers.\"{text}\"]\nkind = \"artha\"\n")),
            ("a kind", format!("[providers.acme]\nkind = \"{text}\"\n")),
            ("an address", account(&format!("base_url = \"{text}\""), SECRET)),
            (
                "a path",
                account(&format!("{URL}\n[providers.acme.paths]\nCardTopUp = \"{text}\""), SECRET),
            ),
            (
                "a word",
                account(
                    &format!("{URL}\n[providers.acme.words.card_states]\n\"{text}\" = \"x\""),
                    SECRET,
                ),
            ),
            (
                "our word",
                account(
                    &format!("{URL}\n[providers.acme.words.card_states]\nx = \"{text}\""),
                    SECRET,
                ),
            ),
            (
                "a header",
                account(
                    &format!("{URL}\n[providers.acme.signature]\nheaders = [\"{text}\"]"),
                    SECRET,
                ),
            ),
            ("a rate", account(&format!("{URL}\nrate_limit = \"{text}\""), SECRET)),
            ("a variable", account(URL, &format!("{{ env = \"{text}\" }}"))),
            ("a secret file", account(URL, &format!("{{ file = \"{text}\" }}"))),
            ("a program", account(URL, &format!("{{ command = [\"{text}\"] }}"))),
            ("a keyring", account(URL, &format!("{{ keyring = \"{text}/x\" }}"))),
            ("no keyring", account(URL, &format!("{{ keyring = \"{text}\" }}"))),
            ("a roster's name", account(&format!("{URL}\nroster = \"{text}.csv\""), SECRET)),
        ];
        for (place, text) in places {
            let config = folder.path().join("c.toml");
            fs::write(&config, text).expect("writing");
            let log = folder.path().join("log");
            let words = ["--config", "c.toml", "--data", "data", "--log-file", "log", "providers"]
                .map(OsStr::new);
            let output = run(folder.path(), &words);
            assert!(
                !output.status.success() && !output.stderr.is_empty(),
                "{place}: {hostile:?}: {}",
                said(&output)
            );
            assert_harmless(&said(&output), place, hostile);
            assert_harmless(
                &fs::read_to_string(log).expect("a log"),
                &format!("the log of {place}"),
                hostile,
            );
        }
    }
}

#[test]
fn escapes_in_arguments_and_names_of_files_reach_neither_terminal_nor_log() {
    for hostile in HOSTILE {
        let folder = tempfile::tempdir().expect("a folder");
        let path = |name: &str| folder.path().join(name);
        fs::write(path("good.toml"), "").expect("writing");
        fs::write(path(hostile), "glyphs = 1").expect("a file of this name");
        let (within, none) = (format!("{hostile}/below"), format!("{hostile}-none"));
        let places: [&[&str]; 20] = [
            &["--config", hostile, "cards"],
            &["--config", &none, "cards"],
            &["--config", "good.toml", "--data", hostile, "cards"],
            &["--config", "good.toml", "--data", &within, "cards"],
            &[
                "--config",
                "good.toml",
                "--data",
                "data",
                "--filter",
                hostile,
                "--filter",
                "x",
                "cards",
            ],
            &[
                "--config",
                "good.toml",
                "--data",
                "data",
                "--filter",
                &format!("amount>{hostile}"),
                "cards",
            ],
            &[
                "--config",
                "good.toml",
                "--data",
                "data",
                "--filter",
                &format!("{hostile}:x"),
                "cards",
            ],
            &["--config", "good.toml", "--data", "data", "--provider", hostile, "cards"],
            &["--config", "good.toml", "--data", "data", "card", hostile],
            &["--config", "good.toml", "--data", "data", "freeze", hostile],
            &["--config", "good.toml", "--data", "data", "topup", hostile, hostile],
            &["--config", "good.toml", "--data", "data", "ops", "check", hostile],
            &["--config", "good.toml", "--log-file", &within, "cards"],
            &["--format", hostile, "cards"],
            &["--limit", hostile],
            &[hostile],
            &["man", hostile],
            &["demo", "--scenario", hostile],
            &["--config", &within, "init", "artha"],
            &["--config", "new.toml", "init", hostile],
        ];
        for words in places {
            let line: Vec<&OsStr> = words.iter().map(OsStr::new).collect();
            let output = run(folder.path(), &line);
            assert!(!output.status.success(), "{words:?}: {}", said(&output));
            assert_harmless(&said(&output), &format!("{words:?}"), hostile);
        }
    }
}

/// A server whose every answer is a refusal, or a list of rows, of hostile words.
async fn hostile_server(status: u16, body: String) -> (String, tokio::task::JoinHandle<()>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let base = format!("http://{}", listener.local_addr().expect("an address"));
    let answer = move || {
        let (status, body) = (http::StatusCode::from_u16(status).expect("a status"), body.clone());
        async move { (status, [("content-type", "application/json")], body) }
    };
    let router = axum::Router::new().fallback(answer);
    (base, tokio::spawn(async move { axum::serve(listener, router).await.expect("serving") }))
}

#[tokio::test(flavor = "multi_thread")]
async fn escapes_from_providers_and_rosters_reach_neither_terminal_nor_log() {
    let sandbox =
        Sandbox::new(Options { cards: 1, busy: false, ..Options::default() }, Clock::real());
    for hostile in HOSTILE {
        let word = serde_json::Value::from(hostile);
        let refusal = serde_json::json!({ "message": word, "error": word, "title": word, "detail": word, "status": "0",
            "response_message": word, "response_code": 1, "error_description": word,
            "errors": [{ "fieldName": word, "messageCode": word }] });
        let rows = serde_json::json!({ "data": [{ "id": 1, "amount": word, "currency": word, "date": word, "cardStatus": word }],
            "status": "1", "message": word, "cardStatus": word, "balance": word });
        for (status, body) in [
            (400, refusal.to_string()),
            (401, refusal.to_string()),
            (500, hostile.to_owned()),
            (200, rows.to_string()),
        ] {
            let (base, server) = hostile_server(status, body).await;
            let folder = tempfile::tempdir().expect("a folder");
            sandbox
                .write_config(&|_| base.clone(), &folder.path().join("c.toml"))
                .expect("a configuration");
            let roster = format!(
                "id,holder,last4,currency,kind,label\nc1,{hostile},,,,{hostile}\nc2,,{hostile},,,\n{hostile},,,,,\nc3,,,,{hostile},\n"
            );
            fs::write(folder.path().join("c.artha-cards.csv"), roster).expect("writing");
            for (command, format) in
                [("cards", "table"), ("transactions", "csv"), ("providers", "json")]
            {
                let words = [
                    "--config",
                    "c.toml",
                    "--data",
                    "data",
                    "--log-file",
                    "log",
                    "--format",
                    format,
                    command,
                ];
                let place: PathBuf = folder.path().to_owned();
                let run = move || run(&place, &words.map(OsStr::new));
                let output = tokio::task::spawn_blocking(run).await.expect("the run");
                assert_harmless(&said(&output), &format!("{status} {command} {format}"), hostile);
            }
            assert_harmless(
                &fs::read_to_string(folder.path().join("log")).expect("a log"),
                "the log",
                hostile,
            );
            server.abort();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_card_number_in_a_providers_words_reaches_nobody() {
    let number = "5299 9200 0000 0149";
    let sandbox =
        Sandbox::new(Options { cards: 1, busy: false, ..Options::default() }, Clock::real());
    let words = format!("card{} and shop122 {number} refused", number.replace(' ', ""));
    let refusal = serde_json::json!({ "message": words, "error": words, "status": "0", "response_message": words,
        "response_code": 1, "error_description": words, "errors": [{ "fieldName": words, "messageCode": words }] });
    for status in [400, 401, 500] {
        let (base, server) = hostile_server(status, refusal.to_string()).await;
        let folder = tempfile::tempdir().expect("a folder");
        sandbox
            .write_config(&|_| base.clone(), &folder.path().join("c.toml"))
            .expect("a configuration");
        let mut all = String::new();
        for command in ["cards", "transactions", "providers"] {
            let place = folder.path().to_owned();
            let words =
                ["--config", "c.toml", "--data", "data", "--log-file", "log", "--json", command];
            let output = tokio::task::spawn_blocking(move || run(&place, &words.map(OsStr::new)))
                .await
                .expect("the run");
            all.push_str(&said(&output));
        }
        all.push_str(&fs::read_to_string(folder.path().join("log")).expect("a log"));
        assert!(
            all.contains("..0149"),
            "HTTP {status}: the words are shown without the number: {all}"
        );
        assert!(!all.contains("5299"), "HTTP {status}: {all}");
        server.abort();
    }
}
