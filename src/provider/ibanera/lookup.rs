//! What became of a top-up at ibanera, from the card's transactions (ibanera wire notes, 5.3).
//! Pure.

use std::sync::Arc;

use super::settings::IDS;
use crate::domain::operation::Operation;
use crate::domain::transaction::{Transaction, TransactionKind, TransactionState};
use crate::provider::{Evidence, Lookup, MatchedCredits};

/// The fate of a top-up among the card's transactions: our reference is in the description, or the
/// row has the id that the transfer was answered with (ibanera wire notes, 5.3). A smaller amount
/// is ours less the fee.
pub(super) fn find_top_up(
    rows: &[Transaction],
    unread: usize,
    operation: &Operation,
    claimed: &MatchedCredits,
) -> Lookup {
    let (outgoing, incoming): (Vec<&Transaction>, Vec<&Transaction>) = rows
        .iter()
        .filter(|row| {
            row.card_id.as_deref() == Some(&operation.card.id) && !claimed.credits.contains(&row.id)
        })
        .filter(|row| {
            has_reference(operation, row) || is_answered(operation, row) && is_new(operation, row)
        })
        .partition(|row| {
            !matches!(row.kind, TransactionKind::TopUp | TransactionKind::Other)
                || row.amount.is_negative()
        });
    // The sign rule of the wire is inferred: the amount with a minus, or what came of it, may be a
    // top-up taken back, or a top-up.
    let came_in =
        |row: &&Transaction| incoming.iter().any(|other| other.amount.abs() == row.amount.abs());
    if let Some(row) =
        outgoing.iter().find(|row| Some(row.amount.abs()) == operation.amount || came_in(row))
    {
        return Lookup::Pending {
            looked: format!("id {} has our reference and is going out or back", row.id),
        };
    }
    let row = match incoming.as_slice() {
        [] => {
            let unread = match unread {
                0 => String::new(),
                unread => format!(" ({unread} rows could not be read)"),
            };
            let looked = format!(
                "{} transactions of the card{unread}, none with {}",
                rows.len(),
                operation.reference
            );
            return Lookup::not_found(looked);
        }
        [row] => *row,
        several => {
            let looked =
                format!("{} matches for {}, cannot tell which", several.len(), operation.reference);
            return Lookup::Pending { looked };
        }
    };
    credited(row, operation)
}

/// What one incoming row of the top-up says of it.
fn credited(row: &Transaction, operation: &Operation) -> Lookup {
    let asked = operation.amount.unwrap_or(row.amount);
    if row.amount.currency() != asked.currency()
        || row.amount.amount() > asked.amount()
        || row.amount.amount().is_zero()
    {
        return Lookup::Pending {
            looked: format!("id {} has our reference and another amount: {}", row.id, row.amount),
        };
    }
    match row.state {
        TransactionState::Cleared => {
            let how = if has_reference(operation, row) {
                "with our reference"
            } else {
                "that the transfer was answered with"
            };
            let proof = format!("+{} {how}, id {}", row.amount, row.id);
            Lookup::Done { proof, credit: Some(Arc::clone(&row.id)), by: Evidence::Reference }
        }
        TransactionState::Hold
        | TransactionState::Declined
        | TransactionState::Reversed
        | TransactionState::Failed
        | TransactionState::Unknown => {
            Lookup::Pending { looked: format!("id {} is still pending", row.id) }
        }
    }
}

fn has_reference(operation: &Operation, row: &Transaction) -> bool {
    let text = row.description.as_deref().unwrap_or_default().to_lowercase();
    text.contains(&operation.reference.to_lowercase())
}

/// Whether the row was not there before the top-up was sent: an id that the provider answered with
/// by mistake proves nothing.
fn is_new(operation: &Operation, row: &Transaction) -> bool {
    operation.baseline.as_ref().is_none_or(|baseline| !baseline.credits.contains(&row.id))
}

/// Whether the row has the id that the transfer was answered with.
fn is_answered(operation: &Operation, row: &Transaction) -> bool {
    operation
        .provider_reference
        .as_deref()
        .is_some_and(|id| IDS.transactions.canonical(id) == row.id)
}
