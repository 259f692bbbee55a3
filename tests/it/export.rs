//! `export`: the rows of a filter as a file, whole or not at all, and nothing in it that a
//! spreadsheet runs.

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Output};

use cardtop::sandbox::{Dialect, Merchant};
use rust_decimal::Decimal;
use serde_json::Value;

use crate::command_line::{Bank, code, words};
use crate::harness::STATE;

fn text(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("text")
}

fn ids(rows: &[Value]) -> BTreeSet<String> {
    rows.iter().map(|row| format!("{} {} {}", row["provider"], row["card_id"], row["id"])).collect()
}

/// A bank whose transactions are in the data file.
async fn known() -> Bank {
    let bank = Bank::open().await;
    let read = bank.run(&["transactions", "--filter", "since:90d"]).await;
    assert_eq!(code(&read), 0, "{}", words(&read));
    bank
}

#[tokio::test(flavor = "multi_thread")]
async fn every_format_has_the_rows_of_the_filter_and_says_what_it_covers() {
    let bank = known().await;
    let filter = "state:declined since:90d";
    let never = ["transactions", "--refresh", "never", "--json", "--filter", filter];
    let listed = bank.json(&never).await;
    let listed = listed.as_array().expect("a list");
    assert!(listed.len() > 3, "{listed:?}");

    let json = bank.json(&["export", "--json", "--filter", filter]).await;
    assert_eq!(json.as_array(), Some(listed), "the same rows in the same order");
    let lines = bank.run(&["export", "--format", "jsonl", "--filter", filter]).await;
    let lines: Vec<Value> =
        text(&lines).lines().map(|line| serde_json::from_str(line).expect("an object")).collect();
    assert_eq!(&lines, listed);

    let csv = bank.run(&["export", "--filter", filter]).await;
    assert_eq!(code(&csv), 0, "{}", words(&csv));
    let mut reader = csv::Reader::from_reader(csv.stdout.as_slice());
    let column = reader.headers().expect("a header").iter().position(|name| name == "id");
    let in_csv: Vec<String> = reader
        .records()
        .map(|row| row.expect("a row")[column.expect("its ids")].to_owned())
        .collect();
    let in_list: Vec<&str> = listed.iter().filter_map(|row| row["id"].as_str()).collect();
    assert_eq!(in_csv, in_list);
    let said = words(&csv);
    assert_eq!(said.matches(": from the data file, as of 20").count(), 4, "{said}");
    assert!(said.ends_with(&format!("cardtop: {} transactions are printed\n", listed.len())));

    let markdown = bank.run(&["export", "--format", "markdown", "--filter", filter]).await;
    let markdown = text(&markdown);
    assert!(markdown.starts_with("| TIME | PROVIDER | CARD |"), "{markdown}");
    assert_eq!(markdown.lines().count(), listed.len() + 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_cell_of_csv_is_run_by_a_spreadsheet_and_amounts_stay_numbers() {
    let bank = Bank::open().await;
    let card = bank.active(Dialect::Enkash).await;
    let id = card.split_once('/').expect("provider/id").1.to_owned();
    let evil = Merchant::new("=HYPERLINK(\"http://evil\")", "5411", "DE");
    assert!(bank.sandbox.spend(Dialect::Enkash, &id, Decimal::new(125, 2), evil));
    let read = bank.run(&["transactions", "--card", &card]).await;
    assert_eq!(code(&read), 0, "{}", words(&read));
    let csv = bank.run(&["export", "--filter", "merchant:~hyperlink"]).await;
    let mut reader = csv::Reader::from_reader(csv.stdout.as_slice());
    let headers = reader.headers().expect("a header").clone();
    let rows: Vec<csv::StringRecord> = reader.records().map(|row| row.expect("a row")).collect();
    let [row] = rows.as_slice() else { panic!("one row: {}", text(&csv)) };
    let cell = |name: &str| {
        let at = headers.iter().position(|header| header == name).expect("a column");
        row[at].to_owned()
    };
    assert_eq!(cell("merchant"), "'=HYPERLINK(\"http://evil\")");
    assert_eq!(cell("amount"), "1.25");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_for_its_owner_is_whole_and_takes_no_others_place() {
    let bank = known().await;
    let file = bank.folder.path().join("rows.jsonl");
    let name = file.to_string_lossy().into_owned();
    let line = ["export", "--out", &name];
    let first = bank.run(&line).await;
    assert_eq!((code(&first), text(&first)), (0, String::new()), "{}", words(&first));
    let written = std::fs::read_to_string(&file).expect("the file");
    let rows: Vec<Value> =
        written.lines().map(|line| serde_json::from_str(line).expect("an object")).collect();
    let all = bank.json(&["transactions", "--refresh", "never", "--json"]).await;
    assert!(ids(&rows).is_superset(&ids(all.as_array().expect("a list"))), "all that is kept");
    assert!(
        words(&first).contains(&format!("{} transactions are in {name}: ", rows.len())),
        "{}",
        words(&first)
    );
    let mode = std::fs::metadata(&file).expect("the file").permissions().mode() & 0o777;
    assert_eq!(mode, 0o600);

    let again = bank.run(&line).await;
    assert_eq!(code(&again), 2);
    assert!(
        words(&again).contains(&format!("{name} exists: name another one, or add --force")),
        "{}",
        words(&again)
    );
    let forced =
        bank.run(&["export", "--out", &name, "--force", "--filter", "merchant:nobody"]).await;
    assert_eq!(code(&forced), 0, "{}", words(&forced));
    assert_eq!(std::fs::read_to_string(&file).expect("the file"), "", "no row fits");
    let left: Vec<_> = std::fs::read_dir(bank.folder.path())
        .expect("the folder")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .filter(|name| name.contains("part"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
    let nowhere = bank.run(&["export", "--out", "/nowhere/rows.csv"]).await;
    assert_eq!(code(&nowhere), 1);
    assert!(words(&nowhere).contains("/nowhere/rows.csv cannot be written"), "{}", words(&nowhere));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_or_a_kill_leaves_no_half_file_under_the_name() {
    let bank = known().await;
    let whole = bank.folder.path().join("whole.json");
    let written = bank.run(&["export", "--out", &whole.to_string_lossy()]).await;
    assert_eq!(code(&written), 0, "{}", words(&written));
    let size = std::fs::metadata(&whole).expect("the file").len();
    let file = bank.folder.path().join("rows.json");
    // A signal ends the process at the limit; where it is ignored, the write fails.
    for trap in ["", "trap '' XFSZ;"] {
        let mut command = Command::new("bash");
        let most = size / 1_024 - 1;
        let line = format!("{trap} ulimit -f {most}; exec \"$@\"");
        command.env("CARDTOP_STATE", STATE).args(["-c", &line, "bash"]);
        command.arg(env!("CARGO_BIN_EXE_cardtop")).arg("--config").arg(&bank.config);
        command.arg("--data").arg(bank.folder.path().join("data"));
        command.arg("export").arg("--out").arg(&file);
        let output = tokio::task::spawn_blocking(move || command.output().expect("the program"))
            .await
            .expect("the run");
        assert!(!file.exists(), "half a file: {}", words(&output));
        if trap.is_empty() {
            assert_eq!(output.status.code(), None, "a signal ended it: {}", words(&output));
        } else {
            assert_eq!(code(&output), 1, "{}", words(&output));
            let said = format!("{} cannot be written: ", file.to_string_lossy());
            assert!(words(&output).contains(&said), "{}", words(&output));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn cards_and_operations_are_exported_as_they_are_listed() {
    let bank = known().await;
    let card = bank.active(Dialect::Banana).await;
    let sent = bank.run(&["topup", &card, "10", "--yes"]).await;
    assert_eq!(code(&sent), 0, "{}", words(&sent));
    let operations = bank.json(&["export", "--rows", "operations", "--json"]).await;
    assert_eq!(operations, bank.json(&["ops", "--json"]).await);
    let filter = ["--filter", "provider:banana state:active", "--json"];
    let cards = [&["export", "--rows", "cards"][..], &filter].concat();
    let listed = [&["cards", "--refresh", "never"][..], &filter].concat();
    let cards = bank.json(&cards).await;
    assert!(cards.as_array().is_some_and(|cards| cards.len() > 2), "{cards}");
    assert_eq!(cards, bank.json(&listed).await);
    for (line, expected) in [
        (vec!["export", "--format", "table"], "export writes csv, json, jsonl or markdown"),
        (vec!["cards", "--format", "jsonl"], "does not take --format jsonl"),
        (vec!["export", "--rows", "cards", "--card", "1"], "--card is for transactions"),
        (vec!["export", "--rows", "cards", "--filter", "colour:red"], "no field `colour`"),
    ] {
        let output = bank.run(&line).await;
        assert_eq!(code(&output), 2, "{line:?}");
        assert!(words(&output).contains(expected), "{line:?}: {}", words(&output));
    }
}
