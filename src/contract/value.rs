//! The value of a field: printed as JSON, as a cell of CSV, or compared by a filter.

use std::fmt::{self, Display, Write};
use std::sync::Arc;

use jiff::Timestamp;
use rust_decimal::Decimal;
use serde::{Serialize, Serializer};

use super::{Record, Row};
use crate::domain::card::{Last4, ProviderId};
use crate::domain::money::{Currency, Money};
use crate::domain::operation::OperationId;

/// The value of a field.
#[derive(Clone, Debug, PartialEq)]
pub enum Value<'a> {
    /// Not known, or not there.
    Null,
    /// A text of the record.
    Text(&'a str),
    /// A text made for this output.
    Made(String),
    /// The last four digits of a card number.
    Last4(Last4),
    /// A currency code.
    Currency(Currency),
    /// The id of an operation. A filter finds it by its short form too.
    Operation(OperationId),
    /// A card by all its names: only for filters.
    Card {
        /// The provider account.
        provider: &'a ProviderId,
        /// The card's id, where the row says it.
        id: Option<&'a str>,
        /// Its last four digits, where known.
        last4: Option<Last4>,
    },
    /// An amount and its currency.
    Money(Money),
    /// A time.
    Time(Timestamp),
    /// A whole number.
    Count(u64),
    /// True or false.
    Flag(bool),
    /// Texts of the record.
    Texts(&'a [Arc<str>]),
    /// Several values.
    List(Vec<Self>),
    /// Named values, in this order.
    Object(Vec<(&'a str, Self)>),
}

impl<'a> Value<'a> {
    /// A text; an empty one is not known.
    #[must_use]
    pub const fn known(text: &'a str) -> Self {
        if text.is_empty() { Self::Null } else { Self::Text(text) }
    }

    /// A record inside another.
    #[must_use]
    pub fn record<T: Record>(record: &'a T) -> Self {
        let row = Row::from(record);
        let fields = T::FIELDS.iter().filter(|field| field.in_json);
        Self::Object(fields.map(|field| (field.name, field.value(row))).collect())
    }

    /// The text of a CSV cell. Money has no single text: see [`super::csv`].
    pub(super) fn text(&self) -> String {
        match self {
            Self::Null | Self::Object(_) => String::new(),
            Self::Text(text) => (*text).to_owned(),
            Self::Made(text) => text.clone(),
            Self::Last4(last4) => last4.to_string(),
            Self::Currency(currency) => currency.to_string(),
            Self::Operation(id) => id.to_string(),
            Self::Card { id, .. } => id.unwrap_or_default().to_owned(),
            Self::Money(money) => money.digits(),
            Self::Time(at) => at.to_string(),
            Self::Count(count) => count.to_string(),
            Self::Flag(flag) => flag.to_string(),
            Self::Texts(texts) => texts.join(";"),
            Self::List(values) => values.iter().map(Self::text).collect::<Vec<_>>().join(";"),
        }
    }

    /// Whether `test` accepts one of the texts by which a filter finds the value.
    pub(super) fn any_text(&self, test: &mut dyn FnMut(&str) -> bool) -> bool {
        let mut test = |text: &str| !text.is_empty() && test(text);
        match self {
            Self::Text(text) => test(text),
            Self::Made(text) => test(text),
            Self::Last4(last4) => with_text(last4, &mut test),
            Self::Currency(currency) => test(currency.code()),
            Self::Operation(id) => with_text(id, &mut test) || test(&id.short()),
            Self::Card { provider, id, last4 } => {
                id.is_some_and(|id| {
                    test(id) || with_text(&format_args!("{provider}/{id}"), &mut test)
                }) || last4.is_some_and(|last4| with_text(&last4, &mut test))
            }
            Self::Texts(texts) => texts.iter().any(|text| test(text)),
            Self::List(values) => values.iter().any(|value| value.any_text(&mut test)),
            Self::Null
            | Self::Money(_)
            | Self::Time(_)
            | Self::Count(_)
            | Self::Flag(_)
            | Self::Object(_) => false,
        }
    }

    /// The number that a filter compares; of money in major units.
    pub(super) fn number(&self) -> Option<Decimal> {
        match self {
            Self::Money(money) => Some(money.amount()),
            Self::Count(count) => Some(Decimal::from(*count)),
            Self::Null
            | Self::Text(_)
            | Self::Made(_)
            | Self::Last4(_)
            | Self::Currency(_)
            | Self::Operation(_)
            | Self::Card { .. }
            | Self::Time(_)
            | Self::Flag(_)
            | Self::Texts(_)
            | Self::List(_)
            | Self::Object(_) => None,
        }
    }

    /// The time that a filter compares.
    pub(super) const fn timestamp(&self) -> Option<Timestamp> {
        match self {
            Self::Time(at) => Some(*at),
            Self::Null
            | Self::Text(_)
            | Self::Made(_)
            | Self::Last4(_)
            | Self::Currency(_)
            | Self::Operation(_)
            | Self::Card { .. }
            | Self::Money(_)
            | Self::Count(_)
            | Self::Flag(_)
            | Self::Texts(_)
            | Self::List(_)
            | Self::Object(_) => None,
        }
    }
}

/// Calls `test` with the text of a value, without an allocation unless it is long.
fn with_text(value: &dyn Display, test: &mut dyn FnMut(&str) -> bool) -> bool {
    /// Room for `provider/` and a UUID.
    struct Short {
        bytes: [u8; 96],
        used: usize,
    }
    impl Write for Short {
        fn write_str(&mut self, text: &str) -> fmt::Result {
            let end = self.used + text.len();
            let room = self.bytes.get_mut(self.used..end).ok_or(fmt::Error)?;
            room.copy_from_slice(text.as_bytes());
            self.used = end;
            Ok(())
        }
    }
    let mut short = Short { bytes: [0; 96], used: 0 };
    if write!(short, "{value}").is_ok()
        && let Some(Ok(text)) = short.bytes.get(..short.used).map(std::str::from_utf8)
    {
        return test(text);
    }
    test(&value.to_string())
}

impl Serialize for Value<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => to.serialize_none(),
            Self::Text(text) => to.serialize_str(text),
            Self::Made(text) => to.serialize_str(text),
            Self::Last4(last4) => to.collect_str(last4),
            Self::Currency(currency) => to.collect_str(currency),
            Self::Operation(id) => to.collect_str(id),
            Self::Card { id, .. } => id.serialize(to),
            Self::Money(money) => money.serialize(to),
            Self::Time(at) => at.serialize(to),
            Self::Count(count) => to.serialize_u64(*count),
            Self::Flag(flag) => to.serialize_bool(*flag),
            Self::Texts(texts) => to.collect_seq(texts.iter().map(|text| &**text)),
            Self::List(values) => to.collect_seq(values),
            Self::Object(fields) => {
                to.collect_map(fields.iter().map(|(name, value)| (name, value)))
            }
        }
    }
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text)
    }
}

impl<'a> From<&'a Arc<str>> for Value<'a> {
    fn from(text: &'a Arc<str>) -> Self {
        Self::Text(text)
    }
}

impl From<String> for Value<'_> {
    fn from(text: String) -> Self {
        Self::Made(text)
    }
}

impl From<Money> for Value<'_> {
    fn from(money: Money) -> Self {
        Self::Money(money)
    }
}

impl From<Timestamp> for Value<'_> {
    fn from(at: Timestamp) -> Self {
        Self::Time(at)
    }
}

impl From<Last4> for Value<'_> {
    fn from(last4: Last4) -> Self {
        Self::Last4(last4)
    }
}

impl From<Currency> for Value<'_> {
    fn from(currency: Currency) -> Self {
        Self::Currency(currency)
    }
}

impl From<OperationId> for Value<'_> {
    fn from(id: OperationId) -> Self {
        Self::Operation(id)
    }
}

impl From<u64> for Value<'_> {
    fn from(count: u64) -> Self {
        Self::Count(count)
    }
}

impl From<usize> for Value<'_> {
    fn from(count: usize) -> Self {
        Self::Count(u64::try_from(count).unwrap_or(u64::MAX))
    }
}

impl From<bool> for Value<'_> {
    fn from(flag: bool) -> Self {
        Self::Flag(flag)
    }
}

impl<'a, T: Into<Self>> From<Option<T>> for Value<'a> {
    /// What may be absent is absent where its text is empty.
    fn from(value: Option<T>) -> Self {
        match value.map(Into::into) {
            Some(Self::Text("")) | None => Self::Null,
            Some(value) => value,
        }
    }
}
