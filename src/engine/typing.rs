//! While keys come nothing is read but lookups of changes and cards that were asked for: the
//! processor is theirs.

use std::sync::{MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};

use super::Engine;

/// Without a key for so long, the operator is not typing any more.
const PAUSE: SignedDuration = SignedDuration::from_millis(150);

/// How long reading waits at most for keys that come without a pause.
const LONGEST: SignedDuration = SignedDuration::from_secs(30);

/// How long it then goes on, whatever is typed.
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

    /// Until when reading waits; `None` is not at all.
    fn until(&self, now: Timestamp) -> Option<Timestamp> {
        let (began, last) = self.keys?;
        let until = last.saturating_add(PAUSE).unwrap_or(last);
        let typed = now.duration_since(began).as_millis();
        let is_waiting = typed % (LONGEST + BETWEEN).as_millis() < LONGEST.as_millis();
        (last <= now && now < until && is_waiting).then_some(until)
    }
}

impl Engine {
    /// The operator pressed a key.
    pub fn note_key(&self) {
        self.typing().note_key(self.0.clock.now());
    }

    /// Until when reading waits for the operator; `None` is not at all.
    pub(super) fn typing_until(&self, now: Timestamp) -> Option<Timestamp> {
        self.typing().until(now)
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

    #[test]
    fn reading_waits_for_keys_and_for_the_pause_behind_the_last_one() {
        let mut typing = Typing::default();
        assert_eq!(typing.until(at(0)), None);
        typing.note_key(at(0));
        assert_eq!(typing.until(at(0)), Some(at(150)));
        assert_eq!(typing.until(at(149)), Some(at(150)));
        assert_eq!(typing.until(at(150)), None);
        typing.note_key(at(100));
        assert_eq!(typing.until(at(200)), Some(at(250)));
        assert_eq!(typing.until(at(50)), None, "the clock was set back");
    }

    #[test]
    fn a_key_that_is_held_down_stops_no_reading_for_good() {
        let mut typing = Typing::default();
        let mut read = Vec::new();
        for tick in 0..900 {
            typing.note_key(at(tick * 100));
            if typing.until(at(tick * 100)).is_none() {
                read.push(tick);
            }
        }
        let wanted: Vec<i64> = (300..310).chain(610..620).collect();
        assert_eq!(read, wanted, "tenths of a second");
    }
}
