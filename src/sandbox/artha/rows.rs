//! artha's list of transactions (artha wire notes, 2.9 and 2.10).

use jiff::Timestamp;
use rust_decimal::Decimal;

use super::{Server, bad_request, not_found, ok, task_of_another};
use crate::sandbox::bank::{Bank, Card, Kind, Progress, Row, digits};
use crate::sandbox::json::{Body, Json, object, text};
use crate::sandbox::{Reply, troubles};

/// Rows newest first, a bare array (inferred: the answer's shape is not documented).
pub(super) fn transactions(bank: &Bank, body: &Body, server: &Server) -> Reply {
    let card = match body.text("cardId").map(|id| bank.find(&id)) {
        Some(None) => return not_found(),
        Some(card) => card,
        None => None,
    };
    let (Ok(from), Ok(to)) = (time(body, "startTime"), time(body, "endTime")) else {
        return bad_request("startTime and endTime are RFC 3339.");
    };
    let page = body.count("page").unwrap_or(1).max(1);
    let size = bank.page_size(body.count("size").unwrap_or(50).clamp(1, 200));
    let rows = bank
        .statement(card)
        .into_iter()
        .filter(|row| from.is_none_or(|from| row.at >= from) && to.is_none_or(|to| row.at <= to))
        .skip((page - 1).saturating_mul(size))
        .take(size)
        .filter_map(|row| Some(entry(bank, row, bank.cards.get(row.card)?, server)))
        .collect();
    ok(&Json::Array(rows))
}

fn time(body: &Body, name: &str) -> Result<Option<Timestamp>, ()> {
    body.text(name).map(|text| text.parse()).transpose().map_err(|_| ())
}

/// One row; the names are those of TopUpStatus and of the description of 2.9 (inferred), the words
/// those of the callbacks (4.2).
fn entry(bank: &Bank, row: &Row, card: &Card, server: &Server) -> Json {
    let (kind, sum) = match row.kind {
        Kind::Purchase | Kind::Cash => ("consume", row.amount),
        Kind::Refund => ("refund", row.amount),
        Kind::Fee => ("fee", row.amount),
        Kind::TopUp => ("recharge", row.amount + row.fee),
        Kind::Closing => ("withdraw", row.amount),
    };
    let status = match row.progress {
        Progress::Pending if row.kind == Kind::TopUp => "Processing",
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
            Kind::TopUp => "Card recharge".to_owned(),
            Kind::Closing => "Balance of the cancelled card".to_owned(),
            Kind::Fee => "Card service fee".to_owned(),
            Kind::Purchase | Kind::Cash | Kind::Refund => String::new(),
        },
    };
    let ours =
        server.tasks.iter().find(|(_, of)| **of as u64 == row.number).map(|(task, _)| task.clone());
    let theirs = || {
        bank.elsewhere
            .iter()
            .find(|of| **of as u64 == row.number)
            .map(|of| task_of_another(bank, *of))
    };
    let task = ours.or_else(theirs);
    // Callbacks write four decimals (4.2); whole yen stay whole.
    let four = |sum: Decimal| {
        if card.currency.decimals() == Some(0) {
            digits(sum, card.currency)
        } else {
            format!("{sum:.4}")
        }
    };
    object([
        ("transactionId", text(bank.uuid(row.id))),
        ("taskId", task.into()),
        ("cardId", text(bank.card_id_in_rows(&card.id))),
        ("type", text(kind)),
        ("status", troubles::row_state(row, text(status))),
        ("amount", troubles::row_amount(row, text(four(sum)))),
        ("currency", troubles::row_currency(row, text(card.currency.code()))),
        ("fee", text(four(row.fee))),
        ("remarks", text(remarks)),
        ("merchantName", row.merchant.as_ref().map(|shop| shop.name.clone()).into()),
        ("mcc", row.merchant.as_ref().map(|shop| shop.mcc.clone()).into()),
        ("merchantCountry", row.merchant.as_ref().map(|shop| shop.country.clone()).into()),
        ("date", troubles::row_time(row, text(row.at.to_string()))),
    ])
}
