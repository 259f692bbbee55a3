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
use crate::engine::{KeptLists, PageKey};

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

/// Up to when the data file was brought by readings, by account.
#[derive(Debug, Default)]
pub(crate) struct AsOf(BTreeMap<ProviderId, Option<Timestamp>>);

impl AsOf {
    /// Nothing printed of these accounts yet.
    pub(crate) fn of<'a>(accounts: impl IntoIterator<Item = &'a ProviderId>) -> Self {
        Self(accounts.into_iter().map(|id| (id.clone(), None)).collect())
    }

    /// A row that is printed: its account was read at least then.
    pub(crate) fn add(&mut self, row: &Transaction) {
        if let Some(as_of) = self.0.get_mut(&row.provider) {
            *as_of = (*as_of).max(Some(row.seen_at));
        }
    }

    /// By account: how far its readings reach, else when its newest row was first seen.
    pub(crate) async fn told(self, session: &Session, card: Option<&CardKey>) -> Vec<FromDataFile> {
        let mut told = Vec::new();
        for (provider, seen) in self.0 {
            let lists = session.engine.kept_lists(&provider).await;
            told.push(told_of(provider, &lists, card, seen));
        }
        told
    }

    /// The same of one card, by the lists of its account.
    fn told_of_card(self, lists: &KeptLists, card: &CardKey) -> FromDataFile {
        let seen = self.0.get(&card.provider).copied().flatten();
        told_of(card.provider.clone(), lists, Some(card), seen)
    }
}

fn told_of(
    provider: ProviderId,
    lists: &KeptLists,
    card: Option<&CardKey>,
    seen: Option<Timestamp>,
) -> FromDataFile {
    let extent = lists.extent(card.map(|card| &*card.id));
    let complete_from = extent.complete_from.map_or(CompleteFrom::Unknown, CompleteFrom::At);
    FromDataFile { provider, as_of: extent.as_of.or(seen), complete_from, gaps: extent.gaps }
}

/// As of when the data file has the figures of these cards, by account: the oldest counts.
pub(crate) fn of_cards(session: &Session, cards: &[Arc<Card>]) -> Vec<FromDataFile> {
    let of_account = |provider: &ProviderId| {
        let of_it = cards.iter().filter(|card| card.key.provider == *provider);
        of_it.filter_map(|card| card.balance.at()).min()
    };
    let ids = session.providers.iter().map(|info| info.id.clone());
    let complete_from = CompleteFrom::NoTimes;
    let told =
        |provider| FromDataFile { as_of: of_account(&provider), provider, complete_from, gaps: 0 };
    ids.map(told).collect()
}

/// Goes through the rows of the data file from newest to oldest, a page at a time, until `each` has
/// seen enough (`false`): those of the accounts that are asked, none older than `since`.
///
/// # Errors
/// When the data file cannot be read, or `each` fails.
pub(crate) async fn each_row(
    session: &Session,
    card: Option<&CardKey>,
    since: Timestamp,
    mut each: impl FnMut(Transaction) -> Result<bool, Failure>,
) -> Result<(), Failure> {
    let mut before: Option<PageKey> = None;
    loop {
        let page = session.engine.kept_transactions(before, PAGE, card, since).await;
        let page = page.map_err(Failure::data_file)?;
        for row in page.rows {
            if session.rank(&row.provider) < session.providers.len() && !each(row)? {
                return Ok(());
            }
        }
        match page.next {
            Some(next) => before = Some(next),
            None => return Ok(()),
        }
    }
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
) -> Result<Vec<FromDataFile>, Failure> {
    let name = |row: &Transaction| (row.provider.clone(), row.card_id.clone(), row.id.clone());
    let mut names: HashSet<_> = rows.iter().map(name).collect();
    let mut add = |row: Transaction, as_of: &mut AsOf| {
        if names.insert(name(&row)) {
            as_of.add(&row);
            rows.push(row);
        }
        Ok(true)
    };
    let parts = &completeness.parts;
    let mut told = Vec::new();
    let accounts: BTreeSet<&ProviderId> =
        parts.iter().filter(|part| part.card.is_none()).map(|part| &part.provider).collect();
    if !accounts.is_empty() {
        let mut as_of = AsOf::of(accounts.iter().copied());
        each_row(session, None, since, |row| {
            if accounts.contains(&row.provider) { add(row, &mut as_of) } else { Ok(true) }
        })
        .await?;
        told.extend(as_of.told(session, None).await);
    }
    let cards: BTreeSet<&CardKey> = parts.iter().filter_map(|part| part.card.as_ref()).collect();
    // The cards of an account follow each other.
    let mut lists: Option<(&ProviderId, KeptLists)> = None;
    for card in cards.into_iter().filter(|card| !accounts.contains(&card.provider)) {
        let mut as_of = AsOf::of([&card.provider]);
        each_row(session, Some(card), since, |row| add(row, &mut as_of)).await?;
        if lists.as_ref().is_none_or(|(of, _)| **of != card.provider) {
            lists = Some((&card.provider, session.engine.kept_lists(&card.provider).await));
        }
        let Some((_, lists)) = &lists else { continue };
        let of_card = as_of.told_of_card(lists, card);
        match told.iter_mut().find(|known: &&mut FromDataFile| known.provider == card.provider) {
            Some(known) => {
                known.as_of = known.as_of.min(of_card.as_of);
                known.complete_from = known.complete_from.max(of_card.complete_from);
                known.gaps += of_card.gaps;
            }
            None => told.push(of_card),
        }
    }
    // Where the data file has nothing either, that the account was not read is all there is to say.
    told.retain(|account| account.as_of.is_some());
    Ok(told)
}
