//! A card as its issuer knows it.

use rust_decimal::Decimal;

use super::programme::Person;
use crate::domain::money::Currency;
use crate::sandbox::troubles::CardTrouble;

/// A card with its holder's secrets, as an issuer knows it.
#[derive(Clone, Debug)]
pub(in crate::sandbox) struct Card {
    pub(in crate::sandbox) id: String,
    /// The holder's or customer's id.
    pub(in crate::sandbox) holder_id: String,
    pub(in crate::sandbox) person: Person,
    /// Full number: valid by Luhn, of no real card.
    pub(in crate::sandbox) number: String,
    pub(in crate::sandbox) cvv: String,
    pub(in crate::sandbox) pin: Option<String>,
    /// Year and month.
    pub(in crate::sandbox) expires: (i16, i8),
    pub(in crate::sandbox) currency: Currency,
    pub(in crate::sandbox) physical: bool,
    pub(in crate::sandbox) state: CardState,
    pub(in crate::sandbox) balance: Balance,
    /// What is wrong with all that is read of it.
    pub(in crate::sandbox) trouble: Option<CardTrouble>,
}

/// The money of a card, in its currency.
#[derive(Clone, Copy, Debug)]
pub(in crate::sandbox) struct Balance {
    pub(in crate::sandbox) booked: Decimal,
    /// Sum of pending purchases.
    pub(in crate::sandbox) held: Decimal,
    /// Booked money before the first row.
    pub(super) opening: Decimal,
}

/// How a card stands at the bank.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CardState {
    /// Pays.
    Active,
    /// Stopped by the programme; can be undone.
    Frozen,
    /// Stopped by the issuer. Only some programmes have it.
    Blocked,
    /// Issued, not activated.
    Pending,
    /// Gone for good.
    Closed,
}

impl Card {
    /// What can be spent; below zero after a clearing for more than was held.
    pub(in crate::sandbox) fn available(&self) -> Decimal {
        self.balance.booked - self.balance.held
    }

    pub(in crate::sandbox) fn last4(&self) -> &str {
        self.number.get(self.number.len().saturating_sub(4)..).unwrap_or("")
    }

    pub(in crate::sandbox) fn holder(&self) -> String {
        self.person.full_name()
    }
}

impl Balance {
    /// Nothing held yet.
    pub(super) const fn opened_with(opening: Decimal) -> Self {
        Self { booked: opening, held: Decimal::ZERO, opening }
    }
}
