//! What rows have in a column, counted by code: no row is made for it but one for each answer.

use super::chunk::Chunk;
use super::columns::Codes;
use super::vocabulary::TextColumn;
use super::{Ledger, Place};
use crate::domain::money::Money;
use crate::domain::transaction::Transaction;

/// A column whose values are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counted {
    /// The card: its account, id and last digits.
    Card,
    /// Kind and state.
    What,
    /// The currency of the amount.
    Currency,
    /// Where it happened.
    Merchant,
    /// Free text of the provider.
    Description,
    /// The state as the provider wrote it.
    ProviderState,
    /// Merchant category code.
    Mcc,
    /// Country of the merchant.
    Country,
    /// The provider's code for a decline.
    DeclineReason,
}

impl Ledger {
    /// The most frequent values of a column, the most frequent first: the newest row that has each,
    /// and how many rows have it.
    #[must_use]
    pub fn most_frequent(&self, column: Counted, most: usize) -> Vec<(Transaction, usize)> {
        let mut counts: Vec<(usize, Place)> = Vec::new();
        for (index, chunk) in self.chunks.iter().enumerate() {
            codes(chunk, column).each(|row, code| {
                let code = code as usize;
                if code >= counts.len() {
                    counts.resize(code + 1, (0, (0, 0)));
                }
                if let Some((count, place)) = counts.get_mut(code) {
                    (*count, *place) = (*count + 1, (index, row));
                }
            });
        }
        counts.retain(|(count, _)| *count > 0);
        counts.sort_by_key(|(count, place)| std::cmp::Reverse((*count, *place)));
        let row = |(chunk, row): Place| self.chunks.get(chunk)?.row(row, &self.vocabulary);
        let rows = counts.into_iter().take(most);
        rows.filter_map(|(count, place)| Some((row(place)?, count))).collect()
    }

    /// The largest amounts of each currency, whatever their sign: one for each number of decimals
    /// that amounts came with.
    #[must_use]
    pub fn largest_amounts(&self) -> Vec<Money> {
        let mut largest: Vec<Option<(u64, Place)>> = vec![None; self.vocabulary.units().len()];
        let mut amounts = Vec::new();
        for (index, chunk) in self.chunks.iter().enumerate() {
            for row in 0..chunk.len() {
                let digits = chunk.digits.get(row).unsigned_abs();
                let Some(known) = largest.get_mut(chunk.unit.get(row) as usize) else { continue };
                if known.is_none_or(|(most, _)| digits > most) {
                    *known = Some((digits, (index, row)));
                }
            }
            let exact = chunk.exact.iter();
            amounts.extend(exact.filter_map(|(row, _)| chunk.amount(row, &self.vocabulary)));
        }
        amounts.extend(
            largest.into_iter().flatten().filter_map(|(_, (chunk, row))| {
                self.chunks.get(chunk)?.amount(row, &self.vocabulary)
            }),
        );
        amounts
    }
}

fn codes(chunk: &Chunk, column: Counted) -> &Codes {
    match column {
        Counted::Card => &chunk.card,
        Counted::What => &chunk.what,
        Counted::Currency => &chunk.unit,
        Counted::Merchant => chunk.codes(TextColumn::Merchant),
        Counted::Description => chunk.codes(TextColumn::Description),
        Counted::ProviderState => chunk.codes(TextColumn::ProviderState),
        Counted::Mcc => chunk.codes(TextColumn::Mcc),
        Counted::Country => chunk.codes(TextColumn::Country),
        Counted::DeclineReason => chunk.codes(TextColumn::DeclineReason),
    }
}
