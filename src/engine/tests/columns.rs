//! The history from the column file is what the data file has, whatever became of the column file.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;

use jiff::Timestamp;

use super::*;
use crate::ledger::{Ledger, Origin};

pub(super) fn row(number: i64) -> Transaction {
    let at = Timestamp::from_millisecond(1_775_000_000_000 + number).expect("a time");
    let amount = Money::parse_wire("5.00", "USD".parse().expect("a currency")).expect("an amount");
    Transaction {
        card_id: Some("c1".into()),
        ..Transaction::new(ProviderId::new("banana"), format!("t-{number}").into(), amount, at)
    }
}

/// The same row under its own id, which was listed by its task until now.
fn renamed(row: &Transaction) -> Transaction {
    Transaction {
        id: format!("own-{}", row.id).into(),
        task: Some(Arc::clone(&row.id)),
        ..row.clone()
    }
}

impl Bench {
    pub(super) async fn keep(&self, rows: impl IntoIterator<Item = Transaction>) {
        let rows = rows.into_iter().collect();
        self.engine.0.store.keep_transactions(rows).await.expect("they are kept");
    }

    pub(super) fn column_file(&self) -> PathBuf {
        self.engine.0.store.column_file().expect("its place")
    }

    pub(super) async fn uses_column_file(&self) -> bool {
        self.engine.history_of_column_file().await.expect("a data file").is_some()
    }

    /// What the board is told at a start; it is compared with what the data file has.
    async fn start(&mut self) -> Box<Ledger> {
        while self.events.try_recv().is_ok() {}
        self.engine.clone().emit_history().await;
        let mut told = None;
        while let Ok(event) = self.events.try_recv() {
            match event {
                EngineEvent::History(ledger) => told = Some(ledger),
                // What was kept since the last start.
                EngineEvent::Transactions(_) | EngineEvent::Health(_) => {}
                event => panic!("{event:?}"),
            }
        }
        let told = told.expect("the history");
        let page = self.engine.0.store.transactions_page(None, 10_000, None, Timestamp::MIN);
        let mut kept = page.await.expect("a page").rows;
        kept.sort_by_key(|row| std::cmp::Reverse(crate::ledger::RowKey::from(row)));
        assert!(told.iter().eq(kept.iter().cloned()), "{} of {}", told.len(), kept.len());
        told
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_reads_the_column_file_and_what_was_written_since() {
    let mut bench = Bench::new(1).await;
    bench.keep((0..1_200).map(row)).await;
    assert!(!bench.uses_column_file().await);
    bench.start().await;
    assert_eq!(fs::metadata(bench.column_file()).expect("the file").mode() & 0o777, 0o600);
    assert!(bench.uses_column_file().await);
    // A few rows are taken in again at each start; after many the file is written anew.
    let written = |bench: &Bench| Ledger::origin(&bench.column_file()).expect("the file");
    let first = written(&bench);
    bench.keep((1_200..1_210).map(row)).await;
    assert_eq!(bench.start().await.len(), 1_210);
    assert_eq!(written(&bench), first);
    bench.keep((1_210..1_260).map(row)).await;
    assert_eq!(bench.start().await.len(), 1_260);
    assert!(written(&bench).change > first.change && bench.uses_column_file().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_listed_under_its_task_and_later_under_its_own_id_stands_once_after_a_restart() {
    let mut bench = Bench::new(1).await;
    bench.keep((0..600).map(row)).await;
    bench.start().await;
    bench.keep([renamed(&row(7)), renamed(&row(599))]).await;
    assert!(bench.uses_column_file().await);
    assert_eq!(bench.start().await.len(), 600);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_column_file_that_is_cut_off_changed_or_half_written_is_made_anew() {
    let mut bench = Bench::new(1).await;
    bench.keep((0..600).map(row)).await;
    bench.start().await;
    let path = bench.column_file();
    let whole = fs::read(&path).expect("the file");
    let mut other_version = whole.clone();
    other_version[8] += 1;
    for bytes in [&whole[..whole.len() / 2], &[], &other_version] {
        fs::write(&path, bytes).expect("another file");
        // What a process left that was killed while it wrote.
        fs::write(path.with_extension("columns.new"), bytes).expect("a half-written file");
        assert!(!bench.uses_column_file().await);
        bench.start().await;
        assert!(bench.uses_column_file().await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_column_file_of_another_data_file_or_of_another_course_of_this_one_is_not_used() {
    let mut bench = Bench::new(1).await;
    bench.keep((0..600).map(row)).await;
    bench.start().await;
    let mut other = Bench::new(1).await;
    other.keep((0..600).map(|number| row(number + 1_000))).await;
    other.start().await;
    fs::copy(bench.column_file(), other.column_file()).expect("a copy");
    assert!(!other.uses_column_file().await, "the same number of rows and changes");
    other.start().await;
    // A copy of the data file that was made before its column file took its place.
    let number = bench.engine.0.store.column_file_number().await.expect("a data file");
    bench.keep((600..700).map(row)).await;
    bench.start().await;
    let number = number.expect("the number of the first");
    bench.engine.0.store.set_column_file_number(number).await.expect("as it was then");
    assert!(!bench.uses_column_file().await);
    bench.start().await;
    assert!(bench.uses_column_file().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_column_file_that_lacks_a_row_or_is_ahead_is_not_used() {
    let mut bench = Bench::new(1).await;
    bench.keep((0..600).map(row)).await;
    bench.start().await;
    let origin = Ledger::origin(&bench.column_file()).expect("the file");
    let ahead = Origin { change: origin.change + 1, ..origin };
    for (rows, origin) in [(0..599, origin), (0..601, origin), (0..600, ahead)] {
        let ledger = Ledger::from_rows(rows.map(row));
        ledger.save(&bench.column_file(), origin).expect("a file");
        assert!(!bench.uses_column_file().await, "{origin:?}");
        bench.start().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn where_the_column_file_cannot_be_written_the_history_is_told_all_the_same() {
    let mut bench = Bench::new(1).await;
    bench.keep((0..600).map(row)).await;
    let beside = bench.column_file().with_extension("columns.new");
    fs::create_dir(&beside).expect("a folder where the file is written");
    bench.start().await;
    assert!(!bench.column_file().exists());
    fs::remove_dir(&beside).expect("it is empty");
    bench.start().await;
    assert!(bench.uses_column_file().await);
}
