//! The operations of the journal that the board knows, newest first.
//!
//! The newest are there at the first frame, the older ones come behind it in pages. The indexes
//! beside them are kept with every change, so that the operations of one card, and those that are
//! not settled, are found without looking through all.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use crate::domain::card::CardKey;
use crate::domain::operation::{Operation, OperationId, OperationState};

/// Operations by id, which begins with their time: newest first.
#[derive(Debug, Default)]
pub struct Journal {
    rows: BTreeMap<Reverse<OperationId>, Operation>,
    by_card: BTreeMap<CardKey, BTreeSet<Reverse<OperationId>>>,
    /// Those that are not settled.
    open: BTreeSet<Reverse<OperationId>>,
    /// Those that did not come in a page.
    told: BTreeSet<OperationId>,
    is_whole: bool,
}

impl Journal {
    /// Takes in an operation, new or moved on.
    pub(super) fn put(&mut self, operation: &Operation) {
        self.told.insert(operation.id);
        self.place(operation);
    }

    fn place(&mut self, operation: &Operation) {
        let id = Reverse(operation.id);
        self.by_card.entry(operation.card.clone()).or_default().insert(id);
        if operation.is_open() {
            self.open.insert(id);
        } else {
            self.open.remove(&id);
        }
        self.rows.insert(id, operation.clone());
    }

    /// Takes in a page of older operations, as the journal had them when it was read: one that was
    /// told of meanwhile stays as it is, whatever the clock said then.
    pub(super) fn put_page(&mut self, page: &[Operation], is_last: bool) {
        for operation in page {
            if !self.told.contains(&operation.id) {
                self.place(operation);
            }
        }
        self.is_whole |= is_last;
    }

    /// Whether every operation of the journal is here, down to the oldest.
    #[must_use]
    pub const fn is_whole(&self) -> bool {
        self.is_whole
    }

    /// The operation of this id.
    #[must_use]
    pub fn get(&self, id: OperationId) -> Option<&Operation> {
        self.rows.get(&Reverse(id))
    }

    /// All that are known, newest first.
    pub fn iter(&self) -> impl Iterator<Item = &Operation> {
        self.rows.values()
    }

    /// Those of one card, newest first.
    pub fn of_card<'a>(&'a self, key: &CardKey) -> impl Iterator<Item = &'a Operation> + use<'a> {
        self.by_card.get(key).into_iter().flatten().filter_map(|id| self.rows.get(id))
    }

    /// Those that are not settled, newest first.
    pub fn open(&self) -> impl Iterator<Item = &Operation> {
        self.open.iter().filter_map(|id| self.rows.get(id))
    }

    /// How many are not settled and in this state.
    #[must_use]
    pub fn count_open(&self, state: OperationState) -> usize {
        self.open().filter(|operation| operation.state == state).count()
    }

    /// How many are known.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether none is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Forgets everything, so that a test begins without what its fixture has.
    #[cfg(test)]
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::fixture::operations;
    use jiff::SignedDuration;

    #[test]
    fn a_page_of_the_journal_does_not_undo_what_has_moved_on_meanwhile() {
        let page = operations();
        let mut journal = Journal::default();
        let was = page.first().expect("the fixture has operations");
        let is = Operation {
            state: OperationState::Done,
            // The clock was set back meanwhile.
            updated_at: was.updated_at - SignedDuration::from_secs(1),
            ..was.clone()
        };
        journal.put(&is);
        journal.put_page(&page, false);
        assert_eq!(journal.get(was.id), Some(&is));
        assert_eq!((journal.len(), journal.is_whole()), (page.len(), false));
        journal.put_page(&[], true);
        assert!(journal.is_whole());
    }

    #[test]
    fn operations_are_found_by_card_and_leave_the_open_ones_when_they_are_settled() {
        let mut journal = Journal::default();
        journal.put_page(&operations(), true);
        for operation in operations() {
            let of_card: Vec<_> = journal.of_card(&operation.card).collect();
            assert!(of_card.contains(&&operation));
            assert!(of_card.is_sorted_by_key(|row| Reverse(row.id)));
        }
        let open = journal.open().next().cloned().expect("the fixture has one in doubt");
        journal.put(&Operation { state: OperationState::Done, ..open.clone() });
        assert!(journal.open().all(|row| row.id != open.id));
        assert!(journal.iter().is_sorted_by_key(|row| Reverse(row.id)));
    }
}
