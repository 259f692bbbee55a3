//! How much of the history the rows on screen cover: how far a search is, whether the older rows
//! are loaded, and since when transactions are known. No count claims more.

use jiff::Timestamp;

use super::time::TimeFormat;
use crate::app::cards::Cards;
use crate::app::feed::Feed;
use crate::app::portfolio::Portfolio;
use crate::domain::text::thousands;
use crate::ledger::OrderBy;

/// That the data file has rows which are not in memory yet.
pub(super) const NOT_LOADED: &str = "older ones not loaded yet";

/// How far a search is: `searched 3,000,000 of 10,000,000`; `None` when it is done.
pub(super) fn searched(left: Option<(usize, usize)>) -> Option<String> {
    left.map(|(searched, of)| format!("searched {} of {}", thousands(searched), thousands(of)))
}

/// Whether the list of cards has every card that its filter asks for.
pub(super) fn are_all(cards: &Cards) -> bool {
    let asks = cards.search.filter().asks_related();
    let is_searched = cards.left().is_none() && cards.cards_left().is_none();
    is_searched && cards.is_up_to_date() && (!asks || cards.is_history_loaded())
}

/// Whether the feed shows every row that it is asked for.
pub(super) fn is_whole(feed: &Feed) -> bool {
    feed.left().is_none() && feed.loaded().all()
}

/// How many rows a filter shows, of how many where that is known: `12/345`, `12 so far`.
pub(super) fn shown_of(shown: usize, hidden: usize, between: &str, is_whole: bool) -> String {
    if is_whole {
        format!("{}{between}{}", thousands(shown), thousands(shown + hidden))
    } else {
        format!("{} so far", thousands(shown))
    }
}

/// How far back transactions are complete: `complete from Mar 04 09:12`; `complete_from` is since
/// when they were, and `is_loaded` whether all of the data file were there, when the rows were made.
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
            format!("complete from {}", portfolio.local_time(from, TimeFormat::Full))
        }
        None => "not complete yet".to_owned(),
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
