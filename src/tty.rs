//! The terminal: entering, leaving, keys, frames, the clipboard, and what it can show. The only
//! room that names crossterm.
//!
//! Whatever happens, it is left as it was found: on return, error, panic and signal; and after what
//! no process survives, by `rescue`.

mod appearance;
#[cfg(unix)]
mod rescue;
mod screen;

use std::io::{self, IsTerminal, Write};
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};

use crossterm::clipboard::CopyToClipboard;
use crossterm::cursor::{Hide, Show};
use crossterm::event::{
    DisableBracketedPaste, DisableMouseCapture, EnableBracketedPaste, EnableMouseCapture, Event,
    EventStream, KeyCode, KeyEvent, KeyEventKind, KeyModifiers, MouseEventKind,
};
use crossterm::terminal::{
    EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use crossterm::{execute, queue};
use futures::StreamExt;
use ratatui::buffer::Buffer;
use ratatui::layout::Position;

use crate::app::Msg;
use crate::app::chord::{Chord, Key};
use crate::config::Glyphs;
use crate::ui::theme::Theme;
pub use appearance::Color;
use screen::Screen;

/// Most bytes that are put on the clipboard, as the terminal sees them: more is cut by some
/// terminals without a word.
const CLIPBOARD_MOST: usize = 74_994;

/// Whether the board has the terminal now.
static ENTERED: AtomicBool = AtomicBool::new(false);

/// The whole screen, in raw mode, until it is dropped.
#[derive(Debug)]
pub struct Terminal {
    screen: Screen,
    mouse: bool,
}

impl Terminal {
    /// Takes the terminal: raw mode, alternate screen, bracketed paste. `mouse` also takes the
    /// mouse, and with it the terminal's own way to select text.
    ///
    /// # Errors
    /// When there is no terminal, or it refuses.
    pub fn enter(mouse: bool) -> io::Result<Self> {
        if !io::stdin().is_terminal() || !io::stdout().is_terminal() {
            return Err(io::Error::other(
                "the board needs a terminal; the commands do not: see cardtop --help",
            ));
        }
        restore_on_panic();
        #[cfg(unix)]
        rescue::start();
        // Dropped when taking it fails half-way, and then given back.
        let terminal = Self { screen: Screen::default(), mouse };
        take(mouse)?;
        Ok(terminal)
    }

    /// Columns and rows.
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
        crossterm::terminal::size()
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

    /// Puts text on the clipboard, through the terminal, so that it works over SSH.
    ///
    /// # Errors
    /// When it is too much for a terminal, or the terminal is gone.
    pub fn copy(&mut self, text: &str) -> io::Result<()> {
        write(&clipboard(text)?)
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
        take(self.mouse)?;
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

fn take(mouse: bool) -> io::Result<()> {
    enable_raw_mode()?;
    ENTERED.store(true, Ordering::SeqCst);
    #[cfg(unix)]
    rescue::taken();
    execute!(io::stdout(), EnterAlternateScreen, EnableBracketedPaste, Hide)?;
    if mouse { execute!(io::stdout(), EnableMouseCapture) } else { Ok(()) }
}

/// Gives the terminal back, once. Errors are ignored: a terminal that is gone needs nothing.
fn leave() {
    if ENTERED.swap(false, Ordering::SeqCst) {
        let _ = execute!(
            io::stdout(),
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

fn write(bytes: &[u8]) -> io::Result<()> {
    if bytes.is_empty() {
        return Ok(());
    }
    let mut out = io::stdout().lock();
    out.write_all(bytes)?;
    out.flush()
}

fn clipboard(text: &str) -> io::Result<Vec<u8>> {
    if text.len().div_ceil(3) * 4 > CLIPBOARD_MOST {
        return Err(io::Error::other("too much for a terminal's clipboard: export it instead"));
    }
    let mut bytes = Vec::new();
    queue!(bytes, CopyToClipboard::to_clipboard_from(text))?;
    Ok(bytes)
}

/// What the operator does at the terminal.
#[derive(Debug, Default)]
pub struct Input(EventStream);

impl Input {
    /// The next key, paste or new size; `None` when the terminal is gone. Nothing is lost when this
    /// is not waited for.
    ///
    /// # Errors
    /// When the terminal cannot be read.
    pub async fn next(&mut self) -> io::Result<Option<Msg>> {
        while let Some(event) = self.0.next().await {
            if let Some(msg) = message(event?) {
                return Ok(Some(msg));
            }
        }
        Ok(None)
    }
}

/// An event of the terminal as a message; the mouse wheel moves the cursor.
fn message(event: Event) -> Option<Msg> {
    match event {
        Event::Key(key) => chord(key).map(Msg::Key),
        Event::Paste(text) => Some(Msg::Paste(text)),
        Event::Resize(columns, rows) => Some(Msg::Resized(columns, rows)),
        Event::Mouse(mouse) => match mouse.kind {
            MouseEventKind::ScrollUp => Some(Msg::Key(Chord::plain(Key::Up))),
            MouseEventKind::ScrollDown => Some(Msg::Key(Chord::plain(Key::Down))),
            _ => None,
        },
        Event::FocusGained | Event::FocusLost => None,
    }
}

/// A key press as a chord; `None` for releases and for keys that [`Key`] does not have.
fn chord(key: KeyEvent) -> Option<Chord> {
    if key.kind == KeyEventKind::Release
        || key.modifiers.intersects(KeyModifiers::SUPER | KeyModifiers::HYPER | KeyModifiers::META)
    {
        return None;
    }
    let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
    let alt = key.modifiers.contains(KeyModifiers::ALT);
    let shift = key.modifiers.contains(KeyModifiers::SHIFT);
    let (key, ctrl) = match key.code {
        // Many terminals send this for Backspace.
        KeyCode::Char('h' | 'H') if ctrl => (Key::Backspace, false),
        KeyCode::Char(c) if ctrl => (Key::Char(c.to_ascii_lowercase()), true),
        KeyCode::Char(c) if shift => (Key::Char(upper(c)), false),
        KeyCode::Char(c) => (Key::Char(c), false),
        KeyCode::Enter => (Key::Enter, ctrl),
        KeyCode::Esc => (Key::Esc, false),
        KeyCode::Tab if shift => (Key::BackTab, ctrl),
        KeyCode::Tab => (Key::Tab, ctrl),
        KeyCode::BackTab => (Key::BackTab, ctrl),
        KeyCode::Backspace => (Key::Backspace, ctrl),
        KeyCode::Delete => (Key::Delete, ctrl),
        KeyCode::Up => (Key::Up, ctrl),
        KeyCode::Down => (Key::Down, ctrl),
        KeyCode::Left => (Key::Left, ctrl),
        KeyCode::Right => (Key::Right, ctrl),
        KeyCode::PageUp => (Key::PageUp, ctrl),
        KeyCode::PageDown => (Key::PageDown, ctrl),
        KeyCode::Home => (Key::Home, ctrl),
        KeyCode::End => (Key::End, ctrl),
        KeyCode::F(number @ 1..=12) => (Key::F(number), ctrl),
        KeyCode::F(_)
        | KeyCode::Insert
        | KeyCode::Null
        | KeyCode::CapsLock
        | KeyCode::ScrollLock
        | KeyCode::NumLock
        | KeyCode::PrintScreen
        | KeyCode::Pause
        | KeyCode::Menu
        | KeyCode::KeypadBegin
        | KeyCode::Media(_)
        | KeyCode::Modifier(_) => return None,
    };
    Some(Chord { key, ctrl, alt })
}

/// The letter with shift folded into it; one without a single upper-case letter stays.
fn upper(c: char) -> char {
    let mut upper = c.to_uppercase();
    match (upper.next(), upper.next()) {
        (Some(upper), None) => upper,
        _ => c,
    }
}

/// How to draw on this terminal: what was chosen, else what the environment says.
#[must_use]
#[expect(
    clippy::disallowed_methods,
    reason = "what a terminal can show is only told by its environment"
)]
pub fn theme(glyphs: Glyphs, color: Color) -> Theme {
    if color == Color::Always {
        crossterm::style::force_color_output(true);
    }
    appearance::theme(glyphs, color, |name| std::env::var(name).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pressed(code: KeyCode, modifiers: KeyModifiers) -> Option<String> {
        chord(KeyEvent::new(code, modifiers)).map(|chord| chord.to_string())
    }

    #[test]
    fn keys_are_spelled_as_in_the_keymap() {
        let check = |code, modifiers, spelled: &str| {
            assert_eq!(pressed(code, modifiers).as_deref(), Some(spelled))
        };
        check(KeyCode::Char('g'), KeyModifiers::SHIFT, "G");
        check(KeyCode::Char('G'), KeyModifiers::SHIFT, "G");
        check(KeyCode::Char('G'), KeyModifiers::NONE, "G");
        check(KeyCode::Char('?'), KeyModifiers::SHIFT, "?");
        check(KeyCode::Char('ß'), KeyModifiers::SHIFT, "ß");
        check(KeyCode::Char('d'), KeyModifiers::CONTROL, "ctrl-d");
        check(KeyCode::Char('C'), KeyModifiers::CONTROL | KeyModifiers::SHIFT, "ctrl-c");
        check(KeyCode::Char('h'), KeyModifiers::CONTROL, "backspace");
        check(KeyCode::Char('x'), KeyModifiers::ALT, "alt-x");
        check(KeyCode::Tab, KeyModifiers::SHIFT, "s-tab");
        check(KeyCode::BackTab, KeyModifiers::SHIFT, "s-tab");
        check(KeyCode::F(1), KeyModifiers::NONE, "f1");
        check(KeyCode::Char(' '), KeyModifiers::NONE, "space");
    }

    #[test]
    fn a_release_is_no_key_press() {
        let release =
            KeyEvent::new_with_kind(KeyCode::Char('y'), KeyModifiers::NONE, KeyEventKind::Release);
        assert_eq!(chord(release), None);
        assert_eq!(pressed(KeyCode::Char('y'), KeyModifiers::SUPER), None);
        assert_eq!(pressed(KeyCode::F(13), KeyModifiers::NONE), None);
    }

    #[test]
    fn the_clipboard_takes_what_terminals_take() {
        let copied = clipboard("..4242").expect("a short text");
        assert_eq!(String::from_utf8(copied).expect("text"), "\x1b]52;c;Li40MjQy\x1b\\");
        assert!(clipboard(&"x".repeat(56_243)).is_ok());
        assert!(clipboard(&"x".repeat(56_250)).is_err());
    }
}
