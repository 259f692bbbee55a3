//! Money under fire: seeded scripts of lost, late, cut and refused exchanges and of crashes, on all four wires.
//!
//! What is checked is the sandbox's own truth: every DONE has its credit, no FAILED has one, nothing is sent twice, nothing that reached
//! a provider is missing from the journal. A failure prints its seed; `CARDTOP_SEED=… cargo test --test it faults` repeats it.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use cardtop::clock::Clock;
use cardtop::config::Config;
use cardtop::domain::card::{CardKey, ProviderId};
use cardtop::domain::money::Money;
use cardtop::domain::operation::{Action, Operation, OperationId, OperationState};
use cardtop::engine::{Engine, News, Order, Refused, Setup, Shown};
use cardtop::provider::http::{Does, InProcess, Lost, Transport};
use cardtop::sandbox::world::CardState;
use cardtop::sandbox::{Dialect, Options, Sandbox};
use cardtop::store::{Store, journal};
use http::{Request, Response};
use jiff::{SignedDuration, Timestamp};
use rust_decimal::Decimal;
use tokio::sync::Notify;

use crate::harness::start;
use crate::proxy::{Dice, Lie, Proxy, Script, may_come_twice};

/// Scripts for each wire.
const SCRIPTS: u64 = 52;

/// Top-ups of a script.
const STEPS: u64 = 6;

/// One exchange in so many ends with the death of the program, beside the lies.
const CRASH_ONE_IN: u64 = 16;

fn lock<T>(what: &Mutex<T>) -> MutexGuard<'_, T> {
    what.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A clock that goes on over several lives of the program, each with a paused time of its own.
#[derive(Clone)]
struct Hours(Arc<Mutex<(Timestamp, tokio::time::Instant)>>);

impl Hours {
    fn new() -> Self {
        Self(Arc::new(Mutex::new((start(), tokio::time::Instant::now()))))
    }

    fn clock(&self) -> Clock {
        let hours = self.clone();
        Clock::of(move || {
            let (began, instant) = *lock(&hours.0);
            began.saturating_add(instant.elapsed()).unwrap_or(Timestamp::MAX)
        })
    }

    /// A new life begins at this moment.
    fn begin(&self, at: Timestamp) {
        *lock(&self.0) = (at, tokio::time::Instant::now());
    }
}

/// What happens to an exchange.
enum Fate {
    Told(Option<Lie>),
    /// The program dies, before or after the request has arrived.
    Crash {
        arrived: bool,
    },
}

/// A request that will arrive later.
struct Late {
    /// Of which exchange.
    number: u64,
    due: Timestamp,
    dialect: Dialect,
    request: Request<Bytes>,
}

/// Hears of a request that leaves, and whether it is a change.
type Leaving = Box<dyn Fn(bool) + Send>;

/// The network between cardtop and the bank, in this process.
struct Net {
    sandbox: Sandbox,
    clock: Clock,
    script: Script,
    honest: AtomicBool,
    crashes: AtomicBool,
    exchanges: AtomicU64,
    /// Requests of cardtop that may change something.
    sent: AtomicU64,
    /// What happens to the next changes, before the script is asked.
    planned: Mutex<VecDeque<Option<Lie>>>,
    /// Requests that will arrive, whoever is still there.
    late: Mutex<Vec<Late>>,
    told: Mutex<BTreeMap<&'static str, u64>>,
    crashed: Notify,
    /// Called when a request leaves, with whether it is a change.
    leaving: Mutex<Option<Leaving>>,
}

impl Net {
    fn new(sandbox: &Sandbox, clock: &Clock, script: Script) -> Arc<Self> {
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

    fn sent(&self) -> u64 {
        self.sent.load(Ordering::SeqCst)
    }

    fn fate(&self, number: u64, dialect: Dialect, does: Does) -> Fate {
        if does == Does::Write
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
        Fate::Told(self.script.lie(number, may_come_twice(dialect, does == Does::Write)))
    }

    async fn arrive(&self, dialect: Dialect, request: Request<Bytes>) -> Result<Response<Bytes>, Lost> {
        InProcess(self.sandbox.router(dialect)).call(Does::Read, request).await
    }

    /// Lets the late requests arrive that are due.
    async fn arrivals(&self) {
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

    async fn exchange(&self, dialect: Dialect, does: Does, request: Request<Bytes>) -> Result<Response<Bytes>, Lost> {
        self.arrivals().await;
        let number = self.exchanges.fetch_add(1, Ordering::SeqCst);
        if does == Does::Write {
            self.sent.fetch_add(1, Ordering::SeqCst);
        }
        if let Some(leaving) = &*lock(&self.leaving) {
            leaving(does == Does::Write);
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
        *lock(&self.told).entry(lie.word()).or_default() += 1;
        let lost = |said: &str| Err(Lost { reached: true, said: said.to_owned() });
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
struct Way {
    net: Arc<Net>,
    dialect: Dialect,
}

#[async_trait]
impl Transport for Way {
    async fn call(&self, does: Does, request: Request<Bytes>) -> Result<Response<Bytes>, Lost> {
        self.net.exchange(self.dialect, does, request).await
    }
}

async fn engine(config: &Config, clock: &Clock, data: &Path, net: Option<&Arc<Net>>) -> Engine {
    // Nobody listens to the news: the journal is what counts.
    opened(config, clock, data, net, false).await.0
}

async fn opened(
    config: &Config,
    clock: &Clock,
    data: &Path,
    net: Option<&Arc<Net>>,
    polling: bool,
) -> (Engine, tokio::sync::mpsc::Receiver<News>) {
    let net = net.cloned();
    let transport = net.map(|net| -> cardtop::engine::MakeTransport {
        Arc::new(move |provider| -> Box<dyn Transport> {
            let dialect = Dialect::ALL.into_iter().find(|dialect| dialect.name() == provider.kind()).expect("a known kind");
            Box::new(Way { net: Arc::clone(&net), dialect })
        })
    });
    let setup = Setup {
        config: config.clone(),
        data: data.to_owned(),
        read_only: false,
        only: None,
        operator: "anay".into(),
        clock: clock.clone(),
        polling,
        transport,
    };
    Engine::open(setup).await.expect("the data folder")
}

/// A folder in memory where there is one: these tests ask nothing of the disk, and there are many of them.
fn folder() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    let made = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    made.or_else(|_| tempfile::tempdir()).expect("a folder")
}

fn small(seed: u64) -> Options {
    Options { seed, cards: 6, transactions: 0, busy: false, ..Options::default() }
}

fn configured(sandbox: &Sandbox, base: &dyn Fn(Dialect) -> String, folder: &Path, timeout: &str) -> Config {
    let path = folder.join("cardtop.toml");
    sandbox.write_config(base, &path).expect("a configuration");
    let text = fs::read_to_string(&path).expect("the configuration");
    let text = text.replace("rate_limit = ", &format!("timeout = \"{timeout}\"\nrate_limit = "));
    fs::write(&path, text).expect("writing");
    Config::load(Some(&path)).expect("the sandbox writes a good configuration")
}

fn key(dialect: Dialect, card: &str) -> CardKey {
    CardKey::new(&ProviderId::new(dialect.name()), card)
}

/// The cards that can be topped up.
fn active(sandbox: &Sandbox, dialect: Dialect) -> Vec<String> {
    let active = |card: &String| sandbox.state(dialect, card) == Some(CardState::Active);
    sandbox.card_ids(dialect).into_iter().filter(active).collect()
}

/// Whole units of a currency; hundreds where it has no decimals, so that a fee of one in a hundred is exact.
fn units(sandbox: &Sandbox, dialect: Dialect, card: &str, count: u64) -> Money {
    let currency = sandbox.available(dialect, card).expect("the card").currency();
    let each = if currency.decimals() == Some(0) { 100 } else { 1 };
    Money::typed(&(count * each).to_string(), currency).expect("an amount of the test")
}

/// What a card receives of a top-up: artha keeps one in a hundred.
fn received(dialect: Dialect, amount: Money) -> Decimal {
    match dialect {
        Dialect::Artha => amount.amount() - amount.amount() / Decimal::ONE_HUNDRED,
        Dialect::Banana | Dialect::Enkash | Dialect::Ibanera => amount.amount(),
    }
}

fn order(engine: &Engine, card: &CardKey, amount: Money, second: bool) -> Order {
    Order {
        id: engine.new_operation_id(),
        card: card.clone(),
        action: Action::TopUp(amount),
        reason: Some("test".into()),
        shown: Shown::default(),
        second,
    }
}

/// What a script came to.
#[derive(Default)]
struct Tally {
    done: usize,
    failed: usize,
    unknown: usize,
    refused: usize,
    credits: usize,
    lives: usize,
    told: BTreeMap<&'static str, u64>,
}

impl Tally {
    fn add(&mut self, other: Self) {
        self.done += other.done;
        self.failed += other.failed;
        self.unknown += other.unknown;
        self.refused += other.refused;
        self.credits += other.credits;
        self.lives += other.lives;
        for (word, count) in other.told {
            *self.told.entry(word).or_default() += count;
        }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { done, failed, unknown, refused, credits, lives, told } = self;
        write!(
            f,
            "{done} DONE, {failed} FAILED, {unknown} UNKNOWN, {refused} refused, {credits} credits, {lives} lives; {told:?}"
        )
    }
}

/// Compares the journal with what the cards received.
fn judge(sandbox: &Sandbox, dialect: Dialect, cards: &[String], operations: &[Operation]) -> Result<Tally, String> {
    let mut tally = Tally::default();
    for card in cards {
        let mut books: BTreeMap<Decimal, (usize, Vec<&Operation>)> = BTreeMap::new();
        for credit in sandbox.credits(dialect, card) {
            books.entry(credit.normalize()).or_default().0 += 1;
        }
        for operation in operations.iter().filter(|operation| *operation.card.id == **card) {
            let amount = operation.amount.expect("a top-up has an amount");
            books.entry(received(dialect, amount).normalize()).or_default().1.push(operation);
        }
        for (sum, (credits, asked)) in books {
            let count = |state| asked.iter().filter(|operation| operation.state == state).count();
            let (done, failed) = (count(OperationState::Done), count(OperationState::Failed));
            let open = asked.len() - done - failed;
            let said = || {
                let each = asked.iter().map(|operation| {
                    format!("{} {} ({})", operation.id, operation.state.word(), operation.detail.as_deref().unwrap_or("-"))
                });
                format!("card {card}, {sum}: {credits} credits for {}", each.collect::<Vec<_>>().join(", "))
            };
            if asked.is_empty() {
                return Err(format!("LOST from the journal: {}", said()));
            }
            if done > credits {
                return Err(format!("DONE without a credit: {}", said()));
            }
            if credits > done + open {
                return Err(format!("a FAILED one was credited, or one twice: {}", said()));
            }
            let by_reference = matches!(dialect, Dialect::Enkash | Dialect::Ibanera);
            if credits > done && (by_reference || asked.len() == 1) {
                return Err(format!("it happened and can be found, but was not: {}", said()));
            }
            tally.done += done;
            tally.failed += failed;
            tally.unknown += open;
            tally.credits += credits;
        }
    }
    match sandbox.discrepancies(dialect) {
        wrong if wrong.is_empty() => Ok(tally),
        wrong => Err(format!("the sandbox's own books are wrong: {wrong:?}")),
    }
}

/// A script while it runs; what is in it outlives the program's crashes.
struct Course {
    dialect: Dialect,
    folder: tempfile::TempDir,
    config: Config,
    sandbox: Sandbox,
    clock: Clock,
    hours: Hours,
    net: Arc<Net>,
    cards: Vec<String>,
    dice: Dice,
    step: u64,
    amounts: u64,
    refused: usize,
}

impl Course {
    fn new(seed: u64, dialect: Dialect) -> Self {
        let hours = Hours::new();
        let clock = hours.clock();
        let sandbox = Sandbox::new(small(seed), clock.clone());
        let folder = folder();
        let config = configured(&sandbox, &|_| "http://127.0.0.1:9".to_owned(), folder.path(), "20s");
        // Some arrive after cardtop has stopped waiting, some after it has looked for them several times.
        let net = Net::new(&sandbox, &clock, Script::of(seed, dialect, Duration::from_secs(60)));
        net.crashes.store(true, Ordering::SeqCst);
        let cards = active(&sandbox, dialect).into_iter().take(2).collect();
        let dice = Dice::new(seed ^ 0xC0FF_EE00);
        Self { dialect, folder, config, sandbox, clock, hours, net, cards, dice, step: 0, amounts: 0, refused: 0 }
    }

    /// One life of the program. `None` when it crashed, else the journal at the end.
    async fn live(&mut self) -> Result<Option<Vec<Operation>>, String> {
        let net = Arc::clone(&self.net);
        tokio::select! {
            biased;
            () = net.crashed.notified() => Ok(None),
            ended = self.work() => ended.map(Some),
        }
    }

    async fn work(&mut self) -> Result<Vec<Operation>, String> {
        let before = self.net.sent();
        let engine = engine(&self.config, &self.clock, self.folder.path(), Some(&self.net)).await;
        let words = |error: String| error;
        for operation in engine.operations().await.map_err(words)?.into_iter().filter(Operation::is_open) {
            if operation.state == OperationState::Sent {
                return Err(format!("{} is still SENT after a crash", operation.id));
            }
            let _looked = engine.check(operation.id).await;
        }
        self.nothing_more_than(before, 0, "looking after a start")?;
        while self.step < STEPS {
            self.step += 1;
            self.top_up(&engine).await?;
            let before = self.net.sent();
            for operation in engine.operations().await.map_err(words)?.into_iter().filter(Operation::is_open) {
                if self.dice.below(3) == 0 {
                    let _looked = engine.check(operation.id).await;
                }
            }
            self.nothing_more_than(before, 0, "looking")?;
            tokio::time::sleep(Duration::from_secs(self.dice.below(90))).await;
        }
        self.settle(&engine).await
    }

    async fn top_up(&mut self, engine: &Engine) -> Result<(), String> {
        let card = usize::try_from(self.dice.below(self.cards.len() as u64)).expect("a small number");
        let card = self.cards.get(card).cloned().expect("one of the cards");
        // Mostly a sum of its own, by which its credit can be told from all others; sometimes the same again.
        self.amounts += 1;
        let count = if self.dice.below(4) == 0 { 7 } else { 20 + self.amounts };
        let amount = units(&self.sandbox, self.dialect, &card, count);
        let wait = Duration::from_secs(*[0, 5, 40].get(usize::try_from(self.dice.below(3)).unwrap_or(0)).unwrap_or(&0));
        let card = key(self.dialect, &card);
        let second = self.dice.below(3) == 0;
        let before = self.net.sent();
        if self.dice.below(4) == 0 {
            let one = order(engine, &card, amount, second);
            let other = order(engine, &card, amount, true);
            let (one, other) = tokio::join!(engine.change(one, wait), engine.change(other, wait));
            let went = u64::from(one.is_ok()) + u64::from(other.is_ok());
            self.refused += usize::from(one.is_err()) + usize::from(other.is_err());
            return self.nothing_more_than(before, went, "two top-ups at once");
        }
        // An operator whose card could not be read tries again.
        for _ in 0..4 {
            match engine.change(order(engine, &card, amount, second), wait).await {
                Ok(_) => return self.nothing_more_than(before, 1, "a top-up"),
                Err(refused) => {
                    self.refused += 1;
                    self.nothing_more_than(before, 0, "a top-up that was refused before it was sent")?;
                    if !matches!(refused, Refused::Unread(_)) {
                        break;
                    }
                }
            }
        }
        Ok(())
    }

    fn nothing_more_than(&self, before: u64, most: u64, when: &str) -> Result<(), String> {
        let sent = self.net.sent() - before;
        if sent > most { Err(format!("{when}: {sent} changes were sent, at most {most} may be")) } else { Ok(()) }
    }

    /// The network is well again: whatever can be found is found.
    async fn settle(&mut self, engine: &Engine) -> Result<Vec<Operation>, String> {
        self.net.honest.store(true, Ordering::SeqCst);
        tokio::time::sleep(self.net.script.longest).await;
        self.net.arrivals().await;
        let before = self.net.sent();
        for _ in 0..5 {
            tokio::time::sleep(Duration::from_secs(10)).await;
            for operation in engine.operations().await?.into_iter().filter(Operation::is_open) {
                engine.check(operation.id).await.map_err(|refused| refused.to_string())?;
            }
        }
        self.nothing_more_than(before, 0, "looking at the end")?;
        engine.verify().await?;
        let operations = engine.operations().await?;
        for operation in &operations {
            let steps = engine.steps(operation.id).await?;
            if steps.first().is_none_or(|step| &*step.what != "intent") {
                return Err(format!("{} does not begin with its intent", operation.id));
            }
        }
        Ok(operations)
    }
}

/// Says which seed it was when a test dies.
struct Blame(Dialect, u64);

#[expect(clippy::print_stderr, reason = "whoever reads the failure has to know what to repeat")]
impl Drop for Blame {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{}: repeat with CARDTOP_SEED={}", self.0.name(), self.1);
        }
    }
}

fn run(seed: u64, dialect: Dialect) -> Tally {
    let blame = Blame(dialect, seed);
    let life = || tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().expect("a runtime");
    let mut course = life().block_on(async { Course::new(seed, dialect) });
    let mut lives = 0;
    let mut now = start();
    let mut tally = loop {
        lives += 1;
        assert!(lives < 500, "it crashes for ever");
        let runtime = life();
        let ended = runtime.block_on(async {
            course.hours.begin(now);
            let ended = course.live().await.unwrap_or_else(|why| panic!("{why}"));
            now = course.clock.now();
            ended.map(|operations| {
                judge(&course.sandbox, dialect, &course.cards, &operations).unwrap_or_else(|why| panic!("{why}"))
            })
        });
        // Everything that was under way ends here, as when the power fails.
        drop(runtime);
        match ended {
            Some(tally) => break tally,
            None => {
                let away = SignedDuration::from_secs(i64::try_from(course.dice.below(300)).unwrap_or(0));
                now = now.saturating_add(away).expect("a time of the test");
            }
        }
    };
    tally.refused = course.refused;
    tally.lives = lives;
    tally.told = lock(&course.net.told).clone();
    drop(blame);
    tally
}

/// The seed that somebody wants repeated.
fn wanted_seed() -> Option<u64> {
    std::env::var_os("CARDTOP_SEED")?.to_str()?.parse().ok()
}

#[expect(clippy::print_stdout, reason = "shown with --nocapture: what the scripts came to")]
fn torment(dialect: Dialect) {
    let mut tally = Tally::default();
    match wanted_seed() {
        Some(seed) => tally.add(run(seed, dialect)),
        None => {
            for seed in 1..=SCRIPTS {
                tally.add(run(seed, dialect));
            }
            // It must have been a torment.
            let kinds = Lie::all(Duration::ZERO).len() + 1;
            assert_eq!(tally.told.len(), kinds, "some faults were never met: {tally}");
            assert!(tally.done > 100 && tally.failed > 1 && tally.unknown > 5 && tally.lives > 100, "{tally}");
        }
    }
    println!("{}: {tally}", dialect.name());
}

#[test]
fn artha_pays_once_for_each_done_whatever_the_network_and_the_power_do() {
    torment(Dialect::Artha);
}

#[test]
fn banana_pays_once_for_each_done_whatever_the_network_and_the_power_do() {
    torment(Dialect::Banana);
}

#[test]
fn enkash_pays_once_for_each_done_whatever_the_network_and_the_power_do() {
    torment(Dialect::Enkash);
}

#[test]
fn ibanera_pays_once_for_each_done_whatever_the_network_and_the_power_do() {
    torment(Dialect::Ibanera);
}

#[tokio::test(start_paused = true)]
async fn identical_top_ups_looked_for_at_once_never_share_one_credit() {
    let lies = [
        None,
        Some(Lie::LoseRequest),
        Some(Lie::LoseAnswer),
        Some(Lie::LateRequest(Duration::from_secs(50))),
        Some(Lie::Fail500),
        Some(Lie::Refuse429),
    ];
    for dialect in [Dialect::Banana, Dialect::Artha] {
        for first in lies {
            for second in lies {
                let said = format!("{}: {first:?}, then {second:?}", dialect.name());
                let clock = Clock::from(start());
                let sandbox = Sandbox::new(small(3), clock.clone());
                let folder = folder();
                let config = configured(&sandbox, &|_| "http://127.0.0.1:9".to_owned(), folder.path(), "20s");
                let net = Net::new(&sandbox, &clock, Script::of(1, dialect, Duration::from_secs(50)));
                net.honest.store(true, Ordering::SeqCst);
                lock(&net.planned).extend([first, second]);
                let engine = engine(&config, &clock, folder.path(), Some(&net)).await;
                let card = active(&sandbox, dialect).swap_remove(0);
                let amount = units(&sandbox, dialect, &card, 25);
                let card_key = key(dialect, &card);
                let one = engine.change(order(&engine, &card_key, amount, false), Duration::ZERO).await.expect(&said);
                let two = engine.change(order(&engine, &card_key, amount, true), Duration::ZERO).await.expect(&said);
                for _ in 0..6 {
                    let _both = tokio::join!(engine.check(one.id), engine.check(two.id));
                    let operations = engine.operations().await.expect("the journal");
                    let done = operations.iter().filter(|operation| operation.state == OperationState::Done).count();
                    let credits = sandbox.credits(dialect, &card).len();
                    let words: Vec<_> = operations.iter().map(|operation| (operation.state, &operation.detail)).collect();
                    assert!(done <= credits, "{said}: {done} DONE of {credits} credits: {words:#?}");
                    tokio::time::sleep(Duration::from_secs(11)).await;
                    net.arrivals().await;
                }
                let operations = engine.operations().await.expect("the journal");
                judge(&sandbox, dialect, std::slice::from_ref(&card), &operations).unwrap_or_else(|why| panic!("{said}: {why}"));
                assert_eq!(net.sent(), 2, "{said}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_change_that_takes_long_is_not_taken_for_a_crash_by_the_board_that_sends_it() {
    let clock = Clock::from(start());
    let sandbox = Sandbox::new(small(3), clock.clone());
    let folder = folder();
    let config = configured(&sandbox, &|_| "http://127.0.0.1:9".to_owned(), folder.path(), "60s");
    let net = Net::new(&sandbox, &clock, Script::of(1, Dialect::Enkash, Duration::from_secs(50)));
    net.honest.store(true, Ordering::SeqCst);
    lock(&net.planned).push_back(Some(Lie::LateAnswer(Duration::from_secs(50))));
    // The board: it reads by itself, and looks for what other processes left behind.
    let (engine, mut news) = opened(&config, &clock, folder.path(), Some(&net), true).await;
    let listening = tokio::spawn(async move { while news.recv().await.is_some() {} });
    let card = active(&sandbox, Dialect::Enkash).swap_remove(0);
    let order = order(&engine, &key(Dialect::Enkash, &card), units(&sandbox, Dialect::Enkash, &card, 25), false);
    let id = order.id;
    let operation = engine.change(order, Duration::from_secs(60)).await.unwrap_or_else(|refused| panic!("{refused}"));
    let steps = engine.steps(id).await.expect("the journal");
    let words: Vec<&str> = steps.iter().map(|step| &*step.what).collect();
    assert!(!words.contains(&"crash") && words.contains(&"answer"), "{words:?}");
    assert_eq!(operation.state, OperationState::Done, "{:?}", operation.detail);
    engine.stop().await;
    listening.abort();
}

#[tokio::test(start_paused = true)]
async fn a_change_that_could_not_be_noted_as_sent_is_not_left_in_doubt() {
    let clock = Clock::from(start());
    let sandbox = Sandbox::new(small(3), clock.clone());
    let folder = folder();
    let config = configured(&sandbox, &|_| "http://127.0.0.1:9".to_owned(), folder.path(), "20s");
    let net = Net::new(&sandbox, &clock, Script::of(1, Dialect::Banana, Duration::from_secs(50)));
    net.honest.store(true, Ordering::SeqCst);
    let engine = engine(&config, &clock, folder.path(), Some(&net)).await;
    let card = active(&sandbox, Dialect::Banana).swap_remove(0);
    let top_up = || order(&engine, &key(Dialect::Banana, &card), units(&sandbox, Dialect::Banana, &card, 25), false);
    // The disk takes the intent and no more.
    let disk = rusqlite::Connection::open(folder.path().join(cardtop::store::FILE)).expect("the data file");
    let full = "CREATE TRIGGER full BEFORE INSERT ON line WHEN NEW.what = 'sent' BEGIN SELECT RAISE(ABORT, 'full'); END";
    disk.execute_batch(full).expect("a trigger");
    let refused = engine.change(top_up(), Duration::ZERO).await.expect_err("it cannot be noted");
    assert!(refused.to_string().contains("nothing was sent"), "{refused}");
    assert_eq!(net.sent(), 0);
    let operations = engine.operations().await.expect("the journal");
    let states: Vec<_> = operations.iter().map(|operation| operation.state).collect();
    assert_eq!(states, [OperationState::Failed], "nothing was sent, and the journal has to say so");
    disk.execute_batch("DROP TRIGGER full").expect("room again");
    let sent = engine.change(top_up(), Duration::from_secs(60)).await.unwrap_or_else(|refused| panic!("{refused}"));
    assert_eq!((sent.state, net.sent()), (OperationState::Done, 1), "{:?}", sent.detail);
}

#[tokio::test(start_paused = true)]
async fn a_program_that_dies_before_anything_left_keeps_no_card_waiting() {
    let clock = Clock::from(start());
    let sandbox = Sandbox::new(small(3), clock.clone());
    let folder = folder();
    let config = configured(&sandbox, &|_| "http://127.0.0.1:9".to_owned(), folder.path(), "20s");
    let net = Net::new(&sandbox, &clock, Script::of(1, Dialect::Banana, Duration::from_secs(50)));
    net.honest.store(true, Ordering::SeqCst);
    let engine = engine(&config, &clock, folder.path(), Some(&net)).await;
    let card = active(&sandbox, Dialect::Banana).swap_remove(0);
    let top_up = || order(&engine, &key(Dialect::Banana, &card), units(&sandbox, Dialect::Banana, &card, 25), false);
    // The disk takes the intent, and then nothing more until the next start: what the file holds is what a crash leaves.
    let disk = rusqlite::Connection::open(folder.path().join(cardtop::store::FILE)).expect("the data file");
    let full = "CREATE TRIGGER full BEFORE INSERT ON line WHEN NEW.what <> 'intent' BEGIN SELECT RAISE(ABORT, 'full'); END";
    disk.execute_batch(full).expect("a trigger");
    let order = top_up();
    let id = order.id;
    engine.change(order, Duration::ZERO).await.expect_err("it cannot be noted as sent");
    disk.execute_batch("DROP TRIGGER full; UPDATE operation SET process = 0").expect("room again, and the process is gone");
    let again = self::engine(&config, &clock, folder.path(), Some(&net)).await;
    let found = again.operations().await.expect("the journal");
    let states: Vec<_> = found.iter().map(|operation| (operation.id, operation.state)).collect();
    assert_eq!(states, [(id, OperationState::Failed)], "nothing left: it is not in doubt");
    let sent = again.change(top_up(), Duration::from_secs(60)).await.unwrap_or_else(|refused| panic!("{refused}"));
    assert_eq!((sent.state, net.sent()), (OperationState::Done, 1), "{:?}", sent.detail);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_the_disk_did_not_take_is_written_as_soon_as_it_does() {
    let clock = Clock::from(start());
    let sandbox = Sandbox::new(small(3), clock.clone());
    let folder = folder();
    let config = configured(&sandbox, &|_| "http://127.0.0.1:9".to_owned(), folder.path(), "20s");
    let net = Net::new(&sandbox, &clock, Script::of(1, Dialect::Artha, Duration::from_secs(50)));
    net.honest.store(true, Ordering::SeqCst);
    let engine = engine(&config, &clock, folder.path(), Some(&net)).await;
    let card = active(&sandbox, Dialect::Artha).swap_remove(0);
    let order = order(&engine, &key(Dialect::Artha, &card), units(&sandbox, Dialect::Artha, &card, 25), false);
    let id = order.id;
    let disk = rusqlite::Connection::open(folder.path().join(cardtop::store::FILE)).expect("the data file");
    let full = "CREATE TRIGGER full BEFORE INSERT ON line WHEN NEW.what = 'answer' BEGIN SELECT RAISE(ABORT, 'full'); END";
    disk.execute_batch(full).expect("a trigger");
    let operation = engine.change(order, Duration::ZERO).await.unwrap_or_else(|refused| panic!("{refused}"));
    assert_eq!((operation.state, operation.provider_reference), (OperationState::Unknown, None), "the journal has no answer");
    assert!(engine.check(id).await.is_ok_and(|operation| operation.provider_reference.is_none()), "still no room");
    disk.execute_batch("DROP TRIGGER full").expect("room again");
    let operation = engine.check(id).await.unwrap_or_else(|refused| panic!("{refused}"));
    assert!(operation.provider_reference.is_some(), "artha's task, by which it is asked for: {:?}", operation.detail);
    let words: Vec<String> = engine.steps(id).await.expect("the journal").iter().map(|step| step.what.to_string()).collect();
    assert!(words.contains(&"answer".to_owned()), "{words:?}");
    assert_eq!(net.sent(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_state_that_the_network_sets_twice_is_set_and_was_asked_once() {
    for dialect in Dialect::ALL {
        let clock = Clock::from(start());
        let sandbox = Sandbox::new(small(3), clock.clone());
        let folder = folder();
        let config = configured(&sandbox, &|_| "http://127.0.0.1:9".to_owned(), folder.path(), "20s");
        let net = Net::new(&sandbox, &clock, Script::of(1, dialect, Duration::from_secs(50)));
        net.honest.store(true, Ordering::SeqCst);
        let engine = engine(&config, &clock, folder.path(), Some(&net)).await;
        let card = active(&sandbox, dialect).swap_remove(0);
        for (action, state) in [(Action::Freeze, CardState::Frozen), (Action::Unfreeze, CardState::Active)] {
            lock(&net.planned).push_back(Some(Lie::Twice));
            let (sent, writes) = (net.sent(), sandbox.writes());
            let order = Order { action, ..order(&engine, &key(dialect, &card), units(&sandbox, dialect, &card, 1), false) };
            let operation = engine.change(order, Duration::from_secs(60)).await.unwrap_or_else(|refused| panic!("{refused}"));
            assert_eq!(operation.state, OperationState::Done, "{}: {:?}", dialect.name(), operation.detail);
            assert_eq!((net.sent(), sandbox.state(dialect, &card)), (sent + 1, Some(state)), "{}", dialect.name());
            // artha's nonce keeps the second one out; elsewhere it comes in and sets what is set already.
            let came_in = if dialect == Dialect::Artha { 1 } else { 2 };
            assert_eq!(sandbox.writes(), writes + came_in, "{}", dialect.name());
        }
    }
}

/// Delivers every change twice and passes on what the provider said to the second.
struct Echo(Way);

#[async_trait]
impl Transport for Echo {
    async fn call(&self, does: Does, request: Request<Bytes>) -> Result<Response<Bytes>, Lost> {
        if does == Does::Write {
            self.0.net.arrive(self.0.dialect, request.clone()).await?;
        }
        self.0.net.arrive(self.0.dialect, request).await
    }
}

#[tokio::test(start_paused = true)]
async fn a_change_that_the_network_repeated_is_not_failed_because_its_echo_was_refused() {
    let clock = Clock::from(start());
    let sandbox = Sandbox::new(small(3), clock.clone());
    let folder = folder();
    let config = configured(&sandbox, &|_| "http://127.0.0.1:9".to_owned(), folder.path(), "20s");
    let net = Net::new(&sandbox, &clock, Script::of(1, Dialect::Artha, Duration::from_secs(50)));
    let way = Arc::clone(&net);
    let setup = Setup {
        config,
        data: folder.path().to_owned(),
        read_only: false,
        only: Some(ProviderId::new("artha")),
        operator: "anay".into(),
        clock,
        polling: false,
        transport: Some(Arc::new(move |_| Box::new(Echo(Way { net: Arc::clone(&way), dialect: Dialect::Artha })))),
    };
    let (engine, _news) = Engine::open(setup).await.expect("the data folder");
    let card = active(&sandbox, Dialect::Artha).swap_remove(0);
    let order = order(&engine, &key(Dialect::Artha, &card), units(&sandbox, Dialect::Artha, &card, 25), false);
    let operation = engine.change(order, Duration::from_secs(60)).await.unwrap_or_else(|refused| panic!("{refused}"));
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert_eq!(sandbox.credits(Dialect::Artha, &card).len(), 1);
    assert_eq!(operation.state, OperationState::Done, "{:?}", operation.detail);
}

/// Database and write-ahead log as they are at a moment, as a power loss leaves them.
#[derive(Clone)]
struct Copied {
    /// A change had left by then.
    reached: bool,
    when: String,
    database: Vec<u8>,
    log: Vec<u8>,
}

fn copied(data: &Path, when: String, reached: bool) -> Copied {
    let read = |name: String| fs::read(data.join(name)).unwrap_or_default();
    let database = read(cardtop::store::FILE.to_owned());
    Copied { reached, when, database, log: read(format!("{}-wal", cardtop::store::FILE)) }
}

impl Copied {
    /// What a journal opened from this copy holds; its chain is checked.
    async fn operations(&self) -> Vec<OperationId> {
        let folder = folder();
        let at = |name: String| -> PathBuf { folder.path().join(name) };
        fs::write(at(cardtop::store::FILE.to_owned()), &self.database).expect("writing");
        fs::write(at(format!("{}-wal", cardtop::store::FILE)), &self.log).expect("writing");
        let store = Store::open(folder.path()).unwrap_or_else(|error| panic!("{}: {error}", self.when));
        let (verified, operations) = store
            .journal(|db| Ok((journal::verify(db)?, journal::newest(db, 100)?)))
            .await
            .unwrap_or_else(|error| panic!("{}: {error}", self.when));
        verified.unwrap_or_else(|broken| panic!("{}: {broken}", self.when));
        operations.into_iter().map(|operation| operation.id).collect()
    }
}

#[tokio::test(start_paused = true)]
async fn a_copy_of_the_data_file_at_any_moment_knows_every_change_that_left() {
    for dialect in Dialect::ALL {
        let clock = Clock::from(start());
        let sandbox = Sandbox::new(small(3), clock.clone());
        let folder = folder();
        let data = folder.path().to_owned();
        let config = configured(&sandbox, &|_| "http://127.0.0.1:9".to_owned(), &data, "20s");
        let net = Net::new(&sandbox, &clock, Script::of(1, dialect, Duration::from_secs(50)));
        net.honest.store(true, Ordering::SeqCst);
        let copies: Arc<Mutex<Vec<Copied>>> = Arc::default();
        let (taking, from) = (Arc::clone(&copies), data.clone());
        *lock(&net.leaving) = Some(Box::new(move |write| {
            let mut copies = lock(&taking);
            let reached = write || copies.iter().any(|copy| copy.reached);
            let when = format!("{}, request {}", dialect.name(), copies.len());
            copies.push(copied(&from, when, reached));
        }));
        let engine = engine(&config, &clock, &data, Some(&net)).await;
        let card = active(&sandbox, dialect).swap_remove(0);
        let amount = units(&sandbox, dialect, &card, 25);
        let order = order(&engine, &key(dialect, &card), amount, false);
        let id = order.id;
        let operation = engine.change(order, Duration::from_secs(60)).await.unwrap_or_else(|refused| panic!("{refused}"));
        assert_eq!(operation.state, OperationState::Done, "{}: {:?}", dialect.name(), operation.detail);
        let end = copied(&data, format!("{}, the end", dialect.name()), true);
        let copies = lock(&copies).clone();
        let left = copies.iter().find(|copy| copy.reached).cloned().expect("a change left");
        assert!(copies.iter().any(|copy| !copy.reached) && copies.len() > 3, "too few copies to say anything");
        for copy in copies.iter().chain([&end]) {
            let held = copy.operations().await;
            assert!(!copy.reached || held.contains(&id), "{}: the change had left, and the journal does not know it", copy.when);
        }
        // What was written after the change had left may be on the disk up to any byte.
        assert!(end.log.len() > left.log.len() && left.log.len() > 4_096 && end.database == left.database);
        let mut length = left.log.len();
        while length <= end.log.len() {
            let log = end.log.get(..length).expect("within the log").to_vec();
            let cut = Copied { log, when: format!("{}, log cut at {length}", dialect.name()), ..end.clone() };
            assert!(cut.operations().await.contains(&id), "{}", cut.when);
            length += 1_531;
        }
        // And what was written before it left breaks nothing, wherever it ends.
        for length in (0..left.log.len()).step_by(4_099) {
            let log = left.log.get(..length).expect("within the log").to_vec();
            let cut = Copied { log, when: format!("{}, log cut at {length}", dialect.name()), ..left.clone() };
            assert!(cut.operations().await.len() <= 1);
        }
    }
}

/// A clock that is moved by hand.
fn by_hand() -> (Clock, Arc<AtomicI64>) {
    let moved = Arc::new(AtomicI64::new(0));
    let told = Arc::clone(&moved);
    let clock = Clock::of(move || {
        start().saturating_add(SignedDuration::from_millis(told.load(Ordering::SeqCst))).expect("a time of the test")
    });
    (clock, moved)
}

/// What a lie about a top-up comes to: the state in the end, and whether the card was paid.
const fn expected(lie: Lie) -> (OperationState, usize) {
    match lie {
        Lie::LoseRequest | Lie::ResetRequest | Lie::Fail500 => (OperationState::Unknown, 0),
        Lie::Refuse429 => (OperationState::Failed, 0),
        Lie::LateRequest(_)
        | Lie::Fail500After
        | Lie::LoseAnswer
        | Lie::ResetAnswer
        | Lie::CutAnswer
        | Lie::ShortAnswer
        | Lie::Page
        | Lie::LateAnswer(_)
        | Lie::Overtaken
        | Lie::RequestOvertaken
        | Lie::Twice => (OperationState::Done, 1),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_lie_over_a_real_connection_ends_where_it_should() {
    let (clock, moved) = by_hand();
    let sandbox = Sandbox::new(Options { cards: 24, ..small(3) }, clock.clone());
    let serving = sandbox.serve(None).await.expect("four free ports");
    let mut proxies = Vec::new();
    for dialect in Dialect::ALL {
        let script = Script::of(1, dialect, Duration::from_millis(1_200));
        let proxy = Proxy::start(dialect, serving.addr(dialect), script).await.expect("a free port");
        proxy.be_honest(true);
        proxies.push((dialect, proxy));
    }
    let folder = folder();
    let base = |dialect: Dialect| {
        let found = proxies.iter().find(|(of, _)| *of == dialect);
        found.map(|(_, proxy)| proxy.base()).unwrap_or_default()
    };
    let config = configured(&sandbox, &base, folder.path(), "1s");
    let engine = engine(&config, &clock, folder.path(), None).await;
    // Longer than cardtop waits: the request arrives when it has given up.
    for (place, lie) in Lie::all(Duration::from_millis(1_200)).into_iter().enumerate() {
        let each = proxies.iter().map(|(dialect, proxy)| {
            let (sandbox, engine, moved) = (&sandbox, &engine, &moved);
            async move {
                let said = format!("{}: {lie:?}", dialect.name());
                if lie == Lie::Twice && !may_come_twice(*dialect, true) {
                    return;
                }
                let card = active(sandbox, *dialect).into_iter().nth(place).expect("a card for each");
                let (sent, exchanges) = (proxy.sent(), proxy.exchanges());
                proxy.plan(lie);
                let order = order(engine, &key(*dialect, &card), units(sandbox, *dialect, &card, 25), false);
                let id = order.id;
                let asked = engine.change(order, Duration::ZERO).await;
                proxy.quiet().await;
                let asked = asked.unwrap_or_else(|refused| panic!("{said}: {refused}"));
                assert!(
                    matches!(asked.state, OperationState::Accepted | OperationState::Unknown | OperationState::Failed),
                    "{said}"
                );
                moved.fetch_add(6_000, Ordering::SeqCst);
                // Two looks: the first may find it under way.
                let _first = engine.check(id).await;
                let found = engine.check(id).await.unwrap_or_else(|refused| panic!("{said}: {refused}"));
                let (state, credits) = expected(lie);
                assert_eq!(found.state, state, "{said}: {:?}", found.detail);
                assert_eq!(sandbox.credits(*dialect, &card).len(), credits, "{said}");
                assert_eq!(proxy.sent(), sent + 1, "{said}: it was sent again");
                assert!(proxy.exchanges() > exchanges + 1, "{said}: it was not looked for");
                assert_eq!(proxy.told().get(lie.word()), Some(&1), "{said}");
            }
        });
        futures::future::join_all(each).await;
    }
    assert!(engine.verify().await.is_ok());
    serving.stop().await;
}
