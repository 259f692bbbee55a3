//! How what the engine reports comes to the loop.

use tokio::sync::mpsc;

use crate::engine::EngineEvent;

/// Most events of the engine that are taken in before the terminal is asked again: while all cards
/// are loaded each has some hundred, and a key waits for those that were begun.
pub(super) const EVENTS: usize = 4;

/// The same while nobody presses a key: those of a round of readings make one frame.
pub(super) const EVENTS_AT_REST: usize = 32;

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

/// Waits for events, and answers how many came; without end where none will. The terminal is read
/// by another task of this thread, which has a turn first: else a key would wait as long as event
/// follows event.
pub(super) async fn receive(
    events: &mut Option<mpsc::Receiver<EngineEvent>>,
    into: &mut Vec<EngineEvent>,
) -> usize {
    tokio::task::yield_now().await;
    match events {
        Some(events) => events.recv_many(into, EVENTS).await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_key_has_its_turn_although_events_come_without_a_pause() {
        let (send, waiting) = mpsc::channel(4 * EVENTS);
        for _ in 0..4 * EVENTS {
            send.try_send(EngineEvent::ReadOnly(false)).expect("there is room");
        }
        let (press, mut keys) = mpsc::channel(1);
        tokio::spawn(async move { press.send('q').await });
        let (mut events, mut reported) = (Some(waiting), Vec::new());
        let pressed = loop {
            tokio::select! {
                biased;
                key = keys.recv() => break key,
                _ = receive(&mut events, &mut reported) => {}
            }
        };
        assert_eq!(pressed, Some('q'));
        assert!(reported.len() <= EVENTS, "before most of the events: {}", reported.len());
    }
}
