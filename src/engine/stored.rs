//! The transactions of the data file that are held in memory, read behind the first frame: from the
//! column file and what was written since, else page by page, on the connection that only reads, so
//! that no reading of a provider waits for it.

use std::fs;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::{mpsc, watch};

use super::start::FIRST_ROWS;
use super::{Engine, EngineEvent};
use crate::config::InMemory;
use crate::domain::transaction::{RowName, Transaction};
use crate::ledger::{Ledger, Origin};
use crate::provider::crypto::random;
use crate::store::StoreError;

/// Transactions of one page.
const PAGE: u32 = 500;

/// Rows that there is room for before they come, at most.
const MOST_EXPECTED: usize = 2_000_000;

/// Changes that the column file may lack before it is written anew.
const MANY_CHANGES: i64 = if cfg!(test) { 20 } else { 5_000 };

/// How often it is looked whether it lacks so many.
const COLUMNS_EVERY: Duration = Duration::from_secs(15 * 60);

/// How often the rows are counted while others go on writing.
const MOST_COUNTS: usize = 10;

/// Pages that may wait for the ledger to take them in.
const PAGES_WAITING: usize = 2;

impl Engine {
    /// Emits the newest transactions, for the first frame.
    pub(super) async fn emit_newest_transactions(&self) {
        if let Err(error) = self.tell_newest_rows(FIRST_ROWS).await {
            self.emit_store_error(&error).await;
        }
    }

    /// Emits the transactions that are held in memory at once, and keeps the column file from which
    /// that is quick at the next start.
    pub(super) async fn emit_history(self) {
        match self.history().await {
            Ok(Some(history)) => {
                if history.from > Timestamp::MIN {
                    let (from, older) = (history.from, history.older);
                    self.emit(EngineEvent::Horizon { from, older }).await;
                }
                match self.tell_history(history.ledger.clone(), history.seen).await {
                    Ok(()) => self.write_column_file(history).await,
                    Err(error) => self.emit_store_error(&error).await,
                }
            }
            Ok(None) => {
                let why = "the older transactions could not be loaded: start again to see them";
                self.emit(EngineEvent::Trouble(why.to_owned())).await;
            }
            Err(error) => self.emit_store_error(&error).await,
        }
    }

    /// Writes the column file anew now and then, as long as the engine runs.
    pub(super) async fn follow_column_file(self) {
        loop {
            tokio::time::sleep(COLUMNS_EVERY).await;
            let (Some(path), Ok(newest)) =
                (self.0.store.column_file(), self.0.store.newest_change().await)
            else {
                continue;
            };
            let known = tokio::task::spawn_blocking(move || Ledger::origin(&path)).await;
            let known = known.ok().flatten().map_or(0, |origin| origin.change);
            if newest.saturating_sub(known) > MANY_CHANGES
                && let Ok(Some(history)) = self.history().await
            {
                self.write_column_file(history).await;
            }
        }
    }

    /// The transactions of the data file within the limits of the memory, as they are at the end;
    /// `None` when the work of making columns of them died.
    pub(super) async fn history(&self) -> Result<Option<History>, StoreError> {
        if let Some(history) = self.history_of_column_file().await? {
            return Ok(Some(history));
        }
        if let Some(path) = self.0.store.column_file() {
            // What is in doubt is not looked at again.
            let _ = tokio::task::spawn_blocking(move || fs::remove_file(path)).await;
        }
        let seen = self.0.store.newest_change().await?;
        let (send, mut pages) = mpsc::channel::<Vec<Transaction>>(PAGES_WAITING);
        let rows = std::iter::from_fn(move || pages.blocking_recv()).flatten();
        let mut room = self.0.told.in_memory.rows;
        // Each row has a number of its own, but a number may be that of an earlier form of a row.
        let expected = usize::try_from(seen).unwrap_or(room).min(room).min(MOST_EXPECTED);
        let making = tokio::task::spawn_blocking(move || Ledger::from_about(expected, rows));
        let oldest = self.oldest_in_memory();
        let (found, from) = watch::channel(oldest);
        let take = move |mut rows: Vec<Transaction>| {
            if let Some(last) = room.checked_sub(1).and_then(|last| rows.get(last)) {
                // What happened in the same millisecond stays together.
                found.send_replace(last.at);
                rows.retain(|row| row.at >= *found.borrow());
            }
            room = room.saturating_sub(rows.len());
            // Where the engine has stopped nobody waits for the end of it.
            let goes_on = send.blocking_send(rows).is_ok() && !found.is_closed();
            goes_on.then(|| *found.borrow())
        };
        self.0.store.snapshot().await?.each_transactions_page(PAGE, oldest, take).await?;
        let from = *from.borrow();
        let Ok(ledger) = making.await else { return Ok(None) };
        let mut history = History { ledger, seen, unwritten: 0, from, older: 0 };
        // What was written meanwhile may be in none of the pages.
        self.catch_up(&mut history).await?;
        self.count_older(&mut history).await?;
        history.unwritten = i64::try_from(history.ledger.len()).unwrap_or(i64::MAX);
        Ok(Some(history))
    }

    /// The same from the column file and what was written since; `None` where there is none, or
    /// any doubt about it.
    pub(super) async fn history_of_column_file(&self) -> Result<Option<History>, StoreError> {
        let store = &self.0.store;
        let (Some(path), Some(number)) = (store.column_file(), store.column_file_number().await?)
        else {
            return Ok(None);
        };
        let loading = tokio::task::spawn_blocking(move || Ledger::load(&path)).await;
        let Some((ledger, origin)) = loading.ok().flatten() else { return Ok(None) };
        if origin.number != number || origin.change > store.newest_change().await? {
            return Ok(None);
        }
        let Origin { change: seen, from, .. } = origin;
        let mut history = History { ledger, seen, unwritten: 0, from, older: 0 };
        for _ in 0..MOST_COUNTS {
            self.catch_up(&mut history).await?;
            let count = store.count_transactions_since(from).await?;
            // Where something was written since, the count may be of a later moment.
            if store.newest_change().await? == history.seen {
                if u64::try_from(history.ledger.len()) != Ok(count) || self.lacks_rows(&history) {
                    return Ok(None);
                }
                history.unwritten = history.seen.saturating_sub(origin.change);
                self.cut(&mut history);
                self.count_older(&mut history).await?;
                return Ok(Some(history));
            }
        }
        Ok(None)
    }

    /// Takes in what was written since.
    async fn catch_up(&self, history: &mut History) -> Result<(), StoreError> {
        loop {
            let changes = self.0.store.changes_since(history.seen, PAGE).await?;
            history.ledger.remove(&changes.gone);
            let is_older = |row: &Transaction| row.at < history.from;
            let (older, rows): (Vec<_>, Vec<_>) = changes.rows.into_iter().partition(is_older);
            history.ledger.remove(&older.iter().map(RowName::from).collect::<Vec<_>>());
            history.ledger.apply_kept(&rows);
            if changes.last == history.seen {
                return Ok(());
            }
            history.seen = changes.last;
        }
    }

    /// The time before which no row is held in memory.
    fn oldest_in_memory(&self) -> Timestamp {
        oldest_in_memory(self.0.told.in_memory, self.0.clock.now())
    }

    /// Whether rows have to be held that a column file of narrower limits does not have.
    fn lacks_rows(&self, history: &History) -> bool {
        let most = self.0.told.in_memory.rows;
        history.from > self.oldest_in_memory() && history.ledger.len() < most - most / 10
    }

    /// Drops what is beyond the limits of the memory.
    fn cut(&self, history: &mut History) {
        let ledger = &mut history.ledger;
        let oldest = self.0.told.in_memory.rows.checked_sub(1).and_then(|last| ledger.at(last));
        let oldest = oldest.map(whole_milliseconds).max(Some(self.oldest_in_memory()));
        let from = oldest.unwrap_or(Timestamp::MIN).max(history.from);
        let dropped = ledger.drop_before(from);
        history.from = from;
        history.unwritten += i64::try_from(dropped).unwrap_or(i64::MAX);
    }

    /// Counts the rows of the data file that are not held; where there is none, all are.
    async fn count_older(&self, history: &mut History) -> Result<(), StoreError> {
        if history.from > Timestamp::MIN {
            let all = self.0.store.count_transactions().await?;
            let held = self.0.store.count_transactions_since(history.from).await?;
            history.older = all.saturating_sub(held);
            if history.older == 0 {
                history.from = Timestamp::MIN;
            }
        }
        Ok(())
    }

    /// Writes the column file anew where it lacks much. It may fail, and may be given up at any
    /// moment: the one before stays whole, and one that the data file does not know is not used.
    async fn write_column_file(&self, history: History) {
        let Some(path) = self.0.store.column_file() else { return };
        if history.unwritten <= MANY_CHANGES || !self.may_save() {
            return;
        }
        let Ok(number) = random::<8>().map(i64::from_be_bytes) else { return };
        let origin = Origin { number, change: history.seen, from: history.from };
        let writing = tokio::task::spawn_blocking(move || history.ledger.save(&path, origin));
        match writing.await {
            Ok(Ok(())) => {
                if let Err(error) = self.0.store.set_column_file_number(number).await {
                    tracing::warn!("the column file is not used: the data file {error}");
                }
            }
            Ok(Err(error)) => tracing::warn!("the column file cannot be written: {error}"),
            Err(_) => {}
        }
    }
}

/// The time before which no row is held in memory, in whole milliseconds.
fn oldest_in_memory(limits: InMemory, now: Timestamp) -> Timestamp {
    let age = limits.age.and_then(|age| SignedDuration::try_from(age).ok());
    age.and_then(|age| now.checked_sub(age).ok()).map_or(Timestamp::MIN, whole_milliseconds)
}

/// The millisecond of a time, as the data file has it.
fn whole_milliseconds(at: Timestamp) -> Timestamp {
    Timestamp::from_millisecond(at.as_millisecond()).unwrap_or(at)
}

/// The transactions of the data file that are held in memory.
pub(super) struct History {
    pub(super) ledger: Ledger,
    /// The last change that is in it.
    pub(super) seen: i64,
    /// How many changes the column file lacks.
    unwritten: i64,
    /// From when on they are held; [`Timestamp::MIN`] where all are.
    from: Timestamp,
    /// How many older ones the data file has.
    older: u64,
}
