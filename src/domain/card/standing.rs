//! What a card is urgent by, and whether its state may be old.

use jiff::{SignedDuration, Timestamp};

use super::CardState;
use crate::domain::money::Money;

/// What is read of a card to tell how urgent it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Standing {
    /// Its state.
    pub state: CardState,
    /// When that was read.
    pub state_at: Option<Timestamp>,
    /// What can be spent, where that was read.
    pub available: Option<Money>,
    /// When its figures were read.
    pub figures_at: Option<Timestamp>,
    /// Whether its figures may be old, since a later attempt failed.
    pub is_stale: bool,
}

/// How much older than its figures a card's state may be without being said.
const STATE_KEEPS: SignedDuration = SignedDuration::from_secs(90);

/// How old the state of a card without figures may be without being said: a long list is read
/// seldom.
const STATE_KEEPS_ALONE: SignedDuration = SignedDuration::from_mins(10);

impl Standing {
    /// Whether nothing of the card was read yet.
    #[must_use]
    pub fn is_unread(&self) -> bool {
        self.figures_at.is_none() && self.state == CardState::Unknown
    }

    /// Since when the state was not read any more although the figures were, or for long where
    /// there are none: it may be another one by now.
    #[must_use]
    pub fn old_state(&self, now: Timestamp) -> Option<Timestamp> {
        let read = self.state_at?;
        let old = match self.figures_at {
            Some(figures) => figures.duration_since(read) > STATE_KEEPS,
            None => now.duration_since(read) > STATE_KEEPS_ALONE,
        };
        old.then_some(read)
    }

    /// From when on [`Self::old_state`] says that the state is old because nothing of the card was
    /// read since; `None` where only a reading can make it old.
    #[must_use]
    pub fn state_grows_old_at(&self) -> Option<Timestamp> {
        let read = self.state_at.filter(|_| self.figures_at.is_none())?;
        read.checked_add(STATE_KEEPS_ALONE).ok()?.checked_add(SignedDuration::from_nanos(1)).ok()
    }
}
