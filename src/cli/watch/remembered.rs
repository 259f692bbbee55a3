//! The states in which transactions were last seen: what tells a change from a repetition. It has
//! a bound, and forgets what happened longest ago.

use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasher, RandomState};

use crate::domain::money::Money;
use crate::domain::transaction::{RowName, Transaction, TransactionState};

/// Most transactions that are remembered: about 20 MB.
pub(super) const MOST: usize = if cfg!(test) { 6 } else { 250_000 };

/// How a transaction was when it was last seen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Seen {
    pub(super) state: TransactionState,
    pub(super) amount: Money,
}

impl From<&Transaction> for Seen {
    fn from(row: &Transaction) -> Self {
        Self { state: row.state, amount: row.amount }
    }
}

/// The transactions that are remembered, by a hash of their names: most have long ids, and there
/// are many.
#[derive(Debug, Default)]
pub(super) struct Remembered {
    seen: HashMap<u64, Seen>,
    /// The one that is forgotten next is the first.
    order: VecDeque<u64>,
    hasher: RandomState,
}

impl Remembered {
    /// Notes how a row is now; returns how it was, under its name or one that it had before.
    pub(super) fn note(&mut self, row: &Transaction) -> Option<Seen> {
        let name = self.hash(&RowName::from(row));
        let before = self.seen.insert(name, row.into());
        if before.is_some() {
            return before;
        }
        self.order.push_back(name);
        self.forget_beyond_bound();
        RowName::earlier(row).find_map(|name| self.seen.get(&self.hash(&name)).copied())
    }

    /// Notes a row that happened before all others that are noted; whether there was room for it.
    pub(super) fn note_older(&mut self, row: &Transaction) -> bool {
        if self.seen.len() >= MOST {
            return false;
        }
        let name = self.hash(&RowName::from(row));
        if self.seen.insert(name, row.into()).is_none() {
            self.order.push_front(name);
        }
        true
    }

    /// No row has this name any more.
    pub(super) fn forget(&mut self, name: &RowName) {
        // Its place in the order is left: it counts as one that is forgotten when its turn comes.
        self.seen.remove(&self.hash(name));
    }

    fn forget_beyond_bound(&mut self) {
        while self.order.len() > MOST
            && let Some(oldest) = self.order.pop_front()
        {
            self.seen.remove(&oldest);
        }
    }

    fn hash(&self, name: &RowName) -> u64 {
        self.hasher.hash_one(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::samples::{money, transaction};

    fn row(id: &str, state: TransactionState) -> Transaction {
        Transaction { id: id.into(), state, ..transaction() }
    }

    #[test]
    fn a_row_is_known_by_its_name_and_by_the_one_it_had_before() {
        let mut rows = Remembered::default();
        let bare = Transaction { card_id: None, ..row("t", TransactionState::Hold) };
        assert_eq!(rows.note(&bare), None);
        let named = row("t", TransactionState::Hold);
        assert_eq!(rows.note(&named), Some(Seen::from(&bare)), "it gained its card");
        rows.forget(&RowName::from(&bare));
        let cleared = row("t", TransactionState::Cleared);
        assert_eq!(rows.note(&cleared), Some(Seen::from(&named)));
        let more = Transaction { amount: money("5100", "JPY"), ..cleared.clone() };
        assert_eq!(rows.note(&more).map(|seen| seen.amount), Some(cleared.amount));
    }

    #[test]
    fn what_happened_longest_ago_is_forgotten_first_and_the_bound_holds() {
        let mut rows = Remembered::default();
        for id in ["3", "2", "1"] {
            assert!(rows.note_older(&row(id, TransactionState::Hold)));
        }
        for id in ["4", "5", "6", "7", "8"] {
            rows.note(&row(id, TransactionState::Hold));
        }
        assert!(rows.seen.len() <= MOST && rows.order.len() <= MOST);
        assert!(!rows.note_older(&row("0", TransactionState::Hold)), "there is no room");
        assert!(rows.note(&row("3", TransactionState::Cleared)).is_some());
        assert_eq!(rows.note(&row("1", TransactionState::Cleared)), None, "forgotten");
    }
}
