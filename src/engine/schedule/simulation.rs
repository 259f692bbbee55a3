//! Hours of readings in moments: the schedule and the budget against a provider that answers after
//! a while, from 10 to 1,000,000 cards. What [`Workload`] promises is compared with what happens.

use std::collections::VecDeque;

use super::tests::{at, can, id};
use super::*;
use crate::domain::workload::Workload;

/// A provider, and who looks at it.
#[derive(Clone, Copy)]
struct Setting {
    cards: usize,
    per_minute: u32,
    /// It lists its cards, so many a page, with their figures.
    page: Option<u16>,
    common_feed: bool,
    calls_per_card: u16,
    /// Milliseconds that an answer takes.
    latency: i64,
    /// Cards on screen; others every [`SCROLLS_EVERY`].
    visible: usize,
    /// There is always more of the history to read.
    history: bool,
}

/// The window shows other cards so often, or after all of it had the time to be read.
const SCROLLS_EVERY: i64 = 40_000;

/// An operation is to be looked up so often.
const LOOKUP_EVERY: i64 = 20_000;

/// What was seen.
#[derive(Default)]
struct Seen {
    /// Longest between two readings of a card, or from the start to the first: of its figures, and
    /// of its transactions.
    card: i64,
    feed_of_card: i64,
    /// Longest that a card on screen waited to be read.
    visible: i64,
    /// Longest between two readings of the list and of the feed of all cards.
    list: i64,
    feed: i64,
    /// Longest between two readings of the history.
    history: i64,
    /// Longest that a lookup waited.
    lookup: i64,
    /// Most requests in any ten seconds.
    burst: u64,
    /// The longest reading, in requests.
    longest: u64,
}

struct Simulation {
    setting: Setting,
    plan: Plan,
    budget: Budget,
    /// Milliseconds since the start.
    now: i64,
    /// When each card's figures and transactions were read.
    read: Vec<(i64, i64)>,
    /// Since when cards on screen wait to be read.
    waiting: Vec<(usize, i64)>,
    list: i64,
    feed: i64,
    history: i64,
    scrolled: Option<i64>,
    lookup: (OperationId, i64),
    sent: VecDeque<i64>,
    seen: Seen,
}

impl Setting {
    fn poll() -> Poll {
        Poll::default()
    }

    fn workload(&self) -> Workload {
        let (balances, transactions) =
            (signed(Self::poll().balances), signed(Self::poll().transactions));
        Workload {
            cards: u64::try_from(self.cards).expect("a small number"),
            page: self.page,
            common_feed: self.common_feed,
            calls_per_card: self.calls_per_card,
            per_minute: self.per_minute,
            balances_every: balances,
            transactions_every: transactions,
            unseen_every: (balances * UNSEEN, transactions * UNSEEN_FEED),
            reads_history: self.history,
        }
    }

    fn list_calls(&self) -> u64 {
        let cards = u64::try_from(self.cards).expect("a small number");
        self.page.map_or(0, |page| cards / u64::from(page) + 1)
    }
}

impl Simulation {
    fn new(setting: Setting) -> Self {
        let mut plan = Plan::new(Setting::poll());
        plan.set_capabilities(&can(setting.page.is_some(), setting.common_feed, true));
        (0..setting.cards).for_each(|card| plan.know(&id(card)));
        Self {
            setting,
            plan,
            budget: Budget::new(setting.per_minute, at(0)),
            now: 0,
            read: vec![(0, 0); setting.cards],
            waiting: Vec::new(),
            list: 0,
            feed: 0,
            history: 0,
            scrolled: None,
            lookup: (OperationId::new(at(0), 1, 1), LOOKUP_EVERY),
            sent: VecDeque::new(),
            seen: Seen::default(),
        }
    }

    fn time(&self) -> Timestamp {
        at(0) + SignedDuration::from_millis(self.now)
    }

    /// What is read next, also between two pages of the list.
    fn next(&mut self, is_listing: bool) -> Next {
        let now = self.time();
        let due = at(0) + SignedDuration::from_millis(self.lookup.1);
        let lookups = [(self.lookup.0, due)];
        let gate = self.budget.ready_at(now);
        let spare = self.budget.spare_at(now).unwrap_or(Timestamp::MIN);
        let history = Some(HistoryDue { earliest: Timestamp::MIN, spare });
        let history = history.filter(|_| self.setting.history);
        let (lookups, typing_until, paused) = (&lookups, None, false);
        let moment = Moment { now, gate, typing_until, paused, history, is_listing, lookups };
        next(&self.plan, &moment)
    }

    fn read(&mut self, read: &Read) {
        self.plan.note_tried(read, self.time());
        self.answer(read);
        self.plan.note_ended(read, self.time());
    }

    /// Lets this many milliseconds pass.
    fn run(&mut self, millis: i64) -> &Seen {
        let end = self.now + millis;
        while self.now < end {
            self.scroll();
            match self.next(false) {
                Next::Read(read) => self.read(&read),
                Next::Wait(until) => {
                    let until = until.map_or(end, |until| millis_of(until) + 1);
                    // The window scrolls and operations come also while nothing is due.
                    let event = self.scrolls_at().min(self.lookup.1);
                    self.now = until
                        .min(event.max(self.now + 1))
                        .clamp(self.now + 1, end.max(self.now + 1));
                }
            }
        }
        &self.seen
    }

    fn scrolls_at(&self) -> i64 {
        let all_read = millis(self.setting.workload().visible()) * 3 / 2;
        self.scrolled.map_or(0, |last| last + all_read.max(SCROLLS_EVERY))
    }

    /// Shows other cards, when it is time.
    fn scroll(&mut self) {
        let visible = self.setting.visible.min(self.setting.cards);
        if visible == 0 || self.now < self.scrolls_at() {
            return;
        }
        self.scrolled = Some(self.now);
        let step = usize::try_from(self.now / SCROLLS_EVERY).unwrap_or(0);
        let first = (step * 7_919) % (self.setting.cards - visible + 1);
        let shown: Vec<usize> = (first..first + visible).collect();
        let ids: Vec<Arc<str>> = shown.iter().copied().map(id).collect();
        self.plan.watch(ids.first(), &ids);
        // Those that left the screen do not wait any more.
        self.waiting.retain(|(card, _)| shown.contains(card));
        let fresh = |card: &usize| {
            let (figures, feed) = self.read[*card];
            let poll = Setting::poll();
            let is_due = |read: i64, every: Duration| {
                read == 0 || self.now - read >= i64::try_from(every.as_millis()).unwrap_or(0)
            };
            self.setting.page.is_none() && is_due(figures, poll.balances)
                || !self.setting.common_feed && is_due(feed, poll.transactions * 2)
        };
        let waits: Vec<(usize, i64)> = shown
            .iter()
            .filter(|card| fresh(card) && !self.waiting.iter().any(|(known, _)| known == *card))
            .map(|card| (*card, self.now))
            .collect();
        self.waiting.extend(waits);
    }

    /// The provider answers.
    fn answer(&mut self, read: &Read) {
        let calls = match read {
            Read::Card(_) => u64::from(self.setting.calls_per_card),
            Read::List => self.setting.list_calls(),
            Read::Look(_) | Read::Feed | Read::Float | Read::CardFeed(_) | Read::History => 1,
        };
        for page in 0..calls {
            if *read == Read::List && page > 0 {
                self.read_beside_list();
                self.pace();
            }
            self.send();
        }
        if *read != Read::List {
            self.seen.longest = self.seen.longest.max(calls);
        }
        self.note(read);
    }

    /// Pages of a list are sent as the budget allows.
    fn pace(&mut self) {
        while self.budget.ready_at(self.time()).is_some() {
            self.now += 1;
        }
    }

    fn read_beside_list(&mut self) {
        let began = self.now;
        self.pace();
        self.scroll();
        if let Next::Read(read) = self.next(true) {
            self.read(&read);
            self.plan.note_beside_list(SignedDuration::from_millis(self.now - began));
        }
    }

    fn send(&mut self) {
        self.budget.take(1, self.time());
        self.sent.push_back(self.now);
        while self.sent.front().is_some_and(|sent| self.now - sent >= 10_000) {
            self.sent.pop_front();
        }
        let burst = u64::try_from(self.sent.len()).expect("a small number");
        self.seen.burst = self.seen.burst.max(burst);
        self.now += self.setting.latency;
    }

    fn note(&mut self, read: &Read) {
        let now = self.now;
        let longest = |seen: &mut i64, last: &mut i64| {
            *seen = (*seen).max(now - *last);
            *last = now;
        };
        let index = |id: &str| id.trim_start_matches('c').parse::<usize>().expect("a card");
        match read {
            Read::Look(_) => {
                self.seen.lookup = self.seen.lookup.max(now - self.lookup.1);
                self.lookup.1 = now + LOOKUP_EVERY;
            }
            Read::List => {
                longest(&mut self.seen.list, &mut self.list);
                for card in 0..self.setting.cards {
                    self.plan.note_listed(&id(card), at(0) + SignedDuration::from_millis(now));
                    longest(&mut self.seen.card, &mut self.read[card].0);
                }
            }
            Read::Feed => longest(&mut self.seen.feed, &mut self.feed),
            Read::History => longest(&mut self.seen.history, &mut self.history),
            Read::Float => {}
            Read::Card(card) => {
                longest(&mut self.seen.card, &mut self.read[index(card)].0);
                self.note_visible(index(card));
            }
            Read::CardFeed(card) => {
                longest(&mut self.seen.feed_of_card, &mut self.read[index(card)].1);
                self.note_visible(index(card));
            }
        }
    }

    /// A card on screen was read, if all of it was since it came there.
    fn note_visible(&mut self, card: usize) {
        let (figures, feed) = self.read[card];
        let Some(at) = self.waiting.iter().position(|(waits, _)| *waits == card) else { return };
        let since = self.waiting[at].1;
        let poll = Setting::poll();
        let recent = |read: i64, every: Duration| {
            read > since || read > 0 && since - read < i64::try_from(every.as_millis()).unwrap_or(0)
        };
        let figures = self.setting.page.is_some() || recent(figures, poll.balances);
        let feed = self.setting.common_feed || recent(feed, poll.transactions * 2);
        if figures && feed {
            self.waiting.swap_remove(at);
            self.seen.visible = self.seen.visible.max(self.now - since);
        }
    }

    /// The longest that a card was not read until now counts, too.
    fn end(mut self) -> Seen {
        for (figures, feed) in std::mem::take(&mut self.read) {
            self.seen.card = self.seen.card.max(self.now - figures);
            if !self.setting.common_feed {
                self.seen.feed_of_card = self.seen.feed_of_card.max(self.now - feed);
            }
        }
        for (_, since) in &self.waiting {
            self.seen.visible = self.seen.visible.max(self.now - since);
        }
        self.seen
    }
}

fn millis_of(at_time: Timestamp) -> i64 {
    at_time.as_millisecond() - at(0).as_millisecond()
}

fn millis(time: SignedDuration) -> i64 {
    i64::try_from(time.as_millis()).expect("a time of the test")
}

/// Two rounds through few cards and a good one through many, and what was promised of them.
fn check(setting: Setting) -> Seen {
    let work = setting.workload();
    let round = match (setting.visible, work.every_feed()) {
        (_, Some(feed)) => feed.max(work.every_card_behind_a_full_screen()),
        (0, None) => work.every_card(),
        (_, None) => work.every_card_behind_a_full_screen(),
    };
    let mut simulation = Simulation::new(setting);
    let time = if setting.cards > 10_000 { millis(round) * 5 / 4 } else { millis(round) * 2 };
    simulation.run(time + 120_000);
    let seen = simulation.end();
    let figures = if setting.visible == 0 {
        work.every_card()
    } else {
        work.every_card_behind_a_full_screen()
    };
    // A tenth more, and ten seconds, for what is due at the same moment.
    let slack = |time: SignedDuration| millis(time) * 11 / 10 + 10_000;
    let say = |what: &str, seen: i64, bound: i64| {
        format!("{what} with {} cards: {seen} ms, at most {bound}", setting.cards)
    };
    assert!(seen.card <= slack(figures), "{}", say("a card", seen.card, slack(figures)));
    if let Some(feed) = work.every_feed() {
        assert!(
            seen.feed_of_card <= slack(feed),
            "{}",
            say("a feed", seen.feed_of_card, slack(feed))
        );
    }
    let visible = millis(work.visible()) * 11 / 10;
    assert!(seen.visible <= visible, "{}", say("on screen", seen.visible, visible));
    // Behind one reading that is under way, and until the budget has room for it.
    let one = i64::from(setting.calls_per_card) + 1;
    let at_once = (one + 1) * (60_000 / i64::from(setting.per_minute) + setting.latency) + 100;
    assert!(seen.lookup <= at_once, "{}", say("a lookup", seen.lookup, at_once));
    if setting.common_feed && setting.page.is_none() {
        let newest = millis(signed(Setting::poll().transactions)) + 3 * at_once;
        assert!(seen.feed <= newest, "{}", say("the feed", seen.feed, newest));
    }
    if setting.page.is_some() {
        // Each of its pages may wait for another reading.
        let pages = i64::try_from(setting.list_calls()).expect("a small number");
        let newest = millis(work.every_card()) + (pages + 3) * at_once;
        assert!(seen.list <= newest, "{}", say("the list", seen.list, newest));
    }
    if setting.history {
        // Every eighth reading, or where nothing is due, when half of the bucket has filled.
        let history = 8 * at_once + 5_000;
        assert!(seen.history <= history, "{}", say("the history", seen.history, history));
    }
    let bucket = u64::from(setting.per_minute) / 6;
    assert!(
        seen.burst <= 2 * bucket + seen.longest,
        "{} requests in ten seconds, {bucket} in the bucket and as many that fill it",
        seen.burst
    );
    seen
}

const ARTHA: Setting = Setting {
    cards: 0,
    per_minute: 1_200,
    page: None,
    common_feed: true,
    calls_per_card: 2,
    latency: 20,
    visible: 60,
    history: false,
};

#[test]
fn every_card_without_a_list_is_read_within_the_time_that_is_said() {
    for cards in [10, 60, 1_000] {
        check(Setting { cards, ..ARTHA });
        check(Setting { cards, history: true, ..ARTHA });
    }
    check(Setting { cards: 25_000, visible: 0, history: true, ..ARTHA });
    check(Setting { cards: 25_000, visible: 0, ..ARTHA });
    check(Setting { cards: 500, per_minute: 120, ..ARTHA });
}

#[test]
fn cards_whose_transactions_are_listed_one_by_one_are_read_within_the_time_that_is_said() {
    for cards in [10, 1_000, 5_000] {
        check(Setting { cards, common_feed: false, ..ARTHA });
        let ibanera = Setting { page: Some(50), common_feed: false, calls_per_card: 1, ..ARTHA };
        check(Setting { cards, ..ibanera });
        check(Setting { cards, visible: 0, ..ibanera });
        check(Setting { cards, history: true, ..ibanera });
    }
}

#[test]
fn a_hundred_thousand_cards_are_read_within_the_time_that_is_said() {
    let many = Setting { cards: 100_000, per_minute: 6_000, latency: 5, visible: 20, ..ARTHA };
    check(many);
    check(Setting { page: Some(200), ..many });
}

#[test]
#[ignore = "28 virtual hours of a million cards take minutes: run it by name"]
fn a_million_cards_are_read_within_the_time_that_is_said() {
    let seen = check(Setting { cards: 1_000_000, ..ARTHA });
    assert!(seen.card > 0 && seen.burst > 0, "something was read");
}

#[test]
fn after_sleep_a_start_or_a_pause_no_more_is_sent_than_the_bucket_holds() {
    for cards in [10, 1_000, 100_000] {
        let setting = Setting { cards, ..ARTHA };
        let mut simulation = Simulation::new(setting);
        for _ in 0..3 {
            simulation.run(30_000);
            // The machine sleeps for a day: everything is due, and the bucket is full.
            simulation.now += 86_400_000;
            simulation.plan.ask_all();
        }
        simulation.run(30_000);
        let bucket = u64::from(setting.per_minute) / 6;
        let seen = simulation.end();
        assert!(
            seen.burst <= 2 * bucket + seen.longest,
            "{cards} cards: {} requests in ten seconds, {bucket} in the bucket",
            seen.burst
        );
    }
}
