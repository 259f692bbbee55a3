//! Drawing of the providers, and of what is known of the one under the cursor.

use ratatui::layout::Rect;

use super::canvas::Canvas;
use super::table::{Row, Table};
use super::theme::Role;
use crate::app::Model;
use crate::app::command::Command;
use crate::app::layout::Pane;
use crate::app::present::providers::{ProviderRow, about, columns};
use crate::domain::text;

/// Draws the pane.
pub(super) fn view(model: &Model, area: Rect, canvas: &mut Canvas<'_>) {
    let (list, portfolio) = (&model.panes.providers.list, &model.portfolio);
    let focused = model.screen.focus == Pane::Providers;
    let parts = model.parts(Pane::Providers, area);
    let right = format!("{} configured", portfolio.accounts.providers.len());
    canvas.frame(area, "Providers", &right, focused);
    if portfolio.accounts.providers.is_empty() {
        let why =
            "No provider is configured: `cardtop init KIND` writes a configuration.".to_owned();
        canvas.sentences(parts.inside, &[why]);
        return;
    }
    let alone = model.screen.is_alone(Pane::Providers);
    let rows: Vec<Row<ProviderRow<'_>>> = list
        .window()
        .filter_map(|(id, cursor)| {
            let row = ProviderRow::of(portfolio, &portfolio.provider(&id)?.id);
            Some(Row { row, cursor: cursor && (focused || alone), marked: false })
        })
        .collect();
    Table::new(model, columns(), &rows, focused).draw(canvas, parts.table);
    if let Some(id) = list.selected() {
        details(model, id.name(), model.about_provider(area), canvas);
    }
}

/// What is known of the provider under the cursor, from where it is scrolled to; the line across
/// says which lines can be seen where not all can.
fn details(model: &Model, name: &str, area: Rect, canvas: &mut Canvas<'_>) {
    if area.height < 2 {
        return;
    }
    let lines = about(model, usize::from(area.width));
    let height = usize::from(area.height - 1);
    let top = model.panes.providers.top.min(lines.len().saturating_sub(height));
    let seen: Vec<_> = lines.iter().skip(top).take(height).cloned().collect();
    canvas.section(name, &seen, area);
    if seen.len() < lines.len() {
        let focused = model.screen.focus == Pane::Providers;
        let keys = [Command::HalfDown, Command::HalfUp].into_iter().filter(|_| focused);
        let keys: Vec<String> = keys.filter_map(|command| model.keymap.key(command)).collect();
        let (first, last) = (top + 1, top + seen.len());
        let keys =
            if keys.is_empty() { String::new() } else { format!("  {} scroll", keys.join(" ")) };
        let words = format!(" lines {first}-{last} of {}{keys} ", lines.len());
        let width = u16::try_from(text::width(&words)).unwrap_or(u16::MAX);
        let x = area.right().saturating_sub(width.saturating_add(1)).max(area.x);
        canvas.line(&[(Role::Muted, words)], x, area.y, area.right());
    }
}
