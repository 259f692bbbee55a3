//! What a top-up can be proven by: the card's list just before sending, the provider's clock, and
//! who says how it ended.
//!
//! Pure. A credit is proof only when it is new: not in the baseline, and not from before the top-up
//! was asked.

use std::collections::BTreeSet;
use std::str::FromStr;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::UnknownWord;
use super::transaction::Transaction;

/// What the list of a card showed just before a top-up was sent: credits that it names are somebody
/// else's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Baseline {
    /// When the reading of the list began, by our clock.
    pub read_at: Timestamp,
    /// From when on it was read, by the provider's clock.
    pub since: Timestamp,
    /// Canonical ids of its rows and of their tasks, whatever their kind and sum: a row may become
    /// a credit later.
    pub credits: BTreeSet<Arc<str>>,
    /// The time of its newest top-up, by the provider's clock.
    pub newest: Option<Timestamp>,
    /// Rows of it that could not be read and have no id by which they are known again.
    pub unread: usize,
    /// The provider's clock, where its answers carry a time.
    pub clock: Option<ClockOffset>,
}

/// The smallest difference of time that a list shows.
const RESOLUTION: SignedDuration = SignedDuration::from_secs(1);

/// The smallest difference of time that a list of days shows.
const DAY: SignedDuration = SignedDuration::from_hours(24);

/// How wrong a clock may be that was never measured. Within this only the baseline decides.
pub const UNMEASURED: SignedDuration = SignedDuration::from_hours(24);

/// How one credit of the list stands to an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Credit {
    /// It came after the operation was asked, as far as can be told.
    New,
    /// It was there, or happened, before.
    Before,
}

impl Baseline {
    /// How a credit of this id and time stands to an operation whose intent was saved at `asked` by
    /// our clock. A credit that is before the operation by more than the clocks can be wrong is
    /// never new; within that, the baseline decides.
    #[must_use]
    pub fn classify(&self, id: &str, at: Timestamp, asked: Timestamp) -> Credit {
        if self.credits.contains(id)
            || saturating_add(at, self.tolerance(at)) < self.provider_time(asked)
        {
            Credit::Before
        } else {
            Credit::New
        }
    }

    /// The same of a row of the list, which may have had its task's id before it got one of its
    /// own.
    #[must_use]
    pub fn classify_row(&self, row: &Transaction, asked: Timestamp) -> Credit {
        if row.task.as_ref().is_some_and(|task| self.credits.contains(task)) {
            return Credit::Before;
        }
        self.classify(&row.id, row.at, asked)
    }

    /// A moment of our clock by the provider's clock.
    #[must_use]
    pub fn provider_time(&self, ours: Timestamp) -> Timestamp {
        saturating_add(ours, self.clock.map_or(SignedDuration::ZERO, |clock| clock.offset))
    }

    /// By how much a time of the list and the intent may seem to be in the wrong order.
    fn tolerance(&self, at: Timestamp) -> SignedDuration {
        // A list that says days only gives midnights.
        let midnight = at.as_millisecond().rem_euclid(86_400_000) == 0;
        let resolution = if midnight { DAY } else { RESOLUTION };
        resolution + self.clock.map_or(UNMEASURED, |clock| clock.uncertainty)
    }

    /// From when on rows can belong to an operation asked at this moment of our clock, by the
    /// provider's clock.
    #[must_use]
    pub fn earliest(&self, asked: Timestamp) -> Timestamp {
        let tolerance = RESOLUTION + self.clock.map_or(UNMEASURED, |clock| clock.uncertainty);
        saturating_add(self.provider_time(asked), -tolerance)
    }

    /// A sentence's end that says by how much the clocks differ; empty while they agree.
    #[must_use]
    pub fn about_clocks(&self) -> String {
        self.clock.map(ClockOffset::words).unwrap_or_default()
    }
}

/// A provider's clock against ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClockOffset {
    /// Provider's time minus ours.
    #[serde(with = "millis")]
    pub offset: SignedDuration,
    /// How much larger or smaller the offset may be.
    #[serde(with = "millis")]
    pub uncertainty: SignedDuration,
}

impl ClockOffset {
    /// The offset that an exchange bounds: an answer that says `date` (whole seconds), sent for at
    /// `sent` and received at `received`.
    #[must_use]
    pub fn measured(date: Timestamp, sent: Timestamp, received: Timestamp) -> Self {
        let least = date.duration_since(received);
        let most = date.duration_since(sent) + SignedDuration::from_secs(1);
        Self::between(least, most.max(least))
    }

    fn between(least: SignedDuration, most: SignedDuration) -> Self {
        let half = (most - least) / 2;
        Self { offset: least + half, uncertainty: half }
    }

    /// The offset that both bounds allow; `None` when they contradict each other: then one of the
    /// clocks was set in between.
    #[must_use]
    pub fn narrowed(self, other: Self) -> Option<Self> {
        let least = (self.offset - self.uncertainty).max(other.offset - other.uncertainty);
        let most = (self.offset + self.uncertainty).min(other.offset + other.uncertainty);
        (least <= most).then(|| Self::between(least, most))
    }

    /// `; the provider's clock is 200 s ahead of ours`; empty for a few seconds.
    #[must_use]
    pub fn words(self) -> String {
        let seconds = self.offset.as_secs();
        match seconds {
            -5..=5 => String::new(),
            ahead @ 6.. => format!("; the provider's clock is {ahead} s ahead of this machine's"),
            behind => format!("; the provider's clock is {} s behind this machine's", -behind),
        }
    }
}

/// Durations as whole milliseconds.
mod millis {
    use jiff::SignedDuration;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(
        duration: &SignedDuration,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        to.serialize_i64(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<SignedDuration, D::Error> {
        i64::deserialize(from).map(SignedDuration::from_millis)
    }
}

/// Who says how an operation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProvenBy {
    /// Its effect, or its failure, was read back.
    Lookup,
    /// The provider's answer to the change itself.
    Answer,
    /// A person, because nothing that can be read tells.
    Person,
    /// A signed event of the provider, where nothing can be read.
    Push,
}

impl ProvenBy {
    /// The word of JSON and the journal.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Lookup => "seen",
            Self::Answer => "answer",
            Self::Person => "person",
            Self::Push => "pushed",
        }
    }
}

impl FromStr for ProvenBy {
    type Err = UnknownWord;

    fn from_str(word: &str) -> Result<Self, UnknownWord> {
        [Self::Lookup, Self::Answer, Self::Person, Self::Push]
            .into_iter()
            .find(|by| by.as_str() == word)
            .ok_or(UnknownWord)
    }
}

fn saturating_add(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.saturating_add(by).unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millisecond(1_800_000_000_500 + millis).expect("a time of the test")
    }

    fn baseline(clock: Option<(i64, i64)>) -> Baseline {
        let millis = SignedDuration::from_millis;
        Baseline {
            read_at: at(-100),
            since: at(-600_000),
            credits: BTreeSet::from(["old".into()]),
            newest: None,
            unread: 0,
            clock: clock.map(|(offset, uncertainty)| ClockOffset {
                offset: millis(offset),
                uncertainty: millis(uncertainty),
            }),
        }
    }

    #[test]
    fn a_credit_from_before_the_intent_is_never_new() {
        let measured = baseline(Some((0, 500)));
        assert_eq!(measured.classify("other", at(-1_501), at(0)), Credit::Before);
        assert_eq!(
            measured.classify("other", at(-1_499), at(0)),
            Credit::New,
            "within what clocks and lists may be wrong"
        );
        assert_eq!(
            measured.classify("old", at(5_000), at(0)),
            Credit::Before,
            "it was in the list already, whatever its time says"
        );
    }

    #[test]
    fn a_wrong_clock_neither_hides_a_credit_nor_makes_an_old_one_new() {
        for offset in [-200_000, 280_000] {
            let measured = baseline(Some((offset, 500)));
            assert_eq!(measured.classify("ours", at(offset + 20), at(0)), Credit::New, "{offset}");
            assert_eq!(
                measured.classify("other", at(offset - 2_000), at(0)),
                Credit::Before,
                "{offset}"
            );
        }
        let unmeasured = baseline(None);
        assert_eq!(
            unmeasured.classify("ours", at(-200_000), at(0)),
            Credit::New,
            "only the baseline can tell"
        );
        assert_eq!(unmeasured.classify("old", at(-200_000), at(0)), Credit::Before);
    }

    #[test]
    fn clocks_that_differ_are_said() {
        let words = |seconds| {
            ClockOffset {
                offset: SignedDuration::from_secs(seconds),
                uncertainty: SignedDuration::ZERO,
            }
            .words()
        };
        assert_eq!(words(2), "");
        assert_eq!(words(200), "; the provider's clock is 200 s ahead of this machine's");
        assert_eq!(words(-280), "; the provider's clock is 280 s behind this machine's");
    }

    proptest! {
        #[test]
        fn the_true_offset_is_always_within_what_was_measured(
            truth in -500_000_i64..500_000,
            exchanges in proptest::collection::vec((0_i64..60_000, 0_i64..5_000, 0_i64..100), 1..8),
        ) {
            let mut known: Option<ClockOffset> = None;
            for (start, took, share) in exchanges {
                let (sent, received) = (at(start), at(start + took));
                let handled = start + took * share / 100 + truth;
                let date = Timestamp::from_second(at(handled).as_second()).expect("a time");
                let one = ClockOffset::measured(date, sent, received);
                let narrowed = known.map_or(Some(one), |known| known.narrowed(one));
                prop_assert!(narrowed.is_some(), "bounds of one steady clock agree");
                known = narrowed;
            }
            let known = known.expect("there was an exchange");
            let off = (known.offset - SignedDuration::from_millis(truth)).abs();
            let most = known.uncertainty + SignedDuration::from_millis(1);
            prop_assert!(off <= most, "{off:?} beyond {most:?}");
        }

        #[test]
        fn a_baseline_reads_back_from_the_journal(
            offset in -90_000_i64..90_000,
            ids in proptest::collection::btree_set("[a-z0-9]{1,9}", 0..5),
        ) {
            let credits = ids.into_iter().map(Into::into).collect();
            let whole = Baseline { credits, ..baseline(Some((offset, 700))) };
            let json = serde_json::to_string(&whole).expect("JSON");
            let back: Baseline = serde_json::from_str(&json).expect("what was written");
            prop_assert_eq!(back, whole);
        }
    }
}
