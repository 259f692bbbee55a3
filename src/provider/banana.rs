//! The adapter of Banana Tech: every body is encrypted and signed, every answer verified before it
//! is read.
//!
//! It never repeats a change. Card numbers are dropped in `wire`, where answers are read; a PIN is
//! wiped once it is encrypted.

mod records;
mod requests;
mod seal;
pub mod settings;
#[cfg(test)]
mod tests;
mod webhooks;
mod wire;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use ::http::{HeaderValue, Uri};
use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use serde_json::value::RawValue;
use tokio::sync::Mutex;

use super::credits::{self, Credits, FeePlacement, MatchRules};
use super::error::{Error, ErrorKind, Result};
use super::http::{Access, Answer, AnsweredBy, Http};
use super::json::{JsonObject, RowError, in_document_names};
use super::listing::ListReader;
use super::pages::{ReadMode, read_window};
use super::{
    Ack, Lookup, MatchedCredits, Page, PageCursor, Pagers, Paging, Permit, Provider,
    ProviderConfig, Quote, WebhookRecords, Webhooks, Window, listing,
};
use crate::config::endpoint::Endpoint;
use crate::config::lists::Lists;
use crate::config::spelling::Spelling;
use crate::domain::card::{Card, CardKind};
use crate::domain::money::Money;
use crate::domain::operation::{
    Action, ActionKind, Capabilities, Operation, PinRule, Proof, Support, TopUpSafety,
};
use crate::domain::transaction::Transaction;
use requests::Body;
use seal::Seal;
pub use settings::KIND;
use settings::{EmptyBody, Settings};
use webhooks::Callbacks;

/// How long to wait after the templates could not be read.
const TEMPLATES_AGAIN: Duration = Duration::from_secs(900);

/// The adapter. Holds the key, so it has no `Debug`.
pub struct Banana {
    http: Http,
    base_url: String,
    merchant: HeaderValue,
    seal: Arc<Seal>,
    callbacks: Callbacks,
    empty_body: EmptyBody,
    spelling: Spelling,
    /// INFERENCE: 100 rows a page, since no maximum is documented (banana wire notes, 5.1).
    lists: Lists,
    pagers: Pagers,
    /// Its fee is paid beside the sum (banana wire notes, 2.8).
    rules: MatchRules,
    templates: Mutex<Option<Templates>>,
}

/// The card templates, which are read once.
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
        settings: &Settings,
        http: Http,
    ) -> std::result::Result<Self, String> {
        let seal = Arc::new(Seal::new(settings)?);
        let merchant = HeaderValue::from_str(settings.merchant_id.trim())
            .ok()
            .filter(|value| !value.is_empty())
            .ok_or_else(|| {
                "merchant_id is empty or has characters that no header can carry".to_owned()
            })?;
        let base_url = config.base_url.trim_end_matches('/').to_owned();
        base_url.parse::<Uri>().map_err(|_| "base_url is not an address".to_owned())?;
        Ok(Self {
            http,
            base_url,
            merchant,
            callbacks: Callbacks::new(config, Arc::clone(&seal)),
            seal,
            empty_body: settings.empty_body,
            spelling: config.spelling.clone(),
            lists: config.lists.clone(),
            pagers: Pagers::both(Paging::Offset { size: config.lists.page_size }, None),
            rules: MatchRules { fee: FeePlacement::OnTop, others_top_up: config.others_top_up },
            templates: Mutex::new(None),
        })
    }

    /// Sends a call; what its answer's envelope holds, verified and decrypted.
    async fn ask(&self, access: Access, endpoint: Endpoint, body: &Body) -> Result<Opened> {
        let (answer, json) = self.ask_sealed(access, endpoint, body).await?;
        Ok(Opened { answer, json: in_document_names(&json, &self.spelling) })
    }

    /// As [`Self::ask`], with the account's own names of fields. An answer is believed once its
    /// signature is verified, so it is never read before all of it has come.
    async fn ask_sealed(
        &self,
        access: Access,
        endpoint: Endpoint,
        body: &Body,
    ) -> Result<(Answer, Box<RawValue>)> {
        let request = self.request(endpoint, body)?;
        let answer = self.http.send(access, request).await?;
        if !answer.is_success() {
            return Err(self.refusal(&answer));
        }
        let json = self.seal.open(&answer.body).map_err(|why| {
            // What is no envelope at all, such as a proxy's page, is told by its form.
            if answer.is_object() { answer.bad_reply(why) } else { answer.unreadable() }
        })?;
        Ok((answer, json))
    }

    /// The error of an answer other than 2xx: its words are in an envelope, in plain JSON or in
    /// text (banana wire notes, 1.9).
    fn refusal(&self, answer: &Answer) -> Error {
        let opened = self.seal.open(&answer.body).ok();
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

    fn error(&self, kind: ErrorKind, reason: &str) -> Error {
        Error::new(self.http.provider(), kind, reason)
    }

    /// Asks for state, expiry, last four digits and template of a card.
    async fn information(&self, ids: &Body) -> Result<Opened> {
        self.ask(Access::Read, settings::INFORMATION, ids).await
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
        let (answer, json) = self.ask_sealed(Access::Read, settings::TRANSACTIONS, &body).await?;
        let reader = listing::RowReader::new(
            self.http.provider(),
            &self.spelling,
            &self.lists,
            settings::IDS,
            answer.at,
        );
        let clock = self.http.clock();
        let mut list = ListReader::new(
            |_| true,
            reader,
            clock,
            wire::NAMES,
            of,
            |row, reader| wire::transaction(row, reader, of),
        );
        let rest = list.read_text(json.get()).map_err(|why| answer.bad_reply(&why))?;
        let rest = serde_json::from_slice(&rest).map_err(|_| answer.unreadable())?;
        let opened = Opened { answer, json: in_document_names(rest, &self.spelling) };
        opened.check_success()?;
        let found = listing::find_rows(&opened.json).map_err(|error| opened.bad_reply(&error))?;
        Ok(list.page(&found))
    }

    /// Asks for a change; a good answer is an acceptance (banana wire notes, 5.2).
    async fn change(&self, endpoint: Endpoint, body: &Body) -> Result<Ack> {
        let opened = self.ask(Access::Write, endpoint, body).await?;
        match wire::change(&opened.unchecked_object()?).map_err(|error| opened.bad_reply(&error))? {
            wire::Envelope::Accepted(reference) => Ok(Ack::Accepted { reference }),
            wire::Envelope::Refused(why) => Err(opened.answer.stated_refusal(&why)),
        }
    }
}

#[async_trait]
impl Provider for Banana {
    fn capabilities(&self) -> Capabilities {
        Capabilities { page_max: self.lists.page_size, ..CAPABILITIES }
    }

    fn webhooks(&self) -> std::result::Result<&dyn Webhooks, &str> {
        Ok(&self.callbacks)
    }

    async fn webhook_records(
        &self,
        since: Timestamp,
        offset: u64,
    ) -> Result<Option<WebhookRecords>> {
        self.records(since, offset).await.map(Some)
    }

    fn pagers(&self) -> &Pagers {
        &self.pagers
    }

    async fn cards(&self, _page: PageCursor) -> Result<Page<Card>> {
        Err(self.error(ErrorKind::NotOffered, NO_LIST))
    }

    async fn card(&self, card: &Card) -> Result<Card> {
        let ids = self.card_ids(card, None)?;
        let opened = self.ask(Access::Read, settings::BALANCE, &ids).await?;
        let balance = wire::balance(opened.object()?, card, opened.answer.at)
            .map_err(|error| opened.bad_reply(&error))?;
        // The balance is what matters most: without the rest it is still worth showing.
        let Ok(opened) = self.information(&ids).await else { return Ok(balance) };
        let Ok(fields) = opened.object() else { return Ok(balance) };
        let information = wire::information(fields, card, &self.spelling, opened.answer.at)
            .map_err(|error| opened.bad_reply(&error))?;
        let Some((information, template)) = information else { return Ok(balance) };
        let kind = match template {
            Some(template) if card.kind.is_none() => self.kind(&template).await,
            Some(_) | None => None,
        };
        Ok(Card { kind, ..information.over(&balance) })
    }

    async fn transactions(&self, window: &Window, page: PageCursor) -> Result<Page<Transaction>> {
        let until =
            window.until.saturating_add(SignedDuration::from_secs(1)).unwrap_or(Timestamp::MAX);
        let body = self.list_time(
            self.list_time(Body::default(), "start_date", window.since),
            "end_date",
            until,
        );
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
        opened.check_success()?;
        wire::float(&opened.json).map_err(|error| opened.bad_reply(&error))
    }

    async fn quote(&self, _card: &Card, _amount: Money) -> Result<Quote> {
        Err(self.error(ErrorKind::NotOffered, NO_QUOTE))
    }

    async fn act(&self, permit: Permit) -> Result<Ack> {
        let (card, action) = (permit.card(), permit.action());
        let ids = self.card_ids(card, None)?;
        let alter = |word| (settings::UPDATE_STATUS, ids.clone().text("alter", word));
        let (endpoint, body) = match action {
            Action::Freeze => alter("LOCK"),
            Action::Unfreeze => alter("UNLOCK"),
            Action::Close => alter("CLOSE"),
            Action::SetPin { new: Some(pin), .. } => {
                let body = ids.digits("pin", pin.expose());
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
                    let reason = format!(
                        "banana takes amounts in the card's currency, {currency}, and {amount} is \
                         not; nothing was sent"
                    );
                    return Err(self.error(ErrorKind::Refused, &reason));
                }
                (settings::RECHARGE, ids.number("amount", &amount.digits()))
            }
        };
        self.change(endpoint, &body).await
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
                let opened = self
                    .information(&self.card_ids(card, operation.before.owner.as_ref())?)
                    .await?;
                let information =
                    wire::information(opened.object()?, card, &self.spelling, opened.answer.at)
                        .map_err(|error| opened.bad_reply(&error))?;
                let (card, _) = information.ok_or_else(|| {
                    opened.bad_reply(&RowError::new("answered no card information"))
                })?;
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

const CAPABILITIES: Capabilities = Capabilities {
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
    // Figures and state are two calls (banana wire notes, 2.10 and 2.7).
    calls_per_card: 2,
};

/// An answer whose envelope was verified, and what was in it.
struct Opened {
    answer: Answer,
    json: Box<RawValue>,
}

impl Opened {
    /// The object in it, refused where it says `"success": false`.
    fn object(&self) -> Result<JsonObject<'_>> {
        self.check_success()?;
        self.unchecked_object()
    }

    fn unchecked_object(&self) -> Result<JsonObject<'_>> {
        JsonObject::read(&self.json)
            .map_err(|_| self.answer.bad_reply("answered JSON of an unexpected shape"))
    }

    /// Refuses an object that says `"success": false` (banana wire notes, 1.9).
    fn check_success(&self) -> Result<()> {
        let fields = JsonObject::read(&self.json).unwrap_or_default();
        match fields.flag("success") {
            Some(false) => {
                Err(self.answer.stated_refusal(&wire::refused(&fields).unwrap_or_default()))
            }
            Some(true) | None => Ok(()),
        }
    }

    fn bad_reply(&self, error: &RowError) -> Error {
        let words = JsonObject::read(&self.json).ok().and_then(|fields| wire::words(&fields));
        self.answer.bad_reply(
            &words.map_or_else(|| error.0.to_string(), |words| format!("{}: {words}", error.0)),
        )
    }
}
