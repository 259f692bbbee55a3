//! How two rows compare in a column, by what it shows of them.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::sync::Arc;

use rust_decimal::Decimal;

use super::words::sentence_codes;
use crate::domain::filter::fold;
use crate::domain::transaction::what;
use crate::ledger::chunk::Chunk;
use crate::ledger::dictionary::SEGMENT;
use crate::ledger::order::{Order, OrderBy};
use crate::ledger::texts::Texts;
use crate::ledger::vocabulary::{TextColumn, what_of};
use crate::ledger::{Ledger, Place};

/// The folded names of the holders, by the segments of the cards.
pub(in crate::ledger) type Names = Vec<Arc<Texts>>;

/// An order, and the names by which cards are put in it.
#[derive(Clone, Debug, Default)]
pub(in crate::ledger) struct Comparison {
    pub(super) order: Order,
    names: Names,
    /// Of the names of holders, where the order is by those.
    revision: Option<u64>,
}

/// What a column shows of a row, as it is compared.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Shown<'a> {
    Number(u32),
    Text(Cow<'a, str>),
    /// The code of the currency, and the amount.
    Amount(&'a str, Decimal),
}

impl Comparison {
    /// `names` are the names of holders and their revision, for the order by those.
    pub(in crate::ledger) fn new(order: Order, names: Option<(Names, u64)>) -> Self {
        let (names, revision) = names.unzip();
        Self { order, names: names.unwrap_or_default(), revision }
    }

    /// Whether rows are in one order by both.
    pub(super) fn is_as(&self, other: &Self) -> bool {
        (self.order, self.revision) == (other.order, other.revision)
    }

    /// How two rows are shown: those without a value last; of those that are alike the newer first.
    pub(super) fn compare(&self, ledger: &Ledger, one: Place, other: Place) -> Ordering {
        self.compare_shown(ledger, one, other).then_with(|| other.cmp(&one))
    }

    /// As [`Self::compare`], but rows that are alike are equal.
    pub(super) fn compare_shown(&self, ledger: &Ledger, one: Place, other: Place) -> Ordering {
        let directed =
            |order: Ordering| if self.order.descending { order.reverse() } else { order };
        match (self.shown(ledger, one), self.shown(ledger, other)) {
            (None, None) => Ordering::Equal,
            (None, Some(_)) => Ordering::Greater,
            (Some(_), None) => Ordering::Less,
            // Amounts of two currencies are not compared: currencies are always from A to Z.
            (Some(Shown::Amount(one, amount)), Some(Shown::Amount(other, than))) => {
                one.cmp(other).then_with(|| directed(amount.cmp(&than)))
            }
            (Some(one), Some(other)) => directed(one.cmp(&other)),
        }
    }

    fn shown<'a>(&'a self, ledger: &'a Ledger, (chunk, row): Place) -> Option<Shown<'a>> {
        let of = ledger.chunks.get(chunk)?;
        let card = of.card.get(row);
        let entry = || ledger.vocabulary.cards.get(card);
        let text = match self.order.by {
            OrderBy::Time => return None,
            OrderBy::Card => {
                return entry()?.last4?.to_string().parse().ok().map(Shown::Number);
            }
            OrderBy::Amount => {
                let amount = of.amount(row, &ledger.vocabulary)?.amount();
                let (currency, _) = ledger.vocabulary.units().get(of.unit.get(row) as usize)?;
                return Some(Shown::Amount(currency.code(), amount));
            }
            OrderBy::Provider => Cow::Owned(fold(entry()?.provider.name())),
            OrderBy::Holder => {
                let index = card as usize;
                Cow::Borrowed(self.names.get(index / SEGMENT)?.get(index % SEGMENT))
            }
            OrderBy::What => {
                let (kind, state) = what_of(of.what.get(row));
                Cow::Owned(fold(what(kind, state)))
            }
            OrderBy::Currency => {
                let (currency, _) = ledger.vocabulary.unit(of.unit.get(row))?;
                Cow::Owned(fold(currency.code()))
            }
            OrderBy::Merchant => {
                let code = of.codes(TextColumn::Merchant).get(row);
                Cow::Borrowed(ledger.vocabulary.texts(TextColumn::Merchant).folded(code)?)
            }
            OrderBy::Words => {
                let row = of.row(row, &ledger.vocabulary)?;
                Cow::Owned(fold(&row.in_plain_words()))
            }
        };
        (!text.is_empty()).then_some(Shown::Text(text))
    }

    /// Whether two rows of one ledger, as it is and as it was, certainly show the same.
    pub(super) fn is_same(&self, one: (&Chunk, usize), other: (&Chunk, usize)) -> bool {
        let same = |of: fn(&Chunk, usize) -> u32| of(one.0, one.1) == of(other.0, other.1);
        match self.order.by {
            OrderBy::Time => true,
            OrderBy::Provider | OrderBy::Card | OrderBy::Holder => {
                same(|chunk, row| chunk.card.get(row))
            }
            OrderBy::What => same(|chunk, row| chunk.what.get(row)),
            OrderBy::Currency => same(|chunk, row| chunk.unit.get(row)),
            OrderBy::Merchant => same(|chunk, row| chunk.codes(TextColumn::Merchant).get(row)),
            OrderBy::Amount => {
                same(|chunk, row| chunk.unit.get(row))
                    && one.0.digits.get(one.1) == other.0.digits.get(other.1)
                    && one.0.exact.get(one.1) == other.0.exact.get(other.1)
            }
            OrderBy::Words => {
                let codes = sentence_codes(one.0, one.1);
                codes.is_some() && codes == sentence_codes(other.0, other.1)
            }
        }
    }
}
