//! One reading of a list: the rows that have come, and how much was asked for them.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use jiff::Timestamp;

use super::page_keys::PageKeys;
use super::row::{ListRow, RowKey};
use super::{ListRead, Page, Pager, ReadMode, Result, Share};
use crate::domain::completeness::UnreadRow;
use crate::domain::coverage::{Lost, Stretch};

/// Most rows of one list; one that has more is taken for one without an end.
const MOST_ROWS: usize = 10_000_000;

/// How often pages are read again because rows moved, before that is left to the next reading.
const MOST_REPAIRS: usize = 12;

/// What has been read of a list so far.
///
/// More than twelve fields: what was found, and what tells when to stop.
pub(super) struct Reading<'a, T> {
    pub(super) pager: &'a Pager,
    pub(super) mode: ReadMode,
    share: Share,
    /// Most pages, and most pages that are read again to see whether rows moved.
    most_requests: usize,
    stopped: bool,
    lost: Vec<Lost>,
    rows: Vec<T>,
    /// Where a row is in `rows`.
    indices: HashMap<RowKey, usize>,
    /// By fingerprint.
    unread: BTreeMap<u64, UnreadRow>,
    gap: Option<Arc<str>>,
    /// Pages that were asked for.
    requests: usize,
    /// Pages that were asked for once more, to see whether rows moved.
    checks: usize,
    /// How often they had.
    repairs: usize,
}

impl<'a, T: ListRow> Reading<'a, T> {
    pub(super) fn new(
        pager: &'a Pager,
        mode: ReadMode,
        share: Share,
        most_requests: usize,
    ) -> Self {
        Self {
            pager,
            mode,
            share,
            most_requests,
            stopped: false,
            lost: Vec::new(),
            rows: Vec::new(),
            indices: HashMap::new(),
            unread: BTreeMap::new(),
            gap: None,
            requests: 0,
            checks: 0,
            repairs: 0,
        }
    }

    /// What was read, with the time from which on the window is complete.
    pub(super) fn finish(self, complete_from: Option<Timestamp>, ended: Result<()>) -> ListRead<T> {
        ListRead {
            requests: self.asked(),
            rows: self.rows,
            unread: self.unread.into_values().collect(),
            gap: self.gap,
            error: ended.err(),
            complete_from,
            is_cut_short: self.stopped,
            lost: self.lost,
        }
    }

    /// How much of the list is read at once.
    pub(super) const fn share(&self) -> Share {
        self.share
    }

    /// Pages that were asked for, those that were read before, too.
    pub(super) const fn asked(&self) -> usize {
        self.requests + self.checks
    }

    /// The rest is left to another reading.
    pub(super) const fn stop(&mut self) {
        self.stopped = true;
    }

    /// Notes a stretch that cannot be asked for.
    pub(super) fn note_lost(&mut self, stretch: Option<Stretch>, why: &str) {
        self.note_gap(why);
        self.lost.extend(stretch.map(|stretch| Lost::new(stretch, why.into())));
    }

    /// Takes a page in. Of a row that comes again the newer version replaces the older. Two rows of
    /// one page with the same key that cannot be the same row are a gap: one of them is not shown.
    pub(super) fn take(&mut self, page: Page<T>) {
        self.gap = self.gap.take().or(page.gap);
        let mut on_this_page: HashSet<RowKey> = HashSet::new();
        for row in page.items {
            let key = row.key();
            let is_repeated = !on_this_page.insert(key.clone());
            match self.indices.get(&key).and_then(|index| self.rows.get_mut(*index)) {
                Some(known) => {
                    if is_repeated && known.contradicts(&row) {
                        self.gap = self.gap.take().or_else(|| Some(contradiction(&key).into()));
                    }
                    *known = row;
                }
                None => {
                    self.indices.insert(key, self.rows.len());
                    self.rows.push(row);
                }
            }
        }
        self.unread.extend(page.skipped.into_iter().map(|row| (row.fingerprint, row)));
    }

    /// Whether a row came before, on whatever page.
    pub(super) fn has(&self, key: &RowKey) -> bool {
        self.indices.contains_key(key)
    }

    /// Whether all rows of a page that could be read came before, on whatever page.
    pub(super) fn has_all(&self, page: &PageKeys) -> bool {
        page.iter().all(|key| self.has(key) || matches!(key, RowKey::Unread(_)))
    }

    /// Notes why rows may be missing.
    pub(super) fn note_gap(&mut self, why: &str) {
        self.gap = Some(why.into());
    }

    /// Counts a request for a further page; false when the list has no end.
    pub(super) fn may_ask(&mut self) -> bool {
        self.requests += 1;
        self.has_an_end(self.requests)
    }

    /// Counts a request for a page that was read before; false when the list has no end.
    pub(super) fn may_check(&mut self) -> bool {
        self.checks += 1;
        self.has_an_end(self.checks)
    }

    /// Counts a time that rows had moved; false when they keep doing so.
    pub(super) fn may_repair(&mut self) -> bool {
        self.repairs += 1;
        self.repairs <= MOST_REPAIRS
    }

    fn has_an_end(&mut self, requests: usize) -> bool {
        let has_an_end = requests <= self.most_requests && self.rows.len() <= MOST_ROWS;
        if !has_an_end {
            self.note_gap(&format!("its list has no end: {} rows were read", self.rows.len()));
        }
        has_an_end
    }
}

/// Why a row is missing whose key another row of its page has.
fn contradiction(key: &RowKey) -> String {
    match key {
        RowKey::Named(_, id) => format!(
            "two rows of one page that are not the same have the id {id}: only one of them is \
             shown"
        ),
        RowKey::Unread(_) => {
            "two rows of one page that are not the same cannot be told apart".to_owned()
        }
    }
}
