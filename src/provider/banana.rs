//! Requests of Banana Tech: every body encrypted and signed, every answer verified before it is
//! believed.
//!
//! It never repeats a change. Card numbers are dropped in `wire`, where answers are read; a PIN is
//! wiped once it is encrypted.

pub mod settings;
#[cfg(test)]
mod tests;
mod wire;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use ::http::{HeaderValue, Request, Uri};
use async_trait::async_trait;
use bytes::Bytes;
use data_encoding::{BASE64, HEXLOWER_PERMISSIVE};
use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret, SecretSlice};
use serde_json::value::RawValue;
use tokio::sync::Mutex;
use zeroize::Zeroizing;

use super::credits::{self, Credits, FeePlacement, MatchRules};
use super::crypto;
use super::encoding::TextEncoding;
use super::error::{Error, ErrorKind, Result};
use super::http::{Access, Answer, AnsweredBy, Http};
use super::json::{JsonObject, RowError, in_document_names, without_byte_order_mark};
use super::pages::{ReadMode, read_window};
use super::{
    Ack, Lookup, MatchedCredits, Page, PageCursor, Pagers, Paging, Permit, Provider,
    ProviderConfig, Quote, Window, listing,
};
use crate::config::endpoint::Endpoint;
use crate::config::lists::{Dates, Lists};
use crate::config::spelling::Spelling;
use crate::domain::card::{Card, CardKind};
use crate::domain::money::Money;
use crate::domain::operation::{
    Action, ActionKind, Capabilities, Operation, PinRule, Proof, Support, TopUpSafety,
};
use crate::domain::transaction::Transaction;
pub use settings::KIND;
use settings::{EmptyBody, KeyEncoding, Settings};

/// How long templates that could not be read are not asked for again.
const TEMPLATES_AGAIN: Duration = Duration::from_secs(900);

/// The adapter. Holds the key, so it has no `Debug`.
pub struct Banana {
    http: Http,
    base: String,
    merchant: HeaderValue,
    key: SecretSlice<u8>,
    /// Signs; the same as `key` unless the configuration reads it another way (banana wire notes,
    /// 1.7).
    hmac_key: SecretSlice<u8>,
    payload_text: TextEncoding,
    hmac_text: TextEncoding,
    empty_body: EmptyBody,
    spelling: Spelling,
    /// INFERENCE: 100 rows a page, since no maximum is documented (banana wire notes, 5.1).
    lists: Lists,
    pagers: Pagers,
    /// Its fee is paid beside the sum (banana wire notes, 2.8).
    rules: MatchRules,
    templates: Mutex<Option<Templates>>,
}

/// What is known of the card templates. They are read once.
struct Templates {
    kinds: BTreeMap<Arc<str>, CardKind>,
    /// When to ask again; `None` once they were read.
    again: Option<Timestamp>,
}

impl Banana {
    /// The adapter of an account.
    ///
    /// # Errors
    /// A sentence, when a secret cannot be had or a setting is wrong.
    pub fn new(
        config: &ProviderConfig,
        account: &Settings,
        http: Http,
    ) -> std::result::Result<Self, String> {
        let name = &config.name;
        let secret = account.secret_key.read().map_err(|error| {
            format!("{name}: the credential `secret_key` cannot be read: {error}")
        })?;
        let text = secret.expose_secret().trim();
        let key = key_bytes(text, account.secret_key_encoding)
            .and_then(|key| match key.expose_secret().len() {
                16 | 24 | 32 => Ok(key),
                other => Err(format!("has {other} bytes and must have 16, 24 or 32")),
            })
            .map_err(|why| {
                format!(
                    "{name}: the credential `secret_key` {why}: check it and secret_key_encoding"
                )
            })?;
        let hmac_key =
            key_bytes(text, account.hmac_key_encoding.unwrap_or(account.secret_key_encoding))
                .map_err(|why| {
                    format!(
                        "{name}: the credential `secret_key` {why}: check it and hmac_key_encoding"
                    )
                })?;
        let merchant = HeaderValue::from_str(account.merchant_id.trim())
            .ok()
            .filter(|value| !value.is_empty())
            .ok_or_else(|| {
                format!("{name}: merchant_id is empty or has characters that no header can carry")
            })?;
        let base = config.base_url.trim_end_matches('/').to_owned();
        base.parse::<Uri>().map_err(|_| format!("{name}: base_url is not an address"))?;
        Ok(Self {
            http,
            base,
            merchant,
            key,
            hmac_key,
            payload_text: account.payload_text,
            hmac_text: account.hmac_text,
            empty_body: account.empty_body,
            spelling: config.spelling.clone(),
            lists: config.lists.clone(),
            pagers: Pagers::both(Paging::Offset { size: config.lists.page_size }, None),
            rules: MatchRules { fee: FeePlacement::OnTop, others_top_up: config.others_top_up },
            templates: Mutex::new(None),
        })
    }

    /// Asks a call and returns what the answer's envelope holds, verified and decrypted.
    async fn ask(&self, does: Access, path: Endpoint, body: &Body) -> Result<Opened> {
        let request = self.request(path, body)?;
        let answer = self.http.send(does, request).await?;
        if !answer.is_success() {
            return Err(self.refusal(&answer));
        }
        let json = self.open(&answer.body).map_err(|why| answer.bad_reply(why))?;
        Ok(Opened { answer, json: in_document_names(&json, &self.spelling) })
    }

    /// The request of an operation: encrypted, signed over the base64 text (banana wire notes, 1.3
    /// to 1.5).
    fn request(&self, path: Endpoint, body: &Body) -> Result<Request<Bytes>> {
        let iv = crypto::random::<16>().map_err(|_| {
            self.error(
                ErrorKind::Unreachable,
                "the system gave no random numbers; nothing was sent",
            )
        })?;
        // INFERENCE (banana wire notes, 1.3): a call without parameters sends an encrypted `{}`.
        let bare = body.0.is_empty() && self.empty_body == EmptyBody::Nothing;
        let payload = if bare { Ok(String::new()) } else { self.seal(iv, body.json().as_bytes()) };
        let payload = payload.map_err(|_| {
            self.error(
                ErrorKind::Auth,
                "the request could not be encrypted with secret_key; nothing was sent",
            )
        })?;
        let tag = self
            .hmac_text
            .encode(&crypto::hmac_sha256(self.hmac_key.expose_secret(), payload.as_bytes()));
        let path = self.spelling.path(path).trim_start_matches('/');
        Request::post(format!("{}/{path}", self.base))
            .header("Content-Type", "application/json")
            .header("Merchant-ID", self.merchant.clone())
            .header("X-HMAC", tag)
            .body(if bare {
                Bytes::new()
            } else {
                Bytes::from(format!("{{\"encrypted_payload\":\"{payload}\"}}"))
            })
            .map_err(|_| {
                self.error(
                    ErrorKind::Refused,
                    "the address of this call cannot be formed: check base_url and paths; nothing \
                     was sent",
                )
            })
    }

    fn seal(&self, iv: [u8; 16], plain: &[u8]) -> std::result::Result<String, crypto::CryptoError> {
        let mut bytes = iv.to_vec();
        bytes.extend(crypto::aes_cbc_encrypt(self.key.expose_secret(), iv, plain)?);
        Ok(self.payload_text.encode(&bytes))
    }

    /// What an envelope holds, once its signature is right (banana wire notes, 1.6); otherwise a
    /// sentence.
    fn open(&self, body: &[u8]) -> std::result::Result<Box<RawValue>, &'static str> {
        let envelope = std::str::from_utf8(body).ok().and_then(|text| JsonObject::parse(text).ok());
        let envelope = envelope.ok_or(
            "answered something other than a signed envelope: check base_url and any proxy between",
        )?;
        let payload = envelope
            .raw_text("encrypted_payload")
            .ok_or("answered without an encrypted payload: it is not believed")?;
        let tag = envelope
            .raw_text("hmac")
            .ok_or("signature of the answer is missing: it is not believed")?;
        let right = crypto::hmac_sha256(self.hmac_key.expose_secret(), payload.as_bytes());
        let tag = self.hmac_text.decode(tag.trim()).unwrap_or_default();
        if !crypto::equal(&tag, &right) {
            return Err("signature of the answer is wrong: check secret_key and \
                        secret_key_encoding; it is not believed");
        }
        const BROKEN: &str =
            "the answer is signed but cannot be decrypted: check secret_key_encoding";
        let bytes = self.payload_text.decode(&payload).ok_or(BROKEN)?;
        let (iv, cipher) = bytes.split_first_chunk::<16>().ok_or(BROKEN)?;
        let plain =
            crypto::aes_cbc_decrypt(self.key.expose_secret(), *iv, cipher).map_err(|_| BROKEN)?;
        let plain = Zeroizing::new(plain);
        serde_json::from_slice(without_byte_order_mark(&plain))
            .map_err(|_| "the decrypted answer is not JSON")
    }

    /// The error of an answer other than 2xx: its words are in an envelope, in plain JSON or in
    /// text (banana wire notes, 1.9).
    fn refusal(&self, answer: &Answer) -> Error {
        let opened = self.open(&answer.body).ok();
        let json = opened.as_deref().or_else(|| serde_json::from_slice(&answer.body).ok());
        let words = json
            .map(|json| wire::refusal_words(&in_document_names(json, &self.spelling)))
            .unwrap_or_default();
        let error = answer.refusal(&words, AnsweredBy::provider_if(answer.is_object()));
        if answer.status == 400
            && (wire::about_credentials(&words) || wire::about_credentials(&error.reason()))
        {
            Error { kind: ErrorKind::Auth, ..error }
        } else {
            error
        }
    }

    fn error(&self, kind: ErrorKind, said: &str) -> Error {
        Error::new(self.http.provider(), kind, said)
    }

    /// An end of a list's time. INFERENCE (banana wire notes, 2.12): written as `created_at` is.
    fn date(&self, body: Body, name: &str, at: Timestamp) -> Body {
        let written = listing::format_time(at.as_second(), self.lists.dates);
        match self.lists.dates {
            Dates::Unix | Dates::UnixMillis => body.number(name, &written),
            Dates::Rfc3339 | Dates::Day => body.text(name, &written),
        }
    }

    /// The user and the card, as almost every call wants them.
    fn whose(&self, card: &Card, before: Option<&Arc<str>>) -> Result<Body> {
        let owner = card.owner.as_ref().or(before).ok_or_else(|| {
            let said = format!(
                "banana wants the user of card {}: add its user_id to the roster; nothing was sent",
                card.key.id
            );
            self.error(ErrorKind::Refused, &said)
        })?;
        Ok(Body::default().id("user_id", owner).id("card_id", &card.wire_id))
    }

    /// State, expiry, last four digits and template of a card.
    async fn information(&self, whose: &Body) -> Result<Opened> {
        self.ask(Access::Read, settings::INFORMATION, whose).await
    }

    /// Whether cards of a template are virtual or physical. Templates are read once, by one caller;
    /// without them a card is still worth showing.
    async fn kind(&self, template: &str) -> Option<CardKind> {
        let mut known = self.templates.lock().await;
        let now = self.http.clock().now();
        if known.as_ref().is_none_or(|known| known.again.is_some_and(|again| again <= now)) {
            let again = now.saturating_add(TEMPLATES_AGAIN).unwrap_or(Timestamp::MAX);
            *known = Some(
                match self.ask(Access::Read, settings::CARD_TEMPLATES, &Body::default()).await {
                    Ok(opened) => Templates { kinds: wire::templates(&opened.json), again: None },
                    Err(_) => Templates { kinds: BTreeMap::new(), again: Some(again) },
                },
            );
        }
        known.as_ref()?.kinds.get(template).copied()
    }

    /// One page of transactions (banana wire notes, 2.12 and 5.1).
    async fn page(
        &self,
        of: Option<&Card>,
        body: Body,
        page: PageCursor,
    ) -> Result<Page<Transaction>> {
        let body =
            body.whole("skip", page.offset).whole("limit", u64::from(page.size)).flag("desc", true);
        let opened = self.ask(Access::Read, settings::TRANSACTIONS, &body).await?;
        opened.agreed()?;
        let list = listing::find_rows(&opened.json).map_err(|odd| opened.odd(&odd))?;
        let reader = listing::RowReader::new(
            self.http.provider(),
            &self.spelling,
            &self.lists,
            settings::IDS,
            opened.answer.at,
        );
        let rows = list.iter().map(|row| {
            listing::or_unread(row, &reader, of, wire::NAMES, wire::transaction(row, &reader, of))
        });
        Ok(Page::of(rows))
    }

    /// Asks for a change; a good answer is an acceptance (banana wire notes, 5.2).
    async fn change(&self, path: Endpoint, body: &Body) -> Result<Ack> {
        let opened = self.ask(Access::Write, path, body).await?;
        match wire::change(&opened.object_as_it_is()?).map_err(|odd| opened.odd(&odd))? {
            wire::Envelope::Accepted(reference) => Ok(Ack::Accepted { reference }),
            wire::Envelope::Refused(why) => Err(opened.answer.stated_refusal(&why)),
        }
    }
}

#[async_trait]
impl Provider for Banana {
    fn capabilities(&self) -> Capabilities {
        Capabilities { page_max: self.lists.page_size, ..CAN }
    }

    fn pagers(&self) -> &Pagers {
        &self.pagers
    }

    async fn cards(&self, _page: PageCursor) -> Result<Page<Card>> {
        Err(self.error(ErrorKind::NotOffered, NO_LIST))
    }

    async fn card(&self, card: &Card) -> Result<Card> {
        let whose = self.whose(card, None)?;
        let opened = self.ask(Access::Read, settings::BALANCE, &whose).await?;
        let balance = wire::balance(opened.object()?, card, opened.answer.at)
            .map_err(|odd| opened.odd(&odd))?;
        // The balance is what matters most: without the rest it is still worth showing.
        let Ok(opened) = self.information(&whose).await else { return Ok(balance) };
        let Ok(fields) = opened.object() else { return Ok(balance) };
        let said = wire::information(fields, card, &self.spelling, opened.answer.at)
            .map_err(|odd| opened.odd(&odd))?;
        let Some((information, template)) = said else { return Ok(balance) };
        let kind = match template {
            Some(template) if card.kind.is_none() => self.kind(&template).await,
            Some(_) | None => None,
        };
        Ok(Card { kind, ..information.over(balance) })
    }

    async fn transactions(&self, window: &Window, page: PageCursor) -> Result<Page<Transaction>> {
        let until =
            window.until.saturating_add(SignedDuration::from_secs(1)).unwrap_or(Timestamp::MAX);
        let body =
            self.date(self.date(Body::default(), "start_date", window.since), "end_date", until);
        let body = match &window.card {
            Some(card) => body.id("card_id", &card.wire_id),
            None => body,
        };
        self.page(window.card.as_ref(), body, page).await
    }

    async fn credits(&self, card: &Card, since: Timestamp) -> Result<Credits> {
        let window = credits::search_window(card, since, self.http.clock().now());
        // No dates: their format is not documented, and a row missed here would look like money
        // that never came.
        let body = || Body::default().id("card_id", &card.wire_id).text("type", "RECHARGE");
        let ask = |_, page| self.page(Some(card), body(), page);
        Credits::of(read_window(&self.pagers.transactions, &window, ReadMode::Ordinary, ask).await)
    }

    async fn float(&self) -> Result<Vec<Money>> {
        let opened = self.ask(Access::Read, settings::ACCOUNT_BALANCE, &Body::default()).await?;
        opened.agreed()?;
        wire::float(&opened.json).map_err(|odd| opened.odd(&odd))
    }

    async fn quote(&self, _card: &Card, _amount: Money) -> Result<Quote> {
        Err(self.error(ErrorKind::NotOffered, NO_QUOTE))
    }

    async fn act(&self, permit: Permit) -> Result<Ack> {
        let (card, action) = (permit.card(), permit.action());
        let whose = self.whose(card, None)?;
        let alter = |word| (settings::UPDATE_STATUS, whose.clone().text("alter", word));
        let (path, body) = match action {
            Action::Freeze => alter("LOCK"),
            Action::Unfreeze => alter("UNLOCK"),
            Action::Close => alter("CLOSE"),
            Action::SetPin { new: Some(pin), .. } => {
                let body = whose.digits("pin", pin.expose());
                return self
                    .change(settings::SET_PIN, &body)
                    .await
                    .map_err(|error| error.without(&[pin]));
            }
            Action::SetPin { new: None, .. } => {
                return Err(self.error(
                    ErrorKind::Refused,
                    "banana wants a PIN of 4 to 6 digits; nothing was sent",
                ));
            }
            Action::TopUp(amount) => {
                if let Some(currency) =
                    card.currency.filter(|currency| *currency != amount.currency())
                {
                    let said = format!(
                        "banana takes amounts in the card's currency, {currency}, and {amount} is \
                         not; nothing was sent"
                    );
                    return Err(self.error(ErrorKind::Refused, &said));
                }
                (settings::RECHARGE, whose.number("amount", &amount.digits()))
            }
        };
        self.change(path, &body).await
    }

    async fn lookup(
        &self,
        card: &Card,
        operation: &Operation,
        claimed: &MatchedCredits,
    ) -> Result<Lookup> {
        match operation.action_kind {
            // There is no other trace (banana wire notes, 5.3).
            ActionKind::TopUp => {
                let found = self.credits(card, credits::search_start(operation)).await?;
                Ok(credits::match_top_up(&found, operation, claimed, self.rules))
            }
            ActionKind::Freeze | ActionKind::Unfreeze | ActionKind::Close => {
                let opened =
                    self.information(&self.whose(card, operation.before.owner.as_ref())?).await?;
                let said =
                    wire::information(opened.object()?, card, &self.spelling, opened.answer.at)
                        .map_err(|odd| opened.odd(&odd))?;
                let (card, _) =
                    said.ok_or_else(|| opened.odd(&RowError::new("answered no card information")))?;
                Ok(Lookup::by_state(operation.action_kind, &card))
            }
            ActionKind::SetPin => {
                Ok(Lookup::not_found("banana cannot be asked whether a PIN was set"))
            }
        }
    }
}

const NO_LIST: &str = "banana has no card list: cards come from the roster";
const NO_QUOTE: &str =
    "banana does not say whether its recharge fee is a sum or a percentage, so nothing is quoted";

const CAN: Capabilities = Capabilities {
    list_cards: Support::No(NO_LIST),
    list_all_transactions: Support::Yes,
    float: Support::Yes,
    quote: Support::No(NO_QUOTE),
    freeze: Support::Yes,
    unfreeze: Support::Yes,
    top_up: Support::Yes,
    close: Support::Yes,
    pin: Ok(PinRule {
        digits: Some((4, 6)),
        needs_old: false,
        physical_only: true,
        sentence: "a PIN of 4 to 6 digits; on a card that is not active yet, it activates it",
    }),
    top_up_proof: Proof::ByListing,
    state_proof: Proof::ByState,
    pin_proof: Proof::AnswerOnly,
    class: TopUpSafety::Neither,
    top_up_min: None,
    top_up_decimals: None,
    names_payer: false,
    page_max: 100,
};

/// An answer whose envelope was verified, and what was in it.
struct Opened {
    answer: Answer,
    json: Box<RawValue>,
}

impl Opened {
    /// The object in it, refused where it says `"success": false`.
    fn object(&self) -> Result<JsonObject<'_>> {
        self.agreed()?;
        self.object_as_it_is()
    }

    fn object_as_it_is(&self) -> Result<JsonObject<'_>> {
        JsonObject::read(&self.json)
            .map_err(|_| self.answer.bad_reply("answered JSON of an unexpected shape"))
    }

    /// Checks that an object in it does not say no (banana wire notes, 1.9).
    fn agreed(&self) -> Result<()> {
        let fields = JsonObject::read(&self.json).unwrap_or_default();
        match fields.flag("success") {
            Some(false) => {
                Err(self.answer.stated_refusal(&wire::refused(&fields).unwrap_or_default()))
            }
            Some(true) | None => Ok(()),
        }
    }

    fn odd(&self, odd: &RowError) -> Error {
        let words = JsonObject::read(&self.json).ok().and_then(|fields| wire::words(&fields));
        self.answer.bad_reply(
            &words.map_or_else(|| odd.0.to_string(), |words| format!("{}: {words}", odd.0)),
        )
    }
}

/// A request's plain JSON, written field by field; wiped when it is dropped, because one of them
/// carries a PIN.
#[derive(Clone, Default)]
struct Body(Zeroizing<String>);

impl Body {
    /// The whole object.
    fn json(&self) -> Zeroizing<String> {
        joined(&["{", self.0.as_str(), "}"])
    }

    /// An id: a number where it is one, as in every example (banana wire notes, 0), text otherwise.
    fn id(self, name: &str, id: &str) -> Self {
        let whole = id.len() <= 18
            && id.bytes().all(|b| b.is_ascii_digit())
            && (id == "0" || !id.starts_with('0'));
        if whole && !id.is_empty() { self.number(name, id) } else { self.text(name, id) }
    }

    fn whole(self, name: &str, number: u64) -> Self {
        self.number(name, &number.to_string())
    }

    fn flag(self, name: &str, flag: bool) -> Self {
        self.number(name, if flag { "true" } else { "false" })
    }

    fn text(self, name: &str, text: &str) -> Self {
        self.number(name, &serde_json::Value::from(text).to_string())
    }

    /// Text of digits alone, which needs no escaping and so leaves no copy behind: a PIN.
    fn digits(self, name: &str, digits: &str) -> Self {
        self.number(name, &joined(&["\"", digits, "\""]))
    }

    /// Digits as they are: an amount never passes through a float.
    fn number(self, name: &str, digits: &str) -> Self {
        let comma = if self.0.is_empty() { "" } else { "," };
        Self(joined(&[self.0.as_str(), comma, "\"", name, "\":", digits]))
    }
}

/// One text of several, with room for all of it at once: nothing is left behind where it grew, and
/// all of it is wiped.
fn joined(parts: &[&str]) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::with_capacity(parts.iter().map(|part| part.len()).sum()));
    for part in parts {
        text.push_str(part);
    }
    text
}

/// The key's bytes; an error is the end of a sentence. INFERENCE (banana wire notes, 1.7): its
/// encoding is a setting, never guessed.
fn key_bytes(text: &str, encoding: KeyEncoding) -> std::result::Result<SecretSlice<u8>, String> {
    let bytes = match encoding {
        KeyEncoding::Utf8 => Ok(text.as_bytes().to_vec()),
        KeyEncoding::Hex => {
            HEXLOWER_PERMISSIVE.decode(text.as_bytes()).map_err(|_| "is not hexadecimal")
        }
        KeyEncoding::Base64 => BASE64.decode(text.as_bytes()).map_err(|_| "is not base64"),
    }?;
    if bytes.is_empty() { Err("is empty".to_owned()) } else { Ok(SecretSlice::from(bytes)) }
}
