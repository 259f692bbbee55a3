//! The engine's events, in the order in which they happen.

use std::sync::Arc;

use super::account::Account;
use super::outbox::PushMark;
use super::{Engine, EngineEvent};
use crate::domain::card::{CardKey, CardRecord};
use crate::domain::operation::{Operation, OperationId};

/// Cards of one event at most.
const CARDS_AT_ONCE: usize = 128;

impl Engine {
    pub(super) async fn emit(&self, event: EngineEvent) {
        self.0.outbox.send(event, true).await;
    }

    /// Emits whether a card was read that something was pushed of: at once, or as soon as there is
    /// room.
    pub(super) fn emit_push_mark(&self, card: CardKey, mark: PushMark) {
        if self.0.outbox.send_mark(card, mark) {
            let engine = self.clone();
            let sending = async move { engine.0.outbox.send_late_marks().await };
            self.0.background.runtime.spawn(sending);
        }
    }

    /// Emits cards that are new or changed, so many at a time that keys are answered between.
    pub(super) async fn emit_cards(&self, cards: &[Arc<CardRecord>]) {
        self.emit_read_cards(cards, true).await;
    }

    /// The same of cards that were read, of which more may be news than that they were.
    pub(super) async fn emit_read_cards(&self, cards: &[Arc<CardRecord>], are_news: bool) {
        for cards in cards.chunks(CARDS_AT_ONCE) {
            self.0.outbox.send(EngineEvent::Cards(cards.to_vec()), are_news).await;
        }
    }

    /// Takes in an operation as the journal has it, and emits it.
    pub(super) async fn announce(&self, operation: &Operation) {
        self.0.operations.update(operation);
        self.0.operations.note_announced(operation);
        if let Ok(account) = self.account(&operation.card.provider) {
            account.wake.notify_one();
        }
        self.emit(EngineEvent::Operation(operation.clone())).await;
    }

    /// Emits the journal's lines of an operation.
    pub(super) async fn emit_steps(&self, id: OperationId) {
        match self.steps(id).await {
            Ok(steps) => self.emit(EngineEvent::Steps { id, steps }).await,
            Err(words) => self.emit(EngineEvent::Trouble(words)).await,
        }
    }

    pub(super) async fn emit_health(&self, account: &Account) {
        let cards = self.0.cards.count(&account.info.id);
        let now = self.0.clock.now();
        self.keep_outages(account, now).await;
        let health = account.health(now, cards);
        let is_news = account.last_told().note_health(&health);
        self.0.outbox.send(EngineEvent::Health(Box::new(health)), is_news).await;
    }

    /// Marks all figures of a provider as possibly old, and emits that, unless they are marked so.
    pub(super) async fn make_stale(&self, account: &Account, why: &Arc<str>) {
        if let Some(changed) = self.0.cards.make_all_stale(&account.info.id, why) {
            self.emit_stale(account, &changed, why).await;
        }
    }

    /// Emits that all figures of a provider are possibly old, and the cards that are so since now:
    /// why before them, since they give no reason of their own.
    pub(super) async fn emit_stale(
        &self,
        account: &Account,
        changed: &[Arc<CardRecord>],
        why: &Arc<str>,
    ) {
        let (provider, why) = (account.info.id.clone(), Arc::clone(why));
        let reason = EngineEvent::WhyStale { provider: provider.clone(), why: Arc::clone(&why) };
        self.emit(reason).await;
        self.emit_cards(changed).await;
        self.emit(EngineEvent::Stale { provider, why }).await;
    }
}
