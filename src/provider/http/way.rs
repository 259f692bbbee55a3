//! The way to a host, tried step by step: its name, a connection, the proxy's tunnel, TLS. No
//! request is made, and no secret is sent but the proxy's own.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::sync::Arc;
use std::time::Duration;

use data_encoding::BASE64;
use http::Uri;
use jiff::Timestamp;
use rustls::ClientConnection;
use rustls::pki_types::ServerName;
use tokio::time::Instant;

use super::certificate::valid_until;
use super::network_problem::NetworkProblem;
use crate::config::proxy::{Proxies, Proxy, Route};
use crate::provider::{ProviderConfig, tls};

/// Longest head of a proxy's answer.
const LONGEST_HEAD: usize = 16 << 10;

/// How long one step may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// A step on the way to a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Its name, or the proxy's, has addresses.
    Name,
    /// One of them takes a connection.
    Connection,
    /// The proxy opens a tunnel.
    Proxy,
    /// The server's certificate is trusted, and its key is the pinned one where one is.
    Tls,
}

/// The way to a host.
#[derive(Clone, Debug)]
pub struct Way {
    /// Host and port.
    pub host: String,
    /// Host, port and variable of the proxy on the way.
    pub proxy: Option<Arc<str>>,
    /// The steps that were taken, and how long each took.
    pub taken: Vec<(Step, Duration)>,
    /// What stopped it, and at which step: a sentence part that says what to do.
    pub stopped: Option<(Step, String)>,
    /// Until when the server's certificate is valid.
    pub valid_until: Option<Timestamp>,
}

/// Tries the way to an address of an account. Blocks this thread, for less than a minute.
#[must_use]
pub fn try_way(config: &ProviderConfig, address: &str) -> Way {
    let uri: Uri = address.parse().unwrap_or_default();
    let https = uri.scheme_str() != Some("http");
    let name = uri.host().unwrap_or_default().to_owned();
    let port = uri.port_u16().unwrap_or(if https { 443 } else { 80 });
    let mut way = Way {
        host: format!("{name}:{port}"),
        proxy: None,
        taken: Vec::new(),
        stopped: None,
        valid_until: None,
    };
    let proxies = Proxies::of_environment();
    if let Err(stopped) = way.go(config, &proxies, &name, port, https) {
        way.stopped = Some(stopped);
    }
    way
}

impl Way {
    fn go(
        &mut self,
        config: &ProviderConfig,
        proxies: &Proxies,
        name: &str,
        port: u16,
        https: bool,
    ) -> Result<(), (Step, String)> {
        let proxy = match proxies.route(https, name, port) {
            Route::Direct => None,
            Route::Tunnel(proxy) => Some(proxy),
            Route::Unusable(words) => return Err((Step::Proxy, words.to_owned())),
        };
        self.proxy = proxy.map(|proxy| Arc::clone(&proxy.shown));
        let patience = config.timeout.min(PATIENCE);
        let first = match proxy {
            Some(proxy) => proxy.address.trim_start_matches("http://").to_owned(),
            None => format!("{name}:{port}"),
        };
        let addresses = self.step(Step::Name, || addresses(&first))?;
        let mut socket = self.step(Step::Connection, || connect(&addresses, patience))?;
        let limit = |socket: &TcpStream| {
            socket.set_read_timeout(Some(patience))?;
            socket.set_write_timeout(Some(patience))
        };
        limit(&socket).map_err(|error| (Step::Connection, problem(&error).to_string()))?;
        if let Some(proxy) = proxy {
            let began = Instant::now();
            tunnel(&mut socket, proxy, &self.host).map_err(|words| (Step::Proxy, words))?;
            self.taken.push((Step::Proxy, began.elapsed()));
        }
        if https {
            let certificate = self.step(Step::Tls, || handshake(config, name, socket))?;
            self.valid_until = valid_until(&certificate);
        }
        Ok(())
    }

    fn step<T>(
        &mut self,
        step: Step,
        take: impl FnOnce() -> io::Result<T>,
    ) -> Result<T, (Step, String)> {
        let began = Instant::now();
        let taken = take().map_err(|error| (step, problem(&error).to_string()))?;
        self.taken.push((step, began.elapsed()));
        Ok(taken)
    }
}

fn addresses(place: &str) -> io::Result<Vec<SocketAddr>> {
    let found: Vec<SocketAddr> = place.to_socket_addrs()?.collect();
    if found.is_empty() {
        return Err(io::Error::other("failed to lookup address"));
    }
    Ok(found)
}

/// A connection to the first address that takes one.
fn connect(addresses: &[SocketAddr], patience: Duration) -> io::Result<TcpStream> {
    let mut failed = io::Error::other("failed to lookup address");
    for address in addresses {
        match TcpStream::connect_timeout(address, patience) {
            Ok(socket) => return Ok(socket),
            Err(error) => failed = error,
        }
    }
    Err(failed)
}

/// Asks a proxy for a tunnel.
fn tunnel(socket: &mut TcpStream, proxy: &Proxy, host: &str) -> Result<(), String> {
    let shown = &proxy.shown;
    let login = proxy.login.as_ref().map(|(user, password)| {
        let decoded = |text: &str| percent_encoding::percent_decode_str(text).collect::<Vec<u8>>();
        let joined = [decoded(user), b":".to_vec(), decoded(password)].concat();
        format!("Proxy-Authorization: Basic {}\r\n", BASE64.encode(&joined))
    });
    let head =
        format!("CONNECT {host} HTTP/1.1\r\nHost: {host}\r\n{}\r\n", login.unwrap_or_default());
    let answered = socket.write_all(head.as_bytes()).and_then(|()| status(socket));
    match answered {
        Ok(Some(200..=299)) => Ok(()),
        Ok(Some(407)) => Err(format!(
            "the proxy {shown} wants a user name and a password, or refuses those that it has: \
             they stand in the variable's address"
        )),
        Ok(Some(status)) => Err(format!(
            "the proxy {shown} opens no tunnel (HTTP {status}): it must allow CONNECT to {host}, \
             or except the host with no_proxy"
        )),
        Ok(None) => Err(format!("the proxy {shown} does not answer in HTTP: check its variable")),
        Err(error) => Err(format!("the proxy {shown}: {}", problem(&error))),
    }
}

/// The status of an answer, whose head is read and no byte more: what follows belongs to TLS.
fn status(socket: &mut TcpStream) -> io::Result<Option<u16>> {
    let (mut head, mut byte) = (Vec::new(), [0; 1]);
    while head.len() < LONGEST_HEAD && !head.ends_with(b"\r\n\r\n") && socket.read(&mut byte)? == 1
    {
        head.extend(byte);
    }
    let head = String::from_utf8_lossy(&head);
    let mut words = head.split(' ');
    let is_http = words.next().is_some_and(|word| word.starts_with("HTTP/"));
    Ok(words.next().filter(|_| is_http).and_then(|word| word.parse().ok()))
}

/// Shakes hands, and returns the server's certificate.
fn handshake(config: &ProviderConfig, name: &str, mut socket: TcpStream) -> io::Result<Vec<u8>> {
    let settings = tls::client(config.pin_certificate).map_err(io::Error::other)?;
    let plain = name.trim_start_matches('[').trim_end_matches(']').to_owned();
    let name = ServerName::try_from(plain).map_err(io::Error::other)?;
    let mut tls = ClientConnection::new(Arc::new(settings), name).map_err(io::Error::other)?;
    while tls.is_handshaking() {
        tls.complete_io(&mut socket)?;
    }
    tls.send_close_notify();
    // It has answered; whether it hears the end of it does not matter.
    let _ = tls.complete_io(&mut socket);
    let first = tls.peer_certificates().and_then(<[_]>::first);
    Ok(first.map(|certificate| certificate.to_vec()).unwrap_or_default())
}

fn problem(error: &io::Error) -> NetworkProblem {
    match error.kind() {
        // What a socket with a time limit says.
        io::ErrorKind::WouldBlock => NetworkProblem::TimedOut,
        _ => NetworkProblem::of_cause(error),
    }
}
