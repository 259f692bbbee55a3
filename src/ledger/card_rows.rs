//! The rows of one card, found by the index that each chunk has of its cards.

use super::Ledger;
use super::vocabulary::what_of;
use crate::domain::card::CardKey;
use crate::domain::transaction::{TransactionKind, TransactionState};

impl Ledger {
    /// The positions of the rows of one card, the newest first. Looks into the index of each chunk
    /// and at no other row.
    #[must_use]
    pub fn of_card(&self, card: &CardKey) -> Vec<usize> {
        let codes = self.vocabulary.cards.of(card);
        let mut positions = Vec::new();
        for (index, chunk) in self.chunks.iter().enumerate().rev() {
            let rows = codes.iter().flat_map(|code| chunk.of_card(*code));
            let mut of_chunk: Vec<usize> =
                rows.filter_map(|row| self.position_of((index, row))).collect();
            of_chunk.sort_unstable();
            positions.append(&mut of_chunk);
        }
        positions
    }

    /// Those of [`Self::of_card`] whose kind and state pass a test. No row is made for it.
    pub fn of_card_with(
        &self,
        card: &CardKey,
        test: impl Fn(TransactionKind, TransactionState) -> bool,
    ) -> Vec<usize> {
        let mut positions = self.of_card(card);
        positions.retain(|position| {
            self.place(*position).is_some_and(|(chunk, row)| {
                let code = self.chunks.get(chunk).map(|chunk| chunk.what.get(row));
                code.map(what_of).is_some_and(|(kind, state)| test(kind, state))
            })
        });
        positions
    }
}
