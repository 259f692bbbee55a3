//! The filter language over the fields of cards, transactions and operations.
//!
//! The language is the domain's; here is which fields it knows, and how it finds their values in a
//! row. Nothing has to be done here for a new field.

use std::sync::LazyLock;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use rust_decimal::Decimal;

use super::{Field, Kind, Record, Row, Value};
use crate::domain::card::{Card, CardState};
use crate::domain::filter::{
    FieldId, FieldKind, Filter, FilterError, FilterField, Filterable, Flag, Schema,
};
use crate::domain::money::Money;
use crate::domain::operation::{Operation, OperationState};
use crate::domain::transaction::Transaction;

/// Parses a filter over the fields of every record. `since:` and `until:` are relative to `now`,
/// and their dates are days of `zone`.
///
/// # Errors
/// The first mistake, with its position.
pub fn parse(text: &str, now: Timestamp, zone: &TimeZone) -> Result<Filter, FilterError> {
    Filter::parse(text, &SCHEMA, now, zone)
}

/// What the word that ends at byte `cursor` may become: see [`Filter::complete`].
#[must_use]
pub fn complete(text: &str, cursor: usize) -> Vec<String> {
    Filter::complete(text, cursor, &SCHEMA)
}

/// The rows that a filter chooses among.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rows {
    /// Cards.
    Cards,
    /// Transactions.
    Transactions,
    /// Operations.
    Operations,
    /// Transactions and operations in one list.
    Feed,
}

/// The language for some rows, for a person: what is written, and what it means.
#[must_use]
pub fn language(rows: Rows) -> Vec<(String, String)> {
    let flags = Flag::ALL.map(Flag::name).join(" ");
    let mut lines: Vec<(String, String)> = [
        ("word  \"two words\"", "text, whatever its case and accents"),
        ("field:value", "equal"),
        ("field:~part", "contains"),
        ("field:a|b", "either"),
        ("amount>20  >= < <=", "compare numbers and times"),
        ("-term", "not"),
        ("a b   a or b   ( )", "and, or, groups"),
        ("since:8h until:today", "15m 8h 2d today yesterday 2026-04-01 2026-04-01T13:00"),
        ("age>30s", "older than: 30s 5m 2h 1d"),
    ]
    .map(|(form, meaning)| (form.to_owned(), meaning.to_owned()))
    .to_vec();
    lines.push(("is:".to_owned(), flags));
    let own: Vec<&str> = match rows {
        Rows::Cards => Card::FIELDS.iter().flat_map(names).collect(),
        Rows::Transactions => Transaction::FIELDS.iter().flat_map(names).collect(),
        Rows::Operations => Operation::FIELDS.iter().flat_map(names).collect(),
        Rows::Feed => {
            let transactions = Transaction::FIELDS.iter().flat_map(names);
            transactions.chain(Operation::FIELDS.iter().flat_map(names)).collect()
        }
    };
    let known = SCHEMA.fields().iter().map(|field| field.name);
    let fields: Vec<&str> = known.filter(|name| own.contains(name)).collect();
    lines.push(("fields".to_owned(), fields.join(" ")));
    lines
}

/// A card, and what the board knows of it.
#[derive(Clone, Copy, Debug)]
pub struct CardRow<'a> {
    /// The card.
    pub card: &'a Card,
    /// The time that ages are counted from.
    pub now: Timestamp,
    /// The operator watches it.
    pub watched: bool,
    /// The operator marked it.
    pub marked: bool,
    /// Its balance is low.
    pub low: bool,
    /// An operation on it is UNKNOWN.
    pub unknown: bool,
}

impl Subject for CardRow<'_> {
    type Record = Card;

    fn row(&self) -> Row<'_, Card> {
        self.card.into()
    }

    fn time(&self) -> Option<Timestamp> {
        self.card.balance.at()
    }

    fn now(&self) -> Timestamp {
        self.now
    }

    fn is(&self, flag: Flag) -> bool {
        match flag {
            Flag::Stale => self.card.balance.why_stale().is_some(),
            Flag::Unknown => self.unknown || self.card.state == CardState::Unknown,
            Flag::Watched => self.watched,
            Flag::Marked => self.marked,
            Flag::Negative => self.card.available().is_some_and(Money::is_negative),
            Flag::Low => self.low,
        }
    }
}

/// A transaction, and the holder of its card.
#[derive(Clone, Copy, Debug)]
pub struct TransactionRow<'a> {
    /// The transaction.
    pub transaction: &'a Transaction,
    /// Name of the cardholder; empty where not known.
    pub holder: &'a str,
    /// The time that ages are counted from.
    pub now: Timestamp,
}

impl Subject for TransactionRow<'_> {
    type Record = Transaction;

    fn row(&self) -> Row<'_, Transaction> {
        Row { record: self.transaction, holder: self.holder }
    }

    fn time(&self) -> Option<Timestamp> {
        Some(self.transaction.at)
    }

    fn now(&self) -> Timestamp {
        self.now
    }

    fn is(&self, flag: Flag) -> bool {
        flag == Flag::Negative && self.transaction.amount.is_negative()
    }
}

/// An operation, and the holder of its card.
#[derive(Clone, Copy, Debug)]
pub struct OperationRow<'a> {
    /// The operation.
    pub operation: &'a Operation,
    /// Name of the cardholder; empty where not known.
    pub holder: &'a str,
    /// The time that ages are counted from.
    pub now: Timestamp,
}

impl Subject for OperationRow<'_> {
    type Record = Operation;

    fn row(&self) -> Row<'_, Operation> {
        Row { record: self.operation, holder: self.holder }
    }

    fn time(&self) -> Option<Timestamp> {
        Some(self.operation.created_at)
    }

    fn now(&self) -> Timestamp {
        self.now
    }

    fn is(&self, flag: Flag) -> bool {
        flag == Flag::Unknown && self.operation.state == OperationState::Unknown
    }
}

/// A row of a record with a field list, and what is no field of it.
trait Subject {
    type Record: Filtered;
    fn row(&self) -> Row<'_, Self::Record>;
    fn time(&self) -> Option<Timestamp>;
    fn now(&self) -> Timestamp;
    fn is(&self, flag: Flag) -> bool;

    fn value(&self, field: FieldId) -> Value<'_> {
        let field = Self::Record::lookup().by_id.get(field.index()).copied().flatten();
        field.map_or(Value::Null, |field| field.value(self.row()))
    }
}

impl<S: Subject> Filterable for S {
    fn any_text(&self, field: FieldId, test: &mut dyn FnMut(&str) -> bool) -> bool {
        self.value(field).any_text(test)
    }

    fn number(&self, field: FieldId) -> Option<Decimal> {
        self.value(field).number()
    }

    fn timestamp(&self, field: FieldId) -> Option<Timestamp> {
        self.value(field).timestamp()
    }

    fn any_searched_text(&self, test: &mut dyn FnMut(&str) -> bool) -> bool {
        let row = self.row();
        S::Record::lookup().searched.iter().any(|field| field.value(row).any_text(test))
    }

    fn time(&self) -> Option<Timestamp> {
        Subject::time(self)
    }

    fn age(&self) -> Option<SignedDuration> {
        Subject::time(self).map(|at| self.now().duration_since(at))
    }

    fn is(&self, flag: Flag) -> bool {
        Subject::is(self, flag)
    }
}

/// A record that can be filtered.
trait Filtered: Record {
    fn lookup() -> &'static Lookup<Self>;
}

impl Filtered for Card {
    fn lookup() -> &'static Lookup<Self> {
        static LOOKUP: LazyLock<Lookup<Card>> = LazyLock::new(Lookup::new);
        &LOOKUP
    }
}

impl Filtered for Transaction {
    fn lookup() -> &'static Lookup<Self> {
        static LOOKUP: LazyLock<Lookup<Transaction>> = LazyLock::new(Lookup::new);
        &LOOKUP
    }
}

impl Filtered for Operation {
    fn lookup() -> &'static Lookup<Self> {
        static LOOKUP: LazyLock<Lookup<Operation>> = LazyLock::new(Lookup::new);
        &LOOKUP
    }
}

/// The fields of one record as the schema numbers them, so that no name is compared for a row.
struct Lookup<T: 'static> {
    /// By [`FieldId`]; `None` for fields that only other records have.
    by_id: Vec<Option<&'static Field<T>>>,
    /// Those that free words are searched in.
    searched: Vec<&'static Field<T>>,
}

impl<T: Record> Lookup<T> {
    fn new() -> Self {
        let named = |name| T::FIELDS.iter().find(|field| names(field).any(|own| own == name));
        Self {
            by_id: SCHEMA.fields().iter().map(|field| named(field.name)).collect(),
            searched: T::FIELDS.iter().filter(|field| field.filter.searched).collect(),
        }
    }
}

/// The names by which filters know a field.
pub(super) fn names<T>(field: &Field<T>) -> impl Iterator<Item = &'static str> {
    field.filter.by_name.then_some(field.name).into_iter().chain(field.filter.also.iter().copied())
}

/// Short names of fields.
pub(super) const ALIASES: &[(&str, &str)] = &[
    ("status", "state"),
    ("type", "kind"),
    ("ccy", "currency"),
    ("op", "operation"),
    ("who", "operator"),
    ("labels", "label"),
];

/// The names that the error about an unknown field lists.
const COMMON: &str = "state kind amount currency merchant mcc country provider card last4 holder \
                      balance age since until is";

/// The order in which completion offers names. A field that is not named here comes after these, in
/// the order of its record.
const OFFERED_FIRST: [&str; 30] = [
    "state",
    "kind",
    "amount",
    "balance",
    "available",
    "current",
    "pending",
    "fee",
    "currency",
    "merchant",
    "mcc",
    "country",
    "provider",
    "card",
    "card_id",
    "id",
    "last4",
    "holder",
    "label",
    "provider_state",
    "decline_reason",
    "description",
    "action",
    "operator",
    "operation",
    "reference",
    "provider_reference",
    "reason",
    "detail",
    "expires",
];

/// The fields of all records that can be filtered, each name once.
static SCHEMA: LazyLock<Schema> = LazyLock::new(|| {
    let mut named = Named::default();
    named.add::<Card>();
    named.add::<Transaction>();
    named.add::<Operation>();
    let rank = |name: &str| {
        OFFERED_FIRST.iter().position(|first| *first == name).unwrap_or(OFFERED_FIRST.len())
    };
    named.0.sort_by_key(|named| rank(named.name));
    Schema::new(named.0.into_iter().map(NamedField::merge).collect(), ALIASES, COMMON)
});

/// The fields of several records by their name, in the order in which they were added.
#[derive(Default)]
struct Named(Vec<NamedField>);

struct NamedField {
    name: &'static str,
    kind: FieldKind,
    /// The words that the field has in each record.
    words: Vec<Vec<&'static str>>,
}

impl Named {
    fn add<T: Record>(&mut self) {
        for field in T::FIELDS {
            for name in names(field) {
                let kind = field_kind(field);
                let index = self.0.iter().position(|known| known.name == name);
                let index = index.unwrap_or_else(|| {
                    self.0.push(NamedField { name, kind, words: Vec::new() });
                    self.0.len() - 1
                });
                let own_words = match field.kind {
                    Kind::Word(words) if name == field.name => words(),
                    _ => Vec::new(),
                };
                if let Some(known) = self.0.get_mut(index) {
                    debug_assert_eq!(known.kind, kind, "{name} has one kind in all records");
                    known.words.push(own_words);
                }
            }
        }
    }
}

impl NamedField {
    /// The words of the record that has most come first.
    fn merge(mut self) -> FilterField {
        self.words.sort_by_key(|words| std::cmp::Reverse(words.len()));
        let mut words: Vec<String> = Vec::new();
        for word in self.words.into_iter().flatten().map(str::to_lowercase) {
            if !words.contains(&word) {
                words.push(word);
            }
        }
        FilterField { name: self.name, kind: self.kind, words }
    }
}

pub(super) fn field_kind<T>(field: &Field<T>) -> FieldKind {
    match field.kind {
        Kind::Money | Kind::Count => FieldKind::Number,
        Kind::Time => FieldKind::Time,
        _ if field.filter.any_spelling => FieldKind::Spelling,
        Kind::Text
        | Kind::Word(_)
        | Kind::Flag
        | Kind::Texts
        | Kind::Counts
        | Kind::Object(_)
        | Kind::Objects(_) => FieldKind::Text,
    }
}

#[cfg(test)]
mod tests;
