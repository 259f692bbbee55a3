//! What went wrong on the way to a server: the HTTP library's errors, sorted into what an
//! operator can tell apart. The library's own messages name types of its source code.
//!
//! Each sentence part stands behind "no connection to HOST: " and says what to do, where something
//! can be done.

use std::error::Error as StdError;
use std::io;
use std::sync::Arc;

use super::tls_problem::TlsProblem;

/// What went wrong on the way to a server.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NetworkProblem {
    /// No name server knows the host, or none was reached.
    #[error("its name cannot be resolved: check base_url, and whether this machine is online")]
    NameNotResolved,
    /// No connection, or no next part of one, in time.
    #[error(
        "it did not answer in time: check the host and port in base_url, and any firewall between"
    )]
    TimedOut,
    /// Nothing listens on the port.
    #[error(
        "connection refused: nothing listens there; check the host and port in base_url, or the \
         proxy where one is named"
    )]
    ConnectionRefused,
    /// The peer, or something between, ended the connection without closing it.
    #[error("it broke the connection off: it, or something between, may be restarting")]
    ConnectionReset,
    /// The connection was closed in the middle of an exchange.
    #[error("it closed the connection before its answer was whole")]
    ClosedEarly,
    /// This machine has no route to the host.
    #[error("no way leads there: check whether this machine is online, and its VPN")]
    NoRoute,
    /// This machine cannot use such an address.
    #[error("its address cannot be used from this machine: check base_url")]
    AddressNotUsable,
    /// This machine forbids the connection.
    #[error("this machine does not permit the connection: check its firewall")]
    NotPermitted,
    /// The peer speaks something else than HTTP.
    #[error("it does not answer in HTTP: check the port in base_url")]
    NotHttp,
    /// The peer reset the HTTP/2 stream.
    #[error("it ended the exchange by an error of HTTP/2")]
    StreamReset,
    /// The peer sent HTTP/2 GOAWAY.
    #[error("it is ending its connections: it may be restarting")]
    GoingAway,
    /// The headers are longer than the library reads.
    #[error("its answer has headers that are too long")]
    HeadersTooLong,
    /// The body's compression is broken or unknown.
    #[error("its answer is packed in a way that cannot be unpacked")]
    BadCompression,
    /// The TLS handshake failed.
    #[error(transparent)]
    Tls(#[from] TlsProblem),
    /// What the library says, where it is none of these.
    #[error("{0}")]
    Other(Arc<str>),
}

/// Phrases of libraries that have no error types of their own for these, in lower case.
const LIBRARY_PHRASES: [(&str, NetworkProblem); 16] = [
    ("failed to lookup address", NetworkProblem::NameNotResolved),
    ("dns error", NetworkProblem::NameNotResolved),
    ("name or service not known", NetworkProblem::NameNotResolved),
    ("nodename nor servname", NetworkProblem::NameNotResolved),
    ("deadline has elapsed", NetworkProblem::TimedOut),
    ("timed out", NetworkProblem::TimedOut),
    ("incomplete message", NetworkProblem::ClosedEarly),
    ("connection closed", NetworkProblem::ClosedEarly),
    ("end of file", NetworkProblem::ClosedEarly),
    ("unexpected eof", NetworkProblem::ClosedEarly),
    ("message completed", NetworkProblem::ClosedEarly),
    ("stream error", NetworkProblem::StreamReset),
    ("goaway", NetworkProblem::GoingAway),
    ("message head is too large", NetworkProblem::HeadersTooLong),
    ("invalid http", NetworkProblem::NotHttp),
    ("invalid content-encoding", NetworkProblem::BadCompression),
];

impl NetworkProblem {
    /// What the HTTP library's error means.
    pub(super) fn of(error: &reqwest::Error) -> Self {
        error.source().map_or_else(|| Self::Other("no reason given".into()), Self::of_cause)
    }

    /// What the cause of such an error means: by the error's type where it has one, by its words
    /// else.
    pub(super) fn of_cause(error: &(dyn StdError + 'static)) -> Self {
        if let Some(tls) = find::<rustls::Error>(error) {
            return Self::Tls(TlsProblem::of(tls));
        }
        if let Some(problem) = find::<io::Error>(error).and_then(|error| Self::of_io(error.kind()))
        {
            return problem;
        }
        let words = innermost(error).to_string();
        let lower = words.to_ascii_lowercase();
        let known = LIBRARY_PHRASES.into_iter().find(|(phrase, _)| lower.contains(phrase));
        known.map_or_else(|| Self::Other(words.into()), |(_, problem)| problem)
    }

    fn of_io(kind: io::ErrorKind) -> Option<Self> {
        use io::ErrorKind;
        Some(match kind {
            ErrorKind::ConnectionRefused => Self::ConnectionRefused,
            ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted | ErrorKind::BrokenPipe => {
                Self::ConnectionReset
            }
            ErrorKind::UnexpectedEof => Self::ClosedEarly,
            ErrorKind::TimedOut => Self::TimedOut,
            ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable | ErrorKind::NetworkDown => {
                Self::NoRoute
            }
            ErrorKind::AddrNotAvailable => Self::AddressNotUsable,
            ErrorKind::PermissionDenied => Self::NotPermitted,
            _ => return None,
        })
    }
}

/// The first error of this type in a chain of causes. An [`io::Error`] may wrap another error
/// without naming it as its source, so it is looked into; it counts itself only where it wraps
/// none, or nothing else was found.
fn find<'a, E: StdError + 'static>(error: &'a (dyn StdError + 'static)) -> Option<&'a E> {
    if let Some(found) = error.downcast_ref::<E>() {
        let wraps_another =
            error.downcast_ref::<io::Error>().is_some_and(|io| io.get_ref().is_some());
        if !wraps_another {
            return Some(found);
        }
    }
    let within = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
    let within = within.and_then(|within| find::<E>(within as &(dyn StdError + 'static)));
    within.or_else(|| error.source().and_then(find::<E>)).or_else(|| error.downcast_ref::<E>())
}

/// The last cause of an error, which says what happened without repeating where.
fn innermost<'a>(error: &'a (dyn StdError + 'static)) -> &'a (dyn StdError + 'static) {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    use rustls::pki_types::UnixTime;
    use rustls::{AlertDescription, CertificateError};

    fn unix(seconds: u64) -> UnixTime {
        UnixTime::since_unix_epoch(Duration::from_secs(seconds))
    }

    fn certificate(why: CertificateError) -> String {
        // As the network's layers wrap it.
        let wrapped = io::Error::other(io::Error::new(
            io::ErrorKind::InvalidData,
            rustls::Error::InvalidCertificate(why),
        ));
        NetworkProblem::of_cause(&wrapped).to_string()
    }

    #[test]
    fn what_is_wrong_with_a_certificate_is_said_in_plain_words_with_what_to_do() {
        let other =
            |error: webpki::Error| CertificateError::Other(rustls::OtherError(Arc::new(error)));
        for (why, words) in [
            (CertificateError::Expired, "has expired"),
            (
                CertificateError::ExpiredContext { time: unix(9), not_after: unix(1_767_225_600) },
                "expired on 2026-01-01",
            ),
            (CertificateError::NotValidYet, "check this machine's clock"),
            (
                CertificateError::NotValidYetContext {
                    time: unix(9),
                    not_before: unix(4_102_444_800),
                },
                "before 2100-01-01",
            ),
            (CertificateError::UnknownIssuer, "self-signed"),
            (CertificateError::NotValidForName, "another host name: check base_url"),
            (
                CertificateError::NotValidForNameContext {
                    expected: "api.example.com".try_into().expect("a name"),
                    presented: vec!["DnsName(\"other.example.com\")".to_owned()],
                },
                "is for other.example.com, not for this host",
            ),
            (other(webpki::Error::CaUsedAsEndEntity), "that of a CA, used as a server's"),
            (other(webpki::Error::BadDer), "the provider must use another one"),
            (CertificateError::Revoked, "was revoked"),
            (CertificateError::BadEncoding, "cannot be read or checked"),
        ] {
            let said = certificate(why.clone());
            assert!(said.contains(words), "{why:?}: {said}");
            assert!(
                !["Context", "Error", "CaUsed", "DnsName", "OtherError"]
                    .iter()
                    .any(|word| said.contains(word)),
                "{said}"
            );
        }
    }

    #[test]
    fn what_is_wrong_with_a_connection_is_said_in_plain_words() {
        let wrap =
            |error: rustls::Error| NetworkProblem::of_cause(&io::Error::other(error)).to_string();
        assert!(
            wrap(rustls::Error::General("our own sentence".into())).starts_with("our own sentence")
        );
        assert!(
            wrap(rustls::Error::InvalidMessage(rustls::InvalidMessage::InvalidContentType))
                .contains("does not speak TLS")
        );
        assert!(
            wrap(rustls::Error::AlertReceived(AlertDescription::ProtocolVersion))
                .contains("older than 1.2")
        );
        assert!(
            wrap(rustls::Error::AlertReceived(AlertDescription::InternalError)).contains("alert")
        );
        for (error, words) in [
            (io::Error::from(io::ErrorKind::ConnectionRefused), "nothing listens there"),
            (io::Error::from_raw_os_error(111), "nothing listens there"),
            (io::ErrorKind::TimedOut.into(), "did not answer in time"),
            (
                io::Error::other("failed to lookup address information: Name or service not known"),
                "cannot be resolved",
            ),
            (
                io::Error::other(io::Error::other("connection closed before message completed")),
                "before its answer was whole",
            ),
            (io::Error::other("something new"), "something new"),
        ] {
            let problem = NetworkProblem::of_cause(&error).to_string();
            assert!(problem.contains(words), "{error:?}: {problem}");
        }
    }
}
