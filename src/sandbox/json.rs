//! JSON as the wires write it: numbers keep the digits of a decimal, keys keep their order.
//! Never a binary float.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};

use rust_decimal::Decimal;
use serde_json::value::RawValue;

use crate::domain::money::read_decimal;

/// A JSON value that is about to be written.
#[derive(Clone, Debug)]
pub(super) enum Json {
    Null,
    Bool(bool),
    /// Digits as they stand.
    Number(String),
    Text(String),
    Array(Vec<Self>),
    Object(Vec<(String, Self)>),
}

/// An object, keys in this order.
pub(super) fn object<const N: usize>(fields: [(&str, Json); N]) -> Json {
    Json::Object(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

/// A text.
pub(super) fn text(value: impl Into<String>) -> Json {
    Json::Text(value.into())
}

/// A whole number.
pub(super) fn number(value: impl fmt::Display) -> Json {
    Json::Number(value.to_string())
}

impl Json {
    /// The same object with every key's first letter in upper case, as some of artha's answers
    /// spell them.
    pub(super) fn pascal(self) -> Self {
        match self {
            Self::Object(fields) => Self::Object(
                fields
                    .into_iter()
                    .map(|(name, value)| {
                        let mut letters = name.chars();
                        let first = letters.next().map(|c| c.to_ascii_uppercase());
                        (first.into_iter().chain(letters).collect(), value)
                    })
                    .collect(),
            ),
            Self::Array(items) => Self::Array(items.into_iter().map(Self::pascal).collect()),
            other @ (Self::Null | Self::Bool(_) | Self::Number(_) | Self::Text(_)) => other,
        }
    }
}

impl From<bool> for Json {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<Decimal> for Json {
    fn from(value: Decimal) -> Self {
        Self::Number(value.to_string())
    }
}

impl From<&str> for Json {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl From<String> for Json {
    fn from(value: String) -> Self {
        Self::Text(value)
    }
}

impl<T: Into<Self>> From<Option<T>> for Json {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

impl fmt::Display for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(value) => write!(f, "{value}"),
            Self::Number(digits) => f.write_str(digits),
            Self::Text(value) => {
                f.write_str(&serde_json::to_string(value).map_err(|_| fmt::Error)?)
            }
            Self::Array(items) => {
                f.write_char('[')?;
                for (i, item) in items.iter().enumerate() {
                    if i > 0 {
                        f.write_char(',')?;
                    }
                    write!(f, "{item}")?;
                }
                f.write_char(']')
            }
            Self::Object(fields) => {
                f.write_char('{')?;
                for (i, (name, value)) in fields.iter().enumerate() {
                    if i > 0 {
                        f.write_char(',')?;
                    }
                    write!(f, "{}:{value}", serde_json::to_string(name).map_err(|_| fmt::Error)?)?;
                }
                f.write_char('}')
            }
        }
    }
}

/// The fields of a request's body, each as the JSON text that came.
#[derive(Debug, Default)]
pub(super) struct Body(BTreeMap<String, Box<RawValue>>);

impl Body {
    /// The object in these bytes; an empty body is an empty object; `None` for anything else.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        if bytes.iter().all(u8::is_ascii_whitespace) {
            return Some(Self::default());
        }
        serde_json::from_slice(bytes).ok().map(Self)
    }

    /// Names as sent, with the value as plain text: the content of a string, the JSON text of the
    /// rest.
    pub(super) fn pairs(&self) -> impl Iterator<Item = (String, String)> {
        self.0.iter().map(|(name, raw)| (name.clone(), plain(raw)))
    }

    fn raw(&self, name: &str) -> Option<&RawValue> {
        self.0
            .get(name)
            .or_else(|| {
                self.0.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, raw)| raw)
            })
            .map(AsRef::as_ref)
            .filter(|raw| raw.get() != "null")
    }

    /// A field as text, in whatever case its name came; a number gives its digits. `None` when
    /// absent, null or empty.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        self.raw(name).map(plain).filter(|text| !text.is_empty())
    }

    /// A field only if it is a JSON string.
    pub(super) fn string(&self, name: &str) -> Option<String> {
        self.raw(name).and_then(|raw| serde_json::from_str::<String>(raw.get()).ok())
    }

    /// A field as an exact decimal, from a number or a string of digits.
    pub(super) fn decimal(&self, name: &str) -> Option<Decimal> {
        read_decimal(&self.text(name)?).ok()
    }

    /// A field as a whole number that is not negative.
    pub(super) fn count(&self, name: &str) -> Option<usize> {
        self.text(name)?.parse().ok()
    }

    /// A field as true or false.
    pub(super) fn flag(&self, name: &str) -> Option<bool> {
        self.text(name)?.parse().ok()
    }
}

fn plain(raw: &RawValue) -> String {
    if raw.get() == "null" {
        return String::new();
    }
    serde_json::from_str::<String>(raw.get()).unwrap_or_else(|_| raw.get().to_owned())
}
