//! A ledger in a file, so that it is there at once when the program starts.
//!
//! The file is a copy of what the store has, and is made from it again in any doubt: one that is
//! cut short, of another version, changed by a single bit, or open to other users is not read at
//! all. It holds a number of its own, by which the store knows it, and the store's last change that
//! is in it; what changed later is asked of the store.
//!
//! ```text
//! magic, version, number, change, beginning, dictionaries, cards, currencies, chunks,
//! length, SHA-256 of all before
//! ```

use std::io;
use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;

use super::Ledger;
use super::chunk::Chunk;
use super::stored::{Input, Output, Stored};
use super::vocabulary::Vocabulary;
use crate::files::{open_private, replace_private};

const MAGIC: [u8; 8] = *b"ctcolumn";

/// Another one whenever the form of a column changes.
const VERSION: u32 = 3;

/// What a column file is a copy of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Origin {
    /// A random number, which the store keeps too: so no file of another store is taken for its.
    pub number: i64,
    /// The store's last change that is in it.
    pub change: i64,
    /// From when on it has rows, to the millisecond: [`Timestamp::MIN`] where it has all.
    pub from: Timestamp,
}

impl Ledger {
    /// The ledger of a file, and what it is a copy of; `None` when there is no such file, or when
    /// there is any doubt about it.
    #[must_use]
    pub fn load(path: &Path) -> Option<(Self, Origin)> {
        let mut from = Input::new(open_private(path)?)?;
        let origin = read_origin(&mut from)?;
        let vocabulary = Vocabulary::read(&mut from)?;
        let count = from.count(1)?;
        let mut chunks: Vec<Arc<Chunk>> = Vec::new();
        for _ in 0..count {
            let mut chunk = Chunk::read(&mut from)?;
            let follows = |last: &Arc<Chunk>| {
                let key = last.key(last.len().checked_sub(1)?, &vocabulary)?;
                Some(chunk.begins_after(&key, &vocabulary))
            };
            let is_behind = chunks.last().is_none_or(|last| follows(last) == Some(true));
            if chunk.len() == 0 || !chunk.is_of(&vocabulary) || !is_behind {
                return None;
            }
            chunk.filter_cards();
            chunks.push(Arc::new(chunk));
        }
        if !from.ends_whole() {
            return None;
        }
        let mut ledger = Self { chunks, vocabulary, ..Self::default() };
        ledger.count();
        ledger.proven = Arc::new(ledger.operations().collect());
        Some((ledger, origin))
    }

    /// What a column file is a copy of by its own word, without looking at its rows.
    #[must_use]
    pub fn origin(path: &Path) -> Option<Origin> {
        read_origin(&mut Input::new(open_private(path)?)?)
    }

    /// Writes the ledger to a file, which is replaced whole.
    ///
    /// # Errors
    /// When the file cannot be written, or another process is writing it at this moment. The one
    /// before is still there then.
    pub fn save(&self, path: &Path, origin: Origin) -> io::Result<()> {
        replace_private(path, |file| {
            let mut to = Output::new(file);
            to.bytes(&MAGIC)?;
            VERSION.write(&mut to)?;
            origin.number.write(&mut to)?;
            origin.change.write(&mut to)?;
            origin.from.as_millisecond().write(&mut to)?;
            self.vocabulary.write(&mut to)?;
            (self.chunks.len() as u64).write(&mut to)?;
            for chunk in &self.chunks {
                chunk.write(&mut to)?;
            }
            to.finish()
        })
    }
}

fn read_origin(from: &mut Input) -> Option<Origin> {
    if from.bytes(MAGIC.len())? != MAGIC || u32::read(from)? != VERSION {
        return None;
    }
    let (number, change) = (i64::read(from)?, i64::read(from)?);
    Some(Origin { number, change, from: Timestamp::from_millisecond(i64::read(from)?).ok()? })
}
