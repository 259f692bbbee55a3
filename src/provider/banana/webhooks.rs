//! Banana Tech's webhooks: an envelope as that of answers, with the event's type beside it
//! (banana wire notes, 3).

use std::sync::Arc;

use jiff::tz::TimeZone;

use super::seal::{Seal, SealError};
use super::settings::IDS;
use crate::domain::card::ProviderId;
use crate::domain::push::{Push, PushOutcome, PushTopic};
use crate::provider::ProviderConfig;
use crate::provider::json::JsonObject;
use crate::provider::webhooks::{
    Delivery, Rejection, Webhooks, kept_body, read_object, repeat_key,
};

/// Verifies, decrypts and decodes the webhooks of an account.
///
/// `type` lies outside of what is signed, so it counts only where the signed part has the fields
/// that the type demands, and says nothing of whether a webhook came before (INFERENCE: banana wire
/// notes, 3.1 and 3.4).
pub(super) struct Callbacks {
    provider: ProviderId,
    seal: Arc<Seal>,
}

impl Callbacks {
    pub(super) fn new(config: &ProviderConfig, seal: Arc<Seal>) -> Self {
        Self { provider: config.name.clone(), seal }
    }
}

impl Webhooks for Callbacks {
    fn read(&self, delivery: &Delivery<'_>) -> Result<Push, Rejection> {
        let envelope = read_object(delivery.body)?;
        let plain = self.seal.unseal(&envelope).map_err(|broken| match broken {
            SealError::NoPayload => Rejection::malformed("there is no encrypted payload"),
            SealError::NoSignature => Rejection::unproven("the signature is missing"),
            SealError::WrongSignature => Rejection::unproven("the signature is wrong"),
            SealError::NotDecrypted => Rejection::malformed("it is signed but cannot be decrypted"),
        })?;
        let event = read_object(&plain)?;
        let named = envelope.text("type").unwrap_or_default();
        let decoded = Decoded { named, event: &event, plain: &plain, is_signed: true };
        Ok(decoded.push(&self.provider, &self.seal))
    }
}

impl Callbacks {
    /// The event of a record of what was sent. Of a record no field is documented (banana wire
    /// notes, 2.4). INFERENCE: it has the webhook as it was sent, in itself or in a field, whose
    /// signature is checked as that of a delivery; or the event in plain, as an object or as text,
    /// which is a hint. `None` where it has neither, or its signature is wrong.
    pub(super) fn recorded(&self, record: &JsonObject<'_>) -> Option<Push> {
        let texts: Vec<String> = record.names().filter_map(|name| record.raw_text(name)).collect();
        let written = || texts.iter().filter_map(|text| read_object(text.as_bytes()).ok());
        let sealed = |object: &JsonObject<'_>| object.get("encrypted_payload").is_some();
        let named = record.first_text(&["callback_type", "type"]).unwrap_or_default();
        let decode = |named, plain: &[u8], is_signed| {
            let event = read_object(plain).ok()?;
            let decoded = Decoded { named, event: &event, plain, is_signed };
            Some(decoded.push(&self.provider, &self.seal))
        };
        let of_envelope = |envelope: &JsonObject<'_>| {
            let plain = self.seal.unseal(envelope).ok()?;
            decode(envelope.text("type").unwrap_or_else(|| Arc::clone(&named)), &plain, true)
        };
        if sealed(record) {
            return of_envelope(record);
        }
        if let Some(envelope) = record.objects().chain(written()).find(sealed) {
            return of_envelope(&envelope);
        }
        let is_event = |json: &str| {
            let event = read_object(json.as_bytes()).ok()?;
            let known = ["card_id", "user_id", "occur_time", "transaction_id"];
            known.iter().any(|name| event.get(name).is_some()).then_some(())
        };
        let objects = record.names().filter_map(|name| record.get(name)).map(|raw| raw.get());
        let mut plain = objects.chain(texts.iter().map(String::as_str));
        let plain = plain.find(|json| json.starts_with('{') && is_event(json).is_some())?;
        decode(Arc::clone(&named), plain.as_bytes(), false)
    }
}

/// The webhooks of the document (banana wire notes, 3.2), what each is about, and the fields
/// without which it is not believed to be of that type (3.3).
const EVENTS: [(&str, PushTopic, &[&str]); 12] = [
    ("USER_CREATE_RESULT", PushTopic::Other, &["user_id"]),
    ("CARD_APPLY_RESULT", PushTopic::Card, &["status"]),
    ("CARD_ACTIVATE_RESULT", PushTopic::Card, &["card_id", "status"]),
    ("CARD_ASSIGN_RESULT", PushTopic::Card, &["status"]),
    ("CARD_STATUS_CHANGE", PushTopic::Change, &["card_id", "card_status"]),
    ("CARD_RECHARGE_RESULT", PushTopic::TopUp, &["card_id", "status"]),
    ("CARD_CLOSE_RESULT", PushTopic::Change, &["card_id", "status"]),
    ("TRANSACTION_CREATED", PushTopic::Transaction, &[]),
    ("CARD_CORRECTION", PushTopic::Transaction, &[]),
    ("CARD_3DS", PushTopic::Code, &[]),
    ("CARD_VERIFICATION", PushTopic::Code, &[]),
    ("CARD_BALANCE_CHANGE", PushTopic::Balance, &["card_id"]),
];

/// A webhook that is proven.
struct Decoded<'a> {
    /// Its type, as it was sent.
    named: Arc<str>,
    /// What was encrypted.
    event: &'a JsonObject<'a>,
    /// The same as bytes.
    plain: &'a [u8],
    /// Its signature was verified.
    is_signed: bool,
}

impl Decoded<'_> {
    fn push(self, provider: &ProviderId, seal: &Seal) -> Push {
        let Self { named, event, plain, is_signed } = self;
        let has = |field: &&str| event.get(field).is_some();
        let known = EVENTS.iter().find(|(name, _, needed)| {
            name.eq_ignore_ascii_case(named.trim()) && needed.iter().all(has)
        });
        let (event_name, topic): (Arc<str>, _) = match known {
            Some((name, topic, _)) => ((*name).into(), *topic),
            None => (named, PushTopic::Unknown),
        };
        let card = event.id("card_id").map(|id| IDS.cards.canonical(&id));
        let transaction = event.id("transaction_id").map(|id| IDS.transactions.canonical(&id));
        let occurred_at = event.time("occur_time", &TimeZone::UTC).ok().flatten();
        // The type is not signed, so it makes no event another. What is decrypted may hold a card
        // number or a code, which a hash without a key would give away.
        let repeat_key = repeat_key(&[&seal.keyed_hash(plain)]);
        let status = event.text("status").unwrap_or_default();
        let body = if topic == PushTopic::Unknown { kept_body(plain) } else { None };
        Push {
            provider: provider.clone(),
            event: event_name,
            topic,
            reference: transaction.clone().filter(|_| topic == PushTopic::TopUp),
            id: transaction,
            card,
            outcome: match status.to_ascii_uppercase().as_str() {
                "SUCCESS" | "APPROVED" => Some(PushOutcome::Succeeded),
                "FAILED" => Some(PushOutcome::Failed),
                _ => None,
            },
            occurred_at,
            is_signed,
            repeat_key,
            body,
        }
    }
}
