//! The transactions that are known, newest first. A new one costs what it is worth: nothing else is
//! sorted again.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::Arc;

use jiff::Timestamp;

use crate::domain::card::{CardKey, ProviderId};
use crate::domain::operation::OperationId;
use crate::domain::transaction::Transaction;

/// Most transactions that are kept in memory.
pub(crate) const KEPT: usize = 50_000;

/// With more news than one row in so many, sorting everything once is cheaper than a place for
/// each.
const MANY: usize = 64;

/// Where a row stands: its card, if it has one yet, and its time.
type CardAndTime = (Option<Arc<str>>, Timestamp);

/// Transactions by time and id, newest first.
#[derive(Debug, Default)]
pub struct Transactions {
    rows: VecDeque<Transaction>,
    /// The card and the time of each row of an id, by which it is found among the rows: a provider
    /// may move one, cards may share an id, and a row may gain its card later.
    named: BTreeMap<ProviderId, HashMap<Arc<str>, Vec<CardAndTime>>>,
    /// Names of the rows of each card, oldest first: a card is looked at far more often than a row
    /// comes.
    of_card: HashMap<CardKey, BTreeSet<(Timestamp, Arc<str>)>>,
    /// Operations that a row proves.
    proven: BTreeSet<OperationId>,
}

impl Transactions {
    /// Takes in rows that are new or changed, in any order; the oldest of too many are forgotten.
    pub(crate) fn apply(&mut self, rows: &[Transaction]) {
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
        if let Some((card, at)) = self.known(row)
            && let Some(place) = self.place(at, &row.id, &row.provider, card.as_deref())
            && let Some(before) = self.rows.remove(place)
        {
            self.forget(&before);
        }
        let place = self.rows.partition_point(|known| (known.at, &known.id) > (row.at, &row.id));
        self.rows.insert(place, row.clone());
        self.note(row);
    }

    /// The card and time under which a row is known: of its own card, or of none yet.
    fn known(&self, row: &Transaction) -> Option<(Option<Arc<str>>, Timestamp)> {
        let known = self.named.get(&row.provider)?.get(&row.id)?;
        let exact = known.iter().find(|(card, _)| *card == row.card_id);
        let unnamed = || {
            known
                .iter()
                .find(|(card, _)| card.is_none() || row.card_id.is_none() && known.len() == 1)
        };
        exact.or_else(unnamed).cloned()
    }

    /// As [`Self::hear_one`] for each, sorted once at the end.
    fn hear_many(&mut self, rows: &[Transaction]) {
        type Name = (ProviderId, Arc<str>, Option<Arc<str>>);
        let name = |row: &Transaction, card: Option<Arc<str>>| -> Name {
            (row.provider.clone(), Arc::clone(&row.id), card)
        };
        let mut replaced: BTreeSet<Name> = BTreeSet::new();
        let mut new: BTreeMap<Name, Transaction> = BTreeMap::new();
        for row in rows {
            // Of a row that is told twice the later word holds.
            if let Some((card, _)) = self.known(row) {
                let before = name(row, card);
                self.unname(row, before.2.as_deref());
                if new.remove(&before).is_none() {
                    replaced.insert(before);
                }
            }
            self.name(row);
            new.insert(name(row, row.card_id.clone()), row.clone());
        }
        let known = std::mem::take(self).rows;
        self.rows = known
            .into_iter()
            .filter(|row| !replaced.contains(&name(row, row.card_id.clone())))
            .collect();
        self.rows.extend(new.into_values());
        self.rows.make_contiguous().sort_by(|a, b| (b.at, &b.id).cmp(&(a.at, &a.id)));
        let rows = std::mem::take(&mut self.rows);
        for row in &rows {
            self.note(row);
        }
        self.rows = rows;
    }

    /// Notes a row's card and time under its id.
    fn name(&mut self, row: &Transaction) {
        let of_id = self
            .named
            .entry(row.provider.clone())
            .or_default()
            .entry(Arc::clone(&row.id))
            .or_default();
        of_id.push((row.card_id.clone(), row.at));
    }

    /// Forgets the name that a row's id has with this card.
    fn unname(&mut self, row: &Transaction, known_as: Option<&str>) {
        if let Some(of_provider) = self.named.get_mut(&row.provider)
            && let Some(of_id) = of_provider.get_mut(&row.id)
        {
            of_id.retain(|(card, _)| card.as_deref() != known_as);
            if of_id.is_empty() {
                of_provider.remove(&row.id);
            }
        }
    }

    fn note(&mut self, row: &Transaction) {
        self.name(row);
        if let Some(key) = row.card() {
            self.of_card.entry(key).or_default().insert((row.at, Arc::clone(&row.id)));
        }
        self.proven.extend(row.operation);
    }

    fn forget(&mut self, row: &Transaction) {
        self.unname(row, row.card_id.as_deref());
        if let Some(names) = row.card().and_then(|key| self.of_card.get_mut(&key)) {
            names.remove(&(row.at, Arc::clone(&row.id)));
        }
        if let Some(operation) = row.operation {
            self.proven.remove(&operation);
        }
    }

    fn place(
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
        self.rows.get(self.place(at, id, provider, card)?)
    }

    /// Those of one card, newest first.
    pub(crate) fn of_card<'a>(&'a self, key: &'a CardKey) -> impl Iterator<Item = &'a Transaction> {
        let names = self.of_card.get(key).into_iter().flat_map(|names| names.iter().rev());
        names.filter_map(|(at, id)| self.get(*at, id, &key.provider, Some(&key.id)))
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
            let mut history_revision = Transactions::default();
            let mut all = Vec::new();
            history_revision.apply(&rows(&first));
            sorted(&mut all, &rows(&first));
            for one in rows(&then) {
                history_revision.hear_one(&one);
                sorted(&mut all, std::slice::from_ref(&one));
                prop_assert_eq!(history_revision.get(one.at, &one.id, &one.provider, one.card_id.as_deref()), Some(&one));
            }
            for name in ["artha", "banana"] {
                let card = key(name, "4242");
                let of_card: Vec<_> = history_revision.of_card(&card).cloned().collect();
                let wanted: Vec<_> = history_revision.iter().filter(|row| row.provider == card.provider).cloned().collect();
                prop_assert_eq!(of_card, wanted);
            }
            let name = |row: &Transaction| (row.at, row.id.to_string(), row.provider.to_string());
            let mut found: Vec<_> = history_revision.iter().map(name).collect();
            let mut wanted: Vec<_> = all.iter().map(name).collect();
            prop_assert!(found.is_sorted_by(|a, b| (a.0, &a.1) >= (b.0, &b.1)));
            found.sort();
            wanted.sort();
            prop_assert_eq!(found, wanted);
        }
    }

    #[test]
    fn rows_of_two_cards_with_one_id_stand_beside_each_other_and_a_row_that_gains_its_card_stays_one()
     {
        let of = |card: Option<&str>| Transaction {
            card_id: card.map(Into::into),
            ..row("artha", 1, 5, false)
        };
        let cards = |history_revision: &Transactions| {
            let mut cards: Vec<Option<String>> = history_revision
                .iter()
                .map(|row| row.card_id.as_deref().map(str::to_owned))
                .collect();
            cards.sort();
            cards
        };
        for at_once in [true, false] {
            let mut history_revision = Transactions::default();
            let mut apply = |rows: &[Transaction]| {
                if at_once {
                    history_revision.hear_many(rows);
                } else {
                    rows.iter().for_each(|row| history_revision.hear_one(row));
                }
                cards(&history_revision)
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
            let mut history_revision = Transactions::default();
            let mut apply = |rows: &[Transaction]| {
                if at_once {
                    history_revision.hear_many(rows)
                } else {
                    rows.iter().for_each(|row| history_revision.hear_one(row))
                }
                let mut cards: Vec<Option<String>> = history_revision
                    .iter()
                    .map(|row| row.card_id.as_deref().map(str::to_owned))
                    .collect();
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
        let mut history_revision = Transactions::default();
        let many: Vec<Transaction> = (0..KEPT)
            .map(|count| Transaction {
                id: format!("n{count}").into(),
                at: now(),
                ..row("artha", 0, 0, false)
            })
            .collect();
        history_revision.apply(&many);
        history_revision.apply(&[row("artha", 1, 5, true)]);
        assert_eq!(
            (history_revision.len(), history_revision.proven().len()),
            (KEPT, 0),
            "it is older than all that are kept"
        );
        history_revision.apply(&[row("artha", 2, 0, true)]);
        assert_eq!((history_revision.len(), history_revision.proven().len()), (KEPT, 1));
    }
}
