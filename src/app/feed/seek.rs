//! To the next decline of the feed: a search of its own among the rows that are shown, so that no
//! row between the two is looked at.

use super::rows::FeedRows;
use crate::app::list::Direction;
use crate::app::portfolio::Portfolio;
use crate::app::query::{Query, Running};
use crate::contract::filter::{Rows, parse};
use crate::ledger::{Found, Order};

/// The next decline that is looked for.
#[derive(Debug, Default)]
pub(super) struct Seek {
    /// Which way, while it is looked for.
    direction: Option<Direction>,
    /// It was begun with this key.
    is_begun: bool,
    /// The declines among the rows that are shown.
    declines: Running,
    /// Those among the older ones.
    older: Running,
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sought {
    /// Nothing is looked for, or it was not found yet.
    Nothing,
    /// At this index of the list.
    At(usize),
    /// There is none that way.
    None,
}

impl Seek {
    pub(super) const fn begin(&mut self, direction: Direction) {
        (self.direction, self.is_begun) = (Some(direction), false);
    }

    /// Begins again among other rows, where something is looked for.
    pub(super) const fn restart(&mut self) {
        self.is_begun = false;
    }

    /// Looks for it no longer, and keeps nothing of it.
    pub(super) fn stop(&mut self) {
        *self = Self::default();
    }

    pub(super) const fn is_going_on(&self) -> bool {
        self.direction.is_some()
    }

    /// Looks on from the row at an index. `query` is what the rows were found with.
    pub(super) fn step(
        &mut self,
        query: &Query<'_>,
        rows: &FeedRows,
        from: usize,
        portfolio: &Portfolio,
    ) -> Sought {
        let Some(direction) = self.direction else { return Sought::Nothing };
        let declined = parse(Rows::Feed, "state:declined", portfolio.now, &portfolio.zone)
            .expect("the feed has this field, and the field this word");
        let filter = query.filter.and(&declined);
        let is_by_time = query.order == Order::default();
        let query = Query { filter: &filter, order: Order::default(), ..*query };
        if self.is_begun {
            self.declines.step(&query, portfolio);
        } else {
            self.is_begun = true;
            self.declines.renew(&query, rows.ledger(), portfolio);
            self.older.renew(&query, rows.found_older().ledger(), portfolio);
        }
        self.older.step(&query, portfolio);
        // What is older comes behind all others.
        let none = Found::default();
        let is_known = self.declines.left().is_none() && self.older.left().is_none();
        let older = if is_known { self.older.found() } else { &none };
        let declines = [self.declines.found(), older];
        let next = rows.next_trouble(from, direction, declines, portfolio);
        // Newest first is also the order in which rows are looked at: what was found is the next.
        let is_next = direction == Direction::Forward && is_by_time;
        let is_next = |index| is_next && !rows.may_follow_decline(index, self.declines.left());
        match next {
            Some(index) if self.is_done(rows) || is_next(index) => {
                self.stop();
                Sought::At(index)
            }
            None if self.is_done(rows) => {
                self.stop();
                Sought::None
            }
            Some(_) | None => Sought::Nothing,
        }
    }

    fn is_done(&self, rows: &FeedRows) -> bool {
        self.declines.left().is_none() && self.older.left().is_none() && rows.left().is_none()
    }
}
