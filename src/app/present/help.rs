//! The help in words: the keys of the view that it is opened in, the language of its filter, then
//! the keys of every view. The keys are those of the table that dispatches them.

use super::filter_language;
use super::line::{Line, labelled};
use super::role::Role;
use crate::app::Model;
use crate::app::command::{Command, CommandSpec, Group, TABLE};
use crate::app::keymap::{Keymap, written};
use crate::app::layout::Pane;
use crate::domain::text;

const SIGNS: [(&str, &str); 4] = [
    ("~", "last known, not live"),
    (">", "the row under the cursor"),
    ("*", "marked"),
    ("^r", "Ctrl-r"),
];

const TOP: &str = "In the top line: PROD or SANDBOX, who you are, WRITE or READ, operations that \
                   are not settled. Other views have keys of their own: ? there.";

/// Keys, and what they do.
type Entry = (String, &'static str);

/// The whole help in lines of at most so many columns.
pub(crate) fn lines(model: &Model, columns: usize) -> Vec<Line> {
    let pane = model.screen.focus;
    let keymap = &model.keymap;
    let own = |spec: &CommandSpec| {
        (!spec.panes.is_empty() && spec.works_in(pane)) || meaning_in(pane, spec.command).is_some()
    };
    let elsewhere = |spec: &CommandSpec| spec.panes.is_empty() && !own(spec);
    let acts = |spec: &CommandSpec| spec.group == Group::Act;
    let mut help = Vec::new();
    section(
        &mut help,
        &here(pane),
        &entries(keymap, pane, |spec| own(spec) && !acts(spec)),
        columns,
    );
    section(
        &mut help,
        Group::Act.heading(),
        &entries(keymap, pane, |it| own(it) && acts(it)),
        columns,
    );
    language(&mut help, pane, keymap, columns);
    section(&mut help, "Everywhere", &entries(keymap, pane, elsewhere), columns);
    let signs = SIGNS.map(|(sign, meaning)| (sign.to_owned(), meaning));
    section(&mut help, "Signs", &signs, columns);
    help.extend(labelled("", 0, (Role::Muted, TOP), columns));
    help
}

/// What a command of every view does in this one, where that is something else.
pub(super) fn meaning_in(pane: Pane, command: Command) -> Option<&'static str> {
    if pane != Pane::Providers {
        return None;
    }
    if command == Command::Copy {
        Some("copy status")
    } else if command == Command::Refresh {
        Some("read now")
    } else {
        None
    }
}

fn here(pane: Pane) -> String {
    match pane {
        Pane::Cards | Pane::Feed | Pane::Activity | Pane::Providers => {
            format!("In {}", pane.name())
        }
        Pane::Detail => "On a card's page".to_owned(),
    }
}

/// What may be typed into the filter of a pane that has one.
fn language(help: &mut Vec<Line>, pane: Pane, keymap: &Keymap, columns: usize) {
    let language = filter_language(pane);
    let (Some(key), false) = (keymap.key(Command::Filter), language.is_empty()) else { return };
    heading(help, &format!("Filter, after {key}"));
    let width = language.iter().map(|(form, _)| text::width(form)).max().unwrap_or(0) + 2;
    for (form, meaning) in &language {
        let lines = labelled("", width, (Role::Text, meaning), columns);
        let first = vec![(Role::Key, text::pad_right(form, width))];
        help.extend(lines.into_iter().enumerate().map(|(index, mut line)| {
            if index == 0 {
                line.splice(..1, first.clone());
            }
            line
        }));
    }
}

fn heading(help: &mut Vec<Line>, title: &str) {
    if !help.is_empty() {
        help.push(Line::new());
    }
    help.push(vec![(Role::Focus, title.to_owned())]);
}

/// Entries below a heading, in as many columns as there is room for; nothing where there is no
/// entry.
fn section(help: &mut Vec<Line>, title: &str, entries: &[Entry], columns: usize) {
    /// Blanks between two columns.
    const GAP: usize = 2;
    if entries.is_empty() {
        return;
    }
    heading(help, title);
    let widest = |width: fn(&Entry) -> usize| entries.iter().map(width).max().unwrap_or(0);
    let keys = widest(|(keys, _)| text::width(keys)).max(MOST_KEYS);
    let each = keys + 1 + widest(|(_, words)| text::width(words)).max(MOST_WORDS) + GAP;
    let beside = ((columns + GAP) / each).max(1);
    let rows = entries.len().div_ceil(beside);
    for row in 0..rows {
        let mut line = Line::new();
        for (chords, words) in entries.iter().skip(row).step_by(rows) {
            line.push((Role::Key, text::pad_right(chords, keys + 1)));
            line.push((Role::Text, text::pad_right(words, each - keys - 1)));
        }
        help.push(line);
    }
}

/// Display columns that sections have in common, so that they stand below each other: of the usual
/// keys, and of what they do.
const MOST_KEYS: usize = 9;
const MOST_WORDS: usize = 18;

/// The commands that are wanted, with their keys; commands with the same words share an entry.
fn entries(keymap: &Keymap, pane: Pane, wanted: impl Fn(&CommandSpec) -> bool) -> Vec<Entry> {
    let mut entries: Vec<(Vec<String>, &'static str)> = Vec::new();
    let words = |spec: &CommandSpec| meaning_in(pane, spec.command).unwrap_or(spec.help);
    let specs: Vec<&CommandSpec> = TABLE.iter().filter(|spec| wanted(spec)).collect();
    for spec in &specs {
        let words_here = words(spec);
        let chords: Vec<String> =
            keymap.chords(spec.command).iter().map(|chord| written(*chord)).collect();
        match entries.iter_mut().find(|(_, help)| *help == words_here) {
            Some((keys, _)) => keys.extend(chords.into_iter().take(1)),
            None => {
                // A command that shares its entry with others shows one key there.
                let shared = specs.iter().filter(|other| words(other) == words_here).count() > 1;
                let shown = if shared { 1 } else { 2 };
                entries.push((chords.into_iter().take(shown).collect(), words_here));
            }
        }
    }
    entries
        .into_iter()
        .filter(|(keys, _)| !keys.is_empty())
        .map(|(keys, help)| (keys.join(" "), help))
        .collect()
}
