//! `--schema` after a command: the JSON Schema of what it prints with `--json`. It needs none of
//! the command's arguments, and no configuration.

use std::ffi::OsString;

use clap::CommandFactory;
use serde_json::Value;

use super::Cli;
use super::exit::Exit;
use super::failure::{Failure, Outcome};
use super::print;
use crate::contract::schema::{Nothing, array, document, line, named, object, object_with_list};
use crate::contract::{
    BulkLine, DeliveryReport, Finding, HealthNews, Heartbeat, JournalCheck, PlannedChange,
    ProviderFacts, Reconciled, Report, RosterCheck, RowBefore, StateBefore,
};
use crate::domain::card::Card;
use crate::domain::operation::{Operation, Step};
use crate::domain::transaction::Transaction;

/// The schemas of what a command prints.
type Forms = fn() -> Vec<Value>;

/// What each command prints with `--json` where it does not fail, by its words.
const DOCUMENTS: &[(&str, Forms)] = &[
    ("cards", || vec![array::<Card>()]),
    ("card", || vec![object::<Card>()]),
    ("transactions", || vec![array::<Transaction>()]),
    ("providers", || vec![array::<ProviderFacts>()]),
    ("export", || vec![array::<Transaction>(), array::<Card>(), array::<Operation>()]),
    ("report", || vec![object::<Report>()]),
    ("freeze", change),
    ("unfreeze", change),
    ("topup", || [change(), vec![array::<BulkLine>()]].concat()),
    ("pin", change),
    ("close", change),
    ("ops", || vec![array::<Operation>()]),
    ("ops check", || vec![object::<Operation>()]),
    ("ops show", || vec![object_with_list::<Operation, Step>("steps")]),
    ("ops settle", || vec![object::<Operation>()]),
    ("ops verify", || vec![object::<JournalCheck>()]),
    ("listen", || vec![object::<DeliveryReport>()]),
    ("watch", news),
    ("reconcile", || vec![array::<Reconciled>()]),
    ("roster check", || vec![object::<RosterCheck>()]),
    ("doctor", || vec![array::<Finding>()]),
];

/// The lines of `watch`.
fn news() -> Vec<Value> {
    vec![
        line::<Transaction, RowBefore>("transaction"),
        line::<Card, StateBefore>("card"),
        line::<Operation, StateBefore>("operation"),
        line::<HealthNews, StateBefore>("health"),
        line::<Heartbeat, Nothing>("heartbeat"),
    ]
}

fn change() -> Vec<Value> {
    vec![object::<Operation>(), named::<PlannedChange>("would")]
}

/// What `--schema` among these arguments prints; `None` where it is not among them.
pub(super) fn asked_for(arguments: &[OsString]) -> Option<Outcome> {
    let flags = arguments.iter().skip(1).take_while(|argument| *argument != "--");
    let asked = flags.clone().any(|argument| argument == "--schema");
    asked.then(|| {
        let words = command_words(flags.filter_map(|argument| argument.to_str()));
        let schema = schema(&words).ok_or_else(|| {
            let all: Vec<&str> = DOCUMENTS.iter().map(|(words, _)| *words).collect();
            Failure::usage(format!(
                "--schema stands behind a command that prints JSON: {}",
                all.join(", ")
            ))
        })?;
        print::put(&schema)?;
        Ok(Exit::Done)
    })
}

/// The schema of the command of these words, as it is printed and kept in `docs/schema`.
fn schema(words: &str) -> Option<String> {
    let (_, forms) = DOCUMENTS.iter().find(|(known, _)| *known == words)?;
    let schema = document(&format!("cardtop {words} --json"), forms());
    // Made of texts and lists alone.
    serde_json::to_string_pretty(&schema).ok().map(|text| text + "\n")
}

/// The words of the command among arguments, whatever flags and values stand between them.
fn command_words<'a>(arguments: impl Iterator<Item = &'a str>) -> String {
    let mut root = Cli::command();
    root.build();
    let (mut command, mut words) = (&root, Vec::new());
    let mut arguments = arguments;
    while let Some(word) = arguments.next() {
        if let Some(long) = word.strip_prefix("--") {
            let argument = command.get_arguments().find(|known| known.get_long() == Some(long));
            if argument.is_some_and(|known| known.get_action().takes_values()) {
                arguments.next();
            }
        } else if let Some(found) = command.find_subcommand(word) {
            words.push(found.get_name());
            command = found;
        }
    }
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use std::path::Path;

    /// Commands that print no records.
    const NO_JSON: [&str; 5] = ["demo", "sandbox", "init", "completions", "man"];

    #[test]
    fn the_command_is_found_whatever_stands_before_it() {
        for (line, words) in [
            ("cards --schema", "cards"),
            ("--provider ops tx --schema", "transactions"),
            ("--schema ops show", "ops show"),
            ("--format json card 4242 --schema", "card"),
            ("roster check x.csv --schema", "roster check"),
            ("--schema", ""),
        ] {
            assert_eq!(command_words(line.split(' ')), words, "{line}");
        }
    }

    #[test]
    fn every_command_that_prints_records_has_its_schema() {
        let root = Cli::command();
        let mut commands = BTreeSet::new();
        for command in root.get_subcommands() {
            let name = command.get_name();
            let inner: Vec<&str> = command.get_subcommands().map(clap::Command::get_name).collect();
            commands.extend(inner.iter().map(|inner| format!("{name} {inner}")));
            if inner.is_empty() || !command.is_subcommand_required_set() {
                commands.insert(name.to_owned());
            }
        }
        for name in NO_JSON {
            assert!(commands.remove(name), "{name}");
        }
        let known: BTreeSet<String> =
            DOCUMENTS.iter().map(|(words, _)| (*words).to_owned()).collect();
        assert_eq!(commands, known);
    }

    #[test]
    fn the_schemas_beside_the_contract_are_those_that_are_printed() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/schema");
        let writes = std::env::var_os("CARDTOP_WRITE_DOCS").is_some();
        if writes {
            std::fs::create_dir_all(&folder).expect("docs/schema");
        }
        for (words, _) in DOCUMENTS {
            let path = folder.join(format!("{}.json", words.replace(' ', "-")));
            let made = schema(words).expect("its schema");
            if writes {
                std::fs::write(&path, &made).expect("writing a schema");
            }
            let kept = std::fs::read_to_string(&path).unwrap_or_default();
            assert!(
                made == kept,
                "{} is not what cardtop prints; to write it anew: CARDTOP_WRITE_DOCS=1 cargo test \
                 --lib contract",
                path.to_string_lossy()
            );
        }
        let files = std::fs::read_dir(&folder).expect("docs/schema").count();
        assert_eq!(files, DOCUMENTS.len(), "one file a command");
    }
}
