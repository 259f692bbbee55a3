//! How a bank came to be what it is at the start: its cards and ten days of ordinary life. The
//! last hours are in `stories`.
//!
//! The order in which random numbers are drawn is part of the seed's meaning: whoever moves a draw
//! changes every bank.

use std::collections::HashSet;

use jiff::Timestamp;
use rust_decimal::Decimal;

use super::amounts::{before, from_us_cents, parse_currency};
use super::stories::{ACTIVATING_CARD, STORY_CARDS};
use super::{Balance, Bank, Card, CardState, Clearing};

/// How far the history reaches back.
const HISTORY_MILLIS: u64 = 10 * 24 * 3_600_000;

impl Bank {
    pub(super) fn issue_cards(&mut self, count: usize) {
        let plan = &self.rules.programme().cards;
        let mut used: HashSet<String> = plan.last4.iter().map(|&four| four.to_owned()).collect();
        for index in 0..count {
            let four = match plan.last4.get(index) {
                Some(&four) => four.to_owned(),
                None => self.unused_last4(&mut used),
            };
            let card = self.new_card(index, &four);
            self.cards.push(card);
        }
    }

    fn unused_last4(&mut self, used: &mut HashSet<String>) -> String {
        loop {
            let four = format!("{:04}", self.random.below(10_000));
            // With nine in ten taken, cards begin to share theirs.
            if used.insert(four.clone()) || used.len() > 9_000 {
                return four;
            }
        }
    }

    fn new_card(&mut self, index: usize, last4: &str) -> Card {
        let rules = self.rules;
        let plan = &rules.programme().cards;
        let turn = index.checked_rem(plan.currencies.len());
        let currency = turn.and_then(|turn| plan.currencies.get(turn)).copied().unwrap_or("USD");
        let currency = parse_currency(currency);
        // The stories are about cards with little money.
        let opening = match index {
            ACTIVATING_CARD => Decimal::ZERO,
            0..STORY_CARDS => from_us_cents(self.random.between(9_000, 35_000), currency),
            _ => from_us_cents(self.random.between(9_000, 90_000), currency),
        };
        let physical = plan.physical_cards.includes(index);
        let number = self.number_ending(plan.bin, last4);
        let ids = rules.card_ids(self, index);
        let cvv = format!("{:03}", self.random.below(1_000));
        let pin = (physical || plan.virtual_cards_have_pins)
            .then(|| format!("{:04}", 1_000 + self.random.below(9_000)));
        let expires = (
            2028 + i16::try_from(self.random.below(3)).unwrap_or(0),
            1 + i8::try_from(self.random.below(12)).unwrap_or(0),
        );
        Card {
            id: ids.card,
            holder_id: ids.holder,
            person: rules.programme().holder(index),
            number,
            cvv,
            pin,
            expires,
            currency,
            physical,
            state: CardState::Active,
            balance: Balance::opened_with(opening),
            trouble: None,
        }
    }

    fn number_ending(&mut self, bin: &str, last4: &str) -> String {
        let middle = format!("{:05}", self.random.below(100_000));
        (0..10_u8)
            .map(|digit| format!("{bin}{middle}{digit}{last4}"))
            .find(|number| luhn(number))
            .expect(
                "the digit is doubled by Luhn's rule, which maps ten digits onto ten remainders",
            )
    }

    /// Ten days of ordinary life, until there are so many rows.
    pub(super) fn seed_history(&mut self, rows: usize, start: Timestamp) {
        if self.cards.is_empty() {
            return;
        }
        let (mut round, mut latest) = (0_u64, Timestamp::MIN);
        let planned = u64::try_from(rows).unwrap_or(u64::MAX).max(1);
        while self.rows.len() < rows && round < planned * 4 {
            // Denser towards today: the gap goes with the square of what is left.
            // Not every round makes a row: a long history that went by rounds would end in a heap
            // of rows at one moment.
            let made = u64::try_from(self.rows.len()).unwrap_or(u64::MAX);
            let gone = if planned > BY_ROUNDS { made } else { round };
            let left = u128::from(planned.saturating_sub(gone.min(planned)));
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
}

/// Up to so many rows a history goes by its rounds.
const BY_ROUNDS: u64 = 1_000;

/// Whether the last digit is the check digit of the others (ISO/IEC 7812-1, annex B).
pub(super) fn luhn(number: &str) -> bool {
    let sum: u32 = number
        .chars()
        .rev()
        .filter_map(|c| c.to_digit(10))
        .enumerate()
        .map(|(i, digit)| match (i % 2, digit) {
            (0, digit) => digit,
            (_, digit) if digit < 5 => digit * 2,
            (_, digit) => digit * 2 - 9,
        })
        .sum();
    sum.is_multiple_of(10)
}
