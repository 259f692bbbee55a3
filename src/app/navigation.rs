//! What commands do that only change what is shown: the cursor, the pane, the view.

use super::command::Command;
use super::entry::is_in_trouble;
use super::layout::Pane;
use super::list::{Direction, Motion};
use super::search::Search;
use super::{Effect, Model, activity, detail, feed, help, present};
use crate::engine::Job;

impl Model {
    /// Moves the cursor of the focused pane.
    pub(super) fn go(&mut self, motion: Motion) {
        match self.screen.focus {
            Pane::Cards => self.panes.cards.list.go(motion),
            Pane::Detail => self.panes.detail.list.go(motion),
            Pane::Feed => self.panes.feed.go(motion),
            Pane::Activity => self.panes.activity.list.go(motion),
            Pane::Providers => {
                let (lines, height) = self.provider_lines();
                self.panes.providers.go(motion, lines, height);
            }
        }
    }

    /// How many lines there are about the provider under the cursor, and how many can be seen.
    fn provider_lines(&self) -> (usize, usize) {
        let area = self.layout().area(Pane::Providers).unwrap_or_default();
        let about = self.about_provider(area);
        let lines = present::providers::about(self, usize::from(about.width)).len();
        (lines, usize::from(about.height.saturating_sub(1)))
    }

    /// To the tab beside the chosen one.
    pub(super) fn tab(&mut self, direction: Direction) {
        match self.screen.focus {
            Pane::Detail => {
                let tab = &mut self.panes.detail.tab;
                *tab = beside(&detail::Tab::ALL, *tab, direction);
            }
            Pane::Activity => {
                let tab = &mut self.panes.activity.tab;
                *tab = beside(&activity::Tab::ALL, *tab, direction);
            }
            Pane::Cards | Pane::Feed | Pane::Providers => {}
        }
    }

    /// Shows the card of the row under the cursor.
    pub(super) fn open(&mut self) {
        if self.screen.focus == Pane::Detail && self.screen.view == Pane::Detail {
            return;
        }
        let Some(key) = self.subject() else { return };
        let row = match self.screen.focus {
            Pane::Feed => self.panes.feed.list.selected().cloned(),
            Pane::Cards | Pane::Detail | Pane::Activity | Pane::Providers => None,
        };
        self.panes.detail.show(Some(key));
        // The row that was opened stays under the cursor.
        _ = row.map(|row| self.panes.detail.list.select(&row));
        self.screen.open_card();
    }

    /// Ends a search in the data file, as the title says, else closes what explains a row, else
    /// clears the filter, as the title says, else leaves the zoom, else goes back.
    pub(super) fn back(&mut self) {
        if self.screen.focus == Pane::Feed && self.panes.feed.stop_older() {
            return;
        }
        if self.screen.view == Pane::Feed && self.panes.feed.explain {
            self.panes.feed.explain = false;
        } else if self.search(self.screen.focus).is_some_and(|search| search.chip().is_some()) {
            _ = self.search_mut().0.map(Search::clear);
        } else if self.screen.zoomed {
            self.screen.zoomed = false;
        } else {
            self.screen.back();
        }
    }

    /// To the next decline, or operation that failed or is in doubt.
    pub(super) fn seek(&mut self, direction: Direction) {
        let portfolio = &self.portfolio;
        let found = match self.screen.focus {
            Pane::Cards => self.panes.cards.seek(direction, portfolio),
            Pane::Feed => {
                self.panes.feed.seek(direction);
                return;
            }
            Pane::Activity => self
                .panes
                .activity
                .list
                .seek(direction, |id| portfolio.operation(*id).is_some_and(is_in_trouble)),
            Pane::Detail | Pane::Providers => false,
        };
        if !found {
            self.show_notice("no other decline or unknown operation that way");
        }
    }

    /// Explains the row of the feed in the whole view, or no longer.
    pub(super) fn explain(&mut self) {
        let feed = &mut self.panes.feed;
        feed.explain = self.screen.view != Pane::Feed || !feed.explain;
        self.screen.show(Pane::Feed);
    }

    /// Keys go to the filter of the focused pane from now on.
    pub(super) fn type_filter(&mut self) {
        if self.search(self.screen.focus).is_none() {
            self.screen.show(Pane::Cards);
        }
        _ = self.search_mut().0.map(Search::open);
    }

    /// Shows more time in the feed, or less; not while its filter says how much.
    pub(super) fn step_range(&mut self, direction: Direction) {
        match self.panes.feed.range() {
            feed::Range::OfFilter(_) => {
                let back = self.keymap.hint(Command::Back, "clears it");
                self.show_notice(&format!("the filter says which time is shown: {back}"));
            }
            feed::Range::Last(_) | feed::Range::Ever => self.panes.feed.step_range(direction),
        }
    }

    /// Sorts by the next column.
    pub(super) fn sort_next(&mut self) {
        match self.screen.focus {
            Pane::Cards => self.panes.cards.sort_next(),
            Pane::Feed => self.panes.feed.sort_next(),
            Pane::Detail | Pane::Activity | Pane::Providers => {}
        }
    }

    /// Sorts the other way.
    pub(super) fn reverse(&mut self) {
        match self.screen.focus {
            Pane::Cards => self.panes.cards.reverse(),
            Pane::Feed => self.panes.feed.reverse(),
            Pane::Detail | Pane::Activity | Pane::Providers => {}
        }
    }

    /// Holds the rows still, or lets them go on.
    pub(super) fn pause(&mut self) {
        self.paused = if self.paused.is_some() { None } else { Some(self.portfolio.now) };
    }

    pub(super) fn show_help(&mut self) {
        self.help = Some(help::Help::default());
    }

    /// The next key says what is copied. Of a provider there is only one thing to copy.
    pub(super) fn begin_copy(&mut self) -> Vec<Effect> {
        if self.screen.focus == Pane::Providers {
            self.panes.providers.list.hold();
            return self.copy_status();
        }
        self.copying = true;
        Vec::new()
    }

    /// Reads every provider again.
    pub(super) fn refresh_all(&mut self) -> Vec<Effect> {
        self.show_notice("reading everything again, as fast as the limits allow");
        vec![Effect::Ask(Job::Refresh(None))]
    }
}

/// The tab to the left or right of one, without going round.
fn beside<T: Copy + PartialEq>(all: &[T], tab: T, direction: Direction) -> T {
    let index = all.iter().position(|known| *known == tab).unwrap_or(0);
    let next = match direction {
        Direction::Forward => index + 1,
        Direction::Backward => index.saturating_sub(1),
    };
    all.get(next).copied().unwrap_or(tab)
}
