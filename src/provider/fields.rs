//! One JSON object of a stranger, read by name: keys in any case, numbers by their digits and never
//! as floats, `null` and `""` as absent, and all text cleaned.
//!
//! Values are borrowed from the answer, and how many an object or a list may have is limited: an
//! answer of millions of tiny values takes no more memory than one of rows.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use rust_decimal::Decimal;
use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::times::read_time;
use crate::config::spelling::Spelling;
use crate::domain::card::Last4;
use crate::domain::money::{Currency, Money, MoneyError, read_decimal};
use crate::domain::text;

/// Most columns of a value that an error repeats.
const LONGEST_QUOTED: usize = 40;

/// Most names of an object. The widest of the wires has 60.
const MOST_NAMES: usize = 500;

/// Most rows of a list: twenty times the greatest page that can be asked for.
pub const MOST_ROWS: usize = 20_000;

/// Most bytes of a text that is kept or read as a number or time, as it is written in JSON. Of a
/// longer free text the beginning counts.
const LONGEST_TEXT: usize = 64 << 10;

/// An object of a provider's answer.
#[derive(Debug, Default)]
pub struct JsonObject<'a>(Vec<(Name<'a>, &'a RawValue)>);

/// A row that could not be read, and why. It is counted on screen; the rest of its page is kept.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct RowError(pub Arc<str>);

impl RowError {
    /// A row that is odd because of this.
    #[must_use]
    pub fn new(why: &str) -> Self {
        Self(text::clean(why).into())
    }
}

impl<'a> JsonObject<'a> {
    /// Reads an object.
    ///
    /// # Errors
    /// When the value is not a JSON object, or has more than 500 names.
    pub fn read(raw: &'a RawValue) -> Result<Self, RowError> {
        Self::parse(raw.get())
    }

    /// Reads an object from text.
    ///
    /// # Errors
    /// When the text is not a JSON object, or has more than 500 names.
    pub fn parse(json: &'a str) -> Result<Self, RowError> {
        pairs(json.trim_start_matches('\u{feff}'))
            .map(Self)
            .ok_or_else(|| RowError::new("not a JSON object"))
    }

    /// The value of a key, whatever the key's case; `null` and `""` count as absent.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&'a RawValue> {
        self.0
            .iter()
            .find(|(key, value)| {
                key.0.eq_ignore_ascii_case(name) && !matches!(value.get(), "null" | "\"\"")
            })
            .map(|(_, value)| *value)
    }

    /// The value of the first of these keys that is there.
    #[must_use]
    pub fn first(&self, names: &[&str]) -> Option<&'a RawValue> {
        names.iter().find_map(|name| self.get(name))
    }

    /// Names of all keys, as sent.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(key, _)| &*key.0)
    }

    /// All values that are objects.
    pub fn objects(&self) -> impl Iterator<Item = Self> {
        self.0.iter().filter_map(|(_, value)| Self::read(value).ok())
    }

    /// A string as it is, uncleaned: for secrets, tokens and encrypted text only. Numbers and
    /// booleans give their text.
    #[must_use]
    pub fn raw_text(&self, name: &str) -> Option<String> {
        raw_text(self.get(name)?)
    }

    fn beginning(&self, name: &str) -> Option<String> {
        beginning(self.get(name)?)
    }

    /// Text, cleaned; numbers and booleans give their text; blank text is absent.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<Arc<str>> {
        let cleaned = text::clean(&self.beginning(name)?);
        (!cleaned.is_empty()).then(|| cleaned.into())
    }

    /// An id, exactly as sent: it has to go back to the provider, so nothing in it is masked.
    /// Blanks, controls and anything beyond ASCII make it no id; longer than 100 characters
    /// neither.
    #[must_use]
    pub fn id(&self, name: &str) -> Option<Arc<str>> {
        let text = self.beginning(name)?;
        let text = text.trim();
        let plain =
            !text.is_empty() && text.len() <= 100 && text.bytes().all(|b| b.is_ascii_graphic());
        plain.then(|| text.into())
    }

    /// The id of the first of these keys that is there.
    #[must_use]
    pub fn first_id(&self, names: &[&str]) -> Option<Arc<str>> {
        names.iter().find_map(|name| self.id(name))
    }

    /// An id that must be there.
    ///
    /// # Errors
    /// When it is not; the sentence names the key.
    pub fn need_id(&self, name: &str) -> Result<Arc<str>, RowError> {
        self.id(name).ok_or_else(|| RowError::new(&format!("has no {name}")))
    }

    /// The text of the first of these keys that is there.
    #[must_use]
    pub fn first_text(&self, names: &[&str]) -> Option<Arc<str>> {
        names.iter().find_map(|name| self.text(name))
    }

    /// Text that must be there.
    ///
    /// # Errors
    /// When it is not; the sentence names the key.
    pub fn need_text(&self, name: &str) -> Result<Arc<str>, RowError> {
        self.text(name).ok_or_else(|| RowError::new(&format!("has no {name}")))
    }

    /// A number, sent as a JSON number or a string: its digits, never a float.
    ///
    /// # Errors
    /// When it is there and not a number.
    pub fn decimal(&self, name: &str) -> Result<Option<Decimal>, RowError> {
        let Some(text) = self.beginning(name).filter(|text| !text.trim().is_empty()) else {
            return Ok(None);
        };
        read_decimal(&text).map(Some).map_err(|error| {
            let said = text::fit(&text::clean(&text), LONGEST_QUOTED);
            RowError::new(&match error {
                MoneyError::TooLarge => format!("{name} has more than 28 digits: {said}"),
                _ => format!("{name} is not a number: {said}"),
            })
        })
    }

    /// An amount of a currency, sent as a JSON number or a string.
    ///
    /// # Errors
    /// When it is there and not a number.
    pub fn money(&self, name: &str, currency: Currency) -> Result<Option<Money>, RowError> {
        Ok(self.decimal(name)?.map(|amount| Money::new(amount, currency)))
    }

    /// A currency code in any case.
    ///
    /// # Errors
    /// When it is there and not a code.
    pub fn currency(&self, name: &str) -> Result<Option<Currency>, RowError> {
        let Some(code) = self.text(name) else { return Ok(None) };
        code.parse()
            .map(Some)
            .map_err(|_| RowError::new(&format!("{name} is not a currency code: {code}")))
    }

    /// A whole number, sent as a JSON number or a string.
    #[must_use]
    pub fn integer(&self, name: &str) -> Option<i64> {
        let text = self.beginning(name)?;
        text.trim()
            .parse()
            .ok()
            .or_else(|| i64::try_from(read_decimal(&text).ok()?.normalize()).ok())
    }

    /// True or false, sent as a boolean, `0`/`1` or text.
    #[must_use]
    pub fn flag(&self, name: &str) -> Option<bool> {
        match self.beginning(name)?.trim().to_ascii_lowercase().as_str() {
            "true" | "1" | "yes" => Some(true),
            "false" | "0" | "no" => Some(false),
            _ => None,
        }
    }

    /// A time in any form that [`read_time`] knows; one without an offset is of this zone.
    ///
    /// # Errors
    /// When it is there and none of these.
    pub fn time(&self, name: &str, zone: &TimeZone) -> Result<Option<Timestamp>, RowError> {
        let Some(text) = self.beginning(name) else { return Ok(None) };
        read_time(&text, zone).map(Some).ok_or_else(|| {
            RowError::new(&format!(
                "{name} is not a time: {}",
                text::fit(&text::clean(&text), LONGEST_QUOTED)
            ))
        })
    }

    /// The last four digits of a full or masked card number; the number itself is dropped here.
    #[must_use]
    pub fn last4(&self, name: &str) -> Option<Last4> {
        Last4::of_number(self.beginning(name)?.trim())
    }

    /// A nested object.
    #[must_use]
    pub fn object(&self, name: &str) -> Option<Self> {
        Self::read(self.get(name)?).ok()
    }

    /// A list; an object in its place counts as a list of one. A list of more than [`MOST_ROWS`] is
    /// none.
    #[must_use]
    pub fn list(&self, name: &str) -> Option<Vec<&'a RawValue>> {
        list(self.get(name)?)
    }

    /// Whether there is a list of more than [`MOST_ROWS`].
    #[must_use]
    pub fn has_too_long_a_list(&self) -> bool {
        self.0.iter().any(|(_, value)| value.get().starts_with('[') && list(value).is_none())
    }

    /// The first value that is a list, whatever its key.
    #[must_use]
    pub fn any_list(&self) -> Option<Vec<&'a RawValue>> {
        self.0
            .iter()
            .filter(|(_, value)| value.get().starts_with('['))
            .find_map(|(_, value)| list(value))
    }
}

/// JSON without the byte order mark that some servers put before it (RFC 8259, section 8.1: it may
/// be ignored).
#[must_use]
pub fn without_byte_order_mark(json: &[u8]) -> &[u8] {
    json.strip_prefix("\u{feff}".as_bytes()).unwrap_or(json)
}

/// A name of an object, borrowed where it is written without escapes.
#[derive(Debug)]
struct Name<'a>(Cow<'a, str>);

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

/// The names and values of an object, as sent; `None` when it is none or has too many.
fn pairs(json: &str) -> Option<Vec<(Name<'_>, &RawValue)>> {
    struct Pairs<'a>(Vec<(Name<'a>, &'a RawValue)>);
    impl<'de> Deserialize<'de> for Pairs<'de> {
        fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
            struct Object;
            impl<'de> Visitor<'de> for Object {
                type Value = Pairs<'de>;
                fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    f.write_str("an object of at most 500 names")
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

/// The values of a list, as sent; `None` when it is none or has too many.
fn values(json: &str) -> Option<Vec<&RawValue>> {
    struct Values<'a>(Vec<&'a RawValue>);
    impl<'de> Deserialize<'de> for Values<'de> {
        fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
            struct List;
            impl<'de> Visitor<'de> for List {
                type Value = Values<'de>;
                fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    f.write_str("a list of at most 20,000 rows")
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

/// An answer in the document's names of fields, where the account has names of its own for some. A
/// field that the document calls so, too, gives way to the one that the configuration names.
#[must_use]
pub fn in_our_names(raw: &RawValue, spelling: &Spelling) -> Box<RawValue> {
    if spelling.fields.is_empty() {
        return raw.to_owned();
    }
    let mut json = String::with_capacity(raw.get().len());
    rename(raw.get(), spelling, DEEPEST, &mut json);
    RawValue::from_string(json).unwrap_or_else(|_| raw.to_owned())
}

/// Levels of an answer in which names are looked for; no wire has a quarter of them, and each costs
/// a reading of all below it.
const DEEPEST: usize = 16;

fn rename(json: &str, spelling: &Spelling, levels: usize, out: &mut String) {
    let Some(below) = levels.checked_sub(1) else {
        out.push_str(json);
        return;
    };
    if let Some(pairs) = pairs(json).filter(|_| json.starts_with('{')) {
        let given: Vec<&str> =
            pairs.iter().filter_map(|(name, _)| spelling.ours(&name.0)).collect();
        let kept = |name: &str| {
            spelling.ours(name).is_some()
                || !given.iter().any(|ours| ours.eq_ignore_ascii_case(name))
        };
        out.push('{');
        for (index, (name, value)) in pairs.iter().filter(|(name, _)| kept(&name.0)).enumerate() {
            out.push_str(if index == 0 { "" } else { "," });
            out.push_str(
                &serde_json::Value::from(spelling.ours(&name.0).unwrap_or(&name.0)).to_string(),
            );
            out.push(':');
            rename(value.get(), spelling, below, out);
        }
        out.push('}');
    } else if let Some(rows) = values(json).filter(|_| json.starts_with('[')) {
        out.push('[');
        for (index, row) in rows.iter().enumerate() {
            out.push_str(if index == 0 { "" } else { "," });
            rename(row.get(), spelling, below, out);
        }
        out.push(']');
    } else {
        out.push_str(json);
    }
}

/// The rows of a list; an object counts as a list of one. A list of more than [`MOST_ROWS`] is
/// none.
#[must_use]
pub fn list(raw: &RawValue) -> Option<Vec<&RawValue>> {
    if raw.get().starts_with('{') {
        return Some(vec![raw]);
    }
    values(raw.get())
}

/// As [`raw_text`], for free text and numbers: of what is longer than 64 KiB the beginning.
#[must_use]
pub fn beginning(raw: &RawValue) -> Option<String> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn fields(json: &str) -> JsonObject<'_> {
        JsonObject::parse(json).expect("an object of the test")
    }

    #[test]
    fn keys_are_found_in_any_case_and_empty_means_absent() {
        let row = fields(
            r#"{"AvailableBalance":"100.00","cardnumber":"4111 1111 1111 1111","x":null,"y":"","z":"  "}"#,
        );
        assert_eq!(row.text("availablebalance").as_deref(), Some("100.00"));
        assert_eq!(row.last4("cardNumber").map(|l| l.to_string()), Some("1111".into()));
        assert_eq!(
            (row.text("x"), row.text("y"), row.text("z"), row.text("none")),
            (None, None, None, None)
        );
        assert!(row.need_text("x").is_err());
    }

    #[test]
    fn amounts_keep_the_digits_that_were_sent() {
        let row = fields(r#"{"a":100.10,"b":"207.5700","c":12345678901234567.89,"d":1e2,"e":"x"}"#);
        let digits = |name: &str| row.decimal(name).map(|d| d.map(|d| d.to_string()));
        assert_eq!(digits("a"), Ok(Some("100.10".into())));
        assert_eq!(digits("b"), Ok(Some("207.5700".into())));
        assert_eq!(digits("c"), Ok(Some("12345678901234567.89".into())));
        assert_eq!(row.decimal("d"), Ok(Some(Decimal::new(100, 0))));
        assert!(row.decimal("e").is_err());
    }

    fn own_names() -> Spelling {
        let renamed = |ours: &str, theirs: &str| crate::config::spelling::Renamed {
            ours: ours.into(),
            theirs: theirs.into(),
        };
        let fields = [
            ("txstate".to_owned(), renamed("status", "txState")),
            ("sum".to_owned(), renamed("amount", "Sum")),
        ];
        Spelling { fields: fields.into(), ..Spelling::default() }
    }

    #[test]
    fn the_accounts_own_names_give_way_to_the_documents_at_every_level_and_digits_stay_as_they_are()
    {
        let answer = r#"{"data":[{"TXSTATE":"ok","status":"old","Sum":100.10,"x":{}},[],"Sum"],"status":"1"}"#;
        let raw: Box<RawValue> = serde_json::from_str(answer).expect("JSON");
        let named = in_our_names(&raw, &own_names());
        assert_eq!(
            named.get(),
            r#"{"data":[{"status":"ok","amount":100.10,"x":{}},[],"Sum"],"status":"1"}"#
        );
        assert_eq!(in_our_names(&raw, &Spelling::default()).get(), answer);
    }

    #[test]
    fn an_answer_of_any_depth_is_named_without_harm() {
        let deep =
            format!("{}{}{}", r#"{"a":["#.repeat(20_000), r#"{"Sum":1}"#, "]}".repeat(20_000));
        let raw = RawValue::from_string(deep.clone()).expect("JSON of any depth is a raw value");
        assert_eq!(
            in_our_names(&raw, &own_names()).get(),
            deep,
            "below a few levels names are left alone"
        );
    }

    proptest! {
        #[test]
        fn ids_and_references_are_never_cut_even_where_they_look_like_card_numbers(
            id in "[0-9]{12,19}|EKC[0-9]{4,16}|ct[0-9A-HJKMNP-TV-Z]{26}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|4111111111111111"
        ) {
            let quoted = format!("{{\"id\":\"{id}\"}}");
            let row = fields(&quoted);
            let read = row.id("id");
            prop_assert_eq!(read.as_deref(), Some(id.as_str()));
        }

        #[test]
        fn any_text_is_an_object_or_odd(text in ".{0,80}") {
            let _ = JsonObject::parse(&text);
        }
    }
}
