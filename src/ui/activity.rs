//! Drawing of the operations, and of the journal of the one under the cursor.

use ratatui::layout::Rect;

use super::canvas::Canvas;
use super::table::{Row, Table};
use crate::app::Model;
use crate::app::layout::Pane;
use crate::app::present::activity::{COLUMNS, title, why_empty};
use crate::app::present::operation::journal;
use crate::domain::operation::Operation;

/// Draws the pane.
pub(super) fn view(model: &Model, area: Rect, canvas: &mut Canvas<'_>) {
    let (list, portfolio) = (&model.panes.activity.list, &model.portfolio);
    let focused = model.screen.focus == Pane::Activity;
    let parts = model.parts(Pane::Activity, area);
    let with_journal = parts.about.height > 0;
    if area.height == 1 {
        return canvas.empty_pane(area, &title(model), &why_empty(model), focused);
    }
    canvas.titled(area, &title(model), focused);
    let rows: Vec<Row<Operation>> = list
        .window()
        .filter_map(|(id, cursor)| {
            let row = portfolio.operation(id)?.clone();
            Some(Row { row, cursor: cursor && (focused || with_journal), marked: false })
        })
        .collect();
    Table::new(model, COLUMNS, &rows, focused).draw(canvas, parts.table);
    canvas.position(area, list.range(), list.len());
    if rows.is_empty() {
        canvas.empty(parts.table, &[why_empty(model)]);
    }
    if with_journal && let Some(selected) = list.selected().and_then(|id| portfolio.operation(*id))
    {
        let columns = usize::from(parts.inside.width).saturating_sub(2);
        let lines = journal(portfolio, &model.keymap, selected, columns);
        canvas.section(&format!("op {}", selected.id.short()), &lines, parts.about);
    }
}
