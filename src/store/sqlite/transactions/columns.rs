//! How a transaction stands in its table: its columns, written and read by their position.

use std::sync::Arc;

use rusqlite::{
    CachedStatement, Connection, OptionalExtension, Row, Transaction as Writing, params,
};

use crate::domain::card::ProviderId;
use crate::domain::money::Money;
use crate::domain::transaction::{Listed, Transaction, TransactionKind, TransactionState};
use crate::store::sqlite::{millis, money, timestamp};

/// A row with what the table keeps of it beside what it says.
pub(in crate::store::sqlite) struct Kept {
    /// The number of its latest write.
    pub(in crate::store::sqlite) change: i64,
    /// The row.
    pub(in crate::store::sqlite) row: Transaction,
    /// It is a hold, or was one before it had its state of today.
    pub(in crate::store::sqlite) was_hold: bool,
}

/// The columns that [`read`] reads, in its order.
pub(in crate::store::sqlite) const COLUMNS: &str = "provider, card_id, id, task, last4, kind, \
     state, provider_state, amount, currency, fee, fee_currency, merchant, mcc, country, \
     decline_reason, description, at, seen_at, operation, gone_at, cleared_as";

/// The first column behind [`COLUMNS`] in a query that asks for more.
pub(in crate::store::sqlite) const BEHIND: usize = 22;

const INSERT: &str =
    "INSERT INTO card_transaction (provider, card_id, id, task, last4, kind, state, \
     provider_state, amount, currency, fee, fee_currency, merchant, mcc, country, decline_reason, \
     description, at, seen_at, operation, gone_at, cleared_as, was_hold)
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, \
     ?19, ?20, ?21, ?22, ?23)";

/// A query for [`kept`].
pub(super) fn select_kept(condition: &str) -> String {
    format!(
        "SELECT {COLUMNS}, change, state = 'HOLD' OR was_hold FROM card_transaction WHERE \
         {condition}"
    )
}

/// A query for [`read`], with the number of each row's latest write behind it.
pub(super) fn select_numbered(condition: &str) -> String {
    format!("SELECT {COLUMNS}, change FROM card_transaction WHERE {condition}")
}

/// Reads what [`select_kept`] asks for.
pub(in crate::store::sqlite) fn kept(row: &Row<'_>) -> rusqlite::Result<Kept> {
    Ok(Kept { row: read(row)?, change: row.get(BEHIND)?, was_hold: row.get(BEHIND + 1)? })
}

/// Reads [`COLUMNS`].
pub(in crate::store::sqlite) fn read(row: &Row<'_>) -> rusqlite::Result<Transaction> {
    let word = |column: usize| row.get_ref(column)?.as_str().map_err(rusqlite::Error::from);
    let text = |column: usize| -> rusqlite::Result<Option<&str>> {
        row.get_ref(column)?.as_str_or_null().map_err(rusqlite::Error::from)
    };
    let shared = |column: usize| text(column).map(|text| text.map(Arc::<str>::from));
    let state = word(6)?.parse::<TransactionState>().ok().unwrap_or(TransactionState::Unknown);
    let gone = row.get::<_, Option<i64>>(20)?.filter(|_| state == TransactionState::Hold);
    let (state, listed) = match gone {
        Some(at) => (
            TransactionState::Reversed,
            Listed::GoneSince { at: timestamp(at), cleared_as: shared(21)? },
        ),
        None => (state, Listed::Still),
    };
    Ok(Transaction {
        provider: ProviderId::new(word(0)?),
        card_id: text(1)?.filter(|card| !card.is_empty()).map(Arc::from),
        id: word(2)?.into(),
        task: shared(3)?,
        last4: text(4)?.and_then(|digits| digits.parse().ok()),
        kind: word(5)?.parse::<TransactionKind>().ok().unwrap_or(TransactionKind::Other),
        state,
        provider_state: word(7)?.into(),
        amount: money(text(8)?, text(9)?).ok_or(rusqlite::Error::InvalidQuery)?,
        fee: money(text(10)?, text(11)?),
        merchant: shared(12)?,
        mcc: shared(13)?,
        country: shared(14)?,
        decline_reason: shared(15)?,
        description: shared(16)?,
        at: timestamp(row.get(17)?),
        seen_at: timestamp(row.get(18)?),
        operation: text(19)?.and_then(|id| id.parse().ok()),
        listed,
    })
}

/// The row of exactly this name; `None` as the card is a row that names none yet.
pub(in crate::store::sqlite) fn exact(
    db: &Connection,
    provider: &ProviderId,
    card: Option<&str>,
    id: &str,
) -> rusqlite::Result<Option<Kept>> {
    let mut query =
        db.prepare_cached(&select_kept("provider = ?1 AND id = ?2 AND card_id = ?3"))?;
    query.query_row([provider.name(), id, card.unwrap_or_default()], kept).optional()
}

/// Writes a row that the table does not have under this name, and returns the number of the write.
pub(in crate::store::sqlite) fn insert(
    tx: &Writing<'_>,
    row: &Transaction,
    was_hold: bool,
) -> rusqlite::Result<i64> {
    Insert::into(tx)?.row(row, was_hold)
}

/// Writes rows that the table does not have under their names.
pub(super) struct Insert<'a>(CachedStatement<'a>);

impl<'a> Insert<'a> {
    pub(super) fn into(tx: &'a Writing<'_>) -> rusqlite::Result<Self> {
        tx.prepare_cached(INSERT).map(Self)
    }

    /// Writes one, and returns the number of the write.
    pub(super) fn row(&mut self, row: &Transaction, was_hold: bool) -> rusqlite::Result<i64> {
        // A hold that is gone is kept as the hold it was.
        let (gone_at, cleared_as) = match &row.listed {
            Listed::Still => (None, None),
            Listed::GoneSince { at, cleared_as } => (Some(*at), cleared_as.as_deref()),
        };
        let state = if gone_at.is_some() { TransactionState::Hold } else { row.state };
        let last4 = row.last4.map(|last4| last4.to_string());
        self.0.insert(params![
            row.provider.name(),
            row.card_id.as_deref().unwrap_or_default(),
            &*row.id,
            row.task.as_deref(),
            last4,
            row.kind.as_str(),
            state.as_str(),
            &*row.provider_state,
            row.amount.digits(),
            row.amount.currency().code(),
            row.fee.map(Money::digits),
            row.fee.map(|fee| fee.currency().code().to_owned()),
            row.merchant.as_deref(),
            row.mcc.as_deref(),
            row.country.as_deref(),
            row.decline_reason.as_deref(),
            row.description.as_deref(),
            millis(row.at),
            millis(row.seen_at),
            row.operation.map(|id| id.to_string()),
            gone_at.map(millis),
            cleared_as,
            was_hold,
        ])
    }
}

/// Takes a row out: the one of this write.
pub(in crate::store::sqlite) fn delete(tx: &Writing<'_>, change: i64) -> rusqlite::Result<()> {
    tx.prepare_cached("DELETE FROM card_transaction WHERE change = ?1")?.execute([change])?;
    Ok(())
}

/// Notes for those who follow the changes that a row went with the write `change`, which put
/// another in its place.
pub(in crate::store::sqlite) fn note_renamed(
    tx: &Writing<'_>,
    gone: &Transaction,
    change: i64,
) -> rusqlite::Result<()> {
    tx.prepare_cached(
        "INSERT OR IGNORE INTO card_transaction_renamed (change, provider, card_id, id) VALUES \
         (?1, ?2, ?3, ?4)",
    )?
    .execute(params![
        change,
        gone.provider.name(),
        gone.card_id.as_deref().unwrap_or_default(),
        &*gone.id
    ])?;
    Ok(())
}

/// The number of the next write, for a row that is changed in place.
pub(in crate::store::sqlite) fn next_change(tx: &Writing<'_>) -> rusqlite::Result<i64> {
    tx.prepare_cached(
        "UPDATE sqlite_sequence SET seq = seq + 1 WHERE name = 'card_transaction' RETURNING seq",
    )?
    .query_row([], |row| row.get(0))
}
