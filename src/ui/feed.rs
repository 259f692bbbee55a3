//! Drawing of the feed: rows, and in the whole view why a row is as it is, totals and what may be
//! missing.

use std::sync::Arc;

use jiff::Timestamp;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::frame::Frame;
use super::table::{Column, Row, column, draw, figures, plain, whole};
use super::theme::Role;
use super::{divider, empty, filter_words, inside, moment, position, thousands, width, words};
use crate::app::Model;
use crate::app::detail::{Line, story, why_short, wrap};
use crate::app::feed::{Known, Total};
use crate::app::keymap::Command;
use crate::app::layout::Pane;
use crate::app::portfolio::Portfolio;
use crate::domain::attention::FRESH;
use crate::domain::card::digits;
use crate::domain::completeness::Completeness;
use crate::domain::money::Money;
use crate::domain::operation::OperationState;
use crate::domain::text;
use crate::domain::transaction::{Listed, Transaction, TransactionState};
use crate::engine::HealthState;

/// The columns of the table.
pub(super) const COLUMNS: [Column; 11] = [
    whole("Time", 8, 10, 0),
    whole("Card", 6, 6, 0),
    column("Holder|Who", 10, 14, 20, 3),
    whole("What", 8, 10, 0),
    figures("Amount", 9, 12, 0),
    whole("Ccy", 3, 4, 0),
    column("Merchant or op|Merchant|For", 14, 16, 26, 0),
    whole("MCC", 4, 4, 6),
    whole("Ctry", 4, 4, 7),
    column("In plain words|Meaning|Why", 12, 29, 44, 0),
    column("Provider code|Code", 13, 16, 24, 8),
];

/// Most lines that the totals take.
const MOST_TOTALS: usize = 4;

/// Rows that the explanation of a row takes.
const WHY: u16 = 6;

/// Rows below the list: nothing on the board; totals and, where there is room, the explanation in
/// the whole view.
fn below(model: &Model, inner: Rect) -> (u16, u16) {
    if model.view != Pane::Feed && !model.zoomed {
        return (0, 0);
    }
    let foot = 1 + u16::try_from(foot(model, usize::from(inner.width)).len()).unwrap_or(0);
    match (inner.height, model.feed.explain) {
        (..12, _) => (0, 0),
        (12..24, false) => (foot, 0),
        (12..24, true) | (24.., _) => (foot, WHY),
    }
}

/// What could not be read, in a few words; empty when all was. Accounts that are silent say so
/// elsewhere.
fn not_whole(portfolio: &Portfolio) -> String {
    let heard = portfolio.health.values().filter(|health| !is_silent(health.state));
    let counts = Completeness::counts_of(heard.map(|health| &health.completeness));
    if counts.is_empty() { String::new() } else { format!(", not read: {}", counts.join(", ")) }
}

/// Rows of the list that can be seen.
pub(super) fn list_rows(model: &Model, area: Rect) -> u16 {
    let inner = inside(area);
    let (foot, why) = below(model, inner);
    inner.height.saturating_sub(1 + foot + why)
}

/// Draws the pane.
pub(super) fn view(model: &Model, area: Rect, to: &mut Buffer) {
    let (feed, theme, portfolio) = (&model.feed, &model.theme, &model.portfolio);
    let focused = model.focus == Pane::Feed;
    let state = match model.paused {
        Some(since) => {
            let at = moment::clock(since, portfolio.now, &portfolio.zone, 8);
            format!(
                "PAUSED at {at}, {} new waiting ({})",
                thousands(feed.waiting),
                model.keymap.hint(Command::Pause, "resume")
            )
        }
        None if feed.follow => format!("{}, follow", live(portfolio)),
        None => format!("{} ({})", live(portfolio), model.keymap.hint(Command::Follow, "follow")),
    };
    let title = format!("Feed  {state}{}", not_whole(portfolio));
    let filter = match filter_words(&feed.search) {
        "none" => String::new(),
        words => format!("   filter {words}"),
    };
    let count = if feed.hidden > 0 {
        format!("{} of {}   ", thousands(feed.list.len()), thousands(feed.list.len() + feed.hidden))
    } else {
        String::new()
    };
    let since = if feed.range() == "ever" {
        "all time".to_owned()
    } else {
        format!("since {}", feed.range())
    };
    let right = format!("{count}{since}   all cards{filter}");
    let right = if text::width(&right) + text::width(&title) + 8 > usize::from(area.width) {
        since
    } else {
        right
    };
    let inner = Frame { title: &title, right: &right, focused }.draw(theme, area, to);
    let (foot_rows, why_rows) = below(model, inner);
    let list = Rect { height: inner.height.saturating_sub(foot_rows + why_rows), ..inner };
    let rows: Vec<Row> = feed
        .list
        .window()
        .filter_map(|(entry, cursor)| {
            let cells =
                cells(model, &entry.known(portfolio)?, if inner.width < 100 { 8 } else { 12 });
            Some(Row { cells, cursor: cursor && focused, marked: false })
        })
        .collect();
    draw(theme, list, &COLUMNS, &rows, focused, to);
    position(theme, area, feed.list.range(), feed.list.len(), to);
    if rows.is_empty() && list.height > 1 {
        empty(
            theme,
            Rect { y: list.y + 1, height: list.height - 1, ..list },
            &why_empty(model),
            to,
        );
    }
    if why_rows > 0 {
        let y = list.bottom();
        divider(theme, "Why", inner, y, to);
        let selected = feed.list.selected().and_then(|entry| entry.known(portfolio));
        let lines = selected
            .map_or_else(Vec::new, |row| explanation(model, &row, usize::from(inner.width) - 2));
        for (y, line) in (y + 1..y + why_rows).zip(&lines) {
            words(theme, line, inner.x + 1, y, inner.right(), to);
        }
    }
    if foot_rows > 0 {
        let y = list.bottom() + why_rows;
        divider(theme, "Totals of this list", inner, y, to);
        for (y, line) in (y + 1..inner.bottom()).zip(&foot(model, usize::from(inner.width))) {
            words(theme, line, inner.x + 1, y, inner.right(), to);
        }
    }
}

/// Whether new rows come: `live`, `live without enkash`, `LAST KNOWN`.
fn live(portfolio: &Portfolio) -> String {
    let silent: Vec<&str> = portfolio
        .health
        .values()
        .filter(|health| is_silent(health.state))
        .map(|health| health.provider.name())
        .collect();
    match silent.as_slice() {
        [] => "live".to_owned(),
        all if all.len() == portfolio.providers.len() => "LAST KNOWN".to_owned(),
        [one] => format!("live without {one}"),
        several => format!("live without {} providers", several.len()),
    }
}

/// Whether a provider in this state sends no new rows.
const fn is_silent(state: HealthState) -> bool {
    match state {
        HealthState::Down | HealthState::Paused | HealthState::Auth | HealthState::Waiting => true,
        HealthState::Ok | HealthState::Slow => false,
    }
}

fn cells(model: &Model, row: &Known<'_>, columns: usize) -> Vec<(Role, String)> {
    let portfolio = &model.portfolio;
    let optional = |value: &Option<std::sync::Arc<str>>| {
        (Role::Muted, value.as_deref().unwrap_or("").to_owned())
    };
    match row {
        Known::Transaction(row) => {
            let card = row.card();
            let last4 = row.last4.or_else(|| portfolio.cards.get(card.as_ref()?)?.last4);
            vec![
                (Role::Muted, moment::clock(row.at, portfolio.now, &portfolio.zone, columns)),
                (Role::Text, digits(last4)),
                (Role::Text, card.as_ref().map_or("", |card| portfolio.holder(card)).to_owned()),
                (what_role(row), row.what().to_owned()),
                (Role::Money, format!("{}{}", row.sign(), row.amount.grouped())),
                (Role::Muted, row.amount.currency().code().to_owned()),
                (Role::Text, merchant(model, row)),
                optional(&row.mcc),
                optional(&row.country),
                (
                    Role::Text,
                    if columns < 12 { state_in_words(model, row) } else { in_words(model, row) },
                ),
                optional(&row.decline_reason),
            ]
        }
        Known::Operation(operation) => {
            let role = state_role(operation.state);
            vec![
                (
                    Role::Muted,
                    moment::clock(operation.created_at, portfolio.now, &portfolio.zone, columns),
                ),
                (Role::Text, digits(operation.last4)),
                (Role::Text, portfolio.holder(&operation.card).to_owned()),
                (role, operation.action_kind.phrase().to_uppercase()),
                (
                    Role::Money,
                    operation
                        .amount
                        .map(|amount| format!("+{}", amount.grouped()))
                        .unwrap_or_default(),
                ),
                (
                    Role::Muted,
                    operation
                        .amount
                        .map(|amount| amount.currency().code().to_owned())
                        .unwrap_or_default(),
                ),
                (Role::Text, format!("op {} {}", operation.id.short(), operation.operator)),
                (Role::Muted, String::new()),
                (Role::Muted, String::new()),
                (role, story(operation, portfolio.now)),
                (Role::Muted, String::new()),
            ]
        }
    }
}

/// A fresh decline says what the card is short of; what was there long ago is not known.
fn in_words(model: &Model, row: &Transaction) -> String {
    if let Listed::GoneSince { at, cleared_as } = &row.listed {
        return gone(model, row, *at, cleared_as.as_ref());
    }
    let card = row.card().and_then(|key| model.portfolio.cards.get(&key));
    let fresh = model.portfolio.now.duration_since(row.at).unsigned_abs() < FRESH;
    match card {
        Some(card) if row.state == TransactionState::Declined && fresh => why_short(card, row),
        Some(_) | None => row.in_plain_words(),
    }
}

/// How far a row got, in words, with the time of what became of a hold.
pub(super) fn state_in_words(model: &Model, row: &Transaction) -> String {
    match &row.listed {
        Listed::GoneSince { at, cleared_as } => gone(model, row, *at, cleared_as.as_ref()),
        Listed::Still => row.in_plain_words(),
    }
}

/// A hold that is not listed any more: since when, or what it cleared as and when.
fn gone(
    model: &Model,
    row: &Transaction,
    since: Timestamp,
    cleared_as: Option<&Arc<str>>,
) -> String {
    let portfolio = &model.portfolio;
    let time = |at| moment::clock(at, portfolio.now, &portfolio.zone, 5);
    match cleared_as {
        Some(id) => {
            let posted = row.card().and_then(|key| {
                Some(portfolio.transactions_of(&key).find(|other| other.id == *id)?.at)
            });
            let when = posted.map(|at| format!(" {}", time(at))).unwrap_or_default();
            format!("cleared as {id}{when}")
        }
        None => format!("no longer listed since {}", time(since)),
    }
}

/// Where it happened; a top-up of ours names its operation.
pub(super) fn merchant(model: &Model, row: &Transaction) -> String {
    let by_us = row.operation.and_then(|id| crate::app::feed::operation(&model.portfolio, id));
    match (by_us, &row.merchant) {
        (Some(operation), _) => format!("op {} {}", operation.id.short(), operation.operator),
        (None, Some(merchant)) => merchant.to_string(),
        (None, None) => row.description.as_deref().unwrap_or("").to_owned(),
    }
}

/// What a row's first word means.
pub(super) fn what_role(row: &Transaction) -> Role {
    match row.state {
        TransactionState::Declined | TransactionState::Unknown => Role::Caution,
        TransactionState::Failed => Role::Danger,
        TransactionState::Hold => Role::Text,
        TransactionState::Cleared | TransactionState::Reversed => Role::Muted,
    }
}

/// What an operation's state means.
pub(super) const fn state_role(state: OperationState) -> Role {
    match state {
        OperationState::Sent | OperationState::Accepted => Role::Text,
        OperationState::Done => Role::Good,
        OperationState::Failed => Role::Danger,
        OperationState::Unknown => Role::Caution,
    }
}

/// What is known of one row, in full.
fn explanation(model: &Model, row: &Known<'_>, columns: usize) -> Vec<Line> {
    let portfolio = &model.portfolio;
    let time = |at| moment::clock(at, portfolio.now, &portfolio.zone, 12);
    let mut lines: Vec<Line> = Vec::new();
    let mut tell = |role: Role, words: &str| {
        lines.extend(wrap(words, columns).into_iter().map(|line| vec![(role, line)]));
    };
    match row {
        Known::Transaction(row) => {
            let place = row
                .merchant
                .as_deref()
                .map(|merchant| format!(" at {merchant}"))
                .unwrap_or_default();
            let later = row.seen_at.duration_since(row.at).as_secs().max(0);
            tell(
                Role::Heading,
                &format!(
                    "{} {} {}{}{place}",
                    row.state.as_str(),
                    row.kind.as_str(),
                    row.sign(),
                    row.amount
                ),
            );
            tell(Role::Text, &in_words(model, row));
            let utc = row.at.strftime("%H:%M:%SZ");
            tell(
                Role::Muted,
                &format!(
                    "{} here, {utc}; seen by us {} s later, at {}",
                    time(row.at),
                    later,
                    time(row.seen_at)
                ),
            );
            let fee = row.fee.filter(|fee| !fee.amount().is_zero());
            let fee = fee.map(|fee| format!("   fee {fee}")).unwrap_or_default();
            let code = row
                .decline_reason
                .as_deref()
                .map(|code| format!("   code {code}"))
                .unwrap_or_default();
            tell(
                Role::Muted,
                &format!("{} says {}   id {}{code}{fee}", row.provider, row.provider_state, row.id),
            );
            if let Some(description) =
                row.description.as_ref().filter(|words| Some(*words) != row.merchant.as_ref())
            {
                tell(Role::Muted, description);
            }
        }
        Known::Operation(operation) => {
            let card = digits(operation.last4);
            tell(
                Role::Heading,
                &format!("{} of {card} by {}", operation.phrase(), operation.operator),
            );
            tell(
                state_role(operation.state),
                &format!("{}: {}", operation.state.as_str(), story(operation, portfolio.now)),
            );
            tell(
                Role::Muted,
                &format!(
                    "proof: {}   reference {}",
                    operation.proof.sentence(),
                    operation.reference
                ),
            );
        }
    }
    lines
}

/// Totals per currency, and which rows may be missing.
fn foot(model: &Model, columns: usize) -> Vec<Line> {
    let portfolio = &model.portfolio;
    let mut lines: Vec<Line> = vec![Line::new()];
    for total in &model.feed.totals {
        let part = total_words(total);
        let Some(line) = lines.last_mut() else { break };
        if line.is_empty() {
            line.extend(part);
        } else if width(line) + 3 + width(&part) < columns.saturating_sub(1) {
            line.push((Role::Border, if model.theme.ascii { " | " } else { " │ " }.to_owned()));
            line.extend(part);
        } else {
            lines.push(part);
        }
    }
    if lines.len() > MOST_TOTALS {
        // Money that is left out is named: a list of totals without it would be wrong.
        let mut shown = lines;
        shown.truncate(MOST_TOTALS - 1);
        let written: Vec<&str> = shown.iter().flatten().map(|(_, words)| words.as_str()).collect();
        let left_out: Vec<&str> = model
            .feed
            .totals
            .iter()
            .map(|total| total.currency.code())
            .filter(|code| !written.contains(code))
            .collect();
        shown.push(vec![(
            Role::Muted,
            format!("and, for want of room not shown: {}", left_out.join(" ")),
        )]);
        lines = shown;
    }
    if model.feed.totals.is_empty() {
        lines = vec![vec![(Role::Muted, "no money moved in these rows".to_owned())]];
    }
    for health in portfolio.health.values().filter(|health| !is_silent(health.state)) {
        let missing = health.completeness.missing();
        if !missing.is_empty() {
            let to = health
                .completeness
                .complete_to
                .map(|at| moment::clock(at, portfolio.now, &portfolio.zone, 12));
            let to = to.map(|to| format!("complete to {to}; ")).unwrap_or_default();
            lines.push(vec![(Role::Caution, format!("{}: {to}{missing}", health.provider))]);
        }
    }
    for health in portfolio.health.values() {
        if is_silent(health.state) {
            let since = moment::clock(
                health.last_good.unwrap_or(health.since),
                portfolio.now,
                &portfolio.zone,
                12,
            );
            let words = format!(
                "{} is {}: its rows after {since} may be missing",
                health.provider,
                health.state.as_str()
            );
            lines.push(vec![(Role::Caution, words)]);
        }
    }
    lines
}

fn total_words(total: &Total) -> Line {
    let figure =
        |money: Option<Money>| money.map_or_else(|| "too large to sum".to_owned(), Money::grouped);
    let mut words = vec![(Role::Heading, total.currency.code().to_owned())];
    for (label, money) in [("out", total.out), ("in", total.into), ("declined", total.declined)] {
        if money.is_none_or(|money| !money.amount().is_zero()) {
            words.push((Role::Muted, format!(" {label}")));
            words.push((Role::Money, format!(" {}", figure(money))));
        }
    }
    if words.len() == 1 {
        words.push((Role::Money, " 0".to_owned()));
    }
    words
}

/// An empty list says why.
fn why_empty(model: &Model) -> Vec<String> {
    let feed = &model.feed;
    let mut lines = Vec::new();
    if feed.hidden > 0 {
        let again = model.keymap.hint(Command::Back, "shows them again");
        lines.push(format!("The filter hides all {} rows: {again}.", thousands(feed.hidden)));
    } else if feed.range() == "ever" {
        lines.push("No transaction is known yet.".to_owned());
    } else {
        lines.push(format!(
            "Nothing in the last {}: {}.",
            feed.range(),
            model.keymap.hint(Command::Longer, "looks further back")
        ));
    }
    for health in model.portfolio.health.values() {
        if !matches!(health.state, HealthState::Ok | HealthState::Slow) {
            let why = health.why.as_deref().unwrap_or("no reason known");
            lines.push(format!("{} is {}: {why}", health.provider, health.state.as_str()));
        }
    }
    lines
}

/// The row under the cursor as text.
pub(super) fn row_text(model: &Model) -> Option<String> {
    Some(plain(&cells(model, &model.feed.list.selected()?.known(&model.portfolio)?, 12)))
}
