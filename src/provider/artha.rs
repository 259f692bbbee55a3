//! The adapter of artha's gen-1 Cards API.
//!
//! It never repeats a change and never asks for a PIN. Card numbers are dropped in `wire`, where
//! answers are read.

mod requests;
pub mod settings;
#[cfg(test)]
mod tests;
mod webhooks;
mod wire;

use ::http::Method;
use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};

use super::credits::{self, Credits, FeePlacement, MatchRules};
use super::error::{Error, ErrorKind, Outcome, Result};
use super::http::{Access, Answer, AnswerBody, AnsweredBy, Http, WholeBody};
use super::listing::ListReader;
use super::pages::{ReadMode, read_window};
use super::{
    Ack, Lookup, MatchedCredits, Page, PageCursor, Pagers, Paging, Permit, Provider,
    ProviderConfig, Quote, Webhooks, Window, listing, path_segment,
};
use crate::config::endpoint::Endpoint;
use crate::config::lists::Lists;
use crate::config::spelling::Spelling;
use crate::domain::card::Card;
use crate::domain::money::Money;
use crate::domain::operation::{
    Action, ActionKind, Capabilities, Operation, PinRule, Proof, Support, TopUpSafety,
};
use crate::domain::transaction::Transaction;
use requests::{Body, Part, Signer};
pub use settings::KIND;
use settings::Settings;
use webhooks::Callbacks;

/// The adapter of an account. Holds the token and the key, so it has no `Debug`.
pub struct Artha {
    http: Http,
    signer: Signer,
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
    callbacks: std::result::Result<Callbacks, String>,
}

impl Artha {
    /// The adapter of an account.
    ///
    /// # Errors
    /// A sentence, when a secret cannot be had or a setting is wrong.
    pub fn new(
        config: &ProviderConfig,
        settings: &Settings,
        http: Http,
    ) -> std::result::Result<Self, String> {
        let signer = Signer::new(config, settings)?;
        let all_transactions_path =
            settings.all_transactions_path.as_deref().map(|path| path.trim_matches('/').to_owned());
        let capabilities = capabilities(
            all_transactions_path.is_some(),
            settings.amount_decimals,
            config.lists.page_size,
        );
        Ok(Self {
            http,
            signer,
            all_transactions_path,
            decimals: settings.amount_decimals,
            spelling: config.spelling.clone(),
            lists: config.lists.clone(),
            pagers: Pagers::both(
                Paging::Numbered { size: config.lists.page_size },
                SignedDuration::try_from(config.lists.span).ok(),
            ),
            rules: MatchRules { fee: FeePlacement::Deducted, others_top_up: config.others_top_up },
            capabilities,
            callbacks: Callbacks::new(config, settings),
        })
    }

    /// Reads something by its id.
    async fn get(&self, endpoint: Endpoint, id: &str) -> Result<Answer> {
        let path =
            format!("{}/{}", self.spelling.path(endpoint).trim_end_matches('/'), path_segment(id));
        self.ask(Access::Read, Method::GET, &path, &Body::new()).await
    }

    /// Sends once. An answer other than 2xx is an error with the provider's words.
    async fn ask(&self, access: Access, method: Method, path: &str, body: &Body) -> Result<Answer> {
        self.ask_into(&mut WholeBody::new(access), access, method, path, body).await
    }

    /// As [`Self::ask`]; the body of the answer is given away while it comes.
    async fn ask_into(
        &self,
        answered: &mut dyn AnswerBody,
        access: Access,
        method: Method,
        path: &str,
        body: &Body,
    ) -> Result<Answer> {
        let request = self.signer.request(method, path, body, self.http.clock().now())?;
        let mut answer = self.http.send_into(answered, access, request).await?;
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
        let echo = access == Access::Write
            && refused.kind == ErrorKind::Auth
            && refused.reason().to_lowercase().contains("nonce");
        Err(if echo { refused.with_outcome(Outcome::Unknown) } else { refused })
    }

    fn error(&self, kind: ErrorKind, reason: &str) -> Error {
        Error::new(self.http.provider(), kind, reason)
    }

    async fn details(&self, card: &Card) -> Result<Card> {
        let answer = self.get(settings::CARD_DETAILS, &card.wire_id).await?;
        wire::details(answer.object()?, card, &self.spelling, answer.at)
            .map_err(|error| answer.bad_reply(&error.0))
    }

    /// Asks for a change and reads the task it became (artha wire notes, 5.2).
    async fn change(&self, path: &str, body: &Body) -> Result<Ack> {
        let answer = self.ask(Access::Write, Method::POST, path, body).await?;
        match wire::task(answer.object()?, &self.spelling)
            .map_err(|error| answer.bad_reply(&error.0))?
        {
            wire::Task::Accepted(reference) => Ok(Ack::Accepted { reference }),
            wire::Task::Refused(why) => Err(answer.stated_refusal(&why)),
        }
    }

    /// Looks for a top-up: by its task, or without one in the card's list.
    async fn look_up_top_up(
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
        let seen = wire::task_lookup(answer.object()?, task, &self.spelling)
            .map_err(|error| answer.bad_reply(&error.0))?;
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

    fn webhooks(&self) -> std::result::Result<&dyn Webhooks, &str> {
        self.callbacks.as_ref().map(|callbacks| callbacks as &dyn Webhooks).map_err(String::as_str)
    }

    async fn cards(&self, _page: PageCursor) -> Result<Page<Card>> {
        Err(self.error(ErrorKind::NotOffered, NO_LIST))
    }

    async fn card(&self, card: &Card) -> Result<Card> {
        let answer = self.get(settings::CARD_BALANCE, &card.wire_id).await?;
        let balance = wire::balance(answer.object()?, card, answer.at)
            .map_err(|error| answer.bad_reply(&error.0))?;
        // The balance is what matters most: without details it is still worth showing.
        Ok(match self.details(card).await {
            Ok(details) => details.over(&balance),
            Err(_) => balance,
        })
    }

    async fn transactions(&self, window: &Window, page: PageCursor) -> Result<Page<Transaction>> {
        let path = match (&window.card, &self.all_transactions_path) {
            (Some(_), _) => self.spelling.path(settings::TRANSACTIONS),
            (None, Some(path)) => path,
            (None, None) => return Err(self.error(ErrorKind::NotOffered, NO_COMMON_LIST)),
        };
        let body = self.list_body(window, page);
        let (clock, of) = (self.http.clock(), window.card.as_ref());
        let reader = listing::RowReader::new(
            self.http.provider(),
            &self.spelling,
            &self.lists,
            settings::IDS,
            clock.now(),
        );
        let mut list = ListReader::new(
            |_| true,
            reader,
            clock,
            wire::NAMES,
            of,
            |row, reader| wire::transaction(row, reader, of),
        );
        let answer = self.ask_into(&mut list, Access::Read, Method::POST, path, &body).await?;
        let found =
            listing::find_rows(answer.json()?).map_err(|error| answer.bad_reply(&error.0))?;
        Ok(list.page(&found))
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
        wire::float(answer.object()?).map_err(|error| answer.bad_reply(&error.0))
    }

    async fn quote(&self, card: &Card, amount: Money) -> Result<Quote> {
        let body = Body::from([
            ("cardId", Part::Text(card.wire_id.to_string())),
            ("amount", Part::Text(self.amount(card, amount)?)),
        ]);
        let answer = self
            .ask(Access::Read, Method::POST, self.spelling.path(settings::ESTIMATE), &body)
            .await?;
        wire::quote(answer.object()?, amount, answer.at).map_err(|error| answer.bad_reply(&error.0))
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
                body.insert("amount", Part::Text(self.amount(card, *amount)?));
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
            ActionKind::TopUp => self.look_up_top_up(card, operation, claimed).await,
            ActionKind::Freeze | ActionKind::Unfreeze | ActionKind::Close => {
                Ok(Lookup::by_state(operation.action_kind, &self.details(card).await?))
            }
            ActionKind::SetPin => {
                Ok(Lookup::not_found("artha cannot be asked whether a PIN was set"))
            }
        }
    }
}

const NO_LIST: &str = "artha has no card list: cards come from the roster";
const NO_COMMON_LIST: &str = "artha does not document the path of all cards' transactions: set \
                      all_transactions_path, or they are read card by card";

const fn capabilities(all_transactions: bool, decimals: u32, page_max: u16) -> Capabilities {
    Capabilities {
        list_cards: Support::No(NO_LIST),
        list_all_transactions: if all_transactions {
            Support::Yes
        } else {
            Support::No(NO_COMMON_LIST)
        },
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
        // Figures and state are two calls (artha wire notes, 2.5 and 2.7).
        calls_per_card: 2,
    }
}
