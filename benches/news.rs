//! What news costs the board when it holds much: 2,000 cards and 80,000 transactions.
//!
//! Printed beside two things measured in the same run: looking through all rows and sorting them
//! again, which is what a piece of news must not cost, and drawing a frame, which is what follows
//! it anyway.

#![expect(clippy::print_stdout, reason = "its figures are for a person at a terminal")]

use std::time::Duration;

use cardtop::app::keymap::Keymap;
use cardtop::app::portfolio::Portfolio;
use cardtop::app::{Model, Msg, Start, update, update_all};
use cardtop::domain::card::{Balance, Card, CardKey, CardState, ProviderId, Reading};
use cardtop::domain::money::Money;
use cardtop::domain::transaction::{Transaction, TransactionKind, TransactionState};
use cardtop::engine::EngineEvent;
use cardtop::ui;
use cardtop::ui::theme::Theme;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use tokio::time::Instant;

const CARDS: i64 = 2_000;
const TRANSACTIONS: i64 = 80_000;
const ROUNDS: i64 = 60;

/// Pieces of news that the loop hears at once at most.
const BATCH: i64 = 256;

fn now() -> Timestamp {
    "2026-04-03T12:08:12Z".parse().expect("a time")
}

fn money(text: &str) -> Money {
    Money::parse_wire(text, "USD".parse().expect("a currency")).expect("an amount")
}

fn card(count: i64, available: &str, at: Timestamp) -> Card {
    let key = CardKey::new(&ProviderId::new("acme"), &format!("card-{count}"));
    let balance = Balance { available: Some(money(available)), current: None, pending: None };
    Card {
        holder: format!("Holder {count}").into(),
        last4: format!("{:04}", count % 10_000).parse().ok(),
        state: CardState::Active,
        currency: "USD".parse().ok(),
        balance: Reading::At { value: balance, at },
        ..Card::unread(key)
    }
}

/// One every half minute: a day of the feed is 2,880 rows.
fn transaction(count: i64) -> Transaction {
    let at = now() - SignedDuration::from_secs(30 * (TRANSACTIONS - count));
    Transaction {
        card_id: Some(format!("card-{}", count % CARDS).into()),
        kind: TransactionKind::Purchase,
        state: if count % 23 == 0 { TransactionState::Declined } else { TransactionState::Cleared },
        provider_state: "SETTLED".into(),
        merchant: Some("ICA MAXI STOCKHOLM".into()),
        mcc: Some("5411".into()),
        country: Some("SE".into()),
        ..Transaction::new(
            ProviderId::new("acme"),
            format!("t-{count:08}").into(),
            money("12.40"),
            at,
        )
    }
}

fn board() -> Model {
    let portfolio = Portfolio::new(now(), TimeZone::UTC, "anay".into(), 7, Vec::new());
    let mut model = Model::new(Start { portfolio, size: (120, 40), keymap: Keymap::default() });
    let cards = (0..CARDS).map(|count| card(count, "100.00", now()).into()).collect();
    let rows: Vec<_> = (0..TRANSACTIONS).map(transaction).collect();
    update_all(
        &mut model,
        [EngineEvent::Cards(cards), EngineEvent::Transactions(rows.into())].map(Msg::EngineEvent),
    );
    model
}

/// The median of some rounds.
fn median(mut round: impl FnMut(i64) -> Duration) -> Duration {
    let mut took: Vec<Duration> = (0..ROUNDS).map(&mut round).collect();
    took.sort_unstable();
    took.get(took.len() / 2).copied().unwrap_or_default()
}

fn timed(work: impl FnOnce()) -> Duration {
    let began = Instant::now();
    work();
    began.elapsed()
}

fn main() {
    let mut model = board();
    let mut next = TRANSACTIONS;
    let mut fresh = || {
        next += 1;
        EngineEvent::Transactions(vec![transaction(next)].into())
    };
    let one = median(|_| {
        let news = fresh();
        timed(|| _ = update(&mut model, Msg::EngineEvent(news)))
    });
    let batch = median(|_| {
        let news: Vec<Msg> = (0..BATCH).map(|_| Msg::EngineEvent(fresh())).collect();
        timed(|| _ = update_all(&mut model, news))
    });
    let balance = median(|round| {
        let news = EngineEvent::Cards(vec![card(round, "99.00", now()).into()]);
        timed(|| _ = update(&mut model, Msg::EngineEvent(news)))
    });
    let mut to = Buffer::empty(Rect::new(0, 0, 120, 40));
    let frame = median(|_| timed(|| _ = ui::view(&model, &Theme::default(), &mut to)));
    let mut rows: Vec<Transaction> = model.portfolio.transactions.iter().collect();
    let sorted = median(|round| {
        let row = transaction(TRANSACTIONS * 2 + round);
        timed(|| {
            rows.retain(|known| (&known.provider, &known.id) != (&row.provider, &row.id));
            rows.push(row);
            rows.sort_by(|a, b| (b.at, &b.id).cmp(&(a.at, &a.id)));
        })
    });
    let tell = |what: &str, took: Duration| {
        let ratio = |other: Duration| took.as_micros() * 100 / other.as_micros().max(1);
        let (sorts, frames) = (ratio(sorted), ratio(frame));
        println!(
            "{what:44} {:>8} us {sorts:>8} % of a sort {frames:>8} % of a frame",
            took.as_micros()
        );
    };
    println!(
        "{CARDS} cards, {} transactions, 120x40, median of {ROUNDS}",
        model.portfolio.transactions.len()
    );
    tell("a new transaction", one);
    tell(&format!("{BATCH} new transactions, heard at once"), batch);
    tell("a new balance", balance);
    tell("drawing a frame", frame);
    tell("all transactions looked through and sorted", sorted);
}
