//! Dialogs: the same box at every size, in the middle of the screen. Only the background changes.
//!
//! Nothing is decided here; what a key does is the dialog's own business.

mod change;
mod pin;
mod plain;
mod settle;
mod sheet;
mod top_up;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::frame::Frame;
use super::theme::Theme;
use crate::app::dialog::{Dialog, Page};
use crate::app::portfolio::Portfolio;
use crate::domain::text;

/// Columns of the box, borders included.
const WIDTH: u16 = 70;

/// Draws the dialog in the middle of the screen. Answers where the text cursor is, if something is
/// typed.
pub fn view(
    dialog: &Dialog,
    portfolio: &Portfolio,
    theme: &Theme,
    screen: Rect,
    to: &mut Buffer,
) -> Option<Position> {
    let screen = screen.intersection(*to.area());
    let sheet = match dialog.page() {
        Page::FreezeForm(page) => change::freeze(page, portfolio),
        Page::Close(page) => change::close(page, portfolio),
        Page::PendingConflict(page) => change::pending_conflict(page, portfolio),
        Page::TopUp(page) => top_up::view(page, portfolio),
        Page::Pin(page) => pin::view(page, portfolio),
        Page::Menu(page) => plain::menu(page, portfolio),
        Page::Refusal(page) => plain::refusal(page, portfolio),
        Page::Progress(page) => plain::progress(page, portfolio),
        Page::Settle(page) => settle::view(page, portfolio),
        Page::Quit => plain::quit(portfolio),
    };
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
    let right = dialog.closes_in(portfolio).unwrap_or_default();
    let inside = Frame { title: &sheet.title, right: &right, focused: true }.draw(theme, area, to);
    let mut cursor = None;
    for (y, row) in (inside.top()..inside.bottom()).zip(&rows) {
        let mut x = inside.left();
        for (words, role) in &row.parts {
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
