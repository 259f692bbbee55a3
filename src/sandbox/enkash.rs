//! The sandbox's enkash: token, partner header and the encrypted envelope of "enkash wire notes" 1,
//! the card calls of 2. A repeated reference pays twice here, because the notes say to assume so
//! (5). Must not share a line with the adapter.

mod rows;

use data_encoding::BASE64;
use http::{Method, StatusCode};
use jiff::Timestamp;
use jiff::tz::{Offset, TimeZone};
use rust_decimal::Decimal;

pub(super) use self::rows::row_id;
use super::bank::{Bank, Card, CardState, Load, Refusal, after, scaled};
use super::json::{Body, Json, number, object, text};
use super::{Call, Reply, query_pairs, seal, troubles};

/// The OAuth client id: the same text as the company id, as in the document's samples (1.3).
pub(super) const CLIENT_ID: &str = "CEKSANDBX1";
pub(super) const CLIENT_SECRET: &str = "sandbox-enkash-client-secret";
pub(super) const USERNAME: &str = "6660686687";
pub(super) const PASSWORD: &str = "sandbox-enkash-password";
pub(super) const ENCRYPTION_KEY: &str = "sandbox-enkash-encryption-key";
pub(super) const PARTNER_ID: &str = "CRSANDBX1";
pub(super) const COMPANY_ID: &str = "CEKSANDBX1";
pub(super) const CARD_ACCOUNT_ID: &str = "CASANDBX1";

const TOKEN_SECONDS: u64 = 86_399;
/// Wrong logins before the account is locked (1.3), and for how long that is so here (not
/// documented).
const WRONG_LOGINS: u32 = 3;
const LOCK_MILLIS: u64 = 600_000;
const LOAD_MILLIS: u64 = 1_000;

/// Logins and their tokens.
#[derive(Default)]
pub(super) struct Server {
    wrong: u32,
    locked_until: Option<Timestamp>,
    tokens: Vec<(String, Timestamp)>,
    made: u64,
}

/// The call's name: what follows the base path.
fn route(path: &str) -> &str {
    path.trim_end_matches('/').strip_prefix("/api/v0/partner/enKashCard").unwrap_or("")
}

pub(super) fn is_login(path: &str) -> bool {
    path.trim_end_matches('/').ends_with("/oauth/token")
}

/// Whether a request to this path changes something.
pub(super) fn writes(path: &str) -> bool {
    matches!(route(path), "/balance" | "/block" | "/setPin")
}

pub(super) fn unauthorized() -> Reply {
    let body = object([
        ("error", text("invalid_token")),
        ("error_description", text("Invalid access token")),
    ]);
    Reply::json(StatusCode::UNAUTHORIZED, body).stranger()
}

/// How the request came, which is how the answer goes (1.5).
#[derive(Clone, Copy)]
enum Wrapping {
    Envelope,
    Bare,
    Plain,
}

impl Wrapping {
    fn wrap(self, status: StatusCode, body: &Json) -> Reply {
        let sealed = || {
            seal::ecb_seal(ENCRYPTION_KEY, body.to_string().as_bytes())
                .expect("half a digest is always a key")
        };
        match self {
            Self::Envelope => Reply::json(status, object([("request", text(sealed()))])),
            Self::Bare => Reply::json(status, text(sealed())),
            Self::Plain => Reply::json(status, body),
        }
    }
}

/// The request's object and how it was wrapped; `None` when it does not open.
fn open(bytes: &[u8]) -> Option<(Wrapping, Body)> {
    let unseal = |sealed: &str| Body::read(&seal::ecb_open(ENCRYPTION_KEY, sealed)?);
    if let Ok(sealed) = serde_json::from_slice::<String>(bytes) {
        return Some((Wrapping::Bare, unseal(&sealed)?));
    }
    match Body::read(bytes) {
        Some(body) => match body.string("request") {
            Some(sealed) => Some((Wrapping::Envelope, unseal(&sealed)?)),
            None => Some((Wrapping::Plain, body)),
        },
        None => Some((Wrapping::Bare, unseal(std::str::from_utf8(bytes).ok()?)?)),
    }
}

/// HTTP status and body of a card call.
struct Answer {
    status: StatusCode,
    body: Json,
    topped_up: bool,
}

/// `code`, `message`, `payload`: one of the two spellings (1.6).
fn success(payload: Json) -> Answer {
    let body = object([("code", number(0)), ("message", text("Success")), ("payload", payload)]);
    Answer { status: StatusCode::OK, body, topped_up: false }
}

/// `response_code`, `response_message`, `payload`: the other one.
fn response_success(payload: Json) -> Answer {
    let body = object([
        ("response_code", number(0)),
        ("response_message", text("Success")),
        ("payload", payload),
    ]);
    Answer { status: StatusCode::OK, body, topped_up: false }
}

/// A refusal inside HTTP 200 (1.6).
fn business_failure(why: &str) -> Answer {
    let body = object([
        ("response_code", number(1)),
        ("response_message", text(why)),
        ("payload", text(why)),
    ]);
    Answer { status: StatusCode::OK, body, topped_up: false }
}

fn failure(status: StatusCode, why: &str) -> Answer {
    Answer {
        status,
        body: object([("code", number(1)), ("message", text(why)), ("payload", text(why))]),
        topped_up: false,
    }
}

fn bad_request(why: &str) -> Answer {
    failure(StatusCode::BAD_REQUEST, why)
}

fn invalid(why: &str) -> Answer {
    failure(StatusCode::UNPROCESSABLE_ENTITY, why)
}

impl Server {
    pub(super) fn answer(&mut self, bank: &mut Bank, call: &Call, now: Timestamp) -> Reply {
        if call.method != Method::POST {
            return Reply::json(
                StatusCode::METHOD_NOT_ALLOWED,
                object([("message", text("Method not allowed"))]),
            )
            .stranger();
        }
        if is_login(&call.path) {
            return self.login(bank, call, now);
        }
        let bearer = call.header("authorization").unwrap_or_default();
        let bearer = bearer
            .strip_prefix("Bearer ")
            .or_else(|| bearer.strip_prefix("bearer "))
            .unwrap_or_default();
        self.tokens.retain(|(_, until)| *until > now);
        if !self.tokens.iter().any(|(token, _)| seal::same(token, bearer)) {
            return unauthorized();
        }
        if call.header("partnerid") != Some(PARTNER_ID) {
            let answer = failure(StatusCode::FORBIDDEN, "APIs not enabled for this partner");
            return Reply::json(answer.status, answer.body).stranger();
        }
        let Some((wrapping, body)) = open(&call.body) else {
            let answer = invalid("Invalid encrypted request.");
            return Reply::json(answer.status, answer.body).stranger();
        };
        let answer = match route(&call.path) {
            "/cardAccount/get" => card_account(bank, &body),
            "/search" => search(bank, &body),
            "/transaction/all" => rows::transactions(bank, &body),
            "/velocity/rule/get" => limits(bank, &body, now),
            "/balance" => load(bank, &body, now),
            "/block" => block(bank, &body, now),
            "/setPin" => set_pin(bank, &body),
            _ => failure(StatusCode::NOT_FOUND, "Not found"),
        };
        Reply { topped_up: answer.topped_up, ..wrapping.wrap(answer.status, &answer.body) }
    }

    /// The password grant (1.3). Not encrypted.
    fn login(&mut self, bank: &Bank, call: &Call, now: Timestamp) -> Reply {
        let refused = |status, error: &str, why: &str| {
            Reply::json(status, object([("error", text(error)), ("error_description", text(why))]))
                .stranger()
        };
        if self.locked_until.is_some_and(|until| now < until) {
            return refused(StatusCode::BAD_REQUEST, "invalid_grant", "User account is locked");
        }
        let basic = call
            .header("authorization")
            .and_then(|value| value.strip_prefix("Basic "))
            .and_then(|value| BASE64.decode(value.as_bytes()).ok())
            .and_then(|bytes| String::from_utf8(bytes).ok())
            .unwrap_or_default();
        let form = query_pairs(std::str::from_utf8(&call.body).unwrap_or_default());
        let field = |name: &str| {
            form.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value.as_str())
        };
        if !call
            .header("content-type")
            .is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"))
        {
            return refused(StatusCode::BAD_REQUEST, "invalid_request", "The body must be a form");
        }
        if field("grant_type") != "password" {
            return refused(
                StatusCode::BAD_REQUEST,
                "unsupported_grant_type",
                "Unsupported grant type",
            );
        }
        let client = seal::same(&format!("{CLIENT_ID}:{CLIENT_SECRET}"), &basic)
            && field("clientId") == COMPANY_ID;
        let user =
            seal::same(USERNAME, field("username")) && seal::same(PASSWORD, field("password"));
        if !(client && user) {
            self.wrong += 1;
            if self.wrong >= WRONG_LOGINS {
                self.wrong = 0;
                self.locked_until = Some(after(now, LOCK_MILLIS));
            }
            return if client {
                refused(StatusCode::BAD_REQUEST, "invalid_grant", "Bad credentials")
            } else {
                refused(StatusCode::UNAUTHORIZED, "invalid_client", "Bad client credentials")
            };
        }
        self.wrong = 0;
        self.locked_until = None;
        self.made += 1;
        let token = bank.uuid(5_000_000_000 + self.made);
        self.tokens.push((token.clone(), after(now, TOKEN_SECONDS * 1_000)));
        let body = object([
            ("access_token", text(token)),
            ("token_type", text("bearer")),
            ("refresh_token", text(bank.uuid(6_000_000_000 + self.made))),
            ("expires_in", number(TOKEN_SECONDS)),
            ("scope", text("read write trust")),
        ]);
        Reply::json(StatusCode::OK, body)
    }
}

/// Company and account, both required on every card call of the document's tables.
fn account(body: &Body) -> Result<(), Answer> {
    let (company, account) = (body.text("companyId"), body.text("cardAccountId"));
    let (Some(company), Some(account)) = (company, account) else {
        return Err(bad_request("companyId and cardAccountId are required"));
    };
    if company != COMPANY_ID || account != CARD_ACCOUNT_ID {
        let why = format!(
            "Card account not found for companyId: [{company}] and cardAccountId: [{account}]"
        );
        return Err(failure(StatusCode::NOT_FOUND, &why));
    }
    Ok(())
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

fn card_account(bank: &Bank, body: &Body) -> Answer {
    if let Err(answer) = account(body) {
        return answer;
    }
    let float = bank.floats.first().map_or(Decimal::ZERO, |&(_, sum)| sum);
    let on_cards: Decimal = bank.cards.iter().map(Card::available).sum();
    let active = bank.cards.iter().filter(|card| card.state == CardState::Active).count();
    let primary = bank.cards.first().map(|card| {
        object([
            ("enKashCardId", text(card.id.as_str())),
            ("userId", text(card.user.as_str())),
            ("cardAccountId", text(CARD_ACCOUNT_ID)),
            ("maskedNumber", text(masked(card))),
            ("expiryMonth", text(format!("{:02}", card.expires.1))),
        ])
    });
    response_success(object([
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
    ]))
}

fn masked(card: &Card) -> String {
    format!("XXXX XXXX XXXX {}", card.last4())
}

fn card_entry(card: &Card) -> Json {
    object([
        ("enKashCardId", text(card.id.as_str())),
        ("userId", text(card.user.as_str())),
        ("cardAccountId", text(CARD_ACCOUNT_ID)),
        ("token", text(format!("{:.20}", card.id.to_lowercase().repeat(2)))),
        ("maskedNumber", text(masked(card))),
        ("expiryMonth", text(format!("{:02}", card.expires.1))),
        ("expiryYear", text(card.expires.0.to_string())),
        ("email", text("")),
        ("mobile", text("6667778889")),
        ("title", text(card.person.2)),
        ("firstName", text(card.person.0)),
        ("lastName", text(card.person.1)),
        ("physicalCard", card.physical.into()),
        ("otbBalance", troubles::figure(card, card.available().into())),
        ("cardStatus", troubles::state(card, state_word(card.state))),
        ("kycStatus", text(if card.state == CardState::Pending { "PENDING" } else { "COMPLETED" })),
    ])
}

/// One card as an object, all cards as a list (2.13).
fn search(bank: &Bank, body: &Body) -> Answer {
    if let Err(answer) = account(body) {
        return answer;
    }
    match body.text("enKashCardId") {
        Some(id) => match bank.card(&id) {
            Some(card) => response_success(card_entry(card)),
            None => failure(StatusCode::NOT_FOUND, "Card not found"),
        },
        None => {
            let data: Vec<Json> = bank.cards.iter().map(card_entry).collect();
            success(object([("recordsCount", number(data.len())), ("data", Json::Array(data))]))
        }
    }
}

fn load(bank: &mut Bank, body: &Body, now: Timestamp) -> Answer {
    let position = match wanted(bank, body) {
        Ok(position) => position,
        Err(answer) => return answer,
    };
    match body.text("transactionType").as_deref() {
        Some("CR") => {}
        Some("DR") => return invalid("Debit is not allowed on this card"),
        Some(_) | None => return bad_request("transactionType is required"),
    }
    match (body.text("type").as_deref(), body.text("transactionCode").as_deref()) {
        (Some("ALLOCATE_FUND"), Some("ALLOCATION")) | (Some("LOAD_MONEY"), Some("PRINCIPLE")) => {}
        _ => return invalid("Invalid type and transactionCode"),
    }
    let Some(reference) = body.text("uniqueReferenceNumber") else {
        return bad_request("uniqueReferenceNumber is required");
    };
    // Length and letters are not documented; this is the careful reading (5, inferred).
    if reference.len() > 32 || !reference.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return invalid("Invalid uniqueReferenceNumber");
    }
    let Some(sum) = body.decimal("amount") else { return bad_request("amount is required") };
    if sum < Decimal::ONE {
        return invalid("Amount should not be less than 1");
    }
    if sum.normalize().scale() > 2 {
        return invalid("Amount has more than two decimals");
    }
    if bank.cards.get(position).is_some_and(|card| card.state == CardState::Pending) {
        return business_failure("KYC is not completed for this card");
    }
    let mut sum = sum;
    sum.rescale(2);
    match bank.top_up(
        Load { reference: Some(reference), ..Load::plain(position, sum) },
        now,
        LOAD_MILLIS,
    ) {
        Ok(_) => Answer {
            topped_up: true,
            ..success(text("Funds allocated from Parent Account to Card by Admin successful"))
        },
        Err(Refusal::NoFloat) => business_failure("Insufficient balance in card account"),
        Err(Refusal::State(_)) => business_failure("Card is blocked"),
        Err(Refusal::Amount | Refusal::TooSmall | Refusal::TooLarge) => invalid("Invalid amount"),
    }
}

fn block(bank: &mut Bank, body: &Body, now: Timestamp) -> Answer {
    let position = match wanted(bank, body) {
        Ok(position) => position,
        Err(answer) => return answer,
    };
    if !matches!(body.text("otpMedium").as_deref(), Some("MOBILE" | "MFA")) {
        return bad_request("otpMedium is required");
    }
    if body.flag("otpRequired") == Some(true) {
        return business_failure("OTP is required");
    }
    let Some(state) = bank.cards.get(position).map(|card| card.state) else {
        return failure(StatusCode::NOT_FOUND, "Card not found");
    };
    match (body.text("blockCode").as_deref(), state) {
        (
            Some("BL"),
            CardState::Active | CardState::Frozen | CardState::Pending | CardState::Blocked,
        ) => {
            // The money of a blocked card is not given back on this wire (6, 25).
            bank.close(position, false, now, 0);
        }
        (Some("BL"), CardState::Closed) => {}
        (Some("L"), CardState::Active | CardState::Frozen) => {
            bank.set_state(position, CardState::Frozen, now, 0)
        }
        (Some("UL"), CardState::Active | CardState::Frozen) => {
            bank.set_state(position, CardState::Active, now, 0)
        }
        (Some("L" | "UL"), CardState::Blocked | CardState::Closed) => {
            return business_failure("Card is blocked");
        }
        (Some("L" | "UL"), CardState::Pending) => {
            return business_failure("Card activation is in progress");
        }
        (Some(_) | None, _) => return bad_request("Invalid blockCode"),
    }
    success(text("Success"))
}

fn set_pin(bank: &mut Bank, body: &Body) -> Answer {
    let position = match wanted(bank, body) {
        Ok(position) => position,
        Err(answer) => return answer,
    };
    if body.flag("otpRequired") == Some(true) {
        return business_failure("OTP is required");
    }
    let pin = body
        .text("pinBlock")
        .filter(|pin| pin.len() == 4 && pin.bytes().all(|b| b.is_ascii_digit()));
    let Some(pin) = pin else { return invalid("pinBlock must have four digits") };
    match bank.cards.get_mut(position) {
        Some(card) if card.state == CardState::Active || card.state == CardState::Frozen => {
            card.pin = Some(pin)
        }
        Some(_) => return business_failure("Card is not active"),
        None => return failure(StatusCode::NOT_FOUND, "Card not found"),
    }
    success(text("Success"))
}

/// Limits and controls, with this call's own way to write a date (2.5).
fn limits(bank: &Bank, body: &Body, now: Timestamp) -> Answer {
    let position = match wanted(bank, body) {
        Ok(position) => position,
        Err(answer) => return answer,
    };
    let Some(card) = bank.cards.get(position) else {
        return failure(StatusCode::NOT_FOUND, "Card not found");
    };
    let india = Offset::from_seconds(19_800).map_or(TimeZone::UTC, TimeZone::fixed);
    let created = bank.shown(now).to_zoned(india).strftime("%b %-d, %Y %-I:%M:%S %p").to_string();
    success(object([
        ("createdBy", text("operations@sandbox.example")),
        ("createdOn", text(created.as_str())),
        ("modifiedOn", text(created)),
        ("enKashCardId", text(card.id.as_str())),
        ("posAllowed", true.into()),
        ("onlineAllowed", true.into()),
        ("contactlessAllowed", true.into()),
        ("atmAllowed", false.into()),
        ("internationalAllowed", false.into()),
        ("perTxnLimit", scaled(100_000, card.currency).into()),
        ("dtd", scaled(200_000, card.currency).into()),
        ("mtd", scaled(1_000_000, card.currency).into()),
        ("ytd", scaled(5_000_000, card.currency).into()),
        ("dtdCount", number(20)),
        ("mtdCount", number(200)),
    ]))
}
