//! What is kept, and where.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::fixture::{now, row, rows};
use crate::domain::card::{CardKey, ProviderId};
use crate::domain::operation::OperationId;
use crate::domain::transaction::{RowName, Transaction};
use crate::ledger::building::Building;
use crate::ledger::chunk::Chunk;
use crate::ledger::{Ledger, RowKey};

/// A list that is searched from its beginning and sorted for each row.
#[derive(Default)]
struct Plain(Vec<Transaction>);

impl Plain {
    fn put_kept(&mut self, row: &Transaction) {
        self.remove(&RowName::from(row));
        self.0.push(row.clone());
        self.0.sort_by_key(|row| std::cmp::Reverse(RowKey::from(row)));
    }

    fn remove(&mut self, name: &RowName) {
        self.0.retain(|known| RowName::from(known) != *name);
    }

    fn put(&mut self, row: &Transaction) {
        let of_id = |known: &&Transaction| known.provider == row.provider && known.id == row.id;
        let known: Vec<&Transaction> = self.0.iter().filter(of_id).collect();
        let same_card = known.iter().find(|known| known.card_id == row.card_id);
        let no_card = known
            .iter()
            .find(|one| one.card_id.is_none() || row.card_id.is_none() && known.len() == 1);
        let replaced = same_card.or(no_card).map(|known| RowKey::from(*known));
        self.0.retain(|known| Some(RowKey::from(known)) != replaced);
        self.0.push(row.clone());
        self.0.sort_by_key(|row| std::cmp::Reverse(RowKey::from(row)));
    }
}

fn assert_same(ledger: &Ledger, plain: &Plain) {
    let all: Vec<Transaction> = ledger.iter().collect();
    assert_eq!(all.len(), ledger.len());
    for (position, (row, wanted)) in all.iter().zip(&plain.0).enumerate() {
        assert_eq!(format!("{row:?}"), format!("{wanted:?}"));
        let key = RowKey::from(row);
        assert_eq!(ledger.position(&key), Some(position));
        assert_eq!(ledger.key(position).as_ref(), Some(&key));
        assert_eq!(ledger.row(position).as_ref(), Some(row));
        assert_eq!(ledger.get(&key).as_ref(), Some(row));
    }
    assert_eq!(all.len(), plain.0.len());
    assert!(ledger.chunks.iter().all(|chunk| chunk.is_of(&ledger.vocabulary)));
    assert_eq!(ledger.row(all.len()), None);
    assert_eq!(ledger.newest(), plain.0.first().map(|row| row.at));
    assert_eq!(ledger.oldest(), plain.0.last().map(|row| row.at));
    let proven: BTreeSet<OperationId> = plain.0.iter().filter_map(|row| row.operation).collect();
    assert_eq!(ledger.proven(), &proven);
    for provider in ["artha", "banana"] {
        for card in 0..6 {
            let key = CardKey::new(&ProviderId::new(provider), &format!("card-{card}"));
            let wanted =
                plain.0.iter().enumerate().filter(|(_, row)| row.card().as_ref() == Some(&key));
            let wanted: Vec<usize> = wanted.map(|(position, _)| position).collect();
            assert_eq!(ledger.of_card(&key).collect::<Vec<_>>(), wanted, "{key}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn rows_come_back_exactly_as_they_came_each_in_its_place(
        first in rows(200), then in rows(60), last in rows(8), chunks in 0_usize..40,
    ) {
        let mut plain = Plain::default();
        let mut ledger = if chunks == 0 {
            first.iter().for_each(|row| plain.put_kept(row));
            Ledger::from_rows(first.clone())
        } else {
            first.iter().for_each(|row| plain.put(row));
            let mut ledger = Ledger::in_chunks_of(chunks);
            ledger.apply(&first);
            ledger
        };
        assert_same(&ledger, &plain);
        let snapshot = (ledger.clone(), plain.0.clone());
        for batch in [then, last] {
            ledger.apply(&batch);
            batch.iter().for_each(|row| plain.put(row));
            assert_same(&ledger, &plain);
        }
        assert_same(&snapshot.0, &Plain(snapshot.1));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn rows_as_they_are_kept_replace_those_of_their_exact_names_and_gone_names_are_taken_out(
        batches in proptest::collection::vec((rows(80), rows(20)), 1..5), chunks in 2_usize..40,
    ) {
        let (mut plain, mut ledger) = (Plain::default(), Ledger::in_chunks_of(chunks));
        for (batch, others) in batches {
            // Names of rows that are known, and of others.
            let known = plain.0.iter().step_by(7).map(RowName::from);
            let gone: Vec<RowName> = known.chain(others.iter().map(RowName::from)).collect();
            ledger.remove(&gone);
            gone.iter().for_each(|name| plain.remove(name));
            assert_same(&ledger, &plain);
            ledger.apply_kept(&batch);
            batch.iter().for_each(|row| plain.put_kept(row));
            assert_same(&ledger, &plain);
        }
    }
}

#[test]
fn a_row_that_was_known_by_its_task_is_replaced_by_itself_under_its_own_id() {
    let by_task = Transaction { id: "task".into(), task: None, ..row(1, 1, 1, 5) };
    let own = Transaction { id: "own".into(), task: Some("task".into()), ..by_task.clone() };
    let mut one_by_one = Ledger::default();
    one_by_one.apply(std::slice::from_ref(&by_task));
    one_by_one.apply(std::slice::from_ref(&own));
    assert!(one_by_one.iter().eq([own.clone()]));
    let others = (0..100).map(numbered);
    let mut together = Ledger::default();
    together.apply(&others.chain([by_task, own]).collect::<Vec<_>>());
    assert_eq!(together.len(), 101);
}

/// As [`row`], with an id and a time of its own.
pub(super) fn numbered(number: u64) -> Transaction {
    let seconds = i64::try_from(number * 7).unwrap_or_default();
    let row = row(number, 0, u8::try_from(number % 5 + 1).unwrap_or(1), 0);
    let at = now() + jiff::SignedDuration::from_secs(seconds);
    Transaction { id: format!("n{number}").into(), at, ..row }
}

#[test]
fn many_rows_are_the_same_from_any_direction_and_as_they_come() {
    let rows: Vec<Transaction> = (0..20_000).map(numbered).collect();
    let mut shuffled = rows.clone();
    shuffled.sort_by_key(|row| row.id.bytes().rev().collect::<Vec<u8>>());
    let newest_first: Vec<Transaction> = rows.iter().rev().cloned().collect();
    let made = |rows: &[Transaction]| Ledger::from_rows(rows.iter().cloned());
    let mut bit_by_bit = Ledger::default();
    shuffled.chunks(3_000).for_each(|rows| bit_by_bit.apply(rows));
    let mut one_by_one = made(&rows[..19_000]);
    for row in &rows[19_000..] {
        one_by_one.apply(std::slice::from_ref(row));
    }
    for ledger in [made(&rows), made(&newest_first), made(&shuffled), bit_by_bit, one_by_one] {
        assert!(ledger.iter().eq(newest_first.iter().cloned()));
        assert_eq!(ledger.position(&RowKey::from(&rows[7])), Some(rows.len() - 8));
        assert!(ledger.chunks.iter().all(|chunk| (1..=super::super::CHUNK).contains(&chunk.len())));
    }
}

#[test]
fn each_page_of_a_history_that_is_read_backwards_makes_a_small_chunk_anew() {
    let rows: Vec<Transaction> = (0..20_000).map(numbered).collect();
    let mut known = Ledger::default();
    rows.rchunks(100).for_each(|page| known.apply_kept(page));
    assert!(known.iter().eq(rows.iter().rev().cloned()));
    let largest = known.chunks.iter().map(|chunk| chunk.len()).max();
    assert!(largest <= Some(super::super::GROWING), "{largest:?}");
}

#[test]
fn rows_of_two_cards_with_one_id_are_two_and_a_row_that_gains_its_card_stays_one() {
    let of = |card: Option<&str>| Transaction { card_id: card.map(Into::into), ..row(1, 1, 1, 5) };
    let mut known = Ledger::default();
    let mut apply = |rows: &[Transaction]| {
        known.apply(rows);
        let cards = known.iter().map(|row| row.card_id.as_deref().map(str::to_owned));
        let mut cards: Vec<Option<String>> = cards.collect();
        cards.sort();
        cards
    };
    assert_eq!(apply(&[of(None)]), [None]);
    assert_eq!(apply(&[of(Some("c1"))]), [Some("c1".to_owned())], "it gained its card");
    let both = [Some("c1".to_owned()), Some("c2".to_owned())];
    assert_eq!(apply(&[of(Some("c2"))]), both);
    assert_eq!(apply(&[of(Some("c1")), of(Some("c2"))]), both);
    let three = [&[None], both.as_slice()].concat();
    assert_eq!(apply(&[of(None)]), three, "whose it is cannot be told");
    assert_eq!(apply(&[of(None), of(Some("c1"))]), three);
}

#[test]
fn rows_of_two_accounts_with_one_id_are_put_into_columns_at_once() {
    let mut building = Building::new(0);
    for (minutes, account) in [(1, "artha-one"), (2, "artha-two")] {
        let provider = ProviderId::new(account);
        building.add(Transaction { provider, ..row(1, 1, 1, minutes) });
    }
    let (chunks, _, unsorted, repeated) = building.finish();
    assert_eq!((unsorted.len(), repeated.len()), (0, 0));
    assert_eq!(chunks.iter().map(Chunk::len).sum::<usize>(), 2);
}
