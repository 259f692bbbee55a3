//! What an account can say otherwise than its wire's document: paths, names of fields, and words.
//!
//! The documents leave much of the wires open, and what is inferred may be wrong for one account.
//! Every such detail has the document's default in its provider's settings, and a key in the
//! configuration that changes it.

use std::collections::BTreeMap;

use super::endpoint::Endpoint;
use super::error::ConfigError;
pub use super::plain::plain;
use super::table::Table;
use crate::domain::card::CardState;
use crate::domain::transaction::{TransactionKind, TransactionState};

/// How one account spells what its wire's document leaves open. Empty is the document's own
/// spelling.
#[derive(Clone, Debug, Default)]
pub struct Spelling {
    /// Paths by the key of their call.
    pub paths: BTreeMap<String, String>,
    /// Fields that the account calls otherwise, by its own name of them in lower case.
    pub fields: BTreeMap<String, Renamed>,
    /// Our state of a card, by the provider's word as [`plain`] writes it.
    pub card_states: BTreeMap<String, CardState>,
    /// Our state of a transaction, by the provider's word as [`plain`] writes it.
    pub transaction_states: BTreeMap<String, TransactionState>,
    /// Our kind of a transaction, by the provider's word as [`plain`] writes it.
    pub transaction_kinds: BTreeMap<String, TransactionKind>,
}

impl Spelling {
    /// The path of a call.
    #[must_use]
    pub fn path(&self, endpoint: Endpoint) -> &str {
        self.paths.get(endpoint.key).map_or(endpoint.default_path, String::as_str)
    }

    /// The document's name of a field that the account calls this; `None` where it calls it as the
    /// document does.
    #[must_use]
    pub fn ours(&self, theirs: &str) -> Option<&str> {
        self.fields.get(&theirs.to_ascii_lowercase()).map(|field| field.ours.as_str())
    }

    /// What the account calls a field of the document.
    #[must_use]
    pub fn theirs<'a>(&'a self, ours: &'a str) -> &'a str {
        let renamed = self.fields.values().find(|field| field.ours.eq_ignore_ascii_case(ours));
        renamed.map_or(ours, |field| &field.theirs)
    }

    /// The state of a card that the configuration gives to a word.
    #[must_use]
    pub fn card_state(&self, word: &str) -> Option<CardState> {
        self.card_states.get(&plain(word)).copied()
    }

    /// The state of a transaction that the configuration gives to a word.
    #[must_use]
    pub fn transaction_state(&self, word: &str) -> Option<TransactionState> {
        self.transaction_states.get(&plain(word)).copied()
    }

    /// The kind of a transaction that the configuration gives to a word.
    #[must_use]
    pub fn transaction_kind(&self, word: &str) -> Option<TransactionKind> {
        self.transaction_kinds.get(&plain(word)).copied()
    }
}

/// A field that an account calls otherwise than its wire's document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Renamed {
    /// The document's name.
    pub ours: String,
    /// The account's, as it was written.
    pub theirs: String,
}

/// A table of `[providers.NAME.words]`. Each kind of provider names those that its wire has words
/// for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WordTable {
    /// Words for the state of a card.
    CardStates,
    /// Words for the state of a transaction.
    TransactionStates,
    /// Words for the kind of a transaction.
    TransactionKinds,
}

impl WordTable {
    /// All of them.
    pub const ALL: &[Self] = &[Self::CardStates, Self::TransactionStates, Self::TransactionKinds];

    /// The key in the file.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CardStates => "card_states",
            Self::TransactionStates => "transaction_states",
            Self::TransactionKinds => "transaction_kinds",
        }
    }
}

/// Reads `[providers.NAME.paths]`, `fields` and `words`.
pub(super) fn read(
    account: &mut Table<'_>,
    endpoints: &[Endpoint],
    fields: &[&str],
    words: &[WordTable],
) -> Result<Spelling, ConfigError> {
    let mut spelling = Spelling::default();
    if let Some(mut paths) = account.table("paths")? {
        paths.only(&endpoints.iter().map(|endpoint| endpoint.key).collect::<Vec<_>>())?;
        for endpoint in endpoints {
            if let Some(text) = paths.path(endpoint.key, endpoint.default_path)? {
                spelling.paths.insert(endpoint.key.to_owned(), text);
            }
        }
    }
    if let Some(table) = account.table("fields")? {
        spelling.fields = renamed(table, fields)?;
    }
    if let Some(mut table) = account.table("words")? {
        table.only(&words.iter().map(|words| words.as_str()).collect::<Vec<_>>())?;
        spelling.card_states = table.words(
            WordTable::CardStates.as_str(),
            &CardState::ALL.map(|state| (state.as_str(), state)),
        )?;
        spelling.transaction_states = table.words(
            WordTable::TransactionStates.as_str(),
            &TransactionState::ALL.map(|state| (state.as_str(), state)),
        )?;
        spelling.transaction_kinds = table.words(
            WordTable::TransactionKinds.as_str(),
            &TransactionKind::ALL.map(|kind| (kind.as_str(), kind)),
        )?;
    }
    Ok(spelling)
}

/// Reads `[providers.NAME.fields]`: the account's name of a field, by the document's.
fn renamed(mut table: Table<'_>, known: &[&str]) -> Result<BTreeMap<String, Renamed>, ConfigError> {
    let mut fields: BTreeMap<String, Renamed> = BTreeMap::new();
    table.only(known)?;
    for ours in known {
        let Some((theirs, span)) = table.text(ours)? else { continue };
        let key = table.key(ours);
        if theirs.trim().is_empty() {
            let words = format!("{key} is empty: write the name that your provider uses");
            return Err(table.error(span, &words));
        }
        let renamed = Renamed { ours: (*ours).to_owned(), theirs: theirs.clone() };
        if let Some(other) = fields.insert(theirs.to_ascii_lowercase(), renamed) {
            let words =
                format!("{key} is \"{theirs}\", and so is {}: a name means one thing", other.ours);
            return Err(table.error(span, &words));
        }
    }
    Ok(fields)
}
