//! The fields and the table of an operation.

use super::table::{Cell, Column, Paint};
use super::{Field, Kind, Record, Value};
use crate::domain::card::digits;
use crate::domain::money::Money;
use crate::domain::operation::{ActionKind, Operation, OperationState};
use crate::domain::proof::ProvenBy;

impl Record for Operation {
    const FIELDS: &'static [Field<Self>] = &[
        Field::<Self>::new("id", Kind::Text, "cardtop's id: 26 letters and digits", |row| {
            row.record.id.into()
        })
        .also(&["operation"])
        .searched(),
        Field::<Self>::new(
            "action",
            Kind::Word(actions),
            "what was asked of the provider",
            |row| row.record.action_kind.as_str().into(),
        )
        .also(&["kind"])
        .any_spelling()
        .searched(),
        Field::<Self>::new(
            "provider",
            Kind::Text,
            "the provider account, as the configuration names it",
            |row| row.record.card.provider.name().into(),
        ),
        Field::<Self>::new("card_id", Kind::Text, "the card's id in its canonical form", |row| {
            (&row.record.card.id).into()
        })
        .searched(),
        Field::<Self>::new("last4", Kind::Text, "the last four digits of the card number", |row| {
            row.record.last4.into()
        })
        .null("they were not known")
        .searched(),
        Field::<Self>::new("amount", Kind::Money, "the amount of a top-up", |row| {
            row.record.amount.into()
        })
        .null("it is no top-up"),
        Field::<Self>::new("state", Kind::Word(states), STATE, |row| {
            row.record.state.as_str().into()
        }),
        Field::<Self>::new("reason", Kind::Text, "the operator's reason", |row| {
            row.record.reason.as_ref().into()
        })
        .null("none was given")
        .searched(),
        Field::<Self>::new("reference", Kind::Text, REFERENCE, |row| {
            (&row.record.reference).into()
        }),
        Field::<Self>::new("provider_reference", Kind::Text, PROVIDER_REFERENCE, |row| {
            row.record.provider_reference.as_ref().into()
        })
        .null("it answered with none, or not yet"),
        Field::<Self>::new("operator", Kind::Text, "who asked: the system user", |row| {
            (&row.record.operator).into()
        })
        .searched(),
        Field::<Self>::new("created_at", Kind::Time, "when the intent was saved", |row| {
            row.record.created_at.into()
        })
        .dates_row(),
        Field::<Self>::new(
            "updated_at",
            Kind::Time,
            "when the state or the detail last changed",
            |row| row.record.updated_at.into(),
        ),
        Field::<Self>::new("detail", Kind::Text, DETAIL, |row| row.record.detail.as_ref().into())
            .null("nothing is known yet")
            .also(&["description"]),
        Field::<Self>::new("proof", Kind::Word(proofs), PROOF, |row| {
            row.record.proven_by.map(ProvenBy::as_str).into()
        })
        .null("it has not ended"),
        Field::<Self>::new(
            "alarm",
            Kind::Text,
            "what contradicts a person's word on how it ended",
            |row| row.record.alarm.as_ref().into(),
        )
        .null("nothing does"),
        Field::<Self>::new("currency", Kind::Text, "code of the amount's currency", |row| {
            row.record.amount.map(Money::currency).into()
        })
        .null("it is no top-up")
        .only_filter(),
        Field::<Self>::new(
            "card",
            Kind::Text,
            "provider/id, the id, or the last four digits",
            |row| {
                let Self { card, last4, .. } = row.record;
                Value::Card { provider: &card.provider, id: Some(&card.id), last4: *last4 }
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
        Column::left("TIME", |row, view| view.time(row.record.created_at).into()),
        Column::left("OP", |row, _| row.record.id.short().into()),
        Column::left("WHO", |row, _| (*row.record.operator).into()),
        Column::left("STATE", |row, _| {
            Cell::painted(row.record.state.as_str(), paint(row.record.state))
        }),
        Column::left("WHAT", |row, _| row.record.phrase().into()),
        Column::left("CARD", |row, _| digits(row.record.last4).into()),
        Column::left("PROVIDER", |row, _| row.record.card.provider.name().into()),
        Column::left("ID", |row, _| row.record.id.to_string().into()),
        Column::left("DETAIL", |row, _| match &row.record.alarm {
            Some(alarm) => Cell::painted(&**alarm, Paint::Danger),
            None => row.record.detail.as_deref().unwrap_or_default().into(),
        }),
    ];
}

const STATE: &str = "SENT: saved, and sent or about to be; ACCEPTED: the provider answered that it \
                     will do it; DONE: its effect was read back; FAILED: it did not happen and \
                     will not; UNKNOWN: nobody can tell yet";

const REFERENCE: &str = "our own reference, sent where the provider's request has a field for it";

const PROVIDER_REFERENCE: &str = "what the provider answered with to find it again: the id of a \
                                  task or a transaction";

const DETAIL: &str = "the last thing known, in words: the proof of DONE, the refusal of FAILED, \
                      what was looked at for UNKNOWN";

const PROOF: &str = "who says how it ended: `seen` when it was read back, `answer` when the \
                     provider's answer said it, `person` when somebody settled it";

pub(super) fn actions() -> Vec<&'static str> {
    ActionKind::ALL.map(ActionKind::as_str).to_vec()
}

pub(super) fn states() -> Vec<&'static str> {
    OperationState::ALL.map(OperationState::as_str).to_vec()
}

fn proofs() -> Vec<&'static str> {
    [ProvenBy::Lookup, ProvenBy::Answer, ProvenBy::Person, ProvenBy::Push]
        .map(ProvenBy::as_str)
        .to_vec()
}

const fn paint(state: OperationState) -> Paint {
    match state {
        OperationState::Sent | OperationState::Accepted => Paint::Plain,
        OperationState::Done => Paint::Good,
        OperationState::Failed => Paint::Danger,
        OperationState::Unknown => Paint::Caution,
    }
}
