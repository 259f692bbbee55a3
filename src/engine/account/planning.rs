//! What to read next of an account: its plan, and what changes it.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::{Account, State};
use crate::domain::card::{CardKey, CardRecord};
use crate::domain::operation::{Operation, OperationId, OperationState, Proof};
use crate::engine::schedule::{self, CardAnswer, Moment, Next, Read};

/// Least time between two lookups of the same operation.
pub(super) const LEAST_BETWEEN_LOOKUPS: SignedDuration = SignedDuration::from_secs(1);

impl Account {
    /// What to read next, also between two pages of the list of cards, and while the operator
    /// types. Whatever it says to read counts as tried now.
    pub(in crate::engine) fn next(
        &self,
        now: Timestamp,
        open: &[Operation],
        is_listing: bool,
        typing_until: Option<Timestamp>,
    ) -> Next {
        let mut state = self.state();
        let lookups = state.lookups(open, now);
        let gate = state.pace.gate(now);
        let paused = state.paused.is_some();
        let spare = state.pace.spare_at(now);
        let history = state.transactions.history.due(spare);
        let lookups = &lookups;
        let moment = Moment { now, gate, typing_until, paused, history, is_listing, lookups };
        let next = schedule::next(&state.plan, &moment);
        if let Next::Read(read) = &next {
            state.plan.note_tried(read, now);
            if let Read::Look(id) = read {
                state.looked_up.insert(*id, now);
                state.note_pushed_look(*id);
            }
        }
        next
    }

    /// What [`Self::next`] said to read was read, or failed.
    pub(in crate::engine) fn note_ended(&self, read: &Read, now: Timestamp) {
        self.state().plan.note_ended(read, now);
    }

    /// What the provider said of a card that was read by itself.
    pub(in crate::engine) fn note_card_answer(
        &self,
        id: &Arc<str>,
        answer: CardAnswer,
        at: Timestamp,
    ) {
        self.state().plan.note_answer(id, answer, at);
    }

    /// Between two pages of the list of cards something else was read, which took so long.
    pub(in crate::engine) fn note_beside_list(&self, took: SignedDuration) {
        self.state().plan.note_beside_list(took);
    }

    /// Takes in the cards that are known at the start. All of them are due at once; those that were
    /// never read come first, then those that earlier processes read longest ago: however often it
    /// is started, a round through a large programme goes on where it was.
    pub(in crate::engine) fn know_first_cards(&self, cards: &[Arc<CardRecord>], now: Timestamp) {
        let mut state = self.state();
        let more = cards.len().saturating_sub(state.plan.cards());
        state.plan.reserve(more);
        for card in cards {
            state.plan.know(card.id());
            if let Some(at) = card.figures_at() {
                state.plan.note_kept(card.id(), at.min(now));
            }
        }
    }

    /// Takes cards into the plan, where they are not in it.
    pub(in crate::engine) fn know_cards<'a>(&self, ids: impl IntoIterator<Item = &'a Arc<str>>) {
        let mut state = self.state();
        ids.into_iter().for_each(|id| state.plan.know(id));
    }

    /// Notes which of its cards are looked at; where they are others than before, they are read
    /// first from now on.
    pub(in crate::engine) fn watch(&self, selected: Option<&Arc<str>>, visible: &[Arc<str>]) {
        if self.state().plan.watch(selected, visible) {
            self.wake.notify_one();
        }
    }

    /// Read everything again now, whatever was waited for, unless the provider itself asked for the
    /// wait.
    pub(in crate::engine) fn ask_all(&self) {
        let mut state = self.state();
        state.pace.back_off_until = None;
        state.plan.ask_all();
        state.transactions.ask_all();
        drop(state);
        self.wake.notify_one();
    }

    /// Read this card and its transactions next.
    pub(in crate::engine) fn ask_card(&self, key: &CardKey) {
        let mut state = self.state();
        state.plan.ask_card(&key.id);
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
        self.state().plan.ask_float();
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
    /// When each unsettled operation wants to be looked up. Where the provider cannot be asked
    /// there is nothing to look up.
    fn lookups(&mut self, open: &[Operation], now: Timestamp) -> Vec<(OperationId, Timestamp)> {
        self.looked_up.retain(|id, _| open.iter().any(|operation| operation.id == *id));
        self.retain_pushed_looks(open);
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
                // What is still being sent is not looked for: the answer tells more than a list.
                let is_answered = operation.state != OperationState::Sent;
                let due = if is_answered && self.is_pushed(operation.id) {
                    now
                } else {
                    operation.next_look.map(|_| planned.unwrap_or(now))?
                };
                Some((operation.id, due.max(rested.unwrap_or(Timestamp::MIN))))
            })
            .collect()
    }
}
