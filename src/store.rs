//! The data file: one SQLite database in WAL mode, mode 0600, in a folder of mode 0700.
//!
//! What was read (cards, transactions) may lag behind the disk; the journal is on the disk before
//! anything is sent. A file that is not ours, is broken, or is of a newer cardtop is refused with
//! one sentence and left as it is.

mod canonical;
pub mod cards;
pub mod feed;
mod free_text;
pub mod holds;
pub mod journal;
mod migrate;

use std::collections::BTreeMap;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, TryLockError};
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{Connection, OpenFlags};

use self::journal::Head;
use self::migrate::{SCHEMAS, Trouble};
use crate::domain::card::{Ids, ProviderId};
use crate::domain::text;
use crate::files;

/// Name of the data file in its folder.
pub const FILE: &str = "cardtop.db";

/// How long a process waits for another one's transaction.
const BUSY: Duration = Duration::from_secs(5);

/// How often the switch to WAL is tried, each time after others were waited for.
const MOST_TRIES: u32 = 100;

/// Handle of the data file; clones lead to the same connections.
#[derive(Clone)]
pub struct Store(Arc<Connections>);

struct Connections {
    path: PathBuf,
    /// Commits without waiting for the disk: what is lost can be read again.
    known: Mutex<Connection>,
    /// Commits when the disk has it.
    journal: Mutex<Connection>,
    /// What SQLite's `data_version` was when it was last looked at.
    version: AtomicI64,
    /// The copy that was made before the file was brought up to date.
    copy: Option<PathBuf>,
    /// Where the journal's last line is noted outside the file.
    head: Option<Head>,
}

/// Why the data file cannot be used, in one sentence. Nothing in it was changed.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{words}")]
pub struct StoreUnusable {
    /// The sentence.
    pub words: String,
    /// The file is well, but the disk is full or another process holds it: what only reads may go
    /// on without it.
    pub passing: bool,
}

impl Store {
    /// Opens the data file of a folder, making both where they are missing.
    ///
    /// # Errors
    /// One sentence: what is wrong with the file and what to do. It was not changed.
    pub fn open(folder: &Path) -> Result<Self, StoreUnusable> {
        Self::open_with(folder, &BTreeMap::new(), None, Timestamp::UNIX_EPOCH)
    }

    /// The same, with the forms of the accounts' ids, by which a file of an earlier cardtop is
    /// joined, and the folder in which the journal's last line is noted outside the file.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn open_with(
        folder: &Path,
        ids: &BTreeMap<ProviderId, Ids>,
        notes: Option<&Path>,
        now: Timestamp,
    ) -> Result<Self, StoreUnusable> {
        let path = folder.join(FILE);
        let wrong = |words: &dyn std::fmt::Display| StoreUnusable {
            words: format!("the data file {} {words}; nothing was sent", text::of_path(&path)),
            passing: false,
        };
        files::private_data(folder, &path).map_err(|refused| wrong(&refused))?;
        let open = || -> Result<(Connection, Connection, Option<PathBuf>), Trouble> {
            let mut journal = connect(&path)?;
            let copy = migrate::migrate(&mut journal, &path, ids, now)?;
            let known = connect(&path)?;
            tune(&journal, "FULL")?;
            tune(&known, "NORMAL")?;
            Ok((known, journal, copy))
        };
        let (known, journal, copy) = open().map_err(|trouble| match trouble {
            Trouble::Sqlite(error) => {
                StoreUnusable { passing: is_passing(&error), ..wrong(&in_words(&error)) }
            }
            Trouble::Foreign => wrong(&"is not cardtop's: choose another folder with --data"),
            Trouble::Newer(version) => wrong(&format_args!(
                "was written by a newer cardtop (version {version}, this one knows {}): use that \
                 one, or another folder with --data",
                SCHEMAS.len()
            )),
            Trouble::NoCopy(words) => wrong(&words),
        })?;
        Ok(Self(Arc::new(Connections {
            head: notes.map(|notes| Head::of(&path, notes)),
            copy,
            path,
            known: Mutex::new(known),
            journal: Mutex::new(journal),
            version: AtomicI64::new(-1),
        })))
    }

    /// A store that forgets everything, for commands that only read where the data file at this
    /// path cannot be used now.
    ///
    /// # Errors
    /// One sentence, should even that not work.
    pub fn in_memory(
        folder: &Path,
        ids: &BTreeMap<ProviderId, Ids>,
    ) -> Result<Self, StoreUnusable> {
        let path = folder.join(FILE);
        let open = || -> Result<Connection, Trouble> {
            let mut db = Connection::open_in_memory()?;
            migrate::migrate(&mut db, &path, ids, Timestamp::UNIX_EPOCH)?;
            Ok(db)
        };
        let failed = |_| StoreUnusable {
            words: "there is no memory for what is read; nothing was sent".to_owned(),
            passing: false,
        };
        let (known, journal) = (open().map_err(failed)?, open().map_err(failed)?);
        Ok(Self(Arc::new(Connections {
            head: None,
            copy: None,
            path,
            known: Mutex::new(known),
            journal: Mutex::new(journal),
            version: AtomicI64::new(-1),
        })))
    }

    /// Where the file is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0.path
    }

    /// The copy that was made before the file was brought up to date, if it had to be.
    #[must_use]
    pub fn copy_made(&self) -> Option<&Path> {
        self.0.copy.as_deref()
    }

    /// Where the journal's last line is noted outside the file.
    #[must_use]
    pub fn head(&self) -> Option<&Head> {
        self.0.head.as_ref()
    }

    /// Whether another process may have written since this was last asked. It reads a number in
    /// shared memory and waits for nobody: a journal that is in use counts as written to.
    #[must_use]
    pub fn was_written(&self) -> bool {
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

    /// Works on what is known, off the async threads.
    ///
    /// # Errors
    /// What SQLite said.
    pub async fn known<T, F>(&self, work: F) -> rusqlite::Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        let store = Arc::clone(&self.0);
        blocking(move || work(&mut store.known.lock().unwrap_or_else(PoisonError::into_inner)))
            .await
    }

    /// Works on the journal, off the async threads. When it returns, the disk has it.
    ///
    /// # Errors
    /// What SQLite said.
    pub async fn journal<T, F>(&self, work: F) -> rusqlite::Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        let store = Arc::clone(&self.0);
        blocking(move || {
            let mut db = store.journal.lock().unwrap_or_else(PoisonError::into_inner);
            let done = work(&mut db)?;
            if let Some(head) = &store.head {
                head.note(&db)?;
            }
            Ok(done)
        })
        .await
    }
}

/// A panic in `work` ends the program, as everywhere; a cancelled runtime reads as an interrupted
/// query.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> rusqlite::Result<T> + Send + 'static,
) -> rusqlite::Result<T> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
        Err(_) => Err(rusqlite::Error::SqliteFailure(
            rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_INTERRUPT),
            None,
        )),
    }
}

/// Whether an error says nothing against the file itself: a full disk, or another process that
/// holds it.
#[must_use]
pub fn is_passing(error: &rusqlite::Error) -> bool {
    use rusqlite::ErrorCode;
    matches!(
        error.sqlite_error_code(),
        Some(
            ErrorCode::DiskFull
                | ErrorCode::SystemIoFailure
                | ErrorCode::DatabaseBusy
                | ErrorCode::DatabaseLocked
        )
    )
}

/// An SQLite error in words that fit behind "the data file …".
#[must_use]
pub fn in_words(error: &rusqlite::Error) -> String {
    use rusqlite::ErrorCode;
    match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => {
            "is broken: move it away and start again, or restore it from a copy".to_owned()
        }
        Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => {
            "cannot be written: check its owner and mode".to_owned()
        }
        Some(ErrorCode::DiskFull) => "cannot grow: the disk is full".to_owned(),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            "is held by another process: try again".to_owned()
        }
        _ => format!("cannot be used: {error}"),
    }
}

/// A connection that has not written a byte yet, not even to switch to WAL: the file may not be
/// ours.
fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_NOFOLLOW;
    let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let db = Connection::open_with_flags(path, flags)?;
    db.busy_timeout(BUSY)?;
    db.pragma_update(None, "trusted_schema", "OFF")?;
    db.set_prepared_statement_cache_capacity(64);
    Ok(db)
}

fn tune(db: &Connection, synchronous: &str) -> rusqlite::Result<()> {
    keep_a_log(db)?;
    db.pragma_update(None, "synchronous", synchronous)
}

/// Switches to WAL. Where others are just opening the same new file, SQLite says at once that it is
/// busy: so their transactions are waited for here, which it does as patiently as always.
fn keep_a_log(db: &Connection) -> rusqlite::Result<()> {
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

/// A moment as the database keeps it.
fn millis(at: Timestamp) -> i64 {
    at.as_millisecond()
}

/// A moment that the database kept.
fn moment(millis: i64) -> Timestamp {
    Timestamp::from_millisecond(millis).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// A money column and its currency column; what cannot be read is absent.
fn money(amount: Option<&str>, currency: Option<&str>) -> Option<crate::domain::money::Money> {
    crate::domain::money::Money::parse_wire(amount?, currency?.parse().ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn folder() -> tempfile::TempDir {
        tempfile::tempdir().expect("a folder for the test")
    }

    #[test]
    fn the_data_file_is_for_its_owner_only_and_opens_again() {
        let folder = folder();
        let data = folder.path().join("data");
        Store::open(&data).expect("a new data file");
        Store::open(&data).expect("the same data file");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode =
                |path: &Path| fs::metadata(path).expect("it exists").permissions().mode() & 0o777;
            assert_eq!((mode(&data), mode(&data.join(FILE))), (0o700, 0o600));
        }
    }

    #[test]
    fn whoever_opens_a_new_data_file_at_the_same_moment_gets_the_same_one() {
        for _ in 0..40 {
            let folder = folder();
            let together = std::sync::Barrier::new(6);
            let opened: Vec<_> = std::thread::scope(|scope| {
                let one = || {
                    together.wait();
                    Store::open(folder.path()).err()
                };
                let racers: Vec<_> = (0..6).map(|_| scope.spawn(one)).collect();
                racers.into_iter().filter_map(|racer| racer.join().expect("it ends")).collect()
            });
            assert!(opened.is_empty(), "{opened:?}");
        }
    }

    #[test]
    fn what_another_process_writes_is_noticed_once() {
        let folder = folder();
        let (ours, theirs) = (
            Store::open(folder.path()).expect("ours"),
            Store::open(folder.path()).expect("theirs"),
        );
        assert!(ours.was_written(), "nothing was looked at yet");
        assert!(!ours.was_written());
        theirs
            .0
            .journal
            .lock()
            .expect("their journal")
            .execute_batch("CREATE TABLE note (x)")
            .expect("a change");
        assert!(ours.was_written());
        assert!(!ours.was_written());
        let busy = ours.0.journal.lock().expect("our journal");
        assert!(ours.was_written(), "one that cannot be looked at counts as written");
        drop(busy);
    }

    #[cfg(unix)]
    #[test]
    fn a_read_only_file_is_refused_and_stays_read_only() {
        use std::os::unix::fs::PermissionsExt;
        let folder = folder();
        drop(Store::open(folder.path()).expect("a new data file"));
        let path = folder.path().join(FILE);
        let before = fs::read(&path).expect("the file");
        for mode in [0o400, 0o444] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("mode");
            let error = Store::open(folder.path()).err().expect("a refusal").to_string();
            assert!(
                error.contains("cannot be written: it is read-only; nothing was sent"),
                "{error}"
            );
            assert_eq!(fs::metadata(&path).expect("it exists").permissions().mode() & 0o777, mode);
            assert_eq!(fs::read(&path).expect("the file"), before);
        }
    }

    #[tokio::test]
    async fn a_file_of_an_earlier_cardtop_is_brought_up_to_date_with_all_that_is_in_it() {
        let folder = folder();
        let db = Connection::open(folder.path().join(FILE)).expect("a database");
        db.execute_batch(SCHEMAS[0]).expect("the first schema");
        db.pragma_update(None, "application_id", migrate::APPLICATION).expect("ours");
        db.pragma_update(None, "user_version", 1).expect("the first version");
        db.execute_batch(
            "INSERT INTO card (provider, id, holder, state, provider_state, labels, available, \
             currency, balance_at)
             VALUES ('acme', 'c1', 'Mara', 'ACTIVE', 'ACTIVE', '', '12.40', 'USD', 1775000000000)",
        )
        .expect("a card");
        drop(db);
        let store = Store::open(folder.path()).unwrap_or_else(|refused| panic!("{refused}"));
        let known = store.known(|db| cards::all(db)).await.expect("the cards");
        let [card] = known.as_slice() else { panic!("one card") };
        assert_eq!(
            (&*card.holder, card.state_at, card.old_state(moment(1_775_000_000_000))),
            ("Mara", card.balance.at(), None)
        );
        assert!(card.state_at.is_some());
    }

    #[test]
    fn a_broken_file_a_foreign_one_and_a_newer_one_are_refused_and_left_alone() {
        let folder = folder();
        let path = folder.path().join(FILE);
        let refusal = |expected: &str| {
            let before = fs::read(&path).expect("the file");
            let error = Store::open(folder.path()).err().expect("a refusal").to_string();
            assert!(error.contains(expected) && error.contains("nothing was sent"), "{error}");
            assert_eq!(fs::read(&path).expect("the file"), before, "the file was changed");
        };
        fs::write(&path, "this is not a database, but it is somebody's file").expect("writing");
        refusal("is broken");
        fs::remove_file(&path).expect("removing");
        Connection::open(&path)
            .expect("a database")
            .execute_batch("CREATE TABLE theirs (x)")
            .expect("a table");
        refusal("is not cardtop's");
        fs::remove_file(&path).expect("removing");
        drop(Store::open(folder.path()).expect("a new data file"));
        let db = Connection::open(&path).expect("the database");
        db.pragma_update(None, "user_version", 99).expect("a newer version");
        db.pragma_update_and_check(None, "journal_mode", "DELETE", |_| Ok(())).expect("one file");
        drop(db);
        let error = Store::open(folder.path()).err().expect("a refusal").to_string();
        assert!(error.contains("newer cardtop (version 99, this one knows 4)"), "{error}");
    }
}
