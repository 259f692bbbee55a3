//! Records as JSON: one object a record, on one line.

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use super::{Record, Row, Value};

/// The object of a record, on one line.
#[must_use]
pub fn object<'a, T: Record>(row: impl Into<Row<'a, T>>) -> String {
    print(&Object { row: row.into(), list: None })
}

/// An object with the object of a record as its one field, on one line.
#[must_use]
pub fn named<T: Record>(name: &'static str, record: &T) -> String {
    print(&Value::Object(vec![(name, Value::record(record))]))
}

/// The object of a record with one more field, an array of other records.
#[must_use]
pub fn object_with_list<'a, T: Record, L: Record>(
    record: &'a T,
    name: &'static str,
    list: &'a [L],
) -> String {
    let list = Value::List(list.iter().map(Value::record).collect());
    print(&Object { row: record.into(), list: Some((name, list)) })
}

/// The object of a record behind its kind, and before what else is known of it: a line of a stream
/// that has several kinds.
#[must_use]
pub fn typed<'a, T: Record, M: Record>(
    kind: &'static str,
    row: impl Into<Row<'a, T>>,
    more: &M,
) -> String {
    print(&Typed { kind, row: row.into(), more: more.into() })
}

/// An array with a line a record.
#[must_use]
pub fn array<'a, T: Record>(rows: impl IntoIterator<Item = Row<'a, T>>) -> String {
    let objects: Vec<String> = rows.into_iter().map(object).collect();
    if objects.is_empty() { "[]\n".to_owned() } else { format!("[\n{}\n]\n", objects.join(",\n")) }
}

struct Object<'a, T> {
    row: Row<'a, T>,
    list: Option<(&'static str, Value<'a>)>,
}

impl<T: Record> Serialize for Object<'_, T> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut map = to.serialize_map(None)?;
        add_fields(&mut map, self.row)?;
        if let Some((name, list)) = &self.list {
            map.serialize_entry(name, list)?;
        }
        map.end()
    }
}

struct Typed<'a, T, M> {
    kind: &'static str,
    row: Row<'a, T>,
    more: Row<'a, M>,
}

impl<T: Record, M: Record> Serialize for Typed<'_, T, M> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut map = to.serialize_map(None)?;
        map.serialize_entry("type", self.kind)?;
        add_fields(&mut map, self.row)?;
        add_fields(&mut map, self.more)?;
        map.end()
    }
}

fn add_fields<T: Record, M: SerializeMap>(map: &mut M, row: Row<'_, T>) -> Result<(), M::Error> {
    for field in T::FIELDS.iter().filter(|field| field.in_json) {
        map.serialize_entry(field.name, &field.value(row))?;
    }
    Ok(())
}

fn print(object: &impl Serialize) -> String {
    serde_json::to_string(object).expect("names are texts, and values texts, numbers and times")
}
