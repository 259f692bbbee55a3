//! The two lines above: where, who, whether changes are allowed, what is open; then how each
//! provider is, and the floats.

use super::line::{Line, separator, width};
use super::provider::{age, health_role};
use super::role::Role;
use super::time;
use crate::app::Model;
use crate::app::pace::Pace;
use crate::app::portfolio::Portfolio;
use crate::config::Environment;
use crate::domain::card::{ProviderId, Reading};
use crate::domain::money::Money;
use crate::domain::operation::OperationState;
use crate::engine::{Health, HealthState};

/// The left and the right side of a line.
type Sides = (Line, Line);

/// The fullest of several forms of a line, the barest first, each with all that those before it
/// have. It is the last before the first that does not fit, so that a wider screen only ever adds.
fn fullest(forms: impl IntoIterator<Item = Sides>, columns: usize) -> Sides {
    let fits = |(left, right): &Sides| {
        let between = if right.is_empty() { 0 } else { BETWEEN };
        width(left) + between + width(right) + MARGINS <= columns
    };
    let mut forms = forms.into_iter();
    let barest = forms.next().unwrap_or_default();
    if !fits(&barest) {
        return barest;
    }
    forms.take_while(fits).last().unwrap_or(barest)
}

/// Columns between the two sides at least.
const BETWEEN: usize = 3;

/// Columns that stay free at both ends.
const MARGINS: usize = 2;

/// What the first line has, the most important first: each is shown where there is room for it and
/// for all before it. That changes go through, and to real money, is always shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum First {
    /// PROD or SANDBOX, WRITE or READ.
    Access,
    /// Operations whose outcome is unknown.
    Unknown,
    Paused,
    Time,
    Operator,
    /// Operations that are on their way, or that there are none.
    Open,
    Name,
    Zone,
    Date,
}

/// The first line: where, who, whether changes are allowed; the time and operations that are not
/// settled.
pub(crate) fn first(model: &Model, columns: usize) -> Sides {
    use First::{Access, Date, Name, Open, Operator, Paused, Time, Unknown, Zone};
    let open = open_operations(&model.portfolio);
    let all = [Access, Unknown, Paused, Time, Operator, Open, Name, Zone, Date];
    let forms = all.map(|last| {
        let right = [clock(&model.portfolio, last), operations(&open, last)];
        let mut right: Vec<Line> = right.into_iter().filter(|line| !line.is_empty()).collect();
        if let [time, _] = right.as_mut_slice() {
            time.push((Role::Muted, "   ".to_owned()));
        }
        (session(model, last), right.concat())
    });
    fullest(forms, columns)
}

fn session(model: &Model, last: First) -> Line {
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
    let mut line = Line::new();
    if last >= First::Name {
        line.extend([(Role::Heading, "cardtop".to_owned()), separator()]);
    }
    line.extend([environment, separator()]);
    if last >= First::Operator {
        let operator = (Role::Text, portfolio.operator.to_string());
        line.extend([(Role::Muted, "op ".to_owned()), operator, separator()]);
    }
    line.push(access);
    if last >= First::Paused && model.paused.is_some() {
        line.extend([separator(), (Role::Caution, "PAUSED".to_owned())]);
    }
    line
}

fn clock(portfolio: &Portfolio, last: First) -> Line {
    if last < First::Time {
        return Line::new();
    }
    let zoned = portfolio.now.to_zoned(portfolio.zone.clone());
    let format = match (portfolio.pace, last < First::Date) {
        (Pace::Seconds, true) => "%H:%M:%S",
        (Pace::Seconds, false) => "%Y-%m-%d %H:%M:%S",
        (Pace::Minutes, true) => "%H:%M",
        (Pace::Minutes, false) => "%Y-%m-%d %H:%M",
    };
    let mut line = vec![(Role::Text, zoned.strftime(format).to_string())];
    if last >= First::Zone {
        line.push((Role::Muted, format!(" {}", time::offset(portfolio.now, &portfolio.zone))));
    }
    line
}

/// How many operations are in each state in which they are not settled, without those of which
/// there are none.
fn open_operations(portfolio: &Portfolio) -> Vec<(OperationState, usize)> {
    let states = [OperationState::Sent, OperationState::Accepted, OperationState::Unknown];
    let counted = states.map(|state| (state, portfolio.operations.count_open(state)));
    counted.into_iter().filter(|(_, open)| *open > 0).collect()
}

fn operations(open: &[(OperationState, usize)], last: First) -> Line {
    let unknown_only = last < First::Open;
    if open.is_empty() && !unknown_only {
        return vec![(Role::Muted, "no ops open".to_owned())];
    }
    let mut line = Line::new();
    for (state, open) in open {
        let (word, role) = match state {
            OperationState::Unknown if last >= First::Unknown => ("UNKNOWN", Role::Caution),
            OperationState::Sent if !unknown_only => ("sent", Role::Text),
            OperationState::Accepted if !unknown_only => ("accepted", Role::Text),
            OperationState::Unknown
            | OperationState::Sent
            | OperationState::Accepted
            | OperationState::Done
            | OperationState::Failed => continue,
        };
        let before = if line.is_empty() { "ops " } else { ", " };
        line.extend([(Role::Muted, before.to_owned()), (role, format!("{open} {word}"))]);
    }
    line
}

/// How much is said of each provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Detail {
    State,
    Age,
    /// What its trouble means, in a word or two.
    Word,
    /// With the number of cards, or in a sentence.
    Sentence,
}

/// The second line: how each provider is, and as many floats as there is room for, each whole and
/// with its age, and how many more there are. Where not all fit, the one that pays for the selected
/// card comes first.
pub(crate) fn second(model: &Model, columns: usize) -> Sides {
    let portfolio = &model.portfolio;
    let health = |detail| health_line(portfolio, detail);
    let mut forms: Vec<Sides> = [Detail::State, Detail::Age, Detail::Word]
        .map(|detail| (health(detail), Line::new()))
        .to_vec();
    let in_order = floats(portfolio);
    let mut sums = in_order.clone();
    if let Some(card) = model.panes.cards.list.selected().and_then(|key| portfolio.cards.get(key)) {
        sums.sort_by_key(|(id, sum)| {
            (**id != card.key.provider, Some(sum.currency()) != card.currency)
        });
    }
    let count = sums.len();
    forms.extend((1..count).map(|shown| {
        let line = floats_line(portfolio, sums.get(..shown).unwrap_or_default(), count - shown);
        (health(Detail::Word), line)
    }));
    let all = floats_line(portfolio, &in_order, 0);
    forms.extend([Detail::Word, Detail::Sentence].map(|detail| (health(detail), all.clone())));
    fullest(forms, columns)
}

fn health_line(portfolio: &Portfolio, detail: Detail) -> Line {
    let mut line = Line::new();
    for info in &portfolio.accounts.providers {
        if !line.is_empty() {
            line.push(separator());
        }
        line.push((Role::Text, format!("{} ", info.id)));
        let health = portfolio.accounts.health.get(&info.id);
        let Some(health) = health.filter(|health| !health.is_unread()) else {
            line.push((Role::Muted, "...".to_owned()));
            continue;
        };
        line.push((health_role(health.state), health.state.as_str().to_owned()));
        let age = age(portfolio, health).filter(|_| detail >= Detail::Age);
        line.extend(age.map(|age| (Role::Muted, format!(" {age}"))));
        let consequence = consequence(portfolio, health, detail);
        line.extend(consequence.map(|text| (Role::Caution, text)));
    }
    if line.is_empty() {
        line.push((Role::Muted, "no provider is configured".to_owned()));
    }
    line
}

fn consequence(portfolio: &Portfolio, health: &Health, detail: Detail) -> Option<String> {
    if detail < Detail::Word {
        return None;
    }
    let word = detail == Detail::Word;
    match health.state {
        HealthState::Ok | HealthState::Slow | HealthState::Paused => None,
        HealthState::Waiting if word => None,
        HealthState::Waiting => Some(" for its secrets".to_owned()),
        HealthState::Down if word => Some(" LAST KNOWN".to_owned()),
        HealthState::Down => match portfolio.not_live(&health.provider).last_known {
            0 => Some(" LAST KNOWN".to_owned()),
            1 => Some(" (1 card LAST KNOWN)".to_owned()),
            stale => Some(format!(" ({stale} cards LAST KNOWN)")),
        },
        HealthState::Auth if word => Some(" refused".to_owned()),
        HealthState::Auth => Some(" -> credentials refused".to_owned()),
    }
}

/// Every float, in the order of the providers.
fn floats(portfolio: &Portfolio) -> Vec<(&ProviderId, Money)> {
    let of = |id| {
        let float = portfolio.accounts.floats.get(id).and_then(Reading::value);
        float.into_iter().flatten().map(move |sum| (id, *sum))
    };
    portfolio.accounts.providers.iter().flat_map(|info| of(&info.id)).collect()
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
            line.push((Role::Muted, format!(" {}", portfolio.age(at))));
        }
    }
    if more > 0 {
        line.push((Role::Muted, format!(" +{more} more")));
    }
    line
}
