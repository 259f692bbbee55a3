//! The card a dialog is about: pinned by identity, with what the dialog showed of it and what
//! changed since.

use jiff::Timestamp;

use crate::app::portfolio::Portfolio;
use crate::config::Environment;
use crate::domain::card::{Card, CardKey, CardState};
use crate::engine::Expected;

#[derive(Debug)]
pub(crate) struct Target {
    pub(crate) key: CardKey,
    pub(crate) opened_at: Timestamp,
    /// What the dialog shows now.
    pub(crate) shown: Expected,
    /// What changed while the dialog was open, one sentence each.
    pub(crate) changes: Vec<String>,
    /// Whether it was read again since the dialog opened.
    pub(crate) reread: bool,
}

impl Target {
    /// The card as the portfolio knows it now.
    pub(super) fn of(key: &CardKey, portfolio: &Portfolio) -> Self {
        Self {
            key: key.clone(),
            opened_at: portfolio.now,
            shown: portfolio.cards.get(key).map(|card| shown(&card)).unwrap_or_default(),
            changes: Vec::new(),
            reread: false,
        }
    }

    /// Applies a new reading of some card. Answers whether something that is shown changed.
    pub(super) fn apply(&mut self, card: &Card) -> bool {
        if card.key != self.key {
            return false;
        }
        self.reread |= card.balance.at().is_none_or(|at| at >= self.opened_at);
        let (before, now) = (self.shown, shown(card));
        if before == now {
            return false;
        }
        if before.state != now.state {
            let name = |state: Option<CardState>| state.map_or("not known", CardState::as_str);
            self.changes.push(format!("state was {}, is {}", name(before.state), name(now.state)));
        }
        if before.available != now.available {
            let amount = |money: Option<_>| {
                money.map_or_else(|| "not known".to_owned(), |money| format!("{money}"))
            };
            self.changes.push(format!(
                "available was {}, is {}",
                amount(before.available),
                amount(now.available)
            ));
        }
        self.shown = now;
        true
    }

    /// What the engine shall compare where only the state matters: a card that is being spent with
    /// must still be freezable.
    pub(super) const fn shown_state(&self) -> Expected {
        Expected { state: self.shown.state, available: None }
    }
}

/// A state that was never read was not shown either.
fn shown(card: &Card) -> Expected {
    Expected {
        state: (card.state != CardState::Unknown).then_some(card.state),
        available: card.available(),
    }
}

/// The four characters of a card that are typed to arm a change of it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct CardTail {
    pub(crate) text: String,
    pub(crate) source: TailSource,
}

/// What the four characters are the end of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TailSource {
    CardNumber,
    /// The card's id, because its last four digits are not known.
    Id,
}

impl CardTail {
    pub(crate) fn of(key: &CardKey, portfolio: &Portfolio) -> Self {
        match portfolio.cards.record(key).and_then(|card| card.last4()) {
            Some(last4) => Self { text: last4.to_string(), source: TailSource::CardNumber },
            None => {
                let length = key.id.chars().count();
                let text = key.id.chars().skip(length.saturating_sub(4)).collect();
                Self { text, source: TailSource::Id }
            }
        }
    }
}

/// `..4242`, or `..----`.
pub(crate) fn digits(key: &CardKey, portfolio: &Portfolio) -> String {
    portfolio.cards.get(key).map_or_else(|| "..----".to_owned(), |card| card.digits())
}

/// Whether real money is behind the card; an account that is not known counts as if it were.
pub(crate) fn environment(key: &CardKey, portfolio: &Portfolio) -> Environment {
    portfolio.provider(&key.provider).map_or(Environment::Production, |info| info.environment)
}
