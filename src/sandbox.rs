//! A simulated bank behind four servers that speak the four real wires: signatures, ciphers and
//! one-time codes are checked as the providers' documents say. An independent reading of those
//! documents: it never uses the adapters it is there to test. Time passes when somebody asks: there
//! is no background task, and the same seed and clock give the same answers.

mod artha;
mod banana;
pub mod bank;
mod call;
mod config;
mod enkash;
mod faults;
mod foreign;
mod ibanera;
mod json;
mod people;
mod random;
mod scenario;
mod seal;
mod serving;
mod troubles;

use std::fmt;
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::extract::Request;
use axum::response::Response;
use http::{StatusCode, header};
use jiff::Timestamp;
use rust_decimal::Decimal;

use self::bank::{Bank, CardState, Decline};
use self::call::{Call, Reply, query_pairs};
pub use self::faults::{Fault, FaultTarget};
pub use self::foreign::{ForeignCredit, ForeignTopUp};
pub use self::people::Merchant;
pub use self::scenario::{Scenario, UnknownScenario};
pub use self::serving::Serving;
pub use self::troubles::{CardTrouble, ListChange, ListedRow, RowOverrides};
use crate::clock::Clock;
use crate::domain::money::Money;

/// Largest request that is read, in bytes.
const LARGEST_REQUEST: usize = 4 << 20;
/// How much later the money of a top-up arrives whose answer a scenario loses: so long its outcome
/// is not known.
const UNKNOWN_MILLIS: u64 = 30_000;
/// Seconds from the start in which the proxy of a scenario lets no login through.
const WALLED_SECONDS: i64 = 20;

/// The four wires.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Dialect {
    /// Gen-1 "Cards API": RSA signed headers, tasks.
    Artha,
    /// Encrypted and signed bodies, everything is a POST.
    Banana,
    /// OAuth token, encrypted envelope, rupees.
    Enkash,
    /// Login and a one-time code on every call, dollars.
    Ibanera,
}

impl Dialect {
    /// All four, in the order of their ports.
    pub const ALL: [Self; 4] = [Self::Artha, Self::Banana, Self::Enkash, Self::Ibanera];

    /// The name in the configuration: `artha`, `banana`, `enkash` or `ibanera`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Artha => "artha",
            Self::Banana => "banana",
            Self::Enkash => "enkash",
            Self::Ibanera => "ibanera",
        }
    }

    const fn index(self) -> usize {
        match self {
            Self::Artha => 0,
            Self::Banana => 1,
            Self::Enkash => 2,
            Self::Ibanera => 3,
        }
    }
}

/// What the bank is made of.
#[derive(Clone, Debug)]
pub struct Options {
    /// The same seed (and clock) tells the same story.
    pub seed: u64,
    /// Cards a provider.
    pub cards: usize,
    /// Transactions a provider that happened before the start, roughly; under 24 nobody's trouble
    /// is told.
    pub transactions: usize,
    /// What goes wrong by itself.
    pub scenarios: Vec<Scenario>,
    /// Cardholders spend while you watch.
    pub busy: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { seed: 1, cards: 16, transactions: 120, scenarios: Vec::new(), busy: false }
    }
}

/// The simulated bank. Clones are the same bank.
#[derive(Clone)]
pub struct Sandbox(Arc<Inner>);

struct Inner {
    clock: Clock,
    started: Timestamp,
    scenarios: Vec<Scenario>,
    endpoints: [Mutex<Endpoint>; 4],
    /// Top-ups that were accepted, for the scenario that loses every second answer.
    top_ups: AtomicU64,
}

/// One provider: its bank, who may come in, and what was counted.
struct Endpoint {
    bank: Bank,
    server: Server,
    faults: Vec<faults::Planned>,
    card_faults: Vec<faults::OfCard>,
    requests: u64,
    writes: u64,
}

enum Server {
    Artha(artha::Server),
    Banana(banana::Server),
    Enkash(enkash::Server),
    Ibanera(ibanera::Server),
}

impl Sandbox {
    /// Opens the bank at the clock's now.
    #[must_use]
    pub fn new(options: Options, clock: Clock) -> Self {
        let started = clock.now();
        let endpoints = Dialect::ALL.map(|dialect| {
            let server = match dialect {
                Dialect::Artha => Server::Artha(artha::Server::default()),
                Dialect::Banana => Server::Banana(banana::Server::default()),
                Dialect::Enkash => Server::Enkash(enkash::Server::default()),
                Dialect::Ibanera => Server::Ibanera(ibanera::Server::default()),
            };
            let bank = Bank::new(dialect, &options, started);
            Mutex::new(Endpoint {
                bank,
                server,
                faults: Vec::new(),
                card_faults: Vec::new(),
                requests: 0,
                writes: 0,
            })
        });
        Self(Arc::new(Inner {
            clock,
            started,
            scenarios: options.scenarios,
            endpoints,
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

    /// Writes a configuration of the four providers to `config_path`, their secrets to files in a
    /// folder beside it that only its owner can read, and the rosters that artha and banana need. `serving_base` gives a provider's `http://host:port`.
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

    /// Every top-up that was asked over the wire and took effect on the card, in order: what the
    /// card received.
    #[must_use]
    pub fn credits(&self, dialect: Dialect, card_id: &str) -> Vec<Decimal> {
        let endpoint = self.endpoint(dialect);
        endpoint
            .bank
            .find(card_id)
            .and_then(|card| endpoint.bank.credits.get(&card).cloned())
            .unwrap_or_default()
    }

    /// Write requests that arrived and whose caller proved who it is, at all four.
    #[must_use]
    pub fn writes(&self) -> u64 {
        Dialect::ALL.iter().map(|&dialect| self.endpoint(dialect).writes).sum()
    }

    /// Requests that one provider got, logins and refused ones included.
    #[must_use]
    pub fn requests(&self, dialect: Dialect) -> u64 {
        self.endpoint(dialect).requests
    }

    /// Lets the next `times` requests of the kind that the fault hits go wrong. Logins are spared.
    pub fn fault(&self, dialect: Dialect, fault: Fault, times: u32) {
        self.fault_on(dialect, fault.default_target(), fault, times);
    }

    /// The same for requests of another kind than the fault usually hits.
    pub fn fault_on(
        &self,
        dialect: Dialect,
        default_target: FaultTarget,
        fault: Fault,
        times: u32,
    ) {
        self.endpoint(dialect).faults.push(faults::Planned { default_target, fault, left: times });
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
        endpoint.card_faults.extend(std::iter::repeat_n(faults::OfCard { card, fault }, times));
        true
    }

    /// Forgets the faults that have not hit yet.
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

    /// How a card stands now.
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
        self.endpoint(dialect).bank.set_float(money);
    }

    /// Lets a cardholder buy something now: held when the card can pay, declined when not. False
    /// for an unknown card.
    pub fn spend(&self, dialect: Dialect, card_id: &str, sum: Decimal, merchant: Merchant) -> bool {
        let now = self.0.clock.now();
        let mut endpoint = self.endpoint(dialect);
        let found = endpoint.bank.find(card_id);
        found.map(|card| endpoint.bank.spend(card, sum, merchant, now)).is_some()
    }

    /// Lets a purchase be refused now, for this reason. False for an unknown card.
    pub fn decline(
        &self,
        dialect: Dialect,
        card_id: &str,
        sum: Decimal,
        merchant: Merchant,
        reason: Decline,
    ) -> bool {
        let now = self.0.clock.now();
        let mut endpoint = self.endpoint(dialect);
        let found = endpoint.bank.find(card_id);
        found.map(|card| endpoint.bank.decline(card, sum, merchant, reason, now)).is_some()
    }

    /// Books the oldest held purchase of a card, for this sum. False when it holds none.
    pub fn settle(&self, dialect: Dialect, card_id: &str, sum: Decimal) -> bool {
        let now = self.0.clock.now();
        let mut endpoint = self.endpoint(dialect);
        let found = endpoint.bank.find(card_id);
        found.is_some_and(|card| endpoint.bank.settle(card, sum, now))
    }

    /// Pays the newest booked purchase of a card back. False when there is none.
    pub fn refund_newest(&self, dialect: Dialect, card_id: &str) -> bool {
        let now = self.0.clock.now();
        let mut endpoint = self.endpoint(dialect);
        let found = endpoint.bank.find(card_id);
        found.is_some_and(|card| endpoint.bank.refund_newest(card, now))
    }

    /// Lets the issuer change a card's state now, behind the programme's back. False for an unknown
    /// card.
    pub fn set_state(&self, dialect: Dialect, card_id: &str, state: CardState) -> bool {
        let now = self.0.clock.now();
        let mut endpoint = self.endpoint(dialect);
        let found = endpoint.bank.find(card_id);
        found.map(|card| endpoint.bank.set_state(card, state, now, 0)).is_some()
    }

    /// Where a provider's balances and statements disagree: empty unless the bank made or lost
    /// money.
    #[must_use]
    pub fn discrepancies(&self, dialect: Dialect) -> Vec<String> {
        self.endpoint(dialect).bank.audit()
    }

    /// The room, with everything happened that was due.
    fn endpoint(&self, dialect: Dialect) -> MutexGuard<'_, Endpoint> {
        let [artha, banana, enkash, ibanera] = &self.0.endpoints;
        let endpoint = match dialect {
            Dialect::Artha => artha,
            Dialect::Banana => banana,
            Dialect::Enkash => enkash,
            Dialect::Ibanera => ibanera,
        };
        let mut endpoint = endpoint.lock().unwrap_or_else(PoisonError::into_inner);
        endpoint.bank.advance(self.0.clock.now());
        endpoint
    }

    /// Answers a request, and says in every answer what the bank's clock shows (RFC 9110, 6.6.1).
    async fn respond(&self, dialect: Dialect, request: Request) -> Response {
        let mut response = self.serve_one(dialect, request).await;
        if let Some(date) = self.date(dialect) {
            response.headers_mut().insert(header::DATE, date);
        }
        response
    }

    async fn serve_one(&self, dialect: Dialect, request: Request) -> Response {
        let (parts, body) = request.into_parts();
        let Ok(body) = axum::body::to_bytes(body, LARGEST_REQUEST).await else {
            return Reply::of(StatusCode::PAYLOAD_TOO_LARGE, "text/plain", "too large".to_owned())
                .into_response();
        };
        let query = parts.uri.query().unwrap_or_default();
        let call = Call {
            method: parts.method,
            path: parts.uri.path().to_owned(),
            query: query_pairs(query),
            headers: parts.headers,
            body,
        };
        let fault = self.expect(dialect, &call);
        if self.0.scenarios.contains(&Scenario::Slow) && dialect == Dialect::Banana {
            tokio::time::sleep(Duration::from_millis(2_500)).await;
        }
        if self.is_out(dialect) {
            return Reply::of(
                StatusCode::SERVICE_UNAVAILABLE,
                "text/html",
                faults::UNAVAILABLE.to_owned(),
            )
            .into_response();
        }
        if self.is_walled(dialect, &call) {
            return faults::forbidden().into_response();
        }
        if let Some(reply) = fault.and_then(|fault| fault.answered(dialect)) {
            return reply.into_response();
        }
        match fault {
            Some(Fault::LoseRequest) => return faults::broken(),
            Some(Fault::Hang) => return std::future::pending().await,
            Some(Fault::Slow(delay)) => tokio::time::sleep(delay).await,
            _ => {}
        }
        let mut reply = self.answer(dialect, &call, fault == Some(Fault::WrongSignature));
        if reply.topped_up
            && self.0.scenarios.contains(&Scenario::UnknownTopup)
            && self.0.top_ups.fetch_add(1, Ordering::Relaxed) % 2 == 1
        {
            self.endpoint(dialect).bank.delay_newest_credit(UNKNOWN_MILLIS);
            return faults::broken();
        }
        match fault {
            Some(Fault::LoseAnswer) => return faults::broken(),
            Some(Fault::HalfJson) => {
                let half = (0..=reply.body.len() / 2)
                    .rev()
                    .find(|&at| reply.body.is_char_boundary(at))
                    .unwrap_or(0);
                reply.body.truncate(half);
            }
            _ => {}
        }
        reply.into_response()
    }

    /// Counts the request and takes the fault that waits for it, if any.
    fn expect(&self, dialect: Dialect, call: &Call) -> Option<Fault> {
        let (login, write) = call.is_login_or_write(dialect);
        let mut endpoint = self.endpoint(dialect);
        endpoint.requests += 1;
        let planned = endpoint
            .faults
            .iter_mut()
            .find(|planned| planned.left > 0 && planned.default_target.matches(login, write))?;
        planned.left -= 1;
        let fault = planned.fault;
        endpoint.faults.retain(|planned| planned.left > 0);
        Some(fault)
    }

    fn answer(&self, dialect: Dialect, call: &Call, wrong_signature: bool) -> Reply {
        let now = self.0.clock.now();
        let mut endpoint = self.endpoint(dialect);
        let Endpoint { bank, server, writes, card_faults, .. } = &mut *endpoint;
        bank.about.set(None);
        let (reply, write) = match server {
            Server::Artha(server) => (server.answer(bank, call, now), artha::writes(&call.path)),
            Server::Banana(server) => {
                (server.answer(bank, call, now, wrong_signature), banana::writes(&call.path))
            }
            Server::Enkash(server) => (server.answer(bank, call, now), enkash::writes(&call.path)),
            Server::Ibanera(server) => {
                (server.answer(bank, call, now), ibanera::writes(&call.path))
            }
        };
        if write && reply.known {
            *writes += 1;
        }
        bank.after_request(now);
        let Some(about) = bank.about.take().filter(|_| !write && reply.known) else { return reply };
        let planned = card_faults.iter().position(|planned| planned.card == about);
        let fault = planned.map(|index| card_faults.remove(index).fault);
        let trouble = bank.cards.get(about).and_then(|card| card.trouble.as_ref());
        fault
            .and_then(|fault| fault.answered(dialect))
            .or_else(|| trouble.and_then(troubles::replacement_reply))
            .unwrap_or(reply)
    }

    /// The scenario: a proxy lets no login through for the first seconds, and not every reading
    /// ever.
    fn is_walled(&self, dialect: Dialect, call: &Call) -> bool {
        if !self.0.scenarios.contains(&Scenario::WebPage403) {
            return false;
        }
        match call.is_login_or_write(dialect) {
            (true, _) => {
                self.0.clock.now().duration_since(self.0.started).as_secs() < WALLED_SECONDS
            }
            (false, true) => false,
            (false, false) => self.endpoint(dialect).requests.is_multiple_of(10),
        }
    }

    /// The scenario: enkash is healthy for a minute, gone for a minute and a half, and again every
    /// five minutes.
    fn is_out(&self, dialect: Dialect) -> bool {
        let running = self.0.clock.now().duration_since(self.0.started).as_secs();
        dialect == Dialect::Enkash
            && self.0.scenarios.contains(&Scenario::Outage)
            && (60..150).contains(&running.rem_euclid(300))
    }
}

impl fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sandbox")
    }
}

#[cfg(test)]
mod tests;
