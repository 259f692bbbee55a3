//! What the operator wants of a card, and whether it can be had now: the same answer for the key,
//! the menu and the dialog that says no.

use super::Dialog;
use super::transition::Transition;
use crate::app::cover::{self, Hint};
use crate::app::portfolio::Portfolio;
use crate::domain::card::CardKey;
use crate::domain::operation::{ActionKind, Refusal};
use crate::domain::transaction::Transaction;

/// Where a dialog or the menu shows the keys of actions itself.
const PLAIN: Hint<'_> = &|_, words| words.to_owned();

/// What the operator wants of a card.
#[derive(Clone, Debug)]
pub(crate) enum Wanted {
    /// A change.
    Change(ActionKind),
    /// A top-up of what a decline was short of: of the one under the cursor, where there is one.
    CoverDecline(Option<Box<Transaction>>),
}

/// Why it cannot be had now.
#[derive(Debug)]
pub(crate) enum NotNow {
    /// The change is refused.
    Refused(Refusal),
    /// The change is possible, but there is nothing to fill it in with; one sentence.
    Unfilled(String),
}

impl NotNow {
    /// One sentence.
    pub(crate) fn sentence(&self) -> String {
        match self {
            Self::Refused(refusal) => refusal.to_string(),
            Self::Unfilled(why) => why.clone(),
        }
    }

    /// The same where little room is and the whole sentence stands elsewhere.
    pub(crate) fn in_short(&self) -> String {
        match self {
            Self::Refused(Refusal::Unavailable(unavailable)) => unavailable.in_short(),
            Self::Refused(_) | Self::Unfilled(_) => self.sentence(),
        }
    }
}

impl Wanted {
    /// The change behind it.
    pub(crate) const fn action_kind(&self) -> ActionKind {
        match self {
            Self::Change(action_kind) => *action_kind,
            Self::CoverDecline(_) => ActionKind::TopUp,
        }
    }

    /// Whether it can be had now.
    ///
    /// # Errors
    /// Why not.
    pub(crate) fn check(&self, key: &CardKey, portfolio: &Portfolio) -> Result<(), NotNow> {
        portfolio.check(self.action_kind(), key).map_err(NotNow::Refused)?;
        match self {
            Self::Change(_) => Ok(()),
            Self::CoverDecline(chosen) => cover::plan(key, chosen.as_deref(), PLAIN, portfolio)
                .map(|_| ())
                .map_err(NotNow::Unfilled),
        }
    }

    /// Opens its form, or what stands in its way.
    pub(crate) fn open(&self, key: &CardKey, portfolio: &mut Portfolio) -> Transition {
        match self {
            Self::Change(action_kind) => Dialog::for_action(*action_kind, key, portfolio),
            Self::CoverDecline(chosen) => {
                Dialog::cover_decline(key, chosen.as_deref(), PLAIN, portfolio)
            }
        }
    }
}
