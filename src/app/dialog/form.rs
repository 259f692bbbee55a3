//! The form of a change of a card: what freezing, topping up, setting a PIN and closing share.
//!
//! It holds the card as shown, what confirms the change, and the id under which it will be sent. A
//! [`FormBody`] adds the fields of one kind of change and says what its keys do.

use std::fmt;
use std::sync::Arc;

use super::confirmation::{Confirmation, KeyOutcome, Risk, required_level};
use super::progress::Progress;
use super::target::{self, CardTail, Target};
use super::transition::{Next, Transition};
use super::{Content, Dialog, DialogBody, obstacle};
use crate::app::Effect;
use crate::app::chord::Chord;
use crate::app::portfolio::Portfolio;
use crate::domain::card::CardKey;
use crate::domain::operation::{Action, ActionKind, OnConflict, OperationId};
use crate::engine::{ChangeRequest, EngineEvent, Expected, Job};

/// A change of a card that is not confirmed yet.
#[derive(Debug)]
pub(crate) struct Form<Body> {
    /// The operation's id, made before anything is sent.
    pub(crate) id: OperationId,
    pub(crate) target: Target,
    /// The unsettled operation that the operator chose to override.
    pub(crate) overrides: Option<OperationId>,
    pub(crate) confirmation: Confirmation,
    /// What only this kind of change asks.
    pub(crate) body: Body,
}

/// What one kind of change adds to the form, and what its keys do.
pub(crate) trait FormBody: fmt::Debug + Sized {
    /// What is typed into it is a secret.
    const SECRET: bool = false;

    fn action_kind(&self) -> ActionKind;

    /// The form, as the variant that is drawn.
    fn content(form: &Form<Self>) -> Content<'_>;

    /// A key. What it typed to confirm goes through [`Form::confirmation_key`], and what was
    /// confirmed through [`Form::send`].
    fn key(form: &mut Form<Self>, chord: &Chord, portfolio: &Portfolio) -> Transition;

    /// Whether letters of any script are typed into it now.
    fn takes_letters(&self) -> bool {
        false
    }

    /// Pasted text.
    fn paste(form: &mut Form<Self>, text: &str) -> Transition;

    /// An event of the engine; a new reading of the card is what every form wants to know.
    fn apply(form: &mut Form<Self>, event: &EngineEvent) -> Transition {
        form.apply_cards(event)
    }
}

impl<Body: FormBody> Form<Body> {
    /// Nothing confirmed yet.
    pub(super) fn new(
        body: Body,
        key: &CardKey,
        overrides: Option<OperationId>,
        portfolio: &mut Portfolio,
    ) -> Self {
        let environment = target::environment(key, portfolio);
        let level = required_level(body.action_kind(), environment, Risk::Ordinary);
        Self {
            id: portfolio.new_operation_id(),
            target: Target::of(key, portfolio),
            overrides,
            confirmation: Confirmation::new(level),
            body,
        }
    }

    /// A key for the confirmation: `confirm` sends the change once it is complete. Other keys do
    /// nothing.
    pub(super) fn confirmation_key(
        &mut self,
        chord: &Chord,
        wanted: &str,
        confirm: impl FnOnce(&mut Self) -> Transition,
    ) -> Transition {
        match self.confirmation.key(chord, wanted) {
            KeyOutcome::Confirmed => confirm(self),
            KeyOutcome::Refused(why) => Transition::notice(why),
            KeyOutcome::Taken | KeyOutcome::Ignored => Transition::stay(),
        }
    }

    /// What is typed to arm the change.
    pub(super) fn tail(&self, portfolio: &Portfolio) -> CardTail {
        CardTail::of(&self.target.key, portfolio)
    }

    /// The request for what was confirmed. `shown` is what the engine compares with a fresh
    /// reading.
    pub(super) fn request(
        &self,
        action: Action,
        reason: Option<Arc<str>>,
        shown: Expected,
    ) -> ChangeRequest {
        ChangeRequest {
            id: self.id,
            card: self.target.key.clone(),
            action,
            reason,
            shown,
            on_conflict: match self.overrides {
                Some(_) => OnConflict::Override,
                None => OnConflict::Refuse,
            },
            recent_credit: None,
            payer: None,
        }
    }

    /// Sends what was confirmed, unless it became impossible meanwhile; the next dialog shows what
    /// becomes of it.
    pub(super) fn send(&self, request: ChangeRequest, portfolio: &Portfolio) -> Transition {
        if let Some(obstacle) = self.obstacle(portfolio) {
            return obstacle;
        }
        let progress = Progress::new(&request, portfolio);
        Dialog::open(progress, portfolio).and(Effect::Ask(Job::Act(Box::new(request))))
    }

    /// New readings of the card.
    pub(super) fn apply_cards(&mut self, event: &EngineEvent) -> Transition {
        let EngineEvent::Cards(cards) = event else { return Transition::stay() };
        let mut changed = false;
        for card in cards {
            changed |= self.target.apply(card);
        }
        if changed { Transition::to(Next::StayChanged) } else { Transition::stay() }
    }

    /// The dialog that stands in the way of this change now.
    fn obstacle(&self, portfolio: &Portfolio) -> Option<Transition> {
        obstacle(self.body.action_kind(), &self.target.key, self.overrides, portfolio)
    }

    /// Whether an event may have made the change impossible.
    fn is_concerned_by(&self, event: &EngineEvent) -> bool {
        match event {
            EngineEvent::Cards(cards) => cards.iter().any(|card| card.key == self.target.key),
            EngineEvent::Operation(operation) => operation.card == self.target.key,
            EngineEvent::ReadOnly(_) => true,
            EngineEvent::Stale { .. }
            | EngineEvent::Transactions(_)
            | EngineEvent::Refused { .. }
            | EngineEvent::Steps { .. }
            | EngineEvent::Float { .. }
            | EngineEvent::Quote { .. }
            | EngineEvent::RecentCredit { .. }
            | EngineEvent::NotSettled { .. }
            | EngineEvent::Health(_)
            | EngineEvent::Provider(_)
            | EngineEvent::Broken(_) => false,
        }
    }
}

impl<Body: FormBody> DialogBody for Form<Body> {
    fn content(&self) -> Content<'_> {
        Body::content(self)
    }

    fn card(&self) -> Option<&CardKey> {
        Some(&self.target.key)
    }

    fn key(&mut self, chord: &Chord, portfolio: &mut Portfolio) -> Transition {
        Body::key(self, chord, portfolio)
    }

    fn paste(&mut self, text: &str) -> Transition {
        Body::paste(self, text)
    }

    /// What the operator is about to confirm may have become impossible, or be under way from
    /// elsewhere.
    fn apply(&mut self, event: &EngineEvent, portfolio: &Portfolio) -> Transition {
        let transition = Body::apply(self, event);
        let obstacle = if self.is_concerned_by(event) { self.obstacle(portfolio) } else { None };
        obstacle.unwrap_or(transition)
    }

    fn takes_letters(&self) -> bool {
        self.body.takes_letters()
    }

    fn disarm(&mut self) {
        self.confirmation.disarm();
    }

    fn shows_ages(&self) -> bool {
        true
    }

    fn holds_secret(&self) -> bool {
        Body::SECRET
    }
}

#[cfg(test)]
mod tests;
