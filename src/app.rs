//! The board as a state machine: what is shown and being typed, changed only by messages, in one order.
//!
//! No I/O, no async and no clock: everything impure is an [`Effect`] that the loop carries out.

pub(crate) mod activity;
pub(crate) mod cards;
pub mod chord;
pub(crate) mod detail;
pub mod dialog;
pub(crate) mod feed;
pub(crate) mod field;
pub(crate) mod help;
pub mod keymap;
pub mod layout;
pub(crate) mod list;
pub mod movements;
pub(crate) mod providers;
pub(crate) mod search;
pub mod world;

#[cfg(test)]
pub(crate) mod fixture;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use crate::domain::card::{Card, CardKey, CardState, digits};
use crate::domain::operation::{Deed, Operation, OperationId, OperationState};
use crate::engine::{HealthState, Job, News};
use crate::ui::theme::Theme;
use chord::{Chord, Key};
use dialog::{Dialog, Outcome};
use feed::Known;
use keymap::{Command, Group, Keymap};
use layout::{Class, Layout, Pane};
use list::Motion;
use search::Search;
use world::World;

/// How long a remark stays when no key is pressed.
const REMARK: Duration = Duration::from_secs(8);

/// Everything the board can hear.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "messages are moved once, from the channel into the update")]
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
    News(News),
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
    pub world: World,
    /// How it is drawn.
    pub theme: Theme,
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
    pub world: World,
    /// How it is drawn.
    pub theme: Theme,
    /// The terminal's size, columns and rows.
    pub(crate) size: (u16, u16),
    pub(crate) keymap: Keymap,
    pub(crate) view: Pane,
    pub(crate) focus: Pane,
    pub(crate) zoomed: bool,
    pub(crate) cards: cards::Cards,
    pub(crate) detail: detail::Detail,
    pub(crate) feed: feed::Feed,
    pub(crate) activity: activity::Activity,
    pub(crate) providers: providers::Providers,
    pub(crate) dialogs: Vec<Dialog>,
    pub(crate) help: Option<help::Help>,
    /// `y` was pressed: the next key says what is copied.
    pub(crate) copying: bool,
    pub(crate) notice: Option<Notice>,
    /// Rows stand still since then.
    pub(crate) paused: Option<Timestamp>,
    last_view: Pane,
    opened_from: Pane,
    watching: Option<(Option<CardKey>, Vec<CardKey>)>,
}

/// Changes the board by one message; what it wants done is answered.
pub fn update(model: &mut Model, msg: Msg) -> Vec<Effect> {
    update_all(model, [msg])
}

/// Changes the board by messages that came together, in their order. What follows from news is worked out once for all of them:
/// before a key, which is meant for what then is on screen, and at the end.
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
                model.size = (columns, rows);
                Vec::new()
            }
            Msg::Tick(at) => model.tick(at),
            Msg::News(news) => model.hear(&news),
        });
    }
    effects.extend(model.settle());
    effects
}

/// When something on screen changes by itself: the next full second, because clock and ages show seconds; never while
/// nothing but advice is shown.
#[must_use]
pub fn wake_at(model: &Model) -> Option<Timestamp> {
    let second =
        (Class::of(model.size) != Class::Advice).then(|| Timestamp::from_second(model.world.now.as_second() + 1).ok()).flatten();
    let dialog = model.dialogs.last().and_then(|dialog| dialog.wake_at(&model.world));
    second.into_iter().chain(dialog).min()
}

impl Model {
    /// The board of the cards.
    #[must_use]
    pub fn new(start: Start) -> Self {
        let mut model = Self {
            world: start.world,
            theme: start.theme,
            size: start.size,
            keymap: start.keymap,
            view: Pane::Cards,
            focus: Pane::Cards,
            zoomed: false,
            cards: cards::Cards::default(),
            detail: detail::Detail::default(),
            feed: feed::Feed::default(),
            activity: activity::Activity::default(),
            providers: providers::Providers::default(),
            dialogs: Vec::new(),
            help: None,
            copying: false,
            notice: None,
            paused: None,
            last_view: Pane::Feed,
            opened_from: Pane::Cards,
            watching: None,
        };
        // What this wants is asked for by the first message.
        model.settle();
        model.watching = None;
        model
    }

    /// Where everything is now.
    pub(crate) fn layout(&self) -> Layout {
        let only = self.zoomed.then_some(self.focus);
        let typing = self.search(self.focus).is_some_and(|search| search.typing);
        Layout::of(self.size, self.view, only, if typing { 2 } else { 0 })
    }

    /// The filter of a pane that has one.
    pub(crate) const fn search(&self, pane: Pane) -> Option<&Search> {
        match pane {
            Pane::Cards => Some(&self.cards.search),
            Pane::Feed => Some(&self.feed.search),
            Pane::Activity => Some(&self.activity.search),
            Pane::Detail | Pane::Providers => None,
        }
    }

    /// The card that keys are about: the one of the focused row.
    pub(crate) fn subject(&self) -> Option<CardKey> {
        match self.focus {
            Pane::Cards => self.cards.list.selected().cloned(),
            Pane::Detail => self.detail.card.clone(),
            Pane::Feed => self.feed.list.selected()?.known(&self.world)?.card(),
            Pane::Activity => feed::operation(&self.world, *self.activity.list.selected()?).map(|row| row.card.clone()),
            Pane::Providers => None,
        }
    }

    fn search_mut(&mut self) -> Option<&mut Search> {
        match self.focus {
            Pane::Cards => Some(&mut self.cards.search),
            Pane::Feed => Some(&mut self.feed.search),
            Pane::Activity => Some(&mut self.activity.search),
            Pane::Detail | Pane::Providers => None,
        }
    }

    fn press(&mut self, chord: Chord) -> Vec<Effect> {
        self.notice = None;
        let command = self.keymap.command(chord, self.focus);
        // Also over a dialog or in a field, where every other key is theirs: whatever the file of keys says, no letter is taken there.
        let above = chord.ctrl || chord.alt || matches!(chord.key, Key::F(_));
        if command == Some(Command::Redraw) && above {
            return vec![Effect::Redraw];
        }
        if command == Some(Command::Suspend) && above {
            // What is typed into a dialog may be a secret: it is wiped first.
            self.dialogs.clear();
            return vec![Effect::Suspend];
        }
        if let Some(dialog) = self.dialogs.last_mut() {
            let outcome = dialog.key(&chord, &mut self.world);
            return self.outcome(outcome);
        }
        if let Some(help) = &mut self.help {
            help.key(&chord, command);
            if help.closed {
                self.help = None;
            }
            return Vec::new();
        }
        if std::mem::take(&mut self.copying) {
            return self.copy(chord);
        }
        let (now, zone) = (self.world.now, self.world.zone.clone());
        match self.search_mut() {
            Some(search) if search.typing && !(chord.ctrl && command == Some(Command::Quit)) => {
                search.key(&chord, now, &zone);
                Vec::new()
            }
            Some(_) | None => match command {
                Some(command) => self.carry_out(command),
                None => {
                    self.say_where(chord);
                    Vec::new()
                }
            },
        }
    }

    /// A key that means something in other panes says so, instead of doing nothing.
    fn say_where(&mut self, chord: Chord) {
        let Some(row) = self.keymap.elsewhere(chord, self.focus).filter(|row| row.group != Group::Move || row.is_about_a_card())
        else {
            return;
        };
        let words = if self.focus == Pane::Providers && row.is_about_a_card() {
            let cards = self.keymap.hint(Command::Cards, "shows the cards");
            format!("{}: it is for a card, and this row is a provider; {cards}", row.help)
        } else {
            let panes: Vec<String> = row.panes.iter().map(|pane| pane.name().to_lowercase()).collect();
            format!("{}: not here, but in {}", row.help, panes.join(", "))
        };
        self.remark(&words);
    }

    fn carry_out(&mut self, command: Command) -> Vec<Effect> {
        match command {
            Command::Down => self.go(Motion::Down),
            Command::Up => self.go(Motion::Up),
            Command::First => self.go(Motion::First),
            Command::Last => self.go(Motion::Last),
            Command::HalfDown => self.go(Motion::HalfDown),
            Command::HalfUp => self.go(Motion::HalfUp),
            Command::PageDown => self.go(Motion::PageDown),
            Command::PageUp => self.go(Motion::PageUp),
            Command::Left => self.tab(false),
            Command::Right => self.tab(true),
            Command::NextPane => self.turn(true),
            Command::PreviousPane => self.turn(false),
            Command::Open => self.open(),
            Command::Back => self.back(),
            Command::Cards => self.show(Pane::Cards),
            Command::Feed => self.show(Pane::Feed),
            Command::Activity => self.show(Pane::Activity),
            Command::Providers => self.show(Pane::Providers),
            Command::LastView => self.show(self.last_view),
            Command::Zoom => self.zoomed = !self.zoomed,
            Command::Filter => _ = self.search_mut().map(|search| search.typing = true),
            Command::NextDecline => self.seek(Motion::Down),
            Command::PreviousDecline => self.seek(Motion::Up),
            Command::Shorter => self.feed.step_range(false),
            Command::Longer => self.feed.step_range(true),
            Command::Sort => self.cards.sort_next(),
            Command::Reverse => self.cards.reverse(),
            Command::Freeze => return self.ask_for(Asked::Freeze),
            Command::TopUp => return self.ask_for(Asked::Deed(Deed::TopUp)),
            Command::Cover => return self.ask_for(Asked::Cover),
            Command::Pin => return self.ask_for(Asked::Deed(Deed::SetPin)),
            Command::Close => return self.ask_for(Asked::Deed(Deed::Close)),
            Command::Actions => return self.ask_for(Asked::Actions),
            Command::Check => return self.check(),
            Command::Mark => self.cards.mark(),
            Command::MarkAll => self.cards.mark_all(),
            Command::Unmark => self.cards.unmark(),
            Command::Watch => self.watch(),
            Command::Pause => self.paused = if self.paused.is_some() { None } else { Some(self.world.now) },
            Command::PauseProvider => return self.pause_provider(),
            Command::Follow => self.feed.follow(),
            Command::Refresh => return self.refresh(),
            Command::RefreshAll => {
                self.remark("reading everything again, as fast as the limits allow");
                return vec![Effect::Ask(Job::Refresh(None))];
            }
            Command::Explain => self.explain(),
            Command::Copy if self.focus == Pane::Providers => return self.copy_status(),
            Command::Copy => self.copying = true,
            Command::ReadOnly => return vec![Effect::Ask(Job::ReadOnly(!self.world.read_only))],
            Command::Help => self.help = Some(help::Help::default()),
            Command::Redraw => return vec![Effect::Redraw],
            Command::Suspend => return vec![Effect::Suspend],
            Command::Quit => return self.quit(),
        }
        Vec::new()
    }

    fn paste(&mut self, text: &str) -> Vec<Effect> {
        if let Some(dialog) = self.dialogs.last_mut() {
            let outcome = dialog.paste(text, &mut self.world);
            return self.outcome(outcome);
        }
        let (now, zone) = (self.world.now, self.world.zone.clone());
        if let Some(search) = self.search_mut().filter(|search| search.typing) {
            search.paste(text, now, &zone);
        }
        Vec::new()
    }

    fn tick(&mut self, at: Timestamp) -> Vec<Effect> {
        self.world.now = self.world.now.max(at);
        let until = |notice: &Notice| notice.since.saturating_add(REMARK).unwrap_or(Timestamp::MAX);
        if self.notice.as_ref().is_some_and(|notice| !notice.wrong && until(notice) <= self.world.now) {
            self.notice = None;
        }
        match self.dialogs.last_mut() {
            Some(dialog) => {
                let outcome = dialog.tick(&mut self.world);
                self.outcome(outcome)
            }
            None => Vec::new(),
        }
    }

    fn hear(&mut self, news: &News) -> Vec<Effect> {
        let before = match news {
            News::Operation(row) => feed::operation(&self.world, row.id).map(|known| known.state),
            News::Cards(_)
            | News::Stale { .. }
            | News::Transactions(_)
            | News::Refused { .. }
            | News::Steps { .. }
            | News::Float { .. }
            | News::Quote { .. }
            | News::Health(_)
            | News::ReadOnly(_)
            | News::Broken(_) => None,
        };
        self.world.hear(news);
        match news {
            News::Operation(row) if before.is_some_and(|state| state != row.state) => self.tell_outcome(row),
            News::Refused { card, why, .. } if !self.dialogs.iter().any(|dialog| dialog.card() == Some(card)) => {
                let digits = self.digits(card);
                self.complain(format!("{digits}: NOT SENT, {why}"));
            }
            News::Broken(why) => self.complain(format!("a part of cardtop failed: {why}")),
            News::ReadOnly(true) => self.remark("READ: every change is refused from now on"),
            News::ReadOnly(false) => self.remark("WRITE: changes may be asked again"),
            News::Refused { .. }
            | News::Cards(_)
            | News::Stale { .. }
            | News::Transactions(_)
            | News::Operation(_)
            | News::Steps { .. }
            | News::Float { .. }
            | News::Quote { .. }
            | News::Health(_) => {}
        }
        match self.dialogs.last_mut() {
            Some(dialog) => {
                let outcome = dialog.hear(news, &mut self.world);
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
                self.complain(format!("{what}: UNKNOWN, cardtop is looking for it; do not send it again"));
            }
            OperationState::Sent | OperationState::Accepted => {}
        }
    }

    /// Puts everything that depends on something else right again, and asks for what is to be read first.
    fn settle(&mut self) -> Vec<Effect> {
        let still = self.paused.is_some() || !self.dialogs.is_empty();
        let layout = self.layout();
        if layout.area(self.focus).is_none()
            && let Some((pane, _)) = layout.panes.first()
        {
            self.focus = *pane;
        }
        self.cards.settle(&self.world, still);
        self.feed.settle(&self.world, still, self.paused);
        let activity_seen = layout.area(Pane::Activity).is_some();
        let mut effects = self.activity.settle(&self.world, still, activity_seen);
        self.providers.settle(&self.world);
        if self.focus != Pane::Detail {
            let subject = self.subject().or_else(|| self.cards.list.selected().cloned());
            self.detail.show(subject);
        }
        self.detail.settle(&self.world, still);
        self.scroll(&layout);
        effects.extend(self.watch_job(&layout));
        effects
    }

    /// Tells the lists how many rows can be seen; drawing asks the same functions.
    fn scroll(&mut self, layout: &Layout) {
        for (pane, area) in &layout.panes {
            let rows = crate::ui::list_rows(self, *pane, *area);
            match pane {
                Pane::Cards => self.cards.list.set_height(rows),
                Pane::Detail => self.detail.list.set_height(rows),
                Pane::Feed => self.feed.list.set_height(rows),
                Pane::Activity => self.activity.list.set_height(rows),
                Pane::Providers => self.providers.list.set_height(rows),
            }
        }
    }

    /// Which cards are to be read first, when that changed.
    fn watch_job(&mut self, layout: &Layout) -> Option<Effect> {
        let selected = self.subject().or_else(|| self.detail.card.clone());
        let visible: Vec<CardKey> = match layout.area(Pane::Cards) {
            Some(_) => self.cards.list.window().map(|(key, _)| key.clone()).collect(),
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
        self.show(Pane::Activity);
        self.activity.tab = activity::Tab::All;
        self.activity.search.clear();
        self.activity.settle(&self.world, self.paused.is_some(), false);
        self.activity.list.select(&id);
    }

    fn go(&mut self, motion: Motion) {
        match self.focus {
            Pane::Cards => self.cards.list.go(motion),
            Pane::Detail => self.detail.list.go(motion),
            Pane::Feed => self.feed.go(motion),
            Pane::Activity => self.activity.list.go(motion),
            Pane::Providers => self.providers.list.go(motion),
        }
    }

    fn tab(&mut self, right: bool) {
        match self.focus {
            Pane::Detail => self.detail.tab = activity::beside(&detail::Tab::ALL, self.detail.tab, right),
            Pane::Activity => self.activity.tab = activity::beside(&activity::Tab::ALL, self.activity.tab, right),
            Pane::Cards | Pane::Feed | Pane::Providers => {}
        }
    }

    /// To the next pane on screen; while one is zoomed, to the next of the board.
    fn turn(&mut self, forward: bool) {
        let panes = Layout::of(self.size, self.view, None, 0).panes;
        let Some(place) = panes.iter().position(|(pane, _)| *pane == self.focus) else { return };
        let next = if forward { (place + 1) % panes.len() } else { (place + panes.len() - 1) % panes.len() };
        if let Some((pane, _)) = panes.get(next) {
            self.focus = *pane;
        }
    }

    fn show(&mut self, view: Pane) {
        if self.view != view {
            self.last_view = if self.view == Pane::Detail { self.opened_from } else { self.view };
        }
        (self.view, self.focus, self.zoomed) = (view, view, false);
    }

    fn open(&mut self) {
        if self.focus == Pane::Detail && self.view == Pane::Detail {
            return;
        }
        let Some(key) = self.subject() else { return };
        if self.view != Pane::Detail {
            self.opened_from = self.view;
        }
        self.detail.show(Some(key));
        (self.view, self.focus, self.zoomed) = (Pane::Detail, Pane::Detail, false);
    }

    /// Leaves the zoom, else clears the filter, else goes back.
    fn back(&mut self) {
        if self.zoomed {
            self.zoomed = false;
        } else if self.search(self.focus).is_some_and(|search| !search.text().is_empty()) {
            _ = self.search_mut().map(Search::clear);
        } else if self.view == Pane::Detail {
            (self.view, self.focus) = (self.opened_from, self.opened_from);
        } else if self.view != Pane::Cards {
            self.show(Pane::Cards);
        } else {
            self.focus = Pane::Cards;
        }
    }

    fn seek(&mut self, motion: Motion) {
        let world = &self.world;
        let trouble = |entry: &feed::Entry| entry.known(world).is_some_and(|row| row.is_trouble());
        let found = match self.focus {
            Pane::Cards => {
                let ranks: std::collections::BTreeSet<CardKey> = self
                    .cards
                    .list
                    .keys()
                    .iter()
                    .filter(|key| self.cards.attention(key).is_some_and(|attention| attention.rank() < 4))
                    .cloned()
                    .collect();
                self.cards.list.seek(motion, |key| ranks.contains(key))
            }
            Pane::Feed => {
                let found = self.feed.list.seek(motion, trouble);
                self.feed.follow &= !found;
                found
            }
            Pane::Activity => self
                .activity
                .list
                .seek(motion, |id| feed::operation(world, *id).is_some_and(|row| Known::Operation(row).is_trouble())),
            Pane::Detail => self.detail.list.seek(motion, trouble),
            Pane::Providers => false,
        };
        if !found {
            self.remark("no other decline or unknown operation that way");
        }
    }

    /// Explains the row of the feed in the whole view, or no longer.
    fn explain(&mut self) {
        self.feed.explain = self.view != Pane::Feed || !self.feed.explain;
        self.show(Pane::Feed);
    }

    fn ask_for(&mut self, asked: Asked) -> Vec<Effect> {
        let Some(key) = self.subject() else {
            self.remark("no card here");
            return Vec::new();
        };
        if !self.world.cards.contains_key(&key) {
            self.remark("this row names a card that is not known");
            return Vec::new();
        }
        // From here on rows stand still, and the cursor stays on its row afterwards.
        match self.focus {
            Pane::Cards => self.cards.list.hold(),
            Pane::Feed => self.feed.hold(),
            Pane::Detail | Pane::Activity | Pane::Providers => {}
        }
        let world = &mut self.world;
        let (dialog, effects) = match asked {
            Asked::Freeze => {
                let frozen = world.cards.get(&key).is_some_and(|card| card.state == CardState::Frozen);
                Dialog::for_deed(if frozen { Deed::Unfreeze } else { Deed::Freeze }, &key, world)
            }
            Asked::Deed(deed) => Dialog::for_deed(deed, &key, world),
            Asked::Cover => Dialog::cover(&key, world),
            Asked::Actions => Dialog::actions(&key, world),
        };
        self.dialogs.push(dialog);
        effects
    }

    fn check(&mut self) -> Vec<Effect> {
        let selected = self.activity.list.selected().and_then(|id| feed::operation(&self.world, *id));
        let (words, job) = match selected {
            None => ("no operation here".to_owned(), None),
            Some(row) if !row.is_open() => (format!("op {} is settled: {}", row.id.short(), row.state.word()), None),
            Some(row) => (format!("looking for op {} now, by reading only", row.id.short()), Some(Job::Look(row.id))),
        };
        self.remark(&words);
        job.map(Effect::Ask).into_iter().collect()
    }

    fn watch(&mut self) {
        let Some(key) = self.subject() else { return };
        let digits = self.digits(&key);
        let watched = !self.world.watched.remove(&key);
        if watched {
            self.world.watched.insert(key);
        }
        self.world.revision += 1;
        self.remark(&format!("{digits} is {}", if watched { "watched" } else { "not watched any more" }));
    }

    fn pause_provider(&mut self) -> Vec<Effect> {
        let Some(provider) = self.providers.list.selected().cloned() else { return Vec::new() };
        let paused = self.world.health.get(&provider).is_none_or(|health| health.state != HealthState::Paused);
        let until = self.keymap.hint(Command::PauseProvider, "is pressed again");
        let words = if paused { format!("{provider} is not read until {until}") } else { format!("{provider} is read again") };
        self.remark(&words);
        vec![Effect::Ask(Job::Pause { provider, paused })]
    }

    fn refresh(&mut self) -> Vec<Effect> {
        if self.focus == Pane::Providers {
            let Some(provider) = self.providers.list.selected().cloned() else { return Vec::new() };
            self.remark(&format!("reading {provider} now"));
            return vec![Effect::Ask(Job::Refresh(Some(provider)))];
        }
        match self.subject() {
            Some(key) => {
                let digits = self.digits(&key);
                self.remark(&format!("reading {digits} now"));
                vec![Effect::Ask(Job::RefreshCard(key))]
            }
            None => vec![Effect::Ask(Job::Refresh(None))],
        }
    }

    /// A provider has one thing to copy.
    fn copy_status(&mut self) -> Vec<Effect> {
        let Some(info) = self.providers.list.selected().and_then(|id| self.world.provider(id)) else { return Vec::new() };
        let text = providers::status(&self.world, info);
        let words = format!("copied: status of {}", info.id);
        self.remark(&words);
        vec![Effect::Copy(text)]
    }

    /// The key after `y`.
    fn copy(&mut self, chord: Chord) -> Vec<Effect> {
        if chord == Chord::plain(Key::Esc) {
            return Vec::new();
        }
        let card = self.subject().and_then(|key| self.world.cards.get(&key));
        let text = match chord.typed() {
            Some('i') => self.id().map(|id| ("id", id)),
            Some('l') => card.and_then(|card| card.last4).map(|last4| ("last four digits", last4.to_string())),
            Some('r') => crate::ui::row_text(self).map(|row| ("row", row)),
            Some('j') => card.map(|card| ("card as JSON", json(card))),
            Some(_) | None => None,
        };
        match text {
            Some((what, text)) => {
                self.remark(&format!("copied: {what}"));
                vec![Effect::Copy(text)]
            }
            None => {
                self.remark("nothing copied");
                Vec::new()
            }
        }
    }

    /// The id of the selected row.
    fn id(&self) -> Option<String> {
        match self.focus {
            Pane::Cards | Pane::Detail => self.subject().map(|key| key.to_string()),
            Pane::Feed => match self.feed.list.selected()? {
                feed::Entry::Transaction { id, .. } => Some(id.to_string()),
                feed::Entry::Operation(id) => Some(id.to_string()),
            },
            Pane::Activity => self.activity.list.selected().map(|id| id.to_string()),
            Pane::Providers => None,
        }
    }

    fn quit(&mut self) -> Vec<Effect> {
        let in_flight = self.world.operations.iter().any(|row| row.is_open() && row.state != OperationState::Unknown);
        if !in_flight {
            return vec![Effect::Quit];
        }
        self.dialogs.push(Dialog::quit(&self.world));
        Vec::new()
    }

    fn digits(&self, key: &CardKey) -> String {
        digits(self.world.cards.get(key).and_then(|card| card.last4))
    }

    fn remark(&mut self, words: &str) {
        self.notice = Some(Notice { words: words.to_owned(), wrong: false, since: self.world.now });
    }

    fn complain(&mut self, words: String) {
        self.notice = Some(Notice { words, wrong: true, since: self.world.now });
    }
}

/// Which dialog is wanted.
#[derive(Clone, Copy, Debug)]
enum Asked {
    /// Freeze, or unfreeze what is frozen.
    Freeze,
    /// A change.
    Deed(Deed),
    /// A top-up that covers the last decline.
    Cover,
    /// Every action.
    Actions,
}

/// A card in the words of the command line's JSON.
fn json(card: &Card) -> String {
    let balance = card.balance.value();
    let text = |value: &Option<Arc<str>>| value.as_deref().map(str::to_owned);
    serde_json::json!({
        "provider": card.key.provider.name(),
        "id": &*card.key.id,
        "last4": card.last4.map(|last4| last4.to_string()),
        "holder": &*card.holder,
        "state": card.state.word(),
        "provider_state": &*card.provider_state,
        "kind": card.kind.map(|kind| kind.word()),
        "currency": card.currency,
        "balance": {
            "available": balance.and_then(|balance| balance.available),
            "current": balance.and_then(|balance| balance.current),
            "pending": balance.and_then(|balance| balance.pending),
            "as_of": card.balance.at().map(|at| at.to_string()),
        },
        "expires": text(&card.expires),
        "labels": card.labels.iter().map(|label| label.to_string()).collect::<Vec<_>>(),
    })
    .to_string()
}
