//! Whether rows come newest first, which tells how far back a list is known whose end was not
//! reached.

use jiff::Timestamp;

use super::Page;
use super::row::ListRow;

/// So many rows have to come newest first before that is taken for the list's order.
const CONVINCING: usize = 5;

/// The times of the rows of one page, or of several in their order.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Order {
    /// Of the first row and of the last.
    bounds: Option<(Timestamp, Timestamp)>,
    rows: usize,
    /// A row came that is newer than one before it, or that has no time.
    is_broken: bool,
}

impl Order {
    pub(super) fn of<T: ListRow>(page: &Page<T>) -> Self {
        let mut order = Self::default();
        for row in &page.items {
            match row.time() {
                Some(at) => {
                    let one = Self { bounds: Some((at, at)), rows: 1, is_broken: false };
                    order = order.followed_by(one);
                }
                None => order.is_broken = true,
            }
        }
        order
    }

    /// The rows of another page behind these.
    pub(super) fn followed_by(self, next: Self) -> Self {
        let (bounds, steps_up) = match (self.bounds, next.bounds) {
            (Some((first, last)), Some((newer, oldest))) => (Some((first, oldest)), newer > last),
            (one, other) => (one.or(other), false),
        };
        let is_broken = self.is_broken || next.is_broken || steps_up;
        Self { bounds, rows: self.rows + next.rows, is_broken }
    }

    /// Whether all rows are of the same time.
    pub(super) fn is_one_moment(self) -> bool {
        !self.is_broken && self.bounds.is_some_and(|(newest, oldest)| newest == oldest)
    }

    /// When the oldest row happened, where enough rows came newest first: every row that is newer
    /// has come.
    pub(super) fn oldest(self) -> Option<Timestamp> {
        let (newest, oldest) = self.bounds?;
        (!self.is_broken && self.rows >= CONVINCING && newest > oldest).then_some(oldest)
    }
}
