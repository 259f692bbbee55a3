//! When accounts did not answer, as SQLite.

use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, params};

use super::{begin, millis, timestamp};
use crate::domain::card::ProviderId;
use crate::domain::coverage::Stretch;
use crate::domain::outage::{Outage, OutageKind, Watched};

/// How long it is kept.
const KEPT_FOR: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Notes that are at most so far apart are of one stretch: an account that refuses the credentials
/// is tried every 15 minutes.
const ONE_STRETCH: SignedDuration = SignedDuration::from_mins(20);

/// See [`Store::begin_outage`](crate::store::Store::begin_outage).
pub(in crate::store) fn begin_one(
    db: &mut Connection,
    provider: &ProviderId,
    from: Timestamp,
    kind: OutageKind,
) -> rusqlite::Result<()> {
    let tx = begin(db)?;
    tx.prepare_cached(
        "INSERT INTO outage (provider, began_at, last_seen_at, kind) VALUES (?1, ?2, ?2, ?3)
         ON CONFLICT DO NOTHING",
    )?
    .execute(params![provider.name(), millis(from), kind.as_str()])?;
    tx.commit()
}

/// See [`Store::end_outage`](crate::store::Store::end_outage).
pub(in crate::store) fn end(
    db: &mut Connection,
    provider: &ProviderId,
    at: Timestamp,
) -> rusqlite::Result<()> {
    // Every process asks with its first good answer, and there is hardly ever one.
    let lasts = db
        .prepare_cached("SELECT 1 FROM outage WHERE provider = ?1 AND ended_at IS NULL")?
        .exists([provider.name()])?;
    if !lasts {
        return Ok(());
    }
    let tx = begin(db)?;
    tx.prepare_cached(
        "UPDATE outage SET ended_at = max(?2, began_at) WHERE provider = ?1 AND ended_at IS NULL",
    )?
    .execute(params![provider.name(), millis(at)])?;
    tx.commit()
}

/// See [`Store::note_watched`](crate::store::Store::note_watched).
pub(in crate::store) fn note_watched(
    db: &mut Connection,
    provider: &ProviderId,
    now: Timestamp,
    is_out: bool,
) -> rusqlite::Result<()> {
    let ago = |time| millis(now.saturating_sub(time).unwrap_or(Timestamp::MIN));
    let (name, oldest) = (provider.name(), ago(KEPT_FOR));
    let tx = begin(db)?;
    // A clock that is set back begins another stretch.
    let longer = tx
        .prepare_cached(
            "UPDATE outage_watch SET until_at = ?2
             WHERE number = (SELECT max(number) FROM outage_watch WHERE provider = ?1)
                 AND until_at BETWEEN ?3 AND ?2",
        )?
        .execute(params![name, millis(now), ago(ONE_STRETCH)])?;
    if longer == 0 {
        tx.prepare_cached(
            "INSERT INTO outage_watch (provider, from_at, until_at) VALUES (?1, ?2, ?2)",
        )?
        .execute(params![name, millis(now)])?;
    }
    if is_out {
        tx.prepare_cached(
            "UPDATE outage SET last_seen_at = max(last_seen_at, ?2)
             WHERE provider = ?1 AND ended_at IS NULL",
        )?
        .execute(params![name, millis(now)])?;
    }
    tx.prepare_cached("DELETE FROM outage_watch WHERE provider = ?1 AND until_at < ?2")?
        .execute(params![name, oldest])?;
    tx.prepare_cached("DELETE FROM outage WHERE provider = ?1 AND ended_at < ?2")?
        .execute(params![name, oldest])?;
    tx.commit()
}

/// The outages of [`Store::outages_since`](crate::store::Store::outages_since).
pub(in crate::store) fn since(db: &Connection, since: Timestamp) -> rusqlite::Result<Vec<Outage>> {
    let mut query = db.prepare_cached(
        "SELECT provider, began_at, last_seen_at, ended_at, kind FROM outage
         WHERE ended_at IS NULL OR ended_at >= ?1 ORDER BY began_at, number",
    )?;
    let rows = query.query_map([millis(since)], |row| {
        let kind: String = row.get(4)?;
        let known = OutageKind::ALL.into_iter().find(|known| known.as_str() == kind);
        Ok(Outage {
            provider: ProviderId::new(&row.get::<_, String>(0)?),
            from: timestamp(row.get(1)?),
            last_seen: timestamp(row.get(2)?),
            to: row.get::<_, Option<i64>>(3)?.map(timestamp),
            kind: known.unwrap_or(OutageKind::Unreachable),
        })
    })?;
    rows.collect()
}

/// When it was watched, of [`Store::outages_since`](crate::store::Store::outages_since).
pub(in crate::store) fn watched(
    db: &Connection,
    since: Timestamp,
) -> rusqlite::Result<Vec<Watched>> {
    let mut query = db.prepare_cached(
        "SELECT provider, from_at, until_at FROM outage_watch
         WHERE until_at >= ?1 ORDER BY provider, number",
    )?;
    let rows = query.query_map([millis(since)], |row| {
        let provider = ProviderId::new(&row.get::<_, String>(0)?);
        let (from, to) = (timestamp(row.get(1)?).max(since), timestamp(row.get(2)?));
        Ok(Stretch::new(from, to).map(|stretch| Watched { provider, stretch }))
    })?;
    rows.filter_map(Result::transpose).collect()
}
