//! A client of banana's wire, and what only that wire does.

use async_trait::async_trait;

use super::fixture::{Answer, Page, RowNames, WireClient};
use super::*;
use crate::sandbox::dialect::banana::{MERCHANT_ID, SECRET_KEY};

pub(super) struct Client;

#[async_trait]
impl WireClient for Client {
    async fn rows(&self, fixture: &Fixture, card: &str) -> Vec<Value> {
        let ask = format!(r#"{{"card_id":{card},"limit":200}}"#);
        let (_, body) = fixture.banana("/card/get_transactions", &ask).await;
        let answer: Value = serde_json::from_str(&body).unwrap();
        answer["data"].as_array().unwrap().clone()
    }

    async fn page(&self, fixture: &Fixture, _: &str, number: usize, size: usize) -> Page {
        let ask = format!(r#"{{"skip":{},"limit":{size}}}"#, (number - 1) * size);
        let (_, body) = fixture.banana("/card/get_transactions", &ask).await;
        let answer: Value = serde_json::from_str(&body).unwrap();
        Page { rows: answer["data"].as_array().unwrap().clone(), total: answer["total"].as_u64() }
    }

    async fn top_up(&self, fixture: &Fixture, card: &str) {
        let ask = format!(r#"{{"user_id":12345,"card_id":{card},"amount":5000}}"#);
        fixture.banana("/card/recharge", &ask).await;
        fixture.advance(3);
    }

    async fn figures(&self, fixture: &Fixture, card: &str) -> (StatusCode, String) {
        let user = {
            let endpoint = fixture.sandbox.endpoint(Dialect::Banana);
            endpoint.bank.card(card).unwrap().holder_id.clone()
        };
        let ask = format!(r#"{{"user_id":{user},"card_id":{card}}}"#);
        let (status, body) = fixture.banana_raw("/card/get_balance", &ask, SECRET_KEY).await;
        let body = body.unwrap();
        let sealed = serde_json::from_str::<Value>(&body)
            .ok()
            .and_then(|body| Some(body["encrypted_payload"].as_str()?.to_owned()));
        let opened =
            sealed.map(|sealed| crypto::cbc_decrypt(SECRET_KEY.as_bytes(), &sealed).unwrap());
        (status, opened.map_or(body, |bytes| String::from_utf8(bytes).unwrap()))
    }

    fn names(&self) -> RowNames {
        RowNames {
            id: "id",
            card: "card_id",
            time: "created_at",
            amount: "amount",
            currency: "currency",
            state: "status",
            kind: "type",
            reference: "reference",
        }
    }
}

impl Fixture {
    pub(super) async fn banana_raw(&self, path: &str, plain: &str, key: &str) -> Answer {
        let sealed = crypto::cbc_encrypt(SECRET_KEY.as_bytes(), [7; 16], plain.as_bytes()).unwrap();
        let hmac = crypto::hmac_hex(key.as_bytes(), &sealed);
        let headers = [
            ("Merchant-ID", MERCHANT_ID),
            ("X-HMAC", hmac.as_str()),
            ("Content-Type", "application/json"),
        ];
        self.ask(
            Dialect::Banana,
            "POST",
            path,
            &headers,
            format!(r#"{{"encrypted_payload":"{sealed}"}}"#),
        )
        .await
    }

    pub(super) async fn banana(&self, path: &str, plain: &str) -> (StatusCode, String) {
        let (status, body) = self.banana_raw(path, plain, SECRET_KEY).await;
        let envelope: Value = serde_json::from_str(&body.unwrap()).unwrap();
        let sealed = envelope["encrypted_payload"].as_str().unwrap();
        assert!(crypto::hmac_is_valid(
            SECRET_KEY.as_bytes(),
            sealed,
            envelope["hmac"].as_str().unwrap()
        ));
        (
            status,
            String::from_utf8(crypto::cbc_decrypt(SECRET_KEY.as_bytes(), sealed).unwrap()).unwrap(),
        )
    }
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
