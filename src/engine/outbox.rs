//! How what the engine reports comes to whoever listens.
//!
//! News wake the listener. Most of what is read says the same again, and only later: it lies there
//! until the listener looks, so that a board that nobody uses is not woken by each reading.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::mpsc::{self, Receiver, Sender};

use super::{Engine, EngineEvent, Health, PushFigures, PushGap};
use crate::domain::card::CardKey;
use crate::domain::completeness::Completeness;
use crate::domain::coverage::Covered;
use crate::domain::money::Money;

/// The events on their way, and whether they are worth a wake-up.
pub(super) struct Outbox {
    events: Sender<EngineEvent>,
    /// Something is on its way that is more than a later time.
    news: Notify,
    /// What is still to be told of pushed cards.
    marks: Mutex<LateMarks>,
}

/// Whether pushed cards were read, where that did not fit in yet: of each card the newest. `None`
/// where nobody is sending them.
type LateMarks = Option<BTreeMap<CardKey, PushMark>>;

/// What is told of a card that something was pushed of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PushMark {
    /// It was not read since.
    Unread,
    /// It was.
    Read,
}

impl PushMark {
    const fn event(self, card: CardKey) -> EngineEvent {
        match self {
            Self::Unread => EngineEvent::Pushed(card),
            Self::Read => EngineEvent::PushRead(card),
        }
    }
}

impl Outbox {
    /// An outbox in which so many events may lie, and where they arrive.
    pub(super) fn new(most: usize) -> (Self, Receiver<EngineEvent>) {
        let (events, receiver) = mpsc::channel(most);
        (Self { events, news: Notify::new(), marks: Mutex::default() }, receiver)
    }

    /// Sends an event, and wakes the listener where it is news or nothing else fits in. Where
    /// nobody listens the event is dropped.
    pub(super) async fn send(&self, event: EngineEvent, is_news: bool) {
        match self.events.try_send(event) {
            Ok(()) if is_news => self.news.notify_one(),
            Ok(()) | Err(TrySendError::Closed(_)) => {}
            Err(TrySendError::Full(event)) => {
                self.news.notify_one();
                let _ = self.events.send(event).await;
                self.news.notify_one();
            }
        }
    }

    /// Sends what is to be told of a card that something was pushed of, without waiting. Of one
    /// card that comes in the order in which it is sent. `true` where nothing else fits in: the
    /// caller is to see to it that [`send_late_marks`](Self::send_late_marks) runs.
    pub(super) fn send_mark(&self, card: CardKey, mark: PushMark) -> bool {
        let mut late = self.marks.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(late) = &mut *late {
            late.insert(card, mark);
            return false;
        }
        let sent = self.events.try_send(mark.event(card.clone()));
        self.news.notify_one();
        let is_full = matches!(sent, Err(TrySendError::Full(_)));
        if is_full {
            *late = Some(BTreeMap::from([(card, mark)]));
        }
        is_full
    }

    /// Sends what did not fit in, until nothing of that is left.
    pub(super) async fn send_late_marks(&self) {
        let next = || {
            let mut late = self.marks.lock().unwrap_or_else(PoisonError::into_inner);
            let next = late.as_mut().and_then(BTreeMap::pop_first);
            if next.is_none() {
                *late = None;
            }
            next
        };
        while let Some((card, mark)) = next() {
            self.send(mark.event(card), true).await;
        }
    }

    /// The same from a thread that may wait; whether somebody listens.
    pub(super) fn blocking_send(&self, event: EngineEvent) -> bool {
        self.news.notify_one();
        let is_sent = self.events.blocking_send(event).is_ok();
        self.news.notify_one();
        is_sent
    }

    /// Waits for news; those that came while nobody waited end the next wait.
    pub(super) async fn wait_for_news(&self) {
        self.news.notified().await;
    }
}

impl Engine {
    /// Waits for news. Events that only say again what was told before, of a later time, lie where
    /// events arrive and end no wait.
    pub async fn news(&self) {
        self.0.outbox.wait_for_news().await;
    }
}

/// What was told last of an account, by which it is seen whether the next telling is news.
#[derive(Default)]
pub(super) struct LastTold {
    health: Option<Health>,
    float: Option<Vec<Money>>,
}

impl LastTold {
    /// Notes the health that is told now; whether more of it changed than the time of the newest
    /// answer and how much was asked.
    pub(super) fn note_health(&mut self, health: &Health) -> bool {
        let is_news = self.health.as_ref().is_none_or(|before| !says_the_same(before, health));
        if is_news {
            self.health = Some(health.clone());
        }
        is_news
    }

    /// Notes the float that is told now; whether it is another one.
    pub(super) fn note_float(&mut self, float: &[Money]) -> bool {
        let is_news = self.float.as_deref() != Some(float);
        if is_news {
            self.float = Some(float.to_vec());
        }
        is_news
    }
}

/// Whether of two tellings the later one has nothing new but how far the newest reading reaches,
/// and what depends on the time alone.
fn says_the_same(before: &Health, health: &Health) -> bool {
    let Health {
        provider,
        state,
        since,
        last_good: _,
        next_try,
        asked_to_wait,
        why,
        calls_last_minute: _,
        errors_5m,
        cards,
        refused_cards,
        completeness,
        covered,
        unmapped,
        roster,
        skew: _,
        latency_ms: _,
        pushes,
    } = health;
    let Completeness { complete_from, complete_to, rows, parts } = completeness;
    let Covered { complete: _, wanted: _, left, lost } = covered;
    let (missed, known) = (&before.completeness, &before.covered);
    (provider, state, since, why) == (&before.provider, &before.state, &before.since, &before.why)
        && (next_try, asked_to_wait) == (&before.next_try, &before.asked_to_wait)
        && (errors_5m, cards, refused_cards)
            == (&before.errors_5m, &before.cards, &before.refused_cards)
        && (complete_from, complete_to.is_some())
            == (&missed.complete_from, missed.complete_to.is_some())
        && (rows, parts) == (&missed.rows, &missed.parts)
        && (left.is_some(), lost) == (known.left.is_some(), &known.lost)
        && (unmapped, roster) == (&before.unmapped, &before.roster)
        && pushes.as_ref().map(trouble_of) == before.pushes.as_ref().map(trouble_of)
}

/// What of pushes is more than how many came and when: what was pushed is told by what was read.
const fn trouble_of(pushes: &PushFigures) -> (u64, &Option<Arc<str>>, &Option<PushGap>) {
    (pushes.refused_last_hour, &pushes.unverified, &pushes.gap)
}
