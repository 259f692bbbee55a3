//! The fewest bytes that turn one screen into another: cursor moves and text. Colours are not
//! counted, and neither is what a terminal could move by itself (scrolling), so a program that
//! scrolls may stay below it.

use vt100::{Cell, Screen};

/// What a change of the screen needs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Floor {
    pub(crate) bytes: usize,
    /// Cells that differ, in text, colour or attributes.
    pub(crate) cells: usize,
}

pub(crate) fn floor(before: &Screen, after: &Screen) -> Floor {
    let (rows, columns) = after.size();
    let mut least = Floor::default();
    let mut cursor = None;
    for row in 0..rows.get() {
        let mut column = 0;
        while column < columns.get() {
            if before.cell(row, column) == after.cell(row, column) {
                column += 1;
                continue;
            }
            least.bytes += shortest_move(cursor, (row, column));
            while column < columns.get() && before.cell(row, column) != after.cell(row, column) {
                least.bytes += after.cell(row, column).map_or(1, text_bytes);
                least.cells += 1;
                column += 1;
            }
            cursor = Some((row, column));
        }
    }
    least
}

/// Bytes of the text of a cell; the second half of a wide character needs none.
fn text_bytes(cell: &Cell) -> usize {
    if cell.is_wide_continuation() { 0 } else { cell.contents().len().max(1) }
}

/// Bytes of the shortest move to a cell: by its address, to the right, or by new lines.
fn shortest_move(from: Option<(u16, u16)>, (row, column): (u16, u16)) -> usize {
    let address = if column == 0 {
        format!("\x1b[{}H", row + 1).len()
    } else {
        format!("\x1b[{};{}H", row + 1, column + 1).len()
    };
    let Some((from_row, from_column)) = from else { return address };
    let relative = if row == from_row && column >= from_column {
        to_the_right(column - from_column)
    } else if row > from_row {
        let lines = usize::from(row - from_row);
        // A carriage return and new lines, or new lines alone where the column is right.
        if column == from_column { lines } else { 1 + lines + to_the_right(column) }
    } else {
        address
    };
    address.min(relative)
}

fn to_the_right(columns: u16) -> usize {
    match columns {
        0 => 0,
        1 => "\x1b[C".len(),
        more => format!("\x1b[{more}C").len(),
    }
}
