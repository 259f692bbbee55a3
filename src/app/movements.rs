//! The transactions that are known, newest first. A new one costs what it is worth: nothing else is sorted again.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::Arc;

use jiff::Timestamp;

use crate::domain::card::{CardKey, ProviderId};
use crate::domain::operation::OperationId;
use crate::domain::transaction::Transaction;

/// Most transactions that are kept in memory.
pub(crate) const KEPT: usize = 50_000;

/// With more news than one row in so many, sorting everything once is cheaper than a place for each.
const MANY: usize = 64;

/// Transactions by time and id, newest first.
#[derive(Debug, Default)]
pub struct Movements {
    rows: VecDeque<Transaction>,
    /// When each is, by which it is found among the rows: a provider may move one.
    times: BTreeMap<ProviderId, HashMap<Arc<str>, Timestamp>>,
    /// Names of the rows of each card, oldest first: a card is looked at far more often than a row comes.
    of_card: HashMap<CardKey, BTreeSet<(Timestamp, Arc<str>)>>,
    /// Operations that a row proves.
    proven: BTreeSet<OperationId>,
}

impl Movements {
    /// Takes in rows that are new or changed, in any order; the oldest of too many are forgotten.
    pub(crate) fn hear(&mut self, rows: &[Transaction]) {
        if rows.len().saturating_mul(MANY) > self.rows.len() {
            self.hear_many(rows);
        } else {
            for row in rows {
                self.hear_one(row);
            }
        }
        while self.rows.len() > KEPT {
            if let Some(row) = self.rows.pop_back() {
                self.forget(&row);
            }
        }
    }

    fn hear_one(&mut self, row: &Transaction) {
        let known = self.times.get(&row.provider).and_then(|times| times.get(&row.id)).copied();
        if let Some(place) = known.and_then(|at| self.place(at, &row.id, &row.provider))
            && let Some(before) = self.rows.remove(place)
        {
            self.forget(&before);
        }
        let place = self.rows.partition_point(|known| (known.at, &known.id) > (row.at, &row.id));
        self.rows.insert(place, row.clone());
        self.note(row);
    }

    fn hear_many(&mut self, rows: &[Transaction]) {
        let known = std::mem::take(self).rows;
        // Of a row that is told twice the later word holds.
        let changed: BTreeMap<(&ProviderId, &Arc<str>), &Transaction> =
            rows.iter().map(|row| ((&row.provider, &row.id), row)).collect();
        self.rows = known.into_iter().filter(|row| !changed.contains_key(&(&row.provider, &row.id))).collect();
        self.rows.extend(changed.into_values().cloned());
        self.rows.make_contiguous().sort_by(|a, b| (b.at, &b.id).cmp(&(a.at, &a.id)));
        let rows = std::mem::take(&mut self.rows);
        for row in &rows {
            self.note(row);
        }
        self.rows = rows;
    }

    fn note(&mut self, row: &Transaction) {
        self.times.entry(row.provider.clone()).or_default().insert(Arc::clone(&row.id), row.at);
        if let Some(key) = row.card() {
            self.of_card.entry(key).or_default().insert((row.at, Arc::clone(&row.id)));
        }
        self.proven.extend(row.operation);
    }

    fn forget(&mut self, row: &Transaction) {
        if let Some(times) = self.times.get_mut(&row.provider) {
            times.remove(&row.id);
        }
        if let Some(names) = row.card().and_then(|key| self.of_card.get_mut(&key)) {
            names.remove(&(row.at, Arc::clone(&row.id)));
        }
        if let Some(operation) = row.operation {
            self.proven.remove(&operation);
        }
    }

    fn place(&self, at: Timestamp, id: &Arc<str>, provider: &ProviderId) -> Option<usize> {
        let from = self.rows.partition_point(|row| (row.at, &row.id) > (at, id));
        let mut same = self.rows.range(from..).take_while(|row| row.at == at && row.id == *id);
        same.position(|row| row.provider == *provider).map(|further| from + further)
    }

    /// The one of this time, id and provider.
    pub(crate) fn get(&self, at: Timestamp, id: &Arc<str>, provider: &ProviderId) -> Option<&Transaction> {
        self.rows.get(self.place(at, id, provider)?)
    }

    /// Those of one card, newest first.
    pub(crate) fn of_card<'a>(&'a self, key: &'a CardKey) -> impl Iterator<Item = &'a Transaction> {
        let names = self.of_card.get(key).into_iter().flat_map(|names| names.iter().rev());
        names.filter_map(|(at, id)| self.get(*at, id, &key.provider))
    }

    /// All, newest first.
    pub fn iter(&self) -> impl Iterator<Item = &Transaction> {
        self.rows.iter()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Operations that a transaction proves.
    pub(crate) const fn proven(&self) -> &BTreeSet<OperationId> {
        &self.proven
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::fixture::{key, now, transaction};
    use jiff::SignedDuration;
    use proptest::prelude::*;

    fn row(provider: &str, id: u8, minutes: u8, operation: bool) -> Transaction {
        let at = now() - SignedDuration::from_mins(i64::from(minutes));
        Transaction {
            provider: ProviderId::new(provider),
            id: format!("t{id}").into(),
            at,
            operation: operation.then(|| OperationId::new(now(), 1, u16::from(id))),
            ..transaction(&key(provider, "4242"), "t", 0, "1.00 USD", "SHOP")
        }
    }

    /// What it replaced: everything sorted for each piece of news.
    fn sorted(all: &mut Vec<Transaction>, news: &[Transaction]) {
        for row in news {
            all.retain(|known| (&known.provider, &known.id) != (&row.provider, &row.id));
            all.push(row.clone());
        }
        all.sort_by(|a, b| (b.at, &b.id).cmp(&(a.at, &a.id)));
    }

    proptest! {
        #[test]
        fn a_place_for_each_is_the_order_of_all(
            first in proptest::collection::vec((0_u8..60, any::<u8>(), any::<bool>()), 0..300),
            then in proptest::collection::vec((0_u8..90, any::<u8>(), any::<bool>()), 0..40),
        ) {
            // Two providers use the same ids at the same times; neither is taken for the other.
            let rows = |told: &[(u8, u8, bool)]| -> Vec<Transaction> {
                told.iter().map(|(id, minutes, second)| row(if *second { "artha" } else { "banana" }, *id, *minutes, false)).collect()
            };
            let mut movements = Movements::default();
            let mut all = Vec::new();
            movements.hear(&rows(&first));
            sorted(&mut all, &rows(&first));
            for one in rows(&then) {
                movements.hear_one(&one);
                sorted(&mut all, std::slice::from_ref(&one));
                prop_assert_eq!(movements.get(one.at, &one.id, &one.provider), Some(&one));
            }
            for name in ["artha", "banana"] {
                let card = key(name, "4242");
                let of_card: Vec<_> = movements.of_card(&card).cloned().collect();
                let wanted: Vec<_> = movements.iter().filter(|row| row.provider == card.provider).cloned().collect();
                prop_assert_eq!(of_card, wanted);
            }
            let name = |row: &Transaction| (row.at, row.id.to_string(), row.provider.to_string());
            let mut found: Vec<_> = movements.iter().map(name).collect();
            let mut wanted: Vec<_> = all.iter().map(name).collect();
            prop_assert!(found.is_sorted_by(|a, b| (a.0, &a.1) >= (b.0, &b.1)));
            found.sort();
            wanted.sort();
            prop_assert_eq!(found, wanted);
        }
    }

    #[test]
    fn the_oldest_are_forgotten_with_what_they_proved() {
        let mut movements = Movements::default();
        let many: Vec<Transaction> = (0..KEPT)
            .map(|count| Transaction { id: format!("n{count}").into(), at: now(), ..row("artha", 0, 0, false) })
            .collect();
        movements.hear(&many);
        movements.hear(&[row("artha", 1, 5, true)]);
        assert_eq!((movements.len(), movements.proven().len()), (KEPT, 0), "it is older than all that are kept");
        movements.hear(&[row("artha", 2, 0, true)]);
        assert_eq!((movements.len(), movements.proven().len()), (KEPT, 1));
    }
}
