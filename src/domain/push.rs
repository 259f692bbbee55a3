//! What a provider tells by itself (a webhook, or callback): a hint that something is to be read,
//! and never the truth of a figure.

use std::sync::Arc;

use jiff::Timestamp;

use super::card::{CardKey, ProviderId};

/// One event that a provider pushed, verified and decoded. One-time codes, card numbers and PINs
/// are dropped where it is decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Push {
    /// The account that it came for.
    pub provider: ProviderId,
    /// The event's name, in the spelling of the provider's document.
    pub event: Arc<str>,
    /// What it is about.
    pub topic: PushTopic,
    /// The event's own id or, where the wire has none, that of the transaction it tells of.
    pub id: Option<Arc<str>>,
    /// The card, by its canonical id.
    pub card: Option<Arc<str>>,
    /// The task or transaction that it tells of, by which an answer to a change may have named it.
    pub reference: Option<Arc<str>>,
    /// Whether what it tells of succeeded, where it says so.
    pub outcome: Option<PushOutcome>,
    /// When it happened, by the provider's clock.
    pub occurred_at: Option<Timestamp>,
    /// Whether its content is protected by a signature. Without one, it is only known that the
    /// sender knows a secret.
    pub is_signed: bool,
    /// The same for every delivery of the same event.
    pub repeat_key: RepeatKey,
    /// The body of an event that cardtop does not know, without what may be secret in it.
    pub body: Option<Arc<str>>,
}

impl Push {
    /// The card that it is about.
    #[must_use]
    pub fn card_key(&self) -> Option<CardKey> {
        let id = Arc::clone(self.card.as_ref()?);
        Some(CardKey { provider: self.provider.clone(), id })
    }
}

/// What an event is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PushTopic {
    /// A card was made, activated, assigned or approved.
    Card,
    /// A top-up ended.
    TopUp,
    /// A freeze, an unfreeze or a closing ended.
    Change,
    /// A purchase, fee, refund or correction.
    Transaction,
    /// A card's balance is another.
    Balance,
    /// A one-time code was sent to the cardholder, or is wanted from them.
    Code,
    /// The merchant's own money.
    Float,
    /// Known, and about nothing that cardtop shows, such as a cardholder's registration.
    Other,
    /// Not in the provider's document, or without the fields that the document promises.
    Unknown,
}

impl PushTopic {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Card,
        Self::TopUp,
        Self::Change,
        Self::Transaction,
        Self::Balance,
        Self::Code,
        Self::Float,
        Self::Other,
        Self::Unknown,
    ];

    /// Whether what is known of a card may be another after it: it is to be read.
    #[must_use]
    pub const fn is_of_cards(self) -> bool {
        match self {
            Self::Card | Self::TopUp | Self::Change | Self::Transaction | Self::Balance => true,
            Self::Code | Self::Float | Self::Other | Self::Unknown => false,
        }
    }

    /// The word in the data file.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Card => "card",
            Self::TopUp => "topup",
            Self::Change => "change",
            Self::Transaction => "transaction",
            Self::Balance => "balance",
            Self::Code => "code",
            Self::Float => "float",
            Self::Other => "other",
            Self::Unknown => "unknown",
        }
    }
}

/// How what an event tells of ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PushOutcome {
    /// It was done.
    Succeeded,
    /// It was not done.
    Failed,
}

impl PushOutcome {
    /// The word in the data file and in sentences.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
        }
    }
}

/// Tells deliveries of the same event from those of another: 128 bits of a hash over what makes an
/// event one, and never over a secret that few tries would guess.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RepeatKey(pub [u8; 16]);

/// A push as the data file keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptPush {
    /// Its number: each is higher than that of every one that was kept before.
    pub number: i64,
    /// What was pushed.
    pub push: Push,
    /// When it was received, by our clock.
    pub received_at: Timestamp,
}
