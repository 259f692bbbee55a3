//! The two small boxes: a refusal with its reason, and whether to end.

use super::Step;
use crate::app::Effect;
use crate::app::chord::{Chord, Key};
use crate::app::portfolio::Portfolio;
use crate::domain::card::CardKey;
use crate::domain::operation::ActionKind;

/// Something cannot be asked now, and why.
#[derive(Debug)]
pub(crate) struct Refusal {
    /// What was wanted.
    pub(crate) action_kind: ActionKind,
    /// Of which card.
    pub(crate) key: CardKey,
    /// One sentence.
    pub(crate) why: String,
}

impl Refusal {
    /// A refusal.
    pub(crate) fn new(action_kind: ActionKind, key: &CardKey, why: &str) -> Self {
        Self { action_kind, key: key.clone(), why: why.to_owned() }
    }

    /// A key: Enter closes, `x` shows what is possible.
    pub(crate) fn key(&self, chord: &Chord, portfolio: &mut Portfolio) -> Step {
        if *chord == Chord::plain(Key::Enter) {
            return Step::Close(Vec::new());
        }
        if chord.typed() == Some('x') {
            let (dialog, effects) = super::Dialog::actions(&self.key, portfolio);
            return Step::Open(dialog, effects);
        }
        Step::Stay
    }
}

/// A key in the question whether to end: `y`, or Ctrl-c again.
pub(crate) fn quit_key(chord: &Chord) -> Step {
    if chord.typed() == Some('y') || *chord == Chord::ctrl('c') {
        Step::Close(vec![Effect::Quit])
    } else {
        Step::Stay
    }
}
