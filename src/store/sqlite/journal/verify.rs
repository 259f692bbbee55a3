//! Checking the journal.
//!
//! What the file says is compared with what its lines say, down to every column that is printed,
//! and with the note of the last line that is kept outside the file ([`Head`]). Whoever can write
//! the file, the note and this program's code can still forge all three: without a key nothing here
//! can notice.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension};
use serde_json::Value;

use super::chain::{GENESIS, Line, RECORDED, columns};
use super::head::{Head, Note};
use crate::domain::operation::StepKind;
use crate::store::Verified;

/// Triggers that keep lines from being changed.
const TRIGGERS: [&str; 3] =
    ["line_is_never_changed", "line_is_never_removed", "line_needs_its_record"];

/// Checks the chain of the lines, every column of every operation against the operation's last
/// line, the triggers, and the journal's end against the note outside the file. The inner error
/// says where it breaks, in one sentence.
pub(in crate::store) fn verify(
    db: &Connection,
    head: Option<&Head>,
) -> rusqlite::Result<Result<Verified, String>> {
    let end = match chain(db)? {
        Ok(end) => end,
        Err(words) => return Ok(Err(words)),
    };
    let note = head.and_then(Head::read);
    let broken = [strayed(db)?, unrecorded(db)?, unguarded(db)?];
    if let Some(words) = broken.into_iter().flatten().next() {
        return Ok(Err(words));
    }
    if let Some(note) = &note
        && let Some(words) = contradicted(db, &end, note)?
    {
        return Ok(Err(words));
    }
    Ok(Ok(Verified { noted: note.map(|note| note.lines), ..end }))
}

/// What is wrong with the lines of a file that is just being brought up to date: they have no
/// records yet.
pub(super) fn earlier_lines(db: &Connection) -> rusqlite::Result<Option<String>> {
    match chain(db)? {
        Ok(_) => strayed(db),
        Err(words) => Ok(Some(words)),
    }
}

/// A trigger that is missing.
fn unguarded(db: &Connection) -> rusqlite::Result<Option<String>> {
    for trigger in TRIGGERS {
        let there: bool = db.query_row(
            "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE type = 'trigger' AND name = ?1)",
            [trigger],
            |row| row.get(0),
        )?;
        if !there {
            return Ok(Some(format!(
                "the guard {trigger} was taken away: lines could have been changed since"
            )));
        }
    }
    Ok(None)
}

/// How the note outside the file contradicts the lines.
fn contradicted(db: &Connection, end: &Verified, note: &Note) -> rusqlite::Result<Option<String>> {
    let hash: Option<String> = match i64::try_from(note.lines) {
        Ok(0) => Some(GENESIS.to_owned()),
        Ok(number) => db
            .query_row("SELECT hash FROM line WHERE number = ?1", [number], |row| row.get(0))
            .optional()?,
        Err(_) => None,
    };
    Ok(match hash {
        None => Some(format!(
            "the journal has {} lines, and {} were written: its end is missing",
            end.lines, note.lines
        )),
        Some(hash) if hash != note.hash => Some(format!(
            "line {} of the journal is not the one that was written: the chain was made anew",
            note.lines
        )),
        Some(_) => None,
    })
}

/// The chain from the first line to the last.
fn chain(db: &Connection) -> rusqlite::Result<Result<Verified, String>> {
    // A file that is just being brought up to date has lines without records only.
    let mut query = db.prepare(
        "SELECT number, at, operation, what, words, state, previous, hash, record FROM line ORDER \
         BY number",
    )?;
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
            return Ok(Err(format!(
                "line {number} of the journal was changed: its hash does not fit"
            )));
        }
        if what == StepKind::Broken.as_str() {
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
                (SELECT state FROM line WHERE operation = operation.id ORDER BY number DESC LIMIT \
             1)",
            [],
            |row| row.get(0),
        )
        .optional()?;
    Ok(id.map(|id| format!("operation {id} is not in the state that its last line says")))
}

/// An operation that is not as its last line has it, or lines whose operation is gone.
fn unrecorded(db: &Connection) -> rusqlite::Result<Option<String>> {
    let lost: Option<String> = db
        .query_row(
            "SELECT operation FROM line WHERE operation NOT IN (SELECT id FROM operation) LIMIT 1",
            [],
            |row| row.get(0),
        )
        .optional()?;
    if let Some(id) = lost {
        return Ok(Some(format!("operation {id} is gone, and its lines are still here")));
    }
    let mut query = db.prepare(&format!(
        "SELECT {}, (SELECT record FROM line WHERE operation = operation.id ORDER BY number DESC \
         LIMIT 1) FROM operation",
        RECORDED.join(", ")
    ))?;
    let mut rows = query.query([])?;
    while let Some(row) = rows.next()? {
        let now = columns(row)?;
        let id = now.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
        let record: Option<String> = row.get(RECORDED.len())?;
        let recorded: BTreeMap<String, Value> =
            record.and_then(|record| serde_json::from_str(&record).ok()).unwrap_or_default();
        if recorded.is_empty() {
            return Ok(Some(format!("the last line of operation {id} has no record of it")));
        }
        if let Some((name, _)) =
            recorded.iter().find(|(name, value)| now.get(*name).is_some_and(|now| now != *value))
        {
            return Ok(Some(format!(
                "operation {id} was changed: its {name} is not what its last line says"
            )));
        }
    }
    Ok(None)
}
