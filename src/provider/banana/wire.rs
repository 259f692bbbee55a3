//! banana's answers, once opened, in our words. Pure: nothing here asks, waits or knows the time.
//!
//! Card numbers end here as their last four digits; the CVV is not read at all.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::value::RawValue;

use super::settings::IDS;
use crate::config::spelling::Spelling;
use crate::domain::card::{Balance, Card, CardKind, CardState, Reading};
use crate::domain::money::{Currency, Money};
use crate::domain::transaction::{Transaction, TransactionKind};
use crate::provider::json::{JsonObject, RowError, list};
use crate::provider::listing::{self, RowReader};

/// What a balance reading says of a card (banana wire notes, 2.10): `balance` is what can be spent.
pub(super) fn balance(answer: JsonObject, asked: &Card, at: Timestamp) -> Result<Card, RowError> {
    const KNOWN: [&str; 3] = ["balance", "refund_amount", "currency"];
    let answer =
        listing::unwrap_data(answer, &KNOWN).ok_or_else(|| RowError::new("answered no balance"))?;
    listing::check_same_card(asked, IDS.cards, &answer, &["card_id"], &["number", "card_number"])?;
    // A currency that cannot be read is not taken for the one that the roster names.
    let said = answer.currency("currency")?;
    // The answer names no card, and a card's currency never changes.
    if let (Some(said), Some(known)) = (said, asked.currency)
        && said != known
    {
        return Err(RowError::new(&format!(
            "the balance is in {said} and the card in {known}: the answer is about another card, \
             or the roster names a wrong currency"
        )));
    }
    let currency = said.or(asked.currency);
    let balance = match (answer.decimal("balance")?, currency) {
        (None, _) => Reading::Never,
        (Some(amount), Some(currency)) => Reading::At {
            value: Balance { available: Some(Money::new(amount, currency)), ..Balance::default() },
            at,
        },
        (Some(_), None) => {
            return Err(RowError::new(
                "the balance came without a currency; name the card's currency in the roster",
            ));
        }
    };
    Ok(Card {
        wire_id: Arc::clone(&asked.wire_id),
        currency,
        balance,
        ..Card::unread(asked.key.clone())
    })
}

/// The id of the template that a card was made from, if it was said.
type Template = Option<Arc<str>>;

/// What the information says of a card, and the template it was made from (banana wire notes,
/// 2.11). `None` where it says nothing.
///
/// # Errors
/// When it is about another card. A balance names no card, so what came beside this is not to be
/// believed either.
pub(super) fn information(
    answer: JsonObject,
    asked: &Card,
    spelling: &Spelling,
    at: Timestamp,
) -> Result<Option<(Card, Template)>, RowError> {
    const KNOWN: [&str; 5] = ["number", "cvv", "expiry_date", "status", "template_id"];
    let Some(answer) = listing::unwrap_data(answer, &KNOWN) else { return Ok(None) };
    listing::check_same_card(asked, IDS.cards, &answer, &["card_id"], &["number"])?;
    let word = answer.text("status");
    let card = Card {
        last4: answer.last4("number"),
        state: word.as_deref().map_or(CardState::Unknown, |word| {
            spelling.card_state(word).unwrap_or_else(|| card_state(word))
        }),
        state_at: word.is_some().then_some(at),
        provider_state: word.unwrap_or_else(|| "".into()),
        expires: answer.text("expiry_date").and_then(|date| listing::parse_expiry(&date)),
        wire_id: Arc::clone(&asked.wire_id),
        ..Card::unread(asked.key.clone())
    };
    Ok(Some((card, answer.id("template_id"))))
}

/// Card states (banana wire notes, 4): `ACTIVE`, `LOCKED` and `TBA` are documented, `CLOSED` is
/// inferred there.
fn card_state(word: &str) -> CardState {
    match listing::plain(word).as_str() {
        "active" => CardState::Active,
        "locked" | "lock" | "frozen" => CardState::Frozen,
        "tba" | "tobeactivated" | "pending" | "inactive" => CardState::Pending,
        "closed" | "close" | "cancelled" | "canceled" => CardState::Closed,
        "blocked" => CardState::Blocked,
        "expired" => CardState::Expired,
        _ => CardState::Unknown,
    }
}

/// Whether each template is virtual or physical, by its id (banana wire notes, 2.2). Its fees and
/// limits are not read: whether a fee is a sum or a percentage is not documented, and limits are
/// the provider's to check.
pub(super) fn templates(answer: &RawValue) -> BTreeMap<Arc<str>, CardKind> {
    let rows = listing::find_rows(answer).unwrap_or_default();
    rows.iter()
        .filter_map(|row| {
            let row = JsonObject::read(row).ok()?;
            Some((
                row.first_id(&["id", "template_id"])?,
                row.text("type")?.parse::<CardKind>().ok()?,
            ))
        })
        .collect()
}

/// The float (banana wire notes, 2.1). INFERENCE there: an object with `balance` and `currency`; a
/// list of such is read too.
pub(super) fn float(answer: &RawValue) -> Result<Vec<Money>, RowError> {
    let has_balance = |fields: &JsonObject| {
        fields.first(&BALANCES).is_some_and(|value| !value.get().starts_with(['[', '{']))
    };
    let rows = match JsonObject::read(answer) {
        Ok(fields) if has_balance(&fields) => {
            // Its own figure; and where a list stands beside it, the figures of other currencies.
            let own = fields.currency("currency").ok().flatten();
            let others = fields.any_list().unwrap_or_default().into_iter().filter(|row| {
                let other = JsonObject::read(row)
                    .ok()
                    .and_then(|row| row.currency("currency").ok().flatten());
                own.is_some() && other.is_some() && other != own
            });
            std::iter::once(answer).chain(others).collect()
        }
        Ok(fields) => match fields.any_list() {
            Some(rows) => rows,
            None => fields
                .names()
                .filter_map(|name| fields.get(name))
                .filter(|value| value.get().starts_with('{'))
                .collect(),
        },
        Err(_) => list(answer).unwrap_or_default(),
    };
    let mut sums: BTreeMap<Currency, Money> = BTreeMap::new();
    for row in &rows {
        let row = JsonObject::read(row)?;
        let mut amount = None;
        for name in BALANCES {
            amount = amount.or(row.decimal(name)?);
        }
        let Some(amount) = amount else { continue };
        let currency =
            ["currency", "currency_code"].iter().find_map(|name| row.currency(name).ok().flatten());
        let money = Money::new(
            amount,
            currency.ok_or_else(|| RowError::new("the account balance came without a currency"))?,
        );
        let sum = match sums.get(&money.currency()) {
            Some(sum) => {
                sum.checked_add(money).map_err(|error| RowError::new(&error.to_string()))?
            }
            None => money,
        };
        sums.insert(sum.currency(), sum);
    }
    if sums.is_empty() {
        Err(RowError::new("answered no account balance"))
    } else {
        Ok(sums.into_values().collect())
    }
}

const BALANCES: [&str; 4] = ["balance", "available_balance", "available", "amount"];

/// What a change was answered with.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Envelope {
    /// It was taken; a transaction's id, should one ever come.
    Accepted(Option<Arc<str>>),
    /// It was refused, and why.
    Refused(String),
}

/// The answer to a change: `{"message": …}`, sometimes with `success` (banana wire notes, 2.8, 2.9,
/// 2.14). It is never more than an acceptance (5.2).
pub(super) fn change(answer: &JsonObject) -> Result<Envelope, RowError> {
    if let Some(why) = refused(answer) {
        return Ok(Envelope::Refused(why));
    }
    if answer.flag("success").is_none()
        && answer.get("error").is_some_and(|error| error.get() != "false")
    {
        let said = words(answer).map_or_else(String::new, |said| format!(": {said}"));
        return Err(RowError::new(&format!("answered with an error{said}")));
    }
    let id = answer.first_id(&["transaction_id", "id"]);
    let known = ["message", "success", "status"].iter().any(|name| answer.text(name).is_some());
    if known || id.is_some() {
        Ok(Envelope::Accepted(id))
    } else {
        Err(RowError::new("answered nothing that says what became of it"))
    }
}

/// Why an answer with a good HTTP status is a refusal all the same (banana wire notes, 1.9).
pub(super) fn refused(answer: &JsonObject) -> Option<String> {
    let failed = match answer.flag("success") {
        Some(success) => !success,
        None => answer.text("status").is_some_and(|word| listing::plain(&word) == "failed"),
    };
    failed.then(|| words(answer).as_deref().unwrap_or("it says no, without a reason").to_owned())
}

/// Where a row names its card and itself.
pub(super) const NAMES: listing::IdFields =
    listing::IdFields { card: &["card_id"], row: &["id", "transaction_id"] };

/// One row of the transactions (banana wire notes, 2.12). `card` is the card whose list it is,
/// where it is one card's.
pub(super) fn transaction(
    row: &RawValue,
    reader: &RowReader<'_>,
    card: Option<&Card>,
) -> Result<Transaction, RowError> {
    let spelling = reader.spelling;
    let row = JsonObject::read(row)?;
    let currency = row.currency("currency")?.or_else(|| card.and_then(|card| card.currency));
    let currency = currency.ok_or_else(|| RowError::new("has no currency"))?;
    let amount = row.money("amount", currency)?.ok_or_else(|| RowError::new("has no amount"))?;
    let at = reader.row_time(&row, &["created_at", "occur_time"])?;
    let (kind_word, state_word) =
        (row.text("type").unwrap_or_default(), row.text("status").unwrap_or_default());
    // Of its states `SUCCESS` is documented, `FAILED` and `PENDING` are inferred (banana wire
    // notes, 4).
    let kind = spelling.transaction_kind(&kind_word).unwrap_or_else(|| kind(&kind_word));
    let state = spelling
        .transaction_state(&state_word)
        .unwrap_or_else(|| crate::provider::states::transaction_state(&state_word, kind, &[]));
    let card_id = listing::card_id(&row, &["card_id"], reader.ids.cards, card);
    let description = row.first_text(&["description", "message"]);
    let decline_reason = listing::decline_reason(
        &row,
        &["decline_reason", "error_reason", "reason"],
        state,
        description.as_ref(),
    );
    let own =
        row.first_id(&["id", "transaction_id"]).map(|id| reader.ids.transactions.canonical(&id));
    let id = own.unwrap_or_else(|| {
        listing::derived_id(&[
            card_id.as_deref().unwrap_or(""),
            &amount.digits(),
            currency.code(),
            &at.to_string(),
        ])
    });
    Ok(Transaction {
        card_id,
        last4: row.last4("card_number").or_else(|| card.and_then(|card| card.last4)),
        kind,
        state,
        provider_state: listing::state_words(kind, &kind_word, &state_word),
        fee: row.money("fee", currency).ok().flatten(),
        merchant: row.text("merchant_name"),
        mcc: row.first_text(&["mcc", "merchant_category_code"]),
        country: row.first_text(&["merchant_country", "country"]),
        decline_reason,
        description,
        seen_at: reader.at,
        ..Transaction::new(reader.provider.clone(), id, listing::domain_amount(kind, amount), at)
    })
}

/// Transaction types (banana wire notes, 4): only `RECHARGE` is documented; the rest are words that
/// mean one thing only.
fn kind(word: &str) -> TransactionKind {
    match listing::plain(word).as_str() {
        "transaction" => TransactionKind::Purchase,
        "applyfee" | "rechargefee" | "refundfee" => TransactionKind::Fee,
        _ => listing::transaction_kind(word),
    }
}

/// The provider's words in a refusal (banana wire notes, 1.9; inferred there).
pub(super) fn words(answer: &JsonObject) -> Option<Arc<str>> {
    answer
        .text("message")
        .or_else(|| answer.object("error")?.first_text(&["message", "detail"]))
        .or_else(|| answer.first_text(&["error", "detail", "error_reason", "msg"]))
}

/// The provider's words in the plain body of a refusal, whatever it is; empty when it has none.
pub(super) fn refusal_words(json: &RawValue) -> String {
    listing::refusal_reason(json, words)
}

/// Whether the words of a 400 are about who we are: here a refused credential is 400, not 401
/// (banana wire notes, 1.9).
pub(super) fn about_credentials(words: &str) -> bool {
    let words = words.to_ascii_lowercase();
    [
        "hmac",
        "signature",
        "merchant-id",
        "merchant id",
        "merchant_id",
        "merchantid",
        "decrypt",
        "unauthorized",
        "unauthorised",
    ]
    .iter()
    .any(|sign| words.contains(sign))
}
