//! Decrypted answers of Banana Tech, turned into the domain's words. Card numbers and CVVs end here.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::value::RawValue;

use crate::domain::card::{Balance, Card, CardKind, CardState, ProviderId, Reading};
use crate::domain::money::{Currency, Money};
use crate::domain::transaction::{Transaction, TransactionKind, TransactionState};
use crate::provider::fields::{self, Fields, Odd};
use crate::provider::http::Answer;
use crate::provider::{Result, listing};

/// A template, as far as cards need it (banana wire notes, 2.2).
pub(super) struct Template {
    id: Arc<str>,
    kind: Option<CardKind>,
}

/// The words of an answer or a refusal (1.9).
pub(super) fn message(fields: &Fields) -> Option<Arc<str>> {
    fields.first_text(&["message", "error", "detail", "error_reason"])
}

/// Templates (2.2): the wrapper is not documented, so several are read. Odd rows are left out.
pub(super) fn templates(inside: &RawValue) -> Vec<Template> {
    let rows = match Fields::read(inside) {
        Ok(fields) => fields.any_list(),
        Err(_) => fields::list(inside),
    };
    let one = |row: &RawValue| -> Option<Template> {
        let fields = Fields::read(row).ok()?;
        let kind = fields.text("type").and_then(|word| CardKind::of_word(&word));
        Some(Template { id: fields.id("id")?, kind })
    };
    rows.unwrap_or_default().iter().filter_map(|row| one(row)).collect()
}

/// Balance (2.10).
pub(super) fn balance(card: &Card, inside: &RawValue, answer: &Answer) -> Result<Card> {
    let odd = |odd: Odd| answer.bad_reply(&format!("a balance {odd}"));
    let fields = Fields::read(inside).map_err(odd)?;
    let currency = fields.currency("currency").map_err(odd)?.or(card.currency);
    let mut read = Card::unread(card.key.clone());
    read.currency = currency;
    if let Some(currency) = currency {
        let available = fields.money("balance", currency).map_err(odd)?;
        if available.is_some() {
            read.balance = Reading::At { value: Balance { available, current: None, pending: None }, at: answer.at };
        }
    }
    Ok(read)
}

/// Information (2.11): the state, the expiry and the last four digits; number and CVV are dropped.
pub(super) fn information(card: &mut Card, inside: &RawValue, templates: &[Template]) {
    let Ok(fields) = Fields::read(inside) else { return };
    card.last4 = fields.last4("number");
    card.expires = fields.text("expiry_date").and_then(|text| expiry(&text));
    if let Some(word) = fields.text("status") {
        card.state = state(&word);
        card.provider_state = word;
    }
    if let Some(template) = fields.text("template_id") {
        card.kind = templates.iter().find(|known| known.id == template).and_then(|known| known.kind);
    }
}

/// `12/25` as `2025-12`.
fn expiry(text: &str) -> Option<Arc<str>> {
    let (month, year) = text.split_once('/')?;
    let digits = |text: &str| text.len() == 2 && text.bytes().all(|b| b.is_ascii_digit());
    (digits(month) && digits(year)).then(|| format!("20{year}-{month}").into())
}

/// ACTIVE, LOCKED and TBA are documented (4); the others are inferred.
fn state(word: &str) -> CardState {
    match listing::plain(word).as_str() {
        "active" => CardState::Active,
        "locked" | "lock" | "frozen" => CardState::Frozen,
        "blocked" => CardState::Blocked,
        "tba" | "pending" | "inactive" => CardState::Pending,
        "closed" | "close" | "cancelled" | "canceled" => CardState::Closed,
        "expired" => CardState::Expired,
        _ => CardState::Unknown,
    }
}

/// Float (2.1): not documented; read like a card's balance, or as a list of such.
pub(super) fn float(inside: &RawValue, answer: &Answer) -> Result<Vec<Money>> {
    let odd = |odd: Odd| answer.bad_reply(&format!("the account's balance {odd}"));
    let one = |fields: &Fields| -> std::result::Result<Option<Money>, Odd> {
        let currency = fields.currency("currency")?.unwrap_or_else(usd);
        for name in ["balance", "available_balance", "available", "amount"] {
            if let Some(money) = fields.money(name, currency)? {
                return Ok(Some(money));
            }
        }
        Ok(None)
    };
    let fields = Fields::read(inside).unwrap_or_default();
    if let Some(money) = one(&fields).map_err(odd)? {
        // The account's own figure, and others beside it where a list of them stands there too.
        let mut float = vec![money];
        for row in fields.list("balances").unwrap_or_default() {
            let other = Fields::read(&row).and_then(|row| one(&row)).map_err(odd)?;
            float.extend(other.filter(|other| float.iter().all(|known| known.currency() != other.currency())));
        }
        return Ok(float);
    }
    let rows = match fields.object("data") {
        Some(inner) => return Ok(one(&inner).map_err(odd)?.into_iter().collect()),
        None => fields.any_list().or_else(|| fields::list(inside)).unwrap_or_default(),
    };
    let mut float = Vec::new();
    for row in rows {
        float.extend(one(&Fields::read(&row).map_err(odd)?).map_err(odd)?);
    }
    Ok(float)
}

/// The merchant's account is in US dollars where nothing else is said: the only currency in the documents (4).
fn usd() -> Currency {
    "USD".parse().expect("USD is a currency code")
}

/// The rows of a page and the total, where there is one (2.12).
pub(super) fn rows(inside: &RawValue, answer: &Answer) -> Result<(Vec<Box<RawValue>>, Option<i64>)> {
    if let Ok(fields) = Fields::read(inside) {
        let rows = fields.list("data").or_else(|| fields.any_list());
        let total = fields.integer("total");
        return match (rows, total) {
            (Some(rows), total) => Ok((rows, total)),
            (None, Some(0)) => Ok((Vec::new(), Some(0))),
            (None, _) => Err(answer.bad_reply("answered no list of transactions")),
        };
    }
    fields::list(inside).map(|rows| (rows, None)).ok_or_else(|| answer.bad_reply("answered no list of transactions"))
}

/// A row (2.12).
pub(super) fn transaction(
    provider: &ProviderId,
    card: Option<&Card>,
    row: &RawValue,
    seen_at: Timestamp,
) -> std::result::Result<Transaction, Odd> {
    let row = Fields::read(row)?;
    let currency =
        row.currency("currency")?.or(card.and_then(|card| card.currency)).ok_or_else(|| Odd::new("has no currency"))?;
    let amount = row.money("amount", currency)?.ok_or_else(|| Odd::new("has no amount"))?;
    let at = match row.time("created_at")? {
        Some(at) => at,
        None => row.time("occur_time")?.ok_or_else(|| Odd::new("has no time"))?,
    };
    let (kind_word, state_word) = (row.text("type").unwrap_or_default(), row.text("status").unwrap_or_default());
    let kind = kind(&kind_word);
    let declined_kind = matches!(listing::plain(&kind_word).as_str(), "decline" | "declined");
    let state = if declined_kind { TransactionState::Declined } else { transaction_state(&state_word, kind) };
    Ok(Transaction {
        provider: provider.clone(),
        id: match row.first_id(&["id", "transaction_id"]) {
            Some(id) => id,
            None => listing::made_id(&[&at.to_string(), &amount.digits(), &kind_word, &row.id("card_id").unwrap_or_default()]),
        },
        card_id: row.id("card_id").or_else(|| card.map(|card| Arc::clone(&card.key.id))),
        last4: card.and_then(|card| card.last4),
        kind,
        state,
        provider_state: listing::words(&[&kind_word, &state_word]),
        amount: listing::signed(kind, amount),
        fee: row.money("fee", currency)?,
        merchant: row.first_text(&["merchant_name", "merchant"]),
        mcc: row.first_text(&["mcc", "merchant_category_code"]),
        country: row.first_text(&["merchant_country", "country"]),
        decline_reason: row
            .first_text(&["decline_reason", "error_reason", "reason", "failure_reason"])
            .or_else(|| row.text("description").filter(|_| state == TransactionState::Declined)),
        description: row.text("description"),
        at,
        seen_at,
        operation: None,
    })
}

/// Only RECHARGE is documented (4); the others are inferred, and a word nobody knows is OTHER.
fn kind(word: &str) -> TransactionKind {
    match listing::plain(word).as_str() {
        "recharge" | "topup" | "deposit" => TransactionKind::TopUp,
        "purchase" | "consume" | "consumption" | "authorization" | "auth" | "payment" | "decline" | "declined" => {
            TransactionKind::Purchase
        }
        "refund" => TransactionKind::Refund,
        "reversal" => TransactionKind::Reversal,
        "fee" | "applyfee" | "rechargefee" | "refundfee" => TransactionKind::Fee,
        "withdrawal" | "withdraw" | "atm" => TransactionKind::Withdrawal,
        "correction" | "adjustment" => TransactionKind::Adjustment,
        _ => TransactionKind::Other,
    }
}

/// Only SUCCESS is documented (4). A purchase that FAILED was declined; anything else that failed just did not happen.
fn transaction_state(word: &str, kind: TransactionKind) -> TransactionState {
    match listing::plain(word).as_str() {
        "pending" | "processing" | "authorized" | "hold" => TransactionState::Hold,
        "declined" | "rejected" => TransactionState::Declined,
        "failed" | "fail" if kind == TransactionKind::Purchase => TransactionState::Declined,
        "failed" | "fail" | "cancelled" | "canceled" => TransactionState::Failed,
        "reversed" | "void" | "voided" => TransactionState::Reversed,
        _ => TransactionState::Cleared,
    }
}
