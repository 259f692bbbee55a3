//! banana's calls (banana wire notes, 2): each body is opened and checked first, each answer sealed
//! and signed.

use http::{Method, StatusCode};
use jiff::Timestamp;
use rust_decimal::Decimal;

use super::records::Records;
use super::reply::{Failure, amount, failure};
use super::templates::{limits, template_of, templates};
use super::{MERCHANT_ID, SECRET_KEY, rows, webhooks};
use crate::sandbox::bank::{
    Bank, Card, CardState, Occurrence, Refusal, TopUp, parse_currency, rounded,
};
use crate::sandbox::call::{Call, Reply, Signing};
use crate::sandbox::dialect::Server;
use crate::sandbox::json::{Body, Json, number, object, text};
use crate::sandbox::letter::Message;
use crate::sandbox::random::Random;
use crate::sandbox::{crypto, troubles};

/// How long changes take (not documented).
const RECHARGE_MILLIS: u64 = 2_000;
const STATUS_MILLIS: u64 = 1_500;

/// Initialization vectors of answers. Their random numbers are not the bank's, so that reading does
/// not change what happens.
pub(super) struct BananaServer {
    ivs: Random,
    records: Records,
}

impl Default for BananaServer {
    fn default() -> Self {
        Self { ivs: Random::new(0x00ba_0a0a), records: Records::default() }
    }
}

/// A refusal before the caller proved who it is: HTTP 400 (1.9); the unencrypted body is inferred.
pub(super) fn refused(why: &str) -> Reply {
    Reply::json(
        StatusCode::BAD_REQUEST,
        object([("success", false.into()), ("message", text(why))]),
    )
    .unauthenticated()
}

impl Server for BananaServer {
    fn answer(&mut self, bank: &mut Bank, call: &Call, now: Timestamp) -> Reply {
        let plain = match open(call) {
            Ok(plain) => plain,
            Err(reply) => return reply,
        };
        let Some(body) = Body::read(&plain) else {
            let answer = problem("The decrypted data is not valid JSON");
            return self.seal(StatusCode::BAD_REQUEST, &answer, call.signing).unauthenticated();
        };
        let path = call.path.trim_end_matches('/');
        let outcome = if path == WEBHOOK_RECORDS {
            Some(self.records.page(&body, &mut self.ivs))
        } else {
            handle(bank, path, &body, now)
        };
        let Some(outcome) = outcome else {
            return self.seal(StatusCode::NOT_FOUND, &problem("Not found"), call.signing);
        };
        match outcome {
            Ok(answer) => {
                let topped_up = path == RECHARGE;
                Reply { topped_up, ..self.seal(StatusCode::OK, &answer, call.signing) }
            }
            Err(Failure(why)) => self.seal(StatusCode::BAD_REQUEST, &problem(&why), call.signing),
        }
    }

    fn webhook(&mut self, bank: &Bank, occurrence: &Occurrence, random: Random) -> Option<Message> {
        let message = webhooks::message(bank, occurrence, random)?;
        self.records.note(&message, bank.shown(occurrence.at));
        Some(message)
    }
}

impl BananaServer {
    /// Encrypts and signs an answer (1.6).
    fn seal(&mut self, status: StatusCode, answer: &Json, signing: Signing) -> Reply {
        let sealed = crypto::cbc_encrypt(
            SECRET_KEY.as_bytes(),
            self.ivs.iv(),
            answer.to_string().as_bytes(),
        )
        .expect("the sandbox's own key has 32 bytes");
        let key = match signing {
            Signing::Right => SECRET_KEY,
            Signing::Wrong => "a key of somebody else",
        };
        let hmac = crypto::hmac_hex(key.as_bytes(), &sealed);
        Reply::json(status, object([("encrypted_payload", text(sealed)), ("hmac", text(hmac))]))
    }
}

const RECHARGE: &str = "/card/recharge";
const WEBHOOK_RECORDS: &str = "/merchant/get_webhook_records";

/// Does what a path asks for; `None` for a path that does not exist. Most paths are inferred (2).
fn handle(
    bank: &mut Bank,
    path: &str,
    body: &Body,
    now: Timestamp,
) -> Option<Result<Json, Failure>> {
    Some(match path {
        "/merchant/get_account_balance" => Ok(account_balance(bank)),
        "/merchant/get_card_templates" => {
            Ok(object([("data", Json::Array(templates(bank.rules)))]))
        }
        "/merchant/set_webhook_url" => {
            Ok(object([("message", text("Webhook URL set successfully"))]))
        }
        "/user/register" => failure("Registration is closed in the sandbox"),
        "/user/get_users" => Ok(users(bank, body)),
        "/card/apply" | "/card/assign" => failure("The sandbox issues no new cards"),
        "/card/3ds_confirm" => failure("No 3DS request waits for a confirmation"),
        RECHARGE => recharge(bank, body, now),
        "/card/update_status" => update_status(bank, body, now),
        "/card/get_balance" => get_balance(bank, body),
        "/card/get_information" => get_information(bank, body),
        "/card/get_transactions" => rows::transactions(bank, body),
        "/card/set_pin" => set_pin(bank, body, now),
        _ => return None,
    })
}

fn problem(message: &str) -> Json {
    object([("success", false.into()), ("message", text(message))])
}

/// Checks who calls and opens the body (1.3 to 1.5); everything that is wrong is a 400 (1.9).
fn open(call: &Call) -> Result<Vec<u8>, Reply> {
    if call.method != Method::POST {
        return Err(Reply::json(StatusCode::METHOD_NOT_ALLOWED, problem("Method not allowed"))
            .unauthenticated());
    }
    if !call.header("merchant-id").is_some_and(|id| crypto::equal_secrets(MERCHANT_ID, id)) {
        return Err(refused("Invalid Merchant-ID"));
    }
    let sealed = Body::read(&call.body).and_then(|body| body.string("encrypted_payload"));
    let Some(sealed) = sealed else { return Err(refused("Malformed encrypted payload")) };
    let hmac = call.header("x-hmac").unwrap_or_default();
    if !crypto::hmac_is_valid(SECRET_KEY.as_bytes(), &sealed, hmac) {
        return Err(refused("Invalid HMAC"));
    }
    crypto::cbc_decrypt(SECRET_KEY.as_bytes(), &sealed)
        .ok_or_else(|| refused("Malformed encrypted payload"))
}

/// The dollars in front, as a client expects one balance (2.1, inferred); all currencies behind
/// them.
fn account_balance(bank: &Bank) -> Json {
    let all = bank.floats.iter().map(|float| {
        object([("currency", text(float.currency.code())), ("balance", amount(float.amount))])
    });
    let first = bank.floats.first();
    let (currency, sum) = first.map_or_else(
        || (parse_currency("USD"), Decimal::ZERO),
        |float| (float.currency, float.amount),
    );
    object([
        ("balance", amount(sum)),
        ("currency", text(currency.code())),
        ("balances", Json::Array(all.collect())),
    ])
}

/// A page of the merchant's users (2.6; the answer is inferred).
fn users(bank: &Bank, body: &Body) -> Json {
    let skip = body.count("skip").unwrap_or(0);
    let limit = body.count("limit").unwrap_or(10).clamp(1, 200);
    let search = body.text("search").unwrap_or_default().to_lowercase();
    let matching: Vec<&Card> = bank
        .cards
        .iter()
        .filter(|card| {
            search.is_empty()
                || card.holder().to_lowercase().contains(&search)
                || card.holder_id == search
        })
        .collect();
    let data = matching
        .iter()
        .skip(skip)
        .take(limit)
        .map(|card| {
            object([
                ("id", Json::Number(card.holder_id.clone())),
                ("user_id", Json::Number(card.holder_id.clone())),
                ("email", text(format!("holder{}@sandbox.example", card.holder_id))),
                ("first_name", text(card.person.first)),
                ("last_name", text(card.person.last)),
                ("status", text("APPROVED")),
            ])
        })
        .collect();
    object([("data", Json::Array(data)), ("total", number(matching.len()))])
}

/// The card that user and card id name together (2.8 to 2.11).
fn wanted(bank: &Bank, body: &Body) -> Result<usize, Failure> {
    let (Some(user), Some(card)) = (body.text("user_id"), body.text("card_id")) else {
        return failure("Invalid Request Data: user_id and card_id are required");
    };
    let position = bank
        .find(&card)
        .filter(|&at| bank.cards.get(at).is_some_and(|card| card.holder_id == user));
    position.map_or_else(|| failure("Card not found"), Ok)
}

fn card_at(bank: &Bank, position: usize) -> Result<&Card, Failure> {
    bank.cards.get(position).ok_or_else(|| Failure("Card not found".to_owned()))
}

/// Card states (4); CLOSED and BLOCKED are inferred.
const fn state_word(state: CardState) -> &'static str {
    match state {
        CardState::Active => "ACTIVE",
        CardState::Frozen => "LOCKED",
        CardState::Blocked => "BLOCKED",
        CardState::Pending => "TBA",
        CardState::Closed => "CLOSED",
    }
}

/// Takes sum and fee from the float; the card gets its money later (2.8, 5.2).
fn recharge(bank: &mut Bank, body: &Body, now: Timestamp) -> Result<Json, Failure> {
    let position = wanted(bank, body)?;
    let card = card_at(bank, position)?;
    let Some(exact) = body.decimal("amount") else {
        return failure("Invalid Request Data: amount is required");
    };
    let (low, high) = limits(card.currency);
    let usable =
        card.state == CardState::Active || (card.state == CardState::Pending && !card.physical);
    if !usable {
        return failure(format!("Invalid Card State: {}", state_word(card.state)));
    }
    let sum = rounded(exact, card.currency);
    let paid = sum + bank.rules.top_up_fee(sum, card.currency);
    let outcome = if sum != exact {
        Err(Refusal::Amount)
    } else if sum < low {
        Err(Refusal::TooSmall)
    } else if sum > high {
        Err(Refusal::TooLarge)
    } else {
        bank.top_up(TopUp { paid, ..TopUp::plain(position, sum) }, now, RECHARGE_MILLIS)
    };
    match outcome {
        Ok(_) => Ok(object([("message", text("Card recharge request sent successfully"))])),
        Err(Refusal::State(state)) => failure(format!("Invalid Card State: {}", state_word(state))),
        Err(Refusal::Amount) => failure("Invalid Request Data: amount"),
        Err(Refusal::TooSmall) => {
            failure(format!("Insufficient Balance: the minimum recharge is {low}"))
        }
        Err(Refusal::TooLarge) => {
            failure(format!("Invalid Request Data: the maximum recharge is {high}"))
        }
        Err(Refusal::InsufficientFunds) => {
            failure("Merchant Balance: the merchant account balance is too low")
        }
    }
}

/// Lock, unlock and close; the state changes later (2.9, 5.2).
fn update_status(bank: &mut Bank, body: &Body, now: Timestamp) -> Result<Json, Failure> {
    let position = wanted(bank, body)?;
    let state = card_at(bank, position)?.state;
    let invalid = || failure(format!("Invalid Card State: {}", state_word(state)));
    match body.text("alter").as_deref() {
        Some("LOCK") if state == CardState::Active => {
            bank.set_state(position, CardState::Frozen, now, STATUS_MILLIS)
        }
        Some("UNLOCK") if state == CardState::Frozen => {
            bank.set_state(position, CardState::Active, now, STATUS_MILLIS)
        }
        Some("CLOSE") if state != CardState::Closed => bank.close(position, now, STATUS_MILLIS),
        Some("LOCK" | "UNLOCK" | "CLOSE") => return invalid(),
        Some(_) | None => return failure("Invalid Request Data: alter"),
    }
    Ok(object([("message", text("Operation requested"))]))
}

/// Physical cards only (2.14).
fn set_pin(bank: &mut Bank, body: &Body, now: Timestamp) -> Result<Json, Failure> {
    let position = wanted(bank, body)?;
    let pin = body
        .string("pin")
        .filter(|pin| (4..=6).contains(&pin.len()) && pin.bytes().all(|b| b.is_ascii_digit()));
    let Some(pin) = pin else { return failure("Invalid Request Data: pin") };
    let Some(card) = bank.cards.get_mut(position) else { return failure("Card not found") };
    if !card.physical {
        return failure("Invalid Request Data: only physical cards have a PIN");
    }
    let state = card.state;
    match state {
        CardState::Pending | CardState::Active => card.pin = Some(pin),
        CardState::Frozen | CardState::Blocked | CardState::Closed => {
            return failure(format!("Invalid Card State: {}", state_word(state)));
        }
    }
    if state == CardState::Pending {
        // The first PIN activates a physical card (2.14, inferred).
        bank.set_state(position, CardState::Active, now, 0);
    }
    Ok(object([("success", true.into()), ("message", text("PIN set successfully"))]))
}

/// What the card can spend (2.10).
fn get_balance(bank: &Bank, body: &Body) -> Result<Json, Failure> {
    let card = card_at(bank, wanted(bank, body)?)?;
    Ok(object([
        ("balance", troubles::figure(card, amount(card.available()))),
        ("refund_amount", amount(Decimal::ZERO)),
        ("currency", troubles::currency(card, card.currency.code())),
    ]))
}

/// Number, code, expiry and state (2.11).
fn get_information(bank: &Bank, body: &Body) -> Result<Json, Failure> {
    let card = card_at(bank, wanted(bank, body)?)?;
    Ok(object([
        ("number", text(card.number.as_str())),
        ("cvv", text(card.cvv.as_str())),
        (
            "expiry_date",
            text(format!("{:02}/{:02}", card.expires.1, card.expires.0.rem_euclid(100))),
        ),
        ("status", troubles::state(card, state_word(card.state))),
        ("template_id", number(template_of(bank.rules.programme(), card.currency, card.physical))),
    ]))
}
