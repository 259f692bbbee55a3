//! Lists as a whole: every card and every transaction of an account, read for the board and for the
//! command line by the same reader.
//!
//! What could not be read is part of the answer. One card that fails, or one row that is odd, never
//! loses the others.

mod cards;
mod transactions;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

use super::account::{Account, ListedCard, Scope};
use super::{Engine, PerProvider};
use crate::domain::card::{Card, CardKey, ProviderId};
use crate::domain::completeness::{Completeness, UnreadPart};
use crate::domain::transaction::Transaction;
use crate::provider::http::ConnectionFailure;
use crate::provider::pages::{self, ListRead, Page, ReadMode, Share};
use crate::provider::{Error, ErrorKind, PageCursor, Window};

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

/// How the pages of a reading are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keep {
    /// Each is compared with that of the last such reading, and written where it is another one.
    Newest,
    /// Each is written.
    History,
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

    /// Accepts the cards of a page. What is left of it shares their ids with what is kept of them:
    /// a long list is never in memory as a whole.
    async fn accept_page(&self, page: Page<Card>, asked_at: Timestamp) -> Page<ListedCard> {
        let Page { items, skipped, total, gap, is_all } = page;
        let has_figures: Vec<bool> = items.iter().map(|card| card.balance.at().is_some()).collect();
        let accepted = self.accept_cards(items, asked_at).await;
        let items = accepted.iter().zip(has_figures);
        let items =
            items.map(|(card, has_figures)| ListedCard { id: Arc::clone(card.id()), has_figures });
        Page { items: items.collect(), skipped, total, gap, is_all }
    }

    /// All cards of an account's list; what was read of it is saved and emitted, also where it
    /// ended early.
    pub(super) async fn read_list(
        &self,
        account: &Account,
        patience: Patience,
    ) -> Result<ListRead<ListedCard>, Error> {
        let adapter = self.adapter(account).await?;
        let (provider, at) = (&*adapter, self.0.clock.now());
        // The command line reads once and must be right; the board reads again soon.
        let effort =
            if matches!(patience, Patience::Board) { ReadMode::Ordinary } else { ReadMode::Full };
        let ask = async |page: PageCursor| {
            let in_the_middle = page.number > 0;
            if in_the_middle && matches!(patience, Patience::Board) {
                // What was answered until now is told, however many pages there are.
                let _ = self.record_outcome(account, Ok(())).await;
                self.read_beside_list(account).await;
            }
            let asked_at = self.0.clock.now();
            let page =
                self.retry(account, patience, in_the_middle, || provider.cards(page)).await?;
            Ok(self.accept_page(page, asked_at).await)
        };
        let list = pages::read_all(&provider.pagers().cards, effort, ask).await;
        account.list_read(&list, at);
        account.note_completeness(Scope::Cards, of_list(&account.info.id, None, &list, at), true);
        self.judge_list(account, &list, None).await;
        Ok(list)
    }

    /// The transactions of a window, of all cards or of one. Each page is kept and told as it
    /// comes; also says whether all of them are in the data file. How it went is judged by the
    /// caller.
    pub(super) async fn read_window(
        &self,
        account: &Account,
        window: &Window,
        effort: ReadMode,
        share: Share,
        patience: Patience,
        keep: Keep,
    ) -> Result<(ListRead<Transaction>, bool), Error> {
        let adapter = self.adapter(account).await?;
        let provider = &*adapter;
        let key = window.card.as_ref().map(|card| &card.key);
        let (asked, all_saved) = (AtomicUsize::new(0), AtomicBool::new(true));
        let ask = async |window: Window, cursor: PageCursor| {
            let number = asked.fetch_add(1, Ordering::Relaxed);
            let mut page = self
                .retry(account, patience, number > 0, || provider.transactions(&window, cursor))
                .await?;
            let rows = std::mem::take(&mut page.items);
            let compared = (keep == Keep::Newest).then_some(number);
            let (rows, saved) = self.accept_transactions(account, key, compared, rows).await;
            page.items = rows;
            all_saved.fetch_and(saved, Ordering::Relaxed);
            Ok(page)
        };
        let pager = &provider.pagers().transactions;
        let list = pages::read_share(pager, window, effort, share, ask).await;
        Ok((list, all_saved.into_inner()))
    }

    /// Notes how a list went. A refusal of one card's list is that card's matter.
    pub(super) async fn judge_list<T>(
        &self,
        account: &Account,
        list: &ListRead<T>,
        card: Option<&Card>,
    ) {
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
}

impl Engine {
    /// All cards, an account that could not be read at all as its error.
    pub async fn read_cards(&self) -> PerProvider<Vec<Arc<Card>>> {
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
    fn new(provider: &ProviderId, at: Timestamp) -> Self {
        let completeness = Completeness::complete(at);
        Self { provider: provider.clone(), rows: Vec::new(), completeness, failed: None }
    }

    fn all_or_nothing(self) -> (ProviderId, Result<Vec<T>, Error>) {
        (self.provider, self.failed.map_or(Ok(self.rows), Err))
    }

    fn fail(&mut self, part: UnreadPart, error: &Error) {
        self.completeness.add_unread_part(part);
        self.failed = Some(error.clone());
    }
}

/// How the reads of one account went, of which a command makes one for each card.
#[derive(Default)]
struct Attempts {
    /// Reads that succeeded.
    good: usize,
    /// The first trouble.
    first: Option<Error>,
    /// Cards in a row that met what every other request would meet.
    unreached: usize,
    /// Why the account's other cards are not asked.
    gave_up: Option<Error>,
}

impl Attempts {
    /// The list of cards could not be read, or not to its end.
    fn note_list_error(&mut self, error: Error) {
        if ends_all(&error) {
            self.gave_up = Some(error.clone());
        }
        self.first = Some(error);
    }

    fn note_success(&mut self) {
        self.good += 1;
        self.unreached = 0;
    }

    fn note_error(&mut self, error: &Error) {
        self.unreached = if ends_all(error) { self.unreached + 1 } else { 0 };
        if error.kind == ErrorKind::Auth || self.unreached >= GIVE_UP_AFTER {
            self.gave_up = Some(error.clone());
        }
        self.first.get_or_insert_with(|| error.clone());
    }

    /// The trouble because of which nothing at all was read.
    fn failure(self) -> Option<Error> {
        self.gave_up.or(self.first).filter(|_| self.good == 0)
    }
}

/// What a list that was read at this time lacks.
pub(super) fn of_list<T>(
    id: &ProviderId,
    card: Option<&CardKey>,
    list: &ListRead<T>,
    at: Timestamp,
) -> Completeness {
    let mut completeness = Completeness::complete(at);
    completeness.add_unread_rows(list.unread.iter().cloned());
    if let Some(gap) = &list.gap {
        completeness.add_unread_part(UnreadPart {
            provider: id.clone(),
            card: card.cloned(),
            why: gap.clone(),
        });
    }
    if let Some(error) = &list.error {
        completeness.add_unread_part(unread_part(id, card, error));
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
