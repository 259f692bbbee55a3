//! The ciphers, digests and one-time codes of the wires, read from their documents alone.

use aws_lc_rs::cipher::{
    AES_128, AES_256, DecryptionContext, EncryptionContext, PaddedBlockDecryptingKey,
    PaddedBlockEncryptingKey, UnboundCipherKey,
};
use aws_lc_rs::iv::FixedLength;
use aws_lc_rs::{constant_time, digest, hmac};
use data_encoding::{BASE32_NOPAD, BASE64, HEXLOWER, HEXLOWER_PERMISSIVE};

/// AES-256-CBC with PKCS#7 under a key of 32 bytes: the initialization vector, then the ciphertext,
/// as base64 (banana wire notes, 1.4).
pub(super) fn cbc_encrypt(key: &[u8], iv: [u8; 16], plain: &[u8]) -> Option<String> {
    let key =
        PaddedBlockEncryptingKey::cbc_pkcs7(UnboundCipherKey::new(&AES_256, key).ok()?).ok()?;
    let mut sealed = plain.to_vec();
    key.less_safe_encrypt(&mut sealed, EncryptionContext::Iv128(FixedLength::from(iv))).ok()?;
    let mut out = iv.to_vec();
    out.append(&mut sealed);
    Some(BASE64.encode(&out))
}

/// Undoes [`cbc_encrypt`]; `None` when it is not base64, too short or wrongly padded.
pub(super) fn cbc_decrypt(key: &[u8], sealed: &str) -> Option<Vec<u8>> {
    let bytes = BASE64.decode(sealed.as_bytes()).ok()?;
    let (iv, rest) = bytes.split_first_chunk::<16>()?;
    let key =
        PaddedBlockDecryptingKey::cbc_pkcs7(UnboundCipherKey::new(&AES_256, key).ok()?).ok()?;
    let mut rest = rest.to_vec();
    Some(key.decrypt(&mut rest, DecryptionContext::Iv128(FixedLength::from(*iv))).ok()?.to_vec())
}

/// AES-128-ECB with PKCS#5 padding under the first half of the secret's SHA-256, as base64 (enkash
/// wire notes, 1.5).
pub(super) fn ecb_encrypt(secret: &str, plain: &[u8]) -> Option<String> {
    let key = PaddedBlockEncryptingKey::ecb_pkcs7(ecb_key(secret)?).ok()?;
    let mut sealed = plain.to_vec();
    key.encrypt(&mut sealed).ok()?;
    Some(BASE64.encode(&sealed))
}

/// Undoes [`ecb_encrypt`]; `None` when it is not base64 or cannot be decrypted.
pub(super) fn ecb_decrypt(secret: &str, sealed: &str) -> Option<Vec<u8>> {
    let mut bytes = BASE64.decode(sealed.trim().as_bytes()).ok()?;
    let key = PaddedBlockDecryptingKey::ecb_pkcs7(ecb_key(secret)?).ok()?;
    Some(key.decrypt(&mut bytes, DecryptionContext::None).ok()?.to_vec())
}

fn ecb_key(secret: &str) -> Option<UnboundCipherKey> {
    let hash = digest::digest(&digest::SHA256, secret.as_bytes());
    UnboundCipherKey::new(&AES_128, hash.as_ref().get(..16)?).ok()
}

/// HMAC-SHA256 of the base64 text, in lower case hex (banana wire notes, 1.5).
pub(super) fn hmac_hex(key: &[u8], message: &str) -> String {
    HEXLOWER
        .encode(hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), message.as_bytes()).as_ref())
}

/// Whether the hex, in either case, is the message's HMAC.
pub(super) fn hmac_is_valid(key: &[u8], message: &str, hex: &str) -> bool {
    HEXLOWER_PERMISSIVE.decode(hex.as_bytes()).is_ok_and(|tag| {
        hmac::verify(&hmac::Key::new(hmac::HMAC_SHA256, key), message.as_bytes(), &tag).is_ok()
    })
}

/// SHA-256 of a text, as base64 (ibanera wire notes, 3.2).
pub(super) fn sha256_base64(text: &str) -> String {
    BASE64.encode(digest::digest(&digest::SHA256, text.as_bytes()).as_ref())
}

/// Whether a caller's secret is ours, in constant time.
pub(super) fn equal_secrets(ours: &str, theirs: &str) -> bool {
    constant_time::verify_slices_are_equal(ours.as_bytes(), theirs.as_bytes()).is_ok()
}

/// The six digits of a 30 second step, of a Base32 secret (RFC 6238; ibanera wire notes, 1.4).
pub(super) fn totp(secret: &str, unix_seconds: i64) -> Option<String> {
    let key = BASE32_NOPAD.decode(secret.as_bytes()).ok()?;
    let step = unix_seconds.div_euclid(30).to_be_bytes();
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &key), &step);
    let tag = tag.as_ref();
    let from = usize::from(tag.last()? & 0x0f);
    let truncated = u32::from_be_bytes(*tag.get(from..)?.first_chunk()?) & 0x7fff_ffff;
    Some(format!("{:06}", truncated % 1_000_000))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_banana_vectors_hold() {
        let key = b"0123456789abcdef0123456789abcdef";
        let iv: [u8; 16] = std::array::from_fn(|i| u8::try_from(i).unwrap());
        for (plain, sealed, tag) in [
            (
                r#"{"user_id":12345,"card_id":67890,"amount":100.0}"#,
                concat!(
                    "AAECAwQFBgcICQoLDA0OD3VnVAZsZaS5TqR1g+VEL5UP7G84DWqGzLXjqGGU7Xly",
                    "ZP4zH3fL1xc9qdIHaj8iPqwj/EJAbiI5Sds+MUhEEzY=",
                ),
                "bfccceb52c5d81257b5f99181fd5a305190a30988d1159273341694b85cc24b8",
            ),
            (
                "{}",
                "AAECAwQFBgcICQoLDA0OD00PT6UTP7OPJvWpM9+5aVw=",
                "966ad8b12375fb502c67112f6ed5030315c388a1c3e393ff580e8e5dc2f44d57",
            ),
        ] {
            assert_eq!(cbc_encrypt(key, iv, plain.as_bytes()).as_deref(), Some(sealed));
            assert_eq!(cbc_decrypt(key, sealed).as_deref(), Some(plain.as_bytes()));
            assert_eq!(hmac_hex(key, sealed), tag);
            assert!(hmac_is_valid(key, sealed, &tag.to_uppercase()));
            assert!(!hmac_is_valid(key, plain, tag));
        }
    }

    #[test]
    fn the_enkash_vector_holds() {
        let plain = br#"{"enKashCardId":"EKCMB7KAEW","amount":10}"#;
        let sealed = "LLP9Rzfnk4uNsgFOYe6b0slz/Fc61w7zzIGo0VfZxqw4k0qXwwWGaQrNsyowfes9";
        assert_eq!(ecb_encrypt("example-secret-key", plain).as_deref(), Some(sealed));
        assert_eq!(ecb_decrypt("example-secret-key", sealed).as_deref(), Some(plain.as_slice()));
        assert_ne!(ecb_decrypt("another-secret-key", sealed).as_deref(), Some(plain.as_slice()));
    }

    #[test]
    fn the_one_time_codes_of_the_document_hold() {
        for (at, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
        ] {
            assert_eq!(totp("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", at).as_deref(), Some(code));
        }
    }
}
