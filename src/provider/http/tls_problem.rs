//! What went wrong with a TLS handshake or a certificate, in plain words with what to do.

use std::sync::Arc;

use jiff::Timestamp;
use rustls::pki_types::UnixTime;
use rustls::{AlertDescription, CertificateError, Error as RustlsError, PeerIncompatible};

/// Why a TLS handshake failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TlsProblem {
    /// The server's certificate was refused.
    #[error(transparent)]
    Certificate(#[from] CertificateProblem),
    /// A sentence of our own verifier: the pinned key, or no certificates on this machine.
    #[error("{0}")]
    Stated(Arc<str>),
    /// What came is no TLS.
    #[error(
        "it does not speak TLS there: check the port in base_url, and whether a proxy is between"
    )]
    NotTls,
    /// Only versions older than 1.2.
    #[error(
        "it only speaks a version of TLS older than 1.2, which is not safe: the provider must \
         mend that"
    )]
    OldVersion,
    /// No cipher in common.
    #[error(
        "it and cardtop have no encryption in common: the provider must offer TLS 1.2 or 1.3 with \
         AES-GCM or ChaCha20"
    )]
    NoCommonCipher,
    /// The server has no certificate for the host name.
    #[error("it does not know the host name that was asked for: check base_url")]
    UnknownHostName,
    /// The server wants to know who we are.
    #[error(
        "it wants a client certificate, which cardtop has none of: ask the provider for access \
         without one"
    )]
    WantsClientCertificate,
    /// Another alert.
    #[error("it ended the TLS handshake with an alert: ask the provider why")]
    Alert,
    /// The server has no certificate.
    #[error("it showed no certificate: check base_url")]
    NoCertificate,
    /// What came breaks the protocol.
    #[error("it broke the rules of TLS: something between may have changed what was sent")]
    RulesBroken,
    /// Neither of the versions of HTTP that we offer.
    #[error("it speaks neither HTTP/1.1 nor HTTP/2: check the port in base_url")]
    NoCommonHttp,
    /// Certificates cannot be checked without a clock.
    #[error("this machine does not tell the time, so no certificate can be checked")]
    NoTime,
    /// Anything else.
    #[error("the TLS handshake failed: check base_url and any proxy between")]
    Handshake,
}

/// Why a certificate was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CertificateProblem {
    /// It has ended; since when, where that is known.
    #[error(
        "its certificate {}: the provider must renew it, unless this machine's clock is wrong",
        .0.map_or_else(|| "has expired".to_owned(), |since| format!("expired on {}", day(since)))
    )]
    Expired(Option<UnixTime>),
    /// It has not begun; from when on it is valid, where that is known.
    #[error(
        "its certificate is not valid {}: check this machine's clock",
        .0.map_or_else(|| "yet".to_owned(), |from| format!("before {}", day(from)))
    )]
    NotYetValid(Option<UnixTime>),
    /// This machine does not trust its issuer.
    #[error(
        "its certificate is signed by nobody whom this machine trusts (self-signed, or a proxy \
         that opens TLS): check base_url; a CA of your own belongs in this machine's certificate \
         store"
    )]
    UnknownIssuer,
    /// It is for another host.
    #[error("its certificate is for another host name: check base_url")]
    WrongName,
    /// It is for these hosts.
    #[error("its certificate is for {}, not for this host: check base_url", first_names(.0))]
    OtherNames(Vec<Arc<str>>),
    /// Its issuer took it back.
    #[error("its certificate was revoked: ask the provider before anything is sent there")]
    Revoked,
    /// It is not meant for servers.
    #[error("its certificate is not meant for servers: the provider must use another one")]
    NotForServers,
    /// Its signature is wrong.
    #[error("its certificate has a wrong signature: somebody may be between")]
    BadSignature,
    /// It is signed by a method that is not safe any more.
    #[error(
        "its certificate is signed in a way that is not safe any more: the provider must renew it"
    )]
    UnsafeSignature,
    /// The platform's own rules refuse it.
    #[error("its certificate was refused by this machine's rules")]
    RefusedByPlatform,
    /// A CA's certificate in the place of a server's.
    #[error(
        "its certificate is that of a CA, used as a server's, as self-signed ones often are: it \
         needs a server certificate that is signed by a CA; a CA of your own belongs in this \
         machine's certificate store"
    )]
    CaAsServer,
    /// Its issuer is no CA.
    #[error(
        "its certificate is signed by one that is not a CA's: the provider must use another one"
    )]
    IssuedByNonCa,
    /// Its CA may not sign for this host name.
    #[error("its CA may not sign for this host name: check base_url")]
    NameConstraint,
    /// It cannot be read or checked.
    #[error("its certificate cannot be read or checked: the provider must use another one")]
    Unreadable,
}

impl TlsProblem {
    /// What the TLS library's error means.
    pub(super) fn of(error: &RustlsError) -> Self {
        match error {
            RustlsError::InvalidCertificate(why) => Self::Certificate(CertificateProblem::of(why)),
            RustlsError::General(words) => Self::Stated(words.as_str().into()),
            RustlsError::InvalidMessage(_) | RustlsError::InappropriateMessage { .. } => {
                Self::NotTls
            }
            RustlsError::PeerIncompatible(PeerIncompatible::ServerDoesNotSupportTls12Or13) => {
                Self::OldVersion
            }
            RustlsError::PeerIncompatible(_) => Self::NoCommonCipher,
            RustlsError::AlertReceived(alert) => Self::of_alert(*alert),
            RustlsError::NoCertificatesPresented => Self::NoCertificate,
            RustlsError::PeerMisbehaved(_)
            | RustlsError::DecryptError
            | RustlsError::PeerSentOversizedRecord => Self::RulesBroken,
            RustlsError::NoApplicationProtocol => Self::NoCommonHttp,
            RustlsError::FailedToGetCurrentTime => Self::NoTime,
            _ => Self::Handshake,
        }
    }

    const fn of_alert(alert: AlertDescription) -> Self {
        match alert {
            AlertDescription::ProtocolVersion => Self::OldVersion,
            AlertDescription::HandshakeFailure | AlertDescription::InsufficientSecurity => {
                Self::NoCommonCipher
            }
            AlertDescription::UnrecognisedName => Self::UnknownHostName,
            AlertDescription::CertificateRequired
            | AlertDescription::BadCertificate
            | AlertDescription::AccessDenied => Self::WantsClientCertificate,
            _ => Self::Alert,
        }
    }
}

impl CertificateProblem {
    /// What the TLS library's reason means.
    fn of(why: &CertificateError) -> Self {
        match why {
            CertificateError::Expired => Self::Expired(None),
            CertificateError::ExpiredContext { not_after, .. } => Self::Expired(Some(*not_after)),
            CertificateError::NotValidYet => Self::NotYetValid(None),
            CertificateError::NotValidYetContext { not_before, .. } => {
                Self::NotYetValid(Some(*not_before))
            }
            CertificateError::UnknownIssuer => Self::UnknownIssuer,
            CertificateError::NotValidForName => Self::WrongName,
            CertificateError::NotValidForNameContext { presented, .. } => {
                Self::OtherNames(presented.iter().map(|name| plain_name(name).into()).collect())
            }
            CertificateError::Revoked => Self::Revoked,
            CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
                Self::NotForServers
            }
            CertificateError::BadSignature => Self::BadSignature,
            CertificateError::UnsupportedSignatureAlgorithmContext { .. }
            | CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => {
                Self::UnsafeSignature
            }
            CertificateError::ApplicationVerificationFailure => Self::RefusedByPlatform,
            CertificateError::Other(other) => match other.0.downcast_ref::<webpki::Error>() {
                Some(webpki::Error::CaUsedAsEndEntity) => Self::CaAsServer,
                Some(webpki::Error::EndEntityUsedAsCa) => Self::IssuedByNonCa,
                Some(webpki::Error::NameConstraintViolation) => Self::NameConstraint,
                // The platform's verifier keeps the type of this one to itself.
                None if other.0.to_string().contains("invalid extensions") => Self::NotForServers,
                _ => Self::Unreadable,
            },
            _ => Self::Unreadable,
        }
    }
}

/// At most three names of a certificate.
fn first_names(names: &[Arc<str>]) -> String {
    match names {
        [] => "no host name".to_owned(),
        names => names.iter().take(3).map(|name| &**name).collect::<Vec<_>>().join(", "),
    }
}

/// A name of a certificate without the library's type around it: `DnsName("example.com")`.
fn plain_name(name: &str) -> &str {
    name.split_once('"').and_then(|(_, rest)| rest.split_once('"')).map_or(name, |(name, _)| name)
}

fn day(at: UnixTime) -> String {
    let second = i64::try_from(at.as_secs()).unwrap_or(i64::MAX);
    Timestamp::from_second(second)
        .map_or_else(|_| "a date out of reach".to_owned(), |at| at.strftime("%Y-%m-%d").to_string())
}
