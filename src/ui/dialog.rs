//! Drawing of the top dialog.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::frame::Frame;
use super::theme::{Role, Theme};
use crate::app::dialog::Dialog;
use crate::app::world::World;
use crate::domain::text;

/// Draws a dialog in the middle of the screen.
pub fn view(dialog: &Dialog, _world: &World, theme: &Theme, screen: Rect, to: &mut Buffer) -> Option<Position> {
    let area = Rect::new(screen.width.saturating_sub(66) / 2, screen.height / 3, 66, 5).intersection(screen);
    let inner = Frame { title: "Dialog", right: "", focused: true }.draw(theme, area, to);
    for y in inner.top()..inner.bottom() {
        to.set_stringn(inner.x, y, text::left("", inner.width.into()), inner.width.into(), theme.style(Role::Text));
    }
    if inner.height > 0 {
        to.set_stringn(inner.x, inner.y, text::left(&dialog.words, inner.width.into()), inner.width.into(), theme.style(Role::Text));
    }
    None
}
