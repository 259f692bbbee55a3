//! The form of a chunk in the column file.

use std::io;

use super::{CHUNK, Chunk};
use crate::ledger::columns::Codes;
use crate::ledger::stored::{Input, Output, Stored};
use crate::ledger::texts::Texts;
use crate::ledger::vocabulary::{TextColumn, Vocabulary, WHATS};

impl Stored for Chunk {
    fn write(&self, to: &mut Output<'_>) -> io::Result<()> {
        self.at.write(to)?;
        self.seen_at.write(to)?;
        self.card.write(to)?;
        self.what.write(to)?;
        self.unit.write(to)?;
        self.digits.write(to)?;
        self.exact.write(to)?;
        for codes in &self.texts {
            codes.write(to)?;
        }
        self.ids.write(to)?;
        self.folded_ids.write(to)?;
        self.tasks.write(to)?;
        self.fees.write(to)?;
        self.operations.write(to)?;
        self.gone.write(to)?;
        self.by_card.write(to)
    }

    fn read(from: &mut Input) -> Option<Self> {
        let mut chunk = Self {
            at: Stored::read(from)?,
            seen_at: Stored::read(from)?,
            card: Stored::read(from)?,
            what: Stored::read(from)?,
            unit: Stored::read(from)?,
            digits: Stored::read(from)?,
            exact: Stored::read(from)?,
            ..Self::default()
        };
        for codes in &mut chunk.texts {
            *codes = Stored::read(from)?;
        }
        let mut chunk = Self {
            ids: Stored::read(from)?,
            folded_ids: Stored::read(from)?,
            tasks: Stored::read(from)?,
            fees: Stored::read(from)?,
            operations: Stored::read(from)?,
            gone: Stored::read(from)?,
            by_card: Stored::read(from)?,
            ..chunk
        };
        if chunk.ids.len() > CHUNK {
            return None;
        }
        chunk.index_ids();
        Some(chunk)
    }
}

impl Chunk {
    /// Whether all columns are of one length, and all codes are in the dictionaries.
    pub(in crate::ledger) fn is_of(&self, vocabulary: &Vocabulary) -> bool {
        let rows = self.len();
        let fits = |codes: &Codes, end: usize| codes.len() == rows && codes.is_below(end);
        let text =
            |column: &TextColumn| fits(self.codes(*column), vocabulary.texts(*column).len() + 1);
        let card = |row: &u16| (self.card.get(usize::from(*row)), *row);
        let lasts = [
            self.exact.last_row(),
            self.tasks.last_row(),
            self.fees.last_row(),
            self.operations.last_row(),
            self.gone.last_row(),
        ];
        fits(&self.card, vocabulary.cards.len())
            && fits(&self.what, WHATS.len())
            && fits(&self.unit, vocabulary.units().len())
            && TextColumn::ALL.iter().all(text)
            && [self.at.len(), self.seen_at.len(), self.digits.len()] == [rows; 3]
            && self.folded_ids.as_ref().map_or(rows, Texts::len) == rows
            && lasts.into_iter().flatten().all(|row| row < rows)
            && self.by_card.len() == rows
            && self.by_card.iter().all(|row| usize::from(*row) < rows)
            && self.by_card.is_sorted_by(|one, other| card(one) < card(other))
    }
}
