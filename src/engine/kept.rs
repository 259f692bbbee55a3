//! What the data file has, for commands that print it without asking a provider.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;

use super::Engine;
use crate::domain::card::{Card, CardKey, ProviderId};
use crate::domain::coverage::{Coverage, Covered};
use crate::store::{Page, PageKey, Snapshot, Store, StoreError};

/// How many transactions opening the data file of this folder would write anew; see
/// [`Store::rows_to_rewrite`].
#[must_use]
pub fn rows_to_rewrite(data: &Path) -> Option<u64> {
    Store::rows_to_rewrite(data)
}

impl Engine {
    /// The transactions that the data file has now. No request is sent.
    ///
    /// # Errors
    /// Why the data file cannot be read: one sentence.
    pub async fn kept_transactions(&self) -> Result<KeptTransactions, String> {
        self.0.store.snapshot().await.map(KeptTransactions).map_err(of_data_file)
    }

    /// Those of these cards that the data file has, in the order of their keys.
    ///
    /// # Errors
    /// Why it cannot be read: one sentence.
    pub async fn kept_cards(&self, of: BTreeSet<CardKey>) -> Result<Vec<Arc<Card>>, String> {
        let cards = self.0.store.cards_of(of.into_iter().collect()).await;
        Ok(cards.map_err(of_data_file)?.into_iter().map(Arc::new).collect())
    }

    /// Which stretches of time of an account's lists of transactions the data file has. Asked
    /// before the transactions, it says nothing that is not true of them.
    pub async fn kept_lists(&self, provider: &ProviderId) -> KeptLists {
        let lists = self.0.store.coverage(provider.clone()).await.unwrap_or_default();
        let cards = self.0.cards.of_provider(provider);
        KeptLists {
            lists: lists.into_iter().collect(),
            cards: cards.iter().map(|card| Arc::clone(card.id())).collect(),
        }
    }
}

/// The transactions that the data file had at one moment, whoever writes meanwhile.
pub struct KeptTransactions(Snapshot);

impl KeptTransactions {
    /// A page of them, newest first, of all cards or of one; see [`Snapshot::transactions_page`].
    ///
    /// # Errors
    /// Why the data file cannot be read: one sentence.
    pub async fn page(
        &self,
        before: Option<PageKey>,
        limit: u32,
        card: Option<&CardKey>,
        since: Timestamp,
    ) -> Result<Page, String> {
        let page = self.0.transactions_page(before, limit, card.cloned(), since).await;
        page.map_err(of_data_file)
    }
}

fn of_data_file(error: StoreError) -> String {
    format!("the data file {error}")
}

/// Which stretches of time of an account's lists of transactions the data file has.
#[derive(Debug, Default)]
pub struct KeptLists {
    /// Of all cards (`None`), or of each card by its id.
    lists: BTreeMap<Option<Arc<str>>, Coverage>,
    /// The ids of the account's known cards.
    cards: Vec<Arc<str>>,
}

/// How far the data file reaches in a list. Both ends are `None` where nothing tells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KeptExtent {
    /// Up to when it was read.
    pub as_of: Option<Timestamp>,
    /// From when on everything was read, up to then.
    pub complete_from: Option<Timestamp>,
    /// How many of the cards that are known were never read, where cards are read one by one.
    pub never_read: usize,
    /// How many times between the two lack rows all the same.
    pub gaps: usize,
}

impl KeptLists {
    /// How far the data file reaches for all cards, or for one. Of an account that is read card by
    /// card, the card that was read longest ago and the one that was read least far back count; it
    /// is not complete from any time while a known card was never read.
    #[must_use]
    pub fn extent(&self, card: Option<&str>) -> KeptExtent {
        let common = self.lists.get(&None);
        match (card, common) {
            (Some(card), _) => {
                let mut coverage =
                    self.lists.get(&Some(Arc::from(card))).cloned().unwrap_or_default();
                common.into_iter().for_each(|common| coverage.join(common));
                let extent = KeptExtent::of(&coverage);
                KeptExtent { never_read: usize::from(extent.as_of.is_none()), ..extent }
            }
            (None, Some(common)) => KeptExtent::of(common),
            (None, None) => self.extent_of_each(),
        }
    }

    fn extent_of_each(&self) -> KeptExtent {
        let extents: Vec<KeptExtent> = self.lists.values().map(KeptExtent::of).collect();
        let is_read = |card: &&Arc<str>| self.lists.contains_key(&Some(Arc::clone(card)));
        let never_read = self.cards.len() - self.cards.iter().filter(is_read).count();
        let all_read =
            never_read == 0 && extents.iter().all(|extent| extent.complete_from.is_some());
        let complete_from = extents.iter().filter_map(|extent| extent.complete_from).max();
        let complete_from = complete_from.filter(|_| all_read);
        let gaps = self.lists.values().map(|coverage| gaps(coverage, complete_from)).sum();
        let as_of = extents.iter().filter_map(|extent| extent.as_of).min();
        KeptExtent { as_of, complete_from, never_read, gaps }
    }
}

impl KeptExtent {
    fn of(coverage: &Coverage) -> Self {
        let complete_from = coverage.complete().map(|complete| complete.from);
        let gaps = gaps(coverage, complete_from);
        Self { as_of: coverage.newest(), complete_from, never_read: 0, gaps }
    }
}

/// How many times of a list lack rows, from the time on from which it is complete otherwise.
fn gaps(coverage: &Coverage, complete_from: Option<Timestamp>) -> usize {
    let (complete, lost) = (coverage.complete(), coverage.lost().to_vec());
    let covered = Covered { complete, lost, ..Covered::default() };
    complete_from.map_or(0, |from| covered.gaps(from))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::coverage::{Lost, Stretch};

    fn at(hour: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + hour * 3_600).expect("a time of the test")
    }

    fn read(stretches: &[(i64, i64)]) -> Coverage {
        let stretch = |(from, to): &(i64, i64)| Stretch { from: at(*from), to: at(*to) };
        Coverage::of(stretches.iter().map(stretch))
    }

    fn kept(lists: &[(Option<&str>, Coverage)], cards: &[&str]) -> KeptLists {
        let lists = lists.iter().map(|(card, read)| (card.map(Arc::from), read.clone()));
        KeptLists { lists: lists.collect(), cards: cards.iter().map(|id| Arc::from(*id)).collect() }
    }

    fn extent(as_of: Option<i64>, complete_from: Option<i64>) -> KeptExtent {
        KeptExtent {
            as_of: as_of.map(at),
            complete_from: complete_from.map(at),
            never_read: 0,
            gaps: 0,
        }
    }

    #[test]
    fn a_list_is_complete_from_behind_its_newest_gap_on() {
        let lists = kept(&[(None, read(&[(0, 5), (8, 12)]))], &["c1", "never listed"]);
        assert_eq!(lists.extent(None), extent(Some(12), Some(8)));
        assert_eq!(lists.extent(Some("c1")), extent(Some(12), Some(8)));
        assert_eq!(kept(&[], &[]).extent(None), extent(None, None));
    }

    #[test]
    fn times_that_lack_rows_are_counted_where_the_rest_is_complete() {
        let lossy = |stretches, hour| {
            let mut coverage = read(stretches);
            coverage.lose(Lost::new(Stretch { from: at(hour), to: at(hour + 1) }, "odd".into()));
            coverage
        };
        let lists = kept(&[(None, lossy(&[(0, 5), (6, 12)], 5))], &["c1"]);
        assert_eq!(lists.extent(None), KeptExtent { gaps: 1, ..extent(Some(12), Some(0)) });
        assert_eq!(lists.extent(Some("c1")).gaps, 1);
        let lists = [(Some("c1"), lossy(&[(0, 10)], 1)), (Some("c2"), lossy(&[(3, 12)], 7))];
        assert_eq!(kept(&lists, &["c1", "c2"]).extent(None).gaps, 1, "the other one is older");
    }

    #[test]
    fn cards_that_are_read_one_by_one_are_complete_where_each_of_them_is() {
        let lists = [(Some("c1"), read(&[(0, 10)])), (Some("c2"), read(&[(3, 12)]))];
        assert_eq!(kept(&lists, &["c1", "c2"]).extent(None), extent(Some(10), Some(3)));
        assert_eq!(kept(&lists, &["c1", "c2"]).extent(Some("c2")), extent(Some(12), Some(3)));
        let with_unread = kept(&lists, &["c1", "c2", "c3"]);
        let unread = |extent| KeptExtent { never_read: 1, ..extent };
        assert_eq!(with_unread.extent(None), unread(extent(Some(10), None)), "c3 was never read");
        assert_eq!(with_unread.extent(Some("c3")), unread(extent(None, None)));
    }
}
