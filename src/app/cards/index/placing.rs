//! How all cards get their places anew, a slice at a time: once all of the data file have come,
//! when another order is chosen, and after the clock was set back.
//!
//! Until the end they stand where they stood, as they were then. What happens to a card meanwhile
//! waits, and moves it afterwards.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::chosen::Chosen;
use super::sliced_sort::SlicedSort;
use super::{Entry, Index, slot};
use crate::app::cards::sort::{Compared, Order, Ranks, Urgency};
use crate::app::sequence::Sequence;
use crate::app::work::{Work, count};
use crate::domain::card::CardRecord;

/// What is done before keys are listened to again, as [`Index::step`] counts: about a millisecond.
/// Tests see slices with fewer cards.
const SLICE: usize = if cfg!(test) { 20_000 } else { 8_192 };

/// The same of another order, which the operator waits for: some milliseconds, in which 100,000
/// cards are sorted. In less, a frame with the old order would come first.
const SLICE_OF_ORDER: usize = if cfg!(test) { 20_000 } else { 2_097_152 };

/// What it costs to rate a card, and to look at one for its rank.
const RATING: usize = 8;
const RANKING: usize = 2;

/// All cards are being given places anew.
#[derive(Debug)]
pub(super) struct Placing {
    order: Order,
    /// How urgent each card is now, by number, where that is found out anew.
    rated: Option<Rated>,
    /// The order of names, where that is made anew.
    by_name: Option<Sequence>,
    stage: Stage,
}

/// How urgent cards are, by number, and what is kept beside the orders.
#[derive(Debug, Default)]
struct Rated {
    urgencies: Vec<Urgency>,
    troubled: BTreeSet<u32>,
    old_states: BTreeSet<(Timestamp, u32)>,
}

/// What is being done.
#[derive(Debug)]
enum Stage {
    Rate,
    /// Looks at the names.
    Name(Vec<Named>),
    SortNames(SlicedSort<Named>),
    /// Looks at what of all cards must be known before the rank of any.
    Survey(Vec<u32>, usize, Ranks),
    /// Looks at what they are ordered by.
    Rank(Vec<u32>, Vec<Ranked>, Ranks),
    SortRanks(SlicedSort<Ranked>),
    Placed(Vec<u32>),
}

/// A card by the beginning of its name: none comes last, then its place by identity, and its
/// number.
type Named = (bool, u128, u32, u32);

/// A card by its rank, its place among cards of the same, and its number.
type Ranked = (u128, u32, u32);

impl Index {
    /// All cards get their places anew, by what they are now.
    pub(in crate::app::cards) fn place_all(&mut self) {
        let order = self.wanted_order();
        let rated = Some(Rated::default());
        self.placing = Some(Placing { order, rated, by_name: None, stage: Stage::Rate });
    }

    /// Chooses another order.
    pub(in crate::app::cards) fn sort(&mut self, order: Order) {
        let begun = self.placing.take().filter(|placing| placing.rated.is_some());
        self.placing = Some(match begun {
            Some(placing) if placing.is_before_order() => Placing { order, ..placing },
            Some(placing) => {
                let stage = Stage::survey(order, placing.by_name.as_ref(), self);
                Placing { order, stage, ..placing }
            }
            None => {
                let stage = Stage::survey(order, None, self);
                Placing { order, rated: None, by_name: None, stage }
            }
        });
    }

    /// The order that was chosen last.
    pub(in crate::app::cards) fn wanted_order(&self) -> Order {
        self.placing.as_ref().map_or(self.order, |placing| placing.order)
    }

    /// Whether all cards are being given places anew.
    pub(in crate::app::cards) const fn is_placing(&self) -> bool {
        self.placing.is_some()
    }

    /// Goes on with it. Answers what came of it at its end.
    pub(in crate::app::cards) fn go_on_placing(
        &mut self,
        rate: impl Fn(&CardRecord) -> Urgency,
        now: Timestamp,
    ) -> Option<Placed> {
        let mut placing = self.placing.take()?;
        let most = if placing.rated.is_some() { SLICE } else { SLICE_OF_ORDER };
        let mut done = 0;
        while done < most {
            if let Stage::Placed(numbers) = placing.stage {
                return Some(self.end_placing(
                    placing.rated,
                    placing.by_name,
                    numbers,
                    placing.order,
                ));
            }
            done += self.step(&mut placing, most - done, &rate, now);
        }
        self.placing = Some(placing);
        None
    }

    /// Does a part of what is to be done; answers how much.
    fn step(
        &self,
        placing: &mut Placing,
        most: usize,
        rate: impl Fn(&CardRecord) -> Urgency,
        now: Timestamp,
    ) -> usize {
        let Placing { order, rated, by_name, stage } = placing;
        match stage {
            Stage::Rate => {
                let rated = rated.get_or_insert_default();
                let next = self.entries.get(rated.urgencies.len()..).unwrap_or_default();
                let slice = next.get(..(most / RATING).max(1)).unwrap_or(next);
                slice.iter().for_each(|entry| rated.add(entry, rate(&entry.card), now));
                if rated.urgencies.len() >= self.entries.len() {
                    *stage = Stage::Name(Vec::with_capacity(self.entries.len()));
                }
                RATING * slice.len() + 1
            }
            Stage::Name(named) => {
                let from = named.len();
                named.extend(
                    self.by_key.iter_from(from).take(most).zip(from..).map(|it| self.named(it)),
                );
                let steps = named.len() - from;
                if named.len() >= self.by_key.len() {
                    *stage = Stage::SortNames(SlicedSort::new(std::mem::take(named)));
                }
                steps + 1
            }
            Stage::SortNames(sort) => {
                let name = |number| self.name(number);
                let steps = sort.step(most, |a: &Named, b| {
                    let names = || name(a.3).cmp(name(b.3));
                    (a.0, a.1).cmp(&(b.0, b.1)).then_with(names).then_with(|| a.2.cmp(&b.2))
                });
                if sort.is_done() {
                    let sorted = std::mem::replace(sort, SlicedSort::new(Vec::new())).into_sorted();
                    let names = by_name.insert(sorted.into_iter().map(|it| it.3).collect());
                    *stage = Stage::survey(*order, Some(names), self);
                }
                2 * steps + 1
            }
            Stage::Survey(..) | Stage::Rank(..) | Stage::SortRanks(_) => {
                self.step_in_order(*order, rated.as_ref(), stage, most)
            }
            Stage::Placed(_) => 0,
        }
    }

    fn step_in_order(
        &self,
        order: Order,
        rated: Option<&Rated>,
        stage: &mut Stage,
        most: usize,
    ) -> usize {
        let card = |number: u32| self.entry(number).map(|entry| &*entry.card);
        match stage {
            Stage::Survey(base, done, ranks) => {
                let next = base.get(*done..).unwrap_or_default();
                let slice = next.get(..(most / RANKING).max(1)).unwrap_or(next);
                let cards = slice.iter().filter_map(|number| card(*number));
                cards.for_each(|card| order.note_currency(ranks, card));
                *done += slice.len();
                let steps = RANKING * slice.len() + 1;
                if *done >= base.len() {
                    let (base, ranks) = (std::mem::take(base), std::mem::take(ranks));
                    let ranked = Vec::with_capacity(base.len());
                    *stage = Stage::Rank(base, ranked, ranks);
                }
                steps
            }
            Stage::Rank(base, ranked, ranks) => {
                let next = base.get(ranked.len()..).unwrap_or_default();
                let slice = next.get(..(most / RANKING).max(1)).unwrap_or(next);
                for number in slice {
                    let compared = self.compared_as(*number, rated);
                    let rank = compared.map_or(u128::MAX, |card| order.rank(ranks, &card));
                    let place = u32::try_from(ranked.len()).unwrap_or(u32::MAX);
                    ranked.push((rank, place, *number));
                }
                let steps = RANKING * slice.len() + 1;
                if ranked.len() >= base.len() {
                    *stage = Stage::SortRanks(SlicedSort::new(std::mem::take(ranked)));
                }
                steps
            }
            Stage::SortRanks(sort) => {
                let steps = sort.step(most, |a: &Ranked, b| {
                    let exactly = || match (card(a.2), card(b.2)) {
                        (Some(a), Some(b)) => order.exactly(a, b),
                        (_, _) => std::cmp::Ordering::Equal,
                    };
                    a.0.cmp(&b.0).then_with(exactly).then_with(|| a.1.cmp(&b.1))
                });
                if sort.is_done() {
                    let sorted = std::mem::replace(sort, SlicedSort::new(Vec::new())).into_sorted();
                    *stage = Stage::Placed(sorted.into_iter().map(|ranked| ranked.2).collect());
                }
                2 * steps + 1
            }
            Stage::Rate | Stage::Name(_) | Stage::SortNames(_) | Stage::Placed(_) => 0,
        }
    }

    fn named(&self, (number, place): (u32, usize)) -> Named {
        let name = self.name(number);
        (name.is_empty(), beginning(name), u32::try_from(place).unwrap_or(u32::MAX), number)
    }

    fn name(&self, number: u32) -> &str {
        self.entry(number).map_or("", |entry| self.texts.name(entry.text))
    }

    /// A card with the urgency that was found out for it.
    fn compared_as(&self, number: u32, rated: Option<&Rated>) -> Option<Compared<'_>> {
        let compared = self.compared(number)?;
        let urgency = rated.and_then(|rated| rated.urgencies.get(slot(number)));
        Some(Compared { urgency: urgency.copied().unwrap_or(compared.urgency), ..compared })
    }

    /// Shows the cards in their new places.
    fn end_placing(
        &mut self,
        rated: Option<Rated>,
        by_name: Option<Sequence>,
        numbers: Vec<u32>,
        order: Order,
    ) -> Placed {
        self.order = order;
        self.all = numbers.into_iter().collect();
        if let Some(by_name) = by_name {
            self.by_name = by_name;
        }
        let Some(Rated { urgencies, troubled, old_states }) = rated else {
            if let Some(Chosen { found, digits, .. }) = self.chosen.take() {
                self.choose(found, digits);
            }
            return Placed::Sorted;
        };
        (self.troubled, self.old_states) = (troubled, old_states);
        for (entry, urgency) in self.entries.iter_mut().zip(urgencies) {
            entry.urgency = urgency;
        }
        self.placed = u32::try_from(self.entries.len()).unwrap_or(u32::MAX);
        self.chosen = None;
        self.entries.shrink_to_fit();
        if self.texts.is_sparse() {
            self.copy_texts();
        }
        self.texts.shrink();
        Placed::Anew
    }
}

/// What came of placing all cards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::app::cards) enum Placed {
    /// They are in another order; the filter shows the same of them.
    Sorted,
    /// All are shown, in places by what they are now.
    Anew,
}

impl Placing {
    /// Whether the order makes no difference yet.
    const fn is_before_order(&self) -> bool {
        matches!(self.stage, Stage::Rate | Stage::Name(_) | Stage::SortNames(_))
    }
}

impl Stage {
    /// The first one of another order: of all cards where their names were sorted `by_name` anew,
    /// else of those that have places.
    fn survey(order: Order, by_name: Option<&Sequence>, index: &Index) -> Self {
        let has_place = |number: &u32| by_name.is_some() || *number < index.placed;
        let by_key = index.by_key.iter().filter(has_place);
        let names = by_name.unwrap_or(&index.by_name);
        let base = order.base(by_key, names.iter(), |number| Some(index.name(number)));
        if order.is_base() {
            return Self::Placed(base);
        }
        Self::Survey(base, 0, Ranks::default())
    }
}

impl Rated {
    fn add(&mut self, entry: &Entry, urgency: Urgency, now: Timestamp) {
        count(Work::CardVisited);
        let number = u32::try_from(self.urgencies.len()).unwrap_or(u32::MAX);
        if urgency.is_trouble() {
            self.troubled.insert(number);
        }
        let due = entry.card.state_grows_old_at().filter(|at| *at > now);
        self.old_states.extend(due.map(|at| (at, number)));
        self.urgencies.push(urgency);
    }
}

/// The first sixteen bytes of a name as a number in the order of names.
fn beginning(name: &str) -> u128 {
    let mut bytes = [0; 16];
    bytes.iter_mut().zip(name.bytes()).for_each(|(to, from)| *to = from);
    u128::from_be_bytes(bytes)
}
