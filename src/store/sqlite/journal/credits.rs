//! What other operations already have of a card's credits when one of them is looked up.

use std::collections::BTreeSet;
use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension, Transaction, params};

use super::super::millis;
use crate::domain::card::{CardKey, ProviderId};
use crate::domain::money::Money;
use crate::domain::operation::{MatchedCredits, Operation, OperationId, OperationState, StepKind};
use crate::store::Claim;

/// How long after it was asked a credit is kept free for an operation that a person settled as done
/// without naming one: 48 hours.
const KEPT_FREE_MILLIS: i64 = 48 * 3_600_000;

/// How long before an operation began an equal one may have been settled and still have its credit
/// after it: operations without a baseline have no measured clock.
const CLOCKS_APART_MILLIS: i64 = 120_000;

/// What other operations have of the card's transactions when this one is looked up.
///
/// A credit settles at most one operation, and credits of one sum are indistinguishable. So it is
/// counted: of `n` new credits of this sum, one each belongs to the equal top-ups that will surely
/// have one (`reserved`), and the rest may be this one's or that of another in as much doubt
/// (`open`). A failed row in the list may belong to one of the equal top-ups that `failed`.
///
/// Invariant: as long as every lookup subtracts these, no more operations are DONE than credits
/// came. It is kept by the unique index on `(provider, card_id, credit)` as well.
pub(in crate::store) fn matched_credits(
    db: &Connection,
    operation: &Operation,
) -> rusqlite::Result<MatchedCredits> {
    let mut matched = MatchedCredits { credits: named(db, operation)?, ..Default::default() };
    let Some(amount) = operation.amount else { return Ok(matched) };
    matched.failed = failed_without_row(db, operation, amount)?;
    for rival in rivals(db, operation, amount)? {
        if rival.is_as_doubtful_as(operation) {
            matched.open += 1;
        } else {
            matched.reserved += 1;
        }
    }
    Ok(matched)
}

/// The card's transactions that other operations name as theirs.
fn named(db: &Connection, operation: &Operation) -> rusqlite::Result<BTreeSet<Arc<str>>> {
    let mut query = db.prepare_cached(
        "SELECT credit FROM operation WHERE provider = ?1 AND card_id = ?2 AND credit IS NOT NULL \
         AND id <> ?3",
    )?;
    let (provider, card) = (operation.card.provider.name(), &*operation.card.id);
    query
        .query_map([provider, card, &operation.id.to_string()], |row| {
            row.get::<_, String>(0).map(Arc::from)
        })?
        .collect()
}

/// When the equal top-ups began that may have their credit beside this operation's.
fn began_millis(operation: &Operation) -> i64 {
    millis(operation.created_at) - CLOCKS_APART_MILLIS
}

/// How many equal top-ups were sent, failed about then, and name no transaction.
fn failed_without_row(
    db: &Connection,
    operation: &Operation,
    amount: Money,
) -> rusqlite::Result<usize> {
    db.prepare_cached(
        "SELECT count(*) FROM operation
         WHERE provider = ?1 AND card_id = ?2 AND deed = 'topup' AND amount = ?3 AND currency = ?4 \
         AND id <> ?5 AND credit IS NULL
           AND state = 'FAILED' AND updated_at >= ?6
           AND EXISTS (SELECT 1 FROM line WHERE line.operation = operation.id AND line.what = ?7)",
    )?
    .query_row(
        params![
            operation.card.provider.name(),
            &*operation.card.id,
            amount.digits(),
            amount.currency().code(),
            operation.id.to_string(),
            began_millis(operation),
            StepKind::Sent.as_str()
        ],
        |row| row.get::<_, i64>(0),
    )
    .map(|count| usize::try_from(count).unwrap_or(usize::MAX))
}

/// An equal top-up that has, or may have, a credit that it does not name.
struct Rival {
    state: Option<OperationState>,
    /// The provider answered it with a task.
    has_task: bool,
}

impl Rival {
    /// Whether it is as uncertain that a credit is its own as that it is this operation's.
    fn is_as_doubtful_as(&self, operation: &Operation) -> bool {
        match self.state {
            Some(OperationState::Unknown) => true,
            // The provider promised it: it comes before one that was never answered.
            Some(OperationState::Accepted) => {
                !self.has_task && operation.state != OperationState::Unknown
            }
            Some(OperationState::Sent | OperationState::Done | OperationState::Failed) | None => {
                false
            }
        }
    }
}

/// The equal top-ups that may have a credit beside this operation's. One that was settled before
/// this one began has its credit before it, too; not so one that a person settled without naming a
/// credit: that may still come.
fn rivals(db: &Connection, operation: &Operation, amount: Money) -> rusqlite::Result<Vec<Rival>> {
    let mut query = db.prepare_cached(
        "SELECT state, provider_reference IS NOT NULL FROM operation
         WHERE provider = ?1 AND card_id = ?2 AND deed = 'topup' AND amount = ?3 AND currency = ?4 \
         AND id <> ?5 AND credit IS NULL
           AND state <> 'FAILED'
           AND (state <> 'DONE' OR updated_at >= ?6 OR ifnull(proven_by, '') = 'person' AND \
         created_at >= ?7)",
    )?;
    let currency = amount.currency();
    let values = params![
        operation.card.provider.name(),
        &*operation.card.id,
        amount.digits(),
        currency.code(),
        operation.id.to_string(),
        began_millis(operation),
        millis(operation.created_at) - KEPT_FREE_MILLIS
    ];
    let rival = |row: &rusqlite::Row<'_>| {
        Ok(Rival { state: row.get::<_, String>(0)?.parse().ok(), has_task: row.get(1)? })
    };
    query.query_map(values, rival)?.collect()
}

/// Every transaction that an operation names as its own.
pub(in crate::store) fn claims(db: &Connection) -> rusqlite::Result<Vec<Claim>> {
    let mut query = db.prepare_cached(
        "SELECT id, provider, card_id, credit FROM operation WHERE credit IS NOT NULL ORDER BY id",
    )?;
    let claim = |row: &rusqlite::Row<'_>| {
        let provider = ProviderId::new(&row.get::<_, String>(1)?);
        Ok(Claim {
            operation: row
                .get::<_, String>(0)?
                .parse()
                .map_err(|_| rusqlite::Error::InvalidQuery)?,
            card: CardKey::new(&provider, &row.get::<_, String>(2)?),
            credit: row.get::<_, String>(3)?.into(),
        })
    };
    query.query_map([], claim)?.collect()
}

/// The other operation of the card that a transaction belongs to already.
pub(super) fn owner_of(
    tx: &Transaction<'_>,
    operation: &Operation,
    credit: &str,
) -> rusqlite::Result<Option<String>> {
    tx.prepare_cached(
        "SELECT id FROM operation WHERE provider = ?1 AND card_id = ?2 AND credit = ?3 AND id <> \
         ?4",
    )?
    .query_row(
        params![
            operation.card.provider.name(),
            &*operation.card.id,
            credit,
            operation.id.to_string()
        ],
        |row| row.get(0),
    )
    .optional()
}

/// The other operation of a card that was answered with this task.
pub(in crate::store) fn owner_of_task(
    db: &Connection,
    card: &CardKey,
    id: OperationId,
    task: &str,
) -> rusqlite::Result<Option<String>> {
    db.prepare_cached(
        "SELECT id FROM operation WHERE provider = ?1 AND card_id = ?2 AND provider_reference = \
         ?3 AND id <> ?4",
    )?
    .query_row(params![card.provider.name(), &*card.id, task, id.to_string()], |row| row.get(0))
    .optional()
}
