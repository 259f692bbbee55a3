//! One line of text that is typed: a filter, an amount, a reason.
//!
//! Never a PIN: this can be printed, and remembers what was cut.

use std::sync::Arc;

use tui_input::{Input, InputRequest};

use super::chord::{Chord, Key};
use crate::domain::text;

/// One line of text with a cursor.
#[derive(Clone, Debug)]
pub(crate) struct Field {
    input: Input,
    longest: usize,
}

/// What can be seen of a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Window {
    /// The text.
    pub(crate) seen: String,
    /// The column of it where the cursor stands.
    pub(crate) cursor: usize,
    /// Columns to its left that are not seen.
    pub(crate) hidden: usize,
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

    /// Its text.
    pub(crate) fn text(&self) -> &str {
        self.input.value()
    }

    /// Its text as a reason for the journal, card numbers masked; `None` when it is blank.
    pub(crate) fn reason(&self) -> Option<Arc<str>> {
        let reason = text::clean(self.text());
        if reason.is_empty() { None } else { Some(reason.into()) }
    }

    /// Where the cursor stands, in characters.
    pub(crate) fn cursor(&self) -> usize {
        self.input.cursor()
    }

    /// What can be seen of it in `columns`: where it is too long, its end.
    pub(crate) fn window(&self, columns: usize) -> Window {
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
        Window {
            seen: text::fit(&seen, columns),
            cursor: cursor.saturating_sub(skipped),
            hidden: skipped,
        }
    }

    /// Takes a key; `false` when a field has no use for it.
    pub(crate) fn key(&mut self, chord: &Chord) -> bool {
        let plain = !chord.ctrl && !chord.alt;
        let request = match chord.key {
            Key::Char(c) if plain => {
                // A full field swallows the key, so that it is not taken for a command.
                if self.text().chars().count() < self.longest && text::is_safe(c) {
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
        for c in text::pasted(pasted).chars() {
            self.key(&Chord::char(c));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_takes_no_more_than_its_length_and_no_control_characters() {
        let mut field = Field::new(8);
        field.paste("cover\u{202e}\x1b the decline");
        assert_eq!(field.text(), "cover th");
        assert!(field.key(&Chord::char('x')));
        assert_eq!(field.text(), "cover th");
        assert_eq!(field.window(5), Window { seen: "r th".to_owned(), cursor: 4, hidden: 4 });
    }
}
