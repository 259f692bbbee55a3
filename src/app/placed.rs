//! Operations among transactions that are not held: the rows of the feed and of a card's timeline.

use std::cmp::Ordering;

use crate::domain::operation::OperationId;

/// Operations in the order of a list, each with how many of its transactions stand before it.
#[derive(Clone, Debug, Default)]
pub(super) struct PlacedOperations(Vec<(usize, OperationId)>);

impl PlacedOperations {
    pub(super) const fn len(&self) -> usize {
        self.0.len()
    }

    /// How many operations stand before an index of the list, and the one that stands there.
    pub(super) fn before(&self, index: usize) -> (usize, Option<OperationId>) {
        let (mut from, mut until) = (0, self.0.len());
        while from < until {
            let middle = usize::midpoint(from, until);
            let Some((before, id)) = self.0.get(middle) else { break };
            match (before + middle).cmp(&index) {
                Ordering::Less => from = middle + 1,
                Ordering::Equal => return (middle, Some(*id)),
                Ordering::Greater => until = middle,
            }
        }
        (from, None)
    }

    /// The index in the list of an operation.
    pub(super) fn index_of(&self, id: OperationId) -> Option<usize> {
        self.with_index().find(|(_, known)| *known == id).map(|(index, _)| index)
    }

    /// The index in the list of a transaction, by its index among the transactions.
    pub(super) fn index_of_transaction(&self, transaction: usize) -> usize {
        transaction + self.0.partition_point(|(before, _)| *before <= transaction)
    }

    /// Each with its index in the list.
    pub(super) fn with_index(&self) -> impl Iterator<Item = (usize, OperationId)> {
        self.0.iter().enumerate().map(|(place, (before, id))| (before + place, *id))
    }
}

impl FromIterator<(usize, OperationId)> for PlacedOperations {
    fn from_iter<I: IntoIterator<Item = (usize, OperationId)>>(placed: I) -> Self {
        Self(placed.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn operations_and_transactions_have_each_index_once(
            transactions in 0_usize..12,
            before in proptest::collection::vec(0_usize..12, 0..8),
        ) {
            let mut before: Vec<usize> =
                before.into_iter().map(|before| before.min(transactions)).collect();
            before.sort_unstable();
            let at = jiff::Timestamp::UNIX_EPOCH;
            let id = |count| OperationId::new(at, 1, count);
            let placed: PlacedOperations = before.iter().copied().zip((0..).map(id)).collect();
            let mut seen = (0, 0);
            for index in 0..transactions + placed.len() {
                let (operations, here) = placed.before(index);
                prop_assert_eq!(operations, seen.1);
                if let Some(here) = here {
                    prop_assert_eq!(placed.index_of(here), Some(index));
                    prop_assert_eq!(before[seen.1], seen.0);
                    seen.1 += 1;
                } else {
                    prop_assert_eq!(placed.index_of_transaction(seen.0), index);
                    seen.0 += 1;
                }
            }
            prop_assert_eq!(seen, (transactions, placed.len()));
        }
    }
}
