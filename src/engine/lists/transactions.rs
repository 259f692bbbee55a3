//! Transactions of the accounts, read now, for the command line.

use std::collections::HashSet;
use std::sync::Arc;

use jiff::Timestamp;
use tokio::time::Instant;

use super::{Attempts, Keep, Listing, Patience, of_list, unread_part};
use crate::domain::card::{Card, CardKey, CardRecord};
use crate::domain::completeness::UnreadPart;
use crate::domain::transaction::Transaction;
use crate::engine::Engine;
use crate::engine::account::{Account, PartRead};
use crate::provider::pages::{ListRead, ReadMode, Share};
use crate::provider::{ErrorKind, Window};

/// What one command asks of every account.
#[derive(Clone, Copy)]
struct Query<'a> {
    since: Timestamp,
    until: Timestamp,
    /// Of one card, or of all.
    card: Option<&'a CardKey>,
    patience: Patience,
    /// When it was asked.
    at: Timestamp,
}

impl Engine {
    /// Reads transactions now: of all cards, or of one. A card whose list cannot be read is named,
    /// and the others' rows are there.
    pub async fn list_transactions(
        &self,
        since: Timestamp,
        until: Timestamp,
        card: Option<&CardKey>,
    ) -> Vec<Listing<Transaction>> {
        let patience = Patience::Command(Instant::now());
        let query = Query { since, until, card, patience, at: self.0.clock.now() };
        let wanted = self
            .0
            .accounts
            .iter()
            .filter(|account| card.is_none_or(|key| key.provider == account.info.id));
        futures::future::join_all(wanted.map(|account| self.list_transactions_of(account, query)))
            .await
    }

    async fn list_transactions_of(
        &self,
        account: &Account,
        query: Query<'_>,
    ) -> Listing<Transaction> {
        let id = &account.info.id;
        let mut listing = Listing::new(id, query.at);
        listing.completeness.complete_from = Some(query.since);
        let capabilities = match self.adapter(account).await {
            Err(error) => {
                listing.fail(unread_part(id, None, &error), &error);
                return listing;
            }
            Ok(provider) => provider.capabilities(),
        };
        let mut attempts = Attempts::default();
        // Of each card by itself, or of all at once.
        let lists: Vec<Option<Arc<CardRecord>>> = match query.card {
            Some(key) => vec![Some(Arc::new(self.0.cards.get_or_unread(key).into()))],
            None if capabilities.list_all_transactions.is_yes() => vec![None],
            None => {
                listing.completeness.join(account.roster_gaps(query.at));
                if capabilities.list_cards.is_yes() {
                    self.cards_to_ask(account, query, &mut attempts, &mut listing).await
                } else {
                    self.0.cards.of_provider(id).into_iter().map(Some).collect()
                }
            }
        };
        for card in lists {
            let card = card.map(|card| card.card());
            self.list_one(account, card, query, &mut attempts, &mut listing).await;
        }
        listing.failed = attempts.failure();
        listing
    }

    /// The cards whose transactions are read one by one, after the list of cards was read: those
    /// that are known, and those of which only the id could be read.
    async fn cards_to_ask(
        &self,
        account: &Account,
        query: Query<'_>,
        attempts: &mut Attempts,
        listing: &mut Listing<Transaction>,
    ) -> Vec<Option<Arc<CardRecord>>> {
        let id = &account.info.id;
        let mut unread = Vec::new();
        match self.read_list(account, query.patience).await {
            Ok(list) => {
                // That a card's figures are odd is no gap in its transactions, as long as it has an
                // id to ask for.
                for row in list.unread.iter().filter(|row| row.card.is_none()) {
                    let why = format!("a card of its list has no id that can be read: {}", row.why);
                    listing.completeness.add_unread_part(UnreadPart {
                        provider: id.clone(),
                        card: None,
                        why: why.into(),
                    });
                }
                let ids = list.unread.iter().filter_map(|row| row.card.as_ref());
                unread.extend(ids.map(|card| CardKey::new(id, card)));
                let list = ListRead { unread: Vec::new(), ..list };
                listing.completeness.join(of_list(id, None, &list, query.at));
                if let Some(error) = list.error {
                    attempts.note_list_error(error);
                }
            }
            Err(error) => attempts.note_list_error(error),
        }
        let mut cards = self.0.cards.of_provider(id);
        let mut seen: HashSet<CardKey> = cards.iter().map(|card| card.key()).collect();
        unread.retain(|key| seen.insert(key.clone()));
        cards.extend(unread.into_iter().map(|key| Arc::new(Card::unread(key).into())));
        cards.into_iter().map(Some).collect()
    }

    /// Reads the transactions of one card, or of all at once (`None`), into the listing.
    async fn list_one(
        &self,
        account: &Account,
        card: Option<Card>,
        query: Query<'_>,
        attempts: &mut Attempts,
        listing: &mut Listing<Transaction>,
    ) {
        let id = &account.info.id;
        if let Some(error) = &attempts.gave_up {
            listing.completeness.add_unread_part(unread_part(
                id,
                card.as_ref().map(|card| &card.key),
                error,
            ));
            return;
        }
        let mode = if card.is_none() { ReadMode::Full } else { ReadMode::Ordinary };
        let window = Window { card, since: query.since, until: query.until };
        let (share, keep) = (Share::ALL, Keep::History);
        let read = self.read_window(account, &window, mode, share, query.patience, keep).await;
        let (list, saved) = read.unwrap_or_else(|error| (ListRead::failed(error), false));
        let card = window.card.as_ref();
        self.judge_list(account, &list, card).await;
        if let (Some(card), Some(error)) = (card, &list.error) {
            if error.kind == ErrorKind::Refused && account.is_not_listed(card) {
                let _ = self.read_one_with(account, card, query.patience).await;
            }
            if account.refused_as_removed(card, error) {
                attempts.unreached = 0;
                return;
            }
        }
        let key = card.map(|card| &card.key);
        listing.completeness.join(of_list(id, key, &list, query.at));
        match &list.error {
            None => attempts.note_success(),
            Some(error) => attempts.note_error(error),
        }
        let asked = (query.since, query.until.min(query.at));
        let covered = PartRead::of(&list, asked, saved);
        let name = key.map(|key| Arc::clone(&key.id));
        let write = account.note_newest(&name, &covered, query.at);
        self.write_coverage(account, &name, write).await;
        listing.rows.extend(list.rows);
    }
}
