//! What a comparison of holds reads, and another process's lock.

use rusqlite::Connection;

use super::*;
use crate::domain::card::{CardKey, ProviderId};
use crate::store::{CompleteReading, Store};

fn reading(card: Option<CardKey>, at: Timestamp) -> CompleteReading {
    CompleteReading {
        provider: ProviderId::new("acme"),
        card,
        since: Timestamp::UNIX_EPOCH,
        until: at,
        at,
        apart: SignedDuration::from_mins(10),
        listed: [(Some("c1".into()), "h".into())].into(),
        oldest: Timestamp::UNIX_EPOCH,
    }
}

#[tokio::test]
async fn holds_are_compared_with_a_reading_without_a_look_at_their_rows() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Store::open(folder.path()).expect("a data file");
    let at = Timestamp::from_second(1_800_000_000).expect("a time of the test");
    for card in [None, Some(CardKey::new(&ProviderId::new("acme"), "c1"))] {
        let sql = select_compared(&reading(card, at));
        let plan = store.database().readings(move |db| {
            let mut query = db.prepare(&format!("EXPLAIN QUERY PLAN {sql}"))?;
            let values = params!["acme", 0, 0, 0, "c1"];
            Ok(query.query_row(values, |row| row.get::<_, String>("detail"))?)
        });
        let plan = plan.await.expect("a plan");
        assert!(plan.contains("USING COVERING INDEX card_transaction_holds"), "{plan}");
    }
}

#[tokio::test]
async fn a_reading_that_says_nothing_new_of_holds_does_not_wait_for_another_writer() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Store::open(folder.path()).expect("a data file");
    let at = Timestamp::from_second(1_800_000_000).expect("a time of the test");
    let other = Connection::open(store.path()).expect("the data file");
    other
        .execute_batch(
            "INSERT INTO card_transaction (provider, card_id, id, kind, state, provider_state, \
             amount, currency, at, seen_at)
             VALUES ('acme', 'c1', 'h', 'PURCHASE', 'HOLD', 'PENDING', '40', 'USD', 1800000000000, \
             1800000000000);
             BEGIN IMMEDIATE",
        )
        .expect("the lock of another process");
    let reading = reading(None, at);
    let changed = store.database().readings(move |db| {
        let none = Listed(HashSet::new());
        assert_eq!(steps(db, &reading, &none)?.len(), 1, "it is compared with the reading");
        db.busy_timeout(std::time::Duration::ZERO)?;
        Ok(follow(db, &reading)?)
    });
    assert!(changed.await.is_ok_and(|changed| changed.numbers.is_none()));
}
