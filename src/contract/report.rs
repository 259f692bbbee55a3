//! The fields of a shift's report. It names no holder and no merchant, and cards by their last four
//! digits alone, so that it can be handed over as it is.

use jiff::Timestamp;

use super::missing::{FROM_DATA_FILE, FromDataFile, from_data_file};
use super::operation;
use super::{Field, Kind, Part, Record, Value};
use crate::domain::card::{Last4, ProviderId, digits};
use crate::domain::decline::DeclineReason;
use crate::domain::money::Money;
use crate::domain::operation::{ActionKind, OperationId, OperationState};
use crate::domain::outage::{Outage, OutageKind, Watched};

/// What happened in a shift.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// Its beginning.
    pub since: Timestamp,
    /// Its end: when the report was made.
    pub until: Timestamp,
    /// The operations that were asked or settled in it, counted.
    pub changes: Vec<Changes>,
    /// The operations that need somebody, whenever they were asked.
    pub open: Vec<OpenChange>,
    /// The declined purchases, counted.
    pub declines: Vec<Declines>,
    /// The float of each account and currency; `None` where nobody was asked.
    pub float: Option<Vec<Float>>,
    /// When accounts did not answer.
    pub outages: Vec<Outage>,
    /// When a cardtop ran that would have seen an outage.
    pub watched: Vec<Watched>,
    /// Up to when the data file has transactions of each account.
    pub read: Vec<FromDataFile>,
}

/// Operations of one action and currency that are in one state.
#[derive(Clone, Debug, PartialEq)]
pub struct Changes {
    /// What was asked.
    pub action: ActionKind,
    /// How far they got by now.
    pub state: OperationState,
    /// How many.
    pub count: usize,
    /// Their sum, of top-ups.
    pub amount: Option<Money>,
}

/// An operation that is not settled, or whose settlement is contradicted.
#[derive(Clone, Debug, PartialEq)]
pub struct OpenChange {
    /// Which.
    pub operation: OperationId,
    /// What was asked.
    pub action: ActionKind,
    /// The account.
    pub provider: ProviderId,
    /// The card's last four digits.
    pub last4: Option<Last4>,
    /// The amount of a top-up.
    pub amount: Option<Money>,
    /// How far it got.
    pub state: OperationState,
    /// When it was asked.
    pub at: Timestamp,
    /// A reading contradicts a person's word on it.
    pub contradicted: bool,
}

/// Purchases that were declined for one reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Declines {
    /// The reason; `None` where the code is not mapped.
    pub reason: Option<DeclineReason>,
    /// In words, or the code.
    pub words: String,
    /// How many.
    pub count: usize,
    /// Of how many cards.
    pub cards: usize,
}

/// The float of an account in one currency, or that it could not be read.
#[derive(Clone, Debug, PartialEq)]
pub struct Float {
    /// The account.
    pub provider: ProviderId,
    /// How much, where it was read.
    pub amount: Option<Money>,
    /// When it was read.
    pub as_of: Option<Timestamp>,
    /// What top-ups of the shift took of it.
    pub taken: Option<Money>,
    /// How many whole hours it lasts at that rate.
    pub lasts_hours: Option<u64>,
    /// Why it could not be read.
    pub why: Option<String>,
}

const CHANGES: &[Part] = &[
    part("action", Kind::Word(operation::actions), "what was asked"),
    part("state", Kind::Word(operation::states), "how far they got by now"),
    part("count", Kind::Count, "how many"),
    Part { null: Some("they are no top-ups"), ..part("amount", Kind::Money, "their sum") },
];

const OPEN: &[Part] = &[
    part("operation", Kind::Text, "its id"),
    part("action", Kind::Word(operation::actions), "what was asked"),
    part("provider", Kind::Text, "the provider account"),
    part("card", Kind::Text, "the card's last four digits: `..4242`, or `..----`"),
    Part { null: Some("it is no top-up"), ..part("amount", Kind::Money, "its amount") },
    part("state", Kind::Word(operation::states), "how far it got"),
    part("at", Kind::Time, "when it was asked"),
    part("contradicted", Kind::Flag, "whether a reading contradicts a person's word on it"),
];

const DECLINES: &[Part] = &[
    Part {
        null: Some("no code was sent, or it is not mapped"),
        ..part("decline", Kind::Word(reasons), "the reason that the code stands for")
    },
    part("decline_words", Kind::Text, "in words for an operator, or the code"),
    part("count", Kind::Count, "how many"),
    part("cards", Kind::Count, "of how many cards"),
];

const FLOAT: &[Part] = &[
    part("provider", Kind::Text, "the provider account"),
    Part { null: Some(UNREAD), ..part("amount", Kind::Money, "how much it is") },
    Part { null: Some(UNREAD), ..part("as_of", Kind::Time, "when it was read") },
    Part {
        null: Some("it could not be read, or the data file does not have all of the shift"),
        ..part(
            "taken",
            Kind::Money,
            "the top-ups of the shift in its currency, whoever made them, and their fees; one \
             whose outcome is not known counts",
        )
    },
    Part {
        null: Some("nothing was taken, or it is not known how much"),
        ..part("lasts_hours", Kind::Count, "how many whole hours it lasts at that rate")
    },
    Part { null: Some("it was read"), ..part("why", Kind::Text, "why it could not be read") },
];

const OUTAGES: &[Part] = &[
    part("provider", Kind::Text, "the provider account"),
    part("from", Kind::Time, "the first question that failed"),
    part("last_seen", Kind::Time, "when it was last seen to last, to some minutes"),
    Part {
        null: Some("no good answer was seen since"),
        ..part("to", Kind::Time, "the first good answer that was seen after it")
    },
    part("kind", Kind::Word(outage_kinds), "what was wrong when it began"),
];

const WATCHED: &[Part] = &[
    part("provider", Kind::Text, "the provider account"),
    part("from", Kind::Time, "since when it was asked, in the shift"),
    part("to", Kind::Time, "until when, to some minutes"),
];

fn outage_kinds() -> Vec<&'static str> {
    OutageKind::ALL.map(OutageKind::as_str).to_vec()
}

const UNREAD: &str = "it could not be read";

const fn part(name: &'static str, kind: Kind, doc: &'static str) -> Part {
    Part { name, kind, doc, null: None }
}

impl Record for Report {
    const FIELDS: &'static [Field<Self>] = &[
        Field::<Self>::new("since", Kind::Time, "when the shift began", |row| {
            row.record.since.into()
        })
        .only_json(),
        Field::<Self>::new("until", Kind::Time, "when the report was made", |row| {
            row.record.until.into()
        })
        .only_json(),
        Field::<Self>::new(
            "changes",
            Kind::Objects(CHANGES),
            "the operations that were asked or settled in it, by action, currency and state",
            |row| list(&row.record.changes, changes),
        )
        .only_json(),
        Field::<Self>::new(
            "open",
            Kind::Objects(OPEN),
            "the operations that are not settled, or whose settlement is contradicted, whenever \
             they were asked; oldest first",
            |row| list(&row.record.open, open),
        )
        .only_json(),
        Field::<Self>::new(
            "declines",
            Kind::Objects(DECLINES),
            "the declined purchases by reason, the most frequent first",
            |row| list(&row.record.declines, declines),
        )
        .only_json(),
        Field::<Self>::new(
            "float",
            Kind::Objects(FLOAT),
            "the float of each account that tells it, by currency",
            |row| match &row.record.float {
                Some(float) => list(float, of_float),
                None => Value::Null,
            },
        )
        .null("nobody was asked (`--refresh never`)")
        .only_json(),
        Field::<Self>::new(
            "outages",
            Kind::Objects(OUTAGES),
            "when accounts did not answer, as a cardtop saw it that ran; by their beginnings",
            |row| list(&row.record.outages, outage),
        )
        .only_json(),
        Field::<Self>::new(
            "watched",
            Kind::Objects(WATCHED),
            "when a cardtop ran that reads by itself (the board, `watch`): outages of other times \
             are not known",
            |row| list(&row.record.watched, watched),
        )
        .only_json(),
        Field::<Self>::new(
            "read",
            Kind::Objects(FROM_DATA_FILE),
            "how far the data file has the transactions of each account",
            |row| list(&row.record.read, from_data_file),
        )
        .only_json(),
    ];
}

fn list<'a, T>(rows: &'a [T], object: fn(&'a T) -> Value<'a>) -> Value<'a> {
    Value::List(rows.iter().map(object).collect())
}

fn outage(row: &Outage) -> Value<'_> {
    Value::Object(vec![
        ("provider", row.provider.name().into()),
        ("from", row.from.into()),
        ("last_seen", row.last_seen.into()),
        ("to", row.to.into()),
        ("kind", row.kind.as_str().into()),
    ])
}

fn watched(row: &Watched) -> Value<'_> {
    Value::Object(vec![
        ("provider", row.provider.name().into()),
        ("from", row.stretch.from.into()),
        ("to", row.stretch.to.into()),
    ])
}

fn changes(row: &Changes) -> Value<'_> {
    Value::Object(vec![
        ("action", row.action.as_str().into()),
        ("state", row.state.as_str().into()),
        ("count", row.count.into()),
        ("amount", row.amount.into()),
    ])
}

fn open(row: &OpenChange) -> Value<'_> {
    Value::Object(vec![
        ("operation", row.operation.into()),
        ("action", row.action.as_str().into()),
        ("provider", row.provider.name().into()),
        ("card", digits(row.last4).into()),
        ("amount", row.amount.into()),
        ("state", row.state.as_str().into()),
        ("at", row.at.into()),
        ("contradicted", row.contradicted.into()),
    ])
}

fn declines(row: &Declines) -> Value<'_> {
    Value::Object(vec![
        ("decline", row.reason.map(DeclineReason::as_str).into()),
        ("decline_words", row.words.as_str().into()),
        ("count", row.count.into()),
        ("cards", row.cards.into()),
    ])
}

fn of_float(row: &Float) -> Value<'_> {
    Value::Object(vec![
        ("provider", row.provider.name().into()),
        ("amount", row.amount.into()),
        ("as_of", row.as_of.into()),
        ("taken", row.taken.into()),
        ("lasts_hours", row.lasts_hours.into()),
        ("why", row.why.as_deref().into()),
    ])
}

fn reasons() -> Vec<&'static str> {
    DeclineReason::ALL.iter().map(|reason| reason.as_str()).collect()
}
