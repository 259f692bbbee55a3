//! One movement on a card, in our words, with the provider's words beside them.

mod name;

use std::str::FromStr;
use std::sync::Arc;

use jiff::Timestamp;

use super::UnknownWord;
use super::card::{CardKey, Last4, ProviderId};
use super::decline::{DeclineCause, DeclineReason};
use super::money::Money;
use super::operation::id::OperationId;
pub use name::{RowName, RowNews};

/// One row of the feed.
///
/// More than twelve fields: one for each thing that providers tell of a transaction.
#[derive(Clone, Debug, PartialEq)]
pub struct Transaction {
    /// The provider account.
    pub provider: ProviderId,
    /// The provider's id in its canonical form, or one derived from the row where it sends none.
    pub id: Arc<str>,
    /// The provider's id of the task that made the row, where that is another than the row's own
    /// (artha).
    pub task: Option<Arc<str>>,
    /// The card's id in its canonical form, where the row says it.
    pub card_id: Option<Arc<str>>,
    /// The card's last four digits, where known.
    pub last4: Option<Last4>,
    /// What kind of movement.
    pub kind: TransactionKind,
    /// How far it got.
    pub state: TransactionState,
    /// State (and kind, where it is a word of its own) as the provider wrote it.
    pub provider_state: Arc<str>,
    /// Size of the movement: not negative, whatever direction the kind says; only ADJUSTMENT and
    /// OTHER carry a sign.
    pub amount: Money,
    /// The fee beside the amount, in its own currency, where the row says it.
    pub fee: Option<Money>,
    /// Where it happened.
    pub merchant: Option<Arc<str>>,
    /// Merchant category code, four digits.
    pub mcc: Option<Arc<str>>,
    /// Country of the merchant, as the provider writes it.
    pub country: Option<Arc<str>>,
    /// The provider's code or words for a decline.
    pub decline_reason: Option<Arc<str>>,
    /// Free text of the provider.
    pub description: Option<Arc<str>>,
    /// When it happened, by the provider's clock.
    pub at: Timestamp,
    /// When cardtop first saw it.
    pub seen_at: Timestamp,
    /// Our operation that it proves, if any.
    pub operation: Option<OperationId>,
    /// Whether the provider still lists it. One that was a hold and is gone is REVERSED, with the
    /// provider's last word.
    pub listed: Listed,
}

/// Whether the provider still lists a row.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub enum Listed {
    /// It did when it was last asked, or nobody can tell.
    #[default]
    Still,
    /// A hold that two complete readings did not have any more.
    GoneSince {
        /// When the first of them began.
        at: Timestamp,
        /// The id of the posting on the same card that it became, where one was found. The two
        /// stay two rows.
        cleared_as: Option<Arc<str>>,
    },
}

impl Transaction {
    /// A row of which nothing but its identity, its amount and its time is known: seen when it
    /// happened, of kind OTHER, its state UNKNOWN. What a wire or a test knows is added to it.
    #[must_use]
    pub fn new(provider: ProviderId, id: Arc<str>, amount: Money, at: Timestamp) -> Self {
        Self {
            provider,
            id,
            task: None,
            card_id: None,
            last4: None,
            kind: TransactionKind::Other,
            state: TransactionState::Unknown,
            provider_state: Arc::default(),
            amount,
            fee: None,
            merchant: None,
            mcc: None,
            country: None,
            decline_reason: None,
            description: None,
            at,
            seen_at: at,
            operation: None,
            listed: Listed::Still,
        }
    }

    /// Whether both are readings of the same row: the same id on the same card, where both name
    /// their card. The kind and the state do not count: a provider may change either.
    #[must_use]
    pub fn is_same_row(&self, other: &Self) -> bool {
        self.provider == other.provider
            && self.id == other.id
            && match (&self.card_id, &other.card_id) {
                (Some(one), Some(other)) => one == other,
                (None, _) | (_, None) => true,
            }
    }

    /// The card it belongs to, where the row says it.
    #[must_use]
    pub fn card(&self) -> Option<CardKey> {
        Some(CardKey { provider: self.provider.clone(), id: self.card_id.clone()? })
    }

    /// Whether it may be a top-up of this sum: it shows the sum, or what is left of it after the
    /// fee that it names.
    #[must_use]
    pub fn is_of_sum(&self, amount: Money) -> bool {
        let with_fee = || self.fee.and_then(|fee| self.amount.checked_add(fee.abs()).ok());
        self.amount.abs() == amount || with_fee().is_some_and(|sum| sum.abs() == amount)
    }

    /// `+` for money in, nothing for money out, the amount's own sign where the kind has no
    /// direction.
    #[must_use]
    pub fn sign(&self) -> &'static str {
        match self.kind {
            TransactionKind::Refund | TransactionKind::Reversal | TransactionKind::TopUp => "+",
            TransactionKind::Purchase
            | TransactionKind::Fee
            | TransactionKind::Withdrawal
            | TransactionKind::Adjustment
            | TransactionKind::Other => "",
        }
    }

    /// The word of the feed's "What" column: a decline, hold or clearing says so, the rest is its
    /// kind.
    #[must_use]
    pub const fn what(&self) -> &'static str {
        what(self.kind, self.state)
    }

    /// Why the card was declined; `None` for a row that was not, and for money that was on its way
    /// to the card.
    #[must_use]
    pub fn decline(&self) -> Option<DeclineCause<'_>> {
        is_decline(self.kind, self.state).then(|| self.decline_cause())
    }

    /// Whether its state, or the code of its decline, is a word that is not mapped.
    #[must_use]
    pub fn has_unmapped_word(&self) -> bool {
        self.state == TransactionState::Unknown
            || (self.state == TransactionState::Declined
                && self.decline_cause().unmapped().is_some())
    }

    fn decline_cause(&self) -> DeclineCause<'_> {
        DeclineCause::of_code(self.decline_reason.as_deref())
    }

    /// What happened, in words for the operator.
    #[must_use]
    pub fn in_plain_words(&self) -> String {
        match &self.listed {
            Listed::Still => {}
            Listed::GoneSince { cleared_as: Some(id), .. } => {
                return format!("the hold cleared as {id}");
            }
            Listed::GoneSince { cleared_as: None, .. } => {
                return "the hold is no longer listed".to_owned();
            }
        }
        match self.state {
            TransactionState::Declined => self.decline_cause().words(),
            TransactionState::Hold => match self.kind {
                TransactionKind::TopUp | TransactionKind::Refund | TransactionKind::Reversal => {
                    "on its way, not booked yet".to_owned()
                }
                TransactionKind::Purchase
                | TransactionKind::Fee
                | TransactionKind::Withdrawal
                | TransactionKind::Adjustment
                | TransactionKind::Other => "pending, may clear for more".to_owned(),
            },
            TransactionState::Reversed => "taken back, nothing was spent".to_owned(),
            TransactionState::Failed => match self.decline_reason.as_deref() {
                None | Some("") => "failed".to_owned(),
                Some(code) => {
                    let words = DeclineReason::of_code(code).map_or(code, |reason| reason.words());
                    format!("failed: {words}")
                }
            },
            TransactionState::Unknown if self.provider_state.is_empty() => {
                "no state sent".to_owned()
            }
            TransactionState::Unknown => format!("not mapped: {}", self.provider_state),
            TransactionState::Cleared => match self.kind {
                TransactionKind::Refund => "money back, settled".to_owned(),
                TransactionKind::TopUp => "money in".to_owned(),
                TransactionKind::Purchase
                | TransactionKind::Reversal
                | TransactionKind::Fee
                | TransactionKind::Withdrawal
                | TransactionKind::Adjustment
                // Some providers send the merchant again here: that is no explanation.
                | TransactionKind::Other => {
                    let words = self.description.as_deref().unwrap_or("");
                    if self.merchant.as_deref() == Some(words) { "" } else { words }.to_owned()
                }
            },
        }
    }
}

/// The word of the feed's "What" column for a row of this kind and state.
#[must_use]
pub const fn what(kind: TransactionKind, state: TransactionState) -> &'static str {
    match (state, kind) {
        (TransactionState::Declined, _) => "DECLINE",
        (TransactionState::Reversed, _) => "REVERSED",
        (TransactionState::Failed, _) => "FAILED",
        (TransactionState::Hold, TransactionKind::Purchase) => "HOLD",
        (TransactionState::Cleared, TransactionKind::Purchase) => "CLEARED",
        (TransactionState::Hold | TransactionState::Cleared | TransactionState::Unknown, kind) => {
            kind.as_str()
        }
    }
}

/// Whether a row of this kind and state is a card that was declined: not money that was on its way
/// to the card.
#[must_use]
pub const fn is_decline(kind: TransactionKind, state: TransactionState) -> bool {
    let spends = match kind {
        TransactionKind::Purchase
        | TransactionKind::Fee
        | TransactionKind::Withdrawal
        | TransactionKind::Other => true,
        TransactionKind::Refund
        | TransactionKind::Reversal
        | TransactionKind::TopUp
        | TransactionKind::Adjustment => false,
    };
    spends && matches!(state, TransactionState::Declined)
}

/// Kind of a movement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TransactionKind {
    /// Spent at a merchant.
    Purchase,
    /// Money back from a merchant.
    Refund,
    /// A hold or charge taken back.
    Reversal,
    /// A fee of the provider.
    Fee,
    /// Money loaded.
    TopUp,
    /// Cash, or money unloaded.
    Withdrawal,
    /// A correction; the amount carries its sign.
    Adjustment,
    /// A word we do not know; the amount carries its sign.
    Other,
}

impl TransactionKind {
    /// Every kind, in the order of the vocabulary.
    pub const ALL: [Self; 8] = [
        Self::Purchase,
        Self::Refund,
        Self::Reversal,
        Self::Fee,
        Self::TopUp,
        Self::Withdrawal,
        Self::Adjustment,
        Self::Other,
    ];

    /// The word on screen and in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Purchase => "PURCHASE",
            Self::Refund => "REFUND",
            Self::Reversal => "REVERSAL",
            Self::Fee => "FEE",
            Self::TopUp => "TOP-UP",
            Self::Withdrawal => "WITHDRAWAL",
            Self::Adjustment => "ADJUSTMENT",
            Self::Other => "OTHER",
        }
    }
}

impl FromStr for TransactionKind {
    type Err = UnknownWord;

    fn from_str(word: &str) -> Result<Self, UnknownWord> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.as_str().eq_ignore_ascii_case(word))
            .ok_or(UnknownWord)
    }
}

/// How far a movement got.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TransactionState {
    /// Authorised, not settled.
    Hold,
    /// Settled.
    Cleared,
    /// Refused.
    Declined,
    /// Taken back.
    Reversed,
    /// Did not happen.
    Failed,
    /// The provider's word is not mapped, or it sent none: nothing is claimed.
    Unknown,
}

impl TransactionState {
    /// Whether the money did not move, or came back.
    #[must_use]
    pub const fn has_failed(self) -> bool {
        match self {
            Self::Declined | Self::Reversed | Self::Failed => true,
            Self::Cleared | Self::Hold | Self::Unknown => false,
        }
    }

    /// Every state, in the order of the vocabulary.
    pub const ALL: [Self; 6] =
        [Self::Hold, Self::Cleared, Self::Declined, Self::Reversed, Self::Failed, Self::Unknown];

    /// The word on screen and in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Hold => "HOLD",
            Self::Cleared => "CLEARED",
            Self::Declined => "DECLINED",
            Self::Reversed => "REVERSED",
            Self::Failed => "FAILED",
            Self::Unknown => "UNKNOWN",
        }
    }
}

impl FromStr for TransactionState {
    type Err = UnknownWord;

    fn from_str(word: &str) -> Result<Self, UnknownWord> {
        Self::ALL
            .into_iter()
            .find(|state| state.as_str().eq_ignore_ascii_case(word))
            .ok_or(UnknownWord)
    }
}
