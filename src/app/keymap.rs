//! What the keys mean: one table of commands, one file of chords. Dispatch, footer and help read
//! the same two.
//!
//! The default keys are read by the function that reads a user's file.

use std::collections::BTreeMap;
use std::path::Path;

use super::chord::{Chord, ChordError, Key};
use super::layout::Pane;
use crate::config::{Keys, meant};

/// The default keys, in the user's own format.
const DEFAULT: &str = include_str!("../../assets/keymap.toml");

/// What a key means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Command {
    /// One row down.
    Down,
    /// One row up.
    Up,
    /// The tab to the left.
    Left,
    /// The tab to the right.
    Right,
    /// To the first row.
    First,
    /// To the last row.
    Last,
    /// Half a page down.
    HalfDown,
    /// Half a page up.
    HalfUp,
    /// A page down.
    PageDown,
    /// A page up.
    PageUp,
    /// The next pane.
    NextPane,
    /// The pane before.
    PreviousPane,
    /// Open what is under the cursor.
    Open,
    /// Close, clear the filter, leave the zoom, go back.
    Back,
    /// Show the cards.
    Cards,
    /// Show the feed.
    Feed,
    /// Show the activity.
    Activity,
    /// Show the providers.
    Providers,
    /// Show what was shown before.
    LastView,
    /// Show one pane only, or all again.
    Zoom,
    /// Filter the pane's rows.
    Filter,
    /// To the next decline or unknown operation.
    NextDecline,
    /// To the one before.
    PreviousDecline,
    /// Show less time.
    Shorter,
    /// Show more time.
    Longer,
    /// Sort by the next column.
    Sort,
    /// Sort the other way.
    Reverse,
    /// Ask to freeze, or to unfreeze what is frozen.
    Freeze,
    /// Ask to top up.
    TopUp,
    /// Ask to top up what the last decline was short of.
    Cover,
    /// Ask to set the PIN.
    Pin,
    /// Ask to close for good.
    Close,
    /// Show every action.
    Actions,
    /// Look for the fate of an operation.
    Check,
    /// Say what became of an operation that nothing that can be read settles.
    Settle,
    /// Mark a card, or unmark it.
    Mark,
    /// Mark every card that the filter shows.
    MarkAll,
    /// Mark nothing.
    Unmark,
    /// Watch a card, or no longer.
    Watch,
    /// Hold the rows still, or go on.
    Pause,
    /// Stop reading a provider, or go on.
    PauseProvider,
    /// Stay on the newest row.
    Follow,
    /// Read what is under the cursor again.
    Refresh,
    /// Read everything again.
    RefreshAll,
    /// Explain the row.
    Explain,
    /// Copy something of the row.
    Copy,
    /// Refuse changes, or allow them again.
    ReadOnly,
    /// Show the keys.
    Help,
    /// Draw everything again.
    Redraw,
    /// Stop for the shell.
    Suspend,
    /// End.
    Quit,
}

/// What can happen by a command, once it is confirmed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Danger {
    /// Nothing outside the board.
    Nothing,
    /// A card changes.
    Change,
    /// Money moves.
    Money,
    /// It cannot be undone.
    Final,
}

/// Where the help puts a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// Moving about.
    Move,
    /// Finding.
    Find,
    /// Changing; each asks first.
    Act,
    /// Watching.
    Watch,
    /// Taking away.
    Share,
    /// Safety and the rest.
    Safety,
}

impl Group {
    /// Every group, in the order of the help.
    pub const ALL: [Self; 6] =
        [Self::Move, Self::Find, Self::Act, Self::Watch, Self::Share, Self::Safety];

    /// Its heading.
    #[must_use]
    pub const fn heading(self) -> &'static str {
        match self {
            Self::Move => "Move",
            Self::Find => "Find",
            Self::Act => "Act (asks first)",
            Self::Watch => "Watch",
            Self::Share => "Share",
            Self::Safety => "Safety",
        }
    }
}

/// One command of the table.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// The command.
    pub command: Command,
    /// Its name in the file of keys.
    pub name: &'static str,
    /// Panes in which its keys work; none of them listed is all of them.
    pub panes: &'static [Pane],
    /// Where the help puts it.
    pub group: Group,
    /// The word in the footer; empty keeps it out.
    pub hint: &'static str,
    /// The words of the help. Neighbours with the same words share a line.
    pub help: &'static str,
    /// What it can do.
    pub danger: Danger,
}

const EVERYWHERE: &[Pane] = &[];
const OF_A_CARD: &[Pane] = &[Pane::Cards, Pane::Detail, Pane::Feed];
const BY_TIME: &[Pane] = &[Pane::Feed];
const STILL: &[Pane] = &[Pane::Cards, Pane::Detail, Pane::Feed, Pane::Activity];
const TABBED: &[Pane] = &[Pane::Detail, Pane::Activity];
const FILTERED: &[Pane] = &[Pane::Cards, Pane::Feed, Pane::Activity];
const OPENED: &[Pane] = &[Pane::Cards, Pane::Detail, Pane::Feed, Pane::Activity];

macro_rules! rows {
    ($($command:ident $name:literal $panes:ident $group:ident $hint:literal $help:literal $danger:ident;)*) => {
        /// The table: the order is the order of footer and help.
        pub const TABLE: &[Row] = &[$(Row {
            command: Command::$command,
            name: $name,
            panes: $panes,
            group: Group::$group,
            hint: $hint,
            help: $help,
            danger: Danger::$danger,
        }),*];
    };
}

const CARDS_ONLY: &[Pane] = &[Pane::Cards];
const ACTIVITY_ONLY: &[Pane] = &[Pane::Activity];
const PROVIDERS_ONLY: &[Pane] = &[Pane::Providers];

rows! {
    Open "open" OPENED Move "open" "open" Nothing;
    Freeze "freeze" OF_A_CARD Act "freeze" "freeze or unfreeze" Change;
    TopUp "top-up" OF_A_CARD Act "top-up" "top up" Money;
    Cover "cover" OF_A_CARD Act "cover" "cover a decline" Money;
    Pin "pin" OF_A_CARD Act "pin" "set PIN" Change;
    Close "close" OF_A_CARD Act "" "close for good" Final;
    Actions "actions" OF_A_CARD Act "actions" "all actions" Nothing;
    Check "check" ACTIVITY_ONLY Act "check now" "check operation" Nothing;
    Settle "settle" ACTIVITY_ONLY Act "settle" "settle by hand" Nothing;
    Watch "watch" OF_A_CARD Watch "watch" "watch this card" Nothing;
    Copy "copy" EVERYWHERE Share "copy" "copy menu" Nothing;
    Mark "mark" CARDS_ONLY Watch "mark" "mark" Nothing;
    MarkAll "mark-all" CARDS_ONLY Watch "" "mark all, none" Nothing;
    Unmark "unmark" CARDS_ONLY Watch "" "mark all, none" Nothing;
    Left "left" TABBED Move "" "tab" Nothing;
    Right "right" TABBED Move "tabs" "tab" Nothing;
    NextDecline "next-decline" FILTERED Find "decline" "next decline" Nothing;
    PreviousDecline "previous-decline" FILTERED Find "" "next decline" Nothing;
    Explain "explain" BY_TIME Find "explain" "explain this row" Nothing;
    Shorter "shorter" BY_TIME Find "" "time range" Nothing;
    Longer "longer" BY_TIME Find "range" "time range" Nothing;
    Pause "pause" STILL Watch "pause" "pause screen" Nothing;
    Follow "follow" BY_TIME Watch "follow" "follow newest" Nothing;
    PauseProvider "pause-provider" PROVIDERS_ONLY Watch "pause provider" "pause provider" Nothing;
    Refresh "refresh" EVERYWHERE Watch "read now" "read now, all" Nothing;
    RefreshAll "refresh-all" EVERYWHERE Watch "" "read now, all" Nothing;
    Sort "sort" CARDS_ONLY Find "sort" "sort, reverse" Nothing;
    Reverse "reverse" CARDS_ONLY Find "" "sort, reverse" Nothing;
    Zoom "zoom" EVERYWHERE Move "zoom" "zoom pane" Nothing;
    Down "down" EVERYWHERE Move "" "row" Nothing;
    Up "up" EVERYWHERE Move "" "row" Nothing;
    First "first" EVERYWHERE Move "" "first, last" Nothing;
    Last "last" EVERYWHERE Move "" "first, last" Nothing;
    HalfDown "half-down" EVERYWHERE Move "" "half page" Nothing;
    HalfUp "half-up" EVERYWHERE Move "" "half page" Nothing;
    PageDown "page-down" EVERYWHERE Move "" "page" Nothing;
    PageUp "page-up" EVERYWHERE Move "" "page" Nothing;
    Filter "filter" FILTERED Find "filter" "filter" Nothing;
    NextPane "next-pane" EVERYWHERE Move "pane" "pane" Nothing;
    PreviousPane "previous-pane" EVERYWHERE Move "" "pane" Nothing;
    Cards "cards" EVERYWHERE Move "cards" "view" Nothing;
    Feed "feed" EVERYWHERE Move "feed" "view" Nothing;
    Activity "activity" EVERYWHERE Move "activity" "view" Nothing;
    Providers "providers" EVERYWHERE Move "providers" "view" Nothing;
    LastView "last-view" EVERYWHERE Move "" "last view" Nothing;
    Back "back" EVERYWHERE Move "back" "back" Nothing;
    ReadOnly "read-only" EVERYWHERE Safety "read-only" "read-only on/off" Nothing;
    Redraw "redraw" EVERYWHERE Safety "" "draw again" Nothing;
    Suspend "suspend" EVERYWHERE Safety "" "to the shell" Nothing;
    Help "help" EVERYWHERE Safety "help" "help" Nothing;
    Quit "quit" EVERYWHERE Safety "quit" "quit" Nothing;
}

impl Row {
    /// Whether its keys work in a pane.
    #[must_use]
    pub fn works_in(&self, pane: Pane) -> bool {
        self.panes.is_empty() || self.panes.contains(&pane)
    }

    /// Whether it is about the card of the row.
    #[must_use]
    pub fn is_about_a_card(&self) -> bool {
        [OF_A_CARD, OPENED, CARDS_ONLY].contains(&self.panes)
    }

    fn meets(&self, other: &Self) -> bool {
        Pane::ALL.iter().any(|pane| self.works_in(*pane) && other.works_in(*pane))
    }
}

/// Which chords mean which command.
#[derive(Clone, Debug)]
pub struct Keymap(BTreeMap<Command, Vec<Chord>>);

/// Why keys cannot be used, in one sentence with the place where they are written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct KeymapError(String);

impl Default for Keymap {
    fn default() -> Self {
        let keys = Keys::read(DEFAULT, Path::new("assets/keymap.toml"))
            .expect("the keys in the program were checked by a test");
        Self(BTreeMap::new()).with(&keys).expect("the keys in the program were checked by a test")
    }
}

impl Keymap {
    /// The same keys, but for the commands that these lines name. The keys that confirm a change
    /// are not in the table: nobody can put another command on them, or them elsewhere.
    ///
    /// # Errors
    /// When a line is not understood, or gives a key to a second command that works in the same
    /// pane.
    pub fn with(mut self, keys: &[Keys]) -> Result<Self, KeymapError> {
        for line in keys {
            let wrong = |words: String| KeymapError(format!("{}: {words}", line.place));
            let Some(row) = TABLE.iter().find(|row| row.name == line.command) else {
                let names: Vec<&str> = TABLE.iter().map(|row| row.name).collect();
                return Err(wrong(format!(
                    "board.keys: unknown command `{}`; {}",
                    line.command,
                    meant(&line.command, &names)
                )));
            };
            let chords: Result<Vec<Chord>, ChordError> =
                line.chords.iter().map(|chord| chord.parse()).collect();
            let chords =
                chords.map_err(|error| wrong(format!("board.keys.{}: {error}", row.name)))?;
            if let Some((_, twice)) = chords
                .iter()
                .enumerate()
                .find(|(place, chord)| chords.iter().take(*place).any(|c| c == *chord))
            {
                return Err(wrong(format!(
                    "board.keys.{}: {twice} is written twice: keep one",
                    row.name
                )));
            }
            if chords.is_empty() && row.command == Command::Quit {
                return Err(wrong("board.keys.quit: the board needs a key to end".to_owned()));
            }
            self.0.insert(row.command, chords);
        }
        match self.conflict() {
            Some((chord, first, second)) => {
                // Of two lines the later one is at fault; of a line and a key of ours, the line.
                let place = |row: &Row| keys.iter().position(|line| line.command == row.name);
                let (fault, other) =
                    if place(first) > place(second) { (first, second) } else { (second, first) };
                let line = place(fault)
                    .and_then(|place| keys.get(place))
                    .map_or("", |line| line.place.as_str());
                Err(KeymapError(format!(
                    "{line}: board.keys.{}: {chord} is the key of {} as well: give one of them \
                     another",
                    fault.name, other.name
                )))
            }
            None => Ok(self),
        }
    }

    /// A chord that means two things in one pane.
    fn conflict(&self) -> Option<(Chord, &'static Row, &'static Row)> {
        TABLE.iter().enumerate().find_map(|(place, first)| {
            TABLE.iter().skip(place + 1).filter(|second| first.meets(second)).find_map(|second| {
                let chord = self
                    .chords(first.command)
                    .iter()
                    .find(|chord| self.chords(second.command).contains(chord))?;
                Some((*chord, first, second))
            })
        })
    }

    /// The first key of a command, as footer and help write it; nothing where it is off.
    #[must_use]
    pub fn key(&self, command: Command) -> Option<String> {
        self.chords(command).first().map(|chord| written(*chord))
    }

    /// What a command does behind its key: `f freeze`; without a key only what it does.
    #[must_use]
    pub fn hint(&self, command: Command, words: &str) -> String {
        self.key(command).map_or_else(|| words.to_owned(), |key| format!("{key} {words}"))
    }

    /// What a chord means in a pane.
    #[must_use]
    pub fn command(&self, chord: Chord, pane: Pane) -> Option<Command> {
        TABLE
            .iter()
            .find(|row| row.works_in(pane) && self.chords(row.command).contains(&chord))
            .map(|row| row.command)
    }

    /// The command of a chord that means something, but not in this pane.
    #[must_use]
    pub fn elsewhere(&self, chord: Chord, pane: Pane) -> Option<&'static Row> {
        TABLE.iter().find(|row| !row.works_in(pane) && self.chords(row.command).contains(&chord))
    }

    /// The chords of a command.
    #[must_use]
    pub fn chords(&self, command: Command) -> &[Chord] {
        self.0.get(&command).map_or(&[], Vec::as_slice)
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
    use super::*;

    #[test]
    fn every_command_has_a_key_and_no_key_has_two_meanings_in_one_pane() {
        let keymap = Keymap::default();
        for row in TABLE {
            assert!(!keymap.chords(row.command).is_empty(), "{} has no key", row.name);
            assert!(!row.help.is_empty() && row.help.len() <= 18, "{}: {}", row.name, row.help);
        }
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
        assert_eq!(shown.len(), TABLE.len());
        let keymap = Keymap(BTreeMap::new()).with(&shown).expect("good keys");
        assert_eq!(keymap.0, Keymap::default().0);
    }

    #[test]
    fn chords_are_written_as_people_write_them() {
        let words: Vec<String> = ["enter", "ctrl-d", "space", "pgdn", "G", "f1"]
            .iter()
            .map(|c| written(c.parse().expect("a chord")))
            .collect();
        assert_eq!(words, ["Enter", "^d", "Space", "PgDn", "G", "F1"]);
    }
}
