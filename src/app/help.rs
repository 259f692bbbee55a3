//! The help over the board: every command with its keys, from the table that dispatches them.

use super::chord::{Chord, Key};
use super::command::{Command, Group, TABLE};
use super::keymap::{Keymap, written};

#[derive(Debug, Default)]
pub(crate) struct Help {
    /// Rows scrolled away.
    pub(crate) top: usize,
    /// Closed by the last key.
    pub(crate) closed: bool,
}

impl Help {
    /// A key: rows scroll; Esc, q and the key of the help close.
    pub(crate) fn key(&mut self, chord: &Chord, command: Option<Command>) {
        match command {
            Some(Command::Down) => self.top += 1,
            Some(Command::Up) => self.top = self.top.saturating_sub(1),
            Some(Command::PageDown | Command::HalfDown) => self.top += 8,
            Some(Command::PageUp | Command::HalfUp) => self.top = self.top.saturating_sub(8),
            Some(Command::First) => self.top = 0,
            Some(Command::Help | Command::Back | Command::Quit | Command::Open) => {
                self.closed = true
            }
            Some(_) | None => self.closed = chord.key == Key::Esc,
        }
    }
}

/// The lines of a group: keys, and what they do.
pub(crate) fn lines(keymap: &Keymap, group: Group) -> Vec<(String, &'static str)> {
    let mut lines: Vec<(Vec<String>, &'static str)> = Vec::new();
    for spec in TABLE.iter().filter(|spec| spec.group == group) {
        let chords: Vec<String> =
            keymap.chords(spec.command).iter().map(|chord| written(*chord)).collect();
        match lines.iter_mut().find(|(_, help)| *help == spec.help) {
            Some((keys, _)) => keys.extend(chords.into_iter().take(1)),
            None => {
                // A command that shares its line with others shows one key there.
                let shared = TABLE.iter().filter(|other| other.help == spec.help).count() > 1;
                lines.push((
                    chords.into_iter().take(if shared { 1 } else { 2 }).collect(),
                    spec.help,
                ));
            }
        }
    }
    lines
        .into_iter()
        .filter(|(keys, _)| !keys.is_empty())
        .map(|(keys, help)| (keys.join(" "), help))
        .collect()
}
