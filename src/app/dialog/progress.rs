//! What becomes of a confirmed change. Only watches: closing it stops nothing.

use jiff::Timestamp;

use super::transition::{Next, Transition};
use super::{Content, DialogBody};
use crate::app::Effect;
use crate::app::chord::{Chord, Key};
use crate::app::portfolio::Portfolio;
use crate::domain::card::CardKey;
use crate::domain::money::Money;
use crate::domain::operation::{ActionKind, Operation, OperationId, OperationState, Proof};
use crate::engine::{ChangeRequest, EngineEvent, Job, QueueEnd, QueuedFreeze};

#[derive(Debug)]
pub(crate) struct Progress {
    pub(crate) id: OperationId,
    pub(crate) key: CardKey,
    pub(crate) action_kind: ActionKind,
    /// The amount of a top-up.
    pub(crate) amount: Option<Money>,
    pub(crate) confirmed_at: Timestamp,
    /// The states it went through, and when each was reported.
    pub(crate) states: Vec<(OperationState, Timestamp)>,
    /// The operation as last reported.
    pub(crate) operation: Option<Operation>,
    /// Why nothing was sent, where that is so.
    pub(crate) refusal: Option<String>,
    /// How DONE can be established.
    pub(crate) proof: Option<Proof>,
}

impl Progress {
    /// Of a request that is handed to the engine now.
    pub(super) fn new(request: &ChangeRequest, portfolio: &Portfolio) -> Self {
        let action_kind = request.action.action_kind();
        Self {
            id: request.id,
            key: request.card.clone(),
            action_kind,
            amount: request.action.amount(),
            confirmed_at: portfolio.now,
            states: Vec::new(),
            operation: None,
            refusal: None,
            proof: portfolio
                .capabilities(&request.card.provider)
                .map(|capabilities| capabilities.proof(action_kind)),
        }
    }

    /// Whether nothing more is expected.
    pub(crate) fn is_settled(&self) -> bool {
        self.refusal.is_some() || self.operation.as_ref().is_some_and(|op| !op.is_open())
    }

    /// Whether it only waits for its provider.
    fn is_queued(&self, portfolio: &Portfolio) -> bool {
        portfolio.accounts.queued.iter().any(|freeze| freeze.id == self.id)
    }

    /// Whether it can be looked up now: not while it is being sent.
    pub(crate) fn can_look(&self) -> bool {
        self.operation.as_ref().is_some_and(|op| op.is_open() && op.state != OperationState::Sent)
    }
}

impl DialogBody for Progress {
    fn content(&self) -> Content<'_> {
        Content::Progress(self)
    }

    fn card(&self) -> Option<&CardKey> {
        Some(&self.key)
    }

    /// Enter closes, `c` looks again, `X` takes back what only waits.
    fn key(&mut self, chord: &Chord, portfolio: &mut Portfolio) -> Transition {
        if *chord == Chord::plain(Key::Enter) || chord.typed() == Some('q') {
            return Transition::close();
        }
        if chord.typed() == Some('X') && self.is_queued(portfolio) {
            return Transition::stay().and(Effect::Ask(Job::CancelFreeze(self.id)));
        }
        if chord.typed() == Some('c') && self.can_look() {
            return Transition::notice("looking again, by reading only")
                .and(Effect::Ask(Job::Look(self.id)));
        }
        Transition::ignored()
    }

    /// The operation moved on, or was refused before it was sent.
    fn apply(&mut self, event: &EngineEvent, portfolio: &Portfolio) -> Transition {
        if let EngineEvent::Operation(operation) = event
            && operation.id == self.id
        {
            let moved = self.states.last().is_none_or(|(state, _)| *state != operation.state);
            self.operation = Some(operation.clone());
            if moved {
                self.states.push((operation.state, portfolio.now));
                return Transition::to(Next::StayChanged);
            }
        }
        if let EngineEvent::Queued(freeze) = event
            && freeze.id == self.id
        {
            return Transition::to(Next::StayChanged);
        }
        if let EngineEvent::Unqueued { freeze, end } = event
            && freeze.id == self.id
        {
            self.refusal = why_dropped(freeze, *end, portfolio);
            return Transition::to(Next::StayChanged);
        }
        if let EngineEvent::Refused { id, why, .. } = event
            && *id == self.id
        {
            self.refusal = Some(why.clone());
            return Transition::to(Next::StayChanged);
        }
        Transition::stay()
    }

    fn shows_ages(&self) -> bool {
        true
    }

    /// It asks nothing, and the operation's way is what it stays open for.
    fn is_kept_open_by_changes(&self) -> bool {
        true
    }
}

/// Why a freeze that waited is not sent, where it is not.
fn why_dropped(freeze: &QueuedFreeze, end: QueueEnd, portfolio: &Portfolio) -> Option<String> {
    match end {
        QueueEnd::Sending => None,
        QueueEnd::Cancelled => Some("it was cancelled while it waited".to_owned()),
        QueueEnd::Expired => Some(format!("{}: freeze it again", portfolio.why_expired(freeze))),
        QueueEnd::ReadOnly => Some("read-only was switched on; nothing was sent".to_owned()),
    }
}

#[cfg(test)]
mod tests;
