//! A simulated bank behind servers that speak the providers' wires: signatures, ciphers and
//! one-time codes are checked as the providers' documents say. It is an independent reading of
//! those documents and never uses the adapters it is there to test. There is no background task:
//! what is due happens when the bank is asked, and the same seed and clock give the same answers.
//!
//! What differs by wire is in `dialect/`, one file and folder each; the one list of them is in
//! `dialect.rs`. The money is in `bank/`, which knows no wire by name.

mod bank;
mod call;
mod config;
mod crypto;
mod dialect;
mod faults;
mod foreign;
mod json;
mod letter;
mod merchants;
mod random;
mod requests;
mod scenario;
mod serving;
mod sessions;
mod troubles;
mod webhooks;

use std::fmt;
use std::io;
use std::path::Path;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::extract::Request;
use jiff::Timestamp;
use rust_decimal::Decimal;
use tokio::sync::Notify;

use self::bank::Bank;
pub use self::bank::{CardState, Decline};
pub use self::dialect::Dialect;
use self::dialect::Server;
pub use self::faults::{Fault, FaultTarget};
pub use self::foreign::{ForeignCredit, ForeignTopUp};
pub use self::letter::WebhookOptions;
pub use self::merchants::Merchant;
pub use self::scenario::{Scenario, UnknownScenario};
pub use self::serving::Serving;
pub use self::troubles::{CardTrouble, ListChange, ListedRow, RowOverrides};
use self::webhooks::Outbox;
pub use self::webhooks::{CardNotice, Delivery, Sender, WebhookSecrets};
use crate::clock::Clock;
use crate::domain::money::Money;

/// What the bank is made of.
#[derive(Clone, Debug)]
pub struct Options {
    /// The same seed and clock give the same bank.
    pub seed: u64,
    /// Cards a provider.
    pub cards: usize,
    /// Transactions a provider that happened before the start, roughly. Under 24 the cards have
    /// their states, but no transactions that explain them.
    pub transactions: usize,
    /// What goes wrong by itself.
    pub scenarios: Vec<Scenario>,
    /// Cardholders go on spending after the start.
    pub busy: bool,
    /// Whether providers push what happens, and how.
    pub webhooks: Option<WebhookOptions>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            seed: 1,
            cards: 16,
            transactions: 120,
            scenarios: Vec::new(),
            busy: false,
            webhooks: None,
        }
    }
}

/// The simulated bank. Clones are the same bank.
#[derive(Clone)]
pub struct Sandbox(Arc<Inner>);

struct Inner {
    clock: Clock,
    started: Timestamp,
    options: Options,
    /// By the dialect's position in the list, like the others.
    endpoints: [Mutex<Endpoint>; Dialect::ALL.len()],
    /// For whoever waits for webhooks: something was done that may bring one.
    wakes: [Notify; Dialect::ALL.len()],
    /// Top-ups that were accepted, for the scenario that loses every second answer.
    top_ups: AtomicU64,
}

/// One provider: its bank, its server, what is to go wrong and what was counted.
struct Endpoint {
    bank: Bank,
    server: Box<dyn Server>,
    faults: Vec<faults::PlannedFault>,
    card_faults: Vec<faults::PlannedCardFault>,
    requests: u64,
    writes: u64,
    /// What waits to be pushed; `None` where webhooks are off.
    webhooks: Option<Outbox>,
}

impl Endpoint {
    fn new(dialect: Dialect, options: &Options, start: Timestamp) -> Self {
        let position = dialect as u64;
        let mut bank = Bank::new(dialect.wire(), position, options, start);
        let webhooks = options.webhooks.map(|webhooks| {
            let outbox = Outbox::new(webhooks, options.seed, position, &options.scenarios);
            bank.note_occurrences(outbox.seed());
            outbox
        });
        Self {
            bank,
            server: dialect.wire().server(),
            faults: Vec::new(),
            card_faults: Vec::new(),
            requests: 0,
            writes: 0,
            webhooks,
        }
    }
}

impl Sandbox {
    /// Opens the bank at the clock's now.
    #[must_use]
    pub fn new(options: Options, clock: Clock) -> Self {
        let started = clock.now();
        let endpoints =
            Dialect::ALL.map(|dialect| Mutex::new(Endpoint::new(dialect, &options, started)));
        Self(Arc::new(Inner {
            clock,
            started,
            options,
            endpoints,
            wakes: Dialect::ALL.map(|_| Notify::new()),
            top_ups: AtomicU64::new(0),
        }))
    }

    /// One provider's server, for calls without a socket.
    pub fn router(&self, dialect: Dialect) -> axum::Router {
        let sandbox = self.clone();
        axum::Router::new().fallback(move |request: Request| {
            let sandbox = sandbox.clone();
            async move { sandbox.respond(dialect, request).await }
        })
    }

    /// Writes a configuration of all providers to `config_path`, their secrets to files in a folder
    /// beside it that only its owner can read, and rosters for those that list no cards.
    /// `serving_base` gives a provider's `http://host:port`.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn write_config(
        &self,
        serving_base: &dyn Fn(Dialect) -> String,
        config_path: &Path,
    ) -> io::Result<()> {
        config::write(self, serving_base, config_path)
    }

    /// Every top-up that was asked for over the wire and took effect on the card, in order: what
    /// the card received, in its currency.
    #[must_use]
    pub fn credits(&self, dialect: Dialect, card_id: &str) -> Vec<Decimal> {
        let endpoint = self.endpoint(dialect);
        endpoint
            .bank
            .find(card_id)
            .and_then(|card| endpoint.bank.top_ups.credits.get(&card).cloned())
            .unwrap_or_default()
    }

    /// Write requests that arrived and whose caller proved who it is, at all providers.
    #[must_use]
    pub fn writes(&self) -> u64 {
        Dialect::ALL.iter().map(|&dialect| self.endpoint(dialect).writes).sum()
    }

    /// Requests that one provider got, logins and refused ones included.
    #[must_use]
    pub fn requests(&self, dialect: Dialect) -> u64 {
        self.endpoint(dialect).requests
    }

    /// Lets the next `times` requests go wrong, of the kind that is the fault's target. Logins are
    /// spared.
    pub fn fault(&self, dialect: Dialect, fault: Fault, times: u32) {
        self.fault_on(dialect, fault.default_target(), fault, times);
    }

    /// The same for requests of another kind than the fault's own target.
    pub fn fault_on(&self, dialect: Dialect, target: FaultTarget, fault: Fault, times: u32) {
        self.endpoint(dialect).faults.push(faults::PlannedFault { target, fault, left: times });
    }

    /// Lets the next `times` readings that are about this card alone be answered like this. Only
    /// faults that are an answer of their own can be, such as 500, 503, 429 or a web page; others
    /// do nothing. False for an unknown card.
    pub fn fault_for_card(
        &self,
        dialect: Dialect,
        card_id: &str,
        fault: Fault,
        times: usize,
    ) -> bool {
        let mut endpoint = self.endpoint(dialect);
        let Some(card) = endpoint.bank.find(card_id) else { return false };
        endpoint
            .card_faults
            .extend(std::iter::repeat_n(faults::PlannedCardFault { card, fault }, times));
        true
    }

    /// Cancels the faults that have not hit yet.
    pub fn clear_faults(&self, dialect: Dialect) {
        let mut endpoint = self.endpoint(dialect);
        endpoint.faults.clear();
        endpoint.card_faults.clear();
    }

    /// The ids of a provider's cards.
    #[must_use]
    pub fn card_ids(&self, dialect: Dialect) -> Vec<String> {
        self.endpoint(dialect).bank.cards.iter().map(|card| card.id.clone()).collect()
    }

    /// Full numbers of a provider's cards, so that a test can search what the client wrote for
    /// them.
    #[must_use]
    pub fn card_numbers(&self, dialect: Dialect) -> Vec<String> {
        self.endpoint(dialect).bank.cards.iter().map(|card| card.number.clone()).collect()
    }

    /// A card's state now; `None` for an unknown card, like the two below.
    #[must_use]
    pub fn state(&self, dialect: Dialect, card_id: &str) -> Option<CardState> {
        Some(self.endpoint(dialect).bank.card(card_id)?.state)
    }

    /// What a card can spend now.
    #[must_use]
    pub fn available(&self, dialect: Dialect, card_id: &str) -> Option<Money> {
        let endpoint = self.endpoint(dialect);
        let card = endpoint.bank.card(card_id)?;
        Some(Money::new(card.available(), card.currency))
    }

    /// A card's PIN, where it has one.
    #[must_use]
    pub fn pin_of(&self, dialect: Dialect, card_id: &str) -> Option<String> {
        self.endpoint(dialect).bank.card(card_id)?.pin.clone()
    }

    /// What the merchant has at a provider in a currency, such as `USD`.
    #[must_use]
    pub fn float(&self, dialect: Dialect, currency: &str) -> Option<Money> {
        self.endpoint(dialect).bank.float(currency.parse().ok()?)
    }

    /// Gives the merchant another sum, as if it had paid in or taken out.
    pub fn set_float(&self, dialect: Dialect, money: Money) {
        let now = self.0.clock.now();
        self.endpoint(dialect).bank.set_float(money, now);
        self.wake(dialect);
    }

    /// Lets a cardholder buy something now: held when the card can pay, declined when not. False
    /// for an unknown card.
    pub fn spend(&self, dialect: Dialect, card_id: &str, sum: Decimal, merchant: Merchant) -> bool {
        self.with_card(dialect, card_id, |bank, card, now| bank.spend(card, sum, merchant, now))
            .is_some()
    }

    /// Declines a purchase now, for this reason. False for an unknown card.
    pub fn decline(
        &self,
        dialect: Dialect,
        card_id: &str,
        sum: Decimal,
        merchant: Merchant,
        reason: Decline,
    ) -> bool {
        self.with_card(dialect, card_id, |bank, card, now| {
            bank.record_decline(card, sum, merchant, reason, now);
        })
        .is_some()
    }

    /// Books the oldest held purchase of a card, for this sum. False when it holds none.
    pub fn settle(&self, dialect: Dialect, card_id: &str, sum: Decimal) -> bool {
        self.with_card(dialect, card_id, |bank, card, now| bank.settle(card, sum, now))
            .unwrap_or(false)
    }

    /// Lets the money of the newest top-up that is on its way at a provider arrive so many
    /// milliseconds later. No list has it until then.
    pub fn delay_top_up(&self, dialect: Dialect, milliseconds: u64) {
        self.endpoint(dialect).bank.delay_newest_credit(milliseconds);
    }

    /// Refunds the newest booked purchase of a card. False when there is none.
    pub fn refund_newest(&self, dialect: Dialect, card_id: &str) -> bool {
        self.with_card(dialect, card_id, Bank::refund_newest).unwrap_or(false)
    }

    /// Lets the issuer change a card's state now, without a request. False for an unknown card.
    pub fn set_state(&self, dialect: Dialect, card_id: &str, state: CardState) -> bool {
        self.with_card(dialect, card_id, |bank, card, now| bank.set_state(card, state, now, 0))
            .is_some()
    }

    /// Where a provider's balances and statements disagree: empty unless the bank made or lost
    /// money.
    #[must_use]
    pub fn discrepancies(&self, dialect: Dialect) -> Vec<String> {
        self.endpoint(dialect).bank.audit()
    }

    /// Does something with a card, which is given by its position, and the time of now. `None` for
    /// an unknown card.
    fn with_card<T>(
        &self,
        dialect: Dialect,
        card_id: &str,
        act: impl FnOnce(&mut Bank, usize, Timestamp) -> T,
    ) -> Option<T> {
        let now = self.0.clock.now();
        let mut endpoint = self.endpoint(dialect);
        let card = endpoint.bank.find(card_id)?;
        let done = act(&mut endpoint.bank, card, now);
        drop(endpoint);
        self.wake(dialect);
        Some(done)
    }

    /// Tells whoever waits for a provider's webhooks that there may be one.
    fn wake(&self, dialect: Dialect) {
        if self.0.options.webhooks.is_some()
            && let Some(wake) = self.0.wakes.get(dialect as usize)
        {
            wake.notify_one();
        }
    }

    /// Ends when something was done that may bring a webhook, also when that was before.
    async fn woken(&self, dialect: Dialect) {
        match self.0.wakes.get(dialect as usize) {
            Some(wake) => wake.notified().await,
            None => std::future::pending().await,
        }
    }

    /// The endpoint, after everything has happened that was due.
    fn endpoint(&self, dialect: Dialect) -> MutexGuard<'_, Endpoint> {
        let endpoint = self
            .0
            .endpoints
            .get(dialect as usize)
            .expect("there is an endpoint for each dialect of the list");
        let mut endpoint = endpoint.lock().unwrap_or_else(PoisonError::into_inner);
        endpoint.bank.advance(self.0.clock.now());
        endpoint
    }
}

impl fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sandbox")
    }
}

#[cfg(test)]
mod tests;
