//! Requests of Banana Tech: every body encrypted and signed, every answer verified before a byte of it is believed.
//!
//! A recharge takes no reference and answers with no id, so it is sent once and found again in the list.

mod wire;

use std::collections::BTreeMap;

use async_trait::async_trait;
use bytes::Bytes;
use data_encoding::{BASE64, HEXLOWER, HEXLOWER_PERMISSIVE};
use http::Request;
use secrecy::{ExposeSecret, SecretBox, SecretString};
use serde_json::value::RawValue;

use super::crypto::{aes_cbc_decrypt, aes_cbc_encrypt, equal, hmac_sha256, random};
use super::fields::Fields;
use super::http::{Answer, Does, Http};
use super::{Claimed, Cursor, Error, Kind, Page, Provider, Quote, Receipt, Result, Seen, Window, listing};
use crate::config::{self, KeyEncoding, ProviderConfig};
use crate::domain::card::Card;
use crate::domain::money::Money;
use crate::domain::operation::{Action, Capabilities, Class, Deed, Offer, Operation, OperationId, PinRule, Proof};
use crate::domain::transaction::Transaction;

/// Rows asked for at once; the maximum is not documented.
const PAGE: usize = 100;

/// Paths by their last part. All but four are inferred from the pages' titles (banana wire notes, 0).
const PATHS: [(&str, &str); 9] = [
    ("get_account_balance", "/merchant/get_account_balance"),
    ("get_card_templates", "/merchant/get_card_templates"),
    ("recharge", "/card/recharge"),
    ("update_status", "/card/update_status"),
    ("get_balance", "/card/get_balance"),
    ("get_information", "/card/get_information"),
    ("get_transactions", "/card/get_transactions"),
    ("set_pin", "/card/set_pin"),
    ("get_users", "/user/get_users"),
];

/// The adapter of a Banana Tech account.
pub struct Banana {
    http: Http,
    base: String,
    merchant: String,
    /// 16, 24 or 32 bytes; encrypts and signs.
    key: SecretBox<Vec<u8>>,
    paths: BTreeMap<String, String>,
    /// Templates, read once: they say which cards are virtual.
    templates: tokio::sync::OnceCell<Vec<wire::Template>>,
}

/// One field of a request's body: a name and the JSON of its value.
type Part<'a> = (&'a str, String);

impl Banana {
    /// The adapter of an account.
    ///
    /// # Errors
    /// A sentence, when the key cannot be had or has a length that AES does not take.
    pub fn new(config: &ProviderConfig, account: &config::Banana, http: Http) -> std::result::Result<Self, String> {
        let text = account.secret_key.read().map_err(|error| format!("{}: secret_key: {error}", config.name))?;
        let key =
            key_bytes(&text, account.secret_key_encoding).map_err(|words| format!("{}: secret_key {words}", config.name))?;
        let mut paths: BTreeMap<String, String> =
            PATHS.iter().map(|(name, path)| ((*name).to_owned(), (*path).to_owned())).collect();
        paths.extend(account.paths.clone());
        Ok(Self {
            http,
            base: config.base_url.clone(),
            merchant: account.merchant_id.clone(),
            key: SecretBox::new(Box::new(key)),
            paths,
            templates: tokio::sync::OnceCell::new(),
        })
    }

    /// Sends one operation and returns what was inside the verified answer.
    async fn call(&self, does: Does, operation: &str, parts: &[Part<'_>]) -> Result<(Answer, Box<RawValue>)> {
        let path = self.paths.get(operation).map_or("/", String::as_str);
        let refused = |words: String| Error::new(self.http.provider(), Kind::Refused, &words);
        let iv = random::<16>().map_err(|_| refused("the system has no random numbers to give".to_owned()))?;
        let request = self
            .request(path, &plain_body(parts), iv)
            .map_err(|words| refused(format!("the request could not be made: {words}")))?;
        let answer = self.http.send(does, request).await?;
        if !answer.is_success() {
            return Err(self.refusal(&answer));
        }
        let inside = self.open(&answer)?;
        match Fields::read(&inside) {
            Ok(fields) if fields.flag("success") == Some(false) => {
                Err(answer.said_no(wire::message(&fields).as_deref().unwrap_or("refused without a reason")))
            }
            _ => Ok((answer, inside)),
        }
    }

    fn request(&self, path: &str, plain: &str, iv: [u8; 16]) -> std::result::Result<Request<Bytes>, String> {
        let key = self.key.expose_secret();
        let mut sealed = iv.to_vec();
        sealed.extend(aes_cbc_encrypt(key, iv, plain.as_bytes()).map_err(|error| error.to_string())?);
        let payload = BASE64.encode(&sealed);
        let tag = HEXLOWER.encode(&hmac_sha256(key, payload.as_bytes()));
        let slash = if path.starts_with('/') { "" } else { "/" };
        Request::post(format!("{}{slash}{path}", self.base))
            .header(http::header::CONTENT_TYPE, "application/json")
            .header("Merchant-ID", &self.merchant)
            .header("X-HMAC", tag)
            .body(Bytes::from(format!("{{\"encrypted_payload\":\"{payload}\"}}")))
            .map_err(|error| error.to_string())
    }

    /// Verifies and decrypts an answer (1.6): first the signature, then the rest.
    fn open(&self, answer: &Answer) -> Result<Box<RawValue>> {
        let fields = answer.object()?;
        let Some(payload) = fields.raw_text("encrypted_payload") else {
            return Err(answer.bad_reply("answered without encrypting: nothing in it can be trusted"));
        };
        let wrong = || {
            answer.bad_reply(
                "the signature of its answer is wrong: nothing in it can be trusted; check secret_key and what lies between",
            )
        };
        let tag = fields.raw_text("hmac").and_then(|tag| HEXLOWER_PERMISSIVE.decode(tag.as_bytes()).ok()).ok_or_else(wrong)?;
        let key = self.key.expose_secret();
        if !equal(&tag, &hmac_sha256(key, payload.as_bytes())) {
            return Err(wrong());
        }
        let unreadable = || answer.bad_reply("its answer cannot be decrypted; check secret_key and secret_key_encoding");
        let sealed = BASE64.decode(payload.as_bytes()).map_err(|_| unreadable())?;
        let (iv, cipher) = sealed.split_first_chunk::<16>().ok_or_else(unreadable)?;
        let plain = aes_cbc_decrypt(key, *iv, cipher).map_err(|_| unreadable())?;
        serde_json::from_slice(&plain).map_err(|_| unreadable())
    }

    /// An error reply (1.9): encrypted, plain JSON, or text. Authentication fails with 400 here, not 401.
    fn refusal(&self, answer: &Answer) -> Error {
        let inside = self.open(answer).ok().and_then(|inside| Fields::read(&inside).ok()).or_else(|| answer.object().ok());
        let words = inside.as_ref().and_then(wire::message).unwrap_or_default();
        let error = answer.refusal(&words);
        let lower = words.to_lowercase();
        let credentials =
            ["hmac", "merchant-id", "merchant id", "signature", "unauthorized"].iter().any(|word| lower.contains(word));
        if answer.status == 400 && credentials { Error { kind: Kind::Auth, ..error } } else { error }
    }

    /// The two ids that most operations take. They are numbers on the wire.
    fn ids(&self, card: &Card) -> Result<[Part<'static>; 2]> {
        let Some(owner) = &card.owner else {
            let words = format!("card {} has no user_id: add it to the roster, banana wants it with every call", card.key.id);
            return Err(Error::new(self.http.provider(), Kind::Refused, &words));
        };
        Ok([("user_id", json(owner)), ("card_id", json(&card.key.id))])
    }

    async fn templates(&self) -> &[wire::Template] {
        let read = || async {
            let (_, inside) = self.call(Does::Read, "get_card_templates", &[]).await?;
            Ok::<_, Error>(wire::templates(&inside))
        };
        self.templates.get_or_try_init(read).await.map_or(&[], Vec::as_slice)
    }

    async fn change(&self, operation: &str, card: &Card, more: Part<'_>) -> Result<Receipt> {
        let [user, id] = self.ids(card)?;
        self.call(Does::Write, operation, &[user, id, more]).await?;
        Ok(Receipt::Accepted { reference: None })
    }
}

#[async_trait]
impl Provider for Banana {
    fn can(&self) -> Capabilities {
        Capabilities {
            list_cards: Offer::No("banana has no card list: cards come from the roster and from transactions"),
            list_all_transactions: Offer::Yes,
            float: Offer::Yes,
            quote: Offer::No("banana quotes no fee; its templates do not say whether a fee is an amount or a percentage"),
            freeze: Offer::Yes,
            unfreeze: Offer::Yes,
            top_up: Offer::Yes,
            close: Offer::Yes,
            pin: Ok(PinRule {
                digits: Some((4, 6)),
                needs_old: false,
                physical_only: true,
                sentence: "4 to 6 digits; virtual cards have no PIN",
            }),
            top_up_proof: Proof::ByListing,
            state_proof: Proof::ByState,
            pin_proof: Proof::AnswerOnly,
            class: Class::Neither,
            top_up_min: None,
            top_up_decimals: None,
            page_max: 100,
        }
    }

    async fn cards(&self, _after: Option<Cursor>) -> Result<Page<Card>> {
        Err(Error::new(self.http.provider(), Kind::NotOffered, "banana has no card list: cards come from the roster"))
    }

    async fn card(&self, card: &Card) -> Result<Card> {
        let ids = self.ids(card)?;
        let (answer, inside) = self.call(Does::Read, "get_balance", &ids).await?;
        let mut read = wire::balance(card, &inside, &answer)?;
        match self.call(Does::Read, "get_information", &ids).await {
            Ok((_, inside)) => wire::information(&mut read, &inside, self.templates().await),
            Err(error) if matches!(error.kind, Kind::Refused | Kind::NotFound) => {}
            Err(error) => return Err(error),
        }
        Ok(read)
    }

    async fn transactions(&self, window: &Window, after: Option<Cursor>) -> Result<Page<Transaction>> {
        let skip: usize = after.as_ref().and_then(|cursor| cursor.0.parse().ok()).unwrap_or(0);
        let time = |at: jiff::Timestamp| format!("\"{}\"", at.strftime("%Y-%m-%dT%H:%M:%SZ"));
        let mut parts = vec![("skip", skip.to_string()), ("limit", PAGE.to_string())];
        parts.extend([("start_date", time(window.since)), ("end_date", time(window.until))]);
        if let Some(card) = &window.card {
            parts.push(("card_id", json(&card.key.id)));
        }
        let (answer, inside) = self.call(Does::Read, "get_transactions", &parts).await?;
        let (rows, total) = wire::rows(&inside, &answer)?;
        let count = rows.len();
        let more = match total {
            Some(total) => count > 0 && i64::try_from(skip + count).unwrap_or(i64::MAX) < total,
            None => count >= PAGE,
        };
        let next = more.then(|| Cursor((skip + count).to_string()));
        let rows: Vec<_> =
            rows.iter().map(|row| wire::transaction(self.http.provider(), window.card.as_ref(), row, answer.at)).collect();
        let mut page = Page::of(rows, next);
        // Whether the dates are honoured is not documented: what lies outside is left out here.
        page.items.retain(|row| row.at >= window.since && row.at <= window.until);
        Ok(page)
    }

    async fn float(&self) -> Result<Vec<Money>> {
        let (answer, inside) = self.call(Does::Read, "get_account_balance", &[]).await?;
        wire::float(&inside, &answer)
    }

    async fn quote(&self, _card: &Card, _amount: Money) -> Result<Quote> {
        Err(Error::new(self.http.provider(), Kind::NotOffered, "banana quotes no fee"))
    }

    async fn act(&self, card: &Card, action: &Action, _id: OperationId) -> Result<Receipt> {
        match action {
            Action::Freeze => self.change("update_status", card, ("alter", "\"LOCK\"".to_owned())).await,
            Action::Unfreeze => self.change("update_status", card, ("alter", "\"UNLOCK\"".to_owned())).await,
            Action::Close => self.change("update_status", card, ("alter", "\"CLOSE\"".to_owned())).await,
            // An amount is a JSON number on this wire: its own digits, never a float.
            Action::TopUp(amount) => self.change("recharge", card, ("amount", number(*amount))).await,
            Action::SetPin { new: Some(pin), .. } => self.change("set_pin", card, ("pin", format!("\"{}\"", pin.expose()))).await,
            Action::SetPin { new: None, .. } => {
                Err(Error::new(self.http.provider(), Kind::Refused, "banana wants the new PIN, 4 to 6 digits; nothing was sent"))
            }
        }
    }

    async fn look(&self, card: &Card, operation: &Operation, claimed: &Claimed) -> Result<Seen> {
        match operation.deed {
            Deed::TopUp => listing::look(self, card, operation, claimed).await,
            Deed::Freeze | Deed::Unfreeze | Deed::Close | Deed::SetPin => Ok(listing::state(operation, &self.card(card).await?)),
        }
    }
}

/// Digits of an amount as a JSON number, as short as its decimals allow: `100.0` and `100` are the same on the wire.
fn number(amount: Money) -> String {
    amount.digits()
}

/// An id as JSON: a number where it is one, else text.
fn json(id: &str) -> String {
    let plain = !id.is_empty() && id.len() <= 18 && id.bytes().all(|b| b.is_ascii_digit()) && (id == "0" || !id.starts_with('0'));
    if plain { id.to_owned() } else { serde_json::Value::from(id).to_string() }
}

fn plain_body(parts: &[Part<'_>]) -> String {
    let fields: Vec<String> = parts.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
    format!("{{{}}}", fields.join(","))
}

fn key_bytes(text: &SecretString, encoding: KeyEncoding) -> std::result::Result<Vec<u8>, String> {
    let text = text.expose_secret();
    let bytes = match encoding {
        KeyEncoding::Utf8 => Some(text.as_bytes().to_vec()),
        KeyEncoding::Hex => HEXLOWER_PERMISSIVE.decode(text.trim().as_bytes()).ok(),
        KeyEncoding::Base64 => BASE64.decode(text.trim().as_bytes()).ok(),
    };
    let bytes = bytes.ok_or("is not what secret_key_encoding says")?;
    match bytes.len() {
        16 | 24 | 32 => Ok(bytes),
        length => Err(format!("has {length} bytes, but AES takes 16, 24 or 32: check secret_key_encoding (utf8, hex or base64)")),
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
    use std::sync::{Arc, Mutex};

    const KEY: &str = "0123456789abcdef0123456789abcdef";

    /// Answers from a script and keeps what was asked.
    #[derive(Clone, Default)]
    struct Script {
        answers: Arc<Mutex<Vec<(u16, String)>>>,
        asked: Arc<Mutex<Vec<(String, String)>>>,
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

    fn sealed(plain: &str) -> String {
        let mut bytes = vec![7; 16];
        bytes.extend(aes_cbc_encrypt(KEY.as_bytes(), [7; 16], plain.as_bytes()).expect("a key of 32 bytes"));
        let payload = BASE64.encode(&bytes);
        let tag = HEXLOWER.encode(&hmac_sha256(KEY.as_bytes(), payload.as_bytes()));
        format!("{{\"encrypted_payload\":\"{payload}\",\"hmac\":\"{tag}\"}}")
    }

    fn banana(answers: &[(u16, String)]) -> (Banana, Script) {
        let script = Script { answers: Arc::new(Mutex::new(answers.to_vec())), ..Script::default() };
        let text = "[providers.bravo]\nkind = \"banana\"\nbase_url = \"https://b.example.com\"\nmerchant_id = \"m-1\"\n\
             [providers.bravo.credentials]\nsecret_key = { env = \"X\" }\n";
        let config = crate::config::Config::parse(text, std::path::Path::new("c.toml")).expect("a good file").providers.remove(0);
        let config::Account::Banana(mut account) = config.account.clone() else { panic!("it is banana") };
        account.secret_key = Source::Given(KEY.into());
        let clock = Clock::fixed("2026-04-03T12:00:00Z".parse().expect("a time"));
        let http = Http::over(&config.name, Box::new(script.clone()), clock, config.timeout);
        (Banana::new(&config, &account, http).expect("a good account"), script)
    }

    fn card() -> Card {
        Card { owner: Some("12345".into()), ..Card::unread(CardKey::new(&ProviderId::new("bravo"), "67890")) }
    }

    #[test]
    fn a_request_is_the_vector_of_the_document() {
        let (banana, _) = banana(&[]);
        let iv = std::array::from_fn(|i| u8::try_from(i).unwrap_or(0));
        let request =
            banana.request("/card/recharge", r#"{"user_id":12345,"card_id":67890,"amount":100.0}"#, iv).expect("a request");
        assert_eq!(request.headers()["X-HMAC"], "bfccceb52c5d81257b5f99181fd5a305190a30988d1159273341694b85cc24b8");
        assert_eq!(request.headers()["Merchant-ID"], "m-1");
        let payload =
            "AAECAwQFBgcICQoLDA0OD3VnVAZsZaS5TqR1g+VEL5UP7G84DWqGzLXjqGGU7XlyZP4zH3fL1xc9qdIHaj8iPqwj/EJAbiI5Sds+MUhEEzY=";
        assert_eq!(String::from_utf8_lossy(request.body()), format!("{{\"encrypted_payload\":\"{payload}\"}}"));
    }

    #[tokio::test]
    async fn a_card_is_read_and_its_number_and_cvv_are_dropped() {
        let (banana, _) = banana(&[
            (200, sealed(r#"{"balance":150.5,"refund_amount":0.0,"currency":"USD"}"#)),
            (200, sealed(r#"{"number":"4111111111111111","cvv":"123","expiry_date":"12/25","status":"LOCKED","template_id":1}"#)),
            (200, sealed(r#"{"data":[{"id":1,"type":"Physical"}]}"#)),
        ]);
        let read = banana.card(&card()).await.expect("a card");
        assert_eq!(read.available().map(Money::digits), Some("150.50".into()));
        assert_eq!((read.state, read.digits(), read.expires.as_deref()), (CardState::Frozen, "..1111".into(), Some("2025-12")));
        let shown = format!("{read:?}");
        assert!(!shown.contains("411111") && !shown.contains("123\""), "{shown}");
    }

    #[tokio::test]
    async fn a_wrong_signature_is_doubt_for_a_change_and_nothing_in_it_is_believed() {
        let forged = sealed(r#"{"message":"ok"}"#).replace("\"hmac\":\"", "\"hmac\":\"00");
        let (banana, _) = banana(&[(200, forged)]);
        let id = OperationId::new(jiff::Timestamp::UNIX_EPOCH, 1, 1);
        let error = banana.act(&card(), &Action::Freeze, id).await.expect_err("it is forged");
        assert_eq!((error.kind, error.outcome), (Kind::BadReply, Outcome::Unknown));
        assert!(error.to_string().contains("signature"), "{error}");
    }

    #[tokio::test]
    async fn refusals_come_encrypted_plain_or_as_text() {
        let id = OperationId::new(jiff::Timestamp::UNIX_EPOCH, 1, 1);
        for (status, body, kind, words) in [
            (400, sealed(r#"{"success":false,"message":"Merchant Balance"}"#), Kind::Refused, "Merchant Balance"),
            (400, r#"{"message":"HMAC is invalid"}"#.to_owned(), Kind::Auth, "HMAC"),
            (200, sealed(r#"{"success":false,"message":"Invalid Card State"}"#), Kind::Refused, "Invalid Card State"),
            (502, "<html>bad gateway</html>".to_owned(), Kind::Unreachable, "502"),
        ] {
            let (banana, _) = banana(&[(status, body)]);
            let error = banana.act(&card(), &Action::Freeze, id).await.expect_err("it is refused");
            assert_eq!(error.kind, kind, "{error}");
            assert!(error.to_string().contains(words), "{error}");
            assert_eq!(error.outcome, if status >= 500 { Outcome::Unknown } else { Outcome::NotDone }, "{error}");
        }
    }

    #[tokio::test]
    async fn a_card_without_a_user_id_says_what_to_do_and_nothing_is_sent() {
        let (banana, script) = banana(&[]);
        let bare = Card { owner: None, ..card() };
        let error = banana.card(&bare).await.expect_err("no user id");
        assert!(error.to_string().contains("roster"), "{error}");
        assert!(script.asked.lock().expect("no panic before").is_empty());
    }

    #[tokio::test]
    async fn pages_go_to_the_total_and_an_odd_row_costs_only_itself() {
        let row = |id: u32| {
            format!(
                r#"{{"id":{id},"card_id":67890,"amount":100.0,"currency":"USD","type":"RECHARGE","status":"SUCCESS","created_at":"2024-01-15T10:30:00Z","merchant_name":"RECHARGE"}}"#
            )
        };
        let (banana, _) = banana(&[
            (200, sealed(&format!(r#"{{"data":[{},{{"id":9}}],"total":3}}"#, row(1)))),
            (200, sealed(&format!(r#"{{"data":[{}],"total":3}}"#, row(2)))),
        ]);
        let window = Window { card: Some(card()), since: jiff::Timestamp::UNIX_EPOCH, until: jiff::Timestamp::MAX };
        let first = banana.transactions(&window, None).await.expect("a page");
        assert_eq!((first.items.len(), first.skipped.len(), first.next.clone()), (1, 1, Some(Cursor("2".into()))));
        let second = banana.transactions(&window, first.next).await.expect("a page");
        assert_eq!((second.items.len(), second.next), (1, None));
    }

    #[test]
    fn keys_have_the_length_that_their_encoding_gives() {
        let long = |text: &str, encoding| key_bytes(&text.into(), encoding).map(|key| key.len());
        assert_eq!(long(KEY, KeyEncoding::Utf8), Ok(32));
        assert_eq!(long(KEY, KeyEncoding::Hex), Ok(16));
        assert!(long("short", KeyEncoding::Utf8).is_err_and(|words| words.contains("5 bytes")));
        assert!(long("xyz", KeyEncoding::Hex).is_err());
    }
}
