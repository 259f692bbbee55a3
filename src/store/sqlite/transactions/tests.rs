//! What the columns keep beside what is read back.

use super::*;
use crate::domain::transaction::TransactionKind;
use crate::store::Store;

fn row(card: Option<&str>, id: &str, words: &str) -> Transaction {
    let at = jiff::Timestamp::from_second(1_800_000_000).expect("a time of the test");
    Transaction {
        card_id: card.map(Into::into),
        kind: TransactionKind::Purchase,
        state: TransactionState::Hold,
        provider_state: words.into(),
        merchant: Some("REWE".into()),
        ..Transaction::new(
            ProviderId::new("acme"),
            id.into(),
            "5".parse()
                .map(|five| crate::domain::money::Money::new(five, "USD".parse().expect("USD")))
                .expect("five"),
            at,
        )
    }
}

#[tokio::test]
async fn a_hold_that_gains_its_card_or_its_own_id_as_it_clears_is_known_to_have_been_a_hold() {
    let cleared =
        |card, id| Transaction { state: TransactionState::Cleared, ..row(card, id, "SETTLED") };
    let by_task = Transaction { task: Some("task".into()), ..cleared(Some("c1"), "own") };
    for (hold, cleared) in [
        (row(None, "1", "PENDING"), cleared(Some("c1"), "1")),
        (row(Some("c1"), "task", "PENDING"), by_task),
        (row(Some("c1"), "1", "PENDING"), cleared(Some("c1"), "1")),
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open(folder.path()).expect("a data file");
        let marks = store.database().readings(move |db| {
            keep(db, &[hold])?;
            keep(db, &[cleared])?;
            let marks = db
                .prepare("SELECT was_hold FROM card_transaction")?
                .query_map([], |row| row.get::<_, bool>(0))?
                .collect::<rusqlite::Result<_>>()?;
            Ok(marks)
        });
        let marks: Vec<bool> = marks.await.expect("keeping");
        assert_eq!(marks, [true]);
    }
}

#[tokio::test]
async fn a_state_that_this_cardtop_has_no_word_for_claims_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Store::open(folder.path()).expect("a data file");
    let read = store.database().readings(move |db| {
        keep(db, &[row(Some("c1"), "1", "a")])?;
        db.execute("UPDATE card_transaction SET state = 'LATER', change = change + 1", [])?;
        Ok(pages::newest(db, 1)?)
    });
    assert_eq!(
        read.await.expect("the row").first().map(|row| row.state),
        Some(TransactionState::Unknown)
    );
}
