//! Signatures and ciphers that the wires ask for, as pure functions. Keys come in as bytes and are
//! not kept.

use aws_lc_rs::cipher::{
    AES_128, AES_192, AES_256, Algorithm, DecryptingKey, DecryptionContext, EncryptionContext,
    PaddedBlockDecryptingKey, PaddedBlockEncryptingKey, UnboundCipherKey,
};
use aws_lc_rs::iv::FixedLength;
use aws_lc_rs::{constant_time, digest, hmac, rand};
use rsa::pkcs1::{DecodeRsaPrivateKey, DecodeRsaPublicKey};
use rsa::pkcs8::{DecodePrivateKey, DecodePublicKey};
use rsa::signature::{RandomizedSigner, SignatureEncoding, Signer, Verifier};
use rsa::{RsaPrivateKey, RsaPublicKey};
use zeroize::Zeroizing;

pub use self::masked::MaskedSecret;

mod masked;

/// Bytes of the stack that are wiped after a calculation with a key: moving a key schedule leaves a
/// copy of it there.
const STACK_WIPED: usize = 64 << 10;

/// Calculates, and then wipes the part of this thread's stack that the calculation used. Neither
/// function may be inlined: then both would use the same stack frame as the caller.
fn and_wipe<T>(calculate: impl FnOnce() -> T) -> T {
    #[inline(never)]
    fn below<T>(calculate: impl FnOnce() -> T) -> T {
        calculate()
    }
    #[inline(never)]
    fn wipe() {
        std::hint::black_box(&mut [0_u8; STACK_WIPED]);
    }
    let result = below(calculate);
    wipe();
    result
}

/// A key, ciphertext or signature that cannot be what it should be. It does not say why: that could
/// help somebody who tries others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cannot be decrypted or verified")]
pub struct CryptoError;

/// AES in CBC mode with PKCS#7 padding; the key is 16, 24 or 32 bytes long.
///
/// # Errors
/// When the key has another length.
pub fn aes_cbc_encrypt(key: &[u8], iv: [u8; 16], plain: &[u8]) -> Result<Vec<u8>, CryptoError> {
    and_wipe(|| {
        let key = PaddedBlockEncryptingKey::cbc_pkcs7(cipher_key(key)?).map_err(|_| CryptoError)?;
        let mut bytes = with_room(plain);
        key.less_safe_encrypt(&mut bytes, EncryptionContext::Iv128(FixedLength::from(iv)))
            .map_err(|_| CryptoError)?;
        Ok(bytes)
    })
}

/// The reverse of [`aes_cbc_encrypt`].
///
/// # Errors
/// When the key has another length or the padding is wrong.
pub fn aes_cbc_decrypt(key: &[u8], iv: [u8; 16], cipher: &[u8]) -> Result<Vec<u8>, CryptoError> {
    and_wipe(|| {
        let key = PaddedBlockDecryptingKey::cbc_pkcs7(cipher_key(key)?).map_err(|_| CryptoError)?;
        let mut bytes = Zeroizing::new(cipher.to_vec());
        let plain = key
            .decrypt(&mut bytes, DecryptionContext::Iv128(FixedLength::from(iv)))
            .map_err(|_| CryptoError)?;
        Ok(plain.to_vec())
    })
}

/// AES in ECB mode with PKCS#7 padding.
///
/// # Errors
/// When the key is not 16, 24 or 32 bytes long.
pub fn aes_ecb_encrypt(key: &[u8], plain: &[u8]) -> Result<Vec<u8>, CryptoError> {
    and_wipe(|| {
        let key = PaddedBlockEncryptingKey::ecb_pkcs7(cipher_key(key)?).map_err(|_| CryptoError)?;
        let mut bytes = with_room(plain);
        key.encrypt(&mut bytes).map_err(|_| CryptoError)?;
        Ok(bytes)
    })
}

/// The reverse of [`aes_ecb_encrypt`].
///
/// # Errors
/// When the key has another length or the padding is wrong.
pub fn aes_ecb_decrypt(key: &[u8], cipher: &[u8]) -> Result<Vec<u8>, CryptoError> {
    and_wipe(|| {
        let key = PaddedBlockDecryptingKey::ecb_pkcs7(cipher_key(key)?).map_err(|_| CryptoError)?;
        let mut bytes = Zeroizing::new(cipher.to_vec());
        let plain = key.decrypt(&mut bytes, DecryptionContext::None).map_err(|_| CryptoError)?;
        Ok(plain.to_vec())
    })
}

/// Decrypts whole blocks of [`aes_ecb_encrypt`] in place, but for the last ones, which have the
/// padding.
///
/// # Errors
/// When the key has another length, or the bytes are no whole blocks.
pub fn aes_ecb_decrypt_blocks(key: &[u8], blocks: &mut [u8]) -> Result<(), CryptoError> {
    and_wipe(|| {
        let key = DecryptingKey::ecb(cipher_key(key)?).map_err(|_| CryptoError)?;
        key.decrypt(blocks, DecryptionContext::None).map(drop).map_err(|_| CryptoError)
    })
}

/// A copy with room for the padding: it is encrypted in place, and a buffer that grows would leave
/// the plain text behind.
fn with_room(plain: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(plain.len() + 16);
    bytes.extend_from_slice(plain);
    bytes
}

fn cipher_key(key: &[u8]) -> Result<UnboundCipherKey, CryptoError> {
    let algorithm: &'static Algorithm = match key.len() {
        16 => &AES_128,
        24 => &AES_192,
        32 => &AES_256,
        _ => return Err(CryptoError),
    };
    UnboundCipherKey::new(algorithm, key).map_err(|_| CryptoError)
}

/// HMAC-SHA-256.
#[must_use]
pub fn hmac_sha256(key: &[u8], message: &[u8]) -> Vec<u8> {
    and_wipe(|| hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), message).as_ref().to_vec())
}

/// SHA-256.
#[must_use]
pub fn sha256(message: &[u8]) -> Vec<u8> {
    and_wipe(|| digest::digest(&digest::SHA256, message).as_ref().to_vec())
}

/// Whether two byte strings are equal, in time that does not tell where they differ.
#[must_use]
pub fn equal(a: &[u8], b: &[u8]) -> bool {
    constant_time::verify_slices_are_equal(a, b).is_ok()
}

/// Random bytes of the operating system.
///
/// # Errors
/// When the system has none to give.
pub fn random<const N: usize>() -> Result<[u8; N], CryptoError> {
    let mut bytes = [0; N];
    rand::fill(&mut bytes).map_err(|_| CryptoError)?;
    Ok(bytes)
}

/// A time-based one-time password: SHA-1, 6 digits, steps of 30 s since 1970 (RFC 6238).
#[must_use]
pub fn totp(secret: &[u8], unix_second: u64) -> String {
    let message = (unix_second / 30).to_be_bytes();
    let tag = and_wipe(|| {
        hmac::sign(&hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret), &message)
    });
    let tag = tag.as_ref();
    let offset = usize::from(tag.last().copied().unwrap_or(0) & 15);
    let code =
        tag.iter().skip(offset).take(4).fold(0_u32, |code, byte| code << 8 | u32::from(*byte))
            & 0x7fff_ffff;
    format!("{:06}", code % 1_000_000)
}

/// A private key that signs SHA-256 with RSA, of any size: artha's are 1024 bits, which most
/// libraries refuse.
pub enum RsaKey {
    /// With the padding of PKCS#1 v1.5.
    Pkcs1(Box<rsa::pkcs1v15::SigningKey<rsa::sha2::Sha256>>),
    /// With that of PSS.
    Pss(Box<rsa::pss::SigningKey<rsa::sha2::Sha256>>),
}

/// Padding of an RSA signature.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Padding {
    /// RSASSA-PKCS1-v1_5.
    #[default]
    Pkcs1,
    /// RSASSA-PSS.
    Pss,
}

impl RsaKey {
    /// A key in PEM, PKCS#1 or PKCS#8.
    ///
    /// # Errors
    /// When it is neither.
    pub fn pem(pem: &str, padding: Padding) -> Result<Self, CryptoError> {
        let read =
            || RsaPrivateKey::from_pkcs8_pem(pem).or_else(|_| RsaPrivateKey::from_pkcs1_pem(pem));
        let key = and_wipe(read).map_err(|_| CryptoError)?;
        Ok(match padding {
            Padding::Pkcs1 => Self::Pkcs1(Box::new(rsa::pkcs1v15::SigningKey::new(key))),
            Padding::Pss => Self::Pss(Box::new(rsa::pss::SigningKey::new(key))),
        })
    }

    /// The signature over a message.
    ///
    /// # Errors
    /// When the key is too small for it.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, CryptoError> {
        and_wipe(|| match self {
            Self::Pkcs1(key) => key.try_sign(message).map(|signature| signature.to_vec()),
            Self::Pss(key) => key
                .try_sign_with_rng(&mut rsa::rand_core::OsRng, message)
                .map(|signature| signature.to_vec()),
        })
        .map_err(|_| CryptoError)
    }
}

impl std::fmt::Debug for RsaKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RsaKey(****)")
    }
}

/// A public key that verifies SHA-256 with RSA, of any size as [`RsaKey`] is.
pub enum RsaVerifier {
    /// With the padding of PKCS#1 v1.5.
    Pkcs1(rsa::pkcs1v15::VerifyingKey<rsa::sha2::Sha256>),
    /// With that of PSS.
    Pss(rsa::pss::VerifyingKey<rsa::sha2::Sha256>),
}

impl RsaVerifier {
    /// A key in PEM, PKCS#1 or SubjectPublicKeyInfo.
    ///
    /// # Errors
    /// When it is neither.
    pub fn pem(pem: &str, padding: Padding) -> Result<Self, CryptoError> {
        let key = RsaPublicKey::from_public_key_pem(pem)
            .or_else(|_| RsaPublicKey::from_pkcs1_pem(pem))
            .map_err(|_| CryptoError)?;
        Ok(match padding {
            Padding::Pkcs1 => Self::Pkcs1(rsa::pkcs1v15::VerifyingKey::new(key)),
            Padding::Pss => Self::Pss(rsa::pss::VerifyingKey::new(key)),
        })
    }

    /// Whether a signature is right.
    #[must_use]
    pub fn is_right(&self, message: &[u8], signature: &[u8]) -> bool {
        match self {
            Self::Pkcs1(key) => rsa::pkcs1v15::Signature::try_from(signature)
                .is_ok_and(|signature| key.verify(message, &signature).is_ok()),
            Self::Pss(key) => rsa::pss::Signature::try_from(signature)
                .is_ok_and(|signature| key.verify(message, &signature).is_ok()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use data_encoding::{BASE32, BASE64, HEXLOWER};

    fn iv() -> [u8; 16] {
        std::array::from_fn(|i| u8::try_from(i).unwrap_or(0))
    }

    #[test]
    fn banana_payload_vectors_are_reproduced() {
        let key = b"0123456789abcdef0123456789abcdef";
        let vectors = [
            (
                r#"{"user_id":12345,"card_id":67890,"amount":100.0}"#,
                "AAECAwQFBgcICQoLDA0OD3VnVAZsZaS5TqR1g+VEL5UP7G84DWqGzLXjqGGU7XlyZP4zH3\
                 fL1xc9qdIHaj8iPqwj/EJAbiI5Sds+MUhEEzY=",
                "bfccceb52c5d81257b5f99181fd5a305190a30988d1159273341694b85cc24b8",
            ),
            (
                "{}",
                "AAECAwQFBgcICQoLDA0OD00PT6UTP7OPJvWpM9+5aVw=",
                "966ad8b12375fb502c67112f6ed5030315c388a1c3e393ff580e8e5dc2f44d57",
            ),
        ];
        for (plain, payload, tag) in vectors {
            let mut bytes = iv().to_vec();
            bytes.extend(aes_cbc_encrypt(key, iv(), plain.as_bytes()).expect("a key of 32 bytes"));
            assert_eq!(BASE64.encode(&bytes), payload);
            assert_eq!(HEXLOWER.encode(&hmac_sha256(key, payload.as_bytes())), tag);
            assert_eq!(
                aes_cbc_decrypt(key, iv(), bytes.get(16..).expect("a body"))
                    .expect("a whole payload"),
                plain.as_bytes()
            );
        }
    }

    #[test]
    fn enkash_payload_vector_is_reproduced() {
        let key = sha256(b"example-secret-key");
        assert_eq!(
            HEXLOWER.encode(&key),
            "0e9e77ab6773a0c1a550807fd32b9708890c137711ead5070460059d2e6e2cef"
        );
        let key = key.get(..16).expect("32 bytes");
        let cipher = aes_ecb_encrypt(key, br#"{"enKashCardId":"EKCMB7KAEW","amount":10}"#)
            .expect("a key of 16 bytes");
        assert_eq!(
            BASE64.encode(&cipher),
            "LLP9Rzfnk4uNsgFOYe6b0slz/Fc61w7zzIGo0VfZxqw4k0qXwwWGaQrNsyowfes9"
        );
        assert_eq!(
            aes_ecb_decrypt(key, &cipher).expect("a whole payload"),
            br#"{"enKashCardId":"EKCMB7KAEW","amount":10}"#
        );
    }

    #[test]
    fn ibanera_one_time_passwords_are_reproduced() {
        let text = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
        let decoded = BASE32.decode(text.as_bytes()).expect("base 32");
        let vectors = [
            (59, "287082", "372946"),
            (1_111_111_109, "081804", "177030"),
            (1_111_111_111, "050471", "661811"),
            (1_234_567_890, "005924", "638186"),
            (1_700_000_000, "921300", "140468"),
            (2_000_000_000, "279037", "672646"),
        ];
        for (second, base32, ascii) in vectors {
            assert_eq!(
                (totp(&decoded, second), totp(text.as_bytes(), second)),
                (base32.into(), ascii.into())
            );
        }
    }

    #[test]
    fn artha_canonical_string_hashes_as_documented() {
        let string = "customerToken=tok-123&nonce=a1B2c3D4e5&timestamp=1739800000";
        assert_eq!(
            HEXLOWER.encode(&sha256(string.as_bytes())),
            "301f5e1376fa5693f1cab55fae8aa5627659e9db261cfe58198bfe472c281a93"
        );
    }

    #[test]
    fn a_wrong_key_or_a_cut_payload_is_broken_not_a_panic() {
        let cipher = aes_cbc_encrypt(&[1; 32], iv(), b"{}").expect("a key of 32 bytes");
        assert!(aes_cbc_decrypt(&[2; 32], iv(), &cipher).map_or(true, |plain| plain != b"{}"));
        assert_eq!(
            aes_cbc_decrypt(&[1; 32], iv(), cipher.get(..7).expect("bytes")),
            Err(CryptoError)
        );
        assert_eq!(aes_cbc_encrypt(&[1; 31], iv(), b"{}"), Err(CryptoError));
        assert_eq!(aes_ecb_decrypt(&[1; 16], b""), Err(CryptoError));
        assert!(RsaKey::pem("not a key", Padding::Pkcs1).is_err());
    }
}
