//! How much room there is on a disk, and whether something may be written there.

use std::path::{Path, PathBuf};

use rustix::fs::{Access, access, statvfs};

/// The folder itself, or the nearest one above it that is there.
#[must_use]
pub fn nearest(folder: &Path) -> PathBuf {
    let whole = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    let there = whole.ancestors().find(|path| path.symlink_metadata().is_ok());
    there.map_or_else(|| whole.clone(), Path::to_owned)
}

/// Whether a file or folder may be made in a folder.
#[must_use]
pub fn may_write_in(folder: &Path) -> bool {
    folder.is_dir() && access(folder, Access::WRITE_OK | Access::EXEC_OK).is_ok()
}

/// Bytes that may still be written where a folder is; `None` where the system does not tell.
#[must_use]
pub fn free_bytes(folder: &Path) -> Option<u64> {
    let disk = statvfs(folder).ok()?;
    Some(disk.f_bavail.saturating_mul(disk.f_frsize))
}
