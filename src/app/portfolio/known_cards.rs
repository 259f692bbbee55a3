//! Every card that is known, by identity.

use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;

use hashbrown::HashTable;
use hashbrown::hash_table::Entry;

use crate::domain::card::{Card, CardKey, ProviderId};

/// The cards, in no order. Each is found by the key that it has itself, so that no key is kept
/// twice, and with one look: a frame looks for some hundred.
#[derive(Clone, Debug, Default)]
pub struct KnownCards {
    cards: HashTable<Arc<Card>>,
    hasher: RandomState,
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

    /// The card of a key.
    #[must_use]
    pub fn get(&self, key: &CardKey) -> Option<&Arc<Card>> {
        self.cards.find(self.hasher.hash_one(key), |card| card.key == *key)
    }

    /// Whether a card is known.
    #[must_use]
    pub fn contains_key(&self, key: &CardKey) -> bool {
        self.get(key).is_some()
    }

    /// All of them.
    pub fn values(&self) -> impl ExactSizeIterator<Item = &Arc<Card>> {
        self.cards.iter()
    }

    /// Those of one account. Looks at all.
    pub fn of_provider<'a>(
        &'a self,
        provider: &'a ProviderId,
    ) -> impl Iterator<Item = &'a Arc<Card>> {
        self.values().filter(move |card| card.key.provider == *provider)
    }

    /// Takes a card in; the one that it takes the place of.
    pub(super) fn insert(&mut self, card: Arc<Card>) -> Option<Arc<Card>> {
        let Self { cards, hasher } = self;
        let hash = hasher.hash_one(&card.key);
        let hash_of = |card: &Arc<Card>| hasher.hash_one(&card.key);
        match cards.entry(hash, |known| known.key == card.key, hash_of) {
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
        let mut card = Card::clone(self.get(key).expect("the card of the test"));
        change(&mut card);
        self.insert(Arc::new(card));
    }
}
