//! Whether a request reads or changes something.

use crate::provider::Outcome;

/// What a request does to the world: decides what a missing answer means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Reads only; may be repeated.
    Read,
    /// May change something; is sent once.
    Write,
}

impl Access {
    /// What is known of the effect of a request whose answer proves nothing.
    pub(super) const fn doubt(self) -> Outcome {
        match self {
            Self::Read => Outcome::NotDone,
            Self::Write => Outcome::Unknown,
        }
    }
}
