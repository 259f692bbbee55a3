//! What a command ends with: an exit code, or a failure in words.

use std::io::{self, Write};

use crate::domain::text;
use crate::provider::{Error, ErrorKind};

/// What cardtop ends with. The numbers are a contract with scripts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// 0: done.
    Done,
    /// 1: refused or failed.
    Refused,
    /// 2: usage or configuration.
    Usage,
    /// 3: provider unreachable or credentials refused.
    Unreachable,
    /// 4: outcome unknown.
    Unknown,
    /// 5: accepted but not yet seen to be done.
    Accepted,
}

impl Exit {
    pub(crate) const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Refused => 1,
            Self::Usage => 2,
            Self::Unreachable => 3,
            Self::Unknown => 4,
            Self::Accepted => 5,
        }
    }

    /// What a provider's error means to a script. An answer that cannot be trusted is as good as
    /// none.
    pub(crate) const fn of_error(error: &Error) -> Self {
        match error.kind {
            ErrorKind::Auth
            | ErrorKind::Forbidden
            | ErrorKind::RateLimited
            | ErrorKind::Unreachable
            | ErrorKind::BadReply => Self::Unreachable,
            ErrorKind::Refused | ErrorKind::NotFound | ErrorKind::NotOffered => Self::Refused,
        }
    }

    /// Of two reads the worse: a provider that was not reached weighs more than one that refused.
    pub(crate) fn and(self, other: Self) -> Self {
        if self == Self::Unreachable || other == Self::Done { self } else { other }
    }
}

/// A command's result.
pub(crate) type Outcome = Result<Exit, Failure>;

/// Why a command ends without doing what it was asked, in words for a person.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) exit: Exit,
    /// One sentence, or a few lines, without a full stop at the end.
    pub(crate) message: String,
}

impl Failure {
    pub(crate) fn new(exit: Exit, message: impl Into<String>) -> Self {
        // It may quote arguments, names of files and what stands in them.
        Self { exit, message: text::printable(&message.into()) }
    }

    /// Wrong arguments, or a wrong configuration.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, message)
    }

    /// A change that ends before anything was sent.
    pub(crate) fn not_sent(exit: Exit, why: impl std::fmt::Display) -> Self {
        Self::new(exit, format!("{why}; nothing was sent"))
    }

    /// A provider that could not be read.
    pub(crate) fn unread(error: &Error) -> Self {
        Self::new(Exit::of_error(error), error.to_string())
    }
}

impl From<io::Error> for Failure {
    /// Standard output could not be written.
    fn from(error: io::Error) -> Self {
        Self::new(Exit::Refused, format!("the output could not be written: {error}"))
    }
}

/// Prints a message on standard error. That it cannot be written is no reason to fail.
pub(crate) fn warn(message: &str) {
    let _ = writeln!(io::stderr().lock(), "cardtop: {}", text::printable(message));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::card::ProviderId;

    #[test]
    fn exit_codes_are_the_contract() {
        let codes = [
            Exit::Done,
            Exit::Refused,
            Exit::Usage,
            Exit::Unreachable,
            Exit::Unknown,
            Exit::Accepted,
        ]
        .map(Exit::code);
        assert_eq!(codes, [0, 1, 2, 3, 4, 5]);
    }

    #[test]
    fn a_providers_error_is_unreachable_or_refused() {
        let of = |kind| Exit::of_error(&Error::new(&ProviderId::new("acme"), kind, "no"));
        for kind in
            [ErrorKind::Auth, ErrorKind::RateLimited, ErrorKind::Unreachable, ErrorKind::BadReply]
        {
            assert_eq!(of(kind), Exit::Unreachable, "{kind:?}");
        }
        for kind in [ErrorKind::Refused, ErrorKind::NotFound, ErrorKind::NotOffered] {
            assert_eq!(of(kind), Exit::Refused, "{kind:?}");
        }
    }

    #[test]
    fn of_several_reads_the_worst_decides() {
        let all = |exits: &[Exit]| exits.iter().fold(Exit::Done, |sum, exit| sum.and(*exit));
        assert_eq!(all(&[]), Exit::Done);
        assert_eq!(all(&[Exit::Done, Exit::Refused, Exit::Done]), Exit::Refused);
        assert_eq!(all(&[Exit::Refused, Exit::Unreachable, Exit::Refused]), Exit::Unreachable);
    }
}
