//! The pane of all cards: order, filter, marks and the cursor.
//!
//! Attention first by default. The order stands still while a dialog is open or the screen is
//! paused.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use super::list::List;
use super::portfolio::Portfolio;
use super::search::Search;
use crate::contract::CardRow;
use crate::domain::attention::{Attention, Signals, low};
use crate::domain::card::{Card, CardKey};
use crate::domain::money::Money;

/// What the cards are sorted by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Sort {
    /// The most urgent first.
    #[default]
    Attention,
    /// State.
    State,
    /// Holder.
    Holder,
    /// Last four digits.
    Card,
    /// Provider.
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
        let place = Self::ALL.iter().position(|sort| *sort == self).unwrap_or(0);
        Self::ALL.get(place + 1).copied().unwrap_or_default()
    }
}

/// What the rows were last made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Made {
    revision: u64,
    minute: i64,
    search: u64,
    own: u64,
}

/// The pane of all cards.
#[derive(Debug, Default)]
pub(crate) struct Cards {
    pub(crate) list: List<CardKey>,
    pub(crate) search: Search,
    pub(crate) sort: Sort,
    pub(crate) reversed: bool,
    pub(crate) marks: BTreeSet<CardKey>,
    /// Cards that the filter hides.
    pub(crate) hidden: usize,
    attention: BTreeMap<CardKey, Attention>,
    made: Option<Made>,
    read: Option<(u64, i64)>,
    own: u64,
}

impl Cards {
    /// Why a card is where it is.
    pub(crate) fn attention(&self, key: &CardKey) -> Option<&Attention> {
        self.attention.get(key)
    }

    /// Sorts by the next column.
    pub(crate) fn sort_next(&mut self) {
        (self.sort, self.reversed) = (self.sort.next(), false);
        self.own += 1;
    }

    /// Sorts the other way.
    pub(crate) const fn reverse(&mut self) {
        self.reversed = !self.reversed;
        self.own += 1;
    }

    /// Marks the card under the cursor, or unmarks it.
    pub(crate) fn mark(&mut self) {
        if let Some(key) = self.list.selected().cloned()
            && !self.marks.remove(&key)
        {
            self.marks.insert(key);
        }
        self.own += 1;
    }

    /// Marks every card that the filter shows.
    pub(crate) fn mark_all(&mut self) {
        self.marks = self.list.keys().iter().cloned().collect();
        self.own += 1;
    }

    /// Marks nothing.
    pub(crate) fn unmark(&mut self) {
        self.marks.clear();
        self.own += 1;
    }

    /// Marked cards that the filter hides.
    pub(crate) fn hidden_marks(&self) -> usize {
        if self.marks.is_empty() {
            return 0;
        }
        let shown: BTreeSet<&CardKey> = self.list.keys().iter().collect();
        self.marks.iter().filter(|key| !shown.contains(key)).count()
    }

    /// Makes the rows anew where something they depend on changed. `still` keeps the order that
    /// there is.
    pub(crate) fn settle(&mut self, portfolio: &Portfolio, still: bool) {
        let minute = portfolio.now.as_second().div_euclid(60);
        if self.read != Some((portfolio.revision, minute)) {
            self.read = Some((portfolio.revision, minute));
            let signals =
                Signals::of(portfolio.transactions.iter(), &portfolio.operations, portfolio.now);
            self.attention = portfolio
                .cards
                .values()
                .map(|card| {
                    (
                        card.key.clone(),
                        signals.attention(
                            card,
                            portfolio.watched.contains(&card.key),
                            portfolio.now,
                        ),
                    )
                })
                .collect();
        }
        if self.search.is_on() && self.made.is_some_and(|made| made.minute != minute) {
            self.search.reread(portfolio.now, &portfolio.zone);
        }
        let mut made = Made {
            revision: portfolio.revision,
            minute,
            search: self.search.revision,
            own: self.own,
        };
        if let (true, Some(old)) = (still, self.made) {
            // Only what the operator does moves rows now.
            (made.revision, made.minute) = (old.revision, old.minute);
        }
        if self.made == Some(made) {
            return;
        }
        self.made = Some(made);
        let mut rows: Vec<Place<'_>> = portfolio
            .cards
            .values()
            // Made of the same cards in the same order, above.
            .zip(self.attention.values())
            .filter(|(card, attention)| {
                self.search.filter.matches(&self.row(card, attention, portfolio))
            })
            .map(|(card, attention)| Place::of(card, attention))
            .collect();
        self.hidden = portfolio.cards.len() - rows.len();
        let (sort, reversed) = (self.sort, self.reversed);
        rows.sort_by(|a, b| {
            let order = compare(sort, a, b);
            (if reversed { order.reverse() } else { order })
                .then_with(|| a.card.key.cmp(&b.card.key))
        });
        let keys = rows.into_iter().map(|place| place.card.key.clone()).collect();
        self.list.set(keys);
    }

    fn row<'a>(&self, card: &'a Card, attention: &Attention, portfolio: &Portfolio) -> CardRow<'a> {
        CardRow {
            card,
            now: portfolio.now,
            watched: portfolio.watched.contains(&card.key),
            marked: self.marks.contains(&card.key),
            low: low(card).is_some(),
            unknown: matches!(attention, Attention::Unknown { .. }),
        }
    }
}

/// What a card's place in the list is made of.
struct Place<'a> {
    card: &'a Card,
    attention: &'a Attention,
    /// In small letters once, and not again for every card it is compared with; those without a
    /// name come last.
    name: (bool, String),
}

impl<'a> Place<'a> {
    fn of(card: &'a Card, attention: &'a Attention) -> Self {
        Self { card, attention, name: (card.holder.is_empty(), card.holder.to_lowercase()) }
    }
}

fn compare(sort: Sort, a: &Place<'_>, b: &Place<'_>) -> Ordering {
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
    crate::domain::card::CardState::ALL
        .iter()
        .position(|state| *state == card.state)
        .unwrap_or(usize::MAX)
}

/// Amounts are only compared within one currency.
fn available(
    card: &Card,
) -> (bool, Option<crate::domain::money::Currency>, Option<rust_decimal::Decimal>) {
    let money = card.available();
    (money.is_none(), money.map(Money::currency), money.map(Money::amount))
}
