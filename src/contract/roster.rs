//! The fields of what was found in a roster.

use super::{Field, Kind, Part, Record, Value};

/// What was found in a roster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RosterCheck {
    /// The file.
    pub file: String,
    /// The account that it is for, or the kind of one.
    pub of: String,
    /// How many cards it has.
    pub cards: usize,
    /// How many lines say a card that an earlier line has.
    pub duplicates: usize,
    /// Every line that is skipped.
    pub bad: Vec<BadLine>,
    /// Columns that are not read.
    pub unknown_columns: Vec<String>,
    /// How many cards have no holder there.
    pub without_holder: usize,
    /// How many have no last four digits there.
    pub without_last4: usize,
    /// Last four digits that several cards have: these names are ambiguous.
    pub shared_last4: Vec<String>,
}

/// A line of a file that is not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadLine {
    /// Its number, from 1.
    pub line: u64,
    /// What is wrong with it.
    pub why: String,
    /// What to do about it.
    pub mend: String,
}

/// The parts of a [`BadLine`].
pub(super) const BAD_LINE: &[Part] = &[
    Part {
        name: "line",
        kind: Kind::Count,
        doc: "number of the line in the file, from 1",
        null: None,
    },
    Part { name: "why", kind: Kind::Text, doc: "what is wrong with it, in words", null: None },
    Part { name: "mend", kind: Kind::Text, doc: "what to do about it, in words", null: None },
];

impl Record for RosterCheck {
    const FIELDS: &'static [Field<Self>] = &[
        Field::<Self>::new("file", Kind::Text, "the file", |row| row.record.file.as_str().into()),
        Field::<Self>::new("of", Kind::Text, "the account or kind that it is for", |row| {
            row.record.of.as_str().into()
        }),
        Field::<Self>::new("cards", Kind::Count, "how many cards it has", |row| {
            row.record.cards.into()
        }),
        Field::<Self>::new("bad_lines", Kind::Count, "how many lines are skipped", |row| {
            row.record.bad.len().into()
        }),
        Field::<Self>::new(
            "duplicates",
            Kind::Count,
            "how many of them say a card that an earlier line has",
            |row| row.record.duplicates.into(),
        ),
        Field::<Self>::new("bad", Kind::Objects(BAD_LINE), "every line that is skipped", |row| {
            Value::List(row.record.bad.iter().map(bad_line).collect())
        })
        .only_json(),
        Field::<Self>::new("unknown_columns", Kind::Texts, "columns that are not read", |row| {
            texts(&row.record.unknown_columns)
        }),
        Field::<Self>::new(
            "without_holder",
            Kind::Count,
            "how many cards have no holder there",
            |row| row.record.without_holder.into(),
        ),
        Field::<Self>::new(
            "without_last4",
            Kind::Count,
            "how many cards have no last four digits there",
            |row| row.record.without_last4.into(),
        ),
        Field::<Self>::new(
            "shared_last4",
            Kind::Texts,
            "last four digits that several cards have: they do not name one",
            |row| texts(&row.record.shared_last4),
        ),
    ];
}

/// A [`BadLine`] as an object.
pub(super) fn bad_line(row: &BadLine) -> Value<'_> {
    Value::Object(vec![
        ("line", row.line.into()),
        ("why", row.why.as_str().into()),
        ("mend", row.mend.as_str().into()),
    ])
}

fn texts(all: &[String]) -> Value<'_> {
    Value::List(all.iter().map(|text| text.as_str().into()).collect())
}
