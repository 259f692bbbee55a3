//! Cards in the order in which they were last tried, kept in order as they are tried.

use jiff::Timestamp;

/// A card of a plan: cards are numbered in the order in which they became known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Slot(u32);

impl Slot {
    /// The card that becomes known after so many others.
    ///
    /// # Panics
    /// After 4,294,967,295 cards, which no memory holds.
    pub(super) fn after(cards: usize) -> Self {
        Self(u32::try_from(cards).expect("no memory holds that many cards"))
    }

    pub(super) const fn index(self) -> usize {
        self.0 as usize
    }
}

/// A binary heap of cards: on top the one that was tried longest ago, of equals the one that became
/// known first.
///
/// Every card knows its place in the heap, so that one that was tried moves down from there: this
/// takes as many steps as the heap has levels, 20 for a million cards.
#[derive(Debug, Default)]
pub(super) struct Queue {
    heap: Vec<Slot>,
    /// By card, when it was last tried, in microseconds since 1970; [`NEVER`] when it never was.
    tried: Vec<i64>,
    /// By card, its position in the heap; [`OUTSIDE`] when it is not in it.
    places: Vec<u32>,
}

const NEVER: i64 = i64::MIN;
const OUTSIDE: u32 = u32::MAX;

impl Queue {
    /// Takes in the next card, which was never tried, outside the heap.
    pub(super) fn add(&mut self) {
        self.tried.push(NEVER);
        self.places.push(OUTSIDE);
    }

    /// Makes room for so many more cards, and not for twice as many.
    pub(super) fn reserve(&mut self, cards: usize) {
        self.heap.reserve_exact(cards);
        self.tried.reserve_exact(cards);
        self.places.reserve_exact(cards);
    }

    /// The card that was tried longest ago.
    pub(super) fn first(&self) -> Option<Slot> {
        self.heap.first().copied()
    }

    /// When a card was last tried, to the microsecond.
    pub(super) fn tried(&self, card: Slot) -> Option<Timestamp> {
        let tried = self.tried.get(card.index()).filter(|tried| **tried != NEVER)?;
        Timestamp::from_microsecond(*tried).ok()
    }

    /// Notes when a card was last tried; `None` makes it one that never was.
    pub(super) fn set_tried(&mut self, card: Slot, at: Option<Timestamp>) {
        let Some(tried) = self.tried.get_mut(card.index()) else { return };
        *tried = at.map_or(NEVER, Timestamp::as_microsecond);
        let place = self.places.get(card.index()).copied().unwrap_or(OUTSIDE);
        if place != OUTSIDE {
            let place = self.sift_up(place as usize);
            self.sift_down(place);
        }
    }

    /// Puts a card into the heap, or takes it out.
    pub(super) fn set_waiting(&mut self, card: Slot, waits: bool) {
        let Some(known) = self.places.get_mut(card.index()) else { return };
        let place = *known;
        match (waits, place != OUTSIDE) {
            (true, false) => {
                let last = self.heap.len();
                self.heap.push(card);
                self.set_place(last);
                self.sift_up(last);
            }
            (false, true) => {
                *known = OUTSIDE;
                let place = place as usize;
                self.heap.swap_remove(place);
                if place < self.heap.len() {
                    self.set_place(place);
                    let place = self.sift_up(place);
                    self.sift_down(place);
                }
            }
            (true, true) | (false, false) => {}
        }
    }

    /// No card was ever tried.
    pub(super) fn forget_times(&mut self) {
        self.tried.fill(NEVER);
        // In ascending order it is a heap.
        self.heap.sort_unstable();
        (0..self.heap.len()).for_each(|place| self.set_place(place));
    }

    /// What the heap is ordered by.
    fn key(&self, place: usize) -> Option<(i64, Slot)> {
        let card = *self.heap.get(place)?;
        Some((*self.tried.get(card.index())?, card))
    }

    /// Notes at a card where in the heap it is.
    fn set_place(&mut self, place: usize) {
        let known = self.heap.get(place).and_then(|card| self.places.get_mut(card.index()));
        if let Some(known) = known {
            // No longer than the list of cards, which `Slot` counts.
            *known = u32::try_from(place).unwrap_or(OUTSIDE);
        }
    }

    fn swap(&mut self, one: usize, other: usize) {
        self.heap.swap(one, other);
        self.set_place(one);
        self.set_place(other);
    }

    /// Moves what is here up to where it belongs, and says where that is.
    fn sift_up(&mut self, mut place: usize) -> usize {
        while place > 0 {
            let above = (place - 1) / 2;
            if self.key(above) <= self.key(place) {
                break;
            }
            self.swap(place, above);
            place = above;
        }
        place
    }

    fn sift_down(&mut self, mut place: usize) {
        loop {
            let children = [2 * place + 1, 2 * place + 2];
            let least = children.into_iter().filter(|child| *child < self.heap.len());
            let Some(child) = least.min_by_key(|child| self.key(*child)) else { return };
            if self.key(place) <= self.key(child) {
                return;
            }
            self.swap(place, child);
            place = child;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_first_is_always_the_one_that_was_tried_longest_ago(
            steps in proptest::collection::vec((0_usize..40, 0_u8..8, 0_i64..20), 1..300),
        ) {
            let mut queue = Queue::default();
            (0..40).for_each(|_| queue.add());
            let mut known: Vec<(Option<i64>, bool)> = vec![(None, false); 40];
            for (index, what, second) in steps {
                let card = Slot::after(index);
                match what {
                    0..4 => {
                        known[index].0 = Some(second);
                        let at = Timestamp::from_second(second).expect("a time of the test");
                        queue.set_tried(card, Some(at));
                    }
                    4 => {
                        known[index].0 = None;
                        queue.set_tried(card, None);
                    }
                    5 => {
                        known.iter_mut().for_each(|(tried, _)| *tried = None);
                        queue.forget_times();
                    }
                    in_or_out => {
                        known[index].1 = in_or_out == 6;
                        queue.set_waiting(card, in_or_out == 6);
                    }
                }
                let waiting = known.iter().enumerate().filter(|(_, (_, waits))| *waits);
                let first = waiting.min_by_key(|(index, (tried, _))| (*tried, *index));
                prop_assert_eq!(queue.first(), first.map(|(index, _)| Slot::after(index)));
                prop_assert_eq!(queue.tried(card).map(Timestamp::as_second), known[index].0);
            }
        }
    }
}
