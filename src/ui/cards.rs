//! Drawing of the pane of all cards.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::frame::Frame;
use super::table::{Column, Row, column, draw, figures, plain, whole};
use super::theme::Role;
use super::{empty, filter_words, position, thousands};
use crate::app::Model;
use crate::app::detail::{state_role, state_word};
use crate::app::keymap::Command;
use crate::app::layout::Pane;
use crate::app::providers;
use crate::domain::attention::Tone;
use crate::domain::card::{Card, CardKey};
use crate::domain::money::Money;
use crate::domain::text;
use crate::engine::HealthState;

/// The columns of the table.
pub(super) const COLUMNS: [Column; 8] = [
    whole("State", 7, 8, 0),
    column("Holder|Who", 8, 14, 24, 0),
    whole("Card", 6, 6, 0),
    column("Provider|From", 6, 8, 12, 5),
    figures("Available", 9, 14, 0),
    whole("Ccy", 3, 4, 0),
    figures("Age", 4, 4, 0),
    column("Why it is here|Why", 8, 17, 30, 0),
];

/// Draws the pane.
pub(super) fn view(model: &Model, area: Rect, to: &mut Buffer) {
    let cards = &model.cards;
    let (shown, all) = (cards.list.len(), model.portfolio.cards.len());
    let mut title = if cards.hidden > 0 {
        format!("Cards {} of {}", thousands(shown), thousands(all))
    } else {
        format!("Cards {}", thousands(all))
    };
    if !cards.marks.is_empty() {
        title.push_str(&format!(", {} marked", cards.marks.len()));
        match cards.hidden_marks() {
            0 => {}
            hidden => title.push_str(&format!(" ({hidden} hidden by the filter)")),
        }
    }
    if model.paused.is_some() {
        title.push_str(", order PAUSED");
    }
    let order = if cards.reversed { " reversed" } else { "" };
    let filter = filter_words(&cards.search);
    let right = format!("sort {}{order}   filter {filter}", cards.sort.as_str());
    let focused = model.focus == Pane::Cards;
    let inner = Frame { title: &title, right: &right, focused }.draw(&model.theme, area, to);
    let rows: Vec<Row> = cards
        .list
        .window()
        .filter_map(|(key, cursor)| {
            let marked = cards.marks.contains(key);
            Some(Row { cells: cells(model, key, model.portfolio.cards.get(key)?), cursor, marked })
        })
        .collect();
    draw(&model.theme, inner, &COLUMNS, &rows, focused, to);
    position(&model.theme, area, cards.list.range(), shown, to);
    if rows.is_empty() && inner.height > 1 {
        let body = Rect { y: inner.y + 1, height: inner.height - 1, ..inner };
        empty(&model.theme, body, &why_empty(model), to);
    }
}

fn cells(model: &Model, key: &CardKey, card: &Card) -> Vec<(Role, String)> {
    let portfolio = &model.portfolio;
    let stale = card.balance.why_stale().is_some();
    let available = card.available();
    let figure_role = match available {
        Some(money) if money.is_negative() => Role::Danger,
        Some(_) if stale => Role::Stale,
        Some(_) => Role::Money,
        None => Role::Muted,
    };
    let figure = match available {
        Some(money) => format!("{}{}", if stale { "~" } else { "" }, money.grouped()),
        None => "-".to_owned(),
    };
    let currency = available.map(Money::currency).or(card.currency);
    let age = card.read_at().map_or_else(|| "-".to_owned(), |at| text::age(portfolio.now, at));
    let (why_role, why) = cards_why(model, key);
    vec![
        (state_role(card), state_word(card, portfolio.now)),
        (Role::Text, holder(card)),
        (Role::Text, card.digits()),
        (Role::Muted, key.provider.name().to_owned()),
        (figure_role, figure),
        (Role::Muted, currency.map(|currency| currency.code().to_owned()).unwrap_or_default()),
        (if stale { Role::Caution } else { Role::Muted }, age),
        (why_role, why),
    ]
}

/// The holder, else what the roster calls the card, else its id.
fn holder(card: &Card) -> String {
    if !card.holder.is_empty() {
        return card.holder.to_string();
    }
    card.labels.first().map_or_else(|| format!("id {}", card.key.id), |label| label.to_string())
}

fn cards_why(model: &Model, key: &CardKey) -> (Role, String) {
    let Some(attention) = model.cards.attention(key) else { return (Role::Muted, String::new()) };
    let role = match attention.tone() {
        Tone::Danger => Role::Danger,
        Tone::Caution => Role::Caution,
        Tone::Plain => Role::Text,
        Tone::Quiet => Role::Muted,
    };
    (role, attention.words(model.portfolio.now))
}

/// An empty list says why.
fn why_empty(model: &Model) -> Vec<String> {
    let portfolio = &model.portfolio;
    if model.cards.hidden > 0 {
        let again = model.keymap.hint(Command::Back, "shows them again");
        return vec![format!(
            "The filter hides all {} cards: {again}.",
            thousands(model.cards.hidden)
        )];
    }
    if portfolio.providers.is_empty() {
        return vec![
            "No provider is configured: `cardtop init` writes a configuration to begin with."
                .to_owned(),
        ];
    }
    let mut lines = Vec::new();
    for info in &portfolio.providers {
        let line = match portfolio.health.get(&info.id) {
            None => format!("{}: being read for the first time", info.id),
            Some(health) => match health.state {
                HealthState::Ok | HealthState::Slow => match info.capabilities {
                    Some(capabilities) if !capabilities.list_cards.is_yes() => {
                        format!(
                            "{}: no cards known; it cannot list them, name them in its roster",
                            info.id
                        )
                    }
                    Some(_) | None => format!("{}: it has no cards", info.id),
                },
                HealthState::Down
                | HealthState::Paused
                | HealthState::Auth
                | HealthState::Waiting => {
                    let why = health.why.as_deref().unwrap_or("no reason known");
                    format!(
                        "{} {} {}: {why}",
                        info.id,
                        health.state.as_str(),
                        providers::age(portfolio, health)
                    )
                }
            },
        };
        lines.push(line);
    }
    lines
}

/// The row under the cursor as text.
pub(super) fn row_text(model: &Model) -> Option<String> {
    let key = model.cards.list.selected()?;
    Some(plain(&cells(model, key, model.portfolio.cards.get(key)?)))
}
