//! What a provider pushed to an account: how much, how late, what was refused, and whether pushes
//! are missing.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::Account;
use crate::domain::card::CardKey;
use crate::domain::operation::{Operation, OperationId};
use crate::domain::push::{Push, PushTopic};
use crate::domain::transaction::Transaction;
use crate::engine::health::{PushFigures, PushGap};

/// What is counted of the past.
const COUNTED: SignedDuration = SignedDuration::from_hours(1);

/// Of how many pushes the lag is known.
const LAGS: usize = 256;

/// How long after a row was read its push may still come.
const PUSH_MAY_FOLLOW: SignedDuration = SignedDuration::from_secs(60);

/// How long before a row's own time its push may have come: clocks differ.
const PUSH_MAY_PRECEDE: SignedDuration = SignedDuration::from_mins(2);

/// Least time between a lookup of an operation and the next one because its card was spent from.
const WEAK_LOOKS_APART: SignedDuration = SignedDuration::from_secs(10);

/// Least time between two readings of the records of what was pushed.
const RECORDS_APART: SignedDuration = SignedDuration::from_secs(60);

/// How much earlier than what is missing the records are asked for: clocks differ, and what is
/// known already is recognised.
const RECORDS_OVERLAP: SignedDuration = SignedDuration::from_mins(10);

/// Most records that are read at once. What is older was found by the lists all the same.
const MOST_RECORDS: u64 = 5_000;

/// Most rows that wait for their push. Further ones wait for nothing: they would say the same.
const MOST_WAITING: usize = 256;

/// See [`LastPushes`]. Tests have fewer.
const MOST_CARDS: usize = if cfg!(test) { 3 } else { 20_000 };

/// What was pushed, and what it makes due.
#[derive(Default)]
pub(super) struct PushLog {
    /// Since when pushes are received; `None` while none are.
    since: Option<Timestamp>,
    received: CountByMinute,
    /// Of them those that are not in the provider's document.
    unknown: CountByMinute,
    refused: Refusals,
    last: Option<Timestamp>,
    /// Milliseconds between an event's own time and its receipt, of the last ones.
    lags: VecDeque<i64>,
    /// When each card, or the account where none was named, was last pushed of.
    last_of_card: LastPushes,
    /// Whether a purchase was ever pushed: else rows without a push are no sign of a gap.
    tells_of_rows: bool,
    waiting: VecDeque<WaitingRow>,
    gap: Option<PushGap>,
    records: RecordsWanted,
    /// Operations that a push is about, which are looked up at once.
    looks: BTreeSet<OperationId>,
}

/// Deliveries that were refused.
#[derive(Default)]
struct Refusals {
    count: CountByMinute,
    /// Why the last one was.
    why: Option<Arc<str>>,
}

/// From when on the provider is to be asked for its records of what it pushed, because something
/// is missing since then.
#[derive(Default)]
struct RecordsWanted {
    since: Option<Timestamp>,
    /// How many of them were read, the newest first.
    read: u64,
    /// Not before then.
    at: Option<Timestamp>,
}

impl RecordsWanted {
    fn want(&mut self, since: Timestamp) {
        let reach = PUSH_MAY_PRECEDE + RECORDS_OVERLAP;
        let since = since.saturating_sub(reach).unwrap_or(Timestamp::MIN);
        if self.since.is_none_or(|known| since < known) {
            self.since = Some(since);
            self.read = 0;
        }
    }

    /// A page had so many records, or could not be read.
    fn note(&mut self, records: Option<u64>, now: Timestamp) {
        match records {
            Some(more) if more > 0 && self.read + more < MOST_RECORDS => self.read += more,
            Some(_) => *self = Self { at: now.checked_add(RECORDS_APART).ok(), ..Self::default() },
            // From the newest on again, since there may be more of them by then.
            None => {
                self.read = 0;
                self.at = now.checked_add(RECORDS_APART).ok();
            }
        }
    }
}

/// A row that was read before it was pushed.
struct WaitingRow {
    card: Option<Arc<str>>,
    at: Timestamp,
    read_at: Timestamp,
}

/// When each card, or the account where none was named, was last pushed of: of the last
/// [`MOST_CARDS`] cards and of up to as many before them. The older ones go all at once, so that no
/// push looks at more than its own card.
#[derive(Default)]
struct LastPushes {
    newer: BTreeMap<Option<Arc<str>>, Timestamp>,
    older: BTreeMap<Option<Arc<str>>, Timestamp>,
}

impl LastPushes {
    fn note(&mut self, card: &Option<Arc<str>>, at: Timestamp) {
        if self.newer.len() >= MOST_CARDS && !self.newer.contains_key(card) {
            self.older = std::mem::take(&mut self.newer);
        }
        self.newer.insert(card.clone(), at);
    }

    fn of(&self, card: &Option<Arc<str>>) -> Option<Timestamp> {
        self.newer.get(card).or_else(|| self.older.get(card)).copied()
    }
}

/// How many things happened in the last hour, to a minute.
#[derive(Default)]
struct CountByMinute(VecDeque<(i64, u64)>);

impl CountByMinute {
    fn add(&mut self, now: Timestamp) {
        let minute = now.as_second().div_euclid(60);
        match self.0.back_mut() {
            Some((last, count)) if *last >= minute => *count += 1,
            _ => self.0.push_back((minute, 1)),
        }
        self.forget(now);
    }

    fn forget(&mut self, now: Timestamp) {
        let oldest = now.as_second().saturating_sub(COUNTED.as_secs()).div_euclid(60);
        while self.0.front().is_some_and(|(minute, _)| *minute < oldest) {
            self.0.pop_front();
        }
    }

    fn count(&self) -> u64 {
        self.0.iter().map(|(_, count)| count).sum()
    }
}

impl PushLog {
    fn note(&mut self, push: &Push, received_at: Timestamp) {
        self.received.add(received_at);
        if push.topic == PushTopic::Unknown {
            self.unknown.add(received_at);
        }
        self.last = Some(received_at);
        if let Some(at) = push.occurred_at {
            if self.lags.len() == LAGS {
                self.lags.pop_front();
            }
            let lag = received_at.as_millisecond().saturating_sub(at.as_millisecond());
            self.lags.push_back(lag.max(0));
        }
        if push.topic == PushTopic::Transaction {
            self.tells_of_rows = true;
        }
        self.last_of_card.note(&push.card, received_at);
        if let Some(gap) = &mut self.gap
            && gap.until.is_none()
        {
            gap.until = Some(received_at);
        }
    }

    /// Whether a row was pushed, or may have been.
    fn was_pushed(&self, row: &WaitingRow) -> bool {
        // The provider's clock may be ahead of ours.
        let happened = row.at.min(row.read_at);
        let from = happened.saturating_sub(PUSH_MAY_PRECEDE).unwrap_or(Timestamp::MIN);
        let after =
            |card: &Option<Arc<str>>| self.last_of_card.of(card).is_some_and(|at| at >= from);
        after(&row.card) || after(&None)
    }

    /// Rows that were read and not pushed show a gap. Answers whether one was found that was not
    /// known.
    fn find_gap(&mut self, now: Timestamp) -> bool {
        let mut found = None;
        while let Some(row) = self.waiting.front() {
            if now.duration_since(row.read_at) < PUSH_MAY_FOLLOW {
                break;
            }
            if !self.was_pushed(row) {
                found = Some(found.unwrap_or(row.at).min(row.at));
            }
            self.waiting.pop_front();
        }
        let Some(found) = found else { return false };
        if self.gap.as_ref().is_some_and(|gap| gap.until.is_none()) {
            return false;
        }
        let from = self.last.filter(|last| *last <= found).unwrap_or(found);
        self.gap = Some(PushGap { from, until: None });
        self.records.want(from);
        true
    }

    /// What the screen says of pushes; `None` while none are received.
    pub(super) fn figures_if_received(&mut self, now: Timestamp) -> Option<PushFigures> {
        self.since?;
        Some(self.figures(now))
    }

    fn figures(&mut self, now: Timestamp) -> PushFigures {
        self.received.forget(now);
        self.unknown.forget(now);
        self.refused.count.forget(now);
        let mut lags: Vec<i64> = self.lags.iter().copied().collect();
        lags.sort_unstable();
        let at = |part: usize| lags.get((lags.len() * part / 100).min(lags.len().wrapping_sub(1)));
        PushFigures {
            last_hour: self.received.count(),
            unknown_last_hour: self.unknown.count(),
            last: self.last,
            lag_median_ms: at(50).copied(),
            lag_p95_ms: at(95).copied(),
            unverified: None,
            refused_last_hour: self.refused.count.count(),
            refused_why: self.refused.why.clone(),
            gap: self.gap,
        }
    }
}

impl Account {
    /// Pushes are received from now on.
    pub(in crate::engine) fn note_receiving(&self, now: Timestamp) {
        self.state().pushes.since.get_or_insert(now);
    }

    /// A push was received: it makes a reading due, and a lookup of each of these operations. The
    /// card that it is about is read once, however many pushes come before that.
    pub(in crate::engine) fn note_push(
        &self,
        push: &Push,
        received_at: Timestamp,
        about: &[OperationId],
    ) {
        let mut state = self.state();
        state.pushes.since.get_or_insert(received_at);
        state.pushes.note(push, received_at);
        // A purchase says less of a top-up than its result does.
        let is_weak = matches!(push.topic, PushTopic::Transaction | PushTopic::Balance);
        let is_due = |id: &&OperationId| {
            let last = state.looked_up.get(*id);
            !is_weak || last.is_none_or(|at| received_at.duration_since(*at) >= WEAK_LOOKS_APART)
        };
        let looks: Vec<OperationId> = about.iter().filter(is_due).copied().collect();
        state.pushes.looks.extend(looks);
        match (push.topic, &push.card) {
            (PushTopic::Code | PushTopic::Other | PushTopic::Unknown, _) => {}
            (PushTopic::Float, _) => state.plan.ask_float(),
            (_, Some(card)) => state.plan.hint_card(card, received_at),
            (_, None) => state.plan.hint_lists(received_at),
        }
        drop(state);
        self.wake.notify_one();
    }

    /// A card is to be read because of a push on which nothing else is done.
    pub(in crate::engine) fn make_due(&self, card: &CardKey, now: Timestamp) {
        self.state().plan.hint_card(&card.id, now);
        self.wake.notify_one();
    }

    /// Every card of which a push was told is to be read.
    pub(in crate::engine) fn make_pushed_due(&self, now: Timestamp) {
        let cards = self.told_pushes.lock().cards();
        let mut state = self.state();
        cards.iter().for_each(|card| state.plan.hint_card(card, now));
    }

    /// A card or its transactions are to be read again of which a push was told and a reading
    /// failed, where the provider answers.
    pub(in crate::engine) fn make_failed_due(&self, now: Timestamp) {
        if !self.is_well() {
            return;
        }
        let mut told = self.told_pushes.lock();
        let (card, feed) = (told.next_failed(), told.next_failed_feed());
        drop(told);
        let plan = &mut self.state().plan;
        _ = card.inspect(|card| plan.hint_card(card, now));
        _ = feed.inspect(|card| plan.hint_card_feed(card, now));
    }

    /// More was pushed than can be acted on one by one: everything is due.
    pub(in crate::engine) fn note_many_pushes(&self, now: Timestamp) {
        self.state().plan.hint_lists(now);
        self.wake.notify_one();
    }

    /// A delivery was refused.
    pub(in crate::engine) fn note_refused_push(&self, why: &str, now: Timestamp) {
        let mut state = self.state();
        state.pushes.refused.count.add(now);
        state.pushes.refused.why = Some(why.into());
    }

    /// Rows were read. Where the account's purchases are pushed, each that was not known has to be
    /// pushed soon, or was.
    pub(in crate::engine) fn expect_pushes_of(&self, rows: &[Transaction], now: Timestamp) {
        let mut state = self.state();
        let log = &mut state.pushes;
        let Some(since) = log.since.filter(|_| log.tells_of_rows) else { return };
        let is_new = |row: &&Transaction| {
            row.at >= since && now.duration_since(row.seen_at) < PUSH_MAY_FOLLOW
        };
        for row in rows.iter().filter(is_new) {
            let row = WaitingRow { card: row.card_id.clone(), at: row.at, read_at: now };
            if log.waiting.len() < MOST_WAITING && !log.was_pushed(&row) {
                log.waiting.push_back(row);
            }
        }
    }

    /// Whether pushes are missing since a moment ago: then everything is read again from the last
    /// one on.
    pub(in crate::engine) fn finds_push_gap(&self, now: Timestamp) -> bool {
        let mut state = self.state();
        let is_new = state.pushes.find_gap(now);
        if is_new {
            state.plan.hint_lists(now);
            state.transactions.ask_all();
        }
        is_new
    }

    /// What was pushed from then on is to be asked for, where the provider keeps records of it.
    pub(in crate::engine) fn want_push_records(&self, since: Timestamp) {
        self.state().pushes.records.want(since);
        self.wake.notify_one();
    }

    /// From when on the provider's records are to be read now, and behind how many of them that
    /// were read. Not while the account's reading rests.
    pub(in crate::engine) fn push_records_due(&self, now: Timestamp) -> Option<(Timestamp, u64)> {
        let state = self.state();
        let waits = state.pace.waits_until().is_some_and(|until| until > now);
        let rests = waits || state.paused.is_some();
        let records = &state.pushes.records;
        let is_due = !rests && records.at.is_none_or(|at| at <= now);
        records.since.filter(|_| is_due).map(|since| (since, records.read))
    }

    /// A page of the records had so many; none where the list is at its end. `None` where it could
    /// not be read or kept.
    pub(in crate::engine) fn note_push_records(&self, records: Option<u64>, now: Timestamp) {
        self.state().pushes.records.note(records, now);
    }

    /// The unsettled operations that a push may be about: those that an answer gave the same task
    /// or transaction, or else those of its card.
    pub(in crate::engine) fn operations_about(
        &self,
        push: &Push,
        open: &[Operation],
    ) -> Vec<OperationId> {
        let of_topic = matches!(
            push.topic,
            PushTopic::TopUp | PushTopic::Change | PushTopic::Transaction | PushTopic::Balance
        );
        let card: Option<CardKey> = push.card_key();
        let same = |operation: &&Operation| {
            let named = operation.provider_reference.as_deref().zip(push.reference.as_deref());
            named.is_some_and(|(ours, its)| self.info.ids.transactions.same(ours, its))
                || of_topic && card.as_ref() == Some(&operation.card)
        };
        open.iter().filter(same).map(|operation| operation.id).collect()
    }
}

impl super::State {
    /// Whether an operation is to be looked up because a push is about it.
    pub(super) fn is_pushed(&self, id: OperationId) -> bool {
        self.pushes.looks.contains(&id)
    }

    /// An operation is looked up.
    pub(super) fn note_pushed_look(&mut self, id: OperationId) {
        self.pushes.looks.remove(&id);
    }

    /// Forgets operations that are not open any more.
    pub(super) fn retain_pushed_looks(&mut self, open: &[Operation]) {
        self.pushes.looks.retain(|id| open.iter().any(|operation| operation.id == *id));
    }
}
