//! While keys come nothing is read that was not asked for: the processor is theirs.

use std::sync::{MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};

use super::Engine;
use super::schedule::KeysFirst;

/// Without a key for so long, the operator is not typing any more.
const PAUSE: SignedDuration = SignedDuration::from_millis(150);

/// How long what is on screen waits at most for keys that come without a pause.
const ON_SCREEN: SignedDuration = SignedDuration::from_secs(10);

/// How long what nobody looks at waits: it goes on in each third of the seconds in which what is on
/// screen does, and never while that waits.
const OTHER: SignedDuration = SignedDuration::from_secs(32);

/// How long each then goes on, whatever is typed.
const BETWEEN: SignedDuration = SignedDuration::from_secs(1);

/// When keys came.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Typing {
    /// The first and the last of those that came without a pause.
    keys: Option<(Timestamp, Timestamp)>,
}

impl Typing {
    fn note_key(&mut self, now: Timestamp) {
        let began = self.keys.filter(|(_, last)| *last <= now && now.duration_since(*last) < PAUSE);
        self.keys = Some((began.map_or(now, |(began, _)| began), now));
    }

    /// What waits for the operator now.
    fn holds(&self, now: Timestamp) -> KeysFirst {
        let Some((began, last)) = self.keys else { return KeysFirst::default() };
        let until = last.saturating_add(PAUSE).unwrap_or(last);
        if now < last || until <= now {
            return KeysFirst::default();
        }
        let typed = now.duration_since(began).as_millis();
        let waits = |longest: SignedDuration| {
            let is_waiting = typed % (longest + BETWEEN).as_millis() < longest.as_millis();
            is_waiting.then_some(until)
        };
        KeysFirst { on_screen: waits(ON_SCREEN), other: waits(OTHER) }
    }
}

impl Engine {
    /// The operator pressed a key.
    pub fn note_key(&self) {
        self.typing().note_key(self.0.clock.now());
    }

    /// What waits for the operator now.
    pub(super) fn keys_first(&self, now: Timestamp) -> KeysFirst {
        self.typing().holds(now)
    }

    fn typing(&self) -> MutexGuard<'_, Typing> {
        self.0.background.typing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millisecond(1_800_000_000_000 + millis).expect("a time of the test")
    }

    fn both(until: i64) -> KeysFirst {
        KeysFirst { on_screen: Some(at(until)), other: Some(at(until)) }
    }

    #[test]
    fn reading_waits_for_keys_and_for_the_pause_behind_the_last_one() {
        let mut typing = Typing::default();
        assert_eq!(typing.holds(at(0)), KeysFirst::default());
        typing.note_key(at(0));
        assert_eq!(typing.holds(at(0)), both(150));
        assert_eq!(typing.holds(at(149)), both(150));
        assert_eq!(typing.holds(at(150)), KeysFirst::default());
        typing.note_key(at(100));
        assert_eq!(typing.holds(at(200)), both(250));
        assert_eq!(typing.holds(at(50)), KeysFirst::default(), "the clock was set back");
    }

    #[test]
    fn a_key_that_is_held_down_stops_no_reading_for_good() {
        let mut typing = Typing::default();
        let mut read = [Vec::new(), Vec::new()];
        for tick in 0..900 {
            typing.note_key(at(tick * 100));
            let KeysFirst { on_screen, other } = typing.holds(at(tick * 100));
            for (read, waits) in read.iter_mut().zip([on_screen, other]) {
                if waits.is_none() {
                    read.push(tick);
                }
            }
        }
        let seconds = |of: &[i64]| of.iter().flat_map(|at| at * 10..at * 10 + 10).collect();
        let [on_screen, other] = read;
        let wanted: Vec<i64> = seconds(&[10, 21, 32, 43, 54, 65, 76, 87]);
        assert_eq!(on_screen, wanted, "tenths of a second");
        let wanted: Vec<i64> = seconds(&[32, 65]);
        assert_eq!(other, wanted);
    }
}
