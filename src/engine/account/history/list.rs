//! How much of one list is known, and what of it is read next.

use jiff::{SignedDuration, Timestamp};

use super::part::Why;
use super::{LONGEST, ListName, MANY_ROWS, Part, PartRead, SHARE, SHORTEST, SHORTEST_NEWEST};
use super::{WRITTEN_EVERY, half};
use crate::domain::coverage::{Coverage, Lost, Stretch};
use crate::provider::pages::Share;

/// How much of one list is known.
pub(super) struct ListHistory {
    /// What the board was told, or an earlier process kept.
    pub(super) told: Coverage,
    /// What is in the data file.
    pub(super) kept: Coverage,
    /// What of that the data file says.
    pub(super) written: Coverage,
    pub(super) length: SignedDuration,
    /// Stretches that were lost, in a row.
    losses: u32,
    /// What is to be read once more.
    pub(super) again: Option<Again>,
    /// It is among those that wait.
    pub(super) waits: bool,
    /// When something of it that was lost is asked for again.
    pub(super) next_try: Option<Timestamp>,
    /// Its part of the sums.
    pub(super) complete: Option<Stretch>,
    pub(super) left: SignedDuration,
    pub(super) lost: usize,
}

/// A stretch that was read, and is read once more.
#[derive(Clone, Copy)]
pub(super) struct Again {
    pub(super) stretch: Stretch,
    /// Its last part was read behind the last one of what is unread: that has its turn.
    pub(super) rests: bool,
}

impl ListHistory {
    pub(super) fn new(length: SignedDuration) -> Self {
        Self {
            told: Coverage::default(),
            kept: Coverage::default(),
            written: Coverage::default(),
            length,
            losses: 0,
            again: None,
            waits: false,
            next_try: None,
            complete: None,
            left: SignedDuration::ZERO,
            lost: 0,
        }
    }

    /// What is told of it, and what is kept, where the rows of a reading are.
    fn coverages(&mut self, is_saved: bool) -> impl Iterator<Item = &mut Coverage> {
        [Some(&mut self.told), Some(&mut self.kept).filter(|_| is_saved)].into_iter().flatten()
    }

    fn take(&mut self, read: &PartRead, now: Timestamp) {
        for coverage in self.coverages(read.is_saved) {
            coverage.note(read.complete, &read.lost, now);
        }
    }

    /// Takes in what a reading of the newest rows has. `first` is the length of the first stretch
    /// of a list.
    pub(super) fn note_newest(&mut self, read: &PartRead, first: SignedDuration, now: Timestamp) {
        self.take(read, now);
        // What is refused, too large, or does not show how far back it goes is asked for by less
        // time: what is left out is a gap. No length helps where nothing answers.
        self.length = match read.complete {
            None if !read.is_unanswered && read.asked > SHORTEST_NEWEST => {
                half(self.length.min(read.asked))
            }
            Some(_) if read.asked >= self.length && read.rows * 2 <= MANY_ROWS => {
                self.length.saturating_mul(2).min(first)
            }
            None | Some(_) => self.length,
        };
        self.length = self.length.max(SHORTEST_NEWEST);
    }

    /// Takes in what a reading of a part has; returns whether the list was read once more to its
    /// end.
    pub(super) fn note_part(&mut self, part: &Part, read: &PartRead, now: Timestamp) -> bool {
        if let Some(again) = &mut self.again {
            again.rests = part.why == Why::Again;
        }
        match part.why {
            Why::Unread | Why::Again => {
                self.take(read, now);
                self.adapt(part, read, now);
            }
            Why::Lost => self.note_try(part, read, now),
        }
        self.move_on(part, read)
    }

    /// The length of the next stretch follows from how this one went.
    fn adapt(&mut self, part: &Part, read: &PartRead, now: Timestamp) {
        let length = part.stretch.length();
        if read.complete.is_some() {
            self.losses = 0;
        }
        match read.complete {
            // Nothing shows how far back it goes, however much was read. A provider that has
            // nothing of old times refuses them all: each further loss in a row is twice as long.
            None if length <= SHORTEST || self.losses > 0 => {
                if let Some(why) = read.why.clone().filter(|_| !read.is_unanswered) {
                    let lost = [Lost::new(part.stretch, why)];
                    // There is nothing to keep of it, so it is known whatever could be saved.
                    self.coverages(true).for_each(|coverage| coverage.note(None, &lost, now));
                    self.losses = self.losses.saturating_add(1);
                    let is_first = self.losses == 1;
                    self.length = if is_first { SHORTEST } else { (length * 2).min(LONGEST) };
                }
            }
            None => self.length = half(length),
            Some(_) if read.rows > MANY_ROWS => self.length = half(length),
            Some(complete) if complete.from <= part.stretch.from && read.rows * 2 <= MANY_ROWS => {
                self.length = (self.length.max(length) * 2).min(LONGEST);
            }
            Some(_) => {}
        }
    }

    /// What was lost was asked for again: it is there, or some of it, or it is tried later.
    fn note_try(&mut self, part: &Part, read: &PartRead, now: Timestamp) {
        for coverage in self.coverages(read.is_saved || read.complete.is_none()) {
            match read.complete {
                Some(complete) => coverage.note_try(complete, &read.lost, now),
                None if read.is_unanswered => coverage.postpone(part.stretch, now),
                None => coverage.put_off(part.stretch, now),
            }
        }
    }

    /// Goes on behind what was read once more; whether that was the end of it.
    fn move_on(&mut self, part: &Part, read: &PartRead) -> bool {
        let Some(again) = self.again.filter(|_| part.why == Why::Again) else { return false };
        let is_lost = |lost: &Lost| lost.stretch.has_all_of(part.stretch);
        let reached = match read.complete {
            Some(complete) => complete.from,
            None if self.told.lost().iter().any(is_lost) => part.stretch.from,
            None => return false,
        };
        let left = Stretch::new(again.stretch.from, reached);
        let left = left.and_then(|left| self.told.read_within(left));
        self.again = left.map(|stretch| Again { stretch, ..again });
        self.again.is_none()
    }

    /// What of it is to be read next, from a time on: the newest of what is unread, of what was
    /// lost and may be tried again, and of what is to be read once more. That last one lets the
    /// others have every second turn: a history that is being filled goes on after a restart.
    pub(super) fn next(&self, name: &ListName, from: Timestamp, now: Timestamp) -> Option<Part> {
        let unread = self.told.newest_gap(from).map(|gap| (gap, Why::Unread));
        let lost = self.told.lost_to_try(from, now).map(|lost| (lost, Why::Lost));
        let other = [unread, lost].into_iter().flatten().max_by_key(|(stretch, _)| stretch.to);
        let again = self.again.filter(|again| !again.rests || other.is_none());
        let again = again.map(|Again { stretch: Stretch { from, to }, .. }| {
            // What was never read of it, or cannot be had, is no part of it.
            let read = self.told.around(to).map_or(from, |read| read.from);
            (Stretch { from: from.max(read), to }, Why::Again)
        });
        let newest = [again, other].into_iter().flatten();
        let (whole, why) = newest.max_by_key(|(stretch, _)| stretch.to)?;
        let begins = whole.to.checked_sub(self.length).unwrap_or(whole.from).max(whole.from);
        let stretch = Stretch { from: begins, to: whole.to };
        // A heap of rows at one moment ends within two of the shortest stretches.
        let is_short = stretch.length() <= SHORTEST
            || why == Why::Lost && stretch.length() <= SHORTEST.saturating_mul(2);
        let share = if is_short { Share::ALL } else { SHARE };
        Some(Part { list: name.clone(), stretch, share, why })
    }

    /// What of it is to be written down: it goes further back, has fewer gaps, or is newer by some
    /// minutes.
    pub(super) fn unwritten(&self) -> Option<Coverage> {
        let (kept, written) = (self.kept.stretches(), self.written.stretches());
        let same = kept.len() == written.len()
            && self.kept.lost() == self.written.lost()
            && kept.iter().zip(written).all(|(kept, written)| {
                kept.from == written.from
                    && kept.to.duration_since(written.to).abs() < WRITTEN_EVERY
            });
        if same || kept.is_empty() {
            return None;
        }
        Some(self.kept.clone())
    }
}
