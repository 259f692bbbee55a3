//! What the data file has, for commands that print it without asking a provider.

use std::path::Path;

use jiff::Timestamp;

use super::Engine;
use crate::domain::card::{CardKey, ProviderId};
use crate::domain::coverage::Coverage;
use crate::store::{Page, PageKey, Store};

/// How many transactions opening the data file of this folder would write anew; see
/// [`Store::rows_to_rewrite`].
#[must_use]
pub fn rows_to_rewrite(data: &Path) -> Option<u64> {
    Store::rows_to_rewrite(data)
}

impl Engine {
    /// A page of the transactions that the data file has, newest first, of all cards or of one; see
    /// [`Store::transactions_page`](crate::store::Store::transactions_page). No request is sent.
    ///
    /// # Errors
    /// Why the data file cannot be read: one sentence.
    pub async fn kept_transactions(
        &self,
        before: Option<PageKey>,
        limit: u32,
        card: Option<&CardKey>,
        since: Timestamp,
    ) -> Result<Page, String> {
        let page = self.0.store.transactions_page(before, limit, card.cloned(), since).await;
        page.map_err(|error| format!("the data file {error}"))
    }

    /// Up to when the transactions of an account, or of one card, were read the last time; `None`
    /// where that is not known. Of an account that is read card by card, the card that was read
    /// longest ago counts.
    pub async fn kept_as_of(
        &self,
        provider: &ProviderId,
        card: Option<&CardKey>,
    ) -> Option<Timestamp> {
        let lists = self.0.store.coverage(provider.clone()).await.ok()?;
        let newest = |of: Option<&str>| {
            let mut lists = lists.iter().filter(|(card, _)| card.as_deref() == of);
            lists.find_map(|(_, coverage)| Coverage::newest(coverage))
        };
        let of_one = card.and_then(|card| newest(Some(&card.id)));
        let of_each = || {
            let lists = lists.iter().filter(|_| card.is_none());
            lists.map(|(_, coverage)| coverage.newest()).min().flatten()
        };
        of_one.max(newest(None)).or_else(of_each)
    }
}
