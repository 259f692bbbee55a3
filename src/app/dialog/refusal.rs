//! A change that cannot be asked now, and why.

use super::transition::Transition;
use super::{Content, Dialog, DialogBody};
use crate::app::chord::{Chord, Key};
use crate::app::portfolio::Portfolio;
use crate::domain::card::CardKey;
use crate::domain::operation::ActionKind;

#[derive(Debug)]
pub(crate) struct RefusalNotice {
    /// What was wanted.
    pub(crate) action_kind: ActionKind,
    pub(crate) key: CardKey,
    /// One sentence.
    pub(crate) why: String,
}

impl RefusalNotice {
    pub(super) fn new(action_kind: ActionKind, key: &CardKey, why: &str) -> Self {
        Self { action_kind, key: key.clone(), why: why.to_owned() }
    }
}

impl DialogBody for RefusalNotice {
    fn content(&self) -> Content<'_> {
        Content::Refusal(self)
    }

    fn card(&self) -> Option<&CardKey> {
        Some(&self.key)
    }

    /// Enter closes, `x` shows what is possible.
    fn key(&mut self, chord: &Chord, portfolio: &mut Portfolio) -> Transition {
        if *chord == Chord::plain(Key::Enter) {
            Transition::close()
        } else if chord.typed() == Some('x') {
            Dialog::menu(&self.key, portfolio)
        } else {
            Transition::stay()
        }
    }
}
