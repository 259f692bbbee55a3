//! A look at the data file for whoever wants to know what is wrong with it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use crate::domain::card::{Ids, ProviderId};
use crate::domain::unmapped::UnmappedWords;
use crate::store::{FILE, Store, Verified};

/// What was found of a data file that is there.
#[derive(Debug)]
pub struct DataCheck {
    /// Where it is.
    pub path: PathBuf,
    /// What is wrong with it, a sentence part behind its name; `None` where nothing is.
    pub trouble: Option<String>,
    /// The journal's end, or where it breaks; `None` where it could not be read.
    pub journal: Option<Result<Verified, String>>,
    /// Words that are not mapped, by account.
    pub unmapped: BTreeMap<ProviderId, UnmappedWords>,
}

/// Looks at the data file of a folder, as it is opened by every command; `None` where there is none
/// yet, and none is made.
pub async fn check_data(
    folder: &Path,
    ids: BTreeMap<ProviderId, Ids>,
    notes: Option<PathBuf>,
    now: Timestamp,
) -> Option<DataCheck> {
    let path = folder.join(FILE);
    if path.symlink_metadata().is_err() {
        return None;
    }
    let mut check = DataCheck { path, trouble: None, journal: None, unmapped: BTreeMap::new() };
    let folder = folder.to_owned();
    let opening =
        tokio::task::spawn_blocking(move || Store::open_with(&folder, &ids, notes.as_deref(), now));
    let store = match opening.await {
        Ok(Ok(store)) => store,
        Ok(Err(unusable)) => {
            check.trouble = Some(unusable.words);
            return Some(check);
        }
        Err(died) => {
            check.trouble = Some(format!("cardtop itself failed at it: {died}"));
            return Some(check);
        }
    };
    if let Err(error) = store.check().await {
        check.trouble = Some(format!("the data file {error}"));
    }
    check.journal = store.verify().await.ok();
    check.unmapped = store.unmapped_words().await.unwrap_or_default();
    Some(check)
}
