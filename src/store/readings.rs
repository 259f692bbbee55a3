//! What is saved of readings, and what the store answers.

use std::collections::HashSet;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::domain::card::{CardKey, ProviderId};

/// A complete reading of the transactions of an account, or of one card.
#[derive(Clone, Debug)]
pub struct CompleteReading {
    /// The account.
    pub provider: ProviderId,
    /// The card, where it was one card's list.
    pub card: Option<CardKey>,
    /// From when on rows were asked for.
    pub since: Timestamp,
    /// Up to when.
    pub until: Timestamp,
    /// When it began.
    pub at: Timestamp,
    /// How far apart two readings are that agree.
    pub apart: SignedDuration,
    /// The rows it had, by card and id.
    pub listed: HashSet<(Option<Arc<str>>, Arc<str>)>,
    /// When the oldest of them happened: only holds after it should have been there, too.
    pub oldest: Timestamp,
}
