//! The board as a state machine: what is shown and being typed, changed only by messages, in one
//! order.
//!
//! No I/O, no async and no clock: everything impure is an [`Effect`] that the loop carries out.

mod actions;
pub(crate) mod activity;
pub(crate) mod cards;
pub mod chord;
pub mod command;
mod copying;
pub(crate) mod detail;
pub mod dialog;
pub(crate) mod feed;
pub(crate) mod field;
pub(crate) mod help;
mod input;
pub mod keymap;
pub mod layout;
pub(crate) mod list;
mod navigation;
pub mod portfolio;
pub mod present;
pub(crate) mod providers;
pub(crate) mod screen;
pub(crate) mod search;
pub mod transactions;

#[cfg(test)]
pub(crate) mod fixture;
#[cfg(test)]
mod tests;

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::domain::card::{CardKey, digits};
use crate::domain::operation::{Operation, OperationId, OperationState};
use crate::domain::text;
use crate::engine::{EngineEvent, Job};
use chord::Chord;
use dialog::{Dialog, Outcome};
use keymap::Keymap;
use layout::{Breakpoint, Layout, Pane};
use portfolio::Portfolio;
use screen::Screen;
use search::Search;

/// A clock that goes back by more than this was set.
const SET_BACK: SignedDuration = SignedDuration::from_secs(2);

/// How long a remark stays when no key is pressed.
const REMARK: Duration = Duration::from_secs(8);

/// Everything the board can hear.
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
    /// The engine tells something.
    EngineEvent(EngineEvent),
}

/// Everything an update can want.
#[derive(Debug)]
pub enum Effect {
    /// Ask the engine.
    Ask(Job),
    /// Put text on the clipboard.
    Copy(String),
    /// Stop for the shell (Ctrl-z).
    Suspend,
    /// Draw everything again (Ctrl-l).
    Redraw,
    /// End.
    Quit,
}

/// What a board begins with.
#[derive(Debug)]
pub struct Start {
    /// What is known already.
    pub portfolio: Portfolio,
    /// The terminal's size, columns and rows.
    pub size: (u16, u16),
    /// The keys.
    pub keymap: Keymap,
}

/// A remark in the last line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Notice {
    /// One sentence.
    pub(crate) words: String,
    /// Something went wrong: it stays until the next key.
    pub(crate) wrong: bool,
    since: Timestamp,
}

/// What is shown and being typed.
#[derive(Debug)]
pub struct Model {
    /// What is known, and the time.
    pub portfolio: Portfolio,
    pub(crate) keymap: Keymap,
    pub(crate) screen: Screen,
    pub(crate) panes: Panes,
    /// Keys go to the last one.
    pub(crate) dialogs: Vec<Dialog>,
    pub(crate) help: Option<help::Help>,
    /// `y` was pressed: the next key says what is copied.
    pub(crate) copying: bool,
    pub(crate) notice: Option<Notice>,
    /// Since when rows stand still.
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

/// Changes the board by one message; what it wants done is answered.
pub fn update(model: &mut Model, msg: Msg) -> Vec<Effect> {
    update_all(model, [msg])
}

/// Changes the board by messages that came together, in their order. What follows from news is
/// worked out once for all of them: before a key, which is meant for what then is on screen, and at
/// the end.
pub fn update_all(model: &mut Model, msgs: impl IntoIterator<Item = Msg>) -> Vec<Effect> {
    let mut effects = Vec::new();
    let mut settled = true;
    for msg in msgs {
        let by_hand = matches!(msg, Msg::Key(_) | Msg::Paste(_) | Msg::Resized(..));
        if by_hand && !settled {
            effects.extend(model.settle());
        }
        settled = false;
        effects.extend(match msg {
            Msg::Key(chord) => model.press(chord),
            Msg::Paste(text) => model.paste(&text),
            Msg::Resized(columns, rows) => {
                model.screen.size = (columns, rows);
                Vec::new()
            }
            Msg::Tick(at) => model.tick(at),
            Msg::EngineEvent(news) => model.apply(&news),
        });
    }
    effects.extend(model.settle());
    effects
}

/// When something on screen changes by itself: the next full second, because clock and ages show
/// seconds; never while nothing but advice is shown.
#[must_use]
pub fn wake_at(model: &Model) -> Option<Timestamp> {
    let second = (Breakpoint::of(model.screen.size) != Breakpoint::Advice)
        .then(|| Timestamp::from_second(model.portfolio.now.as_second() + 1).ok())
        .flatten();
    let dialog = model.dialogs.last().and_then(|dialog| dialog.wake_at(&model.portfolio));
    second.into_iter().chain(dialog).min()
}

impl Model {
    /// The board of the cards.
    #[must_use]
    pub fn new(start: Start) -> Self {
        let mut model = Self {
            portfolio: start.portfolio,
            keymap: start.keymap,
            screen: Screen::new(start.size),
            panes: Panes::default(),
            dialogs: Vec::new(),
            help: None,
            copying: false,
            notice: None,
            paused: None,
            watching: None,
        };
        // What this wants is asked for by the first message.
        model.settle();
        model.watching = None;
        model
    }

    /// Where everything is now.
    pub(crate) fn layout(&self) -> Layout {
        let typing = self.search(self.screen.focus).is_some_and(|search| search.typing);
        self.screen.layout(if typing { 2 } else { 0 })
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

    /// The card that keys are about: the one of the focused row.
    pub(crate) fn subject(&self) -> Option<CardKey> {
        match self.screen.focus {
            Pane::Cards => self.panes.cards.list.selected().cloned(),
            Pane::Detail => self.panes.detail.card.clone(),
            Pane::Feed => self.panes.feed.list.selected()?.known(&self.portfolio)?.card(),
            Pane::Activity => self
                .portfolio
                .operation(*self.panes.activity.list.selected()?)
                .map(|row| row.card.clone()),
            Pane::Providers => None,
        }
    }

    fn search_mut(&mut self) -> Option<&mut Search> {
        match self.screen.focus {
            Pane::Cards => Some(&mut self.panes.cards.search),
            Pane::Feed => Some(&mut self.panes.feed.search),
            Pane::Activity => Some(&mut self.panes.activity.search),
            Pane::Detail | Pane::Providers => None,
        }
    }

    fn tick(&mut self, at: Timestamp) -> Vec<Effect> {
        // It goes on, whatever order messages come in, unless the clock of the machine was set
        // back.
        let set_back = self.portfolio.now.duration_since(at) > SET_BACK;
        self.portfolio.now = if set_back { at } else { self.portfolio.now.max(at) };
        let until = |notice: &Notice| notice.since.saturating_add(REMARK).unwrap_or(Timestamp::MAX);
        if self
            .notice
            .as_ref()
            .is_some_and(|notice| !notice.wrong && until(notice) <= self.portfolio.now)
        {
            self.notice = None;
        }
        match self.dialogs.last_mut() {
            Some(dialog) => {
                let outcome = dialog.tick(&mut self.portfolio);
                self.outcome(outcome)
            }
            None => Vec::new(),
        }
    }

    fn apply(&mut self, news: &EngineEvent) -> Vec<Effect> {
        let before = match news {
            EngineEvent::Operation(row) => {
                self.portfolio.operation(row.id).map(|known| known.state)
            }
            EngineEvent::Cards(_)
            | EngineEvent::Stale { .. }
            | EngineEvent::Transactions(_)
            | EngineEvent::Refused { .. }
            | EngineEvent::Steps { .. }
            | EngineEvent::Float { .. }
            | EngineEvent::Quote { .. }
            | EngineEvent::RecentCredit { .. }
            | EngineEvent::NotSettled { .. }
            | EngineEvent::Health(_)
            | EngineEvent::Provider(_)
            | EngineEvent::ReadOnly(_)
            | EngineEvent::Broken(_) => None,
        };
        self.portfolio.apply(news);
        match news {
            EngineEvent::Operation(row) if before.is_some_and(|state| state != row.state) => {
                self.tell_outcome(row)
            }
            EngineEvent::Refused { card, why, .. }
                if !self.dialogs.iter().any(|dialog| dialog.card() == Some(card)) =>
            {
                let digits = self.digits(card);
                self.complain(format!("{digits}: NOT SENT, {why}"));
            }
            EngineEvent::NotSettled { why, .. } if self.dialogs.is_empty() => {
                self.complain(why.clone())
            }
            EngineEvent::Broken(why) => self.complain(format!("a part of cardtop failed: {why}")),
            EngineEvent::ReadOnly(true) => self.remark("READ: every change is refused from now on"),
            EngineEvent::ReadOnly(false) => self.remark("WRITE: changes may be asked again"),
            EngineEvent::Refused { .. }
            | EngineEvent::Cards(_)
            | EngineEvent::Stale { .. }
            | EngineEvent::Transactions(_)
            | EngineEvent::Operation(_)
            | EngineEvent::Steps { .. }
            | EngineEvent::Float { .. }
            | EngineEvent::Quote { .. }
            | EngineEvent::RecentCredit { .. }
            | EngineEvent::NotSettled { .. }
            | EngineEvent::Health(_)
            | EngineEvent::Provider(_) => {}
        }
        match self.dialogs.last_mut() {
            Some(dialog) => {
                let outcome = dialog.apply(news, &mut self.portfolio);
                self.outcome(outcome)
            }
            None => Vec::new(),
        }
    }

    /// What became of a change that no dialog watches any more.
    fn tell_outcome(&mut self, row: &Operation) {
        if self.dialogs.iter().any(|dialog| dialog.card() == Some(&row.card)) {
            return;
        }
        let what = format!("{} of {}", row.phrase(), digits(row.last4));
        let detail = row.detail.as_deref().map(|detail| format!(", {detail}")).unwrap_or_default();
        match row.state {
            OperationState::Done => self.remark(&format!("{what}: DONE{detail}")),
            OperationState::Failed => self.complain(format!("{what}: FAILED{detail}")),
            OperationState::Unknown => {
                self.complain(format!(
                    "{what}: UNKNOWN, cardtop is looking for it; do not send it again"
                ));
            }
            OperationState::Sent | OperationState::Accepted => {}
        }
    }

    /// Puts everything that depends on something else right again, and asks for what is to be read
    /// first.
    fn settle(&mut self) -> Vec<Effect> {
        let still = self.paused.is_some() || !self.dialogs.is_empty();
        let layout = self.layout();
        if layout.area(self.screen.focus).is_none()
            && let Some((pane, _)) = layout.panes.first()
        {
            self.screen.focus = *pane;
        }
        self.panes.cards.settle(&self.portfolio, still);
        self.panes.feed.settle(&self.portfolio, still, self.paused);
        let activity_seen = layout.area(Pane::Activity).is_some();
        let mut effects = self.panes.activity.settle(&self.portfolio, still, activity_seen);
        self.panes.providers.settle(&self.portfolio);
        if self.screen.focus != Pane::Detail {
            let subject = self.subject().or_else(|| self.panes.cards.list.selected().cloned());
            self.panes.detail.show(subject);
        }
        self.panes.detail.settle(&self.portfolio, still);
        self.scroll(&layout);
        effects.extend(self.watch_job(&layout));
        effects
    }

    /// Tells the lists how many rows can be seen; drawing asks the same functions.
    fn scroll(&mut self, layout: &Layout) {
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

    /// Which cards are to be read first, when that changed.
    fn watch_job(&mut self, layout: &Layout) -> Option<Effect> {
        let selected = self.subject().or_else(|| self.panes.detail.card.clone());
        let visible: Vec<CardKey> = match layout.area(Pane::Cards) {
            Some(_) => self.panes.cards.list.window().map(|(key, _)| key.clone()).collect(),
            None => Vec::new(),
        };
        let wanted = Some((selected, visible));
        if self.watching == wanted {
            return None;
        }
        self.watching.clone_from(&wanted);
        wanted.map(|(selected, visible)| Effect::Ask(Job::Watch { selected, visible }))
    }

    fn outcome(&mut self, outcome: Outcome) -> Vec<Effect> {
        match outcome {
            Outcome::Stay(effects) => effects,
            Outcome::Close(effects) => {
                self.dialogs.pop();
                // A dialog that asks for an operation's journal as it closes wants it seen.
                if let Some(Effect::Ask(Job::Steps(id))) = effects.first() {
                    self.show_operation(*id);
                }
                effects
            }
            Outcome::Open(dialog, effects) => {
                self.dialogs.pop();
                self.dialogs.push(dialog);
                effects
            }
        }
    }

    fn show_operation(&mut self, id: OperationId) {
        self.screen.show(Pane::Activity);
        self.panes.activity.tab = activity::Tab::All;
        self.panes.activity.search.clear();
        self.panes.activity.settle(&self.portfolio, self.paused.is_some(), false);
        self.panes.activity.list.select(&id);
    }

    fn digits(&self, key: &CardKey) -> String {
        digits(self.portfolio.cards.get(key).and_then(|card| card.last4))
    }

    fn remark(&mut self, words: &str) {
        self.notice =
            Some(Notice { words: words.to_owned(), wrong: false, since: self.portfolio.now });
    }

    fn complain(&mut self, words: String) {
        let words = text::one_line(&words);
        self.notice = Some(Notice { words, wrong: true, since: self.portfolio.now });
    }
}
