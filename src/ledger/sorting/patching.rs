//! An order brought up to date: rows that go are left out, and the few that come are put in, so
//! that one new row costs its chunk and one pass over the places of the others.

use std::cmp::Ordering;
use std::sync::Arc;

use hashbrown::HashMap;

use super::comparison::Comparison;
use super::spot::Spot;
use super::{PartRows, Sorted};
use crate::ledger::chunk::Chunk;
use crate::ledger::mask::Mask;
use crate::ledger::{Ledger, Place};

/// Most rows that are put in one by one, and most rows of changed chunks: beyond, all are sorted.
const MOST_NEW: usize = 1_024;
const MOST_COMPARED: usize = 131_072;

/// An order that is being brought up to date.
#[derive(Clone, Debug)]
pub(super) struct Patching {
    before: Arc<Sorted>,
    /// How many of the rows before were passed.
    passed: usize,
    /// What becomes of the rows of each chunk before.
    moves: Vec<Move>,
    spots: Vec<Spot>,
    /// Rows that come, in their order.
    new: Vec<Spot>,
}

/// What becomes of the rows of a chunk.
#[derive(Clone, Debug)]
enum Move {
    Gone,
    /// All are in the chunk of this index now.
    To(usize),
    /// Those that are still found.
    Found(usize, Arc<Mask>),
    /// Each for itself.
    Each(Vec<Option<Spot>>),
}

/// A chunk whose rows were found or are, by its index.
type Part<'a> = (usize, &'a Arc<Chunk>, &'a Arc<Mask>);

impl Patching {
    /// `None` where so much is different that all rows are sorted sooner.
    pub(super) fn new(
        before: &Arc<Sorted>,
        comparison: &Comparison,
        ledger: &Ledger,
        parts: &[PartRows],
    ) -> Option<Self> {
        if !before.comparison.is_as(comparison) {
            return None;
        }
        let old = before.parts.iter().map(|(index, chunk, rows)| (*index, chunk, rows));
        let now = parts.iter().rev();
        let now = now.filter_map(|(index, rows)| Some((*index, ledger.chunks.get(*index)?, rows)));
        let plan = Plan {
            comparison,
            ledger,
            moves: vec![Move::Gone; before.parts.last().map_or(0, |(index, ..)| index + 1)],
            new: Vec::new(),
            compared: 0,
        };
        let (moves, mut new) = plan.make(&old.collect::<Vec<_>>(), &now.collect::<Vec<_>>())?;
        new.sort_unstable_by(|one, other| comparison.compare(ledger, one.place(), other.place()));
        let spots = Vec::with_capacity(before.spots.len() + new.len());
        Some(Self { before: Arc::clone(before), passed: 0, moves, spots, new })
    }

    /// Passes this many rows at most. Tells whether all are in their places.
    pub(super) fn step(
        &mut self,
        comparison: &Comparison,
        ledger: &Ledger,
        most_rows: usize,
    ) -> bool {
        let end = self.before.spots.len().min(self.passed + most_rows.max(1));
        for spot in self.before.spots.get(self.passed..end).unwrap_or_default() {
            let (chunk, row) = spot.place();
            self.spots.extend(self.moves.get(chunk).and_then(|to| to.of(row)));
        }
        self.passed = end;
        if end < self.before.spots.len() {
            return false;
        }
        self.put_new(comparison, ledger);
        true
    }

    fn put_new(&mut self, comparison: &Comparison, ledger: &Ledger) {
        let mut end = self.spots.len();
        let new = std::mem::take(&mut self.new);
        self.spots.extend_from_slice(&new);
        for (left, spot) in new.iter().enumerate().rev() {
            let is_before = |known: &Spot| {
                comparison.compare(ledger, known.place(), spot.place()) == Ordering::Less
            };
            let at = self.spots.get(..end).map_or(0, |known| known.partition_point(is_before));
            self.spots.copy_within(at..end, at + left + 1);
            self.spots[at + left] = *spot;
            end = at;
        }
    }

    pub(super) fn finish(&mut self) -> Vec<Spot> {
        std::mem::take(&mut self.spots)
    }
}

impl Move {
    fn of(&self, row: usize) -> Option<Spot> {
        match self {
            Self::Gone => None,
            Self::To(chunk) => Some(Spot::new((*chunk, row))),
            Self::Found(chunk, rows) => rows.has(row).then(|| Spot::new((*chunk, row))),
            Self::Each(spots) => spots.get(row).copied().flatten(),
        }
    }
}

/// What becomes of all rows, on its way.
struct Plan<'a> {
    comparison: &'a Comparison,
    ledger: &'a Ledger,
    moves: Vec<Move>,
    new: Vec<Spot>,
    /// Rows of chunks that have changed.
    compared: usize,
}

impl Plan<'_> {
    /// Of the parts as they were and as they are, the oldest first.
    fn make(mut self, old: &[Part<'_>], now: &[Part<'_>]) -> Option<(Vec<Move>, Vec<Spot>)> {
        let address = |chunk: &Arc<Chunk>| Arc::as_ptr(chunk).addr();
        let places: HashMap<usize, usize, foldhash::fast::FixedState> =
            now.iter().enumerate().map(|(at, (_, chunk, _))| (address(chunk), at)).collect();
        let (mut old_from, mut now_from) = (0, 0);
        for (at, (index, chunk, rows)) in old.iter().enumerate() {
            let Some(place) = places.get(&address(chunk)).copied() else { continue };
            self.compare_rows(old.get(old_from..at)?, now.get(now_from..place)?)?;
            let (index_now, _, rows_now) = now.get(place)?;
            self.moves[*index] = if Arc::ptr_eq(rows, rows_now) || rows == rows_now {
                Move::To(*index_now)
            } else {
                let new = Mask::clone(rows_now).without(rows);
                new.each(|row| self.new.push(Spot::new((*index_now, row))));
                Move::Found(*index_now, Arc::clone(rows_now))
            };
            (old_from, now_from) = (at + 1, place + 1);
            if self.new.len() > MOST_NEW {
                return None;
            }
        }
        if old_from == 0 {
            // Not one chunk is as it was: these may be other rows altogether, with other codes.
            return None;
        }
        self.compare_rows(old.get(old_from..)?, now.get(now_from..)?)?;
        (self.new.len() <= MOST_NEW).then_some((self.moves, self.new))
    }

    /// Compares the rows of neighbouring chunks with those of the chunks that replaced them.
    fn compare_rows(&mut self, old: &[Part<'_>], now: &[Part<'_>]) -> Option<()> {
        let len = |parts: &[Part<'_>]| parts.iter().map(|(_, of, _)| of.len()).sum::<usize>();
        self.compared += len(old) + len(now);
        if self.compared > MOST_COMPARED {
            return None;
        }
        let places = |parts: &[Part<'_>]| -> Vec<Place> {
            let of_part = |(at, (_, chunk, _)): (usize, &Part<'_>)| {
                (0..chunk.len()).map(move |row| (at, row)).collect::<Vec<Place>>()
            };
            parts.iter().enumerate().flat_map(of_part).collect()
        };
        let mut moved: Vec<Vec<Option<Spot>>> =
            old.iter().map(|(_, chunk, _)| vec![None; chunk.len()]).collect();
        let (old_places, now_places) = (places(old), places(now));
        let mut rest = old_places.into_iter().peekable();
        for (at_now, row_now) in now_places {
            let (index, chunk, rows) = now.get(at_now)?;
            let order = |(at, row): Place| {
                let (_, of, _) = old.get(at)?;
                Some(of.compare_rows(row, (chunk, row_now), &self.ledger.vocabulary))
            };
            while rest.next_if(|old| order(*old) == Some(Ordering::Less)).is_some() {}
            let known = rest.next_if(|old| order(*old) == Some(Ordering::Equal));
            if !rows.has(row_now) {
                continue;
            }
            let spot = Spot::new((*index, row_now));
            let same = known.filter(|(at, row)| {
                old.get(*at).is_some_and(|(_, of, rows)| {
                    rows.has(*row) && self.comparison.is_same((of, *row), (chunk, row_now))
                })
            });
            match same {
                Some((at, row)) => moved[at][row] = Some(spot),
                None => self.new.push(spot),
            }
        }
        for ((index, ..), spots) in old.iter().zip(moved) {
            self.moves[*index] = Move::Each(spots);
        }
        Some(())
    }
}
