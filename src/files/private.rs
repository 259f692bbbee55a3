//! Files that cardtop made for itself and can make again: read only where nobody else can have
//! written them, and replaced whole.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;

use super::this_user;

/// Opens a file that belongs to this user and that no other user may read or write. `None` where it
/// is missing, cannot be opened, is a link, or is anything else.
#[must_use]
pub fn open_private(path: &Path) -> Option<File> {
    let file = OpenOptions::new().read(true).custom_flags(no_link()).open(path).ok()?;
    let found = file.metadata().ok()?;
    let is_ours = found.is_file() && found.uid() == this_user() && found.mode() & 0o077 == 0;
    is_ours.then_some(file)
}

/// Replaces a file: writes another one beside it, for its owner only, puts it on the disk and gives
/// it the name. Who reads meanwhile has the old one or the new one, never a part.
///
/// # Errors
/// When it cannot be written, or another process is writing it at this moment. The old one is still
/// there then.
pub fn replace_private(
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    let beside = beside(path);
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .custom_flags(no_link())
        .open(&beside)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Err(being_written()),
        Err(TryLockError::Error(error)) => return Err(error),
    }
    // Another process may have given it its name between opening and locking.
    if fs::metadata(&beside)?.ino() != file.metadata()?.ino() {
        return Err(being_written());
    }
    let written = fill(&file, write).and_then(|()| fs::rename(&beside, path));
    if written.is_err() {
        // What is half written is worth nothing, and may be what fills the disk.
        fs::remove_file(&beside).ok();
        return written;
    }
    match path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        Some(folder) => File::open(folder)?.sync_all(),
        None => File::open(".")?.sync_all(),
    }
}

fn fill(file: &File, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    file.set_permissions(fs::Permissions::from_mode(0o600))?;
    file.set_len(0)?;
    let mut to = BufWriter::with_capacity(1 << 20, file);
    write(&mut to)?;
    to.flush()?;
    file.sync_all()
}

fn beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    name.into()
}

fn being_written() -> io::Error {
    io::Error::new(io::ErrorKind::WouldBlock, "another process is writing it at this moment")
}

fn no_link() -> i32 {
    i32::try_from((OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY).bits()).unwrap_or(0)
}
