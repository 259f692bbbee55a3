//! Holds and another process's lock.

use rusqlite::Connection;

use super::*;
use crate::domain::card::ProviderId;
use crate::store::{CompleteReading, Store};

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
    let reading = CompleteReading {
        provider: ProviderId::new("acme"),
        card: None,
        since: Timestamp::UNIX_EPOCH,
        until: at,
        at,
        apart: SignedDuration::from_mins(10),
        listed: [(Some("c1".into()), "h".into())].into(),
        oldest: Timestamp::UNIX_EPOCH,
    };
    let changed = store.database().readings(move |db| {
        assert_eq!(holds(db, &reading)?.len(), 1, "it is compared with the reading");
        db.busy_timeout(std::time::Duration::ZERO)?;
        Ok(follow(db, &reading)?)
    });
    assert!(changed.await.is_ok_and(|changed| changed.numbers.is_none()));
}
