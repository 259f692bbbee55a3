//! The pane of all cards: order, filter, marks and the cursor.
//!
//! The most urgent first by default. The order is held while a dialog is open or the screen is
//! paused. What happens to a card moves that card; the others are looked at only when the filter or
//! the order is changed.

mod front;
mod having;
mod index;
mod signals;
mod sort;
#[cfg(test)]
mod tests;
mod texts;

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::list::{Direction, List, Rows as _};
use super::memo::Movement;
use super::portfolio::Portfolio;
use super::portfolio::card_news::{Affected, CardNews};
use super::search::Search;
use super::work::{Work, count};
use crate::contract::{CardRow, Membership, Rows};
use crate::domain::attention::Attention;
use crate::domain::card::{Card, CardKey, CardRecord};
use crate::domain::filter::Filter;
use front::Front;
use having::Having;
use index::{Accepts, Candidate, Index, Placed, ends_in};
use signals::KnownSignals;
use sort::{Order, Urgency};

/// Most cards that get their places before keys are listened to again: about a millisecond. Tests
/// see a slice with fewer cards.
const SLICE: usize = if cfg!(test) { 2_048 } else { 256 };

/// Of so few cards each asks for itself whether it has such transactions as the filter wants.
const FEW: usize = 256;

/// The pane of all cards.
#[derive(Debug)]
pub(crate) struct Cards {
    pub(crate) list: List<CardKey, Index>,
    pub(crate) search: Search,
    pub(crate) order: Order,
    marks: BTreeSet<CardKey>,
    /// Marked cards that the filter hides.
    hidden_marks: usize,
    /// Cards that the filter hides.
    pub(crate) hidden: usize,
    /// Never held: they say what is true now.
    signals: KnownSignals,
    waiting: Waiting,
    /// What the rows were made of last.
    made_of: MadeOf,
    /// The filter of the whole line, where it chose no card and the rest of the line is shown.
    in_vain: Option<Filter>,
    /// The cards that have such transactions as the filter asks for, and as it asks for without its
    /// half-written word.
    having: [Having; 2],
    front: Front,
}

/// The cards that are not in the place yet where they belong now.
#[derive(Debug, Default)]
struct Waiting {
    cards: BTreeSet<CardKey>,
    /// Further ones of them get their places with the next message.
    goes_on: bool,
}

/// What the rows were made of.
#[derive(Debug)]
struct MadeOf {
    now: Timestamp,
    /// Minutes since 1970 when a filter that depends on the time was read.
    minute: i64,
    /// Revision of the filter.
    filter: u64,
    /// What the filter shows has to be asked again of every card.
    is_outdated: bool,
    /// Since when the transactions were complete.
    complete_from: Option<Timestamp>,
}

impl Default for Cards {
    fn default() -> Self {
        Self {
            list: List::default(),
            search: Search::new(Rows::Cards),
            order: Order::default(),
            marks: BTreeSet::new(),
            hidden_marks: 0,
            hidden: 0,
            signals: KnownSignals::default(),
            waiting: Waiting::default(),
            made_of: MadeOf {
                now: Timestamp::MIN,
                minute: 0,
                filter: 0,
                is_outdated: false,
                complete_from: None,
            },
            in_vain: None,
            having: Default::default(),
            front: Front::default(),
        }
    }
}

impl Cards {
    /// Why a card is where it is.
    pub(crate) fn attention(&self, card: &Card, portfolio: &Portfolio) -> Attention {
        self.signals.attention(&card.key, &card.standing(), portfolio)
    }

    /// Sorts by the next column.
    pub(crate) fn sort_next(&mut self) {
        self.order = Order { sort: self.order.sort.next(), reversed: false };
    }

    /// Sorts the other way.
    pub(crate) const fn reverse(&mut self) {
        self.order.reversed = !self.order.reversed;
    }

    /// The cards that are marked.
    pub(crate) const fn marks(&self) -> &BTreeSet<CardKey> {
        &self.marks
    }

    /// Marked cards that the filter hides.
    pub(crate) const fn hidden_marks(&self) -> usize {
        self.hidden_marks
    }

    /// Marks the card under the cursor, or unmarks it.
    pub(crate) fn mark(&mut self, portfolio: &Portfolio) {
        let Some(key) = self.list.selected().cloned() else { return };
        if !self.marks.remove(&key) {
            self.marks.insert(key.clone());
        }
        let Self { list, marks, having, .. } = self;
        let accepts = |filter: &Filter, card: &Candidate<'_>| {
            is_accepted(filter, &row(card, marks, portfolio), having)
        };
        list.change(|index| index.recheck(&key, &accepts));
        self.hidden = self.list.rows().total() - self.list.len();
        self.count_hidden_marks();
    }

    /// Marks every card that the filter shows.
    pub(crate) fn mark_all(&mut self) {
        self.marks = self.list.rows().keys().inspect(|_| count(Work::CardVisited)).collect();
        self.made_of.is_outdated = true;
    }

    pub(crate) fn unmark(&mut self) {
        self.marks.clear();
        self.made_of.is_outdated = true;
    }

    /// Moves to the next card in trouble; `false` when there is none that way.
    pub(crate) fn seek(&mut self, direction: Direction, portfolio: &Portfolio) -> bool {
        let urgency = |key: &CardKey| {
            let card = portfolio.cards.record(key)?.standing();
            Some(Urgency::of(&self.signals.attention(key, &card, portfolio)))
        };
        // What waits for its place is in trouble by what it is now.
        let waiting = &self.waiting.cards;
        let is_wanted = |key: &CardKey, placed: Urgency| {
            if waiting.contains(key) {
                urgency(key).is_some_and(Urgency::is_trouble)
            } else {
                placed.is_trouble()
            }
        };
        let from = self.list.at();
        let found = self.list.rows().seek(from, direction, waiting, is_wanted);
        if let Some(index) = found {
            self.list.select_at(index);
        }
        found.is_some()
    }

    /// Brings the rows up to date with what has happened and what was chosen. While they are held,
    /// only with what was chosen.
    pub(crate) fn refresh_rows(
        &mut self,
        portfolio: &Portfolio,
        news: CardNews,
        movement: Movement,
    ) {
        self.hear(portfolio, news);
        self.read_filter_again(portfolio, movement);
        self.find_transactions(portfolio, movement);
        if movement == Movement::Live {
            self.made_of.complete_from = portfolio.covered().complete.map(|known| known.from);
        }
        if movement == Movement::Fixed {
            return;
        }
        let refiltered = self.made_of.is_outdated || self.made_of.filter != self.search.revision;
        let is_chosen = refiltered || self.order != self.list.rows().wanted_order();
        let is_searching = self.list.rows().left().is_some();
        let waits = !self.waiting.cards.is_empty() || self.list.rows().is_placing();
        let is_moving = movement == Movement::Live && waits;
        if is_chosen || is_moving || self.waiting.goes_on {
            if refiltered || self.waiting.cards.len() > FEW {
                self.having.iter_mut().for_each(Having::gather_cards);
            }
            let choice_changed = self.place_waiting(portfolio, refiltered);
            (self.made_of.filter, self.made_of.is_outdated) = (self.search.revision, false);
            self.hidden = self.list.rows().total() - self.list.len();
            if choice_changed {
                self.count_hidden_marks();
            }
        } else if !is_searching {
            return;
        }
        if is_searching && !is_chosen {
            self.go_on(portfolio);
        }
        self.select_named();
    }

    /// Notes what has happened, and what has become due.
    fn hear(&mut self, portfolio: &Portfolio, news: CardNews) {
        let set_back = portfolio.now < self.made_of.now;
        self.made_of.now = portfolio.now;
        if set_back {
            // What was over is not over any more.
            self.signals.renew_all(portfolio);
            self.place_all(portfolio);
        }
        self.made_of.is_outdated |= self.search.filter().asks_related()
            && (news.unassigned || matches!(news.history, Affected::All));
        self.waiting.cards.append(&mut self.signals.hear(&news, portfolio));
        self.waiting.cards.extend(news.cards);
        if !news.loaded.is_empty() {
            self.list.change(|index| index.take_in(&news.loaded));
        }
        if news.are_all_loaded {
            // Those of the first frame may be others by now.
            self.waiting.cards.extend(self.list.rows().placed());
            self.place_all(portfolio);
        }
        if self.list.rows().has_old_states(portfolio.now) {
            self.waiting
                .cards
                .append(&mut self.list.change(|index| index.take_old_states(portfolio.now)));
        }
    }

    /// All cards get their places anew; while they are loaded, those that have one.
    fn place_all(&mut self, portfolio: &Portfolio) {
        if portfolio.are_cards_loading() {
            self.waiting.cards.extend(self.list.rows().placed());
        } else {
            self.list.change(Index::place_all);
        }
    }

    /// Looks for the transactions that the filter asks for, where there are others than before.
    fn find_transactions(&mut self, portfolio: &Portfolio, movement: Movement) {
        let (whole, rest) = self.search.whole_and_rest();
        let [of_whole, of_rest] = &mut self.having;
        let revision = self.search.revision;
        let mut others = of_whole.refresh(whole, revision, portfolio, movement);
        match rest {
            Some(rest) => others |= of_rest.refresh(rest, revision, portfolio, movement),
            None => *of_rest = Having::default(),
        }
        self.made_of.is_outdated |= others;
    }

    /// Transactions looked at so far, and how many there are; `None` once all were looked at.
    pub(crate) fn left(&self) -> Option<(usize, usize)> {
        self.having.iter().find_map(Having::left)
    }

    /// Whether all transactions of the data file were looked at for what is shown.
    pub(crate) fn is_history_loaded(&self) -> bool {
        let filter = self.search.filter();
        self.having.iter().any(|having| having.is_of(filter) && having.is_history_loaded())
    }

    /// Whether what is shown is what was found last: it is not while a dialog holds the rows.
    pub(crate) const fn is_up_to_date(&self) -> bool {
        !self.made_of.is_outdated
    }

    /// Since when the transactions were complete that the rows were made of.
    pub(crate) const fn complete_from(&self) -> Option<Timestamp> {
        self.made_of.complete_from
    }

    /// Reads a filter again that depends on the time, once a minute.
    fn read_filter_again(&mut self, portfolio: &Portfolio, movement: Movement) {
        let minute = portfolio.now.as_second().div_euclid(60);
        if self.made_of.minute != minute && movement == Movement::Live {
            self.made_of.minute = minute;
            if self.search.depends_on_time() {
                self.search.reread(portfolio.now, &portfolio.zone);
            }
        }
    }

    /// Puts the first of the cards that wait where they belong, in the order and with the filter
    /// that are chosen now, or goes on giving all their places. Answers whether other cards may be
    /// shown than before.
    fn place_waiting(&mut self, portfolio: &Portfolio, refiltered: bool) -> bool {
        let cause = self.search.take_cause();
        let Self { list, search, marks, signals, in_vain, order, having, waiting, .. } = self;
        // What was chosen before, of which a longer filter is a part.
        let mut is_right = !self.made_of.is_outdated;
        let accepts = |filter: &Filter, card: &Candidate<'_>| {
            is_accepted(filter, &row(card, marks, portfolio), having)
        };
        let rate = |card: &CardRecord| {
            count(Work::CardRated);
            Urgency::of(&signals.attention(&card.key(), &card.standing(), portfolio))
        };
        let place = |index: &mut Index| {
            let mut choose = refiltered;
            let mut changed = false;
            if *order != index.wanted_order() {
                index.sort(*order);
            }
            let placed = index.go_on_placing(rate, portfolio.now);
            if placed == Some(Placed::Anew) {
                (choose, is_right) = (true, false);
            }
            let slice = if index.is_placing() { 0 } else { SLICE };
            for key in std::iter::from_fn(|| waiting.cards.pop_first()).take(slice) {
                let Some(card) = portfolio.cards.record(&key) else { continue };
                changed |= index.place(card, rate(card), portfolio.now, &accepts);
                let whole = in_vain.as_ref();
                choose |= whole.is_some_and(|it| index.is_accepted(&key, it, &accepts));
            }
            choose |= changed && in_vain.is_none() && index.len() == 0 && search.has_rest();
            if choose {
                let known = in_vain.take_if(|known| is_right && !known.depends_on_time());
                let is_searched = having.iter().all(|having| having.left().is_none());
                *in_vain = choose_rows(index, search, (known, is_searched), (is_right, &accepts));
            }
            choose || changed || placed.is_some()
        };
        let choice_changed = list.change_for(cause, place);
        self.waiting.goes_on = !self.waiting.cards.is_empty() || self.list.rows().is_placing();
        choice_changed
    }

    /// Asks the filter about the next cards. At its end, where it accepts none, the rest of the
    /// line is shown.
    fn go_on(&mut self, portfolio: &Portfolio) {
        let Self { list, search, marks, in_vain, having, .. } = self;
        let accepts = |filter: &Filter, card: &Candidate<'_>| {
            is_accepted(filter, &row(card, marks, portfolio), having)
        };
        list.change(|index| {
            if index.go_on(&accepts) && index.len() == 0 && search.has_rest() && in_vain.is_none() {
                let known = (Some(search.whole().clone()), true);
                *in_vain = choose_rows(index, search, known, (true, &accepts));
            }
        });
        self.hidden = self.list.rows().total() - self.list.len();
        self.count_hidden_marks();
    }

    /// Whether further cards get their places with the next message.
    pub(crate) const fn are_being_placed(&self) -> bool {
        self.waiting.goes_on
    }

    /// Whether all cards get other places.
    pub(crate) fn are_being_ordered(&self) -> bool {
        self.waiting.goes_on && self.list.rows().is_placing()
    }

    /// The cards that are to be noted for the first frame of the next start, where they are others
    /// than before.
    pub(crate) fn first_to_note(&mut self, portfolio: &Portfolio) -> Option<Vec<CardKey>> {
        let waits = !self.waiting.cards.is_empty() || self.list.rows().is_placing();
        let is_settled = !waits && !portfolio.are_cards_loading();
        is_settled.then(|| self.front.changed(self.list.rows(), portfolio.now)).flatten()
    }

    /// Cards that the filter was asked about so far, and how many there are; `None` once it was
    /// asked about all.
    pub(crate) fn cards_left(&self) -> Option<(usize, usize)> {
        self.list.rows().left()
    }

    fn count_hidden_marks(&mut self) {
        let index = self.list.rows();
        let is_hidden = |key: &&CardKey| {
            count(Work::CardVisited);
            !index.shows(key)
        };
        self.hidden_marks =
            if index.is_filtered() { self.marks.iter().filter(is_hidden).count() } else { 0 };
    }

    /// Puts the cursor on the card whose last digits are being typed.
    fn select_named(&mut self) {
        if self.search.is_typing()
            && let Some(card) = self.list.rows().first()
            && ends_in(card, &self.search.last_digits())
        {
            self.list.select_at(0);
        }
    }
}

/// Shows the cards that the filter chooses. Answers with the filter of the whole line, where that
/// chose none and the rest of the line is shown; `in_vain` is one that is known to choose none.
/// Before all transactions are searched none is known to choose none. `is_right` is whether the
/// cards that are shown are still those that the filter before chooses.
fn choose_rows(
    index: &mut Index,
    search: &mut Search,
    (in_vain, is_searched): (Option<Filter>, bool),
    (is_right, accepts): (bool, Accepts<'_>),
) -> Option<Filter> {
    let find = |filter: &Filter| {
        let is_in_vain =
            |known: &Filter| filter == known || !filter.depends_on_time() && filter.narrows(known);
        if in_vain.as_ref().is_some_and(is_in_vain) {
            return index.nothing(filter);
        }
        index.find(filter, is_right, accepts)
    };
    let (found, set_aside) = search.choose(find, |found| is_searched && found.is_empty());
    let digits = search.last_digits();
    index.choose(found, digits);
    search.set_aside(set_aside);
    set_aside.then(|| search.whole().clone())
}

/// Whether a filter accepts a card, by the transactions that were found for it where it asks for
/// such.
fn is_accepted(filter: &Filter, row: &CardRow<'_>, having: &[Having]) -> bool {
    match having.iter().find(|having| having.is_of(filter)) {
        Some(having) => having.accepts(row),
        None => filter.matches(row),
    }
}

/// A card as its fields are filtered.
fn row<'a>(
    candidate: &Candidate<'a>,
    marks: &'a BTreeSet<CardKey>,
    portfolio: &'a Portfolio,
) -> CardRow<'a> {
    CardRow {
        card: candidate.card.into(),
        now: portfolio.now,
        watched: Membership::Of(&portfolio.watched),
        marked: Membership::Of(marks),
        unknown: candidate.unknown,
        history: portfolio,
        searched: Some(candidate.searched),
    }
}
