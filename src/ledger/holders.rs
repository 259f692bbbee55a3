//! The names of the holders of the cards, as filters compare them: asked once for each card.

use std::sync::Arc;

use super::cards::{CardSegment, Cards};
use super::dictionary::SEGMENT;
use super::text_order::TextOrder;
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
    order: TextOrder,
    /// The ranks of the names by the code of the card, once they were asked for.
    ranks: Option<Arc<Vec<u32>>>,
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
            *self = Self { revision: Some(revision), ..Self::default() };
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
            (self.order, self.ranks) = (TextOrder::default(), None);
        }
        None
    }

    /// The ranks of the names that are known, by the code of the card; or how many rows could have
    /// been looked at while they are worked out still.
    pub(super) fn ranks(&mut self, most_rows: usize) -> Result<Arc<Vec<u32>>, usize> {
        if let Some(ranks) = &self.ranks {
            return Ok(Arc::clone(ranks));
        }
        let segments = &self.segments;
        let name = |card: u32| {
            let card = card as usize;
            segments.get(card / SEGMENT).map_or("", |(_, names)| names.get(card % SEGMENT))
        };
        let cards = segments.iter().map(|(_, names)| names.len()).sum();
        let ranks = Arc::new(self.order.step(cards, &name, most_rows)?);
        self.ranks = Some(Arc::clone(&ranks));
        Ok(ranks)
    }
}
