//! The tables of docs/contract.md, made of the same lists as what is printed.

use super::csv;
use super::failure::FailureKind;
use super::filter::fields::{ALIASES, field_kind, names};
use super::{Field, Kind, Part, Record};
use crate::domain::filter::FieldKind;

/// The fields of a record: its JSON, its CSV, and the names by which filters know it.
pub(crate) struct Reference {
    /// The table of the fields of its JSON object.
    pub(crate) json: String,
    /// The header of its CSV, in a block of code, and a table of the columns that are no field.
    pub(crate) csv: String,
    /// The table of the names in filters.
    pub(crate) filter: String,
}

impl Reference {
    pub(crate) fn of<T: Record>() -> Self {
        Self { json: json::<T>(), csv: columns::<T>(), filter: filter::<T>() }
    }
}

/// The words of `error.kind`.
pub(crate) fn failure_kinds() -> String {
    let rows = FailureKind::ALL.map(|kind| vec![code(kind.as_str()), kind.meaning().to_owned()]);
    table(&["kind", "meaning"], rows)
}

/// The short names of fields in filters.
pub(crate) fn filter_aliases() -> String {
    let rows = ALIASES.iter().map(|(short, name)| vec![code(short), code(name)]);
    table(&["short", "field"], rows)
}

fn json<T: Record>() -> String {
    let mut rows = Vec::new();
    for field in T::FIELDS.iter().filter(|field| field.is_in_json()) {
        rows.push(row(field.name(), field.kind(), field.doc(), field.null_when()));
        add_parts(&mut rows, field.name(), field.kind());
    }
    table(&["field", "type", "what it is", "`null` when"], rows)
}

/// The fields of the objects in a field, under its name.
fn add_parts(rows: &mut Vec<Vec<String>>, name: &str, kind: Kind) {
    let (parts, between) = match kind {
        Kind::Object(parts) => (parts, "."),
        Kind::Objects(parts) => (parts, "[]."),
        Kind::Text
        | Kind::Word(_)
        | Kind::Money
        | Kind::Time
        | Kind::Count
        | Kind::Flag
        | Kind::Texts
        | Kind::Counts => return,
    };
    for Part { name: part, kind, doc, null } in parts {
        rows.push(row(&format!("{name}{between}{part}"), *kind, doc, *null));
    }
}

fn row(name: &str, kind: Kind, doc: &str, null: Option<&str>) -> Vec<String> {
    vec![code(name), type_of(kind), doc.to_owned(), null.unwrap_or("never").to_owned()]
}

/// The type of a value, in the words of the page.
fn type_of(kind: Kind) -> String {
    match kind {
        Kind::Text => "text".to_owned(),
        Kind::Word(words) => {
            let words: Vec<String> = words().into_iter().map(code).collect();
            format!("word: {}", words.join(" "))
        }
        Kind::Money => "money".to_owned(),
        Kind::Time => "time".to_owned(),
        Kind::Count => "count".to_owned(),
        Kind::Flag => "flag".to_owned(),
        Kind::Texts => "array of texts".to_owned(),
        Kind::Counts => "object of counts".to_owned(),
        Kind::Object(_) => "object".to_owned(),
        Kind::Objects(_) => "array of objects".to_owned(),
    }
}

fn columns<T: Record>() -> String {
    let header = format!("```\n{}\n```\n", csv::headers::<T>().join(","));
    let only: Vec<&Field<T>> =
        T::FIELDS.iter().filter(|field| !field.is_in_json() && csv::is_column(field)).collect();
    if only.is_empty() {
        return header;
    }
    let rows = only.into_iter().map(|field| {
        let kind = match field.kind() {
            Kind::Money => "digits".to_owned(),
            kind => type_of(kind),
        };
        let null = field.null_when().unwrap_or("never").to_owned();
        vec![code(field.name()), kind, field.doc().to_owned(), null]
    });
    header + "\n" + &table(&["column", "type", "what it is", "empty when"], rows)
}

fn filter<T: Record>() -> String {
    let rows = T::FIELDS.iter().flat_map(|field| {
        names(field).map(move |name| {
            let compared = match field_kind(field) {
                FieldKind::Text => "text",
                FieldKind::Spelling => "text, letters and digits alone",
                FieldKind::Number => "number",
                FieldKind::Time => "time",
            };
            vec![code(name), compared.to_owned(), field.doc().to_owned()]
        })
    });
    table(&["name", "compared as", "what it is"], rows)
}

fn table(header: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let line = |cells: &[String]| {
        let cells: Vec<String> = cells.iter().map(|cell| cell.replace('|', "\\|")).collect();
        format!("| {} |\n", cells.join(" | "))
    };
    let header: Vec<String> = header.iter().map(|cell| (*cell).to_owned()).collect();
    let rule: String = header.iter().map(|_| "|---").collect();
    let rows: String = rows.into_iter().map(|row| line(&row)).collect();
    format!("{}{rule}|\n{rows}", line(&header))
}

fn code(word: &str) -> String {
    format!("`{word}`")
}
