//! Transactions are told in the order in which they were written into the data file, whichever
//! process wrote them.

use std::collections::BTreeSet;
use std::sync::Arc;

use tokio::sync::Mutex;

use super::account::Account;
use super::{Engine, EngineEvent};
use crate::config::InMemory;
use crate::domain::card::{Card, CardKey};
use crate::domain::transaction::{RowName, RowNews, Transaction};
use crate::ledger::Ledger;
use crate::store::{StoreError, Written};

/// Transactions of one event about what other processes wrote. Tests have several with fewer rows.
const PAGE: u32 = if cfg!(test) { 5 } else { 1_000 };

/// Which transactions the board was told, and is to be.
pub(super) struct Told {
    /// Up to which write of the data file: each row that was told is at least as new. `None` before
    /// the first were, and where nobody listens.
    ///
    /// It is locked while something is written and told, so that no older form of a row is told
    /// behind a newer one.
    up_to: Mutex<Option<i64>>,
    /// Which of them the board holds in memory.
    pub(super) in_memory: InMemory,
}

impl Told {
    /// Nothing yet, and of all transactions these.
    pub(super) fn new(in_memory: InMemory) -> Self {
        Self { up_to: Mutex::default(), in_memory }
    }
}

impl Engine {
    /// Writes transactions and tells what is new of them, behind what other processes wrote before.
    /// `written` is done in between, so that what is learned from others' writes comes after it.
    pub(super) async fn write_rows(
        &self,
        write: impl Future<Output = Result<Written, StoreError>>,
        written: impl FnOnce(),
    ) -> Result<RowNews, StoreError> {
        let mut told = self.0.told.up_to.lock().await;
        let Written { news, numbers } = write.await?;
        written();
        if let (Some(numbers), None, true) = (&numbers, *told, self.0.polling) {
            *told = Some(numbers.start().saturating_sub(1));
        }
        let follows = |told: i64| {
            numbers.as_ref().is_some_and(|numbers| *numbers.start() <= told.saturating_add(1))
        };
        if told.is_none_or(follows) {
            self.tell_own(&news).await;
            if let (Some(told), Some(numbers)) = (told.as_mut(), &numbers) {
                *told = *numbers.end();
            }
        } else if let Some(told) = told.as_mut()
            && let Err(error) = self.tell_written(told).await
        {
            // What lies between is told with the next write, or at the next glance.
            tracing::warn!("what others wrote could not be read: the data file {error}");
            self.tell_own(&news).await;
        }
        Ok(news)
    }

    /// Tells what other processes wrote since something was told.
    pub(super) async fn tell_others_rows(&self) -> Result<(), StoreError> {
        let mut told = self.0.told.up_to.lock().await;
        match told.as_mut() {
            Some(told) => self.tell_written(told).await,
            None => Ok(()),
        }
    }

    /// Tells the newest transactions, for the first frame.
    pub(super) async fn tell_newest_rows(&self, limit: u32) -> Result<(), StoreError> {
        let mut told = self.0.told.up_to.lock().await;
        // Asked before the rows are read: what is written in between is told once more.
        let newest = self.0.store.newest_change().await?;
        let rows = self.0.store.newest_transactions(limit).await?;
        self.emit(EngineEvent::Transactions(RowNews::kept(rows))).await;
        self.tell_written(told.get_or_insert(newest)).await
    }

    /// Tells all transactions as they were after the write `seen`. What was told before is told
    /// again as far as it was written since, so that it is at least as new as this.
    pub(super) async fn tell_history(&self, ledger: Ledger, seen: i64) -> Result<(), StoreError> {
        let mut told = self.0.told.up_to.lock().await;
        self.tell_written(told.get_or_insert(seen)).await?;
        self.emit(EngineEvent::History(Box::new(ledger))).await;
        Ok(())
    }

    async fn tell_own(&self, news: &RowNews) {
        if !news.rows.is_empty() {
            self.emit(EngineEvent::Transactions(news.clone())).await;
        }
    }

    /// Tells what was written since the write `told`.
    async fn tell_written(&self, told: &mut i64) -> Result<(), StoreError> {
        if self.0.store.newest_change().await? <= *told {
            return Ok(());
        }
        loop {
            let changes = self.0.store.changes_since(*told, PAGE).await?;
            let is_last = u32::try_from(changes.rows.len()).is_ok_and(|count| count < PAGE);
            if !changes.rows.is_empty() {
                self.forget_saved(&changes.gone);
                self.learn_from_others(&changes.rows).await;
                let news = RowNews { rows: changes.rows, gone: Some(changes.gone) };
                self.emit(EngineEvent::Transactions(news)).await;
            }
            *told = changes.last;
            if is_last {
                return Ok(());
            }
        }
    }

    /// Rows have these names no more: one that is read under such a name is to be saved.
    fn forget_saved(&self, names: &[RowName]) {
        for account in &self.0.accounts {
            let of_account = names.iter().filter(|name| name.provider == account.info.id);
            account.rows_changed(of_account.cloned());
        }
    }

    /// Learns from rows that other processes wrote, or this one behind theirs: cards, which holds
    /// there are, and words that are not mapped.
    async fn learn_from_others(&self, rows: &[Transaction]) {
        for account in &self.0.accounts {
            let of_account: Vec<&Transaction> =
                rows.iter().filter(|row| row.provider == account.info.id).collect();
            if of_account.is_empty() {
                continue;
            }
            let cards: BTreeSet<CardKey> = of_account.iter().filter_map(|row| row.card()).collect();
            account.rows_changed(of_account.iter().map(|row| RowName::from(*row)));
            self.learn_cards(account, cards).await;
            if of_account.iter().any(|row| row.has_unmapped_word()) {
                self.count_unmapped(Some(&account.info.id)).await;
                self.emit_health(account).await;
            }
        }
    }

    /// Takes in those of the cards that this process does not know, as others kept them.
    async fn learn_cards(&self, account: &Account, keys: BTreeSet<CardKey>) {
        let (now, why) = (self.0.clock.now(), Arc::<str>::from("read by another cardtop"));
        let mut found = Vec::new();
        for key in keys.into_iter().filter(|key| !self.0.cards.knows(key)) {
            if let Ok(Some(card)) = self.0.store.card(key).await {
                let card = card.not_after(now);
                found.push(Card { balance: card.balance.stale(&why), ..card });
            }
        }
        if !found.is_empty() {
            let cards = self.0.cards.merge(found).cards;
            account.know_cards(cards.iter().map(|card| card.id()));
            self.emit_cards(&cards).await;
        }
    }
}
