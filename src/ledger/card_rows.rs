//! The rows of one card, found by the index that each chunk has of its cards.

use std::sync::Arc;

use hashbrown::HashMap;
use jiff::Timestamp;

use super::Ledger;
use super::chunk::Chunk;
use super::vocabulary::{TextColumn, what_of};
use crate::domain::card::CardKey;
use crate::domain::money::Money;
use crate::domain::transaction::{TransactionKind, TransactionState, is_decline};

/// The rows of one card in a snapshot of the ledger, and which of them are of what kind.
///
/// It is kept with the ledger: [`renew`](Self::renew) looks again at the chunks that have changed,
/// so that one row more costs no walk through all rows of the card.
#[derive(Clone, Debug, Default)]
pub struct CardRows {
    ledger: Ledger,
    card: Option<CardKey>,
    /// The chunks that have rows of the card, the newest first.
    parts: Vec<Part>,
    /// How many rows there are of each selection.
    counts: [usize; CardSelection::ALL.len()],
}

/// Which rows of a card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CardSelection {
    /// Every row.
    All,
    /// Holds.
    Holds,
    /// What is DECLINED, whatever it was.
    Declined,
    /// Declines of what would have been paid: see [`is_decline`].
    Declines,
    /// Top-ups.
    TopUps,
}

/// The rows of the card in one chunk.
#[derive(Clone, Debug)]
struct Part {
    /// Index of the chunk in the ledger.
    at: usize,
    chunk: Arc<Chunk>,
    rows: Arc<Selections>,
    /// How many rows of each selection the newer parts have.
    before: [usize; CardSelection::ALL.len()],
}

/// Rows of a chunk by selection, each the newest first.
type Selections = [Vec<u16>; CardSelection::ALL.len()];

/// What can be read of a row without making it.
#[derive(Clone, Copy, Debug)]
pub struct Outline {
    /// Where it is, in the snapshot of the rows.
    pub position: usize,
    /// When it happened.
    pub at: Timestamp,
    /// What it is.
    pub kind: TransactionKind,
    /// How far it got.
    pub state: TransactionState,
    /// A number that rows of the same merchant have alike; `None` where it names none.
    pub merchant: Option<u32>,
    /// The amount, with its sign.
    pub amount: Option<Money>,
}

impl CardSelection {
    const ALL: [Self; 5] = [Self::All, Self::Holds, Self::Declined, Self::Declines, Self::TopUps];

    /// Whether it has rows of a kind and state.
    #[must_use]
    pub fn has(self, kind: TransactionKind, state: TransactionState) -> bool {
        match self {
            Self::All => true,
            Self::Holds => state == TransactionState::Hold,
            Self::Declined => state == TransactionState::Declined,
            Self::Declines => is_decline(kind, state),
            Self::TopUps => kind == TransactionKind::TopUp,
        }
    }

    /// This selection's own of an array with one for each.
    fn of<T>(self, each: &[T; Self::ALL.len()]) -> &T {
        let [all, holds, declined, declines, top_ups] = each;
        match self {
            Self::All => all,
            Self::Holds => holds,
            Self::Declined => declined,
            Self::Declines => declines,
            Self::TopUps => top_ups,
        }
    }
}

impl CardRows {
    /// The rows of a card as they are in this ledger. Returns how many rows were looked at.
    pub fn renew(&mut self, ledger: &Ledger, card: &CardKey) -> usize {
        let is_same = self.card.as_ref() == Some(card);
        let old = std::mem::take(&mut self.parts).into_iter().filter(|_| is_same);
        let known: HashMap<*const Chunk, Part> =
            old.map(|part| (Arc::as_ptr(&part.chunk), part)).collect();
        let codes = ledger.vocabulary.cards.of(card);
        let mut visited = 0;
        self.counts = Default::default();
        for (at, chunk) in ledger.chunks.iter().enumerate().rev() {
            let rows = match known.get(&Arc::as_ptr(chunk)) {
                Some(part) => Arc::clone(&part.rows),
                None => {
                    let rows = selections(chunk, &codes);
                    visited += CardSelection::All.of(&rows).len();
                    if CardSelection::All.of(&rows).is_empty() {
                        continue;
                    }
                    Arc::new(rows)
                }
            };
            let before = self.counts;
            let lengths = self.counts.iter_mut().zip(rows.iter());
            lengths.for_each(|(count, rows)| *count += rows.len());
            self.parts.push(Part { at, chunk: Arc::clone(chunk), rows, before });
        }
        self.ledger = ledger.clone();
        self.card = Some(card.clone());
        visited
    }

    /// Whose rows they are.
    #[must_use]
    pub const fn card(&self) -> Option<&CardKey> {
        self.card.as_ref()
    }

    /// The snapshot that positions are in.
    #[must_use]
    pub const fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// How many rows there are of a selection.
    #[must_use]
    pub fn len(&self, of: CardSelection) -> usize {
        *of.of(&self.counts)
    }

    /// The position of the row at an index of a selection, the newest first.
    #[must_use]
    pub fn nth(&self, of: CardSelection, index: usize) -> Option<usize> {
        let part = self.parts.partition_point(|part| *of.of(&part.before) <= index);
        let part = self.parts.get(part.checked_sub(1)?)?;
        let row = of.of(&part.rows).get(index - of.of(&part.before))?;
        self.ledger.position_of((part.at, usize::from(*row)))
    }

    /// The positions of a selection, the newest first.
    pub fn positions(&self, of: CardSelection) -> impl Iterator<Item = usize> {
        (0..self.len(of)).filter_map(move |index| self.nth(of, index))
    }

    /// The index in a selection of a row of the card.
    #[must_use]
    pub fn index_of(&self, of: CardSelection, position: usize) -> Option<usize> {
        self.place(of, position).ok()
    }

    /// How many rows of a selection are newer than the row at a position.
    #[must_use]
    pub fn newer_than(&self, of: CardSelection, position: usize) -> usize {
        self.place(of, position).unwrap_or_else(|index| index)
    }

    /// How many rows of a selection happened after a time.
    #[must_use]
    pub fn after(&self, of: CardSelection, at: Timestamp) -> usize {
        let (mut from, mut until) = (0, self.len(of));
        while from < until {
            let middle = usize::midpoint(from, until);
            let row = self.nth(of, middle).and_then(|position| self.ledger.at(position));
            if row.is_some_and(|row| row > at) {
                from = middle + 1;
            } else {
                until = middle;
            }
        }
        from
    }

    /// The outlines of all rows, the newest first.
    pub fn outlines(&self) -> impl Iterator<Item = Outline> {
        let vocabulary = &self.ledger.vocabulary;
        self.parts.iter().flat_map(move |part| {
            let chunk = &part.chunk;
            let rows = CardSelection::All.of(&part.rows).iter().map(|row| usize::from(*row));
            rows.filter_map(move |row| {
                let (kind, state) = what_of(chunk.what.get(row));
                let merchant = chunk.codes(TextColumn::Merchant).get(row);
                Some(Outline {
                    position: self.ledger.position_of((part.at, row))?,
                    at: chunk.at.get(row),
                    kind,
                    state,
                    merchant: vocabulary
                        .texts(TextColumn::Merchant)
                        .get(merchant)
                        .map(|_| merchant),
                    amount: chunk.amount(row, vocabulary),
                })
            })
        })
    }

    /// The positions of the rows that are newer than another one, name the same merchant and are of
    /// the same amount, whichever sign, the newest first; of no merchant there are none. Only those
    /// whose kind and state pass a test. A card may have very many rows: of those that are of
    /// another merchant nothing but its code is looked at, and none is made.
    pub fn newer_alike(
        &self,
        position: usize,
        test: impl Fn(TransactionKind, TransactionState) -> bool + Copy,
    ) -> impl Iterator<Item = usize> {
        let merchant = self.ledger.merchant_code(position);
        let amount = self.ledger.amount(position);
        let newer = merchant.map_or(0, |_| self.newer_than(CardSelection::All, position));
        let of_part = move |part: &Part| newer.saturating_sub(*CardSelection::All.of(&part.before));
        self.parts.iter().take_while(move |part| of_part(part) > 0).flat_map(move |part| {
            let chunk = &part.chunk;
            let merchants = chunk.codes(TextColumn::Merchant);
            let passes = move |row: &usize| {
                let (kind, state) = what_of(chunk.what.get(*row));
                test(kind, state)
                    && chunk.amount(*row, &self.ledger.vocabulary).map(Money::abs)
                        == amount.map(Money::abs)
            };
            let rows = CardSelection::All.of(&part.rows).iter().map(|row| usize::from(*row));
            rows.take(of_part(part))
                .filter(move |row| Some(merchants.get(*row)) == merchant)
                .filter(passes)
                .filter_map(move |row| self.ledger.position_of((part.at, row)))
        })
    }

    /// Where the row at a position is in a selection, or would be.
    fn place(&self, of: CardSelection, position: usize) -> Result<usize, usize> {
        let (mut from, mut until) = (0, self.len(of));
        while from < until {
            let middle = usize::midpoint(from, until);
            let Some(known) = self.nth(of, middle) else { break };
            match known.cmp(&position) {
                std::cmp::Ordering::Less => from = middle + 1,
                std::cmp::Ordering::Equal => return Ok(middle),
                std::cmp::Ordering::Greater => until = middle,
            }
        }
        Err(from)
    }
}

/// The rows of a card in one chunk, by its codes there.
fn selections(chunk: &Chunk, codes: &[u32]) -> Selections {
    let rows = codes.iter().flat_map(|code| chunk.of_card(*code));
    let mut all: Vec<u16> = rows.filter_map(|row| u16::try_from(row).ok()).collect();
    all.sort_unstable_by(|a, b| b.cmp(a));
    CardSelection::ALL.map(|selection| {
        let has = |row: &&u16| {
            let (kind, state) = what_of(chunk.what.get(usize::from(**row)));
            selection.has(kind, state)
        };
        all.iter().filter(has).copied().collect()
    })
}

impl Ledger {
    /// The positions of the rows of one card, the newest first. Looks into the index of a chunk
    /// when its rows are asked for, and at no other row.
    pub fn of_card(&self, card: &CardKey) -> impl Iterator<Item = usize> + use<'_> {
        let codes = self.vocabulary.cards.of(card);
        self.chunks.iter().enumerate().rev().flat_map(move |(index, chunk)| {
            let rows = codes.iter().flat_map(|code| chunk.of_card(*code));
            let mut of_chunk: Vec<usize> =
                rows.filter_map(|row| self.position_of((index, row))).collect();
            of_chunk.sort_unstable();
            of_chunk
        })
    }

    /// Those of [`Self::of_card`] whose kind and state pass a test. No row is made for it.
    pub fn of_card_with(
        &self,
        card: &CardKey,
        test: impl Fn(TransactionKind, TransactionState) -> bool,
    ) -> impl Iterator<Item = usize> {
        self.of_card(card)
            .filter(move |at| self.what(*at).is_some_and(|(kind, state)| test(kind, state)))
    }

    /// Whether the row at a position is of a selection.
    #[must_use]
    pub fn is_of(&self, position: usize, selection: CardSelection) -> bool {
        self.what(position).is_some_and(|(kind, state)| selection.has(kind, state))
    }

    fn what(&self, position: usize) -> Option<(TransactionKind, TransactionState)> {
        let (chunk, row) = self.place(position)?;
        Some(what_of(self.chunks.get(chunk)?.what.get(row)))
    }

    fn amount(&self, position: usize) -> Option<Money> {
        let (chunk, row) = self.place(position)?;
        self.chunks.get(chunk)?.amount(row, &self.vocabulary)
    }

    /// The code of the merchant of a row; `None` where it names none.
    fn merchant_code(&self, position: usize) -> Option<u32> {
        let (chunk, row) = self.place(position)?;
        let code = self.chunks.get(chunk)?.codes(TextColumn::Merchant).get(row);
        self.vocabulary.texts(TextColumn::Merchant).get(code).map(|_| code)
    }
}
