//! `roster check FILE`: every line of a roster, before cardtop skips one. It opens no data file and
//! talks to no provider.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand, ValueHint};

use super::exit::{Exit, warn};
use super::failure::{Failure, Outcome};
use super::global::{Format, Global};
use super::session::{configuration, only};
use super::{Run, print};
use crate::clock::Clock;
use crate::config::roster::{self, RosterLineError};
use crate::contract::{BadLine, FailureKind, RosterCheck};
use crate::domain::card::{IdForm, ProviderId};
use crate::domain::text::{self, thousands};

/// Check a roster: a CSV with the cards of a provider
#[derive(Debug, Args)]
pub(crate) struct Roster {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Check(Check),
}

/// Name every line that would be skipped, with what is wrong and what to do; exit code 1 where
/// there is one. Say whose it is: --provider NAME of the configuration, or --kind without one
#[derive(Debug, Args)]
struct Check {
    /// The roster
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    file: PathBuf,
    /// The kind of provider that its cards are at, where no configuration names it
    #[arg(long, value_name = "KIND", conflicts_with = "provider")]
    kind: Option<String>,
}

impl Run for Roster {
    async fn run(self, global: &Global, _clock: Clock) -> Outcome {
        let Command::Check(check) = self.command;
        let (of, form) = whose(&check, global)?;
        let found = look(&of, form, &check.file)?;
        match global.format() {
            Format::Json | Format::Csv => print::put(&print::one(&found, global.format()))?,
            Format::Table => print::put(&words(&found))?,
        }
        let exit = if found.bad.is_empty() { Exit::Done } else { Exit::Refused };
        if exit != Exit::Done {
            warn(&format!(
                "{} {} skipped until mended: its cards are not known from this roster",
                thousands(found.bad.len()),
                if found.bad.len() == 1 { "line is" } else { "lines are" }
            ));
        }
        Ok(exit)
    }
}

/// The account or kind that the roster is for, and the form of its cards' ids.
///
/// # Errors
/// Usage, where neither is named or there is none of this name.
fn whose(check: &Check, global: &Global) -> Result<(ProviderId, IdForm), Failure> {
    if let Some(name) = &check.kind {
        let kind = global.kinds.iter().find(|kind| kind.name.eq_ignore_ascii_case(name));
        let known: Vec<&str> = global.kinds.iter().map(|kind| kind.name).collect();
        let kind = kind.ok_or_else(|| {
            let name = text::clean(name);
            let known = known.join(", ");
            Failure::usage(format!("--kind: {name} is no kind of provider; known are {known}"))
        })?;
        return Ok((ProviderId::new(kind.name), kind.ids.cards));
    }
    if global.provider.is_none() {
        return Err(Failure::usage(
            "say whose cards they are: --provider NAME as the configuration names the account, or \
             --kind KIND",
        ));
    }
    let config = configuration(global)?;
    let name = only(global, &config)?;
    let found = config.providers.iter().find(|provider| Some(&provider.name) == name.as_ref());
    let found = found.map(|provider| (provider.name.clone(), provider.ids().cards));
    found.ok_or_else(|| Failure::usage("--provider: there is none of this name"))
}

/// Reads all of it.
///
/// # Errors
/// When it cannot be read at all: exit code 2 where there is no such file, else 1.
pub(super) fn look(of: &ProviderId, form: IdForm, path: &Path) -> Result<RosterCheck, Failure> {
    let exit = if path.exists() { Exit::Refused } else { Exit::Usage };
    let unusable = |error: roster::RosterError| {
        Failure::new(exit, FailureKind::Configuration, error.to_string())
    };
    let unknown = roster::unknown_columns(of, path).map_err(unusable)?;
    let (mut cards, mut without_holder, mut without_last4) = (0, 0, 0);
    let mut digits: BTreeMap<String, usize> = BTreeMap::new();
    let bad = roster::read_each(of, form, path, |card| {
        cards += 1;
        without_holder += usize::from(card.holder.is_empty());
        match card.last4 {
            Some(last4) => *digits.entry(last4.to_string()).or_default() += 1,
            None => without_last4 += 1,
        }
    });
    let bad = bad.map_err(unusable)?;
    let unknown = unknown.into_iter().map(|(name, meant)| match meant {
        Some(meant) => format!("{name} (is {meant} meant?)"),
        None => name,
    });
    Ok(RosterCheck {
        file: text::of_path(path),
        of: of.to_string(),
        cards,
        duplicates: bad.iter().filter(|line| is_duplicate(line)).count(),
        bad: bad.iter().map(bad_line).collect(),
        unknown_columns: unknown.collect(),
        without_holder,
        without_last4,
        shared_last4: digits
            .into_iter()
            .filter(|(_, count)| *count > 1)
            .map(|(last4, _)| last4)
            .collect(),
    })
}

fn is_duplicate(line: &RosterLineError) -> bool {
    line.why.contains("is there twice")
}

fn bad_line(line: &RosterLineError) -> BadLine {
    let mend = match &*line.why {
        _ if is_duplicate(line) => "remove one of both lines",
        why if why.contains("quote") => "close the quote, or take it out",
        why if why.contains("no id") => "write the card's id of the provider, or remove the line",
        why if why.contains("its id") => "copy the id anew from the provider",
        why if why.contains("last4") => "write four digits with leading zeros, or leave it empty",
        why if why.contains("currency") => "write a code such as USD, or leave it empty",
        why if why.contains("kind") => "write virtual or physical, or leave it empty",
        _ => "mend the line or remove it",
    };
    BadLine { line: line.line, why: line.why.clone(), mend: mend.to_owned() }
}

/// For a person: a line each, and the sum of them.
pub(super) fn words(found: &RosterCheck) -> String {
    let mut words: String = found
        .bad
        .iter()
        .map(|bad| format!("{} line {}: {}; {}\n", found.file, bad.line, bad.why, bad.mend))
        .collect();
    for column in &found.unknown_columns {
        words.push_str(&format!("{} has a column that is not read: {column}\n", found.file));
    }
    if !found.shared_last4.is_empty() {
        let digits = found.shared_last4.join(", ");
        words.push_str(&format!("several cards have the last four digits {digits}\n"));
    }
    let (cards, bad) = (thousands(found.cards), thousands(found.bad.len()));
    words.push_str(&format!(
        "{cards} {} for {}, {} without holder, {} without last four digits; {bad} bad lines, {} \
         of them duplicates\n",
        if found.cards == 1 { "card" } else { "cards" },
        found.of,
        thousands(found.without_holder),
        thousands(found.without_last4),
        thousands(found.duplicates)
    ));
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> RosterCheck {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("roster.csv");
        std::fs::write(&path, text).expect("writing");
        look(&ProviderId::new("acme"), IdForm::Opaque, &path).expect("a roster")
    }

    #[test]
    fn every_bad_line_is_named_with_what_to_do_and_the_others_are_counted() {
        let found = found(
            "id,holder,last4,currrency,note\nc1,Mara,4242,,x\nc2,,42,,\n,Bo,,,\nc1,Mara,,,\n\
             c3,Ana,4242,,\nc4,,,,\n",
        );
        let lines: Vec<(u64, &str)> =
            found.bad.iter().map(|bad| (bad.line, bad.mend.as_str())).collect();
        assert_eq!(
            lines,
            [
                (3, "write four digits with leading zeros, or leave it empty"),
                (4, "write the card's id of the provider, or remove the line"),
                (5, "remove one of both lines"),
            ]
        );
        assert_eq!((found.cards, found.duplicates), (3, 1));
        assert_eq!((found.without_holder, found.without_last4), (1, 1));
        assert_eq!(found.unknown_columns, ["currrency (is currency meant?)", "note"]);
        assert_eq!(found.shared_last4, ["4242"]);
        let words = words(&found);
        assert!(words.contains("roster.csv line 3: last4 is \"42\", not four digits; write four"));
        assert!(words.ends_with("3 bad lines, 1 of them duplicates\n"), "{words}");
    }
}
