//! What a pane looks for among the transactions, and how far it is.
//!
//! A search over many rows is done in slices, so that a key never waits for it: each update of the
//! board makes one, and the loop asks for the next while nothing else is to be done.

use jiff::Timestamp;

use super::portfolio::Portfolio;
use super::work::{Work, count};
use crate::contract::TransactionRow;
use crate::contract::filter::{Rows, schema};
use crate::domain::card::CardKey;
use crate::domain::filter::Filter;
use crate::domain::transaction::Transaction;
use crate::ledger::{self, Found, Ledger, Order, OrderBy, Progress};

/// Most rows that are looked at before keys are listened to again: about 3 ms. Tests see a search
/// that goes on with fewer rows.
const SLICE: usize = if cfg!(test) { 20_000 } else { 1_000_000 };

/// What is looked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Query<'a> {
    pub(crate) filter: &'a Filter,
    /// Rows that happened since then.
    pub(crate) since: Timestamp,
    /// Rows that were first seen until then; all, where not set.
    pub(crate) seen_until: Option<Timestamp>,
    pub(crate) order: Order,
}

/// Whether the names of holders make a difference to what a filter accepts.
pub(crate) fn asks_holder(filter: &Filter) -> bool {
    ledger::asks_holder(filter, schema(Rows::Transactions))
}

/// A search that was begun, and how far it is.
#[derive(Debug, Default)]
pub(crate) struct Running {
    search: ledger::Search,
    /// Rows looked at, and rows there are; `None` once it is done.
    left: Option<(usize, usize)>,
    /// How the rows are ordered.
    order: Order,
    /// What was found before the last news, shown until what is found now is in its order.
    before: Option<Found>,
}

impl Running {
    /// Another one in the same rows, which knows what this one does.
    pub(crate) fn beside(other: &Self) -> Self {
        Self { search: ledger::Search::beside(&other.search), ..Self::default() }
    }

    /// Does what filters want to know beside the rows, as much as is done of a search at once.
    /// Tells whether all of that is done.
    pub(crate) fn prepare(
        &mut self,
        query: &Query<'_>,
        ledger: &Ledger,
        portfolio: &Portfolio,
    ) -> bool {
        asked(query, portfolio, |query| self.search.prepare(ledger, query, SLICE))
    }

    /// Begins again in these rows, and looks at the first slice.
    pub(crate) fn renew(&mut self, query: &Query<'_>, ledger: &Ledger, portfolio: &Portfolio) {
        let is_kept = query.order.by != OrderBy::Time && query.order == self.order;
        let is_done = self.left.is_none();
        self.before = self.before.take().filter(|_| is_kept);
        if is_kept && is_done && self.before.is_none() {
            self.before = Some(self.search.take_found());
        }
        asked(query, portfolio, |query| self.search.renew(ledger, query));
        (self.left, self.order) = (Some((0, ledger.len())), query.order);
        self.step(query, portfolio);
    }

    /// Looks at the next slice, where there is one. The query must be the one that it began with.
    pub(crate) fn step(&mut self, query: &Query<'_>, portfolio: &Portfolio) {
        if self.left.is_some() {
            let progress = asked(query, portfolio, |query| self.search.step(query, SLICE));
            self.left = match progress {
                Progress::Done => None,
                Progress::More { visited, of } => Some((visited, of)),
            };
            if self.left.is_none() {
                self.before = None;
            }
        }
    }

    /// How the rows are ordered.
    pub(crate) const fn order(&self) -> Order {
        self.order
    }

    /// Forgets what was found, since something else is looked for from now on.
    pub(crate) fn forget(&mut self) {
        self.before = None;
        _ = self.search.take_found();
    }

    /// What was found so far; in another order than by time what was found before, until that is
    /// in its order.
    pub(crate) const fn found(&self) -> &Found {
        match &self.before {
            Some(before) => before,
            None => self.search.found(),
        }
    }

    /// The rows that are searched.
    pub(crate) const fn ledger(&self) -> &Ledger {
        self.search.found().ledger()
    }

    /// Rows looked at so far, and rows there are; `None` once all were looked at.
    pub(crate) const fn left(&self) -> Option<(usize, usize)> {
        self.left
    }
}

fn asked<T>(
    query: &Query<'_>,
    portfolio: &Portfolio,
    ask: impl FnOnce(&ledger::Query<'_>) -> T,
) -> T {
    let Query { filter, since, seen_until, order } = *query;
    let accepts = |transaction: &Transaction| {
        count(Work::TransactionAsked);
        let card = transaction.card();
        let holder = card.as_ref().map_or("", |card| portfolio.holder(card));
        filter.matches(&TransactionRow { transaction, holder, now: portfolio.now })
    };
    let holder = |card: &CardKey| {
        count(Work::HolderAsked);
        portfolio.cards.record(card).map(|card| card.holder().into())
    };
    ask(&ledger::Query {
        filter,
        // What only operations have, no transaction has: no row needs to be asked for it.
        schema: schema(Rows::Transactions),
        since,
        seen_until,
        order,
        accepts: &accepts,
        holder: &holder,
        revision_of_holders: portfolio.revisions.holders,
        now: portfolio.now,
    })
}
