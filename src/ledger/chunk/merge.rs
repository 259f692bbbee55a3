//! A chunk made anew of its rows and others. Its columns are copied in runs, and no row is made for
//! it.

use hashbrown::HashTable;

use super::Chunk;
use crate::domain::transaction::Transaction;
use crate::ledger::columns::{Codes, Numbers, Sparse};
use crate::ledger::dictionary::hash;
use crate::ledger::key::RowKey;
use crate::ledger::runs::{Run, Source, parts, rows_of};
use crate::ledger::texts::Texts;
use crate::ledger::times::Times;
use crate::ledger::vocabulary::{TextColumn, Vocabulary};

impl Chunk {
    /// Its rows and others, which are sorted and are none of its own, in chunks of like size with
    /// at most so many rows.
    pub(in crate::ledger) fn merged(
        &self,
        others: &[Transaction],
        most: usize,
        vocabulary: &mut Vocabulary,
    ) -> Vec<Self> {
        let mut runs = Vec::new();
        let mut from = 0;
        for (index, other) in others.iter().enumerate() {
            let place = self.search(&RowKey::from(other), vocabulary);
            let place = place.unwrap_or_else(|place| place);
            if place > from {
                runs.push(Run { of: Source::First, rows: from..place });
                from = place;
            }
            match runs.last_mut() {
                Some(run) if run.of == Source::Second => run.rows.end = index + 1,
                Some(_) | None => runs.push(Run { of: Source::Second, rows: index..index + 1 }),
            }
        }
        if from < self.len() {
            runs.push(Run { of: Source::First, rows: from..self.len() });
        }
        let others = Self::of(others, vocabulary);
        let count = rows_of(&runs).div_ceil(most.max(1));
        parts(runs, count).iter().map(|runs| Self::interleaved(self, &others, runs)).collect()
    }

    /// The rows that were pushed one by one, in no more memory than they take; `newest_first` where
    /// they came so.
    pub(in crate::ledger) fn finished(&self, newest_first: bool) -> Self {
        let run = |rows| Run { of: Source::First, rows };
        let runs: Vec<Run> = if newest_first {
            (0..self.len()).rev().map(|row| run(row..row + 1)).collect()
        } else {
            vec![run(0..self.len())]
        };
        let mut chunk = Self::interleaved(self, self, &runs);
        chunk.index_cards();
        chunk
    }

    /// The rows of two chunks, run by run.
    fn interleaved(first: &Self, second: &Self, runs: &[Run]) -> Self {
        let times = |of: fn(&Self) -> &Times| Times::interleaved(of(first), of(second), runs);
        let codes = |of: fn(&Self) -> &Codes| Codes::interleaved(of(first), of(second), runs);
        let texts = |column| Codes::interleaved(first.codes(column), second.codes(column), runs);
        let mut chunk = Self {
            at: times(|chunk| &chunk.at),
            seen_at: times(|chunk| &chunk.seen_at),
            card: codes(|chunk| &chunk.card),
            what: codes(|chunk| &chunk.what),
            unit: codes(|chunk| &chunk.unit),
            digits: Numbers::interleaved(&first.digits, &second.digits, runs),
            exact: Sparse::interleaved(&first.exact, &second.exact, runs),
            texts: TextColumn::ALL.map(texts),
            ids: Texts::interleaved(&first.ids, &second.ids, runs),
            folded_ids: Self::interleaved_folded_ids(first, second, runs),
            tasks: Sparse::interleaved(&first.tasks, &second.tasks, runs),
            fees: Sparse::interleaved(&first.fees, &second.fees, runs),
            operations: Sparse::interleaved(&first.operations, &second.operations, runs),
            gone: Sparse::interleaved(&first.gone, &second.gone, runs),
            by_card: Self::interleaved_by_card(first, second, runs),
            ..Self::default()
        };
        chunk.index_ids();
        chunk.filter_cards();
        chunk
    }

    /// The ids as filters compare them, where that is not as they are.
    fn interleaved_folded_ids(first: &Self, second: &Self, runs: &[Run]) -> Option<Texts> {
        if first.folded_ids.is_none() && second.folded_ids.is_none() {
            return None;
        }
        let first = first.folded_ids.as_ref().unwrap_or(&first.ids);
        let second = second.folded_ids.as_ref().unwrap_or(&second.ids);
        Some(Texts::interleaved(first, second, runs))
    }

    /// The rows by card: those of each chunk are in that order already.
    fn interleaved_by_card(first: &Self, second: &Self, runs: &[Run]) -> Vec<u16> {
        let places = |source: Source, chunk: &Self| {
            let mut places: Vec<Option<u16>> = vec![None; chunk.len()];
            let mut place = 0;
            for run in runs {
                if run.of == source {
                    let of_run = places.get_mut(run.rows.clone()).unwrap_or_default();
                    for (to, number) in of_run.iter_mut().zip(place..) {
                        *to = u16::try_from(number).ok();
                    }
                }
                place += run.rows.len();
            }
            let placed = |row: &u16| {
                let place = places.get(usize::from(*row)).copied().flatten()?;
                Some((chunk.card.get(usize::from(*row)), place))
            };
            chunk.by_card.iter().filter_map(placed).collect::<Vec<(u32, u16)>>()
        };
        let mut all = places(Source::First, first);
        all.extend(places(Source::Second, second));
        // Two sorted runs one behind the other: a stable sort merges them.
        all.sort();
        all.into_iter().map(|(_, row)| row).collect()
    }

    /// Makes the index by id, of all rows at once.
    pub(super) fn index_ids(&mut self) {
        let ids = &self.ids;
        let hash_of = |row: &u16| hash(ids.get(usize::from(*row)));
        let mut by_id = HashTable::with_capacity(ids.len());
        for row in (0..ids.len()).filter_map(|row| u16::try_from(row).ok()) {
            by_id.insert_unique(hash_of(&row), row, hash_of);
        }
        self.by_id = by_id;
    }
}
