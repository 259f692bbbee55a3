//! The verbs of when accounts did not answer.

use jiff::Timestamp;

use super::sqlite::outages;
use super::{Store, StoreError};
use crate::domain::card::ProviderId;
use crate::domain::outage::{Outage, OutageKind, Watched};

impl Store {
    /// An outage of an account began, unless one lasts already.
    ///
    /// # Errors
    /// Why it is not kept.
    pub async fn begin_outage(
        &self,
        provider: ProviderId,
        from: Timestamp,
        kind: OutageKind,
    ) -> Result<(), StoreError> {
        self.0.readings(move |db| Ok(outages::begin_one(db, &provider, from, kind)?)).await
    }

    /// An account answers: the outage that lasts, if any, is over.
    ///
    /// # Errors
    /// Why that is not kept.
    pub async fn end_outage(&self, provider: ProviderId, at: Timestamp) -> Result<(), StoreError> {
        self.0.readings(move |db| Ok(outages::end(db, &provider, at)?)).await
    }

    /// A cardtop asks an account now; `is_out` is whether an outage of it lasts. Forgets what is
    /// older than thirty days.
    ///
    /// # Errors
    /// Why that is not kept.
    pub async fn note_watched(
        &self,
        provider: ProviderId,
        now: Timestamp,
        is_out: bool,
    ) -> Result<(), StoreError> {
        self.0.readings(move |db| Ok(outages::note_watched(db, &provider, now, is_out)?)).await
    }

    /// The outages that lasted at this time or later, in the order of their beginnings, and when a
    /// cardtop ran since then that would have seen one.
    ///
    /// # Errors
    /// When the data file cannot be read.
    pub async fn outages_since(
        &self,
        since: Timestamp,
    ) -> Result<(Vec<Outage>, Vec<Watched>), StoreError> {
        self.0
            .reader(move |db| Ok((outages::since(db, since)?, outages::watched(db, since)?)))
            .await
    }
}
