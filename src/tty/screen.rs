//! What the terminal shows, and the bytes that make it show the next frame.

use std::io;

use crossterm::cursor::{Hide, MoveTo, Show};
use crossterm::queue;
use crossterm::terminal::{BeginSynchronizedUpdate, Clear, ClearType, EndSynchronizedUpdate};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::frame::Writer;
use super::frame::row::normalize;
use super::frame::scroll;

/// No attributes, and all rows scroll (DECSTBM), whatever a program that was here before has left.
const AS_AT_FIRST: &[u8] = b"\x1b[m\x1b[r";

/// Cells that differ, up to which no rows are worth moving.
const WORTH_PLANNING: usize = 80;

/// Bytes that moving rows is thought to save, from which on it is not compared with writing them.
const CLEARLY_SAVED: i32 = 200;

/// What the terminal shows, as we know it.
#[derive(Debug, Default)]
pub struct Screen {
    shown: Buffer,
    next: Buffer,
    cursor: Option<Position>,
    /// The next frame draws everything.
    pub(super) whole: bool,
    /// Whether the terminal may move rows.
    scrolls: bool,
}

impl Screen {
    /// An unknown screen, whose first frame draws everything. `scrolls` is whether the terminal
    /// can delete and insert lines, and may.
    #[must_use]
    pub fn new(scrolls: bool) -> Self {
        Self { scrolls, ..Self::default() }
    }

    /// The bytes that make the terminal show the next frame; none when nothing changed.
    ///
    /// # Errors
    /// None: memory is written.
    pub fn frame(
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
        self.next.content.chunks_mut(usize::from(width.max(1))).for_each(normalize);
        let mut bytes = Vec::new();
        queue!(bytes, BeginSynchronizedUpdate)?;
        if self.whole {
            self.shown.reset();
            queue!(bytes, Hide)?;
            bytes.extend(AS_AT_FIRST);
            queue!(bytes, Clear(ClearType::All))?;
        } else if self.cursor.is_some() {
            queue!(bytes, Hide)?;
        }
        let changes = self.changes();
        if changes.is_empty() && cursor == self.cursor && !self.whole {
            return Ok(Vec::new());
        }
        bytes.extend(changes);
        if let Some(at) = cursor {
            queue!(bytes, MoveTo(at.x, at.y), Show)?;
        }
        queue!(bytes, EndSynchronizedUpdate)?;
        std::mem::swap(&mut self.shown, &mut self.next);
        self.cursor = cursor;
        self.whole = false;
        Ok(bytes)
    }

    /// What turns the shown cells into the next ones, with the terminal's help where that takes
    /// fewer bytes. The shown ones are of no use afterwards.
    fn changes(&mut self) -> Vec<u8> {
        let rows = differing_rows(&self.shown, &self.next);
        if self.whole || !self.scrolls || !self.differ_enough(&rows) {
            return self.written(&rows);
        }
        let (scrolls, saved) = scroll::plan(&self.shown, &self.next, &rows);
        if scrolls.is_empty() {
            return self.written(&rows);
        }
        let plain = (saved < CLEARLY_SAVED).then(|| self.written(&rows));
        let mut helped = self.writer();
        for scroll in scrolls {
            helped.scroll(&scroll, self.next.area.height);
            scroll.apply(&mut self.shown);
        }
        helped.draw(&self.shown, &self.next, &differing_rows(&self.shown, &self.next));
        let helped = helped.finish();
        plain.filter(|plain| plain.len() <= helped.len()).unwrap_or(helped)
    }

    /// Whether so much differs that moving rows may be worth it: ages that change in each row are
    /// not.
    fn differ_enough(&self, rows: &[u16]) -> bool {
        let width = usize::from(self.next.area.width.max(1));
        let cells = |y: u16| {
            let rows = [&self.shown, &self.next].map(|of| of.content.chunks(width).nth(y.into()));
            let [shown, next] = rows.map(Option::unwrap_or_default);
            shown.iter().zip(next).filter(|(shown, next)| shown != next)
        };
        rows.iter().copied().flat_map(cells).nth(WORTH_PLANNING).is_some()
    }

    /// The same without moving rows.
    fn written(&self, rows: &[u16]) -> Vec<u8> {
        let mut plain = self.writer();
        plain.draw(&self.shown, &self.next, rows);
        plain.finish()
    }

    fn writer(&self) -> Writer {
        Writer::new(self.next.area.width, self.scrolls)
    }
}

/// The rows that are not equal in two pictures of the same size, from the top.
fn differing_rows(shown: &Buffer, next: &Buffer) -> Vec<u16> {
    let width = usize::from(next.area.width.max(1));
    let rows = shown.content.chunks(width).zip(next.content.chunks(width));
    (0..).zip(rows).filter(|(_, (shown, next))| shown != next).map(|(y, _)| y).collect()
}

#[cfg(test)]
mod tests;
