//! Drawing: a function of the model, clipped to the buffer. Changes nothing.

mod activity;
mod cards;
mod detail;
pub mod dialog;
mod feed;
pub mod frame;
mod help;
pub(crate) mod moment;
mod providers;
mod status;
mod table;
pub mod theme;

#[cfg(test)]
mod tests;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;

use crate::app::Model;
use crate::app::layout::{Breakpoint, Pane};
use crate::app::search::Search;
use crate::domain::text;
use theme::{Role, Theme};

/// Draws the whole screen; answers where the cursor stands while something is typed.
pub fn view(model: &Model, to: &mut Buffer) -> Option<Position> {
    let screen = *to.area();
    let layout = model.layout();
    if layout.class == Breakpoint::Advice
        || screen.width < model.size.0
        || screen.height < model.size.1
    {
        return advice(screen, &model.theme, to);
    }
    status::top(model, layout.top, to);
    let mut cursor = layout.bar.and_then(|area| status::bar(model, area, to));
    for (pane, area) in &layout.panes {
        match pane {
            Pane::Cards => cards::view(model, *area, to),
            Pane::Detail => detail::view(model, *area, to),
            Pane::Feed => feed::view(model, *area, to),
            Pane::Activity => activity::view(model, *area, to),
            Pane::Providers => providers::view(model, *area, to),
        }
    }
    status::bottom(model, layout.bottom, to);
    if let Some(help) = &model.help {
        help::view(model, help, screen, to);
        cursor = None;
    }
    if let Some(open) = &model.dialog {
        cursor = dialog::view(open, &model.portfolio, &model.theme, screen, to);
    }
    cursor
}

/// Rows of a pane's list that can be seen in an area: the scrolling asks what the drawing asks.
pub(crate) fn list_rows(model: &Model, pane: Pane, area: Rect) -> usize {
    let rows = match pane {
        Pane::Cards => inside(area).height.saturating_sub(1),
        Pane::Detail => detail::list_rows(model, area),
        Pane::Feed => feed::list_rows(model, area),
        Pane::Activity => activity::list_rows(model, area),
        Pane::Providers => providers::list_rows(model, area),
    };
    usize::from(rows)
}

/// The row under the cursor as text.
pub(crate) fn row_text(model: &Model) -> Option<String> {
    match model.focus {
        Pane::Cards => cards::row_text(model),
        Pane::Detail => detail::row_text(model),
        Pane::Feed => feed::row_text(model),
        Pane::Activity => activity::row_text(model),
        Pane::Providers => providers::row_text(model),
    }
}

/// What is inside a frame.
fn inside(area: Rect) -> Rect {
    if area.width < 4 || area.height < 2 {
        return Rect { width: 0, height: 0, ..area };
    }
    Rect::new(area.x + 1, area.y + 1, area.width - 2, area.height - 2)
}

/// Words with their meanings from a column on; answers the column behind them.
fn words(
    theme: &Theme,
    spans: &[(Role, String)],
    x: u16,
    y: u16,
    end: u16,
    to: &mut Buffer,
) -> u16 {
    let mut x = x;
    for (role, words) in spans {
        if x >= end {
            break;
        }
        let room = usize::from(end - x);
        let fitted = text::fit(words, room);
        to.set_stringn(x, y, &fitted, room, Style::reset().patch(theme.style(*role)));
        x = x.saturating_add(u16::try_from(text::width(&fitted)).unwrap_or(u16::MAX));
    }
    x
}

/// Columns that words take.
fn width(spans: &[(Role, String)]) -> usize {
    spans.iter().map(|(_, words)| text::width(words)).sum()
}

/// A line across a pane with a title, below its list.
fn divider(theme: &Theme, title: &str, area: Rect, y: u16, to: &mut Buffer) {
    let across = if theme.ascii { "-" } else { "─" };
    for x in area.left()..area.right() {
        to[(x, y)].set_symbol(across).set_style(theme.style(Role::Border));
    }
    if !title.is_empty() {
        let title = format!(" {} ", text::fit(title, usize::from(area.width).saturating_sub(4)));
        to.set_stringn(
            area.x + 1,
            y,
            &title,
            usize::from(area.width),
            Style::reset().patch(theme.style(Role::Heading)),
        );
    }
}

/// Which rows can be seen, in the lower border, where not all can.
fn position(theme: &Theme, area: Rect, range: (usize, usize), of: usize, to: &mut Buffer) {
    let (from, until) = range;
    if until - from >= of || area.width < 30 || area.height < 2 {
        return;
    }
    let words = format!(" {}-{until} of {} ", from + 1, thousands(of));
    let x = area.right().saturating_sub(u16::try_from(words.len() + 2).unwrap_or(area.width));
    to.set_stringn(
        x,
        area.bottom() - 1,
        &words,
        words.len(),
        Style::reset().patch(theme.style(Role::Muted)),
    );
}

/// `2,311`.
fn thousands(number: usize) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// What is filtered, for a title.
fn filter_words(search: &Search) -> &str {
    match (search.is_on(), &search.error) {
        (_, Some(_)) => "not understood yet",
        (true, None) => search.text(),
        (false, None) => "none",
    }
}

/// Several lines of plain words in the middle of an empty list.
fn empty(theme: &Theme, area: Rect, lines: &[String], to: &mut Buffer) {
    for (y, line) in (area.y.saturating_add(area.height.min(4) / 4)..area.bottom()).zip(lines) {
        let room = usize::from(area.width).saturating_sub(4);
        to.set_stringn(
            area.x + 2.min(area.width),
            y,
            text::fit(line, room),
            room,
            theme.style(Role::Muted),
        );
    }
}

fn advice(screen: Rect, theme: &Theme, to: &mut Buffer) -> Option<Position> {
    let room = usize::from(screen.width);
    let words = [
        "cardtop needs 80x24 or more; 60x16 shows the list only",
        "80x24 or more, 60x16 for the list",
        "needs 80x24",
    ];
    let words = words.into_iter().find(|words| text::width(words) <= room).unwrap_or("80x24");
    if screen.height > 0 {
        let y = screen.y + (screen.height - 1) / 2;
        to.set_stringn(screen.x, y, text::fit(words, room), room, theme.style(Role::Text));
    }
    None
}
