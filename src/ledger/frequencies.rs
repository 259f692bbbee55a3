//! How often each value of a column occurs in the rows that were found, and the sums of its rows.
//!
//! What is counted in a chunk is kept with what was found in it, so that after a new row its chunk
//! alone is counted again. Nothing is counted until it is asked for.

use std::cmp::Reverse;
use std::sync::{Arc, OnceLock};

use hashbrown::HashMap;
use rust_decimal::Decimal;

use super::Found;
use super::chunk::Chunk;
use super::columns::Codes;
use super::mask::Mask;
use super::totals::{Side, Sums, Total};
use super::vocabulary::{TextColumn, Vocabulary, WHATS, what_of};
use crate::domain::card::{CardKey, ProviderId};
use crate::domain::money::Currency;
use crate::domain::transaction::{TransactionKind, TransactionState};

/// A column whose values are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FrequencyOf {
    /// Where it happened, as it was written.
    Merchant,
    /// The state.
    State,
    /// The kind.
    Kind,
    /// Country of the merchant.
    Country,
    /// Merchant category code.
    Mcc,
    /// The provider's code for a decline.
    DeclineReason,
    /// The currency of the amount.
    Currency,
    /// The provider account.
    Provider,
    /// The card.
    Card,
}

/// A value that rows have in a column.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum FrequencyValue {
    /// A merchant, a country, a category or the code of a decline.
    Text(Arc<str>),
    /// A state.
    State(TransactionState),
    /// A kind.
    Kind(TransactionKind),
    /// A currency.
    Currency(Currency),
    /// A provider account.
    Provider(ProviderId),
    /// A card.
    Card(CardKey),
}

/// The most frequent values of a column.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Frequencies {
    /// The values with the most rows, the most frequent first. Of values with as many rows, the one
    /// that the ledger has known for longer comes first.
    pub values: Vec<Frequency>,
    /// How many other values there are.
    pub others: usize,
    /// Rows that have one of those.
    pub rows_of_others: usize,
    /// Rows without a value.
    pub without: usize,
}

/// A value, and the rows that have it.
#[derive(Clone, Debug, PartialEq)]
pub struct Frequency {
    /// The value.
    pub value: FrequencyValue,
    /// How many rows have it.
    pub rows: usize,
    /// Their sums, one for each currency.
    pub totals: Vec<Total>,
}

/// The column of codes by which rows are counted: several kinds of values are told by one.
#[derive(Clone, Copy, Debug)]
enum Column {
    Text(TextColumn),
    What,
    Unit,
    Card,
}

impl Column {
    /// What all codes of the column are less than.
    fn codes(self, vocabulary: &Vocabulary) -> usize {
        match self {
            Self::Text(column) => vocabulary.texts(column).len() + 1,
            Self::What => WHATS.len(),
            Self::Unit => vocabulary.units().len(),
            Self::Card => vocabulary.cards.len(),
        }
    }
}

impl FrequencyOf {
    const fn column(self) -> Column {
        match self {
            Self::Merchant => Column::Text(TextColumn::Merchant),
            Self::Country => Column::Text(TextColumn::Country),
            Self::Mcc => Column::Text(TextColumn::Mcc),
            Self::DeclineReason => Column::Text(TextColumn::DeclineReason),
            Self::State | Self::Kind => Column::What,
            Self::Currency => Column::Unit,
            Self::Provider | Self::Card => Column::Card,
        }
    }

    /// The value of a code; `None` where rows of that code have none.
    fn value(self, code: u32, vocabulary: &Vocabulary) -> Option<FrequencyValue> {
        let text = |column| vocabulary.texts(column).get(code).map(Arc::from);
        Some(match self {
            Self::Merchant => FrequencyValue::Text(text(TextColumn::Merchant)?),
            Self::Country => FrequencyValue::Text(text(TextColumn::Country)?),
            Self::Mcc => FrequencyValue::Text(text(TextColumn::Mcc)?),
            Self::DeclineReason => FrequencyValue::Text(text(TextColumn::DeclineReason)?),
            Self::State => FrequencyValue::State(what_of(code).1),
            Self::Kind => FrequencyValue::Kind(what_of(code).0),
            Self::Currency => FrequencyValue::Currency(vocabulary.unit(code)?.0),
            Self::Provider => {
                FrequencyValue::Provider(vocabulary.cards.get(code)?.provider.clone())
            }
            Self::Card => FrequencyValue::Card(vocabulary.cards.get(code)?.key()?),
        })
    }
}

/// What was counted in the rows of a chunk, by the columns that were asked for.
#[derive(Debug, Default)]
pub(super) struct Tallies {
    merchant: OnceLock<Tally>,
    country: OnceLock<Tally>,
    mcc: OnceLock<Tally>,
    decline_reason: OnceLock<Tally>,
    what: OnceLock<Tally>,
    unit: OnceLock<Tally>,
    card: OnceLock<Tally>,
}

impl Tallies {
    const fn of(&self, by: FrequencyOf) -> &OnceLock<Tally> {
        match by {
            FrequencyOf::Merchant => &self.merchant,
            FrequencyOf::Country => &self.country,
            FrequencyOf::Mcc => &self.mcc,
            FrequencyOf::DeclineReason => &self.decline_reason,
            FrequencyOf::State | FrequencyOf::Kind => &self.what,
            FrequencyOf::Currency => &self.unit,
            FrequencyOf::Provider | FrequencyOf::Card => &self.card,
        }
    }
}

/// The rows of a chunk by one column.
#[derive(Debug, Default)]
struct Tally {
    entries: Vec<Entry>,
    /// Amounts beyond 64 bits, by the code of the column; their rows are counted in entries.
    large: Vec<(u32, Amount)>,
}

/// The code of the unit, where the amount counts, and the amount.
type Amount = (u32, Side, Decimal);

/// Rows of one code whose amounts are of one unit and count in one place.
#[derive(Clone, Copy, Debug)]
struct Entry {
    sum: u64,
    code: u32,
    unit: u32,
    rows: u16,
    side: Side,
}

/// Where the entries of a code are among those of the chunk that is being counted: a place for each
/// code of the column, so that no row is looked for in a table.
struct Places {
    /// By code, the newest entry.
    newest: Vec<u16>,
    /// By entry, the one before it of the same code.
    before: Vec<u16>,
}

/// No entry: a chunk has fewer rows.
const NO_ENTRY: u16 = u16::MAX;

impl Places {
    fn new(codes: usize) -> Self {
        Self { newest: vec![NO_ENTRY; codes], before: Vec::new() }
    }

    /// The newest entry of this code that is wanted.
    fn find(&self, code: u32, is_wanted: impl Fn(usize) -> bool) -> Option<usize> {
        let mut at = self.newest.get(code as usize).copied()?;
        while at != NO_ENTRY {
            let entry = usize::from(at);
            if is_wanted(entry) {
                return Some(entry);
            }
            at = self.before.get(entry).copied().unwrap_or(NO_ENTRY);
        }
        None
    }

    /// Notes that the next entry is of this code.
    fn add(&mut self, code: u32) {
        let next = u16::try_from(self.before.len()).unwrap_or(NO_ENTRY);
        let newest = self.newest.get_mut(code as usize);
        self.before.push(newest.map_or(NO_ENTRY, |newest| std::mem::replace(newest, next)));
    }

    /// Makes ready for another chunk.
    fn clear(&mut self, entries: &[Entry]) {
        self.before.clear();
        for entry in entries {
            if let Some(newest) = self.newest.get_mut(entry.code as usize) {
                *newest = NO_ENTRY;
            }
        }
    }
}

impl Tally {
    fn of(chunk: &Chunk, rows: &Mask, column: Column, places: &mut Places) -> Self {
        let codes: &Codes = match column {
            Column::Text(column) => chunk.codes(column),
            Column::What => &chunk.what,
            Column::Unit => &chunk.unit,
            Column::Card => &chunk.card,
        };
        let mut tally = Self::default();
        rows.each(|row| {
            let digits = chunk.digits.get(row);
            let (code, unit) = (codes.get(row), chunk.unit.get(row));
            let side = Side::of(chunk.what.get(row), digits < 0);
            let size = digits.unsigned_abs();
            // Where a sum would become too large for one entry, another one goes on.
            let goes_on = |at: usize| {
                let entry =
                    tally.entries.get(at).filter(|known| (known.unit, known.side) == (unit, side));
                entry.is_some_and(|known| known.sum.checked_add(size).is_some())
            };
            if let Some(at) = places.find(code, goes_on)
                && let Some(entry) = tally.entries.get_mut(at)
            {
                entry.sum += size;
                entry.rows += 1;
            } else {
                places.add(code);
                tally.entries.push(Entry { sum: size, code, unit, rows: 1, side });
            }
        });
        places.clear(&tally.entries);
        for (row, amount) in chunk.exact.iter().filter(|(row, _)| rows.has(*row)) {
            let is_negative = amount.is_sign_negative() && !amount.is_zero();
            let side = Side::of(chunk.what.get(row), is_negative);
            tally.large.push((codes.get(row), (chunk.unit.get(row), side, *amount)));
        }
        tally.entries.shrink_to_fit();
        tally
    }
}

/// How many rows can be looked at in the time that it takes to count one.
const ROWS_OF_A_COUNT: usize = 10;

impl Found {
    /// Counts rows by their values, as long as about this many rows could have been looked at, so
    /// that [`Self::frequencies`] has less to do. Tells whether all are counted.
    pub fn count(&self, by: FrequencyOf, most_rows: usize) -> bool {
        let (mut visited, mut places) = (0, None);
        let codes = by.column().codes(&self.ledger.vocabulary);
        for (part, chunk) in self.parts.iter().zip(self.ledger.chunks.iter().rev()) {
            let tally = part.tallies.of(by);
            if tally.get().is_some() {
                continue;
            }
            if visited >= most_rows.max(1) {
                return false;
            }
            let places = places.get_or_insert_with(|| Places::new(codes));
            tally.get_or_init(|| Tally::of(chunk, &part.rows, by.column(), places));
            visited += part.rows.count() * ROWS_OF_A_COUNT;
        }
        true
    }

    /// The most frequent values of a column among the rows that were found so far, and their sums.
    #[must_use]
    pub fn frequencies(&self, by: FrequencyOf, most: usize) -> Frequencies {
        self.count(by, usize::MAX);
        let vocabulary = &self.ledger.vocabulary;
        let tallies = || self.parts.iter().filter_map(|part| part.tallies.of(by).get());
        let mut groups = Groups::new(by, vocabulary);
        for entry in tallies().flat_map(|tally| &tally.entries) {
            groups.add(entry.code, usize::from(entry.rows));
        }
        let Groups { group_of, groups, without, .. } = groups;
        let mut order: Vec<usize> = (0..groups.len()).collect();
        let rank = |group: &usize| (Reverse(groups[*group].1), groups[*group].0);
        let all = order.len();
        if most < all {
            order.select_nth_unstable_by_key(most, rank);
            order.truncate(most);
        }
        order.sort_unstable_by_key(rank);
        let mut places: HashMap<usize, usize, foldhash::fast::FixedState> = HashMap::default();
        places.extend(order.iter().enumerate().map(|(place, group)| (*group, place)));
        let mut place_of = vec![usize::MAX; group_of.len()];
        for (place, group) in place_of.iter_mut().zip(&group_of) {
            *place = places.get(group).copied().unwrap_or(usize::MAX);
        }
        let mut sums = vec![Sums::default(); order.len()];
        let mut sums_of = |code: u32, add: &mut dyn FnMut(&mut Sums)| {
            let place = place_of.get(code as usize).copied().unwrap_or(usize::MAX);
            sums.get_mut(place).into_iter().for_each(add);
        };
        for tally in tallies() {
            for entry in &tally.entries {
                sums_of(entry.code, &mut |sums| {
                    sums.add_rows(entry.unit, entry.side, usize::from(entry.rows), entry.sum);
                });
            }
            for (code, (unit, side, amount)) in &tally.large {
                sums_of(*code, &mut |sums| sums.add_large(*unit, *side, *amount));
            }
        }
        let values = order.iter().zip(sums).filter_map(|(group, sums)| {
            let (code, rows) = groups[*group];
            let value = by.value(code, vocabulary)?;
            Some(Frequency { value, rows, totals: sums.totals(vocabulary) })
        });
        let values: Vec<Frequency> = values.collect();
        let shown: usize = values.iter().map(|value| value.rows).sum();
        let rows_of_others = groups.iter().map(|(_, rows)| rows).sum::<usize>() - shown;
        Frequencies { others: all - values.len(), values, rows_of_others, without }
    }
}

/// Codes of one value, together.
struct Groups<'a> {
    by: FrequencyOf,
    vocabulary: &'a Vocabulary,
    /// By code: [`NEW`], [`NONE`], or the group.
    group_of: Vec<usize>,
    /// The first code of each, and its rows.
    groups: Vec<(u32, usize)>,
    /// Groups of values that several codes have.
    known: HashMap<FrequencyValue, usize, foldhash::fast::FixedState>,
    without: usize,
}

/// A code that was not met yet, and one that is no value.
const NEW: usize = usize::MAX;
const NONE: usize = usize::MAX - 1;

impl<'a> Groups<'a> {
    fn new(by: FrequencyOf, vocabulary: &'a Vocabulary) -> Self {
        let (group_of, groups, known) = (Vec::new(), Vec::new(), HashMap::default());
        Self { by, vocabulary, group_of, groups, known, without: 0 }
    }

    fn add(&mut self, code: u32, rows: usize) {
        let at = code as usize;
        if at >= self.group_of.len() {
            self.group_of.resize(at + 1, NEW);
        }
        if self.group_of[at] == NEW {
            self.group_of[at] = self.group(code);
        }
        match self.groups.get_mut(self.group_of[at]) {
            Some((first, count)) => (*first, *count) = (code.min(*first), *count + rows),
            None => self.without += rows,
        }
    }

    fn group(&mut self, code: u32) -> usize {
        let next = self.groups.len();
        let group = match self.by.column() {
            // Each text has a code of its own, from 1.
            Column::Text(_) if code == 0 => return NONE,
            Column::Text(_) => next,
            Column::What | Column::Unit | Column::Card => {
                let Some(value) = self.by.value(code, self.vocabulary) else { return NONE };
                *self.known.entry(value).or_insert(next)
            }
        };
        if group == next {
            self.groups.push((code, 0));
        }
        group
    }
}
