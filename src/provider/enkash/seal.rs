//! How the bodies of enkash are encrypted and wrapped (enkash wire notes, 1.5 and 6.2).

use bytes::Bytes;
use data_encoding::BASE64;
use secrecy::ExposeSecret;
use zeroize::Zeroizing;

use super::read_secret;
use super::settings::{self, BodyWrapping, KeyDerivation, Settings};
use crate::config::endpoint::Endpoint;
use crate::provider::crypto;

/// The key, and what is wrapped. Holds a secret, so it has no `Debug`.
pub(super) struct Seal {
    pub(super) key: Zeroizing<Vec<u8>>,
    pub(super) wrapping: BodyWrapping,
    /// The field that an encrypted request is sent in.
    pub(super) field: String,
    /// Calls that are sent in plain all the same, by their key.
    unencrypted: Vec<String>,
}

impl Seal {
    /// Reads the key.
    ///
    /// # Errors
    /// A sentence, when it cannot be had or has no length of AES.
    pub(super) fn new(settings: &Settings) -> Result<Self, String> {
        let secret = read_secret(&settings.encryption_key, "encryption_key")?;
        let key =
            payload_key(secret.expose_secret(), settings.key_derivation).ok_or_else(|| {
                "encryption_key must have 16, 24 or 32 bytes where key_derivation is \"own\""
                    .to_owned()
            })?;
        Ok(Self {
            key,
            wrapping: settings.encryption,
            field: settings.envelope_field.clone(),
            unencrypted: settings.unencrypted.clone(),
        })
    }

    /// The body of a call as the account's settings wrap it. Which calls truly need it is
    /// INFERENCE: all (enkash wire notes, 1.5). The PIN is never sent in plain.
    pub(super) fn wrap(&self, call: Endpoint, plain: &[u8]) -> Bytes {
        let sealed = || {
            BASE64.encode(
                &crypto::aes_ecb_encrypt(&self.key, plain).expect("the key has a length of AES"),
            )
        };
        match self.wrapping {
            BodyWrapping::Off => Bytes::copy_from_slice(plain),
            BodyWrapping::Envelope | BodyWrapping::Bare
                if call != settings::SET_PIN
                    && self.unencrypted.iter().any(|key| key == call.key) =>
            {
                Bytes::copy_from_slice(plain)
            }
            BodyWrapping::Envelope => {
                let field = serde_json::Value::from(&*self.field);
                format!("{{{field}:\"{}\"}}", sealed()).into()
            }
            BodyWrapping::Bare => format!("\"{}\"", sealed()).into(),
        }
    }
}

/// The key that bodies are encrypted with; `None` when it has no length of AES (enkash wire notes,
/// 6.2: INFERENCE).
fn payload_key(secret: &str, derivation: KeyDerivation) -> Option<Zeroizing<Vec<u8>>> {
    let mut key = Zeroizing::new(match derivation {
        KeyDerivation::Sha256 => crypto::sha256(secret.as_bytes()),
        KeyDerivation::Own => secret.trim().as_bytes().to_vec(),
    });
    if derivation == KeyDerivation::Sha256 {
        key.truncate(16);
    }
    matches!(key.len(), 16 | 24 | 32).then_some(key)
}
