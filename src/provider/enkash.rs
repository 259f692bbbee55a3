//! The adapter of EnKash: prepaid cards of one card account, in rupees.
//!
//! Refused credentials are tried once more after a while and then only when asked, because three
//! wrong attempts lock the account; a change is sent once, and once more only after an HTTP 401,
//! which comes before anything is executed.

mod arriving_list;
mod envelope;
mod lookup;
mod requests;
mod seal;
mod session;
pub mod settings;
#[cfg(test)]
mod tests;
mod webhooks;
mod wire;

use std::sync::Arc;

use async_trait::async_trait;
use http::{HeaderValue, Uri};
use jiff::Timestamp;
use rust_decimal::Decimal;
use secrecy::SecretString;
use serde::Serialize;
use serde_json::value::RawValue;
use zeroize::Zeroizing;

use super::{
    Ack, Credits, Error, ErrorKind, Evidence, Lookup, MatchedCredits, Outcome, Page, PageCursor,
    Pager, Pagers, Paging, Permit, Provider, ProviderConfig, Quote, Result, Webhooks, Window,
    credits, listing, pages,
};
use crate::config::endpoint::Endpoint;
use crate::config::lists::Lists;
use crate::config::secret::Source;
use crate::config::spelling::Spelling;
use crate::domain::card::{Card, CardState, ProviderId};
use crate::domain::money::Money;
use crate::domain::operation::{
    Action, ActionKind, Capabilities, Operation, PinRule, Proof, Support, TopUpSafety,
};
use crate::domain::transaction::Transaction;
use crate::provider::http::{Access, Answer, AnswerBody, AnsweredBy, Http, WholeBody};
use crate::provider::json::RowError;
use crate::provider::listing::RowReader;
use arriving_list::ArrivingList;
use envelope::{Code, Envelope, Unreadable, check_success};
use seal::Seal;
use session::Login;
pub use settings::KIND;
use settings::{BodyWrapping, Settings};
use webhooks::Callbacks;

const NO_QUOTE: &str = "enkash quotes no fee: a top-up arrives as it is sent";
const NO_ENCRYPTION: &str =
    "a PIN is only sent encrypted: set encryption = \"envelope\" for this account";

/// The adapter of an account. Holds secrets, so it has no `Debug`.
pub struct Enkash {
    provider: ProviderId,
    http: Http,
    base_url: String,
    login: Login,
    seal: Seal,
    partner_id: HeaderValue,
    settings: Settings,
    spelling: Spelling,
    /// INFERENCE (enkash wire notes, 6.24): times without a zone are India's.
    lists: Lists,
    pagers: Pagers,
    others_top_up: bool,
    callbacks: std::result::Result<Callbacks, String>,
}

impl Enkash {
    /// The adapter of an account.
    ///
    /// # Errors
    /// A sentence, when a secret cannot be had or a setting is wrong.
    pub fn new(
        config: &ProviderConfig,
        settings: &Settings,
        http: Http,
    ) -> std::result::Result<Self, String> {
        config.base_url.parse::<Uri>().map_err(|_| "base_url is not an address".to_owned())?;
        Ok(Self {
            provider: config.name.clone(),
            http,
            base_url: config.base_url.trim_end_matches('/').to_owned(),
            login: Login::new(settings)?,
            seal: Seal::new(settings)?,
            partner_id: HeaderValue::from_str(&settings.partner_id)
                .map_err(|_| "partner_id has characters that a header cannot carry".to_owned())?,
            settings: settings.clone(),
            spelling: config.spelling.clone(),
            lists: config.lists.clone(),
            pagers: Pagers {
                cards: Pager::new(Paging::Numbered { size: u16::MAX }, None),
                transactions: Pager::new(Paging::ByTime, None),
            },
            others_top_up: config.others_top_up,
            callbacks: Callbacks::new(config, settings),
        })
    }

    /// Sends a card call; any answer but success (2xx and code 0; enkash wire notes, 1.6) is an
    /// error.
    async fn ask(
        &self,
        access: Access,
        call: Endpoint,
        body: &(impl Serialize + Sync),
    ) -> Result<(Answer, Envelope)> {
        let (answer, envelope) = self.send(access, call, body).await?;
        check_success(access, &answer, &envelope)?;
        Ok((answer, envelope))
    }

    /// Sends a card call and reads its answer whole, whatever its code.
    async fn send(
        &self,
        access: Access,
        call: Endpoint,
        body: &(impl Serialize + Sync),
    ) -> Result<(Answer, Envelope)> {
        self.send_into(&mut WholeBody::new(access), access, call, body).await
    }

    /// Sends a card call and reads its answer, whatever its code. After an HTTP 401 the token is
    /// renewed and the call sent once more, changes too: an unauthenticated request has not been
    /// executed (enkash wire notes, 1.3 and 6.7; INFERENCE).
    async fn send_into(
        &self,
        answered: &mut dyn AnswerBody,
        access: Access,
        call: Endpoint,
        body: &(impl Serialize + Sync),
    ) -> Result<(Answer, Envelope)> {
        // Room for the longest body at once: one of them carries a PIN, and a buffer that grows
        // leaves copies behind.
        let mut plain = Zeroizing::new(Vec::with_capacity(2_048));
        serde_json::to_writer(&mut *plain, body).expect("a struct of texts and numbers is JSON");
        let path = self.spelling.path(call);
        let body = self.seal.wrap(call, &plain);
        let bearer = self.bearer(None).await?;
        let request = self.request(path, &bearer, body.clone())?;
        let mut answer = self.http.send_into(&mut *answered, access, request).await?;
        // A proxy that answers 401 may have passed the request on: only enkash's own 401 says that
        // it was not executed.
        if answer.status == 401 && self.answered_by(&answer) == AnsweredBy::Provider {
            let first = self.refused(access, &answer);
            let again = async {
                let bearer = self.bearer(Some(&bearer)).await?;
                let request = self.request(path, &bearer, body)?;
                self.http.send_into(answered, access, request).await
            };
            answer = again.await.map_err(|error| error.with_outcome(first.outcome))?;
        }
        if !answer.is_success() {
            return Err(self.refused(access, &answer));
        }
        match self.read(&answer) {
            Ok(envelope) => Ok((answer, envelope)),
            Err(unreadable) => Err(unreadable.error(&answer)),
        }
    }

    /// The error of an answer that is not 2xx; its body may be plain even when encryption is on
    /// (enkash wire notes, 1.5).
    fn refused(&self, access: Access, answer: &Answer) -> Error {
        let envelope = self.read(answer).ok();
        let error = answer.refusal(
            envelope.as_ref().map_or("", |envelope| &envelope.words),
            self.answered_by(answer),
        );
        let doubt = matches!(answer.status, 408 | 409)
            || envelope.is_some_and(|envelope| envelope.is_doubtful());
        if access == Access::Write && doubt { error.with_outcome(Outcome::Unknown) } else { error }
    }

    /// Whether enkash wrote a refusal: an envelope with a code, an OAuth error, or a 401 without a
    /// body (enkash wire notes, 1.3 and 6.7; INFERENCE).
    fn answered_by(&self, answer: &Answer) -> AnsweredBy {
        let empty = answer.status == 401 && answer.body.is_empty();
        let envelope = self.read(answer).is_ok_and(|envelope| envelope.code != Code::Unclear);
        AnsweredBy::provider_if(empty || envelope || envelope::is_oauth_error(&answer.body))
    }

    fn read(&self, answer: &Answer) -> std::result::Result<Envelope, Unreadable> {
        let mut envelope = envelope::read(&answer.body, &self.seal.key, &self.seal.field)?;
        envelope.name_fields(&self.spelling);
        Ok(envelope)
    }

    /// Takes an answer with a list while it comes.
    fn list<'a, T>(
        &'a self,
        names: listing::IdFields,
        of: Option<&'a Card>,
        read: impl FnMut(&RawValue, &RowReader<'_>) -> std::result::Result<T, RowError> + Send + 'a,
    ) -> ArrivingList<'a, T> {
        let clock = self.http.clock();
        ArrivingList::new(&self.seal, self.reader(clock.now()), clock, names, of, read)
    }

    /// The rows of an answer; what stands in the place of a list is told as a row that cannot be
    /// read.
    fn page<T: Send>(
        &self,
        list: &mut ArrivingList<'_, T>,
        of: Option<&Card>,
        rows: &envelope::Rows<'_>,
    ) -> Page<T> {
        let mut page = list.page(&rows.rows);
        let card = of.map(|card| Arc::clone(&card.key.id));
        page.skipped.extend(
            rows.error
                .as_ref()
                .map(|error| pages::unread(&self.provider, card, None, &error.0, error)),
        );
        Page { total: rows.total, ..page }
    }

    /// The error of what is refused here, before anything is sent.
    fn invalid(&self, why: &str) -> Error {
        Error::new(&self.provider, ErrorKind::Refused, why)
    }

    fn reader(&self, at: Timestamp) -> RowReader<'_> {
        RowReader::new(&self.provider, &self.spelling, &self.lists, settings::IDS, at)
    }

    /// Looks a load up by our reference. For this call only, no rows, code 1 and code 404 all mean
    /// that there is none (enkash wire notes, 5).
    async fn look_up_load(
        &self,
        card: &Card,
        operation: &Operation,
        claimed: &MatchedCredits,
    ) -> Result<Lookup> {
        let not_found = || {
            Lookup::not_found(format!(
                "enkash knows no load with reference {}",
                operation.reference
            ))
        };
        let body = requests::ByReference {
            card: self.of_card(&card.wire_id),
            pg_reference_number: &operation.reference,
        };
        let (_, envelope) = match self.send(Access::Read, settings::TRANSACTION, &body).await {
            Ok(answered) => answered,
            Err(error) if error.kind == ErrorKind::NotFound => return Ok(not_found()),
            Err(error) => return Err(error),
        };
        match envelope.code {
            Code::Success => {
                let reader = self.reader(self.http.clock().now());
                Ok(lookup::find_load(
                    &envelope::rows(&envelope).rows,
                    &reader,
                    operation,
                    claimed,
                    self.others_top_up,
                ))
            }
            Code::Failure(1 | 404) => Ok(not_found()),
            Code::Failure(_) | Code::Unclear => Err(Error::new(
                &self.provider,
                ErrorKind::BadReply,
                &format!("the look-up answered: {}", envelope.words),
            )),
        }
    }

    async fn look_up_state(&self, card: &Card, action_kind: ActionKind) -> Result<Lookup> {
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
            pin: match self.seal.wrapping {
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
            // INFERENCE: the call of the list, asked for one card (`settings::DETAILS`).
            calls_per_card: 1,
        }
    }

    fn pagers(&self) -> &Pagers {
        &self.pagers
    }

    fn webhooks(&self) -> std::result::Result<&dyn Webhooks, &str> {
        self.callbacks.as_ref().map(|callbacks| callbacks as &dyn Webhooks).map_err(String::as_str)
    }

    /// `/search` without a card id (enkash wire notes, 2.13). How it pages is not documented: that
    /// cards are missing is said.
    async fn cards(&self, page: PageCursor) -> Result<Page<Card>> {
        if page.number > 0 {
            return Ok(Page::of(std::iter::empty()));
        }
        let mut list = self.list(wire::CARD_NAMES, None, wire::card);
        let (answer, envelope) =
            self.send_into(&mut list, Access::Read, settings::SEARCH, &self.account()).await?;
        check_success(Access::Read, &answer, &envelope)?;
        let mut page = self.page(&mut list, None, &envelope::rows(&envelope));
        let (here, total) = (page.items.len() + page.skipped.len(), page.total.unwrap_or(0));
        if total > here {
            let words = format!(
                "enkash sent {here} of {total} cards, and documents no way to ask for the rest"
            );
            page.gap = page.gap.or(Some(words.into()));
        }
        page.total = None;
        page.is_all = true;
        Ok(page)
    }

    async fn card(&self, card: &Card) -> Result<Card> {
        let (mut found, mut problem) = (None, None);
        let read = |row: &RawValue, reader: &RowReader<'_>| {
            match wire::card(row, reader) {
                Ok(read) if read.key == card.key => {
                    let another = read.last4.zip(card.last4).filter(|(read, known)| read != known);
                    match another {
                        None => found = found.take().or(Some(read)),
                        Some((read, known)) => {
                            problem = Some(RowError::new(&format!(
                                "the answer is about another card: ..{read}, and this one is \
                                 ..{known}"
                            )));
                        }
                    }
                }
                Ok(_) => problem = Some(RowError::new("it is another card")),
                Err(why) => problem = Some(why),
            }
            Ok(())
        };
        let mut list = self.list(wire::CARD_NAMES, None, read);
        let (answer, envelope) = self
            .send_into(&mut list, Access::Read, settings::DETAILS, &self.of_card(&card.wire_id))
            .await?;
        check_success(Access::Read, &answer, &envelope)?;
        let rows = envelope::rows(&envelope);
        list.page(&rows.rows);
        drop(list);
        if let Some(found) = found {
            return Ok(found);
        }
        let problem = problem.or(rows.error);
        Err(match problem {
            Some(why) => answer.bad_reply(&format!("the card's details cannot be read: {why}")),
            None => {
                Error::new(&self.provider, ErrorKind::NotFound, "enkash does not know this card")
            }
        })
    }

    /// `/transaction/all` by time (enkash wire notes, 2.14, 2.15 and 5; INFERENCE). `recordsCount`
    /// tells when an answer does not hold all rows of its time, and never that it does.
    async fn transactions(&self, window: &Window, _page: PageCursor) -> Result<Page<Transaction>> {
        let body = requests::Between {
            account: self.account(),
            en_kash_card_id: window.card.as_ref().map(|card| &*card.wire_id),
            txn_date_from: requests::wire_time(window.since),
            txn_date_to: requests::wire_time(window.until),
        };
        let of = window.card.as_ref();
        let read = |row: &RawValue, reader: &RowReader<'_>| wire::transaction(row, reader, of);
        let mut list = self.list(wire::NAMES, of, read);
        let (answer, envelope) =
            self.send_into(&mut list, Access::Read, settings::TRANSACTIONS, &body).await?;
        let rows = match envelope.code {
            Code::Failure(1) if envelope.is_none_found() => envelope::Rows::default(),
            Code::Success | Code::Failure(_) | Code::Unclear => {
                check_success(Access::Read, &answer, &envelope)?;
                envelope::rows(&envelope)
            }
        };
        Ok(self.page(&mut list, of, &rows))
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
        self.login.try_again().await;
    }

    async fn float(&self) -> Result<Vec<Money>> {
        let (answer, envelope) =
            self.ask(Access::Read, settings::CARD_ACCOUNT, &self.account()).await?;
        match wire::float(&envelope) {
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
            ActionKind::TopUp => self.look_up_load(card, operation, claimed).await,
            ActionKind::Freeze | ActionKind::Unfreeze | ActionKind::Close => {
                self.look_up_state(card, operation.action_kind).await
            }
            ActionKind::SetPin => {
                Ok(Lookup::not_found("enkash cannot be asked whether a PIN was set"))
            }
        }
    }
}

/// A credential of the account.
fn read_secret(source: &Source, setting: &str) -> std::result::Result<SecretString, String> {
    source.read().map_err(|error| format!("{setting}: {error}"))
}
