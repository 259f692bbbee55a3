//! The one that is killed: a cardtop without a screen, in a process of its own, that does what its
//! input says and answers a line for each. It must not keep anything but its data folder: whatever
//! it knew dies with it.
//!
//! It has no time of its own. Every line of its input begins with the time now, the timers stand
//! still until they are told that nobody waits any longer, and it can be stopped at any reading of
//! its clock: between any two steps of a change there is at least one.

use std::io::{BufRead, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, anyhow};
use cardtop::clock::Clock;
use cardtop::domain::card::{CardKey, ProviderId};
use cardtop::domain::money::Money;
use cardtop::domain::operation::{Action, OnConflict, OperationId, Refusal};
use cardtop::engine::{ChangeRequest, Engine, Expected, Purpose, Refused, Setup};
use cardtop::provider::Config;
use jiff::Timestamp;
use tokio::sync::mpsc;

/// Names the folder to work in: whoever is started with it is a worker.
pub(crate) const FOLDER: &str = "CARDTOP_TORTURE_FOLDER";

/// Says which of two data folders a worker has, where each has its own.
pub(crate) const DESK: &str = "CARDTOP_TORTURE_DESK";

/// How long cardtop waits for an answer, by its own timers.
pub(crate) const PATIENCE: Duration = Duration::from_secs(1);

/// The configuration in a worker's folder.
pub(crate) fn config(folder: &Path) -> PathBuf {
    folder.join("cardtop.toml")
}

/// The data folder in a worker's folder; where each desk has its own, of this desk.
pub(crate) fn data(folder: &Path, desk: Option<&str>) -> PathBuf {
    folder.join(desk.map_or_else(|| "data".to_owned(), |desk| format!("data-{desk}")))
}

/// Works until the input ends, if this process was started as a worker. False when it was not.
pub(crate) fn work() -> anyhow::Result<bool> {
    let Some(folder) = std::env::var_os(FOLDER).map(PathBuf::from) else { return Ok(false) };
    // Paused: a timer fires when the driver says that it is time, however long the machine takes.
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build()?;
    runtime.block_on(serve(&folder))?;
    Ok(true)
}

async fn serve(folder: &Path) -> anyhow::Result<()> {
    // Some test harnesses begin a line before they run what they run.
    say("");
    let hand = Arc::new(Hand::default());
    let (read, mut lines) = mpsc::channel(8);
    let listening = Arc::clone(&hand);
    // As long as this runs, the paused timers do not go forward by themselves.
    tokio::task::spawn_blocking(move || listen(&listening, &read));
    let mut life: Option<Life> = None;
    while let Some(line) = lines.recv().await {
        let not_understood = || anyhow!("not understood: {line}");
        let words: Vec<&str> = line.split(' ').collect();
        match (words.as_slice(), &life) {
            (["patience"], _) => tokio::time::advance(PATIENCE * 2).await,
            (["open", stop, provider], None) => {
                hand.stop_at(stop.parse()?);
                life = Some(Life::open(folder, provider, &hand).await?);
                hand.done("ready");
            }
            ([what, stop, number, rest @ ..], Some(life)) => {
                hand.stop_at(stop.parse()?);
                let (life, number) = (life.clone(), (*number).to_owned());
                let wish = Wish::read(&life.provider, what, rest).with_context(not_understood)?;
                // In a task of its own: meanwhile it may be told that its patience is at an end.
                tokio::spawn(async move {
                    let said = life.fulfil(&number, wish).await;
                    life.hand.done(&said);
                });
            }
            _ => return Err(not_understood()),
        }
    }
    Ok(())
}

/// Reads the input: the time of every line, and what cannot wait for its turn.
fn listen(hand: &Hand, read: &mpsc::Sender<String>) {
    for line in std::io::stdin().lock().lines().map_while(Result::ok) {
        let (time, what) = line.split_once(' ').unwrap_or((&line, ""));
        if let Ok(time) = time.parse() {
            hand.time.store(time, Ordering::SeqCst);
        }
        match what {
            "now" => say("now"),
            "go" => hand.go(),
            what if read.blocking_send(what.to_owned()).is_err() => break,
            _ => {}
        }
    }
    // Nobody is there any more who could let it go on.
    hand.go();
}

fn say(words: &str) {
    // Whoever does not listen any more will not miss it.
    let _gone = writeln!(std::io::stdout(), "{words}");
}

/// The driver's hand on the clock.
#[derive(Default)]
struct Hand {
    /// In milliseconds since 1970.
    time: AtomicI64,
    /// The clock stops at the reading that makes this zero.
    readings: AtomicU64,
    goes: Mutex<bool>,
    gone: Condvar,
}

impl Hand {
    fn clock(self: &Arc<Self>) -> Clock {
        let hand = Arc::clone(self);
        Clock::of(move || {
            if hand
                .readings
                .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1))
                == Ok(1)
            {
                hand.stand_still();
            }
            Timestamp::from_millisecond(hand.time.load(Ordering::SeqCst))
                .unwrap_or(Timestamp::UNIX_EPOCH)
        })
    }

    /// As when the process is stopped: nothing of it goes on.
    fn stand_still(&self) {
        say("stopped");
        let goes = self.goes.lock().unwrap_or_else(PoisonError::into_inner);
        *self.gone.wait_while(goes, |goes| !*goes).unwrap_or_else(PoisonError::into_inner) = false;
    }

    fn go(&self) {
        *self.goes.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.gone.notify_all();
    }

    /// The clock stops at the reading of this number from now on; 0 is never.
    fn stop_at(&self, reading: u64) {
        self.readings.store(reading, Ordering::SeqCst);
    }

    /// Something has ended and is told, after one more reading: here it can be stopped, too.
    fn done(self: &Arc<Self>, said: &str) {
        let _now = self.clock().now();
        self.stop_at(0);
        say(said);
    }
}

/// What is asked of a life.
enum Wish {
    Change { action: Action, card: CardKey, on_conflict: OnConflict },
    Check(OperationId),
}

impl Wish {
    fn read(provider: &ProviderId, what: &str, words: &[&str]) -> anyhow::Result<Self> {
        let change = |action, card, on_conflict| Self::Change {
            action,
            card: CardKey::new(provider, card),
            on_conflict,
        };
        Ok(match (what, words) {
            ("topup", [card, amount, currency, second]) => {
                let currency = currency.parse().map_err(|_| anyhow!("no currency"))?;
                change(
                    Action::TopUp(Money::parse_input(amount, currency)?),
                    card,
                    if *second == "second" { OnConflict::Override } else { OnConflict::Refuse },
                )
            }
            ("freeze", [card]) => change(Action::Freeze, card, OnConflict::Refuse),
            ("unfreeze", [card]) => change(Action::Unfreeze, card, OnConflict::Refuse),
            ("check", [id]) => Self::Check(id.parse()?),
            _ => return Err(anyhow!("no such wish")),
        })
    }
}

/// A cardtop from its start to its death.
#[derive(Clone)]
struct Life {
    engine: Engine,
    provider: ProviderId,
    hand: Arc<Hand>,
}

impl Life {
    async fn open(folder: &Path, provider: &str, hand: &Arc<Hand>) -> anyhow::Result<Self> {
        let provider = ProviderId::new(provider);
        let setup = Setup {
            config: Config::load(Some(&config(folder))).context("the configuration")?,
            data: data(folder, std::env::var_os(DESK).as_deref().and_then(|desk| desk.to_str())),
            notes: None,
            read_only: false,
            only: Some(provider.clone()),
            operator: "torture".into(),
            clock: hand.clock(),
            purpose: Purpose::Cards,
            transport: None,
        };
        // Nobody listens to the news.
        let engine = Engine::open(setup).await.map_err(|error| anyhow!(error))?.0;
        Ok(Self { engine, provider, hand: Arc::clone(hand) })
    }

    /// Does it, and says how it ended: `end` with the state that the journal has, or `refused` when
    /// it has nothing of it.
    async fn fulfil(&self, number: &str, wish: Wish) -> String {
        let (id, result) = match wish {
            Wish::Check(id) => (id, self.engine.check(id).await),
            Wish::Change { action, card, on_conflict } => {
                let id = self.engine.new_operation_id();
                say(&format!("begun {number} {id}"));
                let reason: Option<std::sync::Arc<str>> = Some(format!("number {number}").into());
                let amount = action.amount();
                let order = |action, recent_credit| ChangeRequest {
                    id,
                    card: card.clone(),
                    action,
                    reason: reason.clone(),
                    shown: Expected::default(),
                    on_conflict,
                    recent_credit,
                    payer: None,
                };
                match (self.engine.change(order(action, None), Duration::ZERO).await, amount) {
                    // The operator is told of the equal one, and wants another.
                    (Err(Refused::Repeats { credit, .. }), Some(amount)) => (
                        id,
                        self.engine
                            .change(order(Action::TopUp(amount), Some(credit)), Duration::ZERO)
                            .await,
                    ),
                    (result, _) => (id, result),
                }
            }
        };
        match result {
            Ok(operation) => format!("end {number} {}", operation.state.as_str()),
            // It was in the journal before it was refused; a look will tell how it stands there.
            Err(_) if self.engine.steps(id).await.is_ok_and(|steps| !steps.is_empty()) => {
                format!("end {number} UNSENT")
            }
            Err(refused) => format!(
                "refused {number} {} {}",
                class(&refused),
                refused.to_string().replace('\n', " ")
            ),
        }
    }
}

/// Why nothing was sent, in a word for the table.
fn class(refused: &Refused) -> &'static str {
    match refused {
        Refused::Unread(_) => "unread",
        Refused::Repeats { .. } => "repeats",
        Refused::Denied(Refusal::Open(_) | Refusal::OpenInJournal(_)) => "open",
        Refused::NoSuchOperation(_) => "none",
        Refused::Denied(_) | Refused::NotSettled(_) | Refused::NotConfirmed { .. } => "denied",
        Refused::Journal(_) | Refused::TooLate(_) => "journal",
        Refused::Died(_) => "died",
    }
}
