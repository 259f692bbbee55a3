//! The help over the board: how far it is scrolled, and where it stands.

use ratatui::layout::Rect;

use super::Model;
use super::chord::{Chord, Key};
use super::command::Command;
use super::present::help::lines;

#[derive(Debug, Default)]
pub(crate) struct Help {
    /// Rows scrolled away.
    pub(crate) top: usize,
}

/// What a key does to the help.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Up(usize),
    Down(usize),
    Close,
    Nothing,
}

impl Model {
    /// A key over the help: rows scroll; Esc, q and the key of the help close it.
    pub(super) fn press_over_help(&mut self, chord: &Chord, command: Option<Command>) {
        let (columns, rows) = inside(self.help_area());
        let most = lines(self, columns).len().saturating_sub(rows);
        let page = rows.saturating_sub(1).max(1);
        let step = match command {
            Some(Command::Down) => Step::Down(1),
            Some(Command::Up) => Step::Up(1),
            Some(Command::PageDown) => Step::Down(page),
            Some(Command::PageUp) => Step::Up(page),
            Some(Command::HalfDown) => Step::Down(page.div_ceil(2)),
            Some(Command::HalfUp) => Step::Up(page.div_ceil(2)),
            Some(Command::First) => Step::Up(most),
            Some(Command::Last) => Step::Down(most),
            Some(Command::Help | Command::Back | Command::Quit | Command::Open) => Step::Close,
            Some(_) | None if chord.key == Key::Esc => Step::Close,
            Some(_) | None => Step::Nothing,
        };
        let Some(help) = &mut self.help else { return };
        // At another size there may be fewer rows than it was scrolled by.
        let top = help.top.min(most);
        match step {
            Step::Up(rows) => help.top = top.saturating_sub(rows),
            Step::Down(rows) => help.top = (top + rows).min(most),
            Step::Close => self.help = None,
            Step::Nothing => {}
        }
    }

    /// The box of the help: in the middle of the screen, as tall as it needs to be where there is
    /// room.
    pub(crate) fn help_area(&self) -> Rect {
        /// Two columns of keys and one more; a wider box is hard to read.
        const WIDEST: u16 = 96;
        let (columns, rows) = self.screen.size;
        let width = WIDEST.min(columns.saturating_sub(2));
        let most = rows.saturating_sub(2);
        let needed = lines(self, usize::from(width.saturating_sub(4))).len() + 2;
        let height = u16::try_from(needed).unwrap_or(u16::MAX).min(most);
        Rect::new((columns - width) / 2, (rows - height) / 2, width, height)
    }
}

/// Columns and rows for words in a box: inside its frame, one column free on each side.
pub(crate) fn inside(area: Rect) -> (usize, usize) {
    (usize::from(area.width.saturating_sub(4)), usize::from(area.height.saturating_sub(2)))
}
