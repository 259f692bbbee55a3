//! The journal of operations: a write-ahead log whose lines are only added, each with the hash of
//! the one before.
//!
//! An operation is in it before a byte of its request leaves ([`intend`]). Its state only moves
//! along [`OperationState::may_become`]; a transaction settles at most one operation. Every
//! function is one transaction.

mod chain;
mod claims;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

use self::chain::append;
#[cfg(test)]
pub(super) use self::chain::hash_without_record;
pub use self::chain::{Head, Verified, verify, verify_with};
pub(super) use self::chain::{note_renamed, snapshot};
pub use self::claims::matched_credits;
use super::{begin, millis, moment, money};
use crate::domain::card::{Balance, CardKey, CardState, ProviderId};
use crate::domain::operation::{
    ActionKind, Before, OnConflict, Operation, OperationId, OperationState, Proof, Step,
};
use crate::domain::proof::ProvenBy;

const COLUMNS: &str = "id, deed, provider, card_id, last4, amount, currency, state, reason, \
                       reference, provider_reference, operator,
    created_at, updated_at, detail, before_owner, before_state, before_available, before_current, \
                       before_currency, proof, looks, next_look,
    baseline, proven_by, watched_until, alarm";

/// What asking for an intent found.
#[derive(Debug)]
pub enum Intent {
    /// Saved: it may be sent, once.
    Saved,
    /// Not saved: an earlier operation of the same card has to be settled first.
    Blocked(Box<Operation>),
    /// Not saved: an equal top-up of the same card was done while the list was read.
    Repeats(Box<Operation>),
}

/// Saves the intent of an operation, unless an unsettled one of the same card is in its way, in
/// this process or another. With [`OnConflict::Override`] an unsettled one that is not just being
/// sent does not count.
///
/// # Errors
/// What SQLite said; then nothing may be sent.
pub fn intend(
    db: &mut Connection,
    operation: &Operation,
    on_conflict: OnConflict,
) -> rusqlite::Result<Intent> {
    let overrides = on_conflict == OnConflict::Override;
    let tx = begin(db)?;
    let rivals: Vec<Operation> = tx
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM operation WHERE provider = ?1 AND card_id = ?2 AND state NOT \
             IN ('DONE', 'FAILED')"
        ))?
        .query_map([operation.card.provider.name(), &*operation.card.id], read)?
        .collect::<rusqlite::Result<_>>()?;
    let rival = rivals.into_iter().find(|rival| {
        rival.blocks(operation.action_kind) && !(overrides && rival.state != OperationState::Sent)
    });
    if let Some(rival) = rival {
        return Ok(Intent::Blocked(Box::new(rival)));
    }
    if !overrides && let Some(baseline) = &operation.baseline {
        // Its credit may not be in the list that was read before this intent.
        let equal = tx
            .prepare_cached(&format!(
                "SELECT {COLUMNS} FROM operation WHERE provider = ?1 AND card_id = ?2 AND deed = \
                 'topup' AND amount = ?3 AND currency = ?4
                    AND state = 'DONE' AND updated_at >= ?5 ORDER BY updated_at DESC LIMIT 1"
            ))?
            .query_row(
                params![
                    operation.card.provider.name(),
                    &*operation.card.id,
                    operation.amount.map(|amount| amount.digits()),
                    operation.amount.map(|amount| amount.currency().code().to_owned()),
                    millis(baseline.read_at)
                ],
                read,
            )
            .optional()?;
        if let Some(equal) = equal {
            return Ok(Intent::Repeats(Box::new(equal)));
        }
    }
    let digits = |money: Option<crate::domain::money::Money>| money.map(|money| money.digits());
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
    let words = format!(
        "{} of {} {} by {}, reference {}",
        operation.phrase(),
        operation.card,
        crate::domain::card::digits(operation.last4),
        operation.operator,
        operation.reference
    );
    append(&tx, operation.created_at, operation.id, "intent", &words, operation.state)?;
    if overrides {
        append(
            &tx,
            operation.created_at,
            operation.id,
            "second",
            "the operator typed SECOND: sent beside an unsettled one",
            operation.state,
        )?;
    }
    tx.commit()?;
    Ok(Intent::Saved)
}

/// Adds a line about an operation that is being sent, without moving it. One that was moved
/// meanwhile gets no line; its state is told.
///
/// # Errors
/// What SQLite said; then the line is not in it.
pub fn mark_sent(
    db: &mut Connection,
    id: OperationId,
    at: Timestamp,
    what: &str,
    words: &str,
) -> rusqlite::Result<OperationState> {
    let tx = begin(db)?;
    let operation = get(&tx, id)?;
    if operation.state == OperationState::Sent {
        append(&tx, at, id, what, words, operation.state)?;
        tx.commit()?;
    }
    Ok(operation.state)
}

/// The line that goes before the first byte of a change's request: without it nothing was sent.
pub const SENT: &str = "sent";

/// Gives up an operation whose process is gone. With the line [`SENT`] it may have happened and is
/// UNKNOWN; without, it never left and is FAILED. One that moved meanwhile stays as it is: whoever
/// was taken for dead has answered.
///
/// # Errors
/// What SQLite said; then nothing was written.
pub fn abandon(db: &mut Connection, id: OperationId, at: Timestamp) -> rusqlite::Result<Operation> {
    let tx = begin(db)?;
    let known = get(&tx, id)?;
    if known.state != OperationState::Sent {
        return Ok(known);
    }
    let left: bool = tx
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM line WHERE operation = ?1 AND what = ?2)")?
        .query_row([id.to_string(), SENT.to_owned()], |row| row.get(0))?;
    let finding = if left {
        let words =
            "cardtop ended while this was being sent: it may have happened, and is looked for";
        let next_look = (known.proof != Proof::AnswerOnly).then_some(at);
        Finding {
            next_look,
            ..Finding::verdict(at, "crash", words.to_owned(), OperationState::Unknown)
        }
    } else {
        let words = "not sent: cardtop ended before anything left";
        Finding::verdict(at, "crash", words.to_owned(), OperationState::Failed)
    };
    let found = write(&tx, &known, &finding)?;
    tx.commit()?;
    Ok(found)
}

/// What became known of an operation.
#[derive(Clone, Debug)]
pub struct Finding {
    /// When.
    pub at: Timestamp,
    /// `answer`, `no answer`, `not sent`, `look`, `crash`.
    pub what: &'static str,
    /// In words; kept as the operation's detail.
    pub words: String,
    /// The state it is in from now on.
    pub state: OperationState,
    /// What the provider answered with to find it again.
    pub provider_reference: Option<std::sync::Arc<str>>,
    /// The transaction that shows it done, or failed.
    pub credit: Option<std::sync::Arc<str>>,
    /// When it will be looked for next.
    pub next_look: Option<Timestamp>,
    /// Whether this was a look.
    pub looked: bool,
    /// Who says so, where that settles it.
    pub proven_by: Option<ProvenBy>,
}

impl Finding {
    /// A finding that names no transaction and plans no look.
    #[must_use]
    pub const fn verdict(
        at: Timestamp,
        what: &'static str,
        words: String,
        state: OperationState,
    ) -> Self {
        Self {
            at,
            what,
            words,
            state,
            provider_reference: None,
            credit: None,
            next_look: None,
            looked: false,
            proven_by: None,
        }
    }
}

/// Writes a finding and returns the operation as it then is. A move that is not legal is not made:
/// the line says so and the state stays. A transaction that belongs to another operation shows
/// nothing here. What is settled stays as it was settled, with its transaction and who said so: a
/// later finding is a line, and no more.
///
/// # Errors
/// What SQLite said; then nothing was written.
pub fn record(
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

/// A person's word on an operation that nothing that can be read settles.
#[derive(Clone, Debug)]
pub struct Settlement {
    /// When.
    pub at: Timestamp,
    /// DONE or FAILED.
    pub state: OperationState,
    /// Who, why, and what was read just before.
    pub words: String,
    /// The transaction that a person names as this operation's.
    pub credit: Option<std::sync::Arc<str>>,
    /// Until when it is looked for all the same.
    pub watched_until: Option<Timestamp>,
    /// Top-ups of the card's list that the person says are somebody else's: none of them raises an
    /// alarm later.
    pub not_its: Vec<std::sync::Arc<str>>,
}

/// What became of a person's word.
#[derive(Debug)]
pub enum Settled {
    /// It is in the journal; the operation as it now is.
    Written(Box<Operation>),
    /// It is not: the operation is not open any more, or is just being sent.
    NotOpen(Box<Operation>),
    /// It is not: the transaction belongs to this other operation.
    MatchedCredits(String),
}

/// Writes a person's word on an unsettled operation.
///
/// # Errors
/// What SQLite said; then nothing was written.
pub fn settle(
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
        return Ok(Settled::MatchedCredits(other));
    }
    let finding = Finding {
        credit: settlement.credit.clone(),
        proven_by: Some(ProvenBy::Person),
        next_look: settlement.watched_until.map(|_| settlement.at),
        ..Finding::verdict(settlement.at, "person", settlement.words.clone(), settlement.state)
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
///
/// # Errors
/// What SQLite said; then nothing was written.
pub fn end_watch(
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
    let (what, words) = match alarm {
        Some(words) => ("alarm", words),
        None => {
            ("watch", "no credit that could be its own was seen; it is not looked for any more")
        }
    };
    // The person's words stay its detail, unless they were wrong.
    let detail = alarm
        .map(str::to_owned)
        .or_else(|| known.detail.as_deref().map(str::to_owned))
        .unwrap_or_default();
    let known = Operation { watched_until: None, alarm: alarm.map(Into::into), ..known };
    let finding = Finding::verdict(at, what, detail, known.state);
    let found = write_with(&tx, &known, &finding, words)?;
    tx.commit()?;
    Ok(found)
}

/// The other operation of the card that a transaction belongs to already.
fn owner_of(
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
///
/// # Errors
/// What SQLite said.
pub fn owner_of_task(
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
        i64::from(finding.looked),
        millis(finding.at),
        finding.proven_by.filter(|_| settled).map(ProvenBy::as_str),
        known.watched_until.map(millis),
        known.alarm.as_deref(),
    ])?;
    append(tx, finding.at, known.id, finding.what, words, finding.state)?;
    get(tx, known.id)
}

/// One operation.
///
/// # Errors
/// What SQLite said; `QueryReturnedNoRows` when there is none of this id.
pub fn get(db: &Connection, id: OperationId) -> rusqlite::Result<Operation> {
    db.prepare_cached(&format!("SELECT {COLUMNS} FROM operation WHERE id = ?1"))?
        .query_row([id.to_string()], read)
}

/// The newest operations, newest first.
///
/// # Errors
/// What SQLite said.
pub fn newest(db: &Connection, limit: u32) -> rusqlite::Result<Vec<Operation>> {
    let mut query =
        db.prepare_cached(&format!("SELECT {COLUMNS} FROM operation ORDER BY id DESC LIMIT ?1"))?;
    query.query_map([limit], read)?.collect()
}

/// Operations that changed after a moment, oldest change first: how two processes see each other's.
///
/// # Errors
/// What SQLite said.
pub fn changed_since(db: &Connection, after: Timestamp) -> rusqlite::Result<Vec<Operation>> {
    let mut query = db.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM operation WHERE updated_at >= ?1 ORDER BY updated_at"
    ))?;
    query.query_map([millis(after)], read)?.collect()
}

/// Every operation that is looked for, oldest first: those that are not settled, and those that a
/// person settled as failed a short while ago.
///
/// # Errors
/// What SQLite said.
pub fn open(db: &Connection) -> rusqlite::Result<Vec<Operation>> {
    let mut query = db.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM operation WHERE state NOT IN ('DONE', 'FAILED') OR watched_until \
         IS NOT NULL ORDER BY id"
    ))?;
    query.query_map([], read)?.collect()
}

/// Operations that were being sent by a process that is gone: id, and that process.
///
/// # Errors
/// What SQLite said.
pub fn being_sent(db: &Connection) -> rusqlite::Result<Vec<(OperationId, u32, Timestamp)>> {
    let mut query =
        db.prepare_cached("SELECT id, process, updated_at FROM operation WHERE state = 'SENT'")?;
    let rows = query.query_map([], |row| {
        Ok((row.get::<_, String>(0)?, row.get::<_, u32>(1)?, row.get::<_, i64>(2)?))
    })?;
    let mut found = Vec::new();
    for row in rows {
        let (id, process, at) = row?;
        found.extend(id.parse().ok().map(|id| (id, process, moment(at))));
    }
    Ok(found)
}

/// The lines of an operation, oldest first.
///
/// # Errors
/// What SQLite said.
pub fn steps(db: &Connection, id: OperationId) -> rusqlite::Result<Vec<Step>> {
    let mut query = db.prepare_cached(
        "SELECT number, at, what, words, hash FROM line WHERE operation = ?1 ORDER BY number",
    )?;
    query
        .query_map([id.to_string()], |row| {
            let hash: String = row.get("hash")?;
            Ok(Step {
                at: moment(row.get("at")?),
                what: row.get::<_, String>("what")?.into(),
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
        created_at: moment(row.get("created_at")?),
        updated_at: moment(row.get("updated_at")?),
        detail: text("detail")?.map(Into::into),
        before: Before {
            owner: text("before_owner")?.map(Into::into),
            state: text("before_state")?.and_then(|word| word.parse::<CardState>().ok()),
            balance: known.then_some(balance),
        },
        proof: need("proof")?.parse::<Proof>().ok().unwrap_or(Proof::AnswerOnly),
        looks: row.get("looks")?,
        next_look: row.get::<_, Option<i64>>("next_look")?.map(moment),
        // One that cannot be read proves nothing, as if there were none.
        baseline: text("baseline")?.and_then(|json| serde_json::from_str(&json).ok()),
        proven_by: text("proven_by")?.and_then(|word| word.parse::<ProvenBy>().ok()),
        watched_until: row.get::<_, Option<i64>>("watched_until")?.map(moment),
        alarm: text("alarm")?.map(Into::into),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::money::Money;
    use crate::store::Store;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).expect("a time of the test")
    }

    fn top_up(count: u16) -> Operation {
        let id = OperationId::new(at(i64::from(count)), 7, count);
        Operation {
            id,
            action_kind: ActionKind::TopUp,
            card: CardKey::new(&ProviderId::new("acme"), "c1"),
            last4: "4242".parse().ok(),
            amount: Money::parse_input("30", "USD".parse().expect("a currency")).ok(),
            state: OperationState::Sent,
            reason: Some("cover".into()),
            reference: id.reference(),
            provider_reference: None,
            operator: "anay".into(),
            created_at: at(i64::from(count)),
            updated_at: at(i64::from(count)),
            detail: None,
            before: Before { owner: None, state: Some(CardState::Active), balance: None },
            proof: Proof::ByListing,
            looks: 0,
            next_look: None,
            baseline: None,
            proven_by: None,
            watched_until: None,
            alarm: None,
        }
    }

    fn finding(state: OperationState, credit: Option<&str>) -> Finding {
        Finding {
            at: at(60),
            what: "look",
            words: "looked".to_owned(),
            state,
            provider_reference: None,
            credit: credit.map(Into::into),
            next_look: Some(at(90)),
            looked: true,
            proven_by: None,
        }
    }

    async fn with_journal<T: Send + 'static>(
        work: impl FnOnce(&mut Connection) -> T + Send + 'static,
    ) -> T {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open(folder.path()).expect("a data file");
        store.journal(|db| Ok(work(db))).await.expect("the journal")
    }

    fn saved(db: &mut Connection, operation: &Operation, second: bool) -> bool {
        let on_conflict = if second { OnConflict::Override } else { OnConflict::Refuse };
        matches!(intend(db, operation, on_conflict).expect("the journal"), Intent::Saved)
    }

    #[tokio::test]
    async fn after_a_crash_only_what_was_noted_as_sent_may_have_happened() {
        with_journal(|db| {
            let (noted, unsent, answered) = (top_up(1), top_up(2), top_up(3));
            assert!(saved(db, &noted, false));
            mark_sent(db, noted.id, at(5), SENT, "asked of acme").expect("the journal");
            let found = abandon(db, noted.id, at(60)).expect("the journal");
            assert_eq!((found.state, found.next_look), (OperationState::Unknown, Some(at(60))));
            assert!(!saved(db, &unsent, false), "the card waits for it");
            let settled = finding(OperationState::Done, Some("t1"));
            assert_eq!(
                record(db, noted.id, &settled).expect("the journal").state,
                OperationState::Done
            );

            assert!(saved(db, &unsent, false));
            let found = abandon(db, unsent.id, at(60)).expect("the journal");
            assert_eq!((found.state, found.next_look), (OperationState::Failed, None));
            assert_eq!(
                mark_sent(db, unsent.id, at(61), SENT, "asked of acme").expect("the journal"),
                OperationState::Failed
            );
            assert_eq!(
                steps(db, unsent.id).expect("the journal").len(),
                2,
                "whoever was not dead is told, and gets no line"
            );

            assert_eq!(
                matched_credits(db, &answered).expect("the journal").failed,
                0,
                "what never left has no row"
            );
            assert!(saved(db, &answered, false));
            mark_sent(db, answered.id, at(5), SENT, "asked of acme").expect("the journal");
            record(db, answered.id, &finding(OperationState::Accepted, None)).expect("the journal");
            assert_eq!(
                abandon(db, answered.id, at(60)).expect("the journal").state,
                OperationState::Accepted
            );
            assert!(verify(db).expect("the journal").is_ok());
        })
        .await;
    }

    #[tokio::test]
    async fn what_is_saved_reads_back_whole() {
        with_journal(|db| {
            let operation = top_up(1);
            assert!(saved(db, &operation, false));
            assert_eq!(get(db, operation.id).expect("it is there"), operation);
            assert_eq!(newest(db, 10).expect("a list"), vec![operation]);
        })
        .await;
    }

    #[tokio::test]
    async fn a_second_top_up_waits_until_the_first_is_settled_or_the_phrase_is_typed() {
        with_journal(|db| {
            assert!(saved(db, &top_up(1), false));
            assert!(!saved(db, &top_up(2), false));
            assert!(
                !saved(db, &top_up(2), true),
                "one that is just being sent cannot be overruled"
            );
            record(db, top_up(1).id, &finding(OperationState::Unknown, None)).expect("the journal");
            assert!(!saved(db, &top_up(2), false));
            assert!(saved(db, &top_up(2), true));
            let freeze = Operation { action_kind: ActionKind::Freeze, amount: None, ..top_up(3) };
            assert!(saved(db, &freeze, false), "a freeze does not wait for a top-up");
        })
        .await;
    }

    #[tokio::test]
    async fn one_that_was_taken_for_lost_is_told_so_before_it_is_sent() {
        with_journal(|db| {
            saved(db, &top_up(1), false);
            assert_eq!(
                mark_sent(db, top_up(1).id, at(2), "sent", "asked").expect("the journal"),
                OperationState::Sent
            );
            record(db, top_up(1).id, &finding(OperationState::Unknown, None)).expect("the journal");
            let lines = steps(db, top_up(1).id).expect("the journal").len();
            assert_eq!(
                mark_sent(db, top_up(1).id, at(3), "sent", "asked").expect("the journal"),
                OperationState::Unknown
            );
            assert_eq!(
                steps(db, top_up(1).id).expect("the journal").len(),
                lines,
                "it looks as if it had been sent"
            );
        })
        .await;
    }

    #[tokio::test]
    async fn a_credit_proves_at_most_one_operation() {
        with_journal(|db| {
            saved(db, &top_up(1), false);
            record(db, top_up(1).id, &finding(OperationState::Unknown, None)).expect("the journal");
            saved(db, &top_up(2), true);
            record(db, top_up(2).id, &finding(OperationState::Unknown, None)).expect("the journal");
            let first = record(db, top_up(1).id, &finding(OperationState::Done, Some("t9")))
                .expect("the journal");
            let second = record(db, top_up(2).id, &finding(OperationState::Done, Some("t9")))
                .expect("the journal");
            assert_eq!(
                (first.state, second.state),
                (OperationState::Done, OperationState::Unknown)
            );
            assert!(
                second.detail.as_ref().is_some_and(|words| words.contains("already belongs to"))
            );
            assert_eq!(matched_credits(db, &second).expect("a list").credits.len(), 1);
        })
        .await;
    }

    #[tokio::test]
    async fn a_settled_operation_never_moves_again() {
        with_journal(|db| {
            saved(db, &top_up(1), false);
            record(db, top_up(1).id, &finding(OperationState::Failed, None)).expect("the journal");
            let after = record(db, top_up(1).id, &finding(OperationState::Done, Some("t1")))
                .expect("the journal");
            assert_eq!((after.state, after.next_look), (OperationState::Failed, None));
            assert_eq!(verify(db).expect("the journal").map(|verified| verified.lines), Ok(3));
        })
        .await;
    }

    #[tokio::test]
    async fn a_late_finding_takes_nothing_from_a_settled_operation() {
        with_journal(|db| {
            saved(db, &top_up(1), false);
            let seen = Finding {
                proven_by: Some(ProvenBy::Answer),
                ..finding(OperationState::Done, Some("t1"))
            };
            let done =
                record(db, top_up(1).id, &Finding { words: "its answer".to_owned(), ..seen })
                    .expect("the journal");
            for late in [OperationState::Done, OperationState::Unknown] {
                let late =
                    Finding { proven_by: Some(ProvenBy::Lookup), ..finding(late, Some("t2")) };
                let after = record(db, top_up(1).id, &late).expect("the journal");
                assert_eq!(
                    (after.state, after.proven_by, &after.detail),
                    (done.state, done.proven_by, &done.detail)
                );
            }
            saved(db, &top_up(2), false);
            let second = record(db, top_up(2).id, &finding(OperationState::Done, Some("t2")))
                .expect("the journal");
            assert_eq!(second.state, OperationState::Done, "t2 was not taken");
            saved(db, &top_up(3), false);
            let third = record(db, top_up(3).id, &finding(OperationState::Done, Some("t1")))
                .expect("the journal");
            assert_eq!(third.state, OperationState::Sent, "t1 still belongs to the first");
            assert!(verify(db).expect("the journal").is_ok());
        })
        .await;
    }

    #[tokio::test]
    async fn a_credit_is_kept_free_for_an_operation_that_a_person_settled_without_naming_one() {
        with_journal(|db| {
            saved(db, &top_up(1), false);
            record(db, top_up(1).id, &finding(OperationState::Unknown, None)).expect("the journal");
            let settlement = Settlement {
                at: at(70),
                state: OperationState::Done,
                words: "DONE by anay".to_owned(),
                credit: None,
                watched_until: None,
                not_its: Vec::new(),
            };
            assert!(matches!(
                settle(db, top_up(1).id, &settlement).expect("the journal"),
                Settled::Written(_)
            ));
            let day = 24 * 3_600;
            let later = |seconds| Operation { created_at: at(seconds), ..top_up(2) };
            assert_eq!(matched_credits(db, &later(day)).expect("a count").reserved, 1);
            assert_eq!(matched_credits(db, &later(3 * day)).expect("a count").reserved, 0);
        })
        .await;
    }

    #[tokio::test]
    async fn an_equal_top_up_that_was_done_while_the_list_was_read_stops_the_next_one() {
        with_journal(|db| {
            saved(db, &top_up(1), false);
            record(db, top_up(1).id, &finding(OperationState::Done, Some("t1"))).expect("the journal");
            let read_at = |second| Operation { baseline: Some(crate::app::fixture::baseline(at(second))), ..top_up(2) };
            assert!(matches!(intend(db, &read_at(50), OnConflict::Refuse), Ok(Intent::Repeats(done)) if done.id == top_up(1).id));
            assert!(saved(db, &read_at(70), false), "its credit is in a list that was read after it");
        })
        .await;
    }

    #[tokio::test]
    async fn a_full_disk_refuses_the_intent_and_leaves_the_journal_whole() {
        with_journal(|db| {
            saved(db, &top_up(1), false);
            let pages: i64 =
                db.pragma_query_value(None, "page_count", |row| row.get(0)).expect("a count");
            db.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(())).expect("a limit");
            let full = (2..200).find_map(|count| {
                let card = CardKey::new(&ProviderId::new("acme"), &format!("{count:0>400}"));
                intend(db, &Operation { card, ..top_up(count) }, OnConflict::Refuse).err()
            });
            let error = full.expect("the limit is reached");
            assert_eq!(crate::store::in_words(&error), "cannot grow: the disk is full");
            let count = newest(db, 1_000).expect("a list").len();
            assert_eq!(
                verify(db).expect("the journal").map(|verified| verified.lines),
                Ok(u64::try_from(count).expect("a small number")),
                "each operation has its line"
            );
        })
        .await;
    }

    #[tokio::test]
    async fn every_change_of_a_line_breaks_the_chain() {
        with_journal(|db| {
            for count in 1..6 {
                saved(
                    db,
                    &Operation {
                        card: CardKey::new(&ProviderId::new("acme"), &count.to_string()),
                        ..top_up(count)
                    },
                    false,
                );
            }
            assert_eq!(verify(db).expect("the journal").map(|verified| verified.lines), Ok(5));
            assert!(
                db.execute("UPDATE line SET words = 'x' WHERE number = 2", []).is_err(),
                "a line was changed"
            );
            assert!(
                db.execute("DELETE FROM line WHERE number = 5", []).is_err(),
                "a line was removed"
            );
            db.execute_batch(
                "DROP TRIGGER line_is_never_changed; DROP TRIGGER line_is_never_removed",
            )
            .expect("dropping");
            for change in [
                "words = words || ' '",
                "at = at + 1",
                "state = 'DONE'",
                "what = 'sent'",
                "operation = 'x'",
                "hash = 'x'",
                "previous = 'x'",
            ] {
                db.execute_batch("SAVEPOINT whole").expect("a savepoint");
                db.execute(&format!("UPDATE line SET {change} WHERE number = 3"), [])
                    .expect("tampering");
                assert!(verify(db).expect("the journal").is_err(), "{change} was not noticed");
                db.execute_batch("ROLLBACK TO whole; RELEASE whole").expect("back");
            }
            db.execute("DELETE FROM line WHERE number = 3", []).expect("tampering");
            assert_eq!(
                verify(db).expect("the journal"),
                Err("line 3 of the journal is missing".to_owned())
            );
        })
        .await;
    }
}
