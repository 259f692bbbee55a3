//! The column file: what was written comes back, and in any doubt nothing does.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::PathBuf;

use aws_lc_rs::digest::{SHA256, digest};
use proptest::prelude::*;
use tempfile::TempDir;

use super::fixture::{row, rows};
use crate::domain::transaction::Transaction;
use crate::ledger::{Ledger, Origin, RowKey};

fn folder() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("columns");
    (folder, path)
}

const fn of(change: i64) -> Origin {
    Origin { number: 77, change, from: jiff::Timestamp::MIN }
}

fn small() -> Ledger {
    let mut ledger = Ledger::in_chunks_of(3);
    let rows: Vec<Transaction> =
        (0..7).map(|id| row(u64::from(id) * 31, id, id % 3, i64::from(id))).collect();
    ledger.apply(&rows);
    ledger
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn what_was_saved_is_loaded_and_goes_on_as_if_it_had_never_left(
        first in rows(120), then in rows(30), chunks in 3_usize..60, change in any::<i64>(),
    ) {
        let (_folder, path) = folder();
        let mut ledger = Ledger::in_chunks_of(chunks);
        ledger.apply(&first);
        ledger.save(&path, of(change)).expect("a file");
        prop_assert_eq!(fs::metadata(&path).expect("the file").mode() & 0o777, 0o600);
        let (mut loaded, origin) = Ledger::load(&path).expect("what was saved");
        prop_assert_eq!(origin, of(change));
        for _ in 0..2 {
            prop_assert!(loaded.iter().eq(ledger.iter()));
            prop_assert_eq!(loaded.proven(), ledger.proven());
            for row in ledger.iter() {
                let key = RowKey::from(&row);
                prop_assert_eq!(loaded.position(&key), ledger.position(&key));
                if let Some(card) = row.card() {
                    prop_assert!(loaded.of_card(&card).eq(ledger.of_card(&card)));
                }
            }
            loaded.apply(&then);
            ledger.apply(&then);
        }
    }
}

#[test]
fn a_file_that_is_cut_short_anywhere_or_changed_by_a_bit_is_not_read() {
    let (_folder, path) = folder();
    small().save(&path, of(7)).expect("a file");
    let whole = fs::read(&path).expect("the file");
    assert!(Ledger::load(&path).is_some());
    for length in 0..whole.len() {
        fs::write(&path, &whole[..length]).expect("a shorter file");
        assert!(Ledger::load(&path).is_none(), "{length} of {} bytes", whole.len());
    }
    for at in 0..whole.len() {
        let mut changed = whole.clone();
        changed[at] ^= 1 << (at % 8);
        fs::write(&path, &changed).expect("another file");
        assert!(Ledger::load(&path).is_none(), "byte {at}");
    }
    fs::write(&path, [whole.as_slice(), &[0]].concat()).expect("a longer file");
    assert!(Ledger::load(&path).is_none());
    fs::write(&path, &whole).expect("the file");
    assert!(Ledger::load(&path).is_some());
}

#[test]
fn a_file_of_another_version_is_not_read_although_its_hash_is_right() {
    let (_folder, path) = folder();
    small().save(&path, of(7)).expect("a file");
    let mut bytes = fs::read(&path).expect("the file");
    let content = bytes.len() - 40;
    let same = digest(&SHA256, &bytes[..content]);
    assert_eq!(same.as_ref(), &bytes[content + 8..]);
    bytes[8] += 1;
    let hash = digest(&SHA256, &bytes[..content]);
    bytes[content + 8..].copy_from_slice(hash.as_ref());
    fs::write(&path, &bytes).expect("another file");
    assert!(Ledger::load(&path).is_none());
}

#[test]
fn a_file_that_others_can_use_a_link_and_a_folder_are_not_read() {
    let (folder, path) = folder();
    assert!(Ledger::load(&path).is_none(), "there is none");
    small().save(&path, of(7)).expect("a file");
    for mode in [0o644, 0o660, 0o606, 0o640] {
        fs::set_permissions(&path, Permissions::from_mode(mode)).expect("a mode");
        assert!(Ledger::load(&path).is_none(), "{mode:o}");
    }
    fs::set_permissions(&path, Permissions::from_mode(0o600)).expect("a mode");
    assert!(Ledger::load(&path).is_some());
    let link = folder.path().join("link");
    symlink(&path, &link).expect("a link");
    assert!(Ledger::load(&link).is_none());
    assert!(Ledger::load(folder.path()).is_none());
}

#[test]
fn saving_again_replaces_the_file_and_leaves_nothing_beside_it() {
    let (folder, path) = folder();
    // What a process left that was killed while it wrote.
    fs::write(folder.path().join("columns.new"), "half of it").expect("a file");
    Ledger::default().save(&path, of(1)).expect("a file");
    small().save(&path, of(2)).expect("a file");
    let (loaded, origin) = Ledger::load(&path).expect("what was saved");
    assert_eq!((loaded.len(), origin), (small().len(), of(2)));
    let names = folder
        .path()
        .read_dir()
        .expect("the folder")
        .map(|entry| entry.expect("an entry").file_name());
    assert_eq!(names.collect::<Vec<_>>(), ["columns"]);
}
