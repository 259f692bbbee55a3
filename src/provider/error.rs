//! What went wrong with a provider, and what that means for the world: an error of a change says
//! whether it may have happened.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::domain::card::ProviderId;
use crate::domain::text;

/// An adapter's result.
pub type Result<T> = std::result::Result<T, Error>;

/// What a caller may branch on, and the words for a person.
#[derive(Clone, Debug)]
pub struct Error {
    /// What kind of trouble.
    pub kind: ErrorKind,
    /// For a change: whether it may have happened. Reads are always `NotDone`.
    pub outcome: Outcome,
    /// Which account.
    pub provider: ProviderId,
    /// What happened, in our or the provider's words, cleaned.
    pub message: Arc<str>,
    /// How long the provider asked us to wait.
    pub retry_after: Option<Duration>,
    /// How the connection failed, where no whole answer came.
    pub connection: Option<ConnectionFailure>,
}

/// How a connection failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConnectionFailure {
    /// There was none.
    NoConnection,
    /// It was closed before the whole answer had come: often one that was kept open too long.
    Closed,
    /// No answer in time.
    Timeout,
}

impl Error {
    /// An error after which nothing was changed.
    #[must_use]
    pub fn new(provider: &ProviderId, kind: ErrorKind, said: &str) -> Self {
        Self {
            kind,
            outcome: Outcome::NotDone,
            provider: provider.clone(),
            message: text::clean(said).into(),
            retry_after: None,
            connection: None,
        }
    }

    /// What happened, without the account's name.
    #[must_use]
    pub fn reason(&self) -> String {
        self.message.to_string()
    }

    /// The same error in other words.
    #[must_use]
    pub fn with_reason(self, reason: &str) -> Self {
        Self { message: reason.into(), ..self }
    }

    /// The same error, with doubt added where the change may have happened. Doubt is never talked
    /// away.
    #[must_use]
    pub fn with_outcome(self, outcome: Outcome) -> Self {
        Self { outcome: self.outcome.max(outcome), ..self }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.provider, self.message)?;
        match self.kind {
            ErrorKind::Auth => write!(f, "; check this provider's credentials"),
            ErrorKind::RateLimited => write!(f, "; waiting before asking again"),
            ErrorKind::Forbidden
            | ErrorKind::Unreachable
            | ErrorKind::Refused
            | ErrorKind::NotFound
            | ErrorKind::BadReply
            | ErrorKind::NotOffered => Ok(()),
        }
    }
}

impl std::error::Error for Error {}

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
    /// Nobody can tell yet.
    Unknown,
}
