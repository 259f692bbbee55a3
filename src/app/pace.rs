//! How often what is shown changes by itself, and which words that allows for an age.

use jiff::{SignedDuration, Timestamp};

use crate::domain::text;

/// How often what is shown changes by itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pace {
    /// Once a second: the clock and young ages show seconds.
    #[default]
    Seconds,
    /// Once a minute, at its beginning: nothing shows seconds.
    Minutes,
}

impl Pace {
    /// Until when what is shown now may stand. What is said of the time that passed is true until
    /// then.
    pub(super) fn stands_until(self, now: Timestamp) -> Timestamp {
        match self {
            Self::Seconds => now,
            Self::Minutes => self.changes_at(now).unwrap_or(now),
        }
    }

    /// How long ago something was, in at most four columns: never less than it is while it is
    /// shown.
    pub(super) fn age(self, now: Timestamp, at: Timestamp) -> String {
        let until = self.stands_until(now);
        let under_a_minute = until.duration_since(at) < SignedDuration::from_mins(1);
        match self {
            Self::Minutes if under_a_minute => "<1m".to_owned(),
            Self::Minutes | Self::Seconds => text::age(until, at),
        }
    }

    /// The second or minute of the clock after an instant.
    pub(super) fn changes_at(self, now: Timestamp) -> Option<Timestamp> {
        let step = match self {
            Self::Seconds => 1,
            Self::Minutes => 60,
        };
        Timestamp::from_second((now.as_second().div_euclid(step) + 1) * step).ok()
    }
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
            let age = Pace::Minutes.age(at(now), at(read));
            let seen = (now + later).min(Pace::Minutes.stands_until(at(now)).as_second());
            prop_assert!(!age.ends_with('s'), "{age}");
            prop_assert!(seen - read <= most(&age), "{age} after {} s", seen - read);
        }
    }

    #[test]
    fn the_clock_s_next_step_is_waited_for() {
        assert_eq!(Pace::Seconds.changes_at(at(61)), Some(at(62)));
        assert_eq!(Pace::Minutes.changes_at(at(60)), Some(at(120)));
        assert_eq!(Pace::Minutes.changes_at(at(119)), Some(at(120)));
        assert_eq!(Pace::Seconds.age(at(61), at(21)), "40s");
        assert_eq!(Pace::Minutes.age(at(61), at(21)), "1m");
        assert_eq!(Pace::Minutes.age(at(62), at(61)), "<1m");
    }
}
