//! What a command ends with: an exit code.

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
    /// 10: what `watch` was to wait for has come.
    Matched,
    /// 128 and the number of the signal that ended the command before anything was sent: cardtop
    /// then ends by that signal itself.
    Interrupted(u8),
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
            Self::Matched => 10,
            Self::Interrupted(signal) => 128_u8.saturating_add(signal),
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
            Exit::Matched,
            Exit::Interrupted(2),
        ]
        .map(Exit::code);
        assert_eq!(codes, [0, 1, 2, 3, 4, 5, 10, 130]);
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
