//! Cards with such a transaction: what a filter of cards asks of transactions is looked for among
//! all of them at once, and a card is asked only whether it is among those that were found.

use std::collections::HashSet;

use jiff::Timestamp;

use crate::app::memo::{DataVersion, Memo, Movement};
use crate::app::portfolio::Portfolio;
use crate::app::query::{Query, Running, asks_holder};
use crate::contract::CardRow;
use crate::domain::card::CardKey;
use crate::domain::filter::{Apart, Filter};
use crate::ledger::Order;

/// What a filter of cards asks of transactions, and which cards have such.
#[derive(Debug, Default)]
pub(super) struct Having {
    filter: Filter,
    /// The filter taken apart; `None` where that is not possible, or it asks nothing of
    /// transactions.
    apart: Option<Apart>,
    /// One for each of its questions.
    answers: Vec<Answer>,
    /// All transactions of the data file were there to be looked at.
    is_history_loaded: bool,
    /// Revision of the filter.
    memo: Memo<u64>,
}

#[derive(Debug, Default)]
struct Answer {
    search: Running,
    /// The cards of the transactions found, once all cards are asked. For a few cards that have
    /// news it is not made.
    cards: Option<HashSet<CardKey>>,
}

impl Having {
    /// Looks again where filter, transactions or names have changed, or goes on looking. Returns
    /// whether cards may be found of which there is no news: while it is not at its end, and when
    /// it comes there.
    pub(super) fn refresh(
        &mut self,
        filter: &Filter,
        revision: u64,
        portfolio: &Portfolio,
        movement: Movement,
    ) -> bool {
        let went_on = self.left().is_some();
        if self.memo.renew(
            DataVersion::of_history(portfolio, asks_holder(filter)),
            revision,
            movement,
        ) {
            self.filter = filter.clone();
            self.is_history_loaded = portfolio.is_history_loaded();
            self.apart = filter.asks_related().then(|| filter.apart()).flatten();
            let questions = self.apart.as_ref().map_or(0, |apart| apart.questions().len());
            self.answers.resize_with(questions, Answer::default);
            self.look(|search, query| {
                search.renew(query, &portfolio.transactions, portfolio);
            });
        } else if went_on {
            self.look(|search, query| search.step(query, portfolio));
        }
        went_on || self.left().is_some()
    }

    fn look(&mut self, look: impl Fn(&mut Running, &Query<'_>)) {
        let questions = self.apart.iter().flat_map(|apart| apart.questions());
        for (answer, filter) in self.answers.iter_mut().zip(questions) {
            let since = filter.since().unwrap_or(Timestamp::MIN);
            let query = Query { filter, since, seen_until: None, order: Order::default() };
            look(&mut answer.search, &query);
            answer.cards = None;
        }
    }

    /// Prepares to ask for all cards instead of a few.
    pub(super) fn gather_cards(&mut self) {
        for answer in &mut self.answers {
            let found = answer.search.found();
            answer.cards.get_or_insert_with(|| found.cards().collect());
        }
    }

    /// Whether it was made of this filter.
    pub(super) fn is_of(&self, filter: &Filter) -> bool {
        self.apart.is_some() && self.filter == *filter
    }

    /// Whether it looked at all transactions of the data file, and not only at the newest.
    pub(super) const fn is_history_loaded(&self) -> bool {
        self.is_history_loaded
    }

    /// Whether its filter accepts a card.
    pub(super) fn accepts(&self, row: &CardRow<'_>) -> bool {
        let has = |question: usize| {
            self.answers.get(question).is_some_and(|answer| answer.has(&row.card.key()))
        };
        self.apart.as_ref().is_some_and(|apart| apart.matches(row, &has))
    }

    /// Transactions looked at so far, and how many there are; `None` once all were looked at.
    pub(super) fn left(&self) -> Option<(usize, usize)> {
        self.answers.iter().find_map(|answer| answer.search.left())
    }
}

impl Answer {
    /// Whether a card has one of the transactions found.
    fn has(&self, card: &CardKey) -> bool {
        let found = self.search.found();
        match &self.cards {
            Some(cards) => cards.contains(card),
            None => found.ledger().of_card(card).any(|row| found.rank(row).is_ok()),
        }
    }
}
