//! Bringing a data file up to date: a copy beside it first, then every missing schema in one
//! transaction.
//!
//! A cardtop of an earlier schema that still runs is kept from writing by triggers of the new one;
//! a later one by [`begin`](super::begin).

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rusqlite::{Connection, Transaction, TransactionBehavior};

use super::{canonical, connect, connect_to_read, free_text, journal};
use crate::domain::card::{Ids, ProviderId};
use crate::domain::text;
use crate::store::{FILE, StoreError};

/// Marks a database as ours (`ctop`).
pub(super) const APPLICATION: i32 = 0x6374_6f70;

/// The schemas, append-only: the version of a database is how many were applied.
pub(super) const SCHEMAS: [&str; 14] = [
    include_str!("../../../assets/schema/001.sql"),
    include_str!("../../../assets/schema/002.sql"),
    include_str!("../../../assets/schema/003.sql"),
    include_str!("../../../assets/schema/004.sql"),
    include_str!("../../../assets/schema/005.sql"),
    include_str!("../../../assets/schema/006.sql"),
    include_str!("../../../assets/schema/007.sql"),
    include_str!("../../../assets/schema/008.sql"),
    include_str!("../../../assets/schema/009.sql"),
    include_str!("../../../assets/schema/010.sql"),
    include_str!("../../../assets/schema/011.sql"),
    include_str!("../../../assets/schema/012.sql"),
    include_str!("../../../assets/schema/013.sql"),
    include_str!("../../../assets/schema/014.sql"),
];

/// The schema with which lines began to carry records.
const RECORDS: usize = 3;

/// The schema that writes every transaction anew.
const REWRITTEN: usize = 5;

/// Why a database cannot be brought up to date.
pub(super) enum Trouble {
    /// SQLite's error.
    Sqlite(rusqlite::Error),
    /// It is another program's.
    Foreign,
    /// It has this schema, which this cardtop does not know.
    Newer(usize),
    /// The copy could not be made; its sentence.
    NoCopy(String),
}

impl From<rusqlite::Error> for Trouble {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

/// How many transactions the file of an earlier cardtop has that are rewritten when it is opened;
/// `None` for a file that is up to date, is not ours or is not there.
pub(super) fn rows_to_rewrite(path: &Path) -> Option<u64> {
    let db = connect_to_read(path).ok()?;
    let version = version(&db).ok().filter(|version| (1..REWRITTEN).contains(version))?;
    let table = if version < RECORDS { "movement" } else { "card_transaction" };
    let count = db.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0));
    count.ok().map(i64::unsigned_abs)
}

/// Brings a database up to date and says where its copy is, if one was made. `ids` are the forms of
/// the accounts' ids: what an earlier cardtop kept under two spellings becomes one.
pub(super) fn bring_up_to_date(
    db: &mut Connection,
    path: &Path,
    ids: &BTreeMap<ProviderId, Ids>,
    now: Timestamp,
) -> Result<Option<PathBuf>, Trouble> {
    // One snapshot: another process may be just making the tables.
    let snapshot = db.transaction()?;
    let version = version(&snapshot)?;
    let settled = version == SCHEMAS.len() && canonical::is_done(&snapshot, ids)?;
    drop(snapshot);
    if settled {
        return Ok(None);
    }
    let tx = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let version = self::version(&tx)?;
    // Nobody writes from here on, so the copy has all that the file had.
    let stray = version == SCHEMAS.len() && canonical::has_strays(&tx, ids)?;
    let copy = if (1..SCHEMAS.len()).contains(&version) || stray {
        Some(copy(path, version, now)?)
    } else {
        None
    };
    if let Err(error) = apply(tx, version, ids, now) {
        // The file is as it was, and the copy says nothing that the file does not.
        if let Some(copy) = copy {
            let _ = std::fs::remove_file(copy);
        }
        return Err(error.into());
    }
    Ok(copy)
}

/// Applies the schemas that a file of this version lacks, and what they ask of its rows.
fn apply(
    tx: Transaction<'_>,
    version: usize,
    ids: &BTreeMap<ProviderId, Ids>,
    now: Timestamp,
) -> rusqlite::Result<()> {
    let has_no_records = (1..RECORDS).contains(&version);
    for (count, schema) in (1..).zip(SCHEMAS).skip(version) {
        tx.execute_batch(schema)?;
        // Before rows are numbered: who follows the numbers sees none of what is cleaned.
        if count == RECORDS && has_no_records {
            free_text::clean(&tx)?;
        }
    }
    let renamed = canonical::join(&tx, ids)?;
    if has_no_records {
        journal::snapshot(&tx, now)?;
    } else {
        journal::note_renamed(&tx, &renamed, now)?;
    }
    tx.pragma_update(None, "application_id", APPLICATION)?;
    tx.pragma_update(None, "user_version", i64::try_from(SCHEMAS.len()).unwrap_or(i64::MAX))?;
    tx.commit()
}

/// How many schemas were applied; 0 for an empty database.
fn version(db: &Connection) -> Result<usize, Trouble> {
    let application: i32 = db.pragma_query_value(None, "application_id", |row| row.get(0))?;
    let version: i64 = db.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let version = usize::try_from(version).unwrap_or(usize::MAX);
    let tables: i64 = db.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    match application {
        APPLICATION if version > SCHEMAS.len() => Err(Trouble::Newer(version)),
        APPLICATION => Ok(version),
        0 if tables == 0 => Ok(0),
        _ => Err(Trouble::Foreign),
    }
}

/// Copies the database beside itself, for its owner only. Another connection reads while the
/// caller's keeps writers out, and others who would copy.
fn copy(path: &Path, version: usize, now: Timestamp) -> Result<PathBuf, Trouble> {
    let name = format!("{}.v{version}-{}", FILE, now.strftime("%Y%m%dT%H%M%S%3f"));
    let copy = path.with_file_name(format!("{name}-{}.bak", std::process::id()));
    let failed = |error: &dyn std::fmt::Display| {
        Trouble::NoCopy(format!(
            "has to be brought up to date, and the copy {} cannot be made first: {error}",
            text::of_path(&copy)
        ))
    };
    // Under its name it is whole. What one that was killed left is in the way of nobody, and would
    // be as large as the data file.
    let part = path.with_file_name(format!("{FILE}.part"));
    remove_part(&part);
    create(&part).map_err(|error| failed(&error))?;
    let copied = connect(path).and_then(|reader| {
        let target = part.to_str().ok_or_else(|| rusqlite::Error::InvalidPath(part.clone()))?;
        reader.execute("VACUUM INTO ?1", [target])
    });
    if let Err(error) = copied {
        remove_part(&part);
        return Err(failed(&StoreError::from(error)));
    }
    if let Err(error) = std::fs::rename(&part, &copy) {
        remove_part(&part);
        return Err(failed(&error));
    }
    Ok(copy)
}

/// Removes a copy on its way, and SQLite's journal of it.
fn remove_part(part: &Path) {
    let journal = part.with_file_name(format!("{FILE}.part-journal"));
    for file in [part, &journal] {
        let _ = std::fs::remove_file(file);
    }
}

/// A new empty file for its owner only.
fn create(path: &Path) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    options.open(path).map(drop)
}

#[cfg(test)]
mod tests;
