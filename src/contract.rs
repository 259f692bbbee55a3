//! What cardtop prints of its records: the fields of card, transaction, operation, provider and
//! the rest, as data.
//!
//! Each record has one list of [`Field`]s. JSON, CSV, the sheet of a single record, the names of
//! the filter language and the reference in the documentation are derived from it, and so are the
//! command line and the board's copy menu. A second list has the [`Column`]s of the table, which is
//! for people and no contract.
//!
//! Names, order and words of JSON and CSV are a contract with scripts: fields are added at the end
//! of a list, and never renamed. Absent is `null` and never a zero, figures carry the time they
//! were read, and full card numbers never get this far.
//!
//! To add a field of a record: one entry in its list, such as
//!
//! ```text
//! Field::new("batch", Kind::Text, "the provider's settlement batch", |row| {
//!     row.record.batch.as_deref().into()
//! })
//! .null("the provider does not say it"),
//! ```

mod bulk;
mod card;
pub mod csv;
mod delivery;
mod failure;
pub mod filter;
mod finding;
mod journal;
pub mod json;
pub mod markdown;
mod missing;
mod operation;
mod planned;
mod provider;
mod reconciled;
#[cfg(test)]
pub(crate) mod reference;
mod report;
mod roster;
#[cfg(test)]
pub(crate) mod samples;
pub mod schema;
pub mod table;
#[cfg(test)]
mod tests;
mod transaction;
mod value;
mod watched;

pub use bulk::{BulkLine, Fate};
pub use delivery::DeliveryReport;
pub use failure::{Failure, FailureKind};
pub use filter::{CardRow, History, Membership, OperationRow, Rows, TransactionRow};
pub use finding::{Check, Finding, Level};
pub use journal::JournalCheck;
pub use missing::{CompleteFrom, FromDataFile, Missing};
pub use planned::PlannedChange;
pub use provider::{ProviderEnvironment, ProviderFacts, ProviderHealth};
pub use reconciled::{Matching, Reconciled};
pub use report::{Changes, Declines, Float, OpenChange, Report};
pub use roster::{BadLine, RosterCheck};
pub use table::{Column, View};
pub use value::Value;
pub use watched::{AccountPulse, HealthNews, Heartbeat, RowBefore, StateBefore};

/// A kind of record that is printed.
pub trait Record: Sized + 'static {
    /// Every field, in the order of JSON and CSV.
    const FIELDS: &'static [Field<Self>];
    /// The columns of its table; none for a record that is only printed inside others.
    const COLUMNS: &'static [Column<Self>] = &[];
}

/// A record to be printed, with what it does not know itself.
#[derive(Debug)]
pub struct Row<'a, T> {
    /// The record.
    pub record: &'a T,
    /// Name of the cardholder, for a record that only carries the card's id; empty where it is not
    /// known.
    pub holder: &'a str,
}

impl<T> Clone for Row<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Row<'_, T> {}

impl<'a, T> From<&'a T> for Row<'a, T> {
    fn from(record: &'a T) -> Self {
        Row { record, holder: "" }
    }
}

/// One field of a record.
#[derive(Debug)]
pub struct Field<T> {
    name: &'static str,
    kind: Kind,
    doc: &'static str,
    null: Option<&'static str>,
    value: for<'a> fn(Row<'a, T>) -> Value<'a>,
    in_json: bool,
    csv: Csv,
    filter: Filtering,
}

/// The form of a value in JSON. CSV has the same text unless stated here.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// A string: free text, an id, or digits.
    Text,
    /// A string that is one of these words.
    Word(fn() -> Vec<&'static str>),
    /// `{"amount","currency"}`: an exact decimal in major units as a string, with at least the
    /// currency's decimals, and its code. In CSV two columns.
    Money,
    /// A string: RFC 3339, UTC.
    Time,
    /// A whole number, not negative.
    Count,
    /// `true` or `false`.
    Flag,
    /// An array of strings. In CSV one column, joined by `;`.
    Texts,
    /// An object with a count for each word.
    Counts,
    /// An object of these fields.
    Object(&'static [Part]),
    /// An array of objects of these fields.
    Objects(&'static [Part]),
}

/// A field of an object inside a field.
#[derive(Clone, Copy, Debug)]
pub struct Part {
    /// Its name.
    pub name: &'static str,
    /// Its form.
    pub kind: Kind,
    /// What it is.
    pub doc: &'static str,
    /// When it is `null`; `None` when it never is.
    pub null: Option<&'static str>,
}

/// How a field appears in CSV, and as a line of the sheet of a single record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Csv {
    No,
    Yes,
    /// Money in one column, without its currency, which is in a column of its own.
    Digits,
}

/// How a field takes part in filters.
#[derive(Clone, Copy, Debug)]
struct Filtering {
    /// Its own name may be used.
    by_name: bool,
    /// Further names for it, which are the names of other records' fields.
    also: &'static [&'static str],
    /// Only letters and digits of its words count.
    any_spelling: bool,
    /// Free words are searched in it.
    searched: bool,
    /// It is the time that `since:` and `until:` compare.
    dates_row: bool,
}

impl<T> Field<T> {
    /// A field of JSON, CSV and filters that is never `null`.
    #[must_use]
    pub const fn new(
        name: &'static str,
        kind: Kind,
        doc: &'static str,
        value: for<'a> fn(Row<'a, T>) -> Value<'a>,
    ) -> Self {
        let filter = Filtering {
            by_name: true,
            also: &[],
            any_spelling: false,
            searched: false,
            dates_row: false,
        };
        Self { name, kind, doc, null: None, value, in_json: true, csv: Csv::Yes, filter }
    }

    /// When it is `null`, and empty in CSV.
    #[must_use]
    pub const fn null(self, when: &'static str) -> Self {
        Self { null: Some(when), ..self }
    }

    /// Only in JSON.
    #[must_use]
    pub const fn only_json(self) -> Self {
        Self { csv: Csv::No, ..self.not_filtered() }
    }

    /// Only in CSV.
    #[must_use]
    pub const fn only_csv(self) -> Self {
        Self { in_json: false, ..self.not_filtered() }
    }

    /// Only in filters.
    #[must_use]
    pub const fn only_filter(self) -> Self {
        Self { in_json: false, csv: Csv::No, ..self }
    }

    /// Money that is printed in CSV without its currency, and in JSON inside another field.
    #[must_use]
    pub const fn digits(self) -> Self {
        Self { in_json: false, csv: Csv::Digits, ..self }
    }

    /// Not known to filters by its own name.
    #[must_use]
    pub const fn not_filtered(self) -> Self {
        Self { filter: Filtering { by_name: false, ..self.filter }, ..self }
    }

    /// Known to filters although it is no field of JSON.
    #[must_use]
    pub const fn filtered(self) -> Self {
        Self { filter: Filtering { by_name: true, ..self.filter }, ..self }
    }

    /// The time of the record, which `since:` and `until:` of a filter compare.
    #[must_use]
    pub const fn dates_row(self) -> Self {
        Self { filter: Filtering { dates_row: true, ..self.filter }, ..self }
    }

    /// Also known to filters by these names.
    #[must_use]
    pub const fn also(self, names: &'static [&'static str]) -> Self {
        Self { filter: Filtering { also: names, ..self.filter }, ..self }
    }

    /// In filters only the letters and digits of its words count: `top-up` is `topup`.
    #[must_use]
    pub const fn any_spelling(self) -> Self {
        Self { filter: Filtering { any_spelling: true, ..self.filter }, ..self }
    }

    /// Free words of a filter are searched in it.
    #[must_use]
    pub const fn searched(self) -> Self {
        Self { filter: Filtering { searched: true, ..self.filter }, ..self }
    }

    /// The name in JSON, CSV and filters.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The form of its value.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// What it is.
    #[must_use]
    pub const fn doc(&self) -> &'static str {
        self.doc
    }

    /// When it is `null`; `None` when it never is.
    #[must_use]
    pub const fn null_when(&self) -> Option<&'static str> {
        self.null
    }

    /// Whether it is a field of the JSON object.
    #[must_use]
    pub const fn is_in_json(&self) -> bool {
        self.in_json
    }

    /// Its value in a row.
    #[must_use]
    pub fn value<'a>(&self, row: Row<'a, T>) -> Value<'a> {
        (self.value)(row)
    }
}
