//! Closing a card for good: a phrase is typed.

use super::confirmation::{Confirmation, KeyOutcome, confirmation};
use super::target::{Arming, Target, arming, environment};
use super::{Step, send};
use crate::app::chord::{Chord, Key};
use crate::app::field::Field;
use crate::app::portfolio::Portfolio;
use crate::domain::card::CardKey;
use crate::domain::operation::{Action, ActionKind, OperationId};
use crate::engine::ChangeRequest;

/// Closing a card.
#[derive(Debug)]
pub(crate) struct Close {
    /// The card.
    pub(crate) target: Target,
    /// The reason as typed.
    pub(crate) reason: Field,
    /// Whether keys go to the reason.
    pub(crate) on_reason: bool,
    /// What confirms.
    pub(crate) gate: Confirmation,
    /// The unsettled operation that is passed over.
    pub(crate) second: Option<OperationId>,
    /// Why the last key did nothing.
    pub(crate) notice: Option<String>,
    id: OperationId,
}

/// `CLOSE 6644`.
pub(crate) fn phrase(arming: &Arming) -> String {
    format!("CLOSE {}", arming.text)
}

impl Close {
    /// Nothing typed yet.
    pub(crate) fn new(
        key: &CardKey,
        second: Option<OperationId>,
        portfolio: &mut Portfolio,
    ) -> Self {
        Self {
            target: Target::of(key, portfolio),
            reason: Field::new(80),
            on_reason: false,
            gate: Confirmation::new(confirmation(
                ActionKind::Close,
                environment(key, portfolio),
                None,
                false,
            )),
            second,
            notice: None,
            id: portfolio.new_operation_id(),
        }
    }

    /// A key.
    pub(crate) fn key(&mut self, chord: &Chord, portfolio: &Portfolio) -> Step {
        self.notice = None;
        if matches!(chord.key, Key::Tab | Key::BackTab | Key::Up | Key::Down) {
            self.on_reason = !self.on_reason;
            return Step::Stay;
        }
        if self.on_reason {
            if chord.key == Key::Enter {
                self.on_reason = false;
            } else {
                self.reason.key(chord);
            }
            return Step::Stay;
        }
        match self.gate.key(chord, &phrase(&arming(&self.target.key, portfolio))) {
            KeyOutcome::Confirmed => self.confirm(portfolio),
            KeyOutcome::Refused(why) => {
                self.notice = Some(why);
                Step::Stay
            }
            KeyOutcome::Taken | KeyOutcome::NotMine => Step::Stay,
        }
    }

    /// Pasted text: only for the reason.
    pub(crate) fn paste(&mut self, text: &str) {
        if self.on_reason {
            self.reason.paste(text);
        } else {
            self.notice = Some("pasting is off here: type the phrase".to_owned());
        }
    }

    fn confirm(&self, portfolio: &Portfolio) -> Step {
        let order = ChangeRequest {
            id: self.id,
            card: self.target.key.clone(),
            action: Action::Close,
            reason: self.reason.reason(),
            shown: self.target.shown,
            on_conflict: super::on_conflict(self.second),
            recent_credit: None,
            payer: None,
        };
        send(order, self.second, portfolio)
    }
}
