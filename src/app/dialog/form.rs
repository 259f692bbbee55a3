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
use crate::app::portfolio::{Offer, Portfolio};
use crate::domain::card::CardKey;
use crate::domain::operation::{
    Action, ActionKind, OnConflict, OperationId, Refusal, Unavailable, UnavailableCause,
};
use crate::engine::{ChangeRequest, EngineEvent, Expected, Job, QUEUE_KEEPS, QueuedFreeze};

/// A change of a card that is not confirmed yet.
#[derive(Debug)]
pub(crate) struct Form<Body> {
    /// The operation's id, made before anything is sent.
    pub(crate) id: OperationId,
    pub(crate) target: Target,
    /// The unsettled operation that the operator chose to override.
    pub(crate) overrides: Option<OperationId>,
    pub(crate) confirmation: Confirmation,
    /// How its provider was when that was last looked at.
    reach: Reach,
    /// What only this kind of change asks.
    pub(crate) body: Body,
}

/// What a confirmed change would meet at its provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reach {
    /// It is asked at once.
    Now,
    /// The freeze waits for it.
    Queued,
    /// It cannot be asked.
    Nobody,
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

    /// Pasted text.
    fn paste(form: &mut Form<Self>, text: &str) -> Transition;

    /// Its provider can be asked again.
    fn recovered(_form: &mut Form<Self>, _portfolio: &Portfolio) -> Transition {
        Transition::stay()
    }

    /// An event of the engine; a new reading of the card is what every form wants to know.
    fn apply(form: &mut Form<Self>, event: &EngineEvent, _portfolio: &Portfolio) -> Transition {
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
            reach: Reach::Now,
            body,
        }
    }

    /// A key for the confirmation: `confirm` sends the change once it is complete, unless its
    /// provider cannot be asked.
    pub(super) fn confirmation_key(
        &mut self,
        chord: &Chord,
        wanted: &str,
        portfolio: &Portfolio,
        confirm: impl FnOnce(&mut Self, &Portfolio) -> Transition,
    ) -> Transition {
        match self.confirmation.key(chord, wanted) {
            KeyOutcome::Confirmed => {
                self.refused_now(portfolio).unwrap_or_else(|| confirm(self, portfolio))
            }
            KeyOutcome::Refused(why) => Transition::notice(why),
            KeyOutcome::Taken => Transition::stay(),
            KeyOutcome::Ignored => Transition::ignored(),
        }
    }

    /// Why its provider cannot be asked now, if so. The dialog stays until it can.
    pub(crate) fn unavailable(&self, portfolio: &Portfolio) -> Option<Unavailable> {
        match portfolio.check(self.body.action_kind(), &self.target.key) {
            Err(Refusal::Unavailable(unavailable)) => Some(*unavailable),
            Err(_) | Ok(()) => None,
        }
    }

    /// Why the freeze would wait, where it would.
    pub(crate) fn waits_for(&self, portfolio: &Portfolio) -> Option<Unavailable> {
        match portfolio.offer(self.body.action_kind(), &self.target.key) {
            Ok(Offer::Queued(unavailable)) => Some(*unavailable),
            Ok(Offer::Now) | Err(_) => None,
        }
    }

    /// The answer to a key that would ask a provider that cannot be asked. One that is DOWN is
    /// tried once more because of it.
    pub(super) fn refused_now(&self, portfolio: &Portfolio) -> Option<Transition> {
        let unavailable = self.unavailable(portfolio)?;
        let sentence = format!("not sent: {unavailable}");
        Some(match unavailable.cause {
            UnavailableCause::Down => {
                Transition::notice(format!("{sentence}; trying one reading now"))
                    .and(Effect::Ask(Job::TryCard(self.target.key.clone())))
            }
            UnavailableCause::Auth | UnavailableCause::Paused | UnavailableCause::AskedToWait => {
                Transition::notice(sentence)
            }
        })
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
        let stopped = self.refused_now(portfolio).or_else(|| self.obstacle(portfolio));
        if let Some(stopped) = stopped {
            return stopped;
        }
        let progress = Progress::new(&request, portfolio);
        let job = match self.waits_for(portfolio) {
            Some(_) => Job::QueueFreeze(queued(request, portfolio)),
            None => Job::Act(Box::new(request)),
        };
        Dialog::open(progress, portfolio).and(Effect::Ask(job))
    }

    /// New readings of the card.
    pub(super) fn apply_cards(&mut self, event: &EngineEvent) -> Transition {
        let EngineEvent::Cards(cards) = event else { return Transition::stay() };
        let mut changed = false;
        for card in cards {
            changed |= self.target.apply(&card.card());
        }
        if changed { Transition::to(Next::StayChanged) } else { Transition::stay() }
    }

    /// The dialog that stands in the way of this change now. A provider that cannot be asked is
    /// waited for in this one.
    fn obstacle(&self, portfolio: &Portfolio) -> Option<Transition> {
        if self.unavailable(portfolio).is_some() {
            return None;
        }
        obstacle(self.body.action_kind(), &self.target.key, self.overrides, portfolio)
    }

    /// Its provider cannot be asked any more, or can be again: what is shown changes.
    fn follow_provider(&mut self, portfolio: &Portfolio) -> Option<Transition> {
        let reach = match portfolio.offer(self.body.action_kind(), &self.target.key) {
            Ok(Offer::Queued(_)) => Reach::Queued,
            Err(Refusal::Unavailable(_)) => Reach::Nobody,
            Ok(Offer::Now) | Err(_) => Reach::Now,
        };
        let before = std::mem::replace(&mut self.reach, reach);
        if before == reach {
            return None;
        }
        let transition = match reach {
            Reach::Now => Body::recovered(self, portfolio),
            Reach::Queued | Reach::Nobody => Transition::stay(),
        };
        Some(Transition { next: Next::StayChanged, ..transition })
    }

    /// Whether an event may have made the change impossible.
    fn is_concerned_by(&self, event: &EngineEvent) -> bool {
        match event {
            EngineEvent::Cards(cards) => cards.iter().any(|card| card.has_key(&self.target.key)),
            EngineEvent::Operation(operation) => operation.card == self.target.key,
            EngineEvent::Journal { page, .. } => page.iter().any(|row| row.card == self.target.key),
            EngineEvent::Queued(freeze) => freeze.card == self.target.key,
            EngineEvent::ReadOnly(_) => true,
            EngineEvent::KnownCards { .. }
            | EngineEvent::WhyStale { .. }
            | EngineEvent::Stale { .. }
            | EngineEvent::Transactions(_)
            | EngineEvent::History(_)
            | EngineEvent::Refused { .. }
            | EngineEvent::Unqueued { .. }
            | EngineEvent::Steps { .. }
            | EngineEvent::Pushed(_)
            | EngineEvent::PushRead(_)
            | EngineEvent::CodeSent { .. }
            | EngineEvent::Float { .. }
            | EngineEvent::Quote { .. }
            | EngineEvent::RecentCredit { .. }
            | EngineEvent::NotSettled { .. }
            | EngineEvent::Horizon { .. }
            | EngineEvent::OlderRows { .. }
            | EngineEvent::Covered { .. }
            | EngineEvent::Health(_)
            | EngineEvent::Provider(_)
            | EngineEvent::Trouble(_) => false,
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
        let transition = Body::apply(self, event, portfolio);
        if let Some(changed) = self.follow_provider(portfolio) {
            return changed;
        }
        let obstacle = if self.is_concerned_by(event) { self.obstacle(portfolio) } else { None };
        obstacle.unwrap_or(transition)
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

/// The freeze that waits instead of being sent.
fn queued(request: ChangeRequest, portfolio: &Portfolio) -> QueuedFreeze {
    let queued_at = portfolio.now;
    let expires_at = queued_at.saturating_add(QUEUE_KEEPS).unwrap_or(queued_at);
    let ChangeRequest { id, card, reason, .. } = request;
    QueuedFreeze { id, card, reason, queued_at, expires_at }
}

#[cfg(test)]
mod tests;
