//! Which keys mean which command: the keys of the table of commands, but for those that the
//! operator's file replaces.

use std::collections::BTreeMap;

use super::chord::{Chord, ChordError, Key};
use super::command::{Command, CommandSpec, TABLE};
use super::layout::Pane;
use crate::config::{Keys, meant};

/// Which chords mean which command.
#[derive(Clone, Debug)]
pub struct Keymap(BTreeMap<Command, Vec<Chord>>);

/// Why keys cannot be used, in one sentence with file and line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct KeymapError(String);

impl Default for Keymap {
    fn default() -> Self {
        let chords = |spec: &CommandSpec| {
            let chords = spec.keys.iter().map(|key| key.parse());
            chords.collect::<Result<_, ChordError>>().expect("a test reads every key of the table")
        };
        Self(TABLE.iter().map(|spec| (spec.command, chords(spec))).collect())
    }
}

impl Keymap {
    /// The same keys, but for the commands that these lines name. The keys that confirm a change
    /// are not in the table, so they can neither be moved nor given to a command.
    ///
    /// # Errors
    /// When a line is not understood, or gives a key to a second command that works in the same
    /// pane.
    pub fn with(mut self, keys: &[Keys]) -> Result<Self, KeymapError> {
        for line in keys {
            let (command, chords) = parse_line(line)?;
            self.0.insert(command, chords);
        }
        match self.conflict() {
            Some(conflict) => Err(conflict.error(keys)),
            None => Ok(self),
        }
    }

    /// The first chord that means two things in one pane.
    fn conflict(&self) -> Option<Conflict> {
        TABLE.iter().enumerate().find_map(|(index, first)| {
            TABLE.iter().skip(index + 1).filter(|second| first.overlaps(second)).find_map(
                |second| {
                    let chord = *self
                        .chords(first.command)
                        .iter()
                        .find(|chord| self.chords(second.command).contains(chord))?;
                    Some(Conflict { chord, first, second })
                },
            )
        })
    }

    /// The first key of a command, as footer and help write it; nothing where it is off.
    #[must_use]
    pub fn key(&self, command: Command) -> Option<String> {
        self.chords(command).first().map(|chord| written(*chord))
    }

    /// What a command does behind its key: `f freeze`; without a key only what it does.
    #[must_use]
    pub fn hint(&self, command: Command, text: &str) -> String {
        self.key(command).map_or_else(|| text.to_owned(), |key| format!("{key} {text}"))
    }

    /// What a chord means in a pane.
    #[must_use]
    pub fn command(&self, chord: Chord, pane: Pane) -> Option<Command> {
        TABLE
            .iter()
            .find(|spec| spec.works_in(pane) && self.chords(spec.command).contains(&chord))
            .map(|spec| spec.command)
    }

    /// The command of a chord that means something, but not in this pane.
    pub(crate) fn elsewhere(&self, chord: Chord, pane: Pane) -> Option<&'static CommandSpec> {
        TABLE.iter().find(|spec| !spec.works_in(pane) && self.chords(spec.command).contains(&chord))
    }

    /// The chords of a command.
    #[must_use]
    pub fn chords(&self, command: Command) -> &[Chord] {
        self.0.get(&command).map_or(&[], Vec::as_slice)
    }
}

/// The command and chords of a line of the file.
fn parse_line(line: &Keys) -> Result<(Command, Vec<Chord>), KeymapError> {
    let error = |text: String| KeymapError(format!("{}: board.keys{text}", line.place));
    let Some(spec) = TABLE.iter().find(|spec| spec.name == line.command) else {
        let names: Vec<&str> = TABLE.iter().map(|spec| spec.name).collect();
        let suggestion = meant(&line.command, &names);
        return Err(error(format!(": unknown command `{}`; {suggestion}", line.command)));
    };
    let chords: Result<Vec<Chord>, ChordError> =
        line.chords.iter().map(|chord| chord.parse()).collect();
    let chords = chords.map_err(|why| error(format!(".{}: {why}", spec.name)))?;
    let repeated =
        |(index, chord): &(usize, &Chord)| chords.iter().take(*index).any(|c| c == *chord);
    if let Some((_, twice)) = chords.iter().enumerate().find(repeated) {
        return Err(error(format!(".{}: {twice} is written twice: keep one", spec.name)));
    }
    if chords.is_empty() && spec.command == Command::Quit {
        return Err(error(".quit: the board needs a key to end".to_owned()));
    }
    Ok((spec.command, chords))
}

/// A chord that means two things in one pane.
#[derive(Debug)]
struct Conflict {
    chord: Chord,
    first: &'static CommandSpec,
    second: &'static CommandSpec,
}

impl Conflict {
    /// Names the line that can be changed: of two lines the later one, of a line and a default key
    /// the line.
    fn error(&self, keys: &[Keys]) -> KeymapError {
        let position = |spec: &CommandSpec| keys.iter().position(|line| line.command == spec.name);
        let (fault, other) = if position(self.first) > position(self.second) {
            (self.first, self.second)
        } else {
            (self.second, self.first)
        };
        let place =
            position(fault).and_then(|index| keys.get(index)).map_or("", |line| &line.place);
        KeymapError(format!(
            "{place}: board.keys.{}: {} is the key of {} as well: give one of them another",
            fault.name, self.chord, other.name
        ))
    }
}

/// A chord as footer and help write it: `Enter`, `^d`, `Space`.
#[must_use]
pub fn written(chord: Chord) -> String {
    let name = Chord { ctrl: false, alt: false, ..chord }.to_string();
    let name = match chord.key {
        Key::Char(' ') => "Space".to_owned(),
        Key::Char(_) => name,
        Key::PageUp => "PgUp".to_owned(),
        Key::PageDown => "PgDn".to_owned(),
        Key::BackTab => "S-Tab".to_owned(),
        Key::Enter
        | Key::Esc
        | Key::Tab
        | Key::Backspace
        | Key::Delete
        | Key::Up
        | Key::Down
        | Key::Left
        | Key::Right
        | Key::Home
        | Key::End
        | Key::F(_) => {
            let mut chars = name.chars();
            chars
                .next()
                .map(|first| first.to_uppercase().chain(chars).collect())
                .unwrap_or_default()
        }
    };
    format!("{}{}{name}", if chord.ctrl { "^" } else { "" }, if chord.alt { "alt-" } else { "" })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn every_command_has_a_key_and_no_key_has_two_meanings_in_one_pane() {
        let keymap = Keymap::default();
        for spec in TABLE {
            assert!(!keymap.chords(spec.command).is_empty(), "{} has no key", spec.name);
            assert!(!spec.help.is_empty() && spec.help.len() <= 18, "{}: {}", spec.name, spec.help);
        }
        assert!(keymap.conflict().is_none(), "{:?}", keymap.conflict());
        assert_eq!(keymap.command(Chord::char('p'), Pane::Providers), Some(Command::PauseProvider));
        assert_eq!(keymap.command(Chord::char('p'), Pane::Feed), Some(Command::Pause));
        assert_eq!(keymap.command(Chord::char('f'), Pane::Providers), None);
    }

    fn with(lines: &str) -> Result<Keymap, String> {
        let keys = Keys::read(lines, Path::new("c.toml")).map_err(|error| error.to_string())?;
        Keymap::default().with(&keys).map_err(|error| error.to_string())
    }

    #[test]
    fn a_user_replaces_the_keys_of_the_commands_that_are_named() {
        let keymap = with("freeze = \"alt-f\"\nhelp = []").expect("good lines");
        assert_eq!(
            keymap.command("alt-f".parse().expect("a chord"), Pane::Cards),
            Some(Command::Freeze)
        );
        assert_eq!(keymap.command(Chord::char('f'), Pane::Cards), None);
        assert_eq!(keymap.command(Chord::char('?'), Pane::Cards), None);
        assert_eq!(keymap.command(Chord::char('t'), Pane::Cards), Some(Command::TopUp));
        assert!(with("pause-provider = \"x\"").is_ok(), "other panes may use the same key");
        assert!(with("freeze = \"t\"\ntop-up = \"f\"").is_ok(), "two commands may change places");
    }

    #[test]
    fn of_two_that_want_the_same_key_the_line_is_named_that_can_be_changed() {
        let refused = |lines: &str| with(lines).map(|_| ()).expect_err("bad lines");
        assert_eq!(
            refused("zoom = \"Z\"\nfreeze = \"t\""),
            "c.toml line 2: board.keys.freeze: t is the key of top-up as well: give one of them \
             another"
        );
        assert_eq!(
            refused("pin = \"B\"\nfreeze = \"B\""),
            "c.toml line 2: board.keys.freeze: B is the key of pin as well: give one of them \
             another"
        );
    }

    #[test]
    fn the_example_shows_every_command_with_its_keys() {
        let example = include_str!("../../config.example.toml");
        let (_, lines) = example.split_once("#[board.keys]\n").expect("the table of keys");
        let lines: String = lines
            .lines()
            .map_while(|line| line.strip_prefix('#'))
            .map(|line| format!("{line}\n"))
            .collect();
        let shown = Keys::read(&lines, Path::new("c.toml")).expect("good lines");
        for spec in TABLE {
            let line = shown.iter().find(|line| line.command == spec.name);
            let line = line.unwrap_or_else(|| panic!("config.example.toml lacks {}", spec.name));
            assert_eq!(line.chords, spec.keys, "{}", spec.name);
        }
        let keymap = Keymap(BTreeMap::new()).with(&shown).expect("good keys");
        assert_eq!(keymap.0, Keymap::default().0);
    }

    #[test]
    fn chords_are_written_as_people_write_them() {
        let text: Vec<String> = ["enter", "ctrl-d", "space", "pgdn", "G", "f1"]
            .iter()
            .map(|c| written(c.parse().expect("a chord")))
            .collect();
        assert_eq!(text, ["Enter", "^d", "Space", "PgDn", "G", "F1"]);
    }
}
