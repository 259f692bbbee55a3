//! Files of earlier cardtops, and of later ones.

use super::*;
use crate::domain::card::IdForm;
use crate::domain::operation::{OperationId, OperationState};
use crate::store::Store;

const CAPITALS: &str = "3F2504E0-4F89-11D3-9A0C-0305E82C3301";
const SMALL: &str = "3f2504e0-4f89-11d3-9a0c-0305e82c3301";

fn ids() -> BTreeMap<ProviderId, Ids> {
    let guids = Ids { cards: IdForm::Guid, transactions: IdForm::Guid };
    let numbers = Ids { cards: IdForm::Number, transactions: IdForm::Number };
    BTreeMap::from([(ProviderId::new("art"), guids), (ProviderId::new("ban"), numbers)])
}

/// An empty data file of an earlier schema.
fn empty_file(folder: &Path, schema: usize) -> Connection {
    let db = Connection::open(folder.join(FILE)).expect("a database");
    for sql in SCHEMAS.iter().take(schema) {
        db.execute_batch(sql).expect("an earlier schema");
    }
    db.pragma_update(None, "application_id", APPLICATION).expect("ours");
    db.pragma_update(None, "user_version", i64::try_from(schema).expect("small"))
        .expect("a version");
    db
}

/// A data file of an earlier schema with an unsettled top-up, its lines chained as that cardtop
/// did.
fn old_file(folder: &Path, schema: usize) -> Connection {
    let db = empty_file(folder, schema);
    db.execute_batch(&format!(
        "INSERT INTO card (provider, id, holder, state, provider_state, labels, available, \
         currency, balance_at) VALUES
            ('art', '{CAPITALS}', 'Mara', 'ACTIVE', 'ACTIVE', '', NULL, 'USD', NULL),
            ('art', '{SMALL}', '', 'ACTIVE', 'Active', '', '12.40', 'USD', 1775000000000),
            ('ban', '007', 'Ana', 'ACTIVE', 'ACTIVE', '', '1.00', 'USD', 1775000000000);
         INSERT INTO movement (provider, id, card_id, kind, state, provider_state, amount, \
         currency, at, seen_at) VALUES
            ('art', 'T-1', '{CAPITALS}', 'PURCHASE', 'HOLD', 'pending', '5.00', 'USD', \
         1775000000000, 1775000001000),
            ('ban', '42', NULL, 'PURCHASE', 'CLEARED', 'ok', '6.00', 'USD', 1775000000000, \
         1775000001000);",
    ))
    .expect("what it knew");
    let id = "01KQ0000000000000000000000";
    db.execute(
        "INSERT INTO operation (id, deed, provider, card_id, amount, currency, state, \
         reference, operator, created_at, updated_at,
                                proof, looks, next_look, process)
         VALUES (?1, 'topup', 'art', ?2, '30.00', 'USD', 'UNKNOWN', 'ref', 'anay', \
         1775000000000, 1775000002000, 'task', 0,
                 1775000002000, 1)",
        [id, CAPITALS],
    )
    .expect("an operation");
    let mut previous = "cardtop".to_owned();
    for (number, what, state) in
        [(1, "intent", "SENT"), (2, "sent", "SENT"), (3, "no answer", "UNKNOWN")]
    {
        let hash = journal::hash_without_record(
            number,
            1_775_000_000_000,
            id,
            what,
            "words",
            state,
            &previous,
        );
        db.execute(
            "INSERT INTO line (number, at, operation, what, words, state, previous, hash)
             VALUES (?1, 1775000000000, ?2, ?3, 'words', ?4, ?5, ?6)",
            rusqlite::params![number, id, what, state, previous, hash],
        )
        .expect("a line");
        previous = hash;
    }
    db
}

#[tokio::test]
async fn a_file_of_an_earlier_cardtop_keeps_everything_under_one_name_and_its_journal_verifies() {
    for schema in 1..RECORDS {
        let folder = tempfile::tempdir().expect("a folder");
        drop(old_file(folder.path(), schema));
        let store = Store::open_with(folder.path(), &ids(), None, now())
            .unwrap_or_else(|refused| panic!("{refused}"));
        let known = store.cards().await.expect("the cards");
        let keys: Vec<String> = known.iter().map(|card| card.key.to_string()).collect();
        assert_eq!(keys, [format!("art/{SMALL}"), "ban/7".to_owned()], "schema {schema}");
        let [mara, ana] = known.as_slice() else { panic!("two cards") };
        assert_eq!(
            (&*mara.holder, mara.available().map(|money| money.digits())),
            ("Mara", Some("12.40".into()))
        );
        assert_eq!(&*ana.wire_id, "007", "requests keep the spelling");
        let rows = store.newest_transactions(10).await.expect("the rows");
        assert_eq!(rows.len(), 2);
        assert!(rows.iter().any(|row| row.card_id.as_deref() == Some(SMALL)), "{rows:?}");
        let open = store.followed_operations().await.expect("the journal");
        let verified = store.verify().await.expect("the journal");
        let [open] = open.as_slice() else { panic!("one operation") };
        assert_eq!(
            (open.card.to_string(), open.state),
            (format!("art/{SMALL}"), OperationState::Unknown)
        );
        assert_eq!(
            verified.map(|verified| verified.lines),
            Ok(4),
            "three lines of the earlier cardtop and one snapshot"
        );
    }
}

#[tokio::test]
async fn a_credit_that_two_operations_claimed_in_two_spellings_is_one_and_the_other_operation_raises_an_alarm()
 {
    let folder = tempfile::tempdir().expect("a folder");
    let db = old_file(folder.path(), 2);
    let other = OperationId::new(now(), 9, 9).to_string();
    db.execute_batch(&format!(
        "UPDATE operation SET state = 'DONE', credit = '{CAPITALS}';
         INSERT INTO operation (id, deed, provider, card_id, amount, currency, state, \
         reference, operator, created_at, updated_at,
                                proof, looks, process, credit)
         SELECT '{other}', deed, provider, lower(card_id), amount, currency, 'DONE', 'ref2', \
         operator, created_at, updated_at,
                proof, looks, process, '{SMALL}' FROM operation"
    ))
    .expect("two claims");
    drop(db);
    let store = Store::open_with(folder.path(), &ids(), None, now())
        .unwrap_or_else(|refused| panic!("{refused}"));
    let operations = store.operations_page(None, 10).await.expect("the journal");
    let alarms = operations.iter().filter(|operation| operation.alarm.is_some()).count();
    assert_eq!((operations.len(), alarms), (2, 1), "{operations:?}");
}

#[tokio::test]
async fn a_card_number_that_an_earlier_cardtop_kept_in_free_text_is_cut_and_ids_are_not() {
    let folder = tempfile::tempdir().expect("a folder");
    let db = old_file(folder.path(), 2);
    db.execute_batch(
        "UPDATE card SET holder = 'Ana 4111.1111.1111.1111', labels = 'vip;x \
         4111111111111111' WHERE provider = 'ban';
         INSERT INTO movement (provider, id, card_id, kind, state, provider_state, amount, \
         currency, merchant, description, at, seen_at)
            VALUES ('ban', '4111111111111111', '7', 'PURCHASE', 'CLEARED', 'ok', '6.00', \
         'USD', 'shop122 5299 9200 0000 0149',
                    'ICA\u{202e}', 1775000000000, 1775000001000);",
    )
    .expect("what it kept");
    drop(db);
    let store = Store::open_with(folder.path(), &ids(), None, now())
        .unwrap_or_else(|refused| panic!("{refused}"));
    let cards = store.cards().await.expect("the cards");
    let ana = cards.iter().find(|card| card.key.provider.name() == "ban").expect("a card");
    assert_eq!(
        (&*ana.holder, ana.labels.as_slice()),
        ("Ana ..1111", &["vip".into(), "x ..1111".into()][..])
    );
    let rows = store.newest_transactions(10).await.expect("the rows");
    let row = rows.iter().find(|row| row.merchant.is_some()).expect("the row");
    assert_eq!(
        (row.merchant.as_deref(), row.description.as_deref()),
        (Some("shop122 ..0149"), Some("ICA?"))
    );
    assert_eq!(&*row.id, "4111111111111111");
}

#[tokio::test]
async fn a_file_of_the_schema_before_holds_were_followed_keeps_its_rows_and_its_journal() {
    let folder = tempfile::tempdir().expect("a folder");
    let db = empty_file(folder.path(), 3);
    db.execute_batch(
        "INSERT INTO card_transaction (provider, card_id, id, kind, state, provider_state, \
         amount, currency, at, seen_at)
         VALUES ('ban', '7', 't', 'PURCHASE', 'HOLD', 'PENDING', '5', 'USD', 1, 1);",
    )
    .expect("the schema before");
    drop(db);
    let store = Store::open_with(folder.path(), &ids(), None, now())
        .unwrap_or_else(|refused| panic!("{refused}"));
    assert!(store.copy_made().is_some(), "a copy first");
    let rows = store.newest_transactions(10).await.expect("the rows");
    let [row] = rows.as_slice() else { panic!("{rows:?}") };
    assert_eq!(
        (&*row.id, row.state.as_str(), &row.listed),
        ("t", "HOLD", &crate::domain::transaction::Listed::Still)
    );
    assert!(store.verify().await.expect("the journal").is_ok());
}

#[tokio::test]
async fn a_copy_is_made_before_a_file_is_brought_up_to_date_and_opens_with_the_earlier_schema() {
    let folder = tempfile::tempdir().expect("a folder");
    drop(old_file(folder.path(), 2));
    let store = Store::open_with(folder.path(), &ids(), None, now())
        .unwrap_or_else(|refused| panic!("{refused}"));
    let copy = store.copy_made().expect("a copy").to_owned();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(&copy).expect("the copy").permissions().mode() & 0o777, 0o600);
    }
    let old = Connection::open(&copy).expect("the copy");
    let version: i64 =
        old.pragma_query_value(None, "user_version", |row| row.get(0)).expect("a version");
    let rows: i64 =
        old.query_row("SELECT count(*) FROM movement", [], |row| row.get(0)).expect("its rows");
    let lines: i64 =
        old.query_row("SELECT count(*) FROM line", [], |row| row.get(0)).expect("its lines");
    assert_eq!((version, rows, lines), (2, 2, 3), "as the earlier cardtop left it");
    drop(Store::open_with(folder.path(), &ids(), None, now()).expect("again"));
    let copies = std::fs::read_dir(folder.path()).expect("the folder").filter_map(Result::ok);
    let copies =
        copies.filter(|entry| entry.file_name().to_string_lossy().ends_with(".bak")).count();
    assert_eq!(copies, 1, "once is enough");
}

#[test]
fn an_earlier_cardtop_that_still_runs_stops_writing_with_a_sentence() {
    let folder = tempfile::tempdir().expect("a folder");
    let old = old_file(folder.path(), 2);
    drop(Store::open_with(folder.path(), &ids(), None, now()).expect("the new cardtop"));
    for write in [
        "INSERT INTO movement (provider, id, kind, state, provider_state, amount, currency, \
         at, seen_at)
         VALUES ('art', 't', 'FEE', 'HOLD', '', '1', 'USD', 1, 1) ON CONFLICT (provider, id) \
         DO UPDATE SET at = 1",
        "INSERT INTO card (provider, id, holder, state, provider_state, labels) VALUES \
         ('art', 'x', '', 'ACTIVE', '', '')",
        "INSERT INTO line (number, at, operation, what, words, state, previous, hash) VALUES \
         (9, 1, 'x', 'x', 'x', 'SENT', 'x', 'x')",
    ] {
        let error = old.execute(write, []).expect_err("it must not write");
        let words = StoreError::from(error).to_string();
        assert_eq!(
            words,
            "cannot be used: a newer cardtop has brought it up to date: end this one and \
             start the newer one"
        );
    }
}

#[tokio::test]
async fn a_journal_that_was_broken_before_stays_broken() {
    let folder = tempfile::tempdir().expect("a folder");
    let db = old_file(folder.path(), 2);
    db.execute("UPDATE operation SET state = 'DONE'", []).expect("tampering");
    drop(db);
    let store = Store::open_with(folder.path(), &ids(), None, now()).expect("it opens");
    let broken = store.verify().await.expect("the journal").expect_err("it was tampered with");
    assert!(broken.contains("is not in the state that its last line says"), "{broken}");
}

#[tokio::test]
async fn an_account_that_is_configured_later_is_joined_then() {
    let folder = tempfile::tempdir().expect("a folder");
    drop(old_file(folder.path(), 2));
    let few = BTreeMap::from([(ProviderId::new("ban"), ids()[&ProviderId::new("ban")])]);
    drop(Store::open_with(folder.path(), &few, None, now()).expect("without artha"));
    let store = Store::open_with(folder.path(), &ids(), None, now()).expect("with artha");
    let known = store.cards().await.expect("the cards");
    assert_eq!(known.len(), 2, "{known:?}");
    let verified = store.verify().await.expect("the journal");
    assert_eq!(
        verified.map(|verified| verified.lines),
        Ok(5),
        "a line says that the operation's card has another name now"
    );
}

fn now() -> Timestamp {
    "2026-11-28T12:00:00Z".parse().expect("a time")
}
