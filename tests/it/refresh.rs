//! `--refresh`: whether a command that reads asks the providers, or the data file answers.

use std::collections::BTreeSet;
use std::process::Output;

use cardtop::sandbox::Dialect;
use serde_json::Value;

use crate::command_line::{Bank, code, words};

fn rows(output: &Output) -> Vec<Value> {
    let json: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", words(output)));
    json.as_array().expect("a list").clone()
}

/// What names a row: provider, card and id.
fn names(rows: &[Value]) -> BTreeSet<String> {
    rows.iter().map(|row| format!("{} {} {}", row["provider"], row["card_id"], row["id"])).collect()
}

fn of<'a>(rows: &'a [Value], provider: &str) -> Vec<&'a Value> {
    rows.iter().filter(|row| row["provider"] == provider).collect()
}

/// What standard error says in its last line, which is JSON.
fn missing(output: &Output) -> Value {
    let words = words(output);
    let line = words.lines().last().unwrap_or_else(|| panic!("nothing is said"));
    serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))
}

/// Nobody listens where these providers were.
fn cut_off(bank: &Bank, gone: &[Dialect]) {
    let mut config = std::fs::read_to_string(&bank.config).expect("the configuration");
    for dialect in gone {
        let address = format!("http://{}", bank.address(*dialect));
        assert!(config.contains(&address), "{config}");
        config = config.replace(&address, "http://127.0.0.1:9");
    }
    std::fs::write(&bank.config, config).expect("writing");
}

#[tokio::test(flavor = "multi_thread")]
async fn where_a_provider_is_down_the_data_file_has_its_rows_and_their_age_is_said() {
    let bank = Bank::open().await;
    let before = rows(&bank.run(&["transactions", "--json"]).await);
    assert!(of(&before, "banana").len() > 3 && of(&before, "enkash").len() > 3);
    cut_off(&bank, &[Dialect::Banana]);

    let output = bank.run(&["transactions", "--json"]).await;
    assert_eq!(code(&output), 3, "that it was not read stays said: {}", words(&output));
    let now = rows(&output);
    assert_eq!(names(&now), names(&before), "every row is there all the same, once");
    let missing = missing(&output);
    let [old] = missing["from_data_file"].as_array().expect("a list").as_slice() else {
        panic!("one account: {missing}")
    };
    assert_eq!(old["provider"], "banana");
    assert!(old["as_of"].as_str().is_some_and(|at| at.ends_with('Z')), "{missing}");
    assert_eq!(missing["unread_accounts"][0]["provider"], "banana", "{missing}");

    let table = bank.run(&["transactions"]).await;
    assert!(words(&table).contains("banana: from the data file, as of 20"), "{}", words(&table));

    let output = bank.run(&["transactions", "--refresh", "always", "--json"]).await;
    assert_eq!(code(&output), 3, "{}", words(&output));
    let read = rows(&output);
    assert_eq!(of(&read, "banana").len(), 0, "what is older is not printed");
    assert_eq!(of(&read, "enkash").len(), of(&before, "enkash").len());
}

#[tokio::test(flavor = "multi_thread")]
async fn refresh_never_asks_nobody_and_prints_what_is_known_and_as_of_when() {
    let bank = Bank::open().await;
    let empty = bank.run(&["transactions", "--refresh", "never", "--json"]).await;
    assert_eq!((code(&empty), rows(&empty).len()), (1, 0), "{}", words(&empty));
    assert_eq!(missing(&empty)["from_data_file"][0]["as_of"], Value::Null, "nothing was read yet");
    assert_eq!(missing(&empty)["from_data_file"][0]["complete_from"], Value::Null);

    let read = rows(&bank.run(&["transactions", "--json"]).await);
    let cards = rows(&bank.run(&["cards", "--json"]).await);
    cut_off(&bank, &Dialect::ALL);
    for format in ["json", "csv", "table"] {
        let line = ["transactions", "--refresh", "never", "--format", format];
        let output = bank.run(&line).await;
        assert_eq!(code(&output), 0, "all that was asked for is there: {}", words(&output));
        let lines = String::from_utf8_lossy(&output.stdout).lines().count();
        let expected = if format == "json" { read.len() + 2 } else { read.len() + 1 };
        assert_eq!(lines, expected, "{format}");
    }
    let output = bank.run(&["transactions", "--refresh", "never", "--json"]).await;
    assert_eq!(names(&rows(&output)), names(&read));
    let from_data_file = missing(&output)["from_data_file"].clone();
    assert_eq!(from_data_file.as_array().map(Vec::len), Some(4), "{from_data_file}");
    for account in from_data_file.as_array().into_iter().flatten() {
        let (from, to) = (&account["complete_from"], &account["as_of"]);
        assert!(from.as_str() < to.as_str() && from.is_string(), "since when on: {account}");
    }
    let table = bank.run(&["transactions", "--refresh", "never"]).await;
    assert_eq!(words(&table).matches(", complete from 20").count(), 4, "{}", words(&table));

    let line = "transactions --refresh never --json --filter".split(' ');
    let line: Vec<&str> = line.chain(["state:declined since:30d"]).collect();
    let some = rows(&bank.run(&line).await);
    let declined = read.iter().filter(|row| row["state"] == "DECLINED").count();
    assert_eq!(some.len(), declined, "the same filter");

    let output = bank.run(&["cards", "--refresh", "never", "--json"]).await;
    assert_eq!(code(&output), 0, "{}", words(&output));
    assert_eq!(rows(&output).len(), cards.len());
    let id = format!("enkash/{}", of(&cards, "enkash")[0]["id"].as_str().expect("an id"));
    let one = bank.run(&["card", &id, "--refresh", "never", "--json"]).await;
    assert_eq!(code(&one), 0, "{}", words(&one));
    assert!(missing(&one)["from_data_file"][0]["as_of"].is_string());
    let own = bank.run(&["transactions", "--card", &id, "--refresh", "never", "--json"]).await;
    let of_card = read.iter().filter(|row| id.ends_with(row["card_id"].as_str().unwrap_or("-")));
    assert_eq!(names(&rows(&own)), names(&of_card.cloned().collect::<Vec<_>>()));

    let unknown = bank.run(&["card", "zzzz", "--refresh", "never"]).await;
    assert_eq!(code(&unknown), 2);
    assert!(words(&unknown).contains("no provider was asked"), "{}", words(&unknown));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_data_file_that_does_not_reach_back_to_since_is_an_incomplete_answer() {
    let bank = Bank::open().await;
    bank.run(&["transactions", "--json", "--filter", "since:20d"]).await;
    let kept = async |since: &'static str, refresh: &'static str, format: &'static str| {
        let line = ["transactions", "--filter", since, "--refresh", refresh, "--format", format];
        bank.run(&line).await
    };
    let within = kept("since:10d", "never", "json").await;
    assert_eq!(code(&within), 0, "{}", words(&within));
    let before = kept("since:60d", "never", "json").await;
    assert_eq!(code(&before), 1, "{}", words(&before));
    let accounts = missing(&before)["from_data_file"].clone();
    assert_eq!(accounts.as_array().map(Vec::len), Some(4), "{accounts}");
    for account in accounts.as_array().into_iter().flatten() {
        let (asked, from) = (account["asked_from"].as_str(), account["complete_from"].as_str());
        assert!(asked.is_some() && asked < from, "{account}");
        assert_eq!(account["never_read"], 0, "{account}");
    }
    let table = kept("since:60d", "never", "table").await;
    assert_eq!(words(&table).matches(" as asked").count(), 4, "{}", words(&table));
    // Without `since:` the last 30 days are asked for.
    let default = bank.run(&["transactions", "--refresh", "never"]).await;
    assert_eq!(code(&default), 1, "{}", words(&default));

    cut_off(&bank, &[Dialect::Banana]);
    let down = kept("since:60d", "auto", "table").await;
    assert_eq!(code(&down), 3, "{}", words(&down));
    assert_eq!(words(&down).matches(" as asked").count(), 1, "{}", words(&down));
}

#[tokio::test(flavor = "multi_thread")]
async fn cards_that_were_never_read_are_counted_where_the_data_file_answers() {
    let bank = Bank::open().await;
    let cards = rows(&bank.run(&["cards", "--json"]).await);
    // Their cards are known, and none of their transactions was read.
    let output = bank.run(&["transactions", "--refresh", "never", "--json"]).await;
    assert_eq!(code(&output), 1, "{}", words(&output));
    for account in missing(&output)["from_data_file"].as_array().expect("a list") {
        let known = of(&cards, account["provider"].as_str().expect("a name")).len();
        assert_eq!(account["never_read"], known, "{account}");
        assert_eq!(account["complete_from"], Value::Null, "{account}");
    }
    let table = bank.run(&["transactions", "--refresh", "never"]).await;
    assert_eq!(words(&table).matches(" cards were never read").count(), 4, "{}", words(&table));
    let known = bank.run(&["cards", "--refresh", "never", "--json"]).await;
    assert_eq!(code(&known), 0, "{}", words(&known));

    let other = Bank::open().await;
    other.run(&["transactions", "--json"]).await;
    let known = other.run(&["cards", "--refresh", "never", "--json"]).await;
    let unread = rows(&known).iter().filter(|card| card["balance"].is_null()).count();
    assert!(unread > 0, "cards that are known from their transactions alone");
    assert_eq!(code(&known), 1, "{}", words(&known));
    let accounts = missing(&known)["from_data_file"].clone();
    let counted = accounts.as_array().into_iter().flatten();
    let counted: u64 = counted.map(|account| account["never_read"].as_u64().unwrap_or(0)).sum();
    assert_eq!(usize::try_from(counted).ok(), Some(unread), "{accounts}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_that_leaves_rows_out_says_how_many_there_are() {
    let bank = Bank::open().await;
    let all = rows(&bank.run(&["transactions", "--json"]).await).len();
    for refresh in ["auto", "never"] {
        for format in ["table", "csv", "json"] {
            let line = ["transactions", "--limit", "2", "--refresh", refresh, "--format", format];
            let output = bank.run(&line).await;
            let said = format!("2 of {all} transactions are printed");
            assert!(words(&output).contains(&said), "{line:?}: {}", words(&output));
        }
    }
    let whole = bank.run(&["transactions", "--limit", "1000000"]).await;
    assert_eq!(words(&whole), "", "nothing is left out");
}

/// A data file as the first cardtop left it, with so many transactions.
fn old_data_file(folder: &std::path::Path, rows: u32) {
    std::fs::create_dir_all(folder).expect("a folder");
    let db = rusqlite::Connection::open(folder.join(cardtop::store::FILE)).expect("a database");
    db.execute_batch(include_str!("../../assets/schema/001.sql")).expect("the first schema");
    db.execute(
        "WITH RECURSIVE count (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM count WHERE n < ?1)
         INSERT INTO movement (provider, id, card_id, kind, state, provider_state, amount, \
         currency, at, seen_at)
         SELECT 'banana', n, n % 50, 'PURCHASE', 'CLEARED', 'ok', '1.00', 'USD', unixepoch() * \
         1000 - n, unixepoch() * 1000 FROM count",
        [rows],
    )
    .expect("its rows");
    db.execute_batch("PRAGMA application_id = 0x63746f70; PRAGMA user_version = 1")
        .expect("its marks");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_data_file_of_an_earlier_cardtop_is_brought_up_to_date_and_that_it_takes_long_is_said()
 {
    let bank = Bank::open().await;
    old_data_file(&bank.folder.path().join("data"), 100_000);
    let line = ["transactions", "--refresh", "never", "--limit", "1", "--json"];
    let output = bank.run(&line).await;
    assert_eq!((code(&output), rows(&output).len()), (1, 1), "{}", words(&output));
    for said in ["is brought up to date now: 100000 transactions, about 2 s", "1 of 100000"] {
        assert!(words(&output).contains(said), "{}", words(&output));
    }
    let again = bank.run(&line).await;
    assert!(!words(&again).contains("up to date"), "once: {}", words(&again));
}
