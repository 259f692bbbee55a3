//! The cards of a plan: when each was last tried, which are looked at, and which were asked for.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;

use hashbrown::HashTable;

use jiff::{SignedDuration, Timestamp};

use super::queue::{Queue, Slot};

/// How much a card is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rank {
    /// Under the cursor.
    Selected,
    /// On screen.
    Visible,
    /// Elsewhere.
    Other,
}

/// The cards of one account.
///
/// The few that are looked at are kept apart; all others wait in two queues. So nothing here grows
/// with the number of cards, but [`Self::forget_times`].
#[derive(Debug, Default)]
pub(super) struct Cards {
    ids: Vec<Arc<str>>,
    /// By id, which is looked up in `ids`: no card has a copy of it here.
    slots: HashTable<Slot>,
    hasher: RandomState,
    /// Whose balance comes with the list, by card.
    listed: Vec<bool>,
    /// When each card was last tried, by itself or in a list that has its balance. In the heap are
    /// those that nobody looks at and whose balance does not come with the list.
    pub(super) balances: Queue,
    /// When each card's transactions were last tried. In the heap are those that nobody looks at.
    pub(super) transactions: Queue,
    watched: Watched,
    /// Cards that the provider did not know, or refused, when it was asked last.
    refused: BTreeMap<Slot, Refused>,
    /// What the operator asked for.
    asked: BTreeSet<Slot>,
    /// The same of cards that are not known yet.
    asked_unknown: BTreeSet<Arc<str>>,
    /// What pushes were about, and was not read since.
    pub(super) hinted: Hints,
    /// The same of their transactions.
    pub(super) hinted_feeds: Hints,
}

/// Cards that pushes were about, by the time from when on each is due: that of the first push since
/// it was read, so that a flood about some keeps no other waiting.
#[derive(Debug, Default)]
pub(super) struct Hints {
    by_time: BTreeSet<(Timestamp, Slot)>,
    due: BTreeMap<Slot, Timestamp>,
}

impl Hints {
    fn add(&mut self, card: Slot, due: Timestamp) {
        if let Entry::Vacant(place) = self.due.entry(card) {
            place.insert(due);
            self.by_time.insert((due, card));
        }
    }

    fn remove(&mut self, card: Slot) {
        if let Some(due) = self.due.remove(&card) {
            self.by_time.remove(&(due, card));
        }
    }

    /// All of them are due, whatever the time is.
    fn forget_times(&mut self) {
        self.by_time = self.due.keys().map(|card| (Timestamp::MIN, *card)).collect();
        self.due.values_mut().for_each(|due| *due = Timestamp::MIN);
    }

    /// The first that is due, and when.
    pub(super) fn first(&self) -> Option<(Timestamp, Slot)> {
        self.by_time.first().copied()
    }
}

/// The cards that are looked at; there may be ids among them that are not known yet.
#[derive(Debug, Default)]
struct Watched {
    ids: BTreeMap<Arc<str>, Rank>,
    ranks: BTreeMap<Slot, Rank>,
}

/// What a provider said of a card that was read by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CardAnswer {
    /// It has it.
    Known,
    /// It does not know it.
    Unknown,
    /// It refused, for whatever reason.
    Refused,
}

/// A card that its provider refused when it was asked last. While nobody looks at it, it waits in
/// the queue as if it had been tried later.
#[derive(Clone, Copy, Debug)]
struct Refused {
    since: Timestamp,
    tried: Timestamp,
}

/// The least that a card rests which its provider refuses.
const FIRST_REST: SignedDuration = SignedDuration::from_mins(2);

impl CardAnswer {
    /// The longest that a card rests after this answer: one that is unknown hardly comes back, a
    /// refusal may end.
    const fn longest_rest(self) -> SignedDuration {
        match self {
            Self::Known => SignedDuration::ZERO,
            Self::Refused => SignedDuration::from_mins(10),
            Self::Unknown => SignedDuration::from_hours(1),
        }
    }
}

impl Cards {
    /// Takes a card in, unless it is known.
    pub(super) fn know(&mut self, id: &Arc<str>) {
        if self.slot(id).is_some() {
            return;
        }
        let card = Slot::after(self.ids.len());
        self.ids.push(Arc::clone(id));
        let Self { ids, slots, hasher, .. } = self;
        slots.insert_unique(hasher.hash_one(&**id), card, |slot| {
            ids.get(slot.index()).map_or(0, |id| hasher.hash_one(&**id))
        });
        self.listed.push(false);
        self.balances.add();
        self.transactions.add();
        if let Some(rank) = self.watched.ids.get(id) {
            self.watched.ranks.insert(card, *rank);
        }
        if self.asked_unknown.remove(id) {
            self.asked.insert(card);
        }
        self.queue(card);
    }

    /// Makes room for so many more cards, and not for twice as many.
    pub(super) fn reserve(&mut self, cards: usize) {
        self.ids.reserve_exact(cards);
        self.listed.reserve_exact(cards);
        self.balances.reserve(cards);
        self.transactions.reserve(cards);
    }

    /// How many cards the provider refused, or did not know, when it was asked last.
    pub(super) fn refused(&self) -> usize {
        self.refused.len()
    }

    /// Whether the provider refused a card, or did not know it, when it was asked last.
    pub(super) fn is_refused(&self, card: Slot) -> bool {
        self.refused.contains_key(&card)
    }

    /// How many cards are known.
    pub(super) const fn len(&self) -> usize {
        self.ids.len()
    }

    pub(super) fn id(&self, card: Slot) -> Option<&Arc<str>> {
        self.ids.get(card.index())
    }

    fn slot(&self, id: &str) -> Option<Slot> {
        let is_it = |slot: &Slot| self.ids.get(slot.index()).is_some_and(|known| **known == *id);
        self.slots.find(self.hasher.hash_one(id), is_it).copied()
    }

    pub(super) fn is_listed(&self, card: Slot) -> bool {
        self.listed.get(card.index()).copied().unwrap_or(false)
    }

    /// The cards that are looked at, in the order in which they became known.
    pub(super) fn watched(&self) -> impl Iterator<Item = (Slot, Rank)> {
        self.watched.ranks.iter().map(|(card, rank)| (*card, *rank))
    }

    /// The first of the cards that were asked for.
    pub(super) fn first_asked(&self) -> Option<Slot> {
        self.asked.first().copied()
    }

    /// Notes which cards are looked at; whether they are others than before.
    pub(super) fn watch(&mut self, ids: BTreeMap<Arc<str>, Rank>) -> bool {
        if self.watched.ids == ids {
            return false;
        }
        let known = |(id, rank): (&Arc<str>, &Rank)| Some((self.slot(id)?, *rank));
        let ranks: BTreeMap<Slot, Rank> = ids.iter().filter_map(known).collect();
        let before = std::mem::replace(&mut self.watched, Watched { ids, ranks });
        let now: Vec<Slot> = self.watched.ranks.keys().copied().collect();
        before.ranks.into_keys().chain(now).for_each(|card| self.queue(card));
        true
    }

    /// Puts a card into the queues that it waits in, and takes it out of the others.
    fn queue(&mut self, card: Slot) {
        let unwatched = !self.watched.ranks.contains_key(&card);
        self.balances.set_waiting(card, unwatched && !self.is_listed(card));
        self.transactions.set_waiting(card, unwatched);
    }

    /// The operator asks for a card and its transactions.
    pub(super) fn ask(&mut self, id: &Arc<str>) {
        match self.slot(id) {
            Some(card) => {
                self.asked.insert(card);
                self.transactions.set_tried(card, None);
            }
            None => drop(self.asked_unknown.insert(Arc::clone(id))),
        }
    }

    /// A push was about a card. False where it is not known.
    pub(super) fn hint(&mut self, id: &str, now: Timestamp, apart: SignedDuration) -> bool {
        let Some(card) = self.slot(id) else { return false };
        self.hinted.add(card, hint_due(self.tried(card), now, apart));
        self.hint_feed(id, now, apart)
    }

    /// A push was about a card's transactions. False where the card is not known.
    pub(super) fn hint_feed(&mut self, id: &str, now: Timestamp, apart: SignedDuration) -> bool {
        let Some(card) = self.slot(id) else { return false };
        self.hinted_feeds.add(card, hint_due(self.transactions.tried(card), now, apart));
        true
    }

    /// A card was tried by itself.
    pub(super) fn note_tried(&mut self, id: &str, at: Timestamp) {
        if let Some(card) = self.slot(id) {
            self.asked.remove(&card);
            self.hinted.remove(card);
            self.balances.set_tried(card, Some(at));
            if let Some(refused) = self.refused.get_mut(&card) {
                refused.tried = at;
            }
        }
    }

    /// When a card was last tried.
    pub(super) fn tried(&self, card: Slot) -> Option<Timestamp> {
        let refused = self.refused.get(&card).map(|refused| refused.tried);
        refused.or_else(|| self.balances.tried(card))
    }

    /// What the provider said of a card. One that it refuses rests for as long again as that has
    /// been so, within limits: it may have been a mistake at first, and hardly is after an hour.
    pub(super) fn note_answer(&mut self, id: &str, answer: CardAnswer, now: Timestamp) {
        let Some(card) = self.slot(id) else { return };
        let before = self.refused.remove(&card);
        if answer == CardAnswer::Known {
            if let Some(before) = before {
                self.balances.set_tried(card, Some(before.tried));
            }
            return;
        }
        let since = before.map_or(now, |refused| refused.since.min(now));
        let tried = before.map_or_else(|| self.balances.tried(card), |refused| Some(refused.tried));
        self.refused.insert(card, Refused { since, tried: tried.unwrap_or(now) });
        let rest = now.duration_since(since).clamp(FIRST_REST, answer.longest_rest());
        self.balances.set_tried(card, now.saturating_add(rest).ok());
    }

    /// A card's transactions were tried.
    pub(super) fn note_transactions_tried(&mut self, id: &str, at: Timestamp) {
        if let Some(card) = self.slot(id) {
            self.hinted_feeds.remove(card);
            self.transactions.set_tried(card, Some(at));
        }
    }

    /// A card's balance came with the list.
    pub(super) fn note_listed(&mut self, id: &Arc<str>, at: Timestamp) {
        self.know(id);
        if let Some(card) = self.slot(id) {
            self.balances.set_tried(card, Some(at));
            self.refused.remove(&card);
            if let Some(listed) = self.listed.get_mut(card.index()) {
                *listed = true;
            }
            self.queue(card);
        }
    }

    /// Everything is due again. The one thing that takes as long as there are cards.
    pub(super) fn forget_times(&mut self) {
        self.balances.forget_times();
        self.transactions.forget_times();
        self.hinted.forget_times();
        self.hinted_feeds.forget_times();
        self.refused.clear();
    }
}

/// From when on something is due that a push was about and that was tried then: not at once again.
fn hint_due(tried: Option<Timestamp>, now: Timestamp, apart: SignedDuration) -> Timestamp {
    tried.map_or(now, |tried| now.max(tried.saturating_add(apart).unwrap_or(now)))
}
