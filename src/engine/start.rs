//! What is known at the start: the first cards before the first frame, all others and large rosters
//! behind it.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::{Engine, EngineEvent};
use crate::config::roster::{self, Roster};
use crate::domain::card::{CardKey, CardRecord, IdForm, ProviderId};
use crate::store::StoreError;

/// Cards of the first frame: more than a screen has rows. Tests have fewer cards.
const FIRST_CARDS: u32 = if cfg!(test) { 30 } else { 200 };

/// Transactions of the first frame: more than a screen has rows.
pub(super) const FIRST_ROWS: u32 = 200;

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

    fn read(&self) -> Result<Roster, String> {
        roster::read(&self.provider, self.form, &self.path).map_err(|error| error.to_string())
    }
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
        let (_, complaints) = self.take_rosters(small).await;
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
        while let Err(error) = self.know_kept_cards().await {
            // Nothing says that all are known before they are.
            self.emit_store_error(&error).await;
            tokio::time::sleep(LOADED_AGAIN).await;
        }
        let complaints = self.know_rosters(rosters).await;
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
        self.know_kept_cards().await?;
        Ok(self.know_rosters(rosters).await)
    }

    async fn know_kept_cards(&self) -> Result<(), StoreError> {
        let engine = self.clone();
        let take = move |page| {
            let cards = engine.0.cards.add_older(engine.as_of_start(page));
            let news = EngineEvent::KnownCards { cards, is_last: false };
            !engine.0.polling || engine.0.events.blocking_send(news).is_ok()
        };
        self.0.store.each_card_page(PAGE, take).await
    }

    async fn know_rosters(&self, rosters: Vec<RosterFile>) -> Vec<String> {
        let (cards, complaints) = self.take_rosters(rosters).await;
        for cards in cards.chunks(PAGE as usize) {
            self.emit_known(cards.to_vec(), false).await;
        }
        complaints
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
        let (now, why) = (self.0.clock.now(), Arc::<str>::from("not read yet since the start"));
        let known = cards.into_iter().filter(move |card| configured.contains(card.provider()));
        known.map(move |card| card.not_after(now).stale(&why))
    }

    /// Reads rosters and takes them in; the cards that are in them, and what a person should know,
    /// one sentence each.
    async fn take_rosters(&self, files: Vec<RosterFile>) -> (Vec<Arc<CardRecord>>, Vec<String>) {
        let (mut cards, mut complaints) = (Vec::new(), Vec::new());
        for file in files {
            let provider = file.provider.clone();
            let read = tokio::task::spawn_blocking(move || file.read()).await;
            let read = read.unwrap_or_else(|died| Err(format!("cardtop itself failed: {died}")));
            let (sentences, unusable) = match read {
                Ok(roster) => {
                    cards.extend(self.0.cards.merge_roster(roster.cards));
                    (roster.bad.iter().map(ToString::to_string).collect(), false)
                }
                Err(sentence) => (vec![sentence], true),
            };
            complaints.extend(sentences.iter().cloned());
            if let Ok(account) = self.account(&provider) {
                account.set_roster_troubles(sentences, unusable);
            }
        }
        (cards, complaints)
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
