//! Requests of artha's gen-1 Cards API: signed headers, readings of a card, and changes of it.
//!
//! It never repeats a change and never asks for a PIN. Card numbers are dropped in `wire`, where
//! answers are read.

pub mod settings;
#[cfg(test)]
mod tests;
mod wire;

use std::collections::BTreeMap;

use ::http::{HeaderValue, Method, Request, Uri};
use async_trait::async_trait;
use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use secrecy::ExposeSecret;
use serde::Serialize;
use zeroize::Zeroizing;

use super::credits::{self, Credits, FeePlacement, MatchRules};
use super::crypto::{self, RsaKey};
use super::error::{Error, ErrorKind, Outcome, Result};
use super::http::{Access, Answer, AnsweredBy, Http};
use super::pages::{ReadMode, read_window};
use super::{
    Ack, Lookup, MatchedCredits, Page, PageCursor, Pagers, Paging, Permit, Provider,
    ProviderConfig, Quote, Window, listing, path_segment, push_segment,
};
use crate::config::endpoint::Endpoint;
use crate::config::lists::{Dates, Lists};
use crate::config::secret::Source;
use crate::config::spelling::Spelling;
use crate::domain::card::Card;
use crate::domain::money::Money;
use crate::domain::operation::{
    Action, ActionKind, Capabilities, Operation, PinRule, Proof, Support, TopUpSafety,
};
use crate::domain::transaction::Transaction;
pub use settings::KIND;
use settings::{Names, Settings, Signature, Values};

/// The adapter. Holds the token and the key, so it has no `Debug`.
pub struct Artha {
    http: Http,
    base: String,
    /// One header value for all requests, so that the token is not copied with each. It is the
    /// only copy that is kept.
    bearer: HeaderValue,
    /// The `customerToken` header, where it is sent: a part of the same memory.
    customer: Option<HeaderValue>,
    key: RsaKey,
    signature: Signature,
    all_transactions_path: Option<String>,
    /// Most decimals of an amount that is sent. INFERENCE (artha wire notes, 6): 2.
    decimals: u32,
    spelling: Spelling,
    /// INFERENCE (artha wire notes, 5.1): pages from 1, 50 rows (the upstream takes 10 to 200),
    /// spans of at most 60 days.
    lists: Lists,
    pagers: Pagers,
    /// Its fee is taken out of the sum (artha wire notes, 2.8).
    rules: MatchRules,
    capabilities: Capabilities,
}

impl Artha {
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
        let read = |setting: &str, source: &Source| {
            source.read().map_err(|error| {
                format!("{name}: the credential `{setting}` cannot be read: {error}")
            })
        };
        let token = read("token", &account.token)?;
        let plain = token.expose_secret().trim();
        let header = |text: Bytes| {
            let mut value = HeaderValue::from_maybe_shared(text)
                .ok()
                .filter(|_| !plain.is_empty())
                .ok_or_else(|| {
                    format!(
                        "{name}: the credential `token` is empty or has characters that no header \
                         can carry; set it again"
                    )
                })?;
            value.set_sensitive(true);
            Ok::<_, String>(value)
        };
        let line = Bytes::from(["Bearer ", plain].concat());
        let bearer = header(line.clone())?;
        let customer =
            account.customer_token.then(|| header(line.slice("Bearer ".len()..))).transpose()?;
        let key = read("private_key", &account.private_key)?;
        let key =
            RsaKey::pem(key.expose_secret().trim(), account.signature.padding).map_err(|_| {
                format!(
                    "{name}: the credential `private_key` is not an RSA private key in PEM \
                     without a passphrase (PKCS#1 or PKCS#8)"
                )
            })?;
        let base = config.base_url.trim_end_matches('/').to_owned();
        base.parse::<Uri>().map_err(|_| format!("{name}: base_url is not an address"))?;
        let all_transactions_path =
            account.all_transactions_path.as_deref().map(|path| path.trim_matches('/').to_owned());
        let capabilities =
            can(all_transactions_path.is_some(), account.amount_decimals, config.lists.page_size);
        Ok(Self {
            http,
            base,
            bearer,
            customer,
            key,
            signature: account.signature.clone(),
            all_transactions_path,
            decimals: account.amount_decimals,
            spelling: config.spelling.clone(),
            lists: config.lists.clone(),
            pagers: Pagers::both(
                Paging::Numbered { size: config.lists.page_size },
                SignedDuration::try_from(config.lists.span).ok(),
            ),
            rules: MatchRules { fee: FeePlacement::Deducted, others_top_up: config.others_top_up },
            capabilities,
        })
    }

    /// Reads something by its id.
    async fn get(&self, endpoint: Endpoint, id: &str) -> Result<Answer> {
        let path =
            format!("{}/{}", self.spelling.path(endpoint).trim_end_matches('/'), path_segment(id));
        self.ask(Access::Read, Method::GET, &path, &Body::new()).await
    }

    /// Sends once. An answer other than 2xx is the provider's refusal, in its words.
    async fn ask(&self, does: Access, method: Method, path: &str, body: &Body) -> Result<Answer> {
        let request = self.request(method, path, body)?;
        let mut answer = self.http.send(does, request).await?;
        answer.name_fields(&self.spelling);
        if answer.is_success() {
            return Ok(answer);
        }
        // No body of an error is documented (artha wire notes, 3): a 401 may have none, and an
        // object is artha's.
        let own = answer.is_object() || answer.status == 401 && answer.body.is_empty();
        let refused =
            answer.refusal(&wire::refusal_words(&answer.body), AnsweredBy::provider_if(own));
        // A nonce that was used says that this very request arrived before, repeated by the
        // network: the first may have been executed.
        let echo = does == Access::Write
            && refused.kind == ErrorKind::Auth
            && refused.reason().to_lowercase().contains("nonce");
        Err(if echo { refused.with_outcome(Outcome::Unknown) } else { refused })
    }

    /// A signed request (artha wire notes, 1.4 and 1.5).
    fn request(&self, method: Method, path: &str, body: &Body) -> Result<Request<Bytes>> {
        let timestamp = self.http.clock().now().as_second().to_string();
        let nonce = nonce().map_err(|_| {
            self.error(
                ErrorKind::Unreachable,
                "the system gave no random numbers; nothing was sent",
            )
        })?;
        let customer = self.customer.as_ref().and_then(|token| token.to_str().ok());
        let string = canonical(&self.signature, &timestamp, &nonce, customer, body);
        let signed = self.key.sign(string.as_bytes());
        let signature = self
            .signature
            .text
            .encode(&signed.map_err(|_| self.error(ErrorKind::Unreachable, NO_SIGNATURE))?);
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}/{}", self.base, path.trim_start_matches('/')))
            .header("Content-Type", "application/json")
            .header("Authorization", self.bearer.clone())
            .header("timestamp", timestamp)
            .header("nonce", nonce)
            .header("signature", signature);
        if let Some(customer) = &self.customer {
            request = request.header("customerToken", customer.clone());
        }
        let bytes =
            if body.is_empty() { Vec::new() } else { serde_json::to_vec(body).unwrap_or_default() };
        request.body(bytes.into()).map_err(|_| {
            self.error(
                ErrorKind::Refused,
                "the address of this call cannot be formed: check base_url; nothing was sent",
            )
        })
    }

    fn error(&self, kind: ErrorKind, said: &str) -> Error {
        Error::new(self.http.provider(), kind, said)
    }

    /// An end of a list's time (artha wire notes, 2.9; INFERENCE there: RFC 3339 in UTC).
    fn moment(&self, second: i64) -> Part {
        match self.lists.dates {
            Dates::Unix => Part::Whole(second),
            Dates::UnixMillis => Part::Whole(second.saturating_mul(1_000)),
            Dates::Rfc3339 | Dates::Day => {
                Part::Text(listing::format_time(second, self.lists.dates))
            }
        }
    }

    /// An amount as the wire takes it: a string without a currency, so it must be the card's (artha
    /// wire notes, 2.11).
    fn digits(&self, card: &Card, amount: Money) -> Result<String> {
        if let Some(currency) = card.currency.filter(|currency| *currency != amount.currency()) {
            let said = format!(
                "artha takes amounts in the card's currency, {currency}, and {amount} is not; \
                 nothing was sent"
            );
            return Err(self.error(ErrorKind::Refused, &said));
        }
        let mut decimal = amount.amount().normalize();
        let most = self.decimals;
        if decimal.scale() > most {
            return Err(self.error(
                ErrorKind::Refused,
                &format!("artha takes at most {most} decimals; nothing was sent"),
            ));
        }
        decimal
            .rescale(amount.currency().decimals().unwrap_or(most).min(most).max(decimal.scale()));
        Ok(decimal.to_string())
    }

    async fn details(&self, card: &Card) -> Result<Card> {
        let answer = self.get(settings::CARD_DETAILS, &card.wire_id).await?;
        wire::details(answer.object()?, card, &self.spelling, answer.at)
            .map_err(|odd| answer.bad_reply(&odd.0))
    }

    /// Asks for a change and reads the task it became (artha wire notes, 5.2).
    async fn change(&self, path: &str, body: &Body) -> Result<Ack> {
        let answer = self.ask(Access::Write, Method::POST, path, body).await?;
        match wire::task(answer.object()?, &self.spelling)
            .map_err(|odd| answer.bad_reply(&odd.0))?
        {
            wire::Task::Accepted(reference) => Ok(Ack::Accepted { reference }),
            wire::Task::Refused(why) => Err(answer.stated_refusal(&why)),
        }
    }

    /// Looks for a top-up: by its task, or without one in the card's list.
    async fn look_for_top_up(
        &self,
        card: &Card,
        operation: &Operation,
        claimed: &MatchedCredits,
    ) -> Result<Lookup> {
        let Some(task) = operation.provider_reference.as_deref() else {
            let found = self.credits(card, credits::search_start(operation)).await?;
            return Ok(credits::match_top_up(&found, operation, claimed, self.rules));
        };
        let answer = match self.get(settings::TOP_UP_STATUS, task).await {
            Err(error) if error.kind == ErrorKind::NotFound => {
                return Ok(Lookup::not_found(format!(
                    "artha does not know the task: {}",
                    error.reason()
                )));
            }
            answer => answer?,
        };
        let seen = wire::fate(answer.object()?, task, &self.spelling)
            .map_err(|odd| answer.bad_reply(&odd.0))?;
        if !matches!(seen, Lookup::Done { .. } | Lookup::Failed { .. }) {
            return Ok(seen);
        }
        // The task settles it. Its row is named too, where the list shows it, so that it settles no
        // other top-up; until then the journal keeps a credit free for one that is done.
        let Ok(found) = self.credits(card, credits::search_start(operation)).await else {
            return Ok(seen);
        };
        let task = settings::IDS.transactions.canonical(task);
        let named = found
            .rows
            .iter()
            .find(|row| row.task.as_ref() == Some(&task) || row.id == task)
            .map(|row| row.id.clone());
        Ok(match seen {
            Lookup::Done { proof, by, .. } => {
                let credit = named.or_else(|| {
                    match credits::match_top_up(&found, operation, claimed, self.rules) {
                        Lookup::Done { credit, .. } => credit,
                        Lookup::Failed { .. }
                        | Lookup::Pending { .. }
                        | Lookup::NotFound { .. } => None,
                    }
                });
                Lookup::Done { proof, credit, by }
            }
            Lookup::Failed { why, .. } => Lookup::Failed { why, row: named },
            seen @ (Lookup::Pending { .. } | Lookup::NotFound { .. }) => seen,
        })
    }
}

#[async_trait]
impl Provider for Artha {
    fn capabilities(&self) -> Capabilities {
        self.capabilities
    }

    fn pagers(&self) -> &Pagers {
        &self.pagers
    }

    async fn cards(&self, _page: PageCursor) -> Result<Page<Card>> {
        Err(self.error(ErrorKind::NotOffered, NO_LIST))
    }

    async fn card(&self, card: &Card) -> Result<Card> {
        let answer = self.get(settings::CARD_BALANCE, &card.wire_id).await?;
        let balance = wire::balance(answer.object()?, card, answer.at)
            .map_err(|odd| answer.bad_reply(&odd.0))?;
        // The balance is what matters most: without details it is still worth showing.
        Ok(match self.details(card).await {
            Ok(details) => details.over(balance),
            Err(_) => balance,
        })
    }

    async fn transactions(&self, window: &Window, page: PageCursor) -> Result<Page<Transaction>> {
        let path = match (&window.card, &self.all_transactions_path) {
            (Some(_), _) => self.spelling.path(settings::TRANSACTIONS),
            (None, Some(path)) => path,
            (None, None) => return Err(self.error(ErrorKind::NotOffered, NO_ALL)),
        };
        let mut body = Body::from([
            ("page", Part::Whole(i64::from(self.lists.first_page) + i64::from(page.number))),
            ("size", Part::Whole(page.size.into())),
            ("startTime", self.moment(window.since.as_second())),
            ("endTime", self.moment(whole_second_after(window.until))),
        ]);
        if let Some(card) = &window.card {
            body.insert("cardId", Part::Text(card.wire_id.to_string()));
        }
        let answer = self.ask(Access::Read, Method::POST, path, &body).await?;
        let (list, provider) = (
            listing::find_rows(answer.json()?).map_err(|odd| answer.bad_reply(&odd.0))?,
            self.http.provider(),
        );
        let (reader, of) = (
            listing::RowReader::new(
                provider,
                &self.spelling,
                &self.lists,
                settings::IDS,
                answer.at,
            ),
            window.card.as_ref(),
        );
        let rows = list.iter().map(|row| {
            listing::or_unread(row, &reader, of, wire::NAMES, wire::transaction(row, &reader, of))
        });
        Ok(Page::of(rows))
    }

    async fn credits(&self, card: &Card, since: Timestamp) -> Result<Credits> {
        let window = credits::search_window(card, since, self.http.clock().now());
        let ask = |window: Window, page| async move { self.transactions(&window, page).await };
        Credits::of(read_window(&self.pagers.transactions, &window, ReadMode::Ordinary, ask).await)
    }

    async fn float(&self) -> Result<Vec<Money>> {
        let answer = self
            .ask(Access::Read, Method::GET, self.spelling.path(settings::MERCHANT), &Body::new())
            .await?;
        wire::float(answer.object()?).map_err(|odd| answer.bad_reply(&odd.0))
    }

    async fn quote(&self, card: &Card, amount: Money) -> Result<Quote> {
        let body = Body::from([
            ("cardId", Part::Text(card.wire_id.to_string())),
            ("amount", Part::Text(self.digits(card, amount)?)),
        ]);
        let answer = self
            .ask(Access::Read, Method::POST, self.spelling.path(settings::ESTIMATE), &body)
            .await?;
        wire::quote(answer.object()?, amount, answer.at).map_err(|odd| answer.bad_reply(&odd.0))
    }

    async fn act(&self, permit: Permit) -> Result<Ack> {
        let (card, action) = (permit.card(), permit.action());
        let mut body = Body::from([("cardId", Part::Text(card.wire_id.to_string()))]);
        let path = match action {
            Action::Freeze => settings::FREEZE,
            Action::Unfreeze => settings::UNFREEZE,
            Action::Close => settings::CANCEL,
            Action::SetPin { new: None, .. } => settings::SET_PIN,
            Action::SetPin { new: Some(_), .. } => {
                return Err(self.error(
                    ErrorKind::Refused,
                    "artha chooses the PIN itself and takes none; nothing was sent",
                ));
            }
            Action::TopUp(amount) => {
                body.insert("amount", Part::Text(self.digits(card, *amount)?));
                settings::TOP_UP
            }
        };
        self.change(self.spelling.path(path), &body).await
    }

    async fn lookup(
        &self,
        card: &Card,
        operation: &Operation,
        claimed: &MatchedCredits,
    ) -> Result<Lookup> {
        match operation.action_kind {
            ActionKind::TopUp => self.look_for_top_up(card, operation, claimed).await,
            ActionKind::Freeze | ActionKind::Unfreeze | ActionKind::Close => {
                Ok(Lookup::by_state(operation.action_kind, &self.details(card).await?))
            }
            ActionKind::SetPin => {
                Ok(Lookup::not_found("artha cannot be asked whether a PIN was set"))
            }
        }
    }
}

/// The end of a window in Unix seconds, with what happened within its last second.
fn whole_second_after(at: Timestamp) -> i64 {
    at.as_second() + i64::from(at.subsec_nanosecond() > 0)
}

const NO_LIST: &str = "artha has no card list: cards come from the roster";
const NO_ALL: &str = "artha does not document the path of all cards' transactions: set \
                      all_transactions_path, or they are read card by card";

const NO_SIGNATURE: &str = "the request could not be signed with private_key; nothing was sent";

const fn can(all_transactions: bool, decimals: u32, page_max: u16) -> Capabilities {
    Capabilities {
        list_cards: Support::No(NO_LIST),
        list_all_transactions: if all_transactions { Support::Yes } else { Support::No(NO_ALL) },
        float: Support::Yes,
        quote: Support::Yes,
        freeze: Support::Yes,
        unfreeze: Support::Yes,
        top_up: Support::Yes,
        close: Support::Yes,
        pin: Ok(PinRule {
            digits: None,
            needs_old: false,
            physical_only: false,
            sentence: "artha chooses the new PIN itself; cardtop neither sends nor reads it",
        }),
        top_up_proof: Proof::ByTask,
        state_proof: Proof::ByState,
        pin_proof: Proof::AnswerOnly,
        class: TopUpSafety::Neither,
        top_up_min: None,
        top_up_decimals: Some(decimals),
        names_payer: false,
        page_max,
    }
}

/// The fields of a request's body.
type Body = BTreeMap<&'static str, Part>;

/// A value of a request.
#[derive(Serialize)]
#[serde(untagged)]
enum Part {
    Text(String),
    Whole(i64),
}

/// The string that is signed: headers and body fields by name, `name=value`, joined by `&`; empty
/// ones are left out (artha wire notes, 1.5). INFERENCE there: which headers enter it, names as
/// sent, values raw.
fn canonical(
    how: &Signature,
    timestamp: &str,
    nonce: &str,
    customer: Option<&str>,
    body: &Body,
) -> Zeroizing<String> {
    let numbers: Vec<(&str, String)> = body
        .iter()
        .filter_map(|(name, part)| match part {
            Part::Text(_) => None,
            Part::Whole(number) => Some((*name, number.to_string())),
        })
        .collect();
    let texts = body.iter().filter_map(|(name, part)| match part {
        Part::Text(text) => Some((*name, text.as_str())),
        Part::Whole(_) => None,
    });
    let headers =
        [("timestamp", Some(timestamp)), ("nonce", Some(nonce)), ("customerToken", customer)];
    let signed = headers.iter().filter(|(name, _)| how.headers.iter().any(|header| header == name));
    let mut pairs: Vec<(&str, &str)> =
        signed.filter_map(|(name, value)| Some((*name, (*value)?))).collect();
    pairs.extend(texts);
    pairs.extend(numbers.iter().map(|(name, number)| (*name, number.as_str())));
    pairs.retain(|(_, value)| !value.is_empty());
    let written = |name: &str| match how.names {
        Names::AsSent => name.to_owned(),
        Names::Lower => name.to_ascii_lowercase(),
    };
    pairs.sort_by_cached_key(|(name, _)| written(name));
    // Room for all of it at once, so that no copy of the token stays behind.
    let room = pairs.iter().map(|(name, value)| name.len() + 3 * value.len() + 2).sum();
    let mut string = Zeroizing::new(String::with_capacity(room));
    for (name, value) in pairs {
        if !string.is_empty() {
            string.push('&');
        }
        string.push_str(&written(name));
        string.push('=');
        match how.values {
            Values::Raw => string.push_str(value),
            Values::Percent => push_segment(&mut string, value),
        }
    }
    string
}

/// Ten random letters and digits (artha wire notes, 1.4).
fn nonce() -> std::result::Result<String, crypto::CryptoError> {
    const LETTERS: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let random = crypto::random::<10>()?;
    Ok(random
        .iter()
        .filter_map(|byte| LETTERS.get(usize::from(*byte) % LETTERS.len()))
        .map(|byte| char::from(*byte))
        .collect())
}
