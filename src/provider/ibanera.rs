//! Requests of Ibanera: a login, then a bearer token and a fresh one-time password with every call, and an envelope with a status.
//!
//! A transfer carries our reference, which comes back at the end of the transaction's description.

mod wire;

use async_trait::async_trait;
use bytes::Bytes;
use http::{Method, Request};
use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret, SecretBox, SecretString};
use serde_json::Value;
use tokio::sync::Mutex;

use super::crypto::totp;
use super::http::{Answer, Does, Http};
use super::{Claimed, Cursor, Error, Kind, Page, Provider, Quote, Receipt, Result, Seen, Window, listing};
use crate::config::{self, ProviderConfig, SecretEncoding};
use crate::domain::card::Card;
use crate::domain::money::Money;
use crate::domain::operation::{Action, Capabilities, Class, Deed, Offer, Operation, OperationId, PinRule, Proof};
use crate::domain::transaction::Transaction;

/// Rows asked for at once; the largest size is not documented.
const PAGE: usize = 50;

/// A token is renewed this long before it ends.
const EARLY: SignedDuration = SignedDuration::from_secs(60);

/// Too many refused logins lock the account for ten minutes (1.2): no login is tried by itself within them.
const LOCKED_FOR: SignedDuration = SignedDuration::from_mins(10);

/// The adapter of an Ibanera account.
pub struct Ibanera {
    http: Http,
    base: String,
    username: SecretString,
    password: SecretString,
    secret: SecretBox<Vec<u8>>,
    asset_account: Option<String>,
    deactivate: String,
    token: Mutex<Option<Token>>,
    /// The account that pays, once it was found.
    payer: tokio::sync::OnceCell<String>,
}

enum Token {
    Held { bearer: SecretString, until: Timestamp },
    Refused { error: Error, until: Timestamp },
}

impl Ibanera {
    /// The adapter of an account.
    ///
    /// # Errors
    /// A sentence, when a secret cannot be had or is not what its encoding says.
    pub fn new(config: &ProviderConfig, account: &config::Ibanera, http: Http) -> std::result::Result<Self, String> {
        let read = |name: &str, source: &config::secret::Source| {
            source.read().map_err(|error| format!("{}: {name}: {error}", config.name))
        };
        let shared = read("shared_secret", &account.shared_secret)?;
        let secret = secret_bytes(shared.expose_secret(), account.secret_encoding).ok_or_else(|| {
            format!("{}: shared_secret is not base32: check it, or set secret_encoding = \"ascii\"", config.name)
        })?;
        Ok(Self {
            http,
            base: config.base_url.clone(),
            username: read("username", &account.username)?,
            password: read("password", &account.password)?,
            secret: SecretBox::new(Box::new(secret)),
            asset_account: account.asset_account_id.clone(),
            deactivate: account.deactivate_path.clone(),
            token: Mutex::new(None),
            payer: tokio::sync::OnceCell::new(),
        })
    }

    fn one_time(&self) -> String {
        let second = u64::try_from(self.http.clock().now().as_second()).unwrap_or(0);
        totp(self.secret.expose_secret(), second)
    }

    /// A bearer token; whoever comes while another logs in waits for that one.
    async fn bearer(&self) -> Result<SecretString> {
        let mut token = self.token.lock().await;
        let now = self.http.clock().now();
        match &*token {
            Some(Token::Held { bearer, until }) if *until > now => return Ok(bearer.clone()),
            Some(Token::Refused { error, until }) if *until > now => return Err(error.clone()),
            Some(Token::Held { .. } | Token::Refused { .. }) | None => {}
        }
        match self.log_in().await {
            Ok((bearer, until)) => {
                *token = Some(Token::Held { bearer: bearer.clone(), until });
                Ok(bearer)
            }
            Err(error) => {
                *token = None;
                if error.kind == Kind::Auth {
                    let until = now.saturating_add(LOCKED_FOR).unwrap_or(Timestamp::MAX);
                    *token = Some(Token::Refused { error: error.clone(), until });
                }
                Err(error)
            }
        }
    }

    /// Logs in (1.2). A refusal is never repeated by itself: it counts towards the lock.
    async fn log_in(&self) -> Result<(SecretString, Timestamp)> {
        let body = serde_json::json!({
            "username": self.username.expose_secret(),
            "password": self.password.expose_secret(),
            "otp": self.one_time(),
        });
        let request = Request::post(format!("{}/api/v1/public/auth/login", self.base))
            .header(http::header::CONTENT_TYPE, "application/json")
            .body(Bytes::from(body.to_string()))
            .map_err(|error| self.unmade(&error))?;
        let answer = self.http.send(Does::Read, request).await?;
        let (bearer, seconds) = wire::token(&answer)?;
        let life = SignedDuration::from_secs(seconds).checked_sub(EARLY).filter(SignedDuration::is_positive);
        Ok((bearer, answer.at.saturating_add(life.unwrap_or(SignedDuration::from_secs(1))).unwrap_or(answer.at)))
    }

    fn unmade(&self, error: &http::Error) -> Error {
        Error::new(self.http.provider(), Kind::Refused, &format!("the request could not be made: {error}"))
    }

    async fn get(&self, path: &str) -> Result<wire::Envelope> {
        self.call(Does::Read, Method::GET, path, None, None).await
    }

    async fn post(&self, does: Does, path: &str, body: &str) -> Result<wire::Envelope> {
        self.call(does, Method::POST, path, Some(body), None).await
    }

    /// Sends one call. After a 401 the token is renewed and the call made once more: without authentication it was not executed (1.4).
    async fn call(
        &self,
        does: Does,
        method: Method,
        path: &str,
        body: Option<&str>,
        key: Option<&str>,
    ) -> Result<wire::Envelope> {
        let first = self.once(does, &method, path, body, key).await?;
        let answer = if first.status == 401 {
            *self.token.lock().await = None;
            self.once(does, &method, path, body, key).await?
        } else {
            first
        };
        wire::envelope(answer)
    }

    async fn once(&self, does: Does, method: &Method, path: &str, body: Option<&str>, key: Option<&str>) -> Result<Answer> {
        let bearer = self.bearer().await?;
        let sensitive = |text: &str| super::sensitive(text).map_err(|error| self.unmade(&error));
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.base))
            .header(http::header::AUTHORIZATION, sensitive(&format!("Bearer {}", bearer.expose_secret()))?)
            .header("otp", sensitive(&self.one_time())?)
            .header(http::header::ACCEPT, "*/*")
            .header(http::header::CONTENT_TYPE, "application/json");
        if let Some(key) = key {
            request = request.header("IdempotencyKey", key);
        }
        let bytes = body.map_or_else(Bytes::new, |body| Bytes::from(body.to_owned()));
        let request = request.body(bytes).map_err(|error| self.unmade(&error))?;
        self.http.send(does, request).await
    }

    /// The account that pays for top-ups: configured, or the only one in US dollars (2.15).
    async fn payer(&self) -> Result<&str> {
        if let Some(configured) = &self.asset_account {
            return Ok(configured);
        }
        let find = || async {
            let accounts = self.get("/api/v1/customer/accounts/balances").await?;
            wire::payer(self.http.provider(), &accounts)
        };
        self.payer.get_or_try_init(find).await.map(String::as_str)
    }

    /// The body of a quote and of a transfer (2.13). The amount is a JSON number made of its own digits.
    async fn transfer(&self, card: &Card, amount: Money, reference: &str) -> Result<String> {
        let refused = |words: &str| Error::new(self.http.provider(), Kind::Refused, words);
        if amount.currency().code() != "USD" {
            return Err(refused("ibanera tops cards up in USD only; nothing was sent"));
        }
        let Some(owner) = &card.owner else {
            return Err(refused("the card's customer is not known yet: wait for the card list; nothing was sent"));
        };
        let reference = Value::from(reference);
        let (card, owner, payer) = (number(&card.key.id), Value::from(&**owner), number(self.payer().await?));
        Ok(format!(
            "{{\"amount\":{},\"reference\":{reference},\"transferTypes\":\"TopUpCard\",\"currencyType\":\"USD\",\"DestinationCardId\":{card},\
             \"CustomersId\":{owner},\"CustomerAssetAccountId\":{payer}}}",
            amount.digits()
        ))
    }

    /// Activates or deactivates a card (2.6, 2.7); the answer may show the effect itself.
    async fn switch(&self, path: &str, card: &Card, wanted: Deed) -> Result<Receipt> {
        let body = format!("{{\"cardsId\":{}}}", number(&card.key.id));
        match self.post(Does::Write, path, &body).await {
            Ok(envelope) => Ok(wire::switched(&envelope, wanted)),
            Err(error) if wire::is_already(&error, wanted) => {
                Ok(Receipt::Done { reference: None, proof: "it already was: the provider says so".to_owned() })
            }
            Err(error) => Err(error),
        }
    }
}

#[async_trait]
impl Provider for Ibanera {
    fn can(&self) -> Capabilities {
        Capabilities {
            list_cards: Offer::Yes,
            list_all_transactions: Offer::No("ibanera lists transactions card by card"),
            float: Offer::Yes,
            quote: Offer::Yes,
            freeze: Offer::Yes,
            unfreeze: Offer::Yes,
            top_up: Offer::Yes,
            close: Offer::No("ibanera offers no closing: a freeze is the most it does"),
            pin: Ok(PinRule {
                digits: Some((4, 4)),
                needs_old: true,
                physical_only: false,
                sentence: "4 digits; ibanera wants the PIN until now as well",
            }),
            top_up_proof: Proof::ByReference,
            state_proof: Proof::ByState,
            pin_proof: Proof::AnswerOnly,
            class: Class::Reference,
            top_up_min: None,
            top_up_decimals: Some(2),
            page_max: 50,
        }
    }

    async fn cards(&self, after: Option<Cursor>) -> Result<Page<Card>> {
        let page = page_number(after.as_ref());
        let envelope = self.get(&format!("/api/v1/customer/cards/balances?PageSize={PAGE}&PageNumber={page}")).await?;
        Ok(wire::cards(self.http.provider(), &envelope, page, PAGE))
    }

    async fn card(&self, card: &Card) -> Result<Card> {
        let envelope =
            self.get(&format!("/api/v1/customer/cards/carddetails?CardId={}", super::path_segment(&card.key.id))).await?;
        wire::details(card, &envelope)
    }

    async fn transactions(&self, window: &Window, after: Option<Cursor>) -> Result<Page<Transaction>> {
        let Some(card) = &window.card else {
            return Err(Error::new(self.http.provider(), Kind::NotOffered, "ibanera lists transactions card by card"));
        };
        let page = page_number(after.as_ref());
        let time = |at: Timestamp| at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        let path = format!(
            "/api/v1/customer/cards/transactions?CardsId={}&fromDate={}&toDate={}&PageNumber={page}&PageSize={PAGE}",
            super::path_segment(&card.key.id),
            time(window.since),
            time(window.until)
        );
        Ok(wire::transactions(self.http.provider(), card, &self.get(&path).await?, page, PAGE))
    }

    async fn float(&self) -> Result<Vec<Money>> {
        wire::float(&self.get("/api/v1/customer/accounts/balances").await?)
    }

    async fn quote(&self, card: &Card, amount: Money) -> Result<Quote> {
        let body = self.transfer(card, amount, "quote").await?;
        let envelope = self.post(Does::Read, "/api/v1/customer/cards/reviewtransferfunds", &body).await?;
        wire::quote(&envelope, amount)
    }

    async fn act(&self, card: &Card, action: &Action, id: OperationId) -> Result<Receipt> {
        match action {
            Action::Freeze => self.switch(&self.deactivate, card, Deed::Freeze).await,
            Action::Unfreeze => self.switch("/api/v1/customer/cards/activate", card, Deed::Unfreeze).await,
            Action::TopUp(amount) => {
                let body = self.transfer(card, *amount, &id.reference()).await?;
                // The key is documented for other transfers only: it does no harm here, and nothing relies on it (5.3).
                let key = id.uuid();
                let path = "/api/v1/customer/cards/transferfunds";
                let envelope = self.call(Does::Write, Method::POST, path, Some(&body), Some(&key)).await?;
                Ok(wire::transferred(&envelope))
            }
            Action::SetPin { new: Some(new), old: Some(old) } if new.len() == 4 => {
                let body = format!(
                    "{{\"TopUpCardsId\":{},\"OldPin\":\"{}\",\"NewPin\":\"{}\"}}",
                    number(&card.key.id),
                    old.expose(),
                    new.expose()
                );
                self.post(Does::Write, "/api/v1/customer/cards/changecardpin", &body).await?;
                Ok(Receipt::Accepted { reference: None })
            }
            Action::SetPin { .. } => {
                let words = "ibanera wants the PIN until now and a new one of 4 digits; nothing was sent";
                Err(Error::new(self.http.provider(), Kind::Refused, words))
            }
            Action::Close => {
                Err(Error::new(self.http.provider(), Kind::NotOffered, "ibanera offers no closing; nothing was sent"))
            }
        }
    }

    async fn look(&self, card: &Card, operation: &Operation, claimed: &Claimed) -> Result<Seen> {
        if operation.deed != Deed::TopUp {
            return Ok(listing::state(operation, &self.card(card).await?));
        }
        let since = operation.created_at.saturating_sub(SignedDuration::from_mins(10)).unwrap_or(operation.created_at);
        let until = self.http.clock().now().saturating_add(SignedDuration::from_mins(10)).unwrap_or(Timestamp::MAX);
        let window = Window { card: Some(card.clone()), since, until };
        let mut after = None;
        loop {
            let page = self.transactions(&window, after.clone()).await?;
            if let Some(seen) = page.items.iter().find_map(|row| wire::ours(row, operation, claimed)) {
                return Ok(seen);
            }
            if page.next.is_none() || page.next == after {
                return Ok(Seen::Nowhere { looked: format!("no transaction with reference {}", operation.reference) });
            }
            after = page.next;
        }
    }
}

fn page_number(after: Option<&Cursor>) -> usize {
    after.and_then(|cursor| cursor.0.parse().ok()).unwrap_or(1)
}

/// An id as a JSON number, where it is one.
fn number(id: &str) -> String {
    let plain = !id.is_empty() && id.len() <= 18 && id.bytes().all(|b| b.is_ascii_digit()) && (id == "0" || !id.starts_with('0'));
    if plain { id.to_owned() } else { Value::from(id).to_string() }
}

/// The shared secret's bytes (1.4): base 32 in any case, with blanks, dashes and padding or without; or the text's own.
fn secret_bytes(text: &str, encoding: SecretEncoding) -> Option<Vec<u8>> {
    match encoding {
        SecretEncoding::Ascii => Some(text.as_bytes().to_vec()),
        SecretEncoding::Base32 => {
            let plain: String = text.chars().filter(|c| !matches!(c, ' ' | '-' | '=')).map(|c| c.to_ascii_uppercase()).collect();
            data_encoding::BASE32_NOPAD.decode(plain.as_bytes()).ok().filter(|bytes| !bytes.is_empty())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;
    use crate::config::secret::Source;
    use crate::domain::card::{CardKey, CardState, ProviderId};
    use crate::provider::Outcome;
    use crate::provider::http::{Lost, Transport};
    use http::Response;
    use std::sync::{Arc, Mutex as Lock};

    #[derive(Clone, Default)]
    struct Script {
        answers: Arc<Lock<Vec<(u16, String)>>>,
        asked: Arc<Lock<Vec<(String, String, String)>>>,
    }

    #[async_trait]
    impl Transport for Script {
        async fn call(&self, _: Does, request: Request<Bytes>) -> std::result::Result<Response<Bytes>, Lost> {
            let body = String::from_utf8_lossy(request.body()).into_owned();
            let otp = request.headers().get("otp").and_then(|otp| otp.to_str().ok()).unwrap_or("").to_owned();
            self.asked.lock().expect("no panic before").push((request.uri().to_string(), otp, body));
            let (status, body) = self.answers.lock().expect("no panic before").remove(0);
            Ok(Response::builder().status(status).body(body.into()).expect("an answer"))
        }
    }

    const LOGIN: &str = r#"{ "id": 0, "details": { "accessToken": "eyJ", "expiresIn": 3600 }, "status": "1", "errors": [] }"#;

    fn ibanera(answers: &[(u16, &str)]) -> (Ibanera, Script) {
        let answers = answers.iter().map(|(status, body)| (*status, (*body).to_owned())).collect();
        let script = Script { answers: Arc::new(Lock::new(answers)), ..Script::default() };
        let text = "[providers.us]\nkind = \"ibanera\"\nbase_url = \"https://i.example.com\"\nasset_account_id = \"8204\"\n\
             [providers.us.credentials]\nusername = { env = \"X\" }\npassword = { env = \"X\" }\nshared_secret = { env = \"X\" }\n";
        let config = crate::config::Config::parse(text, std::path::Path::new("c.toml")).expect("a good file").providers.remove(0);
        let config::Account::Ibanera(mut account) = config.account.clone() else { panic!("it is ibanera") };
        account.username = Source::Given("user".into());
        account.password = Source::Given("pass".into());
        account.shared_secret = Source::Given("gezd gnbv gy3t qojq GEZD GNBV GY3T QOJQ".into());
        let clock = Clock::fixed(Timestamp::from_second(1_700_000_000).expect("a time"));
        let http = Http::over(&config.name, Box::new(script.clone()), clock, config.timeout);
        (Ibanera::new(&config, &account, http).expect("a good account"), script)
    }

    fn card() -> Card {
        let key = CardKey::new(&ProviderId::new("us"), "1749");
        Card { owner: Some("16221".into()), currency: "USD".parse().ok(), ..Card::unread(key) }
    }

    fn dollars(text: &str) -> Money {
        Money::typed(text, "USD".parse().expect("a currency")).expect("an amount")
    }

    #[tokio::test]
    async fn every_call_carries_a_one_time_password_and_a_transfer_is_the_documented_body() {
        let answer = r#"{ "id": 30939, "details": { "FromTransactionId": 30939, "ToTransactionId": 30941, "FeeTransactionId": 30940, "amount": 10,
               "feeAmount": 0, "description": "Card transfer - Top Up Funds", "bPending": true }, "status": "1", "errors": [] }"#;
        let (ibanera, script) = ibanera(&[(200, LOGIN), (200, answer)]);
        let id = OperationId::new(Timestamp::UNIX_EPOCH, 1, 1);
        let receipt = ibanera.act(&card(), &Action::TopUp(dollars("10")), id).await.expect("accepted");
        assert_eq!(receipt, Receipt::Accepted { reference: Some("30941".into()) });
        let asked = script.asked.lock().expect("no panic before").clone();
        assert!(asked[0].2.contains("\"otp\":\"921300\""), "{}", asked[0].2);
        assert_eq!(asked[1].1, "921300");
        let expected = format!(
            "{{\"amount\":10.00,\"reference\":\"{}\",\"transferTypes\":\"TopUpCard\",\"currencyType\":\"USD\",\"DestinationCardId\":1749,\
             \"CustomersId\":\"16221\",\"CustomerAssetAccountId\":8204}}",
            id.reference()
        );
        assert_eq!(asked[1].2, expected);
    }

    #[tokio::test]
    async fn a_refused_login_is_not_repeated() {
        let no = r#"{ "id": 0, "details": null, "status": "0", "errors": [ { "fieldName": "username", "messageCode": "Username_Or_Password_Incorrect" } ] }"#;
        let (ibanera, script) = ibanera(&[(400, no)]);
        for _ in 0..3 {
            let error = ibanera.card(&card()).await.expect_err("refused");
            assert_eq!(error.kind, Kind::Auth);
            assert!(error.to_string().contains("Username_Or_Password_Incorrect"), "{error}");
        }
        assert_eq!(script.asked.lock().expect("no panic before").len(), 1);
    }

    #[tokio::test]
    async fn status_and_http_code_are_both_checked_and_an_unclear_failure_of_a_change_is_doubt() {
        let no = |code: &str| {
            format!(
                r#"{{ "id": 0, "details": null, "status": "0", "errors": [ {{ "fieldName": "amount", "messageCode": "{code}" }} ] }}"#
            )
        };
        let id = OperationId::new(Timestamp::UNIX_EPOCH, 1, 1);
        for (status, code, outcome) in [
            (400, "Insufficient_Funds", Outcome::NotDone),
            (200, "Invalid", Outcome::NotDone),
            (400, "ShareFunds_Failed", Outcome::Unknown),
            (500, "Card_Provider_Error", Outcome::Unknown),
        ] {
            let (ibanera, _) = ibanera(&[(200, LOGIN), (status, &no(code))]);
            let error = ibanera.act(&card(), &Action::TopUp(dollars("10")), id).await.expect_err("refused");
            assert_eq!(error.outcome, outcome, "{error}");
            assert!(error.to_string().contains(code), "{error}");
        }
    }

    #[tokio::test]
    async fn the_documented_list_and_details_are_read() {
        let list = r#"{ "id": 0, "details": [ { "id": 1749, "customersReference": "r", "cardHolderName": "Test User", "cardLast4": "3566",
             "customersID": 1234, "currency": "usd", "totalBalance": 50.40, "availableBalance": 12.40, "pendingBalance": 38, "status": "Active" } ],
             "pageSize": 50, "pageNumber": 1, "numberOfPages": 1, "status": "1", "errors": [] }"#;
        let details = r#"{ "id": 0, "details": { "customersID": 1234, "customersReference": "string", "cardHolderName": "Test User",
             "cardLast4": "3566", "currency": "usd", "totalBalance": 0, "availableBalance": 0, "status": "Deactivated" }, "status": "1", "errors": [] }"#;
        let (ibanera, _) = ibanera(&[(200, LOGIN), (200, list), (200, details), (404, "")]);
        let page = ibanera.cards(None).await.expect("a page");
        let first = page.items.first().expect("a card");
        assert_eq!((first.state, first.owner.as_deref(), &*first.holder), (CardState::Active, Some("1234"), "Test User"));
        assert_eq!(first.available().map(|money| money.to_string()), Some("12.40 USD".into()));
        assert_eq!(page.next, None);
        assert_eq!(ibanera.card(&card()).await.expect("a card").state, CardState::Frozen);
        assert_eq!(ibanera.card(&card()).await.expect_err("unknown").kind, Kind::NotFound);
    }

    #[tokio::test]
    async fn activating_an_active_card_is_success() {
        let no = r#"{ "id": 0, "details": null, "status": "0", "errors": [ { "fieldName": "cardsId", "messageCode": "Card_Active" } ] }"#;
        let (ibanera, _) = ibanera(&[(200, LOGIN), (400, no)]);
        let id = OperationId::new(Timestamp::UNIX_EPOCH, 1, 1);
        assert!(matches!(ibanera.act(&card(), &Action::Unfreeze, id).await, Ok(Receipt::Done { .. })));
    }
}
