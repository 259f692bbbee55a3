//! A row of the feed or of a card's timeline: a transaction or an operation, by identity and as it
//! is known now.

use jiff::Timestamp;

use super::portfolio::Portfolio;
use crate::domain::card::CardKey;
use crate::domain::operation::{Operation, OperationId, OperationState};
use crate::domain::transaction::Transaction;
use crate::ledger::RowKey;

/// A row by identity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Entry {
    Transaction(RowKey),
    Operation(OperationId),
}

/// A row as it is known now. Made for rows that are looked at, and for no others.
#[derive(Clone, Debug)]
pub(crate) enum Known<'a> {
    Transaction(Box<Transaction>),
    Operation(&'a Operation),
}

impl Entry {
    /// The row as it is known now; `None` when it is not known any more.
    pub(crate) fn known<'a>(&self, portfolio: &'a Portfolio) -> Option<Known<'a>> {
        match self {
            Self::Transaction(key) => {
                portfolio.transaction(key).map(|row| Known::Transaction(Box::new(row)))
            }
            Self::Operation(id) => portfolio.operation(*id).map(Known::Operation),
        }
    }
}

impl Known<'_> {
    /// The card it is about.
    pub(crate) fn card(&self) -> Option<CardKey> {
        match self {
            Self::Transaction(row) => row.card(),
            Self::Operation(operation) => Some(operation.card.clone()),
        }
    }

    /// When it happened, or was requested.
    pub(crate) fn at(&self) -> Timestamp {
        match self {
            Self::Transaction(row) => row.at,
            Self::Operation(operation) => operation.created_at,
        }
    }
}

/// Whether an operation failed or is in doubt.
pub(crate) const fn is_in_trouble(operation: &Operation) -> bool {
    matches!(operation.state, OperationState::Unknown | OperationState::Failed)
}
