//! Which of the cards a filter chose, and that choice kept up to date by the card that changed.

use super::{Entry, Index, slot};
use crate::app::sequence::Sequence;
use crate::app::work::{Work, count};
use crate::domain::card::{Card, CardKey, Last4};
use crate::domain::filter::Filter;

/// A card as a filter sees it.
pub(in crate::app::cards) struct Candidate<'a> {
    pub(in crate::app::cards) card: &'a Card,
    /// What free words are searched in, folded.
    pub(in crate::app::cards) searched: &'a str,
    /// An operation on it is UNKNOWN.
    pub(in crate::app::cards) unknown: bool,
}

/// Whether a filter accepts a card.
pub(in crate::app::cards) type Accepts<'a> = &'a dyn Fn(&Filter, &Candidate<'_>) -> bool;

/// What a filter chose, in order.
#[derive(Debug)]
pub(super) struct Chosen {
    pub(super) found: Found,
    /// Cards that end in one of these come first.
    pub(super) digits: Vec<Last4>,
    pub(super) order: Sequence,
}

/// The cards that a filter accepts.
#[derive(Debug)]
pub(in crate::app::cards) struct Found {
    filter: Filter,
    /// By number.
    pub(super) accepted: Vec<bool>,
}

impl Found {
    pub(in crate::app::cards) fn is_empty(&self) -> bool {
        !self.accepted.contains(&true)
    }

    pub(super) fn has(&self, number: u32) -> bool {
        self.accepted.get(slot(number)) == Some(&true)
    }

    fn set(&mut self, number: u32, is_accepted: bool) {
        if let Some(known) = self.accepted.get_mut(slot(number)) {
            *known = is_accepted;
        }
    }
}

impl Chosen {
    pub(super) fn insert(&mut self, number: u32, at: usize) {
        self.order.insert(at, number);
        self.found.set(number, true);
    }

    pub(super) fn remove(&mut self, number: u32, at: usize) {
        self.order.remove(at);
        self.found.set(number, false);
    }
}

/// Whether a card ends in one of these digits.
pub(in crate::app::cards) fn ends_in(card: &Card, digits: &[Last4]) -> bool {
    card.last4.is_some_and(|last4| digits.contains(&last4))
}

impl Index {
    fn candidate<'a>(&'a self, entry: &'a Entry) -> Candidate<'a> {
        Candidate {
            card: &entry.card,
            searched: self.texts.searched(entry.text),
            unknown: entry.urgency.is_unknown(),
        }
    }

    pub(super) fn place_in_chosen(&self, chosen: &Chosen, number: u32) -> usize {
        let is_named =
            |number| self.entry(number).is_some_and(|entry| ends_in(&entry.card, &chosen.digits));
        let named = is_named(number);
        chosen.order.partition_point(|other| match (is_named(other), named) {
            (true, false) => true,
            (false, true) => false,
            (true, true) | (false, false) => self.compare(self.order, other, number).is_lt(),
        })
    }

    /// Asks the filter about one card.
    pub(super) fn choose_again(&mut self, number: u32, accepts: Accepts<'_>) {
        let Some(mut chosen) = self.chosen.take() else { return };
        count(Work::CardVisited);
        let accepted = self
            .entry(number)
            .is_some_and(|entry| accepts(&chosen.found.filter, &self.candidate(entry)));
        if accepted != chosen.found.has(number) {
            let at = self.place_in_chosen(&chosen, number);
            if accepted {
                chosen.insert(number, at);
            } else {
                chosen.remove(number, at);
            }
        }
        self.chosen = Some(chosen);
    }

    /// Whether another filter accepts a card.
    pub(in crate::app::cards) fn is_accepted(
        &self,
        key: &CardKey,
        by: &Filter,
        accepts: Accepts<'_>,
    ) -> bool {
        let entry = self.number(key).and_then(|number| self.entry(number));
        entry.is_some_and(|entry| accepts(by, &self.candidate(entry)))
    }

    /// Asks the filter about one card whose place is the same.
    pub(in crate::app::cards) fn recheck(&mut self, key: &CardKey, accepts: Accepts<'_>) {
        if let Some(number) = self.number(key) {
            self.choose_again(number, accepts);
        }
    }

    /// The cards that a filter accepts; among those that are shown, where it only narrows that
    /// choice and those are still the right ones.
    pub(in crate::app::cards) fn find(
        &self,
        filter: &Filter,
        is_right: bool,
        accepts: Accepts<'_>,
    ) -> Found {
        let shown = self.chosen.as_ref().map(|chosen| &chosen.found).filter(|_| is_right);
        let among = shown
            // Transactions may not have been searched to the end.
            .filter(|shown| !shown.filter.asks_related())
            .filter(|shown| !filter.depends_on_time() && filter.narrows(&shown.filter))
            .map(|shown| shown.accepted.as_slice());
        let visit = |entry: &Entry| {
            count(Work::CardVisited);
            accepts(filter, &self.candidate(entry))
        };
        let entries = self.entries.iter();
        let accepted = match among {
            _ if filter.is_empty() => vec![true; self.entries.len()],
            Some(among) => {
                entries.zip(among).map(|(entry, is_in)| *is_in && visit(entry)).collect()
            }
            None => entries.map(visit).collect(),
        };
        Found { filter: filter.clone(), accepted }
    }

    /// No card, for a filter that is known to accept none.
    pub(in crate::app::cards) fn nothing(&self, filter: &Filter) -> Found {
        Found { filter: filter.clone(), accepted: vec![false; self.entries.len()] }
    }

    /// Shows what a filter accepts, cards that end in one of these digits first.
    pub(in crate::app::cards) fn choose(&mut self, found: Found, digits: Vec<Last4>) {
        if found.filter.is_empty() && digits.is_empty() {
            self.chosen = None;
            return;
        }
        let mut order: Vec<u32> = self.all.iter().filter(|number| found.has(*number)).collect();
        if !digits.is_empty() {
            // Four digits mean a card: one that ends in them comes before ids that have them.
            order.sort_by_key(|number| {
                self.entry(*number).is_none_or(|entry| !ends_in(&entry.card, &digits))
            });
        }
        self.chosen = Some(Chosen { found, digits, order: order.into_iter().collect() });
    }
}
