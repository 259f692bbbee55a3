//! What every store has to do, told through its verbs alone: each story runs against SQLite on disk
//! and in memory, and would run against another database.
//!
//! What only SQLite can do wrong (files, locks, tampering) is tested below `store/sqlite`.

mod cards;
mod coverage;
mod holds;
mod journal;
mod outages;
mod pages;
mod pushes;
mod transactions;

use std::collections::BTreeMap;
use std::ops::Deref;

use super::Store;

/// A store of a story's own, and the folder that it may use.
struct TestStore {
    store: Store,
    _folder: tempfile::TempDir,
}

impl Deref for TestStore {
    type Target = Store;

    fn deref(&self) -> &Store {
        &self.store
    }
}

/// Makes an empty store.
type Empty = fn() -> TestStore;

fn on_disk() -> TestStore {
    let folder = tempfile::tempdir().expect("a folder");
    TestStore { store: Store::open(folder.path()).expect("a data file"), _folder: folder }
}

fn in_memory() -> TestStore {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Store::in_memory(folder.path(), &BTreeMap::new()).expect("a database in memory");
    TestStore { store, _folder: folder }
}

/// Runs stories of this module against every store.
macro_rules! stories {
    ($($name:ident),* $(,)?) => {
        mod on_disk {
            $(#[tokio::test] async fn $name() {
                super::$name($crate::store::tests::on_disk).await;
            })*
        }
        mod in_memory {
            $(#[tokio::test] async fn $name() {
                super::$name($crate::store::tests::in_memory).await;
            })*
        }
    };
}
use stories;
