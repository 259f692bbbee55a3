//! A comparison of amounts, as a range of whole digits for each number of decimals.

use rust_decimal::Decimal;

use crate::domain::filter::Comparison;
use crate::domain::money::Currency;

/// What is asked of a number.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Numbers {
    Is(Decimal),
    Compare(Comparison, Decimal),
}

impl Numbers {
    pub(super) fn accepts(&self, number: Decimal) -> bool {
        match self {
            Self::Is(wanted) => number == *wanted,
            Self::Compare(comparison, with) => comparison.holds(&number, with),
        }
    }

    /// The least and the greatest digits that it accepts with so many decimals.
    fn range(&self, scale: u32) -> (i128, i128) {
        let number = match self {
            Self::Is(number) | Self::Compare(_, number) => *number,
        };
        let (below, is_whole) = scaled(number, scale);
        let above = if is_whole { below } else { below.saturating_add(1) };
        match self {
            Self::Is(_) if is_whole => (below, below),
            // Between two digits there is none.
            Self::Is(_) => (1, 0),
            Self::Compare(Comparison::More, _) => (below.saturating_add(1), i128::MAX),
            Self::Compare(Comparison::AtLeast, _) => (above, i128::MAX),
            Self::Compare(Comparison::Less, _) => (i128::MIN, above.saturating_sub(1)),
            Self::Compare(Comparison::AtMost, _) => (i128::MIN, below),
        }
    }
}

/// The digits of a number with so many decimals, rounded down, and whether that lost nothing. What
/// no 128 bits hold is beyond all amounts in its direction.
fn scaled(number: Decimal, scale: u32) -> (i128, bool) {
    let digits = number.mantissa();
    let power = |exponent: u32| 10_i128.pow(exponent);
    match scale.checked_sub(number.scale()) {
        Some(more) => match digits.checked_mul(power(more)) {
            Some(digits) => (digits, true),
            None if digits < 0 => (i128::MIN, true),
            None => (i128::MAX, true),
        },
        None => {
            let divisor = power(number.scale() - scale);
            (digits.div_euclid(divisor), digits.rem_euclid(divisor) == 0)
        }
    }
}

/// Which digits of which unit are accepted.
#[derive(Clone, Debug)]
pub(super) struct Ranges {
    /// By the code of the unit: the least and the greatest.
    by_unit: Vec<(i64, i64)>,
    /// The same for amounts that have no such digits.
    numbers: Numbers,
}

impl Ranges {
    pub(super) fn new(units: &[(Currency, u32)], numbers: Numbers) -> Self {
        let least = |digits: i128| i64::try_from(digits).unwrap_or(i64::MIN);
        let greatest = |digits: i128| i64::try_from(digits).unwrap_or(i64::MAX);
        let range = |(_, scale): &(Currency, u32)| {
            let (from, to) = numbers.range(*scale);
            // A range that begins above all digits, or ends below them, has none.
            if from > to || from > i128::from(i64::MAX) || to < i128::from(i64::MIN) {
                return (1, 0);
            }
            (least(from), greatest(to))
        };
        Self { by_unit: units.iter().map(range).collect(), numbers }
    }

    pub(super) fn accepts(&self, unit: u32, digits: i64) -> bool {
        let range = self.by_unit.get(unit as usize);
        range.is_some_and(|(from, to)| (*from..=*to).contains(&digits))
    }

    pub(super) fn accepts_exact(&self, amount: Decimal) -> bool {
        self.numbers.accepts(amount)
    }
}
