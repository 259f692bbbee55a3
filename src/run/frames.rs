//! When frames are drawn and news taken in: at once what the operator waits for, the rest seldom
//! and between the keys.

use std::time::Duration;

use tokio::time::Instant;

use crate::app::{Msg, WorkLeft};
use crate::engine::EngineEvent;

/// Least time between two frames that the operator waits for, so that there are at most 62 a
/// second. A frame that was drawn for something else is not waited for.
const GAP: Duration = Duration::from_millis(16);

/// Least time between two frames of a search that goes on: the frame of its end is not to wait for
/// one that was drawn just before.
const SEARCH_GAP: Duration = Duration::from_millis(50);

/// Least time between two frames when only figures changed by themselves.
const BACKGROUND_GAP: Duration = Duration::from_millis(100);

/// Within this time at most [`NEWS_FRAMES`] frames are drawn because something has happened, such
/// as a purchase: it is not to wait for the ages that were drawn just before it, nor for the frame
/// that tells of the push because of which it was read.
const NEWS_PERIOD: Duration = Duration::from_millis(300);

/// See [`NEWS_PERIOD`].
const NEWS_FRAMES: usize = 6;

/// How long after the frame for a key news are taken in and drawn; then they wait until
/// [`KEYS_APART`].
const BEHIND: Duration = Duration::from_millis(10);

/// After which time without a key none is expected: a key that is held comes each 25 to 40 ms, and
/// is not to wait for news that came just before it.
const KEYS_APART: Duration = Duration::from_millis(50);

/// What is known of the frames on screen.
#[derive(Debug, Default)]
pub(super) struct Frames {
    /// When the last frame was drawn.
    drawn: Option<Instant>,
    /// When the last frame was drawn that the operator waited for.
    drawn_by_hand: Option<Instant>,
    /// When the last frames of news were drawn, the newest first.
    drawn_for_news: [Option<Instant>; NEWS_FRAMES],
    /// When the last frame was drawn for a key.
    drawn_for_key: Option<Instant>,
    /// When the next frame is to be drawn, if anything changed.
    due: Option<Instant>,
    /// The operator waits for it.
    is_by_hand: bool,
    /// A key asked for it.
    is_for_key: bool,
    /// Nothing but news and figures asked for it.
    is_of_news: bool,
    /// Something has happened that it shows.
    has_news: bool,
    /// Something has happened that gets its place now.
    is_being_placed: bool,
    /// The operator waits for the work that is left.
    is_awaited: bool,
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
    /// Something has happened.
    News,
    /// Figures changed by themselves.
    Background,
}

/// From whom messages are that were taken in together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// The operator waits for the effect of a key, but not for an event.
    Operator,
    /// More of what was begun before.
    Continued,
    /// The engine, and something has happened: a transaction, an operation, a push.
    News,
    /// The engine, the clock, or a copy that has ended.
    Background,
}

impl Origin {
    pub(super) fn of(messages: &[Msg]) -> Self {
        let by_hand = messages.iter().any(|msg| match msg {
            Msg::Key(_) | Msg::Paste(_) | Msg::Resized(..) | Msg::Pace(_) => true,
            Msg::Tick(_)
            | Msg::EngineEvent(_)
            | Msg::Continue
            | Msg::Copied(_)
            | Msg::Failed(_) => false,
        });
        match messages {
            _ if by_hand => Self::Operator,
            [Msg::Continue] => Self::Continued,
            _ if messages.iter().any(has_happened) => Self::News,
            _ => Self::Background,
        }
    }
}

/// Whether a message tells that something has happened.
const fn has_happened(message: &Msg) -> bool {
    matches!(
        message,
        Msg::EngineEvent(
            EngineEvent::Transactions(_)
                | EngineEvent::Operation(_)
                | EngineEvent::Pushed(_)
                | EngineEvent::CodeSent { .. }
        )
    )
}

impl Frames {
    /// Something has changed that is to be drawn.
    pub(super) fn ask(&mut self, cause: Cause, now: Instant) {
        let (before, gap) = match cause {
            Cause::ByHand => (self.drawn_by_hand, GAP),
            Cause::Search => (self.drawn, SEARCH_GAP),
            Cause::News => (self.drawn_by_hand, GAP),
            Cause::Background => (self.drawn, BACKGROUND_GAP),
        };
        let [.., first_of_period] = self.drawn_for_news;
        let period = first_of_period.filter(|_| cause == Cause::News);
        let is_of_engine = matches!(cause, Cause::News | Cause::Background);
        let soonest = before.map_or(now, |drawn| (drawn + gap).max(now));
        let soonest = period.map_or(soonest, |first| soonest.max(first + NEWS_PERIOD));
        self.is_of_news = is_of_engine && (self.is_of_news || self.due.is_none());
        self.has_news |= cause == Cause::News;
        self.due = Some(self.due.map_or(soonest, |due| due.min(soonest)));
        self.is_by_hand |= cause == Cause::ByHand;
    }

    /// The first frame is to be drawn then.
    pub(super) fn due_at(due: Instant) -> Self {
        Self { due: Some(due), ..Self::default() }
    }

    /// The screen is not what was drawn last.
    pub(super) const fn ask_at_once(&mut self, now: Instant) {
        (self.due, self.is_of_news) = (Some(now), false);
    }

    /// When the next frame is to be drawn, if anything changed.
    pub(super) fn due(&self, now: Instant) -> Option<Instant> {
        let held = self.news_wait_until(now).filter(|_| self.is_of_news);
        self.due.map(|due| held.map_or(due, |until| due.max(until)))
    }

    /// Messages have been taken in, and so much is left to be done.
    pub(super) fn ask_after(&mut self, origin: Origin, left: WorkLeft, now: Instant) {
        let was_awaited = std::mem::replace(&mut self.is_awaited, left == WorkLeft::Search);
        if origin == Origin::News && left == WorkLeft::News {
            // What has happened has no place on the screen yet; it gets one at once.
            self.is_being_placed = true;
            return;
        }
        let is_placed = left == WorkLeft::Nothing && std::mem::take(&mut self.is_being_placed);
        let cause = match origin {
            Origin::Operator => Cause::ByHand,
            Origin::Continued if self.is_awaited => Cause::Search,
            Origin::Continued if was_awaited => Cause::ByHand,
            Origin::News => Cause::News,
            Origin::Continued if is_placed => Cause::News,
            Origin::Continued | Origin::Background => Cause::Background,
        };
        self.is_for_key |= origin == Origin::Operator;
        self.ask(cause, now);
    }

    /// Whether it is to be drawn now.
    pub(super) fn is_due(&self, now: Instant) -> bool {
        self.due(now).is_some_and(|due| due <= now)
    }

    /// Until when news wait because a key is expected; `None` where they do not.
    pub(super) fn news_wait_until(&self, now: Instant) -> Option<Instant> {
        let drawn = self.drawn_for_key?;
        let is_between = now >= drawn + BEHIND && now < drawn + KEYS_APART;
        is_between.then_some(drawn + KEYS_APART)
    }

    /// Whether the terminal has another size than the frames before; the next ones are of this.
    pub(super) fn are_of_another(&mut self, size: (u16, u16)) -> bool {
        self.size.replace(size) != Some(size)
    }

    /// It was drawn.
    pub(super) fn note_drawn(&mut self, now: Instant) {
        self.drawn = Some(now);
        (self.due, self.is_of_news) = (None, false);
        if std::mem::take(&mut self.is_by_hand) {
            self.drawn_by_hand = Some(now);
        }
        if std::mem::take(&mut self.has_news) {
            self.drawn_for_news.rotate_right(1);
            self.drawn_for_news[0] = Some(now);
        }
        if std::mem::take(&mut self.is_for_key) {
            self.drawn_for_key = Some(now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::chord::Chord;
    use crate::domain::transaction::RowNews;

    #[test]
    fn the_operator_waits_for_keys_and_not_for_events() {
        let event = || Msg::EngineEvent(EngineEvent::ReadOnly(true));
        let key = Msg::Key(Chord::char('j'));
        assert_eq!(Origin::of(&[event(), key]), Origin::Operator);
        assert_eq!(Origin::of(&[event(), event()]), Origin::Background);
        assert_eq!(Origin::of(&[]), Origin::Background);
        let row = Msg::EngineEvent(EngineEvent::Transactions(RowNews::default()));
        assert_eq!(Origin::of(&[event(), row]), Origin::News);
        assert_eq!(Origin::of(&[Msg::Continue]), Origin::Continued);
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
        assert_eq!(frames.due(at(1)), Some(at(100)));
        frames.ask(Cause::ByHand, at(2));
        assert_eq!(frames.due(at(2)), Some(at(2)), "a key does not wait for the gap of news");
        frames.note_drawn(at(2));
        frames.ask(Cause::ByHand, at(3));
        assert_eq!(frames.due(at(3)), Some(at(18)), "the next key does");
        frames.note_drawn(at(18));
        frames.ask(Cause::Search, at(19));
        assert_eq!(frames.due(at(19)), Some(at(68)));
        frames.ask(Cause::Background, at(20));
        assert_eq!(frames.due(at(20)), Some(at(68)), "figures do not put off what is due before");
        frames.ask(Cause::News, at(21));
        assert_eq!(frames.due(at(21)), Some(at(34)), "what has happened is drawn before that");
    }

    #[test]
    fn six_frames_of_news_may_follow_each_other_and_then_there_are_twenty_a_second() {
        let start = Instant::now();
        let at = |milliseconds| start + Duration::from_millis(milliseconds);
        let (mut frames, mut drawn, mut now) = (Frames::default(), Vec::new(), 0);
        while now < 3_000 {
            frames.ask(Cause::News, at(now));
            if frames.is_due(at(now)) {
                frames.note_drawn(at(now));
                drawn.push(now);
            }
            now += 1;
        }
        assert_eq!(drawn.get(..8), Some(&[0, 1, 2, 3, 4, 5, 300, 301][..]));
        assert_eq!(drawn.len(), 60);
    }

    #[test]
    fn what_has_happened_is_drawn_once_it_has_its_place_and_not_before() {
        let start = Instant::now();
        let at = |milliseconds| start + Duration::from_millis(milliseconds);
        let mut frames = Frames::default();
        frames.note_drawn(at(0));
        frames.ask_after(Origin::News, WorkLeft::News, at(20));
        assert_eq!(frames.due(at(20)), None, "it would not show it");
        frames.ask_after(Origin::Continued, WorkLeft::Nothing, at(21));
        assert_eq!(frames.due(at(21)), Some(at(21)));
        frames.note_drawn(at(21));
        // What takes long is drawn as far as it is.
        frames.ask_after(Origin::News, WorkLeft::News, at(30));
        frames.ask_after(Origin::Continued, WorkLeft::News, at(40));
        assert_eq!(frames.due(at(40)), Some(at(121)));
        frames.ask_after(Origin::Continued, WorkLeft::Nothing, at(50));
        assert_eq!(frames.due(at(50)), Some(at(50)));
    }

    #[test]
    fn the_end_of_a_search_is_drawn_for_the_operator_and_that_of_news_keeps_no_key_waiting() {
        let start = Instant::now();
        let at = |milliseconds| start + Duration::from_millis(milliseconds);
        for (left, ends, next_key) in [(WorkLeft::Search, 16, 18), (WorkLeft::News, 16, 3)] {
            let mut frames = Frames::default();
            frames.ask_after(Origin::News, left, at(0));
            assert_eq!(frames.is_awaited, left == WorkLeft::Search);
            frames.note_drawn(at(0));
            frames.drawn_by_hand = Some(at(0));
            frames.ask_after(Origin::Continued, WorkLeft::Nothing, at(2));
            assert!(!frames.is_awaited);
            assert_eq!(frames.due(at(2)), Some(at(ends)));
            frames.drawn_by_hand = None;
            frames.note_drawn(at(2));
            frames.ask_after(Origin::Operator, WorkLeft::Nothing, at(3));
            assert_eq!(frames.due(at(3)), Some(at(next_key)), "a key after it");
        }
    }

    #[test]
    fn news_are_taken_in_and_drawn_behind_a_frame_of_a_key_and_not_when_the_next_is_expected() {
        let start = Instant::now();
        let at = |milliseconds| start + Duration::from_millis(milliseconds);
        let mut frames = Frames::default();
        assert_eq!(frames.news_wait_until(at(0)), None, "no key was pressed");
        // The end of a search is no key: the next page of older rows does not wait.
        frames.ask_after(Origin::News, WorkLeft::Search, at(900));
        frames.ask_after(Origin::Continued, WorkLeft::Nothing, at(901));
        frames.note_drawn(at(901));
        assert_eq!(frames.news_wait_until(at(920)), None);
        frames.ask_after(Origin::Operator, WorkLeft::Nothing, at(1_000));
        frames.note_drawn(at(1_000));
        assert_eq!(frames.news_wait_until(at(1_009)), None);
        assert_eq!(frames.news_wait_until(at(1_010)), Some(at(1_050)));
        assert_eq!(frames.news_wait_until(at(1_050)), None, "the key was let go");
        frames.drawn = Some(at(920));
        frames.ask(Cause::Background, at(1_005));
        assert_eq!(frames.due(at(1_005)), Some(at(1_020)));
        assert_eq!(frames.due(at(1_020)), Some(at(1_050)));
        assert!(!frames.is_due(at(1_020)) && frames.is_due(at(1_050)));
        frames.ask(Cause::ByHand, at(1_021));
        assert!(frames.is_due(at(1_021)), "the key is drawn, and the news with it");
    }
}
