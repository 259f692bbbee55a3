//! What a card has available, as a sentence may say it: sign and freshness come from one reading.

use jiff::Timestamp;

use super::{Balance, Reading};
use crate::domain::money::Money;

/// What a card has available, and whether that is so now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Available {
    /// What can be spent; negative for a debt.
    pub money: Money,
    /// When it was read, where a later attempt failed: it may be another by now.
    pub last_known: Option<Timestamp>,
}

impl Available {
    /// `None` when it was never read, or the provider does not say it.
    #[must_use]
    pub fn of(balance: &Reading<Balance>) -> Option<Self> {
        let money = balance.value()?.available?;
        let last_known = balance.why_stale().and_then(|_| balance.at());
        Some(Self { money, last_known })
    }

    /// `12.40 USD available now`, `7.15 USD owed, last known at 14:02`; `time` writes when it was
    /// read.
    #[must_use]
    pub fn in_words(self, time: impl FnOnce(Timestamp) -> String) -> String {
        let what = if self.money.is_negative() { "owed" } else { "available" };
        let when = match self.last_known {
            None => " now".to_owned(),
            Some(at) => format!(", last known at {}", time(at)),
        };
        format!("{} {what}{when}", self.money.abs())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn last_known_is_never_said_as_now_and_a_debt_is_said_as_a_debt() {
        let at = "2026-04-03T14:02:00Z".parse().expect("a time");
        let words = |amount: &str, is_stale| {
            let usd = "USD".parse().expect("a currency");
            let available = Some(Money::parse_wire(amount, usd).expect("an amount"));
            let live = Reading::At { value: Balance { available, ..Balance::default() }, at };
            let reading = if is_stale { live.stale(&"no connection".into()) } else { live };
            let available = Available::of(&reading).expect("it was read");
            available.in_words(|at| at.strftime("%H:%M").to_string())
        };
        assert_eq!(words("12.40", false), "12.40 USD available now");
        assert_eq!(words("12.40", true), "12.40 USD available, last known at 14:02");
        assert_eq!(words("-1456.65", false), "1,456.65 USD owed now");
        assert_eq!(words("-1456.65", true), "1,456.65 USD owed, last known at 14:02");
        assert_eq!(Available::of(&Reading::Never), None);
    }
}
