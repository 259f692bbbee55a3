//! What other processes do in the same data file: what those read that still run, and operations,
//! also of those that ended in the middle of one.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

use super::Engine;
use crate::store::{BeingSent, StoreError};

/// How often is asked whether the journal has to be searched for what ended processes left behind,
/// and for others' operations whatever [`Engine::glance`] saw.
pub(super) const EVERY: Duration = Duration::from_secs(16);

/// How long an entry of another process may have been under way into the journal.
const WAITED_FOR_THE_DISK: SignedDuration = SignedDuration::from_secs(10);

/// No request takes longer than this, so whoever is sending for longer is not sending any more.
const LONGEST_SENDING: SignedDuration = SignedDuration::from_mins(10);

/// Whether another process may be sending an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sending {
    /// One may, and may end in the middle of it.
    Somebody,
    /// None is.
    Nobody,
}

impl Engine {
    /// Whether another process wrote into the data file: if so, it is told what. This
    /// costs next to nothing, so that the board asks it with each step of its clock instead of
    /// another timer waking the processor.
    pub fn glance(&self) {
        if self.0.store.was_written() {
            self.0.background.written.notify_one();
        }
    }

    /// Tells what other processes write into the data file, for ever. Where nothing was written and
    /// nobody was sending, nothing is looked for.
    pub(super) async fn follow_others(&self, mut after: Timestamp) {
        let mut deadline = Instant::now() + EVERY;
        let mut own_changes = self.0.operations.sending();
        // All that is in the data file was told, and no other process was sending.
        let mut is_settled = false;
        loop {
            let written = self.0.background.written.notified();
            let mut sending = Sending::Somebody;
            if tokio::time::timeout_at(deadline, written).await.is_err() {
                deadline = Instant::now() + EVERY;
                // A change of this process that died halfway is written in no other way.
                let has_own = own_changes.has_changed().unwrap_or(true)
                    || !self.0.operations.unwritten().is_empty();
                // Only a clock that shows seconds glances oftener than this.
                if is_settled && !has_own && !self.0.store.was_written() {
                    after = after.min(self.0.clock.now());
                    continue;
                }
                own_changes.mark_unchanged();
                is_settled = false;
                sending = match self.recover().await {
                    Ok(sending) => sending,
                    Err(_) => continue,
                };
            }
            // What cannot be read now is told later.
            let operations = self.tell_others_operations(&mut after).await;
            let rows = self.tell_others_rows().await;
            let pushes = self.tell_others_pushes().await;
            let are_told = operations.is_ok() && rows.is_ok() && pushes.is_ok();
            is_settled = sending == Sending::Nobody && are_told;
        }
    }

    /// Tells operations that changed after a time, and sets it to that of the last of them.
    async fn tell_others_operations(&self, after: &mut Timestamp) -> Result<(), StoreError> {
        // After the clock was set back, others write with earlier times.
        *after = (*after).min(self.0.clock.now());
        // Another process may have waited for the disk after it took the time; what was announced
        // already is not announced twice.
        let from = after.saturating_sub(WAITED_FOR_THE_DISK).unwrap_or(*after);
        for operation in self.0.store.operations_changed_since(from).await? {
            *after = (*after).max(operation.updated_at);
            if self.0.operations.was_not_announced(&operation) {
                self.announce(&operation).await;
            }
        }
        Ok(())
    }

    /// Gives up operations in state SENT whose process is gone. After a crash the journal tells
    /// how far it came: without the line `sent` nothing left, so the operation is FAILED; with it
    /// the request may have been carried out, so it is UNKNOWN and looked up, never sent again.
    ///
    /// An operation is spared while its process may still be sending it: one of this engine, or of
    /// another process that runs and has not taken longer than any request may. Another entry with
    /// our process number is of an earlier process that had the same.
    ///
    /// Answers whether such an operation was spared.
    pub(super) async fn recover(&self) -> Result<Sending, StoreError> {
        self.write_late().await;
        let mut sending = Sending::Nobody;
        let now = self.0.clock.now();
        let engine = self.clone();
        let is_ours = move |id| engine.0.operations.is_being_sent(id);
        for BeingSent { id, process, since } in self.0.store.sent_by_others(is_ours).await? {
            if may_be_sending(process, since, now) {
                sending = Sending::Somebody;
                continue;
            }
            let given_up = self.0.store.abandon(id, now).await?;
            self.announce(&given_up).await;
        }
        Ok(sending)
    }
}

/// Whether a process that was sending may still be at it.
fn may_be_sending(process: u32, since: Timestamp, now: Timestamp) -> bool {
    process != std::process::id()
        && now.duration_since(since) <= LONGEST_SENDING
        && is_running(process)
}

#[cfg(unix)]
fn is_running(process: u32) -> bool {
    // A process that ended and was not waited for yet can still be sent signals; Linux says so.
    let status = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    let state = status.rsplit_once(") ").and_then(|(_, rest)| rest.chars().next());
    if matches!(state, Some('Z' | 'X')) {
        return false;
    }
    let Some(pid) = i32::try_from(process).ok().and_then(rustix::process::Pid::from_raw) else {
        return false;
    };
    !matches!(rustix::process::test_kill_process(pid), Err(rustix::io::Errno::SRCH))
}

#[cfg(not(unix))]
fn is_running(_process: u32) -> bool {
    true
}
