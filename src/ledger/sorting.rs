//! Putting rows in another order than by time.
//!
//! First the rows that are on the screen: one pass keeps the best so far. Then all behind them:
//! the rows of each chunk are sorted by themselves, and the sorted runs are merged. Either can
//! stop after any chunk, or any row, and go on later.

use std::cmp::Ordering;
use std::sync::Arc;

use super::Ledger;
use super::mask::Mask;
use super::order::Order;
use super::sort_keys::{Keys, NO_VALUE, Names};

/// How many rows are shown in their order before all are.
const FIRST: usize = 512;

/// A row's key, and its position.
type Keyed = (u64, u32);

/// Rows on their way into an order.
#[derive(Clone, Debug)]
pub(super) struct Sorting {
    keys: Keys,
    /// Parts whose rows were compared with the best so far.
    compared: usize,
    /// The best so far; in their order once all parts were compared.
    first: Vec<Keyed>,
    /// Sorted rows, one list for each part, each with how many of them were merged.
    runs: Vec<(Vec<Keyed>, usize)>,
    /// The runs that have rows left: a binary heap, the run with the next row first.
    heap: Vec<usize>,
    /// The rows in their order, as far as they were merged.
    merged: Vec<u32>,
    /// How many there are in all, once that is known.
    of: Option<usize>,
}

/// What was found in one chunk, by the index of the chunk.
pub(super) type PartRows<'a> = (usize, &'a Mask);

impl Sorting {
    /// `None` for the order by time, in which the rows are anyway.
    pub(super) fn new(order: Order, ledger: &Ledger, names: Names) -> Option<Self> {
        Some(Self {
            keys: Keys::new(order, ledger, names)?,
            compared: 0,
            first: Vec::new(),
            runs: Vec::new(),
            heap: Vec::new(),
            merged: Vec::new(),
            of: None,
        })
    }

    /// The rows that are in their order.
    pub(super) fn nth(&self, index: usize) -> Option<usize> {
        if self.of.is_some() && index < self.merged.len() {
            return self.merged.get(index).map(|position| *position as usize);
        }
        self.first.get(index).map(|(_, position)| *position as usize)
    }

    /// How many rows are in their order.
    pub(super) fn len(&self) -> usize {
        if self.of.is_none() { 0 } else { self.merged.len().max(self.first.len()) }
    }

    /// Where a row is shown, or would be.
    pub(super) fn rank(&self, ledger: &Ledger, position: usize) -> Result<usize, usize> {
        let (Some((chunk, row)), Ok(known)) = (ledger.place(position), u32::try_from(position))
        else {
            return Err(self.len());
        };
        let keyed = |position: u32| {
            let (chunk, row) = ledger.place(position as usize).unwrap_or_default();
            (self.keys.key(ledger, chunk, row), position)
        };
        let wanted = (self.keys.key(ledger, chunk, row), known);
        let (mut from, mut to) = (0, self.len());
        while from < to {
            let middle = usize::midpoint(from, to);
            let there = self.nth(middle).and_then(|position| u32::try_from(position).ok());
            match there.map(|there| self.compare(ledger, keyed(there), wanted)) {
                Some(Ordering::Less) => from = middle + 1,
                Some(Ordering::Equal) => return Ok(middle),
                Some(Ordering::Greater) | None => to = middle,
            }
        }
        Err(from)
    }

    fn compare(&self, ledger: &Ledger, one: Keyed, other: Keyed) -> Ordering {
        let alike = || match one.0 {
            NO_VALUE => Ordering::Equal,
            _ => self.keys.compare_alike(ledger, one.1 as usize, other.1 as usize),
        };
        one.0.cmp(&other.0).then_with(alike).then(one.1.cmp(&other.1))
    }

    /// Goes on, as long as this many rows could have been looked at. Tells whether it came to the
    /// end.
    pub(super) fn step(
        &mut self,
        ledger: &Ledger,
        parts: &[(usize, Arc<Mask>)],
        most_rows: usize,
    ) -> bool {
        let mut visited = 0;
        while visited < most_rows.max(1) {
            visited += if let Some((chunk, rows)) = parts.get(self.compared) {
                self.compare_part(ledger, (*chunk, rows))
            } else if self.of.is_none() {
                self.first.truncate(FIRST.min(self.first.len()));
                self.of = Some(parts.iter().map(|(_, rows)| rows.count()).sum());
                0
            } else if let Some((chunk, rows)) = parts.get(self.runs.len()) {
                self.sort_part(ledger, (*chunk, rows), self.runs.len() + 1 == parts.len())
            } else if self.heap.is_empty() {
                self.runs.clear();
                return true;
            } else {
                self.merge(ledger, (most_rows - visited) / ROWS_OF_A_MERGE)
            };
        }
        false
    }

    /// Compares the rows of a part with the best so far; sorts those after the last part.
    fn compare_part(&mut self, ledger: &Ledger, (chunk, rows): PartRows<'_>) -> usize {
        let mut best = std::mem::take(&mut self.first);
        let mut limit = self.limit(ledger, &mut best);
        let mut count = 0;
        self.keys.each(ledger, chunk, rows, |key, position| {
            count += 1;
            // Of rows that are alike, those of this part come after those of the ones before.
            let is_among = |limit: Keyed| {
                key < limit.0
                    || key == limit.0
                        && !self.keys.is_exact()
                        && self.compare(ledger, (key, position), limit).is_lt()
            };
            if limit.is_none_or(is_among) {
                best.push((key, position));
                if best.len() == 2 * FIRST || limit.is_none() && best.len() == FIRST {
                    limit = self.limit(ledger, &mut best);
                }
            }
        });
        best.sort_unstable_by(|one, other| self.compare(ledger, *one, *other));
        best.truncate(FIRST);
        self.first = best;
        self.compared += 1;
        count
    }

    /// Leaves only the best; tells the last of them where there are as many as are wanted.
    fn limit(&self, ledger: &Ledger, best: &mut Vec<Keyed>) -> Option<Keyed> {
        if best.len() < FIRST {
            return None;
        }
        let compare = |one: &Keyed, other: &Keyed| self.compare(ledger, *one, *other);
        let (_, last, _) = best.select_nth_unstable_by(FIRST - 1, compare);
        let last = *last;
        best.truncate(FIRST);
        Some(last)
    }

    fn sort_part(&mut self, ledger: &Ledger, (chunk, rows): PartRows<'_>, is_last: bool) -> usize {
        let mut run: Vec<Keyed> = Vec::with_capacity(rows.count());
        self.keys.each(ledger, chunk, rows, |key, position| run.push((key, position)));
        run.sort_unstable_by(|one, other| self.compare(ledger, *one, *other));
        let count = run.len();
        self.runs.push((run, 0));
        if is_last {
            self.heap = (0..self.runs.len()).filter(|run| self.head(*run).is_some()).collect();
            for at in (0..self.heap.len()).rev() {
                self.sink(ledger, at);
            }
        }
        count * ROWS_OF_A_SORT
    }

    /// Merges this many rows of the runs; tells how many rows could have been looked at meanwhile.
    fn merge(&mut self, ledger: &Ledger, rows: usize) -> usize {
        let rows = rows.max(1);
        for _ in 0..rows {
            let Some((run, (_, position))) =
                self.heap.first().and_then(|run| Some((*run, self.head(*run)?)))
            else {
                break;
            };
            self.merged.push(position);
            if let Some((_, merged)) = self.runs.get_mut(run) {
                *merged += 1;
            }
            if self.head(run).is_none() {
                self.heap.swap_remove(0);
            }
            self.sink(ledger, 0);
        }
        rows * ROWS_OF_A_MERGE
    }

    /// The next row of a run.
    fn head(&self, run: usize) -> Option<Keyed> {
        let (rows, merged) = self.runs.get(run)?;
        rows.get(*merged).copied()
    }

    /// Whether the run at one place of the heap comes before that at another.
    fn is_before(&self, ledger: &Ledger, one: usize, other: usize) -> bool {
        let head = |at: usize| self.heap.get(at).and_then(|run| self.head(*run));
        match (head(one), head(other)) {
            (Some(one), Some(other)) => self.compare(ledger, one, other).is_lt(),
            (Some(_) | None, None) => true,
            (None, Some(_)) => false,
        }
    }

    /// Puts the run at this place of the heap where it belongs below.
    fn sink(&mut self, ledger: &Ledger, mut at: usize) {
        loop {
            let (left, right) = (2 * at + 1, 2 * at + 2);
            if left >= self.heap.len() {
                return;
            }
            let is_right = right < self.heap.len() && self.is_before(ledger, right, left);
            let child = if is_right { right } else { left };
            if !self.is_before(ledger, child, at) {
                return;
            }
            self.heap.swap(at, child);
            at = child;
        }
    }
}

/// How many rows can be looked at in the time that it takes to sort one, or to merge one.
const ROWS_OF_A_SORT: usize = 12;
const ROWS_OF_A_MERGE: usize = 24;
