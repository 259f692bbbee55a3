//! What a frame costs once it is drawn: working out what changed, and the bytes that show it.
//!
//! The feed over the whole screen, 120x40, as the terminal moves its rows and as everything is
//! sent; beside it drawing the frame, which comes before either.

#![expect(clippy::print_stdout, reason = "its figures are for a person at a terminal")]

use std::time::Duration;

use cardtop::app::chord::{Chord, Key};
use cardtop::app::keymap::Keymap;
use cardtop::app::portfolio::Portfolio;
use cardtop::app::{Model, Msg, Start, update, update_all};
use cardtop::domain::card::ProviderId;
use cardtop::domain::money::Money;
use cardtop::domain::transaction::{Transaction, TransactionKind, TransactionState};
use cardtop::engine::EngineEvent;
use cardtop::tty::Screen;
use cardtop::ui;
use cardtop::ui::theme::Theme;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use tokio::time::Instant;

const SIZE: (u16, u16) = (120, 40);
const TRANSACTIONS: i64 = 5_000;
const ROUNDS: usize = 200;

fn now() -> Timestamp {
    "2026-04-03T12:08:12Z".parse().expect("a time")
}

/// Rows that differ, as those of a programme do.
fn transaction(count: i64) -> Transaction {
    const MERCHANTS: [&str; 5] =
        ["ICA MAXI STOCKHOLM", "REWE 0412 BERLIN", "AMZN MKTP DE*2K4", "TOTAL 0423", "SNCF PARIS"];
    let amount = format!("{}.{:02}", 3 + count * 37 % 900, count * 7 % 100);
    let merchant = MERCHANTS.get(usize::try_from(count).unwrap_or_default() % MERCHANTS.len());
    Transaction {
        card_id: Some(format!("card-{}", count % 64).into()),
        kind: TransactionKind::Purchase,
        state: if count % 23 == 0 { TransactionState::Declined } else { TransactionState::Cleared },
        provider_state: "SETTLED".into(),
        merchant: merchant.map(|merchant| (*merchant).into()),
        mcc: Some("5411".into()),
        country: Some("SE".into()),
        ..Transaction::new(
            ProviderId::new("acme"),
            format!("t-{count:08}").into(),
            Money::parse_wire(&amount, "EUR".parse().expect("a currency")).expect("an amount"),
            now() - SignedDuration::from_secs(97 * count),
        )
    }
}

/// A board that shows nothing but the feed, its cursor at the last row on screen.
fn board() -> Model {
    let portfolio = Portfolio::new(now(), TimeZone::UTC, "anay".into(), 7, Vec::new());
    let mut model = Model::new(Start { portfolio, size: SIZE, keymap: Keymap::default() });
    let rows: Vec<_> = (0..TRANSACTIONS).map(transaction).collect();
    update_all(&mut model, [Msg::EngineEvent(EngineEvent::Transactions(rows.into()))]);
    for key in [Chord::char('2'), Chord::char('z')] {
        update(&mut model, Msg::Key(key));
    }
    (0..SIZE.1).for_each(|_| _ = update(&mut model, Msg::Key(Chord::plain(Key::Down))));
    model
}

fn drawn(model: &Model) -> Buffer {
    let mut to = Buffer::empty(Rect::new(0, 0, SIZE.0, SIZE.1));
    ui::view(model, &Theme::default(), &mut to);
    to
}

/// The median of time and bytes that the frames take, the first of them not counted.
fn median(frames: &[Buffer], scrolls: bool) -> (Duration, usize) {
    let mut screen = Screen::new(scrolls);
    let mut took = Vec::new();
    let mut sent = Vec::new();
    for frame in frames {
        // Swapped in, so that copying the cells is not counted.
        let mut next = Some(frame.clone());
        let began = Instant::now();
        let bytes = screen.frame(SIZE, |to| {
            *to = next.take().unwrap_or_default();
            None
        });
        took.push(began.elapsed());
        sent.push(bytes.map_or(0, |bytes| bytes.len()));
    }
    took.drain(..1);
    sent.drain(..1);
    took.sort_unstable();
    sent.sort_unstable();
    let middle = took.len() / 2;
    (took.get(middle).copied().unwrap_or_default(), sent.get(middle).copied().unwrap_or_default())
}

fn main() {
    println!("{TRANSACTIONS} transactions, {}x{}, median of {ROUNDS}", SIZE.0, SIZE.1);
    let kinds: [(&str, Option<Key>); 3] = [
        ("a row further", Some(Key::Down)),
        ("a page further", Some(Key::PageDown)),
        ("an identical frame", None),
    ];
    for (what, key) in kinds {
        let mut model = board();
        let mut frames = vec![drawn(&model)];
        let mut drawing = Vec::new();
        for _ in 0..ROUNDS {
            if let Some(key) = key {
                update(&mut model, Msg::Key(Chord::plain(key)));
            }
            let began = Instant::now();
            frames.push(drawn(&model));
            drawing.push(began.elapsed());
        }
        drawing.sort_unstable();
        let drawing = drawing.get(ROUNDS / 2).copied().unwrap_or_default();
        let (moved, plain) = (median(&frames, true), median(&frames, false));
        println!(
            "{what:20} {:>6} us {:>6} bytes, rows not moved {:>6} us {:>6} bytes, drawing {:>6} us",
            moved.0.as_micros(),
            moved.1,
            plain.0.as_micros(),
            plain.1,
            drawing.as_micros()
        );
    }
}
