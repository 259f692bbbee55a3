//! Closing a card for good: a phrase is typed.

use super::Content;
use super::form::{Form, FormBody};
use super::target::CardTail;
use super::transition::Transition;
use crate::app::chord::{Chord, Key};
use crate::app::field::Field;
use crate::app::portfolio::Portfolio;
use crate::domain::card::CardKey;
use crate::domain::operation::{Action, ActionKind, OperationId};

#[derive(Debug)]
pub(crate) struct Close {
    pub(crate) reason: Field,
    pub(crate) focus: Focus,
}

/// Where keys go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Focus {
    Reason,
    Confirmation,
}

/// `CLOSE 6644`.
pub(crate) fn phrase(tail: &CardTail) -> String {
    format!("CLOSE {}", tail.text)
}

impl Close {
    pub(super) fn form(
        key: &CardKey,
        overrides: Option<OperationId>,
        portfolio: &mut Portfolio,
    ) -> Form<Self> {
        let body = Self { reason: Field::new(80), focus: Focus::Confirmation };
        Form::new(body, key, overrides, portfolio)
    }

    fn confirm(form: &mut Form<Self>, portfolio: &Portfolio) -> Transition {
        let reason = form.body.reason.reason();
        form.send(form.request(Action::Close, reason, form.target.shown), portfolio)
    }
}

impl FormBody for Close {
    fn action_kind(&self) -> ActionKind {
        ActionKind::Close
    }

    fn content(form: &Form<Self>) -> Content<'_> {
        Content::Close(form)
    }

    fn key(form: &mut Form<Self>, chord: &Chord, portfolio: &Portfolio) -> Transition {
        let body = &mut form.body;
        let moves = matches!(chord.key, Key::Tab | Key::BackTab | Key::Up | Key::Down);
        match body.focus {
            Focus::Reason if moves || chord.key == Key::Enter => body.focus = Focus::Confirmation,
            Focus::Reason if body.reason.key(chord) => {}
            Focus::Reason => return Transition::ignored(),
            Focus::Confirmation if moves => body.focus = Focus::Reason,
            Focus::Confirmation => {
                let wanted = phrase(&form.tail(portfolio));
                return form.confirmation_key(chord, &wanted, portfolio, Self::confirm);
            }
        }
        Transition::stay()
    }

    fn paste(form: &mut Form<Self>, text: &str) -> Transition {
        match form.body.focus {
            Focus::Reason => {
                form.body.reason.paste(text);
                Transition::stay()
            }
            Focus::Confirmation => Transition::notice("pasting is off here: type the phrase"),
        }
    }
}

#[cfg(test)]
mod tests;
