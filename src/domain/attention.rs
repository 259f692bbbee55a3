//! Why a card deserves a look, and in which order cards do: the board's default order.
//!
//! Reads what is known and decides nothing else; the words it makes are the board's "Why it is
//! here".

mod signals;

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use rust_decimal::Decimal;

use super::card::{Card, CardState, Standing};
use super::money::{Currency, Money};
use super::operation::{ActionKind, OperationState};
use super::text;
pub use signals::Signals;

/// How long a decline or a failed change keeps a card near the top.
pub const FRESH: Duration = Duration::from_secs(15 * 60);

/// The most urgent thing to say of a card.
#[derive(Clone, Debug, PartialEq)]
pub enum Attention {
    /// Nobody can tell yet what became of a change.
    Unknown {
        /// The change.
        action_kind: ActionKind,
        /// Since when.
        since: Timestamp,
    },
    /// More was taken than was there.
    Negative,
    /// Refused a moment ago.
    Declined {
        /// When.
        at: Timestamp,
        /// How much was asked.
        amount: Money,
    },
    /// A change failed a moment ago.
    Failed {
        /// The change.
        action_kind: ActionKind,
        /// When.
        at: Timestamp,
    },
    /// A change is on its way.
    InFlight {
        /// The change.
        action_kind: ActionKind,
        /// How far it got.
        state: OperationState,
        /// When it was asked.
        since: Timestamp,
    },
    /// Little is left.
    Low {
        /// Under how much counts as little.
        line: Money,
    },
    /// The figures may be old.
    Stale,
    /// The figures are live, the state was not read with them any more.
    OldState {
        /// When it was read last.
        at: Timestamp,
    },
    /// Nothing was ever read of it.
    Unread,
    /// Closed, with money left on it.
    BalanceLeft {
        /// How much.
        amount: Money,
    },
    /// Stopped by us.
    Frozen {
        /// By whom, where our journal knows it.
        by: Option<Arc<str>>,
        /// When, where our journal knows it.
        at: Option<Timestamp>,
    },
    /// Watched by the operator.
    Watched,
    /// Stopped by the issuer.
    Blocked,
    /// Not activated yet.
    Pending,
    /// Nothing to say.
    Nothing,
    /// Past its date.
    Expired,
    /// Closed for good.
    Closed,
}

/// How loud an [`Attention`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Wrong.
    Danger,
    /// Doubtful.
    Caution,
    /// Said plainly.
    Plain,
    /// Hardly worth saying.
    Quiet,
}

impl Attention {
    /// Place in the order, the most urgent first.
    #[must_use]
    pub const fn rank(&self) -> u8 {
        match self {
            Self::Unknown { .. } => 0,
            Self::Negative => 1,
            Self::Declined { .. } => 2,
            Self::Failed { .. } => 3,
            Self::InFlight { .. } => 4,
            Self::Low { .. } => 5,
            Self::Stale => 6,
            Self::OldState { .. } => 7,
            Self::Unread => 8,
            Self::BalanceLeft { .. } => 9,
            Self::Frozen { .. } => 10,
            Self::Watched => 11,
            Self::Blocked => 12,
            Self::Pending => 13,
            Self::Nothing => 14,
            Self::Expired => 15,
            Self::Closed => 16,
        }
    }

    /// Within a rank the newest comes first; what has no time comes last.
    #[must_use]
    pub const fn at(&self) -> Option<Timestamp> {
        match self {
            Self::Unknown { since, .. } | Self::InFlight { since, .. } => Some(*since),
            Self::Declined { at, .. } | Self::Failed { at, .. } | Self::OldState { at } => {
                Some(*at)
            }
            Self::Frozen { at, .. } => *at,
            Self::Negative
            | Self::Low { .. }
            | Self::Stale
            | Self::Unread
            | Self::BalanceLeft { .. }
            | Self::Watched
            | Self::Blocked
            | Self::Pending
            | Self::Nothing
            | Self::Expired
            | Self::Closed => None,
        }
    }

    /// How loud it is.
    #[must_use]
    pub const fn tone(&self) -> Tone {
        match self {
            Self::Negative | Self::Failed { .. } => Tone::Danger,
            Self::Unknown { .. }
            | Self::Declined { .. }
            | Self::Low { .. }
            | Self::Stale
            | Self::OldState { .. } => Tone::Caution,
            Self::InFlight { .. }
            | Self::BalanceLeft { .. }
            | Self::Frozen { .. }
            | Self::Blocked => Tone::Plain,
            Self::Unread
            | Self::Watched
            | Self::Pending
            | Self::Nothing
            | Self::Expired
            | Self::Closed => Tone::Quiet,
        }
    }

    /// In words, of a card whose figures may be old: what is said by them is marked `~` like them.
    #[must_use]
    pub fn words_of(&self, card: &Card, now: Timestamp) -> String {
        let words = self.words(now);
        let is_old = card.balance.why_stale().is_some();
        match self {
            Self::BalanceLeft { amount } if is_old => format!("~{} was on it", amount.grouped()),
            Self::Negative | Self::Low { .. } if is_old => format!("~{words}"),
            Self::Unknown { .. }
            | Self::Negative
            | Self::Declined { .. }
            | Self::Failed { .. }
            | Self::InFlight { .. }
            | Self::Low { .. }
            | Self::Stale
            | Self::OldState { .. }
            | Self::Unread
            | Self::BalanceLeft { .. }
            | Self::Frozen { .. }
            | Self::Watched
            | Self::Blocked
            | Self::Pending
            | Self::Nothing
            | Self::Expired
            | Self::Closed => words,
        }
    }

    /// In words: `DECLINED 3m 41.90`; empty where there is nothing to say.
    #[must_use]
    pub fn words(&self, now: Timestamp) -> String {
        match self {
            Self::Unknown { action_kind, since } => {
                format!("{} UNKNOWN {}", uppercase(*action_kind), text::age(now, *since))
            }
            Self::Negative => "NEGATIVE".to_owned(),
            Self::Declined { at, amount } => {
                format!("DECLINED {} {}", text::age(now, *at), amount.grouped())
            }
            Self::Failed { action_kind, at } => {
                format!("{} FAILED {}", uppercase(*action_kind), text::age(now, *at))
            }
            Self::InFlight { action_kind, state, since } => {
                format!("{} {} {}", action_kind.phrase(), state.as_str(), text::age(now, *since))
            }
            Self::Low { line } => format!("LOW under {}", line.grouped()),
            Self::Stale => "STALE".to_owned(),
            Self::OldState { at } => format!("STATE {} OLD", text::age(now, *at)),
            Self::Unread => "not read yet".to_owned(),
            Self::BalanceLeft { amount } => format!("{} still on it", amount.grouped()),
            Self::Frozen { by, at } => {
                let mut words = "frozen".to_owned();
                if let Some(at) = at {
                    words.push_str(&format!(" {}", text::age(now, *at)));
                }
                if let Some(by) = by {
                    words.push_str(&format!(" by {by}"));
                }
                words
            }
            Self::Watched => "watched".to_owned(),
            Self::Blocked => "blocked by issuer".to_owned(),
            Self::Pending => "not activated".to_owned(),
            Self::Nothing | Self::Expired | Self::Closed => String::new(),
        }
    }

    /// In fewer words, without times, the sum at their end: `DECLINED 41.90`.
    #[must_use]
    pub fn brief_words_of(&self, card: &Card) -> String {
        let is_old = card.balance.why_stale().is_some();
        let old = if is_old { "~" } else { "" };
        match self {
            Self::Unknown { action_kind, .. } => format!("{} UNKNOWN", uppercase(*action_kind)),
            Self::Negative => format!("{old}NEGATIVE"),
            Self::Declined { amount, .. } => format!("DECLINED {}", amount.grouped()),
            Self::Failed { action_kind, .. } => format!("{} FAILED", uppercase(*action_kind)),
            Self::InFlight { action_kind, state, .. } => {
                format!("{} {}", action_kind.phrase(), state.as_str())
            }
            Self::Low { line } => format!("{old}LOW {}", line.grouped()),
            Self::Stale => "STALE".to_owned(),
            Self::OldState { .. } => "STATE OLD".to_owned(),
            Self::Unread => "not read".to_owned(),
            Self::BalanceLeft { amount } if is_old => format!("was ~{}", amount.grouped()),
            Self::BalanceLeft { amount } => format!("left {}", amount.grouped()),
            Self::Frozen { .. } => "frozen".to_owned(),
            Self::Watched => "watched".to_owned(),
            Self::Blocked => "blocked".to_owned(),
            Self::Pending => "not active".to_owned(),
            Self::Nothing | Self::Expired | Self::Closed => String::new(),
        }
    }
}

/// `TOP-UP`.
fn uppercase(action_kind: ActionKind) -> String {
    action_kind.phrase().to_uppercase()
}

impl Signals {
    /// The most urgent thing to say of the card. With time alone it becomes another one at
    /// [`Self::until`] and at [`Standing::state_grows_old_at`].
    #[must_use]
    pub fn attention(&self, card: &Standing, watched: bool, now: Timestamp) -> Attention {
        if let Some((action_kind, since)) = self.unknown {
            return Attention::Unknown { action_kind, since };
        }
        let available = card.available;
        if available.is_some_and(Money::is_negative) {
            return Attention::Negative;
        }
        if let Some((at, amount)) = self.declined {
            return Attention::Declined { at, amount };
        }
        if let Some((action_kind, at)) = self.failed {
            return Attention::Failed { action_kind, at };
        }
        if let Some((action_kind, state, since)) = self.in_flight {
            return Attention::InFlight { action_kind, state, since };
        }
        if let Some(line) = low(card.state, available) {
            return Attention::Low { line };
        }
        let over = matches!(card.state, CardState::Closed | CardState::Expired);
        if card.is_stale && !over {
            return Attention::Stale;
        }
        if let Some(at) = card.old_state(now).filter(|_| !over) {
            return Attention::OldState { at };
        }
        if card.is_unread() {
            return Attention::Unread;
        }
        match card.state {
            CardState::Closed => match available {
                Some(amount) if !amount.amount().is_zero() => Attention::BalanceLeft { amount },
                Some(_) | None => Attention::Closed,
            },
            CardState::Expired => Attention::Expired,
            CardState::Frozen => {
                let (by, at) = self.frozen.clone().unzip();
                Attention::Frozen { by, at }
            }
            CardState::Active | CardState::Blocked | CardState::Pending | CardState::Unknown
                if watched =>
            {
                Attention::Watched
            }
            CardState::Blocked => Attention::Blocked,
            CardState::Pending => Attention::Pending,
            CardState::Active | CardState::Unknown => Attention::Nothing,
        }
    }
}

/// Under how much a card of this state is low that has this available, when it is: an active card
/// that has less than [`line()`] and is not below zero.
#[must_use]
pub fn low(state: CardState, available: Option<Money>) -> Option<Money> {
    let available = available?;
    let line = line(available.currency())?;
    let spends = matches!(state, CardState::Active | CardState::Unknown);
    (spends && !available.is_negative() && available.amount() < line.amount()).then_some(line)
}

/// Under how much counts as little: 20.00, 5.000 or 2,000 by the decimals of the currency, more
/// where its unit is small.
#[must_use]
pub fn line(currency: Currency) -> Option<Money> {
    let units: i64 = match (currency.code(), currency.decimals()?) {
        ("INR" | "PHP" | "THB" | "RUB" | "TRY", _) => 200,
        ("JPY", _) => 1_000,
        (_, 0) => 2_000,
        (_, 3) => 5,
        (_, _) => 20,
    };
    Some(Money::new(Decimal::from(units), currency))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::card::{Balance, CardKey, ProviderId, Reading};

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("a time of the test")
    }

    fn card(amount: &str, code: &str) -> Card {
        let currency: Currency = code.parse().expect("a currency");
        let available = Some(Money::parse_wire(amount, currency).expect("an amount"));
        Card {
            state: CardState::Active,
            currency: Some(currency),
            balance: Reading::At { value: Balance { available, ..Balance::default() }, at: at(0) },
            ..Card::unread(CardKey::new(&ProviderId::new("acme"), "c1"))
        }
    }

    #[test]
    fn little_money_is_judged_by_the_currency_and_never_on_a_closed_card() {
        let words = |amount, code| {
            Signals::default()
                .attention(&card(amount, code).standing(), false, at(10))
                .words(at(10))
        };
        assert_eq!(words("15.75", "EUR"), "LOW under 20.00");
        assert_eq!(words("20.00", "EUR"), "");
        assert_eq!(words("3.250", "KWD"), "LOW under 5.000");
        assert_eq!(words("1200", "JPY"), "");
        assert_eq!(words("-7.15", "USD"), "NEGATIVE");
        let closed = Card { state: CardState::Closed, ..card("31.20", "EUR") };
        assert_eq!(
            Signals::default().attention(&closed.standing(), true, at(10)).words(at(10)),
            "31.20 still on it"
        );
    }

    #[test]
    fn what_is_said_by_an_old_figure_is_marked_like_it() {
        for (amount, state, expected) in [
            ("-7.15", CardState::Active, "~NEGATIVE"),
            ("7.15", CardState::Active, "~LOW under 20.00"),
            ("31.20", CardState::Closed, "~31.20 was on it"),
        ] {
            let live = card(amount, "USD");
            let balance = live.balance.clone().stale(&"no connection".into());
            let old = Card { state, balance, ..live };
            let attention = Signals::default().attention(&old.standing(), false, at(10));
            assert_eq!(attention.words_of(&old, at(10)), expected);
        }
    }

    #[test]
    fn doubt_comes_before_debt_and_debt_before_declines() {
        let order = [
            Attention::Unknown { action_kind: ActionKind::TopUp, since: at(0) },
            Attention::Negative,
            Attention::Declined { at: at(0), amount: card("1", "USD").available().expect("money") },
            Attention::Low { line: card("20", "USD").available().expect("money") },
            Attention::Stale,
            Attention::OldState { at: at(0) },
            Attention::Frozen { by: None, at: None },
            Attention::Nothing,
            Attention::Closed,
        ];
        assert!(order.windows(2).all(|pair| matches!(pair, [a, b] if a.rank() < b.rank())));
        assert_eq!(
            order.first().map(|first| first.words(at(360))),
            Some("TOP-UP UNKNOWN 6m".to_owned())
        );
    }
}
