//! Signals that the board acts on: those that end it, and those that stop and continue it.

use std::io;
#[cfg(unix)]
use std::time::Duration;

#[cfg(unix)]
use rustix::process;
#[cfg(unix)]
use tokio::signal::unix::{Signal, SignalKind, signal};

/// What a signal wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sign {
    /// HUP, INT, TERM or QUIT.
    End,
    /// TSTP, sent from outside: the terminal's own key is none in raw mode.
    Stop,
    /// CONT: another process may have changed the terminal meanwhile.
    Continued,
}

/// How long a stop signal may take. It always arrives, except at the first process of a container.
#[cfg(unix)]
const UNDER_WAY: Duration = Duration::from_millis(300);

#[cfg(unix)]
pub(super) struct Signals {
    ends: [Signal; 4],
    stop: Signal,
    continued: Signal,
}

#[cfg(unix)]
impl Signals {
    pub(super) fn new() -> io::Result<Self> {
        let [hangup, interrupt, terminate, quit] = [
            SignalKind::hangup(),
            SignalKind::interrupt(),
            SignalKind::terminate(),
            SignalKind::quit(),
        ]
        .map(signal);
        let of = |wanted: process::Signal| signal(SignalKind::from_raw(wanted.as_raw()));
        Ok(Self {
            ends: [hangup?, interrupt?, terminate?, quit?],
            stop: of(process::Signal::TSTP)?,
            continued: of(process::Signal::CONT)?,
        })
    }

    /// The next one; an end before all others.
    pub(super) async fn any(&mut self) -> Sign {
        let [hangup, interrupt, terminate, quit] = &mut self.ends;
        tokio::select! {
            biased;
            _ = hangup.recv() => Sign::End,
            _ = interrupt.recv() => Sign::End,
            _ = terminate.recv() => Sign::End,
            _ = quit.recv() => Sign::End,
            _ = self.stop.recv() => Sign::Stop,
            _ = self.continued.recv() => Sign::Continued,
        }
    }

    /// Stops this process and returns when it is continued. The terminal has to be given back
    /// before.
    pub(super) async fn stop_here(&mut self) -> io::Result<()> {
        process::kill_process(process::getpid(), process::Signal::STOP)?;
        // The stop may reach another thread first: without waiting, the terminal could be taken
        // again before it.
        let _ = tokio::time::timeout(UNDER_WAY, self.continued.recv()).await;
        Ok(())
    }

    /// Stops the other processes of this group, as the terminal's own ctrl-z does. `false` where no
    /// shell could continue them: then nothing is stopped, and this process should not stop either.
    pub(super) async fn stop_group(&mut self) -> io::Result<bool> {
        if !has_a_shell() {
            return Ok(false);
        }
        process::kill_current_process_group(process::Signal::TSTP)?;
        // The signal reaches this process as well, which stops itself once it was received.
        let _ = tokio::time::timeout(UNDER_WAY, self.stop.recv()).await;
        Ok(true)
    }
}

/// Whether an ancestor outside of this group but inside of this session can continue it: a shell
/// with job control. The system discards the terminal's stop signals where there is none.
#[cfg(unix)]
fn has_a_shell() -> bool {
    let (group, session) = (process::getpgrp(), process::getsid(None).ok());
    let mut ancestor = process::getppid();
    for _ in 0..16 {
        let Some(pid) = ancestor else { return false };
        if process::getsid(Some(pid)).ok() != session {
            return false;
        }
        if process::getpgid(Some(pid)).ok() != Some(group) {
            return true;
        }
        ancestor = parent(pid);
    }
    false
}

/// The parent of another process, where the system has `/proc`.
#[cfg(unix)]
fn parent(pid: process::Pid) -> Option<process::Pid> {
    let status = std::fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero())).ok()?;
    let (_, rest) = status.rsplit_once(") ")?;
    process::Pid::from_raw(rest.split_whitespace().nth(1)?.parse().ok()?)
}

#[cfg(not(unix))]
pub(super) struct Signals;

#[cfg(not(unix))]
impl Signals {
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self)
    }

    pub(super) async fn any(&mut self) -> Sign {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
        Sign::End
    }

    pub(super) async fn stop_here(&mut self) -> io::Result<()> {
        Ok(())
    }

    pub(super) async fn stop_group(&mut self) -> io::Result<bool> {
        Ok(false)
    }
}
