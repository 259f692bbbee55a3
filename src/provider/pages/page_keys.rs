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

/// Where page `number` of a list begins, behind those that were read before it. Pages by offset
/// overlap by a row, so that it shows whether rows moved between two of them; one behind a page of
/// a single row does not, or it would be that page again.
pub(super) fn cursor(pages: &[PageKeys], number: usize, size: u16, pager: &Pager) -> PageCursor {
    let rows: usize = pages.iter().take(number).map(PageKeys::len).sum();
    let repeated = if pager.pages_overlap() {
        pages.iter().take(number).filter(|page| page.len() > 1).count()
    } else {
        0
    };
    let offset = u64::try_from(rows.saturating_sub(repeated)).unwrap_or(u64::MAX);
    PageCursor { number: u32::try_from(number).unwrap_or(u32::MAX), offset, size }
}
