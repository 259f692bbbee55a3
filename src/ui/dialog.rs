//! Dialogs: the same box at every size, in the middle of the screen. Only the background changes.
//!
//! Nothing is decided here: `app::dialog` knows what a key does, and this what it looks like.

mod close;
mod freeze;
mod menu;
mod pending_conflict;
mod pin;
mod progress;
mod quit;
mod refusal;
mod resolution;
mod sheet;
mod top_up;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::canvas::Canvas;
use crate::app::dialog::{Content, Dialog};
use crate::app::portfolio::Portfolio;
use crate::domain::operation::ActionKind;
use crate::domain::text;
use sheet::Sheet;

/// Lines at the top of the screen that a dialog leaves in sight where it can.
const TOP: u16 = 2;

/// Columns of the box, borders included.
const WIDTH: u16 = 70;

/// Draws the dialog in the middle of the screen. Answers where the text cursor is, if something is
/// typed.
pub(super) fn view(
    dialog: &Dialog,
    portfolio: &Portfolio,
    screen: Rect,
    canvas: &mut Canvas<'_>,
) -> Option<Position> {
    let screen = screen.intersection(*canvas.buffer.area());
    let content = dialog.content();
    let least = least_rows(&content);
    let sheet = sheet(content, portfolio).with_footer(dialog.notice(), least);
    let height = usize::from(screen.height.saturating_sub(2));
    // The two lines above say how things are: they stay in sight as long as that costs no words.
    let below_top = height.saturating_sub(usize::from(TOP));
    let rows = sheet.fitted(if sheet.fits(below_top) { below_top } else { height });
    let area = centred(screen, rows.len());
    clear(area, canvas.buffer);
    let right = dialog.closes_in(portfolio.now).unwrap_or_default();
    let inside = canvas.frame(area, &sheet.title, &right, true);
    let mut cursor = None;
    for (y, row) in (inside.top()..inside.bottom()).zip(&rows) {
        canvas.line(&row.parts, inside.left(), y, inside.right());
        if let Some(column) = row.cursor.and_then(|column| u16::try_from(column).ok()) {
            let x = inside.left().saturating_add(column);
            cursor = (x < inside.right()).then_some(Position::new(x, y));
        }
    }
    cursor
}

/// Lines of the tallest step of a change, so that the box does not jump from one step to the next.
const fn least_rows(content: &Content<'_>) -> usize {
    match content {
        Content::TopUp(_) => rows_of(ActionKind::TopUp),
        Content::Freeze(_) => rows_of(ActionKind::Freeze),
        Content::SetPin(_) => rows_of(ActionKind::SetPin),
        Content::Close(_) => rows_of(ActionKind::Close),
        Content::Progress(progress) => rows_of(progress.action_kind),
        Content::PendingConflict(_)
        | Content::Refusal(_)
        | Content::Menu(_)
        | Content::Resolution(_)
        | Content::Quit(_) => 0,
    }
}

const fn rows_of(action_kind: ActionKind) -> usize {
    match action_kind {
        ActionKind::TopUp => 19,
        ActionKind::Freeze | ActionKind::Unfreeze => 15,
        ActionKind::SetPin | ActionKind::Close => 18,
    }
}

/// The lines of each kind of dialog.
fn sheet(content: Content<'_>, portfolio: &Portfolio) -> Sheet {
    match content {
        Content::Freeze(form) => freeze::sheet(form, portfolio),
        Content::TopUp(form) => top_up::sheet(form, portfolio),
        Content::SetPin(form) => pin::sheet(form, portfolio),
        Content::Close(form) => close::sheet(form, portfolio),
        Content::PendingConflict(conflict) => pending_conflict::sheet(conflict, portfolio),
        Content::Refusal(refusal) => refusal::sheet(refusal, portfolio),
        Content::Menu(menu) => menu::sheet(menu, portfolio),
        Content::Progress(progress) => progress::sheet(progress, portfolio),
        Content::Resolution(resolution) => resolution::sheet(resolution, portfolio),
        Content::Quit(quit) => quit::sheet(quit, portfolio),
    }
}

/// The box around so many rows, borders included: in the middle, or below the top lines.
fn centred(screen: Rect, rows: usize) -> Rect {
    let width = WIDTH.min(screen.width);
    let height = u16::try_from(rows).unwrap_or(screen.height).saturating_add(2).min(screen.height);
    let free = screen.height - height;
    let top = (free / 2).max(free.min(TOP));
    Rect::new(screen.x + (screen.width - width) / 2, screen.y + top, width, height)
}

/// Nothing of what lies below shows through, not even half of a wide character at the edge, and a
/// column on both sides stays blank.
fn clear(area: Rect, to: &mut Buffer) {
    let (left, right) = (area.left().saturating_sub(1), area.right().saturating_add(1));
    let wide = Rect { x: left, width: right - left, ..area }.intersection(*to.area());
    for y in wide.top()..wide.bottom() {
        for x in wide.left()..wide.right() {
            to[(x, y)].reset();
        }
        if let Some(before) = wide.left().checked_sub(1)
            && before >= to.area().left()
            && text::width(to[(before, y)].symbol()) > 1
        {
            to[(before, y)].set_symbol(" ");
        }
    }
}

#[cfg(test)]
mod tests;
