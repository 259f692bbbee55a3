//! Saving what was read, as long as the data file takes it.

use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};

use super::card_book::Merged;
use super::{Engine, EngineEvent};
use crate::domain::card::{Card, CardRecord};
use crate::domain::text;
use crate::store::StoreError;

/// How long a figure may be on its way into the data file.
const ON_ITS_WAY: SignedDuration = SignedDuration::from_secs(30);

/// How long the board waits before it tries again to save what it reads.
const SAVE_AGAIN: SignedDuration = SignedDuration::from_secs(30);

/// Whether the data file takes what is read.
pub(super) struct SaveGate {
    /// When it last took nothing; `None` while it does.
    failed_at: Mutex<Option<Timestamp>>,
}

impl SaveGate {
    pub(super) const fn new(failed_at: Option<Timestamp>) -> Self {
        Self { failed_at: Mutex::new(failed_at) }
    }

    /// Notes that it took nothing; whether it did until now.
    pub(super) fn note_failure(&self, now: Timestamp) -> bool {
        self.failed_at.lock().unwrap_or_else(PoisonError::into_inner).replace(now).is_none()
    }

    pub(super) fn note_success(&self) {
        *self.failed_at.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

impl Engine {
    /// Whether to try to save something. Each try may wait for another process: a command tries
    /// until one failed, the board again after a while.
    pub(super) fn may_save(&self) -> bool {
        let failed_at = *self.0.saving.failed_at.lock().unwrap_or_else(PoisonError::into_inner);
        failed_at
            .is_none_or(|at| self.0.polling && self.0.clock.now().duration_since(at) >= SAVE_AGAIN)
    }

    /// When saving is tried again; `None` where it is tried at once.
    pub(super) fn saves_again_at(&self) -> Option<Timestamp> {
        let failed_at = *self.0.saving.failed_at.lock().unwrap_or_else(PoisonError::into_inner);
        let again = |at: Timestamp| at.saturating_add(SAVE_AGAIN).unwrap_or(Timestamp::MAX);
        failed_at.map(|at| if self.0.polling { again(at) } else { Timestamp::MAX })
    }

    /// Merges readings into what is known, emits and saves them, and returns them whole. They were
    /// asked for at this time, or later.
    pub(super) async fn accept_cards(
        &self,
        read: Vec<Card>,
        asked_at: Timestamp,
    ) -> Vec<Arc<CardRecord>> {
        let pushed = self.pushed_of(&read);
        let Merged { cards, unsaved, new, are_as_before } = self.0.cards.merge(read);
        for key in &new {
            if let Ok(account) = self.account(&key.provider) {
                account.know_cards([&key.id]);
            }
        }
        // Emitted just before the provider's health: together they make one frame.
        self.emit_read_cards(&cards, !are_as_before).await;
        // Not behind the disk, which may take long.
        for (account, cards) in &pushed {
            self.end_push_marks(account, cards, asked_at);
        }
        if !unsaved.is_empty() && self.may_save() {
            // Another reading may have waited less long for the disk.
            let now = self.0.clock.now().saturating_add(ON_ITS_WAY).unwrap_or(Timestamp::MAX);
            match self.0.store.keep_cards(unsaved, now).await {
                Ok(saved) => {
                    self.0.saving.note_success();
                    self.0.cards.note_saved(&saved);
                }
                Err(error) => self.emit_store_error(&error).await,
            }
        }
        cards
    }

    /// Emits that the data file took nothing, once until it does again.
    pub(super) async fn emit_store_error(&self, error: &StoreError) {
        if self.0.saving.note_failure(self.0.clock.now()) {
            self.emit(EngineEvent::Trouble(self.unsaved_words(error))).await;
        }
    }

    pub(super) fn unsaved_words(&self, error: &StoreError) -> String {
        let path = text::of_path(self.0.store.path());
        format!("the data file {path} {error}; what is read is shown and not kept")
    }
}
