//! A person's word on an operation that nothing that can be read settles: what happened, why, and
//! how sure.
//!
//! It writes into the journal and sends nothing to a provider.

use std::sync::Arc;

use super::Step;
use super::confirmation::{Confirmation, ConfirmationLevel, KeyOutcome};
use crate::app::Effect;
use crate::app::chord::{Chord, Key};
use crate::app::field::Field;
use crate::app::portfolio::Portfolio;
use crate::domain::operation::{Operation, OperationState};
use crate::domain::transaction::Transaction;
use crate::engine::{EngineEvent, Job, Verdict, confirmation};

/// Most transactions that are offered as the operation's own.
const OFFERED: usize = 5;

/// Settling an operation by hand.
#[derive(Debug)]
pub(crate) struct Settle {
    /// The operation as last told.
    pub(crate) operation: Operation,
    /// What the person says; `None` until it was said.
    pub(crate) done: Option<bool>,
    /// The chosen transaction among [`candidates`].
    pub(crate) chosen: Option<Arc<str>>,
    /// The reason as typed.
    pub(crate) reason: Field,
    /// Whether keys go to the reason.
    pub(crate) on_reason: bool,
    /// What confirms that it failed.
    pub(crate) gate: Confirmation,
    /// What the last key did, or why it did nothing.
    pub(crate) notice: Option<String>,
    /// The verdict was handed to the engine and not answered yet.
    pub(crate) sent: bool,
}

impl Settle {
    /// Nothing said yet.
    pub(crate) fn new(operation: &Operation) -> Self {
        Self {
            operation: operation.clone(),
            done: None,
            chosen: None,
            reason: Field::new(80),
            on_reason: false,
            gate: Confirmation::new(ConfirmationLevel::LastFour),
            notice: None,
            sent: false,
        }
    }

    /// Whether a person may settle it now.
    ///
    /// # Errors
    /// Why not, in one sentence.
    pub(crate) fn can_settle(operation: &Operation) -> Result<(), String> {
        match operation.state {
            OperationState::Accepted | OperationState::Unknown => Ok(()),
            OperationState::Sent => {
                Err("it is being sent right now: wait for its answer".to_owned())
            }
            OperationState::Done | OperationState::Failed => Err(format!(
                "op {} is {} and needs no settling",
                operation.id.short(),
                operation.state.as_str()
            )),
        }
    }

    /// A key.
    pub(crate) fn key(&mut self, chord: &Chord, portfolio: &Portfolio) -> Step {
        if self.sent {
            self.notice = Some("it is being written, after a look at the card".to_owned());
            return Step::Stay;
        }
        self.notice = None;
        if self.on_reason {
            match chord.key {
                Key::Enter | Key::Tab | Key::Down | Key::Up | Key::BackTab => {
                    self.on_reason = false
                }
                _ => {
                    self.reason.key(chord);
                }
            }
            return Step::Stay;
        }
        if matches!(chord.key, Key::Tab | Key::BackTab)
            || self.done.is_some() && chord.typed() == Some('r')
        {
            self.on_reason = true;
            return Step::Stay;
        }
        match (self.done, chord.typed()) {
            (None | Some(true), Some('f')) => self.say(false),
            (None | Some(false), Some('d')) => self.say(true),
            (Some(true), Some(digit)) if digit.is_ascii_digit() => self.choose(digit, portfolio),
            (Some(true), Some('y')) => return self.confirm(portfolio),
            (Some(true), None) if chord.key == Key::Enter => {
                self.notice = Some("Enter never confirms here: press y".to_owned())
            }
            (Some(false), _) => match self.gate.key(chord, &confirmation(&self.operation)) {
                KeyOutcome::Confirmed => return self.confirm(portfolio),
                KeyOutcome::Refused(why) => self.notice = Some(why),
                KeyOutcome::Taken | KeyOutcome::NotMine => {}
            },
            (None | Some(true), _) => {}
        }
        Step::Stay
    }

    fn say(&mut self, done: bool) {
        self.done = Some(done);
        self.chosen = None;
        self.gate.disarm();
        self.on_reason = self.reason.text().trim().is_empty();
    }

    fn choose(&mut self, digit: char, portfolio: &Portfolio) {
        let Some(place) = digit.to_digit(10).and_then(|digit| usize::try_from(digit).ok()) else {
            return;
        };
        match place.checked_sub(1) {
            None => self.chosen = None,
            Some(place) => match candidates(&self.operation, portfolio).get(place) {
                Some(row) => self.chosen = Some(Arc::clone(&row.id)),
                None => self.notice = Some("there is no such transaction here".to_owned()),
            },
        }
    }

    fn confirm(&mut self, portfolio: &Portfolio) -> Step {
        let (Some(done), Some(reason)) = (self.done, self.reason.reason()) else {
            self.notice = Some("say why first: the reason is kept in the journal".to_owned());
            self.on_reason = true;
            return Step::Stay;
        };
        let typed = (!done).then(|| self.gate.typed.text().to_owned());
        // What stands on the page that the typed digits confirm.
        let shown = if done { Vec::new() } else { candidates(&self.operation, portfolio) };
        let not_its = shown.into_iter().map(|row| Arc::clone(&row.id)).collect();
        self.sent = true;
        let verdict = Verdict {
            id: self.operation.id,
            done,
            credit: self.chosen.clone(),
            not_its,
            reason,
            typed,
        };
        Step::Ask(vec![Effect::Ask(Job::Settle(Box::new(verdict)))])
    }

    /// Pasted text: for the reason.
    pub(crate) fn paste(&mut self, text: &str) {
        if self.on_reason {
            self.reason.paste(text);
        } else {
            self.notice = Some("pasting is off here: type it".to_owned());
        }
    }

    /// The operation moved, or the verdict was not taken.
    pub(crate) fn apply(&mut self, news: &EngineEvent) -> Step {
        match news {
            EngineEvent::Operation(operation) if operation.id == self.operation.id => {
                let changed = operation.state != self.operation.state;
                self.operation = operation.clone();
                if Self::can_settle(operation).is_err() {
                    return Step::Close(Vec::new());
                }
                if changed { Step::Changed } else { Step::Stay }
            }
            EngineEvent::NotSettled { id, why } if *id == self.operation.id => {
                self.sent = false;
                self.notice = Some(why.clone());
                Step::Changed
            }
            _ => Step::Stay,
        }
    }
}

/// The card's top-ups of that sum that may be the operation's own, nearest first.
pub(crate) fn candidates<'a>(
    operation: &'a Operation,
    portfolio: &'a Portfolio,
) -> Vec<&'a Transaction> {
    let fits = |row: &&Transaction| row.operation.is_none() && operation.may_be(row);
    let mut rows: Vec<&Transaction> =
        portfolio.transactions_of(&operation.card).filter(fits).collect();
    rows.sort_by_key(|row| row.at.duration_since(operation.created_at).abs());
    rows.truncate(OFFERED);
    rows
}
