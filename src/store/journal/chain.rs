//! The lines of the journal: only added, each with the hash of the one before and the whole record
//! of its operation.
//!
//! [`verify`] compares what the file says with what its lines say, down to every column that is
//! printed, and with the note of the last line that is kept outside the file ([`Head`]). Whoever
//! can write the file, the note and this program's code can still forge all three: without a key
//! nothing here can tell.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use aws_lc_rs::digest;
use jiff::Timestamp;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension, Transaction, params};
use serde_json::{Map, Value};

use super::super::millis;
use crate::domain::operation::{OperationId, OperationState};
use crate::domain::text;

/// Hash that the first line stands on.
const GENESIS: &str = "cardtop";

/// What a journal that was checked is like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// How many lines it has.
    pub lines: u64,
    /// The hash of the last line, in hexadecimal; of an empty journal the word it stands on.
    pub last_hash: String,
    /// How many lines the note outside the file knows; `None` where there is no note.
    pub noted: Option<u64>,
}

/// Columns of an operation that its lines repeat: every one that is printed or decided by, but for
/// the process that sends it.
const RECORDED: [&str; 28] = [
    "id",
    "deed",
    "provider",
    "card_id",
    "last4",
    "amount",
    "currency",
    "state",
    "reason",
    "reference",
    "provider_reference",
    "operator",
    "created_at",
    "updated_at",
    "detail",
    "before_owner",
    "before_state",
    "before_available",
    "before_current",
    "before_currency",
    "proof",
    "looks",
    "next_look",
    "credit",
    "baseline",
    "proven_by",
    "watched_until",
    "alarm",
];

/// Triggers that keep lines from being changed.
const TRIGGERS: [&str; 3] =
    ["line_is_never_changed", "line_is_never_removed", "line_needs_its_record"];

/// What a line of a broken journal is called that an earlier cardtop left behind.
const BROKEN: &str = "broken";

/// Adds a line about an operation as it is now in the table.
pub(super) fn append(
    tx: &Transaction<'_>,
    at: Timestamp,
    id: OperationId,
    what: &str,
    words: &str,
    state: OperationState,
) -> rusqlite::Result<()> {
    let last: Option<(i64, String)> = tx
        .prepare_cached("SELECT number, hash FROM line ORDER BY number DESC LIMIT 1")?
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let (number, previous) =
        last.map_or((1, GENESIS.to_owned()), |(number, hash)| (number + 1, hash));
    let operation = id.to_string();
    let record = record(tx, &operation)?.ok_or(rusqlite::Error::QueryReturnedNoRows)?;
    let line = Line {
        number,
        at: millis(at),
        operation: &operation,
        what,
        words,
        state: state.as_str(),
        record: Some(&record),
    };
    let hash = line.hash(&previous);
    tx.prepare_cached(
        "INSERT INTO line (number, at, operation, what, words, state, record, previous, hash) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    )?
    .execute(params![
        number, line.at, operation, what, words, line.state, record, previous, hash
    ])?;
    Ok(())
}

/// Gives every operation a line with its record: the first that it has in this form of the file.
/// Where the lines of the earlier form do not verify, the new lines say so and the journal stays
/// broken.
pub(in super::super) fn snapshot(tx: &Transaction<'_>, at: Timestamp) -> rusqlite::Result<()> {
    let broken = match chain(tx)? {
        Ok(_) => strayed(tx)?,
        Err(words) => Some(words),
    };
    let ids: Vec<(String, String)> = tx
        .prepare("SELECT id, state FROM operation ORDER BY id")?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<_>>()?;
    for (id, state) in ids {
        let (Ok(id), Some(state)) = (id.parse(), state.parse::<OperationState>().ok()) else {
            continue;
        };
        match &broken {
            None => append(tx, at, id, "snapshot", "the data file was brought up to date", state)?,
            Some(words) => append(
                tx,
                at,
                id,
                BROKEN,
                &format!("the data file was brought up to date; before that, {words}"),
                state,
            )?,
        }
    }
    Ok(())
}

/// Gives operations whose card has another name now a line that says so.
pub(in super::super) fn note_renamed(
    tx: &Transaction<'_>,
    renamed: &BTreeSet<String>,
    at: Timestamp,
) -> rusqlite::Result<()> {
    for id in renamed {
        let state: String =
            tx.query_row("SELECT state FROM operation WHERE id = ?1", [id], |row| row.get(0))?;
        let (Ok(id), Some(state)) = (id.parse(), state.parse::<OperationState>().ok()) else {
            continue;
        };
        append(tx, at, id, "snapshot", "the card's id was brought into its canonical form", state)?;
    }
    Ok(())
}

/// An operation's columns as JSON, in a fixed order.
fn record(db: &Connection, id: &str) -> rusqlite::Result<Option<String>> {
    let mut query =
        db.prepare_cached(&format!("SELECT {} FROM operation WHERE id = ?1", RECORDED.join(", ")))?;
    query
        .query_row([id], |row| columns(row).map(|columns| Value::Object(columns).to_string()))
        .optional()
}

fn columns(row: &rusqlite::Row<'_>) -> rusqlite::Result<Map<String, Value>> {
    let mut columns = Map::new();
    for (index, name) in RECORDED.iter().enumerate() {
        let value = match row.get_ref(index)? {
            ValueRef::Integer(number) => Value::from(number),
            ValueRef::Text(text) => Value::from(String::from_utf8_lossy(text).into_owned()),
            ValueRef::Null | ValueRef::Real(_) | ValueRef::Blob(_) => Value::Null,
        };
        columns.insert((*name).to_owned(), value);
    }
    Ok(columns)
}

/// Checks the journal: the chain of its lines, every column of every operation against the
/// operation's last line, and the triggers. The sentence says where it breaks.
///
/// # Errors
/// What SQLite said.
pub fn verify(db: &Connection) -> rusqlite::Result<Result<Verified, String>> {
    verify_with(db, None)
}

/// The same, and the journal's end against the note outside the file.
///
/// # Errors
/// What SQLite said.
pub fn verify_with(
    db: &Connection,
    head: Option<&Head>,
) -> rusqlite::Result<Result<Verified, String>> {
    let end = match chain(db)? {
        Ok(end) => end,
        Err(words) => return Ok(Err(words)),
    };
    if let Some(words) = strayed(db)? {
        return Ok(Err(words));
    }
    if let Some(words) = unrecorded(db)? {
        return Ok(Err(words));
    }
    for trigger in TRIGGERS {
        let there: bool = db.query_row(
            "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE type = 'trigger' AND name = ?1)",
            [trigger],
            |row| row.get(0),
        )?;
        if !there {
            return Ok(Err(format!(
                "the guard {trigger} was taken away: lines could have been changed since"
            )));
        }
    }
    let noted = head.and_then(Head::read);
    if let Some(note) = &noted {
        let hash: Option<String> = match i64::try_from(note.lines) {
            Ok(0) => Some(GENESIS.to_owned()),
            Ok(number) => db
                .query_row("SELECT hash FROM line WHERE number = ?1", [number], |row| row.get(0))
                .optional()?,
            Err(_) => None,
        };
        match hash {
            None => {
                return Ok(Err(format!(
                    "the journal has {} lines, and {} were written: its end is missing",
                    end.lines, note.lines
                )));
            }
            Some(hash) if hash != note.hash => {
                return Ok(Err(format!(
                    "line {} of the journal is not the one that was written: the chain was made \
                     anew",
                    note.lines
                )));
            }
            Some(_) => {}
        }
    }
    Ok(Ok(Verified { noted: noted.map(|note| note.lines), ..end }))
}

/// The chain from the first line to the last.
fn chain(db: &Connection) -> rusqlite::Result<Result<Verified, String>> {
    // A file that is just being brought up to date has lines without records only.
    let mut query = db.prepare(
        "SELECT number, at, operation, what, words, state, previous, hash, record FROM line ORDER \
         BY number",
    )?;
    let mut rows = query.query([])?;
    let mut previous = GENESIS.to_owned();
    let mut expected: i64 = 1;
    while let Some(row) = rows.next()? {
        let number: i64 = row.get(0)?;
        if number != expected {
            return Ok(Err(format!("line {expected} of the journal is missing")));
        }
        let text = |index: usize| row.get::<_, String>(index);
        let (operation, what, words, state) = (text(2)?, text(3)?, text(4)?, text(5)?);
        let record: Option<String> = row.get(8)?;
        let line = Line {
            number,
            at: row.get(1)?,
            operation: &operation,
            what: &what,
            words: &words,
            state: &state,
            record: record.as_deref(),
        };
        if text(6)? != previous || text(7)? != line.hash(&previous) {
            return Ok(Err(format!(
                "line {number} of the journal was changed: its hash does not fit"
            )));
        }
        if what == BROKEN {
            return Ok(Err(format!("line {number} of the journal says: {words}")));
        }
        previous = text(7)?;
        expected += 1;
    }
    Ok(Ok(Verified { lines: (expected - 1).unsigned_abs(), last_hash: previous, noted: None }))
}

/// An operation whose state is not what its last line says, or that has no line.
fn strayed(db: &Connection) -> rusqlite::Result<Option<String>> {
    let id: Option<String> = db
        .query_row(
            "SELECT id FROM operation WHERE state IS NOT
                (SELECT state FROM line WHERE operation = operation.id ORDER BY number DESC LIMIT \
             1)",
            [],
            |row| row.get(0),
        )
        .optional()?;
    Ok(id.map(|id| format!("operation {id} is not in the state that its last line says")))
}

/// An operation that is not as its last line has it, or lines whose operation is gone.
fn unrecorded(db: &Connection) -> rusqlite::Result<Option<String>> {
    let lost: Option<String> = db
        .query_row(
            "SELECT operation FROM line WHERE operation NOT IN (SELECT id FROM operation) LIMIT 1",
            [],
            |row| row.get(0),
        )
        .optional()?;
    if let Some(id) = lost {
        return Ok(Some(format!("operation {id} is gone, and its lines are still here")));
    }
    let mut query = db.prepare(&format!(
        "SELECT {}, (SELECT record FROM line WHERE operation = operation.id ORDER BY number DESC \
         LIMIT 1) FROM operation",
        RECORDED.join(", ")
    ))?;
    let mut rows = query.query([])?;
    while let Some(row) = rows.next()? {
        let now = columns(row)?;
        let id = now.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
        let record: Option<String> = row.get(RECORDED.len())?;
        let said: BTreeMap<String, Value> =
            record.and_then(|record| serde_json::from_str(&record).ok()).unwrap_or_default();
        if said.is_empty() {
            return Ok(Some(format!("the last line of operation {id} has no record of it")));
        }
        if let Some((name, _)) =
            said.iter().find(|(name, value)| now.get(*name).is_some_and(|now| now != *value))
        {
            return Ok(Some(format!(
                "operation {id} was changed: its {name} is not what its last line says"
            )));
        }
    }
    Ok(None)
}

/// A line as it is hashed.
struct Line<'a> {
    number: i64,
    at: i64,
    operation: &'a str,
    what: &'a str,
    words: &'a str,
    state: &'a str,
    /// Lines of earlier cardtops have none.
    record: Option<&'a str>,
}

impl Line<'_> {
    /// Lengths stand before the texts, so that no two different lines read the same.
    fn hash(&self, previous: &str) -> String {
        let mut bytes = Vec::with_capacity(1_024);
        bytes.extend_from_slice(&self.number.to_be_bytes());
        bytes.extend_from_slice(&self.at.to_be_bytes());
        for text in [previous, self.operation, self.what, self.words, self.state]
            .into_iter()
            .chain(self.record)
        {
            bytes.extend_from_slice(&u64::try_from(text.len()).unwrap_or(u64::MAX).to_be_bytes());
            bytes.extend_from_slice(text.as_bytes());
        }
        data_encoding::HEXLOWER.encode(digest::digest(&digest::SHA256, &bytes).as_ref())
    }
}

/// The note of the journal's last line that is kept outside the data file, so that a journal whose
/// end was cut off can be told.
#[derive(Clone, Debug)]
pub struct Head {
    path: PathBuf,
}

/// What the note says.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Note {
    lines: u64,
    hash: String,
}

impl Head {
    /// The note of this data file, in this folder.
    #[must_use]
    pub fn of(data_file: &Path, folder: &Path) -> Self {
        let place = data_file.canonicalize().unwrap_or_else(|_| data_file.to_owned());
        let hash = digest::digest(&digest::SHA256, place.as_os_str().as_encoded_bytes());
        let name = data_encoding::HEXLOWER.encode(hash.as_ref().get(..8).unwrap_or_default());
        Self { path: folder.join(format!("journal-{name}")) }
    }

    /// Where it is kept.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn read(&self) -> Option<Note> {
        let text = fs::read_to_string(&self.path).ok()?;
        let (lines, hash) = text.trim().split_once(' ')?;
        Some(Note { lines: lines.parse().ok()?, hash: hash.to_owned() })
    }

    /// Notes the last line, unless a later one is noted. A note that cannot be written is no reason
    /// to stop: `verify` says that there is none.
    pub(in super::super) fn note(&self, db: &Connection) -> rusqlite::Result<()> {
        let last: Option<(i64, String)> = db
            .prepare_cached("SELECT number, hash FROM line ORDER BY number DESC LIMIT 1")?
            .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let Some((number, hash)) = last else { return Ok(()) };
        let lines = number.unsigned_abs();
        if let Some(note) = self.read() {
            if note.lines >= lines {
                return Ok(());
            }
            // A note that the file contradicts is evidence: `verify` tells it until somebody has
            // looked.
            let noted: Option<String> = db
                .prepare_cached("SELECT hash FROM line WHERE number = ?1")?
                .query_row([i64::try_from(note.lines).unwrap_or(i64::MAX)], |row| row.get(0))
                .optional()?;
            if noted.is_none_or(|hash| hash != note.hash) {
                return Ok(());
            }
        }
        if let Err(error) = self.write(lines, &hash) {
            tracing::warn!(
                "the note of the journal's last line cannot be written to {}: {error}",
                text::of_path(&self.path)
            );
        }
        Ok(())
    }

    fn write(&self, lines: u64, hash: &str) -> std::io::Result<()> {
        if let Some(folder) = self.path.parent() {
            fs::create_dir_all(folder)?;
        }
        let draft = self.path.with_extension(format!("{}.new", std::process::id()));
        let mut options = fs::OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt;
            options.mode(0o600);
        }
        options.open(&draft)?.write_all(format!("{lines} {hash}\n").as_bytes())?;
        fs::rename(&draft, &self.path)
    }
}

/// The hash of a line as cardtops wrote them before lines had records.
#[cfg(test)]
pub(in super::super) fn hash_without_record(
    number: i64,
    at: i64,
    operation: &str,
    what: &str,
    words: &str,
    state: &str,
    previous: &str,
) -> String {
    Line { number, at, operation, what, words, state, record: None }.hash(previous)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::card::{CardKey, CardState, ProviderId};
    use crate::domain::money::Money;
    use crate::domain::operation::{
        ActionKind, Before, OnConflict, Operation, OperationState, Proof,
    };
    use crate::store::journal::{Finding, intend, record};
    use crate::store::{FILE, Store};

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

    /// Three operations, of which one is DONE, in a data file whose end is noted outside.
    async fn journal(folder: &Path) -> Store {
        let notes = folder.join("state");
        let store = Store::open_with(folder, &BTreeMap::new(), Some(&notes), at(0))
            .unwrap_or_else(|refused| panic!("{refused}"));
        let wrote = store.journal(|db| {
            for count in 1..=3 {
                intend(db, &operation(count), OnConflict::Refuse)?;
            }
            let verdict = Finding::verdict(
                at(60),
                "look",
                "+30.00 USD in the list, id t1".to_owned(),
                OperationState::Done,
            );
            record(db, operation(3).id, &Finding { credit: Some("t1".into()), ..verdict })
        });
        wrote.await.expect("three operations");
        store
    }

    /// What verification says after somebody has had the file.
    async fn after(tampering: &'static str) -> Result<Verified, String> {
        let folder = tempfile::tempdir().expect("a folder");
        let store = journal(folder.path()).await;
        let head = store.head().cloned();
        drop(store);
        let file = Connection::open(folder.path().join(FILE)).expect("the file");
        file.execute_batch(tampering).unwrap_or_else(|error| panic!("{tampering}: {error}"));
        drop(file);
        let again = Store::open(folder.path()).unwrap_or_else(|refused| panic!("{refused}"));
        again.journal(move |db| verify_with(db, head.as_ref())).await.expect("the journal")
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
        const GUARDS: &str =
            "DROP TRIGGER line_is_never_changed; DROP TRIGGER line_is_never_removed;";
        const AGAIN: &str = "CREATE TRIGGER line_is_never_changed BEFORE UPDATE ON line BEGIN \
                             SELECT RAISE(ABORT, 'x'); END;
            CREATE TRIGGER line_is_never_removed BEFORE DELETE ON line BEGIN SELECT RAISE(ABORT, \
                             'x'); END;";
        let with =
            |tampering: &str| -> &'static str { format!("{GUARDS} {tampering} {AGAIN}").leak() };
        for (tampering, words) in [
            (
                "DELETE FROM line WHERE number > 2; DELETE FROM operation WHERE card_id = 'c3';",
                "its end is missing",
            ),
            ("DELETE FROM line; DELETE FROM operation;", "its end is missing"),
            (
                "DELETE FROM operation WHERE card_id = 'c2';",
                "is gone, and its lines are still here",
            ),
            ("DELETE FROM line WHERE number = 2;", "line 2 of the journal is missing"),
        ] {
            let broken = after(with(tampering)).await.expect_err(tampering);
            assert!(broken.contains(words), "{tampering}: {broken}");
        }
        let broken =
            after("DROP TRIGGER line_is_never_changed").await.expect_err("a guard is missing");
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
                .journal(move |db| intend(db, &operation(count), OnConflict::Refuse))
                .await
                .expect("one more");
        }
        let head = again.head().cloned();
        let verified =
            again.journal(move |db| verify_with(db, head.as_ref())).await.expect("the journal");
        assert!(verified.is_err(), "{verified:?}");
    }

    #[tokio::test]
    async fn a_chain_that_was_made_anew_is_noticed() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = journal(folder.path()).await;
        let head = store.head().cloned();
        let forged = store.journal(move |db| {
            db.execute_batch(
                "DROP TRIGGER line_is_never_changed; UPDATE operation SET operator = 'mallory'",
            )?;
            let lines: Vec<(i64, i64, String, String, String, String)> = db
                .prepare(
                    "SELECT number, at, operation, what, words, state FROM line ORDER BY number",
                )?
                .query_map([], |row| {
                    Ok((
                        row.get(0)?,
                        row.get(1)?,
                        row.get(2)?,
                        row.get(3)?,
                        row.get(4)?,
                        row.get(5)?,
                    ))
                })?
                .collect::<rusqlite::Result<_>>()?;
            let mut previous = GENESIS.to_owned();
            for (number, at, operation, what, words, state) in lines {
                let record = super::record(db, &operation)?.expect("its operation");
                let line = Line {
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
            Ok((verify(db)?, verify_with(db, head.as_ref())?))
        });
        let (inside, outside) = forged.await.expect("forging");
        assert!(inside.is_ok(), "nothing in the file itself can tell");
        let broken = outside.expect_err("the note outside tells");
        assert!(broken.contains("the chain was made anew"), "{broken}");
    }
}
