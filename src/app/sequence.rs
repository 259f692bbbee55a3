//! Numbers in an order that somebody else knows, such as cards by urgency: one of them moves
//! without the others being looked at.
//!
//! They stand in chunks. Putting one in, taking one out, the n-th, and a place found by bisection
//! take steps by the logarithm of how many there are.

/// Numbers in a chunk at most. A full one is cut in two.
const MOST: usize = 512;

/// Numbers in a chunk at first, so that the next one does not cut it.
const AT_FIRST: usize = MOST * 3 / 4;

/// Numbers in an order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sequence {
    /// None is empty.
    chunks: Vec<Vec<u32>>,
    lengths: Lengths,
}

impl Sequence {
    /// How many there are.
    pub(crate) const fn len(&self) -> usize {
        self.lengths.total
    }

    /// The one at this index.
    pub(crate) fn nth(&self, index: usize) -> Option<u32> {
        let (chunk, at) = self.lengths.find(index);
        self.chunks.get(chunk)?.get(at).copied()
    }

    /// All of them, in order.
    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = u32> {
        self.chunks.iter().flatten().copied()
    }

    /// Those from an index on, in order.
    pub(crate) fn iter_from(&self, index: usize) -> impl Iterator<Item = u32> {
        let (chunk, at) = self.lengths.find(index);
        self.chunks.iter().skip(chunk).flatten().skip(at).copied()
    }

    /// Those before an index, the last first.
    pub(crate) fn iter_back_from(&self, index: usize) -> impl Iterator<Item = u32> {
        let (chunk, at) = self.lengths.find(index);
        let begun = self.chunks.get(chunk).and_then(|chunk| chunk.get(..at)).unwrap_or_default();
        let before = self.chunks.get(..chunk).unwrap_or_default();
        begun.iter().rev().chain(before.iter().rev().flat_map(|chunk| chunk.iter().rev())).copied()
    }

    /// The index of the first one that does not come before something; those that do stand first.
    pub(crate) fn partition_point(&self, mut is_before: impl FnMut(u32) -> bool) -> usize {
        let after = self
            .chunks
            .partition_point(|chunk| chunk.first().is_some_and(|first| is_before(*first)));
        let Some(last) = after.checked_sub(1) else { return 0 };
        let chunk = self.chunks.get(last).map(Vec::as_slice).unwrap_or_default();
        self.lengths.before(last) + chunk.partition_point(|number| is_before(*number))
    }

    /// Puts one in at an index.
    pub(crate) fn insert(&mut self, index: usize, number: u32) {
        // Behind the last of a chunk rather than before the first of the next one.
        let (mut chunk, mut at) = self.lengths.find(index);
        if at == 0
            && let Some(before) = chunk.checked_sub(1)
        {
            (chunk, at) = (before, self.chunks.get(before).map_or(0, Vec::len));
        }
        let Some(numbers) = self.chunks.get_mut(chunk) else {
            self.chunks.push(vec![number]);
            self.lengths = Lengths::of(&self.chunks);
            return;
        };
        numbers.insert(at.min(numbers.len()), number);
        if numbers.len() < MOST {
            self.lengths.grow(chunk);
        } else {
            let rest = numbers.split_off(MOST / 2);
            self.chunks.insert(chunk + 1, rest);
            self.lengths = Lengths::of(&self.chunks);
        }
    }

    /// Takes out the one at an index.
    pub(crate) fn remove(&mut self, index: usize) -> Option<u32> {
        let (chunk, at) = self.lengths.find(index);
        let numbers = self.chunks.get_mut(chunk).filter(|numbers| at < numbers.len())?;
        let number = numbers.remove(at);
        let left = numbers.len();
        let next = self.chunks.get(chunk + 1).map_or(MOST, Vec::len);
        if left == 0 {
            self.chunks.remove(chunk);
            self.lengths = Lengths::of(&self.chunks);
        } else if left < MOST / 4 && left + next < AT_FIRST {
            let moved = self.chunks.remove(chunk + 1);
            if let Some(numbers) = self.chunks.get_mut(chunk) {
                numbers.extend(moved);
            }
            self.lengths = Lengths::of(&self.chunks);
        } else {
            self.lengths.shrink(chunk);
        }
        Some(number)
    }

    /// Memory on the heap, in bytes.
    #[cfg(test)]
    pub(crate) fn bytes(&self) -> usize {
        let of_chunk =
            |chunk: &Vec<u32>| size_of::<Vec<u32>>() + chunk.capacity() * size_of::<u32>();
        self.chunks.iter().map(of_chunk).sum::<usize>()
            + self.lengths.sums.capacity() * size_of::<usize>()
    }
}

impl FromIterator<u32> for Sequence {
    fn from_iter<T: IntoIterator<Item = u32>>(numbers: T) -> Self {
        let mut chunks: Vec<Vec<u32>> = Vec::new();
        for number in numbers {
            match chunks.last_mut().filter(|chunk| chunk.len() < AT_FIRST) {
                Some(chunk) => chunk.push(number),
                None => {
                    let mut chunk = Vec::with_capacity(MOST);
                    chunk.push(number);
                    chunks.push(chunk);
                }
            }
        }
        chunks.last_mut().map(Vec::shrink_to_fit);
        let lengths = Lengths::of(&chunks);
        Self { chunks, lengths }
    }
}

/// How long the chunks are, as the sums of a Fenwick tree.
#[derive(Clone, Debug, Default)]
struct Lengths {
    /// At `i` the lengths of the chunks up to it, as many as the lowest set bit of `i + 1` says.
    sums: Vec<usize>,
    total: usize,
}

impl Lengths {
    fn of(chunks: &[Vec<u32>]) -> Self {
        let mut sums: Vec<usize> = chunks.iter().map(Vec::len).collect();
        let total = sums.iter().sum();
        for at in 0..sums.len() {
            let sum = sums.get(at).copied().unwrap_or(0);
            if let Some(parent) = sums.get_mut(at | (at + 1)) {
                *parent += sum;
            }
        }
        Self { sums, total }
    }

    /// The chunk that an index is in, and where there. Behind the last chunk at the end.
    fn find(&self, index: usize) -> (usize, usize) {
        let (mut chunk, mut left) = (0, index);
        let mut step = self.sums.len().next_power_of_two();
        while step > 0 {
            if let Some(sum) = self.sums.get(chunk + step - 1).filter(|sum| **sum <= left) {
                (chunk, left) = (chunk + step, left - sum);
            }
            step /= 2;
        }
        (chunk, left)
    }

    /// How many numbers stand before a chunk.
    fn before(&self, chunk: usize) -> usize {
        let mut sum = 0;
        let mut at = chunk;
        while at > 0 {
            sum += self.sums.get(at - 1).copied().unwrap_or(0);
            at &= at - 1;
        }
        sum
    }

    fn grow(&mut self, chunk: usize) {
        self.total += 1;
        self.change(chunk, |sum| *sum += 1);
    }

    fn shrink(&mut self, chunk: usize) {
        self.total -= 1;
        self.change(chunk, |sum| *sum -= 1);
    }

    fn change(&mut self, chunk: usize, change: impl Fn(&mut usize)) {
        let mut at = chunk;
        while let Some(sum) = self.sums.get_mut(at) {
            change(sum);
            at |= at + 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[derive(Clone, Debug)]
    enum Step {
        Insert(usize, u32),
        Remove(usize),
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            3 => (any::<usize>(), any::<u32>()).prop_map(|(at, number)| Step::Insert(at, number)),
            2 => any::<usize>().prop_map(Step::Remove),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn it_is_a_vec_whatever_goes_in_and_out(
            first in 0_usize..3_000,
            steps in proptest::collection::vec(step(), 0..1_500),
            drained in any::<bool>(),
        ) {
            let mut known: Vec<u32> = (0..first).filter_map(|n| u32::try_from(n).ok()).collect();
            let mut sequence: Sequence = known.iter().copied().collect();
            for step in steps {
                match step {
                    Step::Insert(at, number) => {
                        let at = at % (known.len() + 1);
                        known.insert(at, number);
                        sequence.insert(at, number);
                    }
                    Step::Remove(at) => {
                        let at = at % (known.len() + 1);
                        let removed = (at < known.len()).then(|| known.remove(at));
                        prop_assert_eq!(sequence.remove(at), removed);
                    }
                }
            }
            while drained && known.len() > 700 {
                known.remove(600);
                sequence.remove(600);
            }
            prop_assert_eq!(sequence.len(), known.len());
            prop_assert_eq!(sequence.iter().collect::<Vec<_>>(), known.clone());
            for index in 0..=known.len() {
                prop_assert_eq!(sequence.nth(index), known.get(index).copied());
            }
            let middle = known.len() / 2;
            let behind: Vec<u32> = sequence.iter_from(middle).collect();
            prop_assert_eq!(&behind[..], &known[middle..]);
            let mut before: Vec<u32> = sequence.iter_back_from(middle).collect();
            before.reverse();
            prop_assert_eq!(&before[..], &known[..middle]);
        }
    }

    #[test]
    fn a_place_is_found_by_bisection() {
        let even: Sequence = (0..5_000).map(|number| number * 2).collect();
        for wanted in [0, 1, 2, 767, 768, 9_998, 9_999] {
            let mut asked = 0;
            let place = even.partition_point(|number| {
                asked += 1;
                number < wanted
            });
            assert_eq!(place, usize::try_from(wanted.div_ceil(2)).expect("a small number"));
            assert!(asked <= 15, "{asked} of 5,000 were asked");
        }
    }

    #[test]
    fn a_number_takes_few_bytes() {
        let sequence: Sequence = (0..100_000).collect();
        assert!(sequence.bytes() <= 6 * 100_000, "{} bytes", sequence.bytes());
    }
}
