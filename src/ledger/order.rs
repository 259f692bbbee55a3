//! The order of rows by another column than time.

use std::sync::Arc;

use rust_decimal::Decimal;

use super::Ledger;
use crate::domain::card::CardKey;
use crate::domain::filter::fold;
use crate::domain::transaction::Transaction;

/// A column that rows can be sorted by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum OrderBy {
    /// When they happened.
    #[default]
    Time,
    /// The provider account.
    Provider,
    /// The last four digits of the card.
    Card,
    /// The name of the cardholder.
    Holder,
    /// [`Transaction::what`].
    What,
    /// The amount, whatever its currency.
    Amount,
    /// The currency.
    Currency,
    /// Where it happened.
    Merchant,
    /// [`Transaction::in_plain_words`].
    Words,
}

/// In which order rows are shown. Rows that are alike in the column are shown by time, the newest
/// first; rows without a value come last in either direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Order {
    /// The column.
    pub by: OrderBy,
    /// The greatest first: the newest, the largest amount, Z before A.
    pub descending: bool,
}

impl Default for Order {
    fn default() -> Self {
        Self { by: OrderBy::Time, descending: true }
    }
}

/// Rows in another order than the newest first.
#[derive(Clone, Debug)]
pub(super) struct Sorting {
    order: Order,
    positions: Option<Vec<u32>>,
}

/// What rows are compared by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum SortKey {
    Text(String),
    Number(Decimal),
    /// No value.
    None,
}

impl Sorting {
    /// `None` for the order in which rows are anyway.
    pub(super) fn new(order: Order) -> Option<Self> {
        (order != Order::default()).then_some(Self { order, positions: None })
    }

    /// The rows in their order, once that is known.
    pub(super) fn positions(&self) -> Option<&[u32]> {
        self.positions.as_deref()
    }

    /// Puts rows, of which the newest comes first, in their order.
    pub(super) fn sort(
        &mut self,
        ledger: &Ledger,
        found: impl Iterator<Item = usize>,
        holder: &dyn Fn(&CardKey) -> Option<Arc<str>>,
    ) {
        let descending = self.order.descending;
        let key = |position: usize| {
            let row = ledger.row(position);
            row.map_or(SortKey::None, |row| key(self.order.by, &row, holder))
        };
        let positions = found.filter_map(|position| u32::try_from(position).ok());
        let mut keys: Vec<(SortKey, u32)> =
            positions.map(|position| (key(position as usize), position)).collect();
        if self.order.by == OrderBy::Time {
            keys.reverse();
        } else {
            keys.sort_by(|(one, _), (other, _)| match (one, other) {
                (SortKey::None, SortKey::None) => std::cmp::Ordering::Equal,
                (SortKey::None, _) => std::cmp::Ordering::Greater,
                (_, SortKey::None) => std::cmp::Ordering::Less,
                (one, other) if descending => other.cmp(one),
                (one, other) => one.cmp(other),
            });
        }
        self.positions = Some(keys.into_iter().map(|(_, position)| position).collect());
    }
}

fn key(by: OrderBy, row: &Transaction, holder: &dyn Fn(&CardKey) -> Option<Arc<str>>) -> SortKey {
    let text = |text: Option<&str>| match text {
        None | Some("") => SortKey::None,
        Some(text) => SortKey::Text(fold(text)),
    };
    match by {
        OrderBy::Time => SortKey::None,
        OrderBy::Provider => text(Some(row.provider.name())),
        OrderBy::Card => text(row.last4.map(|last4| last4.to_string()).as_deref()),
        OrderBy::Holder => text(row.card().and_then(|card| holder(&card)).as_deref()),
        OrderBy::What => text(Some(row.what())),
        OrderBy::Amount => SortKey::Number(row.amount.amount()),
        OrderBy::Currency => text(Some(row.amount.currency().code())),
        OrderBy::Merchant => text(row.merchant.as_deref()),
        OrderBy::Words => text(Some(&row.in_plain_words())),
    }
}
