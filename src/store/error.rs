//! Why the data file did not do what was asked of it.

use crate::domain::operation::OperationId;

/// Why a verb of the store failed; then nothing was written. The sentence fits behind "the data
/// file …".
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// It is no database, or a damaged one.
    #[error("is broken: move it away and start again, or restore it from a copy")]
    Broken,
    /// Its owner or mode forbids writing.
    #[error("cannot be written: check its owner and mode")]
    NotWritable,
    /// The disk is full.
    #[error("cannot grow: the disk is full")]
    Full,
    /// Another process holds it for longer than is waited.
    #[error("is held by another process: try again")]
    Busy,
    /// The disk did not read or write; the words of the system.
    #[error("cannot be used: {0}")]
    Disk(String),
    /// It has no such operation or transaction.
    #[error("cannot be used: Query returned no rows")]
    NotFound,
    /// The intent is not of the card and action that are to be sent with it: a fault of cardtop.
    #[error("cannot be used: the intent is not of this card and action")]
    Mismatch,
    /// It has the operation, or one of the same payment, already.
    #[error("has this payment already, as operation {0}")]
    Known(OperationId),
    /// Anything else, in the store's own words.
    #[error("cannot be used: {0}")]
    Other(String),
}

impl StoreError {
    /// Whether it says nothing against the file itself: the disk is full or failing, or another
    /// process holds the file. What only reads may go on without it.
    #[must_use]
    pub const fn is_passing(&self) -> bool {
        match self {
            Self::Full | Self::Busy | Self::Disk(_) => true,
            Self::Broken
            | Self::NotWritable
            | Self::NotFound
            | Self::Mismatch
            | Self::Known(_)
            | Self::Other(_) => false,
        }
    }
}
