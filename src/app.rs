//! The board as a state machine: what is shown and being typed, changed only by messages, in one
//! order.
//!
//! No I/O, no async and no clock: everything impure is an [`Effect`] that the loop carries out.

mod actions;
pub(crate) mod activity;
mod aim;
pub(crate) mod cards;
pub mod chord;
pub mod command;
mod copying;
pub(crate) mod cover;
pub(crate) mod detail;
pub(crate) mod dialog;
pub(crate) mod entry;
pub(crate) mod feed;
pub(crate) mod field;
pub(crate) mod help;
mod input;
pub mod journal;
mod keyboard;
pub mod keymap;
pub mod layout;
pub(crate) mod list;
mod loaded;
pub(crate) mod memo;
mod navigation;
mod notice;
pub mod pace;
mod placed;
pub mod portfolio;
pub mod present;
pub(crate) mod providers;
pub(crate) mod query;
pub(crate) mod screen;
pub(crate) mod search;
mod sequence;
mod view_jobs;
pub(crate) mod widest;
pub(crate) mod work;
mod work_left;

#[cfg(test)]
pub(crate) mod fixture;
#[cfg(test)]
mod tests;

use jiff::{SignedDuration, Timestamp};

use crate::domain::card::CardKey;
use crate::domain::operation::OperationId;
use crate::engine::{EngineEvent, Job};
pub use aim::drawn;
use chord::Chord;
use dialog::Dialog;
use dialog::transition::{Next, Transition};
use keymap::Keymap;
use layout::{Contents, Layout, Pane};
use list::Direction;
use memo::Movement;
use notice::Notice;
use pace::Pace;
use portfolio::Portfolio;
use screen::Screen;
use search::Search;
use widest::Widest;
pub use work_left::{WorkLeft, has_more_work, work_left};

/// Backward jumps larger than this mean that the clock was set back.
const SET_BACK: SignedDuration = SignedDuration::from_secs(2);

/// Everything that can happen to the board.
#[derive(Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "messages are moved once, from the channel into the update"
)]
pub enum Msg {
    /// A key.
    Key(Chord),
    /// Text pasted at once.
    Paste(String),
    /// The terminal's size, columns and rows.
    Resized(u16, u16),
    /// Time passed.
    Tick(Timestamp),
    /// How often the loop will come by itself from now on.
    Pace(Pace),
    /// The engine reports something.
    EngineEvent(EngineEvent),
    /// What became of text that was to be copied.
    Copied(CopyOutcome),
    /// Something around the board failed; one sentence.
    Failed(String),
    /// Nothing happened: the board goes on with what it is searching.
    Continue,
}

/// Text for the clipboard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CopyRequest {
    /// What it is, as the operator is told: `id`.
    pub what: String,
    /// The text; never a secret.
    pub text: String,
}

/// What became of text for the clipboard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CopyOutcome {
    /// It is there: a program confirmed it.
    Copied(String),
    /// The terminal was given it, which does not say whether it took it.
    SentToTerminal(String),
    /// It is not there, for this reason.
    Failed(String),
}

/// Everything that an update can ask of the loop.
#[derive(Debug)]
pub enum Effect {
    /// Give the engine a job.
    Ask(Job),
    /// Put text on the clipboard.
    Copy(CopyRequest),
    /// Stop for the shell (Ctrl-z).
    Suspend,
    /// Draw everything again (Ctrl-l).
    Redraw,
    /// End.
    Quit,
}

/// What a board starts with.
#[derive(Debug)]
pub struct Start {
    /// What is known already.
    pub portfolio: Portfolio,
    /// The terminal's size, columns and rows.
    pub size: (u16, u16),
    /// The keys.
    pub keymap: Keymap,
}

/// What is shown and being typed.
#[derive(Debug)]
pub struct Model {
    /// What is known, and the time.
    pub portfolio: Portfolio,
    pub(crate) keymap: Keymap,
    pub(crate) screen: Screen,
    pub(crate) panes: Panes,
    pub(crate) widest: Widest,
    /// While one is open, keys go to it.
    pub(crate) dialog: Option<Dialog>,
    pub(crate) help: Option<help::Help>,
    /// `y` was pressed: the next key says what is copied.
    pub(crate) copying: bool,
    pub(crate) notice: Option<Notice>,
    /// That a letter was read as a Latin key was said once.
    layout_named: bool,
    /// Since when the screen is paused.
    pub(crate) paused: Option<Timestamp>,
    /// What the engine was last asked to read first: the selected card and those that can be seen.
    watching: Option<(Option<CardKey>, Vec<CardKey>)>,
}

/// What each pane shows.
#[derive(Debug, Default)]
pub(crate) struct Panes {
    pub(crate) cards: cards::Cards,
    pub(crate) detail: detail::Detail,
    pub(crate) feed: feed::Feed,
    pub(crate) activity: activity::Activity,
    pub(crate) providers: providers::Providers,
}

/// Changes the board by one message, and returns what is to be done.
pub fn update(model: &mut Model, msg: Msg) -> Vec<Effect> {
    update_all(model, [msg])
}

/// Changes the board by messages that came together, in their order. What follows from events that
/// follow each other is worked out once for all of them, and so is what follows from letters that
/// are typed into a filter; before any other key, which is meant for what the operator sees then.
pub fn update_all(model: &mut Model, msgs: impl IntoIterator<Item = Msg>) -> Vec<Effect> {
    let mut effects = Vec::new();
    let mut before = None;
    for msg in msgs {
        let part = model.part_of_burst(&msg);
        if before.is_some_and(|before| part.needs_rows_after(before)) {
            effects.extend(model.refresh_rows());
        }
        if part == BurstPart::ByHand {
            model.take_aim();
        }
        if matches!(part, BurstPart::ByHand | BurstPart::Edit) {
            model.portfolio.last_key = model.portfolio.now;
        }
        if part != BurstPart::Time {
            before = Some(part);
        }
        if part == BurstPart::Edit {
            // The card beside the list may be another one after each letter.
            model.panes.detail.list.follow_first();
        }
        effects.extend(match msg {
            Msg::Key(chord) => model.press(chord),
            Msg::Paste(text) => model.paste(&text),
            Msg::Resized(columns, rows) => {
                model.screen.size = (columns, rows);
                Vec::new()
            }
            Msg::Tick(at) => model.tick(at),
            Msg::Pace(pace) => {
                (model.portfolio.pace, model.portfolio.last_key) = (pace, model.portfolio.now);
                Vec::new()
            }
            Msg::EngineEvent(event) => model.apply(&event),
            Msg::Copied(outcome) => {
                model.say_copied(outcome);
                Vec::new()
            }
            Msg::Failed(why) => {
                model.notice_for_failure(&why);
                Vec::new()
            }
            // What there is to be done follows from the state, below.
            Msg::Continue => Vec::new(),
        });
        model.end_aim();
    }
    effects.extend(model.refresh_rows());
    effects
}

/// What a message is to those that come together with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum BurstPart {
    /// It changes what stands in the line of a filter.
    Edit,
    /// Anything else that the operator does.
    ByHand,
    /// Something has happened.
    Event,
    /// Time has passed.
    Time,
}

impl BurstPart {
    /// Whether it is meant for the rows as the message before it left them. Letters read no rows,
    /// events that come together are one piece of news, and what the operator does is meant for
    /// rows as they were drawn, before the time that comes with it.
    const fn needs_rows_after(self, before: Self) -> bool {
        match (before, self) {
            (Self::Time, _)
            | (_, Self::Time)
            | (Self::Edit, Self::Edit)
            | (Self::Event, Self::Event) => false,
            (Self::Edit, Self::ByHand | Self::Event)
            | (Self::ByHand, Self::Edit | Self::ByHand | Self::Event)
            | (Self::Event, Self::Edit | Self::ByHand) => true,
        }
    }
}

/// When something on screen changes by itself: the next full second where clock and ages show
/// seconds, or the next fifth one while nobody presses a key, else the next minute; never while
/// nothing but advice is shown.
#[must_use]
pub fn wake_at(model: &Model) -> Option<Timestamp> {
    let time =
        (!layout::is_too_small(model.screen.size)).then(|| model.portfolio.changes_at()).flatten();
    let dialog = model.dialog.as_ref().map(|dialog| dialog.wake_at(&model.portfolio));
    time.into_iter().chain(dialog).min()
}

/// Whether that something was read again, and is as it was, may wait for the next wake-up: nobody
/// pressed a key for long.
#[must_use]
pub fn rests(model: &Model) -> bool {
    pace::rests(model.portfolio.now, model.portfolio.last_key)
}

impl Model {
    /// The board with the cards in front.
    #[must_use]
    pub fn new(start: Start) -> Self {
        let mut model = Self {
            portfolio: start.portfolio,
            keymap: start.keymap,
            screen: Screen::new(start.size),
            panes: Panes::default(),
            widest: Widest::default(),
            dialog: None,
            help: None,
            copying: false,
            notice: None,
            layout_named: false,
            paused: None,
            watching: None,
        };
        // Its effects are dropped: the first message asks for the same again.
        model.refresh_rows();
        model.watching = None;
        model
    }

    /// Forgets what may be secret, where nothing else is to be freed any more.
    pub fn forget_secrets(&mut self) {
        self.dialog = None;
    }

    fn part_of_burst(&self, msg: &Msg) -> BurstPart {
        match msg {
            Msg::Key(chord) if self.edits_filter(*chord) => BurstPart::Edit,
            Msg::Key(_) | Msg::Paste(_) | Msg::Resized(..) => BurstPart::ByHand,
            Msg::Tick(_) => BurstPart::Time,
            Msg::Pace(_)
            | Msg::EngineEvent(_)
            | Msg::Copied(_)
            | Msg::Failed(_)
            | Msg::Continue => BurstPart::Event,
        }
    }

    /// Where everything is now.
    pub(crate) fn layout(&self) -> Layout {
        let typing = self.search(self.screen.focus).is_some_and(Search::is_typing);
        self.screen.layout(if typing { 2 } else { 0 }, &self.contents())
    }

    /// What decides where the panes are, beside the size.
    fn contents(&self) -> Contents {
        let (cards_good, cards_most) = present::cards::pane_columns(&self.widest);
        Contents {
            cards_good,
            cards_most,
            card: self.panes.detail.card.is_some(),
            feed_rows: self.panes.feed.list.len(),
            activity_rows: self.panes.activity.list.len(),
        }
    }

    /// To the next pane on screen.
    fn turn(&mut self, direction: Direction) {
        let contents = self.contents();
        self.screen.turn(direction, &contents);
    }

    /// The filter of a pane that has one.
    pub(crate) const fn search(&self, pane: Pane) -> Option<&Search> {
        match pane {
            Pane::Cards => Some(&self.panes.cards.search),
            Pane::Feed => Some(&self.panes.feed.search),
            Pane::Activity => Some(&self.panes.activity.search),
            Pane::Detail | Pane::Providers => None,
        }
    }

    /// The filter of the focused pane, and what is known.
    fn search_mut(&mut self) -> (Option<&mut Search>, &Portfolio) {
        let search = match self.screen.focus {
            Pane::Cards => Some(&mut self.panes.cards.search),
            Pane::Feed => Some(&mut self.panes.feed.search),
            Pane::Activity => Some(&mut self.panes.activity.search),
            Pane::Detail | Pane::Providers => None,
        };
        (search, &self.portfolio)
    }

    fn tick(&mut self, at: Timestamp) -> Vec<Effect> {
        // Messages may come out of order: the board's time goes on, unless the clock was set back.
        let set_back = self.portfolio.now.duration_since(at) > SET_BACK;
        self.portfolio.now = if set_back { at } else { self.portfolio.now.max(at) };
        self.drop_old_notice();
        match &self.dialog {
            Some(dialog) => {
                let transition = dialog.tick(&self.portfolio);
                self.follow(transition)
            }
            None => Vec::new(),
        }
    }

    fn apply(&mut self, event: &EngineEvent) -> Vec<Effect> {
        let state_before = if let EngineEvent::Operation(row) = event {
            self.portfolio.operation(row.id).map(|known| known.state)
        } else {
            None
        };
        self.panes.feed.apply(event, &self.portfolio, self.paused);
        self.portfolio.apply(event);
        self.widest.add(event);
        self.notice_for_event(event, state_before);
        match &mut self.dialog {
            Some(dialog) => {
                let transition = dialog.apply(event, &self.portfolio);
                self.follow(transition)
            }
            None => Vec::new(),
        }
    }

    /// Whether rows follow the data now.
    const fn movement(&self) -> Movement {
        match (&self.dialog, self.paused) {
            (Some(_), _) => Movement::Fixed,
            (None, Some(_)) => Movement::Held,
            (None, None) => Movement::Live,
        }
    }

    /// Brings everything up to date that depends on something else, and asks for what is to be
    /// read first.
    fn refresh_rows(&mut self) -> Vec<Effect> {
        let movement = self.movement();
        let mut effects = Vec::new();
        let news = self.portfolio.take_card_news();
        self.panes.cards.refresh_rows(&self.portfolio, news, movement);
        self.panes.feed.settle_older(&mut self.portfolio);
        let sought = self.panes.feed.refresh_rows(&self.portfolio, movement, self.paused);
        if sought == feed::Sought::None {
            self.show_notice("no other decline or unknown operation that way");
        }
        effects.extend(self.panes.feed.search_older(&mut self.portfolio).map(Effect::Ask));
        self.panes.activity.refresh_rows(&self.portfolio, movement);
        self.panes.providers.refresh_rows(&self.portfolio);
        self.show_subject(movement);
        // Where the panes are depends on what they have to show.
        let layout = self.layout();
        if layout.area(self.screen.focus).is_none()
            && let Some((pane, _)) = layout.panes.first()
        {
            self.screen.focus = *pane;
            self.show_subject(movement);
        }
        self.scroll(&layout);
        effects.extend(self.jobs_of_view(&layout));
        effects
    }

    /// Shows the card of the row under the cursor beside the list.
    fn show_subject(&mut self, movement: Movement) {
        if self.screen.focus != Pane::Detail {
            let subject = self.subject().or_else(|| self.panes.cards.list.selected().cloned());
            self.panes.detail.show(subject);
        }
        if let Some(key) = &self.panes.detail.card {
            let chosen = self.decline_under_cursor();
            self.portfolio.show(key, chosen.as_ref());
        }
        self.panes.detail.refresh_rows(&self.portfolio, movement);
    }

    /// Sets how many rows of each list can be seen; drawing uses the same [`Self::parts`].
    fn scroll(&mut self, layout: &Layout) {
        let detail = layout.area(Pane::Detail);
        self.panes.detail.summary =
            detail.map(|area| (area, self.card_summary(layout::parts::inside(area))));
        for (pane, area) in &layout.panes {
            let rows = self.parts(*pane, *area).rows();
            match pane {
                Pane::Cards => self.panes.cards.list.set_height(rows),
                Pane::Detail => self.panes.detail.list.set_height(rows),
                Pane::Feed => self.panes.feed.list.set_height(rows),
                Pane::Activity => self.panes.activity.list.set_height(rows),
                Pane::Providers => self.panes.providers.list.set_height(rows),
            }
        }
    }

    /// Goes where a dialog leads, and returns what is to be done.
    fn follow(&mut self, transition: Transition) -> Vec<Effect> {
        match transition.next {
            Next::Stay | Next::Ignored | Next::StayChanged => {}
            Next::Close => self.dialog = None,
            Next::ShowOperation(id) => {
                self.dialog = None;
                self.show_operation(id);
            }
            Next::Open(dialog) => self.dialog = Some(dialog),
        }
        transition.effects
    }

    fn show_operation(&mut self, id: OperationId) {
        self.screen.show(Pane::Activity);
        self.panes.activity.tab = activity::Tab::All;
        self.panes.activity.search.clear();
        self.panes.activity.refresh_rows(&self.portfolio, self.movement());
        self.panes.activity.list.select(&id);
    }
}
