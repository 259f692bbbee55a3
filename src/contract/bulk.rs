//! The fields and the table of a line of a file of top-ups: what is paid, and what became of it.

use super::operation;
use super::table::{Cell, Column, Paint};
use super::{Field, Kind, Record};
use crate::domain::card::Card;
use crate::domain::money::Money;
use crate::domain::operation::{OperationId, OperationState};

/// A line of a file of top-ups.
#[derive(Clone, Debug, PartialEq)]
pub struct BulkLine {
    /// Its number in the file, from 1.
    pub line: u64,
    /// The card.
    pub card: Card,
    /// What it is to get.
    pub amount: Money,
    /// The provider's fee, where it was asked.
    pub fee: Option<Money>,
    /// The operator's reason.
    pub reason: Option<String>,
    /// What became of it.
    pub fate: Fate,
    /// Its newest operation and how far that got.
    pub operation: Option<(OperationId, OperationState)>,
    /// In words: why it was not sent, or the last thing that is known.
    pub detail: Option<String>,
}

/// What became of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It would be sent: nothing of it is in the journal, or what is there failed and is to be
    /// tried again.
    ToSend,
    /// It was sent now.
    Sent,
    /// An earlier run sent it: it was not sent again.
    SentBefore,
    /// This run did not send it: the detail says why.
    NotSent,
}

impl Fate {
    const ALL: [Self; 4] = [Self::ToSend, Self::Sent, Self::SentBefore, Self::NotSent];

    /// Its word in JSON and CSV.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ToSend => "to-send",
            Self::Sent => "sent",
            Self::SentBefore => "sent-before",
            Self::NotSent => "not-sent",
        }
    }
}

impl Record for BulkLine {
    const FIELDS: &'static [Field<Self>] = &[
        Field::<Self>::new("line", Kind::Count, "number of the line in the file", |row| {
            row.record.line.into()
        })
        .not_filtered(),
        Field::<Self>::new("fate", Kind::Word(words), FATE, |row| row.record.fate.as_str().into())
            .not_filtered(),
        Field::<Self>::new("provider", Kind::Text, "the provider account", |row| {
            row.record.card.key.provider.name().into()
        })
        .not_filtered(),
        Field::<Self>::new("card_id", Kind::Text, "the card's id in its canonical form", |row| {
            (&row.record.card.key.id).into()
        })
        .not_filtered(),
        Field::<Self>::new("last4", Kind::Text, "the last four digits of the card number", |row| {
            row.record.card.last4.into()
        })
        .null("they are not known")
        .not_filtered(),
        Field::<Self>::new("amount", Kind::Money, "what the card is to get", |row| {
            row.record.amount.into()
        })
        .not_filtered(),
        Field::<Self>::new("fee", Kind::Money, "the provider's fee", |row| row.record.fee.into())
            .null("the provider does not tell it beforehand, or it was not asked")
            .not_filtered(),
        Field::<Self>::new("reason", Kind::Text, "the operator's reason", |row| {
            row.record.reason.as_deref().into()
        })
        .null("none was given")
        .not_filtered(),
        Field::<Self>::new("operation", Kind::Text, "id of its newest operation", |row| {
            row.record.operation.map(|(id, _)| id).into()
        })
        .null(NONE)
        .not_filtered(),
        Field::<Self>::new("state", Kind::Word(operation::states), "how far that got", |row| {
            row.record.operation.map(|(_, state)| state.as_str()).into()
        })
        .null(NONE)
        .not_filtered(),
        Field::<Self>::new("detail", Kind::Text, DETAIL, |row| row.record.detail.as_deref().into())
            .null("there is nothing to say")
            .not_filtered(),
    ];

    const COLUMNS: &'static [Column<Self>] = &[
        Column::right("LINE", |row, _| row.record.line.to_string().into()),
        Column::left("FATE", |row, _| row.record.fate.as_str().into()),
        Column::left("STATE", |row, _| match row.record.operation {
            Some((_, state)) => Cell::painted(state.as_str(), paint(state)),
            None => "".into(),
        }),
        Column::left("PROVIDER", |row, _| row.record.card.key.provider.name().into()),
        Column::left("CARD", |row, _| row.record.card.digits().into()),
        Column::left("HOLDER", |row, _| (*row.record.card.holder).into()),
        Column::right("AMOUNT", |row, _| row.record.amount.to_string().into()),
        Column::right("FEE", |row, _| {
            row.record.fee.map(|fee| fee.to_string()).unwrap_or_default().into()
        }),
        Column::left("OPERATION", |row, _| {
            row.record.operation.map(|(id, _)| id.to_string()).unwrap_or_default().into()
        }),
        Column::left("DETAIL", |row, _| row.record.detail.clone().unwrap_or_default().into()),
    ];
}

const FATE: &str = "`to-send`: it would be sent, or its turn has not come; `sent`: now; \
                    `sent-before`: by an earlier run, and not again; `not-sent`: the detail says \
                    why";

const NONE: &str = "the journal has nothing of the line";

const DETAIL: &str = "in words: why it was not sent, or the last thing that is known of it";

fn words() -> Vec<&'static str> {
    Fate::ALL.map(Fate::as_str).to_vec()
}

const fn paint(state: OperationState) -> Paint {
    match state {
        OperationState::Done => Paint::Good,
        OperationState::Failed => Paint::Danger,
        OperationState::Unknown => Paint::Caution,
        OperationState::Sent | OperationState::Accepted => Paint::Plain,
    }
}

#[cfg(test)]
mod tests {
    use crate::contract::json;
    use crate::contract::samples::bulk_line;

    #[test]
    fn a_line_that_nobody_sent_has_no_operation() {
        assert_eq!(
            json::object(&bulk_line()),
            concat!(
                r#"{"line":2,"fate":"to-send","provider":"acme","card_id":"c-1","last4":"4242","#,
                r#""amount":{"amount":"5.000","currency":"KWD"},"fee":null,"reason":"pay","#,
                r#""operation":null,"state":null,"detail":null}"#
            )
        );
    }
}
