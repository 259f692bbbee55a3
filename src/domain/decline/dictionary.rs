//! The data file of reasons and codes, parsed once.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use super::{DeclineReason, Funds};

/// To whom a reason may be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Disclosure {
    /// To anybody who calls.
    Safe,
    /// To a cardholder whose identity was verified.
    AfterVerification,
    /// To nobody outside.
    Never,
}

/// An action of the board that helps after a decline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Remedy {
    /// Topping the card up.
    TopUp,
    /// Freezing the card.
    Freeze,
    /// Unfreezing the card.
    Unfreeze,
    /// Setting a new PIN.
    SetPin,
}

/// One table of the data file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Entry {
    pub(super) codes: Vec<String>,
    #[serde(default)]
    pub(super) notes: BTreeMap<String, String>,
    pub(super) words: String,
    pub(super) tell: Disclosure,
    pub(super) say: Option<String>,
    pub(super) say_verified: Option<String>,
    pub(super) balance: Option<BalanceSentences>,
    pub(super) next: Next,
}

/// Sentences with what is on the card, for a verified caller.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BalanceSentences {
    pub(super) now: String,
    pub(super) last_known: String,
    pub(super) enough_now: String,
}

/// What can be done.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Next {
    pub(super) action: Option<Remedy>,
    pub(super) words: String,
}

impl Entry {
    /// The sentence with the balance that is true of `funds`. Of a debt there is none.
    pub(super) fn with_balance(&self, funds: Funds) -> Option<&String> {
        let sentences = self.balance.as_ref()?;
        match funds {
            Funds::NotKnown => None,
            Funds::Read { available, .. } if available.is_negative() => None,
            Funds::Read { last_known: Some(_), .. } => Some(&sentences.last_known),
            Funds::Read { short: Some(_), last_known: None, .. } => Some(&sentences.now),
            Funds::Read { short: None, last_known: None, .. } => Some(&sentences.enough_now),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DataFile {
    neutral: String,
    undisclosed: String,
    reason: BTreeMap<DeclineReason, Entry>,
}

pub(super) struct Dictionary {
    /// What a caller hears instead of a reason.
    pub(super) neutral: String,
    /// What a verified caller hears instead of a reason that is told to nobody.
    pub(super) undisclosed: String,
    pub(super) entries: BTreeMap<DeclineReason, Entry>,
    pub(super) by_code: BTreeMap<String, DeclineReason>,
}

impl Dictionary {
    pub(super) fn entry(&self, reason: DeclineReason) -> &Entry {
        self.entries.get(&reason).expect("a test finds an entry for each reason")
    }

    pub(super) fn reason_of(&self, code: &str) -> Option<DeclineReason> {
        self.by_code.get(words_of(code).as_str()).copied()
    }

    pub(super) fn note_of(&self, code: &str, reason: DeclineReason) -> Option<&str> {
        self.entry(reason).notes.get(words_of(code).as_str()).map(String::as_str)
    }
}

pub(super) static DICTIONARY: LazyLock<Dictionary> = LazyLock::new(|| {
    let file: DataFile = toml::from_str(include_str!("../../../assets/declines.toml"))
        .expect("the data file is part of the program, and a test parses it");
    let codes = |(reason, entry): (&DeclineReason, &Entry)| {
        let reason = *reason;
        entry.codes.iter().map(move |code| (words_of(code), reason)).collect::<Vec<_>>()
    };
    let by_code = file.reason.iter().flat_map(codes).collect();
    let DataFile { neutral, undisclosed, reason: entries } = file;
    Dictionary { neutral, undisclosed, entries, by_code }
});

/// A code by its words: in capitals, each run of other signs read as `_`, and `InsufficientFunds`
/// as two words.
pub(super) fn words_of(code: &str) -> String {
    let mut words = String::with_capacity(code.len() + 2);
    let mut last = ' ';
    for c in code.chars() {
        let starts_word = !last.is_alphanumeric() || (last.is_lowercase() && c.is_uppercase());
        if c.is_alphanumeric() {
            if starts_word && !words.is_empty() {
                words.push('_');
            }
            words.push(c.to_ascii_uppercase());
        }
        last = c;
    }
    words
}
