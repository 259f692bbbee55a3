//! banana's list of transactions (banana wire notes, 2.12).

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::reply::{Failure, amount, failure};
use crate::sandbox::bank::{Bank, Card, Progress, Row, RowKind, Window};
use crate::sandbox::json::{Body, Json, number, object, text};
use crate::sandbox::troubles;

/// Skip, limit and filters (2.12). Newest first unless the caller asks otherwise (the
/// default is not documented).
pub(super) fn transactions(bank: &Bank, body: &Body) -> Result<Json, Failure> {
    let from = time(body.text("start_date"), DayEnd::First);
    let to = time(body.text("end_date"), DayEnd::Last);
    let (Ok(from), Ok(to)) = (from, to) else {
        return failure("Invalid Request Data: start_date or end_date");
    };
    let window = Window { from, to };
    let skip = body.count("skip").unwrap_or(0);
    let limit = bank.lists.page_size(body.count("limit").unwrap_or(10).clamp(1, 200));
    let Ok(card) = bank.find_optional(body.text("card_id").as_deref()) else {
        return Ok(no_rows());
    };
    let user = body.text("user_id");
    let (status, kind) = (body.text("status"), body.text("type"));
    let search = body.text("search").unwrap_or_default().to_lowercase();
    let newest_first = body.flag("desc").unwrap_or(true);
    let mut matching: Vec<(&Row, &Card)> = bank
        .statement(card, window)
        .filter_map(|row| Some((row, bank.cards.get(row.card)?)))
        .filter(|(row, of)| {
            user.as_ref().is_none_or(|user| *user == of.holder_id)
                && status.as_ref().is_none_or(|status| status.eq_ignore_ascii_case(row_status(row)))
                && kind.as_ref().is_none_or(|kind| kind.eq_ignore_ascii_case(row_type(row)))
                && (search.is_empty() || merchant_name(row).to_lowercase().contains(&search))
        })
        .collect();
    if !newest_first {
        matching.reverse();
    }
    let data: Vec<Json> =
        matching.iter().skip(skip).take(limit).map(|(row, card)| entry(bank, row, card)).collect();
    let total = bank.lists.total(matching.len(), data.len());
    Ok(object([("data", Json::Array(data)), ("total", number(total))]))
}

/// An empty list.
pub(super) fn no_rows() -> Json {
    object([("data", Json::Array(Vec::new())), ("total", number(0))])
}

/// Which end of a day a date means.
#[derive(Clone, Copy)]
pub(super) enum DayEnd {
    First,
    Last,
}

/// A time, or a day (2.12; the format is not documented, so this is inferred).
pub(super) fn time(text: Option<String>, end: DayEnd) -> Result<Option<Timestamp>, ()> {
    let Some(text) = text else { return Ok(None) };
    if let Ok(at) = text.parse::<Timestamp>() {
        return Ok(Some(at));
    }
    let day: Date = text.parse().map_err(|_| ())?;
    let at = match end {
        DayEnd::First => day.at(0, 0, 0, 0),
        DayEnd::Last => day.at(23, 59, 59, 999_999_999),
    };
    Ok(Some(at.to_zoned(TimeZone::UTC).map_err(|_| ())?.timestamp()))
}

/// Types (4); all but RECHARGE are inferred.
pub(super) const fn row_type(row: &Row) -> &'static str {
    match row.kind {
        RowKind::Purchase => "PURCHASE",
        RowKind::Cash => "WITHDRAWAL",
        RowKind::Refund => "REFUND",
        RowKind::Fee => "FEE",
        RowKind::TopUp => "RECHARGE",
        RowKind::Closing => "CLOSE",
    }
}

/// States (4); all but SUCCESS are inferred.
pub(super) const fn row_status(row: &Row) -> &'static str {
    match row.progress {
        Progress::Pending => "PENDING",
        Progress::Cleared => "SUCCESS",
        Progress::Declined => "DECLINED",
        Progress::Reversed => "REVERSED",
        Progress::Failed => "FAILED",
    }
}

pub(super) fn merchant_name(row: &Row) -> &str {
    row.merchant.as_ref().map_or_else(|| row_type(row), |shop| shop.name.as_str())
}

pub(super) const fn row_id(row: &Row) -> u64 {
    500_000 + row.id_root
}

/// A row (2.12).
fn entry(bank: &Bank, row: &Row, card: &Card) -> Json {
    let spelt = bank.card_id_in_rows(&card.id);
    let mut fields = vec![
        ("id", number(row_id(row))),
        ("card_id", if spelt == card.id { Json::Number(spelt) } else { text(spelt) }),
        ("amount", troubles::row_amount(row, amount(row.amount))),
        ("currency", troubles::row_currency(row, text(card.currency.code()))),
        ("type", text(row_type(row))),
        ("status", troubles::row_state(row, text(row_status(row)))),
        ("created_at", troubles::row_time(row, text(row.at.to_string()))),
        ("merchant_name", text(merchant_name(row))),
        ("user_id", Json::Number(card.holder_id.clone())),
    ];
    if let Some(reason) = row.reason {
        fields.push(("description", text(reason.code())));
    }
    if let Some(shop) = &row.merchant {
        fields.push(("mcc", text(shop.mcc.as_str())));
        fields.push(("merchant_country", text(shop.country.as_str())));
    }
    if row.kind == RowKind::TopUp {
        fields.push(("fee", amount(row.funding.fee)));
    }
    Json::Object(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}
