//! The first steps of a newcomer, with the real program in an empty home folder: what it says
//! without a configuration, what `init` writes, and what the next command says then.

use std::path::Path;
use std::process::{Command, Output};

/// Runs the program in a home folder that has nothing but what it wrote there itself.
fn run(home: &Path, words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_cardtop"))
        .args(words)
        .env_clear()
        .env("HOME", home)
        .env("PATH", "/usr/bin:/bin")
        .stdin(std::process::Stdio::null())
        .output()
        .expect("the program")
}

/// All that was said, on both channels.
fn said(output: &Output) -> String {
    let [out, err] = [&output.stdout, &output.stderr].map(|said| String::from_utf8_lossy(said));
    format!("{out}{err}")
}

#[test]
fn without_a_configuration_the_first_commands_are_named() {
    let home = tempfile::tempdir().expect("a folder");
    for words in [&["providers"][..], &["cards"], &[]] {
        let output = run(home.path(), words);
        let text = said(&output);
        assert_eq!(output.status.code(), Some(2), "{text}");
        assert!(text.contains("cardtop demo") && text.contains("cardtop init KIND"), "{text}");
    }
    assert_eq!(std::fs::read_dir(home.path()).expect("the folder").count(), 0, "nothing written");
}

#[test]
fn after_init_the_line_that_is_not_filled_in_is_named_by_every_command() {
    let home = tempfile::tempdir().expect("a folder");
    assert_eq!(run(home.path(), &["init", "enkash"]).status.code(), Some(0));
    for words in [&["providers"][..], &["cards", "--json"], &["topup", "4242", "5", "--yes"]] {
        let output = run(home.path(), words);
        let text = said(&output);
        assert_eq!(output.status.code(), Some(2), "{text}");
        let line = text.contains("config.toml line ");
        assert!(line && text.contains("providers.prepaid-in.environment is \"\""), "{text}");
    }
}

#[test]
fn providers_says_each_reason_once() {
    let home = tempfile::tempdir().expect("a folder");
    let init = ["init", "artha", "ibanera", "--environment", "sandbox"];
    assert_eq!(run(home.path(), &init).status.code(), Some(0));
    let output = run(home.path(), &["providers"]);
    let text = said(&output);
    assert_eq!(output.status.code(), Some(3), "{text}");
    for reason in ["variable ACME_TOKEN is not set", "variable IBANERA_USERNAME is not set"] {
        assert_eq!(text.matches(reason).count(), 1, "{text}");
    }
    assert_eq!(text.matches("acme-cards.csv").count(), 1, "{text}");
}

#[test]
fn without_a_terminal_init_asks_nothing_and_writes_what_was_named_or_nothing() {
    let home = tempfile::tempdir().expect("a folder");
    for words in [&["init"][..], &["init", "banana", "--ask"]] {
        let output = run(home.path(), words);
        let text = said(&output);
        assert_eq!(output.status.code(), Some(2), "{text}");
        assert!(text.contains("nothing was written") && !text.contains("Which provider"), "{text}");
    }
    assert_eq!(std::fs::read_dir(home.path()).expect("the folder").count(), 0, "nothing written");
    assert_eq!(run(home.path(), &["init", "banana"]).status.code(), Some(0));
}
