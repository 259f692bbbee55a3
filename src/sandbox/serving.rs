//! The servers on loopback.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::extract::Request;

use super::{Dialect, Sandbox, faults};

impl Sandbox {
    /// Binds 127.0.0.1, one port a dialect: `port` and the following ones in the order of
    /// [`Dialect::ALL`], or free ones. Serves until the returned value is dropped.
    ///
    /// # Errors
    /// When a port cannot be bound.
    pub async fn serve(&self, port: Option<u16>) -> io::Result<Serving> {
        let mut listeners = Vec::new();
        for (offset, _) in (0_u16..).zip(Dialect::ALL) {
            let port = match port {
                Some(port) => port
                    .checked_add(offset)
                    .ok_or_else(|| io::Error::other("there is no port above 65535"))?,
                None => 0,
            };
            let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await;
            listeners.push(listener.map_err(|problem| {
                io::Error::new(problem.kind(), format!("port {port}: {problem}"))
            })?);
        }
        let stopped = Arc::new(AtomicBool::new(false));
        let mut addresses = [SocketAddr::from((Ipv4Addr::LOCALHOST, 0)); Dialect::ALL.len()];
        let mut tasks = Vec::new();
        for ((listener, dialect), address) in
            listeners.into_iter().zip(Dialect::ALL).zip(&mut addresses)
        {
            *address = listener.local_addr()?;
            let (sandbox, stopped) = (self.clone(), Arc::clone(&stopped));
            let router = axum::Router::new().fallback(move |request: Request| {
                let (sandbox, stopped) = (sandbox.clone(), Arc::clone(&stopped));
                // A connection that was kept open outlives the listener; it gets no answer from a
                // stopped server.
                async move {
                    if stopped.load(Ordering::Relaxed) {
                        return faults::broken();
                    }
                    sandbox.respond(dialect, request).await
                }
            });
            tasks.push(tokio::spawn(async move {
                // A server that ends by itself leaves its port closed, which its callers see.
                let _ended = axum::serve(listener, router).await;
            }));
        }
        Ok(Serving { addresses, tasks, stopped })
    }
}

/// The servers while they run; they stop when this is dropped.
#[derive(Debug)]
pub struct Serving {
    /// By the dialect's position in the list.
    addresses: [SocketAddr; Dialect::ALL.len()],
    tasks: Vec<tokio::task::JoinHandle<()>>,
    stopped: Arc<AtomicBool>,
}

impl Serving {
    /// Where a provider listens.
    #[must_use]
    pub fn addr(&self, dialect: Dialect) -> SocketAddr {
        *self
            .addresses
            .get(dialect as usize)
            .expect("there is an address for each dialect of the list")
    }

    /// `http://127.0.0.1:PORT` of a provider, as [`Sandbox::write_config`] wants it.
    #[must_use]
    pub fn base(&self, dialect: Dialect) -> String {
        format!("http://{}", self.addr(dialect))
    }

    /// Stops the servers and waits until their ports are free.
    pub async fn stop(mut self) {
        self.stopped.store(true, Ordering::Relaxed);
        for task in std::mem::take(&mut self.tasks) {
            task.abort();
            // An aborted task answers with its cancellation: that is what was wanted.
            let _cancelled = task.await;
        }
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::Relaxed);
        for task in &self.tasks {
            task.abort();
        }
    }
}
