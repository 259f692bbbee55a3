//! Requests of EnKash prepaid cards: an OAuth token from its own host, a sealed envelope, and failures inside HTTP 200.
//!
//! A load carries our reference and is looked up by it; whether a repeated reference pays twice is not documented, so none is repeated.

mod wire;

use async_trait::async_trait;
use bytes::Bytes;
use data_encoding::BASE64;
use http::Request;
use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret, SecretBox, SecretString};
use serde_json::Value;
use tokio::sync::Mutex;

use super::crypto::{aes_ecb_decrypt, aes_ecb_encrypt, sha256};
use super::http::{Answer, Does, Http};
use super::{Claimed, Cursor, Error, Kind, Page, Provider, Quote, Receipt, Result, Seen, Window, listing};
use crate::config::{self, Envelope, Load, ProviderConfig};
use crate::domain::card::Card;
use crate::domain::money::Money;
use crate::domain::operation::{Action, Capabilities, Class, Deed, Offer, Operation, OperationId, PinRule, Proof};
use crate::domain::transaction::Transaction;

/// Path that every card call hangs under (enkash wire notes, page map).
const CARDS: &str = "/api/v0/partner/enKashCard";

/// A token is renewed this long before it ends.
const EARLY: SignedDuration = SignedDuration::from_secs(60);

/// Three refused logins lock the account (1.3): a refusal is remembered this long before another is tried by itself.
const REFUSED_FOR: SignedDuration = SignedDuration::from_mins(15);

/// Shortest span that a window of transactions is halved to.
const SHORTEST: SignedDuration = SignedDuration::from_secs(2);

/// The adapter of an EnKash account.
pub struct Enkash {
    http: Http,
    base: String,
    account: config::Enkash,
    login: Login,
    /// First 16 bytes of the SHA-256 of the secret (1.5).
    key: SecretBox<[u8; 16]>,
    /// One login at a time; what it gave, or why it was refused and when.
    token: Mutex<Option<Token>>,
}

struct Login {
    client_id: SecretString,
    client_secret: SecretString,
    username: SecretString,
    password: SecretString,
}

enum Token {
    Held { bearer: SecretString, until: Timestamp },
    Refused { error: Error, until: Timestamp },
}

impl Enkash {
    /// The adapter of an account.
    ///
    /// # Errors
    /// A sentence, when a secret cannot be had.
    pub fn new(config: &ProviderConfig, account: &config::Enkash, http: Http) -> std::result::Result<Self, String> {
        let secret = |name: &str, source: &config::secret::Source| {
            source.read().map_err(|error| format!("{}: {name}: {error}", config.name))
        };
        let digest = sha256(secret("encryption_key", &account.encryption_key)?.expose_secret().as_bytes());
        let key = digest.first_chunk::<16>().copied().unwrap_or_default();
        Ok(Self {
            http,
            base: config.base_url.clone(),
            account: account.clone(),
            login: Login {
                client_id: secret("client_id", &account.client_id)?,
                client_secret: secret("client_secret", &account.client_secret)?,
                username: secret("username", &account.username)?,
                password: secret("password", &account.password)?,
            },
            key: SecretBox::new(Box::new(key)),
            token: Mutex::new(None),
        })
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
                    let until = now.saturating_add(REFUSED_FOR).unwrap_or(Timestamp::MAX);
                    *token = Some(Token::Refused { error: error.clone(), until });
                }
                Err(error)
            }
        }
    }

    /// The password grant (1.3). Never encrypted, never repeated by itself after a refusal.
    async fn log_in(&self) -> Result<(SecretString, Timestamp)> {
        let Login { client_id, client_secret, username, password } = &self.login;
        let basic = BASE64.encode(format!("{}:{}", client_id.expose_secret(), client_secret.expose_secret()).as_bytes());
        let form = format!(
            "username={}&password={}&grant_type=password&clientId={}",
            form(username.expose_secret()),
            form(password.expose_secret()),
            form(&self.account.company_id)
        );
        let request = Request::post(&self.account.token_url)
            .header(
                http::header::AUTHORIZATION,
                super::sensitive(&format!("Basic {basic}")).map_err(|error| self.unmade(&error))?,
            )
            .header(http::header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Bytes::from(form))
            .map_err(|error| self.unmade(&error))?;
        let answer = self.http.send(Does::Read, request).await?;
        if !answer.is_success() {
            let error = answer.refusal(&wire::login_complaint(&answer));
            // A refused grant is 400 or 401; either way the credentials are not taken.
            let refused = matches!(answer.status, 400 | 401 | 403);
            return Err(if refused { Error { kind: Kind::Auth, ..error } } else { error });
        }
        let (bearer, seconds) = wire::token(&answer)?;
        let life = SignedDuration::from_secs(seconds).checked_sub(EARLY).filter(SignedDuration::is_positive);
        Ok((bearer, answer.at.saturating_add(life.unwrap_or(SignedDuration::from_secs(1))).unwrap_or(answer.at)))
    }

    fn unmade(&self, error: &http::Error) -> Error {
        Error::new(self.http.provider(), Kind::Refused, &format!("the request could not be made: {error}"))
    }

    /// Sends one card call and returns its payload. After a 401 the token is renewed and the call made once more: it was not executed.
    async fn call(&self, does: Does, path: &str, body: Value) -> Result<wire::Payload> {
        self.call_with(does, path, &body.to_string()).await
    }

    async fn call_with(&self, does: Does, path: &str, plain: &str) -> Result<wire::Payload> {
        let first = self.once(does, path, plain).await?;
        let answer = if first.status == 401 {
            *self.token.lock().await = None;
            self.once(does, path, plain).await?
        } else {
            first
        };
        let opened = self.open(&answer);
        if !answer.is_success() {
            let words = opened.as_ref().ok().and_then(|json| wire::complaint(json)).unwrap_or_default();
            return Err(answer.refusal(&words));
        }
        wire::payload(answer, &opened?)
    }

    async fn once(&self, does: Does, path: &str, plain: &str) -> Result<Answer> {
        let bearer = self.bearer().await?;
        let request = Request::post(format!("{}{CARDS}{path}", self.base))
            .header(
                http::header::AUTHORIZATION,
                super::sensitive(&format!("Bearer {}", bearer.expose_secret())).map_err(|error| self.unmade(&error))?,
            )
            .header("partnerId", &self.account.partner_id)
            .header(http::header::CONTENT_TYPE, "application/json")
            .body(Bytes::from(self.seal(plain)))
            .map_err(|error| self.unmade(&error))?;
        self.http.send(does, request).await
    }

    /// The request as it travels (1.5).
    fn seal(&self, plain: &str) -> String {
        let sealed =
            || aes_ecb_encrypt(self.key.expose_secret(), plain.as_bytes()).map(|bytes| BASE64.encode(&bytes)).unwrap_or_default();
        match self.account.encryption {
            Envelope::Envelope => format!("{{\"request\":\"{}\"}}", sealed()),
            Envelope::Bare => format!("\"{}\"", sealed()),
            Envelope::Off => plain.to_owned(),
        }
    }

    /// The JSON of an answer: sealed in an envelope, as a bare string, or plain, in that order (1.5).
    fn open(&self, answer: &Answer) -> Result<String> {
        let text = std::str::from_utf8(&answer.body).map_err(|_| answer.bad_reply("answered bytes that are not text"))?;
        match wire::sealed(text) {
            Some(sealed) => BASE64
                .decode(sealed.as_bytes())
                .ok()
                .and_then(|bytes| aes_ecb_decrypt(self.key.expose_secret(), &bytes).ok())
                .and_then(|plain| String::from_utf8(plain).ok())
                .ok_or_else(|| answer.bad_reply("its answer cannot be decrypted; check encryption_key")),
            None if text.trim_start().starts_with('{') => Ok(text.to_owned()),
            None => Err(answer.bad_reply(&answer.what_it_is())),
        }
    }

    /// The ids that most calls take, with the card's where there is one.
    fn ids(&self, card: Option<&str>) -> serde_json::Map<String, Value> {
        let mut ids = serde_json::Map::new();
        ids.insert("companyId".to_owned(), Value::from(&*self.account.company_id));
        ids.insert("cardAccountId".to_owned(), Value::from(&*self.account.card_account_id));
        if let Some(card) = card {
            ids.insert("enKashCardId".to_owned(), Value::from(card));
        }
        ids
    }

    fn with<const N: usize>(&self, card: Option<&str>, more: [(&str, Value); N]) -> Value {
        let mut body = self.ids(card);
        body.extend(more.into_iter().map(|(name, value)| (name.to_owned(), value)));
        Value::Object(body)
    }

    /// Block, lock or unlock (2.11). No one-time code: the server-to-server form (inferred).
    async fn block(&self, card: &Card, code: &str) -> Result<Receipt> {
        let more = [
            ("blockCode", Value::from(code)),
            ("reason", Value::from("asked by the operator")),
            ("otpMedium", Value::from("MOBILE")),
            ("otpRequired", Value::from(false)),
            ("createdBy", Value::from("cardtop")),
        ];
        self.call(Does::Write, "/block", self.with(Some(&card.key.id), more)).await?;
        Ok(Receipt::Accepted { reference: None })
    }

    /// A load (2.4). The amount is a JSON number made of its own digits.
    async fn load(&self, card: &Card, amount: Money, id: OperationId) -> Result<Receipt> {
        if amount.currency().code() != "INR" {
            return Err(Error::new(self.http.provider(), Kind::Refused, "enkash cards hold INR only; nothing was sent"));
        }
        let (kind, code) = match self.account.load {
            Load::AllocateFund => ("ALLOCATE_FUND", "ALLOCATION"),
            Load::LoadMoney => ("LOAD_MONEY", "PRINCIPLE"),
        };
        let reference = id.reference();
        let more = [
            ("createdBy", Value::from("cardtop")),
            ("transactionType", Value::from("CR")),
            ("description", Value::from("card load")),
            ("type", Value::from(kind)),
            ("transactionCode", Value::from(code)),
            ("uniqueReferenceNumber", Value::from(&*reference)),
            ("remarks", Value::from(&*reference)),
        ];
        let body = self.with(Some(&card.key.id), more).to_string();
        let open = body.strip_suffix('}').unwrap_or(&body);
        self.call_with(Does::Write, "/balance", &format!("{open},\"amount\":{}}}", amount.digits())).await?;
        Ok(Receipt::Accepted { reference: None })
    }

    async fn found(&self, operation: &Operation) -> Result<Seen> {
        let body = self.with(Some(&operation.card.id), [("pgReferenceNumber", Value::from(&*operation.reference))]);
        match self.call(Does::Read, "/transaction/all", body).await {
            Ok(payload) => Ok(wire::load_seen(&payload, operation)),
            // What "not found" looks like is not documented: an empty list, a failure and 404 all count, for this call only (5).
            Err(error) if matches!(error.kind, Kind::NotFound | Kind::Refused) => {
                Ok(Seen::Nowhere { looked: format!("no load with reference {}", operation.reference) })
            }
            Err(error) => Err(error),
        }
    }
}

#[async_trait]
impl Provider for Enkash {
    fn can(&self) -> Capabilities {
        Capabilities {
            list_cards: Offer::Yes,
            list_all_transactions: Offer::Yes,
            float: Offer::Yes,
            quote: Offer::No("enkash quotes no fee: the card receives the whole amount"),
            freeze: Offer::Yes,
            unfreeze: Offer::Yes,
            top_up: Offer::Yes,
            close: Offer::Yes,
            pin: match self.account.encryption {
                Envelope::Off => Err("a PIN is only sent encrypted, and encryption is off in the configuration"),
                Envelope::Envelope | Envelope::Bare => {
                    Ok(PinRule { digits: Some((4, 4)), needs_old: false, physical_only: false, sentence: "4 digits" })
                }
            },
            top_up_proof: Proof::ByReference,
            state_proof: Proof::ByState,
            pin_proof: Proof::AnswerOnly,
            class: Class::Reference,
            top_up_min: Some(rust_decimal::Decimal::ONE),
            top_up_decimals: Some(2),
            page_max: 100,
        }
    }

    async fn cards(&self, _after: Option<Cursor>) -> Result<Page<Card>> {
        let payload = self.call(Does::Read, "/search", self.with(None, [])).await?;
        Ok(wire::cards(self.http.provider(), &payload))
    }

    async fn card(&self, card: &Card) -> Result<Card> {
        let payload = self.call(Does::Read, "/search", self.with(Some(&card.key.id), [])).await?;
        wire::one_card(card, &payload)
    }

    async fn transactions(&self, window: &Window, after: Option<Cursor>) -> Result<Page<Transaction>> {
        // Paging is not documented: windows of time are, and a window that holds more than was sent is halved (5).
        let since = after.as_ref().and_then(|cursor| cursor.0.parse().ok()).unwrap_or(window.since);
        let mut until = window.until;
        let card = window.card.as_ref().map(|card| &*card.key.id);
        let time = |at: Timestamp| Value::from(at.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string());
        loop {
            let body = self.with(card, [("txnDateFrom", time(since)), ("txnDateTo", time(until))]);
            let payload = self.call(Does::Read, "/transaction/all", body).await?;
            let span = until.duration_since(since);
            if !payload.is_whole() && span > SHORTEST {
                until = since.saturating_add(span / 2).unwrap_or(until);
                continue;
            }
            let next = (until < window.until)
                .then(|| Cursor(until.saturating_add(SignedDuration::from_millis(1)).unwrap_or(until).to_string()));
            return Ok(Page::of(wire::transactions(self.http.provider(), window.card.as_ref(), &payload), next));
        }
    }

    async fn float(&self) -> Result<Vec<Money>> {
        wire::float(&self.call(Does::Read, "/cardAccount/get", self.with(None, [])).await?)
    }

    async fn quote(&self, _card: &Card, _amount: Money) -> Result<Quote> {
        Err(Error::new(self.http.provider(), Kind::NotOffered, "enkash quotes no fee"))
    }

    async fn act(&self, card: &Card, action: &Action, id: OperationId) -> Result<Receipt> {
        match action {
            Action::Freeze => self.block(card, "L").await,
            Action::Unfreeze => self.block(card, "UL").await,
            Action::Close => self.block(card, "BL").await,
            Action::TopUp(amount) => self.load(card, *amount, id).await,
            Action::SetPin { new: Some(pin), .. } if pin.len() == 4 && self.account.encryption != Envelope::Off => {
                let more = [("pinBlock", Value::from(pin.expose())), ("otpRequired", Value::from(false))];
                self.call(Does::Write, "/setPin", self.with(Some(&card.key.id), more)).await?;
                Ok(Receipt::Accepted { reference: None })
            }
            Action::SetPin { .. } => Err(Error::new(
                self.http.provider(),
                Kind::Refused,
                "enkash wants a new PIN of 4 digits, sent encrypted; nothing was sent",
            )),
        }
    }

    async fn look(&self, card: &Card, operation: &Operation, _claimed: &Claimed) -> Result<Seen> {
        match operation.deed {
            Deed::TopUp => self.found(operation).await,
            Deed::Freeze | Deed::Unfreeze | Deed::Close | Deed::SetPin => Ok(listing::state(operation, &self.card(card).await?)),
        }
    }
}

/// A value of a form: everything but letters, digits and `-._` percent-encoded.
fn form(text: &str) -> String {
    super::path_segment(text)
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
        asked: Arc<Lock<Vec<(String, String)>>>,
    }

    #[async_trait]
    impl Transport for Script {
        async fn call(&self, _: Does, request: Request<Bytes>) -> std::result::Result<Response<Bytes>, Lost> {
            let body = String::from_utf8_lossy(request.body()).into_owned();
            self.asked.lock().expect("no panic before").push((request.uri().path().to_owned(), body));
            let (status, body) = self.answers.lock().expect("no panic before").remove(0);
            Ok(Response::builder().status(status).body(body.into()).expect("an answer"))
        }
    }

    const TOKEN: &str =
        r#"{"access_token":"bg-x","token_type":"bearer","refresh_token":"r","expires_in":86399,"scope":"read write trust"}"#;

    fn enkash(encryption: &str, answers: &[(u16, &str)]) -> (Enkash, Script) {
        let answers = answers.iter().map(|(status, body)| (*status, (*body).to_owned())).collect();
        let script = Script { answers: Arc::new(Lock::new(answers)), ..Script::default() };
        let text = format!(
            "[providers.in]\nkind = \"enkash\"\nbase_url = \"https://e.example.com\"\ntoken_url = \"https://t.example.com/oauth/token\"\n\
             partner_id = \"CR1\"\ncompany_id = \"CEKEP5GSGP\"\ncard_account_id = \"CABFIPS\"\nencryption = \"{encryption}\"\n\
             [providers.in.credentials]\nclient_id = {{ env = \"X\" }}\nclient_secret = {{ env = \"X\" }}\nusername = {{ env = \"X\" }}\n\
             password = {{ env = \"X\" }}\nencryption_key = {{ env = \"X\" }}\n"
        );
        let config =
            crate::config::Config::parse(&text, std::path::Path::new("c.toml")).expect("a good file").providers.remove(0);
        let config::Account::Enkash(mut account) = config.account.clone() else { panic!("it is enkash") };
        account.client_id = Source::Given("enkash-client".into());
        account.client_secret = Source::Given("enkash-secret".into());
        account.username = Source::Given("6660686687".into());
        account.password = Source::Given("p&ss".into());
        account.encryption_key = Source::Given("example-secret-key".into());
        let clock = Clock::fixed("2026-04-03T12:00:00Z".parse().expect("a time"));
        let http = Http::over(&config.name, Box::new(script.clone()), clock, config.timeout);
        (Enkash::new(&config, &account, http).expect("a good account"), script)
    }

    fn card() -> Card {
        Card { currency: "INR".parse().ok(), ..Card::unread(CardKey::new(&ProviderId::new("in"), "EKCMB7KAEW")) }
    }

    fn asked(script: &Script) -> Vec<(String, String)> {
        script.asked.lock().expect("no panic before").clone()
    }

    #[test]
    fn the_envelope_is_the_vector_of_the_document_in_each_variant() {
        let plain = r#"{"enKashCardId":"EKCMB7KAEW","amount":10}"#;
        let sealed = "LLP9Rzfnk4uNsgFOYe6b0slz/Fc61w7zzIGo0VfZxqw4k0qXwwWGaQrNsyowfes9";
        assert_eq!(enkash("envelope", &[]).0.seal(plain), format!("{{\"request\":\"{sealed}\"}}"));
        assert_eq!(enkash("bare", &[]).0.seal(plain), format!("\"{sealed}\""));
        assert_eq!(enkash("off", &[]).0.seal(plain), plain);
    }

    #[tokio::test]
    async fn a_load_sends_the_documented_fields_and_a_failure_inside_200_is_a_refusal() {
        let id = OperationId::new(Timestamp::UNIX_EPOCH, 1, 1);
        let amount = Money::typed("10.50", "INR".parse().expect("a currency")).expect("an amount");
        let no = r#"{"response_code": 1, "response_message": "Insufficient balance in card account", "payload": "Insufficient balance in card account"}"#;
        let yes =
            r#"{"code": 0, "message": "Success", "payload": "Funds allocated from Parent Account to Card by Admin successful"}"#;
        let (enkash, script) = enkash("off", &[(200, TOKEN), (200, yes), (200, no)]);
        assert!(matches!(enkash.act(&card(), &Action::TopUp(amount), id).await, Ok(Receipt::Accepted { .. })));
        let error = enkash.act(&card(), &Action::TopUp(amount), id).await.expect_err("it is refused");
        assert_eq!((error.kind, error.outcome), (Kind::Refused, Outcome::NotDone));
        assert!(error.to_string().contains("Insufficient balance in card account"), "{error}");
        let asked = asked(&script);
        assert_eq!(asked[0].1, "username=6660686687&password=p%26ss&grant_type=password&clientId=CEKEP5GSGP");
        assert_eq!(asked[1].0, "/api/v0/partner/enKashCard/balance");
        assert!(
            asked[1].1.contains("\"amount\":10.50") && asked[1].1.contains("\"transactionCode\":\"ALLOCATION\""),
            "{}",
            asked[1].1
        );
        assert!(asked[1].1.contains(&format!("\"uniqueReferenceNumber\":\"{}\"", id.reference())), "{}", asked[1].1);
        assert_eq!(asked.len(), 3, "one token served both");
    }

    #[tokio::test]
    async fn a_refused_login_is_not_repeated() {
        let (enkash, script) = enkash("off", &[(400, r#"{"error":"invalid_grant","error_description":"Bad credentials"}"#)]);
        for _ in 0..3 {
            let error = enkash.card(&card()).await.expect_err("refused");
            assert_eq!(error.kind, Kind::Auth);
            assert!(error.to_string().contains("Bad credentials"), "{error}");
        }
        assert_eq!(asked(&script).len(), 1, "three wrong logins lock the account");
    }

    #[tokio::test]
    async fn an_expired_token_is_renewed_once() {
        let one = r#"{"response_code":0,"response_message":"Success","payload":{"enKashCardId":"EKCMB7KAEW","maskedNumber":"XXXX XXXX XXXX 2209","otbBalance":"11.5","cardStatus":{"label":"LOCKED"},"expiryMonth":"","expiryYear":""}}"#;
        let (enkash, script) = enkash("off", &[(200, TOKEN), (401, ""), (200, TOKEN), (200, one)]);
        let read = enkash.card(&card()).await.expect("a card");
        assert_eq!((read.state, read.digits(), read.expires.clone()), (CardState::Frozen, "..2209".into(), None));
        assert_eq!(read.available().map(|money| money.to_string()), Some("11.50 INR".into()));
        assert_eq!(asked(&script).len(), 4);
    }

    #[tokio::test]
    async fn a_sealed_answer_is_opened_and_a_plain_failure_is_read_too() {
        let plain = r#"{"code":0,"message":"Success","payload":{"recordsCount":1,"data":[{"enKashCardId":"EKC9MKS5RM","title":"Mr","firstName":"Test"}]}}"#;
        let (sealer, _) = enkash("envelope", &[]);
        let sealed = sealer.seal(plain);
        let bare = sealed.trim_start_matches("{\"request\":").trim_end_matches('}').to_owned();
        let (enkash, _) = enkash(
            "envelope",
            &[(200, TOKEN), (200, &sealed), (200, &bare), (422, r#"{"code":1,"message":"Invalid encrypted request."}"#)],
        );
        for _ in 0..2 {
            let page = enkash.cards(None).await.expect("a list");
            assert_eq!(page.items.first().map(|card| (&*card.key.id, &*card.holder)), Some(("EKC9MKS5RM", "Mr Test")));
        }
        let error = enkash.cards(None).await.expect_err("refused");
        assert!(error.to_string().contains("Invalid encrypted request"), "{error}");
    }

    #[tokio::test]
    async fn a_window_that_holds_more_than_was_sent_is_halved_and_the_cursor_moves() {
        let row = |id: &str| {
            format!(
                r#"{{"enKashCardTransactionId":"{id}","enkashCardId":"EKCMB7KAEW","principalAmount":12.5,"cardTransactionType":"DR","type":"SALE","status":"SUCCESS","txnDate":"2026-04-03T10:00:00Z"}}"#
            )
        };
        let short = format!(r#"{{"code":0,"message":"Success","payload":{{"recordsCount":2,"data":[{}]}}}}"#, row("ECT1"));
        let whole = format!(r#"{{"code":0,"message":"Success","payload":{{"recordsCount":1,"data":[{}]}}}}"#, row("ECT1"));
        let (enkash, _) = enkash("off", &[(200, TOKEN), (200, &short), (200, &whole)]);
        let window = Window {
            card: None,
            since: "2026-04-03T00:00:00Z".parse().expect("a time"),
            until: "2026-04-04T00:00:00Z".parse().expect("a time"),
        };
        let page = enkash.transactions(&window, None).await.expect("a page");
        assert_eq!(page.items.len(), 1);
        assert_eq!(page.next, Some(Cursor("2026-04-03T12:00:00.001Z".into())));
    }
}
