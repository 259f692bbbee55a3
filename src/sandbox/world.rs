//! One provider's part of the simulated bank: float, cards, cardholders who spend. Everything happens at a given time and
//! follows from the seed; every sum is a decimal, and what leaves one place arrives in another.
//! Knows nothing of wires.

use std::collections::{BTreeMap, HashMap, HashSet};

use jiff::{SignedDuration, Timestamp};
use rust_decimal::{Decimal, RoundingStrategy};

use super::people::{self, Merchant, Person, Shop};
use super::random::{Random, mixed, uuid};
use super::{Dialect, Options};
use crate::domain::money::{Currency, Money};

/// How a card stands at the bank.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CardState {
    /// Pays.
    Active,
    /// Stopped by the programme, can be undone.
    Frozen,
    /// Stopped by the issuer (enkash has a word for it).
    Blocked,
    /// Issued, not activated.
    Pending,
    /// Gone for good.
    Closed,
}

/// Why a purchase is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decline {
    /// Not enough money.
    LackOfMoney,
    /// The card is frozen.
    Frozen,
    /// The issuer blocked the card.
    Blocked,
    /// The card is not activated.
    NotActivated,
    /// The card is closed.
    Closed,
    /// Wrong PIN.
    WrongPin,
    /// Over the limit of a day.
    DayLimit,
    /// This kind of shop is not allowed.
    ShopKind,
    /// The 3-D Secure check was not passed.
    ThreeDSecure,
    /// Stopped as possible fraud.
    Fraud,
    /// A code that nobody has a word for.
    Unmapped,
}

impl Decline {
    /// The code that goes over the wire.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::LackOfMoney => "INSUFFICIENT_FUNDS",
            Self::Frozen => "CARD_LOCKED",
            Self::Blocked => "CARD_BLOCKED",
            Self::NotActivated => "CARD_NOT_ACTIVATED",
            Self::Closed => "CARD_CLOSED",
            Self::WrongPin => "PIN_INVALID",
            Self::DayLimit => "LIMIT_DAY",
            Self::ShopKind => "MCC_BLOCK",
            Self::ThreeDSecure => "3DS_FAIL",
            Self::Fraud => "SUSPECTED_FRAUD",
            Self::Unmapped => "57",
        }
    }
}

/// What a row of a statement is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Purchase,
    Cash,
    Refund,
    Fee,
    TopUp,
    /// What was left on a closed card, back to the float.
    Closing,
}

/// How far a row got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    Pending,
    Cleared,
    Declined,
    Reversed,
    Failed,
}

/// A row of a card's statement.
#[derive(Clone, Debug)]
pub(super) struct Row {
    /// Position among all rows of this bank, also the root of its ids.
    pub(super) number: u64,
    /// Position of the card.
    pub(super) card: usize,
    pub(super) kind: Kind,
    pub(super) progress: Progress,
    /// Never negative; the kind says the direction. Of a top-up: what the card receives.
    pub(super) amount: Decimal,
    /// Of a top-up: what the float pays beside the amount.
    pub(super) fee: Decimal,
    pub(super) merchant: Option<Merchant>,
    pub(super) reason: Option<Decline>,
    /// The caller's own reference, where the wire has one.
    pub(super) reference: Option<String>,
    pub(super) at: Timestamp,
    /// Last change.
    pub(super) changed: Timestamp,
    /// Spendable after this row.
    pub(super) left: Decimal,
    /// The row that paid this one back.
    pub(super) refund: Option<u64>,
}

/// A card with its holder's secrets, as an issuer knows it.
#[derive(Clone, Debug)]
pub(super) struct Card {
    pub(super) id: String,
    /// The holder's or customer's id.
    pub(super) user: String,
    pub(super) person: Person,
    /// Full number: valid by Luhn, of no real card.
    pub(super) number: String,
    pub(super) cvv: String,
    pub(super) pin: Option<String>,
    pub(super) expires: (i16, i8),
    pub(super) currency: Currency,
    pub(super) physical: bool,
    pub(super) state: CardState,
    /// Booked money.
    pub(super) ledger: Decimal,
    /// Sum of pending purchases.
    pub(super) held: Decimal,
    /// Booked money before the first row.
    opening: Decimal,
}

impl Card {
    /// What can be spent; below zero after a clearing for more than was held.
    pub(super) fn available(&self) -> Decimal {
        self.ledger - self.held
    }

    pub(super) fn last4(&self) -> &str {
        self.number.get(self.number.len().saturating_sub(4)..).unwrap_or("")
    }

    pub(super) fn holder(&self) -> String {
        format!("{} {}", self.person.0, self.person.1)
    }
}

/// Why the bank does not do what it was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// The card's state does not allow it.
    State(CardState),
    /// Not a sum above zero with the currency's decimals.
    Amount,
    /// Smaller than the programme allows.
    TooSmall,
    /// Larger than the programme allows.
    TooLarge,
    /// The float cannot pay.
    NoFloat,
}

/// Something that happens by itself later.
#[derive(Clone, Copy, Debug)]
enum Due {
    Clear { row: usize, sum: Decimal },
    Reverse { row: usize },
    Refund { row: usize },
    Credit { row: usize },
    State { card: usize, to: CardState },
    Close { card: usize, returns: bool },
}

/// How soon a purchase is cleared.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Pace {
    /// In hours, as it was in the days before.
    Days,
    /// Within two minutes, so that somebody who watches sees it.
    Live,
    /// When a story says so.
    Never,
}

/// One provider's bank.
pub(super) struct Bank {
    pub(super) dialect: Dialect,
    seed: u64,
    random: Random,
    pub(super) cards: Vec<Card>,
    by_id: HashMap<String, usize>,
    pub(super) rows: Vec<Row>,
    /// The merchant's own money, one a currency.
    pub(super) floats: Vec<(Currency, Decimal)>,
    /// The same before the first row.
    opening: Vec<(Currency, Decimal)>,
    agenda: BTreeMap<(Timestamp, u64), Due>,
    due_number: u64,
    /// Top-ups asked over the wire that took effect, by card.
    pub(super) credits: HashMap<usize, Vec<Decimal>>,
    /// Top-ups asked over the wire: only these count as credits.
    asked: HashSet<usize>,
    busy: bool,
    next_event: Timestamp,
    /// From here to the start, the first eight cards only do what the stories tell.
    stories_from: Timestamp,
}

/// Seconds between two events of one bank, so that all four together have one every two to four seconds.
const EVENT_GAP_MILLIS: (u64, u64) = (8_000, 16_000);
/// How far the told history reaches back.
const HISTORY_MILLIS: u64 = 10 * 24 * 3_600_000;
/// The last hours are told by hand.
const STORY_MILLIS: u64 = 6 * 3_600_000;

impl Bank {
    /// A bank with its history up to `start`.
    pub(super) fn new(dialect: Dialect, options: &Options, start: Timestamp) -> Self {
        let seed = mixed(options.seed ^ mixed(dialect as u64 + 11));
        let mut bank = Self {
            dialect,
            seed,
            random: Random::new(seed),
            cards: Vec::new(),
            by_id: HashMap::new(),
            rows: Vec::new(),
            floats: Vec::new(),
            opening: Vec::new(),
            agenda: BTreeMap::new(),
            due_number: 0,
            credits: HashMap::new(),
            asked: HashSet::new(),
            busy: false,
            next_event: start,
            stories_from: before(start, STORY_MILLIS),
        };
        bank.issue(options.cards);
        let stories = options.transactions >= 24;
        let told = if stories { options.transactions.saturating_sub(22) } else { options.transactions };
        bank.live_through_history(told, start);
        bank.tell_stories(stories, start);
        bank.advance(start);
        bank.next_event = after(start, bank.random.between(1_000, EVENT_GAP_MILLIS.1));
        bank.busy = options.busy;
        bank
    }

    fn issue(&mut self, count: usize) {
        let people: &[Person] = match self.dialect {
            Dialect::Artha => &people::ARTHA_PEOPLE,
            Dialect::Banana => &people::BANANA_PEOPLE,
            Dialect::Enkash => &people::ENKASH_PEOPLE,
            Dialect::Ibanera => &people::IBANERA_PEOPLE,
        };
        let known_last4: &[&str] = match self.dialect {
            Dialect::Artha => &["4242", "0917", "6644", "1100", "3018"],
            Dialect::Banana => &["7731", "1785", "5560", "2607"],
            Dialect::Enkash => &["3391", "2210", "2075", "5018", "8842", "4471"],
            Dialect::Ibanera => &["1200", "9034"],
        };
        let mut used: HashSet<String> = known_last4.iter().map(|&four| four.to_owned()).collect();
        for i in 0..count {
            let person = match people.get(i) {
                Some(&person) => person,
                None => {
                    let first = people.get(i % people.len()).copied().unwrap_or(("Alex", "Doe", "Mx"));
                    let last = people.get((i / people.len() + i) % people.len()).copied().unwrap_or(first);
                    (first.0, last.1, first.2)
                }
            };
            let four = match known_last4.get(i) {
                Some(&four) => four.to_owned(),
                None => loop {
                    let four = format!("{:04}", self.random.below(10_000));
                    if used.insert(four.clone()) || used.len() > 9_000 {
                        break four;
                    }
                },
            };
            let currency = self.currency_of(i);
            // The seventh waits for its activation, so it has no money yet; those of the stories have little.
            let opening = match i {
                6 => Decimal::ZERO,
                0..=7 => scaled(self.random.between(9_000, 35_000), currency),
                _ => scaled(self.random.between(9_000, 90_000), currency),
            };
            let physical = match self.dialect {
                Dialect::Artha | Dialect::Ibanera => i % 4 == 2,
                Dialect::Banana | Dialect::Enkash => i % 2 == 0,
            };
            let number = self.number_ending(&four);
            let (id, user) = self.card_ids(i);
            self.by_id.insert(id.clone(), i);
            self.cards.push(Card {
                id,
                user,
                person,
                number,
                cvv: format!("{:03}", self.random.below(1_000)),
                pin: (physical || self.dialect == Dialect::Ibanera).then(|| format!("{:04}", 1_000 + self.random.below(9_000))),
                expires: (
                    2028 + i16::try_from(self.random.below(3)).unwrap_or(0),
                    1 + i8::try_from(self.random.below(12)).unwrap_or(0),
                ),
                currency,
                physical,
                state: CardState::Active,
                ledger: opening,
                held: Decimal::ZERO,
                opening,
            });
        }
        let currencies: Vec<Currency> = match self.dialect {
            Dialect::Artha => vec![code("USD"), code("EUR"), code("JPY")],
            Dialect::Banana => vec![code("USD"), code("EUR"), code("JPY"), code("KWD")],
            Dialect::Enkash => vec![code("INR")],
            Dialect::Ibanera => vec![code("USD")],
        };
        for currency in currencies {
            let cents = self.random.between(2_400_000, 4_200_000);
            self.floats.push((currency, scaled(cents, currency)));
        }
        self.opening = self.floats.clone();
    }

    fn currency_of(&self, card: usize) -> Currency {
        let of: &[&str] = match self.dialect {
            Dialect::Artha => &["USD", "EUR", "EUR", "USD", "USD", "JPY", "EUR", "USD"],
            Dialect::Banana => &["JPY", "USD", "KWD", "EUR", "JPY", "USD", "KWD", "EUR"],
            Dialect::Enkash => &["INR"],
            Dialect::Ibanera => &["USD"],
        };
        code(of.get(card % of.len()).copied().unwrap_or("USD"))
    }

    fn card_ids(&mut self, card: usize) -> (String, String) {
        const LETTERS: &[u8] = b"ABCDEFGHJKLMNPQRSTUVWXYZ0123456789";
        let n = card as u64;
        match self.dialect {
            Dialect::Artha => (uuid(self.seed, 1_000_000_000 + n), uuid(self.seed, 2_000_000_000 + n)),
            Dialect::Banana => ((67_890 + n).to_string(), (12_345 + n).to_string()),
            Dialect::Enkash => loop {
                let id = format!("EKC{}", self.random.letters(LETTERS, 7));
                if !self.by_id.contains_key(&id) {
                    break (id, format!("EK{}", self.random.letters(LETTERS, 6)));
                }
            },
            Dialect::Ibanera => ((1_749 + n).to_string(), (14_387 + n % 4).to_string()),
        }
    }

    fn number_ending(&mut self, four: &str) -> String {
        let bin = match self.dialect {
            Dialect::Artha => "411111",
            Dialect::Banana => "545454",
            Dialect::Enkash => "608001",
            Dialect::Ibanera => "400120",
        };
        let middle = format!("{:05}", self.random.below(100_000));
        (0..10_u8)
            .map(|digit| format!("{bin}{middle}{digit}{four}"))
            .find(|number| luhn(number))
            .expect("one of ten digits makes the sum right")
    }

    fn live_through_history(&mut self, rows: usize, start: Timestamp) {
        if self.cards.is_empty() {
            return;
        }
        let (mut round, mut latest) = (0_u64, Timestamp::MIN);
        let planned = u64::try_from(rows).unwrap_or(u64::MAX).max(1);
        while self.rows.len() < rows && round < planned * 4 {
            // Denser towards today: the gap goes with the square of what is left.
            let left = u128::from(planned.saturating_sub(round.min(planned)));
            let ago = u128::from(HISTORY_MILLIS) * left * left / (u128::from(planned) * u128::from(planned));
            let ago = u64::try_from(ago).unwrap_or(HISTORY_MILLIS);
            let at = before(start, 60_000 + ago + self.random.below(ago / planned + 50_000)).max(latest);
            latest = at;
            self.advance(at);
            self.happen(at, Pace::Days);
            round += 1;
        }
    }

    /// The last hours before the start: what an operator would find on a morning. The first eight cards have parts.
    fn tell_stories(&mut self, rows: bool, start: Timestamp) {
        let ago = |minutes: u64| before(start, minutes * 60_000);
        let shop = Merchant::new;
        let indian = self.dialect == Dialect::Enkash;
        let grocer = if indian { shop("DMART ANDHERI", "5411", "IN") } else { shop("ICA MAXI STOCKHOLM", "5411", "SE") };
        let fuel = if indian { shop("INDIAN OIL KOTA", "5541", "IN") } else { shop("SHELL 1102", "5542", "SE") };
        let online = if indian { shop("FLIPKART INTERNET", "5311", "IN") } else { shop("AMZN MKTP DE*2K4", "5942", "LU") };
        let trip = if indian { shop("MAKEMYTRIP", "4722", "IN") } else { shop("AIRBNB * HM4K2", "7011", "US") };
        let taxi = if indian { shop("OLA CABS", "4121", "IN") } else { shop("UBER *TRIP", "4121", "SE") };
        if rows {
            // 7 closes with a refund of what was left, where cards can be closed at all.
            if self.cards.len() > 7 && self.dialect != Dialect::Ibanera {
                self.come_to_rest(7, ago(330));
                self.close_now(7, ago(320), !indian);
            }
            // 4 was paid back by a shop.
            if let Some(card) = self.cards.get(4) {
                let sum = scaled(3_120, card.currency);
                self.bring_to(4, scaled(26_000, card.currency), ago(300), &trip);
                let row = self.authorise(4, sum, online.clone(), ago(290), Pace::Never);
                self.clear(row, sum, ago(200));
                self.refund(row, ago(48));
            }
            // 3 owes money: the pump cleared for more than it held.
            if let Some(card) = self.cards.get(3) {
                let (held, cleared) = (scaled(2_000, card.currency), scaled(5_215, card.currency));
                self.bring_to(3, scaled(2_440, card.currency), ago(280), &trip);
                let row = self.authorise(3, held, fuel, ago(270), Pace::Never);
                self.clear(row, cleared, ago(35));
            }
            // 2 is low and was refused over its day limit.
            if let Some(card) = self.cards.get(2) {
                let sum = scaled(10_240, card.currency);
                self.bring_to(2, scaled(1_050, card.currency), ago(260), &trip);
                self.refuse(2, sum, online.clone(), Decline::DayLimit, ago(37));
            }
        }
        if let Some(card) = self.cards.get_mut(6) {
            card.state = CardState::Pending;
        }
        if let Some(card) = self.cards.get_mut(5)
            && indian
        {
            card.state = CardState::Blocked;
        }
        if let Some(card) = self.cards.get_mut(7)
            && self.dialect != Dialect::Ibanera
        {
            card.state = CardState::Closed;
        }
        if rows {
            // 1 was frozen, and somebody still tried to pay with it.
            if let Some(card) = self.cards.get_mut(1) {
                card.state = CardState::Frozen;
                let sum = scaled(2_210, card.currency);
                self.refuse(
                    1,
                    sum,
                    if indian { online } else { shop("REWE 0412 BERLIN", "5411", "DE") },
                    Decline::Frozen,
                    ago(12),
                );
            }
            // 0 stands at the till and has too little.
            if let Some(card) = self.cards.first() {
                let (left, hold, wanted) =
                    (scaled(1_240, card.currency), scaled(1_800, card.currency), scaled(4_190, card.currency));
                self.bring_to(0, left + hold, ago(250), &trip);
                self.authorise(0, hold, taxi, ago(28), Pace::Never);
                self.refuse(0, wanted, grocer, Decline::LackOfMoney, ago(3));
            }
        } else if let Some(card) = self.cards.get_mut(1) {
            card.state = CardState::Frozen;
        }
        // The story moved in its own order; a statement goes by time.
        self.rows_by_time();
    }

    /// Puts the rows in the order of their times and renumbers them and what points at them.
    fn rows_by_time(&mut self) {
        let mut order: Vec<usize> = (0..self.rows.len()).collect();
        order.sort_by_key(|&i| self.rows.get(i).map(|row| (row.at, row.number)));
        let mut place = vec![0_usize; order.len()];
        for (new, &old) in order.iter().enumerate() {
            if let Some(slot) = place.get_mut(old) {
                *slot = new;
            }
        }
        let moved = |row: usize| place.get(row).copied().unwrap_or(row);
        let mut sorted: Vec<Row> = order.iter().filter_map(|&old| self.rows.get(old).cloned()).collect();
        for (new, row) in sorted.iter_mut().enumerate() {
            row.number = new as u64;
            row.refund = row.refund.and_then(|old| usize::try_from(old).ok()).map(|old| moved(old) as u64);
        }
        self.rows = sorted;
        for due in self.agenda.values_mut() {
            match due {
                Due::Clear { row, .. } | Due::Reverse { row } | Due::Refund { row } | Due::Credit { row } => *row = moved(*row),
                Due::State { .. } | Due::Close { .. } => {}
            }
        }
    }

    /// Makes a card's spendable money `target` by a cleared purchase or a top-up of the difference.
    fn bring_to(&mut self, card: usize, target: Decimal, at: Timestamp, shop: &Merchant) {
        self.come_to_rest(card, at);
        let Some(available) = self.cards.get(card).map(Card::available) else { return };
        if available > target {
            let sum = available - target;
            let row = self.authorise(card, sum, shop.clone(), at, Pace::Never);
            self.clear(row, sum, at);
        } else if available < target {
            let missing = target - available;
            if let Ok(row) = self.load(card, missing, missing, None, at) {
                self.credit(row, at);
            }
        }
    }

    /// Books what a card holds and forgets what was to happen to it, so that a story can rely on its sums.
    fn come_to_rest(&mut self, card: usize, at: Timestamp) {
        let rows = &self.rows;
        let of_card = |row: usize| rows.get(row).is_some_and(|row| row.card == card);
        self.agenda.retain(|_, due| match due {
            Due::Clear { row, .. } | Due::Reverse { row } | Due::Refund { row } => !of_card(*row),
            Due::Credit { .. } | Due::State { .. } | Due::Close { .. } => true,
        });
        for row in 0..self.rows.len() {
            let held =
                self.rows.get(row).filter(|row| row.card == card && row.progress == Progress::Pending).map(|row| row.amount);
            if let Some(sum) = held {
                self.clear(row, sum, at);
            }
        }
    }

    /// Lets everything happen that was due up to `now`.
    pub(super) fn advance(&mut self, now: Timestamp) {
        loop {
            let due = self.agenda.first_key_value().map(|(&key, _)| key).filter(|(at, _)| *at <= now);
            let event = Some(self.next_event).filter(|at| self.busy && *at <= now);
            match (due, event) {
                (None, None) => return,
                (Some(key), event) if event.is_none_or(|event| key.0 <= event) => {
                    if let Some(due) = self.agenda.remove(&key) {
                        self.fall_due(due, key.0);
                    }
                }
                (_, Some(at)) => {
                    self.next_event = after(at, self.random.between(EVENT_GAP_MILLIS.0, EVENT_GAP_MILLIS.1));
                    self.happen(at, Pace::Live);
                }
                (Some(_), None) => return,
            }
        }
    }

    fn fall_due(&mut self, due: Due, at: Timestamp) {
        match due {
            Due::Clear { row, sum } => self.clear(row, sum, at),
            Due::Reverse { row } => self.reverse(row, at),
            Due::Refund { row } => self.refund(row, at),
            Due::Credit { row } => self.credit(row, at),
            Due::State { card, to } => {
                if let Some(card) = self.cards.get_mut(card).filter(|card| card.state != CardState::Closed) {
                    card.state = to;
                }
            }
            Due::Close { card, returns } => self.close_now(card, at, returns),
        }
    }

    fn later(&mut self, at: Timestamp, due: Due) {
        self.due_number += 1;
        self.agenda.insert((at, self.due_number), due);
    }

    /// One thing of a cardholder's day.
    fn happen(&mut self, at: Timestamp, pace: Pace) {
        let Some(card) = self.somebody(at, pace) else { return };
        let (currency, available, state) = match self.cards.get(card) {
            Some(card) => (card.currency, card.available(), card.state),
            None => return,
        };
        let dice = self.random.below(100);
        let poor = available < scaled(3_000, currency);
        if pace == Pace::Days && (dice < 8 || (poor && dice < 70)) {
            let sum = scaled(1_000 * self.random.between(5, 40), currency);
            if let Ok(row) = self.load(card, sum, sum, None, at) {
                self.later(after(at, 2_000), Due::Credit { row });
            }
        } else if dice < 14 {
            let (sum, shop) = self.basket(currency, pace);
            let reason = *self.random.pick(&[
                Decline::WrongPin,
                Decline::DayLimit,
                Decline::ShopKind,
                Decline::ThreeDSecure,
                Decline::Fraud,
                Decline::Unmapped,
                Decline::ThreeDSecure,
            ]);
            if state == CardState::Active {
                self.refuse(card, sum, shop, reason, at);
            } else {
                self.authorise(card, sum, shop, at, pace);
            }
        } else if dice < 19 {
            let recent = self.rows.len().saturating_sub(80);
            let candidates: Vec<usize> = (recent..self.rows.len())
                .filter(|&i| {
                    self.rows.get(i).is_some_and(|row| {
                        row.kind == Kind::Purchase && row.progress == Progress::Cleared && row.refund.is_none()
                    })
                })
                .collect();
            if !candidates.is_empty() {
                let row = *self.random.pick(&candidates);
                self.refund(row, at);
            }
        } else if dice < 22 && state == CardState::Active {
            self.charge(card, scaled(150, currency), at);
        } else if dice < 25 && self.dialect != Dialect::Enkash && state == CardState::Active {
            let &(name, mcc, country, low, high) = self.random.pick(&people::ATMS);
            let sum = scaled(self.random.between(low / 1_000, high / 1_000) * 1_000, currency);
            let shop = Merchant::new(name, mcc, country);
            self.cash(card, sum, shop, at);
        } else {
            let (sum, shop) = self.basket(currency, pace);
            self.authorise(card, sum, shop, at, pace);
        }
    }

    /// A card that can have a day: issued and not closed; frozen ones now and then.
    fn somebody(&mut self, at: Timestamp, pace: Pace) -> Option<usize> {
        let first = if pace == Pace::Days && at > self.stories_from { 8 } else { 0 };
        for _ in 0..8 {
            let card = first + self.random.index(self.cards.len().saturating_sub(first));
            let frozen_too = self.random.chance(15);
            match self.cards.get(card)?.state {
                // The seventh card waits for its activation, so it has no past.
                CardState::Active if card == 6 && pace == Pace::Days => {}
                CardState::Active => return Some(card),
                CardState::Frozen | CardState::Blocked if frozen_too => return Some(card),
                CardState::Frozen | CardState::Blocked | CardState::Pending | CardState::Closed => {}
            }
        }
        None
    }

    fn basket(&mut self, currency: Currency, pace: Pace) -> (Decimal, Merchant) {
        let shops: &[Shop] = if self.dialect == Dialect::Enkash { &people::INDIAN_SHOPS } else { &people::WORLD_SHOPS };
        let &(name, mcc, country, low, high) = self.random.pick(shops);
        // Small baskets while somebody watches, or the cards would be empty within the hour.
        let high = if pace == Pace::Live { high.min(low * 3) } else { high };
        let sum = scaled(self.random.between(low, high), currency);
        (sum, Merchant::new(name, mcc, country))
    }

    /// A purchase: held when the card can pay, declined when not. Gives the row.
    fn authorise(&mut self, card: usize, sum: Decimal, shop: Merchant, at: Timestamp, pace: Pace) -> usize {
        let Some((state, available, currency)) = self.cards.get(card).map(|c| (c.state, c.available(), c.currency)) else {
            return self.rows.len();
        };
        let reason = match state {
            CardState::Active if sum > available => Some(Decline::LackOfMoney),
            CardState::Active => None,
            CardState::Frozen => Some(Decline::Frozen),
            CardState::Blocked => Some(Decline::Blocked),
            CardState::Pending => Some(Decline::NotActivated),
            CardState::Closed => Some(Decline::Closed),
        };
        if let Some(reason) = reason {
            return self.refuse(card, sum, shop, reason, at);
        }
        if let Some(card) = self.cards.get_mut(card) {
            card.held += sum;
        }
        let tips = matches!(shop.mcc.as_str(), "5812" | "4121");
        let pump = matches!(shop.mcc.as_str(), "5541" | "5542");
        let row = self.write(card, Kind::Purchase, Progress::Pending, sum, at, |row| row.merchant = Some(shop));
        let delay = match pace {
            Pace::Days => self.random.between(2 * 3_600_000, 40 * 3_600_000),
            Pace::Live => self.random.between(20_000, 90_000),
            Pace::Never => return row,
        };
        let dice = self.random.below(100);
        if dice < 5 {
            self.later(after(at, delay), Due::Reverse { row });
        } else {
            let cleared = if pump || (tips && dice < 60) {
                let percent = if pump { self.random.between(60, 112) } else { self.random.between(103, 118) };
                rounded(sum * Decimal::from(percent) / Decimal::ONE_HUNDRED, currency)
            } else {
                sum
            };
            self.later(after(at, delay), Due::Clear { row, sum: cleared });
            if dice > 95 {
                self.later(after(at, delay * 2), Due::Refund { row });
            }
        }
        row
    }

    fn refuse(&mut self, card: usize, sum: Decimal, shop: Merchant, reason: Decline, at: Timestamp) -> usize {
        self.write(card, Kind::Purchase, Progress::Declined, sum, at, |row| {
            row.merchant = Some(shop);
            row.reason = Some(reason);
        })
    }

    /// A held purchase is booked, often for another sum.
    fn clear(&mut self, row: usize, sum: Decimal, at: Timestamp) {
        let Some(row) = self.rows.get_mut(row).filter(|row| row.progress == Progress::Pending && row.kind == Kind::Purchase)
        else {
            return;
        };
        if let Some(card) = self.cards.get_mut(row.card) {
            card.held -= row.amount;
            card.ledger -= sum;
            row.left = card.available();
        }
        row.amount = sum;
        row.progress = Progress::Cleared;
        row.changed = at;
    }

    /// A held purchase is let go.
    fn reverse(&mut self, row: usize, at: Timestamp) {
        let Some(row) = self.rows.get_mut(row).filter(|row| row.progress == Progress::Pending && row.kind == Kind::Purchase)
        else {
            return;
        };
        if let Some(card) = self.cards.get_mut(row.card) {
            card.held -= row.amount;
            row.left = card.available();
        }
        row.progress = Progress::Reversed;
        row.changed = at;
    }

    /// The shop pays a cleared purchase back.
    fn refund(&mut self, row: usize, at: Timestamp) {
        let number = self.rows.len() as u64;
        let Some(paid) = self.rows.get_mut(row).filter(|row| row.progress == Progress::Cleared && row.refund.is_none()) else {
            return;
        };
        let (card, sum, shop) = (paid.card, paid.amount, paid.merchant.clone());
        if self.cards.get(card).is_none_or(|card| card.state == CardState::Closed) {
            return;
        }
        paid.refund = Some(number);
        paid.changed = at;
        if let Some(card) = self.cards.get_mut(card) {
            card.ledger += sum;
        }
        self.write(card, Kind::Refund, Progress::Cleared, sum, at, |row| row.merchant = shop);
    }

    fn charge(&mut self, card: usize, sum: Decimal, at: Timestamp) {
        if let Some(card) = self.cards.get_mut(card) {
            card.ledger -= sum;
        }
        self.write(card, Kind::Fee, Progress::Cleared, sum, at, |_| {});
    }

    fn cash(&mut self, card: usize, sum: Decimal, atm: Merchant, at: Timestamp) {
        let Some(paying) = self.cards.get_mut(card) else { return };
        if paying.available() < sum {
            self.refuse(card, sum, atm, Decline::LackOfMoney, at);
            return;
        }
        paying.ledger -= sum;
        self.write(card, Kind::Cash, Progress::Cleared, sum, at, |row| row.merchant = Some(atm));
    }

    /// Takes `paid` from the float now and puts `received` on the card `delay` milliseconds later; the difference is the fee.
    /// Gives the row's position.
    pub(super) fn top_up(
        &mut self,
        card: usize,
        received: Decimal,
        paid: Decimal,
        reference: Option<String>,
        at: Timestamp,
        delay: u64,
    ) -> Result<usize, Refusal> {
        let row = self.load(card, received, paid, reference, at)?;
        self.asked.insert(row);
        self.later(after(at, delay), Due::Credit { row });
        self.advance(at);
        Ok(row)
    }

    /// Takes `paid` from the float and writes the row; the card gets its money when somebody calls [`Bank::credit`].
    fn load(
        &mut self,
        card: usize,
        received: Decimal,
        paid: Decimal,
        reference: Option<String>,
        at: Timestamp,
    ) -> Result<usize, Refusal> {
        let Some(target) = self.cards.get(card) else { return Err(Refusal::Amount) };
        if target.state == CardState::Closed || target.state == CardState::Blocked {
            return Err(Refusal::State(target.state));
        }
        let decimals = target.currency.decimals().unwrap_or(2);
        if received <= Decimal::ZERO || paid < received || received.normalize().scale() > decimals {
            return Err(Refusal::Amount);
        }
        let currency = target.currency;
        let float = self.floats.iter_mut().find(|(of, _)| *of == currency).ok_or(Refusal::NoFloat)?;
        if float.1 < paid {
            return Err(Refusal::NoFloat);
        }
        float.1 -= paid;
        let row = self.write(card, Kind::TopUp, Progress::Pending, received, at, |row| {
            row.fee = paid - received;
            row.reference = reference;
        });
        Ok(row)
    }

    /// The money of a top-up arrives, or goes back to the float when the card was closed meanwhile.
    fn credit(&mut self, position: usize, at: Timestamp) {
        let Some(row) = self.rows.get_mut(position).filter(|row| row.progress == Progress::Pending && row.kind == Kind::TopUp)
        else {
            return;
        };
        let Some(card) = self.cards.get_mut(row.card) else { return };
        row.changed = at;
        if card.state == CardState::Closed {
            row.progress = Progress::Failed;
            let currency = card.currency;
            if let Some(float) = self.floats.iter_mut().find(|(of, _)| *of == currency) {
                float.1 += row.amount + row.fee;
            }
            return;
        }
        card.ledger += row.amount;
        row.left = card.available();
        row.progress = Progress::Cleared;
        // Banana's virtual cards wake up with their first money (inferred there).
        if self.dialect == Dialect::Banana && card.state == CardState::Pending && !card.physical {
            card.state = CardState::Active;
        }
        if self.asked.contains(&position) {
            self.credits.entry(row.card).or_default().push(row.amount);
        }
    }

    fn close_now(&mut self, card: usize, at: Timestamp, returns: bool) {
        let Some(closing) = self.cards.get_mut(card).filter(|card| card.state != CardState::Closed) else { return };
        closing.state = CardState::Closed;
        let left = closing.available();
        if !returns || left <= Decimal::ZERO {
            return;
        }
        closing.ledger -= left;
        let currency = closing.currency;
        if let Some(float) = self.floats.iter_mut().find(|(of, _)| *of == currency) {
            float.1 += left;
        }
        self.write(card, Kind::Closing, Progress::Cleared, left, at, |_| {});
    }

    /// Changes a card's state `delay` milliseconds later.
    pub(super) fn set_state(&mut self, card: usize, to: CardState, at: Timestamp, delay: u64) {
        self.later(after(at, delay), Due::State { card, to });
        self.advance(at);
    }

    /// Closes a card `delay` milliseconds later; what is left goes back to the float when `returns`.
    pub(super) fn close(&mut self, card: usize, returns: bool, at: Timestamp, delay: u64) {
        self.later(after(at, delay), Due::Close { card, returns });
        self.advance(at);
    }

    fn write(
        &mut self,
        card: usize,
        kind: Kind,
        progress: Progress,
        amount: Decimal,
        at: Timestamp,
        more: impl FnOnce(&mut Row),
    ) -> usize {
        let position = self.rows.len();
        let mut row = Row {
            number: position as u64,
            card,
            kind,
            progress,
            amount,
            fee: Decimal::ZERO,
            merchant: None,
            reason: None,
            reference: None,
            at,
            changed: at,
            left: self.cards.get(card).map_or(Decimal::ZERO, Card::available),
            refund: None,
        };
        more(&mut row);
        self.rows.push(row);
        position
    }

    /// Position of a card.
    pub(super) fn find(&self, id: &str) -> Option<usize> {
        self.by_id.get(id).copied()
    }

    pub(super) fn card(&self, id: &str) -> Option<&Card> {
        self.cards.get(self.find(id)?)
    }

    /// A purchase that a story wants now; it stays held until [`Bank::settle`].
    pub(super) fn spend(&mut self, card: usize, sum: Decimal, shop: Merchant, at: Timestamp) -> u64 {
        self.authorise(card, sum, shop, at, Pace::Never) as u64
    }

    /// A refusal that a story wants now.
    pub(super) fn decline(&mut self, card: usize, sum: Decimal, shop: Merchant, reason: Decline, at: Timestamp) -> u64 {
        self.refuse(card, sum, shop, reason, at) as u64
    }

    /// Books the oldest held purchase of a card for `sum`; false when it holds none.
    pub(super) fn settle(&mut self, card: usize, sum: Decimal, at: Timestamp) -> bool {
        let held =
            self.rows.iter().position(|row| row.card == card && row.kind == Kind::Purchase && row.progress == Progress::Pending);
        match held {
            Some(row) => {
                self.clear(row, sum, at);
                true
            }
            None => false,
        }
    }

    /// Pays the newest cleared purchase of a card back; false when there is none.
    pub(super) fn pay_back(&mut self, card: usize, at: Timestamp) -> bool {
        let paid = self.rows.iter().rposition(|row| {
            row.card == card && row.kind == Kind::Purchase && row.progress == Progress::Cleared && row.refund.is_none()
        });
        match paid {
            Some(row) => {
                self.refund(row, at);
                true
            }
            None => false,
        }
    }

    /// What the merchant has in a currency.
    pub(super) fn float(&self, currency: Currency) -> Option<Money> {
        self.floats.iter().find(|(of, _)| *of == currency).map(|&(of, amount)| Money::new(amount, of))
    }

    /// Gives the float another sum, as if the merchant had paid in or out.
    pub(super) fn set_float(&mut self, money: Money) {
        let mut change = Decimal::ZERO;
        for (of, amount) in &mut self.floats {
            if *of == money.currency() {
                change = money.amount() - *amount;
                *amount = money.amount();
            }
        }
        for (of, amount) in &mut self.opening {
            if *of == money.currency() {
                *amount += change;
            }
        }
    }

    /// An id in the shape of a UUID for the n-th thing of a kind.
    pub(super) fn uuid(&self, number: u64) -> String {
        uuid(self.seed, number)
    }

    /// Where the statement and the balances disagree; empty when no money was made or lost.
    pub(super) fn audit(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        for (i, card) in self.cards.iter().enumerate() {
            let (mut booked, mut held) = (card.opening, Decimal::ZERO);
            for row in self.rows.iter().filter(|row| row.card == i) {
                match (row.kind, row.progress) {
                    (Kind::Purchase, Progress::Pending) => held += row.amount,
                    (Kind::Purchase | Kind::Cash | Kind::Fee | Kind::Closing, Progress::Cleared) => booked -= row.amount,
                    (Kind::Refund | Kind::TopUp, Progress::Cleared) => booked += row.amount,
                    (_, Progress::Declined | Progress::Reversed | Progress::Failed) | (Kind::TopUp, Progress::Pending) => {}
                    (Kind::Cash | Kind::Refund | Kind::Fee | Kind::Closing, Progress::Pending) => wrong.push(format!("{row:?}")),
                }
            }
            if booked != card.ledger || held != card.held {
                wrong.push(format!("{} has {} held {}, its rows say {booked} held {held}", card.id, card.ledger, card.held));
            }
        }
        for (&(currency, amount), &(_, opening)) in self.floats.iter().zip(&self.opening) {
            let mut left = opening;
            for row in self.rows.iter().filter(|row| self.cards.get(row.card).is_some_and(|card| card.currency == currency)) {
                match (row.kind, row.progress) {
                    (Kind::TopUp, Progress::Pending | Progress::Cleared) => left -= row.amount + row.fee,
                    (Kind::Closing, _) => left += row.amount,
                    (Kind::TopUp, Progress::Declined | Progress::Reversed | Progress::Failed)
                    | (Kind::Purchase | Kind::Cash | Kind::Refund | Kind::Fee, _) => {}
                }
            }
            if left != amount {
                wrong.push(format!("the float has {amount} {currency}, the rows say {left}"));
            }
        }
        wrong
    }
}

/// So many cents of a US dollar, in another currency at a fixed rate.
pub(super) fn scaled(cents: u64, currency: Currency) -> Decimal {
    let (times, by) = match currency.code() {
        "EUR" => (92, 100),
        "JPY" => (150, 100),
        "KWD" => (307, 100),
        "INR" => (8_300, 100),
        _ => (1, 1),
    };
    let minor = i64::try_from(cents.saturating_mul(times) / by).unwrap_or(i64::MAX);
    Decimal::new(minor.max(1), currency.decimals().unwrap_or(2))
}

/// A sum with no more decimals than the currency has, halves away from zero.
pub(super) fn rounded(sum: Decimal, currency: Currency) -> Decimal {
    let decimals = currency.decimals().unwrap_or(2);
    let mut sum = sum.round_dp_with_strategy(decimals, RoundingStrategy::MidpointAwayFromZero);
    sum.rescale(decimals);
    sum
}

/// The sum written with the currency's decimals: `100.10`, `1860`, `3.250`.
pub(super) fn digits(sum: Decimal, currency: Currency) -> String {
    Money::new(sum, currency).digits()
}

pub(super) fn after(at: Timestamp, millis: u64) -> Timestamp {
    at.checked_add(SignedDuration::from_millis(i64::try_from(millis).unwrap_or(i64::MAX))).unwrap_or(Timestamp::MAX)
}

pub(super) fn before(at: Timestamp, millis: u64) -> Timestamp {
    at.checked_sub(SignedDuration::from_millis(i64::try_from(millis).unwrap_or(i64::MAX))).unwrap_or(Timestamp::MIN)
}

pub(super) fn code(text: &str) -> Currency {
    text.parse().expect("the sandbox's own currency codes are codes")
}

fn luhn(number: &str) -> bool {
    let sum: u32 = number
        .chars()
        .rev()
        .filter_map(|c| c.to_digit(10))
        .enumerate()
        .map(|(i, d)| match (i % 2, d) {
            (0, d) => d,
            (_, d) if d < 5 => d * 2,
            (_, d) => d * 2 - 9,
        })
        .sum();
    sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn start() -> Timestamp {
        "2026-03-02T09:00:00Z".parse().unwrap()
    }

    fn bank(dialect: Dialect, busy: bool) -> Bank {
        Bank::new(dialect, &Options { busy, ..Options::default() }, start())
    }

    #[test]
    fn the_morning_shows_every_kind_of_trouble() {
        for dialect in Dialect::ALL {
            let bank = bank(dialect, false);
            assert_eq!(bank.cards.len(), 16);
            assert!(bank.cards[3].available() < Decimal::ZERO, "{dialect:?}: nobody owes money");
            assert_eq!(bank.cards[1].state, CardState::Frozen);
            assert_eq!(bank.cards[6].state, CardState::Pending);
            assert_eq!(bank.cards[7].state == CardState::Closed, dialect != Dialect::Ibanera);
            assert_eq!(bank.cards[5].state == CardState::Blocked, dialect == Dialect::Enkash);
            assert_eq!(bank.cards[0].available(), scaled(1_240, bank.cards[0].currency));
            let last = bank.rows.iter().rfind(|row| row.card == 0).unwrap();
            assert_eq!(last.reason, Some(Decline::LackOfMoney));
            assert!(bank.rows.iter().all(|row| row.at <= start()), "{dialect:?} knows the future");
            assert!(bank.cards[6].available().is_zero() && !bank.rows.iter().any(|row| row.card == 6));
            assert!(bank.rows.iter().any(|row| row.card == 1 && row.reason == Some(Decline::Frozen)));
            assert!(bank.rows.iter().any(|row| row.card == 4 && row.kind == Kind::Refund));
            assert!((100..=140).contains(&bank.rows.len()), "{dialect:?} has {} rows", bank.rows.len());
            assert!(bank.rows.windows(2).all(|two| two[0].at <= two[1].at), "{dialect:?} is out of order");
            assert_eq!(bank.audit(), Vec::<String>::new());
            assert!(bank.cards.iter().all(|card| luhn(&card.number)));
        }
    }

    #[test]
    fn the_same_seed_and_clock_tell_the_same_story() {
        let told = |seed| {
            let mut bank = Bank::new(Dialect::Artha, &Options { busy: true, seed, ..Options::default() }, start());
            bank.advance(after(start(), 600_000));
            format!("{:?}{:?}", bank.rows, bank.floats)
        };
        assert_eq!(told(7), told(7));
        assert_ne!(told(7), told(8));
    }

    #[test]
    fn it_does_not_matter_how_often_somebody_looks() {
        let (mut once, mut often) = (bank(Dialect::Banana, true), bank(Dialect::Banana, true));
        once.advance(after(start(), 900_000));
        for second in 0..=900 {
            often.advance(after(start(), second * 1_000));
        }
        assert_eq!(format!("{:?}", once.rows), format!("{:?}", often.rows));
        assert!(once.rows.len() > bank(Dialect::Banana, false).rows.len() + 30, "nothing happened in a quarter of an hour");
    }

    #[test]
    fn a_top_up_takes_effect_once_and_the_float_pays() {
        let mut bank = bank(Dialect::Banana, false);
        let usd = code("USD");
        let card = bank.cards.iter().position(|card| card.currency == usd && card.state == CardState::Active).unwrap();
        let (had, float) = (bank.cards[card].available(), bank.float(usd).unwrap().amount());
        bank.top_up(card, Decimal::new(3_000, 2), Decimal::new(3_100, 2), None, start(), 2_000).unwrap();
        assert_eq!(bank.cards[card].available(), had);
        bank.advance(after(start(), 60_000));
        bank.advance(after(start(), 120_000));
        assert_eq!(bank.cards[card].available() - had, Decimal::new(3_000, 2));
        assert_eq!(float - bank.float(usd).unwrap().amount(), Decimal::new(3_100, 2));
        assert_eq!(bank.credits[&card], [Decimal::new(3_000, 2)]);
    }

    #[derive(Clone, Debug)]
    enum Step {
        Wait(u64),
        TopUp(usize, i64),
        Spend(usize, i64),
        Settle(usize, i64),
        PayBack(usize),
        Close(usize),
        State(usize, bool),
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            (0_u64..200_000).prop_map(Step::Wait),
            (0_usize..16, -500_i64..900_000).prop_map(|(card, sum)| Step::TopUp(card, sum)),
            (0_usize..16, 1_i64..90_000).prop_map(|(card, sum)| Step::Spend(card, sum)),
            (0_usize..16, 1_i64..90_000).prop_map(|(card, sum)| Step::Settle(card, sum)),
            (0_usize..16).prop_map(Step::PayBack),
            (0_usize..16).prop_map(Step::Close),
            (0_usize..16, any::<bool>()).prop_map(|(card, on)| Step::State(card, on)),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]
        #[test]
        fn no_money_is_made_or_lost_whatever_happens(
            which in 0_usize..4,
            seed in any::<u64>(),
            steps in prop::collection::vec(step(), 0..60),
        ) {
            let options = Options { seed, busy: true, transactions: 40, ..Options::default() };
            let mut bank = Bank::new(Dialect::ALL[which], &options, start());
            let mut now = start();
            for step in steps {
                bank.advance(now);
                let shop = Merchant::new("KIOSK", "5499", "SE");
                match step {
                    Step::Wait(millis) => now = after(now, millis),
                    Step::TopUp(card, minor) => {
                        let sum = Decimal::new(minor, 2);
                        let _ = bank.top_up(card, sum, sum + Decimal::ONE, None, now, 2_000);
                    }
                    Step::Spend(card, minor) => {
                        bank.spend(card, Decimal::new(minor, 2), shop, now);
                    }
                    Step::Settle(card, minor) => {
                        bank.settle(card, Decimal::new(minor, 2), now);
                    }
                    Step::PayBack(card) => {
                        bank.pay_back(card, now);
                    }
                    Step::Close(card) => bank.close(card, true, now, 1_500),
                    Step::State(card, on) => {
                        bank.set_state(card, if on { CardState::Active } else { CardState::Frozen }, now, 1_500);
                    }
                }
                prop_assert_eq!(bank.audit(), Vec::<String>::new());
            }
        }
    }
}
