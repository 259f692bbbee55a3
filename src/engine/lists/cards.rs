//! All cards of the accounts, read now, for the command line.

use std::sync::Arc;

use tokio::time::Instant;

use super::{Attempts, Listing, Patience, of_list, unread_part};
use crate::domain::card::{Card, ProviderId, Reading};
use crate::engine::Engine;
use crate::engine::account::Account;

impl Engine {
    /// Reads all cards now: the list where there is one, else every card of the roster. A card that
    /// cannot be read keeps its last known figures, marked as old, and is named.
    pub async fn list_cards(&self) -> Vec<Listing<Arc<Card>>> {
        let began = Instant::now();
        let work = self.0.accounts.iter().map(|account| self.list_cards_of(account, began));
        futures::future::join_all(work).await
    }

    /// The same of one account; `None` where it is not configured.
    pub async fn list_cards_at(&self, provider: &ProviderId) -> Option<Listing<Arc<Card>>> {
        let account = self.account(provider).ok()?;
        Some(self.list_cards_of(&account, Instant::now()).await)
    }

    async fn list_cards_of(&self, account: &Account, began: Instant) -> Listing<Arc<Card>> {
        let id = &account.info.id;
        let patience = Patience::Command(began);
        let mut listing = Listing::new(id, self.0.clock.now());
        let has_list = match self.adapter(account).await {
            Err(error) => {
                listing.fail(unread_part(id, None, &error), &error);
                return listing;
            }
            Ok(provider) => provider.capabilities().list_cards.is_yes(),
        };
        listing.completeness.join(account.roster_gaps(self.0.clock.now()));
        let mut attempts = Attempts::default();
        if has_list {
            let at = self.0.clock.now();
            match self.read_list(account, patience).await {
                Ok(list) => {
                    listing.completeness.join(of_list(id, None, &list, at));
                    match list.error {
                        None => attempts.note_success(),
                        Some(error) => attempts.note_list_error(error),
                    }
                }
                Err(error) => attempts.note_list_error(error),
            }
        }
        for card in self.0.cards.of_provider(id) {
            let card = card.card();
            if has_list && matches!(card.balance, Reading::At { .. }) {
                continue;
            }
            if let Some(error) = &attempts.gave_up {
                listing.completeness.add_unread_part(unread_part(id, Some(&card.key), error));
                continue;
            }
            match self.read_one_with(account, &card, patience).await {
                Ok(_) => attempts.note_success(),
                Err(error) if account.is_removed(&card, &error) => attempts.unreached = 0,
                Err(error) => {
                    listing.completeness.add_unread_part(unread_part(id, Some(&card.key), &error));
                    attempts.note_error(&error);
                }
            }
        }
        listing.rows = self.0.cards.cards(Some(id));
        listing.failed = attempts.failure();
        listing
    }
}
