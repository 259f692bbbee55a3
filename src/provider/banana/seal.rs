//! The envelope that every body of Banana Tech travels in: encrypted, and signed over the encrypted
//! text (banana wire notes, 1.3 to 1.7).

use data_encoding::{BASE64, HEXLOWER_PERMISSIVE};
use secrecy::{ExposeSecret, SecretSlice};
use serde_json::value::RawValue;
use zeroize::Zeroizing;

use super::settings::{KeyEncoding, Settings};
use crate::provider::crypto;
use crate::provider::encoding::TextEncoding;
use crate::provider::json::{JsonObject, without_byte_order_mark};

/// The keys, and how bytes become text. Holds secrets, so it has no `Debug`.
pub(super) struct Seal {
    key: SecretSlice<u8>,
    /// Signs; the same as `key` unless the configuration reads it another way (banana wire notes,
    /// 1.7).
    hmac_key: SecretSlice<u8>,
    payload_text: TextEncoding,
    hmac_text: TextEncoding,
}

impl Seal {
    /// Reads the key.
    ///
    /// # Errors
    /// A sentence, when it cannot be had or is no key.
    pub(super) fn new(settings: &Settings) -> Result<Self, String> {
        let secret = settings
            .secret_key
            .read()
            .map_err(|error| format!("the credential `secret_key` cannot be read: {error}"))?;
        let text = secret.expose_secret().trim();
        let key = key_bytes(text, settings.secret_key_encoding)
            .and_then(|key| match key.expose_secret().len() {
                16 | 24 | 32 => Ok(key),
                other => Err(format!("has {other} bytes and must have 16, 24 or 32")),
            })
            .map_err(|why| {
                format!("the credential `secret_key` {why}: check it and secret_key_encoding")
            })?;
        let hmac_key =
            key_bytes(text, settings.hmac_key_encoding.unwrap_or(settings.secret_key_encoding))
                .map_err(|why| {
                    format!("the credential `secret_key` {why}: check it and hmac_key_encoding")
                })?;
        Ok(Self {
            key,
            hmac_key,
            payload_text: settings.payload_text,
            hmac_text: settings.hmac_text,
        })
    }

    /// The initialisation vector and the encrypted bytes as text.
    pub(super) fn encrypt(
        &self,
        iv: [u8; 16],
        plain: &[u8],
    ) -> Result<String, crypto::CryptoError> {
        let mut bytes = iv.to_vec();
        bytes.extend(crypto::aes_cbc_encrypt(self.key.expose_secret(), iv, plain)?);
        Ok(self.payload_text.encode(&bytes))
    }

    /// The signature of an encrypted text: HMAC-SHA-256 over the text, not over its bytes.
    pub(super) fn sign(&self, payload: &str) -> String {
        self.hmac_text
            .encode(&crypto::hmac_sha256(self.hmac_key.expose_secret(), payload.as_bytes()))
    }

    /// What an envelope holds, once its signature is right (banana wire notes, 1.6); otherwise a
    /// sentence.
    pub(super) fn open(&self, body: &[u8]) -> Result<Box<RawValue>, &'static str> {
        let envelope = std::str::from_utf8(body).ok().and_then(|text| JsonObject::parse(text).ok());
        let envelope = envelope.ok_or(
            "answered something other than a signed envelope: check base_url and any proxy between",
        )?;
        let plain = self.unseal(&envelope).map_err(|broken| match broken {
            SealError::NoPayload => "answered without an encrypted payload: it is not believed",
            SealError::NoSignature => "signature of the answer is missing: it is not believed",
            SealError::WrongSignature => {
                "signature of the answer is wrong: check secret_key and secret_key_encoding; it \
                 is not believed"
            }
            SealError::NotDecrypted => {
                "the answer is signed but cannot be decrypted: check secret_key_encoding"
            }
        })?;
        serde_json::from_slice(without_byte_order_mark(&plain))
            .map_err(|_| "the decrypted answer is not JSON")
    }

    /// The plain text of an envelope, of an answer or of a callback, once its signature is right.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn unseal(
        &self,
        envelope: &JsonObject<'_>,
    ) -> Result<Zeroizing<Vec<u8>>, SealError> {
        let payload = envelope.raw_text("encrypted_payload").ok_or(SealError::NoPayload)?;
        let tag = envelope.raw_text("hmac").ok_or(SealError::NoSignature)?;
        let expected = crypto::hmac_sha256(self.hmac_key.expose_secret(), payload.as_bytes());
        let tag = self.hmac_text.decode(tag.trim()).unwrap_or_default();
        if !crypto::equal(&tag, &expected) {
            return Err(SealError::WrongSignature);
        }
        let bytes = self.payload_text.decode(&payload).ok_or(SealError::NotDecrypted)?;
        let (iv, cipher) = bytes.split_first_chunk::<16>().ok_or(SealError::NotDecrypted)?;
        let plain = crypto::aes_cbc_decrypt(self.key.expose_secret(), *iv, cipher)
            .map_err(|_| SealError::NotDecrypted)?;
        Ok(Zeroizing::new(plain))
    }

    /// A hash of a text that nobody without the key can make.
    pub(super) fn keyed_hash(&self, text: &[u8]) -> Vec<u8> {
        crypto::hmac_sha256(self.hmac_key.expose_secret(), text)
    }
}

/// What is wrong with an envelope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SealError {
    NoPayload,
    NoSignature,
    WrongSignature,
    /// Signed, but encrypted in another way.
    NotDecrypted,
}

/// The key's bytes; an error is the end of a sentence. INFERENCE (banana wire notes, 1.7): its
/// encoding is a setting, never guessed.
fn key_bytes(text: &str, encoding: KeyEncoding) -> Result<SecretSlice<u8>, String> {
    let bytes = match encoding {
        KeyEncoding::Utf8 => Ok(text.as_bytes().to_vec()),
        KeyEncoding::Hex => {
            HEXLOWER_PERMISSIVE.decode(text.as_bytes()).map_err(|_| "is not hexadecimal")
        }
        KeyEncoding::Base64 => BASE64.decode(text.as_bytes()).map_err(|_| "is not base64"),
    }?;
    if bytes.is_empty() { Err("is empty".to_owned()) } else { Ok(SecretSlice::from(bytes)) }
}
