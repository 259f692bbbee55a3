//! What is printed of cards, transactions, operations and providers. The JSON is a contract: names,
//! order and words are fixed.
//!
//! Absent is `null`, never a zero; figures carry the time they were read; full card numbers never
//! get this far.

mod card;
mod movement;
mod operation;
mod provider;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde::Serialize;

use super::print::Field;
use crate::domain::card::{Card, CardKey};
use crate::domain::money::Money;

pub(crate) use movement::Movement;
pub(crate) use operation::{Line, operation_with_steps};
pub(crate) use provider::trouble;

/// Names of holders by card, for rows that only carry the card's id.
pub(crate) fn holders(cards: &[Card]) -> BTreeMap<&CardKey, &str> {
    cards.iter().map(|card| (&card.key, &*card.holder)).collect()
}

fn said(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

fn to_json(object: &impl Serialize) -> String {
    serde_json::to_string(object).expect("text, numbers and times always become JSON")
}

fn number(money: Option<Money>) -> Field {
    Field::Number(money.map(Money::digits).unwrap_or_default())
}

fn code(money: Option<Money>) -> Field {
    Field::shown(money.map(Money::currency))
}
