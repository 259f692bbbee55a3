//! Every card that is known, by identity.

use std::borrow::Borrow;
use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::sync::Arc;

use crate::domain::card::{Card, CardKey, ProviderId};

/// The cards, in the order of their keys. Each is found by the key that it has itself, so that no
/// key is kept twice.
#[derive(Clone, Debug, Default)]
pub struct KnownCards(BTreeSet<ByKey>);

#[derive(Clone, Debug)]
struct ByKey(Arc<Card>);

impl Borrow<CardKey> for ByKey {
    fn borrow(&self) -> &CardKey {
        &self.0.key
    }
}

impl PartialEq for ByKey {
    fn eq(&self, other: &Self) -> bool {
        self.0.key == other.0.key
    }
}

impl Eq for ByKey {}

impl PartialOrd for ByKey {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for ByKey {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.key.cmp(&other.0.key)
    }
}

impl KnownCards {
    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The card of a key.
    #[must_use]
    pub fn get(&self, key: &CardKey) -> Option<&Arc<Card>> {
        self.0.get(key).map(|ByKey(card)| card)
    }

    /// Whether a card is known.
    #[must_use]
    pub fn contains_key(&self, key: &CardKey) -> bool {
        self.0.contains(key)
    }

    /// All of them.
    pub fn values(&self) -> impl ExactSizeIterator<Item = &Arc<Card>> {
        self.0.iter().map(|ByKey(card)| card)
    }

    /// Those of one account.
    pub fn of_provider<'a>(
        &'a self,
        provider: &'a ProviderId,
    ) -> impl Iterator<Item = &'a Arc<Card>> {
        let cards = self.0.range(CardKey::new(provider, "")..);
        cards.map(|ByKey(card)| card).take_while(move |card| card.key.provider == *provider)
    }

    /// Takes a card in; the one that it takes the place of.
    pub(super) fn insert(&mut self, card: Arc<Card>) -> Option<Arc<Card>> {
        self.0.replace(ByKey(card)).map(|ByKey(card)| card)
    }

    /// Changes a card, which must be known.
    #[cfg(test)]
    pub(crate) fn change(&mut self, key: &CardKey, change: impl FnOnce(&mut Card)) {
        let mut card = Card::clone(self.get(key).expect("the card of the test"));
        change(&mut card);
        self.insert(Arc::new(card));
    }
}
