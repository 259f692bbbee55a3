//! A provider's clock against ours, as the `Date` headers of its answers bound it.

use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};

use crate::domain::proof::ClockOffset;

/// How long bounds are narrowed before they are measured anew.
const MEASURED_ANEW_AFTER: SignedDuration = SignedDuration::from_mins(5);

/// The bounds that the answers of one provider leave for its clock.
///
/// Each exchange bounds the offset: the provider wrote `Date`, whole seconds of its clock, at some
/// time between our sending and our receiving. The second of the date and the length of the
/// exchange make that a range of more than a second. Ranges of several exchanges must overlap, so
/// each one can narrow what is known. A range that does not overlap with what is known means that
/// one of the clocks was set meanwhile: then, and every five minutes, since clocks drift, the
/// newest range alone counts.
#[derive(Debug, Default)]
pub(super) struct MeasuredClock(Mutex<Option<(ClockOffset, Timestamp)>>);

impl MeasuredClock {
    /// The narrowest bounds; `None` while no answer carried a date.
    pub(super) fn offset(&self) -> Option<ClockOffset> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).map(|(offset, _)| offset)
    }

    /// Takes in the `Date` of an answer to a request that was sent and answered at these times of
    /// our clock.
    pub(super) fn measure(&self, date: Timestamp, sent: Timestamp, answered: Timestamp) {
        let measured = ClockOffset::measured(date, sent, answered);
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let recent = known.filter(|(_, since)| {
            (SignedDuration::ZERO..MEASURED_ANEW_AFTER).contains(&answered.duration_since(*since))
        });
        let narrowed = recent.and_then(|(offset, since)| Some((offset.narrowed(measured)?, since)));
        *known = Some(narrowed.unwrap_or((measured, answered)));
    }
}
