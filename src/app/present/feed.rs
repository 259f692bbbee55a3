//! The feed in words: its columns, its titles, the explanation of a row, the totals, and what may
//! be missing.

use jiff::Timestamp;

use super::line::{Line, paragraph, separator, width};
use super::role::Role;
use super::table::{Cell, Column, Context, Holds, figures, plain, times, whole, words};
use super::time::TimeFormat;
use super::title::{Title, order};
use super::{decline, extent, operation, transaction};
use crate::app::Model;
use crate::app::command::Command;
use crate::app::entry::Known;
use crate::app::feed::{Behind, Feed, Range};
use crate::app::layout::Pane;
use crate::app::portfolio::Portfolio;
use crate::domain::completeness::Completeness;
use crate::domain::money::Money;
use crate::domain::operation::Operation;
use crate::domain::text::thousands;
use crate::domain::transaction::Transaction;
use crate::engine::HealthState;
use crate::ledger::{Order, OrderBy, Total};

/// The columns of the table.
pub(crate) const fn columns<'a>() -> &'a [Column<Known<'a>>] {
    const {
        &[
            Column { title: "Time", width: times(), hide_order: 0, cell: time },
            Column { title: "Card", width: whole(6, 6), hide_order: 0, cell: digits },
            Column {
                title: "Holder|Who",
                width: words(10, 14, 28).holding(Holds::Holders),
                hide_order: 3,
                cell: holder,
            },
            Column { title: "What", width: whole(8, 8), hide_order: 0, cell: what },
            Column {
                title: "Amount",
                width: figures(9, 9).holding(Holds::Amounts),
                hide_order: 0,
                cell: amount,
            },
            Column { title: "Ccy", width: whole(3, 3), hide_order: 0, cell: currency },
            Column {
                title: "Merchant or op|Merchant|For",
                width: words(8, 18, 40),
                hide_order: 0,
                cell: merchant,
            },
            Column { title: "MCC", width: whole(4, 4), hide_order: 6, cell: mcc },
            Column { title: "Ctry", width: whole(4, 4), hide_order: 7, cell: country },
            Column {
                title: "In plain words|Meaning|Why",
                width: words(12, 30, 60).holding(Holds::Sums),
                hide_order: 0,
                cell: meaning,
            },
            Column {
                title: "Provider code|Code",
                width: words(13, 16, 40),
                hide_order: 8,
                cell: provider_code,
            },
        ]
    }
}

/// When it happened; also a column of the timeline of one card.
pub(super) fn time(context: &Context<'_>, row: &Known<'_>) -> Cell {
    (Role::Muted, context.portfolio.local_time(row.at(), context.time))
}

fn digits(context: &Context<'_>, row: &Known<'_>) -> Cell {
    let last4 = match row {
        Known::Transaction(row) => row
            .last4
            .or_else(|| context.portfolio.cards.record(&row.card()?).and_then(|card| card.last4())),
        Known::Operation(operation) => operation.last4,
    };
    (Role::Text, crate::domain::card::digits(last4))
}

fn holder(context: &Context<'_>, row: &Known<'_>) -> Cell {
    let holder = row.card().map(|card| context.portfolio.holder(&card).to_owned());
    (Role::Text, holder.unwrap_or_default())
}

/// `DECLINED`, `TOP-UP`; also a column of the timeline.
pub(super) fn what(_: &Context<'_>, row: &Known<'_>) -> Cell {
    match row {
        Known::Transaction(row) => (transaction::state_role(row), row.what().to_owned()),
        Known::Operation(operation) => {
            (operation::state_role(operation.state), operation.action_kind.phrase().to_uppercase())
        }
    }
}

/// The amount with its sign; also a column of the timeline.
pub(super) fn amount(_: &Context<'_>, row: &Known<'_>) -> Cell {
    let text = match row {
        Known::Transaction(row) => format!("{}{}", row.sign(), row.amount.grouped()),
        Known::Operation(operation) => {
            operation.amount.map(|amount| format!("+{}", amount.grouped())).unwrap_or_default()
        }
    };
    (Role::Money, text)
}

fn currency(_: &Context<'_>, row: &Known<'_>) -> Cell {
    let amount = match row {
        Known::Transaction(row) => Some(row.amount),
        Known::Operation(operation) => operation.amount,
    };
    (Role::Muted, amount.map(|amount| amount.currency().code().to_owned()).unwrap_or_default())
}

/// Where, or which operation; also a column of the timeline.
pub(super) fn merchant(context: &Context<'_>, row: &Known<'_>) -> Cell {
    let text = match row {
        Known::Transaction(row) => transaction::merchant(context.portfolio, row),
        Known::Operation(operation) => operation::name(operation),
    };
    (Role::Text, text)
}

fn mcc(_: &Context<'_>, row: &Known<'_>) -> Cell {
    of_transaction(row, |row| row.mcc.as_deref())
}

fn country(_: &Context<'_>, row: &Known<'_>) -> Cell {
    of_transaction(row, |row| row.country.as_deref())
}

fn provider_code(_: &Context<'_>, row: &Known<'_>) -> Cell {
    of_transaction(row, |row| row.decline_reason.as_deref())
}

/// What only transactions have.
fn of_transaction(row: &Known<'_>, field: impl Fn(&Transaction) -> Option<&str>) -> Cell {
    let text = match row {
        Known::Transaction(row) => field(row).unwrap_or("").to_owned(),
        Known::Operation(_) => String::new(),
    };
    (Role::Muted, text)
}

fn meaning(context: &Context<'_>, row: &Known<'_>) -> Cell {
    let portfolio = context.portfolio;
    match row {
        Known::Transaction(row) => {
            let text = if context.brief {
                transaction::in_few_words(portfolio, row, context.time)
            } else {
                transaction::in_words(portfolio, row, context.time)
            };
            (Role::Text, text)
        }
        Known::Operation(operation) => {
            (operation::state_role(operation.state), operation::story(operation, portfolio))
        }
    }
}

/// Whether rows come, how many are shown, and since when.
pub(crate) fn title(model: &Model) -> Title {
    let (feed, portfolio) = (&model.panes.feed, &model.portfolio);
    let (shown, hidden) = (feed.list.len(), feed.hidden());
    let mut title = Title::of_filtered(model, Pane::Feed, shown, hidden);
    title.set_count(extent::shown_of(shown, hidden, "/", extent::is_whole(feed, portfolio)));
    if let Some(searched) = extent::searched(feed.left()) {
        title.add(order::LIVE, format!("  {searched}"));
    }
    match model.paused {
        Some(since) => {
            let at = portfolio.local_time(since, TimeFormat::Full);
            let waiting = thousands(feed.waiting);
            let resume = model.keymap.hint(Command::Pause, "resume");
            title.add_forms(vec![
                (order::WORDS, format!("  PAUSED at {at}, {waiting} new waiting ({resume})")),
                (order::LIVE, format!("  PAUSED, {waiting} new waiting")),
            ]);
        }
        None => {
            title.add(order::LIVE, format!("  {}", live(portfolio)));
            // What is newest is at the top in the order of time alone.
            if feed.order() == Order::default() {
                let follow = if feed.follow {
                    ", follow".to_owned()
                } else {
                    format!(" ({})", model.keymap.hint(Command::Follow, "follow"))
                };
                title.add(order::ORDER, follow);
            }
        }
    }
    if !feed.loaded().all() {
        title.add(order::STATE, format!(", {}", extent::NOT_LOADED));
    }
    add_behind(&mut title, model);
    if feed.order().by != OrderBy::Time && !portfolio.operations.is_empty() {
        title.add(order::STATE, ", without operations".to_owned());
    }
    title.add(order::STATE, extent::pushed(portfolio));
    title.add(order::STATE, not_read(portfolio));
    let reversed = if feed.is_reversed() { " reversed" } else { "" };
    let sort = format!("sort {}{reversed}", extent::column(feed.order().by));
    title.add_right(vec![(order::ORDER, sort)]);
    title.add_right(range(feed, portfolio));
    title.add_right(vec![(order::WORDS, "all cards".to_owned())]);
    title
}

/// What is shown of the rows that are older than those in memory.
fn add_behind(title: &mut Title, model: &Model) {
    let forms = extent::behind(model);
    let last = forms.len().saturating_sub(1);
    let order = |index| match index {
        index if index == last => order::STATE,
        0 => order::ORDER,
        1 => order::RANGE,
        _ => order::MEANING,
    };
    let forms = forms.into_iter().enumerate();
    title.add_forms(forms.map(|(index, words)| (order(index), format!(", {words}"))).collect());
}

/// Which time is shown; where that is more than is known, how far that goes back.
fn range(feed: &Feed, portfolio: &Portfolio) -> Vec<(u8, String)> {
    let since = match feed.range() {
        Range::Last(word) => return vec![(order::RANGE, format!("since {word}"))],
        Range::Ever | Range::OfFilter(None) => None,
        Range::OfFilter(Some(at)) => Some(at),
    };
    let words = since.map_or_else(
        || "all time".to_owned(),
        |at| format!("since {}", portfolio.local_time(at, TimeFormat::Full)),
    );
    let is_loaded = feed.loaded().transactions;
    if !is_loaded {
        return vec![(order::RANGE, words)];
    }
    let complete_from = feed.complete_from();
    let known = extent::known(portfolio, complete_from, is_loaded);
    let gaps = portfolio.covered().gaps(since.unwrap_or(Timestamp::MIN));
    let whole = match since.filter(|at| complete_from.is_some_and(|from| from <= *at)) {
        Some(_) if gaps == 0 => return vec![(order::RANGE, words)],
        Some(_) => format!("{words}, complete{}", extent::but_for(gaps)),
        None if gaps == 0 => format!("{words}, {known}"),
        // The filter itself says what it asks for.
        None => known,
    };
    vec![(order::RANGE, whole), (order::RANGE - 1, words)]
}

/// Whether new rows come: `live`, `live without enkash`, `LAST KNOWN`.
fn live(portfolio: &Portfolio) -> String {
    let silent: Vec<&str> = portfolio
        .accounts
        .health
        .values()
        .filter(|health| is_silent(health.state))
        .map(|health| health.provider.name())
        .collect();
    match silent.as_slice() {
        [] => "live".to_owned(),
        all if all.len() == portfolio.accounts.providers.len() => "LAST KNOWN".to_owned(),
        [provider] => format!("live without {provider}"),
        several => format!("live without {} providers", several.len()),
    }
}

/// What could not be read, in a few words; empty when all was. Silent providers are named
/// elsewhere.
fn not_read(portfolio: &Portfolio) -> String {
    let read = portfolio.accounts.health.values().filter(|health| !is_silent(health.state));
    let counts = Completeness::counts_of(read.map(|health| &health.completeness));
    if counts.is_empty() { String::new() } else { format!(", not read: {}", counts.join(", ")) }
}

/// Whether a provider in this state sends no new rows.
const fn is_silent(state: HealthState) -> bool {
    match state {
        HealthState::Down | HealthState::Paused | HealthState::Auth | HealthState::Waiting => true,
        HealthState::Ok | HealthState::Slow => false,
    }
}

/// What is known of one row, in full.
pub(crate) fn explanation(portfolio: &Portfolio, row: &Known<'_>, columns: usize) -> Vec<Line> {
    let paragraphs = match row {
        Known::Transaction(row) => explained_transaction(portfolio, row),
        Known::Operation(operation) => explained_operation(portfolio, operation),
    };
    paragraphs.iter().flat_map(|(role, text)| paragraph(*role, text, columns)).collect()
}

fn explained_transaction(portfolio: &Portfolio, row: &Transaction) -> Vec<(Role, String)> {
    let time = |at| portfolio.local_time(at, TimeFormat::Full);
    let merchant =
        row.merchant.as_deref().map(|merchant| format!(" at {merchant}")).unwrap_or_default();
    let heading = format!(
        "{} {} {}{}{merchant}",
        row.state.as_str(),
        row.kind.as_str(),
        row.sign(),
        row.amount
    );
    let later = row.seen_at.duration_since(row.at).as_secs().max(0);
    let utc = row.at.strftime("%H:%M:%SZ");
    let times = format!(
        "{} here, {utc}; seen by us {later} s later, at {}",
        time(row.at),
        time(row.seen_at)
    );
    let fee = row.fee.filter(|fee| !fee.amount().is_zero());
    let fee = fee.map(|fee| format!("   fee {fee}")).unwrap_or_default();
    let code =
        row.decline_reason.as_deref().map(|code| format!("   code {code}")).unwrap_or_default();
    let sent = format!("{} says {}   id {}{code}{fee}", row.provider, row.provider_state, row.id);
    let mut paragraphs = vec![
        (Role::Heading, heading),
        (Role::Text, transaction::in_words(portfolio, row, TimeFormat::Full)),
        (Role::Muted, times),
        (Role::Muted, sent),
    ];
    let shown = [row.merchant.as_ref(), row.decline_reason.as_ref()];
    if let Some(description) = row.description.as_ref().filter(|it| !shown.contains(&Some(it))) {
        paragraphs.push((Role::Muted, description.to_string()));
    }
    if let Some((say, verified)) = decline::sentences(portfolio, row) {
        paragraphs.push((Role::Text, format!("say '{say}'")));
        paragraphs.extend(verified.map(|text| (Role::Text, format!("once verified '{text}'"))));
    }
    paragraphs
}

fn explained_operation(portfolio: &Portfolio, operation: &Operation) -> Vec<(Role, String)> {
    let card = crate::domain::card::digits(operation.last4);
    let story = operation::story(operation, portfolio);
    let proof = operation::proof(portfolio, operation);
    vec![
        (Role::Heading, format!("{} of {card} by {}", operation.phrase(), operation.operator)),
        (operation::state_role(operation.state), format!("{}: {story}", operation.state.as_str())),
        (Role::Muted, format!("proof: {proof}   reference {}", operation.reference)),
    ]
}

/// Most lines that the totals take.
const MOST_TOTALS: usize = 4;

/// What follows a count of rows of which there may be more.
pub(crate) fn so_far(model: &Model) -> &'static str {
    let is_whole = extent::is_whole(&model.panes.feed, &model.portfolio);
    if is_whole { "" } else { " so far" }
}

/// What the totals are of.
pub(crate) fn foot_title(model: &Model) -> &'static str {
    let feed = &model.panes.feed;
    if extent::is_whole(feed, &model.portfolio) {
        "Totals of this list"
    } else if feed.left().is_some() || !feed.loaded().all() {
        "Totals so far, more rows follow"
    } else if feed.found_older() > 0 {
        "Totals of the rows in memory, without those of the data file"
    } else {
        "Totals of the rows in memory"
    }
}

/// Totals per currency, and which rows may be missing.
pub(crate) fn foot(model: &Model, columns: usize) -> Vec<Line> {
    let mut lines = totals(&model.panes.feed.totals(&model.portfolio), columns);
    lines.extend(missing_rows(&model.portfolio));
    lines
}

/// Totals side by side where they fit.
fn totals(totals: &[Total], columns: usize) -> Vec<Line> {
    let mut lines: Vec<Line> = vec![Line::new()];
    for total in totals {
        let part = total_line(total);
        let Some(line) = lines.last_mut() else { break };
        if line.is_empty() {
            line.extend(part);
        } else if width(line) + 3 + width(&part) < columns.saturating_sub(1) {
            line.push(separator());
            line.extend(part);
        } else {
            lines.push(part);
        }
    }
    if totals.is_empty() {
        return vec![vec![(Role::Muted, "no money moved in these rows".to_owned())]];
    }
    if lines.len() > MOST_TOTALS {
        // Money that is left out is named: a list of totals without it would be wrong.
        lines.truncate(MOST_TOTALS - 1);
        let written: Vec<&str> = lines.iter().flatten().map(|(_, text)| text.as_str()).collect();
        let left_out: Vec<&str> = totals
            .iter()
            .map(|total| total.currency.code())
            .filter(|code| !written.contains(code))
            .collect();
        let text = format!("and, for want of room not shown: {}", left_out.join(" "));
        lines.push(vec![(Role::Muted, text)]);
    }
    lines
}

fn total_line(total: &Total) -> Line {
    let figure =
        |money: Option<Money>| money.map_or_else(|| "too large to sum".to_owned(), Money::grouped);
    let mut line = vec![(Role::Heading, total.currency.code().to_owned())];
    for (label, money) in [("out", total.out), ("in", total.into), ("declined", total.declined)] {
        if money.is_none_or(|money| !money.amount().is_zero()) {
            line.push((Role::Muted, format!(" {label}")));
            line.push((Role::Money, format!(" {}", figure(money))));
        }
    }
    if line.len() == 1 {
        line.push((Role::Money, " 0".to_owned()));
    }
    line
}

/// First providers that answer and whose rows were not all read, then those that are silent.
fn missing_rows(portfolio: &Portfolio) -> Vec<Line> {
    let time = |at| portfolio.local_time(at, TimeFormat::Full);
    let (silent, read): (Vec<_>, Vec<_>) =
        portfolio.accounts.health.values().partition(|health| is_silent(health.state));
    let read = read.into_iter().filter_map(|health| {
        let missing = health.completeness.missing();
        let to = health.completeness.complete_to.map(time);
        let to = to.map(|to| format!("complete to {to}; ")).unwrap_or_default();
        (!missing.is_empty()).then(|| format!("{}: {to}{missing}", health.provider))
    });
    let silent = silent.into_iter().map(|health| {
        let since = time(health.last_good.unwrap_or(health.since));
        let state = health.state.as_str();
        format!("{} is {state}: its rows after {since} may be missing", health.provider)
    });
    read.chain(silent).map(|text| vec![(Role::Caution, text)]).collect()
}

/// Why no row is shown.
pub(crate) fn why_empty(model: &Model) -> Vec<String> {
    let feed = &model.panes.feed;
    let mut lines = Vec::new();
    if let Some(searched) = extent::searched(feed.left()) {
        lines.push(format!("No such row so far: {searched}."));
    } else if feed.hidden() > 0 {
        let again = model.keymap.hint(Command::Back, "shows them again");
        lines.push(format!("The filter hides all {} rows: {again}.", thousands(feed.hidden())));
    } else {
        lines.push(match feed.range() {
            Range::Ever => "No transaction is known yet.".to_owned(),
            Range::OfFilter(_) => {
                let portfolio = &model.portfolio;
                let again = model.keymap.hint(Command::Back, "clears the filter");
                format!(
                    "Nothing in the time that the filter names ({}): {again}.",
                    extent::known(portfolio, feed.complete_from(), feed.loaded().transactions)
                )
            }
            Range::Last(word) => {
                let longer = model.keymap.hint(Command::Longer, "looks further back");
                format!("Nothing in the last {word}: {longer}.")
            }
        });
    }
    if feed.behind(&model.portfolio) != Behind::Searched
        && let Some(behind) = extent::behind(model).into_iter().next()
    {
        lines.push(format!("That is so of the rows in memory; {behind}."));
    }
    if !feed.loaded().all() {
        lines.push(format!("There may be more: {}.", extent::NOT_LOADED));
    }
    for health in model.portfolio.accounts.health.values().filter(|health| is_silent(health.state))
    {
        let why = health.why.as_deref().unwrap_or("no reason known");
        lines.push(format!("{} is {}: {why}", health.provider, health.state.as_str()));
    }
    lines
}

/// The row under the cursor as plain text.
pub(super) fn row_text(model: &Model) -> Option<String> {
    let row = model.panes.feed.list.selected()?.known(&model.portfolio)?;
    Some(plain(columns(), &model.portfolio, &row))
}
