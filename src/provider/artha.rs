//! Requests of artha's gen-1 Cards API: signed with RSA, answered as JSON that calls itself text.
//!
//! Money-moving calls are sent once; artha takes no reference and answers with a task id.

mod wire;

use async_trait::async_trait;
use bytes::Bytes;
use data_encoding::BASE64;
use http::{Method, Request};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use super::crypto::{RsaKey, random};
use super::http::{Answer, Does, Http};
use super::{Claimed, Cursor, Error, Kind, Outcome, Page, Provider, Quote, Receipt, Result, Seen, Window, listing};
use crate::config::{self, ProviderConfig};
use crate::domain::card::Card;
use crate::domain::money::Money;
use crate::domain::operation::{Action, Capabilities, Class, Deed, Offer, Operation, OperationId, PinRule, Proof};
use crate::domain::transaction::Transaction;

/// Rows asked for at once (inferred: artha wire notes, 5.1).
const PAGE: usize = 50;

/// The adapter of an artha account.
pub struct Artha {
    http: Http,
    base: String,
    token: SecretString,
    key: RsaKey,
    customer_token: bool,
    all_transactions: Option<String>,
}

impl Artha {
    /// The adapter of an account.
    ///
    /// # Errors
    /// A sentence, when a secret cannot be had or the key is no RSA key.
    pub fn new(config: &ProviderConfig, account: &config::Artha, http: Http) -> std::result::Result<Self, String> {
        let secret = |name: &str, source: &config::secret::Source| {
            source.read().map_err(|error| format!("{}: {name}: {error}", config.name))
        };
        let key = RsaKey::pem(secret("private_key", &account.private_key)?.expose_secret())
            .map_err(|_| format!("{}: private_key is not an RSA key in PEM (PKCS#1 or PKCS#8)", config.name))?;
        Ok(Self {
            http,
            base: config.base_url.clone(),
            token: secret("token", &account.token)?,
            key,
            customer_token: account.customer_token,
            all_transactions: account.all_transactions_path.clone(),
        })
    }

    async fn get(&self, path: &str, id: &str) -> Result<Answer> {
        let path = format!("{path}/{}", super::path_segment(id));
        self.call(Does::Read, Method::GET, &path, &[]).await
    }

    async fn post(&self, does: Does, path: &str, body: &[(&str, Value)]) -> Result<Answer> {
        self.call(does, Method::POST, path, body).await
    }

    /// Sends with the headers of artha wire notes, 1.4, and the signature of 1.5; answers with anything but 2xx are errors.
    async fn call(&self, does: Does, method: Method, path: &str, body: &[(&str, Value)]) -> Result<Answer> {
        let nonce = nonce().map_err(|error| Error::new(self.http.provider(), Kind::BadReply, &error))?;
        let timestamp = self.http.clock().now().as_second().to_string();
        let request = self.request(method, path, body, &timestamp, &nonce).map_err(|error| {
            Error::new(self.http.provider(), Kind::Refused, &format!("the request could not be made: {error}"))
        })?;
        let answer = self.http.send(does, request).await?;
        if answer.is_success() { Ok(answer) } else { Err(answer.refusal(&wire::complaint(&answer))) }
    }

    fn request(
        &self,
        method: Method,
        path: &str,
        body: &[(&str, Value)],
        timestamp: &str,
        nonce: &str,
    ) -> std::result::Result<Request<Bytes>, http::Error> {
        let token = self.token.expose_secret();
        let mut signed: Vec<(&str, String)> = vec![("timestamp", timestamp.to_owned()), ("nonce", nonce.to_owned())];
        if self.customer_token {
            signed.push(("customerToken", token.to_owned()));
        }
        signed.extend(body.iter().map(|(name, value)| (*name, value_text(value))));
        let signature = BASE64.encode(&self.key.sign(canonical(signed).as_bytes()));
        let mut request = Request::builder()
            .method(&method)
            .uri(format!("{}/{path}", self.base))
            .header(http::header::CONTENT_TYPE, "application/json")
            .header(http::header::AUTHORIZATION, super::sensitive(&format!("Bearer {token}"))?)
            .header("timestamp", timestamp)
            .header("nonce", nonce)
            .header("signature", signature);
        if self.customer_token {
            request = request.header("customerToken", super::sensitive(token)?);
        }
        let bytes = if method == Method::GET { Bytes::new() } else { Bytes::from(object(body)) };
        request.body(bytes)
    }

    /// A change that answers with a task (artha wire notes, 5.2): accepted, not done.
    async fn task(&self, path: &str, body: &[(&str, Value)]) -> Result<Receipt> {
        let answer = self.post(Does::Write, path, body).await?;
        let task = wire::task(&answer)?;
        Ok(Receipt::Accepted { reference: task })
    }

    async fn listed(&self, path: &str, window: &Window, after: Option<Cursor>) -> Result<Page<Transaction>> {
        let page: usize = after.as_ref().and_then(|cursor| cursor.0.parse().ok()).unwrap_or(1);
        let mut body = Vec::new();
        if let Some(card) = &window.card {
            body.push(("cardId", Value::from(&*card.key.id)));
        }
        let time = |at: jiff::Timestamp| Value::from(at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string());
        body.extend([
            ("page", page.into()),
            ("size", PAGE.into()),
            ("startTime", time(window.since)),
            ("endTime", time(window.until)),
        ]);
        let answer = self.post(Does::Read, path, &body).await?;
        let rows = wire::rows(&answer)?;
        let next = (rows.len() >= PAGE).then(|| Cursor((page + 1).to_string()));
        let rows: Vec<_> =
            rows.iter().map(|row| wire::transaction(self.http.provider(), window.card.as_ref(), row, answer.at)).collect();
        Ok(Page::of(rows, next))
    }
}

#[async_trait]
impl Provider for Artha {
    fn can(&self) -> Capabilities {
        Capabilities {
            list_cards: Offer::No("artha has no card list: cards come from the roster"),
            list_all_transactions: match self.all_transactions {
                Some(_) => Offer::Yes,
                None => Offer::No("the path of artha's list of all transactions is not configured: each card is read by itself"),
            },
            float: Offer::Yes,
            quote: Offer::Yes,
            freeze: Offer::Yes,
            unfreeze: Offer::Yes,
            top_up: Offer::Yes,
            close: Offer::Yes,
            pin: Ok(PinRule {
                digits: None,
                needs_old: false,
                physical_only: false,
                sentence: "artha chooses the new PIN; the cardholder reads it in their own app",
            }),
            top_up_proof: Proof::ByTask,
            state_proof: Proof::ByState,
            pin_proof: Proof::AnswerOnly,
            class: Class::Neither,
            top_up_min: None,
            top_up_decimals: Some(2),
            page_max: 50,
        }
    }

    async fn cards(&self, _after: Option<Cursor>) -> Result<Page<Card>> {
        Err(Error::new(self.http.provider(), Kind::NotOffered, "artha has no card list: cards come from the roster"))
    }

    async fn card(&self, card: &Card) -> Result<Card> {
        let balance = self.get("CardBalance", &card.key.id).await?;
        let mut read = wire::balance(card, &balance)?;
        // The balance stands on its own: a card whose details are refused still has a figure.
        match self.get("CardDetails", &card.key.id).await {
            Ok(details) => wire::details(&mut read, &details)?,
            Err(error) if matches!(error.kind, Kind::Refused | Kind::NotFound) => {}
            Err(error) => return Err(error),
        }
        Ok(read)
    }

    async fn transactions(&self, window: &Window, after: Option<Cursor>) -> Result<Page<Transaction>> {
        match (&window.card, &self.all_transactions) {
            (Some(_), _) => self.listed("Card/Transactions", window, after).await,
            (None, Some(path)) => self.listed(path.trim_start_matches('/'), window, after).await,
            (None, None) => Err(Error::new(self.http.provider(), Kind::NotOffered, "all_transactions_path is not configured")),
        }
    }

    async fn float(&self) -> Result<Vec<Money>> {
        wire::float(&self.call(Does::Read, Method::GET, "MerchantInformation/Merchant", &[]).await?)
    }

    async fn quote(&self, card: &Card, amount: Money) -> Result<Quote> {
        let body = [("cardId", Value::from(&*card.key.id)), ("amount", Value::from(amount.digits()))];
        wire::quote(&self.post(Does::Read, "EstimateCardTopUpFee", &body).await?, amount)
    }

    async fn act(&self, card: &Card, action: &Action, _id: OperationId) -> Result<Receipt> {
        let id = ("cardId", Value::from(&*card.key.id));
        match action {
            Action::Freeze => self.task("CardFreeze", &[id]).await,
            Action::Unfreeze => self.task("CardUnFreeze", &[id]).await,
            Action::Close => self.task("CancelCard", &[id]).await,
            Action::SetPin { .. } => self.task("CardSetPin", &[id]).await,
            Action::TopUp(amount) => self.task("CardTopUp", &[id, ("amount", Value::from(amount.digits()))]).await,
        }
    }

    async fn look(&self, card: &Card, operation: &Operation, claimed: &Claimed) -> Result<Seen> {
        match (operation.deed, &operation.provider_reference) {
            (Deed::TopUp, Some(task)) => wire::task_seen(&self.get("TopUpStatus", task).await?, task),
            (Deed::TopUp, None) => listing::look(self, card, operation, claimed).await,
            (Deed::Freeze | Deed::Unfreeze | Deed::Close | Deed::SetPin, _) => {
                Ok(listing::state(operation, &self.card(card).await?))
            }
        }
    }
}

/// The string that is signed (artha wire notes, 1.5): fields that are not empty, in ASCII order of their names.
fn canonical(mut fields: Vec<(&str, String)>) -> String {
    fields.retain(|(name, value)| !value.is_empty() && *name != "signature");
    fields.sort_unstable_by(|(a, _), (b, _)| a.as_bytes().cmp(b.as_bytes()));
    fields.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
}

fn value_text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn object(fields: &[(&str, Value)]) -> Vec<u8> {
    let map: serde_json::Map<String, Value> = fields.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    Value::Object(map).to_string().into_bytes()
}

/// Ten random letters and digits.
fn nonce() -> std::result::Result<String, String> {
    const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let bytes = random::<10>().map_err(|_| "the system has no random numbers to give".to_owned())?;
    Ok(bytes.iter().map(|byte| char::from(LETTERS.get(usize::from(byte & 31)).copied().unwrap_or(b'a'))).collect())
}

/// The doubt of an answer that came, but does not say what it must.
pub(super) fn unreadable(answer: &Answer, said: &str) -> Error {
    answer.bad_reply(said).outcome(Outcome::NotDone)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::crypto::sha256;
    use data_encoding::HEXLOWER;

    #[test]
    fn the_signed_strings_are_those_of_the_document() {
        let headers = || {
            vec![
                ("timestamp", "1739800000".to_owned()),
                ("nonce", "a1B2c3D4e5".to_owned()),
                ("customerToken", "tok-123".to_owned()),
            ]
        };
        let mut post = headers();
        post.extend([
            ("cardId", "c4bf67ad-c353-45ce-9314-19922fdf0c55".to_owned()),
            ("amount", "100".to_owned()),
            ("signImage", String::new()),
        ]);
        let string = canonical(post);
        assert_eq!(
            string,
            "amount=100&cardId=c4bf67ad-c353-45ce-9314-19922fdf0c55&customerToken=tok-123&nonce=a1B2c3D4e5&timestamp=1739800000"
        );
        assert_eq!(
            HEXLOWER.encode(&sha256(string.as_bytes())),
            "8f2e0738f8a582fd015d838d3fcb0023b3fe73ce14b8e6188f8a2ac4ec817d47"
        );
        assert_eq!(canonical(headers()), "customerToken=tok-123&nonce=a1B2c3D4e5&timestamp=1739800000");
    }

    #[test]
    fn a_nonce_has_ten_characters_and_is_new_each_time() {
        let (one, other) = (nonce().expect("random"), nonce().expect("random"));
        assert!(one.len() == 10 && one != other);
    }
}
