//! Requests of enkash: prepaid cards of one card account, in rupees.
//!
//! Refused credentials are tried once more after a while and then only when asked, because three
//! wrong attempts lock the account; a change is sent once, and once more only after an HTTP 401,
//! which comes before anything is executed.

pub mod settings;
mod wire;

#[cfg(test)]
mod tests;

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use data_encoding::BASE64;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderValue, Method, Request, Uri};
use jiff::{SignedDuration, Timestamp};
use rust_decimal::Decimal;
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use serde_json::value::RawValue;
use tokio::sync::Mutex;
use zeroize::Zeroizing;

use super::{
    Ack, Credits, Error, ErrorKind, Evidence, Lookup, MatchedCredits, Outcome, Page, PageCursor,
    Pager, Pagers, Paging, Permit, Provider, ProviderConfig, Quote, Result, Window, credits,
    crypto, listing, pages, sensitive,
};
use crate::config::endpoint::Endpoint;
use crate::config::lists::Lists;
use crate::config::secret::Source;
use crate::config::spelling::Spelling;
use crate::domain::card::{Card, CardState, ProviderId};
use crate::domain::money::Money;
use crate::domain::operation::{
    Action, ActionKind, Capabilities, Operation, OperationId, Pin, PinRule, Proof, Support,
    TopUpSafety,
};
use crate::domain::transaction::Transaction;
use crate::provider::http::{Access, Answer, AnsweredBy, Http};
use crate::provider::json::RowError;
pub use settings::KIND;
use settings::{BodyWrapping, KeyDerivation, Load, PinBlock, Settings};
use wire::{Code, Envelope, Unreadable};

/// Seconds before its end at which a token is renewed.
const MARGIN: i64 = 60;

/// Seconds a token lives where its answer does not say: the shorter of the two documented lives
/// (enkash wire notes, 1.3).
const SHORT_LIFE: i64 = 300;

/// How long refused credentials rest before they are tried once more.
const HELD: SignedDuration = SignedDuration::from_mins(15);

/// Who made a change, in enkash's records.
const CREATED_BY: &str = "cardtop";

const NO_QUOTE: &str = "enkash quotes no fee: a top-up arrives as it is sent";
const NO_ENCRYPTION: &str =
    "a PIN is only sent encrypted: set encryption = \"envelope\" for this account";

/// The adapter.
pub struct Enkash {
    provider: ProviderId,
    http: Http,
    base_url: String,
    token_url: String,
    basic: HeaderValue,
    username: SecretString,
    password: SecretString,
    key: Zeroizing<Vec<u8>>,
    partner_id: HeaderValue,
    company_id: String,
    card_account_id: String,
    encryption: BodyWrapping,
    load: Load,
    envelope_field: String,
    unencrypted: Vec<String>,
    pin_block: PinBlock,
    otp_required: bool,
    spelling: Spelling,
    /// INFERENCE (enkash wire notes, 6.24): times without a zone are India's.
    lists: Lists,
    pagers: Pagers,
    others_top_up: bool,
    session: Mutex<Session>,
}

/// What is known of the login. Held locked while a token is fetched, so that there is one fetch at
/// a time.
#[derive(Default)]
struct Session {
    token: Option<Token>,
    /// Credentials were refused.
    refused: Option<Refused>,
}

/// The token call refused the credentials. Three wrong ones lock the account: they are tried once
/// more after a while, and then only when the operator asks.
#[derive(Clone)]
struct Refused {
    error: Error,
    /// No token is asked for before this; `None` until the operator asks.
    until: Option<Timestamp>,
}

struct Token {
    bearer: HeaderValue,
    until: Timestamp,
}

impl Enkash {
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
        let secret = |source: &Source, setting: &str| {
            source.read().map_err(|error| format!("{name}: {setting}: {error}"))
        };
        for (address, setting) in
            [(&config.base_url, "base_url"), (&account.token_url, "token_url")]
        {
            address.parse::<Uri>().map_err(|_| format!("{name}: {setting} is not an address"))?;
        }
        let (client_id, client_secret) = (
            secret(&account.client_id, "client_id")?,
            secret(&account.client_secret, "client_secret")?,
        );
        let pair = Zeroizing::new(format!(
            "{}:{}",
            client_id.expose_secret(),
            client_secret.expose_secret()
        ));
        let basic = Zeroizing::new(format!("Basic {}", BASE64.encode(pair.as_bytes())));
        let basic = sensitive(&basic).map_err(|_| {
            format!("{name}: client_id and client_secret cannot be put in a header")
        })?;
        let encryption_key = secret(&account.encryption_key, "encryption_key")?;
        let key = payload_key(encryption_key.expose_secret(), account.key_derivation).ok_or_else(
            || {
                format!(
                    "{name}: encryption_key must have 16, 24 or 32 bytes where key_derivation is \
                     \"own\""
                )
            },
        )?;
        Ok(Self {
            provider: name.clone(),
            http,
            base_url: config.base_url.trim_end_matches('/').to_owned(),
            token_url: account.token_url.clone(),
            basic,
            username: secret(&account.username, "username")?,
            password: secret(&account.password, "password")?,
            key,
            partner_id: HeaderValue::from_str(&account.partner_id).map_err(|_| {
                format!("{name}: partner_id has characters that a header cannot carry")
            })?,
            company_id: account.company_id.clone(),
            card_account_id: account.card_account_id.clone(),
            encryption: account.encryption,
            load: account.load,
            envelope_field: account.envelope_field.clone(),
            unencrypted: account.unencrypted.clone(),
            pin_block: account.pin_block,
            otp_required: account.otp_required,
            spelling: config.spelling.clone(),
            lists: config.lists.clone(),
            pagers: Pagers {
                cards: Pager::new(Paging::Numbered { size: u16::MAX }, None),
                transactions: Pager::new(Paging::ByTime, None),
            },
            others_top_up: config.others_top_up,
            session: Mutex::new(Session::default()),
        })
    }

    /// Asks a card call and takes only success for an answer: 2xx and code 0 (enkash wire notes,
    /// 1.6).
    async fn ask(
        &self,
        does: Access,
        call: Endpoint,
        body: &(impl Serialize + Sync),
    ) -> Result<(Answer, Envelope)> {
        let (answer, said) = self.hear(does, call, body).await?;
        judge(does, &answer, &said)?;
        Ok((answer, said))
    }

    /// Sends a card call and reads its answer, whatever its code. After an HTTP 401 the token is
    /// renewed and the call sent once more, changes too: an unauthenticated request has not been
    /// executed (enkash wire notes, 1.3 and 6.7; INFERENCE).
    async fn hear(
        &self,
        does: Access,
        call: Endpoint,
        body: &(impl Serialize + Sync),
    ) -> Result<(Answer, Envelope)> {
        // Room for the longest body at once: one of them carries a PIN, and nothing of it is left
        // behind where it grew.
        let mut plain = Zeroizing::new(Vec::with_capacity(2_048));
        serde_json::to_writer(&mut *plain, body).expect("a struct of texts and numbers is JSON");
        let path = self.spelling.path(call);
        let body = self.seal(call, &plain);
        let bearer = self.bearer(None).await?;
        let mut answer = self.http.send(does, self.request(path, &bearer, body.clone())?).await?;
        // Whatever a stranger answers, the request may have gone on to enkash: only enkash's own
        // 401 says that it was not executed.
        if answer.status == 401 && self.author(&answer) == AnsweredBy::Provider {
            let first = self.refused(does, &answer);
            let again = async {
                let bearer = self.bearer(Some(&bearer)).await?;
                self.http.send(does, self.request(path, &bearer, body)?).await
            };
            answer = again.await.map_err(|error| error.with_outcome(first.outcome))?;
        }
        if !answer.is_success() {
            return Err(self.refused(does, &answer));
        }
        match self.read(&answer) {
            Ok(said) => Ok((answer, said)),
            Err(Unreadable::NotJson) => Err(answer.unreadable()),
            Err(Unreadable::Sealed) => {
                Err(answer.bad_reply("the answer cannot be decrypted; check encryption_key"))
            }
        }
    }

    /// The error of an answer that is not 2xx; its body may be plain even when encryption is on
    /// (enkash wire notes, 1.5).
    fn refused(&self, does: Access, answer: &Answer) -> Error {
        let said = self.read(answer).ok();
        let error =
            answer.refusal(said.as_ref().map_or("", |said| &said.words), self.author(answer));
        let doubt =
            matches!(answer.status, 408 | 409) || said.is_some_and(|said| said.is_doubtful());
        if does == Access::Write && doubt { error.with_outcome(Outcome::Unknown) } else { error }
    }

    /// Whether enkash wrote a refusal: an envelope with a code, an OAuth error, or a 401 without a
    /// body (enkash wire notes, 1.3 and 6.7; INFERENCE).
    fn author(&self, answer: &Answer) -> AnsweredBy {
        let empty = answer.status == 401 && answer.body.is_empty();
        let envelope = self.read(answer).is_ok_and(|said| said.code != Code::Unclear);
        AnsweredBy::provider_if(empty || envelope || wire::is_oauth_error(&answer.body))
    }

    fn read(&self, answer: &Answer) -> std::result::Result<Envelope, Unreadable> {
        let mut said = wire::read(&answer.body, &self.key, &self.envelope_field)?;
        said.name_fields(&self.spelling);
        Ok(said)
    }

    fn request(&self, path: &str, bearer: &HeaderValue, body: Bytes) -> Result<Request<Bytes>> {
        Request::builder()
            .method(Method::POST)
            .uri(format!("{}/{}", self.base_url, path.trim_start_matches('/')))
            .header(AUTHORIZATION, bearer)
            .header("partnerId", &self.partner_id)
            .header(CONTENT_TYPE, "application/json")
            .body(body)
            .map_err(|_| self.no("base_url is not an address"))
    }

    /// The body as the account's settings wrap it (enkash wire notes, 1.5; which calls truly need
    /// it is INFERENCE: all).
    fn seal(&self, call: Endpoint, plain: &[u8]) -> Bytes {
        let sealed = || {
            BASE64.encode(
                &crypto::aes_ecb_encrypt(&self.key, plain).expect("the key has a length of AES"),
            )
        };
        match self.encryption {
            BodyWrapping::Off => Bytes::copy_from_slice(plain),
            BodyWrapping::Envelope | BodyWrapping::Bare
                if call != settings::SET_PIN
                    && self.unencrypted.iter().any(|key| key == call.key) =>
            {
                Bytes::copy_from_slice(plain)
            }
            BodyWrapping::Envelope => {
                let field = serde_json::Value::from(&*self.envelope_field);
                format!("{{{field}:\"{}\"}}", sealed()).into()
            }
            BodyWrapping::Bare => format!("\"{}\"", sealed()).into(),
        }
    }

    /// The `authorization` header; a new token when there is none, it ends soon, or it is the one
    /// that was just refused.
    async fn bearer(&self, refused: Option<&HeaderValue>) -> Result<HeaderValue> {
        let mut session = self.session.lock().await;
        let now = self.http.clock().now();
        if let Some(refused) =
            session.refused.as_ref().filter(|refused| refused.until.is_none_or(|until| until > now))
        {
            let wait =
                refused.until.and_then(|until| Duration::try_from(now.duration_until(until)).ok());
            return Err(Error { retry_after: wait, ..refused.error.clone() });
        }
        if let Some(token) = session
            .token
            .as_ref()
            .filter(|token| token.until > now && Some(&token.bearer) != refused)
        {
            return Ok(token.bearer.clone());
        }
        session.token = None;
        let answer = self.http.send(Access::Read, self.token_request()?).await?;
        let words = wire::token_error(&answer.body);
        if let (true, Some((token, life))) = (answer.is_success(), wire::token(&answer.body)) {
            let life = life.unwrap_or(SHORT_LIFE).clamp(0, 30 * 86_400);
            let life = SignedDuration::from_secs((life - MARGIN).max(life / 2));
            let bearer = sensitive(&format!("Bearer {token}")).map_err(|_| {
                answer.bad_reply("the token has characters that a header cannot carry")
            })?;
            let until = answer.at.checked_add(life).unwrap_or(Timestamp::MAX);
            *session =
                Session { token: Some(Token { bearer: bearer.clone(), until }), refused: None };
            return Ok(bearer);
        }
        let says_no = answer.is_success() && words.is_some();
        if says_no
            || matches!(answer.status, 400..=499) && !matches!(answer.status, 404 | 405 | 408 | 429)
        {
            let words = words.map(|words| format!(": {words}")).unwrap_or_default();
            let words =
                if answer.is_web_page() { format!(", {}", answer.describe_body()) } else { words };
            let first = session.refused.is_none();
            let when =
                if first { "once more in 15 minutes" } else { "again only when you ask for it" };
            let said = format!(
                "the token call refused our credentials (HTTP {}{words}); three wrong attempts \
                 lock the account, so they are tried {when}",
                answer.status
            );
            let error = Error::new(&self.provider, ErrorKind::Auth, &said);
            let until = first.then(|| answer.at.saturating_add(HELD).unwrap_or(Timestamp::MAX));
            session.refused = Some(Refused { error: error.clone(), until });
            return Err(Error { retry_after: first.then_some(HELD.unsigned_abs()), ..error });
        }
        if answer.is_success() || matches!(answer.status, 404 | 405) {
            return Err(
                answer.bad_reply(&format!("no token: {}; check token_url", answer.describe_body()))
            );
        }
        Err(answer.refusal(words.as_deref().unwrap_or_default(), AnsweredBy::Unknown))
    }

    /// `POST token_url`, the password grant, never encrypted (enkash wire notes, 1.3).
    fn token_request(&self) -> Result<Request<Bytes>> {
        let mut form = Zeroizing::new(String::with_capacity(512));
        let pairs = [
            ("username", self.username.expose_secret()),
            ("password", self.password.expose_secret()),
            ("grant_type", "password"),
            ("clientId", &self.company_id),
        ];
        for (name, value) in pairs {
            if !form.is_empty() {
                form.push('&');
            }
            form.push_str(name);
            form.push('=');
            push_encoded(&mut form, value);
        }
        Request::builder()
            .method(Method::POST)
            .uri(&self.token_url)
            .header(AUTHORIZATION, &self.basic)
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Bytes::copy_from_slice(form.as_bytes()))
            .map_err(|_| self.no("token_url is not an address"))
    }

    /// An error of our own, before anything is sent.
    fn no(&self, why: &str) -> Error {
        Error::new(&self.provider, ErrorKind::Refused, why)
    }

    fn reader(&self, at: Timestamp) -> listing::RowReader<'_> {
        listing::RowReader::new(&self.provider, &self.spelling, &self.lists, settings::IDS, at)
    }

    fn account(&self) -> OfAccount<'_> {
        OfAccount { company_id: &self.company_id, card_account_id: &self.card_account_id }
    }

    fn of_card<'a>(&'a self, card_id: &'a str) -> OfCard<'a> {
        OfCard { account: self.account(), en_kash_card_id: card_id }
    }

    async fn block(&self, card: &Card, code: &'static str, reason: &'static str) -> Result<Ack> {
        let body = Block {
            card: self.of_card(&card.wire_id),
            block_code: code,
            reason,
            otp_medium: "MOBILE",
            created_by: CREATED_BY,
            otp_required: self.otp_required,
        };
        self.ask(Access::Write, settings::BLOCK, &body).await?;
        Ok(Ack::Accepted { reference: None })
    }

    async fn top_up(&self, card: &Card, amount: Money, id: OperationId) -> Result<Ack> {
        if amount.currency() != wire::rupees()
            || amount.amount().normalize().scale() > 2
            || amount.amount() <= Decimal::ZERO
        {
            return Err(self.no("enkash takes rupees with at most two decimals"));
        }
        let (kind, code) = match self.load {
            Load::AllocateFund => ("ALLOCATE_FUND", "ALLOCATION"),
            Load::LoadMoney => ("LOAD_MONEY", "PRINCIPLE"),
        };
        let reference = id.reference();
        let body = Balance {
            account: self.account(),
            created_by: CREATED_BY,
            amount: RawValue::from_string(amount.digits())
                .map_err(|_| self.no("the amount is not a number"))?,
            transaction_type: "CR",
            description: "Top-up by cardtop",
            kind,
            transaction_code: code,
            unique_reference_number: &reference,
            remarks: &reference,
            en_kash_card_id: &card.wire_id,
        };
        let (_, said) = self.ask(Access::Write, settings::BALANCE, &body).await?;
        Ok(Ack::Accepted { reference: wire::load_id(&said) })
    }

    async fn set_pin(&self, card: &Card, pin: Option<&Pin>) -> Result<Ack> {
        if self.encryption == BodyWrapping::Off {
            return Err(self.no(NO_ENCRYPTION));
        }
        let pin = pin
            .filter(|pin| pin.len() == 4)
            .ok_or_else(|| self.no("enkash wants a new PIN of 4 digits"))?;
        let block = pin_block(pin, self.pin_block);
        let body = SetPin {
            card: self.of_card(&card.wire_id),
            pin_block: &block,
            otp_required: self.otp_required,
        };
        self.ask(Access::Write, settings::SET_PIN, &body)
            .await
            .map_err(|error| error.without(&[pin]))?;
        Ok(Ack::Accepted { reference: None })
    }

    /// Looks a load up by our reference. Empty, code 1 and 404 all mean that there is none, for
    /// this call only (enkash wire notes, 5).
    async fn look_for_load(
        &self,
        card: &Card,
        operation: &Operation,
        claimed: &MatchedCredits,
    ) -> Result<Lookup> {
        let nowhere = || {
            Lookup::not_found(format!(
                "enkash knows no load with reference {}",
                operation.reference
            ))
        };
        let body = ByReference {
            card: self.of_card(&card.wire_id),
            pg_reference_number: &operation.reference,
        };
        let (_, said) = match self.hear(Access::Read, settings::TRANSACTION, &body).await {
            Ok(heard) => heard,
            Err(error) if error.kind == ErrorKind::NotFound => return Ok(nowhere()),
            Err(error) => return Err(error),
        };
        match said.code {
            Code::Success => {
                let reader = self.reader(self.http.clock().now());
                Ok(wire::fate(
                    &wire::rows(&said).rows,
                    &reader,
                    operation,
                    claimed,
                    self.others_top_up,
                ))
            }
            Code::Failure(1 | 404) => Ok(nowhere()),
            Code::Failure(_) | Code::Unclear => Err(Error::new(
                &self.provider,
                ErrorKind::BadReply,
                &format!("the look-up answered: {}", said.words),
            )),
        }
    }

    async fn look_at_state(&self, card: &Card, action_kind: ActionKind) -> Result<Lookup> {
        let read = self.card(card).await?;
        // Our close is the block code BL: it reads as BLOCKED (enkash wire notes, 4.2).
        if action_kind == ActionKind::Close && read.state == CardState::Blocked {
            return Ok(Lookup::Done {
                proof: "seen BLOCKED".to_owned(),
                credit: None,
                by: Evidence::State,
            });
        }
        Ok(Lookup::by_state(action_kind, &read))
    }
}

#[async_trait]
impl Provider for Enkash {
    fn capabilities(&self) -> Capabilities {
        let pin = PinRule {
            digits: Some((4, 4)),
            needs_old: false,
            physical_only: false,
            sentence: "4 digits; enkash sets it without asking for the old one",
        };
        Capabilities {
            list_cards: Support::Yes,
            list_all_transactions: Support::Yes,
            float: Support::Yes,
            quote: Support::No(NO_QUOTE),
            freeze: Support::Yes,
            unfreeze: Support::Yes,
            top_up: Support::Yes,
            close: Support::Yes,
            pin: match self.encryption {
                BodyWrapping::Envelope | BodyWrapping::Bare => Ok(pin),
                BodyWrapping::Off => Err(NO_ENCRYPTION),
            },
            top_up_proof: Proof::ByReference,
            state_proof: Proof::ByState,
            pin_proof: Proof::AnswerOnly,
            class: TopUpSafety::Reference,
            top_up_min: Some(Decimal::ONE),
            top_up_decimals: Some(2),
            names_payer: false,
            page_max: 100,
        }
    }

    fn pagers(&self) -> &Pagers {
        &self.pagers
    }

    /// `/search` without a card id (enkash wire notes, 2.13). How it pages is not documented: that
    /// cards are missing is said.
    async fn cards(&self, page: PageCursor) -> Result<Page<Card>> {
        if page.number > 0 {
            return Ok(Page::of(std::iter::empty()));
        }
        let (answer, said) = self.ask(Access::Read, settings::SEARCH, &self.account()).await?;
        let (rows, reader) = (wire::rows(&said), self.reader(answer.at));
        let read = |raw| {
            listing::or_unread(raw, &reader, None, wire::CARD_NAMES, wire::card(raw, &reader))
        };
        let mut page = Page::of(rows.rows.iter().map(|raw| read(raw)));
        page.skipped.extend(
            rows.odd.as_ref().map(|odd| pages::unread(&self.provider, None, None, &odd.0, odd)),
        );
        if rows.missing() > 0 {
            let (here, total) = (rows.rows.len(), rows.total.unwrap_or(0));
            let words = format!(
                "enkash sent {here} of {total} cards, and documents no way to ask for the rest"
            );
            page.gap = Some(words.into());
        }
        page.is_all = true;
        Ok(page)
    }

    async fn card(&self, card: &Card) -> Result<Card> {
        let (answer, said) =
            self.ask(Access::Read, settings::DETAILS, &self.of_card(&card.wire_id)).await?;
        let rows = wire::rows(&said);
        let mut odd = rows.odd.clone();
        for raw in &rows.rows {
            match wire::card(raw, &self.reader(answer.at)) {
                Ok(read) if read.key == card.key => {
                    let another = read.last4.zip(card.last4).filter(|(read, known)| read != known);
                    let Some((read, known)) = another else { return Ok(read) };
                    odd = Some(RowError::new(&format!(
                        "the answer is about another card: ..{read}, and this one is ..{known}"
                    )));
                }
                Ok(_) => odd = Some(RowError::new("it is another card")),
                Err(why) => odd = Some(why),
            }
        }
        Err(match odd {
            Some(why) => answer.bad_reply(&format!("the card's details cannot be read: {why}")),
            None => {
                Error::new(&self.provider, ErrorKind::NotFound, "enkash does not know this card")
            }
        })
    }

    /// `/transaction/all` by time (enkash wire notes, 2.14, 2.15 and 5; INFERENCE). `recordsCount`
    /// tells when an answer does not hold all rows of its time, and never that it does.
    async fn transactions(&self, window: &Window, _page: PageCursor) -> Result<Page<Transaction>> {
        let body = Between {
            account: self.account(),
            en_kash_card_id: window.card.as_ref().map(|card| &*card.wire_id),
            txn_date_from: wire_time(window.since),
            txn_date_to: wire_time(window.until),
        };
        let (answer, said) = self.hear(Access::Read, settings::TRANSACTIONS, &body).await?;
        let rows = match said.code {
            Code::Failure(1) if said.is_none_found() => wire::Rows::default(),
            Code::Success | Code::Failure(_) | Code::Unclear => {
                judge(Access::Read, &answer, &said)?;
                wire::rows(&said)
            }
        };
        let (reader, of) = (self.reader(answer.at), window.card.as_ref());
        let read = |raw| {
            listing::or_unread(raw, &reader, of, wire::NAMES, wire::transaction(raw, &reader, of))
        };
        let mut page = Page::of(rows.rows.iter().map(|raw| read(raw)));
        let card = of.map(|card| Arc::clone(&card.key.id));
        page.skipped.extend(
            rows.odd.as_ref().map(|odd| pages::unread(&self.provider, card, None, &odd.0, odd)),
        );
        Ok(Page { total: rows.total, ..page })
    }

    async fn credits(&self, card: &Card, since: Timestamp) -> Result<Credits> {
        let window = credits::search_window(card, since, self.http.clock().now());
        let ask = |window: Window, page| async move { self.transactions(&window, page).await };
        Credits::of(
            pages::read_window(&self.pagers.transactions, &window, pages::ReadMode::Ordinary, ask)
                .await,
        )
    }

    async fn try_credentials_again(&self) {
        if let Some(refused) = &mut self.session.lock().await.refused {
            refused.until = Some(Timestamp::MIN);
        }
    }

    async fn float(&self) -> Result<Vec<Money>> {
        let (answer, said) =
            self.ask(Access::Read, settings::CARD_ACCOUNT, &self.account()).await?;
        match wire::float(&said) {
            Ok(Some(money)) => Ok(vec![money]),
            Ok(None) => Err(answer.bad_reply("the card account has no availableBalance")),
            Err(why) => Err(answer.bad_reply(&format!("the card account cannot be read: {why}"))),
        }
    }

    async fn quote(&self, _card: &Card, _amount: Money) -> Result<Quote> {
        Err(Error::new(&self.provider, ErrorKind::NotOffered, NO_QUOTE))
    }

    async fn act(&self, permit: Permit) -> Result<Ack> {
        let (card, action, id) = (permit.card(), permit.action(), permit.id());
        match action {
            Action::Freeze => self.block(card, "L", "frozen with cardtop").await,
            Action::Unfreeze => self.block(card, "UL", "unfrozen with cardtop").await,
            Action::Close => self.block(card, "BL", "closed with cardtop").await,
            Action::TopUp(amount) => self.top_up(card, *amount, id).await,
            Action::SetPin { new, old: _ } => self.set_pin(card, new.as_ref()).await,
        }
    }

    async fn lookup(
        &self,
        card: &Card,
        operation: &Operation,
        claimed: &MatchedCredits,
    ) -> Result<Lookup> {
        match operation.action_kind {
            ActionKind::TopUp => self.look_for_load(card, operation, claimed).await,
            ActionKind::Freeze | ActionKind::Unfreeze | ActionKind::Close => {
                self.look_at_state(card, operation.action_kind).await
            }
            ActionKind::SetPin => {
                Ok(Lookup::not_found("enkash cannot be asked whether a PIN was set"))
            }
        }
    }
}

/// A PIN as it is sent (enkash wire notes, 6.18: INFERENCE, the digits as text). Room for all of it
/// at once, so that nothing stays behind.
fn pin_block(pin: &Pin, form: PinBlock) -> Zeroizing<String> {
    let mut block = Zeroizing::new(String::with_capacity(16));
    if form == PinBlock::Iso2 {
        block.push('2');
        block.extend(char::from_digit(u32::try_from(pin.len()).unwrap_or(4), 16));
    }
    block.push_str(pin.expose());
    while form == PinBlock::Iso2 && block.len() < 16 {
        block.push('F');
    }
    block
}

/// The key that bodies are encrypted with; `None` when it has no length of AES (enkash wire notes,
/// 6.2: INFERENCE).
fn payload_key(secret: &str, derivation: KeyDerivation) -> Option<Zeroizing<Vec<u8>>> {
    let mut key = Zeroizing::new(match derivation {
        KeyDerivation::Sha256 => crypto::sha256(secret.as_bytes()),
        KeyDerivation::Own => secret.trim().as_bytes().to_vec(),
    });
    if derivation == KeyDerivation::Sha256 {
        key.truncate(16);
    }
    matches!(key.len(), 16 | 24 | 32).then_some(key)
}

/// Whether an answer says that it was done.
fn judge(does: Access, answer: &Answer, said: &Envelope) -> Result<()> {
    match said.code {
        Code::Success => Ok(()),
        Code::Failure(code) => {
            let words =
                if said.words.is_empty() { "refused without a reason" } else { &*said.words };
            let kind = if code == 404 { ErrorKind::NotFound } else { ErrorKind::Refused };
            let error = Error { kind, ..answer.stated_refusal(words) };
            // Codes that are not documented, and words of a change that may be under way, leave
            // doubt.
            let plain_no =
                matches!(code, 1 | 400..=499) && !matches!(code, 408 | 409) && !said.is_doubtful();
            Err(if does == Access::Write && !plain_no {
                error.with_outcome(Outcome::Unknown)
            } else {
                error
            })
        }
        Code::Unclear => {
            Err(answer.bad_reply("the answer has no code that says whether it was done"))
        }
    }
}

/// ISO 8601 in UTC with milliseconds, as the filter's example (enkash wire notes, 2.14).
fn wire_time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

/// A form value: all but letters, digits and `-._*` as `%XX`, a blank as `+`.
fn push_encoded(form: &mut String, value: &str) {
    for byte in value.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'*' => {
                form.push(char::from(byte))
            }
            b' ' => form.push('+'),
            _ => write!(form, "%{byte:02X}").expect("writing to a string cannot fail"),
        }
    }
}

/// The account that a call is about.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct OfAccount<'a> {
    company_id: &'a str,
    card_account_id: &'a str,
}

/// The card that a call is about.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct OfCard<'a> {
    #[serde(flatten)]
    account: OfAccount<'a>,
    en_kash_card_id: &'a str,
}

/// `/balance` (enkash wire notes, 2.4): the worked example's fields.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Balance<'a> {
    #[serde(flatten)]
    account: OfAccount<'a>,
    created_by: &'a str,
    amount: Box<RawValue>,
    transaction_type: &'a str,
    description: &'a str,
    #[serde(rename = "type")]
    kind: &'a str,
    transaction_code: &'a str,
    unique_reference_number: &'a str,
    remarks: &'a str,
    en_kash_card_id: &'a str,
}

/// `/block` (enkash wire notes, 2.11).
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Block<'a> {
    #[serde(flatten)]
    card: OfCard<'a>,
    block_code: &'a str,
    reason: &'a str,
    otp_medium: &'a str,
    created_by: &'a str,
    otp_required: bool,
}

/// `/setPin` (enkash wire notes, 2.3): the PIN as text, so that leading zeros survive.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SetPin<'a> {
    #[serde(flatten)]
    card: OfCard<'a>,
    pin_block: &'a str,
    otp_required: bool,
}

/// `/transaction/all` by reference (enkash wire notes, 2.14).
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ByReference<'a> {
    #[serde(flatten)]
    card: OfCard<'a>,
    pg_reference_number: &'a str,
}

/// `/transaction/all` by time (enkash wire notes, 2.14 and 2.15).
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Between<'a> {
    #[serde(flatten)]
    account: OfAccount<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    en_kash_card_id: Option<&'a str>,
    txn_date_from: String,
    txn_date_to: String,
}
