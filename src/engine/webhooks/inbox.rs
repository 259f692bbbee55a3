//! Events that were pushed, on their way to the disk and to what is done because of them.

use std::collections::{HashSet, VecDeque};
use std::sync::atomic::{AtomicBool, AtomicI64};
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use tokio::sync::oneshot;

use crate::domain::push::Push;
use crate::store::StoreError;

/// Most events that wait for the disk at once. The senders of further ones are asked to come again.
const MOST_WAITING: usize = 4_096;

/// Events on their way to the disk, and up to which those that are there were acted on.
pub(in crate::engine) struct Inbox {
    waiting: Mutex<Vec<Waiting>>,
    /// Somebody writes: all that waits at a moment, with one commit.
    pub(super) is_writing: AtomicBool,
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
    /// It was told of its card, which is taken back where it is a repeat.
    pub(super) is_told: bool,
    pub(super) kept: oneshot::Sender<Result<Option<i64>, StoreError>>,
}

impl Inbox {
    /// An empty one. Nothing of other processes is told yet.
    pub(in crate::engine) fn new() -> Self {
        Self {
            waiting: Mutex::default(),
            is_writing: AtomicBool::new(false),
            told: AtomicI64::new(i64::MAX),
            own: Mutex::default(),
            acting: Mutex::default(),
            is_acting: AtomicBool::new(false),
        }
    }

    fn waiting(&self) -> MutexGuard<'_, Vec<Waiting>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Another event waits for the disk.
    ///
    /// # Errors
    /// The event, where too many wait.
    pub(super) fn add(&self, event: Waiting) -> Result<(), Box<Waiting>> {
        let mut waiting = self.waiting();
        if waiting.len() >= MOST_WAITING {
            return Err(Box::new(event));
        }
        waiting.push(event);
        Ok(())
    }

    /// All that waits for the disk, which does not any more.
    pub(super) fn take(&self) -> Vec<Waiting> {
        std::mem::take(&mut *self.waiting())
    }

    /// Whether nothing waits for the disk.
    pub(super) fn is_empty(&self) -> bool {
        self.waiting().is_empty()
    }

    pub(super) fn acting(&self) -> MutexGuard<'_, VecDeque<(Push, Timestamp)>> {
        self.acting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn own(&self) -> MutexGuard<'_, HashSet<i64>> {
        self.own.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
