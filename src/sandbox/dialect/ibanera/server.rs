//! ibanera's calls (ibanera wire notes, 2).

use http::{Method, StatusCode};
use jiff::Timestamp;

use super::envelope::{DefaultPage, Outcome, Problem, page, problem, success};
use super::{accounts, login, rows, webhooks};
use crate::sandbox::bank::{Bank, Card, CardState, Occurrence};
use crate::sandbox::call::{Call, Reply};
use crate::sandbox::dialect::Server;
use crate::sandbox::json::{Body, Json, object, text};
use crate::sandbox::letter::Message;
use crate::sandbox::random::Random;
use crate::sandbox::sessions::Sessions;
use crate::sandbox::{crypto, troubles};

/// Logins and their tokens.
pub(super) struct IbaneraServer {
    sessions: Sessions,
}

impl Default for IbaneraServer {
    fn default() -> Self {
        Self { sessions: Sessions::new(login::RULES) }
    }
}

pub(super) fn route(path: &str) -> &str {
    path.trim_end_matches('/').strip_prefix("/api/v1/").unwrap_or("")
}

impl Server for IbaneraServer {
    fn answer(&mut self, bank: &mut Bank, call: &Call, now: Timestamp) -> Reply {
        if route(&call.path) == login::ROUTE {
            return login::login(&mut self.sessions, bank, call, now)
                .unwrap_or_else(|problem| problem.reply().unauthenticated());
        }
        let otp = call.header("otp").unwrap_or_default();
        if !self.sessions.accepts(call.bearer(), now) || !login::otp_is_valid(otp, now) {
            return login::unauthorized();
        }
        let Some(body) = Body::read(&call.body) else {
            return Problem::of(StatusCode::BAD_REQUEST, "body", "Invalid").reply();
        };
        let get = call.method == Method::GET;
        let outcome = match (get, route(&call.path)) {
            (true, "customer/cards/balances") => Ok(card_balances(bank, call)),
            (true, "customer/cards/byuser/list") => Ok(by_user(bank, call, None)),
            (true, "customer/cards/byuser") => match call.query_value("customersId") {
                Some(customer) => Ok(by_user(bank, call, Some(customer))),
                None => problem("customersId", "Required"),
            },
            (true, "customer/cards/carddetails") => card_details(bank, call),
            (true, "customer/cards/sensitive-details") => sensitive_details(bank, call),
            (true, "customer/cards/transactions") => rows::transactions(bank, call),
            (true, "customer/accounts/balances") => Ok(accounts::account_balances(bank, call)),
            (true, "customer/accounts/list-accounts") => accounts::list_accounts(bank, call),
            (true, "customer/accounts/account") => accounts::account_by_id(bank, call),
            (false, "customer/cards/reviewtransferfunds") => accounts::review(bank, &body),
            (false, "customer/cards/transferfunds") => accounts::transfer_funds(bank, &body, now),
            (false, "customer/cards/activate") => activate(bank, &body, now),
            (false, "customer/cards/deactivate") => deactivate(bank, &body, now),
            (false, "customer/cards/changecardpin") => change_pin(bank, &body),
            _ => Err(Problem::of(StatusCode::NOT_FOUND, "path", "Not_Found")),
        };
        outcome.unwrap_or_else(|problem| problem.reply())
    }

    fn webhook(&mut self, bank: &Bank, occurrence: &Occurrence, random: Random) -> Option<Message> {
        webhooks::message(bank, occurrence, random)
    }
}

/// What card details call a state (2.9); all but Active are inferred.
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

/// A page of all cards with their balances, or of one customer's (2.11).
fn card_balances(bank: &Bank, call: &Call) -> Reply {
    let customer = call.query_value("CustomersID");
    let of_customer = |card: &&Card| customer.is_none_or(|wanted| card.holder_id == wanted);
    let item = |card: &Card| {
        object([
            ("id", Json::Number(card.id.clone())),
            ("customersReference", reference_of(&card.holder_id)),
            ("cardHolderName", text(card.holder())),
            ("cardLast4", text(card.last4())),
            ("customersID", text(card.holder_id.as_str())),
            ("currency", troubles::currency(card, "usd")),
            ("totalBalance", troubles::figure(card, card.balance.booked.into())),
            ("availableBalance", troubles::figure(card, card.available().into())),
            ("pendingBalance", troubles::figure(card, card.balance.held.into())),
            ("status", troubles::state(card, state_word(card.state))),
        ])
    };
    page(bank, call, bank.cards.iter().filter(of_customer).collect(), item, DefaultPage::Ten)
}

/// A card as lists of a customer's cards and activation write it (2.5, 2.6).
fn listed(card: &Card) -> Json {
    object([
        ("id", Json::Number(card.id.clone())),
        ("currency", text("usd")),
        ("cardNumber", text(format!("************{}", card.last4()))),
        ("totalBalance", card.balance.booked.into()),
        ("availableBalance", card.available().into()),
        ("pendingBalance", card.balance.held.into()),
        ("bSuppressed", (card.state != CardState::Active).into()),
    ])
}

/// Cards by customer, of one or of all (2.5).
fn by_user(bank: &Bank, call: &Call, only: Option<&str>) -> Reply {
    let mut customers: Vec<&str> = bank.cards.iter().map(|card| card.holder_id.as_str()).collect();
    customers.sort_unstable();
    customers.dedup();
    customers.retain(|customer| only.is_none_or(|only| only == *customer));
    let item = |customer: &str| {
        let cards = bank.cards.iter().filter(|card| card.holder_id == customer);
        object([
            ("customersId", Json::Number(customer.to_owned())),
            ("customersReference", reference_of(customer)),
            ("cards", Json::Array(cards.map(listed).collect())),
        ])
    };
    page(bank, call, customers, item, DefaultPage::Ten)
}

fn asked_card<'a>(bank: &'a Bank, call: &Call) -> Result<&'a Card, Problem> {
    let Some(id) = call.query_value("CardId") else { return problem("CardId", "Required") };
    bank.card(id).ok_or(Problem::of(StatusCode::NOT_FOUND, "CardId", "Invalid"))
}

/// Answers without number and code (2.9).
fn card_details(bank: &Bank, call: &Call) -> Outcome {
    let card = asked_card(bank, call)?;
    Ok(success(
        0,
        object([
            ("customersID", Json::Number(card.holder_id.clone())),
            ("customersReference", reference_of(&card.holder_id)),
            ("cardHolderName", text(card.holder())),
            ("cardLast4", text(card.last4())),
            ("currency", troubles::currency(card, "usd")),
            ("totalBalance", troubles::figure(card, card.balance.booked.into())),
            ("availableBalance", troubles::figure(card, card.available().into())),
            ("status", troubles::state(card, state_word(card.state))),
        ]),
    ))
}

/// Answers with number and code (2.10).
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
            ("totalBalance", card.balance.booked.into()),
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

/// Unfreezes, and activates a new card (2.6).
fn activate(bank: &mut Bank, body: &Body, now: Timestamp) -> Outcome {
    let (position, state) = named_card(bank, body)?;
    match state {
        CardState::Active => problem("cardsId", "Card_Active"),
        CardState::Blocked | CardState::Closed => {
            Err(Problem::of(StatusCode::INTERNAL_SERVER_ERROR, "cardsId", "Card_Provider_Error"))
        }
        CardState::Frozen | CardState::Pending => {
            bank.set_state(position, CardState::Active, now, 0);
            Ok(switched(bank, position))
        }
    }
}

/// Freezes (2.7; the path is inferred).
fn deactivate(bank: &mut Bank, body: &Body, now: Timestamp) -> Outcome {
    let (position, state) = named_card(bank, body)?;
    if state != CardState::Active {
        return problem("cardsId", "Card_Suppressed");
    }
    bank.set_state(position, CardState::Frozen, now, 0);
    Ok(switched(bank, position))
}

/// The card in its new state (2.6).
fn switched(bank: &Bank, position: usize) -> Reply {
    let Some(card) = bank.cards.get(position) else { return success(0, Json::Null) };
    let details = object([
        ("customersId", Json::Number(card.holder_id.clone())),
        ("customerReference", reference_of(&card.holder_id)),
        ("card", listed(card)),
    ]);
    success(&card.id, details)
}

/// Wants the old PIN (2.8).
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
    if !card.pin.as_deref().is_some_and(|pin| crypto::equal_secrets(pin, &old)) {
        return problem("OldPin", "Invalid");
    }
    card.pin = Some(new);
    Ok(success(0, object([("TopUpCardsId", Json::Number(id))])))
}
