//! A transaction, printed.

use jiff::Timestamp;
use serde::Serialize;

use super::{code, number, said, to_json};
use crate::cli::print::{Cell, Column, Field, Paint, Record, View};
use crate::domain::money::Money;
use crate::domain::transaction::{Transaction, TransactionState};

/// A transaction with the name of its card's holder, which the row itself does not have; empty
/// where it is not known.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Movement<'a> {
    /// The transaction.
    pub(crate) transaction: &'a Transaction,
    /// The holder.
    pub(crate) holder: &'a str,
}

#[derive(Serialize)]
struct TransactionJson<'a> {
    provider: &'a str,
    id: &'a str,
    card_id: Option<&'a str>,
    last4: Option<String>,
    kind: &'static str,
    state: &'static str,
    provider_state: Option<&'a str>,
    amount: Money,
    fee: Option<Money>,
    merchant: Option<&'a str>,
    mcc: Option<&'a str>,
    country: Option<&'a str>,
    decline_reason: Option<&'a str>,
    description: Option<&'a str>,
    at: Timestamp,
    seen_at: Timestamp,
    operation: Option<String>,
}

impl Record for Movement<'_> {
    const COLUMNS: &'static [Column] = &[
        Column::left("TIME"),
        Column::left("PROVIDER"),
        Column::left("CARD"),
        Column::left("HOLDER"),
        Column::left("WHAT"),
        Column::right("AMOUNT"),
        Column::left("CCY"),
        Column::left("MERCHANT"),
        Column::left("IN PLAIN WORDS"),
    ];
    const FIELDS: &'static [&'static str] = &[
        "provider",
        "id",
        "card_id",
        "last4",
        "kind",
        "state",
        "provider_state",
        "amount",
        "currency",
        "fee",
        "fee_currency",
        "merchant",
        "mcc",
        "country",
        "decline_reason",
        "description",
        "at",
        "seen_at",
        "operation",
    ];

    fn cells(&self, view: &View) -> Vec<Cell> {
        let row = self.transaction;
        let paint = match row.state {
            TransactionState::Failed => Paint::Danger,
            TransactionState::Declined | TransactionState::Unknown => Paint::Caution,
            TransactionState::Hold | TransactionState::Cleared | TransactionState::Reversed => {
                Paint::Plain
            }
        };
        vec![
            view.time(row.at).into(),
            row.provider.name().into(),
            crate::domain::card::digits(row.last4).into(),
            self.holder.into(),
            Cell::painted(row.what(), paint),
            format!("{}{}", row.sign(), row.amount.grouped()).into(),
            row.amount.currency().to_string().into(),
            row.merchant.as_deref().unwrap_or_default().into(),
            row.in_plain_words().into(),
        ]
    }

    fn fields(&self) -> Vec<Field> {
        let row = self.transaction;
        vec![
            Field::text(Some(row.provider.name())),
            Field::text(Some(&row.id)),
            Field::text(row.card_id.as_deref()),
            Field::shown(row.last4),
            Field::text(Some(row.kind.as_str())),
            Field::text(Some(row.state.as_str())),
            Field::text(Some(&row.provider_state)),
            number(Some(row.amount)),
            code(Some(row.amount)),
            number(row.fee),
            code(row.fee),
            Field::text(row.merchant.as_deref()),
            Field::text(row.mcc.as_deref()),
            Field::text(row.country.as_deref()),
            Field::text(row.decline_reason.as_deref()),
            Field::text(row.description.as_deref()),
            Field::shown(Some(row.at)),
            Field::shown(Some(row.seen_at)),
            Field::shown(row.operation),
        ]
    }

    fn json(&self) -> String {
        let row = self.transaction;
        to_json(&TransactionJson {
            provider: row.provider.name(),
            id: &row.id,
            card_id: row.card_id.as_deref(),
            last4: row.last4.map(|last4| last4.to_string()),
            kind: row.kind.as_str(),
            state: row.state.as_str(),
            provider_state: said(&row.provider_state),
            amount: row.amount,
            fee: row.fee,
            merchant: row.merchant.as_deref(),
            mcc: row.mcc.as_deref(),
            country: row.country.as_deref(),
            decline_reason: row.decline_reason.as_deref(),
            description: row.description.as_deref(),
            at: row.at,
            seen_at: row.seen_at,
            operation: row.operation.map(|id| id.to_string()),
        })
    }
}
