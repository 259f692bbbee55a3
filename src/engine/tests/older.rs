//! Only the newest rows are held in memory; what is older is read from the data file.

use std::time::Duration;

use jiff::Timestamp;

use super::columns::row;
use super::*;
use crate::domain::transaction::RowName;
use crate::ledger::{Ledger, RowKey};
use crate::store::PageKey;

const fn rows(rows: usize) -> InMemory {
    InMemory { rows, age: None }
}

/// What the board is told at a start: from when on rows are in memory, how many are older, and the
/// rows.
type Told = (Option<(Timestamp, u64)>, Box<Ledger>);

impl Bench {
    async fn limited(in_memory: InMemory) -> Self {
        Self::open(tempfile::tempdir().expect("a folder"), 1, in_memory).await
    }

    /// The next process with the same data file.
    async fn reopened(self, in_memory: InMemory) -> Self {
        let Self { engine, events, _folder: folder } = self;
        engine.stop().await;
        drop((engine, events));
        Self::open(folder, 1, in_memory).await
    }

    async fn told(&mut self) -> Told {
        while self.events.try_recv().is_ok() {}
        self.engine.clone().emit_history().await;
        let (mut horizon, mut history) = (None, None);
        while let Ok(event) = self.events.try_recv() {
            match event {
                EngineEvent::Horizon { from, older } => horizon = Some((from, older)),
                EngineEvent::History(ledger) => history = Some(ledger),
                // What was written since the one before, told behind it.
                EngineEvent::Health(_) | EngineEvent::Transactions(_) => {}
                event => panic!("{event:?}"),
            }
        }
        (horizon, history.expect("the history"))
    }

    /// All pages of older rows, as the board asks for them.
    async fn older(&mut self, from: Timestamp, card: Option<CardKey>) -> Vec<Transaction> {
        let first = from - SignedDuration::from_millis(1);
        let (mut before, mut rows) = (Some(PageKey::up_to(first)), Vec::new());
        for asked in 0..100 {
            let Some(key) = before else { return rows };
            let engine = self.engine.clone();
            engine.answer_older_rows(asked, key, card.clone(), Timestamp::MIN).await;
            match self.events.try_recv() {
                Ok(EngineEvent::OlderRows { asked: of, page }) if of == asked => {
                    let page = page.expect("a page");
                    rows.extend(page.rows.iter());
                    before = page.next;
                }
                other => panic!("{other:?}"),
            }
        }
        panic!("the pages do not end")
    }
}

/// The numbers of the rows, the newest first.
fn numbers(rows: impl Iterator<Item = Transaction>) -> Vec<i64> {
    let number = |row: Transaction| row.id.trim_start_matches("t-").parse().expect("a number");
    rows.map(number).collect()
}

fn down(from: i64, until: i64) -> Vec<i64> {
    (from..until).rev().collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_newest_rows_are_in_memory_and_the_others_are_counted_and_read_in_pages() {
    let mut bench = Bench::limited(rows(700)).await;
    bench.keep((0..2_000).map(row)).await;
    for uses_file in [false, true] {
        assert_eq!(bench.uses_column_file().await, uses_file);
        let (horizon, history) = bench.told().await;
        assert_eq!(horizon, Some((row(1_300).at, 1_300)));
        assert_eq!(numbers(history.iter()), down(1_300, 2_000));
    }
    let older = bench.older(row(1_300).at, None).await;
    assert_eq!(numbers(older.into_iter()), down(0, 1_300));
    let of_card = bench.older(row(1_300).at, row(0).card()).await;
    assert_eq!(of_card.len(), 1_300);
    let other = CardKey::new(&ProviderId::new("banana"), "c2");
    assert_eq!(bench.older(row(1_300).at, Some(other)).await, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_older_than_the_limit_of_age_stay_in_the_data_file() {
    let now: Timestamp = "2026-04-03T12:08:12Z".parse().expect("a time");
    let hour = Duration::from_secs(3_600);
    let age = Duration::try_from(now.duration_since(row(0).at)).expect("it is before") + hour;
    let limits = InMemory { rows: 10_000, age: Some(age) };
    let mut bench = Bench::limited(limits).await;
    let earlier = |number| Transaction { at: row(number).at - 2 * hour, ..row(number) };
    bench.keep((0..600).map(earlier).chain((600..1_000).map(row))).await;
    let (horizon, history) = bench.told().await;
    let (from, older) = horizon.expect("not all are in memory");
    assert_eq!((from > earlier(599).at, from < row(600).at, older), (true, true, 600));
    assert_eq!(numbers(history.iter()), down(600, 1_000));
    let mut bench = bench.reopened(InMemory { rows: 300, ..limits }).await;
    let (horizon, history) = bench.told().await;
    assert_eq!((horizon, history.len()), (Some((row(700).at, 700)), 300), "both limits count");
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_of_one_millisecond_are_in_memory_together_or_not_at_all() {
    let mut bench = Bench::limited(rows(700)).await;
    let heap = |number| match number {
        300..900 => Transaction { at: row(300).at, ..row(number) },
        _ => row(number),
    };
    bench.keep((0..1_200).map(heap)).await;
    let (horizon, history) = bench.told().await;
    assert_eq!((horizon, history.len()), (Some((row(300).at, 300)), 900));
    assert_eq!(bench.older(row(300).at, None).await.len(), 300);
    assert!(bench.uses_column_file().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn other_limits_take_rows_out_of_the_column_file_or_make_it_anew() {
    let mut bench = Bench::limited(rows(700)).await;
    bench.keep((0..1_500).map(row)).await;
    bench.told().await;
    let mut bench = bench.reopened(rows(400)).await;
    assert!(bench.uses_column_file().await);
    let (horizon, history) = bench.told().await;
    assert_eq!((horizon, history.len()), (Some((row(1_100).at, 1_100)), 400));
    let origin = Ledger::origin(&bench.column_file()).expect("the file");
    assert_eq!(origin.from, row(1_100).at, "it is no longer than it has to be");
    let mut bench = bench.reopened(rows(1_200)).await;
    assert!(!bench.uses_column_file().await, "it lacks rows");
    let (horizon, history) = bench.told().await;
    assert_eq!((horizon, history.len()), (Some((row(300).at, 300)), 1_200));
    let mut bench = bench.reopened(InMemory::default()).await;
    let (horizon, history) = bench.told().await;
    assert_eq!((horizon, history.len()), (None, 1_500));
    assert!(bench.uses_column_file().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_changes_while_it_is_older_stays_out_of_memory_and_is_read_as_it_is_then() {
    let mut bench = Bench::limited(rows(700)).await;
    bench.keep((0..1_500).map(row)).await;
    bench.told().await;
    let changed = Transaction { merchant: Some("NEW".into()), ..row(5) };
    let moved_back = Transaction { at: row(7).at, ..row(1_400) };
    let moved_on = Transaction { at: row(2_000).at, ..row(9) };
    bench.keep([changed.clone(), moved_back.clone(), moved_on.clone()]).await;
    assert!(bench.uses_column_file().await, "the same rows are counted");
    let (horizon, history) = bench.told().await;
    assert_eq!(horizon, Some((row(800).at, 800)));
    let names: Vec<RowName> = history.iter().map(|row| RowName::from(&row)).collect();
    assert!(!names.contains(&RowName::from(&changed)));
    assert!(!names.contains(&RowName::from(&moved_back)));
    assert!(history.get(&RowKey::from(&moved_on)).is_some());
    let older = bench.older(row(800).at, None).await;
    assert!(older.contains(&changed) && older.contains(&moved_back), "{}", older.len());
    assert!(older.iter().all(|row| row.id != moved_on.id));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_column_file_that_lacks_a_row_within_the_limits_is_not_used() {
    let mut bench = Bench::limited(rows(700)).await;
    bench.keep((0..1_500).map(row)).await;
    bench.told().await;
    let origin = Ledger::origin(&bench.column_file()).expect("the file");
    let ledger = Ledger::from_rows((801..1_500).map(row));
    ledger.save(&bench.column_file(), origin).expect("a file");
    assert!(!bench.uses_column_file().await);
    let (_, history) = bench.told().await;
    assert_eq!(numbers(history.iter()), down(800, 1_500));
}
