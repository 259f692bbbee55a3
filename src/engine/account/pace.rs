//! When an account may be asked again: its request budget, the back-off after failures, and the
//! wait that the provider itself asked for.

use std::collections::VecDeque;

use jiff::{SignedDuration, Timestamp};

use crate::engine::schedule::Budget;

/// A wait that the provider asked for counts up to this long: it cannot be cut short.
const LONGEST_RETRY_AFTER: SignedDuration = SignedDuration::from_mins(15);

/// How soon the account may be asked, and what was asked of it.
pub(super) struct Pace {
    /// Nothing before this: the back-off after failures. A success or the operator ends it.
    pub(super) back_off_until: Option<Timestamp>,
    /// The next try that was planned before the operator had one at once: when that fails, the
    /// planned one stays.
    pub(super) planned_try: Option<Timestamp>,
    /// The provider's `Retry-After` deadline; only time clears it.
    retry_after_until: Option<Timestamp>,
    budget: Budget,
    rate_limit: u32,
    /// Requests that were counted, of all that the connection sent.
    counted: u64,
    /// Requests of the last minute.
    sent: VecDeque<(Timestamp, u64)>,
}

impl Pace {
    pub(super) fn new(rate_limit: u32, now: Timestamp) -> Self {
        Self {
            back_off_until: None,
            planned_try: None,
            retry_after_until: None,
            budget: Budget::new(rate_limit, now),
            rate_limit,
            counted: 0,
            sent: VecDeque::new(),
        }
    }

    /// Keeps what is left of the waits, by the clock as it is now.
    pub(super) fn clock_went_back(&mut self, before: Timestamp, now: Timestamp) {
        let moved = |at: Timestamp| now.saturating_add(at.duration_since(before)).unwrap_or(now);
        self.back_off_until = self.back_off_until.map(moved);
        self.planned_try = self.planned_try.map(moved);
        self.retry_after_until = self.retry_after_until.map(moved);
        self.sent.clear();
        self.budget = Budget::new(self.rate_limit, now);
    }

    /// Nothing is read before this: back-off, `Retry-After` or budget.
    pub(super) fn gate(&mut self, now: Timestamp) -> Option<Timestamp> {
        self.waits_until().max(self.budget.ready_at(now))
    }

    /// The longer of the two waits, over or not.
    pub(super) fn waits_until(&self) -> Option<Timestamp> {
        self.back_off_until.max(self.retry_after_until)
    }

    /// Until when the provider asked not to be called, while that is to come.
    pub(super) fn asked_to_wait(&self, now: Timestamp) -> Option<Timestamp> {
        self.retry_after_until.filter(|until| *until > now)
    }

    /// When the next request fits into the budget; `None` is now.
    pub(super) fn ready_at(&mut self, now: Timestamp) -> Option<Timestamp> {
        self.budget.ready_at(now)
    }

    /// When the budget has room for more than the next request; `None` is now.
    pub(super) fn spare_at(&mut self, now: Timestamp) -> Option<Timestamp> {
        self.budget.spare_at(now)
    }

    /// Takes the requests sent since the last count out of the budget; `sent` are all since the
    /// start.
    pub(super) fn count(&mut self, sent: u64, now: Timestamp) {
        let fresh = sent.saturating_sub(self.counted);
        self.counted = sent;
        if fresh > 0 {
            self.budget.take(fresh, now);
            self.sent.push_back((now, fresh));
        }
        while self
            .sent
            .front()
            .is_some_and(|(at, _)| now.duration_since(*at) > SignedDuration::from_mins(1))
        {
            self.sent.pop_front();
        }
    }

    pub(super) fn calls_last_minute(&self, now: Timestamp) -> u32 {
        let calls: u64 = self
            .sent
            .iter()
            .filter(|(at, _)| now.duration_since(*at) <= SignedDuration::from_mins(1))
            .map(|(_, sent)| sent)
            .sum();
        u32::try_from(calls).unwrap_or(u32::MAX)
    }

    /// A request succeeded. It may have been under way when another one got the `Retry-After`, so
    /// it does not end that wait.
    pub(super) fn note_success(&mut self, now: Timestamp) {
        self.back_off_until = None;
        self.planned_try = None;
        self.retry_after_until = self.retry_after_until.filter(|until| *until > now);
    }

    /// The provider asked to be left alone for so long.
    pub(super) fn note_retry_after(&mut self, wait: Option<SignedDuration>, now: Timestamp) {
        let until = wait.and_then(|wait| now.checked_add(wait.min(LONGEST_RETRY_AFTER)).ok());
        self.retry_after_until = self.retry_after_until.max(until);
    }
}
