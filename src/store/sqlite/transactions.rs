//! Transactions: kept once each, changed in place when the provider changes them.
//!
//! A row is the same as long as provider, card and id are. One that names no card yet becomes the
//! card's as soon as it does. Every write of a row gives it a new number (`change`), which is what
//! [`pages`] reads by.

pub(super) mod columns;
pub(in crate::store) mod pages;

use std::sync::Arc;

use rusqlite::{CachedStatement, Connection, OptionalExtension, params};

use self::columns::{Insert, Kept, exact, insert, kept, next_change, select_kept};
use super::{millis, timestamp};
use crate::domain::card::{CardKey, ProviderId};
use crate::domain::operation::OperationId;
use crate::domain::transaction::{RowName, RowNews, Transaction, TransactionState};
use crate::store::Written;

/// Keeps transactions and returns those that are new or changed, as kept, with the names that are
/// gone: the time of first sight and the operation stay.
pub(in crate::store) fn keep(
    db: &mut Connection,
    rows: &[Transaction],
) -> rusqlite::Result<Written> {
    let tx = super::begin(db)?;
    let mut written = Written::default();
    let mut changed: Vec<Transaction> = Vec::with_capacity(rows.len());
    let mut gone = Vec::new();
    let (proofs, mut ids, mut new) = (Proofs::of(&tx)?, Ids::of(&tx)?, Insert::into(&tx)?);
    for row in rows {
        let known = if ids.has_one_of(row)? { known(&tx, row)? } else { None };
        let Some(known) = known else {
            let row = proofs.note_in(row.clone())?;
            written.note(new.row(&row, false)?);
            changed.push(row);
            continue;
        };
        let merged = merge(&known.row, row);
        if merged == known.row {
            continue;
        }
        // A row may gain its card or its own id as it clears, and is one that was a hold all the
        // same.
        let was_hold = known.was_hold && merged.state != TransactionState::Hold;
        let merged = proofs.note_in(merged)?;
        written.note(write_over(&tx, &known, &merged, was_hold)?);
        let name = RowName::from(&known.row);
        if name != RowName::from(&merged) {
            // It may have come under this name a moment ago.
            changed.retain(|row| RowName::from(row) != name);
            gone.push(name);
        }
        changed.push(merged);
    }
    drop((ids, new));
    tx.commit()?;
    written.news = RowNews { rows: changed, gone: Some(gone) };
    Ok(written)
}

/// Writes a row in the place of a known one, which may have had another name, and returns the
/// number of the write.
pub(super) fn write_over(
    tx: &rusqlite::Transaction<'_>,
    known: &Kept,
    row: &Transaction,
    was_hold: bool,
) -> rusqlite::Result<i64> {
    columns::delete(tx, known.change)?;
    let renamed = (&row.card_id, &row.id) != (&known.row.card_id, &known.row.id);
    if renamed && let Some(other) = exact(tx, &row.provider, row.card_id.as_deref(), &row.id)? {
        columns::delete(tx, other.change)?;
    }
    let change = insert(tx, row, was_hold)?;
    if renamed {
        columns::note_renamed(tx, &known.row, change)?;
    }
    Ok(change)
}

/// What is kept of a row already: under its card, under no card yet, or under the id of its task,
/// by which earlier cardtops named it.
fn known(db: &Connection, row: &Transaction) -> rusqlite::Result<Option<Kept>> {
    for id in std::iter::once(&row.id).chain(&row.task) {
        let found = match &row.card_id {
            Some(card) => of_card_or_none(db, &row.provider, card, id)?,
            None => of_any_card(db, &row.provider, id)?,
        };
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}

/// The row of this id on this card, else the one that names no card yet.
fn of_card_or_none(
    db: &Connection,
    provider: &ProviderId,
    card: &str,
    id: &str,
) -> rusqlite::Result<Option<Kept>> {
    let mut query = db.prepare_cached(&select_kept(
        "provider = ?1 AND id = ?2 AND card_id IN (?3, '') ORDER BY card_id DESC LIMIT 1",
    ))?;
    query.query_row([provider.name(), id, card], kept).optional()
}

/// The only row of this id, whatever its card; of several the one that names no card, since nothing
/// says whose another one is.
fn of_any_card(db: &Connection, provider: &ProviderId, id: &str) -> rusqlite::Result<Option<Kept>> {
    let mut query =
        db.prepare_cached(&select_kept("provider = ?1 AND id = ?2 ORDER BY card_id LIMIT 2"))?;
    let mut found = query.query_map([provider.name(), id], kept)?;
    let first = found.next().transpose()?;
    let is_only = found.next().transpose()?.is_none();
    Ok(first.filter(|first| is_only || first.row.card_id.is_none()))
}

/// A newer reading over an older one: what it does not say is kept, and so are the first sight and
/// the operation.
fn merge(known: &Transaction, row: &Transaction) -> Transaction {
    let text = |new: &Option<Arc<str>>, old: &Option<Arc<str>>| new.clone().or_else(|| old.clone());
    Transaction {
        card_id: text(&row.card_id, &known.card_id),
        task: text(&row.task, &known.task),
        last4: row.last4.or(known.last4),
        fee: row.fee.or(known.fee),
        merchant: text(&row.merchant, &known.merchant),
        mcc: text(&row.mcc, &known.mcc),
        country: text(&row.country, &known.country),
        decline_reason: text(&row.decline_reason, &known.decline_reason),
        description: text(&row.description, &known.description),
        seen_at: known.seen_at,
        operation: known.operation.or(row.operation),
        ..row.clone()
    }
}

/// Which operations the transactions prove that are written.
struct Proofs<'a> {
    db: &'a Connection,
    /// The journal knows a transaction that proves an operation: mostly it knows none, and no row
    /// is looked up.
    has_any: bool,
}

impl<'a> Proofs<'a> {
    fn of(db: &'a Connection) -> rusqlite::Result<Self> {
        let mut query =
            db.prepare_cached("SELECT EXISTS (SELECT 1 FROM operation WHERE credit IS NOT NULL)")?;
        let has_any = query.query_row([], |row| row.get(0))?;
        Ok(Self { db, has_any })
    }

    /// A row with the operation that it proves, where the journal knows one.
    fn note_in(&self, row: Transaction) -> rusqlite::Result<Transaction> {
        let (None, Some(card), true) = (row.operation, &row.card_id, self.has_any) else {
            return Ok(row);
        };
        let mut query = self.db.prepare_cached(
            "SELECT id FROM operation WHERE provider = ?1 AND card_id = ?2 AND credit = ?3",
        )?;
        let operation: Option<String> = query
            .query_row([row.provider.name(), card, &row.id], |found| found.get(0))
            .optional()?;
        Ok(Transaction { operation: operation.and_then(|id| id.parse().ok()), ..row })
    }
}

/// Whether anything is kept under the ids of rows, whatever its card: one step in the index, which
/// is all that most rows of a list that is read for the first time take.
struct Ids<'a>(CachedStatement<'a>);

impl<'a> Ids<'a> {
    fn of(db: &'a Connection) -> rusqlite::Result<Self> {
        db.prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM card_transaction WHERE provider = ?1 AND id = ?2)",
        )
        .map(Self)
    }

    fn has_one_of(&mut self, row: &Transaction) -> rusqlite::Result<bool> {
        for id in std::iter::once(&row.id).chain(&row.task) {
            if self.0.query_row([row.provider.name(), id], |found| found.get(0))? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// When the oldest hold of a provider happened that is not older than `since`: the feed is read
/// again from there, since holds change.
pub(in crate::store) fn oldest_hold(
    db: &Connection,
    provider: &ProviderId,
    card: Option<&CardKey>,
    since: jiff::Timestamp,
) -> rusqlite::Result<Option<jiff::Timestamp>> {
    let (index, of_card) = match card {
        Some(_) => ("card_transaction_holds_of_card", "card_id ="),
        None => ("card_transaction_holds", "card_id >="),
    };
    let mut query = db.prepare_cached(&format!(
        "SELECT min(at) FROM card_transaction INDEXED BY {index} WHERE provider = ?1 AND state = \
         'HOLD' AND gone_at IS NULL AND at >= ?2 AND {of_card} ?3"
    ))?;
    let at: Option<i64> = query.query_row(
        params![provider.name(), millis(since), card.map_or("", |card| &card.id)],
        |row| row.get(0),
    )?;
    Ok(at.map(timestamp))
}

/// Notes which operation a transaction of a card proves.
pub(in crate::store) fn link_operation(
    db: &mut Connection,
    card: &CardKey,
    id: &str,
    operation: OperationId,
) -> rusqlite::Result<Written> {
    let mut written = Written::default();
    let tx = super::begin(db)?;
    let known = exact(&tx, &card.provider, Some(&card.id), id)?
        .ok_or(rusqlite::Error::QueryReturnedNoRows)?;
    if known.row.operation != Some(operation) {
        let change = next_change(&tx)?;
        written.note(change);
        tx.prepare_cached(
            "UPDATE card_transaction SET operation = ?2, change = ?3 WHERE change = ?1",
        )?
        .execute(params![known.change, operation.to_string(), change])?;
        written.news.rows.push(Transaction { operation: Some(operation), ..known.row });
    }
    tx.commit()?;
    Ok(written)
}

/// The rows of a card and their writes, under the spelling that the file has.
pub(super) fn of_card(
    db: &Connection,
    provider: &ProviderId,
    card: &str,
) -> rusqlite::Result<Vec<Kept>> {
    let mut query = db.prepare_cached(&select_kept("provider = ?1 AND card_id = ?2"))?;
    query.query_map([provider.name(), card], kept)?.collect()
}

#[cfg(test)]
mod tests;
