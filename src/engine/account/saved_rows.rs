//! Which rows are in the data file just as they were read last: most of a list that is read again
//! is, and need not be looked up there.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash as _, Hasher as _, RandomState};
use std::sync::Arc;

use crate::domain::transaction::Transaction;

/// Most rows that are remembered of an account. What is forgotten is saved once more.
const MOST: usize = if cfg!(test) { 100 } else { 50_000 };

/// Rows by their names, each with what it said: both as numbers, with keys of this process.
#[derive(Default)]
pub(super) struct SavedRows {
    rows: HashMap<u64, u64>,
    hashes: RandomState,
}

impl SavedRows {
    /// Those of the rows of a page that the data file may not have as they are, whenever they were
    /// seen first. Of one that a page has twice the last counts, and both are handed over or none.
    pub(super) fn unknown(&self, page: &[Transaction]) -> Vec<Transaction> {
        let names = page.iter().map(|row| self.name(row.card_id.as_ref(), &row.id));
        let names: Vec<u64> = names.collect();
        let words = page.iter().map(|row| self.words(row));
        let last: HashMap<u64, u64> = names.iter().copied().zip(words).collect();
        let is_unknown = |name: &u64| self.rows.get(name) != last.get(name);
        let rows = page.iter().zip(&names).filter(|(_, name)| is_unknown(name));
        rows.map(|(row, _)| row.clone()).collect()
    }

    /// The data file was given these rows of a list that is read again.
    pub(super) fn note(&mut self, rows: &[Transaction]) {
        for row in rows {
            if self.rows.len() >= MOST {
                self.rows = HashMap::new();
            }
            self.rows.insert(self.name(row.card_id.as_ref(), &row.id), self.words(row));
        }
    }

    /// The row of a name may be another one in the data file now. It may have been read without its
    /// card.
    pub(super) fn forget(&mut self, card: Option<&Arc<str>>, id: &Arc<str>) {
        for card in [card, None] {
            self.rows.remove(&self.name(card, id));
        }
    }

    fn name(&self, card: Option<&Arc<str>>, id: &Arc<str>) -> u64 {
        self.hashes.hash_one((card, id))
    }

    fn words(&self, row: &Transaction) -> u64 {
        let Transaction {
            provider: _,
            id: _,
            task,
            card_id: _,
            last4,
            kind,
            state,
            provider_state,
            amount,
            fee,
            merchant,
            mcc,
            country,
            decline_reason,
            description,
            at,
            seen_at: _,
            operation,
            listed,
        } = row;
        let mut hasher = self.hashes.build_hasher();
        (task, last4, kind, state, provider_state, amount, fee).hash(&mut hasher);
        (merchant, mcc, country, decline_reason, description).hash(&mut hasher);
        (at, operation, listed).hash(&mut hasher);
        hasher.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::transaction::{Listed, TransactionState};
    use jiff::Timestamp;

    fn row(id: &str) -> Transaction {
        Transaction { id: id.into(), ..crate::contract::samples::transaction() }
    }

    fn knows(saved: &SavedRows, row: &Transaction) -> bool {
        saved.unknown(std::slice::from_ref(row)).is_empty()
    }

    #[test]
    fn a_row_is_known_as_it_was_read_last_and_in_no_other_form() {
        let mut saved = SavedRows::default();
        let hold = Transaction { state: TransactionState::Hold, ..row("a") };
        let cleared = Transaction { state: TransactionState::Cleared, ..row("a") };
        assert!(!knows(&saved, &hold));
        saved.note(std::slice::from_ref(&hold));
        let later = Transaction { seen_at: Timestamp::MAX, ..hold.clone() };
        assert!(knows(&saved, &later), "when it was seen first does not matter");
        assert!(!knows(&saved, &cleared) && !knows(&saved, &row("b")));
        saved.note(std::slice::from_ref(&cleared));
        assert!(!knows(&saved, &hold), "a provider that goes back is heard");
        let listed = Listed::GoneSince { at: cleared.at, cleared_as: None };
        assert!(!knows(&saved, &Transaction { listed, ..cleared.clone() }));
        saved.forget(cleared.card_id.as_ref(), &cleared.id);
        assert!(!knows(&saved, &cleared));
    }

    #[test]
    fn of_a_row_that_a_page_has_twice_the_last_counts() {
        let mut saved = SavedRows::default();
        let states = [TransactionState::Hold, TransactionState::Cleared];
        let page = states.map(|state| Transaction { state, ..row("a") });
        assert_eq!(saved.unknown(&page).len(), 2);
        saved.note(&page);
        assert!(saved.unknown(&page).is_empty());
        let [hold, cleared] = page;
        assert_eq!(saved.unknown(&[cleared.clone(), hold.clone()]), [cleared, hold]);
    }

    #[test]
    fn a_row_that_was_read_without_its_card_is_forgotten_with_it() {
        let mut saved = SavedRows::default();
        let bare = Transaction { card_id: None, ..row("a") };
        saved.note(std::slice::from_ref(&bare));
        saved.forget(row("a").card_id.as_ref(), &bare.id);
        assert!(!knows(&saved, &bare));
    }

    #[test]
    fn no_more_rows_are_remembered_than_there_is_room_for() {
        let mut saved = SavedRows::default();
        let rows: Vec<Transaction> = (0..=MOST).map(|id| row(&id.to_string())).collect();
        saved.note(&rows);
        assert!(knows(&saved, &rows[MOST]) && !knows(&saved, &rows[0]));
        assert!(saved.rows.len() <= MOST);
    }
}
