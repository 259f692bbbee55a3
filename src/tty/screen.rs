//! What the terminal shows, and the bytes that make it show the next frame.

use std::io;

use crossterm::cursor::{Hide, MoveTo, Show};
use crossterm::queue;
use crossterm::style::ResetColor;
use crossterm::terminal::{BeginSynchronizedUpdate, Clear, ClearType, EndSynchronizedUpdate};
use ratatui::backend::{Backend, CrosstermBackend};
use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::{Position, Rect};
use unicode_width::UnicodeWidthStr;

/// What the terminal shows, as we know it.
#[derive(Debug, Default)]
pub(super) struct Screen {
    shown: Buffer,
    next: Buffer,
    cursor: Option<Position>,
    /// The next frame draws everything.
    pub(super) whole: bool,
}

impl Screen {
    /// The bytes that make the terminal show the next frame; none when nothing changed.
    pub(super) fn frame(
        &mut self,
        (width, height): (u16, u16),
        view: impl FnOnce(&mut Buffer) -> Option<Position>,
    ) -> io::Result<Vec<u8>> {
        let area = Rect::new(0, 0, width, height);
        if self.shown.area != area {
            self.shown.resize(area);
            self.next.resize(area);
            self.whole = true;
        }
        self.next.reset();
        let cursor = view(&mut self.next).filter(|at| area.contains(*at));
        let mut bytes = Vec::new();
        queue!(bytes, BeginSynchronizedUpdate)?;
        if self.whole {
            self.shown.reset();
            queue!(bytes, Hide, Clear(ClearType::All))?;
        }
        let changes = self.shown.diff(&self.next);
        if changes.is_empty() && cursor == self.cursor && !self.whole {
            return Ok(Vec::new());
        }
        if self.cursor.is_some() {
            queue!(bytes, Hide)?;
        }
        for row in changes.chunk_by(|(_, one, _), (_, other, _)| one == other) {
            self.write_row(row, &mut bytes)?;
        }
        if let Some(at) = cursor {
            queue!(bytes, MoveTo(at.x, at.y), Show)?;
        }
        queue!(bytes, EndSynchronizedUpdate)?;
        std::mem::swap(&mut self.shown, &mut self.next);
        self.cursor = cursor;
        self.whole = false;
        Ok(bytes)
    }

    /// Writes the changes of one row. Where the row has text that terminals measure differently,
    /// in this frame or the last, it is erased and written whole: what the terminal has in which
    /// column is not known.
    fn write_row(&self, changes: &[(u16, u16, &Cell)], bytes: &mut Vec<u8>) -> io::Result<()> {
        let Some((_, y, _)) = changes.first().copied() else { return Ok(()) };
        let disputed = [&self.shown, &self.next]
            .into_iter()
            .any(|frame| cells(frame, y).any(|(_, _, cell)| is_disputed(cell.symbol())));
        if !disputed {
            return CrosstermBackend::new(bytes).draw(changes.iter().copied());
        }
        queue!(bytes, MoveTo(0, y), ResetColor, Clear(ClearType::UntilNewLine))?;
        let row: Vec<_> = cells(&self.next, y).collect();
        // Every call begins with the position of its first cell.
        for run in row.chunk_by(|(_, _, cell), _| !is_disputed(cell.symbol())) {
            CrosstermBackend::new(&mut *bytes).draw(run.iter().copied())?;
        }
        Ok(())
    }
}

/// The cells of a row, without those that a wide one before them covers.
fn cells(frame: &Buffer, y: u16) -> impl Iterator<Item = (u16, u16, &Cell)> {
    let mut covered = 0;
    (frame.area.left()..frame.area.right()).filter_map(move |x| {
        let cell = frame.cell(Position::new(x, y))?;
        if covered > 0 {
            covered -= 1;
            return None;
        }
        covered = cell.symbol().width().saturating_sub(1);
        Some((x, y, cell))
    })
}

/// Whether terminals disagree on how many columns a symbol takes: a letter with marks, such as the
/// vowel signs of Hindi, and pictures.
fn is_disputed(symbol: &str) -> bool {
    let mut chars = symbol.chars();
    match (chars.next(), chars.next()) {
        (Some(c), None) => matches!(c, '\u{2600}'..='\u{27bf}' | '\u{1f000}'..),
        (_, Some(_)) => true,
        (None, None) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::text::pad_right;
    use ratatui::style::Style;
    use std::num::NonZeroU16;
    use unicode_segmentation::UnicodeSegmentation;

    const ROWS: NonZeroU16 = NonZeroU16::new(2).expect("not zero");
    const COLUMNS: NonZeroU16 = NonZeroU16::new(20).expect("not zero");

    /// Names with symbols that terminals measure differently.
    const NAMES: [&str; 4] = ["सीता", "අම්මා", "Zoe\u{308}", "\u{1f600} ok"];

    fn draw(screen: &mut Screen, lines: &[&str]) -> String {
        let view = |to: &mut Buffer| {
            for (y, line) in (0..).zip(lines) {
                to.set_string(0, y, *line, Style::new());
            }
            Some(Position::new(1, 0))
        };
        String::from_utf8(screen.frame((20, 2), view).expect("a frame")).expect("text")
    }

    #[test]
    fn a_frame_without_a_change_writes_nothing() {
        let mut screen = Screen::default();
        let first = draw(&mut screen, &["balance 12"]);
        assert!(first.starts_with("\x1b[?2026h") && first.ends_with("\x1b[?2026l"), "{first:?}");
        assert!(first.contains("balance"), "{first:?}");
        assert_eq!(draw(&mut screen, &["balance 12"]), "");
        let second = draw(&mut screen, &["balance 13"]);
        assert!(second.contains('3') && !second.contains("balance"), "{second:?}");
        screen.whole = true;
        assert!(draw(&mut screen, &["balance 13"]).contains("balance"));
    }

    /// A frame as a terminal sees it to which every disputed symbol of a name is `drawn`.
    fn with_disputed(frame: &str, name: &str, drawn: &str) -> String {
        let disputed = name.graphemes(true).filter(|symbol| is_disputed(symbol));
        disputed.fold(frame.to_owned(), |frame, symbol| frame.replace(symbol, drawn))
    }

    #[test]
    fn the_frame_stands_however_wide_a_terminal_draws_a_name() {
        for other_width in ["", "#", "##", "###"] {
            for name in NAMES {
                let mut screen = Screen::default();
                let mut terminal = vt100::Parser::new(ROWS, COLUMNS, 0);
                let row = format!("| {}|", pad_right(name, 12));
                let plain = format!("| {}|", pad_right("Mara", 12));
                for lines in [[&row, &plain], [&plain, &row], [&row, &row]] {
                    let frame = draw(&mut screen, &lines.map(String::as_str));
                    terminal.process(with_disputed(&frame, name, other_width).as_bytes());
                    for (y, line) in lines.iter().enumerate() {
                        let drawn = terminal.screen().rows(0, 20).nth(y).expect("two rows");
                        let drawn = drawn.trim_end();
                        assert_eq!(drawn.chars().nth(14), Some('|'), "{drawn:?} of {name}");
                        assert!(drawn.ends_with('|'), "{drawn:?} of {name}");
                        if *line == &plain {
                            assert_eq!(
                                drawn,
                                line.as_str(),
                                "what was there before is left of {name}"
                            );
                        }
                    }
                }
            }
        }
    }
}
