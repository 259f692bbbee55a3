//! Making a ledger from many rows at once.

use std::cmp::Ordering;

use hashbrown::HashSet;

use super::chunk::{CHUNK, Chunk};
use super::dictionary::hash;
use super::key::RowKey;
use super::vocabulary::Vocabulary;
use crate::domain::transaction::Transaction;

/// Rows on their way into columns.
#[derive(Debug, Default)]
pub(super) struct Building {
    /// In the order in which the rows came.
    chunks: Vec<Chunk>,
    vocabulary: Vocabulary,
    /// The rows of the next chunk, as columns in the order in which they came: whole rows would
    /// take ten times as much meanwhile.
    next: Chunk,
    last: Option<RowKey>,
    /// How each row compares with the one before it; `None` until there are two.
    direction: Option<Ordering>,
    ids: HashSet<u64, foldhash::fast::FixedState>,
    /// Rows that are not where the direction wants them.
    unsorted: Vec<Transaction>,
    /// Rows whose id may be that of an earlier one.
    repeated: Vec<Transaction>,
}

impl Building {
    /// With room for so many rows from the start: a large table that grows leaves its earlier room
    /// behind, and the allocator keeps as much for later of all that is freed.
    pub(super) fn new(expected: usize) -> Self {
        let mut building = Self {
            ids: HashSet::with_capacity_and_hasher(expected, Default::default()),
            ..Self::default()
        };
        building.vocabulary.begin_many();
        building
    }

    pub(super) fn add(&mut self, row: Transaction) {
        // Rows of two accounts are never the same; of two cards they may be, where one names none.
        let of_account = hash(row.provider.name()).rotate_left(21);
        if !self.ids.insert(hash(&row.id) ^ of_account) {
            self.repeated.push(row);
            return;
        }
        let key = RowKey::from(&row);
        let order = self.last.as_ref().map(|last| key.cmp(last));
        if self.direction.is_none() {
            self.direction = order;
        }
        if order != self.direction {
            self.unsorted.push(row);
            return;
        }
        self.last = Some(key);
        self.next.push(&row, &mut self.vocabulary);
        if self.next.len() == CHUNK {
            self.end_chunk();
        }
    }

    fn end_chunk(&mut self) {
        if self.next.len() > 0 {
            let next = std::mem::take(&mut self.next);
            self.chunks.push(next.finished(self.direction == Some(Ordering::Less)));
        }
    }

    /// The chunks, the oldest first, and the rows that are still to be put in: unsorted ones of
    /// new ids, then those whose ids may be known, in the order in which they came.
    pub(super) fn finish(mut self) -> (Vec<Chunk>, Vocabulary, Vec<Transaction>, Vec<Transaction>) {
        self.end_chunk();
        self.vocabulary.end_many();
        if self.direction == Some(Ordering::Less) {
            self.chunks.reverse();
        }
        (self.chunks, self.vocabulary, self.unsorted, self.repeated)
    }
}
