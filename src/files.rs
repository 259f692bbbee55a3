//! Whose files are used: owner, mode and links are checked before a file is trusted, and new files
//! are for their owner only.
//!
//! A symbolic link is followed only when the link and what it leads to belong to this user or to
//! root, and the mode of what a link leads to is never changed. Sentences here stand behind the
//! name of a file and say what mends it.

mod data;
mod links;
mod log;
mod new;
mod pipe;
mod private;
mod room;
#[cfg(test)]
mod tests;

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::time::Duration;

use crate::domain::text;
pub use data::private_data;
pub use links::follow;
pub use log::open_log;
pub use new::NewFile;
pub use pipe::{PatientPipe, Special, is_pipe, open_nonblocking, special};
pub use private::{open_private, replace_private};
pub use room::{free_bytes, may_write_in, nearest};

/// How long a pipe may take until its writer has written all: `--config <(program)`.
const PIPE_PATIENCE: Duration = Duration::from_secs(5);

/// Why a file is not used, in words behind its name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FileError {
    /// There is no such file.
    #[error("does not exist")]
    Missing,
    /// What is wrong, and what mends it.
    #[error("{0}")]
    Unusable(String),
}

impl From<io::Error> for FileError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound => Self::Missing,
            _ => Self::Unusable(format!("cannot be used: {error}")),
        }
    }
}

fn unusable(words: impl Into<String>) -> FileError {
    FileError::Unusable(words.into())
}

/// Reads a configuration. It may name programs to run and addresses to send credentials to, so only
/// one that nobody but this user or root can have written is read. Its folder is not looked at: who
/// can only exchange the file makes it theirs, and that is refused.
///
/// # Errors
/// When it cannot be read or trusted, or is longer than `longest` bytes.
pub fn read_configuration(path: &Path, longest: u64) -> Result<Vec<u8>, FileError> {
    read(path, longest, |found| {
        let name = quoted(path);
        if is_foreign(found.uid()) {
            return Err(unusable(format!(
                "belongs to another user (id {}) and may name programs to run: make it yours, \
                 `sudo chown $(id -u) {name}`",
                found.uid()
            )));
        }
        if found.mode() & 0o022 != 0 {
            return Err(unusable(format!(
                "can be written by others (mode {:o}) and may name programs to run: run `chmod \
                 go-w {name}`",
                found.mode() & 0o777
            )));
        }
        Ok(())
    })
}

/// Reads a roster. It says which card is whose, so one that everybody can write is refused; a group
/// may share it.
///
/// # Errors
/// When it cannot be read or trusted, or is longer than `longest` bytes.
pub fn read_roster(path: &Path, longest: u64) -> Result<Vec<u8>, FileError> {
    read(path, longest, |found| {
        if found.mode() & 0o002 != 0 {
            let mode = found.mode() & 0o777;
            let words = format!(
                "can be written by everybody (mode {mode:o}): run `chmod o-w {}`",
                quoted(path)
            );
            return Err(unusable(words));
        }
        Ok(())
    })
}

/// A new file that only its owner may use, whatever the umask.
fn create(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new().append(true).create_new(true).mode(0o600).open(path)?;
    file.set_permissions(fs::Permissions::from_mode(0o600))?;
    Ok(file)
}

/// Reads a file or a pipe whose owner and mode pass the check.
fn read(
    path: &Path,
    longest: u64,
    check: impl FnOnce(&Metadata) -> Result<(), FileError>,
) -> Result<Vec<u8>, FileError> {
    let real = follow(path)?;
    let unreadable = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => FileError::Missing,
        _ => unusable(format!("cannot be read: {error}")),
    };
    // Devices are refused before they are opened: that alone may have an effect, or wait.
    refuse_special(&fs::metadata(&real).map_err(unreadable)?)?;
    let file = open_nonblocking(&real).map_err(unreadable)?;
    let found = file.metadata().map_err(unreadable)?;
    refuse_special(&found)?;
    check(&found)?;
    let mut bytes = Vec::new();
    if found.file_type().is_fifo() {
        let mut pipe = PatientPipe::new(file, PIPE_PATIENCE);
        let whole = Read::by_ref(&mut pipe).take(longest + 1).read_to_end(&mut bytes);
        whole.map_err(unreadable)?;
        if pipe.is_given_up() {
            let limit = PIPE_PATIENCE.as_secs();
            return Err(unusable(format!(
                "is a pipe, and nobody finished writing into it within {limit} s"
            )));
        }
    } else {
        file.take(longest + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    }
    if u64::try_from(bytes.len()).is_ok_and(|length| length > longest) {
        return Err(unusable(format!(
            "is longer than {} MiB: is it the right file?",
            longest >> 20
        )));
    }
    Ok(bytes)
}

fn refuse_special(found: &Metadata) -> Result<(), FileError> {
    match special(found) {
        None => Ok(()),
        Some(Special::Folder) => Err(unusable("is a folder, not a file")),
        Some(Special::Socket | Special::Device) => {
            Err(unusable("is a device or socket, not a file"))
        }
    }
}

fn this_user() -> u32 {
    rustix::process::geteuid().as_raw()
}

/// Whether an owner is neither this user nor root.
fn is_foreign(owner: u32) -> bool {
    is_foreign_to(this_user(), owner)
}

const fn is_foreign_to(user: u32, owner: u32) -> bool {
    owner != user && owner != 0
}

/// A path as a shell takes it.
fn quoted(path: &Path) -> String {
    let shown = text::of_path(path);
    let plain = shown.chars().all(|c| {
        c.is_ascii_alphanumeric() || matches!(c, '/' | '.' | '-' | '_' | '+' | ',' | '@' | '%')
    });
    if plain { shown } else { format!("'{}'", shown.replace('\'', "'\\''")) }
}
