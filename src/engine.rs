//! The only thing that talks to providers and the store, and the only place that may send a change.
//!
//! It is asked with [`Job`]s and tells with [`EngineEvent`]; every job ends in one.

mod account;
mod adapter;
mod change;
mod lists;
mod proof;
mod read;
pub mod schedule;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU16, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::runtime::Handle;
use tokio::sync::{Notify, mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::clock::Clock;
use crate::config::{Environment, roster};
use crate::domain::card::{Card, CardKey, CardState, Ids, ProviderId};
use crate::domain::completeness::Completeness;
use crate::domain::money::Money;
pub use crate::domain::operation::Step;
use crate::domain::operation::{Action, Capabilities, OnConflict, Operation, OperationId};
use crate::domain::transaction::Transaction;
pub use crate::provider::Error;
use crate::provider::crypto::random;
use crate::provider::http::{Http, Transport};
use crate::provider::{Config, ProviderConfig};
pub use crate::provider::{ErrorKind, Payer, Quote};
pub use crate::store::Verified;
use crate::store::{Finding, Store, StoreError};
use account::Account;
use adapter::Adapter;
pub use lists::{Listing, unread_part};
pub use proof::{RecentCredit, Verdict, confirmation};

/// The engine's handle; clones lead to the same engine.
#[derive(Clone)]
pub struct Engine(Arc<Inner>);

struct Inner {
    accounts: Vec<Arc<Account>>,
    store: Store,
    clock: Clock,
    operator: Arc<str>,
    news: mpsc::Sender<EngineEvent>,
    cards: Mutex<BTreeMap<CardKey, Card>>,
    /// Of when the figures are that the data file has of each card.
    kept: Mutex<BTreeMap<CardKey, Timestamp>>,
    /// Unsettled operations, as the journal has them.
    open: Mutex<BTreeMap<OperationId, Operation>>,
    /// Findings that the journal did not take; they are offered again.
    unwritten: Mutex<Vec<(OperationId, Finding)>>,
    watched: Mutex<Watched>,
    /// Told by a flag: no key undoes it.
    forced_read_only: bool,
    read_only: AtomicBool,
    sending: Sending,
    /// When each operation that was told last changed, so that no other process's look tells it
    /// twice.
    told: Mutex<BTreeMap<OperationId, Operation>>,
    /// Reads in the background, and then waits for no account's secrets.
    polling: bool,
    session: u64,
    made: AtomicU16,
    tasks: Mutex<Vec<JoinHandle<()>>>,
    /// Another process wrote into the data file.
    written: Notify,
    /// When the data file last took nothing; `None` while it does.
    unkept: Mutex<Option<Timestamp>>,
    /// Where the work is done, wherever it is asked from.
    runtime: Handle,
}

/// The card under the cursor, and those on screen.
type Watched = (Option<CardKey>, BTreeSet<CardKey>);

/// What an engine is made of.
pub struct Setup {
    /// The accounts.
    pub config: Config,
    /// Folder of the data file.
    pub data: PathBuf,
    /// Folder of the note of the journal's last line, outside the data file; none is kept without.
    pub notes: Option<PathBuf>,
    /// Refuse every change.
    pub read_only: bool,
    /// Only this account (`--provider`).
    pub only: Option<ProviderId>,
    /// Who operates: written into the journal.
    pub operator: Arc<str>,
    /// Tells the time.
    pub clock: Clock,
    /// Read in the background (the board); else only when asked (the command line).
    pub polling: bool,
    /// Another way to the providers than the network, for tests.
    pub transport: Option<MakeTransport>,
}

/// Makes the transport of an account.
pub type MakeTransport = Arc<dyn Fn(&ProviderConfig) -> Box<dyn Transport> + Send + Sync>;

/// What one provider said to a read; the others' answers are not touched by its failure.
pub type PerProvider<T> = Vec<(ProviderId, std::result::Result<T, Error>)>;

/// Why a change was refused before anything was sent, or what stopped it.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// Not allowed: read-only, not offered, closed, changed since it was shown, an earlier one
    /// open. One sentence.
    #[error("{0}")]
    Denied(String),
    /// The card's list shows an equal top-up of the last minutes that the operator was not shown.
    /// One sentence.
    #[error("{words}")]
    Repeats {
        /// The sentence.
        words: String,
        /// The top-up's canonical id.
        credit: Arc<str>,
    },
    /// The provider could not be read before sending.
    #[error("{0}; nothing was sent")]
    Unread(Error),
    /// The journal did not take it, or another process did: nothing was sent. One sentence.
    #[error("{0}")]
    Journal(String),
    /// cardtop itself broke: what the journal holds of the change is what counts. One sentence.
    #[error("{0}")]
    Died(String),
}

/// A provider as `cardtop providers` shows it.
#[derive(Debug)]
pub struct ProviderReport {
    /// What is fixed.
    pub info: ProviderInfo,
    /// How it is doing.
    pub health: Health,
    /// The float, where offered, and when it was read.
    pub float: Option<std::result::Result<(Vec<Money>, Timestamp), Error>>,
}

/// News that may wait to be heard before reading pauses.
const NEWS_WAITING: usize = 1_024;

/// Transactions told at the start.
const FEED_AT_START: u32 = 5_000;

/// Operations told at the start.
const OPERATIONS_AT_START: u32 = 1_000;

/// How often the journal is looked at for what processes left behind that are gone, and for others'
/// operations whatever [`Engine::glance`] saw.
const OTHERS: Duration = Duration::from_secs(16);

/// How long an entry of another process may have been under way into the journal.
const WAITED_FOR_THE_DISK: SignedDuration = SignedDuration::from_secs(10);

/// How long the start waits for secrets before it says so: of the board, whose first frame comes
/// after it, and of commands.
const SECRETS_BEFORE_A_FRAME: Duration = Duration::from_millis(150);
const SECRETS_BEFORE_A_COMMAND: Duration = Duration::from_secs(1);

/// How long the end waits for changes that are being sent.
pub const LAST_WORDS: Duration = Duration::from_secs(3);

impl Engine {
    /// Opens the data file and sets up every account. An account that cannot be set up is AUTH, the
    /// others work.
    ///
    /// # Errors
    /// One sentence, when the data file cannot be used; nothing was sent and nothing in it was
    /// changed.
    pub async fn open(
        setup: Setup,
    ) -> std::result::Result<(Self, mpsc::Receiver<EngineEvent>), String> {
        Self::open_or(setup, None).await
    }

    /// The same for what only reads: where the disk is full or another process holds the data file,
    /// nothing is kept, every change is refused, and `say` is told so once.
    ///
    /// # Errors
    /// One sentence, when the data file cannot be used for another reason.
    pub async fn open_to_read(
        setup: Setup,
        say: impl Fn(&str) + Send + Sync,
    ) -> std::result::Result<(Self, mpsc::Receiver<EngineEvent>), String> {
        Self::open_or(setup, Some(&say)).await
    }

    async fn open_or(
        setup: Setup,
        say: Option<&(dyn Fn(&str) + Send + Sync)>,
    ) -> std::result::Result<(Self, mpsc::Receiver<EngineEvent>), String> {
        let Setup { config, data, notes, read_only, only, operator, clock, polling, transport } =
            setup;
        let (news, heard) = mpsc::channel(NEWS_WAITING);
        let now = clock.now();
        let making = clock.clone();
        let session = random::<8>()
            .map(u64::from_be_bytes)
            .map_err(|_| "the system has no random numbers to give".to_owned())?;
        let only_reads = say.is_some();
        let made = tokio::task::spawn_blocking(move || {
            let ids: BTreeMap<ProviderId, Ids> =
                config.providers.iter().map(|each| (each.name.clone(), each.ids())).collect();
            let (store, lost) = match Store::open_with(&data, &ids, notes.as_deref(), now) {
                Ok(store) => (store, None),
                Err(error) if only_reads && error.passing => (
                    Store::in_memory(&data, &ids).map_err(|error| error.to_string())?,
                    Some(error.to_string()),
                ),
                Err(error) => return Err(error.to_string()),
            };
            let mut rosters = Vec::new();
            let mut accounts = Vec::new();
            for provider in config.providers {
                if only.as_ref().is_some_and(|only| *only != provider.name) {
                    continue;
                }
                if let Some(path) = &provider.roster {
                    let name = provider.name.clone();
                    let read = roster::read(&name, provider.ids().cards, path)
                        .map_err(|error| error.to_string());
                    rosters.push((name, read));
                }
                accounts.push(Arc::new(account(provider, session, &making, transport.as_ref())));
            }
            Ok::<_, String>((store, lost, accounts, rosters))
        });
        let (store, lost, accounts, rosters) = made.await.map_err(|error| error.to_string())??;
        let without_file = lost.is_some();
        if let (Some(say), Some(lost)) = (say, lost) {
            let lost = lost.strip_suffix("; nothing was sent").unwrap_or(&lost);
            say(&format!("{lost}; what is read is shown and not kept"));
        }
        let read_only = read_only || without_file;
        let failed = |error: StoreError| format!("the data file {error}");
        let known = store.cards().await.map_err(failed)?;
        let configured: BTreeSet<ProviderId> =
            accounts.iter().map(|account| account.info.id.clone()).collect();
        // Read by an earlier cardtop, however long ago: true as of its time, and not live before
        // this one has read it.
        let why: Arc<str> = "not read yet since the start".into();
        let known = known
            .into_iter()
            .filter(|card| configured.contains(&card.key.provider))
            .map(|card| card.not_after(now))
            .map(|card| (card.key.clone(), Card { balance: card.balance.stale(&why), ..card }));
        let engine = Self(Arc::new(Inner {
            accounts,
            store,
            clock,
            operator,
            news,
            cards: Mutex::new(known.collect()),
            kept: Mutex::default(),
            open: Mutex::default(),
            unwritten: Mutex::default(),
            watched: Mutex::default(),
            forced_read_only: read_only,
            read_only: AtomicBool::new(read_only),
            sending: Sending::default(),
            told: Mutex::default(),
            polling,
            session,
            made: AtomicU16::new(0),
            tasks: Mutex::default(),
            written: Notify::new(),
            unkept: Mutex::new(without_file.then_some(now)),
            runtime: Handle::current(),
        }));
        engine.fetch_adapters();
        match engine.recover().await {
            Err(error) if only_reads && error.is_passing() => {
                engine.note_unkept();
                if let Some(say) = say {
                    say(&engine.unkept_words(&error));
                }
            }
            recovered => drop(recovered.map_err(failed)?),
        }
        for operation in engine.0.store.followed_operations().await.map_err(failed)? {
            engine.lock_open().insert(operation.id, operation);
        }
        let mut complaints = Vec::new();
        if let Some(copy) = engine.0.store.copy_made() {
            complaints.push(format!(
                "the data file of an earlier cardtop was brought up to date; as it was before, it \
                 is kept in {}",
                crate::domain::text::of_path(copy)
            ));
        }
        for (id, roster) in rosters {
            let (sentences, unusable) = match roster {
                Ok(roster) => {
                    engine.merge_roster(roster.cards);
                    (roster.bad.iter().map(ToString::to_string).collect(), false)
                }
                Err(error) => (vec![error], true),
            };
            complaints.extend(sentences.iter().cloned());
            if let Ok(account) = engine.account(&id) {
                account.set_roster(sentences, unusable);
            }
        }
        engine.count_unmapped(None).await;
        for complaint in &complaints {
            tracing::warn!("{complaint}");
        }
        // Most secrets are there at once; then nobody has to hear of the wait.
        let all_there =
            futures::future::join_all(engine.0.accounts.iter().map(|account| account.arrival()));
        let patience = if polling { SECRETS_BEFORE_A_FRAME } else { SECRETS_BEFORE_A_COMMAND };
        let _ = tokio::time::timeout(patience, all_there).await;
        if polling {
            engine.begin(now, complaints);
        }
        Ok((engine, heard))
    }

    /// Tells what is known, then reads for ever.
    fn begin(&self, now: Timestamp, complaints: Vec<String>) {
        let engine = self.clone();
        let first = tokio::spawn(async move {
            engine.emit(EngineEvent::Cards(engine.known_cards().await)).await;
            for account in &engine.0.accounts {
                engine.emit_health(account).await;
            }
            match engine.0.store.newest_operations(OPERATIONS_AT_START).await {
                Ok(operations) => {
                    for operation in operations.into_iter().rev() {
                        engine.emit(EngineEvent::Operation(operation)).await;
                    }
                }
                Err(error) => engine.emit_store_error(&error).await,
            }
            match engine.0.store.newest_transactions(FEED_AT_START).await {
                Ok(rows) => engine.emit(EngineEvent::Transactions(rows)).await,
                Err(error) => engine.emit_store_error(&error).await,
            }
            for complaint in complaints {
                engine.emit(EngineEvent::Broken(complaint)).await;
            }
            for account in &engine.0.accounts {
                let reading = tokio::spawn(engine.clone().read_when_ready(Arc::clone(account)));
                engine.lock_tasks().push(reading);
            }
            engine.follow_others(now).await;
        });
        self.lock_tasks().push(first);
    }

    /// Whether another process wrote into the data file: if so, its operations are told. This costs
    /// next to nothing, so that the board asks it with every second of its clock instead of another
    /// timer waking the processor.
    pub fn glance(&self) {
        if self.0.store.was_written() {
            self.0.written.notify_one();
        }
    }

    /// Tells operations that other processes write into the journal.
    async fn follow_others(&self, mut after: Timestamp) {
        let mut rounds = Instant::now() + OTHERS;
        loop {
            if tokio::time::timeout_at(rounds, self.0.written.notified()).await.is_err() {
                rounds = Instant::now() + OTHERS;
                if self.recover().await.is_err() {
                    continue;
                }
            }
            // After the clock was set back, others write with earlier times.
            after = after.min(self.0.clock.now());
            // Another process may have waited for the disk after it took the time: what was told
            // already is not told twice.
            let from = after.saturating_sub(WAITED_FOR_THE_DISK).unwrap_or(after);
            let Ok(changed) = self.0.store.operations_changed_since(from).await else {
                continue;
            };
            for operation in changed {
                after = after.max(operation.updated_at);
                if self.lock_told().get(&operation.id) != Some(&operation) {
                    self.tell_operation(&operation).await;
                }
            }
        }
    }

    /// Asks, without waiting. The answer comes as news.
    pub fn ask(&self, job: Job) {
        let engine = self.clone();
        match job {
            Job::Refresh(which) => {
                let asked = self
                    .0
                    .accounts
                    .iter()
                    .filter(|account| which.as_ref().is_none_or(|id| *id == account.info.id));
                let asked: Vec<Arc<Account>> = asked.cloned().collect();
                self.go(async move {
                    for account in asked {
                        if let Ok(provider) = account.provider() {
                            provider.try_credentials_again().await;
                        }
                        account.ask_all();
                    }
                });
            }
            Job::RefreshCard(key) => {
                if let Ok(account) = self.account(&key.provider) {
                    account.ask_card(&key);
                }
            }
            Job::Watch { selected, visible } => {
                *self.0.watched.lock().unwrap_or_else(PoisonError::into_inner) =
                    (selected, visible.into_iter().collect());
                for account in &self.0.accounts {
                    account.wake.notify_one();
                }
            }
            Job::Pause { provider, paused } => {
                if let Ok(account) = self.account(&provider) {
                    account.pause(paused);
                    self.go(async move { engine.emit_health(&account).await });
                }
            }
            Job::ReadOnly(read_only) => {
                self.0.read_only.store(read_only || self.0.forced_read_only, Ordering::SeqCst);
                self.go(
                    async move { engine.emit(EngineEvent::ReadOnly(engine.is_read_only())).await },
                );
            }
            Job::Quote { asked, card, amount } => self.go(async move {
                let quote = engine.quote(&card, amount).await.map_err(Arc::new);
                engine.emit(EngineEvent::Quote { asked, quote }).await;
            }),
            Job::RecentCredit { asked, card, amount } => self.go(async move {
                let known =
                    engine.lock_cards().get(&card).cloned().unwrap_or_else(|| Card::unread(card));
                let recent = engine.recent_credit(&known, amount).await.map_err(Arc::new);
                engine.emit(EngineEvent::RecentCredit { asked, recent }).await;
            }),
            Job::Settle(verdict) => self.go(async move {
                let id = verdict.id;
                if let Err(refused) = engine.settle(*verdict).await {
                    engine.emit(EngineEvent::NotSettled { id, why: refused.to_string() }).await;
                }
                engine.tell_steps(id).await;
            }),
            Job::Act(order) => self.go(async move {
                let (id, card) = (order.id, order.card.clone());
                if let Err(refused) = engine.change(*order, Duration::ZERO).await {
                    engine.emit(EngineEvent::Refused { id, card, why: refused.to_string() }).await;
                }
            }),
            Job::Look(id) => self.go(async move {
                match engine.lookup(id).await {
                    Ok(operation) => engine.tell_operation(&operation).await,
                    Err(refused) => engine.emit(EngineEvent::Broken(refused.to_string())).await,
                }
                engine.tell_steps(id).await;
            }),
            Job::Steps(id) => self.go(async move { engine.tell_steps(id).await }),
        }
    }

    /// Runs a job. Should it die, that is told: no question stays without an answer.
    fn go(&self, job: impl Future<Output = ()> + Send + 'static) {
        let engine = self.clone();
        self.0.runtime.spawn(async move {
            if let Err(died) = tokio::spawn(job).await {
                engine.emit(EngineEvent::Broken(format!("cardtop itself failed: {died}"))).await;
            }
        });
    }

    /// Stops reading, waits up to 3 s for changes that are being sent, and leaves the journal as it
    /// is: what is unsettled is looked for at the next start.
    pub async fn stop(&self) {
        for task in self.lock_tasks().drain(..) {
            task.abort();
        }
        let _ = tokio::time::timeout(LAST_WORDS, self.0.sending.none_left()).await;
        self.write_late().await;
    }

    /// How many changes are checked or sent now.
    #[must_use]
    pub fn changes_under_way(&self) -> usize {
        self.0.sending.0.borrow().len()
    }

    /// Those of them that are in the journal.
    #[must_use]
    pub fn being_sent(&self) -> Vec<Operation> {
        self.lock_open()
            .values()
            .filter(|operation| self.0.sending.has(operation.id))
            .cloned()
            .collect()
    }

    /// What is wrong with the rosters, one sentence each.
    #[must_use]
    pub fn roster_troubles(&self) -> Vec<String> {
        self.0.accounts.iter().flat_map(|account| account.roster()).collect()
    }

    /// The accounts.
    #[must_use]
    pub fn providers(&self) -> Vec<ProviderInfo> {
        self.0.accounts.iter().map(|account| account.told_info()).collect()
    }

    /// The accounts whose secrets are still being read, with what is waited for and how long at
    /// most.
    #[must_use]
    pub fn waiting(&self) -> Vec<(ProviderId, Arc<str>)> {
        self.0
            .accounts
            .iter()
            .filter_map(|account| Some((account.info.id.clone(), account.waits_for()?)))
            .collect()
    }

    /// What an account can do, once its secrets are read; `None` when it could not be set up.
    pub async fn capabilities(&self, id: &ProviderId) -> Option<Capabilities> {
        let account = self.account(id).ok()?;
        account.arrival().await;
        account.capabilities()
    }

    /// A new operation's id.
    #[must_use]
    pub fn new_operation_id(&self) -> OperationId {
        OperationId::new(
            self.0.clock.now(),
            self.0.session,
            self.0.made.fetch_add(1, Ordering::Relaxed),
        )
    }

    /// Whether every change is refused.
    #[must_use]
    pub fn is_read_only(&self) -> bool {
        self.0.read_only.load(Ordering::SeqCst)
    }

    /// The roster's cards become known; what was read of them before stays, but the roster's words
    /// win.
    fn merge_roster(&self, cards: Vec<Card>) {
        let mut known = self.lock_cards();
        for card in cards {
            let merged = match known.remove(&card.key) {
                Some(older) => card.over(older),
                None => card,
            };
            known.insert(merged.key.clone(), merged);
        }
    }

    async fn emit(&self, news: EngineEvent) {
        // Nobody listens on the command line: that is no trouble.
        let _ = self.0.news.send(news).await;
    }

    async fn tell_operation(&self, operation: &Operation) {
        {
            let mut open = self.lock_open();
            if operation.is_followed() {
                open.insert(operation.id, operation.clone());
            } else {
                open.remove(&operation.id);
            }
        }
        self.lock_told().insert(operation.id, operation.clone());
        if let Ok(account) = self.account(&operation.card.provider) {
            account.wake.notify_one();
        }
        self.emit(EngineEvent::Operation(operation.clone())).await;
    }

    async fn tell_steps(&self, id: OperationId) {
        match self.steps(id).await {
            Ok(steps) => self.emit(EngineEvent::Steps { id, steps }).await,
            Err(words) => self.emit(EngineEvent::Broken(words)).await,
        }
    }

    fn account(&self, id: &ProviderId) -> std::result::Result<Arc<Account>, Error> {
        let found = self.0.accounts.iter().find(|account| account.info.id == *id);
        found
            .cloned()
            .ok_or_else(|| Error::new(id, ErrorKind::NotOffered, "this provider is not configured"))
    }

    fn cards_of(&self, id: &ProviderId) -> Vec<Card> {
        self.lock_cards().values().filter(|card| card.key.provider == *id).cloned().collect()
    }

    fn open_of(&self, id: &ProviderId) -> Vec<Operation> {
        self.lock_open()
            .values()
            .filter(|operation| operation.card.provider == *id)
            .cloned()
            .collect()
    }

    fn watched(&self) -> Watched {
        self.0.watched.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn lock_cards(&self) -> MutexGuard<'_, BTreeMap<CardKey, Card>> {
        self.0.cards.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock_kept(&self) -> MutexGuard<'_, BTreeMap<CardKey, Timestamp>> {
        self.0.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock_open(&self) -> MutexGuard<'_, BTreeMap<OperationId, Operation>> {
        self.0.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock_unwritten(&self) -> MutexGuard<'_, Vec<(OperationId, Finding)>> {
        self.0.unwritten.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock_told(&self) -> MutexGuard<'_, BTreeMap<OperationId, Operation>> {
        self.0.told.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock_tasks(&self) -> MutexGuard<'_, Vec<JoinHandle<()>>> {
        self.0.tasks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Sets an account up. Whatever is wrong with it is kept as a sentence; the other accounts are not
/// touched by it.
fn account(
    config: ProviderConfig,
    session: u64,
    clock: &Clock,
    transport: Option<&MakeTransport>,
) -> Account {
    let http = match transport {
        Some(make) => {
            Ok(Http::with_transport(&config.name, make(&config), clock.clone(), config.timeout))
        }
        None => Http::over_network(&config, clock.clone()),
    };
    let (adapter, http) = match http {
        Ok(http) => (Adapter::pending(&config), Some(http)),
        Err(words) => (Adapter::Failed(words.into()), None),
    };
    let info = ProviderInfo {
        id: config.name.clone(),
        kind: config.kind(),
        ids: config.ids(),
        environment: config.environment,
        read_only: config.read_only,
        capabilities: None,
        rate_limit: config.rate_limit,
        proxy: http.as_ref().and_then(Http::proxy),
    };
    Account::new(info, config, adapter, http, session, clock.now())
}

/// The changes that this engine is sending.
struct Sending(watch::Sender<BTreeSet<OperationId>>);

impl Default for Sending {
    fn default() -> Self {
        Self(watch::Sender::new(BTreeSet::new()))
    }
}

impl Sending {
    fn enter(&self, id: OperationId) -> OneSending<'_> {
        self.0.send_modify(|ids| {
            ids.insert(id);
        });
        OneSending(&self.0, id)
    }

    fn has(&self, id: OperationId) -> bool {
        self.0.borrow().contains(&id)
    }

    async fn none_left(&self) {
        let _ = self.0.subscribe().wait_for(BTreeSet::is_empty).await;
    }
}

struct OneSending<'a>(&'a watch::Sender<BTreeSet<OperationId>>, OperationId);

impl Drop for OneSending<'_> {
    fn drop(&mut self) {
        self.0.send_modify(|ids| {
            ids.remove(&self.1);
        });
    }
}

/// What is asked of the engine. Nothing here blocks the asker.
#[derive(Debug)]
pub enum Job {
    /// Read everything of one provider, or of all, as soon as its budget allows.
    Refresh(Option<ProviderId>),
    /// Read one card and its newest transactions now.
    RefreshCard(CardKey),
    /// Which card is selected and which are on screen: they are read first.
    Watch {
        /// The card under the cursor.
        selected: Option<CardKey>,
        /// Cards that can be seen.
        visible: Vec<CardKey>,
    },
    /// What a top-up would cost. Answered by [`EngineEvent::Quote`] with the same `asked`.
    Quote {
        /// Number of the question.
        asked: u64,
        /// The card.
        card: CardKey,
        /// The amount.
        amount: Money,
    },
    /// Whether the card's list shows an equal top-up of the last minutes. Answered by
    /// [`EngineEvent::RecentCredit`] with the same `asked`.
    RecentCredit {
        /// Number of the question.
        asked: u64,
        /// The card.
        card: CardKey,
        /// The amount.
        amount: Money,
    },
    /// A person's word on an operation that nothing that can be read settles. Answered by
    /// [`EngineEvent::Operation`], or by [`EngineEvent::NotSettled`] when nothing was written.
    Settle(Box<Verdict>),
    /// Ask for a change. Answered by [`EngineEvent::Operation`] at every step, or by [`EngineEvent::Refused`]
    /// when nothing was sent.
    Act(Box<ChangeRequest>),
    /// Look again for the fate of an operation, by reading only.
    Look(OperationId),
    /// The journal's lines of an operation. Answered by [`EngineEvent::Steps`].
    Steps(OperationId),
    /// Stop or resume background reading of one provider.
    Pause {
        /// The provider.
        provider: ProviderId,
        /// Whether it pauses.
        paused: bool,
    },
    /// Refuse changes from now on, or allow them again where configuration and flags do.
    ReadOnly(bool),
}

/// One change, as the operator confirmed it.
#[derive(Debug)]
pub struct ChangeRequest {
    /// Made before anything is sent.
    pub id: OperationId,
    /// The card, by identity.
    pub card: CardKey,
    /// What is to be done, with its data.
    pub action: Action,
    /// The operator's reason.
    pub reason: Option<Arc<str>>,
    /// What the operator saw when confirming: the change is refused when a fresh reading differs.
    pub shown: Expected,
    /// Whether the operator chose to send although an earlier one is not settled, or an equal one
    /// came a moment ago.
    pub on_conflict: OnConflict,
    /// The equal top-up of the last minutes that the operator was shown in the card's list and
    /// confirmed all the same.
    pub recent_credit: Option<Arc<str>>,
    /// The id of the account that the operator was told would pay, where the provider has several:
    /// no other pays.
    pub payer: Option<Arc<str>>,
}

/// What a dialog showed of the card. `None` is not compared.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Expected {
    /// The state.
    pub state: Option<CardState>,
    /// What was available.
    pub available: Option<Money>,
}

/// What the engine tells.
#[derive(Clone, Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "an operation is told whole and seldom; boxing it would only add noise"
)]
pub enum EngineEvent {
    /// Cards that are new or changed, each whole.
    Cards(Vec<Card>),
    /// Cards of a provider whose figures are possibly old from now on, and why.
    Stale {
        /// The provider.
        provider: ProviderId,
        /// Why nothing newer could be read.
        why: Arc<str>,
    },
    /// Transactions that are new or changed, in any order; one with a known id replaces it.
    Transactions(Vec<Transaction>),
    /// An operation, new or moved on.
    Operation(Operation),
    /// A change that was refused before anything was sent.
    Refused {
        /// The order's id.
        id: OperationId,
        /// The card.
        card: CardKey,
        /// One sentence.
        why: String,
    },
    /// The lines of an operation's journal.
    Steps {
        /// The operation.
        id: OperationId,
        /// Oldest first.
        steps: Vec<Step>,
    },
    /// The merchant's money at a provider.
    Float {
        /// The provider.
        provider: ProviderId,
        /// One sum a currency.
        float: Vec<Money>,
        /// When it was read.
        at: Timestamp,
    },
    /// What a top-up would cost.
    Quote {
        /// Number of the question.
        asked: u64,
        /// The quote, or why there is none.
        quote: Result<Quote, Arc<Error>>,
    },
    /// Whether the card's list shows an equal top-up of the last minutes.
    RecentCredit {
        /// Number of the question.
        asked: u64,
        /// The newest one, or why the list cannot be read.
        recent: Result<Option<RecentCredit>, Arc<Error>>,
    },
    /// A person's word on an operation was not taken, and why: one sentence.
    NotSettled {
        /// The operation.
        id: OperationId,
        /// One sentence.
        why: String,
    },
    /// How a provider is.
    Health(Box<Health>),
    /// What a provider can do is known now, or that it cannot be set up.
    Provider(Box<ProviderInfo>),
    /// Changes are refused, or allowed again.
    ReadOnly(bool),
    /// A part of cardtop itself failed; one sentence.
    Broken(String),
}

/// What is fixed of a provider account while cardtop runs.
#[derive(Clone, Debug)]
pub struct ProviderInfo {
    /// Its name.
    pub id: ProviderId,
    /// The word after `kind =` in the configuration.
    pub kind: &'static str,
    /// The forms of its ids.
    pub ids: Ids,
    /// Whether real money is behind it.
    pub environment: Environment,
    /// Refuses every change, by configuration.
    pub read_only: bool,
    /// What it can do; `None` when it could not be set up, or not yet (its health says why).
    pub capabilities: Option<Capabilities>,
    /// Requests a minute at most.
    pub rate_limit: u32,
    /// The proxy on the way to it, by host, port and the variable that names it.
    pub proxy: Option<Arc<str>>,
}

/// How a provider is doing.
#[derive(Clone, Debug)]
pub struct Health {
    /// The provider.
    pub provider: ProviderId,
    /// In one word.
    pub state: HealthState,
    /// Since when it is in this state.
    pub since: Timestamp,
    /// Last answer that could be used.
    pub last_good: Option<Timestamp>,
    /// When it will be tried again, while it is DOWN or waits.
    pub next_try: Option<Timestamp>,
    /// What was wrong the last time, in words.
    pub why: Option<Arc<str>>,
    /// Requests in the last minute.
    pub calls_last_minute: u32,
    /// Failed requests in the last five minutes.
    pub errors_5m: u32,
    /// How many cards it has; `None` while its list was never read and none is known from
    /// elsewhere.
    pub cards: Option<usize>,
    /// What the newest readings of its lists lacked.
    pub completeness: Completeness,
    /// Words for states that are not mapped, and how many rows and cards have each.
    pub unmapped: BTreeMap<Arc<str>, u64>,
    /// What is wrong with its roster, one sentence each.
    pub roster: Vec<String>,
    /// Provider's clock minus ours, in seconds.
    pub skew: Option<i64>,
    /// Milliseconds that the last answers took, median.
    pub latency_ms: Option<u64>,
}

/// A provider's health in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HealthState {
    /// Answers.
    Ok,
    /// Answers late, or some reads fail.
    Slow,
    /// Does not answer.
    Down,
    /// Not read, because the operator said so.
    Paused,
    /// Refuses the credentials, or has none.
    Auth,
    /// Not read yet: its secrets are waited for.
    Waiting,
}

impl HealthState {
    /// The word on screen and in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::Slow => "SLOW",
            Self::Down => "DOWN",
            Self::Paused => "PAUSED",
            Self::Auth => "AUTH",
            Self::Waiting => "WAIT",
        }
    }
}
