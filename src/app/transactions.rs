//! The transactions that are known, newest first.
//!
//! A new one is put in its place by binary search; nothing else is sorted again. The indexes beside
//! the rows are kept with every change, so that the rows of one card, and a row by its id, are
//! found without looking through all.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::Arc;

use jiff::Timestamp;

use crate::domain::card::{CardKey, ProviderId};
use crate::domain::operation::OperationId;
use crate::domain::transaction::Transaction;

/// Most transactions that are kept in memory.
pub(crate) const KEPT: usize = 50_000;

/// When more than one row in this many is new, sorting everything once is cheaper than inserting
/// each by itself.
const SORT_ALL: usize = 64;

/// What tells the rows of one id apart and finds them: the card, if there is one yet, and the time.
type CardAndTime = (Option<Arc<str>>, Timestamp);

/// Transactions by time and id, newest first.
#[derive(Debug, Default)]
pub struct Transactions {
    rows: VecDeque<Transaction>,
    /// The rows of each id: a provider may change a row's time, cards may share an id, and a row
    /// may gain its card later.
    by_id: BTreeMap<ProviderId, HashMap<Arc<str>, Vec<CardAndTime>>>,
    /// Times and ids of the rows of each card, oldest first: a card is looked at far more often
    /// than a row comes.
    by_card: HashMap<CardKey, BTreeSet<(Timestamp, Arc<str>)>>,
    /// Operations that a row proves.
    proven: BTreeSet<OperationId>,
}

impl Transactions {
    /// Takes in rows that are new or changed, in any order; the oldest beyond [`KEPT`] are dropped.
    pub(crate) fn apply(&mut self, rows: &[Transaction]) {
        if rows.len().saturating_mul(SORT_ALL) > self.rows.len() {
            self.apply_and_sort(rows);
        } else {
            for row in rows {
                self.insert(row);
            }
        }
        while self.rows.len() > KEPT {
            if let Some(row) = self.rows.pop_back() {
                self.remove_from_indexes(&row);
            }
        }
    }

    /// Puts one row in its place, and takes out the one that it replaces.
    fn insert(&mut self, row: &Transaction) {
        if let Some((card, at)) = self.replaced_by(row)
            && let Some(index) = self.index(at, &row.id, &row.provider, card.as_deref())
            && let Some(replaced) = self.rows.remove(index)
        {
            self.remove_from_indexes(&replaced);
        }
        let index = self.rows.partition_point(|known| (known.at, &known.id) > (row.at, &row.id));
        self.rows.insert(index, row.clone());
        self.add_to_indexes(row);
    }

    /// The known row of the same provider and id that a row replaces: that of its own card, else
    /// one without a card. A row without a card replaces the only row of its id, whatever card that
    /// has; of several it replaces none, since whose it is cannot be told.
    fn replaced_by(&self, row: &Transaction) -> Option<CardAndTime> {
        let known = self.by_id.get(&row.provider)?.get(&row.id)?;
        let of_same_card = known.iter().find(|(card, _)| *card == row.card_id);
        let of_no_card = || {
            known
                .iter()
                .find(|(card, _)| card.is_none() || row.card_id.is_none() && known.len() == 1)
        };
        of_same_card.or_else(of_no_card).cloned()
    }

    /// As [`Self::insert`] for each row, but everything is sorted once at the end.
    ///
    /// Meanwhile only `by_id` is kept up to date, since a later row may replace an earlier one of
    /// the same call; at the end all indexes are made again from the sorted rows.
    fn apply_and_sort(&mut self, rows: &[Transaction]) {
        type Identity = (ProviderId, Arc<str>, Option<Arc<str>>);
        let identity = |row: &Transaction, card: Option<Arc<str>>| -> Identity {
            (row.provider.clone(), Arc::clone(&row.id), card)
        };
        let mut replaced: BTreeSet<Identity> = BTreeSet::new();
        let mut new: BTreeMap<Identity, Transaction> = BTreeMap::new();
        for row in rows {
            if let Some((card, _)) = self.replaced_by(row) {
                let before = identity(row, card);
                self.remove_id(row, before.2.as_deref());
                if new.remove(&before).is_none() {
                    replaced.insert(before);
                }
            }
            self.add_id(row);
            new.insert(identity(row, row.card_id.clone()), row.clone());
        }
        let mut rows = std::mem::take(self).rows;
        rows.retain(|row| !replaced.contains(&identity(row, row.card_id.clone())));
        rows.extend(new.into_values());
        rows.make_contiguous().sort_by(|a, b| (b.at, &b.id).cmp(&(a.at, &a.id)));
        for row in &rows {
            self.add_to_indexes(row);
        }
        self.rows = rows;
    }

    fn add_id(&mut self, row: &Transaction) {
        let of_id = self
            .by_id
            .entry(row.provider.clone())
            .or_default()
            .entry(Arc::clone(&row.id))
            .or_default();
        of_id.push((row.card_id.clone(), row.at));
    }

    /// Removes the row of this id that is known under `card`.
    fn remove_id(&mut self, row: &Transaction, card: Option<&str>) {
        if let Some(of_provider) = self.by_id.get_mut(&row.provider)
            && let Some(of_id) = of_provider.get_mut(&row.id)
        {
            of_id.retain(|(known, _)| known.as_deref() != card);
            if of_id.is_empty() {
                of_provider.remove(&row.id);
            }
        }
    }

    fn add_to_indexes(&mut self, row: &Transaction) {
        self.add_id(row);
        if let Some(key) = row.card() {
            self.by_card.entry(key).or_default().insert((row.at, Arc::clone(&row.id)));
        }
        self.proven.extend(row.operation);
    }

    fn remove_from_indexes(&mut self, row: &Transaction) {
        self.remove_id(row, row.card_id.as_deref());
        if let Some(of_card) = row.card().and_then(|key| self.by_card.get_mut(&key)) {
            of_card.remove(&(row.at, Arc::clone(&row.id)));
        }
        if let Some(operation) = row.operation {
            self.proven.remove(&operation);
        }
    }

    fn index(
        &self,
        at: Timestamp,
        id: &Arc<str>,
        provider: &ProviderId,
        card: Option<&str>,
    ) -> Option<usize> {
        let from = self.rows.partition_point(|row| (row.at, &row.id) > (at, id));
        let mut same = self.rows.range(from..).take_while(|row| row.at == at && row.id == *id);
        same.position(|row| row.provider == *provider && row.card_id.as_deref() == card)
            .map(|further| from + further)
    }

    /// The one of this time, id, provider and card.
    pub(crate) fn get(
        &self,
        at: Timestamp,
        id: &Arc<str>,
        provider: &ProviderId,
        card: Option<&str>,
    ) -> Option<&Transaction> {
        self.rows.get(self.index(at, id, provider, card)?)
    }

    /// Those of one card, newest first.
    pub(crate) fn of_card<'a>(&'a self, key: &'a CardKey) -> impl Iterator<Item = &'a Transaction> {
        let newest_first =
            self.by_card.get(key).into_iter().flat_map(|of_card| of_card.iter().rev());
        newest_first.filter_map(|(at, id)| self.get(*at, id, &key.provider, Some(&key.id)))
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

    /// The same the slow way: everything is sorted for each call.
    fn sorted(all: &mut Vec<Transaction>, rows: &[Transaction]) {
        for row in rows {
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
            let rows = |rows: &[(u8, u8, bool)]| -> Vec<Transaction> {
                let provider = |first: bool| if first { "artha" } else { "banana" };
                let rows = rows.iter();
                let row = |(id, minutes, first): &_| row(provider(*first), *id, *minutes, false);
                rows.map(row).collect()
            };
            let mut known = Transactions::default();
            let mut all = Vec::new();
            known.apply(&rows(&first));
            sorted(&mut all, &rows(&first));
            for row in rows(&then) {
                known.insert(&row);
                sorted(&mut all, std::slice::from_ref(&row));
                let found = known.get(row.at, &row.id, &row.provider, row.card_id.as_deref());
                prop_assert_eq!(found, Some(&row));
            }
            for name in ["artha", "banana"] {
                let card = key(name, "4242");
                let of_card: Vec<_> = known.of_card(&card).cloned().collect();
                let wanted = known.iter().filter(|row| row.provider == card.provider);
                let wanted: Vec<_> = wanted.cloned().collect();
                prop_assert_eq!(of_card, wanted);
            }
            let name = |row: &Transaction| (row.at, row.id.to_string(), row.provider.to_string());
            let mut found: Vec<_> = known.iter().map(name).collect();
            let mut wanted: Vec<_> = all.iter().map(name).collect();
            prop_assert!(found.is_sorted_by(|a, b| (a.0, &a.1) >= (b.0, &b.1)));
            found.sort();
            wanted.sort();
            prop_assert_eq!(found, wanted);
        }
    }

    #[test]
    fn rows_of_two_cards_with_one_id_are_two_and_a_row_that_gains_its_card_stays_one() {
        let of = |card: Option<&str>| Transaction {
            card_id: card.map(Into::into),
            ..row("artha", 1, 5, false)
        };
        let cards = |known: &Transactions| {
            let mut cards: Vec<Option<String>> =
                known.iter().map(|row| row.card_id.as_deref().map(str::to_owned)).collect();
            cards.sort();
            cards
        };
        for at_once in [true, false] {
            let mut known = Transactions::default();
            let mut apply = |rows: &[Transaction]| {
                if at_once {
                    known.apply_and_sort(rows);
                } else {
                    rows.iter().for_each(|row| known.insert(row));
                }
                cards(&known)
            };
            assert_eq!(apply(&[of(None)]), [None]);
            assert_eq!(apply(&[of(Some("c1"))]), [Some("c1".to_owned())], "it gained its card");
            let both = [Some("c1".to_owned()), Some("c2".to_owned())];
            assert_eq!(apply(&[of(Some("c2"))]), both);
            assert_eq!(apply(&[of(Some("c1")), of(Some("c2"))]), both);
        }
    }

    #[test]
    fn a_row_without_a_card_replaces_the_rows_of_no_other_card_however_many_come_at_once() {
        let of = |card: Option<&str>| Transaction {
            card_id: card.map(Into::into),
            ..row("artha", 1, 5, false)
        };
        for at_once in [true, false] {
            let mut known = Transactions::default();
            let mut apply = |rows: &[Transaction]| {
                if at_once {
                    known.apply_and_sort(rows)
                } else {
                    rows.iter().for_each(|row| known.insert(row))
                }
                let mut cards: Vec<Option<String>> =
                    known.iter().map(|row| row.card_id.as_deref().map(str::to_owned)).collect();
                cards.sort();
                cards
            };
            let two = [Some("c1".to_owned()), Some("c2".to_owned())];
            assert_eq!(apply(&[of(Some("c1")), of(Some("c2"))]), two);
            let three = [&[None], two.as_slice()].concat();
            assert_eq!(apply(&[of(None)]), three, "whose it is cannot be told");
            assert_eq!(apply(&[of(None), of(Some("c1"))]), three);
        }
    }

    #[test]
    fn the_oldest_are_forgotten_with_what_they_proved() {
        let mut known = Transactions::default();
        let many: Vec<Transaction> = (0..KEPT)
            .map(|count| Transaction {
                id: format!("n{count}").into(),
                at: now(),
                ..row("artha", 0, 0, false)
            })
            .collect();
        known.apply(&many);
        known.apply(&[row("artha", 1, 5, true)]);
        assert_eq!(
            (known.len(), known.proven().len()),
            (KEPT, 0),
            "it is older than all that are kept"
        );
        known.apply(&[row("artha", 2, 0, true)]);
        assert_eq!((known.len(), known.proven().len()), (KEPT, 1));
    }
}
