//! The signals by which the system asks this program to end.

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::exit::{Exit, Failure};

/// The signals by which the system asks this program to end, caught from when this is made.
pub(crate) struct Shutdown([Signal; 3]);

impl Shutdown {
    /// Catches Ctrl-C, SIGTERM and the end of the terminal.
    ///
    /// # Errors
    /// When the system does not let signals be caught.
    pub(crate) fn listen() -> Result<Self, Failure> {
        let catch = |kind| {
            signal(kind).map_err(|error| {
                Failure::new(Exit::Refused, format!("signals cannot be caught: {error}"))
            })
        };
        Ok(Self([
            catch(SignalKind::interrupt())?,
            catch(SignalKind::terminate())?,
            catch(SignalKind::hangup())?,
        ]))
    }

    /// Waits until one comes.
    pub(crate) async fn requested(&mut self) {
        let [interrupt, terminate, hangup] = &mut self.0;
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hangup.recv() => {}
        }
    }
}
