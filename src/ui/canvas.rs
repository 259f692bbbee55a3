//! What every pane draws with: a buffer, the theme, and the few things that all of them have.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;

use super::frame::Frame;
use super::theme::{Role, Theme};
use crate::app::layout::parts::{has_lower_border, heading_height};
use crate::app::present::Line;
use crate::app::present::line::width;
use crate::app::present::title::Title;
use crate::domain::text::{self, thousands};

/// Where panes are drawn, and how.
#[derive(Debug)]
pub(super) struct Canvas<'a> {
    pub(super) theme: &'a Theme,
    pub(super) buffer: &'a mut Buffer,
}

impl Canvas<'_> {
    /// A border with a title on the left and words on the right.
    pub(super) fn frame(&mut self, area: Rect, title: &str, right: &str, focused: bool) -> Rect {
        Frame { title, right, focused }.draw(self.theme, area, self.buffer)
    }

    /// A pane without rows as one line, which says why there are none: words of the title give
    /// way to that.
    pub(super) fn empty_pane(&mut self, area: Rect, title: &Title, why: &str, focused: bool) {
        let (start, end) = self.titled_beside(area, title, focused, text::width(why) + 4);
        let room = usize::from(end.saturating_sub(start));
        if room > 12 {
            let why = text::fit(why, room - 4);
            self.line(&[(Role::Muted, format!(" {why} "))], start + 1, area.y, end - 1);
        }
    }

    /// A border with the title of a pane. Answers between which columns of its line nothing is
    /// written.
    pub(super) fn titled(&mut self, area: Rect, title: &Title, focused: bool) -> (u16, u16) {
        self.titled_beside(area, title, focused, 0)
    }

    /// The same, with so many columns left for something else where that is possible.
    fn titled_beside(
        &mut self,
        area: Rect,
        title: &Title,
        focused: bool,
        other: usize,
    ) -> (u16, u16) {
        self.frame(area, "", "", focused);
        if area.width < 8 || area.height == 0 {
            return (area.x, area.x);
        }
        let room = usize::from(area.width) - 4;
        let (mut left, right) = title.fitted(room.saturating_sub(other).max(room / 3));
        let edge = (Role::Text, " ".to_owned());
        for (role, text) in &mut left {
            if *role == Role::Heading && focused {
                *role = Role::Focus;
            }
            if self.theme.ascii {
                *text = text.replace('▐', "[").replace('▌', "]").replace('…', "~");
            }
        }
        let left: Line = std::iter::once(edge.clone()).chain(left).chain([edge.clone()]).collect();
        self.line(&left, area.x + 1, area.y, area.right() - 1);
        let columns = |line: &Line| u16::try_from(width(line)).unwrap_or(area.width);
        let (start, mut end) = (area.x + 1 + columns(&left), area.right() - 1);
        if !right.is_empty() {
            let right: Line = std::iter::once(edge.clone()).chain(right).chain([edge]).collect();
            end = end.saturating_sub(columns(&right)).max(area.x + 1);
            self.line(&right, end, area.y, area.right() - 1);
        }
        (start, end)
    }

    /// A line of words from a column on, cut at `end`.
    pub(super) fn line(&mut self, line: &[(Role, String)], x: u16, y: u16, end: u16) {
        let mut x = x;
        for (role, text) in line {
            if x >= end {
                break;
            }
            let room = usize::from(end - x);
            let fitted = match role {
                Role::Border if self.theme.ascii => text::fit(&text.replace('│', "|"), room),
                _ => text::fit(text, room),
            };
            let style = Style::reset().patch(self.theme.style(*role));
            write(self.buffer, (x, y), &fitted, room, style);
            x = x.saturating_add(u16::try_from(text::width(&fitted)).unwrap_or(u16::MAX));
        }
    }

    /// Lines below each other, one column in from the left, as many as there is room for.
    pub(super) fn lines(&mut self, lines: &[Vec<(Role, String)>], area: Rect) {
        for (y, line) in (area.top()..area.bottom()).zip(lines) {
            self.line(line, area.x + 1, y, area.right());
        }
    }

    /// A part of a pane below its list: a line across with a title, and lines below it.
    pub(super) fn section(&mut self, title: &str, lines: &[Vec<(Role, String)>], area: Rect) {
        if area.height > 0 {
            self.divider(title, area, area.y);
            self.lines(lines, Rect { y: area.y + 1, height: area.height - 1, ..area });
        }
    }

    /// A line across a pane, with a title where there is one.
    pub(super) fn divider(&mut self, title: &str, area: Rect, y: u16) {
        let across = if self.theme.ascii { "-" } else { "─" };
        for x in area.left()..area.right() {
            self.buffer[(x, y)].set_symbol(across).set_style(self.theme.style(Role::Border));
        }
        if title.is_empty() {
            return;
        }
        let room = usize::from(area.width);
        let title = format!(" {} ", text::fit(title, room.saturating_sub(4)));
        let style = Style::reset().patch(self.theme.style(Role::Heading));
        write(self.buffer, (area.x + 1, y), &title, room, style);
    }

    /// Which rows of a list can be seen, in the lower border, where not all can.
    pub(super) fn position(&mut self, area: Rect, range: (usize, usize), of: usize) {
        self.position_among(area, range, of, "");
    }

    /// The same, with words about how many there are.
    pub(super) fn position_among(
        &mut self,
        area: Rect,
        (from, until): (usize, usize),
        of: usize,
        words: &str,
    ) {
        if until - from >= of || area.width < 30 || !has_lower_border(area) {
            return;
        }
        let (from, until) = (thousands(from + 1), thousands(until));
        let text = format!(" {from}-{until} of {}{words} ", thousands(of));
        let x = area.right().saturating_sub(u16::try_from(text.len() + 2).unwrap_or(area.width));
        let style = Style::reset().patch(self.theme.style(Role::Muted));
        write(self.buffer, (x, area.bottom() - 1), &text, text.len(), style);
    }

    /// Why a list is empty, below its heading.
    pub(super) fn empty(&mut self, table: Rect, lines: &[String]) {
        let heading = heading_height(table.height);
        let y = table.y.saturating_add(heading);
        self.sentences(Rect { y, height: table.height - heading, ..table }, lines);
    }

    /// Plain sentences in an area that has nothing else, not quite at its top.
    pub(super) fn sentences(&mut self, area: Rect, lines: &[String]) {
        let top = area.y.saturating_add(area.height.min(4) / 4);
        let room = usize::from(area.width).saturating_sub(4);
        let style = self.theme.style(Role::Muted);
        for (y, line) in (top..area.bottom()).zip(lines) {
            let x = area.x + 2.min(area.width);
            write(self.buffer, (x, y), &text::fit(line, room), room, style);
        }
    }
}

/// Writes words from a column on, at most so many columns of them.
///
/// As [`Buffer::set_stringn`], which looks at each letter for what it joins with: plain letters
/// join with nothing, and are most of what a frame has.
pub(super) fn write(to: &mut Buffer, (x, y): (u16, u16), words: &str, most: usize, style: Style) {
    let area = to.area;
    if !text::is_plain(words) || !area.contains(Position::new(x, y)) {
        to.set_stringn(x, y, words, most, style);
        return;
    }
    let room = usize::from(area.right() - x).min(most);
    let first = to.index_of(x, y);
    let cells = to.content.iter_mut().skip(first).take(room);
    for (cell, letter) in cells.zip(words.bytes()) {
        cell.set_char(char::from(letter)).set_style(style);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use ratatui::buffer::Cell;

    use super::*;

    proptest! {
        #[test]
        fn words_are_written_as_ratatui_writes_them(
            words in prop_oneof!["[ -~]{0,12}", "\\PC{0,12}"],
            x in 2_u16..11,
            most in 0_usize..14,
        ) {
            let area = Rect::new(2, 1, 9, 1);
            let style = Style::new().bold();
            let mut ours = Buffer::filled(area, Cell::new("#"));
            let mut theirs = ours.clone();
            write(&mut ours, (x, 1), &words, most, style);
            theirs.set_stringn(x, 1, &words, most, style);
            prop_assert_eq!(ours, theirs);
        }
    }
}
