//! What the engine reports, as news: each row once when it is new, and again when its state or its
//! amount changed.
//!
//! News is what happened from a time on, by the provider's clock, or was not there when its time
//! was read to the end after that. What is first read of the time before is old, however new it is
//! to the data file. It is pure: the command gives it events, and prints what it returns.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use jiff::Timestamp;

use super::accounts::Accounts;
use super::remembered::{Remembered, Seen};
use crate::contract::{HealthNews, RowBefore, StateBefore};
use crate::domain::card::{Card, CardKey, CardRecord};
use crate::domain::coverage::Stretch;
use crate::domain::operation::{Operation, OperationId, OperationState};
use crate::domain::transaction::{RowNews, Transaction, TransactionState};
use crate::engine::{EngineEvent, HealthState, ProviderInfo};

/// Most operations that are remembered.
const MOST_OPERATIONS: usize = 10_000;

/// One thing that is news.
#[derive(Clone, Debug)]
pub(super) enum News {
    /// A transaction, new or changed.
    Transaction(Box<Transaction>, RowBefore),
    /// A card in another state.
    Card(Box<Card>, StateBefore),
    /// An operation, new or moved on.
    Operation(Box<Operation>, StateBefore),
    /// A provider in another state.
    Health(HealthNews, StateBefore),
    /// A sentence for a person.
    Trouble(String),
    /// All cards are known from now on: what the data file has can be told.
    Begun,
}

/// What was told, as far as it decides what is news.
#[derive(Debug)]
pub(super) struct Feed {
    /// What happened from then on is news.
    from: Timestamp,
    /// When this began.
    started: Timestamp,
    pub(super) accounts: Accounts,
    cards: HashMap<CardKey, Arc<CardRecord>>,
    /// What was read of the cards that are read by themselves.
    read: HashMap<CardKey, Stretch>,
    rows: Remembered,
    operations: Operations,
    has_begun: bool,
}

impl Feed {
    /// Nothing was told yet; what happened from `from` on is news.
    pub(super) fn new(from: Timestamp, started: Timestamp, accounts: Vec<ProviderInfo>) -> Self {
        Self {
            from,
            started,
            accounts: Accounts::new(accounts),
            cards: HashMap::new(),
            read: HashMap::new(),
            rows: Remembered::default(),
            operations: Operations::default(),
            has_begun: false,
        }
    }

    /// What is news in an event.
    pub(super) fn take(&mut self, event: EngineEvent) -> Vec<News> {
        match event {
            EngineEvent::KnownCards { cards, is_last } => {
                for card in cards {
                    self.cards.entry(card.key()).or_insert(card);
                }
                let begins = is_last && !std::mem::replace(&mut self.has_begun, is_last);
                begins.then_some(News::Begun).into_iter().collect()
            }
            EngineEvent::Cards(cards) => {
                cards.into_iter().filter_map(|card| self.card(card)).collect()
            }
            EngineEvent::Transactions(news) => self.transactions(news),
            EngineEvent::Operation(operation) => self.operation(operation).into_iter().collect(),
            EngineEvent::Journal { page, .. } => self.journal(page),
            EngineEvent::Health(health) => {
                let news = self.accounts.note_health(*health).into_iter();
                news.map(|(news, was)| News::Health(news, before(was.map(HealthState::as_str))))
                    .collect()
            }
            EngineEvent::Provider(info) => {
                self.accounts.note_info(*info);
                Vec::new()
            }
            EngineEvent::Covered { card, covered } => {
                match covered.complete {
                    Some(read) => self.read.insert(card, read),
                    None => self.read.remove(&card),
                };
                Vec::new()
            }
            EngineEvent::Trouble(sentence) => vec![News::Trouble(sentence)],
            // Histories, quotes and answers to what nobody asks here.
            _ => Vec::new(),
        }
    }

    /// Name of a card's holder; empty where it is not known.
    pub(super) fn holder(&self, row: &Transaction) -> &str {
        let card = row.card().and_then(|key| self.cards.get(&key));
        card.map_or("", |card| card.holder())
    }

    /// Remembers a row of the data file, of which the newest come first; whether there was room.
    pub(super) fn remember(&mut self, row: &Transaction) -> bool {
        self.rows.note_older(row)
    }

    /// Whether a row of the data file happened late enough to be told.
    pub(super) fn is_recent(&self, row: &Transaction) -> bool {
        self.accounts.by_our_clock(&row.provider, row.at) >= self.from
    }

    fn transactions(&mut self, RowNews { rows, gone }: RowNews) -> Vec<News> {
        let news = rows.into_iter().filter_map(|row| self.transaction(row)).collect();
        gone.iter().flatten().for_each(|name| self.rows.forget(name));
        news
    }

    fn transaction(&mut self, row: Transaction) -> Option<News> {
        let seen = self.rows.note(&row);
        let is_recent = self.is_recent(&row);
        let of_card = row.card().and_then(|card| self.read.get(&card).copied());
        let read = of_card.or_else(|| self.accounts.read(&row.provider));
        // Then it changed, or was listed, after that reading.
        let read = read.filter(|read| read.to >= self.from);
        let before = match seen {
            Some(seen) if seen == Seen::from(&row) => return None,
            Some(seen) => RowBefore {
                was: Some(seen.state.as_str()),
                amount: Some(seen.amount).filter(|amount| *amount != row.amount),
            },
            None if row.seen_at >= self.started => {
                let is_late = read.is_some_and(|read| read.includes(row.at));
                let is_news = is_recent || is_late;
                let before = RowBefore::default();
                return is_news.then(|| News::Transaction(Box::new(row), before));
            }
            None => RowBefore { was: Some(TransactionState::Unknown.as_str()), amount: None },
        };
        (is_recent || read.is_some()).then(|| News::Transaction(Box::new(row), before))
    }

    fn card(&mut self, card: Arc<CardRecord>) -> Option<News> {
        let before = self.cards.insert(card.key(), Arc::clone(&card))?;
        let was_read = before.state_at().is_some_and(|at| at >= self.from);
        let is_news = was_read && card.state_at().is_some() && before.state() != card.state();
        let was = self::before(Some(before.state().as_str()));
        is_news.then(|| News::Card(Box::new(card.card()), was))
    }

    fn operation(&mut self, operation: Operation) -> Option<News> {
        let is_recent = operation.updated_at >= self.from;
        match self.operations.note(&operation) {
            Before::Same => None,
            Before::Other(state) => Some(before(Some(state.as_str()))),
            Before::NotKnown => is_recent.then(|| before(None)),
        }
        .map(|was| News::Operation(Box::new(operation), was))
    }

    /// Operations as the journal has them, newest first. The first page has all that may change.
    fn journal(&mut self, page: Vec<Operation>) -> Vec<News> {
        let is_first = self.operations.is_empty();
        let recent = |operation: &Operation| is_first || operation.updated_at >= self.from;
        let mut rows: Vec<Operation> = page.into_iter().filter(recent).collect();
        rows.sort_by_key(|operation| operation.updated_at);
        rows.into_iter().filter_map(|operation| self.operation(operation)).collect()
    }
}

fn before(was: Option<&'static str>) -> StateBefore {
    StateBefore { was }
}

/// How operations were when they were last seen. The oldest of too many are forgotten.
#[derive(Debug, Default)]
struct Operations {
    seen: HashMap<OperationId, (OperationState, Option<Arc<str>>)>,
    order: VecDeque<OperationId>,
}

/// How an operation was before.
enum Before {
    /// Nobody remembers it.
    NotKnown,
    /// As it is now.
    Same,
    /// In this state, or without its alarm.
    Other(OperationState),
}

impl Operations {
    fn is_empty(&self) -> bool {
        self.seen.is_empty()
    }

    fn note(&mut self, operation: &Operation) -> Before {
        let now = (operation.state, operation.alarm.clone());
        let Some(before) = self.seen.insert(operation.id, now.clone()) else {
            self.order.push_back(operation.id);
            if self.order.len() > MOST_OPERATIONS
                && let Some(oldest) = self.order.pop_front()
            {
                self.seen.remove(&oldest);
            }
            return Before::NotKnown;
        };
        if before == now { Before::Same } else { Before::Other(before.0) }
    }
}

#[cfg(test)]
mod tests;
