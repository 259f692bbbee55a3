//! A file of 1,000 lines over the four wires, through the lying network, killed five times: each
//! line is paid once.
//!
//! The bank's books say so, and not the journal; the journal is then compared with them. A kill
//! falls while a top-up is on its way: the network holds it up, before or behind the bank, until
//! the process is dead. What the network does is decided by a seed; late requests and answers are
//! late by the wall clock, and nothing that is asserted depends on how late.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::Duration;

use cardtop::clock::Clock;
use cardtop::domain::money::Money;
use cardtop::sandbox::{CardState, Dialect, Sandbox, Serving};
use cardtop::store::Store;
use jiff::SignedDuration;
use rust_decimal::Decimal;
use serde_json::Value;
use tokio::process::Command;

use super::rows;
use crate::command_line::{code, words};
use crate::harness::STATE;
use crate::proxy::{Place, Proxy, Script, hold_one};
use crate::torture::bank;
use crate::torture::judge::{Account, received};

const SEED: u64 = 7;

/// Lines of each of the four wires.
const LINES: usize = 250;

const KILLS: usize = 5;

/// One exchange in so many goes wrong.
const ONE_IN: u64 = 15;

/// How long cardtop waits for an answer. What is late is late by up to a fifth more.
const PATIENCE: Duration = Duration::from_millis(250);

/// No bank books a top-up later than this after it has got it.
const SLOWEST: SignedDuration = SignedDuration::from_secs(3);

/// A line of the file.
struct Line {
    dialect: Dialect,
    card: String,
    amount: Money,
}

/// A bank, the lying network before it, and a file that is to be paid.
struct Payroll {
    sandbox: Sandbox,
    _serving: Serving,
    proxies: BTreeMap<Dialect, Proxy>,
    folder: tempfile::TempDir,
    lines: Vec<Line>,
}

impl Payroll {
    async fn new() -> Self {
        let sandbox = bank::open(SEED, LINES * 5 / 4, Clock::real()).expect("a bank");
        let serving = sandbox.serve(None).await.expect("four ports on loopback");
        let mut proxies = BTreeMap::new();
        for dialect in Dialect::ALL {
            let script = Script::of(SEED, dialect, PATIENCE * 6 / 5);
            let script = Script { one_in: ONE_IN, ..script };
            let proxy = Proxy::start(dialect, serving.addr(dialect), script).await;
            proxies.insert(dialect, proxy.expect("a port on loopback"));
        }
        let memory = Path::new("/dev/shm");
        let folder =
            if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
        let folder = folder.expect("a folder");
        let config = folder.path().join("c.toml");
        let base = |dialect: Dialect| proxies.get(&dialect).map(Proxy::base).unwrap_or_default();
        bank::configure(&sandbox, &base, &config, PATIENCE, false).expect("a configuration");
        let text = std::fs::read_to_string(&config).expect("the configuration");
        std::fs::write(&config, text.replace("\"1200/min\"", "\"100000/min\"")).expect("writing");
        let lines = lines(&sandbox);
        let payroll = Self { sandbox, _serving: serving, proxies, folder, lines };
        payroll.write("pay.csv", payroll.lines.iter());
        payroll
    }

    fn place(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write<'a>(&self, name: &str, lines: impl Iterator<Item = &'a Line>) {
        let mut text = "card,amount\n".to_owned();
        for Line { dialect, card, amount } in lines {
            text.push_str(&format!("{}/{card},{}\n", dialect.name(), amount.amount()));
        }
        std::fs::write(self.place(name), text).expect("writing");
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cardtop"));
        command.env("CARDTOP_STATE", STATE).arg("--config").arg(self.place("c.toml"));
        command.arg("--data").arg(self.place("data")).args(words);
        command.stdin(Stdio::null()).kill_on_drop(true);
        command
    }

    /// The command that pays a file of this folder, without waiting for what it sent.
    fn pay(&self, name: &str, more: &[&str]) -> Command {
        let file = self.place(name).to_string_lossy().into_owned();
        let mut command = self.command(&["topup", "--from", &file, "--yes", "--wait", "0s"]);
        command.args(["--json", "--retry-failed"]).args(more);
        command
    }

    async fn run(mut command: Command) -> Output {
        command.output().await.expect("the program")
    }

    /// Runs the file until one of its top-ups is held up there, after so many others, and kills the
    /// process then. A run that ends before that is followed by another one.
    async fn pay_and_kill(&self, before: u64, place: Place) {
        let mut held = hold_one(self.proxies.values(), before, place);
        for _ in 0..60 {
            let mut command = self.pay("pay.csv", &[]);
            let mut child =
                command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the program");
            tokio::select! {
                () = held.arrived() => {
                    child.kill().await.expect("SIGKILL");
                    return;
                }
                ended = child.wait() => drop(ended.expect("it ended by itself")),
            }
        }
        panic!("the file was run 60 times, and no top-up came");
    }

    /// Runs a file as an operator does, again and again, until this holds of all its lines.
    async fn pay_until(&self, name: &str, more: &[&str], ended: fn(&Value) -> bool) -> Output {
        let mut last = None;
        for _ in 0..60 {
            let output = Self::run(self.pay(name, more)).await;
            if !output.stdout.is_empty() && rows(&output).iter().all(ended) {
                return output;
            }
            last = Some(output);
        }
        let last = last.expect("it was run");
        let open: Vec<Value> = rows(&last).into_iter().filter(|row| !ended(row)).collect();
        panic!("run 60 times, and open are still: {open:#?} {}", words(&last));
    }

    fn be_honest(&self, honest: bool) {
        for proxy in self.proxies.values() {
            proxy.be_honest(honest);
        }
    }

    fn sent(&self) -> u64 {
        self.proxies.values().map(Proxy::sent).sum()
    }

    /// What each card received.
    fn credits(&self) -> Vec<Vec<Decimal>> {
        let of = |line: &Line| self.sandbox.credits(line.dialect, &line.card);
        self.lines.iter().map(of).collect()
    }

    /// The results beside the file say nothing that is not so: every line is there, what is DONE is
    /// at the bank, and of the others the bank has at most the one that was on its way.
    fn check_results(&self) {
        let text = std::fs::read_to_string(self.place("pay.results.csv")).expect("the results");
        let mut csv = csv::Reader::from_reader(text.as_bytes());
        let header = csv.headers().expect("a header").clone();
        let at = |name: &str| header.iter().position(|column| column == name).expect("a column");
        let state = at("state");
        let states: Vec<String> =
            csv.records().map(|row| row.expect("a whole row")[state].to_owned()).collect();
        let credits = self.credits();
        assert_eq!(states.len(), credits.len(), "every line is there");
        let mut unsaid = 0;
        for (state, credits) in states.iter().zip(&credits) {
            assert!(credits.len() <= 1, "paid twice");
            assert!(state != "DONE" || credits.len() == 1, "DONE, and the bank has nothing of it");
            // FAILED is what an earlier run says of one that is sent again.
            unsaid += usize::from(["", "FAILED"].contains(&&**state) && !credits.is_empty());
        }
        assert!(unsaid <= 1, "{unsaid} lines are paid of which the results know nothing");
    }
}

/// One line for each of so many cards of every wire, the wires in turn.
fn lines(sandbox: &Sandbox) -> Vec<Line> {
    let mut lines = Vec::new();
    for dialect in Dialect::ALL {
        let cards = sandbox.card_ids(dialect).into_iter();
        let active = cards.filter(|card| sandbox.state(dialect, card) == Some(CardState::Active));
        let before = lines.len();
        for (number, card) in active.take(LINES).enumerate() {
            let currency = sandbox.available(dialect, &card).expect("a card").currency();
            // Multiples of 100, since artha keeps one in a hundred; banana takes up to 3,070 KWD.
            let amount = Money::new(Decimal::from(2_500 + 100 * (number % 5)), currency);
            lines.push((number, Line { dialect, card, amount }));
        }
        assert_eq!(lines.len() - before, LINES, "{dialect:?} has active cards");
    }
    lines.sort_by_key(|(number, _)| *number);
    lines.into_iter().map(|(_, line)| line).collect()
}

fn is(row: &Value, state: &str) -> bool {
    row["state"] == state
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_of_1_000_lines_through_the_lying_network_killed_five_times_pays_each_line_once() {
    let payroll = Payroll::new().await;
    for kill in 0..KILLS {
        let place = if kill % 2 == 0 { Place::AfterBank } else { Place::BeforeBank };
        payroll.pay_and_kill(140 + kill as u64, place).await;
        payroll.check_results();
    }
    let came = payroll.credits().iter().flatten().count();
    assert!((400..900).contains(&came), "the kills fell in the midst: {came} of 1,000 were paid");

    // Until everything is sent; then the network is well again, and what is open is looked for.
    let sent = |row: &Value| is(row, "DONE") || is(row, "ACCEPTED") || is(row, "UNKNOWN");
    payroll.pay_until("pay.csv", &[], sent).await;
    payroll.be_honest(true);
    for proxy in payroll.proxies.values() {
        proxy.quiet().await;
    }
    let requests = payroll.sent();
    let booked = Clock::real().now() + SLOWEST;
    let last = loop {
        let begun = Clock::real().now();
        let looked_for = |row: &Value| is(row, "DONE") || is(row, "UNKNOWN");
        let last = payroll.pay_until("pay.csv", &[], looked_for).await;
        if begun > booked {
            break last;
        }
    };
    assert_eq!(payroll.sent(), requests, "what was sent is looked for, and not sent again");
    assert_eq!(code(&last), 4, "{}", words(&last));
    payroll.check_results();
    assert!(!payroll.place("pay.results.csv.new").exists(), "nothing is left beside the results");

    // The bank's books against what is said of each line, and against the journal.
    let rows = rows(&last);
    for ((row, line), credits) in rows.iter().zip(&payroll.lines).zip(&payroll.credits()) {
        let once = [received(line.dialect, line.amount)];
        let expected: &[Decimal] = if is(row, "DONE") { &once } else { &[] };
        assert_eq!(credits, expected, "{row:#}");
    }
    let store = Store::open(&payroll.place("data")).expect("the data file");
    let operations = store.operations_page(None, 1_000_000).await.expect("the journal");
    let account = Account::of(&payroll.sandbox, &operations, false);
    let troubles: Vec<_> = account.troubles().collect();
    assert!(troubles.is_empty(), "{troubles:#?}");
    let verified = Payroll::run(payroll.command(&["ops", "verify"])).await;
    assert_eq!(code(&verified), 0, "{}", words(&verified));
    let lies: u64 = payroll.proxies.values().flat_map(Proxy::told).map(|(_, count)| count).sum();
    let unknown: Vec<&Value> = rows.iter().filter(|row| is(row, "UNKNOWN")).collect();
    assert!(lies > 200 && !unknown.is_empty(), "{lies} lies, {} UNKNOWN", unknown.len());

    payroll.settle_and_pay_the_rest(&unknown).await;
    for (line, credits) in payroll.lines.iter().zip(&payroll.credits()) {
        let once = [received(line.dialect, line.amount)];
        assert_eq!(*credits, once, "{} {}", line.dialect.name(), line.card);
    }
}

impl Payroll {
    /// The rest of the story: the requests of these lines were lost on their way. A person who has
    /// asked the bank says so of each, and pays them with a file of their own.
    async fn settle_and_pay_the_rest(&self, unknown: &[&Value]) {
        for row in unknown {
            let operation = row["operation"].as_str().expect("an operation");
            let last4 = row["last4"].as_str().expect("its digits");
            let reason = ["--failed", "--reason", "the bank has no credit of it"];
            let mut settle = self.command(&["ops", "settle", operation, "--confirm", last4]);
            settle.args(reason);
            let settled = Self::run(settle).await;
            assert_eq!(code(&settled), 0, "{}", words(&settled));
        }
        let is_unknown = |line: &&Line| {
            let is_of = |row: &&Value| {
                row["provider"] == line.dialect.name() && row["card_id"] == line.card.as_str()
            };
            unknown.iter().copied().any(|row| is_of(&row))
        };
        let rest = self.lines.iter().filter(is_unknown);
        self.write("rest.csv", rest);
        let more = ["--batch", "rest"];
        self.pay_until("rest.csv", &more, |row| is(row, "DONE")).await;
        let requests = self.sent();
        let again = Self::run(self.pay("rest.csv", &more)).await;
        assert_eq!(code(&again), 0, "all lines are paid: {}", words(&again));
        assert!(rows(&again).iter().all(|row| row["fate"] == "sent-before"));
        assert_eq!(self.sent(), requests, "and none of them again");
    }
}
