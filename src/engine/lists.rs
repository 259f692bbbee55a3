//! Lists as a whole: every card and every transaction of an account, read for the board and for the
//! command line by the same reader.
//!
//! What could not be read is part of the answer. One card that fails, or one row that is odd, never
//! loses the others.

use std::collections::HashSet;
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

use super::account::{Account, Scope};
use super::{Engine, PerProvider};
use crate::domain::card::{Card, CardKey, ProviderId, Reading};
use crate::domain::completeness::{Completeness, UnreadPart};
use crate::domain::transaction::Transaction;
use crate::provider::http::ConnectionFailure;
use crate::provider::pages::{self, ListRead, ReadMode};
use crate::provider::{Error, ErrorKind, Window};

/// What a command may spend on waiting for providers that ask for a moment, over all its reads.
const COMMAND_WAITS: Duration = Duration::from_secs(20);

/// The wait before a read is tried again where the provider asks for none.
const SHORT_WAIT: Duration = Duration::from_millis(300);

/// After so many cards in a row without a connection, the account's other cards are not asked.
const GIVE_UP_AFTER: usize = 3;

/// One account's part of a list.
#[derive(Debug)]
pub struct Listing<T> {
    /// The account.
    pub provider: ProviderId,
    /// What is known: what was read now, and of cards that could not be read what was known
    /// before, marked as old.
    pub rows: Vec<T>,
    /// What is missing.
    pub completeness: Completeness,
    /// The first trouble, where nothing at all was read because of it.
    pub failed: Option<Error>,
}

/// How often a read that failed is tried again, and until when.
#[derive(Clone, Copy, Debug)]
pub(super) enum Patience {
    /// The board reads again by its own schedule; a list that is half read is worth one more try.
    Board,
    /// A command that began then: once, and twice for a connection that was closed.
    Command(Instant),
}

impl Patience {
    /// Whether and after which wait a read is tried again that failed so often.
    fn again(self, error: &Error, tries: u32, in_the_middle: bool) -> Option<Duration> {
        if !matches!(
            error.kind,
            ErrorKind::Unreachable | ErrorKind::RateLimited | ErrorKind::BadReply
        ) {
            return None;
        }
        let most = match self {
            Self::Board => u32::from(in_the_middle),
            Self::Command(_) if error.connection() == Some(ConnectionFailure::Closed) => 2,
            Self::Command(_) => 1,
        };
        let wait = error.retry_after.unwrap_or(SHORT_WAIT * (tries + 1)).max(SHORT_WAIT);
        let left = match self {
            Self::Board => SHORT_WAIT * 2,
            Self::Command(began) => COMMAND_WAITS.saturating_sub(began.elapsed()),
        };
        (tries < most && wait <= left).then_some(wait)
    }
}

impl Engine {
    /// Asks inside the account's budget, and again as far as there is patience. For reads only.
    pub(super) async fn retry<T, F>(
        &self,
        account: &Account,
        patience: Patience,
        in_the_middle: bool,
        ask: impl Fn() -> F,
    ) -> Result<T, Error>
    where
        F: Future<Output = Result<T, Error>>,
    {
        let mut tries = 0;
        loop {
            self.pace(account).await;
            match ask().await {
                Ok(answer) => return Ok(answer),
                Err(error) => match patience.again(&error, tries, in_the_middle) {
                    Some(wait) => tokio::time::sleep(wait).await,
                    None => return Err(error),
                },
            }
            tries += 1;
        }
    }

    /// All cards of an account's list; what was read of it is kept and told, also where it ended
    /// early.
    pub(super) async fn read_list(
        &self,
        account: &Account,
        patience: Patience,
    ) -> Result<ListRead<Card>, Error> {
        let adapter = self.adapter(account).await?;
        let (provider, at) = (&*adapter, self.0.clock.now());
        // The command line reads once and must be right; the board reads again soon.
        let effort =
            if matches!(patience, Patience::Board) { ReadMode::Ordinary } else { ReadMode::Full };
        let ask = |page: crate::provider::PageCursor| {
            self.retry(account, patience, page.number > 0, move || provider.cards(page))
        };
        let mut list = pages::read_all(&provider.pagers().cards, effort, ask).await;
        self.judge_list(account, &list, None).await;
        account.list_read(&list, at);
        account.note_completeness(Scope::Cards, of_list(&account.info.id, None, &list, at), true);
        let rows = std::mem::take(&mut list.rows);
        list.rows = self.accept_cards(rows).await;
        Ok(list)
    }

    /// The transactions of a window, of all cards or of one. Nothing is kept yet.
    pub(super) async fn read_window(
        &self,
        account: &Account,
        window: &Window,
        effort: ReadMode,
        patience: Patience,
    ) -> Result<ListRead<Transaction>, Error> {
        let adapter = self.adapter(account).await?;
        let provider = &*adapter;
        let asked = std::sync::atomic::AtomicBool::new(false);
        let ask = |window: Window, page: crate::provider::PageCursor| {
            let in_the_middle = asked.swap(true, std::sync::atomic::Ordering::Relaxed);
            async move {
                self.retry(account, patience, in_the_middle, || {
                    provider.transactions(&window, page)
                })
                .await
            }
        };
        let list = pages::read_window(&provider.pagers().transactions, window, effort, ask).await;
        self.judge_list(account, &list, window.card.as_ref()).await;
        Ok(list)
    }

    /// Notes how a list went. A refusal of one card's list is that card's matter.
    async fn judge_list<T>(&self, account: &Account, list: &ListRead<T>, card: Option<&Card>) {
        for row in &list.unread {
            tracing::warn!(
                provider = account.info.id.name(),
                "a row could not be read: {}",
                row.sentence()
            );
        }
        let result = list.error.clone().map_or(Ok(()), Err);
        let _ = match card {
            Some(_) => self.record_card_outcome(account, result).await,
            None => self.record_outcome(account, result).await,
        };
    }

    /// Reads all cards now: the list where there is one, else every card of the roster. A card that
    /// cannot be read keeps its last known figures, marked as old, and is named.
    pub async fn list_cards(&self) -> Vec<Listing<Card>> {
        let began = Instant::now();
        let work = self.0.accounts.iter().map(|account| self.list_cards_of(account, began));
        futures::future::join_all(work).await
    }

    async fn list_cards_of(&self, account: &Account, began: Instant) -> Listing<Card> {
        let id = &account.info.id;
        let patience = Patience::Command(began);
        let mut listing = Listing {
            provider: id.clone(),
            rows: Vec::new(),
            completeness: Completeness::whole(self.0.clock.now()),
            failed: None,
        };
        let listed = match self.adapter(account).await {
            Err(error) => {
                listing.fail(unread_part(id, None, &error), &error);
                return listing;
            }
            Ok(provider) => provider.capabilities().list_cards.is_yes(),
        };
        listing.completeness.join(account.roster_gaps(self.0.clock.now()));
        let mut good = 0;
        let mut first: Option<Error> = None;
        if listed {
            let at = self.0.clock.now();
            match self.read_list(account, patience).await {
                Ok(list) => {
                    listing.completeness.join(of_list(id, None, &list, at));
                    good += usize::from(list.error.is_none());
                    first = list.error;
                }
                Err(error) => first = Some(error),
            }
        }
        // Why the account's other cards are not asked: its list met what every other request would
        // meet, or too many cards did.
        let mut ends = first.clone().filter(ends_all);
        let mut unreached = 0;
        for card in self.0.cards.of_provider(id) {
            let fresh =
                listed && card.balance.at().is_some() && matches!(card.balance, Reading::At { .. });
            if fresh {
                continue;
            }
            if let Some(error) = &ends {
                listing.completeness.miss(unread_part(id, Some(&card.key), error));
                continue;
            }
            match self.read_one_with(account, &card, patience).await {
                Ok(_) => (good, unreached) = (good + 1, 0),
                Err(error) if account.is_removed(&card, &error) => unreached = 0,
                Err(error) => {
                    listing.completeness.miss(unread_part(id, Some(&card.key), &error));
                    unreached = if ends_all(&error) { unreached + 1 } else { 0 };
                    if error.kind == ErrorKind::Auth || unreached >= GIVE_UP_AFTER {
                        ends = Some(error.clone());
                    }
                    first.get_or_insert(error);
                }
            }
        }
        listing.rows = self.0.cards.copies_of(id);
        listing.failed = ends.or(first).filter(|_| good == 0);
        listing
    }

    /// Reads transactions now: of all cards, or of one. A card whose list cannot be read is named,
    /// and the others' rows are there.
    pub async fn list_transactions(
        &self,
        since: Timestamp,
        until: Timestamp,
        card: Option<&CardKey>,
    ) -> Vec<Listing<Transaction>> {
        let began = Instant::now();
        let wanted = self
            .0
            .accounts
            .iter()
            .filter(|account| card.is_none_or(|key| key.provider == account.info.id));
        let work =
            wanted.map(|account| self.list_transactions_of(account, (since, until), card, began));
        futures::future::join_all(work).await
    }

    async fn list_transactions_of(
        &self,
        account: &Account,
        (since, until): (Timestamp, Timestamp),
        card: Option<&CardKey>,
        began: Instant,
    ) -> Listing<Transaction> {
        let id = &account.info.id;
        let patience = Patience::Command(began);
        let at = self.0.clock.now();
        let mut listing = Listing {
            provider: id.clone(),
            rows: Vec::new(),
            completeness: Completeness::whole(at),
            failed: None,
        };
        let capabilities = match self.adapter(account).await {
            Err(error) => {
                listing.fail(unread_part(id, None, &error), &error);
                return listing;
            }
            Ok(provider) => provider.capabilities(),
        };
        if card.is_none() && !capabilities.list_all_transactions.is_yes() {
            listing.completeness.join(account.roster_gaps(at));
        }
        let known = |key: &CardKey| self.0.cards.get_or_unread(key);
        let mut first = None;
        let mut unread = Vec::new();
        let mut cards: Vec<Option<Card>> = match card {
            Some(key) => vec![Some(known(key))],
            None if capabilities.list_all_transactions.is_yes() => vec![None],
            None => {
                if capabilities.list_cards.is_yes() {
                    let list = self.read_list(account, patience).await;
                    match list {
                        Ok(list) => {
                            // That a card's figures are odd is no gap in its transactions, as long
                            // as it has an id to ask for.
                            let nameless = list.unread.iter().filter(|row| row.card.is_none());
                            for row in nameless {
                                let why = format!(
                                    "a card of its list has no id that can be read: {}",
                                    row.why
                                );
                                listing.completeness.miss(UnreadPart {
                                    provider: id.clone(),
                                    card: None,
                                    why: why.into(),
                                });
                            }
                            unread.extend(
                                list.unread
                                    .iter()
                                    .filter_map(|row| row.card.as_ref())
                                    .map(|card| CardKey::new(id, card)),
                            );
                            let list = ListRead { unread: Vec::new(), ..list };
                            listing.completeness.join(of_list(id, None, &list, at));
                            first = list.error;
                        }
                        Err(error) => first = Some(error),
                    }
                }
                self.0.cards.copies_of(id).into_iter().map(Some).collect()
            }
        };
        let mut seen: HashSet<CardKey> =
            cards.iter().flatten().map(|card| card.key.clone()).collect();
        unread.retain(|key| seen.insert(key.clone()));
        cards.extend(unread.into_iter().map(|key| Some(Card::unread(key))));
        let (mut good, mut unreached) =
            (0, if first.as_ref().is_some_and(ends_all) { GIVE_UP_AFTER } else { 0 });
        for card in cards {
            let key = card.as_ref().map(|card| &card.key);
            if let Some(error) = first.as_ref().filter(|_| unreached >= GIVE_UP_AFTER) {
                listing.completeness.miss(unread_part(id, key, error));
                continue;
            }
            let window = Window { card: card.clone(), since, until };
            let list = match self
                .read_window(
                    account,
                    &window,
                    if card.is_none() { ReadMode::Full } else { ReadMode::Ordinary },
                    patience,
                )
                .await
            {
                Ok(list) => list,
                Err(error) => {
                    ListRead { rows: Vec::new(), unread: Vec::new(), gap: None, error: Some(error) }
                }
            };
            if let (Some(card), Some(error)) = (&card, &list.error) {
                if error.kind == ErrorKind::Refused && account.is_not_listed(card) {
                    let _ = self.read_one_with(account, card, patience).await;
                }
                if account.refused_as_removed(card, error) {
                    unreached = 0;
                    continue;
                }
            }
            listing.completeness.join(of_list(id, key, &list, at));
            good += usize::from(list.error.is_none());
            unreached = match &list.error {
                Some(error) if error.kind == ErrorKind::Auth => GIVE_UP_AFTER,
                Some(error) if ends_all(error) => unreached + 1,
                Some(_) | None => 0,
            };
            if list.error.is_some() && (first.is_none() || unreached >= GIVE_UP_AFTER) {
                first = list.error.clone();
            }
            let rows = self.accept_transactions(account, key, list.rows).await;
            listing.rows.extend(rows);
        }
        listing.failed = first.filter(|_| good == 0);
        listing
    }

    /// All cards, an account that could not be read at all as its error.
    pub async fn read_cards(&self) -> PerProvider<Vec<Card>> {
        self.list_cards().await.into_iter().map(Listing::all_or_nothing).collect()
    }

    /// Transactions, an account that could not be read at all as its error.
    pub async fn read_transactions(
        &self,
        since: Timestamp,
        until: Timestamp,
        card: Option<&CardKey>,
    ) -> PerProvider<Vec<Transaction>> {
        self.list_transactions(since, until, card)
            .await
            .into_iter()
            .map(Listing::all_or_nothing)
            .collect()
    }
}

impl<T> Listing<T> {
    fn all_or_nothing(self) -> (ProviderId, Result<Vec<T>, Error>) {
        (self.provider, self.failed.map_or(Ok(self.rows), Err))
    }

    fn fail(&mut self, part: UnreadPart, error: &Error) {
        self.completeness.miss(part);
        self.failed = Some(error.clone());
    }
}

/// What a list that was read at this time lacks.
pub(super) fn of_list<T>(
    id: &ProviderId,
    card: Option<&CardKey>,
    list: &ListRead<T>,
    at: Timestamp,
) -> Completeness {
    let mut completeness = Completeness::whole(at);
    completeness.miss_rows(list.unread.iter().cloned());
    if let Some(gap) = &list.gap {
        completeness.miss(UnreadPart {
            provider: id.clone(),
            card: card.cloned(),
            why: gap.clone(),
        });
    }
    if let Some(error) = &list.error {
        completeness.miss(unread_part(id, card, error));
    }
    completeness
}

/// What an error leaves unread.
#[must_use]
pub fn unread_part(id: &ProviderId, card: Option<&CardKey>, error: &Error) -> UnreadPart {
    UnreadPart { provider: id.clone(), card: card.cloned(), why: error.sentence().into() }
}

/// Whether an error would meet every other request, too.
fn ends_all(error: &Error) -> bool {
    error.kind == ErrorKind::Auth
        || error.connection().is_some()
        || error.kind == ErrorKind::RateLimited && error.retry_after.is_some()
}
