//! Operations as rows of the data file.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

use super::super::{millis, money, timestamp};
use crate::domain::card::{Balance, CardKey, CardState, ProviderId};
use crate::domain::money::Money;
use crate::domain::operation::{
    ActionKind, Before, Operation, OperationId, OperationState, Proof, Step, StepKind,
};
use crate::domain::proof::ProvenBy;
use crate::store::BeingSent;

const COLUMNS: &str = "id, deed, provider, card_id, last4, amount, currency, state, reason, \
                       reference, provider_reference, operator,
    created_at, updated_at, detail, before_owner, before_state, before_available, before_current, \
                       before_currency, proof, looks, next_look,
    baseline, proven_by, watched_until, alarm";

/// Writes a new operation, with the process that is going to send it.
pub(super) fn insert(tx: &Transaction<'_>, operation: &Operation) -> rusqlite::Result<()> {
    let digits = |money: Option<Money>| money.map(|money| money.digits());
    let before = operation.before.balance.unwrap_or_default();
    let before_currency =
        before.available.or(before.current).map(|money| money.currency().code().to_owned());
    tx.prepare_cached(&format!(
        "INSERT INTO operation ({COLUMNS}, process)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, \
         ?19, ?20, ?21, ?22, ?23, ?24, ?25, ?26, ?27, ?28)"
    ))?
    .execute(params![
        operation.id.to_string(),
        operation.action_kind.as_str(),
        operation.card.provider.name(),
        &*operation.card.id,
        operation.last4.map(|last4| last4.to_string()),
        digits(operation.amount),
        operation.amount.map(|amount| amount.currency().code().to_owned()),
        operation.state.as_str(),
        operation.reason.as_deref(),
        &*operation.reference,
        operation.provider_reference.as_deref(),
        &*operation.operator,
        millis(operation.created_at),
        millis(operation.updated_at),
        operation.detail.as_deref(),
        operation.before.owner.as_deref(),
        operation.before.state.map(CardState::as_str),
        digits(before.available),
        digits(before.current),
        before_currency,
        operation.proof.as_str(),
        operation.looks,
        operation.next_look.map(millis),
        operation.baseline.as_ref().and_then(|baseline| serde_json::to_string(baseline).ok()),
        operation.proven_by.map(ProvenBy::as_str),
        operation.watched_until.map(millis),
        operation.alarm.as_deref(),
        i64::from(std::process::id()),
    ])?;
    Ok(())
}

/// Operations of a card that are not settled.
pub(super) fn unsettled_of_card(
    tx: &Transaction<'_>,
    card: &CardKey,
) -> rusqlite::Result<Vec<Operation>> {
    tx.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM operation WHERE provider = ?1 AND card_id = ?2 AND state NOT IN \
         ('DONE', 'FAILED')"
    ))?
    .query_map([card.provider.name(), &*card.id], read)?
    .collect()
}

/// The newest top-up of the same card and sum that was found done at or after a time.
pub(super) fn equal_done_since(
    tx: &Transaction<'_>,
    operation: &Operation,
    since: Timestamp,
) -> rusqlite::Result<Option<Operation>> {
    tx.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM operation WHERE provider = ?1 AND card_id = ?2 AND deed = 'topup' \
         AND amount = ?3 AND currency = ?4
            AND state = 'DONE' AND updated_at >= ?5 ORDER BY updated_at DESC LIMIT 1"
    ))?
    .query_row(
        params![
            operation.card.provider.name(),
            &*operation.card.id,
            operation.amount.map(|amount| amount.digits()),
            operation.amount.map(|amount| amount.currency().code().to_owned()),
            millis(since)
        ],
        read,
    )
    .optional()
}

/// The operation of a card's payment of this number. Ids of one payment differ in their time
/// alone, which is their first ten characters.
///
/// A number is made of the card, too, so it is looked for among the card's operations, which have
/// an index, and not in the whole journal.
pub(in crate::store) fn of_payment(
    db: &Connection,
    card: &CardKey,
    number: u64,
) -> rusqlite::Result<Option<Operation>> {
    let id = OperationId::of_payment(Timestamp::UNIX_EPOCH, number).to_string();
    db.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM operation WHERE provider = ?1 AND card_id = ?2 AND substr(id, 11) = \
         substr(?3, 11)"
    ))?
    .query_row(params![card.provider.name(), &*card.id, id], read)
    .optional()
}

/// Whether an operation could not be inserted because there is one of its id, and so of its
/// reference.
pub(super) fn is_taken(error: &rusqlite::Error) -> bool {
    use rusqlite::ffi::{SQLITE_CONSTRAINT_PRIMARYKEY, SQLITE_CONSTRAINT_UNIQUE};
    let code = error.sqlite_error().map(|error| error.extended_code);
    matches!(code, Some(SQLITE_CONSTRAINT_PRIMARYKEY | SQLITE_CONSTRAINT_UNIQUE))
}

/// One operation.
pub(in crate::store) fn get(db: &Connection, id: OperationId) -> rusqlite::Result<Operation> {
    db.prepare_cached(&format!("SELECT {COLUMNS} FROM operation WHERE id = ?1"))?
        .query_row([id.to_string()], read)
}

/// The newest operations before one of this id, or of all, newest first. Ids begin with their time.
pub(in crate::store) fn page(
    db: &Connection,
    before: Option<OperationId>,
    limit: u32,
) -> rusqlite::Result<Vec<Operation>> {
    let mut query = db.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM operation WHERE id < ?1 ORDER BY id DESC LIMIT ?2"
    ))?;
    // Behind every id.
    let before = before.map_or_else(|| "~".to_owned(), |id| id.to_string());
    query.query_map(params![before, limit], read)?.collect()
}

/// Operations that changed at or after a time, oldest change first.
pub(in crate::store) fn changed_since(
    db: &Connection,
    after: Timestamp,
) -> rusqlite::Result<Vec<Operation>> {
    let mut query = db.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM operation WHERE updated_at >= ?1 ORDER BY updated_at"
    ))?;
    query.query_map([millis(after)], read)?.collect()
}

/// Every operation that is looked up, oldest first: those that are not settled, and those that a
/// person settled as failed a short while ago.
pub(in crate::store) fn followed(db: &Connection) -> rusqlite::Result<Vec<Operation>> {
    let mut query = db.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM operation WHERE state NOT IN ('DONE', 'FAILED') OR watched_until \
         IS NOT NULL ORDER BY id"
    ))?;
    query.query_map([], read)?.collect()
}

/// Operations in state SENT, and who is sending them.
pub(in crate::store) fn being_sent(db: &Connection) -> rusqlite::Result<Vec<BeingSent>> {
    let mut query =
        db.prepare_cached("SELECT id, process, updated_at FROM operation WHERE state = 'SENT'")?;
    let rows = query.query_map([], |row| {
        Ok((row.get::<_, String>(0)?, row.get::<_, u32>(1)?, row.get::<_, i64>(2)?))
    })?;
    let mut found = Vec::new();
    for row in rows {
        let (id, process, at) = row?;
        let sending = |id| BeingSent { id, process, since: timestamp(at) };
        found.extend(id.parse().ok().map(sending));
    }
    Ok(found)
}

/// The lines of an operation, oldest first.
pub(in crate::store) fn steps(db: &Connection, id: OperationId) -> rusqlite::Result<Vec<Step>> {
    let mut query = db.prepare_cached(
        "SELECT number, at, what, words, hash FROM line WHERE operation = ?1 ORDER BY number",
    )?;
    query
        .query_map([id.to_string()], |row| {
            let hash: String = row.get("hash")?;
            Ok(Step {
                at: timestamp(row.get("at")?),
                kind: StepKind::from(&*row.get::<_, String>("what")?),
                words: row.get::<_, String>("words")?.into(),
                line: row.get::<_, i64>("number")?.unsigned_abs(),
                hash: hash.get(..8).unwrap_or_default().into(),
            })
        })?
        .collect()
}

fn read(row: &Row<'_>) -> rusqlite::Result<Operation> {
    let text = |name: &str| row.get::<_, Option<String>>(name);
    let need = |name: &str| row.get::<_, String>(name);
    let before_currency = text("before_currency")?;
    let balance = Balance {
        available: money(text("before_available")?.as_deref(), before_currency.as_deref()),
        current: money(text("before_current")?.as_deref(), before_currency.as_deref()),
        pending: None,
    };
    let known = balance != Balance::default();
    Ok(Operation {
        id: need("id")?.parse().map_err(|_| rusqlite::Error::InvalidQuery)?,
        action_kind: need("deed")?
            .parse::<ActionKind>()
            .ok()
            .ok_or(rusqlite::Error::InvalidQuery)?,
        card: CardKey::new(&ProviderId::new(&need("provider")?), &need("card_id")?),
        last4: text("last4")?.and_then(|digits| digits.parse().ok()),
        amount: money(text("amount")?.as_deref(), text("currency")?.as_deref()),
        state: need("state")?
            .parse::<OperationState>()
            .ok()
            .ok_or(rusqlite::Error::InvalidQuery)?,
        reason: text("reason")?.map(Into::into),
        reference: need("reference")?.into(),
        provider_reference: text("provider_reference")?.map(Into::into),
        operator: need("operator")?.into(),
        created_at: timestamp(row.get("created_at")?),
        updated_at: timestamp(row.get("updated_at")?),
        detail: text("detail")?.map(Into::into),
        before: Before {
            owner: text("before_owner")?.map(Into::into),
            state: text("before_state")?.and_then(|word| word.parse::<CardState>().ok()),
            balance: known.then_some(balance),
        },
        proof: need("proof")?.parse::<Proof>().ok().unwrap_or(Proof::AnswerOnly),
        looks: row.get("looks")?,
        next_look: row.get::<_, Option<i64>>("next_look")?.map(timestamp),
        // One that cannot be read proves nothing, as if there were none.
        baseline: text("baseline")?.and_then(|json| serde_json::from_str(&json).ok()),
        proven_by: text("proven_by")?.and_then(|word| word.parse::<ProvenBy>().ok()),
        watched_until: row.get::<_, Option<i64>>("watched_until")?.map(timestamp),
        alarm: text("alarm")?.map(Into::into),
    })
}
