//! What to read next of an account: its progress as a [`Plan`] for the schedule.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::{Account, State};
use crate::domain::card::{Card, CardKey};
use crate::domain::operation::{Operation, OperationId, Proof};
use crate::engine::schedule::{self, CardPlan, Next, Plan, Rank, Read};

/// Least time between two lookups of the same operation.
pub(super) const LEAST_BETWEEN_LOOKUPS: SignedDuration = SignedDuration::from_secs(1);

impl Account {
    /// What to read next; `rank` says how much a card is looked at. Whatever it says to read counts
    /// as tried now.
    pub(in crate::engine) fn next(
        &self,
        now: Timestamp,
        cards: &[Arc<Card>],
        rank: &dyn Fn(&CardKey) -> Rank,
        open: &[Operation],
    ) -> Next {
        let Some(capabilities) = &self.capabilities() else { return Next::Wait(None) };
        let mut state = self.state();
        let plans: Vec<CardPlan> =
            cards.iter().map(|card| state.card_plan(&card.key, rank(&card.key))).collect();
        let lookups = state.lookups(open, now);
        let gate = state.pace.gate(now);
        let spare = state.pace.spare_at(now);
        let history = state.transactions.history.due(spare, now);
        let next = schedule::next(&Plan {
            now,
            poll: self.config.poll,
            capabilities,
            gate,
            paused: state.paused.is_some(),
            looks: &lookups,
            list: state.cards.list,
            feed: state.transactions.list,
            float: state.float,
            history,
            cards: &plans,
            turn: state.turn,
        });
        if let Next::Read(read) = next {
            state.note_tried(read, cards, now);
        }
        next
    }

    /// Read everything again now, whatever was waited for, unless the provider itself asked for the
    /// wait.
    pub(in crate::engine) fn ask_all(&self) {
        let mut state = self.state();
        state.pace.back_off_until = None;
        state.float = None;
        state.cards.forget_times();
        state.transactions.ask_all();
        drop(state);
        self.wake.notify_one();
    }

    /// Read this card and its transactions next.
    pub(in crate::engine) fn ask_card(&self, key: &CardKey) {
        let mut state = self.state();
        if !state.cards.asked.contains(key) {
            state.cards.asked.push(key.clone());
        }
        state.transactions.ask_card(key);
        drop(state);
        self.wake.notify_one();
    }

    /// Read this card now although earlier readings failed, unless the provider itself asked for
    /// the wait.
    pub(in crate::engine) fn try_card(&self, key: &CardKey) {
        let mut state = self.state();
        if let Some(planned) = state.pace.back_off_until.take() {
            state.pace.planned_try = Some(planned);
        }
        drop(state);
        self.ask_card(key);
    }

    /// Read the float next: a top-up was sent or arrived.
    pub(in crate::engine) fn ask_float(&self) {
        self.state().float = None;
        self.wake.notify_one();
    }

    /// Stops the background reading now, or takes it up again.
    pub(in crate::engine) fn pause(&self, paused: bool, now: Timestamp) {
        let since = &mut self.state().paused;
        *since = if paused { since.or(Some(now)) } else { None };
        self.wake.notify_one();
    }
}

impl State {
    fn card_plan(&self, key: &CardKey, rank: Rank) -> CardPlan {
        CardPlan {
            rank,
            read: self.cards.read.get(&key.id).copied(),
            listed: self.cards.in_list.contains(&key.id),
            feed: self.transactions.read.get(&key.id).copied(),
            asked: self.cards.asked.contains(key),
        }
    }

    /// When each unsettled operation wants to be looked up. Where the provider cannot be asked
    /// there is nothing to look up.
    fn lookups(&mut self, open: &[Operation], now: Timestamp) -> Vec<(OperationId, Timestamp)> {
        self.looked_up.retain(|id, _| open.iter().any(|operation| operation.id == *id));
        open.iter()
            .filter(|operation| operation.proof != Proof::AnswerOnly)
            .filter_map(|operation| {
                // Whatever became of the last lookup, even if it could not be written: not again at
                // once.
                let rested = self
                    .looked_up
                    .get(&operation.id)
                    .and_then(|at| at.checked_add(LEAST_BETWEEN_LOOKUPS).ok());
                // A lookup that was planned by a clock that was ahead would never come.
                let planned = operation
                    .next_look
                    .filter(|at| at.duration_since(now) <= schedule::LONGEST_BETWEEN_LOOKS);
                let due = operation.next_look.map(|_| planned.unwrap_or(now))?;
                Some((operation.id, due.max(rested.unwrap_or(Timestamp::MIN))))
            })
            .collect()
    }

    fn note_tried(&mut self, read: Read, cards: &[Arc<Card>], now: Timestamp) {
        self.turn += 1;
        match read {
            Read::List => self.cards.list = Some(now),
            Read::Feed => self.transactions.list = Some(now),
            Read::Float => self.float = Some(now),
            Read::Card(index) => {
                if let Some(card) = cards.get(index) {
                    self.cards.read.insert(Arc::clone(&card.key.id), now);
                    self.cards.asked.retain(|key| *key != card.key);
                }
            }
            Read::CardFeed(index) => {
                if let Some(card) = cards.get(index) {
                    self.transactions.read.insert(Arc::clone(&card.key.id), now);
                }
            }
            Read::History => self.transactions.history.note_tried(now),
            Read::Look(id) => {
                self.looked_up.insert(id, now);
            }
        }
    }
}
