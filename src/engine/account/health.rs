//! How an account is doing, from how its requests went.

use std::collections::VecDeque;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::pace::Pace;
use crate::domain::outage::OutageKind;
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
    pub(super) outages: OutageLog,
}

/// What of outages the data file does not have yet.
#[derive(Default)]
pub(super) struct OutageLog {
    /// The first of the failures in a row.
    failing_since: Option<Timestamp>,
    /// Whether one lasts; `None` before the first good answer and the first outage: an earlier
    /// process may have seen one begin.
    is_on: Option<bool>,
    news: Vec<OutageNews>,
    /// When it was last noted that the account is asked.
    noted_at: Option<Timestamp>,
}

/// An outage began or ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::engine) enum OutageNews {
    /// The first failure, and of which kind the one was that made it an outage.
    Began(Timestamp, OutageKind),
    /// The first good answer.
    Ended(Timestamp),
}

/// How often it is noted that an account is asked.
const NOTED_EVERY: SignedDuration = SignedDuration::from_mins(5);

impl OutageLog {
    fn note_success(&mut self, now: Timestamp) {
        self.failing_since = None;
        if self.is_on.replace(false) != Some(false) {
            self.news.push(OutageNews::Ended(now));
        }
    }

    /// Notes a failure; `kind` where the account is down because of it.
    fn note_failure(&mut self, kind: Option<OutageKind>, now: Timestamp) {
        let from = *self.failing_since.get_or_insert(now);
        if let Some(kind) = kind
            && self.is_on.replace(true) != Some(true)
        {
            self.news.push(OutageNews::Began(from, kind));
        }
    }

    /// Takes what is to be kept; and whether an outage lasts, where it is due to be noted that the
    /// account is asked.
    pub(super) fn take(&mut self, now: Timestamp) -> (Vec<OutageNews>, Option<bool>) {
        let is_due =
            self.noted_at.is_none_or(|at| now < at || now.duration_since(at) >= NOTED_EVERY);
        let noted = self.is_on.filter(|_| is_due || !self.news.is_empty());
        if noted.is_some() {
            self.noted_at = Some(now);
        }
        (std::mem::take(&mut self.news), noted)
    }

    /// What was taken could not be kept: it is due again, before what came meanwhile.
    pub(super) fn put_back(&mut self, mut news: Vec<OutageNews>) {
        news.append(&mut self.news);
        self.news = news;
        self.noted_at = None;
    }
}

impl HealthLog {
    pub(super) const fn new(state: HealthState, why: Option<Arc<str>>, now: Timestamp) -> Self {
        let failed = VecDeque::new();
        let outages =
            OutageLog { failing_since: None, is_on: None, news: Vec::new(), noted_at: None };
        Self { state, since: now, last_good: None, why, failures: 0, failed, outages }
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
        self.outages.note_success(now);
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
        let kind = match error.kind {
            ErrorKind::Auth | ErrorKind::Forbidden => OutageKind::Refused,
            ErrorKind::BadReply => OutageKind::BadAnswers,
            _ => OutageKind::Unreachable,
        };
        let is_out = matches!(state, HealthState::Down | HealthState::Auth);
        self.outages.note_failure(is_out.then_some(kind), now);
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
