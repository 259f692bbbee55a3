//! One JSON object of a provider's answer, read field by field: names in any case, numbers by their
//! digits and never as floats, `null` and `""` as absent, and all text cleaned.
//!
//! Values are borrowed from the answer. A field that is wrong is an error of its row alone.

mod raw;
mod renaming;
mod splitter;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use rust_decimal::Decimal;
use serde_json::value::RawValue;

pub use super::row_error::RowError;
use super::times::read_time;
use crate::domain::card::Last4;
use crate::domain::money::{Currency, Money, MoneyError, read_decimal};
use crate::domain::text;
pub use raw::{MOST_ROWS, list, raw_text, text_start, without_byte_order_mark};
use raw::{Name, pairs};
pub use renaming::in_document_names;
pub(super) use splitter::{Broken, LONGEST_ROW, LONGEST_SKIPPED, RowSink, Splitter};

/// Most columns of a value that an error repeats.
const LONGEST_QUOTED: usize = 40;

/// An object of a provider's answer.
#[derive(Debug, Default)]
pub struct JsonObject<'a>(Vec<(Name<'a>, &'a RawValue)>);

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

    fn start_of_text(&self, name: &str) -> Option<String> {
        text_start(self.get(name)?)
    }

    /// Text, cleaned; numbers and booleans give their text; blank text is absent.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<Arc<str>> {
        let cleaned = text::clean(&self.start_of_text(name)?);
        (!cleaned.is_empty()).then(|| cleaned.into())
    }

    /// An id, exactly as sent: it has to go back to the provider, so nothing in it is masked.
    /// Blanks, controls and anything beyond ASCII make it no id; longer than 100 characters
    /// neither.
    #[must_use]
    pub fn id(&self, name: &str) -> Option<Arc<str>> {
        let text = self.start_of_text(name)?;
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
        let Some(text) = self.start_of_text(name).filter(|text| !text.trim().is_empty()) else {
            return Ok(None);
        };
        read_decimal(&text).map(Some).map_err(|error| {
            let quoted = text::fit(&text::clean(&text), LONGEST_QUOTED);
            RowError::new(&match error {
                MoneyError::TooLarge => format!("{name} has more than 28 digits: {quoted}"),
                _ => format!("{name} is not a number: {quoted}"),
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
        let text = self.start_of_text(name)?;
        text.trim()
            .parse()
            .ok()
            .or_else(|| i64::try_from(read_decimal(&text).ok()?.normalize()).ok())
    }

    /// True or false, sent as a boolean, `0`/`1` or text.
    #[must_use]
    pub fn flag(&self, name: &str) -> Option<bool> {
        match self.start_of_text(name)?.trim().to_ascii_lowercase().as_str() {
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
        let Some(text) = self.start_of_text(name) else { return Ok(None) };
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
        Last4::of_number(self.start_of_text(name)?.trim())
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
