//! A change that cannot be asked now, and why: said anew while it is read, and until it can be.

use super::transition::{Next, Transition};
use super::wanted::{NotNow, Wanted};
use super::{Content, Dialog, DialogBody};
use crate::app::Effect;
use crate::app::chord::{Chord, Key};
use crate::app::portfolio::Portfolio;
use crate::domain::card::CardKey;
use crate::domain::operation::{Refusal, UnavailableCause};
use crate::engine::{EngineEvent, Job};

#[derive(Debug)]
pub(crate) struct RefusalNotice {
    pub(crate) wanted: Wanted,
    pub(crate) key: CardKey,
    /// Its provider was asked once more because of this key.
    pub(crate) tries: bool,
    /// Why there is nothing to fill it in with, where that is so.
    unfilled: Option<String>,
    /// Whether it could be asked when that was last looked at.
    possible: bool,
}

impl RefusalNotice {
    /// What was wanted, and whether its provider is asked once more because of it.
    fn new(wanted: Wanted, key: &CardKey, tries: bool) -> Self {
        Self { wanted, key: key.clone(), tries, unfilled: None, possible: false }
    }

    /// What was wanted would be possible, but there is nothing to fill it in with: why, in one
    /// sentence.
    pub(super) fn unfilled(wanted: Wanted, key: &CardKey, why: String) -> Self {
        Self { unfilled: Some(why), ..Self::new(wanted, key, false) }
    }

    /// Why it cannot be asked now, in one sentence; `None` when it can be by now.
    pub(crate) fn why(&self, portfolio: &Portfolio) -> Option<String> {
        match self.wanted.check(&self.key, portfolio).err()? {
            NotNow::Unfilled(why) => Some(self.unfilled.clone().unwrap_or(why)),
            refused @ NotNow::Refused(_) => Some(refused.sentence()),
        }
    }
}

/// Opens the refusal of what is wanted. A provider that is DOWN is asked once more at once: what
/// keeps the operator waiting is worth a try.
pub(super) fn open(wanted: Wanted, key: &CardKey, portfolio: &Portfolio) -> Transition {
    let down = match wanted.check(key, portfolio) {
        Err(NotNow::Refused(Refusal::Unavailable(it))) => it.cause == UnavailableCause::Down,
        Err(NotNow::Refused(_) | NotNow::Unfilled(_)) | Ok(()) => false,
    };
    let opened = Dialog::open(RefusalNotice::new(wanted, key, down), portfolio);
    if down { opened.and(Effect::Ask(Job::TryCard(key.clone()))) } else { opened }
}

impl DialogBody for RefusalNotice {
    fn content(&self) -> Content<'_> {
        Content::Refusal(self)
    }

    fn card(&self) -> Option<&CardKey> {
        Some(&self.key)
    }

    /// Enter closes, or goes on once it can be asked; `x` shows what is possible.
    fn key(&mut self, chord: &Chord, portfolio: &mut Portfolio) -> Transition {
        if *chord == Chord::plain(Key::Enter) {
            match self.why(portfolio) {
                Some(_) => Transition::close(),
                None => self.wanted.open(&self.key, portfolio),
            }
        } else if chord.typed() == Some('x') {
            Dialog::menu(&self.key, portfolio)
        } else {
            Transition::ignored()
        }
    }

    /// It may have become possible.
    fn apply(&mut self, _event: &EngineEvent, portfolio: &Portfolio) -> Transition {
        let possible = self.why(portfolio).is_none();
        let before = std::mem::replace(&mut self.possible, possible);
        if before == possible { Transition::stay() } else { Transition::to(Next::StayChanged) }
    }

    fn shows_ages(&self) -> bool {
        true
    }
}
