//! `--schema`: what every command prints with `--json` is what its schema says.

use std::process::Command;

use cardtop::sandbox::Dialect;
use serde_json::{Value, json};

use crate::command_line::{Bank, code, words};
use crate::harness::STATE;

/// What is wrong with a value by a schema: the words of JSON Schema that cardtop uses, and no
/// others.
fn wrong(root: &Value, schema: &Value, value: &Value, at: &str) -> Vec<String> {
    let mut all = Vec::new();
    for (word, rule) in schema.as_object().expect("a schema") {
        match word.as_str() {
            "$schema" | "title" | "$defs" | "description" => {}
            "$ref" => {
                let path = rule.as_str().expect("a pointer").trim_start_matches('#');
                all.extend(wrong(root, root.pointer(path).expect("a definition"), value, at));
            }
            "anyOf" => {
                let forms = rule.as_array().expect("a list");
                let of_each: Vec<Vec<String>> =
                    forms.iter().map(|form| wrong(root, form, value, at)).collect();
                if of_each.iter().all(|form| !form.is_empty()) {
                    all.push(format!("{at} is none of {}: {of_each:?}", forms.len()));
                }
            }
            "enum" if !rule.as_array().expect("a list").contains(value) => {
                all.push(format!("{at} is {value}, none of {rule}"));
            }
            "type" => {
                let types = rule.as_array().cloned().unwrap_or_else(|| vec![rule.clone()]);
                let found = type_of(value);
                if !types.iter().any(|name| name == found) {
                    all.push(format!("{at} is {found}, not {rule}"));
                }
            }
            "const" if value != rule => all.push(format!("{at} is {value}, not {rule}")),
            "required" if value.is_object() => {
                let names = rule.as_array().expect("a list").iter();
                let names = names.filter_map(Value::as_str);
                let missing = names.filter(|name| value.get(name).is_none());
                all.extend(missing.map(|name| format!("{at}.{name} is missing")));
            }
            "properties" => {
                for (name, inner) in rule.as_object().expect("fields") {
                    if let Some(value) = value.get(name) {
                        all.extend(wrong(root, inner, value, &format!("{at}.{name}")));
                    }
                }
            }
            "items" => {
                for (number, item) in value.as_array().into_iter().flatten().enumerate() {
                    all.extend(wrong(root, rule, item, &format!("{at}[{number}]")));
                }
            }
            "additionalProperties" => {
                for (name, inner) in value.as_object().into_iter().flatten() {
                    all.extend(wrong(root, rule, inner, &format!("{at}.{name}")));
                }
            }
            "minimum" => {
                if value.as_i64().is_some_and(|number| number < rule.as_i64().unwrap_or(0)) {
                    all.push(format!("{at} is {value}"));
                }
            }
            "format" | "pattern" => {
                let text = value.as_str().unwrap_or_default();
                let is_well = match word.as_str() {
                    "format" => text.parse::<jiff::Timestamp>().is_ok(),
                    _ => text.parse::<rust_decimal::Decimal>().is_ok(),
                };
                if value.is_string() && !is_well {
                    all.push(format!("{at} is {text}"));
                }
            }
            "enum" | "required" | "const" => {}
            other => panic!("the test does not know {other}"),
        }
    }
    all
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_i64() || number.is_u64() => "integer",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// The schema of a command, asked for in a place without any configuration.
fn schema(command: &[&str]) -> Value {
    let nowhere = tempfile::tempdir().expect("a folder");
    let output = Command::new(env!("CARGO_BIN_EXE_cardtop"))
        .args(command)
        .arg("--schema")
        .env("HOME", nowhere.path())
        .env("XDG_CONFIG_HOME", nowhere.path())
        .env("CARDTOP_STATE", STATE)
        .env_remove("CARDTOP_CONFIG")
        .output()
        .expect("the program");
    assert_eq!(code(&output), 0, "{command:?}: {}", words(&output));
    serde_json::from_slice(&output.stdout).expect("a schema")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_printed_is_what_the_schema_says() {
    let bank = Bank::open().await;
    let card = bank.active(Dialect::Banana).await;
    let roster = bank.folder.path().join("r.csv").to_string_lossy().into_owned();
    std::fs::write(&roster, "id,last4\n1,4242\n1,\n2,x\n").expect("writing");
    let pay = bank.folder.path().join("p.csv").to_string_lossy().into_owned();
    std::fs::write(&pay, format!("card,amount\n{card},6\n")).expect("writing");
    let sent = bank.json(&["topup", &card, "5", "--yes", "--json"]).await;
    let id = sent["id"].as_str().expect("an id").to_owned();
    let runs: Vec<(Vec<&str>, Vec<&str>)> = vec![
        (vec!["cards"], vec![]),
        (vec!["card"], vec![&card]),
        (vec!["transactions"], vec!["--filter", "since:90d"]),
        (vec!["providers"], vec![]),
        (vec!["export"], vec!["--filter", "since:90d"]),
        (vec!["export"], vec!["--rows", "operations"]),
        (vec!["export"], vec!["--rows", "cards"]),
        (vec!["report"], vec!["--since", "30d"]),
        (vec!["topup"], vec![&card, "5"]),
        (vec!["topup"], vec![&card, "five"]),
        (vec!["topup"], vec!["--from", &pay]),
        (vec!["topup"], vec!["--from", &pay, "--yes"]),
        (vec!["topup"], vec!["--from", "/nowhere"]),
        (vec!["freeze"], vec![&card, "--yes"]),
        (vec!["unfreeze"], vec![&card, "--yes"]),
        (vec!["close"], vec![&card, "--yes"]),
        (vec!["pin"], vec![&card]),
        (vec!["ops"], vec![]),
        (vec!["ops", "check"], vec![&id]),
        (vec!["ops", "show"], vec![&id]),
        (vec!["ops", "settle"], vec![&id, "--done", "--reason", "x"]),
        (vec!["ops", "verify"], vec![]),
        (vec!["reconcile"], vec!["--since", "7d"]),
        (vec!["roster", "check"], vec![&roster, "--kind", "banana"]),
        (vec!["roster", "check"], vec!["/nowhere", "--kind", "banana"]),
    ];
    for (command, arguments) in runs {
        let schema = schema(&command);
        let printed = bank.json(&[&command[..], &arguments, &["--json"]].concat()).await;
        let wrong = wrong(&schema, &schema, &printed, "it");
        assert!(wrong.is_empty(), "{command:?} {arguments:?}: {wrong:#?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_line_of_watch_is_one_of_its_schema() {
    let bank = Bank::open().await;
    bank.run(&["transactions", "--filter", "since:90d"]).await;
    let schema = schema(&["watch"]);
    let line = ["watch", "--json", "--since", "80d", "--exit-on", "amount>0", "--heartbeat", "1s"];
    let watched = bank.run(&line).await;
    assert_eq!(code(&watched), 10, "{}", words(&watched));
    let text = String::from_utf8(watched.stdout).expect("text");
    assert!(text.lines().count() > 0);
    for line in text.lines() {
        let printed: Value = serde_json::from_str(line).expect("an object a line");
        let wrong = wrong(&schema, &schema, &printed, "it");
        assert!(wrong.is_empty(), "{line}: {wrong:#?}");
    }
}

#[test]
fn a_document_that_breaks_the_contract_is_none_by_the_schema() {
    let schema = schema(&["ops", "verify"]);
    let well = json!({ "intact": true, "lines": 2, "last_hash": "a", "noted_lines": null });
    assert_eq!(wrong(&schema, &schema, &well, "it"), Vec::<String>::new());
    for (field, value) in [
        ("lines", json!("2")),
        ("lines", json!(-1)),
        ("last_hash", json!(null)),
        ("intact", json!(1)),
    ] {
        let mut broken = well.clone();
        broken[field] = value;
        assert!(!wrong(&schema, &schema, &broken, "it").is_empty(), "{broken}");
    }
    let mut less = well.clone();
    less.as_object_mut().expect("an object").remove("noted_lines");
    assert!(!wrong(&schema, &schema, &less, "it").is_empty(), "a field is never left out");
    let mut more = well;
    more["news"] = json!(1);
    assert!(wrong(&schema, &schema, &more, "it").is_empty(), "fields are added");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_without_json_has_no_schema() {
    let bank = Bank::open().await;
    for line in [vec!["--schema"], vec!["init", "--schema"], vec!["man", "--schema", "--json"]] {
        let output = bank.run(&line).await;
        assert_eq!(code(&output), 2, "{line:?}");
        assert!(
            words(&output).contains("--schema stands behind a command that prints JSON: cards"),
            "{line:?}: {}",
            words(&output)
        );
    }
}
