//! Transactions: kept once each, changed in place when the provider changes them.

use rusqlite::{Connection, Row, params};

use super::{millis, moment, money};
use crate::domain::card::{CardKey, ProviderId};
use crate::domain::operation::OperationId;
use crate::domain::transaction::{Transaction, TransactionKind, TransactionState};

const COLUMNS: &str =
    "provider, id, card_id, last4, kind, state, provider_state, amount, currency, fee, fee_currency, merchant, mcc, country,
    decline_reason, description, at, seen_at, operation";

/// The newest transactions, at most `limit`.
///
/// # Errors
/// What SQLite said.
pub fn newest(db: &Connection, limit: u32) -> rusqlite::Result<Vec<Transaction>> {
    let mut query = db.prepare_cached(&format!("SELECT {COLUMNS} FROM movement ORDER BY at DESC LIMIT ?1"))?;
    query.query_map([limit], movement)?.collect()
}

/// One transaction.
///
/// # Errors
/// What SQLite said; `QueryReturnedNoRows` when it is not known.
pub fn one(db: &Connection, provider: &ProviderId, id: &str) -> rusqlite::Result<Transaction> {
    let mut query = db.prepare_cached(&format!("SELECT {COLUMNS} FROM movement WHERE provider = ?1 AND id = ?2"))?;
    query.query_row([provider.name(), id], movement)
}

/// When the oldest hold of a provider happened that is not older than `since`: the feed is read again from there, since holds change.
///
/// # Errors
/// What SQLite said.
pub fn oldest_hold(
    db: &Connection,
    provider: &ProviderId,
    card: Option<&CardKey>,
    since: jiff::Timestamp,
) -> rusqlite::Result<Option<jiff::Timestamp>> {
    let mut query = db.prepare_cached(
        "SELECT min(at) FROM movement WHERE provider = ?1 AND state = 'HOLD' AND at >= ?2 AND (?3 IS NULL OR card_id = ?3)",
    )?;
    let at: Option<i64> =
        query.query_row(params![provider.name(), millis(since), card.map(|card| &*card.id)], |row| row.get(0))?;
    Ok(at.map(moment))
}

/// Words for states that are not mapped, by account, with how many transactions and cards have each.
///
/// # Errors
/// What SQLite said.
pub fn unmapped(db: &Connection) -> rusqlite::Result<Vec<(ProviderId, std::sync::Arc<str>, u64)>> {
    let mut query = db.prepare_cached(
        "SELECT provider, word, sum(times) FROM (
             SELECT provider, provider_state AS word, count(*) AS times FROM movement
             WHERE state = 'UNKNOWN' AND provider_state <> '' GROUP BY provider, provider_state
             UNION ALL
             SELECT provider, provider_state, count(*) FROM card
             WHERE state = 'UNKNOWN' AND provider_state <> '' GROUP BY provider, provider_state)
         GROUP BY provider, word",
    )?;
    let row = |row: &Row<'_>| {
        let (provider, word, times): (String, String, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        Ok((ProviderId::new(&provider), word.into(), u64::try_from(times).unwrap_or(0)))
    };
    query.query_map([], row)?.collect()
}

/// Keeps transactions and returns those that are new or changed, as kept: the time of first sight and the operation stay.
///
/// # Errors
/// What SQLite said; then none of them is kept.
pub fn keep(db: &mut Connection, rows: &[Transaction]) -> rusqlite::Result<Vec<Transaction>> {
    let tx = db.transaction()?;
    let mut changed = Vec::new();
    {
        let mut upsert = tx.prepare_cached(
            "INSERT INTO movement (provider, id, card_id, last4, kind, state, provider_state, amount, currency, fee, fee_currency, merchant,
                                   mcc, country, decline_reason, description, at, seen_at, operation)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18,
                     ifnull(?19, (SELECT id FROM operation WHERE provider = ?1 AND credit = ?2)))
             ON CONFLICT (provider, id) DO UPDATE SET
                 card_id = ifnull(?3, card_id), last4 = ifnull(?4, last4), kind = ?5, state = ?6, provider_state = ?7, amount = ?8,
                 currency = ?9, fee = ifnull(?10, fee), fee_currency = ifnull(?11, fee_currency), merchant = ifnull(?12, merchant),
                 mcc = ifnull(?13, mcc), country = ifnull(?14, country), decline_reason = ifnull(?15, decline_reason),
                 description = ifnull(?16, description), at = ?17
             WHERE (state, kind, provider_state, amount, currency, at) IS NOT (?6, ?5, ?7, ?8, ?9, ?17)
                OR (?3 IS NOT NULL AND card_id IS NULL) OR (?4 IS NOT NULL AND last4 IS NULL)
                OR (?10 IS NOT NULL AND fee IS NOT ?10) OR (?12 IS NOT NULL AND merchant IS NULL)
                OR (?15 IS NOT NULL AND decline_reason IS NULL)",
        )?;
        for row in rows {
            let text = |text: &Option<std::sync::Arc<str>>| text.as_deref().map(str::to_owned);
            let touched = upsert.execute(params![
                row.provider.name(),
                &*row.id,
                text(&row.card_id),
                row.last4.map(|last4| last4.to_string()),
                row.kind.word(),
                row.state.word(),
                &*row.provider_state,
                row.amount.digits(),
                row.amount.currency().code(),
                row.fee.map(|fee| fee.digits()),
                row.fee.map(|fee| fee.currency().code().to_owned()),
                text(&row.merchant),
                text(&row.mcc),
                text(&row.country),
                text(&row.decline_reason),
                text(&row.description),
                millis(row.at),
                millis(row.seen_at),
                row.operation.map(|id| id.to_string()),
            ])?;
            if touched > 0 {
                changed.push(one(&tx, &row.provider, &row.id)?);
            }
        }
    }
    tx.commit()?;
    Ok(changed)
}

/// Notes which operation a transaction proves.
///
/// # Errors
/// What SQLite said; `QueryReturnedNoRows` when the transaction is not known yet.
pub fn prove(db: &Connection, provider: &ProviderId, id: &str, operation: OperationId) -> rusqlite::Result<Transaction> {
    db.prepare_cached("UPDATE movement SET operation = ?3 WHERE provider = ?1 AND id = ?2")?.execute(params![
        provider.name(),
        id,
        operation.to_string()
    ])?;
    one(db, provider, id)
}

fn movement(row: &Row<'_>) -> rusqlite::Result<Transaction> {
    let text = |name: &str| row.get::<_, Option<String>>(name).map(|text| text.map(std::sync::Arc::<str>::from));
    let amount = money(text("amount")?.as_deref(), text("currency")?.as_deref()).ok_or(rusqlite::Error::InvalidQuery)?;
    Ok(Transaction {
        provider: ProviderId::new(&row.get::<_, String>("provider")?),
        id: row.get::<_, String>("id")?.into(),
        card_id: text("card_id")?,
        last4: text("last4")?.and_then(|digits| digits.parse().ok()),
        kind: TransactionKind::of_word(&row.get::<_, String>("kind")?).unwrap_or(TransactionKind::Other),
        state: TransactionState::of_word(&row.get::<_, String>("state")?).unwrap_or(TransactionState::Failed),
        provider_state: row.get::<_, String>("provider_state")?.into(),
        amount,
        fee: money(text("fee")?.as_deref(), text("fee_currency")?.as_deref()),
        merchant: text("merchant")?,
        mcc: text("mcc")?,
        country: text("country")?,
        decline_reason: text("decline_reason")?,
        description: text("description")?,
        at: moment(row.get("at")?),
        seen_at: moment(row.get("seen_at")?),
        operation: text("operation")?.and_then(|id| id.parse().ok()),
    })
}
