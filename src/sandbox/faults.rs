//! Single requests that go wrong on purpose.

use std::io;
use std::time::Duration;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use http::{StatusCode, header};

use super::call::{Reply, Signing};
use super::dialect::{RequestKind, Wire};

/// One request gone wrong. Which kind of request it hits by default: [`Fault::default_target`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Refused with 429 and `Retry-After`, nothing done. Reads and writes.
    Refuse429 {
        /// The value of `Retry-After`.
        retry_after_seconds: u64,
    },
    /// Answered with 500, nothing done. Reads and writes.
    Answer500,
    /// Answered with 503, nothing done. Reads and writes.
    Answer503,
    /// A proxy's HTML page with 200, nothing done. Reads and writes.
    Html,
    /// Done, but the answer stops in the middle. Reads and writes.
    HalfJson,
    /// Done, but the answer's signature is wrong; no effect on wires that sign no answers (all but
    /// banana). Reads and writes.
    WrongSignature,
    /// A proxy's HTML page with 403, nothing done. Reads and writes.
    Forbidden,
    /// Refused as if the credentials were wrong, nothing done. Reads and writes.
    Unauthorized,
    /// Done, then the connection breaks. Writes only.
    LoseAnswer,
    /// The connection breaks before anything is done. Writes only.
    LoseRequest,
    /// Never answered, nothing done. Reads and writes.
    Hang,
    /// Answered as it should be, that much later. Reads and writes.
    Slow(Duration),
}

impl Fault {
    /// Which requests it hits by default.
    #[must_use]
    pub const fn default_target(self) -> FaultTarget {
        match self {
            Self::LoseAnswer | Self::LoseRequest => FaultTarget::Writes,
            Self::Refuse429 { .. }
            | Self::Answer500
            | Self::Answer503
            | Self::Html
            | Self::Forbidden
            | Self::HalfJson
            | Self::WrongSignature
            | Self::Unauthorized
            | Self::Hang
            | Self::Slow(_) => FaultTarget::ReadsAndWrites,
        }
    }

    /// What the fault does before the server has seen the request; an answer ends it there.
    pub(super) async fn before(self, wire: &dyn Wire) -> Option<Response> {
        match self {
            Self::LoseRequest => Some(broken()),
            Self::Hang => std::future::pending().await,
            Self::Slow(delay) => {
                tokio::time::sleep(delay).await;
                None
            }
            Self::Refuse429 { .. }
            | Self::Answer500
            | Self::Answer503
            | Self::Html
            | Self::Forbidden
            | Self::Unauthorized
            | Self::HalfJson
            | Self::WrongSignature
            | Self::LoseAnswer => self.reply_instead(wire).map(Reply::into_response),
        }
    }

    /// How the server is to sign its answer.
    pub(super) const fn signing(self) -> Signing {
        if matches!(self, Self::WrongSignature) { Signing::Wrong } else { Signing::Right }
    }

    /// What the fault makes of the server's answer.
    pub(super) fn after(self, mut reply: Reply) -> Response {
        match self {
            Self::LoseAnswer => broken(),
            Self::HalfJson => {
                reply.cut_in_half();
                reply.into_response()
            }
            Self::LoseRequest
            | Self::Hang
            | Self::Slow(_)
            | Self::Refuse429 { .. }
            | Self::Answer500
            | Self::Answer503
            | Self::Html
            | Self::Forbidden
            | Self::Unauthorized
            | Self::WrongSignature => reply.into_response(),
        }
    }

    /// The answer that is given instead of doing anything, where that is what goes wrong.
    pub(super) fn reply_instead(self, wire: &dyn Wire) -> Option<Reply> {
        match self {
            Self::Refuse429 { retry_after_seconds } => {
                let mut reply = Reply::json(
                    StatusCode::TOO_MANY_REQUESTS,
                    r#"{"message":"Too many requests"}"#,
                );
                reply.retry_after = Some(retry_after_seconds);
                Some(reply)
            }
            Self::Answer500 => Some(internal_error()),
            Self::Answer503 => Some(unavailable()),
            Self::Html => Some(Reply::of(StatusCode::OK, "text/html", PROXY_PAGE.to_owned())),
            Self::Forbidden => Some(forbidden()),
            Self::Unauthorized => Some(wire.unauthorized()),
            Self::HalfJson
            | Self::WrongSignature
            | Self::LoseAnswer
            | Self::LoseRequest
            | Self::Hang
            | Self::Slow(_) => None,
        }
    }
}

/// Which requests a fault hits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultTarget {
    /// Requests that change nothing.
    Reads,
    /// Requests that change money, state or a PIN.
    Writes,
    /// All but logins.
    ReadsAndWrites,
    /// Logins and calls for a token; not every wire has them.
    Logins,
}

impl FaultTarget {
    pub(super) const fn includes(self, kind: RequestKind) -> bool {
        match kind {
            RequestKind::Login => matches!(self, Self::Logins),
            RequestKind::Read => matches!(self, Self::Reads | Self::ReadsAndWrites),
            RequestKind::Write => matches!(self, Self::Writes | Self::ReadsAndWrites),
        }
    }
}

/// A fault that waits for a reading about one card.
#[derive(Clone, Copy)]
pub(super) struct PlannedCardFault {
    /// Position of the card.
    pub(super) card: usize,
    pub(super) fault: Fault,
}

/// A fault that waits for its requests.
pub(super) struct PlannedFault {
    pub(super) target: FaultTarget,
    pub(super) fault: Fault,
    /// How many requests it still hits.
    pub(super) left: u32,
}

/// The page of a proxy when the server behind it is gone.
pub(super) fn unavailable() -> Reply {
    let page = "<html><body><h1>503 Service Temporarily Unavailable</h1></body></html>";
    Reply::of(StatusCode::SERVICE_UNAVAILABLE, "text/html", page.to_owned())
}

pub(super) fn internal_error() -> Reply {
    Reply::json(StatusCode::INTERNAL_SERVER_ERROR, r#"{"message":"Internal error"}"#)
}

/// The page of a proxy that answers 200.
const PROXY_PAGE: &str = "<!DOCTYPE html><html><head><title>Please \
                                     wait</title></head><body><h1>Checking your \
                                     browser</h1></body></html>";

/// The answer of a proxy that lets no request through.
pub(super) fn forbidden() -> Reply {
    Reply::of(StatusCode::FORBIDDEN, "text/html", FORBIDDEN_PAGE.to_owned()).unauthenticated()
}

/// Its page.
const FORBIDDEN_PAGE: &str = "<html><head><title>403 Forbidden</title></head><body><h1>403 \
                              Forbidden</h1><p>Your request was blocked by the security \
                              policy.</p></body></html>";

/// An answer whose connection breaks before its first byte.
pub(super) fn broken() -> Response {
    let gone = futures::stream::once(async {
        Err::<Bytes, _>(io::Error::from(io::ErrorKind::ConnectionReset))
    });
    let mut response = Response::new(Body::from_stream(gone));
    // Announced, so that no client can take the break for an empty answer.
    response.headers_mut().insert(header::CONTENT_LENGTH, header::HeaderValue::from_static("64"));
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/json"));
    response
}
