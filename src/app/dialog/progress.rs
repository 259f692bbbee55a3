//! What becomes of a confirmed change. Only watches: closing it stops nothing.

use jiff::Timestamp;

use super::Step;
use crate::app::Effect;
use crate::app::chord::{Chord, Key};
use crate::app::portfolio::Portfolio;
use crate::domain::card::CardKey;
use crate::domain::money::Money;
use crate::domain::operation::{ActionKind, Operation, OperationId, OperationState, Proof};
use crate::engine::{ChangeRequest, EngineEvent, Job};

/// A change on its way.
#[derive(Debug)]
pub(crate) struct Progress {
    /// Which operation.
    pub(crate) id: OperationId,
    /// Of which card.
    pub(crate) key: CardKey,
    /// What was asked.
    pub(crate) action_kind: ActionKind,
    /// The amount of a top-up.
    pub(crate) amount: Option<Money>,
    /// When it was confirmed.
    pub(crate) since: Timestamp,
    /// Which states it was told to be in, and when that was heard.
    pub(crate) seen: Vec<(OperationState, Timestamp)>,
    /// The operation as last told.
    pub(crate) operation: Option<Operation>,
    /// Why nothing was sent, where that is so.
    pub(crate) refused: Option<String>,
    /// How DONE can be established.
    pub(crate) proof: Option<Proof>,
    /// What the last key did.
    pub(crate) notice: Option<String>,
}

impl Progress {
    /// Of an order that is handed to the engine now.
    pub(crate) fn new(order: &ChangeRequest, portfolio: &Portfolio) -> Self {
        let action_kind = order.action.action_kind();
        Self {
            id: order.id,
            key: order.card.clone(),
            action_kind,
            amount: order.action.amount(),
            since: portfolio.now,
            seen: Vec::new(),
            operation: None,
            refused: None,
            proof: portfolio
                .capabilities(&order.card.provider)
                .map(|capabilities| capabilities.proof(action_kind)),
            notice: None,
        }
    }

    /// Whether nothing more is expected.
    pub(crate) fn is_settled(&self) -> bool {
        self.refused.is_some() || self.operation.as_ref().is_some_and(|op| !op.is_open())
    }

    /// A key: Enter closes, `c` looks again.
    pub(crate) fn key(&mut self, chord: &Chord) -> Step {
        self.notice = None;
        if *chord == Chord::plain(Key::Enter) || chord.typed() == Some('q') {
            return Step::Close(Vec::new());
        }
        let may_look = self
            .operation
            .as_ref()
            .is_some_and(|op| op.is_open() && op.state != OperationState::Sent);
        if chord.typed() == Some('c') && may_look {
            self.notice = Some("looking again, by reading only".to_owned());
            return Step::Ask(vec![Effect::Ask(Job::Look(self.id))]);
        }
        Step::Stay
    }

    /// The operation moved, or was refused before it was sent.
    pub(crate) fn apply(&mut self, news: &EngineEvent, portfolio: &Portfolio) -> Step {
        if let EngineEvent::Operation(operation) = news
            && operation.id == self.id
        {
            let moved = self.seen.last().is_none_or(|(state, _)| *state != operation.state);
            self.operation = Some(operation.clone());
            if moved {
                self.seen.push((operation.state, portfolio.now));
                return Step::Changed;
            }
        }
        if let EngineEvent::Refused { id, why, .. } = news
            && *id == self.id
        {
            self.refused = Some(why.clone());
            return Step::Changed;
        }
        Step::Stay
    }
}
