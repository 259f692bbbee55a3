//! How long it takes until every card of an account was read: what is said of large programmes.

use jiff::SignedDuration;

use super::text;

/// Rows of the largest usual window: so many cards may be on screen.
const FULL_SCREEN: u64 = 60;

/// What of an account is to be read, and how fast it may be.
///
/// Of a list of cards it is supposed that it carries their figures, as those of the known providers
/// do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Workload {
    /// How many cards there are.
    pub cards: u64,
    /// They come in a list, this many a page; `None` where each is read by itself.
    pub page: Option<u16>,
    /// Their transactions come in one list of all cards.
    pub common_feed: bool,
    /// Requests that one reading of a card takes.
    pub calls_per_card: u16,
    /// Requests a minute: the rate limit, or less where answers take long.
    pub per_minute: u32,
    /// Between two readings of what is on screen.
    pub balances_every: SignedDuration,
    /// The same of transactions.
    pub transactions_every: SignedDuration,
    /// Between two readings of a card that nobody looks at, and of its transactions.
    pub unseen_every: (SignedDuration, SignedDuration),
    /// Older transactions are being read besides.
    pub reads_history: bool,
}

impl Workload {
    /// The requests of the list of cards, if there is one.
    fn list_calls(&self) -> u64 {
        self.page.map_or(0, |page| self.cards / u64::from(page.max(1)) + 1)
    }

    /// The requests of a card that is read by itself: of its figures and of its transactions.
    fn single_calls(&self) -> u64 {
        let figures = if self.page.is_some() { 0 } else { u64::from(self.calls_per_card) };
        figures + u64::from(!self.common_feed)
    }

    /// Requests a minute of what is read before cards that nobody looks at, with so many cards on
    /// screen.
    fn first_calls_per_minute(&self, visible: u64) -> u64 {
        let figures = if self.page.is_some() { 0 } else { u64::from(self.calls_per_card) };
        let feeds = u64::from(!self.common_feed);
        // A list that takes long is read half of the time.
        let list =
            often(self.list_calls(), self.balances_every).min(u64::from(self.per_minute) / 2);
        // One request of the float.
        1 + list
            + often(u64::from(self.common_feed), self.transactions_every)
            + often(visible * figures, self.balances_every)
            + often(visible * feeds, self.transactions_every)
    }

    /// How long so many requests take at so many a minute.
    fn time(calls: u64, per_minute: u64) -> SignedDuration {
        let millis = calls.saturating_mul(60_000).div_ceil(per_minute.max(1));
        SignedDuration::from_millis(i64::try_from(millis).unwrap_or(i64::MAX))
    }

    /// How long a round through all cards takes, with so many on screen. Every fourth reading goes
    /// to what waits longest, whatever is on screen; every eighth of a part of the history comes
    /// out of these, and where cards have all the rest, two more of eight.
    fn round(&self, visible: u64) -> SignedDuration {
        let rate = u64::from(self.per_minute);
        let left = rate.saturating_sub(self.first_calls_per_minute(visible));
        let left = if self.reads_history {
            let calls = self.single_calls().max(1);
            (left * 5 * calls / (5 * calls + 3)).max(rate / 8)
        } else {
            left.max(rate / 4)
        };
        Self::time(self.cards.saturating_mul(self.single_calls()), left)
    }

    /// How old the figures of any card are at most, once each was read, while none is on screen.
    #[must_use]
    pub fn every_card(&self) -> SignedDuration {
        match self.page {
            Some(_) => {
                let list = Self::time(self.list_calls(), u64::from(self.per_minute));
                // It rests for as long as it took.
                self.balances_every.max(list * 2)
            }
            None => self.round(0).max(self.unseen_every.0),
        }
    }

    /// The same while the screen is full of cards, which are read first.
    #[must_use]
    pub fn every_card_behind_a_full_screen(&self) -> SignedDuration {
        match self.page {
            Some(_) => self.every_card(),
            None => self.round(self.cards.min(FULL_SCREEN)).max(self.unseen_every.0),
        }
    }

    /// How long ago the transactions of any card were read at most, where those of each are read by
    /// themselves.
    #[must_use]
    pub fn every_feed(&self) -> Option<SignedDuration> {
        (!self.common_feed)
            .then(|| self.round(self.cards.min(FULL_SCREEN)).max(self.unseen_every.1))
    }

    /// How long a card that came on screen waits at most until it was read, while the screen is
    /// full of others that wait as well.
    #[must_use]
    pub fn visible(&self) -> SignedDuration {
        if self.single_calls() == 0 {
            return self.every_card();
        }
        let on_screen = self.cards.min(FULL_SCREEN);
        let readings = on_screen * (u64::from(self.page.is_none()) + u64::from(!self.common_feed));
        let card = u64::from(self.calls_per_card);
        // Every fourth reading is of another card, or a part of the history; one is under way, and
        // lists come first.
        let others = readings.div_ceil(3) * card.max(1);
        let calls = on_screen * self.single_calls() + others + card + 3;
        // Every other request is a page of a list that is being read.
        let calls = if self.page.is_some() { 2 * calls } else { calls };
        let rate = u64::from(self.per_minute);
        // The float and the feed of all cards.
        let first = 1 + often(u64::from(self.common_feed), self.transactions_every);
        Self::time(calls, rate.saturating_sub(first).max(rate / 4))
    }

    /// All of that in one sentence: `25,000 cards without a list at 20 calls/s: every card within
    /// 42 min, since artha takes two calls a card; visible ones within 10 s`.
    #[must_use]
    pub fn sentence(&self, provider: &str) -> String {
        let cards = if self.cards == 1 { "card" } else { "cards" };
        let list = if self.page.is_some() { "by list" } else { "without a list" };
        let mut words = format!(
            "{} {cards} {list} at {}",
            text::group_digits(&self.cards.to_string()),
            self.rate()
        );
        words.push_str(&format!(": every card within {}", in_words(self.every_card())));
        let (alone, busy) = (self.every_card(), self.every_card_behind_a_full_screen());
        if in_words(alone) != in_words(busy) {
            words.push_str(&format!(" ({} behind a full screen)", in_words(busy)));
        }
        match self.every_feed() {
            Some(feed) if self.page.is_some() => {
                words.push_str(&format!(
                    ", its transactions within {}, since {provider} lists them card by card",
                    in_words(feed)
                ));
            }
            Some(_) => words.push_str(&format!(
                ", since {provider} takes {} a card and one for its transactions",
                calls(self.calls_per_card)
            )),
            None if self.page.is_none() => {
                words.push_str(&format!(
                    ", since {provider} takes {} a card",
                    calls(self.calls_per_card)
                ));
            }
            None => {}
        }
        if self.single_calls() > 0 {
            words.push_str(&format!("; visible ones within {}", in_words(self.visible())));
        }
        words
    }

    /// `20 calls/s`, `90 calls/min`.
    fn rate(&self) -> String {
        match (self.per_minute / 60, self.per_minute % 60) {
            (1, 0) => "1 call/s".to_owned(),
            (seconds, 0) => format!("{seconds} calls/s"),
            _ => format!("{} calls/min", self.per_minute),
        }
    }
}

/// Requests a minute of so many every so often.
fn often(calls: u64, every: SignedDuration) -> u64 {
    let millis = u64::try_from(every.as_millis()).unwrap_or(0).max(1);
    (calls * 60_000).div_ceil(millis)
}

fn calls(count: u16) -> String {
    match count {
        1 => "one call".to_owned(),
        2 => "two calls".to_owned(),
        3 => "three calls".to_owned(),
        count => format!("{count} calls"),
    }
}

/// Rounded up: seconds in steps of 5 up to two minutes, then minutes, then hours and minutes.
#[must_use]
pub fn in_words(time: SignedDuration) -> String {
    let seconds = u64::try_from(time.as_millis()).unwrap_or(0).div_ceil(1_000);
    let minutes = seconds.div_ceil(60);
    match (seconds, minutes) {
        (..=120, _) => format!("{} s", seconds.div_ceil(5) * 5),
        (_, ..120) => format!("{minutes} min"),
        _ => format!("{} h {:02} min", minutes / 60, minutes % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn workload(cards: u64, page: Option<u16>, common_feed: bool) -> Workload {
        let seconds = SignedDuration::from_secs;
        Workload {
            cards,
            page,
            common_feed,
            calls_per_card: 2,
            per_minute: 1_200,
            balances_every: seconds(30),
            transactions_every: seconds(15),
            unseen_every: (seconds(120), seconds(120)),
            reads_history: false,
        }
    }

    #[test]
    fn the_bound_is_said_with_its_reason() {
        assert_eq!(
            workload(25_000, None, true).sentence("artha"),
            "25,000 cards without a list at 20 calls/s: every card within 42 min (53 min behind a \
             full screen), since artha takes two calls a card; visible ones within 10 s"
        );
        assert_eq!(
            workload(16, None, true).sentence("artha"),
            "16 cards without a list at 20 calls/s: every card within 120 s, since artha takes two \
             calls a card; visible ones within 5 s"
        );
        assert_eq!(
            Workload { per_minute: 90, ..workload(25_000, None, false) }.sentence("artha"),
            "25,000 cards without a list at 90 calls/min: every card within 14 h 03 min (56 h 50 \
             min behind a full screen), since artha takes two calls a card and one for its \
             transactions; visible ones within 3 min"
        );
        assert_eq!(
            workload(25_000, Some(50), false).sentence("ibanera"),
            "25,000 cards by list at 20 calls/s: every card within 55 s, its transactions within \
             70 min, since ibanera lists them card by card; visible ones within 15 s"
        );
        let filling = Workload { reads_history: true, ..workload(25_000, None, true) };
        assert_eq!(
            filling.sentence("artha"),
            "25,000 cards without a list at 20 calls/s: every card within 55 min (69 min behind a \
             full screen), since artha takes two calls a card; visible ones within 10 s"
        );
        assert_eq!(
            Workload { per_minute: 60, ..workload(1, Some(50), true) }.sentence("enkash"),
            "1 card by list at 1 call/s: every card within 30 s"
        );
    }

    #[test]
    fn more_cards_or_a_lower_rate_never_promise_more() {
        for page in [None, Some(50)] {
            for common_feed in [true, false] {
                let mut last = workload(0, page, common_feed);
                for cards in [1, 10, 60, 61, 1_000, 100_000, 1_000_000] {
                    let more = workload(cards, page, common_feed);
                    let slower = Workload { per_minute: 300, ..more };
                    for (small, large) in [(last, more), (more, slower)] {
                        assert!(small.every_card() <= large.every_card(), "{small:?} {large:?}");
                        assert!(small.visible() <= large.visible(), "{small:?} {large:?}");
                        assert!(small.every_feed() <= large.every_feed(), "{small:?} {large:?}");
                        assert!(more.every_card() <= more.every_card_behind_a_full_screen());
                    }
                    last = more;
                }
            }
        }
    }
}
