//! `reconcile`: our top-ups against the credits that the providers list.

use cardtop::clock::Clock;
use cardtop::sandbox::{Dialect, Fault, FaultTarget};
use jiff::SignedDuration;
use rust_decimal::Decimal;
use serde_json::Value;

use crate::command_line::{Bank, code, words};

/// A time before which the bank's own history lies: lists say whole seconds.
fn start() -> String {
    let now = Clock::real().now();
    (now - SignedDuration::from_secs(1)).to_string()
}

/// Each match of a provider with its operation's state, in order.
fn matches(rows: &Value, provider: &str) -> Vec<String> {
    let rows = rows.as_array().expect("a list").iter();
    rows.filter(|row| row["provider"] == provider)
        .map(|row| {
            let state = row["state"].as_str().unwrap_or("-");
            format!("{} {state}", row["match"].as_str().expect("a word"))
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn equal_lists_are_exit_0_and_every_top_up_has_its_credit() {
    let bank = Bank::open().await;
    let start = start();
    let line = ["reconcile", "--since", &start, "--json"];
    for dialect in Dialect::ALL {
        let card = bank.active(dialect).await;
        let sent = bank.run(&["topup", &card, "12", "--yes"]).await;
        assert_eq!(code(&sent), 0, "{card}: {}", words(&sent));
    }
    let before = bank.json(&["ops", "--json"]).await;
    let output = bank.run(&line).await;
    assert_eq!(code(&output), 0, "{}", words(&output));
    let rows: Value = serde_json::from_slice(&output.stdout).expect("a list");
    for dialect in Dialect::ALL {
        assert_eq!(matches(&rows, dialect.name()), ["matched DONE"], "{rows}");
    }
    assert!(
        words(&output).contains("4 matched, 0 ours only, 0 theirs only, since 20"),
        "{}",
        words(&output)
    );
    assert_eq!(bank.json(&["ops", "--json"]).await, before, "nothing is settled by it");
    let table = bank.run(&["reconcile", "--since", &start, "--differences"]).await;
    assert_eq!((code(&table), table.stdout.len()), (0, 0), "nothing differs");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_side_alone_has_is_named_and_exit_1() {
    let bank = Bank::open().await;
    let start = start();
    let line = ["reconcile", "--since", &start, "--json"];
    let card = bank.active(Dialect::Enkash).await;
    let id = card.split_once('/').expect("provider/id").1.to_owned();
    let foreign = bank.sandbox.add_foreign_credit(Dialect::Enkash, &id, Decimal::new(33, 0));
    assert!(foreign.is_some());
    let other = bank.active(Dialect::Banana).await;
    bank.sandbox.fault(Dialect::Banana, Fault::LoseRequest, 1);
    let lost = bank.run(&["topup", &other, "7", "--yes", "--wait", "0s"]).await;
    assert_eq!(code(&lost), 4, "{}", words(&lost));

    let output = bank.run(&line).await;
    assert_eq!(code(&output), 1, "{}", words(&output));
    let rows: Value = serde_json::from_slice(&output.stdout).expect("a list");
    assert_eq!(matches(&rows, "enkash"), ["theirs-only -"], "{rows}");
    assert_eq!(matches(&rows, "banana"), ["ours-only UNKNOWN"], "{rows}");
    let csv = bank.run(&["reconcile", "--since", &start, "--format", "csv"]).await;
    let csv = String::from_utf8_lossy(&csv.stdout).into_owned();
    assert!(csv.starts_with("match,provider,card_id,last4,operation,state,asked_at,amount,"));
    assert!(csv.contains("\ntheirs-only,enkash,"), "{csv}");

    let down = FaultTarget::Reads;
    bank.sandbox.fault_on(Dialect::Ibanera, down, Fault::Answer503, 100);
    let output = bank.run(&line).await;
    assert_eq!(code(&output), 3, "what was not read may differ: {}", words(&output));
    let output = bank.run(&["--provider", "enkash", "reconcile", "--since", &start]).await;
    assert_eq!(code(&output), 1, "{}", words(&output));
    assert!(words(&output).contains("0 matched, 0 ours only, 1 theirs only"), "{}", words(&output));
}
