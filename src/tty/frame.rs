//! The bytes that turn one picture of cells into another: text, cursor moves and attributes, each
//! the shortest that does it.
//!
//! Only sequences that a VT220 knows are used, but for colours, and none that stays in force:
//! however the program ends, there is nothing to set back.

mod pen;
pub(super) mod row;
pub(super) mod scroll;
mod shift;

use std::io::Write as _;
use std::ops::Range;

use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::Position;

use pen::Pen;
use row::{is_disputed, is_empty, leads, width};
use scroll::Scroll;

/// Most equal cells between two changes that are written again instead of being jumped over, where
/// that takes fewer bytes.
const LONGEST_GAP: usize = 8;

/// Bytes of a row for which no part of it is worth moving.
const WORTH_SHIFTING: usize = 40;

/// Most rows of a frame in which a part that moves is looked for.
const MOST_SHIFTED: usize = 12;

/// Most columns that a terminal may draw a symbol wider than it is taken for.
const MOST_OVERHANG: usize = 4;

/// Most rows that a line feed each goes down.
const MOST_LINE_FEEDS: u16 = 3;

/// Writes for a terminal whose pen is plain at the beginning.
#[derive(Debug, Default)]
pub(super) struct Writer {
    bytes: Vec<u8>,
    /// Where the terminal's cursor is, where that is known. At the column behind the last it still
    /// stands in the full row.
    at: Option<Position>,
    pen: Pen,
    columns: u16,
    /// Whether the terminal may move what it shows.
    moves: bool,
}

impl Writer {
    /// For a terminal with so many columns, which may move what it shows or not.
    pub(super) fn new(columns: u16, moves: bool) -> Self {
        Self { columns, moves, ..Self::default() }
    }

    /// Turns what is shown into the next frame of the same size: the rows that differ, from the
    /// top.
    pub(super) fn draw(&mut self, shown: &Buffer, next: &Buffer, differing: &[u16]) {
        self.moves &= differing.len() <= MOST_SHIFTED;
        let columns = usize::from(self.columns.max(1));
        for y in differing.iter().copied() {
            let rows = [shown, next].map(|of| of.content.chunks(columns).nth(usize::from(y)));
            let [Some(shown), Some(next)] = rows else { continue };
            if shown.iter().chain(next).any(|cell| is_disputed(cell.symbol())) {
                self.draw_whole_row(y, next);
            } else {
                self.draw_row(y, shown, next);
            }
        }
    }

    /// Lets the terminal move rows of a screen of so many: lines are deleted at one end and empty
    /// ones inserted at the other. A scroll region with a scroll in it would do the same, but would
    /// stay set where the program dies before it is set back.
    pub(super) fn scroll(&mut self, scroll: &Scroll, height: u16) {
        self.change_pen(Pen::default());
        let Scroll { top, bottom, lines, up } = *scroll;
        let far = bottom.saturating_sub(lines);
        let (delete, insert) = if up { (top, far) } else { (far, top) };
        // At the end of the screen lines leave it by themselves, and empty ones come.
        let at_end = bottom >= height;
        if up || !at_end {
            self.go_to(Position::new(0, delete));
            sequence(&mut self.bytes, lines, 'M');
        }
        if !up || !at_end {
            self.go_to(Position::new(0, insert));
            sequence(&mut self.bytes, lines, 'L');
        }
    }

    /// The bytes; the pen is plain again behind them.
    pub(super) fn finish(mut self) -> Vec<u8> {
        self.change_pen(Pen::default());
        self.bytes
    }

    /// Turns one row into another, with the terminal's help where that is shorter.
    fn draw_row(&mut self, y: u16, shown: &[Cell], next: &[Cell]) {
        let mut best = self.beside();
        best.write_changes(y, shown, next);
        if self.moves
            && best.bytes.len() > WORTH_SHIFTING
            && let Some(shift) = shift::plan(shown, next)
        {
            let mut helped = self.beside();
            helped.change_pen(Pen::default());
            helped.go_to(Position::new(column(shift.from), y));
            let verb = if shift.left { 'P' } else { '@' };
            sequence(&mut helped.bytes, column(shift.columns), verb);
            helped.write_changes(y, &shift.apply(shown), next);
            if helped.bytes.len() < best.bytes.len() {
                best = helped;
            }
        }
        self.go_on_as(best);
    }

    /// Writes what differs between two rows.
    fn write_changes(&mut self, y: u16, shown: &[Cell], next: &[Cell]) {
        let (end, shown_end) = (end(next), end(shown));
        let shown_leads = leads(shown);
        let mut x = 0;
        while let Some(cell) = next.get(x) {
            let same = shown_leads.get(x) == Some(&true) && shown.get(x) == Some(cell);
            if !same {
                self.approach(x, y, next);
                if x >= end && shown_end.saturating_sub(x) > 3 {
                    return self.erase_rest();
                }
                self.put(cell);
            }
            x += width(cell);
        }
    }

    /// Writes a row in which terminals disagree about the width of a symbol, in this frame or the
    /// last. What the terminal has in which column is not known: the row is erased and written
    /// whole, and the cursor is placed anew behind each such symbol.
    fn draw_whole_row(&mut self, y: u16, next: &[Cell]) {
        self.go_to(Position::new(0, y));
        self.erase_rest();
        let mut certain_from = 0;
        let cells = next.iter().zip(leads(next)).enumerate();
        for (x, (cell, _)) in cells.filter(|(_, (_, is_lead))| *is_lead) {
            let is_erased = x >= certain_from && is_empty(cell);
            if !is_erased {
                self.go_to(Position::new(column(x), y));
                self.put(cell);
            }
            if is_disputed(cell.symbol()) {
                self.at = None;
                certain_from = x + width(cell) + MOST_OVERHANG;
            }
        }
    }

    /// Brings the cursor to a cell that is to be written, and the pen to its attributes. Equal
    /// cells before it are written again where that is shorter than a jump over them.
    fn approach(&mut self, x: usize, y: u16, next: &[Cell]) {
        let to = Position::new(column(x), y);
        if self.at == Some(to) {
            return;
        }
        let gap = self.at.filter(|at| at.y == y).map(|at| usize::from(at.x)..x);
        let gap = gap.filter(|gap| (1..=LONGEST_GAP).contains(&gap.len()));
        let Some(target) = next.get(x) else { return };
        let (begin, before) = (self.bytes.len(), (self.at, self.pen));
        self.go_to(to);
        self.change_pen(self.pen.toward(target));
        let Some(gap) = gap else { return };
        let (end, jumped) = (self.bytes.len(), (self.at, self.pen));
        (self.at, self.pen) = before;
        self.put_all(gap, next);
        self.change_pen(self.pen.toward(target));
        if self.bytes.len() - end <= end - begin {
            self.bytes.drain(begin..end);
        } else {
            self.bytes.truncate(end);
            (self.at, self.pen) = jumped;
        }
    }

    /// One that would go on from here.
    fn beside(&self) -> Self {
        Self { bytes: Vec::new(), ..*self }
    }

    /// Takes over what one beside this has written.
    fn go_on_as(&mut self, beside: Self) {
        self.bytes.extend(beside.bytes);
        (self.at, self.pen) = (beside.at, beside.pen);
    }

    fn put_all(&mut self, columns: Range<usize>, row: &[Cell]) {
        let mut x = columns.start;
        while let Some(cell) = row.get(x).filter(|_| x < columns.end) {
            self.put(cell);
            x += width(cell);
        }
    }

    /// Writes a cell where the cursor is.
    fn put(&mut self, cell: &Cell) {
        self.change_pen(self.pen.toward(cell));
        self.bytes.extend(cell.symbol().as_bytes());
        if let Some(at) = &mut self.at {
            at.x = at.x.saturating_add(column(width(cell)));
        }
    }

    /// Erases the row from the cursor on.
    fn erase_rest(&mut self) {
        self.change_pen(self.pen.toward(&Cell::EMPTY));
        self.bytes.extend(b"\x1b[K");
    }

    /// Moves the cursor, in the fewest bytes.
    fn go_to(&mut self, to: Position) {
        if self.at == Some(to) {
            return;
        }
        let begin = self.bytes.len();
        absolute(&mut self.bytes, to);
        let down = |from: Position| to.y.checked_sub(from.y).filter(|by| *by <= MOST_LINE_FEEDS);
        if let Some((from, down)) = self.at.and_then(|from| Some((from, down(from)?))) {
            self.prefer_shorter(begin, |bytes| {
                bytes.push(b'\r');
                line_feeds(bytes, down);
                sequence(bytes, to.x, 'C');
            });
            // Behind the last column the cursor still stands on it, and some terminals forget that
            // at a line feed, others do not.
            if from.x < self.columns {
                self.prefer_shorter(begin, |bytes| {
                    line_feeds(bytes, down);
                    sideways(bytes, from.x, to.x);
                });
            }
        }
        self.at = Some(to);
    }

    /// Puts other bytes in the place of those from `begin` on, where they are fewer.
    fn prefer_shorter(&mut self, begin: usize, other: impl FnOnce(&mut Vec<u8>)) {
        let end = self.bytes.len();
        other(&mut self.bytes);
        if self.bytes.len() - end < end - begin {
            self.bytes.drain(begin..end);
        } else {
            self.bytes.truncate(end);
        }
    }

    fn change_pen(&mut self, to: Pen) {
        if self.pen != to {
            self.bytes.extend(self.pen.change(to).into_bytes());
            self.pen = to;
        }
    }
}

/// The column behind the last cell that is not empty.
fn end(row: &[Cell]) -> usize {
    row.iter().rposition(|cell| !is_empty(cell)).map_or(0, |last| last + 1)
}

/// A column of a screen, which has at most 65,535.
fn column(x: usize) -> u16 {
    u16::try_from(x).unwrap_or(u16::MAX)
}

/// A control sequence; once is not written as a number.
fn sequence(to: &mut Vec<u8>, count: u16, verb: char) {
    match count {
        0 => {}
        1 => push(to, format_args!("\x1b[{verb}")),
        _ => push(to, format_args!("\x1b[{count}{verb}")),
    }
}

/// To a cell, from wherever the cursor is.
fn absolute(to: &mut Vec<u8>, Position { x, y }: Position) {
    match (x, y) {
        (0, 0) => push(to, format_args!("\x1b[H")),
        (0, _) => push(to, format_args!("\x1b[{}H", y + 1)),
        (_, _) => push(to, format_args!("\x1b[{};{}H", y + 1, x + 1)),
    }
}

fn line_feeds(to: &mut Vec<u8>, count: u16) {
    to.extend(std::iter::repeat_n(b'\n', usize::from(count)));
}

/// To another column of the same row.
fn sideways(to: &mut Vec<u8>, from: u16, column: u16) {
    match from.checked_sub(column) {
        None | Some(0) => sequence(to, column - from, 'C'),
        Some(back @ 1..=3) => to.extend(std::iter::repeat_n(0x08, usize::from(back))),
        Some(back) => sequence(to, back, 'D'),
    }
}

fn push(to: &mut Vec<u8>, words: std::fmt::Arguments<'_>) {
    // Memory takes all that is written to it.
    _ = to.write_fmt(words);
}
