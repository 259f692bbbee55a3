//! The search of the feed among the transactions that are only in the data file.
//!
//! It begins by itself for a filter that is not being typed any more, and otherwise when the cursor
//! goes beyond the last row. Each page is asked of the engine, filtered here in slices like the
//! rows in memory, and only then the next is asked for: so whatever ends the search ends it at
//! once.

use jiff::{SignedDuration, Timestamp};

use super::rows::OlderPart;
use crate::app::portfolio::Portfolio;
use crate::app::query::{Query, Running};
use crate::engine::{Job, OlderPage, PageKey};
use crate::ledger::{Ledger, Order};

/// Most rows that are held of what was found: about 10 MB. Tests see a search that is cut with
/// fewer.
pub(crate) const MOST_FOUND: usize = if cfg!(test) { 1_500 } else { 100_000 };

/// The search, and how far it is.
#[derive(Debug, Default)]
pub(super) struct OlderSearch {
    sought: Sought,
    /// Number of the last page that was asked for.
    asked: u64,
    state: State,
    /// The rows of the page that is being filtered, and what it finds there.
    page: Ledger,
    running: Running,
    /// Before what that page begins, and the next; `None` behind the last.
    before: Option<PageKey>,
    next: Option<PageKey>,
    /// Rows of the pages before this one.
    passed: usize,
    /// When the oldest of them happened.
    reached: Option<Timestamp>,
    /// The operator went beyond the last row.
    is_wanted: bool,
}

/// What is looked for: where any of it is another, the search begins anew.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Sought {
    /// The filter as it was written.
    pub(super) filter: Option<String>,
    /// The time range, by its number.
    pub(super) range: usize,
    /// From when on rows are in memory.
    pub(super) from: Option<Timestamp>,
}

/// What is being done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
enum State {
    /// Nothing yet.
    #[default]
    Idle,
    /// The engine reads a page.
    Asked,
    /// A page came.
    Arrived,
    /// A page is being filtered.
    Filtering,
    /// The operator ended it.
    Stopped,
    /// As many rows were found as are held.
    Full,
    /// The data file could not be read: one sentence.
    Failed(String),
    /// All were looked at.
    Done,
}

/// What the feed shows of the rows that are older than those in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Behind<'a> {
    /// The time range has no such rows.
    Nothing,
    /// None was looked at; `starts` is whether the search begins once the filter is kept.
    NotSearched { starts: bool },
    /// So many were looked at, back to that time.
    Searching { visited: usize, reached: Option<Timestamp> },
    /// As many, until the operator ended it.
    Stopped { visited: usize, reached: Option<Timestamp> },
    /// More were found than are held: the newest ones are shown, back to that time.
    Cut { reached: Option<Timestamp> },
    /// They cannot be read.
    Failed(&'a str),
    /// All were looked at.
    Searched,
}

impl OlderSearch {
    /// Looks for something else from now on, where that is so. What was found is forgotten then.
    pub(super) fn seek(&mut self, sought: Sought, portfolio: &mut Portfolio) {
        if self.sought != sought {
            portfolio.older.forget();
            *self = Self { sought, asked: self.asked, ..Self::default() };
        }
        if !self.is_going_on() {
            portfolio.older.expect_no_page();
        }
    }

    /// The operator wants to see what is behind the last row.
    pub(super) const fn want(&mut self) {
        self.is_wanted = true;
    }

    /// Ends it where it goes on; whether it did.
    pub(super) fn stop(&mut self) -> bool {
        let goes_on = self.is_going_on();
        if goes_on {
            (self.state, self.is_wanted) = (State::Stopped, false);
            (self.page, self.running) = (Ledger::default(), Running::default());
        }
        goes_on
    }

    /// A page that was asked for.
    pub(super) fn arrive(&mut self, asked: u64, page: &Result<OlderPage, String>) {
        if asked != self.asked || self.state != State::Asked {
            return;
        }
        self.state = match page {
            Ok(page) => {
                (self.page, self.next) = (Ledger::clone(&page.rows), page.next);
                State::Arrived
            }
            Err(why) => State::Failed(why.clone()),
        };
    }

    /// Goes on as far as it can before keys are listened to again; the page that is to be read
    /// next, where one is. `query` is what the rows in memory were found with, and `may_begin`
    /// whether that is not being typed any more.
    pub(super) fn step(
        &mut self,
        query: &Query<'_>,
        may_begin: bool,
        portfolio: &mut Portfolio,
    ) -> Option<Job> {
        // A paused screen hides rows by itself: what is found has to be there when it goes on.
        let query = &Query { seen_until: None, order: Order::default(), ..*query };
        let from = portfolio.older.from().filter(|from| query.since < *from)?;
        let first = from.checked_sub(SignedDuration::from_millis(1)).ok().map(PageKey::up_to)?;
        match self.state {
            State::Idle if may_begin && (self.is_wanted || !query.filter.is_empty()) => {
                Some(self.ask(first, query, portfolio))
            }
            State::Stopped | State::Failed(_) if may_begin && self.is_wanted => {
                Some(self.ask(self.before.unwrap_or(first), query, portfolio))
            }
            State::Arrived => {
                self.state = State::Filtering;
                self.running.renew(query, &self.page, portfolio);
                self.pass_page(query, portfolio)
            }
            State::Filtering => {
                self.running.step(query, portfolio);
                self.pass_page(query, portfolio)
            }
            State::Idle
            | State::Asked
            | State::Stopped
            | State::Full
            | State::Failed(_)
            | State::Done => None,
        }
    }

    fn ask(&mut self, before: PageKey, query: &Query<'_>, portfolio: &mut Portfolio) -> Job {
        self.asked += 1;
        (self.before, self.is_wanted, self.state) = (Some(before), false, State::Asked);
        portfolio.older.expect_page();
        Job::OlderRows { asked: self.asked, before, card: None, since: query.since }
    }

    /// Takes in what was found in a page, once that is all of it.
    fn pass_page(&mut self, query: &Query<'_>, portfolio: &mut Portfolio) -> Option<Job> {
        if self.running.left().is_some() {
            return None;
        }
        let found = self.running.found();
        let room = MOST_FOUND.saturating_sub(portfolio.older.found().len());
        let is_cut = found.len() > room;
        let rows = (0..found.len().min(room)).filter_map(|index| self.page.row(found.nth(index)?));
        let rows: Vec<_> = rows.collect();
        portfolio.add_older(&rows);
        self.passed += self.page.len();
        self.reached = if is_cut {
            rows.last().map(|row| row.at).or(self.reached)
        } else {
            self.page.oldest().or(self.reached)
        };
        self.page = Ledger::default();
        self.running = Running::default();
        if is_cut {
            self.state = State::Full;
            return None;
        }
        if let Some(next) = self.next {
            return Some(self.ask(next, query, portfolio));
        }
        self.state = State::Done;
        if query.since == Timestamp::MIN {
            portfolio.older.counted(self.passed);
        }
        None
    }

    /// Whether a page is read or filtered.
    pub(super) fn is_going_on(&self) -> bool {
        matches!(self.state, State::Asked | State::Arrived | State::Filtering)
    }

    /// Whether a page is there to be filtered.
    pub(super) fn has_more_work(&self) -> bool {
        matches!(self.state, State::Arrived | State::Filtering)
    }

    /// How far it is, for the rows of the feed.
    pub(super) fn part(&self) -> OlderPart {
        OlderPart { visited: self.passed, is_going_on: self.is_going_on() }
    }

    /// What is shown of the older rows, where there are such in the time range.
    pub(super) fn behind(&self, starts: bool) -> Behind<'_> {
        let in_page = self.running.left().map_or(0, |(visited, _)| visited);
        let (visited, reached) = (self.passed + in_page, self.reached);
        match &self.state {
            State::Idle => Behind::NotSearched { starts },
            State::Asked | State::Arrived | State::Filtering => {
                Behind::Searching { visited, reached }
            }
            State::Stopped => Behind::Stopped { visited, reached },
            State::Full => Behind::Cut { reached },
            State::Failed(why) => Behind::Failed(why),
            State::Done => Behind::Searched,
        }
    }
}
