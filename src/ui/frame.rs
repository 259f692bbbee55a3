//! The border around a pane or dialog, with a title on the left and words on the right.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::theme::{Role, Theme};
use crate::app::layout::parts::{has_lower_border, inside};
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
    /// Draws the border and returns what is inside. A single line is nothing but the title, two or
    /// three have no lower border, and too small an area is left alone.
    pub fn draw(&self, theme: &Theme, area: Rect, to: &mut Buffer) -> Rect {
        let area = area.intersection(*to.area());
        if area.width < 4 || area.height == 0 {
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
        let closed = has_lower_border(area);
        for x in left..=right {
            to[(x, top)].set_symbol(across).set_style(style);
            if closed {
                to[(x, bottom)].set_symbol(across).set_style(style);
            }
        }
        for y in top + 1..=bottom {
            to[(left, y)].set_symbol(down).set_style(style);
            to[(right, y)].set_symbol(down).set_style(style);
        }
        for (x, y, corner, drawn) in [
            (left, top, top_left, area.height > 1),
            (right, top, top_right, area.height > 1),
            (left, bottom, bottom_left, closed),
            (right, bottom, bottom_right, closed),
        ] {
            if drawn {
                to[(x, y)].set_symbol(corner).set_style(style);
            }
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
        inside(area)
    }
}
