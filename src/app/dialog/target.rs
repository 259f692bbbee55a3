//! The card a dialog is about: pinned by identity, with what the dialog showed of it and what
//! changed since.
//!
//! Holds no row number and decides nothing.

use jiff::Timestamp;

use crate::app::portfolio::Portfolio;
use crate::config::Environment;
use crate::domain::card::{Card, CardKey, CardState};
use crate::engine::Expected;

/// A card, as a dialog shows it.
#[derive(Debug)]
pub(crate) struct Target {
    /// Which card.
    pub(crate) key: CardKey,
    /// When the dialog asked for it.
    pub(crate) opened: Timestamp,
    /// What the dialog shows now.
    pub(crate) shown: Expected,
    /// What changed while the dialog was open, one sentence each.
    pub(crate) changes: Vec<String>,
    /// Whether it was read again since the dialog opened.
    pub(crate) reread: bool,
}

/// The text that arms a change of a card.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Arming {
    /// Four characters.
    pub(crate) text: String,
    /// They are the end of the card's id, because its last four digits are not known.
    pub(crate) of_id: bool,
}

impl Target {
    /// The card as the world knows it now.
    pub(crate) fn of(key: &CardKey, portfolio: &Portfolio) -> Self {
        Self {
            key: key.clone(),
            opened: portfolio.now,
            shown: portfolio.cards.get(key).map(shown).unwrap_or_default(),
            changes: Vec::new(),
            reread: false,
        }
    }

    /// A new reading of some card. Says whether something that is shown changed.
    pub(crate) fn apply(&mut self, card: &Card) -> bool {
        if card.key != self.key {
            return false;
        }
        self.reread |= card.balance.at().is_none_or(|at| at >= self.opened);
        let (before, now) = (self.shown, shown(card));
        if before == now {
            return false;
        }
        if before.state != now.state {
            let word = |state: Option<CardState>| state.map_or("not known", CardState::as_str);
            self.changes.push(format!("state was {}, is {}", word(before.state), word(now.state)));
        }
        if before.available != now.available {
            let words = |money: Option<_>| {
                money.map_or_else(|| "not known".to_owned(), |money| format!("{money}"))
            };
            self.changes.push(format!(
                "available was {}, is {}",
                words(before.available),
                words(now.available)
            ));
        }
        self.shown = now;
        true
    }

    /// What the engine shall compare where only the state was shown.
    pub(crate) const fn shown_state(&self) -> Expected {
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

/// The last four digits, or the end of the id where they are not known.
pub(crate) fn arming(key: &CardKey, portfolio: &Portfolio) -> Arming {
    match portfolio.cards.get(key).and_then(|card| card.last4) {
        Some(last4) => Arming { text: last4.to_string(), of_id: false },
        None => {
            let length = key.id.chars().count();
            Arming { text: key.id.chars().skip(length.saturating_sub(4)).collect(), of_id: true }
        }
    }
}

/// `..4242`, or `..----`.
pub(crate) fn digits(key: &CardKey, portfolio: &Portfolio) -> String {
    portfolio.cards.get(key).map_or_else(|| "..----".to_owned(), Card::digits)
}

/// Whether real money is behind the card; an account that is not known counts as if it were.
pub(crate) fn environment(key: &CardKey, portfolio: &Portfolio) -> Environment {
    portfolio.provider(&key.provider).map_or(Environment::Production, |info| info.environment)
}
