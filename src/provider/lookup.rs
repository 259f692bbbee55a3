//! What looking for the fate of an operation found, and how a card's state tells it.

use std::sync::Arc;

use crate::domain::card::{Card, CardState};
use crate::domain::operation::ActionKind;

/// What looking for an operation found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lookup {
    /// Its effect was read.
    Done {
        /// What shows it, in words: `seen FROZEN`, `+30.00 USD in the list, id 17`.
        proof: String,
        /// The transaction that proves it, where one does: it can prove no other operation.
        credit: Option<Arc<str>>,
        /// What kind of evidence it is.
        by: Evidence,
    },
    /// The provider says it did not happen.
    Failed {
        /// Why.
        why: String,
        /// The transaction that shows it, where one does: it can show the failure of no other
        /// operation.
        row: Option<Arc<str>>,
    },
    /// The provider knows it and is still at it.
    Pending {
        /// What was looked at.
        looked: String,
    },
    /// No trace of it that could be no other's. Absence is not proof that it failed.
    NotFound {
        /// What was looked at, and what was seen there.
        looked: String,
        /// A transaction that may be its own or somebody else's: only a person can tell.
        candidate: Option<Arc<str>>,
    },
}

impl Lookup {
    /// Nothing that could be its own.
    pub fn not_found(looked: impl Into<String>) -> Self {
        Self::NotFound { looked: looked.into(), candidate: None }
    }

    /// What a fresh reading of the card says of a freeze, unfreeze or close.
    pub fn by_state(action_kind: ActionKind, card: &Card) -> Self {
        let word = if card.state == CardState::Unknown {
            &*card.provider_state
        } else {
            card.state.as_str()
        };
        if word.is_empty() {
            return Self::not_found("the card came without a state");
        }
        match (action_kind, card.state) {
            (ActionKind::Freeze, CardState::Frozen)
            | (ActionKind::Unfreeze, CardState::Active)
            | (ActionKind::Close, CardState::Closed) => {
                Self::Done { proof: format!("seen {word}"), credit: None, by: Evidence::State }
            }
            (ActionKind::Freeze | ActionKind::Unfreeze, CardState::Blocked | CardState::Closed) => {
                Self::Failed { why: format!("the card reads {word}"), row: None }
            }
            (
                ActionKind::Freeze | ActionKind::Unfreeze | ActionKind::Close,
                CardState::Active
                | CardState::Frozen
                | CardState::Blocked
                | CardState::Pending
                | CardState::Expired
                | CardState::Unknown,
            ) => Self::Pending { looked: format!("the card reads {word}") },
            (ActionKind::TopUp | ActionKind::SetPin, _) => {
                Self::not_found("the card's state does not show it")
            }
        }
    }
}

/// What shows that a change was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Evidence {
    /// A transaction with our reference, or with the id that the provider answered with.
    Reference,
    /// The provider says so of its own task.
    Task,
    /// The card's state.
    State,
    /// A transaction of the same sum that is new in the card's list: figures may contradict it.
    List,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::card::{CardKey, ProviderId};

    #[test]
    fn a_state_is_read_back_from_the_card() {
        let key = CardKey::new(&ProviderId::new("acme"), "c1");
        let seen = |action_kind, state| {
            Lookup::by_state(action_kind, &Card { state, ..Card::unread(key.clone()) })
        };
        assert_eq!(
            seen(ActionKind::Freeze, CardState::Frozen),
            Lookup::Done { proof: "seen FROZEN".into(), credit: None, by: Evidence::State }
        );
        assert_eq!(
            seen(ActionKind::Freeze, CardState::Active),
            Lookup::Pending { looked: "the card reads ACTIVE".into() }
        );
        assert!(matches!(seen(ActionKind::Unfreeze, CardState::Closed), Lookup::Failed { .. }));
        assert!(matches!(seen(ActionKind::Close, CardState::Closed), Lookup::Done { .. }));
        assert!(
            matches!(seen(ActionKind::Close, CardState::Blocked), Lookup::Pending { .. }),
            "blocked is not closed"
        );
        assert!(
            matches!(seen(ActionKind::Freeze, CardState::Unknown), Lookup::NotFound { .. }),
            "no word at all says nothing"
        );
    }
}
