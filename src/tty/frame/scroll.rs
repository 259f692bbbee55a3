//! Which rows the terminal can move by itself, so that they need not be written again.
//!
//! Found by hashes of parts of rows: a list beside a pane that stays is still seen to move. It is
//! an estimate; whoever uses it compares the bytes that came of it.

use std::hash::{BuildHasher, Hasher};
use std::ops::Range;

use foldhash::fast::FixedState;
use ratatui::buffer::{Buffer, Cell};

/// Cells of a part of a row.
const PART: usize = 8;

/// About how many bytes a part costs that differs, and a scroll.
const COST_OF_PART: i32 = 9;
const COST_OF_SCROLL: i32 = 18;

/// Rows that differ, below which no scroll is looked for.
const LEAST_ROWS: usize = 4;

/// Most scrolls of one frame: a screen has no more panes above each other that move.
const MOST: usize = 3;

/// Rows that move by some lines; the rows that come in at the other end are empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::tty) struct Scroll {
    /// The first row.
    pub(in crate::tty) top: u16,
    /// The row behind the last.
    pub(in crate::tty) bottom: u16,
    /// By how many lines; at most half as many as there are rows.
    pub(in crate::tty) lines: u16,
    /// Upwards, else downwards.
    pub(in crate::tty) up: bool,
}

impl Scroll {
    /// Does to a picture of the screen what the terminal does to the screen.
    pub(in crate::tty) fn apply(&self, to: &mut Buffer) {
        let columns = usize::from(to.area.width);
        self.shift(&mut to.content, columns, Cell::EMPTY);
    }

    /// Whether a row is in both.
    const fn overlaps(&self, other: &Self) -> bool {
        self.top < other.bottom && other.top < self.bottom
    }

    /// Moves rows of so many items.
    fn shift<T: Clone>(&self, rows: &mut [T], columns: usize, empty: T) {
        let at = |row: u16| usize::from(row) * columns;
        let Some(region) = rows.get_mut(at(self.top)..at(self.bottom)) else { return };
        let moved = at(self.lines).min(region.len());
        let fresh = if self.up {
            region.rotate_left(moved);
            region.len() - moved..region.len()
        } else {
            region.rotate_right(moved);
            0..moved
        };
        if let Some(fresh) = region.get_mut(fresh) {
            fresh.fill(empty);
        }
    }
}

/// The scrolls that bring what is shown closest to the next frame, in their order, and about how
/// many bytes they save. Both have the same size; `differing` are the rows that are not equal in
/// both, from the top.
pub(in crate::tty) fn plan(shown: &Buffer, next: &Buffer, differing: &[u16]) -> (Vec<Scroll>, i32) {
    if differing.len() < LEAST_ROWS {
        return (Vec::new(), 0);
    }
    let mut parts = Parts::new(shown, next, differing);
    let (mut scrolls, mut saved) = (Vec::new(), 0);
    // Rows that were moved are not moved again: not every terminal has been seen to get that right,
    // and it saves next to nothing.
    while scrolls.len() < MOST
        && let Some((scroll, saves)) = parts.best()
        && scrolls.iter().all(|earlier: &Scroll| !earlier.overlaps(&scroll))
    {
        scroll.shift(&mut parts.shown, parts.columns, parts.empty);
        scrolls.push(scroll);
        saved += saves - COST_OF_SCROLL;
    }
    (scrolls, saved)
}

/// The hashes of the parts of each row.
struct Parts {
    shown: Vec<u64>,
    next: Vec<u64>,
    /// Parts of a row.
    columns: usize,
    rows: usize,
    /// The hash of an empty part. The last one of a row may be shorter: then it is never taken for
    /// empty, which costs little.
    empty: u64,
}

impl Parts {
    fn new(shown: &Buffer, next: &Buffer, differing: &[u16]) -> Self {
        let width = usize::from(next.area.width.max(1));
        let columns = width.div_ceil(PART);
        let rows = shown.content.chunks(width);
        let of_shown: Vec<u64> = rows.flat_map(|row| row.chunks(PART)).map(hash).collect();
        let mut of_next = of_shown.clone();
        for y in differing.iter().copied().map(usize::from) {
            let Some(row) = next.content.chunks(width).nth(y) else { continue };
            let hashes = of_next.iter_mut().skip(y * columns);
            hashes.zip(row.chunks(PART)).for_each(|(of_part, part)| *of_part = hash(part));
        }
        Self {
            shown: of_shown,
            next: of_next,
            columns,
            rows: usize::from(next.area.height),
            empty: hash(&[Cell::EMPTY; PART]),
        }
    }

    /// The scroll that saves most, and about how many bytes.
    fn best(&self) -> Option<(Scroll, i32)> {
        let stay: Vec<i32> = (0..self.rows).map(|y| self.cost(Some(y), y)).collect();
        if stay.iter().filter(|cost| **cost > 0).count() < LEAST_ROWS {
            return None;
        }
        let fresh: Vec<i32> = (0..self.rows).map(|y| self.cost(None, y)).collect();
        // What is saved in all rows before one, where they come in empty.
        let saved_fresh = sums(stay.iter().zip(&fresh).map(|(stay, fresh)| stay - fresh));
        let mut best: Option<(Scroll, i32)> = None;
        // Where most rows come in empty, nothing scrolls: the screen is another one.
        for lines in 1..=self.rows / 2 {
            for up in [true, false] {
                let moved = self.moved(lines, up);
                let saved = sums(stay.iter().zip(&moved).map(|(stay, moved)| stay - moved));
                let (rows, saves) = best_region(&saved, &saved_fresh, lines, up);
                let scrolls = rows.len() >= 2 * lines;
                if scrolls && saves > COST_OF_SCROLL && best.is_none_or(|(_, most)| saves > most) {
                    let row = |y: usize| u16::try_from(y).unwrap_or(u16::MAX);
                    let (top, bottom) = (row(rows.start), row(rows.end));
                    best = Some((Scroll { top, bottom, lines: row(lines), up }, saves));
                }
            }
        }
        best
    }

    /// What each row costs that comes from so many lines below or above; those that nothing can
    /// come to count as free, and are in no region.
    fn moved(&self, lines: usize, up: bool) -> Vec<i32> {
        let from = |y: usize| if up { Some(y + lines) } else { y.checked_sub(lines) };
        let cost =
            |y| from(y).filter(|from| *from < self.rows).map(|from| self.cost(Some(from), y));
        (0..self.rows).map(|y| cost(y).unwrap_or_default()).collect()
    }

    /// What it costs to write a row over a shown one, or over an empty one.
    fn cost(&self, shown: Option<usize>, next: usize) -> i32 {
        let row = |hashes: &'_ [u64], y: usize| -> Range<usize> {
            let begin = y * self.columns;
            begin..(begin + self.columns).min(hashes.len())
        };
        let next = self.next.get(row(&self.next, next)).unwrap_or_default();
        let differing = match shown {
            Some(y) => {
                let shown = self.shown.get(row(&self.shown, y)).unwrap_or_default();
                shown.iter().zip(next).filter(|(shown, next)| shown != next).count()
            }
            None => next.iter().filter(|part| **part != self.empty).count(),
        };
        i32::try_from(differing).unwrap_or(i32::MAX / COST_OF_PART) * COST_OF_PART
    }
}

/// A number for the text of a part. Colours are left out: to hash them takes several times as long,
/// and a row that moves under the cursor still saves its text.
fn hash(part: &[Cell]) -> u64 {
    let mut hasher = FixedState::default().build_hasher();
    for cell in part {
        let mut begin = [0; 8];
        begin.iter_mut().zip(cell.symbol().bytes()).for_each(|(to, byte)| *to = byte);
        hasher.write_u64(u64::from_le_bytes(begin));
    }
    hasher.finish()
}

/// The region that saves most with a scroll by so many lines. `saved` has for each row what is
/// saved in all rows before it that move, `fresh` in those that come in empty.
fn best_region(saved: &[i32], fresh: &[i32], lines: usize, up: bool) -> (Range<usize>, i32) {
    let at = |sums: &[i32], row: usize| sums.get(row).copied().unwrap_or_default();
    let mut best = (0..0, 0);
    // What a region saves is a part that depends on its first row alone, and one on its end.
    let mut first = (0, i32::MIN);
    for end in lines + 1..saved.len() {
        let top = end - lines - 1;
        let of_top = if up {
            -at(saved, top)
        } else {
            at(fresh, top + lines) - at(fresh, top) - at(saved, top + lines)
        };
        if of_top > first.1 {
            first = (top, of_top);
        }
        let of_end = if up {
            at(saved, end - lines) + at(fresh, end) - at(fresh, end - lines)
        } else {
            at(saved, end)
        };
        if first.1 + of_end > best.1 {
            best = (first.0..end, first.1 + of_end);
        }
    }
    best
}

/// For each item the sum of all before it, and at the end the sum of all.
fn sums(items: impl Iterator<Item = i32>) -> Vec<i32> {
    let mut sum = 0;
    let sums = items.map(|item| {
        sum += item;
        sum
    });
    std::iter::once(0).chain(sums).collect()
}
