//! What is put on the clipboard: of a row what the key after `y` selects, of a provider its status.

use super::chord::{Chord, Key};
use super::entry::{Entry, Known};
use super::layout::Pane;
use super::{CopyOutcome, CopyRequest, Effect, Model, present};
use crate::contract::json;
use crate::domain::operation::Operation;

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
            Some('j') => self.record(),
            Some(_) | None => None,
        };
        match text {
            Some((what, text)) => self.ask_to_copy(what.to_owned(), text),
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
        let what = present::provider::whose_status(&self.portfolio, info);
        self.ask_to_copy(what, text)
    }

    /// Nothing is copied yet: the outcome says whether it was.
    fn ask_to_copy(&mut self, what: String, text: String) -> Vec<Effect> {
        self.show_notice(&format!("copying: {what}"));
        vec![Effect::Copy(CopyRequest { what, text })]
    }

    /// Says what became of a copy, in the dialog where one is open.
    pub(super) fn say_copied(&mut self, outcome: CopyOutcome) {
        let (text, wrong) = match outcome {
            CopyOutcome::Copied(what) => (format!("copied: {what}"), false),
            CopyOutcome::SentToTerminal(what) => (
                format!("sent to the terminal's clipboard: {what} (some terminals ignore that)"),
                false,
            ),
            CopyOutcome::Failed(why) => (format!("not copied: {why}"), true),
        };
        match &mut self.dialog {
            Some(dialog) => dialog.say(text),
            None if wrong => self.show_error(&text),
            None => self.show_notice(&text),
        }
    }

    /// The selected row's record, by its name and as the command line prints it.
    fn record(&self) -> Option<(&'static str, String)> {
        let operation =
            |operation: &Operation| Some(("operation as JSON", json::object(operation)));
        match self.screen.focus {
            Pane::Cards | Pane::Detail => {
                let card = self.portfolio.cards.get(&self.subject()?)?;
                Some(("card as JSON", json::object(&card)))
            }
            Pane::Feed => match self.panes.feed.list.selected()?.known(&self.portfolio)? {
                Known::Transaction(row) => Some(("transaction as JSON", json::object(&*row))),
                Known::Operation(row) => operation(row),
            },
            Pane::Activity => {
                operation(self.portfolio.operation(*self.panes.activity.list.selected()?)?)
            }
            Pane::Providers => None,
        }
    }

    /// The id of the selected row.
    fn id(&self) -> Option<String> {
        match self.screen.focus {
            Pane::Cards | Pane::Detail => self.subject().map(|key| key.to_string()),
            Pane::Feed => match self.panes.feed.list.selected()? {
                Entry::Transaction(key) => Some(key.id.to_string()),
                Entry::Operation(id) => Some(id.to_string()),
            },
            Pane::Activity => self.panes.activity.list.selected().map(|id| id.to_string()),
            Pane::Providers => None,
        }
    }
}
