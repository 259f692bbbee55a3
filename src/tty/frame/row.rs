//! Rows of cells as a terminal has them.

use ratatui::buffer::{Cell, CellWidth};
use ratatui::style::{Color, Modifier};

/// Attributes that show on a cell without text.
pub(super) const VISIBLE_ON_BLANK: Modifier = Modifier::REVERSED
    .union(Modifier::UNDERLINED)
    .union(Modifier::SLOW_BLINK)
    .union(Modifier::RAPID_BLINK)
    .union(Modifier::CROSSED_OUT);

/// Makes cells that look alike equal, and leaves no half of a wide symbol: one that was drawn over,
/// or that has no room, becomes blank.
pub(in crate::tty) fn normalize(row: &mut [Cell]) {
    let mut x = 0;
    while let Some(width) = row.get(x).map(width) {
        if width > 1 {
            let covered = row.get_mut(x + 1..x + width).unwrap_or_default();
            let whole = covered.len() == width - 1 && covered.iter().all(|c| c.symbol() == " ");
            if whole {
                covered.fill(Cell::EMPTY);
                x += width;
                continue;
            }
            if let Some(cut) = row.get_mut(x) {
                cut.set_symbol(" ");
            }
        }
        if let Some(cell) = row.get_mut(x) {
            if cell.symbol().is_empty() {
                cell.set_symbol(" ");
            }
            if cell.symbol() == " " && !cell.modifier.intersects(VISIBLE_ON_BLANK) {
                cell.fg = Color::Reset;
                cell.modifier = Modifier::empty();
            }
        }
        x += 1;
    }
}

/// The columns that a cell takes, 1 or more.
pub(in crate::tty) fn width(cell: &Cell) -> usize {
    match cell.symbol().as_bytes() {
        // Letters of ASCII and borders (U+2500 to U+257F), which are most of a frame.
        [_] | [0xe2, 0x94 | 0x95, _] => 1,
        _ => usize::from(cell.cell_width()).max(1),
    }
}

/// Which cells have a symbol of their own: all but those that a wide one before them covers.
pub(super) fn leads(row: &[Cell]) -> Vec<bool> {
    let mut covered = 0;
    row.iter()
        .map(|cell| {
            if covered > 0 {
                covered -= 1;
                return false;
            }
            covered = width(cell) - 1;
            true
        })
        .collect()
}

/// Whether a cell is as erasing leaves it.
pub(super) fn is_empty(cell: &Cell) -> bool {
    *cell == Cell::EMPTY
}

/// Whether terminals disagree on how many columns a symbol takes: a letter with marks, such as the
/// vowel signs of Hindi, and pictures.
pub(in crate::tty) fn is_disputed(symbol: &str) -> bool {
    if symbol.len() == 1 {
        return false;
    }
    let mut chars = symbol.chars();
    match (chars.next(), chars.next()) {
        (Some(c), None) => matches!(c, '\u{2600}'..='\u{27bf}' | '\u{1f000}'..),
        (_, Some(_)) => true,
        (None, None) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn symbols_are_as_wide_as_ratatui_takes_them() {
        for symbol in (' '..='~').chain('\u{a0}'..='\u{2fff}').chain('\u{ff00}'..='\u{ffef}') {
            let mut cell = Cell::EMPTY;
            cell.set_char(symbol);
            assert_eq!(width(&cell), usize::from(cell.cell_width()).max(1), "{symbol:?}");
        }
    }
}
