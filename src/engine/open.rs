//! Opening an engine: the data file, the accounts, what is known of them, and what earlier
//! processes left behind.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::mpsc;

use super::account::Account;
use super::adapter::Adapter;
use super::card_book::CardBook;
use super::operations::Operations;
use super::outbox::Outbox;
use super::session::session_number;
use super::start::RosterFile;
use super::{Background, Engine, EngineEvent, Inner, ProviderInfo, ReadOnly};
use crate::clock::Clock;
use crate::domain::card::{Ids, ProviderId};
use crate::domain::text;
use crate::engine::saving::SaveGate;
use crate::engine::told::Told;
use crate::engine::webhooks::Inbox;
use crate::provider::http::{Http, Transport};
use crate::provider::{Config, ProviderConfig};
use crate::store::{Store, StoreError};

/// Events that may wait to be received before reading pauses.
const EVENTS_WAITING: usize = 1_024;

/// How long the start waits for secrets before it says so: of the board, whose first frame comes
/// after it, and of commands.
const SECRETS_BEFORE_A_FRAME: Duration = Duration::from_millis(20);
const SECRETS_BEFORE_A_COMMAND: Duration = Duration::from_secs(1);

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
    /// What the engine is for.
    pub purpose: Purpose,
    /// Another way to the providers than the network, for tests.
    pub transport: Option<MakeTransport>,
}

/// What an engine is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// A board: everything is read in the background, once [`Engine::begin`] was called.
    Board,
    /// A command about cards: they are known once it is open, and read when asked.
    Cards,
    /// A command about the journal: no card is loaded, no secret is read, no provider can be
    /// asked.
    Journal,
}

/// What a board's engine begins with once the first frame is on the screen.
struct Beginning {
    opened_at: Timestamp,
    /// Rosters that are too large to be read before.
    rosters: Vec<RosterFile>,
    /// What a person should know, one sentence each.
    complaints: Vec<String>,
}

/// A [`Beginning`] until it is begun.
#[derive(Default)]
pub(super) struct Pending(Mutex<Option<Beginning>>);

impl Pending {
    fn put(&self, beginning: Beginning) {
        *self.lock() = Some(beginning);
    }

    fn take(&self) -> Option<Beginning> {
        self.lock().take()
    }

    fn lock(&self) -> MutexGuard<'_, Option<Beginning>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Makes the transport of an account.
pub type MakeTransport = Arc<dyn Fn(&ProviderConfig) -> Box<dyn Transport> + Send + Sync>;

/// An engine, and where its events arrive.
type Opened = (Engine, mpsc::Receiver<EngineEvent>);

/// Tells a person one sentence.
type Say<'a> = &'a (dyn Fn(&str) + Send + Sync);

/// What opening reads from the disk, off the async threads.
struct FromDisk {
    store: Store,
    /// Why the data file cannot be used, where a store in memory stands in for it.
    unusable: Option<String>,
    accounts: Vec<Arc<Account>>,
    rosters: Vec<RosterFile>,
}

/// Why an engine could not be opened; nothing was sent and nothing in the data file was changed.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The data file cannot be used. One sentence.
    #[error("{0}")]
    DataFile(String),
    /// This machine refused something that is needed. One sentence.
    #[error("{0}")]
    System(String),
}

impl Engine {
    /// Opens the data file and sets up every account. An account that cannot be set up is AUTH, the
    /// others work.
    ///
    /// # Errors
    /// When the data file cannot be used; nothing was sent and nothing in it was changed.
    pub async fn open(setup: Setup) -> Result<Opened, OpenError> {
        Self::open_or(setup, None).await
    }

    /// The same for what only reads: where the disk is full or another process holds the data file,
    /// nothing is kept, every change is refused, and `say` gets one sentence about it.
    ///
    /// # Errors
    /// When the data file cannot be used for another reason.
    pub async fn open_to_read(
        setup: Setup,
        say: impl Fn(&str) + Send + Sync,
    ) -> Result<Opened, OpenError> {
        Self::open_or(setup, Some(&say)).await
    }

    async fn open_or(setup: Setup, say: Option<Say<'_>>) -> Result<Opened, OpenError> {
        let (operator, clock, purpose) =
            (Arc::clone(&setup.operator), setup.clock.clone(), setup.purpose);
        let polling = purpose == Purpose::Board;
        let (outbox, receiver) = Outbox::new(EVENTS_WAITING);
        let (now, in_memory) = (clock.now(), setup.config.board.in_memory);
        let session = session_number().map_err(|error| OpenError::System(error.to_string()))?;
        let (only_reads, read_only) = (say.is_some(), setup.read_only);
        let read = tokio::task::spawn_blocking(move || from_disk(setup, session, only_reads, now));
        let FromDisk { store, unusable, accounts, rosters } =
            read.await.map_err(|error| OpenError::System(error.to_string()))??;
        let without_file = unusable.is_some();
        if let (Some(say), Some(why)) = (say, unusable) {
            say(&format!("{why}; what is read is shown and not kept"));
        }
        let engine = Self(Arc::new(Inner {
            accounts,
            store,
            clock,
            outbox,
            cards: CardBook::default(),
            operations: Operations::new(session, operator),
            read_only: ReadOnly::new(read_only || without_file),
            polling,
            saving: SaveGate::new(without_file.then_some(now)),
            told: Told::new(in_memory),
            inbox: Inbox::new(),
            background: Background::here(),
        }));
        if purpose != Purpose::Journal {
            engine.fetch_adapters();
        }
        engine.recover_at_start(say).await?;
        let copied = engine.0.store.copy_made().map(copied);
        match purpose {
            Purpose::Board => {
                engine.wait_for_most_secrets().await;
                let (rosters, complaints) =
                    engine.emit_first(rosters).await.map_err(of_data_file)?;
                let complaints = copied.into_iter().chain(complaints).collect();
                engine.0.background.beginning.put(Beginning {
                    opened_at: now,
                    rosters,
                    complaints,
                });
            }
            Purpose::Cards => {
                let complaints = engine.know_all_cards(rosters).await.map_err(of_data_file)?;
                engine.0.cards.note_whole();
                engine.count_unmapped(None).await;
                for complaint in copied.iter().chain(&complaints) {
                    tracing::warn!("{complaint}");
                }
                engine.wait_for_most_secrets().await;
            }
            Purpose::Journal => {}
        }
        Ok((engine, receiver))
    }

    /// Finds what earlier processes left behind, and what is not settled yet.
    async fn recover_at_start(&self, say: Option<Say<'_>>) -> Result<(), OpenError> {
        match (self.recover().await, say) {
            (Ok(_), _) => {}
            (Err(error), Some(say)) if error.is_passing() => {
                self.0.saving.note_failure(self.0.clock.now());
                say(&self.unsaved_words(&error));
            }
            (Err(error), _) => return Err(of_data_file(error)),
        }
        for operation in self.0.store.followed_operations().await.map_err(of_data_file)? {
            self.0.operations.update(&operation);
        }
        Ok(())
    }

    /// Most secrets are there at once; then the wait need not be shown.
    async fn wait_for_most_secrets(&self) {
        let all_there =
            futures::future::join_all(self.0.accounts.iter().map(|account| account.arrival()));
        let patience =
            if self.0.polling { SECRETS_BEFORE_A_FRAME } else { SECRETS_BEFORE_A_COMMAND };
        let _ = tokio::time::timeout(patience, all_there).await;
    }

    /// Emits what the first frame does not need, then reads for ever: as soon as that frame is on
    /// the screen, so that it shares neither disk nor processors with them. Does nothing where it
    /// was begun before, or where the engine is for something else than a board.
    pub fn begin(&self) {
        let Some(Beginning { opened_at, rosters, complaints }) = self.0.background.beginning.take()
        else {
            return;
        };
        let engine = self.clone();
        // The board's loop has a runtime of its own, and this is not to keep it waiting.
        let behind = self.0.background.runtime.spawn(async move {
            engine.complain(complaints).await;
            engine.0.background.keep(tokio::spawn(engine.clone().emit_history()));
            engine.0.background.keep(tokio::spawn(engine.clone().follow_column_file()));
            engine.count_unmapped(None).await;
            engine.emit_other_cards(rosters).await;
            for account in &engine.0.accounts {
                let reading = tokio::spawn(engine.clone().read_when_ready(Arc::clone(account)));
                engine.0.background.keep(reading);
            }
            engine.emit_journal().await;
            engine.follow_pushes().await;
            engine.follow_others(opened_at).await;
        });
        self.0.background.keep(behind);
    }
}

/// Opens the data file and sets up the accounts.
fn from_disk(
    setup: Setup,
    session: u64,
    only_reads: bool,
    now: Timestamp,
) -> Result<FromDisk, OpenError> {
    let Setup { config, data, notes, only, clock, transport, .. } = setup;
    let ids: BTreeMap<ProviderId, Ids> =
        config.providers.iter().map(|each| (each.name.clone(), each.ids())).collect();
    let (store, unusable) = match Store::open_with(&data, &ids, notes.as_deref(), now) {
        Ok(store) => (store, None),
        Err(error) if only_reads && error.passing => {
            let memory = Store::in_memory(&data, &ids);
            (memory.map_err(|error| OpenError::DataFile(error.to_string()))?, Some(error.words))
        }
        Err(error) => return Err(OpenError::DataFile(error.to_string())),
    };
    let mut rosters = Vec::new();
    let mut accounts = Vec::new();
    for provider in config.providers {
        if only.as_ref().is_some_and(|only| *only != provider.name) {
            continue;
        }
        if let Some(path) = &provider.roster {
            let (name, form) = (provider.name.clone(), provider.ids().cards);
            rosters.push(RosterFile { provider: name, form, path: path.clone() });
        }
        accounts.push(Arc::new(account(provider, session, &clock, transport.as_ref())));
    }
    Ok(FromDisk { store, unusable, accounts, rosters })
}

/// What a person should know of the copy that was made of the data file.
fn copied(copy: &Path) -> String {
    format!(
        "the data file of an earlier cardtop was brought up to date; as it was before, it is kept \
         in {}",
        text::of_path(copy)
    )
}

fn of_data_file(error: StoreError) -> OpenError {
    OpenError::DataFile(format!("the data file {error}"))
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
        poll: config.poll,
        proxy: http.as_ref().and_then(Http::proxy),
    };
    Account::new(info, config, adapter, http, session, clock.now())
}
