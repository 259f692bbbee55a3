//! Texts one behind the other in one piece of memory.

use std::io;

use super::runs::{Run, rows_of};
use super::stored::{Input, Output, Stored};

/// Texts by number. None of them is moved by being read, and searching all is one pass.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Texts {
    all: String,
    /// Where each text ends in `all`; it begins where the one before it ends.
    ends: Vec<u32>,
    /// One bit for each byte that occurs, or did once.
    occurring: [u64; 4],
}

/// How many texts are tried one by one where the next that is looked for may be near.
const NEAR: usize = 3;

impl Texts {
    pub(super) const fn len(&self) -> usize {
        self.ends.len()
    }

    /// The bytes of all, without anything between them.
    pub(super) fn all(&self) -> &str {
        &self.all
    }

    /// Where a text begins and ends in [`Self::all`].
    pub(super) fn span(&self, index: usize) -> (usize, usize) {
        let end = |index: usize| self.ends.get(index).map_or(self.all.len(), |end| *end as usize);
        (index.checked_sub(1).map_or(0, end), end(index))
    }

    /// The text of this number; empty where there is none.
    pub(super) fn get(&self, index: usize) -> &str {
        let (from, to) = self.span(index);
        self.all.get(from..to).unwrap_or_default()
    }

    /// The number of the text in which a byte of [`Self::all`] lies, which is `from` or a later
    /// one: those that follow soon are found soonest.
    pub(super) fn index_at(&self, byte: usize, from: usize) -> usize {
        let mut rest = self.ends.get(from..).unwrap_or_default();
        if let Some(further) = rest.iter().take(NEAR).position(|end| *end as usize > byte) {
            return from + further;
        }
        let (mut index, mut step) = (from, 8);
        while rest.get(step).is_some_and(|end| *end as usize <= byte) {
            rest = rest.get(step..).unwrap_or_default();
            index += step;
            step *= 2;
        }
        let rest = rest.get(..=step).unwrap_or(rest);
        index + rest.partition_point(|end| *end as usize <= byte)
    }

    /// Whether a text may contain a part: all its bytes occur.
    pub(super) fn may_have(&self, part: &str) -> bool {
        let occurs = |byte: u8| {
            let word = self.occurring.get(usize::from(byte) / 64);
            word.is_some_and(|word| word >> (byte % 64) & 1 == 1)
        };
        part.bytes().all(occurs)
    }

    fn note(&mut self, text: &str) {
        for byte in text.bytes() {
            if let Some(word) = self.occurring.get_mut(usize::from(byte) / 64) {
                *word |= 1 << (byte % 64);
            }
        }
    }

    pub(super) fn push(&mut self, text: &str) {
        self.note(text);
        self.all.push_str(text);
        self.ends.push(length(self.all.len()));
    }

    /// Puts a text before the one of this number.
    pub(super) fn insert(&mut self, index: usize, text: &str) {
        if index >= self.len() {
            return self.push(text);
        }
        self.note(text);
        let (from, _) = self.span(index);
        self.all.insert_str(from, text);
        let grown = length(text.len());
        self.ends.insert(index, length(from));
        self.ends.iter_mut().skip(index).for_each(|end| *end += grown);
    }

    pub(super) fn remove(&mut self, index: usize) {
        let (from, to) = self.span(index);
        self.all.replace_range(from..to, "");
        self.ends.remove(index);
        let gone = length(to - from);
        self.ends.iter_mut().skip(index).for_each(|end| *end -= gone);
    }

    /// The texts of two, run by run.
    pub(super) fn interleaved(first: &Self, second: &Self, runs: &[Run]) -> Self {
        let mut texts = Self {
            all: String::with_capacity(first.all.len() + second.all.len()),
            ends: Vec::with_capacity(rows_of(runs)),
            occurring: first.occurring,
        };
        for (word, other) in texts.occurring.iter_mut().zip(second.occurring) {
            *word |= other;
        }
        for Run { of, rows } in runs {
            let from = of.pick(first, second);
            let begin = rows.start.checked_sub(1).map_or(0, |before| from.span(before).1);
            let ends = from.ends.get(rows.clone()).unwrap_or_default();
            let end = ends.last().map_or(begin, |end| *end as usize);
            let moved = texts.all.len();
            texts.all.push_str(from.all.get(begin..end).unwrap_or_default());
            texts.ends.extend(ends.iter().map(|end| length(*end as usize - begin + moved)));
        }
        texts.shrink();
        texts
    }

    pub(super) fn bytes(&self) -> usize {
        self.all.capacity() + self.ends.capacity() * size_of::<u32>()
    }

    pub(super) fn shrink(&mut self) {
        self.all.shrink_to_fit();
        self.ends.shrink_to_fit();
    }
}

/// A length within one piece of memory. A piece holds some thousand texts that were cut to some
/// hundred characters, or ids of one answer.
///
/// # Panics
/// Beyond 4 GiB, which no answer of a provider has.
fn length(bytes: usize) -> u32 {
    u32::try_from(bytes).expect("one piece holds far less than 4 GiB: answers are cut at megabytes")
}

impl Stored for Texts {
    fn write(&self, to: &mut Output<'_>) -> io::Result<()> {
        self.all.write(to)?;
        self.ends.write(to)
    }

    fn read(from: &mut Input) -> Option<Self> {
        let all = String::read(from)?;
        let ends: Vec<u32> = Stored::read(from)?;
        let ends_somewhere = |end: &u32| all.is_char_boundary(*end as usize);
        let last = ends.last().map_or(0, |end| *end as usize);
        if !ends.is_sorted() || !ends.iter().all(ends_somewhere) || last != all.len() {
            return None;
        }
        let mut texts = Self::default();
        texts.note(&all);
        Some(Self { all, ends, ..texts })
    }
}
