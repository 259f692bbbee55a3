//! What the engine asks and notes of an account's history.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::Account;
use super::history::{ListName, Part, PartRead, Wire};
use crate::domain::coverage::{Coverage, Covered, Stretch};
use crate::engine::schedule::Read;

impl Account {
    /// Takes in what earlier processes kept of it. What is so `late` in it is read again: rows of
    /// that time may have been listed since.
    pub(in crate::engine) fn load_coverage(
        &self,
        lists: Vec<(ListName, Coverage)>,
        wire: Wire,
        late: SignedDuration,
        now: Timestamp,
    ) {
        let mut state = self.state();
        // Cards of which nothing is known come first.
        for (card, coverage) in &lists {
            if let Some((card, newest)) = card.as_ref().zip(coverage.newest()) {
                state.plan.note_tried(&Read::CardFeed(Arc::clone(card)), newest.min(now));
            }
        }
        state.transactions.history.load(lists, wire, late, now);
    }

    /// How far back it is wanted.
    pub(in crate::engine) fn wanted_from(&self, now: Timestamp) -> Timestamp {
        self.state().transactions.history.wanted_from(now)
    }

    /// Whether anything of a list is known.
    pub(in crate::engine) fn is_covered(&self, list: &ListName) -> bool {
        let state = self.state();
        state.transactions.history.told(list).is_some_and(|told| told.newest().is_some())
    }

    /// Whether a time of a list was read before, and not only the edge of what was.
    pub(in crate::engine) fn covers(&self, list: &ListName, at: Timestamp) -> bool {
        let state = self.state();
        state.transactions.history.told(list).is_some_and(|told| told.has_inside(at))
    }

    /// How much of a list is asked for at once.
    pub(in crate::engine) fn stretch_of(&self, list: &ListName) -> SignedDuration {
        self.state().transactions.history.length(list)
    }

    /// Whether an older part of a list is being read once more.
    pub(in crate::engine) fn is_read_again(&self, list: &ListName) -> bool {
        self.state().transactions.history.is_read_again(list)
    }

    /// Reads a part of a list once more, behind everything else.
    pub(in crate::engine) fn read_again(&self, list: &ListName, stretch: Stretch, now: Timestamp) {
        self.state().transactions.history.read_again(list, stretch, now);
    }

    /// Takes in what a reading of the newest rows has; returns what is to be written down.
    pub(in crate::engine) fn note_newest(
        &self,
        list: &ListName,
        read: &PartRead,
        now: Timestamp,
    ) -> Option<Coverage> {
        self.state().transactions.history.note_newest(list, read, now)
    }

    /// This of a list is in the data file.
    pub(in crate::engine) fn note_written(&self, list: &ListName, coverage: Coverage) {
        self.state().transactions.history.note_written(list, coverage);
    }

    /// When the data file may take something again; `None` while it does. No history is read until
    /// then.
    pub(in crate::engine) fn set_unsaved(&self, until: Option<Timestamp>) {
        self.state().transactions.history.set_unsaved(until);
    }

    /// A part of the history could not be asked for: the next try is later.
    pub(in crate::engine) fn note_part_failed(&self, now: Timestamp) {
        self.state().transactions.history.note_failure(now);
    }

    /// What of the history is to be read next.
    pub(in crate::engine) fn next_part(&self, now: Timestamp) -> Option<Part> {
        self.state().transactions.history.next(now)
    }

    /// Takes in what a reading of a part has; returns what is to be written down, and whether the
    /// list was read once more to its end.
    pub(in crate::engine) fn note_part(
        &self,
        part: &Part,
        read: &PartRead,
        now: Timestamp,
    ) -> (Option<Coverage>, bool) {
        self.state().transactions.history.note_part(part, read, now)
    }

    /// A card is not the account's any more: nothing of it is missing.
    pub(in crate::engine) fn remove_history(&self, card: &Arc<str>) {
        let mut state = self.state();
        state.transactions.history.remove(card);
        state.missing.forget(&Some(Arc::clone(card)));
    }

    /// What is known of one card's transactions.
    pub(in crate::engine) fn covered_of(&self, card: &Arc<str>, now: Timestamp) -> Covered {
        self.state().transactions.history.covered_of(card, now)
    }
}
