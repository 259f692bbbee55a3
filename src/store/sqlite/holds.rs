//! Holds that a provider does not list any more: released, or cleared under another id. No
//! wire reports either, so it follows from complete readings alone, and is taken back when the hold
//! is listed again.

use std::collections::HashSet;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, params};

use super::transactions::columns::{COLUMNS, exact, next_change, read};
use super::{millis, timestamp};
use crate::domain::transaction::{RowName, Transaction};
use crate::store::{CompleteReading, Written};

/// A posting may be this much of its hold at most: tips are added.
const TIPPED: (i64, i64) = (13, 10);

/// How long after its hold a posting may come, and how long one is waited for.
const LATEST_POSTING: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Compares the holds that are known with a complete reading and returns those of which something
/// else is known now.
///
/// A hold is gone since the first reading without it, once a second one that is at least `apart`
/// later agrees. A posting is linked to a hold that is gone (card, merchant, order in time,
/// amount), each to one at most; the two are never made one.
pub(in crate::store) fn follow(
    db: &mut Connection,
    reading: &CompleteReading,
) -> rusqlite::Result<Written> {
    let listed = Listed::of(reading);
    // Nothing to write is the rule, and other processes may want to write meanwhile.
    if steps(db, reading, &listed)?.is_empty() && pairs(db, reading)?.is_empty() {
        return Ok(Written::default());
    }
    let mut written = Written::default();
    let tx = super::begin(db)?;
    let mut changed = Vec::new();
    for (name, step) in steps(&tx, reading, &listed)? {
        match step {
            Step::Back => set_missed(&tx, &name, None)?,
            Step::Missed => set_missed(&tx, &name, Some(reading.at))?,
            Step::Gone(first) => {
                written.note(set(&tx, &name, "gone_at", millis(first))?);
                changed.push(name);
            }
        }
    }
    changed.extend(link(&tx, reading, &mut written)?);
    let mut told = HashSet::new();
    for name in changed.into_iter().filter(|name| told.insert(name.clone())) {
        let kept = exact(&tx, &name.provider, name.card.as_deref(), &name.id)?;
        written.news.rows.extend(kept.map(|kept| kept.row));
    }
    tx.commit()?;
    Ok(written)
}

/// The names of the rows that a reading had: the id of the card, empty where a row named none, and
/// the id of the row.
struct Listed<'a>(HashSet<(&'a str, &'a str)>);

impl<'a> Listed<'a> {
    fn of(reading: &'a CompleteReading) -> Self {
        let names = reading.listed.iter();
        Self(names.map(|(card, id)| (card.as_deref().unwrap_or_default(), &**id)).collect())
    }

    fn has(&self, card: &str, id: &str) -> bool {
        self.0.contains(&(card, id)) || self.0.contains(&("", id))
    }
}

/// What a complete reading says of a hold that is news.
#[derive(Debug)]
enum Step {
    /// It is listed again.
    Back,
    /// It is missing for the first time.
    Missed,
    /// It has been missing since then, and a second reading agrees.
    Gone(Timestamp),
}

fn step(reading: &CompleteReading, is_listed: bool, missed: Option<Timestamp>) -> Option<Step> {
    match (is_listed, missed) {
        (true, None) => None,
        (true, Some(_)) => Some(Step::Back),
        (false, None) => Some(Step::Missed),
        (false, Some(first)) => {
            (reading.at.duration_since(first) >= reading.apart).then_some(Step::Gone(first))
        }
    }
}

/// The holds that the reading should have had and of which it says something new. All that is asked
/// of the others is in the index.
fn steps(
    db: &Connection,
    reading: &CompleteReading,
    listed: &Listed<'_>,
) -> rusqlite::Result<Vec<(RowName, Step)>> {
    let mut query = db.prepare_cached(&select_compared(reading))?;
    let card = reading.card.as_ref().map_or("", |card| &card.id);
    let (oldest, since) = (millis(reading.oldest), millis(reading.since));
    let at = millis(reading.at.min(reading.until));
    let mut holds = query.query(params![reading.provider.name(), oldest, since, at, card])?;
    let mut steps = Vec::new();
    while let Some(hold) = holds.next()? {
        let (card, id) = (hold.get_ref(0)?.as_str()?, hold.get_ref(1)?.as_str()?);
        let missed = hold.get::<_, Option<i64>>(2)?.map(timestamp);
        if let Some(step) = step(reading, listed.has(card, id), missed) {
            let card = (!card.is_empty()).then(|| card.into());
            let name = RowName { provider: reading.provider.clone(), card, id: id.into() };
            steps.push((name, step));
        }
    }
    Ok(steps)
}

/// The query for the names of the holds that the reading should have had, and when each was missed.
fn select_compared(reading: &CompleteReading) -> String {
    let (index, of_card) = of_card(reading);
    format!(
        "SELECT card_id, id, missed_at FROM card_transaction INDEXED BY {index}
         WHERE provider = ?1 AND state = 'HOLD' AND gone_at IS NULL AND at > ?2 AND at >= ?3 AND \
         at <= ?4 AND {of_card} ?5"
    )
}

/// The index in which the holds of a reading are together, and the beginning of the condition for
/// the id of its card.
const fn of_card(reading: &CompleteReading) -> (&'static str, &'static str) {
    match reading.card {
        Some(_) => ("card_transaction_holds_of_card", "card_id ="),
        // An empty id is that of no card, and every other one is greater.
        None => ("card_transaction_holds", "card_id >="),
    }
}

/// Notes when a hold was missed first. That is not told to anybody, so it is no change of the row.
fn set_missed(db: &Connection, hold: &RowName, at: Option<Timestamp>) -> rusqlite::Result<()> {
    let sql = "UPDATE card_transaction SET missed_at = ?4 WHERE provider = ?1 AND id = ?2 AND \
               card_id = ?3";
    let card = hold.card.as_deref().unwrap_or_default();
    let values = params![hold.provider.name(), &*hold.id, card, at.map(millis)];
    db.prepare_cached(sql)?.execute(values)?;
    Ok(())
}

/// Sets a column of a hold, which is a change of the row, and returns its number.
fn set(
    tx: &rusqlite::Transaction<'_>,
    hold: &RowName,
    column: &str,
    value: impl rusqlite::ToSql,
) -> rusqlite::Result<i64> {
    let sql = format!(
        "UPDATE card_transaction SET {column} = ?4, change = ?5 WHERE provider = ?1 AND id = ?2 \
         AND card_id = ?3"
    );
    let card = hold.card.as_deref().unwrap_or_default();
    let change = next_change(tx)?;
    let values = params![hold.provider.name(), &*hold.id, card, value, change];
    tx.prepare_cached(&sql)?.execute(values)?;
    Ok(change)
}

/// Links holds that are gone with the postings they became.
fn link(
    tx: &rusqlite::Transaction<'_>,
    reading: &CompleteReading,
    written: &mut Written,
) -> rusqlite::Result<Vec<RowName>> {
    let mut linked: Vec<RowName> = Vec::new();
    let mut taken: HashSet<RowName> = HashSet::new();
    for (hold, posting) in pairs(tx, reading)? {
        let name = RowName::from(&hold);
        if linked.contains(&name) || !taken.insert(RowName::from(&posting)) {
            continue;
        }
        written.note(set(tx, &name, "cleared_as", &*posting.id)?);
        linked.push(name);
    }
    Ok(linked)
}

/// Holds that are gone, each with every posting that it may have become: the least difference
/// first, so that a tip takes no other hold's posting.
fn pairs(
    db: &Connection,
    reading: &CompleteReading,
) -> rusqlite::Result<Vec<(Transaction, Transaction)>> {
    let (index, of_card) = match reading.card {
        Some(_) => of_card(reading),
        None => ("card_transaction_gone", "card_id >"),
    };
    let mut query = db.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM card_transaction INDEXED BY {index}
         WHERE provider = ?1 AND at >= ?2 AND state = 'HOLD' AND gone_at >= ?3 AND cleared_as IS \
         NULL AND {of_card} ?4"
    ))?;
    // A posting that this reading may have brought is not older than `since`.
    let oldest = reading.since.saturating_sub(LATEST_POSTING).unwrap_or(Timestamp::MIN);
    let from = reading.at.saturating_sub(LATEST_POSTING).unwrap_or(Timestamp::MIN);
    let card = reading.card.as_ref().map_or("", |card| &card.id);
    let values = params![reading.provider.name(), millis(oldest), millis(from), card];
    let gone: Vec<Transaction> = query.query_map(values, read)?.collect::<rusqlite::Result<_>>()?;
    let mut pairs = Vec::new();
    for hold in gone {
        let postings = postings(db, &hold)?;
        let others = if postings.is_empty() { Vec::new() } else { pending(db, &hold)? };
        for posting in postings {
            // The sum of a hold that may be about to clear: it is that one's before it is another's
            // with a tip.
            let awaited = || {
                others.iter().any(|other| other.amount == posting.amount && other.at <= posting.at)
            };
            if posting.amount == hold.amount || may_clear(&hold, &posting) && !awaited() {
                pairs.push((hold.clone(), posting));
            }
        }
    }
    pairs.sort_by_key(|(hold, posting)| {
        let difference = posting.amount.amount() - hold.amount.amount();
        let apart = posting.at.duration_since(hold.at).abs();
        (difference.abs(), apart, hold.at, Arc::clone(&hold.id), Arc::clone(&posting.id))
    });
    Ok(pairs)
}

/// Holds on the card and at the merchant of this one that are not gone.
fn pending(db: &Connection, hold: &Transaction) -> rusqlite::Result<Vec<Transaction>> {
    let mut query = db.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM card_transaction
         WHERE provider = ?1 AND card_id = ?2 AND state = 'HOLD' AND gone_at IS NULL AND kind = ?3 \
         AND currency = ?4"
    ))?;
    let currency = hold.amount.currency();
    let values =
        params![hold.provider.name(), hold.card_id.as_deref(), hold.kind.as_str(), currency.code()];
    let all: Vec<Transaction> = query.query_map(values, read)?.collect::<rusqlite::Result<_>>()?;
    Ok(all.into_iter().filter(|other| same_merchant(hold, other)).collect())
}

/// Postings that may be what a hold became: on its card, at its merchant, not from before it, seen
/// after it, never a hold themselves, and no other hold's.
fn postings(db: &Connection, hold: &Transaction) -> rusqlite::Result<Vec<Transaction>> {
    let mut query = db.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM card_transaction AS posting
         WHERE provider = ?1 AND card_id = ?2 AND state = 'CLEARED' AND was_hold = 0 AND kind = ?3 \
         AND currency = ?4
           AND at BETWEEN ?5 AND ?6 AND seen_at > ?7
           AND NOT EXISTS (SELECT 1 FROM card_transaction AS other WHERE other.provider = \
         posting.provider
                           AND other.card_id = posting.card_id AND other.cleared_as = posting.id)"
    ))?;
    let latest = hold.at.saturating_add(LATEST_POSTING).unwrap_or(Timestamp::MAX);
    let currency = hold.amount.currency();
    let values = params![
        hold.provider.name(),
        hold.card_id.as_deref(),
        hold.kind.as_str(),
        currency.code(),
        millis(hold.at),
        millis(latest),
        millis(hold.seen_at)
    ];
    let all: Vec<Transaction> = query.query_map(values, read)?.collect::<rusqlite::Result<_>>()?;
    Ok(all.into_iter().filter(|posting| same_merchant(hold, posting)).collect())
}

fn may_clear(hold: &Transaction, posting: &Transaction) -> bool {
    let (of, over) = (rust_decimal::Decimal::from(TIPPED.0), rust_decimal::Decimal::from(TIPPED.1));
    let most = hold.amount.abs().amount().checked_mul(of).and_then(|sum| sum.checked_div(over));
    most.is_some_and(|most| posting.amount.abs().amount() <= most)
}

fn same_merchant(hold: &Transaction, posting: &Transaction) -> bool {
    let plain = |name: &Option<Arc<str>>| -> Option<String> {
        let name = name
            .as_deref()?
            .chars()
            .filter(|c| c.is_alphanumeric())
            .flat_map(char::to_lowercase)
            .collect::<String>();
        (!name.is_empty()).then_some(name)
    };
    let (merchant, other) = (plain(&hold.merchant), plain(&posting.merchant));
    merchant.is_some() && merchant == other
}

#[cfg(test)]
mod tests;
