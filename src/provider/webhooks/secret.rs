//! A secret that a sender has to know: what stands for a signature where a wire has none.

use secrecy::{ExposeSecret, SecretString};

use super::{Delivery, Rejection};
use crate::config::secret::Source;
use crate::provider::crypto;

/// The header that may carry the secret; else it stands behind the account's name in the path.
const HEADER: &str = "x-webhook-secret";

/// A configured secret that is not empty.
pub(in crate::provider) struct SharedSecret(SecretString);

impl SharedSecret {
    /// Reads `webhook_secret`, where it is configured.
    ///
    /// # Errors
    /// A sentence, when it cannot be had or is empty.
    pub(in crate::provider) fn read(source: Option<&Source>) -> Result<Option<Self>, String> {
        let Some(source) = source else { return Ok(None) };
        let secret = source
            .read()
            .map_err(|error| format!("the credential `webhook_secret` cannot be read: {error}"))?;
        let trimmed = secret.expose_secret().trim();
        if trimmed.is_empty() {
            return Err("the credential `webhook_secret` is empty: set it again".to_owned());
        }
        Ok(Some(Self(SecretString::from(trimmed))))
    }

    /// A hash of a text that nobody without the secret can make: of a text that has a one-time
    /// code in it, it gives nothing away.
    pub(in crate::provider) fn keyed_hash(&self, text: &[u8]) -> Vec<u8> {
        crypto::hmac_sha256(self.bytes(), text)
    }

    /// Its bytes.
    pub(in crate::provider) fn bytes(&self) -> &[u8] {
        self.0.expose_secret().as_bytes()
    }

    /// Whether the sender knows it.
    ///
    /// # Errors
    /// When it does not.
    pub(in crate::provider) fn check(&self, delivery: &Delivery<'_>) -> Result<(), Rejection> {
        let shown = if delivery.headers.contains_key(HEADER) {
            delivery.single_header(HEADER)?
        } else {
            delivery.path_secret.ok_or(Rejection::unproven(
                "there is no secret in the path or in the header `x-webhook-secret`",
            ))?
        };
        // Hashes have one length, so that the time tells nothing of the secret's.
        let (shown, known) = (crypto::sha256(shown.as_bytes()), crypto::sha256(self.bytes()));
        if crypto::equal(&shown, &known) {
            Ok(())
        } else {
            Err(Rejection::unproven("the secret is wrong"))
        }
    }
}
