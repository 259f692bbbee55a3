//! Holds that are not listed any more, and what they became.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::{Empty, TestStore, stories};
use crate::domain::card::ProviderId;
use crate::domain::money::Money;
use crate::domain::transaction::{Listed, Transaction, TransactionKind, TransactionState};
use crate::store::{CompleteReading, Store};

stories! {
    a_hold_is_gone_after_two_complete_readings_that_are_far_enough_apart,
    a_hold_that_was_missed_once_and_listed_again_is_not_gone,
    a_hold_that_is_older_than_all_that_is_listed_is_left_alone,
    a_hold_that_clears_under_a_new_id_is_linked_once_it_is_gone_and_never_merged,
    two_holds_at_one_merchant_share_no_posting_and_a_tip_takes_nobody_elses,
    the_posting_of_a_hold_that_is_about_to_be_gone_is_no_other_holds_with_a_tip,
    of_several_postings_with_tips_each_hold_takes_the_nearest,
    what_was_a_hold_itself_or_is_elsewhere_or_much_more_is_no_holds_posting,
}

fn at(minute: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + minute * 60).expect("a time of the test")
}

fn row(
    id: &str,
    state: TransactionState,
    merchant: &str,
    amount: &str,
    minute: i64,
) -> Transaction {
    Transaction {
        card_id: Some("c1".into()),
        kind: TransactionKind::Purchase,
        state,
        provider_state: if state == TransactionState::Hold {
            "PENDING".into()
        } else {
            "SETTLED".into()
        },
        merchant: Some(merchant.into()),
        ..Transaction::new(
            ProviderId::new("acme"),
            id.into(),
            Money::parse_wire(amount, "USD".parse().expect("USD")).expect("an amount"),
            at(minute),
        )
    }
}

fn hold(id: &str, merchant: &str, amount: &str, minute: i64) -> Transaction {
    row(id, TransactionState::Hold, merchant, amount, minute)
}

fn posting(id: &str, merchant: &str, amount: &str, minute: i64, seen: i64) -> Transaction {
    Transaction {
        seen_at: at(seen),
        ..row(id, TransactionState::Cleared, merchant, amount, minute)
    }
}

/// A store whose bank has had one row for long.
struct Ledger(TestStore, Transaction);

impl Ledger {
    fn new(empty: Empty) -> Self {
        let old = row("old", TransactionState::Cleared, "RENT", "500", -10_000);
        Self(empty(), old)
    }

    /// A complete reading at a minute that lists these.
    async fn reads(&self, minute: i64, rows: &[Transaction]) -> Vec<(String, String)> {
        let rows: Vec<Transaction> = std::iter::once(&self.1).chain(rows).cloned().collect();
        let reading = CompleteReading {
            provider: ProviderId::new("acme"),
            card: None,
            since: at(-20_000),
            until: at(minute),
            at: at(minute),
            apart: SignedDuration::from_mins(10),
            listed: rows.iter().map(|row| (row.card_id.clone(), Arc::clone(&row.id))).collect(),
            oldest: rows.iter().map(|row| row.at).min().expect("one"),
        };
        self.0.keep_transactions(rows).await.expect("keeping");
        let changed = self.0.follow_holds(reading).await.expect("following");
        changed.news.rows.iter().map(|row| (row.id.to_string(), state_of(row))).collect()
    }

    async fn state(&self, id: &str) -> String {
        let rows = self.0.newest_transactions(100).await.expect("the rows");
        let row = rows.iter().find(|row| *row.id == *id).expect("a row");
        state_of(row)
    }
}

fn state_of(row: &Transaction) -> String {
    let listed = match &row.listed {
        Listed::Still => String::new(),
        Listed::GoneSince { at: since, cleared_as } => {
            format!(
                " since {} as {:?}",
                since.duration_since(at(0)).as_mins(),
                cleared_as.as_deref()
            )
        }
    };
    format!("{} {}{listed}", row.state.as_str(), row.provider_state)
}

async fn a_hold_is_gone_after_two_complete_readings_that_are_far_enough_apart(empty: Empty) {
    let ledger = Ledger::new(empty);
    let fuel = hold("h", "FUEL", "40", 0);
    ledger.reads(1, std::slice::from_ref(&fuel)).await;
    assert!(ledger.reads(5, &[]).await.is_empty());
    assert!(ledger.reads(14, &[]).await.is_empty(), "nine minutes later is too soon");
    assert_eq!(ledger.state("h").await, "HOLD PENDING");
    assert_eq!(
        ledger.reads(15, &[]).await,
        [("h".to_owned(), "REVERSED PENDING since 5 as None".to_owned())]
    );
    assert!(ledger.reads(30, &[]).await.is_empty(), "reported once");
    // It returns if it is seen again.
    ledger.reads(31, std::slice::from_ref(&fuel)).await;
    assert_eq!(ledger.state("h").await, "HOLD PENDING");
    ledger.reads(32, &[]).await;
    assert!(ledger.reads(33, &[]).await.is_empty(), "and is followed from the beginning");
}

async fn a_hold_that_was_missed_once_and_listed_again_is_not_gone(empty: Empty) {
    let ledger = Ledger::new(empty);
    let fuel = hold("h", "FUEL", "40", 0);
    ledger.reads(1, std::slice::from_ref(&fuel)).await;
    ledger.reads(2, &[]).await;
    ledger.reads(3, std::slice::from_ref(&fuel)).await;
    assert!(ledger.reads(20, &[]).await.is_empty());
    assert_eq!(ledger.state("h").await, "HOLD PENDING");
}

async fn a_hold_that_is_older_than_all_that_is_listed_is_left_alone(empty: Empty) {
    let ledger = Ledger::new(empty);
    let ancient = hold("h", "FUEL", "40", -15_000);
    ledger.reads(1, std::slice::from_ref(&ancient)).await;
    ledger.reads(2, &[]).await;
    assert!(ledger.reads(60, &[]).await.is_empty());
}

async fn a_hold_that_clears_under_a_new_id_is_linked_once_it_is_gone_and_never_merged(
    empty: Empty,
) {
    let ledger = Ledger::new(empty);
    let hotel = hold("h", "Hotel Nord", "25", 0);
    ledger.reads(1, std::slice::from_ref(&hotel)).await;
    let cleared = posting("p", "HOTEL NORD", "25", 0, 5);
    assert!(ledger.reads(5, &[hotel.clone(), cleared.clone()]).await.is_empty(), "both are listed");
    ledger.reads(6, std::slice::from_ref(&cleared)).await;
    let changed = ledger.reads(20, std::slice::from_ref(&cleared)).await;
    assert_eq!(changed, [("h".to_owned(), "REVERSED PENDING since 6 as Some(\"p\")".to_owned())]);
    assert_eq!(ledger.state("p").await, "CLEARED SETTLED");
}

async fn two_holds_at_one_merchant_share_no_posting_and_a_tip_takes_nobody_elses(empty: Empty) {
    let ledger = Ledger::new(empty);
    let both = [hold("h1", "BISTRO", "20", 0), hold("h2", "BISTRO", "24", 1)];
    ledger.reads(2, &both).await;
    let cleared = [posting("p1", "BISTRO", "24", 1, 6), posting("p2", "BISTRO", "22", 3, 6)];
    ledger.reads(6, &cleared).await;
    ledger.reads(20, &cleared).await;
    assert_eq!(
        ledger.state("h2").await,
        "REVERSED PENDING since 6 as Some(\"p1\")",
        "the equal sum"
    );
    assert_eq!(ledger.state("h1").await, "REVERSED PENDING since 6 as Some(\"p2\")", "with a tip");
}

async fn the_posting_of_a_hold_that_is_about_to_be_gone_is_no_other_holds_with_a_tip(empty: Empty) {
    let ledger = Ledger::new(empty);
    let (h1, h2) = (hold("h1", "BISTRO", "20", -30), hold("h2", "BISTRO", "22", -20));
    ledger.reads(-10, &[h1, h2.clone()]).await;
    ledger.reads(0, std::slice::from_ref(&h2)).await;
    let cleared = posting("p", "BISTRO", "22", -20, 6);
    ledger.reads(6, std::slice::from_ref(&cleared)).await;
    let changed = ledger.reads(10, std::slice::from_ref(&cleared)).await;
    assert_eq!(changed, [("h1".to_owned(), "REVERSED PENDING since 0 as None".to_owned())]);
    assert_eq!(ledger.state("h2").await, "HOLD PENDING");
    let changed = ledger.reads(16, std::slice::from_ref(&cleared)).await;
    assert_eq!(changed, [("h2".to_owned(), "REVERSED PENDING since 6 as Some(\"p\")".to_owned())]);
    assert_eq!(ledger.state("h1").await, "REVERSED PENDING since 0 as None");
}

async fn of_several_postings_with_tips_each_hold_takes_the_nearest(empty: Empty) {
    let ledger = Ledger::new(empty);
    ledger.reads(2, &[hold("h1", "BISTRO", "20", 0), hold("h2", "BISTRO", "24", 1)]).await;
    // The older hold alone could be either.
    let cleared = [posting("p1", "BISTRO", "25", 3, 6), posting("p2", "BISTRO", "21", 4, 6)];
    ledger.reads(6, &cleared).await;
    ledger.reads(20, &cleared).await;
    assert_eq!(ledger.state("h1").await, "REVERSED PENDING since 6 as Some(\"p2\")");
    assert_eq!(ledger.state("h2").await, "REVERSED PENDING since 6 as Some(\"p1\")");
}

async fn what_was_a_hold_itself_or_is_elsewhere_or_much_more_is_no_holds_posting(empty: Empty) {
    let ledger = Ledger::new(empty);
    let (one, two) = (hold("h1", "BISTRO", "20", 0), hold("h2", "BISTRO", "20", 1));
    ledger.reads(2, &[one, two]).await;
    let own = posting("h2", "BISTRO", "20", 1, 1);
    let others = [own, posting("x", "CAFE", "20", 2, 6), posting("y", "BISTRO", "60", 2, 6)];
    ledger.reads(6, &others).await;
    ledger.reads(20, &others).await;
    assert_eq!(ledger.state("h1").await, "REVERSED PENDING since 6 as None");
    // Its posting comes later.
    let late = posting("z", "BISTRO", "20", 2, 21);
    ledger.reads(21, &[others.as_slice(), &[late]].concat()).await;
    assert_eq!(ledger.state("h1").await, "REVERSED PENDING since 6 as Some(\"z\")");
}

/// A hold that is known to be missing stays so in the file.
#[tokio::test]
async fn what_is_known_of_a_hold_survives_a_restart() {
    let ledger = Ledger::new(super::on_disk);
    ledger.reads(1, &[hold("h", "FUEL", "40", 0)]).await;
    ledger.reads(5, &[]).await;
    let Ledger(TestStore { store, _folder: folder }, old) = ledger;
    drop(store);
    let store = Store::open(folder.path()).expect("the data file");
    let ledger = Ledger(TestStore { store, _folder: folder }, old);
    assert_eq!(
        ledger.reads(15, &[]).await,
        [("h".to_owned(), "REVERSED PENDING since 5 as None".to_owned())]
    );
    let newest = ledger.0.newest_transactions(1).await.expect("the rows");
    assert_eq!(newest.first().map(|row| row.state), Some(TransactionState::Reversed));
}
