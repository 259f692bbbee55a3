//! Which credit is whose. Pure.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::contract::{Matching, Reconciled};
use crate::domain::card::CardKey;
use crate::domain::operation::{Operation, OperationId, OperationState};
use crate::domain::transaction::{Transaction, TransactionKind};
use crate::engine::Claim;

/// How long after it was asked a top-up's credit may come, where only its sum names it: as long as
/// one is looked for that a person settled as failed.
const CREDITED_WITHIN: SignedDuration = SignedDuration::from_hours(48);

/// Compares top-ups of ours with the credits of the lists, newest first: what was asked or came
/// since then. Earlier ones keep their credits.
pub(in crate::cli) fn compare(
    mut operations: Vec<Operation>,
    mut rows: Vec<Transaction>,
    claims: &[Claim],
    since: Timestamp,
) -> Vec<Reconciled> {
    rows.retain(|row| row.kind == TransactionKind::TopUp && !row.state.has_failed());
    // The oldest top-up takes the oldest credit that fits.
    rows.sort_by(|a, b| (a.at, &a.id).cmp(&(b.at, &b.id)));
    operations.sort_by_key(|operation| (operation.created_at, operation.id));
    let named = Named::of(claims);
    let (found, taken) = found(&operations, &rows, &named);
    let mut all: Vec<Reconciled> = operations
        .into_iter()
        .zip(found)
        .filter(|(operation, _)| operation.created_at >= since)
        // That it did not happen, and that there is no credit, is the same.
        .filter(|(operation, found)| found.is_some() || operation.state != OperationState::Failed)
        .map(|(operation, found)| Reconciled {
            matching: found.map_or(Matching::OursOnly, |(_, matching)| matching),
            theirs: found.and_then(|(at, _)| rows.get(at).cloned()),
            ours: Some(operation),
        })
        .collect();
    let theirs = rows.into_iter().enumerate().filter(|(at, row)| {
        // One that the journal names as that of an operation is no news, whatever became of both.
        row.at >= since && !taken.contains(at) && row.operation.is_none() && !named.owns(row)
    });
    all.extend(theirs.map(|(_, row)| Reconciled {
        matching: Matching::TheirsOnly,
        ours: None,
        theirs: Some(row),
    }));
    all.sort_by_key(|row| std::cmp::Reverse(row.at()));
    all
}

/// The credit of each operation, by its place among the rows, and which are taken.
fn found(
    operations: &[Operation],
    rows: &[Transaction],
    named: &Named<'_>,
) -> (Vec<Option<(usize, Matching)>>, HashSet<usize>) {
    let mut of_card: HashMap<CardKey, Vec<(usize, &Transaction)>> = HashMap::new();
    for (at, row) in rows.iter().enumerate() {
        if let Some(card) = row.card() {
            of_card.entry(card).or_default().push((at, row));
        }
    }
    let mut taken = HashSet::new();
    let mut take = |operation: &Operation, test: &dyn Fn(&Transaction) -> bool| {
        let own = of_card.get(&operation.card)?;
        let (at, row) = own.iter().find(|(at, row)| !taken.contains(at) && test(row))?;
        taken.insert(*at);
        Some((*at, *row))
    };
    let mut found: Vec<Option<(usize, Matching)>> = operations
        .iter()
        .map(|operation| {
            let (at, row) = take(operation, &|row| named.is_of(row, operation))?;
            let is_equal = operation.amount.is_some_and(|amount| row.is_of_sum(amount));
            Some((at, if is_equal { Matching::Named } else { Matching::DifferentSums }))
        })
        .collect();
    // What nothing names is only matched where it is known to have happened.
    for (operation, found) in operations.iter().zip(&mut found) {
        let happened = matches!(operation.state, OperationState::Done | OperationState::Accepted);
        if found.is_some() || !happened || named.has(operation) {
            continue;
        }
        let is_free = |row: &Transaction| row.operation.is_none() && !named.owns(row);
        // A credit that comes later is another one's: an old top-up takes none of today.
        let is_in_time =
            |row: &Transaction| row.at.duration_since(operation.created_at) <= CREDITED_WITHIN;
        let fits = take(operation, &|row| is_free(row) && is_in_time(row) && operation.may_be(row));
        *found = fits.map(|(at, _)| (at, Matching::BySum));
    }
    (found, taken)
}

/// Which credits the journal names.
struct Named<'a> {
    of: HashMap<OperationId, &'a Claim>,
    credits: HashSet<(&'a CardKey, &'a Arc<str>)>,
}

impl<'a> Named<'a> {
    fn of(claims: &'a [Claim]) -> Self {
        Self {
            of: claims.iter().map(|claim| (claim.operation, claim)).collect(),
            credits: claims.iter().map(|claim| (&claim.card, &claim.credit)).collect(),
        }
    }

    fn has(&self, operation: &Operation) -> bool {
        self.of.contains_key(&operation.id)
    }

    /// Whether the journal names it as some operation's.
    fn owns(&self, row: &Transaction) -> bool {
        let Some(card) = row.card() else { return false };
        [Some(&row.id), row.task.as_ref()]
            .into_iter()
            .flatten()
            .any(|name| self.credits.contains(&(&card, name)))
    }

    /// Whether a row of its card is named as an operation's: by the journal, or by the provider's
    /// answer.
    fn is_of(&self, row: &Transaction, operation: &Operation) -> bool {
        let has_name = |name: &Arc<str>| row.id == *name || row.task.as_ref() == Some(name);
        match self.of.get(&operation.id) {
            Some(claim) => has_name(&claim.credit),
            None if self.owns(row) => false,
            None => {
                row.operation == Some(operation.id)
                    || operation.provider_reference.as_ref().is_some_and(has_name)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::samples;
    use crate::domain::money::Money;
    use crate::domain::transaction::TransactionState;

    const SINCE: &str = "2026-04-03T00:00:00Z";

    fn ours(count: u16, state: OperationState, minute: i64) -> Operation {
        let at = at(minute);
        Operation {
            id: OperationId::new(at, 7, count),
            amount: Some(sum("5")),
            state,
            created_at: at,
            updated_at: at,
            provider_reference: None,
            baseline: None,
            ..samples::operation()
        }
    }

    fn theirs(id: &str, amount: &str, minute: i64) -> Transaction {
        let key = samples::operation().card;
        Transaction {
            card_id: Some(Arc::clone(&key.id)),
            kind: TransactionKind::TopUp,
            state: TransactionState::Cleared,
            ..Transaction::new(key.provider, id.into(), sum(amount), at(minute))
        }
    }

    fn sum(amount: &str) -> Money {
        samples::money(amount, "KWD")
    }

    fn at(minute: i64) -> Timestamp {
        samples::at("2026-04-03T12:00:00Z") + jiff::SignedDuration::from_mins(minute)
    }

    fn claim(operation: &Operation, credit: &str) -> Claim {
        Claim { operation: operation.id, card: operation.card.clone(), credit: credit.into() }
    }

    /// What is found, oldest first: the match, and the credit.
    fn found(ours: &[&Operation], theirs: &[Transaction], claims: &[Claim]) -> Vec<String> {
        let ours = ours.iter().map(|row| (*row).clone()).collect();
        let all = compare(ours, theirs.to_vec(), claims, samples::at(SINCE));
        let words = |row: &Reconciled| {
            let credit = row.theirs.as_ref().map_or("-", |row| &row.id);
            format!("{} {credit}", row.matching.as_str())
        };
        all.iter().rev().map(words).collect()
    }

    #[test]
    fn a_credit_is_whose_the_journal_says_and_of_equal_ones_no_other() {
        use OperationState::{Done, Unknown};
        let (first, second, doubt) = (ours(1, Done, 0), ours(2, Done, 20), ours(3, Unknown, 40));
        let list = [theirs("a", "5", 1), theirs("b", "5", 21), theirs("c", "9", 41)];
        let claims = [claim(&first, "b"), claim(&second, "a")];
        assert_eq!(
            found(&[&first, &second, &doubt], &list, &claims),
            ["matched b", "matched a", "ours-only -", "theirs-only c"]
        );
    }

    #[test]
    fn what_nothing_names_is_matched_by_sum_where_it_is_known_to_have_happened() {
        use OperationState::{Accepted, Done, Failed, Unknown};
        let list = [theirs("a", "5", 1)];
        for (state, expected) in [
            (Done, &["matched-by-sum a"][..]),
            (Accepted, &["matched-by-sum a"]),
            (Unknown, &["ours-only -", "theirs-only a"]),
            (Failed, &["theirs-only a"]),
        ] {
            assert_eq!(found(&[&ours(1, state, 0)], &list, &[]), expected, "{state:?}");
        }
        let by_task = Operation { provider_reference: Some("task-9".into()), ..ours(1, Done, 0) };
        let row = Transaction { task: Some("task-9".into()), ..theirs("a", "5", 1) };
        assert_eq!(found(&[&by_task], &[row], &[]), ["matched a"]);
    }

    #[test]
    fn an_old_top_up_takes_no_credit_of_today() {
        let month = 30 * 24 * 60;
        let (old, today) =
            (ours(1, OperationState::Done, -month), ours(2, OperationState::Done, 0));
        let list = [theirs("a", "5", 1), theirs("b", "5", 2)];
        assert_eq!(
            found(&[&old, &today], &list, &[]),
            ["matched-by-sum a", "theirs-only b"],
            "the second one is somebody else's, or paid twice"
        );
    }

    #[test]
    fn a_credit_of_another_sum_is_a_difference_and_one_of_an_earlier_top_up_is_no_news() {
        let late = ours(1, OperationState::Done, 0);
        let other = [theirs("a", "4", 1)];
        assert_eq!(found(&[&late], &other, &[claim(&late, "a")]), ["different-sums a"]);
        let early = ours(2, OperationState::Done, -24 * 60);
        let list = [theirs("a", "5", 1)];
        assert_eq!(found(&[&early], &list, &[claim(&early, "a")]), Vec::<String>::new());
        let failed = Transaction { state: TransactionState::Failed, ..theirs("b", "5", 1) };
        assert_eq!(found(&[], &[failed], &[]), Vec::<String>::new());
    }
}
