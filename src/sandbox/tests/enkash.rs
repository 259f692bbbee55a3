//! A client of enkash's wire, and what only that wire does.

use async_trait::async_trait;
use data_encoding::BASE64;

use super::fixture::{Answer, Page, RowNames, WireClient};
use super::*;
use crate::sandbox::dialect::enkash::{
    CARD_ACCOUNT_ID, CLIENT_ID, CLIENT_SECRET, COMPANY_ID, ENCRYPTION_KEY, PARTNER_ID, PASSWORD,
    USERNAME,
};

pub(super) struct Client;

#[async_trait]
impl WireClient for Client {
    async fn rows(&self, fixture: &Fixture, card: &str) -> Vec<Value> {
        let token = fixture.enkash_token().await;
        let filter = format!(r#","enKashCardId":"{card}""#);
        let (_, body) = fixture.enkash(&token, "/transaction/all", &filter).await;
        let answer: Value = serde_json::from_str(&body.unwrap()).unwrap();
        answer["payload"]["data"].as_array().unwrap().clone()
    }

    /// Its lists have no pages.
    async fn page(&self, fixture: &Fixture, _: &str, _: usize, _: usize) -> Page {
        let token = fixture.enkash_token().await;
        let (_, body) = fixture.enkash(&token, "/transaction/all", "").await;
        let answer: Value = serde_json::from_str(&body.unwrap()).unwrap();
        Page {
            rows: answer["payload"]["data"].as_array().unwrap().clone(),
            total: answer["payload"]["recordsCount"].as_u64(),
        }
    }

    async fn top_up(&self, fixture: &Fixture, card: &str) {
        let token = fixture.enkash_token().await;
        fixture.enkash(&token, "/balance", &load(card, "5000", "Ref1")).await;
        fixture.advance(3);
    }

    async fn figures(&self, fixture: &Fixture, card: &str) -> (StatusCode, String) {
        let token = fixture.enkash_token().await;
        let account = format!(r#""companyId":"{COMPANY_ID}","cardAccountId":"{CARD_ACCOUNT_ID}""#);
        let plain = format!(r#"{{{account},"enKashCardId":"{card}"}}"#);
        let bearer = format!("Bearer {token}");
        let headers = [("authorization", bearer.as_str()), ("partnerId", PARTNER_ID)];
        let path = "/api/v0/partner/enKashCard/search";
        let (status, body) = fixture.ask(Dialect::Enkash, "POST", path, &headers, plain).await;
        (status, body.unwrap())
    }

    fn names(&self) -> RowNames {
        RowNames {
            id: "enKashCardTransactionId",
            card: "enKashCardId",
            time: "txnDate",
            amount: "principalAmount",
            currency: "currency",
            state: "status",
            kind: "type",
            reference: "pgReferenceNumber",
        }
    }
}

impl Fixture {
    pub(super) async fn enkash_login(&self, password: &str) -> Answer {
        let basic = format!(
            "Basic {}",
            BASE64.encode(format!("{}:{}", CLIENT_ID, CLIENT_SECRET).as_bytes())
        );
        let form = format!(
            "username={}&password={password}&grant_type=password&clientId={}",
            USERNAME, COMPANY_ID
        );
        let headers = [
            ("Authorization", basic.as_str()),
            ("Content-Type", "application/x-www-form-urlencoded"),
        ];
        self.ask(Dialect::Enkash, "POST", "/oauth/token", &headers, form).await
    }

    pub(super) async fn enkash_token(&self) -> String {
        let (_, body) = self.enkash_login(PASSWORD).await;
        let answer: Value = serde_json::from_str(&body.unwrap()).unwrap();
        answer["access_token"].as_str().unwrap().to_owned()
    }

    pub(super) async fn enkash(&self, token: &str, path: &str, fields: &str) -> Answer {
        let plain = format!(
            r#"{{"companyId":"{}","cardAccountId":"{}"{fields}}}"#,
            COMPANY_ID, CARD_ACCOUNT_ID
        );
        let sealed = crypto::ecb_encrypt(ENCRYPTION_KEY, plain.as_bytes()).unwrap();
        let bearer = format!("Bearer {token}");
        let headers = [("authorization", bearer.as_str()), ("partnerId", PARTNER_ID)];
        let path = format!("/api/v0/partner/enKashCard{path}");
        let (status, body) = self
            .ask(Dialect::Enkash, "POST", &path, &headers, format!(r#"{{"request":"{sealed}"}}"#))
            .await;
        let opened = body.map(|body| {
            let envelope: Value = serde_json::from_str(&body).unwrap();
            match envelope["request"].as_str() {
                Some(sealed) => {
                    String::from_utf8(crypto::ecb_decrypt(ENCRYPTION_KEY, sealed).unwrap()).unwrap()
                }
                None => body,
            }
        });
        (status, opened)
    }
}

/// The fields of an load (2.4), behind those that every call has.
fn load(card: &str, amount: &str, reference: &str) -> String {
    [
        format!(r#","amount":{amount},"transactionType":"CR","type":"ALLOCATE_FUND""#),
        r#","transactionCode":"ALLOCATION""#.to_owned(),
        format!(r#","uniqueReferenceNumber":"{reference}","enKashCardId":"{card}""#),
    ]
    .concat()
}

#[tokio::test]
async fn enkash_locks_the_account_after_three_wrong_passwords() {
    let fixture = fixture();
    for _ in 0..3 {
        assert_eq!(fixture.enkash_login("wrong").await.0, StatusCode::BAD_REQUEST);
    }
    let (status, body) = fixture.enkash_login(PASSWORD).await;
    assert_eq!((status, body.unwrap().contains("locked")), (StatusCode::BAD_REQUEST, true));
    fixture.advance(601);
    assert_eq!(fixture.enkash_login(PASSWORD).await.0, StatusCode::OK);
    assert_eq!(fixture.enkash("stolen", "/search", "").await.0, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn an_enkash_load_that_is_sent_twice_pays_twice_and_is_found_by_its_reference() {
    let fixture = fixture();
    let token = fixture.enkash_token().await;
    let card = fixture.card(Dialect::Enkash, 0);
    let load = load(&card, "10.10", "Ref123");
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
    let headers = [("authorization", bearer.as_str()), ("partnerId", PARTNER_ID)];
    let plain =
        format!(r#"{{"companyId":"{}","cardAccountId":"{}"}}"#, COMPANY_ID, CARD_ACCOUNT_ID);
    let path = "/api/v0/partner/enKashCard/search";
    let (_, body) = fixture.ask(Dialect::Enkash, "POST", path, &headers, plain.clone()).await;
    assert!(
        body.unwrap().starts_with(r#"{"code":0,"message":"Success","payload":{"recordsCount":16"#)
    );
    let sealed = crypto::ecb_encrypt(ENCRYPTION_KEY, plain.as_bytes()).unwrap();
    let (_, body) =
        fixture.ask(Dialect::Enkash, "POST", path, &headers, format!("\"{sealed}\"")).await;
    let bare: String = serde_json::from_str(&body.unwrap()).unwrap();
    assert!(crypto::ecb_decrypt(ENCRYPTION_KEY, &bare).is_some());
    let (status, _) = fixture
        .ask(Dialect::Enkash, "POST", path, &headers, r#"{"request":"AAAA"}"#.to_owned())
        .await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    let act = |code: &str| {
        let no_otp = r#""otpMedium":"MOBILE","otpRequired":false"#;
        format!(r#","enKashCardId":"{card}","blockCode":"{code}",{no_otp}"#)
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
