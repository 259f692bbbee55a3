//! Keeps when accounts did not answer, and when they were asked, for reports.

use jiff::Timestamp;

use super::Engine;
use super::account::{Account, OutageNews};
use crate::domain::outage::{Outage, Watched};
use crate::store::StoreError;

impl Engine {
    /// Keeps what is new of an account's outages. What the data file does not take is offered again
    /// with the next reading.
    pub(super) async fn keep_outages(&self, account: &Account, now: Timestamp) {
        if !self.may_save() {
            return;
        }
        let (mut news, noted) = account.take_outage_news(now);
        // Only what reads by itself would see an outage.
        let noted = noted.filter(|_| self.0.polling);
        if self.try_keep_outages(account, now, &mut news, noted).await.is_err() {
            account.put_outage_news_back(news);
        }
    }

    /// Takes each of the news away once it is kept.
    async fn try_keep_outages(
        &self,
        account: &Account,
        now: Timestamp,
        news: &mut Vec<OutageNews>,
        noted: Option<bool>,
    ) -> Result<(), StoreError> {
        let (store, provider) = (&self.0.store, &account.info.id);
        while let Some(next) = news.first() {
            match *next {
                OutageNews::Began(from, kind) => {
                    store.begin_outage(provider.clone(), from, kind).await?;
                }
                OutageNews::Ended(at) => store.end_outage(provider.clone(), at).await?,
            }
            news.remove(0);
        }
        if let Some(is_out) = noted {
            store.note_watched(provider.clone(), now, is_out).await?;
        }
        Ok(())
    }

    /// The outages that lasted at this time or later, and when a cardtop ran since then that would
    /// have seen one.
    ///
    /// # Errors
    /// A sentence, when the data file cannot be read.
    pub async fn outages_since(
        &self,
        since: Timestamp,
    ) -> Result<(Vec<Outage>, Vec<Watched>), String> {
        self.0.store.outages_since(since).await.map_err(|error| self.unread(&error))
    }
}
