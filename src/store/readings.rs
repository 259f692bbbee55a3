//! What is saved of readings, and what the store answers.

use std::collections::{BTreeMap, HashSet};
use std::ops::RangeInclusive;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use rusqlite::Connection;

use super::sqlite::transactions::{self, pages};
use super::sqlite::{cards, column_file, coverage, holds, unmapped};
use super::{Store, StoreError, sqlite};
use crate::domain::card::{Card, CardKey, CardRecord, ProviderId};
use crate::domain::coverage::Coverage;
use crate::domain::operation::OperationId;
use crate::domain::transaction::{RowName, RowNews, Transaction};
use crate::domain::unmapped::UnmappedWords;

/// What was read.
impl Store {
    /// Every card that is known.
    ///
    /// # Errors
    /// Why the data file cannot be read.
    pub async fn cards(&self) -> Result<Vec<Card>, StoreError> {
        self.0.reader(|db| Ok(cards::all(db)?)).await
    }

    /// Hands over all cards in the order of their keys, at most `limit` at once, until there are no
    /// others or `take` answers `false`. All of it is done by one thread: the allocator keeps room
    /// for each thread that handles so many. Other readers wait for none of it.
    ///
    /// # Errors
    /// Why the data file cannot be read.
    pub async fn each_card_page(
        &self,
        limit: u32,
        mut take: impl FnMut(Vec<CardRecord>) -> bool + Send + 'static,
    ) -> Result<(), StoreError> {
        let read = move |db: &Connection| {
            let mut after = None;
            loop {
                let page = cards::page(db, after.as_ref(), limit)?;
                let is_last = u32::try_from(page.len()).is_ok_and(|count| count < limit);
                after = page.last().map(CardRecord::key);
                if !take(page) || is_last {
                    return Ok(());
                }
            }
        };
        self.0.snapshot().await?.read(read).await
    }

    /// Cards for a first frame: all, where there are at most `limit`; else those that a board noted
    /// as its first ones, or as many others where none did, and those of the newest `rows`
    /// transactions.
    ///
    /// # Errors
    /// Why the data file cannot be read.
    pub async fn first_cards(&self, limit: u32, rows: u32) -> Result<FirstCards, StoreError> {
        let read = move |db: &mut Connection| {
            // One transaction: each of its own would lock and unlock the file.
            let db = &*db.transaction()?;
            if !cards::are_more_than(db, limit)? {
                return Ok(FirstCards { cards: cards::page(db, None, limit)?, are_all: true });
            }
            let mut first: Vec<CardRecord> =
                cards::first(db, limit)?.into_iter().map(CardRecord::from).collect();
            if first.is_empty() {
                first = cards::page(db, None, limit)?;
            }
            let mut known: HashSet<CardKey> = first.iter().map(CardRecord::key).collect();
            for key in pages::newest(db, rows)?.iter().filter_map(Transaction::card) {
                if known.insert(key.clone()) {
                    first.extend(cards::one(db, &key.provider, &key.id)?.map(CardRecord::from));
                }
            }
            Ok(FirstCards { cards: first, are_all: false })
        };
        self.0.reader(read).await
    }

    /// Notes the cards that a board shows first, for the first frame of the next start.
    ///
    /// # Errors
    /// Why they are not noted.
    pub async fn set_first_cards(&self, keys: Vec<CardKey>) -> Result<(), StoreError> {
        self.0.readings(move |db| Ok(cards::set_first(db, &keys)?)).await
    }

    /// Keeps cards, each whole, and returns them. A figure that is older than the kept one does not
    /// replace it, whatever the order of arrival, unless that one is of a time after `now`.
    ///
    /// # Errors
    /// Why none of them is kept.
    pub async fn keep_cards(
        &self,
        cards: Vec<Arc<CardRecord>>,
        now: Timestamp,
    ) -> Result<Vec<Arc<CardRecord>>, StoreError> {
        self.0.readings(move |db| Ok(cards::keep(db, &cards, now).map(|()| cards)?)).await
    }

    /// Keeps transactions and returns those that are new or changed, as kept, with the names that
    /// are gone: the time of first sight and the operation stay.
    ///
    /// # Errors
    /// Why none of them is kept.
    pub async fn keep_transactions(&self, rows: Vec<Transaction>) -> Result<Written, StoreError> {
        self.0.readings(move |db| Ok(transactions::keep(db, &rows)?)).await
    }

    /// One card, as it is known.
    ///
    /// # Errors
    /// Why the data file cannot be read.
    pub async fn card(&self, key: CardKey) -> Result<Option<Card>, StoreError> {
        self.0.reader(move |db| Ok(cards::one(db, &key.provider, &key.id)?)).await
    }

    /// Those of these cards that are known, in the same order.
    ///
    /// # Errors
    /// Why the data file cannot be read.
    pub async fn cards_of(&self, keys: Vec<CardKey>) -> Result<Vec<Card>, StoreError> {
        let read = move |db: &mut Connection| {
            let cards = keys.iter().map(|key| cards::one(db, &key.provider, &key.id));
            Ok(cards.filter_map(Result::transpose).collect::<Result<_, _>>()?)
        };
        self.0.reader(read).await
    }

    /// The newest transactions, newest first, at most `limit`.
    ///
    /// # Errors
    /// Why the data file cannot be read.
    pub async fn newest_transactions(&self, limit: u32) -> Result<Vec<Transaction>, StoreError> {
        self.0.reader(move |db| Ok(pages::newest(db, limit)?)).await
    }

    /// Transactions from newest to oldest, a page of at most `limit` rows at a time: all, or those
    /// of one card, none that happened before `since`. The first page has no `before`; each next
    /// one is before [`Page::next`] of the last.
    ///
    /// Each page is of its own moment. A row that is written while pages are read may be in none of
    /// them, or in two: who needs exactly all asks [`newest_change`](Self::newest_change) before
    /// the first page, and [`changes_since`](Self::changes_since) that number after the last.
    ///
    /// # Errors
    /// Why the data file cannot be read.
    pub async fn transactions_page(
        &self,
        before: Option<PageKey>,
        limit: u32,
        card: Option<CardKey>,
        since: Timestamp,
    ) -> Result<Page, StoreError> {
        self.0.reader(move |db| Ok(pages::page(db, before, limit, card.as_ref(), since)?)).await
    }

    /// The transactions as they are now, for one who reads them page by page while others write.
    ///
    /// # Errors
    /// Why the data file cannot be read.
    pub async fn snapshot(&self) -> Result<Snapshot, StoreError> {
        self.0.snapshot().await.map(Snapshot)
    }

    /// What was written after the write of this number, oldest write first: the newest form of at
    /// most `limit` rows, and the names that rows do not have any more. From 0 on these are all
    /// rows.
    ///
    /// # Errors
    /// Why the data file cannot be read.
    pub async fn changes_since(&self, change: i64, limit: u32) -> Result<Changes, StoreError> {
        self.0.reader(move |db| Ok(pages::changes_since(db, change, limit)?)).await
    }

    /// The number of the latest write of any transaction; 0 where there is none.
    ///
    /// # Errors
    /// Why the data file cannot be read.
    pub async fn newest_change(&self) -> Result<i64, StoreError> {
        self.0.reader(|db| Ok(pages::newest_change(db)?)).await
    }

    /// How many transactions are kept. It counts them, so its time grows with their number.
    ///
    /// # Errors
    /// Why the data file cannot be read.
    pub async fn count_transactions(&self) -> Result<u64, StoreError> {
        self.0.reader(|db| Ok(pages::count(db)?)).await
    }

    /// How many of them happened since a time. Its time grows with their number.
    ///
    /// # Errors
    /// Why the data file cannot be read.
    pub async fn count_transactions_since(&self, since: Timestamp) -> Result<u64, StoreError> {
        self.0.reader(move |db| Ok(pages::count_since(db, since)?)).await
    }

    /// The number of the column file that was made of the data file last; `None` where none was.
    /// Another one is not of this data file, or of what it was before a copy took its place.
    ///
    /// # Errors
    /// Why the data file cannot be read.
    pub async fn column_file_number(&self) -> Result<Option<i64>, StoreError> {
        self.0.reader(|db| Ok(column_file::number(db)?)).await
    }

    /// Notes the number of a column file that was made of the data file.
    ///
    /// # Errors
    /// Why it is not noted: the column file is not to be used then.
    pub async fn set_column_file_number(&self, number: i64) -> Result<(), StoreError> {
        self.0.readings(move |db| Ok(column_file::set_number(db, number)?)).await
    }

    /// When the oldest hold of a provider, or of one card, happened that is not older than `since`
    /// and not gone.
    ///
    /// # Errors
    /// Why the data file cannot be read.
    pub async fn oldest_hold(
        &self,
        provider: ProviderId,
        card: Option<CardKey>,
        since: Timestamp,
    ) -> Result<Option<Timestamp>, StoreError> {
        self.0
            .readings(move |db| Ok(transactions::oldest_hold(db, &provider, card.as_ref(), since)?))
            .await
    }

    /// Compares the holds that are known with a complete reading and returns those of which
    /// something else is known now: gone, listed again, or cleared under another id.
    ///
    /// # Errors
    /// Why nothing is changed.
    pub async fn follow_holds(&self, reading: CompleteReading) -> Result<Written, StoreError> {
        self.0.readings(move |db| Ok(holds::follow(db, &reading)?)).await
    }

    /// Which stretches of time of an account's lists of transactions were read completely: of all
    /// cards (`None`), or of each card by its id.
    ///
    /// # Errors
    /// Why the data file cannot be read.
    pub async fn coverage(
        &self,
        provider: ProviderId,
    ) -> Result<Vec<(Option<Arc<str>>, Coverage)>, StoreError> {
        self.0.readings(move |db| Ok(coverage::of(db, &provider)?)).await
    }

    /// Keeps which stretches of time of a list were read completely, of one card or of all, beside
    /// what another process has kept of it. What lies after `now` does not count: it was read by a
    /// clock that was ahead.
    ///
    /// # Errors
    /// Why it is not kept.
    pub async fn set_coverage(
        &self,
        provider: ProviderId,
        card: Option<Arc<str>>,
        read: Coverage,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let card = card.unwrap_or_default();
        self.0.readings(move |db| Ok(coverage::keep(db, &provider, &card, read, now)?)).await
    }

    /// How late a provider was seen to list a transaction, at most: from the time that the
    /// transaction has until it was listed. Zero where none was seen to be late.
    ///
    /// # Errors
    /// Why the data file cannot be read.
    pub async fn lag(&self, provider: ProviderId) -> Result<SignedDuration, StoreError> {
        self.0.readings(move |db| Ok(coverage::lag(db, &provider)?)).await
    }

    /// Keeps how late a provider was seen to list a transaction, where that is later than before.
    ///
    /// # Errors
    /// Why it is not kept.
    pub async fn set_lag(
        &self,
        provider: ProviderId,
        lag: SignedDuration,
    ) -> Result<(), StoreError> {
        self.0.readings(move |db| Ok(coverage::set_lag(db, &provider, lag)?)).await
    }

    /// Words for states and codes of declines that are not mapped, by account.
    ///
    /// # Errors
    /// Why the data file cannot be read.
    pub async fn unmapped_words(&self) -> Result<BTreeMap<ProviderId, UnmappedWords>, StoreError> {
        self.0.reader(|db| Ok(unmapped::words(db)?)).await
    }

    /// Notes which operation a transaction of a card proves, and returns the transaction where that
    /// is news.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when the transaction is not known yet, or why it is not noted.
    pub async fn link_operation(
        &self,
        card: CardKey,
        id: &str,
        operation: OperationId,
    ) -> Result<Written, StoreError> {
        let id = id.to_owned();
        self.0
            .readings(move |db| Ok(transactions::link_operation(db, &card, &id, operation)?))
            .await
    }
}

/// The transactions of one moment. As long as it is held, the write-ahead log cannot be copied into
/// the data file and grows with what is written.
pub struct Snapshot(sqlite::Snapshot);

impl Snapshot {
    /// A page of them, as [`Store::transactions_page`] reads it: of all pages together each row is
    /// in one, whatever is written meanwhile.
    ///
    /// # Errors
    /// Why the data file cannot be read.
    pub async fn transactions_page(
        &self,
        before: Option<PageKey>,
        limit: u32,
        card: Option<CardKey>,
        since: Timestamp,
    ) -> Result<Page, StoreError> {
        self.0.read(move |db| Ok(pages::page(db, before, limit, card.as_ref(), since)?)).await
    }

    /// Hands over page after page from newest to oldest, each of at most `limit` rows. For each,
    /// `take` answers since when rows are wanted of the next one; `None` ends it. All of it is done
    /// by one thread: the allocator keeps room for each thread that handles so many.
    ///
    /// # Errors
    /// Why the data file cannot be read.
    pub async fn each_transactions_page(
        self,
        limit: u32,
        mut since: Timestamp,
        mut take: impl FnMut(Vec<Transaction>) -> Option<Timestamp> + Send + 'static,
    ) -> Result<(), StoreError> {
        let read = move |db: &Connection| {
            let mut before = None;
            loop {
                let Page { rows, next } = pages::page(db, before, limit, None, since)?;
                match (take(rows), next) {
                    (Some(wanted), Some(next)) => (since, before) = (wanted, Some(next)),
                    (None, _) | (_, None) => return Ok(()),
                }
            }
        };
        self.0.read(read).await
    }
}

/// What a write of transactions came to.
#[derive(Clone, Debug, PartialEq)]
pub struct Written {
    /// The rows that are new or changed, as they are kept, and the names that are gone.
    pub news: RowNews,
    /// The numbers that they got. No other process wrote between the first and the last of them.
    /// `None` where nothing changed.
    pub numbers: Option<RangeInclusive<i64>>,
}

/// Cards for a first frame.
pub struct FirstCards {
    /// Each once.
    pub cards: Vec<CardRecord>,
    /// Whether the data file has no others.
    pub are_all: bool,
}

/// Nothing changed.
impl Default for Written {
    fn default() -> Self {
        Self { news: RowNews::kept(Vec::new()), numbers: None }
    }
}

impl Written {
    /// Notes the number of one more write.
    pub(super) fn note(&mut self, change: i64) {
        let first = self.numbers.as_ref().map_or(change, |numbers| *numbers.start());
        self.numbers = Some(first..=change);
    }
}

/// A complete reading of the transactions of an account, or of one card.
#[derive(Clone, Debug)]
pub struct CompleteReading {
    /// The account.
    pub provider: ProviderId,
    /// The card, where it was one card's list.
    pub card: Option<CardKey>,
    /// From when on rows were asked for.
    pub since: Timestamp,
    /// Up to when.
    pub until: Timestamp,
    /// When it began.
    pub at: Timestamp,
    /// How far apart two readings are that agree.
    pub apart: SignedDuration,
    /// The rows it had, by card and id.
    pub listed: HashSet<(Option<Arc<str>>, Arc<str>)>,
    /// When the oldest of them happened: only holds after it should have been there, too.
    pub oldest: Timestamp,
}

/// A page of transactions, newest first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Page {
    /// The rows.
    pub rows: Vec<Transaction>,
    /// Before what the next page begins; `None` where this was the last.
    pub next: Option<PageKey>,
}

/// A place among the transactions from newest to oldest: by the time of a row, then by the number
/// of its latest write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PageKey {
    /// When the row happened.
    pub at: Timestamp,
    /// The number of its latest write.
    pub change: i64,
}

impl PageKey {
    /// Before the newest row of this time: the page has what happened at it or earlier.
    #[must_use]
    pub const fn up_to(at: Timestamp) -> Self {
        Self { at, change: i64::MAX }
    }
}

/// What was written since a number. `gone` is to be taken out before `rows` are put in, each by its
/// exact provider, card and id.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Changes {
    /// Names that rows had before.
    pub gone: Vec<RowName>,
    /// Rows that are new or changed, oldest write first.
    pub rows: Vec<Transaction>,
    /// From where to go on: the number of the last of these writes, or what was asked for where
    /// there is none.
    pub last: i64,
}
