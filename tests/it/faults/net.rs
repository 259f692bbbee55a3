//! The network between cardtop and the bank in this process: its lies, its crashes, and what one
//! test of it begins with.

use std::collections::{BTreeMap, VecDeque};
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use cardtop::clock::Clock;
use cardtop::domain::card::{CardKey, ProviderId};
use cardtop::domain::money::Money;
use cardtop::domain::operation::{Action, OnConflict};
use cardtop::engine::{ChangeRequest, Engine, EngineEvent, Expected};
use cardtop::provider::Config;
use cardtop::provider::http::{Access, InProcess, Transport, TransportError};
use cardtop::sandbox::CardState;
use cardtop::sandbox::{Dialect, Options, Sandbox};
use http::{Request, Response};
use jiff::Timestamp;
use rust_decimal::Decimal;
use tokio::sync::Notify;

use crate::harness::{open_over, start};
use crate::proxy::{Dice, Lie, Script, may_come_twice};

/// One exchange in so many ends with the death of the program, beside the lies.
pub(super) const CRASH_ONE_IN: u64 = 16;

pub(super) fn lock<T>(what: &Mutex<T>) -> MutexGuard<'_, T> {
    what.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A clock that goes on over several lives of the program, each with a paused time of its own.
#[derive(Clone)]
pub(super) struct Hours(Arc<Mutex<(Timestamp, tokio::time::Instant)>>);

impl Hours {
    pub(super) fn new() -> Self {
        Self(Arc::new(Mutex::new((start(), tokio::time::Instant::now()))))
    }

    pub(super) fn clock(&self) -> Clock {
        let hours = self.clone();
        Clock::of(move || {
            let (began, instant) = *lock(&hours.0);
            began.saturating_add(instant.elapsed()).unwrap_or(Timestamp::MAX)
        })
    }

    /// A new life begins at this moment.
    pub(super) fn begin(&self, at: Timestamp) {
        *lock(&self.0) = (at, tokio::time::Instant::now());
    }
}

/// What happens to an exchange.
pub(super) enum Fate {
    Told(Option<Lie>),
    /// The program dies, before or after the request has arrived.
    Crash {
        arrived: bool,
    },
}

/// A request that will arrive later.
pub(super) struct Late {
    /// Of which exchange.
    number: u64,
    due: Timestamp,
    dialect: Dialect,
    request: Request<Bytes>,
}

/// Hears of a request that leaves, and whether it is a change.
pub(super) type Leaving = Box<dyn Fn(bool) + Send>;

/// The network between cardtop and the bank, in this process.
pub(super) struct Net {
    pub(super) sandbox: Sandbox,
    pub(super) clock: Clock,
    pub(super) script: Script,
    pub(super) honest: AtomicBool,
    pub(super) crashes: AtomicBool,
    pub(super) exchanges: AtomicU64,
    /// Requests of cardtop that may change something.
    pub(super) sent: AtomicU64,
    /// What happens to the next changes, before the script is asked.
    pub(super) planned: Mutex<VecDeque<Option<Lie>>>,
    /// Requests that will arrive, whoever is still there.
    pub(super) late: Mutex<Vec<Late>>,
    pub(super) told: Mutex<BTreeMap<&'static str, u64>>,
    pub(super) crashed: Notify,
    /// Called when a request leaves, with whether it is a change.
    pub(super) leaving: Mutex<Option<Leaving>>,
}

impl Net {
    pub(super) fn new(sandbox: &Sandbox, clock: &Clock, script: Script) -> Arc<Self> {
        Arc::new(Self {
            sandbox: sandbox.clone(),
            clock: clock.clone(),
            script,
            honest: AtomicBool::new(false),
            crashes: AtomicBool::new(false),
            exchanges: AtomicU64::new(0),
            sent: AtomicU64::new(0),
            planned: Mutex::default(),
            late: Mutex::default(),
            told: Mutex::default(),
            crashed: Notify::new(),
            leaving: Mutex::default(),
        })
    }

    pub(super) fn sent(&self) -> u64 {
        self.sent.load(Ordering::SeqCst)
    }

    fn fate(&self, number: u64, dialect: Dialect, does: Access) -> Fate {
        if does == Access::Write
            && let Some(planned) = lock(&self.planned).pop_front()
        {
            return Fate::Told(planned);
        }
        if self.honest.load(Ordering::SeqCst) {
            return Fate::Told(None);
        }
        let mut dice = Dice::new(self.script.seed ^ number.wrapping_mul(0x5851_F42D_4C95_7F2D) ^ 1);
        if self.crashes.load(Ordering::SeqCst) && dice.below(CRASH_ONE_IN) == 0 {
            return Fate::Crash { arrived: dice.below(2) == 0 };
        }
        // Every change of these scripts is a top-up.
        Fate::Told(self.script.lie(number, may_come_twice(dialect, does == Access::Write)))
    }

    pub(super) async fn arrive(
        &self,
        dialect: Dialect,
        request: Request<Bytes>,
    ) -> Result<Response<Bytes>, TransportError> {
        InProcess(self.sandbox.router(dialect)).call(Access::Read, request).await
    }

    /// Lets the late requests arrive that are due.
    pub(super) async fn arrivals(&self) {
        loop {
            let now = self.clock.now();
            let due = {
                let mut late = lock(&self.late);
                let place = late.iter().position(|late| late.due <= now);
                place.map(|place| late.remove(place))
            };
            let Some(Late { dialect, request, .. }) = due else { return };
            let _nobody_waits = self.arrive(dialect, request).await;
        }
    }

    async fn exchange(
        &self,
        dialect: Dialect,
        does: Access,
        request: Request<Bytes>,
    ) -> Result<Response<Bytes>, TransportError> {
        self.arrivals().await;
        let number = self.exchanges.fetch_add(1, Ordering::SeqCst);
        if does == Access::Write {
            self.sent.fetch_add(1, Ordering::SeqCst);
        }
        if let Some(leaving) = &*lock(&self.leaving) {
            leaving(does == Access::Write);
        }
        let lie = match self.fate(number, dialect, does) {
            Fate::Told(lie) => lie,
            Fate::Crash { arrived } => {
                *lock(&self.told).entry("crash").or_default() += 1;
                if arrived {
                    let _nobody_waits = self.arrive(dialect, request).await;
                }
                self.crashed.notify_one();
                return std::future::pending().await;
            }
        };
        let Some(lie) = lie else { return self.arrive(dialect, request).await };
        *lock(&self.told).entry(lie.as_str()).or_default() += 1;
        let lost = |said: &str| Err(TransportError::unanswered(said));
        let made = |status: u16, body: &'static str| {
            let mut answer = Response::new(Bytes::from_static(body.as_bytes()));
            *answer.status_mut() = http::StatusCode::from_u16(status).expect("a status");
            Ok(answer)
        };
        match lie {
            Lie::LoseRequest | Lie::ResetRequest => lost("reset by peer"),
            Lie::LateRequest(delay) => {
                let due = self.clock.now().saturating_add(delay).expect("a time of the test");
                lock(&self.late).push(Late { number, due, dialect, request });
                tokio::time::sleep(delay).await;
                let mine = {
                    let mut late = lock(&self.late);
                    let place = late.iter().position(|late| late.number == number);
                    place.map(|place| late.remove(place))
                };
                match mine {
                    Some(Late { request, .. }) => self.arrive(dialect, request).await,
                    None => lost("it went another way"),
                }
            }
            Lie::Refuse429 => {
                let mut answer = made(429, r#"{"message":"Too many requests"}"#)?;
                answer.headers_mut().insert(http::header::RETRY_AFTER, http::HeaderValue::from(3));
                Ok(answer)
            }
            Lie::Fail500 => made(500, r#"{"message":"Internal error"}"#),
            Lie::Fail500After => {
                self.arrive(dialect, request).await?;
                made(500, r#"{"message":"Internal error"}"#)
            }
            Lie::Page => {
                self.arrive(dialect, request).await?;
                made(200, "<!DOCTYPE html><html><body>Checking your browser</body></html>")
            }
            Lie::LoseAnswer | Lie::ResetAnswer | Lie::CutAnswer => {
                self.arrive(dialect, request).await?;
                lost("the answer broke off")
            }
            Lie::ShortAnswer => {
                let mut answer = self.arrive(dialect, request).await?;
                let half = answer.body().len() / 2;
                answer.body_mut().truncate(half);
                Ok(answer)
            }
            Lie::LateAnswer(delay) => {
                let answer = self.arrive(dialect, request).await;
                tokio::time::sleep(delay).await;
                answer
            }
            Lie::Overtaken => {
                let answer = self.arrive(dialect, request).await;
                tokio::time::sleep(self.script.longest / 8).await;
                answer
            }
            Lie::RequestOvertaken => {
                tokio::time::sleep(self.script.longest / 8).await;
                self.arrive(dialect, request).await
            }
            Lie::Twice => {
                let answer = self.arrive(dialect, request.clone()).await;
                self.arrive(dialect, request).await?;
                answer
            }
        }
    }
}

/// The way to one wire.
pub(super) struct Way {
    pub(super) net: Arc<Net>,
    pub(super) dialect: Dialect,
}

#[async_trait]
impl Transport for Way {
    async fn call(
        &self,
        does: Access,
        request: Request<Bytes>,
    ) -> Result<Response<Bytes>, TransportError> {
        self.net.exchange(self.dialect, does, request).await
    }
}

pub(super) async fn engine(config: &Config, clock: &Clock, data: &Path, net: &Arc<Net>) -> Engine {
    // Nobody listens to the news: the journal is what counts.
    opened(config, clock, data, net, false).await.0
}

pub(super) async fn opened(
    config: &Config,
    clock: &Clock,
    data: &Path,
    net: &Arc<Net>,
    polling: bool,
) -> (Engine, tokio::sync::mpsc::Receiver<EngineEvent>) {
    let net = Arc::clone(net);
    let way =
        move |dialect| -> Box<dyn Transport> { Box::new(Way { net: Arc::clone(&net), dialect }) };
    open_over(config.clone(), clock, data, false, polling, way).await
}

/// A folder in memory where there is one: these tests ask nothing of the disk, and there are many
/// of them.
pub(super) fn folder() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    let made = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    made.or_else(|_| tempfile::tempdir()).expect("a folder")
}

pub(super) fn small(seed: u64) -> Options {
    Options { seed, cards: 6, transactions: 0, busy: false, ..Options::default() }
}

pub(super) fn configured(
    sandbox: &Sandbox,
    base: &dyn Fn(Dialect) -> String,
    folder: &Path,
    timeout: &str,
) -> Config {
    let path = folder.join("cardtop.toml");
    sandbox.write_config(base, &path).expect("a configuration");
    let text = fs::read_to_string(&path).expect("the configuration");
    let text = text.replace("rate_limit = ", &format!("timeout = \"{timeout}\"\nrate_limit = "));
    fs::write(&path, text).expect("writing");
    Config::load(Some(&path)).expect("the sandbox writes a good configuration")
}

pub(super) fn key(dialect: Dialect, card: &str) -> CardKey {
    CardKey::new(&ProviderId::new(dialect.name()), card)
}

/// The cards that can be topped up.
pub(super) fn active(sandbox: &Sandbox, dialect: Dialect) -> Vec<String> {
    let active = |card: &String| sandbox.state(dialect, card) == Some(CardState::Active);
    sandbox.card_ids(dialect).into_iter().filter(active).collect()
}

/// Whole units of a currency; hundreds where it has no decimals, so that a fee of one in a hundred
/// is exact.
pub(super) fn units(sandbox: &Sandbox, dialect: Dialect, card: &str, count: u64) -> Money {
    let currency = sandbox.available(dialect, card).expect("the card").currency();
    let each = if currency.decimals() == Some(0) { 100 } else { 1 };
    Money::parse_input(&(count * each).to_string(), currency).expect("an amount of the test")
}

/// What a card receives of a top-up: artha keeps one in a hundred.
pub(super) fn received(dialect: Dialect, amount: Money) -> Decimal {
    match dialect {
        Dialect::Artha => amount.amount() - amount.amount() / Decimal::ONE_HUNDRED,
        Dialect::Banana | Dialect::Enkash | Dialect::Ibanera => amount.amount(),
    }
}

pub(super) fn order(engine: &Engine, card: &CardKey, amount: Money, second: bool) -> ChangeRequest {
    ChangeRequest {
        id: engine.new_operation_id(),
        card: card.clone(),
        action: Action::TopUp(amount),
        reason: Some("test".into()),
        shown: Expected::default(),
        on_conflict: if second { OnConflict::Override } else { OnConflict::Refuse },
        recent_credit: None,
        payer: None,
    }
}
