//! Arithmetic on sums and times.

use jiff::{SignedDuration, Timestamp};
use rust_decimal::{Decimal, RoundingStrategy};

use crate::domain::money::{Currency, Money};

/// The worth of so many cents of a US dollar in a currency, at a fixed rate; never zero.
pub(in crate::sandbox) fn from_us_cents(cents: u64, currency: Currency) -> Decimal {
    let (times, by) = match currency.code() {
        "EUR" => (92, 100),
        "JPY" => (150, 100),
        "KWD" => (307, 100),
        "INR" => (8_300, 100),
        _ => (1, 1),
    };
    let minor = i64::try_from(cents.saturating_mul(times) / by).unwrap_or(i64::MAX);
    Decimal::new(minor.max(1), currency.decimals().unwrap_or(2))
}

/// A sum with no more decimals than the currency has, halves away from zero.
pub(in crate::sandbox) fn rounded(sum: Decimal, currency: Currency) -> Decimal {
    let decimals = currency.decimals().unwrap_or(2);
    let mut sum = sum.round_dp_with_strategy(decimals, RoundingStrategy::MidpointAwayFromZero);
    sum.rescale(decimals);
    sum
}

/// The sum written with the currency's decimals: `100.10`, `1860`, `3.250`.
pub(in crate::sandbox) fn digits(sum: Decimal, currency: Currency) -> String {
    Money::new(sum, currency).digits()
}

/// The time so many milliseconds later.
pub(in crate::sandbox) fn after(at: Timestamp, millis: u64) -> Timestamp {
    at.checked_add(SignedDuration::from_millis(i64::try_from(millis).unwrap_or(i64::MAX)))
        .unwrap_or(Timestamp::MAX)
}

pub(in crate::sandbox) fn before(at: Timestamp, millis: u64) -> Timestamp {
    at.checked_sub(SignedDuration::from_millis(i64::try_from(millis).unwrap_or(i64::MAX)))
        .unwrap_or(Timestamp::MIN)
}

pub(in crate::sandbox) fn parse_currency(text: &str) -> Currency {
    text.parse().expect("the sandbox's own currency codes are codes")
}
