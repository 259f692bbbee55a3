//! `topup --from FILE`: every line is paid once, whatever happens in between.

mod thousand;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::{Output, Stdio};

use cardtop::clock::Clock;
use cardtop::domain::card::Card;
use cardtop::domain::operation::{Action, OnConflict, Operation, OperationId, OperationState};
use cardtop::sandbox::{CardState, Dialect, Fault, FaultTarget};
use cardtop::store::{Intent, Store};
use serde_json::Value;
use tokio::process::Command;

use crate::command_line::{Bank, code, words};
use crate::harness::STATE;

/// A file, its cards, and how many credits each had before.
struct Pay {
    bank: Bank,
    file: PathBuf,
    /// How many lines each card has, and how many credits it had.
    cards: BTreeMap<(&'static str, String), (usize, usize)>,
}

impl Pay {
    /// So many cards of each of the four providers, two lines each.
    async fn of(count: usize) -> Self {
        Self::with(count, 2).await
    }

    /// So many cards of each of the four providers, and so many lines of each card.
    async fn with(count: usize, lines: usize) -> Self {
        let bank = Bank::open().await;
        let read = bank.run(&["cards"]).await;
        assert_eq!(code(&read), 0, "{}", words(&read));
        let mut cards = BTreeMap::new();
        let mut text = "card;amount;reason\n".to_owned();
        for dialect in Dialect::ALL {
            let active =
                |card: &String| bank.sandbox.state(dialect, card) == Some(CardState::Active);
            let ids: Vec<String> =
                bank.sandbox.card_ids(dialect).into_iter().filter(active).take(count).collect();
            assert_eq!(ids.len(), count, "{dialect:?} has active cards");
            for (number, id) in ids.into_iter().enumerate() {
                for turn in 0..lines {
                    let amount = 2_500 + 10 * number + turn;
                    text.push_str(&format!("{}/{id};{amount};pay {number}\n", dialect.name()));
                }
                let before = bank.sandbox.credits(dialect, &id).len();
                cards.insert((dialect.name(), id), (lines, before));
            }
        }
        let file = bank.folder.path().join("pay.csv");
        std::fs::write(&file, text).expect("writing");
        for dialect in Dialect::ALL {
            for currency in ["USD", "EUR", "JPY", "KWD", "INR", "GBP"] {
                let plenty = bank.sandbox.float(dialect, currency);
                if let Some(money) = plenty {
                    let sum = rust_decimal::Decimal::new(10_000_000, 0);
                    let plenty = cardtop::domain::money::Money::new(sum, money.currency());
                    bank.sandbox.set_float(dialect, plenty);
                }
            }
        }
        Self { bank, file, cards }
    }

    fn line(&self, more: &[&str]) -> Vec<String> {
        let file = self.file.to_string_lossy().into_owned();
        let words = ["topup", "--from", &file];
        words.iter().chain(more).map(|word| (*word).to_owned()).collect()
    }

    async fn run(&self, more: &[&str]) -> Output {
        let line = self.line(more);
        self.bank.run(&line.iter().map(String::as_str).collect::<Vec<_>>()).await
    }

    /// Runs it and kills it once the bank was asked for so many more changes.
    async fn run_until(&self, writes: u64) {
        let wanted = self.bank.sandbox.writes() + writes;
        let mut command = Command::new(env!("CARGO_BIN_EXE_cardtop"));
        command.env("CARDTOP_STATE", STATE).arg("--config").arg(&self.bank.config);
        command.arg("--data").arg(self.bank.folder.path().join("data"));
        command.args(self.line(&["--yes", "--retry-failed", "--wait", "0s"]));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.kill_on_drop(true).spawn().expect("the program");
        while self.bank.sandbox.writes() < wanted && matches!(child.try_wait(), Ok(None)) {
            tokio::task::yield_now().await;
        }
        child.kill().await.expect("SIGKILL, or it had ended");
    }

    /// How many credits came to each card since then.
    fn came(&self) -> Vec<usize> {
        let came = |((name, id), (_, before)): (&(&str, String), &(usize, usize))| {
            let dialect = Dialect::ALL.into_iter().find(|dialect| dialect.name() == *name);
            self.bank.sandbox.credits(dialect.expect("a provider"), id).len() - before
        };
        self.cards.iter().map(came).collect()
    }
}

/// Whether a line waits for a person.
fn waits(row: &Value) -> bool {
    row["state"] == "UNKNOWN" || row["fate"] == "not-sent"
}

fn rows(output: &Output) -> Vec<Value> {
    let json: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", words(output)));
    json.as_array().cloned().unwrap_or_else(|| panic!("a list: {json}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_killed_and_run_again_pays_each_line_once() {
    let pay = Pay::of(3).await;
    for (round, writes) in [1, 2, 3, 5, 4, 1, 3].into_iter().enumerate() {
        let lost = Dialect::ALL[round % 4];
        pay.bank.sandbox.fault(lost, Fault::LoseAnswer, 1);
        let refused = Dialect::ALL[(round + 1) % 4];
        pay.bank.sandbox.fault(refused, Fault::LoseRequest, u32::from(round % 3 == 0));
        pay.run_until(writes).await;
        assert!(pay.came().iter().all(|came| *came <= 2), "round {round}: {:?}", pay.came());
    }
    // As an operator does: again, until every line is DONE, or waits for a person: where the request
    // was lost, nobody can tell, and the next line of the same card waits for that one.
    let mut last = Vec::new();
    for _ in 0..60 {
        let output = pay.run(&["--yes", "--retry-failed", "--wait", "5s", "--json"]).await;
        assert!(pay.came().iter().all(|came| *came <= 2), "{:?}", pay.came());
        last = rows(&output);
        let ended = |row: &Value| row["state"] == "DONE" || waits(row);
        if last.iter().all(ended) {
            break;
        }
    }
    let open: Vec<&Value> = last.iter().filter(|row| row["state"] != "DONE").collect();
    assert!(open.iter().all(|row| waits(row)), "{open:#?}");
    let done = last.len() - open.len();
    assert!(last.len() == 24 && done >= 16, "{done} of 24 are done: {open:#?}");
    let came: usize = pay.came().iter().sum();
    assert_eq!(came, done, "each DONE line has its credit, and there is no other");
    let verified = pay.bank.run(&["ops", "verify"]).await;
    assert_eq!(code(&verified), 0, "{}", words(&verified));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_who_run_the_file_at_once_pay_each_line_once() {
    let pay = Pay::of(1).await;
    let line = ["--yes", "--wait", "20s", "--json"];
    let both = futures::future::join(pay.run(&line), pay.run(&line)).await;
    assert!(pay.came().iter().all(|came| *came <= 2), "{:?}", pay.came());
    let mut last = both.0;
    for _ in 0..5 {
        if code(&last) != 0 {
            last = pay.run(&line).await;
        }
    }
    assert_eq!(code(&last), 0, "{}", words(&last));
    assert!(pay.came().iter().all(|came| *came == 2), "{:?}", pay.came());
    let operations = pay.bank.json(&["ops", "--json"]).await;
    let done = operations.as_array().expect("a list").iter().filter(|row| row["state"] == "DONE");
    assert_eq!(done.count(), 8);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_paid_is_not_paid_again_however_the_file_is_changed() {
    let mut pay = Pay::of(1).await;
    let mut ended = pay.run(&["--yes", "--wait", "20s", "--json"]).await;
    for _ in 0..3 {
        if code(&ended) != 0 {
            ended = pay.run(&["--yes", "--wait", "20s", "--json"]).await;
        }
    }
    assert_eq!(code(&ended), 0, "{} {:#?}", words(&ended), rows(&ended));
    assert!(pay.came().iter().all(|came| *came == 2), "{:?}", pay.came());
    let results = pay.bank.folder.path().join("pay.results.csv");
    let results = std::fs::read_to_string(results).expect("the results");
    assert_eq!(results.lines().count(), 9, "{results}");
    assert_eq!(results.matches(",DONE,").count(), 8, "{results}");

    let text = std::fs::read_to_string(&pay.file).expect("the file");
    let (header, lines) = text.split_once('\n').expect("a header");
    let mut turned: Vec<&str> = lines.lines().rev().collect();
    let (changed, rest) = turned.split_last().expect("lines");
    let other = changed.replace(";2500;", ";2600;");
    assert_ne!(*changed, other);
    let rest: Vec<String> = rest.iter().map(|line| line.replace(";pay", ".00;PAY")).collect();
    turned.clear();
    pay.file = pay.bank.folder.path().join("pay (1).csv");
    std::fs::write(&pay.file, format!("{header}\n{}\n{other}\n", rest.join("\n")))
        .expect("writing");
    let writes = pay.bank.sandbox.writes();
    let output = pay.run(&["--yes", "--wait", "20s", "--json"]).await;
    assert_eq!(code(&output), 0, "{}", words(&output));
    assert_eq!(pay.bank.sandbox.writes(), writes + 1, "the line that was edited, and no other");
    let fates: Vec<Value> = rows(&output).into_iter().map(|row| row["fate"].clone()).collect();
    assert_eq!(fates.iter().filter(|fate| **fate == "sent-before").count(), 7, "{fates:?}");

    let preview = pay.run(&["--batch", "next", "--json"]).await;
    assert_eq!(code(&preview), 0, "{}", words(&preview));
    assert!(rows(&preview).iter().all(|row| row["fate"] == "to-send"), "another batch");
    assert_eq!(pay.bank.sandbox.writes(), writes + 1, "a preview sends nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_checked_whole_and_previewed_before_anything_is_sent() {
    let pay = Pay::of(1).await;
    let preview = pay.run(&[]).await;
    assert_eq!(code(&preview), 0, "{}", words(&preview));
    let said = words(&preview);
    assert!(said.contains("nothing was sent: add --yes to do it"), "{said}");
    assert!(said.contains("the float has 10,000,000"), "{said}");
    let results = pay.bank.folder.path().join("pay.results.csv");
    assert!(!results.exists(), "there are no results yet");

    let card = pay.bank.active(Dialect::Enkash).await;
    for (text, expected) in [
        (
            format!("card,amount,currency\n{card},5,XXX\nnobody,5,\n{card},-1,\n,5,\n{card},,\n"),
            vec![
                "5 lines of ",
                "line 2: currency is XXX",
                "line 3: no card fits nobody",
                "line 4: amount -1: ",
                "line 5: has no card",
                "line 6: has no amount",
            ],
        ),
        (
            format!("card,amount\n{card},5\n{card},5.00\n"),
            vec!["line 3: the same card and amount as line 2"],
        ),
        (
            format!("card,amount\n{card},1,000.00\n{card},12,50\n"),
            vec!["line 2: has 3 fields", "line 3: has 3 fields"],
        ),
        (format!("card,amount,currancy\n{card},5,USD\n"), vec!["has a column currancy"]),
        (format!("card\n{card}\n"), vec!["has no column amount"]),
        ("card,amount\n".to_owned(), vec!["has no line to pay"]),
    ] {
        std::fs::write(&pay.file, &text).expect("writing");
        let writes = pay.bank.sandbox.writes();
        let output = pay.run(&["--yes"]).await;
        assert_eq!(code(&output), 2, "{text}: {}", words(&output));
        for expected in expected {
            assert!(words(&output).contains(expected), "{expected}: {}", words(&output));
        }
        assert!(words(&output).contains("nothing was sent"), "{}", words(&output));
        assert_eq!(pay.bank.sandbox.writes(), writes);
    }
    for line in [vec!["topup", "--from"], vec!["topup", &card, "5", "--batch", "x", "--yes"]] {
        assert_eq!(code(&pay.bank.run(&line).await), 2, "{line:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reading_that_is_lost_holds_up_one_line_and_no_other() {
    let pay = Pay::with(4, 1).await;
    for dialect in Dialect::ALL {
        pay.bank.sandbox.fault_on(dialect, FaultTarget::Reads, Fault::Answer503, 1);
    }
    let output = pay.run(&["--yes", "--wait", "0s", "--json"]).await;
    let fates: Vec<Value> = rows(&output).into_iter().map(|row| row["fate"].clone()).collect();
    assert_eq!(fates.iter().filter(|fate| **fate == "sent").count(), 16, "{}", words(&output));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_cannot_be_read_is_given_up_and_the_others_are_paid() {
    let pay = Pay::with(6, 1).await;
    let requests = pay.bank.sandbox.requests(Dialect::Enkash);
    pay.bank.sandbox.fault_on(Dialect::Enkash, FaultTarget::Reads, Fault::Answer503, 1_000);
    let output = pay.run(&["--yes", "--wait", "0s", "--json"]).await;
    assert_eq!(code(&output), 3, "{}", words(&output));
    for row in rows(&output) {
        let is_out = row["provider"] == "enkash";
        assert_eq!(row["fate"], if is_out { "not-sent" } else { "sent" }, "{row:#}");
        assert!(!is_out || row["detail"].as_str().is_some_and(|why| why.contains("enkash")));
    }
    let asked = pay.bank.sandbox.requests(Dialect::Enkash) - requests;
    assert!(asked < 12, "{asked} requests for 6 lines of an account that does not answer");
}

/// A journal in which the process ended between the intent and the request of each line, as
/// another run of the file would write it.
async fn with_intents_only(pay: &Pay) {
    let folder = pay.bank.folder.path();
    for dialect in Dialect::ALL {
        pay.bank.sandbox.fault(dialect, Fault::LoseRequest, 100);
    }
    let lost = pay.run(&["--yes", "--wait", "0s", "--json"]).await;
    assert_eq!(code(&lost), 4, "{}", words(&lost));
    for dialect in Dialect::ALL {
        pay.bank.sandbox.clear_faults(dialect);
    }
    std::fs::rename(folder.join("data"), folder.join("lost")).expect("renaming");
    let known = Store::open(&folder.join("lost")).expect("a data file");
    let store = Store::open(&folder.join("data")).expect("a data file");
    let now = Clock::real().now();
    let operations = known.operations_page(None, 100).await.expect("the journal");
    assert_eq!(operations.len(), pay.cards.len());
    for operation in operations {
        let id = OperationId::of_payment(now, operation.id.payment().expect("a payment"));
        let card = Card::unread(operation.card.clone());
        let action = Action::TopUp(operation.amount.expect("a top-up"));
        let state = OperationState::Sent;
        let intent = Operation { id, reference: id.reference(), state, ..operation };
        let saved = store.intend(intent, card, action, OnConflict::Refuse).await;
        assert!(matches!(saved, Ok(Intent::Saved(_))), "{saved:?}");
        let left = store.abandon(id, now).await.expect("the journal");
        assert_eq!(left.state, OperationState::Failed, "{left:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_of_which_nothing_left_when_cardtop_died_is_sent_by_the_next_run() {
    let pay = Pay::with(1, 1).await;
    with_intents_only(&pay).await;
    let refuse = Fault::Refuse429 { retry_after_seconds: 0 };
    pay.bank.sandbox.fault_on(Dialect::Artha, FaultTarget::Writes, refuse, 1);
    let output = pay.run(&["--yes", "--wait", "20s", "--json"]).await;
    let refused = |row: &&Value| row["fate"] == "sent" && row["state"] == "FAILED";
    let rows_of_run = rows(&output);
    assert_eq!(rows_of_run.iter().filter(refused).count(), 1, "{}", words(&output));
    assert!(rows_of_run.iter().all(|row| row["fate"] == "sent"), "{rows_of_run:#?}");
    assert_eq!(pay.came().iter().sum::<usize>(), 3, "all but the one that artha refused");

    let again = pay.run(&["--yes", "--wait", "20s", "--json"]).await;
    assert_eq!(code(&again), 1, "{}", words(&again));
    assert!(rows(&again).iter().all(|row| row["fate"] == "sent-before"), "it had left");
    let retried = pay.run(&["--yes", "--retry-failed", "--wait", "20s", "--json"]).await;
    assert_eq!(rows(&retried).iter().filter(|row| row["fate"] == "sent").count(), 1);
    assert!(pay.came().iter().all(|came| *came == 1), "{:?}", pay.came());
}

#[tokio::test(flavor = "multi_thread")]
async fn cards_that_no_list_has_are_read_by_their_whole_names_and_every_wrong_one_is_named() {
    let bank = Bank::open().await;
    let roster = bank.folder.path().join("c.artha-cards.csv");
    let text = std::fs::read_to_string(&roster).expect("artha's roster");
    let header = text.lines().next().expect("a header");
    std::fs::write(&roster, format!("{header}\n")).expect("writing");
    let active =
        |card: &String| bank.sandbox.state(Dialect::Artha, card) == Some(CardState::Active);
    let cards: Vec<String> =
        bank.sandbox.card_ids(Dialect::Artha).into_iter().filter(active).take(3).collect();
    let file = bank.folder.path().join("pay.csv");
    let line = |card: &String| format!("artha/{card},2500\n");
    let mut text = "card,amount\n".to_owned() + &cards.iter().map(line).collect::<String>();
    std::fs::write(&file, &text).expect("writing");
    let path = file.to_string_lossy().into_owned();
    let preview = bank.run(&["topup", "--from", &path]).await;
    assert_eq!(code(&preview), 0, "{}", words(&preview));

    text.push_str("artha/nobody,5\nartha/noone,5\n");
    std::fs::write(&file, &text).expect("writing");
    let wrong = bank.run(&["topup", "--from", &path, "--yes"]).await;
    assert_eq!(code(&wrong), 2, "{}", words(&wrong));
    for line in ["2 lines of ", "line 5: ", "line 6: ", "nothing was sent"] {
        assert!(words(&wrong).contains(line), "{line}: {}", words(&wrong));
    }
}
