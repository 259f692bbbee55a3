//! The sandbox's artha: gen-1 "Cards API" as "artha wire notes" 1 to 3 and 5 describe it,
//! signatures checked, answers typed `text/plain`. Must not share a line with the adapter.

mod rows;

use std::collections::HashMap;
use std::sync::LazyLock;

use data_encoding::BASE64;
use http::{Method, StatusCode};
use jiff::Timestamp;
use rsa::pkcs1::DecodeRsaPrivateKey as _;
use rsa::pkcs1v15::{Signature, VerifyingKey};
use rsa::sha2::Sha256;
use rsa::signature::Verifier as _;
use rust_decimal::Decimal;

use super::bank::{Bank, Card, CardState, Load, Progress, Refusal, digits, rounded, scaled};
use super::json::{Body, Json, number, object, text};
use super::random::mixed;
use super::{Call, Reply, seal, troubles};
use crate::domain::money::Currency;

/// The bearer token, which is the customer token as well.
pub(super) const TOKEN: &str = "sandbox-artha-token-5f1d7c";

/// The caller's key. A test key, made for this sandbox: whoever can read this can sign with it, so
/// it guards nothing. 1024 bits, as the wire asks (1.5).
pub(super) const TEST_PRIVATE_KEY: &str = "\
-----BEGIN RSA PRIVATE KEY-----
MIICXQIBAAKBgQCcEPPJSR2fkRfcLuM6e/CQjyG1yU0lzAYNPQvL/H6Qqn4snHlo
39EyIzncLXJ2SoIoV4Am6x1Jq0gMfS//litBBvU0T9SYH0Y3imQx89c5nnQ/O0nO
/W4PpuD+n6TUIax7Chi5qhLLi3hKkvrw1BM6H4Tejn2KfBbrwycvknzpzQIDAQAB
AoGBAI72zIvwSY25uVS/MvKJRMb4BxZi8CQWsNiBuoPDqiFVvT2anXFfzmASetdi
Xn9UI8VW2pNMP8kTeW3PZB/K7ZU217MUjJoV7LKixq5YDYjclSQPB2l7yPjYZwYJ
9owp8yz/7u///XiWMt5oW1qVkb28nzMNPu36BVr3S7nOZcB1AkEAyF2uAOsFQSvq
Opz9XIsI4HdZeQYUV0DCFVA6MOrtM2QBa7Q/WMdzTqA0uoYUKt/0vdiqvtFCrQb3
vgRB0MA7mwJBAMdmYVuq/FKgaqSVMdMezG9zQW3wO/oBKFPz80MFJbFwuqjnafo/
Y8T4x80zOCzAyg9XFQ1CthXBuP4VtZe+yrcCQQCxUrb7+QLdepAA748Kp8FjZjy4
7rhxv84ELsxRHphuMsNPHmYxm9Jgc0g3CxIuH6Xpnib+WRQ5LUFz2TCmHnqhAkBK
GfcGXPWmMy1Oeo9omOJ6bIedNpDjaLi28kqt1mTamz0S9eUBdbs7AQUncehnYUH2
D3OoWOlYDoUUD7dLbEDjAkBEh3/QT28MhIh6vQCz28UseO5IBTz0qeiZUIQUNtY9
bpdCwzqfV0tb5xhMkEFrjpVTAFu9NXGvxjBuiQZvLlIF
-----END RSA PRIVATE KEY-----
";

static VERIFYING_KEY: LazyLock<VerifyingKey<Sha256>> = LazyLock::new(|| {
    let private = rsa::RsaPrivateKey::from_pkcs1_pem(TEST_PRIVATE_KEY)
        .expect("the sandbox's own test key is a key");
    VerifyingKey::new(private.to_public_key())
});

/// Where all cards' transactions are: the document names no path, so the operator configures it
/// (2.10, inferred).
pub(super) const ALL_TRANSACTIONS: &str = "Card/AllTransactions";

/// Seconds that a timestamp may be off, either way (inferred; the window is not documented).
const WINDOW_SECONDS: i64 = 300;
const TOP_UP_MILLIS: u64 = 2_000;
const TASK_MILLIS: u64 = 1_500;

/// Who may come in, and what was promised to whom.
#[derive(Default)]
pub(super) struct Server {
    /// Nonces of the last minutes.
    nonces: HashMap<String, Timestamp>,
    /// Rows of top-ups by their task.
    tasks: HashMap<String, usize>,
    /// Tasks so far.
    made: u64,
}

/// Whether a request to this path changes something.
pub(super) fn writes(path: &str) -> bool {
    matches!(
        route(path).0.as_str(),
        "cardtopup" | "cardfreeze" | "cardunfreeze" | "cancelcard" | "cardsetpin"
    )
}

/// The path in lower case without the base, split at its last part when that is an id; and that id.
fn route(path: &str) -> (String, String) {
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

/// The text that is signed (1.5): headers of the protocol and fields of the body, without empty
/// ones, sorted by name.
fn canonical(mut fields: Vec<(String, String)>) -> String {
    fields.retain(|(_, value)| !value.is_empty());
    fields.sort();
    fields.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
}

pub(super) fn unauthorized(why: &str) -> Reply {
    Reply::json(StatusCode::UNAUTHORIZED, object([("message", text(why))])).stranger()
}

fn bad_request(why: &str) -> Reply {
    Reply::json(StatusCode::BAD_REQUEST, object([("message", text(why))]))
}

fn not_found() -> Reply {
    Reply::json(
        StatusCode::NOT_FOUND,
        object([("error", object([("code", Json::Null), ("message", text("Record Not Found"))]))]),
    )
}

/// JSON that says it is plain text, as this wire's answers do (1.2).
fn ok(body: &Json) -> Reply {
    Reply::of(StatusCode::OK, "text/plain; charset=utf-8", body.to_string())
}

fn failed(remarks: &str) -> Reply {
    ok(&object([("taskId", Json::Null), ("status", text("Failed")), ("remarks", text(remarks))]))
}

const fn state_word(state: CardState) -> &'static str {
    match state {
        CardState::Active => "Active",
        CardState::Frozen => "Frozen",
        CardState::Blocked => "Blocked",
        CardState::Pending => "Inactive",
        CardState::Closed => "Cancelled",
    }
}

impl Server {
    pub(super) fn answer(&mut self, bank: &mut Bank, call: &Call, now: Timestamp) -> Reply {
        let Some(body) = Body::read(&call.body) else {
            return bad_request("The body is not JSON.").stranger();
        };
        if let Err(refused) = self.check(call, &body, now) {
            return refused;
        }
        let (what, id) = route(&call.path);
        let get = call.method == Method::GET;
        if !get && call.method != Method::POST {
            return Reply::json(
                StatusCode::METHOD_NOT_ALLOWED,
                object([("message", text("Method not allowed"))]),
            );
        }
        match (get, what.as_str()) {
            (true, "merchantinformation/merchant") => merchant(bank),
            (true, "merchantinformation/programdetails") => {
                match programs(bank).into_iter().find(|(program, _)| *program == id) {
                    Some((_, program)) => ok(&program),
                    None => not_found(),
                }
            }
            (true, "cardbalance") => with_card(bank, &id, balance),
            (true, "carddetails") => with_card(bank, &id, |_, card| {
                ok(&object([
                    ("cardNumber", text(card.number.as_str())),
                    ("cvv", text(card.cvv.as_str())),
                    (
                        "expirationDate",
                        text(format!("{:04}-{:02}-01", card.expires.0, card.expires.1)),
                    ),
                    ("cardStatus", troubles::state(card, state_word(card.state))),
                ]))
            }),
            (true, "pindetails") => with_card(bank, &id, |_, card| {
                ok(&object([
                    ("cardNumber", text(card.number.as_str())),
                    ("Pin", card.pin.clone().into()),
                ]))
            }),
            (true, "topupstatus") => self.top_up_status(bank, &id),
            (false, "estimatecardtopupfee") => estimate(bank, &body),
            (false, "card/transactions" | "card/alltransactions") => {
                rows::transactions(bank, &body, self)
            }
            (false, "cardtopup") => self.top_up(bank, &body, now),
            (false, "cardfreeze") => self.change(bank, &body, now, CardState::Frozen),
            (false, "cardunfreeze") => self.change(bank, &body, now, CardState::Active),
            (false, "cancelcard") => self.change(bank, &body, now, CardState::Closed),
            (false, "cardsetpin") => self.set_pin(bank, &body),
            _ => not_found(),
        }
    }

    /// Headers and signature (1.4, 1.5).
    fn check(&mut self, call: &Call, body: &Body, now: Timestamp) -> Result<(), Reply> {
        let bearer = call
            .header("authorization")
            .and_then(|value| value.strip_prefix("Bearer "))
            .unwrap_or_default();
        if !seal::same(TOKEN, bearer) {
            return Err(unauthorized("The token is not valid."));
        }
        let customer = call.header("customertoken");
        if customer.is_some_and(|customer| !seal::same(TOKEN, customer)) {
            return Err(unauthorized("The customer token is not valid."));
        }
        let timestamp = call.header("timestamp").unwrap_or_default();
        match timestamp.parse::<i64>() {
            Ok(at) if (now.as_second() - at).abs() <= WINDOW_SECONDS => {}
            Ok(_) => return Err(unauthorized("The timestamp is too old or too new.")),
            Err(_) => return Err(unauthorized("The timestamp is missing.")),
        }
        let nonce = call.header("nonce").unwrap_or_default();
        if nonce.chars().count() != 10 {
            return Err(unauthorized("The nonce must have 10 characters."));
        }
        self.nonces.retain(|_, used| now.duration_since(*used).as_secs() <= 2 * WINDOW_SECONDS);
        if self.nonces.contains_key(nonce) {
            return Err(unauthorized("The nonce was used before."));
        }
        let mut fields: Vec<(String, String)> =
            if call.method == Method::GET { Vec::new() } else { body.pairs().collect() };
        fields.push(("timestamp".to_owned(), timestamp.to_owned()));
        fields.push(("nonce".to_owned(), nonce.to_owned()));
        fields.push(("customerToken".to_owned(), customer.unwrap_or_default().to_owned()));
        let signature = call
            .header("signature")
            .and_then(|value| BASE64.decode(value.as_bytes()).ok())
            .and_then(|bytes| Signature::try_from(bytes.as_slice()).ok())
            .ok_or_else(|| unauthorized("The signature is missing."))?;
        VERIFYING_KEY
            .verify(canonical(fields).as_bytes(), &signature)
            .map_err(|_| unauthorized("The signature is not valid."))?;
        self.nonces.insert(nonce.to_owned(), now);
        Ok(())
    }

    fn task(&mut self, bank: &Bank) -> String {
        self.made += 1;
        bank.uuid(3_000_000_000 + self.made)
    }

    fn accepted(&mut self, bank: &Bank, remarks: &str) -> Reply {
        let task = self.task(bank);
        ok(&object([
            ("taskId", text(task)),
            ("status", text("Success")),
            ("remarks", text(remarks)),
        ]))
    }

    fn top_up(&mut self, bank: &mut Bank, body: &Body, now: Timestamp) -> Reply {
        let (position, asked, fee) = match priced(bank, body) {
            Ok(priced) => priced,
            Err(reply) => return reply,
        };
        match bank.top_up(
            Load { paid: asked, ..Load::plain(position, asked - fee) },
            now,
            TOP_UP_MILLIS,
        ) {
            Ok(row) => {
                let task = self.task(bank);
                self.tasks.insert(task.clone(), row);
                let answer = [
                    ("taskId", text(task)),
                    ("status", text("Success")),
                    ("remarks", text("CardInProgress")),
                ];
                ok(&object(answer)).with_top_up()
            }
            Err(Refusal::State(state)) => {
                failed(&format!("The card is {}", state_word(state).to_lowercase()))
            }
            Err(Refusal::NoFloat) => failed("Insufficient merchant balance"),
            Err(Refusal::Amount | Refusal::TooSmall | Refusal::TooLarge) => {
                bad_request("The amount is not valid.")
            }
        }
    }

    fn top_up_status(&self, bank: &Bank, task: &str) -> Reply {
        let ours = self.tasks.get(task).copied();
        let theirs =
            || bank.elsewhere.iter().copied().find(|row| task_of_another(bank, *row) == task);
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
            ("amount", (row.amount + row.fee).into()),
            ("settlemetAmount", row.amount.into()),
            ("fee", row.fee.into()),
            ("type", text("recharge")),
            ("date", text(row.at.to_string())),
            ("status", text(status)),
        ]))
    }

    fn change(&mut self, bank: &mut Bank, body: &Body, now: Timestamp, to: CardState) -> Reply {
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
            return failed(&format!("The card is {}", state_word(state).to_lowercase()));
        }
        if to == CardState::Closed {
            bank.close(position, true, now, TASK_MILLIS);
        } else {
            bank.set_state(position, to, now, TASK_MILLIS);
        }
        self.accepted(bank, "CardInProgress")
    }

    /// The provider chooses the PIN; it is read back through PinDetails (2.16).
    fn set_pin(&mut self, bank: &mut Bank, body: &Body) -> Reply {
        let position = match wanted_card(bank, body) {
            Ok(position) => position,
            Err(reply) => return reply,
        };
        self.made += 1;
        let pin = format!("{:04}", mixed(self.made ^ position as u64) % 10_000);
        match bank.cards.get_mut(position) {
            Some(card) if matches!(card.state, CardState::Active | CardState::Frozen) => {
                card.pin = Some(pin)
            }
            Some(card) => {
                return failed(&format!("The card is {}", state_word(card.state).to_lowercase()));
            }
            None => return not_found(),
        }
        self.accepted(bank, "CardSetPin SuccesFully!")
    }
}

/// The task of a top-up that another system asked for.
fn task_of_another(bank: &Bank, row: usize) -> String {
    bank.uuid(7_000_000_000 + row as u64)
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

/// The card, the asked sum and its fee: one in a hundred, taken out of the sum as in the document's
/// example (2.8).
fn priced(bank: &Bank, body: &Body) -> Result<(usize, Decimal, Decimal), Reply> {
    let position = wanted_card(bank, body)?;
    let currency = bank.cards.get(position).map(|card| card.currency).ok_or_else(not_found)?;
    // A string on this wire; a number does not bind.
    let asked = body.string("amount").ok_or_else(|| {
        bad_request("The JSON value could not be converted to a string. Path: $.amount")
    })?;
    let asked = crate::domain::money::read_decimal(&asked)
        .map_err(|_| bad_request("The amount is not valid."))?;
    let decimals = currency.decimals().unwrap_or(2);
    if asked <= Decimal::ZERO || asked.normalize().scale() > decimals {
        return Err(bad_request("The amount is not valid."));
    }
    if asked > scaled(1_000_000, currency) {
        return Err(failed("Single recharge limit exceeded"));
    }
    let fee = top_up_fee(asked, currency);
    if fee >= asked {
        return Err(failed("The amount is too small"));
    }
    Ok((position, rounded(asked, currency), fee))
}

/// One in a hundred.
pub(super) fn top_up_fee(asked: Decimal, currency: Currency) -> Decimal {
    rounded(asked / Decimal::ONE_HUNDRED, currency)
}

fn estimate(bank: &Bank, body: &Body) -> Reply {
    match priced(bank, body) {
        Ok((position, asked, fee)) => with_position(bank, position, |card| {
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

fn with_position(bank: &Bank, position: usize, show: impl FnOnce(&Card) -> Reply) -> Reply {
    bank.cards.get(position).map_or_else(not_found, show)
}

fn balance(position: usize, card: &Card) -> Reply {
    let answer = object([
        ("availableBalance", troubles::figure(card, text(digits(card.available(), card.currency)))),
        ("cardCurrency", troubles::currency(card, card.currency.code())),
        ("cardNumber", text(card.number.as_str())),
        ("cardType", text("OT")),
        ("currentBalance", troubles::figure(card, text(digits(card.ledger, card.currency)))),
    ]);
    // The sources disagree about the case of names (1.6), so some cards answer the other way.
    ok(&if position % 4 == 3 { answer.pascal() } else { answer })
}

fn merchant(bank: &Bank) -> Reply {
    let balances = bank
        .floats
        .iter()
        .map(|&(currency, amount)| {
            object([
                ("currency", text(currency.code())),
                ("currencyCode", text(currency.code())),
                ("network", text("TRC-20")),
                ("amount", text(digits(amount, currency))),
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
        .map(|(&(currency, _), i)| {
            let id = bank.uuid(4_000_000_000 + i);
            let program = object([
                ("programId", text(id.as_str())),
                ("bin", number(411_111)),
                ("name", text(format!("Prepaid {currency}"))),
                ("currency", text(currency.code())),
                ("type", text("Debit")),
                ("consumptionMethod", text("Online")),
                ("rechargeFeeMin", scaled(1, currency).into()),
                ("rechargeFeeMax", scaled(10_000, currency).into()),
                ("singleRechargeLimit", scaled(1_000_000, currency).into()),
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
pub(super) mod tests {
    use super::*;
    use rsa::signature::{SignatureEncoding as _, Signer as _};

    /// What a client signs, by the document's steps.
    pub(in crate::sandbox) fn sign(canonical: &str) -> String {
        let private = rsa::RsaPrivateKey::from_pkcs1_pem(TEST_PRIVATE_KEY).unwrap();
        let key = rsa::pkcs1v15::SigningKey::<Sha256>::new(private);
        BASE64.encode(&key.sign(canonical.as_bytes()).to_vec())
    }

    fn fields(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect()
    }

    #[test]
    fn the_signed_text_is_that_of_the_document() {
        let headers = [
            ("timestamp", "1739800000"),
            ("nonce", "a1B2c3D4e5"),
            ("customerToken", "tok-123"),
            ("signature", ""),
        ];
        let mut all = fields(&headers);
        assert_eq!(
            canonical(all.clone()),
            "customerToken=tok-123&nonce=a1B2c3D4e5&timestamp=1739800000"
        );
        all.extend(fields(&[
            ("cardId", "c4bf67ad-c353-45ce-9314-19922fdf0c55"),
            ("amount", "100"),
            ("signImage", ""),
        ]));
        assert_eq!(
            canonical(all),
            "amount=100&cardId=c4bf67ad-c353-45ce-9314-19922fdf0c55&customerToken=tok-123&\
             nonce=a1B2c3D4e5&timestamp=1739800000"
        );
    }

    #[test]
    fn paths_are_found_in_any_case_with_or_without_their_base() {
        assert_eq!(route("/api/v1/CardBalance/AbC"), ("cardbalance".to_owned(), "AbC".to_owned()));
        assert_eq!(
            route("/API/V1/card/transactions"),
            ("card/transactions".to_owned(), String::new())
        );
        assert!(
            writes("/api/v1/CardTopUp")
                && writes("/cardunfreeze")
                && !writes("/api/v1/EstimateCardTopUpFee")
        );
    }
}
