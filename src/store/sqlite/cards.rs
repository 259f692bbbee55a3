//! Cards and their newest figures.

use std::sync::Arc;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

use super::{millis, money, timestamp};
use crate::domain::card::{
    Balance, Card, CardKey, CardKind, CardRecord, CardState, ProviderId, Reading,
};

/// The columns that [`card`] reads, in its order.
const COLUMNS: &str = "provider, id, owner, holder, last4, state, provider_state, kind, currency, \
                       expires, labels, available, current, pending, balance_at, state_at, wire_id";

/// Every card that is known.
pub(in crate::store) fn all(db: &Connection) -> rusqlite::Result<Vec<Card>> {
    let mut query =
        db.prepare_cached(&format!("SELECT {COLUMNS} FROM card ORDER BY provider, id"))?;
    query.query_map([], card)?.collect()
}

/// The next cards in the order of their keys, at most `limit`.
pub(in crate::store) fn page(
    db: &Connection,
    after: Option<&CardKey>,
    limit: u32,
) -> rusqlite::Result<Vec<CardRecord>> {
    let (provider, id) = after.map_or(("", ""), |key| (key.provider.name(), &*key.id));
    let mut query = db.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM card WHERE (provider, id) > (?1, ?2) ORDER BY provider, id LIMIT ?3"
    ))?;
    query.query_map(params![provider, id, limit], |row| card(row).map(CardRecord::from))?.collect()
}

/// Whether there are more cards than this.
pub(in crate::store) fn are_more_than(db: &Connection, count: u32) -> rusqlite::Result<bool> {
    let mut query = db.prepare_cached("SELECT count(*) FROM (SELECT 1 FROM card LIMIT ?1)")?;
    query.query_row([i64::from(count) + 1], |row| row.get(0)).map(|more: i64| more > count.into())
}

/// The cards that a board showed first, in its order, at most `limit`.
pub(in crate::store) fn first(db: &Connection, limit: u32) -> rusqlite::Result<Vec<Card>> {
    let columns = COLUMNS.replace("provider, id", "card.provider, card.id");
    let mut query = db.prepare_cached(&format!(
        "SELECT {columns} FROM first_card JOIN card USING (provider, id) ORDER BY place \
         LIMIT ?1"
    ))?;
    query.query_map([limit], card)?.collect()
}

/// Notes the cards that a board shows first.
pub(in crate::store) fn set_first(db: &mut Connection, keys: &[CardKey]) -> rusqlite::Result<()> {
    let tx = super::begin(db)?;
    tx.execute("DELETE FROM first_card", [])?;
    let mut insert = tx.prepare_cached("INSERT INTO first_card (provider, id) VALUES (?1, ?2)")?;
    for key in keys {
        insert.execute([key.provider.name(), &key.id])?;
    }
    drop(insert);
    tx.commit()
}

/// One card, under the id that it has in the file.
pub(in crate::store) fn one(
    db: &Connection,
    provider: &ProviderId,
    id: &str,
) -> rusqlite::Result<Option<Card>> {
    let mut query =
        db.prepare_cached(&format!("SELECT {COLUMNS} FROM card WHERE provider = ?1 AND id = ?2"))?;
    query.query_row([provider.name(), id], card).optional()
}

/// Writes a card that is not in the file yet.
pub(super) fn insert(tx: &Transaction<'_>, card: &Card) -> rusqlite::Result<()> {
    upsert(tx, card, Timestamp::MAX)
}

/// Keeps cards, each whole. A figure that is older than the kept one does not replace it, whatever
/// the order of arrival, unless that one is of a time that has not come yet.
pub(in crate::store) fn keep(
    db: &mut Connection,
    cards: &[Arc<CardRecord>],
    now: Timestamp,
) -> rusqlite::Result<()> {
    let tx = super::begin(db)?;
    for card in cards {
        upsert(&tx, &card.card(), now)?;
    }
    tx.commit()
}

fn upsert(tx: &Transaction<'_>, card: &Card, now: Timestamp) -> rusqlite::Result<()> {
    let mut upsert = tx.prepare_cached(
        "INSERT INTO card (provider, id, owner, holder, last4, state, provider_state, kind, \
         currency, expires, labels, available,
                           current, pending, balance_at, state_at, wire_id)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?18)
         ON CONFLICT (provider, id) DO UPDATE SET
             owner = ?3, holder = ?4, last4 = ?5, state = ?6, provider_state = ?7, kind = ?8, \
         currency = ?9, expires = ?10,
             labels = ?11, available = ?12, current = ?13, pending = ?14, balance_at = ?15, \
         state_at = ?16, wire_id = ?18
         WHERE balance_at IS NULL OR ?15 >= balance_at OR balance_at > ?17",
    )?;
    let balance = card.balance.value().copied().unwrap_or_default();
    let digits = |money: Option<crate::domain::money::Money>| money.map(|money| money.digits());
    upsert.execute(params![
        card.key.provider.name(),
        &*card.key.id,
        card.owner.as_deref(),
        &*card.holder,
        card.last4.map(|last4| last4.to_string()),
        card.state.as_str(),
        &*card.provider_state,
        card.kind.map(CardKind::as_str),
        // The figures' own currency first: a roster may call the card by another, and figures keep
        // theirs.
        balance.currency().or(card.currency).map(|currency| currency.code().to_owned()),
        card.expires.as_deref(),
        card.labels.join(";"),
        digits(balance.available),
        digits(balance.current),
        digits(balance.pending),
        card.balance.at().map(millis),
        card.state_at.map(millis),
        millis(now),
        &*card.wire_id,
    ])?;
    Ok(())
}

/// Reads [`COLUMNS`].
fn card(row: &Row<'_>) -> rusqlite::Result<Card> {
    let word = |column: usize| row.get_ref(column)?.as_str().map_err(rusqlite::Error::from);
    let text = |column: usize| -> rusqlite::Result<Option<&str>> {
        row.get_ref(column)?.as_str_or_null().map_err(rusqlite::Error::from)
    };
    let currency = text(8)?;
    let sum = |column: usize| text(column).map(|digits| money(digits, currency));
    let balance = Balance { available: sum(11)?, current: sum(12)?, pending: sum(13)? };
    let key = CardKey::new(&ProviderId::new(word(0)?), word(1)?);
    Ok(Card {
        wire_id: text(16)?.map_or_else(|| std::sync::Arc::clone(&key.id), Into::into),
        key,
        owner: text(2)?.map(Into::into),
        account: None,
        holder: word(3)?.into(),
        last4: text(4)?.and_then(|digits| digits.parse().ok()),
        state: word(5)?.parse::<CardState>().ok().unwrap_or(CardState::Unknown),
        provider_state: word(6)?.into(),
        state_at: row.get::<_, Option<i64>>(15)?.map(timestamp),
        kind: text(7)?.and_then(|word| word.parse::<CardKind>().ok()),
        currency: currency.and_then(|code| code.parse().ok()),
        balance: match row.get::<_, Option<i64>>(14)? {
            Some(at) => Reading::At { value: balance, at: timestamp(at) },
            None => Reading::Never,
        },
        expires: text(9)?.map(Into::into),
        labels: word(10)?.split(';').filter(|label| !label.is_empty()).map(Into::into).collect(),
    })
}
