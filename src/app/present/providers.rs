//! The pane of the providers in words: its columns, and everything known of one provider.

use jiff::SignedDuration;

use super::extent;
use super::line::{Line, labelled};
use super::provider::{age, cannot, capabilities, effect, health_role, incomplete, rounds, since};
use super::role::Role;
use super::table::{Cell, Column, Context, figures, plain, times, whole, words};
use super::time::TimeFormat;
use crate::app::Model;
use crate::app::pace::Pace;
use crate::app::portfolio::Portfolio;
use crate::domain::card::ProviderId;
use crate::domain::coverage::Covered;
use crate::engine::{Health, HealthState, ProviderInfo, PushFigures};

/// A row of the table.
pub(crate) struct ProviderRow<'a> {
    pub(crate) id: &'a ProviderId,
    /// `None` until it was read for the first time.
    pub(crate) health: Option<&'a Health>,
}

impl<'a> ProviderRow<'a> {
    pub(crate) fn of(portfolio: &'a Portfolio, id: &'a ProviderId) -> Self {
        Self { id, health: portfolio.accounts.health.get(id) }
    }
}

/// The columns of the table.
pub(crate) const fn columns<'a>() -> &'a [Column<ProviderRow<'a>>] {
    const {
        &[
            Column { title: "Provider|From", width: words(8, 10, 16), hide_order: 0, cell: name },
            Column { title: "State", width: whole(6, 8), hide_order: 0, cell: state },
            Column { title: "Since", width: times(), hide_order: 5, cell: state_since },
            Column {
                title: "Last read|Read",
                width: figures(5, 9),
                hide_order: 0,
                cell: last_read,
            },
            Column { title: "Calls/min", width: figures(9, 10), hide_order: 4, cell: calls },
            Column { title: "Errors 5m", width: figures(9, 10), hide_order: 3, cell: errors },
            Column { title: "Latency", width: figures(7, 9), hide_order: 6, cell: latency },
            Column { title: "Cards", width: figures(5, 7), hide_order: 7, cell: cards },
            Column { title: "Clock", width: figures(7, 8), hide_order: 8, cell: clock },
        ]
    }
}

/// A cell about the health; empty until the provider was read.
fn of_health(row: &ProviderRow<'_>, cell: impl FnOnce(&Health) -> Cell) -> Cell {
    row.health.map_or_else(|| (Role::Muted, String::new()), cell)
}

fn figure_or_dash(figure: Option<String>) -> Cell {
    (Role::Muted, figure.unwrap_or_else(|| "-".to_owned()))
}

fn name(_: &Context<'_>, row: &ProviderRow<'_>) -> Cell {
    (Role::Text, row.id.name().to_owned())
}

fn state(_: &Context<'_>, row: &ProviderRow<'_>) -> Cell {
    match row.health.filter(|health| !health.is_unread()) {
        Some(health) => (health_role(health.state), health.state.as_str().to_owned()),
        None => (Role::Muted, "...".to_owned()),
    }
}

fn state_since(context: &Context<'_>, row: &ProviderRow<'_>) -> Cell {
    let time = |at| context.portfolio.local_time(at, context.time);
    of_health(row, |health| (Role::Muted, time(health.since)))
}

fn last_read(context: &Context<'_>, row: &ProviderRow<'_>) -> Cell {
    of_health(row, |health| {
        let age = age(context.portfolio, health);
        (Role::Muted, age.unwrap_or_else(|| "never".to_owned()))
    })
}

fn calls(context: &Context<'_>, row: &ProviderRow<'_>) -> Cell {
    of_health(row, |health| {
        let calls = context
            .portfolio
            .provider(row.id)
            .map(|info| format!("{} of {}", health.calls_last_minute, info.rate_limit));
        (Role::Text, calls.unwrap_or_default())
    })
}

fn errors(_: &Context<'_>, row: &ProviderRow<'_>) -> Cell {
    of_health(row, |health| {
        let role = if health.errors_5m > 0 { Role::Caution } else { Role::Muted };
        (role, health.errors_5m.to_string())
    })
}

fn latency(_: &Context<'_>, row: &ProviderRow<'_>) -> Cell {
    of_health(row, |health| figure_or_dash(health.latency_ms.map(|ms| format!("{ms} ms"))))
}

fn cards(_: &Context<'_>, row: &ProviderRow<'_>) -> Cell {
    of_health(row, |health| figure_or_dash(health.cards.map(|cards| cards.to_string())))
}

fn clock(_: &Context<'_>, row: &ProviderRow<'_>) -> Cell {
    of_health(row, |health| figure_or_dash(health.skew.map(|skew| format!("{skew:+} s"))))
}

/// Everything known of the provider under the cursor, a label before each line: how it is and why
/// first, each sentence whole and once.
pub(crate) fn about(model: &Model, width: usize) -> Vec<Line> {
    let portfolio = &model.portfolio;
    let selected = model.panes.providers.list.selected();
    let Some(info) = selected.and_then(|id| portfolio.provider(id)) else { return Vec::new() };
    let mut facts = Vec::new();
    match portfolio.accounts.health.get(&info.id) {
        Some(health) => {
            facts.push(state_in_words(portfolio, health));
            if let Some(why) = &health.why {
                facts.push(("why", Role::Text, why.to_string()));
            }
            facts.push(("effect", Role::Text, effect(portfolio, &model.keymap, health)));
            facts.extend(rounds(info, health).map(|text| ("rounds", Role::Text, text)));
            facts.extend(saved_up(info, health).map(|text| ("calls", Role::Text, text)));
            let incomplete = incomplete(portfolio, health).into_iter();
            facts.extend(incomplete.map(|(label, text)| (label, Role::Caution, text)));
            facts.extend(history(portfolio, &health.covered));
            facts.extend(health.pushes.as_ref().map(|pushes| pushed(portfolio, pushes)));
        }
        None => facts.push(("state", Role::Muted, "not heard of yet".to_owned())),
    }
    facts.extend(float(portfolio, info));
    facts.push(kind(info));
    if let Some(proxy) = &info.proxy {
        let text = format!("{proxy}; it only passes on what is encrypted");
        facts.push(("proxy", Role::Text, text));
    }
    facts.extend(can_do(portfolio, info));
    facts.extend(others(portfolio, info));
    let columns = width.saturating_sub(2);
    facts
        .iter()
        .flat_map(|(label, role, text)| labelled(label, 11, (*role, text.as_str()), columns))
        .collect()
}

/// Why there were more calls in the last minute than the limit of a minute.
fn saved_up(info: &ProviderInfo, health: &Health) -> Option<String> {
    let more = health.calls_last_minute.checked_sub(info.rate_limit).filter(|more| *more > 0)?;
    Some(format!(
        "{more} more in the last minute than {} a minute: what was not used before, at most 10 s \
         of it",
        info.rate_limit
    ))
}

/// A label and what is known.
type Fact = (&'static str, Role, String);

fn kind(info: &ProviderInfo) -> Fact {
    let read_only = if info.read_only { ", read-only by configuration" } else { "" };
    ("is", Role::Text, format!("{} {}{read_only}", info.kind, info.environment.as_str()))
}

/// How far back its transactions are known, and how long the rest will take.
fn history(portfolio: &Portfolio, covered: &Covered) -> Option<Fact> {
    let time = |at| portfolio.local_time(at, TimeFormat::Full);
    let but = |from| extent::but_for(covered.gaps(from));
    let mut text = match (covered.complete, covered.left) {
        (None, None) => return None,
        (None, Some(_)) => "not read yet".to_owned(),
        (Some(known), None) => {
            let (from, to) = (time(known.from), time(known.to));
            format!("complete from {from} to {to}{}", but(known.from))
        }
        (Some(known), Some(_)) => format!("back to {}{}", time(known.from), but(known.from)),
    };
    if let Some(left) = covered.left {
        if let Some(wanted) = covered.wanted {
            let days = portfolio.now.duration_since(wanted).as_hours() / 24;
            text.push_str(&format!(", {days} d wanted"));
        }
        if let Some(wait) = left.ends_in {
            text.push_str(&format!(", about {}", roughly(wait)));
        }
    }
    let role = if covered.lost.is_empty() { Role::Text } else { Role::Caution };
    if let Some(lost) = covered.lost.first() {
        let more = match covered.lost.len() {
            1 => String::new(),
            several => format!(", and {} more such times", several - 1),
        };
        text.push_str(&format!("; not all of {}: {}{more}", time(lost.stretch.from), lost.why));
    }
    Some(("history", role, text))
}

/// `4 min`, `3 h`, `2 d`: no less than it is.
fn roughly(wait: SignedDuration) -> String {
    let minutes = wait.as_secs().max(1).unsigned_abs().div_ceil(60);
    match minutes {
        1..=120 => format!("{minutes} min"),
        121..=2_880 => format!("{} h", minutes.div_ceil(60)),
        _ => format!("{} d", minutes.div_ceil(1_440)),
    }
}

fn state_in_words(portfolio: &Portfolio, health: &Health) -> Fact {
    let time = |at| portfolio.local_time(at, TimeFormat::Full);
    if health.is_unread() {
        let text = format!("not read yet; cardtop was started at {}", time(health.since));
        return ("state", Role::Muted, text);
    }
    let mut text = format!("{} since {}", health.state.as_str(), time(health.since));
    match health.last_good {
        Some(good) => text.push_str(&format!(", last read {}", time(good))),
        None => text.push_str(", never read since cardtop was started"),
    }
    if let Some(next) = health.next_try {
        let wait = next.duration_since(portfolio.now).as_secs().max(0);
        text.push_str(&format!(", next try {}", time(next)));
        if portfolio.pace == Pace::Seconds {
            text.push_str(&format!(" (in {wait}s)"));
        }
    }
    let role = match health.state {
        HealthState::Ok => Role::Text,
        HealthState::Slow
        | HealthState::Down
        | HealthState::Paused
        | HealthState::Auth
        | HealthState::Waiting => health_role(health.state),
    };
    ("state", role, text)
}

/// What it pushed, how late, what was refused, and whether pushes are missing.
fn pushed(portfolio: &Portfolio, pushes: &PushFigures) -> Fact {
    let time = |at| portfolio.local_time(at, TimeFormat::Full);
    if let Some(why) = &pushes.unverified {
        return ("pushes", Role::Caution, format!("none is believed: {why}"));
    }
    let mut text = format!("{} in the last hour", pushes.last_hour);
    match pushes.last {
        Some(at) => text.push_str(&format!(", last {}", time(at))),
        None => text.push_str(", none since cardtop was started"),
    }
    if pushes.unknown_last_hour > 0 {
        text.push_str(&format!(
            "; {} of kinds that cardtop does not know",
            pushes.unknown_last_hour
        ));
    }
    if let (Some(median), Some(p95)) = (pushes.lag_median_ms, pushes.lag_p95_ms) {
        text.push_str(&format!("; lag {} median, {} p95", lag(median), lag(p95)));
    }
    if let Some(gap) = pushes.gap {
        let from = time(gap.from);
        text.push_str(&match gap.until {
            None => format!("; pushes are missing since {from}, what they left out was read"),
            Some(until) => {
                format!("; pushes were missing from {from} to {}, it was read", time(until))
            }
        });
    }
    if pushes.refused_last_hour > 0 {
        let why = pushes.refused_why.as_deref().unwrap_or_default();
        text.push_str(&format!("; {} refused, the last one: {why}", pushes.refused_last_hour));
    }
    let is_gap_open = pushes.gap.is_some_and(|gap| gap.until.is_none());
    let is_well = pushes.refused_last_hour == 0 && !is_gap_open;
    ("pushes", if is_well { Role::Text } else { Role::Caution }, text)
}

/// Milliseconds as somebody reads them: `80 ms`, `1.4 s`, `12 min`.
fn lag(millis: i64) -> String {
    match millis {
        ..1_000 => format!("{millis} ms"),
        1_000..120_000 => format!("{}.{} s", millis / 1_000, millis % 1_000 / 100),
        _ => format!("{} min", millis / 60_000),
    }
}

fn float(portfolio: &Portfolio, info: &ProviderInfo) -> Option<Fact> {
    let float = portfolio.accounts.floats.get(&info.id)?;
    let sums = float.value().map_or_else(String::new, |sums| {
        let tilde = if float.why_stale().is_some() { "~" } else { "" };
        sums.iter().map(|sum| format!("{tilde}{sum}")).collect::<Vec<_>>().join(", ")
    });
    let age = float.at().map(|at| format!("   {} ago", portfolio.age(at))).unwrap_or_default();
    Some(("float", Role::Text, format!("{sums}{age}")))
}

fn can_do(portfolio: &Portfolio, info: &ProviderInfo) -> Vec<Fact> {
    let Some(known) = &info.capabilities else {
        let health = portfolio.accounts.health.get(&info.id);
        let waits = health.is_some_and(|health| health.state == HealthState::Waiting);
        return vec![if waits {
            ("can do", Role::Muted, "nothing yet".to_owned())
        } else {
            ("can do", Role::Danger, "nothing: it could not be set up".to_owned())
        }];
    };
    let mut facts = vec![("can do", Role::Text, capabilities(known))];
    facts.extend(
        cannot(known).into_iter().enumerate().map(|(index, sentence)| {
            (if index == 0 { "cannot" } else { "" }, Role::Muted, sentence)
        }),
    );
    facts
}

/// The other providers that are not well, each with its reason.
fn others<'a>(portfolio: &'a Portfolio, info: &'a ProviderInfo) -> impl Iterator<Item = Fact> {
    let accounts = &portfolio.accounts;
    let others = accounts.providers.iter().filter(|other| other.id != info.id);
    let health = others.filter_map(|other| accounts.health.get(&other.id));
    let not_well = health.filter(|health| health.state != HealthState::Ok);
    not_well.enumerate().map(|(index, health)| {
        let (state, since) = (health.state.as_str(), since(portfolio, health));
        let why = health.why.as_ref().map(|why| format!(": {why}"));
        let text = format!("{} {state} {since}{}", health.provider, why.unwrap_or_default());
        (if index == 0 { "others" } else { "" }, health_role(health.state), text)
    })
}

/// The row under the cursor as plain text.
pub(super) fn row_text(model: &Model) -> Option<String> {
    let row = ProviderRow::of(&model.portfolio, model.panes.providers.list.selected()?);
    Some(plain(columns(), &model.portfolio, &row))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::fixture::{ago, board};
    use crate::engine::PushGap;

    #[test]
    fn what_was_pushed_is_said_with_its_lag_what_was_refused_and_what_is_missing() {
        let portfolio = board((120, 40)).portfolio;
        let mut pushes =
            PushFigures { last_hour: 40, last: Some(ago(60)), ..PushFigures::default() };
        let said = |pushes: &PushFigures| {
            let (label, role, text) = pushed(&portfolio, pushes);
            assert_eq!(label, "pushes");
            (role, text)
        };
        let (role, text) = said(&pushes);
        assert_eq!((role, text.as_str()), (Role::Text, "40 in the last hour, last 14:07:12"));
        (pushes.lag_median_ms, pushes.lag_p95_ms) = (Some(80), Some(1_400));
        (pushes.unknown_last_hour, pushes.refused_last_hour) = (2, 3);
        pushes.refused_why = Some("the signature is wrong".into());
        pushes.gap = Some(PushGap { from: ago(600), until: None });
        let (role, text) = said(&pushes);
        assert_eq!(role, Role::Caution);
        assert_eq!(
            text,
            "40 in the last hour, last 14:07:12; 2 of kinds that cardtop does not know; lag 80 ms \
             median, 1.4 s p95; pushes are missing since 13:58:12, what they left out was read; 3 \
             refused, the last one: the signature is wrong"
        );
        pushes.unverified = Some("`webhook_secret` is not among its credentials".into());
        let (_, text) = said(&pushes);
        assert_eq!(text, "none is believed: `webhook_secret` is not among its credentials");
        assert_eq!(
            said(&PushFigures::default()).1,
            "0 in the last hour, none since cardtop was started"
        );
    }

    #[test]
    fn a_lag_is_told_in_the_unit_that_somebody_reads() {
        for (millis, words) in [(0, "0 ms"), (999, "999 ms"), (1_449, "1.4 s"), (150_000, "2 min")]
        {
            assert_eq!(lag(millis), words);
        }
    }
}
