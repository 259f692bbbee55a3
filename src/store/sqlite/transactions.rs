//! Transactions: kept once each, changed in place when the provider changes them.
//!
//! A row is the same as long as provider, card and id are. One that names no card yet becomes the
//! card's as soon as it does.

use std::collections::BTreeMap;
use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{millis, money, timestamp};
use crate::domain::card::{CardKey, ProviderId};
use crate::domain::decline::DeclineReason;
use crate::domain::operation::OperationId;
use crate::domain::transaction::{Listed, Transaction, TransactionKind, TransactionState};
use crate::domain::unmapped::UnmappedWords;

pub(super) const COLUMNS: &str = "provider, card_id, id, task, last4, kind, state, \
                                  provider_state, amount, currency, fee, fee_currency, merchant,
    mcc, country, decline_reason, description, at, seen_at, operation, gone_at, cleared_as";

/// Keeps transactions and returns those that are new or changed, as kept: the time of first sight
/// and the operation stay.
pub(in crate::store) fn keep(
    db: &mut Connection,
    rows: &[Transaction],
) -> rusqlite::Result<Vec<Transaction>> {
    let tx = super::begin(db)?;
    let mut changed = Vec::new();
    for row in rows {
        let mut was_hold = false;
        let kept = match known(&tx, row)? {
            Some(known) => {
                let merged = merge(&known, row);
                if merged == known {
                    continue;
                }
                // Asked before its name changes: a row may gain its card or its own id as it
                // clears.
                was_hold = merged.state != TransactionState::Hold && self::was_hold(&tx, &known)?;
                if (&merged.card_id, &merged.id) != (&known.card_id, &known.id) {
                    delete(&tx, &known.provider, known.card_id.as_deref(), &known.id)?;
                }
                merged
            }
            None => row.clone(),
        };
        let kept = with_operation(&tx, kept)?;
        insert(&tx, &kept)?;
        if was_hold {
            tx.prepare_cached(
                "UPDATE card_transaction SET was_hold = 1 WHERE provider = ?1 AND card_id = ?2 \
                 AND id = ?3",
            )?
            .execute([
                kept.provider.name(),
                kept.card_id.as_deref().unwrap_or_default(),
                &kept.id,
            ])?;
        }
        changed.push(kept);
    }
    tx.commit()?;
    Ok(changed)
}

/// Whether a row that is written anew was a hold before.
fn was_hold(db: &Connection, row: &Transaction) -> rusqlite::Result<bool> {
    let mut query = db.prepare_cached(
        "SELECT state = 'HOLD' OR was_hold FROM card_transaction WHERE provider = ?1 AND card_id \
         = ?2 AND id = ?3",
    )?;
    let key = [row.provider.name(), row.card_id.as_deref().unwrap_or_default(), &row.id];
    Ok(query.query_row(key, |found| found.get(0)).optional()?.unwrap_or(false))
}

/// What is kept of a row already: under its card, under no card yet, or under the id of its task,
/// by which earlier cardtops named it.
fn known(db: &Connection, row: &Transaction) -> rusqlite::Result<Option<Transaction>> {
    for id in std::iter::once(&row.id).chain(&row.task) {
        if let Some(card) = &row.card_id {
            if let Some(known) = exact(db, &row.provider, Some(card), id)? {
                return Ok(Some(known));
            }
            if let Some(known) = exact(db, &row.provider, None, id)? {
                return Ok(Some(known));
            }
            continue;
        }
        let mut query = db.prepare_cached(&format!(
            "SELECT {COLUMNS} FROM card_transaction WHERE provider = ?1 AND id = ?2 LIMIT 2"
        ))?;
        let found: Vec<Transaction> =
            query.query_map([row.provider.name(), id], read)?.collect::<rusqlite::Result<_>>()?;
        // Where several cards have a row of this id, nothing says whose this one is.
        if let [one] = found.as_slice() {
            return Ok(Some(one.clone()));
        }
        if let Some(unnamed) = found.into_iter().find(|known| known.card_id.is_none()) {
            return Ok(Some(unnamed));
        }
    }
    Ok(None)
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

/// A row with the operation that it proves, where the journal knows one.
fn with_operation(db: &Connection, row: Transaction) -> rusqlite::Result<Transaction> {
    let (None, Some(card)) = (row.operation, &row.card_id) else { return Ok(row) };
    let mut query = db.prepare_cached(
        "SELECT id FROM operation WHERE provider = ?1 AND card_id = ?2 AND credit = ?3",
    )?;
    let operation: Option<String> =
        query.query_row([row.provider.name(), card, &row.id], |found| found.get(0)).optional()?;
    Ok(Transaction { operation: operation.and_then(|id| id.parse().ok()), ..row })
}

/// The newest transactions, at most `limit`.
pub(in crate::store) fn newest(db: &Connection, limit: u32) -> rusqlite::Result<Vec<Transaction>> {
    let mut query = db.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM card_transaction ORDER BY at DESC LIMIT ?1"
    ))?;
    query.query_map([limit], read)?.collect()
}

/// When the oldest hold of a provider happened that is not older than `since`: the feed is read
/// again from there, since holds change.
pub(in crate::store) fn oldest_hold(
    db: &Connection,
    provider: &ProviderId,
    card: Option<&CardKey>,
    since: jiff::Timestamp,
) -> rusqlite::Result<Option<jiff::Timestamp>> {
    let mut query = db.prepare_cached(
        "SELECT min(at) FROM card_transaction WHERE provider = ?1 AND state = 'HOLD' AND gone_at \
         IS NULL AND at >= ?2 AND (?3 IS NULL OR card_id = ?3)",
    )?;
    let at: Option<i64> = query
        .query_row(params![provider.name(), millis(since), card.map(|card| &*card.id)], |row| {
            row.get(0)
        })?;
    Ok(at.map(timestamp))
}

/// Words for states and codes of declines that are not mapped, by account.
pub(in crate::store) fn unmapped(
    db: &Connection,
) -> rusqlite::Result<BTreeMap<ProviderId, UnmappedWords>> {
    let mut query = db.prepare_cached(
        "SELECT provider, word, is_code, sum(times) FROM (
             SELECT provider, provider_state AS word, 0 AS is_code, count(*) AS times
             FROM card_transaction
             WHERE state = 'UNKNOWN' AND provider_state <> '' GROUP BY provider, provider_state
             UNION ALL
             SELECT provider, provider_state, 0, count(*) FROM card
             WHERE state = 'UNKNOWN' AND provider_state <> '' GROUP BY provider, provider_state
             UNION ALL
             SELECT provider, decline_reason, 1, count(*) FROM card_transaction
             WHERE state = 'DECLINED' AND decline_reason <> '' GROUP BY provider, decline_reason)
         GROUP BY provider, word, is_code",
    )?;
    let mut found: BTreeMap<ProviderId, UnmappedWords> = BTreeMap::new();
    let mut rows = query.query([])?;
    while let Some(row) = rows.next()? {
        let word: String = row.get(1)?;
        let is_code: bool = row.get(2)?;
        if is_code && DeclineReason::of_code(&word).is_some() {
            continue;
        }
        let words = found.entry(ProviderId::new(&row.get::<_, String>(0)?)).or_default();
        let counts = if is_code { &mut words.decline_codes } else { &mut words.states };
        counts.insert(word.into(), row.get::<_, i64>(3)?.unsigned_abs());
    }
    Ok(found)
}

/// Notes which operation a transaction of a card proves.
pub(in crate::store) fn link_operation(
    db: &mut Connection,
    card: &CardKey,
    id: &str,
    operation: OperationId,
) -> rusqlite::Result<Transaction> {
    let tx = super::begin(db)?;
    tx.prepare_cached(
        "UPDATE card_transaction SET operation = ?4 WHERE provider = ?1 AND card_id = ?2 AND id = \
         ?3",
    )?
    .execute(params![card.provider.name(), &*card.id, id, operation.to_string()])?;
    let row = exact(&tx, &card.provider, Some(&card.id), id)?
        .ok_or(rusqlite::Error::QueryReturnedNoRows)?;
    tx.commit()?;
    Ok(row)
}

/// The row of exactly this name; `None` as the card is a row that names none yet.
pub(super) fn exact(
    db: &Connection,
    provider: &ProviderId,
    card: Option<&str>,
    id: &str,
) -> rusqlite::Result<Option<Transaction>> {
    let mut query = db.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM card_transaction WHERE provider = ?1 AND card_id = ?2 AND id = ?3"
    ))?;
    query.query_row([provider.name(), card.unwrap_or_default(), id], read).optional()
}

/// Every row of a card, under the spelling that the file has.
pub(super) fn of_card(
    db: &Connection,
    provider: &ProviderId,
    card: &str,
) -> rusqlite::Result<Vec<Transaction>> {
    let mut query = db.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM card_transaction WHERE provider = ?1 AND card_id = ?2"
    ))?;
    query.query_map([provider.name(), card], read)?.collect()
}

pub(super) fn delete(
    db: &Connection,
    provider: &ProviderId,
    card: Option<&str>,
    id: &str,
) -> rusqlite::Result<()> {
    db.prepare_cached(
        "DELETE FROM card_transaction WHERE provider = ?1 AND card_id = ?2 AND id = ?3",
    )?
    .execute([provider.name(), card.unwrap_or_default(), id])?;
    Ok(())
}

/// Writes a row over the one of its name.
pub(super) fn insert(db: &Connection, row: &Transaction) -> rusqlite::Result<()> {
    let (gone_at, cleared_as) = gone(row);
    let state = if gone_at.is_some() { TransactionState::Hold } else { row.state };
    db.prepare_cached(&format!(
        "INSERT OR REPLACE INTO card_transaction ({COLUMNS})
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, \
         ?19, ?20, ?21, ?22)"
    ))?
    .execute(params![
        row.provider.name(),
        row.card_id.as_deref().unwrap_or_default(),
        &*row.id,
        row.task.as_deref(),
        row.last4.map(|last4| last4.to_string()),
        row.kind.as_str(),
        state.as_str(),
        &*row.provider_state,
        row.amount.digits(),
        row.amount.currency().code(),
        row.fee.map(|fee| fee.digits()),
        row.fee.map(|fee| fee.currency().code().to_owned()),
        row.merchant.as_deref(),
        row.mcc.as_deref(),
        row.country.as_deref(),
        row.decline_reason.as_deref(),
        row.description.as_deref(),
        millis(row.at),
        millis(row.seen_at),
        row.operation.map(|id| id.to_string()),
        gone_at.map(millis),
        cleared_as.map(|id| &**id),
    ])?;
    Ok(())
}

pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<Transaction> {
    let text =
        |name: &str| row.get::<_, Option<String>>(name).map(|text| text.map(Arc::<str>::from));
    let state = row
        .get::<_, String>("state")?
        .parse::<TransactionState>()
        .ok()
        .unwrap_or(TransactionState::Unknown);
    let (state, listed) =
        match row.get::<_, Option<i64>>("gone_at")?.filter(|_| state == TransactionState::Hold) {
            Some(at) => (
                TransactionState::Reversed,
                Listed::GoneSince { at: timestamp(at), cleared_as: text("cleared_as")? },
            ),
            None => (state, Listed::Still),
        };
    let amount = money(text("amount")?.as_deref(), text("currency")?.as_deref())
        .ok_or(rusqlite::Error::InvalidQuery)?;
    Ok(Transaction {
        provider: ProviderId::new(&row.get::<_, String>("provider")?),
        id: row.get::<_, String>("id")?.into(),
        task: text("task")?,
        card_id: text("card_id")?.filter(|card| !card.is_empty()),
        last4: text("last4")?.and_then(|digits| digits.parse().ok()),
        kind: row
            .get::<_, String>("kind")?
            .parse::<TransactionKind>()
            .ok()
            .unwrap_or(TransactionKind::Other),
        state,
        provider_state: row.get::<_, String>("provider_state")?.into(),
        amount,
        fee: money(text("fee")?.as_deref(), text("fee_currency")?.as_deref()),
        merchant: text("merchant")?,
        mcc: text("mcc")?,
        country: text("country")?,
        decline_reason: text("decline_reason")?,
        description: text("description")?,
        at: timestamp(row.get("at")?),
        seen_at: timestamp(row.get("seen_at")?),
        operation: text("operation")?.and_then(|id| id.parse().ok()),
        listed,
    })
}

/// A row as it stands in the file: a hold that is gone is kept as the hold it was.
const fn gone(row: &Transaction) -> (Option<jiff::Timestamp>, Option<&Arc<str>>) {
    match &row.listed {
        Listed::Still => (None, None),
        Listed::GoneSince { at, cleared_as } => (Some(*at), cleared_as.as_ref()),
    }
}

#[cfg(test)]
mod tests;
