//! Symbolic links: followed only where they, and what they lead to, are trusted.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::{FileError, is_foreign, unusable};
use crate::domain::text;

/// Most links that are followed one after the other, as in Linux.
const MOST_LINKS: usize = 40;

/// Checks that a symbolic link, and what it leads to, belong to this user or root. What is no link
/// passes, and so does what does not exist. Gives the path behind the links.
///
/// # Errors
/// The link of another user, or the file of another user that it leads to.
pub fn follow(path: &Path) -> Result<PathBuf, FileError> {
    let mut at = path.to_owned();
    for _ in 0..MOST_LINKS {
        let Ok(found) = fs::symlink_metadata(&at) else { return Ok(at) };
        if !found.is_symlink() {
            if at != path && is_foreign(found.uid()) {
                let (shown, owner) = (text::of_path(&at), found.uid());
                return Err(unusable(format!(
                    "is a link to {shown}, which belongs to another user (id {owner}): name \
                     another file"
                )));
            }
            return Ok(at);
        }
        if is_foreign(found.uid()) {
            let words = format!(
                "is a link that belongs to another user (id {}): name what it leads to, or \
                 another file",
                found.uid()
            );
            return Err(unusable(words));
        }
        let target = fs::read_link(&at)?;
        let next = at.parent().map_or_else(|| target.clone(), |folder| folder.join(&target));
        // What /proc/self/fd leads to need not have a path.
        if fs::symlink_metadata(&next).is_err()
            && fs::metadata(&at).is_ok_and(|found| !is_foreign(found.uid()))
        {
            return Ok(at);
        }
        at = next;
    }
    Err(unusable("leads through too many links"))
}
