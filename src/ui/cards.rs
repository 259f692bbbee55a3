//! Drawing of the pane of all cards.

use ratatui::layout::Rect;

use super::canvas::Canvas;
use super::table::{Row, draw};
use crate::app::Model;
use crate::app::layout::Pane;
use crate::app::present::cards::{ListedCard, columns, title, why_empty};
use crate::app::present::table::{Context, cells};
use crate::app::present::time::TimeFormat;

/// Draws the pane.
pub(super) fn view(model: &Model, area: Rect, canvas: &mut Canvas<'_>) {
    let cards = &model.panes.cards;
    let focused = model.screen.focus == Pane::Cards;
    let table = model.parts(Pane::Cards, area).table;
    canvas.titled(area, &title(model), focused);
    let context = Context { portfolio: &model.portfolio, time: TimeFormat::Seconds };
    let rows: Vec<Row> = cards
        .list
        .window()
        .filter_map(|(key, cursor)| {
            let cells = cells(columns(), &context, &ListedCard::of(model, key)?);
            Some(Row { cells, cursor, marked: cards.marks.contains(key) })
        })
        .collect();
    draw(canvas, table, columns(), &rows, focused);
    canvas.position(area, cards.list.range(), cards.list.len());
    if rows.is_empty() {
        canvas.empty(table, &why_empty(model));
    }
}
