//! All transactions of the data file, read behind the first frame: page by page, on the connection
//! that only reads, so that no reading of a provider waits for it.

use jiff::Timestamp;
use tokio::sync::mpsc;

use super::{Engine, EngineEvent};
use crate::domain::transaction::{RowNews, Transaction};
use crate::ledger::Ledger;
use crate::store::StoreError;

/// Transactions of the first frame: more than a screen has rows.
const FIRST: u32 = 200;

/// Transactions of one page. Tests have several with fewer rows.
const PAGE: u32 = if cfg!(test) { 500 } else { 10_000 };

/// Pages that may wait for the ledger to take them in.
const PAGES_WAITING: usize = 2;

impl Engine {
    /// Emits the newest transactions, for the first frame.
    pub(super) async fn emit_newest_transactions(&self) {
        match self.0.store.newest_transactions(FIRST).await {
            Ok(rows) => self.emit(EngineEvent::Transactions(RowNews::kept(rows))).await,
            Err(error) => self.emit_store_error(&error).await,
        }
    }

    /// Emits all transactions of the data file at once.
    pub(super) async fn emit_history(self) {
        match self.history().await {
            Ok(Some(history)) => self.emit(EngineEvent::History(Box::new(history))).await,
            Ok(None) => {
                let why = "the older transactions could not be loaded: start again to see them";
                self.emit(EngineEvent::Broken(why.to_owned())).await;
            }
            Err(error) => self.emit_store_error(&error).await,
        }
    }

    /// All transactions of the data file as they are at the end; `None` when the work of making
    /// columns of them died.
    async fn history(&self) -> Result<Option<Ledger>, StoreError> {
        let mut seen = self.0.store.newest_change().await?;
        let (send, mut pages) = mpsc::channel::<Vec<Transaction>>(PAGES_WAITING);
        let rows = std::iter::from_fn(move || pages.blocking_recv()).flatten();
        let making = tokio::task::spawn_blocking(move || Ledger::from_rows(rows));
        let mut before = None;
        loop {
            let page = self.0.store.transactions_page(before, PAGE, None, Timestamp::MIN).await?;
            before = page.next;
            if send.send(page.rows).await.is_err() || before.is_none() {
                break;
            }
        }
        drop(send);
        let Ok(mut history) = making.await else { return Ok(None) };
        // What was written meanwhile may be in none of the pages.
        loop {
            let changes = self.0.store.changes_since(seen, PAGE).await?;
            history.remove(&changes.gone);
            history.apply_kept(&changes.rows);
            if changes.last == seen {
                return Ok(Some(history));
            }
            seen = changes.last;
        }
    }
}
