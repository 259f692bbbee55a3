//! One card in words: its state, and everything above its timeline.
//!
//! Figures are the provider's own. A sum that does not agree is named, never repaired.

use jiff::Timestamp;

use super::decline;
use super::line::{Line, paragraph, width};
use super::role::Role;
use super::time::TimeFormat;
use crate::app::command::Command;
use crate::app::keymap::Keymap;
use crate::app::portfolio::Portfolio;
use crate::domain::card::{Balance, Card, CardKey, CardState, Reading};
use crate::domain::money::Money;
use crate::domain::operation::{ActionKind, OperationState};
use crate::domain::text;
use crate::domain::transaction::Transaction;

/// Lines of the summary before the timeline gets as many as the summary does.
const SUMMARY_FIRST: usize = 14;

/// What stands above the timeline, for a pane of `columns`: heading, balance, and the decline that
/// is `chosen` under the cursor, else the last one. Of the `lines` that there are beside the
/// shortest timeline it takes the first, and half of the others.
pub(crate) fn summary(
    portfolio: &Portfolio,
    keymap: &Keymap,
    key: &CardKey,
    chosen: Option<&Transaction>,
    (columns, lines): (usize, usize),
) -> Vec<Line> {
    let most = lines.min(SUMMARY_FIRST) + lines.saturating_sub(SUMMARY_FIRST) / 2;
    shortened(whole_summary(portfolio, keymap, key, chosen, columns), most)
}

/// At most so many lines, the last of them whole sentences: half a sentence may say the opposite.
fn shortened(mut lines: Vec<Line>, most: usize) -> Vec<Line> {
    if lines.len() > most {
        let goes_on = |line: &Line| {
            line.first().is_some_and(|(_, text)| text.starts_with(' ') && text.trim().is_empty())
        };
        let whole = (0..=most).rev().find(|end| !lines.get(*end).is_some_and(goes_on));
        lines.truncate(whole.unwrap_or(most));
        // In a wider pane more fits into the same lines: the timeline does not move for it.
        lines.resize(most, Line::new());
    }
    lines
}

fn whole_summary(
    portfolio: &Portfolio,
    keymap: &Keymap,
    key: &CardKey,
    chosen: Option<&Transaction>,
    columns: usize,
) -> Vec<Line> {
    let Some(card) = portfolio.cards.get(key) else {
        return vec![vec![(Role::Muted, "this card is not known any more".to_owned())]];
    };
    let mut lines = heading(portfolio, &card, columns);
    lines.extend(queued(portfolio, keymap, key, columns));
    lines.extend(code_sent(portfolio, key, columns));
    lines.push(Line::new());
    lines.extend(balance(portfolio, &card, columns));
    let chosen = chosen.filter(|row| row.card().as_ref() == Some(key));
    let last = portfolio.last_decline(key);
    if let Some(row) = chosen.or(last.as_ref()) {
        let is_last = last.as_ref().is_some_and(|last| last.is_same_row(row));
        let shown = decline::Shown { decline: row, is_chosen: chosen.is_some(), is_last };
        lines.push(Line::new());
        lines.extend(decline::lines(portfolio, keymap, &card, &shown, columns));
    }
    lines
}

/// That a freeze of the card waits for its provider.
fn queued(
    portfolio: &Portfolio,
    keymap: &Keymap,
    key: &CardKey,
    columns: usize,
) -> impl Iterator<Item = Line> {
    let freeze = portfolio.queued_freeze_of(key);
    let lines = freeze.map(|freeze| {
        let cancels = keymap.hint(Command::CancelFreeze, "cancels");
        let (left, provider) = (portfolio.time_left(freeze), &key.provider);
        let text = format!("freeze queued, {left} left, {cancels}: sent when {provider} answers");
        paragraph(Role::Caution, &text, columns)
    });
    lines.into_iter().flatten()
}

/// That a one-time code was sent to the cardholder. The code itself is nowhere.
fn code_sent(portfolio: &Portfolio, key: &CardKey, columns: usize) -> impl Iterator<Item = Line> {
    let at = portfolio.accounts.codes.get(key).copied();
    let lines = at.map(|at| {
        let (time, age) = (portfolio.local_time(at, TimeFormat::Sentence), portfolio.age(at));
        paragraph(Role::Text, &format!("one-time code sent at {time}, {age} ago"), columns)
    });
    lines.into_iter().flatten()
}

/// The card's state, with `~` before it where it is older than the figures.
pub(crate) fn state_word(card: &Card, now: Timestamp) -> String {
    format!("{}{}", if card.old_state(now).is_some() { "~" } else { "" }, card.state.as_str())
}

/// What a card's state means.
pub(crate) const fn state_role(card: &Card) -> Role {
    match card.state {
        CardState::Active => Role::Text,
        CardState::Frozen | CardState::Blocked => Role::Heading,
        CardState::Pending | CardState::Closed | CardState::Expired => Role::Muted,
        CardState::Unknown => Role::Caution,
    }
}

fn heading(portfolio: &Portfolio, card: &Card, columns: usize) -> Vec<Line> {
    let mut first = vec![(state_role(card), state_word(card, portfolio.stands_until()))];
    if let Some(read) = card.old_state(portfolio.stands_until()) {
        first.push((Role::Caution, format!(" read {} ago", portfolio.age(read))));
    }
    let mut add = |word: &str| {
        if !word.is_empty() {
            first.push((Role::Text, format!("   {word}")));
        }
    };
    add(card.kind.map_or("", |kind| kind.as_str()));
    add(card.currency.as_ref().map_or("", |currency| currency.code()));
    add(&card.expires.as_deref().map(|date| format!("exp {}", expiry(date))).unwrap_or_default());
    if !card.provider_state.is_empty()
        && !card.provider_state.eq_ignore_ascii_case(card.state.as_str())
    {
        first.push((Role::Muted, format!("   {}: {}", card.key.provider, card.provider_state)));
    }
    let holder = if card.holder.is_empty() {
        "holder not known".to_owned()
    } else {
        card.holder.to_string()
    };
    let mut lines = vec![first];
    if columns < 60 {
        lines.push(vec![(Role::Heading, holder)]);
        lines.push(vec![(Role::Muted, format!("{}  id {}", card.key.provider, card.key.id))]);
    } else {
        // The title names the holder.
        let owner =
            card.owner.as_deref().map(|owner| format!("   customer {owner}")).unwrap_or_default();
        let text = format!("{}   id {}{owner}", card.key.provider, card.key.id);
        match lines.first_mut() {
            Some(first) if width(first) + 3 + text::width(&text) <= columns => {
                first.push((Role::Muted, format!("   {text}")));
            }
            Some(_) | None => lines.push(vec![(Role::Muted, text)]),
        }
    }
    if !card.labels.is_empty() {
        lines.push(vec![(Role::Muted, format!("labels {}", card.labels.join(", ")))]);
    }
    lines
}

/// `09/27` of `2027-09`.
fn expiry(date: &str) -> String {
    match date.split_once('-') {
        Some((year, month)) => {
            format!("{month}/{}", year.get(year.len().saturating_sub(2)..).unwrap_or(year))
        }
        None => date.to_owned(),
    }
}

/// One figure of the balance, with what stands around it.
struct Figure<'a> {
    label: &'a str,
    /// Before the digits: the figure is subtracted.
    sign: &'a str,
    money: Option<Money>,
    /// `~` for a figure that may be old.
    tilde: &'a str,
    text: &'a str,
}

impl Figure<'_> {
    fn line(&self, columns: usize) -> Line {
        let Self { label, sign, money, tilde, text } = *self;
        let figure = money
            .map_or_else(|| "-".to_owned(), |money| format!("{tilde}{sign}{}", money.grouped()));
        let code = money.map(|money| money.currency().code().to_owned()).unwrap_or_default();
        let room = if columns < 48 { 11 } else { 14 };
        let role = if !tilde.is_empty() {
            Role::Stale
        } else if money.is_some_and(Money::is_negative) && sign.is_empty() {
            Role::Danger
        } else {
            Role::Money
        };
        vec![
            (Role::Muted, text::pad_right(label, room)),
            // A figure that needs more room than its neighbours takes it: it is never cut.
            (role, text::pad_left(&figure, text::width(&figure).max(room))),
            (Role::Muted, format!(" {}", text::pad_right(&code, 5))),
            (Role::Muted, text.to_owned()),
        ]
    }
}

/// The figures one below the other, as the provider sent them: total, holds, available, and
/// top-ups that are not settled.
fn balance(portfolio: &Portfolio, card: &Card, columns: usize) -> Vec<Line> {
    let (balance, at, why) = match &card.balance {
        Reading::Never => return balance_not_read(portfolio, card, columns),
        Reading::At { value, at } => (*value, *at, None),
        Reading::Stale { value, at, why } => (*value, *at, Some(why)),
    };
    let tilde = if why.is_some() { "~" } else { "" };
    let age = portfolio.age(at);
    let read = if columns < 60 {
        age
    } else {
        format!("read {} ({age})", portfolio.local_time(at, TimeFormat::Full))
    };
    let mut lines = if balance.current.is_none() && balance.pending.is_none() {
        let text = if balance.available.is_some() {
            read
        } else {
            format!("not sent by {}", card.key.provider)
        };
        let (label, money) = ("Available", balance.available);
        vec![Figure { label, sign: "", money, tilde, text: &text }.line(columns)]
    } else {
        sum(portfolio, card, &balance, (tilde, &read), columns)
    };
    lines.extend(in_flight(portfolio, card, columns));
    if let Some(why) = why {
        let text = format!("LAST KNOWN, read {} ago: {why}", portfolio.age(at));
        lines.extend(paragraph(Role::Caution, &text, columns));
    }
    lines
}

fn balance_not_read(portfolio: &Portfolio, card: &Card, columns: usize) -> Vec<Line> {
    let health = portfolio.accounts.health.get(&card.key.provider);
    let text = health.and_then(|health| health.why.as_deref()).map_or_else(
        || "Balance not read yet".to_owned(),
        |why| format!("Balance not read yet: {why}"),
    );
    paragraph(Role::Muted, &text, columns).collect()
}

/// Total, holds and available as a sum, and whether it agrees.
fn sum(
    portfolio: &Portfolio,
    card: &Card,
    balance: &Balance,
    (tilde, read): (&str, &str),
    columns: usize,
) -> Vec<Line> {
    let provider = &card.key.provider;
    let held = match portfolio.count_holds(&card.key) {
        // Before all is loaded nobody can tell how many there are.
        _ if !portfolio.is_history_loaded() => String::new(),
        0 => String::new(),
        1 => "1 hold".to_owned(),
        count => format!("{count} holds"),
    };
    let is_held = balance.pending.is_some_and(|pending| !pending.amount().is_zero());
    let (text, agrees) = agreement(balance);
    let mut lines: Vec<Line> = [
        Figure { label: "Total", sign: "", money: balance.current, tilde, text: read },
        Figure {
            label: "- holds",
            sign: if is_held { "-" } else { "" },
            money: balance.pending.map(Money::abs),
            tilde,
            text: &held,
        },
        Figure { label: "= available", sign: "", money: balance.available, tilde, text },
    ]
    .iter()
    .map(|figure| figure.line(columns))
    .collect();
    if !agrees && let (Some(current), Some(pending)) = (balance.current, balance.pending) {
        let sum =
            current.checked_sub(pending.abs()).map_or_else(|_| "no sum".to_owned(), Money::grouped);
        let sent = balance.available.map_or_else(|| "nothing".to_owned(), Money::grouped);
        let text = format!("DOES NOT ADD UP: total - holds is {sum}, {provider} sent {sent}");
        lines.extend(paragraph(Role::Caution, &text, columns));
    }
    lines
}

/// Whether the provider's figures add up, in words.
fn agreement(balance: &Balance) -> (&'static str, bool) {
    let (Some(available), Some(current), Some(pending)) =
        (balance.available, balance.current, balance.pending)
    else {
        return ("as sent", true);
    };
    if current.checked_sub(pending.abs()).is_ok_and(|sum| sum.amount() == available.amount()) {
        ("our sum agrees", true)
    } else {
        ("as sent", false)
    }
}

/// Top-ups that are not settled.
fn in_flight(portfolio: &Portfolio, card: &Card, columns: usize) -> Vec<Line> {
    portfolio
        .operations_of(&card.key)
        .filter(|operation| operation.is_open() && operation.action_kind == ActionKind::TopUp)
        .map(|operation| {
            let text = match columns {
                ..48 => operation.state.as_str().to_owned(),
                48.. => format!("op {} {}", operation.id.short(), operation.state.as_str()),
            };
            let (label, money) = ("+ in flight", operation.amount);
            let mut line = Figure { label, sign: "", money, tilde: "", text: &text }.line(columns);
            if operation.state == OperationState::Unknown
                && let Some((role, _)) = line.last_mut()
            {
                *role = Role::Caution;
            }
            line
        })
        .collect()
}
