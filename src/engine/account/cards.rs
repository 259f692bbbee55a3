//! How far an account's cards are read.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use jiff::Timestamp;

use crate::domain::card::{Card, CardKey};
use crate::provider::pages::ListRead;
use crate::provider::{Error, ErrorKind};

/// What was read of the cards, and when.
#[derive(Default)]
pub(super) struct CardProgress {
    /// When the list was last tried.
    pub(super) list: Option<Timestamp>,
    /// When each card was last tried, by itself or in a list that has its balance.
    pub(super) read: HashMap<Arc<str>, Timestamp>,
    /// Cards whose balance came with the list.
    pub(super) in_list: HashSet<Arc<str>>,
    /// The list was read since the start.
    pub(super) list_was_read: bool,
    /// The cards of the last list, where it was whole.
    whole_list: Option<HashSet<Arc<str>>>,
    /// Cards that are not the account's any more.
    removed: HashSet<Arc<str>>,
    /// Cards that the operator asked for.
    pub(super) asked: Vec<CardKey>,
}

impl CardProgress {
    /// Everything is due again.
    pub(super) fn forget_times(&mut self) {
        self.list = None;
        self.read.clear();
    }

    pub(super) fn list_read(&mut self, list: &ListRead<Card>, at: Timestamp) {
        // One whose first page failed says nothing about how many cards there are.
        self.list_was_read |= list.is_complete() || !list.rows.is_empty();
        self.whole_list = list
            .is_complete()
            .then(|| list.rows.iter().map(|card| Arc::clone(&card.key.id)).collect());
        for card in list.rows.iter().filter(|card| card.balance.at().is_some()) {
            self.in_list.insert(Arc::clone(&card.key.id));
            self.read.insert(Arc::clone(&card.key.id), at);
        }
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
