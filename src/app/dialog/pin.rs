//! Setting a PIN: typed twice, never shown, never pasted, wiped when the dialog goes.

use super::confirmation::{Confirmation, KeyOutcome, confirmation};
use super::secret::SecretField;
use super::target::{Target, arming, environment};
use super::{Step, send};
use crate::app::chord::{Chord, Key};
use crate::app::portfolio::Portfolio;
use crate::domain::card::CardKey;
use crate::domain::operation::{Action, ActionKind, OperationId, PinRule};
use crate::engine::ChangeRequest;

/// Setting a card's PIN.
#[derive(Debug)]
pub(crate) struct PinForm {
    /// The card.
    pub(crate) target: Target,
    /// What the provider allows.
    pub(crate) rule: PinRule,
    /// The PIN until now.
    pub(crate) old: SecretField,
    /// The PIN wanted.
    pub(crate) new: SecretField,
    /// The PIN wanted, again.
    pub(crate) again: SecretField,
    /// Who types.
    pub(crate) who: Who,
    /// Where keys go.
    pub(crate) focus: Focus,
    /// What confirms.
    pub(crate) gate: Confirmation,
    /// The unsettled operation that is passed over.
    pub(crate) second: Option<OperationId>,
    /// Why the last key did nothing.
    pub(crate) notice: Option<String>,
    id: OperationId,
}

/// Who types the PIN: written into the journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Who {
    /// The cardholder, beside the operator.
    Cardholder,
    /// The operator, told by phone.
    Operator,
}

impl Who {
    /// The words in the journal.
    pub(crate) const fn words(self) -> &'static str {
        match self {
            Self::Cardholder => "typed by the cardholder",
            Self::Operator => "typed by the operator on the phone",
        }
    }
}

/// Where keys go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Focus {
    /// The PIN until now.
    Old,
    /// The PIN wanted.
    New,
    /// The PIN wanted, again.
    Again,
    /// Who types.
    Who,
    /// The last four of the card.
    Confirmation,
}

/// A check of what was typed, and how it stands: not yet, good, or bad.
pub(crate) struct Finding {
    /// What is checked.
    pub(crate) what: &'static str,
    /// `None` while it cannot be said.
    pub(crate) good: Option<bool>,
}

impl PinForm {
    /// Nothing typed yet.
    ///
    /// # Errors
    /// Why there is no PIN to set.
    pub(crate) fn new(
        key: &CardKey,
        second: Option<OperationId>,
        portfolio: &mut Portfolio,
    ) -> Result<Self, String> {
        let rule = match portfolio.capabilities(&key.provider).map(|capabilities| capabilities.pin)
        {
            Some(Ok(rule)) => rule,
            Some(Err(why)) => return Err(why.to_owned()),
            None => {
                return Err("its provider could not be set up: see the providers view".to_owned());
            }
        };
        let mut form = Self {
            target: Target::of(key, portfolio),
            rule,
            old: SecretField::new(),
            new: SecretField::new(),
            again: SecretField::new(),
            who: Who::Cardholder,
            focus: Focus::Confirmation,
            gate: Confirmation::new(confirmation(
                ActionKind::SetPin,
                environment(key, portfolio),
                None,
                false,
            )),
            second,
            notice: None,
            id: portfolio.new_operation_id(),
        };
        form.focus = form.fields().first().copied().unwrap_or(Focus::Confirmation);
        Ok(form)
    }

    /// What is to be filled in, in order.
    pub(crate) fn fields(&self) -> Vec<Focus> {
        let mut fields = Vec::new();
        if self.rule.needs_old {
            fields.push(Focus::Old);
        }
        if self.rule.digits.is_some() {
            fields.extend([Focus::New, Focus::Again]);
        }
        if !fields.is_empty() {
            fields.push(Focus::Who);
        }
        fields.push(Focus::Confirmation);
        fields
    }

    /// Least and most digits.
    pub(crate) fn digits(&self) -> (usize, usize) {
        self.rule.digits.unwrap_or((4, 6))
    }

    /// How what was typed stands.
    pub(crate) fn findings(&self) -> Vec<Finding> {
        let (least, most) = self.digits();
        let mut found = Vec::new();
        if self.rule.needs_old {
            let typed = self.old.len();
            found.push(Finding {
                what: "old PIN",
                good: (typed > 0).then(|| (4..=6).contains(&typed)),
            });
        }
        if self.rule.digits.is_some() {
            let typed = self.new.len();
            let long_enough = (least..=most).contains(&typed);
            found.push(Finding { what: "length", good: (typed > 0).then_some(long_enough) });
            found.push(Finding {
                what: "not 1234/0000/repeated",
                good: long_enough.then(|| !self.new.is_weak()),
            });
            let both = typed > 0 && self.again.len() >= typed;
            found
                .push(Finding { what: "match", good: both.then(|| self.new.matches(&self.again)) });
        }
        found
    }

    /// A key.
    pub(crate) fn key(&mut self, chord: &Chord, portfolio: &Portfolio) -> Step {
        self.notice = None;
        match chord.key {
            Key::Tab | Key::Down => self.move_on(1),
            Key::BackTab | Key::Up => self.move_on(-1),
            Key::Enter if self.focus != Focus::Confirmation => self.move_on(1),
            _ => return self.field_key(chord, portfolio),
        }
        Step::Stay
    }

    fn field_key(&mut self, chord: &Chord, portfolio: &Portfolio) -> Step {
        let (_, most) = self.digits();
        let taken = match self.focus {
            Focus::Old => self.old.key(chord, 6),
            Focus::New => self.new.key(chord, most),
            Focus::Again => self.again.key(chord, most),
            Focus::Who => {
                if chord.typed() == Some(' ') || matches!(chord.key, Key::Left | Key::Right) {
                    self.who =
                        if self.who == Who::Cardholder { Who::Operator } else { Who::Cardholder };
                }
                return Step::Stay;
            }
            Focus::Confirmation => {
                match self.gate.key(chord, &arming(&self.target.key, portfolio).text) {
                    KeyOutcome::Confirmed => return self.confirm(portfolio),
                    KeyOutcome::Refused(why) => {
                        self.notice = Some(why);
                        true
                    }
                    KeyOutcome::Taken | KeyOutcome::NotMine => true,
                }
            }
        };
        if !taken && let Some(c) = chord.typed() {
            let full = c.is_ascii_digit();
            self.notice = Some(
                if full {
                    "no more digits than that: Tab goes on"
                } else {
                    "digits only: Tab goes on"
                }
                .to_owned(),
            );
        }
        Step::Stay
    }

    /// Pasting is off: a PIN would stay in the clipboard's history.
    pub(crate) fn paste(&mut self) {
        self.notice = Some("pasting is off: a PIN must not pass through the clipboard".to_owned());
    }

    fn move_on(&mut self, by: isize) {
        let fields = self.fields();
        let at = fields.iter().position(|field| *field == self.focus).unwrap_or(0);
        let next = at.saturating_add_signed(by).min(fields.len() - 1);
        self.focus = fields.get(next).copied().unwrap_or(Focus::Confirmation);
    }

    /// What is still wrong, and where.
    fn wrong(&self) -> Option<(Focus, String)> {
        let (least, most) = self.digits();
        let size = if least == most { format!("{least}") } else { format!("{least} to {most}") };
        if self.rule.needs_old && self.old.len() < 4 {
            return Some((Focus::Old, "the PIN until now has 4 to 6 digits".to_owned()));
        }
        self.rule.digits?;
        if !(least..=most).contains(&self.new.len()) {
            return Some((Focus::New, format!("the new PIN must have {size} digits")));
        }
        if self.new.is_weak() {
            return Some((
                Focus::New,
                "too easy to guess: no run such as 1234, no digit repeated".to_owned(),
            ));
        }
        if !self.new.matches(&self.again) {
            return Some((Focus::Again, "the two PINs differ: type the second again".to_owned()));
        }
        if self.rule.needs_old && self.new.matches(&self.old) {
            return Some((Focus::New, "that is the PIN it has now".to_owned()));
        }
        None
    }

    fn confirm(&mut self, portfolio: &Portfolio) -> Step {
        if let Some((focus, why)) = self.wrong() {
            if focus == Focus::Again {
                self.again.wipe();
            }
            self.focus = focus;
            self.notice = Some(why);
            return Step::Stay;
        }
        let new = if self.rule.digits.is_some() { self.new.take() } else { None };
        let old = if self.rule.needs_old { self.old.take() } else { None };
        self.again.wipe();
        let reason =
            if self.rule.digits.is_some() { self.who.words() } else { "chosen by the provider" };
        let order = ChangeRequest {
            id: self.id,
            card: self.target.key.clone(),
            action: Action::SetPin { new, old },
            reason: Some(reason.into()),
            shown: self.target.shown_state(),
            on_conflict: super::on_conflict(self.second),
            recent_credit: None,
            payer: None,
        };
        send(order, self.second, portfolio)
    }
}
