//! Whether the rows of a pane have to be made again.
//!
//! Making rows visits everything that is known, so it is done only when something they depend on
//! has changed: the data, the minute (filters such as `since:15m` and time ranges move with it), or
//! what the operator chose. While rows are held, only the operator's choices count.

use super::portfolio::Portfolio;

/// Whether rows follow the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Movement {
    /// They do.
    Live,
    /// The screen is paused: only what the operator chooses changes the rows.
    Held,
    /// A dialog is open: no row moves under it, not even by what is still being searched.
    Fixed,
}

/// The data that rows were made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct DataVersion {
    /// The portfolio's revision of what the pane shows.
    revision: u64,
    /// Minutes since 1970; 0 for a pane whose rows do not depend on the time.
    minute: i64,
}

impl DataVersion {
    /// Of rows that depend on transactions and operations, on the holders' names, and on the time.
    pub(crate) fn of_feed(portfolio: &Portfolio) -> Self {
        let revisions = portfolio.revisions;
        Self { revision: revisions.history + revisions.holders, minute: minute(portfolio) }
    }

    /// The same, of rows to which the names make no difference where `names` says so.
    pub(crate) fn of_history(portfolio: &Portfolio, names: bool) -> Self {
        let (all, revisions) = (Self::of_feed(portfolio), portfolio.revisions);
        if names { all } else { Self { revision: revisions.history, ..all } }
    }

    /// Of rows that depend on the transactions and operations of the card that is shown, and not
    /// on the time.
    pub(crate) const fn of_shown(portfolio: &Portfolio) -> Self {
        Self { revision: portfolio.revision_of_shown(), minute: 0 }
    }
}

fn minute(portfolio: &Portfolio) -> i64 {
    portfolio.now.as_second().div_euclid(60)
}

/// What the rows of a pane were last made of; `C` is what the operator chose.
#[derive(Clone, Debug)]
pub(crate) struct Memo<C>(Option<(DataVersion, C)>);

impl<C> Default for Memo<C> {
    fn default() -> Self {
        Self(None)
    }
}

impl<C: PartialEq> Memo<C> {
    /// Whether rows have to be made of this; from now on they count as made of it.
    pub(crate) fn renew(&mut self, data: DataVersion, choices: C, movement: Movement) -> bool {
        let data = match (movement, &self.0) {
            (Movement::Held | Movement::Fixed, Some((made_of, _))) => *made_of,
            (Movement::Held | Movement::Fixed, None) | (Movement::Live, _) => data,
        };
        let sources = Some((data, choices));
        if self.0 == sources {
            return false;
        }
        self.0 = sources;
        true
    }

    /// Whether rows were made of this choice.
    pub(crate) fn is_of(&self, choices: &C) -> bool {
        self.0.as_ref().is_some_and(|(_, made_of)| made_of == choices)
    }

    /// Whether rows were made in another minute than this.
    pub(crate) fn is_of_another_minute(&self, data: DataVersion) -> bool {
        self.0.as_ref().is_some_and(|(made_of, _)| made_of.minute != data.minute)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_made_once_for_each_change_and_held_rows_for_a_choice_only() {
        let data = |revision| DataVersion { revision, minute: 7 };
        let mut memo = Memo::default();
        assert!(memo.renew(data(1), 'a', Movement::Held), "they were never made");
        assert!(!memo.renew(data(1), 'a', Movement::Live));
        assert!(memo.renew(data(2), 'a', Movement::Live));
        assert!(!memo.renew(data(3), 'a', Movement::Held));
        assert!(memo.renew(data(3), 'b', Movement::Held));
        assert!(memo.renew(data(3), 'b', Movement::Live), "what was held back");
    }
}
