//! What a request that failed means for the world: whether the change that it asked for may have
//! happened, and whose fault the failure is.
//!
//! Pure. A read changes nothing whatever becomes of it. Of a change, silence proves nothing once a
//! byte may have left, and neither does an answer that the provider itself need not have written:
//! a proxy or firewall before it may refuse a request that it has already passed on, or the answer
//! to it. Only a refusal in the provider's own words, or a 4xx, proves that nothing was done; an
//! adapter whose 4xx can come after the effect adds its doubt with
//! [`Error::with_outcome`](crate::provider::Error::with_outcome).

use super::access::Access;
use super::transport::ConnectionFailure;
use crate::provider::{ErrorKind, Outcome};

/// Who wrote an answer that refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnsweredBy {
    /// The provider: the body has the form of its wire.
    Provider,
    /// Perhaps a proxy, a firewall or a captive portal.
    Unknown,
}

impl AnsweredBy {
    /// The provider, where the body has the form of its wire.
    #[must_use]
    pub const fn provider_if(has_own_form: bool) -> Self {
        if has_own_form { Self::Provider } else { Self::Unknown }
    }
}

/// What is known of the effect when no whole answer came.
pub(super) const fn of_silence(access: Access, failure: ConnectionFailure) -> Outcome {
    match failure {
        ConnectionFailure::NoConnection => Outcome::NotDone,
        ConnectionFailure::Closed | ConnectionFailure::Timeout => access.doubt(),
    }
}

/// What is known of the effect when an answer cannot be understood.
pub(super) const fn of_unreadable(access: Access, status: u16) -> Outcome {
    match status {
        400..=499 => Outcome::NotDone,
        _ => access.doubt(),
    }
}

/// What a status that refuses means. 401 and 403 speak of credentials only where the provider
/// itself wrote the answer. A web page in answer to a read is from a proxy or a wrong address, so
/// it says nothing of the card that was asked for.
pub(super) const fn of_status(
    status: u16,
    access: Access,
    by: AnsweredBy,
    is_web_page: bool,
) -> (ErrorKind, Outcome) {
    match (status, by, access) {
        (401, AnsweredBy::Provider, _) => (ErrorKind::Auth, Outcome::NotDone),
        (403, AnsweredBy::Provider, _) => (ErrorKind::Forbidden, Outcome::NotDone),
        (401 | 403, AnsweredBy::Unknown, _) => (ErrorKind::Unreachable, access.doubt()),
        (429, _, _) => (ErrorKind::RateLimited, Outcome::NotDone),
        (400..=499, _, Access::Read) if is_web_page => (ErrorKind::Unreachable, Outcome::NotDone),
        (404, _, _) => (ErrorKind::NotFound, Outcome::NotDone),
        (400..=499, _, _) => (ErrorKind::Refused, Outcome::NotDone),
        (200..=399, _, _) => (ErrorKind::BadReply, access.doubt()),
        (_, _, _) => (ErrorKind::Unreachable, access.doubt()),
    }
}

/// Whether a status may carry `Retry-After` (RFC 9110, section 10.2.3).
pub(super) const fn may_ask_to_wait(status: u16) -> bool {
    matches!(status, 429 | 500..)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_without_an_answer_is_in_doubt_unless_no_byte_left() {
        let failures = [
            ConnectionFailure::NoConnection,
            ConnectionFailure::Closed,
            ConnectionFailure::Timeout,
        ];
        let of = |access| failures.map(|failure| of_silence(access, failure));
        assert_eq!(of(Access::Read), [Outcome::NotDone; 3]);
        assert_eq!(of(Access::Write), [Outcome::NotDone, Outcome::Unknown, Outcome::Unknown]);
    }

    #[test]
    fn a_proxys_401_says_nothing_of_the_credentials_or_the_change() {
        let of = |by| of_status(401, Access::Write, by, false);
        assert_eq!(of(AnsweredBy::Provider), (ErrorKind::Auth, Outcome::NotDone));
        assert_eq!(of(AnsweredBy::Unknown), (ErrorKind::Unreachable, Outcome::Unknown));
    }
}
