//! Webhooks: what happened at a bank becomes what its provider pushes, which lies here until it is
//! due. Nothing runs in the background: whoever delivers takes what is due and says what was
//! answered, and what was not acknowledged comes again by the provider's rule. What is said and
//! when it is due follows from the seed and the time at which it happened.

mod delivery;
mod samples;
mod sender;

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

pub use self::delivery::{CardNotice, Delivery, WebhookSecrets};
pub use self::sender::Sender;
use super::bank::{Occurrence, after};
use super::letter::{Message, Rules, Sealing, WebhookOptions};
use super::random::{Random, mix};
use super::{Dialect, Endpoint, Sandbox, Scenario};

/// What waits for its time, and what is on its way.
pub(super) struct Outbox {
    options: WebhookOptions,
    seed: u64,
    troubles: Troubles,
    /// By the time at which it is due; of one time in the order in which it came.
    waiting: BTreeMap<(Timestamp, u64), Sending>,
    /// Taken, and not answered yet.
    under_way: BTreeMap<u64, UnderWay>,
    /// Sendings so far; each has the next number.
    planned: u64,
}

#[derive(Clone)]
struct Sending {
    message: Arc<Message>,
    /// From 1 on.
    attempt: u32,
    /// `None` before the first.
    first_sent: Option<Timestamp>,
}

struct UnderWay {
    sending: Sending,
    at: Timestamp,
}

/// What scenarios make of the way of a webhook.
#[derive(Clone, Copy)]
struct Troubles {
    late: bool,
    repeated: bool,
    lost: bool,
}

/// So many wait or are on their way at most: the oldest make room.
const MOST: usize = 100_000;
/// How late they are in the scenario of late ones.
const LATE_MILLIS: (u64, u64) = (2_000, 180_000);
/// How often one comes in the scenario of repeated ones, and how far apart.
const COPIES: (u64, u64) = (2, 3);
const COPY_MILLIS: (u64, u64) = (500, 30_000);
/// In the scenario of lost ones, one of so many never arrives.
const LOST_OF: u64 = 3;
/// Of what is said, when, and of its seal: streams of their own, so that none depends on how often
/// another was drawn.
const SAYING: u64 = 0x5a71;
const TIMING: u64 = 0x71e5;
const SEALING: u64 = 0x5ea1;

impl Outbox {
    /// Of the provider at a position in the list.
    pub(super) fn new(
        options: WebhookOptions,
        seed: u64,
        position: u64,
        scenarios: &[Scenario],
    ) -> Self {
        Self {
            options,
            seed: mix(seed ^ mix(position + 101)),
            troubles: Troubles {
                late: scenarios.contains(&Scenario::LateWebhooks),
                repeated: scenarios.contains(&Scenario::RepeatedWebhooks),
                lost: scenarios.contains(&Scenario::LostWebhooks),
            },
            waiting: BTreeMap::new(),
            under_way: BTreeMap::new(),
            planned: 0,
        }
    }

    pub(super) const fn seed(&self) -> u64 {
        self.seed
    }

    fn random(&self, stream: u64, number: u64) -> Random {
        Random::new(mix(self.seed ^ mix(stream ^ (number << 16))))
    }

    /// Decides when a message is due, and how often it comes.
    fn plan(&mut self, message: Message, occurrence: &Occurrence) {
        let mut random = self.random(TIMING, occurrence.number);
        let (lost, copies) = (random.below(LOST_OF) == 0, random.between(COPIES.0, COPIES.1));
        let sending = Sending { message: Arc::new(message), attempt: 1, first_sent: None };
        if self.troubles.lost && lost {
            return;
        }
        let copies = if self.troubles.repeated { copies } else { 1 };
        let mut again = 0;
        for _ in 0..copies {
            let late = random.between(LATE_MILLIS.0, LATE_MILLIS.1);
            let late = if self.troubles.late { late } else { 0 };
            self.put(after(occurrence.at, late + again), sending.clone());
            again += random.between(COPY_MILLIS.0, COPY_MILLIS.1);
        }
    }

    fn put(&mut self, due: Timestamp, sending: Sending) {
        if self.waiting.len() + self.under_way.len() >= MOST {
            self.waiting.pop_first();
        }
        self.planned += 1;
        self.waiting.insert((due, self.planned), sending);
    }

    /// Takes what is due, at most so many.
    fn take(&mut self, dialect: Dialect, now: Timestamp, most: usize) -> Vec<Delivery> {
        let wire = dialect.wire();
        self.give_up_waiting(wire.webhook_rules(), now);
        let mut taken = Vec::new();
        while taken.len() < most
            && let Some(first) = self.waiting.first_entry().filter(|first| first.key().0 <= now)
        {
            let ((_, number), mut sending) = first.remove_entry();
            sending.first_sent.get_or_insert(now);
            taken.push(self.sealed(dialect, number, &sending, now));
            self.under_way.insert(number, UnderWay { sending, at: now });
        }
        taken
    }

    fn sealed(&self, dialect: Dialect, number: u64, sending: &Sending, now: Timestamp) -> Delivery {
        let random = self.random(SEALING, number);
        let sealing = Sealing { options: &self.options, random, now };
        let letter = dialect.wire().seal_webhook(&sending.message, sealing);
        Delivery::new(dialect, number, sending.attempt, sending.message.kind, letter)
    }

    /// What was taken and not answered for too long is refused.
    fn give_up_waiting(&mut self, rules: &Rules, now: Timestamp) {
        let is_over = |way: &UnderWay| now.duration_since(way.at) >= rules.patience;
        let over: Vec<u64> = self
            .under_way
            .iter()
            .filter(|(_, way)| is_over(way))
            .map(|(number, _)| *number)
            .collect();
        for number in over {
            self.settle(number, false, rules, now);
        }
    }

    /// A sending was acknowledged, or was not and comes again.
    fn settle(&mut self, number: u64, acknowledged: bool, rules: &Rules, now: Timestamp) {
        let Some(UnderWay { sending, at }) = self.under_way.remove(&number) else { return };
        let again = rules.again.filter(|_| !acknowledged);
        let first_sent = sending.first_sent.unwrap_or(at);
        if let Some(due) = again.and_then(|again| again.next(sending.attempt, first_sent, now)) {
            self.put(due, Sending { attempt: sending.attempt + 1, ..sending });
        }
    }

    /// When there is something to do next.
    fn next_at(&self, rules: &Rules) -> Option<Timestamp> {
        let due = self.waiting.first_key_value().map(|((at, _), _)| *at);
        let first_taken = self.under_way.values().map(|way| way.at).min();
        let over = first_taken.and_then(|at| at.checked_add(rules.patience).ok());
        due.into_iter().chain(over).min()
    }
}

impl Endpoint {
    /// Turns what happened into what is pushed.
    pub(super) fn collect_webhooks(&mut self) {
        let Some(outbox) = &mut self.webhooks else { return };
        for occurrence in self.bank.take_occurrences() {
            let random = outbox.random(SAYING, occurrence.number);
            if let Some(message) = self.server.webhook(&self.bank, &occurrence, random) {
                outbox.plan(message, &occurrence);
            }
        }
    }
}

impl Sandbox {
    /// Takes the webhooks of a provider that are due now. What is not answered within the
    /// provider's patience is refused. Empty where webhooks are off
    /// ([`Options::webhooks`](super::Options::webhooks)).
    #[must_use]
    pub fn take_webhooks(&self, dialect: Dialect) -> Vec<Delivery> {
        self.take_some_webhooks(dialect, usize::MAX)
    }

    fn take_some_webhooks(&self, dialect: Dialect, most: usize) -> Vec<Delivery> {
        let now = self.0.clock.now();
        let mut endpoint = self.endpoint(dialect);
        endpoint.collect_webhooks();
        endpoint.webhooks.as_mut().map(|outbox| outbox.take(dialect, now, most)).unwrap_or_default()
    }

    /// When a provider has, or may have, a webhook next: `None` where nothing is known of any.
    /// Requests and whatever else is done to the bank may bring one before.
    #[must_use]
    pub fn next_webhook_at(&self, dialect: Dialect) -> Option<Timestamp> {
        let mut endpoint = self.endpoint(dialect);
        endpoint.collect_webhooks();
        let outbox = endpoint.webhooks.as_ref()?;
        let due = outbox.next_at(dialect.wire().webhook_rules());
        due.into_iter().chain(endpoint.bank.next_at()).min()
    }

    /// What was answered to a webhook, judged as the provider judges it; true where that
    /// acknowledges it.
    pub fn webhook_answered(&self, delivery: &Delivery, status: u16, body: &[u8]) -> bool {
        let rules = delivery.dialect.wire().webhook_rules();
        let acknowledged = rules.acknowledgement.is_given_by(status, body);
        self.settle_webhook(delivery, acknowledged);
        acknowledged
    }

    /// The receiver acknowledged a webhook, in the way of its wire.
    pub fn webhook_acknowledged(&self, delivery: &Delivery) {
        self.settle_webhook(delivery, true);
    }

    /// The receiver did not: no connection, no answer, or another one.
    pub fn webhook_refused(&self, delivery: &Delivery) {
        self.settle_webhook(delivery, false);
    }

    fn settle_webhook(&self, delivery: &Delivery, acknowledged: bool) {
        let now = self.0.clock.now();
        let rules = delivery.dialect.wire().webhook_rules();
        if let Some(outbox) = &mut self.endpoint(delivery.dialect).webhooks {
            outbox.settle(delivery.number, acknowledged, rules, now);
        }
    }

    /// Webhooks of a provider that wait or are on their way.
    #[must_use]
    pub fn webhooks_waiting(&self, dialect: Dialect) -> usize {
        let mut endpoint = self.endpoint(dialect);
        endpoint.collect_webhooks();
        let outbox = endpoint.webhooks.as_ref();
        outbox.map_or(0, |outbox| outbox.waiting.len() + outbox.under_way.len())
    }
}
