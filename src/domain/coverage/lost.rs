//! What of a list was asked for in vain, and when it is asked for again.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::Stretch;

/// A stretch that was asked for and of which not everything came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lost {
    /// Which one.
    pub stretch: Stretch,
    /// Why, in words without the provider's name.
    pub why: Arc<str>,
    /// How often it was asked for again since.
    pub tries: u32,
    /// When it is asked for again; `None` is now.
    pub again_at: Option<Timestamp>,
}

impl Lost {
    /// A stretch that was not asked for again yet.
    #[must_use]
    pub const fn new(stretch: Stretch, why: Arc<str>) -> Self {
        Self { stretch, why, tries: 0, again_at: None }
    }

    /// Whether more than an end of it is in a stretch.
    pub(super) fn overlaps(&self, stretch: Stretch) -> bool {
        self.stretch.from < stretch.to && stretch.from < self.stretch.to
    }

    /// The wait until it is asked for again.
    fn pause(&self) -> SignedDuration {
        FIRST_PAUSE.saturating_mul(1 << self.tries.min(10)).min(LONGEST_PAUSE)
    }

    /// Asked for again after a pause, the longer the oftener that was done in vain.
    pub(super) fn put_off(&mut self, now: Timestamp) {
        self.again_at = Some(now.saturating_add(self.pause()).unwrap_or(Timestamp::MAX));
    }

    /// It could not be asked for: that says nothing of it, and is tried soon.
    pub(super) fn postpone(&mut self, now: Timestamp) {
        self.again_at = now.checked_add(FIRST_PAUSE).ok();
    }

    /// A try that was planned by a clock that was ahead would not come: it is due now.
    pub(super) fn forget_far_try(&mut self, now: Timestamp) {
        self.again_at = self.again_at.filter(|again| again.duration_since(now) <= LONGEST_PAUSE);
    }

    /// Whether it may as well be asked for again with another one: as often as that, and at about
    /// the same time.
    pub(super) fn goes_with(&self, other: &Self) -> bool {
        self.tries == other.tries
            && match (self.again_at, other.again_at) {
                (Some(one), Some(other)) => one.duration_since(other).abs() <= self.pause() / 2,
                (one, other) => one == other,
            }
    }

    /// Takes in a neighbour: both are one from now on, with the reason of the longer one.
    pub(super) fn join(&mut self, other: &Self) {
        if other.stretch.length() > self.stretch.length() {
            self.why = Arc::clone(&other.why);
        }
        self.stretch.from = self.stretch.from.min(other.stretch.from);
        self.stretch.to = self.stretch.to.max(other.stretch.to);
        self.tries = self.tries.max(other.tries);
        self.again_at = self.again_at.max(other.again_at);
    }

    /// What of it lies outside of a stretch: before it, and after it.
    pub(super) fn without(self, stretch: Stretch) -> [Option<Self>; 2] {
        if !self.overlaps(stretch) && !stretch.has_all_of(self.stretch) {
            return [Some(self), None];
        }
        let Stretch { from, to } = self.stretch;
        let before = (from < stretch.from).then_some(Stretch { from, to: stretch.from });
        let after = (stretch.to < to).then_some(Stretch { from: stretch.to, to });
        [before, after].map(|part| part.map(|stretch| Self { stretch, ..self.clone() }))
    }
}

/// The first wait until a lost stretch is asked for again; it doubles with each try.
const FIRST_PAUSE: SignedDuration = SignedDuration::from_mins(10);

/// The longest wait until a lost stretch is asked for again.
const LONGEST_PAUSE: SignedDuration = SignedDuration::from_hours(24);
