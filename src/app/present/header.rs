//! The two lines above: where, who, whether changes are allowed, what is open; then how each
//! provider is, and the floats.

use super::line::{Line, separator, width};
use super::provider::{age, health_role, last_known};
use super::role::Role;
use super::time;
use crate::app::Model;
use crate::app::portfolio::Portfolio;
use crate::app::work::{Work, count};
use crate::config::Environment;
use crate::domain::card::{ProviderId, Reading};
use crate::domain::money::Money;
use crate::domain::operation::OperationState;
use crate::domain::text;
use crate::engine::{Health, HealthState};

/// The left side of the first line.
pub(crate) fn session(model: &Model, columns: u16) -> Line {
    let portfolio = &model.portfolio;
    let environment = if portfolio.is_production() {
        (Role::Prod, format!(" {} ", Environment::Production.as_str()))
    } else {
        (Role::Heading, Environment::Sandbox.as_str().to_owned())
    };
    let access = if portfolio.read_only {
        (Role::Heading, "READ".to_owned())
    } else {
        (Role::Text, "WRITE".to_owned())
    };
    let operator = if columns < 100 { "op" } else { "operator" };
    let mut line = vec![
        (Role::Heading, "cardtop".to_owned()),
        separator(),
        environment,
        separator(),
        (Role::Muted, format!("{operator} ")),
        (Role::Text, portfolio.operator.to_string()),
        separator(),
        access,
    ];
    if model.paused.is_some() && columns >= 100 {
        line.extend([separator(), (Role::Caution, "PAUSED".to_owned())]);
    }
    line
}

/// The right side of the first line: the time, and operations that are not settled.
pub(crate) fn clock(portfolio: &Portfolio, columns: u16) -> Line {
    let zoned = portfolio.now.to_zoned(portfolio.zone.clone());
    let format = if columns < 100 { "%H:%M:%S" } else { "%Y-%m-%d %H:%M:%S" };
    let mut line = vec![
        (Role::Text, zoned.strftime(format).to_string()),
        (Role::Muted, format!(" {}   ", time::offset(portfolio.now, &portfolio.zone))),
    ];
    let mut separator = "ops ";
    for (state, word, role) in [
        (OperationState::Sent, "sent", Role::Text),
        (OperationState::Accepted, "accepted", Role::Text),
        (OperationState::Unknown, "UNKNOWN", Role::Caution),
    ] {
        let operations = portfolio.operations.iter().inspect(|_| count(Work::HistoryVisited));
        let open = operations.filter(|row| row.state == state && row.is_open()).count();
        if open > 0 {
            line.push((Role::Muted, separator.to_owned()));
            line.push((role, format!("{open} {word}")));
            separator = ", ";
        }
    }
    if separator == "ops " {
        line.push((Role::Muted, "no ops open".to_owned()));
    }
    line
}

/// The left side of the second line: each provider in a few words, with as much of the
/// consequences as there is room for.
pub(crate) fn health(portfolio: &Portfolio, columns: usize) -> Line {
    [Consequences::Counted, Consequences::Sentence, Consequences::Word]
        .into_iter()
        .map(|detail| health_line(portfolio, detail, columns))
        .find(|line| width(line) + 2 <= columns)
        .unwrap_or_else(|| health_line(portfolio, Consequences::Omitted, columns))
}

/// How much room the consequences of a provider's trouble get.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Consequences {
    /// With the number of cards, or in a sentence.
    Counted,
    Sentence,
    Word,
    Omitted,
}

fn health_line(portfolio: &Portfolio, detail: Consequences, columns: usize) -> Line {
    let mut line = Line::new();
    for info in &portfolio.accounts.providers {
        if !line.is_empty() {
            line.push(separator());
        }
        line.push((Role::Text, format!("{} ", info.id)));
        let Some(health) = portfolio.accounts.health.get(&info.id) else {
            line.push((Role::Muted, "...".to_owned()));
            continue;
        };
        line.push((health_role(health.state), health.state.as_str().to_owned()));
        line.extend(age(portfolio, health).map(|age| (Role::Muted, format!(" {age}"))));
        let consequence = consequence(portfolio, health, detail, columns);
        line.extend(consequence.map(|text| (Role::Caution, text)));
    }
    if line.is_empty() {
        line.push((Role::Muted, "no provider is configured".to_owned()));
    }
    line
}

fn consequence(
    portfolio: &Portfolio,
    health: &Health,
    detail: Consequences,
    columns: usize,
) -> Option<String> {
    let word = match detail {
        Consequences::Omitted => return None,
        Consequences::Word => true,
        Consequences::Counted | Consequences::Sentence => false,
    };
    match health.state {
        HealthState::Ok | HealthState::Slow | HealthState::Paused => None,
        HealthState::Waiting if word => None,
        HealthState::Waiting => Some(" for its secrets".to_owned()),
        HealthState::Down if word => Some(" LAST KNOWN".to_owned()),
        HealthState::Down if detail == Consequences::Sentence || columns < 100 => {
            Some(" -> its figures are LAST KNOWN".to_owned())
        }
        HealthState::Down => match last_known(portfolio, &health.provider) {
            0 => None,
            1 => Some(" (1 card LAST KNOWN)".to_owned()),
            stale => Some(format!(" ({stale} cards LAST KNOWN)")),
        },
        HealthState::Auth if word => Some(" refused".to_owned()),
        HealthState::Auth => Some(" -> credentials refused".to_owned()),
    }
}

/// The right side of the second line: as many floats as there is room for, each whole and with its
/// age, and how many more there are. Where not all fit, the one that pays for the selected card
/// comes first.
pub(crate) fn floats(model: &Model, columns: usize) -> Line {
    let portfolio = &model.portfolio;
    let of = |id| {
        portfolio
            .accounts
            .floats
            .get(id)
            .and_then(Reading::value)
            .into_iter()
            .flatten()
            .map(move |sum| (id, *sum))
    };
    let mut sums: Vec<(&ProviderId, Money)> =
        portfolio.accounts.providers.iter().flat_map(|info| of(&info.id)).collect();
    let all = floats_line(portfolio, &sums, 0);
    if width(&all) <= columns {
        return all;
    }
    if let Some(card) = model.panes.cards.list.selected().and_then(|key| portfolio.cards.get(key)) {
        sums.sort_by_key(|(id, sum)| {
            (**id != card.key.provider, Some(sum.currency()) != card.currency)
        });
    }
    let count = sums.len();
    (1..count)
        .rev()
        .map(|shown| floats_line(portfolio, sums.get(..shown).unwrap_or_default(), count - shown))
        .find(|line| width(line) <= columns)
        .unwrap_or_default()
}

fn floats_line(portfolio: &Portfolio, sums: &[(&ProviderId, Money)], more: usize) -> Line {
    let mut line = Line::new();
    for of_provider in sums.chunk_by(|(one, _), (other, _)| one == other) {
        let Some((id, float)) =
            of_provider.first().and_then(|(id, _)| Some((id, portfolio.accounts.floats.get(*id)?)))
        else {
            continue;
        };
        line.push(if line.is_empty() { (Role::Muted, "float ".to_owned()) } else { separator() });
        line.push((Role::Muted, format!("{id} ")));
        let (tilde, role) =
            if float.why_stale().is_some() { ("~", Role::Stale) } else { ("", Role::Money) };
        let amounts: Vec<String> =
            of_provider.iter().map(|(_, sum)| format!("{tilde}{sum}")).collect();
        line.push((role, amounts.join(", ")));
        if let Some(at) = float.at() {
            line.push((Role::Muted, format!(" {}", text::age(portfolio.now, at))));
        }
    }
    if more > 0 {
        line.push((Role::Muted, format!(" +{more} more")));
    }
    line
}
