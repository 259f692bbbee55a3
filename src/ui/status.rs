//! The two lines above, the two below, and the line of the filter.
//!
//! Above: where, who, may it write, what is open; then how each provider is. Below: the keys of the
//! focused pane.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::theme::Role;
use super::{moment, providers, thousands, width, words};
use crate::app::Model;
use crate::app::detail::Line;
use crate::app::keymap::{Command, TABLE};
use crate::app::layout::Pane;
use crate::app::providers::{age, last_known};
use crate::config::Environment;
use crate::domain::card::{ProviderId, Reading};
use crate::domain::money::Money;
use crate::domain::operation::OperationState;
use crate::domain::text;
use crate::engine::HealthState;

/// Draws the two lines above.
pub(super) fn top(model: &Model, area: Rect, to: &mut Buffer) {
    two_sides(model, &who(model, area.width), &clock(model, area.width), area.y, area, to);
    let health = health(model, usize::from(area.width));
    let floats = floats(model, usize::from(area.width).saturating_sub(width(&health) + 5));
    two_sides(model, &health, &floats, area.y + 1, area, to);
}

fn two_sides(
    model: &Model,
    left: &[(Role, String)],
    right: &[(Role, String)],
    y: u16,
    area: Rect,
    to: &mut Buffer,
) {
    let end = area.right().saturating_sub(1);
    let right_width = u16::try_from(width(right)).unwrap_or(u16::MAX);
    let start = end.saturating_sub(right_width);
    let left_end = if right.is_empty() { end } else { start.saturating_sub(1) };
    words(&model.theme, left, area.x + 1, y, left_end, to);
    words(&model.theme, right, start, y, area.right(), to);
}

fn bar_glyph(model: &Model) -> (Role, String) {
    (Role::Border, if model.theme.ascii { " | " } else { " │ " }.to_owned())
}

fn who(model: &Model, columns: u16) -> Line {
    let portfolio = &model.portfolio;
    let place = if portfolio.is_production() {
        (Role::Prod, format!(" {} ", Environment::Production.as_str()))
    } else {
        (Role::Heading, Environment::Sandbox.as_str().to_owned())
    };
    let may = if portfolio.read_only {
        (Role::Heading, "READ".to_owned())
    } else {
        (Role::Text, "WRITE".to_owned())
    };
    let operator = if columns < 100 { "op" } else { "operator" };
    let mut line = vec![
        (Role::Heading, "cardtop".to_owned()),
        bar_glyph(model),
        place,
        bar_glyph(model),
        (Role::Muted, format!("{operator} ")),
        (Role::Text, portfolio.operator.to_string()),
        bar_glyph(model),
        may,
    ];
    if model.paused.is_some() && columns >= 100 {
        line.extend([bar_glyph(model), (Role::Caution, "PAUSED".to_owned())]);
    }
    line
}

fn clock(model: &Model, columns: u16) -> Line {
    let portfolio = &model.portfolio;
    let zoned = portfolio.now.to_zoned(portfolio.zone.clone());
    let format = if columns < 100 { "%H:%M:%S" } else { "%Y-%m-%d %H:%M:%S" };
    let mut line = vec![
        (Role::Text, zoned.strftime(format).to_string()),
        (Role::Muted, format!(" {}   ", moment::offset(portfolio.now, &portfolio.zone))),
    ];
    let count = |state| {
        portfolio.operations.iter().filter(|row| row.state == state && row.is_open()).count()
    };
    let counts = [OperationState::Sent, OperationState::Accepted, OperationState::Unknown]
        .map(|state| (state, count(state)));
    let mut first = true;
    for (state, count) in counts.into_iter().filter(|(_, count)| *count > 0) {
        let word = if state == OperationState::Unknown {
            "UNKNOWN".to_owned()
        } else {
            state.as_str().to_lowercase()
        };
        line.push((Role::Muted, if first { "ops " } else { ", " }.to_owned()));
        let role = if state == OperationState::Unknown { Role::Caution } else { Role::Text };
        line.push((role, format!("{count} {word}")));
        first = false;
    }
    if first {
        line.push((Role::Muted, "no ops open".to_owned()));
    }
    line
}

/// Each provider in a few words; consequences in words where there is room.
fn health(model: &Model, columns: usize) -> Line {
    let told = [Told::Full, Told::Short, Told::Word];
    let lines = told.into_iter().map(|told| health_line(model, told, columns));
    lines
        .into_iter()
        .find(|line| width(line) + 2 <= columns)
        .unwrap_or_else(|| health_line(model, Told::Nothing, columns))
}

/// How much is said of the consequences of a provider's trouble.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Told {
    /// With the number of cards, or in a sentence.
    Full,
    /// In a sentence.
    Short,
    /// In a word.
    Word,
    /// Nothing.
    Nothing,
}

fn health_line(model: &Model, told: Told, columns: usize) -> Line {
    let portfolio = &model.portfolio;
    let mut line = Line::new();
    for info in &portfolio.providers {
        if !line.is_empty() {
            line.push(bar_glyph(model));
        }
        line.push((Role::Text, format!("{} ", info.id)));
        let Some(health) = portfolio.health.get(&info.id) else {
            line.push((Role::Muted, "...".to_owned()));
            continue;
        };
        line.push((providers::role(health.state), health.state.as_str().to_owned()));
        line.push((Role::Muted, format!(" {}", age(portfolio, health))));
        let consequence = match health.state {
            HealthState::Ok | HealthState::Slow | HealthState::Paused => None,
            HealthState::Waiting if told == Told::Word => None,
            HealthState::Waiting => Some(" for its secrets".to_owned()),
            HealthState::Down if told == Told::Word => Some(" LAST KNOWN".to_owned()),
            HealthState::Down if told == Told::Short || columns < 100 => {
                Some(" -> its figures are LAST KNOWN".to_owned())
            }
            HealthState::Down => match last_known(portfolio, &info.id) {
                0 => None,
                1 => Some(" (1 card LAST KNOWN)".to_owned()),
                stale => Some(format!(" ({stale} cards LAST KNOWN)")),
            },
            HealthState::Auth if told == Told::Word => Some(" refused".to_owned()),
            HealthState::Auth => Some(" -> credentials refused".to_owned()),
        };
        if let Some(consequence) = consequence.filter(|_| told != Told::Nothing) {
            line.push((Role::Caution, consequence));
        }
    }
    if line.is_empty() {
        line.push((Role::Muted, "no provider is configured".to_owned()));
    }
    line
}

/// The floats, as many sums as there is room for, each whole and with its age, and how many more
/// there are. Where not all fit, the one that pays for the selected card comes first.
fn floats(model: &Model, room: usize) -> Line {
    let portfolio = &model.portfolio;
    let of = |id| {
        portfolio
            .floats
            .get(id)
            .and_then(Reading::value)
            .into_iter()
            .flatten()
            .map(move |sum| (id, *sum))
    };
    let mut sums: Vec<(&ProviderId, Money)> =
        portfolio.providers.iter().flat_map(|info| of(&info.id)).collect();
    let all = floats_line(model, &sums, 0);
    if width(&all) <= room {
        return all;
    }
    if let Some(card) = model.cards.list.selected().and_then(|key| portfolio.cards.get(key)) {
        sums.sort_by_key(|(id, sum)| {
            (**id != card.key.provider, Some(sum.currency()) != card.currency)
        });
    }
    let count = sums.len();
    let lines = (1..count)
        .rev()
        .map(|shown| floats_line(model, sums.get(..shown).unwrap_or_default(), count - shown));
    lines.into_iter().find(|line| width(line) <= room).unwrap_or_default()
}

fn floats_line(model: &Model, sums: &[(&ProviderId, Money)], more: usize) -> Line {
    let portfolio = &model.portfolio;
    let mut line = Line::new();
    for of_one in sums.chunk_by(|(one, _), (other, _)| one == other) {
        let Some((id, float)) =
            of_one.first().and_then(|(id, _)| Some((id, portfolio.floats.get(*id)?)))
        else {
            continue;
        };
        line.push(if line.is_empty() {
            (Role::Muted, "float ".to_owned())
        } else {
            bar_glyph(model)
        });
        line.push((Role::Muted, format!("{id} ")));
        let (tilde, role) =
            if float.why_stale().is_some() { ("~", Role::Stale) } else { ("", Role::Money) };
        let words: Vec<String> = of_one.iter().map(|(_, sum)| format!("{tilde}{sum}")).collect();
        line.push((role, words.join(", ")));
        if let Some(at) = float.at() {
            line.push((Role::Muted, format!(" {}", text::age(portfolio.now, at))));
        }
    }
    if more > 0 {
        line.push((Role::Muted, format!(" +{more} more")));
    }
    line
}

/// Draws the filter while it is typed: the text and how much it shows, and under it what is wrong
/// or possible.
pub(super) fn bar(model: &Model, area: Rect, to: &mut Buffer) -> Option<Position> {
    let search = model.search(model.focus)?;
    let (shown, hidden) = match model.focus {
        Pane::Cards => (model.cards.list.len(), model.cards.hidden),
        Pane::Feed => (model.feed.list.len(), model.feed.hidden),
        Pane::Activity => (model.activity.list.len(), model.activity.hidden),
        Pane::Detail | Pane::Providers => (0, 0),
    };
    let count = format!("{} of {}", thousands(shown), thousands(shown + hidden));
    let room = usize::from(area.width).saturating_sub(text::width(&count) + 7);
    // A long filter shows its end, where it is typed.
    let window = search.window(room);
    let left = [(Role::Key, "/ ".to_owned()), (Role::Input, window.seen)];
    two_sides(model, &left, &[(Role::Muted, count)], area.y, area, to);
    let below = if let Some(error) = &search.error {
        let before: usize =
            search.text().get(..error.at).map_or(0, text::width).saturating_sub(window.hidden);
        let pad = " ".repeat(
            before.min(usize::from(area.width).saturating_sub(text::width(&error.message) + 8)),
        );
        vec![(Role::Danger, format!("  {pad}^ {}", error.message))]
    } else if search.offers.is_empty() {
        vec![(
            Role::Muted,
            "  word  field:value  field:~part  a|b  amount>20  -not  or  ( )  is:stale".to_owned(),
        )]
    } else {
        vec![(Role::Muted, format!("  {}", search.offers.join("  ")))]
    };
    words(&model.theme, &below, area.x + 1, area.y + 1, area.right(), to);
    let x = u16::try_from(window.cursor).unwrap_or(area.width);
    Some(Position::new((area.x + 3 + x).min(area.right().saturating_sub(1)), area.y))
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

/// Draws the two lines below.
pub(super) fn bottom(model: &Model, area: Rect, to: &mut Buffer) {
    let fixed = |keys: &[(&str, &str)]| -> Vec<(String, String)> {
        keys.iter().map(|(key, words)| ((*key).to_owned(), (*words).to_owned())).collect()
    };
    let typing = model.search(model.focus).is_some_and(|search| search.typing);
    let (first, second) = if typing {
        let first = fixed(&[
            ("Enter", "keep"),
            ("Tab", "complete"),
            ("^u", "empty"),
            ("Esc", "clear and close"),
        ]);
        let second = fixed(&[(
            "fields",
            "state type card holder merchant ccy amount balance provider op since age",
        )]);
        (first, second)
    } else if model.copying {
        let first = fixed(&[
            ("copy:", ""),
            ("i", "id"),
            ("l", "last 4"),
            ("r", "row"),
            ("j", "JSON"),
            ("Esc", "nothing"),
        ]);
        (first, Vec::new())
    } else {
        hints(model)
    };
    words(
        &model.theme,
        &line(&first, usize::from(area.width)),
        area.x + 1,
        area.y,
        area.right(),
        to,
    );
    let second = match &model.notice {
        Some(notice) => {
            let role = if notice.wrong { Role::Danger } else { Role::Heading };
            vec![(role, notice.words.clone())]
        }
        None => line(&second, usize::from(area.width)),
    };
    words(&model.theme, &second, area.x + 1, area.y + 1, area.right(), to);
}

type Hints = Vec<(String, String)>;

fn hints(model: &Model) -> (Hints, Hints) {
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

/// Hints side by side. Where there is no room the last give way, but never the last two of a line
/// that ends in help and quit.
fn line(hints: &[(String, String)], columns: usize) -> Line {
    let wide = |hints: &[&(String, String)]| -> usize {
        hints.iter().map(|(key, words)| text::width(key) + text::width(words) + 3).sum()
    };
    let mut kept: Vec<&(String, String)> = hints.iter().collect();
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
