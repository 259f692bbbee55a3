//! The JSON Schema of what is printed, made of the same lists of fields.
//!
//! Fields may be added and words may be joined by others, so a schema allows both: it says what is
//! always there and of which type it is. What it names as words are those of this cardtop.

use serde_json::{Map, Value as Json, json};

use super::{Kind, Part, Record};

/// A document that is one of these, or `{"error": …}`.
#[must_use]
pub fn document(title: &str, mut forms: Vec<Json>) -> Json {
    forms.push(named::<super::Failure>("error"));
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": title,
        "anyOf": forms,
        "$defs": {
            "money": {
                "description": "an exact decimal in major units, and its currency",
                "type": "object",
                "properties": {
                    "amount": { "type": "string", "pattern": r"^-?[0-9]+(\.[0-9]+)?$" },
                    "currency": { "type": "string" },
                },
                "required": ["amount", "currency"],
            },
        },
    })
}

/// The object of a record.
#[must_use]
pub fn object<T: Record>() -> Json {
    let fields = T::FIELDS.iter().filter(|field| field.is_in_json());
    object_of(fields.map(|field| {
        let null = field.null_when();
        (field.name(), described(typed(field.kind(), null.is_some()), field.doc(), null))
    }))
}

/// An array of the objects of a record.
#[must_use]
pub fn array<T: Record>() -> Json {
    json!({ "type": "array", "items": object::<T>() })
}

/// An object with the object of a record as its one field.
#[must_use]
pub fn named<T: Record>(name: &str) -> Json {
    object_of([(name, object::<T>())])
}

/// The object of a record with one more field, an array of other records.
#[must_use]
pub fn object_with_list<T: Record, L: Record>(name: &str) -> Json {
    let mut both = object::<T>();
    if let Some(properties) = both.get_mut("properties").and_then(Json::as_object_mut) {
        properties.insert(name.to_owned(), array::<L>());
    }
    if let Some(required) = both.get_mut("required").and_then(Json::as_array_mut) {
        required.push(name.into());
    }
    both
}

/// A line of this type: the fields of a record, and those of what is said beside it.
#[must_use]
pub fn line<T: Record, More: Record>(of_type: &str) -> Json {
    let mut line = object_of([("type", json!({ "const": of_type }))]);
    for more in [object::<T>(), object::<More>()] {
        let (Json::Object(line), Json::Object(more)) = (&mut line, more) else { continue };
        for (name, added) in more {
            match (line.get_mut(&name), added) {
                (Some(Json::Object(known)), Json::Object(added)) => known.extend(added),
                (Some(Json::Array(known)), Json::Array(added)) => known.extend(added),
                _ => {}
            }
        }
    }
    line
}

/// Nothing beside a record.
#[derive(Debug)]
pub struct Nothing;

impl Record for Nothing {
    const FIELDS: &'static [super::Field<Self>] = &[];
}

fn object_of<'a>(fields: impl IntoIterator<Item = (&'a str, Json)>) -> Json {
    let properties: Map<String, Json> =
        fields.into_iter().map(|(name, schema)| (name.to_owned(), schema)).collect();
    let required: Vec<&String> = properties.keys().collect();
    json!({ "type": "object", "required": required, "properties": properties })
}

fn described(schema: Json, doc: &str, null: Option<&str>) -> Json {
    let words = match null {
        Some(when) => format!("{doc}; null when {when}"),
        None => doc.to_owned(),
    };
    match schema {
        Json::Object(mut fields) => {
            fields.insert("description".to_owned(), words.into());
            Json::Object(fields)
        }
        other => other,
    }
}

/// The type of a value, which may be null.
fn typed(kind: Kind, or_null: bool) -> Json {
    let plain = |name: &str| {
        if or_null { json!({ "type": [name, "null"] }) } else { json!({ "type": name }) }
    };
    let with = |mut schema: Json, more: Json| {
        if let (Json::Object(schema), Json::Object(more)) = (&mut schema, more) {
            schema.extend(more);
        }
        schema
    };
    match kind {
        Kind::Text => plain("string"),
        Kind::Word(words) => {
            with(json!({ "anyOf": [{ "enum": words() }, plain("string")] }), json!({}))
        }
        Kind::Money if or_null => {
            json!({ "anyOf": [{ "$ref": "#/$defs/money" }, { "type": "null" }] })
        }
        Kind::Money => json!({ "$ref": "#/$defs/money" }),
        Kind::Time => with(plain("string"), json!({ "format": "date-time" })),
        Kind::Count => with(plain("integer"), json!({ "minimum": 0 })),
        Kind::Flag => plain("boolean"),
        Kind::Texts => with(plain("array"), json!({ "items": { "type": "string" } })),
        Kind::Counts => with(
            plain("object"),
            json!({ "additionalProperties": { "type": "integer", "minimum": 0 } }),
        ),
        Kind::Object(parts) => with(parts_of(parts), plain("object")),
        Kind::Objects(parts) => with(plain("array"), json!({ "items": parts_of(parts) })),
    }
}

fn parts_of(parts: &[Part]) -> Json {
    object_of(parts.iter().map(|Part { name, kind, doc, null }| {
        (*name, described(typed(*kind, null.is_some()), doc, *null))
    }))
}
