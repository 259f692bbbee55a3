//! Freezes that wait for a provider that is DOWN: in memory only, for five minutes at most.
//!
//! Nothing of them is in the journal before they are sent, and they end with the process. Nothing
//! but a freeze can wait: it is the one change that does no harm when it comes late.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

use super::account::Account;
use super::{ChangeRequest, Engine, EngineEvent, Expected, Refused};
use crate::domain::card::CardKey;
use crate::domain::operation::{Action, OnConflict, OperationId, Refusal};

/// How long a freeze waits at most.
pub const QUEUE_KEEPS: SignedDuration = SignedDuration::from_mins(5);

/// The same, by the clock that is never set.
const KEEPS: Duration = Duration::from_secs(300);

/// How often the provider is tried meanwhile.
const TRY_EVERY: Duration = Duration::from_secs(5);

/// A freeze that waits for its provider to answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueuedFreeze {
    /// The operation's id, under which it will be sent.
    pub id: OperationId,
    /// The card.
    pub card: CardKey,
    /// The operator's reason.
    pub reason: Option<Arc<str>>,
    /// When it was confirmed.
    pub queued_at: Timestamp,
    /// When it is dropped, if the provider has not answered until then.
    pub expires_at: Timestamp,
}

/// How a freeze stopped waiting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QueueEnd {
    /// The provider answers: it is being sent.
    Sending,
    /// The operator took it back; nothing was sent.
    Cancelled,
    /// The provider did not answer in time; nothing was sent.
    Expired,
    /// Read-only was switched on; nothing was sent.
    ReadOnly,
}

/// The freezes that wait.
#[derive(Default)]
pub(super) struct FreezeQueue(Mutex<BTreeMap<OperationId, QueuedFreeze>>);

impl FreezeQueue {
    fn waiting(&self) -> MutexGuard<'_, BTreeMap<OperationId, QueuedFreeze>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a freeze out. Whoever gets it decides what becomes of it: sent, cancelled and expired
    /// exclude each other by this.
    fn take(&self, id: OperationId) -> Option<QueuedFreeze> {
        self.waiting().remove(&id)
    }

    /// Takes all of them out, oldest first: nothing of them is sent any more.
    pub(super) fn take_all(&self) -> Vec<QueuedFreeze> {
        std::mem::take(&mut *self.waiting()).into_values().collect()
    }
}

impl Engine {
    /// The freezes that wait for their provider, oldest first. They are dropped when the engine
    /// stops.
    #[must_use]
    pub fn queued_freezes(&self) -> Vec<QueuedFreeze> {
        self.0.operations.queue.waiting().values().cloned().collect()
    }

    /// Drops the freezes that wait, oldest first: nothing of what is returned is sent.
    #[must_use]
    pub fn drop_queued(&self) -> Vec<QueuedFreeze> {
        self.0.operations.queue.take_all()
    }

    /// Says that these freezes, which were taken out, ended with read-only.
    pub(super) async fn end_by_read_only(&self, dropped: Vec<QueuedFreeze>) {
        for freeze in dropped {
            self.emit(EngineEvent::Unqueued { freeze, end: QueueEnd::ReadOnly }).await;
        }
    }

    /// Lets a freeze wait for its provider. One that answers by now is asked at once.
    pub(super) async fn queue_freeze(self, freeze: QueuedFreeze) {
        let (id, card) = (freeze.id, freeze.card.clone());
        let account = match self.enter_queue(&freeze) {
            Ok(account) => account,
            Err(refused) => {
                let why = refused.to_string();
                return self.emit(EngineEvent::Refused { id, card, why }).await;
            }
        };
        self.emit(EngineEvent::Queued(freeze)).await;
        let engine = self.clone();
        let waits = self.0.background.runtime.spawn(async move { engine.wait(account, id).await });
        self.0.background.keep(waits);
    }

    /// Takes a freeze back that still waits.
    pub(super) async fn cancel_freeze(self, id: OperationId) {
        if let Some(freeze) = self.0.operations.queue.take(id) {
            self.emit(EngineEvent::Unqueued { freeze, end: QueueEnd::Cancelled }).await;
        }
    }

    /// Puts a freeze that may wait into the queue. Checked and inserted under one lock: of two of
    /// the same card one is refused.
    fn enter_queue(&self, freeze: &QueuedFreeze) -> Result<Arc<Account>, Refused> {
        let mut waiting = self.0.operations.queue.waiting();
        let account = self.gate(&freeze.card.provider)?;
        if waiting.values().any(|known| known.card == freeze.card) {
            return Err(Refused::Denied(Refusal::FreezeQueued));
        }
        waiting.insert(freeze.id, freeze.clone());
        Ok(account)
    }

    /// Waits for the first answer of the provider, and sends the freeze then.
    async fn wait(self, account: Arc<Account>, id: OperationId) {
        let deadline = Instant::now() + KEEPS;
        let mut answers = account.answers();
        loop {
            // By both clocks: one may be set, the other may stand still while the machine sleeps.
            let now = self.0.clock.now();
            let Some(freeze) = self.0.operations.queue.waiting().get(&id).cloned() else { return };
            if now >= freeze.expires_at || Instant::now() >= deadline {
                if let Some(freeze) = self.0.operations.queue.take(id) {
                    self.emit(EngineEvent::Unqueued { freeze, end: QueueEnd::Expired }).await;
                }
                return;
            }
            if account.takes_requests(now) && self.send_queued(&freeze).await.is_break() {
                return;
            }
            // Not where the credentials are refused: trying them often may lock the account.
            if account.is_down() {
                account.try_card(&freeze.card);
            }
            let left = Duration::try_from(freeze.expires_at.duration_since(now));
            let next = TRY_EVERY.min(left.unwrap_or_default());
            tokio::select! {
                _ = answers.changed() => {}
                () = tokio::time::sleep(next) => {}
            }
        }
    }

    /// Sends a freeze whose provider answers. It goes on waiting where the contact was lost again
    /// before its card was read.
    async fn send_queued(&self, freeze: &QueuedFreeze) -> ControlFlow<()> {
        let QueuedFreeze { id, card, reason, .. } = freeze.clone();
        let request = ChangeRequest {
            id,
            card: card.clone(),
            action: Action::Freeze,
            reason,
            shown: Expected::default(),
            on_conflict: OnConflict::Refuse,
            recent_credit: None,
            payer: None,
        };
        let engine = self.clone();
        // In a task of its own: a change that is being sent does not end with the one that waits.
        let sending = tokio::spawn(async move { engine.send_late(request).await });
        let why = match sending.await {
            Ok(Ok(goes_on)) => return goes_on,
            Ok(Err(refused)) => refused.to_string(),
            Err(died) => format!("cardtop itself failed: {died}; see `cardtop ops`"),
        };
        self.0.operations.queue.take(id);
        self.emit(EngineEvent::Refused { id, card, why }).await;
        ControlFlow::Break(())
    }

    /// Takes a freeze out of the queue in order to send it, unless it was taken back meanwhile. One
    /// whose time is over by now is dropped: the machine may have slept since it was looked at.
    pub(super) async fn leave_queue(&self, id: OperationId) -> bool {
        let Some(freeze) = self.0.operations.queue.take(id) else { return false };
        let is_over = self.0.clock.now() >= freeze.expires_at;
        let end = if is_over { QueueEnd::Expired } else { QueueEnd::Sending };
        self.emit(EngineEvent::Unqueued { freeze, end }).await;
        !is_over
    }
}
