//! A freeze of a lost card while its provider is DOWN: it waits in plain sight, is sent once at the
//! first contact, and leaves no trace where it is not sent.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use cardtop::clock::Clock;
use cardtop::domain::card::{Card, CardState, ProviderId};
use cardtop::domain::operation::{Operation, OperationState};
use cardtop::engine::{Engine, EngineEvent, HealthState, Job, QUEUE_KEEPS, QueueEnd, QueuedFreeze};
use cardtop::provider::Config;
use cardtop::provider::http::{Access, InProcess, Transport, TransportError};
use cardtop::sandbox::{self, Dialect, Options, Sandbox};
use http::{Request, Response};
use jiff::SignedDuration;
use tokio::sync::mpsc;

use crate::harness::{nowhere, open_over, start};

/// What does not get through to the provider.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
enum Net {
    #[default]
    Well,
    /// Nothing.
    Gone,
    /// Everything is answered with this status, which asks to wait for a minute.
    Says(u16),
    /// One request is answered, and then no reading of a card.
    AnswersOnce,
    /// Readings of one card, which are never answered; everything else is.
    SilentAboutCards,
}

struct Way {
    net: Arc<Mutex<Net>>,
    inner: InProcess,
}

#[async_trait]
impl Transport for Way {
    async fn call(
        &self,
        does: Access,
        request: Request<Bytes>,
    ) -> Result<Response<Bytes>, TransportError> {
        let net = self.net.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match net {
            Net::Gone => return Err(TransportError::unsent("no connection")),
            Net::Says(status) => {
                let answer = Response::builder().status(status).header("retry-after", "60");
                return Ok(answer.body(Bytes::new()).expect("a response"));
            }
            Net::AnswersOnce => {
                *self.net.lock().unwrap_or_else(PoisonError::into_inner) = Net::SilentAboutCards;
            }
            Net::SilentAboutCards if is_of_one_card(does, &request) => {
                return std::future::pending().await;
            }
            Net::Well | Net::SilentAboutCards => {}
        }
        self.inner.call(does, request).await
    }
}

fn is_of_one_card(does: Access, request: &Request<Bytes>) -> bool {
    does == Access::Read && request.uri().path().ends_with("/enKashCard/search")
}

/// A board whose way to enkash can be cut.
struct Desk {
    sandbox: Sandbox,
    engine: Engine,
    news: mpsc::Receiver<EngineEvent>,
    net: Arc<Mutex<Net>>,
    clock: Clock,
    /// How long the machine slept.
    slept: Arc<Mutex<SignedDuration>>,
    card: Card,
    _folder: tempfile::TempDir,
}

impl Desk {
    /// Everything was read, and then enkash went DOWN.
    async fn with_enkash_down() -> Self {
        let (awake, slept) = (Clock::from(start()), Arc::new(Mutex::new(SignedDuration::ZERO)));
        let sleep = Arc::clone(&slept);
        let clock = Clock::of(move || {
            let slept = *sleep.lock().unwrap_or_else(PoisonError::into_inner);
            awake.now().checked_add(slept).expect("a time")
        });
        let options = Options { cards: 6, transactions: 40, busy: false, ..Options::default() };
        let sandbox = Sandbox::new(options, clock.clone());
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("cardtop.toml");
        sandbox.write_config(&nowhere, &path).expect("a configuration");
        let mut config = Config::load(Some(&path)).expect("the sandbox writes a good one");
        config.providers.retain(|provider| provider.kind() == "enkash");
        let net = Arc::new(Mutex::new(Net::Well));
        let (cut, bank) = (Arc::clone(&net), sandbox.clone());
        let way = move |dialect| -> Box<dyn Transport> {
            Box::new(Way { net: Arc::clone(&cut), inner: InProcess(bank.router(dialect)) })
        };
        let (engine, news) = open_over(config, &clock, folder.path(), false, true, way).await;
        let cards = engine.list_cards().await;
        let enkash = ProviderId::new("enkash");
        let listing = cards.into_iter().find(|listing| listing.provider == enkash);
        let cards = listing.expect("it was read").rows;
        let card = cards.into_iter().find(|card| card.state == CardState::Active);
        let card = Arc::unwrap_or_clone(card.expect("an active card"));
        let mut desk = Self { sandbox, engine, news, net, clock, slept, card, _folder: folder };
        desk.is(Net::Gone);
        desk.until("DOWN", |event| match event {
            EngineEvent::Health(health) => (health.state == HealthState::Down).then_some(()),
            _ => None,
        })
        .await;
        desk
    }

    fn is(&self, net: Net) {
        *self.net.lock().unwrap_or_else(PoisonError::into_inner) = net;
    }

    /// The machine sleeps: its clock goes on, and nothing runs.
    fn sleeps(&self, how_long: SignedDuration) {
        *self.slept.lock().unwrap_or_else(PoisonError::into_inner) = how_long;
    }

    /// The first event that is wanted.
    async fn until<T>(&mut self, what: &str, wanted: impl Fn(&EngineEvent) -> Option<T>) -> T {
        let limit = Duration::from_secs(600);
        loop {
            let event = tokio::time::timeout(limit, self.news.recv()).await;
            let event = event.unwrap_or_else(|_| panic!("{what} never came")).expect("news");
            if let Some(found) = wanted(&event) {
                return found;
            }
        }
    }

    async fn queues(&mut self) -> QueuedFreeze {
        let queued_at = self.clock.now();
        let freeze = QueuedFreeze {
            id: self.engine.new_operation_id(),
            card: self.card.key.clone(),
            reason: Some("lost".into()),
            queued_at,
            expires_at: queued_at.saturating_add(QUEUE_KEEPS).expect("a time"),
        };
        self.engine.ask(Job::QueueFreeze(freeze.clone()));
        self.until("queued", |event| match event {
            EngineEvent::Queued(queued) => (*queued == freeze).then_some(()),
            _ => None,
        })
        .await;
        freeze
    }

    async fn end(&mut self) -> QueueEnd {
        self.until("the end", |event| match event {
            EngineEvent::Unqueued { end, .. } => Some(*end),
            _ => None,
        })
        .await
    }

    async fn journal(&self) -> Vec<Operation> {
        self.engine.operations().await.expect("a journal")
    }

    fn is_frozen(&self) -> bool {
        self.sandbox.state(Dialect::Enkash, &self.card.key.id) == Some(sandbox::CardState::Frozen)
    }
}

#[tokio::test(start_paused = true)]
async fn a_queued_freeze_is_journalled_and_sent_once_at_the_first_contact() {
    let mut desk = Desk::with_enkash_down().await;
    let freeze = desk.queues().await;
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert!(desk.journal().await.is_empty(), "what only waits is in no journal");
    assert_eq!(desk.engine.queued_freezes(), std::slice::from_ref(&freeze));
    desk.is(Net::Well);
    assert_eq!(desk.end().await, QueueEnd::Sending);
    desk.until("done", |event| match event {
        EngineEvent::Operation(operation) => {
            (operation.id == freeze.id && operation.state == OperationState::Done).then_some(())
        }
        _ => None,
    })
    .await;
    assert!(desk.is_frozen());
    let journal = desk.journal().await;
    assert_eq!((journal.len(), journal[0].reason.as_deref()), (1, Some("lost")));
    assert!(desk.engine.queued_freezes().is_empty());
    desk.engine.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_queued_freeze_that_is_cancelled_is_never_sent() {
    let mut desk = Desk::with_enkash_down().await;
    let freeze = desk.queues().await;
    desk.engine.ask(Job::CancelFreeze(freeze.id));
    assert_eq!(desk.end().await, QueueEnd::Cancelled);
    desk.is(Net::Well);
    tokio::time::sleep(Duration::from_secs(120)).await;
    assert!(!desk.is_frozen() && desk.journal().await.is_empty());
    desk.engine.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_queued_freeze_expires_after_five_minutes_and_is_never_sent() {
    let mut desk = Desk::with_enkash_down().await;
    let freeze = desk.queues().await;
    assert_eq!(desk.end().await, QueueEnd::Expired);
    let waited = desk.clock.now().duration_since(freeze.queued_at);
    assert!(waited >= QUEUE_KEEPS && waited.as_secs() < 310, "{waited}");
    desk.is(Net::Well);
    tokio::time::sleep(Duration::from_secs(120)).await;
    assert!(!desk.is_frozen() && desk.journal().await.is_empty());
    desk.engine.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_card_that_cannot_be_read_at_the_first_contact_is_frozen_unread() {
    let mut desk = Desk::with_enkash_down().await;
    desk.queues().await;
    desk.is(Net::AnswersOnce);
    assert_eq!(desk.end().await, QueueEnd::Sending);
    desk.until("the answer", |event| match event {
        EngineEvent::Operation(operation) => {
            (operation.state != OperationState::Sent).then_some(())
        }
        _ => None,
    })
    .await;
    assert!(desk.is_frozen());
    let journal = desk.journal().await;
    assert_eq!((journal.len(), journal[0].before.state), (1, None));
    let steps = desk.engine.steps(journal[0].id).await.expect("a journal");
    let unread = "sent after waiting for the provider to answer; the card was not read";
    assert!(steps.iter().any(|step| step.words.contains(unread)), "{steps:?}");
    desk.engine.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_queued_freeze_whose_machine_slept_while_its_card_was_read_is_not_sent_too_late() {
    let mut desk = Desk::with_enkash_down().await;
    desk.queues().await;
    desk.is(Net::AnswersOnce);
    let reading = async {
        while desk.engine.changes_under_way() == 0 {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), reading).await.expect("its card is read");
    desk.sleeps(SignedDuration::from_mins(40));
    assert_eq!(desk.end().await, QueueEnd::Expired);
    tokio::time::sleep(Duration::from_secs(120)).await;
    assert!(!desk.is_frozen() && desk.journal().await.is_empty());
    desk.engine.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_queued_freeze_does_not_outlive_the_program() {
    let mut desk = Desk::with_enkash_down().await;
    desk.queues().await;
    desk.engine.stop().await;
    assert!(desk.engine.queued_freezes().is_empty());
    desk.is(Net::Well);
    tokio::time::sleep(Duration::from_secs(120)).await;
    assert!(!desk.is_frozen() && desk.journal().await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_second_freeze_of_the_same_card_does_not_wait_beside_the_first() {
    let mut desk = Desk::with_enkash_down().await;
    let first = desk.queues().await;
    let second = QueuedFreeze { id: desk.engine.new_operation_id(), ..first.clone() };
    desk.engine.ask(Job::QueueFreeze(second));
    let why = desk.until("a refusal", |event| match event {
        EngineEvent::Refused { why, .. } => Some(why.clone()),
        _ => None,
    });
    assert_eq!(why.await, "a freeze of this card is queued already");
    assert_eq!(desk.engine.queued_freezes(), [first]);
    desk.engine.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_asks_to_wait_or_refuses_the_credentials_does_not_get_the_freeze() {
    for status in [429, 401] {
        let mut desk = Desk::with_enkash_down().await;
        let freeze = desk.queues().await;
        desk.is(Net::Says(status));
        tokio::time::sleep(Duration::from_secs(50)).await;
        assert_eq!(desk.engine.queued_freezes(), [freeze], "{status}");
        assert!(desk.journal().await.is_empty(), "{status}");
        desk.engine.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn read_only_ends_the_freezes_that_wait() {
    let mut desk = Desk::with_enkash_down().await;
    desk.queues().await;
    desk.engine.ask(Job::ReadOnly(true));
    assert_eq!(desk.end().await, QueueEnd::ReadOnly);
    desk.is(Net::Well);
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert!(!desk.is_frozen() && desk.journal().await.is_empty());
    desk.engine.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_freeze_that_is_said_to_be_dropped_is_never_sent() {
    let mut desk = Desk::with_enkash_down().await;
    let freeze = desk.queues().await;
    assert_eq!(desk.engine.drop_queued(), [freeze]);
    desk.is(Net::Well);
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert!(!desk.is_frozen() && desk.journal().await.is_empty());
    desk.engine.stop().await;
}
