//! Drawing of the feed: its rows, and in the whole view the explanation of a row and the totals.

use ratatui::layout::Rect;

use super::canvas::Canvas;
use super::table::{Row, Table};
use crate::app::Model;
use crate::app::entry::Known;
use crate::app::layout::Pane;
use crate::app::present::feed::{columns, explanation, foot, foot_title, so_far, title, why_empty};

/// Draws the pane.
pub(super) fn view(model: &Model, area: Rect, canvas: &mut Canvas<'_>) {
    let (feed, portfolio) = (&model.panes.feed, &model.portfolio);
    let focused = model.screen.focus == Pane::Feed;
    let parts = model.parts(Pane::Feed, area);
    if area.height == 1 && feed.list.len() == 0 {
        let why = why_empty(model);
        let why = why.first().map_or("", String::as_str);
        return canvas.empty_pane(area, &title(model), why, focused);
    }
    canvas.titled(area, &title(model), focused);
    let rows: Vec<Row<Known<'_>>> = feed
        .list
        .window()
        .filter_map(|(entry, cursor)| {
            let row = entry.known(portfolio)?;
            Some(Row { row, cursor: cursor && focused, marked: false })
        })
        .collect();
    Table::new(model, columns(), &rows, focused).draw(canvas, parts.table);
    canvas.position_among(area, feed.list.range(), feed.list.len(), so_far(model));
    if rows.is_empty() {
        canvas.empty(parts.table, &why_empty(model));
    }
    let columns = usize::from(parts.inside.width);
    if parts.about.height > 0 {
        let selected = feed.list.selected().and_then(|entry| entry.known(portfolio));
        let lines = selected
            .map_or_else(Vec::new, |row| explanation(portfolio, &row, columns.saturating_sub(2)));
        canvas.section("Why", &lines, parts.about);
    }
    if parts.foot.height > 0 {
        canvas.section(foot_title(model), &foot(model, columns), parts.foot);
    }
}
