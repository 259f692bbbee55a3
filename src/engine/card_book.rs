//! The cards that the engine knows, and when the figures are from that the data file has of each.
//!
//! Cards are shared (`Arc`): handing them out, to a plan or to a count, copies none of them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};

use crate::domain::card::{Card, CardKey, ProviderId};
use crate::domain::money::Money;

/// Figures that did not change are written again after this long: a disk that is written to at
/// every reading never rests.
const SAVED_AGAIN: SignedDuration = SignedDuration::from_mins(1);

/// The cards, by key.
#[derive(Default)]
pub(super) struct CardBook {
    cards: Mutex<BTreeMap<CardKey, Arc<Card>>>,
    /// The times of the figures in the data file.
    saved_at: Mutex<BTreeMap<CardKey, Timestamp>>,
    #[cfg(test)]
    copied: std::sync::atomic::AtomicUsize,
}

/// What a reading of cards came to.
pub(super) struct Merged {
    /// Every card that was read, whole.
    pub(super) cards: Vec<Card>,
    /// Those of them that the data file does not have like that.
    pub(super) unsaved: Vec<Card>,
}

impl CardBook {
    /// A book of these cards.
    pub(super) fn of(cards: impl IntoIterator<Item = Card>) -> Self {
        let cards = cards.into_iter().map(|card| (card.key.clone(), Arc::new(card))).collect();
        Self { cards: Mutex::new(cards), ..Self::default() }
    }

    fn cards(&self) -> MutexGuard<'_, BTreeMap<CardKey, Arc<Card>>> {
        self.cards.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn saved_at(&self) -> MutexGuard<'_, BTreeMap<CardKey, Timestamp>> {
        self.saved_at.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A copy of a card. Every copy that the book makes is made here, and counted in tests.
    fn copy(&self, card: &Card) -> Card {
        #[cfg(test)]
        self.copied.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        card.clone()
    }

    /// How many cards were copied until now.
    #[cfg(test)]
    pub(super) fn copied(&self) -> usize {
        self.copied.load(std::sync::atomic::Ordering::Relaxed)
    }

    /// Copies of all cards.
    pub(super) fn all(&self) -> Vec<Card> {
        self.cards().values().map(|card| self.copy(card)).collect()
    }

    /// The cards of an account, in the order of their keys.
    pub(super) fn of_provider(&self, id: &ProviderId) -> Vec<Arc<Card>> {
        self.cards().values().filter(|card| card.key.provider == *id).cloned().collect()
    }

    /// Copies of the cards of an account, in the order of their keys.
    pub(super) fn copies_of(&self, id: &ProviderId) -> Vec<Card> {
        let known = self.cards();
        known.values().filter(|card| card.key.provider == *id).map(|card| self.copy(card)).collect()
    }

    /// How many cards of an account are known.
    pub(super) fn count(&self, id: &ProviderId) -> usize {
        self.cards().keys().filter(|key| key.provider == *id).count()
    }

    pub(super) fn get(&self, key: &CardKey) -> Option<Arc<Card>> {
        self.cards().get(key).cloned()
    }

    /// A copy of a card, or one of which nothing is known but its key.
    pub(super) fn get_or_unread(&self, key: &CardKey) -> Card {
        self.get(key).map_or_else(|| Card::unread(key.clone()), |card| self.copy(&card))
    }

    /// Takes in cards of a roster: what was read of them before stays, but the roster's words win.
    pub(super) fn merge_roster(&self, roster: Vec<Card>) {
        let mut known = self.cards();
        for card in roster {
            let merged = match known.remove(&card.key) {
                Some(older) => card.over(self.take(older)),
                None => card,
            };
            known.insert(merged.key.clone(), Arc::new(merged));
        }
    }

    /// Merges readings into what is known.
    pub(super) fn merge(&self, read: Vec<Card>) -> Merged {
        let mut merged = Merged { cards: Vec::with_capacity(read.len()), unsaved: Vec::new() };
        let mut known = self.cards();
        let saved_at = self.saved_at();
        for card in read {
            let older = known.remove(&card.key);
            let mut card = match &older {
                Some(older) => card.over(self.copy(older)),
                None => card,
            };
            if card.currency.is_none() {
                let figures = card.balance.value().copied().unwrap_or_default();
                card.currency = figures.available.or(figures.current).map(Money::currency);
            }
            let age = saved_at
                .get(&card.key)
                .zip(card.balance.at())
                .map(|(saved, at)| at.duration_since(*saved));
            let same = older.is_some_and(|older| would_be_saved_alike(&older, &card));
            if !(same && age.is_some_and(|age| age < SAVED_AGAIN)) {
                merged.unsaved.push(self.copy(&card));
            }
            merged.cards.push(self.copy(&card));
            known.insert(card.key.clone(), Arc::new(card));
        }
        merged
    }

    /// Notes that the data file has these cards.
    pub(super) fn note_saved(&self, cards: Vec<Card>) {
        let times = cards.into_iter().filter_map(|card| Some((card.key, card.balance.at()?)));
        self.saved_at().extend(times);
    }

    /// Marks the figures of a card as possibly old; returns a copy of it, where it is known.
    pub(super) fn make_stale(&self, key: &CardKey, why: &Arc<str>) -> Option<Card> {
        let mut known = self.cards();
        let card = Arc::make_mut(known.get_mut(key)?);
        card.balance = std::mem::take(&mut card.balance).stale(why);
        Some(self.copy(card))
    }

    /// Marks the figures of an account's cards as possibly old; whether any was not marked so.
    pub(super) fn make_all_stale(&self, id: &ProviderId, why: &Arc<str>) -> bool {
        let mut changed = false;
        for card in self.cards().values_mut().filter(|card| card.key.provider == *id) {
            if card.balance.why_stale() != Some(why) {
                let card = Arc::make_mut(card);
                card.balance = std::mem::take(&mut card.balance).stale(why);
                changed = true;
            }
        }
        changed
    }

    /// The clock was set back: an account's figures are possibly old and dated no later than now,
    /// so that they do not outdo what is read from now on. Returns copies of the cards.
    pub(super) fn clock_went_back(
        &self,
        id: &ProviderId,
        why: &Arc<str>,
        now: Timestamp,
    ) -> Vec<Card> {
        let mut cards = Vec::new();
        for known in self.cards().values_mut().filter(|card| card.key.provider == *id) {
            let mut card = self.copy(known);
            card.balance = std::mem::take(&mut card.balance).stale(why);
            let card = card.not_after(now);
            *known = Arc::new(self.copy(&card));
            cards.push(card);
        }
        self.saved_at().retain(|key, _| key.provider != *id);
        cards
    }

    /// The card itself where nobody else holds it, else a copy.
    fn take(&self, card: Arc<Card>) -> Card {
        Arc::try_unwrap(card).unwrap_or_else(|shared| self.copy(&shared))
    }
}

/// Whether the data file would have the same of both cards, but for the times.
fn would_be_saved_alike(older: &Card, card: &Card) -> bool {
    let with_older_times =
        || Card { balance: older.balance.clone(), state_at: older.state_at, ..card.clone() };
    older.balance.value() == card.balance.value() && *older == with_older_times()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn card(id: &str) -> Card {
        Card::unread(CardKey::new(&ProviderId::new("acme"), id))
    }

    #[test]
    fn handing_out_and_counting_cards_copies_none() {
        let book = CardBook::of((0..500).map(|id| card(&id.to_string())));
        let acme = ProviderId::new("acme");
        assert_eq!((book.of_provider(&acme).len(), book.count(&acme)), (500, 500));
        assert!(book.get(&card("7").key).is_some());
        assert_eq!(book.copied(), 0);
    }

    #[test]
    fn a_reading_copies_the_cards_that_it_read_and_no_others() {
        let book = CardBook::of((0..500).map(|id| card(&id.to_string())));
        let plan = book.of_provider(&ProviderId::new("acme"));
        let merged = book.merge(vec![card("1"), card("2")]);
        assert_eq!((merged.cards.len(), merged.unsaved.len()), (2, 2));
        assert!(book.copied() <= 2 * 3, "{} copies of two cards", book.copied());
        drop(plan);
    }
}
