//! Posting webhooks over one kept connection, as providers do.

use std::net::SocketAddr;

use anyhow::{Context, bail};
use cardtop::sandbox::Delivery;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A connection to the receiver.
pub(crate) struct Post(TcpStream);

impl Post {
    pub(crate) async fn to(addr: SocketAddr) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(addr).await.context("the receiver")?;
        stream.set_nodelay(true).context("the receiver")?;
        Ok(Self(stream))
    }

    /// Sends a webhook and reads the status of the answer.
    pub(crate) async fn send(&mut self, request: &[u8]) -> anyhow::Result<u16> {
        self.0.write_all(request).await.context("sending")?;
        let mut answer = Vec::new();
        let mut part = [0; 2_048];
        loop {
            let count = self.0.read(&mut part).await.context("the answer")?;
            if count == 0 {
                bail!("the receiver closed the connection");
            }
            answer.extend_from_slice(part.get(..count).unwrap_or_default());
            if let Some(status) = whole_answer(&answer) {
                return Ok(status);
            }
        }
    }
}

/// The status of an answer, once it is there with its body.
fn whole_answer(answer: &[u8]) -> Option<u16> {
    let text = std::str::from_utf8(answer).ok()?;
    let (head, body) = text.split_once("\r\n\r\n")?;
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
    });
    if body.len() < length.unwrap_or(0) {
        return None;
    }
    head.split(' ').nth(1)?.parse().ok()
}

/// The bytes of a webhook's request.
pub(crate) fn request(delivery: &Delivery) -> Vec<u8> {
    let mut head = format!("POST {} HTTP/1.1\r\nhost: receiver\r\n", delivery.path);
    for (name, value) in &delivery.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str(&format!("content-length: {}\r\n\r\n{}", delivery.body.len(), delivery.body));
    head.into_bytes()
}
