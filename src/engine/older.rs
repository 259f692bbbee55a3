//! Transactions of the data file that are older than those in memory, read page by page for a
//! search.

use jiff::Timestamp;

use super::{Engine, EngineEvent};
use crate::domain::card::CardKey;
use crate::ledger::Ledger;
use crate::store::{Page, PageKey};

/// Rows of one page: so few that a page is there in the time of some frames, also where the next
/// key makes it useless. Tests have several with fewer rows.
const PAGE: u32 = if cfg!(test) { 500 } else { 10_000 };

/// Rows of the data file, newest first, as columns.
#[derive(Clone, Debug, Default)]
pub struct OlderPage {
    /// The rows.
    pub rows: Box<Ledger>,
    /// Before what the next page begins; `None` where this was the last.
    pub next: Option<PageKey>,
}

impl Engine {
    /// Answers [`Job::OlderRows`](super::Job::OlderRows).
    pub(super) async fn answer_older_rows(
        self,
        asked: u64,
        before: PageKey,
        card: Option<CardKey>,
        since: Timestamp,
    ) {
        let page = self.older_page(before, card, since).await;
        self.emit(EngineEvent::OlderRows { asked, page }).await;
    }

    async fn older_page(
        &self,
        before: PageKey,
        card: Option<CardKey>,
        since: Timestamp,
    ) -> Result<OlderPage, String> {
        let page = self.0.store.transactions_page(Some(before), PAGE, card, since).await;
        let Page { rows, next } = page.map_err(|error| format!("the data file {error}"))?;
        let columns = tokio::task::spawn_blocking(move || Ledger::from_rows(rows));
        let rows = columns.await.map_err(|_| "cardtop itself failed at it".to_owned())?;
        Ok(OlderPage { rows: Box::new(rows), next })
    }
}
