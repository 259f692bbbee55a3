//! banana as its wire notes describe it: the documented answers read, the documented requests sent,
//! nothing unsigned believed.

use crate::provider::Evidence;
use data_encoding::HEXLOWER;
use serde_json::{Value, json};

use super::*;
use crate::clock::Clock;
use crate::config::secret::Source;
use crate::domain::card::{CardKey, CardState, ProviderId, Reading};
use crate::domain::operation::{Before, OperationId, Pin};
use crate::domain::transaction::{TransactionKind, TransactionState};
use crate::provider::error::Outcome;
use crate::provider::http::TransportError;
use crate::provider::script::{self, FIRST, Reply, Sent, Wire, all_transactions};

const KEY: &str = "0123456789abcdef0123456789abcdef";
const MERCHANT: &str = "6f9619ff-8b86-d011-b42d-00c04fc964ff";

struct Desk {
    banana: Banana,
    wire: Wire,
}

impl Desk {
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
    json!({ "id": id, "card_id": 67890, "amount": amount, "currency": "USD", "type": "RECHARGE", "status": status, "created_at": at })
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
    let desk = Desk::new(vec![]);
    let iv: [u8; 16] = std::array::from_fn(|i| u8::try_from(i).expect("below 16"));
    let recharge =
        Body::default().id("user_id", "12345").id("card_id", "67890").number("amount", "100.0");
    assert_eq!(*recharge.json(), r#"{"user_id":12345,"card_id":67890,"amount":100.0}"#);
    for (body, payload, hmac) in [
        (
            recharge,
            "AAECAwQFBgcICQoLDA0OD3VnVAZsZaS5TqR1g+VEL5UP7G84DWqGzLXjqGGU7XlyZP4zH3fL1xc9qdIHaj8iPqwj/EJAbiI5Sds+MUhEEzY=",
            "bfccceb52c5d81257b5f99181fd5a305190a30988d1159273341694b85cc24b8",
        ),
        (
            Body::default(),
            "AAECAwQFBgcICQoLDA0OD00PT6UTP7OPJvWpM9+5aVw=",
            "966ad8b12375fb502c67112f6ed5030315c388a1c3e393ff580e8e5dc2f44d57",
        ),
    ] {
        let sealed = desk.banana.seal(iv, body.json().as_bytes()).expect("a key of 32 bytes");
        assert_eq!(sealed, payload);
        let envelope = format!(r#"{{"encrypted_payload":"{payload}","hmac":"{hmac}"}}"#);
        assert_eq!(desk.banana.open(envelope.as_bytes()).expect("signed").get(), *body.json());
    }
    let webhook = r#"{"encrypted_payload":"AAECAwQFBgcICQoLDA0OD4UULZPyZ2b84oBL3ymBaN0SYFbpS+RyhX6cIRBN9Fo2dba1h9ogrEv+jlkwH+BZePfh1HZ2UnRy5g/5zmVI3h3X208lMj+TSFOdfM/5SiPcamD39OlwtZ0CsjqDCJMBAJiXnMsIgW7qSPf2Wn6eSEnCVNCrMlY9fKMGvwtQX098",
        "hmac":"146f2a0e4ea45964ce5f6fc9c8028f21098cdccc9cf4f2923c16087d21703e0a"}"#;
    let plain = desk.banana.open(webhook.as_bytes()).expect("signed");
    assert_eq!(fields(plain.get()).raw_text("receive_amount").as_deref(), Some("100.0"));
}

#[tokio::test]
async fn each_request_has_an_iv_of_its_own() {
    let balance = r#"{"balance":1,"currency":"USD"}"#;
    let desk = Desk::new(vec![ok(balance), ok(balance)]);
    desk.banana.float().await.expect("a float");
    desk.banana.float().await.expect("a float");
    let bodies = desk.wire.sent(|all| all.iter().map(Sent::json).collect::<Vec<_>>());
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
        short.starts_with("peel: ") && short.contains("secret_key") && short.contains("15 bytes"),
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
        let desk = Desk::new(vec![Ok((200, body.clone()))]);
        let error = desk.banana.float().await.expect_err("not believed");
        assert_eq!((error.kind, error.outcome), (ErrorKind::BadReply, Outcome::NotDone), "{body}");
        let desk = Desk::new(vec![Ok((200, body))]);
        let error = Provider::act(&desk.banana, Permit::for_test(&card(), Action::Freeze, id()))
            .await
            .expect_err("not believed");
        assert_eq!((error.kind, error.outcome), (ErrorKind::BadReply, Outcome::Unknown));
    }
    let forged = json!({ "encrypted_payload": good["encrypted_payload"], "hmac": other["hmac"] })
        .to_string();
    let desk = Desk::new(vec![Ok((200, forged))]);
    let said = desk.banana.float().await.expect_err("not believed").reason();
    assert!(said.starts_with("signature of the answer is wrong"), "{said}");
}

#[tokio::test]
async fn a_proxys_page_is_no_refusal_of_credentials() {
    for (status, body, kind) in [
        (401, "<html>who are you?</html>", ErrorKind::Unreachable),
        (403, "<!DOCTYPE html><html></html>", ErrorKind::Unreachable),
        (403, r#"{"message":"not this card"}"#, ErrorKind::Forbidden),
    ] {
        let desk = Desk::new(vec![Ok((status, body.into())), Ok((status, body.into()))]);
        let error = desk.banana.card(&card()).await.expect_err("an error");
        assert_eq!((error.kind, error.outcome), (kind, Outcome::NotDone), "{error}");
        let error =
            Provider::act(&desk.banana, Permit::for_test(&card(), Action::TopUp(usd("5")), id()))
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
        let desk = Desk::new(vec![reply]);
        Provider::act(&desk.banana, Permit::for_test(&card(), Action::TopUp(usd("5")), id()))
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

#[tokio::test]
async fn a_card_is_its_balance_its_information_and_its_template_s_kind() {
    let templates = r#"{"data":[{"id":1,"description":"x","type":"Virtual","payment_system":"Visa","recharge_fee":1.5}]}"#;
    let desk =
        Desk::new(vec![ok(BALANCE), ok(INFORMATION), ok(templates), ok(BALANCE), ok(INFORMATION)]);
    let read = desk.banana.card(&card()).await.expect("a card");
    let Reading::At { value, at } = read.balance else { panic!("no balance") };
    assert_eq!(
        (value.available, value.current, value.pending, at),
        (Some(usd("150.5")), None, None, now())
    );
    assert_eq!((read.state, &*read.provider_state), (CardState::Active, "ACTIVE"));
    assert_eq!(
        (read.last4.map(|last4| last4.to_string()), read.expires.as_deref()),
        (Some("3456".into()), Some("2025-12"))
    );
    assert_eq!(read.kind, Some(CardKind::Virtual));
    assert!(!format!("{read:?}").contains("123456789"), "the card number was kept");
    assert_eq!(
        desk.banana.card(&card()).await.expect("a card").kind,
        Some(CardKind::Virtual),
        "templates are read once"
    );
    let whose = json!({ "user_id": 12345, "card_id": 67890 });
    let asked = desk.asked();
    assert_eq!(asked[0], (Access::Read, "/v9/card/get_balance".into(), whose.clone()));
    assert_eq!(asked[1], (Access::Read, "/v9/card/get_information".into(), whose));
    assert_eq!(asked[2], (Access::Read, "/v9/merchant/get_card_templates".into(), json!({})));
    assert_eq!(asked.len(), 5);
}

#[tokio::test]
async fn a_balance_is_kept_when_the_rest_fails_and_failing_templates_are_not_asked_for_again() {
    let desk = Desk::new(vec![
        ok(BALANCE),
        Ok((500, String::new())),
        ok(BALANCE),
        ok(INFORMATION),
        Ok((404, String::new())),
        ok(BALANCE),
        ok(INFORMATION),
    ]);
    let read = desk.banana.card(&card()).await.expect("a card");
    assert_eq!((read.available(), read.state), (Some(usd("150.5")), CardState::Unknown));
    for _ in 0..2 {
        let read = desk.banana.card(&card()).await.expect("a card");
        assert_eq!((read.state, read.kind), (CardState::Active, None));
    }
    assert_eq!(desk.asked().len(), 7);
}

#[tokio::test]
async fn without_its_user_a_card_is_an_error_that_says_what_to_do() {
    let desk = Desk::new(vec![]);
    let lone = Card { owner: None, ..card() };
    let error = desk.banana.card(&lone).await.expect_err("no user");
    assert!(
        error.reason().contains("user_id") && error.reason().contains("roster"),
        "{}",
        error.reason()
    );
    let error = Provider::act(&desk.banana, Permit::for_test(&lone, Action::Freeze, id()))
        .await
        .expect_err("no user");
    assert_eq!((error.kind, error.outcome), (ErrorKind::Refused, Outcome::NotDone));
    assert!(desk.asked().is_empty());
}

#[test]
fn card_states_and_expiries_are_read_and_unknown_words_kept() {
    for (word, state) in [
        ("ACTIVE", CardState::Active),
        ("locked", CardState::Frozen),
        ("TBA", CardState::Pending),
        ("CLOSED", CardState::Closed),
        ("HIBERNATING", CardState::Unknown),
    ] {
        let (read, _) = wire::information(
            fields(&format!(r#"{{"data":{{"Status":"{word}"}}}}"#)),
            &card(),
            &Spelling::default(),
            now(),
        )
        .expect("about this card")
        .expect("information");
        assert_eq!((read.state, &*read.provider_state), (state, word));
    }
    for (date, expires) in
        [("01/30", Some("2030-01")), ("7/2029", Some("2029-07")), ("13/25", None), ("never", None)]
    {
        let (read, _) = wire::information(
            fields(&format!(r#"{{"expiry_date":"{date}"}}"#)),
            &card(),
            &Spelling::default(),
            now(),
        )
        .expect("about this card")
        .expect("information");
        assert_eq!(read.expires.as_deref(), expires, "{date}");
    }
    let said =
        wire::information(fields(r#"{"message":"hi"}"#), &card(), &Spelling::default(), now());
    assert!(said.is_ok_and(|said| said.is_none()));
}

#[test]
fn a_balance_that_is_not_said_is_not_zero() {
    let read = |json: &str| wire::balance(fields(json), &Card::unread(card().key), now());
    assert_eq!(
        read(r#"{"balance":null,"currency":"USD"}"#).map(|card| card.balance),
        Ok(Reading::Never)
    );
    assert!(read(r#"{"balance":1}"#).is_err(), "a figure without a currency");
    assert!(read(r#"{"balance":"x","currency":"USD"}"#).is_err());
    assert_eq!(
        read(r#"{"balance":"12345678901234.567","currency":"usd"}"#)
            .expect("a balance")
            .available(),
        Some(usd("12345678901234.567"))
    );
}

#[test]
fn a_balance_in_another_currency_is_another_cards() {
    let card = Card { currency: "KWD".parse().ok(), ..Card::unread(card().key) };
    let odd = wire::balance(fields(r#"{"balance":60100,"currency":"JPY"}"#), &card, now())
        .expect_err("another card's");
    assert!(odd.0.contains("in JPY and the card in KWD"), "{}", odd.0);
}

#[test]
fn the_float_is_read_from_every_likely_shape() {
    for json in [
        r#"{"balance":1000.25,"currency":"USD"}"#,
        r#"{"data":{"balance":"1000.25","currency":"USD"}}"#,
        r#"{"data":[{"available_balance":1000,"currency":"USD"},{"balance":0.25,"currency":"usd"}]}"#,
        r#"[{"balance":1000.25,"currency":"USD"}]"#,
        r#"{"balance":1000.25,"currency":"USD","balances":[{"balance":1000.25,"currency":"USD"}]}"#,
    ] {
        assert_eq!(wire::float(&raw(json)), Ok(vec![usd("1000.25")]), "{json}");
    }
    let beside = r#"{"balance":1,"currency":"USD","balances":[{"balance":1,"currency":"USD"},{"balance":2.5,"currency":"EUR"}]}"#;
    let sums: Vec<String> =
        wire::float(&raw(beside)).expect("sums").iter().map(ToString::to_string).collect();
    assert_eq!(sums, ["2.50 EUR", "1.00 USD"]);
    for json in [r#"{"balance":1}"#, "{}", "[]", "7", r#"{"balance":"x","currency":"USD"}"#] {
        assert!(wire::float(&raw(json)).is_err(), "{json}");
    }
}

// ---- changes (2.8, 2.9, 2.14)

#[tokio::test]
async fn each_change_is_sent_once_as_documented_and_is_only_accepted() {
    let pin = |digits: &str| Pin::typed(digits.into()).expect("four digits");
    let alter = |word: &str| json!({ "user_id": 12345, "card_id": 67890, "alter": word });
    for (action, answer, path, body) in [
        (Action::Freeze, r#"{ "message": "Operation requested" }"#, "update_status", alter("LOCK")),
        (
            Action::Unfreeze,
            r#"{ "message": "Operation requested" }"#,
            "update_status",
            alter("UNLOCK"),
        ),
        (Action::Close, r#"{ "message": "Operation requested" }"#, "update_status", alter("CLOSE")),
        (
            Action::SetPin { new: Some(pin("6789")), old: None },
            r#"{ "message": "PIN set successfully" }"#,
            "set_pin",
            json!({ "user_id": 12345, "card_id": 67890, "pin": "6789" }),
        ),
        (
            Action::SetPin { new: Some(pin("6789")), old: None },
            r#"{ "success": true, "message": "PIN set successfully" }"#,
            "set_pin",
            json!({ "user_id": 12345, "card_id": 67890, "pin": "6789" }),
        ),
        (
            Action::TopUp(usd("100.1")),
            r#"{ "message": "Card recharge request sent successfully" }"#,
            "recharge",
            json!({ "user_id": 12345, "card_id": 67890, "amount": 100.1 }),
        ),
    ] {
        let desk = Desk::new(vec![ok(answer)]);
        let receipt = Provider::act(&desk.banana, Permit::for_test(&card(), action, id()))
            .await
            .expect("accepted");
        assert_eq!(receipt, Ack::Accepted { reference: None });
        assert_eq!(desk.asked(), [(Access::Write, format!("/v9/card/{path}"), body)]);
    }
}

#[tokio::test]
async fn a_refusal_that_repeats_the_pin_is_told_without_it() {
    let desk = Desk::new(vec![ok(r#"{"success":false,"message":"PIN 6789 is not allowed"}"#)]);
    let action = Action::SetPin { new: Pin::typed("6789".into()).ok(), old: None };
    let error = Provider::act(&desk.banana, Permit::for_test(&card(), action, id()))
        .await
        .expect_err("refused");
    assert_eq!((error.outcome, &*error.reason()), (Outcome::NotDone, "PIN **** is not allowed"));
}

#[tokio::test]
async fn an_amount_is_sent_as_a_number_with_its_own_digits() {
    let desk = Desk::new(vec![ok(r#"{"message":"ok"}"#)]);
    Provider::act(
        &desk.banana,
        Permit::for_test(&card(), Action::TopUp(usd("90071992547409.93")), id()),
    )
    .await
    .expect("accepted");
    let body = desk.wire.sent(|all| all[0].json());
    let plain = unseal(body["encrypted_payload"].as_str().expect("a payload"));
    assert_eq!(plain, br#"{"user_id":12345,"card_id":67890,"amount":90071992547409.93}"#);
}

#[tokio::test]
async fn what_an_answer_to_a_recharge_means_for_the_money() {
    let refused = |reply: Reply| async {
        let desk = Desk::new(vec![reply]);
        let error =
            Provider::act(&desk.banana, Permit::for_test(&card(), Action::TopUp(usd("5")), id()))
                .await
                .expect_err("an error");
        assert_eq!(desk.asked().len(), 1, "sent once, whatever happens");
        error
    };
    let error = refused(ok(r#"{"success":false,"message":"Invalid Card State"}"#)).await;
    assert_eq!(
        (error.kind, error.outcome, &*error.reason()),
        (ErrorKind::Refused, Outcome::NotDone, "Invalid Card State")
    );
    for doubtful in [
        ok("{}"),
        ok("[]"),
        ok(r#"{"error":"something"}"#),
        Ok((200, String::new())),
        Ok((302, String::new())),
        Ok((500, String::new())),
        Err(TransportError::unanswered("the connection broke")),
    ] {
        assert_eq!(refused(doubtful).await.outcome, Outcome::Unknown);
    }
    assert_eq!(
        refused(Err(TransportError::unsent("no connection"))).await.outcome,
        Outcome::NotDone
    );
}

#[tokio::test]
async fn what_banana_does_not_offer_is_not_sent() {
    let desk = Desk::new(vec![]);
    let eur = Money::parse_wire("5", "EUR".parse().expect("a currency")).expect("an amount");
    for action in [Action::TopUp(eur), Action::SetPin { new: None, old: None }] {
        let error = Provider::act(&desk.banana, Permit::for_test(&card(), action, id()))
            .await
            .expect_err("refused here");
        assert_eq!((error.kind, error.outcome), (ErrorKind::Refused, Outcome::NotDone));
    }
    assert_eq!(desk.banana.cards(FIRST).await.expect_err("no list").kind, ErrorKind::NotOffered);
    assert_eq!(
        desk.banana.quote(&card(), usd("5")).await.expect_err("no quote").kind,
        ErrorKind::NotOffered
    );
    assert!(desk.asked().is_empty());
}

// ---- transactions (2.12, 5.1)

fn last_day(card: Option<Card>) -> Window {
    Window {
        card,
        since: now().saturating_sub(SignedDuration::from_hours(24)).expect("a time of the test"),
        until: now(),
    }
}

#[tokio::test]
async fn the_documented_list_is_read() {
    // banana wire notes, 2.12
    let desk =
        Desk::new(vec![ok(include_str!("../../../tests/fixtures/banana/transactions.json"))]);
    let page = desk
        .banana
        .transactions(&last_day(None), PageCursor { size: 100, ..FIRST })
        .await
        .expect("a page");
    assert_eq!((page.items.len(), page.skipped.len()), (1, 0));
    let row = &page.items[0];
    assert_eq!(
        (&*row.id, row.card_id.as_deref(), row.amount),
        ("12345", Some("67890"), usd("100.0"))
    );
    assert_eq!(
        (row.kind, row.state, &*row.provider_state),
        (TransactionKind::TopUp, TransactionState::Cleared, "SUCCESS")
    );
    assert_eq!((row.at, row.seen_at, row.merchant.as_deref()), (now(), now(), Some("RECHARGE")));
    let body = json!({ "start_date": "2024-01-14T10:30:00Z", "end_date": "2024-01-15T10:30:01Z", "skip": 0, "limit": 100, "desc": true });
    assert_eq!(desk.asked(), [(Access::Read, "/v9/card/get_transactions".into(), body)]);
}

#[tokio::test]
async fn pages_overlap_by_a_row_and_no_total_ends_them() {
    let page = |ids: std::ops::Range<u64>| {
        let rows: Vec<Value> = ids.map(|id| row(id, "1", "SUCCESS", -1)).collect();
        ok(&json!({ "data": rows, "total": 2 }).to_string())
    };
    let desk = Desk::new(vec![page(1..3), page(2..4), page(3..4)]);
    let list = all_transactions(&desk.banana, &last_day(Some(card()))).await;
    let ids: Vec<&str> = list.rows.iter().map(|row| &*row.id).collect();
    assert_eq!((ids, list.is_whole()), (vec!["1", "2", "3"], true));
    let skips: Vec<Value> = desk.asked().iter().map(|(_, _, body)| body["skip"].clone()).collect();
    assert_eq!(skips, [0, 1, 2]);
    assert_eq!(desk.asked()[1].2["card_id"], json!(67890));
}

#[tokio::test]
async fn a_row_that_leaves_the_page_before_is_noticed_and_nothing_is_lost() {
    let page = |ids: &[u64]| {
        let rows: Vec<Value> = ids.iter().map(|id| row(*id, "1", "SUCCESS", -1)).collect();
        ok(&json!({ "data": rows, "total": 9 }).to_string())
    };
    // Row 1 goes away after the first page: row 4 moves up between the two, and the overlap does
    // not come.
    let desk = Desk::new(vec![
        page(&[1, 2, 3]),
        page(&[5]),
        page(&[2, 3, 4]),
        page(&[4, 5]),
        page(&[5]),
        page(&[2, 3, 4]),
    ]);
    let list = all_transactions(&desk.banana, &last_day(Some(card()))).await;
    let mut ids: Vec<&str> = list.rows.iter().map(|row| &*row.id).collect();
    ids.sort_unstable();
    assert_eq!((ids, list.is_whole()), (vec!["1", "2", "3", "4", "5"], true));
}

#[tokio::test]
async fn a_list_that_ignores_dates_is_left_once_it_is_older_than_the_window() {
    let rows = [row(3, "1", "SUCCESS", -10), row(2, "1", "SUCCESS", -60 * 25)];
    let desk = Desk::new(vec![ok(&json!({ "data": rows, "total": 90_000 }).to_string())]);
    let list = all_transactions(&desk.banana, &last_day(None)).await;
    assert_eq!((list.rows.len(), list.is_whole(), desk.asked().len()), (2, true, 1));
}

#[test]
fn one_odd_row_does_not_lose_the_page_and_hostile_text_is_cleaned() {
    let (provider, spelling) = (ProviderId::new("peel"), Spelling::default());
    let reader =
        listing::RowReader::new(&provider, &spelling, &Lists::default(), settings::IDS, now());
    let read = |row: Value| wire::transaction(&raw(&row.to_string()), &reader, None);
    let good = read(
        json!({ "ID": "9", "card_id": "67890", "amount": -18.25, "currency": "usd", "type": "purchase", "status": "PENDING",
        "created_at": 1_691_249_025_085_i64, "merchant_name": "ICA\u{202e}\u{1b}[2J 4111111111111111" }),
    )
    .expect("a row");
    assert_eq!(
        (good.kind, good.state, good.amount),
        (TransactionKind::Purchase, TransactionState::Hold, usd("18.25"))
    );
    assert_eq!(good.merchant.as_deref(), Some("ICA? ..1111"));
    for odd in [
        json!(null),
        json!([]),
        json!({ "id": 1 }),
        json!({ "id": 1, "amount": "x", "currency": "USD", "created_at": "2024-01-15" }),
    ] {
        assert!(read(odd.clone()).is_err(), "{odd}");
    }
    let other = read(json!({ "amount": -3, "currency": "USD", "type": "SWAP", "status": "ODD", "created_at": "2024-01-15" }))
        .expect("a row");
    assert_eq!(
        (other.kind, other.state, &*other.provider_state),
        (TransactionKind::Other, TransactionState::Unknown, "SWAP ODD")
    );
    assert!(other.amount.is_negative() && other.id.starts_with("made-"));
}

// ---- looking (5.2, 5.3)

#[tokio::test]
async fn a_recharge_is_found_again_by_amount_and_time() {
    let look = |rows: Vec<Value>, claimed: &'static [&'static str]| async move {
        let none = ok(&json!({ "data": [], "total": rows.len() }).to_string());
        let list = json!({ "data": rows, "total": rows.len() }).to_string();
        let desk = Desk::new(vec![ok(&list), none, ok(&list)]);
        let claimed = MatchedCredits {
            credits: claimed.iter().map(|id| Arc::from(*id)).collect(),
            ..MatchedCredits::default()
        };
        let seen = desk
            .banana
            .lookup(&card(), &operation(ActionKind::TopUp), &claimed)
            .await
            .expect("an answer");
        let body =
            json!({ "card_id": 67890, "type": "RECHARGE", "skip": 0, "limit": 100, "desc": true });
        // A provider may cap its pages: the list ends at an empty one.
        assert_eq!(
            desk.asked().first(),
            Some(&(Access::Read, "/v9/card/get_transactions".into(), body))
        );
        seen
    };
    let done = |id: &str| Lookup::Done {
        proof: format!("+100.00 USD in the list, id {id}"),
        credit: Some(id.into()),
        by: Evidence::List,
    };
    let nowhere = |seen: Lookup, words: &str| {
        assert!(
            matches!(&seen, Lookup::NotFound { looked, .. } if looked.contains(words)),
            "{seen:?}"
        )
    };
    assert_eq!(
        look(vec![row(17, "100", "SUCCESS", 0), row(18, "99", "SUCCESS", 0)], &[]).await,
        done("17")
    );
    assert_eq!(
        look(vec![row(17, "100", "SUCCESS", -1)], &[]).await,
        done("17"),
        "their clock is a little behind"
    );
    nowhere(look(vec![], &[]).await, "no new top-up of 100.00 USD");
    nowhere(look(vec![row(17, "100", "SUCCESS", -3)], &[]).await, "no new top-up");
    nowhere(
        look(vec![row(17, "100", "SUCCESS", 0), row(18, "100", "SUCCESS", 1)], &[]).await,
        "2 new top-ups of 100.00 USD in the list, cannot tell which is ours",
    );
    assert_eq!(
        look(vec![row(17, "100", "SUCCESS", 0), row(18, "100", "SUCCESS", 1)], &["17"]).await,
        done("18")
    );
    nowhere(look(vec![row(17, "100", "SUCCESS", 0)], &["17"]).await, "no new top-up");
    assert!(matches!(look(vec![row(17, "100", "PENDING", 0)], &[]).await, Lookup::Pending { .. }));
    assert!(matches!(look(vec![row(17, "100", "FAILED", 1)], &[]).await, Lookup::Failed { .. }));
    nowhere(look(vec![row(17, "100", "FAILED", -3)], &[]).await, "no new top-up");
    let mut other = row(17, "100", "SUCCESS", 0);
    other["card_id"] = json!(67891);
    nowhere(look(vec![other], &[]).await, "no new top-up");
}

#[tokio::test]
async fn a_change_of_state_is_done_when_the_card_reads_so() {
    let look = |action_kind: ActionKind, state: &'static str| async move {
        let desk = Desk::new(vec![ok(
            &json!({ "number": "1234567890123456", "status": state }).to_string()
        )]);
        let lone = Card { owner: None, ..card() };
        let seen = desk
            .banana
            .lookup(&lone, &operation(action_kind), &MatchedCredits::default())
            .await
            .expect("an answer");
        assert!(
            desk.asked()
                .iter()
                .all(|(does, path, _)| *does == Access::Read && path == "/v9/card/get_information")
        );
        seen
    };
    let done = |word: &str| Lookup::Done {
        proof: format!("seen {word}"),
        credit: None,
        by: Evidence::State,
    };
    assert_eq!(look(ActionKind::Freeze, "LOCKED").await, done("FROZEN"));
    assert_eq!(look(ActionKind::Unfreeze, "ACTIVE").await, done("ACTIVE"));
    assert_eq!(look(ActionKind::Close, "CLOSED").await, done("CLOSED"));
    assert_eq!(
        look(ActionKind::Freeze, "ACTIVE").await,
        Lookup::Pending { looked: "the card reads ACTIVE".into() }
    );
    assert!(matches!(look(ActionKind::Unfreeze, "CLOSED").await, Lookup::Failed { .. }));
    assert!(matches!(look(ActionKind::Close, "").await, Lookup::NotFound { .. }));
    let desk = Desk::new(vec![]);
    let seen = desk
        .banana
        .lookup(&card(), &operation(ActionKind::SetPin), &MatchedCredits::default())
        .await
        .expect("an answer");
    assert!(matches!(seen, Lookup::NotFound { .. }) && desk.asked().is_empty());
}
