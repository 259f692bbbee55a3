//! banana as its wire notes describe it: the documented answers read, the documented requests sent,
//! nothing unsigned believed.

mod changes;
mod readings;
mod webhooks;

use crate::provider::Evidence;
use data_encoding::HEXLOWER;
use serde_json::{Value, json};

use super::settings::KeyEncoding;
use super::*;
use crate::clock::Clock;
use crate::config::secret::Source;
use crate::domain::card::{CardKey, CardState, ProviderId, Reading};
use crate::domain::operation::{Before, OperationId, Pin};
use crate::domain::transaction::{TransactionKind, TransactionState};
use crate::provider::crypto;
use crate::provider::encoding::TextEncoding;
use crate::provider::error::Outcome;
use crate::provider::http::TransportError;
use crate::provider::script::{self, FIRST, Reply, Sent, Wire, all_transactions};
use data_encoding::BASE64;

const KEY: &str = "0123456789abcdef0123456789abcdef";
const MERCHANT: &str = "6f9619ff-8b86-d011-b42d-00c04fc964ff";

struct Fixture {
    banana: Banana,
    wire: Wire,
}

impl Fixture {
    fn new(script: Vec<Reply>) -> Self {
        let wire = Wire::with(script);
        Self { banana: build(&account(), &wire).expect("an adapter"), wire }
    }

    /// What was asked: whether it changes something, the path, and the decrypted body. Checks the
    /// envelope and headers of each.
    fn asked(&self) -> Vec<(Access, String, Value)> {
        let one = |sent: &Sent| {
            assert_eq!(
                (sent.what().split(' ').next(), sent.header("Content-Type")),
                (Some("POST"), "application/json")
            );
            assert_eq!(sent.header("Merchant-ID"), MERCHANT);
            let body = sent.json();
            assert_eq!(
                body.as_object().map(serde_json::Map::len),
                Some(1),
                "nothing but the payload"
            );
            let payload = body["encrypted_payload"].as_str().expect("a payload");
            assert_eq!(
                sent.header("X-HMAC"),
                HEXLOWER.encode(&crypto::hmac_sha256(KEY.as_bytes(), payload.as_bytes()))
            );
            (
                sent.access,
                sent.path().to_owned(),
                serde_json::from_slice(&unseal(payload)).expect("plain JSON"),
            )
        };
        self.wire.sent(|all| all.iter().map(one).collect())
    }
}

fn unseal(payload: &str) -> Vec<u8> {
    let bytes = BASE64.decode(payload.as_bytes()).expect("base64");
    let (iv, cipher) = bytes.split_first_chunk::<16>().expect("an iv");
    crypto::aes_cbc_decrypt(KEY.as_bytes(), *iv, cipher).expect("our ciphertext")
}

fn account() -> Settings {
    Settings {
        secret_key: Source::Given(KEY.into()),
        merchant_id: MERCHANT.into(),
        secret_key_encoding: KeyEncoding::Utf8,
        hmac_key_encoding: None,
        payload_text: TextEncoding::Base64,
        hmac_text: TextEncoding::Hex,
        empty_body: EmptyBody::Object,
    }
}

fn build(account: &Settings, wire: &Wire) -> std::result::Result<Banana, String> {
    let config = script::config("peel", "https://api.test/v9", &KIND, account.clone());
    let http = Http::with_transport(
        &config.name,
        Box::new(wire.clone()),
        Clock::fixed(now()),
        config.timeout,
    );
    Banana::new(&config, account, http)
}

/// An answer in its envelope.
fn sealed(plain: &str) -> String {
    let iv: [u8; 16] = *b"fedcba9876543210";
    let mut bytes = iv.to_vec();
    bytes.extend(
        crypto::aes_cbc_encrypt(KEY.as_bytes(), iv, plain.as_bytes()).expect("a key of 32 bytes"),
    );
    let payload = BASE64.encode(&bytes);
    let tag = HEXLOWER.encode(&crypto::hmac_sha256(KEY.as_bytes(), payload.as_bytes()));
    json!({ "encrypted_payload": payload, "hmac": tag.to_uppercase() }).to_string()
}

fn ok(plain: &str) -> Reply {
    Ok((200, sealed(plain)))
}

fn now() -> Timestamp {
    "2024-01-15T10:30:00Z".parse().expect("a time of the test")
}

fn usd(text: &str) -> Money {
    Money::parse_wire(text, "USD".parse().expect("a currency")).expect("an amount")
}

fn card() -> Card {
    let mut card = Card::unread(CardKey::new(&ProviderId::new("peel"), "67890"));
    card.owner = Some("12345".into());
    card.currency = Some(usd("0").currency());
    card
}

fn id() -> OperationId {
    OperationId::new(now(), 7, 1)
}

fn operation(action_kind: ActionKind) -> Operation {
    let operation =
        script::operation(id(), now(), action_kind, card().key, Some(usd("100")), Proof::ByListing);
    Operation { before: Before { owner: Some("12345".into()), ..Before::default() }, ..operation }
}

/// A recharge in the list, `minutes` after the operation was saved.
fn row(id: u64, amount: &str, status: &str, minutes: i64) -> Value {
    let at = now()
        .saturating_add(SignedDuration::from_mins(minutes))
        .expect("a time of the test")
        .to_string();
    json!({ "id": id, "card_id": 67890, "amount": amount, "currency": "USD", "type": "RECHARGE",
        "status": status, "created_at": at })
}

fn raw(json: &str) -> Box<RawValue> {
    serde_json::from_str(json).expect("JSON of the test")
}

fn fields(json: &str) -> JsonObject<'_> {
    JsonObject::parse(json).expect("an object of the test")
}

// ---- envelopes and keys (1.3 to 1.8)

#[test]
fn the_payloads_are_those_of_the_wire_notes() {
    let fixture = Fixture::new(vec![]);
    let iv: [u8; 16] = std::array::from_fn(|i| u8::try_from(i).expect("below 16"));
    let recharge =
        Body::default().id("user_id", "12345").id("card_id", "67890").number("amount", "100.0");
    assert_eq!(*recharge.json(), r#"{"user_id":12345,"card_id":67890,"amount":100.0}"#);
    for (body, payload, hmac) in [
        (
            recharge,
            "AAECAwQFBgcICQoLDA0OD3VnVAZsZaS5TqR1g+VEL5UP7G84DWqGzLXjqGGU7XlyZP4zH3fL1xc9qdIHaj8iPqwj\
             /EJAbiI5Sds+MUhEEzY=",
            "bfccceb52c5d81257b5f99181fd5a305190a30988d1159273341694b85cc24b8",
        ),
        (
            Body::default(),
            "AAECAwQFBgcICQoLDA0OD00PT6UTP7OPJvWpM9+5aVw=",
            "966ad8b12375fb502c67112f6ed5030315c388a1c3e393ff580e8e5dc2f44d57",
        ),
    ] {
        let sealed =
            fixture.banana.seal.encrypt(iv, body.json().as_bytes()).expect("a key of 32 bytes");
        assert_eq!(sealed, payload);
        let envelope = format!(r#"{{"encrypted_payload":"{payload}","hmac":"{hmac}"}}"#);
        assert_eq!(
            fixture.banana.seal.open(envelope.as_bytes()).expect("signed").get(),
            *body.json()
        );
    }
    let payload = "AAECAwQFBgcICQoLDA0OD4UULZPyZ2b84oBL3ymBaN0SYFbpS+RyhX6cIRBN9Fo2dba1h9ogrEv+\
                   jlkwH+BZePfh1HZ2UnRy5g/5zmVI3h3X208lMj+TSFOdfM/5SiPcamD39OlwtZ0CsjqDCJMBAJiX\
                   nMsIgW7qSPf2Wn6eSEnCVNCrMlY9fKMGvwtQX098";
    let hmac = "146f2a0e4ea45964ce5f6fc9c8028f21098cdccc9cf4f2923c16087d21703e0a";
    let webhook = format!(r#"{{"encrypted_payload":"{payload}","hmac":"{hmac}"}}"#);
    let plain = fixture.banana.seal.open(webhook.as_bytes()).expect("signed");
    assert_eq!(fields(plain.get()).raw_text("receive_amount").as_deref(), Some("100.0"));
}

#[tokio::test]
async fn each_request_has_an_iv_of_its_own() {
    let balance = r#"{"balance":1,"currency":"USD"}"#;
    let fixture = Fixture::new(vec![ok(balance), ok(balance)]);
    fixture.banana.float().await.expect("a float");
    fixture.banana.float().await.expect("a float");
    let bodies = fixture.wire.sent(|all| all.iter().map(Sent::json).collect::<Vec<_>>());
    assert_ne!(bodies[0], bodies[1]);
}

#[test]
fn ids_are_numbers_where_they_are_numbers() {
    for (id, json) in
        [("67890", "67890"), ("0", "0"), ("007", "\"007\""), ("a\"b", "\"a\\\"b\""), ("", "\"\"")]
    {
        assert_eq!(*Body::default().id("x", id).json(), format!("{{\"x\":{json}}}"));
    }
}

#[test]
fn a_wrong_setting_is_a_sentence_that_names_it_and_not_the_secret() {
    let said = |change: fn(&mut Settings)| {
        let mut account = account();
        change(&mut account);
        build(&account, &Wire::default()).err()
    };
    assert_eq!(said(|_| {}), None);
    let short = said(|account| account.secret_key = Source::Given("fifteen-letters".into()))
        .expect("a sentence");
    assert!(
        short.starts_with("the credential `secret_key` ") && short.contains("15 bytes"),
        "{short}"
    );
    assert!(!short.contains("fifteen"), "{short}");
    assert_eq!(
        said(|account| account.secret_key_encoding = KeyEncoding::Hex),
        None,
        "the same key, read as 16 bytes"
    );
    assert!(said(|account| account.secret_key = Source::Given("zz".into())).is_some());
    assert!(
        said(|account| account.merchant_id = String::new())
            .is_some_and(|said| said.contains("merchant_id"))
    );
}

#[tokio::test]
async fn an_answer_without_a_right_signature_is_not_believed() {
    let good: Value =
        serde_json::from_str(&sealed(r#"{"balance":1,"currency":"USD"}"#)).expect("JSON");
    let other: Value =
        serde_json::from_str(&sealed(r#"{"balance":9,"currency":"USD"}"#)).expect("JSON");
    let bodies = [
        json!({ "encrypted_payload": good["encrypted_payload"], "hmac": other["hmac"] })
            .to_string(),
        json!({ "encrypted_payload": good["encrypted_payload"] }).to_string(),
        json!({ "encrypted_payload": good["encrypted_payload"], "hmac": "zz" }).to_string(),
        r#"{"balance":1,"currency":"USD"}"#.to_owned(),
        "<html>hello</html>".to_owned(),
        r#"{"encrypted_payload":"AAEC"#.to_owned(),
        sealed("not json"),
    ];
    for body in bodies {
        let fixture = Fixture::new(vec![Ok((200, body.clone()))]);
        let error = fixture.banana.float().await.expect_err("not believed");
        assert_eq!((error.kind, error.outcome), (ErrorKind::BadReply, Outcome::NotDone), "{body}");
        let fixture = Fixture::new(vec![Ok((200, body))]);
        let error = Provider::act(&fixture.banana, Permit::for_test(&card(), Action::Freeze, id()))
            .await
            .expect_err("not believed");
        assert_eq!((error.kind, error.outcome), (ErrorKind::BadReply, Outcome::Unknown));
    }
    let forged = json!({ "encrypted_payload": good["encrypted_payload"], "hmac": other["hmac"] })
        .to_string();
    let fixture = Fixture::new(vec![Ok((200, forged))]);
    let said = fixture.banana.float().await.expect_err("not believed").reason();
    assert!(said.starts_with("signature of the answer is wrong"), "{said}");
}

#[tokio::test]
async fn a_proxys_page_is_no_refusal_of_credentials() {
    for (status, body, kind) in [
        (401, "<html>who are you?</html>", ErrorKind::Unreachable),
        (403, "<!DOCTYPE html><html></html>", ErrorKind::Unreachable),
        (403, r#"{"message":"not this card"}"#, ErrorKind::Forbidden),
    ] {
        let fixture = Fixture::new(vec![Ok((status, body.into())), Ok((status, body.into()))]);
        let error = fixture.banana.card(&card()).await.expect_err("an error");
        assert_eq!((error.kind, error.outcome), (kind, Outcome::NotDone), "{error}");
        let error = Provider::act(
            &fixture.banana,
            Permit::for_test(&card(), Action::TopUp(usd("5")), id()),
        )
        .await
        .expect_err("an error");
        let doubt =
            if kind == ErrorKind::Unreachable { Outcome::Unknown } else { Outcome::NotDone };
        assert_eq!((error.kind, error.outcome), (kind, doubt), "{error}");
    }
}

#[tokio::test]
async fn refusals_are_read_from_an_envelope_plain_json_or_text() {
    let error = |reply: Reply| async {
        let fixture = Fixture::new(vec![reply]);
        Provider::act(&fixture.banana, Permit::for_test(&card(), Action::TopUp(usd("5")), id()))
            .await
            .expect_err("refused")
    };
    for body in [
        sealed(r#"{"message":"Insufficient Balance"}"#),
        r#"{"detail":"Insufficient Balance"}"#.into(),
        "Insufficient Balance".into(),
    ] {
        let error = error(Ok((400, body))).await;
        assert_eq!((error.kind, error.outcome), (ErrorKind::Refused, Outcome::NotDone));
        assert!(error.reason().contains("Insufficient Balance"), "{}", error.reason());
    }
    for words in ["Invalid HMAC", "Merchant-ID is invalid", "bad signature"] {
        let error = error(Ok((400, json!({ "error": words }).to_string()))).await;
        assert_eq!(
            (error.kind, error.outcome),
            (ErrorKind::Auth, Outcome::NotDone),
            "authentication failure is 400 here"
        );
    }
    assert_eq!(
        error(Ok((400, "Merchant Balance is too low".into()))).await.kind,
        ErrorKind::Refused
    );
    assert_eq!(error(Ok((404, String::new()))).await.kind, ErrorKind::NotFound);
    assert_eq!(error(Ok((429, String::new()))).await.kind, ErrorKind::RateLimited);
    let error = error(Ok((502, "<html>".into()))).await;
    assert_eq!((error.kind, error.outcome), (ErrorKind::Unreachable, Outcome::Unknown));
}

// ---- readings (2.1, 2.2, 2.10, 2.11)

const BALANCE: &str = r#"{ "balance": 150.5, "refund_amount": 0.0, "currency": "USD" }"#;
const INFORMATION: &str = include_str!("../../../tests/fixtures/banana/information.json");

// ---- transactions (2.12, 5.1)

fn last_day(card: Option<Card>) -> Window {
    Window {
        card,
        since: now().saturating_sub(SignedDuration::from_hours(24)).expect("a time of the test"),
        until: now(),
    }
}
