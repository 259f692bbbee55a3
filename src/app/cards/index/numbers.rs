//! How the number of a card is found by its key.

use std::hash::{BuildHasher as _, RandomState};

use hashbrown::HashTable;

use crate::domain::card::{CardKey, CardRecord};

/// The numbers by the keys of their cards, which somebody else has.
#[derive(Debug, Default)]
pub(super) struct Numbers {
    numbers: HashTable<u32>,
    hasher: RandomState,
}

impl Numbers {
    /// The number of a key, where there is one.
    pub(super) fn find<'a>(
        &self,
        key: &CardKey,
        card: impl Fn(u32) -> Option<&'a CardRecord>,
    ) -> Option<u32> {
        let is_it = |number: &u32| card(*number).is_some_and(|card| card.has_key(key));
        self.numbers.find(self.hasher.hash_one((&key.provider, &key.id)), is_it).copied()
    }

    /// Takes in a number whose key has none yet.
    pub(super) fn add<'a>(&mut self, number: u32, card: impl Fn(u32) -> Option<&'a CardRecord>) {
        let Self { numbers, hasher } = self;
        let hash_of = |number: &u32| {
            card(*number).map_or(0, |card| hasher.hash_one((card.provider(), card.id())))
        };
        numbers.insert_unique(hash_of(&number), number, hash_of);
    }
}
