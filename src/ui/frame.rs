//! The border around a pane or dialog, with a title on the left and words on the right.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::theme::{Role, Theme};
use crate::domain::text;

/// A border with its words.
#[derive(Clone, Copy, Debug, Default)]
pub struct Frame<'a> {
    /// In the top border, on the left.
    pub title: &'a str,
    /// In the top border, on the right.
    pub right: &'a str,
    /// Whether keys go to this pane.
    pub focused: bool,
}

impl Frame<'_> {
    /// Draws the border and returns what is inside. Too small an area is left alone and has nothing
    /// inside.
    pub fn draw(&self, theme: &Theme, area: Rect, to: &mut Buffer) -> Rect {
        let area = area.intersection(*to.area());
        if area.width < 4 || area.height < 2 {
            return Rect::new(area.x, area.y, 0, 0);
        }
        let style = theme.style(if self.focused { Role::Focus } else { Role::Border });
        let marked = self.focused && !theme.focus_has_a_color();
        let glyphs: [&str; 6] = match (theme.ascii, marked) {
            (false, false) => ["┌", "┐", "└", "┘", "─", "│"],
            (false, true) => ["╔", "╗", "╚", "╝", "═", "║"],
            (true, false) => ["+", "+", "+", "+", "-", "|"],
            (true, true) => ["+", "+", "+", "+", "=", "|"],
        };
        let [top_left, top_right, bottom_left, bottom_right, across, down] = glyphs;
        let (left, right) = (area.x, area.right() - 1);
        let (top, bottom) = (area.y, area.bottom() - 1);
        for x in left + 1..right {
            to[(x, top)].set_symbol(across).set_style(style);
            to[(x, bottom)].set_symbol(across).set_style(style);
        }
        for y in top + 1..bottom {
            to[(left, y)].set_symbol(down).set_style(style);
            to[(right, y)].set_symbol(down).set_style(style);
        }
        for (x, y, corner) in [
            (left, top, top_left),
            (right, top, top_right),
            (left, bottom, bottom_left),
            (right, bottom, bottom_right),
        ] {
            to[(x, y)].set_symbol(corner).set_style(style);
        }
        let room = usize::from(area.width).saturating_sub(4);
        let title = text::fit(self.title, room);
        let mut used = 0;
        if !title.is_empty() {
            used = text::width(&title) + 2;
            let heading = theme.style(if self.focused { Role::Focus } else { Role::Heading });
            to.set_string(left + 1, top, format!(" {title} "), Style::reset().patch(heading));
        }
        let text = text::fit(self.right, room.saturating_sub(used + 1));
        if !text.is_empty() && text::width(self.right) <= room.saturating_sub(used + 1) {
            let width = u16::try_from(text::width(&text) + 2).unwrap_or(area.width);
            to.set_string(
                right.saturating_sub(width),
                top,
                format!(" {text} "),
                Style::reset().patch(theme.style(Role::Muted)),
            );
        }
        Rect::new(area.x + 1, area.y + 1, area.width - 2, area.height - 2)
    }
}
