//! How often what is shown changes by itself, and which words that allows for an age.

use jiff::{SignedDuration, Timestamp};

use crate::domain::text;

/// Without a key for so long, nobody is at the board who counts its seconds.
const RESTS_AFTER: SignedDuration = SignedDuration::from_secs(30);

/// How many seconds what is shown stands then, unless there is news.
const AT_REST: i64 = 5;

/// How often what is shown changes by itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pace {
    /// Once a second, and while nobody presses a key every five: the clock and young ages show
    /// seconds.
    #[default]
    Seconds,
    /// Once a minute, at its beginning: nothing shows seconds.
    Minutes,
}

impl Pace {
    /// Until when what is shown now may stand. What is said of the time that passed is true until
    /// then, but for a second.
    pub(super) fn stands_until(self, now: Timestamp, last_key: Timestamp) -> Timestamp {
        match self {
            Self::Seconds if !rests(now, last_key) => now,
            Self::Seconds | Self::Minutes => self.next_change(now, last_key).unwrap_or(now),
        }
    }

    /// How long ago something was, in at most four columns: never less than it is while it is
    /// shown.
    pub(super) fn age(self, now: Timestamp, last_key: Timestamp, at: Timestamp) -> String {
        let until = self.stands_until(now, last_key);
        let under_a_minute = until.duration_since(at) < SignedDuration::from_mins(1);
        match self {
            Self::Minutes if under_a_minute => "<1m".to_owned(),
            Self::Minutes | Self::Seconds => text::age(until, at),
        }
    }

    /// When what is shown changes by itself after an instant: at a full second or minute of the
    /// clock, and at each fifth second where the last key was pressed long before.
    pub(super) fn next_change(self, now: Timestamp, last_key: Timestamp) -> Option<Timestamp> {
        match self {
            Self::Seconds if rests(now, last_key) => next_multiple(now, AT_REST),
            Self::Seconds => next_multiple(now, 1),
            Self::Minutes => next_multiple(now, 60),
        }
    }
}

/// Whether nobody pressed a key for long.
pub(super) fn rests(now: Timestamp, last_key: Timestamp) -> bool {
    now.duration_since(last_key) >= RESTS_AFTER
}

/// The first time after an instant whose seconds since 1970 are a multiple of `step`.
fn next_multiple(now: Timestamp, step: i64) -> Option<Timestamp> {
    Timestamp::from_second((now.as_second().div_euclid(step) + 1) * step).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("a time")
    }

    /// The seconds that an age says at most: `<1m` is under 60, `3m` under 240.
    fn most(age: &str) -> i64 {
        match age.strip_suffix('m') {
            Some("<1") => 60,
            Some(minutes) => (minutes.parse::<i64>().expect("minutes") + 1) * 60,
            None => i64::MAX,
        }
    }

    proptest! {
        #[test]
        fn an_age_in_minutes_is_never_younger_than_the_figure_while_it_is_shown(
            read in 0_i64..10_000,
            drawn in 0_i64..3_500,
            later in 0_i64..60,
        ) {
            let now = read + drawn;
            let age = Pace::Minutes.age(at(now), at(now), at(read));
            let stands_until = Pace::Minutes.stands_until(at(now), at(now));
            let seen = (now + later).min(stands_until.as_second());
            prop_assert!(!age.ends_with('s'), "{age}");
            prop_assert!(seen - read <= most(&age), "{age} after {} s", seen - read);
        }
    }

    #[test]
    fn the_clock_s_next_step_is_waited_for() {
        assert_eq!(Pace::Seconds.next_change(at(61), at(61)), Some(at(62)));
        assert_eq!(Pace::Minutes.next_change(at(60), at(60)), Some(at(120)));
        assert_eq!(Pace::Minutes.next_change(at(119), at(0)), Some(at(120)));
        assert_eq!(Pace::Seconds.next_change(at(90), at(61)), Some(at(91)));
        assert_eq!(Pace::Seconds.next_change(at(91), at(61)), Some(at(95)));
        assert_eq!(Pace::Seconds.next_change(at(92), at(61)), Some(at(95)));
        let age = |pace: Pace, now, read| pace.age(at(now), at(61), at(read));
        assert_eq!(age(Pace::Seconds, 61, 21), "40s");
        assert_eq!(age(Pace::Seconds, 90, 61), "29s", "the last second before it rests");
        assert_eq!(age(Pace::Seconds, 91, 61), "34s", "it stands until then");
        assert_eq!(age(Pace::Seconds, 92, 92), "3s");
        assert_eq!(age(Pace::Minutes, 61, 21), "1m");
        assert_eq!(age(Pace::Minutes, 62, 61), "<1m");
    }
}
