//! Drawing of the pane of all cards.

use ratatui::layout::Rect;

use super::canvas::Canvas;
use super::table::{Row, Table};
use crate::app::Model;
use crate::app::layout::Pane;
use crate::app::present::cards::{ListedCard, columns, pane_columns, title, why_empty};

/// Draws the pane.
pub(super) fn view(model: &Model, area: Rect, canvas: &mut Canvas<'_>) {
    let cards = &model.panes.cards;
    let focused = model.screen.focus == Pane::Cards;
    let table = model.parts(Pane::Cards, area).table;
    canvas.titled(area, &title(model), focused);
    let rows: Vec<Row<ListedCard>> = cards
        .list
        .window()
        .filter_map(|(key, cursor)| {
            let row = ListedCard::of(model, &key)?;
            Some(Row { row, cursor, marked: cards.marks().contains(&key) })
        })
        .collect();
    Table { useful: useful_columns(model), ..Table::new(model, columns(), &rows, focused) }
        .draw(canvas, table);
    canvas.position(area, cards.list.range(), cards.list.len());
    if rows.is_empty() {
        canvas.empty(table, &why_empty(model));
    }
}

/// Columns inside the frame that the table may use. On the board it leaves what it can do without,
/// as a wider window has another pane there.
fn useful_columns(model: &Model) -> Option<u16> {
    let (good, most) = pane_columns(&model.widest);
    let layout = model.layout();
    let of_pane = if layout.area(Pane::Detail).is_some() { most } else { good };
    let has_others = model.panes.detail.card.is_some() && !model.screen.zoomed;
    has_others.then(|| of_pane.saturating_sub(2))
}
