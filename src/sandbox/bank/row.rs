//! A row of a card's statement.

use jiff::Timestamp;
use rust_decimal::Decimal;

use super::decline::Decline;
use crate::sandbox::merchants::Merchant;
use crate::sandbox::troubles::RowOverrides;

/// A row of a card's statement.
///
/// More than twelve fields: a line of a statement has that many facts, and
/// nothing works on fewer of them; what only top-ups or only lists need stands in structs of its
/// own.
#[derive(Clone, Debug)]
pub(in crate::sandbox) struct Row {
    /// Position among all rows of this bank.
    pub(in crate::sandbox) position: usize,
    /// What its ids on the wire are made of: its position, until it is given another.
    pub(in crate::sandbox) id_root: u64,
    /// Position of the card.
    pub(in crate::sandbox) card: usize,
    pub(in crate::sandbox) kind: RowKind,
    pub(in crate::sandbox) progress: Progress,
    /// Never negative; the kind gives the direction. Of a top-up: what the card receives.
    pub(in crate::sandbox) amount: Decimal,
    pub(in crate::sandbox) merchant: Option<Merchant>,
    /// Why it was declined.
    pub(in crate::sandbox) reason: Option<Decline>,
    /// By the bank's clock, like `changed`.
    pub(in crate::sandbox) at: Timestamp,
    /// Last change.
    pub(in crate::sandbox) changed: Timestamp,
    pub(in crate::sandbox) available_after: Decimal,
    /// Position of the row that refunded this one.
    pub(in crate::sandbox) refund: Option<usize>,
    pub(in crate::sandbox) funding: Funding,
    /// Fields that are written as another text.
    pub(in crate::sandbox) overrides: RowOverrides,
}

/// Who paid for a top-up and what it cost; empty for rows of other kinds.
#[derive(Clone, Debug, Default)]
pub(in crate::sandbox) struct Funding {
    /// What is paid beside the amount.
    pub(in crate::sandbox) fee: Decimal,
    /// The caller's own reference, where the wire has one.
    pub(in crate::sandbox) reference: Option<String>,
    /// Position of the customer's account that paid; `None` where the float did.
    pub(in crate::sandbox) payer: Option<usize>,
}

/// What a row of a statement is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::sandbox) enum RowKind {
    Purchase,
    Cash,
    Refund,
    Fee,
    TopUp,
    /// What was left on a closed card, back to the float.
    Closing,
}

/// How far a row got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::sandbox) enum Progress {
    Pending,
    Cleared,
    Declined,
    Reversed,
    Failed,
}

impl Row {
    /// Whether it is a purchase whose money is held and not booked yet.
    pub(in crate::sandbox) fn is_hold(&self) -> bool {
        self.kind == RowKind::Purchase && self.progress == Progress::Pending
    }

    /// Whether it is a booked purchase that was not refunded.
    pub(super) fn is_refundable(&self) -> bool {
        self.kind == RowKind::Purchase
            && self.progress == Progress::Cleared
            && self.refund.is_none()
    }
}
