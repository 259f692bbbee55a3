//! What is put on the clipboard: of a row what the key after `y` selects, of a provider its status.

use super::chord::{Chord, Key};
use super::layout::Pane;
use super::{Effect, Model, feed, present};
use crate::contract::json;

impl Model {
    /// The key after `y`.
    pub(super) fn copy(&mut self, chord: Chord) -> Vec<Effect> {
        if chord == Chord::plain(Key::Esc) {
            return Vec::new();
        }
        let card = self.subject().and_then(|key| self.portfolio.cards.get(&key));
        let text = match chord.typed() {
            Some('i') => self.id().map(|id| ("id", id)),
            Some('l') => card
                .and_then(|card| card.last4)
                .map(|last4| ("last four digits", last4.to_string())),
            Some('r') => present::row_text(self).map(|row| ("row", row)),
            Some('j') => card.map(|card| ("card as JSON", json::object(card))),
            Some(_) | None => None,
        };
        match text {
            Some((what, text)) => {
                self.show_notice(&format!("copied: {what}"));
                vec![Effect::Copy(text)]
            }
            None => {
                self.show_notice("nothing copied");
                Vec::new()
            }
        }
    }

    /// A provider has one thing to copy.
    pub(super) fn copy_status(&mut self) -> Vec<Effect> {
        let Some(info) =
            self.panes.providers.list.selected().and_then(|id| self.portfolio.provider(id))
        else {
            return Vec::new();
        };
        let text = present::provider::status(&self.portfolio, info);
        let words = format!("copied: {}", present::provider::whose_status(&self.portfolio, info));
        self.show_notice(&words);
        vec![Effect::Copy(text)]
    }

    /// The id of the selected row.
    fn id(&self) -> Option<String> {
        match self.screen.focus {
            Pane::Cards | Pane::Detail => self.subject().map(|key| key.to_string()),
            Pane::Feed => match self.panes.feed.list.selected()? {
                feed::Entry::Transaction { id, .. } => Some(id.to_string()),
                feed::Entry::Operation(id) => Some(id.to_string()),
            },
            Pane::Activity => self.panes.activity.list.selected().map(|id| id.to_string()),
            Pane::Providers => None,
        }
    }
}
