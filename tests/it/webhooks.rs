//! What providers push: received, believed only where it is proven, kept before it is acknowledged,
//! and a hint to read.

mod board;
mod effects;
#[cfg(target_os = "linux")]
mod flood;
mod forged;
mod marks;
mod receiver;
mod records;
mod shuffled;

use std::net::{IpAddr, Ipv4Addr};

use cardtop::domain::push::{Push, PushTopic};
use cardtop::engine::{Acknowledgement, Engine, Received};
use cardtop::sandbox::{self, Dialect, Options, WebhookOptions};
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::harness::Desk;

const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// A desk whose bank pushes, and whose cardholders do nothing by themselves.
async fn desk(webhooks: WebhookOptions) -> Desk {
    let webhooks = Some(webhooks);
    Desk::with(Options { busy: false, cards: 4, webhooks, ..Options::default() }).await
}

/// Both ways in which a wire may prove itself.
fn both_ways() -> [WebhookOptions; 2] {
    let usual = WebhookOptions::default();
    [usual, WebhookOptions { signed: false, secret_in_path: true, ..usual }]
}

/// A delivery as it can be forged: the parts of a request.
#[derive(Clone, Debug)]
struct Sent {
    account: String,
    path_secret: Option<String>,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl From<&sandbox::Delivery> for Sent {
    fn from(delivery: &sandbox::Delivery) -> Self {
        let mut parts = delivery.path.trim_start_matches('/').splitn(2, '/');
        Self {
            account: parts.next().expect("an account").to_owned(),
            path_secret: parts.next().map(str::to_owned),
            headers: delivery
                .headers
                .iter()
                .map(|(name, value)| ((*name).to_owned(), value.clone()))
                .collect(),
            body: delivery.body.clone().into_bytes(),
        }
    }
}

impl Sent {
    async fn to(&self, engine: &Engine) -> Received {
        self.sent_from(engine, LOOPBACK).await
    }

    async fn sent_from(&self, engine: &Engine, sender: IpAddr) -> Received {
        let mut headers = HeaderMap::new();
        for (name, value) in &self.headers {
            let name: HeaderName = name.parse().expect("a header's name");
            if let Ok(value) = HeaderValue::from_bytes(value.as_bytes()) {
                headers.append(name, value);
            }
        }
        let delivery = cardtop::engine::Delivery {
            headers: &headers,
            path_secret: self.path_secret.as_deref(),
            body: &self.body,
            received_at: engine.received_now(),
        };
        engine.receive(&self.account, sender, delivery).await
    }
}

fn accepted(received: Received) -> (Push, bool, Acknowledgement) {
    match received {
        Received::Accepted { push, is_repeat, acknowledgement } => {
            (*push, is_repeat, acknowledgement)
        }
        other => panic!("{other:?}"),
    }
}

/// Delivers all that is due, each acknowledged as its provider wants it.
async fn deliver(desk: &Desk, dialect: Dialect, engine: &Engine) -> usize {
    let due = desk.sandbox.take_webhooks(dialect);
    for delivery in &due {
        let (_, _, answer) = accepted(Sent::from(delivery).to(engine).await);
        assert!(desk.sandbox.webhook_answered(delivery, 200, answer.body.as_bytes()));
    }
    due.len()
}

#[tokio::test(start_paused = true)]
async fn every_event_of_every_wire_is_known_and_acknowledged_as_its_provider_wants() {
    for webhooks in both_ways() {
        let desk = desk(webhooks).await;
        for dialect in Dialect::ALL {
            let samples = desk.sandbox.sample_webhooks(dialect);
            assert!(!samples.is_empty(), "{dialect:?}");
            for delivery in &samples {
                let (push, is_repeat, answer) =
                    accepted(Sent::from(delivery).to(&desk.engine).await);
                assert_eq!(push.provider.name(), dialect.name());
                assert_ne!(push.topic, PushTopic::Unknown, "{delivery:?}");
                assert!(!is_repeat, "{delivery:?}");
                assert!(
                    desk.sandbox.webhook_answered(delivery, 200, answer.body.as_bytes()),
                    "{delivery:?} answered by {answer:?}"
                );
                let (_, is_repeat, again) = accepted(Sent::from(delivery).to(&desk.engine).await);
                assert!(is_repeat, "{delivery:?}");
                assert_eq!(answer, again, "a repeat is acknowledged as well");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn senders_that_are_not_listed_are_refused_whatever_they_prove() {
    let mut desk = desk(WebhookOptions::default()).await;
    for provider in &mut desk.config.providers {
        provider.webhook_from = vec!["203.0.113.0/24".parse().expect("a network")];
    }
    let (engine, _news) = desk.second_engine().await;
    let sample = &desk.sandbox.sample_webhooks(Dialect::Banana)[0];
    let sent = Sent::from(sample);
    let from = |address: &str| address.parse().expect("an address");
    assert_eq!(sent.sent_from(&engine, from("203.0.114.1")).await, Received::Stranger);
    assert_eq!(sent.to(&engine).await, Received::Stranger);
    accepted(sent.sent_from(&engine, from("203.0.113.9")).await);
    accepted(sent.sent_from(&engine, from("::ffff:203.0.113.9")).await);
}
