//! The rows of the timeline of one card: its transactions, with the operations among them by time,
//! newest first.
//!
//! There may be a hundred thousand, so none is held here: a row is asked for by its index.

use crate::app::entry::Entry;
use crate::app::list::Rows;
use crate::domain::operation::{Operation, OperationId};
use crate::ledger::{CardRows, CardSelection};

/// The rows of a timeline.
#[derive(Clone, Debug, Default)]
pub(crate) struct Timeline {
    rows: CardRows,
    /// Which transactions are shown; none where that is not set.
    selection: Option<CardSelection>,
    /// Operations, and how many of the transactions shown stand before each.
    operations: Vec<(usize, OperationId)>,
}

impl Timeline {
    /// Of these transactions and operations, the newest first.
    pub(super) fn new<'a>(
        rows: &CardRows,
        selection: Option<CardSelection>,
        operations: impl Iterator<Item = &'a Operation>,
    ) -> Self {
        let mut timeline = Self { rows: rows.clone(), selection, operations: Vec::new() };
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

    /// How many operations stand before an index of the list, and the one that stands there.
    fn operations_before(&self, index: usize) -> (usize, Option<OperationId>) {
        let (mut from, mut until) = (0, self.operations.len());
        while from < until {
            let middle = usize::midpoint(from, until);
            let Some((before, id)) = self.operations.get(middle) else { break };
            match (before + middle).cmp(&index) {
                std::cmp::Ordering::Less => from = middle + 1,
                std::cmp::Ordering::Equal => return (middle, Some(*id)),
                std::cmp::Ordering::Greater => until = middle,
            }
        }
        (from, None)
    }

    /// The index in the list of a transaction, by its index among those that are shown.
    fn index_of(&self, transaction: usize) -> usize {
        transaction + self.operations.partition_point(|(before, _)| *before <= transaction)
    }
}

impl Rows<Entry> for Timeline {
    fn len(&self) -> usize {
        self.transactions() + self.operations.len()
    }

    fn nth(&self, index: usize) -> Option<Entry> {
        match self.operations_before(index) {
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
                self.rows.index_of(self.selection?, position).map(|index| self.index_of(index))
            }
            Entry::Operation(id) => {
                let place = self.operations.iter().position(|(_, known)| known == id)?;
                self.operations.get(place).map(|(before, _)| before + place)
            }
        }
    }
}
