//! What can be done to a card.

use std::str::FromStr;

use super::pin::Pin;
use crate::domain::UnknownWord;
use crate::domain::money::Money;

/// What is done to a card, with its data.
#[derive(Debug)]
pub enum Action {
    /// Stop the card; can be undone.
    Freeze,
    /// Start it again.
    Unfreeze,
    /// Send it money from the float.
    TopUp(Money),
    /// Set or change its PIN.
    SetPin {
        /// The PIN wanted; `None` where the provider chooses it.
        new: Option<Pin>,
        /// The PIN until now, where the provider wants it.
        old: Option<Pin>,
    },
    /// Close it for good.
    Close,
}

impl Action {
    /// The action's name without its data.
    #[must_use]
    pub const fn action_kind(&self) -> ActionKind {
        match self {
            Self::Freeze => ActionKind::Freeze,
            Self::Unfreeze => ActionKind::Unfreeze,
            Self::TopUp(_) => ActionKind::TopUp,
            Self::SetPin { .. } => ActionKind::SetPin,
            Self::Close => ActionKind::Close,
        }
    }

    /// The amount of a top-up.
    #[must_use]
    pub const fn amount(&self) -> Option<Money> {
        match self {
            Self::TopUp(amount) => Some(*amount),
            Self::Freeze | Self::Unfreeze | Self::SetPin { .. } | Self::Close => None,
        }
    }
}

/// An action's name, without its data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ActionKind {
    /// Stop the card.
    Freeze,
    /// Start it again.
    Unfreeze,
    /// Send it money.
    TopUp,
    /// Set or change its PIN.
    SetPin,
    /// Close it for good.
    Close,
}

impl ActionKind {
    /// Every deed, in the order of the vocabulary.
    pub const ALL: [Self; 5] =
        [Self::Freeze, Self::Unfreeze, Self::TopUp, Self::SetPin, Self::Close];

    /// The word of JSON and the command line: `topup`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Freeze => "freeze",
            Self::Unfreeze => "unfreeze",
            Self::TopUp => "topup",
            Self::SetPin => "pin",
            Self::Close => "close",
        }
    }

    /// The word in sentences: `top-up`.
    #[must_use]
    pub const fn phrase(self) -> &'static str {
        match self {
            Self::Freeze => "freeze",
            Self::Unfreeze => "unfreeze",
            Self::TopUp => "top-up",
            Self::SetPin => "set PIN",
            Self::Close => "close",
        }
    }
}

impl FromStr for ActionKind {
    type Err = UnknownWord;

    fn from_str(word: &str) -> Result<Self, UnknownWord> {
        Self::ALL
            .into_iter()
            .find(|action_kind| action_kind.as_str().eq_ignore_ascii_case(word))
            .ok_or(UnknownWord)
    }
}
