//! The last four digits of a card number, all that is kept of it.

use std::fmt;
use std::str::FromStr;

/// Last four digits of a card number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Last4([u8; 4]);

/// Not four digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not four digits")]
pub struct Last4Error;

impl Last4 {
    /// The last four digits of a full or masked card number; everything before them is not kept.
    #[must_use]
    pub fn of_number(number: &str) -> Option<Self> {
        let mut last: Vec<u8> =
            number.bytes().rev().filter(|b| !matches!(b, b' ' | b'-')).take(4).collect();
        last.reverse();
        let digits: [u8; 4] = last.try_into().ok()?;
        digits.iter().all(u8::is_ascii_digit).then_some(Self(digits))
    }

    /// A number by which they are in the order of the digits.
    #[must_use]
    pub const fn ordinal(self) -> u32 {
        u32::from_be_bytes(self.0)
    }

    /// What the digits are as a number: 42 for `0042`.
    #[must_use]
    pub fn number(self) -> u16 {
        self.0.iter().fold(0, |number, digit| number * 10 + u16::from(digit - b'0'))
    }

    /// The digits of a number; `None` for one that has more than four.
    #[must_use]
    pub fn of_four(number: u16) -> Option<Self> {
        let digit = |divisor: u16| u8::try_from(number / divisor % 10).map(|digit| b'0' + digit);
        let digits = [digit(1_000).ok()?, digit(100).ok()?, digit(10).ok()?, digit(1).ok()?];
        (number < 10_000).then_some(Self(digits))
    }
}

impl FromStr for Last4 {
    type Err = Last4Error;

    fn from_str(text: &str) -> Result<Self, Last4Error> {
        let digits: [u8; 4] = text.as_bytes().try_into().map_err(|_| Last4Error)?;
        if digits.iter().all(u8::is_ascii_digit) { Ok(Self(digits)) } else { Err(Last4Error) }
    }
}

impl fmt::Display for Last4 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(std::str::from_utf8(&self.0).unwrap_or("????"))
    }
}
