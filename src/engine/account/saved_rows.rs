//! Which rows are in the data file just as they were read last: most of a list that is read again
//! is, and need not be looked up there.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash as _, Hasher as _, RandomState};

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
    /// Whether the data file has a row as it is, whenever it was seen first.
    pub(super) fn has(&self, row: &Transaction) -> bool {
        self.rows.get(&self.name(row)) == Some(&self.words(row))
    }

    /// The data file has these rows of a list that is read again.
    pub(super) fn note(&mut self, rows: &[Transaction]) {
        for row in rows {
            if self.rows.len() >= MOST {
                self.rows = HashMap::new();
            }
            self.rows.insert(self.name(row), self.words(row));
        }
    }

    /// A row may be another one in the data file now.
    pub(super) fn forget(&mut self, row: &Transaction) {
        self.rows.remove(&self.name(row));
    }

    fn name(&self, row: &Transaction) -> u64 {
        self.hashes.hash_one((&row.card_id, &row.id))
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

    #[test]
    fn a_row_is_known_as_it_was_read_last_and_in_no_other_form() {
        let mut saved = SavedRows::default();
        let hold = Transaction { state: TransactionState::Hold, ..row("a") };
        let cleared = Transaction { state: TransactionState::Cleared, ..row("a") };
        assert!(!saved.has(&hold));
        saved.note(std::slice::from_ref(&hold));
        let later = Transaction { seen_at: Timestamp::MAX, ..hold.clone() };
        assert!(saved.has(&later), "when it was seen first does not matter");
        assert!(!saved.has(&cleared) && !saved.has(&row("b")));
        saved.note(std::slice::from_ref(&cleared));
        assert!(!saved.has(&hold), "a provider that goes back is heard");
        let listed = Listed::GoneSince { at: cleared.at, cleared_as: None };
        assert!(!saved.has(&Transaction { listed, ..cleared.clone() }));
        saved.forget(&hold);
        assert!(!saved.has(&cleared));
    }

    #[test]
    fn no_more_rows_are_remembered_than_there_is_room_for() {
        let mut saved = SavedRows::default();
        let rows: Vec<Transaction> = (0..=MOST).map(|id| row(&id.to_string())).collect();
        saved.note(&rows);
        assert!(saved.has(&rows[MOST]) && !saved.has(&rows[0]));
        assert!(saved.rows.len() <= MOST);
    }
}
