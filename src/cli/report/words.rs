//! A report as a page in Markdown.

use crate::contract::markdown::{cells, escaped};
use crate::contract::{Report, View};
use crate::domain::card::digits;
use crate::domain::money::Money;
use crate::domain::text::thousands;

/// The page.
pub(super) fn markdown(report: &Report, view: &View) -> String {
    let mut page =
        format!("# Shift from {} to {}\n", view.time(report.since), view.time(report.until));
    page.push_str("\n## Not settled\n\n");
    page.push_str(&open(report, view));
    page.push_str("\n## Changes\n\n");
    page.push_str(&changes(report));
    page.push_str("\n## Declines\n\n");
    page.push_str(&declines(report));
    page.push_str("\n## Float\n\n");
    page.push_str(&float(report, view));
    page.push_str("\n## Outages\n\n");
    page.push_str(&outages(report, view));
    page.push_str("\n## How far this reaches\n\n");
    page.push_str(&read(report, view));
    page
}

fn open(report: &Report, view: &View) -> String {
    let rows = report.open.iter().map(|row| {
        let state = if row.contradicted {
            format!("{}, contradicted", row.state.as_str())
        } else {
            row.state.as_str().to_owned()
        };
        vec![
            view.time(row.at),
            state,
            row.action.phrase().to_owned(),
            row.amount.map(words).unwrap_or_default(),
            format!("{} {}", row.provider, digits(row.last4)),
            row.operation.to_string(),
        ]
    });
    let headings = ["asked", "state", "what", "amount", "card", "operation"];
    table(&headings, rows.collect(), "Nothing: every change that was ever asked is settled.")
}

fn changes(report: &Report) -> String {
    let rows = report.changes.iter().map(|row| {
        vec![
            row.action.phrase().to_owned(),
            row.state.as_str().to_owned(),
            thousands(row.count),
            row.amount.map(words).unwrap_or_default(),
        ]
    });
    table(&["what", "state", "count", "sum"], rows.collect(), "None was asked or settled.")
}

fn declines(report: &Report) -> String {
    let rows = report
        .declines
        .iter()
        .map(|row| vec![row.words.clone(), thousands(row.count), thousands(row.cards)]);
    table(&["why", "count", "cards"], rows.collect(), "None is known.")
}

fn float(report: &Report, view: &View) -> String {
    let Some(float) = &report.float else {
        return "Nobody was asked (--refresh never).\n".to_owned();
    };
    let rows = float.iter().map(|row| {
        let lasts = match (&row.why, row.lasts_hours) {
            (Some(why), _) => format!("could not be read: {why}"),
            (None, Some(hours)) => {
                format!("{} h", thousands(usize::try_from(hours).unwrap_or(usize::MAX)))
            }
            (None, None) if row.taken.is_none() => {
                "not known: not all of the shift was read".to_owned()
            }
            (None, None) => "nothing was taken".to_owned(),
        };
        vec![
            row.provider.to_string(),
            row.amount.map(words).unwrap_or_default(),
            row.as_of.map(|at| view.time(at)).unwrap_or_default(),
            row.taken.map(words).unwrap_or_default(),
            lasts,
        ]
    });
    let headings = ["account", "float", "as of", "top-ups of the shift", "lasts at that rate"];
    table(&headings, rows.collect(), "No account tells one.")
}

/// What was seen, and by whom it could have been seen: nothing is said of other times.
fn outages(report: &Report, view: &View) -> String {
    let rows = report.outages.iter().map(|row| {
        let to = row.to.map_or_else(
            || format!("no good answer was seen since; last seen {}", view.time(row.last_seen)),
            |to| view.time(to),
        );
        vec![row.provider.to_string(), view.time(row.from), to, row.kind.words().to_owned()]
    });
    let headings = ["account", "first failure", "first good answer after it", "what was wrong"];
    let mut text = table(&headings, rows.collect(), "None was seen.");
    text.push_str("\nOutages are seen while a board or `cardtop watch` runs:\n\n");
    let accounts = report.read.iter().map(|row| {
        let mine = report.watched.iter().filter(|watched| watched.provider == row.provider);
        let times: Vec<String> = mine
            .map(|watched| {
                let (from, to) = (watched.stretch.from, watched.stretch.to);
                format!("{} to {}", view.time(from), view.time(to))
            })
            .collect();
        let ran = if times.is_empty() { "not in this shift".to_owned() } else { times.join("; ") };
        vec![row.provider.to_string(), ran]
    });
    text.push_str(&table(&["account", "one ran"], accounts.collect(), "No account was asked for."));
    text
}

fn read(report: &Report, view: &View) -> String {
    let rows = report.read.iter().map(|row| {
        let complete = if row.is_incomplete() {
            "not all of the shift"
        } else if row.gaps > 0 {
            "the shift but for gaps"
        } else {
            "the shift"
        };
        let as_of = row.as_of.map_or_else(|| "never read".to_owned(), |at| view.time(at));
        vec![row.provider.to_string(), as_of, complete.to_owned()]
    });
    table(&["account", "transactions as of", "has"], rows.collect(), "No account was asked for.")
}

fn words(amount: Money) -> String {
    format!("{} {}", amount.grouped(), amount.currency())
}

fn table(headings: &[&str], rows: Vec<Vec<String>>, nothing: &str) -> String {
    if rows.is_empty() {
        return format!("{}\n", escaped(nothing));
    }
    let rule: String = headings.iter().map(|_| "|---").collect();
    let lines: String = rows.into_iter().map(cells).collect();
    format!("| {} |\n{rule}|\n{lines}", headings.join(" | "))
}
