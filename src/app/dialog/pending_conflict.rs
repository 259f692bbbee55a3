//! A change that waits because an earlier one of the same card is not settled.
//!
//! Looking again only reads. Passing over it takes a typed phrase, and then the whole form again.

use super::confirmation::{Confirmation, ConfirmationLevel, KeyOutcome};
use super::target::{Arming, arming};
use super::{Dialog, Step};
use crate::app::Effect;
use crate::app::chord::{Chord, Key};
use crate::app::field::Field;
use crate::app::portfolio::Portfolio;
use crate::domain::card::CardKey;
use crate::domain::operation::{ActionKind, Operation, OperationState};
use crate::domain::text;
use crate::engine::{EngineEvent, Job};

/// An earlier change stands in the way.
#[derive(Debug)]
pub(crate) struct PendingConflict {
    /// What the operator wanted.
    pub(crate) action_kind: ActionKind,
    /// Of which card.
    pub(crate) key: CardKey,
    /// What stands in the way.
    pub(crate) operation: Operation,
    /// The phrase to send anyway.
    pub(crate) gate: Confirmation,
    /// What the last key did, or why it did nothing.
    pub(crate) notice: Option<String>,
}

/// `SECOND 7731`.
pub(crate) fn phrase(arming: &Arming) -> String {
    format!("SECOND {}", arming.text)
}

impl PendingConflict {
    /// Nothing typed yet.
    pub(crate) fn new(action_kind: ActionKind, key: &CardKey, operation: Operation) -> Self {
        Self {
            action_kind,
            key: key.clone(),
            operation,
            gate: Confirmation { confirmation: ConfirmationLevel::Phrase, typed: Field::new(40) },
            notice: None,
        }
    }

    /// Whether a second one may be sent: not while the first is on its way.
    pub(crate) fn may_pass(&self) -> bool {
        self.operation.is_open() && self.operation.state != OperationState::Sent
    }

    /// A key.
    pub(crate) fn key(&mut self, chord: &Chord, portfolio: &mut Portfolio) -> Step {
        self.notice = None;
        if self.gate.typed.text().is_empty() {
            match chord.typed() {
                Some('c') => {
                    self.notice = Some("looking again, by reading only".to_owned());
                    return Step::Ask(vec![Effect::Ask(Job::Look(self.operation.id))]);
                }
                Some('o') => return Step::Close(vec![Effect::Ask(Job::Steps(self.operation.id))]),
                Some('k') => {
                    self.notice = Some("copied: a question without card number".to_owned());
                    return Step::Ask(vec![Effect::Copy(self.question())]);
                }
                _ => {}
            }
        }
        if !self.operation.is_open() {
            if *chord == Chord::plain(Key::Enter) {
                let (dialog, effects) = Dialog::for_deed(self.action_kind, &self.key, portfolio);
                return Step::Open(dialog, effects);
            }
            return Step::Stay;
        }
        if !self.may_pass() {
            self.notice = Some("it is on its way right now: wait for its answer".to_owned());
            return Step::Stay;
        }
        match self.gate.key(chord, &phrase(&arming(&self.key, portfolio))) {
            KeyOutcome::Confirmed => {
                let (dialog, effects) =
                    Dialog::form(self.action_kind, &self.key, Some(self.operation.id), portfolio);
                Step::Open(dialog, effects)
            }
            KeyOutcome::Refused(why) => {
                self.notice = Some(why);
                Step::Stay
            }
            KeyOutcome::Taken | KeyOutcome::NotMine => Step::Stay,
        }
    }

    /// Pasting would arm without reading.
    pub(crate) fn paste(&mut self) {
        self.notice = Some("pasting is off here: type the phrase".to_owned());
    }

    /// The operation moved.
    pub(crate) fn apply(&mut self, news: &EngineEvent) -> Step {
        let EngineEvent::Operation(operation) = news else { return Step::Stay };
        if operation.id != self.operation.id {
            return Step::Stay;
        }
        let changed = operation.state != self.operation.state;
        self.operation = operation.clone();
        if changed { Step::Changed } else { Step::Stay }
    }

    /// What to ask the provider's support, without anything secret.
    fn question(&self) -> String {
        let op = &self.operation;
        let digits = crate::domain::card::digits(op.last4);
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
