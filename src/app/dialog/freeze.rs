//! Freeze and unfreeze: a reason, then what the confirmation asks for.

use std::sync::Arc;

use super::Content;
use super::form::{Form, FormBody};
use super::transition::Transition;
use crate::app::chord::{Chord, Key};
use crate::app::field::Field;
use crate::app::portfolio::Portfolio;
use crate::domain::card::CardKey;
use crate::domain::operation::{Action, ActionKind, OperationId};

/// Reasons for a freeze, by their keys 1 to 5; instead of the last one the operator may write
/// another.
const FREEZE_REASONS: [&str; 5] = ["lost", "stolen", "fraud", "customer asked", "other"];

const UNFREEZE_REASONS: [&str; 5] = ["found", "checked", "mistake", "holder asked", "other"];

#[derive(Debug)]
pub(crate) struct Freeze {
    pub(crate) direction: Direction,
    pub(crate) focus: Focus,
    /// Index of the chosen reason.
    pub(crate) chosen: Option<usize>,
    /// The reason in the operator's own words, for the last one.
    pub(crate) own_reason: Field,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    Freeze,
    Unfreeze,
}

/// Where keys go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Focus {
    /// The reasons 1 to 5.
    Reasons,
    OwnReason,
    Confirmation,
}

impl Freeze {
    pub(super) fn form(
        direction: Direction,
        key: &CardKey,
        overrides: Option<OperationId>,
        portfolio: &mut Portfolio,
    ) -> Form<Self> {
        let body =
            Self { direction, focus: Focus::Reasons, chosen: None, own_reason: Field::new(60) };
        Form::new(body, key, overrides, portfolio)
    }

    /// The five reasons.
    pub(crate) const fn reasons(&self) -> [&'static str; 5] {
        match self.direction {
            Direction::Freeze => FREEZE_REASONS,
            Direction::Unfreeze => UNFREEZE_REASONS,
        }
    }

    /// Whether the chosen reason is the one that may be written instead.
    pub(crate) fn writes_own_reason(&self) -> bool {
        self.chosen == Some(FREEZE_REASONS.len() - 1)
    }

    /// The reason for the journal, once there is one.
    fn reason(&self) -> Option<Arc<str>> {
        let own_reason = if self.writes_own_reason() { self.own_reason.reason() } else { None };
        own_reason.or_else(|| self.reasons().get(self.chosen?).map(|reason| Arc::from(*reason)))
    }

    fn own_reason_key(&mut self, chord: &Chord) -> Transition {
        match chord.key {
            Key::Enter | Key::Tab | Key::Down => self.focus = Focus::Confirmation,
            Key::BackTab | Key::Up => self.focus = Focus::Reasons,
            _ if self.own_reason.key(chord) => {}
            _ => return Transition::ignored(),
        }
        Transition::stay()
    }

    fn confirm(form: &mut Form<Self>, portfolio: &Portfolio) -> Transition {
        let Some(reason) = form.body.reason() else {
            form.body.focus = Focus::Reasons;
            return Transition::notice("choose a reason first: 1 to 5");
        };
        let action = match form.body.direction {
            Direction::Freeze => Action::Freeze,
            Direction::Unfreeze => Action::Unfreeze,
        };
        form.send(form.request(action, Some(reason), form.target.shown_state()), portfolio)
    }
}

impl FormBody for Freeze {
    fn action_kind(&self) -> ActionKind {
        match self.direction {
            Direction::Freeze => ActionKind::Freeze,
            Direction::Unfreeze => ActionKind::Unfreeze,
        }
    }

    fn content(form: &Form<Self>) -> Content<'_> {
        Content::Freeze(form)
    }

    fn key(form: &mut Form<Self>, chord: &Chord, portfolio: &Portfolio) -> Transition {
        let typing = form.body.focus == Focus::Confirmation && form.confirmation.asks_text();
        let body = &mut form.body;
        if body.focus == Focus::OwnReason {
            return body.own_reason_key(chord);
        }
        if *chord == Chord::plain(Key::BackTab) || *chord == Chord::plain(Key::Up) {
            body.focus = Focus::Reasons;
            return Transition::stay();
        }
        if *chord == Chord::plain(Key::Tab) || *chord == Chord::plain(Key::Down) {
            body.focus = if body.chosen.is_some() { Focus::Confirmation } else { Focus::Reasons };
            return Transition::stay();
        }
        let number =
            chord.typed().and_then(|c| c.to_digit(10)).and_then(|n| usize::try_from(n).ok());
        if let Some(number @ 1..=5) = number
            && !typing
        {
            body.chosen = Some(number - 1);
            body.focus =
                if body.writes_own_reason() { Focus::OwnReason } else { Focus::Confirmation };
            return Transition::stay();
        }
        let wanted = form.tail(portfolio).text;
        form.confirmation_key(chord, &wanted, portfolio, Self::confirm)
    }

    fn paste(form: &mut Form<Self>, text: &str) -> Transition {
        if form.body.focus != Focus::OwnReason {
            return Transition::notice("pasting is off here: type it");
        }
        form.body.own_reason.paste(text);
        Transition::stay()
    }
}

#[cfg(test)]
mod tests;
