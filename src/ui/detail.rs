//! Drawing of one card: figures and last decline above, its timeline below.

use ratatui::layout::Rect;

use super::canvas::Canvas;
use super::table::{Row, draw};
use crate::app::Model;
use crate::app::layout::Pane;
use crate::app::present::line::width;
use crate::app::present::table::{Context, cells};
use crate::app::present::time::TimeFormat;
use crate::app::present::timeline::{columns, tabs, titles, why_empty};

/// Draws the pane.
pub(super) fn view(model: &Model, area: Rect, canvas: &mut Canvas<'_>) {
    let portfolio = &model.portfolio;
    let focused = model.screen.focus == Pane::Detail;
    let parts = model.parts(Pane::Detail, area);
    let Some(key) = &model.panes.detail.card else {
        canvas.frame(area, "Card", "", focused);
        canvas.sentences(parts.inside, &["No card under the cursor.".to_owned()]);
        return;
    };
    let (title, right) = titles(model, key);
    canvas.frame(area, &title, &right, focused);
    canvas.lines(&model.card_summary(parts.inside), parts.above);
    if parts.table.height == 0 {
        return;
    }
    draw_tabs(model, parts.tabs, canvas);
    let context = Context { portfolio, time: time_format(parts.inside) };
    let rows: Vec<Row> = model
        .panes
        .detail
        .list
        .window()
        .filter_map(|(entry, cursor)| {
            let cells = cells(columns(), &context, &entry.known(portfolio)?);
            Some(Row { cells, cursor: cursor && focused, marked: false })
        })
        .collect();
    draw(canvas, parts.table, columns(), &rows, focused);
    canvas.position(area, model.panes.detail.list.range(), model.panes.detail.list.len());
    if rows.is_empty() {
        canvas.empty(parts.table, &[why_empty(model, key)]);
    }
}

/// The tabs at the right end of the line between figures and timeline.
fn draw_tabs(model: &Model, area: Rect, canvas: &mut Canvas<'_>) {
    canvas.divider("", area, area.y);
    let tabs = tabs(model.panes.detail.tab);
    let columns = u16::try_from(width(&tabs) + 1).unwrap_or(area.width);
    let x = area.right().saturating_sub(columns).max(area.x + 1);
    canvas.line(&tabs, x, area.y, area.right());
}

/// This pane is narrower than others, also on the board.
const fn time_format(inner: Rect) -> TimeFormat {
    match inner.width {
        ..48 => TimeFormat::Minutes,
        48.. => TimeFormat::for_columns(inner.width),
    }
}
