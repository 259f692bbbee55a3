//! A card as its issuer knows it.

use std::collections::HashMap;
use std::ops::{Deref, DerefMut};

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

/// All cards, by position and by id. Ids do not change once a card was added.
#[derive(Debug, Default)]
pub(in crate::sandbox) struct Cards {
    list: Vec<Card>,
    by_id: HashMap<String, usize>,
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

impl Cards {
    pub(super) fn push(&mut self, card: Card) {
        self.by_id.insert(card.id.clone(), self.list.len());
        self.list.push(card);
    }

    /// Position of the card with this id, spelt as the card has it.
    pub(in crate::sandbox) fn position(&self, id: &str) -> Option<usize> {
        self.by_id.get(id).copied()
    }
}

impl Deref for Cards {
    type Target = [Card];

    fn deref(&self) -> &[Card] {
        &self.list
    }
}

impl DerefMut for Cards {
    fn deref_mut(&mut self) -> &mut [Card] {
        &mut self.list
    }
}

impl Balance {
    /// Nothing held yet.
    pub(super) const fn opened_with(opening: Decimal) -> Self {
        Self { booked: opening, held: Decimal::ZERO, opening }
    }
}
