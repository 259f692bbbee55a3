//! Transactions that happened before those in memory: since when, how many, and the ones that a
//! search has found in the data file.

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::domain::transaction::{RowName, RowNews, Transaction};
use crate::ledger::Ledger;

/// Rows of a chunk of what was found: so few that a page is put in between two frames.
const CHUNK: usize = 2_048;

/// What is known of the transactions of the data file that are not in memory.
#[derive(Debug)]
pub struct Older {
    /// From when on rows are in memory; all are where not set.
    from: Option<Timestamp>,
    /// How many older ones there are.
    count: usize,
    /// Others were told since they were counted.
    is_more: bool,
    /// Those that a search has found.
    found: Ledger,
    /// What was told of older rows since a page was asked for, which may have been read before;
    /// `None` while none is.
    meanwhile: Option<Vec<RowNews>>,
}

impl Default for Older {
    fn default() -> Self {
        Self {
            from: None,
            count: 0,
            is_more: false,
            found: Ledger::in_chunks_of(CHUNK),
            meanwhile: None,
        }
    }
}

impl Older {
    /// From when on rows are in memory; `None` where all are.
    #[must_use]
    pub const fn from(&self) -> Option<Timestamp> {
        self.from
    }

    /// How many rows of the data file are older, and whether there may be more.
    #[must_use]
    pub const fn count(&self) -> (usize, bool) {
        (self.count, self.is_more)
    }

    /// The rows that a search has found.
    #[must_use]
    pub const fn found(&self) -> &Ledger {
        &self.found
    }

    /// Whether what happened then is not in memory.
    pub(super) fn has(&self, at: Timestamp) -> bool {
        self.from.is_some_and(|from| at < from)
    }

    /// Rows are in memory from this time on, and the data file has so many older ones.
    pub(super) fn begin(&mut self, from: Timestamp, count: u64) {
        (self.from, self.count) = (Some(from), usize::try_from(count).unwrap_or(usize::MAX));
        self.is_more = false;
    }

    /// Rows have left the memory, which has those from this time on.
    pub(super) fn take_over(&mut self, from: Timestamp, rows: usize) {
        self.from = Some(from);
        self.count += rows;
    }

    /// A search has passed all of them.
    pub(crate) const fn counted(&mut self, count: usize) {
        (self.count, self.is_more) = (count, false);
    }

    /// Forgets what was found.
    pub(crate) fn forget(&mut self) {
        self.found = Ledger::in_chunks_of(CHUNK);
    }

    /// A page is asked for: what is told from now on is newer.
    pub(crate) fn expect_page(&mut self) {
        self.meanwhile = Some(Vec::new());
    }

    /// None is any more.
    pub(crate) fn expect_no_page(&mut self) {
        self.meanwhile = None;
    }

    /// Takes in rows of a page that were found, and what was told since it was asked for.
    pub(crate) fn add(&mut self, rows: &[Transaction], unsaved: &BTreeSet<RowName>) {
        // A row that the data file has not taken is in memory, whenever it happened.
        let is_saved = |row: &&Transaction| !unsaved.contains(&RowName::from(*row));
        let rows: Vec<Transaction> = rows.iter().filter(is_saved).cloned().collect();
        self.found.apply_kept(&rows);
        for news in self.meanwhile.take().into_iter().flatten() {
            self.put(&news);
        }
    }

    /// Takes in what is told of older rows, and the names that rows do not have any more.
    pub(super) fn apply(&mut self, news: RowNews) {
        if self.from.is_none() {
            return;
        }
        self.is_more |= !news.rows.is_empty();
        self.put(&news);
        if let Some(meanwhile) = &mut self.meanwhile {
            meanwhile.push(news);
        }
    }

    fn put(&mut self, news: &RowNews) {
        self.found.remove(news.gone.iter().flatten());
        self.found.apply_kept(&news.rows);
    }
}
