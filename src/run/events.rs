//! How what the engine reports comes to the loop.

use tokio::sync::mpsc;

use crate::engine::EngineEvent;

/// Most events of the engine that are taken in before the terminal is asked again: while all cards
/// are loaded each has some hundred, and a key waits for those that were begun.
pub(super) const EVENTS: usize = 16;

/// What the first frame shows: what the engine emitted while it was opened, up to the newest
/// operations. What it has emitted since is taken in behind the frame.
pub(super) fn first_events(events: &mut mpsc::Receiver<EngineEvent>) -> Vec<EngineEvent> {
    let mut first = Vec::new();
    while let Ok(event) = events.try_recv() {
        let is_last = matches!(event, EngineEvent::Journal { .. });
        first.push(event);
        if is_last {
            break;
        }
    }
    first
}

/// Waits for events, and answers how many came; without end where none will.
pub(super) async fn receive(
    events: &mut Option<mpsc::Receiver<EngineEvent>>,
    into: &mut Vec<EngineEvent>,
) -> usize {
    match events {
        Some(events) => events.recv_many(into, EVENTS).await,
        None => std::future::pending().await,
    }
}
