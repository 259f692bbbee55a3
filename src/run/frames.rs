//! When frames are drawn: at once for the operator, seldom for what changes by itself.

use std::time::Duration;

use tokio::time::Instant;

use crate::app::Msg;

/// Least time between two frames that the operator waits for, so that there are at most 62 a
/// second. A frame that was drawn for something else is not waited for.
const GAP: Duration = Duration::from_millis(16);

/// Least time between two frames of a search that goes on: the frame of its end is not to wait for
/// one that was drawn just before.
const SEARCH_GAP: Duration = Duration::from_millis(50);

/// Least time between two frames when only figures changed by themselves.
const BACKGROUND_GAP: Duration = Duration::from_millis(100);

/// What is known of the frames on screen.
#[derive(Debug, Default)]
pub(super) struct Frames {
    /// When the last frame was drawn.
    drawn: Option<Instant>,
    /// When the last frame was drawn that the operator waited for.
    drawn_by_hand: Option<Instant>,
    /// When the next frame is to be drawn, if anything changed.
    due: Option<Instant>,
    /// The operator waits for it.
    is_by_hand: bool,
    /// The size that the model knows.
    size: Option<(u16, u16)>,
}

/// Why a frame is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    /// The operator waits for it.
    ByHand,
    /// A search has found more, and goes on.
    Search,
    /// Figures changed by themselves.
    Background,
}

impl Cause {
    /// The operator waits for the effect of a key, but not for an event.
    pub(super) fn of(messages: &[Msg]) -> Self {
        let by_hand = messages.iter().any(|msg| match msg {
            Msg::Key(_) | Msg::Paste(_) | Msg::Resized(..) | Msg::Pace(_) => true,
            // What is found by a filter was asked for by hand.
            Msg::Continue => true,
            Msg::Tick(_) | Msg::EngineEvent(_) | Msg::Copied(_) | Msg::Failed(_) => false,
        });
        if by_hand { Self::ByHand } else { Self::Background }
    }
}

impl Frames {
    /// Something has changed that is to be drawn.
    pub(super) fn ask(&mut self, cause: Cause, now: Instant) {
        let (before, gap) = match cause {
            Cause::ByHand => (self.drawn_by_hand, GAP),
            Cause::Search => (self.drawn, SEARCH_GAP),
            Cause::Background => (self.drawn, BACKGROUND_GAP),
        };
        let soonest = before.map_or(now, |drawn| (drawn + gap).max(now));
        self.due = Some(self.due.map_or(soonest, |due| due.min(soonest)));
        self.is_by_hand |= cause == Cause::ByHand;
    }

    /// The first frame is to be drawn then.
    pub(super) fn due_at(due: Instant) -> Self {
        Self { due: Some(due), ..Self::default() }
    }

    /// The screen is not what was drawn last.
    pub(super) const fn ask_at_once(&mut self, now: Instant) {
        self.due = Some(now);
    }

    /// When the next frame is to be drawn, if anything changed.
    pub(super) const fn due(&self) -> Option<Instant> {
        self.due
    }

    /// Whether it is to be drawn now.
    pub(super) fn is_due(&self, now: Instant) -> bool {
        self.due.is_some_and(|due| due <= now)
    }

    /// Whether the terminal has another size than the frames before; the next ones are of this.
    pub(super) fn are_of_another(&mut self, size: (u16, u16)) -> bool {
        self.size.replace(size) != Some(size)
    }

    /// It was drawn.
    pub(super) fn note_drawn(&mut self, now: Instant) {
        self.drawn = Some(now);
        self.due = None;
        if std::mem::take(&mut self.is_by_hand) {
            self.drawn_by_hand = Some(now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::chord::Chord;
    use crate::engine::EngineEvent;

    #[test]
    fn the_operator_waits_for_keys_and_not_for_events() {
        let event = || Msg::EngineEvent(EngineEvent::ReadOnly(true));
        assert_eq!(Cause::of(&[event(), Msg::Key(Chord::char('j'))]), Cause::ByHand);
        assert_eq!(Cause::of(&[event(), event()]), Cause::Background);
        assert_eq!(Cause::of(&[]), Cause::Background);
    }

    #[test]
    fn a_key_is_drawn_at_once_after_a_frame_of_news_and_keys_make_sixty_frames_a_second_at_most() {
        let start = Instant::now();
        let at = |milliseconds| start + Duration::from_millis(milliseconds);
        let mut frames = Frames::default();
        frames.ask(Cause::Background, at(0));
        assert!(frames.is_due(at(0)), "nothing was drawn before");
        frames.note_drawn(at(0));
        frames.ask(Cause::Background, at(1));
        assert_eq!(frames.due(), Some(at(100)));
        frames.ask(Cause::ByHand, at(2));
        assert_eq!(frames.due(), Some(at(2)), "a key does not wait for the gap of news");
        frames.note_drawn(at(2));
        frames.ask(Cause::ByHand, at(3));
        assert_eq!(frames.due(), Some(at(18)), "the next key does");
        frames.note_drawn(at(18));
        frames.ask(Cause::Search, at(19));
        assert_eq!(frames.due(), Some(at(68)));
        frames.ask(Cause::Background, at(20));
        assert_eq!(frames.due(), Some(at(68)), "news do not put off what is due before");
    }
}
