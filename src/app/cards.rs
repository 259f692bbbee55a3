//! The pane of all cards: order, filter, marks and the cursor.
//!
//! The most urgent first by default. The order is held while a dialog is open or the screen is
//! paused.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;

use super::list::List;
use super::memo::{DataVersion, Memo, Movement};
use super::portfolio::Portfolio;
use super::search::Search;
use super::work::{Work, count};
use crate::contract::{CardRow, Rows};
use crate::domain::attention::{Attention, Signals, low};
use crate::domain::card::{Card, CardKey, CardState, Last4};
use crate::domain::filter::Filter;
use crate::domain::money::{Currency, Money};

/// What the cards are sorted by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Sort {
    /// The most urgent first.
    #[default]
    Attention,
    State,
    Holder,
    /// The last four digits.
    Card,
    Provider,
    /// Available, within its currency.
    Available,
    /// Age of the figures.
    Age,
}

impl Sort {
    const ALL: [Self; 7] = [
        Self::Attention,
        Self::State,
        Self::Holder,
        Self::Card,
        Self::Provider,
        Self::Available,
        Self::Age,
    ];

    /// The word in the title.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Attention => "attention",
            Self::State => "state",
            Self::Holder => "holder",
            Self::Card => "card",
            Self::Provider => "provider",
            Self::Available => "available",
            Self::Age => "age",
        }
    }

    fn next(self) -> Self {
        let index = Self::ALL.iter().position(|sort| *sort == self).unwrap_or(0);
        Self::ALL.get(index + 1).copied().unwrap_or_default()
    }
}

/// The pane of all cards.
#[derive(Debug)]
pub(crate) struct Cards {
    pub(crate) list: List<CardKey>,
    pub(crate) search: Search,
    pub(crate) sort: Sort,
    pub(crate) reversed: bool,
    pub(crate) marks: BTreeSet<CardKey>,
    /// Cards that the filter hides.
    pub(crate) hidden: usize,
    /// Of every card, whatever the filter shows.
    attention: BTreeMap<CardKey, Attention>,
    /// What that was computed from. It is never held: it says what is true now.
    attention_of: Option<DataVersion>,
    /// Revisions of the filter, and of order and marks.
    memo: Memo<(u64, u64)>,
    /// Grows with every change of order or marks.
    order_revision: u64,
}

impl Default for Cards {
    fn default() -> Self {
        Self {
            list: List::default(),
            search: Search::new(Rows::Cards),
            sort: Sort::default(),
            reversed: false,
            marks: BTreeSet::new(),
            hidden: 0,
            attention: BTreeMap::new(),
            attention_of: None,
            memo: Memo::default(),
            order_revision: 0,
        }
    }
}

impl Cards {
    /// Why a card is where it is.
    pub(crate) fn attention(&self, key: &CardKey) -> Option<&Attention> {
        self.attention.get(key)
    }

    /// Sorts by the next column.
    pub(crate) fn sort_next(&mut self) {
        (self.sort, self.reversed) = (self.sort.next(), false);
        self.order_revision += 1;
    }

    /// Sorts the other way.
    pub(crate) const fn reverse(&mut self) {
        self.reversed = !self.reversed;
        self.order_revision += 1;
    }

    /// Marks the card under the cursor, or unmarks it.
    pub(crate) fn mark(&mut self) {
        if let Some(key) = self.list.selected().cloned()
            && !self.marks.remove(&key)
        {
            self.marks.insert(key);
        }
        self.order_revision += 1;
    }

    /// Marks every card that the filter shows.
    pub(crate) fn mark_all(&mut self) {
        self.marks = self.list.keys().iter().cloned().collect();
        self.order_revision += 1;
    }

    pub(crate) fn unmark(&mut self) {
        self.marks.clear();
        self.order_revision += 1;
    }

    /// Marked cards that the filter hides.
    pub(crate) fn hidden_marks(&self) -> usize {
        if self.marks.is_empty() {
            return 0;
        }
        let shown: BTreeSet<&CardKey> =
            self.list.keys().iter().inspect(|_| count(Work::CardVisited)).collect();
        self.marks.iter().filter(|key| !shown.contains(key)).count()
    }

    /// Makes the rows again where something they depend on has changed.
    pub(crate) fn refresh_rows(&mut self, portfolio: &Portfolio, movement: Movement) {
        let data = DataVersion::of_all(portfolio);
        if self.attention_of != Some(data) {
            self.attention_of = Some(data);
            self.attention = attention(portfolio);
        }
        if self.search.chip().is_some() && self.memo.is_of_another_minute(data) {
            self.search.reread(portfolio.now, &portfolio.zone);
        }
        let choices = (self.search.revision, self.order_revision);
        if self.memo.renew(data, choices, movement) {
            let (keys, set_aside) =
                self.search.choose(|filter| self.rows(filter, portfolio), Vec::is_empty);
            self.search.set_aside(set_aside);
            self.hidden = portfolio.cards.len() - keys.len();
            let named = self.search.is_typing().then(|| keys.first().cloned()).flatten();
            let is_named = named
                .as_ref()
                .and_then(|key| portfolio.cards.get(key))
                .is_some_and(|card| ends_in(card, &self.search.last_digits()));
            self.list.set(keys);
            if let Some(named) = named.filter(|_| is_named) {
                self.list.select(&named);
            }
        }
    }

    /// The cards that the filter shows, in order.
    fn rows(&self, filter: &Filter, portfolio: &Portfolio) -> Vec<CardKey> {
        let mut rows: Vec<SortKey<'_>> = portfolio
            .cards
            .values()
            // Made of the same cards in the same order by `attention`.
            .zip(self.attention.values())
            .inspect(|_| count(Work::CardVisited))
            .filter(|(card, attention)| filter.matches(&self.row(card, attention, portfolio)))
            .map(|(card, attention)| SortKey::of(card, attention))
            .collect();
        let digits = self.search.last_digits();
        rows.sort_by(|a, b| {
            count(Work::CardCompared);
            let order = compare(self.sort, a, b);
            // Four digits mean a card: one that ends in them comes before ids that have them.
            ends_in(b.card, &digits)
                .cmp(&ends_in(a.card, &digits))
                .then(if self.reversed { order.reverse() } else { order })
                .then_with(|| a.card.key.cmp(&b.card.key))
        });
        rows.into_iter().map(|row| row.card.key.clone()).collect()
    }

    fn row<'a>(
        &self,
        card: &'a Card,
        attention: &Attention,
        portfolio: &'a Portfolio,
    ) -> CardRow<'a> {
        CardRow {
            card,
            now: portfolio.now,
            watched: portfolio.watched.contains(&card.key),
            marked: self.marks.contains(&card.key),
            low: low(card).is_some(),
            unknown: matches!(attention, Attention::Unknown { .. }),
            history: portfolio,
        }
    }
}

/// Whether a card ends in one of these digits.
fn ends_in(card: &Card, digits: &[Last4]) -> bool {
    card.last4.is_some_and(|last4| digits.contains(&last4))
}

/// Why each card is where it is in the order of attention.
fn attention(portfolio: &Portfolio) -> BTreeMap<CardKey, Attention> {
    let transactions = portfolio.transactions.iter().inspect(|_| count(Work::HistoryVisited));
    let signals = Signals::of(transactions, portfolio.operations.iter(), portfolio.now);
    let of_card = |card: &Card| {
        count(Work::CardRated);
        let watched = portfolio.watched.contains(&card.key);
        (card.key.clone(), signals.attention(card, watched, portfolio.now))
    };
    portfolio.cards.values().map(|card| of_card(card)).collect()
}

/// What cards are compared by.
struct SortKey<'a> {
    card: &'a Card,
    attention: &'a Attention,
    /// Lower-cased once per card instead of once per comparison; cards without a name come last.
    name: (bool, String),
}

impl<'a> SortKey<'a> {
    fn of(card: &'a Card, attention: &'a Attention) -> Self {
        Self { card, attention, name: (card.holder.is_empty(), card.holder.to_lowercase()) }
    }
}

fn compare(sort: Sort, a: &SortKey<'_>, b: &SortKey<'_>) -> Ordering {
    let by_attention = || {
        let newest = |attention: &Attention| std::cmp::Reverse(attention.at());
        a.attention
            .rank()
            .cmp(&b.attention.rank())
            .then_with(|| newest(a.attention).cmp(&newest(b.attention)))
    };
    match sort {
        Sort::Attention => by_attention().then_with(|| a.name.cmp(&b.name)),
        Sort::State => state_rank(a.card).cmp(&state_rank(b.card)).then_with(by_attention),
        Sort::Holder => a.name.cmp(&b.name),
        Sort::Card => {
            (a.card.last4.is_none(), a.card.last4).cmp(&(b.card.last4.is_none(), b.card.last4))
        }
        Sort::Provider => a.card.key.provider.cmp(&b.card.key.provider).then_with(by_attention),
        Sort::Available => available(a.card).cmp(&available(b.card)),
        Sort::Age => b.card.balance.at().cmp(&a.card.balance.at()),
    }
}

fn state_rank(card: &Card) -> usize {
    CardState::ALL.iter().position(|state| *state == card.state).unwrap_or(usize::MAX)
}

/// Amounts are only compared within one currency.
fn available(card: &Card) -> (bool, Option<Currency>, Option<Decimal>) {
    let money = card.available();
    (money.is_none(), money.map(Money::currency), money.map(Money::amount))
}
