//! The lines of the journal: only added, each with the hash of the one before and the whole record of its operation.
//!
//! [`verify`] compares what the file says with what its lines say, down to every column that is printed, and with the note of the last
//! line that is kept outside the file ([`Head`]). Whoever can write the file, the note and this program's code can still forge all
//! three: without a key nothing here can tell.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use aws_lc_rs::digest;
use jiff::Timestamp;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension, Transaction, params};
use serde_json::{Map, Value};

use super::super::millis;
use crate::domain::operation::{OperationId, OperationState};

/// Hash that the first line stands on.
const GENESIS: &str = "cardtop";

/// What a journal that was checked is like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// How many lines it has.
    pub lines: u64,
    /// The hash of the last line, in hexadecimal; of an empty journal the word it stands on.
    pub last_hash: String,
    /// How many lines the note outside the file knows; `None` where there is no note.
    pub noted: Option<u64>,
}

/// Columns of an operation that its lines repeat: every one that is printed or decided by, but for the process that sends it.
const RECORDED: [&str; 28] = [
    "id",
    "deed",
    "provider",
    "card_id",
    "last4",
    "amount",
    "currency",
    "state",
    "reason",
    "reference",
    "provider_reference",
    "operator",
    "created_at",
    "updated_at",
    "detail",
    "before_owner",
    "before_state",
    "before_available",
    "before_current",
    "before_currency",
    "proof",
    "looks",
    "next_look",
    "credit",
    "baseline",
    "proven_by",
    "watched_until",
    "alarm",
];

/// Triggers that keep lines from being changed.
const TRIGGERS: [&str; 3] = ["line_is_never_changed", "line_is_never_removed", "line_needs_its_record"];

/// What a line of a broken journal is called that an earlier cardtop left behind.
const BROKEN: &str = "broken";

/// Adds a line about an operation as it is now in the table.
pub(super) fn append(
    tx: &Transaction<'_>,
    at: Timestamp,
    id: OperationId,
    what: &str,
    words: &str,
    state: OperationState,
) -> rusqlite::Result<()> {
    let last: Option<(i64, String)> = tx
        .prepare_cached("SELECT number, hash FROM line ORDER BY number DESC LIMIT 1")?
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let (number, previous) = last.map_or((1, GENESIS.to_owned()), |(number, hash)| (number + 1, hash));
    let operation = id.to_string();
    let record = record(tx, &operation)?.ok_or(rusqlite::Error::QueryReturnedNoRows)?;
    let line = Line { number, at: millis(at), operation: &operation, what, words, state: state.word(), record: Some(&record) };
    let hash = line.hash(&previous);
    tx.prepare_cached(
        "INSERT INTO line (number, at, operation, what, words, state, record, previous, hash) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    )?
    .execute(params![number, line.at, operation, what, words, line.state, record, previous, hash])?;
    Ok(())
}

/// Gives every operation a line with its record: the first that it has in this form of the file. Where the lines of the earlier form
/// do not verify, the new lines say so and the journal stays broken.
pub(in super::super) fn snapshot(tx: &Transaction<'_>, at: Timestamp) -> rusqlite::Result<()> {
    let broken = match chain(tx)? {
        Ok(_) => strayed(tx)?,
        Err(words) => Some(words),
    };
    let ids: Vec<(String, String)> = tx
        .prepare("SELECT id, state FROM operation ORDER BY id")?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<_>>()?;
    for (id, state) in ids {
        let (Ok(id), Some(state)) = (id.parse(), OperationState::of_word(&state)) else { continue };
        match &broken {
            None => append(tx, at, id, "snapshot", "the data file was brought up to date", state)?,
            Some(words) => {
                append(tx, at, id, BROKEN, &format!("the data file was brought up to date; before that, {words}"), state)?
            }
        }
    }
    Ok(())
}

/// Gives operations whose card has another name now a line that says so.
pub(in super::super) fn note_renamed(tx: &Transaction<'_>, renamed: &BTreeSet<String>, at: Timestamp) -> rusqlite::Result<()> {
    for id in renamed {
        let state: String = tx.query_row("SELECT state FROM operation WHERE id = ?1", [id], |row| row.get(0))?;
        let (Ok(id), Some(state)) = (id.parse(), OperationState::of_word(&state)) else { continue };
        append(tx, at, id, "snapshot", "the card's id was brought into its canonical form", state)?;
    }
    Ok(())
}

/// An operation's columns as JSON, in a fixed order.
fn record(db: &Connection, id: &str) -> rusqlite::Result<Option<String>> {
    let mut query = db.prepare_cached(&format!("SELECT {} FROM operation WHERE id = ?1", RECORDED.join(", ")))?;
    query.query_row([id], |row| columns(row).map(|columns| Value::Object(columns).to_string())).optional()
}

fn columns(row: &rusqlite::Row<'_>) -> rusqlite::Result<Map<String, Value>> {
    let mut columns = Map::new();
    for (index, name) in RECORDED.iter().enumerate() {
        let value = match row.get_ref(index)? {
            ValueRef::Integer(number) => Value::from(number),
            ValueRef::Text(text) => Value::from(String::from_utf8_lossy(text).into_owned()),
            ValueRef::Null | ValueRef::Real(_) | ValueRef::Blob(_) => Value::Null,
        };
        columns.insert((*name).to_owned(), value);
    }
    Ok(columns)
}

/// Checks the journal: the chain of its lines, every column of every operation against the operation's last line, and the triggers. The
/// sentence says where it breaks.
///
/// # Errors
/// What SQLite said.
pub fn verify(db: &Connection) -> rusqlite::Result<Result<Verified, String>> {
    verify_with(db, None)
}

/// The same, and the journal's end against the note outside the file.
///
/// # Errors
/// What SQLite said.
pub fn verify_with(db: &Connection, head: Option<&Head>) -> rusqlite::Result<Result<Verified, String>> {
    let end = match chain(db)? {
        Ok(end) => end,
        Err(words) => return Ok(Err(words)),
    };
    if let Some(words) = strayed(db)? {
        return Ok(Err(words));
    }
    if let Some(words) = unrecorded(db)? {
        return Ok(Err(words));
    }
    for trigger in TRIGGERS {
        let there: bool =
            db.query_row("SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE type = 'trigger' AND name = ?1)", [trigger], |row| {
                row.get(0)
            })?;
        if !there {
            return Ok(Err(format!("the guard {trigger} was taken away: lines could have been changed since")));
        }
    }
    let noted = head.and_then(Head::read);
    if let Some(note) = &noted {
        let hash: Option<String> = match i64::try_from(note.lines) {
            Ok(0) => Some(GENESIS.to_owned()),
            Ok(number) => db.query_row("SELECT hash FROM line WHERE number = ?1", [number], |row| row.get(0)).optional()?,
            Err(_) => None,
        };
        match hash {
            None => {
                return Ok(Err(format!(
                    "the journal has {} lines, and {} were written: its end is missing",
                    end.lines, note.lines
                )));
            }
            Some(hash) if hash != note.hash => {
                return Ok(Err(format!(
                    "line {} of the journal is not the one that was written: the chain was made anew",
                    note.lines
                )));
            }
            Some(_) => {}
        }
    }
    Ok(Ok(Verified { noted: noted.map(|note| note.lines), ..end }))
}

/// The chain from the first line to the last.
fn chain(db: &Connection) -> rusqlite::Result<Result<Verified, String>> {
    // A file that is just being brought up to date has lines without records only.
    let mut query =
        db.prepare("SELECT number, at, operation, what, words, state, previous, hash, record FROM line ORDER BY number")?;
    let mut rows = query.query([])?;
    let mut previous = GENESIS.to_owned();
    let mut expected: i64 = 1;
    while let Some(row) = rows.next()? {
        let number: i64 = row.get(0)?;
        if number != expected {
            return Ok(Err(format!("line {expected} of the journal is missing")));
        }
        let text = |index: usize| row.get::<_, String>(index);
        let (operation, what, words, state) = (text(2)?, text(3)?, text(4)?, text(5)?);
        let record: Option<String> = row.get(8)?;
        let line = Line {
            number,
            at: row.get(1)?,
            operation: &operation,
            what: &what,
            words: &words,
            state: &state,
            record: record.as_deref(),
        };
        if text(6)? != previous || text(7)? != line.hash(&previous) {
            return Ok(Err(format!("line {number} of the journal was changed: its hash does not fit")));
        }
        if what == BROKEN {
            return Ok(Err(format!("line {number} of the journal says: {words}")));
        }
        previous = text(7)?;
        expected += 1;
    }
    Ok(Ok(Verified { lines: (expected - 1).unsigned_abs(), last_hash: previous, noted: None }))
}

/// An operation whose state is not what its last line says, or that has no line.
fn strayed(db: &Connection) -> rusqlite::Result<Option<String>> {
    let id: Option<String> = db
        .query_row(
            "SELECT id FROM operation WHERE state IS NOT
                (SELECT state FROM line WHERE operation = operation.id ORDER BY number DESC LIMIT 1)",
            [],
            |row| row.get(0),
        )
        .optional()?;
    Ok(id.map(|id| format!("operation {id} is not in the state that its last line says")))
}

/// An operation that is not as its last line has it, or lines whose operation is gone.
fn unrecorded(db: &Connection) -> rusqlite::Result<Option<String>> {
    let lost: Option<String> = db
        .query_row("SELECT operation FROM line WHERE operation NOT IN (SELECT id FROM operation) LIMIT 1", [], |row| row.get(0))
        .optional()?;
    if let Some(id) = lost {
        return Ok(Some(format!("operation {id} is gone, and its lines are still here")));
    }
    let mut query = db.prepare(&format!(
        "SELECT {}, (SELECT record FROM line WHERE operation = operation.id ORDER BY number DESC LIMIT 1) FROM operation",
        RECORDED.join(", ")
    ))?;
    let mut rows = query.query([])?;
    while let Some(row) = rows.next()? {
        let now = columns(row)?;
        let id = now.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
        let record: Option<String> = row.get(RECORDED.len())?;
        let said: BTreeMap<String, Value> = record.and_then(|record| serde_json::from_str(&record).ok()).unwrap_or_default();
        if said.is_empty() {
            return Ok(Some(format!("the last line of operation {id} has no record of it")));
        }
        if let Some((name, _)) = said.iter().find(|(name, value)| now.get(*name).is_some_and(|now| now != *value)) {
            return Ok(Some(format!("operation {id} was changed: its {name} is not what its last line says")));
        }
    }
    Ok(None)
}

/// A line as it is hashed.
struct Line<'a> {
    number: i64,
    at: i64,
    operation: &'a str,
    what: &'a str,
    words: &'a str,
    state: &'a str,
    /// Lines of earlier cardtops have none.
    record: Option<&'a str>,
}

impl Line<'_> {
    /// Lengths stand before the texts, so that no two different lines read the same.
    fn hash(&self, previous: &str) -> String {
        let mut bytes = Vec::with_capacity(1_024);
        bytes.extend_from_slice(&self.number.to_be_bytes());
        bytes.extend_from_slice(&self.at.to_be_bytes());
        for text in [previous, self.operation, self.what, self.words, self.state].into_iter().chain(self.record) {
            bytes.extend_from_slice(&u64::try_from(text.len()).unwrap_or(u64::MAX).to_be_bytes());
            bytes.extend_from_slice(text.as_bytes());
        }
        data_encoding::HEXLOWER.encode(digest::digest(&digest::SHA256, &bytes).as_ref())
    }
}

/// The note of the journal's last line that is kept outside the data file, so that a journal whose end was cut off can be told.
#[derive(Clone, Debug)]
pub struct Head {
    path: PathBuf,
}

/// What the note says.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Note {
    lines: u64,
    hash: String,
}

impl Head {
    /// The note of this data file, in this folder.
    #[must_use]
    pub fn of(data_file: &Path, folder: &Path) -> Self {
        let place = data_file.canonicalize().unwrap_or_else(|_| data_file.to_owned());
        let hash = digest::digest(&digest::SHA256, place.as_os_str().as_encoded_bytes());
        let name = data_encoding::HEXLOWER.encode(hash.as_ref().get(..8).unwrap_or_default());
        Self { path: folder.join(format!("journal-{name}")) }
    }

    /// Where it is kept.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn read(&self) -> Option<Note> {
        let text = fs::read_to_string(&self.path).ok()?;
        let (lines, hash) = text.trim().split_once(' ')?;
        Some(Note { lines: lines.parse().ok()?, hash: hash.to_owned() })
    }

    /// Notes the last line, unless a later one is noted. A note that cannot be written is no reason to stop: `verify` says that there is
    /// none.
    pub(in super::super) fn note(&self, db: &Connection) -> rusqlite::Result<()> {
        let last: Option<(i64, String)> = db
            .prepare_cached("SELECT number, hash FROM line ORDER BY number DESC LIMIT 1")?
            .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let Some((number, hash)) = last else { return Ok(()) };
        let lines = number.unsigned_abs();
        if self.read().is_some_and(|note| note.lines >= lines) {
            return Ok(());
        }
        if let Err(error) = self.write(lines, &hash) {
            tracing::warn!("the note of the journal's last line cannot be written to {}: {error}", self.path.display());
        }
        Ok(())
    }

    fn write(&self, lines: u64, hash: &str) -> std::io::Result<()> {
        if let Some(folder) = self.path.parent() {
            fs::create_dir_all(folder)?;
        }
        let draft = self.path.with_extension(format!("{}.new", std::process::id()));
        let mut options = fs::OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt;
            options.mode(0o600);
        }
        options.open(&draft)?.write_all(format!("{lines} {hash}\n").as_bytes())?;
        fs::rename(&draft, &self.path)
    }
}

/// The hash of a line as cardtops wrote them before lines had records.
#[cfg(test)]
pub(in super::super) fn hash_without_record(
    number: i64,
    at: i64,
    operation: &str,
    what: &str,
    words: &str,
    state: &str,
    previous: &str,
) -> String {
    Line { number, at, operation, what, words, state, record: None }.hash(previous)
}
