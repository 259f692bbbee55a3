//! What providers pushed, as SQLite.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{begin, millis, timestamp};
use crate::domain::card::{CardKey, ProviderId};
use crate::domain::operation::OperationId;
use crate::domain::push::{KeptPush, Push, PushOutcome, PushTopic, RepeatKey};

/// In the order in which [`read`] takes them.
const COLUMNS: &str = "number, provider, repeat_key, event, topic, event_id, card_id, reference, \
                       outcome, occurred_at, received_at, is_signed, body";

/// How long an event is known again. The longest time over which a provider is documented to
/// deliver again is two hours.
const KNOWN_FOR: SignedDuration = SignedDuration::from_hours(30 * 24);

/// So many of the newest events are known whatever their time. Tests have fewer.
const ALWAYS_KNOWN: i64 = if cfg!(test) { 3 } else { 100_000 };

/// Most events that are forgotten with one commit.
const FORGOTTEN_AT_ONCE: u32 = 500;

/// See [`Store::keep_pushes`](crate::store::Store::keep_pushes). A signed event is not kept from
/// its effect by an unsigned hint of the same content that came before it.
pub(in crate::store) fn keep(
    db: &mut Connection,
    pushes: &[(Push, Timestamp)],
) -> rusqlite::Result<Vec<Option<i64>>> {
    let tx = begin(db)?;
    let mut kept = Vec::with_capacity(pushes.len());
    {
        let mut insert = tx.prepare_cached(
            "INSERT INTO push (provider, repeat_key, event, topic, event_id, card_id, reference,
                               outcome, occurred_at, received_at, is_signed, body)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
             ON CONFLICT (provider, repeat_key) DO UPDATE SET
                 event = excluded.event, topic = excluded.topic, reference = excluded.reference,
                 outcome = excluded.outcome, is_signed = 1, body = excluded.body
                 WHERE push.is_signed = 0 AND excluded.is_signed = 1
             RETURNING number",
        )?;
        for (push, received_at) in pushes {
            let mut given = insert.query(params![
                push.provider.name(),
                push.repeat_key.0,
                &*push.event,
                push.topic.as_str(),
                push.id.as_deref(),
                push.card.as_deref(),
                push.reference.as_deref(),
                push.outcome.map(PushOutcome::as_str),
                push.occurred_at.map(millis),
                millis(*received_at),
                push.is_signed,
                push.body.as_deref(),
            ])?;
            kept.push(given.next()?.map(|row| row.get(0)).transpose()?);
            // A statement ends with its last row.
            while given.next()?.is_some() {}
        }
    }
    if let Some((_, now)) = pushes.last() {
        forget(&tx, now.saturating_sub(KNOWN_FOR).unwrap_or(Timestamp::MIN))?;
    }
    tx.commit()?;
    Ok(kept)
}

/// Forgets the oldest events, where they are from before a time and many came since: a clock that
/// is wrong takes no event of late. The last number is never given again, since the newest event
/// stays.
fn forget(db: &Connection, before: Timestamp) -> rusqlite::Result<()> {
    let last: i64 = newest(db)?;
    db.prepare_cached(
        "DELETE FROM push WHERE received_at < ?1 AND number <= ?2 AND number IN (
             SELECT number FROM push WHERE number <= ?2 ORDER BY number LIMIT ?3)",
    )?
    .execute(params![millis(before), last - ALWAYS_KNOWN, FORGOTTEN_AT_ONCE])
    .map(drop)
}

/// See [`Store::newest_push`](crate::store::Store::newest_push).
pub(in crate::store) fn newest(db: &Connection) -> rusqlite::Result<i64> {
    db.prepare_cached("SELECT coalesce(max(number), 0) FROM push")?.query_row([], |row| row.get(0))
}

/// See [`Store::newest_push_of`](crate::store::Store::newest_push_of).
pub(in crate::store) fn newest_of(
    db: &Connection,
    provider: &str,
) -> rusqlite::Result<Option<Timestamp>> {
    db.prepare_cached(
        "SELECT received_at FROM push WHERE provider = ?1 ORDER BY number DESC LIMIT 1",
    )?
    .query_row([provider], |row| Ok(timestamp(row.get(0)?)))
    .optional()
}

/// See [`Store::pushes_since`](crate::store::Store::pushes_since).
pub(in crate::store) fn since(
    db: &Connection,
    number: i64,
    limit: u32,
) -> rusqlite::Result<Vec<KeptPush>> {
    let mut query = db.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM push WHERE number > ?1 ORDER BY number LIMIT ?2"
    ))?;
    let rows = query.query_map(params![number, limit], read)?;
    rows.collect()
}

/// See [`Store::pushed_ends`](crate::store::Store::pushed_ends).
pub(in crate::store) fn ends(
    db: &Connection,
    of: Option<(&str, &str)>,
) -> rusqlite::Result<Vec<(OperationId, KeptPush)>> {
    let columns = COLUMNS.split(", ").map(|column| format!("push.{column}"));
    let columns = columns.collect::<Vec<_>>().join(", ");
    let (provider, reference) = of.unzip();
    // Written out, so that one reference is looked up in the index.
    let of_one = match of {
        Some(_) => "operation.provider = ?1 AND operation.provider_reference = ?2",
        None => "?1 IS NULL AND ?2 IS NULL",
    };
    let mut query = db.prepare_cached(&format!(
        "SELECT {columns}, operation.id FROM operation JOIN push
             ON push.provider = operation.provider
             AND push.reference = operation.provider_reference
         WHERE operation.state = 'ACCEPTED' AND operation.proof = 'answer'
             AND push.is_signed = 1 AND push.outcome IS NOT NULL AND {of_one}
         ORDER BY push.number"
    ))?;
    let rows = query.query_map(params![provider, reference], |row| {
        let id: String = row.get("id")?;
        Ok(id.parse().ok().zip(Some(read(row)?)))
    })?;
    rows.filter_map(Result::transpose).collect()
}

fn read(row: &Row<'_>) -> rusqlite::Result<KeptPush> {
    let text = |column: usize| -> rusqlite::Result<Option<Arc<str>>> {
        Ok(row.get::<_, Option<String>>(column)?.map(Arc::from))
    };
    let topic: String = row.get(4)?;
    let outcome = text(8)?;
    let outcome = [PushOutcome::Succeeded, PushOutcome::Failed]
        .into_iter()
        .find(|known| outcome.as_deref() == Some(known.as_str()));
    Ok(KeptPush {
        number: row.get(0)?,
        push: Push {
            provider: ProviderId::new(&row.get::<_, String>(1)?),
            repeat_key: RepeatKey(row.get(2)?),
            event: text(3)?.unwrap_or_default(),
            topic: PushTopic::ALL
                .into_iter()
                .find(|known| known.as_str() == topic)
                .unwrap_or(PushTopic::Unknown),
            id: text(5)?,
            card: text(6)?,
            reference: text(7)?,
            outcome,
            occurred_at: row.get::<_, Option<i64>>(9)?.map(timestamp),
            is_signed: row.get(11)?,
            body: text(12)?,
        },
        received_at: timestamp(row.get(10)?),
    })
}

/// See [`Store::codes_since`](crate::store::Store::codes_since).
pub(in crate::store) fn codes_since(
    db: &Connection,
    at: Timestamp,
) -> rusqlite::Result<Vec<(CardKey, Timestamp)>> {
    let mut query = db.prepare_cached(
        "SELECT provider, card_id, max(received_at) FROM push
         WHERE topic = 'code' AND received_at >= ?1 AND card_id IS NOT NULL
         GROUP BY provider, card_id",
    )?;
    let rows = query.query_map([millis(at)], |row| {
        let provider = ProviderId::new(&row.get::<_, String>(0)?);
        Ok((CardKey::new(&provider, &row.get::<_, String>(1)?), timestamp(row.get(2)?)))
    })?;
    rows.collect()
}
