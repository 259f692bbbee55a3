//! A chunk made anew of its rows and others. Its columns are copied, and no row is made for it.

use super::Chunk;
use crate::domain::transaction::Transaction;
use crate::ledger::key::RowKey;
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
        let rows = self.len() + others.len();
        let size = rows.div_ceil(rows.div_ceil(most).max(1));
        let mut chunks = Chunks { size, done: Vec::new(), next: Self::default() };
        let mut from = 0;
        for other in others {
            let place = self.search(&RowKey::from(other), vocabulary);
            let place = place.unwrap_or_else(|place| place);
            (from..place).for_each(|row| chunks.with_room().copy(self, row));
            from = place;
            let chunk = chunks.with_room();
            chunk.insert_columns(chunk.len(), other, vocabulary);
        }
        (from..self.len()).for_each(|row| chunks.with_room().copy(self, row));
        chunks.end()
    }

    /// Puts a row of another chunk behind its own.
    fn copy(&mut self, from: &Self, row: usize) {
        let end = self.len();
        self.at.insert(end, from.at.get(row));
        self.seen_at.insert(end, from.seen_at.get(row));
        self.card.insert(end, from.card.get(row));
        self.what.insert(end, from.what.get(row));
        self.unit.insert(end, from.unit.get(row));
        self.digits.insert(end, from.digits.get(row));
        self.exact.insert(end, from.exact.get(row).copied());
        for column in TextColumn::ALL {
            self.codes_mut(column).insert(end, from.codes(column).get(row));
        }
        let id = from.ids.get(row);
        match &from.folded_ids {
            Some(_) => self.insert_id(end, id),
            // Filters compare the ids of that chunk as they are.
            None => self.insert_id_as(end, id, id),
        }
        self.tasks.insert(end, from.tasks.get(row).cloned());
        self.fees.insert(end, from.fees.get(row).copied());
        self.operations.insert(end, from.operations.get(row).copied());
        self.gone.insert(end, from.gone.get(row).cloned());
    }
}

/// Chunks that rows are put into, one after the other.
struct Chunks {
    size: usize,
    done: Vec<Chunk>,
    next: Chunk,
}

impl Chunks {
    /// The chunk that takes the next row.
    fn with_room(&mut self) -> &mut Chunk {
        if self.next.len() >= self.size {
            self.close();
        }
        &mut self.next
    }

    fn close(&mut self) {
        let mut chunk = std::mem::take(&mut self.next);
        chunk.index_cards();
        chunk.shrink();
        self.done.push(chunk);
    }

    fn end(mut self) -> Vec<Chunk> {
        if self.next.len() > 0 {
            self.close();
        }
        self.done
    }
}
