//! One provider account as the engine keeps it: its adapter, what was tried when, its budget and
//! its health.
//!
//! Nothing here waits or sends.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};
use tokio::sync::{Notify, watch};

use super::adapter::Adapter;
use super::schedule::{self, Budget, CardPlan, Next, Plan, Rank, Read};
use super::{Health, HealthState, ProviderInfo};
use crate::domain::card::{Card, CardKey};
use crate::domain::completeness::{Completeness, UnreadPart, UnreadRow};
use crate::domain::operation::{Capabilities, Operation, OperationId, Proof};
use crate::domain::transaction::Transaction;
use crate::provider::http::Http;
use crate::provider::pages::ListRead;
use crate::provider::{Error, ErrorKind, ProviderConfig};

/// After this many failures in a row a provider is DOWN.
const DOWN_AFTER: u32 = 3;

/// A provider that refuses the credentials is tried again by itself after this long.
const AUTH_PAUSE: SignedDuration = SignedDuration::from_mins(15);

/// A provider's wait that is longer than this may be cut short by a success or by the operator.
const LONGEST_TOLD: SignedDuration = SignedDuration::from_mins(15);

/// Seconds until late rows and older holds are read back to again, for every full page that it
/// took; and at most.
const LATE_A_PAGE: i64 = 15;
const LATE_AT_MOST: i64 = 15 * 60;

/// Seconds until the whole window is read again: at least, more for every full page that it took,
/// and at most.
const FULL_AT_LEAST: i64 = 10 * 60;
const FULL_A_PAGE: i64 = 60;
const FULL_AT_MOST: i64 = 6 * 3_600;

/// The longest lag that readings reach back for.
const LONGEST_LAG: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Least time between two looks for the same operation.
const LEAST_BETWEEN_LOOKS: SignedDuration = SignedDuration::from_secs(1);

/// Most transactions of a reading that are compared with the next one.
const REMEMBERED: usize = 200;

/// A clock that goes back by less than this is put right, not set.
const JITTER: SignedDuration = SignedDuration::from_secs(2);

/// A median answer above this is SLOW.
const SLOW_MILLIS: u64 = 2_000;

/// A list of an account that is read by itself.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Scope {
    /// Its cards.
    Cards,
    /// The figures of one card.
    Card(Arc<str>),
    /// The transactions of all cards, or of one.
    Feed(Option<Arc<str>>),
}

/// How far back transactions are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Depth {
    /// To the last reading.
    Recent,
    /// As far as rows came late, and to the oldest hold.
    Late,
    /// All that is followed.
    Full,
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
    /// Keeps two cardtops from coming back to a provider in step.
    salt: u64,
    state: Mutex<State>,
}

struct State {
    paused: bool,
    asked: Vec<CardKey>,
    list: Option<Timestamp>,
    feed: Option<Timestamp>,
    float: Option<Timestamp>,
    card: HashMap<Arc<str>, Timestamp>,
    card_feed: HashMap<Arc<str>, Timestamp>,
    listed: HashSet<Arc<str>>,
    /// The list was read to its end since the start.
    was_listed: bool,
    /// The cards of the last list, where it was whole.
    whole_list: Option<HashSet<Arc<str>>>,
    /// Cards that are not the account's any more.
    off_the_list: HashSet<Arc<str>>,
    /// From where on the transactions of all cards, or of one, are read next.
    feed_from: HashMap<Option<Arc<str>>, Timestamp>,
    /// What the last reading of the transactions said, where that was little.
    said: HashMap<Option<Arc<str>>, Vec<Transaction>>,
    /// What the last reading said that could not be kept.
    unkept: HashMap<Option<Arc<str>>, Vec<Transaction>>,
    /// Why rows may be missing that the last readings of the transactions should have had.
    gaps: HashMap<Option<Arc<str>>, Arc<str>>,
    /// When the oldest hold happened, as long as nothing new was said.
    hold: HashMap<Option<Arc<str>>, Option<Timestamp>>,
    /// When each unsettled operation was last looked for.
    looked: HashMap<OperationId, Timestamp>,
    /// From when on the transactions may be read back to late rows and holds again, and over the
    /// whole window.
    deep_from: HashMap<Option<Arc<str>>, [Timestamp; 2]>,
    /// How late this provider has listed rows: first sight minus time, at most.
    lag: SignedDuration,
    /// What the newest reading of each list lacked.
    missing: BTreeMap<Scope, Completeness>,
    turn: u64,
    gate: Option<Timestamp>,
    /// The provider said not to come before this: nothing but time undoes it.
    told_to_wait: Option<Timestamp>,
    budget: Budget,
    counted: u64,
    failures: u32,
    failed: VecDeque<Timestamp>,
    sent: VecDeque<(Timestamp, u64)>,
    state: HealthState,
    since: Timestamp,
    last_good: Option<Timestamp>,
    why: Option<Arc<str>>,
    /// Words for states that are not mapped, and how many rows and cards have each.
    unmapped: BTreeMap<Arc<str>, u64>,
    /// What is wrong with its roster.
    roster: Vec<String>,
    /// No line of it could be used.
    no_roster: bool,
    /// The time when it was last asked what is due.
    seen: Timestamp,
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
        let state = State {
            paused: false,
            asked: Vec::new(),
            list: None,
            feed: None,
            float: None,
            card: HashMap::new(),
            card_feed: HashMap::new(),
            listed: HashSet::new(),
            was_listed: false,
            whole_list: None,
            off_the_list: HashSet::new(),
            feed_from: HashMap::new(),
            said: HashMap::new(),
            unkept: HashMap::new(),
            gaps: HashMap::new(),
            hold: HashMap::new(),
            looked: HashMap::new(),
            deep_from: HashMap::new(),
            lag: SignedDuration::ZERO,
            missing: BTreeMap::new(),
            turn: 0,
            gate: None,
            told_to_wait: None,
            budget: Budget::new(config.rate_limit, now),
            counted: 0,
            failures: 0,
            failed: VecDeque::new(),
            sent: VecDeque::new(),
            state: health,
            since: now,
            last_good: None,
            why,
            unmapped: BTreeMap::new(),
            roster: Vec::new(),
            no_roster: false,
            seen: now,
        };
        let adapter = watch::Sender::new(adapter);
        Self { info, config, adapter, http, wake: Notify::new(), salt, state: Mutex::new(state) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The adapter is there, or it is known why not.
    pub(super) fn arrive(&self, adapter: Adapter, now: Timestamp) {
        let (health, why) = adapter.health();
        let mut state = self.state();
        state.becomes(health, now);
        state.why = why;
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
    pub(super) fn went_back(&self, now: Timestamp) -> bool {
        let mut state = self.state();
        let last = std::mem::replace(&mut state.seen, now);
        if last.duration_since(now) <= JITTER {
            return false;
        }
        let moved = |at: Timestamp| now.saturating_add(at.duration_since(last)).unwrap_or(now);
        state.gate = state.gate.map(moved);
        state.told_to_wait = state.told_to_wait.map(moved);
        state.list = None;
        state.feed = None;
        state.float = None;
        state.card.clear();
        state.card_feed.clear();
        state.feed_from.clear();
        state.looked.clear();
        state.deep_from.clear();
        state.failed.clear();
        state.sent.clear();
        state.budget = Budget::new(self.config.rate_limit, now);
        state.since = state.since.min(now);
        state.last_good = state.last_good.map(|at| at.min(now));
        true
    }

    /// What to read next. `watched` ranks the cards.
    pub(super) fn next(
        &self,
        now: Timestamp,
        cards: &[Card],
        rank: &dyn Fn(&CardKey) -> Rank,
        open: &[Operation],
    ) -> Next {
        let Some(capabilities) = &self.capabilities() else { return Next::Wait(None) };
        let mut state = self.state();
        let plans: Vec<CardPlan> = cards
            .iter()
            .map(|card| CardPlan {
                rank: rank(&card.key),
                read: state.card.get(&card.key.id).copied(),
                listed: state.listed.contains(&card.key.id),
                feed: state.card_feed.get(&card.key.id).copied(),
                asked: state.asked.contains(&card.key),
            })
            .collect();
        state.looked.retain(|id, _| open.iter().any(|operation| operation.id == *id));
        let looks: Vec<(OperationId, Timestamp)> = open
            .iter()
            // Where the provider cannot be asked there is nothing to look at.
            .filter(|operation| operation.proof != Proof::AnswerOnly)
            .filter_map(|operation| {
                // Whatever became of the last look, even if it could not be written: not again at
                // once.
                let rested = state
                    .looked
                    .get(&operation.id)
                    .and_then(|at| at.checked_add(LEAST_BETWEEN_LOOKS).ok());
                // A look that was planned by a clock that was ahead would never come.
                let planned = operation
                    .next_look
                    .filter(|at| at.duration_since(now) <= schedule::LONGEST_BETWEEN_LOOKS);
                let due = operation.next_look.map(|_| planned.unwrap_or(now))?;
                Some((operation.id, due.max(rested.unwrap_or(Timestamp::MIN))))
            })
            .collect();
        let ready = state.budget.ready_at(now);
        let next = schedule::next(&Plan {
            now,
            poll: self.config.poll,
            capabilities,
            gate: state.gate.max(state.told_to_wait).max(ready),
            paused: state.paused,
            looks: &looks,
            list: state.list,
            feed: state.feed,
            float: state.float,
            cards: &plans,
            turn: state.turn,
        });
        if let Next::Read(read) = next {
            state.turn += 1;
            match read {
                Read::List => state.list = Some(now),
                Read::Feed => state.feed = Some(now),
                Read::Float => state.float = Some(now),
                Read::Card(index) => {
                    if let Some(card) = cards.get(index) {
                        state.card.insert(Arc::clone(&card.key.id), now);
                        state.asked.retain(|key| *key != card.key);
                    }
                }
                Read::CardFeed(index) => {
                    if let Some(card) = cards.get(index) {
                        state.card_feed.insert(Arc::clone(&card.key.id), now);
                    }
                }
                Read::Look(id) => {
                    state.looked.insert(id, now);
                }
            }
        }
        next
    }

    /// Read everything again now, whatever was waited for, unless the provider itself asked for the
    /// wait.
    pub(super) fn ask_all(&self) {
        let mut state = self.state();
        state.gate = None;
        state.list = None;
        state.feed = None;
        state.float = None;
        state.card.clear();
        state.card_feed.clear();
        state.deep_from.clear();
        drop(state);
        self.wake.notify_one();
    }

    /// Read this card and its transactions next.
    pub(super) fn ask_card(&self, key: &CardKey) {
        let mut state = self.state();
        if !state.asked.contains(key) {
            state.asked.push(key.clone());
        }
        state.card_feed.remove(&key.id);
        state.deep_from.remove(&Some(Arc::clone(&key.id)));
        state.feed = None;
        drop(state);
        self.wake.notify_one();
    }

    /// A top-up went, or came: the float is read next.
    pub(super) fn ask_float(&self) {
        self.state().float = None;
        self.wake.notify_one();
    }

    pub(super) fn pause(&self, paused: bool) {
        self.state().paused = paused;
        self.wake.notify_one();
    }

    /// These cards' balances came with the list.
    pub(super) fn listed(&self, list: &ListRead<Card>, at: Timestamp) {
        let mut state = self.state();
        state.was_listed = true;
        state.whole_list = list
            .is_whole()
            .then(|| list.rows.iter().map(|card| Arc::clone(&card.key.id)).collect());
        for card in list.rows.iter().filter(|card| card.balance.at().is_some()) {
            state.listed.insert(Arc::clone(&card.key.id));
            state.card.insert(Arc::clone(&card.key.id), at);
        }
    }

    /// Whether a card's transactions were refused because the account does not have the card any
    /// more: the card itself was found to be off the list. Some wires do not say more than that the
    /// question is invalid.
    pub(super) fn is_refused_off_the_list(&self, card: &Card, error: &Error) -> bool {
        let gone = || self.state().off_the_list.contains(&card.key.id);
        self.is_off_the_list(card, error) || error.kind == ErrorKind::Refused && gone()
    }

    /// Notes whether a card was found to be off the list.
    pub(super) fn set_off_the_list(&self, card: &CardKey, off: bool) {
        let mut state = self.state();
        if off {
            state.off_the_list.insert(Arc::clone(&card.id));
        } else {
            state.off_the_list.remove(&card.id);
        }
    }

    /// Whether a card that was read once is not the account's any more: the last list was whole and
    /// does not have it, and the provider does not know it by itself either.
    pub(super) fn is_off_the_list(&self, card: &Card, error: &Error) -> bool {
        error.kind == ErrorKind::NotFound && self.is_not_listed(card)
    }

    /// Whether the last list was whole and does not have a card that was read once.
    pub(super) fn is_not_listed(&self, card: &Card) -> bool {
        let was_read = card.balance.at().is_some() || card.state_at.is_some();
        was_read
            && self.state().whole_list.as_ref().is_some_and(|list| !list.contains(&card.key.id))
    }

    /// Remembers the gap of a reading of the transactions; whether there was one before. A reading
    /// that was not `full` says nothing of the gap that was there: it becomes this reading's, too.
    pub(super) fn gap_lasts(
        &self,
        card: Option<&CardKey>,
        gap: &mut Option<Arc<str>>,
        full: bool,
    ) -> bool {
        let key = card.map(|card| Arc::clone(&card.id));
        let mut state = self.state();
        let before = state.gaps.remove(&key);
        let lasts = before.is_some();
        if !full {
            *gap = gap.take().or(before);
        }
        if let Some(gap) = gap {
            state.gaps.insert(key, Arc::clone(gap));
        }
        lasts
    }

    /// From where on transactions are read next.
    pub(super) fn feed_from(&self, card: Option<&CardKey>) -> Option<Timestamp> {
        self.state().feed_from.get(&card.map(|card| Arc::clone(&card.id))).copied()
    }

    /// Transactions were read completely up to this moment.
    pub(super) fn feed_read(&self, card: Option<&CardKey>, until: Timestamp) {
        self.state().feed_from.insert(card.map(|card| Arc::clone(&card.id)), until);
    }

    /// Whether a reading of the transactions says what the last one said: then there is nothing to
    /// keep.
    pub(super) fn says_as_before(&self, card: Option<&CardKey>, rows: &[Transaction]) -> bool {
        self.state().said.get(&card.map(|card| Arc::clone(&card.id))).is_some_and(|said| {
            said.len() == rows.len()
                && said.iter().zip(rows).all(|(said, row)| {
                    *said == Transaction { seen_at: said.seen_at, ..row.clone() }
                })
        })
    }

    /// These transactions were said and are kept.
    pub(super) fn said(&self, card: Option<&CardKey>, rows: &[Transaction]) {
        let key = card.map(|card| Arc::clone(&card.id));
        let mut state = self.state();
        state.hold.remove(&key);
        state.unkept.remove(&key);
        if rows.len() <= REMEMBERED {
            state.said.insert(key, rows.to_vec());
        } else {
            state.said.remove(&key);
        }
    }

    /// Whether rows that could not be kept are news: other than those of the last reading that
    /// could not be kept either.
    pub(super) fn tells_unkept(&self, card: Option<&CardKey>, rows: &[Transaction]) -> bool {
        let key = card.map(|card| Arc::clone(&card.id));
        let bare = |row: &Transaction| Transaction { seen_at: row.at, ..row.clone() };
        let rows: Vec<Transaction> = rows.iter().map(bare).collect();
        let before = self.state().unkept.insert(key, rows.clone());
        before.is_none_or(|before| before != rows)
    }

    /// When the oldest hold happened, if that was looked up since something new was said; one
    /// before `since` does not count.
    pub(super) fn oldest_hold(
        &self,
        card: Option<&CardKey>,
        since: Timestamp,
    ) -> Option<Option<Timestamp>> {
        let hold = self.state().hold.get(&card.map(|card| Arc::clone(&card.id))).copied()?;
        hold.is_none_or(|at| at >= since).then_some(hold)
    }

    /// The oldest hold may be another one now.
    pub(super) fn forget_hold(&self, card: Option<&CardKey>) {
        self.state().hold.remove(&card.map(|card| Arc::clone(&card.id)));
    }

    pub(super) fn remember_hold(&self, card: Option<&CardKey>, hold: Option<Timestamp>) {
        self.state().hold.insert(card.map(|card| Arc::clone(&card.id)), hold);
    }

    /// How far back it is time to read the transactions.
    pub(super) fn goes_deep(&self, card: Option<&CardKey>, now: Timestamp) -> Depth {
        match self.state().deep_from.get(&card.map(|card| Arc::clone(&card.id))) {
            None => Depth::Full,
            Some([_, full]) if *full <= now => Depth::Full,
            Some([late, _]) if *late <= now => Depth::Late,
            Some(_) => Depth::Recent,
        }
    }

    /// A reading of this depth had so many rows: the more, the longer until it is done again.
    pub(super) fn went_deep(
        &self,
        card: Option<&CardKey>,
        depth: Depth,
        rows: usize,
        now: Timestamp,
    ) {
        let page = self
            .capabilities()
            .map_or(50, |capabilities| usize::from(capabilities.page_max.max(1)));
        let pages = i64::try_from(rows / page).unwrap_or(i64::MAX);
        let later = |seconds: i64| {
            now.saturating_add(SignedDuration::from_secs(seconds)).unwrap_or(Timestamp::MAX)
        };
        let late = later(pages.saturating_mul(LATE_A_PAGE).min(LATE_AT_MOST));
        let full = later((FULL_AT_LEAST + pages.saturating_mul(FULL_A_PAGE)).min(FULL_AT_MOST));
        let key = card.map(|card| Arc::clone(&card.id));
        let mut state = self.state();
        match depth {
            Depth::Recent => {}
            Depth::Late => {
                if let Some([from, _]) = state.deep_from.get_mut(&key) {
                    *from = late;
                }
            }
            Depth::Full => {
                state.deep_from.insert(key, [late, full]);
            }
        }
    }

    /// How late this provider has listed rows, as far as that was seen since the start.
    pub(super) fn lag(&self) -> SignedDuration {
        self.state().lag
    }

    /// A row that an earlier reading should have had, had it been listed then, was seen so late.
    pub(super) fn listed_late(&self, lag: SignedDuration) {
        let mut state = self.state();
        state.lag = state.lag.max(lag.min(LONGEST_LAG));
    }

    /// What a reading of a list lacked. One that did not read all of the list says nothing of the
    /// rows that it did not read.
    pub(super) fn note(&self, scope: Scope, found: Completeness, whole_list: bool) {
        let mut state = self.state();
        let known = state.missing.entry(scope).or_default();
        let rows = if whole_list { Vec::new() } else { std::mem::take(&mut known.rows) };
        let complete_to = found.complete_to.or(known.complete_to);
        *known = Completeness { complete_to, ..found };
        known.miss_rows(rows);
    }

    /// Words for states that are not mapped, with how many rows and cards have each.
    pub(super) fn set_unmapped(&self, words: BTreeMap<Arc<str>, u64>) {
        self.state().unmapped = words;
    }

    /// Whether there is any word for a state that is not mapped.
    pub(super) fn has_unmapped(&self) -> bool {
        !self.state().unmapped.is_empty()
    }

    /// Notes what is wrong with the account's roster, and whether none of it could be used.
    pub(super) fn set_roster(&self, sentences: Vec<String>, unusable: bool) {
        let mut state = self.state();
        (state.roster, state.no_roster) = (sentences, unusable);
    }

    /// What the roster's bad lines leave unread: cards that nobody knows of.
    pub(super) fn roster_gaps(&self, at: Timestamp) -> Completeness {
        let state = self.state();
        let mut missing = Completeness::whole(at);
        let id = &self.info.id;
        for (place, why) in state.roster.iter().enumerate() {
            let why: Arc<str> = why.as_str().into();
            if state.no_roster {
                missing.miss(UnreadPart { provider: id.clone(), card: None, why });
            } else {
                let fingerprint = u64::try_from(place).unwrap_or(u64::MAX);
                missing.miss_rows([UnreadRow {
                    provider: id.clone(),
                    card: None,
                    id: Some("of the roster".into()),
                    why,
                    fingerprint,
                }]);
            }
        }
        missing
    }

    /// What is wrong with the account's roster, one sentence each.
    pub(super) fn roster(&self) -> Vec<String> {
        self.state().roster.clone()
    }

    /// What all lists of the account lack together, and up to when its transactions are known.
    pub(super) fn completeness(&self) -> Completeness {
        let state = self.state();
        let feeds = state.missing.iter().filter(|(scope, _)| matches!(scope, Scope::Feed(_)));
        let complete_to = feeds.map(|(_, missing)| missing.complete_to).min().flatten();
        let mut all = Completeness { complete_to, ..Completeness::default() };
        for missing in state.missing.values() {
            all.parts.extend(missing.parts.iter().cloned());
        }
        all.miss_rows(state.missing.values().flat_map(|missing| missing.rows.iter().cloned()));
        all
    }

    /// When the next request fits into the budget; `None` is now.
    pub(super) fn ready_at(&self, now: Timestamp) -> Option<Timestamp> {
        self.state().budget.ready_at(now)
    }

    /// Takes the requests sent since the last count out of the budget.
    pub(super) fn count(&self, now: Timestamp) {
        let Some(http) = &self.http else { return };
        let sent = http.sent();
        let mut state = self.state();
        state.seen = state.seen.max(now);
        let fresh = sent.saturating_sub(state.counted);
        state.counted = sent;
        if fresh > 0 {
            state.budget.take(fresh, now);
            state.sent.push_back((now, fresh));
        }
        while state
            .sent
            .front()
            .is_some_and(|(at, _)| now.duration_since(*at) > SignedDuration::from_mins(1))
        {
            state.sent.pop_front();
        }
    }

    /// A read succeeded.
    pub(super) fn good(&self, now: Timestamp) {
        self.count(now);
        let slow = self.latency_ms().is_some_and(|millis| millis > SLOW_MILLIS);
        let mut state = self.state();
        state.failures = 0;
        state.gate = None;
        // One that was under way when another was told to wait says nothing about the wait.
        state.told_to_wait = state.told_to_wait.filter(|until| *until > now);
        state.last_good = Some(now);
        state.why = slow.then(|| "answers take long".into());
        state.becomes(if slow { HealthState::Slow } else { HealthState::Ok }, now);
    }

    /// A read failed. Returns why all figures of the provider may be old from now on, if so.
    pub(super) fn bad(&self, error: &Error, now: Timestamp) -> Option<Arc<str>> {
        self.count(now);
        let mut state = self.state();
        let wait = |failures| {
            schedule::back_off(failures, self.info.id.name(), self.salt, error.retry_after)
        };
        if matches!(error.kind, ErrorKind::RateLimited | ErrorKind::Unreachable) {
            let asked = error.retry_after.and_then(|wait| SignedDuration::try_from(wait).ok());
            let asked = asked.and_then(|wait| now.checked_add(wait.min(LONGEST_TOLD)).ok());
            state.told_to_wait = state.told_to_wait.max(asked);
        }
        match error.kind {
            // The provider answered, about this one card or call.
            ErrorKind::Refused | ErrorKind::NotFound | ErrorKind::NotOffered => return None,
            ErrorKind::Auth | ErrorKind::Forbidden => {
                state.gate = now
                    .saturating_add(error.retry_after.map_or(AUTH_PAUSE, |wait| {
                        SignedDuration::try_from(wait).unwrap_or(AUTH_PAUSE)
                    }))
                    .ok();
                state.becomes(HealthState::Auth, now);
            }
            ErrorKind::RateLimited => {
                state.failures = state.failures.max(1);
                state.gate = now.saturating_add(wait(state.failures)).ok();
                state.becomes(HealthState::Slow, now);
            }
            ErrorKind::Unreachable | ErrorKind::BadReply => {
                state.failures = state.failures.saturating_add(1);
                state.gate = now.saturating_add(wait(state.failures)).ok();
                let down = state.failures >= DOWN_AFTER;
                state.becomes(if down { HealthState::Down } else { HealthState::Slow }, now);
            }
        }
        state.failed.push_back(now);
        let why: Arc<str> = error.to_string().into();
        state.why = Some(Arc::clone(&why));
        matches!(state.state, HealthState::Down | HealthState::Auth).then_some(why)
    }

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
        // None known of a list that was never read is not none; a roster is a list that was read at
        // the start.
        let counted = cards > 0 || self.state().was_listed || self.config.roster.is_some();
        let (latency_ms, completeness) = (self.latency_ms(), self.completeness());
        let skew = self
            .http
            .as_ref()
            .and_then(|http| http.calls().iter().rev().find_map(|call| call.skew));
        let mut state = self.state();
        while state
            .failed
            .front()
            .is_some_and(|at| now.duration_since(*at) > SignedDuration::from_mins(5))
        {
            state.failed.pop_front();
        }
        let calls: u64 = state
            .sent
            .iter()
            .filter(|(at, _)| now.duration_since(*at) <= SignedDuration::from_mins(1))
            .map(|(_, sent)| sent)
            .sum();
        Health {
            provider: self.info.id.clone(),
            state: if state.paused { HealthState::Paused } else { state.state },
            since: state.since,
            last_good: state.last_good,
            next_try: state.gate.max(state.told_to_wait).filter(|gate| *gate > now),
            why: state.why.clone(),
            calls_last_minute: u32::try_from(calls).unwrap_or(u32::MAX),
            errors_5m: u32::try_from(state.failed.len()).unwrap_or(u32::MAX),
            cards: counted.then_some(cards),
            completeness,
            unmapped: state.unmapped.clone(),
            roster: state.roster.clone(),
            skew,
            latency_ms,
        }
    }
}

impl State {
    fn becomes(&mut self, state: HealthState, now: Timestamp) {
        if self.state != state {
            self.state = state;
            self.since = now;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::fixture::{ago, key, now, operation};
    use crate::domain::operation::{ActionKind, OperationState};
    use crate::provider::Config;

    fn account() -> Account {
        let example = include_str!("../../config.example.toml");
        let config = Config::parse(example, std::path::Path::new("/etc/cardtop/config.toml"))
            .expect("the example is good");
        let config = config.providers.into_iter().next().expect("an account");
        let world = crate::app::fixture::board((120, 40)).portfolio;
        let info = world
            .accounts
            .providers
            .into_iter()
            .find(|info| info.capabilities.is_some())
            .expect("one that works");
        Account::new(
            info,
            config,
            Adapter::Failed("no adapter in this test".into()),
            None,
            7,
            now(),
        )
    }

    fn doubtful(proof: Proof) -> Operation {
        let open =
            operation(1, ActionKind::SetPin, &key("artha", "4242"), OperationState::Unknown, 60);
        Operation { proof, next_look: Some(ago(30)), ..open }
    }

    #[test]
    fn one_that_nobody_can_be_asked_about_does_not_keep_the_others_from_being_read() {
        let next = account().next(now(), &[], &|_| Rank::Other, &[doubtful(Proof::AnswerOnly)]);
        assert!(!matches!(next, Next::Read(Read::Look(_))), "{next:?}");
    }

    #[test]
    fn a_gap_that_is_there_again_stays_noted_until_a_whole_reading_without_it() {
        let account = account();
        let reading = |gap: Option<&str>, full| {
            let mut gap = gap.map(Into::into);
            let lasts = account.gap_lasts(None, &mut gap, full);
            (lasts, gap.is_some())
        };
        assert_eq!(
            reading(Some("too many in one second"), true),
            (false, true),
            "it may be gone at the next reading"
        );
        assert_eq!(reading(Some("too many in one second"), true), (true, true));
        assert_eq!(reading(None, false), (true, true), "the last hour says nothing of it");
        assert_eq!(reading(None, true), (true, false));
        assert_eq!(reading(None, false), (false, false));
    }

    #[test]
    fn one_that_waits_for_its_secrets_is_not_said_to_have_bad_ones() {
        let account = account();
        account.adapter.send_replace(Adapter::Pending("waiting for its secrets".into()));
        let error = account.provider().err().expect("there is none yet");
        assert_eq!(
            (error.kind, error.to_string().contains("credentials")),
            (ErrorKind::Unreachable, false),
            "{error}"
        );
    }

    #[test]
    fn a_look_that_changed_nothing_is_not_made_again_at_once() {
        let account = account();
        let open = [doubtful(Proof::ByState)];
        let look = |at| {
            matches!(account.next(at, &[], &|_| Rank::Other, &open), Next::Read(Read::Look(_)))
        };
        assert!(look(now()), "it is due");
        assert!(!look(now()), "it was looked for this moment");
        assert!(look(now() + LEAST_BETWEEN_LOOKS), "it rested");
    }

    #[test]
    fn a_wait_that_the_provider_asked_for_is_kept_whatever_else_succeeds_or_is_asked() {
        let account = account();
        let busy = Error::new(&account.info.id, ErrorKind::RateLimited, "HTTP 429");
        account
            .bad(&Error { retry_after: Some(std::time::Duration::from_secs(30)), ..busy }, now());
        let reads = |at| matches!(account.next(at, &[], &|_| Rank::Other, &[]), Next::Read(_));
        let after = |seconds| now() + SignedDuration::from_secs(seconds);
        account.good(after(1));
        assert!(!reads(after(1)), "another read was under way and succeeded");
        account.ask_all();
        assert!(!reads(after(29)), "the operator asked");
        account
            .bad(&Error::new(&account.info.id, ErrorKind::Unreachable, "no connection"), after(2));
        account.bad(&Error::new(&account.info.id, ErrorKind::RateLimited, "HTTP 429"), after(2));
        assert!(!reads(after(29)), "something else failed meanwhile, which waits less long");
        assert!(reads(after(31)));
        account.good(after(31));
        assert!(reads(after(32)), "and then it is over");
    }
}
