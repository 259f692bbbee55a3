//! What is typed into a dialog: ordinary text, and digits that nobody may see.
//!
//! A PIN is never in a [`Field`]: that one can be printed and remembers what was cut.

use std::fmt;
use std::sync::Arc;

use tui_input::{Input, InputRequest};
use zeroize::Zeroize;

use crate::app::chord::{Chord, Key};
use crate::domain::operation::{Pin, is_weak_pin};
use crate::domain::text;

/// One line of text with a cursor.
#[derive(Debug)]
pub(crate) struct Field {
    input: Input,
    longest: usize,
}

impl Field {
    /// An empty field of at most `longest` characters.
    pub(crate) fn new(longest: usize) -> Self {
        Self { input: Input::default(), longest }
    }

    /// The same field with this text in it, the cursor behind it.
    pub(crate) fn with(self, text: &str) -> Self {
        Self { input: Input::new(text.chars().take(self.longest).collect()), ..self }
    }

    /// What stands in it.
    pub(crate) fn text(&self) -> &str {
        self.input.value()
    }

    /// What stands in it as a reason for the journal, card numbers masked; `None` when it is blank.
    pub(crate) fn reason(&self) -> Option<Arc<str>> {
        let reason = text::clean(self.text());
        if reason.is_empty() { None } else { Some(reason.into()) }
    }

    /// What can be seen of it in `columns`, and in which of them the cursor stands.
    pub(crate) fn window(&self, columns: usize) -> (String, usize) {
        let room = columns.max(2) - 1;
        let cursor = self.input.visual_cursor();
        let hidden = cursor.saturating_sub(room);
        let (mut seen, mut skipped) = (String::new(), 0);
        for c in self.text().chars() {
            let wide = text::width(c.encode_utf8(&mut [0; 4]));
            if skipped < hidden {
                skipped += wide;
            } else {
                seen.push(c);
            }
        }
        (text::fit(&seen, columns), cursor.saturating_sub(skipped))
    }

    /// Takes a key; `false` when it is none of a field's.
    pub(crate) fn key(&mut self, chord: &Chord) -> bool {
        let plain = !chord.ctrl && !chord.alt;
        let request = match chord.key {
            Key::Char(c) if plain => {
                // A full field swallows the key, so that it is not taken for a command.
                if self.text().chars().count() < self.longest && text::width(c.encode_utf8(&mut [0; 4])) > 0 {
                    self.input.handle(InputRequest::InsertChar(c));
                }
                return true;
            }
            Key::Char('u') if chord.ctrl => InputRequest::DeleteLine,
            Key::Char('w') if chord.ctrl => InputRequest::DeletePrevWord,
            Key::Char('k') if chord.ctrl => InputRequest::DeleteTillEnd,
            Key::Char('a') if chord.ctrl => InputRequest::GoToStart,
            Key::Char('e') if chord.ctrl => InputRequest::GoToEnd,
            Key::Home => InputRequest::GoToStart,
            Key::End => InputRequest::GoToEnd,
            Key::Left => InputRequest::GoToPrevChar,
            Key::Right => InputRequest::GoToNextChar,
            Key::Backspace => InputRequest::DeletePrevChar,
            Key::Delete => InputRequest::DeleteNextChar,
            Key::Char(_)
            | Key::Enter
            | Key::Esc
            | Key::Tab
            | Key::BackTab
            | Key::Up
            | Key::Down
            | Key::PageUp
            | Key::PageDown
            | Key::F(_) => return false,
        };
        self.input.handle(request);
        true
    }

    /// Takes pasted text: cleaned, and cut at the field's length.
    pub(crate) fn paste(&mut self, pasted: &str) {
        for c in text::clean(pasted).chars() {
            self.key(&Chord::char(c));
        }
    }
}

/// Most digits of a PIN.
const MOST: usize = 6;

/// Digits that are drawn as stars: a buffer of fixed size, wiped when it goes.
pub(crate) struct SecretField {
    digits: [u8; MOST],
    typed: usize,
}

impl SecretField {
    /// Nothing typed.
    pub(crate) const fn new() -> Self {
        Self { digits: [0; MOST], typed: 0 }
    }

    /// How many digits were typed.
    pub(crate) const fn len(&self) -> usize {
        self.typed
    }

    /// Takes a digit, Backspace or Ctrl-u; `false` for any other key, or when `most` digits are there.
    pub(crate) fn key(&mut self, chord: &Chord, most: usize) -> bool {
        match (chord.key, chord.typed()) {
            (_, Some(c)) if c.is_ascii_digit() && self.typed < most.min(MOST) => {
                if let (Some(slot), Ok(byte)) = (self.digits.get_mut(self.typed), u8::try_from(c)) {
                    *slot = byte;
                    self.typed += 1;
                }
                true
            }
            (Key::Backspace, _) => {
                self.typed = self.typed.saturating_sub(1);
                if let Some(slot) = self.digits.get_mut(self.typed) {
                    slot.zeroize();
                }
                true
            }
            (Key::Char('u'), _) if chord.ctrl => {
                self.wipe();
                true
            }
            _ => false,
        }
    }

    /// Forgets everything.
    pub(crate) fn wipe(&mut self) {
        self.digits.zeroize();
        self.typed = 0;
    }

    /// Whether both hold the same digits.
    pub(crate) fn matches(&self, other: &Self) -> bool {
        self.typed == other.typed && self.digits == other.digits
    }

    /// Whether anybody would guess what stands there.
    pub(crate) fn is_weak(&self) -> bool {
        is_weak_pin(self.digits.get(..self.typed).unwrap_or_default())
    }

    /// The PIN, when it is one; the buffer is wiped either way.
    pub(crate) fn take(&mut self) -> Option<Pin> {
        let mut digits = String::with_capacity(MOST);
        digits.extend(self.digits.iter().take(self.typed).map(|byte| char::from(*byte)));
        self.wipe();
        Pin::typed(digits).ok()
    }
}

impl Drop for SecretField {
    fn drop(&mut self) {
        self.wipe();
    }
}

impl fmt::Debug for SecretField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Not even how many were typed.
        f.write_str("SecretField(****)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(digits: &str) -> SecretField {
        let mut field = SecretField::new();
        for c in digits.chars() {
            field.key(&Chord::char(c), 6);
        }
        field
    }

    #[test]
    fn a_secret_field_never_prints_its_digits_and_is_wiped_when_taken() {
        let mut field = secret("9078");
        assert_eq!(format!("{field:?}"), "SecretField(****)");
        assert_eq!(field.take().map(|pin| pin.expose().to_owned()), Some("9078".to_owned()));
        assert_eq!((field.len(), field.digits), (0, [0; MOST]));
        let mut field = secret("90");
        field.key(&Chord::plain(Key::Backspace), 6);
        assert_eq!(field.digits, [b'9', 0, 0, 0, 0, 0]);
    }

    #[test]
    fn a_field_takes_no_more_than_its_length_and_no_control_characters() {
        let mut field = Field::new(8);
        field.paste("cover\u{202e}\x1b the decline");
        assert_eq!(field.text(), "cover th");
        assert!(field.key(&Chord::char('x')));
        assert_eq!(field.text(), "cover th");
        assert_eq!(field.window(5), ("r th".to_owned(), 4));
    }
}
