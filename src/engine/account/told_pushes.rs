//! Of which cards it was told that something was pushed.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;

/// How often a card whose reading fails is made due again.
const MOST_TRIES: u32 = 3;

/// The cards of which it was told that something was pushed, until each was read.
///
/// A push is told before the data file has it, which alone knows a repeat: that of a repeat is
/// taken back.
#[derive(Debug, Default)]
pub(in crate::engine) struct ToldPushes(Mutex<ToldCards>);

impl ToldPushes {
    /// The cards. Whoever changes them emits that before this is given back, so that what is
    /// emitted of a card comes in the same order.
    pub(in crate::engine) fn lock(&self) -> MutexGuard<'_, ToldCards> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// See [`ToldPushes`].
#[derive(Debug, Default)]
pub(in crate::engine) struct ToldCards {
    cards: BTreeMap<Arc<str>, Told>,
    /// Readings of them that failed.
    failed: Retries,
    /// The same of their transactions, which may be left to be read when the card was.
    failed_feeds: Retries,
}

/// Readings that failed, by card, and are to be made due again: one at a time, so that several that
/// fail always do not fail in a row, and each a few times.
#[derive(Debug, Default)]
struct Retries {
    /// Those that are to be made due again; among them may be some that were answered since.
    waiting: VecDeque<Arc<str>>,
    /// How often each was made due again, and whether it has failed since.
    tries: BTreeMap<Arc<str>, (u32, bool)>,
}

impl Retries {
    fn note_failed(&mut self, card: &Arc<str>) {
        let (_, has_failed) = self.tries.entry(Arc::clone(card)).or_default();
        if !std::mem::replace(has_failed, true) {
            self.waiting.push_back(Arc::clone(card));
        }
    }

    fn note_answered(&mut self, card: &str) {
        self.tries.remove(card);
    }

    fn next(&mut self) -> Option<Arc<str>> {
        while let Some(card) = self.waiting.pop_front() {
            if let Some((tries, has_failed)) = self.tries.get_mut(&card)
                && std::mem::replace(has_failed, false)
                && *tries < MOST_TRIES
            {
                *tries += 1;
                return Some(card);
            }
        }
        None
    }
}

/// What was pushed of one card. All times are by the clock of this machine.
#[derive(Debug, Default)]
struct Told {
    /// When the newest was received that is no repeat.
    kept: Option<Timestamp>,
    /// When those were received of which that is not known yet.
    pending: Vec<Timestamp>,
    /// When the newest reading was asked for that was answered.
    asked: Option<Timestamp>,
}

impl Told {
    /// When the newest was received; `None` where nothing was pushed but repeats.
    fn last(&self) -> Option<Timestamp> {
        self.kept.into_iter().chain(self.pending.iter().copied()).max()
    }

    fn take_pending(&mut self, received_at: Timestamp) -> Option<Timestamp> {
        let place = self.pending.iter().position(|at| *at == received_at)?;
        Some(self.pending.swap_remove(place))
    }
}

impl ToldCards {
    /// Whether there is none.
    pub(in crate::engine) fn is_empty(&self) -> bool {
        self.cards.is_empty()
    }

    /// Something was pushed of a card, and may be a repeat; whether it is to be told of the card,
    /// since it was not yet.
    pub(in crate::engine) fn begin(&mut self, card: &Arc<str>, received_at: Timestamp) -> bool {
        let is_first = !self.cards.contains_key(card);
        self.cards.entry(Arc::clone(card)).or_default().pending.push(received_at);
        is_first
    }

    /// What was pushed is no repeat.
    pub(in crate::engine) fn keep(&mut self, card: &str, received_at: Timestamp) {
        // Where there is none, the card was read meanwhile.
        if let Some(told) = self.cards.get_mut(card)
            && let Some(at) = told.take_pending(received_at)
        {
            told.kept = told.kept.max(Some(at));
        }
    }

    /// What was pushed is a repeat; whether nothing is left to be read of a card of which it was
    /// told.
    pub(in crate::engine) fn take_back(&mut self, card: &str, received_at: Timestamp) -> bool {
        let Some(told) = self.cards.get_mut(card) else { return false };
        let _ = told.take_pending(received_at);
        let is_read = told.last().is_none_or(|last| told.asked.is_some_and(|at| last <= at));
        is_read && self.cards.remove(card).is_some()
    }

    /// A reading of a card was answered that was asked for at a time; whether nothing is left to be
    /// read of a card of which it was told.
    pub(in crate::engine) fn note_read(
        &mut self,
        card: &str,
        asked_at: Timestamp,
        now: Timestamp,
    ) -> bool {
        self.failed.note_answered(card);
        let Some(told) = self.cards.get_mut(card) else { return false };
        told.asked = told.asked.max(Some(asked_at));
        // Later than now where the clock was set back.
        let is_read = told.last().is_none_or(|last| last <= asked_at || last > now);
        is_read && self.cards.remove(card).is_some()
    }

    /// A reading of a card was not answered.
    pub(in crate::engine) fn note_failed(&mut self, card: &Arc<str>) {
        if self.cards.contains_key(card) {
            self.failed.note_failed(card);
        }
    }

    /// A reading of a card's transactions was answered or not.
    pub(in crate::engine) fn note_feed(&mut self, card: &Arc<str>, is_answered: bool) {
        if is_answered {
            self.failed_feeds.note_answered(card);
        } else if self.cards.contains_key(card) || self.failed_feeds.tries.contains_key(card) {
            self.failed_feeds.note_failed(card);
        }
    }

    /// A card that is to be made due again, since a reading of it failed.
    pub(in crate::engine) fn next_failed(&mut self) -> Option<Arc<str>> {
        self.failed.next()
    }

    /// A card whose transactions are.
    pub(in crate::engine) fn next_failed_feed(&mut self) -> Option<Arc<str>> {
        self.failed_feeds.next()
    }

    /// All of them.
    pub(in crate::engine) fn cards(&self) -> Vec<Arc<str>> {
        self.cards.keys().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_000 + second).expect("a time")
    }

    #[test]
    fn a_card_is_told_once_until_it_was_asked_for_after_the_last_push() {
        let (mut told, card): (ToldCards, Arc<str>) = (ToldCards::default(), "c1".into());
        assert!(told.is_empty() && told.begin(&card, at(1)));
        told.keep(&card, at(1));
        assert!(!told.begin(&card, at(5)) && !told.begin(&card, at(3)), "it is told already");
        assert!(told.begin(&"c2".into(), at(3)), "another card");
        assert!(!told.note_read(&card, at(4), at(9)), "it was asked for before the last push");
        assert!(told.note_read(&card, at(5), at(9)), "kept or not");
        assert!(!told.note_read(&card, at(6), at(9)), "nothing of it is told");
        told.keep(&card, at(5));
        assert!(told.begin(&card, at(7)), "what is kept behind its reading is told no more");
        assert!(told.note_read(&card, at(2), at(3)), "the clock was set back");
    }

    #[test]
    fn what_was_told_of_a_repeat_is_taken_back_and_nothing_else() {
        let (mut told, card): (ToldCards, Arc<str>) = (ToldCards::default(), "c1".into());
        assert!(told.begin(&card, at(1)));
        assert!(told.take_back(&card, at(1)), "it was all that was told");
        assert!(!told.take_back(&card, at(1)), "nothing is told");
        // A push, and a repeat of an earlier one behind it.
        assert!(told.begin(&card, at(2)) && !told.begin(&card, at(4)));
        told.keep(&card, at(2));
        assert!(!told.take_back(&card, at(4)), "the first is still to be read");
        assert!(told.note_read(&card, at(3), at(9)), "the repeat does not count");
        // The same, and the card is read before it is known that it is a repeat.
        assert!(told.begin(&card, at(10)) && !told.begin(&card, at(12)));
        told.keep(&card, at(10));
        assert!(!told.note_read(&card, at(11), at(19)), "the second may be news");
        assert!(told.take_back(&card, at(12)));
        assert!(told.is_empty());
    }

    #[test]
    fn a_card_whose_reading_failed_is_due_again_a_few_times() {
        let (mut told, card): (ToldCards, Arc<str>) = (ToldCards::default(), "c1".into());
        told.note_failed(&card);
        assert_eq!(told.next_failed(), None, "nothing is told of it");
        assert!(told.begin(&card, at(1)));
        for _ in 0..MOST_TRIES {
            told.note_failed(&card);
            told.note_failed(&card);
            assert_eq!(told.next_failed(), Some(Arc::clone(&card)));
            assert_eq!(told.next_failed(), None);
        }
        assert!(!told.begin(&card, at(2)));
        told.note_failed(&card);
        assert_eq!(told.next_failed(), None, "it fails always");
        assert!(!told.note_read(&card, at(1), at(3)), "something was pushed since");
        told.note_failed(&card);
        assert_eq!(told.next_failed(), Some(Arc::clone(&card)), "it was answered meanwhile");
        told.note_failed(&card);
        assert!(told.note_read(&card, at(3), at(3)) && told.begin(&card, at(4)));
        assert_eq!(told.next_failed(), None, "it was read since it failed");
        let other: Arc<str> = "c2".into();
        assert!(told.begin(&other, at(5)));
        [&other, &card].into_iter().for_each(|card| told.note_failed(card));
        assert_eq!(told.cards(), [Arc::clone(&card), Arc::clone(&other)]);
        assert_eq!((told.next_failed(), told.next_failed()), (Some(other), Some(card)));
    }

    #[test]
    fn transactions_whose_reading_failed_are_due_again_though_the_card_was_read() {
        let (mut told, card): (ToldCards, Arc<str>) = (ToldCards::default(), "c1".into());
        told.note_feed(&card, false);
        assert_eq!(told.next_failed_feed(), None, "nothing is told of it");
        assert!(told.begin(&card, at(1)));
        told.note_feed(&card, false);
        assert!(told.note_read(&card, at(2), at(2)));
        for _ in 0..MOST_TRIES {
            assert_eq!(told.next_failed_feed(), Some(Arc::clone(&card)));
            assert_eq!(told.next_failed_feed(), None);
            told.note_feed(&card, false);
        }
        assert_eq!(told.next_failed_feed(), None, "it fails always");
        told.note_feed(&card, true);
        told.note_feed(&card, false);
        assert_eq!(told.next_failed_feed(), None, "what was pushed was read");
    }
}
