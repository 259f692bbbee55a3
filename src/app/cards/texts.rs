//! What free words are searched in and names are compared by, of every card, folded once.
//!
//! All texts stand in one string, one after the other: a search goes through memory in order, and
//! no text has an allocation of its own.

use crate::contract::filter::searched_text;
use crate::domain::card::CardRecord;

/// The texts of all cards.
#[derive(Clone, Debug, Default)]
pub(super) struct Texts {
    all: String,
    /// Bytes of texts that cards do not have any more.
    unused: usize,
}

/// Where the text of a card is.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Text {
    start: u32,
    /// Where its first part ends, which is the name of the cardholder.
    name_end: u32,
    end: u32,
}

impl Texts {
    /// Takes in what is searched of a card.
    pub(super) fn add(&mut self, card: &CardRecord) -> Text {
        let (text, name) = searched_text(&card.card());
        self.push(&text, name)
    }

    /// Takes in what is searched of a card instead of its old text.
    pub(super) fn replace(&mut self, old: Text, card: &CardRecord) -> Text {
        self.unused += self.searched(old).len();
        self.add(card)
    }

    fn push(&mut self, text: &str, name: usize) -> Text {
        // Beyond 4 GiB a card would be found by its fields only; a million cards take 0.1.
        let at = |bytes: usize| u32::try_from(bytes).unwrap_or(u32::MAX);
        let start = self.all.len();
        self.all.push_str(text);
        Text { start: at(start), name_end: at(start + name), end: at(self.all.len()) }
    }

    /// What free words are searched in: see [`searched_text`].
    pub(super) fn searched(&self, text: Text) -> &str {
        self.part(text.start, text.end)
    }

    /// The name of the cardholder, empty where it is not known.
    pub(super) fn name(&self, text: Text) -> &str {
        self.part(text.start, text.name_end)
    }

    fn part(&self, from: u32, to: u32) -> &str {
        let at = |bytes: u32| usize::try_from(bytes).unwrap_or(usize::MAX);
        self.all.get(at(from)..at(to)).unwrap_or_default()
    }

    /// Whether so much is not used any more that the rest should be copied together.
    pub(super) fn is_sparse(&self) -> bool {
        self.unused > self.all.len() / 2
    }

    /// Takes over a text of others.
    pub(super) fn copy(&mut self, others: &Self, text: Text) -> Text {
        self.push(others.searched(text), others.name(text).len())
    }

    /// Lets go of the room for more texts.
    pub(super) fn shrink(&mut self) {
        self.all.shrink_to_fit();
    }

    /// Makes room for texts of so many bytes.
    pub(super) fn reserve(&mut self, bytes: usize) {
        self.all.reserve_exact(bytes);
    }

    /// Bytes of all texts that are used.
    pub(super) fn used(&self) -> usize {
        self.all.len() - self.unused
    }
}
