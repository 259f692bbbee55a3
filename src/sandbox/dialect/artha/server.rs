//! artha's calls (artha wire notes, 2): reads are answered at once, changes with a task that takes
//! effect later (5.2).

use std::collections::HashMap;

use http::{Method, StatusCode};
use jiff::Timestamp;
use rust_decimal::Decimal;

use super::reply::{bad_request, not_found, ok};
use super::signing::Nonces;
use super::webhooks::Tasks;
use super::{rows, webhooks};
use crate::domain::money::read_decimal;
use crate::sandbox::bank::{
    Bank, Card, CardState, Occurrence, Progress, Refusal, Row, TopUp, digits, from_us_cents,
    rounded,
};
use crate::sandbox::call::{Call, Reply};
use crate::sandbox::dialect::Server;
use crate::sandbox::json::{Body, Json, number, object, text};
use crate::sandbox::letter::Message;
use crate::sandbox::random::{Random, mix};
use crate::sandbox::troubles;

/// How long tasks take (not documented).
const TOP_UP_MILLIS: u64 = 2_000;
const TASK_MILLIS: u64 = 1_500;
/// Largest top-up, in cents of a US dollar (`singleRechargeLimit`, 2.2; the sum is ours).
const LIMIT_CENTS: u64 = 1_000_000;

/// Nonces that were used, and tasks that were accepted.
#[derive(Default)]
pub(super) struct ArthaServer {
    nonces: Nonces,
    /// Positions of the rows of top-ups, by their task.
    tasks: HashMap<String, usize>,
    /// Tasks and PINs so far; ids and PINs are made from it.
    made: u64,
}

/// The path in lower case without the base, and the id at its end where the call has one.
pub(super) fn route(path: &str) -> (String, String) {
    let path = path.trim_matches('/');
    let base = "api/v1/";
    let rest = match path.get(..base.len()) {
        Some(start) if start.eq_ignore_ascii_case(base) => {
            path.get(base.len()..).unwrap_or_default()
        }
        _ => path,
    };
    let lower = rest.to_ascii_lowercase();
    for with_id in [
        "cardbalance/",
        "carddetails/",
        "pindetails/",
        "topupstatus/",
        "merchantinformation/programdetails/",
    ] {
        if lower.starts_with(with_id) {
            let id = rest.get(with_id.len()..).unwrap_or_default().to_owned();
            return (with_id.trim_end_matches('/').to_owned(), id);
        }
    }
    (lower, String::new())
}

/// A business failure: HTTP 200 and a status (3).
fn failed(remarks: &str) -> Reply {
    ok(&object([("taskId", Json::Null), ("status", text("Failed")), ("remarks", text(remarks))]))
}

fn wrong_state(state: CardState) -> Reply {
    failed(&format!("The card is {}", state_word(state).to_lowercase()))
}

/// What CardDetails calls a state (2.5); no word is documented (5).
const fn state_word(state: CardState) -> &'static str {
    match state {
        CardState::Active => "Active",
        CardState::Frozen => "Frozen",
        CardState::Blocked => "Blocked",
        CardState::Pending => "Inactive",
        CardState::Closed => "Cancelled",
    }
}

impl Server for ArthaServer {
    fn answer(&mut self, bank: &mut Bank, call: &Call, now: Timestamp) -> Reply {
        let Some(body) = Body::read(&call.body) else {
            return bad_request("The body is not JSON.").unauthenticated();
        };
        if let Err(refused) = self.nonces.check(call, &body, now) {
            return refused;
        }
        let (name, id) = route(&call.path);
        let get = call.method == Method::GET;
        if !get && call.method != Method::POST {
            return Reply::json(
                StatusCode::METHOD_NOT_ALLOWED,
                object([("message", text("Method not allowed"))]),
            );
        }
        match (get, name.as_str()) {
            (true, "merchantinformation/merchant") => merchant(bank),
            (true, "merchantinformation/programdetails") => {
                match programs(bank).into_iter().find(|(program, _)| *program == id) {
                    Some((_, program)) => ok(&program),
                    None => not_found(),
                }
            }
            (true, "cardbalance") => with_card(bank, &id, balance),
            (true, "carddetails") => with_card(bank, &id, |_, card| details(card)),
            (true, "pindetails") => with_card(bank, &id, |_, card| pin(card)),
            (true, "topupstatus") => self.top_up_status(bank, &id),
            (false, "estimatecardtopupfee") => estimate(bank, &body),
            (false, "card/transactions" | "card/alltransactions") => {
                rows::transactions(bank, &body, &|row| self.task_of(bank, row))
            }
            (false, "cardtopup") => self.top_up(bank, &body, now).unwrap_or_else(|refused| refused),
            (false, "cardfreeze") => self.set_state(bank, &body, now, CardState::Frozen),
            (false, "cardunfreeze") => self.set_state(bank, &body, now, CardState::Active),
            (false, "cancelcard") => self.set_state(bank, &body, now, CardState::Closed),
            (false, "cardsetpin") => self.set_pin(bank, &body),
            _ => not_found(),
        }
    }

    fn webhook(&mut self, bank: &Bank, occurrence: &Occurrence, random: Random) -> Option<Message> {
        let tasks = Tasks {
            of_row: &|row| self.task_of(bank, row),
            by_number: &|number| task_id(bank, number),
        };
        webhooks::message(bank, occurrence, &tasks, random)
    }
}

impl ArthaServer {
    /// The task of a top-up, ours or another system's; rows have it, too.
    fn task_of(&self, bank: &Bank, row: &Row) -> Option<String> {
        let position = row.position;
        let ours = self.tasks.iter().find(|(_, of)| **of == position).map(|(task, _)| task.clone());
        ours.or_else(|| {
            bank.top_ups.foreign.contains(&position).then(|| foreign_task(bank, position))
        })
    }

    fn new_task(&mut self, bank: &Bank) -> String {
        self.made += 1;
        task_id(bank, self.made)
    }

    /// The amount is what is paid; the card receives it without the fee (2.11).
    fn top_up(&mut self, bank: &mut Bank, body: &Body, now: Timestamp) -> Result<Reply, Reply> {
        let Quote { card, asked, fee } = quote(bank, body)?;
        let top_up = TopUp { paid: asked, ..TopUp::plain(card, asked - fee) };
        let row = bank.top_up(top_up, now, TOP_UP_MILLIS).map_err(|refusal| match refusal {
            Refusal::State(state) => wrong_state(state),
            Refusal::InsufficientFunds => failed("Insufficient merchant balance"),
            Refusal::Amount | Refusal::TooSmall | Refusal::TooLarge => {
                bad_request("The amount is not valid.")
            }
        })?;
        let task = self.new_task(bank);
        self.tasks.insert(task.clone(), row);
        Ok(accepted(&task, "CardInProgress").with_top_up())
    }

    /// What became of a top-up's task; `settlemetAmount` is spelt as in the document (2.12).
    fn top_up_status(&self, bank: &Bank, task: &str) -> Reply {
        let ours = self.tasks.get(task).copied();
        let theirs =
            || bank.top_ups.foreign.iter().copied().find(|row| foreign_task(bank, *row) == task);
        let row = ours.or_else(theirs).and_then(|row| bank.rows.get(row));
        let Some((row, card)) = row.and_then(|row| Some((row, bank.cards.get(row.card)?))) else {
            return not_found();
        };
        let status = match row.progress {
            Progress::Pending => "Processing",
            Progress::Cleared => "Success",
            Progress::Declined | Progress::Reversed | Progress::Failed => "Failed",
        };
        ok(&object([
            ("taskId", text(task)),
            ("cardId", text(card.id.as_str())),
            ("currency", text(card.currency.code())),
            ("amount", (row.amount + row.funding.fee).into()),
            ("settlemetAmount", row.amount.into()),
            ("fee", row.funding.fee.into()),
            ("type", text("recharge")),
            ("date", text(row.at.to_string())),
            ("status", text(status)),
        ]))
    }

    /// Freeze, unfreeze and cancel (2.13 to 2.15).
    fn set_state(&mut self, bank: &mut Bank, body: &Body, now: Timestamp, to: CardState) -> Reply {
        let position = match wanted_card(bank, body) {
            Ok(position) => position,
            Err(reply) => return reply,
        };
        let Some(state) = bank.cards.get(position).map(|card| card.state) else {
            return not_found();
        };
        let allowed = match to {
            CardState::Frozen => state == CardState::Active,
            CardState::Active => state == CardState::Frozen,
            CardState::Closed => state != CardState::Closed,
            CardState::Blocked | CardState::Pending => false,
        };
        if !allowed {
            return wrong_state(state);
        }
        let task = self.new_task(bank);
        bank.change_by_task(position, to, self.made, now, TASK_MILLIS);
        accepted(&task, "CardInProgress")
    }

    /// The provider chooses the PIN; it is read back through PinDetails (2.16).
    fn set_pin(&mut self, bank: &mut Bank, body: &Body) -> Reply {
        let position = match wanted_card(bank, body) {
            Ok(position) => position,
            Err(reply) => return reply,
        };
        self.made += 1;
        let pin = format!("{:04}", mix(self.made ^ position as u64) % 10_000);
        match bank.cards.get_mut(position) {
            Some(card) if matches!(card.state, CardState::Active | CardState::Frozen) => {
                card.pin = Some(pin)
            }
            Some(card) => return wrong_state(card.state),
            None => return not_found(),
        }
        // Spelt as in the document (2.16).
        accepted(&self.new_task(bank), "CardSetPin SuccesFully!")
    }
}

fn accepted(task: &str, remarks: &str) -> Reply {
    ok(&object([("taskId", text(task)), ("status", text("Success")), ("remarks", text(remarks))]))
}

/// A task by its number.
fn task_id(bank: &Bank, number: u64) -> String {
    bank.random.uuid(3_000_000_000 + number)
}

/// The task of a top-up that another system asked for.
fn foreign_task(bank: &Bank, row: usize) -> String {
    bank.random.uuid(7_000_000_000 + row as u64)
}

fn with_card(bank: &Bank, id: &str, show: impl FnOnce(usize, &Card) -> Reply) -> Reply {
    match bank.find(id).and_then(|position| Some((position, bank.cards.get(position)?))) {
        Some((position, card)) => show(position, card),
        None => not_found(),
    }
}

fn wanted_card(bank: &Bank, body: &Body) -> Result<usize, Reply> {
    let id = body
        .string("cardId")
        .filter(|id| !id.is_empty())
        .ok_or_else(|| bad_request("The cardId field is required."))?;
    bank.find(&id).ok_or_else(not_found)
}

/// What a top-up would cost.
struct Quote {
    /// Position of the card.
    card: usize,
    asked: Decimal,
    fee: Decimal,
}

/// The fee is taken out of the sum, as in the document's example (2.8). Sums are texts.
fn quote(bank: &Bank, body: &Body) -> Result<Quote, Reply> {
    let card = wanted_card(bank, body)?;
    let currency = bank.cards.get(card).map(|card| card.currency).ok_or_else(not_found)?;
    // A string on this wire; a number does not bind.
    let asked = body.string("amount").ok_or_else(|| {
        bad_request("The JSON value could not be converted to a string. Path: $.amount")
    })?;
    let asked = read_decimal(&asked).map_err(|_| bad_request("The amount is not valid."))?;
    let decimals = currency.decimals().unwrap_or(2);
    if asked <= Decimal::ZERO || asked.normalize().scale() > decimals {
        return Err(bad_request("The amount is not valid."));
    }
    if asked > from_us_cents(LIMIT_CENTS, currency) {
        return Err(failed("Single recharge limit exceeded"));
    }
    let fee = bank.rules.top_up_fee(asked, currency);
    if fee >= asked {
        return Err(failed("The amount is too small"));
    }
    Ok(Quote { card, asked: rounded(asked, currency), fee })
}

/// What a top-up would cost (2.8). Its refusals are 400, where the top-up's are 200.
fn estimate(bank: &Bank, body: &Body) -> Reply {
    match quote(bank, body) {
        Ok(Quote { card, asked, fee }) => bank.cards.get(card).map_or_else(not_found, |card| {
            ok(&object([
                ("cardId", text(card.id.as_str())),
                ("amount", text(digits(asked, card.currency))),
                ("fee", text(digits(fee, card.currency))),
                ("receiveAmount", text(digits(asked - fee, card.currency))),
            ]))
        }),
        Err(reply) if reply.status == StatusCode::OK => bad_request("The amount is out of range."),
        Err(reply) => reply,
    }
}

/// CardDetails: number, code and state (2.5).
fn details(card: &Card) -> Reply {
    ok(&object([
        ("cardNumber", text(card.number.as_str())),
        ("cvv", text(card.cvv.as_str())),
        ("expirationDate", text(format!("{:04}-{:02}-01", card.expires.0, card.expires.1))),
        ("cardStatus", troubles::state(card, state_word(card.state))),
    ]))
}

/// PinDetails (2.6).
fn pin(card: &Card) -> Reply {
    ok(&object([("cardNumber", text(card.number.as_str())), ("Pin", card.pin.clone().into())]))
}

/// CardBalance; all amounts are texts (2.7).
fn balance(position: usize, card: &Card) -> Reply {
    let answer = object([
        ("availableBalance", troubles::figure(card, text(digits(card.available(), card.currency)))),
        ("cardCurrency", troubles::currency(card, card.currency.code())),
        ("cardNumber", text(card.number.as_str())),
        ("cardType", text("OT")),
        (
            "currentBalance",
            troubles::figure(card, text(digits(card.balance.booked, card.currency))),
        ),
    ]);
    // The sources disagree about the case of names (1.6), so some cards answer the other way.
    ok(&if position % 4 == 3 { answer.pascal() } else { answer })
}

/// The merchant with its balances and programmes (2.1).
fn merchant(bank: &Bank) -> Reply {
    let balances = bank
        .floats
        .iter()
        .map(|float| {
            object([
                ("currency", text(float.currency.code())),
                ("currencyCode", text(float.currency.code())),
                ("network", text("TRC-20")),
                ("amount", text(digits(float.amount, float.currency))),
            ])
        })
        .collect();
    ok(&object([
        ("name", text("Sandbox Prepaid AB")),
        ("email", text("operations@sandbox.example")),
        ("mobile", text("+46700000000")),
        ("balances", Json::Array(balances)),
        ("Programs", Json::Array(programs(bank).into_iter().map(|(_, program)| program).collect())),
    ]))
}

/// One programme a currency (2.2).
fn programs(bank: &Bank) -> Vec<(String, Json)> {
    bank.floats
        .iter()
        .zip(0_u64..)
        .map(|(float, i)| {
            let currency = float.currency;
            let id = bank.random.uuid(4_000_000_000 + i);
            let program = object([
                ("programId", text(id.as_str())),
                ("bin", number(411_111)),
                ("name", text(format!("Prepaid {currency}"))),
                ("currency", text(currency.code())),
                ("type", text("Debit")),
                ("consumptionMethod", text("Online")),
                ("rechargeFeeMin", from_us_cents(1, currency).into()),
                ("rechargeFeeMax", from_us_cents(10_000, currency).into()),
                ("singleRechargeLimit", from_us_cents(LIMIT_CENTS, currency).into()),
                ("cardState", text("Active")),
                ("supportedOperationTypes", text("Purchase, Transfer")),
                ("kycRequiredWhileApplyCard", false.into()),
                ("kycRequirements", Json::Null),
                ("needPhotoForActiveCard", false.into()),
                ("needPhotoForOperateCard", false.into()),
            ]);
            (id, program)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::Artha;
    use super::*;
    use crate::sandbox::dialect::{RequestKind, Wire as _};

    #[test]
    fn paths_are_found_in_any_case_with_or_without_their_base() {
        assert_eq!(route("/api/v1/CardBalance/AbC"), ("cardbalance".to_owned(), "AbC".to_owned()));
        assert_eq!(
            route("/API/V1/card/transactions"),
            ("card/transactions".to_owned(), String::new())
        );
        for (path, kind) in [
            ("/api/v1/CardTopUp", RequestKind::Write),
            ("/cardunfreeze", RequestKind::Write),
            ("/api/v1/EstimateCardTopUpFee", RequestKind::Read),
        ] {
            assert_eq!(Artha.request_kind(path), kind, "{path}");
        }
    }
}
