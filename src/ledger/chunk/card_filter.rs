//! Whether a chunk may have rows of a card.

/// Rows of one word: of cards without rows one in twenty is taken for one that may have some.
const ROWS: usize = 8;

/// The cards of a chunk as a Bloom filter of one look: all bits of a card are in one word, so that
/// to find the rows of a card costs most chunks one access to memory instead of a search.
#[derive(Clone, Debug, Default)]
pub(super) struct CardFilter(Vec<u64>);

impl CardFilter {
    /// Of the cards of these codes, with room for some others.
    pub(super) fn of(cards: impl ExactSizeIterator<Item = u32>) -> Self {
        let words = (cards.len() / ROWS + 1).next_power_of_two();
        let mut filter = Self(vec![0; words]);
        cards.for_each(|card| filter.add(card));
        filter
    }

    /// Whether it tells the cards of so many rows apart.
    pub(super) const fn has_room_for(&self, rows: usize) -> bool {
        rows <= self.0.len() * ROWS
    }

    pub(super) fn add(&mut self, card: u32) {
        let (word, bits) = self.place(card);
        if let Some(word) = self.0.get_mut(word) {
            *word |= bits;
        }
    }

    /// `false` where no row of the card was added.
    pub(super) fn may_have(&self, card: u32) -> bool {
        let (word, bits) = self.place(card);
        self.0.get(word).is_some_and(|word| word & bits == bits)
    }

    /// Which word, and which three bits of it.
    fn place(&self, card: u32) -> (usize, u64) {
        let hash = u64::from(card).wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let bits = [40, 46, 52].map(|shift| 1 << ((hash >> shift) & 63));
        let word = (hash >> 32).wrapping_mul(0x85EB_CA6B) & u64::from(u32::MAX);
        let words = u64::try_from(self.0.len()).unwrap_or(0);
        let word = usize::try_from((word * words) >> 32).unwrap_or(0);
        (word, bits.into_iter().fold(0, std::ops::BitOr::bitor))
    }

    pub(super) fn bytes(&self) -> usize {
        self.0.capacity() * size_of::<u64>()
    }
}

#[cfg(test)]
mod tests {
    use super::super::CHUNK;
    use super::*;

    #[test]
    fn what_was_added_is_found_and_of_the_rest_few_are() {
        for step in [1, 7, 1_000] {
            let code = |number: usize| u32::try_from(number * step).expect("a small number");
            let filter = CardFilter::of((0..CHUNK).map(code));
            assert!((0..CHUNK).all(|number| filter.may_have(code(number))), "{step}");
            assert!(filter.has_room_for(CHUNK) && !filter.has_room_for(2 * CHUNK));
            let others = (1..=CHUNK).map(|number| u32::MAX - u32::try_from(number).expect("small"));
            let taken = others.filter(|card| filter.may_have(*card)).count();
            assert!(taken < CHUNK / 10, "{step}: {taken}");
        }
        assert!(!CardFilter::default().may_have(0));
    }
}
