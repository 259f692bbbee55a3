//! The examples of docs/contract.md, run as they stand there.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use cardtop::clock::Clock;
use cardtop::sandbox::{Options, Sandbox};

use crate::harness::{STATE, start};

/// A home with a configuration of one sandbox account, where nobody spends.
struct Home {
    folder: tempfile::TempDir,
    config: PathBuf,
}

impl Home {
    fn run(&self, line: &str) -> Output {
        let program = Path::new(env!("CARGO_BIN_EXE_cardtop")).parent().expect("its folder");
        Command::new("/bin/sh")
            .args(["-c", line])
            .env_clear()
            .env("PATH", program)
            .env("HOME", self.folder.path())
            .env("XDG_DATA_HOME", self.folder.path().join("data"))
            .env("CARDTOP_CONFIG", &self.config)
            .env("CARDTOP_STATE", STATE)
            .env("USER", "anay")
            .env("TZ", "UTC")
            .output()
            .expect("a shell")
    }
}

/// What a person sees of a command: its output, its standard error and its exit code. Times and the
/// ids of operations are those of the page.
fn shown(output: &Output) -> String {
    let mut shown = String::from_utf8_lossy(&output.stdout).into_owned();
    for line in String::from_utf8_lossy(&output.stderr).lines() {
        writeln!(shown, "stderr: {line}").expect("memory");
    }
    match output.status.code() {
        Some(0) => {}
        code => {
            writeln!(shown, "exit code: {}", code.expect("it ended by itself")).expect("memory")
        }
    }
    with_the_times_and_ids_of_the_page(&shown)
}

fn with_the_times_and_ids_of_the_page(text: &str) -> String {
    const TIME: &str = "2026-04-03T12:08:12Z";
    const ID: &str = "01KN9SQ8R0Z3M5V7X9B1C2D4EF";
    let (mut rest, mut out) = (text, String::new());
    while let Some(first) = rest.chars().next() {
        let length = rest
            .find(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '-' | ':' | '.'))
            .unwrap_or(rest.len());
        let (word, after) = rest.split_at(length.max(first.len_utf8()));
        // After the prefix of our references, too.
        let (prefix, id) = word.split_at(if word.starts_with("ct01") { 2 } else { 0 });
        let is_id = id.len() == 26
            && id.starts_with("01")
            && id.chars().all(|c| c.is_ascii_digit() || c.is_ascii_uppercase());
        if word.parse::<jiff::Timestamp>().is_ok() {
            out.push_str(TIME);
        } else if is_id {
            out.push_str(prefix);
            out.push_str(ID);
        } else {
            out.push_str(word);
        }
        rest = after;
    }
    out
}

/// The page with what its commands print now.
fn run_all(page: &str, home: &Home) -> String {
    let mut made = String::new();
    let mut inside = false;
    for line in page.lines() {
        match (inside, line) {
            (false, "```console") => inside = true,
            (true, "```") => inside = false,
            _ => {}
        }
        match line.strip_prefix("$ ").filter(|_| inside) {
            Some(command) => {
                made.push_str(&format!("{line}\n{}", shown(&home.run(command))));
            }
            // What a command printed when the page was written.
            None if inside && line != "```console" => {}
            None => made.push_str(&format!("{line}\n")),
        }
    }
    made
}

#[tokio::test(flavor = "multi_thread")]
async fn the_examples_of_the_page_about_the_contract_print_what_they_show() {
    let sandbox = Sandbox::new(Options { busy: false, ..Options::default() }, Clock::from(start()));
    let serving = sandbox.serve(None).await.expect("four ports on loopback");
    let folder = tempfile::tempdir().expect("a folder");
    let config = folder.path().join("c.toml");
    sandbox.write_config(&|dialect| serving.base(dialect), &config).expect("a configuration");
    // The wire that signs no time: the program lives in another year than the bank.
    let text = std::fs::read_to_string(&config).expect("the configuration");
    let begin = text.find("[providers.banana]").expect("its account");
    let end = text[begin + 1..].find("\n[providers.enkash]").expect("the next") + begin + 1;
    std::fs::write(&config, &text[begin..end]).expect("writing");
    let home = Home { folder, config };

    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/contract.md");
    let page = std::fs::read_to_string(&path).expect("docs/contract.md");
    let running = page.clone();
    let made = tokio::task::spawn_blocking(move || run_all(&running, &home)).await.expect("it ran");
    assert!(made.matches("\n$ cardtop ").count() > 10, "the page has examples");
    if made == page {
        return;
    }
    if std::env::var_os("CARDTOP_WRITE_DOCS").is_some() {
        std::fs::write(&path, made).expect("writing docs/contract.md");
        return;
    }
    let differs = made.lines().zip(page.lines()).find(|(made, page)| made != page);
    panic!(
        "docs/contract.md shows what cardtop does not print: {differs:#?}\nto write its examples \
         anew: CARDTOP_WRITE_DOCS=1 cargo test --test it examples_of_the_page"
    );
}
