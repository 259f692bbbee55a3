//! Reading a secret from a file or a named pipe.

use std::io::Read;
use std::path::Path;
use std::time::Duration;

use super::{SecretError, forget, read_limited};
use crate::domain::text;

/// How long a named pipe may take to give a secret.
pub(super) const PIPE_PATIENCE: Duration = Duration::from_secs(5);

/// How long to wait before a pipe is polled again.
#[cfg(unix)]
const POLL_INTERVAL: Duration = Duration::from_millis(10);

/// A regular file or a named pipe. Anything else is refused before it is opened: a terminal or
/// another device could hold us up, or never end.
pub(super) fn read(path: &Path) -> Result<String, SecretError> {
    let wrong =
        |words: &str| SecretError(format!("the secret file {} {words}", text::of_path(path)));
    let unreadable = |error: std::io::Error| wrong(&format!("cannot be read: {error}"));
    let refuse_special = |metadata: &std::fs::Metadata| match special(metadata) {
        Some(kind) => {
            Err(wrong(&format!("is {kind}: a secret is read from a file or a named pipe")))
        }
        None => Ok(()),
    };
    refuse_special(&std::fs::metadata(path).map_err(unreadable)?)?;
    let mut options = std::fs::OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        // Without it, opening a pipe blocks until it has a writer.
        let flags = rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::NOCTTY;
        options.custom_flags(i32::try_from(flags.bits()).unwrap_or(0));
    }
    let mut file = options.open(path).map_err(unreadable)?;
    let metadata = file.metadata().map_err(unreadable)?;
    refuse_special(&metadata)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::{FileTypeExt, PermissionsExt};
        let mode = metadata.permissions().mode();
        if mode & 0o077 != 0 {
            return Err(wrong(&format!(
                "can be read by others (mode {:o}): run `chmod 600` on it",
                mode & 0o777
            )));
        }
        if metadata.file_type().is_fifo() {
            let mut pipe =
                PatientPipe { pipe: file, polls_left: polls(PIPE_PATIENCE), begun: false };
            let secret = read_limited(&mut pipe);
            if pipe.polls_left == 0 {
                forget(secret);
                let limit = PIPE_PATIENCE.as_secs();
                return Err(wrong(&format!(
                    "is a named pipe, and nobody finished writing into it within {limit} s"
                )));
            }
            return secret
                .ok_or_else(|| wrong("is not a secret: it is not text, or longer than 64 KiB"));
        }
    }
    read_limited(&mut file)
        .ok_or_else(|| wrong("is not a secret: it is not text, or longer than 64 KiB"))
}

/// What a file is, in words, if it is neither a regular file nor a named pipe.
fn special(metadata: &std::fs::Metadata) -> Option<&'static str> {
    if metadata.is_dir() {
        return Some("a directory");
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt;
        let kind = metadata.file_type();
        if kind.is_socket() {
            return Some("a socket");
        }
        if kind.is_char_device() || kind.is_block_device() {
            return Some("a device");
        }
    }
    None
}

#[cfg(unix)]
pub(super) fn is_pipe(path: &Path) -> bool {
    use std::os::unix::fs::FileTypeExt;
    std::fs::metadata(path).is_ok_and(|metadata| metadata.file_type().is_fifo())
}

#[cfg(not(unix))]
pub(super) fn is_pipe(_path: &Path) -> bool {
    false
}

/// How many polls fit into this time. Counted, because a paused clock of a test would never reach a
/// deadline.
#[cfg(unix)]
fn polls(patience: Duration) -> u128 {
    patience.as_millis() / POLL_INTERVAL.as_millis()
}

/// A non-blocking pipe, read until its last writer closes it or no poll is left.
#[cfg(unix)]
struct PatientPipe {
    pipe: std::fs::File,
    polls_left: u128,
    /// Something was written. Before that, an end of file only means that no writer has opened the
    /// pipe yet.
    begun: bool,
}

#[cfg(unix)]
impl Read for PatientPipe {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        while self.polls_left > 0 {
            match self.pipe.read(buffer) {
                Ok(0) if self.begun || buffer.is_empty() => return Ok(0),
                Ok(0) => {}
                Ok(count) => {
                    self.begun = true;
                    return Ok(count);
                }
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
            self.polls_left -= 1;
            std::thread::park_timeout(POLL_INTERVAL);
        }
        Ok(0)
    }
}
