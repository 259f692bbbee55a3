//! How a filter finds the values of a card, a transaction or an operation.

use std::fmt::Debug;
use std::sync::LazyLock;

use jiff::{SignedDuration, Timestamp};
use rust_decimal::Decimal;

use super::asked::{AskedCard, Membership};
use super::fields::{NAMES, names};
use crate::contract::{Field, Record, Row, Value};
use crate::domain::attention::low;
use crate::domain::card::{Card, CardKey, CardState};
use crate::domain::filter::{FieldId, Filterable, Flag, contains, fold};
use crate::domain::money::Money;
use crate::domain::operation::{Operation, OperationState};
use crate::domain::transaction::Transaction;

/// The transactions that are known of cards.
pub trait History: Debug {
    /// Whether `test` accepts one of a card's transactions.
    fn any_transaction(&self, card: &CardKey, test: &mut dyn FnMut(&Transaction) -> bool) -> bool;
}

/// A card, and what the board knows of it.
#[derive(Clone, Debug)]
pub struct CardRow<'a> {
    /// The card.
    pub card: AskedCard<'a>,
    /// The time that ages are counted from.
    pub now: Timestamp,
    /// The operator watches it.
    pub watched: Membership<'a>,
    /// The operator marked it.
    pub marked: Membership<'a>,
    /// An operation on it is UNKNOWN.
    pub unknown: bool,
    /// Where its transactions are found.
    pub history: &'a dyn History,
    /// What [`searched_text`] made of the card, where it is kept.
    pub searched: Option<&'a str>,
}

/// What free words are searched in of a card, folded once for many searches: its texts one behind
/// the other, the name of the cardholder first. Also returns how many bytes the name has.
#[must_use]
pub fn searched_text(card: &Card) -> (String, usize) {
    let mut text = fold(&card.holder);
    let name = text.len();
    for field in Card::lookup().searched.iter().filter(|field| field.name != HOLDER) {
        field.value(card.into()).any_text(&mut |part| {
            text.push(BETWEEN);
            text.push_str(&fold(part));
            false
        });
    }
    (text, name)
}

/// The field of a card that its searched text begins with.
const HOLDER: &str = "holder";

/// Stands between the texts of a card. No filter can be typed that has it.
const BETWEEN: char = '\n';

impl Subject for CardRow<'_> {
    type Record = Card;

    fn row(&self) -> Row<'_, Card> {
        self.card.card().into()
    }

    fn value(&self, field: FieldId) -> Value<'_> {
        let field = Card::lookup().by_id.get(field.0).copied().flatten();
        field.map_or(Value::Null, |field| {
            self.card.value(field.name).unwrap_or_else(|| field.value(self.row()))
        })
    }

    fn time(&self) -> Option<Timestamp> {
        self.card.standing().figures_at
    }

    fn now(&self) -> Timestamp {
        self.now
    }

    fn is(&self, flag: Flag) -> bool {
        let card = self.card.standing();
        match flag {
            Flag::Stale => card.is_stale,
            Flag::Unknown => self.unknown || card.state == CardState::Unknown,
            Flag::Watched => self.watched.has(&self.card),
            Flag::Marked => self.marked.has(&self.card),
            Flag::Negative => card.available.is_some_and(Money::is_negative),
            Flag::Low => low(card.state, card.available).is_some(),
        }
    }

    fn searched(&self) -> Option<&str> {
        self.searched
    }

    fn any_related(&self, test: &mut dyn FnMut(&dyn Filterable) -> bool) -> bool {
        let (holder, now) = (self.card.holder(), self.now);
        self.history.any_transaction(&self.card.key(), &mut |transaction| {
            test(&TransactionRow { transaction, holder, now })
        })
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

    /// What free words are searched in, folded, where it is kept.
    fn searched(&self) -> Option<&str> {
        None
    }

    fn any_related(&self, _test: &mut dyn FnMut(&dyn Filterable) -> bool) -> bool {
        false
    }

    fn value(&self, field: FieldId) -> Value<'_> {
        let field = Self::Record::lookup().by_id.get(field.0).copied().flatten();
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

    fn has_words(&self, words: &str) -> bool {
        match self.searched() {
            Some(searched) => searched.contains(words),
            None => self.any_searched_text(&mut |text| contains(text, words)),
        }
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

    fn any_related(&self, test: &mut dyn FnMut(&dyn Filterable) -> bool) -> bool {
        Subject::any_related(self, test)
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

/// The fields of one record as the schemas number them, so that no name is compared for a row.
struct Lookup<T: 'static> {
    /// By [`FieldId`]; `None` for fields that only other records have.
    by_id: Vec<Option<&'static Field<T>>>,
    /// Those that free words are searched in.
    searched: Vec<&'static Field<T>>,
}

impl<T: Record> Lookup<T> {
    fn new() -> Self {
        let named = |name: &str| T::FIELDS.iter().find(|field| names(field).any(|own| own == name));
        Self {
            by_id: NAMES.iter().map(|name| named(name)).collect(),
            searched: T::FIELDS.iter().filter(|field| field.filter.searched).collect(),
        }
    }
}
