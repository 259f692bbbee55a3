//! A client of ibanera's wire, and what only that wire does.

use async_trait::async_trait;

use super::fixture::{Answer, Page, RowNames, WireClient};
use super::*;
use crate::sandbox::dialect::ibanera::{PASSWORD, SHARED_SECRET, USERNAME};

pub(super) struct Client;

#[async_trait]
impl WireClient for Client {
    async fn rows(&self, fixture: &Fixture, card: &str) -> Vec<Value> {
        self.page(fixture, card, 1, 100).await.rows
    }

    async fn page(&self, fixture: &Fixture, card: &str, number: usize, size: usize) -> Page {
        let token = fixture.ibanera_token().await;
        let path = format!("cards/transactions?CardsId={card}&PageSize={size}&PageNumber={number}");
        let (_, answer) = fixture.ibanera(&token, "GET", &path, "").await;
        Page {
            rows: answer["details"].as_array().unwrap().clone(),
            total: answer["numberOfPages"].as_u64(),
        }
    }

    async fn top_up(&self, fixture: &Fixture, card: &str) {
        let token = fixture.ibanera_token().await;
        let body = Transfer::by_manager(card, "5000", "op 1").json();
        fixture.ibanera(&token, "POST", "cards/transferfunds", &body).await;
        fixture.advance(3);
    }

    async fn figures(&self, fixture: &Fixture, card: &str) -> (StatusCode, String) {
        let token = fixture.ibanera_token().await;
        let (bearer, otp) = (format!("Bearer {token}"), fixture.otp());
        let headers = [("Authorization", bearer.as_str()), ("otp", otp.as_str())];
        let path = format!("/api/v1/customer/cards/carddetails?CardId={card}");
        let (status, body) =
            fixture.ask(Dialect::Ibanera, "GET", &path, &headers, String::new()).await;
        (status, body.unwrap())
    }

    /// It has no word for how far a row got: the pending flag says it.
    fn names(&self) -> RowNames {
        RowNames {
            id: "id",
            card: "cardsId",
            time: "dateTime",
            amount: "amount",
            currency: "currency",
            state: "bPending",
            kind: "bPending",
            reference: "description",
        }
    }
}

impl Fixture {
    pub(super) fn otp(&self) -> String {
        crypto::totp(SHARED_SECRET, self.now().as_second()).unwrap()
    }

    pub(super) async fn ibanera_login(&self, password: &str, otp: &str) -> Answer {
        let body =
            format!(r#"{{"username":"{}","password":"{password}","otp":"{otp}"}}"#, USERNAME);
        self.ask(Dialect::Ibanera, "POST", "/api/v1/public/auth/login", &[], body).await
    }

    pub(super) async fn ibanera_token(&self) -> String {
        let (status, body) = self.ibanera_login(PASSWORD, &self.otp()).await;
        assert_eq!(status, StatusCode::OK, "{body:?}");
        let answer: Value = serde_json::from_str(&body.unwrap()).unwrap();
        answer["details"]["accessToken"].as_str().unwrap().to_owned()
    }

    pub(super) async fn ibanera(
        &self,
        token: &str,
        method: &str,
        path: &str,
        body: &str,
    ) -> (StatusCode, Value) {
        let (bearer, otp) = (format!("Bearer {token}"), self.otp());
        let headers = [("Authorization", bearer.as_str()), ("otp", otp.as_str())];
        let path = format!("/api/v1/customer/{path}");
        let (status, body) =
            self.ask(Dialect::Ibanera, method, &path, &headers, body.to_owned()).await;
        let body = body.unwrap();
        (status, if body.is_empty() { Value::Null } else { serde_json::from_str(&body).unwrap() })
    }
}

/// A transfer onto a card at ibanera (2.13).
#[derive(Clone, Copy)]
pub(super) struct Transfer<'a> {
    pub(super) card: &'a str,
    pub(super) amount: &'a str,
    pub(super) reference: &'a str,
    pub(super) customer: &'a str,
    pub(super) account: &'a str,
    pub(super) currency: &'a str,
}

impl<'a> Transfer<'a> {
    /// Paid from the manager's account.
    pub(super) const fn by_manager(card: &'a str, amount: &'a str, reference: &'a str) -> Self {
        Self { card, amount, reference, customer: "14380", account: "8204", currency: "USD" }
    }

    pub(super) fn json(&self) -> String {
        let Self { card, amount, reference, customer, account, currency } = self;
        [
            format!(r#"{{"amount":{amount},"reference":"{reference}","#),
            format!(r#""transferTypes":"TopUpCard","currencyType":"{currency}","#),
            format!(r#""DestinationCardId":{card},"CustomersId":"{customer}","#),
            format!(r#""CustomerAssetAccountId":{account}}}"#),
        ]
        .concat()
    }
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
    let (_, body) = fixture.ibanera_login(PASSWORD, &fixture.otp()).await;
    assert!(body.unwrap().contains("Account_Locked"));
    fixture.advance(601);
    assert_eq!(fixture.ibanera_login(PASSWORD, &fixture.otp()).await.0, StatusCode::OK);
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
