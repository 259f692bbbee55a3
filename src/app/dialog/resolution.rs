//! The outcome of an operation that nothing that can be read settles, recorded by hand: what
//! happened, why the operator says so, and how sure.
//!
//! It writes into the journal and sends nothing to a provider.

use std::sync::Arc;

use super::confirmation::{Confirmation, ConfirmationLevel, KeyOutcome};
use super::transition::{Next, Transition};
use super::{Content, Dialog, DialogBody};
use crate::app::Effect;
use crate::app::chord::{Chord, Key};
use crate::app::field::Field;
use crate::app::portfolio::Portfolio;
use crate::domain::card::CardKey;
use crate::domain::operation::{Operation, OperationState};
use crate::domain::transaction::Transaction;
use crate::engine::{EngineEvent, Job, Verdict, confirmation};
use crate::ledger::CardSelection;

/// Most transactions that are offered as the operation's own.
const CANDIDATES: usize = 5;

#[derive(Debug)]
pub(crate) struct Resolution {
    /// The operation as last reported.
    pub(crate) operation: Operation,
    pub(crate) outcome: Option<Outcome>,
    /// The id of the transaction that was chosen among the [`candidates`] as the operation's own.
    pub(crate) credit: Option<Arc<str>>,
    pub(crate) reason: Field,
    pub(crate) focus: Focus,
    /// What confirms that it did not happen.
    pub(crate) confirmation: Confirmation,
    /// It was handed to the engine, which has not answered yet.
    pub(crate) submitted: bool,
}

/// What the operator says became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Happened,
    DidNotHappen,
}

/// Where keys go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Focus {
    Outcome,
    Reason,
}

impl Dialog {
    /// The outcome of an operation, recorded by hand.
    ///
    /// # Errors
    /// Why it cannot be recorded, in one sentence.
    pub(crate) fn resolution(
        operation: &Operation,
        portfolio: &Portfolio,
    ) -> Result<Transition, String> {
        Ok(Self::open(Resolution::new(operation)?, portfolio))
    }
}

impl Resolution {
    fn new(operation: &Operation) -> Result<Self, String> {
        can_resolve(operation)?;
        Ok(Self {
            operation: operation.clone(),
            outcome: None,
            credit: None,
            reason: Field::new(80),
            focus: Focus::Outcome,
            confirmation: Confirmation::new(ConfirmationLevel::LastFour),
            submitted: false,
        })
    }

    fn reason_key(&mut self, chord: &Chord) -> Transition {
        match chord.key {
            Key::Enter | Key::Tab | Key::Down | Key::Up | Key::BackTab => {
                self.focus = Focus::Outcome
            }
            _ if self.reason.key(chord) => {}
            _ => return Transition::ignored(),
        }
        Transition::stay()
    }

    fn outcome_key(&mut self, chord: &Chord, portfolio: &Portfolio) -> Transition {
        match (self.outcome, chord.typed()) {
            (None | Some(Outcome::Happened), Some('f')) => {
                self.choose_outcome(Outcome::DidNotHappen)
            }
            (None | Some(Outcome::DidNotHappen), Some('d')) => {
                self.choose_outcome(Outcome::Happened)
            }
            (Some(Outcome::Happened), Some(digit)) if digit.is_ascii_digit() => {
                return self.choose_credit(digit, portfolio);
            }
            (Some(Outcome::Happened), Some('y')) => {
                return self.submit(Outcome::Happened, portfolio);
            }
            (Some(Outcome::Happened), None) if chord.key == Key::Enter => {
                return Transition::notice("Enter never confirms here: press y");
            }
            (Some(Outcome::DidNotHappen), _) => {
                return match self.confirmation.key(chord, &confirmation(&self.operation)) {
                    KeyOutcome::Confirmed => self.submit(Outcome::DidNotHappen, portfolio),
                    KeyOutcome::Refused(why) => Transition::notice(why),
                    KeyOutcome::Taken => Transition::stay(),
                    KeyOutcome::Ignored => Transition::ignored(),
                };
            }
            (None | Some(Outcome::Happened), _) => return Transition::ignored(),
        }
        Transition::stay()
    }

    fn choose_outcome(&mut self, outcome: Outcome) {
        self.outcome = Some(outcome);
        self.credit = None;
        self.confirmation.disarm();
        let has_reason = !self.reason.text().trim().is_empty();
        self.focus = if has_reason { Focus::Outcome } else { Focus::Reason };
    }

    /// 1 and up choose a candidate, 0 none of them.
    fn choose_credit(&mut self, digit: char, portfolio: &Portfolio) -> Transition {
        let Some(number) = digit.to_digit(10).and_then(|digit| usize::try_from(digit).ok()) else {
            return Transition::stay();
        };
        let Some(index) = number.checked_sub(1) else {
            self.credit = None;
            return Transition::stay();
        };
        match candidates(&self.operation, portfolio).get(index) {
            Some(row) => {
                self.credit = Some(Arc::clone(&row.id));
                Transition::stay()
            }
            None => Transition::notice("there is no such transaction here"),
        }
    }

    fn submit(&mut self, outcome: Outcome, portfolio: &Portfolio) -> Transition {
        let Some(reason) = self.reason.reason() else {
            self.focus = Focus::Reason;
            return Transition::notice("say why first: the reason is kept in the journal");
        };
        // The digits confirm the page with these candidates on it, so they confirm that none of
        // them is its own.
        let (typed, not_its) = match outcome {
            Outcome::Happened => (None, Vec::new()),
            Outcome::DidNotHappen => (
                Some(self.confirmation.typed.text().to_owned()),
                candidates(&self.operation, portfolio),
            ),
        };
        self.submitted = true;
        let verdict = Verdict {
            id: self.operation.id,
            done: outcome == Outcome::Happened,
            credit: self.credit.clone(),
            not_its: not_its.into_iter().map(|row| Arc::clone(&row.id)).collect(),
            reason,
            typed,
        };
        Transition::stay().and(Effect::Ask(Job::Settle(Box::new(verdict))))
    }
}

impl DialogBody for Resolution {
    fn content(&self) -> Content<'_> {
        Content::Resolution(self)
    }

    fn card(&self) -> Option<&CardKey> {
        Some(&self.operation.card)
    }

    fn key(&mut self, chord: &Chord, portfolio: &mut Portfolio) -> Transition {
        if self.submitted {
            return Transition::notice("it is being written, after a look at the card");
        }
        if self.focus == Focus::Reason {
            return self.reason_key(chord);
        }
        if matches!(chord.key, Key::Tab | Key::BackTab)
            || self.outcome.is_some() && chord.typed() == Some('r')
        {
            self.focus = Focus::Reason;
            return Transition::stay();
        }
        self.outcome_key(chord, portfolio)
    }

    fn paste(&mut self, text: &str) -> Transition {
        match self.focus {
            Focus::Reason => {
                self.reason.paste(text);
                Transition::stay()
            }
            Focus::Outcome => Transition::notice("pasting is off here: type it"),
        }
    }

    /// The operation moved on, or the engine did not take the outcome.
    fn apply(&mut self, event: &EngineEvent, _portfolio: &Portfolio) -> Transition {
        if let EngineEvent::Operation(operation) = event
            && operation.id == self.operation.id
        {
            let moved = operation.state != self.operation.state;
            self.operation = operation.clone();
            return if can_resolve(operation).is_err() {
                Transition::close()
            } else if moved {
                Transition::to(Next::StayChanged)
            } else {
                Transition::stay()
            };
        }
        if let EngineEvent::NotSettled { id, why } = event
            && *id == self.operation.id
        {
            self.submitted = false;
            return Transition { next: Next::StayChanged, ..Transition::notice(why) };
        }
        Transition::stay()
    }

    fn disarm(&mut self) {
        self.confirmation.disarm();
    }
}

/// Whether the outcome of an operation may be recorded by hand now.
fn can_resolve(operation: &Operation) -> Result<(), String> {
    match operation.state {
        OperationState::Accepted | OperationState::Unknown => Ok(()),
        OperationState::Sent => Err("it is being sent right now: wait for its answer".to_owned()),
        OperationState::Done | OperationState::Failed => Err(format!(
            "op {} is {} and needs no settling",
            operation.id.short(),
            operation.state.as_str()
        )),
    }
}

/// How many more [`candidates`] there are than are offered.
pub(crate) fn more_candidates(operation: &Operation, portfolio: &Portfolio) -> usize {
    all_candidates(operation, portfolio).len().saturating_sub(CANDIDATES)
}

/// The card's top-ups of that sum that may be the operation's own, nearest first, as many as are
/// offered.
pub(crate) fn candidates(operation: &Operation, portfolio: &Portfolio) -> Vec<Transaction> {
    let mut rows = all_candidates(operation, portfolio);
    rows.truncate(CANDIDATES);
    rows
}

fn all_candidates(operation: &Operation, portfolio: &Portfolio) -> Vec<Transaction> {
    let may_be_its = |row: &Transaction| row.operation.is_none() && operation.may_be(row);
    let top_ups = portfolio.rows_of(&operation.card, CardSelection::TopUps);
    let mut rows: Vec<Transaction> = top_ups.filter(may_be_its).collect();
    rows.sort_by_key(|row| row.at.duration_since(operation.created_at).abs());
    rows
}

#[cfg(test)]
mod tests;
