//! What the engine is asked for because of what is shown.

use super::layout::{Layout, Pane};
use super::{Effect, Model};
use crate::domain::card::CardKey;
use crate::engine::Job;

impl Model {
    /// What follows from the rows that can be seen now.
    pub(super) fn jobs_of_view(&mut self, layout: &Layout) -> Vec<Effect> {
        let mut effects = Vec::new();
        if layout.area(Pane::Activity).is_some() {
            effects.extend(self.panes.activity.ask_for_steps(&self.portfolio));
        }
        effects.extend(self.watch_job(layout).map(Effect::Ask));
        let first = self.panes.cards.first_to_note(&self.portfolio);
        effects.extend(first.map(|keys| Effect::Ask(Job::NoteFirstCards(keys))));
        effects
    }

    /// Tells the engine which cards to read first, when that has changed.
    fn watch_job(&mut self, layout: &Layout) -> Option<Job> {
        let selected = self.subject().or_else(|| self.panes.detail.card.clone());
        let visible: Vec<CardKey> = match layout.area(Pane::Cards) {
            Some(_) => self.panes.cards.list.window().map(|(key, _)| key).collect(),
            None => Vec::new(),
        };
        let wanted = Some((selected, visible));
        if self.watching == wanted {
            return None;
        }
        self.watching.clone_from(&wanted);
        wanted.map(|(selected, visible)| Job::Watch { selected, visible })
    }
}
