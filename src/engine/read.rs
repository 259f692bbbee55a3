//! Reading from providers: what comes back is merged with what was known, saved, and emitted.
//!
//! Nothing here changes anything at a provider.

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use jiff::Timestamp;

use super::account::{Account, Scope};
use super::lists::{Patience, unread_part};
use super::schedule::{CardAnswer, Next, Read};
use super::{Engine, EngineEvent, HealthState, ProviderReport};
use crate::domain::card::{Card, CardKey};
use crate::domain::completeness::Completeness;
use crate::domain::money::Money;
use crate::domain::operation::Support;
use crate::provider::{Error, ErrorKind, Quote};

/// The longest that an account's reading rests without looking at the clock.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

impl Engine {
    /// Reads one account for ever: what is due, one read at a time, inside its budget.
    pub(super) async fn keep_reading(self, account: Arc<Account>) {
        // Before the first question: from here on every card that becomes known is told.
        account.know_first_cards(&self.0.cards.of_provider(&account.info.id), self.0.clock.now());
        // What was told of pushes before was about cards that the plan did not know.
        account.make_pushed_due(self.0.clock.now());
        self.load_coverage(&account).await;
        loop {
            let now = self.0.clock.now();
            if account.clock_went_back(now) {
                self.start_over(&account, now).await;
            }
            if account.finds_push_gap(now) {
                self.emit_health(&account).await;
            }
            let records = AssertUnwindSafe(self.read_push_records(&account, now)).catch_unwind();
            if let Err(panic) = records.await {
                self.note_panic(&account, message_of(&*panic)).await;
            }
            match self.next_reading(&account, now, false) {
                Next::Read(read) => {
                    // Caught here and not by a task of its own, which would wake another thread for
                    // every reading. Only where a panic unwinds: the release profile aborts, and
                    // the board is started anew.
                    let reading = AssertUnwindSafe(self.read(&account, &read)).catch_unwind();
                    if let Err(panic) = reading.await {
                        self.note_panic(&account, message_of(&*panic)).await;
                    }
                    let now = self.0.clock.now();
                    account.note_ended(&read, now);
                    account.make_failed_due(now);
                    // Others have their turn, also where a reading ended without a wait.
                    tokio::task::yield_now().await;
                }
                Next::Wait(_) if self.push_records_due(&account, now).is_some() => {
                    tokio::task::yield_now().await;
                }
                Next::Wait(until) => rest(&account, now, until).await,
            }
        }
    }

    /// What is read next of an account, also between two pages of its list of cards.
    pub(super) fn next_reading(&self, account: &Account, now: Timestamp, is_listing: bool) -> Next {
        account.set_unsaved(self.saves_again_at());
        let open = self.0.operations.open_of(&account.info.id);
        account.next(now, &open, is_listing, self.typing_until(now))
    }

    /// Reads what is due besides between two pages of the list of cards, which may have a thousand:
    /// nobody who looks at a card, and no lookup of a change, waits for its end. While the operator
    /// types, the list waits.
    pub(super) async fn read_beside_list(&self, account: &Account) {
        let mut began = self.0.clock.now();
        loop {
            self.pace(account).await;
            let now = self.0.clock.now();
            let typing = self.typing_until(now);
            match self.next_reading(account, now, true) {
                Next::Read(read) => {
                    Box::pin(self.read(account, &read)).await;
                    let now = self.0.clock.now();
                    account.note_ended(&read, now);
                    account.make_failed_due(now);
                }
                Next::Wait(_) if typing.is_none() => break,
                Next::Wait(until) => rest(account, now, until.min(typing).or(typing)).await,
            }
            account.note_beside_list(self.0.clock.now().duration_since(began));
            if typing.is_none() {
                break;
            }
            began = self.0.clock.now();
        }
    }

    async fn note_panic(&self, account: &Account, message: &str) {
        let words = format!("a reading died: {message}");
        let error = Error::new(&account.info.id, ErrorKind::BadReply, &words);
        if let Some(why) = account.note_failure(&error, self.0.clock.now()) {
            self.make_stale(account, &why).await;
        }
        self.emit_health(account).await;
        self.emit(EngineEvent::Trouble(error.to_string())).await;
    }

    async fn read(&self, account: &Account, read: &Read) {
        let card = |id: &Arc<str>| {
            let provider = account.info.id.clone();
            self.0.cards.get(&CardKey { provider, id: Arc::clone(id) })
        };
        match read {
            Read::Look(id) => {
                let _ = self.lookup(*id).await;
            }
            Read::List => drop(self.read_list(account, Patience::Board).await),
            Read::Feed => drop(self.read_transaction_list(account, None).await),
            Read::History => self.read_history(account).await,
            Read::Float => drop(self.read_float(account).await),
            Read::Card(id) => {
                if let Some(card) = card(id) {
                    drop(self.read_one(account, &card).await);
                }
            }
            Read::CardFeed(id) => {
                if let Some(card) = card(id) {
                    let read = self.read_transaction_list(account, Some(&card)).await;
                    account.told_pushes.lock().note_feed(id, answer_of(&read).is_some());
                }
            }
        }
    }

    /// Notes how a read went, and emits the health.
    pub(super) async fn record_outcome<T>(
        &self,
        account: &Account,
        result: Result<T, Error>,
    ) -> Result<T, Error> {
        let now = self.0.clock.now();
        match &result {
            Ok(_) => account.note_success(now),
            Err(error) => {
                if let Some(why) = account.note_failure(error, now) {
                    self.make_stale(account, &why).await;
                }
            }
        }
        self.emit_health(account).await;
        result
    }

    /// Notes how a read of one card went. That the provider refuses it is this card's matter and
    /// says nothing of the others.
    pub(super) async fn record_card_outcome<T>(
        &self,
        account: &Account,
        result: Result<T, Error>,
    ) -> Result<T, Error> {
        match result {
            Err(error) if error.kind == ErrorKind::Forbidden => {
                account.count_requests(self.0.clock.now());
                Err(error)
            }
            result => self.record_outcome(account, result).await,
        }
    }

    /// The clock was set back: what was read by it before is not live any more, and must not outdo
    /// what is read from now on.
    async fn start_over(&self, account: &Account, now: Timestamp) {
        let why: Arc<str> = "the clock of this machine was set back".into();
        let cards = self.0.cards.clock_went_back(&account.info.id, &why, now);
        // The float, too.
        self.emit_stale(account, &cards, &why).await;
        self.emit_health(account).await;
    }

    /// One card, read by itself.
    pub(super) async fn read_one(&self, account: &Account, card: &Card) -> Result<Card, Error> {
        let provider = self.adapter(account).await?;
        let asked_at = self.0.clock.now();
        self.accept_card(account, card, provider.card(card).await, asked_at).await
    }

    /// One card, read by itself and again as far as there is patience.
    pub(super) async fn read_one_with(
        &self,
        account: &Account,
        card: &Card,
        patience: Patience,
    ) -> Result<Card, Error> {
        let provider = self.adapter(account).await?;
        let asked_at = self.0.clock.now();
        let read = self.retry(account, patience, false, || provider.card(card)).await;
        self.accept_card(account, card, read, asked_at).await
    }

    pub(super) async fn accept_card(
        &self,
        account: &Account,
        card: &Card,
        read: Result<Card, Error>,
        asked_at: Timestamp,
    ) -> Result<Card, Error> {
        let now = self.0.clock.now();
        let (answer, is_silent) = (answer_of(&read), self.is_silent(&read));
        // Before the health is told, which has the number of refused cards.
        if let Some(answer) = answer {
            account.note_card_answer(&card.key.id, answer, now);
        }
        let accepted = self.accept_answer(account, card, read, asked_at).await;
        match answer {
            Some(_) if is_silent => {}
            // Also where it was refused.
            Some(_) => self.end_push_marks(account, [&card.key], asked_at),
            None => account.told_pushes.lock().note_failed(&card.key.id),
        }
        accepted
    }

    /// Whether an answer says nothing of the figures of a card of which some are known, which stay.
    fn is_silent(&self, read: &Result<Card, Error>) -> bool {
        read.as_ref().is_ok_and(|read| {
            let known = self.0.cards.records(std::slice::from_ref(&read.key));
            read.balance.at().is_none() && known.iter().any(|card| card.figures_at().is_some())
        })
    }

    async fn accept_answer(
        &self,
        account: &Account,
        card: &Card,
        read: Result<Card, Error>,
        asked_at: Timestamp,
    ) -> Result<Card, Error> {
        let now = self.0.clock.now();
        match self.record_card_outcome(account, read).await {
            Ok(read) => {
                account.set_removed(&card.key, false);
                account.note_completeness(
                    Scope::Card(Arc::clone(&card.key.id)),
                    Completeness::complete(now),
                    true,
                );
                let accepted = self.accept_cards(vec![read], asked_at).await.pop();
                Ok(accepted.expect("merging one card gives one card").card())
            }
            Err(error) => {
                let mut missing = Completeness::complete(now);
                // A card that the account does not have any more keeps its last figures with their
                // age, and nothing of it is missing.
                let removed = account.is_removed(card, &error);
                account.set_removed(&card.key, removed);
                if !removed {
                    missing.add_unread_part(unread_part(&account.info.id, Some(&card.key), &error));
                }
                account.note_completeness(Scope::Card(Arc::clone(&card.key.id)), missing, true);
                // Whatever went wrong, the figure is not the newest that could be: but only the
                // figure: the rest of what is known of the card stays.
                let why: Arc<str> = if removed {
                    "the card is no longer listed".into()
                } else {
                    error.sentence().into()
                };
                if let Some((stale, was_not)) = self.0.cards.make_stale(&card.key, &why) {
                    self.emit_read_cards(&[stale], was_not).await;
                }
                if error.kind == ErrorKind::Forbidden {
                    // It says nothing of the account but how many of its cards are refused.
                    self.emit_health(account).await;
                }
                Err(error)
            }
        }
    }

    async fn read_float(&self, account: &Account) -> Result<(Vec<Money>, Timestamp), Error> {
        let provider = self.adapter(account).await?;
        let float = self.record_outcome(account, provider.float().await).await?;
        let at = self.0.clock.now();
        let is_news = account.last_told().note_float(&float);
        let provider = account.info.id.clone();
        let event = EngineEvent::Float { provider, float: float.clone(), at };
        self.0.outbox.send(event, is_news).await;
        Ok((float, at))
    }

    /// Reads one card now.
    ///
    /// # Errors
    /// The provider's error.
    pub async fn read_card(&self, key: &CardKey) -> Result<Card, Error> {
        let account = self.account(&key.provider)?;
        let known = self.0.cards.get_or_unread(key);
        self.read_one_with(&account, &known, Patience::Command(tokio::time::Instant::now())).await
    }

    /// Reads the health and float of every provider now.
    pub async fn read_providers(&self) -> Vec<ProviderReport> {
        let work = self.0.accounts.iter().map(|account| self.report(account));
        futures::future::join_all(work).await
    }

    async fn report(&self, account: &Account) -> ProviderReport {
        let offered = match self.adapter(account).await {
            Ok(adapter) => adapter.capabilities().float.is_yes(),
            Err(_) => true,
        };
        let float = if offered { Some(self.read_float(account).await) } else { None };
        let cards = self.0.cards.count(&account.info.id);
        let mut health = account.health(self.0.clock.now(), cards);
        // Asked once and not answered: there are no further tries here to wait for.
        let unanswered = match &float {
            Some(Err(error)) => {
                matches!(error.kind, ErrorKind::Unreachable | ErrorKind::BadReply)
            }
            Some(Ok(_)) | None => false,
        };
        if unanswered && health.state == HealthState::Slow && health.last_good.is_none() {
            health.state = HealthState::Down;
        }
        ProviderReport { info: account.current_info(), health, float }
    }

    /// What a top-up would cost.
    ///
    /// # Errors
    /// The provider's error, or that it quotes nothing.
    pub async fn quote(&self, key: &CardKey, amount: Money) -> Result<Quote, Error> {
        let account = self.account(&key.provider)?;
        let provider = self.adapter(&account).await?;
        if let Support::No(why) = provider.capabilities().quote {
            return Err(Error::new(&key.provider, ErrorKind::NotOffered, why));
        }
        let card = self.0.cards.get_or_unread(key);
        let quote = provider.quote(&card, amount).await;
        self.record_outcome(&account, quote).await
    }

    /// Waits until another request fits into the account's budget.
    pub(super) async fn pace(&self, account: &Account) {
        let now = self.0.clock.now();
        account.count_requests(now);
        if let Some(at) = account.ready_at(now) {
            tokio::time::sleep(Duration::try_from(at.duration_since(now)).unwrap_or_default())
                .await;
        }
    }
}

/// Waits until something changes for an account, or until this time; never for long, since whoever
/// waits is the one who sees that the clock was set back.
async fn rest(account: &Account, now: Timestamp, until: Option<Timestamp>) {
    let wait = until
        .map_or(LONGEST_WAIT, |at| Duration::try_from(at.duration_since(now)).unwrap_or_default());
    tokio::select! {
        () = account.wake.notified() => {}
        () = tokio::time::sleep(wait.min(LONGEST_WAIT)) => {}
    }
}

/// The message of a panic.
fn message_of(panic: &(dyn Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no reason given")
}

/// What an answer says of a card; `None` where it says nothing of it.
const fn answer_of<T>(read: &Result<T, Error>) -> Option<CardAnswer> {
    match read {
        Ok(_) => Some(CardAnswer::Known),
        Err(error) => match error.kind {
            ErrorKind::NotFound => Some(CardAnswer::Unknown),
            ErrorKind::Refused | ErrorKind::Forbidden => Some(CardAnswer::Refused),
            ErrorKind::Auth
            | ErrorKind::RateLimited
            | ErrorKind::Unreachable
            | ErrorKind::BadReply
            | ErrorKind::NotOffered => None,
        },
    }
}
