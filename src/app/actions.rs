//! What the operator does about a card, an operation or a provider: opens the dialog that asks
//! first, or asks the engine directly.

use super::command::Command;
use super::dialog::Dialog;
use super::dialog::transition::Transition;
use super::entry::{Entry, Known};
use super::layout::Pane;
use super::portfolio::Portfolio;
use super::portfolio::shown::is_for_lack_of_money;
use super::present::decline;
use super::{Effect, Model};
use crate::domain::card::{CardKey, CardState};
use crate::domain::operation::{ActionKind, Operation, OperationState, Refusal};
use crate::domain::transaction::Transaction;
use crate::engine::{HealthState, Job};

impl Model {
    /// Opens a dialog about the card of the focused row.
    pub(super) fn open_dialog(
        &mut self,
        open: impl FnOnce(&CardKey, &mut Portfolio) -> Transition,
    ) -> Vec<Effect> {
        let Some(key) = self.subject() else {
            self.show_notice("no card here");
            return Vec::new();
        };
        if !self.portfolio.cards.contains_key(&key) {
            self.show_notice("this row names a card that is not known");
            return Vec::new();
        }
        if let Some(why) = self.refusal_of_marks() {
            self.show_notice(&why);
            return Vec::new();
        }
        // From here on rows stand still, and the cursor stays on its row afterwards.
        match self.screen.focus {
            Pane::Cards => self.panes.cards.list.hold(),
            Pane::Feed => self.panes.feed.hold(),
            Pane::Detail | Pane::Activity | Pane::Providers => {}
        }
        let transition = open(&key, &mut self.portfolio);
        self.follow(transition)
    }

    /// Why no action is taken while cards are marked: it would be taken for one of all of them.
    fn refusal_of_marks(&self) -> Option<String> {
        let cards = &self.panes.cards;
        let marked = match (cards.marks().len(), cards.hidden_marks()) {
            (0, _) => return None,
            (1, 0) => "1 card is marked".to_owned(),
            (1, _) => "1 card is marked, hidden by the filter".to_owned(),
            (count, 0) => format!("{count} cards are marked"),
            (count, hidden) => format!("{count} cards are marked, {hidden} hidden by the filter"),
        };
        let unmark = self.keymap.hint(Command::Unmark, "unmarks them");
        Some(format!("{marked}: cardtop changes one card at a time; {unmark}"))
    }

    /// Opens the form of a change.
    pub(super) fn open_form(&mut self, action_kind: ActionKind) -> Vec<Effect> {
        self.open_dialog(|key, portfolio| Dialog::for_action(action_kind, key, portfolio))
    }

    /// Opens the form that freezes the card, or unfreezes it when it is frozen.
    pub(super) fn freeze_or_unfreeze(&mut self) -> Vec<Effect> {
        self.open_form(self.freeze_or_unfreeze_kind())
    }

    /// What the key for both asks for: a card that is frozen is unfrozen.
    pub(super) fn freeze_or_unfreeze_kind(&self) -> ActionKind {
        let card = self.subject().and_then(|key| self.portfolio.cards.get(&key));
        match card.map(|card| card.state) {
            Some(CardState::Frozen) => ActionKind::Unfreeze,
            Some(_) | None => ActionKind::Freeze,
        }
    }

    /// Takes back the freeze of the card under the cursor that waits; where no card is under the
    /// cursor, the only one that waits.
    pub(super) fn cancel_freeze(&mut self) -> Vec<Effect> {
        let subject = self.subject();
        let queued = &self.portfolio.accounts.queued;
        let chosen = match (&subject, queued.as_slice()) {
            (Some(key), _) => self.portfolio.queued_freeze_of(key),
            (None, [only]) => Some(only),
            (None, _) => None,
        };
        if let Some(freeze) = chosen {
            return vec![Effect::Ask(Job::CancelFreeze(freeze.id))];
        }
        let cards: Vec<String> = queued.iter().map(|freeze| self.digits(&freeze.card)).collect();
        let text = match cards.as_slice() {
            [] => "no freeze is queued: there is nothing to cancel".to_owned(),
            [only] => format!("the freeze of {only} is queued: put the cursor on it to cancel"),
            many => format!(
                "the freezes of {} are queued: put the cursor on one to cancel it",
                many.join(", ")
            ),
        };
        self.show_notice(&text);
        Vec::new()
    }

    /// Opens the top-up that covers a decline: the one under the cursor, where there is one.
    pub(super) fn cover_decline(&mut self) -> Vec<Effect> {
        let chosen = self.decline_under_cursor();
        let keymap = self.keymap.clone();
        let hint = |remedy, words: &str| decline::hint(&keymap, remedy, words);
        self.open_dialog(|key, portfolio| {
            Dialog::cover_decline(key, chosen.as_ref(), &hint, portfolio)
        })
    }

    /// The decline under the cursor of the feed or of a card's timeline. While the operator has not
    /// moved the cursor there, it counts only where money would cure it: the row under the cursor
    /// is then the newest, whatever it is.
    pub(crate) fn decline_under_cursor(&self) -> Option<Transaction> {
        let (feed, detail) = (&self.panes.feed.list, &self.panes.detail.list);
        let (selected, is_touched) = match self.screen.focus {
            Pane::Feed => (feed.selected()?, feed.is_touched()),
            Pane::Detail => (detail.selected()?, detail.is_touched()),
            Pane::Cards | Pane::Activity | Pane::Providers => return None,
        };
        let Known::Transaction(row) = selected.known(&self.portfolio)? else { return None };
        let is_meant = is_touched || is_for_lack_of_money(&row);
        (row.decline().is_some() && is_meant).then_some(*row)
    }

    /// Opens the dialog that records the outcome of the selected operation by hand.
    pub(super) fn resolve_operation(&mut self) -> Vec<Effect> {
        let Some(operation) = self.selected_operation() else {
            self.show_notice("no operation here");
            return Vec::new();
        };
        let opened = if self.portfolio.read_only {
            Err(Refusal::ReadOnly.to_string())
        } else {
            Dialog::resolution(operation, &self.portfolio)
        };
        match opened {
            Ok(transition) => self.follow(transition),
            Err(why) => {
                self.show_notice(&why);
                Vec::new()
            }
        }
    }

    /// Ends the board, after asking while changes are on their way.
    pub(super) fn quit(&mut self) -> Vec<Effect> {
        let in_flight = |operation: &Operation| operation.state != OperationState::Unknown;
        let in_flight = self.portfolio.operations.open().any(in_flight);
        if !in_flight && self.portfolio.accounts.queued.is_empty() {
            return vec![Effect::Quit];
        }
        let transition = Dialog::quit(&self.portfolio);
        self.follow(transition)
    }

    /// Asks for the fate of the selected operation, or of the newest unsettled one of the card.
    pub(super) fn look_up_operation(&mut self) -> Vec<Effect> {
        let (show_notice, job) = match self.operation_here() {
            None => ("no unsettled operation here: there is nothing to look up".to_owned(), None),
            Some(operation) if !operation.is_open() => {
                let (id, state) = (operation.id.short(), operation.state.as_str());
                (format!("op {id} is settled: {state}"), None)
            }
            Some(operation) => (
                format!("looking for op {} now, by reading only", operation.id.short()),
                Some(Job::Look(operation.id)),
            ),
        };
        self.show_notice(&show_notice);
        job.map(Effect::Ask).into_iter().collect()
    }

    pub(super) fn toggle_watched(&mut self) {
        let Some(key) = self.subject() else { return };
        let digits = self.digits(&key);
        let now =
            if self.portfolio.toggle_watched(key) { "watched" } else { "not watched any more" };
        self.show_notice(&format!("{digits} is {now}"));
    }

    /// Pauses the reading of the selected provider, or takes it up again.
    pub(super) fn pause_provider(&mut self) -> Vec<Effect> {
        self.panes.providers.list.hold();
        let Some(provider) = self.panes.providers.list.selected().cloned() else {
            return Vec::new();
        };
        let paused = self
            .portfolio
            .accounts
            .health
            .get(&provider)
            .is_none_or(|health| health.state != HealthState::Paused);
        let show_notice = if paused {
            let until = self.keymap.hint(Command::PauseProvider, "is pressed again");
            format!("{provider} is not read until {until}")
        } else {
            format!("{provider} is read again")
        };
        self.show_notice(&show_notice);
        vec![Effect::Ask(Job::Pause { provider, paused })]
    }

    /// Reads what the focused row is about: a provider, a card, or everything where there is none.
    pub(super) fn refresh(&mut self) -> Vec<Effect> {
        if self.screen.focus == Pane::Providers {
            self.panes.providers.list.hold();
            let Some(provider) = self.panes.providers.list.selected().cloned() else {
                return Vec::new();
            };
            self.show_notice(&format!("reading {provider} now"));
            return vec![Effect::Ask(Job::Refresh(Some(provider)))];
        }
        let job = match self.subject() {
            Some(key) => self.refresh_card(key),
            None => Job::Refresh(None),
        };
        vec![Effect::Ask(job)]
    }

    fn refresh_card(&mut self, key: CardKey) -> Job {
        let digits = self.digits(&key);
        self.show_notice(&format!("reading {digits} now"));
        Job::TryCard(key)
    }

    /// The operation of the row under the cursor; of a card the newest one that is not settled.
    pub(super) fn operation_here(&self) -> Option<&Operation> {
        let of_row = match self.screen.focus {
            Pane::Activity => self.selected_operation(),
            Pane::Feed => self.panes.feed.list.selected().and_then(|entry| match entry {
                Entry::Operation(id) => self.portfolio.operation(*id),
                Entry::Transaction(_) => None,
            }),
            Pane::Cards | Pane::Detail | Pane::Providers => None,
        };
        of_row.or_else(|| {
            let key = self.subject()?;
            let id = self.portfolio.operations_of(&key).find(|op| op.is_open())?.id;
            self.portfolio.operation(id)
        })
    }

    /// The operation under the cursor of the activity pane.
    fn selected_operation(&self) -> Option<&Operation> {
        self.portfolio.operation(*self.panes.activity.list.selected()?)
    }
}
