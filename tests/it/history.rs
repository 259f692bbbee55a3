//! A history that is longer than one reading is read backwards in the background, to its end, over
//! all four wires: killed and started again on the way, through an outage, and never before the
//! newest rows.

mod after_a_stop;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use cardtop::clock::Clock;
use cardtop::domain::card::ProviderId;
use cardtop::domain::coverage::Covered;
use cardtop::domain::transaction::{RowNews, Transaction};
use cardtop::engine::{Engine, EngineEvent};
use cardtop::provider::Config;
use cardtop::provider::http::InProcess;
use cardtop::sandbox::{Dialect, Fault, FaultTarget, Options, Sandbox};
use cardtop::store::Store;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::harness::{nowhere, open_over, start};

/// A bank with a long history, and how a board is configured for it.
struct Programme {
    sandbox: Sandbox,
    config: Config,
    clock: Clock,
    folder: tempfile::TempDir,
}

/// What a running board was told.
#[derive(Default)]
struct Told {
    rows: usize,
    newest: BTreeMap<ProviderId, Timestamp>,
    covered: BTreeMap<ProviderId, Covered>,
    /// Rows that could not be read, by account.
    odd: BTreeMap<ProviderId, usize>,
    /// Every row as it was told last, by account and id.
    last: BTreeMap<(ProviderId, String), Transaction>,
}

struct Board {
    engine: Engine,
    told: Arc<Mutex<Told>>,
    listening: JoinHandle<()>,
}

impl Programme {
    fn new(cards: usize, transactions: usize, rate_limit: u32) -> Self {
        let clock = Clock::from(start());
        let options = Options { cards, transactions, busy: false, ..Options::default() };
        let sandbox = Sandbox::new(options, clock.clone());
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("cardtop.toml");
        sandbox.write_config(&nowhere, &path).expect("a configuration");
        let mut config =
            Config::load(Some(&path)).expect("the sandbox writes a good configuration");
        for provider in &mut config.providers {
            provider.rate_limit = rate_limit;
        }
        Self { sandbox, config, clock, folder }
    }

    fn data(&self) -> &Path {
        self.folder.path()
    }

    async fn board(&self) -> Board {
        let served = self.sandbox.clone();
        let (engine, news) =
            open_over(self.config.clone(), &self.clock, self.data(), false, true, move |dialect| {
                Box::new(InProcess(served.router(dialect)))
            })
            .await;
        let told: Arc<Mutex<Told>> = Arc::default();
        let listening = tokio::spawn(listen(news, Arc::clone(&told)));
        Board { engine, told, listening }
    }

    /// The ids of the rows in the data file, by account, card and id.
    async fn kept(&self) -> BTreeSet<(String, String, String)> {
        let store = Store::open(self.data()).expect("the data file");
        let rows = store.newest_transactions(u32::MAX).await.expect("its rows");
        let name = |row: &Transaction| {
            let card = row.card_id.as_deref().unwrap_or_default().to_owned();
            (row.provider.name().to_owned(), card, row.id.to_string())
        };
        rows.iter().map(name).collect()
    }

    /// How many rows the banks list since a time.
    fn of_banks(&self, since: Timestamp) -> usize {
        let rows = |dialect| self.sandbox.listed_rows(dialect, None);
        let since = |dialect| rows(dialect).iter().filter(|row| row.at >= since).count();
        Dialect::ALL.into_iter().map(since).sum()
    }
}

async fn listen(mut news: mpsc::Receiver<EngineEvent>, told: Arc<Mutex<Told>>) {
    while let Some(event) = news.recv().await {
        let mut told = told.lock().unwrap_or_else(PoisonError::into_inner);
        match event {
            EngineEvent::Transactions(RowNews { rows, .. }) => {
                told.rows += rows.len();
                for row in rows {
                    let name = (row.provider.clone(), row.id.to_lowercase());
                    told.last.insert(name, row.clone());
                    let newest = told.newest.entry(row.provider.clone()).or_insert(row.at);
                    *newest = (*newest).max(row.at);
                }
            }
            EngineEvent::Health(health) => {
                told.odd.insert(health.provider.clone(), health.completeness.rows.len());
                told.covered.insert(health.provider.clone(), health.covered);
            }
            _ => {}
        }
    }
}

impl Board {
    fn told(&self) -> MutexGuard<'_, Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A row of the bank as the board was told it last.
    fn row(&self, dialect: Dialect, id: &str) -> Option<Transaction> {
        let is_number = id.bytes().all(|byte| byte.is_ascii_digit());
        let id = if is_number { id.trim_start_matches('0') } else { id };
        self.told().last.get(&(ProviderId::new(dialect.name()), id.to_lowercase())).cloned()
    }

    /// Whether every account says that nothing of its history is left to be read.
    fn is_complete(&self) -> bool {
        let told = self.told();
        told.covered.len() == Dialect::ALL.len()
            && told
                .covered
                .values()
                .all(|covered| covered.left.is_none() && covered.complete.is_some())
    }

    /// Waits until it is, for two hours at most.
    async fn wait_until_complete(&self) {
        for _ in 0..720 {
            if self.is_complete() {
                return;
            }
            tokio::time::sleep(Duration::from_secs(10)).await;
        }
        panic!("it is not read to the end: {:?}", self.told().covered);
    }

    async fn end(self) {
        self.engine.stop().await;
        self.listening.abort();
    }
}

#[tokio::test(start_paused = true)]
async fn a_history_that_is_cut_off_twice_goes_on_where_it_was_and_is_read_to_its_end() {
    let programme = Programme::new(300, 1_500, 600);
    let wanted = programme.clock.now() - SignedDuration::from_hours(90 * 24);
    let mut before = 0;
    for turn in 0..2 {
        let board = programme.board().await;
        tokio::time::sleep(Duration::from_secs(3)).await;
        assert!(!board.is_complete(), "turn {turn}: there is something left to be cut off");
        board.end().await;
        let kept = programme.kept().await.len();
        assert!(kept > before, "turn {turn}: what was read is kept: {kept} after {before}");
        before = kept;
    }
    let board = programme.board().await;
    board.wait_until_complete().await;
    let told: Vec<Covered> = board.told().covered.values().cloned().collect();
    let reached = programme.clock.now() - SignedDuration::from_hours(90 * 24);
    assert!(
        told.iter().all(|covered| covered.reaches(reached) && covered.lost.is_empty()),
        "{told:?}"
    );
    board.end().await;
    let kept = programme.kept().await;
    assert_eq!(kept.len(), programme.of_banks(wanted), "each row of the banks is there once");
    assert!(before < kept.len());
    // One that was read to its end asks for nothing old again.
    let before = requests(&programme);
    let board = programme.board().await;
    board.wait_until_complete().await;
    let again = requests(&programme) - before;
    board.end().await;
    assert!(again < before / 2, "{again} requests after {before}");
}

fn requests(programme: &Programme) -> u64 {
    Dialect::ALL.into_iter().map(|dialect| programme.sandbox.requests(dialect)).sum()
}

#[tokio::test(start_paused = true)]
async fn the_newest_rows_are_there_within_seconds_however_long_the_history_is() {
    let programme = Programme::new(60, 3_000, 120);
    let board = programme.board().await;
    tokio::time::sleep(Duration::from_secs(10)).await;
    for dialect in [Dialect::Artha, Dialect::Banana, Dialect::Enkash] {
        let newest = programme.sandbox.listed_rows(dialect, None).first().map(|row| row.at);
        let told = board.told().newest.get(&ProviderId::new(dialect.name())).copied();
        assert_eq!(
            told.map(Timestamp::as_second),
            newest.map(Timestamp::as_second),
            "{}",
            dialect.name()
        );
    }
    assert!(!board.is_complete());
    let told = board.told().covered.clone();
    let banana = told.get(&ProviderId::new("banana")).expect("its health");
    let complete = banana.complete.expect("the newest stretch");
    assert!(complete.to >= start() && complete.from > start() - SignedDuration::from_hours(240));
    assert!(banana.left.is_some(), "how much is left is told: {banana:?}");
    board.end().await;
}

#[tokio::test(start_paused = true)]
async fn an_outage_in_the_middle_leaves_a_gap_that_is_known_and_filled_later() {
    let programme = Programme::new(40, 1_500, 1_200);
    let wanted = programme.clock.now() - SignedDuration::from_hours(90 * 24);
    let board = programme.board().await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    for dialect in Dialect::ALL {
        programme.sandbox.fault_on(dialect, FaultTarget::Reads, Fault::Answer503, 7);
        programme.sandbox.fault_on(dialect, FaultTarget::Reads, Fault::HalfJson, 3);
    }
    board.wait_until_complete().await;
    board.end().await;
    assert_eq!(programme.kept().await.len(), programme.of_banks(wanted));
}

#[tokio::test(start_paused = true)]
async fn pages_that_are_cut_and_totals_that_are_wrong_lose_nothing_of_the_history() {
    let programme = Programme::new(40, 1_200, 1_200);
    let wanted = programme.clock.now() - SignedDuration::from_hours(90 * 24);
    for dialect in Dialect::ALL {
        programme.sandbox.cap_pages(dialect, Some(17));
        programme.sandbox.set_totals_count_page(dialect, true);
    }
    let board = programme.board().await;
    board.wait_until_complete().await;
    board.end().await;
    assert_eq!(programme.kept().await.len(), programme.of_banks(wanted));
}

#[tokio::test(start_paused = true)]
async fn what_happened_while_no_cardtop_ran_is_a_gap_until_it_is_read() {
    let programme = Programme::new(20, 600, 1_200);
    let board = programme.board().await;
    board.wait_until_complete().await;
    board.end().await;
    tokio::time::sleep(Duration::from_secs(3 * 86_400)).await;
    let board = programme.board().await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    board.wait_until_complete().await;
    let wanted = programme.clock.now() - SignedDuration::from_hours(90 * 24);
    let told = board.told().covered.clone();
    assert!(told.values().all(|covered| covered.reaches(wanted)), "{told:?}");
    board.end().await;
}

#[tokio::test(start_paused = true)]
async fn no_more_history_is_read_than_is_wanted() {
    let mut programme = Programme::new(20, 1_500, 1_200);
    for provider in &mut programme.config.providers {
        provider.history = Duration::from_secs(2 * 86_400);
    }
    let board = programme.board().await;
    board.wait_until_complete().await;
    board.end().await;
    let kept = programme.kept().await.len();
    let wanted = programme.clock.now() - SignedDuration::from_hours(48);
    let all = programme.of_banks(Timestamp::MIN);
    assert!(kept >= programme.of_banks(wanted), "{kept}");
    assert!(kept < all / 2, "{kept} of {all}");
}
