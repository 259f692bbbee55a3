//! Figures, times and digits of a card as plain numbers.

use jiff::Timestamp;
use rust_decimal::Decimal;

use crate::domain::card::{Balance, Last4};
use crate::domain::money::{Currency, Money};

/// A time in nanoseconds since 1970, or none.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Moment(i64);

impl Moment {
    const NEVER: Self = Self(i64::MIN);

    /// `None` for a time that does not fit.
    pub(super) fn of(at: Option<Timestamp>) -> Option<Self> {
        let Some(at) = at else { return Some(Self::NEVER) };
        i64::try_from(at.as_nanosecond()).ok().map(Self).filter(|moment| *moment != Self::NEVER)
    }

    pub(super) fn time(self) -> Option<Timestamp> {
        Timestamp::from_nanosecond(self.0.into()).ok().filter(|_| self != Self::NEVER)
    }
}

/// The figures of a [`Balance`] that are all of one currency, which is kept elsewhere.
///
/// The numbers are kept as bytes, so that no room is left free for their alignment.
#[derive(Clone, Copy)]
pub(super) struct Amounts {
    /// Available, current and pending, each without its decimal point.
    mantissas: [[u8; 8]; 3],
    /// How many decimals each has, in five bits; [`ABSENT`] where there is no such figure.
    scales: u16,
}

const ABSENT: u16 = 31;

impl Amounts {
    /// The figures and their currency; `None` where they do not fit.
    pub(super) fn of(balance: Balance) -> Option<(Self, Option<Currency>)> {
        let currency = balance.currency();
        let (mut mantissas, mut scales) = ([[0; 8]; 3], 0);
        let figures = [balance.available, balance.current, balance.pending];
        for (figure, mantissa) in figures.into_iter().zip(&mut mantissas) {
            let mut scale = ABSENT;
            if let Some(money) = figure {
                let amount = money.amount();
                // Minus zero would lose its sign.
                let is_minus_zero = amount.is_zero() && amount.is_sign_negative();
                if Some(money.currency()) != currency || is_minus_zero {
                    return None;
                }
                *mantissa = i64::try_from(amount.mantissa()).ok()?.to_ne_bytes();
                scale = u16::try_from(amount.scale()).ok().filter(|scale| *scale < ABSENT)?;
            }
            scales = scales << 5 | scale;
        }
        Some((Self { mantissas, scales }, currency))
    }

    pub(super) fn balance(self, currency: Option<Currency>) -> Balance {
        let [available, current, pending] = self.mantissas;
        Balance {
            available: money(available, self.scales >> 10, currency),
            current: money(current, self.scales >> 5, currency),
            pending: money(pending, self.scales, currency),
        }
    }

    pub(super) fn available(self, currency: Option<Currency>) -> Option<Money> {
        let [available, _, _] = self.mantissas;
        money(available, self.scales >> 10, currency)
    }
}

/// The figure whose number of decimals is in the last five bits.
fn money(mantissa: [u8; 8], scale: u16, currency: Option<Currency>) -> Option<Money> {
    let scale = scale & ABSENT;
    if scale == ABSENT {
        return None;
    }
    let amount = Decimal::new(i64::from_ne_bytes(mantissa), scale.into());
    currency.map(|currency| Money::new(amount, currency))
}

/// Last four digits as a number, or none.
#[derive(Clone, Copy)]
pub(super) struct ShortLast4(u16);

impl ShortLast4 {
    const NONE: u16 = u16::MAX;

    pub(super) fn of(digits: Option<Last4>) -> Self {
        Self(digits.map_or(Self::NONE, Last4::number))
    }

    pub(super) fn digits(self) -> Option<Last4> {
        Last4::of_four(self.0)
    }
}
