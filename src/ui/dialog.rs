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

use super::frame::Frame;
use super::theme::Theme;
use crate::app::dialog::{Content, Dialog};
use crate::app::portfolio::Portfolio;
use crate::domain::text;
use sheet::Sheet;

/// Columns of the box, borders included.
const WIDTH: u16 = 70;

/// Draws the dialog in the middle of the screen. Answers where the text cursor is, if something is
/// typed.
pub(crate) fn view(
    dialog: &Dialog,
    portfolio: &Portfolio,
    theme: &Theme,
    screen: Rect,
    to: &mut Buffer,
) -> Option<Position> {
    let screen = screen.intersection(*to.area());
    let sheet = sheet(dialog.content(), portfolio).with_footer(dialog.notice());
    let width = WIDTH.min(screen.width);
    let rows = sheet.fitted(usize::from(screen.height.saturating_sub(2)));
    let height =
        u16::try_from(rows.len()).unwrap_or(screen.height).saturating_add(2).min(screen.height);
    let area = Rect::new(
        screen.x + (screen.width - width) / 2,
        screen.y + (screen.height - height) / 2,
        width,
        height,
    );
    clear(area, to);
    let right = dialog.closes_in(portfolio.now).unwrap_or_default();
    let inside = Frame { title: &sheet.title, right: &right, focused: true }.draw(theme, area, to);
    let mut cursor = None;
    for (y, row) in (inside.top()..inside.bottom()).zip(&rows) {
        let mut x = inside.left();
        for (role, words) in &row.parts {
            let room = usize::from(inside.right().saturating_sub(x));
            let words = text::fit(words, room);
            to.set_string(x, y, &words, theme.style(*role));
            x = x.saturating_add(
                u16::try_from(text::width(&words)).unwrap_or(room.try_into().unwrap_or(0)),
            );
        }
        if let Some(column) = row.cursor.and_then(|column| u16::try_from(column).ok()) {
            let x = inside.left().saturating_add(column);
            cursor = (x < inside.right()).then_some(Position::new(x, y));
        }
    }
    cursor
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

/// Nothing of what lies below shows through, not even half of a wide character at the edge.
fn clear(area: Rect, to: &mut Buffer) {
    for y in area.top()..area.bottom() {
        for x in area.left()..area.right() {
            to[(x, y)].reset();
        }
        if let Some(before) = area.left().checked_sub(1)
            && before >= to.area().left()
            && text::width(to[(before, y)].symbol()) > 1
        {
            to[(before, y)].set_symbol(" ");
        }
    }
}

#[cfg(test)]
mod tests;
