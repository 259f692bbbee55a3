//! The rows of the feed: the transactions that were found, with the operations among them by time.
//!
//! There may be millions, so none is held here: a row is asked for by its index.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::joined::Joined;
use super::preparation::Preparation;
use crate::app::entry::{Entry, is_in_trouble};
use crate::app::list::{Direction, Rows};
use crate::app::placed::PlacedOperations;
use crate::app::portfolio::Portfolio;
use crate::app::query::{Query, Running};
use crate::app::work::{Work, count};
use crate::contract::OperationRow;
use crate::domain::operation::{Operation, OperationId};
use crate::ledger::{Found, Ledger, Order, OrderBy};

/// The rows of the feed, for the filter and for what is left of it without a half-written word.
#[derive(Debug, Default)]
pub(crate) struct FeedRows {
    whole: Results,
    /// Searched only where the whole filter shows no row.
    rest: Option<Results>,
    /// How far the data file is searched.
    older: OlderPart,
    preparation: Preparation,
}

/// How far the data file is searched for rows that are older than those in memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct OlderPart {
    /// Rows that were looked at.
    pub(super) visited: usize,
    /// Whether more are looked at.
    pub(super) is_going_on: bool,
}

/// What one filter shows.
#[derive(Debug, Default)]
struct Results {
    search: Running,
    /// The same among the rows that were found in the data file.
    older: Running,
    /// Operations that the filter shows, among the transactions found.
    operations: PlacedOperations,
    /// Operations of the time range, shown or not.
    operations_in_range: usize,
}

/// What is looked for, and what is looked for where that shows no row: the same without the
/// half-written word.
#[derive(Clone, Copy, Debug)]
pub(super) struct Queries<'a> {
    pub(super) whole: Query<'a>,
    pub(super) rest: Option<Query<'a>>,
}

impl FeedRows {
    /// Forgets what is shown, since something else was chosen.
    pub(super) fn forget(&mut self) {
        self.whole.search.forget();
        self.rest = None;
    }

    /// The transactions that are searched.
    pub(super) const fn ledger(&self) -> &Ledger {
        self.shown().search.ledger()
    }

    /// Takes in what was found in the data file.
    pub(super) fn renew_older(
        &mut self,
        part: OlderPart,
        queries: &Queries<'_>,
        portfolio: &Portfolio,
    ) {
        self.older = part;
        self.whole.renew_older(&queries.whole, portfolio);
        self.whole.place_operations(&queries.whole, portfolio);
    }

    /// How far the data file was searched when rows were taken in last.
    pub(super) const fn older_part(&self) -> OlderPart {
        self.older
    }

    /// The older transactions that were found in the data file.
    pub(crate) const fn found_older(&self) -> &Found {
        self.shown().older.found()
    }

    /// Begins again.
    pub(super) fn renew(&mut self, queries: &Queries<'_>, portfolio: &Portfolio) {
        self.whole.renew(&queries.whole, portfolio);
        self.settle(queries, portfolio, Results::renew);
    }

    /// How far it is prepared what filters want to know beside the rows.
    pub(super) const fn preparation(&self) -> Preparation {
        self.preparation
    }

    /// Does the next part of that.
    pub(super) fn prepare(&mut self, is_typing: bool, query: &Query<'_>, portfolio: &Portfolio) {
        let search = &mut self.whole.search;
        self.preparation
            .step(is_typing, || search.prepare(query, &portfolio.transactions, portfolio));
    }

    /// Looks at the next slice of rows.
    pub(super) fn step(&mut self, queries: &Queries<'_>, portfolio: &Portfolio) {
        self.whole.step(&queries.whole, portfolio);
        self.settle(queries, portfolio, Results::step);
    }

    /// Searches for the rest of the filter where the whole of it shows no row.
    fn settle(
        &mut self,
        queries: &Queries<'_>,
        portfolio: &Portfolio,
        go_on: fn(&mut Results, &Query<'_>, &Portfolio),
    ) {
        let finds_none = self.whole.search.left().is_none() && self.whole.len() == 0;
        match (&mut self.rest, &queries.rest) {
            (Some(results), Some(query)) if finds_none => go_on(results, query, portfolio),
            (None, Some(query)) if finds_none => {
                let search = Running::beside(&self.whole.search);
                let rest = Results { search, ..Results::default() };
                self.rest.insert(rest).renew(query, portfolio);
            }
            (rest, _) => *rest = None,
        }
    }

    /// Whether the half-written word is left out.
    pub(super) const fn is_rest(&self) -> bool {
        self.rest.is_some()
    }

    const fn shown(&self) -> &Results {
        match &self.rest {
            Some(rest) => rest,
            None => &self.whole,
        }
    }

    /// The transactions that were found.
    pub(crate) const fn found(&self) -> &Found {
        self.shown().search.found()
    }

    /// Rows looked at so far, and rows there are; `None` once all were looked at.
    pub(crate) const fn left(&self) -> Option<(usize, usize)> {
        self.shown().search.left()
    }

    /// Rows of the time range, whether the filter shows them or not, as far as they were looked at.
    pub(super) fn in_range(&self) -> usize {
        let shown = self.shown();
        shown.search.found().in_range() + self.older.visited + shown.operations_in_range
    }

    /// The next row of trouble from an index on: a decline among `declines`, which were found among
    /// these rows and the older ones, or an operation that failed or is in doubt.
    pub(super) fn next_trouble(
        &self,
        from: usize,
        direction: Direction,
        declines: [&Found; 2],
        portfolio: &Portfolio,
    ) -> Option<usize> {
        let shown = self.shown();
        let decline = shown.next_found(from, direction, declines);
        let in_trouble = shown.operations.with_index().filter(|(_, id)| {
            count(Work::HistoryVisited);
            portfolio.operation(*id).is_some_and(is_in_trouble)
        });
        let mut operations = in_trouble.map(|(index, _)| index);
        match direction {
            Direction::Forward => {
                let operation = operations.find(|index| *index > from);
                decline.into_iter().chain(operation).min()
            }
            Direction::Backward => {
                let operation = operations.take_while(|index| *index < from);
                decline.into_iter().chain(operation.last()).max()
            }
        }
    }

    /// Whether the row of an index is an operation, and a decline that stands before it may not
    /// have been found yet. `left` is how far the search for declines is, newest first.
    pub(super) fn may_follow_decline(&self, index: usize, left: Option<(usize, usize)>) -> bool {
        let shown = self.shown();
        let (place, Some(_)) = shown.operations.before(index) else { return false };
        let (found, before) = (shown.search.found(), index - place);
        // While more rows are found, they may belong before it.
        if before > found.len() || self.left().is_some() && before == found.len() {
            return true;
        }
        let last = before.checked_sub(1).and_then(|rank| found.nth(rank));
        last.zip(left).is_some_and(|(last, (passed, _))| last >= passed)
    }
}

impl Rows<Entry> for FeedRows {
    fn len(&self) -> usize {
        self.shown().len()
    }

    fn nth(&self, index: usize) -> Option<Entry> {
        self.shown().nth(index)
    }

    fn position(&self, key: &Entry) -> Option<usize> {
        self.shown().position(key)
    }

    fn is_growing(&self) -> bool {
        self.left().is_some() || self.older.is_going_on
    }
}

impl Results {
    fn renew(&mut self, query: &Query<'_>, portfolio: &Portfolio) {
        self.search.renew(query, &portfolio.transactions, portfolio);
        self.renew_older(query, portfolio);
        self.place_operations(query, portfolio);
    }

    fn step(&mut self, query: &Query<'_>, portfolio: &Portfolio) {
        if self.search.left().is_some() {
            self.search.step(query, portfolio);
            self.place_operations(query, portfolio);
        }
    }

    /// They are so few that they are searched at once.
    fn renew_older(&mut self, query: &Query<'_>, portfolio: &Portfolio) {
        let rows = portfolio.older.found();
        if rows.is_empty() && self.older.ledger().is_empty() {
            return;
        }
        self.older.renew(query, rows, portfolio);
        while self.older.left().is_some() {
            self.older.step(query, portfolio);
        }
    }

    /// The transactions that were found, in memory and in the data file.
    const fn found(&self) -> Joined<'_> {
        Joined::new(self.search.found(), self.older.found(), self.search.order())
    }

    /// Puts the operations where they belong among the transactions found. An operation that a
    /// transaction proves is left out: the transaction stands for it.
    fn place_operations(&mut self, query: &Query<'_>, portfolio: &Portfolio) {
        (self.operations, self.operations_in_range) = (PlacedOperations::default(), 0);
        if query.order.by != OrderBy::Time {
            return;
        }
        let proven = [self.search.ledger().proven(), self.older.ledger().proven()];
        let wanted = in_range(query, proven, portfolio);
        let mut operations: Vec<&Operation> = Vec::new();
        for operation in wanted {
            self.operations_in_range += 1;
            let (holder, now) = (portfolio.holder(&operation.card), portfolio.now);
            if query.filter.matches(&OperationRow { operation, holder, now }) {
                operations.push(operation);
            }
        }
        if !query.order.descending {
            operations.reverse();
        }
        let found = self.found();
        let placed = operations.into_iter().map(|operation| {
            (standing_before(found, query.order, operation.created_at), operation.id)
        });
        self.operations = placed.collect();
    }

    fn len(&self) -> usize {
        self.found().len() + self.operations.len()
    }

    fn nth(&self, index: usize) -> Option<Entry> {
        match self.operations.before(index) {
            (_, Some(id)) => Some(Entry::Operation(id)),
            (before, None) => self.found().key(index - before).map(Entry::Transaction),
        }
    }

    fn position(&self, key: &Entry) -> Option<usize> {
        match key {
            Entry::Transaction(key) => {
                self.found().index(key).map(|rank| self.operations.index_of_transaction(rank))
            }
            Entry::Operation(id) => self.operations.index_of(*id),
        }
    }

    /// The next of some rows that were found among these, and are kept by time.
    fn next_found(&self, from: usize, direction: Direction, among: [&Found; 2]) -> Option<usize> {
        let order = self.search.order();
        let [in_memory, older] = among;
        let among = Joined::new(in_memory, older, order);
        let from = match direction {
            Direction::Forward => from + 1 - self.operations.before(from + 1).0,
            Direction::Backward => (from - self.operations.before(from).0).checked_sub(1)?,
        };
        let next = self.found().next(from, direction, among, order)?;
        Some(self.operations.index_of_transaction(next))
    }
}

/// The operations of the time range, newest first. On a paused screen, those that were known then.
fn in_range<'a>(
    query: &Query<'_>,
    proven: [&'a BTreeSet<OperationId>; 2],
    portfolio: &'a Portfolio,
) -> impl Iterator<Item = &'a Operation> {
    let (since, seen_until) = (query.since, query.seen_until);
    let operations = portfolio.operations.iter().inspect(|_| count(Work::HistoryVisited));
    operations
        .take_while(move |row| row.created_at >= since)
        .filter(move |row| seen_until.is_none_or(|until| row.created_at <= until))
        .filter(move |row| !proven.iter().any(|proven| proven.contains(&row.id)))
}

/// How many of the transactions that were found stand before an operation of this time.
fn standing_before(found: Joined<'_>, order: Order, at: Timestamp) -> usize {
    let (mut from, mut until) = (0, found.len());
    while from < until {
        let middle = from + (until - from) / 2;
        let is_before =
            found.at(middle).is_some_and(|row| if order.descending { row > at } else { row <= at });
        if is_before {
            from = middle + 1;
        } else {
            until = middle;
        }
    }
    from
}
