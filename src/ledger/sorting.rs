//! Putting rows in another order than by time.
//!
//! Each row gets a number that compares as what it shows (`sorting/keys.rs`). While the numbers
//! are collected, the rows of the first screens are chosen; then all rows are sorted by theirs
//! (`sorting/radix.rs`). When rows come and go afterwards, the order is brought up to date
//! (`sorting/patching.rs`). All of it can stop after some rows and go on later.

mod comparison;
mod keys;
mod patching;
mod radix;
mod spot;
mod words;

use std::cmp::Ordering;
use std::sync::Arc;

use super::Ledger;
use super::chunk::Chunk;
use super::mask::Mask;
use super::order::OrderBy;
pub(super) use comparison::Comparison;
use keys::Keys;
use patching::Patching;
use radix::Radix;
use spot::Spot;
use words::Sentences;

/// How many rows are shown in their order before all are.
const FIRST: usize = 512;

/// What was found in one chunk, by the index of the chunk.
pub(super) type PartRows = (usize, Arc<Mask>);

/// Rows in their order.
#[derive(Debug)]
pub(super) struct Sorted {
    comparison: Comparison,
    /// What they were found in, the oldest first.
    parts: Vec<(usize, Arc<Chunk>, Arc<Mask>)>,
    spots: Vec<Spot>,
}

/// Rows on their way into an order.
#[derive(Clone, Debug)]
pub(super) struct Sorting {
    comparison: Comparison,
    stage: Stage,
    /// The first rows, once they are known.
    first: Vec<Spot>,
    sorted: Option<Arc<Sorted>>,
}

#[derive(Clone, Debug)]
enum Stage {
    /// Sentences are learned, from so many parts so far.
    Words(Box<Sentences>, usize),
    Collect(Box<Collecting>),
    Sort(Box<Keys>, Box<Radix>),
    Patch(Box<Patching>),
    Done,
}

/// Rows whose keys are collected.
#[derive(Clone, Debug)]
struct Collecting {
    keys: Keys,
    /// Parts whose rows were.
    parts: usize,
    /// The best so far.
    best: Vec<(u64, Spot)>,
    rows: Radix,
}

impl Sorting {
    /// Sorts the rows of these parts, the newest part first. `before` are rows in an order as they
    /// were. `holders` are the ranks of the names of holders, for the order by those. `None` for
    /// the order by time, in which the rows are anyway.
    pub(super) fn new(
        comparison: Comparison,
        ledger: &Ledger,
        parts: &[PartRows],
        before: Option<&Arc<Sorted>>,
        holders: Option<&[u32]>,
    ) -> Option<Self> {
        let order = comparison.order;
        let patching = before.and_then(|before| Patching::new(before, &comparison, ledger, parts));
        let stage = match (patching, order.by) {
            (Some(patching), _) => Stage::Patch(Box::new(patching)),
            (None, OrderBy::Words) => Stage::Words(Box::default(), 0),
            (None, OrderBy::Holder) => {
                Stage::collecting(Keys::by_holder(holders.unwrap_or_default(), order), parts)
            }
            (
                None,
                OrderBy::Time
                | OrderBy::Provider
                | OrderBy::Card
                | OrderBy::What
                | OrderBy::Amount
                | OrderBy::Currency
                | OrderBy::Merchant,
            ) => Stage::collecting(Keys::new(order, ledger)?, parts),
        };
        Some(Self { comparison, stage, first: Vec::new(), sorted: None })
    }

    /// All rows in their order, once they are.
    pub(super) const fn sorted(&self) -> Option<&Arc<Sorted>> {
        self.sorted.as_ref()
    }

    fn spots(&self) -> &[Spot] {
        self.sorted.as_ref().map_or(&self.first, |sorted| &sorted.spots)
    }

    /// The rows that are in their order.
    pub(super) fn nth(&self, ledger: &Ledger, index: usize) -> Option<usize> {
        ledger.position_of(self.spots().get(index)?.place())
    }

    /// How many rows are in their order.
    pub(super) fn len(&self) -> usize {
        self.spots().len()
    }

    /// Where a row is shown, or would be.
    pub(super) fn rank(&self, ledger: &Ledger, position: usize) -> Result<usize, usize> {
        let Some(wanted) = ledger.place(position) else { return Err(self.len()) };
        let order = |spot: &Spot| self.comparison.compare(ledger, spot.place(), wanted);
        self.spots().binary_search_by(order)
    }

    /// Goes on, as long as this many rows could have been looked at. Tells whether it came to the
    /// end.
    pub(super) fn step(&mut self, ledger: &Ledger, parts: &[PartRows], most_rows: usize) -> bool {
        let mut visited = 0;
        while visited < most_rows.max(1) {
            let left = most_rows.max(1) - visited;
            let (stage, took) = match std::mem::replace(&mut self.stage, Stage::Done) {
                Stage::Done => return true,
                Stage::Words(sentences, passed) => {
                    self.learn(sentences, passed, ledger, parts, left)
                }
                Stage::Collect(mut collecting) => match parts.get(collecting.parts) {
                    Some(part) => {
                        let took = collecting.collect(&self.comparison, ledger, part);
                        (Stage::Collect(collecting), took)
                    }
                    None => {
                        self.first = collecting.best.iter().map(|(_, spot)| *spot).collect();
                        let Collecting { keys, rows, .. } = *collecting;
                        (Stage::Sort(Box::new(keys), Box::new(rows)), 0)
                    }
                },
                Stage::Sort(keys, mut rows) => match rows.step(left.div_ceil(ROWS_OF_A_MOVE)) {
                    Some(moved) => (Stage::Sort(keys, rows), moved * ROWS_OF_A_MOVE),
                    None => {
                        let spots = in_order(&keys, &mut rows, &self.comparison, ledger);
                        self.end(spots, ledger, parts);
                        (Stage::Done, 0)
                    }
                },
                Stage::Patch(mut patching) => {
                    if patching.step(&self.comparison, ledger, left) {
                        self.end(patching.finish(), ledger, parts);
                        (Stage::Done, 0)
                    } else {
                        (Stage::Patch(patching), left)
                    }
                }
            };
            self.stage = stage;
            visited += took;
        }
        false
    }

    fn learn(
        &self,
        mut sentences: Box<Sentences>,
        passed: usize,
        ledger: &Ledger,
        parts: &[PartRows],
        most_rows: usize,
    ) -> (Stage, usize) {
        if let Some((index, rows)) = parts.get(passed) {
            let took = sentences.learn(ledger, *index, rows);
            return (Stage::Words(sentences, passed + 1), took);
        }
        match sentences.rank(most_rows) {
            Ok(ranks) => {
                let keys = Keys::by_words(sentences, ranks, self.comparison.order);
                (Stage::collecting(keys, parts), 0)
            }
            Err(took) => (Stage::Words(sentences, passed), took),
        }
    }

    fn end(&mut self, spots: Vec<Spot>, ledger: &Ledger, parts: &[PartRows]) {
        let parts = parts.iter().rev().filter_map(|(index, rows)| {
            Some((*index, Arc::clone(ledger.chunks.get(*index)?), Arc::clone(rows)))
        });
        let sorted = Sorted { comparison: self.comparison.clone(), parts: parts.collect(), spots };
        self.sorted = Some(Arc::new(sorted));
    }
}

impl Stage {
    fn collecting(keys: Keys, parts: &[PartRows]) -> Self {
        let rows = parts.iter().map(|(_, rows)| rows.count()).sum();
        let rows = Radix::new(keys.bits(), rows);
        Self::Collect(Box::new(Collecting { keys, parts: 0, best: Vec::new(), rows }))
    }
}

impl Collecting {
    /// Collects the keys of a part, and keeps the best rows, which are in their order afterwards.
    /// Tells how many rows could have been looked at.
    fn collect(&mut self, order: &Comparison, ledger: &Ledger, part: &PartRows) -> usize {
        let Self { keys, parts, best, rows } = self;
        let before = rows.len();
        let compare = |one: &(u64, Spot), other: &(u64, Spot)| {
            compare_keyed(keys, order, ledger, *one, *other)
        };
        let leave_best = |best: &mut Vec<(u64, Spot)>| {
            if best.len() < FIRST {
                return None;
            }
            let (_, last, _) = best.select_nth_unstable_by(FIRST - 1, compare);
            let last = *last;
            best.truncate(FIRST);
            Some(last)
        };
        let mut limit = leave_best(best);
        keys.each(ledger, part.0, &part.1, |key, row| {
            let spot = Spot::new((part.0, row));
            rows.push(key, spot);
            // Rows come from the newest on: of rows that are alike a later one is not among them.
            let is_among = |limit: (u64, Spot)| {
                key < limit.0
                    || key == limit.0
                        && !keys.is_exact(key)
                        && compare(&(key, spot), &limit).is_lt()
            };
            if limit.is_none_or(is_among) {
                best.push((key, spot));
                if best.len() == 2 * FIRST || limit.is_none() && best.len() == FIRST {
                    limit = leave_best(best);
                }
            }
        });
        best.sort_unstable_by(compare);
        best.truncate(FIRST);
        *parts += 1;
        (rows.len() - before) * ROWS_OF_A_KEY
    }
}

fn compare_keyed(
    keys: &Keys,
    order: &Comparison,
    ledger: &Ledger,
    one: (u64, Spot),
    other: (u64, Spot),
) -> Ordering {
    let alike = || match keys.is_exact(one.0) {
        true => Ordering::Equal,
        false => order.compare_shown(ledger, one.1.place(), other.1.place()),
    };
    one.0.cmp(&other.0).then_with(alike).then_with(|| other.1.cmp(&one.1))
}

/// Rows that are sorted by their keys, and those whose keys do not tell all by what they show.
fn in_order(keys: &Keys, rows: &mut Radix, comparison: &Comparison, ledger: &Ledger) -> Vec<Spot> {
    let (of_rows, spots) = rows.sorted();
    let mut from = 0;
    for alike in of_rows.chunk_by(|one, other| one == other) {
        let end = from + alike.len();
        if alike.len() > 1 && !keys.is_exact(alike[0]) {
            spots[from..end]
                .sort_by(|one, other| comparison.compare(ledger, one.place(), other.place()));
        }
        from = end;
    }
    std::mem::take(spots)
}

/// How many rows can be looked at in the time that it takes to make a key, or to move a row.
const ROWS_OF_A_KEY: usize = 3;
const ROWS_OF_A_MOVE: usize = 2;
