//! Reads a list page by page, whether the wire counts pages or rows.
//!
//! **What can go wrong.** Between two requests rows may be added at the list's head or disappear,
//! and everything behind them moves: a row that was the first of page 2 becomes the last of page 1,
//! which has been read already, and is on no page that is still to come. That loss (a *slip*)
//! leaves no trace in the pages themselves, since each is a proper page of a proper list.
//!
//! **How a slip is noticed.** Pages by offset overlap by one row: as long as a page shares a row
//! with the one before it, nothing can have slipped between them. Numbered pages share no row, so
//! behind every page that shares none the page before is read again. If it has the same rows as
//! before, nothing had moved when the later page was read; if not, the pages from there on are read
//! again, after an end of that at most a dozen times, and in the end the head of the list is read
//! once more, because what moved there came too late for the first page.
//!
//! **Where a list ends.** At an empty page, or at one whose rows all were on pages before it. Never
//! at a count and never at a short page alone, since a provider may send fewer rows than it was
//! asked for; only where a larger page has come before is a short first page the whole list.
//!
//! **A provider that sends fewer rows than it was asked for** may count its pages by the size that
//! was asked for or by the one it sends: rows would be skipped or repeated. So a short first page
//! with rows behind it makes the reading begin again with that page's length as the size, by which
//! both ways of counting come to the same.
//!
//! Invariant: `pages` are the pages from the list's first on, each of which followed the one before
//! it when it was read, and `known` are the keys of their rows.

use std::collections::HashSet;

use jiff::{SignedDuration, Timestamp};

use super::order::Order;
use super::page_keys::{PageKeys, ReadPages};
use super::reading::Reading;
use super::row::{ListRow, RowKey};
use super::{Page, PageCursor, ReadMode, Result};

/// Two times closer than this cannot be told apart by every wire.
pub(super) const FINEST: SignedDuration = SignedDuration::from_secs(1);

/// What is read page by page: a list, or the part of it that lies in a window of time.
pub(super) struct PageSource<A> {
    /// The time that rows are asked for, from and to, both included.
    pub(super) window: Option<(Timestamp, Timestamp)>,
    pub(super) ask: A,
}

pub(super) struct Numbered<'r, 'a, T, A> {
    reading: &'r mut Reading<'a, T>,
    source: PageSource<A>,
    /// Rows to ask for.
    size: u16,
    pages: ReadPages,
    known: HashSet<RowKey>,
    /// How far the pages go back, as long as they come newest first.
    order: Order,
    /// Rows were seen to move while the pages were read.
    has_moved: bool,
    /// The list is read again from its beginning, with the length of its first page as the size.
    has_restarted: bool,
    /// Rows came that are not of the time that was asked for.
    ignores_window: bool,
}

/// What a page says, beside its rows.
struct Arrival {
    keys: PageKeys,
    /// When its rows happened, in their order.
    order: Order,
    /// Rows of the largest page that came before, in whatever reading.
    largest_before: usize,
    /// Of its rows that are on no page before it in this list.
    new: usize,
    /// Each of its rows was read before, in this list or in another window of it.
    is_read_already: bool,
    /// It has rows that are not of the time that was asked for.
    ignores_window: bool,
    /// What follows is older than the time that is wanted.
    is_past_window: bool,
    is_all: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Next {
    /// There may be more.
    Page,
    /// The list ends here.
    End,
    /// Rows keep moving; the next reading may have more luck.
    GiveUp,
}

/// How a reading of a list ended.
enum End {
    /// At the end of the list.
    Reached,
    /// The rest is left to another reading.
    Stopped,
    /// Rows kept moving, or the list has no end.
    GaveUp,
}

/// What reading the page before once more shows.
enum Recheck {
    Same,
    Moved,
    KeepsMoving,
}

impl<'r, 'a, T: ListRow, A, F> Numbered<'r, 'a, T, A>
where
    A: Fn(PageCursor) -> F,
    F: Future<Output = Result<Page<T>>>,
{
    pub(super) fn new(reading: &'r mut Reading<'a, T>, source: PageSource<A>) -> Self {
        let size = reading.pager.size();
        Self {
            reading,
            source,
            size,
            pages: ReadPages::default(),
            known: HashSet::new(),
            order: Order::default(),
            has_moved: false,
            has_restarted: false,
            ignores_window: false,
        }
    }

    /// Reads to the end of the list, or as far as the reading goes at once, and says how far back
    /// its window is complete.
    ///
    /// # Errors
    /// The first error of a page; what came before it stays in the reading.
    pub(super) async fn read(mut self) -> (Option<Timestamp>, Result<()>) {
        let ended = self.read_pages().await;
        let (mut complete_from, ended) = match ended {
            Ok(End::Reached) => (self.source.window.map(|(since, _)| since), Ok(())),
            Ok(End::Stopped) => (self.reached(), Ok(())),
            Ok(End::GaveUp) => (self.source.window.map(|(_, until)| until), Ok(())),
            Err(error) => (self.reached(), Err(error)),
        };
        if self.has_moved && ended.is_ok() {
            let until = self.source.window.map(|(_, until)| until);
            let head = self.read_head().await;
            complete_from = if head.is_ok() { complete_from } else { until };
            return (complete_from, head);
        }
        (complete_from, ended)
    }

    async fn read_pages(&mut self) -> Result<End> {
        while self.reading.may_ask() {
            if self.may_stop() {
                self.reading.stop();
                return Ok(End::Stopped);
            }
            let size = self.size_of_next();
            let page = self.page(self.pages.as_slice().len(), size).await?;
            let arrival = self.take(page);
            self.ignores_window |= arrival.ignores_window;
            let next = if self.pages.as_slice().is_empty() {
                self.first(arrival)
            } else {
                self.following(arrival).await?
            };
            match next {
                Next::Page => {}
                Next::End => return Ok(End::Reached),
                Next::GiveUp => return Ok(End::GaveUp),
            }
        }
        Ok(End::GaveUp)
    }

    /// Whether the rest is left to another reading: this one has read its share, and the pages show
    /// how far back they go; or it has read much more than that, unless all of it is of one moment:
    /// a reading of less time would begin with the same rows. A list whose dates are ignored has no
    /// other reading that could begin behind this one.
    fn may_stop(&self) -> bool {
        let share = self.reading.share();
        let Some(last) = self.pages.as_slice().last().filter(|_| !self.ignores_window) else {
            return false;
        };
        let is_full = last.len() >= usize::from(self.size).min(self.reading.pager.largest());
        let has_come_far = !self.has_moved
            && self.source.window.is_some_and(|(_, until)| self.reached() < Some(until));
        self.pages.as_slice().len() >= share.pages && is_full && has_come_far
            || self.reading.asked() >= share.most_requests && !self.order.is_one_moment()
    }

    /// How far back the window is complete, of which more could be asked for.
    fn reached(&self) -> Option<Timestamp> {
        let (since, until) = self.source.window?;
        let oldest = self.order.oldest().filter(|_| !self.has_moved && !self.ignores_window);
        // The last page may hold only some of the rows of its oldest second.
        let after = oldest.and_then(|oldest| oldest.checked_add(FINEST).ok());
        Some(after.map_or(until, |after| after.clamp(since, until)))
    }

    async fn page(&self, number: usize, size: u16) -> Result<Page<T>> {
        (self.source.ask)(self.pages.cursor(number, size, self.reading.pager)).await
    }

    /// Rows to ask for in the next page. Behind a short first page as many as that page has: then
    /// the next one begins where it ended, by whichever size the provider counts.
    fn size_of_next(&self) -> u16 {
        match self.pages.as_slice() {
            [first] if first.len() > 0 && self.may_be_capped(first) => {
                u16::try_from(first.len()).unwrap_or(self.size)
            }
            _ => self.size,
        }
    }

    /// Whether a first page may be short because the provider sends no more rows at once.
    fn may_be_capped(&self, first: &PageKeys) -> bool {
        first.len() < usize::from(self.size)
            && !self.reading.pager.pages_overlap()
            && !self.has_restarted
    }

    fn take(&mut self, page: Page<T>) -> Arrival {
        let keys = PageKeys::of(&page);
        let arrival = Arrival {
            order: Order::of(&page),
            largest_before: self.reading.pager.note_rows(page.len()),
            new: keys.count_new(&self.known),
            is_read_already: self.reading.has_all(&keys),
            ignores_window: has_rows_outside(&page, self.source.window),
            is_past_window: is_past(&page, self.source.window),
            is_all: page.is_all,
            keys,
        };
        self.reading.take(page);
        arrival
    }

    fn append(&mut self, page: PageKeys, order: Order) {
        self.known.extend(page.iter().cloned());
        self.order = self.order.followed_by(order);
        self.pages.push(page, self.reading.pager);
    }

    fn first(&mut self, arrival: Arrival) -> Next {
        let rows = arrival.keys.len();
        let is_complete = || {
            self.source.window.is_none()
                && self.reading.mode == ReadMode::Ordinary
                && self.reading.pager.is_known_whole(&arrival.keys)
        };
        let is_shorter_than_others = match self.reading.mode {
            ReadMode::Ordinary => rows < arrival.largest_before,
            ReadMode::Full => false,
        };
        let has_ended = rows == 0
            || arrival.is_all
            || arrival.is_past_window
            || is_complete()
            || arrival.is_read_already && arrival.ignores_window && !self.has_restarted
            || is_shorter_than_others && !self.has_restarted;
        self.append(arrival.keys, arrival.order);
        if has_ended { Next::End } else { Next::Page }
    }

    async fn following(&mut self, arrival: Arrival) -> Result<Next> {
        let (rows, number) = (arrival.keys.len(), self.pages.as_slice().len());
        let Some(before) = self.pages.as_slice().last() else { return Ok(Next::Page) };
        // Nothing behind a first page that was not full: only a full reading asks whether that page
        // still is the first.
        let is_complete =
            number == 1 && rows == 0 && before.len() < usize::from(self.size) && !self.has_moved;
        if is_complete && self.reading.mode == ReadMode::Ordinary {
            self.reading.pager.note_whole(before);
            return Ok(Next::End);
        }
        if self.may_have_slipped(before, &arrival) && self.reading.may_check() {
            match self.recheck_last().await? {
                Recheck::Same => {}
                Recheck::Moved => return Ok(Next::Page),
                Recheck::KeepsMoving => return Ok(Next::GiveUp),
            }
            if arrival.new == 0 && rows >= usize::from(self.size) && number == 1 {
                self.reading
                    .note_gap("the same page came again: what follows it cannot be asked for");
            }
        }
        if arrival.new == 0 {
            return Ok(Next::End);
        }
        if let [first] = self.pages.as_slice()
            && self.may_be_capped(first)
        {
            self.restart(first.len());
            return Ok(Next::Page);
        }
        self.append(arrival.keys, arrival.order);
        Ok(if arrival.is_past_window { Next::End } else { Next::Page })
    }

    /// Whether rows may have slipped past between a page and the one before it. A row on both shows
    /// that none did; a page without a new row may be the list's end, or rows that have moved back
    /// to where they were read.
    fn may_have_slipped(&self, before: &PageKeys, arrival: &Arrival) -> bool {
        if arrival.new == 0 {
            let is_overlap_only =
                self.reading.pager.pages_overlap() && arrival.keys.begins_with_last_of(before);
            !is_overlap_only
        } else {
            !arrival.keys.shares_row_with(before)
        }
    }

    /// Reads the last page again. Where it is not as before, the reading goes on from there; where
    /// none of its rows is known, rows may have slipped past it, too, and the reading goes on from
    /// one page further back.
    async fn recheck_last(&mut self) -> Result<Recheck> {
        let last = self.pages.as_slice().len().saturating_sub(1);
        let page = self.page(last, self.size).await?;
        let keys = PageKeys::of(&page);
        let is_same = self.pages.as_slice().last() == Some(&keys);
        let has_known_rows = keys.count_new(&self.known) < keys.len();
        self.reading.take(page);
        if is_same {
            return Ok(Recheck::Same);
        }
        self.has_moved = true;
        if !self.reading.may_repair() {
            self.reading.note_gap("rows kept moving while the pages were read");
            return Ok(Recheck::KeepsMoving);
        }
        self.pages.truncate(last);
        if has_known_rows || last == 0 {
            self.pages.push(keys, self.reading.pager);
        } else {
            self.pages.truncate(last.saturating_sub(1));
        }
        self.known = self.pages.as_slice().iter().flat_map(|page| page.iter().cloned()).collect();
        Ok(Recheck::Moved)
    }

    /// Begins again with the length of the first page as the size, since the provider sends no more
    /// rows at once.
    fn restart(&mut self, rows: usize) {
        self.size = u16::try_from(rows).unwrap_or(self.size).max(1);
        self.reading.pager.note_cap(self.size);
        self.pages.truncate(0);
        self.known.clear();
        self.order = Order::default();
        self.has_restarted = true;
    }

    /// Reads the beginning again, until a page has nothing new: rows that came there while the
    /// pages behind it were read.
    async fn read_head(&mut self) -> Result<()> {
        self.pages.truncate(0);
        while self.reading.may_ask() {
            let page = self.page(self.pages.as_slice().len(), self.size).await?;
            let keys = PageKeys::of(&page);
            let is_known = self.reading.has_all(&keys);
            self.reading.take(page);
            if is_known {
                break;
            }
            self.pages.push(keys, self.reading.pager);
        }
        Ok(())
    }
}

/// Whether a page has rows that are not of the time that was asked for: the wire ignores it.
pub(super) fn has_rows_outside<T: ListRow>(
    page: &Page<T>,
    window: Option<(Timestamp, Timestamp)>,
) -> bool {
    let Some((since, until)) = window else { return false };
    page.items.iter().filter_map(ListRow::time).any(|at| {
        at.saturating_add(FINEST).unwrap_or(at) < since
            || at > until.saturating_add(FINEST).unwrap_or(until)
    })
}

/// Whether a page comes newest first and ends before the time that is wanted: what follows is older
/// still.
fn is_past<T: ListRow>(page: &Page<T>, window: Option<(Timestamp, Timestamp)>) -> bool {
    let times: Vec<Timestamp> = page.items.iter().filter_map(ListRow::time).collect();
    let (Some((since, _)), Some(first), Some(last)) = (window, times.first(), times.last()) else {
        return false;
    };
    page.skipped.is_empty()
        && times.is_sorted_by(|newer, older| newer >= older)
        && first > last
        && *last < since
}
