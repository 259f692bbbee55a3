//! The lines of the journal: only added, each with the hash of the one before and the whole record
//! of its operation.

use aws_lc_rs::digest;
use jiff::Timestamp;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};
use serde_json::{Map, Value};

use super::super::millis;
use crate::domain::operation::{OperationId, OperationState, StepKind};

/// Hash that the first line stands on.
pub(super) const GENESIS: &str = "cardtop";

/// Columns of an operation that its lines repeat: every one that is printed or decided by, but for
/// the process that sends it.
pub(super) const RECORDED: [&str; 28] = [
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

/// Adds a line about an operation as it is now in the table.
pub(super) fn append(
    tx: &Transaction<'_>,
    at: Timestamp,
    id: OperationId,
    kind: &StepKind,
    words: &str,
    state: OperationState,
) -> rusqlite::Result<()> {
    let last: Option<(i64, String)> = tx
        .prepare_cached("SELECT number, hash FROM line ORDER BY number DESC LIMIT 1")?
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let (number, previous) =
        last.map_or((1, GENESIS.to_owned()), |(number, hash)| (number + 1, hash));
    let operation = id.to_string();
    let record = record(tx, &operation)?.ok_or(rusqlite::Error::QueryReturnedNoRows)?;
    let line = Line {
        number,
        at: millis(at),
        operation: &operation,
        what: kind.as_str(),
        words,
        state: state.as_str(),
        record: Some(&record),
    };
    let hash = line.hash(&previous);
    tx.prepare_cached(
        "INSERT INTO line (number, at, operation, what, words, state, record, previous, hash) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    )?
    .execute(params![
        number, line.at, operation, line.what, words, line.state, record, previous, hash
    ])?;
    Ok(())
}

/// An operation's columns as JSON, in a fixed order.
pub(super) fn record(db: &Connection, id: &str) -> rusqlite::Result<Option<String>> {
    let mut query =
        db.prepare_cached(&format!("SELECT {} FROM operation WHERE id = ?1", RECORDED.join(", ")))?;
    query
        .query_row([id], |row| columns(row).map(|columns| Value::Object(columns).to_string()))
        .optional()
}

/// The columns of [`RECORDED`] of a row that begins with them.
pub(super) fn columns(row: &Row<'_>) -> rusqlite::Result<Map<String, Value>> {
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

/// A line as it is hashed.
pub(super) struct Line<'a> {
    pub(super) number: i64,
    pub(super) at: i64,
    pub(super) operation: &'a str,
    pub(super) what: &'a str,
    pub(super) words: &'a str,
    pub(super) state: &'a str,
    /// Lines of earlier cardtops have none.
    pub(super) record: Option<&'a str>,
}

impl Line<'_> {
    /// SHA-256 over the hash of the line before and this line, in hexadecimal. The length of each
    /// text stands before it, so that no two different lines give the same bytes.
    pub(super) fn hash(&self, previous: &str) -> String {
        let mut bytes = Vec::with_capacity(1_024);
        bytes.extend_from_slice(&self.number.to_be_bytes());
        bytes.extend_from_slice(&self.at.to_be_bytes());
        for text in [previous, self.operation, self.what, self.words, self.state]
            .into_iter()
            .chain(self.record)
        {
            bytes.extend_from_slice(&u64::try_from(text.len()).unwrap_or(u64::MAX).to_be_bytes());
            bytes.extend_from_slice(text.as_bytes());
        }
        data_encoding::HEXLOWER.encode(digest::digest(&digest::SHA256, &bytes).as_ref())
    }
}

/// The hash of a line as cardtops wrote them before lines had records.
#[cfg(test)]
pub(in crate::store::sqlite) fn hash_without_record(
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
