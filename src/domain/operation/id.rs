//! Names of operations.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use jiff::Timestamp;

/// Name of an operation: 128 bits, of which the first 48 are milliseconds since 1970, so that ids
/// sort by time.
///
/// Printed as 26 characters of Crockford's base 32, which any wire takes as a reference; as a UUID
/// where one is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OperationId(u128);

const BASE32: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

impl OperationId {
    /// The `count`th id of a session, whose 64 random bits were drawn once at its start.
    #[must_use]
    pub fn new(at: Timestamp, session: u64, count: u16) -> Self {
        let millis = u128::from(u64::try_from(at.as_millisecond()).unwrap_or(0)) & 0xffff_ffff_ffff;
        Self(millis << 80 | u128::from(session) << 16 | u128::from(count))
    }

    /// An id of a payment that is known by this number: asked again at another time it has another
    /// id and the same number, and a journal takes only one of them.
    #[must_use]
    pub fn of_payment(at: Timestamp, number: u64) -> Self {
        Self::new(at, number, Self::PAYMENT)
    }

    /// The number of the payment that it is an id of. One in 65,536 of the other ids has a number,
    /// too, which is random and so no payment's.
    #[must_use]
    pub fn payment(self) -> Option<u64> {
        let number = u64::try_from(self.0 >> 16 & u128::from(u64::MAX)).ok()?;
        (self.0 & 0xffff == u128::from(Self::PAYMENT)).then_some(number)
    }

    /// When it was made, to a millisecond.
    #[must_use]
    pub fn made_at(self) -> Timestamp {
        let millis = i64::try_from(self.0 >> 80).unwrap_or(0);
        Timestamp::from_millisecond(millis).unwrap_or(Timestamp::UNIX_EPOCH)
    }

    /// What stands in an id of a payment where others have their count.
    const PAYMENT: u16 = u16::MAX;

    /// Four characters for people: `8F2K`. Not unique; lists show it, nothing is decided by it.
    #[must_use]
    pub fn short(self) -> String {
        let mut mixed = self.0 ^ (self.0 >> 64);
        mixed = mixed.wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835);
        (0..4).map(|i| letter(mixed >> (100 + 5 * i))).collect()
    }

    /// In the form of a UUID, for wires that want one.
    #[must_use]
    pub fn uuid(self) -> String {
        let hex = format!("{:032x}", self.0);
        let part = |from: usize, to: usize| hex.get(from..to).unwrap_or_default().to_owned();
        format!("{}-{}-{}-{}-{}", part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32))
    }

    /// Our reference for a change: `ct` and the id, 28 letters and digits.
    #[must_use]
    pub fn reference(self) -> Arc<str> {
        format!("ct{self}").into()
    }
}

fn letter(bits: u128) -> char {
    let index = usize::try_from(bits & 31).unwrap_or(0);
    char::from(BASE32.get(index).copied().unwrap_or(b'0'))
}

impl fmt::Display for OperationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text: String = (0..26).rev().map(|i| letter(self.0 >> (5 * i))).collect();
        f.pad(&text)
    }
}

/// Not an operation's id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an operation id: 26 letters and digits")]
pub struct OperationIdError;

impl FromStr for OperationId {
    type Err = OperationIdError;

    fn from_str(text: &str) -> Result<Self, OperationIdError> {
        if text.len() != 26 {
            return Err(OperationIdError);
        }
        let mut bits: u128 = 0;
        for byte in text.bytes() {
            let digit = BASE32
                .iter()
                .position(|b| *b == byte.to_ascii_uppercase())
                .ok_or(OperationIdError)?;
            bits = bits.checked_mul(32).ok_or(OperationIdError)?
                | u128::try_from(digit).map_err(|_| OperationIdError)?;
        }
        Ok(Self(bits))
    }
}
