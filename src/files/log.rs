//! The log.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use super::{FileError, create, follow, is_foreign, pipe, this_user, unusable};

/// Opens a log to append to, making it where it is missing, for its owner only. Pipes and devices
/// may be logs, too.
///
/// # Errors
/// When it cannot be written, or belongs to another user.
pub fn open_log(path: &Path) -> Result<File, FileError> {
    let real = follow(path)?;
    // Without waiting for a reader, where it is a pipe.
    let file = match OpenOptions::new().append(true).custom_flags(pipe::nonblocking()).open(&real) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => create(&real)?,
        Err(error) if error.raw_os_error() == Some(rustix::io::Errno::NXIO.raw_os_error()) => {
            return Err(unusable(
                "is a pipe that nobody reads: start its reader first, or name a file",
            ));
        }
        opened => opened.map_err(|error| unusable(format!("cannot be written: {error}")))?,
    };
    let found = file.metadata()?;
    if found.is_file() && is_foreign(found.uid()) {
        return Err(unusable(format!(
            "belongs to another user (id {}): choose another file",
            found.uid()
        )));
    }
    if found.is_file() && real == path && found.mode() & 0o077 != 0 && found.uid() == this_user() {
        file.set_permissions(fs::Permissions::from_mode(0o600))?;
    }
    Ok(file)
}
