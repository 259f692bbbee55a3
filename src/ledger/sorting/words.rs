//! The plain words of rows: the different ones among them, and their ranks.

use hashbrown::HashMap;

use crate::domain::filter::fold;
use crate::ledger::Ledger;
use crate::ledger::chunk::Chunk;
use crate::ledger::dictionary::SEGMENT;
use crate::ledger::mask::Mask;
use crate::ledger::text_order::TextOrder;
use crate::ledger::texts::Texts;
use crate::ledger::vocabulary::TextColumn;

/// What the plain words of a row are made from, by its codes; `None` for a hold that is gone,
/// which may name the id of another row. The merchant matters only beside a description.
pub(super) fn sentence_codes(chunk: &Chunk, row: usize) -> Option<[u32; 5]> {
    let code = |column| chunk.codes(column).get(row);
    let description = code(TextColumn::Description);
    chunk.is_listed(row).then(|| {
        [
            chunk.what.get(row),
            code(TextColumn::DeclineReason),
            code(TextColumn::ProviderState),
            description,
            if description == 0 { 0 } else { code(TextColumn::Merchant) },
        ]
    })
}

/// A sentence by the codes it is made from, or by the one row that has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Source {
    Codes([u32; 5]),
    Row(u32, u32),
}

impl Source {
    fn of(chunk: &Chunk, (index, row): (usize, usize)) -> Self {
        let number = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        sentence_codes(chunk, row).map_or(Self::Row(number(index), number(row)), Self::Codes)
    }
}

/// The different sentences of rows, numbered as they came.
#[derive(Clone, Debug, Default)]
pub(super) struct Sentences {
    numbers: HashMap<Source, u32, foldhash::fast::FixedState>,
    /// Folded, in pieces of [`SEGMENT`].
    texts: Vec<Texts>,
    order: TextOrder,
}

/// How many rows can be looked at in the time that it takes to look one up, or to make a sentence.
const ROWS_OF_A_LOOK: usize = 8;
const ROWS_OF_A_SENTENCE: usize = 500;

impl Sentences {
    /// Takes in the sentences of some rows of a chunk; tells how many rows could have been looked
    /// at.
    pub(super) fn learn(&mut self, ledger: &Ledger, index: usize, rows: &Mask) -> usize {
        let Some(chunk) = ledger.chunks.get(index) else { return 0 };
        let (mut count, known) = (0, self.numbers.len());
        rows.each_newest_first(|row| {
            count += 1;
            let number = u32::try_from(self.numbers.len()).unwrap_or(u32::MAX);
            let source = Source::of(chunk, (index, row));
            if *self.numbers.entry(source).or_insert(number) == number {
                let made = chunk.row(row, &ledger.vocabulary).map(|row| row.in_plain_words());
                self.push(&fold(&made.unwrap_or_default()));
            }
        });
        count * ROWS_OF_A_LOOK + (self.numbers.len() - known) * ROWS_OF_A_SENTENCE
    }

    fn push(&mut self, folded: &str) {
        if self.texts.last().is_none_or(|piece| piece.len() == SEGMENT) {
            self.texts.push(Texts::default());
        }
        if let Some(last) = self.texts.last_mut() {
            last.push(folded);
        }
    }

    /// Goes on with the ranks of the sentences by their numbers: [`TextOrder::step`].
    pub(super) fn rank(&mut self, most_rows: usize) -> Result<Vec<u32>, usize> {
        let texts = &self.texts;
        let text = |number: u32| {
            let number = number as usize;
            texts.get(number / SEGMENT).map_or("", |piece| piece.get(number % SEGMENT))
        };
        let ranks = self.order.step(self.numbers.len(), &text, most_rows)?;
        self.texts = Vec::new();
        Ok(ranks)
    }

    /// The number of the sentence of a row that was learned.
    pub(super) fn number(&self, chunk: &Chunk, index: usize, row: usize) -> u32 {
        self.numbers.get(&Source::of(chunk, (index, row))).copied().unwrap_or(u32::MAX)
    }
}
