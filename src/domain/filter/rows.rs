//! What a filter sees of a card, a transaction and an operation.

use std::borrow::Cow;

use jiff::{SignedDuration, Timestamp};
use rust_decimal::Decimal;

use super::{Field, Flag};
use crate::domain::card::{Card, CardState};
use crate::domain::money::Money;
use crate::domain::operation::{Operation, OperationState};
use crate::domain::transaction::Transaction;

/// Something that can be filtered.
pub trait Row {
    /// The texts of a field; none where the row has no such field or it is not known.
    fn texts(&self, field: Field) -> Vec<Cow<'_, str>>;
    /// The number of a field, in major units.
    fn number(&self, field: Field) -> Option<Decimal>;
    /// When it happened or was read.
    fn time(&self) -> Option<Timestamp>;
    /// How old it is.
    fn age(&self) -> Option<SignedDuration>;
    /// Whether something is the case.
    fn is(&self, flag: Flag) -> bool;
    /// What free text is looked for in.
    fn words(&self) -> Vec<Cow<'_, str>>;
}

type Texts<'a> = Vec<Cow<'a, str>>;

fn text(text: &str) -> Texts<'_> {
    if text.is_empty() { Vec::new() } else { vec![Cow::Borrowed(text)] }
}

fn maybe(value: Option<&std::sync::Arc<str>>) -> Texts<'_> {
    value.map_or_else(Vec::new, |value| text(value))
}

fn own(value: Option<impl ToString>) -> Texts<'static> {
    value.map_or_else(Vec::new, |value| vec![Cow::Owned(value.to_string())])
}

fn amount(money: Option<Money>) -> Texts<'static> {
    own(money.map(|money| money.amount().normalize()))
}

/// A card, and what the board knows of it.
#[derive(Clone, Copy, Debug)]
pub struct CardRow<'a> {
    /// The card.
    pub card: &'a Card,
    /// Now.
    pub now: Timestamp,
    /// The operator watches it.
    pub watched: bool,
    /// The operator marked it.
    pub marked: bool,
    /// Its balance is low.
    pub low: bool,
    /// An operation on it is UNKNOWN.
    pub unknown: bool,
}

impl Row for CardRow<'_> {
    fn texts(&self, field: Field) -> Texts<'_> {
        let card = self.card;
        match field {
            Field::State => text(card.state.as_str()),
            Field::Kind => text(card.kind.map_or("", |kind| kind.as_str())),
            Field::Currency => own(card.currency),
            Field::Provider => text(card.key.provider.name()),
            Field::Card => {
                let mut texts =
                    vec![Cow::Owned(card.key.to_string()), Cow::Borrowed(&*card.key.id)];
                texts.extend(own(card.last4));
                texts
            }
            Field::Id | Field::CardId => text(&card.key.id),
            Field::Last4 => own(card.last4),
            Field::Holder => text(&card.holder),
            Field::Label => card.labels.iter().flat_map(|label| text(label)).collect(),
            Field::ProviderState => text(&card.provider_state),
            Field::Expires => maybe(card.expires.as_ref()),
            Field::Amount | Field::Balance | Field::Available | Field::Current | Field::Pending => {
                own(self.number(field).map(|number| number.normalize()))
            }
            Field::Fee
            | Field::Merchant
            | Field::Mcc
            | Field::Country
            | Field::DeclineReason
            | Field::Description
            | Field::Action
            | Field::Operator
            | Field::Operation
            | Field::Reference
            | Field::ProviderReference
            | Field::Reason
            | Field::Detail
            | Field::Age => Vec::new(),
        }
    }

    fn number(&self, field: Field) -> Option<Decimal> {
        let balance = self.card.balance.value()?;
        let money = match field {
            Field::Balance | Field::Available | Field::Amount => balance.available,
            Field::Current => balance.current,
            Field::Pending => balance.pending,
            _ => None,
        };
        money.map(Money::amount)
    }

    fn time(&self) -> Option<Timestamp> {
        self.card.balance.at()
    }

    fn age(&self) -> Option<SignedDuration> {
        self.card.balance.at().map(|at| self.now.duration_since(at))
    }

    fn is(&self, flag: Flag) -> bool {
        match flag {
            Flag::Stale => self.card.balance.why_stale().is_some(),
            Flag::Unknown => self.unknown || self.card.state == CardState::Unknown,
            Flag::Watched => self.watched,
            Flag::Marked => self.marked,
            Flag::Negative => self.card.available().is_some_and(Money::is_negative),
            Flag::Low => self.low,
        }
    }

    fn words(&self) -> Texts<'_> {
        let card = self.card;
        let mut words = vec![
            Cow::Borrowed(&*card.holder),
            Cow::Borrowed(&*card.key.id),
            Cow::Borrowed(card.key.provider.name()),
        ];
        words.extend(own(card.last4));
        words.extend(maybe(card.owner.as_ref()));
        words.extend(card.labels.iter().map(|label| Cow::Borrowed(&**label)));
        words
    }
}

/// A transaction, and the holder of its card.
#[derive(Clone, Copy, Debug)]
pub struct TransactionRow<'a> {
    /// The transaction.
    pub transaction: &'a Transaction,
    /// Name of the cardholder; empty where not known.
    pub holder: &'a str,
    /// Now.
    pub now: Timestamp,
}

impl Row for TransactionRow<'_> {
    fn texts(&self, field: Field) -> Texts<'_> {
        let row = self.transaction;
        match field {
            Field::State => text(row.state.as_str()),
            Field::Kind => text(row.kind.as_str()),
            Field::Amount => amount(Some(row.amount)),
            Field::Fee => amount(row.fee),
            Field::Currency => own(Some(row.amount.currency())),
            Field::Merchant => maybe(row.merchant.as_ref()),
            Field::Mcc => maybe(row.mcc.as_ref()),
            Field::Country => maybe(row.country.as_ref()),
            Field::Provider => text(row.provider.name()),
            Field::Card => {
                let mut texts = own(row.card());
                texts.extend(maybe(row.card_id.as_ref()));
                texts.extend(own(row.last4));
                texts
            }
            Field::CardId => maybe(row.card_id.as_ref()),
            Field::Id => text(&row.id),
            Field::Last4 => own(row.last4),
            Field::Holder => text(self.holder),
            Field::ProviderState => text(&row.provider_state),
            Field::DeclineReason | Field::Reason => maybe(row.decline_reason.as_ref()),
            Field::Description => maybe(row.description.as_ref()),
            Field::Operation => row.operation.map_or_else(Vec::new, |id| {
                vec![Cow::Owned(id.to_string()), Cow::Owned(id.short())]
            }),
            Field::Balance
            | Field::Available
            | Field::Current
            | Field::Pending
            | Field::Label
            | Field::Action
            | Field::Operator
            | Field::Reference
            | Field::ProviderReference
            | Field::Detail
            | Field::Expires
            | Field::Age => Vec::new(),
        }
    }

    fn number(&self, field: Field) -> Option<Decimal> {
        match field {
            Field::Amount => Some(self.transaction.amount.amount()),
            Field::Fee => self.transaction.fee.map(Money::amount),
            _ => None,
        }
    }

    fn time(&self) -> Option<Timestamp> {
        Some(self.transaction.at)
    }

    fn age(&self) -> Option<SignedDuration> {
        Some(self.now.duration_since(self.transaction.at))
    }

    fn is(&self, flag: Flag) -> bool {
        flag == Flag::Negative && self.transaction.amount.is_negative()
    }

    fn words(&self) -> Texts<'_> {
        let row = self.transaction;
        let mut words = vec![
            Cow::Borrowed(self.holder),
            Cow::Borrowed(&*row.id),
            Cow::Borrowed(row.provider.name()),
        ];
        words.extend(own(row.last4));
        words.extend(maybe(row.card_id.as_ref()));
        words.extend(maybe(row.merchant.as_ref()));
        words.extend(maybe(row.description.as_ref()));
        words.extend(maybe(row.decline_reason.as_ref()));
        words
    }
}

/// An operation, and the holder of its card.
#[derive(Clone, Copy, Debug)]
pub struct OperationRow<'a> {
    /// The operation.
    pub operation: &'a Operation,
    /// Name of the cardholder; empty where not known.
    pub holder: &'a str,
    /// Now.
    pub now: Timestamp,
}

impl Row for OperationRow<'_> {
    fn texts(&self, field: Field) -> Texts<'_> {
        let row = self.operation;
        match field {
            Field::State => text(row.state.as_str()),
            Field::Action | Field::Kind => text(row.action_kind.as_str()),
            Field::Amount => amount(row.amount),
            Field::Currency => own(row.amount.map(Money::currency)),
            Field::Provider => text(row.card.provider.name()),
            Field::Card => {
                let mut texts =
                    vec![Cow::Owned(row.card.to_string()), Cow::Borrowed(&*row.card.id)];
                texts.extend(own(row.last4));
                texts
            }
            Field::CardId => text(&row.card.id),
            Field::Id | Field::Operation => {
                vec![Cow::Owned(row.id.to_string()), Cow::Owned(row.id.short())]
            }
            Field::Last4 => own(row.last4),
            Field::Holder => text(self.holder),
            Field::Operator => text(&row.operator),
            Field::Reference => text(&row.reference),
            Field::ProviderReference => maybe(row.provider_reference.as_ref()),
            Field::Reason => maybe(row.reason.as_ref()),
            Field::Detail | Field::Description => maybe(row.detail.as_ref()),
            Field::Balance
            | Field::Available
            | Field::Current
            | Field::Pending
            | Field::Fee
            | Field::Merchant
            | Field::Mcc
            | Field::Country
            | Field::Label
            | Field::ProviderState
            | Field::DeclineReason
            | Field::Expires
            | Field::Age => Vec::new(),
        }
    }

    fn number(&self, field: Field) -> Option<Decimal> {
        if field == Field::Amount { self.operation.amount.map(Money::amount) } else { None }
    }

    fn time(&self) -> Option<Timestamp> {
        Some(self.operation.created_at)
    }

    fn age(&self) -> Option<SignedDuration> {
        Some(self.now.duration_since(self.operation.created_at))
    }

    fn is(&self, flag: Flag) -> bool {
        flag == Flag::Unknown && self.operation.state == OperationState::Unknown
    }

    fn words(&self) -> Texts<'_> {
        let row = self.operation;
        let mut words = vec![
            Cow::Borrowed(self.holder),
            Cow::Owned(row.id.to_string()),
            Cow::Owned(row.id.short()),
            Cow::Borrowed(&*row.operator),
        ];
        words.extend(own(row.last4));
        words.push(Cow::Borrowed(&*row.card.id));
        words.push(Cow::Borrowed(row.action_kind.as_str()));
        words.extend(maybe(row.reason.as_ref()));
        words
    }
}
