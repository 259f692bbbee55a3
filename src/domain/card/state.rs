//! The state and the kind of a card, in our words.

use std::str::FromStr;

use crate::domain::UnknownWord;

/// State of a card. FROZEN is what we may undo; BLOCKED is the issuer's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CardState {
    /// Can be spent with.
    Active,
    /// Stopped, and we may start it again.
    Frozen,
    /// Stopped by the issuer; not ours to undo.
    Blocked,
    /// Not activated yet.
    Pending,
    /// Closed for good.
    Closed,
    /// Past its date.
    Expired,
    /// A word we do not know, or never read.
    Unknown,
}

impl CardState {
    /// Every state, in the order of the vocabulary.
    pub const ALL: [Self; 7] = [
        Self::Active,
        Self::Frozen,
        Self::Blocked,
        Self::Pending,
        Self::Closed,
        Self::Expired,
        Self::Unknown,
    ];

    /// The word on screen and in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "ACTIVE",
            Self::Frozen => "FROZEN",
            Self::Blocked => "BLOCKED",
            Self::Pending => "PENDING",
            Self::Closed => "CLOSED",
            Self::Expired => "EXPIRED",
            Self::Unknown => "UNKNOWN",
        }
    }
}

impl FromStr for CardState {
    type Err = UnknownWord;

    fn from_str(word: &str) -> Result<Self, UnknownWord> {
        Self::ALL
            .into_iter()
            .find(|state| state.as_str().eq_ignore_ascii_case(word))
            .ok_or(UnknownWord)
    }
}

/// Whether there is plastic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CardKind {
    /// A number only.
    Virtual,
    /// Plastic.
    Physical,
}

impl CardKind {
    /// The word on screen and in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Virtual => "virtual",
            Self::Physical => "physical",
        }
    }
}

impl FromStr for CardKind {
    type Err = UnknownWord;

    fn from_str(word: &str) -> Result<Self, UnknownWord> {
        [Self::Virtual, Self::Physical]
            .into_iter()
            .find(|kind| kind.as_str().eq_ignore_ascii_case(word))
            .ok_or(UnknownWord)
    }
}
