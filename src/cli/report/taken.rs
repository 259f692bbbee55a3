//! What top-ups took of a float. Pure.

use std::collections::BTreeMap;

use crate::contract::Reconciled;
use crate::domain::card::ProviderId;
use crate::domain::money::Money;
use crate::domain::operation::{Operation, OperationState};

/// Sums by account and currency code.
pub(super) type Taken = BTreeMap<(ProviderId, String), Money>;

/// The credits of the lists with their fees, whoever made them, and of ours what no list has: the
/// journal knows of it before any list does. What may have happened counts as taken.
pub(super) fn taken(all: &[Reconciled]) -> Taken {
    let mut taken = Taken::new();
    let mut add = |provider: &ProviderId, sum: Money| {
        let currency = sum.currency();
        let name = (provider.clone(), currency.code().to_owned());
        let known = taken.entry(name).or_insert(Money::zero(currency));
        *known = known.checked_add(sum).unwrap_or(*known);
    };
    for Reconciled { ours, theirs, .. } in all {
        if let Some(row) = theirs {
            add(&row.provider, row.amount);
            if let Some(fee) = row.fee {
                add(&row.provider, fee);
            }
        } else if let Some(operation) = ours.as_ref().filter(|ours| may_have_happened(ours))
            && let Some(amount) = operation.amount
        {
            add(&operation.card.provider, amount);
        }
    }
    taken
}

const fn may_have_happened(operation: &Operation) -> bool {
    match operation.state {
        OperationState::Sent
        | OperationState::Accepted
        | OperationState::Done
        | OperationState::Unknown => true,
        OperationState::Failed => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::Matching;
    use crate::contract::samples::{money, operation, transaction};
    use crate::domain::transaction::Transaction;

    fn sums(all: &[Reconciled]) -> Vec<String> {
        taken(all).into_values().map(|sum| sum.to_string()).collect()
    }

    #[test]
    fn each_top_up_is_taken_once_whether_a_list_the_journal_or_both_have_it() {
        let ours = |state, amount: &str| Operation {
            state,
            amount: Some(money(amount, "USD")),
            ..operation()
        };
        let theirs = |amount: &str, fee: Option<&str>| Transaction {
            provider: operation().card.provider,
            amount: money(amount, "USD"),
            fee: fee.map(|fee| money(fee, "USD")),
            ..transaction()
        };
        let one = |matching, ours, theirs| Reconciled { matching, ours, theirs };
        let matched = one(
            Matching::Named,
            Some(ours(OperationState::Done, "10.00")),
            Some(theirs("10.00", Some("0.25"))),
        );
        let missing = one(Matching::OursOnly, Some(ours(OperationState::Accepted, "20.00")), None);
        let unknown = one(Matching::OursOnly, Some(ours(OperationState::Unknown, "3.00")), None);
        let failed = one(Matching::OursOnly, Some(ours(OperationState::Failed, "500.00")), None);
        let foreign = one(Matching::TheirsOnly, None, Some(theirs("100.00", None)));
        assert_eq!(sums(std::slice::from_ref(&matched)), ["10.25 USD"]);
        assert_eq!(sums(&[matched, missing, unknown, failed, foreign]), ["133.25 USD"]);
        assert_eq!(sums(&[]), Vec::<String>::new());
    }
}
