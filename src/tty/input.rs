//! What comes from the terminal: keys, pasted text, new sizes, and its answer about its background.

use std::collections::VecDeque;
use std::io;
use std::time::Duration;

use crossterm::event::{
    self, Event, EventStream, KeyCode, KeyEvent, KeyEventKind, KeyModifiers, MouseEventKind,
};
use futures::StreamExt;
use tokio::time::timeout;

use super::answer::{AnswerFilter, Found};
use crate::app::Msg;
use crate::app::chord::{Chord, Key};
use crate::ui::theme::Background;

/// What came from the terminal.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "moved once, from the terminal into the loop")]
pub enum Heard {
    /// What the operator does.
    Msg(Msg),
    /// What the terminal has behind its text; said once, where it was asked.
    Background(Background),
    /// Whether the terminal has the focus now; said where it was asked, and it tells.
    Focus(bool),
}

/// How long it is looked whether more came together with an event. The stream of events looks for
/// no time at all, and then does not see what it has read already: each key of a burst would come
/// by another thread, and only after the frame for the one before it.
const TOGETHER: Duration = Duration::from_micros(20);

/// Most events that are taken in at once.
const MOST: usize = 256;

/// Reads the terminal.
#[derive(Debug)]
pub struct Input {
    events: EventStream,
    filter: AnswerFilter,
    /// Heard, and not given out yet.
    ready: VecDeque<Heard>,
}

impl Input {
    /// Begins to read; `asked` is whether the terminal was asked for its background.
    #[must_use]
    pub fn new(asked: bool) -> Self {
        let filter = if asked { AnswerFilter::default() } else { AnswerFilter::not_asked() };
        Self { events: EventStream::default(), filter, ready: VecDeque::new() }
    }

    /// The next key, paste, new size or answer; `None` when the terminal is gone. Nothing is lost
    /// when this is not waited for, but only one task may ever wait: crossterm wakes the one that
    /// waited first.
    ///
    /// # Errors
    /// When the terminal cannot be read.
    pub async fn next(&mut self) -> io::Result<Option<Heard>> {
        loop {
            if let Some(heard) = self.ready.pop_front() {
                return Ok(Some(heard));
            }
            let event = match self.filter.patience() {
                Some(patience) => timeout(patience, self.events.next()).await,
                None => Ok(self.events.next().await),
            };
            match event {
                Ok(Some(event)) => {
                    self.take(event?);
                    while self.ready.len() < MOST && event::poll(TOGETHER)? {
                        self.take(event::read()?);
                    }
                }
                Ok(None) => return Ok(None),
                Err(_) => {
                    let keys = self.filter.give_up();
                    self.keep(keys);
                }
            }
        }
    }

    fn take(&mut self, event: Event) {
        match self.filter.filter(event) {
            Found::Events(events) => self.keep(events),
            Found::Nothing | Found::Background(Background::Unknown) => {}
            Found::Background(background) => {
                self.ready.push_back(Heard::Background(background));
            }
        }
    }

    fn keep(&mut self, events: Vec<Event>) {
        self.ready.extend(events.into_iter().filter_map(|event| match event {
            Event::FocusGained => Some(Heard::Focus(true)),
            Event::FocusLost => Some(Heard::Focus(false)),
            other => message(other).map(Heard::Msg),
        }));
    }
}

/// An event of the terminal as a message; the mouse wheel moves the cursor.
fn message(event: Event) -> Option<Msg> {
    match event {
        Event::Key(key) => chord(key).map(Msg::Key),
        Event::Paste(text) => Some(Msg::Paste(text)),
        // The next frame asks for the size again, and takes the usual one.
        Event::Resize(0, _) | Event::Resize(_, 0) => None,
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
}
