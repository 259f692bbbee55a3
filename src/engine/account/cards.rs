//! Which cards an account has, by its lists.

use std::collections::HashSet;
use std::sync::Arc;

use jiff::Timestamp;

use crate::domain::card::{Card, CardKey};
use crate::provider::pages::{ListRead, ListRow, RowKey};
use crate::provider::{Error, ErrorKind};

/// What the lists of cards said.
#[derive(Default)]
pub(super) struct CardProgress {
    /// The list was read since the start.
    pub(super) list_was_read: bool,
    /// The cards of the last list, where it was whole.
    whole_list: Option<HashSet<Arc<str>>>,
    /// The last list that was answered was whole: the account had no other cards then.
    has_all: bool,
    /// Cards that are not the account's any more.
    removed: HashSet<Arc<str>>,
}

/// A card of a list, once it was accepted.
pub(in crate::engine) struct ListedCard {
    /// As it is kept: no list has a copy of it.
    pub(in crate::engine) id: Arc<str>,
    /// Whether its figures came with the list.
    pub(in crate::engine) has_figures: bool,
}

impl ListRow for ListedCard {
    fn key(&self) -> RowKey {
        RowKey::Named(None, Arc::clone(&self.id))
    }

    fn time(&self) -> Option<Timestamp> {
        None
    }

    fn contradicts(&self, _: &Self) -> bool {
        false
    }
}

impl CardProgress {
    pub(super) fn list_read(&mut self, list: &ListRead<ListedCard>) {
        // One whose first page failed says nothing about how many cards there are.
        self.list_was_read |= list.is_complete() || !list.rows.is_empty();
        // One that was not answered to its end says nothing of cards that are not known.
        let has_gap = !list.unread.is_empty() || list.gap.is_some() || list.is_cut_short;
        self.has_all = if list.error.is_some() { self.has_all && !has_gap } else { !has_gap };
        self.whole_list =
            list.is_complete().then(|| list.rows.iter().map(|card| Arc::clone(&card.id)).collect());
    }

    /// Whether the last list that was answered was whole.
    pub(super) const fn has_all(&self) -> bool {
        self.has_all
    }

    /// Whether the last list was whole and has this card.
    pub(super) fn lists(&self, card: &Arc<str>) -> bool {
        self.whole_list.as_ref().is_some_and(|list| list.contains(card))
    }

    pub(super) fn set_removed(&mut self, card: &CardKey, removed: bool) {
        if removed {
            self.removed.insert(Arc::clone(&card.id));
        } else {
            self.removed.remove(&card.id);
        }
    }

    /// See [`Account::refused_as_removed`](super::Account::refused_as_removed).
    pub(super) fn refused_as_removed(&self, card: &Card, error: &Error) -> bool {
        self.is_removed(card, error)
            || error.kind == ErrorKind::Refused && self.removed.contains(&card.key.id)
    }

    /// See [`Account::is_removed`](super::Account::is_removed).
    pub(super) fn is_removed(&self, card: &Card, error: &Error) -> bool {
        error.kind == ErrorKind::NotFound && self.is_not_listed(card)
    }

    /// See [`Account::is_not_listed`](super::Account::is_not_listed).
    pub(super) fn is_not_listed(&self, card: &Card) -> bool {
        let was_read = card.balance.at().is_some() || card.state_at.is_some();
        was_read && self.whole_list.as_ref().is_some_and(|list| !list.contains(&card.key.id))
    }
}
