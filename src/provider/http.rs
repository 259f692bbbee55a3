//! One way to send a request: a time limit, a size limit, no redirects, no retries, and a record of
//! the last calls.
//!
//! What a failure means for the world depends on whether the request reads or writes, and every
//! request says which. Bodies and headers are never logged.

use std::collections::VecDeque;
use std::error::Error as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use http_body_util::BodyExt;
use jiff::{SignedDuration, Timestamp};
use serde_json::value::RawValue;

use super::ProviderConfig;
use super::error::{ConnectionFailure, Error, ErrorKind, Outcome, Result};
use super::json::{JsonObject, in_document_names, without_byte_order_mark};
use crate::clock::Clock;
use crate::config::proxy::{Proxies, Route};
use crate::config::spelling::Spelling;
use crate::domain::card::ProviderId;
use crate::domain::proof::ClockOffset;
use crate::domain::text;

/// Most bytes of an answer that are read.
const LARGEST_ANSWER: usize = 8 << 20;

/// How long measurements of a provider's clock are narrowed before they are taken anew.
const CLOCK_MEASURED_ANEW: SignedDuration = SignedDuration::from_mins(5);

/// By how many bytes the room for an answer grows.
const GROWTH: usize = 256 << 10;

/// Calls that are remembered for the providers view.
const CALLS_KEPT: usize = 50;

/// What a request access to the world: decides what a missing answer means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Reads only; may be repeated.
    Read,
    /// May change something; is sent once.
    Write,
}

/// The way to one provider account.
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
    /// The provider's clock as its answers bound it, and since when they have.
    clock_offset: Mutex<Option<(ClockOffset, Timestamp)>>,
}

/// One finished call, for the providers view. Holds no header, body or query.
#[derive(Clone, Debug)]
pub struct Call {
    /// When it ended.
    pub at: Timestamp,
    /// What it did.
    pub access: Access,
    /// `POST /card/recharge`.
    pub request: String,
    /// HTTP status; `None` when no answer came.
    pub status: Option<u16>,
    /// How long it took.
    pub took: Duration,
    /// Provider's clock minus ours, in seconds, where the answer carried a date.
    pub skew: Option<i64>,
}

/// Moves a request to a provider and its answer back.
#[async_trait]
pub trait Transport: Send + Sync {
    /// Sends once. Answers of any status are `Ok`.
    async fn call(
        &self,
        access: Access,
        request: Request<Bytes>,
    ) -> std::result::Result<Response<Bytes>, TransportError>;
}

/// Why no answer came.
#[derive(Clone, Debug)]
pub struct TransportError {
    /// Whether a byte of the request may have reached the provider.
    pub reached: bool,
    /// What happened.
    pub said: String,
}

impl TransportError {
    /// No byte of the request can have left.
    #[must_use]
    pub fn unsent(said: &str) -> Self {
        Self { reached: false, said: said.to_owned() }
    }

    /// The request may have arrived, and no answer came.
    #[must_use]
    pub fn unanswered(said: &str) -> Self {
        Self { reached: true, said: said.to_owned() }
    }
}

impl Http {
    /// Over the network, as configured.
    ///
    /// # Errors
    /// A sentence, when the TLS set-up fails or the environment names a proxy that cannot be used.
    pub fn over_network(
        config: &ProviderConfig,
        clock: Clock,
    ) -> std::result::Result<Self, String> {
        let proxies = Proxies::of_environment();
        let proxy =
            proxy_of(config, &proxies).map_err(|words| format!("{}: {words}", config.name))?;
        let transport = NetworkTransport::new(config, proxies)?;
        Ok(Self::new(&config.name, Box::new(transport), clock, config.timeout, proxy))
    }

    /// Over a transport of one's own.
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
        let calls = Mutex::new(VecDeque::with_capacity(CALLS_KEPT));
        let (provider, sent) = (provider.clone(), AtomicU64::new(0));
        let clock_offset = Mutex::default();
        Self(Arc::new(Inner {
            provider,
            transport,
            clock,
            timeout,
            proxy,
            calls,
            sent,
            clock_offset,
        }))
    }

    /// The proxy on the way, by host, port and the variable that names it; `None` when it is
    /// straight.
    #[must_use]
    pub fn proxy(&self) -> Option<Arc<str>> {
        self.0.proxy.clone()
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

    /// The last calls, oldest first.
    #[must_use]
    pub fn calls(&self) -> Vec<Call> {
        self.0.calls.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    /// The provider's clock against ours, where its answers carry a `Date`.
    #[must_use]
    pub fn clock_offset(&self) -> Option<ClockOffset> {
        self.0.clock_offset.lock().unwrap_or_else(PoisonError::into_inner).map(|(offset, _)| offset)
    }

    /// Takes in what one exchange says of the provider's clock. Bounds are narrowed for a while and
    /// then taken anew: clocks drift, and are set.
    fn measure_clock(&self, answer: &Answer, sent: Timestamp) {
        let Some(date) = answer.date() else { return };
        let one = ClockOffset::measured(date, sent, answer.at);
        let mut known = self.0.clock_offset.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = known.filter(|(_, since)| {
            (SignedDuration::ZERO..CLOCK_MEASURED_ANEW).contains(&answer.at.duration_since(*since))
        });
        *known =
            Some(match kept.and_then(|(offset, since)| Some((offset.narrowed(one)?, since))) {
                Some(narrowed) => narrowed,
                None => (one, answer.at),
            });
    }

    /// How many requests were sent since the start.
    #[must_use]
    pub fn sent(&self) -> u64 {
        self.0.sent.load(Ordering::Relaxed)
    }

    /// Sends a request once and returns the answer, whatever its status.
    ///
    /// # Errors
    /// When no whole answer came in time. For a write the outcome is `Unknown` unless no byte can
    /// have reached the provider.
    pub async fn send(&self, access: Access, request: Request<Bytes>) -> Result<Answer> {
        let summary = format!("{} {}", request.method(), request.uri().path());
        self.0.sent.fetch_add(1, Ordering::Relaxed);
        let began = tokio::time::Instant::now();
        let sent = self.0.clock.now();
        let result =
            tokio::time::timeout(self.0.timeout, self.0.transport.call(access, request)).await;
        let at = self.0.clock.now();
        let answer = match result {
            Ok(Ok(response)) => {
                let (parts, body) = response.into_parts();
                Ok(Answer {
                    provider: self.0.provider.clone(),
                    access,
                    status: parts.status.as_u16(),
                    headers: parts.headers,
                    body: body.slice_ref(without_byte_order_mark(&body)),
                    at,
                })
            }
            Ok(Err(lost)) => {
                let connection = if lost.reached {
                    ConnectionFailure::Closed
                } else {
                    ConnectionFailure::NoConnection
                };
                Err(self.lost(access, connection, &lost.said))
            }
            Err(_) => Err(self.lost(
                access,
                ConnectionFailure::Timeout,
                &format!("no answer within {} s", self.0.timeout.as_secs()),
            )),
        };
        if let Ok(answer) = &answer {
            self.measure_clock(answer, sent);
        }
        let skew = answer.as_ref().ok().and_then(|answer| answer.skew());
        let status = answer.as_ref().ok().map(|answer| answer.status);
        let mut calls = self.0.calls.lock().unwrap_or_else(PoisonError::into_inner);
        if calls.len() == CALLS_KEPT {
            calls.pop_front();
        }
        calls.push_back(Call { at, access, request: summary, status, took: began.elapsed(), skew });
        answer
    }

    fn lost(&self, access: Access, connection: ConnectionFailure, said: &str) -> Error {
        let may_have_left =
            access == Access::Write && connection != ConnectionFailure::NoConnection;
        let outcome = if may_have_left { Outcome::Unknown } else { Outcome::NotDone };
        let error = Error {
            connection: Some(connection),
            ..Error::new(&self.0.provider, ErrorKind::Unreachable, said)
        };
        error.with_outcome(outcome)
    }
}

/// Who wrote an answer that refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnsweredBy {
    /// The provider: the body has the form of its wire.
    Provider,
    /// Nobody knows: a proxy, a firewall, a captive portal.
    Unknown,
}

impl AnsweredBy {
    /// The provider, where this holds.
    #[must_use]
    pub const fn provider_if(own_form: bool) -> Self {
        if own_form { Self::Provider } else { Self::Unknown }
    }
}

/// A whole answer of a provider.
#[derive(Clone, Debug)]
pub struct Answer {
    provider: ProviderId,
    access: Access,
    /// HTTP status.
    pub status: u16,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body, at most 8 MiB.
    pub body: Bytes,
    /// When it arrived, by our clock: the as-of time of what it says.
    pub at: Timestamp,
}

impl Answer {
    /// Whether the status is 2xx.
    #[must_use]
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Puts the document's names of fields in the place of the account's own.
    pub fn name_fields(&mut self, spelling: &Spelling) {
        if let Some(json) = Some(&self.body)
            .filter(|_| !spelling.fields.is_empty())
            .and_then(|body| serde_json::from_slice(body).ok())
        {
            let json: &RawValue = json;
            self.body =
                Bytes::from(String::from(Box::<str>::from(in_document_names(json, spelling))));
        }
    }

    /// The body as JSON, whatever its content type says.
    ///
    /// # Errors
    /// `BadReply`, in doubt for a write, when it is not JSON.
    pub fn json(&self) -> Result<&RawValue> {
        serde_json::from_slice(&self.body).map_err(|_| self.bad_reply(&self.describe_body()))
    }

    /// The body as a JSON object.
    ///
    /// # Errors
    /// `BadReply`, in doubt for a write, when it is not one.
    pub fn object(&self) -> Result<JsonObject<'_>> {
        JsonObject::read(self.json()?)
            .map_err(|_| self.bad_reply("answered JSON of an unexpected shape"))
    }

    /// The error of an answer that cannot be trusted or understood: a write may have happened.
    #[must_use]
    pub fn bad_reply(&self, said: &str) -> Error {
        let outcome = if self.access == Access::Write && !matches!(self.status, 400..=499) {
            Outcome::Unknown
        } else {
            Outcome::NotDone
        };
        Error::new(&self.provider, ErrorKind::BadReply, said).with_outcome(outcome)
    }

    /// The error that a status other than 2xx stands for, with the provider's words. An adapter
    /// whose 4xx may come after the effect adds its doubt with [`Error::outcome`].
    ///
    /// HTTP 401 and 403 speak of credentials only where the provider itself wrote the answer: a
    /// proxy's page says nothing of them, nor whether a change reached the provider.
    #[must_use]
    pub fn refusal(&self, said: &str, author: AnsweredBy) -> Error {
        let said = if said.trim().is_empty() {
            self.describe_body()
        } else {
            format!("HTTP {}: {said}", self.status)
        };
        let error = |kind| Error::new(&self.provider, kind, &said);
        let doubt = if self.access == Access::Write { Outcome::Unknown } else { Outcome::NotDone };
        match self.status {
            401 if author == AnsweredBy::Provider => error(ErrorKind::Auth),
            403 if author == AnsweredBy::Provider => error(ErrorKind::Forbidden),
            401 | 403 => error(ErrorKind::Unreachable).with_outcome(doubt),
            400..=499
                if self.status != 429 && self.access == Access::Read && self.is_web_page() =>
            {
                error(ErrorKind::Unreachable)
            }
            404 => error(ErrorKind::NotFound),
            429 => Error { retry_after: self.retry_after(), ..error(ErrorKind::RateLimited) },
            400..=499 => error(ErrorKind::Refused),
            200..=399 => self.bad_reply(&said),
            _ => Error { retry_after: self.retry_after(), ..error(ErrorKind::Unreachable) }
                .with_outcome(doubt),
        }
    }

    /// A refusal that the provider stated in words, inside any status: nothing was changed.
    #[must_use]
    pub fn stated_refusal(&self, said: &str) -> Error {
        Error::new(&self.provider, ErrorKind::Refused, said)
    }

    /// Whether the body is a JSON object, which a proxy's page is not.
    #[must_use]
    pub fn is_object(&self) -> bool {
        serde_json::from_slice::<&RawValue>(&self.body)
            .is_ok_and(|json| json.get().starts_with('{'))
    }

    /// Whether the body is a web page.
    #[must_use]
    pub fn is_web_page(&self) -> bool {
        let body = String::from_utf8_lossy(
            self.body.get(..self.body.len().min(2_000)).unwrap_or_default(),
        );
        let lower: String =
            body.trim_start().chars().take(15).collect::<String>().to_ascii_lowercase();
        lower.starts_with("<!doctype")
            || lower.starts_with("<html")
            || lower.starts_with("<head")
            || lower.starts_with("<body")
    }

    /// What the body is, in words, when it is not the JSON that was expected.
    #[must_use]
    pub fn describe_body(&self) -> String {
        let body = String::from_utf8_lossy(
            self.body.get(..self.body.len().min(2_000)).unwrap_or_default(),
        );
        let start = body.trim_start();
        if start.is_empty() {
            format!("HTTP {} with an empty answer", self.status)
        } else if self.is_web_page() {
            match self.status {
                401 | 403 | 407 | 511 => format!(
                    "HTTP {} with a web page from a proxy or firewall before the provider; \
                     nothing is known of the credentials",
                    self.status
                ),
                500.. => format!(
                    "HTTP {} with a web page: its server, or a proxy before it, is in trouble",
                    self.status
                ),
                status => format!(
                    "HTTP {status} with a web page instead of JSON; check base_url and any proxy \
                     between"
                ),
            }
        } else if start.starts_with(['{', '[']) {
            format!("HTTP {} with JSON that is cut or broken", self.status)
        } else {
            format!(
                "HTTP {} with text that is not JSON: {}",
                self.status,
                text::fit(&text::clean(start), 80)
            )
        }
    }

    /// `Retry-After`: seconds, or a date against our clock; a day at most.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        super::dates::retry_after(
            self.headers.get(http::header::RETRY_AFTER)?.to_str().ok()?,
            self.at,
        )
    }

    fn date(&self) -> Option<Timestamp> {
        super::dates::http_date(self.headers.get(http::header::DATE)?.to_str().ok()?)
    }

    fn skew(&self) -> Option<i64> {
        Some(self.date()?.as_second() - self.at.as_second())
    }
}

/// The real network: rustls, no redirects, no retries. Writes get a connection of their own, so
/// that a kept-alive connection that the provider is just closing never leaves a change in doubt.
struct NetworkTransport {
    reads: reqwest::Client,
    writes: reqwest::Client,
    proxies: Arc<Proxies>,
}

impl NetworkTransport {
    fn new(config: &ProviderConfig, proxies: Proxies) -> std::result::Result<Self, String> {
        let proxies = Arc::new(proxies);
        let tls = super::tls::client(config.pin_certificate)
            .map_err(|error| format!("{}: TLS cannot be set up: {error}", config.name))?;
        let client = |idle: usize| {
            reqwest::Client::builder()
                .tls_backend_preconfigured(tls.clone())
                .redirect(reqwest::redirect::Policy::none())
                .retry(reqwest::retry::never())
                .pool_max_idle_per_host(idle)
                .connect_timeout(config.timeout)
                // The library's own reading of the environment would send loopback traffic to a
                // proxy.
                .no_proxy()
                .proxy(tunnels(Arc::clone(&proxies)))
                .user_agent(concat!("cardtop/", env!("CARGO_PKG_VERSION")))
                .build()
                .map_err(|error| {
                    format!("{}: TLS cannot be set up: {}", config.name, innermost(&error))
                })
        };
        let idle = if config.settings.keeps_connections() { 1 } else { 0 };
        Ok(Self { reads: client(idle)?, writes: client(0)?, proxies })
    }

    /// ` through the proxy host:port`, where a request to this address goes that way.
    fn through(&self, uri: &http::Uri) -> String {
        let https = uri.scheme_str() == Some("https");
        match self.proxies.route(
            https,
            uri.host().unwrap_or_default(),
            uri.port_u16().unwrap_or(443),
        ) {
            Route::Tunnel(proxy) => format!(" through the proxy {}", proxy.shown),
            Route::Direct | Route::Unusable(_) => String::new(),
        }
    }
}

/// The choice of [`Proxies`] in the library's words.
fn tunnels(proxies: Arc<Proxies>) -> reqwest::Proxy {
    reqwest::Proxy::custom(move |url| {
        let host = url.host_str().unwrap_or_default();
        match proxies.route(
            url.scheme() == "https",
            host,
            url.port_or_known_default().unwrap_or(443),
        ) {
            Route::Direct | Route::Unusable(_) => None,
            Route::Tunnel(proxy) => {
                let mut url = reqwest::Url::parse(&proxy.address).ok()?;
                if let Some((user, password)) = &proxy.login {
                    url.set_username(user).ok()?;
                    url.set_password(Some(password)).ok()?;
                }
                Some(url)
            }
        }
    })
}

/// The proxy on the way to an account's hosts.
fn proxy_of(
    config: &ProviderConfig,
    proxies: &Proxies,
) -> std::result::Result<Option<Arc<str>>, String> {
    let mut shown = None;
    for address in [config.base_url.as_str()].into_iter().chain(config.settings.other_addresses()) {
        // An address that is none is told by the adapter, with its setting.
        let Ok(url) = reqwest::Url::parse(address) else { continue };
        let port = url.port_or_known_default().unwrap_or(443);
        match proxies.route(url.scheme() == "https", url.host_str().unwrap_or_default(), port) {
            Route::Direct => {}
            Route::Tunnel(proxy) => shown = Some(Arc::clone(&proxy.shown)),
            Route::Unusable(words) => return Err(words.to_owned()),
        }
    }
    Ok(shown)
}

#[async_trait]
impl Transport for NetworkTransport {
    async fn call(
        &self,
        access: Access,
        request: Request<Bytes>,
    ) -> std::result::Result<Response<Bytes>, TransportError> {
        let client = match access {
            Access::Read => &self.reads,
            Access::Write => &self.writes,
        };
        let host = request.uri().authority().map(ToString::to_string).unwrap_or_default();
        let host = format!("{host}{}", self.through(request.uri()));
        let request = reqwest::Request::try_from(request).map_err(|error| TransportError {
            reached: false,
            said: format!("the request could not be made: {}", innermost(&error)),
        })?;
        let mut response = client.execute(request).await.map_err(|error| TransportError {
            reached: !error.is_connect() && !error.is_builder(),
            said: if error.is_connect() {
                format!("no connection to {host}: {}", innermost(&error))
            } else {
                format!("the connection to {host} broke: {}", innermost(&error))
            },
        })?;
        let mut body: Vec<u8> = Vec::new();
        loop {
            match response.chunk().await {
                Ok(Some(chunk)) if body.len() + chunk.len() > LARGEST_ANSWER => {
                    return Err(TransportError {
                        reached: true,
                        said: format!("{host} sent more than {} MiB", LARGEST_ANSWER >> 20),
                    });
                }
                Ok(Some(chunk)) => {
                    // Not doubled, as it would be by itself: the whole may be large.
                    if body.capacity() - body.len() < chunk.len() {
                        body.reserve_exact(chunk.len().max(GROWTH));
                    }
                    body.extend_from_slice(&chunk);
                }
                Ok(None) => break,
                Err(error) => {
                    return Err(TransportError {
                        reached: true,
                        said: format!("the answer of {host} broke off: {}", innermost(&error)),
                    });
                }
            }
        }
        let mut whole = Response::new(Bytes::from(body));
        *whole.status_mut() = response.status();
        *whole.headers_mut() = std::mem::take(response.headers_mut());
        Ok(whole)
    }
}

/// What an error of the network means, in plain words.
fn innermost(error: &reqwest::Error) -> String {
    error.source().map_or_else(|| "no reason given".to_owned(), super::trouble::in_words)
}

/// A server in the same process, for tests: the sandbox's router without a socket.
pub struct InProcess(pub axum::Router);

#[async_trait]
impl Transport for InProcess {
    async fn call(
        &self,
        _does: Access,
        request: Request<Bytes>,
    ) -> std::result::Result<Response<Bytes>, TransportError> {
        use tower::ServiceExt;
        let response = self
            .0
            .clone()
            .oneshot(request.map(axum::body::Body::from))
            .await
            .map_err(|never| TransportError { reached: true, said: never.to_string() })?;
        let (parts, body) = response.into_parts();
        let body = body.collect().await.map_err(|error| TransportError {
            reached: true,
            said: format!("the answer broke off: {error}"),
        })?;
        Ok(Response::from_parts(parts, body.to_bytes()))
    }
}
