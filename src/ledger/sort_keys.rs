//! Numbers by which rows are sorted: in the order of what a column shows, or alike where only the
//! texts can tell.

use std::cmp::Ordering;
use std::sync::Arc;

use hashbrown::HashMap;
use rust_decimal::Decimal;

use super::Ledger;
use super::cards::CardEntry;
use super::chunk::Chunk;
use super::dictionary::SEGMENT;
use super::mask::Mask;
use super::order::{Order, OrderBy};
use super::texts::Texts;
use super::vocabulary::{TextColumn, WHATS};
use crate::domain::card::ProviderId;
use crate::domain::filter::fold;
use crate::domain::money::Money;
use crate::domain::transaction::what;

/// The folded names of the holders, by the segments of the cards.
pub(super) type Names = Vec<Arc<Texts>>;

/// Most texts that are all sorted before the first row is shown.
const FEW: usize = 8_192;

/// The greatest key; that of a row without a value is beyond it.
const GREATEST: u64 = u64::MAX >> 1;
pub(super) const NO_VALUE: u64 = u64::MAX;

/// The keys of one column.
#[derive(Clone, Debug)]
pub(super) struct Keys {
    column: Column,
    descending: bool,
    names: Names,
}

/// Keys by the code that rows share, or what they are made from.
#[derive(Clone, Debug)]
enum Column {
    /// By the code of the card: provider, last four digits.
    Card(Vec<u64>),
    /// By the code of the card.
    Holder(Vec<u64>),
    What(Vec<u64>),
    Currency(Vec<u64>),
    /// By the code of the merchant, and whether the keys are exact.
    Merchant(Vec<u64>, bool),
    /// By the code of the unit: what digits are multiplied with, and divided by, to be hundredths.
    Amount(Vec<(i64, i64)>),
    Words,
}

impl Keys {
    /// `None` for the time.
    pub(super) fn new(order: Order, ledger: &Ledger, names: Names) -> Option<Self> {
        let vocabulary = &ledger.vocabulary;
        let entries = || vocabulary.cards.segments().iter().flat_map(|of| of.entries());
        let column = match order.by {
            OrderBy::Time => return None,
            OrderBy::Provider => Column::Card(by_provider(entries())),
            OrderBy::Card => {
                let digits = |entry: &CardEntry| entry.last4?.to_string().parse().ok();
                Column::Card(entries().map(|entry| digits(entry).unwrap_or(NO_VALUE)).collect())
            }
            OrderBy::Holder => Column::Holder(names.iter().flat_map(|of| beginnings(of)).collect()),
            OrderBy::What => {
                let words: Vec<String> =
                    WHATS.iter().map(|(kind, state)| fold(what(*kind, *state))).collect();
                Column::What(ranks(&words))
            }
            OrderBy::Currency => {
                let codes = vocabulary.units().iter().map(|(currency, _)| fold(currency.code()));
                Column::Currency(ranks(&codes.collect::<Vec<String>>()))
            }
            OrderBy::Merchant => {
                let dictionary = vocabulary.texts(TextColumn::Merchant);
                let folded = dictionary.segments().iter().map(|segment| segment.folded());
                let is_exact = dictionary.len() <= FEW;
                let keys: Vec<u64> = if is_exact {
                    let texts = folded.flat_map(|of| (0..of.len()).map(|index| of.get(index)));
                    ranks(&texts.collect::<Vec<&str>>())
                } else {
                    folded.flat_map(beginnings).collect()
                };
                Column::Merchant(std::iter::once(NO_VALUE).chain(keys).collect(), is_exact)
            }
            OrderBy::Amount => {
                let steps = vocabulary.units().iter().map(|(_, scale)| match scale {
                    0..=2 => (10_i64.pow(2 - scale), 1),
                    // What 64 bits hold is less than a hundredth then.
                    scale => (1, 10_i64.checked_pow(scale - 2).unwrap_or(i64::MAX)),
                });
                Column::Amount(steps.collect())
            }
            OrderBy::Words => Column::Words,
        };
        Some(Self { column, descending: order.descending, names })
    }

    /// Whether rows with the same key show the same.
    pub(super) const fn is_exact(&self) -> bool {
        match self.column {
            Column::Card(_) | Column::What(_) | Column::Currency(_) => true,
            Column::Merchant(_, is_exact) => is_exact,
            Column::Holder(_) | Column::Amount(_) | Column::Words => false,
        }
    }

    /// The key of one row.
    pub(super) fn key(&self, ledger: &Ledger, chunk: usize, row: usize) -> u64 {
        ledger.chunks.get(chunk).map_or(NO_VALUE, |of| self.directed(self.of_row(ledger, of, row)))
    }

    /// Visits the key and the position of each of some rows of a chunk.
    pub(super) fn each(
        &self,
        ledger: &Ledger,
        index: usize,
        rows: &Mask,
        mut visit: impl FnMut(u64, u32),
    ) {
        let Some(chunk) = ledger.chunks.get(index) else { return };
        let Some(last) = ledger.position_of((index, 0)).and_then(|last| u32::try_from(last).ok())
        else {
            return;
        };
        let mut tell = |row: usize, key: Option<u64>| {
            let newer = u32::try_from(row).unwrap_or_default();
            visit(self.directed(key.unwrap_or(NO_VALUE)), last - newer);
        };
        match &self.column {
            Column::Card(keys) | Column::Holder(keys) => {
                rows.each(|row| tell(row, of_code(keys, chunk.card.get(row))));
            }
            Column::What(keys) => rows.each(|row| tell(row, of_code(keys, chunk.what.get(row)))),
            Column::Currency(keys) => {
                rows.each(|row| tell(row, of_code(keys, chunk.unit.get(row))));
            }
            Column::Merchant(keys, _) => {
                let codes = chunk.codes(TextColumn::Merchant);
                rows.each(|row| tell(row, of_code(keys, codes.get(row))));
            }
            Column::Amount(steps) => {
                rows.each(|row| tell(row, of_amount(chunk, row, steps).map(of_number)));
            }
            Column::Words => {
                let mut known = HashMap::with_hasher(foldhash::fast::FixedState::default());
                rows.each(|row| {
                    let made = || self.of_row(ledger, chunk, row);
                    let key = match sentence_of(chunk, row) {
                        Some(codes) => *known.entry(codes).or_insert_with(made),
                        None => made(),
                    };
                    tell(row, Some(key));
                });
            }
        }
    }

    const fn directed(&self, key: u64) -> u64 {
        if key == NO_VALUE || !self.descending { key } else { GREATEST - key }
    }

    fn of_row(&self, ledger: &Ledger, chunk: &Chunk, row: usize) -> u64 {
        let key = match &self.column {
            Column::Card(keys) | Column::Holder(keys) => of_code(keys, chunk.card.get(row)),
            Column::What(keys) => of_code(keys, chunk.what.get(row)),
            Column::Currency(keys) => of_code(keys, chunk.unit.get(row)),
            Column::Merchant(keys, _) => of_code(keys, chunk.codes(TextColumn::Merchant).get(row)),
            Column::Amount(steps) => of_amount(chunk, row, steps).map(of_number),
            Column::Words => {
                let row = chunk.row(row, &ledger.vocabulary);
                row.map(|row| beginning(&fold(&row.in_plain_words())))
            }
        };
        key.unwrap_or(NO_VALUE)
    }

    /// How two rows with the same key compare.
    pub(super) fn compare_alike(&self, ledger: &Ledger, one: usize, other: usize) -> Ordering {
        if self.is_exact() {
            return Ordering::Equal;
        }
        let order = match &self.column {
            Column::Amount(_) => self.amount(ledger, one).cmp(&self.amount(ledger, other)),
            Column::Holder(_) => self.name(ledger, one).cmp(&self.name(ledger, other)),
            Column::Merchant(..) => merchant(ledger, one).cmp(&merchant(ledger, other)),
            Column::Words => words(ledger, one).cmp(&words(ledger, other)),
            Column::Card(_) | Column::What(_) | Column::Currency(_) => Ordering::Equal,
        };
        if self.descending { order.reverse() } else { order }
    }

    fn amount(&self, ledger: &Ledger, position: usize) -> Option<Decimal> {
        let (chunk, row) = ledger.place(position)?;
        ledger.chunks.get(chunk)?.amount(row, &ledger.vocabulary).map(Money::amount)
    }

    fn name(&self, ledger: &Ledger, position: usize) -> Option<&str> {
        let (chunk, row) = ledger.place(position)?;
        let code = ledger.chunks.get(chunk)?.card.get(row) as usize;
        Some(self.names.get(code / SEGMENT)?.get(code % SEGMENT))
    }
}

fn merchant(ledger: &Ledger, position: usize) -> Option<&str> {
    let (chunk, row) = ledger.place(position)?;
    let code = ledger.chunks.get(chunk)?.codes(TextColumn::Merchant).get(row);
    ledger.vocabulary.texts(TextColumn::Merchant).folded(code)
}

fn words(ledger: &Ledger, position: usize) -> Option<String> {
    let (chunk, row) = ledger.place(position)?;
    let row = ledger.chunks.get(chunk)?.row(row, &ledger.vocabulary)?;
    Some(fold(&row.in_plain_words()))
}

fn of_code(keys: &[u64], code: u32) -> Option<u64> {
    keys.get(code as usize).copied()
}

/// An amount in hundredths, rounded down; the nearest that 64 bits hold where they do not.
fn of_amount(chunk: &Chunk, row: usize, steps: &[(i64, i64)]) -> Option<i64> {
    if let Some(exact) = chunk.exact.get(row).filter(|exact| !exact.is_zero()) {
        let nearest = if exact.is_sign_negative() { i64::MIN } else { i64::MAX };
        let hundredths = exact.checked_mul(Decimal::ONE_HUNDRED);
        let whole = hundredths.and_then(|number| i64::try_from(number.floor().mantissa()).ok());
        return Some(whole.unwrap_or(nearest));
    }
    let (times, by) = steps.get(chunk.unit.get(row) as usize)?;
    let digits = chunk.digits.get(row).saturating_mul(*times);
    Some(if *by == 1 { digits } else { digits.div_euclid(*by) })
}

/// What the plain words of a row are made from; `None` for a hold that is gone, which may name the
/// id of another row.
fn sentence_of(chunk: &Chunk, row: usize) -> Option<[u32; 5]> {
    let code = |column| chunk.codes(column).get(row);
    chunk.is_listed(row).then(|| {
        [
            chunk.what.get(row),
            code(TextColumn::DeclineReason),
            code(TextColumn::ProviderState),
            code(TextColumn::Description),
            code(TextColumn::Merchant),
        ]
    })
}

/// The key of a text: its first bytes.
fn beginning(folded: &str) -> u64 {
    if folded.is_empty() {
        return NO_VALUE;
    }
    let mut bytes = [0; 8];
    bytes.iter_mut().zip(folded.bytes()).for_each(|(to, from)| *to = from);
    u64::from_be_bytes(bytes) >> 1
}

fn beginnings(folded: &Texts) -> impl Iterator<Item = u64> {
    (0..folded.len()).map(|index| beginning(folded.get(index)))
}

/// The place of each text among all.
fn ranks<T: AsRef<str>>(texts: &[T]) -> Vec<u64> {
    let mut sorted: Vec<&str> = texts.iter().map(AsRef::as_ref).collect();
    sorted.sort_unstable();
    sorted.dedup();
    let rank = |text: &str| sorted.binary_search(&text).ok().filter(|_| !text.is_empty());
    let key = |text: &T| rank(text.as_ref()).and_then(|rank| u64::try_from(rank).ok());
    texts.iter().map(|text| key(text).unwrap_or(NO_VALUE)).collect()
}

fn by_provider<'a>(entries: impl Iterator<Item = &'a CardEntry>) -> Vec<u64> {
    let mut providers: Vec<&ProviderId> = Vec::new();
    let indexes = entries.map(|entry| {
        providers.iter().position(|known| *known == &entry.provider).unwrap_or_else(|| {
            providers.push(&entry.provider);
            providers.len() - 1
        })
    });
    let indexes: Vec<usize> = indexes.collect();
    let names: Vec<String> = providers.iter().map(|provider| fold(provider.name())).collect();
    let ranks = ranks(&names);
    indexes.iter().map(|index| ranks.get(*index).copied().unwrap_or(NO_VALUE)).collect()
}

/// A number as a key: zero is in the middle.
fn of_number(number: i64) -> u64 {
    const MIDDLE: i64 = 1 << 61;
    u64::try_from(number.clamp(-MIDDLE, MIDDLE) + MIDDLE).unwrap_or_default()
}
