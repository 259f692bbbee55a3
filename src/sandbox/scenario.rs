//! What goes wrong by itself, for whoever tries cardtop out: one word each on the command line, and
//! when it begins.

use std::fmt;
use std::ops::Range;
use std::str::FromStr;
use std::time::Duration;

use super::Dialect;

/// The provider of the scenario `slow`, and how long it takes for every answer.
pub(super) const SLOW_PROVIDER: Dialect = Dialect::Banana;
pub(super) const SLOW_ANSWER: Duration = Duration::from_millis(2_500);

/// The provider of the scenario `outage`, and the seconds of each cycle in which it is gone. It is
/// read once before, so that the figures are there that cannot be read any more.
pub(super) const OUT_PROVIDER: Dialect = Dialect::Enkash;
pub(super) const OUTAGE: Range<i64> = 10..100;
pub(super) const OUTAGE_CYCLE: i64 = 300;

/// Seconds from the start in which the proxy of `web-page-403` lets no login through.
pub(super) const BLOCKED_LOGIN_SECONDS: i64 = 20;
/// It blocks every reading whose number is a multiple of this.
pub(super) const BLOCKED_READING: u64 = 10;

/// Something that goes wrong by itself. Several may be combined. Where one provider is meant, it
/// is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scenario {
    /// enkash answers 503 for 90 seconds, after ten seconds and again every five minutes.
    Outage,
    /// banana takes 2.5 seconds for every answer.
    Slow,
    /// Every second top-up, the first among them, has no answer and takes effect 90 seconds later:
    /// long enough to read that it is UNKNOWN, and to act on it.
    UnknownTopup,
    /// Holds leave the lists without notice, and their money is free: the first after 20 to 90
    /// seconds.
    ReleasedHolds,
    /// Holds are booked as another row with another id, two of three for a tenth more: the first
    /// after 20 to 90 seconds.
    NewIds,
    /// Every second purchase is booked at once and dated 5 to 40 minutes back, so that it is deep
    /// in the lists.
    LateRows,
    /// A row is inserted after a page of a list was read, at most every five seconds.
    PageShifts,
    /// No page has more than 20 rows, whatever is asked for.
    ShortPages,
    /// Totals count the page instead of the list.
    LyingTotals,
    /// A proxy answers 403 with a web page: every login in the first 20 seconds (enkash, ibanera),
    /// every tenth reading, and readings about one card (the fourteenth) always.
    WebPage403,
    /// Every third purchase has an amount, a time, a currency or a state that cannot be read.
    OddRows,
    /// Of each provider's cards from the ninth on, one answers 500, one `{}`, one has figures such
    /// as 1,000.00, one the currency `US$`, one no state.
    OddCards,
    /// Rows spell card ids otherwise than rosters and lists of cards: capitals, zeros in front,
    /// blanks around.
    Spelling,
    /// Another system tops up one card after the other every 45 seconds, and makes an equal top-up
    /// 8 seconds after each of yours.
    ForeignTopUps,
    /// artha's clock is 200 s fast, banana's 200 s slow, enkash's 45 s fast, ibanera's 45 s slow.
    WrongClock,
    /// A purchase is declined every 6 seconds, each reason in its turn.
    Declines,
    /// ibanera's top-ups are paid by the card's customer, from an account of the customer's own.
    CustomerPays,
    /// Webhooks come 2 seconds to 3 minutes late, and so out of order. Only with `--webhooks`, like
    /// the two below.
    LateWebhooks,
    /// Every webhook comes two or three times, at most a minute apart.
    RepeatedWebhooks,
    /// One webhook of three never comes.
    LostWebhooks,
}

impl Scenario {
    /// All of them.
    pub const ALL: [Self; 20] = [
        Self::Outage,
        Self::Slow,
        Self::UnknownTopup,
        Self::ReleasedHolds,
        Self::NewIds,
        Self::LateRows,
        Self::PageShifts,
        Self::ShortPages,
        Self::LyingTotals,
        Self::WebPage403,
        Self::OddRows,
        Self::OddCards,
        Self::Spelling,
        Self::ForeignTopUps,
        Self::WrongClock,
        Self::Declines,
        Self::CustomerPays,
        Self::LateWebhooks,
        Self::RepeatedWebhooks,
        Self::LostWebhooks,
    ];

    /// The word on the command line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Outage => "outage",
            Self::Slow => "slow",
            Self::UnknownTopup => "unknown-topup",
            Self::ReleasedHolds => "released-holds",
            Self::NewIds => "new-ids",
            Self::LateRows => "late-rows",
            Self::PageShifts => "page-shifts",
            Self::ShortPages => "short-pages",
            Self::LyingTotals => "lying-totals",
            Self::WebPage403 => "web-page-403",
            Self::OddRows => "odd-rows",
            Self::OddCards => "odd-cards",
            Self::Spelling => "spelling",
            Self::ForeignTopUps => "foreign-topups",
            Self::WrongClock => "wrong-clock",
            Self::Declines => "declines",
            Self::CustomerPays => "customer-pays",
            Self::LateWebhooks => "late-webhooks",
            Self::RepeatedWebhooks => "repeated-webhooks",
            Self::LostWebhooks => "lost-webhooks",
        }
    }

    /// When it begins: `at once`, or after how long.
    #[must_use]
    pub const fn begins(self) -> &'static str {
        match self {
            Self::Outage => "after 10 s",
            Self::ReleasedHolds | Self::NewIds => "after 20 s",
            Self::UnknownTopup => "with your first top-up",
            Self::Slow
            | Self::LateRows
            | Self::PageShifts
            | Self::ShortPages
            | Self::LyingTotals
            | Self::WebPage403
            | Self::OddRows
            | Self::OddCards
            | Self::Spelling
            | Self::ForeignTopUps
            | Self::WrongClock
            | Self::Declines
            | Self::CustomerPays
            | Self::LateWebhooks
            | Self::RepeatedWebhooks
            | Self::LostWebhooks => "at once",
        }
    }

    /// What goes wrong from then on.
    #[must_use]
    pub const fn effect(self) -> &'static str {
        match self {
            Self::Outage => "enkash answers 503 for 90 s, again every 5 min",
            Self::Slow => "banana takes 2.5 seconds for every answer",
            Self::UnknownTopup => "every other has no answer, paid 90 s later",
            Self::ReleasedHolds => "holds leave the lists, and their money is free",
            Self::NewIds => "holds are booked as other rows, often for more",
            Self::LateRows => "every other purchase is dated 5 to 40 minutes back",
            Self::PageShifts => "a row comes in after a page was read, every 5 s",
            Self::ShortPages => "no page has more than 20 rows",
            Self::LyingTotals => "totals count the page instead of the list",
            Self::WebPage403 => "a proxy's page for logins (20 s), readings, a card",
            Self::OddRows => "amounts, times and words that cannot be read (1 in 3)",
            Self::OddCards => "cards that say 500, {}, 1,000.00, US$ or no state",
            Self::Spelling => "rows spell card ids otherwise than rosters do",
            Self::ForeignTopUps => "another system tops up, too, and repeats yours",
            Self::WrongClock => "clocks 200 s fast (artha), slow (banana), 45 s off",
            Self::Declines => "a refusal every 6 s, each reason in its turn",
            Self::CustomerPays => "ibanera's cards are paid for by their customers",
            Self::LateWebhooks => "webhooks come 2 s to 3 min late, out of order",
            Self::RepeatedWebhooks => "every webhook comes two or three times",
            Self::LostWebhooks => "one webhook of three never comes",
        }
    }

    /// One line: when it begins, and what goes wrong then.
    #[must_use]
    pub fn description(self) -> String {
        format!("{}: {}", self.begins(), self.effect())
    }
}

impl fmt::Display for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Scenario {
    type Err = UnknownScenario;

    fn from_str(text: &str) -> Result<Self, UnknownScenario> {
        Self::ALL
            .into_iter()
            .find(|scenario| scenario.as_str().eq_ignore_ascii_case(text.trim()))
            .ok_or(UnknownScenario)
    }
}

/// Not a scenario's word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownScenario;

impl fmt::Display for UnknownScenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not a scenario: {}", Scenario::ALL.map(Scenario::as_str).join(", "))
    }
}

impl std::error::Error for UnknownScenario {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scenario_is_found_by_its_word_and_says_when_it_begins() {
        for scenario in Scenario::ALL {
            assert_eq!(scenario.as_str().parse(), Ok(scenario));
            let line = scenario.description();
            let begins = ["at once", "after ", "with "].iter().any(|words| line.starts_with(words));
            assert!(begins && line.contains(": ") && line.len() <= 70, "{scenario}: {line}");
        }
        assert_eq!("flood".parse::<Scenario>(), Err(UnknownScenario));
        assert!(UnknownScenario.to_string().contains("released-holds"));
    }
}
