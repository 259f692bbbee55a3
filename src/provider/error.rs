//! What went wrong with a provider, as data, and what that means for the world: an error of a
//! change says whether it may have happened.
//!
//! Callers branch on [`ErrorKind`], [`Outcome`], the status and the wait, never on words. The words
//! are made here and in the `Display` of the causes, and nowhere else.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::http::body_form::BodyForm;
use super::http::transport::{ConnectionFailure, TransportError};
use crate::domain::card::ProviderId;
use crate::domain::operation::Pin;
use crate::domain::text;

/// An adapter's result.
pub type Result<T> = std::result::Result<T, Error>;

/// Why a provider did not do or answer what it was asked.
///
/// Its `Display` names the account, says what happened and, where something can be done, what.
/// [`Error::source`](std::error::Error::source) is how the connection failed, where it did.
#[derive(Clone, Debug)]
pub struct Error {
    /// What kind of trouble.
    pub kind: ErrorKind,
    /// For a change: whether it may have happened. Reads are always `NotDone`.
    pub outcome: Outcome,
    /// Which account.
    pub provider: ProviderId,
    /// What happened.
    pub cause: Cause,
    /// How long the provider asked us to wait; at most a day.
    pub retry_after: Option<Duration>,
}

/// What happened. What it quotes from the provider is cleaned.
#[derive(Clone, Debug)]
pub enum Cause {
    /// Something that an adapter found, or that the provider stated in an answer of any status.
    Stated(Arc<str>),
    /// A status that refuses, and the provider's reason.
    Status {
        /// HTTP status.
        status: u16,
        /// The provider's words.
        reason: Arc<str>,
    },
    /// An answer whose body is not of the provider's wire.
    Body {
        /// HTTP status.
        status: u16,
        /// What the body is.
        form: BodyForm,
    },
    /// No whole answer came.
    Transport(TransportError),
}

/// What kind of trouble.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// Credentials refused.
    Auth,
    /// The provider itself refused this call (HTTP 403): about one card it is that card's matter,
    /// about the account it is the credentials'.
    Forbidden,
    /// The provider said no, with a reason.
    Refused,
    /// It does not know the card or the task.
    NotFound,
    /// Too many requests.
    RateLimited,
    /// No answer, or a server's own failure.
    Unreachable,
    /// An answer that cannot be trusted or read.
    BadReply,
    /// This provider has no such call.
    NotOffered,
}

/// Whether a change may have happened. `Unknown` wins over `NotDone` when several tries are summed
/// up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// It provably did not happen.
    NotDone,
    /// It may have happened.
    Unknown,
}

impl Error {
    /// An error after which nothing was changed, in these words.
    #[must_use]
    pub fn new(provider: &ProviderId, kind: ErrorKind, words: &str) -> Self {
        Self::caused(provider, kind, Cause::Stated(text::clean(words).into()))
    }

    /// An error after which nothing was changed.
    #[must_use]
    pub(super) fn caused(provider: &ProviderId, kind: ErrorKind, cause: Cause) -> Self {
        Self {
            kind,
            outcome: Outcome::NotDone,
            provider: provider.clone(),
            cause,
            retry_after: None,
        }
    }

    /// The same error, with doubt added where the change may have happened. Doubt is never taken
    /// away: of two outcomes the greater holds.
    #[must_use]
    pub fn with_outcome(self, outcome: Outcome) -> Self {
        Self { outcome: self.outcome.max(outcome), ..self }
    }

    /// The same error in other words.
    #[must_use]
    pub fn with_reason(self, reason: &str) -> Self {
        Self { cause: Cause::Stated(reason.into()), ..self }
    }

    /// The same error without these PINs, should the provider repeat one in its words: errors are
    /// written into the journal.
    #[must_use]
    pub(super) fn without(self, pins: &[&Pin]) -> Self {
        let reason = self.reason();
        let redacted =
            pins.iter().fold(reason.clone(), |words, pin| words.replace(pin.expose(), "****"));
        if redacted == reason { self } else { self.with_reason(&redacted) }
    }

    /// HTTP status, where an answer of the provider, or of something before it, is the cause.
    #[must_use]
    pub const fn status(&self) -> Option<u16> {
        match &self.cause {
            Cause::Status { status, .. } | Cause::Body { status, .. } => Some(*status),
            Cause::Stated(_) | Cause::Transport(_) => None,
        }
    }

    /// How the connection failed, where no whole answer came.
    #[must_use]
    pub const fn connection(&self) -> Option<ConnectionFailure> {
        match &self.cause {
            Cause::Transport(error) => Some(error.failure()),
            Cause::Stated(_) | Cause::Status { .. } | Cause::Body { .. } => None,
        }
    }

    /// What happened, without the account's name and without advice.
    #[must_use]
    pub fn reason(&self) -> String {
        self.cause.to_string()
    }

    /// What happened and what to do about it, without the account's name: for places that name the
    /// account themselves.
    #[must_use]
    pub fn sentence(&self) -> String {
        match self.kind.advice() {
            "" => self.reason(),
            // The provider's own words may end with a full stop.
            advice => format!("{}; {advice}", self.reason().trim_end_matches('.')),
        }
    }
}

impl ErrorKind {
    const fn advice(self) -> &'static str {
        match self {
            Self::Auth => "check this provider's credentials",
            Self::RateLimited => "waiting before asking again",
            Self::Forbidden
            | Self::Unreachable
            | Self::Refused
            | Self::NotFound
            | Self::BadReply
            | Self::NotOffered => "",
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.provider, self.sentence())
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.cause {
            Cause::Transport(error) => Some(error),
            Cause::Stated(_) | Cause::Status { .. } | Cause::Body { .. } => None,
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stated(words) => f.write_str(words),
            Self::Status { status, reason } => write!(f, "HTTP {status}: {reason}"),
            Self::Body { status, form } => form.describe(*status, f),
            Self::Transport(error) => error.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pin_that_the_provider_repeats_does_not_reach_the_journal() {
        let pin = Pin::typed("9078".into()).expect("four digits");
        let words = "PIN 9078 is too easy (9078)";
        let error = Error::new(&ProviderId::new("acme"), ErrorKind::Refused, words);
        assert_eq!(error.without(&[&pin]).reason(), "PIN **** is too easy (****)");
    }
}
