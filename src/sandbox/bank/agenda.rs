//! What happens by itself later, in the order of its time.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rust_decimal::Decimal;

use super::CardState;

/// Events that are due at a time. Two of the same time happen in the order in which they were
/// scheduled.
#[derive(Debug, Default)]
pub(super) struct Agenda {
    events: BTreeMap<(Timestamp, u64), Event>,
    scheduled: u64,
}

/// Something that happens by itself later. Rows and cards are named by position.
#[derive(Clone, Copy, Debug)]
pub(super) enum Event {
    /// A hold is booked for this sum.
    Clear {
        row: usize,
        sum: Decimal,
    },
    Reverse {
        row: usize,
    },
    Refund {
        row: usize,
    },
    /// The money of a top-up arrives.
    Credit {
        row: usize,
    },
    State {
        card: usize,
        to: CardState,
        /// The task that the answer to a request named.
        task: Option<u64>,
    },
    Close {
        card: usize,
        task: Option<u64>,
    },
    /// A hold leaves the lists.
    Vanish {
        row: usize,
    },
    /// A hold leaves the lists and is booked as another row.
    Replace {
        row: usize,
        sum: Decimal,
    },
    /// The scenario that declines for one reason after the other.
    Decline {
        turn: usize,
    },
    /// The scenario in which another system tops up one card after the other.
    ForeignTopUp {
        turn: usize,
    },
    /// Another system makes the same top-up as this one of ours.
    RepeatTopUp {
        row: usize,
    },
}

/// How soon a purchase is cleared.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Clearing {
    /// Within hours, as in the days before the start.
    Historic,
    /// Within two minutes, so that whoever watches the board sees it.
    Live,
    /// Only when the caller clears it.
    Manual,
}

impl Agenda {
    pub(super) fn schedule(&mut self, at: Timestamp, event: Event) {
        self.scheduled += 1;
        self.events.insert((at, self.scheduled), event);
    }

    /// Time of the next event.
    pub(super) fn next_at(&self) -> Option<Timestamp> {
        self.events.first_key_value().map(|(&(at, _), _)| at)
    }

    pub(super) fn take_next(&mut self) -> Option<(Timestamp, Event)> {
        self.events.pop_first().map(|((at, _), event)| (at, event))
    }

    /// Drops what was to happen to these rows; top-ups still arrive.
    pub(super) fn forget_rows(&mut self, of: impl Fn(usize) -> bool) {
        self.events.retain(|_, event| match event {
            Event::Clear { row, .. }
            | Event::Reverse { row }
            | Event::Refund { row }
            | Event::Vanish { row }
            | Event::Replace { row, .. }
            | Event::RepeatTopUp { row } => !of(*row),
            Event::Credit { .. }
            | Event::State { .. }
            | Event::Close { .. }
            | Event::Decline { .. }
            | Event::ForeignTopUp { .. } => true,
        });
    }

    /// Follows rows to their new positions.
    pub(super) fn renumber_rows(&mut self, new_position: impl Fn(usize) -> usize) {
        for event in self.events.values_mut() {
            match event {
                Event::Clear { row, .. }
                | Event::Reverse { row }
                | Event::Refund { row }
                | Event::Credit { row }
                | Event::Vanish { row }
                | Event::Replace { row, .. }
                | Event::RepeatTopUp { row } => *row = new_position(*row),
                Event::State { .. }
                | Event::Close { .. }
                | Event::Decline { .. }
                | Event::ForeignTopUp { .. } => {}
            }
        }
    }

    /// Puts the arrival of the newest top-up that is on its way off by `delay` milliseconds; its
    /// row.
    pub(super) fn delay_newest_credit(&mut self, delay: u64) -> Option<usize> {
        let on_the_way = self.events.iter().filter_map(|(key, event)| match event {
            Event::Credit { row } => Some((*row, *key)),
            Event::Clear { .. }
            | Event::Reverse { .. }
            | Event::Refund { .. }
            | Event::State { .. }
            | Event::Close { .. }
            | Event::Vanish { .. }
            | Event::Replace { .. }
            | Event::Decline { .. }
            | Event::ForeignTopUp { .. }
            | Event::RepeatTopUp { .. } => None,
        });
        let (row, key) = on_the_way.max()?;
        let event = self.events.remove(&key)?;
        self.schedule(super::after(key.0, delay), event);
        Some(row)
    }
}
