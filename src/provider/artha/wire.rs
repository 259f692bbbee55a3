//! Answers of artha, turned into the domain's words. Card numbers, CVVs and PINs end here.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::value::RawValue;

use super::unreadable;
use crate::domain::card::{Balance, Card, CardKind, CardState, ProviderId, Reading};
use crate::domain::money::{Currency, Money};
use crate::domain::transaction::{Transaction, TransactionKind, TransactionState};
use crate::provider::fields::{self, Fields, Odd};
use crate::provider::http::Answer;
use crate::provider::{Quote, Result, Seen, listing};

/// What the provider says is wrong, best effort (artha wire notes, 3).
pub(super) fn complaint(answer: &Answer) -> String {
    let Ok(fields) = answer.object() else { return String::new() };
    fields
        .first_text(&["message", "title", "detail", "remarks"])
        .or_else(|| fields.object("error").and_then(|error| error.text("message")))
        .or_else(|| fields.text("error"))
        .map(|text| text.to_string())
        .unwrap_or_default()
}

/// Balance (2.7): amounts are strings that may be missing, and available may be more than current.
pub(super) fn balance(card: &Card, answer: &Answer) -> Result<Card> {
    let fields = answer.object()?;
    let odd = |odd: Odd| unreadable(answer, &odd.to_string());
    let currency = fields.currency("cardCurrency").map_err(odd)?.or(card.currency);
    let mut read = Card::unread(card.key.clone());
    read.currency = currency;
    read.last4 = fields.last4("cardNumber");
    read.kind = fields.text("cardType").and_then(|word| CardKind::of_word(&word));
    if let Some(currency) = currency {
        let value = Balance {
            available: fields.money("availableBalance", currency).map_err(odd)?,
            current: fields.money("currentBalance", currency).map_err(odd)?,
            pending: None,
        };
        if value != Balance::default() {
            read.balance = Reading::At { value, at: answer.at };
        }
    }
    Ok(read)
}

/// Details (2.5): the state, the expiry and the last four digits; number and CVV are dropped.
pub(super) fn details(card: &mut Card, answer: &Answer) -> Result<()> {
    let fields = answer.object()?;
    card.last4 = fields.last4("cardNumber").or(card.last4);
    card.expires = fields.text("expirationDate").and_then(|text| expiry(&text));
    if let Some(word) = fields.first_text(&["cardStatus", "status", "cardState"]) {
        card.state = state(&word);
        card.provider_state = word;
    }
    Ok(())
}

/// `2025-10-01`, `2025-10-01T00:00:00`, `10/25` or `10/2025` as `2025-10`.
fn expiry(text: &str) -> Option<Arc<str>> {
    let digits =
        |text: &str, count: usize| (text.len() == count && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.to_owned());
    if let Some((month, year)) = text.split_once('/') {
        let year = digits(year, 4).or_else(|| digits(year, 2).map(|year| format!("20{year}")))?;
        return Some(format!("{year}-{}", digits(month, 2)?).into());
    }
    let (year, month) = (digits(text.get(..4)?, 4)?, digits(text.get(5..7)?, 2)?);
    Some(format!("{year}-{month}").into())
}

/// Card states are not documented: these words are inferred (artha wire notes, 6), every other is UNKNOWN and shown as it is.
fn state(word: &str) -> CardState {
    match listing::plain(word).as_str() {
        "active" | "activated" | "normal" | "enabled" => CardState::Active,
        "frozen" | "freeze" | "freezed" | "locked" | "suspended" => CardState::Frozen,
        "blocked" => CardState::Blocked,
        "cancelled" | "canceled" | "closed" | "terminated" => CardState::Closed,
        "inactive" | "pending" | "notactivated" | "unactivated" | "cardinprogress" => CardState::Pending,
        "expired" => CardState::Expired,
        _ => CardState::Unknown,
    }
}

/// Fee quote (2.8): the fee is taken out of the amount.
pub(super) fn quote(answer: &Answer, amount: Money) -> Result<Quote> {
    let fields = answer.object()?;
    let odd = |odd: Odd| unreadable(answer, &odd.to_string());
    if fields.text("status").is_some_and(|status| status.eq_ignore_ascii_case("failed")) {
        return Err(answer.said_no(fields.text("remarks").as_deref().unwrap_or("refused without a reason")));
    }
    Ok(Quote {
        fee: fields.money("fee", amount.currency()).map_err(odd)?,
        receives: fields.money("receiveAmount", amount.currency()).map_err(odd)?,
        debited: fields.money("amount", amount.currency()).map_err(odd)?,
        at: answer.at,
    })
}

/// Float (2.1): `balances` is an object in the document's example, a list by its name; both are read. Sums of one currency are added.
pub(super) fn float(answer: &Answer) -> Result<Vec<Money>> {
    let fields = answer.object()?;
    let rows = fields.list("balances").or_else(|| fields.list("balance")).unwrap_or_default();
    let mut sums: Vec<Money> = Vec::new();
    for row in rows {
        let one = || -> std::result::Result<Money, Odd> {
            let row = Fields::read(&row)?;
            let currency = match row.currency("currencyCode") {
                Ok(Some(currency)) => currency,
                _ => row.currency("currency")?.ok_or_else(|| Odd::new("a balance has no currency"))?,
            };
            row.money("amount", currency)?.ok_or_else(|| Odd::new("a balance has no amount"))
        };
        let money = one().map_err(|odd| unreadable(answer, &odd.to_string()))?;
        match sums.iter_mut().find(|sum| sum.currency() == money.currency()) {
            Some(sum) => *sum = sum.plus(money).map_err(|error| unreadable(answer, &error.to_string()))?,
            None => sums.push(money),
        }
    }
    Ok(sums)
}

/// The task of a change (2.11 to 2.16): `Failed` is a refusal, everything else with a task is accepted. A 200 that shows neither may
/// have done anything.
pub(super) fn task(answer: &Answer) -> Result<Option<Arc<str>>> {
    let fields = answer.object()?;
    let (task, status, remarks) = (fields.id("taskId"), fields.text("status"), fields.text("remarks"));
    match status.as_deref().map(listing::plain).as_deref() {
        Some("failed" | "failure" | "fail" | "rejected" | "error") => {
            Err(answer.said_no(remarks.as_deref().unwrap_or("refused without a reason")))
        }
        None if task.is_none() => Err(answer.bad_reply("answered neither a task nor a status")),
        _ => Ok(task),
    }
}

/// The fate of a top-up (2.12). Words other than success and failure are "still at it" (inferred: 6).
pub(super) fn task_seen(answer: &Answer, task: &str) -> Result<Seen> {
    let fields = answer.object()?;
    let words = format!("task {task} says");
    Ok(match fields.text("status") {
        None => Seen::Nowhere { looked: format!("{words} nothing") },
        Some(status) => match listing::plain(&status).as_str() {
            "success" | "succeeded" | "completed" | "complete" | "approved" | "done" => {
                Seen::Done { proof: format!("{words} {status}"), credit: None }
            }
            "failed" | "failure" | "fail" | "rejected" | "declined" | "cancelled" | "canceled" => {
                let why = fields.text("remarks").map(|remarks| format!(": {remarks}")).unwrap_or_default();
                Seen::Failed { why: format!("{words} {status}{why}") }
            }
            _ => Seen::NotYet { looked: format!("{words} {status}") },
        },
    })
}

/// The rows of a list (2.9): a bare list, or the first list of an object, at most two objects deep (inferred: 6).
pub(super) fn rows(answer: &Answer) -> Result<Vec<Box<RawValue>>> {
    let json = answer.json()?;
    if json.get().starts_with('[') {
        return fields::list(&json).ok_or_else(|| unreadable(answer, "its list cannot be read"));
    }
    let outer = answer.object()?;
    let inner = || outer.object("data").or_else(|| outer.object("result")).and_then(|inner| inner.any_list());
    outer.any_list().or_else(inner).ok_or_else(|| unreadable(answer, "answered no list of transactions"))
}

/// A row of a list; its names are inferred (6).
pub(super) fn transaction(
    provider: &ProviderId,
    card: Option<&Card>,
    row: &RawValue,
    seen_at: Timestamp,
) -> std::result::Result<Transaction, Odd> {
    let row = Fields::read(row)?;
    let currency: Option<Currency> = match row.currency("currency")? {
        Some(currency) => Some(currency),
        None => row.currency("txCurrency")?.or(card.and_then(|card| card.currency)),
    };
    let currency = currency.ok_or_else(|| Odd::new("has no currency"))?;
    let name = ["amount", "txAmount", "tx_amount"].into_iter().find(|name| row.get(name).is_some()).unwrap_or("amount");
    let amount = row.money(name, currency)?.ok_or_else(|| Odd::new("has no amount"))?;
    let at = match row.first(&["date", "time", "transactionDate", "createdAt", "txTime", "tx_time", "transactionTime"]) {
        Some(raw) => {
            fields::raw_text(raw).and_then(|text| fields::read_time(&text)).ok_or_else(|| Odd::new("its date is not a time"))?
        }
        None => return Err(Odd::new("has no date")),
    };
    let card_id = row.first_id(&["cardId", "card_id"]).or_else(|| card.map(|card| Arc::clone(&card.key.id)));
    let kind_word = row.first_text(&["type", "transactionType", "businessType", "business_type"]).unwrap_or_default();
    let state_word = row.first_text(&["status", "txStatus", "tx_status"]).unwrap_or_default();
    let kind = kind(&kind_word);
    let state = transaction_state(&state_word);
    let fee_name = if row.get("fee").is_some() { "fee" } else { "fees" };
    let remarks = row.first_text(&["remarks", "remark", "description"]);
    let declined = state == TransactionState::Declined;
    let id = row.first_id(&["transactionId", "id", "txId", "tx_id", "taskId"]).unwrap_or_else(|| {
        listing::made_id(&[
            card_id.as_deref().unwrap_or(""),
            &at.to_string(),
            &amount.digits(),
            &kind_word,
            remarks.as_deref().unwrap_or(""),
        ])
    });
    Ok(Transaction {
        provider: provider.clone(),
        id,
        last4: row.last4("cardNumber").or(card.and_then(|card| card.last4)),
        card_id,
        kind,
        state,
        provider_state: listing::words(&[&kind_word, &state_word]),
        amount: listing::signed(kind, amount),
        fee: row.money(fee_name, currency)?,
        merchant: row.first_text(&["merchant", "merchantName", "merchant_name"]),
        mcc: row.first_text(&["mcc", "merchantCategoryCode"]),
        country: row.first_text(&["country", "merchantCountry"]),
        decline_reason: row
            .first_text(&["declineReason", "reason", "failureReason"])
            .or_else(|| remarks.clone())
            .filter(|_| declined),
        description: remarks,
        at,
        seen_at,
        operation: None,
    })
}

fn kind(word: &str) -> TransactionKind {
    match listing::plain(word).as_str() {
        "consume" | "consumption" | "purchase" | "authorization" | "auth" | "payment" | "spend" => TransactionKind::Purchase,
        "refund" => TransactionKind::Refund,
        "reversal" | "reverse" => TransactionKind::Reversal,
        "fee" | "maintainfee" => TransactionKind::Fee,
        "recharge" | "topup" | "cardtopup" | "deposit" | "load" => TransactionKind::TopUp,
        "withdrawal" | "withdraw" | "atm" | "cash" => TransactionKind::Withdrawal,
        "adjustment" | "correction" => TransactionKind::Adjustment,
        _ => TransactionKind::Other,
    }
}

fn transaction_state(word: &str) -> TransactionState {
    match listing::plain(word).as_str() {
        "pending" | "processing" | "authorized" | "authorised" | "hold" | "submit" | "inprogress" => TransactionState::Hold,
        "declined" | "rejected" | "refused" => TransactionState::Declined,
        "reversed" | "void" | "voided" => TransactionState::Reversed,
        "failed" | "fail" | "failure" | "cancelled" | "canceled" => TransactionState::Failed,
        _ => TransactionState::Cleared,
    }
}
