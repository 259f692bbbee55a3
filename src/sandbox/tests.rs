//! The servers, asked as a client asks them: what holds for all of them. What one wire does alone
//! is in the file with its client.

use std::sync::atomic::Ordering;

use axum::body::Body as HttpBody;
use http::StatusCode;
use http_body_util::BodyExt as _;
use jiff::SignedDuration;
use serde_json::Value;
use tower::ServiceExt as _;

use self::fixture::{Fixture, client};
use super::*;

mod accounts;
mod artha;
mod banana;
mod enkash;
mod fixture;
mod foreign;
mod ibanera;
mod troubles;
mod webhooks;

fn fixture() -> Fixture {
    Fixture::new(Options::default())
}

fn decimal(text: &str) -> Decimal {
    text.parse().unwrap()
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
        let (status, body) = fixture
            .banana_raw("/merchant/get_account_balance", "{}", dialect::banana::SECRET_KEY)
            .await;
        let body = body.unwrap();
        let signed = serde_json::from_str::<Value>(&body).is_ok_and(|answer| {
            let sealed = answer["encrypted_payload"].as_str().unwrap_or_default();
            crypto::hmac_is_valid(
                dialect::banana::SECRET_KEY.as_bytes(),
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
async fn the_first_top_up_of_the_scenario_has_no_answer_and_pays_when_its_doubt_was_seen() {
    let fixture =
        Fixture::new(Options { scenarios: vec![Scenario::UnknownTopup], ..Options::default() });
    let card = fixture.card(Dialect::Artha, 0);
    let top_up = [("cardId", card.as_str()), ("amount", "50")];
    let listed = || fixture.sandbox.listed_rows(Dialect::Artha, Some(&card)).len();
    let before = listed();
    assert!(fixture.artha_post("CardTopUp", &top_up).await.1.is_none());
    assert!(fixture.artha_post("CardTopUp", &top_up).await.1.is_some());
    fixture.advance(85);
    assert_eq!(listed(), before + 1, "no list tells that the first is on its way");
    assert_eq!(
        fixture.sandbox.credits(Dialect::Artha, &card).len(),
        1,
        "the first takes its time, so that its doubt can be seen"
    );
    fixture.advance(10);
    assert_eq!(fixture.sandbox.credits(Dialect::Artha, &card).len(), 2);
    assert_eq!(listed(), before + 2);
}

#[tokio::test]
async fn the_outage_comes_after_ten_seconds_and_goes_again() {
    let fixture = Fixture::new(Options { scenarios: vec![Scenario::Outage], ..Options::default() });
    let token = fixture.enkash_token().await;
    let mut seen = Vec::new();
    for seconds in [9, 2, 88, 2, 198, 10] {
        seen.push(fixture.enkash_login(dialect::enkash::PASSWORD).await.0 == StatusCode::OK);
        fixture.advance(seconds);
    }
    seen.push(fixture.enkash_login(dialect::enkash::PASSWORD).await.0 == StatusCode::OK);
    assert_eq!(seen, [true, true, false, false, true, true, true], "at 0, 9, 11, 99, 101, 299 s");
    fixture.advance(2);
    assert_ne!(fixture.enkash_login(dialect::enkash::PASSWORD).await.0, StatusCode::OK, "311 s");
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
                    .banana_raw(
                        "/card/get_transactions",
                        r#"{"limit":50}"#,
                        dialect::banana::SECRET_KEY,
                    )
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
    for secret in [
        dialect::artha::TOKEN,
        dialect::banana::SECRET_KEY,
        dialect::enkash::PASSWORD,
        dialect::ibanera::SHARED_SECRET,
        "PRIVATE KEY",
    ] {
        assert!(!written.contains(secret));
    }
    let key = std::fs::read_to_string(folder.path().join("sandbox.secrets/artha-key.pem")).unwrap();
    assert_eq!(key, dialect::artha::TEST_PRIVATE_KEY);
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
