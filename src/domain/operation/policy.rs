//! What may be asked of a card now: one rule for the key, the menu, the command line and the
//! engine.

use super::Operation;
use super::action::ActionKind;
use super::capabilities::{Capabilities, Support};
#[cfg(doc)]
use super::state::OperationState;
use crate::domain::card::{Card, CardKind, CardState};

/// Whether `action_kind` may be asked of `card` now.
///
/// `open` are the operations of this card that are not settled.
///
/// # Errors
/// The reason why not.
pub fn check_action(
    action_kind: ActionKind,
    card: &Card,
    capabilities: &Capabilities,
    open: &[Operation],
) -> Result<(), Denied> {
    if let Support::No(why) = capabilities.offers(action_kind) {
        return Err(Denied::NotOffered(why));
    }
    if card.state == CardState::Closed {
        return Err(Denied::Closed);
    }
    match (action_kind, card.state) {
        (ActionKind::Freeze, CardState::Frozen) | (ActionKind::Unfreeze, CardState::Active) => {
            return Err(Denied::State(card.state));
        }
        (ActionKind::Freeze | ActionKind::Unfreeze | ActionKind::TopUp, CardState::Blocked) => {
            return Err(Denied::Blocked);
        }
        (ActionKind::TopUp, CardState::Expired) => return Err(Denied::State(card.state)),
        _ => {}
    }
    if action_kind == ActionKind::TopUp && card.currency.is_none() {
        return Err(Denied::NoCurrency);
    }
    if action_kind == ActionKind::SetPin
        && card.kind == Some(CardKind::Virtual)
        && capabilities.pin.is_ok_and(|rule| rule.physical_only)
    {
        return Err(Denied::Virtual);
    }
    open.iter()
        .find(|op| op.card == card.key && op.blocks(action_kind))
        .map_or(Ok(()), |op| Err(Denied::Open(Box::new(op.clone()))))
}

/// Why something may not be asked now.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Denied {
    /// The provider does not offer it.
    #[error("{0}")]
    NotOffered(&'static str),
    /// The card is closed.
    #[error("the card is closed")]
    Closed,
    /// The card is in a state where it makes no sense.
    #[error("the card is {}", .0.as_str())]
    State(CardState),
    /// The issuer blocked it; we cannot undo that.
    #[error("the issuer blocked this card: only the issuer can undo it")]
    Blocked,
    /// Only plastic has a PIN.
    #[error("this card is virtual: it has no PIN")]
    Virtual,
    /// Another operation of the same kind is not settled.
    #[error(
        "not sent: {} of this card is still {} (op {})",
        .0.phrase(), .0.state.as_str(), .0.id.short()
    )]
    Open(Box<Operation>),
    /// The currency is not known yet.
    #[error("the card's currency is not known yet: wait for its first reading")]
    NoCurrency,
}

/// What becomes of a change while an earlier one of its card is not settled, or an equal top-up
/// came a moment ago.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnConflict {
    /// It is refused.
    #[default]
    Refuse,
    /// It is sent all the same, because the operator typed `SECOND <last4>`; but never while the
    /// earlier one is on its way ([`OperationState::Sent`]).
    Override,
}
