//! The history of an account, read backwards in the background: a part a turn, behind everything
//! else that is due.

use super::account::{Account, ListName, PartRead, Why, Wire};
use super::lists::{Keep, Patience};
use super::transactions::{OVERLAP, complete_reading};
use super::{Engine, EngineEvent};
use crate::domain::card::{Card, CardKey};
use crate::domain::coverage::Coverage;
use crate::domain::transaction::Transaction;
use crate::provider::Window;
use crate::provider::pages::{ListRead, ReadMode};

impl Engine {
    /// Takes in how much of an account earlier processes have read.
    pub(super) async fn load_coverage(&self, account: &Account) {
        let Ok(provider) = account.provider() else { return };
        let wire = Wire {
            is_common: provider.capabilities().list_all_transactions.is_yes(),
            is_by_time: provider.pagers().transactions.is_by_time(),
        };
        let kept = match self.0.store.coverage(account.info.id.clone()).await {
            Ok(kept) => kept,
            Err(error) => {
                self.emit_store_error(&error).await;
                Vec::new()
            }
        };
        if let Ok(lag) = self.0.store.lag(account.info.id.clone()).await {
            account.note_lag(lag);
        }
        let late = OVERLAP.saturating_add(account.lag());
        account.load_coverage(kept, wire, late, self.0.clock.now());
    }

    /// Reads the next part of an account's history.
    pub(super) async fn read_history(&self, account: &Account) {
        let now = self.0.clock.now();
        let Some(part) = account.next_part(now) else { return };
        let key = part.list.as_ref().map(|card| CardKey::new(&account.info.id, card));
        let card = key.as_ref().map(|key| self.0.cards.get_or_unread(key));
        let window =
            Window { card: card.clone(), since: part.stretch.from, until: part.stretch.to };
        let (mode, patience) = (ReadMode::Full, Patience::Board);
        let Ok((list, saved)) =
            self.read_window(account, &window, mode, part.share, patience, Keep::History).await
        else {
            account.note_part_failed(self.0.clock.now());
            return;
        };
        if let (Some(card), Some(error)) = (&card, &list.error)
            && account.refused_as_removed(card, error)
        {
            account.remove_history(&card.key.id);
            self.judge_list(account, &list, Some(card)).await;
            return;
        }
        let read = PartRead::of_part(&list, part.stretch, saved, account.is_well());
        let (write, ended) = account.note_part(&part, &read, now);
        let is_news = write.is_some();
        self.write_coverage(account, &part.list, write).await;
        self.judge_part(account, &list, card.as_ref(), read.is_failing).await;
        account.note_odd_rows(&part.list, &list, (part.stretch.from, part.stretch.to), &read);
        if part.why == Why::Again {
            account.note_deep_requests(key.as_ref(), list.requests);
        }
        if ended {
            account.deep_read(key.as_ref(), self.0.clock.now());
        }
        if let Some(reading) = complete_reading(account, key.as_ref(), &list, &window, now)
            && saved
        {
            let _were_compared = self.follow_holds(account, reading).await;
        }
        self.emit_covered(account, key.as_ref(), is_news).await;
    }

    /// Notes how a part went. That the provider fails at an old time says nothing of the newest
    /// rows, nor of its cards.
    pub(super) async fn judge_part(
        &self,
        account: &Account,
        list: &ListRead<Transaction>,
        card: Option<&Card>,
        is_failing: bool,
    ) {
        if !is_failing {
            return self.judge_list(account, list, card).await;
        }
        if let Some(error) = &list.error {
            tracing::warn!("a part of the history was not read: {error}");
        }
        account.count_requests(self.0.clock.now());
        self.emit_health(account).await;
    }

    /// Writes down how much of a list is read.
    pub(super) async fn write_coverage(
        &self,
        account: &Account,
        list: &ListName,
        coverage: Option<Coverage>,
    ) {
        let Some(coverage) = coverage.filter(|_| self.may_save()) else { return };
        let (provider, now) = (account.info.id.clone(), self.0.clock.now());
        let written = self.0.store.set_coverage(provider, list.clone(), coverage.clone(), now);
        match written.await {
            Ok(_) => account.note_written(list, coverage),
            Err(error) => self.emit_store_error(&error).await,
        }
    }

    /// Tells how much is known of a card that is read by itself; of all it is in the health. Each
    /// reading moves it on, which is no news.
    pub(super) async fn emit_covered(
        &self,
        account: &Account,
        key: Option<&CardKey>,
        is_news: bool,
    ) {
        if let Some(card) = key {
            let covered = account.covered_of(&card.id, self.0.clock.now());
            let event = EngineEvent::Covered { card: card.clone(), covered };
            self.0.outbox.send(event, is_news).await;
        }
    }
}
