//! Transactions read in pages, by keys of the table and never by counting rows.

use jiff::Timestamp;
use rusqlite::types::Value;
use rusqlite::{Connection, params};

use super::columns::{BEHIND, read, select_numbered};
use crate::domain::card::CardKey;
use crate::domain::transaction::{RowName, Transaction};
use crate::store::sqlite::millis;
use crate::store::{Changes, Page, PageKey};

/// The newest transactions, at most `limit`.
pub(in crate::store) fn newest(db: &Connection, limit: u32) -> rusqlite::Result<Vec<Transaction>> {
    page(db, None, limit, None, Timestamp::MIN).map(|page| page.rows)
}

/// See [`Store::transactions_page`](crate::store::Store::transactions_page).
pub(in crate::store) fn page(
    db: &Connection,
    before: Option<PageKey>,
    limit: u32,
    card: Option<&CardKey>,
    since: Timestamp,
) -> rusqlite::Result<Page> {
    let mut page = Page { rows: Vec::new(), next: None };
    // Those of the very millisecond first: as a range of its own it begins at the key, however many
    // rows the millisecond has.
    if let Some(before) = before.filter(|before| before.at >= since) {
        same_moment(db, &before, limit, card, &mut page)?;
    }
    let more = limit.saturating_sub(u32::try_from(page.rows.len()).unwrap_or(u32::MAX));
    if more > 0 {
        let end = before.map_or(i64::MAX, |before| millis(before.at));
        earlier(db, [end, millis(since), i64::from(more)], card, &mut page)?;
    }
    if page.rows.len() < usize::try_from(limit).unwrap_or(usize::MAX) {
        page.next = None;
    }
    Ok(page)
}

/// The rows of the key's own millisecond that were written before it.
fn same_moment(
    db: &Connection,
    before: &PageKey,
    limit: u32,
    card: Option<&CardKey>,
    page: &mut Page,
) -> rusqlite::Result<()> {
    let condition = if card.is_some() {
        "provider = ?1 AND card_id = ?2 AND at = ?3 AND change < ?4 ORDER BY change DESC LIMIT ?5"
    } else {
        "at = ?1 AND change < ?2 ORDER BY change DESC LIMIT ?3"
    };
    let key = [millis(before.at), before.change, i64::from(limit)];
    add(db, condition, card, key, page)
}

/// The rows that happened before a time and not before another, at most so many.
fn earlier(
    db: &Connection,
    key: [i64; 3],
    card: Option<&CardKey>,
    page: &mut Page,
) -> rusqlite::Result<()> {
    let condition = if card.is_some() {
        "provider = ?1 AND card_id = ?2 AND at < ?3 AND at >= ?4 ORDER BY at DESC, \
         change DESC LIMIT ?5"
    } else {
        "at < ?1 AND at >= ?2 ORDER BY at DESC, change DESC LIMIT ?3"
    };
    add(db, condition, card, key, page)
}

fn add(
    db: &Connection,
    condition: &str,
    card: Option<&CardKey>,
    key: [i64; 3],
    page: &mut Page,
) -> rusqlite::Result<()> {
    let names = card.into_iter().flat_map(|card| [card.provider.name(), &*card.id]);
    let names = names.map(|name| Value::Text(name.to_owned()));
    let values = names.chain(key.into_iter().map(Value::Integer));
    let mut query = db.prepare_cached(&select_numbered(condition))?;
    let mut rows = query.query(rusqlite::params_from_iter(values))?;
    while let Some(row) = rows.next()? {
        let read = read(row)?;
        page.next = Some(PageKey { at: read.at, change: row.get(BEHIND)? });
        page.rows.push(read);
    }
    Ok(())
}

/// See [`Store::changes_since`](crate::store::Store::changes_since).
pub(in crate::store) fn changes_since(
    db: &mut Connection,
    change: i64,
    limit: u32,
) -> rusqlite::Result<Changes> {
    // Rows and renamed rows have to be of one moment.
    let db = db.transaction()?;
    let mut changes = Changes { gone: Vec::new(), rows: Vec::new(), last: change };
    {
        let mut query =
            db.prepare_cached(&select_numbered("change > ?1 ORDER BY change LIMIT ?2"))?;
        let mut rows = query.query(params![change, limit])?;
        while let Some(row) = rows.next()? {
            changes.rows.push(read(row)?);
            changes.last = row.get(BEHIND)?;
        }
        let mut query = db.prepare_cached(
            "SELECT provider, card_id, id FROM card_transaction_renamed WHERE change > ?1 AND \
             change <= ?2",
        )?;
        let gone = query.query_map([change, changes.last], |row| {
            let text = |column| row.get_ref(column)?.as_str().map_err(rusqlite::Error::from);
            Ok(RowName {
                provider: crate::domain::card::ProviderId::new(text(0)?),
                card: Some(text(1)?).filter(|card| !card.is_empty()).map(Into::into),
                id: text(2)?.into(),
            })
        })?;
        changes.gone = gone.collect::<rusqlite::Result<_>>()?;
    }
    Ok(changes)
}

/// The number of the latest write of any row; 0 where none was written yet.
pub(in crate::store) fn newest_change(db: &Connection) -> rusqlite::Result<i64> {
    let mut query = db.prepare_cached("SELECT ifnull(max(change), 0) FROM card_transaction")?;
    query.query_row([], |row| row.get(0))
}

/// How many rows there are.
pub(in crate::store) fn count(db: &Connection) -> rusqlite::Result<u64> {
    let mut query = db.prepare_cached("SELECT count(*) FROM card_transaction")?;
    query.query_row([], |row| row.get::<_, i64>(0)).map(i64::unsigned_abs)
}

/// How many rows happened since a time.
pub(in crate::store) fn count_since(db: &Connection, since: Timestamp) -> rusqlite::Result<u64> {
    let mut query = db.prepare_cached("SELECT count(*) FROM card_transaction WHERE at >= ?1")?;
    query.query_row([millis(since)], |row| row.get::<_, i64>(0)).map(i64::unsigned_abs)
}
