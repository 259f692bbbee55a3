//! Made-up cards and transactions of any number: the same number gives the same rows, but for their
//! times, which end now.

use std::sync::Arc;

use cardtop::domain::card::{Balance, Card, CardState, ProviderId, Reading};
use cardtop::domain::money::{Currency, Money};
use cardtop::domain::transaction::{Transaction, TransactionKind, TransactionState};
use cardtop::provider::kinds::KINDS;
use cardtop::sandbox::{Dialect, Options, Sandbox};
use jiff::{SignedDuration, Timestamp};

/// Seed of the bank whose cards are used, in this process and as `cardtop sandbox`.
pub(crate) const SEED: u64 = 7;

/// How far back the oldest row lies.
const SPAN: SignedDuration = SignedDuration::from_hours(80 * 24);

/// So many of the newest rows are of the last half hour, whatever the number of all: a feed that
/// shows a day has rows then.
const FRESH: usize = 90;

/// Holds are not older than this.
const HOLDS: SignedDuration = SignedDuration::from_hours(6 * 24);

/// What merchants are called, with a number behind it. Two of the forty have "coff".
const MERCHANTS: [&str; 40] = [
    "Blue Bottle Coffee",
    "COFFEE BEAN 0121",
    "Amazon Marketplace",
    "AWS EMEA",
    "Google Ads",
    "Meta Platforms",
    "Uber Trip",
    "Lyft Ride",
    "Shell Oil 5741",
    "Tesco Express",
    "REWE Markt",
    "Carrefour City",
    "Netflix.com",
    "Spotify AB",
    "Apple.com/bill",
    "Steam Purchase",
    "Booking.com",
    "Airbnb",
    "Lufthansa",
    "Ryanair DAC",
    "Starbucks 1123",
    "Costa Ltd",
    "Paddle.net",
    "DigitalOcean",
    "Hetzner Online",
    "OpenAI",
    "GitHub Inc",
    "Slack T0",
    "Zoom.us",
    "Notion Labs",
    "IKEA Berlin",
    "Zara Madrid",
    "H&M Online",
    "Decathlon",
    "MediaMarkt",
    "Boulangerie Café Léa",
    "東京コーヒー",
    "Walgreens 991",
    "CVS Pharmacy",
    "Best Buy 00044",
];

const FIRST_NAMES: [&str; 16] = [
    "Mara", "Tomás", "Elena", "Jonas", "Priya", "Wei", "Amina", "Lukas", "Søren", "Aiko", "Nora",
    "Diego", "Freya", "Omar", "Zoe", "Ivan",
];

const LAST_NAMES: [&str; 16] = [
    "Lindqvist",
    "Herrera",
    "Popescu",
    "O'Brien",
    "Nakamura",
    "Müller",
    "Rossi",
    "Kowalska",
    "Haddad",
    "Sharma",
    "Novak",
    "Jensen",
    "Silva",
    "Dubois",
    "Okafor",
    "Weber",
];

/// What a filter has to find in the rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Matches {
    /// Rows that have "coff" in the merchant's name.
    pub(crate) coff: usize,
    /// Those of them that were declined.
    pub(crate) declined: usize,
}

impl Matches {
    /// Counts a row.
    pub(crate) fn count(&mut self, row: &Transaction) {
        let name = row.merchant.as_deref().unwrap_or_default();
        if name.to_lowercase().contains("coff") {
            self.coff += 1;
            self.declined += usize::from(row.state == TransactionState::Declined);
        }
    }
}

/// The bank whose cards are used.
pub(crate) fn bank(cards: usize, transactions: usize) -> Options {
    Options {
        seed: SEED,
        cards: cards.div_ceil(Dialect::ALL.len()),
        transactions,
        scenarios: Vec::new(),
        busy: false,
        webhooks: None,
    }
}

/// The bank's cards, with figures that were read now.
pub(crate) fn cards(bank: &Sandbox, count: usize, now: Timestamp) -> anyhow::Result<Vec<Card>> {
    let mut cards = Vec::with_capacity(count);
    for (dialect, currency) in Dialect::ALL.into_iter().zip(["EUR", "USD", "INR", "USD"]) {
        let account = ProviderId::new(dialect.name());
        let kind = KINDS.iter().find(|kind| kind.name == dialect.name());
        let form = kind.map(|kind| kind.ids.cards);
        let form = form.ok_or_else(|| anyhow::anyhow!("{} is not a provider", dialect.name()))?;
        let currency: Currency = currency.parse()?;
        for id in bank.card_ids(dialect) {
            let chance = mix(cards.len() as u64);
            let cents = chance % 90_000;
            let money =
                Money::parse_wire(&format!("{}.{:02}", cents / 100, cents % 100), currency)?;
            let balance = Balance { available: Some(money), current: Some(money), pending: None };
            cards.push(Card {
                holder: format!(
                    "{} {}",
                    pick(&FIRST_NAMES, chance >> 8),
                    pick(&LAST_NAMES, chance >> 16)
                )
                .into(),
                last4: format!("{:04}", chance % 10_000).parse().ok(),
                state: if chance.is_multiple_of(16) {
                    CardState::Frozen
                } else {
                    CardState::Active
                },
                provider_state: "Active".into(),
                state_at: Some(now),
                currency: Some(currency),
                balance: Reading::At { value: balance, at: now },
                ..Card::spelled(&account, form, &id)
            });
        }
    }
    cards.truncate(count);
    Ok(cards)
}

/// So many rows on these cards, oldest first, of so many merchants.
pub(crate) fn transactions<'a>(
    cards: &'a [Card],
    count: usize,
    merchants: usize,
    now: Timestamp,
) -> impl Iterator<Item = Transaction> + 'a {
    let names: Vec<Arc<str>> = (0..merchants)
        .map(|number| {
            format!("{} #{:04}", pick(&MERCHANTS, number as u64), number / MERCHANTS.len()).into()
        })
        .collect();
    (0..count).filter_map(move |number| {
        let chance = mix(number as u64 ^ 0x5eed);
        let card = cards.get(usize::try_from(chance % cards.len().max(1) as u64).ok()?)?;
        let merchant = names.get(usize::try_from(mix(chance) % names.len().max(1) as u64).ok()?)?;
        transaction(card, merchant, chance, age(count - 1 - number, count), now)
    })
}

/// How long ago the row happened that has so many newer ones.
fn age(newer: usize, count: usize) -> SignedDuration {
    let seconds = if newer < FRESH {
        newer * 20
    } else {
        FRESH * 20 + (newer - FRESH) * SPAN.as_secs() as usize / count
    };
    SignedDuration::from_secs(seconds as i64)
}

fn transaction(
    card: &Card,
    merchant: &Arc<str>,
    chance: u64,
    age: SignedDuration,
    now: Timestamp,
) -> Option<Transaction> {
    let (state, word) = match chance >> 32 & 15 {
        0 | 1 => (TransactionState::Declined, "DECLINED"),
        2 => (TransactionState::Reversed, "REVERSED"),
        3..=6 if age < HOLDS => (TransactionState::Hold, "APPROVED"),
        _ => (TransactionState::Cleared, "SETTLED"),
    };
    let kind = match chance >> 40 & 31 {
        0 => TransactionKind::Refund,
        1 | 2 => TransactionKind::TopUp,
        3 => TransactionKind::Fee,
        4 => TransactionKind::Withdrawal,
        _ => TransactionKind::Purchase,
    };
    // Many small sums and few large ones.
    let cents = (chance >> 20) % 100 * ((chance >> 28) % 100) * (1 + (chance >> 36) % 40) + 1;
    let amount = format!("{}.{:02}", cents / 100, cents % 100);
    let row = Transaction::new(
        card.key.provider.clone(),
        format!("txn_{chance:016x}").into(),
        Money::parse_wire(&amount, card.currency?).ok()?,
        now - age,
    );
    Some(Transaction {
        card_id: Some(Arc::clone(&card.key.id)),
        last4: card.last4,
        kind,
        state,
        provider_state: word.into(),
        merchant: Some(Arc::clone(merchant)),
        mcc: Some("5814".into()),
        country: Some("SE".into()),
        decline_reason: (state == TransactionState::Declined).then(|| "INSUFFICIENT_FUNDS".into()),
        ..row
    })
}

fn pick<const N: usize>(from: &[&'static str; N], chance: u64) -> &'static str {
    from.get(usize::try_from(chance % N as u64).unwrap_or(0)).copied().unwrap_or_default()
}

/// A number that looks like chance; two numbers never give the same (the finalizer of SplitMix64).
pub(crate) const fn mix(number: u64) -> u64 {
    let mut z = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
