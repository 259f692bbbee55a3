//! When a provider's account did not answer, as cardtop saw it.

use jiff::Timestamp;

use super::card::ProviderId;
use super::coverage::Stretch;

/// A time in which an account did not answer, or refused the credentials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outage {
    /// The account.
    pub provider: ProviderId,
    /// The first question that failed.
    pub from: Timestamp,
    /// When it was last seen to last, to some minutes.
    pub last_seen: Timestamp,
    /// The first good answer after it that was seen; `None` while there was none. Where no cardtop
    /// ran, it may have ended long before.
    pub to: Option<Timestamp>,
    /// What was wrong when it began.
    pub kind: OutageKind,
}

/// When a cardtop ran that asked an account, and would have seen an outage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Watched {
    /// The account.
    pub provider: ProviderId,
    /// From when until when, to some minutes.
    pub stretch: Stretch,
}

/// What was wrong with an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutageKind {
    /// No answer, or a server's own failure.
    Unreachable,
    /// Answers that cannot be trusted or read.
    BadAnswers,
    /// The credentials were refused.
    Refused,
}

impl OutageKind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Unreachable, Self::BadAnswers, Self::Refused];

    /// The word in the data file and in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unreachable => "unreachable",
            Self::BadAnswers => "bad-answers",
            Self::Refused => "credentials-refused",
        }
    }

    /// In a person's words.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Unreachable => "did not answer",
            Self::BadAnswers => "its answers could not be read",
            Self::Refused => "refused the credentials",
        }
    }
}
