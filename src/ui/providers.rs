//! Drawing of the providers, and of what is known of the one under the cursor.

use ratatui::layout::Rect;

use super::canvas::Canvas;
use super::table::{Row, Table};
use crate::app::Model;
use crate::app::layout::Pane;
use crate::app::present::providers::{ProviderRow, about, columns};

/// Draws the pane.
pub(super) fn view(model: &Model, area: Rect, canvas: &mut Canvas<'_>) {
    let (list, portfolio) = (&model.panes.providers.list, &model.portfolio);
    let focused = model.screen.focus == Pane::Providers;
    let parts = model.parts(Pane::Providers, area);
    let right = format!("{} configured", portfolio.accounts.providers.len());
    canvas.frame(area, "Providers", &right, focused);
    if portfolio.accounts.providers.is_empty() {
        let why = "No provider is configured: `cardtop init` writes a configuration.".to_owned();
        canvas.sentences(parts.inside, &[why]);
        return;
    }
    let alone = model.screen.is_alone(Pane::Providers);
    let rows: Vec<Row<ProviderRow<'_>>> = list
        .window()
        .map(|(id, cursor)| Row {
            row: ProviderRow::of(portfolio, id),
            cursor: cursor && (focused || alone),
            marked: false,
        })
        .collect();
    let table = Table {
        portfolio,
        widest: &model.widest,
        columns: columns(),
        rows: &rows,
        focused,
        useful: None,
    };
    table.draw(canvas, parts.table);
    if let Some(info) = list.selected().and_then(|id| portfolio.provider(id))
        && parts.about.height > 2
    {
        // Where there is much room, a blank line after the table.
        let gap = u16::from(alone && parts.about.height > 8);
        let below =
            Rect { y: parts.about.y + gap, height: parts.about.height - gap, ..parts.about };
        let columns = usize::from(below.width).saturating_sub(2);
        canvas.section(info.id.name(), &about(portfolio, &model.keymap, info, columns), below);
    }
}
