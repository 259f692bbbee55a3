//! The values that the rows of a pane have in a field, to be offered while a filter is typed.

use crate::app::portfolio::Portfolio;
use crate::app::work::{Work, count};
use crate::contract::filter::{Rows, ValueCounts};
use crate::contract::{CardRow, Membership, OperationRow, TransactionRow};
use crate::domain::card::CardRecord;
use crate::domain::filter::{FilterField, Of};
use crate::domain::operation::Operation;
use crate::domain::transaction::Transaction;
use crate::ledger::Counted;

/// The most frequent values of a field in the rows that are known.
pub(crate) fn values(portfolio: &Portfolio, rows: Rows, field: &FilterField) -> Vec<String> {
    let mut counts = ValueCounts::default();
    let now = portfolio.now;
    let (cards, transactions, operations) = match (rows, field.of) {
        (Rows::Cards | Rows::ReadCards, Of::Row) => (true, false, false),
        (Rows::Cards | Rows::ReadCards, Of::Related)
        | (Rows::Transactions, Of::Row | Of::Related) => (false, true, false),
        (Rows::Operations, Of::Row | Of::Related) => (false, false, true),
        (Rows::Feed, Of::Row | Of::Related) => (false, true, true),
    };
    let mut card = |card: &CardRecord| {
        count(Work::CardVisited);
        let row = CardRow {
            card: card.into(),
            now,
            watched: Membership::Known(false),
            marked: Membership::Known(false),
            unknown: false,
            history: portfolio,
            searched: None,
        };
        counts.add(&row, field);
    };
    if cards {
        portfolio.cards.values().for_each(|each| card(each));
    }
    if transactions {
        for (transaction, alike) in frequent(portfolio, field) {
            count(Work::HistoryVisited);
            let holder = transaction.card();
            let holder = holder.as_ref().map_or("", |card| portfolio.holder(card));
            let row = TransactionRow { transaction: &transaction, holder, now };
            counts.add_alike(&row, alike, field);
        }
    }
    let operation = |operation: &Operation| {
        count(Work::HistoryVisited);
        let holder = portfolio.holder(&operation.card);
        counts.add(&OperationRow { operation, holder, now }, field);
    };
    if operations {
        portfolio.operations.iter().for_each(operation);
    }
    counts.most_frequent()
}

/// Most values of a column that are looked at.
const MOST: usize = 500;

/// Rows that have the most frequent values of a field, each with the number of rows that are like
/// it. Where a field is in no column of its own, such as an id, the newest rows.
fn frequent(portfolio: &Portfolio, field: &FilterField) -> Vec<(Transaction, usize)> {
    let column = match field.name {
        "provider" | "card" | "card_id" | "last4" | "holder" => Counted::Card,
        "kind" | "state" => Counted::What,
        "currency" => Counted::Currency,
        "merchant" => Counted::Merchant,
        "description" => Counted::Description,
        "provider_state" => Counted::ProviderState,
        "mcc" => Counted::Mcc,
        "country" => Counted::Country,
        "decline" | "decline_reason" | "decline_words" | "reason" => Counted::DeclineReason,
        _ => return portfolio.transactions.iter().take(MOST).map(|row| (row, 1)).collect(),
    };
    portfolio.transactions.most_frequent(column, MOST)
}
