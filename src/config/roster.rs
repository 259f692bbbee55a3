//! Cards of a provider without a list.

use std::path::Path;

use crate::domain::card::{Card, ProviderId};

/// What a roster says.
pub struct Roster {
    /// The cards.
    pub cards: Vec<Card>,
    /// Lines that were skipped.
    pub bad: Vec<String>,
}

/// Reads a roster.
///
/// # Errors
/// One sentence.
pub fn read(_provider: &ProviderId, _path: &Path) -> Result<Roster, String> {
    Err("stub".to_owned())
}
