//! That counting looks into no table: with many rows it would be too slow for every reading.

use super::*;
use crate::store::Store;

/// How SQLite answers a query.
fn plan(db: &Connection, sql: &str) -> Vec<String> {
    let mut query = db.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).expect("a query");
    let rows = query.query_map([], |row| row.get(3)).expect("its plan");
    rows.collect::<rusqlite::Result<_>>().expect("its plan")
}

#[tokio::test]
async fn words_are_counted_from_indexes_of_the_rows_that_may_have_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Store::open(folder.path()).expect("a data file");
    let plans = store.database().readings(|db| {
        Ok([
            plan(
                db,
                "SELECT provider, provider_state, count(*) FROM card_transaction WHERE state = \
                 'UNKNOWN' AND provider_state <> '' GROUP BY provider, provider_state",
            ),
            plan(
                db,
                "SELECT provider, provider_state, count(*) FROM card WHERE state = 'UNKNOWN' AND \
                 provider_state <> '' GROUP BY provider, provider_state",
            ),
            plan(
                db,
                "SELECT provider, decline_reason FROM card_transaction WHERE state = 'DECLINED' \
                 AND provider > '' AND decline_reason > '' ORDER BY provider, decline_reason \
                 LIMIT 1",
            ),
        ])
    });
    for (plan, index) in plans.await.expect("plans").iter().zip([
        "card_transaction_unknown",
        "card_unknown",
        "card_transaction_declined",
    ]) {
        let words = plan.join("; ");
        assert!(words.contains(&format!("COVERING INDEX {index}")), "{words}");
        assert!(!words.contains("TEMP B-TREE"), "{words}");
    }
}
