//! Rows of the data file, for commands that print them where no provider is asked, or where one
//! does not answer.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use clap::{Args, ValueEnum};
use jiff::Timestamp;

use super::failure::Failure;
use super::session::Session;
use crate::contract::{CompleteFrom, FromDataFile};
use crate::domain::card::{Card, CardKey, ProviderId};
use crate::domain::completeness::Completeness;
use crate::domain::transaction::Transaction;
use crate::engine::{KeptExtent, KeptLists, KeptTransactions, PageKey};

/// Rows that are read from the data file at a time.
const PAGE: u32 = 1_000;

/// The argument `--refresh`.
#[derive(Debug, Args)]
pub(crate) struct Refreshing {
    /// Whether the providers are asked, or the data file answers
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    pub(crate) refresh: Refresh,
}

/// Whether a command that reads asks the providers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Refresh {
    /// Ask them, and print no transaction that they did not tell now.
    Always,
    /// Ask them; print what the data file has of the transactions that cannot be read.
    Auto,
    /// Ask nobody: print what the data file has.
    Never,
}

/// What the data file has, at one moment.
pub(crate) struct Kept<'a> {
    session: &'a Session,
    lists: BTreeMap<&'a ProviderId, KeptLists>,
    rows: KeptTransactions,
}

impl<'a> Kept<'a> {
    /// What it has now of the accounts that are asked.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(crate) async fn of(session: &'a Session) -> Result<Self, Failure> {
        let mut lists = BTreeMap::new();
        // Before the rows: whoever writes meanwhile keeps rows before saying that they are read.
        for info in &session.providers {
            lists.insert(&info.id, session.engine.kept_lists(&info.id).await);
        }
        let rows = session.engine.kept_transactions().await.map_err(Failure::data_file)?;
        Ok(Self { session, lists, rows })
    }

    /// Goes through its rows from newest to oldest until `each` has seen enough (`false`): those of
    /// the accounts that are asked, none older than `since`.
    ///
    /// # Errors
    /// When it cannot be read, or `each` fails.
    pub(crate) async fn each_row(
        &self,
        card: Option<&CardKey>,
        since: Timestamp,
        mut each: impl FnMut(Transaction) -> Result<bool, Failure>,
    ) -> Result<(), Failure> {
        let mut before: Option<PageKey> = None;
        loop {
            let page = self.rows.page(before, PAGE, card, since).await;
            let page = page.map_err(Failure::data_file)?;
            for row in page.rows {
                if self.session.rank(&row.provider) < self.lists.len() && !each(row)? {
                    return Ok(());
                }
            }
            match page.next {
                Some(next) => before = Some(next),
                None => return Ok(()),
            }
        }
    }

    /// How far it reaches at an account, or of one card: its readings say it, else when its newest
    /// row was first seen.
    fn told(
        &self,
        provider: &ProviderId,
        card: Option<&CardKey>,
        asked_from: Option<Timestamp>,
        seen: Option<Timestamp>,
    ) -> FromDataFile {
        let lists = self.lists.get(provider);
        let extent = lists.map(|lists| lists.extent(card.map(|card| &*card.id)));
        let KeptExtent { as_of, complete_from, never_read } = extent.unwrap_or_default();
        FromDataFile {
            provider: provider.clone(),
            as_of: as_of.or(seen),
            complete_from: complete_from.map_or(CompleteFrom::Unknown, CompleteFrom::At),
            asked_from,
            never_read,
        }
    }
}

/// When the newest row of each account was first seen.
#[derive(Debug, Default)]
pub(crate) struct Seen<'a>(BTreeMap<&'a ProviderId, Option<Timestamp>>);

impl<'a> Seen<'a> {
    /// Nothing of these accounts yet.
    pub(crate) fn of(accounts: impl IntoIterator<Item = &'a ProviderId>) -> Self {
        Self(accounts.into_iter().map(|id| (id, None)).collect())
    }

    /// A row that is printed.
    pub(crate) fn add(&mut self, row: &Transaction) {
        if let Some(seen) = self.0.get_mut(&row.provider) {
            *seen = (*seen).max(Some(row.seen_at));
        }
    }

    /// How far the data file reaches at each of them, or of one card.
    pub(crate) fn told(
        self,
        kept: &Kept<'_>,
        card: Option<&CardKey>,
        asked_from: Option<Timestamp>,
    ) -> Vec<FromDataFile> {
        let each = self.0.into_iter();
        each.map(|(provider, seen)| kept.told(provider, card, asked_from, seen)).collect()
    }
}

/// As of when the data file has the figures of these cards, by account: the oldest counts.
pub(crate) fn of_cards(session: &Session, cards: &[Arc<Card>]) -> Vec<FromDataFile> {
    let of_account = |provider: &ProviderId| {
        let of_it = cards.iter().filter(|card| card.key.provider == *provider);
        let read_at: Vec<_> = of_it.map(|card| card.balance.at()).collect();
        FromDataFile {
            provider: provider.clone(),
            as_of: read_at.iter().copied().flatten().min(),
            complete_from: CompleteFrom::NoTimes,
            asked_from: None,
            never_read: read_at.iter().filter(|at| at.is_none()).count(),
        }
    };
    session.providers.iter().map(|info| of_account(&info.id)).collect()
}

/// Adds to rows that were read what the data file has of the accounts and cards that were not, and
/// says as of when it is. What was read just now stays as it was read.
///
/// # Errors
/// When the data file cannot be read.
pub(crate) async fn fill_in(
    session: &Session,
    rows: &mut Vec<Transaction>,
    completeness: &Completeness,
    since: Timestamp,
    asked_from: Option<Timestamp>,
) -> Result<Vec<FromDataFile>, Failure> {
    let parts = &completeness.parts;
    if parts.is_empty() {
        return Ok(Vec::new());
    }
    let kept = Kept::of(session).await?;
    let name = |row: &Transaction| (row.provider.clone(), row.card_id.clone(), row.id.clone());
    let mut names: HashSet<_> = rows.iter().map(name).collect();
    let mut add = |row: Transaction, seen: &mut Seen<'_>| {
        if names.insert(name(&row)) {
            seen.add(&row);
            rows.push(row);
        }
        Ok(true)
    };
    let mut told = Vec::new();
    let accounts: BTreeSet<&ProviderId> =
        parts.iter().filter(|part| part.card.is_none()).map(|part| &part.provider).collect();
    if !accounts.is_empty() {
        let mut seen = Seen::of(accounts.iter().copied());
        kept.each_row(None, since, |row| {
            if accounts.contains(&row.provider) { add(row, &mut seen) } else { Ok(true) }
        })
        .await?;
        told.extend(seen.told(&kept, None, asked_from));
    }
    let cards: BTreeSet<&CardKey> = parts.iter().filter_map(|part| part.card.as_ref()).collect();
    for card in cards.into_iter().filter(|card| !accounts.contains(&card.provider)) {
        let mut seen = Seen::of([&card.provider]);
        kept.each_row(Some(card), since, |row| add(row, &mut seen)).await?;
        for of_card in seen.told(&kept, Some(card), asked_from) {
            join(&mut told, of_card, |known, card| known + card);
        }
    }
    // Where the data file has nothing either, that the account was not read is all there is to say.
    told.retain(|account| account.as_of.is_some());
    Ok(told)
}

/// Adds what is told of a part of an account, or of another list of it: the worse of both is true
/// of both. `never_read` says how many cards were never read then.
pub(crate) fn join(
    told: &mut Vec<FromDataFile>,
    other: FromDataFile,
    never_read: fn(usize, usize) -> usize,
) {
    match told.iter_mut().find(|known| known.provider == other.provider) {
        Some(known) => {
            known.as_of = known.as_of.min(other.as_of);
            known.complete_from = known.complete_from.max(other.complete_from);
            known.asked_from = known.asked_from.or(other.asked_from);
            known.never_read = never_read(known.never_read, other.never_read);
        }
        None => told.push(other),
    }
}
