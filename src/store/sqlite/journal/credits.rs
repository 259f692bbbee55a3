//! What other operations already have of a card's credits when one of them is looked for.

use rusqlite::{Connection, OptionalExtension, Transaction, params};

use super::super::millis;
use crate::domain::card::CardKey;
use crate::domain::operation::{MatchedCredits, Operation, OperationId, OperationState, StepKind};

/// How long after it was asked a credit is kept free for an operation that a person settled as done
/// without naming one: 48 hours.
const KEPT_FREE_MILLIS: i64 = 48 * 3_600_000;

/// What other operations have of the card's transactions when this one is looked for.
pub(in crate::store) fn matched_credits(
    db: &Connection,
    operation: &Operation,
) -> rusqlite::Result<MatchedCredits> {
    let provider = operation.card.provider.name();
    let card = &*operation.card.id;
    let id = operation.id.to_string();
    let mut query = db.prepare_cached(
        "SELECT credit FROM operation WHERE provider = ?1 AND card_id = ?2 AND credit IS NOT NULL \
         AND id <> ?3",
    )?;
    let credits = query
        .query_map([provider, card, &id], |row| {
            row.get::<_, String>(0).map(std::sync::Arc::<str>::from)
        })?
        .collect::<rusqlite::Result<_>>()?;
    let mut claimed = MatchedCredits { credits, ..MatchedCredits::default() };
    let Some(amount) = operation.amount else { return Ok(claimed) };
    // Two minutes for operations that have no baseline: their clocks were never measured.
    let began = millis(operation.created_at) - 120_000;
    let kept_free = millis(operation.created_at) - KEPT_FREE_MILLIS;
    claimed.failed = db
        .prepare_cached(
            "SELECT count(*) FROM operation
             WHERE provider = ?1 AND card_id = ?2 AND deed = 'topup' AND amount = ?3 AND currency \
             = ?4 AND id <> ?5 AND credit IS NULL
               AND state = 'FAILED' AND updated_at >= ?6
               AND EXISTS (SELECT 1 FROM line WHERE line.operation = operation.id AND line.what = \
             ?7)",
        )?
        .query_row(
            params![
                provider,
                card,
                amount.digits(),
                amount.currency().code(),
                id,
                began,
                StepKind::Sent.as_str()
            ],
            |row| row.get::<_, i64>(0),
        )
        .map(|count| usize::try_from(count).unwrap_or(usize::MAX))?;
    // An equal top-up that was settled before this one began has its credit before it, too. Not so
    // one that a person settled without naming a credit: that may still come.
    let mut query = db.prepare_cached(
        "SELECT state, provider_reference IS NOT NULL FROM operation
         WHERE provider = ?1 AND card_id = ?2 AND deed = 'topup' AND amount = ?3 AND currency = ?4 \
         AND id <> ?5 AND credit IS NULL
           AND state <> 'FAILED'
           AND (state <> 'DONE' OR updated_at >= ?6 OR ifnull(proven_by, '') = 'person' AND \
         created_at >= ?7)",
    )?;
    let rivals = query.query_map(
        params![provider, card, amount.digits(), amount.currency().code(), id, began, kept_free],
        |row| Ok((row.get::<_, String>(0)?, row.get::<_, bool>(1)?)),
    )?;
    for rival in rivals {
        let (state, has_task) = rival?;
        let doubtful = match state.parse::<OperationState>().ok() {
            Some(OperationState::Unknown) => true,
            // The provider promised it: it comes before one that nobody answered for.
            Some(OperationState::Accepted) => {
                !has_task && operation.state != OperationState::Unknown
            }
            Some(OperationState::Sent | OperationState::Done | OperationState::Failed) | None => {
                false
            }
        };
        if doubtful {
            claimed.open += 1;
        } else {
            claimed.reserved += 1;
        }
    }
    Ok(claimed)
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
