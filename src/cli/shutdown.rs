//! The signals by which the system asks this program to end.

use std::future::Future;

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::exit::Exit;
use super::failure::{Failure, Outcome};
use crate::contract::FailureKind;

/// The signals by which the system asks this program to end, caught from when this is made.
pub(crate) struct Shutdown([Signal; 3]);

/// The kinds of signals, in the order of [`Shutdown`].
const KINDS: [SignalKind; 3] =
    [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()];

impl Shutdown {
    /// Catches Ctrl-C, SIGTERM and the end of the terminal.
    ///
    /// # Errors
    /// When the system does not let signals be caught.
    pub(crate) fn listen() -> Result<Self, Failure> {
        let catch = |kind| {
            signal(kind).map_err(|error| {
                let message = format!("signals cannot be caught: {error}");
                Failure::new(Exit::Refused, FailureKind::System, message)
            })
        };
        let [interrupt, terminate, hangup] = KINDS;
        Ok(Self([catch(interrupt)?, catch(terminate)?, catch(hangup)?]))
    }

    /// Waits until one comes: which.
    pub(crate) async fn requested(&mut self) -> SignalKind {
        let [interrupt, terminate, hangup] = &mut self.0;
        tokio::select! {
            _ = interrupt.recv() => SignalKind::interrupt(),
            _ = terminate.recv() => SignalKind::terminate(),
            _ = hangup.recv() => SignalKind::hangup(),
        }
    }

    /// The result of work that may be given up at any moment, or that it was.
    ///
    /// # Errors
    /// Those of the work, or that a signal came first: then it is of the kind `interrupted`.
    pub(crate) async fn or_interrupted<T>(
        &mut self,
        work: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        tokio::select! {
            done = work => done,
            signal = self.requested() => {
                // Only the three above come, and their numbers are small.
                let number = u8::try_from(signal.as_raw_value()).unwrap_or_default();
                let exit = Exit::Interrupted(number);
                Err(Failure::new(exit, FailureKind::Interrupted, "interrupted before it was done"))
            }
        }
    }
}

/// Ends this process by the signal that ended its command, so that the shell that runs a script
/// knows it and ends the script as well. Returns where there was none.
pub(crate) fn end_by_signal(outcome: &Outcome) {
    let exit = match outcome {
        Ok(exit) => *exit,
        Err(failure) => failure.exit,
    };
    if let Exit::Interrupted(signal) = exit {
        // Where it fails, the exit code says the same.
        let _ = signal_hook::low_level::emulate_default_handler(i32::from(signal));
    }
}
