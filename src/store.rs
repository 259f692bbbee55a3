//! What cardtop keeps: the newest readings of cards and transactions, and the journal of changes.
//!
//! [`Store`] is the port: its verbs are all that the rest of cardtop knows of the data file, and
//! [`StoreError`] is all that can go wrong with them. Below it is SQLite (`store/sqlite.rs`), and
//! nothing above names it. It is a type and not a trait: every caller would hold the trait as `dyn`
//! and nobody would implement it a second time today. A second database implements these verbs
//! behind this type and has to pass the stories in `store/tests`.
//!
//! What was read may lag behind the disk, since it can be read again. Every verb of the journal is
//! one transaction, and what it wrote is on the disk when it returns.

mod error;
mod journal;
mod outages;
mod permit;
mod pushes;
mod readings;
mod sqlite;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use self::sqlite::Database;
use crate::domain::card::{Card, CardKey, Ids, ProviderId};
use crate::domain::operation::{
    Action, MatchedCredits, OnConflict, Operation, OperationId, OperationState, Step,
};
pub use error::StoreError;
use journal::NotSaved;
pub use journal::{BeingSent, Claim, Finding, Intent, Settled, Settlement, Verified};
pub use permit::Permit;
pub use readings::{Changes, CompleteReading, FirstCards, Page, PageKey, Snapshot, Written};

/// Name of the data file in its folder.
pub const FILE: &str = "cardtop.db";

/// Name of the column file beside it.
const COLUMN_FILE: &str = "cardtop.columns";

/// Handle of the data file; clones lead to the same one.
#[derive(Clone)]
pub struct Store(Database);

/// Why the data file cannot be opened. Nothing in it was changed, and nothing was sent.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{words}; nothing was sent")]
pub struct StoreUnusable {
    /// What is wrong and what to do, as a sentence part.
    pub words: String,
    /// The file is well, but the disk is full or another process holds it: what only reads may go
    /// on without it.
    pub passing: bool,
}

/// Opening.
impl Store {
    /// Opens the data file of a folder, making both where they are missing.
    ///
    /// # Errors
    /// One sentence: what is wrong with the file and what to do. It was not changed.
    pub fn open(folder: &Path) -> Result<Self, StoreUnusable> {
        Self::open_with(folder, &BTreeMap::new(), None, Timestamp::UNIX_EPOCH)
    }

    /// The same, with the forms of the accounts' ids, by which a file of an earlier cardtop is
    /// joined, and the folder in which the journal's last line is noted outside the file.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn open_with(
        folder: &Path,
        ids: &BTreeMap<ProviderId, Ids>,
        notes: Option<&Path>,
        now: Timestamp,
    ) -> Result<Self, StoreUnusable> {
        Database::open(folder, ids, notes, now).map(Self)
    }

    /// How many transactions opening the data file of this folder would write anew, since an
    /// earlier cardtop made it: about 50,000 take a second. `None` where it would write none.
    #[must_use]
    pub fn rows_to_rewrite(folder: &Path) -> Option<u64> {
        Database::rows_to_rewrite(folder)
    }

    /// A store that forgets everything, for commands that only read where the data file at this
    /// path cannot be used now.
    ///
    /// # Errors
    /// One sentence, should even that not work.
    pub fn in_memory(
        folder: &Path,
        ids: &BTreeMap<ProviderId, Ids>,
    ) -> Result<Self, StoreUnusable> {
        Database::in_memory(folder, ids).map(Self)
    }

    /// Whether the file is whole as a database, and can be written now: nothing is written.
    ///
    /// # Errors
    /// What is wrong with it.
    pub async fn check(&self) -> Result<(), StoreError> {
        self.0.check().await
    }

    /// Where the file is.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// Where the column file is, which is made of the data file and may be missing; `None` where
    /// what is read is not kept.
    #[must_use]
    pub fn column_file(&self) -> Option<PathBuf> {
        (!self.0.is_in_memory()).then(|| self.path().with_file_name(COLUMN_FILE))
    }

    /// The copy that was made before the file was brought up to date, if it had to be.
    #[must_use]
    pub fn copy_made(&self) -> Option<&Path> {
        self.0.copy_made()
    }

    /// Whether another process may have written since this was last asked. It reads a number in
    /// shared memory and waits for nobody: a journal that is in use counts as written to.
    #[must_use]
    pub fn was_written(&self) -> bool {
        self.0.was_written()
    }

    /// How many SQL statements ran until now.
    #[cfg(test)]
    pub(crate) fn statements(&self) -> u64 {
        self.0.statements()
    }

    #[cfg(test)]
    const fn database(&self) -> &Database {
        &self.0
    }
}

/// The journal: what writes.
impl Store {
    /// Saves the intent of an operation and permits to send it once, unless an unsettled one of the
    /// same card is in its way, in this process or another.
    ///
    /// # Errors
    /// Why it is not saved; then nothing may be sent. [`StoreError::Mismatch`] when the operation
    /// is not about this card and action; [`StoreError::Known`] when the journal has it, or another
    /// one of the same payment ([`OperationId::payment`]), however that ended.
    pub async fn intend(
        &self,
        operation: Operation,
        card: Card,
        action: Action,
        on_conflict: OnConflict,
    ) -> Result<Intent, StoreError> {
        let asked = (action.action_kind(), action.amount());
        if (operation.action_kind, operation.amount) != asked || operation.card != card.key {
            return Err(StoreError::Mismatch);
        }
        let write = move |db: &mut _| match sqlite::journal::intend(db, &operation, on_conflict)? {
            None => Ok(Ok(Intent::Saved(Permit::new(operation.id, Box::new(card), action)))),
            Some(NotSaved::Obstacle(obstacle)) => Ok(Ok(obstacle)),
            Some(NotSaved::Known(id)) => Ok(Err(StoreError::Known(id))),
        };
        self.0.journal(write).await?
    }

    /// Adds the line that says that the request is about to leave. An operation that left SENT
    /// meanwhile gets no line; its state is returned, and it may not be sent.
    ///
    /// # Errors
    /// Why the line is not there; then nothing may be sent.
    pub async fn mark_sent(
        &self,
        id: OperationId,
        at: Timestamp,
        words: &str,
    ) -> Result<OperationState, StoreError> {
        let words = words.to_owned();
        self.0.journal(move |db| Ok(sqlite::journal::mark_sent(db, id, at, &words)?)).await
    }

    /// Writes a finding and returns the operation as it then is. A move that is not legal is not
    /// made: the line says so and the state stays. A transaction that belongs to another operation
    /// shows nothing here. What is settled stays as it was settled.
    ///
    /// # Errors
    /// Why nothing was written.
    pub async fn record(&self, id: OperationId, finding: Finding) -> Result<Operation, StoreError> {
        self.0.journal(move |db| Ok(sqlite::journal::record(db, id, &finding)?)).await
    }

    /// Writes a person's word on an unsettled operation.
    ///
    /// # Errors
    /// Why nothing was written.
    pub async fn settle(
        &self,
        id: OperationId,
        settlement: Settlement,
    ) -> Result<Settled, StoreError> {
        self.0.journal(move |db| Ok(sqlite::journal::settle(db, id, &settlement)?)).await
    }

    /// Ends the watch over an operation that a person settled as failed: with an alarm, where a
    /// credit was seen that may be its own.
    ///
    /// # Errors
    /// Why nothing was written.
    pub async fn end_watch(
        &self,
        id: OperationId,
        at: Timestamp,
        alarm: Option<String>,
    ) -> Result<Operation, StoreError> {
        self.0
            .journal(move |db| Ok(sqlite::journal::end_watch(db, id, at, alarm.as_deref())?))
            .await
    }

    /// Gives up an operation whose process is gone: FAILED where the line `sent` is missing, since
    /// nothing left then; else UNKNOWN. One that left SENT meanwhile stays as it is.
    ///
    /// # Errors
    /// Why nothing was written.
    pub async fn abandon(&self, id: OperationId, at: Timestamp) -> Result<Operation, StoreError> {
        self.0.journal(move |db| Ok(sqlite::journal::abandon(db, id, at)?)).await
    }
}

/// The journal: what reads.
impl Store {
    /// One operation.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is none of this id, or why it cannot be read.
    pub async fn operation(&self, id: OperationId) -> Result<Operation, StoreError> {
        self.0.journal(move |db| Ok(sqlite::journal::get(db, id)?)).await
    }

    /// The operation of a card's payment of this number (see [`OperationId::of_payment`]), where
    /// the journal has one. One look among the card's operations.
    ///
    /// # Errors
    /// Why the journal cannot be read.
    pub async fn payment(
        &self,
        card: CardKey,
        number: u64,
    ) -> Result<Option<Operation>, StoreError> {
        self.0.journal(move |db| Ok(sqlite::journal::of_payment(db, &card, number)?)).await
    }

    /// A page of the journal, newest first: the operations before one of this id, or the newest of
    /// all, at most `limit`. A page with fewer ends the journal.
    ///
    /// # Errors
    /// Why the journal cannot be read.
    pub async fn operations_page(
        &self,
        before: Option<OperationId>,
        limit: u32,
    ) -> Result<Vec<Operation>, StoreError> {
        self.0.journal(move |db| Ok(sqlite::journal::page(db, before, limit)?)).await
    }

    /// Operations that changed at or after a time, oldest change first: how two processes see each
    /// other's.
    ///
    /// # Errors
    /// Why the journal cannot be read.
    pub async fn operations_changed_since(
        &self,
        at: Timestamp,
    ) -> Result<Vec<Operation>, StoreError> {
        self.0.journal(move |db| Ok(sqlite::journal::changed_since(db, at)?)).await
    }

    /// Every operation that is looked up, oldest first: those that are not settled, and those that
    /// a person settled as failed a short while ago.
    ///
    /// # Errors
    /// Why the journal cannot be read.
    pub async fn followed_operations(&self) -> Result<Vec<Operation>, StoreError> {
        self.0.journal(|db| Ok(sqlite::journal::followed(db)?)).await
    }

    /// Operations in state SENT that are not ours. `is_ours` is asked while the journal is held:
    /// whoever of this process is still sending cannot have written its answer meanwhile.
    ///
    /// # Errors
    /// Why the journal cannot be read.
    pub async fn sent_by_others(
        &self,
        is_ours: impl Fn(OperationId) -> bool + Send + 'static,
    ) -> Result<Vec<BeingSent>, StoreError> {
        self.0
            .journal(move |db| {
                let mut sent = sqlite::journal::being_sent(db)?;
                sent.retain(|sending| !is_ours(sending.id));
                Ok(sent)
            })
            .await
    }

    /// The lines of an operation, oldest first.
    ///
    /// # Errors
    /// Why the journal cannot be read.
    pub async fn steps(&self, id: OperationId) -> Result<Vec<Step>, StoreError> {
        self.0.journal(move |db| Ok(sqlite::journal::steps(db, id)?)).await
    }

    /// What other operations have of the card's transactions when this one is looked up.
    ///
    /// # Errors
    /// Why the journal cannot be read.
    pub async fn matched_credits(
        &self,
        operation: &Operation,
    ) -> Result<MatchedCredits, StoreError> {
        let operation = operation.clone();
        self.0.journal(move |db| Ok(sqlite::journal::matched_credits(db, &operation)?)).await
    }

    /// Every transaction that an operation names as its own, by the operation's age.
    ///
    /// # Errors
    /// Why the journal cannot be read.
    pub async fn claims(&self) -> Result<Vec<Claim>, StoreError> {
        self.0.journal(|db| Ok(sqlite::journal::claims(db)?)).await
    }

    /// The other operation of the card that was answered with this task.
    ///
    /// # Errors
    /// Why the journal cannot be read.
    pub async fn owner_of_task(
        &self,
        operation: &Operation,
        task: &str,
    ) -> Result<Option<String>, StoreError> {
        let (card, id, task) = (operation.card.clone(), operation.id, task.to_owned());
        self.0.journal(move |db| Ok(sqlite::journal::owner_of_task(db, &card, id, &task)?)).await
    }

    /// Checks the journal: the chain of its lines, every operation against them, and the end
    /// against the note outside the file. The inner error says where it breaks, in one sentence.
    ///
    /// # Errors
    /// Why the journal cannot be read.
    pub async fn verify(&self) -> Result<Result<Verified, String>, StoreError> {
        let head = self.0.head();
        self.0.journal(move |db| Ok(sqlite::journal::verify(db, head.as_ref())?)).await
    }
}

#[cfg(test)]
mod tests;
