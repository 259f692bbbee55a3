//! The rows of the timeline of one card: its transactions, with the operations among them by time,
//! newest first.
//!
//! There may be a hundred thousand, so none is held here: a row is asked for by its index.

use crate::app::entry::Entry;
use crate::app::list::Rows;
use crate::app::placed::PlacedOperations;
use crate::domain::operation::Operation;
use crate::ledger::{CardRows, CardSelection};

/// The rows of a timeline.
#[derive(Clone, Debug, Default)]
pub(crate) struct Timeline {
    rows: CardRows,
    /// Which transactions are shown; none where that is not set.
    selection: Option<CardSelection>,
    /// Operations among the transactions shown.
    operations: PlacedOperations,
}

impl Timeline {
    /// Of these transactions and operations, the newest first.
    pub(super) fn new<'a>(
        rows: &CardRows,
        selection: Option<CardSelection>,
        operations: impl Iterator<Item = &'a Operation>,
    ) -> Self {
        let mut timeline =
            Self { rows: rows.clone(), selection, operations: PlacedOperations::default() };
        timeline.operations = operations
            .map(|operation| {
                let of = |selection| timeline.rows.after(selection, operation.created_at);
                (selection.map_or(0, of), operation.id)
            })
            .collect();
        timeline
    }

    fn transactions(&self) -> usize {
        self.selection.map_or(0, |selection| self.rows.len(selection))
    }
}

impl Rows<Entry> for Timeline {
    fn len(&self) -> usize {
        self.transactions() + self.operations.len()
    }

    fn nth(&self, index: usize) -> Option<Entry> {
        match self.operations.before(index) {
            (_, Some(id)) => Some(Entry::Operation(id)),
            (before, None) => {
                let position = self.rows.nth(self.selection?, index - before)?;
                self.rows.ledger().key(position).map(Entry::Transaction)
            }
        }
    }

    fn position(&self, key: &Entry) -> Option<usize> {
        match key {
            Entry::Transaction(key) => {
                let position = self.rows.ledger().position(key)?;
                let index = self.rows.index_of(self.selection?, position)?;
                Some(self.operations.index_of_transaction(index))
            }
            Entry::Operation(id) => self.operations.index_of(*id),
        }
    }
}
