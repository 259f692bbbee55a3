//! Jobs: what is asked of the engine without waiting for it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::account::Account;
use super::{ChangeRequest, Engine, EngineEvent, Job, Verdict};
use crate::domain::card::{CardKey, ProviderId};
use crate::domain::money::Money;
use crate::domain::operation::OperationId;

impl Engine {
    /// Asks, without waiting. The answer comes as an event.
    pub fn ask(&self, job: Job) {
        let engine = self.clone();
        match job {
            Job::Refresh(which) => self.refresh(which.as_ref()),
            Job::RefreshCard(key) => {
                if let Ok(account) = self.account(&key.provider) {
                    account.ask_card(&key);
                }
            }
            Job::TryCard(key) => {
                if let Ok(account) = self.account(&key.provider) {
                    account.try_card(&key);
                }
            }
            Job::Watch { selected, visible } => {
                self.note_looked_at(selected.as_ref(), &visible);
            }
            Job::Pause { provider, paused } => {
                if let Ok(account) = self.account(&provider) {
                    account.pause(paused, self.0.clock.now());
                    self.run(async move { engine.emit_health(&account).await });
                }
            }
            Job::ReadOnly(read_only) => {
                self.0.read_only.set(read_only);
                let dropped = if read_only { self.drop_queued() } else { Vec::new() };
                self.run(async move {
                    engine.emit(EngineEvent::ReadOnly(engine.is_read_only())).await;
                    engine.end_by_read_only(dropped).await;
                });
            }
            Job::Quote { asked, card, amount } => {
                self.run_with_cards(engine.answer_quote(asked, card, amount));
            }
            Job::RecentCredit { asked, card, amount } => {
                self.run_with_cards(engine.answer_recent_credit(asked, card, amount));
            }
            Job::Settle(verdict) => self.run_with_cards(engine.answer_settle(*verdict)),
            Job::QueueFreeze(freeze) => self.run_with_cards(engine.queue_freeze(freeze)),
            Job::CancelFreeze(id) => self.run(engine.cancel_freeze(id)),
            Job::Act(request) => self.run_with_cards(engine.answer_change(*request)),
            Job::Look(id) => self.run_with_cards(engine.answer_lookup(id)),
            Job::NoteFirstCards(keys) => self.run(engine.note_first_cards(keys)),
            Job::OlderRows { asked, before, card, since } => {
                self.run(engine.answer_older_rows(asked, before, card, since));
            }
            Job::Steps(id) => self.run(async move { engine.emit_steps(id).await }),
        }
    }

    /// Runs a job once all cards are known: what is read of a card is merged with what is known of
    /// it.
    fn run_with_cards(&self, job: impl Future<Output = ()> + Send + 'static) {
        let engine = self.clone();
        self.run(async move {
            engine.0.cards.until_whole().await;
            job.await;
        });
    }

    /// Runs a job. If it panics, that is emitted, so that every request gets a reply.
    fn run(&self, job: impl Future<Output = ()> + Send + 'static) {
        let engine = self.clone();
        self.0.background.runtime.spawn(async move {
            if let Err(died) = tokio::spawn(job).await {
                engine.emit(EngineEvent::Trouble(format!("cardtop itself failed: {died}"))).await;
            }
        });
    }

    /// Tells each account which of its cards are looked at.
    fn note_looked_at(&self, selected: Option<&CardKey>, visible: &[CardKey]) {
        let mut by_account: BTreeMap<&ProviderId, Vec<Arc<str>>> = BTreeMap::new();
        for card in visible {
            by_account.entry(&card.provider).or_default().push(Arc::clone(&card.id));
        }
        for account in &self.0.accounts {
            let id = &account.info.id;
            let selected = selected.filter(|card| card.provider == *id).map(|card| &card.id);
            account.watch(selected, by_account.get(id).map_or(&[], Vec::as_slice));
        }
    }

    fn refresh(&self, which: Option<&ProviderId>) {
        let asked =
            self.0.accounts.iter().filter(|account| which.is_none_or(|id| *id == account.info.id));
        let asked: Vec<Arc<Account>> = asked.cloned().collect();
        self.run(async move {
            for account in asked {
                if let Ok(provider) = account.provider() {
                    provider.try_credentials_again().await;
                }
                account.ask_all();
            }
        });
    }

    async fn answer_quote(self, asked: u64, card: CardKey, amount: Money) {
        let quote = self.quote(&card, amount).await.map_err(Arc::new);
        self.emit(EngineEvent::Quote { asked, quote }).await;
    }

    async fn answer_recent_credit(self, asked: u64, card: CardKey, amount: Money) {
        let known = self.0.cards.get_or_unread(&card);
        let recent = self.recent_credit(&known, amount).await.map_err(Arc::new);
        self.emit(EngineEvent::RecentCredit { asked, recent }).await;
    }

    async fn answer_settle(self, verdict: Verdict) {
        let id = verdict.id;
        if let Err(refused) = self.settle(verdict).await {
            self.emit(EngineEvent::NotSettled { id, why: refused.to_string() }).await;
        }
        self.emit_steps(id).await;
    }

    async fn answer_change(self, request: ChangeRequest) {
        let (id, card) = (request.id, request.card.clone());
        if let Err(refused) = self.change(request, Duration::ZERO).await {
            self.emit(EngineEvent::Refused { id, card, why: refused.to_string() }).await;
        }
    }

    async fn answer_lookup(self, id: OperationId) {
        match self.lookup(id).await {
            Ok(operation) => self.announce(&operation).await,
            Err(refused) => self.emit(EngineEvent::Trouble(refused.to_string())).await,
        }
        self.emit_steps(id).await;
    }
}
