//! The fields of a line of the journal, and of the result of checking the journal.

use super::table::Column;
use super::{Field, Kind, Record};
use crate::domain::operation::Step;

impl Record for Step {
    const FIELDS: &'static [Field<Self>] = &[
        Field::<Self>::new("at", Kind::Time, "when it was written", |row| row.record.at.into()),
        Field::<Self>::new(
            "what",
            Kind::Text,
            "what happened: intent, sent, answer, look, verdict …",
            |row| row.record.kind.as_str().into(),
        ),
        Field::<Self>::new(
            "words",
            Kind::Text,
            "what was sent, said or seen, without secrets",
            |row| (&row.record.words).into(),
        ),
        Field::<Self>::new(
            "line",
            Kind::Count,
            "number of the line in the whole journal, from 1",
            |row| row.record.line.into(),
        ),
        Field::<Self>::new("hash", Kind::Text, "first characters of the line's hash", |row| {
            (&row.record.hash).into()
        }),
    ];

    const COLUMNS: &'static [Column<Self>] = &[
        Column::left("TIME", |row, view| view.time(row.record.at).into()),
        Column::left("WHAT", |row, _| row.record.kind.as_str().into()),
        Column::right("LINE", |row, _| row.record.line.to_string().into()),
        Column::left("HASH", |row, _| (*row.record.hash).into()),
        Column::left("WORDS", |row, _| (*row.record.words).into()),
    ];
}

/// A journal in which nothing was changed or removed. A journal in which something was is an error,
/// and not printed as a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JournalCheck {
    /// How many lines it has.
    pub lines: u64,
    /// The hash of the last line, in hexadecimal; of an empty journal the word it starts from.
    pub last_hash: String,
    /// How many lines the note outside the data file knows; `None` where there is no note.
    pub noted: Option<u64>,
}

impl Record for JournalCheck {
    const FIELDS: &'static [Field<Self>] = &[
        Field::<Self>::new(
            "intact",
            Kind::Flag,
            "always true: a broken journal is exit code 1",
            |_| true.into(),
        ),
        Field::<Self>::new("lines", Kind::Count, "how many lines the journal has", |row| {
            row.record.lines.into()
        }),
        Field::<Self>::new(
            "last_hash",
            Kind::Text,
            "the hash of the last line, in hexadecimal",
            |row| row.record.last_hash.as_str().into(),
        ),
        Field::<Self>::new(
            "noted_lines",
            Kind::Count,
            "up to which line the note outside the file knows",
            |row| row.record.noted.into(),
        )
        .null("there is no note"),
    ];
}
