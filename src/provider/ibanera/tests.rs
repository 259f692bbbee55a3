//! Stories of an ibanera account against a scripted wire; the examples are those of the ibanera
//! wire notes, verbatim.

mod changes;
mod payer;
mod readings;
mod session;
mod webhooks;

use std::sync::Arc;
use std::sync::atomic::AtomicI64;

use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::settings::SecretEncoding;
use super::*;
use crate::clock::Clock;
use crate::config::secret::Source;
use crate::domain::card::CardState;
use crate::domain::card::{CardKey, Reading};
use crate::domain::operation::{OperationId, Pin};
use crate::domain::transaction::{TransactionKind, TransactionState};
use crate::provider::Evidence;
use crate::provider::crypto;
use crate::provider::script::{self, FIRST, Sent, all_cards};
use bytes::Bytes;
use http::HeaderValue;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use secrecy::SecretString;
use serde_json::value::RawValue;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// The accounts of customer 16221, who pays in most of these stories (rows as in ibanera wire
/// notes, 2.15).
const OWN: &str = r#"{"id":0,"details":[
    {"id":8204,"customersId":16221,"asset":"USD","totalBalance":512.00,"availableBalance":512.00,
        "pendingBalance":0,"bSuppressed":false}
],"pageSize":50,"pageNumber":1,"numberOfPages":1,"status":"1","errors":[]}"#;

const LOGGED_IN: &str = r#"{ "id": 0, "details": { "accessToken": "eyJhbGciOiJIUzI1Ni...",
    "expiresIn": 3600 }, "status": "1", "errors": [] }"#;

/// A scripted provider, and the time at which it is asked.
struct Wire {
    script: script::Wire,
    second: Arc<AtomicI64>,
}

impl std::ops::Deref for Wire {
    type Target = script::Wire;

    fn deref(&self) -> &script::Wire {
        &self.script
    }
}

impl Wire {
    fn new() -> Self {
        Self { script: script::Wire::default(), second: Arc::new(AtomicI64::new(2_000_000_000)) }
    }

    fn last(&self) -> (String, Value) {
        self.sent(|all| all.last().map(|sent| (sent.what(), sent.json())).expect("a call"))
    }

    fn pass(&self, seconds: i64) {
        self.second.fetch_add(seconds, Ordering::SeqCst);
    }
}

fn at(text: &str) -> Timestamp {
    text.parse().expect("a time of the test")
}

fn given(text: &str) -> Source {
    Source::Given(SecretString::from(text))
}

fn build(wire: &Wire, change: impl FnOnce(&mut Settings)) -> std::result::Result<Ibanera, String> {
    let mut account = Settings {
        username: given("exampleUser"),
        password: given("examplePass"),
        shared_secret: given("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"),
        webhook_secret: Some(given("test-hash-secret")),
        secret_encoding: SecretEncoding::Base32,
        pays: Some(Pays::Customer),
        manager_id: None,
        asset_account_id: Some("8204".into()),
        deactivate_path: "/api/v1/customer/cards/deactivate".into(),
    };
    change(&mut account);
    let config = script::config("ibanera", "https://cards.test", &KIND, account.clone());
    let second = Arc::clone(&wire.second);
    let clock = Clock::of(move || {
        Timestamp::from_second(second.load(Ordering::SeqCst)).expect("a time of the test")
    });
    let http =
        Http::with_transport(&config.name, Box::new(wire.script.clone()), clock, config.timeout);
    Ibanera::new(&config, &account, http)
}

/// An account that is logged in.
async fn ready(wire: &Wire) -> Ibanera {
    let account = build(wire, |_| ()).expect("a configured account");
    wire.answer(200, LOGGED_IN);
    account.bearer(None).await.expect("a token");
    account
}

fn usd() -> Currency {
    "USD".parse().expect("a currency")
}

fn dollars(cents: i64) -> Money {
    Money::new(Decimal::new(cents, 2), usd())
}

fn card() -> Card {
    Card {
        owner: Some("16221".into()),
        currency: Some(usd()),
        ..Card::unread(CardKey::new(&ProviderId::new("ibanera"), "1749"))
    }
}

fn id() -> OperationId {
    OperationId::new(at("2033-05-18T03:30:00Z"), 42, 1)
}

fn operation(action_kind: ActionKind, amount: Option<Money>) -> Operation {
    script::operation(
        id(),
        at("2033-05-18T03:30:00Z"),
        action_kind,
        card().key,
        amount,
        Proof::ByReference,
    )
}

const DETAILS: &str = include_str!("../../../tests/fixtures/ibanera/card-details.json");

const PAGE: &str = "<!DOCTYPE html><html><body>Access denied by the web gateway</body></html>";

const TRANSFERRED: &str = include_str!("../../../tests/fixtures/ibanera/transferred.json");

proptest::proptest! {
    #[test]
    fn any_answer_is_read_or_refused(text in "\\PC{0,80}", value in "[-0-9a-zA-Z:, .é]{0,30}") {
        let _ = Envelope::read(&Bytes::from(text));
        let row = json!({"id": value, "availableBalance": value, "status": value, "amount": 1,
            "currency": "usd", "dateTime": value, "expiryDate": value, "asset": value});
        let raw = RawValue::from_string(row.to_string()).expect("JSON");
        let now = at("2033-05-18T03:30:00Z");
        let (provider, spelling) = (ProviderId::new("ibanera"), Spelling::default());
        let lists = Lists::default();
        let reader = listing::RowReader::new(&provider, &spelling, &lists, settings::IDS, now);
        let _ = wire::listed_card(&raw, &reader);
        let _ = wire::asset_account(&raw);
        let rows = Vec::from_iter(wire::transaction(&raw, &reader, &card()));
        let operation = operation(ActionKind::TopUp, Some(dollars(100)));
        let _ = lookup::find_top_up(&rows, 0, &operation, &MatchedCredits::default());
    }
}
