//! Every card that is known, by identity.

use std::collections::BTreeMap;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;

use hashbrown::HashTable;
use hashbrown::hash_table::Entry;

use crate::domain::card::{Card, CardKey, CardRecord, NOT_READ_YET, ProviderId};

/// The cards, in no order. Each is found by the key that it has itself, so that no key is kept
/// twice, and with one look: a frame looks for some hundred.
#[derive(Clone, Debug, Default)]
pub struct KnownCards {
    cards: HashTable<Arc<CardRecord>>,
    hasher: RandomState,
    /// Why figures may be old that are so as all of their account.
    why_stale: BTreeMap<ProviderId, Arc<str>>,
}

impl KnownCards {
    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.cards.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.cards.is_empty()
    }

    /// The card of a key, made from what is kept of it.
    #[must_use]
    pub fn get(&self, key: &CardKey) -> Option<Card> {
        let record = self.record(key)?;
        if !record.is_stale_as_account() {
            return Some(record.card());
        }
        let why = self.why_stale.get(&key.provider).cloned();
        Some(record.card_with(&why.unwrap_or_else(|| NOT_READ_YET.into())))
    }

    /// What is kept of the card of a key: for one who asks for little of it, or of many.
    #[must_use]
    pub fn record(&self, key: &CardKey) -> Option<&Arc<CardRecord>> {
        let hash = self.hasher.hash_one((&key.provider, &key.id));
        self.cards.find(hash, |card| card.has_key(key))
    }

    /// Whether a card is known.
    #[must_use]
    pub fn contains_key(&self, key: &CardKey) -> bool {
        self.record(key).is_some()
    }

    /// All of them.
    pub fn values(&self) -> impl ExactSizeIterator<Item = &Arc<CardRecord>> {
        self.cards.iter()
    }

    /// Notes why the figures of an account may be old.
    pub(super) fn note_why_stale(&mut self, provider: &ProviderId, why: &Arc<str>) {
        self.why_stale.insert(provider.clone(), Arc::clone(why));
    }

    /// Takes a card in; the one that it takes the place of.
    pub(super) fn insert(&mut self, card: Arc<CardRecord>) -> Option<Arc<CardRecord>> {
        let Self { cards, hasher, .. } = self;
        let hash_of = |card: &Arc<CardRecord>| hasher.hash_one((card.provider(), card.id()));
        let is_it = |known: &Arc<CardRecord>| known.compare_keys(&card).is_eq();
        match cards.entry(hash_of(&card), is_it, hash_of) {
            Entry::Occupied(mut known) => Some(std::mem::replace(known.get_mut(), card)),
            Entry::Vacant(place) => {
                place.insert(card);
                None
            }
        }
    }

    /// Changes a card, which must be known.
    #[cfg(test)]
    pub(crate) fn change(&mut self, key: &CardKey, change: impl FnOnce(&mut Card)) {
        let mut card = self.get(key).expect("the card of the test");
        change(&mut card);
        self.insert(Arc::new(card.into()));
    }
}
