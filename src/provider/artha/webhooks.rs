//! artha's callbacks: flat objects, one address for all of them, told apart by `notifyType`
//! (artha wire notes, 4).

use std::sync::Arc;

use secrecy::ExposeSecret;
use serde_json::value::RawValue;

use super::requests::join_signed;
use super::settings::{IDS, Settings, Signature};
use crate::domain::card::ProviderId;
use crate::domain::push::{Push, PushOutcome, PushTopic, RepeatKey};
use crate::provider::ProviderConfig;
use crate::provider::crypto::{self, RsaVerifier};
use crate::provider::json::{JsonObject, raw_text};
use crate::provider::webhooks::{
    Acknowledgement, Delivery, Rejection, SharedSecret, Webhooks, kept_body, read_object,
    repeat_key,
};

/// Verifies and decodes the callbacks of an account.
///
/// INFERENCE (artha wire notes, 4.1): no signature of callbacks is documented. Where
/// `callback_public_key` is set, each has to carry one in its header `signature`, made as those of
/// requests are. Where it is not set, the sender has to know `webhook_secret`. Where both are, both
/// count. The document names no time after which a callback is too old; what is delivered again is
/// known by its content.
pub(super) struct Callbacks {
    provider: ProviderId,
    key: Option<RsaVerifier>,
    secret: Option<SharedSecret>,
    signature: Signature,
}

impl Callbacks {
    /// # Errors
    /// A sentence part, when nothing is configured that callbacks can be verified by.
    pub(super) fn new(config: &ProviderConfig, settings: &Settings) -> Result<Self, String> {
        let key = match &settings.callback_public_key {
            None => None,
            Some(source) => {
                let pem = source.read().map_err(|error| {
                    format!("the credential `callback_public_key` cannot be read: {error}")
                })?;
                let pem = pem.expose_secret().trim();
                Some(RsaVerifier::pem(pem, settings.signature.padding).map_err(|_| {
                    "the credential `callback_public_key` is not an RSA public key in PEM"
                        .to_owned()
                })?)
            }
        };
        let secret = SharedSecret::read(settings.webhook_secret.as_ref())?;
        if key.is_none() && secret.is_none() {
            return Err("neither `webhook_secret` nor `callback_public_key` is among its \
                        credentials"
                .to_owned());
        }
        let provider = config.name.clone();
        Ok(Self { provider, key, secret, signature: settings.signature.clone() })
    }

    /// Checks the header `signature` over headers and body (artha wire notes, 1.5 and 4.1), and
    /// returns it.
    fn check_signature(
        &self,
        key: &RsaVerifier,
        delivery: &Delivery<'_>,
        body: &JsonObject<'_>,
    ) -> Result<Vec<u8>, Rejection> {
        let signature = delivery.single_header("signature")?;
        let bytes = self.signature.text.decode(signature.trim()).unwrap_or_default();
        let mut pairs: Vec<(&str, String)> = Vec::new();
        for name in &self.signature.headers {
            if let Some(value) = delivery.headers.get(name.as_str()) {
                pairs.push((name.as_str(), value.to_str().unwrap_or_default().to_owned()));
            }
        }
        for name in body.names().filter(|name| !name.eq_ignore_ascii_case("signature")) {
            pairs.push((name, body.get(name).map(signed_text).unwrap_or_default()));
        }
        let pairs = pairs.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let string = join_signed(&self.signature, pairs);
        if key.is_right(string.as_bytes(), &bytes) {
            Ok(bytes)
        } else {
            Err(Rejection::unproven("the signature is wrong"))
        }
    }
}

/// A value as it stands in the signed string: text without quotes, anything else as its JSON.
fn signed_text(value: &RawValue) -> String {
    raw_text(value).unwrap_or_else(|| match value.get() {
        "null" => String::new(),
        json => json.to_owned(),
    })
}

impl Webhooks for Callbacks {
    fn read(&self, delivery: &Delivery<'_>) -> Result<Push, Rejection> {
        if let Some(secret) = &self.secret {
            secret.check(delivery)?;
        }
        let body = read_object(delivery.body)?;
        let signature = match &self.key {
            Some(key) => Some(self.check_signature(key, delivery, &body)?),
            None => None,
        };
        // Only who signed it, or knows the secret, can make it: of a body with a code in it, it
        // gives nothing away.
        let own = match (&signature, &self.secret) {
            (Some(signature), _) => crypto::sha256(signature),
            (None, Some(secret)) => secret.keyed_hash(delivery.body),
            (None, None) => Vec::new(),
        };
        let body = Body { fields: &body, json: delivery.body, own: &own };
        Ok(decode(&self.provider, &body, signature.is_some()))
    }

    /// `code` 0 says that it need not be sent again (artha wire notes, 4.1).
    fn acknowledgement(&self) -> Acknowledgement {
        Acknowledgement {
            content_type: "application/json",
            body: r#"{"code":0,"message":"success"}"#,
        }
    }
}

/// The callbacks of the document (artha wire notes, 4.2), and what each is about.
const EVENTS: [(&str, PushTopic); 8] = [
    ("kycStatus", PushTopic::Card),
    ("createCard", PushTopic::Card),
    ("recharge", PushTopic::TopUp),
    ("operation", PushTopic::Change),
    ("consume", PushTopic::Transaction),
    ("fee", PushTopic::Transaction),
    ("refund", PushTopic::Transaction),
    (CODE, PushTopic::Code),
];

/// The event that carries a 3-D Secure code. The code itself is never read.
const CODE: &str = "opt_code";

/// The body of a callback that is proven.
struct Body<'a> {
    fields: &'a JsonObject<'a>,
    json: &'a [u8],
    /// A hash that this very delivery has, and one with other content has not.
    own: &'a [u8],
}

fn decode(provider: &ProviderId, body: &Body<'_>, is_signed: bool) -> Push {
    let Body { fields: body, json, own } = body;
    let named = body.text("notifyType").unwrap_or_default();
    let card = body.id("cardId").map(|id| IDS.cards.canonical(&id));
    let known = EVENTS.iter().find(|(name, _)| name.eq_ignore_ascii_case(&named));
    // Every event of the document has its card.
    let (event, topic): (Arc<str>, _) = match known {
        Some((name, topic)) if card.is_some() => ((*name).into(), *topic),
        _ => (named, PushTopic::Unknown),
    };
    let task = body.id("taskId").map(|id| IDS.transactions.canonical(&id));
    let status = body.text("status").unwrap_or_default().to_ascii_lowercase();
    let kept = if topic == PushTopic::Unknown { kept_body(json) } else { None };
    let repeat_key = match topic {
        // A code has nothing else that tells it from the next one, and an unknown event nothing
        // that is known to. Names and values are signed without quotes, so that they can be folded
        // into each other: the same signature is the same event.
        PushTopic::Code | PushTopic::Unknown => repeat_key(&[own]),
        _ => key_of(body, [&*event, task.as_deref().unwrap_or_default(), &status]),
    };
    let reference = match topic {
        PushTopic::TopUp | PushTopic::Change => task.clone(),
        _ => None,
    };
    Push {
        provider: provider.clone(),
        event,
        topic,
        // INFERENCE (artha wire notes, 4.2): in these the task is the card itself.
        id: task.filter(|_| topic != PushTopic::Code),
        card,
        reference,
        outcome: match status.as_str() {
            "success" => Some(PushOutcome::Succeeded),
            "failed" => Some(PushOutcome::Failed),
            _ => None,
        },
        // No event has a time.
        occurred_at: None,
        is_signed,
        repeat_key,
        body: kept,
    }
}

/// INFERENCE (artha wire notes, 4.1): type, task and status make an event one. Card and amount are
/// added, since nothing says that two purchases cannot share a task.
fn key_of(body: &JsonObject<'_>, parts: [&str; 3]) -> RepeatKey {
    let sent = ["cardId", "amount", "currency"].map(|name| {
        let text = body.raw_text(name).unwrap_or_default();
        text.trim().to_ascii_lowercase()
    });
    let parts = parts.into_iter().chain(sent.iter().map(String::as_str));
    repeat_key(&parts.map(str::as_bytes).collect::<Vec<_>>())
}
