//! Which stretches of time of a list were read completely.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{millis, timestamp};
use crate::domain::card::ProviderId;
use crate::domain::coverage::{Coverage, Lost, Stretch};

/// Of every list of an account: of all cards (`None`), or of each card by its id.
pub(in crate::store) fn of(
    db: &Connection,
    provider: &ProviderId,
) -> rusqlite::Result<Vec<(Option<Arc<str>>, Coverage)>> {
    let mut query = db.prepare_cached(
        "SELECT since, until, lost, tries, again_at, card_id FROM coverage WHERE provider = ?1 \
         ORDER BY card_id, lost, since",
    )?;
    let mut rows = query.query([provider.name()])?;
    let mut lists: BTreeMap<String, Coverage> = BTreeMap::new();
    while let Some(row) = rows.next()? {
        take(lists.entry(row.get(5)?).or_default(), row)?;
    }
    let card = |id: String| (!id.is_empty()).then(|| Arc::<str>::from(id));
    Ok(lists.into_iter().map(|(id, coverage)| (card(id), coverage)).collect())
}

/// Takes in a stretch of the table; those that were read come before those that are lost.
fn take(coverage: &mut Coverage, row: &Row<'_>) -> rusqlite::Result<()> {
    let Some(stretch) = Stretch::new(timestamp(row.get(0)?), timestamp(row.get(1)?)) else {
        return Ok(());
    };
    let why: String = row.get(2)?;
    if why.is_empty() {
        coverage.add(stretch);
    } else {
        let again_at: Option<i64> = row.get(4)?;
        let lost = Lost::new(stretch, why.into());
        coverage.lose(Lost { tries: row.get(3)?, again_at: again_at.map(timestamp), ..lost });
    }
    Ok(())
}

/// Keeps what was read of a list beside what is kept of it.
pub(in crate::store) fn keep(
    db: &mut Connection,
    provider: &ProviderId,
    card: &str,
    read: Coverage,
    now: Timestamp,
) -> rusqlite::Result<()> {
    let tx = super::begin(db)?;
    let mut all = Coverage::default();
    {
        let mut query = tx.prepare_cached(
            "SELECT since, until, lost, tries, again_at FROM coverage WHERE provider = ?1 AND \
             card_id = ?2 ORDER BY lost, since",
        )?;
        let mut rows = query.query([provider.name(), card])?;
        while let Some(row) = rows.next()? {
            take(&mut all, row)?;
        }
    }
    all.update(&read);
    all.cut_after(now);
    tx.prepare_cached("DELETE FROM coverage WHERE provider = ?1 AND card_id = ?2")?
        .execute([provider.name(), card])?;
    let mut insert = tx.prepare_cached(
        "INSERT OR REPLACE INTO coverage (provider, card_id, since, until, lost, tries, again_at) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?;
    for stretch in all.stretches() {
        let (since, until) = (millis(stretch.from), millis(stretch.to));
        let no_try: Option<i64> = None;
        insert.execute(params![provider.name(), card, since, until, "", 0, no_try])?;
    }
    for Lost { stretch, why, tries, again_at } in all.lost() {
        let (since, until) = (millis(stretch.from), millis(stretch.to));
        let again_at = again_at.map(millis);
        insert.execute(params![provider.name(), card, since, until, &**why, tries, again_at])?;
    }
    drop(insert);
    tx.commit()
}

/// How late a provider was seen to list a transaction.
pub(in crate::store) fn lag(
    db: &Connection,
    provider: &ProviderId,
) -> rusqlite::Result<SignedDuration> {
    let mut query = db.prepare_cached("SELECT lag FROM listed_late WHERE provider = ?1")?;
    let lag = query.query_row([provider.name()], |row| row.get(0)).optional()?;
    Ok(SignedDuration::from_millis(lag.unwrap_or(0)))
}

/// Keeps how late a provider was seen to list a transaction; what was kept and is more stays.
pub(in crate::store) fn set_lag(
    db: &Connection,
    provider: &ProviderId,
    lag: SignedDuration,
) -> rusqlite::Result<()> {
    let millis = i64::try_from(lag.as_millis()).unwrap_or(i64::MAX);
    db.prepare_cached(
        "INSERT INTO listed_late (provider, lag) VALUES (?1, ?2) ON CONFLICT (provider) DO UPDATE \
         SET lag = max(lag, excluded.lag)",
    )?
    .execute(params![provider.name(), millis])?;
    Ok(())
}
