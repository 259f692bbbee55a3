//! How an account is doing, from how its requests went.

use std::collections::VecDeque;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::pace::Pace;
use crate::engine::HealthState;
use crate::provider::{Error, ErrorKind};

/// After this many failures in a row a provider is DOWN.
const DOWN_AFTER: u32 = 3;

/// A provider that refuses the credentials is tried again by itself after this long.
const AUTH_PAUSE: SignedDuration = SignedDuration::from_mins(15);

/// A median answer above this is SLOW.
const SLOW_MILLIS: u64 = 2_000;

/// The state in one word, and what led to it.
pub(super) struct HealthLog {
    pub(super) state: HealthState,
    pub(super) since: Timestamp,
    pub(super) last_good: Option<Timestamp>,
    /// What was wrong the last time, without the account's name.
    pub(super) why: Option<Arc<str>>,
    /// Failures in a row.
    failures: u32,
    /// When requests failed, of the last five minutes.
    failed: VecDeque<Timestamp>,
}

impl HealthLog {
    pub(super) const fn new(state: HealthState, why: Option<Arc<str>>, now: Timestamp) -> Self {
        let failed = VecDeque::new();
        Self { state, since: now, last_good: None, why, failures: 0, failed }
    }

    /// Whether the last thing that was asked for was answered.
    pub(super) fn is_well(&self) -> bool {
        self.failures == 0 && matches!(self.state, HealthState::Ok | HealthState::Slow)
    }

    pub(super) fn set(&mut self, state: HealthState, now: Timestamp) {
        if self.state != state {
            self.state = state;
            self.since = now;
        }
    }

    pub(super) fn clock_went_back(&mut self, now: Timestamp) {
        self.failed.clear();
        self.since = self.since.min(now);
        self.last_good = self.last_good.map(|at| at.min(now));
    }

    pub(super) fn note_success(&mut self, latency_ms: Option<u64>, now: Timestamp) {
        let slow = latency_ms.is_some_and(|millis| millis > SLOW_MILLIS);
        self.failures = 0;
        self.last_good = Some(now);
        self.why = slow.then(|| "answers take long".into());
        self.set(if slow { HealthState::Slow } else { HealthState::Ok }, now);
    }

    /// Notes a failure and how long it keeps the account from being asked; `back_off` gives the
    /// wait after so many failures in a row. Returns why all figures of the provider may be old
    /// from now on, if so.
    pub(super) fn note_failure(
        &mut self,
        error: &Error,
        pace: &mut Pace,
        back_off: impl Fn(u32) -> SignedDuration,
        now: Timestamp,
    ) -> Option<Arc<str>> {
        let asked = error.retry_after.and_then(|wait| SignedDuration::try_from(wait).ok());
        if matches!(error.kind, ErrorKind::RateLimited | ErrorKind::Unreachable) {
            pace.note_retry_after(asked, now);
        }
        let planned = pace.planned_try.take().filter(|at| *at > now);
        let (state, wait) = match error.kind {
            // The provider answered, about this one card or call.
            ErrorKind::Refused | ErrorKind::NotFound | ErrorKind::NotOffered => return None,
            ErrorKind::Auth | ErrorKind::Forbidden => {
                (HealthState::Auth, asked.unwrap_or(AUTH_PAUSE))
            }
            ErrorKind::RateLimited => {
                self.failures = self.failures.max(1);
                (HealthState::Slow, back_off(self.failures))
            }
            ErrorKind::Unreachable | ErrorKind::BadReply => {
                // A try between the planned ones makes none of them later.
                self.failures = self.failures.saturating_add(u32::from(planned.is_none()));
                let down = self.failures >= DOWN_AFTER;
                let state = if down { HealthState::Down } else { HealthState::Slow };
                (state, back_off(self.failures))
            }
        };
        pace.back_off_until = planned.or_else(|| now.saturating_add(wait).ok());
        self.set(state, now);
        self.failed.push_back(now);
        let why: Arc<str> = error.sentence().into();
        self.why = Some(Arc::clone(&why));
        matches!(self.state, HealthState::Down | HealthState::Auth).then_some(why)
    }

    pub(super) fn errors_5m(&mut self, now: Timestamp) -> u32 {
        while self
            .failed
            .front()
            .is_some_and(|at| now.duration_since(*at) > SignedDuration::from_mins(5))
        {
            self.failed.pop_front();
        }
        u32::try_from(self.failed.len()).unwrap_or(u32::MAX)
    }
}
