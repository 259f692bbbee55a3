//! How much of the history the rows on screen cover: how far a search is, whether the older rows
//! are loaded, and since when transactions are known. No count claims more.

use jiff::Timestamp;

use super::time::TimeFormat;
use crate::app::Model;
use crate::app::cards::Cards;
use crate::app::command::Command;
use crate::app::feed::{Behind, Feed, MOST_FOUND};
use crate::app::portfolio::Portfolio;
use crate::domain::text::thousands;
use crate::ledger::OrderBy;

/// That the data file has rows which are not in memory yet.
pub(super) const NOT_LOADED: &str = "older ones not loaded yet";

/// That the data file may have rows which are older than those in memory.
pub(super) const NOT_IN_MEMORY: &str = "older ones in the data file";

/// How far a search is: `searched 3,000,000 of 10,000,000`; `None` when it is done.
pub(super) fn searched(left: Option<(usize, usize)>) -> Option<String> {
    left.map(|(searched, of)| format!("searched {} of {}", thousands(searched), thousands(of)))
}

/// Whether the list of cards has every card that its filter asks for.
pub(super) fn are_all(cards: &Cards, portfolio: &Portfolio) -> bool {
    let asks = cards.search.filter().asks_related();
    let is_searched = cards.left().is_none() && cards.cards_left().is_none();
    let is_loaded = cards.is_history_loaded() && portfolio.older.from().is_none();
    is_searched && cards.is_up_to_date() && (!asks || is_loaded)
}

/// Whether the feed shows every row that it is asked for.
pub(super) fn is_whole(feed: &Feed, portfolio: &Portfolio) -> bool {
    let (is_searched, behind) = (feed.left().is_none(), feed.behind(portfolio));
    is_searched && feed.loaded().all() && matches!(behind, Behind::Nothing | Behind::Searched)
}

/// How many rows of the data file are not in memory: `9,000,000 older`.
pub(super) fn older(portfolio: &Portfolio) -> String {
    let (count, is_more) = portfolio.older.count();
    format!("{}{} older", thousands(count), if is_more { "+" } else { "" })
}

/// What the feed shows of the rows that are older than those in memory: the longest form first;
/// empty where nothing has to be said.
pub(super) fn behind(model: &Model) -> Vec<String> {
    let (portfolio, keymap) = (&model.portfolio, &model.keymap);
    let older = older(portfolio);
    let (count, is_more) = portfolio.older.count();
    let count = format!("{}{}", thousands(count), if is_more { "+" } else { "" });
    let far = |visited: usize, reached: Option<Timestamp>| {
        let back = reached.map(|at| portfolio.local_time(at, TimeFormat::Full));
        let back = back.map(|at| format!(", back to {at}")).unwrap_or_default();
        let of = format!("{} of {count} in the data file", thousands(visited));
        [format!("{of}{back}"), of, format!("{} of {count}", thousands(visited))]
    };
    let with = |begin: &str, far: [String; 3], end: &str| {
        let [first, second, third] = far;
        vec![
            format!("{begin} {first} ({end})"),
            format!("{begin} {second} ({end})"),
            format!("{begin} {second}"),
            format!("{begin} {third}"),
        ]
    };
    match model.panes.feed.behind(portfolio) {
        Behind::Nothing => Vec::new(),
        Behind::Searched => vec!["data file searched".to_owned()],
        Behind::NotSearched { starts } => {
            let searches = if starts {
                "Enter searches them".to_owned()
            } else {
                keymap.hint(Command::Last, "searches them")
            };
            vec![
                format!("{older} in the data file ({searches})"),
                format!("{older} in the data file"),
                older,
            ]
        }
        Behind::Searching { visited, reached } => {
            with("searched", far(visited, reached), &keymap.hint(Command::Back, "stops"))
        }
        Behind::Stopped { visited, reached } => {
            with("stopped at", far(visited, reached), &keymap.hint(Command::Last, "goes on"))
        }
        Behind::Cut { reached } => {
            let back = reached.map(|at| portfolio.local_time(at, TimeFormat::Full));
            let back = back.map(|at| format!(" back to {at}")).unwrap_or_default();
            let most = thousands(MOST_FOUND);
            vec![
                format!(
                    "cut at {most} found in the data file{back}: narrow the filter or the time"
                ),
                format!("cut at {most} found{back}: narrow the filter or the time"),
                format!("cut at {most} found"),
            ]
        }
        Behind::Failed(why) => {
            vec![format!("{older} not searched: {why}"), format!("{older} not searched")]
        }
    }
}

/// How many rows a filter shows, of how many where that is known: `12/345`, `12 so far`.
pub(super) fn shown_of(shown: usize, hidden: usize, between: &str, is_whole: bool) -> String {
    if is_whole {
        format!("{}{between}{}", thousands(shown), thousands(shown + hidden))
    } else {
        format!("{} so far", thousands(shown))
    }
}

/// How far back transactions are complete: `complete from Mar 04 09:12 but for 2 gaps`. As of when
/// the rows were made: `complete_from` is since when they were, `is_loaded` whether all of the data
/// file were there.
pub(super) fn known(
    portfolio: &Portfolio,
    complete_from: Option<Timestamp>,
    is_loaded: bool,
) -> String {
    if !is_loaded {
        return format!("known in part, {NOT_LOADED}");
    }
    match complete_from {
        Some(from) => {
            let but = but_for(portfolio.covered().gaps(from));
            format!("complete from {}{but}", portfolio.local_time(from, TimeFormat::Full))
        }
        None => "not complete yet".to_owned(),
    }
}

/// How many times lack rows of what is complete otherwise: ` but for 2 gaps`, or nothing.
pub(super) fn but_for(gaps: usize) -> String {
    match gaps {
        0 => String::new(),
        1 => " but for 1 gap".to_owned(),
        several => format!(" but for {} gaps", thousands(several)),
    }
}

/// The same of rows in memory alone, where that is less: `in memory from Mar 04, 9,000 older not
/// searched`.
pub(super) fn known_in_memory(
    portfolio: &Portfolio,
    complete_from: Option<Timestamp>,
    is_loaded: bool,
) -> String {
    match portfolio.older.from().filter(|_| is_loaded) {
        Some(from) => {
            let from = portfolio.local_time(from, TimeFormat::Full);
            format!("in memory from {from}{}", not_searched(portfolio))
        }
        None => known(portfolio, complete_from, is_loaded),
    }
}

/// What is left out by who looks at rows in memory alone: `, 9,000,000 older not searched`.
pub(super) fn not_searched(portfolio: &Portfolio) -> String {
    match portfolio.older.from() {
        Some(_) => format!(", {} not searched", older(portfolio)),
        None => String::new(),
    }
}

/// What the feed is sorted by, in the word of its column.
pub(super) const fn column(by: OrderBy) -> &'static str {
    match by {
        OrderBy::Time => "time",
        OrderBy::Provider => "provider",
        OrderBy::Card => "card",
        OrderBy::Holder => "holder",
        OrderBy::What => "what",
        OrderBy::Amount => "amount",
        OrderBy::Currency => "currency",
        OrderBy::Merchant => "merchant",
        OrderBy::Words => "meaning",
    }
}

/// Of how many cards something was pushed that was not read yet.
pub(super) fn pushed(portfolio: &Portfolio) -> String {
    match portfolio.accounts.pushed.len() {
        0 => String::new(),
        1 => ", a push not read yet".to_owned(),
        cards => format!(", pushes of {} cards not read yet", thousands(cards)),
    }
}
