//! Under a filter while it is typed: what is wrong with it, what it may become, what it means.

use super::extent::{self, known_in_memory};
use super::line::{Line, width};
use super::role::Role;
use crate::app::Model;
use crate::app::layout::Pane;
use crate::app::search::Search;
use crate::contract::filter::{Rows, field_names};
use crate::domain::filter::FilterError;
use crate::domain::text::{self, thousands};

/// The rows of a pane that has a filter.
pub(super) const fn rows(pane: Pane) -> Option<Rows> {
    match pane {
        Pane::Cards => Some(Rows::Cards),
        Pane::Feed => Some(Rows::Feed),
        Pane::Activity => Some(Rows::Operations),
        Pane::Detail | Pane::Providers => None,
    }
}

/// The names of the fields that the filter of the focused pane knows.
pub(super) fn fields(model: &Model) -> String {
    rows(model.screen.focus).map(|rows| field_names(rows).join(" ")).unwrap_or_default()
}

/// What is wrong with the filter, with a caret under the error; else what the word under the cursor
/// may become, else what the filter means. `hidden` columns of it are out of sight on the left.
pub(crate) fn help(model: &Model, search: &Search, hidden: usize, columns: usize) -> Line {
    let (offers, chosen) = search.offers();
    if let Some(error) = search.error() {
        return mistake(search, error, hidden, columns);
    }
    let mut line = Line::new();
    if let Some(word) = search.half_written() {
        line.push((Role::Muted, format!("  no row has {word} yet")));
    } else if search.filter().asks_related() {
        let mut count = thousands(model.panes.cards.list.len());
        if !extent::are_all(&model.panes.cards, &model.portfolio) {
            count.push_str(" so far");
        }
        let cards = &model.panes.cards;
        let (from, is_loaded) = (cards.complete_from(), cards.is_history_loaded());
        let known = known_in_memory(&model.portfolio, from, is_loaded);
        let text = format!("  cards with such a transaction ({count}); transactions {known}");
        line.push((Role::Muted, text));
    }
    let label = if line.is_empty() { "" } else { "  Tab:" };
    let room = columns.saturating_sub(width(&line) + text::width(label) + 2);
    if !offers.is_empty() && (line.is_empty() || room > LEAST_OFFERS) {
        line.push((Role::Muted, label.to_owned()));
        line.extend(offered(offers, chosen, room));
    }
    if !line.is_empty() {
        return line;
    }
    let text = if search.text().trim().is_empty() && search.chip().is_some() {
        "  the filter that is on stays until something is typed here"
    } else {
        "  word  field:value  field:~part  a|b  amount>20  -not  or  ( )  since:8h"
    };
    vec![(Role::Muted, text.to_owned())]
}

/// Fewer columns are too few for offers beside other words.
const LEAST_OFFERS: usize = 16;

/// What is wrong, with a caret under it, and what to write instead.
fn mistake(search: &Search, error: &FilterError, hidden: usize, columns: usize) -> Line {
    let (offers, chosen) = search.offers();
    let sentence = format!("^ {}", error.message);
    let room = columns.saturating_sub(text::width(&sentence) + 6);
    // Where a value is missing, what it may be says more than that it is.
    let more = if offers.is_empty() {
        let advice = error.advice.as_ref().map(|advice| format!(": {advice}"));
        vec![(Role::Muted, format!("  not applied{}", advice.unwrap_or_default()))]
    } else {
        offered(offers, chosen, room)
    };
    let before = search.text().get(..error.at).map_or(0, text::width).saturating_sub(hidden);
    let blanks = " ".repeat(before.min(room.saturating_sub(width(&more).min(20))));
    let start = [(Role::Text, format!("  {blanks}")), (Role::Danger, sentence)];
    start.into_iter().chain(more).collect()
}

/// Offers side by side, and how many more there are. The one that stands in the line is always
/// among those that are shown.
fn offered(offers: &[String], chosen: Option<usize>, columns: usize) -> Line {
    const MORE: usize = 10;
    let wide = |offer: &String| text::width(offer) + 2;
    let fits = |from: usize| {
        let mut used = MORE;
        let mut count = 0;
        for offer in offers.iter().skip(from) {
            used += wide(offer);
            if used > columns {
                break;
            }
            count += 1;
        }
        count.max(1)
    };
    let all = offers.iter().map(wide).sum::<usize>() <= columns;
    let mut from = 0;
    while !all && chosen.is_some_and(|chosen| from + fits(from) <= chosen) {
        from += 1;
    }
    let count = if all { offers.len() } else { fits(from) };
    let shown = offers.iter().enumerate().skip(from).take(count);
    let mut line: Line = shown
        .map(|(index, offer)| {
            let role = if chosen == Some(index) { Role::Key } else { Role::Muted };
            (role, format!("  {offer}"))
        })
        .collect();
    if offers.len() > count {
        line.push((Role::Muted, format!("  +{} more", offers.len() - count)));
    }
    line
}
