//! Until when nothing of a history is read: the provider fails at it, or nothing can be kept.

use jiff::{SignedDuration, Timestamp};

/// The wait after the first failure; it doubles with each further one in a row.
const FIRST: SignedDuration = SignedDuration::from_mins(1);

/// The longest wait after a failure.
const LONGEST: SignedDuration = SignedDuration::from_hours(6);

/// What keeps a history from being read.
#[derive(Debug, Default)]
pub(super) struct Waits {
    /// Parts that failed, in a row.
    failures: u32,
    /// The next try after a failure.
    failed_until: Option<Timestamp>,
    /// When the data file may take something again; `None` while it does.
    unsaved_until: Option<Timestamp>,
}

impl Waits {
    /// A part was not read, for a reason that another length of it would not mend.
    pub(super) fn note_failure(&mut self, now: Timestamp) {
        let wait = FIRST.saturating_mul(1 << self.failures.min(10)).min(LONGEST);
        self.failures = self.failures.saturating_add(1);
        self.failed_until = Some(now.saturating_add(wait).unwrap_or(Timestamp::MAX));
    }

    /// A part was answered.
    pub(super) const fn note_answer(&mut self) {
        self.failures = 0;
        self.failed_until = None;
    }

    /// When the data file may take something again; `None` while it does.
    pub(super) const fn set_unsaved(&mut self, until: Option<Timestamp>) {
        self.unsaved_until = until;
    }

    /// Until when nothing is read, over or not.
    pub(super) fn until(&self) -> Option<Timestamp> {
        self.failed_until.max(self.unsaved_until)
    }
}
