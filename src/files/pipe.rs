//! Reading from what a path leads to without being held up: named pipes have a time limit, and
//! folders, sockets and devices are refused.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::Path;
use std::time::Duration;

use rustix::fs::OFlags;

/// How long to wait before a pipe is polled again.
const POLL_INTERVAL: Duration = Duration::from_millis(10);

/// Something that is neither a file nor a named pipe. Opening it may already have an effect, or
/// wait for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Special {
    /// A directory.
    Folder,
    /// A socket.
    Socket,
    /// A terminal, a disk, `/dev/zero` …
    Device,
}

/// What of these something is; `None` for a file or a named pipe.
#[must_use]
pub fn special(found: &Metadata) -> Option<Special> {
    let kind = found.file_type();
    if kind.is_file() || kind.is_fifo() {
        None
    } else if kind.is_dir() {
        Some(Special::Folder)
    } else if kind.is_socket() {
        Some(Special::Socket)
    } else {
        Some(Special::Device)
    }
}

/// Whether there is a named pipe at this path.
#[must_use]
pub fn is_pipe(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|found| found.file_type().is_fifo())
}

/// Opens a file or a named pipe for reading, without waiting for somebody who writes into it.
///
/// # Errors
/// As for opening any file.
pub fn open_nonblocking(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).custom_flags(nonblocking()).open(path)
}

pub(super) fn nonblocking() -> i32 {
    i32::try_from((OFlags::NONBLOCK | OFlags::NOCTTY).bits()).unwrap_or(0)
}

/// A non-blocking pipe, read until its last writer closes it or the patience is over. Then it reads
/// as ended, and [`PatientPipe::is_given_up`] says so.
pub struct PatientPipe {
    pipe: File,
    /// Polls that are left. Counted, because a test may have stopped the clock.
    polls_left: u128,
    /// Something was written. Before that, an end of file only means that no writer has opened the
    /// pipe yet.
    has_begun: bool,
}

impl PatientPipe {
    /// A pipe that was opened by [`open_nonblocking`].
    #[must_use]
    pub const fn new(pipe: File, patience: Duration) -> Self {
        let polls_left = patience.as_millis() / POLL_INTERVAL.as_millis();
        Self { pipe, polls_left, has_begun: false }
    }

    /// Whether it was left although its writer had not closed it.
    #[must_use]
    pub const fn is_given_up(&self) -> bool {
        self.polls_left == 0
    }
}

impl Read for PatientPipe {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.polls_left > 0 {
            match self.pipe.read(buffer) {
                Ok(0) if self.has_begun || buffer.is_empty() => return Ok(0),
                Ok(0) => {}
                Ok(count) => {
                    self.has_begun = true;
                    return Ok(count);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
            self.polls_left -= 1;
            std::thread::park_timeout(POLL_INTERVAL);
        }
        Ok(0)
    }
}
