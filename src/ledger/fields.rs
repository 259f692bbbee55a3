//! Which column has the values of a field of the filter language.

use super::vocabulary::TextColumn;

/// Where the values of a field are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    Provider,
    CardId,
    Last4,
    /// A card by its id, with and without its provider, or its last digits.
    Card,
    Holder,
    Id,
    Operation,
    Kind,
    State,
    Amount,
    Fee,
    Currency,
    Text(TextColumn),
    At,
    SeenAt,
    /// The word of the reason behind a decline.
    Decline,
    /// What an operator reads of a decline.
    DeclineWords,
    /// In no column: the row itself has to be asked.
    Row,
}

impl Source {
    /// Of the field of this name.
    pub(super) fn of(name: &str) -> Self {
        match name {
            "provider" => Self::Provider,
            "card_id" => Self::CardId,
            "last4" => Self::Last4,
            "card" => Self::Card,
            "holder" => Self::Holder,
            "id" => Self::Id,
            "operation" => Self::Operation,
            "kind" => Self::Kind,
            "state" => Self::State,
            "amount" => Self::Amount,
            "fee" => Self::Fee,
            "currency" => Self::Currency,
            "merchant" => Self::Text(TextColumn::Merchant),
            "description" => Self::Text(TextColumn::Description),
            "provider_state" => Self::Text(TextColumn::ProviderState),
            "mcc" => Self::Text(TextColumn::Mcc),
            "country" => Self::Text(TextColumn::Country),
            "decline_reason" | "reason" => Self::Text(TextColumn::DeclineReason),
            "at" => Self::At,
            "seen_at" => Self::SeenAt,
            "decline" => Self::Decline,
            "decline_words" => Self::DeclineWords,
            _ => Self::Row,
        }
    }
}
