//! What differs from programme to programme in how a bank keeps its cards and rows: each dialect
//! says it of its own.

use std::borrow::Cow;

use rust_decimal::Decimal;

use super::{Bank, Programme, Progress, Row};
use crate::domain::money::Currency;

/// How the bank behind one wire keeps cards and rows.
pub(in crate::sandbox) trait ProgrammeRules: Sync {
    /// Cardholders, currencies and habits of the programme behind the wire.
    fn programme(&self) -> &'static Programme;

    /// Ids of the card at this position and of its holder. They may draw from the bank's random
    /// numbers, and are in the form that [`ProgrammeRules::canonical_id`] gives.
    fn card_ids(&self, bank: &mut Bank, card: usize) -> CardIds;

    /// A row's id as the provider writes it.
    fn row_id(&self, bank: &Bank, row: &Row) -> String;

    /// The form of a card's id that all its spellings have in common. Without blanks around it.
    fn canonical_id<'a>(&self, id: &'a str) -> Cow<'a, str>;

    /// Another spelling of a card's id that means the same.
    fn alternate_id(&self, id: &str) -> String;

    /// How far rows got that lists of transactions do not have.
    fn never_listed(&self) -> &'static [Progress] {
        &[]
    }

    /// The fee of a top-up of this sum.
    fn top_up_fee(&self, sum: Decimal, currency: Currency) -> Decimal {
        let _ = (sum, currency);
        Decimal::ZERO
    }

    /// The reference that another system gives its top-up with this number, where the wire has one.
    fn foreign_reference(&self, number: usize) -> Option<String> {
        let _ = number;
        None
    }
}

/// Ids of a new card.
pub(in crate::sandbox) struct CardIds {
    pub(in crate::sandbox) card: String,
    pub(in crate::sandbox) holder: String,
}
