//! Ibanera's callbacks: `Id`, `Type` and `Data`, with a hash over the body and a secret (ibanera
//! wire notes, 3). None tells of card loads, purchases or card states.

use std::sync::Arc;

use data_encoding::{BASE64, HEXLOWER_PERMISSIVE};
use jiff::tz::TimeZone;

use super::settings::{IDS, Settings};
use crate::domain::card::ProviderId;
use crate::domain::push::{Push, PushOutcome, PushTopic};
use crate::provider::json::JsonObject;
use crate::provider::webhooks::{
    Delivery, Rejection, SharedSecret, Webhooks, kept_body, read_object, repeat_key,
};
use crate::provider::{ProviderConfig, crypto};

/// Verifies and decodes the callbacks of an account.
///
/// The signature has no time in it, so a callback can be sent again for ever: it is known by its
/// `Id` (ibanera wire notes, 3.2).
pub(super) struct Callbacks {
    provider: ProviderId,
    secret: SharedSecret,
    zone: TimeZone,
}

impl Callbacks {
    /// # Errors
    /// A sentence part, when no hash secret is configured.
    pub(super) fn new(config: &ProviderConfig, settings: &Settings) -> Result<Self, String> {
        let secret = SharedSecret::read(settings.webhook_secret.as_ref())?
            .ok_or("`webhook_secret` is not among its credentials")?;
        Ok(Self { provider: config.name.clone(), secret, zone: config.lists.zone() })
    }

    /// The hash of the body as it arrived, followed by the secret: standard base64 as in the
    /// provider's other product, or hexadecimal (INFERENCE: ibanera wire notes, 3.2).
    fn check_signature(&self, delivery: &Delivery<'_>) -> Result<(), Rejection> {
        let shown = delivery.single_header("webhook-signature")?.trim();
        let shown = match shown.len() {
            64 => HEXLOWER_PERMISSIVE.decode(shown.as_bytes()),
            _ => BASE64.decode(shown.as_bytes()),
        };
        let shown = shown.map_err(|_| Rejection::unproven("the signature is no SHA-256"))?;
        let expected = crypto::sha256(&[delivery.body, self.secret.bytes()].concat());
        if crypto::equal(&shown, &expected) {
            Ok(())
        } else {
            Err(Rejection::unproven("the signature is wrong"))
        }
    }
}

impl Webhooks for Callbacks {
    fn read(&self, delivery: &Delivery<'_>) -> Result<Push, Rejection> {
        self.check_signature(delivery)?;
        let body = read_object(delivery.body)?;
        Ok(self.decode(&body, delivery))
    }
}

/// The callbacks of the document (ibanera wire notes, 3.4), and what each is about.
const EVENTS: [(&str, PushTopic); 12] = [
    (APPROVAL, PushTopic::Card),
    ("TRANSACTION_STATUS_UPDATED", PushTopic::Float),
    ("FIAT_DEPOSIT_RECEIVED", PushTopic::Float),
    ("EXCHANGE_STATUS_UPDATED", PushTopic::Float),
    ("MANAGEE_KYC_UPDATED", PushTopic::Other),
    ("MANAGEE_JUMIO_COMPLETED", PushTopic::Other),
    ("INFORMATION_REQUESTED", PushTopic::Other),
    ("INFORMATION_REQUEST_UPDATED", PushTopic::Other),
    ("CRYPTO_DEPOSIT_CREATED", PushTopic::Other),
    ("CRYPTO_DEPOSIT_UPDATED", PushTopic::Other),
    ("CRYPTO_WITHDRAWAL_CREATED", PushTopic::Other),
    ("CRYPTO_WITHDRAWAL_UPDATED", PushTopic::Other),
];

/// The one callback that is about a card (ibanera wire notes, 3.5).
const APPROVAL: &str = "MANAGEE_CARD_APPROVAL_UPDATED";

impl Callbacks {
    fn decode(&self, body: &JsonObject<'_>, delivery: &Delivery<'_>) -> Push {
        let named = body.text("Type").unwrap_or_default();
        // INFERENCE (ibanera wire notes, 3.4): the examples have blanks before and within it.
        let written = named.trim().to_ascii_uppercase().replace(' ', "_");
        let known = EVENTS.iter().find(|(name, _)| *name == written);
        let data = body.object("Data");
        let (event, topic): (Arc<str>, _) = match (known, &data) {
            (Some((name, topic)), Some(_)) => ((*name).into(), *topic),
            _ => (named, PushTopic::Unknown),
        };
        let data = data.unwrap_or_default();
        let id = body.id("Id");
        let repeat_key = match &id {
            Some(id) => repeat_key(&[b"id", id.to_ascii_lowercase().as_bytes()]),
            None => repeat_key(&[b"body", delivery.body, self.secret.bytes()]),
        };
        let card = data
            .id("TopUpCardsId")
            .filter(|_| &*event == APPROVAL)
            .map(|id| IDS.cards.canonical(&id));
        let occurred_at =
            ["DateTime", "Date"].iter().find_map(|name| data.time(name, &self.zone).ok().flatten());
        Push {
            provider: self.provider.clone(),
            topic,
            id,
            card,
            reference: None,
            outcome: outcome(&data),
            occurred_at,
            is_signed: true,
            repeat_key,
            body: (topic == PushTopic::Unknown).then(|| kept_body(delivery.body)).flatten(),
            event,
        }
    }
}

/// INFERENCE (ibanera wire notes, 3.6): of several flags, rejected counts before completed.
fn outcome(data: &JsonObject<'_>) -> Option<PushOutcome> {
    let status = data.text("Status").unwrap_or_default().to_ascii_lowercase();
    if status == "rejected" || data.flag("bRejected") == Some(true) {
        Some(PushOutcome::Failed)
    } else if status == "approved" || data.flag("bCompleted") == Some(true) {
        Some(PushOutcome::Succeeded)
    } else {
        None
    }
}
