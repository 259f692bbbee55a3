//! A client of artha's wire, and what only that wire does.

use async_trait::async_trait;

use super::fixture::{Answer, Page, RowNames, WireClient};
use super::*;
use crate::sandbox::call::Signing;
use crate::sandbox::dialect::artha::{TOKEN, sign};

pub(super) struct Client;

#[async_trait]
impl WireClient for Client {
    async fn rows(&self, fixture: &Fixture, card: &str) -> Vec<Value> {
        let (_, body) = fixture.artha_post("Card/Transactions", &[("cardId", card)]).await;
        serde_json::from_str(&body.unwrap()).unwrap()
    }

    async fn page(&self, fixture: &Fixture, _: &str, number: usize, size: usize) -> Page {
        let (page, size) = (number.to_string(), size.to_string());
        let fields = [("page", page.as_str()), ("size", size.as_str())];
        let (_, body) = fixture.artha_post("Card/AllTransactions", &fields).await;
        Page { rows: serde_json::from_str(&body.unwrap()).unwrap(), total: None }
    }

    async fn top_up(&self, fixture: &Fixture, card: &str) {
        fixture.artha_post("CardTopUp", &[("cardId", card), ("amount", "5000")]).await;
        fixture.advance(3);
    }

    async fn figures(&self, fixture: &Fixture, card: &str) -> (StatusCode, String) {
        let path = format!("CardBalance/{card}");
        let (status, body) = fixture.artha_with("GET", &path, "", &[], Signing::Right).await;
        (status, body.unwrap())
    }

    fn names(&self) -> RowNames {
        RowNames {
            id: "transactionId",
            card: "cardId",
            time: "date",
            amount: "amount",
            currency: "currency",
            state: "status",
            kind: "type",
            reference: "taskId",
        }
    }
}

impl Fixture {
    /// `signed` are the fields of the body, sorted in among the headers as a client must.
    pub(super) async fn artha_with(
        &self,
        method: &str,
        path: &str,
        body: &str,
        signed: &[(&str, &str)],
        signing: Signing,
    ) -> Answer {
        let nonce = self.nonce.fetch_add(1, Ordering::SeqCst).to_string();
        let timestamp = self.now().as_second().to_string();
        let mut pairs: Vec<String> =
            signed.iter().map(|(name, value)| format!("{name}={value}")).collect();
        pairs.extend([
            format!("customerToken={}", TOKEN),
            format!("nonce={nonce}"),
            format!("timestamp={timestamp}"),
        ]);
        pairs.sort();
        let text = match signing {
            Signing::Right => pairs.join("&"),
            Signing::Wrong => "something else".to_owned(),
        };
        let signature = sign(&text);
        let bearer = format!("Bearer {}", TOKEN);
        let headers = [
            ("Authorization", bearer.as_str()),
            ("timestamp", &timestamp),
            ("nonce", &nonce),
            ("customerToken", TOKEN),
            ("signature", &signature),
        ];
        self.ask(Dialect::Artha, method, &format!("/api/v1/{path}"), &headers, body.to_owned())
            .await
    }

    pub(super) async fn artha_get(&self, path: &str) -> Value {
        let (status, body) = self.artha_with("GET", path, "", &[], Signing::Right).await;
        assert_eq!(status, StatusCode::OK, "{path}: {body:?}");
        serde_json::from_str(&body.unwrap()).unwrap()
    }

    pub(super) async fn artha_post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let body = format!(
            "{{{}}}",
            fields
                .iter()
                .map(|(name, value)| format!("{name:?}:{value:?}"))
                .collect::<Vec<_>>()
                .join(",")
        );
        self.artha_with("POST", path, &body, fields, Signing::Right).await
    }
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
