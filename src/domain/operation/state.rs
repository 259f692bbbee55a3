//! How far an operation got, and which way its state may move.

use std::str::FromStr;

use crate::domain::UnknownWord;

/// How far an operation got.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OperationState {
    /// The intent is saved, and it is being sent, or was.
    Sent,
    /// The provider answered that it will do it.
    Accepted,
    /// Its effect was read back.
    Done,
    /// It did not happen, and will not.
    Failed,
    /// Nobody can tell yet. Looked for, never sent again.
    Unknown,
}

impl OperationState {
    /// Every state, in the order of the vocabulary.
    pub const ALL: [Self; 5] =
        [Self::Sent, Self::Accepted, Self::Done, Self::Failed, Self::Unknown];

    /// The word on screen and in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sent => "SENT",
            Self::Accepted => "ACCEPTED",
            Self::Done => "DONE",
            Self::Failed => "FAILED",
            Self::Unknown => "UNKNOWN",
        }
    }

    /// Whether the journal may move from this state to `next`. A final state never moves; nothing
    /// goes back to SENT.
    #[must_use]
    pub const fn may_become(self, next: Self) -> bool {
        match self {
            Self::Sent => !matches!(next, Self::Sent),
            Self::Accepted => matches!(next, Self::Done | Self::Failed | Self::Unknown),
            Self::Unknown => matches!(next, Self::Accepted | Self::Done | Self::Failed),
            Self::Done | Self::Failed => false,
        }
    }
}

impl FromStr for OperationState {
    type Err = UnknownWord;

    fn from_str(word: &str) -> Result<Self, UnknownWord> {
        Self::ALL
            .into_iter()
            .find(|state| state.as_str().eq_ignore_ascii_case(word))
            .ok_or(UnknownWord)
    }
}
