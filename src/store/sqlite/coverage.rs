//! Which stretches of time of a list were read completely.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use rusqlite::{Connection, params};

use super::{millis, timestamp};
use crate::domain::card::ProviderId;
use crate::domain::coverage::{Coverage, Lost, Stretch};

/// Of every list of an account: of all cards (`None`), or of each card by its id.
pub(in crate::store) fn of(
    db: &Connection,
    provider: &ProviderId,
) -> rusqlite::Result<Vec<(Option<Arc<str>>, Coverage)>> {
    let mut query = db.prepare_cached(
        "SELECT card_id, since, until, lost FROM coverage WHERE provider = ?1 ORDER BY card_id, \
         lost, since",
    )?;
    let mut rows = query.query([provider.name()])?;
    let mut lists: BTreeMap<String, Coverage> = BTreeMap::new();
    while let Some(row) = rows.next()? {
        let coverage = lists.entry(row.get(0)?).or_default();
        let (from, to) = (timestamp(row.get(1)?), timestamp(row.get(2)?));
        let Some(stretch) = Stretch::new(from, to) else { continue };
        let why: String = row.get(3)?;
        if why.is_empty() {
            coverage.add(stretch);
        } else {
            coverage.lose(Lost { stretch, why: why.into() });
        }
    }
    let card = |id: String| (!id.is_empty()).then(|| Arc::<str>::from(id));
    Ok(lists.into_iter().map(|(id, coverage)| (card(id), coverage)).collect())
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
            "SELECT since, until FROM coverage WHERE provider = ?1 AND card_id = ?2 AND lost = ''",
        )?;
        let mut rows = query.query([provider.name(), card])?;
        while let Some(row) = rows.next()? {
            let (from, to) = (timestamp(row.get(0)?), timestamp(row.get(1)?));
            Stretch::new(from, to).into_iter().for_each(|stretch| all.add(stretch));
        }
    }
    all.join(&read);
    all.cut_after(now);
    tx.prepare_cached("DELETE FROM coverage WHERE provider = ?1 AND card_id = ?2")?
        .execute([provider.name(), card])?;
    let mut insert = tx.prepare_cached(
        "INSERT OR REPLACE INTO coverage (provider, card_id, since, until, lost) VALUES (?1, ?2, \
         ?3, ?4, ?5)",
    )?;
    for stretch in all.stretches() {
        let (since, until) = (millis(stretch.from), millis(stretch.to));
        insert.execute(params![provider.name(), card, since, until, ""])?;
    }
    for Lost { stretch, why } in read.lost() {
        let (since, until) = (millis(stretch.from), millis(stretch.to));
        insert.execute(params![provider.name(), card, since, until, &**why])?;
    }
    drop(insert);
    tx.commit()
}
