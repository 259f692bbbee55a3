//! Which cards are noted for the first frame of the next start.

use std::hash::{DefaultHasher, Hash, Hasher};

use jiff::{SignedDuration, Timestamp};

use super::index::Index;
use super::sort::Order;
use crate::domain::card::CardKey;

/// How many cards are noted: more than a screen has rows.
const CARDS: usize = 200;

/// Least time between two notes: the order of attention changes all the time.
const BETWEEN: SignedDuration = SignedDuration::from_mins(1);

/// What was noted last.
#[derive(Debug, Default)]
pub(super) struct Front {
    at: Option<Timestamp>,
    /// Hash of the cards, in order.
    hash: u64,
}

impl Front {
    /// The first cards in the order of a start, where they are to be noted: others than before, at
    /// most once a minute.
    pub(super) fn changed(&mut self, index: &Index, now: Timestamp) -> Option<Vec<CardKey>> {
        let is_due = self.at.is_none_or(|at| now.duration_since(at).abs() >= BETWEEN);
        if !is_due || index.order() != Order::default() || index.total() <= CARDS {
            return None;
        }
        self.at = Some(now);
        let first: Vec<CardKey> = index.first_placed(CARDS).collect();
        let mut hasher = DefaultHasher::new();
        first.hash(&mut hasher);
        let before = std::mem::replace(&mut self.hash, hasher.finish());
        (self.hash != before).then_some(first)
    }
}
