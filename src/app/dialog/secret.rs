//! A secret that is typed into a dialog: digits drawn as stars, never printed.
//!
//! A PIN is never in a [`Field`](crate::app::field::Field): that one can be printed and remembers
//! what was cut.

use std::fmt;

use zeroize::Zeroize;

use crate::app::chord::{Chord, Key};
use crate::domain::operation::{Pin, is_weak_pin};

/// Most digits of a PIN.
const CAPACITY: usize = 6;

/// Digits in a buffer of fixed size, which is wiped when it is dropped.
pub(crate) struct SecretField {
    digits: [u8; CAPACITY],
    length: usize,
}

impl SecretField {
    pub(super) const fn new() -> Self {
        Self { digits: [0; CAPACITY], length: 0 }
    }

    /// How many digits were typed.
    pub(crate) const fn len(&self) -> usize {
        self.length
    }

    /// Takes a digit, Backspace or Ctrl-u; `false` for any other key, or when `most` digits are
    /// there.
    pub(super) fn key(&mut self, chord: &Chord, most: usize) -> bool {
        match (chord.key, chord.typed()) {
            (_, Some(c)) if c.is_ascii_digit() && self.length < most.min(CAPACITY) => {
                if let (Some(slot), Ok(byte)) = (self.digits.get_mut(self.length), u8::try_from(c))
                {
                    *slot = byte;
                    self.length += 1;
                }
                true
            }
            (Key::Backspace, _) => {
                self.length = self.length.saturating_sub(1);
                if let Some(slot) = self.digits.get_mut(self.length) {
                    slot.zeroize();
                }
                true
            }
            (Key::Char('u'), _) if chord.ctrl => {
                self.wipe();
                true
            }
            _ => false,
        }
    }

    /// Forgets what was typed.
    pub(super) fn wipe(&mut self) {
        self.digits.zeroize();
        self.length = 0;
    }

    /// Whether both hold the same digits.
    pub(super) fn matches(&self, other: &Self) -> bool {
        self.length == other.length && self.digits == other.digits
    }

    /// Whether it is easy to guess.
    pub(super) fn is_weak(&self) -> bool {
        is_weak_pin(self.digits.get(..self.length).unwrap_or_default())
    }

    /// The PIN, when it is one; the buffer is wiped either way.
    pub(super) fn take(&mut self) -> Option<Pin> {
        let mut digits = String::with_capacity(CAPACITY);
        digits.extend(self.digits.iter().take(self.length).map(|byte| char::from(*byte)));
        self.wipe();
        Pin::typed(digits).ok()
    }
}

impl Drop for SecretField {
    fn drop(&mut self) {
        self.wipe();
    }
}

impl fmt::Debug for SecretField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Not even how many were typed.
        f.write_str("SecretField(****)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(digits: &str) -> SecretField {
        let mut field = SecretField::new();
        for c in digits.chars() {
            field.key(&Chord::char(c), 6);
        }
        field
    }

    #[test]
    fn a_secret_field_never_prints_its_digits_and_is_wiped_when_taken() {
        let mut field = secret("9078");
        assert_eq!(format!("{field:?}"), "SecretField(****)");
        assert_eq!(field.take().map(|pin| pin.expose().to_owned()), Some("9078".to_owned()));
        assert_eq!((field.len(), field.digits), (0, [0; CAPACITY]));
        let mut field = secret("90");
        field.key(&Chord::plain(Key::Backspace), 6);
        assert_eq!(field.digits, [b'9', 0, 0, 0, 0, 0]);
    }
}
