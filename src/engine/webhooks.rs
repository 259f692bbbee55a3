//! What providers push: verified, kept on the disk, and only then acknowledged and acted on.
//!
//! An event is a hint to read. It moves readings and lookups to now, and decides nothing by itself,
//! save where nothing can be read and the event is signed.

mod inbox;
mod marks;

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use jiff::Timestamp;
use tokio::sync::oneshot;

use super::account::Account;
use super::{Engine, EngineEvent};
use crate::domain::card::{Card, CardKey, ProviderId};
use crate::domain::operation::{OperationId, OperationState};
use crate::domain::push::{KeptPush, Push, PushOutcome, PushTopic};
pub use crate::provider::webhooks::{Acknowledgement, Delivery, RejectionKind};
use crate::store::StoreError;
pub(super) use inbox::Inbox;
use inbox::Waiting;

/// Most events that wait to be acted on. Of further ones it is only known that there were some:
/// everything is read then.
const MOST_ACTING: usize = 4_096;

/// Events of other processes that are told at once.
const PAGE: u32 = 500;

/// How long ago a one-time code was sent that is still worth a line.
const CODES_SHOWN: jiff::SignedDuration = jiff::SignedDuration::from_hours(24);

/// What became of a delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Received {
    /// It is on the disk, and is to be acknowledged.
    Accepted {
        /// What was pushed.
        push: Box<Push>,
        /// It was received before, and nothing is done again.
        is_repeat: bool,
        /// What the provider takes for an acknowledgement.
        acknowledgement: Acknowledgement,
    },
    /// It is not proven to come from the provider, or is no event.
    Refused {
        /// Of which kind.
        kind: RejectionKind,
        /// Why, as a sentence part.
        why: String,
    },
    /// It comes from an address that is not among `webhook_from`.
    Stranger,
    /// No account has this name.
    NoSuchAccount,
    /// It cannot be kept now: the provider is to deliver it again.
    Later {
        /// Why, as a sentence part.
        why: String,
    },
}

impl Engine {
    /// Pushes are received from now on: what they lack is noticed.
    pub fn note_receiving(&self) {
        for account in &self.0.accounts {
            account.note_receiving(self.0.clock.now());
        }
        let engine = self.clone();
        self.0.background.runtime.spawn(async move { engine.want_missed_pushes().await });
    }

    /// Tells whoever listens to the engine one sentence.
    pub fn say(&self, trouble: String) {
        let engine = self.clone();
        let telling = async move { engine.emit(EngineEvent::Trouble(trouble)).await };
        self.0.background.runtime.spawn(telling);
    }

    /// Now, by the clock that deliveries are dated with.
    #[must_use]
    pub fn received_now(&self) -> Timestamp {
        self.0.clock.now()
    }

    /// Takes in a delivery to an account: verifies it, tells that something happened to its card,
    /// keeps its event on the disk and, once it is there, acts on it.
    pub async fn receive(&self, account: &str, sender: IpAddr, delivery: Delivery<'_>) -> Received {
        let Ok(account) = self.account(&ProviderId::new(account)) else {
            return Received::NoSuchAccount;
        };
        let from = &account.config.webhook_from;
        let sender = sender.to_canonical();
        if !from.is_empty() && !from.iter().any(|network| network.contains(&sender)) {
            let why = format!("it came from {sender}, which is not among webhook_from");
            account.note_refused_push(&why, delivery.received_at);
            return Received::Stranger;
        }
        let provider = match account.provider() {
            Ok(provider) => provider,
            Err(error) => return Received::Later { why: error.sentence().to_owned() },
        };
        let webhooks = match provider.webhooks() {
            Ok(webhooks) => webhooks,
            Err(why) => {
                let why = format!("nothing it pushes can be verified: {why}");
                account.note_refused_push(&why, delivery.received_at);
                return Received::Refused { kind: RejectionKind::Unproven, why };
            }
        };
        let push = match webhooks.read(&delivery) {
            Ok(push) => push,
            Err(rejection) => {
                account.note_refused_push(&rejection.words, delivery.received_at);
                let why = rejection.words.into_owned();
                return Received::Refused { kind: rejection.kind, why };
            }
        };
        let acknowledgement = webhooks.acknowledgement();
        let is_told = self.tell_pushed(&push, delivery.received_at);
        match self.keep_push(push.clone(), delivery.received_at, is_told).await {
            Ok(number) => {
                let is_repeat = number.is_none();
                Received::Accepted { push: Box::new(push), is_repeat, acknowledgement }
            }
            Err(why) => Received::Later { why },
        }
    }

    /// The accounts of which nothing that is pushed can be believed, and why.
    pub async fn unverifiable(&self) -> Vec<(ProviderId, String)> {
        let mut found = Vec::new();
        for account in &self.0.accounts {
            account.arrival().await;
            let why = match account.provider() {
                Ok(provider) => provider.webhooks().err().map(str::to_owned),
                Err(error) => Some(error.sentence().to_owned()),
            };
            found.extend(why.map(|why| (account.info.id.clone(), why)));
        }
        found
    }

    /// A delivery to an account was refused before its body was there.
    pub fn note_refused_delivery(&self, account: &str, why: &str, at: Timestamp) {
        if let Ok(account) = self.account(&ProviderId::new(account)) {
            account.note_refused_push(why, at);
        }
    }

    /// Keeps an event on the disk, with all others that wait for it. Answers its number, or `None`
    /// where it was kept before. `is_told` is whether it was told already, as a repeat may have
    /// been.
    pub(super) async fn keep_push(
        &self,
        push: Push,
        received_at: Timestamp,
        is_told: bool,
    ) -> Result<Option<i64>, String> {
        let (kept, answer) = oneshot::channel();
        let event = Waiting { push, received_at, is_told, kept };
        if self.0.store.is_in_memory() {
            self.read_unkept(&event);
            return Err("there is no data file to keep it in".to_owned());
        }
        if let Err(event) = self.0.inbox.add(event) {
            self.read_unkept(&event);
            return Err("too many wait for the disk".to_owned());
        }
        if !self.0.inbox.is_writing.swap(true, Ordering::SeqCst) {
            // In a task of its own, so that a sender that goes away takes nobody's answer with it.
            let engine = self.clone();
            self.0.background.runtime.spawn(async move { engine.keep_waiting().await });
        }
        match answer.await {
            Ok(done) => done.map_err(|error| self.unread(&error)),
            Err(_) => Err("it was not kept".to_owned()),
        }
    }

    /// Keeps what waits for the disk, until nothing does.
    async fn keep_waiting(&self) {
        let inbox = &self.0.inbox;
        loop {
            loop {
                let batch = inbox.take();
                if batch.is_empty() {
                    break;
                }
                self.keep_batch(batch).await;
            }
            inbox.is_writing.store(false, Ordering::SeqCst);
            // One that came just before is not left behind.
            if inbox.is_empty() || inbox.is_writing.swap(true, Ordering::SeqCst) {
                return;
            }
        }
    }

    async fn keep_batch(&self, batch: Vec<Waiting>) {
        let pushes = batch.iter().map(|event| (event.push.clone(), event.received_at)).collect();
        match self.0.store.keep_pushes(pushes).await {
            Ok(numbers) => {
                let batch: Vec<(Waiting, Option<i64>)> = batch.into_iter().zip(numbers).collect();
                // Here and not by the sender's request, which may be gone: an event that is kept is
                // a repeat when it comes again.
                for (event, number) in &batch {
                    match number {
                        Some(_) => self.tell_kept(event),
                        None => self.take_back(event),
                    }
                }
                let new = batch.iter().filter(|(_, number)| number.is_some());
                self.act_later(new.map(|(event, _)| (event.push.clone(), event.received_at)));
                for (event, number) in batch {
                    _ = number.inspect(|number| self.note_own_push(*number));
                    let _ = event.kept.send(Ok(number));
                }
            }
            Err(error) => {
                for event in batch {
                    self.read_unkept(&event);
                    let _ = event.kept.send(Err(error.clone()));
                }
            }
        }
    }

    /// This process acts on the event of this number itself.
    fn note_own_push(&self, number: i64) {
        let (inbox, relaxed) = (&self.0.inbox, Ordering::Relaxed);
        let told = inbox.told.load(relaxed);
        if told == i64::MAX
            || number <= told
            || inbox.told.compare_exchange(number - 1, number, relaxed, relaxed).is_ok()
        {
            return;
        }
        // Events of others lie between.
        inbox.own().insert(number);
        self.0.background.written.notify_one();
    }

    /// Acts on events one after the other, behind whoever acts already.
    fn act_later(&self, pushes: impl Iterator<Item = (Push, Timestamp)>) {
        let inbox = &self.0.inbox;
        for (push, received_at) in pushes {
            let mut acting = inbox.acting();
            if acting.len() < MOST_ACTING {
                acting.push_back((push, received_at));
            } else if let Ok(account) = self.account(&push.provider) {
                account.note_many_pushes(received_at);
                _ = push.card_key().inspect(|card| account.make_due(card, received_at));
            }
        }
        if inbox.is_acting.swap(true, Ordering::SeqCst) {
            return;
        }
        let engine = self.clone();
        self.0.background.runtime.spawn(async move { engine.act_on_waiting().await });
    }

    async fn act_on_waiting(&self) {
        let inbox = &self.0.inbox;
        loop {
            loop {
                let next = inbox.acting().pop_front();
                let Some((push, received_at)) = next else { break };
                if let Ok(account) = self.account(&push.provider) {
                    self.act_on_push(&account, &push, received_at).await;
                }
            }
            inbox.is_acting.store(false, Ordering::SeqCst);
            // One that came just before is not left behind.
            if inbox.acting().is_empty() || inbox.is_acting.swap(true, Ordering::SeqCst) {
                return;
            }
        }
    }

    /// Tells which cards' holders were sent a code of late, and follows what is pushed to other
    /// processes from now on.
    pub(super) async fn follow_pushes(&self) {
        self.begin_following().await;
        self.settle_pushed(None).await;
        let since = self.0.clock.now().saturating_sub(CODES_SHOWN).unwrap_or(Timestamp::MIN);
        for (card, at) in self.0.store.codes_since(since).await.unwrap_or_default() {
            self.emit(EngineEvent::CodeSent { card, at }).await;
        }
    }

    /// From now on what is pushed to other processes is acted on.
    async fn begin_following(&self) {
        if let Ok(newest) = self.0.store.newest_push().await {
            self.0.inbox.told.store(newest, Ordering::Relaxed);
        }
    }

    /// Acts on what was pushed to other processes since this was last done.
    pub(super) async fn tell_others_pushes(&self) -> Result<(), StoreError> {
        let inbox = &self.0.inbox;
        if inbox.told.load(Ordering::Relaxed) == i64::MAX {
            self.begin_following().await;
            return Ok(());
        }
        loop {
            let told = inbox.told.load(Ordering::Relaxed);
            let page = self.0.store.pushes_since(told, PAGE).await?;
            let Some(last) = page.last().map(|kept| kept.number) else { return Ok(()) };
            for KeptPush { number, push, received_at } in page {
                if inbox.own().remove(&number) {
                    continue;
                }
                if self.tell_pushed(&push, received_at) {
                    self.keep_told(&push, received_at);
                }
                if let Ok(account) = self.account(&push.provider) {
                    self.act_on_push(&account, &push, received_at).await;
                }
            }
            inbox.told.fetch_max(last, Ordering::Relaxed);
            inbox.own().retain(|number| *number > last);
        }
    }

    /// Makes due what an event is about.
    async fn act_on_push(&self, account: &Account, push: &Push, received_at: Timestamp) {
        if push.topic == PushTopic::Code {
            if let Some(card) = push.card_key() {
                self.emit(EngineEvent::CodeSent { card, at: received_at }).await;
            }
        } else if let Some(card) = push.card_key() {
            self.discover_pushed(account, card).await;
        }
        let open = self.0.operations.open_of(&account.info.id);
        let about = account.operations_about(push, &open);
        // Before the lookup, so that the journal tells what it was made for. A purchase is no
        // evidence of a top-up.
        if !matches!(push.topic, PushTopic::Transaction | PushTopic::Balance) {
            for operation in open.iter().filter(|operation| about.contains(&operation.id)) {
                self.note_evidence(operation.id, received_at, &words_of(push), None).await;
            }
        }
        account.note_push(push, received_at, &about);
        if let (true, Some(reference), Some(_)) = (push.is_signed, &push.reference, push.outcome) {
            self.settle_pushed(Some((push.provider.clone(), reference.clone()))).await;
        }
        // Where something is read because of it, that tells the account's health as well.
        if matches!(push.topic, PushTopic::Code | PushTopic::Other | PushTopic::Unknown) {
            self.emit_health(account).await;
        }
    }

    /// A card that is only known from a push is a card too, where the account has no list that
    /// would tell it.
    async fn discover_pushed(&self, account: &Account, key: CardKey) {
        let has_list = account.capabilities().is_none_or(|can| can.list_cards.is_yes());
        if !has_list && !self.0.cards.knows(&key) {
            self.accept_cards(vec![Card::unread(key)], self.0.clock.now()).await;
        }
    }

    /// Lists a push in the journal of an operation that it may be about.
    async fn note_evidence(
        &self,
        id: OperationId,
        at: Timestamp,
        words: &str,
        ends: Option<OperationState>,
    ) {
        match self.0.store.note_push(id, at, words.to_owned(), ends).await {
            Ok(noted) => self.announce(&noted).await,
            Err(error) => {
                // It is only evidence: the lookup decides.
                tracing::warn!("op {}: {}", id.short(), self.unread(&error));
            }
        }
    }

    /// A signed event ends an accepted change whose answer named the event's task, where nothing
    /// that can be read would ever tell: whichever of the two came first.
    pub(super) async fn settle_pushed(&self, of: Option<(ProviderId, Arc<str>)>) {
        let ends = self.0.store.pushed_ends(of).await.unwrap_or_default();
        for (id, KeptPush { push, received_at, .. }) in ends {
            let ends = match push.outcome {
                Some(PushOutcome::Succeeded) => OperationState::Done,
                Some(PushOutcome::Failed) => OperationState::Failed,
                None => continue,
            };
            self.note_evidence(id, received_at, &words_of(&push), Some(ends)).await;
        }
    }
}

/// What was pushed, as a line of the journal.
fn words_of(push: &Push) -> String {
    let mut words = format!("pushed: {}", push.event);
    if let Some(outcome) = push.outcome {
        words.push(' ');
        words.push_str(outcome.as_str());
    }
    if let Some(id) = &push.id {
        words.push_str(", ");
        words.push_str(id);
    }
    if !push.is_signed {
        words.push_str(" (not signed)");
    }
    words
}
