//! The journal of operations: a write-ahead log whose lines are only added, each with the hash of
//! the one before.
//!
//! An operation is in it before a byte of its request leaves ([`intend`]). Its state only moves
//! along [`OperationState::may_become`]; a transaction settles at most one operation. Every
//! function is one transaction.

mod chain;
mod credits;
mod head;
mod rows;
mod snapshot;
mod verify;

use jiff::Timestamp;
use rusqlite::{Connection, Transaction, params};

use self::chain::append;
#[cfg(test)]
pub(super) use self::chain::hash_without_record;
use self::credits::owner_of;
pub(in crate::store) use self::credits::{claims, matched_credits, owner_of_task};
pub(in crate::store) use self::head::Head;
pub(in crate::store) use self::rows::{
    being_sent, changed_since, followed, get, of_payment, page, steps,
};
pub(super) use self::snapshot::{note_renamed, snapshot};
pub(in crate::store) use self::verify::verify;
use super::{begin, millis};
use crate::domain::operation::{
    OnConflict, Operation, OperationId, OperationState, Proof, StepKind,
};
use crate::domain::proof::ProvenBy;
use crate::store::journal::NotSaved;
use crate::store::{Finding, Intent, Settled, Settlement};

/// Saves the intent of an operation, or returns what is in its way: nothing is saved then.
pub(in crate::store) fn intend(
    db: &mut Connection,
    operation: &Operation,
    on_conflict: OnConflict,
) -> rusqlite::Result<Option<NotSaved>> {
    let tx = begin(db)?;
    if let Some(number) = operation.id.payment()
        && let Some(known) = of_payment(&tx, &operation.card, number)?
    {
        return Ok(Some(NotSaved::Known(known.id)));
    }
    if let Some(obstacle) = obstacle(&tx, operation, on_conflict)? {
        return Ok(Some(NotSaved::Obstacle(obstacle)));
    }
    match rows::insert(&tx, operation) {
        Err(error) if rows::is_taken(&error) => {
            return Ok(Some(NotSaved::Known(operation.id)));
        }
        inserted => inserted?,
    }
    let words = format!(
        "{} of {} {} by {}, reference {}",
        operation.phrase(),
        operation.card,
        crate::domain::card::digits(operation.last4),
        operation.operator,
        operation.reference
    );
    let add = |kind, words: &str| {
        append(&tx, operation.created_at, operation.id, &kind, words, operation.state)
    };
    add(StepKind::Intent, &words)?;
    match on_conflict {
        OnConflict::Refuse => {}
        OnConflict::Override => {
            add(StepKind::Second, "the operator typed SECOND: sent beside an unsettled one")?
        }
    }
    tx.commit()?;
    Ok(None)
}

/// An unsettled operation of the same card, or an equal top-up that was done after the baseline
/// was read: its credit may be missing in that baseline, so it could later be taken for this one's.
fn obstacle(
    tx: &Transaction<'_>,
    operation: &Operation,
    on_conflict: OnConflict,
) -> rusqlite::Result<Option<Intent>> {
    let overridden = on_conflict == OnConflict::Override;
    let rival = rows::unsettled_of_card(tx, &operation.card)?.into_iter().find(|rival| {
        rival.blocks(operation.action_kind) && !(overridden && rival.state != OperationState::Sent)
    });
    if let Some(rival) = rival {
        return Ok(Some(Intent::Blocked(Box::new(rival))));
    }
    match &operation.baseline {
        Some(baseline) if !overridden => {
            let equal = rows::equal_done_since(tx, operation, baseline.read_at)?;
            Ok(equal.map(|equal| Intent::Repeats(Box::new(equal))))
        }
        Some(_) | None => Ok(None),
    }
}

/// See [`Store::mark_sent`](crate::store::Store::mark_sent).
pub(in crate::store) fn mark_sent(
    db: &mut Connection,
    id: OperationId,
    at: Timestamp,
    words: &str,
) -> rusqlite::Result<OperationState> {
    let tx = begin(db)?;
    let operation = get(&tx, id)?;
    if operation.state == OperationState::Sent {
        append(&tx, at, id, &StepKind::Sent, words, operation.state)?;
        tx.commit()?;
    }
    Ok(operation.state)
}

/// Gives up an operation whose process is gone. With the line `sent` it may have happened and is
/// UNKNOWN; without, it never left and is FAILED. One that moved meanwhile stays as it is: whoever
/// was taken for dead has answered.
pub(in crate::store) fn abandon(
    db: &mut Connection,
    id: OperationId,
    at: Timestamp,
) -> rusqlite::Result<Operation> {
    let tx = begin(db)?;
    let known = get(&tx, id)?;
    if known.state != OperationState::Sent {
        return Ok(known);
    }
    let left: bool = tx
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM line WHERE operation = ?1 AND what = ?2)")?
        .query_row([id.to_string(), StepKind::Sent.as_str().to_owned()], |row| row.get(0))?;
    let finding = if left {
        let words =
            "cardtop ended while this was being sent: it may have happened, and is looked for";
        let next_look = (known.proof != Proof::AnswerOnly).then_some(at);
        Finding {
            next_look,
            ..Finding::new(at, StepKind::Crash, words.to_owned(), OperationState::Unknown)
        }
    } else {
        let words = "not sent: cardtop ended before anything left";
        Finding::new(at, StepKind::Crash, words.to_owned(), OperationState::Failed)
    };
    let found = write(&tx, &known, &finding)?;
    tx.commit()?;
    Ok(found)
}

/// Writes a finding and returns the operation as it then is. A move that is not legal is not made:
/// the line says so and the state stays. A transaction that belongs to another operation shows
/// nothing here. What is settled stays as it was settled, with its transaction and its proof: a
/// later finding is a line, and no more.
pub(in crate::store) fn record(
    db: &mut Connection,
    id: OperationId,
    finding: &Finding,
) -> rusqlite::Result<Operation> {
    let tx = begin(db)?;
    let known = get(&tx, id)?;
    let mut finding = finding.clone();
    if matches!(known.state, OperationState::Done | OperationState::Failed) {
        let stays = if finding.state == known.state {
            String::new()
        } else {
            format!("; it stays {}", known.state.as_str())
        };
        let words = format!("{}{stays}", finding.words);
        let kept = Finding {
            words: known.detail.as_deref().unwrap_or_default().to_owned(),
            state: known.state,
            provider_reference: None,
            credit: None,
            proven_by: None,
            ..finding
        };
        let found = write_with(&tx, &known, &kept, &words)?;
        tx.commit()?;
        return Ok(found);
    }
    if let Some(credit) = &finding.credit
        && let Some(other) = owner_of(&tx, &known, credit)?
    {
        finding.words =
            format!("{}; but that transaction already belongs to operation {other}", finding.words);
        finding.credit = None;
        finding.state = known.state;
    }
    let moves = finding.state != known.state;
    if moves && !known.state.may_become(finding.state) {
        finding.words = format!("{}; it stays {}", finding.words, known.state.as_str());
        finding.state = known.state;
        finding.credit = None;
    }
    let found = write(&tx, &known, &finding)?;
    tx.commit()?;
    Ok(found)
}

/// Writes a person's word on an unsettled operation.
pub(in crate::store) fn settle(
    db: &mut Connection,
    id: OperationId,
    settlement: &Settlement,
) -> rusqlite::Result<Settled> {
    let tx = begin(db)?;
    let known = get(&tx, id)?;
    if !matches!(known.state, OperationState::Accepted | OperationState::Unknown) {
        return Ok(Settled::NotOpen(Box::new(known)));
    }
    if let Some(credit) = &settlement.credit
        && let Some(other) = owner_of(&tx, &known, credit)?
    {
        return Ok(Settled::CreditTaken(other));
    }
    let finding = Finding {
        credit: settlement.credit.clone(),
        proven_by: Some(ProvenBy::Person),
        next_look: settlement.watched_until.map(|_| settlement.at),
        ..Finding::new(settlement.at, StepKind::Person, settlement.words.clone(), settlement.state)
    };
    if let Some(mut baseline) =
        known.baseline.clone().filter(|_| settlement.watched_until.is_some())
    {
        baseline.credits.extend(settlement.not_its.iter().cloned());
        tx.prepare_cached("UPDATE operation SET baseline = ?2 WHERE id = ?1")?
            .execute(params![id.to_string(), serde_json::to_string(&baseline).ok()])?;
    }
    let known = Operation { watched_until: settlement.watched_until, ..known };
    let found = write(&tx, &known, &finding)?;
    tx.commit()?;
    Ok(Settled::Written(Box::new(found)))
}

/// Ends the watch over an operation that a person settled as failed: with an alarm, where a credit
/// was seen that may be its own.
pub(in crate::store) fn end_watch(
    db: &mut Connection,
    id: OperationId,
    at: Timestamp,
    alarm: Option<&str>,
) -> rusqlite::Result<Operation> {
    let tx = begin(db)?;
    let known = get(&tx, id)?;
    if known.watched_until.is_none() {
        return Ok(known);
    }
    let (kind, words) = match alarm {
        Some(words) => (StepKind::Alarm, words),
        None => (
            StepKind::Watch,
            "no credit that could be its own was seen; it is not looked for any more",
        ),
    };
    // The person's words stay its detail, unless they were wrong.
    let detail = alarm
        .map(str::to_owned)
        .or_else(|| known.detail.as_deref().map(str::to_owned))
        .unwrap_or_default();
    let known = Operation { watched_until: None, alarm: alarm.map(Into::into), ..known };
    let finding = Finding::new(at, kind, detail, known.state);
    let found = write_with(&tx, &known, &finding, words)?;
    tx.commit()?;
    Ok(found)
}

/// See [`Store::note_push`](crate::store::Store::note_push).
pub(in crate::store) fn note_push(
    db: &mut Connection,
    id: OperationId,
    at: Timestamp,
    words: &str,
    ends: Option<OperationState>,
) -> rusqlite::Result<Operation> {
    let tx = begin(db)?;
    let known = get(&tx, id)?;
    // Every process that follows the data file hears of the same push.
    let is_noted: bool = tx
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM line WHERE operation = ?1 AND what = ?2 AND at = ?3 AND \
             words = ?4)",
        )?
        .query_row(params![id.to_string(), StepKind::Push.as_str(), millis(at), words], |row| {
            row.get(0)
        })?;
    let is_settled = matches!(known.state, OperationState::Done | OperationState::Failed);
    if is_noted || is_settled {
        return Ok(known);
    }
    let ends = ends.filter(|next| known.state.may_become(*next));
    // What is known of it is not replaced by a hint, and neither is when it is looked for.
    let detail = match ends {
        Some(_) => words.to_owned(),
        None => known.detail.as_deref().unwrap_or_default().to_owned(),
    };
    let finding = Finding {
        next_look: known.next_look,
        proven_by: ends.map(|_| ProvenBy::Push),
        ..Finding::new(at, StepKind::Push, detail, ends.unwrap_or(known.state))
    };
    let found = write_with(&tx, &known, &finding, words)?;
    tx.commit()?;
    Ok(found)
}

/// Writes what was found of an operation, and its line.
fn write(
    tx: &Transaction<'_>,
    known: &Operation,
    finding: &Finding,
) -> rusqlite::Result<Operation> {
    write_with(tx, known, finding, &finding.words)
}

/// The same, where the line says something else than the operation's detail.
fn write_with(
    tx: &Transaction<'_>,
    known: &Operation,
    finding: &Finding,
    words: &str,
) -> rusqlite::Result<Operation> {
    let settled = matches!(finding.state, OperationState::Done | OperationState::Failed);
    tx.prepare_cached(
        "UPDATE operation SET state = ?2, detail = ?3, provider_reference = ifnull(?4, \
         provider_reference), credit = ifnull(?5, credit),
                next_look = ?6, looks = looks + ?7, updated_at = ?8, proven_by = ifnull(?9, \
         proven_by), watched_until = ?10,
                alarm = ifnull(?11, alarm)
         WHERE id = ?1",
    )?
    .execute(params![
        known.id.to_string(),
        finding.state.as_str(),
        finding.words,
        finding.provider_reference.as_deref(),
        finding.credit.as_deref(),
        finding.next_look.filter(|_| !settled || known.watched_until.is_some()).map(millis),
        i64::from(finding.kind == StepKind::Look),
        millis(finding.at),
        finding.proven_by.filter(|_| settled).map(ProvenBy::as_str),
        known.watched_until.map(millis),
        known.alarm.as_deref(),
    ])?;
    append(tx, finding.at, known.id, &finding.kind, words, finding.state)?;
    get(tx, known.id)
}

#[cfg(test)]
mod tests;
