//! One name for each card and row in the file: what was kept under two spellings of an id is
//! joined.
//!
//! Ids are made canonical where they are parsed, so this finds something only in files of earlier
//! cardtops.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension, Transaction, params};

use super::transactions::columns::{self, Kept};
use super::{cards, transactions};
use crate::domain::card::{Card, CardKey, Ids, ProviderId};
use crate::domain::transaction::{Listed, Transaction as Row, TransactionState};

/// Whether the file has the ids of all these accounts in their form.
pub(super) fn is_done(db: &Connection, ids: &BTreeMap<ProviderId, Ids>) -> rusqlite::Result<bool> {
    let mut query = db.prepare("SELECT form FROM id_form WHERE provider = ?1")?;
    for (provider, ids) in ids {
        let form: Option<String> =
            query.query_row([provider.name()], |row| row.get(0)).optional()?;
        if form.as_deref() != Some(&ids.as_str()) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether any id of these accounts is not in its form.
pub(super) fn has_strays(
    db: &Connection,
    ids: &BTreeMap<ProviderId, Ids>,
) -> rusqlite::Result<bool> {
    for (provider, ids) in ids {
        if !strays(db, provider, *ids)?.is_empty() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Spellings of the ids of an account's cards that are not canonical.
fn strays(db: &Connection, provider: &ProviderId, ids: Ids) -> rusqlite::Result<BTreeSet<String>> {
    let mut query = db.prepare(
        "SELECT id FROM card WHERE provider = ?1
         UNION SELECT card_id FROM card_transaction WHERE provider = ?1
         UNION SELECT card_id FROM operation WHERE provider = ?1",
    )?;
    let spellings = query.query_map([provider.name()], |row| row.get::<_, String>(0))?;
    let mut strays = BTreeSet::new();
    for spelling in spellings {
        let spelling = spelling?;
        if *ids.cards.canonical(&spelling) != *spelling {
            strays.insert(spelling);
        }
    }
    Ok(strays)
}

/// Joins what stands under several spellings, and says which operations have another card id or
/// credit now.
pub(super) fn join(
    tx: &Transaction<'_>,
    ids: &BTreeMap<ProviderId, Ids>,
) -> rusqlite::Result<BTreeSet<String>> {
    let mut renamed = BTreeSet::new();
    for (provider, ids) in ids {
        let form: Option<String> = tx
            .query_row("SELECT form FROM id_form WHERE provider = ?1", [provider.name()], |row| {
                row.get(0)
            })
            .optional()?;
        if form.as_deref() == Some(&ids.as_str()) {
            continue;
        }
        for spelling in strays(tx, provider, *ids)? {
            let canonical = ids.cards.canonical(&spelling);
            join_card(tx, provider, &spelling, &canonical)?;
            join_rows(tx, provider, &spelling, &canonical)?;
            rename_operations(tx, provider, &spelling, &canonical, &mut renamed)?;
        }
        rename_credits(tx, provider, *ids, &mut renamed)?;
        tx.execute(
            "INSERT INTO id_form (provider, form) VALUES (?1, ?2) ON CONFLICT (provider) DO \
             UPDATE SET form = ?2",
            [provider.name(), &ids.as_str()],
        )?;
    }
    Ok(renamed)
}

fn join_card(
    tx: &Transaction<'_>,
    provider: &ProviderId,
    spelling: &str,
    canonical: &Arc<str>,
) -> rusqlite::Result<()> {
    let Some(stray) = cards::one(tx, provider, spelling)? else { return Ok(()) };
    let key = CardKey { provider: provider.clone(), id: Arc::clone(canonical) };
    let joined = match cards::one(tx, provider, canonical)? {
        None => Card { key, ..stray },
        Some(known) if known.balance.at() >= stray.balance.at() => {
            Card { key: key.clone(), ..known }.over(&Card { key, ..stray })
        }
        Some(known) => Card { key: key.clone(), ..stray }.over(&Card { key, ..known }),
    };
    tx.execute(
        "DELETE FROM card WHERE provider = ?1 AND id IN (?2, ?3)",
        params![provider.name(), spelling, &**canonical],
    )?;
    cards::insert(tx, &joined)
}

fn join_rows(
    tx: &Transaction<'_>,
    provider: &ProviderId,
    spelling: &str,
    canonical: &Arc<str>,
) -> rusqlite::Result<()> {
    for kept in transactions::of_card(tx, provider, spelling)? {
        let there = columns::exact(tx, provider, Some(canonical), &kept.row.id)?;
        rename_row(tx, &kept, kept.row.id.clone(), Some(Arc::clone(canonical)), there)?;
    }
    Ok(())
}

/// Gives a row another name, under which one may stand already.
fn rename_row(
    tx: &Transaction<'_>,
    kept: &Kept,
    id: Arc<str>,
    card_id: Option<Arc<str>>,
    there: Option<Kept>,
) -> rusqlite::Result<()> {
    let renamed = Row { id, card_id, ..kept.row.clone() };
    let Some(there) = there else {
        return write(tx, kept, renamed, kept.was_hold);
    };
    // A settled row is the later reading of the two.
    let is_later =
        there.row.state == TransactionState::Hold && renamed.state != TransactionState::Hold;
    let joined = if is_later {
        Row {
            seen_at: renamed.seen_at.min(there.row.seen_at),
            operation: renamed.operation.or(there.row.operation),
            ..renamed
        }
    } else {
        there.row
    };
    write(tx, kept, joined, there.was_hold || kept.was_hold)
}

/// Writes a row in the place of another. The posting that two holds became under two spellings of
/// their card is not said to be either's.
fn write(tx: &Transaction<'_>, kept: &Kept, mut row: Row, was_hold: bool) -> rusqlite::Result<()> {
    if let Listed::GoneSince { cleared_as, .. } = &mut row.listed
        && let Some(posting) = cleared_as.as_deref()
    {
        let is_taken: bool = tx
            .prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM card_transaction WHERE provider = ?1 AND card_id = \
                 ?2 AND cleared_as = ?3 AND change <> ?4)",
            )?
            .query_row(
                params![row.provider.name(), row.card_id.as_deref(), posting, kept.change],
                |found| found.get(0),
            )?;
        if is_taken {
            *cleared_as = None;
        }
    }
    transactions::write_over(tx, kept, &row, was_hold).map(drop)
}

fn rename_operations(
    tx: &Transaction<'_>,
    provider: &ProviderId,
    spelling: &str,
    canonical: &str,
    renamed: &mut BTreeSet<String>,
) -> rusqlite::Result<()> {
    let ids: Vec<String> = tx
        .prepare_cached("SELECT id FROM operation WHERE provider = ?1 AND card_id = ?2")?
        .query_map([provider.name(), spelling], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    for id in ids {
        if tx.execute(
            "UPDATE OR IGNORE operation SET card_id = ?2 WHERE id = ?1",
            [&id, canonical],
        )? == 0
        {
            contest(tx, &id)?;
            tx.execute("UPDATE operation SET card_id = ?2 WHERE id = ?1", [&id, canonical])?;
        }
        renamed.insert(id);
    }
    Ok(())
}

/// A credit that two operations claimed under two spellings stays with the one that has the name
/// already; the other one gets an alarm.
fn contest(tx: &Transaction<'_>, id: &str) -> rusqlite::Result<()> {
    const ALARM: &str = "its transaction, under another spelling of an id, proves another \
                         operation too: only one of the two was paid by it";
    tx.execute(
        "UPDATE operation SET credit = NULL, alarm = ifnull(alarm, ?2) WHERE id = ?1",
        [id, ALARM],
    )?;
    Ok(())
}

/// Credits and rows of transactions whose own ids have several spellings.
fn rename_credits(
    tx: &Transaction<'_>,
    provider: &ProviderId,
    ids: Ids,
    renamed: &mut BTreeSet<String>,
) -> rusqlite::Result<()> {
    let credits: Vec<(String, String)> = tx
        .prepare("SELECT id, credit FROM operation WHERE provider = ?1 AND credit IS NOT NULL")?
        .query_map([provider.name()], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<_>>()?;
    for (id, credit) in credits {
        let canonical = ids.transactions.canonical(&credit);
        if *canonical != *credit {
            if tx.execute(
                "UPDATE OR IGNORE operation SET credit = ?2 WHERE id = ?1",
                [&id, &*canonical],
            )? == 0
            {
                contest(tx, &id)?;
            }
            renamed.insert(id);
        }
    }
    rename_rows(tx, provider, ids)
}

/// Rows whose own ids have several spellings.
fn rename_rows(tx: &Transaction<'_>, provider: &ProviderId, ids: Ids) -> rusqlite::Result<()> {
    let mut strays: Vec<(String, String)> = Vec::new();
    {
        let mut query =
            tx.prepare("SELECT card_id, id FROM card_transaction WHERE provider = ?1")?;
        let mut rows = query.query([provider.name()])?;
        while let Some(row) = rows.next()? {
            let id: String = row.get(1)?;
            if *ids.transactions.canonical(&id) != *id {
                strays.push((row.get(0)?, id));
            }
        }
    }
    for (card, id) in strays {
        let canonical = ids.transactions.canonical(&id);
        let card = Some(card).filter(|card| !card.is_empty());
        let Some(kept) = columns::exact(tx, provider, card.as_deref(), &id)? else { continue };
        let there = columns::exact(tx, provider, card.as_deref(), &canonical)?;
        let card_id = kept.row.card_id.clone();
        rename_row(tx, &kept, canonical, card_id, there)?;
    }
    Ok(())
}
