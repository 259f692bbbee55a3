//! Sends webhooks over HTTP: a task for each provider, beside its server. It sleeps until the
//! bank's next time, or until something was asked of the bank.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::task::JoinHandle;

use super::Delivery;
use crate::sandbox::{Dialect, Sandbox};

/// The senders while they run; they stop when this is dropped.
#[derive(Debug)]
pub struct Sender(Vec<JoinHandle<()>>);

/// Most of an answer that is read, in bytes.
const LARGEST_ANSWER: usize = 64 << 10;
/// The clock may be behind the timer by what the timer rounds away.
const SHORTEST_WAIT: Duration = Duration::from_millis(1);

impl Sandbox {
    /// Sends every provider's webhooks to `to`, each to the path of its name, from now on. Nothing
    /// comes where webhooks are off.
    ///
    /// # Errors
    /// When the address is not on loopback, or the HTTP client cannot be made.
    pub fn send_webhooks(&self, to: SocketAddr) -> io::Result<Sender> {
        if !to.ip().is_loopback() {
            let why = format!("{to} is not on this machine");
            return Err(io::Error::new(io::ErrorKind::InvalidInput, why));
        }
        let tasks = Dialect::ALL.map(|dialect| {
            let client = client(dialect)?;
            let sandbox = self.clone();
            Ok(tokio::spawn(async move { send_all(&sandbox, dialect, &client, to).await }))
        });
        tasks.into_iter().collect::<io::Result<Vec<_>>>().map(Sender)
    }

    /// Waits for a provider's next webhook and takes it, for whoever delivers by another way than
    /// HTTP. One at a time: what waits for its turn is not on its way yet. One caller for each
    /// provider; never ends where webhooks are off.
    pub async fn next_webhook(&self, dialect: Dialect) -> Delivery {
        loop {
            if let Some(delivery) = self.take_some_webhooks(dialect, 1).pop() {
                return delivery;
            }
            let woken = self.woken(dialect);
            match self.next_webhook_at(dialect) {
                Some(at) => {
                    let wait = at.duration_since(self.0.clock.now());
                    let wait = Duration::try_from(wait).unwrap_or_default().max(SHORTEST_WAIT);
                    // Either ends the wait.
                    let _passed = tokio::time::timeout(wait, woken).await;
                }
                None => woken.await,
            }
        }
    }
}

/// It keeps one connection, goes through no proxy, and waits as long as the provider does.
fn client(dialect: Dialect) -> io::Result<reqwest::Client> {
    let patience = dialect.wire().webhook_rules().patience;
    reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .pool_max_idle_per_host(1)
        .timeout(patience.unsigned_abs())
        .build()
        .map_err(io::Error::other)
}

async fn send_all(sandbox: &Sandbox, dialect: Dialect, client: &reqwest::Client, to: SocketAddr) {
    loop {
        let delivery = sandbox.next_webhook(dialect).await;
        match post(client, to, &delivery).await {
            Ok((status, body)) => {
                sandbox.webhook_answered(&delivery, status, &body);
            }
            Err(_unreachable) => sandbox.webhook_refused(&delivery),
        }
    }
}

/// Status and body of the answer.
async fn post(
    client: &reqwest::Client,
    to: SocketAddr,
    delivery: &Delivery,
) -> Result<(u16, Vec<u8>), reqwest::Error> {
    let mut request = client.post(format!("http://{to}{}", delivery.path));
    for (name, value) in &delivery.headers {
        request = request.header(*name, value);
    }
    let mut answer = request.body(delivery.body.clone()).send().await?;
    let status = answer.status().as_u16();
    let mut body = Vec::new();
    while let Some(part) = answer.chunk().await? {
        body.extend_from_slice(&part);
        if body.len() > LARGEST_ANSWER {
            break;
        }
    }
    Ok((status, body))
}

impl Sender {
    /// Stops the senders. What was on its way may have arrived.
    pub async fn stop(mut self) {
        for task in std::mem::take(&mut self.0) {
            task.abort();
            // An aborted task answers with its cancellation: that is what was wanted.
            let _cancelled = task.await;
        }
    }
}

impl Drop for Sender {
    fn drop(&mut self) {
        self.0.iter().for_each(JoinHandle::abort);
    }
}
