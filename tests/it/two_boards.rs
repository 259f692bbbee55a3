//! Two cardtops on one data file: each shows what the other keeps.

use std::collections::BTreeMap;
use std::time::Duration;

use cardtop::app::portfolio::Portfolio;
use cardtop::domain::card::ProviderId;
use cardtop::domain::money::Money;
use cardtop::domain::transaction::{RowName, Transaction, TransactionState};
use cardtop::engine::{Engine, EngineEvent, Job};
use cardtop::sandbox::Options;
use cardtop::store::Store;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use tokio::sync::mpsc::Receiver;

use crate::harness::{Desk, open_board, start};

/// A running board: its engine, and what it shows.
struct Board {
    engine: Engine,
    news: Receiver<EngineEvent>,
    portfolio: Portfolio,
}

impl Board {
    async fn new(desk: &Desk) -> Self {
        let (engine, news) = open_board(desk).await;
        let providers = engine.providers();
        let portfolio = Portfolio::new(start(), TimeZone::UTC, "anay".into(), 7, providers);
        Self { engine, news, portfolio }
    }

    /// The board's clock goes on by so many seconds, each of which looks at the data file.
    async fn seconds(&mut self, count: usize) {
        for _ in 0..count {
            tokio::time::sleep(Duration::from_secs(1)).await;
            self.engine.glance();
        }
        self.hear().await;
    }

    /// Takes in what is told within the second that ends now.
    async fn hear(&mut self) {
        let wait = Duration::from_millis(900);
        while let Ok(Some(event)) = tokio::time::timeout(wait, self.news.recv()).await {
            self.portfolio.apply(&event);
        }
    }

    /// It reads nothing from now on, and has taken in all that it was told.
    async fn pause(&mut self) {
        for provider in self.engine.providers() {
            self.engine.ask(Job::Pause { provider: provider.id, paused: true });
        }
        self.seconds(3).await;
    }

    fn rows(&self) -> BTreeMap<RowName, Transaction> {
        let rows = self.portfolio.transactions.iter();
        let named: BTreeMap<_, _> = rows.map(|row| (RowName::from(&row), row)).collect();
        assert_eq!(named.len(), self.portfolio.transactions.len(), "each row once");
        named
    }
}

async fn kept(store: &Store) -> BTreeMap<RowName, Transaction> {
    let page = store.transactions_page(None, u32::MAX, None, Timestamp::MIN).await;
    let rows = page.expect("the data file").rows;
    rows.into_iter().map(|row| (RowName::from(&row), row)).collect()
}

fn row(id: &str, state: TransactionState) -> Transaction {
    let amount = Money::parse_wire("12.40", "USD".parse().expect("a currency")).expect("an amount");
    Transaction {
        card_id: Some("67890".into()),
        state,
        merchant: Some("ELSEWHERE".into()),
        ..Transaction::new(ProviderId::new("banana"), id.into(), amount, start())
    }
}

#[tokio::test(start_paused = true)]
async fn rows_that_another_cardtop_keeps_are_on_the_board_within_a_second() {
    let desk = Desk::with(Options { busy: false, cards: 2, ..Options::default() }).await;
    let mut board = Board::new(&desk).await;
    board.seconds(20).await;
    board.pause().await;
    let other = Store::open(desk.folder.path()).expect("the same data file");
    assert_eq!(board.rows(), kept(&other).await);
    let of = |board: &Board| {
        let rows = board.rows().into_values();
        let found = rows.filter(|row| row.merchant.as_deref() == Some("ELSEWHERE"));
        found.map(|row| (row.id.to_string(), row.state)).collect::<Vec<_>>()
    };
    let named = |id: &str, state| vec![(id.to_owned(), state)];

    other.keep_transactions(vec![row("task-1", TransactionState::Hold)]).await.expect("keeping");
    assert_eq!(of(&board), []);
    board.seconds(1).await;
    assert_eq!(of(&board), named("task-1", TransactionState::Hold));

    let cleared = row("task-1", TransactionState::Cleared);
    other.keep_transactions(vec![cleared.clone()]).await.expect("keeping");
    board.seconds(1).await;
    assert_eq!(of(&board), named("task-1", TransactionState::Cleared));

    // It gains its own id: under the name that it had it is gone.
    let own = Transaction { id: "own-1".into(), task: Some("task-1".into()), ..cleared };
    other.keep_transactions(vec![own]).await.expect("keeping");
    board.seconds(1).await;
    assert_eq!(of(&board), named("own-1", TransactionState::Cleared));
    assert_eq!(board.rows(), kept(&other).await);
    board.engine.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_that_a_command_reads_are_of_one_moment_whatever_a_board_writes_in_between() {
    let desk = Desk::with(Options { busy: false, cards: 1, ..Options::default() }).await;
    let other = Store::open(desk.folder.path()).expect("the same data file");
    let rows = |state| (0..9).map(|id| row(&format!("t-{id}"), state)).collect::<Vec<_>>();
    other.keep_transactions(rows(TransactionState::Hold)).await.expect("keeping");
    let kept = desk.engine.kept_transactions().await.expect("the data file");
    let mut read = Vec::new();
    let mut before = None;
    for count in 0_i32.. {
        let page = kept.page(before, 2, None, Timestamp::MIN).await.expect("a page");
        read.extend(page.rows);
        before = page.next;
        if before.is_none() {
            break;
        }
        // All of them are of one millisecond, and are written again; one more is new each time.
        let state = if count % 2 == 0 { TransactionState::Cleared } else { TransactionState::Hold };
        other.keep_transactions(rows(state)).await.expect("keeping");
        let new = row(&format!("new-{count}"), state);
        other.keep_transactions(vec![new]).await.expect("keeping");
    }
    let read: Vec<_> = read.iter().rev().map(|row| (row.id.to_string(), row.state)).collect();
    let all = rows(TransactionState::Hold);
    let all: Vec<_> = all.iter().map(|row| (row.id.to_string(), row.state)).collect();
    assert_eq!(read, all);
    let now = desk.engine.kept_transactions().await.expect("the data file");
    let now = now.page(None, 100, None, Timestamp::MIN).await.expect("a page").rows;
    assert!(now.len() > all.len(), "the next command sees what was written");
}

#[tokio::test(start_paused = true)]
async fn two_boards_that_read_the_same_accounts_have_the_same_rows_as_their_data_file() {
    let desk = Desk::with(Options { busy: true, cards: 4, ..Options::default() }).await;
    let mut first = Board::new(&desk).await;
    first.seconds(90).await;
    let mut second = Board::new(&desk).await;
    for _ in 0..30 {
        first.seconds(2).await;
        second.seconds(3).await;
    }
    first.pause().await;
    second.pause().await;
    // What the second kept while the first was paused.
    first.seconds(1).await;
    let store = Store::open(desk.folder.path()).expect("the data file");
    let kept = kept(&store).await;
    assert!(kept.len() > 20, "{}", kept.len());
    assert_eq!(first.rows(), kept);
    assert_eq!(second.rows(), kept);
    first.engine.stop().await;
    second.engine.stop().await;
}
