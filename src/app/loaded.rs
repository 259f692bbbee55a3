//! How much of the data file was in memory when the rows of a pane were made.

use super::portfolio::Portfolio;

/// Whether rows were made of all that the data file has. Rows that are held while a screen is
/// paused or a dialog is open keep what was true of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Loaded {
    /// Every transaction.
    pub(crate) transactions: bool,
    /// Every operation.
    pub(crate) operations: bool,
}

impl Loaded {
    /// What is loaded now.
    pub(crate) const fn now(portfolio: &Portfolio) -> Self {
        Self {
            transactions: portfolio.is_history_loaded(),
            operations: portfolio.operations.is_whole(),
        }
    }

    /// Every transaction and operation.
    pub(crate) const fn all(self) -> bool {
        self.transactions && self.operations
    }
}
