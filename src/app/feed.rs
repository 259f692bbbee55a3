//! The feed: transactions and operations in one list, newest first, with its filter, its time range
//! and its totals.

mod joined;
mod older;
mod preparation;
mod rows;
mod seek;

use std::borrow::Cow;

use jiff::{SignedDuration, Timestamp};

use super::entry::Entry;
use super::list::{Direction, List, Motion};
use super::loaded::Loaded;
use super::memo::{DataVersion, Memo, Movement};
use super::portfolio::Portfolio;
use super::query::{Query, asks_holder};
use super::search::Search;
use crate::contract::Rows;
use crate::domain::filter::Filter;
use crate::domain::transaction::Transaction;
use crate::engine::{EngineEvent, Job};
use crate::ledger::{Order, OrderBy, RowKey, Total};
use older::OlderSearch;
pub(crate) use older::{Behind, MOST_FOUND};
use rows::{FeedRows, Queries};
use seek::Seek;
pub(crate) use seek::Sought;

/// Time ranges that `[` and `]` step through.
const RANGES: [(&str, Option<SignedDuration>); 8] = [
    ("15m", Some(SignedDuration::from_mins(15))),
    ("1h", Some(SignedDuration::from_hours(1))),
    ("5h", Some(SignedDuration::from_hours(5))),
    ("24h", Some(SignedDuration::from_hours(24))),
    ("2d", Some(SignedDuration::from_hours(48))),
    ("7d", Some(SignedDuration::from_hours(168))),
    ("30d", Some(SignedDuration::from_hours(720))),
    ("ever", None),
];

/// What `s` sorts by, in this order.
const COLUMNS: [OrderBy; 7] = [
    OrderBy::Time,
    OrderBy::What,
    OrderBy::Amount,
    OrderBy::Merchant,
    OrderBy::Card,
    OrderBy::Holder,
    OrderBy::Provider,
];

/// The stretch of time that is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Range {
    /// As long as this word says: `24h`.
    Last(&'static str),
    /// Everything.
    Ever,
    /// The filter says it: since this time, or all that it accepts.
    OfFilter(Option<Timestamp>),
}

/// The pane of the feed.
#[derive(Debug)]
pub(crate) struct Feed {
    pub(crate) list: List<Entry, FeedRows>,
    pub(crate) search: Search,
    /// The cursor stays on the newest row.
    pub(crate) follow: bool,
    /// The row under the cursor is explained below the list even where there is little room.
    pub(crate) explain: bool,
    /// Rows that came since the screen was paused.
    pub(crate) waiting: usize,
    order: Order,
    /// Index into [`RANGES`].
    range: usize,
    /// Revision of the filter, the range, and the order.
    memo: Memo<(u64, usize, Order)>,
    asked: Asked,
    /// Since when transactions were complete when the rows followed them last.
    complete_from: Option<Timestamp>,
    seek: Seek,
    older: OlderSearch,
}

/// What the rows were last searched with, beside filter, range and order.
#[derive(Clone, Copy, Debug, Default)]
struct Asked {
    /// When.
    at: Timestamp,
    /// When the screen was paused, while it is.
    paused: Option<Timestamp>,
    /// Of how much.
    loaded: Loaded,
}

impl Default for Feed {
    fn default() -> Self {
        Self {
            list: List::default(),
            search: Search::new(Rows::Feed),
            follow: true,
            explain: false,
            waiting: 0,
            order: Order::default(),
            range: 3,
            memo: Memo::default(),
            asked: Asked::default(),
            complete_from: None,
            seek: Seek::default(),
            older: OlderSearch::default(),
        }
    }
}

impl Feed {
    /// Which rows are shown, but for what the filter says of anything but time.
    pub(crate) fn range(&self) -> Range {
        let filter = self.search.filter();
        match (filter.since(), RANGES.get(self.range)) {
            (Some(at), _) => Range::OfFilter(Some(at)),
            (None, _) if filter.names_time() => Range::OfFilter(None),
            (None, Some((word, Some(_)))) => Range::Last(word),
            (None, Some((_, None)) | None) => Range::Ever,
        }
    }

    /// Shows more time (forward), or less.
    pub(crate) fn step_range(&mut self, direction: Direction) {
        self.range = match direction {
            Direction::Forward => (self.range + 1).min(RANGES.len() - 1),
            Direction::Backward => self.range.saturating_sub(1),
        };
    }

    /// What the rows are sorted by.
    pub(crate) const fn order(&self) -> Order {
        self.order
    }

    /// Sorts by the next column, with the cursor on the first row.
    pub(crate) fn sort_next(&mut self) {
        let index = COLUMNS.iter().position(|column| *column == self.order.by).unwrap_or(0);
        let by = COLUMNS.get(index + 1).copied().unwrap_or_default();
        self.order = Order { by, descending: begins_with_greatest(by) };
        self.follow();
    }

    /// Sorts the other way, with the cursor on the first row.
    pub(crate) fn reverse(&mut self) {
        self.order.descending = !self.order.descending;
        self.follow();
    }

    /// Whether the rows are in the other order than a column begins with.
    pub(crate) const fn is_reversed(&self) -> bool {
        self.order.descending != begins_with_greatest(self.order.by)
    }

    /// Moves the cursor; away from the first row nothing is followed any more.
    /// Beyond the last row is what is older than the rows in memory.
    pub(crate) fn go(&mut self, motion: Motion) {
        let is_last = |list: &List<Entry, FeedRows>| list.at() + 1 >= list.len();
        let was_last = is_last(&self.list);
        self.list.go(motion);
        let goes_down = match motion {
            Motion::Last => true,
            Motion::Down | Motion::HalfDown | Motion::PageDown => was_last,
            Motion::Up | Motion::First | Motion::HalfUp | Motion::PageUp => false,
        };
        if goes_down && is_last(&self.list) {
            self.older.want();
        }
        self.follow = self.list.at() == 0;
        if self.follow {
            self.list.follow_first();
        }
    }

    /// Stays on the row under the cursor instead of following the newest.
    pub(crate) const fn hold(&mut self) {
        self.follow = false;
        self.list.hold();
    }

    /// Stays on the newest row from now on.
    pub(crate) fn follow(&mut self) {
        self.follow = true;
        self.list.follow_first();
    }

    /// Rows of the time range that the filter hides, as far as they were looked at.
    pub(crate) fn hidden(&self) -> usize {
        self.list.rows().in_range().saturating_sub(self.list.len())
    }

    /// Sums per currency over the transactions that are shown, never across. Operations move no
    /// money until a transaction shows it, so they do not count; nor do older transactions while
    /// not all of them were looked at.
    pub(crate) fn totals(&self, portfolio: &Portfolio) -> Cow<'_, [Total]> {
        let rows = self.list.rows();
        let totals = rows.found().totals();
        if self.behind(portfolio) == Behind::Searched {
            Cow::Owned(Total::together(totals, rows.found_older().totals()))
        } else {
            Cow::Borrowed(totals)
        }
    }

    /// What is shown of the rows that are older than those in memory.
    pub(crate) fn behind(&self, portfolio: &Portfolio) -> Behind<'_> {
        let since = since(self.search.filter(), self.range, self.asked.at);
        match portfolio.older.from() {
            Some(from) if since < from => {
                let filter = !self.search.filter().is_empty();
                self.older.behind(filter && self.search.is_typing())
            }
            Some(_) | None => Behind::Nothing,
        }
    }

    /// Older transactions that were found, and are not in the sums yet.
    pub(crate) fn found_older(&self) -> usize {
        self.list.rows().found_older().len()
    }

    /// Takes in a page of older rows that was asked for, and counts rows that came while the screen
    /// is paused. The portfolio does not know of the event yet.
    pub(crate) fn apply(
        &mut self,
        event: &EngineEvent,
        portfolio: &Portfolio,
        paused: Option<Timestamp>,
    ) {
        if let EngineEvent::OlderRows { asked, page } = event {
            self.older.arrive(*asked, page);
        } else if let EngineEvent::Transactions(news) = event {
            self.count_waiting(&news.rows, portfolio, paused);
        }
    }

    /// Whether older rows are being searched, which Esc would end.
    pub(crate) fn is_searching_older(&self) -> bool {
        self.older.is_going_on()
    }

    /// Ends the search among older rows; whether there was one.
    pub(crate) fn stop_older(&mut self) -> bool {
        self.older.stop()
    }

    /// Forgets what was found of older rows where something else is looked for.
    pub(crate) fn settle_older(&mut self, portfolio: &mut Portfolio) {
        let filter = self.search.chip().map(str::to_owned);
        let from = portfolio.older.from();
        self.older.seek(older::Sought { filter, range: self.range, from }, portfolio);
    }

    /// Searches among older rows once those in memory were, and takes in what was found. The page
    /// that is to be read next, where one is.
    pub(crate) fn search_older(&mut self, portfolio: &mut Portfolio) -> Option<Job> {
        if self.list.rows().left().is_some() {
            return None;
        }
        let query = self.asked.query(self.search.filter(), self.range, self.order);
        let job = self.older.step(&query, !self.search.is_typing(), portfolio);
        let part = self.older.part();
        if part != self.list.rows().older_part() {
            let (whole, rest) = self.search.whole_and_rest();
            let query = |filter| self.asked.query(filter, self.range, self.order);
            let queries = Queries { whole: query(whole), rest: rest.map(query) };
            self.list.change(|rows| rows.renew_older(part, &queries, portfolio));
        }
        job
    }

    /// Transactions looked at so far, and how many there are; `None` once all were looked at.
    pub(crate) fn left(&self) -> Option<(usize, usize)> {
        self.list.rows().left()
    }

    /// How much was loaded when the rows were made.
    pub(crate) const fn loaded(&self) -> Loaded {
        self.asked.loaded
    }

    /// Since when transactions are complete, as of the rows.
    pub(crate) const fn complete_from(&self) -> Option<Timestamp> {
        self.complete_from
    }

    /// Whether there is more to be done than was done so far.
    pub(crate) fn has_more_work(&self) -> bool {
        self.left().is_some()
            || self.seek.is_going_on()
            || self.older.has_more_work()
            || self.list.rows().preparation().is_going_on()
    }

    /// Counts rows that came while the screen is paused, before they are taken in.
    fn count_waiting(
        &mut self,
        rows: &[Transaction],
        portfolio: &Portfolio,
        paused: Option<Timestamp>,
    ) {
        let Some(paused) = paused else { return };
        let is_new = |row: &&Transaction| {
            row.seen_at > paused && portfolio.transactions.position(&RowKey::from(*row)).is_none()
        };
        self.waiting += rows.iter().filter(is_new).count();
    }

    /// Looks for the next decline, or operation that failed or is in doubt.
    pub(crate) fn seek(&mut self, direction: Direction) {
        self.seek.begin(direction);
    }

    /// Looks for it no longer.
    pub(crate) fn stop_seeking(&mut self) {
        self.seek.stop();
    }

    /// Makes the rows again where something they depend on has changed, or goes on searching them.
    /// `paused` is when the screen was. Returns what became of a decline that was looked for.
    pub(crate) fn refresh_rows(
        &mut self,
        portfolio: &Portfolio,
        movement: Movement,
        paused: Option<Timestamp>,
    ) -> Sought {
        let (whole, rest) = self.search.whole_and_rest();
        let asks = asks_holder(whole) || rest.is_some_and(asks_holder);
        let names = asks || self.order.by == OrderBy::Holder;
        let data = DataVersion::of_history(portfolio, names);
        // What is paused stays as it was; what the line is opened over may act again.
        let moves = self.search.depends_on_time() || self.search.is_typing();
        if movement == Movement::Live && moves && self.memo.is_of_another_minute(data) {
            self.search.reread(portfolio.now, &portfolio.zone);
        }
        if paused.is_none() {
            self.waiting = 0;
        }
        if movement == Movement::Live {
            self.complete_from = portfolio.covered().complete.map(|known| known.from);
        }
        let choices = (self.search.revision, self.range, self.order);
        let is_other = !self.memo.is_of(&choices);
        let is_new = self.memo.renew(data, choices, movement);
        if is_new {
            self.asked = Asked { at: portfolio.now, paused, loaded: Loaded::now(portfolio) };
            self.seek.restart();
        }
        let cause = self.search.take_cause();
        let (whole, rest) = self.search.whole_and_rest();
        let query = |filter| self.asked.query(filter, self.range, self.order);
        let queries = Queries { whole: query(whole), rest: rest.map(query) };
        let is_loaded = portfolio.is_history_loaded() && !portfolio.are_cards_loading();
        if is_new {
            self.list.change_for(cause, |rows| {
                if is_other {
                    rows.forget();
                }
                rows.renew(&queries, portfolio);
            });
        } else if self.list.rows().left().is_some() {
            self.list.change_for(cause, |rows| rows.step(&queries, portfolio));
        } else if self.list.rows().preparation().is_wanted(self.search.is_typing(), is_loaded) {
            let is_typing = self.search.is_typing();
            self.list.change_for(cause, |rows| rows.prepare(is_typing, &queries.whole, portfolio));
        }
        let is_rest = self.list.rows().is_rest();
        self.search.set_aside(is_rest);
        let query = self.asked.query(self.search.filter(), self.range, self.order);
        let sought = self.seek.step(&query, self.list.rows(), self.list.at(), portfolio);
        if let Sought::At(index) = sought {
            self.list.select_at(index);
            self.follow = false;
        }
        sought
    }
}

/// Whether a column begins with what is newest or largest. Words begin with A.
const fn begins_with_greatest(by: OrderBy) -> bool {
    matches!(by, OrderBy::Time | OrderBy::Amount)
}

impl Asked {
    fn query<'a>(&self, filter: &'a Filter, range: usize, order: Order) -> Query<'a> {
        Query { filter, since: since(filter, range, self.at), seen_until: self.paused, order }
    }
}

/// From when on rows are shown: what the filter says goes before the range.
fn since(filter: &Filter, range: usize, now: Timestamp) -> Timestamp {
    let of_range = || {
        let (_, range) = RANGES.get(range)?;
        now.checked_sub((*range)?).ok()
    };
    filter
        .since()
        .or_else(|| if filter.names_time() { None } else { of_range() })
        .unwrap_or(Timestamp::MIN)
}
