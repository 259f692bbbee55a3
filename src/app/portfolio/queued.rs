//! Freezes that wait for their provider, as they are told.

use super::Portfolio;
use crate::domain::card::CardKey;
use crate::engine::{HealthState, QUEUE_KEEPS, QueuedFreeze};

impl Portfolio {
    /// The freeze of a card that waits for its provider.
    #[must_use]
    pub fn queued_freeze_of(&self, key: &CardKey) -> Option<&QueuedFreeze> {
        self.accounts.queued.iter().find(|freeze| freeze.card == *key)
    }

    /// How long a freeze still waits: `4m12s`.
    #[must_use]
    pub fn time_left(&self, freeze: &QueuedFreeze) -> String {
        let left = freeze.expires_at.duration_since(self.now).min(QUEUE_KEEPS).as_secs().max(0);
        format!("{}m{:02}s", left / 60, left % 60)
    }

    /// Why a freeze could not be sent while it waited: `enkash did not answer for 5 min`.
    #[must_use]
    pub fn why_expired(&self, freeze: &QueuedFreeze) -> String {
        let provider = &freeze.card.provider;
        let health = self.accounts.health.get(provider);
        let asked = health.and_then(|health| health.asked_to_wait).filter(|at| *at > self.now);
        if let Some(until) = asked {
            let until = until.to_zoned(self.zone.clone()).strftime("%H:%M");
            return format!("{provider} asked not to be called until {until}");
        }
        if health.is_some_and(|health| health.state == HealthState::Auth) {
            return format!("{provider} refuses the credentials");
        }
        format!("{provider} did not answer for 5 min")
    }
}
