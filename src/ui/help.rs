//! Drawing of the help over the board.

use ratatui::layout::Rect;

use super::canvas::Canvas;
use super::theme::Role;
use crate::app::Model;
use crate::app::command::Group;
use crate::app::help::{Help, lines};
use crate::app::present::Line;
use crate::domain::text;

/// Which groups stand below each other.
const COLUMNS: [&[Group]; 3] =
    [&[Group::Move, Group::Share], &[Group::Act, Group::Find], &[Group::Watch, Group::Safety]];

const NOTES: [&str; 2] = [
    "In the top bar: PROD or SANDBOX, who you are, WRITE or READ, open ops.",
    "~ last known, not live.   > cursor   * mark   ^r is Ctrl-r",
];

/// Draws the help in the middle of the screen.
pub(super) fn view(model: &Model, help: &Help, screen: Rect, canvas: &mut Canvas<'_>) {
    let columns: Vec<Vec<Line>> = COLUMNS.iter().map(|groups| column(model, groups)).collect();
    let tallest = columns.iter().map(Vec::len).max().unwrap_or(0);
    let width = 92.min(screen.width.saturating_sub(4));
    let wanted = u16::try_from(tallest + NOTES.len() + 3).unwrap_or(u16::MAX);
    let height = wanted.min(screen.height.saturating_sub(2));
    let area = Rect::new((screen.width - width) / 2, (screen.height - height) / 2, width, height);
    for y in area.top()..area.bottom() {
        for x in area.left()..area.right() {
            canvas.buffer[(x, y)].reset();
        }
    }
    let title = format!("Help  {} view", model.screen.focus.name());
    let inner = canvas.frame(area, &title, "Esc close", true);
    let notes = u16::try_from(NOTES.len() + 1).unwrap_or(0);
    let rows = inner.height.saturating_sub(notes);
    let top = help.top.min(tallest.saturating_sub(usize::from(rows)));
    let each = inner.width.saturating_sub(2) / 3;
    for (column, index) in columns.iter().zip(0_u16..) {
        let x = inner.x + 2 + index * each;
        for (line, y) in column.iter().skip(top).zip(inner.y..inner.y + rows) {
            canvas.line(line, x, y, (x + each - 1).min(inner.right()));
        }
    }
    for (note, y) in NOTES.iter().zip(inner.bottom().saturating_sub(notes - 1)..inner.bottom()) {
        canvas.line(&[(Role::Muted, (*note).to_owned())], inner.x + 2, y, inner.right());
    }
}

fn column(model: &Model, groups: &[Group]) -> Vec<Line> {
    let mut column: Vec<Line> = Vec::new();
    for group in groups {
        if !column.is_empty() {
            column.push(Line::new());
        }
        column.push(vec![(Role::Focus, group.heading().to_owned())]);
        let entries = lines(&model.keymap, *group);
        let keys = entries.iter().map(|(keys, _)| text::width(keys)).max().unwrap_or(0);
        for (chords, help) in entries {
            column.push(vec![
                (Role::Key, text::pad_right(&chords, keys + 1)),
                (Role::Text, help.to_owned()),
            ]);
        }
    }
    column
}
