//! The fields of what a list lacks: the JSON line on standard error.

use jiff::Timestamp;

use super::{Field, Kind, Part, Record, Value};
use crate::domain::card::{Card, ProviderId};
use crate::domain::completeness::{Completeness, UnreadPart, UnreadRow};

/// What is missing from a list that is printed.
#[derive(Clone, Debug)]
pub struct Missing {
    /// Rows, cards and accounts that were not read.
    pub completeness: Completeness,
    /// Cards whose state is older than the figures beside it, or was never read.
    pub old_states: Vec<Card>,
    /// Accounts of which the data file answered.
    pub from_data_file: Vec<FromDataFile>,
}

/// An account of which what is printed was not read now, or not all of it: the data file has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FromDataFile {
    /// The provider account.
    pub provider: ProviderId,
    /// Up to when it was read; `None` where the data file has nothing of it.
    pub as_of: Option<Timestamp>,
    /// From when on it has everything up to then, of the cards that are known.
    pub complete_from: CompleteFrom,
    /// From when on it was asked for; `None` where that has no time.
    pub asked_from: Option<Timestamp>,
    /// How many of its known cards were never read: nothing of them is in the list.
    pub never_read: usize,
    /// How many times between the two lack transactions all the same.
    pub gaps: usize,
}

impl FromDataFile {
    /// Whether it lacks something that was asked for and happened up to `as_of`.
    #[must_use]
    pub fn is_incomplete(&self) -> bool {
        let falls_short = match self.complete_from {
            CompleteFrom::NoTimes => false,
            CompleteFrom::At(from) => self.asked_from.is_some_and(|asked| asked < from),
            CompleteFrom::Unknown => true,
        };
        falls_short || self.never_read > 0
    }
}

/// From when on a list is complete. The greater of two is true of both.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CompleteFrom {
    /// It has no times: cards.
    NoTimes,
    /// From then on.
    At(Timestamp),
    /// From no time that is known: a card was never read, or an earlier cardtop read it.
    Unknown,
}

const PROVIDER: Part =
    Part { name: "provider", kind: Kind::Text, doc: "the provider account", null: None };
const CARD_ID: Part = Part { name: "card_id", kind: Kind::Text, doc: "the card's id", null: None };
const WHY: Part = Part { name: "why", kind: Kind::Text, doc: "why, in words", null: None };

const ROW: &[Part] = &[
    PROVIDER,
    Part { null: Some("neither the row nor the request named it"), ..CARD_ID },
    Part { name: "id", kind: Kind::Text, doc: "the row's own id", null: Some("it has none") },
    WHY,
];
const UNREAD_CARD: &[Part] = &[PROVIDER, CARD_ID, WHY];
const UNREAD_ACCOUNT: &[Part] = &[PROVIDER, Part { null: Some("always"), ..CARD_ID }, WHY];
pub(super) const FROM_DATA_FILE: &[Part] = &[
    PROVIDER,
    Part {
        name: "as_of",
        kind: Kind::Time,
        doc: "up to when it was read: later rows are not in the list",
        null: Some("the data file has nothing of it"),
    },
    Part {
        name: "complete_from",
        kind: Kind::Time,
        doc: "the list has everything of its known cards from then on, up to as_of, but for gaps",
        null: Some("the list has no times, or a card was never read"),
    },
    Part {
        name: "asked_from",
        kind: Kind::Time,
        doc: "from when on it was asked for: rows before complete_from may be missing",
        null: Some("the list has no times, or the filter names times but no `since:`"),
    },
    Part {
        name: "never_read",
        kind: Kind::Count,
        doc: "how many of its known cards were never read: nothing of them is in the list",
        null: None,
    },
    Part {
        name: "gaps",
        kind: Kind::Count,
        doc: "times between complete_from and as_of of which not everything could be read",
        null: None,
    },
];
const OLD_STATE: &[Part] = &[
    PROVIDER,
    CARD_ID,
    Part {
        name: "state_as_of",
        kind: Kind::Time,
        doc: "when the state was read",
        null: Some("it was never read"),
    },
];

impl Record for Missing {
    const FIELDS: &'static [Field<Self>] = &[
        Field::<Self>::new(
            "complete_from",
            Kind::Time,
            "the list has everything from then on, but what is named here",
            |row| row.record.completeness.complete_from.into(),
        )
        .null("the list has no times")
        .only_json(),
        Field::<Self>::new(
            "complete_to",
            Kind::Time,
            "the list has everything up to then, but rows",
            |row| row.record.completeness.complete_to.into(),
        )
        .null("a card or an account is missing, or no provider was asked")
        .only_json(),
        Field::<Self>::new(
            "unread_rows",
            Kind::Objects(ROW),
            "rows that could not be read",
            |row| Value::List(row.record.completeness.rows.iter().map(unread_row).collect()),
        )
        .only_json(),
        Field::<Self>::new(
            "unread_cards",
            Kind::Objects(UNREAD_CARD),
            "cards that were not read",
            |row| parts(&row.record.completeness, |part| part.card.is_some()),
        )
        .only_json(),
        Field::<Self>::new(
            "unread_accounts",
            Kind::Objects(UNREAD_ACCOUNT),
            "accounts not read",
            |row| parts(&row.record.completeness, |part| part.card.is_none()),
        )
        .only_json(),
        Field::<Self>::new(
            "old_states",
            Kind::Objects(OLD_STATE),
            "states older than their figures",
            |row| Value::List(row.record.old_states.iter().map(old_state).collect()),
        )
        .only_json(),
        Field::<Self>::new(
            "from_data_file",
            Kind::Objects(FROM_DATA_FILE),
            "accounts that were not read now, or not wholly: their rows are from the data file",
            |row| Value::List(row.record.from_data_file.iter().map(from_data_file).collect()),
        )
        .only_json(),
    ];
}

fn unread_row(row: &UnreadRow) -> Value<'_> {
    Value::Object(vec![
        ("provider", row.provider.name().into()),
        ("card_id", row.card.as_ref().into()),
        ("id", row.id.as_ref().into()),
        ("why", (&row.why).into()),
    ])
}

fn parts(all: &Completeness, wanted: fn(&UnreadPart) -> bool) -> Value<'_> {
    Value::List(all.parts.iter().filter(|part| wanted(part)).map(unread_part).collect())
}

fn unread_part(part: &UnreadPart) -> Value<'_> {
    Value::Object(vec![
        ("provider", part.provider.name().into()),
        ("card_id", part.card.as_ref().map(|card| &card.id).into()),
        ("why", (&part.why).into()),
    ])
}

pub(super) fn from_data_file(account: &FromDataFile) -> Value<'_> {
    Value::Object(vec![
        ("provider", account.provider.name().into()),
        ("as_of", account.as_of.into()),
        ("complete_from", account.complete_from.time().into()),
        ("asked_from", account.asked_from.into()),
        ("never_read", account.never_read.into()),
        ("gaps", account.gaps.into()),
    ])
}

impl CompleteFrom {
    const fn time(self) -> Option<Timestamp> {
        match self {
            Self::At(at) => Some(at),
            Self::NoTimes | Self::Unknown => None,
        }
    }
}

fn old_state(card: &Card) -> Value<'_> {
    Value::Object(vec![
        ("provider", card.key.provider.name().into()),
        ("card_id", (&card.key.id).into()),
        ("state_as_of", card.state_at.into()),
    ])
}
