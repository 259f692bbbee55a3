//! The rows by the time that is written in them, so that a page of a long list costs a page.

use std::collections::HashMap;

use jiff::Timestamp;

use super::{Row, Window};

/// The rows of all cards and of each, the oldest first; of one time in the order in which they were
/// written.
#[derive(Debug, Default)]
pub(super) struct Order {
    of_all: Vec<Entry>,
    of_card: HashMap<usize, Vec<Entry>>,
    /// Whether it is kept: not while a bank's history is made up, whose rows come in any order.
    is_kept: bool,
}

/// When a row happened, and its position.
type Entry = (Timestamp, usize);

impl Order {
    /// Of these rows, and of those that come from now on.
    pub(super) fn of(rows: &[Row]) -> Self {
        let mut order = Self { is_kept: true, ..Self::default() };
        for row in rows {
            order.of_all.push(entry(row));
            order.of_card.entry(row.card).or_default().push(entry(row));
        }
        order.of_all.sort_unstable();
        order.of_card.values_mut().for_each(|rows| rows.sort_unstable());
        order
    }

    /// Puts a row that was written in its place.
    pub(super) fn put(&mut self, row: &Row) {
        if !self.is_kept {
            return;
        }
        for rows in [&mut self.of_all, self.of_card.entry(row.card).or_default()] {
            let place = rows.partition_point(|known| *known < entry(row));
            rows.insert(place, entry(row));
        }
    }

    /// Takes out a row, before it gets another time.
    pub(super) fn take_out(&mut self, row: &Row) {
        for rows in [&mut self.of_all, self.of_card.entry(row.card).or_default()] {
            if let Ok(place) = rows.binary_search(&entry(row)) {
                rows.remove(place);
            }
        }
    }

    /// The positions of the rows of one card, or of all, that happened in a window; the newest
    /// first.
    pub(super) fn newest_first(
        &self,
        card: Option<usize>,
        window: Window,
    ) -> impl Iterator<Item = usize> {
        let rows = match card {
            None => self.of_all.as_slice(),
            Some(card) => self.of_card.get(&card).map_or(&[][..], Vec::as_slice),
        };
        let begin = rows.partition_point(|(at, _)| window.from.is_some_and(|from| *at < from));
        let end = rows.partition_point(|(at, _)| window.to.is_none_or(|to| *at <= to));
        rows.get(begin..end).unwrap_or_default().iter().rev().map(|(_, position)| *position)
    }
}

const fn entry(row: &Row) -> Entry {
    (row.at, row.position)
}
