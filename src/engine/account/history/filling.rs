//! How long the rest of a history takes, as far as that can be told.

use jiff::{SignedDuration, Timestamp};

/// No pace is measured over less.
const LEAST: SignedDuration = SignedDuration::from_secs(20);

/// How much time was left to be read at some moment.
#[derive(Clone, Copy, Debug)]
struct Mark {
    at: Timestamp,
    left: SignedDuration,
}

/// A history that is being filled without a pause.
///
/// How many rows lie in what is left is not known, and a busy day takes as long as a quiet month.
/// So a pace counts only while the newer half of what was read came about as fast as the whole.
#[derive(Clone, Copy, Debug)]
pub(super) struct Filling {
    since: Mark,
    /// About half of the time ago.
    half: Mark,
    next_half: Mark,
}

impl Filling {
    pub(super) const fn new(left: SignedDuration, now: Timestamp) -> Self {
        let mark = Mark { at: now, left };
        Self { since: mark, half: mark, next_half: mark }
    }

    /// Until the rest is read; `None` where the pace so far does not tell.
    pub(super) fn ends_in(
        &mut self,
        left: SignedDuration,
        now: Timestamp,
    ) -> Option<SignedDuration> {
        if left > self.since.left {
            // More is to be read than before: the pace is measured anew.
            *self = Self::new(left, now);
        }
        let took = now.duration_since(self.since.at);
        if now.duration_since(self.next_half.at) >= (took / 2).max(LEAST) {
            (self.half, self.next_half) = (self.next_half, Mark { at: now, left });
        }
        let (whole, newer) = (self.since.wait(left, now)?, self.half.wait(left, now)?);
        let is_near =
            |a: SignedDuration, b: SignedDuration| a.saturating_mul(3) <= b.saturating_mul(4);
        (is_near(newer, whole) && is_near(whole, newer)).then_some(newer)
    }
}

impl Mark {
    /// Until the rest is read at the pace since then.
    fn wait(self, left: SignedDuration, now: Timestamp) -> Option<SignedDuration> {
        let took = i128::from(now.duration_since(self.at).as_secs());
        let read = i128::from(self.left.as_secs()) - i128::from(left.as_secs());
        // By itself the stretch that is wanted moves on as fast as time.
        if took < i128::from(LEAST.as_secs()) || read <= 2 * took {
            return None;
        }
        let seconds = i128::from(left.as_secs()) * took / read;
        Some(SignedDuration::from_secs(i64::try_from(seconds).unwrap_or(i64::MAX)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 86_400;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).expect("a time of the test")
    }

    /// What is said at each of these moments, in seconds, when so many days are left.
    fn said(moments: &[(i64, i64)]) -> Vec<Option<i64>> {
        let days = |days: i64| SignedDuration::from_secs(days * DAY);
        let mut filling = Filling::new(days(90), at(0));
        let mut say = |(second, left): &(i64, i64)| {
            filling.ends_in(days(*left), at(*second)).map(|wait| wait.as_secs())
        };
        moments.iter().map(&mut say).collect()
    }

    #[test]
    fn a_steady_pace_tells_how_long_the_rest_takes() {
        let moments = [(10, 89), (60, 84), (120, 78), (180, 72)];
        assert_eq!(said(&moments), [None, Some(840), Some(780), Some(720)]);
    }

    #[test]
    fn nothing_is_said_while_busy_days_are_followed_by_quiet_ones() {
        let moments = [(30, 89), (60, 88), (120, 70), (180, 30)];
        let said = said(&moments);
        assert!(said[2..].iter().all(Option::is_none), "{said:?}");
    }

    #[test]
    fn more_that_is_to_be_read_begins_a_new_measurement() {
        let moments = [(60, 84), (61, 95), (121, 89)];
        assert_eq!(said(&moments), [Some(840), None, Some(890)]);
    }
}
