//! Which view is shown, which pane keys go to, and how large the terminal is.

use super::aim::Aim;
use super::layout::{Contents, Layout, Pane};
use super::list::Direction;

/// What of the board is on screen.
#[derive(Debug)]
pub(crate) struct Screen {
    /// The terminal's size, columns and rows.
    pub(crate) size: (u16, u16),
    /// The pane that was chosen; [`Pane::Cards`] is the board of several panes.
    pub(crate) view: Pane,
    /// The pane that keys go to.
    pub(crate) focus: Pane,
    /// Only the focused pane is shown.
    pub(crate) zoomed: bool,
    pub(super) aim: Aim,
    /// The view before this one.
    last_view: Pane,
    /// The view from which the card was opened.
    opened_from: Pane,
}

impl Screen {
    /// The board, at a size.
    pub(super) const fn new(size: (u16, u16)) -> Self {
        Self {
            size,
            view: Pane::Cards,
            focus: Pane::Cards,
            zoomed: false,
            aim: Aim::new(),
            last_view: Pane::Feed,
            opened_from: Pane::Cards,
        }
    }

    /// Where everything is, with `bar` rows for the filter that is typed.
    pub(crate) fn layout(&self, bar: u16, contents: &Contents) -> Layout {
        Layout::of(self.size, self.view, self.zoomed.then_some(self.focus), bar, contents)
    }

    /// Whether a pane has the screen for itself.
    pub(crate) fn is_alone(&self, pane: Pane) -> bool {
        self.view == pane || self.zoomed
    }

    /// Shows one pane.
    pub(super) fn show(&mut self, view: Pane) {
        if self.view != view {
            self.last_view = if self.view == Pane::Detail { self.opened_from } else { self.view };
        }
        (self.view, self.focus, self.zoomed) = (view, view, false);
    }

    /// Shows what was shown before.
    pub(super) fn show_last(&mut self) {
        self.show(self.last_view);
    }

    /// Shows one card, and remembers where from.
    pub(super) fn open_card(&mut self) {
        if self.view != Pane::Detail {
            self.opened_from = self.view;
        }
        (self.view, self.focus, self.zoomed) = (Pane::Detail, Pane::Detail, false);
    }

    /// From a card to where it was opened, from another view to the board, on the board to the
    /// cards.
    pub(super) fn back(&mut self) {
        match self.view {
            Pane::Detail => (self.view, self.focus) = (self.opened_from, self.opened_from),
            Pane::Feed | Pane::Activity | Pane::Providers => self.show(Pane::Cards),
            Pane::Cards => self.focus = Pane::Cards,
        }
    }

    /// Shows only the focused pane, or all again.
    pub(super) const fn zoom(&mut self) {
        self.zoomed = !self.zoomed;
    }

    /// To the next pane on screen; while one is zoomed, to the next of the board.
    pub(super) fn turn(&mut self, direction: Direction, contents: &Contents) {
        let panes = Layout::of(self.size, self.view, None, 0, contents).panes;
        let Some(index) = panes.iter().position(|(pane, _)| *pane == self.focus) else { return };
        let next = match direction {
            Direction::Forward => (index + 1) % panes.len(),
            Direction::Backward => (index + panes.len() - 1) % panes.len(),
        };
        if let Some((pane, _)) = panes.get(next) {
            self.focus = *pane;
        }
    }
}
