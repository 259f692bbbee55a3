//! The names of the holders of the cards, as filters compare them: asked once for each card.

use std::sync::Arc;

use super::cards::{CardSegment, Cards};
use super::texts::Texts;
use crate::domain::card::CardKey;
use crate::domain::filter::fold;

/// How many rows can be looked at in the time that it takes to ask for a name.
const ROWS_OF_A_NAME: usize = 64;

/// What is known of the holders.
#[derive(Clone, Debug, Default)]
pub(super) struct Holders {
    revision: Option<u64>,
    /// One for each segment of the cards.
    segments: Vec<(Arc<CardSegment>, Arc<Texts>)>,
}

impl Holders {
    /// The names of one segment of the cards.
    pub(super) fn of_segment(&self, index: usize) -> Option<&Texts> {
        self.segments.get(index).map(|(_, names)| &**names)
    }

    /// The names that are known.
    pub(super) fn names(&self) -> Vec<Arc<Texts>> {
        self.segments.iter().map(|(_, names)| Arc::clone(names)).collect()
    }

    /// Asks for names that are not known, segment by segment, until this many rows could have been
    /// looked at. Tells how many that were, or `None` when nothing was left to ask.
    pub(super) fn learn(
        &mut self,
        cards: &Cards,
        revision: u64,
        holder: &dyn Fn(&CardKey) -> Option<Arc<str>>,
        most_rows: usize,
    ) -> Option<usize> {
        if self.revision != Some(revision) {
            *self = Self { revision: Some(revision), segments: Vec::new() };
        }
        let is_known = |(known, segment): &(&(Arc<CardSegment>, Arc<Texts>), &Arc<CardSegment>)| {
            Arc::ptr_eq(&known.0, segment)
        };
        let known = self.segments.iter().zip(cards.segments()).take_while(is_known).count();
        self.segments.truncate(known);
        let mut visited = 0;
        for segment in cards.segments().iter().skip(known) {
            if visited >= most_rows.max(1) {
                return Some(visited);
            }
            let mut names = Texts::default();
            for entry in segment.entries() {
                let name = entry.key().and_then(|key| holder(&key)).unwrap_or_default();
                names.push(&fold(&name));
            }
            visited += names.len() * ROWS_OF_A_NAME;
            self.segments.push((Arc::clone(segment), Arc::new(names)));
        }
        None
    }
}
