//! Reading from providers: what comes back is merged with what was known, kept, and told.
//!
//! Nothing here changes anything at a provider.

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use jiff::{SignedDuration, Timestamp};

use super::account::Account;
use super::schedule::{Next, Rank, Read};
use super::{Engine, HealthState, News, ProviderReport, Said};
use crate::domain::card::{Card, CardKey, Reading};
use crate::domain::money::Money;
use crate::domain::text;
use crate::domain::transaction::Transaction;
use crate::provider::{Cursor, Error, Kind, Page, Window};
use crate::store::{cards, feed};

/// Most pages of one list that are read; more than that is an endless one.
const MOST_PAGES: usize = 2_000;

/// How far back transactions are read at first.
const FIRST_LOOK_BACK: SignedDuration = SignedDuration::from_hours(30 * 24);

/// How long a hold is followed: it may change or vanish within this.
const HOLDS_CHANGE: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Overlap of two readings of the feed, for rows that the provider lists late.
const OVERLAP: SignedDuration = SignedDuration::from_mins(10);

/// The longest that an account's reading rests without looking at the clock.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// How long a figure may be on its way into the data file.
const DISK: SignedDuration = SignedDuration::from_secs(30);

/// A figure that did not change is written again after this long: a disk that hears of every reading never rests.
const KEPT_AGAIN: SignedDuration = SignedDuration::from_mins(1);

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
                    // Caught here and not by a task of its own, which would wake another thread for every reading. Only where a panic
                    // unwinds: the release profile aborts, and the board is started anew.
                    if let Err(died) = AssertUnwindSafe(self.read(&account, read, &known)).catch_unwind().await {
                        let words = format!("{}: a reading died: {}", account.info.id, said(&*died));
                        let why = account.bad(&Error::new(&account.info.id, Kind::BadReply, &words), self.0.clock.now());
                        if let Some(why) = why {
                            self.make_stale(&account, &why).await;
                        }
                        self.tell_health(&account).await;
                        self.tell(News::Broken(words)).await;
                    }
                }
                Next::Wait(until) => {
                    // Never for long: that the clock was set back is only seen here.
                    let wait = until.map_or(LONGEST_WAIT, |at| Duration::try_from(at.duration_since(now)).unwrap_or_default());
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
                let _ = self.look(id, "look").await;
            }
            Read::List => drop(self.read_list(account).await),
            Read::Feed => drop(self.read_feed(account, None, None).await),
            Read::Float => drop(self.read_float(account).await),
            Read::Card(index) => {
                if let Some(card) = known.get(index) {
                    drop(self.read_one(account, card).await);
                }
            }
            Read::CardFeed(index) => {
                if let Some(card) = known.get(index) {
                    drop(self.read_feed(account, Some(card), None).await);
                }
            }
        }
    }

    /// Notes how a read went, and tells it.
    pub(super) async fn judge<T>(&self, account: &Account, result: Result<T, Error>) -> Result<T, Error> {
        let now = self.0.clock.now();
        match &result {
            Ok(_) => account.good(now),
            Err(error) => {
                if let Some(why) = account.bad(error, now) {
                    self.make_stale(account, &why).await;
                }
            }
        }
        self.tell_health(account).await;
        result
    }

    /// Notes how a read of one card went. That the provider refuses it is this card's matter and says nothing of the others.
    async fn judge_card<T>(&self, account: &Account, result: Result<T, Error>) -> Result<T, Error> {
        match result {
            Err(error) if error.kind == Kind::Forbidden => {
                account.count(self.0.clock.now());
                Err(error)
            }
            result => self.judge(account, result).await,
        }
    }

    pub(super) async fn make_stale(&self, account: &Account, why: &Arc<str>) {
        let mut changed = false;
        for card in self.lock_cards().values_mut().filter(|card| card.key.provider == account.info.id) {
            if card.balance.why_stale() != Some(why) {
                card.balance = std::mem::take(&mut card.balance).stale(why);
                changed = true;
            }
        }
        if changed {
            self.tell(News::Stale { provider: account.info.id.clone(), why: Arc::clone(why) }).await;
        }
    }

    /// The clock was set back: what was read by it before is not live any more, and must not outdo what is read from now on.
    async fn start_over(&self, account: &Account, now: Timestamp) {
        let why: Arc<str> = "the clock of this machine was set back".into();
        let mut cards = Vec::new();
        for card in self.lock_cards().values_mut().filter(|card| card.key.provider == account.info.id) {
            *card = Card { balance: std::mem::take(&mut card.balance).stale(&why), ..card.clone() }.not_after(now);
            cards.push(card.clone());
        }
        self.lock_kept().retain(|key, _| key.provider != account.info.id);
        if !cards.is_empty() {
            self.tell(News::Cards(cards)).await;
        }
        // The float, too.
        self.tell(News::Stale { provider: account.info.id.clone(), why }).await;
        self.tell_health(account).await;
    }

    pub(super) async fn tell_health(&self, account: &Account) {
        let cards = self.cards_of(&account.info.id).len();
        self.tell(News::Health(Box::new(account.health(self.0.clock.now(), cards)))).await;
    }

    /// All cards of an account's list.
    async fn read_list(&self, account: &Account) -> Result<Vec<Card>, Error> {
        let provider = self.adapter(account).await?;
        let at = self.0.clock.now();
        let rows = self.judge(account, self.pages(account, |after| provider.cards(after)).await).await?;
        account.listed(&rows, at);
        Ok(self.keep_cards(rows).await)
    }

    /// One card, read by itself.
    pub(super) async fn read_one(&self, account: &Account, card: &Card) -> Result<Card, Error> {
        let provider = self.adapter(account).await?;
        match self.judge_card(account, provider.card(card).await).await {
            Ok(read) => Ok(self.keep_cards(vec![read]).await.pop().unwrap_or_else(|| card.clone())),
            Err(error) => {
                // Whatever went wrong, the figure is not the newest that could be: but only the figure, other news of the card stays.
                let why: Arc<str> = error.to_string().into();
                let stale = self.lock_cards().get_mut(&card.key).map(|known| {
                    known.balance = std::mem::take(&mut known.balance).stale(&why);
                    known.clone()
                });
                if let Some(stale) = stale {
                    self.tell(News::Cards(vec![stale])).await;
                }
                Err(error)
            }
        }
    }

    /// Transactions of all cards, or of one: the newest since the last reading, or those of a span.
    async fn read_feed(
        &self,
        account: &Account,
        card: Option<&Card>,
        span: Option<(Timestamp, Timestamp)>,
    ) -> Result<Vec<Transaction>, Error> {
        let provider = self.adapter(account).await?;
        let now = self.0.clock.now();
        let key = card.map(|card| &card.key);
        let (since, until, back_to_holds) = match span {
            Some((since, until)) => (since, until, false),
            None => {
                let (since, back_to_holds) = self.feed_since(account, key, now).await;
                (since, now.saturating_add(OVERLAP).unwrap_or(now), back_to_holds)
            }
        };
        let window = Window { card: card.cloned(), since, until };
        let rows = self.judge(account, self.pages(account, |after| provider.transactions(&window, after)).await).await?;
        if span.is_none() {
            account.feed_read(key, now);
        }
        if back_to_holds {
            account.holds_followed(key, rows.len(), self.0.clock.now());
        }
        let rows: Vec<Transaction> = rows.into_iter().map(|row| self.with_card(row)).collect();
        self.discover(&rows).await;
        if account.says_as_before(key, &rows) {
            return Ok(rows);
        }
        let kept = rows.clone();
        match self.0.store.known(move |db| feed::keep(db, &kept)).await {
            Ok(changed) => {
                account.said(key, &rows);
                if !changed.is_empty() {
                    self.tell(News::Transactions(changed)).await;
                }
            }
            Err(error) => self.tell_store(&error).await,
        }
        Ok(rows)
    }

    /// From where on the feed is read, and whether that is further back than the last reading: to the oldest hold, which may change.
    async fn feed_since(&self, account: &Account, key: Option<&CardKey>, now: Timestamp) -> (Timestamp, bool) {
        let Some(last) = account.feed_from(key) else { return (now.saturating_sub(FIRST_LOOK_BACK).unwrap_or(now), false) };
        let overlap = last.saturating_sub(OVERLAP).unwrap_or(last);
        if !account.follows_holds(key, now) {
            return (overlap, false);
        }
        let (provider, card) = (account.info.id.clone(), key.cloned());
        let oldest = now.saturating_sub(HOLDS_CHANGE).unwrap_or(now);
        let hold = match account.oldest_hold(key, oldest) {
            Some(remembered) => remembered,
            None => match self.0.store.known(move |db| feed::oldest_hold(db, &provider, card.as_ref(), oldest)).await {
                Ok(hold) => {
                    account.remember_hold(key, hold);
                    hold
                }
                Err(_) => None,
            },
        };
        hold.filter(|hold| *hold < overlap).map_or((overlap, false), |hold| (hold, true))
    }

    /// Fills in what the row does not say and the card does.
    fn with_card(&self, row: Transaction) -> Transaction {
        let last4 = row.card().and_then(|key| self.lock_cards().get(&key).and_then(|card| card.last4));
        Transaction { last4: row.last4.or(last4), ..row }
    }

    /// A card that only its transactions told of is a card too.
    async fn discover(&self, rows: &[Transaction]) {
        let mut new: Vec<Card> = Vec::new();
        for row in rows {
            let Some(key) = row.card() else { continue };
            if !self.lock_cards().contains_key(&key) && !new.iter().any(|card| card.key == key) {
                new.push(Card { last4: row.last4, currency: Some(row.amount.currency()), ..Card::unread(key) });
            }
        }
        if !new.is_empty() {
            self.keep_cards(new).await;
        }
    }

    async fn read_float(&self, account: &Account) -> Result<(Vec<Money>, Timestamp), Error> {
        let provider = self.adapter(account).await?;
        let float = self.judge(account, provider.float().await).await?;
        let at = self.0.clock.now();
        self.tell(News::Float { provider: account.info.id.clone(), float: float.clone(), at }).await;
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
                    let since = kept.get(&card.key).zip(card.balance.at()).map(|(kept, at)| at.duration_since(*kept));
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
            self.tell(News::Cards(whole.clone())).await;
        }
        if !fresh.is_empty() {
            // Another reading may have waited less long for the disk.
            let now = self.0.clock.now().saturating_add(DISK).unwrap_or(Timestamp::MAX);
            match self.0.store.known(move |db| cards::keep(db, &fresh, now).map(|()| fresh)).await {
                Ok(kept) => {
                    let mut at = self.lock_kept();
                    at.extend(kept.into_iter().filter_map(|card| Some((card.key, card.balance.at()?))));
                }
                Err(error) => self.tell_store(&error).await,
            }
        }
        whole
    }

    pub(super) async fn tell_store(&self, error: &rusqlite::Error) {
        let words = format!(
            "the data file {} {}; figures are shown but not kept",
            text::of_path(self.0.store.path()),
            crate::store::in_words(error)
        );
        self.tell(News::Broken(words)).await;
    }

    /// Cards that the data file knows, however old.
    pub async fn known_cards(&self) -> Vec<Card> {
        self.lock_cards().values().cloned().collect()
    }

    /// Reads all cards now: the list where there is one, else every card of the roster. A card that cannot be read keeps its last
    /// known figures, marked stale.
    pub async fn read_cards(&self) -> Said<Vec<Card>> {
        let work =
            self.0.accounts.iter().map(|account| async move { (account.info.id.clone(), self.read_cards_of(account).await) });
        futures::future::join_all(work).await
    }

    async fn read_cards_of(&self, account: &Account) -> Result<Vec<Card>, Error> {
        let can = self.adapter(account).await?.can();
        if can.list_cards.is_yes() {
            self.read_list(account).await?;
        }
        for card in self.cards_of(&account.info.id) {
            let fresh = can.list_cards.is_yes() && card.balance.at().is_some() && matches!(card.balance, Reading::At { .. });
            if fresh {
                continue;
            }
            self.pace(account).await;
            match self.read_one(account, &card).await {
                Err(error) if !matches!(error.kind, Kind::Refused | Kind::NotFound) => return Err(error),
                Ok(_) | Err(_) => {}
            }
        }
        Ok(self.cards_of(&account.info.id))
    }

    /// Reads one card now.
    ///
    /// # Errors
    /// What the provider said.
    pub async fn read_card(&self, key: &CardKey) -> Result<Card, Error> {
        let account = self.account(&key.provider)?;
        let known = self.lock_cards().get(key).cloned().unwrap_or_else(|| Card::unread(key.clone()));
        self.read_one(&account, &known).await
    }

    /// Reads transactions now: of all cards, or of one.
    pub async fn read_transactions(&self, since: Timestamp, until: Timestamp, card: Option<&CardKey>) -> Said<Vec<Transaction>> {
        let wanted = self.0.accounts.iter().filter(|account| card.is_none_or(|key| key.provider == account.info.id));
        let work = wanted.map(|account| async move {
            (account.info.id.clone(), self.read_transactions_of(account, since, until, card).await)
        });
        futures::future::join_all(work).await
    }

    async fn read_transactions_of(
        &self,
        account: &Account,
        since: Timestamp,
        until: Timestamp,
        card: Option<&CardKey>,
    ) -> Result<Vec<Transaction>, Error> {
        let can = self.adapter(account).await?.can();
        let span = Some((since, until));
        if let Some(key) = card {
            let known = self.lock_cards().get(key).cloned().unwrap_or_else(|| Card::unread(key.clone()));
            return self.read_feed(account, Some(&known), span).await;
        }
        if can.list_all_transactions.is_yes() {
            return self.read_feed(account, None, span).await;
        }
        if can.list_cards.is_yes() {
            self.read_list(account).await?;
        }
        let mut all = Vec::new();
        for card in self.cards_of(&account.info.id) {
            self.pace(account).await;
            match self.read_feed(account, Some(&card), span).await {
                Ok(rows) => all.extend(rows),
                Err(error) if matches!(error.kind, Kind::Refused | Kind::NotFound) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(all)
    }

    /// Reads the health and float of every provider now.
    pub async fn read_providers(&self) -> Vec<ProviderReport> {
        let work = self.0.accounts.iter().map(|account| async move {
            let adapter = self.adapter(account).await;
            let offered = adapter.as_ref().map_or(true, |adapter| adapter.can().float.is_yes());
            let float = if offered { Some(self.read_float(account).await) } else { None };
            let cards = self.cards_of(&account.info.id).len();
            let mut health = account.health(self.0.clock.now(), cards);
            // Asked once and not answered: there are no further tries here to wait for.
            let unanswered = matches!(&float, Some(Err(error)) if matches!(error.kind, Kind::Unreachable | Kind::BadReply));
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
    pub async fn quote(&self, key: &CardKey, amount: Money) -> Result<crate::provider::Quote, Error> {
        let account = self.account(&key.provider)?;
        let provider = self.adapter(&account).await?;
        if let crate::domain::operation::Offer::No(why) = provider.can().quote {
            return Err(Error::new(&key.provider, Kind::NotOffered, why));
        }
        let card = self.lock_cards().get(key).cloned().unwrap_or_else(|| Card::unread(key.clone()));
        let quote = provider.quote(&card, amount).await;
        self.judge(&account, quote).await
    }

    /// Reads pages to the end, inside the account's budget: a long list read in one go would only end in refusals, and begin again.
    /// A cursor that does not move, or a list without an end, is an error, not a loop.
    async fn pages<T, F>(&self, account: &Account, page: impl Fn(Option<Cursor>) -> F) -> Result<Vec<T>, Error>
    where
        F: Future<Output = Result<Page<T>, Error>>,
    {
        let mut rows = Vec::new();
        let mut after: Option<Cursor> = None;
        for _ in 0..MOST_PAGES {
            let read = page(after.clone()).await?;
            rows.extend(read.items);
            account.odd(read.skipped.len());
            for odd in &read.skipped {
                tracing::warn!(provider = account.info.id.name(), "a row could not be read: {odd}");
            }
            match read.next {
                None => return Ok(rows),
                Some(next) if after.as_ref() == Some(&next) => {
                    let words = "its list does not move on: the same page comes again";
                    return Err(Error::new(&account.info.id, Kind::BadReply, words));
                }
                Some(next) => after = Some(next),
            }
            self.pace(account).await;
        }
        Err(Error::new(&account.info.id, Kind::BadReply, "its list has no end"))
    }

    /// Waits until another request fits into the account's budget.
    async fn pace(&self, account: &Account) {
        let now = self.0.clock.now();
        account.count(now);
        if let Some(at) = account.ready_at(now) {
            tokio::time::sleep(Duration::try_from(at.duration_since(now)).unwrap_or_default()).await;
        }
    }

    /// Tells the transaction that proves an operation, and notes it in the feed.
    pub(super) async fn prove(&self, credit: &str, operation: &crate::domain::operation::Operation) {
        if operation.is_open() {
            return;
        }
        let (card, credit, id) = (operation.card.clone(), credit.to_owned(), operation.id);
        if let Ok(row) = self.0.store.known(move |db| feed::prove(db, &card, &credit, id)).await {
            self.tell(News::Transactions(vec![row])).await;
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
