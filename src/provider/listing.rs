//! Finding a list in an answer, and reading what the rows of several wires have in common: whose
//! row it is, its time, its kind and its amount.
//!
//! Pure.

mod reader;

use std::sync::Arc;

use data_encoding::HEXLOWER;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::value::RawValue;

use super::crypto::sha256;
use super::json::{JsonObject, MOST_ROWS, RowError, list, text_start};
use super::pages;
use super::times::plausible;
use crate::config::lists::{Dates, Lists, Sign};
use crate::config::spelling::Spelling;
pub(super) use crate::config::spelling::plain;
use crate::domain::card::{Card, IdForm, Ids, ProviderId};
use crate::domain::completeness::UnreadRow;
use crate::domain::money::Money;
use crate::domain::transaction::{TransactionKind, TransactionState};
pub(super) use reader::ListReader;

pub(super) fn unreadable_list() -> String {
    format!(
        "answered a list that cannot be read, or has more than {MOST_ROWS} rows: ask for less at \
         once, by page_size or span"
    )
}

/// Finds the list in an answer whose wrapping is not documented: a bare array, an object that holds
/// one, or one level deeper.
///
/// # Errors
/// When there is none; it quotes the message that came in its place.
pub(super) fn find_rows(answer: &RawValue) -> Result<Vec<&RawValue>, RowError> {
    if answer.get().starts_with('[') {
        let rows = list(answer).ok_or_else(|| RowError::new(&unreadable_list()))?;
        return Ok(rows);
    }
    let outer = JsonObject::read(answer).map_err(|_| RowError::new("answered no list"))?;
    let inner = outer.objects().find(|inner| inner.any_list().is_some());
    let holder = if outer.any_list().is_some() { &outer } else { inner.as_ref().unwrap_or(&outer) };
    let total = ["total", "totalCount", "totalRecords", "count"]
        .iter()
        .find_map(|name| holder.integer(name).or_else(|| outer.integer(name)))
        .and_then(|total| u64::try_from(total).ok());
    if let Some(rows) = holder.any_list() {
        return Ok(rows);
    }
    if holder.has_too_long_a_list() || outer.objects().any(|inner| inner.has_too_long_a_list()) {
        return Err(RowError::new(&unreadable_list()));
    }
    // Some servers write an empty list as null.
    const LISTS: [&str; 6] = ["data", "items", "records", "transactions", "result", "list"];
    let absent = outer.names().any(|name| {
        LISTS.iter().any(|list| list.eq_ignore_ascii_case(name)) && outer.get(name).is_none()
    });
    let message = outer.first_text(&["message", "error", "remarks", "title", "detail"]);
    if total == Some(0) || absent && message.is_none() {
        return Ok(Vec::new());
    }
    let message = message.map_or_else(String::new, |message| format!(": {message}"));
    Err(RowError::new(&format!("answered no list{message}")))
}

/// The object that has one of these keys: the answer itself, or its `data`.
pub(super) fn unwrap_data<'a>(answer: JsonObject<'a>, known: &[&str]) -> Option<JsonObject<'a>> {
    let has = |fields: &JsonObject<'_>| {
        fields.names().any(|name| known.iter().any(|known| known.eq_ignore_ascii_case(name)))
    };
    if has(&answer) { Some(answer) } else { answer.object("data").filter(has) }
}

/// The provider's reason in the body of a refusal: what `find` finds in an object, else the text
/// that the body is.
pub(super) fn refusal_reason(
    json: &RawValue,
    find: impl FnOnce(&JsonObject) -> Option<Arc<str>>,
) -> String {
    const NONE: &str = "no reason given";
    match JsonObject::read(json) {
        Ok(object) => find(&object).as_deref().unwrap_or(NONE).to_owned(),
        Err(_) => text_start(json).unwrap_or_else(|| NONE.to_owned()),
    }
}

/// The first of these fields that is there and reads well; an error only when one was there and
/// none did.
///
/// # Errors
/// What was wrong with the first that was there.
pub(super) fn first_readable<T>(
    names: &[&str],
    read: impl Fn(&str) -> Result<Option<T>, RowError>,
) -> Result<Option<T>, RowError> {
    let mut first_error = None;
    for name in names {
        match read(name) {
            Ok(Some(value)) => return Ok(Some(value)),
            Ok(None) => {}
            Err(error) => first_error = first_error.or(Some(error)),
        }
    }
    first_error.map_or(Ok(None), Err)
}

/// `YYYY-MM` of an expiry: `2025-10-01` and what begins so, `10/25` or `10/2025`.
pub(super) fn parse_expiry(text: &str) -> Option<Arc<str>> {
    let (year, month) = match text.split_once('/') {
        Some((month, year)) if year.len() == 2 => (format!("20{year}"), month),
        Some((month, year)) => (year.to_owned(), month),
        None => (text.get(..4)?.to_owned(), text.get(4..)?.strip_prefix('-')?.get(..2)?),
    };
    let month: u8 = month.parse().ok().filter(|month| (1..=12).contains(month))?;
    let year: u16 = year.parse().ok().filter(|year| (2000..2200).contains(year))?;
    Some(format!("{year}-{month:02}").into())
}

/// The card that a row names, in the canonical form of its id; the card whose list it is where it
/// names none. What cannot be an id is kept as text, so that its row never counts as another
/// card's.
pub(super) fn card_id(
    row: &JsonObject,
    names: &[&str],
    form: IdForm,
    of: Option<&Card>,
) -> Option<Arc<str>> {
    let named = row.first_id(names).or_else(|| row.first_text(names)).map(|id| form.canonical(&id));
    named.or_else(|| of.map(|card| Arc::clone(&card.key.id)))
}

/// Checks that an answer about one card is not another card's: a cache or a proxy may mix answers
/// up.
///
/// # Errors
/// When the answer names another id than was asked for, or digits that are not the card's.
pub(super) fn check_same_card(
    asked: &Card,
    form: IdForm,
    answer: &JsonObject,
    ids: &[&str],
    numbers: &[&str],
) -> Result<(), RowError> {
    if let Some(id) =
        answer.first_id(ids).filter(|id| &**id != "0" && form.canonical(id) != asked.key.id)
    {
        return Err(RowError::new(&format!("the answer is about another card: {id}")));
    }
    let answered = numbers.iter().find_map(|name| answer.last4(name));
    match (answered, asked.last4) {
        (Some(answered), Some(known)) if answered != known => Err(RowError::new(&format!(
            "the answer is about another card: ..{answered}, and this one is ..{known}"
        ))),
        _ => Ok(()),
    }
}

/// Where a row names its card and itself, for a row that cannot be read otherwise.
#[derive(Clone, Copy)]
pub(super) struct IdFields {
    pub(super) card: &'static [&'static str],
    pub(super) row: &'static [&'static str],
}

/// A row, or which one could not be read: it names its card and itself as far as it can.
fn or_unread<T>(
    raw: &RawValue,
    reader: &RowReader<'_>,
    of: Option<&Card>,
    names: IdFields,
    read: Result<T, RowError>,
) -> Result<T, UnreadRow> {
    read.map_err(|why| {
        let row = JsonObject::read(raw).unwrap_or_default();
        let card = card_id(&row, names.card, reader.ids.cards, of);
        let id = row.first_id(names.row).map(|id| reader.ids.transactions.canonical(&id));
        pages::unread(reader.provider, card, id, raw.get(), &why)
    })
}

/// What the reading of a row needs to know of its account.
pub(super) struct RowReader<'a> {
    pub(super) provider: &'a ProviderId,
    pub(super) spelling: &'a Spelling,
    /// Of times that name none.
    pub(super) zone: TimeZone,
    /// The sign of an amount that leaves the card.
    pub(super) outgoing: Sign,
    /// The forms of the wire's ids.
    pub(super) ids: Ids,
    /// When the answer came.
    pub(super) at: Timestamp,
}

impl<'a> RowReader<'a> {
    pub(super) fn new(
        provider: &'a ProviderId,
        spelling: &'a Spelling,
        lists: &Lists,
        ids: Ids,
        at: Timestamp,
    ) -> Self {
        Self { provider, spelling, zone: lists.zone(), outgoing: lists.outgoing, ids, at }
    }
}

impl RowReader<'_> {
    /// When a row happened: the first of these fields that is a time, as long as that is plausible.
    ///
    /// # Errors
    /// When none is there, none can be read, or the time is before 2000 or more than a day ahead.
    pub(super) fn row_time(&self, row: &JsonObject, names: &[&str]) -> Result<Timestamp, RowError> {
        let read = |name: &str| {
            row.time(name, &self.zone)?.map(|at| plausible(name, at, self.at)).transpose()
        };
        first_readable(names, read)?.ok_or_else(|| RowError::new("has no time"))
    }
}

/// A time, in Unix seconds, as the wire's lists take it.
pub(super) fn format_time(second: i64, dates: Dates) -> String {
    let at = Timestamp::from_second(second).unwrap_or(Timestamp::MAX);
    match dates {
        Dates::Rfc3339 => at.to_string(),
        Dates::Unix => second.to_string(),
        Dates::UnixMillis => at.as_millisecond().to_string(),
        Dates::Day => at.strftime("%Y-%m-%d").to_string(),
    }
}

/// The kind of a transaction by a word that means one thing only, on whatever wire.
pub(super) fn transaction_kind(word: &str) -> TransactionKind {
    match plain(word).as_str() {
        "purchase" | "consume" | "consumption" | "payment" | "spend" | "auth" | "authorization" => {
            TransactionKind::Purchase
        }
        "recharge" | "topup" | "deposit" => TransactionKind::TopUp,
        "refund" => TransactionKind::Refund,
        "reversal" | "reverse" | "void" => TransactionKind::Reversal,
        "fee" => TransactionKind::Fee,
        "withdrawal" | "withdraw" | "atm" | "cash" => TransactionKind::Withdrawal,
        "correction" | "adjustment" => TransactionKind::Adjustment,
        _ => TransactionKind::Other,
    }
}

/// The provider's words for a row, as they are shown: its state, and before it the kind where ours
/// would say less.
pub(super) fn state_words(kind: TransactionKind, kind_word: &str, state_word: &str) -> Arc<str> {
    let own = match kind {
        TransactionKind::Other | TransactionKind::Adjustment => kind_word,
        TransactionKind::Purchase
        | TransactionKind::Refund
        | TransactionKind::Reversal
        | TransactionKind::Fee
        | TransactionKind::TopUp
        | TransactionKind::Withdrawal => "",
    };
    [own, state_word]
        .into_iter()
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
        .into()
}

/// An amount as the domain keeps it: without a sign where the kind says the direction.
pub(super) fn domain_amount(kind: TransactionKind, amount: Money) -> Money {
    match kind {
        TransactionKind::Adjustment | TransactionKind::Other => amount,
        TransactionKind::Purchase
        | TransactionKind::Refund
        | TransactionKind::Reversal
        | TransactionKind::Fee
        | TransactionKind::TopUp
        | TransactionKind::Withdrawal => amount.abs(),
    }
}

/// Why a row was declined or failed: a field of one of these names, else the text of the row.
pub(super) fn decline_reason(
    row: &JsonObject,
    names: &[&str],
    state: TransactionState,
    text: Option<&Arc<str>>,
) -> Option<Arc<str>> {
    match state {
        TransactionState::Declined | TransactionState::Failed => {
            row.first_text(names).or_else(|| text.cloned())
        }
        TransactionState::Hold
        | TransactionState::Cleared
        | TransactionState::Reversed
        | TransactionState::Unknown => None,
    }
}

/// An id for a row that has none: the same row gives the same id.
pub(super) fn derived_id(parts: &[&str]) -> Arc<str> {
    let hash = HEXLOWER.encode(&sha256(parts.join("\n").as_bytes()));
    format!("made-{}", hash.get(..24).unwrap_or(&hash)).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_found_in_every_wrapping() {
        let count = |json: &str| {
            let raw: Box<RawValue> = serde_json::from_str(json).expect("JSON");
            find_rows(&raw).map(|rows| rows.len()).ok()
        };
        assert_eq!(count("[{},{}]"), Some(2));
        assert_eq!(count(r#"{"items":[{}],"totalCount":9}"#), Some(1));
        assert_eq!(
            count(r#"{"code":0,"data":{"total":3,"page":1,"records":[{},{},{}]}}"#),
            Some(3)
        );
        assert_eq!(count(r#"{"data":null,"total":0}"#), Some(0));
        assert_eq!(count(r#"{"data":null}"#), Some(0));
        assert_eq!(count(r#"{"message":"no such card"}"#), None);
        assert_eq!(count("3"), None);
    }

    #[test]
    fn expiries_are_read_in_the_forms_that_wires_use() {
        for (text, read) in [
            ("2025-10-01", Some("2025-10")),
            ("2027-03-31T00:00:00", Some("2027-03")),
            ("09/28", Some("2028-09")),
            ("7/2029", Some("2029-07")),
            ("13/25", None),
            ("2025-13-01", None),
            ("soon", None),
        ] {
            assert_eq!(parse_expiry(text).as_deref(), read, "{text}");
        }
    }
}
