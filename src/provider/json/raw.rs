//! The values of an answer as they were sent, read with limits: an answer of millions of tiny
//! values takes no more memory than one of rows.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

/// Most names of an object. The widest of the wires has 60.
const MOST_NAMES: usize = 500;

/// Most rows of a list in one answer: twenty times the greatest page that can be asked for.
/// Millions of tiny ones would take more memory than the answer.
pub const MOST_ROWS: usize = 20_000;

/// Most bytes of a text that is kept or read as a number or time, as it is written in JSON. Of a
/// longer free text only the start counts.
const LONGEST_TEXT: usize = 64 << 10;

/// JSON without the byte order mark that some servers put before it (RFC 8259, section 8.1: it may
/// be ignored).
#[must_use]
pub fn without_byte_order_mark(json: &[u8]) -> &[u8] {
    json.strip_prefix("\u{feff}".as_bytes()).unwrap_or(json)
}

/// The rows of a list; an object counts as a list of one. `None` for other values and for a list
/// of more than [`MOST_ROWS`].
#[must_use]
pub fn list(raw: &RawValue) -> Option<Vec<&RawValue>> {
    if raw.get().starts_with('{') {
        return Some(vec![raw]);
    }
    values(raw.get())
}

/// As [`raw_text`], for free text and numbers: of what is longer than 64 KiB only the start.
#[must_use]
pub fn text_start(raw: &RawValue) -> Option<String> {
    let json = raw.get();
    if json.len() <= LONGEST_TEXT {
        return raw_text(raw);
    }
    let start = (0..4).find_map(|back| json.get(..LONGEST_TEXT - back))?;
    if !start.starts_with('"') {
        return raw_text(serde_json::from_str(start).ok()?);
    }
    // The cut may fall into an escape, the longest of which is a pair of `\uXXXX`.
    (0..=12).find_map(|back| {
        let whole = start.get(..start.len().checked_sub(back)?)?;
        serde_json::from_str(&format!("{whole}\"")).ok()
    })
}

/// A JSON string's text, or the text of a number or boolean; `None` for objects, lists and `null`.
#[must_use]
pub fn raw_text(raw: &RawValue) -> Option<String> {
    let json = raw.get();
    match json.bytes().next()? {
        b'"' => serde_json::from_str(json).ok(),
        b'{' | b'[' | b'n' => None,
        _ => Some(json.to_owned()),
    }
}

/// A name of an object, borrowed where it is written without escapes.
#[derive(Debug)]
pub(super) struct Name<'a>(pub(super) Cow<'a, str>);

impl<'de> Deserialize<'de> for Name<'de> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Text;
        impl<'de> Visitor<'de> for Text {
            type Value = Name<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a name")
            }
            fn visit_borrowed_str<E>(self, name: &'de str) -> Result<Name<'de>, E> {
                Ok(Name(Cow::Borrowed(name)))
            }
            fn visit_str<E>(self, name: &str) -> Result<Name<'de>, E> {
                Ok(Name(Cow::Owned(name.to_owned())))
            }
        }
        from.deserialize_str(Text)
    }
}

/// The names and values of an object, as sent; `None` when it is no object or has more than 500.
pub(super) fn pairs(json: &str) -> Option<Vec<(Name<'_>, &RawValue)>> {
    struct Pairs<'a>(Vec<(Name<'a>, &'a RawValue)>);
    impl<'de> Deserialize<'de> for Pairs<'de> {
        fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
            struct Object;
            impl<'de> Visitor<'de> for Object {
                type Value = Pairs<'de>;
                fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    write!(f, "an object of at most {MOST_NAMES} names")
                }
                fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs<'de>, A::Error> {
                    let mut pairs = Vec::new();
                    while let Some(pair) = map.next_entry()? {
                        if pairs.len() == MOST_NAMES {
                            return Err(A::Error::invalid_length(MOST_NAMES + 1, &self));
                        }
                        pairs.push(pair);
                    }
                    Ok(Pairs(pairs))
                }
            }
            from.deserialize_map(Object)
        }
    }
    // Of another kind of value, however long, the error would hold a copy.
    let object = Some(json).filter(|json| json.trim_start().starts_with('{'))?;
    serde_json::from_str::<Pairs<'_>>(object).ok().map(|pairs| pairs.0)
}

/// The values of a list, as sent; `None` when it is no list or has more than [`MOST_ROWS`].
pub(super) fn values(json: &str) -> Option<Vec<&RawValue>> {
    struct Values<'a>(Vec<&'a RawValue>);
    impl<'de> Deserialize<'de> for Values<'de> {
        fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
            struct List;
            impl<'de> Visitor<'de> for List {
                type Value = Values<'de>;
                fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    write!(f, "a list of at most {MOST_ROWS} rows")
                }
                fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Values<'de>, A::Error> {
                    let mut values = Vec::new();
                    while let Some(value) = seq.next_element()? {
                        if values.len() == MOST_ROWS {
                            return Err(A::Error::invalid_length(MOST_ROWS + 1, &self));
                        }
                        values.push(value);
                    }
                    Ok(Values(values))
                }
            }
            from.deserialize_seq(List)
        }
    }
    let list = Some(json).filter(|json| json.trim_start().starts_with('['))?;
    serde_json::from_str::<Values<'_>>(list).ok().map(|values| values.0)
}
