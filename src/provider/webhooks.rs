//! What providers push: verified over the bytes that arrived, then decoded into a [`Push`].
//!
//! What differs by wire is in `NAME/webhooks.rs` of each provider. Whatever is pushed is a hint to
//! read, so an event with unexpected fields is no error: it is kept as unknown.

mod body;
mod secret;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use http::HeaderMap;
use jiff::Timestamp;

use super::crypto;
use crate::domain::push::{Push, RepeatKey};
pub(super) use body::{kept_body, read_object};
pub(super) use secret::SharedSecret;

/// Verifies what is pushed to one account.
pub trait Webhooks: Send + Sync {
    /// Verifies a delivery and decodes its event.
    ///
    /// # Errors
    /// When it is not proven to come from the provider, or is no event at all. Nothing may be done
    /// because of it.
    fn read(&self, delivery: &Delivery<'_>) -> Result<Push, Rejection>;

    /// How the provider wants to be told that an event was received.
    fn acknowledgement(&self) -> Acknowledgement {
        Acknowledgement { content_type: "text/plain", body: "" }
    }
}

/// One request to the receiver.
#[derive(Clone, Copy, Debug)]
pub struct Delivery<'a> {
    /// Its headers.
    pub headers: &'a HeaderMap,
    /// What stands behind the account's name in the path, decoded.
    pub path_secret: Option<&'a str>,
    /// The body, exactly as it arrived.
    pub body: &'a [u8],
    /// When it arrived.
    pub received_at: Timestamp,
}

impl<'a> Delivery<'a> {
    /// A header that proves something: it must be there once, since of two nobody knows which one
    /// the sender meant.
    pub(super) fn single_header(&self, name: &'static str) -> Result<&'a str, Rejection> {
        let mut values = self.headers.get_all(name).iter();
        let value = values.next().ok_or_else(|| {
            Rejection::new(RejectionKind::Unproven, format!("the header `{name}` is missing"))
        })?;
        if values.next().is_some() {
            let words = format!("the header `{name}` is there twice");
            return Err(Rejection::new(RejectionKind::Unproven, words));
        }
        value.to_str().map_err(|_| {
            let words = format!("the header `{name}` is not text");
            Rejection::new(RejectionKind::Unproven, words)
        })
    }
}

/// Why a delivery was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{words}")]
pub struct Rejection {
    /// Of what kind.
    pub kind: RejectionKind,
    /// As a sentence part. It never quotes the delivery.
    pub words: Cow<'static, str>,
}

/// Of what kind a rejection is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RejectionKind {
    /// It is not proven to come from the provider.
    Unproven,
    /// It is no event.
    Malformed,
}

impl Rejection {
    pub(super) fn new(kind: RejectionKind, words: impl Into<Cow<'static, str>>) -> Self {
        Self { kind, words: words.into() }
    }

    pub(super) const fn unproven(words: &'static str) -> Self {
        Self { kind: RejectionKind::Unproven, words: Cow::Borrowed(words) }
    }

    pub(super) const fn malformed(words: &'static str) -> Self {
        Self { kind: RejectionKind::Malformed, words: Cow::Borrowed(words) }
    }
}

/// One page of what a provider keeps of the webhooks that it sent.
#[derive(Clone, Debug)]
pub struct WebhookRecords {
    /// The events of it. One is signed where its record has the signed text of the webhook; else it
    /// is only known that the provider tells of it now, which is a hint to read and proves nothing.
    pub pushes: Vec<Push>,
    /// How many records it has, those included that are no event. None ends the list.
    pub rows: u64,
}

/// The answer that a provider takes for "received".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Acknowledgement {
    /// Its media type.
    pub content_type: &'static str,
    /// Its body.
    pub body: &'static str,
}

/// The key of an event that these parts make one. Parts are told apart by their lengths.
pub(super) fn repeat_key(parts: &[&[u8]]) -> RepeatKey {
    let mut text = Vec::new();
    for part in parts {
        text.extend_from_slice(&part.len().to_le_bytes());
        text.extend_from_slice(part);
    }
    let mut key = [0; 16];
    for (to, from) in key.iter_mut().zip(crypto::sha256(&text)) {
        *to = from;
    }
    RepeatKey(key)
}
