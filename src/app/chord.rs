//! A key press, spelled the same way in the keymap, the help and the tests.

use std::fmt;
use std::str::FromStr;

/// A key with its modifiers. Shift is folded into letters: `G`, not shift-g.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Chord {
    /// The key.
    pub key: Key,
    /// With control.
    pub ctrl: bool,
    /// With alt.
    pub alt: bool,
}

/// A key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Key {
    /// A character, space among them.
    Char(char),
    /// Enter.
    Enter,
    /// Escape.
    Esc,
    /// Tab.
    Tab,
    /// Shift with Tab.
    BackTab,
    /// Backspace.
    Backspace,
    /// Delete.
    Delete,
    /// Arrow up.
    Up,
    /// Arrow down.
    Down,
    /// Arrow left.
    Left,
    /// Arrow right.
    Right,
    /// Page up.
    PageUp,
    /// Page down.
    PageDown,
    /// Home.
    Home,
    /// End.
    End,
    /// F1 to F12.
    F(u8),
}

impl Chord {
    /// A key without modifiers.
    #[must_use]
    pub const fn plain(key: Key) -> Self {
        Self { key, ctrl: false, alt: false }
    }

    /// A character without modifiers.
    #[must_use]
    pub const fn char(c: char) -> Self {
        Self::plain(Key::Char(c))
    }

    /// A character with control.
    #[must_use]
    pub const fn ctrl(c: char) -> Self {
        Self { key: Key::Char(c), ctrl: true, alt: false }
    }

    /// The character typed, where no modifier makes it a command.
    #[must_use]
    pub const fn typed(&self) -> Option<char> {
        match self {
            Self { key: Key::Char(c), ctrl: false, alt: false } => Some(*c),
            _ => None,
        }
    }
}

const NAMED: [(&str, Key); 15] = [
    ("space", Key::Char(' ')),
    ("enter", Key::Enter),
    ("esc", Key::Esc),
    ("tab", Key::Tab),
    ("s-tab", Key::BackTab),
    ("backspace", Key::Backspace),
    ("delete", Key::Delete),
    ("up", Key::Up),
    ("down", Key::Down),
    ("left", Key::Left),
    ("right", Key::Right),
    ("pgup", Key::PageUp),
    ("pgdn", Key::PageDown),
    ("home", Key::Home),
    ("end", Key::End),
];

/// Not a key's name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a key: {0}; write a character, or a name such as enter, ctrl-x, alt-x, f1, space")]
pub struct ChordError(pub String);

impl FromStr for Chord {
    type Err = ChordError;

    fn from_str(text: &str) -> Result<Self, ChordError> {
        let wrong = || ChordError(text.to_owned());
        if let Some(rest) = text.strip_prefix("ctrl-").filter(|rest| !rest.is_empty()) {
            let chord: Self = rest.parse().map_err(|_: ChordError| wrong())?;
            let key = match chord.key {
                // To a terminal these are Backspace, Tab, Enter and Esc.
                Key::Char('h' | 'H' | 'i' | 'I' | 'm' | 'M' | '[') => {
                    return Err(ChordError(format!(
                        "{text}, which terminals send for another key"
                    )));
                }
                // A terminal sends the same for both cases of a letter with control.
                Key::Char(c) => Key::Char(c.to_ascii_lowercase()),
                key => key,
            };
            return Ok(Self { key, ctrl: true, ..chord });
        }
        if let Some(rest) = text.strip_prefix("alt-").filter(|rest| !rest.is_empty()) {
            return Ok(Self { alt: true, ..rest.parse().map_err(|_: ChordError| wrong())? });
        }
        let mut chars = text.chars();
        if let (Some(c), None) = (chars.next(), chars.next()) {
            return if c == ' ' || c.is_control() { Err(wrong()) } else { Ok(Self::char(c)) };
        }
        if let Some(number) = text
            .strip_prefix('f')
            .and_then(|n| n.parse::<u8>().ok())
            .filter(|n| (1..=12).contains(n))
        {
            return Ok(Self::plain(Key::F(number)));
        }
        NAMED
            .iter()
            .find(|(name, _)| *name == text)
            .map(|(_, key)| Self::plain(*key))
            .ok_or_else(wrong)
    }
}

impl fmt::Display for Chord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.ctrl {
            f.write_str("ctrl-")?;
        }
        if self.alt {
            f.write_str("alt-")?;
        }
        if let Some((name, _)) = NAMED.iter().find(|(_, key)| *key == self.key) {
            return f.write_str(name);
        }
        match self.key {
            Key::Char(c) => write!(f, "{c}"),
            Key::F(number) => write!(f, "f{number}"),
            Key::Enter
            | Key::Esc
            | Key::Tab
            | Key::BackTab
            | Key::Backspace
            | Key::Delete
            | Key::Up
            | Key::Down
            | Key::Left
            | Key::Right
            | Key::PageUp
            | Key::PageDown
            | Key::Home
            | Key::End => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_reads_back_as_itself() {
        for text in [
            "j",
            "G",
            "/",
            "-",
            "?",
            "!",
            "ctrl-d",
            "alt-x",
            "ctrl-alt-k",
            "enter",
            "esc",
            "s-tab",
            "space",
            "f1",
            "f12",
            "pgdn",
            "ctrl--",
        ] {
            assert_eq!(text.parse::<Chord>().map(|chord| chord.to_string()), Ok(text.to_owned()));
        }
        assert_eq!(
            "ctrl-D".parse::<Chord>(),
            "ctrl-d".parse(),
            "a terminal sends the same for both"
        );
        for other in ["ctrl-i", "ctrl-M", "ctrl-h", "ctrl-["] {
            assert!(
                other.parse::<Chord>().is_err_and(|why| why.to_string().contains("another key")),
                "{other}"
            );
        }
        for text in ["", " ", "ctrl-", "f13", "entre", "jj"] {
            assert!(text.parse::<Chord>().is_err(), "{text:?}");
        }
    }
}
