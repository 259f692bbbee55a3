//! enkash's callbacks (enkash wire notes, 3): the document has none for cards. This is the flat
//! form that a public integration was seen to receive (3.2), one for each step of a transaction,
//! with the secret that 3.3 advises. Nothing tells of cards' states.

use jiff::SignedDuration;

use super::named::masked;
use super::{COMPANY_ID, rows};
use crate::sandbox::bank::{Bank, Card, Happening, Occurrence, Progress, Row, RowKind};
use crate::sandbox::dialect::Credential;
use crate::sandbox::json::{Json, number, object, text};
use crate::sandbox::letter::{Acknowledgement, Letter, Message, Rules, Sealing};

/// In a header that is agreed on when the address is registered (3.1), or at the end of the path.
const WEBHOOK_SECRET: &str = "sandbox-enkash-webhook-81c4d2";
const SECRET_HEADER: &str = "x-webhook-secret";

pub(super) const CREDENTIAL: Credential =
    Credential { key: "webhook_secret", file: "enkash-webhook-secret", secret: WEBHOOK_SECRET };

/// 200; whether anything is repeated is not known (3.3), so nothing is.
pub(super) static RULES: Rules = Rules {
    acknowledgement: Acknowledgement::Status200,
    patience: SignedDuration::from_secs(10),
    again: None,
};

/// What is pushed of something that happened: rows alone.
pub(super) fn message(bank: &Bank, occurrence: &Occurrence) -> Option<Message> {
    let Happening::Row(news) = &occurrence.what else { return None };
    let (row, card) = bank.row_as_it_was(news)?;
    if row.kind == RowKind::TopUp && row.progress == Progress::Pending {
        return None;
    }
    let (_, kind) = rows::row_type(&row);
    Some(Message { kind, body: entry(&row, card).to_string() })
}

/// The keys of 3.2; `enkashCardId` has its small k here.
fn entry(row: &Row, card: &Card) -> Json {
    let (direction, kind) = rows::row_type(row);
    let description = match (row.reason, &row.merchant) {
        (Some(reason), _) => reason.code(),
        (None, Some(shop)) => shop.name.as_str(),
        (None, None) => kind,
    };
    object([
        ("enKashCardTransactionId", text(rows::row_id(row))),
        ("maskedCard", text(masked(card))),
        ("enkashCardId", text(card.id.as_str())),
        ("userId", text(card.holder_id.as_str())),
        ("cardKitNumber", text(format!("KIT{}", card.last4()))),
        ("cardHolderName", text(card.holder())),
        ("companyName", text("Sandbox Prepaid Pvt Ltd")),
        ("companyId", text(COMPANY_ID)),
        ("principalAmount", row.amount.into()),
        ("fcyAmount", row.amount.into()),
        ("balance", row.available_after.into()),
        ("pgReferenceNumber", row.funding.reference.clone().into()),
        ("description", text(description)),
        ("currency", text("INR")),
        ("fcyCurrency", text("INR")),
        ("cardTransactionType", text(direction)),
        ("status", text(rows::row_status(row))),
        ("type", text(kind)),
        ("createdOn", text(format!("{:.3}", row.at))),
        ("txnDate", text(format!("{:.3}", row.at))),
        ("modifiedOn", text(format!("{:.3}", row.changed))),
        ("txnDetails", details(row)),
    ])
}

fn details(row: &Row) -> Json {
    let shop = row.merchant.as_ref();
    object([
        ("id", number(900_000 + row.id_root)),
        ("txnRefNo", text(format!("{:012}", row.id_root + 7_000_000))),
        ("merchantName", shop.map(|shop| shop.name.clone()).into()),
        ("transactionType", text(rows::row_type(row).1)),
        ("mcc", shop.map(|shop| shop.mcc.clone()).into()),
        ("channel", text(if shop.is_some() { "ECOM" } else { "ADMIN" })),
        ("retrievalRefNo", text(format!("{:012}", row.id_root + 3_000_000))),
        ("traceNo", text(format!("{:06}", row.id_root % 1_000_000))),
        ("txnCurrency", text("INR")),
        ("network", text("RUPAY")),
        ("transactionFees", row.funding.fee.into()),
    ])
}

pub(super) fn seal(message: &Message, sealing: &Sealing<'_>) -> Letter {
    let (path, headers) = if sealing.options.secret_in_path {
        (format!("/{WEBHOOK_SECRET}"), Vec::new())
    } else {
        (String::new(), vec![(SECRET_HEADER, WEBHOOK_SECRET.to_owned())])
    };
    Letter { path, headers, body: message.body.clone() }
}
