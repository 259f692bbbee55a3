//! How much is done for a key, an event or a frame, counted in tests only.
//!
//! Time depends on the machine, counts do not: a test that asserts them fails when the work begins
//! to grow with the data where it grew with the screen only.

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Work {
    /// A row of a table was turned into words.
    RowFormatted,
    /// A card's urgency was worked out.
    CardRated,
    /// Two cards were compared for their order.
    CardCompared,
    /// A card was looked at in a walk through all of them.
    CardVisited,
    /// A transaction or operation was looked at in a walk through many of them.
    HistoryVisited,
    /// A row of one card was looked at in its columns, in a walk through all rows of the card.
    CardRowRead,
    /// A transaction was made of its columns to be asked what those cannot answer.
    TransactionAsked,
    /// The name of a card's holder was asked for, to be looked for among others.
    HolderAsked,
}

#[cfg(not(test))]
pub(crate) const fn count(_: Work) {}

#[cfg(test)]
pub(crate) use counted::{Counts, count, counted};

#[cfg(test)]
mod counted {
    use std::cell::RefCell;
    use std::collections::BTreeMap;

    use super::Work;

    thread_local! {
        static COUNTS: RefCell<BTreeMap<Work, usize>> = const { RefCell::new(BTreeMap::new()) };
    }

    pub(crate) fn count(work: Work) {
        COUNTS.with_borrow_mut(|counts| *counts.entry(work).or_default() += 1);
    }

    /// What was done, by kind.
    #[derive(Debug)]
    pub(crate) struct Counts(BTreeMap<Work, usize>);

    impl Counts {
        pub(crate) fn of(&self, work: Work) -> usize {
            self.0.get(&work).copied().unwrap_or(0)
        }
    }

    /// Does something and counts what it takes.
    pub(crate) fn counted(run: impl FnOnce()) -> Counts {
        COUNTS.take();
        run();
        Counts(COUNTS.take())
    }
}
