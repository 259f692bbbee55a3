//! Every card by number, and the orders of those numbers: one card moves in them without the others
//! being looked at.
//!
//! A card keeps its number. Orders are kept by what cards were when they were placed, so that what
//! happens to a card meanwhile moves no row.

mod chosen;
mod numbers;
mod placing;
mod sliced_sort;

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;

use super::sort::{Compared, Order, Urgency};
use super::texts::{Text, Texts};
use crate::app::list::{Direction, Rows};
use crate::app::sequence::Sequence;
use crate::app::work::{Work, count};
use crate::domain::card::{CardKey, CardRecord};
use chosen::Chosen;
pub(super) use chosen::{Accepts, Candidate, ends_in};
use numbers::Numbers;
pub(super) use placing::Placed;
use placing::Placing;

/// Of so many cards in trouble the next one is looked for by their places; where there are more,
/// the next one is not far.
const FEW: usize = 1_024;

/// The cards of the pane.
#[derive(Debug, Default)]
pub(crate) struct Index {
    /// By number.
    entries: Vec<Entry>,
    /// How many of them have a place in the orders; the others get theirs together, once all cards
    /// of the data file have come.
    placed: u32,
    texts: Texts,
    /// How a card's number is found.
    numbers: Numbers,
    /// By identity.
    by_key: Sequence,
    by_name: Sequence,
    order: Order,
    /// All of them in that order.
    all: Sequence,
    /// Those that the filter chose; all where it is empty.
    chosen: Option<Chosen>,
    /// All cards are being given places anew.
    placing: Option<Placing>,
    /// Those that are in trouble.
    troubled: BTreeSet<u32>,
    /// When the state of a card becomes old by itself.
    old_states: BTreeSet<(Timestamp, u32)>,
}

/// A card as it was when it was placed.
#[derive(Clone, Debug)]
struct Entry {
    card: Arc<CardRecord>,
    text: Text,
    urgency: Urgency,
}

impl Rows<CardKey> for Index {
    fn len(&self) -> usize {
        self.shown().len()
    }

    fn nth(&self, index: usize) -> Option<CardKey> {
        Some(self.entry(self.shown().nth(index)?)?.card.key())
    }

    fn position(&self, key: &CardKey) -> Option<usize> {
        self.position_of(self.number(key)?)
    }

    fn is_growing(&self) -> bool {
        self.left().is_some()
    }
}

impl Index {
    /// The numbers of the rows.
    fn shown(&self) -> &Sequence {
        self.chosen.as_ref().map_or(&self.all, |chosen| &chosen.order)
    }

    fn entry(&self, number: u32) -> Option<&Entry> {
        self.entries.get(slot(number))
    }

    /// The number of a card that has a place.
    fn number(&self, key: &CardKey) -> Option<u32> {
        self.any_number(key).filter(|number| *number < self.placed)
    }

    /// The number of a card.
    fn any_number(&self, key: &CardKey) -> Option<u32> {
        self.numbers.find(key, |number| self.card(number))
    }

    /// Whether cards wait for their places until all of the data file have come.
    fn is_loading(&self) -> bool {
        slot(self.placed) < self.entries.len()
    }

    /// The keys of the cards that have a place.
    pub(super) fn placed(&self) -> BTreeSet<CardKey> {
        self.all.iter().filter_map(|number| self.key(number)).collect()
    }

    /// The first cards in the order of all, whatever the filter shows.
    pub(super) fn first_placed(&self, count: usize) -> impl Iterator<Item = CardKey> {
        self.all.iter().take(count).filter_map(|number| self.key(number))
    }

    /// How many cards have a place.
    pub(crate) fn total(&self) -> usize {
        self.all.len()
    }

    /// Takes in cards that get their places later, together.
    pub(super) fn take_in(&mut self, cards: &[Arc<CardRecord>]) {
        for card in cards {
            count(Work::CardVisited);
            match self.any_number(&card.key()) {
                Some(number) if number < self.placed => {}
                Some(number) => _ = self.replace(number, card, Urgency::default()),
                None => {
                    let number = self.append(card, Urgency::default());
                    self.by_key.insert(self.place_by_key(number), number);
                }
            }
        }
    }

    /// Gives a card the next number.
    fn append(&mut self, card: &Arc<CardRecord>, urgency: Urgency) -> u32 {
        let number = u32::try_from(self.entries.len()).unwrap_or(u32::MAX);
        let text = self.texts.add(card);
        self.entries.push(Entry { card: Arc::clone(card), text, urgency });
        let entries = &self.entries;
        let card = |number| entries.get(slot(number)).map(|entry: &Entry| &*entry.card);
        self.numbers.add(number, card);
        if let Some(chosen) = &mut self.chosen {
            chosen.found.add();
        }
        number
    }

    fn card(&self, number: u32) -> Option<&CardRecord> {
        self.entry(number).map(|entry| &*entry.card)
    }

    fn key(&self, number: u32) -> Option<CardKey> {
        self.card(number).map(CardRecord::key)
    }

    fn compare_keys(&self, a: u32, b: u32) -> Ordering {
        match (self.card(a), self.card(b)) {
            (Some(a), Some(b)) => a.compare_keys(b),
            (a, b) => a.is_some().cmp(&b.is_some()),
        }
    }

    /// The row of a card, where it is shown.
    fn position_of(&self, number: u32) -> Option<usize> {
        match &self.chosen {
            Some(chosen) => chosen.found.has(number).then(|| self.place_in_chosen(chosen, number)),
            None => Some(self.place_in_all(number)),
        }
    }

    /// Whether the filter shows a card.
    pub(super) fn shows(&self, key: &CardKey) -> bool {
        self.number(key).is_some_and(|number| {
            self.chosen.as_ref().is_none_or(|chosen| chosen.found.has(number))
        })
    }

    /// Every card that is shown, in order.
    pub(crate) fn keys(&self) -> impl Iterator<Item = CardKey> {
        self.shown().iter().filter_map(|number| self.key(number))
    }

    /// The first card that is shown.
    pub(super) fn first(&self) -> Option<&CardRecord> {
        self.card(self.shown().nth(0)?)
    }

    /// How they are ordered.
    pub(super) const fn order(&self) -> Order {
        self.order
    }

    /// Whether a filter chose the cards that are shown.
    pub(super) const fn is_filtered(&self) -> bool {
        self.chosen.is_some()
    }

    fn compared(&self, number: u32) -> Option<Compared<'_>> {
        let Entry { card, text, urgency } = self.entry(number)?;
        Some(Compared { card, urgency: *urgency, name: self.texts.name(*text) })
    }

    fn compare(&self, order: Order, a: u32, b: u32) -> Ordering {
        match (self.compared(a), self.compared(b)) {
            (Some(a), Some(b)) => order.compare(&a, &b),
            (a, b) => a.is_some().cmp(&b.is_some()),
        }
    }

    fn place_in_all(&self, number: u32) -> usize {
        self.all.partition_point(|other| self.compare(self.order, other, number).is_lt())
    }

    fn place_by_key(&self, number: u32) -> usize {
        self.by_key.partition_point(|other| self.compare_keys(other, number).is_lt())
    }

    fn place_by_name(&self, number: u32) -> usize {
        self.by_name.partition_point(|other| match (self.compared(other), self.compared(number)) {
            (Some(other), Some(card)) => other.by_name(&card).is_lt(),
            (_, _) => false,
        })
    }

    /// Puts a card where it belongs now, while not all are being given places anew. Answers whether
    /// another number of cards is shown.
    pub(super) fn place(
        &mut self,
        card: &Arc<CardRecord>,
        urgency: Urgency,
        now: Timestamp,
        accepts: Accepts<'_>,
    ) -> bool {
        let before = self.shown().len();
        let number = match self.any_number(&card.key()) {
            Some(number) if number < self.placed => {
                self.place_again(number, card, urgency);
                number
            }
            None if !self.is_loading() => self.add(card, urgency),
            // It gets its place together with the others.
            Some(_) | None => {
                self.take_in(std::slice::from_ref(card));
                return false;
            }
        };
        self.note(number, now);
        self.choose_again(number, accepts);
        if self.texts.is_sparse() {
            self.copy_texts();
        }
        self.shown().len() != before
    }

    /// Takes in a card that is new.
    fn add(&mut self, card: &Arc<CardRecord>, urgency: Urgency) -> u32 {
        let number = self.append(card, urgency);
        self.placed = number + 1;
        self.by_key.insert(self.place_by_key(number), number);
        self.by_name.insert(self.place_by_name(number), number);
        self.put_in_all(number);
        number
    }

    /// Moves a card that is known already. It is left out of what the filter chose.
    fn place_again(&mut self, number: u32, card: &Arc<CardRecord>, urgency: Urgency) {
        let Some(old) = self.entry(number).cloned() else { return };
        let same_text = has_same_text(&old.card, card);
        let text = if same_text { old.text } else { self.texts.replace(old.text, card) };
        let new = Compared { card, urgency, name: self.texts.name(text) };
        let was =
            Compared { card: &old.card, urgency: old.urgency, name: self.texts.name(old.text) };
        let moves = self.order.compare(&was, &new).is_ne();
        let renamed = !same_text && was.name != new.name;
        if let Some(chosen) = self.chosen.as_ref().filter(|chosen| chosen.found.has(number)) {
            let at = self.place_in_chosen(chosen, number);
            if let Some(chosen) = &mut self.chosen {
                chosen.remove(number, at);
            }
        }
        if moves {
            let at = self.place_in_all(number);
            self.all.remove(at);
            self.note_moved(at, false);
        }
        if renamed {
            self.by_name.remove(self.place_by_name(number));
        }
        if let Some(at) = old.card.state_grows_old_at() {
            self.old_states.remove(&(at, number));
        }
        if let Some(entry) = self.entries.get_mut(slot(number)) {
            *entry = Entry { card: Arc::clone(card), text, urgency };
        }
        if moves {
            self.put_in_all(number);
        }
        if renamed {
            self.by_name.insert(self.place_by_name(number), number);
        }
    }

    fn put_in_all(&mut self, number: u32) {
        let at = self.place_in_all(number);
        self.all.insert(at, number);
        self.note_moved(at, true);
    }

    fn note_moved(&mut self, place: usize, has_come: bool) {
        if let Some(chosen) = &mut self.chosen {
            chosen.found.note_moved(place, has_come);
        }
    }

    /// Keeps beside the orders what is asked of all cards.
    fn note(&mut self, number: u32, now: Timestamp) {
        let Some(Entry { card, urgency, .. }) = self.entries.get(slot(number)) else { return };
        if urgency.is_trouble() {
            self.troubled.insert(number);
        } else {
            self.troubled.remove(&number);
        }
        let due = card.state_grows_old_at().filter(|at| *at > now);
        self.old_states.extend(due.map(|at| (at, number)));
    }

    /// Puts what a card is now in the place of what it was; whether it has another name.
    fn replace(&mut self, number: u32, card: &Arc<CardRecord>, urgency: Urgency) -> bool {
        let Some(entry) = self.entries.get_mut(slot(number)) else { return false };
        let before = entry.text;
        if !has_same_text(&entry.card, card) {
            entry.text = self.texts.replace(before, card);
        }
        let renamed = self.texts.name(before) != self.texts.name(entry.text);
        (entry.card, entry.urgency) = (Arc::clone(card), urgency);
        renamed
    }

    /// Copies the texts that are in use together.
    fn copy_texts(&mut self) {
        let mut texts = Texts::default();
        texts.reserve(self.texts.used());
        for entry in &mut self.entries {
            entry.text = texts.copy(&self.texts, entry.text);
        }
        self.texts = texts;
    }

    /// The row nearest to another one, before or after it, of which something is true that is only
    /// true of cards in trouble, and of these others.
    pub(super) fn seek(
        &self,
        from: usize,
        direction: Direction,
        others: &BTreeSet<CardKey>,
        is_wanted: impl Fn(&CardKey, Urgency) -> bool,
    ) -> Option<usize> {
        let is_wanted = |number: &u32| {
            count(Work::CardVisited);
            self.entry(*number).is_some_and(|entry| is_wanted(&entry.card.key(), entry.urgency))
        };
        if self.troubled.len() > FEW {
            return match direction {
                Direction::Forward => {
                    let mut after = self.shown().iter_from(from + 1);
                    after.position(|number| is_wanted(&number)).map(|further| from + 1 + further)
                }
                Direction::Backward => {
                    let mut before = self.shown().iter_back_from(from);
                    before.position(|number| is_wanted(&number)).map(|further| from - 1 - further)
                }
            };
        }
        let others = others.iter().filter_map(|key| self.number(key));
        let found = self.troubled.iter().copied().chain(others).filter(is_wanted);
        let rows = found.filter_map(|number| self.position_of(number));
        match direction {
            Direction::Forward => rows.filter(|row| *row > from).min(),
            Direction::Backward => rows.filter(|row| *row < from).max(),
        }
    }

    /// Whether the state of a card has become old by itself.
    pub(super) fn has_old_states(&self, now: Timestamp) -> bool {
        self.old_states.first().is_some_and(|(at, _)| *at <= now)
    }

    /// Cards whose state has become old by itself.
    pub(super) fn take_old_states(&mut self, now: Timestamp) -> BTreeSet<CardKey> {
        let mut old = BTreeSet::new();
        while self.has_old_states(now) {
            let number = self.old_states.pop_first().map(|(_, number)| number);
            old.extend(number.and_then(|number| self.key(number)));
        }
        old
    }
}

/// Whether two readings of one card are found by the same words.
fn has_same_text(a: &CardRecord, b: &CardRecord) -> bool {
    (a.holder(), a.last4(), a.owner()) == (b.holder(), b.last4(), b.owner())
        && a.labels() == b.labels()
}

fn slot(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
