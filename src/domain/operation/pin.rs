//! PINs: typed, sent once, never kept.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroize;

/// A PIN of 4 to 6 digits. Shown as stars, wiped on drop; in no snapshot, log or database.
pub struct Pin(SecretString);

/// Whether anybody would guess these digits: one of them repeated, or a run up or down such as 1234
/// and 6543. Board and command line refuse such a PIN by the same rule; the board asks while it is
/// being typed.
#[must_use]
pub fn is_weak_pin(digits: &[u8]) -> bool {
    let all = |step: i16| {
        digits
            .windows(2)
            .all(|pair| matches!(pair, [a, b] if i16::from(*b) - i16::from(*a) == step))
    };
    digits.len() > 1 && (all(0) || all(1) || all(-1))
}

/// Not a PIN.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a PIN is 4 to 6 digits")]
pub struct PinError;

impl Pin {
    /// The PIN that was typed; the buffer is wiped.
    ///
    /// # Errors
    /// When it is not 4 to 6 digits.
    pub fn typed(mut digits: String) -> Result<Self, PinError> {
        if (4..=6).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit()) {
            Ok(Self(SecretString::from(digits)))
        } else {
            digits.zeroize();
            Err(PinError)
        }
    }

    /// Whether anybody would guess it.
    #[must_use]
    pub fn is_weak(&self) -> bool {
        is_weak_pin(self.expose().as_bytes())
    }

    /// How many digits it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.expose_secret().len()
    }

    /// Never: a PIN has at least four digits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        false
    }

    /// The digits, for the one request that carries them.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl fmt::Debug for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pin(****)")
    }
}
