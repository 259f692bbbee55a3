//! The real network: rustls, no redirects, no retries, and the proxies that the environment names.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};

use super::access::Access;
use super::network_problem::NetworkProblem;
use super::transport::{Transport, TransportError};
use crate::config::proxy::{Proxies, Route};
use crate::provider::{ProviderConfig, tls};

/// Most bytes of an answer to a question: some wires send a whole list at once, and the cards of a
/// large programme take about 600 bytes each.
const LARGEST_LIST: usize = 128 << 20;

/// Most bytes of an answer to a change, which is about one card.
const LARGEST_RECEIPT: usize = 8 << 20;

/// By how many bytes the room for an answer grows at least.
const GROWTH: usize = 256 << 10;

/// Sends requests over the network. Writes get a connection of their own, so that a kept-alive
/// connection that the provider is just closing never leaves a change in doubt.
pub(super) struct NetworkTransport {
    reads: reqwest::Client,
    writes: reqwest::Client,
    proxies: Arc<Proxies>,
}

impl NetworkTransport {
    /// # Errors
    /// A sentence, when the TLS set-up fails.
    pub(super) fn new(config: &ProviderConfig, proxies: Proxies) -> Result<Self, String> {
        let proxies = Arc::new(proxies);
        let tls = tls::client(config.pin_certificate)
            .map_err(|error| format!("TLS cannot be set up: {error}"))?;
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
                    let problem = NetworkProblem::of(&error);
                    format!("TLS cannot be set up: {problem}")
                })
        };
        let idle = if config.settings.keeps_connections() { 1 } else { 0 };
        Ok(Self { reads: client(idle)?, writes: client(0)?, proxies })
    }

    /// Host and port of an address, and the proxy on the way to it, as errors name them.
    fn peer(&self, uri: &http::Uri) -> Arc<str> {
        let host = uri.authority().map(ToString::to_string).unwrap_or_default();
        let https = uri.scheme_str() == Some("https");
        let port = uri.port_u16().unwrap_or(443);
        match self.proxies.route(https, uri.host().unwrap_or_default(), port) {
            Route::Tunnel(proxy) => format!("{host} through the proxy {}", proxy.shown).into(),
            Route::Direct | Route::Unusable(_) => host.into(),
        }
    }
}

#[async_trait]
impl Transport for NetworkTransport {
    async fn call(
        &self,
        access: Access,
        request: Request<Bytes>,
    ) -> Result<Response<Bytes>, TransportError> {
        let client = match access {
            Access::Read => &self.reads,
            Access::Write => &self.writes,
        };
        let peer = self.peer(request.uri());
        let request = reqwest::Request::try_from(request)
            .map_err(|error| TransportError::NotMade { problem: NetworkProblem::of(&error) })?;
        let mut response = client.execute(request).await.map_err(|error| {
            let (peer, problem) = (Arc::clone(&peer), NetworkProblem::of(&error));
            if error.is_connect() {
                TransportError::NotConnected { peer, problem }
            } else if error.is_builder() {
                TransportError::NotMade { problem }
            } else {
                TransportError::Broken { peer, problem }
            }
        })?;
        let limit = match access {
            Access::Read => LARGEST_LIST,
            Access::Write => LARGEST_RECEIPT,
        };
        let mut whole = Response::new(body(&mut response, &peer, limit).await?);
        *whole.status_mut() = response.status();
        *whole.headers_mut() = std::mem::take(response.headers_mut());
        Ok(whole)
    }
}

async fn body(
    response: &mut reqwest::Response,
    peer: &Arc<str>,
    limit: usize,
) -> Result<Bytes, TransportError> {
    let mut body: Vec<u8> = Vec::new();
    loop {
        let chunk = response.chunk().await.map_err(|error| TransportError::CutOff {
            peer: Arc::clone(peer),
            problem: NetworkProblem::of(&error),
        })?;
        let Some(chunk) = chunk else { return Ok(Bytes::from(body)) };
        if body.len() + chunk.len() > limit {
            return Err(TransportError::TooLarge { peer: Arc::clone(peer), limit });
        }
        // Not doubled, as it would be by itself: the whole may be large.
        if body.capacity() - body.len() < chunk.len() {
            body.reserve_exact(chunk.len().max(GROWTH).max(body.len() / 4));
        }
        body.extend_from_slice(&chunk);
    }
}

/// The choice of [`Proxies`] in the library's terms.
fn tunnels(proxies: Arc<Proxies>) -> reqwest::Proxy {
    reqwest::Proxy::custom(move |url| {
        let host = url.host_str().unwrap_or_default();
        let port = url.port_or_known_default().unwrap_or(443);
        match proxies.route(url.scheme() == "https", host, port) {
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

/// The proxy on the way to an account's hosts, by host, port and the variable that names it.
///
/// # Errors
/// A sentence, when the environment names a proxy that cannot be used.
pub(super) fn proxy_of(
    config: &ProviderConfig,
    proxies: &Proxies,
) -> Result<Option<Arc<str>>, String> {
    let mut shown = None;
    for address in [config.base_url.as_str()].into_iter().chain(config.settings.other_addresses()) {
        // The adapter refuses what is no address, and names its setting.
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
