//! `watch`: what is new, as lines, until it is stopped.
//!
//! It never looks alive when it is not: a heartbeat says how complete the feed is and which
//! accounts are not read, and the command ends with the engine.

mod accounts;
mod feed;
mod line;
mod reader;
mod remembered;

use std::time::Duration;

use clap::{Args, ValueEnum};
use jiff::{SignedDuration, Timestamp};
use tokio::sync::mpsc;
use tokio::time::{Interval, MissedTickBehavior, interval};

use super::exit::{Exit, warn};
use super::failure::{Failure, Outcome};
use super::global::{Format, Global};
use super::session::{
    configuration, data_folder, filter, not_opened, only, operator, parsed_filter,
    say_what_takes_long, view,
};
use super::shutdown::Shutdown;
use super::{Run, print};
use crate::clock::Clock;
use crate::config::{self, Listen, read_duration};
use crate::contract::{FailureKind, RowBefore, Rows, TransactionRow, View};
use crate::domain::filter::Filter;
use crate::domain::transaction::Transaction;
use crate::engine::{Engine, EngineEvent, KeptTransactions, PageKey, Purpose, Setup};
use crate::listen::{Receiver, Receiving};
use feed::{Feed, News};

/// How often it is asked whether another process wrote into the data file: a number in shared
/// memory.
const GLANCE: Duration = Duration::from_secs(1);

/// Transactions of the data file that are read at a time.
const PAGE: u32 = 1_000;

/// Print what is new until it is stopped: transactions, other states of cards, operations and
/// providers; a line each, with --json a JSON object each
#[derive(Debug, Args)]
#[command(after_help = "\
--filter chooses among transactions; --only leaves the other kinds of lines out. A transaction is \
printed when it is new, and again when its state or amount changed. What happened before the start \
is not news, unless --since says so. docs/contract.md has every field.")]
pub(crate) struct Watch {
    /// First print what the data file has since then, and take what is read of that time for new:
    /// 10m, 8h, 2d
    #[arg(long, value_name = "TIME", value_parser = since)]
    since: Option<Duration>,
    /// Print the first transaction that matches, and end with exit code 10: such as
    /// 'state:declined amount>100'
    #[arg(long, value_name = "EXPR", allow_hyphen_values = true)]
    exit_on: Option<String>,
    /// Only lines of these kinds, joined by commas; the heartbeat has a flag of its own
    #[arg(long, value_name = "KINDS", value_delimiter = ',')]
    only: Vec<Topic>,
    /// How often a line says how complete all of this is; 0 for never
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = beat)]
    heartbeat: Duration,
}

/// A kind of line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Topic {
    Transactions,
    Cards,
    Operations,
    Health,
}

impl Run for Watch {
    fn filtered(&self) -> Option<Rows> {
        Some(Rows::Transactions)
    }

    fn may_be_interrupted(&self) -> bool {
        false
    }

    async fn run(self, global: &Global, clock: Clock) -> Outcome {
        let mut shutdown = Shutdown::listen()?;
        if global.format() == Format::Csv {
            return Err(Failure::usage(
                "watch prints records of several kinds, which no CSV holds: use --json, or \
                 cardtop transactions --format csv",
            ));
        }
        tokio::select! {
            biased;
            ended = self.watch(global, clock) => ended,
            () = reader::gone() => Ok(Exit::Done),
            _signal = shutdown.requested() => Ok(Exit::Done),
        }
    }
}

impl Watch {
    async fn watch(self, global: &Global, clock: Clock) -> Outcome {
        let config = configuration(global)?;
        let started = clock.now();
        let view = view(global, &config.board.timezone, started)?;
        let filter = filter(global, &view)?;
        let exit_on = self.exit_on.as_deref();
        let exit_on =
            exit_on.map(|text| parsed_filter("--exit-on", Rows::Transactions, text, &view));
        let exit_on = exit_on.transpose()?;
        let back = SignedDuration::try_from(self.since.unwrap_or_default()).unwrap_or_default();
        let from = started.checked_sub(back).unwrap_or(Timestamp::MIN);
        let listen = config.listen;
        let data = data_folder(global.data.as_deref())?;
        say_what_takes_long(&data);
        let setup = Setup {
            only: only(global, &config)?,
            data,
            notes: config::state_dir(),
            // Nothing is changed from here.
            read_only: true,
            operator: operator(),
            clock: clock.clone(),
            purpose: Purpose::Board,
            transport: None,
            config,
        };
        let (engine, events) = Engine::open(setup).await.map_err(|error| not_opened(&error))?;
        let receiving = receive(&engine, listen).await;
        let feed = Feed::new(from, started, engine.providers());
        let lines = Lines {
            filter,
            exit_on,
            only: self.only,
            format: global.format(),
            view,
            clock,
            matched: false,
        };
        let watching = Watching { engine, events, feed, lines, receiving, from };
        watching.run(self.heartbeat).await
    }
}

/// Receives what providers push, where the configuration says so. A feed without pushes is a feed
/// all the same.
async fn receive(engine: &Engine, listen: Listen) -> Option<Receiving> {
    if !listen.enabled {
        return None;
    }
    match Receiver::bind(listen.addr).await {
        Ok(receiver) => Some(receiver.start(engine.clone(), None)),
        Err(error) => {
            warn(&format!(
                "pushes are not received here, everything is polled: {} cannot be listened on: \
                 {error}; another cardtop may have it, or set [listen] addr",
                listen.addr
            ));
            None
        }
    }
}

/// A feed that is printed while it comes.
struct Watching {
    engine: Engine,
    events: mpsc::Receiver<EngineEvent>,
    feed: Feed,
    lines: Lines,
    receiving: Option<Receiving>,
    /// What happened from then on is news.
    from: Timestamp,
}

/// Why printing ends.
type Ended = Option<Exit>;

impl Watching {
    async fn run(mut self, every: Duration) -> Outcome {
        // Before anything is read: so each change of it is seen as one.
        let kept = self.engine.kept_transactions().await.map_err(Failure::data_file)?;
        let mut first = Vec::new();
        while let Ok(event) = self.events.try_recv() {
            // These are among the kept ones.
            if !matches!(event, EngineEvent::Transactions(_)) {
                first.push(event);
            }
        }
        let pages = self.remember(&kept).await?;
        let mut kept = Some((kept, pages));
        self.engine.begin();
        for event in first {
            if let Some(exit) = self.take(event, &mut kept).await? {
                return Ok(exit);
            }
        }
        let mut heartbeat = (!every.is_zero()).then(|| beats(every));
        let mut glance = beats(GLANCE);
        loop {
            let ended = tokio::select! {
                biased;
                () = next(&mut heartbeat) => self.beat().await?,
                _ = glance.tick() => {
                    self.engine.glance();
                    None
                }
                event = self.events.recv() => match event {
                    Some(event) => self.take(event, &mut kept).await?,
                    None => return Err(nothing_is_read()),
                },
            };
            if let Some(exit) = ended {
                return Ok(exit);
            }
        }
    }

    /// Remembers what the data file has, the newest first; returns where the pages begin of what
    /// is told before what comes.
    async fn remember(&mut self, kept: &KeptTransactions) -> Result<Vec<PageKey>, Failure> {
        let mut pages = vec![PageKey::up_to(Timestamp::MAX)];
        loop {
            let before = pages.last().copied();
            let page = kept.page(before, PAGE, None, Timestamp::MIN).await;
            let page = page.map_err(Failure::data_file)?;
            let mut goes_on = page.rows.iter().all(|row| self.feed.remember(row));
            goes_on |= page.rows.last().is_some_and(|row| row.at >= self.from);
            match page.next.filter(|_| goes_on) {
                Some(next) => pages.push(next),
                None => break,
            }
        }
        pages.retain(|page| page.at >= self.from);
        Ok(pages)
    }

    /// Prints what is news in an event.
    async fn take(
        &mut self,
        event: EngineEvent,
        kept: &mut Option<(KeptTransactions, Vec<PageKey>)>,
    ) -> Result<Ended, Failure> {
        let news = self.feed.take(event);
        let begins = news.iter().any(|news| matches!(news, News::Begun));
        let ended = self.print(news).await?;
        match kept.take_if(|_| begins && ended.is_none()) {
            Some((kept, pages)) => self.print_kept(kept, pages).await,
            None => Ok(ended),
        }
    }

    /// Prints what the data file had at the start, the oldest first: page by page, so that it takes
    /// no memory.
    async fn print_kept(
        &mut self,
        kept: KeptTransactions,
        pages: Vec<PageKey>,
    ) -> Result<Ended, Failure> {
        for before in pages.into_iter().rev() {
            let page = kept.page(Some(before), PAGE, None, self.from).await;
            let rows = page.map_err(Failure::data_file)?.rows.into_iter().rev();
            let of_file = |row| News::Transaction(Box::new(row), RowBefore::default());
            let news = rows.filter(|row| self.feed.is_recent(row)).map(of_file).collect();
            if let Some(exit) = self.print(news).await? {
                return Ok(Some(exit));
            }
        }
        Ok(None)
    }

    async fn print(&mut self, news: Vec<News>) -> Result<Ended, Failure> {
        let text = self.lines.of(&news, &self.feed);
        let is_read = put(text).await?;
        let ended = if self.lines.matched { Some(Exit::Matched) } else { None };
        Ok(ended.or_else(|| (!is_read).then_some(Exit::Done)))
    }

    async fn beat(&mut self) -> Result<Ended, Failure> {
        let now = self.lines.clock.now();
        let heartbeat = self.feed.accounts.heartbeat(now, self.receiving.is_some());
        let line = line::of_heartbeat(&heartbeat, self.lines.format, &self.lines.view);
        Ok((!put(line).await?).then_some(Exit::Done))
    }
}

/// Which news are printed, and how.
struct Lines {
    filter: Filter,
    exit_on: Option<Filter>,
    /// None is all.
    only: Vec<Topic>,
    format: Format,
    view: View,
    clock: Clock,
    /// A transaction matched `exit_on`: its line is the last.
    matched: bool,
}

impl Lines {
    /// The lines of news, up to the one with which it ends.
    fn of(&mut self, news: &[News], feed: &Feed) -> String {
        let now = self.clock.now();
        let mut text = String::new();
        for news in news {
            if let News::Trouble(sentence) = news {
                warn(sentence);
            }
            let (holder, is_chosen) = match news {
                News::Transaction(row, _) => {
                    let holder = feed.holder(row);
                    self.matched = self.exit_on.as_ref().is_some_and(|filter| {
                        filter.matches(&TransactionRow { transaction: row, holder, now })
                    });
                    (holder, self.matched || self.chooses(row, holder, now))
                }
                News::Card(..) => ("", self.has(Topic::Cards)),
                News::Operation(..) => ("", self.has(Topic::Operations)),
                News::Health(..) => ("", self.has(Topic::Health)),
                News::Trouble(_) | News::Begun => ("", false),
            };
            if is_chosen {
                text.extend(line::of_news(news, holder, self.format, &self.view));
            }
            if self.matched {
                break;
            }
        }
        text
    }

    fn has(&self, topic: Topic) -> bool {
        self.only.is_empty() || self.only.contains(&topic)
    }

    fn chooses(&self, transaction: &Transaction, holder: &str, now: Timestamp) -> bool {
        let row = TransactionRow { transaction, holder, now };
        self.has(Topic::Transactions) && self.filter.matches(&row)
    }
}

/// Prints lines beside this task, which may be ended while their reader takes none; `false` where
/// nobody reads any more.
async fn put(text: String) -> Result<bool, Failure> {
    if text.is_empty() {
        return Ok(true);
    }
    let printing = tokio::task::spawn_blocking(move || print::put_or_closed(&text));
    match printing.await {
        Ok(printed) => Ok(printed?),
        Err(_) => Err(nothing_is_read()),
    }
}

fn nothing_is_read() -> Failure {
    let words = "nothing is read any more, for cardtop itself failed: start it again";
    Failure::new(Exit::Refused, FailureKind::System, words)
}

fn beats(every: Duration) -> Interval {
    let mut beats = interval(every);
    beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
    // The first one comes at once, before there is anything to say.
    beats.reset();
    beats
}

/// Waits for the next one; for ever where there is none.
async fn next(beats: &mut Option<Interval>) {
    match beats {
        Some(beats) => _ = beats.tick().await,
        None => std::future::pending().await,
    }
}

/// How far back: `10m`, `8h`, `2d`.
fn since(text: &str) -> Result<Duration, String> {
    match read_duration(text) {
        Some(time) if time <= Duration::from_secs(400 * 86_400) => Ok(time),
        Some(_) => Err("at most 400d".to_owned()),
        None => Err("write a number and s, m, h or d, such as 10m".to_owned()),
    }
}

/// How often: `30s`, `5m`; `0` is never.
fn beat(text: &str) -> Result<Duration, String> {
    match read_duration(text) {
        Some(time) if time <= Duration::from_secs(86_400) => Ok(time),
        Some(_) => Err("at most 24h".to_owned()),
        None if text.trim() == "0" => Ok(Duration::ZERO),
        None => Err("write a number and s, m or h, such as 30s, or 0 for never".to_owned()),
    }
}
