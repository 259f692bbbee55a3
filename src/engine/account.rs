//! One provider account as the engine keeps it: its adapter, what was read when, its pace and its
//! health.
//!
//! Nothing here waits or sends.

mod cards;
mod covered;
mod health;
mod history;
mod missing;
mod odd_rows;
mod pace;
mod planning;
mod pushes;
mod saved_rows;
mod told_pushes;
mod transactions;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};
use tokio::sync::{Notify, watch};

use self::cards::CardProgress;
pub(super) use self::cards::ListedCard;
use self::health::HealthLog;
pub(super) use self::health::OutageNews;
pub(super) use self::history::{ListName, PartRead, Why, Wire};
use self::missing::Missing;
use self::pace::Pace;
use self::pushes::PushLog;
use self::told_pushes::ToldPushes;
use self::transactions::TransactionProgress;
pub(super) use self::transactions::{Depth, HoldsSeen};
use super::adapter::Adapter;
use super::outbox::LastTold;
use super::schedule::{self, Plan};
use super::{Health, HealthState, ProviderInfo, PushFigures};
use crate::domain::card::{Card, CardKey};
use crate::domain::operation::{Capabilities, OperationId};
use crate::domain::transaction::{RowName, Transaction};
use crate::domain::unmapped::UnmappedWords;
use crate::provider::http::Http;
use crate::provider::pages::ListRead;
use crate::provider::{Error, ProviderConfig};

/// Backward jumps of the clock larger than this mean that it was set; smaller ones are corrections.
const CLOCK_JITTER: SignedDuration = SignedDuration::from_secs(2);

/// A list of an account that is read by itself.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Scope {
    /// Its cards.
    Cards,
    /// The figures of one card.
    Card(Arc<str>),
    /// The newest transactions of all cards, or of one.
    Transactions(Option<Arc<str>>),
}

/// One account.
pub(super) struct Account {
    pub(super) info: ProviderInfo,
    pub(super) config: ProviderConfig,
    /// The adapter, which arrives with its secrets.
    pub(super) adapter: watch::Sender<Adapter>,
    pub(super) http: Option<Http>,
    /// Wakes the account's reading task.
    pub(super) wake: Notify,
    /// Told at every answer of the provider.
    answered: watch::Sender<()>,
    /// Keeps two cardtops from coming back to a provider in step.
    salt: u64,
    last_told: Mutex<LastTold>,
    pub(super) told_pushes: ToldPushes,
    state: Mutex<State>,
}

struct State {
    /// Since when the operator stopped the background reading.
    paused: Option<Timestamp>,
    plan: Plan,
    cards: CardProgress,
    transactions: TransactionProgress,
    /// When each unsettled operation was last looked up.
    looked_up: HashMap<OperationId, Timestamp>,
    pace: Pace,
    health: HealthLog,
    /// What the newest reading of each list lacked.
    missing: Missing,
    /// Words for states, and codes of declines, that are not mapped.
    unmapped: UnmappedWords,
    pushes: PushLog,
    roster: RosterTroubles,
    /// The latest time that was seen, by which a clock that is set back is noticed.
    clock: Timestamp,
}

/// What is wrong with the account's roster.
#[derive(Default)]
struct RosterTroubles {
    /// One sentence each.
    sentences: Vec<String>,
    /// No line of it could be used.
    unusable: bool,
}

impl Account {
    pub(super) fn new(
        info: ProviderInfo,
        config: ProviderConfig,
        adapter: impl Into<Adapter>,
        http: Option<Http>,
        salt: u64,
        now: Timestamp,
    ) -> Self {
        let adapter = adapter.into();
        let (health, why) = adapter.health();
        let wanted = SignedDuration::try_from(config.history).unwrap_or(SignedDuration::MAX);
        let mut plan = Plan::new(config.poll);
        let capabilities = adapter.provider().map(|provider| provider.capabilities());
        if let Some(capabilities) = capabilities.or(info.capabilities) {
            plan.set_capabilities(&capabilities);
        }
        let state = State {
            paused: None,
            plan,
            cards: CardProgress::default(),
            transactions: TransactionProgress::new(wanted),
            looked_up: HashMap::new(),
            pace: Pace::new(config.rate_limit, now),
            health: HealthLog::new(health, why, now),
            missing: Missing::default(),
            unmapped: UnmappedWords::default(),
            pushes: PushLog::default(),
            roster: RosterTroubles::default(),
            clock: now,
        };
        let adapter = watch::Sender::new(adapter);
        let (answered, wake) = (watch::Sender::new(()), Notify::new());
        let (last_told, state) = (Mutex::default(), Mutex::new(state));
        let told_pushes = ToldPushes::default();
        Self { info, config, adapter, http, wake, answered, salt, last_told, told_pushes, state }
    }

    /// What was told last of it.
    pub(super) fn last_told(&self) -> MutexGuard<'_, LastTold> {
        self.last_told.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the adapter, or the reason why there is none.
    pub(super) fn set_adapter(&self, adapter: Adapter, now: Timestamp) {
        let (health, why) = adapter.health();
        let mut state = self.state();
        state.health.set(health, now);
        state.health.why = why;
        if let Some(provider) = adapter.provider() {
            state.plan.set_capabilities(&provider.capabilities());
        }
        drop(state);
        self.adapter.send_replace(adapter);
    }

    /// What it can do, once its adapter is there.
    pub(super) fn capabilities(&self) -> Option<Capabilities> {
        self.adapter
            .borrow()
            .provider()
            .map_or(self.info.capabilities, |provider| Some(provider.capabilities()))
    }

    /// Whether the clock was set back since this was last asked; then everything is due again, and
    /// what is left of a wait stays.
    pub(super) fn clock_went_back(&self, now: Timestamp) -> bool {
        let mut state = self.state();
        let before = std::mem::replace(&mut state.clock, now);
        if before.duration_since(now) <= CLOCK_JITTER {
            return false;
        }
        state.looked_up.clear();
        state.plan.ask_all();
        state.transactions.clock_went_back(now);
        state.pace.clock_went_back(before, now);
        state.health.clock_went_back(now);
        true
    }
}

/// What was read of the cards.
impl Account {
    /// The list was read; these cards' balances came with it.
    pub(super) fn list_read(&self, list: &ListRead<ListedCard>, at: Timestamp) {
        let mut state = self.state();
        state.cards.list_read(list);
        let State { cards, transactions, .. } = &mut *state;
        transactions.history.restore(|card| cards.lists(card));
        for card in list.rows.iter().filter(|card| card.has_figures) {
            state.plan.note_listed(&card.id, at);
        }
    }

    /// Whether a card's transactions were refused because the account does not have the card any
    /// more: the card itself was found to be removed. Some wires do not say more than that the
    /// question is invalid.
    pub(super) fn refused_as_removed(&self, card: &Card, error: &Error) -> bool {
        self.state().cards.refused_as_removed(card, error)
    }

    /// Notes whether a card was found to be removed from the account.
    pub(super) fn set_removed(&self, card: &CardKey, removed: bool) {
        self.state().cards.set_removed(card, removed);
    }

    /// Whether a card that was read once is not the account's any more: the last list was whole and
    /// does not have it, and the provider does not know it by itself either.
    pub(super) fn is_removed(&self, card: &Card, error: &Error) -> bool {
        self.state().cards.is_removed(card, error)
    }

    /// Whether the last list was whole and does not have a card that was read once.
    pub(super) fn is_not_listed(&self, card: &Card) -> bool {
        self.state().cards.is_not_listed(card)
    }
}

impl State {
    /// Whether no card of the account is unknown, as far as its list and its roster tell.
    fn has_all_cards(&self, by_roster: bool, by_list: bool) -> bool {
        let by_roster = by_roster && !by_list;
        self.roster.sentences.is_empty() && (by_roster || by_list && self.cards.has_all())
    }
}

/// What was read of the transactions: of all cards (`None`) or of one.
impl Account {
    /// Remembers the gap of a reading; whether there was one before. A reading that was not full
    /// says nothing of the gap that was there: it becomes this reading's, too.
    pub(super) fn note_gap(
        &self,
        card: Option<&CardKey>,
        gap: &mut Option<Arc<str>>,
        depth: Depth,
    ) -> bool {
        self.state().transactions.note_gap(card, gap, depth)
    }

    /// Up to when they were read completely.
    pub(super) fn read_to(&self, card: Option<&CardKey>) -> Option<Timestamp> {
        self.state().transactions.read_to(card)
    }

    pub(super) fn set_read_to(&self, card: Option<&CardKey>, until: Timestamp) {
        self.state().transactions.set_read_to(card, until);
    }

    /// Those of the rows of a reading that the data file may not have as they are.
    pub(super) fn unsaved(&self, rows: &[Transaction]) -> Vec<Transaction> {
        self.state().transactions.unsaved(rows)
    }

    /// Rows were saved; `again` where they are read again soon, and are then to be known.
    pub(super) fn saved(&self, card: Option<&CardKey>, rows: &[Transaction], again: bool) {
        self.state().transactions.saved(card, rows, again);
    }

    /// The rows of these names are others in the data file now than they were read.
    pub(super) fn rows_changed(&self, rows: impl IntoIterator<Item = RowName>) {
        self.state().transactions.rows_changed(rows);
    }

    /// Whether what a complete reading saw is to be compared with the holds that are known: not
    /// where one that was as deep saw the same a moment ago, and nothing changed since.
    pub(super) fn are_holds_due(&self, card: Option<&CardKey>, now: &HoldsSeen) -> bool {
        self.state().transactions.are_holds_due(card, now)
    }

    /// What a complete reading saw was compared with the holds that are known.
    pub(super) fn note_holds_compared(&self, card: Option<&CardKey>, now: HoldsSeen) {
        self.state().transactions.note_holds_compared(card, now);
    }

    /// Whether a page that could not be saved has other rows than in the last reading that could
    /// not be saved either; it is remembered.
    pub(super) fn is_new_unsaved(
        &self,
        card: Option<&CardKey>,
        page: usize,
        rows: &[Transaction],
    ) -> bool {
        self.state().transactions.is_new_unsaved(card, page, rows)
    }

    /// When the oldest hold happened, if that was looked up since something new was read; one
    /// before `since` does not count.
    pub(super) fn oldest_hold(
        &self,
        card: Option<&CardKey>,
        since: Timestamp,
    ) -> Option<Option<Timestamp>> {
        self.state().transactions.oldest_hold(card, since)
    }

    pub(super) fn set_oldest_hold(&self, card: Option<&CardKey>, hold: Option<Timestamp>) {
        self.state().transactions.set_oldest_hold(card, hold);
    }

    /// How far back it is time to read.
    pub(super) fn depth_due(&self, card: Option<&CardKey>, now: Timestamp) -> Depth {
        self.state().transactions.depth_due(card, now)
    }

    /// A reading of this depth took so many requests: the more, the longer until it is done again.
    pub(super) fn depth_read(
        &self,
        card: Option<&CardKey>,
        depth: Depth,
        requests: usize,
        now: Timestamp,
    ) {
        self.state().transactions.depth_read(card, depth, requests, now);
    }

    /// A reading of this depth began with so many requests; the history goes on with it.
    pub(super) fn begin_deep(&self, card: Option<&CardKey>, depth: Depth, requests: usize) {
        self.state().transactions.begin_deep(card, depth, requests);
    }

    /// A reading that goes on in the history took so many requests more.
    pub(super) fn note_deep_requests(&self, card: Option<&CardKey>, requests: usize) {
        self.state().transactions.note_deep_requests(card, requests);
    }

    /// A reading that went on in the history is at its end.
    pub(super) fn deep_read(&self, card: Option<&CardKey>, now: Timestamp) {
        let ended = self.state().transactions.end_deep(card);
        if let Some((depth, requests)) = ended {
            // What the newest share lacked was read with the rest.
            if depth == Depth::Full {
                self.note_gap(card, &mut None, depth);
            }
            self.depth_read(card, depth, requests, now);
        }
    }

    /// How late this provider has listed rows, as far as that was seen since the start.
    pub(super) fn lag(&self) -> SignedDuration {
        self.state().transactions.lag()
    }

    /// Notes that a row, which an earlier reading would have had if it had been listed then, was
    /// seen so late; returns whether none was seen later.
    pub(super) fn note_lag(&self, lag: SignedDuration) -> bool {
        self.state().transactions.note_lag(lag)
    }
}

/// Pace and health.
impl Account {
    /// When the next request fits into the budget; `None` is now.
    pub(super) fn ready_at(&self, now: Timestamp) -> Option<Timestamp> {
        self.state().pace.ready_at(now)
    }

    /// Takes the requests sent since the last count out of the budget.
    pub(super) fn count_requests(&self, now: Timestamp) {
        let Some(http) = &self.http else { return };
        let mut state = self.state();
        state.clock = state.clock.max(now);
        state.pace.count(http.sent(), now);
    }

    /// Notes that a request succeeded.
    pub(super) fn note_success(&self, now: Timestamp) {
        self.count_requests(now);
        let latency = self.latency_ms();
        let mut state = self.state();
        state.pace.note_success(now);
        state.health.note_success(latency, now);
        drop(state);
        self.answered.send_replace(());
    }

    /// Changes when the provider answers.
    pub(super) fn answers(&self) -> watch::Receiver<()> {
        self.answered.subscribe()
    }

    /// Whether the provider answers, takes the credentials, and did not ask to be left alone.
    pub(super) fn takes_requests(&self, now: Timestamp) -> bool {
        let state = self.state();
        matches!(state.health.state, HealthState::Ok | HealthState::Slow)
            && state.pace.asked_to_wait(now).is_none()
    }

    /// Whether the last answer about its cards, its float or its newest transactions was good.
    pub(super) fn is_well(&self) -> bool {
        self.state().health.is_well()
    }

    /// Whether the provider does not answer.
    pub(super) fn is_down(&self) -> bool {
        self.state().health.state == HealthState::Down
    }

    /// Notes that a request failed. Returns why all figures of the provider may be old from now
    /// on, if so.
    pub(super) fn note_failure(&self, error: &Error, now: Timestamp) -> Option<Arc<str>> {
        self.count_requests(now);
        let back_off = |failures| {
            schedule::back_off(failures, self.info.id.name(), self.salt, error.retry_after)
        };
        let State { health, pace, .. } = &mut *self.state();
        health.note_failure(error, pace, back_off, now)
    }

    /// Takes what of its outages is to be kept, and whether one lasts, where it is due to be noted
    /// that it is asked.
    pub(super) fn take_outage_news(&self, now: Timestamp) -> (Vec<OutageNews>, Option<bool>) {
        self.state().health.outages.take(now)
    }

    /// What was taken could not be kept.
    pub(super) fn put_outage_news_back(&self, news: Vec<OutageNews>) {
        self.state().health.outages.put_back(news);
    }

    /// Why nothing that is pushed can be verified; `None` where it can, or is not known yet.
    fn unverified_pushes(&self) -> Option<Arc<str>> {
        let adapter = self.adapter.borrow();
        adapter.provider()?.webhooks().err().map(Arc::from)
    }

    /// Milliseconds that the last nine answers took, median.
    fn latency_ms(&self) -> Option<u64> {
        let mut millis: Vec<u64> = self
            .http
            .as_ref()?
            .calls()
            .iter()
            .rev()
            .take(9)
            .filter(|call| call.status.is_some())
            .filter_map(|call| u64::try_from(call.took.as_millis()).ok())
            .collect();
        millis.sort_unstable();
        millis.get(millis.len() / 2).copied()
    }

    /// How it is doing, with so many cards known.
    pub(super) fn health(&self, now: Timestamp, cards: usize) -> Health {
        let (latency_ms, mut completeness) = (self.latency_ms(), self.completeness());
        let skew = self
            .http
            .as_ref()
            .and_then(|http| http.calls().iter().rev().find_map(|call| call.skew));
        let has_list = self.capabilities().is_some_and(|can| can.list_cards.is_yes());
        let unverified = self.unverified_pushes();
        let mut state = self.state();
        let are_all = state.has_all_cards(self.config.roster.is_some(), has_list);
        let covered = state.transactions.history.covered(cards, are_all, now);
        completeness.complete_from = covered.complete.map(|complete| complete.from);
        // No card known of a list that was never read does not mean that there is none; a roster
        // without a fault is a list that was read at the start.
        let by_roster = self.config.roster.is_some() && state.roster.sentences.is_empty();
        let counted = cards > 0 || state.cards.list_was_read || by_roster;
        Health {
            provider: self.info.id.clone(),
            state: if state.paused.is_some() { HealthState::Paused } else { state.health.state },
            since: state.paused.unwrap_or(state.health.since),
            last_good: state.health.last_good,
            next_try: state.pace.waits_until().filter(|until| *until > now),
            asked_to_wait: state.pace.asked_to_wait(now),
            why: state.health.why.clone(),
            calls_last_minute: state.pace.calls_last_minute(now),
            errors_5m: state.health.errors_5m(now),
            cards: counted.then_some(cards),
            refused_cards: state.plan.refused_cards(),
            completeness,
            covered,
            unmapped: state.unmapped.clone(),
            roster: state.roster.sentences.clone(),
            skew,
            latency_ms,
            pushes: state
                .pushes
                .figures_if_received(now)
                .map(|figures| PushFigures { unverified: unverified.clone(), ..figures }),
        }
    }
}

#[cfg(test)]
mod tests;
