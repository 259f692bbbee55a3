//! What an operator wants of a card, an operation or a provider: the dialog that asks first, or a
//! question to the engine.

use super::command::Command;
use super::dialog::Dialog;
use super::layout::Pane;
use super::{Effect, Model};
use crate::domain::card::CardState;
use crate::domain::operation::{ActionKind, OperationState};
use crate::engine::{HealthState, Job};

/// Which dialog is wanted.
#[derive(Clone, Copy, Debug)]
pub(super) enum Asked {
    /// Freeze, or unfreeze what is frozen.
    Freeze,
    /// A change.
    ActionKind(ActionKind),
    /// A top-up that covers the last decline.
    Cover,
    /// Every action.
    Actions,
}

impl Model {
    pub(super) fn ask_for(&mut self, asked: Asked) -> Vec<Effect> {
        let Some(key) = self.subject() else {
            self.remark("no card here");
            return Vec::new();
        };
        if !self.portfolio.cards.contains_key(&key) {
            self.remark("this row names a card that is not known");
            return Vec::new();
        }
        // From here on rows stand still, and the cursor stays on its row afterwards.
        match self.screen.focus {
            Pane::Cards => self.panes.cards.list.hold(),
            Pane::Feed => self.panes.feed.hold(),
            Pane::Detail | Pane::Activity | Pane::Providers => {}
        }
        let portfolio = &mut self.portfolio;
        let (dialog, effects) = match asked {
            Asked::Freeze => {
                let frozen =
                    portfolio.cards.get(&key).is_some_and(|card| card.state == CardState::Frozen);
                Dialog::for_deed(
                    if frozen { ActionKind::Unfreeze } else { ActionKind::Freeze },
                    &key,
                    portfolio,
                )
            }
            Asked::ActionKind(action_kind) => Dialog::for_deed(action_kind, &key, portfolio),
            Asked::Cover => Dialog::cover(&key, portfolio),
            Asked::Actions => Dialog::actions(&key, portfolio),
        };
        self.dialogs.push(dialog);
        effects
    }

    pub(super) fn check(&mut self) -> Vec<Effect> {
        let selected =
            self.panes.activity.list.selected().and_then(|id| self.portfolio.operation(*id));
        let (words, job) = match selected {
            None => ("no operation here".to_owned(), None),
            Some(row) if !row.is_open() => {
                (format!("op {} is settled: {}", row.id.short(), row.state.as_str()), None)
            }
            Some(row) => (
                format!("looking for op {} now, by reading only", row.id.short()),
                Some(Job::Look(row.id)),
            ),
        };
        self.remark(&words);
        job.map(Effect::Ask).into_iter().collect()
    }

    pub(super) fn ask_to_settle(&mut self) {
        let selected =
            self.panes.activity.list.selected().and_then(|id| self.portfolio.operation(*id));
        let Some(operation) = selected else {
            self.remark("no operation here");
            return;
        };
        let dialog = if self.portfolio.read_only {
            Err("READ: cardtop was told to refuse every change".to_owned())
        } else {
            Dialog::settle(operation, &self.portfolio)
        };
        match dialog {
            Ok(dialog) => self.dialogs.push(dialog),
            Err(why) => self.remark(&why),
        }
    }

    pub(super) fn watch(&mut self) {
        let Some(key) = self.subject() else { return };
        let digits = self.digits(&key);
        let watched = !self.portfolio.watched.remove(&key);
        if watched {
            self.portfolio.watched.insert(key);
        }
        self.portfolio.revisions.all += 1;
        self.remark(&format!(
            "{digits} is {}",
            if watched { "watched" } else { "not watched any more" }
        ));
    }

    pub(super) fn pause_provider(&mut self) -> Vec<Effect> {
        let Some(provider) = self.panes.providers.list.selected().cloned() else {
            return Vec::new();
        };
        let paused = self
            .portfolio
            .accounts
            .health
            .get(&provider)
            .is_none_or(|health| health.state != HealthState::Paused);
        let until = self.keymap.hint(Command::PauseProvider, "is pressed again");
        let words = if paused {
            format!("{provider} is not read until {until}")
        } else {
            format!("{provider} is read again")
        };
        self.remark(&words);
        vec![Effect::Ask(Job::Pause { provider, paused })]
    }

    pub(super) fn refresh(&mut self) -> Vec<Effect> {
        if self.screen.focus == Pane::Providers {
            let Some(provider) = self.panes.providers.list.selected().cloned() else {
                return Vec::new();
            };
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

    pub(super) fn quit(&mut self) -> Vec<Effect> {
        let in_flight = self
            .portfolio
            .operations
            .iter()
            .any(|row| row.is_open() && row.state != OperationState::Unknown);
        if !in_flight {
            return vec![Effect::Quit];
        }
        self.dialogs.push(Dialog::quit(&self.portfolio));
        Vec::new()
    }
}
