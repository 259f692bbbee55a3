//! What the lines of `cardtop watch` have beside the fields of their records, and the records that
//! only it prints: the health of a provider, and the heartbeat.

use std::sync::Arc;

use jiff::Timestamp;

use super::provider::states;
use super::{Field, Kind, Part, Record, Value};
use crate::domain::card::ProviderId;
use crate::domain::money::Money;

/// That the feed is alive, and how much of it can be trusted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heartbeat {
    /// When it was made.
    pub at: Timestamp,
    /// Up to when the feed has everything of all accounts; `None` while one was not read to its
    /// end.
    pub as_of: Option<Timestamp>,
    /// Whether what providers push is received by this process.
    pub receiving: bool,
    /// Every account that is watched.
    pub accounts: Vec<AccountPulse>,
}

/// How one account is in a heartbeat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountPulse {
    /// The account.
    pub provider: ProviderId,
    /// Its health in one word.
    pub state: &'static str,
    /// Up to when the feed has everything of it.
    pub as_of: Option<Timestamp>,
    /// Whether newer transactions may be missing: it is not read, or was read too long ago.
    pub stale: bool,
    /// What is wrong with it, in words without its name.
    pub error: Option<Arc<str>>,
}

impl Heartbeat {
    /// Whether nothing is missing that should be there by now.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        !self.accounts.iter().any(|account| account.stale)
    }
}

/// The health of a provider that changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HealthNews {
    /// The account.
    pub provider: ProviderId,
    /// Its health in one word.
    pub state: &'static str,
    /// Since when.
    pub since: Timestamp,
    /// The last answer that could be used.
    pub last_good: Option<Timestamp>,
    /// When it will be tried again.
    pub next_try: Option<Timestamp>,
    /// What is wrong with it, in words without its name.
    pub error: Option<Arc<str>>,
}

/// What was before, of a card, an operation or a provider.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StateBefore {
    /// The state before.
    pub was: Option<&'static str>,
}

/// What was before, of a transaction.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct RowBefore {
    /// The state before.
    pub was: Option<&'static str>,
    /// The amount before, where it changed.
    pub amount: Option<Money>,
}

/// A record that has nothing to add.
impl Record for () {
    const FIELDS: &'static [Field<Self>] = &[];
}

impl Record for StateBefore {
    const FIELDS: &'static [Field<Self>] =
        &[Field::<Self>::new("was", Kind::Text, "the state before", |row| row.record.was.into())
            .null("it is new, or not known how it was before")];
}

impl Record for RowBefore {
    const FIELDS: &'static [Field<Self>] = &[
        Field::<Self>::new(
            "was",
            Kind::Text,
            "the state before; UNKNOWN also where it is so old that nobody remembers",
            |row| row.record.was.into(),
        )
        .null("it is new, or from the data file (--since)"),
        Field::<Self>::new("was_amount", Kind::Money, "the amount before", |row| {
            row.record.amount.into()
        })
        .null("it is new, or its amount is the same"),
    ];
}

impl Record for HealthNews {
    const FIELDS: &'static [Field<Self>] = &[
        Field::<Self>::new("provider", Kind::Text, "the name in the configuration", |row| {
            row.record.provider.name().into()
        }),
        Field::<Self>::new("state", Kind::Word(states), "how it is now, as of a provider", |row| {
            row.record.state.into()
        }),
        Field::<Self>::new("since", Kind::Time, "since when", |row| row.record.since.into()),
        Field::<Self>::new(
            "last_good",
            Kind::Time,
            "when it last gave an answer that could be used",
            |row| row.record.last_good.into(),
        )
        .null("it never did"),
        Field::<Self>::new("next_try", Kind::Time, "when it will be tried again", |row| {
            row.record.next_try.into()
        })
        .null("it is read as usual, or not at all"),
        Field::<Self>::new("error", Kind::Text, "what is wrong with it, in words", |row| {
            row.record.error.as_deref().into()
        })
        .null("nothing is"),
    ];
}

impl Record for Heartbeat {
    const FIELDS: &'static [Field<Self>] = &[
        Field::<Self>::new("at", Kind::Time, "when it was made", |row| row.record.at.into()),
        Field::<Self>::new("complete", Kind::Flag, "whether no account is stale", |row| {
            row.record.is_complete().into()
        }),
        Field::<Self>::new(
            "as_of",
            Kind::Time,
            "up to when the feed has every transaction of all accounts",
            |row| row.record.as_of.into(),
        )
        .null("an account was never read to its end"),
        Field::<Self>::new(
            "receiving",
            Kind::Flag,
            "whether what providers push is received by this process",
            |row| row.record.receiving.into(),
        ),
        Field::<Self>::new("providers", Kind::Objects(PULSE), "every account", |row| {
            Value::List(row.record.accounts.iter().map(pulse).collect())
        }),
    ];
}

const PULSE: &[Part] = &[
    Part { name: "provider", kind: Kind::Text, doc: "the name in the configuration", null: None },
    Part {
        name: "state",
        kind: Kind::Word(states),
        doc: "how it is, as of a provider",
        null: None,
    },
    Part {
        name: "as_of",
        kind: Kind::Time,
        doc: "up to when the feed has every transaction of it",
        null: Some("it was never read to its end"),
    },
    Part {
        name: "stale",
        kind: Kind::Flag,
        doc: "whether newer ones may be missing: it is not read now, or was read longer ago than \
              it should be",
        null: None,
    },
    Part {
        name: "error",
        kind: Kind::Text,
        doc: "what is wrong with it, in words",
        null: Some("nothing is"),
    },
];

fn pulse(account: &AccountPulse) -> Value<'_> {
    let AccountPulse { provider, state, as_of, stale, error } = account;
    Value::Object(vec![
        ("provider", provider.name().into()),
        ("state", (*state).into()),
        ("as_of", (*as_of).into()),
        ("stale", (*stale).into()),
        ("error", error.as_deref().into()),
    ])
}
