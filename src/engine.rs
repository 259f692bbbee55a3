//! The only thing that talks to providers and the store, and the only place that may send a change.
//!
//! It is asked with [`Job`]s and answers with [`EngineEvent`]s; every job ends in one.

mod account;
mod adapter;
mod announce;
mod arrival;
mod baseline;
mod card_book;
mod change;
mod data_check;
mod events;
mod health;
mod history;
mod jobs;
mod journal;
mod kept;
mod lists;
mod lookup;
mod older;
mod open;
mod operations;
mod others;
mod outages;
mod outbox;
mod push_records;
mod queue;
mod read;
mod saving;
pub mod schedule;
mod session;
mod settle;
mod start;
mod stored;
mod told;
mod transactions;
mod typing;
mod webhooks;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use self::account::Account;
use self::adapter::Adapter;
pub use self::baseline::RecentCredit;
use self::card_book::CardBook;
pub use self::data_check::{DataCheck, check_data};
pub use self::events::{ChangeRequest, EngineEvent, Expected, Job};
pub use self::health::{Health, HealthState, ProviderInfo, ProviderReport, PushFigures, PushGap};
pub use self::kept::{KeptExtent, KeptLists, KeptTransactions, rows_to_rewrite};
pub use self::lists::{Listing, unread_part};
pub use self::older::OlderPage;
use self::open::Pending;
pub use self::open::{MakeTransport, OpenError, Purpose, Setup};
use self::operations::Operations;
use self::outbox::Outbox;
pub use self::queue::{QUEUE_KEEPS, QueueEnd, QueuedFreeze};
use self::saving::SaveGate;
pub use self::session::session_number;
pub use self::settle::{Verdict, confirmation};
pub use self::start::FIRST_CARDS;
use self::told::Told;
use self::typing::Typing;
use self::webhooks::Inbox;
pub use self::webhooks::{Acknowledgement, Delivery, Received, RejectionKind};
use crate::clock::Clock;
use crate::domain::card::{Card, CardRecord, ProviderId};
pub use crate::domain::operation::Step;
use crate::domain::operation::{Capabilities, Operation, OperationId, Refusal};
pub use crate::provider::{Error, ErrorKind, Payer, Quote};
use crate::store::Store;
pub use crate::store::{Claim, Page, PageKey, Verified};

/// How long the end waits for changes that are being sent.
pub const LAST_WORDS: Duration = Duration::from_secs(3);

/// The engine's handle; clones lead to the same engine.
#[derive(Clone)]
pub struct Engine(Arc<Inner>);

struct Inner {
    accounts: Vec<Arc<Account>>,
    store: Store,
    clock: Clock,
    outbox: Outbox,
    cards: CardBook,
    operations: Operations,
    read_only: ReadOnly,
    /// Reads in the background, and then waits for no account's secrets.
    polling: bool,
    saving: SaveGate,
    told: Told,
    inbox: Inbox,
    background: Background,
}

/// Whether every change is refused.
struct ReadOnly {
    /// By a flag, or because the data file cannot be used: no key undoes it.
    forced: bool,
    on: AtomicBool,
}

impl ReadOnly {
    const fn new(forced: bool) -> Self {
        Self { forced, on: AtomicBool::new(forced) }
    }

    fn set(&self, on: bool) {
        self.on.store(on || self.forced, Ordering::SeqCst);
    }
}

/// What runs until the engine stops.
struct Background {
    tasks: Mutex<Vec<JoinHandle<()>>>,
    /// Another process wrote into the data file.
    written: Notify,
    /// The operator's keys, for which some of it waits.
    typing: Mutex<Typing>,
    /// Where the work is done, wherever it is asked from.
    runtime: Handle,
    /// What a board's engine has not begun with yet.
    beginning: Pending,
}

impl Background {
    /// On the runtime of the caller.
    fn here() -> Self {
        Self {
            tasks: Mutex::default(),
            written: Notify::new(),
            typing: Mutex::default(),
            runtime: Handle::current(),
            beginning: Pending::default(),
        }
    }

    fn tasks(&self) -> MutexGuard<'_, Vec<JoinHandle<()>>> {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends this task when the engine stops.
    fn keep(&self, task: JoinHandle<()>) {
        self.tasks().push(task);
    }
}

/// The answer of each provider to a read: the failure of one does not touch the others.
pub type PerProvider<T> = Vec<(ProviderId, Result<T, Error>)>;

/// Why a change was refused before anything was sent, or what stopped it.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// Not allowed now.
    #[error("{}", .0.not_sent())]
    Denied(Refusal),
    /// A person's word on an operation is not taken; nothing was changed. One sentence.
    #[error("{0}")]
    NotSettled(String),
    /// That an operation did not happen was not confirmed; nothing was changed.
    #[error(
        "to settle it as failed the card's digits have to be typed: {wanted}; nothing was changed"
    )]
    NotConfirmed {
        /// What has to be typed.
        wanted: String,
    },
    /// The journal has no operation of this id.
    #[error("there is no operation {0} in the journal")]
    NoSuchOperation(OperationId),
    /// The card's list shows an equal top-up of the last minutes that the operator was not shown.
    #[error("not sent: {words}")]
    Repeats {
        /// Which one, as a sentence part.
        words: String,
        /// The top-up's canonical id.
        credit: Arc<str>,
    },
    /// The provider could not be read before sending.
    #[error("{0}; nothing was sent")]
    Unread(Error),
    /// The journal did not take it: nothing was sent. One sentence.
    #[error("{0}")]
    Journal(String),
    /// It waited too long, or another process gave it up before it was sent: nothing was sent. One
    /// sentence.
    #[error("{0}")]
    TooLate(String),
    /// cardtop itself broke: what the journal holds of the change is what counts. One sentence.
    #[error("{0}")]
    Died(String),
}

impl Engine {
    /// Stops reading, drops the freezes that only wait, waits up to 3 s for changes that are being
    /// sent, and leaves the journal as it is: what is unsettled is looked up at the next start.
    pub async fn stop(&self) {
        self.0.operations.queue.take_all();
        for task in self.0.background.tasks().drain(..) {
            task.abort();
        }
        let _ = tokio::time::timeout(LAST_WORDS, self.0.operations.all_sent()).await;
        self.write_late().await;
    }

    /// Ends with the process, once it was stopped: lets go of the adapters, which wipe their
    /// secrets, and frees nothing else.
    pub fn leave(self) {
        for account in &self.0.accounts {
            account.set_adapter(Adapter::Failed("cardtop ends".into()), self.0.clock.now());
        }
        std::mem::forget(self);
    }

    /// How many changes are checked or sent now.
    #[must_use]
    pub fn changes_under_way(&self) -> usize {
        self.0.operations.sending_count()
    }

    /// Those of them that are in the journal.
    #[must_use]
    pub fn being_sent(&self) -> Vec<Operation> {
        self.0.operations.being_sent()
    }

    /// What is wrong with the rosters, one sentence each.
    #[must_use]
    pub fn roster_troubles(&self) -> Vec<String> {
        self.0.accounts.iter().flat_map(|account| account.roster_troubles()).collect()
    }

    /// The accounts.
    #[must_use]
    pub fn providers(&self) -> Vec<ProviderInfo> {
        self.0.accounts.iter().map(|account| account.current_info()).collect()
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
        self.0.operations.new_id(self.0.clock.now())
    }

    /// Whether every change is refused.
    #[must_use]
    pub fn is_read_only(&self) -> bool {
        self.0.read_only.on.load(Ordering::SeqCst)
    }

    /// Cards that are known, however old, in the order of their keys.
    pub async fn known_cards(&self) -> Vec<Arc<Card>> {
        self.0.cards.cards(None)
    }

    /// The same as they are kept: shared, not copied.
    pub async fn known_records(&self) -> Vec<Arc<CardRecord>> {
        self.0.cards.all()
    }

    fn account(&self, id: &ProviderId) -> Result<Arc<Account>, Error> {
        let found = self.0.accounts.iter().find(|account| account.info.id == *id);
        found
            .cloned()
            .ok_or_else(|| Error::new(id, ErrorKind::NotOffered, "this provider is not configured"))
    }
}

#[cfg(test)]
mod tests;
