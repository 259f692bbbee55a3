//! What went wrong on the way to a server, in plain words: the libraries' own name types of their
//! source code.
//!
//! Each sentence part stands behind "no connection to HOST: " and says what to do, where something
//! can be done.

use std::error::Error as StdError;
use std::io;

use jiff::Timestamp;
use rustls::pki_types::UnixTime;
use rustls::{AlertDescription, CertificateError, Error as TlsError, PeerIncompatible};

/// What a request failed of, in plain words.
pub(super) fn in_words(error: &(dyn StdError + 'static)) -> String {
    if let Some(tls) = find::<TlsError>(error) {
        return of_tls(tls);
    }
    if let Some(io) = find::<io::Error>(error)
        && let Some(words) = of_io(io)
    {
        return words.to_owned();
    }
    let innermost = innermost(error);
    let lower = innermost.to_ascii_lowercase();
    match WORDS.iter().find(|(said, _)| lower.contains(said)) {
        Some((_, words)) => (*words).to_owned(),
        None => innermost,
    }
}

const CLOSED: &str = "it closed the connection before its answer was whole";
const NAME: &str =
    "its name cannot be resolved: check base_url, and whether this machine is online";
const NO_HTTP: &str = "it does not answer in HTTP: check the port in base_url";
const SLOW: &str =
    "it did not answer in time: check the host and port in base_url, and any firewall between";

/// What libraries without error types of their own say, and our words for it.
const WORDS: [(&str, &str); 16] = [
    ("failed to lookup address", NAME),
    ("dns error", NAME),
    ("name or service not known", NAME),
    ("nodename nor servname", NAME),
    ("deadline has elapsed", SLOW),
    ("timed out", SLOW),
    ("incomplete message", CLOSED),
    ("connection closed", CLOSED),
    ("end of file", CLOSED),
    ("unexpected eof", CLOSED),
    ("message completed", CLOSED),
    ("stream error", "it ended the exchange by an error of HTTP/2"),
    ("goaway", "it is ending its connections: it may be restarting"),
    ("message head is too large", "its answer has headers that are too long"),
    ("invalid http", NO_HTTP),
    ("invalid content-encoding", "its answer is packed in a way that cannot be unpacked"),
];

fn of_io(error: &io::Error) -> Option<&'static str> {
    use io::ErrorKind;
    Some(match error.kind() {
        ErrorKind::ConnectionRefused => {
            "connection refused: nothing listens there; check the host and port in base_url, or \
             the proxy where one is named"
        }
        ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted | ErrorKind::BrokenPipe => {
            "it broke the connection off: it, or something between, may be restarting"
        }
        ErrorKind::UnexpectedEof => CLOSED,
        ErrorKind::TimedOut => SLOW,
        ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable | ErrorKind::NetworkDown => {
            "no way leads there: check whether this machine is online, and its VPN"
        }
        ErrorKind::AddrNotAvailable => {
            "its address cannot be used from this machine: check base_url"
        }
        ErrorKind::PermissionDenied => {
            "this machine does not permit the connection: check its firewall"
        }
        _ => return None,
    })
}

fn of_tls(error: &TlsError) -> String {
    let words = match error {
        TlsError::InvalidCertificate(why) => return of_certificate(why),
        // Our own verifier's sentences.
        TlsError::General(words) => words,
        TlsError::InvalidMessage(_) | TlsError::InappropriateMessage { .. } => {
            "it does not speak TLS there: check the port in base_url, and whether a proxy is \
             between"
        }
        TlsError::PeerIncompatible(PeerIncompatible::ServerDoesNotSupportTls12Or13)
        | TlsError::AlertReceived(AlertDescription::ProtocolVersion) => {
            "it only speaks a version of TLS older than 1.2, which is not safe: the provider must \
             mend that"
        }
        TlsError::PeerIncompatible(_)
        | TlsError::AlertReceived(
            AlertDescription::HandshakeFailure | AlertDescription::InsufficientSecurity,
        ) => {
            "it and cardtop have no encryption in common: the provider must offer TLS 1.2 or 1.3 \
             with AES-GCM or ChaCha20"
        }
        TlsError::AlertReceived(AlertDescription::UnrecognisedName) => {
            "it does not know the host name that was asked for: check base_url"
        }
        TlsError::AlertReceived(
            AlertDescription::CertificateRequired
            | AlertDescription::BadCertificate
            | AlertDescription::AccessDenied,
        ) => {
            "it wants a client certificate, which cardtop has none of: ask the provider for access \
             without one"
        }
        TlsError::AlertReceived(_) => {
            "it ended the TLS handshake with an alert: ask the provider why"
        }
        TlsError::NoCertificatesPresented => "it showed no certificate: check base_url",
        TlsError::PeerMisbehaved(_)
        | TlsError::DecryptError
        | TlsError::PeerSentOversizedRecord => {
            "it broke the rules of TLS: something between may have changed what was sent"
        }
        TlsError::NoApplicationProtocol => {
            "it speaks neither HTTP/1.1 nor HTTP/2: check the port in base_url"
        }
        TlsError::FailedToGetCurrentTime => {
            "this machine does not tell the time, so no certificate can be checked"
        }
        _ => "the TLS handshake failed: check base_url and any proxy between",
    };
    words.to_owned()
}

const SELF_SIGNED: &str = "its certificate is that of a CA, used as a server's, as self-signed \
                           ones often are: it needs a server certificate that is signed by a CA; \
                           a CA of your own belongs in this machine's certificate store";

fn of_certificate(why: &CertificateError) -> String {
    let words = match why {
        CertificateError::Expired => {
            "its certificate has expired: the provider must renew it, unless this machine's clock \
             is wrong"
        }
        CertificateError::ExpiredContext { not_after, .. } => {
            let since = day(*not_after);
            return format!(
                "its certificate expired on {since}: the provider must renew it, unless this \
                 machine's clock is wrong"
            );
        }
        CertificateError::NotValidYet => {
            "its certificate is not valid yet: check this machine's clock"
        }
        CertificateError::NotValidYetContext { not_before, .. } => {
            return format!(
                "its certificate is not valid before {}: check this machine's clock",
                day(*not_before)
            );
        }
        CertificateError::UnknownIssuer => {
            "its certificate is signed by nobody whom this machine trusts (self-signed, or a proxy \
             that opens TLS): check base_url; a CA of your own belongs in this machine's \
             certificate store"
        }
        CertificateError::NotValidForName => {
            "its certificate is for another host name: check base_url"
        }
        CertificateError::NotValidForNameContext { presented, .. } => {
            let names: Vec<&str> = presented.iter().take(3).map(|name| plain_name(name)).collect();
            let names = if names.is_empty() { "no host name".to_owned() } else { names.join(", ") };
            return format!("its certificate is for {names}, not for this host: check base_url");
        }
        CertificateError::Revoked => {
            "its certificate was revoked: ask the provider before anything is sent there"
        }
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            CLIENT_ONLY
        }
        CertificateError::BadSignature => {
            "its certificate has a wrong signature: somebody may be between"
        }
        CertificateError::UnsupportedSignatureAlgorithmContext { .. }
        | CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => {
            "its certificate is signed in a way that is not safe any more: the provider must renew \
             it"
        }
        CertificateError::ApplicationVerificationFailure => {
            "its certificate was refused by this machine's rules"
        }
        CertificateError::Other(other) => match other.0.downcast_ref::<webpki::Error>() {
            Some(webpki::Error::CaUsedAsEndEntity) => SELF_SIGNED,
            Some(webpki::Error::EndEntityUsedAsCa) => {
                "its certificate is signed by one that is not a CA's: the provider must use \
                 another one"
            }
            Some(webpki::Error::NameConstraintViolation) => {
                "its CA may not sign for this host name: check base_url"
            }
            // The platform's verifier keeps the type of this one to itself.
            None if other.0.to_string().contains("invalid extensions") => CLIENT_ONLY,
            _ => ODD,
        },
        _ => ODD,
    };
    words.to_owned()
}

const CLIENT_ONLY: &str =
    "its certificate is not meant for servers: the provider must use another one";

const ODD: &str = "its certificate cannot be read or checked: the provider must use another one";

/// A name of a certificate without the library's type around it: `DnsName("example.com")`.
fn plain_name(name: &str) -> &str {
    name.split_once('"').and_then(|(_, rest)| rest.split_once('"')).map_or(name, |(name, _)| name)
}

fn day(at: UnixTime) -> String {
    let second = i64::try_from(at.as_secs()).unwrap_or(i64::MAX);
    Timestamp::from_second(second)
        .map_or_else(|_| "a date out of reach".to_owned(), |at| at.strftime("%Y-%m-%d").to_string())
}

/// The first error of this type in a chain. An [`io::Error`] holds another one without naming it as
/// its source.
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
fn innermost(error: &(dyn StdError + 'static)) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::time::Duration;

    fn unix(seconds: u64) -> UnixTime {
        UnixTime::since_unix_epoch(Duration::from_secs(seconds))
    }

    fn certificate(why: CertificateError) -> String {
        // As the network's layers wrap it.
        let wrapped = io::Error::other(io::Error::new(
            io::ErrorKind::InvalidData,
            TlsError::InvalidCertificate(why),
        ));
        in_words(&wrapped)
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
        let wrap = |error: TlsError| in_words(&io::Error::other(error));
        assert!(wrap(TlsError::General("our own sentence".into())).starts_with("our own sentence"));
        assert!(
            wrap(TlsError::InvalidMessage(rustls::InvalidMessage::InvalidContentType))
                .contains("does not speak TLS")
        );
        assert!(
            wrap(TlsError::AlertReceived(AlertDescription::ProtocolVersion))
                .contains("older than 1.2")
        );
        assert!(wrap(TlsError::AlertReceived(AlertDescription::InternalError)).contains("alert"));
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
            assert!(in_words(&error).contains(words), "{error:?}: {}", in_words(&error));
        }
    }
}
