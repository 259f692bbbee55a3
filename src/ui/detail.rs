//! Drawing of one card: figures and last decline above, its timeline below.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::frame::Frame;
use super::table::{Column, Row, column, draw, figures, plain, whole};
use super::theme::Role;
use super::{divider, empty, feed, inside, moment, position, width, words};
use crate::app::Model;
use crate::app::detail::{Line, Tab, lines, story};
use crate::app::feed::Known;
use crate::app::keymap::Command;
use crate::app::layout::Pane;
use crate::domain::card::digits;
use crate::domain::operation::OperationState;

/// The columns of the table.
pub(super) const COLUMNS: [Column; 5] = [
    whole("Time", 5, 10, 0),
    whole("What", 8, 10, 0),
    figures("Amount", 7, 12, 0),
    column("Merchant or op|Merchant|For", 6, 10, 28, 0),
    column("In plain words|Meaning|Why", 18, 24, 60, 9),
];

/// Lines above the timeline that an area has room for.
fn upper_lines(model: &Model, inner: Rect) -> Vec<Line> {
    let columns = usize::from(inner.width).saturating_sub(2);
    let mut lines = model
        .detail
        .card
        .as_ref()
        .map_or_else(Vec::new, |key| lines(&model.portfolio, &model.keymap, key, columns));
    // The timeline keeps three rows.
    lines.truncate(usize::from(inner.height.saturating_sub(5)));
    lines
}

/// Rows of the timeline that can be seen.
pub(super) fn list_rows(model: &Model, area: Rect) -> u16 {
    let inner = inside(area);
    let above = u16::try_from(upper_lines(model, inner).len()).unwrap_or(u16::MAX);
    inner.height.saturating_sub(above.saturating_add(2))
}

/// Draws the pane.
pub(super) fn view(model: &Model, area: Rect, to: &mut Buffer) {
    let (portfolio, theme) = (&model.portfolio, &model.theme);
    let focused = model.focus == Pane::Detail;
    let Some(key) = &model.detail.card else {
        let inner = Frame { title: "Card", right: "", focused }.draw(theme, area, to);
        empty(theme, inner, &["No card under the cursor.".to_owned()], to);
        return;
    };
    let card = portfolio.cards.get(key);
    let name = digits(card.and_then(|card| card.last4));
    let alone = model.view == Pane::Detail;
    let holder = portfolio.holder(key);
    let title = if alone { format!("Card {name}  {holder}") } else { name };
    let (command, word) = if alone { (Command::Back, "back") } else { (Command::Open, "open") };
    let right = model.keymap.hint(command, word);
    let inner = Frame { title: title.trim(), right: &right, focused }.draw(theme, area, to);
    let lines = upper_lines(model, inner);
    for (y, line) in (inner.y..inner.bottom()).zip(&lines) {
        words(theme, line, inner.x + 1, y, inner.right(), to);
    }
    let y = inner.y + u16::try_from(lines.len()).unwrap_or(inner.height);
    if y + 2 > inner.bottom() {
        return;
    }
    tabs(model, Rect { y, height: 1, ..inner }, to);
    let body = Rect { y: y + 1, height: inner.bottom() - y - 1, ..inner };
    let rows: Vec<Row> = model
        .detail
        .list
        .window()
        .filter_map(|(entry, cursor)| {
            let cells = cells(model, &entry.known(portfolio)?, time_columns(inner));
            Some(Row { cells, cursor: cursor && focused, marked: false })
        })
        .collect();
    draw(theme, body, &COLUMNS, &rows, focused, to);
    position(theme, area, model.detail.list.range(), model.detail.list.len(), to);
    if rows.is_empty() && body.height > 1 {
        let provider = &key.provider;
        let reason = if model.detail.hidden > 0 {
            format!("None: {} rows under other tabs.", model.detail.hidden)
        } else {
            format!("Nothing known yet of {provider}.")
        };
        empty(theme, Rect { y: body.y + 1, height: body.height - 1, ..body }, &[reason], to);
    }
}

/// The tabs in the line between figures and timeline, the chosen one in brackets.
fn tabs(model: &Model, line: Rect, to: &mut Buffer) {
    divider(&model.theme, "", line, line.y, to);
    let mut spans = vec![(Role::Text, " ".to_owned())];
    for tab in Tab::ALL {
        if tab == model.detail.tab {
            spans.push((Role::Heading, format!("[{}] ", tab.as_str())));
        } else {
            spans.push((Role::Muted, format!("{} ", tab.as_str())));
        }
    }
    let at = line
        .right()
        .saturating_sub(u16::try_from(width(&spans) + 1).unwrap_or(line.width))
        .max(line.x + 1);
    words(&model.theme, &spans, at, line.y, line.right(), to);
}

/// Where there is little room a time has no seconds.
const fn time_columns(inner: Rect) -> usize {
    match inner.width {
        ..48 => 5,
        48..100 => 8,
        100.. => 12,
    }
}

fn cells(model: &Model, row: &Known<'_>, columns: usize) -> Vec<(Role, String)> {
    let portfolio = &model.portfolio;
    match row {
        Known::Transaction(row) => vec![
            (Role::Muted, moment::clock(row.at, portfolio.now, &portfolio.zone, columns)),
            (feed::what_role(row), row.what().to_owned()),
            (Role::Money, format!("{}{}", row.sign(), row.amount.grouped())),
            (Role::Text, feed::merchant(model, row)),
            (Role::Muted, feed::state_in_words(model, row)),
        ],
        Known::Operation(operation) => vec![
            (
                Role::Muted,
                moment::clock(operation.created_at, portfolio.now, &portfolio.zone, columns),
            ),
            (feed::state_role(operation.state), operation.action_kind.phrase().to_uppercase()),
            (
                Role::Money,
                operation.amount.map(|amount| format!("+{}", amount.grouped())).unwrap_or_default(),
            ),
            (Role::Text, format!("op {} {}", operation.id.short(), operation.operator)),
            (
                if operation.state == OperationState::Unknown {
                    Role::Caution
                } else {
                    Role::Muted
                },
                story(operation, portfolio.now),
            ),
        ],
    }
}

/// The row under the cursor as text.
pub(super) fn row_text(model: &Model) -> Option<String> {
    Some(plain(&cells(model, &model.detail.list.selected()?.known(&model.portfolio)?, 12)))
}
