//! A card, a transaction, an operation and a line of a file of top-ups for tests of what is printed.

use jiff::Timestamp;

use super::bulk::{BulkLine, Fate};
use crate::domain::card::{Balance, Card, CardKey, CardKind, CardState, ProviderId, Reading};
use crate::domain::money::Money;
use crate::domain::operation::{ActionKind, Before, Operation, OperationId, OperationState, Proof};
use crate::domain::transaction::{Transaction, TransactionKind, TransactionState};

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().expect("a time of the test")
}

pub(crate) fn money(amount: &str, currency: &str) -> Money {
    Money::parse_wire(amount, currency.parse().expect("a currency")).expect("an amount of the test")
}

fn key() -> CardKey {
    CardKey::new(&ProviderId::new("acme"), "c-1")
}

/// A card in dinars, which have three decimals.
pub(crate) fn card() -> Card {
    let balance = Balance {
        available: Some(money("-12.4", "KWD")),
        current: Some(money("0", "KWD")),
        pending: None,
    };
    Card {
        owner: Some("u-7".into()),
        holder: "Mara Lindqvist".into(),
        last4: "4242".parse().ok(),
        state: CardState::Active,
        provider_state: "Normal".into(),
        state_at: Some(at("2026-04-03T12:08:08Z")),
        kind: Some(CardKind::Physical),
        currency: "KWD".parse().ok(),
        balance: Reading::At { value: balance, at: at("2026-04-03T12:08:08Z") },
        expires: Some("2028-11".into()),
        labels: vec!["vip".into(), "travel".into()].into(),
        ..Card::unread(key())
    }
}

/// A declined purchase in yen, which have no decimals.
pub(crate) fn transaction() -> Transaction {
    Transaction {
        card_id: Some("c-1".into()),
        last4: "4242".parse().ok(),
        kind: TransactionKind::Purchase,
        state: TransactionState::Declined,
        provider_state: "DECLINED".into(),
        fee: Some(money("0.3", "USD")),
        merchant: Some("LAWSON 5521".into()),
        mcc: Some("5499".into()),
        country: Some("JP".into()),
        decline_reason: Some("51".into()),
        seen_at: at("2026-04-03T12:05:15.25Z"),
        ..Transaction::new(
            ProviderId::new("acme"),
            "t-9".into(),
            money("5000", "JPY"),
            at("2026-04-03T12:05:09Z"),
        )
    }
}

/// A top-up that was sent.
pub(crate) fn operation() -> Operation {
    let id = OperationId::new(at("2026-04-03T12:00:00Z"), 42, 1);
    Operation {
        id,
        action_kind: ActionKind::TopUp,
        card: key(),
        last4: "4242".parse().ok(),
        amount: Some(money("5", "KWD")),
        state: OperationState::Sent,
        reason: Some("cover decline".into()),
        reference: id.reference(),
        provider_reference: None,
        operator: "anay".into(),
        created_at: at("2026-04-03T12:00:00Z"),
        updated_at: at("2026-04-03T12:00:02.5Z"),
        detail: Some("sent, no answer yet".into()),
        before: Before::default(),
        proof: Proof::ByListing,
        looks: 0,
        next_look: None,
        baseline: None,
        proven_by: None,
        watched_until: None,
        alarm: None,
    }
}

/// A line of a file of top-ups of which nothing was sent.
pub(crate) fn bulk_line() -> BulkLine {
    BulkLine {
        line: 2,
        card: card(),
        amount: money("5", "KWD"),
        fee: None,
        reason: Some("pay".to_owned()),
        fate: Fate::ToSend,
        operation: None,
        detail: None,
    }
}
