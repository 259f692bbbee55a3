//! A full disk, and a journal that somebody tampered with.

use std::collections::BTreeMap;
use std::path::Path;

use super::*;
use crate::domain::card::{CardKey, CardState, ProviderId};
use crate::domain::money::Money;
use crate::domain::operation::{ActionKind, Before};
use crate::store::{FILE, Store, StoreError, Verified};

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).expect("a time of the test")
}

fn operation(count: u16) -> Operation {
    let id = OperationId::new(at(i64::from(count)), 7, count);
    Operation {
        id,
        action_kind: ActionKind::TopUp,
        card: CardKey::new(&ProviderId::new("acme"), &format!("c{count}")),
        last4: "4242".parse().ok(),
        amount: Money::parse_input("30", "USD".parse().expect("a currency")).ok(),
        state: OperationState::Sent,
        reason: Some("cover".into()),
        reference: id.reference(),
        provider_reference: None,
        operator: "anay".into(),
        created_at: at(i64::from(count)),
        updated_at: at(i64::from(count)),
        detail: None,
        before: Before { owner: None, state: Some(CardState::Active), balance: None },
        proof: Proof::ByListing,
        looks: 0,
        next_look: None,
        baseline: None,
        proven_by: None,
        watched_until: None,
        alarm: None,
    }
}

async fn with_journal(work: impl FnOnce(&mut Connection) + Send + 'static) {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Store::open(folder.path()).expect("a data file");
    let work = store.database().journal(|db| {
        work(db);
        Ok(())
    });
    work.await.expect("the journal");
}

fn saved(db: &mut Connection, operation: &Operation) {
    let obstacle = intend(db, operation, OnConflict::Refuse).expect("the journal");
    assert!(obstacle.is_none(), "{obstacle:?}");
}

/// Three operations, of which one is DONE, in a data file whose end is noted outside.
async fn journal(folder: &Path) -> Store {
    let notes = folder.join("state");
    let store = Store::open_with(folder, &BTreeMap::new(), Some(&notes), at(0))
        .unwrap_or_else(|refused| panic!("{refused}"));
    let wrote = store.database().journal(|db| {
        for count in 1..=3 {
            intend(db, &operation(count), OnConflict::Refuse)?;
        }
        let words = "+30.00 USD in the list, id t1".to_owned();
        let found = Finding::new(at(60), StepKind::Look, words, OperationState::Done);
        Ok(record(db, operation(3).id, &Finding { credit: Some("t1".into()), ..found })?)
    });
    wrote.await.expect("three operations");
    store
}

/// What verification says after somebody has had the file.
async fn after(tampering: &'static str) -> Result<Verified, String> {
    let folder = tempfile::tempdir().expect("a folder");
    let store = journal(folder.path()).await;
    let head = store.database().head();
    drop(store);
    let file = Connection::open(folder.path().join(FILE)).expect("the file");
    file.execute_batch(tampering).unwrap_or_else(|error| panic!("{tampering}: {error}"));
    drop(file);
    let again = Store::open(folder.path()).unwrap_or_else(|refused| panic!("{refused}"));
    again.database().journal(move |db| Ok(verify(db, head.as_ref())?)).await.expect("the journal")
}

#[tokio::test]
async fn an_untouched_journal_is_intact_and_its_end_is_the_noted_one() {
    let intact = after("").await.expect("intact");
    assert_eq!((intact.lines, intact.noted), (4, Some(4)));
    assert_eq!(intact.last_hash.len(), 64);
}

#[tokio::test]
async fn no_printed_column_of_an_operation_can_be_changed_without_being_noticed() {
    for change in [
        "deed = 'freeze'",
        "provider = 'other'",
        "card_id = 'c9'",
        "last4 = '0000'",
        "amount = '3000.00'",
        "currency = 'EUR'",
        "reason = 'birthday'",
        "reference = 'ct0'",
        "provider_reference = 'task'",
        "operator = 'mallory'",
        "created_at = created_at - 86400000",
        "updated_at = updated_at + 1",
        "detail = 'nothing happened'",
        "proof = 'answer'",
        "proven_by = 'person'",
        "alarm = 'x'",
        "credit = 't2'",
        "next_look = 1",
        "looks = 9",
        "before_state = 'FROZEN'",
        "baseline = '{}'",
    ] {
        let sql: &'static str =
            format!("UPDATE operation SET {change} WHERE card_id = 'c3'").leak();
        let broken = after(sql).await.expect_err(change);
        let column = change.split(' ').next().unwrap_or_default();
        assert!(
            broken.contains(&format!("its {column} is not what its last line says")),
            "{change}: {broken}"
        );
    }
}

#[tokio::test]
async fn an_end_that_was_cut_off_is_noticed() {
    const GUARDS: &str = "DROP TRIGGER line_is_never_changed; DROP TRIGGER line_is_never_removed;";
    const AGAIN: &str = "CREATE TRIGGER line_is_never_changed BEFORE UPDATE ON line BEGIN \
                         SELECT RAISE(ABORT, 'x'); END;
        CREATE TRIGGER line_is_never_removed BEFORE DELETE ON line BEGIN SELECT RAISE(ABORT, \
                         'x'); END;";
    let with = |tampering: &str| -> &'static str { format!("{GUARDS} {tampering} {AGAIN}").leak() };
    for (tampering, words) in [
        (
            "DELETE FROM line WHERE number > 2; DELETE FROM operation WHERE card_id = 'c3';",
            "its end is missing",
        ),
        ("DELETE FROM line; DELETE FROM operation;", "its end is missing"),
        ("DELETE FROM operation WHERE card_id = 'c2';", "is gone, and its lines are still here"),
        ("DELETE FROM line WHERE number = 2;", "line 2 of the journal is missing"),
    ] {
        let broken = after(with(tampering)).await.expect_err(tampering);
        assert!(broken.contains(words), "{tampering}: {broken}");
    }
    let broken = after("DROP TRIGGER line_is_never_changed").await.expect_err("a guard is missing");
    assert!(broken.contains("the guard line_is_never_changed was taken away"), "{broken}");
}

#[tokio::test]
async fn an_end_that_was_cut_off_stays_noticed_when_the_journal_grows_beyond_it() {
    let folder = tempfile::tempdir().expect("a folder");
    drop(journal(folder.path()).await);
    let file = Connection::open(folder.path().join(FILE)).expect("the file");
    file.execute_batch(
        "DROP TRIGGER line_is_never_changed; DROP TRIGGER line_is_never_removed;
         DELETE FROM line WHERE number > 2; DELETE FROM operation WHERE card_id = 'c3';
         CREATE TRIGGER line_is_never_changed BEFORE UPDATE ON line BEGIN SELECT RAISE(ABORT, \
         'x'); END;
         CREATE TRIGGER line_is_never_removed BEFORE DELETE ON line BEGIN SELECT RAISE(ABORT, \
         'x'); END;",
    )
    .expect("tampering");
    drop(file);
    let notes = folder.path().join("state");
    let again = Store::open_with(folder.path(), &BTreeMap::new(), Some(&notes), at(0))
        .unwrap_or_else(|refused| panic!("{refused}"));
    for count in 4..10 {
        again
            .database()
            .journal(move |db| Ok(intend(db, &operation(count), OnConflict::Refuse)?))
            .await
            .expect("one more");
    }
    let head = again.database().head();
    let verified = again
        .database()
        .journal(move |db| Ok(verify(db, head.as_ref())?))
        .await
        .expect("the journal");
    assert!(verified.is_err(), "{verified:?}");
}

#[tokio::test]
async fn a_chain_that_was_made_anew_is_noticed() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = journal(folder.path()).await;
    let head = store.database().head();
    let forged = store.database().journal(move |db| {
        db.execute_batch(
            "DROP TRIGGER line_is_never_changed; UPDATE operation SET operator = 'mallory'",
        )?;
        let lines: Vec<(i64, i64, String, String, String, String)> = db
            .prepare("SELECT number, at, operation, what, words, state FROM line ORDER BY number")?
            .query_map([], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?))
            })?
            .collect::<rusqlite::Result<_>>()?;
        let mut previous = chain::GENESIS.to_owned();
        for (number, at, operation, what, words, state) in lines {
            let record = chain::record(db, &operation)?.expect("its operation");
            let line = chain::Line {
                number,
                at,
                operation: &operation,
                what: &what,
                words: &words,
                state: &state,
                record: Some(&record),
            };
            let hash = line.hash(&previous);
            db.execute(
                "UPDATE line SET record = ?2, previous = ?3, hash = ?4 WHERE number = ?1",
                params![number, record, previous, hash],
            )?;
            previous = hash;
        }
        db.execute_batch(
            "CREATE TRIGGER line_is_never_changed BEFORE UPDATE ON line BEGIN SELECT \
             RAISE(ABORT, 'x'); END",
        )?;
        Ok((verify(db, None)?, verify(db, head.as_ref())?))
    });
    let (inside, outside) = forged.await.expect("forging");
    assert!(inside.is_ok(), "nothing in the file itself can tell");
    let broken = outside.expect_err("the note outside tells");
    assert!(broken.contains("the chain was made anew"), "{broken}");
}

#[tokio::test]
async fn a_full_disk_refuses_the_intent_and_leaves_the_journal_whole() {
    with_journal(|db| {
        saved(db, &operation(1));
        let pages: i64 =
            db.pragma_query_value(None, "page_count", |row| row.get(0)).expect("a count");
        db.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(())).expect("a limit");
        let full = (2..200).find_map(|count| {
            let card = CardKey::new(&ProviderId::new("acme"), &format!("{count:0>400}"));
            intend(db, &Operation { card, ..operation(count) }, OnConflict::Refuse).err()
        });
        let error = full.expect("the limit is reached");
        assert_eq!(StoreError::from(error).to_string(), "cannot grow: the disk is full");
        let count = page(db, None, 1_000).expect("a list").len();
        assert_eq!(
            verify(db, None).expect("the journal").map(|verified| verified.lines),
            Ok(u64::try_from(count).expect("a small number")),
            "each operation has its line"
        );
    })
    .await;
}

#[tokio::test]
async fn every_change_of_a_line_breaks_the_chain() {
    with_journal(|db| {
        for count in 1..6 {
            saved(db, &operation(count));
        }
        assert_eq!(verify(db, None).expect("the journal").map(|verified| verified.lines), Ok(5));
        assert!(
            db.execute("UPDATE line SET words = 'x' WHERE number = 2", []).is_err(),
            "a line was changed"
        );
        assert!(db.execute("DELETE FROM line WHERE number = 5", []).is_err(), "a line was removed");
        db.execute_batch("DROP TRIGGER line_is_never_changed; DROP TRIGGER line_is_never_removed")
            .expect("dropping");
        for change in [
            "words = words || ' '",
            "at = at + 1",
            "state = 'DONE'",
            "what = 'sent'",
            "operation = 'x'",
            "hash = 'x'",
            "previous = 'x'",
        ] {
            db.execute_batch("SAVEPOINT whole").expect("a savepoint");
            db.execute(&format!("UPDATE line SET {change} WHERE number = 3"), [])
                .expect("tampering");
            assert!(verify(db, None).expect("the journal").is_err(), "{change} was not noticed");
            db.execute_batch("ROLLBACK TO whole; RELEASE whole").expect("back");
        }
        db.execute("DELETE FROM line WHERE number = 3", []).expect("tampering");
        assert_eq!(
            verify(db, None).expect("the journal"),
            Err("line 3 of the journal is missing".to_owned())
        );
    })
    .await;
}

#[tokio::test]
async fn a_payment_is_looked_for_among_the_operations_of_its_card_alone() {
    with_journal(|db| {
        let mut paid = operation(1);
        paid.id = OperationId::of_payment(at(5), 42);
        paid.reference = paid.id.reference();
        saved(db, &paid);
        saved(db, &operation(2));
        let found = |card: &CardKey, number| {
            of_payment(db, card, number).expect("the journal").map(|operation| operation.id)
        };
        assert_eq!(found(&paid.card, 42), Some(paid.id), "whenever it was");
        assert_eq!(found(&paid.card, 43), None, "another payment");
        assert_eq!(found(&operation(2).card, 42), None, "another card");
        let plan: String = db
            .query_row(
                "EXPLAIN QUERY PLAN SELECT id FROM operation WHERE provider = 'a' AND card_id = \
                 'b' AND substr(id, 11) = substr('c', 11)",
                [],
                |row| row.get("detail"),
            )
            .expect("a plan");
        assert!(plan.contains("INDEX operation_of_card"), "{plan}");
    })
    .await;
}
