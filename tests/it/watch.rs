//! The real `cardtop watch` beside the sandbox: one line for each thing that is new, a heartbeat
//! that says what is not read, and an end for every reason.

use std::io::{BufRead, BufReader, Read};
use std::net::TcpListener;
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};

use cardtop::sandbox::{CardState, Dialect, Fault, FaultTarget, Merchant, Options, WebhookOptions};
use rust_decimal::Decimal;
use serde_json::Value;

use crate::command_line::{Bank, code, words};
use crate::harness::STATE;

/// Heartbeats after which a line that did not come is not waited for any longer.
const PATIENCE: usize = 60;

/// A running `cardtop watch`, of which the lines are read.
#[derive(Debug)]
struct Watcher {
    child: Child,
    lines: BufReader<ChildStdout>,
    /// The line that was read last.
    newest: String,
}

impl Watcher {
    fn start(bank: &Bank, words: &[&str]) -> Self {
        let config = std::fs::read_to_string(&bank.config).expect("the configuration");
        let quick = config.replace("transactions = \"4s\"", "transactions = \"1s\"");
        std::fs::write(&bank.config, quick.replace("balances = \"10s\"", "balances = \"2s\""))
            .expect("writing");
        let mut command = Command::new(env!("CARGO_BIN_EXE_cardtop"));
        command.env("CARDTOP_STATE", STATE).arg("--config").arg(&bank.config);
        command.arg("--data").arg(bank.folder.path().join("data")).arg("watch").args(words);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the program");
        let lines = BufReader::new(child.stdout.take().expect("piped"));
        Self { child, lines, newest: String::new() }
    }

    /// The next line, which is an object with its type first.
    fn line(&mut self) -> Value {
        let mut line = String::new();
        tokio::task::block_in_place(|| self.lines.read_line(&mut line)).expect("a line");
        assert!(line.starts_with("{\"type\":\"") && line.ends_with("}\n"), "{line:?}");
        self.newest = line;
        serde_json::from_str(&self.newest).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// Lines up to one that fits, which is the last of them. Heartbeats that do not fit are left
    /// out.
    fn until(&mut self, what: &str, fits: impl Fn(&Value) -> bool) -> Vec<Value> {
        let (mut lines, mut beats) = (Vec::new(), 0);
        while beats < PATIENCE {
            let line = self.line();
            if fits(&line) {
                lines.push(line);
                return lines;
            }
            match &line["type"] == "heartbeat" {
                true => beats += 1,
                false => lines.push(line),
            }
        }
        panic!("{what} did not come: {lines:#?}");
    }

    /// Waits until everything was read; nothing of what was there before is told.
    fn until_complete(&mut self) {
        let lines = self.until("a complete feed", |line| line["complete"] == true);
        assert_eq!(lines.len(), 1, "what is old is no news: {lines:#?}");
    }

    /// Waits for its end: how it ended, and what it said on standard error.
    fn end(mut self) -> (ExitStatus, String) {
        tokio::task::block_in_place(|| {
            let mut said = String::new();
            let mut stderr = self.child.stderr.take().expect("piped");
            stderr.read_to_string(&mut said).expect("text");
            (self.child.wait().expect("it ends"), said)
        })
    }

    fn terminate(self) -> (ExitStatus, String) {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).expect("it is ours");
        self.end()
    }
}

fn is(line: &Value, kind: &str) -> bool {
    line["type"] == kind
}

fn shop(name: &str) -> Merchant {
    Merchant::new(name, "5411", "DE")
}

/// The id of a card of this provider that can be spent with.
async fn card_of(bank: &Bank, dialect: Dialect) -> String {
    let card = bank.active(dialect).await;
    card.split_once('/').expect("provider/id").1.to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_purchase_is_one_line_and_its_clearing_another_with_what_it_was() {
    let bank = Bank::open().await;
    let mut watcher =
        Watcher::start(&bank, &["--json", "--heartbeat", "1s", "--provider", "banana"]);
    watcher.until_complete();
    let card = card_of(&bank, Dialect::Banana).await;
    let sum = Decimal::from(7);
    assert!(bank.sandbox.spend(Dialect::Banana, &card, sum, shop("WATCHED SHOP")));
    let lines = watcher.until("the purchase", |line| is(line, "transaction"));
    let [row] = lines.as_slice() else { panic!("one line: {lines:#?}") };
    assert_eq!((&row["merchant"], &row["was"]), (&"WATCHED SHOP".into(), &Value::Null));
    assert_eq!(row["state"], "HOLD");
    // The fields of the record are what the list prints of it, byte for byte.
    let list =
        bank.run(&["transactions", "--refresh", "never", "--json", "--provider", "banana"]).await;
    let list = String::from_utf8(list.stdout).expect("text");
    let id = row["id"].as_str().expect("an id");
    let printed = list.lines().find(|line| line.contains(&format!("\"id\":\"{id}\""))).expect(id);
    let fields = printed.trim_matches(|c| matches!(c, '{' | '}' | ','));
    let wanted =
        format!("{{\"type\":\"transaction\",{fields},\"was\":null,\"was_amount\":null}}\n");
    assert_eq!(watcher.newest, wanted);

    while bank.sandbox.settle(Dialect::Banana, &card, sum) {}
    let lines = watcher.until("its clearing", |line| is(line, "transaction") && line["id"] == id);
    let row = lines.last().expect("it came");
    assert_eq!((&row["state"], &row["was"]), (&"CLEARED".into(), &"HOLD".into()));
    assert!(lines.iter().all(|line| line["was"] == "HOLD"), "{lines:#?}");
    let (status, _) = watcher.terminate();
    assert_eq!(status.code(), Some(0), "a signal is how it is stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_that_is_frozen_and_the_operation_are_told_by_a_process_that_did_not_do_it() {
    let bank = Bank::open().await;
    let card = bank.active(Dialect::Enkash).await;
    let mut watcher =
        Watcher::start(&bank, &["--json", "--heartbeat", "1s", "--provider", "enkash"]);
    watcher.until_complete();
    let frozen = bank.run(&["freeze", &card, "--reason", "lost", "--yes"]).await;
    assert_eq!(code(&frozen), 0, "{}", words(&frozen));
    let lines = watcher.until("the card", |line| is(line, "card"));
    let news = lines.last().expect("it came");
    assert_eq!((&news["state"], &news["was"]), (&"FROZEN".into(), &"ACTIVE".into()));
    let is_done = |line: &Value| is(line, "operation") && line["state"] == "DONE";
    if !lines.iter().any(is_done) {
        watcher.until("the operation", is_done);
    }
    watcher.terminate();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_goes_down_is_in_every_heartbeat_and_what_is_stale_is_said() {
    let bank = Bank::open().await;
    let mut watcher = Watcher::start(&bank, &["--json", "--heartbeat", "1s"]);
    watcher.until_complete();
    bank.sandbox.fault_on(Dialect::Banana, FaultTarget::Reads, Fault::Answer500, 10_000);
    let lines = watcher.until("that it is DOWN", |line| line["state"] == "DOWN");
    let news = lines.last().expect("it came");
    assert_eq!((&news["provider"], is(news, "health")), (&"banana".into(), true), "{news}");
    for _ in 0..3 {
        let beat = watcher.until("a heartbeat", |line| is(line, "heartbeat")).pop().expect("it");
        assert_eq!(beat["complete"], false, "{beat}");
        for account in beat["providers"].as_array().expect("a list") {
            let down = account["provider"] == "banana";
            assert_eq!((account["state"] == "DOWN", account["stale"] == true), (down, down));
            assert_eq!(account["error"].is_string(), down, "{account}");
        }
    }
    bank.sandbox.clear_faults(Dialect::Banana);
    watcher.until("that it is back", |line| is(line, "health") && line["was"] == "DOWN");
    watcher.until("a complete feed", |line| line["complete"] == true);
    watcher.terminate();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_it_waits_for_is_the_last_line_and_exit_code_10() {
    let bank = Bank::open().await;
    let exit_on = ["--exit-on", "merchant:~wanted state:declined"];
    let quiet = ["--json", "--heartbeat", "1s", "--only", "cards", "--provider", "banana"];
    let mut watcher = Watcher::start(&bank, &[&quiet[..], &exit_on].concat());
    watcher.until_complete();
    let card = card_of(&bank, Dialect::Banana).await;
    let sum = Decimal::from(7);
    assert!(bank.sandbox.spend(Dialect::Banana, &card, sum, shop("NOT WANTED")));
    bank.sandbox.set_state(Dialect::Banana, &card, CardState::Frozen);
    watcher.until("that it is frozen", |line| is(line, "card"));
    assert!(bank.sandbox.spend(Dialect::Banana, &card, sum, shop("WANTED")));
    let lines = watcher.until("the decline", |line| is(line, "transaction"));
    assert_eq!(lines.len(), 1, "{lines:#?}");
    let (status, said) = watcher.end();
    assert_eq!(status.code(), Some(10), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_data_file_has_is_printed_first_and_the_oldest_first() {
    let bank = Bank::open().await;
    let list = bank.json(&["transactions", "--filter", "since:2d", "--json"]).await;
    let mut wanted: Vec<&str> =
        list.as_array().expect("a list").iter().filter_map(|row| row["at"].as_str()).collect();
    wanted.sort_unstable();
    assert!(wanted.len() > 3, "the bank has a past");
    let mut watcher = Watcher::start(&bank, &["--json", "--heartbeat", "1s", "--since", "2d"]);
    let lines = watcher.until("a complete feed", |line| line["complete"] == true);
    let rows: Vec<&Value> = lines.iter().filter(|line| is(line, "transaction")).collect();
    let told: Vec<&str> = rows.iter().filter_map(|row| row["at"].as_str()).collect();
    assert_eq!(told, wanted);
    watcher.terminate();
}

#[tokio::test(flavor = "multi_thread")]
async fn it_ends_when_nobody_reads_although_it_has_nothing_to_say() {
    let bank = Bank::open().await;
    let mut watcher = Watcher::start(&bank, &["--json", "--heartbeat", "1s"]);
    watcher.until_complete();
    let Watcher { child, lines, .. } = watcher;
    drop(lines);
    let mut output = child;
    let status = tokio::task::block_in_place(|| output.wait()).expect("it ends");
    assert_eq!(status.code(), Some(0));
    // Without a heartbeat it would never notice by writing.
    let Watcher { mut child, lines, .. } = Watcher::start(&bank, &["--json", "--heartbeat", "0"]);
    drop(lines);
    let status = tokio::task::block_in_place(|| child.wait()).expect("it ends");
    assert_eq!(status.code(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_that_is_taken_is_said_once_and_everything_is_polled() {
    let bank = Bank::open().await;
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let config = std::fs::read_to_string(&bank.config).expect("the configuration");
    let address = taken.local_addr().expect("an address");
    let listen = format!("[listen]\nenabled = true\naddr = \"{address}\"\n\n{config}");
    std::fs::write(&bank.config, &listen).expect("writing");
    let mut watcher = Watcher::start(&bank, &["--json", "--heartbeat", "1s"]);
    let beat = watcher.until("a complete feed", |line| line["complete"] == true);
    assert_eq!(beat.last().expect("it came")["receiving"], false);
    let (status, said) = watcher.terminate();
    assert_eq!((status.code(), said.lines().count()), (Some(0), 1), "{said}");
    assert!(said.contains(&format!("{address} cannot be listened on")), "{said}");
    drop(taken);
    let mut watcher = Watcher::start(&bank, &["--json", "--heartbeat", "1s"]);
    let beat = watcher.until("a complete feed", |line| line["complete"] == true);
    assert_eq!(beat.last().expect("it came")["receiving"], true);
    watcher.terminate();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_purchase_that_is_pushed_is_a_line_although_nothing_is_polled_for_an_hour() {
    let free = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = free.local_addr().expect("an address");
    let webhooks = Some(WebhookOptions { to: Some(address), ..WebhookOptions::default() });
    let bank = Bank::with(Options { busy: false, webhooks, ..Options::default() }).await;
    let config = std::fs::read_to_string(&bank.config).expect("the configuration");
    assert!(config.contains(&format!("addr = \"{address}\"")), "{config}");
    let rare = config.replace("\"4s\"", "\"1h\"").replace("\"10s\"", "\"1h\"");
    std::fs::write(&bank.config, rare).expect("writing");
    let card = card_of(&bank, Dialect::Banana).await;
    drop(free);
    let mut watcher =
        Watcher::start(&bank, &["--json", "--heartbeat", "1s", "--provider", "banana"]);
    watcher.until_complete();
    let asked = bank.sandbox.requests(Dialect::Banana);
    assert!(bank.sandbox.spend(Dialect::Banana, &card, 7.into(), shop("QUIET SHOP")));
    for _ in 0..5 {
        assert!(is(&watcher.line(), "heartbeat"), "nobody knows of it yet");
    }
    let sender = bank.sandbox.send_webhooks(address).expect("a sender");
    let lines = watcher.until("the purchase", |line| is(line, "transaction"));
    assert_eq!(lines.last().expect("it came")["merchant"], "QUIET SHOP");
    let asked = bank.sandbox.requests(Dialect::Banana) - asked;
    assert!(asked < 20, "it was read because of the push: {asked} requests");
    sender.stop().await;
    watcher.terminate();
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_for_people_say_the_same_and_wrong_flags_are_refused() {
    let bank = Bank::open().await;
    let exit_on = ["--exit-on", "merchant:wanted", "--heartbeat", "1s", "--provider", "banana"];
    let mut watcher = Watcher::start(&bank, &exit_on);
    let mut next = || {
        let mut line = String::new();
        tokio::task::block_in_place(|| watcher.lines.read_line(&mut line)).expect("a line");
        line
    };
    let is_complete = |line: &String| {
        let is_beat = line.contains("  heartbeat    complete to ");
        is_beat && !line.contains("STALE")
    };
    assert!((0..PATIENCE).any(|_| is_complete(&next())), "it is read");
    let card = card_of(&bank, Dialect::Banana).await;
    bank.sandbox.spend(Dialect::Banana, &card, Decimal::from(7), shop("WANTED"));
    let rows = (0..PATIENCE).map(|_| next()).find(|line| line.contains("  transaction  "));
    let row = rows.expect("the purchase");
    assert!(row.contains("  banana  ..") && row.contains("  HOLD  7"), "{row}");
    assert_eq!(watcher.end().0.code(), Some(10));
    for line in [
        &["watch", "--format", "csv"][..],
        &["watch", "--exit-on", "balance>2"],
        &["watch", "--filter", "colour:red"],
        &["watch", "--only", "money"],
        &["watch", "--since", "soon"],
        &["watch", "--heartbeat", "often"],
    ] {
        let output = bank.run(line).await;
        assert_eq!((code(&output), output.stdout.len()), (2, 0), "{line:?}: {}", words(&output));
    }
}
