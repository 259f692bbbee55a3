//! What is on the card of a declined purchase, as far as a sentence may say it.

use jiff::Timestamp;

use crate::domain::card::Balance;
use crate::domain::money::Money;
use crate::domain::reading::Reading;

/// What is on the card of a declined purchase: how much, whether that is so now, and what is
/// missing. Every sentence about it takes sign and age from here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Funds {
    /// It was never read, or is in another currency than the purchase.
    NotKnown,
    /// As it was read last.
    Read {
        /// What can be spent; negative for a debt.
        available: Money,
        /// What was asked minus what can be spent, where that is more than zero.
        short: Option<Money>,
        /// When it was read, where it may be another by now: a later attempt failed, or it was read
        /// before the purchase.
        last_known: Option<Timestamp>,
    },
}

impl Funds {
    /// What a balance has for a purchase of `asked` that was declined at a time.
    #[must_use]
    pub fn of(asked: Money, declined_at: Timestamp, balance: &Reading<Balance>) -> Self {
        let read = balance.value().and_then(|value| value.available).zip(balance.at());
        let Some((available, at)) = read else { return Self::NotKnown };
        let Ok(short) = asked.abs().checked_sub(available) else { return Self::NotKnown };
        let is_short = !short.is_negative() && !short.amount().is_zero();
        let is_old = balance.why_stale().is_some() || at < declined_at;
        Self::Read { available, short: is_short.then_some(short), last_known: is_old.then_some(at) }
    }

    /// What is missing, whatever its age.
    #[must_use]
    pub const fn short(self) -> Option<Money> {
        match self {
            Self::NotKnown => None,
            Self::Read { short, .. } => short,
        }
    }
}
