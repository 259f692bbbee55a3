//! The names of a dictionary in their order, kept beside it: worked out once, and extended when
//! enough new names have come. The few that came since are put in their places when the order is
//! asked for.

use std::sync::Arc;

use super::dictionary::Dictionary;
use super::text_order::{NO_RANK, sort_by_text};

/// Codes of a dictionary in the order of their folded texts. It grows with the dictionary.
#[derive(Clone, Debug, Default)]
pub(super) struct NameOrder {
    /// The first codes, with [`SAME`] where the text is that of the code before.
    codes: Arc<Vec<u32>>,
}

/// The mark of a code whose folded text is the same as that of the one before it.
const SAME: u32 = 1 << 31;

/// How many new names are put in their order together.
const MANY: usize = 256;

impl NameOrder {
    /// Takes in new names, once they are many.
    pub(super) fn extend(&mut self, names: &Dictionary) {
        if names.len() >= self.codes.len() + MANY {
            self.codes = Arc::new(self.joined(names));
        }
    }

    /// The codes in their order with those that are not among them yet.
    fn joined(&self, names: &Dictionary) -> Vec<u32> {
        let text = |code: u32| names.folded(code & !SAME).unwrap_or_default();
        let codes = self.codes.len() + 1..=names.len();
        let mut new: Vec<u32> = codes.filter_map(|code| u32::try_from(code).ok()).collect();
        sort_by_text(&mut new, &text);
        let mut joined = Vec::with_capacity(names.len());
        let mut rest = self.codes.as_slice();
        for code in new {
            let name = text(code);
            let before = rest.partition_point(|known| text(*known) <= name);
            let (passed, left) = rest.split_at(before);
            joined.extend_from_slice(passed);
            rest = left;
            let is_same = joined.last().is_some_and(|last| text(*last) == name);
            joined.push(if is_same { code | SAME } else { code });
        }
        joined.extend_from_slice(rest);
        joined
    }

    /// The rank of each code of the dictionary: the same for texts that are the same, [`NO_RANK`]
    /// for no text and an empty one. All others are less than the second number.
    pub(super) fn ranks(&self, names: &Dictionary) -> (Vec<u32>, u32) {
        let joined = (names.len() > self.codes.len()).then(|| self.joined(names));
        let mut ranks = vec![NO_RANK; names.len() + 1];
        let mut end = 0;
        for code in joined.as_ref().unwrap_or(&self.codes) {
            end += u32::from(code & SAME == 0);
            if let Some(rank) = ranks.get_mut((code & !SAME) as usize) {
                *rank = end;
            }
        }
        // An empty text comes before all others, and counts as none.
        let codes = joined.as_ref().unwrap_or(&self.codes).iter().map(|code| code & !SAME);
        for code in codes.take_while(|code| names.folded(*code) == Some("")) {
            if let Some(rank) = ranks.get_mut(code as usize) {
                *rank = NO_RANK;
            }
        }
        (ranks, end + 1)
    }

    pub(super) fn bytes(&self) -> usize {
        self.codes.capacity() * size_of::<u32>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::filter::fold;

    #[test]
    fn names_that_come_later_get_their_place_among_those_that_are_sorted() {
        let mut names = Dictionary::default();
        let mut order = NameOrder::default();
        for number in 0..6_000_usize {
            let mixed = number.wrapping_mul(7_919) % 10_000;
            let name = match number % 3 {
                0 => format!("Blue Bottle Coffee #{mixed}"),
                1 => format!("BLUE bottle coffee #{mixed}"),
                _ => format!("é{mixed}"),
            };
            names.code(Some(&name));
            if number == 1 {
                names.code(Some(""));
            }
            order.extend(&names);
            if number % 700 == 7 {
                assert_ranked(&order, &names);
            }
        }
        assert!((MANY..names.len()).contains(&order.codes.len()));
        assert_ranked(&order, &names);
    }

    fn assert_ranked(order: &NameOrder, names: &Dictionary) {
        let (ranks, end) = order.ranks(names);
        assert_eq!((ranks.len(), ranks[0]), (names.len() + 1, NO_RANK));
        let text = |code: usize| fold(names.get(code as u32).unwrap_or_default());
        let mut codes: Vec<usize> = (1..=names.len()).collect();
        codes.sort_by_cached_key(|code| text(*code));
        for pair in codes.windows(2) {
            let (one, other) = (ranks[pair[0]], ranks[pair[1]]);
            match (text(pair[0]).is_empty(), text(pair[0]) == text(pair[1])) {
                (true, _) => assert!(one == NO_RANK && (1..end).contains(&other)),
                (false, true) => assert_eq!(one, other),
                (false, false) => assert!(one < other && other < end),
            }
        }
    }
}
