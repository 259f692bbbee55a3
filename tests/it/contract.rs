//! What scripts rely on: every failure of `--json` is a document with its kind and with what is
//! true now, and a change without `--yes` is checked as with it.

mod examples;

use std::process::{Command, Output, Stdio};

use cardtop::contract::FailureKind;
use cardtop::sandbox::{CardState, Dialect, Fault, FaultTarget};
use serde_json::Value;

use crate::command_line::{Bank, code, words};
use crate::harness::STATE;

/// The `error` of the one document that a command prints.
fn error(output: &Output) -> Value {
    let text = String::from_utf8_lossy(&output.stdout);
    let document: Value = serde_json::from_str(&text)
        .unwrap_or_else(|error| panic!("{error}: {text:?} {}", words(output)));
    let fields: Vec<&String> = document.as_object().expect("an object").keys().collect();
    assert_eq!(fields, ["error"], "{text}");
    let error = document["error"].clone();
    let kind = error["kind"].as_str().expect("a word");
    assert!(FailureKind::ALL.iter().any(|known| known.as_str() == kind), "{kind}");
    let message = error["message"].as_str().expect("a sentence");
    assert!(!message.is_empty() && !message.contains('\n'), "{message}");
    assert!(error["true_now"].as_str().is_some_and(|now| !now.is_empty()), "{text}");
    assert!(!words(output).is_empty(), "a person is told, too");
    error
}

#[tokio::test(flavor = "multi_thread")]
async fn every_failure_of_json_is_one_document_with_its_kind() {
    let bank = Bank::open().await;
    let card = bank.active(Dialect::Enkash).await;
    let nowhere = bank.folder.path().join("nowhere.toml");
    let nowhere = nowhere.to_string_lossy();
    for (line, exit, kind, about) in [
        (vec!["frobnicate", "--json"], 2, "usage", None),
        (vec!["topup", "--format", "json"], 2, "usage", None),
        (vec!["cards", "--format=json", "--bogus"], 2, "usage", None),
        (vec!["cards", "--json", "--filter", "colour:red"], 2, "usage", None),
        (vec!["providers", "--json", "--filter", "state:active"], 2, "usage", None),
        (vec!["card", "nosuchcard", "--json"], 2, "not-found", None),
        (vec!["card", "1", "--json"], 2, "ambiguous", None),
        (vec!["freeze", "1", "--json", "--yes"], 2, "ambiguous", None),
        (vec!["cards", "--json", "--provider", "nobody"], 2, "not-found", None),
        (vec!["ops", "show", "ZZZZ", "--json"], 2, "not-found", None),
        (vec!["ops", "check", "ZZZZ", "--json"], 2, "not-found", None),
        (vec!["topup", &card, "ten", "--json", "--yes"], 2, "usage", Some(&card)),
        (vec!["close", &card, "--confirm", "CLOSE", "--json", "--yes"], 2, "usage", Some(&card)),
        (vec!["unfreeze", &card, "--json", "--yes"], 1, "refused", Some(&card)),
        (vec!["--read-only", "freeze", &card, "--json", "--yes"], 1, "refused", Some(&card)),
        (vec!["--json"], 2, "usage", None),
        (vec!["init", "--json"], 2, "usage", None),
        (vec!["man", "--json"], 2, "usage", None),
        (vec!["completions", "bash", "--json"], 2, "usage", None),
        (vec!["demo", "--json"], 2, "usage", None),
        (vec!["sandbox", "--json"], 2, "usage", None),
    ] {
        let output = bank.run(&line).await;
        let error = error(&output);
        assert_eq!((code(&output), error["kind"].as_str()), (exit, Some(kind)), "{line:?} {error}");
        assert_eq!(error["card"].as_str(), about.map(String::as_str), "{line:?} {error}");
        let provider = about.and_then(|card| card.split('/').next());
        assert_eq!(error["provider"].as_str(), provider, "{line:?} {error}");
        let candidates = error["candidates"].as_array().expect("a list").len();
        assert_eq!(candidates > 1, kind == "ambiguous", "{line:?} {error}");
        if about.is_some() {
            let now = error["true_now"].as_str().unwrap_or_default();
            assert!(now.starts_with("nothing was sent; the card was ACTIVE at "), "{error}");
        }
    }
    let mut command = Command::new(env!("CARGO_BIN_EXE_cardtop"));
    command.env("CARDTOP_STATE", STATE).args(["--config", &nowhere, "cards", "--json"]);
    let output = command.output().expect("the program");
    assert_eq!((code(&output), error(&output)["kind"].as_str()), (2, Some("configuration")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_in_a_table_or_csv_leaves_standard_output_empty() {
    let bank = Bank::open().await;
    for format in ["table", "csv"] {
        let output = bank.run(&["card", "nosuchcard", "--format", format]).await;
        assert_eq!((code(&output), output.stdout.len()), (2, 0), "{format}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_cannot_be_asked_is_named_with_the_kind_of_its_trouble() {
    let bank = Bank::open().await;
    let card = bank.active(Dialect::Enkash).await;
    for (fault, target, kind) in [
        (Fault::Answer500, FaultTarget::Reads, "unreachable"),
        (Fault::Unauthorized, FaultTarget::ReadsAndWrites, "credentials"),
        (Fault::Refuse429 { retry_after_seconds: 600 }, FaultTarget::Reads, "rate-limited"),
    ] {
        bank.sandbox.fault_on(Dialect::Enkash, target, fault, 100);
        for yes in [&["--yes"][..], &[]] {
            let line = [&["freeze", &card, "--json"], yes].concat();
            let output = bank.run(&line).await;
            let error = error(&output);
            assert_eq!(
                (code(&output), error["kind"].as_str(), error["provider"].as_str()),
                (3, Some(kind), Some("enkash")),
                "{fault:?} {error}"
            );
            let now = error["true_now"].as_str().unwrap_or_default();
            assert!(now.starts_with("nothing was sent; the card was ACTIVE at "), "{error}");
        }
        bank.sandbox.clear_faults(Dialect::Enkash);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_without_yes_is_refused_as_with_it_and_nothing_is_sent() {
    let bank = Bank::open().await;
    let writes = bank.sandbox.writes();
    for dialect in Dialect::ALL {
        let card = bank.active(dialect).await;
        let id = card.split_once('/').expect("provider/id").1;
        let mut lines: Vec<Vec<&str>> = ["abc", "1,234.50", "-5", "0.0001"]
            .iter()
            .map(|amount| vec!["topup", &*card, amount])
            .collect();
        lines.push(vec!["topup", &card, "25", "--second", "SECOND"]);
        lines.push(vec!["unfreeze", &card]);
        lines.push(vec!["close", &card, "--confirm", "CLOSE"]);
        lines.push(vec!["pin", &card, "--pin-stdin"]);
        lines.push(vec!["--read-only", "freeze", &card]);
        for line in &lines {
            with_and_without_yes(&bank, line).await;
        }
        bank.sandbox.set_state(dialect, id, CardState::Closed);
        for line in [vec!["topup", &*card, "25"], vec!["freeze", &card], vec!["close", &card]] {
            with_and_without_yes(&bank, &line).await;
        }
    }
    assert_eq!(bank.sandbox.writes(), writes, "nothing was sent");
    assert_eq!(bank.json(&["ops", "--json"]).await, serde_json::json!([]), "nothing was saved");
}

/// The same refusal: exit code and sentence. A change that would be sent is not among these lines,
/// but artha's PIN, which its provider chooses.
async fn with_and_without_yes(bank: &Bank, line: &[&str]) {
    let without = bank.run(line).await;
    if words(&without).contains("add --yes") {
        assert!(line.contains(&"pin") || line.contains(&"close"), "{line:?}: {}", words(&without));
        return;
    }
    let with = bank.run(&[line, &["--yes"]].concat()).await;
    assert_eq!((code(&without), words(&without)), (code(&with), words(&with)), "{line:?}");
    assert!(!words(&without).contains("would"), "{line:?}: {}", words(&without));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_yes_the_document_says_exactly_what_would_be_sent() {
    let bank = Bank::open().await;
    let card = bank.active(Dialect::Ibanera).await;
    let writes = bank.sandbox.writes();
    let output = bank.run(&["topup", &card, "25", "--json", "--reason", "lunch"]).await;
    assert_eq!(code(&output), 2, "{}", words(&output));
    let document: Value = serde_json::from_slice(&output.stdout).expect("a document");
    let would = &document["would"];
    assert_eq!(
        (&would["action"], &would["amount"], &would["fee"], &would["reason"]),
        (
            &"topup".into(),
            &serde_json::json!({"amount": "25.00", "currency": "USD"}),
            &serde_json::json!({"amount": "0.50", "currency": "USD"}),
            &"lunch".into()
        ),
        "{document}"
    );
    assert_eq!(would["missing_flags"], serde_json::json!(["--yes"]));
    assert_eq!(format!("ibanera/{}", would["card_id"].as_str().unwrap_or_default()), card);
    let said = words(&output);
    assert!(
        said.contains("would top up 25.00 USD to ..")
            && said.contains("fee 0.50 USD, paid by account ")
            && said.ends_with("nothing was sent: add --yes to do it\n"),
        "{said}"
    );
    let csv = bank.run(&["topup", &card, "25", "--format", "csv"]).await;
    let csv = String::from_utf8_lossy(&csv.stdout).into_owned();
    assert!(csv.starts_with("action,provider,card_id,last4,holder,") && csv.lines().count() == 2);
    assert_eq!(bank.sandbox.writes(), writes);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_outcome_prints_its_operation_and_the_next_failure_names_it() {
    let bank = Bank::open().await;
    let card = bank.active(Dialect::Banana).await;
    bank.sandbox.fault_on(Dialect::Banana, FaultTarget::Writes, Fault::LoseRequest, 1);
    let line = ["topup", &card, "2500", "--yes", "--json", "--wait", "0s"];
    let output = bank.run(&line).await;
    let operation: Value = serde_json::from_slice(&output.stdout).expect("the operation");
    assert_eq!((code(&output), &operation["state"]), (4, &"UNKNOWN".into()), "{operation}");
    let id = operation["id"].as_str().expect("an id");
    for yes in [&["--yes"][..], &[]] {
        let again = bank.run(&[&["topup", &card, "2500", "--json"], yes].concat()).await;
        let error = error(&again);
        assert_eq!((code(&again), error["operation"].as_str()), (1, Some(id)), "{error}");
        let now = error["true_now"].as_str().unwrap_or_default();
        let wanted =
            format!("nothing was sent; operation {id} is UNKNOWN and blocks another top-up; ");
        assert!(now.starts_with(&wanted), "{error}");
    }
    let settled = bank.run(&["ops", "settle", id, "--failed", "--reason", "x", "--json"]).await;
    let error = error(&settled);
    assert_eq!(
        (code(&settled), error["kind"].as_str(), error["card"].as_str()),
        (2, Some("usage"), Some(&*card)),
        "{error}"
    );
    let now = format!("nothing was changed; operation {id} is UNKNOWN");
    assert_eq!(error["true_now"].as_str(), Some(&*now));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_data_file_that_cannot_be_opened_is_said_as_a_document() {
    let bank = Bank::open().await;
    let data = bank.folder.path().join("data");
    std::fs::create_dir(&data).expect("a folder");
    std::fs::write(data.join(cardtop::store::FILE), "no database, but something else entirely")
        .expect("writing");
    for line in [["ops", "--json"], ["cards", "--json"]] {
        let output = bank.run(&line).await;
        let error = error(&output);
        assert_eq!((code(&output), error["kind"].as_str()), (2, Some("data-file")), "{error}");
    }
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn where_standard_output_is_full_the_document_is_on_standard_error() {
    let bank = Bank::open().await;
    let mut command = Command::new(env!("CARGO_BIN_EXE_cardtop"));
    command.env("CARDTOP_STATE", STATE).arg("--config").arg(&bank.config);
    command.arg("--data").arg(bank.folder.path().join("data")).args(["cards", "--json"]);
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").expect("a full disk");
    command.stdout(full).stderr(Stdio::piped());
    let output = tokio::task::spawn_blocking(move || command.output().expect("the program"));
    let output = output.await.expect("the run");
    let said = words(&output);
    let last: Value = serde_json::from_str(said.lines().last().unwrap_or_default())
        .unwrap_or_else(|error| panic!("{error}: {said}"));
    assert_eq!((code(&output), &last["error"]["kind"]), (1, &"output".into()), "{said}");
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_signal_ends_a_reading_with_a_document_and_by_that_signal() {
    use std::os::unix::process::ExitStatusExt;
    let bank = Bank::open().await;
    let card = bank.active(Dialect::Banana).await;
    let slow = Fault::Slow(std::time::Duration::from_secs(60));
    bank.sandbox.fault_on(Dialect::Banana, FaultTarget::Reads, slow, 100);
    let before = bank.sandbox.requests(Dialect::Banana);
    for line in [&["card", &card, "--json"][..], &["freeze", &card, "--json"]] {
        let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_cardtop"));
        command.env("CARDTOP_STATE", STATE).arg("--config").arg(&bank.config);
        command.arg("--data").arg(bank.folder.path().join("data")).args(line);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let seen = bank.sandbox.requests(Dialect::Banana);
        let child = command.kill_on_drop(true).spawn().expect("the program");
        let pid = child.id().expect("it runs");
        while bank.sandbox.requests(Dialect::Banana) == seen {
            tokio::task::yield_now().await;
        }
        let pid = rustix::process::Pid::from_raw(pid.try_into().expect("a small number"));
        rustix::process::kill_process(pid.expect("a process"), rustix::process::Signal::TERM)
            .expect("it is ours");
        let output = child.wait_with_output().await.expect("it ends");
        assert_eq!(output.status.signal(), Some(15), "{line:?}: {}", words(&output));
        let error = error(&output);
        assert_eq!(error["kind"], "interrupted", "{line:?}");
        let now = error["true_now"].as_str().unwrap_or_default();
        let wanted = if line[0] == "card" { "nothing was changed" } else { "nothing was sent" };
        assert!(now.starts_with(wanted), "{line:?}: {error}");
    }
    assert!(bank.sandbox.requests(Dialect::Banana) > before);
    assert_eq!(bank.json(&["ops", "--json"]).await, serde_json::json!([]));
}
