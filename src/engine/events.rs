//! What is asked of the engine, and what it answers.

use std::sync::Arc;

use jiff::Timestamp;

use super::{
    Error, Health, OlderPage, PageKey, ProviderInfo, QueueEnd, QueuedFreeze, Quote, RecentCredit,
    Step, Verdict,
};
use crate::domain::card::{CardKey, CardRecord, CardState, ProviderId};
use crate::domain::coverage::Covered;
use crate::domain::money::Money;
use crate::domain::operation::{Action, OnConflict, Operation, OperationId};
use crate::domain::transaction::RowNews;
use crate::ledger::Ledger;

/// What is asked of the engine. Nothing here blocks the asker.
#[derive(Debug)]
pub enum Job {
    /// Read everything of one provider, or of all, as soon as its budget allows.
    Refresh(Option<ProviderId>),
    /// Read one card and its newest transactions now.
    RefreshCard(CardKey),
    /// Read one card now because the operator wants it, even while its provider is DOWN and its
    /// next try is later.
    TryCard(CardKey),
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
    /// The cards that a board shows first, in its order: the next start begins with them.
    NoteFirstCards(Vec<CardKey>),
    /// Ask for a change. Answered by [`EngineEvent::Operation`] at every step, or by
    /// [`EngineEvent::Refused`] when nothing was sent.
    Act(Box<ChangeRequest>),
    /// Let a freeze wait for its provider, which is DOWN. Answered by [`EngineEvent::Queued`], and
    /// by [`EngineEvent::Unqueued`] when it stopped waiting.
    QueueFreeze(QueuedFreeze),
    /// Take a freeze back that waits.
    CancelFreeze(OperationId),
    /// Look again for the fate of an operation, by reading only.
    Look(OperationId),
    /// Transactions of the data file, newest first, a page of them. Answered by
    /// [`EngineEvent::OlderRows`] with the same `asked`.
    OlderRows {
        /// Number of the question.
        asked: u64,
        /// Where the page begins.
        before: PageKey,
        /// Only those of this card.
        card: Option<CardKey>,
        /// None that happened before.
        since: Timestamp,
    },
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
    /// The id of the account that the operator was shown to pay, where the provider has several:
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

/// What the engine reports.
#[derive(Clone, Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "an operation is told whole and seldom; boxing it would only add noise"
)]
pub enum EngineEvent {
    /// Cards that are new or changed, each whole.
    Cards(Vec<Arc<CardRecord>>),
    /// Cards as the data file and the rosters know them: first those of the first frame, then all
    /// others in the order of their keys.
    KnownCards {
        /// The cards.
        cards: Vec<Arc<CardRecord>>,
        /// Whether no others follow.
        is_last: bool,
    },
    /// Why figures of a provider's cards are possibly old, where the cards themselves give no
    /// reason ([`CardRecord::stale_as_account`]). Before it is told it is
    /// [`NOT_READ_YET`](crate::domain::card::NOT_READ_YET).
    WhyStale {
        /// The provider.
        provider: ProviderId,
        /// Why nothing newer could be read.
        why: Arc<str>,
    },
    /// All figures of a provider are possibly old from now on, and why. The cards that were not
    /// marked so were told just before.
    Stale {
        /// The provider.
        provider: ProviderId,
        /// Why nothing newer could be read.
        why: Arc<str>,
    },
    /// Transactions that are new or changed, in any order, and the names that some had before.
    Transactions(RowNews),
    /// The transactions of the data file that are held in memory, as they were read behind the
    /// first frame: all, unless a horizon was told before. Rows that were told before are at least
    /// as new: what was written since, by whatever process, was told again just before this.
    History(Box<Ledger>),
    /// Of the transactions of the data file only those are held in memory that happened from a time
    /// on.
    Horizon {
        /// That time, a whole millisecond.
        from: Timestamp,
        /// How many older ones the data file has.
        older: u64,
    },
    /// Transactions of the data file.
    OlderRows {
        /// Number of the question.
        asked: u64,
        /// The page, or why it cannot be read: one sentence.
        page: Result<OlderPage, String>,
    },
    /// An operation, new or moved on.
    Operation(Operation),
    /// A page of the journal as it was read: operations before those that were told already, newest
    /// first.
    Journal {
        /// The operations.
        page: Vec<Operation>,
        /// Whether the journal has no older ones.
        is_last: bool,
    },
    /// A change that was refused before anything was sent.
    Refused {
        /// The id of the request.
        id: OperationId,
        /// The card.
        card: CardKey,
        /// One sentence.
        why: String,
    },
    /// A freeze waits for its provider from now on. Nothing of it is in the journal.
    Queued(QueuedFreeze),
    /// A freeze stopped waiting.
    Unqueued {
        /// Which one.
        freeze: QueuedFreeze,
        /// How.
        end: QueueEnd,
    },
    /// The lines of an operation's journal.
    Steps {
        /// The operation.
        id: OperationId,
        /// Oldest first.
        steps: Vec<Step>,
    },
    /// How much is known of the transactions of a card that is read by itself; of all cards it is
    /// in the health of their account.
    Covered {
        /// The card.
        card: CardKey,
        /// How much.
        covered: Covered,
    },
    /// A provider pushed that something happened to a card: what is known of it may be old until
    /// [`Self::PushRead`].
    Pushed(CardKey),
    /// A card was read after all that was pushed of it, or refused, or nothing was pushed of it but
    /// what was known. What was read was told before.
    PushRead(CardKey),
    /// A one-time code was sent to a card's holder, or wanted from them. The code itself is
    /// nowhere.
    CodeSent {
        /// The card.
        card: CardKey,
        /// When that was received.
        at: Timestamp,
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
    /// Something that a person should know: one sentence.
    Trouble(String),
}
