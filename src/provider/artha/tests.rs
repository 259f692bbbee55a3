//! artha as its wire notes describe it: the documented answers read, the documented requests sent.

use crate::provider::Evidence;
use std::sync::Arc;

use data_encoding::{BASE64, HEXLOWER};
use rsa::pkcs1::DecodeRsaPrivateKey;
use rsa::signature::Verifier;
use serde_json::{Value, json};

use super::*;
use crate::clock::Clock;
use crate::domain::card::{CardKey, CardKind, CardState, ProviderId, Reading};
use crate::domain::operation::{OperationId, Pin};
use crate::domain::transaction::{TransactionKind, TransactionState};
use crate::provider::error::Outcome;
use crate::provider::http::TransportError;
use crate::provider::script::{self, FIRST, Reply, Wire, all_transactions};

/// Made for these tests; it opens nothing.
const KEY: &str = "\
-----BEGIN RSA PRIVATE KEY-----\n\
MIICXQIBAAKBgQDPOVxA9NvT6ii8f47BtbUNsxigs5hOjM0SldLH44SL5ZXFcRYt\n\
gx20syo8GywTujL+p/QF8f2amY9z5L0Bj+H+w2DuNU4Z/HM4oawIRz7sYwID5Kgy\n\
vWyZrlisk9vzoju3c+1QHVPPPbF6nwsclJU/CqaGqya2i3ZQqmbE1sYWzQIDAQAB\n\
AoGBALCyDnHs2A0omzev5MBT+mAGGLfeq74+3RY93o9G91x6lWzX8rs4E/pi016R\n\
JNJlcNonyDHRmBddXS7LGkbcsywITJBNm6Djgpo40vZEU7lg+8KzOHsDc1Ee0+sR\n\
T4QAvSj6IAshkAmNH7N9PcgC9CB9MlQF5ZkBMCo4g+bBvvsBAkEA/SoUv/DyR/Q2\n\
bWGEXPYPIecXpekV+m/T4YPLYVQL3pXtflM1Gs5gAQ6WVZ7qkJld7s0R39ukrW/z\n\
NJpun+9DrQJBANGLjQbjB8ULmm1US6T5ECykDeu0Vim2SRffw8pWCfAdjIC74XIe\n\
xHLl5qfOMClUB/NGkBZQlM8vm0+QXVW3g6ECQDReoR43hJb34M5trsjgKa80s8Kh\n\
XeeJfIYZElhW34Gy+Ab6xXB/IoL1donNru4sm67LgxgQwpcSInhOPfYds50CQHWc\n\
jhs/ciz2xkZ2+b4uzRVBP078eSAQYBY2Uf5PLGTJMQNQcMlM25Zh04R8BiwsLgot\n\
oNHliKCBZ/rQXJKv3gECQQCE+WjA3i4tBN31UEeAiVwREAbRSkGukQuWPqkObqRE\n\
w7vwsiHp2WItZ3BlThtPNdxIKJ2d3rhVl5WlwK1hoSss\n\
-----END RSA PRIVATE KEY-----\n";

struct Desk {
    artha: Artha,
    wire: Wire,
}

impl Desk {
    fn new(script: Vec<Reply>) -> Self {
        Self::with(script, |_| {})
    }

    fn with(script: Vec<Reply>, change: impl FnOnce(&mut Settings)) -> Self {
        let mut account = Settings {
            token: Source::Given("tok-123".into()),
            private_key: Source::Given(KEY.into()),
            callback_public_key: None,
            customer_token: true,
            all_transactions_path: None,
            signature: Signature::default(),
            amount_decimals: 2,
        };
        change(&mut account);
        let config = config(&account);
        let wire = Wire::with(script);
        let http = Http::with_transport(
            &config.name,
            Box::new(wire.clone()),
            Clock::fixed(now()),
            config.timeout,
        );
        Self { artha: Artha::new(&config, &account, http).expect("an adapter"), wire }
    }

    /// `POST /api/v1/CardTopUp {…}` of every request, with whether it changes something.
    fn asked(&self) -> Vec<(Access, String, Value)> {
        self.wire
            .sent(|all| all.iter().map(|sent| (sent.access, sent.what(), sent.json())).collect())
    }
}

fn config(account: &Settings) -> ProviderConfig {
    script::config("acme", "https://api.test/api/v1", &KIND, account.clone())
}

fn ok(body: &str) -> Reply {
    Ok((200, body.to_owned()))
}

fn now() -> Timestamp {
    Timestamp::from_second(1_739_800_000).expect("a time of the test")
}

fn usd(text: &str) -> Money {
    Money::parse_wire(text, "USD".parse().expect("a currency")).expect("an amount")
}

fn card() -> Card {
    let mut card = Card::unread(CardKey::new(&ProviderId::new("acme"), CARD));
    card.currency = Some(usd("0").currency());
    card
}

const CARD: &str = "c4bf67ad-c353-45ce-9314-19922fdf0c55";
const TASK: &str = "bb75ad44-ebee-42c5-8550-204901404e93";
const ACCEPTED: &str = r#"{ "taskId": "bb75ad44-ebee-42c5-8550-204901404e93", "status": "Success", "remarks": "CardInProgress" }"#;

fn id() -> OperationId {
    OperationId::new(now(), 7, 1)
}

fn operation(action_kind: ActionKind, task: Option<&str>) -> Operation {
    let operation =
        script::operation(id(), now(), action_kind, card().key, Some(usd("100")), Proof::ByTask);
    Operation { provider_reference: task.map(Into::into), ..operation }
}

fn fields(json: &str) -> crate::provider::json::JsonObject<'_> {
    crate::provider::json::JsonObject::parse(json).expect("an object of the test")
}

/// A row of a list, `minutes` after the operation was saved.
fn row(id: &str, amount: &str, status: &str, minutes: i64) -> Value {
    let at = now()
        .saturating_add(SignedDuration::from_mins(minutes))
        .expect("a time of the test")
        .to_string();
    json!({ "transactionId": id, "cardId": CARD, "amount": amount, "currency": "USD", "type": "Recharge", "status": status, "date": at })
}

// ---- signing (1.4, 1.5)

#[test]
fn the_signed_strings_are_those_of_the_wire_notes() {
    let body =
        Body::from([("cardId", Part::Text(CARD.into())), ("amount", Part::Text("100".into()))]);
    let post = canonical(&Signature::default(), "1739800000", "a1B2c3D4e5", Some("tok-123"), &body);
    assert_eq!(
        *post,
        "amount=100&cardId=c4bf67ad-c353-45ce-9314-19922fdf0c55&customerToken=tok-123&\
         nonce=a1B2c3D4e5&timestamp=1739800000"
    );
    let hash = |text: &str| HEXLOWER.encode(&crypto::sha256(text.as_bytes()));
    assert_eq!(hash(&post), "8f2e0738f8a582fd015d838d3fcb0023b3fe73ce14b8e6188f8a2ac4ec817d47");
    let get =
        canonical(&Signature::default(), "1739800000", "a1B2c3D4e5", Some("tok-123"), &Body::new());
    assert_eq!(hash(&get), "301f5e1376fa5693f1cab55fae8aa5627659e9db261cfe58198bfe472c281a93");
    let paged = Body::from([("page", Part::Whole(1)), ("endTime", Part::Text(String::new()))]);
    assert_eq!(
        *canonical(&Signature::default(), "1", "n", None, &paged),
        "nonce=n&page=1&timestamp=1",
        "empty fields are left out"
    );
}

#[tokio::test]
async fn every_request_carries_headers_that_verify_with_our_public_key() {
    let desk = Desk::new(vec![ok(ACCEPTED), ok("{}")]);
    Provider::act(&desk.artha, Permit::for_test(&card(), Action::TopUp(usd("100")), id()))
        .await
        .expect("accepted");
    let _ = desk.artha.float().await;
    let public = rsa::RsaPrivateKey::from_pkcs1_pem(KEY).expect("a key").to_public_key();
    let public = rsa::pkcs1v15::VerifyingKey::<rsa::sha2::Sha256>::new(public);
    let bodies = [Some("amount=100.00&cardId=c4bf67ad-c353-45ce-9314-19922fdf0c55&"), None];
    desk.wire.sent(|all| {
        for (sent, body) in all.iter().zip(bodies) {
            assert_eq!(sent.header("Authorization"), "Bearer tok-123");
            assert_eq!(sent.header("Content-Type"), "application/json");
            assert_eq!((sent.header("timestamp"), sent.header("nonce").len()), ("1739800000", 10));
            let signed = format!(
                "{}customerToken={}&nonce={}&timestamp=1739800000",
                body.unwrap_or(""),
                sent.header("customerToken"),
                sent.header("nonce")
            );
            let signature = BASE64.decode(sent.header("signature").as_bytes()).expect("base64");
            let signature =
                rsa::pkcs1v15::Signature::try_from(signature.as_slice()).expect("a signature");
            public.verify(signed.as_bytes(), &signature).expect("the signature is right");
            assert!(
                sent.headers()["Authorization"].is_sensitive()
                    && sent.headers()["customerToken"].is_sensitive()
            );
        }
        assert_eq!(all.len(), 2);
    });
}

#[tokio::test]
async fn the_customer_token_header_can_be_left_out() {
    let desk = Desk::with(vec![ok("{}")], |account| account.customer_token = false);
    let _ = desk.artha.float().await;
    desk.wire
        .sent(|all| assert!(all.iter().all(|sent| !sent.headers().contains_key("customerToken"))));
}

#[test]
fn a_wrong_secret_is_a_sentence_that_names_account_and_setting_and_not_the_secret() {
    let build = |token: Source, key: Source| {
        let account = Settings {
            token,
            private_key: key,
            callback_public_key: None,
            customer_token: true,
            all_transactions_path: None,
            signature: Signature::default(),
            amount_decimals: 2,
        };
        let config = config(&account);
        let http = Http::with_transport(
            &config.name,
            Box::new(Wire::default()),
            Clock::fixed(now()),
            config.timeout,
        );
        Artha::new(&config, &account, http).err().expect("a sentence")
    };
    let said = build(Source::Given("tok".into()), Source::Given("not a key".into()));
    assert!(
        said.starts_with("acme: ") && said.contains("private_key") && !said.contains("not a key"),
        "{said}"
    );
    let said = build(Source::Given("line\nbreak".into()), Source::Given(KEY.into()));
    assert!(said.contains("token") && !said.contains("break"), "{said}");
    assert!(build(Source::Given("".into()), Source::Given(KEY.into())).contains("token"));
}

// ---- readings (2.5, 2.7, 2.1)

#[tokio::test]
async fn a_card_is_its_balance_and_its_details() {
    // artha wire notes, 2.7 and 2.5
    let desk = Desk::new(vec![
        ok(
            r#"{ "availableBalance": "100.00", "cardCurrency": "USD", "cardNumber": "12134523", "cardType": "OT", "currentBalance": "50.00" }"#,
        ),
        ok(
            r#"{ "cardNumber": "6200000000000047", "cvv": "234", "expirationDate": "2025-10-01", "cardStatus": "FROZEN" }"#,
        ),
    ]);
    let read = desk.artha.card(&card()).await.expect("a card");
    let Reading::At { value, at } = read.balance else { panic!("no balance") };
    assert_eq!(
        (value.available, value.current, value.pending),
        (Some(usd("100.00")), Some(usd("50.00")), None)
    );
    assert_eq!(at, now());
    assert_eq!(read.last4.map(|last4| last4.to_string()).as_deref(), Some("0047"));
    assert_eq!((read.state, &*read.provider_state), (CardState::Frozen, "FROZEN"));
    assert_eq!((read.expires.as_deref(), read.kind), (Some("2025-10"), None));
    assert!(!format!("{read:?}").contains("620000"), "the card number was kept");
    let asked: Vec<_> = desk.asked().into_iter().map(|(does, what, _)| (does, what)).collect();
    assert_eq!(
        asked,
        [
            (Access::Read, format!("GET /api/v1/CardBalance/{CARD}")),
            (Access::Read, format!("GET /api/v1/CardDetails/{CARD}")),
        ]
    );
}

#[test]
fn the_documented_details_without_a_state_leave_it_open() {
    // artha wire notes, 2.5
    let documented =
        r#"{ "cardNumber": "6200000000000047", "cvv": "234", "expirationDate": "2025-10-01" }"#;
    let read =
        wire::details(fields(documented), &card(), &Spelling::default(), now()).expect("details");
    assert_eq!(
        (read.state, &*read.provider_state, read.expires.as_deref()),
        (CardState::Unknown, "", Some("2025-10"))
    );
    assert_eq!(read.digits(), "..0047");
}

#[tokio::test]
async fn a_balance_is_kept_when_the_details_fail() {
    let balance =
        r#"{"availablebalance":"7.5","cardcurrency":"usd","cardnumber":null,"currentbalance":""}"#;
    let desk = Desk::new(vec![ok(balance), Ok((500, "<html>".into()))]);
    let read = desk.artha.card(&card()).await.expect("a card");
    assert_eq!(read.available(), Some(usd("7.5")));
    assert_eq!((read.state, read.last4), (CardState::Unknown, None));
}

#[test]
fn a_balance_that_is_not_said_is_not_zero() {
    let read = |json: &str| wire::balance(fields(json), &Card::unread(card().key), now());
    assert_eq!(
        read(r#"{"availableBalance":null,"currentBalance":null}"#).map(|card| card.balance),
        Ok(Reading::Never)
    );
    assert!(read(r#"{"availableBalance":"1.00"}"#).is_err(), "a figure without a currency");
    assert!(read(r#"{"availableBalance":"much","cardCurrency":"USD"}"#).is_err());
    assert!(read(r#"{"message":"hello"}"#).is_err(), "something else than a balance");
    let read = wire::balance(
        fields(r#"{"availableBalance":"-1.2345","cardType":"Virtual"}"#),
        &card(),
        now(),
    )
    .expect("a balance");
    assert_eq!((read.available(), read.kind), (Some(usd("-1.2345")), Some(CardKind::Virtual)));
}

#[test]
fn card_states_are_read_in_any_case_and_unknown_words_are_kept() {
    for (word, state) in [
        ("Active", CardState::Active),
        ("FROZEN", CardState::Frozen),
        ("cancelled", CardState::Closed),
        ("Canceled", CardState::Closed),
        ("inactive", CardState::Pending),
        ("Sleeping", CardState::Unknown),
    ] {
        let read = wire::details(
            fields(&format!(r#"{{"cardStatus":"{word}"}}"#)),
            &card(),
            &Spelling::default(),
            now(),
        )
        .expect("details");
        assert_eq!((read.state, &*read.provider_state), (state, word));
    }
    for (date, expires) in [
        ("2025-10-01", Some("2025-10")),
        ("2027-03-31T00:00:00", Some("2027-03")),
        ("09/28", Some("2028-09")),
        ("soon", None),
        ("2025-13-01", None),
    ] {
        let read = wire::details(
            fields(&format!(r#"{{"expirationDate":"{date}"}}"#)),
            &card(),
            &Spelling::default(),
            now(),
        )
        .expect("details");
        assert_eq!(read.expires.as_deref(), expires, "{date}");
    }
}

#[test]
fn the_float_is_one_sum_a_currency_from_an_object_or_a_list() {
    // artha wire notes, 2.1
    let documented = include_str!("../../../tests/fixtures/artha/merchant.json");
    assert_eq!(wire::float(fields(documented)), Ok(vec![usd("100")]));
    let list = r#"{"Balances":[{"currencyCode":"USD","network":"TRC-20","amount":"100"},{"currencyCode":"USD","network":"ERC-20","amount":0.25},
        {"currency":"USDT","amount":"3"},{"currency":"EUR","amount":null}]}"#;
    let sums: Vec<String> =
        wire::float(fields(list)).expect("sums").iter().map(ToString::to_string).collect();
    assert_eq!(sums, ["100.25 USD", "3.000000 USDT"]);
    assert!(wire::float(fields(r#"{"name":"Jhon"}"#)).is_err());
    assert!(
        wire::float(fields(r#"{"balances":[{"currency":"USD","amount":"lots"}]}"#)).is_err(),
        "no sum with a part missing"
    );
}

// ---- changes (2.8, 2.11 to 2.16)

#[tokio::test]
async fn a_quote_is_asked_as_a_reading_and_shown_as_answered() {
    // artha wire notes, 2.8
    let answer = r#"{ "cardId": "d54f5e69-107d-49d2-bafe-7f837eb85da8", "amount": "100", "fee": "10", "receiveAmount": "90" }"#;
    let desk = Desk::new(vec![ok(answer)]);
    let quote = desk.artha.quote(&card(), usd("100")).await.expect("a quote");
    assert_eq!(
        (quote.fee, quote.receives, quote.debited),
        (Some(usd("10")), Some(usd("90")), Some(usd("100")))
    );
    let body = json!({ "cardId": CARD, "amount": "100.00" });
    assert_eq!(desk.asked(), [(Access::Read, "POST /api/v1/EstimateCardTopUpFee".into(), body)]);
}

#[tokio::test]
async fn each_change_is_sent_once_as_documented_and_is_only_accepted() {
    let pin = || Action::SetPin { new: None, old: None };
    let bare = json!({ "cardId": CARD });
    for (action, path, body) in [
        (Action::Freeze, "CardFreeze", bare.clone()),
        (Action::Unfreeze, "CardUnFreeze", bare.clone()),
        (Action::Close, "CancelCard", bare.clone()),
        (pin(), "CardSetPin", bare),
        (Action::TopUp(usd("12.5")), "CardTopUp", json!({ "cardId": CARD, "amount": "12.50" })),
    ] {
        let desk = Desk::new(vec![ok(ACCEPTED)]);
        let receipt = Provider::act(&desk.artha, Permit::for_test(&card(), action, id()))
            .await
            .expect("accepted");
        assert_eq!(receipt, Ack::Accepted { reference: Some(TASK.into()) });
        assert_eq!(desk.asked(), [(Access::Write, format!("POST /api/v1/{path}"), body)]);
    }
}

#[test]
fn every_documented_answer_to_a_change_names_its_task() {
    let documented: BTreeMap<String, Value> =
        serde_json::from_str(include_str!("../../../tests/fixtures/artha/accepted.json"))
            .expect("the fixture is JSON");
    let answers: Vec<_> = documented.values().filter(|answer| answer.is_object()).collect();
    assert_eq!(answers.len(), 5);
    for answer in answers {
        let task =
            wire::task(fields(&answer.to_string()), &Spelling::default()).expect("it is read");
        assert_eq!(
            task,
            wire::Task::Accepted(answer["taskId"].as_str().map(Into::into)),
            "{answer}"
        );
    }
}

const PAGE: &str = "<!DOCTYPE html><html><body>Access denied by the web gateway</body></html>";

#[tokio::test]
async fn a_proxys_page_is_no_refusal_of_credentials() {
    let read = |reply: Reply| async {
        let desk = Desk::new(vec![reply]);
        desk.artha.card(&card()).await.expect_err("an error")
    };
    for status in [401, 403, 404] {
        let error = read(Ok((status, PAGE.into()))).await;
        assert_eq!(
            (error.kind, error.outcome),
            (ErrorKind::Unreachable, Outcome::NotDone),
            "{error}"
        );
    }
    assert_eq!(read(Ok((401, r#"{"message":"no"}"#.into()))).await.kind, ErrorKind::Auth);
    assert_eq!(
        read(Ok((403, r#"{"message":"not this card"}"#.into()))).await.kind,
        ErrorKind::Forbidden
    );
    for status in [401, 403] {
        let desk = Desk::new(vec![Ok((status, PAGE.into()))]);
        let error =
            Provider::act(&desk.artha, Permit::for_test(&card(), Action::TopUp(usd("5")), id()))
                .await
                .expect_err("a page");
        assert_eq!(
            (error.kind, error.outcome),
            (ErrorKind::Unreachable, Outcome::Unknown),
            "{error}"
        );
    }
}

#[tokio::test]
async fn what_an_answer_to_a_top_up_means_for_the_money() {
    let top_up = |reply: Reply| async {
        let desk = Desk::new(vec![reply]);
        let result =
            Provider::act(&desk.artha, Permit::for_test(&card(), Action::TopUp(usd("5")), id()))
                .await;
        assert_eq!(desk.asked().len(), 1, "sent once, whatever happens");
        result
    };
    let refused = |reply: Reply| async { top_up(reply).await.expect_err("an error") };
    let error = refused(ok(r#"{"taskId":"t","status":"FAILED","remarks":"float too low"}"#)).await;
    assert_eq!(
        (error.kind, error.outcome, &*error.reason()),
        (ErrorKind::Refused, Outcome::NotDone, "float too low")
    );
    for status in [400, 401, 403, 404] {
        let error = refused(Ok((
            status,
            r#"{"title":"Bad Request","error":{"message":"no such card"}}"#.into(),
        )))
        .await;
        assert_eq!(error.outcome, Outcome::NotDone, "{status}");
        assert!(error.reason().contains("no such card"), "{}", error.reason());
    }
    assert_eq!(refused(Ok((401, String::new()))).await.kind, ErrorKind::Auth);
    for doubtful in [
        Ok((500, String::new())),
        Ok((501, "501".into())),
        Ok((302, String::new())),
        ok(r#"{"taskId":"bb75ad"#),
        ok("<html>hello</html>"),
        ok("{}"),
        ok(r#"{"taskId":null,"status":"Submit"}"#),
        Err(TransportError::unanswered("the connection broke")),
    ] {
        assert_eq!(refused(doubtful).await.outcome, Outcome::Unknown);
    }
    let error = refused(Err(TransportError::unsent("no connection"))).await;
    assert_eq!(error.outcome, Outcome::NotDone);
    let accepted = top_up(ok(r#"{"TaskId":"T1","Status":"Submit"}"#)).await.expect("accepted");
    assert_eq!(accepted, Ack::Accepted { reference: Some("T1".into()) });
    assert_eq!(
        top_up(ok(r#"{"status":"success"}"#)).await.expect("accepted"),
        Ack::Accepted { reference: None }
    );
}

#[tokio::test]
async fn what_the_wire_cannot_carry_is_not_sent() {
    let desk = Desk::new(vec![]);
    let eur = Money::parse_wire("5", "EUR".parse().expect("a currency")).expect("an amount");
    let pin = Action::SetPin { new: Pin::typed("1234".into()).ok(), old: None };
    for action in [Action::TopUp(eur), Action::TopUp(usd("1.005")), pin] {
        let error = Provider::act(&desk.artha, Permit::for_test(&card(), action, id()))
            .await
            .expect_err("refused here");
        assert_eq!((error.kind, error.outcome), (ErrorKind::Refused, Outcome::NotDone));
    }
    assert_eq!(desk.artha.cards(FIRST).await.expect_err("no list").kind, ErrorKind::NotOffered);
    let all = Window { card: None, since: now(), until: now() };
    assert_eq!(
        desk.artha.transactions(&all, FIRST).await.expect_err("no path").kind,
        ErrorKind::NotOffered
    );
    assert!(desk.asked().is_empty());
    assert!(!desk.artha.capabilities().list_all_transactions.is_yes());
}

// ---- transactions (2.9, 2.10, 5.1)

fn last_day(card: Option<Card>) -> Window {
    Window {
        card,
        since: now().saturating_sub(SignedDuration::from_hours(24)).expect("a time of the test"),
        until: now(),
    }
}

#[tokio::test]
async fn a_card_s_transactions_are_asked_in_pages_from_one_until_one_is_empty() {
    let page =
        json!((0..50).map(|i| row(&format!("t{i}"), "1.00", "Success", -i)).collect::<Vec<_>>())
            .to_string();
    let desk = Desk::new(vec![ok(&page), ok("[]"), ok(&page)]);
    let list = all_transactions(&desk.artha, &last_day(Some(card()))).await;
    assert_eq!((list.rows.len(), list.is_whole()), (50, true));
    let body = |page| json!({ "cardId": CARD, "page": page, "size": 50, "startTime": "2025-02-16T13:46:40Z", "endTime": "2025-02-17T13:46:40Z" });
    let path = "POST /api/v1/Card/Transactions".to_owned();
    // The first page is read again: a row that moved onto it would be missing.
    let asked = [1, 2, 1].map(|page| (Access::Read, path.clone(), body(page)));
    assert_eq!(desk.asked(), asked);
}

#[tokio::test]
async fn a_list_that_repeats_itself_ends_and_says_that_the_rest_cannot_be_asked_for() {
    let page =
        json!((0..50).map(|i| row(&format!("t{i}"), "1.00", "Success", -i)).collect::<Vec<_>>())
            .to_string();
    let desk = Desk::new(vec![ok(&page), ok(&page), ok(&page)]);
    let list = all_transactions(&desk.artha, &last_day(Some(card()))).await;
    assert_eq!((list.rows.len(), list.error.is_none(), desk.asked().len()), (50, true, 3));
    assert!(
        list.gap.as_deref().is_some_and(|gap| gap.contains("the same page came again")),
        "{:?}",
        list.gap
    );
}

#[tokio::test]
async fn a_long_window_is_read_in_spans_of_sixty_days_that_meet() {
    let since =
        now().saturating_sub(SignedDuration::from_hours(24 * 100)).expect("a time of the test");
    let window = Window { card: Some(card()), since, until: now() };
    let desk = Desk::new(vec![ok("[]"), ok("[]")]);
    assert!(all_transactions(&desk.artha, &window).await.is_whole());
    let times: Vec<_> = desk
        .asked()
        .iter()
        .map(|(_, _, body)| (body["startTime"].clone(), body["endTime"].clone()))
        .collect();
    assert_eq!((times.len(), &times[0].0), (2, &times[1].1), "spans meet");
    assert_eq!(times[1].0, json!("2024-11-09T13:46:40Z"));
    // A row on the second where they meet is one row, also where the provider counts both ends in.
    let seam = json!([row("seam", "1.00", "Success", -60 * 24 * 60)]).to_string();
    let desk = Desk::new(vec![ok(&seam), ok("[]"), ok(&seam), ok("[]")]);
    let list = all_transactions(&desk.artha, &window).await;
    assert_eq!((list.rows.len(), list.is_whole()), (1, true));
}

#[tokio::test]
async fn all_cards_are_listed_when_the_operator_knows_the_path() {
    let desk = Desk::with(vec![ok(r#"{"data":{"total":1,"records":[]}}"#)], |account| {
        account.all_transactions_path = Some("/Card/AllTransactions".into());
    });
    assert!(desk.artha.capabilities().list_all_transactions.is_yes());
    let page = desk.artha.transactions(&last_day(None), FIRST).await.expect("a page");
    assert!(page.items.is_empty());
    let asked = desk.asked();
    assert_eq!(asked[0].1, "POST /api/v1/Card/AllTransactions");
    assert!(asked[0].2.get("cardId").is_none());
}

#[test]
fn one_odd_row_does_not_lose_the_page_and_hostile_text_is_cleaned() {
    let read = |row: &Value| {
        let raw = serde_json::value::to_raw_value(row).expect("JSON");
        let (provider, spelling) = (ProviderId::new("acme"), Spelling::default());
        wire::transaction(
            &raw,
            &listing::RowReader::new(&provider, &spelling, &Lists::default(), settings::IDS, now()),
            Some(&card()),
        )
    };
    let good = read(&json!({ "TransactionId": "x1", "Amount": "-207.5700", "Currency": "usd", "Fees": 0.5, "Type": "consume",
        "Status": "SUCCESS", "Remarks": "\u{1b}[31mICA\u{202e} 4111 1111 1111 1111", "date": "2025-02-18T00:00:00Z", "mcc": 5411 }))
    .expect("a row");
    assert_eq!((good.kind, good.state), (TransactionKind::Purchase, TransactionState::Cleared));
    assert_eq!((good.amount, good.fee), (usd("207.57"), Some(usd("0.5"))));
    assert_eq!(
        (good.description.as_deref(), good.mcc.as_deref()),
        (Some("?ICA? ..1111"), Some("5411"))
    );
    assert_eq!((&*good.id, good.card_id.as_deref()), ("x1", Some(CARD)));
    for odd in [
        json!(7),
        json!({}),
        json!({ "amount": "1", "currency": "USD" }),
        json!({ "amount": "x", "date": "2025-02-18T00:00:00Z" }),
    ] {
        assert!(read(&odd).is_err(), "{odd}");
    }
    let other =
        read(&json!({ "amount": "-3", "type": "Mystery", "status": "Odd", "date": 1_739_800_000 }))
            .expect("a row");
    assert_eq!(
        (other.kind, other.state, &*other.provider_state),
        (TransactionKind::Other, TransactionState::Unknown, "Mystery Odd")
    );
    assert!(other.amount.is_negative());
    assert!(
        other.id.starts_with("made-")
            && other.id
                == read(&json!({ "amount": "-3.0", "type": "Mystery", "date": 1_739_800_000 }))
                    .expect("a row")
                    .id
    );
}

// ---- looking (2.12, 5.2)

#[tokio::test]
async fn a_top_up_is_looked_up_by_its_task() {
    let look = |status: &'static str| async move {
        let answer = json!({ "taskId": TASK, "cardId": CARD, "currency": "USD", "amount": 100.0, "settlemetAmount": 90.0, "fee": 10.0,
            "type": "recharge", "date": "2025-02-17T13:46:50Z", "status": status, "remarks": "float too low" });
        let desk = Desk::new(vec![ok(&answer.to_string()), ok("[]")]);
        let seen = desk
            .artha
            .lookup(&card(), &operation(ActionKind::TopUp, Some(TASK)), &MatchedCredits::default())
            .await
            .expect("an answer");
        assert_eq!(desk.asked()[0].1, format!("GET /api/v1/TopUpStatus/{TASK}"));
        assert!(desk.asked().iter().all(|(does, _, _)| *does == Access::Read));
        seen
    };
    for word in ["Success", "SUCCESS", "completed"] {
        assert_eq!(
            look(word).await,
            Lookup::Done {
                proof: format!("task bb75ad44.. says {word}"),
                credit: None,
                by: Evidence::Task
            }
        );
    }
    assert_eq!(
        look("failed").await,
        Lookup::Failed { why: "task bb75ad44.. says failed: float too low".into(), row: None }
    );
    assert_eq!(
        look("Processing").await,
        Lookup::Pending { looked: "task bb75ad44.. says Processing".into() }
    );
}

#[tokio::test]
async fn a_proven_top_up_claims_its_row_in_the_list_too() {
    // A first page is followed by the next and read once more: a provider may cap its pages.
    let list = json!([row("x1", "100", "Success", 0), row("x2", "55", "Success", 0)]).to_string();
    let status = || ok(&format!(r#"{{"taskId":"{TASK}","status":"Success"}}"#));
    let desk = Desk::new(vec![status(), ok(&list), ok("[]"), ok(&list)]);
    let seen = desk
        .artha
        .lookup(&card(), &operation(ActionKind::TopUp, Some(TASK)), &MatchedCredits::default())
        .await
        .expect("an answer");
    assert_eq!(
        seen,
        Lookup::Done {
            proof: "task bb75ad44.. says Success".into(),
            credit: Some("x1".into()),
            by: Evidence::Task
        }
    );
    let mut ours = row("x9", "90", "Success", 0);
    ours["taskId"] = json!(TASK);
    let list = json!([row("x1", "100", "Success", 0), ours]).to_string();
    let desk = Desk::new(vec![status(), ok(&list), ok("[]"), ok(&list)]);
    let seen = desk
        .artha
        .lookup(&card(), &operation(ActionKind::TopUp, Some(TASK)), &MatchedCredits::default())
        .await
        .expect("an answer");
    assert_eq!(
        seen,
        Lookup::Done {
            proof: "task bb75ad44.. says Success".into(),
            credit: Some("x9".into()),
            by: Evidence::Task
        },
        "the row that names the task is its own"
    );
}

#[tokio::test]
async fn an_answer_about_another_task_proves_nothing() {
    let desk = Desk::new(vec![ok(r#"{"taskId":"another","status":"Success"}"#)]);
    let error = desk
        .artha
        .lookup(&card(), &operation(ActionKind::TopUp, Some(TASK)), &MatchedCredits::default())
        .await
        .expect_err("not believed");
    assert_eq!((error.kind, error.outcome), (ErrorKind::BadReply, Outcome::NotDone));
    let desk = Desk::new(vec![Ok((404, "Record Not Found".into()))]);
    let seen = desk
        .artha
        .lookup(&card(), &operation(ActionKind::TopUp, Some(TASK)), &MatchedCredits::default())
        .await
        .expect("an answer");
    assert!(matches!(seen, Lookup::NotFound { .. }), "{seen:?}");
}

#[tokio::test]
async fn a_top_up_whose_answer_was_lost_is_found_by_amount_and_time() {
    let look = |rows: Vec<Value>, claimed: &'static [&'static str]| async move {
        let list = json!({ "list": rows }).to_string();
        let desk = Desk::new(vec![ok(&list), ok("[]"), ok(&list)]);
        let claimed = MatchedCredits {
            credits: claimed.iter().map(|id| Arc::from(*id)).collect(),
            ..MatchedCredits::default()
        };
        desk.artha
            .lookup(&card(), &operation(ActionKind::TopUp, None), &claimed)
            .await
            .expect("an answer")
    };
    let done = |id: &str| Lookup::Done {
        proof: format!("+100.00 USD in the list, id {id}"),
        credit: Some(id.into()),
        by: Evidence::List,
    };
    assert_eq!(
        look(vec![row("a", "100", "Success", 0), row("b", "99", "Success", 0)], &[]).await,
        done("a")
    );
    assert_eq!(
        look(vec![row("a", "100", "Success", -1)], &[]).await,
        done("a"),
        "their clock is a little behind"
    );
    let nowhere = |seen: Lookup, words: &str| {
        assert!(
            matches!(&seen, Lookup::NotFound { looked, .. } if looked.contains(words)),
            "{seen:?}"
        )
    };
    nowhere(look(vec![row("a", "100", "Success", -3)], &[]).await, "no new top-up of 100.00 USD");
    nowhere(
        look(vec![row("a", "100", "Success", 0), row("b", "100", "Success", 1)], &[]).await,
        "2 new top-ups of 100.00 USD in the list, cannot tell which is ours",
    );
    assert_eq!(
        look(vec![row("a", "100", "Success", 0), row("b", "100", "Success", 1)], &["a"]).await,
        done("b")
    );
    nowhere(look(vec![row("a", "100", "Success", 0)], &["a"]).await, "no new top-up of");
    assert!(matches!(look(vec![row("a", "100", "Pending", 0)], &[]).await, Lookup::Pending { .. }));
    assert!(matches!(look(vec![row("a", "100", "Failed", 1)], &[]).await, Lookup::Failed { .. }));
    nowhere(look(vec![row("a", "100", "Failed", -3)], &[]).await, "no new top-up");
    nowhere(look(vec![json!({ "amount": "100" })], &[]).await, "1 rows could not be read");
    // The fee is taken out of the amount: what arrived and its fee make what was sent (2.8).
    let mut net = row("a", "90", "Success", 0);
    net["fee"] = json!("10");
    assert_eq!(look(vec![net], &[]).await, done("a"));
    let mut other = row("a", "100", "Success", 0);
    other["cardId"] = json!("another card");
    nowhere(look(vec![other], &[]).await, "no new top-up");
}

#[tokio::test]
async fn a_change_of_state_is_done_when_the_card_reads_so() {
    let look = |action_kind: ActionKind, state: &'static str| async move {
        let desk = Desk::new(vec![ok(
            &json!({ "cardNumber": "6200000000000047", "cardStatus": state }).to_string(),
        )]);
        desk.artha
            .lookup(&card(), &operation(action_kind, Some(TASK)), &MatchedCredits::default())
            .await
            .expect("an answer")
    };
    let done = |word: &str| Lookup::Done {
        proof: format!("seen {word}"),
        credit: None,
        by: Evidence::State,
    };
    assert_eq!(look(ActionKind::Freeze, "frozen").await, done("FROZEN"));
    assert_eq!(look(ActionKind::Unfreeze, "Active").await, done("ACTIVE"));
    assert_eq!(look(ActionKind::Close, "canceled").await, done("CLOSED"));
    assert_eq!(
        look(ActionKind::Freeze, "Active").await,
        Lookup::Pending { looked: "the card reads ACTIVE".into() }
    );
    assert_eq!(
        look(ActionKind::Freeze, "Resting").await,
        Lookup::Pending { looked: "the card reads Resting".into() }
    );
    assert!(matches!(look(ActionKind::Freeze, "Cancelled").await, Lookup::Failed { .. }));
    assert!(matches!(look(ActionKind::Close, "").await, Lookup::NotFound { .. }));
    let desk = Desk::new(vec![]);
    let seen = desk
        .artha
        .lookup(&card(), &operation(ActionKind::SetPin, Some(TASK)), &MatchedCredits::default())
        .await
        .expect("an answer");
    assert!(matches!(seen, Lookup::NotFound { .. }));
    assert!(desk.asked().is_empty(), "the PIN is never asked for");
}
