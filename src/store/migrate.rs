//! Bringing a data file up to date: a copy beside it first, then every missing schema in one
//! transaction.
//!
//! A cardtop of an earlier schema that still runs is kept from writing by triggers of the new one;
//! a later one by [`begin`](super::begin).

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rusqlite::{Connection, Transaction, TransactionBehavior};

use super::{canonical, connect, free_text, journal};
use crate::domain::card::{Ids, ProviderId};
use crate::domain::text;

/// Marks a database as ours (`ctop`).
pub(super) const APPLICATION: i32 = 0x6374_6f70;

/// The schemas, append-only: the version of a database is how many were applied.
pub(super) const SCHEMAS: [&str; 4] = [
    include_str!("../../assets/schema/001.sql"),
    include_str!("../../assets/schema/002.sql"),
    include_str!("../../assets/schema/003.sql"),
    include_str!("../../assets/schema/004.sql"),
];

/// The schema with which lines began to carry records.
const RECORDS: usize = 3;

/// Why a database cannot be brought up to date.
pub(super) enum Trouble {
    /// What SQLite said.
    Sqlite(rusqlite::Error),
    /// It is another program's.
    Foreign,
    /// It has this schema, which this cardtop does not know.
    Newer(usize),
    /// The copy could not be made; its sentence.
    NoCopy(String),
}

impl From<rusqlite::Error> for Trouble {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

/// Brings a database up to date and says where its copy is, if one was made. `ids` are the forms of
/// the accounts' ids: what an earlier cardtop kept under two spellings becomes one.
pub(super) fn migrate(
    db: &mut Connection,
    path: &Path,
    ids: &BTreeMap<ProviderId, Ids>,
    now: Timestamp,
) -> Result<Option<PathBuf>, Trouble> {
    // At one moment: another process may be just making the tables.
    let moment = db.transaction()?;
    let version = version(&moment)?;
    let settled = version == SCHEMAS.len() && canonical::is_done(&moment, ids)?;
    drop(moment);
    if settled {
        return Ok(None);
    }
    let tx = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let version = self::version(&tx)?;
    // Nobody writes from here on, so the copy has all that the file had.
    let stray = version == SCHEMAS.len() && canonical::has_strays(&tx, ids)?;
    let copy = if (1..SCHEMAS.len()).contains(&version) || stray {
        Some(copy(path, version, now)?)
    } else {
        None
    };
    if let Err(error) = apply(tx, version, ids, now) {
        // The file is as it was, and the copy says nothing that the file does not.
        if let Some(copy) = copy {
            let _ = std::fs::remove_file(copy);
        }
        return Err(error.into());
    }
    Ok(copy)
}

/// Applies the schemas that a file of this version lacks, and what they ask of its rows.
fn apply(
    tx: Transaction<'_>,
    version: usize,
    ids: &BTreeMap<ProviderId, Ids>,
    now: Timestamp,
) -> rusqlite::Result<()> {
    for schema in SCHEMAS.iter().skip(version) {
        tx.execute_batch(schema)?;
    }
    let renamed = canonical::join(&tx, ids)?;
    if (1..RECORDS).contains(&version) {
        free_text::clean(&tx)?;
        journal::snapshot(&tx, now)?;
    } else {
        journal::note_renamed(&tx, &renamed, now)?;
    }
    tx.pragma_update(None, "application_id", APPLICATION)?;
    tx.pragma_update(None, "user_version", i64::try_from(SCHEMAS.len()).unwrap_or(i64::MAX))?;
    tx.commit()
}

/// How many schemas were applied; 0 for an empty database.
fn version(db: &Connection) -> Result<usize, Trouble> {
    let application: i32 = db.pragma_query_value(None, "application_id", |row| row.get(0))?;
    let version: i64 = db.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let version = usize::try_from(version).unwrap_or(usize::MAX);
    let tables: i64 = db.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    match application {
        APPLICATION if version > SCHEMAS.len() => Err(Trouble::Newer(version)),
        APPLICATION => Ok(version),
        0 if tables == 0 => Ok(0),
        _ => Err(Trouble::Foreign),
    }
}

/// Copies the database beside itself, for its owner only. Another connection reads while the
/// caller's keeps writers out.
fn copy(path: &Path, version: usize, now: Timestamp) -> Result<PathBuf, Trouble> {
    let name = format!("{}.v{version}-{}", super::FILE, now.strftime("%Y%m%dT%H%M%S%3f"));
    let copy = path.with_file_name(format!("{name}-{}.bak", std::process::id()));
    let failed = |error: &dyn std::fmt::Display| {
        Trouble::NoCopy(format!(
            "has to be brought up to date, and the copy {} cannot be made first: {error}",
            text::of_path(&copy)
        ))
    };
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    options.open(&copy).map_err(|error| failed(&error))?;
    let copied = connect(path).and_then(|reader| {
        let target = copy.to_str().ok_or_else(|| rusqlite::Error::InvalidPath(copy.clone()))?;
        reader.execute("VACUUM INTO ?1", [target])
    });
    if let Err(error) = copied {
        let _ = std::fs::remove_file(&copy);
        return Err(failed(&super::in_words(&error)));
    }
    Ok(copy)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::card::IdForm;
    use crate::domain::operation::{OperationId, OperationState};
    use crate::store::{FILE, Store, cards, feed};

    const CAPITALS: &str = "3F2504E0-4F89-11D3-9A0C-0305E82C3301";
    const SMALL: &str = "3f2504e0-4f89-11d3-9a0c-0305e82c3301";

    fn ids() -> BTreeMap<ProviderId, Ids> {
        let guids = Ids { cards: IdForm::Guid, transactions: IdForm::Guid };
        let numbers = Ids { cards: IdForm::Number, transactions: IdForm::Number };
        BTreeMap::from([(ProviderId::new("art"), guids), (ProviderId::new("ban"), numbers)])
    }

    /// A data file of an earlier schema with an unsettled top-up, its lines chained as that cardtop
    /// did.
    fn old_file(folder: &Path, schema: usize) -> Connection {
        let db = Connection::open(folder.join(FILE)).expect("a database");
        for sql in SCHEMAS.iter().take(schema) {
            db.execute_batch(sql).expect("an earlier schema");
        }
        db.pragma_update(None, "application_id", APPLICATION).expect("ours");
        db.pragma_update(None, "user_version", i64::try_from(schema).expect("small"))
            .expect("a version");
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
    async fn a_file_of_an_earlier_cardtop_keeps_everything_under_one_name_and_its_journal_verifies()
    {
        for schema in 1..RECORDS {
            let folder = tempfile::tempdir().expect("a folder");
            drop(old_file(folder.path(), schema));
            let store = Store::open_with(folder.path(), &ids(), None, now())
                .unwrap_or_else(|refused| panic!("{refused}"));
            let known = store.known(|db| cards::all(db)).await.expect("the cards");
            let keys: Vec<String> = known.iter().map(|card| card.key.to_string()).collect();
            assert_eq!(keys, [format!("art/{SMALL}"), "ban/7".to_owned()], "schema {schema}");
            let [mara, ana] = known.as_slice() else { panic!("two cards") };
            assert_eq!(
                (&*mara.holder, mara.available().map(|money| money.digits())),
                ("Mara", Some("12.40".into()))
            );
            assert_eq!(&*ana.wire_id, "007", "requests keep the spelling");
            let rows = store.known(|db| feed::newest(db, 10)).await.expect("the rows");
            assert_eq!(rows.len(), 2);
            assert!(rows.iter().any(|row| row.card_id.as_deref() == Some(SMALL)), "{rows:?}");
            let (open, verified) = store
                .journal(|db| Ok((journal::open(db)?, journal::verify(db)?)))
                .await
                .expect("the journal");
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
        let operations = store.journal(|db| journal::newest(db, 10)).await.expect("the journal");
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
        let cards = store.known(|db| cards::all(db)).await.expect("the cards");
        let ana = cards.iter().find(|card| card.key.provider.name() == "ban").expect("a card");
        assert_eq!(
            (&*ana.holder, ana.labels.as_slice()),
            ("Ana ..1111", &["vip".into(), "x ..1111".into()][..])
        );
        let rows = store.known(|db| feed::newest(db, 10)).await.expect("the rows");
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
        drop(Store::open_with(folder.path(), &ids(), None, now()).expect("a new file"));
        let db = Connection::open(folder.path().join(FILE)).expect("the file");
        db.execute_batch(
            "DROP INDEX card_transaction_cleared_as; DROP INDEX card_transaction_holds;
             ALTER TABLE card_transaction DROP COLUMN missed_at; ALTER TABLE card_transaction DROP \
             COLUMN gone_at;
             ALTER TABLE card_transaction DROP COLUMN cleared_as; ALTER TABLE card_transaction \
             DROP COLUMN was_hold;
             INSERT INTO card_transaction (provider, card_id, id, kind, state, provider_state, \
             amount, currency, at, seen_at)
             VALUES ('ban', '7', 't', 'PURCHASE', 'HOLD', 'PENDING', '5', 'USD', 1, 1);
             PRAGMA user_version = 3",
        )
        .expect("the schema before");
        drop(db);
        let store = Store::open_with(folder.path(), &ids(), None, now())
            .unwrap_or_else(|refused| panic!("{refused}"));
        assert!(store.copy_made().is_some(), "a copy first");
        let rows = store.known(|db| feed::newest(db, 10)).await.expect("the rows");
        let [row] = rows.as_slice() else { panic!("{rows:?}") };
        assert_eq!(
            (&*row.id, row.state.as_str(), &row.listed),
            ("t", "HOLD", &crate::domain::transaction::Listed::Still)
        );
        assert!(store.journal(|db| journal::verify(db)).await.expect("the journal").is_ok());
    }

    #[tokio::test]
    async fn a_copy_is_made_before_a_file_is_brought_up_to_date_and_opens_with_the_earlier_schema()
    {
        let folder = tempfile::tempdir().expect("a folder");
        drop(old_file(folder.path(), 2));
        let store = Store::open_with(folder.path(), &ids(), None, now())
            .unwrap_or_else(|refused| panic!("{refused}"));
        let copy = store.copy_made().expect("a copy").to_owned();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(
                std::fs::metadata(&copy).expect("the copy").permissions().mode() & 0o777,
                0o600
            );
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
            let words = crate::store::in_words(&error);
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
        let broken = store
            .journal(|db| journal::verify(db))
            .await
            .expect("the journal")
            .expect_err("it was tampered with");
        assert!(broken.contains("is not in the state that its last line says"), "{broken}");
    }

    #[tokio::test]
    async fn an_account_that_is_configured_later_is_joined_then() {
        let folder = tempfile::tempdir().expect("a folder");
        drop(old_file(folder.path(), 2));
        let few = BTreeMap::from([(ProviderId::new("ban"), ids()[&ProviderId::new("ban")])]);
        drop(Store::open_with(folder.path(), &few, None, now()).expect("without artha"));
        let store = Store::open_with(folder.path(), &ids(), None, now()).expect("with artha");
        let known = store.known(|db| cards::all(db)).await.expect("the cards");
        assert_eq!(known.len(), 2, "{known:?}");
        let verified = store.journal(|db| journal::verify(db)).await.expect("the journal");
        assert_eq!(
            verified.map(|verified| verified.lines),
            Ok(5),
            "a line says that the operation's card has another name now"
        );
    }

    fn now() -> Timestamp {
        "2026-11-28T12:00:00Z".parse().expect("a time")
    }
}
