//! What every pane and dialog may look at: cards, transactions, operations and accounts as last
//! reported by the engine, and the time.
//!
//! Panes keep what only they show. Nothing here is drawn, and nothing here asks the engine.

pub(crate) mod card_news;
mod cards;
mod covered;
mod history;
mod known_cards;
mod older;
mod queued;
pub(crate) mod shown;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::journal::Journal;
use super::pace::Pace;
use super::work::{Work, count};
use crate::config::{Environment, InMemory};
use crate::contract::History;
use crate::domain::card::{CardKey, CardRecord, ProviderId, Reading};
use crate::domain::coverage::Covered;
use crate::domain::money::Money;
use crate::domain::operation::{
    ActionKind, Capabilities, Operation, OperationId, Refusal, Unavailable, UnavailableCause,
    check_action,
};
use crate::domain::transaction::Transaction;
use crate::engine::{EngineEvent, Health, HealthState, ProviderInfo, QueuedFreeze, Step};
use crate::ledger::{Ledger, RowKey};
use card_news::{Affected, CardNews};
pub(crate) use cards::NotLive;
use history::Arrival;
pub use known_cards::KnownCards;
pub use older::Older;
use shown::Shown;

/// What is known, and the time.
///
/// More than twelve fields: one for each thing that every pane may look at.
#[derive(Debug)]
pub struct Portfolio {
    /// Now, as of the last tick.
    pub now: Timestamp,
    /// When the operator last pressed a key, pasted, or came to or left the window.
    pub last_key: Timestamp,
    /// How often what is shown changes by itself.
    pub pace: Pace,
    /// The zone that times are shown in.
    pub zone: TimeZone,
    /// Who operates: the system user.
    pub operator: Arc<str>,
    /// Changes are refused.
    pub read_only: bool,
    /// The accounts, and how they are.
    pub accounts: Accounts,
    /// Every card by identity.
    pub cards: KnownCards,
    /// Those in memory, newest first by time and id.
    pub transactions: Ledger,
    /// The older ones.
    pub older: Older,
    /// Which are held in memory.
    pub in_memory: InMemory,
    /// The journal, newest first.
    pub operations: Journal,
    /// Journal lines of operations whose journal was requested.
    pub steps: BTreeMap<OperationId, Vec<Step>>,
    /// Cards the operator watches.
    pub watched: BTreeSet<CardKey>,
    /// What was computed from an older revision is stale.
    pub revisions: Revisions,
    kept: Kept,
}

/// The accounts at providers, and how they are.
#[derive(Debug)]
pub struct Accounts {
    /// In the order of the configuration.
    pub providers: Vec<ProviderInfo>,
    /// How each is; a provider that was not read yet has none.
    pub health: BTreeMap<ProviderId, Health>,
    /// The merchant's money at each.
    pub floats: BTreeMap<ProviderId, Reading<Vec<Money>>>,
    /// Freezes that wait for one of them to answer, oldest first.
    pub queued: Vec<QueuedFreeze>,
    /// How much is known of the transactions of each card that is read by itself.
    pub card_coverage: BTreeMap<CardKey, Covered>,
    /// The cards of which something was pushed that was not read yet, as they were read last.
    pub pushed: BTreeMap<CardKey, Arc<CardRecord>>,
    /// When a one-time code was last sent to each card's holder.
    pub codes: BTreeMap<CardKey, Timestamp>,
}

/// How a change can be had now.
#[derive(Clone, Debug, PartialEq)]
pub enum Offer {
    /// It is sent when it is confirmed.
    Now,
    /// It is a freeze, and waits for its provider, which is DOWN.
    Queued(Box<Unavailable>),
}

/// Counters that grow with every change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Revisions {
    /// Of cards, transactions and operations.
    pub all: u64,
    /// Of transactions and operations, and of nothing else: most events are about balances.
    pub history: u64,
    /// Of the names of cardholders. It stands still while cards of the data file are loaded.
    pub holders: u64,
}

/// What is kept beside what is known.
#[derive(Debug)]
struct Kept {
    operation_ids: OperationIds,
    card_news: CardNews,
    arrival: Arrival,
    /// How many cards of each provider show figures that may be old, or none.
    not_live: BTreeMap<ProviderId, NotLive>,
    shown: Shown,
    /// Further cards of the data file or of a roster are still to come.
    are_cards_loading: bool,
    /// Those that came have other holders than were known, which no search was told yet.
    have_loaded_other_holders: bool,
}

/// Where the ids of new operations come from.
#[derive(Debug)]
struct OperationIds {
    /// 64 random bits, drawn once at the start.
    session: u64,
    /// How many were made, from 0 again after 65,535.
    count: u16,
}

impl OperationIds {
    fn next(&mut self, at: Timestamp) -> OperationId {
        self.count = self.count.wrapping_add(1);
        OperationId::new(at, self.session, self.count)
    }
}

impl Portfolio {
    /// Nothing known yet. `session` is 64 random bits, drawn once at the start.
    #[must_use]
    pub fn new(
        now: Timestamp,
        zone: TimeZone,
        operator: Arc<str>,
        session: u64,
        providers: Vec<ProviderInfo>,
    ) -> Self {
        Self {
            now,
            last_key: now,
            pace: Pace::default(),
            zone,
            operator,
            read_only: false,
            accounts: Accounts {
                providers,
                health: BTreeMap::new(),
                floats: BTreeMap::new(),
                queued: Vec::new(),
                card_coverage: BTreeMap::new(),
                pushed: BTreeMap::new(),
                codes: BTreeMap::new(),
            },
            cards: KnownCards::default(),
            transactions: Ledger::default(),
            older: Older::default(),
            in_memory: InMemory::default(),
            operations: Journal::default(),
            steps: BTreeMap::new(),
            watched: BTreeSet::new(),
            revisions: Revisions::default(),
            kept: Kept {
                operation_ids: OperationIds { session, count: 0 },
                card_news: CardNews::default(),
                arrival: Arrival::default(),
                not_live: BTreeMap::new(),
                shown: Shown::default(),
                are_cards_loading: false,
                have_loaded_other_holders: false,
            },
        }
    }

    /// Takes in what the engine reports.
    pub fn apply(&mut self, event: &EngineEvent) {
        match event {
            EngineEvent::Cards(cards) => self.put_cards(cards),
            EngineEvent::KnownCards { cards, is_last } => self.put_known_cards(cards, *is_last),
            EngineEvent::WhyStale { provider, why } => self.note_why_stale(provider, why),
            EngineEvent::Stale { provider, why } => self.mark_stale(provider, why),
            EngineEvent::Transactions(news) => self.put_rows(news),
            EngineEvent::History(ledger) => self.put_history(ledger),
            EngineEvent::Horizon { from, older } => self.older.begin(*from, *older),
            EngineEvent::Operation(operation) => {
                self.accounts.unqueue(operation.id);
                self.history_changed([operation.card.clone()]);
                self.operations.put(operation);
            }
            EngineEvent::Journal { page, is_last } => {
                self.history_changed(page.iter().map(|operation| operation.card.clone()));
                // From the last page on it is shown as whole.
                self.kept.shown.outdate();
                self.operations.put_page(page, *is_last);
            }
            EngineEvent::Queued(freeze) => self.accounts.queued.push(freeze.clone()),
            EngineEvent::Unqueued { freeze, .. } => self.accounts.unqueue(freeze.id),
            EngineEvent::Refused { id, .. } => self.accounts.unqueue(*id),
            EngineEvent::Steps { id, steps } => {
                self.steps.insert(*id, steps.clone());
            }
            EngineEvent::Float { provider, float, at } => {
                let reading = Reading::At { value: float.clone(), at: *at };
                self.accounts.floats.insert(provider.clone(), reading);
            }
            EngineEvent::Pushed(card) => self.put_pushed(card),
            EngineEvent::PushRead(card) => self.put_push_read(card),
            EngineEvent::CodeSent { card, at } => {
                let last = self.accounts.codes.entry(card.clone()).or_insert(*at);
                *last = (*last).max(*at);
            }
            EngineEvent::Health(health) => self.accounts.put_health(health),
            EngineEvent::Covered { card, covered } => {
                self.accounts.card_coverage.insert(card.clone(), covered.clone());
            }
            EngineEvent::Provider(info) => {
                let mut known = self.accounts.providers.iter_mut();
                if let Some(known) = known.find(|known| known.id == info.id) {
                    *known = (**info).clone();
                }
            }
            EngineEvent::ReadOnly(read_only) => self.read_only = *read_only,
            EngineEvent::Quote { .. }
            | EngineEvent::RecentCredit { .. }
            | EngineEvent::NotSettled { .. }
            | EngineEvent::OlderRows { .. }
            | EngineEvent::Trouble(_) => {}
        }
    }

    fn history_changed(&mut self, of: impl IntoIterator<Item = CardKey>) {
        self.revisions.all += 1;
        self.revisions.history += 1;
        let Kept { card_news, shown, .. } = &mut self.kept;
        let mut is_shown = false;
        let of = of.into_iter().inspect(|key| is_shown |= shown.is_of(key));
        card_news.history.add(of, self.cards.len());
        if is_shown || matches!(card_news.history, Affected::All) {
            shown.outdate();
        }
    }

    /// What has happened to cards since this was asked last.
    pub(crate) fn take_card_news(&mut self) -> CardNews {
        std::mem::take(&mut self.kept.card_news)
    }

    /// Watches a card, or no longer; whether it is watched now.
    pub(crate) fn toggle_watched(&mut self, key: CardKey) -> bool {
        self.revisions.all += 1;
        self.kept.card_news.cards.insert(key.clone());
        let watched = !self.watched.remove(&key);
        if watched {
            self.watched.insert(key);
        }
        watched
    }

    /// A new operation's id.
    pub fn new_operation_id(&mut self) -> OperationId {
        self.kept.operation_ids.next(self.now)
    }

    /// The account of this name.
    #[must_use]
    pub fn provider(&self, id: &ProviderId) -> Option<&ProviderInfo> {
        self.accounts.providers.iter().find(|info| info.id == *id)
    }

    /// What a provider can do; `None` when it could not be set up.
    #[must_use]
    pub fn capabilities(&self, id: &ProviderId) -> Option<&Capabilities> {
        self.provider(id)?.capabilities.as_ref()
    }

    /// Whether any account has real money behind it.
    #[must_use]
    pub fn is_production(&self) -> bool {
        self.accounts.providers.iter().any(|info| info.environment == Environment::Production)
    }

    /// Whether a change may be requested now: what would be refused when it is confirmed is refused
    /// here.
    ///
    /// # Errors
    /// Why not. An unsettled operation is [`Refusal::Open`], so that a dialog can show it.
    pub fn check(&self, action_kind: ActionKind, key: &CardKey) -> Result<(), Refusal> {
        self.offer(action_kind, key).map(|_| ())
    }

    /// How a change can be had now.
    ///
    /// # Errors
    /// Why it cannot, as [`Self::check`] says it.
    pub fn offer(&self, action_kind: ActionKind, key: &CardKey) -> Result<Offer, Refusal> {
        let card = self.cards.get(key).ok_or(Refusal::UnknownCard)?;
        let info = self.provider(&key.provider).ok_or(Refusal::UnknownAccount)?;
        if self.read_only {
            return Err(Refusal::ReadOnly);
        }
        if info.read_only {
            return Err(Refusal::ReadOnlyAccount(info.id.clone()));
        }
        let Some(capabilities) = &info.capabilities else {
            let health = self
                .accounts
                .health
                .get(&key.provider)
                .filter(|health| health.state == HealthState::Waiting);
            return Err(match health.and_then(|health| health.why.as_ref()) {
                Some(why) => Refusal::Pending(info.id.clone(), Arc::clone(why)),
                None => Refusal::NotSetUp(info.id.clone()),
            });
        };
        let allowed = check_action(action_kind, &card, capabilities, self.operations_of(key));
        if action_kind == ActionKind::Freeze && self.queued_freeze_of(key).is_some() {
            return Err(Refusal::FreezeQueued);
        }
        match (self.unavailable(&key.provider).map(Box::new), allowed) {
            (None, allowed) => allowed.map(|()| Offer::Now),
            // What the provider does not offer at all is no matter of the moment.
            (Some(_), Err(refusal @ Refusal::NotOffered(_))) => Err(refusal),
            (Some(unavailable), allowed)
                if action_kind == ActionKind::Freeze
                    && unavailable.cause == UnavailableCause::Down =>
            {
                allowed.map(|()| Offer::Queued(unavailable))
            }
            // Pauses and requests to wait are about reading: a lost card is frozen all the same.
            (Some(unavailable), allowed)
                if action_kind == ActionKind::Freeze
                    && unavailable.cause != UnavailableCause::Auth =>
            {
                allowed.map(|()| Offer::Now)
            }
            (Some(unavailable), _) => Err(Refusal::Unavailable(unavailable)),
        }
    }

    /// Until when what is shown now may stand without being drawn again.
    #[must_use]
    pub fn stands_until(&self) -> Timestamp {
        self.pace.stands_until(self.now, self.last_key)
    }

    /// How long ago something was, in at most four columns: never less than it is while it is
    /// shown.
    #[must_use]
    pub fn age(&self, at: Timestamp) -> String {
        self.pace.age(self.now, self.last_key, at)
    }

    /// When what is shown of the time is no longer true.
    pub(super) fn changes_at(&self) -> Option<Timestamp> {
        if self.accounts.queued.is_empty() {
            self.pace.next_change(self.now, self.last_key)
        } else {
            // The time that a freeze still waits shows its seconds.
            Pace::Seconds.next_change(self.now, self.now)
        }
    }

    /// Why an account that was set up cannot be asked now, if so.
    #[must_use]
    pub fn unavailable(&self, id: &ProviderId) -> Option<Unavailable> {
        let health = self.accounts.health.get(id)?;
        let asked_to_wait = health.asked_to_wait.filter(|until| *until > self.now);
        let cause = match health.state {
            HealthState::Down => UnavailableCause::Down,
            HealthState::Auth => UnavailableCause::Auth,
            HealthState::Paused => UnavailableCause::Paused,
            HealthState::Ok | HealthState::Slow | HealthState::Waiting => {
                asked_to_wait.map(|_| UnavailableCause::AskedToWait)?
            }
        };
        Some(Unavailable {
            provider: id.clone(),
            cause,
            since: health.since.to_zoned(self.zone.clone()),
            why: health.why.clone(),
            next_try: asked_to_wait.max(health.next_try).filter(|at| *at > self.now),
            now: self.now,
        })
    }

    /// A transaction that is in memory, or was found in the data file.
    #[must_use]
    pub fn transaction(&self, key: &RowKey) -> Option<Transaction> {
        self.transactions.get(key).or_else(|| self.older.found().get(key))
    }

    /// Transactions of one card, newest first.
    pub fn transactions_of(&self, key: &CardKey) -> impl Iterator<Item = Transaction> + use<'_> {
        let rows = self.transactions.of_card(key);
        let rows = rows.filter_map(|position| self.transactions.row(position));
        rows.inspect(|_| count(Work::HistoryVisited))
    }

    /// The operation of this id.
    #[must_use]
    pub fn operation(&self, id: OperationId) -> Option<&Operation> {
        self.operations.get(id)
    }

    /// Operations of one card, newest first.
    pub fn operations_of<'a>(
        &'a self,
        key: &CardKey,
    ) -> impl Iterator<Item = &'a Operation> + use<'a> {
        self.operations.of_card(key).inspect(|_| count(Work::HistoryVisited))
    }

    /// The holder of a card by its id, empty where not known.
    #[must_use]
    pub fn holder(&self, key: &CardKey) -> &str {
        self.cards.record(key).map_or("", |card| card.holder())
    }
}

impl History for Portfolio {
    fn any_transaction(&self, card: &CardKey, test: &mut dyn FnMut(&Transaction) -> bool) -> bool {
        self.transactions_of(card).any(|row| test(&row))
    }
}

impl Accounts {
    /// A freeze does not wait any more.
    fn unqueue(&mut self, id: OperationId) {
        self.queued.retain(|freeze| freeze.id != id);
    }

    fn put_health(&mut self, health: &Health) {
        // A provider without cards has a float all the same.
        if matches!(health.state, HealthState::Down | HealthState::Auth) {
            let why = health.why.clone().unwrap_or_else(|| health.state.as_str().into());
            self.mark_float_stale(&health.provider, &why);
        }
        self.health.insert(health.provider.clone(), health.clone());
    }

    fn mark_float_stale(&mut self, provider: &ProviderId, why: &Arc<str>) {
        if let Some(float) = self.floats.get_mut(provider) {
            *float = std::mem::take(float).stale(why);
        }
    }
}
