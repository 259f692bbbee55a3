//! One transaction in words: where it happened, how far it got, and why it was declined.

use std::sync::Arc;

use jiff::Timestamp;

use super::decline;
use super::operation;
use super::role::Role;
use super::time::TimeFormat;
use crate::app::portfolio::Portfolio;
use crate::domain::attention::FRESH;
use crate::domain::transaction::{Listed, RowName, Transaction, TransactionState};

/// What a transaction's state means.
pub(crate) const fn state_role(row: &Transaction) -> Role {
    match row.state {
        TransactionState::Declined | TransactionState::Unknown => Role::Caution,
        TransactionState::Failed => Role::Danger,
        TransactionState::Hold => Role::Text,
        TransactionState::Cleared | TransactionState::Reversed => Role::Muted,
    }
}

/// Where it happened; a top-up by cardtop names its operation.
pub(crate) fn merchant(portfolio: &Portfolio, row: &Transaction) -> String {
    let operation = row.operation.and_then(|id| portfolio.operation(id));
    match (operation, &row.merchant) {
        (Some(operation), _) => operation::name(operation),
        (None, Some(merchant)) => merchant.to_string(),
        (None, None) => row.description.as_deref().unwrap_or("").to_owned(),
    }
}

/// As [`state_in_words`], but a fresh decline also says what the card is short of. Of an older one
/// that is not known: the balance of that time is gone.
pub(crate) fn in_words(portfolio: &Portfolio, row: &Transaction, time: TimeFormat) -> String {
    if let Listed::GoneSince { at, cleared_as } = &row.listed {
        return gone(portfolio, row, (*at, time), cleared_as.as_ref());
    }
    let card = row.card().and_then(|key| portfolio.cards.record(&key));
    let fresh = portfolio.now.duration_since(row.at).unsigned_abs() < FRESH;
    match card {
        Some(card) if row.state == TransactionState::Declined && fresh => {
            decline::why_short(&card.card(), row)
        }
        Some(_) | None => row.in_plain_words(),
    }
}

/// Where there is little room: what a fresh decline was short of before anything else, as the last
/// word.
pub(crate) fn in_few_words(portfolio: &Portfolio, row: &Transaction, time: TimeFormat) -> String {
    let card = row.card().and_then(|key| portfolio.cards.record(&key));
    let fresh = portfolio.now.duration_since(row.at).unsigned_abs() < FRESH;
    match card.filter(|_| fresh && row.state == TransactionState::Declined) {
        Some(card) => decline::shortfall_in_words(&card.card(), row),
        None => None,
    }
    .unwrap_or_else(|| state_in_words(portfolio, row, time))
}

/// How far a transaction got, in words, with the time of what became of a hold.
pub(crate) fn state_in_words(portfolio: &Portfolio, row: &Transaction, time: TimeFormat) -> String {
    match &row.listed {
        Listed::GoneSince { at, cleared_as } => {
            gone(portfolio, row, (*at, time), cleared_as.as_ref())
        }
        Listed::Still => row.in_plain_words(),
    }
}

/// A hold that is not listed any more: since when, or what it cleared as and when.
fn gone(
    portfolio: &Portfolio,
    row: &Transaction,
    (since, time): (Timestamp, TimeFormat),
    cleared_as: Option<&Arc<str>>,
) -> String {
    let time = |at| portfolio.local_time(at, time);
    match cleared_as {
        Some(id) => {
            let name = RowName { id: Arc::clone(id), ..RowName::from(row) };
            let posted = row.card_id.as_ref().and_then(|_| portfolio.transactions.at_named(&name));
            let when = posted.map(|at| format!(" {}", time(at))).unwrap_or_default();
            format!("cleared as {id}{when}")
        }
        None => format!("no longer listed since {}", time(since)),
    }
}
