//! Which stretches of time of a list of transactions were read completely.
//!
//! What a list has of a time says nothing of how much of it was read: a quiet week and an unread
//! one look the same. So the stretches themselves are kept, and whoever shows, sums or prints rows
//! says from them what they cover.

mod lost;

use jiff::{SignedDuration, Timestamp};

pub use self::lost::Lost;

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

    /// Whether another one is in it.
    #[must_use]
    pub fn has_all_of(self, other: Self) -> bool {
        self.from <= other.from && other.to <= self.to
    }
}

/// Most lost stretches of one list that are told apart.
const MOST_LOST: usize = 200;

/// The stretches of time of one list that were read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
    /// Oldest first; no two touch.
    read: Vec<Stretch>,
    /// Of which not everything came, whether they were read otherwise or not; oldest first.
    lost: Vec<Lost>,
}

impl Coverage {
    /// Of these stretches, in any order.
    pub fn of(stretches: impl IntoIterator<Item = Stretch>) -> Self {
        let mut coverage = Self::default();
        stretches.into_iter().for_each(|stretch| coverage.add(stretch));
        coverage
    }

    /// A stretch was read: what was lost of it is there now.
    pub fn add(&mut self, stretch: Stretch) {
        let first = self.read.partition_point(|known| known.to < stretch.from);
        let after = self.read.partition_point(|known| known.from <= stretch.to);
        let joined = self.read.drain(first..after).fold(stretch, |joined, known| Stretch {
            from: joined.from.min(known.from),
            to: joined.to.max(known.to),
        });
        self.read.insert(first, joined);
        if !self.lost.is_empty() {
            let lost = std::mem::take(&mut self.lost);
            let left = lost.into_iter().flat_map(|lost| lost.without(stretch));
            self.lost = left.flatten().collect();
        }
    }

    /// Of a stretch not everything came.
    pub fn lose(&mut self, mut lost: Lost) {
        // Neighbours that are asked for again together are one.
        self.lost.retain(|known| {
            let touches = known.stretch.from <= lost.stretch.to
                && lost.stretch.from <= known.stretch.to
                && known.goes_with(&lost);
            if touches {
                lost.join(known);
            }
            !touches
        });
        let at = self.lost.partition_point(|known| known.stretch < lost.stretch);
        self.lost.insert(at, lost);
        if self.lost.len() > MOST_LOST {
            self.join_nearest_lost();
        }
    }

    /// Makes one of the two lost stretches with the least between them: a list of which ever more
    /// is lost is said to lack more than it does, and not kept moment by moment.
    fn join_nearest_lost(&mut self) {
        let pairs = self.lost.windows(2).enumerate();
        let between = |(_, pair): &(usize, &[Lost])| match pair {
            [older, newer] => newer.stretch.from.duration_since(older.stretch.to),
            _ => SignedDuration::MAX,
        };
        let Some(at) = pairs.min_by_key(between).map(|(at, _)| at) else { return };
        let newer = self.lost.remove(at + 1);
        if let Some(older) = self.lost.get_mut(at) {
            older.join(&newer);
        }
    }

    /// Takes in what a reading has: what of it was read, and what of that, or beside it, was lost.
    /// What is lost once more is asked for again when that was planned, all else after a pause.
    pub fn note(&mut self, read: Option<Stretch>, lost: &[Lost], now: Timestamp) {
        let before = if lost.is_empty() { Vec::new() } else { self.lost.clone() };
        read.into_iter().for_each(|stretch| self.add(stretch));
        for mut new in lost.iter().cloned() {
            let same = |known: &&Lost| known.why == new.why && known.overlaps(new.stretch);
            match before.iter().filter(same).max_by_key(|known| known.tries) {
                Some(known) => (new.tries, new.again_at) = (known.tries, known.again_at),
                None => new.put_off(now),
            }
            self.lose(new);
        }
    }

    /// Takes in what came of a stretch that was lost: what of it was read now, and what of that is
    /// lost once more and tried again later. What is older than that is asked for at once.
    pub fn note_try(&mut self, read: Stretch, lost: &[Lost], now: Timestamp) {
        let before = self.lost.clone();
        self.add(read);
        for lost in self.lost.iter_mut().filter(|lost| lost.stretch.to == read.from) {
            (lost.tries, lost.again_at) = (0, None);
        }
        for mut new in lost.iter().cloned() {
            let same = before.iter().filter(|known| known.overlaps(new.stretch));
            new.tries = same.map(|known| known.tries.saturating_add(1)).max().unwrap_or(0);
            new.put_off(now);
            self.lose(new);
        }
    }

    /// What was lost of a stretch was asked for again in vain: the next time is later.
    pub fn put_off(&mut self, of: Stretch, now: Timestamp) {
        for lost in self.lost.iter_mut().filter(|lost| lost.overlaps(of)) {
            lost.tries = lost.tries.saturating_add(1);
            lost.put_off(now);
        }
    }

    /// What was lost of a stretch could not be asked for: that says nothing of it.
    pub fn postpone(&mut self, of: Stretch, now: Timestamp) {
        for lost in self.lost.iter_mut().filter(|lost| lost.overlaps(of)) {
            lost.postpone(now);
        }
    }

    /// When something that was lost after `from` is asked for again.
    #[must_use]
    pub fn next_try(&self, from: Timestamp) -> Option<Timestamp> {
        let wanted = self.lost.iter().filter(|lost| lost.stretch.to > from);
        wanted.map(|lost| lost.again_at.unwrap_or(Timestamp::MIN)).min()
    }

    /// The newest of what was lost after `from` that is to be asked for again now.
    #[must_use]
    pub fn lost_to_try(&self, from: Timestamp, now: Timestamp) -> Option<Stretch> {
        let mut wanted = self.lost.iter().rev().filter(|lost| lost.stretch.to > from);
        let due = wanted.find(|lost| lost.again_at.is_none_or(|at| at <= now))?;
        Some(Stretch { from: due.stretch.from.max(from), to: due.stretch.to })
    }

    /// What another one has is read, too; lost is what neither has.
    pub fn join(&mut self, other: &Self) {
        let theirs = other.lost.iter().filter(|lost| !self.has_all_of(lost.stretch));
        let theirs: Vec<Lost> = theirs.cloned().collect();
        let mut lost = std::mem::take(&mut self.lost);
        lost.retain(|lost| !other.has_all_of(lost.stretch));
        other.read.iter().for_each(|stretch| self.add(*stretch));
        lost.into_iter().chain(theirs).for_each(|lost| self.lose(lost));
    }

    /// What was read since: what that lost of what was there before is lost.
    pub fn update(&mut self, newer: &Self) {
        let mut lost = std::mem::take(&mut self.lost);
        lost.retain(|lost| !newer.has_all_of(lost.stretch));
        newer.read.iter().for_each(|stretch| self.add(*stretch));
        lost.into_iter().chain(newer.lost.iter().cloned()).for_each(|lost| self.lose(lost));
    }

    /// Shortens each stretch at its newer end: rows of that time may have been listed since.
    pub fn cut_ends(&mut self, by: SignedDuration) {
        self.read.retain_mut(|stretch| {
            let to = stretch.to.checked_sub(by).ok().filter(|to| *to > stretch.from);
            to.into_iter().for_each(|to| stretch.to = to);
            to.is_some()
        });
    }

    /// Whether all of a stretch was read, and nothing of it is lost.
    fn has_all_of(&self, stretch: Stretch) -> bool {
        self.around(stretch.to).is_some_and(|read| read.has_all_of(stretch))
            && self.lost.iter().all(|lost| !lost.overlaps(stretch))
    }

    /// The stretch that was read and that ends with this time, or has it in its middle.
    #[must_use]
    pub fn around(&self, at: Timestamp) -> Option<Stretch> {
        let index = self.read.partition_point(|stretch| stretch.to < at);
        self.read.get(index).copied().filter(|stretch| stretch.from < at)
    }

    /// Forgets what lies after a time: it was read by a clock that was ahead.
    pub fn cut_after(&mut self, at: Timestamp) {
        self.read.retain(|stretch| stretch.from <= at);
        if let Some(newest) = self.read.last_mut() {
            newest.to = newest.to.min(at);
        }
        self.lost.retain(|lost| lost.stretch.from < at);
        for lost in &mut self.lost {
            lost.stretch.to = lost.stretch.to.min(at);
            // A wait that such a clock began would never be over.
            lost.forget_far_try(at);
        }
    }

    /// The stretches that were read, oldest first.
    #[must_use]
    pub fn stretches(&self) -> &[Stretch] {
        &self.read
    }

    /// Of what not everything came, oldest first.
    #[must_use]
    pub fn lost(&self) -> &[Lost] {
        &self.lost
    }

    /// Up to when anything was read.
    #[must_use]
    pub fn newest(&self) -> Option<Timestamp> {
        self.read.last().map(|stretch| stretch.to)
    }

    /// Whether a time is in a stretch that was read, and not in one that was lost.
    #[must_use]
    pub fn includes(&self, at: Timestamp) -> bool {
        let index = self.read.partition_point(|stretch| stretch.to < at);
        self.read.get(index).is_some_and(|stretch| stretch.includes(at))
            && self.lost.iter().all(|lost| !lost.stretch.includes(at))
    }

    /// Whether a time is well inside of a stretch that was read: its first and last second may have
    /// been read in part, since that is how finely wires tell times apart.
    #[must_use]
    pub fn has_inside(&self, at: Timestamp) -> bool {
        let around = self.around(at).filter(|_| self.includes(at));
        around.is_some_and(|Stretch { from, to }| {
            let edge = at.duration_since(from).min(to.duration_since(at));
            edge > SignedDuration::from_secs(1)
        })
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
        Some(Stretch { from: first.from, to: parts.next_back().unwrap_or(first).to })
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
    /// Of what not everything came.
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

    /// How many stretches of what is complete are not, from a time on.
    #[must_use]
    pub fn gaps(&self, since: Timestamp) -> usize {
        let complete = self.complete.map(|complete| (complete.from.max(since), complete.to));
        let complete = complete.and_then(|(from, to)| Stretch::new(from, to));
        let lost = self.lost.iter();
        lost.filter(|lost| complete.is_some_and(|complete| lost.overlaps(complete))).count()
    }

    /// Whether everything from a time on is known, but for what is lost.
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
        Lost::new(stretch(from, to), "too many in one second".into())
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
    fn what_was_lost_is_tried_again_ever_more_seldom_until_it_is_read() {
        let mut coverage = Coverage::of([stretch(0, 60)]);
        coverage.note(Some(stretch(0, 60)), &[lost(20, 30)], at(0));
        let mut pauses = Vec::new();
        let mut now = at(0);
        for _ in 0..10 {
            assert_eq!(coverage.lost_to_try(at(0), now), None, "not before its time");
            let next = coverage.next_try(at(0)).expect("it is tried again");
            pauses.push(next.duration_since(now).as_mins());
            now = next;
            assert_eq!(coverage.lost_to_try(at(0), now), Some(stretch(20, 30)));
            coverage.note_try(stretch(20, 30), &[lost(20, 30)], now);
        }
        assert_eq!(pauses, [10, 20, 40, 80, 160, 320, 640, 1_280, 1_440, 1_440]);
        // Its newer half can be had but for a second: then what is older is tried at once.
        coverage.note_try(stretch(25, 30), &[lost(26, 27)], now);
        assert_eq!(coverage.lost_to_try(at(0), now), Some(stretch(20, 25)));
        coverage.note_try(stretch(18, 25), &[], now);
        assert_eq!(coverage.lost_to_try(at(0), now), None);
        let left: Vec<Stretch> = coverage.lost().iter().map(|lost| lost.stretch).collect();
        assert_eq!(left, [stretch(26, 27)]);
    }

    #[test]
    fn a_loss_in_the_middle_is_a_gap_of_what_is_complete() {
        let mut coverage = Coverage::of([stretch(0, 20), stretch(30, 60)]);
        coverage.note(None, &[lost(20, 30), lost(40, 41), lost(-50, -40)], at(60));
        let covered = Covered {
            complete: coverage.complete(),
            lost: coverage.lost().to_vec(),
            ..Covered::default()
        };
        assert_eq!(covered.complete, Some(stretch(0, 60)));
        assert_eq!((covered.gaps(at(-100)), covered.gaps(at(35)), covered.gaps(at(41))), (2, 1, 0));
    }

    #[test]
    fn of_two_that_read_the_same_what_either_has_is_not_lost() {
        let lossy = |from, to| {
            let mut coverage = Coverage::of([stretch(0, 60)]);
            coverage.lose(lost(from, to));
            coverage
        };
        let mut joined = lossy(10, 20);
        joined.join(&Coverage::of([stretch(5, 25)]));
        assert!(joined.lost().is_empty());
        joined.join(&lossy(10, 20));
        assert!(joined.lost().is_empty(), "in whatever order");
        // Read again, and now one of its rows cannot be read.
        joined.update(&lossy(30, 40));
        assert_eq!(joined.lost(), [lost(30, 40)]);
        let mut both = lossy(10, 20);
        both.join(&lossy(30, 40));
        assert!(both.lost().is_empty(), "each has what the other lost: {both:?}");
    }

    #[test]
    fn the_newer_end_of_each_stretch_is_read_again_after_a_stop() {
        let mut coverage = Coverage::of([stretch(0, 20), stretch(30, 35), stretch(50, 60)]);
        coverage.cut_ends(SignedDuration::from_secs(5));
        assert_eq!(coverage.stretches(), [stretch(0, 15), stretch(50, 55)]);
        assert_eq!(coverage.around(at(55)), Some(stretch(50, 55)));
        assert_eq!((coverage.around(at(50)), coverage.around(at(56))), (None, None));
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
    fn neighbours_that_were_lost_one_after_the_other_are_one_gap() {
        let mut read = Coverage::default();
        for second in 0..300 {
            // Each by a reading of its own, a second later.
            let (gap, why) = (stretch(-second - 1, -second), ["too many", "refused"]);
            let why = why[usize::try_from(second).expect("a small number") % 2].into();
            read.note(Some(gap), &[Lost::new(gap, why)], at(second));
        }
        assert_eq!(read.lost().len(), 1, "{:?}", read.lost());
        assert_eq!(read.lost()[0].stretch, stretch(-300, 0));
    }

    #[test]
    fn of_very_many_gaps_the_nearest_are_one_and_none_is_forgotten() {
        let mut read = Coverage::of([stretch(0, 100_000)]);
        for gap in 0..300_i64 {
            read.lose(lost(gap * gap, gap * gap + 1));
        }
        assert_eq!(read.lost().len(), MOST_LOST);
        assert!((0..300).all(|gap| !read.includes(at(gap * gap))));
        assert!(read.includes(at(299 * 299 - 100)), "far ones stay apart");
    }

    #[test]
    fn the_edges_of_a_stretch_are_not_inside_of_it() {
        let read = Coverage::of([stretch(0, 60)]);
        let inside: Vec<i64> = (-1..=61).filter(|second| read.has_inside(at(*second))).collect();
        assert_eq!(inside, (2..=58).collect::<Vec<_>>());
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
