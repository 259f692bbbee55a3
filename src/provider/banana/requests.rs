//! What is asked of Banana Tech: bodies, written field by field, and the requests that carry them
//! encrypted and signed.

use std::sync::Arc;

use ::http::Request;
use bytes::Bytes;
use jiff::Timestamp;
use zeroize::Zeroizing;

use super::Banana;
use super::settings::EmptyBody;
use crate::config::endpoint::Endpoint;
use crate::config::lists::Dates;
use crate::domain::card::Card;
use crate::provider::error::{ErrorKind, Result};
use crate::provider::{crypto, listing};

impl Banana {
    /// The request of a call: encrypted, signed over the base64 text (banana wire notes, 1.3
    /// to 1.5).
    pub(super) fn request(&self, endpoint: Endpoint, body: &Body) -> Result<Request<Bytes>> {
        let iv = crypto::random::<16>().map_err(|_| {
            self.error(
                ErrorKind::Unreachable,
                "the system gave no random numbers; nothing was sent",
            )
        })?;
        // INFERENCE (banana wire notes, 1.3): a call without parameters sends an encrypted `{}`.
        let bare = body.0.is_empty() && self.empty_body == EmptyBody::Nothing;
        let payload =
            if bare { Ok(String::new()) } else { self.seal.encrypt(iv, body.json().as_bytes()) };
        let payload = payload.map_err(|_| {
            self.error(
                ErrorKind::Auth,
                "the request could not be encrypted with secret_key; nothing was sent",
            )
        })?;
        let path = self.spelling.path(endpoint).trim_start_matches('/');
        Request::post(format!("{}/{path}", self.base_url))
            .header("Content-Type", "application/json")
            .header("Merchant-ID", self.merchant.clone())
            .header("X-HMAC", self.seal.sign(&payload))
            .body(if bare {
                Bytes::new()
            } else {
                Bytes::from(format!("{{\"encrypted_payload\":\"{payload}\"}}"))
            })
            .map_err(|_| {
                self.error(
                    ErrorKind::Refused,
                    "the address of this call cannot be formed: check base_url and paths; nothing \
                     was sent",
                )
            })
    }

    /// An end of a list's time. INFERENCE (banana wire notes, 2.12): written as `created_at` is.
    pub(super) fn list_time(&self, body: Body, name: &str, at: Timestamp) -> Body {
        let written = listing::format_time(at.as_second(), self.lists.dates);
        match self.lists.dates {
            Dates::Unix | Dates::UnixMillis => body.number(name, &written),
            Dates::Rfc3339 | Dates::Day => body.text(name, &written),
        }
    }

    /// The ids of user and card, which almost every call carries. `owner` is used where the card
    /// has none.
    pub(super) fn card_ids(&self, card: &Card, owner: Option<&Arc<str>>) -> Result<Body> {
        let user = card.owner.as_ref().or(owner).ok_or_else(|| {
            let words = format!(
                "banana wants the user of card {}: add its user_id to the roster; nothing was sent",
                card.key.id
            );
            self.error(ErrorKind::Refused, &words)
        })?;
        Ok(Body::default().id("user_id", user).id("card_id", &card.wire_id))
    }
}

/// A request's plain JSON, written field by field; wiped when it is dropped, because one of them
/// carries a PIN.
#[derive(Clone, Default)]
pub(super) struct Body(Zeroizing<String>);

impl Body {
    /// The whole object.
    pub(super) fn json(&self) -> Zeroizing<String> {
        joined(&["{", self.0.as_str(), "}"])
    }

    /// An id: a number where it is one, as in every example (banana wire notes, 0), text otherwise.
    pub(super) fn id(self, name: &str, id: &str) -> Self {
        let whole = id.len() <= 18
            && id.bytes().all(|b| b.is_ascii_digit())
            && (id == "0" || !id.starts_with('0'));
        if whole && !id.is_empty() { self.number(name, id) } else { self.text(name, id) }
    }

    pub(super) fn whole(self, name: &str, number: u64) -> Self {
        self.number(name, &number.to_string())
    }

    pub(super) fn flag(self, name: &str, flag: bool) -> Self {
        self.number(name, if flag { "true" } else { "false" })
    }

    pub(super) fn text(self, name: &str, text: &str) -> Self {
        self.number(name, &serde_json::Value::from(text).to_string())
    }

    /// Text of digits alone, which needs no escaping and so leaves no copy behind: a PIN.
    pub(super) fn digits(self, name: &str, digits: &str) -> Self {
        self.number(name, &joined(&["\"", digits, "\""]))
    }

    /// Digits as they are: an amount never passes through a float.
    pub(super) fn number(self, name: &str, digits: &str) -> Self {
        let comma = if self.0.is_empty() { "" } else { "," };
        Self(joined(&[self.0.as_str(), comma, "\"", name, "\":", digits]))
    }
}

/// The parts as one text, which is wiped. Room for all of it at once, because a text that grows
/// leaves copies behind.
fn joined(parts: &[&str]) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::with_capacity(parts.iter().map(|part| part.len()).sum()));
    for part in parts {
        text.push_str(part);
    }
    text
}
