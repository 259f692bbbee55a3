//! `report`: what happened in a shift, for the next one, without a name.

use std::process::Command;
use std::time::Duration;

use cardtop::sandbox::{Decline, Dialect, Fault, Merchant, Options, Scenario};
use jiff::{SignedDuration, Timestamp};
use rust_decimal::Decimal;
use serde_json::Value;

use crate::command_line::{Bank, code, words};
use crate::harness::{Desk, STATE, open_board, start};

/// Two top-ups, one of which lost its answer, a freeze, and three declines of two cards.
async fn shift() -> (Bank, String) {
    let bank = Bank::open().await;
    let card = bank.active(Dialect::Banana).await;
    let id = card.split_once('/').expect("provider/id").1.to_owned();
    let other = bank.active(Dialect::Enkash).await;
    let known = bank.run(&["transactions"]).await;
    assert_eq!(code(&known), 0, "{}", words(&known));
    for _ in 0..2 {
        let shop = Merchant::new("SECRET BAR 12", "5813", "DE");
        let sum = Decimal::new(999, 2);
        assert!(bank.sandbox.decline(Dialect::Banana, &id, sum, shop, Decline::DayLimit));
    }
    let sent = bank.run(&["topup", &other, "25", "--yes"]).await;
    assert_eq!(code(&sent), 0, "{}", words(&sent));
    let frozen = bank.run(&["freeze", &other, "--yes", "--reason", "SECRET REASON"]).await;
    assert_eq!(code(&frozen), 0, "{}", words(&frozen));
    bank.sandbox.fault(Dialect::Banana, Fault::LoseRequest, 1);
    let lost = bank.run(&["topup", &card, "30", "--yes", "--wait", "0s"]).await;
    assert_eq!(code(&lost), 4, "{}", words(&lost));
    let read = bank.run(&["transactions"]).await;
    assert_eq!(code(&read), 0, "{}", words(&read));
    (bank, card)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shift_is_told_by_counts_with_what_is_open_and_how_long_the_float_lasts() {
    let (bank, card) = shift().await;
    let report = bank.json(&["report", "--since", "8h", "--json"]).await;
    let count = |action: &str, state: &str| {
        let rows = report["changes"].as_array().expect("a list").iter();
        rows.filter(|row| row["action"] == action && row["state"] == state)
            .filter_map(|row| row["count"].as_u64())
            .sum::<u64>()
    };
    assert_eq!(
        (count("topup", "DONE"), count("topup", "UNKNOWN"), count("freeze", "DONE")),
        (1, 1, 1),
        "{report}"
    );
    let [open] = report["open"].as_array().expect("a list").as_slice() else { panic!("{report}") };
    assert_eq!((&open["provider"], &open["state"]), (&"banana".into(), &"UNKNOWN".into()));
    assert_eq!(
        open["amount"]["amount"].as_str().map(|sum| sum.trim_end_matches(".00")),
        Some("30")
    );
    let mine = bank.json(&["card", &card, "--json", "--refresh", "never"]).await;
    assert_eq!(open["card"], format!("..{}", mine["last4"].as_str().expect("digits")));
    let declines = report["declines"].as_array().expect("a list");
    assert!(declines.iter().any(|row| row["count"].as_u64() >= Some(2)), "{report}");
    let float = report["float"].as_array().expect("a list");
    let enkash = float.iter().find(|row| row["provider"] == "enkash").expect("its float");
    assert!(enkash["as_of"].is_string() && enkash["lasts_hours"].is_u64(), "{enkash}");
    // Commands do not watch; see below.
    for list in ["outages", "watched"] {
        assert_eq!(report[list], serde_json::json!([]), "{report}");
    }
    assert_eq!(report["read"].as_array().map(Vec::len), Some(4), "{report}");

    let nobody = bank.json(&["report", "--json", "--refresh", "never"]).await;
    assert_eq!(nobody["float"], serde_json::Value::Null, "nobody was asked");
    assert_eq!(nobody["changes"], report["changes"]);
}

/// What `report` prints of a desk's data file, without asking anybody.
async fn report_of(desk: &Desk, words: &[&str]) -> String {
    let (folder, since) = (desk.folder.path(), start().to_string());
    let mut command = Command::new(env!("CARGO_BIN_EXE_cardtop"));
    command.arg("--config").arg(folder.join("cardtop.toml")).arg("--data").arg(folder);
    command.args(["report", "--refresh", "never", "--since", &since]).args(words);
    command.env("CARDTOP_STATE", STATE);
    let output = tokio::task::spawn_blocking(move || command.output().expect("the program"));
    let output = output.await.expect("it ends");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.stderr.is_empty() || output.status.success(), "{said}");
    String::from_utf8(output.stdout).expect("text")
}

#[tokio::test(start_paused = true)]
async fn outages_are_told_with_the_times_at_which_a_board_would_have_seen_them() {
    let scenarios = vec![Scenario::Outage];
    let desk = Desk::with(Options { cards: 2, scenarios, ..Options::default() }).await;
    // enkash is gone from 10 s to 100 s, and from 310 s to 400 s.
    for seconds in [200, 150] {
        let (engine, mut news) = open_board(&desk).await;
        let end = tokio::time::Instant::now() + Duration::from_secs(seconds);
        while let Ok(Some(_)) = tokio::time::timeout_at(end, news.recv()).await {}
        drop(news);
        engine.stop().await;
    }
    let at = |seconds| start() + SignedDuration::from_secs(seconds);
    let report: Value =
        serde_json::from_str(&report_of(&desk, &["--json"]).await).expect("a document");
    let time =
        |value: &Value| -> Timestamp { value.as_str().expect("a time").parse().expect("a time") };
    let outages = report["outages"].as_array().expect("a list");
    let [first, second] = outages.as_slice() else { panic!("{report}") };
    for outage in [first, second] {
        let (provider, kind) = (&outage["provider"], &outage["kind"]);
        assert_eq!((provider, kind), (&"enkash".into(), &"unreachable".into()));
    }
    assert!((at(10)..at(30)).contains(&time(&first["from"])), "{first}");
    assert!((at(100)..at(200)).contains(&time(&first["to"])), "{first}");
    assert!((at(310)..at(330)).contains(&time(&second["from"])), "{second}");
    assert_eq!(second["to"], Value::Null, "no board ran when it ended");
    let watched = report["watched"].as_array().expect("a list");
    for dialect in Dialect::ALL {
        let mine = watched.iter().filter(|row| row["provider"] == dialect.name());
        assert!(mine.clone().all(|row| time(&row["from"]) <= at(10)), "{report}");
        assert!(mine.clone().any(|row| time(&row["to"]) >= at(200)), "{report}");
    }
    let page = report_of(&desk, &[]).await;
    for wanted in [
        "| account | first failure | first good answer after it | what was wrong |",
        "no good answer was seen since; last seen",
        "did not answer |",
        "Outages are seen while a board or `cardtop watch` runs:",
        "| artha | ",
    ] {
        assert!(page.contains(wanted), "{wanted}: {page}");
    }

    // The next good answer ends what an earlier board saw begin.
    tokio::time::sleep(Duration::from_secs(60)).await;
    desk.cards(Dialect::Enkash).await;
    let report: Value =
        serde_json::from_str(&report_of(&desk, &["--json"]).await).expect("a document");
    assert!(time(&report["outages"][1]["to"]) >= at(400), "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_for_the_next_shift_names_no_person_and_no_shop() {
    let (bank, card) = shift().await;
    let output = bank.run(&["report"]).await;
    let page = String::from_utf8_lossy(&output.stdout).into_owned();
    for wanted in
        ["# Shift from 20", "## Not settled", "| UNKNOWN | top-up | 30", "## Declines", "## Float"]
    {
        assert!(page.contains(wanted), "{wanted}: {page}");
    }
    let mine = bank.json(&["card", &card, "--json", "--refresh", "never"]).await;
    let json = bank.run(&["report", "--json"]).await;
    let json = String::from_utf8_lossy(&json.stdout).into_owned();
    let id = card.split_once('/').expect("provider/id").1;
    for secret in [mine["holder"].as_str().expect("a holder"), "SECRET", id] {
        assert!(!page.contains(secret) && !json.contains(secret), "{secret}: {page} {json}");
    }
    for (line, expected) in [
        (vec!["report", "--since", "soon"], "--since soon: write 15m, 8h"),
        (vec!["report", "--format", "csv"], "report is no list"),
        (vec!["report", "--format", "jsonl"], "does not take --format jsonl"),
    ] {
        let output = bank.run(&line).await;
        assert_eq!(code(&output), 2, "{line:?}");
        assert!(words(&output).contains(expected), "{line:?}: {}", words(&output));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_top_up_is_taken_from_the_float_once_before_its_credit_is_read_and_afterwards() {
    let bank = Bank::open().await;
    let card = bank.active(Dialect::Enkash).await;
    let known = bank.run(&["transactions"]).await;
    assert_eq!(code(&known), 0, "{}", words(&known));
    let since = bank.json(&["report", "--json"]).await["since"].clone();
    let since = since.as_str().expect("a time").to_owned();
    let taken = async || {
        let report = bank.json(&["report", "--since", &since, "--json"]).await;
        let floats = report["float"].as_array().expect("a list").clone();
        let of = floats.iter().find(|row| row["provider"] == "enkash").expect("its float");
        of["taken"]["amount"].as_str().expect("a sum").parse::<Decimal>().expect("a number")
    };
    let before = taken().await;
    let sent = bank.run(&["topup", &card, "25", "--yes"]).await;
    assert_eq!(code(&sent), 0, "{}", words(&sent));
    assert_eq!(taken().await - before, Decimal::from(25), "the journal has it");
    let read = bank.run(&["transactions"]).await;
    assert_eq!(code(&read), 0, "{}", words(&read));
    assert_eq!(taken().await - before, Decimal::from(25), "the list has it as well");
}
