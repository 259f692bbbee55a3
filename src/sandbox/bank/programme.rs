//! What a card programme is like: who holds its cards, in which currencies, and what its issuer
//! does. Data; each dialect has one.

use jiff::SignedDuration;
use rust_decimal::Decimal;

use super::row::Row;
use crate::sandbox::merchants::Market;

/// A card programme, as its bank is seeded from it.
pub(in crate::sandbox) struct Programme {
    /// Cardholders in the order of their cards. The stories before the start are about the first
    /// eight; when there are more cards than people, names are combined anew.
    pub(in crate::sandbox) people: &'static [Person],
    pub(in crate::sandbox) cards: CardPlan,
    /// Currencies in which the merchant has a float.
    pub(in crate::sandbox) float_currencies: &'static [&'static str],
    /// Where its cardholders spend.
    pub(in crate::sandbox) market: &'static Market,
    pub(in crate::sandbox) closing: Closing,
    /// The issuer blocks a card by itself, and the wire has a word for that.
    pub(in crate::sandbox) issuer_blocks_cards: bool,
    /// A virtual card that waits for its activation becomes active with its first money.
    pub(in crate::sandbox) first_money_activates: bool,
    /// Customers have accounts of their own that can pay for top-ups.
    pub(in crate::sandbox) customers_have_accounts: bool,
    pub(in crate::sandbox) fee_payer: FeePayer,
    /// How far its clock is off in the scenario `wrong-clock`; above zero it is fast.
    pub(in crate::sandbox) wrong_clock: SignedDuration,
}

/// The cards of a programme.
pub(in crate::sandbox) struct CardPlan {
    /// First six digits of every number.
    pub(in crate::sandbox) bin: &'static str,
    /// Last four digits of the first cards; the others get random ones.
    pub(in crate::sandbox) last4: &'static [&'static str],
    /// Currencies, one card after the other, and again from the start.
    pub(in crate::sandbox) currencies: &'static [&'static str],
    pub(in crate::sandbox) physical_cards: PhysicalCards,
    /// Physical cards have a PIN anyway.
    pub(in crate::sandbox) virtual_cards_have_pins: bool,
}

/// Which cards are physical.
#[derive(Clone, Copy)]
pub(in crate::sandbox) enum PhysicalCards {
    /// The first, the third and so on.
    EverySecond,
    /// The third, the seventh and so on.
    EveryFourth,
}

/// What closing a card does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::sandbox) enum Closing {
    /// The programme closes no cards.
    NotOffered,
    /// The card's money stays where it is.
    KeepsBalance,
    /// What is left goes back to the float.
    ReturnsBalance,
}

/// Who pays the fee of a top-up.
#[derive(Clone, Copy)]
pub(in crate::sandbox) enum FeePayer {
    /// It is taken out of the sum that is asked for.
    Card,
    /// The merchant pays it beside the sum.
    Merchant,
}

/// A cardholder.
#[derive(Clone, Copy, Debug)]
pub(in crate::sandbox) struct Person {
    pub(in crate::sandbox) first: &'static str,
    pub(in crate::sandbox) last: &'static str,
    pub(in crate::sandbox) title: &'static str,
}

/// For the tables of people.
pub(in crate::sandbox) const fn person(
    first: &'static str,
    last: &'static str,
    title: &'static str,
) -> Person {
    Person { first, last, title }
}

impl Person {
    pub(in crate::sandbox) fn full_name(self) -> String {
        format!("{} {}", self.first, self.last)
    }
}

impl Programme {
    /// The holder of a card. Past the end of the table first and last names are paired anew.
    pub(super) fn holder(&self, card: usize) -> Person {
        let count = self.people.len();
        let placeholder = person("Alex", "Doe", "Mx");
        let at = |index: usize| {
            index.checked_rem(count).and_then(|index| self.people.get(index)).copied()
        };
        if let Some(&person) = self.people.get(card) {
            return person;
        }
        let first = at(card).unwrap_or(placeholder);
        let round = card.checked_div(count).unwrap_or(0);
        let last = at(round + card).unwrap_or(first);
        person(first.first, last.last, first.title)
    }
}

impl PhysicalCards {
    pub(super) const fn includes(self, card: usize) -> bool {
        match self {
            Self::EverySecond => card.is_multiple_of(2),
            Self::EveryFourth => card % 4 == 2,
        }
    }
}

impl FeePayer {
    /// What the card receives, and what is paid in all.
    pub(in crate::sandbox) fn split(self, asked: Decimal, fee: Decimal) -> (Decimal, Decimal) {
        match self {
            Self::Card => (asked - fee, asked),
            Self::Merchant => (asked, asked + fee),
        }
    }

    /// The sum that was asked for, of a top-up's row.
    pub(in crate::sandbox) fn asked(self, row: &Row) -> Decimal {
        match self {
            Self::Card => row.amount + row.funding.fee,
            Self::Merchant => row.amount,
        }
    }
}
