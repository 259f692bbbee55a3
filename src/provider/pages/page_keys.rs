//! A page as the keys of its rows, by which two readings of it are compared.

use std::collections::HashSet;

use super::row::{ListRow, RowKey};
use super::{Page, PageCursor, Pager};

/// The keys of a page's rows in their order, those that could not be read last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PageKeys(Vec<RowKey>);

impl PageKeys {
    pub(super) fn of<T: ListRow>(page: &Page<T>) -> Self {
        let unread = page.skipped.iter().map(|row| RowKey::Unread(row.fingerprint));
        Self(page.items.iter().map(ListRow::key).chain(unread).collect())
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &RowKey> {
        self.0.iter()
    }

    /// How many of its rows are not among these.
    pub(super) fn count_new(&self, known: &HashSet<RowKey>) -> usize {
        self.iter().filter(|key| !known.contains(*key)).count()
    }

    /// Whether any row is on both pages.
    pub(super) fn shares_row_with(&self, other: &Self) -> bool {
        let known: HashSet<&RowKey> = self.iter().collect();
        other.iter().any(|key| known.contains(key))
    }

    /// Whether this page begins with the row that ends the other.
    pub(super) fn begins_with_last_of(&self, before: &Self) -> bool {
        self.0.first().is_some_and(|first| Some(first) == before.0.last())
    }
}

/// The pages of a list that were read, from its first on, and where each of them began.
#[derive(Debug, Default)]
pub(super) struct ReadPages {
    pages: Vec<PageKeys>,
    /// Rows before each of them.
    offsets: Vec<u64>,
}

impl ReadPages {
    pub(super) fn as_slice(&self) -> &[PageKeys] {
        &self.pages
    }

    /// A page behind those that were read.
    pub(super) fn push(&mut self, page: PageKeys, pager: &Pager) {
        self.offsets.push(self.offset(self.pages.len(), pager));
        self.pages.push(page);
    }

    pub(super) fn truncate(&mut self, length: usize) {
        self.pages.truncate(length);
        self.offsets.truncate(length);
    }

    /// Where page `number` begins, which is one of these or the one behind them.
    pub(super) fn cursor(&self, number: usize, size: u16, pager: &Pager) -> PageCursor {
        let offset = self.offset(number, pager);
        PageCursor { number: u32::try_from(number).unwrap_or(u32::MAX), offset, size }
    }

    /// Rows before a page. Pages by offset overlap by a row, so that it shows whether rows moved
    /// between two of them; one behind a page of a single row does not, or it would be that page
    /// again.
    fn offset(&self, number: usize, pager: &Pager) -> u64 {
        let before = number.checked_sub(1);
        let Some((page, offset)) =
            before.and_then(|before| self.pages.get(before).zip(self.offsets.get(before)))
        else {
            return 0;
        };
        let repeated = usize::from(pager.pages_overlap() && page.len() > 1);
        let rows = u64::try_from(page.len().saturating_sub(repeated)).unwrap_or(u64::MAX);
        offset.saturating_add(rows)
    }
}
