//! Rows that are not given to the data file again, and those that are, because it may have others.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::Bench;
use crate::domain::card::CardKey;
use crate::domain::transaction::{Listed, Transaction, TransactionState};
use crate::store::{CompleteReading, Store};

impl Bench {
    /// A row of the account, an hour old.
    fn row(&self, id: &str, state: TransactionState) -> Transaction {
        let key = CardKey::new(&self.account().info.id, "c-1");
        Transaction {
            provider: key.provider.clone(),
            card_id: Some(Arc::clone(&key.id)),
            id: id.into(),
            at: self.engine.0.clock.now() - SignedDuration::from_hours(1),
            state,
            ..crate::contract::samples::transaction()
        }
    }

    /// A page of the newest rows has come.
    async fn accept(&self, rows: &[Transaction]) {
        let account = self.account();
        let (_, saved) =
            self.engine.accept_transactions(&account, None, Some(0), rows.to_vec()).await;
        assert!(saved);
    }

    async fn kept(&self, id: &str) -> Transaction {
        let rows = self.engine.0.store.newest_transactions(500).await.expect("they are there");
        rows.into_iter().find(|row| &*row.id == id).expect("it is kept")
    }
}

/// A reading of all cards that had none but another row, from long before.
fn without(row: &Transaction, at: Timestamp) -> CompleteReading {
    let long_before = row.at - SignedDuration::from_hours(1);
    CompleteReading {
        provider: row.provider.clone(),
        card: None,
        since: long_before,
        until: at,
        at,
        apart: SignedDuration::from_mins(10),
        listed: [(row.card_id.clone(), "t-other".into())].into_iter().collect(),
        oldest: long_before,
    }
}

#[tokio::test]
async fn a_hold_that_is_listed_again_as_it_was_is_taken_back_although_it_was_saved_like_that() {
    let bench = Bench::new(1).await;
    let (account, now) = (bench.account(), bench.engine.0.clock.now());
    let hold = bench.row("t-hold", TransactionState::Hold);
    let is_gone = async || matches!(bench.kept("t-hold").await.listed, Listed::GoneSince { .. });
    bench.accept(std::slice::from_ref(&hold)).await;
    assert!(!is_gone().await);
    for minutes in [0, 11] {
        let at = now + SignedDuration::from_mins(minutes);
        assert!(bench.engine.follow_holds(&account, without(&hold, at)).await);
    }
    assert!(is_gone().await, "two readings did not have it");
    bench.accept(&[hold]).await;
    assert!(!is_gone().await, "it is listed again");
}

#[tokio::test]
async fn a_row_that_another_cardtop_wrote_over_is_written_again_although_it_is_read_as_before() {
    let bench = Bench::new(1).await;
    bench.engine.tell_newest_rows(10).await.expect("they are told");
    let cleared = bench.row("t-1", TransactionState::Cleared);
    let hold = Transaction { state: TransactionState::Hold, ..cleared.clone() };
    let other = Store::open(bench.engine.0.store.path().parent().expect("its folder"));
    let other = other.expect("the same data file");
    bench.accept(std::slice::from_ref(&cleared)).await;
    other.keep_transactions(vec![hold]).await.expect("an answer that came late");
    let page = [cleared, bench.row("t-2", TransactionState::Cleared)];
    bench.accept(&page).await;
    assert_eq!(
        bench.kept("t-1").await.state,
        TransactionState::Hold,
        "only the new one is written"
    );
    bench.accept(&page).await;
    assert_eq!(bench.kept("t-1").await.state, TransactionState::Cleared);
}
