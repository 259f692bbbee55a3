//! The fields and the table of a transaction.

use super::table::{Cell, Column, Paint};
use super::{Field, Kind, Record, Row, Value};
use crate::domain::card::digits;
use crate::domain::decline::{DeclineCause, DeclineReason, Funds};
use crate::domain::transaction::{Transaction, TransactionKind, TransactionState};

impl Record for Transaction {
    const FIELDS: &'static [Field<Self>] = &[
        Field::<Self>::new(
            "provider",
            Kind::Text,
            "the provider account, as the configuration names it",
            |row| row.record.provider.name().into(),
        )
        .searched(),
        Field::<Self>::new("id", Kind::Text, ID, |row| (&row.record.id).into()).searched(),
        Field::<Self>::new("card_id", Kind::Text, "the card's id in its canonical form", |row| {
            row.record.card_id.as_ref().into()
        })
        .null("the row does not say it")
        .searched(),
        Field::<Self>::new("last4", Kind::Text, "the last four digits of the card number", |row| {
            row.record.last4.into()
        })
        .null("they are not known")
        .searched(),
        Field::<Self>::new("kind", Kind::Word(kinds), "what kind of movement", |row| {
            row.record.kind.as_str().into()
        })
        .any_spelling(),
        Field::<Self>::new("state", Kind::Word(states), STATE, |row| {
            row.record.state.as_str().into()
        }),
        Field::<Self>::new("provider_state", Kind::Text, PROVIDER_STATE, |row| {
            Value::known(&row.record.provider_state)
        })
        .null("the provider sent none"),
        Field::<Self>::new("amount", Kind::Money, AMOUNT, |row| row.record.amount.into()),
        Field::<Self>::new("fee", Kind::Money, "the fee beside the amount", |row| {
            row.record.fee.into()
        })
        .null("the row does not say it"),
        Field::<Self>::new("merchant", Kind::Text, "where it happened", |row| {
            row.record.merchant.as_ref().into()
        })
        .null("the row does not say it")
        .searched(),
        Field::<Self>::new(
            "mcc",
            Kind::Text,
            "merchant category code (ISO 18245), four digits",
            |row| row.record.mcc.as_ref().into(),
        )
        .null("the row does not say it"),
        Field::<Self>::new(
            "country",
            Kind::Text,
            "country of the merchant, as the provider writes it",
            |row| row.record.country.as_ref().into(),
        )
        .null("the row does not say it"),
        Field::<Self>::new(
            "decline_reason",
            Kind::Text,
            "the provider's code or words for a decline",
            |row| row.record.decline_reason.as_ref().into(),
        )
        .null("it was not declined, or the row does not say it")
        .also(&["reason"])
        .searched(),
        Field::<Self>::new("description", Kind::Text, "free text of the provider", |row| {
            row.record.description.as_ref().into()
        })
        .null("the row has none")
        .searched(),
        Field::<Self>::new("at", Kind::Time, "when it happened, by the provider's clock", |row| {
            row.record.at.into()
        })
        .dates_row(),
        Field::<Self>::new("seen_at", Kind::Time, "when cardtop first saw it", |row| {
            row.record.seen_at.into()
        }),
        Field::<Self>::new(
            "operation",
            Kind::Text,
            "id of the operation of ours that it proves",
            |row| row.record.operation.into(),
        )
        .null("it proves none"),
        Field::<Self>::new("decline", Kind::Word(reasons), DECLINE, |row| {
            decline(row).and_then(DeclineCause::reason).map(DeclineReason::as_str).into()
        })
        .null("it was not declined, no code was sent, or the code is not mapped"),
        Field::<Self>::new(
            "decline_words",
            Kind::Text,
            "why it was declined, in words for an operator; `not mapped: CODE` for a code that \
             cardtop does not know",
            |row| decline(row).map(DeclineCause::words).into(),
        )
        .null(NOT_DECLINED),
        Field::<Self>::new("decline_say", Kind::Text, SAY, |row| {
            decline(row).map(|cause| cause.say(row.record.amount.abs())).into()
        })
        .null(NOT_DECLINED),
        Field::<Self>::new("decline_say_verified", Kind::Text, SAY_VERIFIED, |row| {
            // A record of a transaction knows no balance.
            let asked = row.record.amount.abs();
            let say = |cause: DeclineCause<'_>| {
                cause.say_verified(asked, Funds::NotKnown, |at| at.to_string())
            };
            decline(row).and_then(say).into()
        })
        .null("it was not declined, or there is nothing more to tell"),
        Field::<Self>::new("currency", Kind::Text, "code of the amount's currency", |row| {
            row.record.amount.currency().into()
        })
        .only_filter(),
        Field::<Self>::new(
            "card",
            Kind::Text,
            "provider/id, the id, or the last four digits",
            |row| {
                let Self { provider, card_id, last4, .. } = row.record;
                Value::Card { provider, id: card_id.as_deref(), last4: *last4 }
            },
        )
        .only_filter(),
        Field::<Self>::new("holder", Kind::Text, "name of the cardholder", |row| {
            Value::known(row.holder)
        })
        .null("it is not known")
        .only_filter()
        .searched(),
    ];

    const COLUMNS: &'static [Column<Self>] = &[
        Column::left("TIME", |row, view| view.time(row.record.at).into()),
        Column::left("PROVIDER", |row, _| row.record.provider.name().into()),
        Column::left("CARD", |row, _| digits(row.record.last4).into()),
        Column::left("HOLDER", |row, _| row.holder.into()),
        Column::left("WHAT", |row, _| Cell::painted(row.record.what(), paint(row.record.state))),
        Column::right("AMOUNT", |row, _| {
            format!("{}{}", row.record.sign(), row.record.amount.grouped()).into()
        }),
        Column::left("CCY", |row, _| row.record.amount.currency().to_string().into()),
        Column::left("MERCHANT", |row, _| {
            row.record.merchant.as_deref().unwrap_or_default().into()
        }),
        Column::left("IN PLAIN WORDS", |row, _| row.record.in_plain_words().into()),
    ];
}

const ID: &str = "the provider's id in its canonical form, or one derived from the row where it \
                  sends none";

const STATE: &str = "how far it got; REVERSED also for a hold that is no longer listed, UNKNOWN \
                     when the provider's word is not mapped";

const PROVIDER_STATE: &str = "the state (and the kind, where it is a word of its own) in the \
                              provider's own words";

const AMOUNT: &str = "size of the movement: not negative, whatever direction the kind says; only \
                      ADJUSTMENT and OTHER carry a sign";

const DECLINE: &str = "the reason that the code of a decline stands for, whatever the provider \
                       calls it";

const SAY: &str = "what may be told to anybody who calls about the decline, never with what is on \
                   the card: one sentence for all reasons that help a thief";

const SAY_VERIFIED: &str = "what may be told as well once it is verified who calls; not the \
                            balance, which only the board adds";

const NOT_DECLINED: &str = "it was not declined, or was money on its way to the card";

fn decline<'a>(row: Row<'a, Transaction>) -> Option<DeclineCause<'a>> {
    row.record.decline()
}

fn reasons() -> Vec<&'static str> {
    DeclineReason::ALL.iter().map(|reason| reason.as_str()).collect()
}

fn kinds() -> Vec<&'static str> {
    TransactionKind::ALL.map(TransactionKind::as_str).to_vec()
}

fn states() -> Vec<&'static str> {
    TransactionState::ALL.map(TransactionState::as_str).to_vec()
}

const fn paint(state: TransactionState) -> Paint {
    match state {
        TransactionState::Failed => Paint::Danger,
        TransactionState::Declined | TransactionState::Unknown => Paint::Caution,
        TransactionState::Hold | TransactionState::Cleared | TransactionState::Reversed => {
            Paint::Plain
        }
    }
}
