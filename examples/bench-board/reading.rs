//! P11 and P12: how fast rows and cards come in, from a bank in another process.

#![expect(clippy::float_arithmetic, reason = "rows a second; no money")]

use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use cardtop::clock::Clock;
use cardtop::store::{FILE, Store};
use rusqlite::types::Value;
use rusqlite::{Connection, OpenFlags, params_from_iter};
use tokio::time::Instant;

use super::Bench;
use super::board::{Bank, BankSize};
use super::keys::{echo, move_cursor};
use super::live::words;
use super::process::Meter;
use super::rows;
use super::samples::Samples;
use super::table::{Finding, Goal};
use super::terminal::Terminal;

/// Rows that are kept at once: a page of a provider or a few.
const BATCH: usize = 500;

/// No provider's own limit holds the reading up here.
const NO_LIMIT: &str = "600000/min";

/// What the sandbox's own configuration says.
const SANDBOX_LIMIT: &str = "1200/min";
const SANDBOX_POLLS: (&str, &str) = ("10s", "4s");

/// Until the reading of a large sandbox is under way.
const UNDER_WAY: Duration = Duration::from_secs(20);

/// So many keys that a list that is read each ten seconds falls among them some times.
const MANY_KEYS: usize = 1_000;

/// Rows a second that plain SQLite takes with the same table and indexes, without what the store
/// does beside it: rows of a data file, written into a new one.
fn raw_rate(from: &Path, count: usize) -> anyhow::Result<f64> {
    let source = Connection::open_with_flags(from, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let folder = tempfile::tempdir()?;
    let target = Connection::open(folder.path().join("raw.db"))?;
    target.pragma_update(None, "journal_mode", "WAL")?;
    target.pragma_update(None, "synchronous", "NORMAL")?;
    let mut tables = source.prepare(
        "SELECT sql FROM sqlite_schema WHERE tbl_name = 'card_transaction' AND sql IS NOT NULL AND \
         type IN ('table', 'index') ORDER BY type = 'index'",
    )?;
    for sql in tables.query_map([], |row| row.get::<_, String>(0))? {
        target.execute_batch(&sql?)?;
    }
    let mut all = source.prepare("SELECT * FROM card_transaction LIMIT ?1")?;
    let columns = all.column_count();
    let rows: Vec<Vec<Value>> = all
        .query_map([count as i64], |row| (0..columns).map(|column| row.get(column)).collect())?
        .collect::<Result<_, _>>()?;
    let places = vec!["?"; columns].join(",");
    let insert = format!("INSERT INTO card_transaction VALUES ({places})");
    let began = Instant::now();
    for batch in rows.chunks(BATCH) {
        target.execute_batch("BEGIN IMMEDIATE")?;
        for row in batch {
            target.prepare_cached(&insert)?.execute(params_from_iter(row))?;
        }
        target.execute_batch("COMMIT")?;
    }
    Ok(rows.len() as f64 / began.elapsed().as_secs_f64())
}

/// Rows a second that the store takes.
fn store_rate(count: usize) -> anyhow::Result<f64> {
    let now = Clock::real().now();
    let bank = cardtop::sandbox::Sandbox::new(rows::bank(64, 0), Clock::real());
    let cards = rows::cards(&bank, 64, now)?;
    let all: Vec<_> = rows::transactions(&cards, count, 1_000, now).collect();
    let folder = tempfile::tempdir()?;
    let store = Store::open(folder.path()).map_err(|why| anyhow::anyhow!(why.words))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let began = Instant::now();
    for batch in all.chunks(BATCH) {
        runtime.block_on(store.keep_transactions(batch.to_vec()))?;
    }
    Ok(all.len() as f64 / began.elapsed().as_secs_f64())
}

/// A number that the data file answers; `None` while it is not there yet.
fn ask(store: &Path, question: &str) -> Option<u64> {
    let file = Connection::open_with_flags(store.join(FILE), OpenFlags::SQLITE_OPEN_READ_ONLY);
    let number: i64 = file.ok()?.query_row(question, [], |row| row.get(0)).ok()?;
    u64::try_from(number).ok()
}

/// Looks until a number of the data file has not grown for eight seconds; how long it took to grow,
/// and the processor time of the board until then in seconds. No key is pressed, since what nobody
/// looks at is not read while keys come.
fn until_read(
    board: &mut Terminal,
    store: &Path,
    question: &str,
    limit: Duration,
) -> anyhow::Result<Read> {
    const STILL: Duration = Duration::from_secs(8);
    let mut meter = Meter::of(board.pid()?);
    let began = Instant::now();
    let mut read = Read::default();
    let mut grown = began;
    while began.elapsed() < limit && (read.count == 0 || grown.elapsed() < STILL) {
        board.pass(Duration::from_millis(200));
        let count = ask(store, question).unwrap_or(0);
        if count > read.count {
            grown = Instant::now();
            let cpu = meter.look().cpu as f64 / 1e9;
            read = Read { count, took: began.elapsed(), cpu };
        }
    }
    Ok(read)
}

#[derive(Default)]
struct Read {
    count: u64,
    took: Duration,
    /// Seconds.
    cpu: f64,
}

/// P11.
pub(crate) fn ingest_findings(bench: &Bench) -> anyhow::Result<Vec<Finding>> {
    bench.say("measuring how fast rows are kept and read");
    let count = bench.rows.min(200_000);
    let from = bench.data(64, bench.rows, 1_000)?.store().join(FILE);
    let raw = raw_rate(&from, count).context("plain SQLite")?;
    let store = store_rate(count)?;
    let size = BankSize {
        cards: 64,
        transactions: bench.rows.min(400_000) / 4,
        busy: false,
        polls: ("1h", "5s"),
        rate_limit: NO_LIMIT,
    };
    let bank = Bank::open(&bench.board, bench.root.join("bank-rows"), size)?;
    let mut board = Terminal::start(&bank.board(&bench.board))?;
    let limit = Duration::from_secs(if bench.quick { 30 } else { 300 });
    let question = "SELECT count(*) FROM card_transaction";
    let read = until_read(&mut board, &bank.store(), question, limit)?;
    let rate = read.count as f64 / read.took.as_secs_f64();
    let plain = || [("plain SQLite, same table", Some(raw))];
    Ok(vec![
        Finding::new("P11", format!("rows kept, {BATCH} at once"), Some(store), "rows/s")
            .beside(plain())
            .goal(Goal::AtLeastTimes(0.8)),
        Finding::new("P11", "rows of a bank, read, kept and shown", Some(rate), "rows/s")
            .beside(plain())
            .goal(Goal::AtLeastTimes(0.8))
            .note(format!(
                "{} rows in {:.1} s, {:.1} s of CPU, {} rows were at the bank",
                words(read.count as usize),
                read.took.as_secs_f64(),
                read.cpu,
                words(size.transactions * 4)
            )),
    ])
}

/// P12, and P2 while the board reads: as fast as it can, and inside a provider's limit.
pub(crate) fn card_findings(bench: &Bench) -> anyhow::Result<Vec<Finding>> {
    bench.say("measuring how fast lists of cards are read");
    let size = BankSize {
        cards: bench.cards,
        transactions: 0,
        busy: false,
        polls: ("1h", "1h"),
        rate_limit: NO_LIMIT,
    };
    let bank = Bank::open(&bench.board, bench.root.join("bank-cards"), size)?;
    let mut board = Terminal::start(&bank.board(&bench.board))?;
    // Two of the four providers list their cards; those of the others are read one by one.
    let question = "SELECT count(*) FROM card WHERE provider IN ('enkash', 'ibanera')";
    let limit = Duration::from_secs(if bench.quick { 30 } else { 300 });
    let read = until_read(&mut board, &bank.store(), question, limit)?;
    drop((board, bank));
    let quiet = {
        let cards = bench.data(bench.cards, 64, 1_000)?;
        let mut board = bench.board.ready(&cards)?;
        move_cursor(&mut board, bench.keys.max(MANY_KEYS))?
    };
    let quiet_echo = echo(bench.keys.max(MANY_KEYS))?;
    let (limited, limited_echo) = keys_inside_the_limit(bench)?;
    let listed = words(bench.cards / 2);
    let beside = |percent: usize| [("nothing read", quiet.percentile(percent))];
    Ok(vec![
        Finding::new("P12", format!("{listed} cards by list"), Some(read.took.as_secs_f64()), "s")
            .note(format!("{} came, {:.1} s of CPU", words(read.count as usize), read.cpu)),
        Finding::new("P12", "row key p50 while the sandbox is read", limited.percentile(50), "ms")
            .beside(beside(50))
            .goal(Goal::AtMostTimes(1.2))
            .note(format!("{SANDBOX_LIMIT} a provider; while keys come it waits")),
        Finding::new("P12", "row key p99 while the sandbox is read", limited.percentile(99), "ms")
            .beside(beside(99))
            .goal(Goal::AtMostTimes(1.2)),
        Finding::new("P12", "row key p90 then", limited.percentile(90), "ms").beside(beside(90)),
        Finding::new("P12", "an echo of cat p99 then", limited_echo.percentile(99), "ms")
            .beside([("nothing read", quiet_echo.percentile(99))])
            .note("what the same processors cost the least program"),
    ])
}

/// How a row key is answered while cards and rows of a large sandbox are read as its own
/// configuration says, and then how a letter is that `cat` only gives back.
fn keys_inside_the_limit(bench: &Bench) -> anyhow::Result<(Samples, Samples)> {
    bench.say("measuring keys while a large sandbox is read");
    let size = BankSize {
        cards: bench.cards,
        transactions: bench.rows / 4,
        busy: true,
        polls: SANDBOX_POLLS,
        rate_limit: SANDBOX_LIMIT,
    };
    let bank = Bank::open(&bench.board, bench.root.join("bank-sandbox"), size)?;
    let mut board = Terminal::start(&bank.board(&bench.board))?;
    // The first lists come with what was not used of the budget before.
    board.pass(UNDER_WAY);
    let keys = bench.keys.max(MANY_KEYS);
    Ok((move_cursor(&mut board, keys)?, echo(keys)?))
}
