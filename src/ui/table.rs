//! Tables on screen: their headings, and the rows below them.
//!
//! Figures are never cut; what does not fit is hidden in the order that the columns name
//! (`app::present::table::widths`).

use ratatui::layout::Rect;
use ratatui::style::Style;

use super::canvas::{Canvas, write};
use super::theme::Role;
use crate::app::Model;
use crate::app::layout::parts::heading_height;
use crate::app::portfolio::Portfolio;
use crate::app::present::table::widths::{Widths, fit};
use crate::app::present::table::{Alignment, Cell, Column, Context, Holds, Width, cells};
use crate::app::widest::Widest;
use crate::domain::text;

/// A row, and whether the cursor or a mark is on it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row<R> {
    pub(super) row: R,
    pub(super) cursor: bool,
    pub(super) marked: bool,
}

/// A table: its columns, and the rows that can be seen.
pub(super) struct Table<'a, R> {
    pub(super) portfolio: &'a Portfolio,
    pub(super) widest: &'a Widest,
    pub(super) columns: &'a [Column<R>],
    pub(super) rows: &'a [Row<R>],
    /// Keys go to this table.
    pub(super) focused: bool,
    /// Terminal columns, cursor and mark included, beyond which more are of no use to it.
    pub(super) useful: Option<u16>,
}

impl<'a, R> Table<'a, R> {
    /// A table of the board that may use all the room that it has.
    pub(super) fn new(
        model: &'a Model,
        columns: &'a [Column<R>],
        rows: &'a [Row<R>],
        focused: bool,
    ) -> Self {
        let (portfolio, widest) = (&model.portfolio, &model.widest);
        Self { portfolio, widest, columns, rows, focused, useful: None }
    }

    /// Draws a heading and rows below it. The row under the cursor has a `>`, and is reversed where
    /// keys go to this table.
    pub(super) fn draw(&self, canvas: &mut Canvas<'_>, area: Rect) {
        if area.height == 0 || area.width < 4 {
            return;
        }
        let (widths, rows) = self.formatted(area.width);
        let below = area.y + heading_height(area.height);
        if below > area.y {
            let titles: Vec<Cell> = self
                .columns
                .iter()
                .zip(&widths.columns)
                .map(|(column, width)| (Role::Muted, heading(column.title, *width).to_owned()))
                .collect();
            self.draw_cells(canvas, Rect { height: 1, ..area }, &widths, &titles, None);
        }
        for (y, (row, cells)) in (below..area.bottom()).zip(self.rows.iter().zip(&rows)) {
            let line = Rect { y, height: 1, ..area };
            #[cfg(test)]
            self.record(line, &widths, &row.row);
            let marker = [if row.cursor { '>' } else { ' ' }, if row.marked { '*' } else { ' ' }];
            let over = (row.cursor && self.focused).then(|| canvas.theme.style(Role::Selection));
            if let Some(style) = over {
                canvas.buffer.set_style(line, style);
            }
            let style = over.unwrap_or_else(|| canvas.theme.style(Role::Key));
            write(canvas.buffer, (area.x, y), &String::from_iter(marker), 2, style);
            self.draw_cells(canvas, line, &widths, cells, over);
        }
    }

    /// The widths of the columns in a table of so many terminal columns, and the words of the
    /// cells that fit into them.
    pub(super) fn formatted(&self, columns: u16) -> (Widths, Vec<Vec<Cell>>) {
        let room = usize::from(columns).saturating_sub(2);
        let useful = self.useful.map_or(room, |useful| usize::from(useful).saturating_sub(2));
        let full = Context::full(self.portfolio);
        let mut rows: Vec<Vec<Cell>> =
            self.rows.iter().map(|row| cells(self.columns, &full, &row.row)).collect();
        let widths =
            fit(self.columns, self.widest, &widest_cells(self.columns, &rows), (room, useful));
        for (row, cells) in self.rows.iter().zip(&mut rows) {
            for ((column, width), cell) in self.columns.iter().zip(&widths.columns).zip(cells) {
                let brief = text::width(&cell.1) > *width;
                let context = Context { time: widths.time, brief, ..full };
                if *width > 0 && (brief || context.time != full.time) {
                    *cell = (column.cell)(&context, &row.row);
                }
            }
        }
        (widths, rows)
    }

    /// Draws the cells of one line; `over` replaces their own styles.
    fn draw_cells(
        &self,
        canvas: &mut Canvas<'_>,
        line: Rect,
        widths: &Widths,
        cells: &[Cell],
        over: Option<Style>,
    ) {
        let mut x = line.x + 2;
        for ((column, width), (role, text)) in self.columns.iter().zip(&widths.columns).zip(cells) {
            if *width == 0 {
                continue;
            }
            let room = usize::from(line.right().saturating_sub(x)).min(*width);
            let text = fitted(&column.width, text, room);
            let style = over.unwrap_or_else(|| canvas.theme.style(*role));
            write(canvas.buffer, (x, line.y), &text, room, style);
            x = x.saturating_add(u16::try_from(width + widths.gap).unwrap_or(u16::MAX));
        }
    }
}

#[cfg(test)]
pub(super) use recording::{DrawnCell, recorded};

/// What was drawn where, for tests that compare what is seen at two sizes.
#[cfg(test)]
mod recording {
    use std::cell::RefCell;
    use std::rc::Rc;

    use super::{Cell, Context, Rect, Table, Widths, cells};

    thread_local! {
        static CELLS: RefCell<Option<Vec<DrawnCell>>> = const { RefCell::new(None) };
    }

    /// A cell of a column that is not hidden.
    #[derive(Clone, Debug)]
    pub(in crate::ui) struct DrawnCell {
        pub(in crate::ui) title: &'static str,
        /// The full words of all cells of its row, also of hidden ones.
        pub(in crate::ui) row: Rc<str>,
        /// Its own full words.
        pub(in crate::ui) full: String,
        pub(in crate::ui) area: Rect,
    }

    /// Draws something, and answers the cells of all tables in it.
    pub(in crate::ui) fn recorded(draw: impl FnOnce()) -> Vec<DrawnCell> {
        CELLS.set(Some(Vec::new()));
        draw();
        CELLS.take().unwrap_or_default()
    }

    impl<R> Table<'_, R> {
        pub(super) fn record(&self, line: Rect, widths: &Widths, row: &R) {
            CELLS.with_borrow_mut(|recorded| {
                let Some(recorded) = recorded else { return };
                let full: Vec<Cell> = cells(self.columns, &Context::full(self.portfolio), row);
                let full: Vec<String> = full.into_iter().map(|(_, text)| text).collect();
                let row: Rc<str> = full.join(" ").into();
                let mut x = line.x + 2;
                for ((column, width), text) in self.columns.iter().zip(&widths.columns).zip(&full) {
                    if *width > 0 {
                        let columns = u16::try_from(*width).expect("the screen is no wider");
                        let gap = u16::try_from(widths.gap).expect("it is a few columns");
                        let area = Rect::new(x, line.y, columns.min(line.right() - x), 1);
                        recorded.push(DrawnCell {
                            title: column.title,
                            row: Rc::clone(&row),
                            full: text.trim().to_owned(),
                            area,
                        });
                        x = (x + columns + gap).min(line.right());
                    }
                }
            });
        }
    }
}

/// A cell in exactly so many columns.
fn fitted(width: &Width, text: &str, room: usize) -> String {
    match (width.alignment, width.holds) {
        // Half a figure is a wrong figure.
        (Alignment::Figure, _) if text::width(text) > room => text::pad_left("~", room),
        (Alignment::Figure, _) => text::pad_left(text, room),
        (_, Holds::Sums | Holds::SumsWithCurrency) => {
            text::pad_right(&text::fit_keeping_sum(text, room), room)
        }
        (Alignment::Words | Alignment::Whole | Alignment::Time, _) => text::pad_right(text, room),
    }
}

/// How wide the widest cell of each column is that must not be cut.
fn widest_cells<R>(columns: &[Column<R>], rows: &[Vec<Cell>]) -> Vec<usize> {
    let widest = |index: usize| {
        let cells = rows.iter().filter_map(|cells| cells.get(index));
        cells.map(|(_, text)| text::width(text)).max().unwrap_or(0)
    };
    columns
        .iter()
        .enumerate()
        .map(|(index, column)| match column.width.alignment {
            Alignment::Words | Alignment::Time => 0,
            Alignment::Whole | Alignment::Figure => widest(index),
        })
        .collect()
}

/// The longest heading that fits whole.
fn heading(titles: &'static str, room: usize) -> &'static str {
    titles.split('|').find(|title| text::width(title) <= room).unwrap_or("")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::present::{activity, cards, feed, providers, timeline};

    #[test]
    fn no_heading_is_ever_cut_and_none_vanishes() {
        fn titles<R>(columns: &[Column<R>]) -> Vec<(&'static str, Width)> {
            columns.iter().map(|column| (column.title, column.width)).collect()
        }
        let tables = [
            titles(activity::COLUMNS),
            titles(cards::columns()),
            titles(timeline::columns()),
            titles(feed::columns()),
            titles(providers::columns()),
        ];
        for (title, width) in tables.concat() {
            let narrowest = if width.alignment == Alignment::Words { 4 } else { width.least };
            for room in narrowest..40 {
                let heading = heading(title, room);
                assert!(!heading.is_empty() && text::width(heading) <= room, "{title} at {room}");
            }
        }
        assert_eq!(heading("Merchant or op|Merchant|For", 12), "Merchant");
    }
}
