//! What tells one row from every other, and gives it its place.

use std::sync::Arc;

use jiff::Timestamp;

use crate::domain::card::ProviderId;
use crate::domain::transaction::Transaction;

/// A row by its identity. Rows are in the order of these, by time before anything else.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RowKey {
    /// When it happened.
    pub at: Timestamp,
    /// The provider's id of it.
    pub id: Arc<str>,
    /// The provider account.
    pub provider: ProviderId,
    /// The id of its card, where the row names one.
    pub card: Option<Arc<str>>,
}

impl From<&Transaction> for RowKey {
    fn from(row: &Transaction) -> Self {
        Self {
            at: row.at,
            id: Arc::clone(&row.id),
            provider: row.provider.clone(),
            card: row.card_id.clone(),
        }
    }
}
