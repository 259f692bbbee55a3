//! Stories of an ibanera account against a scripted wire; the examples are those of the ibanera
//! wire notes, verbatim.

use std::sync::Arc;
use std::sync::atomic::AtomicI64;

use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::*;
use crate::clock::Clock;
use crate::domain::card::{CardKey, Reading};
use crate::domain::transaction::{TransactionKind, TransactionState};
use crate::provider::Evidence;
use crate::provider::script::{self, FIRST, Sent, all_cards};

mod payer;

/// The accounts of customer 16221, who pays in most of these stories (rows as in ibanera wire
/// notes, 2.15).
const OWN: &str = r#"{"id":0,"details":[
    {"id":8204,"customersId":16221,"asset":"USD","totalBalance":512.00,"availableBalance":512.00,"pendingBalance":0,"bSuppressed":false}
],"pageSize":50,"pageNumber":1,"numberOfPages":1,"status":"1","errors":[]}"#;

const LOGGED_IN: &str = r#"{ "id": 0, "details": { "accessToken": "eyJhbGciOiJIUzI1Ni...", "expiresIn": 3600 }, "status": "1", "errors": [] }"#;

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

#[tokio::test]
async fn the_first_read_logs_in_and_every_call_carries_a_fresh_one_time_password() {
    // ibanera wire notes, 1.2, 1.3, 1.4 and 2.9
    let wire = Wire::new();
    let account = build(&wire, |_| ()).expect("a configured account");
    wire.answer(200, LOGGED_IN);
    wire.answer(200, DETAILS);
    let read = account.card(&card()).await.expect("the card");
    wire.second.store(1_700_000_000, Ordering::SeqCst);
    wire.answer(200, DETAILS);
    account.card(&card()).await.expect("the card again");
    assert_eq!(
        (&*read.holder, read.state, &*read.provider_state),
        ("Test User", CardState::Active, "Active")
    );
    assert_eq!((read.owner.as_deref(), read.currency), (Some("1234"), Some(usd())));
    assert_eq!(read.last4.map(|last4| last4.to_string()).as_deref(), Some("3566"));
    let balance = read.balance.value().expect("a balance");
    assert_eq!(
        (balance.available, balance.current, balance.pending),
        (Some(dollars(0)), Some(dollars(0)), None)
    );
    assert_eq!(read.balance.at(), Some(at("2033-05-18T03:33:20Z")));
    wire.sent(|all| {
        let [login, first, second] = all else { panic!("{} calls", all.len()) };
        assert_eq!(login.what(), "POST /api/v1/public/auth/login");
        assert_eq!(
            login.json(),
            json!({"username": "exampleUser", "password": "examplePass", "otp": "279037"})
        );
        assert!(!login.headers().contains_key(AUTHORIZATION));
        for (call, code) in [(first, "279037"), (second, "921300")] {
            assert_eq!(call.what(), "GET /api/v1/customer/cards/carddetails?CardId=1749");
            assert_eq!(call.headers()[AUTHORIZATION], "Bearer eyJhbGciOiJIUzI1Ni...");
            assert_eq!(call.headers()["otp"], code);
            assert!(
                call.headers()["otp"].is_sensitive()
                    && call.headers()[AUTHORIZATION].is_sensitive()
            );
            assert_eq!(call.access, Access::Read);
        }
    });
}

#[tokio::test]
async fn details_that_carry_number_and_code_leave_only_four_digits_and_the_expiry() {
    // ibanera wire notes, 2.9 and 2.10
    let wire = Wire::new();
    let account = ready(&wire).await;
    wire.answer(200, include_str!("../../../tests/fixtures/ibanera/sensitive-details.json"));
    let read = account.card(&card()).await.expect("the card");
    assert_eq!(
        (read.digits(), read.expires.as_deref(), read.state),
        ("..6007".into(), Some("2028-06"), CardState::Active)
    );
    let kept = format!("{read:?}");
    assert!(
        !kept.contains("400120034005") && !kept.contains("123,") && !kept.contains("336674726730"),
        "{kept}"
    );
}

#[test]
fn the_shared_secret_is_read_as_configured() {
    // ibanera wire notes, 1.4
    let wire = Wire::new();
    let loose = "gezd-gnbv gy3t qojq gezd gnbv gy3t qojq====";
    let account = build(&wire, |account| account.shared_secret = given(loose)).expect("base 32");
    assert_eq!(crypto::totp(&account.shared_secret, 59), "287082");
    let account =
        build(&wire, |account| account.secret_encoding = SecretEncoding::Ascii).expect("text");
    assert_eq!(crypto::totp(&account.shared_secret, 59), "372946");
    let error = build(&wire, |account| account.shared_secret = given("not base 32!"))
        .err()
        .expect("refused");
    assert!(error.starts_with("ibanera: shared_secret"), "{error}");
    let error = build(&wire, |account| account.asset_account_id = Some("main".into()))
        .err()
        .expect("refused");
    assert!(error.contains("asset_account_id"), "{error}");
    let error =
        build(&wire, |account| account.manager_id = Some("me".into())).err().expect("refused");
    assert!(error.contains("manager_id"), "{error}");
}

#[tokio::test]
async fn a_token_is_renewed_before_it_ends_and_once_after_a_401() {
    // ibanera wire notes, 1.2 and 1.4
    let wire = Wire::new();
    let account = ready(&wire).await;
    wire.pass(3_541);
    wire.answer(200, LOGGED_IN);
    wire.answer(200, DETAILS);
    account.card(&card()).await.expect("the card");
    assert_eq!(wire.count("login"), 2);

    wire.answer(401, "");
    wire.answer(200, &LOGGED_IN.replace("eyJ", "new"));
    wire.answer(200, r#"{"status":"1","details":{"card":{"id":1749,"bSuppressed":true}}}"#);
    let receipt = Provider::act(&account, Permit::for_test(&card(), Action::Freeze, id()))
        .await
        .expect("done");
    assert!(matches!(receipt, Ack::Done { .. }));
    assert_eq!((wire.count("deactivate"), wire.count("login")), (2, 3));
    wire.sent(|all| {
        assert_eq!(
            all.last().expect("a call").headers()[AUTHORIZATION],
            "Bearer newhbGciOiJIUzI1Ni..."
        )
    });
}

#[tokio::test]
async fn logins_are_not_looped_when_calls_stay_refused() {
    let wire = Wire::new();
    let account = ready(&wire).await;
    wire.answer(401, "");
    wire.answer(200, LOGGED_IN);
    wire.answer(401, "");
    let error = account.card(&card()).await.expect_err("refused twice");
    assert_eq!((error.kind, error.outcome), (ErrorKind::Auth, Outcome::NotDone));
    wire.answer(401, "");
    let error = Provider::act(&account, Permit::for_test(&card(), Action::Freeze, id()))
        .await
        .expect_err("refused");
    assert_eq!(
        (error.kind, error.outcome, error.retry_after),
        (ErrorKind::Auth, Outcome::NotDone, Some(Duration::from_secs(10)))
    );
    assert_eq!(wire.count("login"), 2);
    wire.pass(10);
    wire.answer(401, "");
    wire.answer(200, LOGGED_IN);
    wire.answer(200, DETAILS);
    account.card(&card()).await.expect("the next step works");
    assert_eq!(wire.count("login"), 3);
}

#[tokio::test]
async fn a_refused_login_is_held_back() {
    // ibanera wire notes, 1.2
    let refusal = |code: &str| {
        format!(
            r#"{{"id":0,"details":null,"status":"0","errors":[{{"fieldName":"username","messageCode":"{code}"}}]}}"#
        )
    };
    for (status, code, held) in [
        (400, "Username_Or_Password_Incorrect", 900),
        (200, "Account_Suppressed", 900),
        (400, "Account_Locked", 600),
    ] {
        let wire = Wire::new();
        let account = build(&wire, |_| ()).expect("a configured account");
        wire.answer(status, &refusal(code));
        for _ in 0..3 {
            let error = account.card(&card()).await.expect_err("refused");
            assert_eq!((error.kind, error.outcome), (ErrorKind::Auth, Outcome::NotDone));
            assert!(
                error.reason().contains(code) && !error.reason().contains("examplePass"),
                "{error}"
            );
        }
        assert_eq!(wire.count("login"), 1);
        wire.pass(held - 1);
        let error = account.card(&card()).await.expect_err("still held");
        assert_eq!((error.retry_after, wire.count("login")), (Some(Duration::from_secs(1)), 1));
        wire.pass(1);
        wire.answer(200, LOGGED_IN);
        wire.answer(200, DETAILS);
        account.card(&card()).await.expect("the card");
    }
    let wire = Wire::new();
    let account = build(&wire, |_| ()).expect("a configured account");
    wire.answer(503, "");
    assert_eq!(account.card(&card()).await.expect_err("busy").kind, ErrorKind::Unreachable);
    wire.answer(200, LOGGED_IN);
    wire.answer(200, DETAILS);
    account.card(&card()).await.expect("an outage holds nothing back");
}

const PAGE: &str = "<!DOCTYPE html><html><body>Access denied by the web gateway</body></html>";

#[tokio::test]
async fn a_refused_login_is_tried_once_more_after_a_quarter_of_an_hour_and_then_when_asked() {
    for (status, body) in [
        (403, PAGE),
        (401, ""),
        (400, r#"{"status":"0","errors":[{"messageCode":"Account_Suppressed"}]}"#),
    ] {
        let wire = Wire::new();
        let account = build(&wire, |_| ()).expect("a configured account");
        let refused = async || {
            // Left over where no call is sent: every answer is the same.
            wire.answer(status, body);
            let error = account.card(&card()).await.expect_err("refused");
            assert_eq!(error.kind, ErrorKind::Auth, "{error}");
            wire.count("login")
        };
        assert_eq!(refused().await, 1, "{status}");
        wire.pass(899);
        assert_eq!(refused().await, 1, "{status}: not before its time");
        wire.pass(1);
        assert_eq!(refused().await, 2, "{status}: once more");
        wire.pass(1_000_000);
        assert_eq!(refused().await, 2, "{status}: a third wrong one would lock the account");
        account.try_credentials_again().await;
        assert_eq!(refused().await, 3, "{status}: the operator asked");
    }
}

#[tokio::test]
async fn a_proxys_page_is_no_refusal_of_credentials_and_repeats_no_change() {
    let wire = Wire::new();
    let account = ready(&wire).await;
    for status in [401, 403] {
        wire.answer(status, PAGE);
        let error = account.card(&card()).await.expect_err("a page");
        assert_eq!(
            (error.kind, error.outcome),
            (ErrorKind::Unreachable, Outcome::NotDone),
            "{error}"
        );
        wire.answer(status, PAGE);
        let error = Provider::act(&account, Permit::for_test(&card(), Action::Freeze, id()))
            .await
            .expect_err("a page");
        assert_eq!(
            (error.kind, error.outcome),
            (ErrorKind::Unreachable, Outcome::Unknown),
            "{error}"
        );
    }
    assert_eq!((wire.count("deactivate"), wire.count("login")), (2, 1), "no change was sent twice");
    wire.answer(403, r#"{"status":"0","errors":[{"messageCode":"Unauthorized"}]}"#);
    assert_eq!(account.card(&card()).await.expect_err("refused").kind, ErrorKind::Forbidden);
}

#[tokio::test]
async fn credentials_that_worked_get_one_second_try_with_the_next_password() {
    let wire = Wire::new();
    let account = ready(&wire).await;
    let refusal = r#"{"status":"0","errors":[{"fieldName":"otp","messageCode":"Username_Or_Password_Incorrect"}]}"#;
    wire.pass(3_600);
    wire.answer(400, refusal);
    let error = account.card(&card()).await.expect_err("refused");
    assert!(error.reason().contains("once more"), "{error}");
    wire.pass(30);
    wire.answer(400, refusal);
    assert!(account.card(&card()).await.is_err());
    wire.pass(60);
    assert!(account.card(&card()).await.is_err());
    assert_eq!(wire.count("login"), 3);
}

#[tokio::test]
async fn the_card_list_goes_page_by_page_to_its_end() {
    // ibanera wire notes, 2.11 and 5.1
    let wire = Wire::new();
    let account = ready(&wire).await;
    wire.answer(200, r#"{"id":0,"details":[
        {"id":1749,"customersReference":"r","cardHolderName":"Test User","cardLast4":"3566","customersID":"16221","currency":"usd","totalBalance":12.50,"availableBalance":"10.00","pendingBalance":2.5,"status":"Active"},
        {"id":"1750","CustomersID":1234,"currency":"usd","totalBalance":0,"availableBalance":0,"pendingBalance":0,"bSuppressed":true,"cardNumber":"4001200340056007","cvc":123},
        {"id":1751,"status":"Lost"},{"cardLast4":"1"},{"id":1752,"currency":"usd","availableBalance":"ten"},null
    ],"pageSize":50,"pageNumber":1,"numberOfPages":2,"status":"1","errors":[]}"#);
    let page = account.cards(FIRST).await.expect("a page");
    assert_eq!(wire.last().0, "GET /api/v1/customer/cards/balances?PageSize=50&PageNumber=1");
    assert_eq!((page.items.len(), page.skipped.len()), (3, 3));
    let [one, two, three] = page.items.as_slice() else { panic!("three cards") };
    let balance = one.balance.value().expect("a balance");
    assert_eq!(
        (balance.available, balance.current, balance.pending),
        (Some(dollars(1_000)), Some(dollars(1_250)), Some(dollars(250)))
    );
    assert_eq!(
        (&*one.key.id, one.owner.as_deref(), one.state),
        ("1749", Some("16221"), CardState::Active)
    );
    assert_eq!(
        (two.owner.as_deref(), two.state, &*two.provider_state),
        (Some("1234"), CardState::Frozen, "bSuppressed true")
    );
    assert_eq!(two.last4.map(|last4| last4.to_string()).as_deref(), Some("6007"));
    assert!(!format!("{two:?}").contains("400120034005"));
    assert_eq!(
        (three.state, &*three.provider_state, &three.balance),
        (CardState::Unknown, "Lost", &Reading::Never)
    );
    wire.answer(200, r#"{"details":[{"id":1760}],"numberOfPages":2,"status":1}"#);
    let last =
        account.cards(PageCursor { number: 1, offset: 50, size: 50 }).await.expect("the last page");
    assert_eq!(last.items.len(), 1);
    assert_eq!(wire.last().0, "GET /api/v1/customer/cards/balances?PageSize=50&PageNumber=2");
}

#[tokio::test]
async fn a_page_count_that_lies_does_not_end_the_list_and_smaller_pages_are_asked_for_as_they_come()
{
    let wire = Wire::new();
    let account = ready(&wire).await;
    let page = |from: usize, until: usize| {
        let rows: Vec<String> = (from..until).map(|id| format!(r#"{{"id":{id}}}"#)).collect();
        format!(
            r#"{{"details":[{}],"pageSize":50,"numberOfPages":1,"status":"1"}}"#,
            rows.join(",")
        )
    };
    // Ten come of the fifty that are asked for; then ten are asked for. Each page is read again
    // once the next one is there.
    for (from, until) in [
        (1, 11),
        (11, 21),
        (1, 11),
        (1, 11),
        (11, 21),
        (1, 11),
        (21, 24),
        (11, 21),
        (24, 24),
        (21, 24),
    ] {
        wire.answer(200, &page(from, until));
    }
    let list = all_cards(&account).await;
    assert!(list.is_whole(), "{:?} {:?}", list.error, list.gap);
    assert_eq!(list.rows.len(), 23);
    let asked: Vec<String> = wire.sent(|all| {
        let query = |sent: &Sent| {
            sent.url().split_once("PageSize=").map(|(_, rest)| rest.replace("&PageNumber=", "/"))
        };
        all.iter().filter_map(query).collect()
    });
    assert_eq!(
        asked,
        ["50/1", "10/2", "50/1", "10/1", "10/2", "10/1", "10/3", "10/2", "10/4", "10/3"]
    );
}

#[tokio::test]
async fn what_errors_of_reads_mean() {
    // ibanera wire notes, 1.6 and 2.9
    for (status, body, kind, words) in [
        (404, "", ErrorKind::NotFound, "404"),
        (
            400,
            r#"{"id":0,"details":null,"status":"0","errors":[{"fieldName":"CardId","messageCode":"Required"}]}"#,
            ErrorKind::Refused,
            "CardId: Required",
        ),
        (
            200,
            r#"{"id":0,"details":null,"status":"0","errors":[{"fieldName":"CardId","messageCode":"Invalid"}]}"#,
            ErrorKind::Refused,
            "CardId: Invalid",
        ),
        (200, r#"{"status":"1","details":null}"#, ErrorKind::BadReply, "missing"),
        (200, r#"{"details":{}}"#, ErrorKind::BadReply, "status"),
        (200, "<html>", ErrorKind::BadReply, "web page"),
        (
            200,
            r#"{"status":"1","details":{"id":7,"status":"Active"}}"#,
            ErrorKind::BadReply,
            "another card",
        ),
        (
            400,
            r#"{"title":"One or more validation errors occurred.","status":400,"errors":{"CardId":["The value is not valid."]}}"#,
            ErrorKind::Refused,
            "CardId",
        ),
        (429, "", ErrorKind::RateLimited, "429"),
        (500, "", ErrorKind::Unreachable, "500"),
    ] {
        let wire = Wire::new();
        let account = ready(&wire).await;
        wire.answer(status, body);
        let error = account.card(&card()).await.expect_err("an error");
        assert_eq!(
            (error.kind, error.outcome),
            (kind, Outcome::NotDone),
            "{status} {body}: {error}"
        );
        assert!(error.reason().contains(words), "{error}");
    }
}

#[tokio::test]
async fn a_quote_moves_nothing_and_sends_what_the_top_up_will() {
    // ibanera wire notes, 2.14
    let wire = Wire::new();
    let account = ready(&wire).await;
    wire.answer(200, OWN);
    wire.answer(
        200,
        r#"{ "id": 0, "details": { "fee": 0.00, "totalDue": 4.00 }, "status": "1", "errors": [] }"#,
    );
    let quote = account.quote(&card(), dollars(1_000)).await.expect("a quote");
    assert_eq!(
        (quote.fee, quote.debited, quote.receives),
        (Some(dollars(0)), Some(dollars(400)), None)
    );
    let (what, body) = wire.last();
    assert_eq!(what, "POST /api/v1/customer/cards/reviewtransferfunds");
    assert_eq!(body["transferTypes"], "TopUpCard");
    wire.sent(|all| assert!(all.iter().all(|sent| sent.access == Access::Read)));
}

const TRANSFERRED: &str = include_str!("../../../tests/fixtures/ibanera/transferred.json");

#[tokio::test]
async fn a_top_up_sends_the_example_with_our_reference_and_key() {
    // ibanera wire notes, 2.13 and 5.3
    let wire = Wire::new();
    let account = ready(&wire).await;
    wire.answer(200, OWN);
    wire.answer(200, TRANSFERRED);
    let receipt =
        Provider::act(&account, Permit::for_test(&card(), Action::TopUp(dollars(1_000)), id()))
            .await
            .expect("accepted");
    assert_eq!(receipt, Ack::Accepted { reference: Some("30941".into()) });
    let (what, body) = wire.last();
    assert_eq!(what, "POST /api/v1/customer/cards/transferfunds");
    assert_eq!(
        body,
        json!({"amount": 10.0, "reference": &*id().reference(), "transferTypes": "TopUpCard", "currencyType": "USD",
               "DestinationCardId": 1749, "CustomersId": "16221", "CustomerAssetAccountId": 8204})
    );
    wire.sent(|all| {
        let sent = all.last().expect("a call");
        assert_eq!(
            (sent.access, &sent.headers()["IdempotencyKey"]),
            (Access::Write, &HeaderValue::from_str(&id().uuid()).expect("a key"))
        );
        assert_eq!(sent.headers()[CONTENT_TYPE], "application/json");
    });
}

#[tokio::test]
async fn a_text_in_the_place_of_a_list_is_no_empty_list() {
    let wire = Wire::new();
    let account = ready(&wire).await;
    for (details, good) in [(r#""maintenance""#, false), ("7", false), ("[]", true), ("null", true)]
    {
        wire.answer(200, &format!(r#"{{"details":{details},"status":"1","errors":[]}}"#));
        let list = all_cards(&account).await;
        assert_eq!((list.rows.len(), list.is_whole()), (0, good), "{details}: {:?}", list.error);
        let window = Window {
            card: Some(card()),
            since: at("2024-01-01T00:00:00Z"),
            until: at("2024-02-01T00:00:00Z"),
        };
        wire.answer(200, &format!(r#"{{"details":{details},"status":"1","errors":[]}}"#));
        let page = account.transactions(&window, FIRST).await;
        assert_eq!(page.is_ok(), good, "{details}");
    }
}

#[tokio::test]
async fn a_top_up_that_cannot_be_right_is_not_sent() {
    let wire = Wire::new();
    let account = ready(&wire).await;
    let euros = Money::new(Decimal::TEN, "EUR".parse().expect("a currency"));
    let orphan = Card { owner: None, ..card() };
    let wordy = Card { key: CardKey::new(&ProviderId::new("ibanera"), "abc"), ..card() };
    let other = Card { currency: Some(euros.currency()), ..card() };
    for (card, amount, words) in [
        (card(), euros, "USD"),
        (other, dollars(1), "the card is in EUR"),
        (orphan, dollars(1), "customer"),
        (wordy, dollars(1), "numbers"),
    ] {
        let error = Provider::act(&account, Permit::for_test(&card, Action::TopUp(amount), id()))
            .await
            .expect_err("refused");
        assert_eq!((error.kind, error.outcome), (ErrorKind::Refused, Outcome::NotDone));
        assert!(error.reason().contains(words), "{error}");
    }
    assert_eq!(wire.count("transferfunds"), 0);
}

#[tokio::test]
async fn the_float_is_one_sum_a_currency_over_all_pages_without_counting_twice() {
    // ibanera wire notes, 2.15 and 5.1
    let wire = Wire::new();
    let account = ready(&wire).await;
    let page = |pages: u32, rows: &str| {
        format!(r#"{{"details":[{rows}],"numberOfPages":{pages},"status":"1"}}"#)
    };
    let (a, b) = (
        r#"{"id":1,"asset":"usd","availableBalance":100.10}"#,
        r#"{"id":2,"asset":"USD","availableBalance":"0.20"}"#,
    );
    let (c, d) = (
        r#"{"id":3,"asset":"USDC","availableBalance":7}"#,
        r#"{"id":4,"asset":"A-1","availableBalance":7}"#,
    );
    wire.answer(200, &page(0, &format!("{a},{b},{c},{d}")));
    let coins = Money::new(Decimal::from(7), "USDC".parse().expect("a coin"));
    assert_eq!(account.float().await.expect("the float"), [dollars(10_030), coins]);
    assert_eq!(wire.last().0, "GET /api/v1/customer/accounts/balances");
    wire.answer(200, &page(3, a));
    wire.answer(200, &page(3, a));
    wire.answer(200, &page(3, b));
    assert_eq!(account.float().await.expect("the float"), [dollars(10_030)]);
    assert_eq!(wire.last().0, "GET /api/v1/customer/accounts/balances?pageNumber=3&pageSize=1");
    wire.answer(200, &page(1, r#"{"id":1,"asset":"USD","availableBalance":"much"}"#));
    assert_eq!(account.float().await.expect_err("odd").kind, ErrorKind::BadReply);
}

#[tokio::test]
async fn what_an_answer_to_a_top_up_means_for_the_money() {
    // ibanera wire notes, 1.6 and 2.13
    use Outcome::{NotDone, Unknown};
    let no = |code: &str| {
        format!(
            r#"{{"id":0,"details":null,"status":"0","errors":[{{"fieldName":"amount","messageCode":"{code}"}}]}}"#
        )
    };
    for (status, body, kind, outcome) in [
        (400, no("Insufficient_Funds"), ErrorKind::Refused, NotDone),
        (200, no("Amout_Less_Than_Fee"), ErrorKind::Refused, NotDone),
        (400, no("ShareFunds_Failed"), ErrorKind::Refused, Unknown),
        (200, no("card_provider_error"), ErrorKind::Refused, Unknown),
        (500, no("Card_Provider_Error"), ErrorKind::Unreachable, Unknown),
        (502, String::new(), ErrorKind::Unreachable, Unknown),
        (200, String::new(), ErrorKind::BadReply, Unknown),
        (200, r#"{"id":1,"details":{}}"#.into(), ErrorKind::BadReply, Unknown),
        (200, r#"{"id":1,"status":"2"}"#.into(), ErrorKind::BadReply, Unknown),
        (
            200,
            TRANSFERRED.replace("\"amount\": 10", "\"amount\": 11"),
            ErrorKind::BadReply,
            Unknown,
        ),
        (
            200,
            TRANSFERRED.replace("\"errors\": []", r#""errors":[{"messageCode":"Late"}]"#),
            ErrorKind::BadReply,
            Unknown,
        ),
        (200, TRANSFERRED.chars().take(60).collect(), ErrorKind::BadReply, Unknown),
        (404, String::new(), ErrorKind::NotFound, NotDone),
        (429, String::new(), ErrorKind::RateLimited, NotDone),
    ] {
        let wire = Wire::new();
        let account = ready(&wire).await;
        wire.answer(200, OWN);
        wire.answer(status, &body);
        let error =
            Provider::act(&account, Permit::for_test(&card(), Action::TopUp(dollars(1_000)), id()))
                .await
                .expect_err("not accepted");
        assert_eq!((error.kind, error.outcome), (kind, outcome), "{status} {body}: {error}");
        assert_eq!(wire.count("transferfunds"), 1, "sent again after {status} {body}");
    }
    let wire = Wire::new();
    let account = ready(&wire).await;
    wire.answer(200, OWN);
    let error =
        Provider::act(&account, Permit::for_test(&card(), Action::TopUp(dollars(1_000)), id()))
            .await
            .expect_err("lost");
    assert_eq!((error.kind, error.outcome), (ErrorKind::Unreachable, Unknown));
    wire.answer(200, OWN);
    wire.answer(200, &TRANSFERRED.replace("\"amount\": 10", "\"amount\": -10"));
    Provider::act(&account, Permit::for_test(&card(), Action::TopUp(dollars(1_000)), id()))
        .await
        .expect("the older form has a minus");
}

#[tokio::test]
async fn activation_is_done_when_its_answer_shows_it() {
    // ibanera wire notes, 2.6
    let wire = Wire::new();
    let account = ready(&wire).await;
    let said = |id: i64, suppressed: bool| {
        format!(
            r#"{{"id":0,"details":{{"customersId":1,"card":{{"id":{id},"currency":"usd","bSuppressed":{suppressed}}},"notificationDetails":{{}}}},"status":"1","errors":[]}}"#
        )
    };
    wire.answer(200, &said(1749, false));
    assert!(matches!(
        Provider::act(&account, Permit::for_test(&card(), Action::Unfreeze, id())).await,
        Ok(Ack::Done { .. })
    ));
    assert_eq!(
        wire.last(),
        ("POST /api/v1/customer/cards/activate".into(), json!({"cardsId": 1749}))
    );
    for other in [said(1749, true), said(7, false), r#"{"status":"1","errors":[]}"#.into()] {
        wire.answer(200, &other);
        let receipt = Provider::act(&account, Permit::for_test(&card(), Action::Unfreeze, id()))
            .await
            .expect("accepted");
        assert_eq!(receipt, Ack::Accepted { reference: None }, "{other}");
    }
    for status in [200, 400] {
        wire.answer(
            status,
            r#"{"status":"0","errors":[{"fieldName":"cardsId","messageCode":"Card_Active"}]}"#,
        );
        assert!(matches!(
            Provider::act(&account, Permit::for_test(&card(), Action::Unfreeze, id())).await,
            Ok(Ack::Done { .. })
        ));
    }
    wire.answer(
        500,
        r#"{"status":"0","errors":[{"fieldName":"card","messageCode":"Card_Provider_Error"}]}"#,
    );
    let error = Provider::act(&account, Permit::for_test(&card(), Action::Unfreeze, id()))
        .await
        .expect_err("in doubt");
    assert_eq!(error.outcome, Outcome::Unknown);
    wire.sent(|all| assert!(all.iter().skip(1).all(|sent| sent.access == Access::Write)));
}

#[tokio::test]
async fn a_refused_deactivation_is_checked_against_the_card() {
    // ibanera wire notes, 2.7
    let wire = Wire::new();
    let account = ready(&wire).await;
    let refusal =
        r#"{"status":"0","errors":[{"fieldName":"cardsId","messageCode":"Card_Inactive"}]}"#;
    wire.answer(400, refusal);
    wire.answer(200, &DETAILS.replace("Active", "Deactivated"));
    let Ok(Ack::Done { proof, .. }) =
        Provider::act(&account, Permit::for_test(&card(), Action::Freeze, id())).await
    else {
        panic!("not done")
    };
    assert!(proof.contains("Card_Inactive"), "{proof}");
    wire.answer(400, refusal);
    wire.answer(200, DETAILS);
    let error = Provider::act(&account, Permit::for_test(&card(), Action::Freeze, id()))
        .await
        .expect_err("refused");
    assert_eq!((error.kind, error.outcome), (ErrorKind::Refused, Outcome::NotDone));
    assert_eq!(wire.count("deactivate"), 2);
    wire.answer(200, r#"{"id":0,"status":"1","errors":[]}"#);
    assert_eq!(
        Provider::act(&account, Permit::for_test(&card(), Action::Freeze, id()))
            .await
            .expect("accepted"),
        Ack::Accepted { reference: None }
    );
}

#[tokio::test]
async fn a_pin_change_sends_both_pins_and_closing_is_not_offered() {
    // ibanera wire notes, 2.8
    let wire = Wire::new();
    let account = ready(&wire).await;
    let pin = |digits: &str| Pin::typed(digits.into()).ok();
    wire.answer(200, r#"{"id":0,"details":{"TopUpCardsId":1016},"status":"1","errors":[]}"#);
    let receipt = Provider::act(
        &account,
        Permit::for_test(&card(), Action::SetPin { new: pin("5678"), old: pin("1234") }, id()),
    )
    .await
    .expect("accepted");
    assert_eq!(receipt, Ack::Accepted { reference: None });
    let sent = json!({"TopUpCardsId": 1749, "OldPin": "1234", "NewPin": "5678"});
    assert_eq!(wire.last(), ("POST /api/v1/customer/cards/changecardpin".into(), sent));
    for action in [
        Action::SetPin { new: pin("5678"), old: None },
        Action::SetPin { new: pin("56789"), old: pin("1234") },
    ] {
        assert_eq!(
            Provider::act(&account, Permit::for_test(&card(), action, id()))
                .await
                .expect_err("refused")
                .outcome,
            Outcome::NotDone
        );
    }
    assert_eq!(
        Provider::act(&account, Permit::for_test(&card(), Action::Close, id()))
            .await
            .expect_err("not offered")
            .kind,
        ErrorKind::NotOffered
    );
    assert_eq!(wire.count("POST /api/v1/customer"), 1);
    let capabilities = account.capabilities();
    assert!(
        capabilities.close == Support::No(NO_CLOSE)
            && capabilities.pin.is_ok_and(|rule| rule.needs_old)
    );
    assert_eq!(
        (capabilities.class, capabilities.top_up_proof),
        (TopUpSafety::Reference, Proof::ByReference)
    );
}

#[tokio::test]
async fn transactions_are_read_and_named_by_sign_and_words() {
    // ibanera wire notes, 2.12
    let wire = Wire::new();
    let account = ready(&wire).await;
    wire.answer(200, r#"{ "id": 0,
      "details": [ { "id": 0, "cardsId": 0, "amount": 0, "currency": "string", "description": "string",
                     "dateTime": "2025-07-10T16:43:50.359Z", "bPending": true, "RefundTransactionsID": null },
        {"id":1,"cardsId":1749,"amount":-12.40,"currency":"usd","description":"COFFEE HOUSE 4111111111111111","dateTime":"2025-07-10T16:43:50","bPending":true},
        {"id":2,"amount":"10","description":"Card transfer - Top Up Funds","dateTime":"2025-07-10T16:43:50+00:00","bPending":false},
        {"id":3,"cardsId":1749,"amount":-1,"currency":"USD","description":"Monthly fee","dateTime":"2025-07-10T16:43:50Z","bPending":false},
        {"id":4,"cardsId":1749,"amount":3,"currency":"USD","description":"SHOP","dateTime":"2025-07-10T16:43:50Z","bPending":false,"RefundTransactionsID":1},
        {"id":5,"cardsId":1749,"amount":3,"currency":"USD","description":"Adjusted","dateTime":"2025-07-10T16:43:50Z"},
        {"id":6,"cardsId":1749,"amount":-5,"currency":"USD","description":"Card transfer - back","dateTime":"2025-07-10T16:43:50Z"},
        {"id":7,"amount":1,"dateTime":"yesterday"} ],
      "pageSize": 10, "pageNumber": 1, "numberOfPages": 1, "status": "1" }"#);
    let window = Window {
        card: Some(card()),
        since: at("2025-07-01T00:00:00.5Z"),
        until: at("2025-08-01T00:00:00Z"),
    };
    let page = account.transactions(&window, FIRST).await.expect("a page");
    assert_eq!(
        wire.last().0,
        "GET /api/v1/customer/cards/transactions?CardsId=1749&fromDate=2025-07-01T00:00:00Z&\
         toDate=2025-08-01T00:00:01Z&PageNumber=1&PageSize=50"
    );
    assert_eq!(page.skipped.len(), 2);
    let odd =
        page.skipped.iter().map(|row| (row.card.as_deref(), row.id.as_deref())).collect::<Vec<_>>();
    assert_eq!(
        odd,
        [(Some("0"), Some("0")), (Some("1749"), Some("7"))],
        "an odd row names its card"
    );
    let kinds: Vec<(&str, TransactionKind, &str)> =
        page.items.iter().map(|row| (&*row.id, row.kind, row.state.as_str())).collect();
    assert_eq!(
        kinds,
        [
            ("1", TransactionKind::Purchase, "HOLD"),
            ("2", TransactionKind::TopUp, "CLEARED"),
            ("3", TransactionKind::Fee, "CLEARED"),
            ("4", TransactionKind::Refund, "CLEARED"),
            ("5", TransactionKind::Other, "CLEARED"),
            ("6", TransactionKind::Withdrawal, "CLEARED"),
        ]
    );
    let coffee = &page.items[0];
    assert_eq!(
        (coffee.amount, coffee.description.as_deref()),
        (dollars(1_240), Some("COFFEE HOUSE ..1111"))
    );
    assert_eq!(
        (coffee.at, page.items[1].card_id.as_deref()),
        (at("2025-07-10T16:43:50Z"), Some("1749"))
    );
    assert_eq!(coffee.state, TransactionState::Hold);
    let all = Window { card: None, ..window };
    assert_eq!(
        account.transactions(&all, FIRST).await.expect_err("card by card").kind,
        ErrorKind::NotOffered
    );
}

async fn fate(rows: &str, provider_reference: Option<&str>, claimed: &[&str]) -> Lookup {
    let wire = Wire::new();
    let account = ready(&wire).await;
    // A first page is followed by the next and read once more: a provider may cap its pages.
    for rows in [rows, "", rows] {
        wire.answer(200, &format!(r#"{{"details":[{rows}],"numberOfPages":1,"status":"1"}}"#));
    }
    let claimed = MatchedCredits {
        credits: claimed.iter().map(|id| Arc::from(*id)).collect(),
        ..MatchedCredits::default()
    };
    let operation = Operation {
        provider_reference: provider_reference.map(Arc::from),
        ..operation(ActionKind::TopUp, Some(dollars(3_000)))
    };
    let seen = account.lookup(&card(), &operation, &claimed).await.expect("an answer");
    assert!(
        wire.last().0.contains("CardsId=1749&fromDate=2033-05-18T03:17:59Z"),
        "{}",
        wire.last().0
    );
    wire.sent(|all| {
        assert!(all.iter().all(|sent| sent.access == Access::Read), "looking changed something")
    });
    seen
}

#[tokio::test]
async fn a_top_up_is_found_by_our_reference_in_the_description() {
    // ibanera wire notes, 5.3
    let row = |id: u32, amount: &str, text: &str, pending: bool| {
        format!(
            r#"{{"id":{id},"cardsId":1749,"amount":{amount},"currency":"usd","description":"{text}","dateTime":"2033-05-18T03:31:00Z","bPending":{pending}}}"#
        )
    };
    let ours = format!("Card transfer - {}", id().reference());
    let Lookup::Done { proof, credit, .. } = fate(&row(17, "30", &ours, false), None, &[]).await
    else {
        panic!("not done")
    };
    assert_eq!((&*proof, credit.as_deref()), ("+30.00 USD with our reference, id 17", Some("17")));
    assert!(matches!(fate(&row(17, "30", &ours, true), None, &[]).await, Lookup::Pending { .. }));
    assert!(
        matches!(fate(&row(17, "29.50", &ours, false), None, &[]).await, Lookup::Done { .. }),
        "less the fee"
    );
    assert!(matches!(fate(&row(17, "31", &ours, false), None, &[]).await, Lookup::Pending { .. }));
    assert!(matches!(
        fate(&row(17, "30", &ours, false), None, &["17"]).await,
        Lookup::NotFound { .. }
    ));
    assert!(matches!(
        fate(&row(17, "30", "Card transfer - Top Up", false), None, &[]).await,
        Lookup::NotFound { .. }
    ));
    assert!(matches!(
        fate(&row(17, "30", "Card transfer - Top Up", false), Some("17"), &[]).await,
        Lookup::Done { .. }
    ));
    assert!(matches!(fate("", None, &[]).await, Lookup::NotFound { .. }));
    let fee = row(18, "-0.50", &ours, false);
    assert!(matches!(
        fate(&format!("{fee},{}", row(17, "30", &ours, false)), None, &[]).await,
        Lookup::Done { .. }
    ));
    let back = row(18, "-30", &ours, false);
    assert!(matches!(
        fate(&format!("{back},{}", row(17, "30", &ours, false)), None, &[]).await,
        Lookup::Pending { .. }
    ));
    let Lookup::Pending { looked } = fate(
        &format!("{},{}", row(17, "30", &ours, false), row(18, "30", &ours, false)),
        None,
        &[],
    )
    .await
    else {
        panic!("guessed")
    };
    assert!(looked.contains("2 matches"), "{looked}");
    let other = row(17, "30", &ours, false).replace("1749", "1750");
    assert!(matches!(fate(&other, None, &[]).await, Lookup::NotFound { .. }));
}

#[tokio::test]
async fn the_state_of_the_card_proves_freeze_and_unfreeze() {
    let wire = Wire::new();
    let account = ready(&wire).await;
    let done =
        |proof: &str| Lookup::Done { proof: proof.into(), credit: None, by: Evidence::State };
    let not_yet = |looked: &str| Lookup::Pending { looked: looked.into() };
    for (action_kind, status, expected) in [
        (ActionKind::Freeze, "Deactivated", done("seen FROZEN")),
        (ActionKind::Freeze, "Active", not_yet("the card reads ACTIVE")),
        (ActionKind::Unfreeze, "ACTIVE", done("seen ACTIVE")),
        (ActionKind::Unfreeze, "Odd", not_yet("the card reads Odd")),
    ] {
        wire.answer(200, &DETAILS.replace("Active", status));
        let seen = account
            .lookup(&card(), &operation(action_kind, None), &MatchedCredits::default())
            .await
            .expect("an answer");
        assert_eq!(seen, expected);
    }
    let seen = account
        .lookup(&card(), &operation(ActionKind::SetPin, None), &MatchedCredits::default())
        .await
        .expect("an answer");
    assert!(matches!(seen, Lookup::NotFound { .. }));
}

#[tokio::test]
async fn calls_at_the_same_time_share_one_login() {
    let wire = Wire::new();
    let account = build(&wire, |_| ()).expect("a configured account");
    let asked = card();
    wire.answer(200, LOGGED_IN);
    for _ in 0..3 {
        wire.answer(200, DETAILS);
    }
    let (one, two, three) =
        tokio::join!(account.card(&asked), account.card(&asked), account.card(&asked));
    assert!(one.is_ok() && two.is_ok() && three.is_ok());
    assert_eq!((wire.count("login"), wire.sent(<[Sent]>::len)), (1, 4));
}

proptest::proptest! {
    #[test]
    fn any_answer_is_read_or_refused(text in "\\PC{0,80}", value in "[-0-9a-zA-Z:, .é]{0,30}") {
        let _ = Envelope::read(&Bytes::from(text));
        let row = json!({"id": value, "availableBalance": value, "status": value, "amount": 1, "currency": "usd", "dateTime": value, "expiryDate": value, "asset": value});
        let raw = RawValue::from_string(row.to_string()).expect("JSON");
        let now = at("2033-05-18T03:30:00Z");
        let (provider, spelling) = (ProviderId::new("ibanera"), Spelling::default());
        let reader = listing::RowReader::new(&provider, &spelling, &Lists::default(), settings::IDS, now);
        let _ = wire::listed_card(&raw, &reader);
        let _ = wire::own_account(&raw);
        let rows: Vec<Transaction> = wire::transaction(&raw, &reader, &card()).into_iter().collect();
        let _ = wire::fate(&rows, 0, &operation(ActionKind::TopUp, Some(dollars(100))), &MatchedCredits::default());
    }
}
