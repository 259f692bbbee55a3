//! Tables on screen: which columns fit, how wide each is, and the rows in them.
//!
//! Figures are never cut; what does not fit is hidden in the order that the columns name.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::canvas::Canvas;
use super::theme::{Role, Theme};
use crate::app::present::table::{Alignment, Cell, Column};
use crate::domain::text;

/// A row: its cells, and whether the cursor or a mark is on it.
#[derive(Clone, Debug, Default)]
pub(super) struct Row {
    /// One cell a column.
    pub(super) cells: Vec<Cell>,
    pub(super) cursor: bool,
    pub(super) marked: bool,
}

/// Draws a heading and rows below it. The row under the cursor has a `>`, and is reversed where
/// keys go to this table.
pub(super) fn draw<R>(
    canvas: &mut Canvas<'_>,
    area: Rect,
    columns: &[Column<R>],
    rows: &[Row],
    focused: bool,
) {
    if area.height == 0 || area.width < 4 {
        return;
    }
    let (theme, to) = (canvas.theme, &mut *canvas.buffer);
    let widths = fit(columns, rows, usize::from(area.width).saturating_sub(2));
    let titles: Vec<Cell> = columns
        .iter()
        .zip(&widths.columns)
        .map(|(column, width)| (Role::Muted, heading(column.title, *width).to_owned()))
        .collect();
    draw_cells(theme, Rect { height: 1, ..area }, &widths, &titles, None, to);
    for (y, row) in (area.y + 1..area.bottom()).zip(rows) {
        let line = Rect { y, height: 1, ..area };
        let marker =
            format!("{}{}", if row.cursor { '>' } else { ' ' }, if row.marked { '*' } else { ' ' });
        let over = (row.cursor && focused).then(|| theme.style(Role::Selection));
        if let Some(style) = over {
            to.set_style(line, style);
        }
        to.set_stringn(area.x, y, &marker, 2, over.unwrap_or_else(|| theme.style(Role::Key)));
        draw_cells(theme, line, &widths, &row.cells, over, to);
    }
}

/// The longest heading that fits whole.
fn heading(titles: &'static str, room: usize) -> &'static str {
    titles.split('|').find(|title| text::width(title) <= room).unwrap_or("")
}

/// Draws the cells of one line; `over` replaces their own styles.
fn draw_cells(
    theme: &Theme,
    line: Rect,
    widths: &Widths,
    cells: &[Cell],
    over: Option<Style>,
    to: &mut Buffer,
) {
    let mut x = line.x + 2;
    for ((alignment, width), (role, text)) in
        widths.alignments.iter().zip(&widths.columns).zip(cells)
    {
        if *width == 0 {
            continue;
        }
        let room = usize::from(line.right().saturating_sub(x)).min(*width);
        let text = match alignment {
            // Half a figure is a wrong figure.
            Alignment::Figure if text::width(text) > room => text::pad_left("~", room),
            Alignment::Figure => text::pad_left(text, room),
            Alignment::Words | Alignment::Whole => text::pad_right(text, room),
        };
        to.set_stringn(x, line.y, &text, room, over.unwrap_or_else(|| theme.style(*role)));
        x = x.saturating_add(u16::try_from(width + widths.gap).unwrap_or(u16::MAX));
    }
}

/// How wide the columns of one table are drawn.
#[derive(Debug)]
struct Widths {
    /// One a column, 0 for a hidden one.
    columns: Vec<usize>,
    alignments: Vec<Alignment>,
    /// Blanks between two columns.
    gap: usize,
}

/// Fits the columns of a table into `room`.
///
/// Figures and short words are as wide as their widest cell, whatever the column asks for, since
/// half a figure is a wrong figure; only words can be cut. Room is given in this order:
///
/// 1. Columns are hidden, the highest `hide_order` first, until all others can have their `good`
///    width with one blank between them. A column with `hide_order` 0 stays.
/// 2. Where even those are too wide, the widest words lose a column at a time, down to four.
/// 3. From the right, columns grow from `least` to `good`: the last one is the explanation, and
///    has most to say.
/// 4. With twelve columns to spare the gaps become two blanks.
/// 5. What is left is shared in proportion to what each column still lacks to its `most`.
///
/// The sum of widths and gaps never exceeds `room`, unless nothing is left that could shrink.
fn fit<R>(columns: &[Column<R>], rows: &[Row], room: usize) -> Widths {
    let mut widths = least_widths(columns, rows);
    hide(columns, &mut widths, room);
    let shown = widths.iter().filter(|width| **width > 0).count();
    let gaps = shown.saturating_sub(1);
    shrink(columns, &mut widths, room.saturating_sub(gaps));
    let free = |widths: &[usize]| room.saturating_sub(widths.iter().sum::<usize>() + gaps);
    for (index, column) in columns.iter().enumerate().rev() {
        let free = free(&widths);
        if let Some(width) = widths.get_mut(index).filter(|width| **width > 0) {
            *width += column.width.good.saturating_sub(*width).min(free);
        }
    }
    let free = free(&widths);
    let (gap, free) = if free >= gaps + 12 { (2, free - gaps) } else { (1, free) };
    grow(columns, &mut widths, free);
    let alignments = columns.iter().map(|column| column.width.alignment).collect();
    Widths { columns: widths, alignments, gap }
}

/// The least width of each column, with whole words and figures as wide as their widest cell.
fn least_widths<R>(columns: &[Column<R>], rows: &[Row]) -> Vec<usize> {
    let widest_cell = |index: usize| {
        let cells = rows.iter().filter_map(|row| row.cells.get(index));
        cells.map(|(_, text)| text::width(text)).max().unwrap_or(0)
    };
    columns
        .iter()
        .enumerate()
        .map(|(index, column)| match column.width.alignment {
            Alignment::Words => column.width.least,
            Alignment::Whole | Alignment::Figure => column.width.least.max(widest_cell(index)),
        })
        .collect()
}

/// Hides columns (width 0) until the others fit at their good widths.
fn hide<R>(columns: &[Column<R>], widths: &mut [usize], room: usize) {
    let needed = |widths: &[usize]| -> usize {
        let shown = columns.iter().zip(widths).filter(|(_, least)| **least > 0);
        let needed = shown.map(|(column, least)| column.width.good.max(*least) + 1);
        needed.sum::<usize>().saturating_sub(1)
    };
    while needed(widths) > room {
        let hideable = columns
            .iter()
            .zip(widths.iter_mut())
            .filter(|(column, width)| **width > 0 && column.hide_order > 0);
        match hideable.max_by_key(|(column, _)| column.hide_order) {
            Some((_, width)) => *width = 0,
            None => return,
        }
    }
}

/// Takes from the widest words until everything fits; figures and whole words are left alone.
fn shrink<R>(columns: &[Column<R>], widths: &mut [usize], room: usize) {
    while widths.iter().sum::<usize>() > room {
        let text = columns
            .iter()
            .zip(widths.iter_mut())
            .filter(|(column, _)| column.width.alignment == Alignment::Words);
        match text.map(|(_, width)| width).max_by_key(|width| **width) {
            Some(width) if *width > 4 => *width -= 1,
            Some(_) | None => return,
        }
    }
}

/// Shares what is free among the columns that are not at their most, from the right.
fn grow<R>(columns: &[Column<R>], widths: &mut [usize], free: usize) {
    let wanted: Vec<usize> = columns
        .iter()
        .zip(widths.iter())
        .map(
            |(column, width)| {
                if *width == 0 { 0 } else { column.width.most.saturating_sub(*width) }
            },
        )
        .collect();
    let all: usize = wanted.iter().sum();
    let share = free.min(all);
    let mut free = free;
    for (width, wanted) in widths.iter_mut().zip(&wanted).rev() {
        let more = if all == 0 { 0 } else { (share * wanted).div_ceil(all).min(*wanted).min(free) };
        *width += more;
        free -= more;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::present::table::{Width, figures, whole, words};
    use crate::app::present::{activity, cards, feed, providers, timeline};

    const fn column(title: &'static str, width: Width, hide_order: u8) -> Column<()> {
        Column { title, width, hide_order, cell: |_, ()| (Role::Text, String::new()) }
    }

    const COLUMNS: [Column<()>; 4] = [
        column("State", whole(7, 8), 0),
        column("Holder", words(6, 10, 20), 0),
        column("Provider", words(6, 7, 10), 5),
        column("Amount", figures(6, 10), 0),
    ];

    fn widths(room: usize, amount: &str) -> Vec<usize> {
        let cells = ["ACTIVE", "Mara Lindqvist", "artha", amount]
            .map(|text| (Role::Text, text.to_owned()))
            .to_vec();
        fit(&COLUMNS, &[Row { cells, ..Row::default() }], room).columns
    }

    #[test]
    fn the_provider_gives_way_first_and_a_figure_is_never_cut() {
        assert_eq!(widths(33, "1.00"), [7, 10, 7, 6]);
        assert_eq!(widths(25, "1.00"), [7, 10, 0, 6]);
        assert_eq!(widths(28, "1,234,567.00"), [7, 7, 0, 12]);
        assert_eq!(widths(25, "1,234,567.00"), [7, 4, 0, 12]);
        assert_eq!(widths(80, "1.00"), [8, 20, 10, 10]);
    }

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

    #[test]
    fn no_width_is_exceeded() {
        for room in 24..120 {
            let widths = fit(&COLUMNS, &[], room);
            let shown = widths.columns.iter().filter(|width| **width > 0).count();
            assert!(
                widths.columns.iter().sum::<usize>() + widths.gap * (shown - 1) <= room,
                "{room}: {widths:?}"
            );
        }
    }
}
