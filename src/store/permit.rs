//! The permission to send one change, which only a store that has saved the change can give.

use crate::domain::card::Card;
use crate::domain::operation::{Action, OperationId};

/// Permission to send one change once: [`Store::intend`](super::Store::intend) gives it when the
/// change is on the disk, and [`Provider::act`](crate::provider::Provider::act) takes it away.
///
/// So "journalled first, sent once" is a matter of types. A permit can be neither made nor copied
/// outside `store`, and it holds everything that is sent (the card, the action with its data, the
/// operation's id), so that nothing else can be sent with it than what was journalled.
///
/// # Where it lives, and why
/// Store and provider have to see it, and nobody but the store may make one. Rust grants a
/// constructor to a module only from inside that module or from one of its ancestors
/// (`pub(in path)` names ancestors only). In a room below both, such as `domain`, the constructor
/// would have to be `pub(crate)`, and a text search would have to keep the other rooms from it.
/// Here it is `pub(super)`: the compiler keeps it to `store`. The price is one import of this type,
/// and of nothing else of the store, by `provider`; the wall test knows that one line.
///
/// # What the compiler refuses
/// A permit of one's own:
/// ```compile_fail,E0451
/// # use cardtop::domain::{card::Card, operation::{Action, OperationId}};
/// # use cardtop::store::Permit;
/// fn forged(id: OperationId, card: Box<Card>, action: Action) -> Permit {
///     Permit { id, card, action }
/// }
/// ```
/// A change that was never journalled:
/// ```compile_fail,E0061
/// # use cardtop::provider::Provider;
/// async fn unjournalled(provider: &dyn Provider) {
///     let _ = provider.act().await;
/// }
/// ```
/// The same change twice:
/// ```compile_fail,E0382
/// # use cardtop::{provider::Provider, store::Permit};
/// async fn twice(provider: &dyn Provider, permit: Permit) {
///     let _ = provider.act(permit).await;
///     let _ = provider.act(permit).await;
/// }
/// ```
/// A copy for later:
/// ```compile_fail,E0599
/// # use cardtop::store::Permit;
/// fn copied(permit: &Permit) -> Permit {
///     permit.clone()
/// }
/// ```
/// What it accepts:
/// ```
/// # use cardtop::{provider::Provider, store::Permit};
/// async fn once(provider: &dyn Provider, permit: Permit) {
///     let _ = provider.act(permit).await;
/// }
/// ```
#[derive(Debug)]
#[must_use = "a saved intent that is not sent keeps its card waiting until the journal says so"]
pub struct Permit {
    id: OperationId,
    card: Box<Card>,
    action: Action,
}

impl Permit {
    /// For a store that has just saved this operation.
    pub(super) const fn new(id: OperationId, card: Box<Card>, action: Action) -> Self {
        Self { id, card, action }
    }

    /// The operation that was saved.
    #[must_use]
    pub const fn id(&self) -> OperationId {
        self.id
    }

    /// The card it is about, as it was read just before.
    #[must_use]
    pub const fn card(&self) -> &Card {
        &self.card
    }

    /// What is asked, with its data; dropped, and so wiped, with the permit.
    #[must_use]
    pub const fn action(&self) -> &Action {
        &self.action
    }

    /// For the adapters' tests, which ask for changes that no store has saved.
    #[cfg(test)]
    pub(crate) fn for_test(card: &Card, action: Action, id: OperationId) -> Self {
        Self::new(id, Box::new(card.clone()), action)
    }
}
