//! How a bank came to be what it is at the start: its cards, ten days of ordinary life, and a
//! morning with every kind of trouble.

use std::collections::HashSet;

use jiff::Timestamp;
use rust_decimal::Decimal;

use super::amounts::{before, code, scaled};
use super::{Bank, Card, CardState, Clearing, Decline, Event, Load, Progress, Row};
use crate::domain::money::Currency;
use crate::sandbox::Dialect;
use crate::sandbox::people::{self, Merchant, Person};
use crate::sandbox::random::uuid;

/// How far the told history reaches back.
const HISTORY_MILLIS: u64 = 10 * 24 * 3_600_000;

impl Bank {
    pub(super) fn issue(&mut self, count: usize) {
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
                    let first =
                        people.get(i % people.len()).copied().unwrap_or(("Alex", "Doe", "Mx"));
                    let last =
                        people.get((i / people.len() + i) % people.len()).copied().unwrap_or(first);
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
            // The seventh waits for its activation, so it has no money yet; those of the stories
            // have little.
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
                pin: (physical || self.dialect == Dialect::Ibanera)
                    .then(|| format!("{:04}", 1_000 + self.random.below(9_000))),
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
                trouble: None,
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
        if self.dialect == Dialect::Ibanera {
            self.open_accounts();
        }
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
            Dialect::Artha => {
                (uuid(self.seed, 1_000_000_000 + n), uuid(self.seed, 2_000_000_000 + n))
            }
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

    pub(super) fn seed_history(&mut self, rows: usize, start: Timestamp) {
        if self.cards.is_empty() {
            return;
        }
        let (mut round, mut latest) = (0_u64, Timestamp::MIN);
        let planned = u64::try_from(rows).unwrap_or(u64::MAX).max(1);
        while self.rows.len() < rows && round < planned * 4 {
            // Denser towards today: the gap goes with the square of what is left.
            let left = u128::from(planned.saturating_sub(round.min(planned)));
            let ago = u128::from(HISTORY_MILLIS) * left * left
                / (u128::from(planned) * u128::from(planned));
            let ago = u64::try_from(ago).unwrap_or(HISTORY_MILLIS);
            let at =
                before(start, 60_000 + ago + self.random.below(ago / planned + 50_000)).max(latest);
            latest = at;
            self.advance(at);
            self.cardholder_event(at, Clearing::Historic);
            round += 1;
        }
    }

    /// The last hours before the start: what an operator would find on a morning. The first eight
    /// cards have parts.
    pub(super) fn seed_stories(&mut self, rows: bool, start: Timestamp) {
        let ago = |minutes: u64| before(start, minutes * 60_000);
        let shop = Merchant::new;
        let indian = self.dialect == Dialect::Enkash;
        let grocer = if indian {
            shop("DMART ANDHERI", "5411", "IN")
        } else {
            shop("ICA MAXI STOCKHOLM", "5411", "SE")
        };
        let fuel = if indian {
            shop("INDIAN OIL KOTA", "5541", "IN")
        } else {
            shop("SHELL 1102", "5542", "SE")
        };
        let online = if indian {
            shop("FLIPKART INTERNET", "5311", "IN")
        } else {
            shop("AMZN MKTP DE*2K4", "5942", "LU")
        };
        let trip = if indian {
            shop("MAKEMYTRIP", "4722", "IN")
        } else {
            shop("AIRBNB * HM4K2", "7011", "US")
        };
        let taxi =
            if indian { shop("OLA CABS", "4121", "IN") } else { shop("UBER *TRIP", "4121", "SE") };
        if rows {
            // 7 closes with a refund of what was left, where cards can be closed at all.
            if self.cards.len() > 7 && self.dialect != Dialect::Ibanera {
                self.settle_all(7, ago(330));
                self.close_now(7, ago(320), !indian);
            }
            // 4 was paid back by a shop.
            if let Some(card) = self.cards.get(4) {
                let sum = scaled(3_120, card.currency);
                self.set_available(4, scaled(26_000, card.currency), ago(300), &trip);
                let row = self.authorise(4, sum, online.clone(), ago(290), Clearing::Manual);
                self.clear(row, sum, ago(200));
                self.refund(row, ago(48));
            }
            // 3 owes money: the pump cleared for more than it held.
            if let Some(card) = self.cards.get(3) {
                let (held, cleared) = (scaled(2_000, card.currency), scaled(5_215, card.currency));
                self.set_available(3, scaled(2_440, card.currency), ago(280), &trip);
                let row = self.authorise(3, held, fuel, ago(270), Clearing::Manual);
                self.clear(row, cleared, ago(35));
            }
            // 2 is low and was refused over its day limit.
            if let Some(card) = self.cards.get(2) {
                let sum = scaled(10_240, card.currency);
                self.set_available(2, scaled(1_050, card.currency), ago(260), &trip);
                self.record_decline(2, sum, online.clone(), Decline::DayLimit, ago(37));
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
                self.record_decline(
                    1,
                    sum,
                    if indian { online } else { shop("REWE 0412 BERLIN", "5411", "DE") },
                    Decline::Frozen,
                    ago(12),
                );
            }
            // 0 stands at the till and has too little.
            if let Some(card) = self.cards.first() {
                let (left, hold, wanted) = (
                    scaled(1_240, card.currency),
                    scaled(1_800, card.currency),
                    scaled(4_190, card.currency),
                );
                self.set_available(0, left + hold, ago(250), &trip);
                self.authorise(0, hold, taxi, ago(28), Clearing::Manual);
                self.record_decline(0, wanted, grocer, Decline::LackOfMoney, ago(3));
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
        let mut index = vec![0_usize; order.len()];
        for (new, &old) in order.iter().enumerate() {
            if let Some(slot) = index.get_mut(old) {
                *slot = new;
            }
        }
        let moved = |row: usize| index.get(row).copied().unwrap_or(row);
        let mut sorted: Vec<Row> =
            order.iter().filter_map(|&old| self.rows.get(old).cloned()).collect();
        for (new, row) in sorted.iter_mut().enumerate() {
            row.number = new as u64;
            row.id = new as u64;
            row.refund =
                row.refund.and_then(|old| usize::try_from(old).ok()).map(|old| moved(old) as u64);
        }
        self.rows = sorted;
        for due in self.agenda.values_mut() {
            match due {
                Event::Clear { row, .. }
                | Event::Reverse { row }
                | Event::Refund { row }
                | Event::Credit { row } => *row = moved(*row),
                Event::Vanish { row } | Event::Replace { row, .. } | Event::Repeat { row } => {
                    *row = moved(*row)
                }
                Event::State { .. }
                | Event::Close { .. }
                | Event::Decline { .. }
                | Event::Elsewhere { .. } => {}
            }
        }
    }

    /// Makes a card's spendable money `target` by a cleared purchase or a top-up of the difference.
    fn set_available(&mut self, card: usize, target: Decimal, at: Timestamp, shop: &Merchant) {
        self.settle_all(card, at);
        let Some(available) = self.cards.get(card).map(Card::available) else { return };
        if available > target {
            let sum = available - target;
            let row = self.authorise(card, sum, shop.clone(), at, Clearing::Manual);
            self.clear(row, sum, at);
        } else if available < target {
            let missing = target - available;
            if let Ok(row) = self.load(Load::plain(card, missing), at) {
                self.credit(row, at);
            }
        }
    }

    /// Books what a card holds and forgets what was to happen to it, so that a story can rely on
    /// its sums.
    fn settle_all(&mut self, card: usize, at: Timestamp) {
        let rows = &self.rows;
        let of_card = |row: usize| rows.get(row).is_some_and(|row| row.card == card);
        self.agenda.retain(|_, due| match due {
            Event::Clear { row, .. } | Event::Reverse { row } | Event::Refund { row } => {
                !of_card(*row)
            }
            Event::Vanish { row } | Event::Replace { row, .. } | Event::Repeat { row } => {
                !of_card(*row)
            }
            Event::Credit { .. }
            | Event::State { .. }
            | Event::Close { .. }
            | Event::Decline { .. }
            | Event::Elsewhere { .. } => true,
        });
        for row in 0..self.rows.len() {
            let held = self
                .rows
                .get(row)
                .filter(|row| row.card == card && row.progress == Progress::Pending)
                .map(|row| row.amount);
            if let Some(sum) = held {
                self.clear(row, sum, at);
            }
        }
    }
}

pub(super) fn luhn(number: &str) -> bool {
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
