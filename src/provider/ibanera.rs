//! The adapter of Ibanera: prepaid cards in dollars, topped up from an asset account.
//!
//! A refused login is held back, because too many lock the account; a change is sent once, and once
//! more only after an HTTP 401, which comes before anything is executed.

mod call;
mod envelope;
mod lookup;
mod payer;
mod requests;
mod session;
pub mod settings;
#[cfg(test)]
mod tests;
mod webhooks;
mod wire;

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use http::Uri;
use jiff::{SignedDuration, Timestamp};
use serde_json::value::RawValue;
use tokio::sync::OnceCell;

use super::{
    Ack, Credits, Error, ErrorKind, Lookup, MatchedCredits, Outcome, Page, PageCursor, Pagers,
    Paging, Permit, Provider, ProviderConfig, Quote, Result, Webhooks, Window, credits, listing,
    path_segment,
};
use crate::config::lists::Lists;
use crate::config::spelling::Spelling;
use crate::domain::card::{Card, ProviderId};
use crate::domain::money::{Currency, Money};
use crate::domain::operation::{
    Action, ActionKind, Capabilities, Operation, PinRule, Proof, Support, TopUpSafety,
};
use crate::domain::transaction::Transaction;
use crate::provider::http::{Access, Answer, AnswerBody, AnsweredBy, Http, WholeBody};
use crate::provider::json::RowError;
use crate::provider::listing::{IdFields, ListReader, RowReader};
use crate::provider::pages::{ReadMode, read_window};
use call::Call;
use envelope::Envelope;
use payer::PAYER_NOT_SET;
use requests::wire_time;
use session::Login;
pub use settings::KIND;
use settings::{Pays, Settings};
use webhooks::Callbacks;

/// Seconds before an operation's intent from which its credit is searched: the provider's clock may
/// be behind.
const LOOK_BACK: i64 = 600;

const NO_CLOSE: &str = "ibanera offers no closing: freeze is the most it does";
const NO_COMMON_LIST: &str = "ibanera lists transactions card by card";

/// The adapter of an account. Holds secrets, so it has no `Debug`.
pub struct Ibanera {
    provider: ProviderId,
    http: Http,
    base_url: String,
    login: Login,
    pays: Option<Pays>,
    asset_account_id: Option<i64>,
    /// The manager's own customer id, once it is known.
    manager: OnceCell<Arc<str>>,
    deactivate_path: String,
    spelling: Spelling,
    /// Rows asked for in a page: the greatest that ibanera takes is not documented.
    lists: Lists,
    pagers: Pagers,
    callbacks: std::result::Result<Callbacks, String>,
}

impl Ibanera {
    /// The adapter of an account.
    ///
    /// # Errors
    /// A sentence, when a secret cannot be had or a setting is wrong.
    pub fn new(
        config: &ProviderConfig,
        settings: &Settings,
        http: Http,
    ) -> std::result::Result<Self, String> {
        let name = &config.name;
        config.base_url.parse::<Uri>().map_err(|_| "base_url is not an address".to_owned())?;
        let asset_account_id = match settings.asset_account_id.as_deref().map(str::trim) {
            Some(id) => {
                Some(id.parse().map_err(|_| "asset_account_id is not a number".to_owned())?)
            }
            None => None,
        };
        let manager = match settings.manager_id.as_deref().map(str::trim) {
            Some(id) if !id.is_empty() && id.bytes().all(|b| b.is_ascii_digit()) => {
                OnceCell::new_with(Some(id.into()))
            }
            Some(_) => return Err("manager_id is not a number".to_owned()),
            None => OnceCell::new(),
        };
        let deactivate_path = &settings.deactivate_path;
        if !deactivate_path.starts_with('/') {
            return Err("deactivate_path must start with a slash".to_owned());
        }
        Ok(Self {
            provider: name.clone(),
            http,
            base_url: config.base_url.trim_end_matches('/').to_owned(),
            login: Login::new(settings)?,
            pays: settings.pays,
            asset_account_id,
            manager,
            deactivate_path: deactivate_path.clone(),
            spelling: config.spelling.clone(),
            lists: config.lists.clone(),
            pagers: Pagers::both(Paging::Numbered { size: config.lists.page_size }, None),
            callbacks: Callbacks::new(config, settings),
        })
    }

    fn reader(&self, at: Timestamp) -> RowReader<'_> {
        RowReader::new(&self.provider, &self.spelling, &self.lists, settings::IDS, at)
    }

    /// Sends a call; any answer but success (2xx and `status` 1; ibanera wire notes, 1.6) is an
    /// error.
    async fn ask(&self, call: Call<'_>) -> Result<(Answer, Envelope)> {
        self.ask_into(&mut WholeBody::new(call.access), call).await
    }

    /// As [`Self::ask`]; the body of the answer is given away while it comes.
    async fn ask_into(
        &self,
        answered: &mut dyn AnswerBody,
        call: Call<'_>,
    ) -> Result<(Answer, Envelope)> {
        let answer = self.send_into(answered, call).await?;
        let envelope = succeeded(call.access, &answer, Envelope::read(&answer.body))?;
        Ok((answer, envelope))
    }

    /// Sends a call. After an HTTP 401 the token is renewed and the call sent once more, changes
    /// too: an unauthenticated request has not been executed (ibanera wire notes, 1.4).
    async fn send(&self, call: Call<'_>) -> Result<Answer> {
        self.send_into(&mut WholeBody::new(call.access), call).await
    }

    async fn send_into(&self, answered: &mut dyn AnswerBody, call: Call<'_>) -> Result<Answer> {
        let bearer = self.bearer(None).await?;
        let request = self.request(call, &bearer)?;
        let mut answer = self.http.send_into(&mut *answered, call.access, request).await?;
        // A proxy that answers 401 may have passed the request on: only ibanera's own 401 says that
        // it was not executed.
        if answer.status == 401
            && answered_by(&answer, Envelope::read(&answer.body).as_ref()) == AnsweredBy::Provider
        {
            let first = refused(call.access, &answer, Envelope::read(&answer.body).as_ref());
            let again = async {
                let bearer = self.bearer(Some(&bearer)).await?;
                let request = self.request(call, &bearer)?;
                self.http.send_into(answered, call.access, request).await
            };
            answer = again.await.map_err(|error| error.with_outcome(first.outcome))?;
        }
        answer.name_fields(&self.spelling);
        if answer.status != 401 {
            self.login.mark_proven();
        }
        Ok(answer)
    }

    /// Reads the list of an answer: its `details`.
    async fn list<T: Send>(
        &self,
        path: &str,
        names: IdFields,
        of: Option<&Card>,
        read: impl FnMut(&RawValue, &RowReader<'_>) -> std::result::Result<T, RowError> + Send,
    ) -> Result<Page<T>> {
        let place =
            |names: &[&str]| matches!(names, [name] if name.eq_ignore_ascii_case("details"));
        let clock = self.http.clock();
        let mut list = ListReader::new(place, self.reader(clock.now()), clock, names, of, read);
        let (answer, envelope) = self.ask_into(&mut list, Call::read(path)).await?;
        let found = envelope.listed().map_err(|error| answer.bad_reply(&error.0))?;
        Ok(list.page(&found))
    }

    /// The error of what is refused here, before anything is sent.
    fn invalid(&self, why: &str) -> Error {
        Error::new(&self.provider, ErrorKind::Refused, why)
    }

    /// Reads the card's transactions since shortly before the intent, and looks for our reference
    /// (ibanera wire notes, 5.3).
    async fn look_up_top_up(
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
                match (
                    lookup::find_top_up(&list.rows, list.unread.len(), operation, claimed),
                    &list.gap,
                ) {
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
        let payable = if self.pays.is_some() { Support::Yes } else { Support::No(PAYER_NOT_SET) };
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
            // Figures and state come together (ibanera wire notes, 2.9).
            calls_per_card: 1,
        }
    }

    fn pagers(&self) -> &Pagers {
        &self.pagers
    }

    fn webhooks(&self) -> std::result::Result<&dyn Webhooks, &str> {
        self.callbacks.as_ref().map(|callbacks| callbacks as &dyn Webhooks).map_err(String::as_str)
    }

    /// `cards/balances`: the one list with id, digits, holder, balances and state together (ibanera
    /// wire notes, 2.11).
    async fn cards(&self, page: PageCursor) -> Result<Page<Card>> {
        let path = self.spelling.path(settings::CARD_BALANCES);
        let path = format!("{path}?PageSize={}&PageNumber={}", page.size, self.page_number(page));
        self.list(&path, wire::CARD_NAMES, None, wire::listed_card).await
    }

    /// `carddetails` (ibanera wire notes, 2.9), never the call with the whole number.
    async fn card(&self, card: &Card) -> Result<Card> {
        let path = format!(
            "{}?CardId={}",
            self.spelling.path(settings::CARD_DETAILS),
            path_segment(&card.wire_id)
        );
        let (answer, envelope) = self.ask(Call::read(&path)).await?;
        let details =
            envelope.details().ok_or_else(|| answer.bad_reply("the card's details are missing"))?;
        let numbers = ["cardLast4", "obfuscatedCardNumber", "cardNumber", "fullCardNumber"];
        listing::check_same_card(card, settings::IDS.cards, &details, &["id", "cardsId"], &numbers)
            .map_err(|error| answer.bad_reply(&error.0))?;
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
        let read = |row: &RawValue, reader: &RowReader<'_>| wire::transaction(row, reader, card);
        self.list(&path, wire::NAMES, Some(card), read).await
    }

    async fn credits(&self, card: &Card, since: Timestamp) -> Result<Credits> {
        let window = credits::search_window(card, since, self.http.clock().now());
        let ask = |window: Window, page| async move { self.transactions(&window, page).await };
        Credits::of(read_window(&self.pagers.transactions, &window, ReadMode::Ordinary, ask).await)
    }

    async fn try_credentials_again(&self) {
        self.login.try_again().await;
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
        let card_number = self.check_transfer(card, amount)?;
        let unpaid = |payer| Quote {
            fee: None,
            receives: None,
            debited: None,
            payer: Some(payer),
            at: self.http.clock().now(),
        };
        let paying = match self.paying(card).await? {
            Ok(paying) => paying,
            Err(no_payer) => return Ok(unpaid(no_payer.payer())),
        };
        if paying.short_of(amount).is_some() {
            return Ok(unpaid(paying.payer(amount)));
        }
        let body = self.transfer_body(card_number, amount, "quote", &paying)?;
        let (answer, envelope) = self
            .ask(Call {
                access: Access::Read,
                ..Call::write(self.spelling.path(settings::REVIEW), &body)
            })
            .await?;
        let (fee, debited) = wire::quote(&envelope, amount.currency())
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
            ActionKind::TopUp => self.look_up_top_up(card, operation, claimed).await,
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

/// Whether ibanera wrote a refusal: its envelope, or a 401 without a body (ibanera wire notes,
/// 1.6).
fn answered_by(answer: &Answer, envelope: Option<&Envelope>) -> AnsweredBy {
    let empty = answer.status == 401 && answer.body.is_empty();
    AnsweredBy::provider_if(empty || envelope.is_some_and(Envelope::is_envelope))
}

/// The error of an answer that is not 2xx, with the words of its envelope where it has one (ibanera
/// wire notes, 1.6).
fn refused(access: Access, answer: &Answer, envelope: Option<&Envelope>) -> Error {
    let error = answer
        .refusal(envelope.map_or("", |envelope| &envelope.words), answered_by(answer, envelope));
    let doubt = matches!(answer.status, 408 | 409) || envelope.is_some_and(Envelope::is_doubtful);
    if access == Access::Write && doubt { error.with_outcome(Outcome::Unknown) } else { error }
}

/// The envelope of an answer that says success.
fn succeeded(access: Access, answer: &Answer, envelope: Option<Envelope>) -> Result<Envelope> {
    if !answer.is_success() {
        return Err(refused(access, answer, envelope.as_ref()));
    }
    let envelope = envelope.ok_or_else(|| answer.unreadable())?;
    if envelope.has_too_long_a_list() {
        return Err(answer.bad_reply(&listing::unreadable_list()));
    }
    check_success(access, answer, &envelope)?;
    Ok(envelope)
}

/// Whether a 2xx answer says that it was done.
fn check_success(access: Access, answer: &Answer, envelope: &Envelope) -> Result<()> {
    match envelope.success {
        Some(true) if access == Access::Write && envelope.has_errors() => Err(answer
            .bad_reply(&format!("the answer says success and errors at once: {}", envelope.words))),
        Some(true) => Ok(()),
        Some(false) => {
            let error = answer.stated_refusal(if envelope.words.is_empty() {
                "refused without a reason"
            } else {
                &envelope.words
            });
            Err(if access == Access::Write && envelope.is_doubtful() {
                error.with_outcome(Outcome::Unknown)
            } else {
                error
            })
        }
        None => Err(answer.bad_reply("the answer has no status that says whether it was done")),
    }
}

fn later(at: Timestamp, seconds: i64) -> Timestamp {
    at.checked_add(SignedDuration::from_secs(seconds)).unwrap_or(Timestamp::MAX)
}
