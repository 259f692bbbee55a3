//! artha's list of transactions (artha wire notes, 2.9 and 2.10).

use jiff::Timestamp;
use rust_decimal::Decimal;

use super::reply::{bad_request, not_found, ok};
use crate::sandbox::bank::{Bank, Card, Progress, Row, RowKind, Window, digits};
use crate::sandbox::call::Reply;
use crate::sandbox::json::{Body, Json, object, text};
use crate::sandbox::troubles;

/// Rows newest first, a bare array (inferred: the shape of the answer is not documented, 2.9).
///
/// `task` gives the task of a top-up.
pub(super) fn transactions(
    bank: &Bank,
    body: &Body,
    task: &dyn Fn(&Row) -> Option<String>,
) -> Reply {
    let Ok(card) = bank.find_optional(body.text("cardId").as_deref()) else { return not_found() };
    let (Ok(from), Ok(to)) = (time(body, "startTime"), time(body, "endTime")) else {
        return bad_request("startTime and endTime are RFC 3339.");
    };
    let window = Window { from, to };
    let page = body.count("page").unwrap_or(1).max(1);
    let size = bank.lists.page_size(body.count("size").unwrap_or(50).clamp(1, 200));
    let rows = bank
        .statement(card, window)
        .skip((page - 1).saturating_mul(size))
        .take(size)
        .filter_map(|row| Some(entry(bank, row, bank.cards.get(row.card)?, task(row))))
        .collect();
    ok(&Json::Array(rows))
}

fn time(body: &Body, name: &str) -> Result<Option<Timestamp>, ()> {
    body.text(name).map(|text| text.parse()).transpose().map_err(|_| ())
}

/// One row; the names are those of TopUpStatus and of the description of 2.9 (inferred), the words
/// those of the callbacks (4.2).
fn entry(bank: &Bank, row: &Row, card: &Card, task: Option<String>) -> Json {
    let (kind, sum) = match row.kind {
        RowKind::Purchase | RowKind::Cash => ("consume", row.amount),
        RowKind::Refund => ("refund", row.amount),
        RowKind::Fee => ("fee", row.amount),
        RowKind::TopUp => ("recharge", row.amount + row.funding.fee),
        RowKind::Closing => ("withdraw", row.amount),
    };
    let status = match row.progress {
        Progress::Pending if row.kind == RowKind::TopUp => "Processing",
        Progress::Pending => "Pending",
        Progress::Cleared => "Success",
        Progress::Declined => "Declined",
        Progress::Reversed => "Reversed",
        Progress::Failed => "Failed",
    };
    let remarks = match (row.reason, &row.merchant) {
        (Some(reason), _) => reason.code().to_owned(),
        (None, Some(shop)) => shop.name.clone(),
        (None, None) => match row.kind {
            RowKind::TopUp => "Card recharge".to_owned(),
            RowKind::Closing => "Balance of the cancelled card".to_owned(),
            RowKind::Fee => "Card service fee".to_owned(),
            RowKind::Purchase | RowKind::Cash | RowKind::Refund => String::new(),
        },
    };
    // Callbacks write four decimals (4.2); whole yen stay whole.
    let four = |sum: Decimal| {
        if card.currency.decimals() == Some(0) {
            digits(sum, card.currency)
        } else {
            format!("{sum:.4}")
        }
    };
    object([
        ("transactionId", text(bank.row_id(row))),
        ("taskId", task.into()),
        ("cardId", text(bank.card_id_in_rows(&card.id))),
        ("type", text(kind)),
        ("status", troubles::row_state(row, text(status))),
        ("amount", troubles::row_amount(row, text(four(sum)))),
        ("currency", troubles::row_currency(row, text(card.currency.code()))),
        ("fee", text(four(row.funding.fee))),
        ("remarks", text(remarks)),
        ("merchantName", row.merchant.as_ref().map(|shop| shop.name.clone()).into()),
        ("mcc", row.merchant.as_ref().map(|shop| shop.mcc.clone()).into()),
        ("merchantCountry", row.merchant.as_ref().map(|shop| shop.country.clone()).into()),
        ("date", troubles::row_time(row, text(row.at.to_string()))),
    ])
}
