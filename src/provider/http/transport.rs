//! How a request gets to a provider and its answer back: the trait that the network, the sandbox in
//! the same process and the tests' scripts implement.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::response::Parts;
use http::{Request, Response};
use http_body_util::BodyExt;

use super::access::Access;
use super::body::{AnswerBody, Stop};
use super::network_problem::NetworkProblem;

/// Moves a request to a provider and its answer back.
#[async_trait]
pub trait Transport: Send + Sync {
    /// Sends once. Answers of any status are `Ok`.
    ///
    /// # Errors
    /// When no whole answer came; it says whether a byte of the request may have left.
    async fn call(
        &self,
        access: Access,
        request: Request<Bytes>,
    ) -> Result<Response<Bytes>, TransportError>;

    /// Sends once, as [`call`](Self::call), and gives the body of the answer away while it comes.
    /// Without a way of its own it comes at once.
    ///
    /// # Errors
    /// As of [`call`](Self::call); whoever takes the body may have taken a part of it.
    async fn call_in_parts(
        &self,
        access: Access,
        request: Request<Bytes>,
        body: &mut dyn AnswerBody,
    ) -> Result<Parts, TransportError> {
        let (parts, bytes) = self.call(access, request).await?.into_parts();
        body.begin(parts.status);
        match body.take(bytes) {
            Ok(()) | Err(Stop::Refused) => Ok(parts),
            Err(Stop::TooLarge(limit)) => {
                Err(TransportError::TooLarge { peer: "the provider".into(), limit })
            }
        }
    }
}

/// Why no whole answer came.
///
/// Holds what was understood of the HTTP library's error and not the error itself, which may print
/// the whole address of a request.
#[derive(Clone, Debug, thiserror::Error)]
pub enum TransportError {
    /// The request was never sent.
    #[error("the request could not be made: {problem}")]
    NotMade {
        /// Why.
        problem: NetworkProblem,
    },
    /// There is no connection; nothing was sent.
    #[error("no connection to {peer}: {problem}")]
    NotConnected {
        /// Host, port and the proxy on the way.
        peer: Arc<str>,
        /// Why.
        problem: NetworkProblem,
    },
    /// The connection ended before an answer began.
    #[error("the connection to {peer} broke: {problem}")]
    Broken {
        /// Host, port and the proxy on the way.
        peer: Arc<str>,
        /// Why.
        problem: NetworkProblem,
    },
    /// The connection ended within the answer.
    #[error("the answer of {peer} broke off: {problem}")]
    CutOff {
        /// Host, port and the proxy on the way.
        peer: Arc<str>,
        /// Why.
        problem: NetworkProblem,
    },
    /// The answer was left because of its length.
    #[error("{peer} sent more than {} MiB", limit >> 20)]
    TooLarge {
        /// Host, port and the proxy on the way.
        peer: Arc<str>,
        /// Bytes.
        limit: usize,
    },
    /// No answer in time.
    #[error("no answer within {} s", limit.as_secs())]
    TimedOut {
        /// How long it was waited for.
        limit: Duration,
    },
    /// What a transport that is not the network says.
    #[error("{why}")]
    Other {
        /// How far the request got.
        failure: ConnectionFailure,
        /// Why.
        why: Arc<str>,
    },
}

impl TransportError {
    /// Of a transport that is not the network: no byte of the request can have left.
    #[must_use]
    pub fn unsent(why: &str) -> Self {
        Self::Other { failure: ConnectionFailure::NoConnection, why: why.into() }
    }

    /// Of a transport that is not the network: the request may have arrived, and no answer came.
    #[must_use]
    pub fn unanswered(why: &str) -> Self {
        Self::Other { failure: ConnectionFailure::Closed, why: why.into() }
    }

    /// How far the request got.
    #[must_use]
    pub const fn failure(&self) -> ConnectionFailure {
        match self {
            Self::NotMade { .. } | Self::NotConnected { .. } => ConnectionFailure::NoConnection,
            Self::Broken { .. } | Self::CutOff { .. } | Self::TooLarge { .. } => {
                ConnectionFailure::Closed
            }
            Self::TimedOut { .. } => ConnectionFailure::Timeout,
            Self::Other { failure, .. } => *failure,
        }
    }
}

/// How a connection failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConnectionFailure {
    /// There was none: no byte of the request can have left.
    NoConnection,
    /// It was closed before the whole answer had come: often one that was kept open too long.
    Closed,
    /// No answer in time.
    Timeout,
}

/// A server in the same process: the sandbox's router without a socket.
pub struct InProcess(pub axum::Router);

#[async_trait]
impl Transport for InProcess {
    async fn call(
        &self,
        _access: Access,
        request: Request<Bytes>,
    ) -> Result<Response<Bytes>, TransportError> {
        use tower::ServiceExt;
        let Ok(response) = self.0.clone().oneshot(request.map(axum::body::Body::from)).await;
        let (parts, body) = response.into_parts();
        let body = body.collect().await.map_err(|error| {
            TransportError::unanswered(&format!("the answer broke off: {error}"))
        })?;
        Ok(Response::from_parts(parts, body.to_bytes()))
    }
}
