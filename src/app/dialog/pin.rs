//! Setting a PIN: typed twice, never shown, never pasted, wiped when the dialog goes.

use super::Content;
use super::form::{Form, FormBody};
use super::secret::SecretField;
use super::transition::Transition;
use crate::app::chord::{Chord, Key};
use crate::app::portfolio::Portfolio;
use crate::domain::card::CardKey;
use crate::domain::operation::{Action, ActionKind, OperationId, PinRule};

#[derive(Debug)]
pub(crate) struct SetPin {
    /// What the provider allows.
    pub(crate) rule: PinRule,
    /// The PIN until now, where the provider asks for it.
    pub(crate) old: SecretField,
    pub(crate) new: SecretField,
    /// The new PIN once more.
    pub(crate) again: SecretField,
    pub(crate) typist: Typist,
    pub(crate) focus: Focus,
}

/// Who types the PIN: kept in the journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Typist {
    /// The cardholder, beside the operator.
    Cardholder,
    /// The operator, to whom it is told by phone.
    Operator,
}

impl Typist {
    /// The reason that is kept in the journal.
    pub(crate) const fn reason(self) -> &'static str {
        match self {
            Self::Cardholder => "typed by the cardholder",
            Self::Operator => "typed by the operator on the phone",
        }
    }

    const fn other(self) -> Self {
        match self {
            Self::Cardholder => Self::Operator,
            Self::Operator => Self::Cardholder,
        }
    }
}

/// Where keys go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Focus {
    Old,
    New,
    Again,
    Typist,
    Confirmation,
}

/// A rule that what was typed is held against.
pub(crate) struct PinCheck {
    pub(crate) label: &'static str,
    /// `None` while too little was typed to know.
    pub(crate) passed: Option<bool>,
}

impl SetPin {
    /// `None` where the provider lets no PIN be set, which the check before it says.
    pub(super) fn form(
        key: &CardKey,
        overrides: Option<OperationId>,
        portfolio: &mut Portfolio,
    ) -> Option<Form<Self>> {
        let rule = portfolio.capabilities(&key.provider)?.pin.ok()?;
        let mut body = Self {
            rule,
            old: SecretField::new(),
            new: SecretField::new(),
            again: SecretField::new(),
            typist: Typist::Cardholder,
            focus: Focus::Confirmation,
        };
        body.focus = body.fields().first().copied().unwrap_or(Focus::Confirmation);
        Some(Form::new(body, key, overrides, portfolio))
    }

    /// What is to be filled in, in order.
    fn fields(&self) -> Vec<Focus> {
        let mut fields = Vec::new();
        if self.rule.needs_old {
            fields.push(Focus::Old);
        }
        if self.rule.digits.is_some() {
            fields.extend([Focus::New, Focus::Again]);
        }
        if !fields.is_empty() {
            fields.push(Focus::Typist);
        }
        fields.push(Focus::Confirmation);
        fields
    }

    /// Least and most digits of the new PIN.
    fn digits(&self) -> (usize, usize) {
        self.rule.digits.unwrap_or((4, 6))
    }

    /// What was typed, held against each rule while it is typed.
    pub(crate) fn checks(&self) -> Vec<PinCheck> {
        let (least, most) = self.digits();
        let mut checks = Vec::new();
        if self.rule.needs_old {
            let typed = self.old.len();
            checks.push(PinCheck {
                label: "old PIN",
                passed: (typed > 0).then(|| (4..=6).contains(&typed)),
            });
        }
        if self.rule.digits.is_some() {
            let typed = self.new.len();
            let long_enough = (least..=most).contains(&typed);
            let typed_twice = typed > 0 && self.again.len() >= typed;
            checks.extend([
                PinCheck { label: "length", passed: (typed > 0).then_some(long_enough) },
                PinCheck {
                    label: "not 1234/0000/repeated",
                    passed: long_enough.then(|| !self.new.is_weak()),
                },
                PinCheck {
                    label: "match",
                    passed: typed_twice.then(|| self.new.matches(&self.again)),
                },
            ]);
        }
        checks
    }

    fn move_focus(&mut self, by: isize) {
        let fields = self.fields();
        let index = fields.iter().position(|field| *field == self.focus).unwrap_or(0);
        let next = index.saturating_add_signed(by).min(fields.len() - 1);
        self.focus = fields.get(next).copied().unwrap_or(Focus::Confirmation);
    }

    /// What is still wrong, and where.
    fn first_mistake(&self) -> Option<(Focus, String)> {
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

    fn confirm(form: &mut Form<Self>, portfolio: &Portfolio) -> Transition {
        let body = &mut form.body;
        if let Some((focus, why)) = body.first_mistake() {
            if focus == Focus::Again {
                body.again.wipe();
            }
            body.focus = focus;
            return Transition::notice(why);
        }
        let chosen_here = body.rule.digits.is_some();
        let new = if chosen_here { body.new.take() } else { None };
        let old = if body.rule.needs_old { body.old.take() } else { None };
        body.again.wipe();
        let reason = if chosen_here { body.typist.reason() } else { "chosen by the provider" };
        let action = Action::SetPin { new, old };
        form.send(form.request(action, Some(reason.into()), form.target.shown_state()), portfolio)
    }
}

impl FormBody for SetPin {
    const SECRET: bool = true;

    fn action_kind(&self) -> ActionKind {
        ActionKind::SetPin
    }

    fn content(form: &Form<Self>) -> Content<'_> {
        Content::SetPin(form)
    }

    fn key(form: &mut Form<Self>, chord: &Chord, portfolio: &Portfolio) -> Transition {
        let body = &mut form.body;
        let (_, most) = body.digits();
        match chord.key {
            Key::Tab | Key::Down => {
                body.move_focus(1);
                return Transition::stay();
            }
            Key::BackTab | Key::Up => {
                body.move_focus(-1);
                return Transition::stay();
            }
            Key::Enter if body.focus != Focus::Confirmation => {
                body.move_focus(1);
                return Transition::stay();
            }
            _ => {}
        }
        match body.focus {
            Focus::Old => secret_key(&mut body.old, chord, 6),
            Focus::New => secret_key(&mut body.new, chord, most),
            Focus::Again => secret_key(&mut body.again, chord, most),
            Focus::Typist => {
                if chord.typed() != Some(' ') && !matches!(chord.key, Key::Left | Key::Right) {
                    return Transition::ignored();
                }
                body.typist = body.typist.other();
                Transition::stay()
            }
            Focus::Confirmation => {
                let wanted = form.tail(portfolio).text;
                form.confirmation_key(chord, &wanted, portfolio, Self::confirm)
            }
        }
    }

    /// Pasting is off: a PIN would stay in the clipboard's history.
    fn paste(_form: &mut Form<Self>, _text: &str) -> Transition {
        Transition::notice("pasting is off: a PIN must not pass through the clipboard")
    }
}

/// A key for a field of at most `most` digits, and why a character was not taken.
fn secret_key(field: &mut SecretField, chord: &Chord, most: usize) -> Transition {
    if field.key(chord, most) {
        return Transition::stay();
    }
    match chord.typed() {
        Some(c) if c.is_ascii_digit() => {
            Transition::notice("no more digits than that: Tab goes on")
        }
        Some(_) => Transition::notice("digits only: Tab goes on"),
        None => Transition::ignored(),
    }
}

#[cfg(test)]
mod tests;
