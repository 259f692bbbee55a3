//! A change that waits because an earlier one of the same card is not settled.
//!
//! Looking it up only reads. Overriding it takes a typed phrase, and then the whole form again.

use super::confirmation::{Confirmation, ConfirmationLevel, KeyOutcome};
use super::target::CardTail;
use super::transition::{Next, Transition};
use super::{Content, Dialog, DialogBody};
use crate::app::chord::{Chord, Key};
use crate::app::portfolio::Portfolio;
use crate::app::{CopyRequest, Effect};
use crate::domain::card::{self, CardKey};
use crate::domain::operation::{ActionKind, Operation, OperationState};
use crate::domain::text;
use crate::engine::{EngineEvent, Job};

#[derive(Debug)]
pub(crate) struct PendingConflict {
    /// What the operator wanted.
    pub(crate) action_kind: ActionKind,
    pub(crate) key: CardKey,
    /// The earlier operation, as last reported.
    pub(crate) operation: Operation,
    /// The phrase to send anyway.
    pub(crate) confirmation: Confirmation,
}

/// `SECOND 7731`.
pub(crate) fn phrase(tail: &CardTail) -> String {
    format!("SECOND {}", tail.text)
}

impl PendingConflict {
    pub(super) fn new(action_kind: ActionKind, key: &CardKey, operation: Operation) -> Self {
        let confirmation = Confirmation::new(ConfirmationLevel::Phrase);
        Self { action_kind, key: key.clone(), operation, confirmation }
    }

    /// Whether the earlier one may be overridden: not while it is on its way.
    pub(crate) fn can_override(&self) -> bool {
        self.operation.is_open() && self.operation.state != OperationState::Sent
    }

    /// A command key; they work until something is typed.
    fn command_key(&self, chord: &Chord) -> Option<Transition> {
        let id = self.operation.id;
        match chord.typed() {
            Some('c') => Some(
                Transition::notice("looking again, by reading only")
                    .and(Effect::Ask(Job::Look(id))),
            ),
            Some('o') => {
                Some(Transition::to(Next::ShowOperation(id)).and(Effect::Ask(Job::Steps(id))))
            }
            Some('k') => Some(Transition::notice("copying: a question without card number").and(
                Effect::Copy(CopyRequest {
                    what: "a question without card number".to_owned(),
                    text: self.question_for_support(),
                }),
            )),
            Some(_) | None => None,
        }
    }

    /// What to ask the provider's support, without anything secret.
    fn question_for_support(&self) -> String {
        let op = &self.operation;
        let digits = card::digits(op.last4);
        let amount = op.amount.map_or_else(String::new, |amount| format!(" of {amount}"));
        let theirs = op.provider_reference.as_deref().unwrap_or("none was sent to us");
        // References stay whole: the provider looks for them. A card id that is a card number must
        // not leave by e-mail.
        let card = text::mask_card_numbers(&op.card.id);
        let detail = text::mask_card_numbers(op.detail.as_deref().unwrap_or("no answer"));
        [
            format!("To {} support: did this happen?", op.card.provider),
            format!("What: {}{amount}", op.action_kind.phrase()),
            format!("Card: id {card}, ending {digits}"),
            format!("Asked at: {} (UTC)", op.created_at.strftime("%Y-%m-%dT%H:%M:%SZ")),
            format!("Our reference: {}", op.reference),
            format!("Your reference: {theirs}"),
            format!("What we know: {}, {}", op.state.as_str(), detail),
            format!("We looked for it {} times and have not sent it again.", op.looks),
        ]
        .join("\n")
    }
}

impl DialogBody for PendingConflict {
    fn content(&self) -> Content<'_> {
        Content::PendingConflict(self)
    }

    fn card(&self) -> Option<&CardKey> {
        Some(&self.key)
    }

    fn key(&mut self, chord: &Chord, portfolio: &mut Portfolio) -> Transition {
        if self.confirmation.typed.text().is_empty()
            && let Some(transition) = self.command_key(chord)
        {
            return transition;
        }
        if !self.operation.is_open() {
            return if *chord == Chord::plain(Key::Enter) {
                Dialog::for_action(self.action_kind, &self.key, portfolio)
            } else {
                Transition::ignored()
            };
        }
        if !self.can_override() {
            return Transition::notice("it is on its way right now: wait for its answer");
        }
        let wanted = phrase(&CardTail::of(&self.key, portfolio));
        match self.confirmation.key(chord, &wanted) {
            KeyOutcome::Confirmed => {
                Dialog::form(self.action_kind, &self.key, Some(self.operation.id), portfolio)
            }
            KeyOutcome::Refused(why) => Transition::notice(why),
            KeyOutcome::Taken => Transition::stay(),
            KeyOutcome::Ignored => Transition::ignored(),
        }
    }

    /// Pasting would arm without reading.
    fn paste(&mut self, _text: &str) -> Transition {
        Transition::notice("pasting is off here: type the phrase")
    }

    /// The operation moved on.
    fn apply(&mut self, event: &EngineEvent, _portfolio: &Portfolio) -> Transition {
        let EngineEvent::Operation(operation) = event else { return Transition::stay() };
        if operation.id != self.operation.id {
            return Transition::stay();
        }
        let moved = operation.state != self.operation.state;
        self.operation = operation.clone();
        if moved { Transition::to(Next::StayChanged) } else { Transition::stay() }
    }

    fn disarm(&mut self) {
        self.confirmation.disarm();
    }

    fn shows_ages(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests;
