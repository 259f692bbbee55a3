//! The real program against the sandbox over real HTTP: JSON, exit codes, refusals.

use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use cardtop::clock::Clock;
use cardtop::sandbox::{CardTrouble, Dialect, Options, RowOverrides, Sandbox, Serving};
use serde_json::Value;

use crate::harness::STATE;

/// A sandbox on loopback with the configuration to use it, and a data folder.
pub(crate) struct Bank {
    pub(crate) sandbox: Sandbox,
    _serving: Serving,
    pub(crate) folder: tempfile::TempDir,
    pub(crate) config: PathBuf,
}

impl Bank {
    pub(crate) async fn open() -> Self {
        Self::with(Options { busy: false, ..Options::default() }).await
    }

    pub(crate) async fn with(options: Options) -> Self {
        let sandbox = Sandbox::new(options, Clock::real());
        let serving = sandbox.serve(None).await.expect("four ports on loopback");
        let folder = tempfile::tempdir().expect("a folder");
        let config = folder.path().join("c.toml");
        sandbox
            .write_config(&|dialect| format!("http://{}", serving.addr(dialect)), &config)
            .expect("a configuration");
        Self { sandbox, _serving: serving, folder, config }
    }

    /// Runs `cardtop` to its end, off this runtime's threads: the bank has to answer meanwhile.
    pub(crate) async fn run(&self, words: &[&str]) -> Output {
        self.run_with(words, "").await
    }

    async fn run_with(&self, words: &[&str], input: &str) -> Output {
        self.run_in(&[], words, input).await
    }

    /// As [`Self::run`], with these variables in the environment.
    pub(crate) async fn run_in(
        &self,
        environment: &[(&str, &str)],
        words: &[&str],
        input: &str,
    ) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cardtop"));
        command.env("CARDTOP_STATE", STATE);
        command.envs(environment.iter().copied());
        command
            .arg("--config")
            .arg(&self.config)
            .arg("--data")
            .arg(self.folder.path().join("data"))
            .args(words);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .env_remove("NO_COLOR");
        let input = input.to_owned();
        tokio::task::spawn_blocking(move || {
            use std::io::Write;
            let mut child = command.spawn().expect("the program");
            let _ = child.stdin.take().expect("piped").write_all(input.as_bytes());
            child.wait_with_output().expect("the program ends")
        })
        .await
        .expect("the run")
    }

    pub(crate) async fn json(&self, words: &[&str]) -> Value {
        let output = self.run(words).await;
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
            panic!(
                "{words:?}: {error}: {} {}",
                String::from_utf8_lossy(&output.stdout),
                String::from_utf8_lossy(&output.stderr)
            )
        })
    }

    /// Where a provider's wire is served.
    pub(crate) fn address(&self, dialect: Dialect) -> std::net::SocketAddr {
        self._serving.addr(dialect)
    }

    /// The name by which the command line finds an active card of a provider.
    pub(crate) async fn active(&self, dialect: Dialect) -> String {
        let cards = self
            .json(&[
                "--provider",
                dialect.name(),
                "cards",
                "--json",
                "--filter",
                "state:active balance>20",
            ])
            .await;
        let list = cards.as_array().expect("a list");
        let physical = list.iter().find(|card| card["kind"] == "physical").or_else(|| list.first());
        let card = physical.unwrap_or_else(|| panic!("{} has no active card", dialect.name()));
        format!("{}/{}", dialect.name(), card["id"].as_str().expect("an id"))
    }
}

pub(crate) fn code(output: &Output) -> i32 {
    output.status.code().expect("it ended by itself")
}

pub(crate) fn words(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn cards_and_transactions_are_one_json_document_with_the_promised_fields() {
    let bank = Bank::open().await;
    let cards = bank.json(&["cards", "--json"]).await;
    let list = cards.as_array().expect("a list");
    assert_eq!(
        list.len(),
        Dialect::ALL.iter().map(|dialect| bank.sandbox.card_ids(*dialect).len()).sum::<usize>()
    );
    for card in list {
        let fields: Vec<&str> =
            card.as_object().expect("an object").keys().map(String::as_str).collect();
        let mut expected = [
            "provider",
            "id",
            "last4",
            "holder",
            "state",
            "provider_state",
            "state_as_of",
            "kind",
            "currency",
            "balance",
            "expires",
            "labels",
        ]
        .to_vec();
        expected.sort_unstable();
        let mut sorted = fields.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, expected);
        assert!(card["balance"]["as_of"].as_str().is_some_and(|at| at.ends_with('Z')), "{card}");
        assert!(card["balance"]["available"]["amount"].is_string(), "{card}");
    }
    let declined =
        bank.json(&["transactions", "--filter", "status:declined since:30d", "--json"]).await;
    let rows = declined.as_array().expect("a list");
    assert!(!rows.is_empty());
    for row in rows {
        assert_eq!(
            (&row["state"], row["amount"]["amount"].is_string()),
            (&Value::from("DECLINED"), true),
            "{row}"
        );
        assert!(row.get("operation").is_some() && row.get("seen_at").is_some(), "{row}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_need_yes_take_effect_once_and_are_in_the_journal() {
    let bank = Bank::open().await;
    for dialect in Dialect::ALL {
        let card = bank.active(dialect).await;
        let id = card.split_once('/').map(|(_, id)| id.to_owned()).expect("provider/id");
        let before = bank.sandbox.credits(dialect, &id).len();

        let unconfirmed = bank.run(&["topup", &card, "10.00"]).await;
        assert_eq!(
            (code(&unconfirmed), bank.sandbox.credits(dialect, &id).len()),
            (2, before),
            "{}",
            words(&unconfirmed)
        );
        assert!(words(&unconfirmed).contains("--yes"), "{}", words(&unconfirmed));

        let output = bank.run(&["topup", &card, "10", "--yes", "--json"]).await;
        assert_eq!(code(&output), 0, "{card}: {}", words(&output));
        let operation: Value = serde_json::from_slice(&output.stdout).expect("an operation");
        assert_eq!(
            (&operation["state"], &operation["action"]),
            (&Value::from("DONE"), &Value::from("topup"))
        );
        assert_eq!(bank.sandbox.credits(dialect, &id).len(), before + 1, "{card}");

        let frozen = bank.run(&["freeze", &card, "--reason", "lost", "--yes"]).await;
        assert_eq!(code(&frozen), 0, "{card}: {}", words(&frozen));
        let read = bank.json(&["card", &card, "--json"]).await;
        assert_eq!(read["state"], "FROZEN", "{card}");
        let again = bank.run(&["freeze", &card, "--yes"]).await;
        assert_eq!(code(&again), 1, "{card}: {}", words(&again));
    }
    let operations = bank.json(&["ops", "--json"]).await;
    assert_eq!(operations.as_array().map(Vec::len), Some(8));
    let verified = bank.run(&["ops", "verify"]).await;
    assert_eq!(code(&verified), 0, "{}", words(&verified));
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_disk_without_room_stops_a_change_before_it_is_sent() {
    let bank = Bank::open().await;
    let card = bank.active(Dialect::Enkash).await;
    let writes = bank.sandbox.writes();
    // Blocks that a file may have: from too few to open the data file to nearly enough for a whole
    // change.
    for blocks in [1, 20, 40, 60] {
        let mut command = Command::new("sh");
        command.args([
            "-c",
            &format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$@\""),
            "sh",
            env!("CARGO_BIN_EXE_cardtop"),
        ]);
        command
            .env("CARDTOP_STATE", STATE)
            .arg("--config")
            .arg(&bank.config)
            .arg("--data")
            .arg(bank.folder.path().join("data"));
        command.args(["topup", &card, "10", "--yes", "--wait", "2s"]);
        let output = tokio::task::spawn_blocking(move || command.output().expect("the program"))
            .await
            .expect("the run");
        let said = words(&output);
        if bank.sandbox.writes() > writes {
            break;
        }
        assert!(matches!(code(&output), 1 | 2), "{blocks}: {said}");
        assert!(
            said.contains("data file") && said.contains("nothing was sent") || code(&output) == 2,
            "{blocks}: {said}"
        );
    }
    // With room again the card is not kept waiting, and what the journal has is whole.
    let output = bank.run(&["topup", &card, "10", "--yes"]).await;
    assert_eq!(code(&output), 0, "{}", words(&output));
    let verified = bank.run(&["ops", "verify"]).await;
    assert_eq!(code(&verified), 0, "{}", words(&verified));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_was_never_read_has_no_number_of_cards() {
    let bank = Bank::open().await;
    let counts = async || {
        let providers = bank.json(&["providers", "--json"]).await;
        let counts = providers
            .as_array()
            .expect("a list")
            .iter()
            .map(|provider| provider["cards"].as_u64())
            .collect::<Vec<_>>();
        <[Option<u64>; 4]>::try_from(counts).expect("four providers")
    };
    let [artha, banana, enkash, ibanera] = counts().await;
    assert!(artha > Some(0) && banana > Some(0), "the rosters are known");
    assert_eq!([enkash, ibanera], [None, None], "nobody asked for their lists");
    bank.json(&["cards", "--json"]).await;
    let [_, _, enkash, ibanera] = counts().await;
    assert!(enkash > Some(0) && ibanera > Some(0), "an earlier run read them");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_is_down_is_exit_3_and_the_others_are_printed() {
    let bank = Bank::open().await;
    let config = std::fs::read_to_string(&bank.config).expect("the configuration");
    let address = format!("http://{}", bank._serving.addr(Dialect::Banana));
    std::fs::write(&bank.config, config.replace(&address, "http://127.0.0.1:9")).expect("writing");
    let output = bank.run(&["cards", "--json"]).await;
    assert_eq!(code(&output), 3, "{}", words(&output));
    assert!(
        words(&output).contains("banana") && words(&output).to_lowercase().contains("refused"),
        "{}",
        words(&output)
    );
    let cards: Value = serde_json::from_slice(&output.stdout).expect("the others' cards");
    let providers: std::collections::BTreeSet<&str> = cards
        .as_array()
        .expect("a list")
        .iter()
        .filter(|card| card["balance"].is_object())
        .filter_map(|card| card["provider"].as_str())
        .collect();
    assert_eq!(providers.into_iter().collect::<Vec<_>>(), ["artha", "enkash", "ibanera"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_words_are_one_sentence_and_exit_2() {
    let bank = Bank::open().await;
    let card = bank.active(Dialect::Artha).await;
    for (line, expected) in [
        (vec!["card", "nosuchcard"], "nosuchcard"),
        (vec!["transactions", "--filter", "colour:red"], "no field `colour`: known are state"),
        (vec!["transactions", "--filter", "balance>2"], "transactions have no balance, cards have"),
        (vec!["cards", "--filter", "operator:me"], "cards have no operator, operations have"),
        (vec!["cards", "--filter", "is:watched"], "is:watched has no meaning for cards here"),
        (vec!["cards", "--filter", "state:declind"], "state:declind is not known: write state:"),
        (vec!["ops", "--filter", "merchant:~rewe"], "operations have no merchant"),
        (vec!["topup", &card, "ten", "--yes"], "amount"),
        (vec!["topup", &card, "1.2345", "--yes"], "decimals"),
        (vec!["frobnicate"], "frobnicate"),
    ] {
        let output = bank.run(&line).await;
        assert_eq!(code(&output), 2, "{line:?}: {}", words(&output));
        assert!(words(&output).contains(expected), "{line:?}: {}", words(&output));
        assert!(output.stdout.is_empty(), "{line:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_artefact_holds_a_card_number_a_cvv_or_a_pin() {
    let bank = Bank::open().await;
    let card = bank.active(Dialect::Banana).await;
    let set = bank.run_with(&["pin", &card, "--pin-stdin", "--yes"], "826419\n").await;
    assert_eq!(code(&set), 0, "{}", words(&set));
    let log = bank.folder.path().join("log.txt");
    let output = bank.run(&["--log-file", &log.to_string_lossy(), "cards", "--json"]).await;
    let mut artefacts = vec![
        output.stdout.clone(),
        output.stderr.clone(),
        set.stdout,
        set.stderr,
        std::fs::read(log).expect("the log"),
    ];
    for entry in std::fs::read_dir(bank.folder.path().join("data")).expect("the data folder") {
        artefacts.push(std::fs::read(entry.expect("an entry").path()).expect("a file"));
    }
    // Every full number that the bank put into its answers.
    let numbers: Vec<String> =
        Dialect::ALL.iter().flat_map(|dialect| bank.sandbox.card_numbers(*dialect)).collect();
    assert!(numbers.len() > 20 && artefacts.len() > 5, "there is something to look for, and where");
    for artefact in artefacts {
        let text = String::from_utf8_lossy(&artefact);
        assert!(!text.contains("826419"), "a PIN was kept");
        for number in &numbers {
            assert!(!text.contains(number.as_str()), "a card number was kept");
        }
    }
}

/// The one line of JSON on standard error.
fn missing(output: &Output) -> Value {
    let words = words(output);
    let lines: Vec<&str> = words.lines().collect();
    let [line] = lines.as_slice() else { panic!("one line: {words}") };
    serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn one_card_that_cannot_be_read_is_exit_3_named_and_everything_else_is_printed() {
    let bank = Bank::open().await;
    let odd = bank.sandbox.card_ids(Dialect::Artha).remove(2);
    bank.sandbox.set_card_trouble(Dialect::Artha, &odd, Some(CardTrouble::Answer500));
    let all: usize = Dialect::ALL.iter().map(|dialect| bank.sandbox.card_ids(*dialect).len()).sum();
    let output = bank.run(&["cards", "--json"]).await;
    assert_eq!(code(&output), 3, "{}", words(&output));
    let cards: Value = serde_json::from_slice(&output.stdout).expect("the cards");
    let cards = cards.as_array().expect("a list");
    let unread: Vec<&Value> = cards.iter().filter(|card| card["balance"].is_null()).collect();
    assert_eq!((cards.len(), unread.len()), (all, 1));
    assert_eq!(unread[0]["id"], odd.as_str());
    let missing = missing(&output);
    assert_eq!(
        (&missing["complete_to"], &missing["unread_accounts"]),
        (&Value::Null, &serde_json::json!([]))
    );
    assert_eq!(
        (&missing["unread_cards"][0]["provider"], &missing["unread_cards"][0]["card_id"]),
        (&"artha".into(), &odd.clone().into())
    );
    assert!(
        missing["unread_cards"][0]["why"].as_str().is_some_and(|why| why.contains("500")),
        "{missing}"
    );

    let output = bank.run(&["cards"]).await;
    let said = words(&output);
    assert_eq!(code(&output), 3, "{said}");
    assert!(
        said.contains(&format!("artha/{odd}: HTTP 500"))
            && said.contains("not complete; 1 card could not be read"),
        "{said}"
    );

    let one = bank.run(&["card", &format!("artha/{odd}"), "--json"]).await;
    let card: Value = serde_json::from_slice(&one.stdout).expect("what is known of it");
    assert_eq!((code(&one), &card["id"], &card["balance"]), (3, &odd.into(), &Value::Null));
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_cannot_be_read_are_exit_1_and_said_and_json_keeps_its_form() {
    let bank = Bank::open().await;
    let card = bank.sandbox.card_ids(Dialect::Banana).remove(0);
    let whole = bank.json(&["transactions", "--provider", "banana", "--json"]).await;
    let odd = RowOverrides { amount: Some("(12.00)".into()), ..RowOverrides::default() };
    bank.sandbox.add_malformed_row(Dialect::Banana, &card, odd.clone());
    bank.sandbox.add_malformed_row(Dialect::Banana, &card, odd);
    let output = bank.run(&["transactions", "--provider", "banana", "--json"]).await;
    assert_eq!(code(&output), 1, "{}", words(&output));
    let rows: Value = serde_json::from_slice(&output.stdout).expect("the rows");
    assert_eq!(rows.as_array().map(Vec::len), whole.as_array().map(Vec::len));
    let missing = missing(&output);
    assert!(
        missing["complete_to"].is_string() && missing["unread_cards"] == serde_json::json!([]),
        "{missing}"
    );
    let unread = missing["unread_rows"].as_array().expect("a list");
    assert_eq!(unread.len(), 2);
    assert_eq!(
        (&unread[0]["provider"], &unread[0]["why"]),
        (&"banana".into(), &"amount is not a number: (12.00)".into())
    );

    let output = bank.run(&["transactions", "--provider", "banana"]).await;
    let said = words(&output);
    assert_eq!(code(&output), 1, "{said}");
    let last = said.lines().last().unwrap_or_default();
    assert!(
        last.contains("complete from ") && last.ends_with("; 2 rows could not be read"),
        "{said}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cap_on_pages_and_a_total_of_the_page_lose_no_row() {
    let bank = Bank::open().await;
    for dialect in Dialect::ALL {
        let wanted = bank.sandbox.listed_rows(dialect, None).len();
        bank.sandbox.cap_pages(dialect, Some(20));
        bank.sandbox.set_totals_count_page(dialect, true);
        let rows = bank
            .json(&[
                "transactions",
                "--provider",
                dialect.name(),
                "--json",
                "--filter",
                "since:300d",
            ])
            .await;
        assert_eq!(rows.as_array().map(Vec::len), Some(wanted), "{}", dialect.name());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_a_roster_is_said_with_its_line_and_its_good_lines_are_cards() {
    let bank = Bank::open().await;
    let config = std::fs::read_to_string(&bank.config).expect("the configuration");
    let name = config
        .lines()
        .find_map(|line| line.strip_prefix("roster = "))
        .expect("artha's roster")
        .trim_matches('"')
        .to_owned();
    let path = bank.folder.path().join(&name);
    let roster = std::fs::read_to_string(&path).expect("the roster");
    let count = roster.lines().count() - 1;
    let european = roster.replace(',', ";") + "broken;\"open\n;;;\n";
    std::fs::write(&path, european).expect("writing");
    let output = bank.run(&["cards", "--provider", "artha", "--json"]).await;
    let cards: Value = serde_json::from_slice(&output.stdout).expect("the cards");
    assert_eq!(
        (code(&output), cards.as_array().map(Vec::len)),
        (1, Some(count)),
        "{}",
        words(&output)
    );
    let whys: Vec<String> = missing(&output)["unread_rows"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|row| row["why"].to_string())
        .collect();
    assert!(
        whys[0].contains(&format!("line {}: has a quote that is not closed", count + 2)),
        "{whys:?}"
    );
    assert!(whys[1].contains(&format!("line {}: has no id", count + 3)), "{whys:?}");
    std::fs::write(&path, "name;holder\nx;y\n").expect("writing");
    let output = bank.run(&["cards", "--provider", "artha"]).await;
    assert_eq!(code(&output), 3, "{}", words(&output));
    assert!(words(&output).contains("has no column `id`"), "{}", words(&output));
    let providers = bank.run(&["providers", "--provider", "artha", "--json"]).await;
    assert!(String::from_utf8_lossy(&providers.stdout).contains("has no column `id`"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_locked_data_file_is_waited_for_once_and_said_once() {
    let bank = Bank::open().await;
    let all = bank.json(&["cards", "--json"]).await.as_array().map(Vec::len);
    let db = rusqlite::Connection::open(bank.folder.path().join("data").join(cardtop::store::FILE))
        .expect("the data file");
    for lock in ["BEGIN IMMEDIATE", "BEGIN EXCLUSIVE"] {
        db.execute_batch(lock).expect("a lock");
        let began = tokio::time::Instant::now();
        let output = bank.run(&["cards", "--json"]).await;
        db.execute_batch("ROLLBACK").expect("no lock");
        let cards: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        assert_eq!(
            (code(&output), cards.as_array().map(Vec::len)),
            (0, all),
            "{lock}: {}",
            words(&output)
        );
        assert_eq!(
            words(&output).matches("is held by another process").count(),
            1,
            "{lock}: {}",
            words(&output)
        );
        assert!(
            began.elapsed() < std::time::Duration::from_secs(25),
            "{lock}: {:?}",
            began.elapsed()
        );
    }
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_stops_no_reading_and_is_said() {
    let bank = Bank::open().await;
    for blocks in [1, 20, 60] {
        let mut command = Command::new("sh");
        command.args([
            "-c",
            &format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$@\""),
            "sh",
            env!("CARGO_BIN_EXE_cardtop"),
        ]);
        command
            .env("CARDTOP_STATE", STATE)
            .arg("--config")
            .arg(&bank.config)
            .arg("--data")
            .arg(bank.folder.path().join(format!("full-{blocks}")));
        command.args(["cards", "--json"]);
        let output = tokio::task::spawn_blocking(move || command.output().expect("the program"))
            .await
            .expect("the run");
        let cards: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        let said = words(&output);
        assert_eq!(code(&output), 0, "{blocks}: {said}");
        assert!(cards.as_array().is_some_and(|cards| cards.len() > 20), "{blocks}: {said}");
        assert!(said.contains("what is read is shown and not kept"), "{blocks}: {said}");
        assert_eq!(said.lines().count(), 1, "{blocks}: said once: {said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_field_of_transactions_lists_the_cards_that_have_such_a_transaction() {
    let bank = Bank::open().await;
    let filter = "status:declined since:30d";
    let rows = bank.json(&["transactions", "--filter", filter, "--json"]).await;
    let ids = |list: &Value, field: &str| {
        let rows = list.as_array().expect("a list").iter();
        let id = |row: &Value| (row["provider"].to_string(), row[field].to_string());
        rows.map(id).collect::<std::collections::BTreeSet<_>>()
    };
    let declined = ids(&rows, "card_id");
    let cards = bank.json(&["cards", "--filter", filter, "--json"]).await;
    assert_eq!(ids(&cards, "id"), declined);
    let none = bank.json(&["cards", "--filter", &format!("-({filter})"), "--json"]).await;
    let all = bank.json(&["cards", "--json"]).await;
    assert_eq!(none.as_array().map(Vec::len), all.as_array().map(|all| all.len() - declined.len()));
    assert!(!declined.is_empty() && ids(&none, "id").is_disjoint(&declined));
}
