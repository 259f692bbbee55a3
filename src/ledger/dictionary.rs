//! Values that many rows share, kept once and numbered in the order in which they came.
//!
//! A dictionary only grows, and grows at its end: it is a list of segments of which all but the
//! last never change again. A copy shares them, and what a filter found out about one holds for
//! as long as the segment lives.

use std::hash::{BuildHasher, Hasher};
use std::io;
use std::sync::Arc;

use foldhash::quality::FixedState;
use hashbrown::HashTable;

use super::stored::{Input, Output, Stored, read_all, write_all};
use super::texts::Texts;
use crate::domain::filter::fold;

/// Most entries of a segment: as many as its index takes without growing beyond 4,096 places.
pub(super) const SEGMENT: usize = 3_584;

/// The number of every entry of a dictionary, by hash: only while many rows are taken in at once,
/// since without it each segment is asked.
///
/// It is in small parts: what the allocator gives back to the system at once is what is smaller
/// than anything large that was freed before.
#[derive(Clone, Debug)]
pub(super) struct Lookup(Vec<HashTable<u32>>);

/// Parts of what grows with the rows and is dropped when all are there.
pub(super) const PARTS: usize = 256;

/// The part of a hash: by bits that a table does not look at.
pub(super) const fn part_of(hash: u64) -> usize {
    (hash >> 40) as usize % PARTS
}

impl Lookup {
    pub(super) fn new() -> Self {
        Self(vec![HashTable::new(); PARTS])
    }

    pub(super) fn find(&self, hash: u64, is_it: impl FnMut(&u32) -> bool) -> Option<u32> {
        self.0.get(part_of(hash))?.find(hash, is_it).copied()
    }

    pub(super) fn insert_unique(&mut self, hash: u64, code: u32, hash_of: impl Fn(&u32) -> u64) {
        if let Some(part) = self.0.get_mut(part_of(hash)) {
            part.insert_unique(hash, code, hash_of);
        }
    }
}

/// The hash of a text. It is the same in every process, since nothing but speed depends on it.
pub(super) fn hash(text: &str) -> u64 {
    let mut hasher = FixedState::default().build_hasher();
    hasher.write(text.as_bytes());
    hasher.finish()
}

/// Texts by number, from 1: 0 stands for no text.
#[derive(Clone, Debug, Default)]
pub(super) struct Dictionary {
    segments: Vec<Arc<Segment>>,
    lookup: Option<Lookup>,
}

/// Some texts of a dictionary, each as it came and as filters compare it.
#[derive(Clone, Debug, Default)]
pub(super) struct Segment {
    originals: Texts,
    folded: Texts,
    by_text: HashTable<u16>,
}

impl Segment {
    pub(super) const fn len(&self) -> usize {
        self.originals.len()
    }

    pub(super) fn original(&self, index: usize) -> &str {
        self.originals.get(index)
    }

    pub(super) const fn folded(&self) -> &Texts {
        &self.folded
    }

    fn find(&self, hash: u64, text: &str) -> Option<usize> {
        let same = |index: &u16| self.original(usize::from(*index)) == text;
        self.by_text.find(hash, same).map(|index| usize::from(*index))
    }

    fn push(&mut self, hash: u64, text: &str) {
        let Ok(index) = u16::try_from(self.len()) else { return };
        self.originals.push(text);
        self.folded.push(&fold(text));
        let originals = &self.originals;
        self.by_text
            .insert_unique(hash, index, |index| self::hash(originals.get(usize::from(*index))));
        if self.len() == SEGMENT {
            self.originals.shrink();
            self.folded.shrink();
        }
    }

    fn bytes(&self) -> usize {
        self.originals.bytes() + self.folded.bytes() + self.by_text.allocation_size()
    }
}

impl Dictionary {
    pub(super) fn segments(&self) -> &[Arc<Segment>] {
        &self.segments
    }

    /// How many texts there are.
    pub(super) fn len(&self) -> usize {
        let full = self.segments.len().saturating_sub(1) * SEGMENT;
        full + self.segments.last().map_or(0, |segment| segment.len())
    }

    /// The text of a code; `None` for 0.
    pub(super) fn get(&self, code: u32) -> Option<&str> {
        let index = (code as usize).checked_sub(1)?;
        let segment = self.segments.get(index / SEGMENT)?;
        Some(segment.original(index % SEGMENT))
    }

    /// The text of a code as filters compare it.
    pub(super) fn folded(&self, code: u32) -> Option<&str> {
        let index = (code as usize).checked_sub(1)?;
        Some(self.segments.get(index / SEGMENT)?.folded.get(index % SEGMENT))
    }

    /// The code of a text, which is added where it is new; 0 for none.
    pub(super) fn code(&mut self, text: Option<&str>) -> u32 {
        let Some(text) = text else { return 0 };
        let hash = hash(text);
        let known = match &self.lookup {
            Some(lookup) => {
                lookup.find(hash, |code| self.get(*code) == Some(text)).map(|code| code as usize)
            }
            None => self.segments.iter().enumerate().rev().find_map(|(at, segment)| {
                segment.find(hash, text).map(|index| at * SEGMENT + index + 1)
            }),
        };
        let code = known.unwrap_or_else(|| self.push(hash, text) + 1);
        u32::try_from(code).unwrap_or(u32::MAX)
    }

    /// Many texts follow, until [`Self::end_many`].
    pub(super) fn begin_many(&mut self) {
        let mut lookup = Lookup::new();
        let hash_of = |code: &u32| self.get(*code).map_or(0, hash);
        for code in (1..=self.len()).filter_map(|code| u32::try_from(code).ok()) {
            lookup.insert_unique(hash_of(&code), code, hash_of);
        }
        self.lookup = Some(lookup);
    }

    pub(super) fn end_many(&mut self) {
        self.lookup = None;
    }

    fn push(&mut self, hash: u64, text: &str) -> usize {
        if self.segments.last().is_none_or(|segment| segment.len() == SEGMENT) {
            self.segments.push(Arc::default());
        }
        let index = self.len();
        if let Some(last) = self.segments.last_mut() {
            Arc::make_mut(last).push(hash, text);
        }
        if let (Some(mut lookup), Ok(code)) = (self.lookup.take(), u32::try_from(index + 1)) {
            lookup.insert_unique(hash, code, |code| self.get(*code).map_or(0, self::hash));
            self.lookup = Some(lookup);
        }
        index
    }

    pub(super) fn bytes(&self) -> usize {
        self.segments.iter().map(|segment| segment.bytes()).sum()
    }
}

impl Stored for Dictionary {
    fn write(&self, to: &mut Output<'_>) -> io::Result<()> {
        write_all(self.segments.iter().map(|segment| &segment.originals), to)
    }

    fn read(from: &mut Input) -> Option<Self> {
        let mut dictionary = Self::default();
        for texts in read_all::<Texts>(from)? {
            for index in 0..texts.len() {
                let text = texts.get(index);
                dictionary.push(hash(text), text);
            }
        }
        Some(dictionary)
    }
}
