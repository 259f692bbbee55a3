//! The two lines below, with the keys that work now, and what is said under a filter while it is
//! typed.

use super::line::Line;
use super::role::Role;
use crate::app::Model;
use crate::app::keymap::{Command, TABLE};
use crate::app::layout::Pane;
use crate::app::search::Search;
use crate::domain::text::{self, thousands};

/// The two lines below: keys, and the notice in place of the second.
pub(crate) fn lines(model: &Model, columns: usize) -> [Line; 2] {
    let typing = model.search(model.focus).is_some_and(|search| search.typing);
    let (first, second) = if typing {
        typing_hints()
    } else if model.copying {
        (copying_hints(), Vec::new())
    } else {
        hints(model)
    };
    let second = match &model.notice {
        Some(notice) => {
            let role = if notice.wrong { Role::Danger } else { Role::Heading };
            vec![(role, notice.words.clone())]
        }
        None => fitted(&second, columns),
    };
    [fitted(&first, columns), second]
}

/// How many rows the filter of the focused pane shows, of how many.
pub(crate) fn filter_count(model: &Model) -> String {
    let (shown, hidden) = match model.focus {
        Pane::Cards => (model.cards.list.len(), model.cards.hidden),
        Pane::Feed => (model.feed.list.len(), model.feed.hidden),
        Pane::Activity => (model.activity.list.len(), model.activity.hidden),
        Pane::Detail | Pane::Providers => (0, 0),
    };
    format!("{} of {}", thousands(shown), thousands(shown + hidden))
}

/// Under a filter while it is typed: what is wrong with it, with a caret under the place, or what
/// is possible. `hidden` columns of the filter are out of sight on the left.
pub(crate) fn filter_help(search: &Search, hidden: usize, columns: usize) -> Line {
    if let Some(error) = &search.error {
        let before = search.text().get(..error.at).map_or(0, text::width).saturating_sub(hidden);
        let room = columns.saturating_sub(text::width(&error.message) + 8);
        let blanks = " ".repeat(before.min(room));
        return vec![(Role::Danger, format!("  {blanks}^ {}", error.message))];
    }
    let words = if search.offers.is_empty() {
        "word  field:value  field:~part  a|b  amount>20  -not  or  ( )  is:stale".to_owned()
    } else {
        search.offers.join("  ")
    };
    vec![(Role::Muted, format!("  {words}"))]
}

/// A key, and what it does.
type Hint = (String, String);

fn hint(key: &str, words: &str) -> Hint {
    (key.to_owned(), words.to_owned())
}

fn typing_hints() -> (Vec<Hint>, Vec<Hint>) {
    let keys = vec![
        hint("Enter", "keep"),
        hint("Tab", "complete"),
        hint("^u", "empty"),
        hint("Esc", "clear and close"),
    ];
    let fields = "state type card holder merchant ccy amount balance provider op since age";
    (keys, vec![hint("fields", fields)])
}

fn copying_hints() -> Vec<Hint> {
    vec![
        hint("copy:", ""),
        hint("i", "id"),
        hint("l", "last 4"),
        hint("r", "row"),
        hint("j", "JSON"),
        hint("Esc", "nothing"),
    ]
}

/// Commands of the last line; all others are hinted in the line above it.
const GENERAL: [Command; 10] = [
    Command::Filter,
    Command::NextPane,
    Command::Cards,
    Command::Feed,
    Command::Activity,
    Command::Providers,
    Command::Back,
    Command::ReadOnly,
    Command::Help,
    Command::Quit,
];

fn hints(model: &Model) -> (Vec<Hint>, Vec<Hint>) {
    let hint = |command: Command| {
        let row = TABLE.iter().find(|row| row.command == command)?;
        let works = row.works_in(model.focus) && !row.hint.is_empty();
        // On the board there is nothing to go back to.
        let back = command != Command::Back || model.view != Pane::Cards || model.zoomed;
        let alone = model.view != Pane::Cards && !model.zoomed;
        let idle = (command == Command::Open && model.view == Pane::Detail)
            || (matches!(command, Command::NextPane | Command::Zoom) && alone);
        let chord = |command| model.keymap.key(command);
        let chords = match (pair(command).and_then(chord), chord(command)?) {
            (Some(before), own) if command == Command::Longer => format!("{before} {own}"),
            (Some(before), own) => format!("{before}/{own}"),
            (None, own) => own,
        };
        let word = if (command, model.focus) == (Command::Copy, Pane::Providers) {
            "copy status"
        } else {
            row.hint
        };
        (works && back && !idle).then(|| (chords, word.to_owned()))
    };
    let of_pane = TABLE.iter().map(|row| row.command).filter(|command| !GENERAL.contains(command));
    (of_pane.filter_map(hint).collect(), GENERAL.into_iter().filter_map(hint).collect())
}

/// The other direction of a command: one hint shows both.
const fn pair(command: Command) -> Option<Command> {
    match command {
        Command::Right => Some(Command::Left),
        Command::Longer => Some(Command::Shorter),
        _ => None,
    }
}

/// Hints side by side. Where there is no room the last are left out, but never the last two of a
/// line that ends in help and quit.
fn fitted(hints: &[Hint], columns: usize) -> Line {
    let wide = |hints: &[&Hint]| -> usize {
        hints.iter().map(|(key, words)| text::width(key) + text::width(words) + 3).sum()
    };
    let mut kept: Vec<&Hint> = hints.iter().collect();
    let keep = if kept.last().is_some_and(|(_, words)| words == "quit") { 2 } else { 0 };
    while wide(&kept) > columns + 1 && kept.len() > keep.max(1) {
        kept.remove(kept.len() - 1 - keep);
    }
    let mut line = Line::new();
    for (key, words) in kept {
        let gap = if line.is_empty() { "" } else { "  " };
        line.push((Role::Key, format!("{gap}{key}")));
        line.push((Role::Muted, format!(" {words}")));
    }
    line
}
