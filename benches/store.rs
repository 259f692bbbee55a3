//! What keeping and reading transactions costs, on a real file that grows: rows of 100,000 cards
//! with random ids, 500 at a time.
//!
//! Printed beside a loop that inserts the same rows into the same tables by one prepared statement
//! and does nothing else, in turn with ours in the same run.
//!
//! `cargo bench --bench store -- 1000000` keeps so many rows instead of 200,000.

#![expect(clippy::print_stdout, reason = "its figures are for a person at a terminal")]

use std::path::Path;
use std::time::Duration;

use cardtop::domain::card::{CardKey, ProviderId};
use cardtop::domain::money::Money;
use cardtop::domain::transaction::{Transaction, TransactionKind, TransactionState};
use cardtop::store::{FILE, Store};
use jiff::Timestamp;
use rusqlite::{Connection, params};
use tokio::time::Instant;

/// Rows of a batch: a page of a list.
const BATCH: usize = 500;

/// Cards that the rows belong to.
const CARDS: u64 = 100_000;

/// Numbers that look random and are the same in every run.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }
}

fn card(number: u64) -> CardKey {
    let provider =
        ["artha", "banana", "enkash", "ibanera"][usize::try_from(number % 4).unwrap_or(0)];
    let mut numbers = Numbers(number);
    let id = format!("{:08x}-58bf-4446-86b2-{number:012x}", numbers.below(1 << 32));
    CardKey::new(&ProviderId::new(provider), &id)
}

fn row(numbers: &mut Numbers, count: i64) -> Transaction {
    let card = card(numbers.below(CARDS));
    let (high, low) = (numbers.next(), numbers.next());
    let id = format!(
        "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
        high >> 32,
        high >> 16 & 0xffff,
        high & 0xffff,
        low >> 48,
        low & 0xffff_ffff_ffff
    );
    let dollars = "USD".parse().expect("a currency");
    let cents = numbers.below(100_000);
    let amount = format!("{}.{:02}", cents / 100, cents % 100);
    let at = Timestamp::from_millisecond(1_700_000_000_000 + count * 300).expect("a time");
    Transaction {
        card_id: Some(card.id),
        last4: "4242".parse().ok(),
        kind: TransactionKind::Purchase,
        state: match numbers.below(100) {
            0..92 => TransactionState::Cleared,
            92..95 => TransactionState::Hold,
            _ => TransactionState::Declined,
        },
        provider_state: "SETTLED".into(),
        merchant: Some(format!("MERCHANT {} SHOP", numbers.below(5_000)).into()),
        mcc: Some("5814".into()),
        country: Some("SE".into()),
        ..Transaction::new(
            card.provider,
            id.into(),
            Money::parse_wire(&amount, dollars).expect("an amount"),
            at,
        )
    }
}

/// A connection to a file of its own with cardtop's tables, tuned as cardtop tunes its own.
fn bare(folder: &Path) -> Connection {
    drop(Store::open(folder).expect("a data file"));
    let db = Connection::open(folder.join(FILE)).expect("the data file");
    for (name, value) in
        [("synchronous", 1), ("wal_autocheckpoint", 4_000), ("cache_size", -16_384)]
    {
        let _ = db.pragma_update(None, name, value);
    }
    db
}

/// The same rows, inserted and nothing else.
fn insert(db: &Connection, rows: &[Transaction]) -> Duration {
    let texts: Vec<(String, String)> = rows
        .iter()
        .map(|row| (row.amount.digits(), row.amount.currency().code().to_owned()))
        .collect();
    let began = Instant::now();
    db.execute_batch("BEGIN IMMEDIATE").expect("a transaction");
    let mut insert = db
        .prepare_cached(
            "INSERT INTO card_transaction (provider, card_id, id, last4, kind, state, \
             provider_state, amount, currency, merchant, mcc, country, at, seen_at) VALUES (?1, \
             ?2, ?3, '4242', ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
        )
        .expect("a statement");
    for (row, (digits, currency)) in rows.iter().zip(&texts) {
        insert
            .execute(params![
                row.provider.name(),
                row.card_id.as_deref(),
                &*row.id,
                row.kind.as_str(),
                row.state.as_str(),
                &*row.provider_state,
                digits,
                currency,
                row.merchant.as_deref(),
                row.mcc.as_deref(),
                row.country.as_deref(),
                row.at.as_millisecond(),
                row.seen_at.as_millisecond(),
            ])
            .expect("a new row");
    }
    drop(insert);
    db.execute_batch("COMMIT").expect("the commit");
    began.elapsed()
}

fn rate(rows: usize, took: Duration) -> u128 {
    u128::try_from(rows).unwrap_or(0) * 1_000_000 / took.as_micros().max(1)
}

async fn keep(store: &Store, rows: Vec<Transaction>) -> Duration {
    let began = Instant::now();
    let count = rows.len();
    let changed = store.keep_transactions(rows).await.expect("keeping");
    assert_eq!(changed.news.rows.len(), count, "every row is new");
    began.elapsed()
}

async fn read_all(store: &Store, page: u32) -> (usize, Duration) {
    let (mut count, mut before, began) = (0, None, Instant::now());
    loop {
        let read = store.transactions_page(before, page, None, Timestamp::MIN);
        let read = read.await.expect("a page");
        count += read.rows.len();
        match read.next {
            Some(next) => before = Some(next),
            None => return (count, began.elapsed()),
        }
    }
}

async fn measure(rows: usize) {
    let on_disk = || tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder");
    let (ours, theirs) = (on_disk(), on_disk());
    let store = Store::open(ours.path()).expect("a data file");
    let db = bare(theirs.path());
    let mut numbers = Numbers(5);
    let (mut kept, mut inserted) = (Vec::new(), Vec::new());
    let mut count = 0;
    for _ in 0..rows / BATCH {
        let batch: Vec<Transaction> = (0..BATCH)
            .map(|_| {
                count += 1;
                row(&mut numbers, count)
            })
            .collect();
        inserted.push(insert(&db, &batch));
        kept.push(keep(&store, batch).await);
    }
    println!("{rows} rows of {CARDS} cards with random ids, {BATCH} at a time; rows a second:");
    println!("{:<44}{:>10}{:>10}{:>8}", "", "all", "last 5th", "ratio");
    let last = kept.len() - kept.len() / 5;
    let total = |times: &[Duration]| (times.len() * BATCH, times.iter().sum::<Duration>());
    let ratio = |under: Duration, over: Duration| {
        let hundredths = under.as_micros() * 100 / over.as_micros().max(1);
        format!("{}.{:02}", hundredths / 100, hundredths % 100)
    };
    let whole = total(&inserted).1;
    for (words, times) in [("inserted by the bare loop", &inserted), ("kept by the store", &kept)] {
        let (all, end) = (total(times), total(times.get(last..).unwrap_or_default()));
        println!(
            "{words:<44}{:>10}{:>10}{:>8}",
            rate(all.0, all.1),
            rate(end.0, end.1),
            ratio(whole, all.1)
        );
    }
    for page in [50, 1_000, 10_000] {
        let (count, took) = read_all(&store, page).await;
        println!("{:<44}{:>10}", format!("read in pages of {page}"), rate(count, took));
    }
    let began = Instant::now();
    let counted = store.count_transactions().await.expect("a count");
    println!("{:<44}{:>7} us", format!("counted: {counted}"), began.elapsed().as_micros());
}

fn main() {
    let rows = std::env::args().skip(1).find_map(|word| word.parse().ok()).unwrap_or(200_000);
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(measure(rows));
}
