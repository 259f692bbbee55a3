//! Which cards are noted for the first frame of the next start.

use std::hash::{DefaultHasher, Hash, Hasher};

use jiff::{SignedDuration, Timestamp};

use super::index::Index;
use super::sort::Order;
use crate::domain::card::CardKey;
use crate::engine::FIRST_CARDS;

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
        let count = usize::try_from(FIRST_CARDS).unwrap_or(usize::MAX);
        if !is_due || index.order() != Order::default() || index.total() <= count {
            return None;
        }
        self.at = Some(now);
        let first: Vec<CardKey> = index.first_placed(count).collect();
        let mut hasher = DefaultHasher::new();
        first.hash(&mut hasher);
        let before = std::mem::replace(&mut self.hash, hasher.finish());
        (self.hash != before).then_some(first)
    }
}
