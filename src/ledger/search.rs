//! Which rows a filter accepts, found chunk by chunk, the newest first.
//!
//! What was found in a chunk is kept with it (`ledger/results.rs`). A chunk that has not changed
//! since is not looked at again for the same filter.

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;

use super::Ledger;
use super::asked::Asked;
use super::chunk::Chunk;
use super::eval::select;
use super::frequencies::Tallies;
use super::holders::Holders;
use super::mask::Mask;
use super::order::{Order, OrderBy};
use super::plan::{Compiler, Node};
use super::results::{Kept, Results};
use super::sorting::{Comparison, PartRows, Sorted, Sorting};
use super::totals::{Sums, Total};
use super::vocabulary::Vocabulary;
use crate::domain::card::CardKey;
use crate::domain::filter::{Filter, Schema};
use crate::domain::transaction::Transaction;

/// What is looked for.
#[derive(Clone, Copy)]
pub struct Query<'a> {
    /// The filter.
    pub filter: &'a Filter,
    /// The fields by which the filter was parsed, or those of transactions alone.
    pub schema: &'a Schema,
    /// The beginning of the time range.
    pub since: Timestamp,
    /// Only rows that were first seen until then: those of a paused screen.
    pub seen_until: Option<Timestamp>,
    /// The order of the rows.
    pub order: Order,
    /// Whether the filter accepts a row, asked where the columns cannot tell.
    pub accepts: &'a dyn Fn(&Transaction) -> bool,
    /// The name of the holder of a card.
    pub holder: &'a dyn Fn(&CardKey) -> Option<Arc<str>>,
    /// Another number whenever a holder may have another name.
    pub revision_of_holders: u64,
    /// The time that ages are counted from.
    pub now: Timestamp,
}

impl fmt::Debug for Query<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Query")
            .field("filter", self.filter)
            .field("since", &self.since)
            .field("seen_until", &self.seen_until)
            .field("order", &self.order)
            .finish_non_exhaustive()
    }
}

/// How far a search is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Everything was looked at, and is in its order.
    Done,
    /// There is more to do.
    More {
        /// Rows of the ledger that were passed, from the newest on.
        visited: usize,
        /// Rows of the ledger.
        of: usize,
    },
}

/// What was found, as far as was looked.
#[derive(Clone, Debug, Default)]
pub struct Found {
    pub(super) ledger: Ledger,
    /// One for each chunk that was passed, the newest first.
    pub(super) parts: Vec<Part>,
    in_range: usize,
    sums: Sums,
    totals: Vec<Total>,
    /// No chunk of the time range is left.
    searched: bool,
    order: Order,
    /// The found rows in another order than by time, once all are known.
    sorting: Option<Sorting>,
}

/// What was found in one chunk.
#[derive(Clone, Debug)]
pub(super) struct Part {
    pub(super) rows: Arc<Mask>,
    /// Rows that were found in this part and in those before it.
    end: usize,
    /// What was counted in them, as far as it was asked for.
    pub(super) tallies: Arc<Tallies>,
}

/// A search over a ledger. It is begun again with [`Self::renew`] whenever rows or filter change,
/// and goes on with [`Self::step`].
#[derive(Debug, Default)]
pub struct Search {
    results: Results,
    holders: Holders,
    /// The compiled filter, once it was needed.
    plan: Option<Node>,
    /// Whether the plan is that of the dictionaries as they are now.
    is_compiled: bool,
    found: Found,
    since: Timestamp,
    /// The rows that were found last in another order than by time.
    sorted: Option<Arc<Sorted>>,
}

impl Search {
    /// Another search of the same rows, which knows what this one does.
    #[must_use]
    pub fn beside(other: &Self) -> Self {
        let (holders, results) = (other.holders.clone(), other.results.clone());
        Self { holders, results, ..Self::default() }
    }

    /// Asks for the names of holders, as long as about this many rows could have been looked at, so
    /// that the first filter that asks for them does not wait. Tells whether all are known.
    pub fn prepare(&mut self, ledger: &Ledger, query: &Query<'_>, most_rows: usize) -> bool {
        let (cards, revision) = (&ledger.vocabulary.cards, query.revision_of_holders);
        self.holders.learn(cards, revision, query.holder, most_rows).is_none()
    }

    /// Begins again with the rows of a ledger. What was found before is used where it still holds.
    pub fn renew(&mut self, ledger: &Ledger, query: &Query<'_>) {
        let Query { filter, schema, seen_until, revision_of_holders, .. } = *query;
        let asked = Asked::new(filter, schema, seen_until, revision_of_holders);
        if self.results.asked().and_then(|asked| asked.names) != asked.names {
            self.plan = None;
        }
        self.results.ask(asked, &ledger.chunks);
        self.is_compiled = false;
        self.since = query.since;
        if query.order.by == OrderBy::Time {
            self.sorted = None;
        }
        self.found = Found { ledger: ledger.clone(), order: query.order, ..Found::default() };
    }

    /// Goes on, looking at about this many rows at most.
    pub fn step(&mut self, query: &Query<'_>, most_rows: usize) -> Progress {
        let mut visited = 0;
        while !self.found.searched && visited < most_rows.max(1) {
            visited += self.pass_chunk(query, most_rows);
        }
        self.found.totals = self.found.sums.totals(&self.found.ledger.vocabulary);
        let is_done = self.found.searched
            && (self.found.order.by == OrderBy::Time
                || visited < most_rows.max(1) && self.sort(query, most_rows - visited));
        if is_done { Progress::Done } else { self.found.progress() }
    }

    /// Puts what was found in its order, as long as this many rows could have been looked at. Tells
    /// whether that came to its end.
    fn sort(&mut self, query: &Query<'_>, most_rows: usize) -> bool {
        let chunks = self.found.ledger.chunks.len();
        let part = |(at, part): (usize, &Part)| (chunks - at - 1, Arc::clone(&part.rows));
        let parts: Vec<PartRows> = self.found.parts.iter().enumerate().map(part).collect();
        if self.found.sorting.is_none() {
            match self.begin_sorting(query, &parts, most_rows) {
                Some(sorting) => self.found.sorting = Some(sorting),
                None => return false,
            }
        }
        let found = &mut self.found;
        let Some(sorting) = &mut found.sorting else { return true };
        let is_done = sorting.step(&found.ledger, &parts, most_rows);
        if is_done {
            self.sorted = sorting.sorted().map(Arc::clone);
        }
        is_done
    }

    /// `None` while names of holders are asked for, or are being put in their order.
    fn begin_sorting(
        &mut self,
        query: &Query<'_>,
        parts: &[PartRows],
        most_rows: usize,
    ) -> Option<Sorting> {
        let (ledger, order) = (&self.found.ledger, self.found.order);
        let (mut names, mut ranks) = (None, None);
        if order.by == OrderBy::Holder {
            let (cards, revision) = (&ledger.vocabulary.cards, query.revision_of_holders);
            if self.holders.learn(cards, revision, query.holder, most_rows).is_some() {
                return None;
            }
            ranks = Some(self.holders.ranks(most_rows).ok()?);
            names = Some((self.holders.names(), revision));
        }
        let comparison = Comparison::new(order, names);
        let ranks = ranks.as_ref().map(|ranks| ranks.as_slice());
        Sorting::new(comparison, ledger, parts, self.sorted.as_ref(), ranks)
    }

    /// Takes what was found so far out of the search, before it begins again.
    pub fn take_found(&mut self) -> Found {
        std::mem::take(&mut self.found)
    }

    /// What was found so far.
    #[must_use]
    pub const fn found(&self) -> &Found {
        &self.found
    }

    /// Passes the next chunk, or does what has to be done before; tells how many rows were looked
    /// at, or could have been meanwhile.
    fn pass_chunk(&mut self, query: &Query<'_>, most_rows: usize) -> usize {
        let passed = self.found.parts.len();
        let next = self.found.ledger.chunks.len().checked_sub(passed + 1);
        let chunk = next.and_then(|index| self.found.ledger.chunks.get(index)).map(Arc::clone);
        let Some(chunk) = chunk.filter(|chunk| chunk.before(self.since) < chunk.len()) else {
            self.found.searched = true;
            return 0;
        };
        let mut visited = 0;
        if self.results.of(&chunk).is_none() {
            if let Some(asked) = self.compile(query, most_rows) {
                return asked;
            }
            let wider = self.results.wider(&chunk);
            visited = wider.map_or(chunk.len(), Mask::count);
            let vocabulary = &self.found.ledger.vocabulary;
            let looked = look_at(&chunk, self.plan.as_ref(), wider, vocabulary, query);
            visited += looked.rows_asked * ROWS_OF_AN_ASKED_ROW;
            self.results.keep(&chunk, looked.rows, looked.seen, vocabulary);
        }
        if let Some(kept) = self.results.of(&chunk) {
            self.found.add(kept, self.since);
        }
        visited
    }

    /// Compiles the filter, once for a state of the dictionaries. Where the names of holders are
    /// asked for first, tells how many rows could have been looked at meanwhile.
    fn compile(&mut self, query: &Query<'_>, most_rows: usize) -> Option<usize> {
        let term = query.filter.term().filter(|_| !self.is_compiled)?;
        let vocabulary = &self.found.ledger.vocabulary;
        let revision = query.revision_of_holders;
        if self.results.asked().is_some_and(|asked| asked.names.is_some()) {
            let asked = self.holders.learn(&vocabulary.cards, revision, query.holder, most_rows);
            if asked.is_some() {
                return asked;
            }
        }
        let compiler = Compiler {
            schema: query.schema,
            vocabulary,
            holders: &self.holders,
            before: self.plan.as_ref(),
            now: query.now,
        };
        self.plan = Some(compiler.compile(term));
        self.is_compiled = true;
        None
    }
}

/// How many rows can be looked at in the time that it takes to make one of its columns and ask it.
const ROWS_OF_AN_ASKED_ROW: usize = 500;

/// What a look at a chunk found.
struct Looked {
    rows: Mask,
    /// Rows that were seen in time, where not all were.
    seen: Option<Mask>,
    /// How many rows had to be asked, since no column answers the filter.
    rows_asked: usize,
}

/// Looks at the rows of a chunk, or at those that a wider filter found.
fn look_at(
    chunk: &Chunk,
    plan: Option<&Node>,
    wider: Option<&Mask>,
    vocabulary: &Vocabulary,
    query: &Query<'_>,
) -> Looked {
    let all = Mask::all(chunk.len());
    let mut rows_asked = 0;
    let seen = query.seen_until.map(|until| chunk.seen_at.select(&all, until, Ordering::is_le));
    let mut among = seen.clone().unwrap_or(all);
    if let Some(wider) = wider {
        among = among.and(wider);
    }
    let rows = match plan.filter(|_| !query.filter.is_empty()) {
        None => among,
        Some(plan) if plan.asks_row() => {
            let maybe = select(plan, chunk, &among, true);
            let sure = select(plan, chunk, &maybe, false);
            let open = maybe.without(&sure);
            rows_asked = open.count();
            let asked = open.filter_rows(|row| {
                chunk.row(row, vocabulary).is_some_and(|row| (query.accepts)(&row))
            });
            sure.or(&asked)
        }
        Some(plan) => select(plan, chunk, &among, false),
    };
    Looked { rows, seen, rows_asked }
}

impl Found {
    fn len_by_time(&self) -> usize {
        self.parts.last().map_or(0, |part| part.end)
    }

    /// Adds what was found in the next chunk.
    fn add(&mut self, kept: &Kept, since: Timestamp) {
        let chunk = &kept.chunk;
        let before = chunk.before(since);
        let cut = (before > 0).then(|| Mask::first(before, chunk.len()));
        let in_cut = |mask: &Mask| cut.as_ref().map_or(0, |cut| cut.clone().and(mask).count());
        self.in_range += match &kept.seen {
            Some(seen) => seen.count() - in_cut(seen),
            None => chunk.len() - before,
        };
        let (rows, tallies) = match &cut {
            Some(cut) => {
                let rows = Mask::clone(&kept.rows).without(cut);
                self.sums.add(&Sums::of(chunk, &rows, &self.ledger.vocabulary));
                (Arc::new(rows), Arc::default())
            }
            None => {
                self.sums.add(&kept.sums);
                (Arc::clone(&kept.rows), Arc::clone(&kept.tallies))
            }
        };
        let end = self.len_by_time() + rows.count();
        self.parts.push(Part { rows, end, tallies });
        self.searched = before > 0 || self.parts.len() == self.ledger.chunks.len();
    }

    fn progress(&self) -> Progress {
        let of = self.ledger.len();
        let left = self.ledger.chunks.len().saturating_sub(self.parts.len());
        let left = self.ledger.starts.get(left).copied().unwrap_or(of);
        Progress::More { visited: of - left, of }
    }

    /// How many rows were found.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len_by_time()
    }

    /// Whether none was found.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The position in the ledger of the row that is shown at an index. `None` beyond
    /// [`Self::in_order`].
    #[must_use]
    pub fn nth(&self, index: usize) -> Option<usize> {
        match (&self.sorting, self.order.by, self.order.descending) {
            (_, OrderBy::Time, true) => self.nth_by_time(index),
            (_, OrderBy::Time, false) => {
                self.nth_by_time(self.len().checked_sub(index.checked_add(1)?)?)
            }
            (sorting, ..) => sorting.as_ref()?.nth(&self.ledger, index),
        }
    }

    /// How many of the first rows are in their order: all, unless they are being sorted still.
    #[must_use]
    pub fn in_order(&self) -> usize {
        match self.order.by {
            OrderBy::Time => self.len(),
            OrderBy::Provider
            | OrderBy::Card
            | OrderBy::Holder
            | OrderBy::What
            | OrderBy::Amount
            | OrderBy::Currency
            | OrderBy::Merchant
            | OrderBy::Words => self.sorting.as_ref().map_or(0, Sorting::len),
        }
    }

    fn nth_by_time(&self, index: usize) -> Option<usize> {
        let at = self.parts.partition_point(|part| part.end <= index);
        let part = self.parts.get(at)?;
        let row = part.rows.nth(part.end - index - 1)?;
        self.ledger.position_of((self.ledger.chunks.len().checked_sub(at + 1)?, row))
    }

    /// Where the row of a position is shown: `Ok` with its index, or `Err` with the index at which
    /// it would be.
    ///
    /// # Errors
    /// When the row was not found.
    pub fn rank(&self, position: usize) -> Result<usize, usize> {
        match (&self.sorting, self.order.by, self.order.descending) {
            (_, OrderBy::Time, true) => self.rank_by_time(position),
            (_, OrderBy::Time, false) => match self.rank_by_time(position) {
                Ok(index) => Ok(self.len() - index - 1),
                Err(index) => Err(self.len() - index),
            },
            (Some(sorting), ..) => sorting.rank(&self.ledger, position),
            (None, ..) => Err(0),
        }
    }

    fn rank_by_time(&self, position: usize) -> Result<usize, usize> {
        let Some((chunk, row)) = self.ledger.place(position) else { return Err(self.len()) };
        let at = self.ledger.chunks.len() - chunk - 1;
        let Some(part) = self.parts.get(at) else { return Err(self.len_by_time()) };
        let has = part.rows.has(row);
        let not_newer = part.rows.rank(row) + usize::from(has);
        let index = part.end - not_newer;
        if has { Ok(index) } else { Err(index) }
    }

    /// How many rows the time range has, whether the filter accepts them or not.
    #[must_use]
    pub const fn in_range(&self) -> usize {
        self.in_range
    }

    /// Sums of the rows that were found, one for each currency.
    #[must_use]
    pub fn totals(&self) -> &[Total] {
        &self.totals
    }

    /// Whether every row of the time range was looked at.
    #[must_use]
    pub const fn is_complete(&self) -> bool {
        self.searched
    }

    /// The cards of the rows that were found, each once, in no order.
    pub fn cards(&self) -> impl Iterator<Item = CardKey> {
        let cards = &self.ledger.vocabulary.cards;
        let mut found = vec![false; cards.len()];
        for (part, chunk) in self.parts.iter().zip(self.ledger.chunks.iter().rev()) {
            part.rows.each(|row| {
                if let Some(found) = found.get_mut(chunk.card.get(row) as usize) {
                    *found = true;
                }
            });
        }
        let codes = found.into_iter().zip(0..).filter(|(found, _)| *found);
        codes.filter_map(|(_, code)| cards.get(code)?.key())
    }

    /// The rows that positions belong to.
    #[must_use]
    pub const fn ledger(&self) -> &Ledger {
        &self.ledger
    }
}
