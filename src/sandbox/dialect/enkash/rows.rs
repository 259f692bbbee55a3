//! enkash's list of transactions (enkash wire notes, 2.14 and 3.2).

use http::StatusCode;
use jiff::Timestamp;

use super::envelope::{Answer, failure, invalid, success};
use super::named::{account, masked};
use super::{CARD_ACCOUNT_ID, COMPANY_ID};
use crate::sandbox::bank::{Bank, Card, Progress, Row, RowKind, Window};
use crate::sandbox::json::{Body, Json, number, object, text};
use crate::sandbox::troubles;

/// Rows of one answer: the document names no paging, so a longer window has to be halved (5,
/// inferred).
const MOST_ROWS: usize = 100;

/// The filter object (2.14): by the caller's reference, by card, by window. Newest first, at most a
/// hundred.
pub(super) fn transactions(bank: &Bank, body: &Body) -> Result<Answer, Answer> {
    account(body)?;
    let Ok(card) = bank.find_optional(body.text("enKashCardId").as_deref()) else {
        return Err(failure(StatusCode::NOT_FOUND, "Card not found"));
    };
    let time = |name: &str| body.text(name).map(|text| text.parse::<Timestamp>()).transpose();
    let (Ok(from), Ok(to)) = (time("txnDateFrom"), time("txnDateTo")) else {
        return Err(invalid("Invalid txnDateFrom or txnDateTo"));
    };
    let window = Window { from, to };
    let reference = body.text("pgReferenceNumber");
    let (status, direction) = (body.text("status"), body.text("cardTransactionType"));
    let (low, high) = (body.decimal("amountFrom"), body.decimal("amountTo"));
    let matching: Vec<&Row> = bank
        .statement(card, window)
        .filter(|row| {
            reference.as_ref().is_none_or(|wanted| Some(wanted) == row.funding.reference.as_ref())
                && status.as_ref().is_none_or(|status| status == row_status(row))
                && direction.as_ref().is_none_or(|direction| direction == row_type(row).0)
                && low.is_none_or(|low| row.amount >= low)
                && high.is_none_or(|high| high.is_zero() || row.amount <= high)
        })
        .collect();
    let most = bank.lists.page_size(MOST_ROWS);
    let entries = matching
        .iter()
        .take(most)
        .filter_map(|row| Some(entry(bank, row, bank.cards.get(row.card)?)));
    let data: Vec<Json> = entries.collect();
    let total = bank.lists.total(matching.len(), data.len());
    Ok(success(object([("recordsCount", number(total)), ("data", Json::Array(data))])))
}

/// Direction (4.3) and type (4.4; which row has which is inferred).
pub(super) const fn row_type(row: &Row) -> (&'static str, &'static str) {
    match row.kind {
        RowKind::Purchase | RowKind::Cash => ("DR", "SALE"),
        RowKind::Refund => ("CR", "REFUND"),
        RowKind::Fee => ("DR", "FEE"),
        RowKind::TopUp => ("CR", "ALLOCATE_FUND"),
        RowKind::Closing => ("DR", "UNALLOCATE_FUND"),
    }
}

/// Inferred, but for CREATED (4.7).
pub(super) const fn row_status(row: &Row) -> &'static str {
    match row.progress {
        Progress::Pending => "CREATED",
        Progress::Cleared => "SUCCESS",
        Progress::Declined => "DECLINED",
        Progress::Reversed => "REVERSED",
        Progress::Failed => "FAILED",
    }
}

pub(super) fn row_id(row: &Row) -> String {
    format!("ECT{:010}", row.id_root + 1)
}

/// A row with the names that a real integrator stores from the callbacks (3.2).
fn entry(bank: &Bank, row: &Row, card: &Card) -> Json {
    let (direction, kind) = row_type(row);
    let shop = row.merchant.as_ref();
    let description = match (row.reason, shop) {
        (Some(reason), _) => reason.code().to_owned(),
        (None, Some(shop)) => shop.name.clone(),
        (None, None) if row.kind == RowKind::TopUp => {
            "Funds allocated from Parent Account".to_owned()
        }
        (None, None) => kind.to_owned(),
    };
    let details = object([
        ("id", number(900_000 + row.id_root)),
        ("txnRefNo", text(format!("{:012}", row.id_root + 7_000_000))),
        ("merchantName", shop.map(|shop| shop.name.clone()).into()),
        ("merchantCountry", shop.map(|shop| shop.country.clone()).into()),
        ("transactionType", text(kind)),
        ("mcc", shop.map(|shop| shop.mcc.clone()).into()),
        ("channel", text(if shop.is_some() { "ECOM" } else { "ADMIN" })),
        ("txnCurrency", text("INR")),
        ("network", text("RUPAY")),
        ("transactionFees", row.funding.fee.into()),
    ]);
    object([
        ("enKashCardTransactionId", text(row_id(row))),
        ("enKashCardId", text(bank.card_id_in_rows(&card.id))),
        ("userId", text(card.holder_id.as_str())),
        ("cardAccountId", text(CARD_ACCOUNT_ID)),
        ("maskedCard", text(masked(card))),
        ("cardHolderName", text(card.holder())),
        ("companyId", text(COMPANY_ID)),
        ("principalAmount", troubles::row_amount(row, row.amount.into())),
        ("balance", row.available_after.into()),
        ("currency", troubles::row_currency(row, text("INR"))),
        ("pgReferenceNumber", row.funding.reference.clone().into()),
        ("description", text(description)),
        ("cardTransactionType", text(direction)),
        ("type", text(kind)),
        ("status", troubles::row_state(row, text(row_status(row)))),
        ("txnDate", troubles::row_time(row, text(format!("{:.3}", row.at)))),
        ("createdOn", troubles::row_time(row, text(format!("{:.3}", row.at)))),
        ("modifiedOn", text(format!("{:.3}", row.changed))),
        ("txnDetails", details),
    ])
}
