//! The operations that the engine follows: those that are not settled, what of them the journal
//! did not take, and which of them are being sent now.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use tokio::sync::watch;

use super::queue::FreezeQueue;
use crate::domain::card::ProviderId;
use crate::domain::operation::{Operation, OperationId};
use crate::store::Finding;

/// A finding that the journal did not take.
pub(super) type Unwritten = (OperationId, Finding);

/// The operations, as the journal has them.
pub(super) struct Operations {
    /// Those that are looked up.
    open: Mutex<BTreeMap<OperationId, Operation>>,
    /// As each was last announced, so that what another process wrote is not announced twice.
    announced: Mutex<BTreeMap<OperationId, Operation>>,
    /// Findings that the journal did not take; they are offered again.
    unwritten: Mutex<Vec<Unwritten>>,
    sending: watch::Sender<BTreeSet<OperationId>>,
    /// Freezes that wait for their provider, and are no operations yet.
    pub(super) queue: FreezeQueue,
    /// 64 random bits of this process, and how many ids it made.
    session: u64,
    ids_made: AtomicU16,
    /// Who operates: written into the journal.
    pub(super) operator: Arc<str>,
}

impl Operations {
    pub(super) fn new(session: u64, operator: Arc<str>) -> Self {
        Self {
            open: Mutex::default(),
            announced: Mutex::default(),
            unwritten: Mutex::default(),
            sending: watch::Sender::new(BTreeSet::new()),
            queue: FreezeQueue::default(),
            session,
            ids_made: AtomicU16::new(0),
            operator,
        }
    }

    pub(super) fn new_id(&self, now: Timestamp) -> OperationId {
        OperationId::new(now, self.session, self.ids_made.fetch_add(1, Ordering::Relaxed))
    }

    fn open(&self) -> MutexGuard<'_, BTreeMap<OperationId, Operation>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn unwritten_ones(&self) -> MutexGuard<'_, Vec<Unwritten>> {
        self.unwritten.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes in an operation as the journal has it.
    pub(super) fn update(&self, operation: &Operation) {
        let mut open = self.open();
        if operation.is_followed() {
            open.insert(operation.id, operation.clone());
        } else {
            open.remove(&operation.id);
        }
    }

    pub(super) fn is_open(&self, id: OperationId) -> bool {
        self.open().contains_key(&id)
    }

    /// The open operations of an account.
    pub(super) fn open_of(&self, id: &ProviderId) -> Vec<Operation> {
        let open = self.open();
        open.values().filter(|operation| operation.card.provider == *id).cloned().collect()
    }

    /// Whether this is not how the operation was last announced.
    pub(super) fn was_not_announced(&self, operation: &Operation) -> bool {
        let announced = self.announced.lock().unwrap_or_else(PoisonError::into_inner);
        announced.get(&operation.id) != Some(operation)
    }

    pub(super) fn note_announced(&self, operation: &Operation) {
        let mut announced = self.announced.lock().unwrap_or_else(PoisonError::into_inner);
        announced.insert(operation.id, operation.clone());
    }

    /// Keeps a finding that the journal did not take.
    pub(super) fn keep_unwritten(&self, id: OperationId, finding: Finding) {
        self.unwritten_ones().push((id, finding));
    }

    /// The findings that the journal did not take. Each stays until [`Self::written`].
    pub(super) fn unwritten(&self) -> Vec<Unwritten> {
        self.unwritten_ones().clone()
    }

    pub(super) fn written(&self, id: OperationId, finding: &Finding) {
        self.unwritten_ones().retain(|(other, unwritten)| {
            (*other, unwritten.at, &unwritten.kind) != (id, finding.at, &finding.kind)
        });
    }

    /// Notes that a change is being checked and sent, until the guard is dropped.
    pub(super) fn begin_sending(&self, id: OperationId) -> SendingGuard<'_> {
        self.sending.send_modify(|ids| {
            ids.insert(id);
        });
        SendingGuard(&self.sending, id)
    }

    pub(super) fn is_being_sent(&self, id: OperationId) -> bool {
        self.sending.borrow().contains(&id)
    }

    /// Changes that are being checked or sent, and when those become others.
    pub(super) fn sending(&self) -> watch::Receiver<BTreeSet<OperationId>> {
        self.sending.subscribe()
    }

    /// How many changes are being checked or sent.
    pub(super) fn sending_count(&self) -> usize {
        self.sending.borrow().len()
    }

    /// Those of them that are in the journal.
    pub(super) fn being_sent(&self) -> Vec<Operation> {
        let open = self.open();
        open.values().filter(|operation| self.is_being_sent(operation.id)).cloned().collect()
    }

    /// Waits until no change is being sent.
    pub(super) async fn all_sent(&self) {
        let _ = self.sending.subscribe().wait_for(BTreeSet::is_empty).await;
    }
}

/// A change that is being checked and sent.
pub(super) struct SendingGuard<'a>(&'a watch::Sender<BTreeSet<OperationId>>, OperationId);

impl Drop for SendingGuard<'_> {
    fn drop(&mut self) {
        self.0.send_modify(|ids| {
            ids.remove(&self.1);
        });
    }
}
