//! What transactions and operations say of one card, and until when that holds.

use std::borrow::Borrow;
use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::FRESH;
use crate::domain::card::CardKey;
use crate::domain::money::Money;
use crate::domain::operation::{ActionKind, Operation, OperationState};
use crate::domain::transaction::{Transaction, TransactionState};

/// How long a credit that contradicts a person's word keeps a card at the top.
const ALARMING: SignedDuration = SignedDuration::from_hours(48);

/// What transactions and operations say of one card.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Signals {
    pub(super) declined: Option<(Timestamp, Money)>,
    pub(super) unknown: Option<(ActionKind, Timestamp)>,
    pub(super) failed: Option<(ActionKind, Timestamp)>,
    pub(super) in_flight: Option<(ActionKind, OperationState, Timestamp)>,
    pub(super) frozen: Option<(Arc<str>, Timestamp)>,
    switched: bool,
    until: Option<Timestamp>,
}

impl Signals {
    /// Of the transactions and operations of one card, both newest first.
    #[must_use]
    pub fn of<T: Borrow<Transaction>, O: Borrow<Operation>>(
        transactions: impl IntoIterator<Item = T>,
        operations: impl IntoIterator<Item = O>,
        now: Timestamp,
    ) -> Self {
        let mut signals = Self::default();
        let mut fresh = transactions.into_iter().take_while(|row| is_fresh(row.borrow().at, now));
        if let Some(row) = fresh.find(|row| row.borrow().state == TransactionState::Declined) {
            signals.add_decline(row.borrow());
        }
        for operation in operations {
            signals.add_operation(operation.borrow(), now);
        }
        signals
    }

    /// Of all transactions and operations, both newest first; cards of which they say nothing are
    /// left out.
    #[must_use]
    pub fn of_all<T: Borrow<Transaction>, O: Borrow<Operation>>(
        transactions: impl IntoIterator<Item = T>,
        operations: impl IntoIterator<Item = O>,
        now: Timestamp,
    ) -> BTreeMap<CardKey, Self> {
        let mut all: BTreeMap<CardKey, Self> = BTreeMap::new();
        for row in transactions.into_iter().take_while(|row| is_fresh(row.borrow().at, now)) {
            let row = row.borrow();
            if row.state == TransactionState::Declined
                && let Some(key) = row.card()
            {
                all.entry(key).or_default().add_decline(row);
            }
        }
        for operation in operations {
            let operation = operation.borrow();
            all.entry(operation.card.clone()).or_default().add_operation(operation, now);
        }
        all.retain(|_, signals| !signals.is_silent());
        all
    }

    /// Whether they say nothing.
    #[must_use]
    pub fn is_silent(&self) -> bool {
        *self == Self::default()
    }

    /// Whether a decline is among what they say.
    #[must_use]
    pub const fn has_decline(&self) -> bool {
        self.declined.is_some()
    }

    /// From when on they say something else, if only time passes; `None` when never.
    #[must_use]
    pub const fn until(&self) -> Option<Timestamp> {
        self.until
    }

    fn add_decline(&mut self, row: &Transaction) {
        if self.declined.is_none() {
            self.declined = Some((row.at, row.amount));
            self.holds_until(after(row.at, fresh()));
        }
    }

    /// Takes in an operation that is older than those before.
    fn add_operation(&mut self, operation: &Operation, now: Timestamp) {
        let (action_kind, updated_at) = (operation.action_kind, operation.updated_at);
        match operation.state {
            OperationState::Unknown => {
                _ = self.unknown.get_or_insert((action_kind, operation.created_at));
            }
            // A person settled it as failed, and a credit came all the same: nobody can tell again.
            OperationState::Failed
                if operation.alarm.is_some() && now.duration_since(updated_at) < ALARMING =>
            {
                self.holds_until(after(updated_at, ALARMING));
                _ = self.unknown.get_or_insert((action_kind, updated_at));
            }
            OperationState::Failed if is_fresh(updated_at, now) => {
                self.holds_until(after(updated_at, fresh()));
                _ = self.failed.get_or_insert((action_kind, updated_at));
            }
            OperationState::Sent | OperationState::Accepted if operation.is_open() => {
                let in_flight = (action_kind, operation.state, operation.created_at);
                _ = self.in_flight.get_or_insert(in_flight);
            }
            OperationState::Sent
            | OperationState::Accepted
            | OperationState::Done
            | OperationState::Failed => {}
        }
        let took = matches!(operation.state, OperationState::Done | OperationState::Accepted);
        if took
            && !self.switched
            && matches!(action_kind, ActionKind::Freeze | ActionKind::Unfreeze)
        {
            self.switched = true;
            if action_kind == ActionKind::Freeze {
                self.frozen = Some((Arc::clone(&operation.operator), operation.created_at));
            }
        }
    }

    fn holds_until(&mut self, at: Option<Timestamp>) {
        self.until = match (self.until, at) {
            (Some(known), Some(at)) => Some(known.min(at)),
            (known, at) => known.or(at),
        };
    }
}

fn fresh() -> SignedDuration {
    SignedDuration::try_from(FRESH).unwrap_or(SignedDuration::MAX)
}

fn is_fresh(at: Timestamp, now: Timestamp) -> bool {
    now.duration_since(at) < fresh()
}

fn after(at: Timestamp, span: SignedDuration) -> Option<Timestamp> {
    at.checked_add(span).ok()
}
