//! Drawing of the operations, and of the journal of the one under the cursor.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::frame::Frame;
use super::table::{Column, Row, column, draw, plain};
use super::theme::Role;
use super::{divider, empty, feed, inside, moment, position, thousands, words};
use crate::app::Model;
use crate::app::activity::Tab;
use crate::app::detail::{Line, story, wrap};
use crate::app::feed::operation;
use crate::app::layout::Pane;
use crate::domain::card::digits;
use crate::domain::operation::Operation;

const COLUMNS: [Column; 8] = [
    column("Time", 8, 8, 12, 0),
    column("Op", 4, 4, 4, 0),
    column("Who", 4, 6, 10, 4),
    column("What", 12, 18, 30, 0),
    column("Card", 6, 6, 6, 0),
    column("Holder", 8, 14, 20, 5),
    column("State", 8, 8, 8, 0),
    column("Last step", 10, 18, 60, 6),
];

/// Rows below the list: nothing on the board, two fifths in the whole view.
fn below(model: &Model, inner: Rect) -> u16 {
    if (model.view == Pane::Activity || model.zoomed) && inner.height >= 10 { inner.height * 9 / 20 } else { 0 }
}

/// Rows of the list that can be seen.
pub(super) fn list_rows(model: &Model, area: Rect) -> u16 {
    let inner = inside(area);
    inner.height.saturating_sub(1 + below(model, inner))
}

/// Draws the pane.
pub(super) fn view(model: &Model, area: Rect, to: &mut Buffer) {
    let (activity, theme, world) = (&model.activity, &model.theme, &model.world);
    let focused = model.focus == Pane::Activity;
    let (shown, all) = (activity.list.len(), world.operations.len());
    let title = if activity.hidden > 0 {
        format!("Activity  {} of {}", thousands(shown), thousands(all))
    } else {
        format!("Activity  {}", thousands(all))
    };
    let tabs: Vec<String> = Tab::ALL
        .iter()
        .map(|tab| if *tab == activity.tab { format!("[{}]", tab.word()) } else { tab.word().to_owned() })
        .collect();
    let filter = if activity.search.is_on() { format!("filter {}   ", activity.search.text()) } else { String::new() };
    let right = format!("{filter}{}", tabs.join(" "));
    let inner = Frame { title: &title, right: &right, focused }.draw(theme, area, to);
    let below = below(model, inner);
    let list = Rect { height: inner.height.saturating_sub(below), ..inner };
    let rows: Vec<Row> = activity
        .list
        .window()
        .filter_map(|(id, cursor)| {
            let cells = cells(model, operation(world, *id)?);
            Some(Row { cells, cursor: cursor && (focused || below > 0), marked: false })
        })
        .collect();
    draw(theme, list, &COLUMNS, &rows, focused, to);
    position(theme, area, activity.list.range(), shown, to);
    if rows.is_empty() && list.height > 1 {
        let reason = if activity.hidden > 0 {
            format!("Tab and filter hide all {} operations.", thousands(activity.hidden))
        } else {
            "No change was asked yet. f, t, P and C ask for one.".to_owned()
        };
        empty(theme, Rect { y: list.y + 1, height: list.height - 1, ..list }, &[reason], to);
    }
    if below > 0
        && let Some(selected) = activity.list.selected().and_then(|id| operation(world, *id))
    {
        divider(theme, &format!("op {}", selected.id.short()), inner, list.bottom(), to);
        let lines = journal(model, selected, usize::from(inner.width).saturating_sub(2));
        for (y, line) in (list.bottom() + 1..inner.bottom()).zip(&lines) {
            words(theme, line, inner.x + 1, y, inner.right(), to);
        }
    }
}

fn cells(model: &Model, operation: &Operation) -> Vec<(Role, String)> {
    let world = &model.world;
    let role = feed::state_role(operation.state);
    vec![
        (Role::Muted, moment::clock(operation.created_at, world.now, &world.zone, 12)),
        (Role::Text, operation.id.short()),
        (Role::Muted, operation.operator.to_string()),
        (Role::Text, operation.phrase()),
        (Role::Text, digits(operation.last4)),
        (Role::Text, world.holder(&operation.card).to_owned()),
        (role, operation.state.word().to_owned()),
        (Role::Text, story(operation, world.now)),
    ]
}

/// What the journal says of an operation, oldest first, and what comes next.
fn journal(model: &Model, operation: &Operation, columns: usize) -> Vec<Line> {
    let world = &model.world;
    let time = |at| moment::clock(at, world.now, &world.zone, 12);
    let holder = world.holder(&operation.card);
    let mut lines: Vec<Line> = vec![vec![
        (Role::Heading, format!("{} of {} {holder}", operation.phrase(), digits(operation.last4)).trim_end().to_owned()),
        (Role::Muted, format!("   {}   ref {}", operation.card.provider, operation.reference)),
    ]];
    match world.steps.get(&operation.id) {
        None => lines.push(vec![(Role::Muted, "its journal is being read".to_owned())]),
        Some(steps) => {
            for step in steps {
                let chain = format!("  #{} {}", step.line, step.hash);
                let room = columns.saturating_sub(24);
                for (place, part) in wrap(&format!("{}{chain}", step.words), room).into_iter().enumerate() {
                    let (at, what) = if place == 0 { (time(step.at), &*step.what) } else { (String::new(), "") };
                    let head = format!("{} {} ", crate::domain::text::left(&at, 12), crate::domain::text::left(what, 10));
                    lines.push(vec![(Role::Muted, head), (Role::Text, part)]);
                }
            }
        }
    }
    if let Some(next) = operation.next_look.filter(|_| operation.is_open()) {
        lines.push(vec![(Role::Muted, format!("{:<12} next look ", time(next))), (Role::Text, "c looks now".to_owned())]);
    }
    if operation.is_open() {
        let words = format!("While this is open, another {} of this card is held back.", operation.deed.phrase());
        lines.push(vec![(Role::Caution, words)]);
    }
    lines.push(vec![(Role::Muted, format!("proof: {}", operation.proof.sentence()))]);
    lines
}

/// The row under the cursor as text.
pub(super) fn row_text(model: &Model) -> Option<String> {
    Some(plain(&cells(model, operation(&model.world, *model.activity.list.selected()?)?)))
}
