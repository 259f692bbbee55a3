//! Numbered texts in their order, worked out in steps of bounded work.

use std::cmp::Ordering;
use std::collections::VecDeque;

/// The rank of a text that is empty.
pub(super) const NO_RANK: u32 = u32::MAX;

/// A text's next eight bytes, and its number.
type Item = (u64, u32);

/// Groups of at most this many texts are sorted by comparing them.
const FEW: usize = 24;

/// The eight bytes of a text from one on, so that they compare as the text does.
fn eight_bytes(text: &str, from: usize) -> u64 {
    let mut bytes = [0; 8];
    let rest = text.as_bytes().get(from..).unwrap_or_default();
    bytes.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
    u64::from_be_bytes(bytes)
}

/// Sorts numbers by their texts; those of equal texts by themselves.
pub(super) fn sort_by_text<'a>(numbers: &mut [u32], text: &impl Fn(u32) -> &'a str) {
    let mut items: Vec<Item> = numbers.iter().map(|number| (0, *number)).collect();
    sort_from(&mut items, 0, text);
    numbers.iter_mut().zip(items).for_each(|(number, item)| *number = item.1);
}

/// Sorts texts that are equal in their bytes before `from`.
fn sort_from<'a>(items: &mut [Item], from: usize, text: &impl Fn(u32) -> &'a str) {
    let by_text =
        |one: &Item, other: &Item| text(one.1).cmp(text(other.1)).then_with(|| one.1.cmp(&other.1));
    if items.len() <= FEW {
        return items.sort_unstable_by(by_text);
    }
    items.iter_mut().for_each(|item| item.0 = eight_bytes(text(item.1), from));
    items.sort_unstable();
    for alike in items.chunk_by_mut(|one, other| one.0 == other.0) {
        let may_end_here = alike.first().is_some_and(|item| item.0.to_be_bytes()[7] == 0);
        match alike.len() {
            1 => {}
            _ if may_end_here => alike.sort_unstable_by(by_text),
            _ => sort_from(alike, from + 8, text),
        }
    }
}

/// The ranks of texts, on their way: sorted piece by piece, then merged.
#[derive(Clone, Debug, Default)]
pub(super) struct TextOrder {
    /// How many texts are in sorted runs.
    taken: u32,
    runs: VecDeque<Vec<Item>>,
    merge: Option<Merge>,
    ranks: Vec<u32>,
    /// How many of the sorted texts have their rank, and the last rank.
    ranked: (usize, u32),
}

/// Two runs that are being merged into one, and how far each is.
#[derive(Clone, Debug)]
struct Merge {
    one: (Vec<Item>, usize),
    other: (Vec<Item>, usize),
    into: Vec<Item>,
}

/// Most texts that are sorted at once.
const PIECE: u32 = 2_048;

/// How many rows can be looked at in the time that it takes to sort, merge or rank a text.
const ROWS_OF_A_SORT: usize = 40;
const ROWS_OF_A_MERGE: usize = 20;
const ROWS_OF_A_RANK: usize = 8;

impl TextOrder {
    /// Goes on with `len` texts, as long as this many rows could have been looked at; tells how
    /// many could have been, or gives the ranks: equal texts have one, empty ones [`NO_RANK`].
    pub(super) fn step<'a>(
        &mut self,
        len: usize,
        text: &impl Fn(u32) -> &'a str,
        most_rows: usize,
    ) -> Result<Vec<u32>, usize> {
        let len = u32::try_from(len).unwrap_or(NO_RANK);
        let mut visited = 0;
        while visited < most_rows.max(1) {
            let left = most_rows.max(1) - visited;
            if self.taken < len {
                visited += self.sort_piece(len, text);
            } else if self.merge.is_some() || self.runs.len() > 1 {
                visited += self.merge(text, left.div_ceil(ROWS_OF_A_MERGE));
            } else if self.ranked.0 < self.runs.front().map_or(0, Vec::len) {
                visited += self.rank(text, left.div_ceil(ROWS_OF_A_RANK));
            } else {
                return Ok(std::mem::take(self).ranks);
            }
        }
        Err(visited)
    }

    fn sort_piece<'a>(&mut self, len: u32, text: &impl Fn(u32) -> &'a str) -> usize {
        let end = len.min(self.taken + PIECE);
        let mut piece: Vec<Item> = (self.taken..end).map(|number| (0, number)).collect();
        sort_from(&mut piece, 0, text);
        piece.iter_mut().for_each(|item| item.0 = eight_bytes(text(item.1), 0));
        self.taken = end;
        let count = piece.len();
        self.runs.push_back(piece);
        count * ROWS_OF_A_SORT
    }

    fn merge<'a>(&mut self, text: &impl Fn(u32) -> &'a str, most: usize) -> usize {
        let mut merge = match self.merge.take() {
            Some(merge) => merge,
            None => {
                let mut next = || self.runs.pop_front().unwrap_or_default();
                let (one, other) = (next(), next());
                let into = Vec::with_capacity(one.len() + other.len());
                Merge { one: (one, 0), other: (other, 0), into }
            }
        };
        let before = merge.into.len();
        let is_done = merge.go_on(text, most);
        let count = merge.into.len() - before;
        if is_done {
            self.runs.push_back(merge.into);
        } else {
            self.merge = Some(merge);
        }
        (count + 1) * ROWS_OF_A_MERGE
    }

    fn rank<'a>(&mut self, text: &impl Fn(u32) -> &'a str, most: usize) -> usize {
        let sorted = self.runs.front().map_or(&[][..], Vec::as_slice);
        self.ranks.resize(sorted.len(), NO_RANK);
        let (from, mut rank) = self.ranked;
        let end = sorted.len().min(from + most);
        for at in from..end {
            let (bytes, number) = sorted[at];
            let own = text(number);
            let before = at.checked_sub(1).and_then(|before| sorted.get(before));
            let is_new = before.is_none_or(|known| known.0 != bytes || text(known.1) != own);
            rank += u32::from(is_new);
            if let Some(known) = self.ranks.get_mut(number as usize).filter(|_| !own.is_empty()) {
                *known = rank;
            }
        }
        self.ranked = (end, rank);
        (end - from) * ROWS_OF_A_RANK
    }
}

impl Merge {
    /// Merges this many texts at most; tells whether none is left.
    fn go_on<'a>(&mut self, text: &impl Fn(u32) -> &'a str, most: usize) -> bool {
        for _ in 0..most.max(1) {
            let (one, other) = (self.one.0.get(self.one.1), self.other.0.get(self.other.1));
            let is_one = match (one, other) {
                (None, None) => return true,
                (one, None) => one.is_some(),
                (None, Some(_)) => false,
                (Some(one), Some(other)) => {
                    let order = one.0.cmp(&other.0).then_with(|| text(one.1).cmp(text(other.1)));
                    order != Ordering::Greater
                }
            };
            let from = if is_one { &mut self.one } else { &mut self.other };
            self.into.extend(from.0.get(from.1));
            from.1 += 1;
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn plain_ranks(texts: &[String]) -> Vec<u32> {
        let mut sorted: Vec<&String> = texts.iter().collect();
        sorted.sort();
        sorted.dedup();
        let rank = |text: &String| sorted.binary_search(&text).ok().filter(|_| !text.is_empty());
        texts.iter().map(|text| rank(text).map_or(NO_RANK, |rank| rank as u32 + 1)).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn texts_are_ranked_as_they_compare(
            few in proptest::collection::vec("[a-c\0é]{0,10}", 0..400), copies in 1_usize..16,
        ) {
            // Long ones that begin alike, and more than are sorted at once.
            let long = few.iter().map(|text| format!("blue bottle coffee {text}"));
            let mut texts: Vec<String> = few.iter().cloned().chain(long).collect();
            for copy in 1..copies {
                let more: Vec<String> =
                    few.iter().map(|text| format!("{}{text}", copy % 3)).collect();
                texts.extend(more);
            }
            let text = |number: u32| texts[number as usize].as_str();
            let mut order = TextOrder::default();
            let ranks = loop {
                match order.step(texts.len(), &text, 3_000) {
                    Ok(ranks) => break ranks,
                    Err(visited) => prop_assert!(visited > 0),
                }
            };
            let dense = |ranks: &[u32]| {
                let mut known: Vec<u32> = ranks.to_vec();
                known.sort_unstable();
                known.dedup();
                ranks.iter().map(|rank| known.binary_search(rank).ok()).collect::<Vec<_>>()
            };
            prop_assert_eq!(dense(&ranks), dense(&plain_ranks(&texts)));
            let is_empty = |(rank, text): (&u32, &String)| (*rank == NO_RANK) == text.is_empty();
            prop_assert!(ranks.iter().zip(&texts).all(is_empty));
            let mut numbers: Vec<u32> = (0..).take(texts.len()).collect();
            sort_by_text(&mut numbers, &text);
            prop_assert!(numbers.is_sorted_by_key(|number| (text(*number), *number)));
        }
    }
}
