//! The fields that a filter may name, as data.

/// The fields of every record that can be filtered, and the short names of some.
///
/// One schema serves rows of several records: `merchant:x` is a valid filter for cards too, and
/// accepts none.
#[derive(Clone, Debug)]
pub struct Schema {
    fields: Vec<FilterField>,
    /// Short names, each with the field it stands for.
    aliases: &'static [(&'static str, &'static str)],
    /// The names that the error about an unknown field lists.
    common: &'static str,
}

/// A field that a filter may name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilterField {
    /// The name in a filter, in lower case; not one of the language's own `age`, `since`, `until`
    /// and `is`.
    pub name: &'static str,
    /// How it is written and compared.
    pub kind: FieldKind,
    /// The words it may have, in lower case; empty for free text.
    pub words: Vec<String>,
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

/// The position of a field in the [`Schema`], by which rows find its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FieldId(usize);

impl FieldId {
    /// The position, counted from 0.
    #[must_use]
    pub const fn index(self) -> usize {
        self.0
    }
}

impl Schema {
    /// A schema of these fields, offered by completion in this order. `common` is the list of
    /// names in the error about an unknown field.
    #[must_use]
    pub const fn new(
        fields: Vec<FilterField>,
        aliases: &'static [(&'static str, &'static str)],
        common: &'static str,
    ) -> Self {
        Self { fields, aliases, common }
    }

    /// Every field, in the order of [`FieldId::index`].
    #[must_use]
    pub fn fields(&self) -> &[FilterField] {
        &self.fields
    }

    /// The field of this name or short name, in lower case.
    pub(super) fn find(&self, name: &str) -> Option<(FieldId, &FilterField)> {
        let name = self.full_name(name);
        let index = self.fields.iter().position(|field| field.name == name)?;
        Some((FieldId(index), self.fields.get(index)?))
    }

    pub(super) const fn aliases(&self) -> &'static [(&'static str, &'static str)] {
        self.aliases
    }

    pub(super) const fn common(&self) -> &'static str {
        self.common
    }

    fn full_name<'a>(&self, name: &'a str) -> &'a str {
        self.aliases.iter().find(|(alias, _)| *alias == name).map_or(name, |(_, full)| full)
    }
}
