//! Sums of rows, by currency.

use rust_decimal::Decimal;

use super::chunk::Chunk;
use super::mask::{BITS, Mask};
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
    const fn add(&mut self, side: Side, rows: usize, size: i128) {
        self.rows += rows;
        match side {
            Side::Out => self.out += size,
            Side::Into | Side::Signed => self.into += size,
            Side::Declined => self.declined += size,
            Side::None => {}
        }
    }

    const fn less(self, other: Self) -> Self {
        Self {
            rows: self.rows - other.rows,
            out: self.out - other.out,
            into: self.into - other.into,
            declined: self.declined - other.declined,
        }
    }
}

/// How many rows there are, and the sum of their digits whatever their signs.
#[derive(Clone, Copy, Default)]
struct Cell {
    rows: usize,
    size: u128,
}

/// Rows by unit, kind and state, and sign: adding one up asks nothing.
struct Cells {
    units: usize,
    cells: Vec<Cell>,
}

impl Cells {
    fn new(units: usize) -> Self {
        Self { units, cells: vec![Cell::default(); units * WHATS.len() * 2] }
    }

    fn add(&mut self, what: u32, unit: u32, digits: i64) {
        let kind = what as usize * self.units + unit as usize;
        let at = kind * 2 + usize::from(digits < 0);
        if let Some(cell) = self.cells.get_mut(at).filter(|_| (unit as usize) < self.units) {
            cell.rows += 1;
            cell.size += u128::from(digits.unsigned_abs());
        }
    }

    fn by_unit(&self) -> Vec<Digits> {
        let mut by_unit = vec![Digits::default(); self.units];
        for (at, cell) in self.cells.iter().enumerate().filter(|(_, cell)| cell.rows > 0) {
            let (kind, is_negative) = (at / 2, at % 2 == 1);
            let side = SIDES.get(kind / self.units).copied().unwrap_or(Side::None);
            let side = if side == Side::Signed && is_negative { Side::Out } else { side };
            if let Some(sum) = by_unit.get_mut(kind % self.units) {
                sum.add(side, cell.rows, i128::try_from(cell.size).unwrap_or(i128::MAX));
            }
        }
        by_unit
    }
}

/// Rows of one word from which on its columns are decoded together.
const DENSE: u32 = 8;

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
        let mut cells = Cells::new(vocabulary.units().len());
        let (mut whats, mut units, mut digits) = ([0; BITS], [0; BITS], [0; BITS]);
        rows.each_word(|at, mut word| {
            // Few rows are asked one by one.
            let is_dense = word.count_ones() >= DENSE;
            if is_dense {
                chunk.what.copy_word(at, &mut whats);
                chunk.unit.copy_word(at, &mut units);
                chunk.digits.copy_word(at, &mut digits);
            }
            while word != 0 {
                let bit = word.trailing_zeros() as usize % BITS;
                word &= word - 1;
                if is_dense {
                    cells.add(whats[bit], units[bit], digits[bit]);
                } else {
                    let row = at * BITS + bit;
                    let (what, unit) = (chunk.what.get(row), chunk.unit.get(row));
                    cells.add(what, unit, chunk.digits.get(row));
                }
            }
        });
        Self { by_unit: cells.by_unit(), large: large(chunk, rows) }
    }

    /// The sums of some rows of a chunk, where these are those of all and `left_out` of the others.
    pub(super) fn without(&self, left_out: &Self, chunk: &Chunk, rows: &Mask) -> Self {
        let less = |(index, digits): (usize, &Digits)| {
            digits.less(left_out.by_unit.get(index).copied().unwrap_or_default())
        };
        Self {
            by_unit: self.by_unit.iter().enumerate().map(less).collect(),
            large: large(chunk, rows),
        }
    }

    /// Adds rows of one unit that count in one place, which is no sign's: the sum of their digits.
    pub(super) fn add_rows(&mut self, unit: u32, side: Side, rows: usize, digits: u64) {
        let unit = unit as usize;
        if self.by_unit.len() <= unit {
            self.by_unit.resize(unit + 1, Digits::default());
        }
        self.by_unit[unit].add(side, rows, i128::from(digits));
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

/// Amounts of some rows that are beyond 64 bits.
fn large(chunk: &Chunk, rows: &Mask) -> Vec<(u32, Side, Decimal)> {
    let exact = chunk.exact.iter().filter(|(row, _)| rows.has(*row));
    let side = |row| SIDES.get(chunk.what.get(row) as usize).copied().unwrap_or(Side::None);
    exact.map(|(row, amount)| (chunk.unit.get(row), side(row), *amount)).collect()
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
