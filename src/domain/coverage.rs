//! Which stretches of time of a list of transactions were read completely.
//!
//! What a list has of a time says nothing of how much of it was read: a quiet week and an unread
//! one look the same. So the stretches themselves are kept, and whoever shows, sums or prints rows
//! says from them what they cover.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

/// A stretch of time, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Stretch {
    /// The oldest time.
    pub from: Timestamp,
    /// The newest time.
    pub to: Timestamp,
}

impl Stretch {
    /// From the one time to the other; none where that is before it.
    #[must_use]
    pub fn new(from: Timestamp, to: Timestamp) -> Option<Self> {
        (from <= to).then_some(Self { from, to })
    }

    /// How long it is.
    #[must_use]
    pub fn length(self) -> SignedDuration {
        self.to.duration_since(self.from)
    }

    /// Whether a time is in it.
    #[must_use]
    pub fn includes(self, at: Timestamp) -> bool {
        self.from <= at && at <= self.to
    }
}

/// A stretch that was asked for and cannot be had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lost {
    /// Which one.
    pub stretch: Stretch,
    /// Why, in words without the provider's name.
    pub why: Arc<str>,
}

/// The stretches of time of one list that were read completely.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
    /// Oldest first; no two touch.
    read: Vec<Stretch>,
    /// Oldest first. What is read later is no longer lost.
    lost: Vec<Lost>,
}

impl Coverage {
    /// Of these stretches, in any order.
    pub fn of(stretches: impl IntoIterator<Item = Stretch>) -> Self {
        let mut coverage = Self::default();
        stretches.into_iter().for_each(|stretch| coverage.add(stretch));
        coverage
    }

    /// A stretch was read completely.
    pub fn add(&mut self, stretch: Stretch) {
        let first = self.read.partition_point(|known| known.to < stretch.from);
        let after = self.read.partition_point(|known| known.from <= stretch.to);
        let joined = self.read.drain(first..after).fold(stretch, |joined, known| Stretch {
            from: joined.from.min(known.from),
            to: joined.to.max(known.to),
        });
        self.read.insert(first, joined);
        self.lost.retain(|lost| {
            !(stretch.includes(lost.stretch.from) && stretch.includes(lost.stretch.to))
        });
    }

    /// A stretch was asked for and cannot be had.
    pub fn lose(&mut self, mut lost: Lost) {
        // Neighbours with the same reason are one.
        self.lost.retain(|known| {
            let touches = known.stretch.from <= lost.stretch.to
                && lost.stretch.from <= known.stretch.to
                && known.why == lost.why;
            if touches {
                lost.stretch.from = lost.stretch.from.min(known.stretch.from);
                lost.stretch.to = lost.stretch.to.max(known.stretch.to);
            }
            !touches
        });
        let at = self.lost.partition_point(|known| known.stretch < lost.stretch);
        self.lost.insert(at, lost);
    }

    /// What another one has is read, too.
    pub fn join(&mut self, other: &Self) {
        other.read.iter().for_each(|stretch| self.add(*stretch));
    }

    /// Forgets what lies after a time: it was read by a clock that was ahead.
    pub fn cut_after(&mut self, at: Timestamp) {
        self.read.retain(|stretch| stretch.from <= at);
        if let Some(newest) = self.read.last_mut() {
            newest.to = newest.to.min(at);
        }
    }

    /// The stretches that were read, oldest first.
    #[must_use]
    pub fn stretches(&self) -> &[Stretch] {
        &self.read
    }

    /// What cannot be had, oldest first.
    #[must_use]
    pub fn lost(&self) -> &[Lost] {
        &self.lost
    }

    /// Up to when anything was read.
    #[must_use]
    pub fn newest(&self) -> Option<Timestamp> {
        self.read.last().map(|stretch| stretch.to)
    }

    /// Whether a time is in a stretch that was read.
    #[must_use]
    pub fn includes(&self, at: Timestamp) -> bool {
        let index = self.read.partition_point(|stretch| stretch.to < at);
        self.read.get(index).is_some_and(|stretch| stretch.includes(at))
    }

    /// The stretch that is known without a gap up to the newest reading, but for what cannot be
    /// had.
    #[must_use]
    pub fn complete(&self) -> Option<Stretch> {
        let (newest, older) = self.read.split_last()?;
        let mut complete = *newest;
        for stretch in older.iter().rev() {
            let between = Stretch { from: stretch.to, to: complete.from };
            if !self.is_lost(between) {
                break;
            }
            complete.from = stretch.from;
        }
        Some(complete)
    }

    /// The newest stretch after `from` and before the newest reading that is neither read nor
    /// lost: what is to be read next.
    #[must_use]
    pub fn newest_gap(&self, from: Timestamp) -> Option<Stretch> {
        let complete = self.complete()?;
        let older = self.read.partition_point(|stretch| stretch.to < complete.from);
        let before = older.checked_sub(1).and_then(|index| self.read.get(index));
        let begins = before.map_or(from, |before| before.to.max(from));
        let gap = Stretch::new(begins, complete.from).filter(|gap| gap.from < gap.to)?;
        self.without_lost(gap)
    }

    /// From the oldest to the newest time of a stretch that was read.
    #[must_use]
    pub fn read_within(&self, of: Stretch) -> Option<Stretch> {
        let clipped = |known: &Stretch| {
            Stretch::new(known.from.max(of.from), known.to.min(of.to))
                .filter(|part| part.from < part.to)
        };
        let mut parts = self.read.iter().filter_map(clipped);
        let first = parts.next()?;
        Some(Stretch { from: first.from, to: parts.last().unwrap_or(first).to })
    }

    /// How much of a stretch is neither read nor lost.
    #[must_use]
    pub fn missing(&self, of: Stretch) -> SignedDuration {
        let mut missing = SignedDuration::ZERO;
        let mut from = of.from;
        for stretch in self.read.iter().filter(|read| read.to > of.from && read.from < of.to) {
            if stretch.from > from && !self.is_lost(Stretch { from, to: stretch.from }) {
                missing += stretch.from.duration_since(from);
            }
            from = from.max(stretch.to);
        }
        if from < of.to && !self.is_lost(Stretch { from, to: of.to }) {
            missing += of.to.duration_since(from);
        }
        missing
    }

    /// The part of a gap before what of it is lost at its newer end.
    fn without_lost(&self, gap: Stretch) -> Option<Stretch> {
        let mut to = gap.to;
        for lost in self.lost.iter().rev() {
            if lost.stretch.to >= to && lost.stretch.from < to {
                to = lost.stretch.from;
            }
        }
        Stretch::new(gap.from, to).filter(|gap| gap.from < gap.to)
    }

    /// Whether all of a stretch is lost.
    fn is_lost(&self, stretch: Stretch) -> bool {
        self.without_lost(stretch).is_none()
    }
}

/// What is known of the history of an account, or of a card, for a person.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Covered {
    /// The stretch that is known without a gap up to the newest reading; of several lists the one
    /// that all of them have. `None` while one of them was never read.
    pub complete: Option<Stretch>,
    /// How far back it is wanted.
    pub wanted: Option<Timestamp>,
    /// What is still to be read of it.
    pub left: Option<Left>,
    /// What cannot be had of it.
    pub lost: Vec<Lost>,
}

/// What is still to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Left {
    /// How much time of all lists together.
    pub time: SignedDuration,
    /// Until it is read, at the pace so far; `None` while none is known.
    pub ends_in: Option<SignedDuration>,
}

impl Covered {
    /// Of two accounts or cards that are shown as one: what either misses is missing.
    #[must_use]
    pub fn joined(mut self, other: Self) -> Self {
        self.complete = self
            .complete
            .zip(other.complete)
            .and_then(|(one, two)| Stretch::new(one.from.max(two.from), one.to.min(two.to)));
        self.wanted = self.wanted.min(other.wanted);
        self.left = match (self.left, other.left) {
            (Some(one), Some(two)) => Some(Left {
                time: one.time.saturating_add(two.time),
                ends_in: one.ends_in.zip(two.ends_in).map(|(one, two)| one.max(two)),
            }),
            (one, two) => one.or(two),
        };
        self.lost.extend(other.lost);
        self
    }

    /// Whether everything from a time on is known.
    #[must_use]
    pub fn reaches(&self, since: Timestamp) -> bool {
        self.complete.is_some_and(|complete| complete.from <= since)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).expect("a time of the test")
    }

    fn stretch(from: i64, to: i64) -> Stretch {
        Stretch::new(at(from), at(to)).expect("in order")
    }

    fn lost(from: i64, to: i64) -> Lost {
        Lost { stretch: stretch(from, to), why: "too many in one second".into() }
    }

    #[test]
    fn a_gap_is_known_until_it_is_read() {
        let mut coverage = Coverage::of([stretch(0, 10), stretch(50, 60)]);
        assert_eq!(coverage.complete(), Some(stretch(50, 60)));
        assert_eq!(coverage.newest_gap(at(-100)), Some(stretch(10, 50)));
        assert_eq!(coverage.missing(stretch(-100, 60)).as_secs(), 140);
        assert_eq!(coverage.read_within(stretch(-5, 55)), Some(stretch(0, 55)));
        assert_eq!(coverage.read_within(stretch(10, 50)), None);
        coverage.add(stretch(30, 50));
        assert_eq!(coverage.newest_gap(at(-100)), Some(stretch(10, 30)));
        coverage.add(stretch(5, 30));
        assert_eq!(coverage.complete(), Some(stretch(0, 60)));
        assert_eq!(coverage.newest_gap(at(-100)), Some(stretch(-100, 0)));
        assert_eq!(coverage.newest_gap(at(0)), None);
    }

    #[test]
    fn what_cannot_be_had_is_passed_over_and_said() {
        let mut coverage = Coverage::of([stretch(50, 60)]);
        coverage.lose(lost(49, 50));
        assert_eq!(coverage.newest_gap(at(0)), Some(stretch(0, 49)));
        coverage.add(stretch(0, 49));
        assert_eq!(coverage.complete(), Some(stretch(0, 60)));
        assert_eq!((coverage.newest_gap(at(0)), coverage.lost().len()), (None, 1));
        assert!(coverage.missing(stretch(0, 60)).is_zero());
        coverage.add(stretch(48, 51));
        assert!(coverage.lost().is_empty(), "it was read after all");
    }

    #[test]
    fn what_a_clock_that_was_ahead_read_does_not_count() {
        let mut coverage = Coverage::of([stretch(0, 10), stretch(50, 60)]);
        coverage.cut_after(at(55));
        assert_eq!(coverage.newest(), Some(at(55)));
        coverage.cut_after(at(20));
        assert_eq!(coverage.stretches(), [stretch(0, 10)]);
    }

    #[test]
    fn of_two_accounts_what_both_have_is_known() {
        let covered = |from, to| Covered {
            complete: Some(stretch(from, to)),
            wanted: Some(at(0)),
            left: None,
            lost: Vec::new(),
        };
        let both = covered(10, 60).joined(covered(20, 50));
        assert_eq!(both.complete, Some(stretch(20, 50)));
        assert!(both.reaches(at(20)) && !both.reaches(at(19)));
        assert_eq!(covered(10, 60).joined(Covered::default()).complete, None);
    }

    proptest! {
        #[test]
        fn a_second_is_covered_exactly_when_a_stretch_had_it(
            stretches in proptest::collection::vec((0_i64..80, 0_i64..15), 0..12),
        ) {
            let stretches: Vec<Stretch> =
                stretches.iter().map(|(from, length)| stretch(*from, from + length)).collect();
            let coverage = Coverage::of(stretches.iter().copied());
            for second in 0..100 {
                let had = stretches.iter().any(|stretch| stretch.includes(at(second)));
                prop_assert_eq!(coverage.includes(at(second)), had);
            }
            let apart = coverage.stretches().windows(2).all(|pair| pair[0].to < pair[1].from);
            prop_assert!(apart);
            // Filled gap by gap, newest first, it ends complete.
            let mut filled = coverage;
            for _ in 0..20 {
                let Some(gap) = filled.newest_gap(at(-5)) else { break };
                filled.add(gap);
            }
            if let Some(complete) = filled.complete() {
                prop_assert!(complete.from <= at(-5));
            }
        }
    }
}
