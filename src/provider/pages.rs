//! One reader for every list of a provider, whatever its wire: the board, the command line and the
//! lookups that settle a top-up read with it.
//!
//! A list may change while its pages are read, and what a provider says of its length may be wrong.
//! So rows are told apart by identity, a list ends at an empty page or at one without new rows and
//! never because of a count, and where rows may have slipped from one page to the next the page
//! before is read again until both agree.

mod by_time;
mod numbered;
mod order;
mod page_keys;
mod pager;
mod reading;
mod row;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::{Error, Result, Window};
use crate::domain::completeness::UnreadRow;
use crate::domain::coverage::Lost;
use crate::domain::transaction::Transaction;
use numbered::{Numbered, PageSource};
pub use pager::{Pager, Paging};
use reading::Reading;
pub(super) use row::unread;
pub use row::{ListRow, RowKey};

/// Most requests for a list of cards, or for a window of transactions that somebody waits for; a
/// list that has more is taken for one without an end.
const MOST_REQUESTS: usize = 4_000;

/// Most requests for a history: as many as pages of fifty rows have ten million rows.
const MOST_REQUESTS_OF_A_HISTORY: usize = 200_000;

/// Reads all pages of a list that has no times, such as the cards. `ask` is called for one page
/// after the other, never for two at once.
pub async fn read_all<T: ListRow, F>(
    pager: &Pager,
    mode: ReadMode,
    ask: impl Fn(PageCursor) -> F,
) -> ListRead<T>
where
    F: Future<Output = Result<Page<T>>>,
{
    let mut reading = Reading::new(pager, mode, Share::ALL, MOST_REQUESTS);
    let source = PageSource { window: None, ask };
    let (_, ended) = Numbered::new(&mut reading, source).read().await;
    reading.finish(None, ended)
}

/// Reads all transactions of a window that somebody waits for, such as the lookup of a top-up: in
/// pages, or by parts of its time, as the wire wants it.
pub async fn read_window<F>(
    pager: &Pager,
    window: &Window,
    mode: ReadMode,
    ask: impl Fn(Window, PageCursor) -> F,
) -> ListRead<Transaction>
where
    F: Future<Output = Result<Page<Transaction>>>,
{
    read_parts(Reading::new(pager, mode, Share::ALL, MOST_REQUESTS), window, ask).await
}

/// Reads as much of a window as is read at once, from its newer end, and says how far back it is
/// complete.
pub async fn read_share<F>(
    pager: &Pager,
    window: &Window,
    mode: ReadMode,
    share: Share,
    ask: impl Fn(Window, PageCursor) -> F,
) -> ListRead<Transaction>
where
    F: Future<Output = Result<Page<Transaction>>>,
{
    read_parts(Reading::new(pager, mode, share, MOST_REQUESTS_OF_A_HISTORY), window, ask).await
}

async fn read_parts<F>(
    mut reading: Reading<'_, Transaction>,
    window: &Window,
    ask: impl Fn(Window, PageCursor) -> F,
) -> ListRead<Transaction>
where
    F: Future<Output = Result<Page<Transaction>>>,
{
    let pager = reading.pager;
    let (complete_from, ended) = match pager.paging() {
        Paging::Numbered { .. } | Paging::Offset { .. } => {
            let mut read = (Some(window.until), Ok(()));
            for part in split(window, pager.longest_window()) {
                let source = PageSource {
                    window: Some((part.since, part.until)),
                    ask: |cursor| ask(part.clone(), cursor),
                };
                read = Numbered::new(&mut reading, source).read().await;
                if read.1.is_err() || read.0 > Some(part.since) {
                    break;
                }
            }
            read
        }
        Paging::ByTime => reading.by_time(window, &ask).await,
    };
    reading.finish(complete_from, ended)
}

/// Windows that together are this one, newest first, none longer than `longest`. Neighbours share
/// their end: whether a wire includes the end is seldom documented, and a row on it is told apart
/// by its identity.
fn split(window: &Window, longest: Option<SignedDuration>) -> Vec<Window> {
    let Some(longest) = longest.filter(|longest| longest.is_positive()) else {
        return vec![window.clone()];
    };
    let mut parts = Vec::new();
    let mut until = window.until;
    while until > window.since {
        let since = until.checked_sub(longest).unwrap_or(Timestamp::MIN).max(window.since);
        parts.push(Window { card: window.card.clone(), since, until });
        until = since;
    }
    parts
}

/// What was read of a list.
#[derive(Debug)]
pub struct ListRead<T> {
    /// Its rows, each once, as last seen, in the order in which they first came.
    pub rows: Vec<T>,
    /// Rows that could not be read, each once.
    pub unread: Vec<UnreadRow>,
    /// Why rows may be missing although every request was answered.
    pub gap: Option<Arc<str>>,
    /// What ended the reading before the list's end.
    pub error: Option<Error>,
    /// From when on everything of the window that can be asked for has come, up to its newer end;
    /// that end itself where nothing is known to be complete. `None` of a list without times.
    pub complete_from: Option<Timestamp>,
    /// The rest of the window was left to another reading.
    pub is_cut_short: bool,
    /// Stretches that cannot be asked for: each is a gap.
    pub lost: Vec<Lost>,
    /// How many requests it took, those for a page that was read before included.
    pub requests: usize,
}

impl<T> ListRead<T> {
    /// A list of which nothing was read because of this.
    #[must_use]
    pub const fn failed(error: Error) -> Self {
        Self {
            rows: Vec::new(),
            unread: Vec::new(),
            gap: None,
            error: Some(error),
            complete_from: None,
            is_cut_short: false,
            lost: Vec::new(),
            requests: 0,
        }
    }

    /// Whether the list was read to its end and every row could be read.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.unread.is_empty() && self.gap.is_none() && self.error.is_none() && !self.is_cut_short
    }
}

/// Whether the page behind a short first page is asked for, although the first is probably the
/// whole list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadMode {
    /// Not where a larger page has come before: the provider did not cut this one off.
    Ordinary,
    /// Always: a provider may have begun to send shorter pages.
    Full,
}

/// How much of a list is read at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    /// Full pages, after which the rest is left to another reading as soon as it is known how far
    /// back they go.
    pub pages: usize,
    /// Requests, after which the rest is left in any case.
    pub most_requests: usize,
}

impl Share {
    /// To the end.
    pub const ALL: Self = Self { pages: usize::MAX, most_requests: usize::MAX };
}

/// Which page of a list is wanted. An adapter sends what its wire knows: the number and size, or
/// the offset and size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageCursor {
    /// Its number, from 0.
    pub number: u32,
    /// Rows before it.
    pub offset: u64,
    /// Rows that are asked for.
    pub size: u16,
}

/// One page of a list. A row that cannot be read costs that row and not the page.
#[derive(Clone, Debug)]
pub struct Page<T> {
    /// Rows that could be read.
    pub items: Vec<T>,
    /// Rows that could not.
    pub skipped: Vec<UnreadRow>,
    /// How many rows there are in all, where the answer says so. Never a reason to stop: the count
    /// may be wrong.
    pub total: Option<usize>,
    /// Why there are rows that cannot be asked for, as a sentence for the screen.
    pub gap: Option<Arc<str>>,
    /// The wire sends the list at once: there is no other page.
    pub is_all: bool,
}

impl<T> Page<T> {
    /// A page of these rows, those that could not be read kept apart.
    #[must_use]
    pub fn of(rows: impl IntoIterator<Item = std::result::Result<T, UnreadRow>>) -> Self {
        let mut page =
            Self { items: Vec::new(), skipped: Vec::new(), total: None, gap: None, is_all: false };
        for row in rows {
            match row {
                Ok(item) => page.items.push(item),
                Err(unread) => page.skipped.push(unread),
            }
        }
        page
    }

    fn len(&self) -> usize {
        self.items.len() + self.skipped.len()
    }
}
