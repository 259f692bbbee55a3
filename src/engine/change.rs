//! The only caller of [`Provider::act`]: re-read, journal, send once, look up.
//!
//! A change whose outcome is unknown is looked up, never sent again. The journal has the intent
//! before a byte leaves.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;

use super::account::Account;
use super::schedule::look_again;
use super::{ChangeRequest, Engine, Refused};
use crate::domain::card::{Card, CardState, ProviderId};
use crate::domain::operation::{
    Action, ActionKind, Before, Capabilities, OnConflict, Operation, OperationState, Proof,
    Refusal, StepKind, check_action,
};
use crate::domain::proof::ProvenBy;
use crate::domain::text;
use crate::provider::error::Cause;
use crate::provider::{Ack, Error, ErrorKind, Outcome, Provider};
use crate::store::{Finding, Intent, Permit, StoreError};

/// An intent that could not be sent within this long is not sent any more.
const INTENT_KEEPS: SignedDuration = SignedDuration::from_secs(30);

/// How long a freeze that waited for its provider waits for the reading of its card.
const LATE_READ_WAIT: Duration = Duration::from_secs(2);

/// What the journal says of a freeze whose card could not be read.
const SENT_UNREAD: &str = ", sent after waiting for the provider to answer; the card was not read";

impl Engine {
    /// Asks for a change and waits for its proof, at most `wait`. What comes back is the operation
    /// as it then is.
    ///
    /// # Errors
    /// When nothing was sent.
    pub async fn change(
        &self,
        request: ChangeRequest,
        wait: Duration,
    ) -> Result<Operation, Refused> {
        let engine = self.clone();
        // In a task of its own: whoever asked may go away, a change that is being sent may not.
        let sending = tokio::spawn(async move { engine.send(request).await });
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
            // The last lookup is at the end of the wait.
            let next = tokio::time::Instant::now()
                .checked_add(due)
                .map_or(deadline, |next| next.min(deadline));
            tokio::time::sleep_until(next).await;
            operation = self.lookup(operation.id).await.unwrap_or(operation);
        }
        Ok(operation)
    }

    /// Checks, journals and sends a change. The order of these steps is what keeps money safe: the
    /// card is read and the list of its top-ups is taken before the intent, the intent is on the
    /// disk before the line `sent`, and that line before the first byte of the request.
    async fn send(&self, request: ChangeRequest) -> Result<Operation, Refused> {
        let _sending = self.0.operations.begin_sending(request.id);
        let checked = self.checked(&request).await?;
        self.send_checked(checked, request).await
    }

    /// Sends a freeze that waited for its provider, which answers again. A lost card must be
    /// stoppable: where the provider answers, but the card cannot be read in time, the freeze is
    /// sent unread. It goes on waiting where the provider cannot be asked after all.
    pub(super) async fn send_late(
        &self,
        request: ChangeRequest,
    ) -> Result<ControlFlow<()>, Refused> {
        let _sending = self.0.operations.begin_sending(request.id);
        let account = self.gate(&request.card.provider)?;
        let provider = self.adapter(&account).await.map_err(Refused::Unread)?;
        let known = self.0.cards.get_or_unread(&request.card);
        let read = tokio::time::timeout(LATE_READ_WAIT, self.read_one(&account, &known)).await;
        let (card, is_unread) = match read {
            Ok(Ok(card)) => (card, false),
            Ok(Err(error)) if !has_answered(&error) => return Ok(ControlFlow::Continue(())),
            Ok(Err(_)) | Err(_) => (known, true),
        };
        let capabilities = provider.capabilities();
        let mut operation = self.prepare(&account, &request, &card, &capabilities).await?;
        if is_unread {
            // What is known of the card is old: it is not how the card was before the freeze.
            operation.before = Before { owner: operation.before.owner, ..Before::default() };
        }
        // Last, so that it can be taken back and its time can run out while the checks wait.
        if self.leave_queue(request.id).await {
            let checked = Checked { account, provider, card, operation, is_unread };
            self.send_checked(checked, request).await?;
        }
        Ok(ControlFlow::Break(()))
    }

    /// Journals and sends what passed every check.
    async fn send_checked(
        &self,
        checked: Checked,
        request: ChangeRequest,
    ) -> Result<Operation, Refused> {
        let Checked { account, provider, card, operation, is_unread } = checked;
        // Reading took its time: read-only may have been switched on meanwhile.
        self.gate(&request.card.provider)?;
        let paid_by = request
            .payer
            .as_ref()
            .map_or_else(String::new, |account| format!(", paid by account {account}"));
        let unread = if is_unread { SENT_UNREAD } else { "" };
        let asked_of = &operation.card.provider;
        let words = format!("{} asked of {asked_of}{paid_by}{unread}", operation.phrase());
        let permit = self.intend(&operation, card, request.action, request.on_conflict).await?;
        self.announce(&operation).await;
        if let Err(refused) = self.mark_sent(&operation, &words).await {
            // Nothing left yet: where the journal takes that one line more, the card need not wait
            // for this operation.
            let unsent = Finding::new(
                self.0.clock.now(),
                StepKind::NotSent,
                refused.to_string(),
                OperationState::Failed,
            );
            self.record(operation, unsent).await;
            return Err(refused);
        }
        // The secrets of the action end with the permit.
        let result = provider.act(permit).await;
        self.note_answer(&account, &result).await;
        let finding = self.answer(&operation, result);
        let operation = self.record(operation, finding).await;
        account.ask_card(&request.card);
        if operation.action_kind == ActionKind::TopUp {
            account.ask_float();
        }
        Ok(operation)
    }

    /// Makes every check that [`Self::change`] makes before it saves the intent, and stops there:
    /// the operation as it would be sent, and the card as it was read for it. Nothing is saved and
    /// nothing is sent.
    ///
    /// # Errors
    /// Why [`Self::change`] would not send it.
    pub async fn rehearse(&self, request: &ChangeRequest) -> Result<(Operation, Card), Refused> {
        let Checked { card, operation, .. } = self.checked(request).await?;
        // What only the journal knows would stop the intent: an operation of another process.
        let followed = self.0.store.followed_operations().await;
        let rival = followed.map_err(|error| self.not_written(&error))?.into_iter().find(|rival| {
            rival.card == request.card
                && rival.blocks(operation.action_kind)
                && (request.on_conflict == OnConflict::Refuse
                    || rival.state == OperationState::Sent)
        });
        match rival {
            Some(rival) => Err(Refused::Denied(Refusal::OpenInJournal(Box::new(rival)))),
            None => Ok((operation, card)),
        }
    }

    /// What is to be asked, and of whom, once every check before the intent is passed.
    async fn checked(&self, request: &ChangeRequest) -> Result<Checked, Refused> {
        let account = self.gate(&request.card.provider)?;
        let provider = self.adapter(&account).await.map_err(Refused::Unread)?;
        let card = self.read_as_confirmed(&account, request).await?;
        let operation = self.prepare(&account, request, &card, &provider.capabilities()).await?;
        Ok(Checked { account, provider, card, operation, is_unread: false })
    }

    /// The card, read now, unless it is not as the operator saw it.
    async fn read_as_confirmed(
        &self,
        account: &Account,
        request: &ChangeRequest,
    ) -> Result<Card, Refused> {
        let known = self.0.cards.get_or_unread(&request.card);
        let mut card = self.read_one(account, &known).await.map_err(Refused::Unread)?;
        if request.payer.is_some() {
            card.account.clone_from(&request.payer);
        }
        changed_since_shown(request, &card)?;
        Ok(card)
    }

    /// The operation that is to be saved, unless the action may not be asked of the card now. For a
    /// top-up the card's list is taken: without a list to compare with, a credit that comes
    /// afterwards would prove nothing, so nothing is sent then.
    async fn prepare(
        &self,
        account: &Account,
        request: &ChangeRequest,
        card: &Card,
        capabilities: &Capabilities,
    ) -> Result<Operation, Refused> {
        let action_kind = request.action.action_kind();
        let open = match request.on_conflict {
            OnConflict::Refuse => self.still_open(request).await,
            OnConflict::Override => Vec::new(),
        };
        check_action(action_kind, card, capabilities, &open).map_err(Refused::Denied)?;
        let baseline = match request.action.amount() {
            Some(amount) => Some(self.baseline(account, card, amount, request).await?),
            None => None,
        };
        let now = self.0.clock.now();
        Ok(Operation {
            id: request.id,
            action_kind,
            card: request.card.clone(),
            last4: card.last4,
            amount: request.action.amount(),
            state: OperationState::Sent,
            reason: request.reason.clone(),
            reference: request.id.reference(),
            provider_reference: None,
            operator: Arc::clone(&self.0.operations.operator),
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
        })
    }

    /// Notes what the answer to a change says of the account. A success says nothing: the reading
    /// that follows does.
    async fn note_answer(&self, account: &Account, result: &Result<Ack, Error>) {
        account.count_requests(self.0.clock.now());
        if let Err(error) = result {
            if let Some(why) = account.note_failure(error, self.0.clock.now()) {
                tracing::warn!(provider = account.info.id.name(), "{why}");
                self.make_stale(account, &why).await;
            }
            self.emit_health(account).await;
        }
    }

    /// Operations that are not settled, after those in the way of this change were looked up once
    /// more: one may have settled meanwhile.
    async fn still_open(&self, request: &ChangeRequest) -> Vec<Operation> {
        let action_kind = request.action.action_kind();
        let open = self.0.operations.open_of(&request.card.provider);
        for rival in open.iter().filter(|open| {
            open.card == request.card
                && open.blocks(action_kind)
                && open.state != OperationState::Sent
        }) {
            // If the lookup fails, the operation stays in the way, as it should.
            let _ = self.lookup(rival.id).await;
        }
        self.0.operations.open_of(&request.card.provider)
    }

    /// The one gate that every change passes, whatever asked for it.
    pub(super) fn gate(&self, provider: &ProviderId) -> Result<Arc<Account>, Refused> {
        let account = self
            .account(provider)
            .map_err(|_| Refused::Denied(Refusal::NotConfigured(provider.clone())))?;
        if self.is_read_only() {
            return Err(Refused::Denied(Refusal::ReadOnly));
        }
        if account.info.read_only {
            return Err(Refused::Denied(Refusal::ReadOnlyAccount(provider.clone())));
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
                self.announce(&rival).await;
                Err(Refused::Denied(Refusal::OpenInJournal(rival)))
            }
            Ok(Intent::Repeats(done)) => {
                self.announce(&done).await;
                Err(Refused::Denied(Refusal::JustDone(done)))
            }
            Err(error) => Err(self.not_written(&error)),
        }
    }

    /// Writes the line that says that the request is about to leave, unless too much happened since
    /// the intent: this process may have slept or been stopped in between, another one may have
    /// given the operation up, and the operator may have sent a second one.
    async fn mark_sent(&self, operation: &Operation, words: &str) -> Result<(), Refused> {
        let at = self.0.clock.now();
        if at.duration_since(operation.created_at) > INTENT_KEEPS {
            return Err(Refused::TooLate(
                "not sent: it was confirmed too long ago, cardtop was held up; nothing was sent"
                    .to_owned(),
            ));
        }
        let state = self.0.store.mark_sent(operation.id, at, words).await;
        match state.map_err(|error| self.not_written(&error))? {
            OperationState::Sent => Ok(()),
            OperationState::Accepted
            | OperationState::Done
            | OperationState::Failed
            | OperationState::Unknown => Err(Refused::TooLate(
                "not sent: another cardtop took this operation for lost meanwhile; nothing was \
                 sent"
                    .to_owned(),
            )),
        }
    }

    pub(super) fn not_written(&self, error: &StoreError) -> Refused {
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
}

/// A change that passed every check before its intent is saved.
struct Checked {
    account: Arc<Account>,
    provider: Arc<dyn Provider>,
    /// As it was read for the checks.
    card: Card,
    /// As it would be saved.
    operation: Operation,
    /// The card could not be read: it is as it was last known.
    is_unread: bool,
}

/// Whether a failed reading is an answer that leaves a change a chance: not where the provider
/// cannot be reached, or would refuse any request now. A server's own failure (5xx) is an answer:
/// it may be about this one card.
const fn has_answered(error: &Error) -> bool {
    match error.kind {
        ErrorKind::Unreachable => match error.cause {
            Cause::Status { .. } | Cause::Body { .. } => true,
            Cause::Stated(_) | Cause::Transport(_) => false,
        },
        ErrorKind::RateLimited | ErrorKind::Auth => false,
        ErrorKind::Forbidden
        | ErrorKind::Refused
        | ErrorKind::NotFound
        | ErrorKind::BadReply
        | ErrorKind::NotOffered => true,
    }
}

/// Refuses when the card is not as the operator saw it.
fn changed_since_shown(request: &ChangeRequest, card: &Card) -> Result<(), Refused> {
    let now = card.state;
    if let Some(shown) =
        request.shown.state.filter(|shown| *shown != now && now != CardState::Unknown)
    {
        return Err(Refused::Denied(Refusal::StateChanged { shown, now }));
    }
    let money_moves = matches!(request.action, Action::TopUp(_) | Action::Close);
    match (request.shown.available, card.available()) {
        (Some(shown), Some(now)) if money_moves && shown != now => {
            Err(Refused::Denied(Refusal::AvailableChanged { shown, now }))
        }
        _ => Ok(()),
    }
}
