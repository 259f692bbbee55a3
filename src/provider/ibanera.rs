//! Requests of ibanera: prepaid cards in dollars, topped up from an asset account.
//!
//! A refused login is held back, because too many lock the account; a change is sent once, and once
//! more only after an HTTP 401, which comes before anything is executed.

mod payer;
pub mod settings;
mod wire;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use data_encoding::BASE32_NOPAD;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderValue, Method, Request, Uri};
use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use serde_json::value::RawValue;
use tokio::sync::{Mutex, OnceCell};
use zeroize::Zeroizing;

use super::{
    Ack, Credits, Error, ErrorKind, Lookup, MatchedCredits, Outcome, Page, PageCursor, Pagers,
    Paging, Permit, Provider, ProviderConfig, Quote, Result, Window, credits, crypto, listing,
    path_segment, sensitive,
};
use crate::config::lists::Lists;
use crate::config::secret::Source;
use crate::config::spelling::Spelling;
use crate::domain::card::{Card, CardState, ProviderId};
use crate::domain::money::{Currency, Money};
use crate::domain::operation::{
    Action, ActionKind, Capabilities, Operation, OperationId, Pin, PinRule, Proof, Support,
    TopUpSafety,
};
use crate::domain::transaction::Transaction;
use crate::provider::http::{Access, Answer, AnsweredBy, Http};
use crate::provider::pages::{ReadMode, read_window};
use payer::{NOBODY_PAYS, Paying};
pub use settings::KIND;
use settings::{Pays, SecretEncoding, Settings};
use wire::Envelope;

/// Seconds before an operation's intent from which its credit is looked for: their clock may be
/// behind.
const LOOK_BACK: i64 = 600;

/// Seconds before its end at which a token is renewed.
const MARGIN: i64 = 60;

/// Seconds that the account which pays may be read for before its top-up is sent.
const LONGEST_LOOK: i64 = 30;

/// Seconds a token lives where the login does not say.
const SHORT_LIFE: i64 = 300;

/// Seconds that a one-time password is good for (ibanera wire notes, 1.4).
const STEP: i64 = 30;

/// Seconds that logins are held back after `Account_Locked` (ibanera wire notes, 1.2).
const LOCKED: i64 = 600;

/// Seconds that logins are held back after refused credentials.
const HELD: i64 = 900;

const NO_CLOSE: &str = "ibanera offers no closing: freeze is the most it does";
const NO_COMMON_LIST: &str = "ibanera lists transactions card by card";

/// The adapter.
pub struct Ibanera {
    provider: ProviderId,
    http: Http,
    base_url: String,
    username: SecretString,
    password: SecretString,
    shared_secret: Zeroizing<Vec<u8>>,
    pays: Option<Pays>,
    asset_account_id: Option<i64>,
    /// The manager's own customer id, once it is known.
    manager: OnceCell<Arc<str>>,
    deactivate_path: String,
    spelling: Spelling,
    /// Rows asked for in a page: the greatest that ibanera takes is not documented.
    lists: Lists,
    pagers: Pagers,
    session: Mutex<Session>,
    /// Logins since a call was last let in.
    unproven: AtomicU32,
}

/// What is known of the login. Held locked while one runs, so that there is one at a time.
#[derive(Default)]
struct Session {
    token: Option<Token>,
    hold: Option<Hold>,
    /// These credentials have worked in this process.
    worked: bool,
    /// Logins refused in a row.
    refusals: u32,
}

struct Token {
    bearer: HeaderValue,
    until: Timestamp,
    /// The step of one-time passwords in which it was made.
    step: i64,
}

/// No login before this time; `None` until the operator asks.
struct Hold {
    error: Error,
    until: Option<Timestamp>,
}

impl Ibanera {
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
        config
            .base_url
            .parse::<Uri>()
            .map_err(|_| format!("{name}: base_url is not an address"))?;
        let asset_account_id = match account.asset_account_id.as_deref().map(str::trim) {
            Some(id) => {
                Some(id.parse().map_err(|_| format!("{name}: asset_account_id is not a number"))?)
            }
            None => None,
        };
        let manager = match account.manager_id.as_deref().map(str::trim) {
            Some(id) if !id.is_empty() && id.bytes().all(|b| b.is_ascii_digit()) => {
                OnceCell::new_with(Some(id.into()))
            }
            Some(_) => return Err(format!("{name}: manager_id is not a number")),
            None => OnceCell::new(),
        };
        let deactivate_path = &account.deactivate_path;
        if !deactivate_path.starts_with('/') {
            return Err(format!("{name}: deactivate_path must start with a slash"));
        }
        Ok(Self {
            provider: name.clone(),
            http,
            base_url: config.base_url.trim_end_matches('/').to_owned(),
            username: secret(&account.username, "username")?,
            password: secret(&account.password, "password")?,
            shared_secret: shared_secret(
                &secret(&account.shared_secret, "shared_secret")?,
                account.secret_encoding,
            )
            .ok_or_else(|| {
                format!("{name}: shared_secret is not base 32; try secret_encoding = \"ascii\"")
            })?,
            pays: account.pays,
            asset_account_id,
            manager,
            deactivate_path: deactivate_path.clone(),
            spelling: config.spelling.clone(),
            lists: config.lists.clone(),
            pagers: Pagers::both(Paging::Numbered { size: config.lists.page_size }, None),
            session: Mutex::new(Session::default()),
            unproven: AtomicU32::new(0),
        })
    }

    /// Asks a call and takes only success for an answer: 2xx and `status` 1 (ibanera wire notes,
    /// 1.6).
    async fn ask(&self, call: Call<'_>) -> Result<(Answer, Envelope)> {
        let answer = self.send(call).await?;
        let said = succeeded(call.does, &answer, Envelope::read(&answer.body))?;
        Ok((answer, said))
    }

    /// Sends a call. After an HTTP 401 the token is renewed and the call sent once more, changes
    /// too: an unauthenticated request has not been executed (ibanera wire notes, 1.4).
    async fn send(&self, call: Call<'_>) -> Result<Answer> {
        let bearer = self.bearer(None).await?;
        let mut answer = self.http.send(call.does, self.request(call, &bearer)?).await?;
        // Whatever a stranger answers, the request may have gone on to ibanera: only its own 401
        // says that it was not executed.
        if answer.status == 401
            && author(&answer, Envelope::read(&answer.body).as_ref()) == AnsweredBy::Provider
        {
            let first = refused(call.does, &answer, Envelope::read(&answer.body).as_ref());
            let again = async {
                let bearer = self.bearer(Some(&bearer)).await?;
                self.http.send(call.does, self.request(call, &bearer)?).await
            };
            answer = again.await.map_err(|error| error.with_outcome(first.outcome))?;
        }
        answer.name_fields(&self.spelling);
        if answer.status != 401 {
            self.unproven.store(0, Ordering::Relaxed);
        }
        Ok(answer)
    }

    fn request(&self, call: Call<'_>, bearer: &HeaderValue) -> Result<Request<Bytes>> {
        let code = Zeroizing::new(crypto::totp(&self.shared_secret, self.second()));
        let otp = sensitive(&code)
            .map_err(|_| self.no("the one-time password cannot be put in a header"))?;
        let mut request = Request::builder()
            .method(if call.body.is_some() { Method::POST } else { Method::GET })
            .uri(format!("{}/{}", self.base_url, call.path.trim_start_matches('/')))
            .header(AUTHORIZATION, bearer)
            .header("otp", otp)
            .header(ACCEPT, "*/*");
        if call.body.is_some() {
            request = request.header(CONTENT_TYPE, "application/json");
        }
        if let Some(key) = call.idempotency_key {
            request = request.header("IdempotencyKey", key);
        }
        let body = Bytes::copy_from_slice(call.body.unwrap_or_default());
        request.body(body).map_err(|_| self.no("base_url and path make no address"))
    }

    fn second(&self) -> u64 {
        u64::try_from(self.http.clock().now().as_second()).unwrap_or(0)
    }

    /// The `Authorization` header; a new login when there is no token, it ends soon, or it is the
    /// one that was just refused.
    ///
    /// A login that worked does not count towards the lock, but one that follows a refused token
    /// might not work: when two in a row led to no call that was let in, the next waits for the
    /// next one-time password.
    async fn bearer(&self, refused: Option<&HeaderValue>) -> Result<HeaderValue> {
        let mut session = self.session.lock().await;
        let now = self.http.clock().now();
        if let Some(token) = session.token.as_ref().filter(|token| token.until > now) {
            if Some(&token.bearer) != refused {
                return Ok(token.bearer.clone());
            }
            if token.step == step(now) && self.unproven.load(Ordering::Relaxed) >= 2 {
                let said = "a new token and one-time password were refused; check this machine's \
                            clock and shared_secret";
                return Err(Error {
                    retry_after: Some(until(now, next_step(now))),
                    ..self.no_entry(said)
                });
            }
        }
        if let Some(hold) =
            session.hold.as_ref().filter(|hold| hold.until.is_none_or(|until| until > now))
        {
            return Err(Error {
                retry_after: hold.until.map(|then| until(now, then)),
                ..hold.error.clone()
            });
        }
        session.token = None;
        let answer = self.http.send(Access::Read, self.login_request()?).await?;
        let said = Envelope::read(&answer.body);
        let token = said
            .as_ref()
            .filter(|said| answer.is_success() && said.success == Some(true))
            .and_then(wire::token);
        if let Some((token, life)) = token {
            let life = life.unwrap_or(SHORT_LIFE).clamp(0, 30 * 86_400);
            let life = SignedDuration::from_secs((life - MARGIN).max(life / 2));
            let bearer = sensitive(&format!("Bearer {token}")).map_err(|_| {
                answer.bad_reply("the token has characters that a header cannot carry")
            })?;
            let until = answer.at.checked_add(life).unwrap_or(Timestamp::MAX);
            *session = Session {
                token: Some(Token { bearer: bearer.clone(), until, step: step(now) }),
                worked: true,
                ..Session::default()
            };
            self.unproven.fetch_add(1, Ordering::Relaxed);
            return Ok(bearer);
        }
        Err(self.login_refused(&mut session, &answer, said.as_ref()))
    }

    /// What a login that gave no token means, and how long the next one waits (ibanera wire notes,
    /// 1.2).
    fn login_refused(
        &self,
        session: &mut Session,
        answer: &Answer,
        said: Option<&Envelope>,
    ) -> Error {
        let says_no = said.is_some_and(|said| answer.is_success() && said.success == Some(false));
        if !says_no
            && (!matches!(answer.status, 400..=499)
                || matches!(answer.status, 404 | 405 | 408 | 429))
        {
            return if answer.is_success() || matches!(answer.status, 404 | 405) {
                answer.bad_reply(&format!(
                    "no token from the login: {}; check base_url",
                    answer.describe_body()
                ))
            } else {
                answer.refusal(said.map_or("", |said| &said.words), AnsweredBy::Unknown)
            };
        }
        let has = |code: &str| said.is_some_and(|said| said.has(code));
        let words = said.map(|said| &*said.words).filter(|words| !words.is_empty());
        let reason = match words {
            Some(words) => words.to_owned(),
            None if answer.is_web_page() => answer.describe_body(),
            None => format!("HTTP {}", answer.status),
        };
        session.refusals = session.refusals.saturating_add(1);
        // Credentials that have worked are refused when a one-time password was used twice: one
        // second try, with the next one.
        let second_try =
            session.worked && session.refusals == 1 && has("Username_Or_Password_Incorrect");
        let (until, when) = if second_try {
            (Some(next_step(answer.at)), "tried once more with the next one-time password")
        } else if session.refusals > 1 {
            (
                None,
                "too many wrong logins lock the account, so the next one is tried only when you \
                 ask for it",
            )
        } else if has("Account_Locked") {
            (Some(later(answer.at, LOCKED)), "no login is tried for 10 minutes")
        } else {
            (
                Some(later(answer.at, HELD)),
                "tried once more in 15 minutes, because too many wrong logins lock the account",
            )
        };
        let error = self.no_entry(&format!("the login was refused ({reason}); {when}"));
        session.hold = Some(Hold { error: error.clone(), until });
        error
    }

    /// `POST /api/v1/public/auth/login` (ibanera wire notes, 1.2).
    fn login_request(&self) -> Result<Request<Bytes>> {
        let otp = Zeroizing::new(crypto::totp(&self.shared_secret, self.second()));
        let body = Login {
            username: self.username.expose_secret(),
            password: self.password.expose_secret(),
            otp: &otp,
        };
        let body = json(&body);
        Request::builder()
            .method(Method::POST)
            .uri(format!(
                "{}/{}",
                self.base_url,
                self.spelling.path(settings::LOGIN).trim_start_matches('/')
            ))
            .header(ACCEPT, "*/*")
            .header(CONTENT_TYPE, "application/json")
            .body(Bytes::copy_from_slice(&body))
            .map_err(|_| self.no("base_url is not an address"))
    }

    /// An error of our own, before anything is sent.
    fn no(&self, why: &str) -> Error {
        Error::new(&self.provider, ErrorKind::Refused, why)
    }

    fn no_entry(&self, why: &str) -> Error {
        Error::new(&self.provider, ErrorKind::Auth, why)
    }

    /// Card ids are numbers on this wire (ibanera wire notes, 5.4).
    fn card_number(&self, card: &Card) -> Result<i64> {
        card.key.id.parse().map_err(|_| {
            self.no(&format!("ibanera's card ids are numbers, and {} is none", card.key.id))
        })
    }

    /// Whether a top-up could be sent at all, whoever pays.
    fn transferable(&self, card: &Card, amount: Money) -> Result<i64> {
        let currency = amount.currency();
        if !matches!(currency.code(), "USD" | "dUSD") || amount.amount().normalize().scale() > 2 {
            return Err(self.no("ibanera takes USD or dUSD with at most two decimals"));
        }
        if let Some(other) = card.currency.filter(|of_card| *of_card != currency) {
            return Err(
                self.no(&format!("the card is in {other}, and {amount} is not; nothing was sent"))
            );
        }
        self.card_number(card)
    }

    /// The body of a top-up and of its quote (ibanera wire notes, 2.13 and 2.14).
    fn transfer_body(
        &self,
        card_number: i64,
        amount: Money,
        reference: &str,
        paying: &Paying,
    ) -> Result<Zeroizing<Vec<u8>>> {
        Ok(json(&TopUpCard {
            amount: RawValue::from_string(amount.digits())
                .map_err(|_| self.no("the amount is not a number"))?,
            reference,
            transfer_types: "TopUpCard",
            currency_type: paying.currency,
            destination_card_id: card_number,
            customers_id: &paying.customer,
            customer_asset_account_id: paying.account,
        }))
    }

    /// `transferfunds` (ibanera wire notes, 2.13), from an account that is read just before: when
    /// none can pay, nothing is sent.
    async fn top_up(&self, card: &Card, amount: Money, id: OperationId) -> Result<Ack> {
        let card_number = self.transferable(card, amount)?;
        let not_sent = |why: &str| self.no(&format!("{why}; nothing was sent"));
        let began = self.http.clock().now();
        let paying = self.paying(card).await?.map_err(|nobody| not_sent(&nobody.why))?;
        // The machine may have slept meanwhile, and somebody else may have taken the operation for
        // lost.
        if self.http.clock().now().duration_since(began).as_secs() > LONGEST_LOOK {
            return Err(not_sent("reading the account that pays took too long"));
        }
        if let Some(why) = paying.short_of(amount) {
            return Err(not_sent(&why));
        }
        let body = self.transfer_body(card_number, amount, &id.reference(), &paying)?;
        let key = id.uuid();
        let call = Call {
            idempotency_key: Some(&key),
            ..Call::write(self.spelling.path(settings::TRANSFER), &body)
        };
        let (answer, said) = self.ask(call).await?;
        match wire::transfer(&said, amount) {
            Ok(reference) => Ok(Ack::Accepted { reference }),
            Err(why) => Err(answer.bad_reply(&format!("{why}"))),
        }
    }

    async fn activate(&self, card: &Card) -> Result<Ack> {
        let body = json(&BTreeMap::from([("cardsId", self.card_number(card)?)]));
        let call = Call::write(self.spelling.path(settings::ACTIVATE), &body);
        let answer = self.send(call).await?;
        let said = Envelope::read(&answer.body);
        if let Some(said) =
            said.as_ref().filter(|said| said.success != Some(true) && said.has("Card_Active"))
        {
            return Ok(Ack::Done {
                reference: None,
                proof: format!("ibanera answered {}", said.words),
            });
        }
        let said = succeeded(call.does, &answer, said)?;
        Ok(match wire::suppressed(&said, &card.key.id) {
            Some(false) => {
                Ack::Done { reference: None, proof: "the answer says bSuppressed false".to_owned() }
            }
            Some(true) | None => Ack::Accepted { reference: None },
        })
    }

    /// Path, body and answer of deactivation are INFERENCE of ibanera wire notes, 2.7: a refusal is
    /// checked against the card.
    async fn deactivate(&self, card: &Card) -> Result<Ack> {
        let body =
            json(&BTreeMap::from([(self.spelling.theirs("cardsId"), self.card_number(card)?)]));
        let said = match self.ask(Call::write(&self.deactivate_path, &body)).await {
            Ok((_, said)) => said,
            Err(error) if error.kind == ErrorKind::Refused && error.outcome == Outcome::NotDone => {
                let read = self.card(card).await;
                return match read {
                    Ok(read) if read.state == CardState::Frozen => Ok(Ack::Done {
                        reference: None,
                        proof: format!("refused ({}), and the card is deactivated", error.reason()),
                    }),
                    Ok(_) | Err(_) => Err(error),
                };
            }
            Err(error) if error.kind == ErrorKind::NotFound => {
                let said = format!(
                    "{}; the card is unknown, or deactivate_path is not the one of this account",
                    error.reason()
                );
                return Err(error.with_reason(&said));
            }
            Err(error) => return Err(error),
        };
        Ok(match wire::suppressed(&said, &card.key.id) {
            Some(true) => {
                Ack::Done { reference: None, proof: "the answer says bSuppressed true".to_owned() }
            }
            Some(false) | None => Ack::Accepted { reference: None },
        })
    }

    /// `changecardpin` (ibanera wire notes, 2.8): nothing can be read back afterwards.
    async fn change_pin(&self, card: &Card, new: Option<&Pin>, old: Option<&Pin>) -> Result<Ack> {
        let four = |pin: Option<&Pin>| pin.is_some_and(|pin| pin.len() == 4);
        let (Some(new), Some(old)) =
            (new.filter(|new| four(Some(new))), old.filter(|old| four(Some(old))))
        else {
            return Err(self.no("ibanera wants the old and the new PIN, 4 digits each"));
        };
        let top_up_cards_id = self.card_number(card)?;
        let body =
            json(&ChangePin { top_up_cards_id, old_pin: old.expose(), new_pin: new.expose() });
        self.ask(Call::write(self.spelling.path(settings::CHANGE_PIN), &body))
            .await
            .map_err(|error| error.without(&[new, old]))?;
        Ok(Ack::Accepted { reference: None })
    }

    /// Reads the card's transactions since shortly before the intent, and looks for our reference
    /// (ibanera wire notes, 5.3).
    async fn look_for_credit(
        &self,
        card: &Card,
        operation: &Operation,
        claimed: &MatchedCredits,
    ) -> Result<Lookup> {
        let since = credits::search_start(operation).min(later(operation.created_at, -LOOK_BACK));
        let window = credits::search_window(card, since, self.http.clock().now());
        let ask = |window: Window, page| async move { self.transactions(&window, page).await };
        let list = read_window(&self.pagers.transactions, &window, ReadMode::Ordinary, ask).await;
        match list.error {
            Some(error) => Err(error),
            None => Ok(
                match (wire::fate(&list.rows, list.unread.len(), operation, claimed), &list.gap) {
                    (Lookup::NotFound { looked, candidate }, Some(gap)) => {
                        Lookup::NotFound { looked: format!("{looked}, but {gap}"), candidate }
                    }
                    (seen, _) => seen,
                },
            ),
        }
    }
}

#[async_trait]
impl Provider for Ibanera {
    fn capabilities(&self) -> Capabilities {
        let pin = PinRule {
            digits: Some((4, 4)),
            needs_old: true,
            physical_only: false,
            sentence: "4 digits; ibanera changes a PIN only when the old one is given",
        };
        let payable = if self.pays.is_some() { Support::Yes } else { Support::No(NOBODY_PAYS) };
        Capabilities {
            list_cards: Support::Yes,
            list_all_transactions: Support::No(NO_COMMON_LIST),
            float: Support::Yes,
            quote: payable,
            freeze: Support::Yes,
            unfreeze: Support::Yes,
            top_up: payable,
            names_payer: true,
            close: Support::No(NO_CLOSE),
            pin: Ok(pin),
            top_up_proof: Proof::ByReference,
            state_proof: Proof::ByState,
            pin_proof: Proof::AnswerOnly,
            class: TopUpSafety::Reference,
            top_up_min: None,
            top_up_decimals: Some(2),
            page_max: self.lists.page_size,
        }
    }

    fn pagers(&self) -> &Pagers {
        &self.pagers
    }

    /// `cards/balances`: the one list with id, digits, holder, balances and state together (ibanera
    /// wire notes, 2.11).
    async fn cards(&self, page: PageCursor) -> Result<Page<Card>> {
        let path = self.spelling.path(settings::CARD_BALANCES);
        let path = format!("{path}?PageSize={}&PageNumber={}", page.size, self.page_number(page));
        let (answer, said) = self.ask(Call::read(&path)).await?;
        let rows = said.listed().map_err(|odd| answer.bad_reply(&odd.0))?;
        let reader = self.reader(answer.at);
        let read = |raw| {
            listing::or_unread(
                raw,
                &reader,
                None,
                wire::CARD_NAMES,
                wire::listed_card(raw, &reader),
            )
        };
        Ok(Page::of(rows.iter().map(|raw| read(raw))))
    }

    /// `carddetails` (ibanera wire notes, 2.9), never the call with the whole number.
    async fn card(&self, card: &Card) -> Result<Card> {
        let path = format!(
            "{}?CardId={}",
            self.spelling.path(settings::CARD_DETAILS),
            path_segment(&card.wire_id)
        );
        let (answer, said) = self.ask(Call::read(&path)).await?;
        let details =
            said.details().ok_or_else(|| answer.bad_reply("the card's details are missing"))?;
        let numbers = ["cardLast4", "obfuscatedCardNumber", "cardNumber", "fullCardNumber"];
        listing::check_same_card(card, settings::IDS.cards, &details, &["id", "cardsId"], &numbers)
            .map_err(|odd| answer.bad_reply(&odd.0))?;
        let known = Card {
            wire_id: Arc::clone(&card.wire_id),
            currency: card.currency,
            ..Card::unread(card.key.clone())
        };
        wire::card(&details, known, &self.reader(answer.at))
            .map_err(|why| answer.bad_reply(&format!("the card's details cannot be read: {why}")))
    }

    /// `cards/transactions` of one card (ibanera wire notes, 2.12).
    async fn transactions(&self, window: &Window, page: PageCursor) -> Result<Page<Transaction>> {
        let card = window
            .card
            .as_ref()
            .ok_or_else(|| Error::new(&self.provider, ErrorKind::NotOffered, NO_COMMON_LIST))?;
        // Whether the ends belong to the window is not documented: it is asked for a second wider.
        let path = format!(
            "{}?CardsId={}&fromDate={}&toDate={}&PageNumber={}&PageSize={}",
            self.spelling.path(settings::TRANSACTIONS),
            path_segment(&card.wire_id),
            wire_time(window.since),
            wire_time(later(window.until, 1)),
            self.page_number(page),
            page.size
        );
        let (answer, said) = self.ask(Call::read(&path)).await?;
        let rows = said.listed().map_err(|odd| answer.bad_reply(&odd.0))?;
        let reader = self.reader(answer.at);
        let read = |raw| {
            listing::or_unread(
                raw,
                &reader,
                Some(card),
                wire::NAMES,
                wire::transaction(raw, &reader, card),
            )
        };
        Ok(Page::of(rows.iter().map(|raw| read(raw))))
    }

    async fn credits(&self, card: &Card, since: Timestamp) -> Result<Credits> {
        let window = credits::search_window(card, since, self.http.clock().now());
        let ask = |window: Window, page| async move { self.transactions(&window, page).await };
        Credits::of(read_window(&self.pagers.transactions, &window, ReadMode::Ordinary, ask).await)
    }

    async fn try_credentials_again(&self) {
        if let Some(hold) = &mut self.session.lock().await.hold {
            hold.until = Some(Timestamp::MIN);
        }
    }

    async fn float(&self) -> Result<Vec<Money>> {
        let mut sums: BTreeMap<Currency, Money> = BTreeMap::new();
        let accounts = self.accounts().await?;
        for available in accounts
            .iter()
            .filter(|account| !account.suppressed)
            .filter_map(|account| account.available)
        {
            let currency = available.currency();
            let sum = sums
                .get(&currency)
                .copied()
                .unwrap_or(Money::zero(currency))
                .checked_add(available);
            let sum = sum.map_err(|why| {
                Error::new(
                    &self.provider,
                    ErrorKind::BadReply,
                    &format!("the accounts cannot be added: {why}"),
                )
            })?;
            sums.insert(currency, sum);
        }
        Ok(sums.into_values().collect())
    }

    /// `reviewtransferfunds` (ibanera wire notes, 2.14), with the account that would pay. Whether
    /// the fee is inside `totalDue` is not documented: it is shown as what is paid, and what
    /// arrives is left open. The provider is not asked what a top-up costs that nobody can pay.
    async fn quote(&self, card: &Card, amount: Money) -> Result<Quote> {
        let card_number = self.transferable(card, amount)?;
        let unpaid = |payer| Quote {
            fee: None,
            receives: None,
            debited: None,
            payer: Some(payer),
            at: self.http.clock().now(),
        };
        let paying = match self.paying(card).await? {
            Ok(paying) => paying,
            Err(nobody) => return Ok(unpaid(nobody.payer())),
        };
        if paying.short_of(amount).is_some() {
            return Ok(unpaid(paying.payer(amount)));
        }
        let body = self.transfer_body(card_number, amount, "quote", &paying)?;
        let (answer, said) = self
            .ask(Call {
                does: Access::Read,
                ..Call::write(self.spelling.path(settings::REVIEW), &body)
            })
            .await?;
        let (fee, debited) = wire::quote(&said, amount.currency())
            .map_err(|why| answer.bad_reply(&format!("the quote cannot be read: {why}")))?;
        let due = debited
            .or_else(|| amount.checked_add(fee?).ok())
            .filter(|due| due.amount() > amount.amount());
        Ok(Quote {
            fee,
            receives: None,
            debited,
            payer: Some(paying.payer(due.unwrap_or(amount))),
            at: answer.at,
        })
    }

    async fn act(&self, permit: Permit) -> Result<Ack> {
        let (card, action, id) = (permit.card(), permit.action(), permit.id());
        match action {
            Action::Freeze => self.deactivate(card).await,
            Action::Unfreeze => self.activate(card).await,
            Action::TopUp(amount) => self.top_up(card, *amount, id).await,
            Action::SetPin { new, old } => self.change_pin(card, new.as_ref(), old.as_ref()).await,
            Action::Close => Err(Error::new(&self.provider, ErrorKind::NotOffered, NO_CLOSE)),
        }
    }

    async fn lookup(
        &self,
        card: &Card,
        operation: &Operation,
        claimed: &MatchedCredits,
    ) -> Result<Lookup> {
        match operation.action_kind {
            ActionKind::TopUp => self.look_for_credit(card, operation, claimed).await,
            ActionKind::Freeze | ActionKind::Unfreeze => {
                Ok(Lookup::by_state(operation.action_kind, &self.card(card).await?))
            }
            ActionKind::SetPin => {
                Ok(Lookup::not_found("ibanera cannot be asked whether a PIN was changed"))
            }
            ActionKind::Close => Ok(Lookup::Failed { why: NO_CLOSE.to_owned(), row: None }),
        }
    }
}

impl Ibanera {
    /// The number of a page as this wire counts: `numberOfPages` and `pageSize` of an answer end no
    /// list.
    fn page_number(&self, page: PageCursor) -> u32 {
        self.lists.first_page.saturating_add(page.number)
    }

    fn reader(&self, at: Timestamp) -> listing::RowReader<'_> {
        listing::RowReader::new(&self.provider, &self.spelling, &self.lists, settings::IDS, at)
    }
}

/// One call of the customer API.
#[derive(Clone, Copy)]
struct Call<'a> {
    does: Access,
    /// Path and query.
    path: &'a str,
    /// JSON; with one it is a POST.
    body: Option<&'a [u8]>,
    /// Documented for other transfers only, harmless here (ibanera wire notes, 5.3).
    idempotency_key: Option<&'a str>,
}

impl<'a> Call<'a> {
    const fn read(path: &'a str) -> Self {
        Self { does: Access::Read, path, body: None, idempotency_key: None }
    }

    const fn write(path: &'a str, body: &'a [u8]) -> Self {
        Self { does: Access::Write, path, body: Some(body), idempotency_key: None }
    }
}

/// Whether ibanera wrote a refusal: its envelope, or a 401 without a body (ibanera wire notes,
/// 1.6).
fn author(answer: &Answer, said: Option<&Envelope>) -> AnsweredBy {
    let empty = answer.status == 401 && answer.body.is_empty();
    AnsweredBy::provider_if(empty || said.is_some_and(Envelope::is_envelope))
}

/// The error of an answer that is not 2xx, with the words of its envelope where it has one (ibanera
/// wire notes, 1.6).
fn refused(does: Access, answer: &Answer, said: Option<&Envelope>) -> Error {
    let error = answer.refusal(said.map_or("", |said| &said.words), author(answer, said));
    let doubt = matches!(answer.status, 408 | 409) || said.is_some_and(Envelope::is_doubtful);
    if does == Access::Write && doubt { error.with_outcome(Outcome::Unknown) } else { error }
}

/// The envelope of an answer that says success.
fn succeeded(does: Access, answer: &Answer, said: Option<Envelope>) -> Result<Envelope> {
    if !answer.is_success() {
        return Err(refused(does, answer, said.as_ref()));
    }
    let said = said.ok_or_else(|| answer.unreadable())?;
    if said.has_too_long_a_list() {
        return Err(answer.bad_reply(&listing::unreadable_list()));
    }
    judge(does, answer, &said)?;
    Ok(said)
}

/// Whether a 2xx answer says that it was done.
fn judge(does: Access, answer: &Answer, said: &Envelope) -> Result<()> {
    match said.success {
        Some(true) if does == Access::Write && said.has_errors() => Err(answer
            .bad_reply(&format!("the answer says success and errors at once: {}", said.words))),
        Some(true) => Ok(()),
        Some(false) => {
            let error = answer.stated_refusal(if said.words.is_empty() {
                "refused without a reason"
            } else {
                &said.words
            });
            Err(if does == Access::Write && said.is_doubtful() {
                error.with_outcome(Outcome::Unknown)
            } else {
                error
            })
        }
        None => Err(answer.bad_reply("the answer has no status that says whether it was done")),
    }
}

/// The shared secret's bytes: base 32 without regard to case, blanks, dashes and padding, or the
/// text's own (ibanera wire notes, 1.4; which of the two is INFERENCE).
fn shared_secret(text: &SecretString, encoding: SecretEncoding) -> Option<Zeroizing<Vec<u8>>> {
    let text = text.expose_secret().trim();
    let bytes = match encoding {
        SecretEncoding::Ascii => text.as_bytes().to_vec(),
        SecretEncoding::Base32 => {
            let plain: Zeroizing<String> = Zeroizing::new(
                text.chars()
                    .filter(|c| !matches!(c, ' ' | '-' | '='))
                    .map(|c| c.to_ascii_uppercase())
                    .collect(),
            );
            let mut spec = data_encoding::Specification::new();
            spec.symbols.push_str("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567");
            spec.check_trailing_bits = false;
            let loose = spec.encoding().unwrap_or(BASE32_NOPAD);
            loose.decode(plain.as_bytes()).ok()?
        }
    };
    (!bytes.is_empty()).then(|| Zeroizing::new(bytes))
}

fn step(at: Timestamp) -> i64 {
    at.as_second().div_euclid(STEP)
}

fn next_step(at: Timestamp) -> Timestamp {
    Timestamp::from_second((step(at) + 1) * STEP).unwrap_or(at)
}

fn later(at: Timestamp, seconds: i64) -> Timestamp {
    at.checked_add(SignedDuration::from_secs(seconds)).unwrap_or(Timestamp::MAX)
}

fn until(now: Timestamp, then: Timestamp) -> Duration {
    Duration::try_from(now.duration_until(then)).unwrap_or_default()
}

/// `YYYY-MM-DDTHH:MM:SSZ` (ibanera wire notes, 5.4).
fn wire_time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// The JSON of a body, wiped when it is dropped; with room for the longest at once, so that nothing
/// of a PIN or password is left behind where it grew.
fn json(body: &impl Serialize) -> Zeroizing<Vec<u8>> {
    let mut out = Zeroizing::new(Vec::with_capacity(2_048));
    serde_json::to_writer(&mut *out, body).expect("a struct of texts and numbers is JSON");
    out
}

/// The login's body (ibanera wire notes, 1.2).
#[derive(Serialize)]
struct Login<'a> {
    username: &'a str,
    password: &'a str,
    otp: &'a str,
}

/// The body of a PIN change (ibanera wire notes, 2.8).
#[derive(Serialize)]
struct ChangePin<'a> {
    #[serde(rename = "TopUpCardsId")]
    top_up_cards_id: i64,
    #[serde(rename = "OldPin")]
    old_pin: &'a str,
    #[serde(rename = "NewPin")]
    new_pin: &'a str,
}

/// The body of a top-up, in the spelling of its example (ibanera wire notes, 2.13).
#[derive(Serialize)]
struct TopUpCard<'a> {
    amount: Box<RawValue>,
    reference: &'a str,
    #[serde(rename = "transferTypes")]
    transfer_types: &'a str,
    #[serde(rename = "currencyType")]
    currency_type: &'a str,
    #[serde(rename = "DestinationCardId")]
    destination_card_id: i64,
    #[serde(rename = "CustomersId")]
    customers_id: &'a str,
    #[serde(rename = "CustomerAssetAccountId")]
    customer_asset_account_id: i64,
}
