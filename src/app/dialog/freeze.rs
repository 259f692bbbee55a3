//! Freeze and unfreeze: a reason, then what the grade asks for.
//!
//! Compares the state only: a card that is being spent with must still be freezable.

use std::sync::Arc;

use super::confirmation::{Confirmation, KeyOutcome, confirmation};
use super::target::{Target, arming, environment};
use super::{Step, send};
use crate::app::chord::{Chord, Key};
use crate::app::field::Field;
use crate::app::portfolio::Portfolio;
use crate::domain::card::CardKey;
use crate::domain::operation::{Action, ActionKind, OperationId};
use crate::engine::ChangeRequest;

/// Reasons for a freeze, by their keys 1 to 5; the last is typed.
const FREEZE: [&str; 5] = ["lost", "stolen", "fraud", "customer asked", "other"];

/// Reasons for an unfreeze.
const UNFREEZE: [&str; 5] = ["found", "checked", "mistake", "holder asked", "other"];

/// Freeze or unfreeze of a card.
#[derive(Debug)]
pub(crate) struct FreezeForm {
    /// The card.
    pub(crate) target: Target,
    /// Freeze or unfreeze.
    pub(crate) action_kind: ActionKind,
    /// Where keys go.
    pub(crate) focus: Focus,
    /// Which reason was chosen.
    pub(crate) reason: Option<usize>,
    /// The reason in own words.
    pub(crate) words: Field,
    /// What confirms.
    pub(crate) gate: Confirmation,
    /// The unsettled operation that is passed over.
    pub(crate) second: Option<OperationId>,
    /// Why the last key did nothing.
    pub(crate) notice: Option<String>,
    id: OperationId,
}

/// Where keys go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Focus {
    /// To the reasons 1 to 5.
    Reasons,
    /// To the reason in own words.
    Words,
    /// To the gate.
    Confirmation,
}

impl FreezeForm {
    /// Nothing chosen yet.
    pub(crate) fn new(
        action_kind: ActionKind,
        key: &CardKey,
        second: Option<OperationId>,
        portfolio: &mut Portfolio,
    ) -> Self {
        Self {
            target: Target::of(key, portfolio),
            action_kind,
            focus: Focus::Reasons,
            reason: None,
            words: Field::new(60),
            gate: Confirmation::new(confirmation(
                action_kind,
                environment(key, portfolio),
                None,
                false,
            )),
            second,
            notice: None,
            id: portfolio.new_operation_id(),
        }
    }

    /// The five reasons.
    pub(crate) fn reasons(&self) -> [&'static str; 5] {
        if self.action_kind == ActionKind::Unfreeze { UNFREEZE } else { FREEZE }
    }

    /// The reason, once there is one.
    pub(crate) fn reason(&self) -> Option<Arc<str>> {
        let chosen = self.reason?;
        let words = if chosen + 1 == FREEZE.len() { self.words.reason() } else { None };
        words.or_else(|| self.reasons().get(chosen).map(|reason| Arc::from(*reason)))
    }

    /// A key.
    pub(crate) fn key(&mut self, chord: &Chord, portfolio: &mut Portfolio) -> Step {
        self.notice = None;
        let forward = *chord == Chord::plain(Key::Tab) || *chord == Chord::plain(Key::Down);
        let back = *chord == Chord::plain(Key::BackTab) || *chord == Chord::plain(Key::Up);
        if self.focus == Focus::Words {
            match chord.key {
                Key::Enter | Key::Tab | Key::Down => self.focus = Focus::Confirmation,
                Key::BackTab | Key::Up => self.focus = Focus::Reasons,
                _ => {
                    self.words.key(chord);
                }
            }
            return Step::Stay;
        }
        if back {
            self.focus = Focus::Reasons;
            return Step::Stay;
        }
        if forward {
            self.focus = if self.reason.is_some() { Focus::Confirmation } else { Focus::Reasons };
            return Step::Stay;
        }
        let typing = self.focus == Focus::Confirmation && self.gate.asks_text();
        let number =
            chord.typed().and_then(|c| c.to_digit(10)).and_then(|n| usize::try_from(n).ok());
        if let Some(number @ 1..=5) = number
            && !typing
        {
            self.reason = Some(number - 1);
            self.focus = if number == 5 { Focus::Words } else { Focus::Confirmation };
            return Step::Stay;
        }
        match self.gate.key(chord, &arming(&self.target.key, portfolio).text) {
            KeyOutcome::Confirmed => self.confirm(portfolio),
            KeyOutcome::Refused(why) => {
                self.notice = Some(why);
                Step::Stay
            }
            KeyOutcome::Taken | KeyOutcome::NotMine => Step::Stay,
        }
    }

    /// Pasted text: only for the reason in own words.
    pub(crate) fn paste(&mut self, text: &str) {
        if self.focus == Focus::Words {
            self.words.paste(text);
        } else {
            self.notice = Some("pasting is off here: type it".to_owned());
        }
    }

    fn confirm(&mut self, portfolio: &Portfolio) -> Step {
        let Some(reason) = self.reason() else {
            self.notice = Some("choose a reason first: 1 to 5".to_owned());
            self.focus = Focus::Reasons;
            return Step::Stay;
        };
        let order = ChangeRequest {
            id: self.id,
            card: self.target.key.clone(),
            action: if self.action_kind == ActionKind::Unfreeze {
                Action::Unfreeze
            } else {
                Action::Freeze
            },
            reason: Some(reason),
            shown: self.target.shown_state(),
            on_conflict: super::on_conflict(self.second),
            recent_credit: None,
            payer: None,
        };
        send(order, self.second, portfolio)
    }
}
