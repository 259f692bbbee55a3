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

mod complete;
mod eval;
mod fold;
mod lex;
mod parse;
mod schema;
#[cfg(test)]
mod tests;

use std::fmt;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use rust_decimal::Decimal;

use parse::Term;
pub use schema::{FieldId, FieldKind, FilterField, Schema};

/// A parsed filter. The default matches everything.
#[derive(Clone, Debug, Default)]
pub struct Filter(Option<Term>);

/// What is wrong with a filter, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilterError {
    /// Byte offset at which the mistake begins, on a character boundary.
    pub at: usize,
    /// One sentence: what is wrong and what to write instead.
    pub message: String,
}

impl fmt::Display for FilterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
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

    /// Whether it accepts every row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// The `since:` that every match satisfies, so that no more is read than needed.
    #[must_use]
    pub fn since(&self) -> Option<Timestamp> {
        eval::since(self.0.as_ref()?)
    }

    /// What the word that ends at byte `cursor` may become: field names with their sign, or the
    /// words of a field. Each replaces what follows the last blank, bracket, `-`, `:`, `|` or `~`
    /// before the cursor.
    #[must_use]
    pub fn complete(text: &str, cursor: usize, schema: &Schema) -> Vec<String> {
        complete::complete(text, cursor, schema)
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
    /// When the row happened or was read, for `since:` and `until:`.
    fn time(&self) -> Option<Timestamp>;
    /// How long ago that was, for `age>`.
    fn age(&self) -> Option<SignedDuration>;
    /// Whether a flag is set.
    fn is(&self, flag: Flag) -> bool;
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
