//! The cards that rows name, numbered: provider, card id and last four digits in 32 bits.

use std::sync::Arc;

use hashbrown::HashTable;

use super::dictionary::{SEGMENT, hash};
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
        let known =
            self.segments.iter().enumerate().rev().find_map(|(at, segment)| {
                segment.find(hash, entry).map(|index| at * SEGMENT + index)
            });
        let index = known.unwrap_or_else(|| self.push(entry));
        u32::try_from(index).unwrap_or(u32::MAX)
    }

    fn push(&mut self, entry: &CardEntry) -> usize {
        if self.segments.last().is_none_or(|segment| segment.entries.len() == SEGMENT) {
            self.segments.push(Arc::default());
        }
        let index = self.len();
        if let Some(last) = self.segments.last_mut() {
            Arc::make_mut(last).push(entry);
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
