//! Stories of an enkash account against a scripted wire; the examples are those of the enkash wire
//! notes, verbatim.

mod arriving;
mod changes;
mod readings;
mod session;
mod webhooks;

use crate::provider::Evidence;
use std::sync::Arc;

use serde_json::{Value, json};

use super::settings::{KeyDerivation, Load, PinBlock};
use super::*;
use crate::clock::Clock;
use crate::domain::card::{CardKey, CardKind, Reading};
use crate::domain::operation::{OperationId, Pin};
use crate::domain::transaction::{TransactionKind, TransactionState};
use crate::provider::crypto;
use crate::provider::script::{self, FIRST, Sent, Wire, all_transactions};
use bytes::Bytes;
use data_encoding::BASE64;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use jiff::SignedDuration;
use serde_json::value::RawValue;
use std::time::Duration;

const SECRET: &str = "example-secret-key";
const TOKEN: &str = include_str!("../../../tests/fixtures/enkash/token.json");

/// The card calls, decrypted, without the token calls.
fn asked(wire: &Wire) -> Vec<(String, Value)> {
    wire.sent(|all| all.iter().filter(|sent| !sent.url().contains("/oauth/")).map(opened).collect())
}

fn opened(sent: &Sent) -> (String, Value) {
    let path = sent.path().rsplit_once("enKashCard").map_or("", |(_, path)| path).to_owned();
    let body = sent.json();
    let sealed = body.as_str().or_else(|| body.get("request").and_then(Value::as_str));
    let plain = match sealed {
        Some(sealed) => {
            let cipher = BASE64.decode(sealed.as_bytes()).expect("base 64");
            let plain = crypto::aes_ecb_decrypt(&key(), &cipher).expect("sealed with our key");
            serde_json::from_slice(&plain).expect("JSON is sealed")
        }
        None => body,
    };
    (path, plain)
}

/// What a callback has in its path or header.
const WEBHOOK_SECRET: &str = "s3cret-of-the-path";

fn key() -> Vec<u8> {
    let mut key = crypto::sha256(SECRET.as_bytes());
    key.truncate(16);
    key
}

fn sealed(plain: &str) -> String {
    let cipher = crypto::aes_ecb_encrypt(&key(), plain.as_bytes()).expect("a key of 16 bytes");
    format!(r#"{{"request":"{}"}}"#, BASE64.encode(&cipher))
}

fn at(text: &str) -> Timestamp {
    text.parse().expect("a time of the test")
}

fn given(text: &str) -> Source {
    Source::Given(SecretString::from(text))
}

fn enkash(wire: &Wire, encryption: BodyWrapping, load: Load) -> Enkash {
    enkash_at(wire, encryption, load, Clock::fixed(at("2025-08-04T10:00:00Z")))
}

fn enkash_at(wire: &Wire, encryption: BodyWrapping, load: Load, clock: Clock) -> Enkash {
    let account = Settings {
        client_id: given("enkash-client"),
        client_secret: given("enkash-secret"),
        username: given("6660686687"),
        password: given("p&ss wörd"),
        encryption_key: given(SECRET),
        webhook_secret: Some(given(WEBHOOK_SECRET)),
        token_url: "https://token.test/oauth/token".into(),
        partner_id: "CRMXWB3ZM".into(),
        company_id: "CEKEP5GSGP".into(),
        card_account_id: "CABFIPS".into(),
        encryption,
        load,
        key_derivation: KeyDerivation::Sha256,
        envelope_field: "request".into(),
        unencrypted: Vec::new(),
        pin_block: PinBlock::Plain,
        otp_required: false,
    };
    let config = script::config("enkash", "https://cards.test", &KIND, account.clone());
    let http = Http::with_transport(&config.name, Box::new(wire.clone()), clock, config.timeout);
    Enkash::new(&config, &account, http).expect("a configured account")
}

/// An account that is logged in, with encryption on.
async fn ready(wire: &Wire) -> Enkash {
    let account = enkash(wire, BodyWrapping::Envelope, Load::AllocateFund);
    wire.answer(200, TOKEN);
    account.bearer(None).await.expect("a token");
    account
}

fn card() -> Card {
    Card::unread(CardKey::new(&ProviderId::new("enkash"), "EKCMB7KAEW"))
}

fn id() -> OperationId {
    OperationId::new(at("2025-08-04T09:59:00Z"), 42, 1)
}

fn rupees(amount: i64) -> Money {
    Money::new(Decimal::new(amount, 2), wire::rupees())
}

fn operation(action_kind: ActionKind, amount: Option<Money>) -> Operation {
    script::operation(
        id(),
        at("2025-08-04T09:59:00Z"),
        action_kind,
        card().key,
        amount,
        Proof::ByReference,
    )
}

fn load(row: &str) -> String {
    format!(r#"{{"code":0,"message":"Success","payload":{{"recordsCount":1,"data":[{row}]}}}}"#)
}

const FLOAT: &str = include_str!("../../../tests/fixtures/enkash/card-account.json");

#[test]
fn the_documented_vector_is_the_envelope_that_is_sent_and_read() {
    // enkash wire notes, 1.5
    let wire = Wire::default();
    let plain = br#"{"enKashCardId":"EKCMB7KAEW","amount":10}"#;
    let base64 = "LLP9Rzfnk4uNsgFOYe6b0slz/Fc61w7zzIGo0VfZxqw4k0qXwwWGaQrNsyowfes9";
    let seal = |encryption| {
        enkash(&wire, encryption, Load::AllocateFund).seal.wrap(settings::BALANCE, plain)
    };
    assert_eq!(seal(BodyWrapping::Envelope), format!(r#"{{"request":"{base64}"}}"#));
    assert_eq!(seal(BodyWrapping::Bare), format!("\"{base64}\""));
    assert_eq!(seal(BodyWrapping::Off), plain.as_slice());
}

#[test]
fn answers_are_read_sealed_bare_and_plain() {
    // enkash wire notes, 1.5 and 1.6
    let plain = r#"{"code":0,"message":"Success","payload":"Success"}"#;
    let envelope = sealed(plain);
    let text = envelope.replace("{\"request\":\"", "").replace("\"}", "");
    let response = envelope.replace("request", "response");
    for body in [plain, &envelope, &response, &text, &format!("\"{text}\"")] {
        let said =
            envelope::read(&Bytes::from(body.to_owned()), &key(), "request").expect("readable");
        assert_eq!((said.code, &*said.words), (Code::Success, "Success"), "{body}");
    }
    let other =
        envelope::read(&Bytes::from(envelope), &[9; 16], "request").expect_err("another key");
    assert_eq!(other, Unreadable::Sealed);
    for cut in ["", "{", "<html></html>", "{\"code\":0,", "null", "[]", "12"] {
        assert!(envelope::read(&Bytes::from(cut.to_owned()), &key(), "request").is_err(), "{cut}");
    }
    assert_eq!(
        envelope::read(&Bytes::from_static(b"{}"), &key(), "request").expect("an object").code,
        Code::Unclear
    );
    assert_eq!(
        envelope::read(&Bytes::from_static(br#"{"code":0,"response_code":1}"#), &key(), "request")
            .expect("an object")
            .code,
        Code::Unclear
    );
    assert_eq!(
        envelope::read(
            &Bytes::from_static(br#"{"CODE":"0","Message":"Success"}"#),
            &key(),
            "request"
        )
        .expect("an object")
        .code,
        Code::Success
    );
}

const PAGE: &str = "<!DOCTYPE html><html><body>Access denied by the web gateway</body></html>";

#[test]
fn what_it_can_do_is_said_honestly() {
    let capabilities =
        enkash(&Wire::default(), BodyWrapping::Envelope, Load::AllocateFund).capabilities();
    assert_eq!(
        (capabilities.class, capabilities.top_up_proof, capabilities.pin_proof),
        (TopUpSafety::Reference, Proof::ByReference, Proof::AnswerOnly)
    );
    assert!(
        !capabilities.quote.is_yes()
            && capabilities.close.is_yes()
            && capabilities.list_cards.is_yes()
    );
    assert!(
        capabilities.typed_amount("0.99", wire::rupees()).is_err()
            && capabilities.typed_amount("1", wire::rupees()).is_ok()
    );
}

proptest::proptest! {
    #[test]
    fn any_answer_is_read_or_refused(text in "\\PC{0,80}", value in "[-0-9a-zA-Z:, .]{0,30}") {
        let _ = envelope::read(&Bytes::from(text), &key(), "request");
        let row = json!({"enKashCardId": value, "otbBalance": value, "cardStatus": value,
            "principalAmount": 1, "txnDate": value, "expiryMonth": value, "expiryYear": value});
        let raw = RawValue::from_string(row.to_string()).expect("JSON");
        let now = at("2025-08-04T10:00:00Z");
        let (provider, spelling) = (ProviderId::new("enkash"), Spelling::default());
        let lists = Lists::default();
        let reader = listing::RowReader::new(&provider, &spelling, &lists, settings::IDS, now);
        let _ = wire::card(&raw, &reader);
        let _ = wire::transaction(&raw, &reader, None);
        let operation = operation(ActionKind::TopUp, Some(rupees(100)));
        let claimed = MatchedCredits::default();
        let _ = lookup::find_load(&[&*raw], &reader, &operation, &claimed, false);
    }
}
