//! A person's word on an operation that nothing that can be read settles.

use std::sync::Arc;

use jiff::SignedDuration;

use super::{Engine, Refused};
use crate::domain::operation::{ActionKind, Operation, OperationId, OperationState, Proof};
use crate::domain::text;
use crate::domain::transaction::Transaction;
use crate::store::{Settled, Settlement};

/// How long an operation is looked up after a person settled it as failed.
const WATCH: SignedDuration = SignedDuration::from_hours(48);

/// What a person says of an operation that nothing that can be read settles.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// Which operation.
    pub id: OperationId,
    /// Whether it happened.
    pub done: bool,
    /// The transaction that is its own, where the person can name it.
    pub credit: Option<Arc<str>>,
    /// Transactions that the person was shown and says are somebody else's: they raise no alarm
    /// later.
    pub not_its: Vec<Arc<str>>,
    /// Why the person says so; kept in the journal.
    pub reason: Arc<str>,
    /// What was typed to confirm that it did not happen: the card's last four digits, or the end
    /// of its id.
    pub typed: Option<String>,
}

impl Engine {
    /// Settles an operation by a person's word, where nothing that can be read tells what became of
    /// it.
    ///
    /// A named transaction has to be in the card's list as a top-up of that sum that no other
    /// operation has. That it failed needs a fresh reading of the card and of its list, and the
    /// card's digits typed; it is looked up for 48 hours more, and a credit that comes late raises
    /// an alarm.
    ///
    /// # Errors
    /// One sentence; then nothing was written.
    pub async fn settle(&self, verdict: Verdict) -> Result<Operation, Refused> {
        if self.is_read_only() {
            return Err(not_settled(
                "read-only: cardtop was told to refuse every change; nothing was changed",
            ));
        }
        let operation = self.lookup(verdict.id).await?;
        is_acceptable(&verdict, &operation)?;
        let read = self.read_for(&verdict, &operation).await?;
        if let Some(id) = &verdict.credit {
            self.may_claim(&operation, id, &read.top_ups).await.map_err(not_settled)?;
        }
        if !verdict.done {
            self.is_failure_plausible(&operation, &verdict, &read.top_ups).await?;
        }
        let settlement = self.settlement(&verdict, &operation, &read.words);
        let settled = self.0.store.settle(operation.id, settlement).await;
        match settled.map_err(|error| self.not_written(&error))? {
            Settled::Written(found) => {
                self.announce(&found).await;
                if let Some(credit) = verdict.credit {
                    self.link_operation(&credit, &found).await;
                }
                Ok(*found)
            }
            Settled::NotOpen(found) => {
                self.announce(&found).await;
                Err(not_settled(format!(
                    "op {} is {} meanwhile; nothing was changed",
                    found.id.short(),
                    found.state.as_str()
                )))
            }
            Settled::CreditTaken(other) => Err(not_settled(format!(
                "that transaction already belongs to operation {other}; nothing was changed"
            ))),
        }
    }

    /// Reads the card and its top-ups, where the verdict has to agree with them.
    async fn read_for(
        &self,
        verdict: &Verdict,
        operation: &Operation,
    ) -> Result<ReadBefore, Refused> {
        let account = self.account(&operation.card.provider).map_err(Refused::Unread)?;
        let provider = self.adapter(&account).await.map_err(Refused::Unread)?;
        let mut read = ReadBefore::default();
        if verdict.done && verdict.credit.is_none() {
            return Ok(read);
        }
        let card = self.card_of(operation);
        let card = self.read_one(&account, &card).await.map_err(Refused::Unread)?;
        if let Some(available) = card.available() {
            read.words = format!("; available {available}");
        }
        if operation.action_kind == ActionKind::TopUp {
            let since =
                operation.baseline.as_ref().map_or(operation.created_at, |baseline| baseline.since);
            let credits = self
                .record_outcome(&account, provider.credits(&card, since).await)
                .await
                .map_err(Refused::Unread)?;
            read.words.push_str(&format!("; {} top-ups in the list", credits.rows.len()));
            read.top_ups = credits.rows;
        }
        Ok(read)
    }

    /// Refuses "it did not happen" where the card's list has a row that may be the operation's, or
    /// the card's digits were not typed.
    async fn is_failure_plausible(
        &self,
        operation: &Operation,
        verdict: &Verdict,
        top_ups: &[Transaction],
    ) -> Result<(), Refused> {
        if let Some(row) = self.unexplained(operation, verdict, top_ups).await? {
            return Err(not_settled(format!(
                "the card's list has a top-up of {} at {} (id {}) that may be this one's: settle \
                 it as done with that id, or say that it is somebody else's (--not-its {}); \
                 nothing was changed",
                row.amount.abs(),
                row.at.strftime("%H:%M:%S UTC"),
                row.id,
                row.id
            )));
        }
        let expected = confirmation(operation);
        if verdict.typed.as_deref() != Some(&expected) {
            return Err(Refused::NotConfirmed { wanted: expected });
        }
        Ok(())
    }

    /// What is written. A top-up that was settled as failed is watched, where something can tell a
    /// late credit from an earlier one.
    fn settlement(&self, verdict: &Verdict, operation: &Operation, read: &str) -> Settlement {
        let at = self.0.clock.now();
        let state = if verdict.done { OperationState::Done } else { OperationState::Failed };
        let reason = text::clean(&verdict.reason);
        let mut words =
            format!("{} by {}: {reason}{read}", state.as_str(), self.0.operations.operator);
        if let Some(id) = &verdict.credit {
            words.push_str(&format!("; its transaction is {id}"));
        }
        let can_be_found = operation.baseline.is_some()
            || operation.proof == Proof::ByReference
            || operation.provider_reference.is_some();
        let failed_top_up = !verdict.done && operation.action_kind == ActionKind::TopUp;
        if failed_top_up && !can_be_found {
            words.push_str(
                "; it is not looked for any more: an earlier cardtop kept no list to compare with",
            );
        }
        let watched = failed_top_up && can_be_found;
        Settlement {
            at,
            state,
            words,
            credit: verdict.credit.clone(),
            watched_until: watched.then(|| at.saturating_add(WATCH).unwrap_or(at)),
            not_its: verdict.not_its.clone(),
        }
    }
}

/// What was read just before an operation is settled.
#[derive(Default)]
struct ReadBefore {
    /// For the journal.
    words: String,
    /// The top-ups of the card's list.
    top_ups: Vec<Transaction>,
}

fn not_settled(words: impl Into<String>) -> Refused {
    Refused::NotSettled(words.into())
}

/// Whether the verdict is complete, and the operation needs one.
fn is_acceptable(verdict: &Verdict, operation: &Operation) -> Result<(), Refused> {
    if !matches!(operation.state, OperationState::Accepted | OperationState::Unknown) {
        return Err(not_settled(format!(
            "op {} is {} and needs no settling: {}",
            operation.id.short(),
            operation.state.as_str(),
            operation.detail.as_deref().unwrap_or("no more is known of it")
        )));
    }
    if !verdict.done && verdict.credit.is_some() {
        return Err(not_settled(
            "an operation that did not happen has no transaction; nothing was changed",
        ));
    }
    if verdict.reason.trim().is_empty() {
        return Err(not_settled("a reason is needed: it is kept in the journal"));
    }
    Ok(())
}

impl Engine {
    /// Whether a person may claim this row of the card's list for an operation.
    async fn may_claim(
        &self,
        operation: &Operation,
        id: &str,
        list: &[Transaction],
    ) -> Result<(), String> {
        let Some(row) = list.iter().find(|row| *row.id == *id) else {
            return Err(format!(
                "the card's list has no top-up with the id {id}; nothing was changed"
            ));
        };
        if operation.amount.is_some_and(|amount| !row.is_of_sum(amount)) {
            return Err(format!(
                "the top-up {id} is of {}, another sum; nothing was changed",
                row.amount.abs()
            ));
        }
        if row.state.has_failed() {
            return Err(format!(
                "the top-up {id} is {}: it did not arrive; nothing was changed",
                row.state.as_str()
            ));
        }
        if !operation.may_be(row) {
            return Err(format!(
                "the top-up {id} was there before this one was asked; nothing was changed"
            ));
        }
        match self.task_owner(operation, row).await? {
            Some(other) => Err(format!(
                "the top-up {id} is that of operation {other} by its task; nothing was changed"
            )),
            None => Ok(()),
        }
    }

    /// A row of the list that may be the operation's, is no other operation's, and that the person
    /// did not name as somebody else's.
    async fn unexplained(
        &self,
        operation: &Operation,
        verdict: &Verdict,
        list: &[Transaction],
    ) -> Result<Option<Transaction>, Refused> {
        let claimed = self
            .0
            .store
            .matched_credits(operation)
            .await
            .map_err(|error| self.not_written(&error))?;
        for row in list {
            let named = verdict.not_its.contains(&row.id) || claimed.credits.contains(&row.id);
            if !named
                && operation.may_be(row)
                && self.task_owner(operation, row).await.map_err(not_settled)?.is_none()
            {
                return Ok(Some(row.clone()));
            }
        }
        Ok(None)
    }

    /// The other operation whose task made a row.
    async fn task_owner(
        &self,
        operation: &Operation,
        row: &Transaction,
    ) -> Result<Option<String>, String> {
        let Some(task) = &row.task else { return Ok(None) };
        let owner = self.0.store.owner_of_task(operation, task).await;
        owner.map_err(|error| self.not_written(&error).to_string())
    }
}

/// What has to be typed before an operation is settled as failed: the card's last four digits, or
/// the last four characters of its id.
#[must_use]
pub fn confirmation(operation: &Operation) -> String {
    match operation.last4 {
        Some(last4) => last4.to_string(),
        None => {
            let length = operation.card.id.chars().count();
            operation.card.id.chars().skip(length.saturating_sub(4)).collect()
        }
    }
}
