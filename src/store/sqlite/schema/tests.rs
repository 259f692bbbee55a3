//! Files of earlier cardtops, and of later ones.

use std::sync::Arc;

use super::*;
use crate::domain::card::IdForm;
use crate::domain::money::Money;
use crate::domain::operation::{OperationId, OperationState};
use crate::domain::transaction::{Listed, Transaction as Row, TransactionKind, TransactionState};
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
        (&*ana.holder, &*ana.labels),
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

#[tokio::test]
async fn what_a_copy_left_that_was_killed_on_its_way_is_gone_after_the_next_one() {
    let folder = tempfile::tempdir().expect("a folder");
    drop(old_file(folder.path(), 2));
    for left in ["cardtop.db.part", "cardtop.db.part-journal"] {
        std::fs::write(folder.path().join(left), "half of a page").expect("what was left");
    }
    let store = Store::open_with(folder.path(), &ids(), None, now())
        .unwrap_or_else(|refused| panic!("{refused}"));
    let copy = Connection::open(store.copy_made().expect("a copy")).expect("a database");
    let rows: i64 =
        copy.query_row("SELECT count(*) FROM movement", [], |row| row.get(0)).expect("its rows");
    assert_eq!(rows, 2);
    let files = std::fs::read_dir(folder.path()).expect("the folder").filter_map(Result::ok);
    let parts = files.filter(|entry| entry.file_name().to_string_lossy().contains(".part"));
    assert_eq!(parts.count(), 0);
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

/// Rows of every kind that an earlier cardtop kept, as they are read today. Holds that are gone are
/// known since the fourth schema.
fn rows_of(schema: usize) -> Vec<Row> {
    let at = |second: i64| Timestamp::from_second(1_775_000_000 + second).expect("a time");
    let money = |digits: &str, currency: &str| {
        Money::parse_wire(digits, currency.parse().expect("a currency")).expect("an amount")
    };
    let states = TransactionState::ALL.into_iter().zip(0_i64..);
    let states = states.flat_map(|(state, one)| (0..7).map(move |two| (state, one * 7 + two)));
    let row = |(state, count): (TransactionState, i64)| {
        let some =
            |text: &str, of: i64| (count % of != 0).then(|| Arc::from(format!("{text} {count}")));
        let gone = schema >= 4 && state == TransactionState::Hold && count % 2 == 0;
        Row {
            card_id: (count % 5 != 0).then(|| Arc::from((count % 4).to_string())),
            task: some("task", 3).filter(|_| schema >= 3),
            last4: (count % 2 == 0).then(|| "4242".parse().expect("digits")),
            kind: TransactionKind::ALL[usize::try_from(count).expect("small") % 8],
            state: if gone { TransactionState::Reversed } else { state },
            provider_state: format!("state {count}").into(),
            fee: (count % 3 == 0).then(|| money("0.25", "EUR")),
            merchant: some("REWE Ö", 4),
            mcc: some("5411", 5),
            country: some("SE", 6),
            decline_reason: some("CODE", 2),
            description: some("words", 7),
            seen_at: at(count % 3 + 100_000),
            operation: (count % 11 == 0)
                .then(|| OperationId::new(at(count), 1, u16::try_from(count).expect("small"))),
            listed: if gone {
                let cleared_as = (count % 4 == 0).then(|| Arc::from(format!("p{count}")));
                Listed::GoneSince { at: at(count + 50), cleared_as }
            } else {
                Listed::Still
            },
            // Several of one time.
            ..Row::new(
                ProviderId::new("ban"),
                count.to_string().into(),
                money("1234.50", "USD"),
                at(count % 9),
            )
        }
    };
    states.map(row).collect()
}

/// Writes rows as the cardtop of a schema did.
fn write_rows(db: &Connection, schema: usize, rows: &[Row]) {
    let columns = "provider, id, card_id, last4, kind, state, provider_state, amount, currency, \
                   fee, fee_currency, merchant, mcc, country, decline_reason, description, at, \
                   seen_at, operation";
    let values = "?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, \
                  ?18, ?19";
    let sql = match schema {
        1 | 2 => {
            format!("INSERT INTO movement ({columns}) VALUES ({values}) RETURNING ?20, ?21, ?22")
        }
        3 => format!(
            "INSERT INTO card_transaction ({columns}, task) VALUES ({values}, ?20) RETURNING ?21, \
             ?22"
        ),
        _ => format!(
            "INSERT INTO card_transaction ({columns}, task, gone_at, cleared_as) VALUES \
             ({values}, ?20, ?21, ?22)"
        ),
    };
    for row in rows {
        let (gone_at, cleared_as) = match &row.listed {
            Listed::Still => (None, None),
            Listed::GoneSince { at, cleared_as } => (Some(*at), cleared_as.as_deref()),
        };
        let state = if gone_at.is_some() { TransactionState::Hold } else { row.state };
        let no_card = (schema >= 3).then_some("");
        let mut insert = db.prepare_cached(&sql).expect("a statement of that schema");
        let values = rusqlite::params![
            row.provider.name(),
            &*row.id,
            row.card_id.as_deref().or(no_card),
            row.last4.map(|last4| last4.to_string()),
            row.kind.as_str(),
            state.as_str(),
            &*row.provider_state,
            row.amount.digits(),
            row.amount.currency().code().to_owned(),
            row.fee.map(Money::digits),
            row.fee.map(|fee| fee.currency().code().to_owned()),
            row.merchant.as_deref(),
            row.mcc.as_deref(),
            row.country.as_deref(),
            row.decline_reason.as_deref(),
            row.description.as_deref(),
            row.at.as_millisecond(),
            row.seen_at.as_millisecond(),
            row.operation.map(|id| id.to_string()),
            row.task.as_deref(),
            gone_at.map(Timestamp::as_millisecond),
            cleared_as,
        ];
        insert.query(values).and_then(|mut rows| rows.next().map(drop)).expect("a row");
    }
}

/// Every row of a store, by id.
async fn all_rows(store: &Store) -> BTreeMap<Arc<str>, Row> {
    let rows = store.transactions_page(None, 1_000, None, Timestamp::MIN).await.expect("the rows");
    let by_id: BTreeMap<Arc<str>, Row> =
        rows.rows.iter().map(|row| (Arc::clone(&row.id), row.clone())).collect();
    assert_eq!(by_id.len(), rows.rows.len());
    by_id
}

#[tokio::test]
async fn every_row_of_a_file_of_any_earlier_schema_is_there_as_it_was() {
    for schema in 1..=SCHEMAS.len() {
        let folder = tempfile::tempdir().expect("a folder");
        let rows = rows_of(schema);
        write_rows(&empty_file(folder.path(), schema), schema, &rows);
        let store = Store::open_with(folder.path(), &ids(), None, now())
            .unwrap_or_else(|refused| panic!("{refused}"));
        let expected: BTreeMap<Arc<str>, Row> =
            rows.into_iter().map(|row| (Arc::clone(&row.id), row)).collect();
        assert_eq!(all_rows(&store).await, expected, "schema {schema}");
        // Oldest first, so that whoever follows the changes takes them in in order.
        let changes = store.changes_since(0, 1_000).await.expect("the changes");
        assert_eq!((changes.rows.len(), changes.gone.len()), (expected.len(), 0));
        if schema < 5 {
            assert!(changes.rows.is_sorted_by_key(|row| row.at), "schema {schema}");
        }
        assert_eq!(store.copy_made().is_some(), schema < SCHEMAS.len());
    }
}

#[tokio::test]
async fn a_file_that_cannot_be_brought_up_to_date_to_the_end_is_as_it_was_and_is_tried_again() {
    for schema in 1..5 {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join(FILE);
        let db = empty_file(folder.path(), schema);
        let rows = rows_of(schema);
        write_rows(&db, schema, &rows);
        // The last thing but one that the fifth schema makes stands in its way.
        db.execute_batch("CREATE TABLE card_transaction_renamed (x)").expect("a table");
        drop(db);
        let before = std::fs::read(&path).expect("the file");
        assert!(Store::open_with(folder.path(), &ids(), None, now()).is_err());
        assert!(std::fs::read(&path).expect("the file") == before, "schema {schema}");
        let copies = std::fs::read_dir(folder.path()).expect("the folder");
        let copies: Vec<_> = copies.filter_map(Result::ok).map(|entry| entry.file_name()).collect();
        assert_eq!(copies.len(), 1, "no copy is left: {copies:?}");
        let db = Connection::open(&path).expect("the file");
        db.execute_batch("DROP TABLE card_transaction_renamed").expect("the way is free");
        drop(db);
        let store = Store::open_with(folder.path(), &ids(), None, now())
            .unwrap_or_else(|refused| panic!("{refused}"));
        assert_eq!(all_rows(&store).await.len(), rows.len(), "schema {schema}");
    }
}

#[tokio::test]
async fn what_a_file_of_the_schema_before_says_of_its_coverage_stays_and_what_was_lost_is_tried() {
    let folder = tempfile::tempdir().expect("a folder");
    let db = empty_file(folder.path(), 7);
    db.execute_batch(
        "INSERT INTO coverage (provider, card_id, since, until, lost) VALUES
            ('art', '', 1774000000000, 1775000000000, ''),
            ('art', '', 1774500000000, 1774500001000, 'too many in one second'),
            ('ban', '7', 1774000000000, 1775000000000, '');",
    )
    .expect("what it knew");
    drop(db);
    let store = Store::open_with(folder.path(), &ids(), None, now())
        .unwrap_or_else(|refused| panic!("{refused}"));
    let (art, ban) = (ProviderId::new("art"), ProviderId::new("ban"));
    let lists = store.coverage(art.clone()).await.expect("its coverage");
    let [(None, coverage)] = lists.as_slice() else { panic!("one list: {lists:?}") };
    let [lost] = coverage.lost() else { panic!("one lost moment: {coverage:?}") };
    assert_eq!((&*lost.why, lost.tries), ("too many in one second", 0));
    assert_eq!(coverage.lost_to_try(Timestamp::MIN, now()), Some(lost.stretch), "at once");
    assert_eq!(coverage.stretches().len(), 1);
    assert_eq!(store.coverage(ban).await.expect("its coverage").len(), 1);
    assert!(store.lag(art.clone()).await.is_ok_and(|lag| lag.is_zero()));
    store.set_lag(art.clone(), jiff::SignedDuration::from_secs(90)).await.expect("kept");
    store.set_lag(art.clone(), jiff::SignedDuration::from_secs(30)).await.expect("kept");
    assert!(store.lag(art).await.is_ok_and(|lag| lag.as_secs() == 90), "the most counts");
    assert!(store.copy_made().is_some());
}

#[test]
fn a_row_cannot_be_changed_without_a_new_number() {
    let folder = tempfile::tempdir().expect("a folder");
    let db = empty_file(folder.path(), SCHEMAS.len());
    write_rows(&db, SCHEMAS.len(), &rows_of(SCHEMAS.len()));
    for column in ["operation", "gone_at", "state", "amount", "card_id"] {
        let sql = format!("UPDATE card_transaction SET {column} = 1");
        let words = StoreError::from(db.execute(&sql, []).expect_err("it is refused")).to_string();
        assert!(words.contains("a newer cardtop has brought it up to date"), "{column}: {words}");
    }
    let noted = db.execute("UPDATE card_transaction SET missed_at = 1, was_hold = 1", []);
    assert!(noted.is_ok_and(|rows| rows > 0), "what is not read back may change");
}
