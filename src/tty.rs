//! The terminal: entering, leaving, keys, frames, the clipboard, and what it can show. The only
//! room that names crossterm.
//!
//! Whatever happens, it is left as it was found: on return, error, panic and signal; and after what
//! no process survives, by `rescue`.

mod answer;
mod appearance;
mod clipboard;
mod frame;
mod input;
#[cfg(unix)]
mod rescue;
mod screen;

use std::io::{self, IsTerminal, Write};
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};

use crossterm::cursor::{Hide, Show};
use crossterm::event::{
    DisableBracketedPaste, DisableFocusChange, DisableMouseCapture, EnableBracketedPaste,
    EnableFocusChange, EnableMouseCapture,
};
use crossterm::execute;
use crossterm::terminal::{
    EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use ratatui::buffer::Buffer;
use ratatui::layout::Position;

use crate::config::{Board, Seconds, ThemeChoice};
use crate::ui::theme::Theme;
pub use appearance::Color;
pub use clipboard::{ClipboardProgram, ClipboardWays};
pub use input::{Heard, Input};
pub use screen::Screen;

/// Whether the board has the terminal now.
static ENTERED: AtomicBool = AtomicBool::new(false);

/// The size of a terminal that reports none.
const USUAL_SIZE: (u16, u16) = (80, 24);

/// The whole screen, in raw mode, until it is dropped.
#[derive(Debug)]
pub struct Terminal {
    screen: Screen,
    wants: Wants,
}

/// What the board wants to hear of, beside keys.
#[derive(Clone, Copy, Debug)]
struct Wants {
    mouse: bool,
    focus: bool,
}

impl Terminal {
    /// Takes the terminal: raw mode, alternate screen, bracketed paste. A board that is to have the
    /// mouse takes the terminal's own way to select text with it.
    ///
    /// # Errors
    /// When there is no terminal, or it refuses.
    pub fn enter(board: &Board) -> io::Result<Self> {
        if !io::stdin().is_terminal() || !io::stdout().is_terminal() {
            return Err(io::Error::other(
                "the board needs a terminal; the commands do not: see cardtop --help",
            ));
        }
        restore_on_panic();
        prepare();
        #[cfg(unix)]
        rescue::wait_until_ready();
        // Dropped when taking it fails half-way, and then given back.
        let scrolls = board.scroll && appearance::moves_cells(environment);
        let wants = Wants { mouse: board.mouse, focus: board.seconds == Seconds::Focused };
        let terminal = Self { screen: Screen::new(scrolls), wants };
        take(wants)?;
        Ok(terminal)
    }

    /// Columns and rows; 80 and 24 where the terminal does not know its own, as on a serial
    /// line.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub fn size(&self) -> io::Result<(u16, u16)> {
        // crossterm opens /dev/tty for this, every time.
        #[cfg(unix)]
        if let Ok(size) = rustix::termios::tcgetwinsize(io::stdout())
            && size.ws_col > 0
            && size.ws_row > 0
        {
            return Ok((size.ws_col, size.ws_row));
        }
        crossterm::terminal::size().map(known_size)
    }

    /// Draws one frame of this size: what changed since the last one, in one write that the
    /// terminal shows at once.
    ///
    /// # Errors
    /// When the terminal is gone, or was left by a panic.
    pub fn draw(
        &mut self,
        size: (u16, u16),
        view: impl FnOnce(&mut Buffer) -> Option<Position>,
    ) -> io::Result<()> {
        if !ENTERED.load(Ordering::SeqCst) {
            return Err(io::Error::other(
                "a part of cardtop failed; what was sent is in the journal",
            ));
        }
        let bytes = self.screen.frame(size, view)?;
        write(&bytes)
    }

    /// The next frame draws everything, whatever is on the screen.
    pub const fn forget(&mut self) {
        self.screen.whole = true;
    }

    /// Asks the terminal for its background; [`Input`] hears the answer, if there is one.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub fn ask_for_background(&mut self) -> io::Result<()> {
        write(answer::QUESTION)
    }

    /// Gives the terminal text for its clipboard, which works over SSH; whether it takes it nobody
    /// can tell.
    ///
    /// # Errors
    /// When it is too much for a terminal, it is known to have no clipboard, or it is gone.
    pub fn copy(&mut self, text: &str) -> io::Result<()> {
        write(&clipboard::sequence(text, environment)?)
    }

    /// Gives the terminal back for a while: for a stop, after which it is taken
    /// [again](Self::take_again).
    pub fn give_back(&mut self) {
        leave();
    }

    /// Takes the terminal again after a stop, whatever a shell did with it meanwhile; the next
    /// frame draws everything.
    ///
    /// # Errors
    /// When the terminal refuses.
    pub fn take_again(&mut self) -> io::Result<()> {
        leave();
        take(self.wants)?;
        self.forget();
        Ok(())
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        leave();
        #[cfg(unix)]
        rescue::end();
    }
}

/// Starts what would give the terminal back after this process was killed, so that
/// [`Terminal::enter`] has not to wait for it. Where the terminal then is not taken, it ends with
/// the process.
pub fn prepare() {
    #[cfg(unix)]
    rescue::start();
}

fn take(wants: Wants) -> io::Result<()> {
    enable_raw_mode()?;
    ENTERED.store(true, Ordering::SeqCst);
    #[cfg(unix)]
    rescue::taken();
    execute!(io::stdout(), EnterAlternateScreen, EnableBracketedPaste, Hide)?;
    if wants.mouse {
        execute!(io::stdout(), EnableMouseCapture)?;
    }
    if wants.focus {
        execute!(io::stdout(), EnableFocusChange)?;
    }
    Ok(())
}

/// Gives the terminal back, once. Errors are ignored: a terminal that is gone needs nothing.
fn leave() {
    if ENTERED.swap(false, Ordering::SeqCst) {
        let _ = execute!(
            io::stdout(),
            DisableFocusChange,
            DisableMouseCapture,
            DisableBracketedPaste,
            LeaveAlternateScreen,
            Show
        );
        let _ = disable_raw_mode();
        #[cfg(unix)]
        rescue::left();
    }
}

/// A panic's words must land on a terminal that shows them.
fn restore_on_panic() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            leave();
            before(panic);
        }));
    });
}

/// A size of which no side is missing.
const fn known_size((columns, rows): (u16, u16)) -> (u16, u16) {
    let (usual_columns, usual_rows) = USUAL_SIZE;
    (if columns == 0 { usual_columns } else { columns }, if rows == 0 { usual_rows } else { rows })
}

/// Writes to the terminal, behind what was printed before. Not through the buffer of standard
/// output, which would write what stands behind the last line feed by itself: a frame has some.
fn write(bytes: &[u8]) -> io::Result<()> {
    if bytes.is_empty() {
        return Ok(());
    }
    let mut out = io::stdout().lock();
    out.flush()?;
    write_whole(bytes, |rest| Ok(rustix::io::write(rustix::stdio::stdout(), rest)?))
}

/// Writes all of it: in one piece, where the other side takes that.
fn write_whole(
    mut bytes: &[u8],
    mut write: impl FnMut(&[u8]) -> io::Result<usize>,
) -> io::Result<()> {
    while !bytes.is_empty() {
        match write(bytes) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(taken) => bytes = bytes.get(taken..).unwrap_or_default(),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Whether the terminal is to be asked for its background: where the choice of colours depends on
/// it, and the question would not be printed.
#[must_use]
pub fn asks_for_background(board: &Board, theme: &Theme) -> bool {
    board.theme == ThemeChoice::Auto && !theme.mono && appearance::may_be_asked(environment)
}

/// The ways to the clipboard of whoever sits at this terminal.
#[must_use]
pub fn clipboard_ways() -> ClipboardWays {
    clipboard::ways(environment)
}

/// How to draw on this terminal: what was chosen, else what the environment says.
#[must_use]
pub fn theme(board: &Board, color: Color) -> Theme {
    appearance::theme(board.glyphs, color, board.theme, environment)
}

#[expect(
    clippy::disallowed_methods,
    reason = "what a terminal can show is only told by its environment"
)]
fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_one_write_unless_the_terminal_takes_less_or_a_signal_comes() {
        let frame = b"\x1b[?2026hone\ntwo\nthree\x1b[?2026l";
        for (takes, writes) in [(usize::MAX, 1), (20, 2), (7, 5)] {
            let (mut taken, mut calls, mut is_interrupted) = (Vec::new(), 0, false);
            write_whole(frame, |rest| {
                is_interrupted = !is_interrupted && takes < usize::MAX;
                if is_interrupted {
                    return Err(io::ErrorKind::Interrupted.into());
                }
                calls += 1;
                let part = &rest[..rest.len().min(takes)];
                taken.extend_from_slice(part);
                Ok(part.len())
            })
            .expect("all of it");
            assert_eq!((taken.as_slice(), calls), (frame.as_slice(), writes));
        }
        let ended = write_whole(frame, |_| Ok(0)).expect_err("it takes nothing");
        assert_eq!(ended.kind(), io::ErrorKind::WriteZero);
        let gone = write_whole(frame, |_| Err(io::ErrorKind::BrokenPipe.into()));
        assert_eq!(gone.expect_err("it is gone").kind(), io::ErrorKind::BrokenPipe);
    }
}
