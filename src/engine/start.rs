//! What is known at the start: the first cards before the first frame, all others and large rosters
//! behind it.

use std::collections::{BTreeSet, HashSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::{Engine, EngineEvent};
use crate::config::roster::{self, RosterError, RosterLineError};
use crate::domain::card::{Card, CardKey, CardRecord, IdForm, ProviderId};
use crate::store::StoreError;

/// Cards of the first frame, which a board notes for the next start: more than most screens have
/// rows. Each is looked for at a place of its own in the data file. Tests have fewer cards.
pub const FIRST_CARDS: u32 = if cfg!(test) { 30 } else { 100 };

/// Transactions of the first frame: more than most screens have rows.
pub(super) const FIRST_ROWS: u32 = 100;

/// Operations of the first frame, beside those that are not settled.
const FIRST_OPERATIONS: u32 = 500;

/// Cards of one page. Tests have several with fewer cards.
const PAGE: u32 = if cfg!(test) { 20 } else { 256 };

/// How soon cards that could not be loaded are loaded again.
const LOADED_AGAIN: Duration = Duration::from_secs(5);

/// Most bytes of a roster that is read before the first frame: some hundred cards.
const SMALL_ROSTER: u64 = 32 << 10;

/// The roster of an account, which is still to be read.
pub(super) struct RosterFile {
    pub(super) provider: ProviderId,
    pub(super) form: IdForm,
    pub(super) path: PathBuf,
}

impl RosterFile {
    /// Whether reading it keeps no frame waiting. One that is not there is complained about at
    /// once.
    fn is_small(&self) -> bool {
        std::fs::metadata(&self.path).map_or(true, |file| file.len() <= SMALL_ROSTER)
    }

    fn read(&self, take: impl FnMut(Card)) -> Result<Vec<RosterLineError>, RosterError> {
        roster::read_each(&self.provider, self.form, &self.path, take)
    }
}

fn lock(others: &Mutex<Others>) -> MutexGuard<'_, Others> {
    others.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What is read behind the first frame, and what came of it.
#[derive(Default)]
struct Others {
    /// Rosters that are still to be read.
    rosters: Vec<RosterFile>,
    /// What a person should know of the others, one sentence each.
    complaints: Vec<String>,
    /// Cards of rosters that are not told yet.
    untold: HashSet<CardKey>,
}

impl Engine {
    /// Emits what the first frame shows, the newest operations last: a frame that waits for all
    /// cards of a large programme comes late. Returns the rosters that are left to
    /// [`emit_other_cards`](Self::emit_other_cards), and what a person should know of the others.
    pub(super) async fn emit_first(
        &self,
        rosters: Vec<RosterFile>,
    ) -> Result<(Vec<RosterFile>, Vec<String>), StoreError> {
        let (small, large): (Vec<_>, Vec<_>) = rosters.into_iter().partition(RosterFile::is_small);
        let first = self.0.store.first_cards(FIRST_CARDS, FIRST_ROWS).await?;
        let are_all = first.are_all && large.is_empty();
        self.0.cards.add_older(self.as_of_start(first.cards));
        let complaints = self.take_small_rosters(small).await;
        let cards = self.0.cards.all();
        self.emit(EngineEvent::KnownCards { cards, is_last: are_all }).await;
        for account in &self.0.accounts {
            self.emit_health(account).await;
        }
        self.emit_newest_transactions().await;
        match self.newest_operations(FIRST_OPERATIONS).await {
            Ok(page) => self.emit(EngineEvent::Journal { page, is_last: false }).await,
            Err(words) => self.emit(EngineEvent::Trouble(words)).await,
        }
        Ok((large, complaints))
    }

    /// Emits all other cards of the data file and of these rosters. Until then nothing is read or
    /// changed: what is read of a card is merged with what is known of it.
    pub(super) async fn emit_other_cards(&self, rosters: Vec<RosterFile>) {
        let others = Arc::new(Mutex::new(Others { rosters, ..Others::default() }));
        while let Err(error) = self.know_other_cards(&others).await {
            // Nothing says that all are known before they are.
            self.emit_store_error(&error).await;
            tokio::time::sleep(LOADED_AGAIN).await;
        }
        let complaints = std::mem::take(&mut lock(&others).complaints);
        self.complain(complaints).await;
        self.emit_known(Vec::new(), true).await;
        self.0.cards.note_whole();
        for account in &self.0.accounts {
            self.emit_health(account).await;
        }
    }

    /// Takes in all cards of the data file and of these rosters; what is wrong with the rosters,
    /// one sentence each.
    pub(super) async fn know_all_cards(
        &self,
        rosters: Vec<RosterFile>,
    ) -> Result<Vec<String>, StoreError> {
        let others = Arc::new(Mutex::new(Others { rosters, ..Others::default() }));
        self.know_other_cards(&others).await?;
        let complaints = std::mem::take(&mut lock(&others).complaints);
        Ok(complaints)
    }

    /// Takes in the rosters, and then the cards of the data file, which are told as they are
    /// together; the other cards of the rosters at last. All of them are made by one thread, and
    /// none twice but those that are in both: the allocator keeps room for each thread, and what is
    /// let go of is only used again by the thread that made it.
    async fn know_other_cards(&self, others: &Arc<Mutex<Others>>) -> Result<(), StoreError> {
        let (engine, of_pages) = (self.clone(), Arc::clone(others));
        let take = move |page: Vec<CardRecord>| {
            let mut others = lock(&of_pages);
            engine.take_rosters(&mut others);
            let cards = engine.0.cards.add_older(engine.as_of_start(page));
            cards.iter().for_each(|card| _ = others.untold.remove(&card.key()));
            drop(others);
            let news = EngineEvent::KnownCards { cards, is_last: false };
            !engine.0.polling || engine.0.outbox.blocking_send(news)
        };
        self.0.store.each_card_page(PAGE, take).await?;
        let mut untold: Vec<CardKey> = lock(others).untold.drain().collect();
        untold.sort();
        for keys in untold.chunks(PAGE as usize) {
            self.emit_known(self.0.cards.records(keys), false).await;
        }
        Ok(())
    }

    async fn emit_known(&self, cards: Vec<Arc<CardRecord>>, is_last: bool) {
        if self.0.polling {
            self.emit(EngineEvent::KnownCards { cards, is_last }).await;
        }
    }

    /// Cards of the configured accounts as an earlier cardtop read them, however long ago: true as
    /// of their time, and not live before this one has read them.
    fn as_of_start(&self, cards: Vec<CardRecord>) -> impl Iterator<Item = CardRecord> {
        let configured: BTreeSet<&ProviderId> =
            self.0.accounts.iter().map(|account| &account.info.id).collect();
        let now = self.0.clock.now();
        let known = cards.into_iter().filter(move |card| configured.contains(card.provider()));
        known.map(move |card| card.not_after(now).stale_as_account())
    }

    /// Reads rosters before the first frame and takes them in; what a person should know of them,
    /// one sentence each.
    async fn take_small_rosters(&self, rosters: Vec<RosterFile>) -> Vec<String> {
        let (engine, names) = (self.clone(), rosters.iter().map(|it| it.provider.clone()));
        let names: Vec<ProviderId> = names.collect();
        let reading = tokio::task::spawn_blocking(move || {
            let mut others = Others { rosters, ..Others::default() };
            engine.take_rosters(&mut others);
            others.complaints
        });
        reading.await.unwrap_or_else(|died| {
            let sentence = format!("cardtop itself failed: {died}");
            for account in names.iter().filter_map(|name| self.account(name).ok()) {
                account.set_roster_troubles(vec![sentence.clone()], true);
            }
            vec![sentence]
        })
    }

    /// Reads rosters and takes them in.
    fn take_rosters(&self, others: &mut Others) {
        for file in std::mem::take(&mut others.rosters) {
            let read = file.read(|card| {
                let news = self.0.cards.merge_roster([card]);
                others.untold.extend(news.iter().map(|card| card.key()));
            });
            let (sentences, unusable) = match read {
                Ok(bad) => (bad.iter().map(ToString::to_string).collect(), false),
                Err(error) => (vec![error.to_string()], true),
            };
            others.complaints.extend(sentences.iter().cloned());
            if let Ok(account) = self.account(&file.provider) {
                account.set_roster_troubles(sentences, unusable);
            }
        }
    }

    /// Notes the cards that the board shows first.
    pub(super) async fn note_first_cards(self, keys: Vec<CardKey>) {
        if self.may_save()
            && let Err(error) = self.0.store.set_first_cards(keys).await
        {
            // The next first frame shows other cards, until all are loaded.
            tracing::info!("the cards of the first frame were not noted: the data file {error}");
        }
    }

    /// Tells a person, one sentence each, and the log.
    pub(super) async fn complain(&self, complaints: Vec<String>) {
        for complaint in complaints {
            tracing::warn!("{complaint}");
            self.emit(EngineEvent::Trouble(complaint)).await;
        }
    }
}
