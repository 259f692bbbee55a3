//! Words of providers that cardtop has no meaning for.

use std::collections::BTreeMap;
use std::sync::Arc;

/// A provider's words that are not mapped, with how many rows and cards have each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UnmappedWords {
    /// Words for states of transactions and cards.
    pub states: BTreeMap<Arc<str>, u64>,
    /// Codes of declined purchases.
    pub decline_codes: BTreeMap<Arc<str>, u64>,
}

impl UnmappedWords {
    /// Whether every word is mapped.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.states.is_empty() && self.decline_codes.is_empty()
    }
}
