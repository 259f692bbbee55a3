//! Reading a secret from a file or a named pipe.

use std::fs::Metadata;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::Path;
use std::time::Duration;

use super::{SecretError, forget, read_limited};
use crate::domain::text;
use crate::files::{PatientPipe, Special, open_nonblocking, special};

/// How long a named pipe may take to give a secret.
pub(super) const PIPE_PATIENCE: Duration = Duration::from_secs(5);

/// A regular file or a named pipe. Anything else is refused before it is opened: a terminal or
/// another device could hold us up, or never end.
pub(super) fn read(path: &Path) -> Result<String, SecretError> {
    let wrong =
        |words: &str| SecretError(format!("the secret file {} {words}", text::of_path(path)));
    let unreadable = |error: std::io::Error| wrong(&format!("cannot be read: {error}"));
    let refuse_special = |found: &Metadata| match special(found).map(what) {
        Some(what) => {
            Err(wrong(&format!("is {what}: a secret is read from a file or a named pipe")))
        }
        None => Ok(()),
    };
    refuse_special(&std::fs::metadata(path).map_err(unreadable)?)?;
    let mut file = open_nonblocking(path).map_err(unreadable)?;
    let found = file.metadata().map_err(unreadable)?;
    refuse_special(&found)?;
    if found.mode() & 0o077 != 0 {
        return Err(wrong(&format!(
            "can be read by others (mode {:o}): run `chmod 600` on it",
            found.mode() & 0o777
        )));
    }
    let secret = if found.file_type().is_fifo() {
        let mut pipe = PatientPipe::new(file, PIPE_PATIENCE);
        let secret = read_limited(&mut pipe);
        if pipe.is_given_up() {
            forget(secret);
            let limit = PIPE_PATIENCE.as_secs();
            return Err(wrong(&format!(
                "is a named pipe, and nobody finished writing into it within {limit} s"
            )));
        }
        secret
    } else {
        read_limited(&mut file)
    };
    secret.ok_or_else(|| wrong("is not a secret: it is not text, or longer than 64 KiB"))
}

const fn what(special: Special) -> &'static str {
    match special {
        Special::Folder => "a directory",
        Special::Socket => "a socket",
        Special::Device => "a device",
    }
}
