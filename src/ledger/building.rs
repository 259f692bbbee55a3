//! Making a ledger from many rows at once.

use std::cmp::Ordering;

use hashbrown::HashSet;

use super::chunk::{CHUNK, Chunk};
use super::dictionary::{PARTS, hash, part_of};
use super::key::RowKey;
use super::vocabulary::Vocabulary;
use crate::domain::transaction::Transaction;

/// Rows from which on room is made for a whole chunk at once, instead of twice as much each time.
const SEVERAL: usize = 512;

/// Rows on their way into columns.
#[derive(Debug, Default)]
pub(super) struct Building {
    /// In the order in which the rows came.
    chunks: Vec<Chunk>,
    vocabulary: Vocabulary,
    /// The rows of the next chunk.
    next: Vec<Transaction>,
    last: Option<RowKey>,
    /// How each row compares with the one before it; `None` until there are two.
    direction: Option<Ordering>,
    /// In parts, for the same reason as a [`Lookup`](super::dictionary::Lookup).
    ids: Vec<HashSet<u64, foldhash::fast::FixedState>>,
    /// Rows that are not where the direction wants them.
    unsorted: Vec<Transaction>,
    /// Rows whose id may be that of an earlier one.
    repeated: Vec<Transaction>,
}

impl Building {
    pub(super) fn new() -> Self {
        let mut building = Self { ids: vec![HashSet::default(); PARTS], ..Self::default() };
        building.vocabulary.begin_many();
        building
    }

    pub(super) fn add(&mut self, row: Transaction) {
        // Rows of two accounts are never the same; of two cards they may be, where one names none.
        let of_account = hash(row.provider.name()).rotate_left(21);
        let id = hash(&row.id) ^ of_account;
        if !self.ids.get_mut(part_of(id)).is_some_and(|ids| ids.insert(id)) {
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
        if self.next.len() == SEVERAL {
            self.next.reserve_exact(CHUNK - SEVERAL);
        }
        self.next.push(row);
        if self.next.len() == CHUNK {
            self.end_chunk();
        }
    }

    fn end_chunk(&mut self) {
        if self.next.is_empty() {
            return;
        }
        if self.direction == Some(Ordering::Less) {
            self.next.reverse();
        }
        self.chunks.push(Chunk::of(&self.next, &mut self.vocabulary));
        self.next.clear();
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
