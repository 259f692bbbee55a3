//! One provider in words: how it is, what that means for its cards, and what it can and cannot do.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::role::Role;
use super::time::TimeFormat;
use super::unmapped;
use crate::app::command::Command;
use crate::app::keymap::Keymap;
use crate::app::portfolio::{NotLive, Portfolio};
use crate::domain::completeness::{UnreadPart, UnreadRow};
use crate::domain::operation::{ActionKind, Capabilities, Support, TopUpSafety};
use crate::domain::text;
use crate::engine::{Health, HealthState, ProviderInfo};

/// What a state means.
pub(crate) const fn health_role(state: HealthState) -> Role {
    match state {
        HealthState::Ok => Role::Good,
        HealthState::Slow | HealthState::Waiting => Role::Caution,
        HealthState::Down | HealthState::Auth => Role::Danger,
        HealthState::Paused => Role::Heading,
    }
}

/// How long ago it was last read with success: the age of a provider, whatever its state; `None`
/// when it never was.
pub(crate) fn age(portfolio: &Portfolio, health: &Health) -> Option<String> {
    health.last_good.map(|at| portfolio.age(at))
}

/// Since when it is in its state: `since 14:05`.
pub(crate) fn since(portfolio: &Portfolio, health: &Health) -> String {
    format!("since {}", portfolio.local_time(health.since, TimeFormat::Full))
}

/// What its state means for the operator.
pub(crate) fn effect(portfolio: &Portfolio, keymap: &Keymap, health: &Health) -> String {
    let NotLive { last_known: stale, unread } = portfolio.not_live(&health.provider);
    let cards =
        |count: usize| if count == 1 { "1 card".to_owned() } else { format!("{count} cards") };
    let all = health.cards.map_or_else(|| "its cards".to_owned(), cards);
    match health.state {
        HealthState::Ok | HealthState::Slow if health.cards.is_none() => {
            "its list of cards was not read yet".to_owned()
        }
        HealthState::Ok | HealthState::Slow => {
            let mut words = match unread {
                0 => format!("{all} read"),
                unread => format!("{all}, {unread} of them not read yet"),
            };
            if stale > 0 || health.state == HealthState::Slow {
                words.push_str(&format!(", {stale} of them LAST KNOWN"));
            } else {
                let missing = health.completeness.missing();
                words.push_str(if missing.is_empty() { "" } else { "; " });
                words.push_str(&missing);
            }
            words
        }
        HealthState::Down => {
            let stale = cards(stale);
            format!("{stale} LAST KNOWN; changes are refused until it answers, a freeze waits")
        }
        HealthState::Paused => {
            let goes_on = keymap.hint(Command::PauseProvider, "goes on");
            format!("not read, changes are refused: {goes_on}; {all} grow old")
        }
        HealthState::Waiting => "not read and not changed before its secrets are there".to_owned(),
        HealthState::Auth => "credentials refused or missing: not read and not changed until they \
                              are right"
            .to_owned(),
    }
}

/// How long it takes until every card was read.
pub(crate) fn rounds(info: &ProviderInfo, health: &Health) -> Option<String> {
    let cards = health.cards.filter(|cards| *cards > 0)?;
    let reads_history = health.covered.left.is_some();
    let workload = info.workload(cards, health.latency_ms, reads_history)?;
    let mut words = workload.sentence(info.id.name());
    if health.refused_cards > 0 {
        let count = text::group_digits(&health.refused_cards.to_string());
        let cards = if health.refused_cards == 1 { "card" } else { "cards" };
        words.push_str(&format!(
            "; {count} {cards} that it refuses or does not know: less and less often while nobody \
             looks, down to about once an hour"
        ));
    }
    Some(words)
}

/// Most sentences about rows, or about cards, that could not be read.
const MOST_SENTENCES: usize = 8;

/// What is known to be missing or not understood, a label before each sentence: rows, cards and
/// words, and the roster's lines.
pub(crate) fn incomplete(portfolio: &Portfolio, health: &Health) -> Vec<(&'static str, String)> {
    let mut lines = Vec::new();
    let completeness = &health.completeness;
    let to = completeness.complete_to.map(|at| {
        let age = portfolio.age(at);
        let time = |at| portfolio.local_time(at, TimeFormat::Full);
        let from = completeness.complete_from.map(|from| format!("from {} ", time(from)));
        format!("complete {}to {} ({age} ago)", from.unwrap_or_default(), time(at))
    });
    let missing = completeness.missing();
    match (to, missing.is_empty()) {
        (Some(to), false) => lines.push(("read", format!("{to}; {missing}"))),
        (None, false) => lines.push(("read", missing)),
        (_, true) => {}
    }
    let rows: Vec<String> = completeness.rows.iter().map(UnreadRow::sentence).collect();
    let mut parts: Vec<String> = completeness.parts.iter().map(UnreadPart::sentence).collect();
    // The list of cards and the feed mostly fail for the same reason, which is named once; and the
    // reason of the provider's state is named beside the state.
    let mut seen = BTreeSet::new();
    let why = health.why.as_deref();
    parts.retain(|sentence| {
        !why.is_some_and(|why| sentence.ends_with(why)) && seen.insert(sentence.clone())
    });
    for (label, sentences, most) in [
        ("not read", parts, MOST_SENTENCES),
        ("odd rows", rows, MOST_SENTENCES),
        ("roster", health.roster.clone(), usize::MAX),
    ] {
        let more = sentences.len().saturating_sub(most);
        for (index, sentence) in sentences.into_iter().take(most).enumerate() {
            lines.push((if index == 0 { label } else { "" }, sentence));
        }
        if more > 0 {
            lines.push(("", format!("and {more} more")));
        }
    }
    lines.extend(unmapped::sentences(&health.unmapped));
    lines
}

/// How it is, as sentences for a ticket, whose readers see neither this screen nor this clock.
pub(crate) fn status(portfolio: &Portfolio, info: &ProviderInfo) -> String {
    let time = |at: Timestamp| {
        at.to_zoned(portfolio.zone.clone()).strftime("%Y-%m-%d %H:%M:%S %:z").to_string()
    };
    let who = format!("{} ({}, {})", info.id, info.kind, info.environment.word());
    let Some(health) = portfolio.accounts.health.get(&info.id) else {
        return format!("{who} was not heard of yet. As of {}.", time(portfolio.now));
    };
    let mut text = format!("{who} is {} since {}", health.state.as_str(), time(health.since));
    if let Some(proxy) = &info.proxy {
        text.push_str(&format!(", through the proxy {proxy}"));
    }
    if let Some(why) = &health.why {
        let why = why.trim_end_matches('.');
        text.push_str(&format!(": {why}"));
    }
    match health.last_good {
        Some(at) => {
            text.push_str(&format!(". Last success {} ({} ago)", time(at), portfolio.age(at)))
        }
        None => text.push_str(". No success since cardtop was started"),
    }
    if health.errors_5m > 0 {
        text.push_str(&format!(". Failed requests in the last 5 minutes: {}", health.errors_5m));
    }
    if let Some(next) = health.next_try {
        text.push_str(&format!(". Next try {}", time(next)));
    }
    let missing = health.completeness.missing();
    if !missing.is_empty() {
        text.push_str(&format!(". Of what is shown: {missing}"));
    }
    format!("{text}. As of {}.", time(portfolio.now))
}

/// Whose status was copied, and which others are not well either: one sentence for the notice.
pub(crate) fn whose_status(portfolio: &Portfolio, info: &ProviderInfo) -> String {
    let state = |info: &ProviderInfo| {
        let health = portfolio.accounts.health.get(&info.id);
        health.map(|health| health.state)
    };
    let named = |info: &ProviderInfo| match state(info) {
        Some(state) => format!("{} {}", info.id, state.as_str()),
        None => info.id.to_string(),
    };
    let not_well = |other: &&ProviderInfo| {
        other.id != info.id && state(other).is_some_and(|state| state != HealthState::Ok)
    };
    let others: Vec<String> =
        portfolio.accounts.providers.iter().filter(not_well).map(named).collect();
    let others = if others.is_empty() {
        String::new()
    } else {
        format!("; others not OK: {}", others.join(", "))
    };
    format!("status of {}{others}", named(info))
}

/// What it can do, in one line.
pub(crate) fn capabilities(capabilities: &Capabilities) -> String {
    let class = match capabilities.class {
        TopUpSafety::Key => "idempotency key",
        TopUpSafety::Reference => "looked up by reference",
        TopUpSafety::Neither => "no key: sent at most once",
    };
    let mut abilities: Vec<String> = vec!["balance".to_owned()];
    let mut add = |offer: Support, word: &str| {
        if offer.is_yes() {
            abilities.push(word.to_owned());
        }
    };
    add(capabilities.list_cards, "list");
    add(capabilities.list_all_transactions, "feed of all cards");
    add(capabilities.float, "float");
    add(capabilities.quote, "fee quote");
    add(capabilities.top_up, &format!("top-up ({class})"));
    for action_kind in
        [ActionKind::Freeze, ActionKind::Unfreeze, ActionKind::Close, ActionKind::SetPin]
    {
        add(capabilities.offers(action_kind), action_kind.phrase());
    }
    abilities.join(", ")
}

/// What it cannot do and why, one sentence each.
pub(crate) fn cannot(capabilities: &Capabilities) -> Vec<String> {
    let mut sentences = Vec::new();
    let mut add = |offer: Support, word: &str| {
        if let Support::No(why) = offer {
            sentences.push(format!("{word}: {why}"));
        }
    };
    add(capabilities.list_cards, "list");
    add(capabilities.list_all_transactions, "feed of all cards");
    add(capabilities.float, "float");
    add(capabilities.quote, "fee quote");
    for action_kind in ActionKind::ALL {
        add(capabilities.offers(action_kind), action_kind.phrase());
    }
    sentences
}
