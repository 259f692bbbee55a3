//! The transactions in memory: columns in chunks, and filters, sums and orders over them.
//!
//! A [`Ledger`] is a list of chunks of neighbouring rows and the dictionaries that they share
//! (`ledger/chunk.rs`, `ledger/vocabulary.rs`). A copy shares all of it and never changes: it is
//! the snapshot that a [`Search`] works on while rows go on coming. A row that comes, changes or
//! moves copies its chunk alone, and what was found in the others goes on holding.
//!
//! Inside a chunk the oldest row is the first; readers count from the newest, which is position 0.

mod asked;
mod building;
mod card_rows;
mod cards;
mod chunk;
mod columns;
mod counts;
mod dictionary;
mod eval;
mod fields;
mod file;
mod frequencies;
mod histogram;
mod holders;
mod key;
mod look;
mod marks;
mod mask;
mod name_order;
mod order;
mod plan;
mod ranges;
mod results;
mod retention;
mod runs;
mod search;
mod sorting;
mod stored;
mod text_order;
mod texts;
mod times;
mod totals;
mod vocabulary;

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::sync::Arc;

use hashbrown::HashSet;
use jiff::Timestamp;

use crate::domain::card::ProviderId;
use crate::domain::operation::OperationId;
use crate::domain::transaction::{RowName, Transaction};
pub(crate) use asked::asks_holder;
use building::Building;
pub use card_rows::{CardRows, CardSelection, Outline};
use chunk::{CHUNK, Chunk};
pub use counts::Counted;
use dictionary::hash;
pub use file::Origin;
pub use frequencies::{Frequencies, Frequency, FrequencyOf, FrequencyValue};
pub use histogram::Histogram;
pub use key::RowKey;
pub use order::{Order, OrderBy};
pub use search::{Found, Progress, Query, Search};
pub use totals::Total;
use vocabulary::Vocabulary;

/// Rows of one chunk that come at once from which on the chunk is made anew with them: below,
/// putting each in its place is cheaper.
const MAKE_ANEW: usize = 8;

/// Most rows of a chunk that is made anew: each further page of a history that is being read makes
/// the chunk anew in which it lies, and takes as long as that has rows.
const GROWING: usize = 3_584;

/// The transactions that are known. A copy is cheap and is a snapshot.
#[derive(Clone, Debug)]
pub struct Ledger {
    /// The chunk with the oldest rows first; none is empty.
    chunks: Vec<Arc<Chunk>>,
    /// How many rows are older than each chunk.
    starts: Vec<usize>,
    len: usize,
    vocabulary: Vocabulary,
    proven: Arc<BTreeSet<OperationId>>,
    /// Most rows of a chunk.
    chunk_rows: usize,
}

impl Default for Ledger {
    fn default() -> Self {
        Self::in_chunks_of(CHUNK)
    }
}

/// Where a row is: the index of its chunk, and its row there.
type Place = (usize, usize);

/// Which known row a row replaces.
#[derive(Clone, Copy)]
enum Replaces {
    /// The one of its exact name.
    SameName,
    /// That one, else the one that it is most likely to be.
    Likeliest,
}

impl Ledger {
    /// An empty ledger with chunks of at most this many rows, where it is to be tried how chunks
    /// are made, changed and searched without many rows.
    #[must_use]
    pub fn in_chunks_of(rows: usize) -> Self {
        Self {
            chunks: Vec::new(),
            starts: Vec::new(),
            len: 0,
            vocabulary: Vocabulary::default(),
            proven: Arc::default(),
            chunk_rows: rows.clamp(2, CHUNK),
        }
    }

    /// A ledger of these rows, in any order; of two of one name the later one counts. Where they
    /// are sorted by time, in either direction, none of them is kept beside its columns meanwhile.
    #[must_use]
    pub fn from_rows(rows: impl IntoIterator<Item = Transaction>) -> Self {
        Self::from_about(0, rows)
    }

    /// The same where it is known about how many there are: it takes less memory meanwhile.
    #[must_use]
    pub fn from_about(expected: usize, rows: impl IntoIterator<Item = Transaction>) -> Self {
        let mut building = Building::new(expected);
        for row in rows {
            building.add(row);
        }
        let (chunks, vocabulary, unsorted, repeated) = building.finish();
        let mut ledger = Self {
            chunks: chunks.into_iter().map(Arc::new).collect(),
            vocabulary,
            ..Self::default()
        };
        ledger.proven = Arc::new(ledger.operations().collect());
        ledger.insert_all(unsorted);
        repeated.iter().for_each(|row| ledger.put(row, Replaces::SameName));
        ledger.count();
        ledger
    }

    /// Takes in rows of which it is not known what names they had before, in any order.
    ///
    /// A row replaces the known one of its provider, id and card, else one of that id without a
    /// card, else the same by the id of its task. A row without a card replaces the only row of its
    /// id, whatever card that has; of several it replaces none, since whose it is cannot be told.
    pub fn apply(&mut self, rows: &[Transaction]) {
        self.put_all(rows, Replaces::Likeliest);
    }

    /// Takes in rows as they are kept, in any order: each replaces the one of its exact name and no
    /// other. The names that they had before are taken out with [`remove`](Self::remove), before.
    pub fn apply_kept(&mut self, rows: &[Transaction]) {
        self.put_all(rows, Replaces::SameName);
    }

    /// Takes out the rows of these names, where there are such.
    pub fn remove<'a>(&mut self, names: impl IntoIterator<Item = &'a RowName>) {
        for name in names {
            if let Some(place) = self.named(name) {
                self.forget_operation(place, None);
                self.take_out(place);
            }
        }
        self.count();
    }

    fn put_all(&mut self, rows: &[Transaction], replaces: Replaces) {
        if rows.len() < MAKE_ANEW {
            rows.iter().for_each(|row| self.put(row, replaces));
        } else {
            self.put_many(rows, replaces);
        }
        self.count();
    }

    /// As [`Self::put`] for each; those that replace none are put in their places together.
    fn put_many(&mut self, rows: &[Transaction], replaces: Replaces) {
        let mut new: Vec<Transaction> = Vec::new();
        let mut new_ids: HashSet<u64, foldhash::fast::FixedState> = HashSet::default();
        for row in rows {
            if ids_of(row).any(|id| new_ids.contains(&hash(id))) {
                self.insert_all(std::mem::take(&mut new));
                new_ids.clear();
            }
            if self.replaced_by(row, replaces).is_some() {
                self.put(row, replaces);
            } else {
                new_ids.insert(hash(&row.id));
                new.push(row.clone());
            }
        }
        self.insert_all(new);
    }

    /// Puts one row in its place, and takes out the one that it replaces.
    fn put(&mut self, row: &Transaction, replaces: Replaces) {
        let key = RowKey::from(row);
        if let Some((chunk, index)) = self.replaced_by(row, replaces) {
            let known = self.chunks.get(chunk).and_then(|of| of.key(index, &self.vocabulary));
            self.forget_operation((chunk, index), row.operation);
            self.prove(row);
            if known.as_ref() == Some(&key) {
                if let Some(of) = self.chunks.get_mut(chunk) {
                    Arc::make_mut(of).replace(index, row, &mut self.vocabulary);
                }
                return;
            }
            self.take_out((chunk, index));
        }
        self.insert(&key, row);
    }

    /// Where the known row is that a row replaces.
    fn replaced_by(&self, row: &Transaction, replaces: Replaces) -> Option<Place> {
        if let Ok(place) = self.search(&RowKey::from(row)) {
            return Some(place);
        }
        match replaces {
            Replaces::SameName => self.named(&RowName::from(row)),
            Replaces::Likeliest => self.likeliest(row),
        }
    }

    /// Where the row of this name is.
    fn named(&self, name: &RowName) -> Option<Place> {
        let known = self.with_id(&name.provider, &name.id);
        known.into_iter().find(|place| self.card_id(*place) == name.card.as_deref())
    }

    fn likeliest(&self, row: &Transaction) -> Option<Place> {
        ids_of(row).find_map(|id| self.likeliest_with(id, row))
    }

    fn likeliest_with(&self, id: &str, row: &Transaction) -> Option<Place> {
        let known = self.with_id(&row.provider, id);
        let card = |place: &Place| self.card_id(*place);
        let of_same_card = known.iter().find(|place| card(place) == row.card_id.as_deref());
        let of_no_card = || {
            known
                .iter()
                .find(|place| card(place).is_none() || row.card_id.is_none() && known.len() == 1)
        };
        of_same_card.or_else(of_no_card).copied()
    }

    /// The known rows of this provider and id.
    fn with_id(&self, provider: &ProviderId, id: &str) -> Vec<Place> {
        let hash = hash(id);
        let mut places = Vec::new();
        for (index, chunk) in self.chunks.iter().enumerate() {
            let of_provider = |row_index: &usize| {
                let card = self.vocabulary.cards.get(chunk.card.get(*row_index));
                card.is_some_and(|card| card.provider == *provider)
            };
            let rows = chunk.with_id(hash, id).filter(of_provider);
            places.extend(rows.map(|row| (index, row)));
        }
        places
    }

    fn card_id(&self, (chunk, row): Place) -> Option<&str> {
        let code = self.chunks.get(chunk)?.card.get(row);
        self.vocabulary.cards.get(code)?.id.as_deref()
    }

    /// What the row here proved is proven no more, unless it is `still` or another row proves it.
    fn forget_operation(&mut self, place: Place, still: Option<OperationId>) {
        let of_row = |(chunk, row): Place| self.chunks.get(chunk)?.operations.get(row).copied();
        let Some(operation) = of_row(place).filter(|operation| Some(*operation) != still) else {
            return;
        };
        let proofs = self.operations().filter(|known| *known == operation).count();
        if proofs < 2 {
            Arc::make_mut(&mut self.proven).remove(&operation);
        }
    }

    /// The operations that rows prove, as often as they do.
    fn operations(&self) -> impl Iterator<Item = OperationId> {
        self.chunks.iter().flat_map(|chunk| chunk.operations.iter().map(|(_, id)| *id))
    }

    fn take_out(&mut self, (chunk, row): Place) {
        if let Some(of) = self.chunks.get_mut(chunk) {
            let of = Arc::make_mut(of);
            of.remove(row);
            if of.len() == 0 {
                self.chunks.remove(chunk);
            }
        }
    }

    /// The chunk in whose stretch of time a row belongs.
    fn chunk_for(&self, key: &RowKey) -> usize {
        let begins_before = |chunk: &Arc<Chunk>| !chunk.begins_after(key, &self.vocabulary);
        self.chunks.partition_point(begins_before).saturating_sub(1)
    }

    fn prove(&mut self, row: &Transaction) {
        if let Some(operation) = row.operation.filter(|new| !self.proven.contains(new)) {
            Arc::make_mut(&mut self.proven).insert(operation);
        }
    }

    fn insert(&mut self, key: &RowKey, row: &Transaction) {
        self.prove(row);
        let chunk = self.chunk_for(key);
        let last = chunk + 1 >= self.chunks.len();
        let Some(of) = self.chunks.get_mut(chunk) else {
            return self.insert_chunks(0, std::slice::from_ref(row));
        };
        let (Ok(index) | Err(index)) = of.search(key, &self.vocabulary);
        if of.len() < self.chunk_rows {
            Arc::make_mut(of).insert(index, row, &mut self.vocabulary);
        } else if index == of.len() && last {
            self.insert_chunks(chunk + 1, std::slice::from_ref(row));
        } else if index == 0 {
            self.insert_chunks(chunk, std::slice::from_ref(row));
        } else {
            self.make_anew(chunk, std::slice::from_ref(row));
        }
    }

    /// Puts in rows that replace none.
    fn insert_all(&mut self, mut rows: Vec<Transaction>) {
        rows.iter().for_each(|row| self.prove(row));
        rows.sort_by_cached_key(|row| RowKey::from(row));
        if self.chunks.is_empty() {
            return self.insert_chunks(0, &rows);
        }
        // The newest first, so that chunks that are made anew move none that still get rows.
        while let Some(row) = rows.last() {
            let chunk = self.chunk_for(&RowKey::from(row));
            let of_chunk = |row: &Transaction| self.chunk_for(&RowKey::from(row)) < chunk;
            let from = if chunk == 0 { 0 } else { rows.partition_point(of_chunk) };
            let of_chunk = rows.split_off(from);
            if of_chunk.len() < MAKE_ANEW {
                of_chunk.iter().for_each(|row| self.insert(&RowKey::from(row), row));
            } else {
                self.make_anew(chunk, &of_chunk);
            }
        }
    }

    /// Makes a chunk again with more rows, which are sorted, in as many chunks as they need.
    fn make_anew(&mut self, chunk: usize, rows: &[Transaction]) {
        let Some(of) = self.chunks.get(chunk) else { return };
        let merged = of.merged(rows, self.chunk_rows.min(GROWING), &mut self.vocabulary);
        self.chunks.splice(chunk..=chunk, merged.into_iter().map(Arc::new));
    }

    /// New chunks of sorted rows, of like size.
    fn insert_chunks(&mut self, at: usize, rows: &[Transaction]) {
        if rows.is_empty() {
            return;
        }
        let size = rows.len().div_ceil(rows.len().div_ceil(self.chunk_rows));
        let vocabulary = &mut self.vocabulary;
        let new: Vec<Arc<Chunk>> =
            rows.chunks(size).map(|rows| Arc::new(Chunk::of(rows, vocabulary))).collect();
        self.chunks.splice(at..at, new);
    }

    /// Counts the rows again, and puts new names in their order.
    fn count(&mut self) {
        self.vocabulary.keep_order();
        self.starts.clear();
        self.len = 0;
        for chunk in &self.chunks {
            self.starts.push(self.len);
            self.len += chunk.len();
        }
    }

    /// Where the row of this key is, or would be.
    fn search(&self, key: &RowKey) -> Result<Place, Place> {
        let chunk = self.chunk_for(key);
        match self.chunks.get(chunk).map(|of| of.search(key, &self.vocabulary)) {
            Some(Ok(row)) => Ok((chunk, row)),
            Some(Err(row)) => Err((chunk, row)),
            None => Err((chunk, 0)),
        }
    }

    /// Where the row of a position is.
    fn place(&self, position: usize) -> Option<Place> {
        let from_oldest = self.len.checked_sub(position.checked_add(1)?)?;
        let chunk = self.starts.partition_point(|start| *start <= from_oldest).checked_sub(1)?;
        Some((chunk, from_oldest - self.starts.get(chunk)?))
    }

    fn position_of(&self, (chunk, row): Place) -> Option<usize> {
        self.len.checked_sub(self.starts.get(chunk)? + row + 1)
    }

    /// How many rows there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The row at a position, as it was applied. Position 0 is the newest.
    #[must_use]
    pub fn row(&self, position: usize) -> Option<Transaction> {
        let (chunk, row) = self.place(position)?;
        self.chunks.get(chunk)?.row(row, &self.vocabulary)
    }

    /// The row of this key.
    #[must_use]
    pub fn get(&self, key: &RowKey) -> Option<Transaction> {
        let (chunk, row) = self.search(key).ok()?;
        self.chunks.get(chunk)?.row(row, &self.vocabulary)
    }

    /// The position of the row of this key.
    #[must_use]
    pub fn position(&self, key: &RowKey) -> Option<usize> {
        self.position_of(self.search(key).ok()?)
    }

    /// When the row of this name happened.
    #[must_use]
    pub fn at_named(&self, name: &RowName) -> Option<Timestamp> {
        let (chunk, row) = self.named(name)?;
        Some(self.chunks.get(chunk)?.at.get(row))
    }

    /// When the row at a position happened.
    #[must_use]
    pub fn at(&self, position: usize) -> Option<Timestamp> {
        let (chunk, row) = self.place(position)?;
        Some(self.chunks.get(chunk)?.at.get(row))
    }

    /// The key of the row at a position.
    #[must_use]
    pub fn key(&self, position: usize) -> Option<RowKey> {
        let (chunk, row) = self.place(position)?;
        self.chunks.get(chunk)?.key(row, &self.vocabulary)
    }

    /// All rows, the newest first.
    pub fn iter(&self) -> impl Iterator<Item = Transaction> {
        self.chunks.iter().rev().flat_map(|chunk| {
            (0..chunk.len()).rev().filter_map(|row| chunk.row(row, &self.vocabulary))
        })
    }

    /// When the newest row happened.
    #[must_use]
    pub fn newest(&self) -> Option<Timestamp> {
        let chunk = self.chunks.last()?;
        Some(chunk.at.get(chunk.len().checked_sub(1)?))
    }

    /// When the oldest row happened.
    #[must_use]
    pub fn oldest(&self) -> Option<Timestamp> {
        self.chunks.first().map(|chunk| chunk.at.get(0))
    }

    /// Operations that a row proves.
    #[must_use]
    pub fn proven(&self) -> &BTreeSet<OperationId> {
        &self.proven
    }

    /// Bytes of memory that it takes, as far as they can be told: without what the allocator adds.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let chunks: usize = self.chunks.iter().map(|chunk| chunk.bytes()).sum();
        chunks + self.vocabulary.bytes()
    }
}

/// The ids by which a row may be known: its own, and that of its task.
fn ids_of(row: &Transaction) -> impl Iterator<Item = &Arc<str>> {
    std::iter::once(&row.id).chain(&row.task)
}
