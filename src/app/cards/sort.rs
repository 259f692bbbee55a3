//! What the cards are sorted by, and how two of them compare.

use std::cmp::{Ordering, Reverse};
use std::collections::BTreeSet;

use jiff::Timestamp;
use rust_decimal::Decimal;

use crate::app::work::{Work, count};
use crate::domain::attention::Attention;
use crate::domain::card::{CardRecord, CardState, ProviderId};
use crate::domain::money::{Currency, Money};

/// What the cards are sorted by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Sort {
    /// The most urgent first.
    #[default]
    Attention,
    State,
    Holder,
    /// The last four digits.
    Card,
    Provider,
    /// Available, within its currency.
    Available,
    Currency,
    /// Age of the figures.
    Age,
}

impl Sort {
    const ALL: [Self; 8] = [
        Self::Attention,
        Self::State,
        Self::Holder,
        Self::Card,
        Self::Provider,
        Self::Available,
        Self::Currency,
        Self::Age,
    ];

    /// The word in the title.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Attention => "attention",
            Self::State => "state",
            Self::Holder => "holder",
            Self::Card => "card",
            Self::Provider => "provider",
            Self::Available => "available",
            Self::Currency => "currency",
            Self::Age => "age",
        }
    }

    pub(super) fn next(self) -> Self {
        let index = Self::ALL.iter().position(|sort| *sort == self).unwrap_or(0);
        Self::ALL.get(index + 1).copied().unwrap_or_default()
    }

    /// Whether cards that are the same in it are in the order of names, else of identity.
    const fn is_by_name(self) -> bool {
        match self {
            Self::Attention | Self::Holder => true,
            Self::State
            | Self::Card
            | Self::Provider
            | Self::Available
            | Self::Currency
            | Self::Age => false,
        }
    }
}

/// How urgent a card is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Urgency {
    rank: u8,
    /// As [`moment`] counts; as bytes, so that no room is left free for their alignment.
    at: [u8; 8],
}

impl Urgency {
    pub(super) fn of(attention: &Attention) -> Self {
        Self { rank: attention.rank(), at: moment(attention.at()).to_ne_bytes() }
    }

    /// Whether `e` stops here: a decline, a balance below zero, or a change that failed or is in
    /// doubt.
    pub(super) const fn is_trouble(self) -> bool {
        self.rank < 4
    }

    /// Whether an operation on the card is UNKNOWN.
    pub(super) const fn is_unknown(self) -> bool {
        self.rank == 0
    }

    /// The most urgent has the least number, and of those the newest.
    fn number(self) -> u128 {
        u128::from(self.rank) << 64 | u128::from(newest_first(i64::from_ne_bytes(self.at)))
    }
}

/// What a card is compared by.
#[derive(Clone, Copy)]
pub(super) struct Compared<'a> {
    pub(super) card: &'a CardRecord,
    pub(super) urgency: Urgency,
    /// Folded.
    pub(super) name: &'a str,
}

impl Compared<'_> {
    /// By name, those without one last; then by identity.
    pub(super) fn by_name(&self, other: &Self) -> Ordering {
        self.names(other).then_with(|| self.card.compare_keys(other.card))
    }

    fn names(&self, other: &Self) -> Ordering {
        (self.name.is_empty(), self.name).cmp(&(other.name.is_empty(), other.name))
    }
}

/// The order of the cards.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Order {
    pub(crate) sort: Sort,
    pub(crate) reversed: bool,
}

impl Order {
    /// Which of two cards comes first. No two cards are equal.
    pub(super) fn compare(self, a: &Compared<'_>, b: &Compared<'_>) -> Ordering {
        count(Work::CardCompared);
        let order = compare(self.sort, a, b);
        let order = if self.reversed { order.reverse() } else { order };
        order.then_with(|| a.card.compare_keys(b.card))
    }

    /// The numbers of all cards in the order that decides between cards that are the same in this
    /// one. `by_key` are they in the order of identity and `by_name` in that of names.
    pub(super) fn base<'a>(
        self,
        by_key: impl DoubleEndedIterator<Item = u32>,
        by_name: impl DoubleEndedIterator<Item = u32>,
        name: impl Fn(u32) -> Option<&'a str>,
    ) -> Vec<u32> {
        match (self.sort.is_by_name(), self.reversed) {
            (false, _) => by_key.collect(),
            (true, false) => by_name.collect(),
            (true, true) => {
                let mut names: Vec<u32> = by_name.rev().collect();
                // Of one name those of the least identity come first in either order.
                names.chunk_by_mut(|a, b| name(*a) == name(*b)).for_each(<[u32]>::reverse);
                names
            }
        }
    }

    /// Whether cards of this order are those of [`base`](Self::base).
    pub(super) fn is_base(self) -> bool {
        self.sort == Sort::Holder
    }

    /// What has to be known of all cards before any of them gets its [`rank`](Self::rank).
    pub(super) fn note_currency(self, ranks: &mut Ranks, card: &CardRecord) {
        if matches!(self.sort, Sort::Available | Sort::Currency) {
            ranks.currencies.extend(currency(card));
        }
    }

    /// A number by which cards are in this order, but for what [`exactly`](Self::exactly) tells;
    /// those of one number are in the order of [`base`](Self::base), in which they must come.
    pub(super) fn rank(self, ranks: &mut Ranks, card: &Compared<'_>) -> u128 {
        let rank = ranks.number(self.sort, card);
        if self.reversed { !rank } else { rank }
    }

    /// How two cards of one rank compare. Amounts of many decimals may share a number.
    pub(super) fn exactly(self, a: &CardRecord, b: &CardRecord) -> Ordering {
        if self.sort != Sort::Available {
            return Ordering::Equal;
        }
        let order = available(a).cmp(&available(b));
        if self.reversed { order.reverse() } else { order }
    }
}

fn compare(sort: Sort, a: &Compared<'_>, b: &Compared<'_>) -> Ordering {
    let by_attention = || a.urgency.number().cmp(&b.urgency.number());
    match sort {
        Sort::Attention => by_attention().then_with(|| a.names(b)),
        Sort::State => state_rank(a.card).cmp(&state_rank(b.card)).then_with(by_attention),
        Sort::Holder => a.names(b),
        Sort::Card => (a.card.last4().is_none(), a.card.last4())
            .cmp(&(b.card.last4().is_none(), b.card.last4())),
        Sort::Provider => a.card.provider().cmp(b.card.provider()).then_with(by_attention),
        Sort::Available => available(a.card).cmp(&available(b.card)),
        Sort::Currency => {
            let currency = |card| (currency(card).is_none(), currency(card));
            currency(a.card).cmp(&currency(b.card)).then_with(by_attention)
        }
        Sort::Age => {
            Reverse(moment(a.card.figures_at())).cmp(&Reverse(moment(b.card.figures_at())))
        }
    }
}

/// What numbers stand for that are only known once all cards are.
#[derive(Debug, Default)]
pub(super) struct Ranks {
    currencies: BTreeSet<Currency>,
    currency: Option<(Currency, u128)>,
    provider: Option<(ProviderId, u128)>,
}

impl Ranks {
    /// A number by which cards are in the order of [`compare`], but for names, and for amounts of
    /// more than eight decimals. Cards must come in the order of their identity for
    /// [`Sort::Provider`].
    fn number(&mut self, sort: Sort, card: &Compared<'_>) -> u128 {
        match sort {
            Sort::Attention => card.urgency.number(),
            Sort::State => u128::from(state_rank(card.card)) << 72 | card.urgency.number(),
            Sort::Holder => 0,
            Sort::Card => card.card.last4().map_or(u128::MAX, |last4| u128::from(last4.ordinal())),
            Sort::Provider => self.provider(card.card) << 72 | card.urgency.number(),
            Sort::Available => match card.card.available() {
                Some(money) => {
                    self.currency(Some(money.currency())) << 112 | scaled(money.amount())
                }
                None => u128::MAX,
            },
            Sort::Currency => self.currency(currency(card.card)) << 72 | card.urgency.number(),
            Sort::Age => u128::from(newest_first(moment(card.card.figures_at()))),
        }
    }

    /// How many providers came before this card's.
    fn provider(&mut self, card: &CardRecord) -> u128 {
        let rank = match &self.provider {
            Some((known, rank)) if known == card.provider() => return *rank,
            Some((_, rank)) => rank + 1,
            None => 0,
        };
        self.provider = Some((card.provider().clone(), rank));
        rank
    }

    /// How many currencies come before one; none comes last.
    fn currency(&mut self, currency: Option<Currency>) -> u128 {
        let Some(currency) = currency else { return 0xfff };
        if let Some((known, rank)) = self.currency
            && known == currency
        {
            return rank;
        }
        let rank = self.currencies.range(..currency).count();
        let rank = u128::try_from(rank).unwrap_or(0xffe).min(0xffe);
        self.currency = Some((currency, rank));
        rank
    }
}

/// An amount in hundred-millionths, rounded down, moved up so that none is below zero.
fn scaled(amount: Decimal) -> u128 {
    const ZERO: i128 = 1 << 110;
    let mantissa = amount.mantissa() * 100_000_000;
    let units = mantissa.div_euclid(10_i128.pow(amount.scale()));
    u128::try_from(units.clamp(-ZERO, ZERO - 1) + ZERO).unwrap_or(0)
}

fn state_rank(card: &CardRecord) -> u8 {
    let rank = CardState::ALL.iter().position(|state| *state == card.state());
    rank.and_then(|rank| u8::try_from(rank).ok()).unwrap_or(u8::MAX)
}

/// Amounts are only compared within one currency.
fn available(card: &CardRecord) -> (bool, Option<Currency>, Option<Decimal>) {
    let money = card.available();
    (money.is_none(), money.map(Money::currency), money.map(Money::amount))
}

/// The currency that a row shows.
fn currency(card: &CardRecord) -> Option<Currency> {
    card.available().map(Money::currency).or(card.currency())
}

/// A time in nanoseconds; none is before all.
fn moment(at: Option<Timestamp>) -> i64 {
    let Some(at) = at else { return i64::MIN };
    let nanoseconds = at.as_nanosecond();
    // Years before 1678 and after 2262 are as good as these.
    if nanoseconds > i64::MAX as i128 {
        i64::MAX
    } else if nanoseconds <= i64::MIN as i128 {
        i64::MIN + 1
    } else {
        nanoseconds as i64
    }
}

/// A number by which the newest moment comes first, and none last.
const fn newest_first(moment: i64) -> u64 {
    !(moment.cast_unsigned() ^ (1 << 63))
}
