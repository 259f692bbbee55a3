//! A provider that answers from a script and remembers what it was asked, for the adapters'
//! stories.

use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::http::{Access, Transport, TransportError};
use super::pages::{self, ListRead, ReadMode};
use super::{AccountSettings, PageCursor, Provider, ProviderConfig, ProviderKind, Window};
use crate::config::spelling::Spelling;
use crate::config::{Environment, Poll};
use crate::domain::card::{Card, CardKey, ProviderId};
use crate::domain::money::Money;
use crate::domain::operation::{ActionKind, Before, Operation, OperationId, OperationState, Proof};
use crate::domain::proof::{Baseline, ClockOffset};
use crate::domain::transaction::Transaction;

/// An answer to come: status and body, or why there is none.
pub(super) type Reply = Result<(u16, String), TransportError>;

/// The way to the scripted provider; clones lead to the same one.
#[derive(Clone, Default)]
pub(super) struct Wire(Arc<Mutex<Script>>);

#[derive(Default)]
struct Script {
    answers: VecDeque<Reply>,
    sent: Vec<Sent>,
}

/// What was sent.
pub(super) struct Sent {
    pub(super) access: Access,
    request: Request<Bytes>,
}

impl Wire {
    pub(super) fn with(answers: Vec<Reply>) -> Self {
        Self(Arc::new(Mutex::new(Script { answers: answers.into(), sent: Vec::new() })))
    }

    fn script(&self) -> MutexGuard<'_, Script> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What comes after all answers that are still to come.
    pub(super) fn answer(&self, status: u16, body: &str) {
        self.script().answers.push_back(Ok((status, body.to_owned())));
    }

    pub(super) fn sent<T>(&self, see: impl FnOnce(&[Sent]) -> T) -> T {
        see(&self.script().sent)
    }

    /// How many requests have this in their method and address.
    pub(super) fn count(&self, part: &str) -> usize {
        self.sent(|all| all.iter().filter(|sent| sent.what().contains(part)).count())
    }
}

impl Sent {
    pub(super) fn url(&self) -> String {
        self.request.uri().to_string()
    }

    /// `POST /path?query`.
    pub(super) fn what(&self) -> String {
        let target =
            self.request.uri().path_and_query().map(ToString::to_string).unwrap_or_default();
        format!("{} {target}", self.request.method())
    }

    pub(super) fn path(&self) -> &str {
        self.request.uri().path()
    }

    pub(super) fn headers(&self) -> &HeaderMap {
        self.request.headers()
    }

    /// A header's text; empty when it is not there.
    pub(super) fn header(&self, name: &str) -> &str {
        self.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    pub(super) fn body(&self) -> &str {
        std::str::from_utf8(self.request.body()).expect("text is sent")
    }

    /// The body; `null` when it is empty.
    pub(super) fn json(&self) -> Value {
        if self.body().is_empty() {
            Value::Null
        } else {
            serde_json::from_str(self.body()).expect("JSON is sent")
        }
    }
}

#[async_trait]
impl Transport for Wire {
    async fn call(
        &self,
        access: Access,
        request: Request<Bytes>,
    ) -> Result<Response<Bytes>, TransportError> {
        tokio::task::yield_now().await;
        let mut script = self.script();
        script.sent.push(Sent { access, request });
        let none = || Err(TransportError::unanswered("nobody answered"));
        let (status, body) = script.answers.pop_front().unwrap_or_else(none)?;
        Ok(Response::builder()
            .status(status)
            .header("Content-Type", "text/plain")
            .body(body.into())
            .expect("a status of the test"))
    }
}

/// The first page of a list.
pub(super) const FIRST: PageCursor = PageCursor { number: 0, offset: 0, size: 50 };

/// All cards of a list, read as the engine access.
pub(super) async fn all_cards(provider: &dyn Provider) -> ListRead<Card> {
    pages::read_all(&provider.pagers().cards, ReadMode::Ordinary, |page| provider.cards(page)).await
}

/// All transactions of a window, read as the engine access.
pub(super) async fn all_transactions(
    provider: &dyn Provider,
    window: &Window,
) -> ListRead<Transaction> {
    let ask = |window: Window, page| async move { provider.transactions(&window, page).await };
    pages::read_window(&provider.pagers().transactions, window, ReadMode::Ordinary, ask).await
}

/// The configuration of an account, where nothing but its kind's settings matters.
pub(super) fn config(
    name: &str,
    base_url: &str,
    kind: &'static ProviderKind,
    settings: impl AccountSettings,
) -> ProviderConfig {
    ProviderConfig {
        name: ProviderId::new(name),
        kind,
        environment: Environment::Sandbox,
        base_url: base_url.to_owned(),
        roster: None,
        rate_limit: 120,
        read_only: false,
        timeout: Duration::from_secs(20),
        history: Duration::from_secs(90 * 86_400),
        poll: Poll::default(),
        others_top_up: false,
        pin_certificate: None,
        webhook_from: Vec::new(),
        spelling: Spelling::default(),
        lists: (kind.lists)(),
        settings: Arc::new(settings),
    }
}

/// An empty list, and clocks that agree to two minutes.
fn baseline(read_at: Timestamp) -> Baseline {
    let clock =
        ClockOffset { offset: SignedDuration::ZERO, uncertainty: SignedDuration::from_mins(2) };
    Baseline {
        read_at,
        since: read_at,
        credits: BTreeSet::new(),
        newest: None,
        unread: 0,
        clock: Some(clock),
    }
}

/// An operation in doubt, of which only what the wire is asked by matters.
pub(super) fn operation(
    id: OperationId,
    at: Timestamp,
    action_kind: ActionKind,
    card: CardKey,
    amount: Option<Money>,
    proof: Proof,
) -> Operation {
    Operation {
        id,
        action_kind,
        card,
        last4: None,
        amount: amount.filter(|_| action_kind == ActionKind::TopUp),
        state: OperationState::Unknown,
        reason: None,
        reference: id.reference(),
        provider_reference: None,
        operator: "tester".into(),
        created_at: at,
        updated_at: at,
        detail: None,
        before: Before::default(),
        proof,
        looks: 0,
        next_look: None,
        baseline: (action_kind == ActionKind::TopUp).then(|| baseline(at)),
        proven_by: None,
        watched_until: None,
        alarm: None,
    }
}
