//! What follows from a key, an event or the passing of time in a dialog: one answer for whoever
//! asked.

use super::Dialog;
use crate::app::Effect;
use crate::domain::operation::OperationId;

/// Where it goes from here, and what is wanted of the world outside the model.
#[derive(Debug)]
#[must_use]
pub(crate) struct Transition {
    pub(crate) next: Next,
    pub(crate) effects: Vec<Effect>,
    /// What the key did, or why it did nothing: shown in the dialog until the next key.
    pub(super) notice: Option<String>,
}

/// Where it goes from here.
#[derive(Debug)]
pub(crate) enum Next {
    /// The dialog stays.
    Stay,
    /// The dialog stays, and the key means nothing in it.
    Ignored,
    /// The dialog stays, and what it shows changed under the operator's hands: keys already on
    /// their way were not meant for it, and what was typed to confirm is forgotten.
    StayChanged,
    /// The dialog closes.
    Close,
    /// The dialog closes, and the activity view shows this operation.
    ShowOperation(OperationId),
    /// This dialog opens in the place of the one that is open, if any: Esc there returns to
    /// nothing.
    Open(Dialog),
}

impl Transition {
    pub(super) const fn to(next: Next) -> Self {
        Self { next, effects: Vec::new(), notice: None }
    }

    pub(super) const fn stay() -> Self {
        Self::to(Next::Stay)
    }

    pub(super) const fn ignored() -> Self {
        Self::to(Next::Ignored)
    }

    pub(super) const fn close() -> Self {
        Self::to(Next::Close)
    }

    /// Stays, and says why nothing happened.
    pub(super) fn notice(notice: impl Into<String>) -> Self {
        Self { notice: Some(notice.into()), ..Self::stay() }
    }

    /// The same with one effect more.
    pub(super) fn and(mut self, effect: Effect) -> Self {
        self.effects.push(effect);
        self
    }
}
