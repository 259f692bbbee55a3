//! EnKash's callbacks of card transactions: neither documented nor signed, and seen in the wild as
//! one flat object (enkash wire notes, 3.2 and 3.3).

use std::sync::Arc;

use jiff::tz::TimeZone;

use super::settings::{IDS, Settings};
use crate::domain::card::ProviderId;
use crate::domain::push::{Push, PushTopic};
use crate::provider::ProviderConfig;
use crate::provider::json::JsonObject;
use crate::provider::webhooks::{
    Delivery, Rejection, SharedSecret, Webhooks, kept_body, read_object, repeat_key,
};

/// Verifies and decodes the callbacks of an account. The sender proves itself by a secret that was
/// agreed on when the address was registered: in the path, or in a header (INFERENCE: enkash wire
/// notes, 3.3).
pub(super) struct Callbacks {
    provider: ProviderId,
    secret: SharedSecret,
    zone: TimeZone,
}

impl Callbacks {
    /// # Errors
    /// A sentence part, when no secret is configured.
    pub(super) fn new(config: &ProviderConfig, settings: &Settings) -> Result<Self, String> {
        let secret = SharedSecret::read(settings.webhook_secret.as_ref())?
            .ok_or("`webhook_secret` is not among its credentials")?;
        Ok(Self { provider: config.name.clone(), secret, zone: config.lists.zone() })
    }
}

impl Webhooks for Callbacks {
    fn read(&self, delivery: &Delivery<'_>) -> Result<Push, Rejection> {
        self.secret.check(delivery)?;
        let body = read_object(delivery.body)?;
        Ok(self.decode(&body, delivery))
    }
}

/// What the one known callback is called here: the document gives it no name.
const EVENT: &str = "card transaction";

impl Callbacks {
    fn decode(&self, body: &JsonObject<'_>, delivery: &Delivery<'_>) -> Push {
        let card = body.id("enkashCardId").map(|id| IDS.cards.canonical(&id));
        let transaction =
            body.id("enKashCardTransactionId").map(|id| IDS.transactions.canonical(&id));
        let is_known = card.is_some() || transaction.is_some();
        let status = body.text("status").unwrap_or_default().to_ascii_uppercase();
        let kept = if is_known { None } else { kept_body(delivery.body) };
        // INFERENCE (enkash wire notes, 3.3): transaction and status make an event one.
        let repeat_key = match &transaction {
            Some(id) => repeat_key(&[id.as_bytes(), status.as_bytes()]),
            None => repeat_key(&[delivery.body, self.secret.bytes()]),
        };
        let event: Arc<str> =
            if is_known { EVENT.into() } else { body.text("event").unwrap_or_default() };
        Push {
            provider: self.provider.clone(),
            event,
            topic: if is_known { PushTopic::Transaction } else { PushTopic::Unknown },
            id: transaction,
            card,
            reference: body.id("pgReferenceNumber"),
            outcome: None,
            occurred_at: ["txnDate", "createdOn"]
                .iter()
                .find_map(|name| body.time(name, &self.zone).ok().flatten()),
            is_signed: false,
            repeat_key,
            body: kept,
        }
    }
}
