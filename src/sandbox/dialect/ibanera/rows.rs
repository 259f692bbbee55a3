//! ibanera's list of a card's transactions (ibanera wire notes, 2.12).

use http::StatusCode;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::envelope::{DefaultPage, Outcome, Problem, page, problem};
use crate::sandbox::bank::{Bank, Card, Progress, Row, RowKind, Window};
use crate::sandbox::call::Call;
use crate::sandbox::json::{Json, number, object, text};
use crate::sandbox::troubles;

/// A time, with an offset or without (then UTC), or a day (5.4).
fn time(call: &Call, name: &'static str) -> Result<Option<Timestamp>, Problem> {
    let Some(text) = call.query_value(name).filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    let local = || {
        text.parse::<jiff::civil::DateTime>()
            .or_else(|_| text.parse::<Date>().map(|day| day.at(0, 0, 0, 0)))
    };
    text.parse::<Timestamp>()
        .or_else(|_| local().and_then(|at| at.to_zoned(TimeZone::UTC)).map(|at| at.timestamp()))
        .map(Some)
        .map_err(|_| Problem::of(StatusCode::BAD_REQUEST, name, "Invalid"))
}

/// Newest first (2.12; the order is inferred).
pub(super) fn transactions(bank: &Bank, call: &Call) -> Outcome {
    let card_id = call.query_value("CardsId").filter(|id| !id.is_empty());
    let Ok(card) = bank.find_optional(card_id) else { return problem("CardsId", "Invalid") };
    let window = Window { from: time(call, "fromDate")?, to: time(call, "toDate")? };
    let rows = bank.statement(card, window);
    let items = rows.filter_map(|row| Some((row, bank.cards.get(row.card)?))).collect();
    let item = |(row, card): (&Row, &Card)| entry(bank, row, card);
    Ok(page(bank, call, items, item, DefaultPage::Ten))
}

/// The id of a row with this root: the card's side of a transfer has the third of its three (2.13).
pub(super) const fn row_id(number: u64) -> u64 {
    30_002 + 3 * number
}

fn entry(bank: &Bank, row: &Row, card: &Card) -> Json {
    let shop = row
        .merchant
        .as_ref()
        .map(|shop| format!("{} {}", shop.name, shop.country))
        .unwrap_or_default();
    let (amount, description) = match row.kind {
        RowKind::Purchase => (-row.amount, shop),
        RowKind::Cash => (-row.amount, format!("Cash withdrawal - {shop}")),
        RowKind::Refund => (row.amount, format!("Refund - {shop}")),
        RowKind::Fee => (-row.amount, "Card fee".to_owned()),
        RowKind::TopUp => (row.amount, described(row.funding.reference.as_deref())),
        RowKind::Closing => (-row.amount, "Card closed".to_owned()),
    };
    let spelt = bank.card_id_in_rows(&card.id);
    let refund = row.refund.and_then(|refund| bank.rows.get(refund));
    object([
        ("id", number(row_id(row.id_root))),
        ("cardsId", if spelt == card.id { Json::Number(spelt) } else { text(spelt) }),
        ("amount", troubles::row_amount(row, amount.into())),
        ("currency", troubles::row_currency(row, text(card.currency.code().to_lowercase()))),
        ("description", text(description)),
        ("dateTime", troubles::row_time(row, text(format!("{:.3}", row.at)))),
        ("bPending", troubles::row_state(row, (row.progress == Progress::Pending).into())),
        (
            "RefundTransactionsID",
            refund.map_or(Json::Null, |refund| number(row_id(refund.id_root))),
        ),
    ])
}

/// The reference is echoed at the end (5.3).
pub(super) fn described(reference: Option<&str>) -> String {
    format!("Card transfer - {}", reference.unwrap_or("Top Up Funds"))
}
