//! Sums of rows, by currency.

use rust_decimal::Decimal;

use super::chunk::Chunk;
use super::mask::Mask;
use super::vocabulary::{Vocabulary, WHATS};
use crate::domain::money::{Currency, Money};
use crate::domain::transaction::{TransactionKind, TransactionState};

/// Sums of one currency over some rows. A sum too large to be exact is `None`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Total {
    /// The currency.
    pub currency: Currency,
    /// How many of the rows are in it.
    pub rows: usize,
    /// Spent, holds included.
    pub out: Option<Money>,
    /// Received.
    pub into: Option<Money>,
    /// Asked and refused.
    pub declined: Option<Money>,
}

impl Total {
    /// The sums of some rows and of some others together, by the code of the currency.
    #[must_use]
    pub fn together(some: &[Self], others: &[Self]) -> Vec<Self> {
        let mut totals = some.to_vec();
        for other in others {
            let total = total_of(&mut totals, other.currency);
            total.rows += other.rows;
            for (sum, more) in [
                (&mut total.out, other.out),
                (&mut total.into, other.into),
                (&mut total.declined, other.declined),
            ] {
                // Where nothing was added, the decimals stay those of nothing.
                if more.is_none_or(|more| !more.amount().is_zero()) {
                    add(sum, more.map(Money::amount));
                }
            }
        }
        totals.sort_by_key(|total| total.currency);
        totals
    }
}

/// Where the amount of a row counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Side {
    Out,
    Into,
    Declined,
    /// By its sign.
    Signed,
    /// Nowhere: it did not move, or nobody knows.
    None,
}

impl Side {
    /// Of a row of this code of kind and state; by the sign where that decides.
    pub(super) fn of(what: u32, is_negative: bool) -> Self {
        match SIDES.get(what as usize).copied().unwrap_or(Self::None) {
            Self::Signed if is_negative => Self::Out,
            Self::Signed => Self::Into,
            side => side,
        }
    }
}

const fn side(kind: TransactionKind, state: TransactionState) -> Side {
    match (state, kind) {
        (TransactionState::Declined, _) => Side::Declined,
        (TransactionState::Failed | TransactionState::Reversed | TransactionState::Unknown, _) => {
            Side::None
        }
        (
            TransactionState::Hold | TransactionState::Cleared,
            TransactionKind::Purchase | TransactionKind::Fee | TransactionKind::Withdrawal,
        ) => Side::Out,
        (
            TransactionState::Hold | TransactionState::Cleared,
            TransactionKind::Refund | TransactionKind::Reversal | TransactionKind::TopUp,
        ) => Side::Into,
        (
            TransactionState::Hold | TransactionState::Cleared,
            TransactionKind::Adjustment | TransactionKind::Other,
        ) => Side::Signed,
    }
}

/// The sides of [`WHATS`].
const SIDES: [Side; WHATS.len()] = {
    let mut sides = [Side::None; WHATS.len()];
    let mut at = 0;
    while at < sides.len() {
        sides[at] = side(WHATS[at].0, WHATS[at].1);
        at += 1;
    }
    sides
};

/// Sums of one unit: the digits of amounts with the same decimals.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Digits {
    rows: usize,
    out: i128,
    into: i128,
    declined: i128,
}

impl Digits {
    const fn add(&mut self, side: Side, digits: i64) {
        self.rows += 1;
        let size = digits.unsigned_abs() as i128;
        match side {
            Side::Out => self.out += size,
            Side::Into => self.into += size,
            Side::Declined => self.declined += size,
            Side::Signed if digits < 0 => self.out += size,
            Side::Signed => self.into += size,
            Side::None => {}
        }
    }
}

/// Sums of some rows that can be added up without a loss.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Sums {
    /// By the code of their unit.
    by_unit: Vec<Digits>,
    /// Amounts beyond 64 bits, each with the code of its unit; they are counted already.
    large: Vec<(u32, Side, Decimal)>,
}

impl Sums {
    /// The sums of some rows of a chunk.
    pub(super) fn of(chunk: &Chunk, rows: &Mask, vocabulary: &Vocabulary) -> Self {
        let mut sums =
            Self { by_unit: vec![Digits::default(); vocabulary.units().len()], large: Vec::new() };
        rows.each(|row| {
            let side = SIDES.get(chunk.what.get(row) as usize).copied().unwrap_or(Side::None);
            if let Some(sum) = sums.by_unit.get_mut(chunk.unit.get(row) as usize) {
                sum.add(side, chunk.digits.get(row));
            }
        });
        for (row, amount) in chunk.exact.iter().filter(|(row, _)| rows.has(*row)) {
            let side = SIDES.get(chunk.what.get(row) as usize).copied().unwrap_or(Side::None);
            sums.large.push((chunk.unit.get(row), side, *amount));
        }
        sums
    }

    /// Adds rows of one unit that count in one place, which is no sign's: the sum of their digits.
    pub(super) fn add_rows(&mut self, unit: u32, side: Side, rows: usize, digits: u64) {
        let unit = unit as usize;
        if self.by_unit.len() <= unit {
            self.by_unit.resize(unit + 1, Digits::default());
        }
        let (sum, digits) = (&mut self.by_unit[unit], i128::from(digits));
        sum.rows += rows;
        match side {
            Side::Out => sum.out += digits,
            Side::Into | Side::Signed => sum.into += digits,
            Side::Declined => sum.declined += digits,
            Side::None => {}
        }
    }

    /// Adds an amount beyond 64 bits whose row was added without one.
    pub(super) fn add_large(&mut self, unit: u32, side: Side, amount: Decimal) {
        self.large.push((unit, side, amount));
    }

    pub(super) fn add(&mut self, other: &Self) {
        if self.by_unit.len() < other.by_unit.len() {
            self.by_unit.resize(other.by_unit.len(), Digits::default());
        }
        for (sum, more) in self.by_unit.iter_mut().zip(&other.by_unit) {
            sum.rows += more.rows;
            sum.out += more.out;
            sum.into += more.into;
            sum.declined += more.declined;
        }
        self.large.extend_from_slice(&other.large);
    }

    /// One total for each currency that rows have, by its code.
    pub(super) fn totals(&self, vocabulary: &Vocabulary) -> Vec<Total> {
        let mut totals: Vec<Total> = Vec::new();
        for (digits, (currency, scale)) in self.by_unit.iter().zip(vocabulary.units()) {
            if digits.rows == 0 {
                continue;
            }
            let total = total_of(&mut totals, *currency);
            total.rows += digits.rows;
            for (sum, more) in [
                (&mut total.out, digits.out),
                (&mut total.into, digits.into),
                (&mut total.declined, digits.declined),
            ] {
                // Where nothing was added, the decimals stay those of nothing.
                if more != 0 {
                    add(sum, Decimal::try_from_i128_with_scale(more, *scale).ok());
                }
            }
        }
        for (unit, side, amount) in &self.large {
            let Some((currency, _)) = vocabulary.unit(*unit) else { continue };
            let total = total_of(&mut totals, currency);
            match side {
                Side::Out => add(&mut total.out, Some(amount.abs())),
                Side::Into => add(&mut total.into, Some(amount.abs())),
                Side::Declined => add(&mut total.declined, Some(amount.abs())),
                Side::Signed if amount.is_sign_negative() && !amount.is_zero() => {
                    add(&mut total.out, Some(amount.abs()));
                }
                Side::Signed => add(&mut total.into, Some(amount.abs())),
                Side::None => {}
            }
        }
        totals.sort_by_key(|total| total.currency);
        totals
    }
}

fn total_of(totals: &mut Vec<Total>, currency: Currency) -> &mut Total {
    let index = totals.iter().position(|total| total.currency == currency).unwrap_or_else(|| {
        let zero = Some(Money::zero(currency));
        totals.push(Total { currency, rows: 0, out: zero, into: zero, declined: zero });
        totals.len() - 1
    });
    &mut totals[index]
}

/// A sum that would have to be rounded is none.
fn add(sum: &mut Option<Money>, more: Option<Decimal>) {
    *sum = sum.zip(more).and_then(|(sum, more)| {
        let before = sum.amount();
        let after = before.checked_add(more)?;
        let is_exact = after.scale() >= before.scale().max(more.scale());
        let adds_nothing = before.is_zero() || more.is_zero();
        (is_exact || adds_nothing).then(|| Money::new(after, sum.currency()))
    });
}
