//! What transactions and operations say of the cards, kept by the card that they come for.

use std::collections::{BTreeSet, HashMap};

use jiff::Timestamp;

use crate::app::portfolio::Portfolio;
use crate::app::portfolio::card_news::{Affected, CardNews};
use crate::app::work::{Work, count};
use crate::domain::attention::{Attention, FRESH, Signals};
use crate::domain::card::{CardKey, Standing};

/// What is said of the cards of which anything is.
#[derive(Debug, Default)]
pub(super) struct KnownSignals {
    of: HashMap<CardKey, Signals>,
    /// When something else is said of a card although nothing happens.
    due: BTreeSet<(Timestamp, CardKey)>,
}

impl KnownSignals {
    /// Why a card is where it is in the order of attention.
    pub(super) fn attention(
        &self,
        key: &CardKey,
        card: &Standing,
        portfolio: &Portfolio,
    ) -> Attention {
        let watched = portfolio.watched.contains(key);
        match self.of.get(key) {
            Some(signals) => signals.attention(card, watched, portfolio.now),
            None => Signals::default().attention(card, watched, portfolio.now),
        }
    }

    /// Takes in what has happened, and answers of which cards something else may be said now.
    pub(super) fn hear(&mut self, news: &CardNews, portfolio: &Portfolio) -> BTreeSet<CardKey> {
        let mut affected = match &news.history {
            Affected::All => return self.renew_all(portfolio),
            Affected::These(cards) => cards.clone(),
        };
        if news.unassigned {
            let declined = self.of.iter().filter(|(_, signals)| signals.has_decline());
            affected.extend(declined.map(|(key, _)| key.clone()));
        }
        while self.due.first().is_some_and(|(at, _)| *at <= portfolio.now) {
            affected.extend(self.due.pop_first().map(|(_, key)| key));
        }
        for key in &affected {
            self.renew(key, portfolio);
        }
        affected
    }

    fn renew(&mut self, key: &CardKey, portfolio: &Portfolio) {
        let since = portfolio.now.checked_sub(FRESH).unwrap_or(Timestamp::MIN);
        let declined = portfolio.declined_after(key, since);
        let signals = Signals::of(declined, portfolio.operations_of(key), portfolio.now);
        if let Some(at) = self.of.remove(key).and_then(|old| old.until()) {
            self.due.remove(&(at, key.clone()));
        }
        if !signals.is_silent() {
            self.due.extend(signals.until().map(|at| (at, key.clone())));
            self.of.insert(key.clone(), signals);
        }
    }

    /// Gathers what is said of all cards; of which of them something else is said than before.
    pub(super) fn renew_all(&mut self, portfolio: &Portfolio) -> BTreeSet<CardKey> {
        let transactions = portfolio.transactions.iter().inspect(|_| count(Work::HistoryVisited));
        let of = Signals::of_all(transactions, portfolio.operations.iter(), portfolio.now);
        let before = std::mem::replace(&mut self.of, of.into_iter().collect());
        let due = |(key, signals): (&CardKey, &Signals)| Some((signals.until()?, key.clone()));
        self.due = self.of.iter().filter_map(due).collect();
        let others = |key: &&CardKey| before.get(*key) != self.of.get(*key);
        before.keys().chain(self.of.keys()).filter(others).cloned().collect()
    }
}
