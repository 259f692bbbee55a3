//! The transactions in memory and older ones that were found in the data file, as one list.

use jiff::Timestamp;

use crate::app::list::Direction;
use crate::ledger::{Found, Order, OrderBy, RowKey};

/// Both lists, one behind the other.
#[derive(Clone, Copy, Debug)]
pub(super) struct Joined<'a> {
    first: &'a Found,
    second: &'a Found,
}

impl<'a> Joined<'a> {
    /// What is older stands behind what is in memory, also where rows are not sorted by time: each
    /// list then has the order for itself. It stands before it where the oldest is the first.
    pub(super) const fn new(in_memory: &'a Found, older: &'a Found, order: Order) -> Self {
        match (order.by, order.descending) {
            (OrderBy::Time, false) => Self { first: older, second: in_memory },
            _ => Self { first: in_memory, second: older },
        }
    }

    pub(super) fn len(self) -> usize {
        self.first.len() + self.second.len()
    }

    /// The list of an index, and the index there.
    fn part(self, index: usize) -> (&'a Found, usize) {
        match index.checked_sub(self.first.len()) {
            Some(behind) => (self.second, behind),
            None => (self.first, index),
        }
    }

    pub(super) fn key(self, index: usize) -> Option<RowKey> {
        let (found, index) = self.part(index);
        found.ledger().key(found.nth(index)?)
    }

    pub(super) fn at(self, index: usize) -> Option<Timestamp> {
        let (found, index) = self.part(index);
        found.ledger().at(found.nth(index)?)
    }

    pub(super) fn index(self, key: &RowKey) -> Option<usize> {
        let rank = |found: &Found| found.rank(found.ledger().position(key)?).ok();
        let behind = || Some(self.first.len() + rank(self.second)?);
        rank(self.first).or_else(behind)
    }

    /// The next row from an index on, itself included, that is among those that were found there:
    /// by time, each in the part of the same place.
    pub(super) fn next(
        self,
        from: usize,
        direction: Direction,
        among: Self,
        order: Order,
    ) -> Option<usize> {
        let before = self.first.len();
        let in_first = |from| next(self.first, from, direction, among.first, order);
        let in_second =
            |from| Some(before + next(self.second, from, direction, among.second, order)?);
        match (direction, from.checked_sub(before)) {
            (Direction::Forward, Some(from)) => in_second(from),
            (Direction::Forward, None) => in_first(from).or_else(|| in_second(0)),
            (Direction::Backward, Some(from)) => {
                in_second(from).or_else(|| in_first(before.checked_sub(1)?))
            }
            (Direction::Backward, None) => in_first(from),
        }
    }
}

fn next(
    found: &Found,
    from: usize,
    direction: Direction,
    among: &Found,
    order: Order,
) -> Option<usize> {
    if order != Order::default() {
        let is_among =
            |index: &usize| found.nth(*index).is_some_and(|position| among.rank(position).is_ok());
        return match direction {
            Direction::Forward => (from..found.len()).find(is_among),
            Direction::Backward => (0..=from).rev().find(is_among),
        };
    }
    let place = among.rank(found.nth(from)?);
    let next = match direction {
        Direction::Forward => among.nth(place.unwrap_or_else(|place| place))?,
        Direction::Backward => {
            among.nth(place.or_else(|place| place.checked_sub(1).ok_or(())).ok()?)?
        }
    };
    found.rank(next).ok()
}
