//! What became of an operation: looked up by reading only, and written into the journal.

use jiff::Timestamp;

use super::account::Account;
use super::schedule::look_again;
use super::{Engine, EngineEvent, Refused};
use crate::domain::card::Card;
use crate::domain::operation::{
    ActionKind, Operation, OperationId, OperationState, Proof, Step, StepKind,
};
use crate::domain::proof::ProvenBy;
use crate::domain::text;
use crate::provider::{Error, Evidence, Lookup};
use crate::store::{Finding, StoreError, Verified};

impl Engine {
    /// Writes a finding and emits the operation. Where even that fails, the operation stays as the
    /// journal has it, the finding is kept for later, and a person is told.
    pub(super) async fn record(&self, operation: Operation, finding: Finding) -> Operation {
        let (id, credit) = (operation.id, finding.credit.clone());
        match self.0.store.record(id, finding.clone()).await {
            Ok(found) => {
                self.announce(&found).await;
                if let Some(credit) = credit {
                    self.link_operation(&credit, &found).await;
                }
                if let (Proof::AnswerOnly, Some(reference)) =
                    (found.proof, &found.provider_reference)
                {
                    // Its push may have been faster than its answer.
                    let of = (found.card.provider.clone(), reference.clone());
                    self.settle_pushed(Some(of)).await;
                }
                found
            }
            Err(error) => {
                self.0.operations.keep_unwritten(id, finding.clone());
                let path = text::of_path(self.0.store.path());
                self.emit(EngineEvent::Trouble(format!(
                    "the data file {path} {error}; op {} is {} but the journal does not say so yet",
                    id.short(),
                    finding.state.as_str()
                )))
                .await;
                Operation {
                    state: OperationState::Unknown,
                    detail: Some(finding.words.into()),
                    ..operation
                }
            }
        }
    }

    /// Writes the findings that the journal did not take when they were made: a provider answers
    /// with its reference only once.
    pub(super) async fn write_late(&self) {
        // Each stays in the list until it is written: this may be cancelled in between. Written
        // twice it is only one line more.
        for (id, finding) in self.0.operations.unwritten() {
            let Ok(found) = self.0.store.record(id, finding.clone()).await else {
                continue;
            };
            self.0.operations.written(id, &finding);
            self.announce(&found).await;
        }
    }

    /// Looks up what became of an operation, by reading only, and writes what was found.
    ///
    /// # Errors
    /// One sentence: no such operation, or its account is not configured.
    pub(super) async fn lookup(&self, id: OperationId) -> Result<Operation, Refused> {
        self.write_late().await;
        let operation = self.operation(id).await?;
        if !operation.is_followed() {
            // Settled by another process, or announced out of order: it is not waited for any more.
            if self.0.operations.is_open(id) {
                self.announce(&operation).await;
            }
            return Ok(operation);
        }
        let account = self.account(&operation.card.provider).map_err(Refused::Unread)?;
        let provider = self.adapter(&account).await.map_err(Refused::Unread)?;
        if operation.proof == Proof::AnswerOnly {
            return Ok(operation);
        }
        let card = self.card_of(&operation);
        let matched = self.0.store.matched_credits(&operation).await;
        let matched = matched.map_err(|error| self.not_written(&error))?;
        let seen = provider.lookup(&card, &operation, &matched).await;
        let at = self.0.clock.now();
        self.note_lookup(&account, &seen, at).await;
        let next_look = at.saturating_add(look_again(operation.looks + 1)).ok();
        let finding = |words: String, state| Finding {
            next_look,
            proven_by: Some(ProvenBy::Lookup),
            ..Finding::new(at, StepKind::Look, words, state)
        };
        if !operation.is_open() {
            return self.watch(&operation, seen, finding).await;
        }
        let seen = self.without_contradiction(&account, &card, &operation, seen).await;
        let finding = self.meaning_of(&account, &card, &operation, seen, finding).await;
        let found = self.record(operation, finding).await;
        if !found.is_open() {
            account.ask_card(&found.card);
            if found.action_kind == ActionKind::TopUp {
                account.ask_float();
            }
        }
        Ok(found)
    }

    /// What was seen of an open operation, as a finding.
    async fn meaning_of(
        &self,
        account: &Account,
        card: &Card,
        operation: &Operation,
        seen: Result<Lookup, Error>,
        finding: impl Fn(String, OperationState) -> Finding,
    ) -> Finding {
        match seen {
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
                let balance = self.balance_then_and_now(account, card, operation).await;
                finding(
                    format!("{looked}{balance}; absence is not proof that it failed"),
                    operation.state,
                )
            }
            Err(error) => finding(format!("could not look: {error}"), operation.state),
        }
    }

    /// The card of an operation as it is known, with the cardholder that was known when it was
    /// sent.
    pub(super) fn card_of(&self, operation: &Operation) -> Card {
        let mut card = self.0.cards.get_or_unread(&operation.card);
        if card.owner.is_none() && operation.before.owner.is_some() {
            card.owner.clone_from(&operation.before.owner);
        }
        card
    }

    /// Notes what a lookup says of the account. After a failure no reading may come for a while:
    /// then the figures are possibly old from now on.
    async fn note_lookup(&self, account: &Account, seen: &Result<Lookup, Error>, at: Timestamp) {
        match seen {
            Ok(_) => account.note_success(at),
            Err(error) => {
                if let Some(why) = account.note_failure(error, at) {
                    self.make_stale(account, &why).await;
                }
            }
        }
        self.emit_health(account).await;
    }

    /// A row of the same sum may be somebody else's: where the card's figures contradict it, the
    /// operation counts as not found, with that row as its candidate.
    async fn without_contradiction(
        &self,
        account: &Account,
        card: &Card,
        operation: &Operation,
        seen: Result<Lookup, Error>,
    ) -> Result<Lookup, Error> {
        let Ok(Lookup::Done { proof, credit, by: Evidence::List }) = seen else { return seen };
        Ok(match self.contradiction(account, card, operation, credit.as_deref()).await {
            Some(words) => {
                Lookup::NotFound { looked: format!("{proof}, but {words}"), candidate: credit }
            }
            None => Lookup::Done { proof, credit, by: Evidence::List },
        })
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
            StoreError::NotFound => Refused::NoSuchOperation(id),
            error => self.not_written(&error),
        })
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

    pub(super) fn unread(&self, error: &StoreError) -> String {
        format!("the data file {} {error}", text::of_path(self.0.store.path()))
    }

    /// What a lookup means of an operation that a person settled as failed: a credit that may be
    /// its own raises an alarm.
    async fn watch(
        &self,
        operation: &Operation,
        seen: Result<Lookup, Error>,
        finding: impl Fn(String, OperationState) -> Finding,
    ) -> Result<Operation, Refused> {
        let now = self.0.clock.now();
        let (id, state) = (operation.id, operation.state);
        let over = operation.watched_until.is_some_and(|until| until <= now);
        let alarm = match &seen {
            Ok(Lookup::Done { proof, .. }) => Some(proof.clone()),
            Ok(Lookup::Pending { looked } | Lookup::NotFound { looked, candidate: Some(_) }) => {
                Some(looked.clone())
            }
            Ok(Lookup::Failed { .. } | Lookup::NotFound { candidate: None, .. }) | Err(_) => None,
        };
        let alarm = alarm.map(|seen| {
            format!("settled as FAILED by a person, but it may have been paid: {seen}")
        });
        if let Some(alarm) = &alarm {
            self.emit(EngineEvent::Trouble(format!("op {} was {alarm}", id.short()))).await;
        }
        // Only a look that found nothing ends the watch, not one that could not be made.
        let written = if over && seen.is_ok() || alarm.is_some() {
            self.0.store.end_watch(id, now, alarm).await
        } else {
            let words = operation.detail.as_deref().unwrap_or_default().to_owned();
            self.0.store.record(id, finding(words, state)).await
        };
        let found = written.map_err(|error| self.not_written(&error))?;
        self.announce(&found).await;
        Ok(found)
    }
}
