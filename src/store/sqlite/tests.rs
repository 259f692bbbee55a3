//! The data file itself: owners, races, other processes, files that are not ours.

use std::fs;

use super::*;
use crate::domain::card::{Balance, Card, CardKey, CardRecord, Reading};
use crate::store::Store;

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a folder for the test")
}

/// The connections of a store.
fn connections(store: &Store) -> &Connections {
    &store.database().0
}

#[test]
fn the_data_file_is_for_its_owner_only_and_opens_again() {
    let folder = folder();
    let data = folder.path().join("data");
    Store::open(&data).expect("a new data file");
    Store::open(&data).expect("the same data file");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode =
            |path: &Path| fs::metadata(path).expect("it exists").permissions().mode() & 0o777;
        assert_eq!((mode(&data), mode(&data.join(FILE))), (0o700, 0o600));
    }
}

#[test]
fn whoever_opens_a_new_data_file_at_the_same_moment_gets_the_same_one() {
    for _ in 0..40 {
        let folder = folder();
        let together = std::sync::Barrier::new(6);
        let opened: Vec<_> = std::thread::scope(|scope| {
            let one = || {
                together.wait();
                Store::open(folder.path()).err()
            };
            let racers: Vec<_> = (0..6).map(|_| scope.spawn(one)).collect();
            racers.into_iter().filter_map(|racer| racer.join().expect("it ends")).collect()
        });
        assert!(opened.is_empty(), "{opened:?}");
    }
}

#[test]
fn what_another_process_writes_is_noticed_once() {
    let folder = folder();
    let (ours, theirs) =
        (Store::open(folder.path()).expect("ours"), Store::open(folder.path()).expect("theirs"));
    assert!(ours.was_written(), "nothing was looked at yet");
    assert!(!ours.was_written());
    connections(&theirs)
        .journal
        .lock()
        .expect("their journal")
        .execute_batch("CREATE TABLE note (x)")
        .expect("a change");
    assert!(ours.was_written());
    assert!(!ours.was_written());
    let busy = connections(&ours).journal.lock().expect("our journal");
    assert!(ours.was_written(), "one that cannot be looked at counts as written");
    drop(busy);
}

#[cfg(unix)]
#[test]
fn a_read_only_file_is_refused_and_stays_read_only() {
    use std::os::unix::fs::PermissionsExt;
    let folder = folder();
    drop(Store::open(folder.path()).expect("a new data file"));
    let path = folder.path().join(FILE);
    let before = fs::read(&path).expect("the file");
    for mode in [0o400, 0o444] {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("mode");
        let error = Store::open(folder.path()).err().expect("a refusal").to_string();
        assert!(error.contains("cannot be written: it is read-only; nothing was sent"), "{error}");
        assert_eq!(fs::metadata(&path).expect("it exists").permissions().mode() & 0o777, mode);
        assert_eq!(fs::read(&path).expect("the file"), before);
    }
}

#[tokio::test]
async fn a_file_of_an_earlier_cardtop_is_brought_up_to_date_with_all_that_is_in_it() {
    let folder = folder();
    let db = Connection::open(folder.path().join(FILE)).expect("a database");
    db.execute_batch(SCHEMAS[0]).expect("the first schema");
    db.pragma_update(None, "application_id", schema::APPLICATION).expect("ours");
    db.pragma_update(None, "user_version", 1).expect("the first version");
    db.execute_batch(
        "INSERT INTO card (provider, id, holder, state, provider_state, labels, available, \
         currency, balance_at)
         VALUES ('acme', 'c1', 'Mara', 'ACTIVE', 'ACTIVE', '', '12.40', 'USD', 1775000000000)",
    )
    .expect("a card");
    drop(db);
    let store = Store::open(folder.path()).unwrap_or_else(|refused| panic!("{refused}"));
    let known = store.cards().await.expect("the cards");
    let [card] = known.as_slice() else { panic!("one card") };
    assert_eq!(
        (&*card.holder, card.state_at, card.old_state(timestamp(1_775_000_000_000))),
        ("Mara", card.balance.at(), None)
    );
    assert!(card.state_at.is_some());
}

#[test]
fn a_broken_file_a_foreign_one_and_a_newer_one_are_refused_and_left_alone() {
    let folder = folder();
    let path = folder.path().join(FILE);
    let refusal = |expected: &str| {
        let before = fs::read(&path).expect("the file");
        let error = Store::open(folder.path()).err().expect("a refusal").to_string();
        assert!(error.contains(expected) && error.contains("nothing was sent"), "{error}");
        assert_eq!(fs::read(&path).expect("the file"), before, "the file was changed");
    };
    fs::write(&path, "this is not a database, but it is somebody's file").expect("writing");
    refusal("is broken");
    fs::remove_file(&path).expect("removing");
    Connection::open(&path)
        .expect("a database")
        .execute_batch("CREATE TABLE theirs (x)")
        .expect("a table");
    refusal("is not cardtop's");
    fs::remove_file(&path).expect("removing");
    drop(Store::open(folder.path()).expect("a new data file"));
    let db = Connection::open(&path).expect("the database");
    db.pragma_update(None, "user_version", 99).expect("a newer version");
    db.pragma_update_and_check(None, "journal_mode", "DELETE", |_| Ok(())).expect("one file");
    drop(db);
    let error = Store::open(folder.path()).err().expect("a refusal").to_string();
    let words = format!("newer cardtop (version 99, this one knows {})", SCHEMAS.len());
    assert!(error.contains(&words), "{error}");
}

/// SQL statements that a piece of work runs.
async fn statements<T>(store: &Store, work: impl Future<Output = T>) -> u64 {
    let before = store.statements();
    work.await;
    store.statements() - before
}

/// Cards of one account, with figures of a time.
fn cards(count: usize, second: i64) -> Vec<Arc<CardRecord>> {
    let at = Timestamp::from_second(1_800_000_000 + second).expect("a time of the test");
    let card = |id: usize| Card {
        balance: Reading::At { value: Balance::default(), at },
        ..Card::unread(CardKey::new(&ProviderId::new("acme"), &id.to_string()))
    };
    (0..count).map(card).map(Into::into).collect()
}

#[tokio::test]
async fn a_page_of_transactions_and_all_cards_are_one_statement_each() {
    let folder = folder();
    let store = Store::open(folder.path()).expect("a data file");
    store.keep_cards(cards(50, 0), Timestamp::MAX).await.expect("keeping");
    assert_eq!(statements(&store, store.cards()).await, 1);
    assert_eq!(statements(&store, store.newest_transactions(5_000)).await, 1);
    assert_eq!(statements(&store, store.unmapped_words()).await, 4, "in one transaction");
}

#[tokio::test]
async fn keeping_cards_is_one_statement_a_card_and_three_for_the_transaction() {
    let folder = folder();
    let store = Store::open(folder.path()).expect("a data file");
    for count in [1, 50] {
        let kept = store.keep_cards(cards(count, 60), Timestamp::MAX);
        let expected = u64::try_from(count).expect("a small number") + 3;
        assert_eq!(statements(&store, kept).await, expected, "{count} cards");
    }
}

#[tokio::test]
async fn keeping_transactions_that_are_new_is_two_statements_each_and_four_for_all() {
    let folder = folder();
    let store = Store::open(folder.path()).expect("a data file");
    let row = |id: String| {
        let dollars = "USD".parse().expect("a currency");
        let one = Money::parse_wire("1", dollars).expect("an amount");
        let provider = ProviderId::new("acme");
        crate::domain::transaction::Transaction::new(provider, id.into(), one, timestamp(0))
    };
    for count in [1_u64, 50] {
        let rows = (0..count).map(|number| row(format!("{count}-{number}"))).collect();
        let kept = store.keep_transactions(rows);
        assert_eq!(statements(&store, kept).await, 2 * count + 4, "{count} rows");
    }
}

#[tokio::test]
async fn pages_are_read_by_a_connection_that_cannot_write_and_delays_nothing_that_is_kept() {
    let folder = folder();
    let store = Store::open(folder.path()).expect("a data file");
    let row = |id: &str| {
        let dollars = "USD".parse().expect("a currency");
        let one = Money::parse_wire("1", dollars).expect("an amount");
        let provider = ProviderId::new("acme");
        crate::domain::transaction::Transaction::new(provider, id.into(), one, timestamp(0))
    };
    store.keep_transactions(vec![row("1")]).await.expect("keeping");
    let reader = Arc::clone(&connections(&store).reader);
    let run = |sql: &str| reader.lock().expect("the reader").execute_batch(sql);
    run("BEGIN; SELECT count(*) FROM card_transaction").expect("a long read");
    store.keep_transactions(vec![row("2")]).await.expect("keeping meanwhile");
    let count = || {
        let db = reader.lock().expect("the reader");
        db.query_row("SELECT count(*) FROM card_transaction", [], |row| row.get::<_, i64>(0))
    };
    assert_eq!(count(), Ok(1), "the long read goes on with what it began with");
    run("COMMIT").expect("its end");
    assert_eq!(count(), Ok(2));
    assert!(run("DELETE FROM card_transaction").is_err(), "it only reads");
    assert_eq!(store.newest_transactions(9).await.expect("the rows").len(), 2);
}
