//! Stories of an enkash account against a scripted wire; the examples are those of the enkash wire
//! notes, verbatim.

use crate::provider::Evidence;
use std::sync::Arc;

use serde_json::{Value, json};

use super::*;
use crate::clock::Clock;
use crate::domain::card::{CardKey, CardKind, Reading};
use crate::domain::transaction::{TransactionKind, TransactionState};
use crate::provider::script::{self, FIRST, Sent, Wire, all_transactions};

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

#[tokio::test]
async fn the_first_read_fetches_a_token_and_every_call_carries_it() {
    // enkash wire notes, 1.3, 1.4 and 2.6
    let wire = Wire::default();
    let account = enkash(&wire, BodyWrapping::Envelope, Load::AllocateFund);
    wire.answer(200, TOKEN);
    wire.answer(200, &sealed(FLOAT));
    wire.answer(200, FLOAT);
    assert_eq!(account.float().await.expect("the float"), [rupees(89_813_800)]);
    assert_eq!(account.float().await.expect("the float again"), [rupees(89_813_800)]);
    wire.sent(|all| {
        let [token, first, second] = all else { panic!("{} calls", all.len()) };
        assert_eq!(token.url(), "https://token.test/oauth/token");
        assert_eq!(token.headers()[AUTHORIZATION], "Basic ZW5rYXNoLWNsaWVudDplbmthc2gtc2VjcmV0");
        assert_eq!(token.headers()[CONTENT_TYPE], "application/x-www-form-urlencoded");
        assert_eq!(
            token.body(),
            "username=6660686687&password=p%26ss+w%C3%B6rd&grant_type=password&clientId=CEKEP5GSGP"
        );
        for call in [first, second] {
            assert_eq!(call.url(), "https://cards.test/api/v0/partner/enKashCard/cardAccount/get");
            assert_eq!(call.headers()[AUTHORIZATION], "Bearer bg-xFpMtGNl2jJGD8VPR4YZpNcA");
            assert!(
                call.headers()[AUTHORIZATION].is_sensitive()
                    && token.headers()[AUTHORIZATION].is_sensitive()
            );
            assert_eq!(call.headers()["partnerId"], "CRMXWB3ZM");
            assert_eq!(call.headers()[CONTENT_TYPE], "application/json");
            assert_eq!(call.access, Access::Read);
            assert_eq!(
                opened(call).1,
                json!({"companyId": "CEKEP5GSGP", "cardAccountId": "CABFIPS"})
            );
        }
    });
}

const FLOAT: &str = include_str!("../../../tests/fixtures/enkash/card-account.json");

#[test]
fn the_documented_vector_is_the_envelope_that_is_sent_and_read() {
    // enkash wire notes, 1.5
    let wire = Wire::default();
    let plain = br#"{"enKashCardId":"EKCMB7KAEW","amount":10}"#;
    let base64 = "LLP9Rzfnk4uNsgFOYe6b0slz/Fc61w7zzIGo0VfZxqw4k0qXwwWGaQrNsyowfes9";
    let seal =
        |encryption| enkash(&wire, encryption, Load::AllocateFund).seal(settings::BALANCE, plain);
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
        let said = wire::read(&Bytes::from(body.to_owned()), &key(), "request").expect("readable");
        assert_eq!((said.code, &*said.words), (Code::Success, "Success"), "{body}");
    }
    let other = wire::read(&Bytes::from(envelope), &[9; 16], "request").expect_err("another key");
    assert_eq!(other, Unreadable::Sealed);
    for cut in ["", "{", "<html></html>", "{\"code\":0,", "null", "[]", "12"] {
        assert!(wire::read(&Bytes::from(cut.to_owned()), &key(), "request").is_err(), "{cut}");
    }
    assert_eq!(
        wire::read(&Bytes::from_static(b"{}"), &key(), "request").expect("an object").code,
        Code::Unclear
    );
    assert_eq!(
        wire::read(&Bytes::from_static(br#"{"code":0,"response_code":1}"#), &key(), "request")
            .expect("an object")
            .code,
        Code::Unclear
    );
    assert_eq!(
        wire::read(&Bytes::from_static(br#"{"CODE":"0","Message":"Success"}"#), &key(), "request")
            .expect("an object")
            .code,
        Code::Success
    );
}

#[tokio::test]
async fn a_refused_password_is_never_tried_again() {
    // enkash wire notes, 1.3: three wrong attempts lock the account
    let wire = Wire::default();
    let account = enkash(&wire, BodyWrapping::Envelope, Load::AllocateFund);
    wire.answer(400, r#"{"error":"invalid_grant","error_description":"Bad credentials"}"#);
    for _ in 0..3 {
        let error = account.float().await.expect_err("refused");
        assert_eq!((error.kind, error.outcome), (ErrorKind::Auth, Outcome::NotDone));
        assert!(
            error.reason().contains("Bad credentials") && !error.reason().contains("p&ss"),
            "{error}"
        );
    }
    let error = Provider::act(&account, Permit::for_test(&card(), Action::Freeze, id()))
        .await
        .expect_err("refused");
    assert_eq!((error.kind, error.outcome), (ErrorKind::Auth, Outcome::NotDone));
    assert_eq!(wire.sent(<[Sent]>::len), 1);
}

const PAGE: &str = "<!DOCTYPE html><html><body>Access denied by the web gateway</body></html>";

#[tokio::test]
async fn a_refused_token_call_is_tried_once_more_after_a_quarter_of_an_hour_and_then_when_asked() {
    use std::sync::atomic::{AtomicI64, Ordering};
    for (status, body) in [
        (403, PAGE),
        (401, ""),
        (400, r#"{"error":"invalid_grant","error_description":"Bad credentials"}"#),
    ] {
        let (wire, minutes) = (Wire::default(), Arc::new(AtomicI64::new(0)));
        let passed = Arc::clone(&minutes);
        let start = at("2025-08-04T10:00:00Z");
        let clock =
            Clock::of(move || start + SignedDuration::from_mins(passed.load(Ordering::SeqCst)));
        let account = enkash_at(&wire, BodyWrapping::Envelope, Load::AllocateFund, clock);
        let refused = async || {
            // Left over where no call is sent: every answer is the same.
            wire.answer(status, body);
            let error = account.float().await.expect_err("refused");
            assert_eq!(error.kind, ErrorKind::Auth, "{error}");
            (wire.count("/oauth/token"), error.retry_after)
        };
        assert_eq!(refused().await, (1, Some(Duration::from_secs(900))), "{status}");
        minutes.store(14, Ordering::SeqCst);
        assert_eq!(
            refused().await,
            (1, Some(Duration::from_secs(60))),
            "{status}: not before its time"
        );
        minutes.store(15, Ordering::SeqCst);
        assert_eq!(refused().await, (2, None), "{status}: once more");
        minutes.store(100_000, Ordering::SeqCst);
        assert_eq!(
            refused().await,
            (2, None),
            "{status}: a third wrong one would lock the account"
        );
        account.try_credentials_again().await;
        assert_eq!(refused().await, (3, None), "{status}: the operator asked");
    }
}

#[tokio::test]
async fn a_proxys_page_is_no_refusal_of_credentials_and_repeats_no_change() {
    let wire = Wire::default();
    let account = ready(&wire).await;
    for status in [401, 403] {
        wire.answer(status, PAGE);
        let error = account.float().await.expect_err("a page");
        assert_eq!(
            (error.kind, error.outcome),
            (ErrorKind::Unreachable, Outcome::NotDone),
            "{error}"
        );
        assert!(error.reason().contains("web page from a proxy"), "{error}");
        wire.answer(status, PAGE);
        let error =
            Provider::act(&account, Permit::for_test(&card(), Action::TopUp(rupees(1_000)), id()))
                .await
                .expect_err("a page");
        assert_eq!(
            (error.kind, error.outcome),
            (ErrorKind::Unreachable, Outcome::Unknown),
            "{error}"
        );
    }
    assert_eq!(
        (wire.count("/balance"), wire.count("/oauth/token")),
        (2, 1),
        "no change was sent twice"
    );
    wire.answer(403, r#"{"code":403,"message":"APIs not enabled"}"#);
    assert_eq!(account.card(&card()).await.expect_err("refused").kind, ErrorKind::Forbidden);
}

#[tokio::test]
async fn a_token_call_that_broke_is_not_a_refused_password() {
    let wire = Wire::default();
    let account = enkash(&wire, BodyWrapping::Envelope, Load::AllocateFund);
    wire.answer(503, "busy");
    assert_eq!(account.float().await.expect_err("busy").kind, ErrorKind::Unreachable);
    wire.answer(200, "<html>hello</html>");
    assert_eq!(account.float().await.expect_err("a web page").kind, ErrorKind::BadReply);
    wire.answer(
        200,
        r#"{"accessToken":"t2","tokenType":"bearer","expiresIn":"300","refreshToken":"r"}"#,
    );
    wire.answer(200, FLOAT);
    assert_eq!(account.float().await.expect("the float").len(), 1);
}

#[tokio::test]
async fn an_expired_token_is_renewed_once_for_reads_and_changes() {
    // enkash wire notes, 1.3 and 6.7
    let wire = Wire::default();
    let account = ready(&wire).await;
    wire.answer(401, "");
    wire.answer(200, &TOKEN.replace("bg-", "new-"));
    wire.answer(200, r#"{"code":0,"message":"Success","payload":"..."}"#);
    let receipt = Provider::act(&account, Permit::for_test(&card(), Action::Freeze, id()))
        .await
        .expect("accepted");
    assert_eq!(receipt, Ack::Accepted { reference: None });
    assert_eq!((wire.count("/block"), wire.count("/oauth/token")), (2, 2));
    wire.sent(|all| {
        assert_eq!(
            all.last().map(|sent| sent.headers()[AUTHORIZATION].clone()).expect("a call"),
            "Bearer new-xFpMtGNl2jJGD8VPR4YZpNcA"
        )
    });

    wire.answer(401, "");
    wire.answer(200, TOKEN);
    wire.answer(401, r#"{"error":"invalid_token"}"#);
    let error = account.float().await.expect_err("refused twice");
    assert_eq!((error.kind, error.outcome), (ErrorKind::Auth, Outcome::NotDone));
    assert_eq!(wire.count("/cardAccount/get"), 2);
}

#[tokio::test]
async fn a_change_whose_second_answer_is_lost_is_in_doubt() {
    let wire = Wire::default();
    let account = ready(&wire).await;
    wire.answer(401, "");
    wire.answer(200, TOKEN);
    let error =
        Provider::act(&account, Permit::for_test(&card(), Action::TopUp(rupees(1_000)), id()))
            .await
            .expect_err("lost");
    assert_eq!((error.kind, error.outcome), (ErrorKind::Unreachable, Outcome::Unknown));
    assert_eq!(wire.count("/balance"), 2);
}

#[tokio::test]
async fn a_top_up_sends_the_worked_example_and_is_only_accepted() {
    // enkash wire notes, 2.4 and 4.5
    let wire = Wire::default();
    let account = ready(&wire).await;
    wire.answer(
        200,
        &sealed(
            r#"{"code": 0, "message": "Success", "payload": "Funds allocated from Parent Account to Card by Admin successful"}"#,
        ),
    );
    let receipt =
        Provider::act(&account, Permit::for_test(&card(), Action::TopUp(rupees(1_050)), id()))
            .await
            .expect("accepted");
    assert_eq!(receipt, Ack::Accepted { reference: None });
    let (path, body) = asked(&wire).remove(0);
    assert_eq!(path, "/balance");
    let reference = id().reference();
    assert_eq!(
        body,
        json!({
            "companyId": "CEKEP5GSGP", "cardAccountId": "CABFIPS", "createdBy": "cardtop", "amount": 10.5,
            "transactionType": "CR", "description": "Top-up by cardtop", "type": "ALLOCATE_FUND", "transactionCode": "ALLOCATION",
            "uniqueReferenceNumber": &*reference, "remarks": &*reference, "enKashCardId": "EKCMB7KAEW"
        })
    );
    wire.sent(|all| assert_eq!(all.last().map(|sent| sent.access), Some(Access::Write)));
}

#[tokio::test]
async fn the_amount_is_written_digit_by_digit_and_the_other_pair_is_a_pair() {
    let wire = Wire::default();
    let account = enkash(&wire, BodyWrapping::Off, Load::LoadMoney);
    wire.answer(200, TOKEN);
    wire.answer(200, r#"{"code":0,"message":"Success","payload":"ok"}"#);
    Provider::act(
        &account,
        Permit::for_test(&card(), Action::TopUp(rupees(1_234_567_890_123_410)), id()),
    )
    .await
    .expect("accepted");
    wire.sent(|all| {
        let body = all.last().expect("a call").body();
        assert!(body.contains(r#""amount":12345678901234.10,"#), "{body}");
        assert!(body.contains(r#""type":"LOAD_MONEY","transactionCode":"PRINCIPLE""#), "{body}");
    });
    let dollars = Money::new(Decimal::TEN, "USD".parse().expect("a currency"));
    let error = Provider::act(&account, Permit::for_test(&card(), Action::TopUp(dollars), id()))
        .await
        .expect_err("not rupees");
    assert_eq!(
        (error.kind, error.outcome, wire.count("/balance")),
        (ErrorKind::Refused, Outcome::NotDone, 1)
    );
}

#[tokio::test]
async fn what_an_answer_to_a_top_up_means_for_the_money() {
    // enkash wire notes, 1.5 point 9, 1.6 and 1.7
    use Outcome::{NotDone, Unknown};
    let no = r#"{"response_code": 1, "response_message": "Insufficient balance in card account", "payload": "Insufficient balance in card account"}"#;
    for (status, body, kind, outcome) in [
        (200, no, ErrorKind::Refused, NotDone),
        (200, r#"{"code":1,"message":"duplicate reference"}"#, ErrorKind::Refused, Unknown),
        (200, r#"{"code":500,"message":"error"}"#, ErrorKind::Refused, Unknown),
        (200, r#"{"message":"Success"}"#, ErrorKind::BadReply, Unknown),
        (200, "<html>gateway</html>", ErrorKind::BadReply, Unknown),
        (200, r#"{"code":0,"mess"#, ErrorKind::BadReply, Unknown),
        (200, "", ErrorKind::BadReply, Unknown),
        (302, "", ErrorKind::BadReply, Unknown),
        (400, r#"{"code":1,"message":"amount is required"}"#, ErrorKind::Refused, NotDone),
        (
            403,
            r#"{"code":1,"message":"Encryption failed for response."}"#,
            ErrorKind::Forbidden,
            Unknown,
        ),
        (404, r#"{"code":1,"message":"Card account not found"}"#, ErrorKind::NotFound, NotDone),
        (409, r#"{"code":1,"message":"transaction id exists"}"#, ErrorKind::Refused, Unknown),
        (422, r#"{"code":1,"message":"Invalid encrypted request."}"#, ErrorKind::Refused, NotDone),
        (429, "", ErrorKind::RateLimited, NotDone),
        (500, "", ErrorKind::Unreachable, Unknown),
        (504, "<html>timeout</html>", ErrorKind::Unreachable, Unknown),
    ] {
        let wire = Wire::default();
        let account = ready(&wire).await;
        wire.answer(status, body);
        let error =
            Provider::act(&account, Permit::for_test(&card(), Action::TopUp(rupees(1_000)), id()))
                .await
                .expect_err("not accepted");
        assert_eq!((error.kind, error.outcome), (kind, outcome), "{status} {body}: {error}");
        assert_eq!(wire.count("/balance"), 1, "sent again after {status} {body}");
    }
    let wire = Wire::default();
    let account = ready(&wire).await;
    wire.answer(200, no);
    let error =
        Provider::act(&account, Permit::for_test(&card(), Action::TopUp(rupees(1_000)), id()))
            .await
            .expect_err("refused");
    assert_eq!(&*error.reason(), "Insufficient balance in card account");
}

#[tokio::test]
async fn freeze_unfreeze_close_and_pin_send_what_is_documented() {
    // enkash wire notes, 2.3, 2.11 and 4.2
    let wire = Wire::default();
    let account = ready(&wire).await;
    let pin = Action::SetPin { new: Pin::typed("0078".into()).ok(), old: None };
    for action in [Action::Freeze, Action::Unfreeze, Action::Close, pin] {
        wire.answer(200, &sealed(r#"{"code":0,"message":"Success","payload":"Success"}"#));
        assert_eq!(
            Provider::act(&account, Permit::for_test(&card(), action, id()))
                .await
                .expect("accepted"),
            Ack::Accepted { reference: None }
        );
    }
    let asked = asked(&wire);
    for ((path, body), code) in asked.iter().zip(["L", "UL", "BL"]) {
        assert_eq!(path, "/block");
        assert_eq!(
            (&body["blockCode"], &body["otpMedium"], &body["otpRequired"]),
            (&json!(code), &json!("MOBILE"), &json!(false))
        );
        assert_eq!(
            (&body["companyId"], &body["cardAccountId"]),
            (&json!("CEKEP5GSGP"), &json!("CABFIPS"))
        );
        assert_eq!(body["enKashCardId"], "EKCMB7KAEW");
    }
    let (path, body) = asked.last().expect("the PIN");
    assert_eq!(path, "/setPin");
    assert_eq!(
        body,
        &json!({"companyId": "CEKEP5GSGP", "cardAccountId": "CABFIPS", "enKashCardId": "EKCMB7KAEW", "pinBlock": "0078", "otpRequired": false})
    );
    wire.sent(|all| {
        assert!(
            all.iter()
                .skip(1)
                .all(|sent| sent.access == Access::Write && !sent.body().contains("0078"))
        )
    });
}

#[tokio::test]
async fn a_pin_never_leaves_unencrypted_or_with_another_length() {
    let wire = Wire::default();
    let account = enkash(&wire, BodyWrapping::Off, Load::AllocateFund);
    let pin = |digits: &str| Action::SetPin { new: Pin::typed(digits.into()).ok(), old: None };
    assert_eq!(
        Provider::act(&account, Permit::for_test(&card(), pin("9078"), id()))
            .await
            .expect_err("refused")
            .outcome,
        Outcome::NotDone
    );
    assert_eq!(account.capabilities().pin.err(), Some(NO_ENCRYPTION));
    let account = enkash(&wire, BodyWrapping::Bare, Load::AllocateFund);
    assert!(Provider::act(&account, Permit::for_test(&card(), pin("907812"), id())).await.is_err());
    assert!(
        account.capabilities().pin.is_ok_and(|rule| rule.digits == Some((4, 4)) && !rule.needs_old)
    );
    assert_eq!(wire.sent(<[Sent]>::len), 0);
}

#[tokio::test]
async fn the_card_list_is_read_in_every_documented_form() {
    // enkash wire notes, 2.13 and 2.2
    let wire = Wire::default();
    let account = ready(&wire).await;
    wire.answer(200, include_str!("../../../tests/fixtures/enkash/cards.json"));
    let page = account.cards(FIRST).await.expect("cards");
    assert_eq!((page.items.len(), page.skipped.len()), (1, 0));
    let one = &page.items[0];
    assert_eq!(
        (&*one.key.id, &*one.holder, one.state, one.expires.as_deref()),
        ("EKC9MKS5RM", "Mr Test", CardState::Unknown, None)
    );
    assert_eq!(one.balance, Reading::Never);

    wire.answer(200, include_str!("../../../tests/fixtures/enkash/card.json"));
    let page = account.cards(FIRST).await.expect("cards");
    assert_eq!(page.items[0].last4.map(|last4| last4.to_string()).as_deref(), Some("2209"));

    wire.answer(200, r#"{"code":0,"payload":[{"enkashCardId":"A","otbBalance":11,"cardStatus":{"label":"ACTIVE"},"physicalCard":true,"expiryMonth":"08","expiryYear":"28"},{"enKashCardId":"B","otbBalance":"x"},{"otbBalance":1},7,{"enKashCardId":"C","otbBalance":"12.345","cardStatus":"Blocked","physicalCard":"false"}]}"#);
    let page = account.cards(FIRST).await.expect("cards");
    assert_eq!((page.items.len(), page.skipped.len()), (2, 3));
    let (a, c) = (&page.items[0], &page.items[1]);
    assert_eq!(
        (a.state, a.kind, a.expires.as_deref()),
        (CardState::Active, Some(CardKind::Physical), Some("2028-08"))
    );
    assert_eq!(a.available(), Some(rupees(1_100)));
    assert_eq!(a.balance.at(), Some(at("2025-08-04T10:00:00Z")));
    assert_eq!(
        (c.state, &*c.provider_state, c.kind),
        (CardState::Blocked, "Blocked", Some(CardKind::Virtual))
    );
    assert_eq!(c.available().map(Money::digits).as_deref(), Some("12.345"));

    wire.answer(200, r#"{"code":0,"payload":{"recordsCount":250,"data":[{"enKashCardId":"A"}]}}"#);
    let page = account.cards(FIRST).await.expect("cards");
    assert_eq!(page.items.len(), 1);
    assert!(page.gap.as_deref().is_some_and(|gap| gap.contains("1 of 250")), "{:?}", page.gap);

    for empty in [
        r#"{"code":0,"payload":{"recordsCount":0,"data":[]}}"#,
        r#"{"code":0,"payload":null}"#,
        r#"{"code":0,"payload":[]}"#,
    ] {
        wire.answer(200, empty);
        let page = account.cards(FIRST).await.expect("no cards");
        assert_eq!((page.items.len(), page.skipped.len()), (0, 0), "{empty}");
    }
    assert!(
        asked(&wire)
            .iter()
            .all(|(path, body)| path == "/search" && body.get("enKashCardId").is_none())
    );
}

#[tokio::test]
async fn a_reading_of_one_card_is_of_that_card() {
    let wire = Wire::default();
    let account = ready(&wire).await;
    wire.answer(200, r#"{"code":0,"payload":{"recordsCount":1,"data":[{"enKashCardId":"EKCMB7KAEW","cardStatus":"L"}]}}"#);
    let read = account.card(&card()).await.expect("the card");
    assert_eq!((read.state, &*read.provider_state), (CardState::Frozen, "L"));
    wire.answer(200, r#"{"code":0,"payload":{"enKashCardId":"EKCOTHER"}}"#);
    assert_eq!(account.card(&card()).await.expect_err("another").kind, ErrorKind::BadReply);
    wire.answer(200, r#"{"code":0,"payload":{"recordsCount":0,"data":[]}}"#);
    assert_eq!(account.card(&card()).await.expect_err("none").kind, ErrorKind::NotFound);
    assert!(asked(&wire).iter().all(|(_, body)| body["enKashCardId"] == "EKCMB7KAEW"));
}

async fn fate(answer: &str, action_kind: ActionKind, claimed: &[&str]) -> Lookup {
    let wire = Wire::default();
    let account = ready(&wire).await;
    wire.answer(200, answer);
    let claimed = MatchedCredits {
        credits: claimed.iter().map(|id| Arc::from(*id)).collect(),
        ..MatchedCredits::default()
    };
    let amount = (action_kind == ActionKind::TopUp).then(|| rupees(3_000));
    let seen = account
        .lookup(&card(), &operation(action_kind, amount), &claimed)
        .await
        .expect("an answer");
    wire.sent(|all| {
        assert!(all.iter().all(|sent| sent.access == Access::Read), "looking changed something")
    });
    seen
}

fn load(row: &str) -> String {
    format!(r#"{{"code":0,"message":"Success","payload":{{"recordsCount":1,"data":[{row}]}}}}"#)
}

#[tokio::test]
async fn a_load_is_found_by_our_reference_and_its_status_decides() {
    // enkash wire notes, 2.14, 4.7 and 5
    let reference = id().reference();
    let row = |id: &str, status: &str| {
        format!(
            r#"{{"enKashCardTransactionId":"{id}","enkashCardId":"EKCMB7KAEW","pgReferenceNumber":"{reference}","cardTransactionType":"CR","type":"ALLOCATE_FUND","status":"{status}","principalAmount":30,"txnDate":"2025-08-04T09:59:02.000Z"}}"#
        )
    };
    let Lookup::Done { proof, credit, .. } =
        fate(&load(&row("ECT1", "SUCCESS")), ActionKind::TopUp, &[]).await
    else {
        panic!("not done")
    };
    assert_eq!(credit.as_deref(), Some("ECT1"));
    assert!(proof.starts_with("+30.00 INR") && proof.ends_with("id ECT1"), "{proof}");
    assert!(matches!(
        fate(&load(&row("ECT1", "FAILED")), ActionKind::TopUp, &[]).await,
        Lookup::Failed { .. }
    ));
    for pending in ["CREATED", "PROCESSING", "whatever", ""] {
        assert!(
            matches!(
                fate(&load(&row("ECT1", pending)), ActionKind::TopUp, &[]).await,
                Lookup::Pending { .. }
            ),
            "{pending}"
        );
    }
    let claimed = fate(&load(&row("ECT1", "SUCCESS")), ActionKind::TopUp, &["ECT1"]).await;
    assert!(matches!(claimed, Lookup::NotFound { .. }), "{claimed:?}");
    let two = format!("{},{}", row("ECT1", "SUCCESS"), row("ECT2", "SUCCESS"));
    let Lookup::Pending { looked } = fate(&load(&two), ActionKind::TopUp, &[]).await else {
        panic!("guessed")
    };
    assert!(looked.contains("2 matches"), "{looked}");
    let other = row("ECT1", "SUCCESS").replace("\"principalAmount\":30", "\"principalAmount\":31");
    assert!(matches!(fate(&load(&other), ActionKind::TopUp, &[]).await, Lookup::Pending { .. }));
    let debit = row("ECT1", "SUCCESS").replace("\"CR\"", "\"DR\"");
    assert!(matches!(fate(&load(&debit), ActionKind::TopUp, &[]).await, Lookup::NotFound { .. }));
    let foreign = row("ECT1", "SUCCESS").replace(&*reference, "Ref123");
    assert!(matches!(fate(&load(&foreign), ActionKind::TopUp, &[]).await, Lookup::NotFound { .. }));
}

#[tokio::test]
async fn a_row_without_a_reference_counts_only_when_alone_and_right() {
    let row = |amount: &str, date: &str| {
        format!(
            r#"{{"enKashTransactionId":"ECT1","status":"SUCCESS","cardTransactionType":"CR","principalAmount":"{amount}","txnDate":"{date}"}}"#
        )
    };
    let right = row("30.00", "2025-08-04T09:58:00Z");
    assert!(matches!(fate(&load(&right), ActionKind::TopUp, &[]).await, Lookup::Done { .. }));
    for wrong in [
        row("31.00", "2025-08-04T09:58:00Z"),
        row("30.00", "2025-08-04T09:50:00Z"),
        format!("{right},{right}"),
    ] {
        assert!(
            matches!(fate(&load(&wrong), ActionKind::TopUp, &[]).await, Lookup::NotFound { .. }),
            "{wrong}"
        );
    }
}

#[tokio::test]
async fn no_trace_of_a_load_is_never_a_failure() {
    // enkash wire notes, 5: empty, code 1 and 404 all mean not found, for this call only
    for body in [
        r#"{"code":0,"payload":{"recordsCount":0,"data":[]}}"#,
        r#"{"code":1,"message":"not found"}"#,
        r#"{"code":0,"payload":"none"}"#,
    ] {
        assert!(
            matches!(fate(body, ActionKind::TopUp, &[]).await, Lookup::NotFound { .. }),
            "{body}"
        );
    }
    let wire = Wire::default();
    let account = ready(&wire).await;
    wire.answer(404, "");
    let seen = account
        .lookup(
            &card(),
            &operation(ActionKind::TopUp, Some(rupees(3_000))),
            &MatchedCredits::default(),
        )
        .await
        .expect("an answer");
    assert!(matches!(seen, Lookup::NotFound { .. }));
    let (path, body) = asked(&wire).remove(0);
    assert_eq!(path, "/transaction/all");
    assert_eq!(
        body,
        json!({"companyId": "CEKEP5GSGP", "cardAccountId": "CABFIPS", "enKashCardId": "EKCMB7KAEW", "pgReferenceNumber": &*id().reference()})
    );
}

#[tokio::test]
async fn the_state_of_the_card_proves_freeze_unfreeze_and_close() {
    let reads =
        |status: &str| load(&format!(r#"{{"enKashCardId":"EKCMB7KAEW","cardStatus":"{status}"}}"#));
    let done =
        |proof: &str| Lookup::Done { proof: proof.into(), credit: None, by: Evidence::State };
    assert_eq!(fate(&reads("LOCKED"), ActionKind::Freeze, &[]).await, done("seen FROZEN"));
    assert_eq!(fate(&reads("ACTIVE"), ActionKind::Unfreeze, &[]).await, done("seen ACTIVE"));
    assert_eq!(fate(&reads("BL"), ActionKind::Close, &[]).await, done("seen BLOCKED"));
    assert_eq!(
        fate(&reads("ACTIVE"), ActionKind::Freeze, &[]).await,
        Lookup::Pending { looked: "the card reads ACTIVE".into() }
    );
    assert_eq!(
        fate(&reads("SOMETHING"), ActionKind::Close, &[]).await,
        Lookup::Pending { looked: "the card reads SOMETHING".into() }
    );
    assert!(matches!(
        fate(&reads("BLOCKED"), ActionKind::Unfreeze, &[]).await,
        Lookup::Failed { .. }
    ));
    assert!(matches!(
        fate(&reads("BLOCKED"), ActionKind::Freeze, &[]).await,
        Lookup::Failed { .. }
    ));
}

#[tokio::test]
async fn transactions_are_read_with_every_key_optional() {
    // enkash wire notes, 2.14 and 3.2
    let wire = Wire::default();
    let account = ready(&wire).await;
    wire.answer(
        200,
        &load(
            r#"{"enKashCardTransactionId":"ECT1","enkashCardId":"EKC1","maskedCard":"XXXX XXXX XXXX 8867","principalAmount":125.50,"currency":"INR","cardTransactionType":"DR","type":"SALE","status":"SUCCESS","txnDate":"Jan 23, 2025 4:38:36 PM","description":"card 4111111111111111","txnDetails":{"merchantName":"Chai\u202e","mcc":5814,"transactionFees":1.5}},
            {"enKashTransactionId":"ECT2","principalAmount":"30","cardTransactionType":"CR","type":"ALLOCATE_FUND","status":"CREATED","createdOn":"2025-01-23T16:38:36+05:30"},
            {"principalAmount":5,"cardTransactionType":"DR","type":"MYSTERY","status":"FAILED","txnDate":"2025-01-23T11:08:36.000Z"},
            {"enKashTransactionId":"ECT4","principalAmount":"five","txnDate":"2025-01-23T11:08:36.000Z"},
            "rubbish",
            {"enKashTransactionId":"ECT6","principalAmount":6}"#,
        ),
    );
    let window = Window {
        card: Some(card()),
        since: at("2025-01-01T00:00:00Z"),
        until: at("2025-02-01T00:00:00.505Z"),
    };
    let page = account.transactions(&window, FIRST).await.expect("a page");
    assert_eq!((page.items.len(), page.skipped.len()), (3, 3));
    assert!(
        page.skipped.iter().all(|row| row.card.as_deref() == Some("EKCMB7KAEW")),
        "an odd row names its card"
    );
    assert_eq!(
        page.skipped[0].sentence(),
        "enkash/EKCMB7KAEW, row ECT4: principalAmount is not a number: five"
    );
    let [sale, top_up, mystery] = page.items.as_slice() else { panic!("three rows") };
    assert_eq!(
        (sale.kind, sale.state, &*sale.provider_state),
        (TransactionKind::Purchase, TransactionState::Cleared, "SUCCESS")
    );
    assert_eq!(
        (sale.amount, sale.fee, sale.merchant.as_deref(), sale.mcc.as_deref()),
        (rupees(12_550), Some(rupees(150)), Some("Chai?"), Some("5814"))
    );
    assert_eq!(
        (sale.at, sale.description.as_deref()),
        (at("2025-01-23T11:08:36Z"), Some("card ..1111"))
    );
    assert_eq!(sale.last4.map(|last4| last4.to_string()).as_deref(), Some("8867"));
    assert_eq!(
        (top_up.kind, top_up.state, top_up.at),
        (TransactionKind::TopUp, TransactionState::Hold, sale.at)
    );
    assert_eq!(top_up.card_id.as_deref(), Some("EKCMB7KAEW"));
    assert_eq!(
        (mystery.kind, mystery.state, mystery.amount),
        (TransactionKind::Other, TransactionState::Failed, rupees(-500))
    );
    assert!(mystery.id.starts_with("made-"), "{}", mystery.id);
    let (_, body) = asked(&wire).remove(0);
    assert_eq!(
        body,
        json!({"companyId": "CEKEP5GSGP", "cardAccountId": "CABFIPS", "enKashCardId": "EKCMB7KAEW", "txnDateFrom": "2025-01-01T00:00:00.000Z", "txnDateTo": "2025-02-01T00:00:00.505Z"})
    );
}

#[tokio::test]
async fn a_text_in_the_place_of_a_list_is_no_empty_list() {
    for (data, good) in [(r#""maintenance""#, false), ("7", false), ("[]", true), ("null", true)] {
        let wire = Wire::default();
        let account = ready(&wire).await;
        let answer = format!(r#"{{"code":0,"payload":{{"recordsCount":0,"data":{data}}}}}"#);
        wire.answer(200, &answer);
        let cards = script::all_cards(&account).await;
        assert_eq!((cards.rows.len(), cards.is_whole()), (0, good), "{data}");
        wire.answer(200, &answer);
        let window = Window {
            card: None,
            since: at("2025-01-01T00:00:00Z"),
            until: at("2025-01-09T00:00:00Z"),
        };
        let list = all_transactions(&account, &window).await;
        assert_eq!((list.rows.len(), list.is_whole()), (0, good), "{data}");
    }
}

#[tokio::test]
async fn a_count_that_says_more_is_followed_back_in_time_until_nothing_new_comes() {
    // enkash wire notes, 5
    let wire = Wire::default();
    let account = ready(&wire).await;
    let window =
        Window { card: None, since: at("2025-01-01T00:00:00Z"), until: at("2025-01-09T00:00:00Z") };
    let rows = |count: usize, days: &[u32]| {
        let row = |day: &u32| {
            format!(
                r#"{{"enKashCardTransactionId":"T{day}","principalAmount":1,"txnDate":"2025-01-0{day}T00:00:00Z"}}"#
            )
        };
        let rows: Vec<String> = days.iter().map(row).collect();
        format!(r#"{{"code":0,"payload":{{"recordsCount":{count},"data":[{}]}}}}"#, rows.join(","))
    };
    for answer in [rows(4, &[8, 6]), rows(1, &[8]), rows(3, &[6, 4]), rows(2, &[4, 2])] {
        wire.answer(200, &answer);
    }
    wire.answer(200, r#"{"code":1,"message":"No records found"}"#);
    let list = all_transactions(&account, &window).await;
    assert!(list.is_whole(), "{:?} {:?}", list.error, list.gap);
    let ids: Vec<&str> = list.rows.iter().map(|row| &*row.id).collect();
    assert_eq!(ids, ["T8", "T6", "T4", "T2"]);
}

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

#[tokio::test]
async fn calls_at_the_same_time_share_one_login() {
    let wire = Wire::default();
    let account = enkash(&wire, BodyWrapping::Envelope, Load::AllocateFund);
    wire.answer(200, TOKEN);
    for _ in 0..3 {
        wire.answer(200, FLOAT);
    }
    let (one, two, three) = tokio::join!(account.float(), account.float(), account.float());
    assert!(one.is_ok() && two.is_ok() && three.is_ok());
    assert_eq!((wire.count("/oauth/token"), wire.sent(<[Sent]>::len)), (1, 4));
}

proptest::proptest! {
    #[test]
    fn any_answer_is_read_or_refused(text in "\\PC{0,80}", value in "[-0-9a-zA-Z:, .]{0,30}") {
        let _ = wire::read(&Bytes::from(text), &key(), "request");
        let row = json!({"enKashCardId": value, "otbBalance": value, "cardStatus": value, "principalAmount": 1, "txnDate": value, "expiryMonth": value, "expiryYear": value});
        let raw = RawValue::from_string(row.to_string()).expect("JSON");
        let now = at("2025-08-04T10:00:00Z");
        let (provider, spelling) = (ProviderId::new("enkash"), Spelling::default());
        let reader = listing::RowReader::new(&provider, &spelling, &Lists::default(), settings::IDS, now);
        let _ = wire::card(&raw, &reader);
        let _ = wire::transaction(&raw, &reader, None);
        let _ = wire::fate(&[&*raw], &reader, &operation(ActionKind::TopUp, Some(rupees(100))), &MatchedCredits::default(), false);
    }
}
