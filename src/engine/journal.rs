//! The journal as it is read: page by page, so that no list of it ends before the journal does.

use super::{Engine, EngineEvent};
use crate::domain::card::CardKey;
use crate::domain::operation::{Operation, OperationId};
use crate::store::{Claim, StoreError};

/// Operations of one page.
const PAGE: u32 = 1_000;

impl Engine {
    /// All operations of the journal, newest first.
    ///
    /// # Errors
    /// One sentence, when the journal cannot be read.
    pub async fn operations(&self) -> Result<Vec<Operation>, String> {
        let mut all: Vec<Operation> = Vec::new();
        loop {
            let before = all.last().map(|operation| operation.id);
            let page = self.0.store.operations_page(before, PAGE).await;
            let page = page.map_err(|error| self.unread(&error))?;
            let is_last = page.len() < PAGE as usize;
            all.extend(page);
            if is_last {
                return Ok(all);
            }
        }
    }

    /// The newest operations of the journal, at most `limit`, and whatever older ones are not
    /// settled: newest first.
    ///
    /// # Errors
    /// One sentence, when the journal cannot be read.
    pub async fn newest_operations(&self, limit: u32) -> Result<Vec<Operation>, String> {
        let unread = |error| self.unread(&error);
        let mut newest = self.0.store.operations_page(None, limit).await.map_err(unread)?;
        let oldest = newest.last().map(|operation| operation.id);
        let open = self.0.store.followed_operations().await.map_err(unread)?;
        let older = open.into_iter().rev().filter(|row| oldest.is_some_and(|id| row.id < id));
        newest.extend(older);
        Ok(newest)
    }

    /// The operation of this id, where the journal has it.
    ///
    /// # Errors
    /// One sentence, when the journal cannot be read.
    pub async fn find_operation(&self, id: OperationId) -> Result<Option<Operation>, String> {
        match self.0.store.operation(id).await {
            Ok(operation) => Ok(Some(operation)),
            Err(StoreError::NotFound) => Ok(None),
            Err(error) => Err(self.unread(&error)),
        }
    }

    /// The operation of a card's payment of this number, where the journal has one.
    ///
    /// # Errors
    /// One sentence, when the journal cannot be read.
    pub async fn find_payment(
        &self,
        card: &CardKey,
        number: u64,
    ) -> Result<Option<Operation>, String> {
        let found = self.0.store.payment(card.clone(), number).await;
        found.map_err(|error| self.unread(&error))
    }

    /// Every transaction that an operation names as its own.
    ///
    /// # Errors
    /// One sentence, when the journal cannot be read.
    pub async fn claims(&self) -> Result<Vec<Claim>, String> {
        self.0.store.claims().await.map_err(|error| self.unread(&error))
    }

    /// Emits the journal page by page, down to its oldest operation.
    pub(super) async fn emit_journal(&self) {
        let mut before = None;
        loop {
            match self.0.store.operations_page(before, PAGE).await {
                Ok(page) => {
                    let is_last = page.len() < PAGE as usize;
                    before = page.last().map(|operation| operation.id);
                    self.emit(EngineEvent::Journal { page, is_last }).await;
                    if is_last {
                        return;
                    }
                }
                Err(error) => return self.emit_store_error(&error).await,
            }
        }
    }
}
