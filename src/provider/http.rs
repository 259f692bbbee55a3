//! One way to send a request: a time limit, a size limit, no redirects, no retries, and a record of
//! the last calls. The body of an answer is given away while it comes (`http/body.rs`).
//!
//! Every request says whether it reads or writes; what its failure means follows from that
//! (`http/meaning.rs`). Bodies and headers are never logged.

mod access;
mod answer;
mod arriving;
mod body;
pub(super) mod body_form;
mod certificate;
mod clock_offset;
mod dates;
mod meaning;
mod network;
mod network_problem;
mod request;
mod tls_problem;
pub(super) mod transport;
mod way;

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use jiff::Timestamp;

use super::ProviderConfig;
use super::error::{Cause, Error, ErrorKind, Result};
use crate::clock::Clock;
use crate::config::proxy::Proxies;
use crate::domain::card::ProviderId;
use crate::domain::proof::ClockOffset;
pub use access::Access;
pub use answer::Answer;
use arriving::{Arriving, Pace};
pub(super) use body::WholeBody;
pub use body::{AnswerBody, Stop};
pub use body_form::BodyForm;
use clock_offset::MeasuredClock;
pub use meaning::AnsweredBy;
use network::{NetworkTransport, proxy_of};
pub use network_problem::NetworkProblem;
pub(super) use request::{path_segment, push_segment, sensitive};
pub use tls_problem::{CertificateProblem, TlsProblem};
pub use transport::{ConnectionFailure, InProcess, Transport, TransportError};
pub use way::{Step, Way, try_way};

/// Calls that are remembered for the providers view.
const CALLS_KEPT: usize = 50;

/// The way to one provider account. Clones share it.
#[derive(Clone)]
pub struct Http(Arc<Inner>);

struct Inner {
    provider: ProviderId,
    transport: Box<dyn Transport>,
    clock: Clock,
    timeout: Duration,
    /// The proxy on the way, as it is shown.
    proxy: Option<Arc<str>>,
    calls: Mutex<VecDeque<Call>>,
    sent: AtomicU64,
    measured_clock: MeasuredClock,
}

/// One finished call, for the providers view. Holds no header, body or query.
#[derive(Clone, Debug)]
pub struct Call {
    /// When it ended.
    pub at: Timestamp,
    /// Whether it could change something.
    pub access: Access,
    /// Method and path: `POST /card/recharge`.
    pub request: String,
    /// HTTP status; `None` when no answer came.
    pub status: Option<u16>,
    /// How long it took.
    pub took: Duration,
    /// Provider's clock minus ours, in seconds, where the answer carried a date.
    pub skew: Option<i64>,
}

impl Http {
    /// Over the network, as configured.
    ///
    /// # Errors
    /// A sentence without the account's name, when the TLS set-up fails or the environment names a
    /// proxy that cannot be used.
    pub fn over_network(
        config: &ProviderConfig,
        clock: Clock,
    ) -> std::result::Result<Self, String> {
        let proxies = Proxies::of_environment();
        let proxy = proxy_of(config, &proxies)?;
        let transport = NetworkTransport::new(config, proxies)?;
        Ok(Self::new(&config.name, Box::new(transport), clock, config.timeout, proxy))
    }

    /// Over another transport than the network.
    #[must_use]
    pub fn with_transport(
        provider: &ProviderId,
        transport: Box<dyn Transport>,
        clock: Clock,
        timeout: Duration,
    ) -> Self {
        Self::new(provider, transport, clock, timeout, None)
    }

    fn new(
        provider: &ProviderId,
        transport: Box<dyn Transport>,
        clock: Clock,
        timeout: Duration,
        proxy: Option<Arc<str>>,
    ) -> Self {
        Self(Arc::new(Inner {
            provider: provider.clone(),
            transport,
            clock,
            timeout,
            proxy,
            calls: Mutex::new(VecDeque::with_capacity(CALLS_KEPT)),
            sent: AtomicU64::new(0),
            measured_clock: MeasuredClock::default(),
        }))
    }

    /// Sends a request once and returns the answer, whatever its status.
    ///
    /// # Errors
    /// When no whole answer came in time. For a write the outcome is `Unknown` unless no byte can
    /// have reached the provider.
    pub async fn send(&self, access: Access, request: Request<Bytes>) -> Result<Answer> {
        self.send_into(&mut WholeBody::new(access), access, request).await
    }

    /// Sends a request once, and gives the body of its answer away while it comes. The answer has
    /// what was kept of the body.
    ///
    /// # Errors
    /// As of [`send`](Self::send), and `BadReply` where the body was refused.
    pub async fn send_into(
        &self,
        body: &mut dyn AnswerBody,
        access: Access,
        request: Request<Bytes>,
    ) -> Result<Answer> {
        let inner = &*self.0;
        let summary = format!("{} {}", request.method(), request.uri().path());
        inner.sent.fetch_add(1, Ordering::Relaxed);
        let began = tokio::time::Instant::now();
        let sent = inner.clock.now();
        let pace = Pace::new(inner.timeout);
        let mut arriving = Arriving { body, clock: &inner.clock, pace: &pace, began: None };
        let call = inner.transport.call_in_parts(access, request, &mut arriving);
        let head = pace.limit(call).await;
        let at = arriving.began.unwrap_or_else(|| inner.clock.now());
        let answer = head.map_err(|error| self.no_answer(access, error)).map(|head| {
            let (kept, refusal) = match arriving.body.end() {
                Ok(kept) => (kept, None),
                Err(why) => (Bytes::new(), Some(why)),
            };
            (Answer::new(&inner.provider, access, head, &kept, at), refusal)
        });
        let head = answer.as_ref().ok().map(|(answer, _)| answer);
        if let Some(date) = head.and_then(Answer::date) {
            inner.measured_clock.measure(date, sent, at);
        }
        self.record(Call {
            at: inner.clock.now(),
            access,
            request: summary,
            status: head.map(|answer| answer.status),
            took: began.elapsed(),
            skew: head.and_then(Answer::skew),
        });
        match answer? {
            (answer, None) => Ok(answer),
            (answer, Some(why)) => Err(answer.bad_reply(&why)),
        }
    }

    fn no_answer(&self, access: Access, error: TransportError) -> Error {
        let outcome = meaning::of_silence(access, error.failure());
        Error::caused(&self.0.provider, ErrorKind::Unreachable, Cause::Transport(error))
            .with_outcome(outcome)
    }

    fn record(&self, call: Call) {
        let mut calls = self.0.calls.lock().unwrap_or_else(PoisonError::into_inner);
        if calls.len() == CALLS_KEPT {
            calls.pop_front();
        }
        calls.push_back(call);
    }

    /// The account this leads to.
    #[must_use]
    pub fn provider(&self) -> &ProviderId {
        &self.0.provider
    }

    /// The clock that requests are stamped with.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.0.clock
    }

    /// The proxy on the way, by host, port and the variable that names it; `None` when there is
    /// none.
    #[must_use]
    pub fn proxy(&self) -> Option<Arc<str>> {
        self.0.proxy.clone()
    }

    /// The last calls, oldest first; 50 at most.
    #[must_use]
    pub fn calls(&self) -> Vec<Call> {
        self.0.calls.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    /// How many requests were sent since the start.
    #[must_use]
    pub fn sent(&self) -> u64 {
        self.0.sent.load(Ordering::Relaxed)
    }

    /// The provider's clock against ours, where its answers carry a `Date`.
    #[must_use]
    pub fn clock_offset(&self) -> Option<ClockOffset> {
        self.0.measured_clock.offset()
    }
}
