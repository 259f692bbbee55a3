//! Words for states and codes of declines that are not mapped, counted without looking at the rows
//! whose words are.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension};

use crate::domain::card::ProviderId;
use crate::domain::decline::DeclineReason;
use crate::domain::unmapped::UnmappedWords;

/// Words for states and codes of declines that are not mapped, by account.
pub(in crate::store) fn words(
    db: &mut Connection,
) -> rusqlite::Result<BTreeMap<ProviderId, UnmappedWords>> {
    // One moment for all counts.
    let db = db.transaction()?;
    let mut found: BTreeMap<ProviderId, UnmappedWords> = BTreeMap::new();
    let mut query = db.prepare_cached(
        "SELECT provider, provider_state, count(*) FROM card_transaction
         WHERE state = 'UNKNOWN' AND provider_state <> '' GROUP BY provider, provider_state
         UNION ALL
         SELECT provider, provider_state, count(*) FROM card
         WHERE state = 'UNKNOWN' AND provider_state <> '' GROUP BY provider, provider_state",
    )?;
    let mut rows = query.query([])?;
    while let Some(row) = rows.next()? {
        let states =
            &mut found.entry(ProviderId::new(&row.get::<_, String>(0)?)).or_default().states;
        let word: String = row.get(1)?;
        *states.entry(word.into()).or_default() += row.get::<_, i64>(2)?.unsigned_abs();
    }
    let mut next = first_code(&db, "")?;
    while let Some((provider, code)) = next {
        if DeclineReason::of_code(&code).is_none() {
            let words = found.entry(ProviderId::new(&provider)).or_default();
            words.decline_codes.insert(code.as_str().into(), count_code(&db, &provider, &code)?);
        }
        next = match code_after(&db, &provider, &code)? {
            Some(code) => Some((provider, code)),
            None => first_code(&db, &provider)?,
        };
    }
    Ok(found)
}

/// The first account behind this one with a code of a decline, and its first code. From code to
/// code is a step in the index, however many rows have it.
fn first_code(db: &Connection, behind: &str) -> rusqlite::Result<Option<(String, String)>> {
    let mut query = db.prepare_cached(
        "SELECT provider, decline_reason FROM card_transaction
         WHERE state = 'DECLINED' AND provider > ?1 AND decline_reason > ''
         ORDER BY provider, decline_reason LIMIT 1",
    )?;
    query.query_row([behind], |row| Ok((row.get(0)?, row.get(1)?))).optional()
}

/// The next code of an account.
fn code_after(db: &Connection, provider: &str, code: &str) -> rusqlite::Result<Option<String>> {
    let mut query = db.prepare_cached(
        "SELECT decline_reason FROM card_transaction
         WHERE state = 'DECLINED' AND provider = ?1 AND decline_reason > ?2
         ORDER BY decline_reason LIMIT 1",
    )?;
    query.query_row([provider, code], |row| row.get(0)).optional()
}

fn count_code(db: &Connection, provider: &str, code: &str) -> rusqlite::Result<u64> {
    let mut query = db.prepare_cached(
        "SELECT count(*) FROM card_transaction
         WHERE state = 'DECLINED' AND provider = ?1 AND decline_reason = ?2",
    )?;
    query.query_row([provider, code], |row| row.get::<_, i64>(0)).map(i64::unsigned_abs)
}

#[cfg(test)]
mod tests;
