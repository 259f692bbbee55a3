//! Why a row of an answer could not be read.

use std::sync::Arc;

use crate::domain::text;

/// A row that could not be read, and why. It is counted on screen; the rest of its page is kept.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct RowError(pub Arc<str>);

impl RowError {
    /// Why a row could not be read; cleaned, since it may quote the provider.
    #[must_use]
    pub fn new(why: &str) -> Self {
        Self(text::clean(why).into())
    }
}
