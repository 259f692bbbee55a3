//! Of which cards it was told that something was pushed.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;

/// The cards of which it was told that something was pushed, and when the last of that was
/// received, until each was read.
///
/// Apart from the rest of an account's state: whoever takes a delivery in asks it, and is not to
/// wait for a reading that is taken in.
#[derive(Debug, Default)]
pub(in crate::engine) struct ToldPushes(Mutex<BTreeMap<Arc<str>, Timestamp>>);

impl ToldPushes {
    fn told(&self) -> MutexGuard<'_, BTreeMap<Arc<str>, Timestamp>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Something was pushed of a card; whether that is to be told, since it was not yet.
    pub(in crate::engine) fn note(&self, card: &Arc<str>, received_at: Timestamp) -> bool {
        let mut told = self.told();
        if let Some(last) = told.get_mut(card) {
            *last = (*last).max(received_at);
            return false;
        }
        told.insert(Arc::clone(card), received_at);
        true
    }

    /// A reading of a card has ended that was asked for at a time; whether nothing that was pushed
    /// is left to be read of a card of which it was told.
    pub(in crate::engine) fn note_read(
        &self,
        card: &str,
        asked_at: Timestamp,
        now: Timestamp,
    ) -> bool {
        let mut told = self.told();
        // Later than now where the clock was set back.
        let is_read = told.get(card).is_some_and(|last| *last <= asked_at || *last > now);
        is_read && told.remove(card).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_card_is_told_once_until_it_was_asked_for_after_the_last_push() {
        let at = |second: i64| Timestamp::from_second(1_000 + second).expect("a time");
        let (told, card): (ToldPushes, Arc<str>) = (ToldPushes::default(), "c1".into());
        assert!(told.note(&card, at(1)));
        assert!(!told.note(&card, at(5)) && !told.note(&card, at(3)), "it is told already");
        assert!(told.note(&"c2".into(), at(3)), "another card");
        assert!(!told.note_read(&card, at(4), at(9)), "it was asked for before the last push");
        assert!(told.note_read(&card, at(5), at(9)));
        assert!(!told.note_read(&card, at(6), at(9)), "nothing of it is told");
        assert!(told.note(&card, at(7)));
        assert!(told.note_read(&card, at(2), at(3)), "the clock was set back");
    }
}
