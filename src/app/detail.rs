//! The pane of one card: which card, and the rows of its timeline.

use std::collections::BTreeSet;

use super::entry::{Entry, Known};
use super::list::List;
use super::loaded::Loaded;
use super::memo::{DataVersion, Memo, Movement};
use super::portfolio::Portfolio;
use crate::domain::card::CardKey;
use crate::domain::operation::{ActionKind, Operation, OperationId};
use crate::domain::transaction::{Transaction, TransactionKind, TransactionState};

/// Which rows of the timeline are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Tab {
    #[default]
    All,
    Holds,
    Declines,
    /// Money in.
    TopUps,
    /// What operators did.
    Audit,
}

impl Tab {
    /// Every tab, from left to right.
    pub(crate) const ALL: [Self; 5] =
        [Self::All, Self::Holds, Self::Declines, Self::TopUps, Self::Audit];

    /// The word on screen.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Holds => "holds",
            Self::Declines => "declines",
            Self::TopUps => "top-ups",
            Self::Audit => "audit",
        }
    }

    fn shows(self, row: &Known<'_>) -> bool {
        match (self, row) {
            (Self::All, _) | (Self::Audit, Known::Operation(_)) => true,
            (Self::Holds, Known::Transaction(row)) => row.state == TransactionState::Hold,
            (Self::Declines, Known::Transaction(row)) => row.state == TransactionState::Declined,
            (Self::TopUps, Known::Transaction(row)) => row.kind == TransactionKind::TopUp,
            (Self::TopUps, Known::Operation(row)) => row.action_kind == ActionKind::TopUp,
            (Self::Audit, Known::Transaction(_))
            | (Self::Holds | Self::Declines, Known::Operation(_)) => false,
        }
    }
}

/// The pane of one card.
#[derive(Debug, Default)]
pub(crate) struct Detail {
    pub(crate) card: Option<CardKey>,
    pub(crate) list: List<Entry>,
    pub(crate) tab: Tab,
    /// Rows that the tab hides.
    pub(crate) hidden: usize,
    /// How much was loaded when the rows were made.
    pub(crate) loaded: Loaded,
    /// The card and the tab.
    memo: Memo<(Option<CardKey>, Tab)>,
}

impl Detail {
    /// Shows a card, with the cursor on its newest row.
    pub(crate) fn show(&mut self, card: Option<CardKey>) {
        if self.card != card {
            self.card = card;
            self.list.follow_first();
        }
    }

    /// Makes the rows again where something they depend on has changed.
    pub(crate) fn refresh_rows(&mut self, portfolio: &Portfolio, movement: Movement) {
        // The timeline shows no balance, which is what most events are about.
        let data = DataVersion::of_timeless_history(portfolio);
        if !self.memo.renew(data, (self.card.clone(), self.tab), movement) {
            return;
        }
        self.loaded = Loaded::now(portfolio);
        let Some(key) = self.card.clone() else {
            self.list.set(Vec::new());
            return;
        };
        // The audit names the operation itself, also where a transaction proves it.
        let none = BTreeSet::new();
        let proven = match self.tab {
            Tab::Audit => &none,
            Tab::All | Tab::Holds | Tab::Declines | Tab::TopUps => portfolio.transactions.proven(),
        };
        let all = merged(portfolio.transactions_of(&key), portfolio.operations_of(&key), proven);
        let total = all.len();
        let shown = all.iter().filter(|row| self.tab.shows(row));
        let rows: Vec<Entry> = shown.map(Known::entry).collect();
        self.hidden = total - rows.len();
        self.list.set(rows);
    }
}

/// Transactions and operations by time, newest first. An operation that a transaction proves is
/// left out: the transaction stands for it.
fn merged<'a>(
    transactions: impl Iterator<Item = Transaction>,
    operations: impl Iterator<Item = &'a Operation>,
    proven: &BTreeSet<OperationId>,
) -> Vec<Known<'a>> {
    let mut transactions = transactions.map(|row| Known::Transaction(Box::new(row))).peekable();
    let mut operations = operations
        .filter(|operation| !proven.contains(&operation.id))
        .map(Known::Operation)
        .peekable();
    let mut rows = Vec::new();
    loop {
        let next = match (transactions.peek(), operations.peek()) {
            (Some(row), Some(operation)) if row.at() > operation.at() => transactions.next(),
            (_, Some(_)) => operations.next(),
            (Some(_), None) => transactions.next(),
            (None, None) => return rows,
        };
        rows.extend(next);
    }
}
