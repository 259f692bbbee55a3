//! What tells the rows of a list apart.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use jiff::Timestamp;

use crate::domain::card::{Card, ProviderId};
use crate::domain::completeness::UnreadRow;
use crate::domain::transaction::Transaction;
use crate::provider::json::RowError;

/// A row of a list.
pub trait ListRow {
    /// What tells it from every other row of its list.
    fn key(&self) -> RowKey;
    /// When it happened, where it has a time.
    fn time(&self) -> Option<Timestamp>;
    /// Whether another row of the same page, although it has the same key, cannot be this one.
    fn contradicts(&self, other: &Self) -> bool;
}

/// What tells a row from every other one of its list.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RowKey {
    /// A card by its id, or a transaction by its card and id.
    Named(Option<Arc<str>>, Arc<str>),
    /// A row that could not be read, by the fingerprint of its raw text.
    Unread(u64),
}

impl ListRow for Transaction {
    fn key(&self) -> RowKey {
        RowKey::Named(self.card_id.clone(), Arc::clone(&self.id))
    }

    fn time(&self) -> Option<Timestamp> {
        Some(self.at)
    }

    fn contradicts(&self, other: &Self) -> bool {
        self.amount != other.amount || self.kind != other.kind
    }
}

impl ListRow for Card {
    fn key(&self) -> RowKey {
        RowKey::Named(None, Arc::clone(&self.key.id))
    }

    fn time(&self) -> Option<Timestamp> {
        None
    }

    fn contradicts(&self, _: &Self) -> bool {
        false
    }
}

/// A row that could not be read, named as far as it names itself.
pub(in crate::provider) fn unread(
    provider: &ProviderId,
    card: Option<Arc<str>>,
    id: Option<Arc<str>>,
    raw: &str,
    why: &RowError,
) -> UnreadRow {
    UnreadRow {
        provider: provider.clone(),
        card,
        id,
        why: Arc::clone(&why.0),
        fingerprint: fingerprint(raw),
    }
}

/// What tells a row without an id from others: a hash of its raw text.
fn fingerprint(raw: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    raw.hash(&mut hasher);
    hasher.finish()
}
