//! The filter language over the fields of cards, transactions and operations.
//!
//! The language is the domain's; here is which fields it knows for which rows
//! (`filter/fields.rs`), and how it finds their values in a row (`filter/rows.rs`). Nothing has to
//! be done here for a new field.

mod asked;
pub(super) mod fields;
mod rows;

use std::collections::HashMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;

pub use asked::{AskedCard, Membership};
pub use rows::{CardRow, History, OperationRow, TransactionRow, searched_text};

use crate::domain::filter::{
    Completion, Filter, FilterError, FilterField, Filterable, Flag, Of, Schema,
};

/// The rows that a filter chooses among.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rows {
    /// The cards of the board, of which it keeps which are watched and marked.
    Cards,
    /// Cards as a command reads them.
    ReadCards,
    /// Transactions.
    Transactions,
    /// Operations.
    Operations,
    /// Transactions and operations in one list.
    Feed,
}

/// Parses a filter over the fields of some rows. `since:` and `until:` are relative to `now`, and
/// their dates are days of `zone`.
///
/// # Errors
/// The first mistake, with its position. A field that the rows do not have is one.
pub fn parse(
    rows: Rows,
    text: &str,
    now: Timestamp,
    zone: &TimeZone,
) -> Result<Filter, FilterError> {
    Filter::parse(text, fields::schema(rows), now, zone)
}

/// The fields that a filter over some rows may name.
#[must_use]
pub fn schema(rows: Rows) -> &'static Schema {
    fields::schema(rows)
}

/// What the word that ends at byte `cursor` may become: see [`Filter::complete`].
pub fn complete(
    rows: Rows,
    text: &str,
    cursor: usize,
    values: &dyn Fn(&FilterField) -> Vec<String>,
) -> Completion {
    Filter::complete(text, cursor, fields::schema(rows), values)
}

/// Most values of a field that completion offers.
const MOST_VALUES: usize = 60;

/// Counts the values of one field, so that completion offers the most frequent first.
#[derive(Debug, Default)]
pub struct ValueCounts(HashMap<String, usize>);

impl ValueCounts {
    /// Counts what a row has in the field.
    pub fn add(&mut self, row: &dyn Filterable, field: &FilterField) {
        self.add_alike(row, 1, field);
    }

    /// Counts what so many rows have in the field that are alike in it.
    pub fn add_alike(&mut self, row: &dyn Filterable, rows: usize, field: &FilterField) {
        row.any_text(field.id, &mut |text| {
            match self.0.get_mut(text) {
                Some(count) => *count += rows,
                None => _ = self.0.insert(text.to_owned(), rows),
            }
            false
        });
    }

    /// The values, the most frequent first, and no more than are worth offering.
    #[must_use]
    pub fn most_frequent(self) -> Vec<String> {
        let mut counts: Vec<(String, usize)> = self.0.into_iter().collect();
        counts.sort_by(|(one, count), (other, of_other)| {
            of_other.cmp(count).then_with(|| one.cmp(other))
        });
        counts.into_iter().map(|(value, _)| value).take(MOST_VALUES).collect()
    }
}

/// The language for some rows, for a person: what is written, and what it means.
#[must_use]
pub fn language(rows: Rows) -> Vec<(String, String)> {
    let schema = fields::schema(rows);
    let flags: Vec<&str> = schema.flags.iter().copied().map(Flag::name).collect();
    let times = match schema.related {
        Some(related) => format!("with {related} of that time: "),
        None => String::new(),
    };
    let line = |form: &str, meaning: &str| (form.to_owned(), meaning.to_owned());
    let mut lines = vec![
        line("word  \"two words\"", "text, whatever its case and accents"),
        line("field:value", "is"),
        line("field:~part", "contains"),
        line("field:a|b", "either"),
        line("field>20  >= < <=", "compares numbers and times"),
        line("-term", "not"),
        line("a b   a or b   ( )", "and, or, groups"),
        line(
            "since:8h until:today",
            &format!("{times}15m 8h 2d today yesterday 2026-04-01 2026-04-01T13:00"),
        ),
        line("age>30s", "older than: 30s 5m 2h 1d"),
        line("is:", &flags.join(" ")),
        line("fields", &names(schema, Of::Row).join(" ")),
    ];
    if let Some(related) = schema.related {
        let names = names(schema, Of::Related).join(" ");
        let rows = schema.rows;
        lines.push(line(
            &format!("of {related}"),
            &format!(
                "{names}: {rows} with one of their {related} that has all of it, with - in \
                 front {rows} with none"
            ),
        ));
    }
    lines
}

/// The names of the fields of some rows, in the order in which they are offered.
#[must_use]
pub fn field_names(rows: Rows) -> Vec<&'static str> {
    fields::schema(rows).names()
}

/// The names of the fields, each with its short name where it has one.
fn names(schema: &Schema, of: Of) -> Vec<String> {
    let with_alias = |field: &FilterField| {
        let alias = schema.aliases.iter().find(|(_, full)| *full == field.name);
        match alias {
            Some((alias, _)) if *alias != "labels" => format!("{} ({alias})", field.name),
            Some(_) | None => field.name.to_owned(),
        }
    };
    schema.fields.iter().filter(|field| field.of == of).map(with_alias).collect()
}

#[cfg(test)]
mod tests;
