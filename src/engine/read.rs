//! Reading from providers: what comes back is merged with what was known, kept, and told.
//!
//! Nothing here changes anything at a provider.

use std::any::Any;
use std::collections::HashSet;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use futures::FutureExt;
use jiff::{SignedDuration, Timestamp};

use super::account::{Account, Depth, Scope};
use super::lists::{Patience, of_list, unread_part};
use super::schedule::{Next, Rank, Read};
use super::{Engine, EngineEvent, HealthState, ProviderReport};
use crate::domain::card::{Card, CardKey, ProviderId, Reading};
use crate::domain::completeness::Completeness;
use crate::domain::money::Money;
use crate::domain::text;
use crate::domain::transaction::{Transaction, TransactionState};
use crate::provider::pages::ReadMode;
use crate::provider::{Error, ErrorKind, Window};
use crate::store::{CompleteReading, StoreError};

/// How far back transactions are read at first.
const FIRST_LOOK_BACK: SignedDuration = SignedDuration::from_hours(30 * 24);

/// How long a hold is followed: it may change or vanish within this.
const HOLDS_CHANGE: SignedDuration = SignedDuration::from_hours(90 * 24);

/// Two complete readings agree that a hold is gone when they are at least so far apart.
const HOLDS_APART: SignedDuration = SignedDuration::from_mins(10);

/// How far before the oldest hold a reading begins.
const BEFORE_A_HOLD: SignedDuration = SignedDuration::from_hours(24);

/// Overlap of two readings of the feed, whatever lag was measured.
const OVERLAP: SignedDuration = SignedDuration::from_mins(10);

/// The longest that an account's reading rests without looking at the clock.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// How long a figure may be on its way into the data file.
const DISK: SignedDuration = SignedDuration::from_secs(30);

/// How long the board waits before it tries again to keep what it reads.
const KEEP_AGAIN: SignedDuration = SignedDuration::from_secs(30);

/// A figure that did not change is written again after this long: a disk that hears of every
/// reading never rests.
const KEPT_AGAIN: SignedDuration = SignedDuration::from_mins(1);

/// From where on transactions are read, and why from there.
struct Reach {
    since: Timestamp,
    depth: Depth,
}

impl Engine {
    /// Reads one account for ever: what is due, one read at a time, inside its budget.
    pub(super) async fn keep_reading(self, account: Arc<Account>) {
        loop {
            let now = self.0.clock.now();
            if account.went_back(now) {
                self.start_over(&account, now).await;
            }
            let known = self.cards_of(&account.info.id);
            let open = self.open_of(&account.info.id);
            let watched = self.watched();
            let rank = |key: &CardKey| {
                if watched.0.as_ref() == Some(key) {
                    Rank::Selected
                } else if watched.1.contains(key) {
                    Rank::Visible
                } else {
                    Rank::Other
                }
            };
            match account.next(now, &known, &rank, &open) {
                Next::Read(read) => {
                    // Caught here and not by a task of its own, which would wake another thread for
                    // every reading. Only where a panic unwinds: the release profile aborts, and
                    // the board is started anew.
                    if let Err(died) =
                        AssertUnwindSafe(self.read(&account, read, &known)).catch_unwind().await
                    {
                        let words =
                            format!("{}: a reading died: {}", account.info.id, said(&*died));
                        let why = account.bad(
                            &Error::new(&account.info.id, ErrorKind::BadReply, &words),
                            self.0.clock.now(),
                        );
                        if let Some(why) = why {
                            self.make_stale(&account, &why).await;
                        }
                        self.emit_health(&account).await;
                        self.emit(EngineEvent::Broken(words)).await;
                    }
                }
                Next::Wait(until) => {
                    // Never for long: that the clock was set back is only seen here.
                    let wait = until.map_or(LONGEST_WAIT, |at| {
                        Duration::try_from(at.duration_since(now)).unwrap_or_default()
                    });
                    tokio::select! {
                        () = account.wake.notified() => {}
                        () = tokio::time::sleep(wait.min(LONGEST_WAIT)) => {}
                    }
                }
            }
        }
    }

    async fn read(&self, account: &Account, read: Read, known: &[Card]) {
        match read {
            Read::Look(id) => {
                let _ = self.lookup(id).await;
            }
            Read::List => drop(self.read_list(account, Patience::Board).await),
            Read::Feed => drop(self.read_feed(account, None).await),
            Read::Float => drop(self.read_float(account).await),
            Read::Card(index) => {
                if let Some(card) = known.get(index) {
                    drop(self.read_one(account, card).await);
                }
            }
            Read::CardFeed(index) => {
                if let Some(card) = known.get(index) {
                    drop(self.read_feed(account, Some(card)).await);
                }
            }
        }
    }

    /// Notes how a read went, and tells it.
    pub(super) async fn record_outcome<T>(
        &self,
        account: &Account,
        result: Result<T, Error>,
    ) -> Result<T, Error> {
        let now = self.0.clock.now();
        match &result {
            Ok(_) => account.good(now),
            Err(error) => {
                if let Some(why) = account.bad(error, now) {
                    self.make_stale(account, &why).await;
                }
            }
        }
        self.emit_health(account).await;
        result
    }

    /// Notes how a read of one card went. That the provider refuses it is this card's matter and
    /// says nothing of the others.
    pub(super) async fn record_card_outcome<T>(
        &self,
        account: &Account,
        result: Result<T, Error>,
    ) -> Result<T, Error> {
        match result {
            Err(error) if error.kind == ErrorKind::Forbidden => {
                account.count(self.0.clock.now());
                Err(error)
            }
            result => self.record_outcome(account, result).await,
        }
    }

    pub(super) async fn make_stale(&self, account: &Account, why: &Arc<str>) {
        let mut changed = false;
        for card in
            self.lock_cards().values_mut().filter(|card| card.key.provider == account.info.id)
        {
            if card.balance.why_stale() != Some(why) {
                card.balance = std::mem::take(&mut card.balance).stale(why);
                changed = true;
            }
        }
        if changed {
            self.emit(EngineEvent::Stale {
                provider: account.info.id.clone(),
                why: Arc::clone(why),
            })
            .await;
        }
    }

    /// The clock was set back: what was read by it before is not live any more, and must not outdo
    /// what is read from now on.
    async fn start_over(&self, account: &Account, now: Timestamp) {
        let why: Arc<str> = "the clock of this machine was set back".into();
        let mut cards = Vec::new();
        for card in
            self.lock_cards().values_mut().filter(|card| card.key.provider == account.info.id)
        {
            *card = Card { balance: std::mem::take(&mut card.balance).stale(&why), ..card.clone() }
                .not_after(now);
            cards.push(card.clone());
        }
        self.lock_kept().retain(|key, _| key.provider != account.info.id);
        if !cards.is_empty() {
            self.emit(EngineEvent::Cards(cards)).await;
        }
        // The float, too.
        self.emit(EngineEvent::Stale { provider: account.info.id.clone(), why }).await;
        self.emit_health(account).await;
    }

    pub(super) async fn emit_health(&self, account: &Account) {
        let cards = self.lock_cards().keys().filter(|key| key.provider == account.info.id).count();
        self.emit(EngineEvent::Health(Box::new(account.health(self.0.clock.now(), cards)))).await;
    }

    /// One card, read by itself.
    pub(super) async fn read_one(&self, account: &Account, card: &Card) -> Result<Card, Error> {
        let provider = self.adapter(account).await?;
        self.take_card(account, card, provider.card(card).await).await
    }

    /// One card, read by itself and again as far as there is patience.
    pub(super) async fn read_one_with(
        &self,
        account: &Account,
        card: &Card,
        patience: Patience,
    ) -> Result<Card, Error> {
        let provider = self.adapter(account).await?;
        let read = self.patiently(account, patience, false, || provider.card(card)).await;
        self.take_card(account, card, read).await
    }

    async fn take_card(
        &self,
        account: &Account,
        card: &Card,
        read: Result<Card, Error>,
    ) -> Result<Card, Error> {
        let now = self.0.clock.now();
        match self.record_card_outcome(account, read).await {
            Ok(read) => {
                account.set_off_the_list(&card.key, false);
                account.note(Scope::Card(Arc::clone(&card.key.id)), Completeness::whole(now), true);
                Ok(self.keep_cards(vec![read]).await.pop().unwrap_or_else(|| card.clone()))
            }
            Err(error) => {
                let mut missing = Completeness::whole(now);
                // A card that the account does not have any more keeps its last figures with their
                // age, and nothing of it is missing.
                let off_the_list = account.is_off_the_list(card, &error);
                account.set_off_the_list(&card.key, off_the_list);
                if !off_the_list {
                    missing.miss(unread_part(&account.info.id, Some(&card.key), &error));
                }
                account.note(Scope::Card(Arc::clone(&card.key.id)), missing, true);
                // Whatever went wrong, the figure is not the newest that could be: but only the
                // figure, other news of the card stays.
                let why: Arc<str> = if off_the_list {
                    format!("{}: the card is no longer listed", account.info.id).into()
                } else {
                    error.to_string().into()
                };
                let stale = self.lock_cards().get_mut(&card.key).map(|known| {
                    known.balance = std::mem::take(&mut known.balance).stale(&why);
                    known.clone()
                });
                if let Some(stale) = stale {
                    self.emit(EngineEvent::Cards(vec![stale])).await;
                }
                Err(error)
            }
        }
    }

    /// Transactions of all cards, or of one: the newest since the last reading, and further back as
    /// far as rows may still change.
    async fn read_feed(&self, account: &Account, card: Option<&Card>) -> Result<(), Error> {
        let now = self.0.clock.now();
        let key = card.map(|card| &card.key);
        let reach = self.reach(account, key, now).await;
        let until = now.saturating_add(OVERLAP).unwrap_or(now);
        let window = Window { card: card.cloned(), since: reach.since, until };
        let effort = if reach.depth == Depth::Full { ReadMode::Full } else { ReadMode::Ordinary };
        let mut list = self.read_window(account, &window, effort, Patience::Board).await?;
        // Of a card that the account does not have any more nothing is missing.
        if let (Some(card), Some(error)) = (card, &list.error)
            && account.is_refused_off_the_list(card, error)
        {
            account.note(
                Scope::Feed(Some(Arc::clone(&card.key.id))),
                Completeness::whole(now),
                true,
            );
            return Err(error.clone());
        }
        // A gap that is there again is no reason to read everything again at every poll: it stays
        // noted, and the reading moves on.
        let gap_lasts = account.gap_lasts(
            key,
            &mut list.gap,
            reach.depth == Depth::Full && list.error.is_none(),
        );
        account.note(
            Scope::Feed(key.map(|key| Arc::clone(&key.id))),
            of_list(&account.info.id, key, &list, now),
            reach.depth == Depth::Full,
        );
        let rows = std::mem::take(&mut list.rows);
        let count = rows.len();
        let listed = rows.iter().map(|row| (row.card_id.clone(), Arc::clone(&row.id))).collect();
        let oldest = rows.iter().map(|row| row.at).min();
        // How late rows were listed is told by the reading before this one.
        self.take_rows(account, key, rows).await;
        let ended_well = list.error.is_none() && (list.gap.is_none() || gap_lasts);
        if ended_well {
            account.feed_read(key, now);
            account.went_deep(key, reach.depth, count, self.0.clock.now());
        }
        if let (true, Some(oldest)) = (list.is_whole() && self.may_keep(), oldest) {
            let apart = HOLDS_APART.max(account.lag() * 2);
            let provider = account.info.id.clone();
            self.follow_holds(
                account,
                CompleteReading {
                    provider,
                    card: key.cloned(),
                    since: reach.since,
                    at: now,
                    apart,
                    listed,
                    oldest,
                },
            )
            .await;
        }
        match list.error {
            Some(error) => Err(error),
            None => Ok(()),
        }
    }

    /// Takes in rows that were read: completes them, keeps them and tells what is new. Returns them
    /// all.
    pub(super) async fn take_rows(
        &self,
        account: &Account,
        key: Option<&CardKey>,
        rows: Vec<Transaction>,
    ) -> Vec<Transaction> {
        let rows: Vec<Transaction> = rows.into_iter().map(|row| self.with_card(row)).collect();
        self.discover(&rows).await;
        if account.says_as_before(key, &rows) {
            return rows;
        }
        let kept = rows.clone();
        let result =
            if self.may_keep() { Some(self.0.store.keep_transactions(kept).await) } else { None };
        match result {
            Some(Ok(changed)) => {
                self.note_kept();
                account.said(key, &rows);
                self.told_new(account, key, &changed).await;
                if !changed.is_empty() {
                    self.emit(EngineEvent::Transactions(changed)).await;
                }
            }
            // The board shows what it cannot keep.
            failed => {
                if let Some(Err(error)) = failed {
                    self.emit_store_error(&error).await;
                }
                if account.tells_unkept(key, &rows) {
                    self.emit(EngineEvent::Transactions(rows.clone())).await;
                }
            }
        }
        rows
    }

    /// Learns from rows that are new: how late this provider lists them, and words that are not
    /// mapped.
    async fn told_new(&self, account: &Account, key: Option<&CardKey>, changed: &[Transaction]) {
        if let Some(last) = account.feed_from(key).filter(|_| self.0.polling) {
            let late = changed.iter().filter(|row| row.at < last && row.seen_at >= last);
            for lag in late.map(|row| row.seen_at.duration_since(row.at)) {
                account.listed_late(lag);
            }
        }
        if account.has_unmapped()
            || changed.iter().any(|row| row.state == TransactionState::Unknown)
        {
            self.count_unmapped(Some(&account.info.id)).await;
        }
    }

    /// Counts the words of states that are not mapped, of one account or of all.
    pub(super) async fn count_unmapped(&self, only: Option<&ProviderId>) {
        let Ok(words) = self.0.store.unmapped_states().await else { return };
        for account in
            self.0.accounts.iter().filter(|account| only.is_none_or(|id| *id == account.info.id))
        {
            let of_it = words.iter().filter(|unmapped| unmapped.provider == account.info.id);
            account.set_unmapped(of_it.map(|each| (Arc::clone(&each.word), each.count)).collect());
        }
    }

    /// Holds that a complete reading does not have any more, and what they became.
    async fn follow_holds(&self, account: &Account, reading: CompleteReading) {
        let card = reading.card.clone();
        match self.0.store.follow_holds(reading).await {
            Ok(changed) if changed.is_empty() => {}
            Ok(changed) => {
                account.forget_hold(card.as_ref());
                self.emit(EngineEvent::Transactions(changed)).await;
            }
            Err(error) => self.emit_store_error(&error).await,
        }
    }

    /// How far back the transactions are read now: to the last reading, as late as this provider
    /// has listed rows, to the oldest hold, or over the whole window.
    async fn reach(&self, account: &Account, key: Option<&CardKey>, now: Timestamp) -> Reach {
        let whole = now.saturating_sub(FIRST_LOOK_BACK).unwrap_or(now);
        let Some(last) = account.feed_from(key) else {
            return Reach { since: whole, depth: Depth::Full };
        };
        let overlap = last.saturating_sub(OVERLAP).unwrap_or(last);
        let oldest = now.saturating_sub(HOLDS_CHANGE).unwrap_or(now);
        let goes_deep = account.goes_deep(key, now);
        if goes_deep == Depth::Recent {
            return Reach { since: overlap, depth: Depth::Recent };
        }
        let (provider, card) = (account.info.id.clone(), key.cloned());
        let hold = match account.oldest_hold(key, oldest) {
            Some(remembered) => remembered,
            None => match self.0.store.oldest_hold(provider, card, oldest).await {
                Ok(hold) => {
                    account.remember_hold(key, hold);
                    hold
                }
                Err(_) => None,
            },
        };
        // A row that is older than the hold shows that the list reaches back to it.
        let hold = hold.and_then(|at| at.checked_sub(BEFORE_A_HOLD).ok());
        if goes_deep == Depth::Full {
            return Reach { since: hold.map_or(whole, |hold| hold.min(whole)), depth: Depth::Full };
        }
        let late = now.saturating_sub(account.lag()).unwrap_or(now);
        let since = hold.map_or(late, |hold| hold.min(late));
        if since < overlap {
            Reach { since, depth: Depth::Late }
        } else {
            Reach { since: overlap, depth: Depth::Recent }
        }
    }

    /// Fills in what the row does not say and the card does.
    fn with_card(&self, row: Transaction) -> Transaction {
        let last4 =
            row.card().and_then(|key| self.lock_cards().get(&key).and_then(|card| card.last4));
        Transaction { last4: row.last4.or(last4), ..row }
    }

    /// A card that only its transactions told of is a card too.
    async fn discover(&self, rows: &[Transaction]) {
        let mut new: Vec<Card> = Vec::new();
        let mut seen: HashSet<CardKey> = HashSet::new();
        for row in rows {
            let Some(key) = row.card() else { continue };
            if !self.lock_cards().contains_key(&key) && seen.insert(key.clone()) {
                new.push(Card {
                    last4: row.last4,
                    currency: Some(row.amount.currency()),
                    ..Card::unread(key)
                });
            }
        }
        if !new.is_empty() {
            self.keep_cards(new).await;
        }
    }

    async fn read_float(&self, account: &Account) -> Result<(Vec<Money>, Timestamp), Error> {
        let provider = self.adapter(account).await?;
        let float = self.record_outcome(account, provider.float().await).await?;
        let at = self.0.clock.now();
        self.emit(EngineEvent::Float {
            provider: account.info.id.clone(),
            float: float.clone(),
            at,
        })
        .await;
        Ok((float, at))
    }

    /// Merges readings into what is known, keeps and tells them, and returns them whole.
    pub(super) async fn keep_cards(&self, read: Vec<Card>) -> Vec<Card> {
        let mut fresh = Vec::new();
        let whole: Vec<Card> = {
            let mut known = self.lock_cards();
            let kept = self.lock_kept();
            read.into_iter()
                .map(|card| {
                    let older = known.remove(&card.key);
                    let mut card = match older.clone() {
                        Some(older) => card.over(older),
                        None => card,
                    };
                    if card.currency.is_none() {
                        let figures = card.balance.value().copied().unwrap_or_default();
                        card.currency = figures.available.or(figures.current).map(Money::currency);
                    }
                    let since = kept
                        .get(&card.key)
                        .zip(card.balance.at())
                        .map(|(kept, at)| at.duration_since(*kept));
                    let same = older.is_some_and(|older| is_as_before(&older, &card));
                    if !(same && since.is_some_and(|since| since < KEPT_AGAIN)) {
                        fresh.push(card.clone());
                    }
                    known.insert(card.key.clone(), card.clone());
                    card
                })
                .collect()
        };
        // Told in one breath with the provider's health: together they make one frame.
        if !whole.is_empty() {
            self.emit(EngineEvent::Cards(whole.clone())).await;
        }
        if !fresh.is_empty() && self.may_keep() {
            // Another reading may have waited less long for the disk.
            let now = self.0.clock.now().saturating_add(DISK).unwrap_or(Timestamp::MAX);
            match self.0.store.keep_cards(fresh, now).await {
                Ok(kept) => {
                    self.note_kept();
                    let mut at = self.lock_kept();
                    at.extend(
                        kept.into_iter().filter_map(|card| Some((card.key, card.balance.at()?))),
                    );
                }
                Err(error) => self.emit_store_error(&error).await,
            }
        }
        whole
    }

    /// Tells that the data file took nothing, once until it does again.
    pub(super) async fn emit_store_error(&self, error: &StoreError) {
        if self.note_unkept() {
            self.emit(EngineEvent::Broken(self.unkept_words(error))).await;
        }
    }

    pub(super) fn unkept_words(&self, error: &StoreError) -> String {
        let path = text::of_path(self.0.store.path());
        format!("the data file {path} {error}; what is read is shown and not kept")
    }

    /// Notes that the data file took nothing; whether that is news.
    pub(super) fn note_unkept(&self) -> bool {
        let now = self.0.clock.now();
        self.0.unkept.lock().unwrap_or_else(PoisonError::into_inner).replace(now).is_none()
    }

    fn note_kept(&self) {
        *self.0.unkept.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Whether to try to keep something. Each try may wait for another process: a command tries
    /// until one failed, the board again after a while.
    fn may_keep(&self) -> bool {
        let failed = *self.0.unkept.lock().unwrap_or_else(PoisonError::into_inner);
        failed
            .is_none_or(|at| self.0.polling && self.0.clock.now().duration_since(at) >= KEEP_AGAIN)
    }

    /// Cards that the data file knows, however old.
    pub async fn known_cards(&self) -> Vec<Card> {
        self.lock_cards().values().cloned().collect()
    }

    /// Reads one card now.
    ///
    /// # Errors
    /// What the provider said.
    pub async fn read_card(&self, key: &CardKey) -> Result<Card, Error> {
        let account = self.account(&key.provider)?;
        let known =
            self.lock_cards().get(key).cloned().unwrap_or_else(|| Card::unread(key.clone()));
        self.read_one_with(&account, &known, Patience::Command(tokio::time::Instant::now())).await
    }

    /// Reads the health and float of every provider now.
    pub async fn read_providers(&self) -> Vec<ProviderReport> {
        let work = self.0.accounts.iter().map(|account| async move {
            let adapter = self.adapter(account).await;
            let offered = adapter.as_ref().map_or(true, |adapter| adapter.capabilities().float.is_yes());
            let float = if offered { Some(self.read_float(account).await) } else { None };
            let cards = self.cards_of(&account.info.id).len();
            let mut health = account.health(self.0.clock.now(), cards);
            // Asked once and not answered: there are no further tries here to wait for.
            let unanswered = matches!(&float, Some(Err(error)) if matches!(error.kind, ErrorKind::Unreachable | ErrorKind::BadReply));
            if unanswered && health.state == HealthState::Slow && health.last_good.is_none() {
                health.state = HealthState::Down;
            }
            ProviderReport { info: account.told_info(), health, float }
        });
        futures::future::join_all(work).await
    }

    /// What a top-up would cost.
    ///
    /// # Errors
    /// What the provider said, or that it quotes nothing.
    pub async fn quote(
        &self,
        key: &CardKey,
        amount: Money,
    ) -> Result<crate::provider::Quote, Error> {
        let account = self.account(&key.provider)?;
        let provider = self.adapter(&account).await?;
        if let crate::domain::operation::Support::No(why) = provider.capabilities().quote {
            return Err(Error::new(&key.provider, ErrorKind::NotOffered, why));
        }
        let card = self.lock_cards().get(key).cloned().unwrap_or_else(|| Card::unread(key.clone()));
        let quote = provider.quote(&card, amount).await;
        self.record_outcome(&account, quote).await
    }

    /// Waits until another request fits into the account's budget.
    pub(super) async fn pace(&self, account: &Account) {
        let now = self.0.clock.now();
        account.count(now);
        if let Some(at) = account.ready_at(now) {
            tokio::time::sleep(Duration::try_from(at.duration_since(now)).unwrap_or_default())
                .await;
        }
    }

    /// Tells the transaction that proves an operation, and notes it in the feed.
    pub(super) async fn link_operation(
        &self,
        credit: &str,
        operation: &crate::domain::operation::Operation,
    ) {
        if operation.is_open() {
            return;
        }
        let card = operation.card.clone();
        if let Ok(row) = self.0.store.link_operation(card, credit, operation.id).await {
            self.emit(EngineEvent::Transactions(vec![row])).await;
        }
    }
}

/// Whether the data file would not look any different, but for the times.
fn is_as_before(older: &Card, card: &Card) -> bool {
    let bare = |card: &Card| Card { balance: Reading::Never, state_at: None, ..card.clone() };
    older.balance.value() == card.balance.value() && bare(older) == bare(card)
}

/// What a panic said.
fn said(panic: &(dyn Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no reason given")
}
