//! A declined purchase in words: why, what may be told to the cardholder, and what can be done.

use jiff::Timestamp;

use super::line::{Line, labelled};
use super::role::Role;
use super::time::TimeFormat;
use crate::app::command::Command;
use crate::app::cover;
use crate::app::keymap::Keymap;
use crate::app::portfolio::Portfolio;
use crate::app::portfolio::shown::is_for_lack_of_money;
use crate::domain::card::Card;
use crate::domain::decline::{DeclineCause, DeclineReason, Funds, Remedy};
use crate::domain::operation::ActionKind;
use crate::domain::text;
use crate::domain::transaction::Transaction;

/// Columns of the label before most sentences.
const LABEL: usize = 7;

/// The label of what is told only when it is known who calls.
const VERIFIED: &str = "  once verified ";

/// A decline as a whole: the one under the cursor, or the last one of the card.
pub(crate) struct Shown<'a> {
    pub(crate) decline: &'a Transaction,
    /// Whether the cursor is on it.
    pub(crate) is_chosen: bool,
    /// Whether the card has no newer one.
    pub(crate) is_last: bool,
}

/// A decline of a card.
pub(crate) fn lines(
    portfolio: &Portfolio,
    keymap: &Keymap,
    card: &Card,
    shown: &Shown<'_>,
    columns: usize,
) -> Vec<Line> {
    let narrow = columns < 48;
    let decline = shown.decline;
    let cause = cause(decline);
    let mut lines = vec![heading(portfolio, shown, narrow)];
    let mut add = |label: &str, role: Role, text: &str| {
        let room = text::width(label).max(LABEL);
        lines.extend(labelled(label, room, (role, text), columns));
    };
    let mut place: Vec<String> =
        decline.merchant.iter().map(|merchant| merchant.to_string()).collect();
    place.extend(decline.country.iter().map(|country| country.to_string()));
    place.extend(decline.mcc.iter().map(|mcc| format!("MCC {mcc}")));
    if !place.is_empty() {
        add("  at", Role::Text, &place.join(", "));
    }
    let why = if narrow { why_short(card, decline) } else { why(portfolio, card, decline) };
    add("  why", Role::Text, &why);
    // A small pane shows the first of these.
    add("  next", Role::Text, &next(portfolio, keymap, card, shown));
    if let Some((say, verified)) = sentences(portfolio, decline) {
        add("  say", Role::Text, &format!("'{say}'"));
        if let Some(verified) = verified {
            add(VERIFIED, Role::Text, &format!("'{verified}'"));
        }
    }
    let code =
        decline.decline_reason.as_deref().filter(|code| !code.is_empty()).unwrap_or("no code sent");
    let note = cause.note().map(|note| format!(" ({note})")).unwrap_or_default();
    add("  raw", Role::Muted, &format!("{code}{note}  id {}", decline.id));
    lines
}

/// What may be told about a decline to anybody who calls, and what more once it is verified who
/// that is; `None` for any other row.
pub(crate) fn sentences(
    portfolio: &Portfolio,
    row: &Transaction,
) -> Option<(String, Option<String>)> {
    let cause = row.decline()?;
    let asked = row.amount.abs();
    let card = row.card().and_then(|key| portfolio.cards.get(&key));
    let funds = card.map_or(Funds::NotKnown, |card| cover::funds(&card, row));
    let verified = cause.say_verified(asked, funds, |at| clock(portfolio, at));
    Some((cause.say(asked), verified))
}

/// Words about an action, with its key before them.
pub(crate) fn hint(keymap: &Keymap, remedy: Remedy, words: &str) -> String {
    let command = match remedy {
        Remedy::TopUp => Command::TopUp,
        Remedy::Freeze | Remedy::Unfreeze => Command::Freeze,
        Remedy::SetPin => Command::Pin,
    };
    keymap.hint(command, words)
}

fn heading(portfolio: &Portfolio, shown: &Shown<'_>, narrow: bool) -> Line {
    let decline = shown.decline;
    let age = portfolio.age(decline.at);
    // What is more than a day old is history.
    let role = if portfolio.now.duration_since(decline.at).as_hours() < 24 {
        Role::Caution
    } else {
        Role::Heading
    };
    if narrow {
        return vec![
            (role, format!("DECLINED {age} ago")),
            (Role::Money, format!("   {}", decline.amount)),
        ];
    }
    let when = portfolio.local_time(decline.at, TimeFormat::Full);
    let which = if shown.is_last { "Last decline" } else { "This decline" };
    vec![
        (role, which.to_owned()),
        (Role::Text, format!("  {when}  ")),
        (Role::Muted, format!("{age} ago  ")),
        (Role::Money, decline.amount.to_string()),
    ]
}

fn cause(decline: &Transaction) -> DeclineCause<'_> {
    DeclineCause::of_code(decline.decline_reason.as_deref())
}

/// When a balance was read, for a sentence.
fn clock(portfolio: &Portfolio, at: Timestamp) -> String {
    portfolio.local_time(at, TimeFormat::Sentence)
}

/// Why a card was declined, in words for the operator.
fn why(portfolio: &Portfolio, card: &Card, decline: &Transaction) -> String {
    let words = cause(decline).words();
    if !is_for_lack_of_money(decline) {
        return words;
    }
    let Funds::Read { available, short, last_known } = cover::funds(card, decline) else {
        return words;
    };
    let amount = available.abs().grouped();
    let read = last_known.map(|at| clock(portfolio, at));
    let is_debt = available.is_negative();
    match (short, read) {
        (Some(short), None) if is_debt => {
            format!("{words}: in debt {amount} now, short {}", short.grouped())
        }
        (Some(short), None) => {
            format!("{words}: {amount} available now, short {}", short.grouped())
        }
        (Some(_), Some(read)) if is_debt => {
            format!("{words}: in debt {amount}, last known {read}")
        }
        (Some(_) | None, Some(read)) => format!("{words}: {amount} available, last known {read}"),
        (None, None) => format!("{words} then; {amount} available now"),
    }
}

/// The same where there is little room. `~` marks what follows from a balance that may be old.
pub(crate) fn why_short(card: &Card, decline: &Transaction) -> String {
    let words = cause(decline).words();
    if !is_for_lack_of_money(decline) {
        return words;
    }
    match cover::funds(card, decline) {
        Funds::Read { short: Some(short), last_known, .. } => {
            let mark = if last_known.is_some() { "~" } else { "" };
            format!("{words}, short {mark}{}", short.grouped())
        }
        Funds::Read { short: None, .. } | Funds::NotKnown => words,
    }
}

/// `short 29.50`; `None` where it is not money that a card lacks.
pub(super) fn shortfall_in_words(card: &Card, decline: &Transaction) -> Option<String> {
    match cover::funds(card, decline) {
        Funds::Read { short: Some(short), last_known, .. } if is_for_lack_of_money(decline) => {
            let mark = if last_known.is_some() { "~" } else { "" };
            Some(format!("short {mark}{}", short.grouped()))
        }
        Funds::Read { .. } | Funds::NotKnown => None,
    }
}

/// What can be done here, with the reason where it cannot.
fn next(portfolio: &Portfolio, keymap: &Keymap, card: &Card, shown: &Shown<'_>) -> String {
    let provider = card.key.provider.name();
    let Some(reason) = cause(shown.decline).reason() else {
        return format!("ask {provider} what it means; do not guess");
    };
    let hint = |remedy, words: &str| hint(keymap, remedy, words);
    if reason.remedy() != Some(Remedy::TopUp) {
        let step = cover::next_step(reason, &card.key, &hint, portfolio);
        let when = if step.after_verification { "once verified: " } else { "" };
        return format!("{when}{}", step.words);
    }
    match top_up(portfolio, keymap, card, shown, reason) {
        Ok((words, command)) => match portfolio.check(ActionKind::TopUp, &card.key) {
            Ok(()) => keymap.hint(command, &words),
            Err(why) => cover::impossible(&words, &why),
        },
        Err(instead) => instead,
    }
}

/// The top-up that helps: with the key that covers this very decline, where that key would, else
/// with the key of any top-up. What helps instead where money is not what is missing now.
fn top_up(
    portfolio: &Portfolio,
    keymap: &Keymap,
    card: &Card,
    shown: &Shown<'_>,
    reason: DeclineReason,
) -> Result<(String, Command), String> {
    let hint = |remedy, words: &str| hint(keymap, remedy, words);
    let decline = shown.decline;
    if let Some(why) = cover::cannot_spend(card.state, &hint) {
        return Err(why);
    }
    if let Some(passed) = portfolio.passed_later(decline) {
        let at = clock(portfolio, passed.at);
        return Err(format!("nothing: the same purchase passed at {at}"));
    }
    let plan = cover::plan(&card.key, shown.is_chosen.then_some(decline), &hint, portfolio);
    let short = match cover::funds(card, decline) {
        Funds::Read { short: Some(short), .. } => short,
        Funds::Read { short: None, last_known: None, .. } => {
            return Err("there is enough on it now: try again".to_owned());
        }
        Funds::Read { short: None, last_known: Some(at), .. } => {
            let at = clock(portfolio, at);
            return Err(format!("there was enough on it at {at}: read it again, then try again"));
        }
        Funds::NotKnown => {
            let own = "how much is missing is not known: top it up by an amount of your own";
            return Err(plan.err().unwrap_or_else(|| own.to_owned()));
        }
    };
    let words = reason.next(card.key.provider.name()).replace("{short}", &short.to_string());
    let covers_it = plan.is_ok_and(|cover| cover.decline.is_same_row(decline));
    Ok((words, if covers_it { Command::Cover } else { Command::TopUp }))
}
