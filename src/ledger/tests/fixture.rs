//! Rows of all kinds, a few ids of which are the same.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use rust_decimal::Decimal;

use crate::domain::card::{CardKey, ProviderId};
use crate::domain::filter::{Filter, Schema};
use crate::domain::money::Money;
use crate::domain::operation::OperationId;
use crate::domain::transaction::{Listed, Transaction, TransactionKind, TransactionState};
use crate::ledger::{Ledger, Order, Progress, Query, Search};

pub(super) fn now() -> Timestamp {
    "2026-04-03T12:08:12Z".parse().expect("a time")
}

fn pick<T: Copy>(from: &[T], seed: u64) -> T {
    from[usize::try_from(seed % from.len() as u64).unwrap_or_default()]
}

/// A random number that depends on nothing but a seed and what it is for.
fn drawn(seed: u64, what: u64) -> u64 {
    let mut mixed = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ what.wrapping_mul(0xD6E8_FEB8_6659);
    mixed ^= mixed >> 29;
    mixed = mixed.wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed ^ mixed >> 32
}

const MERCHANTS: [&str; 12] = [
    "ICA MAXI STOCKHOLM",
    "Coffee Bean 0121",
    "Boulangerie Café Léa",
    "東京コーヒー",
    "",
    "Straße & Søn",
    "AWS EMEA",
    "coffee",
    "İstanbul Kahve",
    "A",
    "Uber *Trip",
    "K\u{212a}iosk ½",
];

const AMOUNTS: [&str; 14] = [
    "12.40",
    "0",
    "-0",
    "0.00",
    "20",
    "20.0",
    "-3.5",
    "9999.99",
    "0.000001",
    "20.000000",
    "92233720368547758.08",
    "-79228162514264337593543950335",
    "1234567890123456789012345678",
    "41.999",
];

const TIMES: [i64; 4] = [0, 1, 999_999_999, 500_000_000];

/// The row of a seed. `id`, `card` and `minutes` are what makes rows alike.
pub(super) fn row(seed: u64, id: u8, card: u8, minutes: i64) -> Transaction {
    let text = |what: u64, texts: &[&str]| -> Option<Arc<str>> {
        (!drawn(seed, what).is_multiple_of(4)).then(|| pick(texts, drawn(seed, what + 100)).into())
    };
    let money = |what: u64| {
        let currency = pick(&["USD", "EUR", "JPY", "USDT"], drawn(seed, what));
        let amount: Decimal = pick(&AMOUNTS, drawn(seed, what + 1)).parse().expect("an amount");
        Money::new(amount, currency.parse().expect("a currency"))
    };
    let nanos = pick(&TIMES, drawn(seed, 3));
    let at = now() - SignedDuration::new(minutes * 60, i32::try_from(nanos).unwrap_or_default());
    let ids = ["t", "TXN-", "Ä", "c0ffee"];
    Transaction {
        task: text(4, &["task-1", "task-2"]),
        card_id: (card > 0).then(|| format!("card-{card}").into()),
        last4: pick(&[None, Some("4242"), Some("0007")], u64::from(card) + drawn(seed, 5) % 2)
            .map(|last4| last4.parse().expect("four digits")),
        kind: pick(&TransactionKind::ALL, drawn(seed, 6)),
        state: pick(&TransactionState::ALL, drawn(seed, 7)),
        provider_state: pick(&["SETTLED", "", "Réglé", "pending"], drawn(seed, 8)).into(),
        fee: drawn(seed, 9).is_multiple_of(5).then(|| money(10)),
        merchant: text(12, &MERCHANTS),
        mcc: text(13, &["5411", "0742", "6011"]),
        country: text(14, &["SE", "de", "Türkiye", "826"]),
        decline_reason: text(15, &["INSUFFICIENT_FUNDS", "51", "", "made up", "do_not_honor"]),
        description: text(16, &["ICA MAXI STOCKHOLM", "for coffee", "POS 4411", "zurück"]),
        seen_at: at
            + SignedDuration::from_millis(i64::try_from(drawn(seed, 17) % 5_000_000).unwrap_or(0)),
        operation: drawn(seed, 18)
            .is_multiple_of(6)
            .then(|| OperationId::new(now(), 1, u16::try_from(drawn(seed, 19) % 9).unwrap_or(0))),
        listed: match drawn(seed, 20) % 8 {
            0 => Listed::GoneSince { at, cleared_as: None },
            1 => Listed::GoneSince { at: now(), cleared_as: Some("t9".into()) },
            _ => Listed::Still,
        },
        ..Transaction::new(
            ProviderId::new(pick(&["artha", "banana"], u64::from(id) + u64::from(card) % 2)),
            format!("{}{id}", pick(&ids, u64::from(id))).into(),
            money(21),
            at,
        )
    }
}

/// A schema of no fields.
pub(super) static SCHEMA: Schema = Schema {
    rows: "samples",
    related: None,
    fields: Vec::new(),
    aliases: &[],
    flags: &[],
    elsewhere: Vec::new(),
};

/// Names of some holders, and none of others.
fn holder(card: &CardKey) -> Option<Arc<str>> {
    let number: usize = card.id.trim_start_matches("card-").parse().ok()?;
    ["Anna Öberg", "", "Coffee Smith", "anna obert"].get(number % 5).map(|name| (*name).into())
}

/// Everything that a filter accepts, by the columns.
pub(super) fn search_for<'a>(filter: &'a Filter, schema: &'a Schema, order: Order) -> Query<'a> {
    Query {
        filter,
        schema,
        since: Timestamp::MIN,
        seen_until: None,
        order,
        accepts: &|_| true,
        holder: &holder,
        revision_of_holders: 0,
        now: now(),
    }
}

/// Searches to the end, in steps of so many rows.
pub(super) fn search_to_end(search: &mut Search, ledger: &Ledger, query: &Query<'_>, step: usize) {
    search.renew(ledger, query);
    while search.step(query, step) != Progress::Done {}
}

/// Rows in any order.
pub(super) fn rows(most: usize) -> impl Strategy<Value = Vec<Transaction>> {
    let one = (any::<u64>(), 0_u8..60, 0_u8..6, -5_i64..300)
        .prop_map(|(seed, id, card, minutes)| row(seed, id, card, minutes));
    proptest::collection::vec(one, 0..most)
}
