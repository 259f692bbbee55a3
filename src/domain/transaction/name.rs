//! The names of rows: what says that two readings are of one row of the data file.

use std::sync::Arc;

use super::Transaction;
use crate::domain::card::ProviderId;

/// The name under which a row is kept. A row has another one from then on when it gains its card or
/// its own id, or when two spellings of an id are joined.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RowName {
    /// The account.
    pub provider: ProviderId,
    /// The card, where the row names one.
    pub card: Option<Arc<str>>,
    /// The row's id.
    pub id: Arc<str>,
}

impl From<&Transaction> for RowName {
    fn from(row: &Transaction) -> Self {
        Self { provider: row.provider.clone(), card: row.card_id.clone(), id: Arc::clone(&row.id) }
    }
}

impl RowName {
    /// The names that a row may have had before it had its own: without its card, and under the id
    /// of its task.
    pub fn earlier(row: &Transaction) -> impl Iterator<Item = Self> {
        let named = |card: &Option<Arc<str>>, id: &Arc<str>| Self {
            provider: row.provider.clone(),
            card: card.clone(),
            id: Arc::clone(id),
        };
        let without_card = row.card_id.is_some().then(|| named(&None, &row.id));
        let by_task =
            row.task.iter().flat_map(move |task| [named(&row.card_id, task), named(&None, task)]);
        without_card.into_iter().chain(by_task)
    }
}

/// Rows that are new or changed, and the names that some of them had before.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RowNews {
    /// The rows. Where one is in it twice, the later one counts.
    pub rows: Vec<Transaction>,
    /// Names that no row has any more, to be taken out before `rows` are put in, each by its exact
    /// name. `None` where the rows are not in the data file, so that nobody knows which ones they
    /// replace.
    pub gone: Option<Vec<RowName>>,
}

impl RowNews {
    /// Rows of the data file, which had the same names before.
    #[must_use]
    pub const fn kept(rows: Vec<Transaction>) -> Self {
        Self { rows, gone: Some(Vec::new()) }
    }
}

/// Rows that are not in the data file.
impl From<Vec<Transaction>> for RowNews {
    fn from(rows: Vec<Transaction>) -> Self {
        Self { rows, gone: None }
    }
}
