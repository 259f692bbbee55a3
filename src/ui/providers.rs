//! Drawing of the providers, and of what the one under the cursor can and cannot do.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::frame::Frame;
use super::table::{Column, Row, column, draw, figures, plain, whole};
use super::theme::Role;
use super::{divider, empty, inside, moment, words};
use crate::app::Model;
use crate::app::detail::{Line, wrap};
use crate::app::keymap::Keymap;
use crate::app::layout::Pane;
use crate::app::portfolio::Portfolio;
use crate::app::providers::{age, cannot, capability_words, effect, incomplete, word};
use crate::domain::card::ProviderId;
use crate::domain::text;
use crate::engine::{HealthState, ProviderInfo};

/// The columns of the table.
pub(super) const COLUMNS: [Column; 9] = [
    column("Provider|From", 8, 10, 16, 0),
    whole("State", 6, 8, 0),
    figures("Age", 4, 6, 0),
    figures("Calls/min", 9, 10, 4),
    figures("Errors 5m", 9, 10, 3),
    figures("Latency", 7, 9, 6),
    figures("Cards", 5, 7, 7),
    figures("Clock", 7, 8, 8),
    column("Why", 8, 16, 60, 9),
];

/// Rows of the list that can be seen.
pub(super) fn list_rows(model: &Model, area: Rect) -> u16 {
    let height = inside(area).height.saturating_sub(1);
    height.min(u16::try_from(model.portfolio.providers.len()).unwrap_or(u16::MAX)).max(1)
}

/// What a state means.
pub(super) const fn role(state: HealthState) -> Role {
    match state {
        HealthState::Ok => Role::Good,
        HealthState::Slow | HealthState::Waiting => Role::Caution,
        HealthState::Down | HealthState::Auth => Role::Danger,
        HealthState::Paused => Role::Heading,
    }
}

/// Draws the pane.
pub(super) fn view(model: &Model, area: Rect, to: &mut Buffer) {
    let (theme, portfolio) = (&model.theme, &model.portfolio);
    let focused = model.focus == Pane::Providers;
    let right = format!("{} configured", portfolio.providers.len());
    let inner = Frame { title: "Providers", right: &right, focused }.draw(theme, area, to);
    if portfolio.providers.is_empty() {
        empty(
            theme,
            inner,
            &["No provider is configured: `cardtop init` writes a configuration.".to_owned()],
            to,
        );
        return;
    }
    let list = Rect { height: (list_rows(model, area) + 1).min(inner.height), ..inner };
    let alone = model.view == Pane::Providers || model.zoomed;
    let rows: Vec<Row> = model
        .providers
        .list
        .window()
        .map(|(id, cursor)| Row {
            cells: cells(portfolio, id),
            cursor: cursor && (focused || alone),
            marked: false,
        })
        .collect();
    draw(theme, list, &COLUMNS, &rows, focused, to);
    if let Some(info) = model.providers.list.selected().and_then(|id| portfolio.provider(id)) {
        let mut y = list.bottom();
        if y + 2 >= inner.bottom() {
            return;
        }
        if alone && inner.bottom() > y + 8 {
            y += 1;
        }
        divider(theme, info.id.name(), inner, y, to);
        for (y, line) in (y + 1..inner.bottom()).zip(&about(
            portfolio,
            &model.keymap,
            info,
            usize::from(inner.width).saturating_sub(2),
        )) {
            words(theme, line, inner.x + 1, y, inner.right(), to);
        }
    }
}

fn cells(portfolio: &Portfolio, id: &ProviderId) -> Vec<(Role, String)> {
    let Some(health) = portfolio.health.get(id) else {
        let mut cells =
            vec![(Role::Text, id.name().to_owned()), (Role::Muted, word(portfolio, id).to_owned())];
        cells.resize(COLUMNS.len(), (Role::Muted, String::new()));
        if let Some(last) = cells.last_mut() {
            last.1 = "not heard of yet".to_owned();
        }
        return cells;
    };
    let limit = portfolio.provider(id).map(|info| info.rate_limit);
    let calls =
        limit.map_or_else(String::new, |limit| format!("{} of {limit}", health.calls_last_minute));
    let dash = || "-".to_owned();
    vec![
        (Role::Text, id.name().to_owned()),
        (role(health.state), health.state.as_str().to_owned()),
        (Role::Muted, age(portfolio, health)),
        (Role::Text, calls),
        (
            if health.errors_5m > 0 { Role::Caution } else { Role::Muted },
            health.errors_5m.to_string(),
        ),
        (Role::Muted, health.latency_ms.map_or_else(dash, |ms| format!("{ms} ms"))),
        (Role::Muted, health.cards.map_or_else(dash, |cards| cards.to_string())),
        (Role::Muted, health.skew.map_or_else(dash, |skew| format!("{skew:+} s"))),
        (Role::Muted, health.why.as_deref().unwrap_or("").to_owned()),
    ]
}

/// Everything known of a provider, a label before each line.
fn about(portfolio: &Portfolio, keymap: &Keymap, info: &ProviderInfo, columns: usize) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    let mut tell = |label: &str, role: Role, words: &str| {
        for (place, part) in wrap(words, columns.saturating_sub(11)).into_iter().enumerate() {
            let label = if place == 0 { label } else { "" };
            lines.push(vec![(Role::Muted, text::left(label, 11)), (role, part)]);
        }
    };
    let time = |at| moment::clock(at, portfolio.now, &portfolio.zone, 12);
    let read_only = if info.read_only { ", read-only by configuration" } else { "" };
    tell("is", Role::Text, &format!("{} {}{read_only}", info.kind, info.environment.as_str()));
    if let Some(proxy) = &info.proxy {
        tell("proxy", Role::Text, &format!("{proxy}; it only passes on what is encrypted"));
    }
    if let Some(health) = portfolio.health.get(&info.id) {
        let mut times = format!("{} since {}", health.state.as_str(), time(health.since));
        if let Some(good) = health.last_good {
            times.push_str(&format!(", last good read {}", time(good)));
        }
        if let Some(next) = health.next_try {
            let wait = next.duration_since(portfolio.now).as_secs().max(0);
            times.push_str(&format!(", next try {} (in {wait}s)", time(next)));
        }
        tell(
            "state",
            if health.state == HealthState::Ok { Role::Text } else { role(health.state) },
            &times,
        );
        if let Some(why) = &health.why {
            tell("said", Role::Text, why);
        }
        tell("effect", Role::Text, &effect(portfolio, keymap, health));
        for (label, words) in incomplete(portfolio, health) {
            tell(label, Role::Caution, &words);
        }
    }
    if let Some(float) = portfolio.floats.get(&info.id) {
        let sums = float.value().map_or_else(String::new, |sums| {
            let tilde = if float.why_stale().is_some() { "~" } else { "" };
            sums.iter().map(|sum| format!("{tilde}{sum}")).collect::<Vec<_>>().join(", ")
        });
        let age = float
            .at()
            .map(|at| format!("   {} ago", text::age(portfolio.now, at)))
            .unwrap_or_default();
        tell("float", Role::Text, &format!("{sums}{age}"));
    }
    match &info.capabilities {
        None if portfolio
            .health
            .get(&info.id)
            .is_some_and(|health| health.state == HealthState::Waiting) =>
        {
            tell("can do", Role::Muted, "nothing yet");
        }
        None => tell("can do", Role::Danger, "nothing: it could not be set up"),
        Some(capabilities) => {
            tell("can do", Role::Text, &capability_words(capabilities));
            for (place, sentence) in cannot(capabilities).iter().enumerate() {
                tell(if place == 0 { "cannot" } else { "" }, Role::Muted, sentence);
            }
        }
    }
    lines
}

/// The row under the cursor as text.
pub(super) fn row_text(model: &Model) -> Option<String> {
    Some(plain(&cells(&model.portfolio, model.providers.list.selected()?)))
}
