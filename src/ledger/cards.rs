//! The cards that rows name, numbered: provider, card id and last four digits in 32 bits.

use std::io;
use std::sync::Arc;

use hashbrown::HashTable;

use super::dictionary::{Lookup, SEGMENT, hash};
use super::stored::{Input, Output, Stored};
use super::texts::Texts;
use crate::domain::card::{CardKey, Last4, ProviderId};
use crate::domain::filter::fold;

/// What a row says of its card. A card of which some rows lack the last four digits has two of
/// these.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct CardEntry {
    pub(super) provider: ProviderId,
    pub(super) id: Option<Arc<str>>,
    pub(super) last4: Option<Last4>,
}

impl CardEntry {
    pub(super) fn key(&self) -> Option<CardKey> {
        Some(CardKey { provider: self.provider.clone(), id: self.id.clone()? })
    }

    /// The same for all entries of one card.
    fn hash(&self) -> u64 {
        hash(self.id.as_deref().unwrap_or_else(|| self.provider.name()))
    }
}

/// Cards by number, in segments as those of a dictionary.
#[derive(Clone, Debug, Default)]
pub(super) struct Cards {
    segments: Vec<Arc<CardSegment>>,
    lookup: Option<Lookup>,
}

#[derive(Clone, Debug, Default)]
pub(super) struct CardSegment {
    entries: Vec<CardEntry>,
    /// The ids as filters compare them; empty where there is none.
    folded_ids: Texts,
    by_id: HashTable<u16>,
}

impl CardSegment {
    pub(super) fn entries(&self) -> &[CardEntry] {
        &self.entries
    }

    pub(super) const fn folded_ids(&self) -> &Texts {
        &self.folded_ids
    }

    fn find(&self, hash: u64, entry: &CardEntry) -> Option<usize> {
        let same = |index: &u16| self.entries.get(usize::from(*index)) == Some(entry);
        self.by_id.find(hash, same).map(|index| usize::from(*index))
    }

    fn push(&mut self, entry: &CardEntry) {
        let Ok(index) = u16::try_from(self.entries.len()) else { return };
        self.entries.push(entry.clone());
        self.folded_ids.push(&fold(entry.id.as_deref().unwrap_or_default()));
        let entries = &self.entries;
        self.by_id.insert_unique(entry.hash(), index, |index| {
            entries.get(usize::from(*index)).map_or(0, CardEntry::hash)
        });
        if self.entries.len() == SEGMENT {
            self.entries.shrink_to_fit();
            self.folded_ids.shrink();
        }
    }
}

impl Cards {
    pub(super) fn segments(&self) -> &[Arc<CardSegment>] {
        &self.segments
    }

    pub(super) fn len(&self) -> usize {
        let full = self.segments.len().saturating_sub(1) * SEGMENT;
        full + self.segments.last().map_or(0, |segment| segment.entries.len())
    }

    pub(super) fn get(&self, code: u32) -> Option<&CardEntry> {
        let index = code as usize;
        self.segments.get(index / SEGMENT)?.entries.get(index % SEGMENT)
    }

    /// The code of an entry, which is added where it is new.
    pub(super) fn code(&mut self, entry: &CardEntry) -> u32 {
        let hash = entry.hash();
        let known = match &self.lookup {
            Some(lookup) => {
                lookup.find(hash, |code| self.get(*code) == Some(entry)).map(|code| code as usize)
            }
            None => self.segments.iter().enumerate().rev().find_map(|(at, segment)| {
                segment.find(hash, entry).map(|index| at * SEGMENT + index)
            }),
        };
        let index = known.unwrap_or_else(|| self.push(entry));
        u32::try_from(index).unwrap_or(u32::MAX)
    }

    /// Many cards follow, until [`Self::end_many`].
    pub(super) fn begin_many(&mut self) {
        let mut lookup = Lookup::new();
        let hash_of = |code: &u32| self.get(*code).map_or(0, CardEntry::hash);
        for code in (0..self.len()).filter_map(|code| u32::try_from(code).ok()) {
            lookup.insert_unique(hash_of(&code), code, hash_of);
        }
        self.lookup = Some(lookup);
    }

    pub(super) fn end_many(&mut self) {
        self.lookup = None;
    }

    fn push(&mut self, entry: &CardEntry) -> usize {
        if self.segments.last().is_none_or(|segment| segment.entries.len() == SEGMENT) {
            self.segments.push(Arc::default());
        }
        let index = self.len();
        if let Some(last) = self.segments.last_mut() {
            Arc::make_mut(last).push(entry);
        }
        if let (Some(mut lookup), Ok(code)) = (self.lookup.take(), u32::try_from(index)) {
            let hash_of = |code: &u32| self.get(*code).map_or(0, CardEntry::hash);
            lookup.insert_unique(entry.hash(), code, hash_of);
            self.lookup = Some(lookup);
        }
        index
    }

    /// The codes of one card.
    pub(super) fn of(&self, key: &CardKey) -> Vec<u32> {
        let hash = hash(&key.id);
        let mut codes = Vec::new();
        for (at, segment) in self.segments.iter().enumerate() {
            for index in segment.by_id.iter_hash(hash) {
                let index = usize::from(*index);
                let is_it = |entry: &CardEntry| {
                    entry.provider == key.provider && entry.id.as_deref() == Some(&*key.id)
                };
                if segment.entries.get(index).is_some_and(is_it) {
                    codes.extend(u32::try_from(at * SEGMENT + index));
                }
            }
        }
        codes.sort_unstable();
        codes.dedup();
        codes
    }

    pub(super) fn bytes(&self) -> usize {
        let text = |entry: &CardEntry| entry.id.as_ref().map_or(0, |id| id.len() + 16);
        let of_segment = |segment: &Arc<CardSegment>| {
            segment.entries.capacity() * size_of::<CardEntry>()
                + segment.folded_ids.bytes()
                + segment.by_id.allocation_size()
                + segment.entries.iter().map(text).sum::<usize>()
        };
        self.segments.iter().map(of_segment).sum()
    }
}

impl Stored for Cards {
    fn write(&self, to: &mut Output<'_>) -> io::Result<()> {
        (self.len() as u64).write(to)?;
        for entry in self.segments.iter().flat_map(|segment| &segment.entries) {
            entry.provider.name().to_owned().write(to)?;
            entry.id.write(to)?;
            entry.last4.write(to)?;
        }
        Ok(())
    }

    fn read(from: &mut Input) -> Option<Self> {
        let mut cards = Self::default();
        let mut providers: Vec<ProviderId> = Vec::new();
        for _ in 0..from.count(1)? {
            let name = String::read(from)?;
            let known = providers.iter().find(|known| known.name() == name).cloned();
            let provider = known.unwrap_or_else(|| {
                providers.push(ProviderId::new(&name));
                ProviderId::new(&name)
            });
            let (id, last4) = (Stored::read(from)?, Stored::read(from)?);
            cards.push(&CardEntry { provider, id, last4 });
        }
        Some(cards)
    }
}
