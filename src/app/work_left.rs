//! What the messages so far have left to be done.

use super::Model;

/// What is left to be done. Each message does a part of it, and where there is no other,
/// [`Msg::Continue`](super::Msg::Continue).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WorkLeft {
    /// All was done.
    Nothing,
    /// Cards that were read get their places.
    News,
    /// A search or an order is not at its end.
    Search,
}

/// What is left to be done.
#[must_use]
pub fn work_left(model: &Model) -> WorkLeft {
    let cards = &model.panes.cards;
    let can_change = model.dialog.is_none();
    let is_searching = model.panes.feed.has_more_work()
        || cards.left().is_some()
        || can_change && (cards.cards_left().is_some() || cards.are_being_ordered());
    if is_searching {
        WorkLeft::Search
    } else if can_change && cards.are_being_placed() {
        WorkLeft::News
    } else {
        WorkLeft::Nothing
    }
}

/// Whether anything is left to be done.
#[must_use]
pub fn has_more_work(model: &Model) -> bool {
    work_left(model) != WorkLeft::Nothing
}
