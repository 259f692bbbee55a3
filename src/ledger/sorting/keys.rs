//! Numbers by which rows are sorted: they compare as what a column shows.

use rust_decimal::Decimal;

use super::words::Sentences;
use crate::domain::card::ProviderId;
use crate::domain::filter::fold;
use crate::domain::transaction::what;
use crate::ledger::Ledger;
use crate::ledger::cards::CardEntry;
use crate::ledger::chunk::Chunk;
use crate::ledger::mask::Mask;
use crate::ledger::order::{Order, OrderBy};
use crate::ledger::text_order::NO_RANK;
use crate::ledger::vocabulary::{TextColumn, WHATS};

/// The keys of one column: the first row has the least, rows without a value have the greatest.
#[derive(Clone, Debug)]
pub(super) enum Keys {
    Card(Ranks),
    What(Ranks),
    Unit(Ranks),
    Merchant(Ranks),
    Amount(Amounts),
    Words(Box<Sentences>, Ranks),
}

/// Keys by a code that rows share.
#[derive(Clone, Debug)]
pub(super) struct Ranks {
    by_code: Vec<u32>,
    /// The key of rows without a value: the greatest.
    none: u32,
}

impl Ranks {
    /// From ranks that are less than `end`, or [`NO_RANK`].
    fn new(mut ranks: Vec<u32>, end: u32, descending: bool) -> Self {
        for rank in &mut ranks {
            *rank = match *rank {
                NO_RANK => end,
                rank if descending => end - 1 - rank,
                rank => rank,
            };
        }
        Self { by_code: ranks, none: end }
    }

    /// From ranks of which the greatest is not known.
    fn of(ranks: Vec<u32>, descending: bool) -> Self {
        let known = ranks.iter().copied().filter(|rank| *rank != NO_RANK);
        let end = known.max().map_or(0, |greatest| greatest + 1);
        Self::new(ranks, end, descending)
    }

    fn key(&self, code: u32) -> u64 {
        u64::from(self.by_code.get(code as usize).copied().unwrap_or(self.none))
    }
}

impl Keys {
    /// `None` for the orders whose ranks are worked out first, and for the time.
    pub(super) fn new(order: Order, ledger: &Ledger) -> Option<Self> {
        let (vocabulary, descending) = (&ledger.vocabulary, order.descending);
        let entries = || vocabulary.cards.segments().iter().flat_map(|of| of.entries());
        Some(match order.by {
            OrderBy::Time | OrderBy::Holder | OrderBy::Words => return None,
            OrderBy::Provider => Self::Card(Ranks::of(by_provider(entries()), descending)),
            OrderBy::Card => {
                let digits = |entry: &CardEntry| entry.last4?.to_string().parse().ok();
                let ranks = entries().map(|entry| digits(entry).unwrap_or(NO_RANK));
                Self::Card(Ranks::of(ranks.collect(), descending))
            }
            OrderBy::What => {
                let words = WHATS.iter().map(|(kind, state)| fold(what(*kind, *state)));
                Self::What(Ranks::of(ranks(&words.collect::<Vec<String>>()), descending))
            }
            OrderBy::Currency => {
                let codes = vocabulary.units().iter().map(|(currency, _)| fold(currency.code()));
                Self::Unit(Ranks::of(ranks(&codes.collect::<Vec<String>>()), descending))
            }
            OrderBy::Merchant => {
                let (ranks, end) = vocabulary.merchant_ranks();
                Self::Merchant(Ranks::new(ranks, end, descending))
            }
            OrderBy::Amount => Self::Amount(Amounts::new(ledger, descending)),
        })
    }

    /// By the names of holders, ranked by the code of the card.
    pub(super) fn by_holder(ranks: &[u32], order: Order) -> Self {
        Self::Card(Ranks::of(ranks.to_vec(), order.descending))
    }

    /// By sentences, which were ranked by their number.
    pub(super) fn by_words(sentences: Box<Sentences>, ranks: Vec<u32>, order: Order) -> Self {
        Self::Words(sentences, Ranks::of(ranks, order.descending))
    }

    /// Bits that differ between keys, at most.
    pub(super) const fn bits(&self) -> u32 {
        match self {
            Self::Card(ranks)
            | Self::What(ranks)
            | Self::Unit(ranks)
            | Self::Merchant(ranks)
            | Self::Words(_, ranks) => u32::BITS - ranks.none.leading_zeros(),
            Self::Amount(_) => u64::BITS,
        }
    }

    /// Whether rows with this key certainly show the same.
    pub(super) fn is_exact(&self, key: u64) -> bool {
        match self {
            Self::Card(_) | Self::What(_) | Self::Unit(_) | Self::Merchant(_) | Self::Words(..) => {
                true
            }
            Self::Amount(amounts) => amounts.is_exact(key),
        }
    }

    /// Visits the key of each of some rows of a chunk, the newest first.
    pub(super) fn each(
        &self,
        ledger: &Ledger,
        index: usize,
        rows: &Mask,
        mut visit: impl FnMut(u64, usize),
    ) {
        let Some(chunk) = ledger.chunks.get(index) else { return };
        match self {
            Self::Card(ranks) => {
                rows.each_newest_first(|row| visit(ranks.key(chunk.card.get(row)), row));
            }
            Self::What(ranks) => {
                rows.each_newest_first(|row| visit(ranks.key(chunk.what.get(row)), row));
            }
            Self::Unit(ranks) => {
                rows.each_newest_first(|row| visit(ranks.key(chunk.unit.get(row)), row));
            }
            Self::Merchant(ranks) => {
                let codes = chunk.codes(TextColumn::Merchant);
                rows.each_newest_first(|row| visit(ranks.key(codes.get(row)), row));
            }
            Self::Amount(amounts) => {
                rows.each_newest_first(|row| visit(amounts.key(chunk, row), row));
            }
            Self::Words(sentences, ranks) => rows.each_newest_first(|row| {
                visit(ranks.key(sentences.number(chunk, index, row)), row);
            }),
        }
    }
}

/// Keys of amounts: the currency in the upper bits, from A to Z in either direction, the amount
/// around the middle of the lower ones.
#[derive(Clone, Debug)]
pub(super) struct Amounts {
    /// By the code of the unit.
    units: Vec<UnitKeys>,
    /// Whether a currency has amounts with more decimals than keys tell, by its place.
    rounded: Vec<bool>,
    /// Bits of the amount.
    bits: u32,
    descending: bool,
}

#[derive(Clone, Copy, Debug)]
struct UnitKeys {
    /// How many currencies come before.
    place: u64,
    /// What digits are multiplied with, and divided by, to have the decimals of the key.
    times: i64,
    by: i64,
    /// Decimals of the key.
    decimals: u32,
}

/// Most decimals that keys tell.
const MOST_DECIMALS: u32 = 6;

impl Amounts {
    fn new(ledger: &Ledger, descending: bool) -> Self {
        let units = ledger.vocabulary.units();
        let mut codes: Vec<&str> = units.iter().map(|(currency, _)| currency.code()).collect();
        codes.sort_unstable();
        codes.dedup();
        let mut decimals = vec![0; codes.len()];
        let place = |code: &str| codes.partition_point(|known| *known < code);
        for (currency, scale) in units {
            let most = &mut decimals[place(currency.code())];
            *most = scale.max(most).to_owned();
        }
        let keys = units.iter().map(|(currency, scale)| {
            let place = place(currency.code());
            let most = decimals[place].min(MOST_DECIMALS);
            let power = |exponent: u32| 10_i64.checked_pow(exponent).unwrap_or(i64::MAX);
            UnitKeys {
                place: place as u64,
                times: power(most.saturating_sub(*scale)),
                by: power(scale.saturating_sub(most)),
                decimals: most,
            }
        });
        let rounded = decimals.iter().map(|decimals| *decimals > MOST_DECIMALS).collect();
        // One bit more than is needed for the places, so that no key has all bits.
        let bits = (codes.len() as u64).leading_zeros() - 1;
        Self { units: keys.collect(), rounded, bits, descending }
    }

    /// The greatest distance of an amount from zero that keys tell.
    const fn limit(&self) -> i64 {
        (1 << (self.bits - 1)) - 1
    }

    fn key(&self, chunk: &Chunk, row: usize) -> u64 {
        let Some(unit) = self.units.get(chunk.unit.get(row) as usize) else { return u64::MAX };
        let amount = match chunk.exact.get(row).filter(|exact| !exact.is_zero()) {
            Some(exact) => unit.of_exact(*exact),
            None => {
                let digits = chunk.digits.get(row).saturating_mul(unit.times);
                if unit.by == 1 { digits } else { digits.div_euclid(unit.by) }
            }
        };
        let limit = self.limit();
        let amount = amount.clamp(-limit, limit);
        let directed = if self.descending { limit - amount } else { limit + amount };
        unit.place << self.bits | directed.unsigned_abs()
    }

    fn is_exact(&self, key: u64) -> bool {
        let place = usize::try_from(key >> self.bits).unwrap_or(usize::MAX);
        let amount = key & ((1 << self.bits) - 1);
        let is_rounded = self.rounded.get(place).copied().unwrap_or(false);
        !is_rounded && amount != 0 && amount != 2 * self.limit().unsigned_abs()
    }
}

impl UnitKeys {
    /// An amount that 64 bits of digits do not hold, rounded down.
    fn of_exact(&self, amount: Decimal) -> i64 {
        let furthest = if amount.is_sign_negative() { i64::MIN } else { i64::MAX };
        let times = Decimal::from(10_i64.pow(self.decimals));
        let whole = amount.checked_mul(times).map(|number| number.floor().mantissa());
        whole.and_then(|whole| i64::try_from(whole).ok()).unwrap_or(furthest)
    }
}

/// The place of each text among all.
fn ranks(texts: &[String]) -> Vec<u32> {
    let mut sorted: Vec<&String> = texts.iter().collect();
    sorted.sort_unstable();
    sorted.dedup();
    let rank = |text: &String| sorted.binary_search(&text).ok().filter(|_| !text.is_empty());
    let key = |text: &String| rank(text).and_then(|rank| u32::try_from(rank).ok());
    texts.iter().map(|text| key(text).unwrap_or(NO_RANK)).collect()
}

fn by_provider<'a>(entries: impl Iterator<Item = &'a CardEntry>) -> Vec<u32> {
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
    indexes.iter().map(|index| ranks.get(*index).copied().unwrap_or(NO_RANK)).collect()
}
