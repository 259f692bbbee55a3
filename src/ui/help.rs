//! Drawing of the help over the board.

use super::canvas::Canvas;
use crate::app::Model;
use crate::app::command::Command;
use crate::app::help::{Help, inside};
use crate::app::present::help::lines;

/// Draws the help in the middle of the screen, and which of its lines can be seen where not all
/// can.
pub(super) fn view(model: &Model, help: &Help, canvas: &mut Canvas<'_>) {
    let area = model.help_area();
    for y in area.top()..area.bottom() {
        for x in area.left()..area.right() {
            canvas.buffer[(x, y)].reset();
        }
    }
    let (columns, rows) = inside(area);
    let lines = lines(model, columns);
    let close = model.keymap.hint(Command::Back, "close");
    let right = if lines.len() > rows {
        let keys = [Command::Down, Command::Up].map(|command| model.keymap.key(command));
        let keys: Vec<String> = keys.into_iter().flatten().collect();
        format!("{} scroll   {close}", keys.join(" "))
    } else {
        close
    };
    let title = format!("Help  {} view", model.screen.focus.name());
    let inner = canvas.frame(area, &title, &right, true);
    let top = help.top.min(lines.len().saturating_sub(rows));
    for (line, y) in lines.iter().skip(top).zip(inner.top()..inner.bottom()) {
        canvas.line(line, inner.x + 1, y, inner.right());
    }
    canvas.position(area, (top, (top + rows).min(lines.len())), lines.len());
}
