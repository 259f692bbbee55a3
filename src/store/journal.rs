//! What is written into the journal of operations, and what it answers.

use std::sync::Arc;

use jiff::Timestamp;

use super::Permit;
use crate::domain::card::CardKey;
use crate::domain::operation::{Operation, OperationId, OperationState, StepKind};
use crate::domain::proof::ProvenBy;

/// What asking for an intent found.
#[derive(Debug)]
pub enum Intent {
    /// Saved: it may be sent, once.
    Saved(Permit),
    /// Not saved: an earlier operation of the same card has to be settled first.
    Blocked(Box<Operation>),
    /// Not saved: an equal top-up of the same card was done while the list was read.
    Repeats(Box<Operation>),
}

/// Why an intent is not saved.
#[derive(Debug)]
pub(super) enum NotSaved {
    /// What is in its way.
    Obstacle(Intent),
    /// The journal has it, or another operation of the same payment: this one.
    Known(OperationId),
}

/// What became known of an operation.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// When.
    pub at: Timestamp,
    /// By which kind of step.
    pub kind: StepKind,
    /// In words; kept as the operation's detail.
    pub words: String,
    /// The state it is in from now on.
    pub state: OperationState,
    /// What the provider answered with to find it again.
    pub provider_reference: Option<Arc<str>>,
    /// The transaction that shows it done, or failed.
    pub credit: Option<Arc<str>>,
    /// When it will be looked up next.
    pub next_look: Option<Timestamp>,
    /// Who says so, where that settles it.
    pub proven_by: Option<ProvenBy>,
}

impl Finding {
    /// A finding that names no transaction and plans no lookup.
    #[must_use]
    pub const fn new(at: Timestamp, kind: StepKind, words: String, state: OperationState) -> Self {
        Self {
            at,
            kind,
            words,
            state,
            provider_reference: None,
            credit: None,
            next_look: None,
            proven_by: None,
        }
    }
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
    pub credit: Option<Arc<str>>,
    /// Until when it is looked up all the same.
    pub watched_until: Option<Timestamp>,
    /// Top-ups of the card's list that the person says are somebody else's: none of them raises an
    /// alarm later.
    pub not_its: Vec<Arc<str>>,
}

/// What became of a person's word.
#[derive(Debug)]
pub enum Settled {
    /// It is in the journal; the operation as it now is.
    Written(Box<Operation>),
    /// It is not: the operation is not open any more, or is just being sent.
    NotOpen(Box<Operation>),
    /// It is not: the transaction belongs to this other operation.
    CreditTaken(String),
}

/// A transaction that an operation names as its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The operation.
    pub operation: OperationId,
    /// The card of both.
    pub card: CardKey,
    /// The canonical id of the transaction, or of its task.
    pub credit: Arc<str>,
}

/// An operation in state SENT, and who is sending it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BeingSent {
    /// The operation.
    pub id: OperationId,
    /// The process that wrote the intent.
    pub process: u32,
    /// When its line was written last.
    pub since: Timestamp,
}

/// What a journal that was checked is like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// How many lines it has.
    pub lines: u64,
    /// The hash of the last line, in hexadecimal; of an empty journal the word it stands on.
    pub last_hash: String,
    /// How many lines the note outside the file knows; `None` where there is no note.
    pub noted: Option<u64>,
}
