//! Whoever reads standard output, and that they went away.

use std::io;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;

/// Waits until nobody reads standard output any more: the other end of the pipe is closed. Files
/// never say so, and nothing wakes up before: a thread of the runtime's waits for it, which ends
/// with the process.
pub(super) async fn gone() {
    let waiting = tokio::task::spawn_blocking(|| {
        let output = io::stdout();
        // No event is asked for: that it hung up is told all the same.
        let mut asked = [PollFd::new(&output, PollFlags::empty())];
        loop {
            match poll(&mut asked, None) {
                Err(Errno::INTR) => {}
                told => break told.is_ok(),
            }
        }
    });
    if !waiting.await.unwrap_or(false) {
        // It cannot be waited for: writing will tell.
        std::future::pending().await
    }
}
