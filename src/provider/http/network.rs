//! The real network: rustls, no redirects, no retries, and the proxies that the environment names.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use http::response::Parts;
use http::{Request, Response};

use super::access::Access;
use super::body::{AnswerBody, Stop, WholeBody};
use super::network_problem::NetworkProblem;
use super::transport::{Transport, TransportError};
use crate::config::proxy::{Proxies, Route};
use crate::provider::{ProviderConfig, tls};

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
        Ok(Self { reads: client(1)?, writes: client(0)?, proxies })
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
        let mut body = WholeBody::new(access);
        let parts = self.call_in_parts(access, request, &mut body).await?;
        Ok(Response::from_parts(parts, body.into_bytes()))
    }

    async fn call_in_parts(
        &self,
        access: Access,
        request: Request<Bytes>,
        body: &mut dyn AnswerBody,
    ) -> Result<Parts, TransportError> {
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
        let mut head = Response::new(());
        *head.status_mut() = response.status();
        *head.headers_mut() = std::mem::take(response.headers_mut());
        body.begin(response.status());
        loop {
            let chunk = response.chunk().await.map_err(|error| TransportError::CutOff {
                peer: Arc::clone(&peer),
                problem: NetworkProblem::of(&error),
            })?;
            let Some(chunk) = chunk else { break };
            match body.take(chunk) {
                Ok(()) => {}
                Err(Stop::Refused) => break,
                Err(Stop::TooLarge(limit)) => {
                    return Err(TransportError::TooLarge { peer, limit });
                }
            }
        }
        Ok(head.into_parts().0)
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
