//! Why a change is refused: nothing of it was sent.

use std::fmt;
use std::sync::Arc;

use super::Operation;
use super::unavailable::Unavailable;
use crate::domain::card::{CardState, ProviderId};
use crate::domain::money::Money;

/// Why a change is refused, whoever refuses it: the key that is greyed out, the menu, the command
/// line or the engine.
///
/// [`Display`](fmt::Display) is the reason, for a change that is not asked yet. The engine's answer
/// to one that was asked is [`not_sent`](Self::not_sent).
#[derive(Clone, Debug, PartialEq)]
pub enum Refusal {
    /// The card is not known any more.
    UnknownCard,
    /// The card's account is not configured any more.
    UnknownAccount,
    /// No account of this name is configured.
    NotConfigured(ProviderId),
    /// Every change is refused, by a flag or a key.
    ReadOnly,
    /// Every change of this account is refused, by configuration.
    ReadOnlyAccount(ProviderId),
    /// The account's secrets are not read yet, and what is waited for.
    Pending(ProviderId, Arc<str>),
    /// The account could not be set up.
    NotSetUp(ProviderId),
    /// The account cannot be asked now.
    Unavailable(Box<Unavailable>),
    /// A freeze of the card waits for its provider to answer.
    FreezeQueued,
    /// The provider does not offer it, and why.
    NotOffered(&'static str),
    /// The card is closed.
    Closed,
    /// The card is in a state in which it makes no sense.
    State(CardState),
    /// The issuer blocked the card; only the issuer can undo that.
    Blocked,
    /// Only physical cards have a PIN.
    Virtual,
    /// The card's currency is not known yet.
    NoCurrency,
    /// An earlier operation of the card is not settled.
    Open(Box<Operation>),
    /// The journal has an earlier operation of the card that is not settled, perhaps of another
    /// process.
    OpenInJournal(Box<Operation>),
    /// The journal has an equal top-up of the card that was done while the card's list was read.
    JustDone(Box<Operation>),
    /// The card's state is not the one that the operator saw.
    StateChanged {
        /// What the operator saw.
        shown: CardState,
        /// What was read just before sending.
        now: CardState,
    },
    /// What is available is not what the operator saw.
    AvailableChanged {
        /// What the operator saw.
        shown: Money,
        /// What was read just before sending.
        now: Money,
    },
}

impl Refusal {
    /// The sentence for a change that was asked, which says that nothing was sent where the reason
    /// alone does not.
    #[must_use]
    pub fn not_sent(&self) -> String {
        match self {
            Self::ReadOnly | Self::ReadOnlyAccount(_) | Self::Unavailable(_) => {
                format!("{self}; nothing was sent")
            }
            Self::Open(_) => format!("not sent: {}", self.reason()),
            Self::UnknownCard
            | Self::UnknownAccount
            | Self::NotConfigured(_)
            | Self::Pending(..)
            | Self::NotSetUp(_)
            | Self::FreezeQueued
            | Self::NotOffered(_)
            | Self::Closed
            | Self::State(_)
            | Self::Blocked
            | Self::Virtual
            | Self::NoCurrency
            | Self::OpenInJournal(_)
            | Self::JustDone(_)
            | Self::StateChanged { .. }
            | Self::AvailableChanged { .. } => self.to_string(),
        }
    }

    /// The operation that is in the way, where one is.
    #[must_use]
    pub fn rival(&self) -> Option<&Operation> {
        match self {
            Self::Open(operation) | Self::OpenInJournal(operation) | Self::JustDone(operation) => {
                Some(operation)
            }
            Self::ReadOnly
            | Self::ReadOnlyAccount(_)
            | Self::UnknownCard
            | Self::UnknownAccount
            | Self::NotConfigured(_)
            | Self::Pending(..)
            | Self::NotSetUp(_)
            | Self::Unavailable(_)
            | Self::FreezeQueued
            | Self::NotOffered(_)
            | Self::Closed
            | Self::State(_)
            | Self::Blocked
            | Self::Virtual
            | Self::NoCurrency
            | Self::StateChanged { .. }
            | Self::AvailableChanged { .. } => None,
        }
    }

    /// Why a change that was asked was not sent, for a sentence that already says that it was not.
    #[must_use]
    pub fn reason(&self) -> String {
        match self {
            Self::Open(operation) => format!(
                "{} of this card is still {} (op {})",
                operation.phrase(),
                operation.state.as_str(),
                operation.id.short()
            ),
            Self::OpenInJournal(operation) => format!(
                "{} of this card is still {} (op {}, by {})",
                operation.phrase(),
                operation.state.as_str(),
                operation.id.short(),
                operation.operator
            ),
            Self::JustDone(operation) => format!(
                "{} of this card was just done (op {}, by {}) while its list was read",
                operation.phrase(),
                operation.id.short(),
                operation.operator
            ),
            Self::StateChanged { shown, now } => format!(
                "the card is {} now, it was {} when you confirmed",
                now.as_str(),
                shown.as_str()
            ),
            Self::AvailableChanged { shown, now } => {
                format!("available is {now} now, it was {shown} when you confirmed")
            }
            Self::ReadOnly
            | Self::ReadOnlyAccount(_)
            | Self::UnknownCard
            | Self::UnknownAccount
            | Self::NotConfigured(_)
            | Self::Pending(..)
            | Self::NotSetUp(_)
            | Self::Unavailable(_)
            | Self::FreezeQueued
            | Self::NotOffered(_)
            | Self::Closed
            | Self::State(_)
            | Self::Blocked
            | Self::Virtual
            | Self::NoCurrency => self.not_sent(),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownCard => f.write_str("this card is not known any more"),
            Self::UnknownAccount => f.write_str("its provider is not configured any more"),
            Self::NotConfigured(id) => write!(f, "{id}: this provider is not configured"),
            Self::ReadOnly => f.write_str("read-only: cardtop was told to refuse every change"),
            Self::ReadOnlyAccount(id) => write!(f, "{id} is read-only by configuration"),
            Self::Pending(id, why) => write!(f, "{id}: {why}"),
            Self::NotSetUp(id) => write!(f, "{id} could not be set up: see the providers view"),
            Self::Unavailable(unavailable) => unavailable.fmt(f),
            Self::FreezeQueued => f.write_str("a freeze of this card is queued already"),
            Self::NotOffered(why) => f.write_str(why),
            Self::Closed => f.write_str("the card is closed"),
            Self::State(state) => write!(f, "the card is {}", state.as_str()),
            Self::Blocked => {
                f.write_str("the issuer blocked this card: only the issuer can undo it")
            }
            Self::Virtual => f.write_str("this card is virtual: it has no PIN"),
            Self::NoCurrency => {
                f.write_str("the card's currency is not known yet: wait for its first reading")
            }
            Self::Open(operation) => write!(
                f,
                "{} of this card is still {} (op {})",
                operation.action_kind.phrase(),
                operation.state.as_str(),
                operation.id.short()
            ),
            Self::OpenInJournal(_)
            | Self::JustDone(_)
            | Self::StateChanged { .. }
            | Self::AvailableChanged { .. } => write!(f, "not sent: {}", self.reason()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reason_and_the_answer_to_a_change_that_was_asked() {
        let acme = ProviderId::new("acme");
        for (refusal, reason, not_sent) in [
            (
                Refusal::ReadOnly,
                "read-only: cardtop was told to refuse every change",
                "read-only: cardtop was told to refuse every change; nothing was sent",
            ),
            (
                Refusal::ReadOnlyAccount(acme.clone()),
                "acme is read-only by configuration",
                "acme is read-only by configuration; nothing was sent",
            ),
            (
                Refusal::NotConfigured(acme),
                "acme: this provider is not configured",
                "acme: this provider is not configured",
            ),
            (Refusal::State(CardState::Frozen), "the card is FROZEN", "the card is FROZEN"),
            (
                Refusal::StateChanged { shown: CardState::Active, now: CardState::Frozen },
                "not sent: the card is FROZEN now, it was ACTIVE when you confirmed",
                "not sent: the card is FROZEN now, it was ACTIVE when you confirmed",
            ),
        ] {
            assert_eq!((&*refusal.to_string(), &*refusal.not_sent()), (reason, not_sent));
        }
    }
}
