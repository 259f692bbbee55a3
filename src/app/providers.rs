//! The pane of the providers: the cursor among them.

use super::list::List;
use super::portfolio::Portfolio;
use crate::domain::card::ProviderId;

/// The pane of providers.
#[derive(Debug, Default)]
pub(crate) struct Providers {
    pub(crate) list: List<ProviderId>,
}

impl Providers {
    /// The accounts, in the order of the configuration.
    pub(crate) fn refresh_rows(&mut self, portfolio: &Portfolio) {
        if self.list.len() != portfolio.accounts.providers.len() {
            self.list
                .set(portfolio.accounts.providers.iter().map(|info| info.id.clone()).collect());
        }
    }
}
