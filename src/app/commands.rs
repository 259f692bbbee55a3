//! What the keys do: a chord becomes a command, and a command moves, shows or asks.

use super::chord::{Chord, Key};
use super::dialog::Dialog;
use super::feed::Known;
use super::keymap::{Command, Group};
use super::layout::{Layout, Pane};
use super::list::Motion;
use super::search::Search;
use super::{Effect, Model, activity, detail, feed, help};
use crate::domain::card::CardKey;
use crate::domain::operation::ActionKind;
use crate::engine::Job;

impl Model {
    pub(super) fn press(&mut self, chord: Chord) -> Vec<Effect> {
        self.notice = None;
        let command = self.keymap.command(chord, self.focus);
        // Also over a dialog or in a field, where every other key is theirs: whatever the file of
        // keys says, no letter is taken there.
        let above = chord.ctrl || chord.alt || matches!(chord.key, Key::F(_));
        if command == Some(Command::Redraw) && above {
            return vec![Effect::Redraw];
        }
        if command == Some(Command::Suspend) && above {
            // What is typed into a dialog may be a secret: it is wiped first.
            self.dialog = None;
            return vec![Effect::Suspend];
        }
        if let Some(dialog) = &mut self.dialog {
            let transition = dialog.key(&chord, &mut self.portfolio);
            return self.follow(transition);
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
        let (now, zone) = (self.portfolio.now, self.portfolio.zone.clone());
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
        let Some(row) = self
            .keymap
            .elsewhere(chord, self.focus)
            .filter(|row| row.group != Group::Move || row.is_about_a_card())
        else {
            return;
        };
        let words = if self.focus == Pane::Providers && row.is_about_a_card() {
            let cards = self.keymap.hint(Command::Cards, "shows the cards");
            format!("{} is for a card, this is a provider: {cards}", row.help)
        } else {
            let panes: Vec<String> =
                row.panes.iter().map(|pane| pane.name().to_lowercase()).collect();
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
            Command::Freeze => return self.freeze_or_unfreeze(),
            Command::TopUp => return self.open_form(ActionKind::TopUp),
            Command::Cover => return self.open_dialog(Dialog::cover_decline),
            Command::Pin => return self.open_form(ActionKind::SetPin),
            Command::Close => return self.open_form(ActionKind::Close),
            Command::Actions => {
                return self.open_dialog(|key, portfolio| Dialog::menu(key, portfolio));
            }
            Command::Check => return self.look_up_operation(),
            Command::Settle => return self.resolve_operation(),
            Command::Mark => self.cards.mark(),
            Command::MarkAll => self.cards.mark_all(),
            Command::Unmark => self.cards.unmark(),
            Command::Watch => self.toggle_watched(),
            Command::Pause => {
                self.paused = if self.paused.is_some() { None } else { Some(self.portfolio.now) }
            }
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
            Command::ReadOnly => {
                return vec![Effect::Ask(Job::ReadOnly(!self.portfolio.read_only))];
            }
            Command::Help => self.help = Some(help::Help::default()),
            Command::Redraw => return vec![Effect::Redraw],
            Command::Suspend => return vec![Effect::Suspend],
            Command::Quit => return self.quit(),
        }
        Vec::new()
    }

    pub(super) fn paste(&mut self, text: &str) -> Vec<Effect> {
        if let Some(dialog) = &mut self.dialog {
            let transition = dialog.paste(text, &self.portfolio);
            return self.follow(transition);
        }
        let (now, zone) = (self.portfolio.now, self.portfolio.zone.clone());
        if let Some(search) = self.search_mut().filter(|search| search.typing) {
            search.paste(text, now, &zone);
        }
        Vec::new()
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
            Pane::Detail => {
                self.detail.tab = activity::beside(&detail::Tab::ALL, self.detail.tab, right)
            }
            Pane::Activity => {
                self.activity.tab = activity::beside(&activity::Tab::ALL, self.activity.tab, right)
            }
            Pane::Cards | Pane::Feed | Pane::Providers => {}
        }
    }

    /// To the next pane on screen; while one is zoomed, to the next of the board.
    fn turn(&mut self, forward: bool) {
        let panes = Layout::of(self.size, self.view, None, 0).panes;
        let Some(place) = panes.iter().position(|(pane, _)| *pane == self.focus) else { return };
        let next = if forward {
            (place + 1) % panes.len()
        } else {
            (place + panes.len() - 1) % panes.len()
        };
        if let Some((pane, _)) = panes.get(next) {
            self.focus = *pane;
        }
    }

    pub(super) fn show(&mut self, view: Pane) {
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
        let portfolio = &self.portfolio;
        let trouble =
            |entry: &feed::Entry| entry.known(portfolio).is_some_and(|row| row.is_trouble());
        let found = match self.focus {
            Pane::Cards => {
                let ranks: std::collections::BTreeSet<CardKey> = self
                    .cards
                    .list
                    .keys()
                    .iter()
                    .filter(|key| {
                        self.cards.attention(key).is_some_and(|attention| attention.rank() < 4)
                    })
                    .cloned()
                    .collect();
                self.cards.list.seek(motion, |key| ranks.contains(key))
            }
            Pane::Feed => {
                let found = self.feed.list.seek(motion, trouble);
                self.feed.follow &= !found;
                found
            }
            Pane::Activity => self.activity.list.seek(motion, |id| {
                portfolio.operation(*id).is_some_and(|row| Known::Operation(row).is_trouble())
            }),
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
}
