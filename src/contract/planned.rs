//! The fields of a change that was checked and not sent, because `--yes` is missing.

use std::sync::Arc;

use super::{Field, Kind, Record, Value};
use crate::domain::card::{Card, CardState};
use crate::domain::money::Money;
use crate::domain::operation::ActionKind;

/// A change that passed every check and was not sent.
#[derive(Clone, Debug, PartialEq)]
pub struct PlannedChange {
    /// What would be asked of the provider.
    pub action: ActionKind,
    /// Of which card, as it was read for the check.
    pub card: Card,
    /// The amount of a top-up.
    pub amount: Option<Money>,
    /// The provider's fee for it.
    pub fee: Option<Money>,
    /// The account that would pay, in words.
    pub payer: Option<String>,
    /// The operator's reason.
    pub reason: Option<Arc<str>>,
    /// The flags that have to be added to send it.
    pub missing_flags: Vec<String>,
}

impl Record for PlannedChange {
    const FIELDS: &'static [Field<Self>] = &[
        Field::<Self>::new("action", Kind::Word(actions), "what would be asked", |row| {
            row.record.action.as_str().into()
        }),
        Field::<Self>::new(
            "provider",
            Kind::Text,
            "the provider account, as the configuration names it",
            |row| row.record.card.key.provider.name().into(),
        ),
        Field::<Self>::new("card_id", Kind::Text, "the card's id in its canonical form", |row| {
            (&row.record.card.key.id).into()
        }),
        Field::<Self>::new("last4", Kind::Text, "the last four digits of the card number", |row| {
            row.record.card.last4.into()
        })
        .null("neither the provider nor the roster has them"),
        Field::<Self>::new("holder", Kind::Text, "name of the cardholder", |row| {
            Value::known(&row.record.card.holder)
        })
        .null("neither the provider nor the roster has it"),
        Field::<Self>::new("state", Kind::Word(states), "the card's state now", |row| {
            row.record.card.state.as_str().into()
        }),
        Field::<Self>::new("state_as_of", Kind::Time, "when the state was read", |row| {
            row.record.card.state_at.into()
        })
        .null("it was never read"),
        Field::<Self>::new("amount", Kind::Money, "the amount of a top-up", |row| {
            row.record.amount.into()
        })
        .null("it is no top-up"),
        Field::<Self>::new("fee", Kind::Money, "the provider's fee for the top-up", |row| {
            row.record.fee.into()
        })
        .null("it is no top-up, or the provider does not tell it beforehand"),
        Field::<Self>::new("payer", Kind::Text, PAYER, |row| row.record.payer.as_deref().into())
            .null("the float pays, it could not be read, or it is no top-up"),
        Field::<Self>::new("reason", Kind::Text, "the operator's reason", |row| {
            row.record.reason.as_ref().into()
        })
        .null("none was given"),
        Field::<Self>::new("missing_flags", Kind::Texts, MISSING_FLAGS, |row| {
            Value::List(row.record.missing_flags.iter().map(|flag| flag.as_str().into()).collect())
        }),
    ];
}

const PAYER: &str = "the account that would pay, in words, where the provider has several";

const MISSING_FLAGS: &str = "what has to be added to the same command to send it: `--yes`, and \
                             for closing `--confirm` with its phrase";

fn actions() -> Vec<&'static str> {
    ActionKind::ALL.map(ActionKind::as_str).to_vec()
}

fn states() -> Vec<&'static str> {
    CardState::ALL.map(CardState::as_str).to_vec()
}
