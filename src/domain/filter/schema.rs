//! The fields that a filter may name, as data.

use super::Flag;

/// The fields of some rows, and of the rows that are related to them, such as the transactions of
/// a card.
///
/// A condition on a related field accepts a row when one of its related rows satisfies it.
#[derive(Clone, Debug)]
pub struct Schema {
    /// What the rows are called: `cards`.
    pub rows: &'static str,
    /// What the related rows are called, where there are any: `transactions`.
    pub related: Option<&'static str>,
    /// The fields, offered by completion in this order. A name may be there twice: of the row, and
    /// of its related rows, which then have different words.
    pub fields: Vec<FilterField>,
    /// Short names, each with the field it stands for.
    pub aliases: &'static [(&'static str, &'static str)],
    /// What `is:` can ask of the rows.
    pub flags: &'static [Flag],
    /// Fields that only rows of other lists have, each with what those rows are called.
    pub elsewhere: Vec<(&'static str, &'static str)>,
}

/// A field that a filter may name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilterField {
    /// By which rows find its value.
    pub id: FieldId,
    /// The name in a filter, in lower case; not one of the language's own `age`, `since`, `until`
    /// and `is`.
    pub name: &'static str,
    /// How it is written and compared.
    pub kind: FieldKind,
    /// The words it may have, in lower case; empty for free text.
    pub words: Vec<String>,
    /// Which rows have it.
    pub of: Of,
    /// Free words are searched in it.
    pub searched: bool,
    /// It is the time that `since:` and `until:` compare.
    pub dates_row: bool,
}

/// Which rows have a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Of {
    /// The rows that the filter chooses among.
    Row,
    /// Those that are related to them.
    Related,
}

/// How a field is written and compared in a filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldKind {
    /// `name:value`, `name:~part`: without regard to case and accents.
    Text,
    /// As text, but only letters and digits count: `top-up`, `topup` and `TOP UP` are one word.
    Spelling,
    /// `name:20`, `name>20`: a decimal number.
    Number,
    /// `name>2h`, `name<2026-04-01`: a time, written as after `since:`.
    Time,
}

impl FieldKind {
    /// The sign that completion puts after the name.
    pub(super) const fn sign(self) -> char {
        match self {
            Self::Text | Self::Spelling => ':',
            Self::Number | Self::Time => '>',
        }
    }
}

/// The number of a field, by which rows find its value. Whoever makes a [`Schema`] and the rows
/// numbers the fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FieldId(pub usize);

impl Schema {
    /// The fields of this name or short name, in lower case: none, one, or one of the row and one
    /// of its related rows.
    pub(super) fn find<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a FilterField> {
        let name = self.full_name(name);
        self.fields.iter().filter(move |field| field.name == name)
    }

    /// What the rows are called that have a field of this name, where these have none.
    pub(super) fn elsewhere(&self, name: &str) -> Option<&'static str> {
        let name = self.full_name(name);
        self.elsewhere.iter().find(|(known, _)| *known == name).map(|(_, rows)| *rows)
    }

    /// The names of the fields, each once.
    pub fn names(&self) -> Vec<&'static str> {
        let mut names: Vec<&'static str> = Vec::new();
        for field in &self.fields {
            if !names.contains(&field.name) {
                names.push(field.name);
            }
        }
        names
    }

    /// Whether `since:` and `until:` are about the related rows.
    pub(super) const fn dates_related(&self) -> bool {
        self.related.is_some()
    }

    fn full_name<'a>(&self, name: &'a str) -> &'a str {
        self.aliases.iter().find(|(alias, _)| *alias == name).map_or(name, |(_, full)| full)
    }
}
