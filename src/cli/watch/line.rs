//! News as lines: JSON for programs, words for people.

use super::feed::News;
use crate::cli::global::Format;
use crate::contract::{Heartbeat, Row, View, json};
use crate::domain::card::{Card, digits};
use crate::domain::operation::Operation;
use crate::domain::transaction::Transaction;

/// A line about news; `None` for what is no line of the feed.
pub(super) fn of_news(news: &News, holder: &str, format: Format, view: &View) -> Option<String> {
    let line = match (news, format) {
        (News::Transaction(row, before), Format::Json) => {
            json::typed("transaction", Row { record: &**row, holder }, before)
        }
        (News::Card(card, before), Format::Json) => json::typed("card", &**card, before),
        (News::Operation(operation, before), Format::Json) => {
            json::typed("operation", &**operation, before)
        }
        (News::Health(health, before), Format::Json) => json::typed("health", health, before),
        (News::Transaction(row, before), Format::Table | Format::Csv) => {
            let was = before.was.map(str::to_owned).into_iter();
            let was = was.chain(before.amount.map(|amount| amount.grouped()));
            transaction(row, holder, &was.collect::<Vec<_>>(), view)
        }
        (News::Card(card, before), Format::Table | Format::Csv) => {
            format!("{}{}", of_card(card, view), was(before.was))
        }
        (News::Operation(operation, before), Format::Table | Format::Csv) => {
            format!("{}{}", of_operation(operation, view), was(before.was))
        }
        (News::Health(health, before), Format::Table | Format::Csv) => {
            let why = health.error.as_deref().map(|why| format!(": {why}")).unwrap_or_default();
            let (at, name) = (view.time(health.since), health.provider.name());
            format!("{at}  health       {name}  {}{}{why}", health.state, was(before.was))
        }
        (News::Trouble(_) | News::Begun, _) => return None,
    };
    Some(line + "\n")
}

/// A line that says how complete the feed is.
pub(super) fn of_heartbeat(heartbeat: &Heartbeat, format: Format, view: &View) -> String {
    if format == Format::Json {
        return json::typed("heartbeat", heartbeat, &()) + "\n";
    }
    let to = match heartbeat.as_of {
        Some(at) => format!("complete to {}", view.time(at)),
        None => "not complete yet".to_owned(),
    };
    let stale = heartbeat.accounts.iter().filter(|account| account.stale).map(|account| {
        let why = account.error.as_deref().map(|why| format!(" ({why})")).unwrap_or_default();
        let read = match account.as_of {
            Some(at) => format!("read up to {}", view.time(at)),
            None => "not read to its end yet".to_owned(),
        };
        format!("{} {} STALE, {read}{why}", account.provider, account.state)
    });
    let parts: Vec<String> = std::iter::once(to).chain(stale).collect();
    format!("{}  heartbeat    {}\n", view.time(heartbeat.at), parts.join("; "))
}

fn transaction(row: &Transaction, holder: &str, was: &[String], view: &View) -> String {
    let amount = format!("{}{} {}", row.sign(), row.amount.grouped(), row.amount.currency());
    let merchant = row.merchant.as_deref().unwrap_or_default();
    let (time, what, plain) = (view.time(row.at), row.what(), row.in_plain_words());
    let parts = [row.provider.name(), &digits(row.last4), holder, what, &amount, merchant, &plain];
    let mut line = format!("{time}  transaction  {}", joined(&parts));
    if !was.is_empty() {
        line.push_str(&format!("  (was {})", was.join(" ")));
    }
    line
}

fn of_card(card: &Card, view: &View) -> String {
    let time = card.state_at.map(|at| view.time(at)).unwrap_or_default();
    let key = card.key.to_string();
    let parts = [&*key, &card.digits(), &card.holder, card.state.as_str()];
    format!("{time}  card         {}", joined(&parts))
}

fn of_operation(operation: &Operation, view: &View) -> String {
    let (key, id) = (operation.card.to_string(), operation.id.to_string());
    let parts = [
        &*key,
        &digits(operation.last4),
        &operation.phrase(),
        &id,
        operation.state.as_str(),
        operation.detail.as_deref().unwrap_or_default(),
    ];
    format!("{}  operation    {}", view.time(operation.updated_at), joined(&parts))
}

fn was(state: Option<&str>) -> String {
    state.map(|state| format!("  (was {state})")).unwrap_or_default()
}

/// The parts that say something.
fn joined(parts: &[&str]) -> String {
    let parts: Vec<&str> = parts.iter().copied().filter(|part| !part.is_empty()).collect();
    parts.join("  ")
}
