//! The only caller of [`Provider::act`](crate::provider::Provider::act): re-read, journal, send
//! once, look.
//!
//! A change whose outcome is unknown is looked at, never sent again. The journal has the intent
//! before a byte leaves.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::account::Account;
use super::schedule::look_again;
use super::{ChangeRequest, Engine, EngineEvent, Refused};
use crate::domain::card::{Card, CardState};
use crate::domain::operation::{
    Action, ActionKind, Before, OnConflict, Operation, OperationId, OperationState, Proof, Step,
    StepKind, check_action,
};
use crate::domain::proof::ProvenBy;
use crate::domain::text;
use crate::provider::{Ack, Error, Evidence, Lookup, Outcome};
use crate::store::{BeingSent, Finding, Intent, Permit, StoreError, Verified};

/// An intent that could not be sent within this long is not sent any more.
const INTENT_KEEPS: SignedDuration = SignedDuration::from_secs(30);

impl Engine {
    /// Asks for a change and waits for its proof, at most `wait`. What comes back is the operation
    /// as it then is.
    ///
    /// # Errors
    /// When nothing was sent.
    pub async fn change(&self, order: ChangeRequest, wait: Duration) -> Result<Operation, Refused> {
        let engine = self.clone();
        // In a task of its own: whoever asked may go away, a change that is being sent may not.
        let sending = tokio::spawn(async move { engine.send(order).await });
        let mut operation = match sending.await {
            Ok(result) => result?,
            Err(died) => {
                return Err(Refused::Died(format!(
                    "cardtop itself failed: {died}; see `cardtop ops`"
                )));
            }
        };
        let deadline = tokio::time::Instant::now() + wait;
        while operation.is_open()
            && operation.proof != Proof::AnswerOnly
            && tokio::time::Instant::now() < deadline
        {
            let due = operation.next_look.map_or(Duration::MAX, |at| {
                Duration::try_from(at.duration_since(self.0.clock.now())).unwrap_or_default()
            });
            // The last look is at the end of the wait, so that whatever was seen by then is said.
            let next = tokio::time::Instant::now()
                .checked_add(due)
                .map_or(deadline, |next| next.min(deadline));
            tokio::time::sleep_until(next).await;
            operation = self.lookup(operation.id).await.unwrap_or(operation);
        }
        Ok(operation)
    }

    async fn send(&self, order: ChangeRequest) -> Result<Operation, Refused> {
        let _sending = self.0.sending.enter(order.id);
        let account = self.gate(&order)?;
        let provider = self.adapter(&account).await.map_err(Refused::Unread)?;
        let known = self
            .lock_cards()
            .get(&order.card)
            .cloned()
            .unwrap_or_else(|| Card::unread(order.card.clone()));
        let mut card = self.read_one(&account, &known).await.map_err(Refused::Unread)?;
        if order.payer.is_some() {
            card.account = order.payer.clone();
        }
        changed_since_shown(&order, &card)?;
        let capabilities = provider.capabilities();
        let action_kind = order.action.action_kind();
        let open = match order.on_conflict {
            OnConflict::Refuse => self.still_open(&order).await,
            OnConflict::Override => Vec::new(),
        };
        check_action(action_kind, &card, &capabilities, &open)
            .map_err(|denied| Refused::Denied(denied.to_string()))?;
        // Without a list to compare with, a credit that comes afterwards would prove nothing: then
        // nothing is sent.
        let baseline = match order.action.amount() {
            Some(amount) => Some(self.baseline(&account, &card, amount, &order).await?),
            None => None,
        };
        let now = self.0.clock.now();
        let operation = Operation {
            id: order.id,
            action_kind,
            card: order.card.clone(),
            last4: card.last4,
            amount: order.action.amount(),
            state: OperationState::Sent,
            reason: order.reason.clone(),
            reference: order.id.reference(),
            provider_reference: None,
            operator: Arc::clone(&self.0.operator),
            created_at: now,
            updated_at: now,
            detail: None,
            before: Before {
                owner: card.owner.clone(),
                state: Some(card.state),
                balance: card.balance.value().copied(),
            },
            proof: capabilities.proof(action_kind),
            looks: 0,
            next_look: None,
            baseline,
            proven_by: None,
            watched_until: None,
            alarm: None,
        };
        // Reading took its time: read-only may have been switched on meanwhile.
        self.gate(&order)?;
        let permit = self.intend(&operation, card, order.action, order.on_conflict).await?;
        self.tell_operation(&operation).await;
        let paid_by = order
            .payer
            .as_ref()
            .map_or_else(String::new, |account| format!(", paid by account {account}"));
        let words = format!("{} asked of {}{paid_by}", operation.phrase(), operation.card.provider);
        if let Err(refused) = self.last_word(&operation, &words).await {
            // Nothing left yet: where the journal takes that one line more, the card need not wait
            // for this operation.
            let unsent = Finding::new(
                self.0.clock.now(),
                StepKind::NotSent,
                refused.to_string(),
                OperationState::Failed,
            );
            self.find(operation, unsent).await;
            return Err(refused);
        }
        // The secrets of the action end with the permit.
        let result = provider.act(permit).await;
        account.count(self.0.clock.now());
        if let Err(error) = &result {
            if let Some(why) = account.bad(error, self.0.clock.now()) {
                tracing::warn!(provider = account.info.id.name(), "{why}");
                self.make_stale(&account, &why).await;
            }
            self.emit_health(&account).await;
        }
        let finding = self.answer(&operation, result);
        let operation = self.find(operation, finding).await;
        account.ask_card(&order.card);
        if action_kind == ActionKind::TopUp {
            account.ask_float();
        }
        Ok(operation)
    }

    /// Operations that are not settled, after those in the way of this order were looked for once
    /// more: one may have settled meanwhile.
    async fn still_open(&self, order: &ChangeRequest) -> Vec<Operation> {
        let action_kind = order.action.action_kind();
        let open = self.open_of(&order.card.provider);
        for rival in open.iter().filter(|open| {
            open.card == order.card
                && open.blocks(action_kind)
                && open.state != OperationState::Sent
        }) {
            // Should the look fail, the operation stays in the way: that is what it is there for.
            let _ = self.lookup(rival.id).await;
        }
        self.open_of(&order.card.provider)
    }

    /// The one gate that every change passes, whatever asked for it.
    fn gate(&self, order: &ChangeRequest) -> Result<Arc<Account>, Refused> {
        let account = self
            .account(&order.card.provider)
            .map_err(|error| Refused::Denied(error.to_string()))?;
        if self.is_read_only() {
            return Err(Refused::Denied(
                "read-only: cardtop was told to refuse every change; nothing was sent".to_owned(),
            ));
        }
        if account.info.read_only {
            return Err(Refused::Denied(format!(
                "{} is read-only by configuration; nothing was sent",
                account.info.id
            )));
        }
        Ok(account)
    }

    async fn intend(
        &self,
        operation: &Operation,
        card: Card,
        action: Action,
        on_conflict: OnConflict,
    ) -> Result<Permit, Refused> {
        match self.0.store.intend(operation.clone(), card, action, on_conflict).await {
            Ok(Intent::Saved(permit)) => Ok(permit),
            Ok(Intent::Blocked(rival)) => {
                self.tell_operation(&rival).await;
                Err(Refused::Denied(format!(
                    "not sent: {} of this card is still {} (op {}, by {})",
                    rival.phrase(),
                    rival.state.as_str(),
                    rival.id.short(),
                    rival.operator
                )))
            }
            Ok(Intent::Repeats(done)) => {
                self.tell_operation(&done).await;
                Err(Refused::Denied(format!(
                    "not sent: {} of this card was just done (op {}, by {}) while its list was \
                     read",
                    done.phrase(),
                    done.id.short(),
                    done.operator
                )))
            }
            Err(error) => Err(self.unwritten(&error)),
        }
    }

    /// The journal's line that it is sent now, unless too much happened since the intent: this
    /// process may have slept or been stopped in between, another one may have taken the operation
    /// for lost, and the operator may have sent a second one.
    async fn last_word(&self, operation: &Operation, words: &str) -> Result<(), Refused> {
        let at = self.0.clock.now();
        if at.duration_since(operation.created_at) > INTENT_KEEPS {
            return Err(Refused::Journal(
                "not sent: it was confirmed too long ago, cardtop was held up; nothing was sent"
                    .to_owned(),
            ));
        }
        let state = self.0.store.mark_sent(operation.id, at, words).await;
        match state.map_err(|error| self.unwritten(&error))? {
            OperationState::Sent => Ok(()),
            OperationState::Accepted
            | OperationState::Done
            | OperationState::Failed
            | OperationState::Unknown => Err(Refused::Journal(
                "not sent: another cardtop took this operation for lost meanwhile; nothing was \
                 sent"
                    .to_owned(),
            )),
        }
    }

    pub(super) fn unwritten(&self, error: &StoreError) -> Refused {
        let path = text::of_path(self.0.store.path());
        Refused::Journal(format!("the data file {path} {error}; nothing was sent"))
    }

    /// What the provider's answer to a change means.
    fn answer(&self, operation: &Operation, result: Result<Ack, Error>) -> Finding {
        let at = self.0.clock.now();
        let first_look =
            at.saturating_add(look_again(0)).ok().filter(|_| operation.proof != Proof::AnswerOnly);
        let finding = |kind, words: String, state| Finding {
            at,
            kind,
            words,
            state,
            provider_reference: None,
            credit: None,
            next_look: first_look,
            proven_by: Some(ProvenBy::Answer),
        };
        match result {
            Ok(Ack::Done { reference, proof }) => Finding {
                provider_reference: reference,
                ..finding(StepKind::Answer, proof, OperationState::Done)
            },
            Ok(Ack::Accepted { reference }) => {
                let words = match (&reference, operation.proof) {
                    (_, Proof::AnswerOnly) => Proof::AnswerOnly.sentence().to_owned(),
                    (Some(reference), _) => format!("accepted as {reference}, not seen yet"),
                    (None, _) => "accepted, not seen yet".to_owned(),
                };
                Finding {
                    provider_reference: reference,
                    ..finding(StepKind::Answer, words, OperationState::Accepted)
                }
            }
            Err(error) if error.outcome == Outcome::NotDone => {
                finding(StepKind::Answer, error.to_string(), OperationState::Failed)
            }
            Err(error) => {
                let words = match operation.proof {
                    Proof::AnswerOnly => {
                        format!("{error}; it may have happened, and this provider cannot be asked")
                    }
                    _ => format!(
                        "{error}; it may have happened: cardtop is looking for it, do not send it \
                         again"
                    ),
                };
                finding(StepKind::NoAnswer, words, OperationState::Unknown)
            }
        }
    }

    /// Writes a finding and tells it. Where even that fails, the operation stays as the journal has
    /// it, and a person is told.
    async fn find(&self, operation: Operation, finding: Finding) -> Operation {
        let (id, credit) = (operation.id, finding.credit.clone());
        let fallback = finding.clone();
        match self.0.store.record(id, finding).await {
            Ok(found) => {
                self.tell_operation(&found).await;
                if let Some(credit) = credit {
                    self.link_operation(&credit, &found).await;
                }
                found
            }
            Err(error) => {
                self.lock_unwritten().push((id, fallback.clone()));
                let path = text::of_path(self.0.store.path());
                self.emit(EngineEvent::Broken(format!(
                    "the data file {path} {error}; op {} is {} but the journal does not say so yet",
                    id.short(),
                    fallback.state.as_str()
                )))
                .await;
                Operation {
                    state: OperationState::Unknown,
                    detail: Some(fallback.words.into()),
                    ..operation
                }
            }
        }
    }

    /// Writes the findings that the journal did not take when they were made: a provider answers
    /// with its reference only once.
    pub(super) async fn write_late(&self) {
        // Each stays in the list until it is written: whoever waits here may be stopped in between.
        // Written twice it says so twice.
        let late = self.lock_unwritten().clone();
        for (id, finding) in late {
            let Ok(found) = self.0.store.record(id, finding.clone()).await else {
                continue;
            };
            self.lock_unwritten().retain(|(late, unwritten)| {
                (*late, unwritten.at, &unwritten.kind) != (id, finding.at, &finding.kind)
            });
            self.tell_operation(&found).await;
        }
    }

    /// Looks for the fate of an operation, by reading only, and writes what was found.
    ///
    /// # Errors
    /// One sentence: no such operation, or its account is not configured.
    pub(super) async fn lookup(&self, id: OperationId) -> Result<Operation, Refused> {
        self.write_late().await;
        let operation = self.operation(id).await?;
        if !operation.is_followed() {
            // Settled by another process, or told out of order: it is not waited for any more.
            if self.lock_open().contains_key(&id) {
                self.tell_operation(&operation).await;
            }
            return Ok(operation);
        }
        let account = self.account(&operation.card.provider).map_err(Refused::Unread)?;
        let provider = self.adapter(&account).await.map_err(Refused::Unread)?;
        if operation.proof == Proof::AnswerOnly {
            return Ok(operation);
        }
        let mut card = self
            .lock_cards()
            .get(&operation.card)
            .cloned()
            .unwrap_or_else(|| Card::unread(operation.card.clone()));
        card.owner = card.owner.or_else(|| operation.before.owner.clone());
        let claimed = self
            .0
            .store
            .matched_credits(&operation)
            .await
            .map_err(|error| self.unwritten(&error))?;
        let seen = provider.lookup(&card, &operation, &claimed).await;
        let at = self.0.clock.now();
        match &seen {
            Ok(_) => account.good(at),
            // No read may come for a while after this: the figures are old from now on.
            Err(error) => {
                if let Some(why) = account.bad(error, at) {
                    self.make_stale(&account, &why).await;
                }
            }
        }
        self.emit_health(&account).await;
        let next_look = at.saturating_add(look_again(operation.looks + 1)).ok();
        let finding = |words: String, state| Finding {
            at,
            kind: StepKind::Look,
            words,
            state,
            provider_reference: None,
            credit: None,
            next_look,
            proven_by: Some(ProvenBy::Lookup),
        };
        if !operation.is_open() {
            return self.watch(&operation, seen, finding).await;
        }
        let seen = match seen {
            // A row of the same sum may be somebody else's: then the figures do not fit.
            Ok(Lookup::Done { proof, credit, by: Evidence::List }) => {
                match self.contradiction(&account, &card, &operation, credit.as_deref()).await {
                    Some(words) => Ok(Lookup::NotFound {
                        looked: format!("{proof}, but {words}"),
                        candidate: credit,
                    }),
                    None => Ok(Lookup::Done { proof, credit, by: Evidence::List }),
                }
            }
            seen => seen,
        };
        let finding = match seen {
            Ok(Lookup::Done { proof, credit, .. }) => {
                Finding { credit, ..finding(proof, OperationState::Done) }
            }
            Ok(Lookup::Failed { why, row }) => {
                Finding { credit: row, ..finding(why, OperationState::Failed) }
            }
            // The provider has it: a top-up that it is still at is no longer in doubt.
            Ok(Lookup::Pending { looked })
                if operation.action_kind == ActionKind::TopUp
                    && operation.state == OperationState::Unknown =>
            {
                finding(looked, OperationState::Accepted)
            }
            Ok(Lookup::Pending { looked }) => finding(looked, operation.state),
            Ok(Lookup::NotFound { looked, .. }) => {
                let balance = self.balance_then_and_now(&account, &card, &operation).await;
                finding(
                    format!("{looked}{balance}; absence is not proof that it failed"),
                    operation.state,
                )
            }
            Err(error) => finding(format!("could not look: {error}"), operation.state),
        };
        let found = self.find(operation, finding).await;
        if !found.is_open() {
            account.ask_card(&found.card);
            if found.action_kind == ActionKind::TopUp {
                account.ask_float();
            }
        }
        Ok(found)
    }

    /// What the card's balance says beside the list, for the person who has to decide. It is no
    /// proof: the card is spent from meanwhile.
    async fn balance_then_and_now(
        &self,
        account: &Account,
        card: &Card,
        operation: &Operation,
    ) -> String {
        let then = operation.before.balance.and_then(|balance| balance.available);
        let (ActionKind::TopUp, Some(then)) = (operation.action_kind, then) else {
            return String::new();
        };
        match self.read_one(account, card).await.map(|card| card.available()) {
            Ok(Some(now)) => format!("; available then {then}, now {now}"),
            Ok(None) | Err(_) => String::new(),
        }
    }

    /// Looks for the fate of an operation now, by reading only, and writes what was found into the
    /// journal.
    ///
    /// # Errors
    /// One sentence: no such operation, or the provider is not configured.
    pub async fn check(&self, id: OperationId) -> Result<Operation, Refused> {
        self.lookup(id).await
    }

    pub(super) async fn operation(&self, id: OperationId) -> Result<Operation, Refused> {
        self.0.store.operation(id).await.map_err(|error| match error {
            StoreError::NotFound => {
                Refused::Denied(format!("there is no operation {id} in the journal"))
            }
            error => self.unwritten(&error),
        })
    }

    /// Operations that were being sent when a process died: what never left is FAILED, all else may
    /// have happened and is looked for.
    pub(super) async fn recover(&self) -> Result<(), StoreError> {
        self.write_late().await;
        let now = self.0.clock.now();
        let engine = self.clone();
        // Any other entry with our process number is of an earlier process that had the same.
        let left = self.0.store.sent_by_others(move |id| engine.0.sending.has(id)).await?;
        for BeingSent { id, process, since } in left {
            if is_alive(process, since, now) {
                continue;
            }
            let moved = self.0.store.abandon(id, now).await?;
            self.tell_operation(&moved).await;
        }
        Ok(())
    }

    /// The newest operations of the journal, newest first, at most 10,000.
    ///
    /// # Errors
    /// One sentence, when the journal cannot be read.
    pub async fn operations(&self) -> Result<Vec<Operation>, String> {
        self.0.store.newest_operations(10_000).await.map_err(|error| self.unread(&error))
    }

    /// The journal's lines of an operation, oldest first.
    ///
    /// # Errors
    /// One sentence, when the journal cannot be read.
    pub async fn steps(&self, id: OperationId) -> Result<Vec<Step>, String> {
        self.0.store.steps(id).await.map_err(|error| self.unread(&error))
    }

    /// Checks the journal: the chain of its lines, every operation against them, and the end
    /// against the note outside the file.
    ///
    /// # Errors
    /// Where it breaks, in one sentence.
    pub async fn verify(&self) -> Result<Verified, String> {
        self.0.store.verify().await.map_err(|error| self.unread(&error))?
    }

    fn unread(&self, error: &StoreError) -> String {
        format!("the data file {} {error}", text::of_path(self.0.store.path()))
    }
}

/// Stops when the card is not as the operator saw it, and says what changed.
fn changed_since_shown(order: &ChangeRequest, card: &Card) -> Result<(), Refused> {
    if let Some(shown) =
        order.shown.state.filter(|shown| *shown != card.state && card.state != CardState::Unknown)
    {
        return Err(Refused::Denied(format!(
            "not sent: the card is {} now, it was {} when you confirmed",
            card.state.as_str(),
            shown.as_str()
        )));
    }
    let money_moves = matches!(order.action, Action::TopUp(_) | Action::Close);
    match (order.shown.available, card.available()) {
        (Some(shown), Some(now)) if money_moves && shown != now => Err(Refused::Denied(format!(
            "not sent: available is {now} now, it was {shown} when you confirmed"
        ))),
        _ => Ok(()),
    }
}

/// Whether the process that was sending may still be at it: it runs, and has not taken longer than
/// any request may.
fn is_alive(process: u32, since: Timestamp, now: Timestamp) -> bool {
    if process == std::process::id() || now.duration_since(since) > SignedDuration::from_mins(10) {
        return false;
    }
    runs(process)
}

#[cfg(unix)]
fn runs(process: u32) -> bool {
    // A process that ended and that nobody has asked after yet can still be sent signals; Linux
    // says so.
    let status = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    let state = status.rsplit_once(") ").and_then(|(_, rest)| rest.chars().next());
    if matches!(state, Some('Z' | 'X')) {
        return false;
    }
    let Some(pid) = i32::try_from(process).ok().and_then(rustix::process::Pid::from_raw) else {
        return false;
    };
    !matches!(rustix::process::test_kill_process(pid), Err(rustix::io::Errno::SRCH))
}

#[cfg(not(unix))]
fn runs(_process: u32) -> bool {
    true
}
