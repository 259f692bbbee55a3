//! Events that were pushed, on their way to the disk and to what is done because of them.

use std::collections::{HashSet, VecDeque};
use std::sync::atomic::{AtomicBool, AtomicI64};
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use tokio::sync::oneshot;

use crate::domain::card::ProviderId;
use crate::domain::push::{Push, RepeatKey};
use crate::store::StoreError;

/// Deliveries that are known again without asking the data file.
const MOST_RECENT: usize = 4_096;

/// Events on their way to the disk, and what was told of the ones that are there.
pub(in crate::engine) struct Inbox {
    waiting: Mutex<Vec<Waiting>>,
    /// Held by whoever writes: all that waits is written with one commit.
    pub(super) writing: tokio::sync::Mutex<()>,
    /// What was delivered of late.
    recent: Mutex<Recent>,
    /// Up to which number events of other processes were acted on.
    pub(super) told: AtomicI64,
    /// The numbers behind that which this process gave.
    own: Mutex<HashSet<i64>>,
    /// Events that are on the disk and are to be acted on, in their order.
    acting: Mutex<VecDeque<(Push, Timestamp)>>,
    /// Somebody acts on them.
    pub(super) is_acting: AtomicBool,
}

/// An event that waits for the disk.
pub(super) struct Waiting {
    pub(super) push: Push,
    pub(super) received_at: Timestamp,
    /// It was told that something happened to its card.
    pub(super) is_told: bool,
    pub(super) kept: oneshot::Sender<Result<Option<i64>, StoreError>>,
}

impl Inbox {
    /// An empty one. Nothing of other processes is told yet.
    pub(in crate::engine) fn new() -> Self {
        Self {
            waiting: Mutex::default(),
            writing: tokio::sync::Mutex::default(),
            recent: Mutex::default(),
            told: AtomicI64::new(i64::MAX),
            own: Mutex::default(),
            acting: Mutex::default(),
            is_acting: AtomicBool::new(false),
        }
    }

    pub(super) fn waiting(&self) -> MutexGuard<'_, Vec<Waiting>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn recent(&self) -> MutexGuard<'_, Recent> {
        self.recent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn acting(&self) -> MutexGuard<'_, VecDeque<(Push, Timestamp)>> {
        self.acting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn own(&self) -> MutexGuard<'_, HashSet<i64>> {
        self.own.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What tells the newest deliveries from others. Whether an event was kept is known by the data
/// file alone; this only spares the cards of repeats from being told of again.
#[derive(Debug, Default)]
pub(super) struct Recent {
    known: HashSet<(ProviderId, RepeatKey, bool)>,
    /// The same, the oldest first.
    order: VecDeque<(ProviderId, RepeatKey, bool)>,
}

impl Recent {
    /// Something was delivered; whether it is not one of the newest deliveries again. A signed
    /// event is not the unsigned one of the same content.
    pub(super) fn note(&mut self, push: &Push) -> bool {
        let key = (push.provider.clone(), push.repeat_key, push.is_signed);
        if !self.known.insert(key.clone()) {
            return false;
        }
        self.order.push_back(key);
        if self.order.len() > MOST_RECENT
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::push::PushTopic;

    fn push(key: u32) -> Push {
        let [a, b, c, d] = key.to_be_bytes();
        Push {
            provider: ProviderId::new("acme"),
            event: "recharge".into(),
            topic: PushTopic::TopUp,
            id: None,
            card: Some("c1".into()),
            reference: None,
            outcome: None,
            occurred_at: None,
            is_signed: true,
            repeat_key: RepeatKey([a, b, c, d, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
            body: None,
        }
    }

    #[test]
    fn a_delivery_is_known_again_until_as_many_others_came() {
        let mut recent = Recent::default();
        assert!(recent.note(&push(0)));
        assert!(!recent.note(&push(0)), "again");
        assert!(recent.note(&Push { is_signed: false, ..push(0) }), "not signed");
        assert!(recent.note(&Push { provider: ProviderId::new("other"), ..push(0) }));
        let most = u32::try_from(MOST_RECENT).expect("a small number");
        assert!((1..most - 2).all(|key| recent.note(&push(key))));
        assert!(!recent.note(&push(0)), "there is room for all of them");
        assert!(recent.note(&push(most)), "the oldest makes room");
        assert!(recent.note(&push(0)) && !recent.note(&push(most)));
        assert_eq!((recent.known.len(), recent.order.len()), (MOST_RECENT, MOST_RECENT));
    }
}
