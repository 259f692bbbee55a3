//! Which part of a row the terminal can move sideways, so that it need not be written again: a
//! footer of which one word comes or goes.

use std::hash::BuildHasher;

use foldhash::fast::FixedState;
use ratatui::buffer::Cell;

use super::row::width;

/// Most columns that a part moves.
const MOST: usize = 32;

/// Cells from a column to the end of their row, which move; empty ones come in behind them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shift {
    /// The first column.
    pub(super) from: usize,
    /// By how many columns.
    pub(super) columns: usize,
    /// To the left, over the first cells; else to the right, and over the end.
    pub(super) left: bool,
}

impl Shift {
    /// The row as the terminal then has it.
    pub(super) fn apply(&self, row: &[Cell]) -> Vec<Cell> {
        let mut row = row.to_vec();
        if let Some(part) = row.get_mut(self.from..) {
            let columns = self.columns.min(part.len());
            let empty = if self.left {
                part.rotate_left(columns);
                part.len() - columns..part.len()
            } else {
                part.rotate_right(columns);
                0..columns
            };
            if let Some(empty) = part.get_mut(empty) {
                empty.fill(Cell::EMPTY);
            }
        }
        row
    }
}

/// The shift after which most cells are right, if any is better than none. Rows with wide symbols
/// are left alone: one of them could be cut.
pub(super) fn plan(shown: &[Cell], next: &[Cell]) -> Option<Shift> {
    if shown.iter().chain(next).any(|cell| width(cell) > 1) {
        return None;
    }
    let from = shown.iter().zip(next).position(|(shown, next)| shown != next)?;
    // Numbers are compared many times as fast as cells.
    let state = FixedState::default();
    let numbers = |row: &[Cell]| -> Vec<u64> { row.iter().map(|c| state.hash_one(c)).collect() };
    let filled: Vec<bool> = next.get(from..)?.iter().map(|cell| cell.symbol() != " ").collect();
    let (shown, next) = (numbers(shown.get(from..)?), numbers(next.get(from..)?));
    let right_with = |left: bool, columns: usize| {
        let skipped = if left { (columns, 0) } else { (0, columns) };
        let shown = shown.iter().skip(skipped.0);
        let next = next.iter().zip(&filled).skip(skipped.1);
        // Empty cells are cheap, and many match by chance.
        shown.zip(next).filter(|(shown, (next, filled))| *shown == *next && **filled).count()
    };
    let unmoved = right_with(true, 0);
    let ways = (1..=MOST).flat_map(|columns| [true, false].map(|left| (columns, left)));
    let (columns, left) = ways.max_by_key(|(columns, left)| right_with(*left, *columns))?;
    (right_with(left, columns) > unmoved).then_some(Shift { from, columns, left })
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::buffer::Buffer;

    fn row(text: &str) -> Vec<Cell> {
        Buffer::with_lines([format!("{text:30}")]).content
    }

    #[test]
    fn a_word_that_comes_or_goes_moves_what_stands_behind_it() {
        let (with, without) = (row("f freeze  P pin  x actions"), row("f freeze  x actions"));
        let goes = plan(&with, &without).expect("a shift");
        assert_eq!(goes, Shift { from: 10, columns: 7, left: true });
        assert_eq!(goes.apply(&with), without);
        let comes = plan(&without, &with).expect("a shift");
        assert_eq!(comes, Shift { from: 10, columns: 7, left: false });
        assert_eq!(comes.apply(&without), row("f freeze         x actions"));
        assert_eq!(plan(&with, &with), None);
        assert_eq!(plan(&row("日 f freeze"), &row("日 freeze")), None);
    }
}
