//! A stretch of rows as columns, the oldest first.

mod card_filter;
mod form;
mod merge;
mod spread;

use std::cmp::Ordering;
use std::sync::Arc;

use hashbrown::HashTable;
use jiff::Timestamp;
use rust_decimal::Decimal;

use super::columns::{Codes, Numbers, Sparse};
use super::dictionary::hash;
use super::key::RowKey;
use super::texts::Texts;
use super::times::{Times, parts};
use super::vocabulary::{TextColumn, Vocabulary, what_code, what_of};
use crate::domain::filter::fold;
use crate::domain::money::Money;
use crate::domain::operation::OperationId;
use crate::domain::transaction::{Listed, Transaction};
use card_filter::CardFilter;
use spread::first_not_below;

/// Most rows of a chunk: as many as the index by id takes without growing beyond 16,384 places.
pub(super) const CHUNK: usize = 14_336;

/// Rows by time, id, provider and card, the oldest first.
///
/// More than twelve fields: one for each column.
#[derive(Clone, Debug, Default)]
pub(super) struct Chunk {
    pub(super) at: Times,
    pub(super) seen_at: Times,
    pub(super) card: Codes,
    /// Kind and state in one.
    pub(super) what: Codes,
    /// Currency and decimals of the amount in one.
    pub(super) unit: Codes,
    /// The digits of the amount, without their point.
    pub(super) digits: Numbers,
    /// Amounts that 64 bits do not hold; their digits are 0.
    pub(super) exact: Sparse<Decimal>,
    /// By [`TextColumn`].
    pub(super) texts: [Codes; TextColumn::ALL.len()],
    pub(super) ids: Texts,
    /// The ids as filters compare them, where that is not as they are.
    pub(super) folded_ids: Option<Texts>,
    pub(super) tasks: Sparse<Arc<str>>,
    pub(super) fees: Sparse<Money>,
    pub(super) operations: Sparse<OperationId>,
    gone: Sparse<Listed>,
    by_id: HashTable<u16>,
    /// The rows by the code of their card, those of one card the oldest first.
    by_card: Vec<u16>,
    /// The cards of its rows, and some of rows that it had.
    cards: CardFilter,
}

impl Chunk {
    /// Puts a row behind all others, without the index by card: as a part of a chunk on its way,
    /// which [`Self::finished`] makes one of.
    pub(super) fn push(&mut self, row: &Transaction, vocabulary: &mut Vocabulary) {
        self.insert_columns(self.len(), row, vocabulary);
    }

    /// Rows that are sorted, the oldest first.
    pub(super) fn of(rows: &[Transaction], vocabulary: &mut Vocabulary) -> Self {
        let mut chunk = Self::default();
        for (index, row) in rows.iter().enumerate() {
            chunk.insert_columns(index, row, vocabulary);
        }
        chunk.index_cards();
        chunk.shrink();
        chunk
    }

    /// Makes the index by card, of all rows at once.
    fn index_cards(&mut self) {
        let mut by_card: Vec<u16> = (0..self.len()).filter_map(|row| row.try_into().ok()).collect();
        by_card.sort_by_cached_key(|row| (self.card.get(usize::from(*row)), *row));
        self.by_card = by_card;
        self.filter_cards();
    }

    pub(super) const fn len(&self) -> usize {
        self.ids.len()
    }

    /// The row as it was applied.
    pub(super) fn row(&self, row: usize, vocabulary: &Vocabulary) -> Option<Transaction> {
        if row >= self.len() {
            return None;
        }
        let card = vocabulary.cards.get(self.card.get(row))?;
        let (kind, state) = what_of(self.what.get(row));
        let text = |column| self.text(row, column, vocabulary).map(Into::into);
        Some(Transaction {
            provider: card.provider.clone(),
            id: self.ids.get(row).into(),
            task: self.tasks.get(row).cloned(),
            card_id: card.id.clone(),
            last4: card.last4,
            kind,
            state,
            provider_state: text(TextColumn::ProviderState).unwrap_or_default(),
            amount: self.amount(row, vocabulary)?,
            fee: self.fees.get(row).copied(),
            merchant: text(TextColumn::Merchant),
            mcc: text(TextColumn::Mcc),
            country: text(TextColumn::Country),
            decline_reason: text(TextColumn::DeclineReason),
            description: text(TextColumn::Description),
            at: self.at.get(row),
            seen_at: self.seen_at.get(row),
            operation: self.operations.get(row).copied(),
            listed: self.gone.get(row).cloned().unwrap_or_default(),
        })
    }

    pub(super) fn text<'a>(
        &self,
        row: usize,
        column: TextColumn,
        vocabulary: &'a Vocabulary,
    ) -> Option<&'a str> {
        vocabulary.texts(column).get(self.codes(column).get(row))
    }

    pub(super) fn codes(&self, column: TextColumn) -> &Codes {
        let [merchant, description, state, mcc, country, reason] = &self.texts;
        match column {
            TextColumn::Merchant => merchant,
            TextColumn::Description => description,
            TextColumn::ProviderState => state,
            TextColumn::Mcc => mcc,
            TextColumn::Country => country,
            TextColumn::DeclineReason => reason,
        }
    }

    pub(super) fn amount(&self, row: usize, vocabulary: &Vocabulary) -> Option<Money> {
        let (currency, scale) = vocabulary.unit(self.unit.get(row))?;
        let amount = match self.exact.get(row) {
            Some(exact) => *exact,
            None => Decimal::try_new(self.digits.get(row), scale).ok()?,
        };
        Some(Money::new(amount, currency))
    }

    /// Whether the provider still lists a row.
    pub(super) fn is_listed(&self, row: usize) -> bool {
        self.gone.get(row).is_none()
    }

    pub(super) fn key(&self, row: usize, vocabulary: &Vocabulary) -> Option<RowKey> {
        if row >= self.len() {
            return None;
        }
        let card = vocabulary.cards.get(self.card.get(row))?;
        Some(RowKey {
            at: self.at.get(row),
            id: self.ids.get(row).into(),
            provider: card.provider.clone(),
            card: card.id.clone(),
        })
    }

    /// How a row's place compares with another's.
    fn compare(&self, row: usize, key: &RowKey, vocabulary: &Vocabulary) -> Ordering {
        let card = || {
            vocabulary.cards.get(self.card.get(row)).map_or(Ordering::Less, |card| {
                (&card.provider, &card.id).cmp(&(&key.provider, &key.card))
            })
        };
        self.at
            .compare(row, parts(key.at))
            .then_with(|| self.ids.get(row).cmp(&*key.id))
            .then_with(card)
    }

    /// How a row's place compares with that of a row of another chunk.
    pub(super) fn compare_rows(
        &self,
        row: usize,
        (other, other_row): (&Self, usize),
        vocabulary: &Vocabulary,
    ) -> Ordering {
        let card = |chunk: &Self, row: usize| {
            let card = vocabulary.cards.get(chunk.card.get(row));
            card.map(|card| (&card.provider, &card.id))
        };
        self.at
            .compare(row, other.at.parts(other_row))
            .then_with(|| self.ids.get(row).cmp(other.ids.get(other_row)))
            .then_with(|| card(self, row).cmp(&card(other, other_row)))
    }

    /// Whether its first row is behind a key.
    pub(super) fn begins_after(&self, key: &RowKey, vocabulary: &Vocabulary) -> bool {
        self.compare(0, key, vocabulary) == Ordering::Greater
    }

    /// Where the row of this key is, or would be.
    pub(super) fn search(&self, key: &RowKey, vocabulary: &Vocabulary) -> Result<usize, usize> {
        let (mut from, mut to) = (0, self.len());
        while from < to {
            let middle = usize::midpoint(from, to);
            match self.compare(middle, key, vocabulary) {
                Ordering::Less => from = middle + 1,
                Ordering::Equal => return Ok(middle),
                Ordering::Greater => to = middle,
            }
        }
        Err(from)
    }

    /// How many rows happened before this time.
    pub(super) fn before(&self, at: Timestamp) -> usize {
        self.first_rows(at, Ordering::is_lt)
    }

    /// How many rows happened then or before.
    pub(super) fn until(&self, at: Timestamp) -> usize {
        self.first_rows(at, Ordering::is_le)
    }

    fn first_rows(&self, at: Timestamp, belongs: fn(Ordering) -> bool) -> usize {
        let with = parts(at);
        let (mut from, mut to) = (0, self.len());
        while from < to {
            let middle = usize::midpoint(from, to);
            if belongs(self.at.compare(middle, with)) {
                from = middle + 1;
            } else {
                to = middle;
            }
        }
        from
    }

    /// The rows of an id, whatever their provider.
    pub(super) fn with_id(&self, hash: u64, id: &str) -> impl Iterator<Item = usize> {
        let rows = self.by_id.iter_hash(hash).map(|row| usize::from(*row));
        rows.filter(move |row| self.ids.get(*row) == id)
    }

    /// The rows of one card, the oldest first.
    pub(super) fn of_card(&self, card: u32) -> impl DoubleEndedIterator<Item = usize> {
        let code = |row: &u16| self.card.get(usize::from(*row));
        let rows = if self.cards.may_have(card) { self.by_card.as_slice() } else { &[] };
        let number = |index: usize| rows.get(index).map_or(u32::MAX, code);
        let from = first_not_below(rows.len(), card, number);
        let rest = rows.get(from..).unwrap_or_default();
        // A card has few rows of a chunk, or they are all looked at.
        let count = rest.iter().take_while(|row| code(row) == card).count();
        rest.get(..count).unwrap_or_default().iter().map(|row| usize::from(*row))
    }

    /// Puts a row before the one of this number.
    pub(super) fn insert(&mut self, row: usize, new: &Transaction, vocabulary: &mut Vocabulary) {
        if row < self.len() {
            self.by_id.iter_mut().for_each(|known| *known += u16::from(usize::from(*known) >= row));
            self.by_card
                .iter_mut()
                .for_each(|known| *known += u16::from(usize::from(*known) >= row));
        }
        self.insert_columns(row, new, vocabulary);
        self.add_to_cards(row);
    }

    /// Everything but the index by card, which [`Self::of`] makes at once.
    fn insert_columns(&mut self, row: usize, new: &Transaction, vocabulary: &mut Vocabulary) {
        let (digits, exact) = digits_of(new.amount);
        self.at.insert(row, new.at);
        self.seen_at.insert(row, new.seen_at);
        self.card.insert(row, vocabulary.card(new));
        self.what.insert(row, what_code(new.kind, new.state));
        self.unit.insert(row, vocabulary.unit_code(new.amount));
        self.digits.insert(row, digits);
        self.exact.insert(row, exact);
        for column in TextColumn::ALL {
            let code = vocabulary.text_code(column, new);
            self.codes_mut(column).insert(row, code);
        }
        self.insert_id(row, &new.id);
        self.tasks.insert(row, new.task.clone());
        self.fees.insert(row, new.fee);
        self.operations.insert(row, new.operation);
        self.gone.insert(row, gone(&new.listed));
    }

    fn insert_id(&mut self, row: usize, id: &str) {
        let folded = fold(id);
        if folded != id && self.folded_ids.is_none() {
            self.folded_ids = Some(self.ids.clone());
        }
        self.insert_id_as(row, id, &folded);
    }

    /// Puts in an id, and how filters compare it.
    fn insert_id_as(&mut self, row: usize, id: &str, folded: &str) {
        if let Some(ids) = &mut self.folded_ids {
            ids.insert(row, folded);
        }
        self.ids.insert(row, id);
        let ids = &self.ids;
        let number = u16::try_from(row).unwrap_or_default();
        self.by_id.insert_unique(hash(id), number, |row| hash(ids.get(usize::from(*row))));
    }

    fn codes_mut(&mut self, column: TextColumn) -> &mut Codes {
        let [merchant, description, state, mcc, country, reason] = &mut self.texts;
        match column {
            TextColumn::Merchant => merchant,
            TextColumn::Description => description,
            TextColumn::ProviderState => state,
            TextColumn::Mcc => mcc,
            TextColumn::Country => country,
            TextColumn::DeclineReason => reason,
        }
    }

    /// Puts a row in the place of one with the same key.
    pub(super) fn replace(&mut self, row: usize, new: &Transaction, vocabulary: &mut Vocabulary) {
        let (digits, exact) = digits_of(new.amount);
        let card = vocabulary.card(new);
        if self.card.get(row) != card {
            self.remove_from_cards(row);
            self.card.set(row, card);
            self.add_to_cards(row);
        }
        self.seen_at.set(row, new.seen_at);
        self.what.set(row, what_code(new.kind, new.state));
        self.unit.set(row, vocabulary.unit_code(new.amount));
        self.digits.set(row, digits);
        self.exact.set(row, exact);
        for column in TextColumn::ALL {
            let code = vocabulary.text_code(column, new);
            self.codes_mut(column).set(row, code);
        }
        self.tasks.set(row, new.task.clone());
        self.fees.set(row, new.fee);
        self.operations.set(row, new.operation);
        self.gone.set(row, gone(&new.listed));
    }

    pub(super) fn remove(&mut self, row: usize) {
        self.remove_from_cards(row);
        let hash = hash(self.ids.get(row));
        if let Ok(entry) = self.by_id.find_entry(hash, |known| usize::from(*known) == row) {
            entry.remove();
        }
        self.by_id.iter_mut().for_each(|known| *known -= u16::from(usize::from(*known) > row));
        self.by_card.iter_mut().for_each(|known| *known -= u16::from(usize::from(*known) > row));
        self.at.remove(row);
        self.seen_at.remove(row);
        for codes in [&mut self.card, &mut self.what, &mut self.unit] {
            codes.remove(row);
        }
        self.digits.remove(row);
        self.exact.remove(row);
        self.texts.iter_mut().for_each(|codes| codes.remove(row));
        self.ids.remove(row);
        if let Some(ids) = &mut self.folded_ids {
            ids.remove(row);
        }
        self.tasks.remove(row);
        self.fees.remove(row);
        self.operations.remove(row);
        self.gone.remove(row);
    }

    fn add_to_cards(&mut self, row: usize) {
        let place = self.place_by_card(row);
        self.by_card.insert(place, u16::try_from(row).unwrap_or_default());
        if self.cards.has_room_for(self.by_card.len()) {
            self.cards.add(self.card.get(row));
        } else {
            self.filter_cards();
        }
    }

    /// Makes the filter of its cards anew. The file does not have it.
    pub(super) fn filter_cards(&mut self) {
        self.cards = CardFilter::of((0..self.card.len()).map(|row| self.card.get(row)));
    }

    fn remove_from_cards(&mut self, row: usize) {
        let place = self.place_by_card(row);
        self.by_card.remove(place);
    }

    fn place_by_card(&self, row: usize) -> usize {
        let wanted = (self.card.get(row), row);
        self.by_card.partition_point(|known| {
            let known = usize::from(*known);
            (self.card.get(known), known) < wanted
        })
    }

    fn shrink(&mut self) {
        self.at.shrink();
        self.seen_at.shrink();
        for codes in [&mut self.card, &mut self.what, &mut self.unit] {
            codes.shrink();
        }
        self.digits.shrink();
        self.texts.iter_mut().for_each(Codes::shrink);
        self.ids.shrink();
        if let Some(ids) = &mut self.folded_ids {
            ids.shrink();
        }
    }

    pub(super) fn bytes(&self) -> usize {
        let codes = [&self.card, &self.what, &self.unit].into_iter().chain(&self.texts);
        let text = |text: &Arc<str>| text.len() + 16;
        size_of::<Self>()
            + self.at.bytes()
            + self.seen_at.bytes()
            + codes.map(Codes::bytes).sum::<usize>()
            + self.digits.bytes()
            + self.exact.bytes()
            + self.ids.bytes()
            + self.folded_ids.as_ref().map_or(0, Texts::bytes)
            + self.tasks.bytes()
            + self.tasks.iter().map(|(_, task)| text(task)).sum::<usize>()
            + self.fees.bytes()
            + self.operations.bytes()
            + self.gone.bytes()
            + self.by_id.allocation_size()
            + self.by_card.capacity() * 2
            + self.cards.bytes()
    }
}

/// The digits of an amount where 64 bits hold them, else the amount itself.
fn digits_of(amount: Money) -> (i64, Option<Decimal>) {
    let amount = amount.amount();
    match i64::try_from(amount.mantissa()) {
        // Minus zero has no digits that say so.
        Ok(digits) if digits != 0 || amount.is_sign_positive() => (digits, None),
        Ok(_) | Err(_) => (0, Some(amount)),
    }
}

fn gone(listed: &Listed) -> Option<Listed> {
    match listed {
        Listed::Still => None,
        Listed::GoneSince { .. } => Some(listed.clone()),
    }
}
