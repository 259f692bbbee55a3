//! What may be asked of a card now: one rule for the key, the menu, the command line and the
//! engine.

use super::Operation;
use super::action::ActionKind;
use super::capabilities::{Capabilities, Support};
use super::refusal::Refusal;
#[cfg(doc)]
use super::state::OperationState;
use crate::domain::card::{Card, CardKind, CardState};

/// Whether `action_kind` may be asked of `card` now.
///
/// `open` are the operations of this card that are not settled.
///
/// # Errors
/// The reason why not.
pub fn check_action<'a>(
    action_kind: ActionKind,
    card: &Card,
    capabilities: &Capabilities,
    open: impl IntoIterator<Item = &'a Operation>,
) -> Result<(), Refusal> {
    if let Support::No(why) = capabilities.offers(action_kind) {
        return Err(Refusal::NotOffered(why));
    }
    if card.state == CardState::Closed {
        return Err(Refusal::Closed);
    }
    match (action_kind, card.state) {
        (ActionKind::Freeze, CardState::Frozen) | (ActionKind::Unfreeze, CardState::Active) => {
            return Err(Refusal::State(card.state));
        }
        (ActionKind::Freeze | ActionKind::Unfreeze | ActionKind::TopUp, CardState::Blocked) => {
            return Err(Refusal::Blocked);
        }
        (ActionKind::TopUp, CardState::Expired) => return Err(Refusal::State(card.state)),
        _ => {}
    }
    if action_kind == ActionKind::TopUp && card.currency.is_none() {
        return Err(Refusal::NoCurrency);
    }
    if action_kind == ActionKind::SetPin
        && card.kind == Some(CardKind::Virtual)
        && capabilities.pin.is_ok_and(|rule| rule.physical_only)
    {
        return Err(Refusal::Virtual);
    }
    open.into_iter()
        .find(|op| op.card == card.key && op.blocks(action_kind))
        .map_or(Ok(()), |op| Err(Refusal::Open(Box::new(op.clone()))))
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
