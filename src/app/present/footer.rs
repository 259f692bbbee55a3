//! The two lines below, with the keys that work now, and the help under a filter while it is typed.

use super::extent;
use super::finder;
use super::help::meaning_in;
use super::line::Line;
use super::role::Role;
use crate::app::Model;
use crate::app::command::{Command, CommandSpec, Hint, TABLE};
use crate::app::dialog::wanted::Wanted;
use crate::app::layout::Pane;
use crate::app::notice::Weight;
use crate::app::search::Search;
use crate::domain::operation::{ActionKind, Operation};
use crate::domain::text;

/// The two lines below: keys, and the notice in place of the second.
pub(crate) fn lines(model: &Model, columns: usize) -> [Line; 2] {
    let typing = model.search(model.screen.focus).is_some_and(Search::is_typing);
    let (first, second) = if typing {
        typing_hints(model)
    } else if model.copying {
        (copying_hints(), Vec::new())
    } else {
        hints(model)
    };
    // Help and quit stand at the end of the board's own line.
    let last = if typing || model.copying { 0 } else { 2 };
    let second = match &model.notice {
        Some(notice) => {
            let role = match notice.weight {
                Weight::Remark => Role::Muted,
                Weight::News => Role::Heading,
                Weight::Trouble => Role::Danger,
            };
            vec![(role, notice.text.clone())]
        }
        None => queued(model).unwrap_or_else(|| fitted(&second, columns, last)),
    };
    [fitted(&first, columns, 0), second]
}

/// The freezes that wait, in every view, until they are sent or dropped.
fn queued(model: &Model) -> Option<Line> {
    let portfolio = &model.portfolio;
    let queued = &portfolio.accounts.queued;
    let first = queued.first()?;
    let what = match queued.len() {
        1 => format!("freeze of {} queued", model.digits(&first.card)),
        count => format!("{count} freezes queued, the first"),
    };
    let left = portfolio.time_left(first);
    let text = match model.keymap.key(Command::CancelFreeze) {
        Some(key) => format!("{what}, {left} left, {key} cancels"),
        None => format!("{what}, {left} left"),
    };
    let until = format!(": sent when {} answers", first.card.provider);
    Some(vec![(Role::Caution, text), (Role::Muted, until)])
}

/// How many rows the filter of the focused pane shows, of how many.
pub(crate) fn filter_count(model: &Model) -> String {
    let (shown, hidden) = match model.screen.focus {
        Pane::Cards => (model.panes.cards.list.len(), model.panes.cards.hidden),
        Pane::Feed => (model.panes.feed.list.len(), model.panes.feed.hidden()),
        Pane::Activity => (model.panes.activity.list.len(), model.panes.activity.hidden),
        Pane::Detail | Pane::Providers => (0, 0),
    };
    let is_whole = match model.screen.focus {
        Pane::Cards => extent::are_all(&model.panes.cards, &model.portfolio),
        Pane::Feed => extent::is_whole(&model.panes.feed, &model.portfolio),
        Pane::Activity => model.panes.activity.is_whole,
        Pane::Detail | Pane::Providers => true,
    };
    extent::shown_of(shown, hidden, " of ", is_whole)
}

/// A key, and what it does.
type KeyHint = (String, String);

fn hint(key: &str, text: &str) -> KeyHint {
    (key.to_owned(), text.to_owned())
}

fn typing_hints(model: &Model) -> (Vec<KeyHint>, Vec<KeyHint>) {
    let keys = vec![
        hint("Enter", "keep"),
        hint("Tab", "complete"),
        hint("Up", "earlier ones"),
        hint("^u", "empty"),
        hint("Esc", "keep the old one"),
    ];
    (keys, vec![hint("fields", &finder::fields(model))])
}

fn copying_hints() -> Vec<KeyHint> {
    vec![
        hint("copy:", ""),
        hint("i", "id"),
        hint("l", "last 4"),
        hint("r", "row"),
        hint("j", "JSON"),
        hint("Esc", "nothing"),
    ]
}

/// The hints of the focused pane, and those of the whole board.
fn hints(model: &Model) -> (Vec<KeyHint>, Vec<KeyHint>) {
    let (mut of_pane, mut of_board) = (Vec::new(), Vec::new());
    for spec in TABLE.iter().filter(|spec| is_useful(model, spec)) {
        let Some(key) = model.keymap.key(spec.command) else { continue };
        match spec.hint {
            Hint::Hidden => {}
            Hint::Pane(text) => of_pane.push((key, words_for(model, spec.command, text))),
            Hint::Pair(other, between, text) => {
                let keys = match model.keymap.key(other) {
                    Some(other) => format!("{other}{between}{key}"),
                    None => key,
                };
                of_pane.push(hint(&keys, text));
            }
            Hint::Board(text) => of_board.push((key, words_for(model, spec.command, text))),
        }
    }
    (of_pane, of_board)
}

/// Whether a filter acts on the focused pane.
fn is_filtered(model: &Model) -> bool {
    model.search(model.screen.focus).is_some_and(|search| search.chip().is_some())
}

/// Whether a command would do something now, in the focused pane.
fn is_useful(model: &Model, spec: &CommandSpec) -> bool {
    let screen = &model.screen;
    let whole_view = screen.view != Pane::Cards && !screen.zoomed;
    // On the board there is nothing to go back to.
    let on_board = screen.view == Pane::Cards && !screen.zoomed;
    if !spec.works_in(screen.focus) {
        return false;
    }
    let wanted = wanted(model, spec.command);
    let acts = wanted.is_some() || spec.command == Command::Actions;
    if acts && !model.panes.cards.marks().is_empty() {
        return false;
    }
    if let Some(wanted) = wanted {
        return model.subject().is_some_and(|key| wanted.check(&key, &model.portfolio).is_ok());
    }
    if spec.command == Command::Check {
        return model.operation_here().is_some_and(Operation::is_open);
    }
    let does_nothing = (spec.command == Command::Back && on_board && !is_filtered(model))
        || (spec.command == Command::Open && screen.view == Pane::Detail)
        || (matches!(spec.command, Command::NextPane | Command::Zoom) && whole_view);
    !does_nothing
}

/// What the key of a command would ask for now, where it asks for a change.
fn wanted(model: &Model, command: Command) -> Option<Wanted> {
    if command == Command::Cover {
        let chosen = model.decline_under_cursor();
        return Some(Wanted::CoverDecline(chosen.map(Box::new)));
    }
    let changes = [
        (Command::Freeze, model.freeze_or_unfreeze_kind()),
        (Command::TopUp, ActionKind::TopUp),
        (Command::Pin, ActionKind::SetPin),
    ];
    let (_, action_kind) = changes.into_iter().find(|(known, _)| *known == command)?;
    Some(Wanted::Change(action_kind))
}

/// The words of a key, where they depend on what is under the cursor: of a provider there is only
/// one thing to copy.
fn words_for(model: &Model, command: Command, text: &str) -> String {
    if let Some(meaning) = meaning_in(model.screen.focus, command) {
        return meaning.to_owned();
    }
    if command == Command::Back && is_filtered(model) {
        return "clear".to_owned();
    }
    if command == Command::Freeze {
        return model.freeze_or_unfreeze_kind().phrase().to_owned();
    }
    text.to_owned()
}

/// Hints side by side. Where there is no room the last are left out, but never the `keep` very
/// last.
fn fitted(hints: &[KeyHint], columns: usize, keep: usize) -> Line {
    let wide = |hints: &[&KeyHint]| -> usize {
        hints.iter().map(|(key, text)| text::width(key) + text::width(text) + 3).sum()
    };
    let mut kept: Vec<&KeyHint> = hints.iter().collect();
    while wide(&kept) > columns + 1 && kept.len() > keep.max(1) {
        kept.remove(kept.len() - 1 - keep);
    }
    let mut line = Line::new();
    for (key, text) in kept {
        let gap = if line.is_empty() { "" } else { "  " };
        line.push((Role::Key, format!("{gap}{key}")));
        line.push((Role::Muted, format!(" {text}")));
    }
    line
}
