//! The rate budget of an account.

use jiff::{SignedDuration, Timestamp};

/// Requests that may still be sent: a bucket that fills at the provider's rate and holds ten
/// seconds of it.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    per_minute: i64,
    /// Thousandths of a request; below zero when a read took more than was left.
    level: i64,
    at: Timestamp,
}

impl Budget {
    /// A full bucket.
    #[must_use]
    pub fn new(per_minute: u32, now: Timestamp) -> Self {
        let per_minute = i64::from(per_minute.max(1));
        Self { per_minute, level: Self::most(per_minute), at: now }
    }

    fn most(per_minute: i64) -> i64 {
        (per_minute * 1_000 / 6).max(1_000)
    }

    /// Takes so many requests out.
    pub fn take(&mut self, requests: u64, now: Timestamp) {
        self.fill(now);
        self.level -= i64::try_from(requests).unwrap_or(i64::MAX / 2_000) * 1_000;
    }

    /// When the next request may be sent; `None` is now.
    #[must_use]
    pub fn ready_at(&mut self, now: Timestamp) -> Option<Timestamp> {
        self.has_at(1_000, now)
    }

    /// When half of the bucket is there, so that what cannot wait finds room; `None` is now.
    #[must_use]
    pub fn spare_at(&mut self, now: Timestamp) -> Option<Timestamp> {
        self.has_at((Self::most(self.per_minute) / 2).max(1_000), now)
    }

    /// When so many thousandths of a request are there.
    fn has_at(&mut self, wanted: i64, now: Timestamp) -> Option<Timestamp> {
        self.fill(now);
        let missing = wanted - self.level;
        if missing <= 0 {
            return None;
        }
        let wait =
            SignedDuration::from_millis((missing * 60 + self.per_minute - 1) / self.per_minute);
        now.saturating_add(wait).ok()
    }

    fn fill(&mut self, now: Timestamp) {
        let millis = now.as_millisecond() - self.at.as_millisecond();
        if millis <= 0 {
            // After the clock was set back nothing would fill it until it is that late again.
            self.at = now;
            return;
        }
        let millis = millis.min(120_000);
        self.level = (self.level + millis * self.per_minute / 60).min(Self::most(self.per_minute));
        self.at = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).expect("a time of the test")
    }

    proptest! {
        #[test]
        fn the_budget_is_kept_over_any_hour(
            per_minute in 1_u32..600,
            steps in proptest::collection::vec((0_i64..5_000, 1_u64..4), 1..300),
        ) {
            let mut now = at(0);
            let mut budget = Budget::new(per_minute, now);
            let mut sent = 0_u64;
            for (millis, requests) in steps {
                now = now.saturating_add(SignedDuration::from_millis(millis)).expect("a time");
                if budget.ready_at(now).is_none() {
                    budget.take(requests, now);
                    sent += requests;
                }
            }
            let seconds = u64::try_from(now.as_second() - at(0).as_second()).unwrap_or(0) + 1;
            let allowed = u64::from(per_minute) * seconds / 60 + u64::from(per_minute) / 6 + 5;
            prop_assert!(sent <= allowed, "{sent} sent, {allowed} allowed");
        }
    }
}
