//! `cardtop init` in a pseudo-terminal, question by question, against the simulated bank on
//! loopback: what it asks, what it checks, what it writes and what it leaves behind.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use cardtop::clock::Clock;
use cardtop::provider::Config;
use cardtop::sandbox::{Dialect, Options, Sandbox, Serving};
use portable_pty::CommandBuilder;

use crate::harness::STATE;
use crate::pty::Terminal;

/// A bank on loopback, and a folder with its secrets and rosters, in which somebody sits.
struct Desk {
    folder: tempfile::TempDir,
    serving: Serving,
    _sandbox: Sandbox,
}

impl Desk {
    async fn new() -> Self {
        let options = Options { busy: false, cards: 4, ..Options::default() };
        let sandbox = Sandbox::new(options, Clock::real());
        let serving = sandbox.serve(None).await.expect("four ports on loopback");
        let folder = tempfile::tempdir().expect("a folder");
        let base = |dialect| format!("http://{}", serving.addr(dialect));
        sandbox.write_config(&base, &folder.path().join("bank.toml")).expect("its files");
        Self { folder, serving, _sandbox: sandbox }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn base(&self, dialect: Dialect) -> String {
        format!("http://{}", self.serving.addr(dialect))
    }

    /// The names of all files and folders, to be compared.
    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.path()).expect("the folder");
        let mut names: Vec<String> = entries
            .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    /// `cardtop init` with these words, on a terminal of 80 columns.
    fn init(&self, words: &[&str]) -> Talk {
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_cardtop"));
        command.cwd(self.path());
        command.env("CARDTOP_STATE", STATE);
        command.env("BANANA_KEY", "sandbox-banana-secret-key-32-chr");
        command.args(["--config", "c.toml", "init"]);
        command.args(words);
        let own = tempfile::tempdir().expect("a folder");
        Talk { terminal: Terminal::run(command, own, 80, 24), seen: BTreeMap::new() }
    }

    /// The mode of the file that was written, and its accounts by name and kind.
    fn written(&self) -> (u32, Vec<(String, &'static str)>) {
        let path = self.path().join("c.toml");
        let mode = fs::metadata(&path).expect("it is written").permissions().mode() & 0o777;
        let config = Config::load(Some(&path)).unwrap_or_else(|error| panic!("{error}"));
        let name = |name: &str| name.to_owned();
        (mode, config.providers.iter().map(|it| (name(it.name.name()), it.kind())).collect())
    }

    /// Whether every account of the file that was written is read.
    fn reads_all(&self) {
        let output = Command::new(env!("CARGO_BIN_EXE_cardtop"))
            .args(["--config", "c.toml", "--data", "data", "providers"])
            .env("CARDTOP_STATE", STATE)
            .env("BANANA_KEY", "sandbox-banana-secret-key-32-chr")
            .current_dir(self.path())
            .output()
            .expect("the program");
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{said}");
    }

    /// The answers about banana up to the question for webhooks.
    fn banana(&self, talk: &mut Talk) {
        talk.answer("name of the banana account", "bravo");
        talk.choose("Is real money behind it?", "sandbox");
        talk.answer("base_url: the address of its API:", "http://api.example.com");
        talk.says("which anybody on the way can read");
        talk.answer("base_url: the address of its API:", &self.base(Dialect::Banana));
        talk.answer("merchant_id: the merchant's UUID:", &self.merchant());
        talk.choose("secret_key: the one key for encryption and signing.", "env");
        talk.answer("name of the variable:", "BANANA_KEY");
        talk.says("secret_key was read in");
        talk.answer("path of the CSV file:", "none.csv");
        talk.says("there is no such file");
        talk.answer("path of the CSV file:", "bank.banana-cards.csv");
        talk.says("4 cards for bravo");
    }

    /// What the bank's own configuration has for the merchant.
    fn merchant(&self) -> String {
        let text = fs::read_to_string(self.path().join("bank.toml")).expect("its file");
        let line = text.lines().find_map(|line| line.strip_prefix("merchant_id = "));
        line.expect("a merchant").trim_matches('"').to_owned()
    }

    /// The answers about ibanera up to the question for webhooks, with this file for the password.
    fn ibanera(&self, talk: &mut Talk, password: &str) {
        talk.answer("name of the ibanera account", "us");
        talk.choose("Is real money behind it?", "1");
        talk.answer("base_url: the address of its API:", &self.base(Dialect::Ibanera));
        for (key, file) in [
            ("username", "bank.secrets/ibanera-username"),
            ("password", password),
            ("shared_secret", "bank.secrets/ibanera-shared-secret"),
        ] {
            talk.choose(&format!("{key}: "), "file");
            talk.answer("path of the file:", file);
            talk.says(&format!("{key} was read in"));
        }
    }
}

/// Questions of the program, and answers to them.
struct Talk {
    terminal: Terminal,
    /// How often each of these words was waited for.
    seen: BTreeMap<String, usize>,
}

impl Talk {
    /// Waits until these words were written once more.
    fn shows(&mut self, words: &str) {
        let times = self.seen.entry(words.to_owned()).or_default();
        *times += 1;
        self.terminal.until_written(words, *times);
    }

    /// Waits until a sentence is on the screen, on however many lines.
    fn says(&mut self, words: &str) {
        self.terminal.until(words, |screen| in_one_line(screen).contains(words));
    }

    fn answer(&mut self, question: &str, answer: &str) {
        self.shows(question);
        self.terminal.press(&format!("{answer}\n"));
    }

    /// Answers a question with choices, below it.
    fn choose(&mut self, question: &str, answer: &str) {
        self.shows(question);
        self.answer("or the word:", answer);
    }

    /// The exit code, and all that was written.
    fn end(self) -> (u32, String) {
        self.terminal.end()
    }
}

fn in_one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[tokio::test(flavor = "multi_thread")]
async fn two_accounts_are_asked_for_read_and_written_into_a_file_that_works() {
    let desk = Desk::new().await;
    let mut talk = desk.init(&[]);
    talk.choose("Which provider?", "papaya");
    talk.says("Write a number from 1 to 4");
    talk.answer("or the word:", "banana");
    desk.banana(&mut talk);
    talk.answer("Receive webhooks of bravo?", "no");
    talk.says("bravo answered in");
    talk.answer("Another account? (yes/no):", "yes");
    talk.choose("Which provider?", "4");
    desk.ibanera(&mut talk, "bank.secrets/ibanera-password");
    talk.answer("Receive webhooks of us?", "yes");
    talk.choose("webhook_secret: the hash secret of callbacks.", "command");
    talk.answer("the program and its words", "printf 'hash secret'");
    talk.says("us answered in");
    talk.answer("Another account? (yes/no):", "no");
    talk.says("c.toml is written, for your eyes only.");
    let (code, said) = talk.end();
    assert_eq!(code, 0, "{said}");
    for secret in ["sandbox-banana-secret-key", "sandbox-ibanera"] {
        assert!(!said.contains(secret), "a secret is shown: {said}");
    }
    assert!(!said.contains('\u{1b}'), "nothing is coloured: {said:?}");
    let accounts = [("bravo".to_owned(), "banana"), ("us".to_owned(), "ibanera")];
    assert_eq!(desk.written(), (0o600, accounts.to_vec()));
    let text = fs::read_to_string(desk.path().join("c.toml")).expect("it is written");
    assert!(text.contains("enabled = true"), "webhooks are received: {text}");
    assert!(text.contains("secret_key = { env = \"BANANA_KEY\" }"), "{text}");
    assert!(text.contains("#[board.keys]"), "its comments are there: {text}");
    desk.reads_all();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_secret_is_said_and_corrected_before_anything_is_written() {
    let desk = Desk::new().await;
    let wrong = desk.path().join("wrong");
    fs::write(&wrong, "not the password").expect("writing");
    fs::set_permissions(&wrong, fs::Permissions::from_mode(0o600)).expect("the mode");
    let before = desk.names();
    let mut talk = desk.init(&["ibanera", "--ask"]);
    desk.ibanera(&mut talk, "wrong");
    talk.answer("Receive webhooks of us?", "no");
    talk.choose("What now?", "again");
    talk.choose("What now?", "change");
    talk.choose("Which one?", "password");
    talk.choose("password: ", "file");
    talk.answer("path of the file:", "bank.secrets/ibanera-password");
    talk.says("us answered in");
    assert_eq!(desk.names(), before, "nothing is written before the end");
    talk.answer("Another account? (yes/no):", "n");
    let (code, said) = talk.end();
    assert_eq!(code, 0, "{said}");
    assert!(in_one_line(&said).contains("check this provider's credentials"), "{said}");
    assert_eq!(desk.written(), (0o600, vec![("us".to_owned(), "ibanera")]));
    desk.reads_all();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_does_not_answer_may_be_kept() {
    let desk = Desk::new().await;
    let mut talk = desk.init(&["banana", "--ask", "--environment", "sandbox"]);
    talk.answer("name of the banana account", "bravo");
    talk.answer("base_url: the address of its API:", "http://127.0.0.1:9");
    talk.answer("merchant_id: the merchant's UUID:", "any");
    talk.choose("secret_key: ", "env");
    talk.answer("name of the variable:", "CARDTOP_NOT_SET");
    talk.says("CARDTOP_NOT_SET is not set");
    talk.choose("What now?", "again");
    talk.choose("secret_key: ", "env");
    talk.answer("name of the variable:", "BANANA_KEY");
    fs::write(desk.path().join("some.csv"), "id,user_id,last4\nc1,7,42\nc2,7,\n").expect("writing");
    talk.answer("path of the CSV file:", "some.csv");
    talk.says("some.csv line 2: last4 is");
    talk.answer("with the bad lines skipped? (yes/no):", "yes");
    talk.answer("Receive webhooks of bravo?", "no");
    talk.says("check base_url and the network");
    talk.choose("What now?", "keep");
    talk.answer("Another account? (yes/no):", "no");
    assert_eq!(talk.end().0, 0);
    assert_eq!(desk.written().1, [("bravo".to_owned(), "banana")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_stops_in_the_middle_leaves_nothing_behind() {
    let desk = Desk::new().await;
    let before = desk.names();
    for stop in ["\u{4}", "\n\n", "\u{3}"] {
        let mut talk = desk.init(&[]);
        talk.choose("Which provider?", "banana");
        desk.banana(&mut talk);
        talk.shows("Receive webhooks of bravo?");
        talk.terminal.press(stop);
        let (code, said) = talk.end();
        if stop == "\u{3}" {
            assert_ne!(code, 0, "it ends by the signal: {said}");
        } else {
            assert_eq!(code, 2, "{said}");
            assert!(in_one_line(&said).contains("nothing was written"), "{said}");
        }
        assert_eq!(desk.names(), before, "{stop:?}");
    }
    let mut talk = desk.init(&["banana", "--ask", "--environment", "sandbox"]);
    talk.answer("name of the banana account", "bravo");
    talk.answer("base_url: the address of its API:", "http://127.0.0.1:9");
    talk.answer("merchant_id: ", "any");
    talk.choose("secret_key: ", "keyring");
    talk.answer("its entry, as service/account:", "cardtop-test/none");
    talk.choose("What now?", "stop");
    assert_eq!(talk.end().0, 2);
    assert_eq!(desk.names(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_exists_is_left_alone_before_the_first_question() {
    let desk = Desk::new().await;
    fs::write(desk.path().join("c.toml"), "mine").expect("writing");
    let (code, said) = desk.init(&[]).end();
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("exists") && !said.contains("Which provider?"), "{said}");
    assert_eq!(fs::read_to_string(desk.path().join("c.toml")).expect("it"), "mine");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_comes_while_it_asks_is_left_alone() {
    let desk = Desk::new().await;
    let mut talk = desk.init(&["ibanera", "--ask"]);
    desk.ibanera(&mut talk, "bank.secrets/ibanera-password");
    talk.answer("Receive webhooks of us?", "no");
    talk.says("us answered in");
    fs::write(desk.path().join("c.toml"), "mine").expect("writing");
    let before = desk.names();
    talk.answer("Another account? (yes/no):", "no");
    let (code, said) = talk.end();
    assert_eq!(code, 2, "{said}");
    assert_eq!(fs::read_to_string(desk.path().join("c.toml")).expect("it"), "mine");
    assert_eq!(desk.names(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn with_kinds_it_writes_at_once_on_a_terminal_too() {
    let desk = Desk::new().await;
    let mut talk = desk.init(&["artha"]);
    talk.answer("environment of artha (sandbox/production)? ", "sandbox");
    let (code, said) = talk.end();
    assert_eq!(code, 0, "{said}");
    assert!(!said.contains("name of the"), "{said}");
    assert_eq!(desk.written(), (0o600, vec![("acme-eu".to_owned(), "artha")]));
}
