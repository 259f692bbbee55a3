//! The activity in words: its columns, its titles, and why it is empty.

use super::operation;
use super::role::Role;
use super::table::{Cell, Column, Context, Holds, plain, times, whole, words};
use super::title::{Title, order};
use crate::app::Model;
use crate::app::activity::Tab;
use crate::app::command::Command;
use crate::app::layout::Pane;
use crate::domain::operation::Operation;
use crate::domain::text::thousands;

/// The columns of the table.
pub(crate) const COLUMNS: &[Column<Operation>] = &[
    Column { title: "Time", width: times(), hide_order: 0, cell: time },
    Column { title: "Op", width: whole(4, 4), hide_order: 0, cell: short_id },
    Column { title: "Who", width: words(4, 6, 10), hide_order: 4, cell: operator },
    Column {
        title: "What",
        width: words(12, 18, 30).holding(Holds::SumsWithCurrency),
        hide_order: 0,
        cell: what,
    },
    Column { title: "Card", width: whole(6, 6), hide_order: 0, cell: digits },
    Column {
        title: "Holder|Who",
        width: words(8, 14, 28).holding(Holds::Holders),
        hide_order: 6,
        cell: holder,
    },
    Column { title: "State", width: whole(8, 8), hide_order: 0, cell: state },
    Column { title: "Last step|Step", width: words(10, 18, 60), hide_order: 5, cell: last_step },
];

fn time(context: &Context<'_>, operation: &Operation) -> Cell {
    (Role::Muted, context.portfolio.local_time(operation.created_at, context.time))
}

fn short_id(_: &Context<'_>, operation: &Operation) -> Cell {
    (Role::Text, operation.id.short())
}

fn operator(_: &Context<'_>, operation: &Operation) -> Cell {
    (Role::Muted, operation.operator.to_string())
}

fn what(_: &Context<'_>, operation: &Operation) -> Cell {
    (Role::Text, operation.phrase())
}

fn digits(_: &Context<'_>, operation: &Operation) -> Cell {
    (Role::Text, crate::domain::card::digits(operation.last4))
}

fn holder(context: &Context<'_>, operation: &Operation) -> Cell {
    (Role::Text, context.portfolio.holder(&operation.card).to_owned())
}

fn state(_: &Context<'_>, operation: &Operation) -> Cell {
    (operation::state_role(operation.state), operation.state.as_str().to_owned())
}

fn last_step(context: &Context<'_>, operation: &Operation) -> Cell {
    match &operation.alarm {
        Some(alarm) => (Role::Danger, alarm.to_string()),
        None => (Role::Text, operation::last_step(context.portfolio, operation, context.time)),
    }
}

/// How many operations, and the tabs, the chosen one in brackets.
pub(crate) fn title(model: &Model) -> Title {
    let activity = &model.panes.activity;
    let (shown, all) = (activity.list.len(), activity.list.len() + activity.hidden);
    let mut title = Title::of_filtered(model, Pane::Activity, shown, activity.hidden);
    if !title.has_filter() {
        let count = if activity.hidden > 0 {
            format!("  {} of {}", thousands(shown), thousands(all))
        } else {
            format!("  {}", thousands(all))
        };
        title.add(0, count);
    }
    // No count of these rows is one of the journal yet, nor is a filter's answer.
    if !activity.is_whole {
        title.add_forms(vec![
            (order::WORDS, "+  older ones not loaded yet".to_owned()),
            (0, "+".to_owned()),
        ]);
    }
    let tabs = Tab::ALL.map(|tab| {
        if tab == activity.tab { format!("[{}]", tab.as_str()) } else { tab.as_str().to_owned() }
    });
    let chosen = format!("[{}]", activity.tab.as_str());
    title.add_right(vec![(order::ORDER, tabs.join(" ")), (order::STATE, chosen)]);
    title
}

/// Why no row is shown.
pub(crate) fn why_empty(model: &Model) -> String {
    let activity = &model.panes.activity;
    match (activity.hidden, activity.search.chip()) {
        (0, _) => match model.portfolio.accounts.queued.len() {
            0 => "No change was asked yet.".to_owned(),
            1 => "No change was sent yet; a freeze waits for its provider.".to_owned(),
            waiting => {
                format!("No change was sent yet; {waiting} freezes wait for their providers.")
            }
        },
        (hidden, Some(_)) => {
            let clears = model.keymap.hint(Command::Back, "clears the filter");
            format!("Tab and filter hide all {} operations: {clears}.", thousands(hidden))
        }
        (hidden, None) => format!("This tab hides all {} operations.", thousands(hidden)),
    }
}

/// The row under the cursor as plain text.
pub(super) fn row_text(model: &Model) -> Option<String> {
    let operation = model.portfolio.operation(*model.panes.activity.list.selected()?)?;
    Some(plain(COLUMNS, &model.portfolio, operation))
}
