//! Drawing of one card: figures and last decline above, its timeline below.

use ratatui::layout::Rect;

use super::canvas::Canvas;
use super::table::{Row, Table};
use crate::app::Model;
use crate::app::entry::Known;
use crate::app::layout::Pane;
use crate::app::present::line::width;
use crate::app::present::timeline::{columns, extent_of, tabs, titles, why_empty};

/// Draws the pane.
pub(super) fn view(model: &Model, area: Rect, canvas: &mut Canvas<'_>) {
    let portfolio = &model.portfolio;
    let focused = model.screen.focus == Pane::Detail;
    let (parts, summary) = model.detail_parts(area);
    let Some(key) = &model.panes.detail.card else {
        canvas.frame(area, "Card", "", focused);
        canvas.sentences(parts.inside, &["No card under the cursor.".to_owned()]);
        return;
    };
    let (title, right) = titles(model, key);
    canvas.frame(area, &title, &right, focused);
    canvas.lines(&summary, parts.above);
    if parts.table.height == 0 {
        return;
    }
    draw_tabs(model, parts.tabs, canvas);
    let rows: Vec<Row<Known<'_>>> = model
        .panes
        .detail
        .list
        .window()
        .filter_map(|(entry, cursor)| {
            let row = entry.known(portfolio)?;
            Some(Row { row, cursor: cursor && focused, marked: false })
        })
        .collect();
    Table::new(model, columns(), &rows, focused).draw(canvas, parts.table);
    canvas.position(area, model.panes.detail.list.range(), model.panes.detail.list.len());
    if rows.is_empty() {
        canvas.empty(parts.table, &[why_empty(model, key)]);
    }
}

/// The tabs at the right end of the line between figures and timeline.
fn draw_tabs(model: &Model, area: Rect, canvas: &mut Canvas<'_>) {
    canvas.divider(extent_of(model), area, area.y);
    let tabs = tabs(model.panes.detail.tab);
    let columns = u16::try_from(width(&tabs) + 1).unwrap_or(area.width);
    let x = area.right().saturating_sub(columns).max(area.x + 1);
    canvas.line(&tabs, x, area.y, area.right());
}
