//! The sandbox's banana: every body encrypted and signed, both ways, as "banana wire notes" 1 and 2
//! describe it. Must not share a line with the adapter.

use http::{Method, StatusCode};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use rust_decimal::Decimal;

use super::bank::{
    Bank, Card, CardState, Kind, Load, Progress, Refusal, Row, code, rounded, scaled,
};
use super::json::{Body, Json, number, object, text};
use super::random::Random;
use super::{Call, Reply, seal, troubles};
use crate::domain::money::Currency;

pub(super) const MERCHANT_ID: &str = "0b9e3f52-6c1d-4e0a-9f4e-5a8d27c6b1e0";
/// Used as its 32 bytes (1.7, `utf8`).
pub(super) const SECRET_KEY: &str = "sandbox-banana-secret-key-32-chr";

const RECHARGE_MILLIS: u64 = 2_000;
const STATUS_MILLIS: u64 = 1_500;

/// What the server keeps beside the bank.
pub(super) struct Server {
    /// First blocks of answers; apart from the bank's own chances, so that looking does not change
    /// the story.
    blocks: Random,
}

impl Default for Server {
    fn default() -> Self {
        Self { blocks: Random::new(0x00ba_0a0a) }
    }
}

/// Whether a request to this path changes something.
pub(super) fn writes(path: &str) -> bool {
    matches!(path.trim_end_matches('/'), "/card/recharge" | "/card/update_status" | "/card/set_pin")
}

/// A refusal as HTTP 400 with an unencrypted reason, before anybody proved anything.
pub(super) fn refused(why: &str) -> Reply {
    Reply::json(
        StatusCode::BAD_REQUEST,
        object([("success", false.into()), ("message", text(why))]),
    )
    .stranger()
}

/// Why a call failed, for the encrypted 400.
struct Failure(String);

fn failure<T>(why: impl Into<String>) -> Result<T, Failure> {
    Err(Failure(why.into()))
}

struct Done {
    answer: Json,
    topped_up: bool,
}

impl From<Json> for Done {
    fn from(answer: Json) -> Self {
        Self { answer, topped_up: false }
    }
}

impl Server {
    pub(super) fn answer(
        &mut self,
        bank: &mut Bank,
        call: &Call,
        now: Timestamp,
        wrong_signature: bool,
    ) -> Reply {
        let plain = match open(call) {
            Ok(plain) => plain,
            Err(reply) => return reply,
        };
        let Some(body) = Body::read(&plain) else {
            return self
                .seal(
                    StatusCode::BAD_REQUEST,
                    &problem("The decrypted data is not valid JSON"),
                    wrong_signature,
                )
                .stranger();
        };
        let done = match call.path.trim_end_matches('/') {
            "/merchant/get_account_balance" => Ok(account_balance(bank).into()),
            "/merchant/get_card_templates" => {
                Ok(object([("data", Json::Array(templates()))]).into())
            }
            "/merchant/set_webhook_url" => {
                Ok(object([("message", text("Webhook URL set successfully"))]).into())
            }
            "/merchant/get_webhook_records" => {
                Ok(object([("data", Json::Array(Vec::new())), ("total", number(0))]).into())
            }
            "/user/register" => failure("Registration is closed in the sandbox"),
            "/user/get_users" => Ok(users(bank, &body).into()),
            "/card/apply" | "/card/assign" => failure("The sandbox issues no new cards"),
            "/card/3ds_confirm" => failure("No 3DS request waits for a confirmation"),
            "/card/recharge" => recharge(bank, &body, now),
            "/card/update_status" => update_status(bank, &body, now).map(Done::from),
            "/card/get_balance" => get_balance(bank, &body).map(Done::from),
            "/card/get_information" => get_information(bank, &body).map(Done::from),
            "/card/get_transactions" => get_transactions(bank, &body).map(Done::from),
            "/card/set_pin" => set_pin(bank, &body).map(Done::from),
            _ => return self.seal(StatusCode::NOT_FOUND, &problem("Not found"), wrong_signature),
        };
        match done {
            Ok(Done { answer, topped_up }) => {
                Reply { topped_up, ..self.seal(StatusCode::OK, &answer, wrong_signature) }
            }
            Err(Failure(why)) => {
                self.seal(StatusCode::BAD_REQUEST, &problem(&why), wrong_signature)
            }
        }
    }

    fn seal(&mut self, status: StatusCode, answer: &Json, wrong_signature: bool) -> Reply {
        let sealed = seal::cbc_seal(
            SECRET_KEY.as_bytes(),
            self.blocks.block(),
            answer.to_string().as_bytes(),
        )
        .expect("the sandbox's own key has 32 bytes");
        let key = if wrong_signature { "a key of somebody else" } else { SECRET_KEY };
        let hmac = seal::hmac_hex(key.as_bytes(), &sealed);
        Reply::json(status, object([("encrypted_payload", text(sealed)), ("hmac", text(hmac))]))
    }
}

fn problem(message: &str) -> Json {
    object([("success", false.into()), ("message", text(message))])
}

/// Checks who calls and opens the body (1.3 to 1.5); everything that is wrong is a 400 (1.9).
fn open(call: &Call) -> Result<Vec<u8>, Reply> {
    if call.method != Method::POST {
        return Err(
            Reply::json(StatusCode::METHOD_NOT_ALLOWED, problem("Method not allowed")).stranger()
        );
    }
    if !call.header("merchant-id").is_some_and(|id| seal::same(MERCHANT_ID, id)) {
        return Err(refused("Invalid Merchant-ID"));
    }
    let sealed = Body::read(&call.body).and_then(|body| body.string("encrypted_payload"));
    let Some(sealed) = sealed else { return Err(refused("Malformed encrypted payload")) };
    let hmac = call.header("x-hmac").unwrap_or_default();
    if !seal::hmac_holds(SECRET_KEY.as_bytes(), &sealed, hmac) {
        return Err(refused("Invalid HMAC"));
    }
    seal::cbc_open(SECRET_KEY.as_bytes(), &sealed)
        .ok_or_else(|| refused("Malformed encrypted payload"))
}

/// Digits with a point in them, as the document's examples write amounts: `100.0`.
fn amount(sum: Decimal) -> Json {
    let digits = sum.to_string();
    Json::Number(if digits.contains('.') { digits } else { format!("{digits}.0") })
}

const CURRENCIES: [&str; 4] = ["USD", "EUR", "JPY", "KWD"];

/// The template of a currency and form: a virtual one and a physical one each.
fn template_of(currency: Currency, physical: bool) -> u64 {
    let index = CURRENCIES.iter().position(|of| *of == currency.code()).unwrap_or(0) as u64;
    1 + 2 * index + u64::from(physical)
}

pub(super) fn recharge_fee(currency: Currency) -> Decimal {
    scaled(100, currency)
}

fn limits(currency: Currency) -> (Decimal, Decimal) {
    (Decimal::ONE, scaled(1_000_000, currency))
}

fn templates() -> Vec<Json> {
    CURRENCIES
        .iter()
        .flat_map(|of| [(*of, false), (*of, true)])
        .map(|(of, physical)| {
            let currency = code(of);
            let (low, high) = limits(currency);
            object([
                ("id", number(template_of(currency, physical))),
                (
                    "description",
                    text(format!("{of} prepaid, {}", if physical { "plastic" } else { "virtual" })),
                ),
                ("type", text(if physical { "Physical" } else { "Virtual" })),
                ("payment_system", text("Mastercard")),
                ("currency", text(of)),
                ("apply_fee", amount(scaled(500, currency))),
                ("recharge_fee", amount(recharge_fee(currency))),
                ("refund_fee", amount(Decimal::ZERO)),
                ("activate_min_limit", amount(low)),
                ("recharge_min_limit", amount(low)),
                ("recharge_max_limit", amount(high)),
                ("limit_per_tx", amount(scaled(250_000, currency))),
                ("limit_per_day", amount(scaled(500_000, currency))),
                ("limit_per_month", amount(scaled(2_000_000, currency))),
                ("requires_kyc", physical.into()),
                ("requires_phone_only", (!physical).into()),
                ("needs_activation", true.into()),
                ("requires_initial_deposit", false.into()),
            ])
        })
        .collect()
}

/// The dollars in front, as a client expects one balance (2.1, inferred); all currencies behind
/// them.
fn account_balance(bank: &Bank) -> Json {
    let all = bank
        .floats
        .iter()
        .map(|&(currency, sum)| {
            object([("currency", text(currency.code())), ("balance", amount(sum))])
        })
        .collect();
    let (currency, sum) = bank.floats.first().copied().unwrap_or((code("USD"), Decimal::ZERO));
    object([
        ("balance", amount(sum)),
        ("currency", text(currency.code())),
        ("balances", Json::Array(all)),
    ])
}

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
                || card.user == search
        })
        .collect();
    let data = matching
        .iter()
        .skip(skip)
        .take(limit)
        .map(|card| {
            object([
                ("id", Json::Number(card.user.clone())),
                ("user_id", Json::Number(card.user.clone())),
                ("email", text(format!("holder{}@sandbox.example", card.user))),
                ("first_name", text(card.person.0)),
                ("last_name", text(card.person.1)),
                ("status", text("APPROVED")),
            ])
        })
        .collect();
    object([("data", Json::Array(data)), ("total", number(matching.len()))])
}

/// The card that user and card id name together.
fn wanted(bank: &Bank, body: &Body) -> Result<usize, Failure> {
    let (Some(user), Some(card)) = (body.text("user_id"), body.text("card_id")) else {
        return failure("Invalid Request Data: user_id and card_id are required");
    };
    let position =
        bank.find(&card).filter(|&at| bank.cards.get(at).is_some_and(|card| card.user == user));
    position.map_or_else(|| failure("Card not found"), Ok)
}

fn card_at(bank: &Bank, position: usize) -> Result<&Card, Failure> {
    bank.cards.get(position).ok_or_else(|| Failure("Card not found".to_owned()))
}

const fn state_word(state: CardState) -> &'static str {
    match state {
        CardState::Active => "ACTIVE",
        CardState::Frozen => "LOCKED",
        CardState::Blocked => "BLOCKED",
        CardState::Pending => "TBA",
        CardState::Closed => "CLOSED",
    }
}

fn recharge(bank: &mut Bank, body: &Body, now: Timestamp) -> Result<Done, Failure> {
    let position = wanted(bank, body)?;
    let card = card_at(bank, position)?;
    let Some(sum) = body.decimal("amount") else {
        return failure("Invalid Request Data: amount is required");
    };
    let (low, high) = limits(card.currency);
    let fee = recharge_fee(card.currency);
    let usable =
        card.state == CardState::Active || (card.state == CardState::Pending && !card.physical);
    if !usable {
        return failure(format!("Invalid Card State: {}", state_word(card.state)));
    }
    let (sum, exact) = (rounded(sum, card.currency), sum);
    let outcome = if sum != exact {
        Err(Refusal::Amount)
    } else if sum < low {
        Err(Refusal::TooSmall)
    } else if sum > high {
        Err(Refusal::TooLarge)
    } else {
        bank.top_up(Load { paid: sum + fee, ..Load::plain(position, sum) }, now, RECHARGE_MILLIS)
    };
    match outcome {
        Ok(_) => Ok(Done {
            answer: object([("message", text("Card recharge request sent successfully"))]),
            topped_up: true,
        }),
        Err(Refusal::State(state)) => failure(format!("Invalid Card State: {}", state_word(state))),
        Err(Refusal::Amount) => failure("Invalid Request Data: amount"),
        Err(Refusal::TooSmall) => {
            failure(format!("Insufficient Balance: the minimum recharge is {low}"))
        }
        Err(Refusal::TooLarge) => {
            failure(format!("Invalid Request Data: the maximum recharge is {high}"))
        }
        Err(Refusal::NoFloat) => {
            failure("Merchant Balance: the merchant account balance is too low")
        }
    }
}

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
        Some("CLOSE") if state != CardState::Closed => {
            bank.close(position, true, now, STATUS_MILLIS)
        }
        Some("LOCK" | "UNLOCK" | "CLOSE") => return invalid(),
        Some(_) | None => return failure("Invalid Request Data: alter"),
    }
    Ok(object([("message", text("Operation requested"))]))
}

fn set_pin(bank: &mut Bank, body: &Body) -> Result<Json, Failure> {
    let position = wanted(bank, body)?;
    let pin = body
        .string("pin")
        .filter(|pin| (4..=6).contains(&pin.len()) && pin.bytes().all(|b| b.is_ascii_digit()));
    let Some(pin) = pin else { return failure("Invalid Request Data: pin") };
    let Some(card) = bank.cards.get_mut(position) else { return failure("Card not found") };
    if !card.physical {
        return failure("Invalid Request Data: only physical cards have a PIN");
    }
    match card.state {
        // The first PIN activates a physical card (2.14, inferred).
        CardState::Pending => card.state = CardState::Active,
        CardState::Active => {}
        CardState::Frozen | CardState::Blocked | CardState::Closed => {
            return failure(format!("Invalid Card State: {}", state_word(card.state)));
        }
    }
    card.pin = Some(pin);
    Ok(object([("success", true.into()), ("message", text("PIN set successfully"))]))
}

fn get_balance(bank: &Bank, body: &Body) -> Result<Json, Failure> {
    let card = card_at(bank, wanted(bank, body)?)?;
    Ok(object([
        ("balance", troubles::figure(card, amount(card.available()))),
        ("refund_amount", amount(Decimal::ZERO)),
        ("currency", troubles::currency(card, card.currency.code())),
    ]))
}

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
        ("template_id", number(template_of(card.currency, card.physical))),
    ]))
}

fn get_transactions(bank: &Bank, body: &Body) -> Result<Json, Failure> {
    let (Ok(from), Ok(to)) =
        (time(body.text("start_date"), false), time(body.text("end_date"), true))
    else {
        return failure("Invalid Request Data: start_date or end_date");
    };
    let skip = body.count("skip").unwrap_or(0);
    let limit = bank.page_size(body.count("limit").unwrap_or(10).clamp(1, 200));
    let card = match body.text("card_id").map(|id| bank.find(&id)) {
        Some(None) => return Ok(object([("data", Json::Array(Vec::new())), ("total", number(0))])),
        Some(card) => card,
        None => None,
    };
    let user = body.text("user_id");
    let (status, kind) = (body.text("status"), body.text("type"));
    let search = body.text("search").unwrap_or_default().to_lowercase();
    // Newest first unless the caller says otherwise (the default is not documented).
    let newest_first = body.flag("desc").unwrap_or(true);
    let mut matching: Vec<(&Row, &Card)> = bank
        .statement(card)
        .into_iter()
        .filter_map(|row| Some((row, bank.cards.get(row.card)?)))
        .filter(|(row, of)| {
            user.as_ref().is_none_or(|user| *user == of.user)
                && status.as_ref().is_none_or(|status| status.eq_ignore_ascii_case(row_status(row)))
                && kind.as_ref().is_none_or(|kind| kind.eq_ignore_ascii_case(row_type(row)))
                && from.is_none_or(|from| row.at >= from)
                && to.is_none_or(|to| row.at <= to)
                && (search.is_empty() || merchant_name(row).to_lowercase().contains(&search))
        })
        .collect();
    if !newest_first {
        matching.reverse();
    }
    let data: Vec<Json> =
        matching.iter().skip(skip).take(limit).map(|(row, card)| entry(bank, row, card)).collect();
    let total = bank.total(matching.len(), data.len());
    Ok(object([("data", Json::Array(data)), ("total", number(total))]))
}

/// A moment or a day, which ends with its last second; the format is not documented (2.12,
/// inferred).
fn time(text: Option<String>, end: bool) -> Result<Option<Timestamp>, ()> {
    let Some(text) = text else { return Ok(None) };
    if let Ok(at) = text.parse::<Timestamp>() {
        return Ok(Some(at));
    }
    let day: Date = text.parse().map_err(|_| ())?;
    let at = if end { day.at(23, 59, 59, 999_999_999) } else { day.at(0, 0, 0, 0) };
    Ok(Some(at.to_zoned(TimeZone::UTC).map_err(|_| ())?.timestamp()))
}

const fn row_type(row: &Row) -> &'static str {
    match row.kind {
        Kind::Purchase => "PURCHASE",
        Kind::Cash => "WITHDRAWAL",
        Kind::Refund => "REFUND",
        Kind::Fee => "FEE",
        Kind::TopUp => "RECHARGE",
        Kind::Closing => "CLOSE",
    }
}

const fn row_status(row: &Row) -> &'static str {
    match row.progress {
        Progress::Pending => "PENDING",
        Progress::Cleared => "SUCCESS",
        Progress::Declined => "DECLINED",
        Progress::Reversed => "REVERSED",
        Progress::Failed => "FAILED",
    }
}

fn merchant_name(row: &Row) -> &str {
    row.merchant.as_ref().map_or_else(|| row_type(row), |shop| shop.name.as_str())
}

/// A row's id on this wire.
pub(super) const fn row_id(number: u64) -> u64 {
    500_000 + number
}

fn entry(bank: &Bank, row: &Row, card: &Card) -> Json {
    let spelt = bank.card_id_in_rows(&card.id);
    let mut fields = vec![
        ("id", number(row_id(row.id))),
        ("card_id", if spelt == card.id { Json::Number(spelt) } else { text(spelt) }),
        ("amount", troubles::row_amount(row, amount(row.amount))),
        ("currency", troubles::row_currency(row, text(card.currency.code()))),
        ("type", text(row_type(row))),
        ("status", troubles::row_state(row, text(row_status(row)))),
        ("created_at", troubles::row_time(row, text(row.at.to_string()))),
        ("merchant_name", text(merchant_name(row))),
        ("user_id", Json::Number(card.user.clone())),
    ];
    if let Some(reason) = row.reason {
        fields.push(("description", text(reason.code())));
    }
    if let Some(shop) = &row.merchant {
        fields.push(("mcc", text(shop.mcc.as_str())));
        fields.push(("merchant_country", text(shop.country.as_str())));
    }
    if row.kind == Kind::TopUp {
        fields.push(("fee", amount(row.fee)));
    }
    Json::Object(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}
