//! Which of the cards a filter chose, and that choice kept up to date by the card that changed.

use super::{Entry, Index, slot};
use crate::app::sequence::Sequence;
use crate::app::work::{Work, count};
use crate::domain::card::{CardKey, CardRecord, Last4};
use crate::domain::filter::Filter;

/// Most cards that a filter is asked about before keys are listened to again: about 4 ms at most.
/// Tests see a search that goes on with fewer cards.
const SLICE: usize = if cfg!(test) { 20_000 } else { 8_192 };

/// A card as a filter sees it.
pub(in crate::app::cards) struct Candidate<'a> {
    pub(in crate::app::cards) card: &'a CardRecord,
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
    accepted: Vec<bool>,
    /// The cards that the filter is still to be asked about; `None` once it was about all.
    left: Option<Left>,
}

/// How far a filter was asked. It is in the order of the list, so that what is found first is what
/// is seen first.
#[derive(Debug)]
struct Left {
    /// By number, whether it was asked about a card, or need not be.
    asked: Vec<bool>,
    /// The place in the order of all cards where it goes on.
    next: usize,
}

impl Found {
    /// Whether the filter was asked about every card and accepts none.
    pub(in crate::app::cards) fn is_empty(&self) -> bool {
        self.left.is_none() && !self.accepted.contains(&true)
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

impl Found {
    /// A card is new. The filter is to be asked about it.
    pub(super) fn add(&mut self) {
        self.accepted.push(false);
        if let Some(left) = &mut self.left {
            left.asked.push(false);
        }
    }

    /// A card has come to a place in the order of all, or gone from there.
    pub(super) fn note_moved(&mut self, place: usize, has_come: bool) {
        if let Some(left) = self.left.as_mut().filter(|left| place < left.next) {
            left.next = if has_come { left.next + 1 } else { left.next - 1 };
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
pub(in crate::app::cards) fn ends_in(card: &CardRecord, digits: &[Last4]) -> bool {
    card.last4().is_some_and(|last4| digits.contains(&last4))
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
        let asked = chosen.found.left.as_mut().and_then(|it| it.asked.get_mut(slot(number)));
        asked.into_iter().for_each(|asked| *asked = true);
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

    /// The first of the cards that a filter accepts; among those that are shown, where it only
    /// narrows that choice and those are still the right ones.
    pub(in crate::app::cards) fn find(
        &self,
        filter: &Filter,
        is_right: bool,
        accepts: Accepts<'_>,
    ) -> Found {
        let cards = self.entries.len();
        if filter.is_empty() {
            return Found { filter: filter.clone(), accepted: vec![true; cards], left: None };
        }
        let shown = self.chosen.as_ref().map(|chosen| &chosen.found).filter(|_| is_right);
        let among = shown
            // Transactions may not have been searched to the end.
            .filter(|shown| !shown.filter.asks_related())
            .filter(|shown| !filter.depends_on_time() && filter.narrows(&shown.filter));
        let is_out = |(number, accepted): (usize, &bool)| {
            let is_asked = |left: &Left| left.asked.get(number) == Some(&true);
            !accepted && among.is_some_and(|among| among.left.as_ref().is_none_or(is_asked))
        };
        let asked = match among {
            Some(among) => among.accepted.iter().enumerate().map(is_out).collect(),
            None => vec![false; cards],
        };
        let left = Some(Left { asked, next: 0 });
        let mut found = Found { filter: filter.clone(), accepted: vec![false; cards], left };
        _ = self.ask_slice(&mut found, accepts);
        found
    }

    /// Asks the filter about the next slice of cards, and answers with those that it accepts, in
    /// order.
    fn ask_slice(&self, found: &mut Found, accepts: Accepts<'_>) -> Vec<u32> {
        let Some(mut left) = found.left.take() else { return Vec::new() };
        let (mut accepted, mut passed, mut visited) = (Vec::new(), 0, 0);
        for number in self.all.iter_from(left.next) {
            if visited == SLICE {
                break;
            }
            passed += 1;
            let Some(asked) = left.asked.get_mut(slot(number)).filter(|asked| !**asked) else {
                continue;
            };
            (*asked, visited) = (true, visited + 1);
            count(Work::CardVisited);
            let is_it = |entry: &Entry| accepts(&found.filter, &self.candidate(entry));
            if self.entry(number).is_some_and(is_it) {
                found.set(number, true);
                accepted.push(number);
            }
        }
        left.next += passed;
        found.left = Some(left).filter(|left| left.next < self.all.len());
        accepted
    }

    /// Goes on asking the filter, where it was not asked about all cards; whether that was its end.
    pub(in crate::app::cards) fn go_on(&mut self, accepts: Accepts<'_>) -> bool {
        let Some(mut chosen) = self.chosen.take() else { return false };
        let was_left = chosen.found.left.is_some();
        for number in self.ask_slice(&mut chosen.found, accepts) {
            let last = chosen.order.len().checked_sub(1).and_then(|last| chosen.order.nth(last));
            let is_last = chosen.digits.is_empty()
                && last.is_none_or(|last| self.compare(self.order, last, number).is_lt());
            let at =
                if is_last { chosen.order.len() } else { self.place_in_chosen(&chosen, number) };
            chosen.order.insert(at, number);
        }
        let is_end = was_left && chosen.found.left.is_none();
        self.chosen = Some(chosen);
        is_end
    }

    /// Cards that the filter was asked about, and how many there are; `None` once it was about all.
    pub(in crate::app::cards) fn left(&self) -> Option<(usize, usize)> {
        let left = self.chosen.as_ref()?.found.left.as_ref()?;
        Some((left.next, self.all.len()))
    }

    /// No card, for a filter that is known to accept none.
    pub(in crate::app::cards) fn nothing(&self, filter: &Filter) -> Found {
        let accepted = vec![false; self.entries.len()];
        Found { filter: filter.clone(), accepted, left: None }
    }

    /// Shows what a filter accepts so far, cards that end in one of these digits first.
    pub(in crate::app::cards) fn choose(&mut self, mut found: Found, digits: Vec<Last4>) {
        if let Some(left) = &mut found.left {
            // In another order it goes on with the first that it was not asked about.
            let is_asked = |number: u32| left.asked.get(slot(number)) == Some(&true);
            let unasked = self.all.iter().position(|number| !is_asked(number));
            left.next = unasked.unwrap_or(self.all.len());
        }
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
