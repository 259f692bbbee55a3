//! Drawing of the operations, and of the journal of the one under the cursor.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::frame::Frame;
use super::table::{Column, Row, column, draw, plain, whole};
use super::theme::Role;
use super::{divider, empty, feed, filter_words, inside, moment, position, thousands, words};
use crate::app::Model;
use crate::app::activity::Tab;
use crate::app::detail::{Line, story, wrap};
use crate::app::feed::operation;
use crate::app::layout::Pane;
use crate::domain::card::digits;
use crate::domain::operation::{Operation, OperationState};
use crate::domain::proof::ProvenBy;
use crate::domain::text;

/// The columns of the table.
pub(super) const COLUMNS: [Column; 8] = [
    whole("Time", 8, 10, 0),
    whole("Op", 4, 4, 0),
    column("Who", 4, 6, 10, 4),
    column("What", 12, 18, 30, 0),
    whole("Card", 6, 6, 0),
    column("Holder|Who", 8, 14, 20, 6),
    whole("State", 8, 8, 0),
    column("Last step|Step", 10, 18, 60, 5),
];

/// Rows below the list: nothing on the board; in the whole view what the list does not need, and
/// half at least.
fn below(model: &Model, inner: Rect) -> u16 {
    let alone = model.view == Pane::Activity || model.zoomed;
    if !alone || inner.height < 10 {
        return 0;
    }
    let needed = u16::try_from(model.activity.list.len().max(4)).unwrap_or(u16::MAX);
    (inner.height / 2).max(inner.height.saturating_sub(needed.saturating_add(2)))
}

/// Rows of the list that can be seen.
pub(super) fn list_rows(model: &Model, area: Rect) -> u16 {
    let inner = inside(area);
    inner.height.saturating_sub(1 + below(model, inner))
}

/// Draws the pane.
pub(super) fn view(model: &Model, area: Rect, to: &mut Buffer) {
    let (activity, theme, portfolio) = (&model.activity, &model.theme, &model.portfolio);
    let focused = model.focus == Pane::Activity;
    let (shown, all) = (activity.list.len(), portfolio.operations.len());
    let title = if activity.hidden > 0 {
        format!("Activity  {} of {}", thousands(shown), thousands(all))
    } else {
        format!("Activity  {}", thousands(all))
    };
    let tabs: Vec<String> = Tab::ALL
        .iter()
        .map(|tab| {
            if *tab == activity.tab {
                format!("[{}]", tab.as_str())
            } else {
                tab.as_str().to_owned()
            }
        })
        .collect();
    let filter = match filter_words(&activity.search) {
        "none" => String::new(),
        words => format!("filter {words}   "),
    };
    let right = format!("{filter}{}", tabs.join(" "));
    let inner = Frame { title: &title, right: &right, focused }.draw(theme, area, to);
    let below = below(model, inner);
    let list = Rect { height: inner.height.saturating_sub(below), ..inner };
    let rows: Vec<Row> = activity
        .list
        .window()
        .filter_map(|(id, cursor)| {
            let cells =
                cells(model, operation(portfolio, *id)?, if inner.width < 100 { 8 } else { 12 });
            Some(Row { cells, cursor: cursor && (focused || below > 0), marked: false })
        })
        .collect();
    draw(theme, list, &COLUMNS, &rows, focused, to);
    position(theme, area, activity.list.range(), shown, to);
    if rows.is_empty() && list.height > 1 {
        let reason = if activity.hidden > 0 {
            format!("Tab and filter hide all {} operations.", thousands(activity.hidden))
        } else {
            "No change was asked yet.".to_owned()
        };
        empty(theme, Rect { y: list.y + 1, height: list.height - 1, ..list }, &[reason], to);
    }
    if below > 0
        && let Some(selected) = activity.list.selected().and_then(|id| operation(portfolio, *id))
    {
        divider(theme, &format!("op {}", selected.id.short()), inner, list.bottom(), to);
        let lines = journal(model, selected, usize::from(inner.width).saturating_sub(2));
        for (y, line) in (list.bottom() + 1..inner.bottom()).zip(&lines) {
            words(theme, line, inner.x + 1, y, inner.right(), to);
        }
    }
}

fn cells(model: &Model, operation: &Operation, columns: usize) -> Vec<(Role, String)> {
    let portfolio = &model.portfolio;
    let role = feed::state_role(operation.state);
    vec![
        (Role::Muted, moment::clock(operation.created_at, portfolio.now, &portfolio.zone, columns)),
        (Role::Text, operation.id.short()),
        (Role::Muted, operation.operator.to_string()),
        (Role::Text, operation.phrase()),
        (Role::Text, digits(operation.last4)),
        (Role::Text, portfolio.holder(&operation.card).to_owned()),
        (role, operation.state.as_str().to_owned()),
        match &operation.alarm {
            Some(alarm) => (Role::Danger, alarm.to_string()),
            None => (Role::Text, last_step(model, operation)),
        },
    ]
}

/// The last thing known; the state has its own column.
fn last_step(model: &Model, operation: &Operation) -> String {
    let portfolio = &model.portfolio;
    let time = |at| moment::clock(at, portfolio.now, &portfolio.zone, 8);
    let next =
        operation.next_look.map(|at| format!(", next look {}", time(at))).unwrap_or_default();
    match (operation.state, operation.looks) {
        (OperationState::Unknown, 0) => format!("no answer{next}"),
        (OperationState::Unknown, looks) => format!("looked {looks}x{next}"),
        (OperationState::Accepted, looks) if looks > 0 && operation.is_open() => {
            format!("looked {looks}x{next}")
        }
        (OperationState::Done | OperationState::Failed, _) => {
            operation.detail.as_deref().map_or_else(|| time(operation.updated_at), str::to_owned)
        }
        (OperationState::Sent | OperationState::Accepted, _) => story(operation, portfolio.now),
    }
}

/// What the journal says of an operation, oldest first, and what comes next.
fn journal(model: &Model, operation: &Operation, columns: usize) -> Vec<Line> {
    let portfolio = &model.portfolio;
    let time = |at| moment::clock(at, portfolio.now, &portfolio.zone, 12);
    let holder = portfolio.holder(&operation.card);
    let mut lines: Vec<Line> = vec![vec![
        (
            Role::Heading,
            format!("{} of {} {holder}", operation.phrase(), digits(operation.last4))
                .trim_end()
                .to_owned(),
        ),
        (Role::Muted, format!("   {}   ref {}", operation.card.provider, operation.reference)),
    ]];
    match portfolio.steps.get(&operation.id) {
        None => lines.push(vec![(Role::Muted, "its journal is being read".to_owned())]),
        Some(steps) => {
            for step in steps {
                // The place in the chain stands at the right, where there is room.
                let chain = if columns < 90 {
                    String::new()
                } else {
                    format!("  #{} {}", step.line, step.hash)
                };
                let room = columns.saturating_sub(22 + text::width(&chain));
                for (place, part) in wrap(&step.words, room).into_iter().enumerate() {
                    let (at, what, chain) = if place == 0 {
                        (time(step.at), step.kind.as_str(), &*chain)
                    } else {
                        (String::new(), "", "")
                    };
                    let head = format!("{} {} ", text::left(&at, 10), text::left(what, 10));
                    lines.push(vec![
                        (Role::Muted, head),
                        (Role::Text, text::left(&part, room)),
                        (Role::Muted, chain.to_owned()),
                    ]);
                }
            }
        }
    }
    if let Some(next) = operation.next_look.filter(|_| operation.is_followed()) {
        lines.push(vec![
            (Role::Muted, format!("{:<10} next look  ", time(next))),
            (Role::Text, "c looks now".to_owned()),
        ]);
    }
    if operation.is_open() {
        let words = format!(
            "While this is open, another {} of this card is held back.",
            operation.action_kind.phrase()
        );
        lines.push(vec![(Role::Caution, words)]);
    }
    if let Some(until) = operation.watched_until {
        let words = format!(
            "A person settled it; it is looked for until {}, and a late credit raises an alarm.",
            time(until)
        );
        lines.push(vec![(Role::Caution, words)]);
    }
    let proof = match operation.proven_by {
        Some(ProvenBy::Person) => "a person's word",
        Some(ProvenBy::Answer) if !operation.is_open() => "the provider's answer",
        Some(ProvenBy::Lookup | ProvenBy::Answer) | None => operation.proof.sentence(),
    };
    lines.push(vec![(Role::Muted, format!("proof: {proof}"))]);
    lines
}

/// The row under the cursor as text.
pub(super) fn row_text(model: &Model) -> Option<String> {
    Some(plain(&cells(model, operation(&model.portfolio, *model.activity.list.selected()?)?, 12)))
}
