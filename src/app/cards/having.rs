//! Cards with such a transaction: what a filter of cards asks of transactions is looked for among
//! all of them at once, and a card is asked only whether it is among those that were found.

use std::collections::HashSet;

use crate::app::memo::{DataVersion, Memo, Movement};
use crate::app::portfolio::Portfolio;
use crate::app::query::{Query, Running};
use crate::contract::CardRow;
use crate::domain::card::CardKey;
use crate::domain::filter::{Apart, Filter};
use crate::ledger::Order;
use jiff::Timestamp;

/// What a filter of cards asks of transactions, and which cards have such.
#[derive(Debug, Default)]
pub(super) struct Having {
    /// The filter taken apart; `None` where that is not possible, or it asks nothing of
    /// transactions.
    apart: Option<Apart>,
    /// One for each of its questions.
    answers: Vec<Answer>,
    /// Revision of the filter.
    memo: Memo<u64>,
}

#[derive(Debug, Default)]
struct Answer {
    search: Running,
    cards: HashSet<CardKey>,
}

impl Having {
    /// Looks again where filter, transactions or names have changed, or goes on looking. Returns
    /// whether it may have found other cards.
    pub(super) fn refresh(
        &mut self,
        filter: &Filter,
        revision: u64,
        portfolio: &Portfolio,
        movement: Movement,
    ) -> bool {
        if self.memo.renew(DataVersion::of_feed(portfolio), revision, movement) {
            let had_one = self.apart.is_some();
            self.apart = filter.asks_related().then(|| filter.apart()).flatten();
            let questions = self.apart.as_ref().map_or(0, |apart| apart.questions().len());
            self.answers.resize_with(questions, Answer::default);
            self.look(
                |search, query, portfolio| {
                    search.renew(query, &portfolio.transactions, portfolio);
                },
                portfolio,
            );
            return had_one || self.apart.is_some();
        }
        let goes_on = self.left().is_some();
        if goes_on {
            self.look(Running::step, portfolio);
        }
        goes_on
    }

    fn look(&mut self, look: impl Fn(&mut Running, &Query<'_>, &Portfolio), portfolio: &Portfolio) {
        let questions = self.apart.iter().flat_map(|apart| apart.questions());
        for (answer, filter) in self.answers.iter_mut().zip(questions) {
            let since = filter.since().unwrap_or(Timestamp::MIN);
            let query = Query { filter, since, seen_until: None, order: Order::default() };
            look(&mut answer.search, &query, portfolio);
            answer.cards = answer.search.found().cards().collect();
        }
    }

    /// Whether the filter accepts a card.
    pub(super) fn accepts(&self, filter: &Filter, row: &CardRow<'_>) -> bool {
        match &self.apart {
            Some(apart) => apart.matches(row, &|question| {
                self.answers
                    .get(question)
                    .is_some_and(|answer| answer.cards.contains(&row.card.key))
            }),
            None => filter.matches(row),
        }
    }

    /// Transactions looked at so far, and how many there are; `None` once all were looked at.
    pub(super) fn left(&self) -> Option<(usize, usize)> {
        self.answers.iter().find_map(|answer| answer.search.left())
    }
}
