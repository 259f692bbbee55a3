//! The data file as SQLite: one database in WAL mode, mode 0600, in a folder of mode 0700.
//!
//! What was read (cards, transactions) may lag behind the disk; the journal is on the disk before
//! anything is sent. A file that is not ours, is broken, or is of a newer cardtop is refused with
//! one sentence and left as it is.

mod canonical;
pub(super) mod cards;
pub(super) mod column_file;
pub(super) mod coverage;
mod free_text;
pub(super) mod holds;
pub(super) mod journal;
pub(super) mod outages;
pub(super) mod pushes;
mod schema;
pub(super) mod transactions;
pub(super) mod unmapped;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, TryLockError};
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use self::journal::Head;
use self::schema::{SCHEMAS, Trouble};
use super::{FILE, StoreError, StoreUnusable};
use crate::domain::card::{Ids, ProviderId};
use crate::domain::money::Money;
use crate::domain::text;
use crate::files;

/// How long a process waits for another one's transaction.
const BUSY: Duration = Duration::from_secs(5);

/// How often the switch to WAL is tried, each time after others were waited for.
const MOST_TRIES: u32 = 100;

/// Pages of 4 kB in the write-ahead log before they are copied into the file. Ids of rows come in
/// no order: 500 rows write to about 1,000 pages, of which many are written again by the next 500.
const PAGES_BETWEEN_CHECKPOINTS: i32 = 4_000;

/// Memory for pages of the file, in KiB, of the connection that keeps what is read: at most.
const READINGS_CACHE: i32 = 16 * 1024;

/// The connections to one data file; clones lead to the same ones.
#[derive(Clone)]
pub(super) struct Database(Arc<Connections>);

struct Connections {
    path: PathBuf,
    /// Commits without waiting for the disk: what is lost can be read again.
    readings: Arc<Mutex<Connection>>,
    /// Commits when the disk has it.
    journal: Arc<Mutex<Connection>>,
    /// Reads alone: a long read delays nobody who writes.
    reader: Arc<Mutex<Connection>>,
    /// What SQLite's `data_version` was when it was last asked for.
    version: AtomicI64,
    /// The copy that was made before the file was brought up to date.
    copy: Option<PathBuf>,
    /// Where the journal's last line is noted outside the file.
    head: Option<Head>,
    #[cfg(test)]
    statements: Arc<std::sync::atomic::AtomicU64>,
}

impl Database {
    /// Opens or makes the data file of a folder; see [`Store::open_with`](super::Store::open_with).
    pub(super) fn open(
        folder: &Path,
        ids: &BTreeMap<ProviderId, Ids>,
        notes: Option<&Path>,
        now: Timestamp,
    ) -> Result<Self, StoreUnusable> {
        let path = folder.join(FILE);
        let wrong = |words: &dyn std::fmt::Display| StoreUnusable {
            words: format!("the data file {} {words}", text::of_path(&path)),
            passing: false,
        };
        files::private_data(folder, &path).map_err(|refused| wrong(&refused))?;
        let open = || -> Result<([Connection; 3], Option<PathBuf>), Trouble> {
            let mut journal = connect(&path)?;
            let copy = schema::bring_up_to_date(&mut journal, &path, ids, now)?;
            let readings = connect(&path)?;
            tune(&journal, "FULL")?;
            tune(&readings, "NORMAL")?;
            readings.pragma_update(None, "cache_size", -READINGS_CACHE)?;
            Ok(([readings, journal, connect_to_read(&path)?], copy))
        };
        let (connections, copy) = open().map_err(|trouble| match trouble {
            Trouble::Sqlite(error) => {
                let error = StoreError::from(error);
                StoreUnusable { passing: error.is_passing(), ..wrong(&error) }
            }
            Trouble::Foreign => wrong(&"is not cardtop's: choose another folder with --data"),
            Trouble::Newer(version) => wrong(&format_args!(
                "was written by a newer cardtop (version {version}, this one knows {}): use that \
                 one, or another folder with --data",
                SCHEMAS.len()
            )),
            Trouble::NoCopy(words) => wrong(&words),
        })?;
        let head = notes.map(|notes| Head::of(&path, notes));
        let connections = connections.map(|db| Arc::new(Mutex::new(db)));
        Ok(Self::over(connections, path, copy, head))
    }

    /// See [`Store::rows_to_rewrite`](super::Store::rows_to_rewrite).
    pub(super) fn rows_to_rewrite(folder: &Path) -> Option<u64> {
        schema::rows_to_rewrite(&folder.join(FILE))
    }

    /// A database in memory, whose data file would be at this path. All work shares its one
    /// connection: a database in memory belongs to the connection that made it.
    pub(super) fn in_memory(
        folder: &Path,
        ids: &BTreeMap<ProviderId, Ids>,
    ) -> Result<Self, StoreUnusable> {
        let path = folder.join(FILE);
        let open = || -> Result<Connection, Trouble> {
            let mut db = Connection::open_in_memory()?;
            schema::bring_up_to_date(&mut db, &path, ids, Timestamp::UNIX_EPOCH)?;
            Ok(db)
        };
        let db = open().map_err(|_| StoreUnusable {
            words: "there is no memory for what is read".to_owned(),
            passing: false,
        })?;
        let db = Arc::new(Mutex::new(db));
        Ok(Self::over([Arc::clone(&db), Arc::clone(&db), db], path, None, None))
    }

    fn over(
        [readings, journal, reader]: [Arc<Mutex<Connection>>; 3],
        path: PathBuf,
        copy: Option<PathBuf>,
        head: Option<Head>,
    ) -> Self {
        #[cfg(test)]
        let statements = count_statements([&readings, &journal, &reader]);
        Self(Arc::new(Connections {
            path,
            readings,
            journal,
            reader,
            version: AtomicI64::new(-1),
            copy,
            head,
            #[cfg(test)]
            statements,
        }))
    }

    pub(super) fn path(&self) -> &Path {
        &self.0.path
    }

    /// Whether it is in memory, and forgotten at the end.
    pub(super) fn is_in_memory(&self) -> bool {
        Arc::ptr_eq(&self.0.readings, &self.0.reader)
    }

    pub(super) fn copy_made(&self) -> Option<&Path> {
        self.0.copy.as_deref()
    }

    /// Where the journal's last line is noted outside the file.
    pub(super) fn head(&self) -> Option<Head> {
        self.0.head.clone()
    }

    /// See [`Store::was_written`](super::Store::was_written).
    pub(super) fn was_written(&self) -> bool {
        let db = match self.0.journal.try_lock() {
            Ok(db) => db,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return true,
        };
        let version = db
            .prepare_cached("PRAGMA data_version")
            .and_then(|mut query| query.query_row([], |row| row.get(0)));
        version.is_err()
            || version.is_ok_and(|version: i64| {
                self.0.version.swap(version, Ordering::Relaxed) != version
            })
    }

    /// Works on what was read, off the async threads.
    pub(super) async fn readings<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&mut Connection) -> Result<T, StoreError> + Send + 'static,
    {
        self.on(|connections| &connections.readings, work).await
    }

    /// See [`Store::check`](super::Store::check).
    pub(super) async fn check(&self) -> Result<(), StoreError> {
        self.durable(|db| Ok(db.execute_batch("BEGIN IMMEDIATE; ROLLBACK")?)).await?;
        let quick_check = "PRAGMA quick_check(1)";
        let told = self.reader(|db| {
            let told: String = db.query_row(quick_check, [], |row| row.get(0))?;
            Ok(told)
        });
        if told.await? == "ok" { Ok(()) } else { Err(StoreError::Broken) }
    }

    /// Reads what was read, off the async threads; what writes is [`readings`](Self::readings).
    pub(super) async fn reader<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&mut Connection) -> Result<T, StoreError> + Send + 'static,
    {
        self.on(|connections| &connections.reader, work).await
    }

    /// A view of what was read that stays as it is, whatever is written meanwhile. It has a
    /// connection of its own; one in memory has no other process that writes.
    pub(super) async fn snapshot(&self) -> Result<Snapshot, StoreError> {
        if self.is_in_memory() {
            return Ok(Snapshot(Arc::clone(&self.0.reader)));
        }
        let connections = Arc::clone(&self.0);
        blocking(move || {
            let db = connect_to_read(&connections.path)?;
            // The transaction is of the moment of its first reading.
            db.execute_batch("BEGIN; SELECT count(*) FROM column_file")?;
            Ok(Snapshot(Arc::new(Mutex::new(db))))
        })
        .await
    }

    /// Works on the journal, off the async threads. When it returns, the disk has it.
    pub(super) async fn journal<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&mut Connection) -> Result<T, StoreError> + Send + 'static,
    {
        let head = self.head();
        self.durable(move |db| {
            let done = work(db)?;
            if let Some(head) = head {
                head.note(db)?;
            }
            Ok(done)
        })
        .await
    }

    /// Works on what must not be lost and is not the journal, off the async threads. When it
    /// returns, the disk has it.
    pub(super) async fn durable<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&mut Connection) -> Result<T, StoreError> + Send + 'static,
    {
        self.on(|connections| &connections.journal, work).await
    }

    /// Works on one of the connections, off the async threads.
    async fn on<T, F>(
        &self,
        which: fn(&Connections) -> &Mutex<Connection>,
        work: F,
    ) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&mut Connection) -> Result<T, StoreError> + Send + 'static,
    {
        let connections = Arc::clone(&self.0);
        blocking(move || {
            let mut db = which(&connections).lock().unwrap_or_else(PoisonError::into_inner);
            work(&mut db)
        })
        .await
    }

    /// How many SQL statements ran until now; `BEGIN`, `COMMIT` and pragmas count.
    #[cfg(test)]
    pub(super) fn statements(&self) -> u64 {
        self.0.statements.load(Ordering::Relaxed)
    }
}

/// One moment of the database; see [`Database::snapshot`]. It ends when it is dropped.
pub(super) struct Snapshot(Arc<Mutex<Connection>>);

impl Snapshot {
    /// Reads from it, off the async threads.
    pub(super) async fn read<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    {
        let db = Arc::clone(&self.0);
        blocking(move || work(&db.lock().unwrap_or_else(PoisonError::into_inner))).await
    }
}

/// Counts every statement that these connections run.
#[cfg(test)]
fn count_statements(of: [&Arc<Mutex<Connection>>; 3]) -> Arc<std::sync::atomic::AtomicU64> {
    use rusqlite::trace::{TraceEvent, TraceEventCodes};
    let ran = Arc::new(std::sync::atomic::AtomicU64::new(0));
    for db in of {
        let counter = Arc::clone(&ran);
        let count = move |event: TraceEvent<'_>| {
            // A trigger that runs within a statement is a comment here.
            if matches!(event, TraceEvent::Stmt(_, sql) if !sql.starts_with("--")) {
                counter.fetch_add(1, Ordering::Relaxed);
            }
        };
        let mut db = db.lock().unwrap_or_else(PoisonError::into_inner);
        db.trace_v2(TraceEventCodes::SQLITE_TRACE_STMT, Some(count)).expect("SQLite can trace");
    }
    ran
}

/// A panic in `work` ends the program, as everywhere; a cancelled runtime reads as an interrupted
/// query.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
        Err(_) => {
            let interrupted = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_INTERRUPT);
            Err(rusqlite::Error::SqliteFailure(interrupted, None).into())
        }
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode;
        if matches!(error, rusqlite::Error::QueryReturnedNoRows) {
            return Self::NotFound;
        }
        match error.sqlite_error_code() {
            Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => Self::Broken,
            Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => {
                Self::NotWritable
            }
            Some(ErrorCode::DiskFull) => Self::Full,
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy,
            Some(ErrorCode::SystemIoFailure) => Self::Disk(error.to_string()),
            _ => Self::Other(error.to_string()),
        }
    }
}

/// A connection that has not written a byte yet, not even to switch to WAL: the file may not be
/// ours.
fn connect(path: &Path) -> rusqlite::Result<Connection> {
    connect_with(path, OpenFlags::SQLITE_OPEN_READ_WRITE)
}

/// A connection that cannot write, to a file that is ours and in WAL mode.
fn connect_to_read(path: &Path) -> rusqlite::Result<Connection> {
    connect_with(path, OpenFlags::SQLITE_OPEN_READ_ONLY)
}

fn connect_with(path: &Path, mode: OpenFlags) -> rusqlite::Result<Connection> {
    let flags = mode | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_NOFOLLOW;
    let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let db = Connection::open_with_flags(path, flags)?;
    db.busy_timeout(BUSY)?;
    db.pragma_update(None, "trusted_schema", "OFF")?;
    // A statement is planned once, and not again for each new value that is bound to it.
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    db.set_prepared_statement_cache_capacity(64);
    Ok(db)
}

fn tune(db: &Connection, synchronous: &str) -> rusqlite::Result<()> {
    switch_to_wal(db)?;
    db.pragma_update(None, "wal_autocheckpoint", PAGES_BETWEEN_CHECKPOINTS)?;
    db.pragma_update(None, "synchronous", synchronous)
}

/// Switches to WAL. Where others are just opening the same new file, SQLite says at once that it is
/// busy: so their transactions are waited for here, which it does as patiently as always.
fn switch_to_wal(db: &Connection) -> rusqlite::Result<()> {
    let mut tries = 0;
    loop {
        match db.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(())) {
            Err(error)
                if error.sqlite_error_code() == Some(rusqlite::ErrorCode::DatabaseBusy)
                    && tries < MOST_TRIES =>
            {
                tries += 1
            }
            switched => return switched,
        }
        db.execute_batch("BEGIN EXCLUSIVE; COMMIT")?;
    }
}

/// A transaction that writes, unless a newer cardtop has brought the file up to date since this one
/// opened it.
fn begin(db: &mut Connection) -> rusqlite::Result<rusqlite::Transaction<'_>> {
    let tx = db.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    let version: i64 = tx.prepare_cached("PRAGMA user_version")?.query_row([], |row| row.get(0))?;
    if usize::try_from(version).is_ok_and(|version| version > SCHEMAS.len()) {
        let words =
            "a newer cardtop has brought it up to date: end this one and start the newer one";
        return Err(rusqlite::Error::SqliteFailure(
            rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_ABORT),
            Some(words.to_owned()),
        ));
    }
    Ok(tx)
}

/// A time as the database keeps it.
fn millis(at: Timestamp) -> i64 {
    at.as_millisecond()
}

/// A time that the database kept.
fn timestamp(millis: i64) -> Timestamp {
    Timestamp::from_millisecond(millis).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// A money column and its currency column; what cannot be read is absent.
fn money(amount: Option<&str>, currency: Option<&str>) -> Option<Money> {
    Money::parse_wire(amount?, currency?.parse().ok()?).ok()
}

#[cfg(test)]
mod tests;
