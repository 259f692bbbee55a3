//! The filter language: parse, complete, match. One evaluator for the board, the command line and
//! exports.
//!
//! ```text
//! word  "two words"     free text, whatever its case and accents
//! field:value           equal        field:~part    contains      field:a|b     either
//! field>n >= < <=       compare      -term          not           a b           and
//! a or b   ( )          or, groups   since: until:  15m 8h 2d today 2026-04-01 2026-04-01T13:00
//! is:                   stale unknown watched marked negative low
//! ```
//!
//! The language knows no field by name: the fields come with a [`Schema`], and their values from
//! the rows, which are [`Filterable`]. Only `age`, `since`, `until` and `is` belong to the language
//! itself.
//!
//! A schema may have fields of related rows: those of transactions, for cards. Such conditions are
//! satisfied together, by one and the same related row; behind a `-`, by none.

mod complete;
mod eval;
mod fold;
mod lex;
mod narrow;
mod parse;
mod related;
mod schema;
#[cfg(test)]
mod tests;
mod times;

use std::fmt;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use rust_decimal::Decimal;

pub use complete::Completion;
pub use fold::{contains, fold};
pub use parse::{Comparison, Pattern, Term};
pub use related::Apart;
pub use schema::{FieldId, FieldKind, FilterField, Of, Schema};

/// A parsed filter. The default matches everything.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Filter(Option<Term>);

/// What is wrong with a filter, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilterError {
    /// Byte offset at which the mistake begins, on a character boundary.
    pub at: usize,
    /// What is wrong, and in most cases what to write instead.
    pub message: String,
    /// What could be written instead where that takes long: all the fields, or words.
    pub advice: Option<String>,
}

impl fmt::Display for FilterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match &self.advice {
            Some(advice) => write!(f, ": {advice}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for FilterError {}

impl Filter {
    /// Parses a filter over the fields of `schema`. `since:` and `until:` are relative to `now`,
    /// and their dates are days of `zone`.
    ///
    /// # Errors
    /// The first mistake, with its position.
    pub fn parse(
        text: &str,
        schema: &Schema,
        now: Timestamp,
        zone: &TimeZone,
    ) -> Result<Self, FilterError> {
        parse::parse(text, schema, now, zone).map(Self)
    }

    /// Whether the filter accepts a row. The row must number its fields as the schema that the
    /// filter was parsed with.
    #[must_use]
    pub fn matches(&self, row: &dyn Filterable) -> bool {
        self.0.as_ref().is_none_or(|term| eval::matches(term, row))
    }

    /// What accepts a row where both do.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        match (&self.0, &other.0) {
            (None, term) | (term, None) => Self(term.clone()),
            (Some(one), Some(other)) => Self(Some(Term::All(vec![one.clone(), other.clone()]))),
        }
    }

    /// What it asks, for an evaluator of its own that keeps rows in another form; `None` when it
    /// accepts every row.
    #[must_use]
    pub const fn term(&self) -> Option<&Term> {
        self.0.as_ref()
    }

    /// Whether it accepts every row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// Whether every row that it accepts is plainly accepted by another filter over the same rows:
    /// what that one found is then all that has to be looked at.
    #[must_use]
    pub fn narrows(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (_, None) => true,
            (None, Some(_)) => false,
            (Some(narrow), Some(wide)) => narrow::implies(narrow, wide),
        }
    }

    /// The time before which it accepts no row, so that no more is read than needed; `None` when
    /// it accepts rows of any time.
    #[must_use]
    pub fn since(&self) -> Option<Timestamp> {
        eval::since(self.0.as_ref()?)
    }

    /// Whether it says when the rows happened: `since:`, `until:`, `age>`.
    #[must_use]
    pub fn names_time(&self) -> bool {
        self.0.as_ref().is_some_and(eval::names_time)
    }

    /// Whether what it accepts changes with the time alone, or when it is read again.
    #[must_use]
    pub fn depends_on_time(&self) -> bool {
        self.0.as_ref().is_some_and(eval::depends_on_time)
    }

    /// Whether it asks for related rows: for cards with such a transaction.
    #[must_use]
    pub fn asks_related(&self) -> bool {
        self.0.as_ref().is_some_and(eval::has_related)
    }

    /// What the word that ends at byte `cursor` may become: field names with their sign, or the
    /// values of a field. `values` are those of a field without fixed words, the most frequent
    /// first.
    #[must_use]
    pub fn complete(
        text: &str,
        cursor: usize,
        schema: &Schema,
        values: &dyn Fn(&FilterField) -> Vec<String>,
    ) -> Completion {
        complete::complete(text, cursor, schema, values)
    }

    /// The text without the word at this byte, for a filter whose other words are understood.
    #[must_use]
    pub fn without_word(text: &str, at: usize) -> String {
        lex::without_word(text, at)
    }
}

/// A row that a filter can be applied to.
///
/// Texts are visited instead of returned, so that evaluation copies nothing.
pub trait Filterable {
    /// Whether `test` accepts one of the texts of a field. A row that lacks the field, or does not
    /// know its value, has no texts.
    fn any_text(&self, field: FieldId, test: &mut dyn FnMut(&str) -> bool) -> bool;
    /// The number of a field; of money in major units.
    fn number(&self, field: FieldId) -> Option<Decimal>;
    /// The time of a field.
    fn timestamp(&self, field: FieldId) -> Option<Timestamp>;
    /// Whether `test` accepts one of the texts that free words are searched in.
    fn any_searched_text(&self, test: &mut dyn FnMut(&str) -> bool) -> bool;
    /// Whether one of these texts has a part, which is folded.
    fn has_words(&self, words: &str) -> bool {
        self.any_searched_text(&mut |text| fold::contains(text, words))
    }
    /// When the row happened or was read, for `since:` and `until:`.
    fn time(&self) -> Option<Timestamp>;
    /// How long ago that was, for `age>`.
    fn age(&self) -> Option<SignedDuration>;
    /// Whether a flag is set.
    fn is(&self, flag: Flag) -> bool;
    /// Whether `test` accepts one of the rows that are related to it, such as a card's
    /// transactions.
    fn any_related(&self, test: &mut dyn FnMut(&dyn Filterable) -> bool) -> bool;
}

/// What `is:` can ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Flag {
    /// Its figures may be old.
    Stale,
    /// Its state, or an operation on it, is UNKNOWN.
    Unknown,
    /// The operator watches it.
    Watched,
    /// The operator marked it.
    Marked,
    /// Its balance is below zero.
    Negative,
    /// Its balance is low.
    Low,
}

impl Flag {
    /// Every flag.
    pub const ALL: [Self; 6] =
        [Self::Stale, Self::Unknown, Self::Watched, Self::Marked, Self::Negative, Self::Low];

    /// The word after `is:`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Stale => "stale",
            Self::Unknown => "unknown",
            Self::Watched => "watched",
            Self::Marked => "marked",
            Self::Negative => "negative",
            Self::Low => "low",
        }
    }
}
