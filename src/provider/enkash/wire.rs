//! Answers of EnKash, turned into the domain's words. Both spellings of the envelope are read (enkash wire notes, 1.6).

use std::sync::Arc;

use jiff::Timestamp;
use secrecy::SecretString;
use serde_json::value::RawValue;

use crate::domain::card::{Balance, Card, CardKey, CardKind, CardState, ProviderId, Reading};
use crate::domain::money::{Currency, Money};
use crate::domain::operation::Operation;
use crate::domain::text;
use crate::domain::transaction::{Transaction, TransactionKind, TransactionState};
use crate::provider::fields::{self, Fields, Odd};
use crate::provider::http::Answer;
use crate::provider::{Page, Result, Seen, listing};

/// What a successful call carried, with the answer it came in.
pub(super) struct Payload {
    answer: Answer,
    json: Option<Box<RawValue>>,
    rows: Vec<Box<RawValue>>,
    /// `recordsCount`, where it was sent.
    count: Option<i64>,
}

impl Payload {
    /// Whether all rows that match were sent.
    pub(super) fn is_whole(&self) -> bool {
        self.count.is_none_or(|count| count <= i64::try_from(self.rows.len()).unwrap_or(i64::MAX))
    }
}

/// The currency of every EnKash card: no field says it, and the cards are Indian (inferred: scope of the notes).
fn inr() -> Currency {
    "INR".parse().expect("INR is a currency code")
}

/// Why a login was refused, in the OAuth server's words.
pub(super) fn login_complaint(answer: &Answer) -> String {
    let fields = answer.object().unwrap_or_default();
    fields.first_text(&["error_description", "message", "error"]).map(|text| text.to_string()).unwrap_or_default()
}

/// The token and its life in seconds, in either spelling (1.3). Without one, five minutes: the shorter of the two documented.
pub(super) fn token(answer: &Answer) -> Result<(SecretString, i64)> {
    let fields = answer.object()?;
    let token = fields.raw_text("access_token").or_else(|| fields.raw_text("accessToken"));
    let token = token.ok_or_else(|| answer.bad_reply("its login answered no token"))?;
    let seconds = fields.integer("expires_in").or_else(|| fields.integer("expiresIn")).unwrap_or(300);
    Ok((token.into(), seconds))
}

/// The base64 of a sealed answer: an object with the one key `request` or `response`, a JSON string, or bare base64 (1.5).
pub(super) fn sealed(text: &str) -> Option<String> {
    let text = text.trim();
    if text.starts_with('{') {
        let fields = Fields::parse(text).ok()?;
        let names: Vec<&str> = fields.names().collect();
        return match names.as_slice() {
            [name] if ["request", "response"].iter().any(|known| name.eq_ignore_ascii_case(known)) => fields.raw_text(name),
            _ => None,
        };
    }
    if text.starts_with('"') {
        return serde_json::from_str(text).ok();
    }
    let base64 = !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'='));
    base64.then(|| text.to_owned())
}

/// The message of an envelope.
pub(super) fn complaint(json: &str) -> Option<Arc<str>> {
    let fields = Fields::parse(json).ok()?;
    fields.first_text(&["message", "response_message", "error_description", "error"])
}

/// The payload of an envelope whose code is 0; any other code is a refusal, whatever the HTTP status (1.6).
pub(super) fn payload(answer: Answer, json: &str) -> Result<Payload> {
    let fields = Fields::parse(json).map_err(|_| answer.bad_reply("answered JSON of an unexpected shape"))?;
    let code = fields.integer("code").or_else(|| fields.integer("response_code"));
    match code {
        Some(0) => {}
        Some(_) => {
            let words = complaint(json).or_else(|| fields.text("payload"));
            return Err(answer.said_no(words.as_deref().unwrap_or("refused without a reason")));
        }
        None => return Err(answer.bad_reply("answered without a code: whether it succeeded cannot be told")),
    }
    let json = fields.get("payload").map(ToOwned::to_owned);
    let (mut rows, mut count) = (Vec::new(), None);
    if let Some(json) = &json {
        match Fields::read(json) {
            Ok(object) => {
                count = object.integer("recordsCount");
                rows = match object.list("data").or_else(|| object.any_list().filter(|_| count.is_some())) {
                    Some(rows) => rows,
                    None if count.is_some() => Vec::new(),
                    None => vec![json.clone()],
                };
            }
            Err(_) => rows = fields::list(json).unwrap_or_default(),
        }
    }
    Ok(Payload { answer, json, rows, count })
}

/// Cards of a list (2.13).
pub(super) fn cards(provider: &ProviderId, payload: &Payload) -> Page<Card> {
    let mut page = Page::of(payload.rows.iter().map(|row| card(provider, row, payload.answer.at)), None);
    if !payload.is_whole() {
        page.skipped.push(Odd::new("the list holds more cards than were sent, and how to ask for the rest is not documented"));
    }
    page
}

/// The one card that was asked for (2.13): an object, or a list in which it is.
pub(super) fn one_card(wanted: &Card, payload: &Payload) -> Result<Card> {
    let provider = &wanted.key.provider;
    let mut odd = None;
    for row in &payload.rows {
        match card(provider, row, payload.answer.at) {
            Ok(card) if card.key == wanted.key => return Ok(card),
            Ok(_) => {}
            Err(why) => odd = Some(why),
        }
    }
    Err(match odd {
        Some(odd) => payload.answer.bad_reply(&format!("the card {odd}")),
        None => crate::provider::Error::new(
            provider,
            crate::provider::Kind::NotFound,
            &format!("it does not know card {}", wanted.key.id),
        ),
    })
}

fn card(provider: &ProviderId, row: &RawValue, at: Timestamp) -> std::result::Result<Card, Odd> {
    let row = Fields::read(row)?;
    let mut card = Card::unread(CardKey::new(provider, &row.need_id("enKashCardId")?));
    let name: Vec<Arc<str>> = ["title", "firstName", "middleName", "lastName"].iter().filter_map(|part| row.text(part)).collect();
    card.holder = match row.first_text(&["cardHolderName", "cardholderName"]) {
        Some(name) => name,
        None => text::clean(&name.join(" ")).into(),
    };
    card.owner = row.first_id(&["userId", "ekUserId"]);
    card.last4 = row.last4("maskedNumber").or_else(|| row.last4("maskedCard"));
    card.currency = Some(inr());
    // A word, or an object with a label.
    let word = row
        .text("cardStatus")
        .or_else(|| row.object("cardStatus").and_then(|status| status.first_text(&["label", "name", "code"])));
    if let Some(word) = word.or_else(|| row.first_text(&["status", "blockCode"])) {
        card.state = state(&word);
        card.provider_state = word;
    }
    card.kind = row.flag("physicalCard").map(|physical| if physical { CardKind::Physical } else { CardKind::Virtual });
    if let (Some(month), Some(year)) = (row.text("expiryMonth"), row.text("expiryYear")) {
        let century = if year.len() == 2 { "20" } else { "" };
        card.expires = Some(format!("{century}{year}-{month:0>2}").into());
    }
    let available = match row.money("otbBalance", inr())? {
        Some(money) => Some(money),
        None => row.money("availableBalance", inr())?,
    };
    if available.is_some() {
        card.balance = Reading::At { value: Balance { available, current: None, pending: None }, at };
    }
    Ok(card)
}

/// ACTIVE is the only label seen; the codes are those of the block call (4.1, 4.2). BL is taken as the issuer's: permanent.
fn state(word: &str) -> CardState {
    match listing::plain(word).as_str() {
        "active" | "activated" | "unlocked" | "ul" => CardState::Active,
        "locked" | "lock" | "l" | "frozen" => CardState::Frozen,
        "blocked" | "block" | "bl" => CardState::Blocked,
        "ap" | "activationinprogress" | "inactive" | "pending" | "created" => CardState::Pending,
        "closed" | "cancelled" | "canceled" => CardState::Closed,
        "expired" => CardState::Expired,
        _ => CardState::Unknown,
    }
}

/// Float (2.6): what can still be allocated to cards.
pub(super) fn float(payload: &Payload) -> Result<Vec<Money>> {
    let unreadable = || payload.answer.bad_reply("its card account has no availableBalance that can be read");
    let fields = payload.json.as_deref().and_then(|json| Fields::read(json).ok()).ok_or_else(unreadable)?;
    let money = fields.money("availableBalance", inr()).map_err(|_| unreadable())?.ok_or_else(unreadable)?;
    Ok(vec![money])
}

/// Rows of a list of transactions (2.14); their names are inferred from the webhook that integrators store (3.2).
pub(super) fn transactions(
    provider: &ProviderId,
    card: Option<&Card>,
    payload: &Payload,
) -> Vec<std::result::Result<Transaction, Odd>> {
    payload.rows.iter().map(|row| transaction(provider, card, row, payload.answer.at)).collect()
}

fn transaction(
    provider: &ProviderId,
    card: Option<&Card>,
    row: &RawValue,
    seen_at: Timestamp,
) -> std::result::Result<Transaction, Odd> {
    let row = Fields::read(row)?;
    let details = row.object("txnDetails").unwrap_or_default();
    let currency = row.currency("currency").ok().flatten().unwrap_or_else(inr);
    let amount = ["principalAmount", "amount", "txnAmount"]
        .iter()
        .find_map(|name| row.money(name, currency).transpose())
        .ok_or_else(|| Odd::new("has no amount"))??;
    let at = ["txnDate", "createdOn", "transactionDate"].iter().find_map(|name| row.time(name).transpose());
    let at = at.ok_or_else(|| Odd::new("has no time"))??;
    let direction = row.first_text(&["cardTransactionType", "transactionType"]).unwrap_or_default();
    let (kind_word, state_word) = (row.text("type").unwrap_or_default(), row.text("status").unwrap_or_default());
    let kind = kind(&kind_word, &direction);
    let state = transaction_state(&state_word, kind);
    let card_id = row.id("enKashCardId").or_else(|| card.map(|card| Arc::clone(&card.key.id)));
    Ok(Transaction {
        provider: provider.clone(),
        id: match id(&row) {
            Some(id) => id,
            None => listing::made_id(&[card_id.as_deref().unwrap_or(""), &at.to_string(), &amount.digits(), &kind_word]),
        },
        card_id,
        last4: row.last4("maskedCard").or_else(|| row.last4("maskedNumber")).or(card.and_then(|card| card.last4)),
        kind,
        state,
        provider_state: listing::words(&[&kind_word, &state_word]),
        amount: listing::signed(kind, amount),
        fee: details.money("transactionFees", currency)?.or(row.money("fee", currency)?),
        merchant: details.text("merchantName").or_else(|| row.first_text(&["merchantName", "merchant"])),
        mcc: details.text("mcc").or_else(|| row.text("mcc")),
        country: details.first_text(&["merchantCountry", "country"]).or_else(|| row.text("country")),
        decline_reason: row
            .first_text(&["declineReason", "failureReason", "responseCode", "reason"])
            .or_else(|| row.text("description").filter(|_| state == TransactionState::Declined)),
        description: row.text("description"),
        at,
        seen_at,
        operation: None,
    })
}

fn id(row: &Fields) -> Option<Arc<str>> {
    row.first_id(&["enKashCardTransactionId", "enKashTransactionId", "enkashCardTxnId", "id"])
}

/// Types of 4.4, and what a bare direction says.
fn kind(word: &str, direction: &str) -> TransactionKind {
    match listing::plain(word).as_str() {
        "sale" | "purchase" | "pos" | "ecom" => TransactionKind::Purchase,
        "refund" => TransactionKind::Refund,
        "reversal" => TransactionKind::Reversal,
        "fee" => TransactionKind::Fee,
        "loadmoney" | "allocatefund" | "allocation" | "repayment" | "recovery" => TransactionKind::TopUp,
        "atm" | "cash" | "withdrawal" => TransactionKind::Withdrawal,
        "adjustment" => TransactionKind::Adjustment,
        "" if direction.eq_ignore_ascii_case("DR") => TransactionKind::Purchase,
        "" if direction.eq_ignore_ascii_case("CR") => TransactionKind::TopUp,
        _ => TransactionKind::Other,
    }
}

/// A status nobody documents is pending, never failed (4.7); one that is missing is settled.
fn transaction_state(word: &str, kind: TransactionKind) -> TransactionState {
    match listing::plain(word).as_str() {
        "" | "success" | "successful" | "completed" | "cleared" | "settled" | "processed" => TransactionState::Cleared,
        "declined" | "rejected" => TransactionState::Declined,
        "failed" | "failure" | "fail" if kind == TransactionKind::Purchase => TransactionState::Declined,
        "failed" | "failure" | "fail" => TransactionState::Failed,
        "reversed" => TransactionState::Reversed,
        _ => TransactionState::Hold,
    }
}

/// The fate of a load, looked up by our reference (2.14, 5).
pub(super) fn load_seen(payload: &Payload, operation: &Operation) -> Seen {
    let ours = |row: &RawValue| -> Option<Fields> {
        let row = Fields::read(row).ok()?;
        let reference = row.first_text(&["pgReferenceNumber", "uniqueReferenceNumber"])?;
        (*reference == *operation.reference).then_some(row)
    };
    let found: Vec<Fields> = payload.rows.iter().filter_map(|row| ours(row)).collect();
    let Some(row) = found.first() else {
        return Seen::Nowhere { looked: format!("no load with reference {}", operation.reference) };
    };
    let (word, id) = (row.text("status").unwrap_or_default(), id(row));
    let named = id.as_deref().map(|id| format!(", id {id}")).unwrap_or_default();
    match transaction_state(&word, TransactionKind::TopUp) {
        TransactionState::Cleared => Seen::Done { proof: format!("the load with our reference is {word}{named}"), credit: id },
        TransactionState::Hold => Seen::NotYet { looked: format!("the load with our reference is {word}{named}") },
        TransactionState::Declined | TransactionState::Reversed | TransactionState::Failed => {
            Seen::Failed { why: format!("the load with our reference is {word}{named}") }
        }
    }
}
