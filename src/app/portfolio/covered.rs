//! How much is known of the transactions that are shown.

use super::Portfolio;
use crate::domain::card::CardKey;
use crate::domain::coverage::Covered;
use crate::engine::ProviderInfo;

impl Portfolio {
    /// How much is known of the transactions of all accounts together.
    #[must_use]
    pub fn covered(&self) -> Covered {
        let of = |info: &ProviderInfo| {
            let health = self.accounts.health.get(&info.id);
            health.map_or_else(Covered::default, |health| health.covered.clone())
        };
        self.accounts.providers.iter().map(of).reduce(Covered::joined).unwrap_or_default()
    }

    /// How much is known of one card's transactions.
    #[must_use]
    pub fn covered_of(&self, key: &CardKey) -> Option<&Covered> {
        let of_account = || Some(&self.accounts.health.get(&key.provider)?.covered);
        self.accounts.card_coverage.get(key).or_else(of_account)
    }
}
