//! A card, printed.

use jiff::Timestamp;
use serde::Serialize;

use super::{number, said, to_json};
use crate::cli::print::{Cell, Column, Field, Paint, Record, View};
use crate::domain::card::{Card, CardState};
use crate::domain::money::Money;

#[derive(Serialize)]
struct CardJson<'a> {
    provider: &'a str,
    id: &'a str,
    last4: Option<String>,
    holder: Option<&'a str>,
    state: &'static str,
    provider_state: Option<&'a str>,
    state_as_of: Option<Timestamp>,
    kind: Option<&'static str>,
    currency: Option<String>,
    balance: Option<BalanceJson>,
    expires: Option<&'a str>,
    labels: Vec<&'a str>,
}

#[derive(Serialize)]
struct BalanceJson {
    available: Option<Money>,
    current: Option<Money>,
    pending: Option<Money>,
    as_of: Timestamp,
}

impl Record for Card {
    const COLUMNS: &'static [Column] = &[
        Column::left("STATE"),
        Column::left("HOLDER"),
        Column::left("CARD"),
        Column::right("AVAILABLE"),
        Column::left("CCY"),
        Column::right("AGE"),
        Column::left("ID"),
    ];
    const FIELDS: &'static [&'static str] = &[
        "provider",
        "id",
        "last4",
        "holder",
        "state",
        "provider_state",
        "state_as_of",
        "kind",
        "currency",
        "available",
        "current",
        "pending",
        "as_of",
        "expires",
        "labels",
    ];

    fn cells(&self, view: &View) -> Vec<Cell> {
        let old = if self.balance.why_stale().is_some() { "~" } else { "" };
        let old_state = self.state_lags().is_some();
        let available = self.available();
        let amount =
            available.map_or_else(|| "-".to_owned(), |money| format!("{old}{}", money.grouped()));
        let paint = match available {
            Some(money) if money.is_negative() => Paint::Danger,
            Some(_) if !old.is_empty() => Paint::Caution,
            Some(_) | None => Paint::Plain,
        };
        let currency = available.map(Money::currency).or(self.currency);
        vec![
            Cell::painted(
                format!("{}{}", if old_state { "~" } else { "" }, self.state.as_str()),
                card_paint(self.state),
            ),
            (*self.holder).into(),
            self.digits().into(),
            Cell::painted(amount, paint),
            currency.map(|currency| currency.to_string()).unwrap_or_default().into(),
            view.age(self.balance.at()).into(),
            self.key.to_string().into(),
        ]
    }

    fn fields(&self) -> Vec<Field> {
        let balance = self.balance.value();
        vec![
            Field::text(Some(self.key.provider.name())),
            Field::text(Some(&self.key.id)),
            Field::shown(self.last4),
            Field::text(Some(&self.holder)),
            Field::text(Some(self.state.as_str())),
            Field::text(Some(&self.provider_state)),
            Field::shown(self.state_at),
            Field::text(self.kind.map(|kind| kind.as_str())),
            Field::shown(self.currency),
            number(balance.and_then(|balance| balance.available)),
            number(balance.and_then(|balance| balance.current)),
            number(balance.and_then(|balance| balance.pending)),
            Field::shown(self.balance.at()),
            Field::text(self.expires.as_deref()),
            Field::Text(self.labels.join(";")),
        ]
    }

    fn json(&self) -> String {
        let balance =
            self.balance.value().zip(self.balance.at()).map(|(balance, as_of)| BalanceJson {
                available: balance.available,
                current: balance.current,
                pending: balance.pending,
                as_of,
            });
        to_json(&CardJson {
            provider: self.key.provider.name(),
            id: &self.key.id,
            last4: self.last4.map(|last4| last4.to_string()),
            holder: said(&self.holder),
            state: self.state.as_str(),
            provider_state: said(&self.provider_state),
            state_as_of: self.state_at,
            kind: self.kind.map(|kind| kind.as_str()),
            currency: self.currency.map(|currency| currency.to_string()),
            balance,
            expires: self.expires.as_deref(),
            labels: self.labels.iter().map(|label| &**label).collect(),
        })
    }
}

const fn card_paint(state: CardState) -> Paint {
    match state {
        CardState::Active
        | CardState::Frozen
        | CardState::Pending
        | CardState::Closed
        | CardState::Expired => Paint::Plain,
        CardState::Blocked | CardState::Unknown => Paint::Caution,
    }
}
