//! Digits that nobody may see, typed into a dialog.
//!
//! A PIN is never in a [`Field`](crate::app::field::Field): that one can be printed and remembers
//! what was cut.

use std::fmt;

use zeroize::Zeroize;

use crate::app::chord::{Chord, Key};
use crate::domain::operation::{Pin, is_weak_pin};

/// Most digits of a PIN.
const MOST: usize = 6;

/// Digits that are drawn as stars: a buffer of fixed size, wiped when it goes.
pub(crate) struct SecretField {
    digits: [u8; MOST],
    typed: usize,
}

impl SecretField {
    /// Nothing typed.
    pub(crate) const fn new() -> Self {
        Self { digits: [0; MOST], typed: 0 }
    }

    /// How many digits were typed.
    pub(crate) const fn len(&self) -> usize {
        self.typed
    }

    /// Takes a digit, Backspace or Ctrl-u; `false` for any other key, or when `most` digits are
    /// there.
    pub(crate) fn key(&mut self, chord: &Chord, most: usize) -> bool {
        match (chord.key, chord.typed()) {
            (_, Some(c)) if c.is_ascii_digit() && self.typed < most.min(MOST) => {
                if let (Some(slot), Ok(byte)) = (self.digits.get_mut(self.typed), u8::try_from(c)) {
                    *slot = byte;
                    self.typed += 1;
                }
                true
            }
            (Key::Backspace, _) => {
                self.typed = self.typed.saturating_sub(1);
                if let Some(slot) = self.digits.get_mut(self.typed) {
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

    /// Forgets everything.
    pub(crate) fn wipe(&mut self) {
        self.digits.zeroize();
        self.typed = 0;
    }

    /// Whether both hold the same digits.
    pub(crate) fn matches(&self, other: &Self) -> bool {
        self.typed == other.typed && self.digits == other.digits
    }

    /// Whether anybody would guess what stands there.
    pub(crate) fn is_weak(&self) -> bool {
        is_weak_pin(self.digits.get(..self.typed).unwrap_or_default())
    }

    /// The PIN, when it is one; the buffer is wiped either way.
    pub(crate) fn take(&mut self) -> Option<Pin> {
        let mut digits = String::with_capacity(MOST);
        digits.extend(self.digits.iter().take(self.typed).map(|byte| char::from(*byte)));
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
        assert_eq!((field.len(), field.digits), (0, [0; MOST]));
        let mut field = secret("90");
        field.key(&Chord::plain(Key::Backspace), 6);
        assert_eq!(field.digits, [b'9', 0, 0, 0, 0, 0]);
    }
}
