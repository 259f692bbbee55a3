//! The receiver of what providers push: an HTTP server with one path an account.
//!
//! It bounds what a stranger can make it do: connections, the size of a body, and the time for
//! either. What is believed is decided by the engine. It speaks plain HTTP, for a reverse proxy or
//! a tunnel on the same machine.

use std::convert::Infallible;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode};
use hyper::body::{Body as _, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use jiff::Timestamp;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

use crate::engine::{Delivery, Engine, Received, RejectionKind};

/// Most bytes of a body. The largest documented event has under 2 kB.
const LARGEST_BODY: usize = 256 << 10;

/// How long a request may take to arrive: its head, and its body.
const PATIENCE: Duration = Duration::from_secs(10);

/// Most connections at once; further ones wait to be accepted.
const MOST_CONNECTIONS: usize = 256;

/// Most bytes of the head of a request.
const LARGEST_HEAD: usize = 16 << 10;

/// Seconds after which a delivery that could not be kept may come again.
const COME_AGAIN: &str = "5";

/// How long accepting rests after the system refused a connection, such as for want of files.
const AFTER_A_REFUSED_CONNECTION: Duration = Duration::from_millis(100);

/// What became of one request, for whoever prints them.
#[derive(Debug)]
pub struct Report {
    /// The account that the path names.
    pub account: String,
    /// What became of it.
    pub received: Received,
    /// When it arrived.
    pub received_at: Timestamp,
}

/// Is told of every request that names an account.
pub type Watcher = Arc<dyn Fn(Report) + Send + Sync>;

/// A socket that waits for providers, before anything is taken from it.
#[derive(Debug)]
pub struct Receiver {
    listener: TcpListener,
    addr: SocketAddr,
}

/// A receiver that runs; it stops when this is dropped. What was acknowledged until then is on the
/// disk, and what was not is delivered again.
#[derive(Debug)]
pub struct Receiving {
    /// Where it listens.
    pub addr: SocketAddr,
    task: JoinHandle<()>,
}

impl Drop for Receiving {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Receiver {
    /// Binds an address.
    ///
    /// # Errors
    /// When it is in use or not this machine's.
    pub async fn bind(addr: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind(addr).await?;
        let addr = listener.local_addr()?;
        Ok(Self { listener, addr })
    }

    /// Where it listens.
    #[must_use]
    pub const fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Receives until the returned value is dropped.
    pub fn start(self, engine: Engine, watcher: Option<Watcher>) -> Receiving {
        engine.note_receiving();
        let addr = self.addr;
        let task = tokio::spawn(accept(self.listener, Handler { engine, watcher }));
        Receiving { addr, task }
    }
}

/// Accepts connections for ever. Those that are open end with this.
async fn accept(listener: TcpListener, handler: Handler) {
    let room = Arc::new(Semaphore::new(MOST_CONNECTIONS));
    let mut connections = tokio::task::JoinSet::new();
    loop {
        let Ok(place) = Arc::clone(&room).acquire_owned().await else { return };
        let accepted = loop {
            tokio::select! {
                accepted = listener.accept() => break accepted,
                Some(_ended) = connections.join_next() => {}
            }
        };
        match accepted {
            Ok((stream, peer)) => {
                let handler = handler.clone();
                connections.spawn(async move {
                    handler.serve(stream, peer.ip()).await;
                    drop(place);
                });
            }
            Err(_) => tokio::time::sleep(AFTER_A_REFUSED_CONNECTION).await,
        }
    }
}

/// Answers requests.
#[derive(Clone)]
struct Handler {
    engine: Engine,
    watcher: Option<Watcher>,
}

impl Handler {
    async fn serve(self, stream: TcpStream, peer: IpAddr) {
        // An answer is one small packet, and its receiver waits for it.
        let _ = stream.set_nodelay(true);
        let service = service_fn(move |request: Request<Incoming>| {
            let handler = self.clone();
            async move { Ok::<_, Infallible>(handler.answer(peer, request).await) }
        });
        let served = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(PATIENCE)
            .max_buf_size(LARGEST_HEAD)
            .serve_connection(TokioIo::new(stream), service);
        // A connection that breaks has lost what was not acknowledged, which comes again.
        let _ended = served.await;
    }

    async fn answer(&self, peer: IpAddr, request: Request<Incoming>) -> Response<Body> {
        let (head, body) = request.into_parts();
        let Some((account, secret)) = names_of(head.uri.path()) else {
            return refusal(StatusCode::NOT_FOUND);
        };
        if head.method != Method::POST {
            return refusal(StatusCode::METHOD_NOT_ALLOWED);
        }
        let is_too_large = body.size_hint().lower() > LARGEST_BODY as u64;
        let body = if is_too_large {
            Ok(Err(()))
        } else {
            let whole = to_bytes(Body::new(body), LARGEST_BODY);
            tokio::time::timeout(PATIENCE, whole).await.map(|read| read.map_err(|_| ()))
        };
        let received_at = self.engine.received_now();
        let body = match body {
            Ok(Ok(body)) => body,
            Ok(Err(())) => {
                return self.refuse_body(account, received_at, StatusCode::PAYLOAD_TOO_LARGE);
            }
            Err(_) => return self.refuse_body(account, received_at, StatusCode::REQUEST_TIMEOUT),
        };
        let delivery = Delivery {
            headers: &head.headers,
            path_secret: secret.as_deref(),
            body: &body,
            received_at,
        };
        let sender = sender_of(peer, &head.headers);
        let received = self.engine.receive(&account, sender, delivery).await;
        let answer = answer_to(&received);
        self.report(account, received, received_at);
        answer
    }

    fn refuse_body(
        &self,
        account: String,
        received_at: Timestamp,
        status: StatusCode,
    ) -> Response<Body> {
        let why = match status {
            StatusCode::REQUEST_TIMEOUT => "its body took longer than 10 s".to_owned(),
            _ => format!("its body is over {} kB or broke off", LARGEST_BODY >> 10),
        };
        self.engine.note_refused_delivery(&account, &why, received_at);
        let received = Received::Refused { kind: RejectionKind::Malformed, why };
        self.report(account, received, received_at);
        refusal(status)
    }

    fn report(&self, account: String, received: Received, received_at: Timestamp) {
        if let Some(watcher) = &self.watcher {
            watcher(Report { account, received, received_at });
        }
    }
}

/// The account that a path names, and the secret behind it: `/NAME` or `/NAME/SECRET`.
fn names_of(path: &str) -> Option<(String, Option<String>)> {
    let decoded = |part: &str| {
        percent_encoding::percent_decode_str(part).decode_utf8().ok().map(String::from)
    };
    let mut parts = path.strip_prefix('/')?.splitn(2, '/');
    let account = decoded(parts.next()?).filter(|name| !name.is_empty())?;
    let secret = match parts.next() {
        None | Some("") => None,
        Some(secret) => Some(decoded(secret)?),
    };
    Some((account, secret))
}

/// Who sent a request. Behind a proxy on this machine it is the address that the proxy added last;
/// what others say of themselves does not count.
fn sender_of(peer: IpAddr, headers: &HeaderMap) -> IpAddr {
    const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
    if !peer.to_canonical().is_loopback() {
        return peer;
    }
    let last = headers.get_all(FORWARDED_FOR).iter().next_back();
    let last = last.and_then(|value| value.to_str().ok()?.rsplit(',').next());
    last.and_then(|address| address.trim().parse().ok()).unwrap_or(peer)
}

fn answer_to(received: &Received) -> Response<Body> {
    match received {
        Received::Accepted { acknowledgement, .. } => {
            let mut answer = Response::new(Body::from(acknowledgement.body));
            let content_type = HeaderValue::from_static(acknowledgement.content_type);
            answer.headers_mut().insert(CONTENT_TYPE, content_type);
            answer
        }
        Received::Refused { kind: RejectionKind::Unproven, .. } => {
            refusal(StatusCode::UNAUTHORIZED)
        }
        Received::Refused { kind: RejectionKind::Malformed, .. } => {
            refusal(StatusCode::BAD_REQUEST)
        }
        Received::Stranger => refusal(StatusCode::FORBIDDEN),
        Received::NoSuchAccount => refusal(StatusCode::NOT_FOUND),
        Received::Later { .. } => {
            let mut answer = refusal(StatusCode::SERVICE_UNAVAILABLE);
            answer.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static(COME_AGAIN));
            answer
        }
    }
}

/// An answer that tells a stranger nothing but its status.
fn refusal(status: StatusCode) -> Response<Body> {
    let mut answer = Response::new(Body::empty());
    *answer.status_mut() = status;
    answer
}

#[cfg(test)]
mod tests;
