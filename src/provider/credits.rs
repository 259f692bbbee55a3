//! The top-ups in a card's list: read before a top-up is sent, as what was there already, and
//! afterwards, to find it.
//!
//! Pure: the list is read by [`pages`](super::pages). What such a list proves of a top-up that we
//! sent is for [`matching`] to say.

mod matching;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;

use super::pages::ListRead;
use super::{Result, Window};
use crate::domain::card::Card;
use crate::domain::money::Money;
use crate::domain::operation::Operation;
use crate::domain::proof::UNMEASURED;
use crate::domain::transaction::{Transaction, TransactionKind};
use matching::REPORTED_BEFORE;
pub(super) use matching::{FeePlacement, MatchRules, match_top_up};

/// The top-ups of one card's list.
#[derive(Clone, Debug, Default)]
pub struct Credits {
    /// Each once, in the order of the list.
    pub rows: Vec<Transaction>,
    /// Ids of all rows of the list and of their tasks, whatever their kind, also of rows that
    /// could not be read.
    pub ids: BTreeSet<Arc<str>>,
    /// How many rows could not be read.
    pub unread: usize,
    /// How many of those have no id.
    pub without_id: usize,
    /// The list may have more than was read.
    pub is_cut: bool,
}

impl Credits {
    /// The top-ups of a list that was read.
    ///
    /// # Errors
    /// What ended the reading early.
    pub(super) fn of(list: ListRead<Transaction>) -> Result<Self> {
        if let Some(error) = list.error {
            return Err(error);
        }
        let of_rows = list.rows.iter().flat_map(|row| [Some(&row.id), row.task.as_ref()]);
        let ids = of_rows
            .chain(list.unread.iter().map(|row| row.id.as_ref()))
            .flatten()
            .cloned()
            .collect();
        let without_id = list.unread.iter().filter(|row| row.id.is_none()).count();
        let mut rows: Vec<Transaction> = Vec::new();
        for row in list.rows.into_iter().filter(|row| row.kind == TransactionKind::TopUp) {
            if !rows.iter().any(|known| known.is_same_row(&row)) {
                rows.push(row);
            }
        }
        Ok(Self { rows, ids, unread: list.unread.len(), without_id, is_cut: list.gap.is_some() })
    }

    /// The newest top-up of this sum that came at `since` or later, by the provider's clock, and
    /// did not fail.
    #[must_use]
    pub fn newest_of(&self, amount: Money, since: Timestamp) -> Option<&Transaction> {
        let equal = self.rows.iter().filter(|row| !row.state.has_failed() && row.is_of_sum(amount));
        equal.filter(|row| row.at >= since).max_by_key(|row| row.at)
    }
}

/// The part of a card's list that is read for its top-ups: from `since`, by the provider's clock,
/// to whatever it calls now.
pub(super) fn search_window(card: &Card, since: Timestamp, now: Timestamp) -> Window {
    let until = now.max(since).saturating_add(UNMEASURED).unwrap_or(Timestamp::MAX);
    Window { card: Some(card.clone()), since, until }
}

/// From when on the list is read for an operation, by the provider's clock: also what came shortly
/// before it, since that is reported where nothing newer is there.
pub(super) fn search_start(operation: &Operation) -> Timestamp {
    let earliest = match &operation.baseline {
        Some(baseline) => baseline.earliest(operation.created_at),
        None => operation.created_at,
    };
    earliest.saturating_sub(REPORTED_BEFORE).unwrap_or(earliest)
}
