//! The verbs of what providers pushed.

use std::sync::Arc;

use jiff::Timestamp;

use super::sqlite::{journal, pushes};
use super::{Store, StoreError};
use crate::domain::card::{CardKey, ProviderId};
use crate::domain::operation::{Operation, OperationId, OperationState};
use crate::domain::push::{KeptPush, Push};

impl Store {
    /// Keeps events with the times when they were received. When it returns, the disk has them:
    /// only then they may be acknowledged. Answers, in the same order, the number of each, or
    /// `None` for one that was kept before. One that is signed and was only kept unsigned is new.
    ///
    /// # Errors
    /// When the data file takes nothing; none of them is kept.
    pub async fn keep_pushes(
        &self,
        received: Vec<(Push, Timestamp)>,
    ) -> Result<Vec<Option<i64>>, StoreError> {
        self.0.durable(move |db| Ok(pushes::keep(db, &received)?)).await
    }

    /// Whether nothing outlives the process, so that no event may be acknowledged.
    #[must_use]
    pub fn is_in_memory(&self) -> bool {
        self.0.is_in_memory()
    }

    /// The number of the newest event that was kept, 0 where there is none.
    ///
    /// # Errors
    /// When the data file cannot be read.
    pub async fn newest_push(&self) -> Result<i64, StoreError> {
        self.0.reader(|db| Ok(pushes::newest(db)?)).await
    }

    /// When the newest event of an account was received.
    ///
    /// # Errors
    /// When the data file cannot be read.
    pub async fn newest_push_of(
        &self,
        provider: ProviderId,
    ) -> Result<Option<Timestamp>, StoreError> {
        self.0.reader(move |db| Ok(pushes::newest_of(db, provider.name())?)).await
    }

    /// The events that were kept after this number, oldest first, at most so many.
    ///
    /// # Errors
    /// When the data file cannot be read.
    pub async fn pushes_since(&self, number: i64, limit: u32) -> Result<Vec<KeptPush>, StoreError> {
        self.0.reader(move |db| Ok(pushes::since(db, number, limit)?)).await
    }

    /// When a one-time code was last sent to the holders of cards, where that was after a time.
    ///
    /// # Errors
    /// When the data file cannot be read.
    pub async fn codes_since(
        &self,
        at: Timestamp,
    ) -> Result<Vec<(CardKey, Timestamp)>, StoreError> {
        self.0.reader(move |db| Ok(pushes::codes_since(db, at)?)).await
    }

    /// Writes into the journal that a push may be about an operation. `ends` is how the operation
    /// ended by the push alone, where nothing that can be read proves it; else its state stays.
    ///
    /// # Errors
    /// Why nothing was written.
    pub async fn note_push(
        &self,
        id: OperationId,
        at: Timestamp,
        words: String,
        ends: Option<OperationState>,
    ) -> Result<Operation, StoreError> {
        self.0.journal(move |db| Ok(journal::note_push(db, id, at, &words, ends)?)).await
    }

    /// Accepted operations that nothing that can be read proves, each with a signed event that
    /// names the task of its answer and says how it ended: all, or those of one account's task.
    ///
    /// # Errors
    /// When the data file cannot be read.
    pub async fn pushed_ends(
        &self,
        of: Option<(ProviderId, Arc<str>)>,
    ) -> Result<Vec<(OperationId, KeptPush)>, StoreError> {
        self.0
            .reader(move |db| {
                let of = of.as_ref().map(|(provider, reference)| (provider.name(), &**reference));
                Ok(pushes::ends(db, of)?)
            })
            .await
    }
}
