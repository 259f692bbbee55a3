//! The timeline of one card in words: its columns, its title, and why it is empty.

use super::feed::{amount, merchant, time, what};
use super::role::Role;
use super::table::{Cell, Column, Context, Holds, figures, plain, times, whole, words};
use super::{extent, operation, transaction};
use crate::app::Model;
use crate::app::command::Command;
use crate::app::detail::Tab;
use crate::app::entry::Known;
use crate::app::layout::Pane;
use crate::domain::card::{CardKey, digits};
use crate::domain::operation::OperationState;

/// The columns of the table.
pub(crate) const fn columns<'a>() -> &'a [Column<Known<'a>>] {
    const {
        &[
            Column { title: "Time", width: times(), hide_order: 0, cell: time },
            Column { title: "What", width: whole(8, 8), hide_order: 0, cell: what },
            Column {
                title: "Amount",
                width: figures(7, 9).holding(Holds::Amounts),
                hide_order: 0,
                cell: amount,
            },
            Column {
                title: "Merchant or op|Merchant|For",
                width: words(6, 10, 40),
                hide_order: 0,
                cell: merchant,
            },
            Column {
                title: "In plain words|Meaning|Why",
                width: words(18, 24, 80),
                hide_order: 9,
                cell: meaning,
            },
        ]
    }
}

fn meaning(context: &Context<'_>, row: &Known<'_>) -> Cell {
    match row {
        Known::Transaction(row) => {
            (Role::Muted, transaction::state_in_words(context.portfolio, row, context.time))
        }
        Known::Operation(operation) => {
            let role = if operation.state == OperationState::Unknown {
                Role::Caution
            } else {
                Role::Muted
            };
            (role, operation::story(operation, context.portfolio))
        }
    }
}

/// Which card on the left, and a key on the right.
pub(crate) fn titles(model: &Model, key: &CardKey) -> (String, String) {
    let portfolio = &model.portfolio;
    let name = digits(portfolio.cards.record(key).and_then(|card| card.last4()));
    let (title, command, word) = if model.screen.view == Pane::Detail {
        (format!("Card {name}  {}", portfolio.holder(key)), Command::Back, "back")
    } else {
        (name, Command::Open, "open")
    };
    (title.trim().to_owned(), model.keymap.hint(command, word))
}

/// The tabs, the chosen one in brackets.
pub(crate) fn tabs(chosen: Tab) -> Vec<(Role, String)> {
    let tab = |tab: Tab| {
        if tab == chosen {
            (Role::Heading, format!("[{}] ", tab.as_str()))
        } else {
            (Role::Muted, format!("{} ", tab.as_str()))
        }
    };
    std::iter::once((Role::Text, " ".to_owned())).chain(Tab::ALL.map(tab)).collect()
}

/// That there may be more rows; empty when all are there.
pub(crate) fn extent_of(model: &Model) -> &'static str {
    match (model.panes.detail.loaded.all(), model.portfolio.older.from()) {
        (false, _) => extent::NOT_LOADED,
        (true, Some(_)) => extent::NOT_IN_MEMORY,
        (true, None) => "",
    }
}

/// Why no row is shown.
pub(crate) fn why_empty(model: &Model, key: &CardKey) -> String {
    match model.panes.detail.hidden {
        0 if !model.panes.detail.loaded.all() => {
            format!("None so far: {}.", extent::NOT_LOADED)
        }
        0 if model.portfolio.older.from().is_some() => {
            let feed = model.keymap.hint(Command::Feed, "finds them with a filter");
            format!("None in memory: {} ({feed}).", extent::NOT_IN_MEMORY)
        }
        0 => format!("Nothing known yet of {}.", key.provider),
        hidden => format!("None: {hidden} rows under other tabs."),
    }
}

/// The row under the cursor as plain text.
pub(super) fn row_text(model: &Model) -> Option<String> {
    let row = model.panes.detail.list.selected()?.known(&model.portfolio)?;
    Some(plain(columns(), &model.portfolio, &row))
}
