//! Some of the rows of a chunk, one bit for each.

/// Rows of a chunk: bit `row % 64` of word `row / 64`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mask(Box<[u64]>);

/// Rows of one word.
pub(super) const BITS: usize = 64;

impl Mask {
    /// The first rows of a chunk.
    pub(super) fn first(rows: usize, len: usize) -> Self {
        let mut words = vec![0; len.div_ceil(BITS)];
        for (index, word) in words.iter_mut().enumerate() {
            *word = ones(rows.saturating_sub(index * BITS));
        }
        Self(words.into())
    }

    /// All rows of a chunk of this length.
    pub(super) fn all(len: usize) -> Self {
        Self::first(len, len)
    }

    /// As large, without any row.
    pub(super) fn none(&self) -> Self {
        Self(vec![0; self.0.len()].into())
    }

    pub(super) fn count(&self) -> usize {
        self.0.iter().map(|word| word.count_ones() as usize).sum()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.iter().all(|word| *word == 0)
    }

    pub(super) fn has(&self, row: usize) -> bool {
        self.0.get(row / BITS).is_some_and(|word| word >> (row % BITS) & 1 == 1)
    }

    pub(super) fn add(&mut self, row: usize) {
        if let Some(word) = self.0.get_mut(row / BITS) {
            *word |= 1 << (row % BITS);
        }
    }

    pub(super) fn remove(&mut self, row: usize) {
        if let Some(word) = self.0.get_mut(row / BITS) {
            *word &= !(1 << (row % BITS));
        }
    }

    pub(super) fn and(mut self, other: &Self) -> Self {
        self.0.iter_mut().zip(&other.0).for_each(|(word, other)| *word &= other);
        self
    }

    pub(super) fn or(mut self, other: &Self) -> Self {
        self.0.iter_mut().zip(&other.0).for_each(|(word, other)| *word |= other);
        self
    }

    pub(super) fn without(mut self, other: &Self) -> Self {
        self.0.iter_mut().zip(&other.0).for_each(|(word, other)| *word &= !other);
        self
    }

    pub(super) fn each(&self, mut visit: impl FnMut(usize)) {
        for (index, word) in self.0.iter().enumerate() {
            let mut word = *word;
            while word != 0 {
                visit(index * BITS + word.trailing_zeros() as usize);
                word &= word - 1;
            }
        }
    }

    /// Visits the words that have rows, each with its index.
    pub(super) fn each_word(&self, mut visit: impl FnMut(usize, u64)) {
        let words = self.0.iter().enumerate().filter(|(_, word)| **word != 0);
        words.for_each(|(index, word)| visit(index, *word));
    }

    /// As [`Self::each`], from the last row on.
    pub(super) fn each_newest_first(&self, mut visit: impl FnMut(usize)) {
        for (index, word) in self.0.iter().enumerate().rev() {
            let mut word = *word;
            while word != 0 {
                let bit = BITS - 1 - word.leading_zeros() as usize;
                visit(index * BITS + bit);
                word &= !(1 << bit);
            }
        }
    }

    /// Those whose value in a column passes a test.
    pub(super) fn filter<T>(&self, column: &[T], test: impl Fn(&T) -> bool) -> Self {
        let of_word = |(word, values): (&u64, &[T])| {
            if *word == 0 {
                return 0;
            }
            if word.count_ones() < 8 {
                return kept(*word, |bit| values.get(bit).is_some_and(&test));
            }
            let passed = values.iter().enumerate();
            word & passed.fold(0, |all, (bit, value)| all | u64::from(test(value)) << bit)
        };
        Self(self.0.iter().zip(column.chunks(BITS)).map(of_word).collect())
    }

    /// Those that pass a test.
    pub(super) fn filter_rows(&self, test: impl Fn(usize) -> bool) -> Self {
        let of_word = |(index, word): (usize, &u64)| kept(*word, |bit| test(index * BITS + bit));
        Self(self.0.iter().enumerate().map(of_word).collect())
    }

    /// The row that has this many of the rows before it.
    pub(super) fn nth(&self, index: usize) -> Option<usize> {
        let mut left = index;
        for (at, word) in self.0.iter().enumerate() {
            let count = word.count_ones() as usize;
            if left < count {
                let mut word = *word;
                for _ in 0..left {
                    word &= word - 1;
                }
                return Some(at * BITS + word.trailing_zeros() as usize);
            }
            left -= count;
        }
        None
    }

    /// How many of the rows are before this one.
    pub(super) fn rank(&self, row: usize) -> usize {
        let whole = self.0.iter().take(row / BITS).map(|word| word.count_ones() as usize);
        let part = self.0.get(row / BITS).map_or(0, |word| word & ones(row % BITS));
        whole.sum::<usize>() + part.count_ones() as usize
    }
}

/// The lowest bits set.
const fn ones(count: usize) -> u64 {
    if count >= BITS { u64::MAX } else { (1 << count) - 1 }
}

fn kept(word: u64, test: impl Fn(usize) -> bool) -> u64 {
    let (mut rest, mut kept) = (word, 0);
    while rest != 0 {
        let bit = rest.trailing_zeros();
        kept |= u64::from(test(bit as usize)) << bit;
        rest &= rest - 1;
    }
    kept
}
