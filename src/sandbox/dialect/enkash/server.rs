//! enkash's card calls (enkash wire notes, 2).

use http::{Method, StatusCode};
use jiff::Timestamp;
use jiff::tz::{Offset, TimeZone};
use rust_decimal::Decimal;

use super::envelope::{
    Answer, bad_request, business_failure, failure, invalid, open, response_success, success,
};
use super::named::{account, masked};
use super::{CARD_ACCOUNT_ID, COMPANY_ID, PARTNER_ID, login, rows, webhooks};
use crate::sandbox::bank::{Bank, Card, CardState, Occurrence, Refusal, TopUp, from_us_cents};
use crate::sandbox::call::{Call, Reply};
use crate::sandbox::dialect::Server;
use crate::sandbox::json::{Body, Json, number, object, text};
use crate::sandbox::letter::Message;
use crate::sandbox::random::Random;
use crate::sandbox::sessions::Sessions;
use crate::sandbox::troubles;

/// How long a load takes (not documented).
const LOAD_MILLIS: u64 = 1_000;

/// Logins and their tokens.
pub(super) struct EnkashServer {
    sessions: Sessions,
}

impl Default for EnkashServer {
    fn default() -> Self {
        Self { sessions: Sessions::new(login::RULES) }
    }
}

/// The call's name: what follows the base path.
pub(super) fn route(path: &str) -> &str {
    path.trim_end_matches('/').strip_prefix("/api/v0/partner/enKashCard").unwrap_or("")
}

impl Server for EnkashServer {
    fn answer(&mut self, bank: &mut Bank, call: &Call, now: Timestamp) -> Reply {
        if call.method != Method::POST {
            return Reply::json(
                StatusCode::METHOD_NOT_ALLOWED,
                object([("message", text("Method not allowed"))]),
            )
            .unauthenticated();
        }
        if login::is_login(&call.path) {
            return login::login(&mut self.sessions, bank, call, now);
        }
        let bearer = call.header("authorization").unwrap_or_default();
        let bearer = bearer
            .strip_prefix("Bearer ")
            .or_else(|| bearer.strip_prefix("bearer "))
            .unwrap_or_default();
        if !self.sessions.accepts(bearer, now) {
            return login::unauthorized();
        }
        if call.header("partnerid") != Some(PARTNER_ID) {
            let answer = failure(StatusCode::FORBIDDEN, "APIs not enabled for this partner");
            return Reply::json(answer.status, answer.body).unauthenticated();
        }
        let Some((wrapping, body)) = open(&call.body) else {
            let answer = invalid("Invalid encrypted request.");
            return Reply::json(answer.status, answer.body).unauthenticated();
        };
        let outcome = match route(&call.path) {
            "/cardAccount/get" => card_account(bank, &body),
            "/search" => search(bank, &body),
            "/transaction/all" => rows::transactions(bank, &body),
            "/velocity/rule/get" => limits(bank, &body, now),
            "/balance" => load(bank, &body, now),
            "/block" => block(bank, &body, now),
            "/setPin" => set_pin(bank, &body),
            _ => Err(failure(StatusCode::NOT_FOUND, "Not found")),
        };
        let answer = outcome.unwrap_or_else(|refused| refused);
        Reply { topped_up: answer.topped_up, ..wrapping.wrap(answer.status, &answer.body) }
    }

    fn webhook(&mut self, bank: &Bank, occurrence: &Occurrence, _: Random) -> Option<Message> {
        webhooks::message(bank, occurrence)
    }
}

fn wanted(bank: &Bank, body: &Body) -> Result<usize, Answer> {
    account(body)?;
    let id = body.text("enKashCardId").ok_or_else(|| bad_request("enKashCardId is required"))?;
    bank.find(&id).ok_or_else(|| failure(StatusCode::NOT_FOUND, "Card not found"))
}

/// The labels are not documented beyond ACTIVE (4.1); these are the words of the block codes (4.2).
const fn state_word(state: CardState) -> &'static str {
    match state {
        CardState::Active => "ACTIVE",
        CardState::Frozen => "LOCKED",
        CardState::Blocked | CardState::Closed => "BLOCKED",
        CardState::Pending => "ACTIVATION_IN_PROGRESS",
    }
}

/// The float and totals of the card account (2.6).
fn card_account(bank: &Bank, body: &Body) -> Result<Answer, Answer> {
    account(body)?;
    let float = bank.floats.first().map_or(Decimal::ZERO, |float| float.amount);
    let on_cards: Decimal = bank.cards.iter().map(Card::available).sum();
    let active = bank.cards.iter().filter(|card| card.state == CardState::Active).count();
    let primary = bank.cards.first().map(|card| {
        object([
            ("enKashCardId", text(card.id.as_str())),
            ("userId", text(card.holder_id.as_str())),
            ("cardAccountId", text(CARD_ACCOUNT_ID)),
            ("maskedNumber", text(masked(card))),
            ("expiryMonth", text(format!("{:02}", card.expires.1))),
        ])
    });
    Ok(response_success(object([
        ("cardAccountId", text(CARD_ACCOUNT_ID)),
        ("companyId", text(COMPANY_ID)),
        ("companyName", text("Sandbox Prepaid Pvt Ltd")),
        ("creditLimit", number(0)),
        ("dynamicLimit", number(0)),
        ("usedCreditLimit", number(0)),
        ("availableBalance", float.into()),
        ("availableCardBalance", on_cards.into()),
        ("totalCards", number(bank.cards.len())),
        ("activeCards", number(active)),
        ("primaryEnKashCard", primary.unwrap_or(Json::Null)),
    ])))
}

/// A card with its balance (2.13).
fn card_entry(card: &Card) -> Json {
    object([
        ("enKashCardId", text(card.id.as_str())),
        ("userId", text(card.holder_id.as_str())),
        ("cardAccountId", text(CARD_ACCOUNT_ID)),
        ("token", text(format!("{:.20}", card.id.to_lowercase().repeat(2)))),
        ("maskedNumber", text(masked(card))),
        ("expiryMonth", text(format!("{:02}", card.expires.1))),
        ("expiryYear", text(card.expires.0.to_string())),
        ("email", text("")),
        ("mobile", text("6667778889")),
        ("title", text(card.person.title)),
        ("firstName", text(card.person.first)),
        ("lastName", text(card.person.last)),
        ("physicalCard", card.physical.into()),
        ("otbBalance", troubles::figure(card, card.available().into())),
        ("cardStatus", troubles::state(card, state_word(card.state))),
        ("kycStatus", text(if card.state == CardState::Pending { "PENDING" } else { "COMPLETED" })),
    ])
}

/// One card as an object, all cards as a list (2.13).
fn search(bank: &Bank, body: &Body) -> Result<Answer, Answer> {
    account(body)?;
    match body.text("enKashCardId") {
        Some(id) => match bank.card(&id) {
            Some(card) => Ok(response_success(card_entry(card))),
            None => Err(failure(StatusCode::NOT_FOUND, "Card not found")),
        },
        None => {
            let data: Vec<Json> = bank.cards.iter().map(card_entry).collect();
            let count = number(data.len());
            Ok(success(object([("recordsCount", count), ("data", Json::Array(data))])))
        }
    }
}

/// Load: the reference is the caller's own, and a repeated one pays again (2.4, 5).
fn load(bank: &mut Bank, body: &Body, now: Timestamp) -> Result<Answer, Answer> {
    let top_up = read_load(bank, body)?;
    bank.top_up(top_up, now, LOAD_MILLIS).map_err(|refusal| match refusal {
        Refusal::InsufficientFunds => business_failure("Insufficient balance in card account"),
        Refusal::State(_) => business_failure("Card is blocked"),
        Refusal::Amount | Refusal::TooSmall | Refusal::TooLarge => invalid("Invalid amount"),
    })?;
    let done = success(text("Funds allocated from Parent Account to Card by Admin successful"));
    Ok(Answer { topped_up: true, ..done })
}

/// Both pairs of type and code that the documents have are taken (4, the load contradiction).
fn read_load(bank: &Bank, body: &Body) -> Result<TopUp, Answer> {
    let position = wanted(bank, body)?;
    match body.text("transactionType").as_deref() {
        Some("CR") => {}
        Some("DR") => return Err(invalid("Debit is not allowed on this card")),
        Some(_) | None => return Err(bad_request("transactionType is required")),
    }
    match (body.text("type").as_deref(), body.text("transactionCode").as_deref()) {
        (Some("ALLOCATE_FUND"), Some("ALLOCATION")) | (Some("LOAD_MONEY"), Some("PRINCIPLE")) => {}
        _ => return Err(invalid("Invalid type and transactionCode")),
    }
    let reference = body
        .text("uniqueReferenceNumber")
        .ok_or_else(|| bad_request("uniqueReferenceNumber is required"))?;
    // Length and letters are not documented; this is the careful reading (5, inferred).
    if reference.len() > 32 || !reference.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return Err(invalid("Invalid uniqueReferenceNumber"));
    }
    let mut sum = body.decimal("amount").ok_or_else(|| bad_request("amount is required"))?;
    if sum < Decimal::ONE {
        return Err(invalid("Amount should not be less than 1"));
    }
    if sum.normalize().scale() > 2 {
        return Err(invalid("Amount has more than two decimals"));
    }
    if bank.cards.get(position).is_some_and(|card| card.state == CardState::Pending) {
        return Err(business_failure("KYC is not completed for this card"));
    }
    sum.rescale(2);
    Ok(TopUp { reference: Some(reference), ..TopUp::plain(position, sum) })
}

/// Lock, unlock and block for good (2.11; the codes, 4.2).
fn block(bank: &mut Bank, body: &Body, now: Timestamp) -> Result<Answer, Answer> {
    let position = wanted(bank, body)?;
    if !matches!(body.text("otpMedium").as_deref(), Some("MOBILE" | "MFA")) {
        return Err(bad_request("otpMedium is required"));
    }
    if body.flag("otpRequired") == Some(true) {
        return Err(business_failure("OTP is required"));
    }
    let Some(state) = bank.cards.get(position).map(|card| card.state) else {
        return Err(failure(StatusCode::NOT_FOUND, "Card not found"));
    };
    match (body.text("blockCode").as_deref(), state) {
        (
            Some("BL"),
            CardState::Active | CardState::Frozen | CardState::Pending | CardState::Blocked,
        ) => {
            bank.close(position, now, 0);
        }
        (Some("BL"), CardState::Closed) => {}
        (Some("L"), CardState::Active | CardState::Frozen) => {
            bank.set_state(position, CardState::Frozen, now, 0)
        }
        (Some("UL"), CardState::Active | CardState::Frozen) => {
            bank.set_state(position, CardState::Active, now, 0)
        }
        (Some("L" | "UL"), CardState::Blocked | CardState::Closed) => {
            return Err(business_failure("Card is blocked"));
        }
        (Some("L" | "UL"), CardState::Pending) => {
            return Err(business_failure("Card activation is in progress"));
        }
        (Some(_) | None, _) => return Err(bad_request("Invalid blockCode")),
    }
    Ok(success(text("Success")))
}

/// The PIN as plain digits, although the field is called a block (2.3).
fn set_pin(bank: &mut Bank, body: &Body) -> Result<Answer, Answer> {
    let position = wanted(bank, body)?;
    if body.flag("otpRequired") == Some(true) {
        return Err(business_failure("OTP is required"));
    }
    let pin = body
        .text("pinBlock")
        .filter(|pin| pin.len() == 4 && pin.bytes().all(|b| b.is_ascii_digit()));
    let Some(pin) = pin else { return Err(invalid("pinBlock must have four digits")) };
    match bank.cards.get_mut(position) {
        Some(card) if card.state == CardState::Active || card.state == CardState::Frozen => {
            card.pin = Some(pin)
        }
        Some(_) => return Err(business_failure("Card is not active")),
        None => return Err(failure(StatusCode::NOT_FOUND, "Card not found")),
    }
    Ok(success(text("Success")))
}

/// Limits and controls, with this call's own way to write a date (2.5).
fn limits(bank: &Bank, body: &Body, now: Timestamp) -> Result<Answer, Answer> {
    let position = wanted(bank, body)?;
    let Some(card) = bank.cards.get(position) else {
        return Err(failure(StatusCode::NOT_FOUND, "Card not found"));
    };
    let india = Offset::from_seconds(19_800).map_or(TimeZone::UTC, TimeZone::fixed);
    let created = bank.shown(now).to_zoned(india).strftime("%b %-d, %Y %-I:%M:%S %p").to_string();
    Ok(success(object([
        ("createdBy", text("operations@sandbox.example")),
        ("createdOn", text(created.as_str())),
        ("modifiedOn", text(created)),
        ("enKashCardId", text(card.id.as_str())),
        ("posAllowed", true.into()),
        ("onlineAllowed", true.into()),
        ("contactlessAllowed", true.into()),
        ("atmAllowed", false.into()),
        ("internationalAllowed", false.into()),
        ("perTxnLimit", from_us_cents(100_000, card.currency).into()),
        ("dtd", from_us_cents(200_000, card.currency).into()),
        ("mtd", from_us_cents(1_000_000, card.currency).into()),
        ("ytd", from_us_cents(5_000_000, card.currency).into()),
        ("dtdCount", number(20)),
        ("mtdCount", number(200)),
    ])))
}
