//! Cards, transactions and the float of enkash's answers, in the domain's words. Pure.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::value::RawValue;

use super::envelope::Envelope;
use crate::config::spelling::Spelling;
use crate::domain::card::{Balance, Card, CardKind, CardState, Reading};
use crate::domain::money::{Currency, Money};
use crate::domain::text;
use crate::domain::transaction::{Transaction, TransactionKind, TransactionState};
use crate::provider::json::{JsonObject, RowError};
use crate::provider::listing::RowReader;
use crate::provider::{listing, states};

/// Rupees: the card calls have no currency field (enkash wire notes, 6.26; INFERENCE).
pub(super) fn rupees() -> Currency {
    "INR".parse().expect("INR is a currency code")
}

/// The card's id in a row, in every spelling seen.
pub(super) const CARD_ID: [&str; 2] = ["enKashCardId", "cardId"];

/// Where a card's row names it.
pub(super) const CARD_NAMES: listing::IdFields = listing::IdFields { card: &CARD_ID, row: &[] };

/// Where a transaction's row names its card and itself.
pub(super) const NAMES: listing::IdFields =
    listing::IdFields { card: &CARD_ID, row: &TRANSACTION_ID };

/// A card of `/search` (enkash wire notes, 2.13; `cardStatus`, `otbBalance` INFERENCE there).
pub(super) fn card(raw: &RawValue, reader: &RowReader<'_>) -> Result<Card, RowError> {
    let row = JsonObject::read(raw)?;
    let id = row.first_id(&CARD_ID).ok_or_else(|| RowError::new("a card has no enKashCardId"))?;
    let (state, provider_state) = card_state(&row, reader.spelling);
    let names: Vec<Arc<str>> = ["title", "firstName", "middleName", "lastName"]
        .into_iter()
        .filter_map(|name| row.text(name))
        .collect();
    let holder = if names.is_empty() {
        row.first_text(&["cardHolderName", "name"]).unwrap_or_default()
    } else {
        text::clean(&names.join(" ")).into()
    };
    let balance = match row.money("otbBalance", rupees())? {
        Some(available) => Reading::At {
            value: Balance { available: Some(available), ..Balance::default() },
            at: reader.at,
        },
        None => Reading::Never,
    };
    Ok(Card {
        holder,
        last4: row.last4("maskedNumber").or_else(|| row.last4("maskedCard")),
        state,
        state_at: (!provider_state.is_empty()).then_some(reader.at),
        provider_state,
        kind: row
            .flag("physicalCard")
            .map(|plastic| if plastic { CardKind::Physical } else { CardKind::Virtual }),
        currency: Some(rupees()),
        balance,
        expires: expires(&row),
        ..Card::spelled(reader.provider, reader.ids.cards, &id)
    })
}

/// `cardStatus` is text, or an object with `label` or `name` (enkash wire notes, 2.13; words and
/// block codes 4.1 and 4.2). A block by the issuer and our own close read alike: both are BLOCKED.
fn card_state(row: &JsonObject, spelling: &Spelling) -> (CardState, Arc<str>) {
    let status = row
        .object("cardStatus")
        .and_then(|status| status.first_text(&["label", "name", "code", "value"]));
    let Some(status) = status.or_else(|| row.first_text(&["cardStatus", "status"])) else {
        return (CardState::Unknown, "".into());
    };
    let state = spelling.card_state(&status).unwrap_or_else(|| match word(&status).as_str() {
        "ACTIVE" | "UL" | "UNLOCKED" => CardState::Active,
        "L" | "LOCKED" | "FROZEN" => CardState::Frozen,
        "BL" | "BLOCKED" => CardState::Blocked,
        "AP" | "ACTIVATION_IN_PROGRESS" | "PENDING" => CardState::Pending,
        "CLOSED" => CardState::Closed,
        "EXPIRED" => CardState::Expired,
        _ => CardState::Unknown,
    });
    (state, status)
}

/// A word of an enumeration: upper case, blanks and dashes as underscores.
fn word(text: &str) -> String {
    text.trim()
        .chars()
        .map(|c| if matches!(c, ' ' | '-') { '_' } else { c.to_ascii_uppercase() })
        .collect()
}

/// `YYYY-MM` from `expiryMonth` and `expiryYear`, which may have two digits and may be `""`.
fn expires(row: &JsonObject) -> Option<Arc<str>> {
    let month = row.integer("expiryMonth").filter(|month| (1..=12).contains(month))?;
    let year = match row.integer("expiryYear")? {
        short @ 0..=99 => 2000 + short,
        year @ 2000..=2199 => year,
        _ => return None,
    };
    Some(format!("{year:04}-{month:02}").into())
}

/// The account's money that can still be allocated to cards (enkash wire notes, 2.6).
pub(super) fn float(envelope: &Envelope) -> Result<Option<Money>, RowError> {
    let Some(payload) = envelope.payload() else { return Ok(None) };
    JsonObject::read(payload)?.money("availableBalance", rupees())
}

/// The id of a transaction in a row, under any of its names (enkash wire notes, 2.14).
pub(super) fn transaction_id(row: &JsonObject) -> Option<Arc<str>> {
    row.first_id(&TRANSACTION_ID)
}

const TRANSACTION_ID: [&str; 3] =
    ["enKashCardTransactionId", "enKashTransactionId", "enkashCardTxnId"];

/// The id of a load in its own answer: only a sibling product sends one (enkash wire notes, 2.2).
pub(super) fn load_id(envelope: &Envelope) -> Option<Arc<str>> {
    transaction_id(&JsonObject::read(envelope.payload()?).ok()?)
}

/// A row of `/transaction/all`; the names are INFERENCE from a callback that integrators store
/// (enkash wire notes, 2.14, 3.2).
pub(super) fn transaction(
    raw: &RawValue,
    reader: &RowReader<'_>,
    card: Option<&Card>,
) -> Result<Transaction, RowError> {
    let row = JsonObject::read(raw)?;
    let details = row.object("txnDetails").unwrap_or_default();
    let currency = currency(&row)?;
    let amount =
        amount(&row, currency)?.ok_or_else(|| RowError::new("a transaction has no amount"))?;
    let fee = details.money("transactionFees", currency)?;
    let happened = reader.row_time(&row, &TIMES)?;
    let type_word = row.text("type").or_else(|| details.text("transactionType"));
    let credit = credit(&row);
    let set = type_word.as_deref().and_then(|word| reader.spelling.transaction_kind(word));
    let kind = set.unwrap_or_else(|| kind(type_word.as_deref(), credit, &details));
    let amount = with_sign(amount, kind, credit);
    let status = row.text("status");
    // A row of a question about one card need not name the card.
    let card_id = listing::card_id(&row, &CARD_ID, reader.ids.cards, card);
    let (state, description) =
        (state(status.as_deref(), kind, reader.spelling), row.text("description"));
    // No field for it is documented: the description may be all there is.
    let decline_reason = listing::decline_reason(
        &row,
        &["declineReason", "failureReason", "reason"],
        state,
        description.as_ref(),
    );
    let id = transaction_id(&row).unwrap_or_else(|| derived_id(&row, happened));
    Ok(Transaction {
        card_id,
        last4: row
            .last4("maskedCard")
            .or_else(|| row.last4("maskedNumber"))
            .or_else(|| card.and_then(|card| card.last4)),
        kind,
        state,
        provider_state: listing::state_words(
            kind,
            type_word.as_deref().unwrap_or(""),
            status.as_deref().unwrap_or(""),
        ),
        fee: fee.filter(|fee| !fee.amount().is_zero()).map(Money::abs),
        merchant: details.text("merchantName").or_else(|| row.text("merchantName")),
        mcc: details.text("mcc").or_else(|| row.text("mcc")),
        country: details.first_text(&["merchantCountry", "country"]),
        decline_reason,
        description,
        seen_at: reader.at,
        ..Transaction::new(reader.provider.clone(), id, amount, happened)
    })
}

/// An amount with the sign that the domain gives its kind: only adjustments and what is not known
/// have one.
fn with_sign(amount: Money, kind: TransactionKind, credit: Option<bool>) -> Money {
    let signed = matches!(kind, TransactionKind::Adjustment | TransactionKind::Other);
    match (signed, credit) {
        (false, _) | (true, Some(true)) => amount.abs(),
        (true, Some(false)) => amount.abs().negated(),
        (true, None) => amount,
    }
}

/// An id for a row that has none: the same row always gets the same one.
fn derived_id(row: &JsonObject, happened: Timestamp) -> Arc<str> {
    let mut parts = vec![happened.to_string()];
    for name in [
        "enKashCardId",
        "pgReferenceNumber",
        "principalAmount",
        "amount",
        "cardTransactionType",
        "type",
        "description",
    ] {
        // As sent: two rows that cleaning makes alike are still two.
        parts.push(row.raw_text(name).map(|text| text.trim().to_owned()).unwrap_or_default());
    }
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    listing::derived_id(&parts)
}

/// Rupees where the row names no currency or says them by number (356).
pub(super) fn currency(row: &JsonObject) -> Result<Currency, RowError> {
    if row.integer("currency") == Some(356) {
        return Ok(rupees());
    }
    Ok(row.currency("currency")?.unwrap_or_else(rupees))
}

pub(super) fn amount(row: &JsonObject, currency: Currency) -> Result<Option<Money>, RowError> {
    Ok(match row.money("principalAmount", currency)? {
        Some(amount) => Some(amount),
        None => row.money("amount", currency)?,
    })
}

/// Whether money came in (`CR`) or went out (`DR`).
pub(super) fn credit(row: &JsonObject) -> Option<bool> {
    match word(&row.first_text(&["cardTransactionType", "transactionType"])?).as_str() {
        "CR" | "CREDIT" => Some(true),
        "DR" | "DEBIT" => Some(false),
        _ => None,
    }
}

/// | `type` (enkash wire notes, 4.4) | ours |
/// |---|---|
/// | `SALE` going out | PURCHASE, or WITHDRAWAL at an ATM |
/// | `LOAD_MONEY`, `ALLOCATE_FUND`, `ALLOCATE_POINT` | TOP-UP |
/// | `UNALLOCATE_FUND`, `UNALLOCATE_POINT` | WITHDRAWAL |
/// | `REFUND`, `REVERSAL`, `FEE` | the same |
/// | `REPAYMENT`, `RECOVERY`, `CREDIT` | ADJUSTMENT, with its sign |
/// | anything else | OTHER, with its sign |
fn kind(type_word: Option<&str>, credit: Option<bool>, details: &JsonObject) -> TransactionKind {
    match type_word.map(word).as_deref() {
        Some("SALE" | "PURCHASE") if credit != Some(true) => {
            let atm = details.text("channel").is_some_and(|channel| word(&channel) == "ATM");
            if atm { TransactionKind::Withdrawal } else { TransactionKind::Purchase }
        }
        Some("LOAD_MONEY" | "ALLOCATE_FUND" | "ALLOCATE_POINT") if credit != Some(false) => {
            TransactionKind::TopUp
        }
        Some("UNALLOCATE_FUND" | "UNALLOCATE_POINT") => TransactionKind::Withdrawal,
        Some("REFUND") => TransactionKind::Refund,
        Some("REVERSAL") => TransactionKind::Reversal,
        Some("FEE") => TransactionKind::Fee,
        Some("REPAYMENT" | "RECOVERY" | "CREDIT") => TransactionKind::Adjustment,
        _ => TransactionKind::Other,
    }
}

/// How far a movement got: only words that are inferred to be final end it (enkash wire notes,
/// 4.7). What ends a load is narrower still: one that is called complete or cancelled stays open.
pub(super) fn state(
    status: Option<&str>,
    kind: TransactionKind,
    spelling: &Spelling,
) -> TransactionState {
    const OF_A_LOAD: [&str; 7] =
        ["SUCCESS", "SUCCESSFUL", "FAILED", "FAILURE", "DECLINED", "REJECTED", "REVERSED"];
    let status = status.unwrap_or_default();
    if let Some(state) = spelling.transaction_state(status) {
        return state;
    }
    let state = states::transaction_state(status, kind, &[]);
    let open = matches!(state, TransactionState::Hold | TransactionState::Unknown);
    let load = kind == TransactionKind::TopUp && !OF_A_LOAD.contains(&word(status).as_str());
    if load && !open { TransactionState::Unknown } else { state }
}

/// When a row happened: with an offset as it says; without one in India's time (enkash wire notes,
/// 6.24; INFERENCE), as `2025-01-23T16:38:36` or `Jan 23, 2025 4:38:36 PM` (2.5).
pub(super) const TIMES: [&str; 3] = ["txnDate", "createdOn", "transactionDate"];
