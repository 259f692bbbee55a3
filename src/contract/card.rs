//! The fields and the table of a card.

use super::table::{Cell, Column, Paint};
use super::{Field, Kind, Part, Record, Value};
use crate::domain::card::{Balance, Card, CardKind, CardState, Reading};
use crate::domain::money::Money;

const BALANCE: &[Part] = &[
    Part {
        name: "available",
        kind: Kind::Money,
        doc: "what can be spent now; may be negative",
        null: Some("the provider does not send it"),
    },
    Part {
        name: "current",
        kind: Kind::Money,
        doc: "the posted balance, holds not deducted",
        null: Some("the provider does not send it"),
    },
    Part {
        name: "pending",
        kind: Kind::Money,
        doc: "what is on hold or on its way",
        null: Some("the provider does not send it"),
    },
    Part { name: "as_of", kind: Kind::Time, doc: "when the figures were read", null: None },
];

impl Record for Card {
    const FIELDS: &'static [Field<Self>] = &[
        Field::<Self>::new(
            "provider",
            Kind::Text,
            "the provider account, as the configuration names it",
            |row| row.record.key.provider.name().into(),
        )
        .searched(),
        Field::<Self>::new(
            "id",
            Kind::Text,
            "the card's id at its provider, in its canonical form",
            |row| (&row.record.key.id).into(),
        )
        .also(&["card_id"])
        .searched(),
        Field::<Self>::new("last4", Kind::Text, "the last four digits of the card number", |row| {
            row.record.last4.into()
        })
        .null("neither the provider nor the roster has them")
        .searched(),
        Field::<Self>::new("holder", Kind::Text, "name of the cardholder", |row| {
            Value::known(&row.record.holder)
        })
        .null("neither the provider nor the roster has it")
        .searched(),
        Field::<Self>::new("state", Kind::Word(states), STATE, |row| {
            row.record.state.as_str().into()
        }),
        Field::<Self>::new(
            "provider_state",
            Kind::Text,
            "the state in the provider's own words",
            |row| Value::known(&row.record.provider_state),
        )
        .null("the provider sent none"),
        Field::<Self>::new("state_as_of", Kind::Time, "when the state was read", |row| {
            row.record.state_at.into()
        })
        .null("it was never read"),
        Field::<Self>::new("kind", Kind::Word(kinds), "whether there is a physical card", |row| {
            row.record.kind.map(CardKind::as_str).into()
        })
        .null("neither the provider nor the roster says it")
        .any_spelling(),
        Field::<Self>::new(
            "currency",
            Kind::Text,
            "code of the card's currency: ISO 4217, or a coin",
            |row| row.record.currency.into(),
        )
        .null("it is not known"),
        Field::<Self>::new(
            "balance",
            Kind::Object(BALANCE),
            "the figures that were read last",
            |row| balance(&row.record.balance),
        )
        .null("it was never read")
        .only_json(),
        Field::<Self>::new(
            "available",
            Kind::Money,
            "what can be spent now; may be negative",
            |row| row.record.available().into(),
        )
        .null("it was never read, or the provider does not send it")
        .digits()
        .also(&["balance"]),
        Field::<Self>::new(
            "current",
            Kind::Money,
            "the posted balance, holds not deducted",
            |row| row.record.balance.value().and_then(|balance| balance.current).into(),
        )
        .null("it was never read, or the provider does not send it")
        .digits(),
        Field::<Self>::new("pending", Kind::Money, "what is on hold or on its way", |row| {
            row.record.balance.value().and_then(|balance| balance.pending).into()
        })
        .null("it was never read, or the provider does not send it")
        .digits(),
        Field::<Self>::new("as_of", Kind::Time, "when the figures were read", |row| {
            row.record.balance.at().into()
        })
        .null("they were never read")
        .only_csv()
        .filtered(),
        Field::<Self>::new("expires", Kind::Text, "month of expiry: YYYY-MM", |row| {
            row.record.expires.as_ref().into()
        })
        .null("the provider does not say it"),
        Field::<Self>::new("labels", Kind::Texts, "labels of the roster", |row| {
            Value::Texts(&row.record.labels)
        })
        .not_filtered()
        .also(&["label"])
        .searched(),
        Field::<Self>::new(
            "card",
            Kind::Text,
            "provider/id, the id, or the last four digits",
            |row| {
                let Self { key, last4, .. } = row.record;
                Value::Card { provider: &key.provider, id: Some(&key.id), last4: *last4 }
            },
        )
        .only_filter(),
        Field::<Self>::new("owner", Kind::Text, "the provider's id of the cardholder", |row| {
            row.record.owner.as_ref().into()
        })
        .null("its calls want none")
        .only_filter()
        .not_filtered()
        .searched(),
    ];

    const COLUMNS: &'static [Column<Self>] = &[
        Column::left("STATE", |row, _| {
            let old = if row.record.state_lags().is_some() { "~" } else { "" };
            let state = row.record.state;
            Cell::painted(format!("{old}{}", state.as_str()), paint(state))
        }),
        Column::left("HOLDER", |row, _| (*row.record.holder).into()),
        Column::left("CARD", |row, _| row.record.digits().into()),
        Column::right("AVAILABLE", |row, _| available(row.record)),
        Column::left("CCY", |row, _| {
            let currency = row.record.available().map(Money::currency).or(row.record.currency);
            currency.map(|currency| currency.to_string()).unwrap_or_default().into()
        }),
        Column::right("AGE", |row, view| view.age(row.record.balance.at()).into()),
        Column::left("ID", |row, _| row.record.key.to_string().into()),
    ];
}

const STATE: &str = "FROZEN is what we may undo, BLOCKED is the issuer's; UNKNOWN when it was \
                     never read or the provider's word is not mapped";

fn states() -> Vec<&'static str> {
    CardState::ALL.map(CardState::as_str).to_vec()
}

fn kinds() -> Vec<&'static str> {
    [CardKind::Virtual, CardKind::Physical].map(CardKind::as_str).to_vec()
}

fn balance(reading: &Reading<Balance>) -> Value<'_> {
    let (Some(balance), Some(as_of)) = (reading.value(), reading.at()) else {
        return Value::Null;
    };
    Value::Object(vec![
        ("available", balance.available.into()),
        ("current", balance.current.into()),
        ("pending", balance.pending.into()),
        ("as_of", as_of.into()),
    ])
}

fn available(card: &Card) -> Cell {
    let Some(money) = card.available() else { return "-".into() };
    let is_stale = card.balance.why_stale().is_some();
    let paint = match (money.is_negative(), is_stale) {
        (true, _) => Paint::Danger,
        (false, true) => Paint::Caution,
        (false, false) => Paint::Plain,
    };
    Cell::painted(format!("{}{}", if is_stale { "~" } else { "" }, money.grouped()), paint)
}

const fn paint(state: CardState) -> Paint {
    match state {
        CardState::Active
        | CardState::Frozen
        | CardState::Pending
        | CardState::Closed
        | CardState::Expired => Paint::Plain,
        CardState::Blocked | CardState::Unknown => Paint::Caution,
    }
}
