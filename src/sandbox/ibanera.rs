//! The sandbox's ibanera: login with a one-time code, then bearer and a fresh code on every call,
//! envelopes with `status` "1" or "0", as "ibanera wire notes" 1 and 2 describe it. Must not share
//! a line with the adapter.

mod accounts;
mod rows;

use http::{Method, StatusCode};
use jiff::Timestamp;

pub(super) use self::accounts::transfer_fee;
pub(super) use self::rows::row_id;
use super::bank::{Bank, Card, CardState, after};
use super::json::{Body, Json, number, object, text};
use super::{Call, Reply, seal, troubles};

pub(super) const USERNAME: &str = "sandbox-principal";
pub(super) const PASSWORD: &str = "sandbox-ibanera-password";
/// Base32, as the wire's default is (1.4).
pub(super) const SHARED_SECRET: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
/// The manager's dollar account, which can pay for top-ups.
pub(super) const ASSET_ACCOUNT_ID: &str = "8204";
/// The manager itself, as a customer.
pub(super) const MANAGER_ID: &str = "14380";

const TOKEN_SECONDS: u64 = 3_600;
const WRONG_LOGINS: u32 = 5;
const LOCK_MILLIS: u64 = 600_000;
const TRANSFER_MILLIS: u64 = 2_000;

/// Logins and their tokens.
#[derive(Default)]
pub(super) struct Server {
    wrong: u32,
    locked_until: Option<Timestamp>,
    tokens: Vec<(String, Timestamp)>,
    made: u64,
}

fn route(path: &str) -> &str {
    path.trim_end_matches('/').strip_prefix("/api/v1/").unwrap_or("")
}

pub(super) fn is_login(path: &str) -> bool {
    route(path) == "public/auth/login"
}

/// Whether a request to this path changes something.
pub(super) fn writes(path: &str) -> bool {
    matches!(
        route(path),
        "customer/cards/transferfunds"
            | "customer/cards/activate"
            | "customer/cards/deactivate"
            | "customer/cards/changecardpin"
    )
}

/// 401 without a body (1.6, inferred).
pub(super) fn unauthorized() -> Reply {
    Reply::of(StatusCode::UNAUTHORIZED, "application/json", String::new()).stranger()
}

/// `fieldName` and `messageCode` of an error envelope.
struct Problem(StatusCode, &'static str, &'static str);

type Outcome = Result<Reply, Problem>;

fn problem<T>(field: &'static str, message: &'static str) -> Result<T, Problem> {
    Err(Problem(StatusCode::BAD_REQUEST, field, message))
}

impl Problem {
    fn reply(&self) -> Reply {
        let Self(status, field, message) = *self;
        let error = object([
            ("fieldName", text(field)),
            ("messageCode", text(message)),
            ("errorType", text("Error")),
        ]);
        let errors = Json::Array(vec![error]);
        let body = object([
            ("id", number(0)),
            ("details", Json::Null),
            ("status", text("0")),
            ("errors", errors),
        ]);
        Reply::json(status, body)
    }
}

fn success(id: impl std::fmt::Display, details: Json) -> Reply {
    let body = object([
        ("id", number(id)),
        ("details", details),
        ("status", text("1")),
        ("errors", Json::Array(Vec::new())),
    ]);
    Reply::json(StatusCode::OK, body)
}

impl Server {
    pub(super) fn answer(&mut self, bank: &mut Bank, call: &Call, now: Timestamp) -> Reply {
        if is_login(&call.path) {
            return self
                .login(bank, call, now)
                .unwrap_or_else(|problem| problem.reply().stranger());
        }
        let bearer = call
            .header("authorization")
            .and_then(|value| value.strip_prefix("Bearer "))
            .unwrap_or_default();
        self.tokens.retain(|(_, until)| *until > now);
        if !self.tokens.iter().any(|(token, _)| seal::same(token, bearer)) {
            return unauthorized();
        }
        if !otp_holds(call.header("otp").unwrap_or_default(), now) {
            return unauthorized();
        }
        let Some(body) = Body::read(&call.body) else {
            return Problem(StatusCode::BAD_REQUEST, "body", "Invalid").reply();
        };
        let get = call.method == Method::GET;
        let outcome = match (get, route(&call.path)) {
            (true, "customer/cards/balances") => Ok(card_balances(bank, call)),
            (true, "customer/cards/byuser/list") => Ok(by_user(bank, call, None)),
            (true, "customer/cards/byuser") => match call.asked("customersId") {
                Some(customer) => Ok(by_user(bank, call, Some(customer))),
                None => problem("customersId", "Required"),
            },
            (true, "customer/cards/carddetails") => card_details(bank, call),
            (true, "customer/cards/sensitive-details") => sensitive_details(bank, call),
            (true, "customer/cards/transactions") => rows::transactions(bank, call),
            (true, "customer/accounts/balances") => Ok(accounts::account_balances(bank, call)),
            (true, "customer/accounts/list-accounts") => accounts::list_accounts(bank, call),
            (true, "customer/accounts/account") => accounts::account_by_id(bank, call),
            (false, "customer/cards/reviewtransferfunds") => {
                accounts::transfer(bank, &body).map(|load| {
                    success(
                        0,
                        object([("fee", transfer_fee().into()), ("totalDue", load.paid.into())]),
                    )
                })
            }
            (false, "customer/cards/transferfunds") => accounts::transfer_funds(bank, &body, now),
            (false, "customer/cards/activate") => activate(bank, &body, now),
            (false, "customer/cards/deactivate") => deactivate(bank, &body, now),
            (false, "customer/cards/changecardpin") => change_pin(bank, &body),
            _ => Err(Problem(StatusCode::NOT_FOUND, "path", "Not_Found")),
        };
        outcome.unwrap_or_else(|problem| problem.reply())
    }

    fn login(&mut self, bank: &Bank, call: &Call, now: Timestamp) -> Outcome {
        if call.method != Method::POST {
            return problem("path", "Invalid");
        }
        let Some(body) = Body::read(&call.body) else { return problem("body", "Invalid") };
        let Some(username) = body.string("username") else {
            return problem("username", "Required");
        };
        let Some(password) = body.string("password") else {
            return problem("password", "Required");
        };
        let Some(otp) = body.string("otp") else { return problem("otp", "Required") };
        if self.locked_until.is_some_and(|until| now < until) {
            return problem("username", "Account_Locked");
        }
        let user = seal::same(USERNAME, &username) && seal::same(PASSWORD, &password);
        if !(user && otp_holds(&otp, now)) {
            self.wrong += 1;
            if self.wrong >= WRONG_LOGINS {
                self.wrong = 0;
                self.locked_until = Some(after(now, LOCK_MILLIS));
                return problem("username", "Account_Locked");
            }
            // No code for a wrong one-time code is documented (1.2).
            return if user {
                problem("otp", "Invalid")
            } else {
                problem("username", "Username_Or_Password_Incorrect")
            };
        }
        self.wrong = 0;
        self.locked_until = None;
        self.made += 1;
        let token = format!("eyJhbGciOiJIUzI1NiJ9.{}", bank.uuid(5_000_000_000 + self.made));
        self.tokens.push((token.clone(), after(now, TOKEN_SECONDS * 1_000)));
        Ok(success(
            MANAGER_ID,
            object([("accessToken", text(token)), ("expiresIn", number(TOKEN_SECONDS))]),
        ))
    }
}

/// The code of this step, the one before or the one after (the skew is not documented).
fn otp_holds(otp: &str, now: Timestamp) -> bool {
    [-30, 0, 30].into_iter().any(|skew| {
        seal::totp(SHARED_SECRET, now.as_second() + skew).is_some_and(|code| seal::same(&code, otp))
    })
}

/// A page of an array, in the list envelope (5.1).
fn page(bank: &Bank, call: &Call, items: Vec<Json>, whole_without_size: bool) -> Reply {
    let asked = |name: &str| {
        call.asked(name).and_then(|text| text.parse::<usize>().ok()).filter(|&n| n > 0)
    };
    let total = items.len();
    let whole = whole_without_size && asked("pageSize").is_none() && asked("pageNumber").is_none();
    let size =
        if whole { total.max(1) } else { bank.page_size(asked("pageSize").unwrap_or(10).min(200)) };
    let at = asked("pageNumber").unwrap_or(1);
    let items: Vec<Json> =
        items.into_iter().skip((at - 1).saturating_mul(size)).take(size).collect();
    let total = bank.total(total, items.len());
    let body = object([
        ("id", number(0)),
        ("details", Json::Array(items)),
        ("pageSize", number(size)),
        ("pageNumber", number(at)),
        ("numberOfPages", number(total.div_ceil(size))),
        ("status", text("1")),
        ("errors", Json::Array(Vec::new())),
    ]);
    Reply::json(StatusCode::OK, body)
}

const fn state_word(state: CardState) -> &'static str {
    match state {
        CardState::Active => "Active",
        CardState::Frozen | CardState::Blocked | CardState::Pending | CardState::Closed => {
            "Deactivated"
        }
    }
}

fn reference_of(customer: &str) -> Json {
    text(format!("customer-{customer}"))
}

fn card_balances(bank: &Bank, call: &Call) -> Reply {
    let customer = call.asked("CustomersID");
    let items = bank
        .cards
        .iter()
        .filter(|card| customer.is_none_or(|customer| card.user == customer))
        .map(|card| {
            object([
                ("id", Json::Number(card.id.clone())),
                ("customersReference", reference_of(&card.user)),
                ("cardHolderName", text(card.holder())),
                ("cardLast4", text(card.last4())),
                ("customersID", text(card.user.as_str())),
                ("currency", troubles::currency(card, "usd")),
                ("totalBalance", troubles::figure(card, card.ledger.into())),
                ("availableBalance", troubles::figure(card, card.available().into())),
                ("pendingBalance", troubles::figure(card, card.held.into())),
                ("status", troubles::state(card, state_word(card.state))),
            ])
        })
        .collect();
    page(bank, call, items, false)
}

/// A card as lists of a customer's cards and activation write it (2.5, 2.6).
fn listed(card: &Card) -> Json {
    object([
        ("id", Json::Number(card.id.clone())),
        ("currency", text("usd")),
        ("cardNumber", text(format!("************{}", card.last4()))),
        ("totalBalance", card.ledger.into()),
        ("availableBalance", card.available().into()),
        ("pendingBalance", card.held.into()),
        ("bSuppressed", (card.state != CardState::Active).into()),
    ])
}

fn by_user(bank: &Bank, call: &Call, only: Option<&str>) -> Reply {
    let mut customers: Vec<&str> = bank.cards.iter().map(|card| card.user.as_str()).collect();
    customers.sort_unstable();
    customers.dedup();
    let items = customers
        .into_iter()
        .filter(|customer| only.is_none_or(|only| only == *customer))
        .map(|customer| {
            let cards =
                bank.cards.iter().filter(|card| card.user == customer).map(listed).collect();
            object([
                ("customersId", Json::Number(customer.to_owned())),
                ("customersReference", reference_of(customer)),
                ("cards", Json::Array(cards)),
            ])
        })
        .collect();
    page(bank, call, items, false)
}

fn asked_card<'a>(bank: &'a Bank, call: &Call) -> Result<&'a Card, Problem> {
    let Some(id) = call.asked("CardId") else { return problem("CardId", "Required") };
    bank.card(id).ok_or(Problem(StatusCode::NOT_FOUND, "CardId", "Invalid"))
}

fn card_details(bank: &Bank, call: &Call) -> Outcome {
    let card = asked_card(bank, call)?;
    Ok(success(
        0,
        object([
            ("customersID", Json::Number(card.user.clone())),
            ("customersReference", reference_of(&card.user)),
            ("cardHolderName", text(card.holder())),
            ("cardLast4", text(card.last4())),
            ("currency", troubles::currency(card, "usd")),
            ("totalBalance", troubles::figure(card, card.ledger.into())),
            ("availableBalance", troubles::figure(card, card.available().into())),
            ("status", troubles::state(card, state_word(card.state))),
        ]),
    ))
}

fn sensitive_details(bank: &Bank, call: &Call) -> Outcome {
    let card = asked_card(bank, call)?;
    Ok(success(
        0,
        object([
            ("cardHolderName", text(card.holder())),
            (
                "expiryDate",
                text(format!("{:04}-{:02}-28T00:00:00.000Z", card.expires.0, card.expires.1)),
            ),
            ("cardNumber", text(card.number.as_str())),
            ("cvc", text(card.cvv.as_str())),
            ("currency", text("usd")),
            ("totalBalance", card.ledger.into()),
            ("availableBalance", card.available().into()),
            ("status", text(state_word(card.state))),
        ]),
    ))
}

fn named_card(bank: &Bank, body: &Body) -> Result<(usize, CardState), Problem> {
    let Some(id) = body.text("cardsId") else { return problem("cardsId", "Required") };
    let found =
        bank.find(&id).and_then(|position| Some((position, bank.cards.get(position)?.state)));
    found.map_or_else(|| problem("cardsId", "Invalid"), Ok)
}

fn activate(bank: &mut Bank, body: &Body, now: Timestamp) -> Outcome {
    let (position, state) = named_card(bank, body)?;
    match state {
        CardState::Active => problem("cardsId", "Card_Active"),
        CardState::Blocked | CardState::Closed => {
            Err(Problem(StatusCode::INTERNAL_SERVER_ERROR, "cardsId", "Card_Provider_Error"))
        }
        CardState::Frozen | CardState::Pending => {
            bank.set_state(position, CardState::Active, now, 0);
            Ok(switched(bank, position))
        }
    }
}

fn deactivate(bank: &mut Bank, body: &Body, now: Timestamp) -> Outcome {
    let (position, state) = named_card(bank, body)?;
    if state != CardState::Active {
        return problem("cardsId", "Card_Suppressed");
    }
    bank.set_state(position, CardState::Frozen, now, 0);
    Ok(switched(bank, position))
}

fn switched(bank: &Bank, position: usize) -> Reply {
    let Some(card) = bank.cards.get(position) else { return success(0, Json::Null) };
    let details = object([
        ("customersId", Json::Number(card.user.clone())),
        ("customerReference", reference_of(&card.user)),
        ("card", listed(card)),
    ]);
    success(&card.id, details)
}

fn change_pin(bank: &mut Bank, body: &Body) -> Outcome {
    let Some(id) = body.text("TopUpCardsId") else { return problem("TopUpCardsId", "Required") };
    let Some(old) = body.string("OldPin") else { return problem("OldPin", "Required") };
    let Some(new) = body.string("NewPin") else { return problem("NewPin", "Required") };
    if new.len() != 4 || !new.bytes().all(|b| b.is_ascii_digit()) {
        return problem("NewPin", "Invalid_Length");
    }
    let Some(card) = bank.find(&id).and_then(|position| bank.cards.get_mut(position)) else {
        return problem("TopUpCardsId", "Invalid");
    };
    if card.state != CardState::Active {
        return problem("TopUpCardsId", "Invalid");
    }
    if !card.pin.as_deref().is_some_and(|pin| seal::same(pin, &old)) {
        return problem("OldPin", "Invalid");
    }
    card.pin = Some(new);
    Ok(success(0, object([("TopUpCardsId", Json::Number(id))])))
}
