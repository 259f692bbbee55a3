//! The four servers, asked as a client asks them.

use std::sync::atomic::Ordering;

use axum::body::Body as HttpBody;
use data_encoding::BASE64;
use http::StatusCode;
use http_body_util::BodyExt as _;
use jiff::SignedDuration;
use serde_json::Value;
use tower::ServiceExt as _;

use self::fixture::{Fixture, Transfer, enkash_load};
use super::call::Signing;
use super::dialect::{artha, banana, enkash, ibanera};
use super::*;

mod accounts;
mod fixture;
mod foreign;
mod rows;
mod troubles;

fn fixture() -> Fixture {
    Fixture::new(Options::default())
}

fn decimal(text: &str) -> Decimal {
    text.parse().unwrap()
}

#[tokio::test]
async fn artha_refuses_a_wrong_signature_an_old_timestamp_and_a_used_nonce() {
    let fixture = fixture();
    let path = format!("CardBalance/{}", fixture.card(Dialect::Artha, 0));
    assert_eq!(
        fixture.artha_with("GET", &path, "", &[], Signing::Wrong).await.0,
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(fixture.artha_with("GET", &path, "", &[], Signing::Right).await.0, StatusCode::OK);
    fixture.nonce.fetch_sub(1, Ordering::SeqCst);
    let (status, body) = fixture.artha_with("GET", &path, "", &[], Signing::Right).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    assert!(body.unwrap().contains("nonce"));
    let (status, _) =
        fixture.artha_with("POST", "CardFreeze", r#"{"cardId":"x"}"#, &[], Signing::Right).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED, "a body that was not signed came through");
    assert_eq!(fixture.sandbox.writes(), 0);
}

#[tokio::test]
async fn an_artha_top_up_takes_effect_once_and_is_seen_in_balance_and_list() {
    let fixture = fixture();
    let card = fixture.card(Dialect::Artha, 0);
    let before = fixture.sandbox.available(Dialect::Artha, &card).unwrap().amount();
    let float = fixture.sandbox.float(Dialect::Artha, "USD").unwrap().amount();
    let (_, quote) = fixture
        .artha_post("EstimateCardTopUpFee", &[("cardId", &card), ("amount", "100.10")])
        .await;
    assert!(quote.unwrap().ends_with(r#""amount":"100.10","fee":"1.00","receiveAmount":"99.10"}"#));
    let (status, body) =
        fixture.artha_post("CardTopUp", &[("cardId", &card), ("amount", "100.10")]).await;
    let answer: Value = serde_json::from_str(&body.unwrap()).unwrap();
    assert_eq!((status, answer["status"].as_str()), (StatusCode::OK, Some("Success")));
    let task = format!("TopUpStatus/{}", answer["taskId"].as_str().unwrap());
    assert_eq!(fixture.artha_get(&task).await["status"], "Processing");
    assert_eq!(fixture.sandbox.credits(Dialect::Artha, &card), []);
    fixture.advance(3);
    let (_, status) = fixture.artha_with("GET", &task, "", &[], Signing::Right).await;
    let status = status.unwrap();
    assert!(status.contains(r#""amount":100.10,"settlemetAmount":99.10,"fee":1.00"#), "{status}");
    assert!(status.contains(r#""status":"Success""#));
    assert_eq!(fixture.sandbox.credits(Dialect::Artha, &card), [decimal("99.10")]);
    assert_eq!(
        fixture.sandbox.available(Dialect::Artha, &card).unwrap().amount() - before,
        decimal("99.10")
    );
    assert_eq!(
        float - fixture.sandbox.float(Dialect::Artha, "USD").unwrap().amount(),
        decimal("100.10")
    );
    let balance = fixture.artha_get(&format!("CardBalance/{card}")).await;
    assert_eq!(balance["availableBalance"], "111.50");
    let (_, rows) = fixture.artha_post("Card/Transactions", &[("cardId", &card)]).await;
    let rows: Value = serde_json::from_str(&rows.unwrap()).unwrap();
    assert_eq!(
        (rows[0]["type"].as_str(), rows[0]["amount"].as_str()),
        (Some("recharge"), Some("100.1000"))
    );
    assert_eq!(rows[0]["taskId"], answer["taskId"]);
    assert_eq!(
        (rows[1]["status"].as_str(), rows[1]["remarks"].as_str()),
        (Some("Declined"), Some("INSUFFICIENT_FUNDS"))
    );
    assert_eq!(fixture.sandbox.writes(), 1);
}

#[tokio::test]
async fn artha_says_no_in_its_own_ways() {
    let fixture = fixture();
    let (open, closed) = (fixture.card(Dialect::Artha, 0), fixture.card(Dialect::Artha, 7));
    let usd = "USD".parse().unwrap();
    assert_eq!(
        fixture.artha_post("CardTopUp", &[("cardId", "nobody"), ("amount", "5")]).await.0,
        StatusCode::NOT_FOUND
    );
    assert_eq!(
        fixture.artha_post("CardTopUp", &[("cardId", &open), ("amount", "5.001")]).await.0,
        StatusCode::BAD_REQUEST
    );
    let (status, body) =
        fixture.artha_post("CardTopUp", &[("cardId", &closed), ("amount", "50")]).await;
    assert_eq!(status, StatusCode::OK);
    assert!(body.unwrap().contains(r#""taskId":null,"status":"Failed""#));
    fixture.sandbox.set_float(Dialect::Artha, Money::new(decimal("10"), usd));
    let (_, body) = fixture.artha_post("CardTopUp", &[("cardId", &open), ("amount", "50")]).await;
    assert!(body.unwrap().contains("Insufficient merchant balance"));
    assert_eq!(fixture.sandbox.float(Dialect::Artha, "USD").unwrap().amount(), decimal("10"));
}

#[tokio::test]
async fn artha_freezes_unfreezes_cancels_and_chooses_pins() {
    let fixture = fixture();
    let card = fixture.card(Dialect::Artha, 8);
    for (path, then) in [
        ("CardFreeze", CardState::Frozen),
        ("CardUnFreeze", CardState::Active),
        ("CancelCard", CardState::Closed),
    ] {
        let (status, _) = fixture.artha_post(path, &[("cardId", &card)]).await;
        assert_eq!(status, StatusCode::OK);
        fixture.advance(2);
        assert_eq!(fixture.sandbox.state(Dialect::Artha, &card), Some(then), "{path}");
    }
    assert_eq!(fixture.artha_get(&format!("CardDetails/{card}")).await["cardStatus"], "Cancelled");
    let other = fixture.card(Dialect::Artha, 9);
    fixture.artha_post("CardSetPin", &[("cardId", &other)]).await;
    let shown = fixture.artha_get(&format!("PinDetails/{other}")).await;
    assert_eq!(
        shown["Pin"].as_str().map(str::to_owned),
        fixture.sandbox.pin_of(Dialect::Artha, &other)
    );
}

#[tokio::test]
async fn banana_refuses_a_wrong_hmac() {
    let fixture = fixture();
    let (status, body) =
        fixture.banana_raw("/merchant/get_account_balance", "{}", "another key").await;
    assert_eq!((status, body.unwrap().contains("Invalid HMAC")), (StatusCode::BAD_REQUEST, true));
    let (status, body) = fixture.banana("/merchant/get_account_balance", "{}").await;
    assert!(status == StatusCode::OK && body.contains(r#""currency":"USD""#), "{body}");
}

#[tokio::test]
async fn a_banana_recharge_takes_effect_once_and_is_seen_in_balance_and_list() {
    let fixture = fixture();
    let card = fixture.card(Dialect::Banana, 1);
    fixture.sandbox.set_state(Dialect::Banana, &card, CardState::Active);
    let before = fixture.sandbox.available(Dialect::Banana, &card).unwrap();
    let who = format!(r#""user_id":12346,"card_id":{card}"#);
    let (status, body) =
        fixture.banana("/card/recharge", &format!(r#"{{{who},"amount":30.10}}"#)).await;
    assert_eq!(
        (status, body.as_str()),
        (StatusCode::OK, r#"{"message":"Card recharge request sent successfully"}"#)
    );
    let list = format!(r#"{{"card_id":{card},"type":"RECHARGE","limit":1}}"#);
    let (_, body) = fixture.banana("/card/get_transactions", &list).await;
    assert!(
        body.contains(r#""amount":30.10,"currency":"USD","type":"RECHARGE","status":"PENDING""#),
        "{body}"
    );
    fixture.advance(3);
    let (_, body) = fixture.banana("/card/get_transactions", &list).await;
    assert!(body.contains(r#""status":"SUCCESS""#), "{body}");
    assert_eq!(fixture.sandbox.credits(Dialect::Banana, &card), [decimal("30.10")]);
    let (_, body) = fixture.banana("/card/get_balance", &format!("{{{who}}}")).await;
    assert!(
        body.contains(&format!(r#""balance":{},"#, before.amount() + decimal("30.10"))),
        "{body}"
    );
    let (status, body) =
        fixture.banana("/card/recharge", &format!(r#"{{{who},"amount":0.5}}"#)).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(body.contains("Insufficient Balance"), "{body}");
}

#[tokio::test]
async fn banana_locks_closes_and_sets_pins_only_on_plastic() {
    let fixture = fixture();
    let card = fixture.card(Dialect::Banana, 8);
    let who = format!(r#""user_id":12353,"card_id":{card}"#);
    fixture.banana("/card/update_status", &format!(r#"{{{who},"alter":"LOCK"}}"#)).await;
    fixture.advance(2);
    let (_, body) = fixture.banana("/card/get_information", &format!("{{{who}}}")).await;
    assert!(body.contains(r#""status":"LOCKED""#));
    assert!(
        fixture.sandbox.card_numbers(Dialect::Banana).iter().any(|number| body.contains(number))
    );
    let (status, _) =
        fixture.banana("/card/update_status", &format!(r#"{{{who},"alter":"LOCK"}}"#)).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    fixture.banana("/card/update_status", &format!(r#"{{{who},"alter":"UNLOCK"}}"#)).await;
    fixture.advance(2);
    let (status, _) = fixture.banana("/card/set_pin", &format!(r#"{{{who},"pin":"6789"}}"#)).await;
    assert_eq!(
        (status, fixture.sandbox.pin_of(Dialect::Banana, &card)),
        (StatusCode::OK, Some("6789".to_owned()))
    );
    let float = fixture.sandbox.float(Dialect::Banana, "JPY").unwrap();
    let left = fixture.sandbox.available(Dialect::Banana, &card).unwrap();
    fixture.banana("/card/update_status", &format!(r#"{{{who},"alter":"CLOSE"}}"#)).await;
    fixture.advance(2);
    assert_eq!(fixture.sandbox.state(Dialect::Banana, &card), Some(CardState::Closed));
    assert_eq!(
        fixture.sandbox.float(Dialect::Banana, "JPY").unwrap(),
        float.checked_add(left).unwrap()
    );
    let (status, _) =
        fixture.banana("/card/set_pin", r#"{"user_id":12346,"card_id":67891,"pin":"6789"}"#).await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "a virtual card took a PIN");
}

#[tokio::test]
async fn enkash_locks_the_account_after_three_wrong_passwords() {
    let fixture = fixture();
    for _ in 0..3 {
        assert_eq!(fixture.enkash_login("wrong").await.0, StatusCode::BAD_REQUEST);
    }
    let (status, body) = fixture.enkash_login(enkash::PASSWORD).await;
    assert_eq!((status, body.unwrap().contains("locked")), (StatusCode::BAD_REQUEST, true));
    fixture.advance(601);
    assert_eq!(fixture.enkash_login(enkash::PASSWORD).await.0, StatusCode::OK);
    assert_eq!(fixture.enkash("stolen", "/search", "").await.0, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn an_enkash_load_that_is_sent_twice_pays_twice_and_is_found_by_its_reference() {
    let fixture = fixture();
    let token = fixture.enkash_token().await;
    let card = fixture.card(Dialect::Enkash, 0);
    let load = enkash_load(&card, "10.10", "Ref123");
    let (status, body) = fixture.enkash(&token, "/balance", &load).await;
    assert_eq!(status, StatusCode::OK);
    assert!(body.unwrap().starts_with(r#"{"code":0,"message":"Success""#));
    fixture.advance(2);
    let look = format!(r#","enKashCardId":"{card}","pgReferenceNumber":"Ref123""#);
    let (_, body) = fixture.enkash(&token, "/transaction/all", &look).await;
    let body = body.unwrap();
    assert!(
        body.contains(r#""recordsCount":1"#) && body.contains(r#""principalAmount":10.10"#),
        "{body}"
    );
    assert!(body.contains(r#""status":"SUCCESS""#));
    fixture.enkash(&token, "/balance", &load).await;
    fixture.advance(2);
    assert_eq!(
        fixture.sandbox.credits(Dialect::Enkash, &card),
        [decimal("10.10"), decimal("10.10")]
    );
    fixture.sandbox.set_float(Dialect::Enkash, Money::new(decimal("1"), "INR".parse().unwrap()));
    let (status, body) = fixture.enkash(&token, "/balance", &load).await;
    assert_eq!(status, StatusCode::OK);
    assert!(body.unwrap().contains(
        r#""response_code":1,"response_message":"Insufficient balance in card account""#
    ));
}

#[tokio::test]
async fn enkash_answers_as_it_was_asked_and_blocks_for_good() {
    let fixture = fixture();
    let token = fixture.enkash_token().await;
    let card = fixture.card(Dialect::Enkash, 0);
    let bearer = format!("Bearer {token}");
    let headers = [("authorization", bearer.as_str()), ("partnerId", enkash::PARTNER_ID)];
    let plain = format!(
        r#"{{"companyId":"{}","cardAccountId":"{}"}}"#,
        enkash::COMPANY_ID,
        enkash::CARD_ACCOUNT_ID
    );
    let path = "/api/v0/partner/enKashCard/search";
    let (_, body) = fixture.ask(Dialect::Enkash, "POST", path, &headers, plain.clone()).await;
    assert!(
        body.unwrap().starts_with(r#"{"code":0,"message":"Success","payload":{"recordsCount":16"#)
    );
    let sealed = seal::ecb_seal(enkash::ENCRYPTION_KEY, plain.as_bytes()).unwrap();
    let (_, body) =
        fixture.ask(Dialect::Enkash, "POST", path, &headers, format!("\"{sealed}\"")).await;
    let bare: String = serde_json::from_str(&body.unwrap()).unwrap();
    assert!(seal::ecb_open(enkash::ENCRYPTION_KEY, &bare).is_some());
    let (status, _) = fixture
        .ask(Dialect::Enkash, "POST", path, &headers, r#"{"request":"AAAA"}"#.to_owned())
        .await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    let act = |code: &str| {
        format!(
            r#","enKashCardId":"{card}","blockCode":"{code}","otpMedium":"MOBILE","otpRequired":false"#
        )
    };
    for (code, then) in
        [("L", CardState::Frozen), ("UL", CardState::Active), ("BL", CardState::Closed)]
    {
        assert_eq!(fixture.enkash(&token, "/block", &act(code)).await.0, StatusCode::OK);
        assert_eq!(fixture.sandbox.state(Dialect::Enkash, &card), Some(then));
    }
    assert!(
        fixture
            .enkash(&token, "/block", &act("UL"))
            .await
            .1
            .unwrap()
            .contains(r#""response_code":1"#)
    );
    let other = fixture.card(Dialect::Enkash, 9);
    let pin = format!(r#","enKashCardId":"{other}","pinBlock":"0078","otpRequired":false"#);
    assert_eq!(fixture.enkash(&token, "/setPin", &pin).await.0, StatusCode::OK);
    assert_eq!(fixture.sandbox.pin_of(Dialect::Enkash, &other).as_deref(), Some("0078"));
}

#[tokio::test]
async fn enkash_transactions_are_paged_by_windows() {
    let fixture = Fixture::new(Options { transactions: 300, ..Options::default() });
    let token = fixture.enkash_token().await;
    let (_, body) = fixture.enkash(&token, "/transaction/all", "").await;
    let answer: Value = serde_json::from_str(&body.unwrap()).unwrap();
    let rows = answer["payload"]["data"].as_array().unwrap().len();
    assert!(answer["payload"]["recordsCount"].as_u64().unwrap() > 250 && rows == 100);
    let window =
        r#","txnDateFrom":"2026-03-02T07:00:00.000Z","txnDateTo":"2026-03-02T09:00:00.000Z""#;
    let (_, body) = fixture.enkash(&token, "/transaction/all", window).await;
    let answer: Value = serde_json::from_str(&body.unwrap()).unwrap();
    assert_eq!(
        answer["payload"]["recordsCount"].as_u64().unwrap(),
        answer["payload"]["data"].as_array().unwrap().len() as u64
    );
}

#[tokio::test]
async fn ibanera_wants_a_fresh_code_on_every_call_and_locks_after_five_wrong_logins() {
    let fixture = fixture();
    let token = fixture.ibanera_token().await;
    assert_eq!(fixture.ibanera(&token, "GET", "accounts/balances", "").await.0, StatusCode::OK);
    let bearer = format!("Bearer {token}");
    let stale = fixture.otp();
    fixture.advance(90);
    let headers = [("Authorization", bearer.as_str()), ("otp", stale.as_str())];
    let (status, _) = fixture
        .ask(Dialect::Ibanera, "GET", "/api/v1/customer/accounts/balances", &headers, String::new())
        .await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    for _ in 0..5 {
        assert_eq!(fixture.ibanera_login("wrong", &fixture.otp()).await.0, StatusCode::BAD_REQUEST);
    }
    let (_, body) = fixture.ibanera_login(ibanera::PASSWORD, &fixture.otp()).await;
    assert!(body.unwrap().contains("Account_Locked"));
    fixture.advance(601);
    assert_eq!(fixture.ibanera_login(ibanera::PASSWORD, &fixture.otp()).await.0, StatusCode::OK);
    fixture.advance(3_601);
    assert_eq!(
        fixture.ibanera(&token, "GET", "accounts/balances", "").await.0,
        StatusCode::UNAUTHORIZED
    );
}

#[tokio::test]
async fn an_ibanera_transfer_takes_effect_once_and_echoes_its_reference() {
    let fixture = fixture();
    let token = fixture.ibanera_token().await;
    let card = fixture.card(Dialect::Ibanera, 0);
    let float = fixture.sandbox.float(Dialect::Ibanera, "USD").unwrap().amount();
    let body = Transfer::by_manager(&card, "30", "op 8F2M").json();
    let (status, quote) = fixture.ibanera(&token, "POST", "cards/reviewtransferfunds", &body).await;
    assert_eq!((status, quote["details"]["fee"].to_string()), (StatusCode::OK, "0.5".to_owned()));
    let (status, answer) = fixture.ibanera(&token, "POST", "cards/transferfunds", &body).await;
    assert_eq!((status, answer["details"]["bPending"].as_bool()), (StatusCode::OK, Some(true)));
    assert_eq!(answer["details"]["description"], "Card transfer - op 8F2M");
    let list = format!("cards/transactions?CardsId={card}&PageSize=1&PageNumber=1");
    assert_eq!(fixture.ibanera(&token, "GET", &list, "").await.1["details"][0]["bPending"], true);
    fixture.advance(3);
    let (_, rows) = fixture.ibanera(&token, "GET", &list, "").await;
    assert_eq!(rows["details"][0]["bPending"], false);
    assert_eq!(rows["details"][0]["id"], answer["details"]["ToTransactionId"]);
    assert_eq!(rows["details"][0]["description"], "Card transfer - op 8F2M");
    assert_eq!(fixture.sandbox.credits(Dialect::Ibanera, &card), [decimal("30")]);
    assert_eq!(
        float - fixture.sandbox.float(Dialect::Ibanera, "USD").unwrap().amount(),
        decimal("30.50")
    );
    let (_, cards) =
        fixture.ibanera(&token, "GET", "cards/balances?PageSize=10&PageNumber=2", "").await;
    assert_eq!(
        (cards["numberOfPages"].as_u64(), cards["details"].as_array().unwrap().len()),
        (Some(2), 6)
    );
}

#[tokio::test]
async fn ibanera_switches_cards_and_checks_the_old_pin() {
    let fixture = fixture();
    let token = fixture.ibanera_token().await;
    let card = fixture.card(Dialect::Ibanera, 8);
    let body = format!(r#"{{"cardsId":{card}}}"#);
    let (_, answer) = fixture.ibanera(&token, "POST", "cards/deactivate", &body).await;
    assert_eq!(answer["details"]["card"]["bSuppressed"], true);
    let (_, answer) = fixture.ibanera(&token, "POST", "cards/activate", &body).await;
    assert_eq!(answer["details"]["card"]["bSuppressed"], false);
    let (status, answer) = fixture.ibanera(&token, "POST", "cards/activate", &body).await;
    assert_eq!(
        (status, answer["errors"][0]["messageCode"].as_str()),
        (StatusCode::BAD_REQUEST, Some("Card_Active"))
    );
    let old = fixture.sandbox.pin_of(Dialect::Ibanera, &card).unwrap();
    let change =
        |old: &str| format!(r#"{{"TopUpCardsId":{card},"OldPin":"{old}","NewPin":"5678"}}"#);
    assert_eq!(
        fixture.ibanera(&token, "POST", "cards/changecardpin", &change("0000")).await.0,
        StatusCode::BAD_REQUEST
    );
    assert_eq!(
        fixture.ibanera(&token, "POST", "cards/changecardpin", &change(&old)).await.0,
        StatusCode::OK
    );
    assert_eq!(fixture.sandbox.pin_of(Dialect::Ibanera, &card).as_deref(), Some("5678"));
    assert_eq!(
        fixture.ibanera(&token, "GET", "cards/carddetails?CardId=1", "").await.0,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn a_lost_answer_took_effect_and_a_lost_request_did_not() {
    let fixture = fixture();
    let card = fixture.card(Dialect::Artha, 0);
    let top_up = [("cardId", card.as_str()), ("amount", "50")];
    fixture.sandbox.fault(Dialect::Artha, Fault::LoseRequest, 1);
    assert_eq!(fixture.artha_post("CardTopUp", &top_up).await.1, None);
    fixture.sandbox.fault(Dialect::Artha, Fault::LoseAnswer, 1);
    assert!(
        fixture.artha_post("EstimateCardTopUpFee", &top_up).await.1.is_some(),
        "a read met a fault for writes"
    );
    assert_eq!(fixture.artha_post("CardTopUp", &top_up).await.1, None);
    fixture.advance(3);
    assert_eq!(fixture.sandbox.credits(Dialect::Artha, &card), [decimal("49.50")]);
    assert_eq!(fixture.sandbox.writes(), 1);
}

#[tokio::test]
async fn faults_hit_the_next_requests_and_no_more() {
    let fixture = fixture();
    fixture.sandbox.fault(Dialect::Banana, Fault::Refuse429 { retry_after_seconds: 7 }, 1);
    fixture.sandbox.fault(Dialect::Banana, Fault::Answer500, 1);
    fixture.sandbox.fault(Dialect::Banana, Fault::Html, 1);
    fixture.sandbox.fault(Dialect::Banana, Fault::WrongSignature, 1);
    fixture.sandbox.fault(Dialect::Banana, Fault::HalfJson, 1);
    fixture.sandbox.fault(Dialect::Banana, Fault::Unauthorized, 1);
    let mut seen = Vec::new();
    for _ in 0..7 {
        let (status, body) =
            fixture.banana_raw("/merchant/get_account_balance", "{}", banana::SECRET_KEY).await;
        let body = body.unwrap();
        let signed = serde_json::from_str::<Value>(&body).is_ok_and(|answer| {
            let sealed = answer["encrypted_payload"].as_str().unwrap_or_default();
            seal::hmac_holds(
                banana::SECRET_KEY.as_bytes(),
                sealed,
                answer["hmac"].as_str().unwrap_or_default(),
            )
        });
        seen.push((status.as_u16(), body.starts_with('<'), signed));
    }
    assert_eq!(
        seen,
        [
            (429, false, false),
            (500, false, false),
            (200, true, false),
            (200, false, false),
            (200, false, false),
            (400, false, false),
            (200, false, true)
        ]
    );
    assert_eq!(fixture.sandbox.requests(Dialect::Banana), 7);
}

#[tokio::test]
async fn every_second_top_up_loses_its_answer_in_the_scenario_and_still_pays() {
    let fixture =
        Fixture::new(Options { scenarios: vec![Scenario::UnknownTopup], ..Options::default() });
    let card = fixture.card(Dialect::Artha, 0);
    let top_up = [("cardId", card.as_str()), ("amount", "50")];
    assert!(fixture.artha_post("CardTopUp", &top_up).await.1.is_some());
    assert!(fixture.artha_post("CardTopUp", &top_up).await.1.is_none());
    fixture.advance(3);
    assert_eq!(
        fixture.sandbox.credits(Dialect::Artha, &card).len(),
        1,
        "the second takes its time, so that its doubt can be seen"
    );
    fixture.advance(30);
    assert_eq!(fixture.sandbox.credits(Dialect::Artha, &card).len(), 2);
}

#[tokio::test]
async fn the_outage_comes_after_a_minute_and_goes_again() {
    let fixture = Fixture::new(Options { scenarios: vec![Scenario::Outage], ..Options::default() });
    let token = fixture.enkash_token().await;
    let mut seen = Vec::new();
    for _ in 0..8 {
        seen.push(fixture.enkash_login(enkash::PASSWORD).await.0 == StatusCode::OK);
        fixture.advance(60);
    }
    assert_eq!(seen, [true, false, false, true, true, true, false, false]);
    assert_eq!(token.len(), 36);
}

#[tokio::test]
async fn the_same_seed_and_clock_give_the_same_answers() {
    let answers = async |seed| {
        let fixture = Fixture::new(Options { seed, busy: true, ..Options::default() });
        let mut all = Vec::new();
        for _ in 0..5 {
            fixture.advance(30);
            all.push(
                fixture
                    .banana_raw("/card/get_transactions", r#"{"limit":50}"#, banana::SECRET_KEY)
                    .await,
            );
            all.push(fixture.artha_post("Card/AllTransactions", &[]).await);
        }
        all
    };
    assert_eq!(answers(5).await, answers(5).await);
    assert_ne!(answers(5).await, answers(6).await);
}

#[tokio::test]
async fn the_written_configuration_keeps_its_secrets_apart() {
    let fixture = fixture();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sandbox.toml");
    let serving = fixture.sandbox.serve(None).await.unwrap();
    fixture.sandbox.write_config(&|dialect| serving.base(dialect), &path).unwrap();
    let written = std::fs::read_to_string(&path).unwrap();
    let table: toml::Table = written.parse().unwrap();
    assert_eq!(table["providers"].as_table().unwrap().len(), 4);
    for secret in
        [artha::TOKEN, banana::SECRET_KEY, enkash::PASSWORD, ibanera::SHARED_SECRET, "PRIVATE KEY"]
    {
        assert!(!written.contains(secret));
    }
    let key = std::fs::read_to_string(folder.path().join("sandbox.secrets/artha-key.pem")).unwrap();
    assert_eq!(key, artha::TEST_PRIVATE_KEY);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = |name: &str| {
            std::fs::metadata(folder.path().join(name)).unwrap().permissions().mode() & 0o777
        };
        assert_eq!((mode("sandbox.secrets"), mode("sandbox.secrets/artha-token")), (0o700, 0o600));
    }
    let roster = std::fs::read_to_string(folder.path().join("sandbox.banana-cards.csv")).unwrap();
    assert!(
        roster.starts_with(
            "id,user_id,holder,last4,currency,kind,label\n67890,12345,Aiko Tanaka,7731,JPY,"
        ),
        "{roster}"
    );
    assert_eq!(roster.lines().count(), 17);
    serving.stop().await;
}

#[tokio::test]
async fn the_servers_listen_on_loopback_until_they_are_stopped() {
    let fixture = fixture();
    let serving = fixture.sandbox.serve(None).await.unwrap();
    let address = serving.addr(Dialect::Artha);
    assert!(address.ip().is_loopback());
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let url = format!("http://{address}/");
    assert!(client.get(&url).send().await.is_ok());
    serving.stop().await;
    let kept_open = match client.get(&url).send().await {
        Ok(answer) => answer.text().await,
        Err(refused) => Err(refused),
    };
    assert!(kept_open.is_err(), "a stopped server answered");
    assert!(tokio::net::TcpListener::bind(address).await.is_ok(), "the port is still taken");
}

#[tokio::test]
async fn over_a_socket_a_lost_answer_is_a_broken_connection() {
    let fixture = fixture();
    let serving = fixture.sandbox.serve(None).await.unwrap();
    let url = format!("{}/api/v1/CardTopUp", serving.base(Dialect::Artha));
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    fixture.sandbox.fault(Dialect::Artha, Fault::LoseRequest, 1);
    let read = match client.post(&url).send().await {
        Ok(answer) => answer.text().await,
        Err(broken) => Err(broken),
    };
    assert!(read.is_err());
    assert_eq!(client.post(&url).send().await.unwrap().status().as_u16(), 401);
    assert_eq!((fixture.sandbox.requests(Dialect::Artha), fixture.sandbox.writes()), (2, 0));
}

#[tokio::test]
async fn the_books_balance_after_a_busy_hour() {
    let fixture = Fixture::new(Options { busy: true, ..Options::default() });
    for _ in 0..60 {
        fixture.advance(60);
        for dialect in Dialect::ALL {
            assert_eq!(fixture.sandbox.discrepancies(dialect), Vec::<String>::new());
        }
    }
}
