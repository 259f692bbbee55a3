//! Drawing: a function of the model, clipped to the buffer. Changes nothing.

mod activity;
mod canvas;
mod cards;
mod detail;
mod dialog;
mod feed;
pub mod frame;
mod help;
mod providers;
mod status;
mod table;
pub mod theme;

#[cfg(test)]
mod tests;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use crate::app::Model;
use crate::app::layout::Pane;
use crate::domain::text;
use canvas::Canvas;
use theme::{Role, Theme};

/// Draws the whole screen; answers where the cursor stands while something is typed.
pub fn view(model: &Model, theme: &Theme, to: &mut Buffer) -> Option<Position> {
    let screen = *to.area();
    let layout = model.layout();
    if layout.too_small || screen.width < model.screen.size.0 || screen.height < model.screen.size.1
    {
        return advice(screen, theme, to);
    }
    let mut canvas = Canvas { theme, buffer: to };
    status::top(model, layout.top, &mut canvas);
    let mut cursor = layout.bar.and_then(|area| status::filter(model, area, &mut canvas));
    for (pane, area) in &layout.panes {
        match pane {
            Pane::Cards => cards::view(model, *area, &mut canvas),
            Pane::Detail => detail::view(model, *area, &mut canvas),
            Pane::Feed => feed::view(model, *area, &mut canvas),
            Pane::Activity => activity::view(model, *area, &mut canvas),
            Pane::Providers => providers::view(model, *area, &mut canvas),
        }
    }
    status::bottom(model, layout.bottom, &mut canvas);
    if let Some(help) = &model.help {
        help::view(model, help, &mut canvas);
        cursor = None;
    }
    if let Some(open) = &model.dialog {
        cursor = dialog::view(open, &model.portfolio, screen, &mut canvas);
    }
    cursor
}

fn advice(screen: Rect, theme: &Theme, to: &mut Buffer) -> Option<Position> {
    let room = usize::from(screen.width);
    let text = [
        "cardtop needs 80x24 or more; 60x16 shows the list only",
        "80x24 or more, 60x16 for the list",
        "needs 80x24",
    ];
    let text = text.into_iter().find(|text| text::width(text) <= room).unwrap_or("80x24");
    if screen.height > 0 {
        let y = screen.y + (screen.height - 1) / 2;
        to.set_stringn(screen.x, y, text::fit(text, room), room, theme.style(Role::Text));
    }
    None
}
