//! A secret that rests in memory without being readable there.

use zeroize::Zeroizing;

use super::CryptoError;

/// A secret between two uses: it lies in memory only as its bitwise difference from as many random
/// bytes, which lie elsewhere. Neither part says anything of it, so that a copy of some memory that
/// was freed, swapped or dumped has it only where it was in use.
pub struct MaskedSecret {
    mask: Box<[u8]>,
    masked: Box<[u8]>,
}

impl MaskedSecret {
    /// Masks a secret; the caller wipes what was given.
    ///
    /// # Errors
    /// When the system gives no random numbers.
    pub fn new(secret: &[u8]) -> Result<Self, CryptoError> {
        let mut mask = vec![0; secret.len()].into_boxed_slice();
        // By the system itself: the first random number of aws-lc takes 30 ms, while it tries the
        // processor's own randomness, and a board shows nothing before its secrets are there.
        getrandom::getrandom(&mut mask).map_err(|_| CryptoError)?;
        let masked = secret.iter().zip(&mask).map(|(byte, mask)| byte ^ mask).collect();
        Ok(Self { mask, masked })
    }

    /// The secret behind these bytes, in one piece of memory that is wiped when it is dropped.
    #[must_use]
    pub fn behind(&self, before: &[u8]) -> Zeroizing<Vec<u8>> {
        // Room for all of it at once, so that no part is left where it grew from.
        let mut plain = Zeroizing::new(Vec::with_capacity(before.len() + self.mask.len()));
        plain.extend_from_slice(before);
        plain.extend(self.masked.iter().zip(&self.mask).map(|(byte, mask)| byte ^ mask));
        plain
    }
}

impl std::fmt::Debug for MaskedSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MaskedSecret(****)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_not_the_secret_and_gives_it_back() {
        let secret = b"a token of some thirty-odd bytes";
        let masked = MaskedSecret::new(secret).expect("random numbers");
        assert_eq!(*masked.behind(b""), secret);
        assert_eq!(*masked.behind(b"Bearer "), b"Bearer a token of some thirty-odd bytes");
        for part in [&masked.mask, &masked.masked] {
            let same = part.iter().zip(secret).filter(|(kept, plain)| kept == plain).count();
            assert!(same < 8, "{same} bytes of 32 stand there as they are");
        }
        assert_eq!(format!("{masked:?}"), "MaskedSecret(****)");
    }

    #[test]
    fn two_masks_of_one_secret_are_not_the_same() {
        let of = || MaskedSecret::new(&[7; 32]).expect("random numbers");
        assert_ne!(of().masked, of().masked);
    }
}
