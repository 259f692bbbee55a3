//! Drawing of the two lines above, the two below, and the filter while it is typed.

use ratatui::layout::{Position, Rect};

use super::canvas::Canvas;
use super::theme::Role;
use crate::app::Model;
use crate::app::present::line::width;
use crate::app::present::{finder, footer, header};
use crate::domain::text;

/// Draws the two lines above.
pub(super) fn top(model: &Model, area: Rect, canvas: &mut Canvas<'_>) {
    let columns = usize::from(area.width);
    for (y, (left, right)) in
        (area.y..).zip([header::first(model, columns), header::second(model, columns)])
    {
        two_sides(&left, &right, y, area, canvas);
    }
}

fn two_sides(
    left: &[(Role, String)],
    right: &[(Role, String)],
    y: u16,
    area: Rect,
    canvas: &mut Canvas<'_>,
) {
    let end = area.right().saturating_sub(1);
    let right_width = u16::try_from(width(right)).unwrap_or(u16::MAX);
    let start = end.saturating_sub(right_width);
    let left_end = if right.is_empty() { end } else { start.saturating_sub(1) };
    canvas.line(left, area.x + 1, y, left_end);
    canvas.line(right, start, y, area.right());
}

/// Draws the filter while it is typed: the text and how much it shows, and under it what is wrong
/// or possible. Answers where the cursor stands.
pub(super) fn filter(model: &Model, area: Rect, canvas: &mut Canvas<'_>) -> Option<Position> {
    let search = model.search(model.screen.focus)?;
    let columns = usize::from(area.width);
    let count = footer::filter_count(model);
    // A long filter shows its end, where it is typed.
    let window = search.window(columns.saturating_sub(text::width(&count) + 7))?;
    let left = [(Role::Key, "/ ".to_owned()), (Role::Input, window.seen)];
    two_sides(&left, &[(Role::Muted, count)], area.y, area, canvas);
    let help = finder::help(model, search, window.hidden, columns);
    canvas.line(&help, area.x + 1, area.y + 1, area.right());
    let x = u16::try_from(window.cursor).unwrap_or(area.width);
    Some(Position::new((area.x + 3 + x).min(area.right().saturating_sub(1)), area.y))
}

/// Draws the two lines below.
pub(super) fn bottom(model: &Model, area: Rect, canvas: &mut Canvas<'_>) {
    let lines = footer::lines(model, usize::from(area.width));
    for (line, y) in lines.iter().zip(area.y..) {
        canvas.line(line, area.x + 1, y, area.right());
    }
}
