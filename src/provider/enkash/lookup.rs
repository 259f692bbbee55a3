//! What became of a load at enkash, from the rows that `/transaction/all` answers for our reference
//! (enkash wire notes, 2.14 and 5). Pure.
//!
//! Nothing here guesses a failure: a status word that is not documented counts as pending (enkash
//! wire notes, 4.7).

use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::value::RawValue;

use super::settings::IDS;
use super::wire::{CARD_ID, TIMES, amount, credit, currency, state, transaction_id};
use crate::domain::money::Money;
use crate::domain::operation::{Operation, OperationState};
use crate::domain::proof::Credit;
use crate::domain::transaction::{TransactionKind, TransactionState};
use crate::provider::json::JsonObject;
use crate::provider::listing::{self, RowReader};
use crate::provider::{Evidence, Lookup, MatchedCredits};

/// What of a row matters for the fate of a load; every part may be missing.
struct Trace {
    id: Option<Arc<str>>,
    reference: Option<Arc<str>>,
    status: Option<Arc<str>>,
    amount: Option<Money>,
    at: Option<Timestamp>,
    credit: Option<bool>,
    card: Option<Arc<str>>,
}

impl Trace {
    fn read(raw: &RawValue, zone: &TimeZone) -> Option<Self> {
        let row = JsonObject::read(raw).ok()?;
        let currency = currency(&row).ok()?;
        Some(Self {
            id: transaction_id(&row),
            reference: row.first_id(&[
                "pgReferenceNumber",
                "uniqueReferenceNumber",
                "uniqueReferenceNum",
            ]),
            status: row.text("status"),
            amount: amount(&row, currency).ok().flatten(),
            at: listing::first_readable(&TIMES, |name| row.time(name, zone)).ok().flatten(),
            credit: credit(&row),
            card: listing::card_id(&row, &CARD_ID, IDS.cards, None),
        })
    }

    /// Whether the card's list did not have the row before the load was sent, as far as can be
    /// told.
    fn is_new(&self, operation: &Operation) -> bool {
        let (Some(baseline), Some(at)) = (&operation.baseline, self.at) else { return false };
        let id = self.id.as_deref().unwrap_or_default();
        baseline.classify(id, at, operation.created_at) == Credit::New
    }

    /// What the row, which is the operation's, says of it. `may_be_another` is set where its
    /// failure may be that of another load of the same sum.
    fn outcome(
        &self,
        state: TransactionState,
        operation: &Operation,
        may_be_another: bool,
    ) -> Lookup {
        let reference = &operation.reference;
        let status = self.status.as_deref().unwrap_or("no status");
        match state {
            TransactionState::Cleared => {
                let id = self.id.as_deref().map(|id| format!(", id {id}")).unwrap_or_default();
                let sum = operation
                    .amount
                    .map_or_else(|| "the load".to_owned(), |amount| format!("+{amount}"));
                // A row that names no reference was the only answer to the question for ours.
                let (how, by) = if self.reference.is_some() {
                    ("with our reference", Evidence::Reference)
                } else {
                    ("asked for by our reference", Evidence::List)
                };
                Lookup::Done {
                    proof: format!("{sum} {how} says {status}{id}"),
                    credit: self.id.clone(),
                    by,
                }
            }
            TransactionState::Failed if may_be_another => Lookup::NotFound {
                looked: "a load of this sum without a reference failed, cannot tell whether it \
                         was this one"
                    .to_owned(),
                candidate: None,
            },
            TransactionState::Failed => Lookup::Failed {
                why: format!("enkash says {status} for reference {reference}"),
                row: self.id.clone(),
            },
            TransactionState::Hold
            | TransactionState::Declined
            | TransactionState::Reversed
            | TransactionState::Unknown => {
                Lookup::Pending { looked: format!("reference {reference} says {status}") }
            }
        }
    }

    /// Whether the row is the operation's: it carries our reference, or it is the only row of the
    /// lookup, says no reference, and amount and time are right.
    fn is_of(&self, operation: &Operation, alone: bool) -> bool {
        match self.reference.as_deref() {
            Some(reference) => reference.eq_ignore_ascii_case(&operation.reference),
            None => {
                alone
                    && same_size(self.amount, operation.amount) == Some(true)
                    && self.is_new(operation)
            }
        }
    }
}

fn same_size(seen: Option<Money>, asked: Option<Money>) -> Option<bool> {
    let (seen, asked) = (seen?, asked?);
    Some(seen.currency() == asked.currency() && seen.amount().abs() == asked.amount())
}

/// The fate of a load from the rows that are answered for our reference.
///
/// A row without any reference can be ours by its sum and time only: it has to be new in the card's
/// list, and where other systems top up the same cards it proves nothing of a lost answer.
pub(super) fn find_load(
    rows: &[&RawValue],
    reader: &RowReader<'_>,
    operation: &Operation,
    claimed: &MatchedCredits,
    others_top_up: bool,
) -> Lookup {
    let traces: Vec<Trace> = rows.iter().filter_map(|raw| Trace::read(raw, &reader.zone)).collect();
    // A row without a reference may be any equal top-up's.
    let alone = rows.len() == 1 && claimed.reserved == 0 && claimed.open == 0;
    let mut ours: Vec<&Trace> = traces
        .iter()
        .filter(|trace| trace.is_of(operation, alone))
        .filter(|trace| trace.credit != Some(false))
        .filter(|trace| trace.card.as_deref().is_none_or(|card| *card == *operation.card.id))
        .filter(|trace| trace.id.as_ref().is_none_or(|id| !claimed.credits.contains(id)))
        .collect();
    ours.dedup_by(|later, earlier| {
        later.id.is_some() && later.id == earlier.id && later.status == earlier.status
    });
    let reference = &operation.reference;
    let trace = match ours.as_slice() {
        [] => return Lookup::not_found(format!("no load with reference {reference}")),
        [trace] => *trace,
        several => {
            let looked =
                format!("{} matches for reference {reference}, cannot tell which", several.len());
            return Lookup::Pending { looked };
        }
    };
    if let (Some(false), Some(amount)) = (same_size(trace.amount, operation.amount), trace.amount) {
        return Lookup::Pending {
            looked: format!("reference {reference} is there with another amount: {amount}"),
        };
    }
    if trace.reference.is_none() && others_top_up && operation.state != OperationState::Accepted {
        let looked = "a load of this sum without a reference, but other systems top up this card \
                      too: a person has to settle it";
        return Lookup::NotFound { looked: looked.to_owned(), candidate: trace.id.clone() };
    }
    let may_be_another = trace.reference.is_none() && (others_top_up || claimed.failed > 0);
    trace.outcome(
        state(trace.status.as_deref(), TransactionKind::TopUp, reader.spelling),
        operation,
        may_be_another,
    )
}
