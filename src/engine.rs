//! The only thing that talks to providers and the store, and the only place that may send a change.
//!
//! It is asked with [`Job`]s and tells with [`News`]; every job ends in one.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::mpsc;

use crate::clock::Clock;
use crate::config::{Config, Environment};
use crate::domain::card::{Card, CardKey, CardState, ProviderId};
use crate::domain::money::Money;
pub use crate::domain::operation::Step;
use crate::domain::operation::{Action, Capabilities, Operation, OperationId};
use crate::domain::transaction::Transaction;
use crate::provider::{Error, Quote};

/// The engine's handle; clones lead to the same engine.
#[derive(Clone)]
pub struct Engine(Arc<Inner>);

struct Inner;

/// What an engine is made of.
pub struct Setup {
    /// The accounts.
    pub config: Config,
    /// Folder of the data file.
    pub data: PathBuf,
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
}

/// What one provider said to a read; the others' answers are not touched by its failure.
pub type Said<T> = Vec<(ProviderId, std::result::Result<T, Error>)>;

/// Why a change was refused before anything was sent, or what stopped it.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// Not allowed: read-only, not offered, closed, changed since it was shown, an earlier one open. One sentence.
    #[error("{0}")]
    Denied(String),
    /// The provider could not be read before sending.
    #[error("{0}; nothing was sent")]
    Unread(Error),
    /// The journal could not be written. One sentence.
    #[error("{0}")]
    Journal(String),
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

impl Engine {
    /// Opens the data file and sets up every account. An account that cannot be set up is AUTH, the others work.
    ///
    /// # Errors
    /// One sentence, when the data file cannot be used; nothing was sent and nothing in it was changed.
    pub async fn open(_setup: Setup) -> std::result::Result<(Self, mpsc::Receiver<News>), String> {
        todo!()
    }

    /// Asks, without waiting. The answer comes as news.
    pub fn ask(&self, _job: Job) {
        todo!()
    }

    /// Stops reading, waits up to 3 s for changes that are being sent, and closes the data file.
    pub async fn stop(&self) {
        todo!()
    }

    /// The accounts.
    #[must_use]
    pub fn providers(&self) -> Vec<ProviderInfo> {
        todo!()
    }

    /// Cards that the data file knows, however old.
    pub async fn known_cards(&self) -> Vec<Card> {
        todo!()
    }

    /// Reads all cards now: the list where there is one, else every card of the roster.
    pub async fn read_cards(&self) -> Said<Vec<Card>> {
        todo!()
    }

    /// Reads one card now.
    ///
    /// # Errors
    /// What the provider said.
    pub async fn read_card(&self, _key: &CardKey) -> std::result::Result<Card, Error> {
        todo!()
    }

    /// Reads transactions now: of all cards, or of one.
    pub async fn read_transactions(
        &self,
        _since: Timestamp,
        _until: Timestamp,
        _card: Option<&CardKey>,
    ) -> Said<Vec<Transaction>> {
        todo!()
    }

    /// Reads the health and float of every provider now.
    pub async fn read_providers(&self) -> Vec<ProviderReport> {
        todo!()
    }

    /// What a top-up would cost.
    ///
    /// # Errors
    /// What the provider said, or that it quotes nothing.
    pub async fn quote(&self, _key: &CardKey, _amount: Money) -> std::result::Result<Quote, Error> {
        todo!()
    }

    /// Asks for a change and waits for its proof, at most `wait`. What comes back is the operation as it then is.
    ///
    /// # Errors
    /// When nothing was sent.
    pub async fn change(&self, _order: Order, _wait: Duration) -> std::result::Result<Operation, Refused> {
        todo!()
    }

    /// A new operation's id.
    #[must_use]
    pub fn new_operation_id(&self) -> OperationId {
        todo!()
    }

    /// Every operation of the journal, newest first.
    ///
    /// # Errors
    /// One sentence, when the journal cannot be read.
    pub async fn operations(&self) -> std::result::Result<Vec<Operation>, String> {
        todo!()
    }

    /// The journal's lines of an operation, oldest first.
    ///
    /// # Errors
    /// One sentence, when the journal cannot be read.
    pub async fn steps(&self, _id: OperationId) -> std::result::Result<Vec<Step>, String> {
        todo!()
    }

    /// Looks for the fate of an operation now, by reading only, and writes what was found into the journal.
    ///
    /// # Errors
    /// One sentence: no such operation, or the provider could not be read.
    pub async fn check(&self, _id: OperationId) -> std::result::Result<Operation, Refused> {
        todo!()
    }

    /// Checks the journal's hash chain: how many lines it has.
    ///
    /// # Errors
    /// Where it breaks, in one sentence.
    pub async fn verify(&self) -> std::result::Result<u64, String> {
        todo!()
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
    /// What a top-up would cost. Answered by [`News::Quote`] with the same `asked`.
    Quote {
        /// Number of the question.
        asked: u64,
        /// The card.
        card: CardKey,
        /// The amount.
        amount: Money,
    },
    /// Ask for a change. Answered by [`News::Operation`] at every step, or by [`News::Refused`] when nothing was sent.
    Act(Box<Order>),
    /// Look again for the fate of an operation, by reading only.
    Look(OperationId),
    /// The journal's lines of an operation. Answered by [`News::Steps`].
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
pub struct Order {
    /// Made before anything is sent.
    pub id: OperationId,
    /// The card, by identity.
    pub card: CardKey,
    /// What is to be done, with its data.
    pub action: Action,
    /// The operator's reason.
    pub reason: Option<Arc<str>>,
    /// What the operator saw when confirming: the change is refused when a fresh reading differs.
    pub shown: Shown,
    /// The operator typed `SECOND <last4>`: send although an earlier one is not settled.
    pub second: bool,
}

/// What a dialog showed of the card. `None` is not compared.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Shown {
    /// The state.
    pub state: Option<CardState>,
    /// What was available.
    pub available: Option<Money>,
}

/// What the engine tells.
#[derive(Clone, Debug)]
pub enum News {
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
    /// How a provider is.
    Health(Box<Health>),
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
    /// `artha`, `banana`, `enkash` or `ibanera`.
    pub kind: &'static str,
    /// Whether real money is behind it.
    pub environment: Environment,
    /// Refuses every change, by configuration.
    pub read_only: bool,
    /// What it can do; `None` when it could not be set up (its health says why).
    pub can: Option<Capabilities>,
    /// Requests a minute at most.
    pub rate_limit: u32,
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
    /// Cards known.
    pub cards: usize,
    /// Rows that could not be read, since the start.
    pub odd_rows: u64,
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
}

impl HealthState {
    /// The word on screen and in JSON.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::Slow => "SLOW",
            Self::Down => "DOWN",
            Self::Paused => "PAUSED",
            Self::Auth => "AUTH",
        }
    }
}
